-- Tests what operators have NPCs do by hand, and NPCs that are traced.
-- Each statement is a transaction of its own: changes of one transaction are one revision.
SELECT no_plan();
\ir lib/minds.sql

CREATE FUNCTION pg_temp.revision() RETURNS bigint LANGUAGE sql AS $$SELECT revision FROM npcsim.worlds WHERE id = 1$$;
-- Has an NPC do something, as it is now; returns 'done', or the SQLSTATE and the message.
CREATE FUNCTION pg_temp.apply(who text, action jsonb, revision bigint DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.apply_npc_action(1, pg_temp.npc(who), action, coalesce(apply.revision, pg_temp.revision()));
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN concat_ws(' ', SQLSTATE, regexp_replace(SQLERRM, '[0-9]+', 'N', 'g'));
END
$$;
CREATE FUNCTION pg_temp.inputs() RETURNS bigint LANGUAGE sql AS $$SELECT count(*) FROM npcsim.world_inputs WHERE world_id = 1$$;

SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1'), npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
SELECT pg_temp.make('Ada', 5, 5), npcsim.create_npc(1, 'Bo', 20, 20), npcsim.create_item(1, 'chair', 6, 5) AS chair \gset
SELECT npcsim.tick_world(1, 0.1);

-- ---- what can be done ----
SELECT is(pg_temp.apply('Ada', jsonb_build_object('action', 'sit', 'target_id', :chair)), 'done', 'an NPC does what it is told by hand');
SELECT is(pg_temp.doing(), 'interacting mind', 'as if its mind had said so');
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'apply_npc_action'),
          jsonb_build_object('npc_id', pg_temp.npc(), 'action', jsonb_build_object('action', 'sit', 'target_id', :chair)), 'it is an input');
SELECT is(pg_temp.apply('Bo', '{"action": "wait", "duration": 2, "then": [{"action": "move_direction", "direction": "north"}], "tokens": 7, "reason": "why not"}'), 'done', 'one whose mind is the built-in one, too, and with a plan');
SELECT is(pg_temp.doing('Bo'), 'waiting mind', 'it begins');
SELECT is((SELECT payload -> 'action' FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'apply_npc_action' ORDER BY sequence DESC LIMIT 1),
          '{"action": "wait", "duration": 2, "then": [{"action": "move_direction", "direction": "north"}]}', 'only what has an effect is stored');
SELECT npcsim.tick_world(1, 2.4);
SELECT is((SELECT position_y::integer FROM npcsim.npcs WHERE world_id = 1 AND name = 'Bo'), 19, 'and goes on with its plan');

-- ---- since a revision ----
SELECT pg_temp.revision() AS before \gset
UPDATE npcsim.npcs SET name = 'Ada', hunger = 90 WHERE world_id = 1 AND name = 'Ada';
SELECT is(pg_temp.apply('Ada', '{"action": "cancel_interaction"}', :before), 'NS306 NPC N has changed since revision N', 'who has changed since is left alone');
SELECT is(pg_temp.doing(), 'interacting mind', 'nothing is done');
SELECT is(pg_temp.apply('Bo', '{"action": "wait", "duration": 1}', :before), 'done', 'what became of others does not matter');
SELECT is(pg_temp.apply('Bo', '{"action": "wait", "duration": 1}', :before), 'NS306 NPC N has changed since revision N', 'twice it is not done');
SELECT is(pg_temp.apply('Ada', '{"action": "cancel_interaction"}'), 'done', 'with the revision of now it is');
SELECT is(pg_temp.apply('Ada', '{"action": "wait"}', pg_temp.revision() + 1), '22003 "revision" is later than the world', 'a revision that is not there yet');
SELECT is(pg_temp.apply('Ada', '{"action": "wait"}', n), '22003 "revision" is out of range', 'or can be none: ' || n) FROM unnest('{0,-1,9223372036854775807}'::bigint[]) AS n;

-- ---- a question stays open ----
SELECT npcsim.request_npc_decision(1, pg_temp.npc()) AS asked \gset
SELECT is(pg_temp.apply('Ada', '{"action": "wander"}'), 'done', 'who is asked is told by hand what to do');
SELECT is((SELECT status FROM npcsim.decision_requests WHERE world_id = 1 AND npc_id = pg_temp.npc()), 'open', 'its question is there still');
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', :asked, 'action', 'continue')) ->> 'reason', 'moot: the state it was given for has passed', 'an answer about what has passed is moot');

-- ---- what cannot be done changes nothing ----
SELECT pg_temp.inputs() AS inputs, pg_temp.revision() AS revision \gset
SELECT is(left(pg_temp.apply('Ada', action), length(expected)), expected, 'refused: ' || left(action::text, 60))
  FROM (VALUES ('{"action": "fly"}'::jsonb, 'NS304 NPC N cannot do that: there is no action "fly"'),
               ('{}', 'NS304 NPC N cannot do that: the decision has no action'),
               ('{"choice": 1}', 'NS304 NPC N cannot do that: the decision has no action'),
               ('{"action": "consume", "target_id": 99999}', 'NS202 NPC N cannot do that: there is no item N'),
               ('{"action": "wait", "then": 5}', 'NS304 NPC N cannot do that: then is not an array of at most N actions'),
               ('{"action": "wait", "wake_on": 5}', 'NS304 NPC N cannot do that: wake_on is not an array of at most N strings'),
               ('{"action": "wait", "next_decision_in_s": -1}', 'NS304 NPC N cannot do that: next_decision_in_s is not a number from N to N'),
               ('{"action": "wait", "duration": 1e400}', 'NS304 NPC N cannot do that: a number of the decision is not one that a double can hold'),
               (jsonb_build_object('action', 'wait', 'more', repeat('x', 30000)), '54000 "action" is too large'),
               (jsonb_build_object('action', 'wait', 'message', E'\u202e'), 'NS304 NPC N cannot do that: a text of the decision has'),
               ('[]', '22023 "action" is not a JSON object'), ('5', '22023 "action" is not a JSON object'), ('null', '22023 "action" is not a JSON object')) AS t (action, expected)
;
SELECT is(pg_temp.inputs(), :inputs::bigint, 'no input of it is stored');
SELECT is(pg_temp.revision(), :revision::bigint, 'and the world is as it was');
SELECT throws_ok($$SELECT npcsim.apply_npc_action(1, pg_temp.npc(), '{"action": "cancel_interaction"}', pg_temp.revision())$$, 'NS305', NULL, 'what its state does not allow');
SELECT throws_ok($$SELECT npcsim.apply_npc_action(99, 1, '{"action": "wait"}', 1)$$, 'NS101', NULL, 'no such world');
SELECT throws_ok($$SELECT npcsim.apply_npc_action(1, 99999, '{"action": "wait"}', 1)$$, 'NS201', NULL, 'no such NPC');
SELECT throws_ok($$SELECT npcsim.apply_npc_action(1, pg_temp.npc(), '{"action": "wait"}', NULL)$$, '22004', NULL, 'no revision');
SELECT throws_ok($$SELECT npcsim.apply_npc_action(1, pg_temp.npc(), NULL, 1)$$, '22004', NULL, 'no action');
SELECT throws_ok($$SELECT npcsim.apply_npc_action(1, NULL, '{"action": "wait"}', 1)$$, '22004', NULL, 'no NPC');
SELECT throws_ok($$SELECT npcsim.apply_npc_action(1, 9223372036854775807, '{"action": "wait"}', 1)$$, '22003', NULL, 'an id that none can be');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc('Bo'));
SELECT is(pg_temp.apply('Bo', '{"action": "wait"}'), 'NS305 NPC N cannot do that: action wait is not valid in state dormant', 'who sleeps does nothing');

-- ---- traced ----
SELECT is((SELECT traced FROM npcsim.npcs WHERE world_id = 1 AND name = 'Ada'), false, 'nobody is traced');
SELECT npcsim.create_npc(1, 'Cleo', 30, 20), npcsim.create_item(1, 'apple', 31, 22) AS apple \gset
UPDATE npcsim.npcs SET traced = true, hunger = 10 WHERE world_id = 1 AND name = 'Cleo';
SELECT is((SELECT traced FROM npcsim.npcs WHERE world_id = 1 AND name = 'Cleo'), true, 'until somebody wants it');
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'set_npc_traced'), jsonb_build_object('npc_id', pg_temp.npc('Cleo'), 'traced', true), 'it is an input');
SELECT npcsim.tick_world(1, 4);
SELECT is((SELECT explained - '{needs,ranking,did}'::text[] FROM npcsim.explain_npc_decisions(1, pg_temp.npc('Cleo')) ORDER BY at_real LIMIT 1),
          jsonb_build_object('by', 'built_in', 'state', 'idle', 'chose', jsonb_build_object('action', 'interact_with', 'interaction', 'consume', 'target_id', :apple), 'because', NULL, 'refused', NULL),
          'what the built-in mind chose for it is kept');
SELECT is((SELECT explained #> '{ranking,0}' FROM npcsim.explain_npc_decisions(1, pg_temp.npc('Cleo')) ORDER BY at_real LIMIT 1) - 'score',
          jsonb_build_object('rank', 1, 'action', 'interact_with', 'interaction', 'consume', 'target_id', :apple), 'it ranked first');
SELECT ok((SELECT (explained #>> '{ranking,0,score}')::numeric BETWEEN 40 AND 45 AND (explained #>> '{needs,hunger}')::numeric < 10
             FROM npcsim.explain_npc_decisions(1, pg_temp.npc('Cleo')) ORDER BY at_real LIMIT 1), 'since it was hungry');
SELECT ok((SELECT jsonb_array_length(explained -> 'ranking') > 1 FROM npcsim.explain_npc_decisions(1, pg_temp.npc('Cleo')) ORDER BY at_real LIMIT 1), 'there was more to choose from');
SELECT is((SELECT explained #>> '{did,0,kind}' FROM npcsim.explain_npc_decisions(1, pg_temp.npc('Cleo')) ORDER BY at_real LIMIT 1), 'npc_arrived', 'and what it did is told');
SELECT is_empty($$SELECT FROM npcsim.observation_log WHERE pg_temp.npc('Bo') = ANY (npc_ids)$$, 'of others nothing is kept');
UPDATE npcsim.npcs SET traced = false WHERE world_id = 1 AND name = 'Cleo';
SELECT count(*) AS kept FROM npcsim.observation_log \gset
SELECT npcsim.tick_world(1, 20);
SELECT is((SELECT count(*) FROM npcsim.observation_log), :kept::bigint, 'nor of her, any more');
UPDATE npcsim.npcs SET traced = true WHERE world_id = 1 AND name = 'Cleo';
UPDATE npcsim.worlds SET observation_log_bytes = 0 WHERE id = 1;
SELECT npcsim.tick_world(1, 20);
SELECT is((SELECT count(*) FROM npcsim.observation_log), :kept::bigint, 'and in a world that keeps nothing, nothing');

-- ---- replay ----
SELECT npcsim.replay_world(1) AS replay \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :replay), 'a replay lives through the same');
SELECT is((SELECT count(*) FROM npcsim.observation_log WHERE world_id = :replay), 0::bigint, 'and keeps nothing of it');

SELECT * FROM finish();
