-- npcsim 0.3.0 → 0.4.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- ---- minds: what they say too early is held ----
COMMENT ON COLUMN npcsim.npc_minds.goal_terms IS 'With whom else and how it will do what it walks to: an action; parameters of what it is to do in what it takes part in, as soon as it may; or NULL';
