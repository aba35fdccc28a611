-- A mind is told when its NPC is called otherwise, once, and may be woken by it.
-- with: 49_told 63_wake_on
SELECT plan(6);

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 20, 20, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
SELECT pg_temp.make('Ada', 5, 5);
SELECT pg_temp.make('Eve', 15, 15);

CREATE FUNCTION pg_temp.called(who text) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(event -> 'name'), '[]')
      FROM jsonb_array_elements(npcsim.observe_npc(1, pg_temp.npc(who))::jsonb -> 'events') AS event
     WHERE event ->> 'type' = 'renamed'
$$;

SELECT is(pg_temp.called('Ada'), '[]', 'nothing was told yet');
UPDATE npcsim.npcs SET name = 'Lady "Ada"' WHERE world_id = 1 AND name = 'Ada';
SELECT is(pg_temp.called('Lady "Ada"'), '["Lady \"Ada\""]', 'it is told its new name');
SELECT is(pg_temp.called('Eve'), '[]', 'another one is not');

SELECT is(pg_temp.tell('Lady "Ada"', '{"action": "wait", "parameters": {"duration": 3600}, "wake_on": ["renamed"]}'), 'applied', 'it can be an occasion');
UPDATE npcsim.npcs SET name = 'Ada' WHERE world_id = 1 AND name = 'Lady "Ada"';
SELECT npcsim.tick_world(1, 3.5) IS NOT NULL AS later;
SELECT is(pg_temp.asked('Ada'), 'requested 0.5', 'its mind is asked');

CREATE FUNCTION pg_temp.rows(world bigint) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(to_jsonb(r) ORDER BY relation, key) FROM npcsim.world_rows(world) AS r
$$;
SELECT npcsim.replay_world(1, name => 'Again') AS second \gset
SELECT is(pg_temp.rows(:second), pg_temp.rows(1), 'in a replay it was told the same');
SELECT * FROM finish();
