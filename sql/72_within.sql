-- Functions that find what is near a place. Positions in the views are computed as they are read, so that a spatial condition
-- on them reads every row of the world; these functions use the indexes by which NPCs see.

CREATE FUNCTION npcsim.npcs_within(world_id bigint, x double precision, y double precision, radius double precision)
    RETURNS SETOF npcsim.npcs
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 20
    AS 'MODULE_PATHNAME', 'npcsim_npcs_within';
REVOKE ALL ON FUNCTION npcsim.npcs_within(bigint, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.npcs_within(bigint, double precision, double precision, double precision) IS
    'NPCs of a world that are within a radius (cells) of a place now, the nearest first: rows of npcs, found by an index. Errors: NS101 no such world';

CREATE FUNCTION npcsim.items_within(world_id bigint, x double precision, y double precision, radius double precision)
    RETURNS SETOF npcsim.world_items
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 20
    AS 'MODULE_PATHNAME', 'npcsim_items_within';
REVOKE ALL ON FUNCTION npcsim.items_within(bigint, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.items_within(bigint, double precision, double precision, double precision) IS
    'Items of a world within a radius (cells) of a place, the nearest first: rows of world_items, found by an index. Errors: NS101 no such world';

CREATE FUNCTION npcsim.optimize_world_queries(world_id bigint, repair boolean DEFAULT true)
    RETURNS TABLE (table_name text, index_name text, problem text, repaired text, table_rows bigint, bytes bigint)
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_optimize_world_queries';
REVOKE ALL ON FUNCTION npcsim.optimize_world_queries(bigint, boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.optimize_world_queries(bigint, boolean) IS
    'Looks at the indexes by which NPCs see, one row for each, and at the statistics of their tables, and mends what it finds unless repair is false. problem: NULL, missing, invalid, different, bloated, left over, no statistics; repaired: the statement that was executed, or would be. Indexes are shared by all worlds, which wait while one is made. Errors: NS101 no such world, 55P03 a lock was not had in 10 s';
