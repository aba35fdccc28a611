-- NPCs have a mood: operators set it, clients see it, it is lived through again.
-- with: 20_npcs 75_operators
SELECT plan(18);

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 20, 20, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT pg_temp.make('Ada', 5, 5);
SELECT pg_temp.make('Eve', 9, 9);
CREATE FUNCTION pg_temp.mood(who text) RETURNS smallint
LANGUAGE sql AS $$SELECT mood FROM npcsim.npcs WHERE world_id = 1 AND name = who$$;
CREATE FUNCTION pg_temp.shown(who text) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT npc -> 'mood' FROM jsonb_array_elements(npcsim.world_snapshot(1)::jsonb -> 'npcs') AS npc WHERE npc ->> 'name' = who
$$;
CREATE FUNCTION pg_temp.rows(world bigint) RETURNS jsonb
LANGUAGE sql AS $$SELECT jsonb_agg(to_jsonb(r) ORDER BY relation, key) FROM npcsim.world_rows(world) AS r$$;
CREATE FUNCTION pg_temp.moods_set() RETURNS bigint
LANGUAGE sql AS $$SELECT count(*) FROM npcsim.world_inputs WHERE world_id = 1 AND payload ->> 'column' = 'mood'$$;

-- ---- operators set it ----
SELECT is(pg_temp.mood('Ada'), 0::smallint, 'nobody said anything yet');
SELECT is(pg_temp.shown('Ada'), '0', 'which clients see');
SELECT (npcsim.world_snapshot(1)::jsonb ->> 'revision') AS revision, npcsim.world_snapshot(1)::jsonb ->> 'epoch' AS epoch \gset
UPDATE npcsim.npcs SET mood = -40 WHERE world_id = 1 AND name = 'Ada';
SELECT is(pg_temp.mood('Ada'), -40::smallint, 'an operator sets it');
SELECT is(pg_temp.mood('Eve'), 0::smallint, 'of one');
SELECT is(pg_temp.moods_set(), 1::bigint, 'which is an input of the world');
SELECT throws_ok('UPDATE npcsim.npcs SET mood = 101 WHERE world_id = 1', NULL, NULL, 'more than 100 is refused');
SELECT throws_ok('UPDATE npcsim.npcs SET mood = -101 WHERE world_id = 1', NULL, NULL, 'and so is less than -100');
SELECT throws_ok('UPDATE npcsim.npcs SET mood = NULL WHERE world_id = 1', '22004', NULL, 'and none');
SELECT is(pg_temp.moods_set(), 1::bigint, 'nothing of which is an input');

-- ---- clients see it ----
SELECT is(pg_temp.shown('Ada'), '-40', 'a snapshot has it');
SELECT is((SELECT jsonb_agg(npc - 'id' - 'name' - 'controller_player_id' - 'traits') FROM
           jsonb_array_elements(npcsim.world_delta(1, :revision, :'epoch')::jsonb #> '{npcs,upsert}') AS npc),
          '[{"mood": -40}]', 'a delta has it, and nothing that has not changed but who it is');
SELECT (npcsim.world_snapshot(1)::jsonb ->> 'revision') AS revision \gset
UPDATE npcsim.npcs SET hunger = 50 WHERE world_id = 1 AND name = 'Ada';
SELECT ok(NOT npcsim.world_delta(1, :revision, :'epoch')::jsonb #> '{npcs,upsert,0}' ? 'mood', 'a delta of something else has it not');

-- ---- it is kept ----
INSERT INTO npcsim.npcs (world_id, name, position_x, position_y, mood) VALUES (1, 'Joy', 3, 3, 100) RETURNING mood AS given \gset
SELECT is(:given, 100, 'it is given with a new NPC');
SELECT count(*) AS others FROM generate_series(1, 5) AS n,
    LATERAL (SELECT npcsim.create_world('Other ' || n, 5, 5, 1)) AS made(id), LATERAL (SELECT npcsim.create_npc(made.id, 'Eve', 1, 1, NULL, '{}')) AS npc;
UPDATE npcsim.npcs SET name = 'Lady Ada' WHERE world_id = 1 AND name = 'Ada';
SELECT npcsim.tick_world(1, 3);
SELECT is(ARRAY[pg_temp.mood('Lady Ada'), pg_temp.mood('Eve'), pg_temp.mood('Joy')], '{-40,0,100}', 'an image that was loaded again has it');
SELECT npcsim.replay_world(1, name => 'Again') AS second \gset
SELECT is(pg_temp.rows(:second), pg_temp.rows(1), 'a replay lives through the same');
SELECT is((SELECT array_agg(mood ORDER BY id) FROM npcsim.npcs WHERE world_id = :second), '{-40,0,100}', 'and has the moods');
SELECT is((SELECT array_agg((content ->> 'mood')::integer ORDER BY key::bigint) FROM npcsim.world_rows(1) WHERE relation = 'npc_identities'),
          '{-40,0,100}', 'they are among the rows of the world');
SELECT is((SELECT count(*) FROM pg_catalog.pg_extension, unnest(extconfig) AS t WHERE extname = 'npcsim' AND t = 'npcsim.npc_identities'::regclass),
          1::bigint, 'which are dumped');
SELECT * FROM finish();
