-- Tests replays: a second world, made from the seed and the inputs of a first, has the first one's rows.
SET client_min_messages = warning;
\i docs/roles.sql
-- Every statement is a transaction of its own: who is there is looked up once per transaction.
SELECT plan(137);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('decision_slots', 'world_clock', 'world_inputs');

-- What differs between a world and its replay, as text; '' when nothing does.
CREATE FUNCTION pg_temp.differences(a bigint, b bigint) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(concat_ws(' ', relation, key, here, there), E'\n'), '')
      FROM (SELECT * FROM npcsim.world_differences(a, b) LIMIT 5) d
$$;
-- Replays a world and drops the replay again: what differs.
CREATE FUNCTION pg_temp.replayed(world bigint, until double precision DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    other bigint := npcsim.replay_world(world, until);
    result text := pg_temp.differences(world, other);
BEGIN
    PERFORM npcsim.drop_world(other);
    RETURN result;
END
$$;

CREATE FUNCTION pg_temp.world(wanted text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.worlds WHERE name = wanted$$;

-- ---- a world that nobody touches ----
SELECT npcsim.create_world('Empty', 4, 4, 1, 1, preset => 'reference');
SELECT is(pg_temp.replayed(1), '', 'a world in which nothing was done has a replay');
SELECT npcsim.create_world('Meadow', 40, 30, 12, preset => 'reference') AS meadow \gset
SELECT npcsim.populate_world(:meadow, 20);
SELECT npcsim.tick_world(:meadow, 60), npcsim.tick_world(:meadow, 7.123456);
SELECT npcsim.replay_world(:meadow) AS copy \gset
SELECT is(pg_temp.differences(:meadow, :copy), '', 'a colony that lives by itself does the same again');
SELECT cmp_ok((SELECT count(*) FROM npcsim.npc_states WHERE world_id = :meadow AND state_counter > 0), '>=', 15::bigint, 'and it did something');
SELECT cmp_ok((SELECT count(*) FROM npcsim.item_respawns WHERE world_id = :meadow), '>', 0::bigint, 'ate, among other things');
SELECT results_eq($$SELECT name, status, clock, size_x, size_y, seed, tick_rate FROM npcsim.worlds WHERE name LIKE '%(replay)'$$,
                  $$VALUES ('Meadow (replay)', 'paused', 67.1::float8, 40, 30, 12::bigint, 10)$$, 'the replay is a world of the same size, seed, pace and clock, paused');
SELECT is(pg_temp.differences(:copy, npcsim.replay_world(:copy)), '', 'a replay can be replayed');
SELECT npcsim.replay_world(:meadow, 1), npcsim.replay_world(:meadow, 1, 'Again');
SELECT is((SELECT array_agg(name ORDER BY id) FROM npcsim.worlds WHERE id > :meadow), '{Meadow (replay),Meadow (replay) (replay),Meadow (replay 2),Again}', 'names tell them apart, or are chosen');
SELECT npcsim.tick_world(:meadow, 13.3), npcsim.tick_world(:copy, 3.3), npcsim.tick_world(:copy, 10);
SELECT is(pg_temp.differences(:meadow, :copy), '', 'what both live through afterwards is the same again');
SELECT npcsim.tick_world(:copy, 0.1);
SELECT isnt(pg_temp.differences(:meadow, :copy), '', 'and what one of them does is a difference');
SELECT ok((SELECT bool_and(here IS NOT NULL AND there IS NOT NULL) FROM npcsim.world_differences(:meadow, :copy) WHERE relation = 'world_clock'),
          'told with both values');
SELECT min(id) AS gone FROM npcsim.npcs WHERE world_id = :copy \gset
SELECT npcsim.remove_npc(:copy, :gone);
SELECT results_eq($$SELECT key::bigint, here ->> 'name', there FROM npcsim.world_differences(pg_temp.world('Meadow'), pg_temp.world('Meadow (replay)')) WHERE relation = 'npc_identities'$$,
                  $$SELECT id, name, NULL::jsonb FROM npcsim.npcs WHERE world_id = pg_temp.world('Meadow') ORDER BY id LIMIT 1$$, 'as is a row that only one has');
SELECT results_eq($$SELECT key::bigint, here, there ->> 'name' FROM npcsim.world_differences(pg_temp.world('Meadow (replay)'), pg_temp.world('Meadow')) WHERE relation = 'npc_identities'$$,
                  $$SELECT id, NULL::jsonb, name FROM npcsim.npcs WHERE world_id = pg_temp.world('Meadow') ORDER BY id LIMIT 1$$, 'whichever it is');

-- ---- a world to which everything happens ----
SELECT npcsim.create_world('Busy', 40, 30, 13, preset => 'reference') AS busy \gset
UPDATE npcsim.worlds SET allocation = 'manual' WHERE id = :busy;
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('ada'), ('bo')) AS v(name), npcsim.create_player(:busy, name) AS p;
CREATE FUNCTION pg_temp.player(wanted text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM players WHERE name = wanted$$;
CREATE FUNCTION pg_temp.present(who text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE npcsim.sessions s SET heartbeat_at_real = CASE WHEN p.name = ANY (who) THEN now() + interval '1 hour' ELSE '-infinity' END FROM players p WHERE p.id = s.player_id
$$;
SELECT npcsim.register_gateway('g');
SELECT npcsim.client_connected('g', id, :busy, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(id, '{"max_concurrency": 64}') IS NOT NULL FROM players;
SELECT pg_temp.present('{ada,bo}');
SELECT npcsim.populate_world(:busy, 16);
SELECT npcsim.assign_npc_to_player(:busy, id, pg_temp.player(CASE id % 4 WHEN 0 THEN 'ada' ELSE 'bo' END)) FROM npcsim.npcs WHERE world_id = :busy AND id % 2 = 0 ORDER BY id;
SELECT npcsim.create_item(:busy, 'apple', 0, 0), npcsim.create_item(:busy, 'chair', 39, 29, '{"colour": "red"}');

-- What the minds answer at a moment: every kind of action, plans, nonsense; some fail, some are silent.
CREATE FUNCTION pg_temp.answer_all(world bigint, moment integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    apple bigint := (SELECT min(id) FROM npcsim.items WHERE world_id = world AND item_type = 'apple' AND id % 7 >= moment % 7);
    asked record;
BEGIN
    PERFORM npcsim.submit_npc_decisions(array_agg(r.player_id ORDER BY r.npc_id), array_agg((jsonb_build_object('request_id', r.request_id) || answer)::text ORDER BY r.npc_id))
       FROM npcsim.decision_requests r,
    LATERAL (SELECT CASE (r.npc_id / 2 + moment) % 8
                    WHEN 0 THEN jsonb_build_object('action', 'move_to', 'parameters', jsonb_build_object('x', (r.npc_id * 7 + moment) % 40, 'y', (r.npc_id * 5 + moment) % 30),
                                                   'then', '[{"action": "wait", "parameters": {"duration": 1.25}}, {"action": "wander"}]'::jsonb)
                    WHEN 1 THEN jsonb_build_object('action', 'consume', 'target_id', coalesce(apple, 1), 'then', '[{"action": "cancel_interaction"}, {"action": "wander"}]'::jsonb)
                    WHEN 2 THEN '{"action": "wander", "next_decision_in_s": 4.25}'
                    WHEN 3 THEN jsonb_build_object('action', 'wait', 'parameters', '{"duration": 2.000001}'::jsonb,
                                                   'then', jsonb_build_array(jsonb_build_object('action', 'consume', 'target_id', coalesce(apple, 1)), '{"action": "continue"}'::jsonb))
                    WHEN 4 THEN '{"action": "continue"}'
                    WHEN 5 THEN '{"action": "dance"}'
                    WHEN 6 THEN '{"action": "move_direction", "parameters": {"direction": "north"}}'
                    WHEN 7 THEN '{"action": "wander", "tokens": -3}' END AS answer) a
      WHERE r.world_id = world AND (r.npc_id + moment) % 3 > 0 HAVING count(*) > 0;
    PERFORM npcsim.fail_decisions(array_agg(player_id ORDER BY npc_id), array_agg(request_id ORDER BY npc_id), array_agg('timeout'::text))
       FROM npcsim.decision_requests WHERE world_id = world AND (npc_id + moment) % 9 = 0 HAVING count(*) > 0;
END
$$;
-- Requests are claimed as gateways do; the world runs for that moment.
CREATE FUNCTION pg_temp.claim(world bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    result bigint;
BEGIN
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = world;
    result := count(*) FROM npcsim.claim_decisions('g', ARRAY(SELECT id FROM npcsim.sessions ORDER BY id), ARRAY(SELECT 64 FROM npcsim.sessions)) c;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = world;
    RETURN result;
END
$$;
CREATE FUNCTION pg_temp.live(world bigint, first integer, last integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR second IN first .. last LOOP
        PERFORM npcsim.tick_world(world, CASE second % 3 WHEN 0 THEN 1 WHEN 1 THEN 0.73 ELSE 1.27 END);
        IF second % 2 = 0 THEN
            PERFORM pg_temp.claim(world);
        END IF;
        PERFORM pg_temp.answer_all(world, second);
    END LOOP;
END
$$;
SELECT pg_temp.live(:busy, 1, 12);
SELECT is(pg_temp.replayed(:busy), '', 'answers of minds, refused ones, and their absence are lived through again');
SELECT set_has($$SELECT status FROM npcsim.decision_log$$, $$VALUES ('applied'), ('rejected'), ('timeout')$$, 'they were of every kind');
SELECT cmp_ok((SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'decision' AND (payload ->> 'told_events')::integer > 0), '>', 0::bigint, 'some minds had been told of events');
SELECT cmp_ok((SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'decision_refused' AND payload ->> 'message' IS NULL), '>', 0::bigint, 'some answers counted for nothing without a word');

-- An answer that comes when it was given up already, and one to a question before the last.
SELECT npcsim.request_npc_decision(:busy, id) FROM npcsim.npcs WHERE world_id = :busy AND controller_player_id IS NOT NULL ORDER BY id;
CREATE TEMP TABLE given_up AS SELECT request_id, npc_id, player_id FROM npcsim.decision_requests r WHERE world_id = :busy
    AND (SELECT state IN ('idle', 'moving', 'wandering', 'waiting') FROM npcsim.npcs n WHERE n.world_id = r.world_id AND n.id = r.npc_id) ORDER BY npc_id LIMIT 2;
SELECT npcsim.fail_decisions(array_agg(player_id), array_agg(request_id), array_agg('timeout'::text)) FROM given_up;
SELECT set_eq($$SELECT npcsim.submit_npc_decision(player_id, jsonb_build_object('request_id', request_id, 'action', 'wander')) ->> 'status' FROM given_up$$, $$VALUES ('late')$$,
              'late answers are carried out');
SELECT npcsim.request_npc_decision(:busy, npc_id) FROM given_up;
SELECT set_eq($$SELECT npcsim.submit_npc_decision(player_id, jsonb_build_object('request_id', request_id, 'action', 'wait')) ->> 'status' FROM given_up$$, $$VALUES ('duplicate')$$,
              'or are not');
SELECT is(pg_temp.replayed(:busy), '', 'as they are in a replay');
-- Kinds come, change and go; players talk.
INSERT INTO npcsim.interaction_types (world_id, name, need_deltas, duration, needs_adjacency) VALUES (:busy, 'listen', '{"fun": 30}', 4.25, false);
INSERT INTO npcsim.item_types (world_id, name, components) VALUES (:busy, 'piano', '{"usable": {"interactions": ["listen"]}, "need_modifying": {"need_rates": {"energy": -1}}}');
SELECT npcsim.create_item(:busy, 'piano', 0, 29);
UPDATE npcsim.npcs SET fun = 5 WHERE world_id = :busy;
SELECT npcsim.tick_world(:busy, 20);
SELECT cmp_ok((SELECT count(*) FROM npcsim.world_events WHERE world_id = :busy AND kind = 'interaction_finished' AND data ->> 'interaction' = 'listen'), '>', 0::bigint, 'what is new is used');
UPDATE npcsim.interaction_types SET duration = 9 WHERE world_id = :busy AND name = 'listen';
DELETE FROM npcsim.item_types WHERE world_id = :busy AND name = 'bed';
DELETE FROM npcsim.world_items WHERE world_id = :busy AND item_type = 'television' AND occupied_by_npc_id IS NOT NULL; -- nobody watches then
DELETE FROM npcsim.interaction_types WHERE world_id = :busy AND name = 'watch';
SELECT npcsim.call_reducer(pg_temp.player('ada'), 'send_chat', '{"text": "Hello \"you\""}'), npcsim.call_reducer(pg_temp.player('bo'), 'map_ping', '{"x": 3, "y": 4}');
SELECT npcsim.tick_world(:busy, 3);
SELECT npcsim.replay_world(:busy) AS kinds \gset
SELECT is(pg_temp.differences(:busy, :kinds), '', 'kinds that came, changed and went do so again');
SELECT is_empty(format('SELECT to_jsonb(e) - %L::text[] FROM npcsim.world_events e WHERE world_id = %s EXCEPT ALL SELECT to_jsonb(e) - %L::text[] FROM npcsim.world_events e WHERE world_id = %s',
                       '{world_id,revision,sent_at_real}', :busy, '{world_id,revision,sent_at_real}', :kinds), 'what happened, and was said, is recorded again');
SELECT npcsim.drop_world(:kinds);
-- Parameters beside "action": what takes effect is kept of an answer, and nothing else.
CREATE TEMP TABLE beside (n serial, members jsonb);
INSERT INTO beside (members) VALUES
    ('{"action": "move_to", "x": 3, "y": "4"}'), ('{"action": "move_to", "destination": [7, 20]}'), ('{"action": "move_direction", "direction": "south"}'),
    ('{"action": "wait", "duration": 2.5}'), ('{"action": "interact_with", "interaction_name": "listen", "entity_id": 0}'),
    ('{"action": "interact_with", "interaction": "consume", "target_id": 0}'), ('{"action": "move_to_item", "entity_id": 0}'),
    ('{"action": "wander", "wake_on": ["interaction_finished"], "next_decision_in_s": 5, "then": [{"action": "move_to", "x": 1, "y": 1}], "state_counter": 0, "told_events": 1e9}');
UPDATE beside b SET members = b.members || jsonb_build_object(m.name, (SELECT min(i.id) FROM npcsim.items i WHERE i.world_id = :busy AND i.item_type = m.item_type))
  FROM (VALUES ('entity_id', 'piano'), ('target_id', 'apple')) m(name, item_type) WHERE b.members ? m.name;
SELECT npcsim.request_npc_decision(:busy, id) FROM npcsim.npcs WHERE world_id = :busy AND controller_player_id IS NOT NULL ORDER BY id;
SELECT max(sequence) AS before FROM npcsim.world_inputs WHERE world_id = :busy \gset
CREATE TEMP TABLE told AS
SELECT r.npc_id, b.n, b.members, npcsim.submit_npc_decision(r.player_id, jsonb_build_object('request_id', r.request_id, 'npc_id', r.npc_id, 'world_id', :busy, 'type', 'decision_response',
                                 'confidence', 0.5, 'tokens', 7, 'reason', 'because', 'colour', '{"of": ["hair", 1.50]}'::jsonb) || b.members) AS result
  FROM (SELECT *, row_number() OVER (ORDER BY npc_id) AS place FROM npcsim.decision_requests WHERE world_id = :busy) r JOIN beside b ON b.n = r.place;
SELECT set_eq('SELECT n FROM told', 'SELECT n FROM beside', 'there is somebody to answer each');
SELECT is_empty($$SELECT n, result FROM told WHERE result ->> 'code' = 'NS304'$$, 'parameters stand beside the action');
SELECT bag_eq(format($$SELECT payload - '{npc_id,told_events,state_counter}'::text[] FROM npcsim.world_inputs WHERE world_id = %s AND kind = 'decision' AND sequence > %s$$, :busy, :before),
                  $$SELECT members - '{told_events,state_counter}'::text[] || '{"colour": {"of": ["hair", 1.50]}}' FROM told$$, 'and are kept, without what has no effect');
SELECT npcsim.tick_world(:busy, 12);
SELECT is(pg_temp.replayed(:busy), '', 'so that a replay has them');
-- Inputs that later versions kept, of a need and a column that this one does not have: nothing is left of them but themselves.
BEGIN;
SELECT npcsim.lock_world(:busy);
INSERT INTO npcsim.world_inputs (world_id, sequence, tick, kind, payload)
SELECT i.world_id, i.sequence + n, i.tick, later.kind, later.payload || jsonb_build_object('npc_id', (SELECT min(id) FROM npcsim.npcs WHERE world_id = :busy))
  FROM (SELECT * FROM npcsim.world_inputs WHERE world_id = :busy ORDER BY sequence DESC LIMIT 1) i,
       (VALUES (1, 'set_need', '{"need": "thirst", "millionths": 5}'::jsonb), (2, 'set_npc_number', '{"column": "mood", "value": 3}')) AS later (n, kind, payload);
UPDATE npcsim.world_clock SET next_input = next_input + 2 WHERE world_id = :busy;
SELECT is(pg_temp.replayed(:busy), '', 'a replay keeps inputs of what this version does not have');
ROLLBACK;
-- Inputs that earlier versions kept: of any size, and without parameters that stood beside the action.
BEGIN;
UPDATE npcsim.world_inputs SET payload = payload || jsonb_build_object('parameters', jsonb_build_object('why', repeat('x', 60000)))
 WHERE world_id = :busy AND kind = 'decision' AND sequence > :before AND payload ->> 'action' = 'wander';
SELECT is(pg_temp.replayed(:busy), '', 'a replay takes an input of any size');
UPDATE npcsim.world_inputs SET payload = payload - 'x' WHERE world_id = :busy AND kind = 'decision' AND sequence > :before AND payload ? 'x';
SELECT isnt(pg_temp.replayed(:busy), '', 'and goes on where one lacks something');
ROLLBACK;
-- To a state that has passed.
SELECT npcsim.request_npc_decision(:busy, npc_id) FROM given_up;
UPDATE npcsim.npcs SET position_x = 38, position_y = 28 WHERE world_id = :busy AND id = (SELECT min(npc_id) FROM given_up);
SELECT is((SELECT npcsim.submit_npc_decision(player_id, jsonb_build_object('npc_id', npc_id, 'action', 'wait')) ->> 'status' FROM given_up ORDER BY npc_id LIMIT 1), 'applied',
          'an answer to a state that has passed has its mind asked again');
SELECT pg_temp.live(:busy, 13, 14);
SELECT is(pg_temp.replayed(:busy), '', 'and in a replay, too');

-- Requests that nobody answers expire; of two idle ones that are decided for at once, both look before one acts.
SELECT npcsim.request_npc_decision(:busy, id) FROM npcsim.npcs WHERE world_id = :busy AND controller_player_id IS NOT NULL ORDER BY id;
SELECT pg_temp.present('{}');
BEGIN;
UPDATE npcsim.decision_slots SET opened_at_real = now() - interval '1 hour', sent_at_real = now() - interval '1 hour' WHERE world_id = :busy;
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = :busy;
SELECT cmp_ok(npcsim_internal.expire_decisions(), '>', 0::bigint, 'requests expire');
UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = :busy;
COMMIT;
SELECT npcsim.tick_world(:busy, 20);
SELECT is(pg_temp.replayed(:busy), '', 'in a replay at the same moment');
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE world_id = :busy AND kind = 'presence' ORDER BY sequence DESC LIMIT 1), '{"present": []}', 'when their players are gone');
SELECT pg_temp.present('{ada,bo}');
SELECT npcsim.tick_world(:busy, 5);
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE world_id = :busy AND kind = 'presence' ORDER BY sequence DESC LIMIT 1),
          jsonb_build_object('present', (SELECT jsonb_agg(id ORDER BY id) FROM players)), 'and come back');
SELECT is(pg_temp.replayed(:busy), '', 'which a replay knows from the inputs, whoever is there now');

-- ---- bids and conversations ----
SELECT npcsim.create_world('Talk', 24, 24, 15, preset => 'reference') AS talk \gset
CREATE TEMP TABLE talkers AS SELECT name, p.player_id AS player, npcsim.create_npc(:talk, name, 8 + n::integer, 10, p.player_id) AS npc
  FROM unnest('{Ada,Bo,Cy,Di}'::text[]) WITH ORDINALITY AS v(name, n), npcsim.create_player(:talk, lower(name)) AS p;
SELECT npcsim.client_connected('g', player, :talk, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(player, '{"max_concurrency": 8}') IS NOT NULL FROM talkers;
SELECT npcsim.define_interaction_type(:talk, 'play', need_rates => '{"fun": 5}', duration => 20, min_participants => 2, max_participants => 4, parameters => '{"bet": {"type": "integer", "default": 1}}');
SELECT npcsim.define_item_type(:talk, 'table', '{"usable": {"interactions": ["play"]}}'), npcsim.create_item(:talk, 'table', 10, 11);
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour' WHERE world_id = :talk;
SET npcsim_test.talk = :talk;
CREATE FUNCTION pg_temp.talker(wanted text) RETURNS bigint LANGUAGE sql AS $$SELECT npc FROM talkers WHERE name = wanted$$;
-- The bid of one of them.
CREATE FUNCTION pg_temp.bid_of(wanted text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('bid_id', (SELECT id FROM npcsim.interaction_bids WHERE world_id = current_setting('npcsim_test.talk')::bigint AND bidder_npc_id = pg_temp.talker(wanted)))
$$;
CREATE FUNCTION pg_temp.talk(wanted text, decision jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'status', r ->> 'code')
      FROM (SELECT npcsim.submit_npc_decision(player, decision || jsonb_build_object('request_id', npcsim.request_npc_decision(current_setting('npcsim_test.talk')::bigint, npc))) AS r
              FROM talkers WHERE name = wanted) AS v
$$;
SELECT is(pg_temp.talk('Ada', jsonb_build_object('action', 'start_conversation', 'target_ids', jsonb_build_array(pg_temp.talker('Bo'), pg_temp.talker('Cy')), 'message', 'Hello "you"')), 'applied', 'an invitation');
SELECT is(pg_temp.replayed(:talk), '', 'that was not put to anybody yet is in the replay');
SELECT npcsim.tick_world(:talk, 0.5);
SELECT is(pg_temp.talk('Bo', '{"action": "respond_to_interaction_bid", "accept": true}' || pg_temp.bid_of('Ada')), 'applied', 'one accepts');
SELECT is(pg_temp.replayed(:talk), '', 'and so does a bid that is answered in part');
SELECT is(pg_temp.talk('Cy', '{"action": "respond_to_interaction_bid", "accept": true}' || pg_temp.bid_of('Ada')), 'applied', 'the other accepts');
SELECT is(pg_temp.replayed(:talk), '', 'a conversation begins with its message');
SELECT npcsim.tick_world(:talk, 0.3);
SELECT results_eq($$SELECT pg_temp.talk('Bo', '{"action": "act_in_interaction", "parameters": {"message": "I am Bo"}}') UNION ALL
                    SELECT pg_temp.talk('Bo', '{"action": "act_in_interaction", "message": "Really"}') UNION ALL
                    SELECT pg_temp.talk('Di', jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.talker('Cy')))$$,
                  $$VALUES ('applied'), ('applied'), ('applied')$$, 'one talks, too much, and another one joins them');
SELECT npcsim.tick_world(:talk, 4);
SELECT is(pg_temp.replayed(:talk), '', 'what is said, and who joins, is said and joins again');
SELECT results_eq($$SELECT pg_temp.talk('Ada', '{"action": "cancel_interaction"}') UNION ALL SELECT pg_temp.talk('Di', '{"action": "continue"}')$$, $$VALUES ('applied'), ('applied')$$, 'one leaves');
UPDATE npcsim.sessions SET heartbeat_at_real = '-infinity' WHERE player_id = (SELECT player FROM talkers WHERE name = 'Cy');
SELECT npcsim.tick_world(:talk, 31);
SELECT is(pg_temp.replayed(:talk), '', 'who leaves leaves, and the built-in mind talks on for a mind that is gone');
UPDATE npcsim.npcs SET position_x = 9 + (id - pg_temp.talker('Ada')), position_y = 12 WHERE world_id = :talk AND id <> pg_temp.talker('Cy');
UPDATE npcsim.npcs SET position_x = 11, position_y = 14, hunger = 100, fun = 50 WHERE world_id = :talk AND id = pg_temp.talker('Cy');
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour' WHERE world_id = :talk;
SELECT npcsim.tick_world(:talk, 0.1);
SELECT is(pg_temp.talk('Di', jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.talker('Bo'))), 'applied', 'one is invited');
SELECT npcsim.tick_world(:talk, 0.5);
SELECT is(pg_temp.talk('Ada', jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.talker('Bo'))), 'applied', 'by another one, too');
SELECT npcsim.tick_world(:talk, 0.5);
SELECT is(pg_temp.talk('Bo', '{"action": "respond_to_interaction_bid", "accept": false, "reason": "I am \"busy\""}' || pg_temp.bid_of('Di')), 'applied', 'rejects the first');
SELECT is(pg_temp.talk('Bo', '{"action": "batch_reject_interaction_bids", "ids": "*", "reason": "no time"}'), 'applied', 'and all others');
SELECT is(pg_temp.replayed(:talk), '', 'which a replay does with the same reasons');
SELECT is(pg_temp.talk('Ada', jsonb_build_object('action', 'play', 'target_id', (SELECT id FROM npcsim.items WHERE world_id = :talk AND item_type = 'table'),
          'participants', jsonb_build_array(pg_temp.talker('Bo'), pg_temp.talker('Di')))), 'applied', 'a game for three');
SELECT npcsim.tick_world(:talk, 3);
SELECT is((SELECT count(*) FROM npcsim.interaction_bids WHERE world_id = :talk), 1::bigint, 'is bid for');
SELECT is(pg_temp.talk('Bo', '{"action": "respond_to_interaction_bid", "accept": true}' || pg_temp.bid_of('Ada')), 'applied', 'one would play');
SELECT npcsim.tick_world(:talk, 3);
SELECT is((SELECT count(*) FROM npcsim.interaction_bids WHERE world_id = :talk), 0::bigint, 'the other one did not answer, and is spoken for');
SELECT is(pg_temp.replayed(:talk), '', 'what was answered for it is answered again');
SELECT pg_temp.talk('Ada', '{"action": "cancel_interaction"}'), pg_temp.talk('Bo', '{"action": "cancel_interaction"}');
-- Who is slow is waited for. How slow a mind is comes from outside.
UPDATE npcsim.sessions SET average_decision_time_ms = 6200 WHERE player_id = (SELECT player FROM talkers WHERE name = 'Bo');
SELECT is(pg_temp.talk('Ada', jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.talker('Bo'))), 'applied', 'a slow one is invited');
SELECT npcsim.tick_world(:talk, 9);
SELECT is((SELECT (due_at - made_at) / 1000000 FROM npcsim.interaction_bid_rows WHERE world_id = :talk AND bidder_npc_id = pg_temp.talker('Ada')), 15::bigint, 'and has time');
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE world_id = :talk AND kind = 'pace' ORDER BY sequence DESC LIMIT 1),
          jsonb_build_object('player_id', (SELECT player FROM talkers WHERE name = 'Bo'), 'seconds', 15), 'which is an input');
UPDATE npcsim.sessions SET average_decision_time_ms = NULL WHERE world_id = :talk;
SELECT is(pg_temp.replayed(:talk), '', 'so that a replay waits as long, however fast the mind is now');
SELECT npcsim.remove_npc(:talk, pg_temp.talker('Ada'));
SELECT is(pg_temp.replayed(:talk), '', 'a bidder who is removed is so again');
UPDATE npcsim.npcs SET position_x = 2 + (id - pg_temp.talker('Bo')), position_y = 2 WHERE world_id = :talk AND id IN (pg_temp.talker('Bo'), pg_temp.talker('Di'));
SELECT npcsim.tick_world(:talk, 0.1);
SELECT is(pg_temp.talk('Di', jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.talker('Bo'))), 'applied', 'the invited');
SELECT npcsim.tick_world(:talk, 0.5);
UPDATE npcsim.npcs SET controller_player_id = NULL WHERE world_id = :talk AND id = pg_temp.talker('Bo');
SELECT is(pg_temp.replayed(:talk), '', 'loses its mind');
SELECT npcsim.tick_world(:talk, 0.5);
SELECT is((SELECT cardinality(participants) FROM npcsim.interaction_runs WHERE world_id = :talk), 2, 'and accepts by itself');
SELECT npcsim.tick_world(:talk, 20);
SELECT is(pg_temp.replayed(:talk), '', 'in the replay, too');

-- Edits of operators: by functions, and through the views, many rows at once.
CREATE TEMP TABLE edit (n serial, statement text);
INSERT INTO edit (statement) VALUES
    ('UPDATE npcsim.npcs SET hunger = 12.5, energy = 3.000001 WHERE world_id = $1 AND id % 3 = 0'),
    ($$UPDATE npcsim.npcs SET name = name || ' the Great', traits = ARRAY['proud', 'of "quotes" and \ '] WHERE world_id = $1 AND id % 5 = 1$$),
    ('UPDATE npcsim.npcs SET controller_player_id = pg_temp.player($$ada$$) WHERE world_id = $1 AND id % 4 = 2'),
    ('UPDATE npcsim.npcs SET controller_player_id = NULL WHERE world_id = $1 AND id % 8 = 0'),
    ('UPDATE npcsim.npcs SET position_x = 1, position_y = 0 WHERE world_id = $1 AND id = (SELECT min(id) FROM npcsim.npcs WHERE world_id = $1)'),
    ($$INSERT INTO npcsim.npcs (world_id, name, position_x, position_y, hunger, traits, controller_player_id) VALUES ($1, 'late', 2, 0, 40, '{quick}', pg_temp.player('bo'))$$),
    ('DELETE FROM npcsim.npcs WHERE world_id = $1 AND id = (SELECT max(id) FROM npcsim.npcs WHERE world_id = $1 AND interaction_id IS NOT NULL)'),
    ('DELETE FROM npcsim.npcs WHERE world_id = $1 AND id = (SELECT max(npc_id) FROM npcsim.decision_requests WHERE world_id = $1)'),
    ('DELETE FROM npcsim.world_items WHERE world_id = $1 AND id = (SELECT min(id) FROM npcsim.items WHERE world_id = $1 AND occupied_by_npc_id IS NOT NULL)'),
    ($$INSERT INTO npcsim.world_items (world_id, item_type, position_x, position_y, properties) VALUES ($1, 'apple', 5, 0, '{"n": [1.50, null, {"x": "\u00e9"}]}')$$),
    ($$UPDATE npcsim.world_items SET properties = properties || '{"red": true}' WHERE world_id = $1 AND id % 3 = 0$$),
    ('SELECT npcsim.remove_item($1, max(id)) FROM npcsim.items WHERE world_id = $1'),
    ('SELECT npcsim.remove_npc($1, min(id)) FROM npcsim.npcs WHERE world_id = $1'),
    -- where nobody is
    ('SELECT npcsim.set_terrain($1, c, 15, true, 3, 1), npcsim.set_terrain($1, c + 1, 15, false) FROM generate_series(0, 30) AS c
       WHERE NOT EXISTS (SELECT FROM npcsim.npcs WHERE world_id = $1 AND position_x > c - 1 AND position_x < c + 3 AND abs(position_y - 15) < 1)
         AND NOT EXISTS (SELECT FROM npcsim.items WHERE world_id = $1 AND x BETWEEN c AND c + 2 AND y = 15) ORDER BY c LIMIT 1'),
    -- walls where walkers are about to arrive
    ($$SELECT npcsim.set_terrain($1, t.cells[array_length(t.cells, 1) - 1], t.cells[array_length(t.cells, 1)]) FROM npcsim.npc_tracks t
        WHERE t.world_id = $1 AND array_length(t.cells, 1) >= 8 AND NOT EXISTS (SELECT FROM npcsim.npcs n WHERE n.world_id = $1
          AND abs(n.position_x - t.cells[array_length(t.cells, 1) - 1]) < 1 AND abs(n.position_y - t.cells[array_length(t.cells, 1)]) < 1) ORDER BY t.npc_id$$),
    ($$SELECT npcsim.define_item_type($1, 'apple', '{"consumable": {"consumption_time": 4, "need_deltas": {"hunger": 30}}, "respawn": {"after": 8}}', 'Green'),
              npcsim.define_item_type($1, 'bench', '{"sittable": {"need_rates": {"energy": 6, "fun": 3}}}', 'A bench'), npcsim.create_item($1, 'bench', 20, 0)$$),
    ($$SELECT npcsim.set_decision_policy($1, 'interval')$$),
    ('SELECT npcsim.set_world_speed($1, 7.5)'),
    ('UPDATE npcsim.worlds SET speed = 2, view_buffer = 20 WHERE id = $1'),
    ('SELECT npcsim.populate_world($1, 3)'),
    ($$UPDATE npcsim.worlds SET idle_interval = 20 WHERE id = $1$$),
    ($$UPDATE npcsim.worlds SET idle_interval = 3 WHERE id = $1$$),
    ($$UPDATE npcsim.worlds SET decision_policy = 'none' WHERE id = $1$$),
    ('SELECT npcsim.request_npc_decision($1, id) FROM npcsim.npcs WHERE world_id = $1 ORDER BY id'),
    ($$UPDATE npcsim.worlds SET decision_policy = 'occasions' WHERE id = $1$$),
    ($$SELECT npcsim.call_reducer(pg_temp.player('bo'), 'request_npc_assignment', '{"desired_npc_count": 6}')$$),
    ($$SELECT npcsim.call_reducer(pg_temp.player('ada'), 'request_npc_assignment', '{"desired_npc_count": 2}')$$),
    ($$UPDATE npcsim.players SET status = 'banned' WHERE id = pg_temp.player('bo')$$);
CREATE FUNCTION pg_temp.edit(world bigint, number integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE (SELECT statement FROM edit WHERE n = number) USING world;
    PERFORM pg_temp.live(world, number + 14, number + 14);
    RETURN pg_temp.replayed(world);
END
$$;
SELECT is(pg_temp.edit(:busy, n), '', 'replayed: ' || left(statement, 80)) FROM edit ORDER BY n;
SELECT is_empty($$SELECT unnest('{populate_world,set_terrain,define_item_type,set_decision_policy,set_idle_interval,set_world_speed,create_npc,remove_npc,assign_npc_to_player,controllers,rename_npc,place_npc,set_need,set_traits,request_npc_decision,create_item,remove_item,set_item_properties,presence,decision,decision_refused,decision_failed}'::text[])
                  EXCEPT SELECT kind FROM npcsim.world_inputs$$, 'inputs of these kinds were among them');

-- What became an argument later, inputs from before do not have: those that are optional are left out where there is none.
WITH without AS (UPDATE npcsim.world_inputs i SET payload = payload - ARRAY(SELECT key FROM jsonb_each(i.payload) WHERE value = 'null')
                  WHERE world_id = :busy AND kind <> 'decision' AND EXISTS (SELECT FROM jsonb_each(i.payload) WHERE value = 'null') RETURNING kind)
SELECT is(array_agg(DISTINCT kind ORDER BY kind), '{assign_npc_to_player,decision_refused,define_interaction_type}', 'inputs without what is optional') FROM without;
SELECT npcsim.replay_world(:busy) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(%s, %s) WHERE relation <> %L', :busy, :copy, 'world_inputs'), 'replay as if it were null');
UPDATE npcsim.world_inputs i SET payload = c.payload FROM npcsim.world_inputs c
 WHERE i.world_id = :busy AND c.world_id = :copy AND c.sequence = i.sequence AND c.payload <> i.payload;
SELECT npcsim.drop_world(:copy);

-- What was rolled back is no input.
BEGIN;
SELECT npcsim.tick_world(:busy, 0.4);
SAVEPOINT before;
SELECT npcsim.remove_npc(:busy, max(id)) FROM npcsim.npcs WHERE world_id = :busy;
SELECT npcsim.tick_world(:busy, 2);
ROLLBACK TO before;
SELECT npcsim.tick_world(:busy, 1);
COMMIT;
SELECT is(pg_temp.replayed(:busy), '', 'what was rolled back did not happen');

-- A world that was restored, or copied, elsewhere.
UPDATE npcsim.world_clock SET home = 'elsewhere' WHERE world_id = :busy;
SELECT throws_ok(format('SELECT npcsim.replay_world(%s)', :busy), 'NS102', NULL, 'a parked world is not replayed');
SELECT npcsim.adopt_worlds();
SELECT npcsim.tick_world(:busy, 6);
SELECT is(pg_temp.replayed(:busy), '', 'when it was adopted it is, with the requests that were closed then');

-- ---- up to a moment ----
CREATE TEMP TABLE moments (n serial, until double precision, rows jsonb);
CREATE FUNCTION pg_temp.rows(world bigint) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(to_jsonb(r) ORDER BY relation, key) FROM npcsim.world_rows(world) r
$$;
SELECT npcsim.create_world('Moments', 30, 30, 14, 20, preset => 'reference') AS moments \gset
INSERT INTO moments (until, rows) VALUES (0, pg_temp.rows(:moments));
SELECT npcsim.populate_world(:moments, 12);
UPDATE npcsim.npcs SET hunger = 30 WHERE world_id = :moments;
UPDATE moments SET rows = pg_temp.rows(:moments);
CREATE FUNCTION pg_temp.note(world bigint, dt double precision) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.tick_world(world, dt);
    UPDATE npcsim.npcs SET fun = 100 - dt WHERE world_id = world AND id % 3 = 0;
    INSERT INTO moments (until, rows) SELECT w.clock, pg_temp.rows(world) FROM npcsim.world_clock c, LATERAL (SELECT c.clock / 1000000.0::float8 AS clock) w WHERE c.world_id = world;
END
$$;
SELECT pg_temp.note(:moments, dt) FROM unnest('{0.05, 3.333333, 10, 0.02, 20.000001}'::float8[]) dt;
CREATE FUNCTION pg_temp.rows_at(world bigint, until double precision) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    other bigint := npcsim.replay_world(world, until);
    result jsonb := pg_temp.rows(other);
BEGIN
    PERFORM npcsim.drop_world(other);
    RETURN result;
END
$$;
SELECT is(md5(pg_temp.rows_at(:moments, until)::text), md5(rows::text), format('up to %s s, what happened at that moment included', until)) FROM moments ORDER BY n;
SELECT npcsim.replay_world(:moments, 7.0000004) AS rounded \gset
SELECT is((SELECT clock FROM npcsim.world_clock WHERE world_id = :rounded), 7000000::bigint, 'a moment is rounded to a microsecond');

-- ---- a world that began under the rules of another version ----
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE world_id = :moments AND sequence = 1), format('{"rules": %s}', rules)::jsonb, 'by which rules a world lives is the first that it is told')
  FROM npcsim.world_clock WHERE world_id = :moments;
BEGIN;
SELECT npcsim.create_world('Older', 30, 30, 5, preset => 'reference') AS older \gset
SELECT npcsim.lock_world(:older);
UPDATE npcsim.world_inputs SET payload = '{"rules": 1}' WHERE world_id = :older;
UPDATE npcsim.world_clock SET rules = 1 WHERE world_id = :older;
COMMIT;
SELECT throws_like(format('SELECT npcsim.replay_world(%s)', :older), 'world % cannot be replayed by this version of npcsim', 'what lived by rules that are not known any more is not replayed');
SELECT npcsim.populate_world(:older, 10), npcsim.tick_world(:older, 20);
SELECT results_eq(format($$SELECT kind, tick, payload -> 'rules' FROM npcsim.world_inputs WHERE world_id = %s ORDER BY sequence$$, :older),
                  $$VALUES ('rules'::text, 0::bigint, '1'::jsonb), ('rules', 0, '7'), ('populate_world', 0, NULL)$$, 'then it is told of the new ones, once');
CREATE FUNCTION pg_temp.refusal(world bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    PERFORM npcsim.replay_world(world);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', sqlstate, detail, hint);
END
$$;
SELECT matches(pg_temp.refusal(:older), E'^0A000\nIt began by the rules of version 0\\.1; replays live by those of version 0\\.6 or later\\.\nIt lives on\\.', 'nor is it then: the rules by which it began are named');
SELECT is((SELECT count(*) FROM npcsim.worlds WHERE name LIKE 'Older%'), 1::bigint, 'nothing is left of what was refused');
BEGIN;
SELECT npcsim.lock_world(:older);
UPDATE npcsim.world_inputs SET payload = '{"rules": 5}' WHERE world_id = :older AND sequence = 1;
COMMIT;
SELECT matches(pg_temp.refusal(:older), 'version 0\.5;', 'that of the last version, too');
-- A world of 0.1.0 was told of no rules.
BEGIN;
SELECT npcsim.lock_world(:older);
UPDATE npcsim.world_inputs SET kind = 'populate_world', payload = '{"npcs": 1}' WHERE world_id = :older AND sequence = 1;
COMMIT;
SELECT matches(pg_temp.refusal(:older), 'version 0\.1;', 'and of those of the first, which tell of no rules');

-- ---- what is refused, and changes nothing ----
CREATE TEMP TABLE worlds AS SELECT count(*) AS n FROM npcsim.world_settings;
SELECT throws_ok('SELECT npcsim.replay_world(NULL)', '22004', NULL, 'no world');
SELECT throws_ok('SELECT npcsim.replay_world(999)', 'NS101', NULL, 'a world that is not');
SELECT throws_ok('SELECT npcsim.replay_world(-1)', '22003', NULL, 'or cannot be');
SELECT throws_ok(format('SELECT npcsim.replay_world(%s, %L)', :moments, until), '22003', NULL, 'not up to ' || until)
  FROM unnest('{-0.000001,33.5,1e300,NaN,Infinity,-Infinity}'::text[]) AS until;
SELECT throws_ok(format('SELECT npcsim.replay_world(%s, 1, %L)', :moments, 'Meadow'), '23505', NULL, 'a name that is taken');
SELECT throws_ok(format('SELECT npcsim.replay_world(%s, 1, %L)', :moments, name), '22023', NULL, 'a name that is none') FROM (VALUES (''), (repeat('x', 101)), (E'a\nb')) v(name);
SELECT throws_ok('SELECT npcsim.world_differences(1, 999)', 'NS101', NULL, 'nothing is compared with a world that is not');
SELECT throws_ok('SELECT npcsim.world_differences(NULL, 1)', '22004', NULL, 'or none');
DELETE FROM npcsim.world_inputs WHERE world_id = :moments AND sequence = 6;
SELECT throws_ok(format('SELECT npcsim.replay_world(%s)', :moments), '55000', NULL, 'nor is a world replayed whose inputs were deleted in part');
DELETE FROM npcsim.world_inputs WHERE world_id = :moments;
SELECT throws_ok(format('SELECT npcsim.replay_world(%s)', :moments), '55000', NULL, 'or wholly');
SELECT is((SELECT count(*) FROM npcsim.world_settings), (SELECT n FROM worlds), 'none of this left a world behind');
UPDATE npcsim.world_inputs SET payload = '{"npcs": 19}' WHERE world_id = :meadow AND kind = 'populate_world';
SELECT isnt(pg_temp.replayed(:meadow), '', 'an input that is not what it was makes another world');
UPDATE npcsim.world_inputs SET payload = '{}' WHERE world_id = :meadow AND kind = 'populate_world';
SELECT throws_ok(format('SELECT npcsim.replay_world(%s)', :meadow), 'XX001', NULL, 'or none');
UPDATE npcsim.world_inputs SET kind = 'fly' WHERE world_id = :meadow AND kind = 'populate_world';
SELECT throws_ok(format('SELECT npcsim.replay_world(%s)', :meadow), 'XX001', NULL, 'nor does one that is none');
SELECT npcsim.drop_world(1);
SET ROLE npcsim_reader;
SELECT throws_ok(format('SELECT npcsim.replay_world(%s)', :busy), '42501', NULL, 'a reader replays nothing');
SELECT throws_ok(format('SELECT * FROM npcsim.world_rows(%s)', :busy), '42501', NULL, 'nor looks into minds');
SET ROLE npcsim_operator;
SELECT is((SELECT count(*) FROM npcsim.world_differences(:busy, npcsim.replay_world(:busy))), 0::bigint, 'an operator does');
RESET ROLE;

SELECT * FROM finish();
