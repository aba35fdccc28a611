-- Tests what becomes of an answer (docs/minds.md): every status and code, with what the NPC does then, what is credited, what the log has and
-- whether a request is open afterwards. Each case begins with the same world and leaves nothing behind.
BEGIN;
SELECT plan(54);

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('ada'), ('bo')) AS v(name), npcsim.create_player(1, name) AS p;
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(id, '{"max_concurrency": 8}') IS NOT NULL FROM players;
-- Ada waits; east of her is an apple, south a wall. Cy eats another apple.
SELECT npcsim.create_npc(1, 'Ada', 10, 10, pg_temp.player('ada')) AS ada, npcsim.create_npc(1, 'Cy', 20, 20, pg_temp.player('bo')) AS cy,
       npcsim.create_item(1, 'apple', 11, 10) AS apple, npcsim.create_item(1, 'apple', 21, 20) AS taken, npcsim.create_item(1, 'chair', 30, 5) AS walled_in \gset
SELECT npcsim.set_terrain(1, 10, 11), npcsim.set_terrain(1, 28, 3, true, 1, 5), npcsim.set_terrain(1, 32, 3, true, 1, 5),
       npcsim.set_terrain(1, 29, 3, true, 3, 1), npcsim.set_terrain(1, 29, 7, true, 3, 1);
CREATE TEMP TABLE asked (nth integer GENERATED ALWAYS AS IDENTITY, id bigint);
CREATE FUNCTION pg_temp.ask() RETURNS void LANGUAGE sql AS $$INSERT INTO asked (id) SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ada'))$$;
CREATE FUNCTION pg_temp.nth(wanted integer) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM asked ORDER BY nth OFFSET wanted - 1 LIMIT 1$$;
CREATE FUNCTION pg_temp.give_up() RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.fail_decisions(ARRAY[pg_temp.player('ada')], ARRAY[(SELECT max(id) FROM asked)], '{timeout}')
$$;
CREATE FUNCTION pg_temp.submit(giver bigint, decision jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', result ->> 'status', result ->> 'code') FROM npcsim.submit_npc_decisions(ARRAY[giver], ARRAY[decision::text])
$$;
CREATE FUNCTION pg_temp.answer(nth integer, decision jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.submit(pg_temp.player('ada'), decision || jsonb_build_object('request_id', pg_temp.nth(nth)))
$$;
-- An operator puts Ada elsewhere: she is idle then.
CREATE FUNCTION pg_temp.push() RETURNS void LANGUAGE sql AS $$UPDATE npcsim.npcs SET position_x = 10, position_y = 9 WHERE name = 'Ada'$$;

SELECT npcsim.submit_npc_decision(pg_temp.player('bo'), jsonb_build_object('request_id', npcsim.request_npc_decision(1, :cy), 'action', 'consume', 'target_id', :taken));
SELECT pg_temp.ask(), pg_temp.answer(1, '{"action": "wait"}');
DELETE FROM asked;
SELECT is((SELECT array_agg(state ORDER BY name) FROM npcsim.npcs), '{waiting,interacting}', 'Ada waits and Cy eats');

-- The answer to the nth question (0: it names none) after some preparation, by ada unless another giver is named:
-- outcome | what Ada does | tokens credited | last line of the log about her | asked
CREATE FUNCTION pg_temp.outcome(prepare text, nth integer, decision jsonb, giver bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    tokens bigint;
    lines bigint;
    result text;
BEGIN
    IF prepare <> '' THEN
        EXECUTE prepare;
    END IF;
    SELECT sum(daily_token_output) INTO tokens FROM npcsim.players;
    SELECT count(*) INTO lines FROM npcsim.decision_log;
    result := pg_temp.submit(giver, jsonb_build_object('tokens', 5) || decision || CASE nth WHEN 0 THEN '{}' ELSE jsonb_build_object('request_id', pg_temp.nth(nth)) END);
    result := concat_ws(' | ', result,
        (SELECT concat_ws(' ', state, decider) FROM npcsim.npcs WHERE name = 'Ada'),
        (SELECT sum(daily_token_output) FROM npcsim.players) - tokens,
        coalesce((SELECT concat_ws(' ', status, code) FROM npcsim.decision_log ORDER BY finished_at_real DESC, request_id LIMIT (SELECT count(*) - lines FROM npcsim.decision_log)), 'no line'),
        CASE WHEN (SELECT decision_pending FROM npcsim.npcs WHERE name = 'Ada') THEN 'asked' ELSE 'not asked' END);
    RAISE EXCEPTION USING ERRCODE = 'TST00', MESSAGE = result;
EXCEPTION WHEN SQLSTATE 'TST00' THEN
    RETURN SQLERRM;
END
$$;

CREATE TEMP TABLE cases (n integer GENERATED ALWAYS AS IDENTITY, what text, prepare text, nth integer, decision jsonb, expected text, giver bigint DEFAULT pg_temp.player('ada'));
INSERT INTO cases (what, prepare, nth, decision, expected) VALUES
    -- applied
    ('a question that is open', 'SELECT pg_temp.ask()', 1, '{"action": "wander"}', 'applied | wandering mind | 5 | applied | not asked'),
    ('one that was sent', 'SELECT pg_temp.ask(), pg_temp.send()', 1, '{"action": "wander"}', 'applied | wandering mind | 5 | applied | not asked'),
    ('"continue" in the state it was given for', 'SELECT pg_temp.ask()', 1, '{"action": "continue"}', 'applied | waiting mind | 5 | applied | not asked'),
    ('what does not depend on the state, in another', 'SELECT pg_temp.ask(), pg_temp.push()', 1, '{"action": "wander"}', 'applied | wandering mind | 5 | applied | not asked'),
    -- late
    ('a question that was given up', 'SELECT pg_temp.ask(), pg_temp.send(), pg_temp.give_up()', 1, '{"action": "wander"}', 'late | wandering mind | 5 | late | not asked'),
    ('one that was given up and put again', 'SELECT pg_temp.ask(), pg_temp.send(), pg_temp.give_up(), pg_temp.ask()', 1, '{"action": "wander"}', 'late | waiting mind | 5 | late | asked'),
    ('one whose successor was answered', 'SELECT pg_temp.ask(), pg_temp.give_up(), pg_temp.ask(); SELECT pg_temp.answer(2, ''{"action": "move_to", "x": 2, "y": 2}'')', 1, '{"action": "wander"}',
     'late | moving mind | 5 | late | not asked'),
    ('a late answer that cannot be done', 'SELECT pg_temp.ask(), pg_temp.give_up(); SELECT npcsim.remove_item(1, id) FROM npcsim.world_items WHERE position_x = 11', 1,
     jsonb_build_object('action', 'consume', 'target_id', :apple), 'rejected NS202 | waiting mind | 5 | rejected NS202 | not asked'),
    ('a late one for a state that has passed', 'SELECT pg_temp.ask(), pg_temp.give_up(), pg_temp.push()', 1, '{"action": "wait"}', 'late | idle nobody | 5 | late | not asked'),
    -- duplicate
    ('a question that was answered', 'SELECT pg_temp.ask(); SELECT pg_temp.answer(1, ''{"action": "continue"}'')', 1, '{"action": "wander"}', 'duplicate | waiting mind | 0 | no line | not asked'),
    ('one whose answer was refused', 'SELECT pg_temp.ask(); SELECT pg_temp.answer(1, ''{"action": "fly"}'')', 1, '{"action": "wander"}', 'duplicate | waiting mind | 0 | no line | not asked'),
    ('one whose answer was late', 'SELECT pg_temp.ask(), pg_temp.give_up(); SELECT pg_temp.answer(1, ''{"action": "continue"}'')', 1, '{"action": "wander"}',
     'duplicate | waiting mind | 0 | no line | not asked'),
    ('one whose answer was too late', 'SELECT pg_temp.ask(), pg_temp.give_up(), pg_temp.ask(); SELECT pg_temp.answer(1, ''{"action": "continue"}'')', 1, '{"action": "wander"}',
     'duplicate | waiting mind | 0 | no line | asked'),
    -- moot
    ('"continue" for a state that has passed', 'SELECT pg_temp.ask(), pg_temp.push()', 1, '{"action": "continue"}', 'applied | idle nobody | 5 | applied | not asked'),
    ('"wait" for a state that has passed', 'SELECT pg_temp.ask(), pg_temp.push()', 1, '{"action": "wait"}', 'applied | idle nobody | 5 | applied | not asked'),
    -- rejected
    ('a parked world', 'SELECT pg_temp.ask(); UPDATE npcsim.world_clock SET home = ''elsewhere''', 1, '{"action": "wander"}', 'rejected NS102 | waiting mind | 0 | no line | asked'),
    ('an item that there is not', 'SELECT pg_temp.ask()', 1, '{"action": "consume", "target_id": 99999}', 'rejected NS202 | waiting mind | 5 | rejected NS202 | not asked'),
    ('an NPC for an item', 'SELECT pg_temp.ask()', 1, jsonb_build_object('action', 'consume', 'target_id', :cy), 'rejected NS202 | waiting mind | 5 | rejected NS202 | not asked'),
    ('a player that there is not', 'SELECT pg_temp.ask(); UPDATE cases SET giver = 999999', 1, '{"action": "wander"}', 'rejected NS203 | waiting mind | 0 | no line | asked'),
    ('a player who is banned', 'SELECT pg_temp.ask(); UPDATE npcsim.players SET status = ''banned''', 1, '{"action": "wander"}', 'rejected NS403 | waiting mind | 0 | no line | asked'),
    ('a cell outside the world', 'SELECT pg_temp.ask()', 1, '{"action": "move_to", "x": 40, "y": 0}', 'rejected NS210 | waiting mind | 5 | rejected NS210 | not asked'),
    ('a step into a wall', 'SELECT pg_temp.ask()', 1, '{"action": "move_direction", "direction": "south"}', 'rejected NS211 | waiting mind | 5 | rejected NS211 | not asked'),
    ('a question that was never put', '', 0, '{"action": "wander", "request_id": 99999}', 'rejected NS301 | waiting mind | 0 | no line | not asked'),
    ('an NPC that there is not', '', 0, '{"action": "wander", "npc_id": 99999}', 'rejected NS301 | waiting mind | 0 | no line | not asked'),
    ('an item that is occupied', 'SELECT pg_temp.ask()', 1, jsonb_build_object('action', 'consume', 'target_id', :taken), 'rejected NS302 | waiting mind | 5 | rejected NS302 | not asked'),
    ('an item that does not offer this', 'SELECT pg_temp.ask()', 1, jsonb_build_object('action', 'sit', 'target_id', :apple), 'rejected NS302 | waiting mind | 5 | rejected NS302 | not asked'),
    ('an item to which there is no way', 'SELECT pg_temp.ask()', 1, jsonb_build_object('action', 'sit', 'target_id', :walled_in), 'rejected NS302 | waiting mind | 5 | rejected NS302 | not asked'),
    ('nothing to walk to', 'SELECT pg_temp.ask()', 1, '{"action": "move_to_npc", "target_id": 99999}', 'rejected NS302 | waiting mind | 5 | rejected NS302 | not asked'),
    ('an NPC that has changed hands', 'SELECT pg_temp.ask(), npcsim.assign_npc_to_player(1, pg_temp.npc(''Ada''), pg_temp.player(''bo''))', 1, '{"action": "wander"}',
     'rejected NS303 | waiting mind | 0 | no line | not asked'),
    ('no action', 'SELECT pg_temp.ask()', 1, '{}', 'rejected NS304 | waiting mind | 5 | rejected NS304 | not asked'),
    ('an unknown action', 'SELECT pg_temp.ask()', 1, '{"action": "fly"}', 'rejected NS304 | waiting mind | 5 | rejected NS304 | not asked'),
    ('a parameter that is missing', 'SELECT pg_temp.ask()', 1, '{"action": "move_to", "x": 3}', 'rejected NS304 | waiting mind | 5 | rejected NS304 | not asked'),
    ('a parameter out of range', 'SELECT pg_temp.ask()', 1, '{"action": "wait", "duration": 86401}', 'rejected NS304 | waiting mind | 5 | rejected NS304 | not asked'),
    ('a plan that is none', 'SELECT pg_temp.ask()', 1, '{"action": "wander", "then": "wait"}', 'rejected NS304 | waiting mind | 5 | rejected NS304 | not asked'),
    ('a plan with a step that is none', 'SELECT pg_temp.ask()', 1, '{"action": "wander", "then": [{"action": "fly"}]}', 'rejected NS304 | waiting mind | 5 | rejected NS304 | not asked'),
    ('next_decision_in_s out of range', 'SELECT pg_temp.ask()', 1, '{"action": "wander", "next_decision_in_s": -1}', 'rejected NS304 | waiting mind | 5 | rejected NS304 | not asked'),
    ('wake_on that is no array', 'SELECT pg_temp.ask()', 1, '{"action": "wander", "wake_on": "error"}', 'rejected NS304 | waiting mind | 5 | rejected NS304 | not asked'),
    ('tokens that are no number', 'SELECT pg_temp.ask()', 1, '{"action": "wander", "tokens": "5"}', 'rejected NS304 | waiting mind | 0 | rejected NS304 | not asked'),
    ('an action that is not legal', 'SELECT pg_temp.ask()', 1, '{"action": "cancel_interaction"}', 'rejected NS305 | waiting mind | 5 | rejected NS305 | not asked');
INSERT INTO cases (what, prepare, nth, decision, expected, giver) VALUES
    ('another player''s question', 'SELECT pg_temp.ask()', 1, '{"action": "wander"}', 'rejected NS303 | waiting mind | 0 | no line | asked', pg_temp.player('bo'));
UPDATE cases SET giver = 999999, prepare = 'SELECT pg_temp.ask()' WHERE prepare LIKE '%giver%';

SELECT is(pg_temp.outcome(prepare, nth, decision, giver), expected, what) FROM cases ORDER BY n;
-- All statuses and codes that the manual lists have their case, but for those that follow.
SELECT set_eq($$SELECT split_part(expected, ' | ', 1) FROM cases$$,
              '{applied,late,duplicate,"rejected NS102","rejected NS202","rejected NS203","rejected NS210","rejected NS211","rejected NS301","rejected NS302","rejected NS303","rejected NS304","rejected NS305","rejected NS403"}'::text[],
              'every outcome has a case');
SELECT is((SELECT state FROM npcsim.npcs WHERE name = 'Ada'), 'waiting', 'the cases left nothing behind');

-- ---- what is not said by one answer alone ----
SELECT pg_temp.ask(), pg_temp.push();
SELECT is(pg_temp.answer(1, '{"action": "wait"}'), 'applied', 'what is given for a state that has passed');
SELECT npcsim.tick_world(1, 3);
SELECT is((SELECT reason FROM npcsim.decision_requests WHERE npc_id = :ada), 'requested', 'is asked again as soon as its mind may be asked');
SELECT is((SELECT count(*) FROM npcsim.decision_requests WHERE npc_id = :ada), 1::bigint, 'an NPC has one open request');
SELECT is(npcsim.request_npc_decision(1, :ada), (SELECT request_id FROM npcsim.decision_requests WHERE npc_id = :ada), 'who is being asked is not asked anew');
SELECT is(pg_temp.submit(pg_temp.player('ada'), jsonb_build_object('npc_id', :ada, 'action', 'move_to', 'x', 30, 'y', 15)), 'applied', 'the NPC alone tells which question is meant');
SELECT is(pg_temp.submit(pg_temp.player('ada'), jsonb_build_object('npc_id', :ada, 'action', 'wander')), 'duplicate', 'the last one, even when it is answered');
DELETE FROM asked;
SELECT pg_temp.ask();
SELECT is((SELECT array_agg(result ->> 'status' ORDER BY ord) FROM npcsim.submit_npc_decisions(array_fill(pg_temp.player('ada'), '{3}'),
              array_fill(format('{"request_id": %s, "action": "wander", "tokens": 4}', pg_temp.nth(1)), '{3}'))), '{applied,duplicate,duplicate}', 'of three answers in one batch the first counts');
SELECT is((SELECT count(*) FROM npcsim.decision_log WHERE request_id = pg_temp.nth(1)), 1::bigint, 'once in the log');
DELETE FROM asked;
SELECT pg_temp.ask(), pg_temp.give_up(), pg_temp.ask();
SELECT is((SELECT array_agg(concat_ws(' ', result ->> 'status', result ->> 'reason') ORDER BY ord) FROM npcsim.submit_npc_decisions(array_fill(pg_temp.player('ada'), '{2}'),
              ARRAY[format('{"request_id": %s, "action": "move_to", "x": 1, "y": 1}', pg_temp.nth(1)), format('{"request_id": %s, "action": "wait"}', pg_temp.nth(2))])),
          '{"late the mind was asked again since",applied}', 'an old answer and a new one in one batch: the new one is carried out');
SELECT is((SELECT answered FROM npcsim.decision_slots WHERE npc_id = :ada), true, 'and its question is answered');
SELECT is((SELECT state FROM npcsim.npcs WHERE id = :ada), 'waiting', 'so Ada waits');

SELECT * FROM finish();
ROLLBACK;
