-- Tests what GIS tools use: layers with a geometry type, and an index that finds what is near a place.
SET client_min_messages = warning;
\i docs/roles.sql
BEGIN;
SELECT plan(22);

-- ---- layers ----
CREATE TEMP TABLE layers (role name, name text, kind text, dimensions int, srid int);
GRANT ALL ON layers TO PUBLIC;
SET LOCAL ROLE npcsim_reader;
INSERT INTO layers SELECT current_user, f_table_name || '.' || f_geometry_column, type, coord_dimension, srid FROM geometry_columns WHERE f_table_schema = 'npcsim';
SET LOCAL ROLE npcsim_operator;
INSERT INTO layers SELECT current_user, f_table_name || '.' || f_geometry_column, type, coord_dimension, srid FROM geometry_columns WHERE f_table_schema = 'npcsim';
RESET ROLE;
SELECT set_eq(format('SELECT name, kind, dimensions, srid FROM layers WHERE role = %L', role),
              $$VALUES ('npcs.position', 'POINT', 2, 0), ('world_items.position', 'POINT', 2, 0)$$, 'layers of ' || role)
  FROM unnest('{npcsim_reader,npcsim_operator}'::name[]) AS role;
SELECT results_eq($$SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attname = 'position' AND attrelid IN ('npcsim.npcs'::regclass, 'npcsim.world_items'::regclass)$$,
                  $$VALUES ('geometry(Point)'), ('geometry(Point)')$$, 'their columns are points');

-- ---- what is within a radius ----
SELECT npcsim.create_world('Meadow', 120, 90, 5), npcsim.create_world('Hill', 120, 90, 5);
SELECT npcsim.populate_world(1, 300), npcsim.populate_world(2, 50);
SELECT npcsim.tick_world(1, 7.3);
CREATE TEMP TABLE places (n serial, x float8, y float8, radius float8);
INSERT INTO places (x, y, radius) SELECT n * 11 % 120 + 0.3, n * 7 % 90 + 0.6, n % 9 + 0.5 FROM generate_series(1, 12) AS n;
INSERT INTO places (x, y, radius) VALUES (60, 45, 0), (0, 0, 3), (-5, -5, 9), (119, 89, 20), (60, 45, 8192), (60, 45, 200), (-8000, 40, 8100), (500, 500, 10);
CREATE FUNCTION pg_temp.differ() RETURNS TABLE (place int, kind text, id bigint) LANGUAGE sql AS $$
    WITH things AS MATERIALIZED (SELECT 'npc' AS kind, n.id, n.position FROM npcsim.npcs n WHERE n.world_id = 1
                                 UNION ALL SELECT 'item', i.id, i.position FROM npcsim.world_items i WHERE i.world_id = 1),
         expected AS MATERIALIZED (SELECT p.n, t.kind, t.id FROM places p, things t WHERE ST_DWithin(t.position, ST_MakePoint(p.x, p.y), p.radius)),
         found AS MATERIALIZED (SELECT p.n, 'npc' AS kind, r.id FROM places p, npcsim.npcs_within(1, p.x, p.y, p.radius) r
                                UNION ALL SELECT p.n, 'item', r.id FROM places p, npcsim.items_within(1, p.x, p.y, p.radius) r)
    (TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)
$$;
SELECT is_empty('SELECT * FROM pg_temp.differ()', 'what is within a radius is what ST_DWithin finds, once');
SELECT cmp_ok((SELECT count(*) FROM places p, npcsim.npcs_within(1, p.x, p.y, p.radius)), '>', 700::bigint, 'and there is some');
SELECT is((SELECT count(*) FROM npcsim.npcs_within(1, 60, 45, 8192)), 300::bigint, 'a large radius finds all of the world');
SELECT is((SELECT count(*) FROM npcsim.npcs_within(2, 60, 45, 8192)), 50::bigint, 'and none of another');
SELECT npcsim.tick_world(1, 9.7);
SELECT is_empty('SELECT * FROM pg_temp.differ()', 'when they have walked on, too');
-- Rows in two planes of the indexes (src/engine/sight.c).
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('world_clock');
UPDATE npcsim.world_clock SET sight_old_plane = sight_plane, sight_plane = sight_plane + 1 WHERE world_id = 1;
SELECT is_empty('SELECT * FROM pg_temp.differ()', 'nor is anything lost while they are moved in the index');
SELECT is((SELECT array_agg(id) FROM npcsim.npcs_within(1, 60.5, 45, 30)),
          (SELECT array_agg(id ORDER BY (position_x - 60.5) ^ 2 + (position_y - 45) ^ 2, id) FROM npcsim.npcs WHERE world_id = 1 AND ST_DWithin(position, ST_MakePoint(60.5, 45), 30)), 'the nearest first');
SELECT results_eq('SELECT * FROM npcsim.npcs_within(1, 10, 10, 15) ORDER BY id', 'SELECT * FROM npcsim.npcs WHERE world_id = 1 AND ST_DWithin(position, ST_MakePoint(10, 10), 15) ORDER BY id', 'as rows of npcs');
SELECT results_eq('SELECT * FROM npcsim.items_within(1, 10, 10, 15) ORDER BY id', 'SELECT * FROM npcsim.world_items WHERE world_id = 1 AND ST_DWithin(position, ST_MakePoint(10, 10), 15) ORDER BY id', 'and of world_items');

-- ---- by an index ----
ANALYZE npcsim.npc_identities, npcsim.npc_states, npcsim.npc_tracks, npcsim.items;
CREATE FUNCTION pg_temp.rows_read() RETURNS TABLE (scans numeric, fetched numeric) LANGUAGE sql AS $$
    SELECT sum(seq_scan), sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
     WHERE schemaname = 'npcsim' AND relname IN ('npc_identities', 'npc_states', 'npc_tracks', 'items', 'decision_slots')
$$;
CREATE TEMP TABLE read AS SELECT * FROM pg_temp.rows_read();
CREATE TEMP TABLE found AS SELECT count(*) AS npcs FROM npcsim.npcs_within(1, 60, 45, 5);
SELECT is((SELECT n.scans - r.scans FROM read r, pg_temp.rows_read() n), 0::numeric, 'no table is read as a whole');
SELECT cmp_ok((SELECT n.fetched - r.fetched FROM read r, pg_temp.rows_read() n), '<', 600::numeric, 'nor half of the world');
SELECT cmp_ok((SELECT npcs FROM found), '>', 0::bigint, 'to find somebody');
TRUNCATE read;
INSERT INTO read SELECT * FROM pg_temp.rows_read();
SELECT count(*) FROM npcsim.items_within(1, 60, 45, 5);
SELECT is((SELECT n.scans - r.scans FROM read r, pg_temp.rows_read() n), 0::numeric, 'nor for items');

-- ---- what makes no sense ----
SELECT throws_ok('SELECT * FROM npcsim.npcs_within(9, 1, 1, 1)', 'NS101', NULL, 'there is no such world');
SELECT throws_ok('SELECT * FROM npcsim.npcs_within(1, ''NaN'', 1, 1)', '22003', NULL, 'a place is a number');
SELECT throws_ok('SELECT * FROM npcsim.items_within(1, 1, ''Infinity'', 1)', '22003', NULL, 'and finite');
SELECT throws_ok('SELECT * FROM npcsim.items_within(1, 1, 1, -1)', '22003', NULL, 'no radius is negative');
SELECT throws_ok('SELECT * FROM npcsim.items_within(1, 1, 1, NULL)', '22004', NULL, 'nor NULL');
SET LOCAL ROLE npcsim_reader;
SELECT count(*) AS seen FROM npcsim.npcs_within(1, 60, 45, 5) \gset
RESET ROLE;
SELECT is(:seen::bigint, (SELECT npcs FROM found), 'readers may ask');

SELECT * FROM finish();
ROLLBACK;
