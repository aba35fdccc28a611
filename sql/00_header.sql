-- npcsim: a multiplayer NPC colony simulation.
-- The Makefile joins this script from sql/*.sql; only CREATE EXTENSION loads it.

\echo Use "CREATE EXTENSION npcsim CASCADE" to load this file. \quit

-- Names and operators below resolve in pg_catalog and nowhere else: whatever is not there is qualified. The owner of a
-- database may have made operators that fit better, in public or where PostGIS lives; the functions and views created here
-- would then call them with the rights of whoever uses these. CREATE EXTENSION restores the caller's path afterwards.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- Texts of worlds are UTF-8, whose characters are counted and cut.
DO $$
BEGIN
    IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.<>) 'UTF8'::text THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
            MESSAGE = pg_catalog.format('npcsim needs a database whose encoding is UTF8, and that of this one is %s', pg_catalog.current_setting('server_encoding')),
            DETAIL = 'Clients and minds speak UTF-8, which other encodings cannot keep, or do not check.',
            HINT = 'Make another database: CREATE DATABASE name TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''.';
    END IF;
END
$$;

CREATE SCHEMA npcsim;
REVOKE ALL ON SCHEMA npcsim FROM PUBLIC;
COMMENT ON SCHEMA npcsim IS 'A colony of NPCs that lives in this database: worlds, NPCs, items, players, decisions';

-- This schema holds what nobody calls by hand: functions of views, triggers, constraints and workers.
CREATE SCHEMA npcsim_internal;
REVOKE ALL ON SCHEMA npcsim_internal FROM PUBLIC;
COMMENT ON SCHEMA npcsim_internal IS 'Functions that npcsim itself calls: of its views, triggers, constraints and workers';

-- Executes a statement that needs PostGIS: the placeholder stands for the schema PostGIS lives in. PostgreSQL 16 and later
-- replace the placeholder by themselves before they run the script. The end of the script drops this function.
CREATE FUNCTION npcsim.execute_with_postgis(statement text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    EXECUTE pg_catalog.replace(statement, '@extschema:postgis@',
                               (SELECT pg_catalog.quote_ident(n.nspname)
                                  FROM pg_catalog.pg_extension e
                                  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
                                 WHERE e.extname = 'postgis'));
END
$$;
REVOKE ALL ON FUNCTION npcsim.execute_with_postgis(text) FROM PUBLIC;
