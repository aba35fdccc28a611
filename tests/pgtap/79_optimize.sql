-- Tests optimize_world_queries(), which checks and mends the indexes by which worlds are read.
BEGIN;
SELECT plan(32);

\ir lib/by_hand.sql
SELECT npcsim.create_world('Meadow', 60, 40, 5);
SELECT npcsim.populate_world(1, 100);
CREATE TEMP TABLE made AS SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'npcsim';
CREATE FUNCTION pg_temp.problems(repair boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(coalesce(index_name, table_name) || ': ' || problem, ', ' ORDER BY coalesce(index_name, table_name)), 'none')
      FROM npcsim.optimize_world_queries(1, repair) WHERE problem IS NOT NULL
$$;

-- ---- as it is installed ----
SELECT set_eq('SELECT table_name, index_name FROM npcsim.optimize_world_queries(1, false) WHERE index_name IS NOT NULL',
              $$SELECT tablename::text, indexname::text FROM pg_indexes WHERE schemaname = 'npcsim' AND indexname IN
                  ('npc_tracks_sight', 'items_sight', 'npc_tracks_key', 'npc_states_key', 'items_key', 'npc_identities_pkey', 'npc_minds_pkey',
                   'decision_slots_pkey', 'interaction_runs_pkey', 'interaction_bid_rows_pkey', 'item_respawns_pkey', 'world_clock_pkey')$$, 'each index is told');
\set used `cat src/*/*.c | tr '\n\t' '  ' | grep -oE 'IndexRows [a-z_]+ = \{"[a-z_]+", +"[a-z_]+"|\.index = "[a-z_]+"' | grep -oE '"[a-z_]+"$' | tr -d '"' | sort -u | tr '\n' ' '`
SELECT is_empty(format($$SELECT name FROM regexp_split_to_table(trim(%L), ' ') AS name
                          WHERE name NOT IN (SELECT index_name FROM npcsim.optimize_world_queries(1, false) WHERE index_name IS NOT NULL)$$, :'used'),
                'and each that is read without a statement');
SELECT is_empty($$SELECT * FROM npcsim.optimize_world_queries(1, false) WHERE index_name IS NOT NULL AND problem IS NOT NULL$$, 'none has a problem after the installation');
SELECT matches(pg_temp.problems(false), 'npc_tracks: no statistics', 'of young tables nothing is known');
SELECT matches(pg_temp.problems(false), 'npc_tracks: no statistics', 'which is only told when nothing is to be repaired');
SELECT is((SELECT repaired FROM npcsim.optimize_world_queries(1) WHERE index_name IS NULL AND table_name = 'npc_tracks'), 'ANALYZE npcsim.npc_tracks', 'and mended otherwise');
SELECT is(pg_temp.problems(), 'none', 'then all is well');
SELECT is((SELECT table_rows FROM npcsim.optimize_world_queries(1) WHERE index_name = 'npc_tracks_sight'), 100::bigint, 'rows are counted');
SELECT is((SELECT bytes FROM npcsim.optimize_world_queries(1) WHERE index_name = 'npc_tracks_sight'), pg_relation_size('npcsim.npc_tracks_sight'), 'and bytes');

-- ---- missing ----
DROP INDEX npcsim.npc_tracks_sight, npcsim.items_sight;
ALTER TABLE npcsim.npc_tracks DROP CONSTRAINT npc_tracks_key;
ALTER TABLE npcsim.npc_states DROP CONSTRAINT npc_states_key;
ALTER TABLE npcsim.items DROP CONSTRAINT items_key;
SELECT throws_ok('SELECT npcsim.observe_npc(1, (SELECT min(id) FROM npcsim.npcs))', '42704', NULL, 'without its indexes a world is not seen');
SELECT is(pg_temp.problems(false), 'items_key: missing, items_sight: missing, npc_states_key: missing, npc_tracks_key: missing, npc_tracks_sight: missing', 'what is missing is told');
SELECT is(pg_temp.problems(), 'items_key: missing, items_sight: missing, npc_states_key: missing, npc_tracks_key: missing, npc_tracks_sight: missing', 'and made anew');
SELECT set_eq('SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = ''npcsim''', 'SELECT * FROM made', 'as it was');
SELECT is(pg_temp.problems(), 'none', 'then all is well');
SELECT lives_ok('SELECT npcsim.observe_npc(1, (SELECT min(id) FROM npcsim.npcs)), npcsim.tick_world(1, 5)', 'and the world lives on');

-- ---- invalid ----
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'npcsim.items_sight'::regclass;
SELECT throws_ok('SELECT npcsim.observe_npc(1, (SELECT min(id) FROM npcsim.npcs))', '42704', NULL, 'one that is invalid is not read');
SELECT matches(pg_temp.problems(), 'items_sight: invalid', 'it is built anew');
SELECT ok((SELECT indisvalid FROM pg_index WHERE indexrelid = 'npcsim.items_sight'::regclass), 'and is valid');
SELECT lives_ok('SELECT npcsim.observe_npc(1, (SELECT min(id) FROM npcsim.npcs))', 'and read');
CREATE INDEX items_sight_ccnew ON npcsim.items USING gist (sight);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'npcsim.items_sight_ccnew'::regclass;
SELECT is(pg_temp.problems(), 'items_sight_ccnew: left over', 'what a failed REINDEX CONCURRENTLY has left is told');
SELECT ok(to_regclass('npcsim.items_sight_ccnew') IS NOT NULL, 'and not dropped, since it may still be built');
DROP INDEX npcsim.items_sight_ccnew;

-- ---- different ----
ALTER TABLE npcsim.items DROP CONSTRAINT items_key;
CREATE INDEX items_key ON npcsim.items (id);
ALTER TABLE npcsim.npc_minds DROP CONSTRAINT npc_minds_pkey;
CREATE UNIQUE INDEX npc_minds_pkey ON npcsim.npc_minds (world_id, npc_id);
ALTER INDEX npcsim.items_sight SET (fillfactor = 60);
SELECT is(pg_temp.problems(), 'items_key: different, npc_minds_pkey: different', 'an index of other columns is replaced, and one that is no key');
SELECT is((SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conname IN ('items_key', 'npc_minds_pkey')), 2::bigint, 'by keys');
SELECT is((SELECT indexdef FROM pg_indexes WHERE indexname = 'items_key' AND schemaname = 'npcsim'), (SELECT indexdef FROM made WHERE indexname = 'items_key'), 'by the one that is needed');
SELECT matches((SELECT indexdef FROM pg_indexes WHERE indexname = 'items_sight' AND schemaname = 'npcsim'), 'fillfactor=''60''', 'how full it is kept is the operator''s choice');

-- ---- bloated ----
SELECT pg_temp.by_hand('npc_tracks');
SELECT npcsim.lock_world(1);
DO $$
BEGIN
    FOR n IN 1 .. 300 LOOP
        UPDATE npcsim.npc_tracks SET sight = ST_Translate(sight, n % 7 + 20, 0);
    END LOOP;
END
$$;
CREATE TEMP TABLE large AS SELECT pg_relation_size('npcsim.npc_tracks_sight') AS bytes;
SELECT cmp_ok((SELECT bytes FROM large), '>', 1048576::bigint, 'an index that has grown by what was overwritten');
SELECT matches(pg_temp.problems(false), 'npc_tracks_sight: bloated', 'is told');
SELECT is((SELECT repaired FROM npcsim.optimize_world_queries(1) WHERE index_name = 'npc_tracks_sight'), 'REINDEX INDEX npcsim.npc_tracks_sight', 'and built anew');
-- (old versions that this transaction still might need are in it)
SELECT cmp_ok(pg_relation_size('npcsim.npc_tracks_sight'), '<=', (SELECT bytes FROM large), 'no larger than before');

-- ---- what makes no sense ----
SELECT throws_ok('SELECT * FROM npcsim.optimize_world_queries(9)', 'NS101', NULL, 'there is no such world');
SELECT throws_ok('SELECT * FROM npcsim.optimize_world_queries(NULL)', '22004', NULL, 'a world is named');
SELECT throws_ok('SELECT * FROM npcsim.optimize_world_queries(1, NULL)', '22004', NULL, 'repair is true or false');

SELECT * FROM finish();
ROLLBACK;
