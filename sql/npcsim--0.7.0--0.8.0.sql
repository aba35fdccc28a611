-- npcsim 0.7.0 → 0.8.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- The decision market: what players lend, and what is due to them.

-- The moment by which the market judges, which tests can move.
CREATE FUNCTION npcsim_internal.market_now() RETURNS timestamptz
    LANGUAGE c VOLATILE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_market_now';
REVOKE ALL ON FUNCTION npcsim_internal.market_now() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.market_now() IS
    'The moment by which the decision market judges: now, unless a superuser has set npcsim.market_time';
