-- npcsim: a multiplayer NPC colony simulation.
-- Joined from sql/*.sql by the Makefile; loaded by CREATE EXTENSION alone.

\echo Use "CREATE EXTENSION npcsim CASCADE" to load this file. \quit

-- Names below resolve in pg_catalog, then in the schema PostGIS lives in, and
-- nowhere else; CREATE EXTENSION restores the caller's path afterwards.
SELECT pg_catalog.set_config('search_path',
                             pg_catalog.format('pg_catalog, %I, pg_temp', n.nspname), true)
  FROM pg_catalog.pg_extension e
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
 WHERE e.extname OPERATOR(pg_catalog.=) 'postgis'::pg_catalog.name;

CREATE SCHEMA npcsim;
REVOKE ALL ON SCHEMA npcsim FROM PUBLIC;
COMMENT ON SCHEMA npcsim IS 'A colony of NPCs that lives in this database: worlds, NPCs, items, players, decisions';
