-- Tests that a plan is in its row as the mind gave it, and is carried out by a session that reads it there, such as a new worker; a step that
-- cannot be read any more fails when its turn comes.
BEGIN;
SELECT plan(17);
SELECT npcsim.create_world('Plans', 40, 30, 1, preset => 'reference'), npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE made AS SELECT * FROM npcsim.create_player(1, 'ada');
\ir lib/minds.sql
SELECT pg_temp.make('Ada', 2, 2) AS ada, pg_temp.make('Bo', 25, 2) AS bo, pg_temp.make('Cy', 25, 4) AS cy \gset
CREATE FUNCTION pg_temp.plan(who text DEFAULT 'Ada') RETURNS jsonb
LANGUAGE sql AS $$SELECT plan FROM npcsim.npc_minds WHERE world_id = 1 AND npc_id = pg_temp.npc(who)$$;
-- Images are dropped, and read from the rows.
CREATE FUNCTION pg_temp.anew() RETURNS void
LANGUAGE sql AS $$SELECT npcsim.define_item_type(1, 'stone', '{}')$$;
CREATE FUNCTION pg_temp.last(who text DEFAULT 'Ada') RETURNS jsonb
LANGUAGE sql AS $$SELECT events -> -1 FROM npcsim.npc_minds WHERE world_id = 1 AND npc_id = pg_temp.npc(who)$$;

-- ---- as it was said ----
SELECT is(pg_temp.tell('Ada', '{"action": "wait", "parameters": {"duration": 1}, "then": [
              {"action": "wait", "duration": 1.50, "mood": {"calm": [1, null, "é"]}},
              {"action": "continue", "why": 1e2},
              {"action": "move_direction", "direction": "SOUTH"}, {"action": "wait"}]}'), 'applied', 'a plan of four steps');
SELECT is(pg_temp.plan(), '[{"action": "wait", "duration": 1.50, "mood": {"calm": [1, null, "é"]}}, {"action": "continue", "why": 100},
                            {"action": "move_direction", "direction": "SOUTH"}, {"action": "wait"}]', 'is in the row as it was said');
SELECT npcsim.tick_world(1, 1.2);
SELECT is(pg_temp.plan() || jsonb_build_array(pg_temp.at()),
          '[{"action": "continue", "why": 100}, {"action": "move_direction", "direction": "SOUTH"}, {"action": "wait"}, "2,2 waiting"]',
          'without the step that was begun');
SELECT npcsim.tick_world(1, 1.4);
SELECT is(pg_temp.plan() || jsonb_build_array(pg_temp.doing()), '[{"action": "wait"}, "moving mind"]', 'and without those that are over');
SELECT npcsim.tick_world(1, 1);
SELECT is(pg_temp.plan() || jsonb_build_array(pg_temp.at()), '["2,3 waiting"]', 'until there is none left');

-- ---- from the row ----
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'wait', 'duration', 1, 'then', jsonb_build_array(
              jsonb_build_object('action', 'batch_reject_interaction_bids', 'ids', '*', 'reason', 'none of you'),
              jsonb_build_object('action', 'start_conversation', 'target_ids', jsonb_build_array(:bo, :cy), 'message', 'Good morning, you two!'),
              '{"action": "wander"}'::jsonb))), 'applied', 'Ada will turn to Bo and Cy');
SELECT pg_temp.anew(), npcsim.tick_world(1, 1.2), pg_temp.anew();
SELECT is(pg_temp.plan() || jsonb_build_array(pg_temp.doing()), '[{"action": "wander"}, "moving mind"]', 'who has read that in the row has her go there');
SELECT npcsim.tick_world(1, 8);
SELECT is((SELECT array_agg(text) FROM npcsim.messages WHERE world_id = 1 AND npc_id = :ada), '{"Good morning, you two!"}', 'and say it');
SELECT is((SELECT array_agg(p ORDER BY p) FROM npcsim.interaction_runs, unnest(participants) AS p WHERE world_id = 1),
          ARRAY[:ada, :bo, :cy]::bigint[], 'to both');
SELECT is(pg_temp.plan(), '[{"action": "wander"}]', 'what is to follow is kept');

-- ---- what cannot be read any more ----
SELECT npcsim.define_interaction_type(1, 'wave', target => 'npc', duration => 2, min_participants => 2, max_participants => 2);
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'cancel_interaction', 'then', jsonb_build_array(
              '{"action": "wait", "duration": 1}'::jsonb, jsonb_build_object('action', 'wave', 'target_id', :bo), '{"action": "wander"}'::jsonb))),
          'applied', 'an interaction that there is');
SELECT lives_ok($$DELETE FROM npcsim.interaction_types WHERE world_id = 1 AND name = 'wave'$$, 'is there no more');
SELECT npcsim.tick_world(1, 0.5);
SELECT is(pg_temp.plan(), jsonb_build_array(jsonb_build_object('action', 'wave', 'target_id', :bo), '{"action": "wander"}'::jsonb),
          'that is no matter until its turn');
SELECT is(pg_temp.doing(), 'waiting mind', 'the step before is carried out');
SELECT npcsim.tick_world(1, 1);
SELECT is(pg_temp.plan(), '[]', 'then the rest of the plan is dropped');
SELECT is(pg_temp.last() - 'at', '{"type": "plan_failed", "reason": "there is no action \"wave\""}', 'and the mind is told why');
SELECT isnt(pg_temp.doing(), 'wandering mind', 'nothing of it is done');
SELECT * FROM finish();
ROLLBACK;
