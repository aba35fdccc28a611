-- Tests answers of minds: who may give them, which form they must have, that each counts once, what comes of them.
BEGIN;
SELECT plan(68);

\ir lib/minds.sql
SELECT pg_temp.by_hand('decision_slots');
-- ---- Ada, Bo, Cy and Di stand in a row; Ada to Cy have maud's mind, Di otto's; all are asked ----
SELECT npcsim.create_world('Village', 30, 20, 5, preset => 'reference');
SELECT npcsim.create_npc(1, 'Ada', 3, 3), npcsim.create_npc(1, 'Bo', 7, 3), npcsim.create_npc(1, 'Cy', 12, 3), npcsim.create_npc(1, 'Di', 20, 3);
SELECT npcsim.create_item(1, 'apple', 5, 3), npcsim.create_item(1, 'chair', 20, 5);
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('maud'), ('otto')) AS v(name), npcsim.create_player(1, name) AS p;
SELECT npcsim.register_gateway('g');
SELECT npcsim.client_connected('g', id, 1, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(id, '{"max_concurrency": 8}') IS NOT NULL FROM players;
SELECT npcsim.assign_npc_to_player(1, n.id, p.id) FROM npcsim.npcs n JOIN players p ON p.name = CASE n.name WHEN 'Di' THEN 'otto' ELSE 'maud' END;

CREATE FUNCTION pg_temp.pending(wanted text) RETURNS boolean LANGUAGE sql AS $$SELECT decision_pending FROM npcsim.npcs WHERE name = wanted$$;
-- Lets time pass until the NPC is asked.
CREATE FUNCTION pg_temp.ask(wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.request_npc_decision(1, pg_temp.npc(wanted));
    FOR i IN 1 .. 60 LOOP
        EXIT WHEN pg_temp.pending(wanted);
        PERFORM npcsim.tick_world(1, 0.5);
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.submit(giver text, decision text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT result::jsonb FROM npcsim.submit_npc_decisions(ARRAY[pg_temp.player(giver)], ARRAY[decision])
$$;
-- The answer of an NPC's mind to what it was asked last: its status and code.
CREATE FUNCTION pg_temp.answer(giver text, wanted text, decision jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'status', r ->> 'code')
      FROM pg_temp.submit(giver, (decision || jsonb_build_object('request_id', pg_temp.request(wanted)))::text) AS r
$$;
SELECT npcsim.tick_world(1, 4);
SELECT is((SELECT count(*) FROM npcsim.decision_requests), 4::bigint, 'all are asked');

-- ---- who may answer ----
SELECT is(pg_temp.answer('otto', 'Ada', '{"action": "wander"}'), 'rejected NS303', 'nobody answers for another player''s NPC');
SELECT ok(pg_temp.pending('Ada'), 'and the request stays open for the one who was asked');
SELECT is((SELECT state FROM npcsim.npcs WHERE name = 'Ada'), 'idle', 'and nothing happens to the NPC');
SELECT is((SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'decision'), 0::bigint, 'nor is it an input of the world');
SELECT is((SELECT result ->> 'code' FROM npcsim.submit_npc_decisions('{999}', ARRAY[format('{"request_id": %s, "action": "wander"}', pg_temp.request('Ada'))])),
          'NS203', 'nor does somebody who is no player');
UPDATE npcsim.players SET status = 'banned' WHERE username = 'otto';
SELECT is(pg_temp.answer('otto', 'Di', '{"action": "wander"}'), 'rejected NS403', 'nor one who is banned');
UPDATE npcsim.players SET status = 'active' WHERE username = 'otto';
SELECT is(pg_temp.submit('maud', '{"request_id": 999999, "action": "wander"}') ->> 'code', 'NS301', 'a request must have been put');
SELECT is(pg_temp.submit('maud', '{"npc_id": 999999, "action": "wander"}') ->> 'code', 'NS301', 'and the NPC be there');
CREATE TEMP TABLE asked AS SELECT pg_temp.request('Cy') AS request;
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Cy'), pg_temp.player('otto'));
SELECT matches(pg_temp.submit('maud', format('{"request_id": %s, "action": "wander"}', (SELECT request FROM asked))) ->> 'code', 'NS30[13]',
               'an NPC that changed hands is not moved by its former player');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Cy'), pg_temp.player('maud'));

-- ---- what it must look like; each element of a batch is judged alone ----
CREATE TEMP TABLE batch AS
SELECT o, d, wanted FROM (VALUES
    (1, 'no json', 'rejected NS304'),
    (2, '[]', 'rejected NS304'),
    (3, '{"action": "wander"}', 'rejected NS304'),
    (4, '{"request_id": -1, "npc_id": 0.5, "action": "wander"}', 'rejected NS304'),
    (5, '{"npc_id": 3, "action": "wander", "tokens": -1}', 'rejected NS304'),
    (6, '{"npc_id": 1, "action": "wander", "why": "\u0000"}', 'rejected NS304'),
    (7, '{"npc_id": 1, "action": "wander", "why": "\ud800"}', 'rejected NS304'),
    (8, format('{"npc_id": 1, "action": "wander", "why": "%s"}', repeat('x', 65536)), 'rejected NS304'),
    (9, '{"npc_id": 1, "action": "wander"}', 'applied'),
    (10, '{"npc_id": 2, "action": "fly"}', 'rejected NS304'),
    (11, format('{"npc_id": 3, "why": %s1%s}', repeat('[', 5000), repeat(']', 5000)), NULL)) AS v(o, d, wanted);
CREATE TEMP TABLE judged AS
SELECT ord, result::jsonb AS r FROM npcsim.submit_npc_decisions(array_fill(pg_temp.player('maud'), '{11}'), ARRAY(SELECT d FROM batch ORDER BY o));
SELECT is(concat_ws(' ', r ->> 'status', r ->> 'code'), wanted, 'answer ' || o || ' of the batch') FROM batch JOIN judged ON ord = o WHERE wanted IS NOT NULL ORDER BY o;
SELECT isnt((SELECT r ->> 'status' FROM judged WHERE ord = 11), NULL, 'depth ends no batch');
SELECT is((SELECT state FROM npcsim.npcs WHERE name = 'Ada'), 'wandering', 'the good one is carried out');
SELECT ok(NOT pg_temp.pending('Bo'), 'a bad answer to a request is its answer');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions('{1,2}', '{"{}"}')$$, '2202E', NULL, 'one player per answer');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions('{NULL}', '{"{}"}')$$, '22004', NULL, 'who is a player');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions(NULL, '{"{}"}')$$, '22004', NULL, 'an array is given');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions(array_fill(1::bigint, '{10001}'), array_fill('{}'::text, '{10001}'))$$, '54000', NULL, 'of 10,000 at most');
SELECT is_empty($$SELECT * FROM npcsim.submit_npc_decisions('{}', '{}')$$, 'or of none');

-- ---- once ----
SELECT pg_temp.ask('Ada');
CREATE TEMP TABLE before AS SELECT count(*) AS lines, (SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'decision') AS inputs FROM npcsim.decision_log;
SELECT is(pg_temp.answer('maud', 'Ada', '{"action": "move_to", "x": 3, "y": 12, "tokens": 40}'), 'applied', 'an answer is carried out');
SELECT results_eq($$SELECT state, decider, decision_pending FROM npcsim.npcs WHERE name = 'Ada'$$, $$VALUES ('moving', 'mind', false)$$, 'she walks');
SELECT is(pg_temp.answer('maud', 'Ada', '{"action": "move_to", "x": 3, "y": 12, "tokens": 40}'), 'duplicate', 'the same answer again is a duplicate');
SELECT is(pg_temp.answer('maud', 'Ada', '{"action": "wander", "tokens": 40}'), 'duplicate', 'another one too');
SELECT is((SELECT state FROM npcsim.npcs WHERE name = 'Ada'), 'moving', 'which changes nothing');
SELECT is((SELECT count(*) - (SELECT inputs FROM before) FROM npcsim.world_inputs WHERE kind = 'decision'), 1::bigint, 'and is no input');
SELECT is((SELECT count(*) - (SELECT lines FROM before) FROM npcsim.decision_log), 1::bigint, 'the audit log has the first');
SELECT results_eq($$SELECT npc_id, player_id, status, decision ->> 'action', tokens, reason FROM npcsim.decision_log ORDER BY finished_at_real DESC, request_id DESC LIMIT 1$$,
                  $$SELECT pg_temp.npc('Ada'), pg_temp.player('maud'), 'applied', 'move_to', 40::bigint, 'requested'$$, 'as it was given');
SELECT is((SELECT daily_token_output FROM npcsim.players WHERE username = 'maud'), 40::bigint, 'tokens are credited once');
SELECT is((SELECT payload ->> 'action' FROM npcsim.world_inputs WHERE kind = 'decision' ORDER BY sequence DESC LIMIT 1), 'move_to', 'and it is an input of the world');
SELECT npcsim.tick_world(1, 2.3);
SELECT results_eq($$SELECT position_x, position_y FROM npcsim.npcs WHERE name = 'Ada'$$, 'VALUES (3::float8, 12::float8)', '9 cells take 2.25 s');

-- ---- what cannot be done ----
SELECT pg_temp.ask('Ada');
SELECT pg_temp.ask('Bo');
UPDATE npcsim.npcs SET position_x = 4, position_y = 3 WHERE name = 'Ada';
UPDATE npcsim.npcs SET position_x = 6, position_y = 3 WHERE name = 'Bo';
SELECT pg_temp.ask('Ada');
SELECT pg_temp.ask('Bo');
SELECT is(pg_temp.answer('maud', 'Ada', jsonb_build_object('action', 'consume', 'target_id', (SELECT id FROM npcsim.world_items WHERE item_type = 'apple'))), 'applied', 'one NPC eats');
SELECT is(pg_temp.answer('maud', 'Bo', jsonb_build_object('action', 'consume', 'target_id', (SELECT id FROM npcsim.world_items WHERE item_type = 'apple'))), 'rejected NS302',
          'a second one is refused the apple');
SELECT is((SELECT n.name FROM npcsim.world_items i JOIN npcsim.npcs n ON n.id = i.occupied_by_npc_id), 'Ada', 'which stays with the first');

-- ---- plans ----
-- (Bo, for whom nobody decides, would invite Cy, who then would not set out)
UPDATE npcsim.npcs SET position_x = 29, position_y = 19 WHERE name = 'Bo';
SELECT pg_temp.ask('Cy');
SELECT is(pg_temp.answer('maud', 'Cy', '{"action": "move_to", "x": 13, "y": 10, "then": [{"action": "wait", "duration": 1}, {"action": "move_to", "x": 13, "y": 14}]}'),
          'applied', 'an answer may have more steps');
SELECT npcsim.tick_world(1, 6);
SELECT results_eq($$SELECT position_x, position_y FROM npcsim.npcs WHERE name = 'Cy'$$, 'VALUES (13::float8, 14::float8)', 'which are carried out one after the other');
SELECT pg_temp.ask('Cy');
SELECT is(pg_temp.answer('maud', 'Cy', jsonb_build_object('action', 'wander', 'then', (SELECT jsonb_agg('{"action": "wander"}'::jsonb) FROM generate_series(1, 9)))),
          'rejected NS304', 'of at most 8');
SELECT pg_temp.ask('Cy');
SELECT is(pg_temp.answer('maud', 'Cy', '{"action": "wander", "then": [{"action": "fly"}]}'), 'rejected NS304', 'all of which there are');

-- ---- when it is asked again ----
SELECT pg_temp.ask('Cy');
SELECT is(pg_temp.answer('maud', 'Cy', '{"action": "wait", "duration": 100, "next_decision_in_s": 7}'), 'applied', 'a mind may say when it wants to be asked');
SELECT npcsim.tick_world(1, 6.5);
SELECT ok(NOT pg_temp.pending('Cy'), 'before then it is not');
SELECT npcsim.tick_world(1, 0.6);
SELECT ok(pg_temp.pending('Cy'), 'then it is');
SELECT is(pg_temp.answer('maud', 'Cy', '{"action": "wander", "next_decision_in_s": 86401}'), 'rejected NS304', 'within a day');

-- ---- answers that do not come ----
SELECT pg_temp.ask('Di');
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player('maud')], ARRAY[pg_temp.request('Di')], '{timeout}');
SELECT ok(pg_temp.pending('Di'), 'nobody gives up for another player');
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player('otto')], ARRAY[pg_temp.request('Di')], '{timeout}');
SELECT results_eq($$SELECT decision_pending, decider FROM npcsim.npcs WHERE name = 'Di'$$, $$VALUES (false, 'built_in')$$, 'an idle NPC without an answer is decided for');
SELECT is((SELECT status FROM npcsim.decision_log WHERE npc_id = pg_temp.npc('Di') ORDER BY request_id DESC LIMIT 1), 'timeout', 'and the log says why');
SELECT is(pg_temp.answer('otto', 'Di', '{"action": "move_to", "x": 25, "y": 3}'), 'late', 'a late answer is carried out');
SELECT results_eq($$SELECT decider, state FROM npcsim.npcs WHERE name = 'Di'$$, $$VALUES ('mind', 'moving')$$, 'while its NPC was not asked again');
SELECT is(pg_temp.answer('otto', 'Di', '{"action": "wander"}'), 'duplicate', 'once');
SELECT pg_temp.ask('Di');
UPDATE npcsim.world_clock SET status = 'running';
UPDATE npcsim.decision_slots SET status = 2, sent_at_real = clock_timestamp() - interval '14 s', timeout_ms = 10000 WHERE npc_id = pg_temp.npc('Di');
SELECT is(npcsim_internal.expire_decisions(), 0::bigint, 'a gateway that is a little late is waited for');
UPDATE npcsim.decision_slots SET sent_at_real = clock_timestamp() - interval '16 s' WHERE npc_id = pg_temp.npc('Di');
UPDATE npcsim.world_clock SET status = 'paused';
SELECT is(npcsim_internal.expire_decisions(), 0::bigint, 'and in a world that stands no time is counted');
UPDATE npcsim.decision_slots SET sent_at_real = clock_timestamp() - interval '10 min' WHERE npc_id = pg_temp.npc('Di');
UPDATE npcsim.world_clock SET status = 'running', started_at_real = clock_timestamp() - interval '14 s';
SELECT is(npcsim_internal.expire_decisions(), 0::bigint, 'not even afterwards: a pause of minutes times nobody out');
UPDATE npcsim.decision_slots SET status = 1, opened_at_real = clock_timestamp() - interval '10 min' WHERE npc_id = pg_temp.npc('Di');
SELECT is(npcsim_internal.expire_decisions(), 0::bigint, 'nor is what nobody fetched given up');
UPDATE npcsim.world_clock SET started_at_real = clock_timestamp() - interval '61 s';
SAVEPOINT fetched;
SELECT is(npcsim_internal.expire_decisions(), 1::bigint, 'before the world has run for a minute');
ROLLBACK TO fetched;
UPDATE npcsim.decision_slots SET status = 2 WHERE npc_id = pg_temp.npc('Di');
SELECT is(npcsim_internal.expire_decisions(), 1::bigint, 'what nobody answers is given up 5 s past its time-out');
SELECT ok(NOT pg_temp.pending('Di'), 'so that the NPC lives on');
UPDATE npcsim.world_clock SET status = 'paused';

-- ---- what an answer costs does not grow with how many are asked ----
SELECT npcsim.create_world('Town', 60, 60, 5, preset => 'reference') AS town \gset
SELECT npcsim.populate_world(:town, 200), npcsim.create_player(:town, 'mayor');
SELECT id AS mayor FROM npcsim.players WHERE world_id = :town \gset
SELECT npcsim.client_connected('g', :mayor, :town, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(:mayor, '{"max_concurrency": 64}') IS NOT NULL;
SELECT npcsim.assign_npc_to_player(:town, id, :mayor) FROM npcsim.npcs WHERE world_id = :town;
SELECT npcsim.tick_world(:town, 4);
SELECT request_id AS request FROM npcsim.decision_requests WHERE world_id = :town ORDER BY npc_id LIMIT 1 \gset
CREATE FUNCTION pg_temp.slots_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relid = 'npcsim.decision_slots'::regclass
$$;
SELECT cmp_ok((SELECT count(*) FROM npcsim.decision_requests WHERE world_id = :town), '>', 150::bigint, 'many are asked');
SELECT pg_temp.slots_read() AS before \gset
SELECT is((SELECT result ->> 'status' FROM npcsim.submit_npc_decisions(ARRAY[:mayor]::bigint[],
                                                                     ARRAY[format('{"request_id": %s, "action": "wander"}', :request)])), 'applied', 'one answer');
SELECT cmp_ok(pg_temp.slots_read() - :before, '<', 10::bigint, 'reads no slots but its own');

-- ---- nor what a late one costs with how many were ----
-- In a session that has answered when the log was small, as every log once was.
CREATE FUNCTION pg_temp.late(request bigint) RETURNS text LANGUAGE sql AS $$
    SELECT result ->> 'status' FROM npcsim.submit_npc_decisions(ARRAY[(SELECT id FROM npcsim.players WHERE username = 'mayor')],
                                                                ARRAY[format('{"request_id": %s, "action": "wander"}', request)])
$$;
CREATE FUNCTION pg_temp.log_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables WHERE schemaname = 'npcsim' AND relname ~ '^decision_log_'
$$;
SELECT count(pg_temp.late(n)) FROM generate_series(1, 10) AS n;
SELECT pg_temp.by_hand(VARIADIC ARRAY(SELECT relname::text FROM pg_class WHERE relname ~ '^decision_log' AND relkind IN ('r', 'p')));
INSERT INTO npcsim.decision_log (day, world_id, request_id, npc_id, player_id, reason, status, clock, opened_at_real, finished_at_real)
SELECT floor(extract(epoch FROM now()) / 86400)::bigint % 32, :town, 1 + n % 200, 1, :mayor, 'idle', 'timeout', 1, now(), now() + n * interval '1 ms'
  FROM generate_series(1, 4000) AS n;
SELECT pg_temp.log_read() AS before \gset
SELECT is(pg_temp.late(100), 'late', 'a late answer');
SELECT cmp_ok(pg_temp.log_read() - :before, '<', 100::bigint, 'reads nothing of the log but what became of its question');

SELECT * FROM finish();
ROLLBACK;
