-- Interactions are done with zeal, by which they bring more than the item gives, or less. Operators set it, clients see it, and it is lived through again.
-- with: 42_items 48_conversations
SELECT plan(20);

\ir lib/minds.sql
SELECT pg_temp.by_hand('world_inputs');
SELECT npcsim.create_world('Meadow', 20, 20, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada');
SELECT pg_temp.make('Ada', 5, 5);
SELECT npcsim.create_item(1, 'shower', 6, 5) AS shower \gset
CREATE FUNCTION pg_temp.shown(type text) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT t -> 'zeal' FROM jsonb_array_elements(npcsim.world_snapshot(1)::jsonb -> 'interaction_types') AS t WHERE t ->> 'name' = type
$$;
CREATE FUNCTION pg_temp.zeal(type text, world bigint DEFAULT 1) RETURNS integer
LANGUAGE sql AS $$SELECT zeal FROM npcsim.interaction_types WHERE world_id = world AND name = type$$;
CREATE FUNCTION pg_temp.rows(world bigint) RETURNS jsonb
LANGUAGE sql AS $$SELECT jsonb_agg(to_jsonb(r) ORDER BY relation, key) FROM npcsim.world_rows(world) AS r$$;

-- ---- what it does ----
SELECT is((SELECT jsonb_object_agg(name, pg_temp.shown(name)) FROM npcsim.interaction_types), '{"consume": 0, "sit": 0, "wash": 0, "watch": 0, "conversation": 0}',
          'what there was is done as before');
UPDATE npcsim.interaction_types SET zeal = 60 WHERE world_id = 1 AND name = 'wash';
SELECT is(jsonb_path_query_first(npcsim.observe_npc(1, pg_temp.npc())::jsonb, '$.vision[*].interactions.wash.rates'), '{"hygiene": 24}', 'its mind is told what it brings: 15 a second and 60 per cent');
UPDATE npcsim.npcs SET hygiene = 20 WHERE world_id = 1;
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'wash', 'target_id', :shower)), 'applied', 'she washes');
SELECT is((SELECT hygiene_rate + decay FROM npcsim.npc_states WHERE world_id = 1), 24000000, 'and that is what it brings');
UPDATE npcsim.interaction_types SET zeal = -100 WHERE world_id = 1 AND name = 'wash';
SELECT pg_temp.tell('Ada', '{"action": "cancel_interaction"}'), pg_temp.tell('Ada', jsonb_build_object('action', 'wash', 'target_id', :shower));
SELECT is((SELECT hygiene_rate + decay FROM npcsim.npc_states WHERE world_id = 1), 0, 'without any it brings nothing');
SELECT pg_temp.tell('Ada', '{"action": "cancel_interaction"}');

-- ---- operators write it, clients see it ----
SELECT is(pg_temp.shown('wash'), '-100', 'a snapshot has it');
SELECT npcsim.world_snapshot(1)::jsonb ->> 'revision' AS revision, npcsim.world_snapshot(1)::jsonb ->> 'epoch' AS epoch \gset
UPDATE npcsim.interaction_types SET zeal = 10 WHERE world_id = 1 AND name = 'wash';
SELECT ok(npcsim.world_delta(1, :revision, :'epoch')::jsonb #> '{interaction_types,upsert}' @> '[{"name": "wash", "zeal": 10}]', 'and so has a delta');
INSERT INTO npcsim.interaction_types (world_id, name) VALUES (1, 'hum') RETURNING zeal AS given \gset
SELECT is(:given, 0, 'what is left out is shown as what it is');
SELECT npcsim.define_interaction_type(1, 'sing', zeal => 1000);
SELECT is(pg_temp.zeal('sing'), 1000, 'the function takes it, too');
UPDATE npcsim.interaction_types SET zeal = NULL WHERE world_id = 1 AND name = 'sing';
SELECT is(pg_temp.zeal('sing'), 0, 'NULL is none');
SELECT throws_ok('UPDATE npcsim.interaction_types SET zeal = 1001 WHERE world_id = 1', '22003', '"zeal" is out of range', 'more than there can be is refused');
SELECT throws_ok('UPDATE npcsim.interaction_types SET zeal = -101 WHERE world_id = 1', '22003', NULL, 'and less');
SELECT throws_ok('SELECT npcsim.define_interaction_type(1, ''hum'', zeal => 1001)', '22003', NULL, 'by the function');
SELECT throws_ok('SELECT npcsim.define_interaction_type(1, ''hum'', zeal => NULL)', '22004', NULL, 'which takes no NULL');
SELECT is((SELECT payload -> 'zeal' FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'define_interaction_type' ORDER BY sequence DESC LIMIT 1), '0', 'it is an input of the world');

-- ---- it is kept ----
SELECT npcsim.define_interaction_type(1, 'hum', zeal => 7);
SELECT npcsim.tick_world(1, 3);
SELECT npcsim.replay_world(1, name => 'Again') AS second \gset
SELECT is(pg_temp.rows(:second), pg_temp.rows(1), 'a replay lives through the same');
SELECT is(pg_temp.zeal('hum', :second), 7, 'with it');
SELECT ok((SELECT bool_and(content ? 'zeal') FROM npcsim.world_rows(1) WHERE relation = 'interaction_type_rows'), 'it is among the rows of the world');
UPDATE npcsim.world_inputs SET payload = payload - 'zeal' WHERE world_id = 1 AND kind = 'define_interaction_type';
SELECT lives_ok('SELECT npcsim.replay_world(1, name => ''Before'')', 'inputs from before there was any');
SELECT is((SELECT zeal FROM npcsim.interaction_types JOIN npcsim.worlds w ON w.id = world_id WHERE w.name = 'Before' AND interaction_types.name = 'hum'), 0, 'are done as before');
SELECT * FROM finish();
