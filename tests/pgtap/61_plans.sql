-- Tests plans: what an answer says is to come next is carried out step by step, each at its own moment, until a step fails or another answer
-- comes.
BEGIN;
SELECT plan(54);

\ir lib/minds.sql
-- NPCs do what the tests tell them, as answers of their mind.
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada');
CREATE FUNCTION pg_temp.plan_of(who text DEFAULT 'Ada') RETURNS jsonb
LANGUAGE sql AS $$SELECT jsonb_path_query_array(plan, '$[*].action') FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc(who)$$;
CREATE FUNCTION pg_temp.last_event(type text) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT e - 'at' FROM npcsim.npc_minds m, jsonb_array_elements(m.events) WITH ORDINALITY AS e(e, i)
     WHERE e ->> 'type' = last_event.type AND m.npc_id = pg_temp.npc('Ada') ORDER BY i DESC LIMIT 1
$$;
SELECT pg_temp.make('Ada', 2, 2);
SELECT npcsim.define_item_type(1, 'apple', '{"consumable": {"consumption_time": 5, "need_deltas": {"hunger": 25}}}');
CREATE TEMP TABLE thing AS
    SELECT npcsim.create_item(1, 'apple', 10, 2) AS apple, npcsim.create_item(1, 'apple', 14, 6) AS other, npcsim.create_item(1, 'chair', 10, 5) AS chair;

-- ---- step by step ----
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'move_to', 'parameters', '{"x": 5, "y": 2}'::jsonb, 'then', jsonb_build_array(
              '{"action": "wait", "parameters": {"duration": 1.234567}}'::jsonb,
              jsonb_build_object('action', 'consume', 'target_id', (SELECT apple FROM thing)),
              '{"action": "move_direction", "parameters": {"direction": "south"}}'::jsonb,
              jsonb_build_object('action', 'sit', 'target_id', (SELECT chair FROM thing))))), 'applied', 'an answer may hold a plan');
SELECT is(pg_temp.plan_of(), '["wait", "consume", "move_direction", "sit"]', 'which is kept');
SELECT is((npcsim.observe_npc(1, pg_temp.npc('Ada')) -> 'status' -> 'plan')::jsonb -> 0 -> 'action', '"wait"', 'and shown to the mind');
SELECT npcsim.tick_world(1, 0.8);
SELECT results_eq('SELECT (pg_temp.state()).state, (pg_temp.state()).state_since', 'VALUES (5::smallint, 750000::bigint)',
                  'its first step begins the moment the first action ends');
SELECT is((pg_temp.state()).decider, 2::smallint, 'by decision of the mind');
SELECT is(pg_temp.plan_of(), '["consume", "move_direction", "sit"]', 'and is taken off the plan');
SELECT npcsim.tick_world(1, 1.3);
SELECT results_eq('SELECT (pg_temp.state()).state, (pg_temp.state()).state_since', 'VALUES (1::smallint, 1984567::bigint)',
                  'the next begins to the microsecond');
SELECT npcsim.tick_world(1, 1);
SELECT results_eq('SELECT (pg_temp.state()).state, (pg_temp.state()).state_since', 'VALUES (3::smallint, 2984567::bigint)', 'it walks to the apple and eats');
SELECT npcsim.tick_world(1, 5);
SELECT results_eq('SELECT (pg_temp.state()).state, (pg_temp.state()).state_since', 'VALUES (1::smallint, 7984567::bigint)',
                  'after the meal there is no pause');
SELECT npcsim.tick_world(1, 2);
SELECT is(pg_temp.at('Ada'), '10,5 interacting', 'and the last step follows');
SELECT is(pg_temp.plan_of(), '[]', 'nothing is left');
SELECT is((SELECT array_agg(e ->> 'type' ORDER BY i) FROM npcsim.npc_minds m, jsonb_array_elements(m.events) WITH ORDINALITY AS e(e, i)),
          '{movement_completed,movement_completed,interaction_started,interaction_finished,movement_completed,movement_completed,interaction_started}'::text[],
          'the mind learns of every step');
SELECT pg_temp.tell('Ada', '{"action": "cancel_interaction", "then": [{"action": "move_to", "parameters": {"x": 20, "y": 10}}]}');
SELECT is(pg_temp.at('Ada') LIKE '% moving', true, 'a plan may begin with the end of something');

-- ---- steps that take no time ----
SELECT pg_temp.place('Ada', 2, 2);
SELECT is(pg_temp.tell('Ada', '{"action": "move_direction", "parameters": {"direction": "south"}, "then": [{"action": "continue"}, {"action": "continue"}, {"action": "wander"}]}'),
          'applied', '"continue" as a step');
SELECT npcsim.tick_world(1, 0.3);
SELECT is(pg_temp.at('Ada') LIKE '% wandering', true, 'is passed over');
SELECT is(pg_temp.plan_of(), '[]', 'it does not get stuck there');
SELECT pg_temp.place('Ada', 2, 2);
SELECT pg_temp.tell('Ada', '{"action": "move_to", "parameters": {"x": 2, "y": 2}, "then": [{"action": "move_to", "parameters": {"x": 2, "y": 2}}, {"action": "wait"}]}');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.at('Ada'), '2,2 waiting', 'so is a walk to where it stands');
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'wait', 'parameters', '{"duration": 0.01}'::jsonb, 'then',
              (SELECT jsonb_agg('{"action": "wait", "parameters": {"duration": 0.01}}'::jsonb) FROM generate_series(1, 8)))), 'applied', 'a plan has up to 8 steps');
CREATE TEMP TABLE counted AS SELECT (pg_temp.state()).state_counter, (SELECT now FROM npcsim.world_moments) AS at;
SELECT npcsim.tick_world(1, 0.1);
SELECT results_eq('SELECT (pg_temp.state()).state_counter - state_counter, (pg_temp.state()).state_since - at FROM counted', 'VALUES (17::bigint, 90000::bigint)',
                  'all of which may fall into one tick');

-- ---- plans that fail ----
SELECT npcsim.set_terrain(1, 30, 20, true, 3, 3), npcsim.set_terrain(1, 31, 21, false);
SELECT pg_temp.place('Ada', 2, 2);
SELECT pg_temp.tell('Ada', '{"action": "move_direction", "parameters": {"direction": "south"}, "then": [{"action": "move_to", "parameters": {"x": 31, "y": 21}}, {"action": "wander"}]}');
SELECT npcsim.tick_world(1, 0.3);
SELECT is(pg_temp.at('Ada'), '2,3 idle', 'a step that cannot be done');
SELECT is(pg_temp.plan_of(), '[]', 'ends the plan');
SELECT is(pg_temp.last_event('plan_failed'), '{"type": "plan_failed", "reason": "there is no way to cell (31, 21)"}', 'as the mind is told');
SELECT is(pg_temp.last_event('error'), '{"type": "error", "action": "move_to", "message": "there is no way to cell (31, 21)"}', 'with the reason');
SELECT pg_temp.tell('Ada', jsonb_build_object('action', 'wait', 'parameters', '{"duration": 1}'::jsonb, 'then', jsonb_build_array(
           jsonb_build_object('action', 'consume', 'target_id', (SELECT apple FROM thing)), '{"action": "wander"}'::jsonb)));
SELECT npcsim.tick_world(1, 1);
SELECT is(pg_temp.last_event('plan_failed') ->> 'reason', 'there is no item ' || (SELECT apple FROM thing), 'what is gone by then is not eaten');
SELECT pg_temp.place('Ada', 2, 6);
SELECT pg_temp.tell('Ada', jsonb_build_object('action', 'consume', 'target_id', (SELECT other FROM thing), 'then', '[{"action": "wander"}]'::jsonb));
SELECT npcsim.tick_world(1, 1);
SELECT npcsim.remove_item(1, (SELECT other FROM thing));
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.last_event('plan_failed') ->> 'reason', 'item is gone', 'nor on arrival');
SELECT is(pg_temp.at('Ada') LIKE '% idle', true, 'the rest of the plan is not done');
SELECT pg_temp.place('Ada', 2, 25);
SELECT pg_temp.tell('Ada', '{"action": "move_to", "parameters": {"x": 12, "y": 25}, "then": [{"action": "wander"}]}');
SELECT npcsim.tick_world(1, 0.5);
SELECT npcsim.set_terrain(1, 8, 0, true, 1, 30);
SELECT is(pg_temp.last_event('plan_failed') ->> 'reason', 'the way is blocked', 'nor when the way is blocked');
SELECT npcsim.set_terrain(1, 8, 0, false, 1, 30);

SELECT pg_temp.place('Ada', 2, 25);
SELECT pg_temp.tell('Ada', '{"action": "wait", "parameters": {"duration": 9}, "then": [{"action": "wander"}]}');
SELECT pg_temp.place('Ada', 20, 26);
SELECT is(pg_temp.at('Ada'), '20,26 idle', 'who is put somewhere else stays there');
SELECT is(pg_temp.last_event('plan_failed') ->> 'reason', 'the NPC was moved', 'its plan was for where it was');
UPDATE thing SET apple = npcsim.create_item(1, 'apple', 20, 27);
SELECT pg_temp.tell('Ada', jsonb_build_object('action', 'consume', 'target_id', (SELECT apple FROM thing), 'then', '[{"action": "wander"}]'::jsonb));
SELECT npcsim.remove_item(1, apple) FROM thing;
SELECT is(pg_temp.at('Ada'), '20,26 idle', 'who eats what is taken away');
SELECT is(pg_temp.last_event('plan_failed') ->> 'reason', 'the item was removed', 'gives up its plan');

-- ---- another answer ----
SELECT pg_temp.place('Ada', 2, 2);
SELECT pg_temp.tell('Ada', '{"action": "wait", "parameters": {"duration": 5}, "then": [{"action": "wander"}, {"action": "wait"}]}');
SELECT is(pg_temp.tell('Ada', '{"action": "continue"}'), 'applied', '"continue"');
SELECT is(pg_temp.plan_of(), '["wander", "wait"]', 'keeps the plan');
SELECT is(pg_temp.tell('Ada', '{"action": "move_to", "parameters": {"x": 31, "y": 21}}'), 'rejected NS302 there is no way to cell (31, 21)', 'an answer that cannot be done');
SELECT is(pg_temp.plan_of(), '["wander", "wait"]', 'keeps it, too');
SELECT is(pg_temp.at('Ada'), '2,2 waiting', 'the NPC goes on as it was');
SELECT is(pg_temp.tell('Ada', '{"action": "dance"}'), 'rejected NS304 there is no action "dance"', 'one that is none');
SELECT is(pg_temp.plan_of(), '["wander", "wait"]', 'as well');
SELECT is(pg_temp.tell('Ada', '{"action": "continue", "then": [{"action": "cancel_interaction"}]}'), 'applied', '"continue" with a plan');
SELECT is(pg_temp.plan_of(), '["cancel_interaction"]', 'replaces it');
SELECT is(pg_temp.tell('Ada', '{"action": "move_to", "parameters": {"x": 4, "y": 2}}'), 'applied', 'any other answer');
SELECT is(pg_temp.plan_of(), '[]', 'ends it');
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'wait', 'then', (SELECT jsonb_agg('{"action": "wander"}'::jsonb) FROM generate_series(1, 9)))),
          'rejected NS304 then is not an array of at most 8 actions', 'nine steps are too many');
SELECT is(pg_temp.tell('Ada', '{"action": "wait", "then": [{"action": "wander"}, {"action": "dance"}]}'),
          'rejected NS304 action 2 of then cannot be read: there is no action "dance"', 'a step that is no action makes no plan');
SELECT is(pg_temp.tell('Ada', '{"action": "wait", "then": {"action": "wander"}}'), 'rejected NS304 then is not an array of at most 8 actions', 'nor does what is no array');
SELECT is(pg_temp.tell('Ada', '{"action": "wait", "then": [[{"action": "wander"}]]}'), 'rejected NS304 action 1 of then cannot be read: it is not an object', 'nor one in another');
SELECT is(pg_temp.at('Ada'), '2,2 moving', 'and nothing of it is done');
SELECT is(pg_temp.tell('Ada', '{"action": "wait", "then": null}'), 'applied', 'null is no plan');
SELECT is(pg_temp.tell('Ada', '{"action": "wait", "then": []}'), 'applied', 'nor is an empty one');

-- ---- plans end with who made them ----
SELECT pg_temp.tell('Ada', '{"action": "wait", "parameters": {"duration": 5}, "then": [{"action": "wander"}]}');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Ada'), NULL);
SELECT npcsim.tick_world(1, 6);
SELECT is(pg_temp.at('Ada'), '2,2 idle', 'an NPC that is taken from its player forgets his plans');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Ada'), pg_temp.player());

-- ---- and are an occasion to ask when they fail ----
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 4}') IS NOT NULL AS present;
SELECT npcsim.set_decision_policy(1, 'occasions');
UPDATE npcsim.npcs SET hunger = 100, hygiene = 100, fun = 100, energy = 100;
SELECT npcsim.tick_world(1, 3);
SELECT is((SELECT reason FROM npcsim.decision_requests), 'idle', 'an idle NPC is asked for');
SELECT pg_temp.tell('Ada', '{"action": "wait", "parameters": {"duration": 4}, "then": [{"action": "move_to", "parameters": {"x": 31, "y": 21}}]}');
SELECT npcsim.tick_world(1, 3.9);
SELECT is_empty('SELECT * FROM npcsim.decision_requests', 'while it follows its plan it is not');
SELECT npcsim.tick_world(1, 0.2);
SELECT results_eq('SELECT reason, npc_id FROM npcsim.decision_requests', $$SELECT 'plan_failed'::text, pg_temp.npc('Ada')$$, 'when that fails it is, for that reason');
SELECT is((SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'decision' AND payload ? 'then'), (SELECT count(*) FROM npcsim.decision_log WHERE decision ? 'then' AND code IS DISTINCT FROM 'NS304'),
          'plans are kept with the world''s inputs');

SELECT * FROM finish();
ROLLBACK;
