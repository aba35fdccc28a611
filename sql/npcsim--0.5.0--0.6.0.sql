-- npcsim 0.5.0 → 0.6.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- What clients may call is described once, with what it does.
CREATE FUNCTION npcsim_internal.client_reducers() RETURNS TABLE (name text, minimum_role text, description text, burst integer, per_minute integer)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_client_reducers';
REVOKE ALL ON FUNCTION npcsim_internal.client_reducers() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.client_reducers() IS
    'What clients may call, as this version of npcsim describes it; client_reducers has it with what was set otherwise';

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.client_reducers AS
SELECT r.name,
       COALESCE(l.minimum_role, r.minimum_role) AS minimum_role,
       r.description,
       COALESCE(l.burst, r.burst) AS burst,
       COALESCE(l.per_minute, r.per_minute) AS per_minute
  FROM npcsim_internal.client_reducers() r
  LEFT JOIN npcsim.reducer_limits l ON l.name OPERATOR(pg_catalog.=) r.name;
