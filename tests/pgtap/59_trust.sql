-- Tests what an NPC may do in the eyes of the built-in mind, what is said of an answer before it is given, and what becomes of players
-- whose answers are dishonest.
BEGIN;
SELECT no_plan();

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT FROM npcsim.create_player(1, 'ada');
SELECT FROM npcsim.create_player(1, 'bo');
SELECT pg_temp.make('Ada', 20, 20), npcsim.create_npc(1, 'Bo', 5, 5, pg_temp.player('bo'));
SELECT npcsim.create_item(1, 'apple', 22, 20) AS near \gset
SELECT npcsim.create_item(1, 'apple', 24, 20) AS far \gset
SELECT npcsim.create_item(1, 'chair', 20, 23) AS chair \gset
UPDATE npcsim.npcs SET hunger = 10, hygiene = 90, fun = 90, energy = 90 WHERE id = pg_temp.npc();

-- ---- what it may do ----
CREATE FUNCTION pg_temp.list(who text DEFAULT 'Ada') RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s %s %s', rank, action ->> 'action', coalesce(action ->> 'target_id', action ->> 'direction', '-'), round(score::numeric, 3)), E'\n' ORDER BY n)
      FROM npcsim.get_reasonable_actions_for_npc(1, pg_temp.npc(who)) WITH ORDINALITY AS t (rank, action, description, score, n)
$$;
SELECT is(pg_temp.list(), format(E'1 consume %s 1.000\n1 consume %s 1.000\n3 wander - 0.500\n4 sit %s 0.666\n5 wait - 0.500\n6 continue - 0.500\n7 move_direction north 0.333\n8 move_direction east 0.222\n9 move_direction south 0.111\n10 move_direction west 0.000', :near, :far, :chair),
          'what serves a low need is best, wherever it is; what it does not need is better than a step, and the last is the worst');
SELECT is((SELECT description FROM npcsim.get_reasonable_actions_for_npc(1, pg_temp.npc()) LIMIT 1), 'consume apple, 2 away, fills hunger', 'it is told in words');
SELECT npcsim.register_gateway('g1');
CREATE FUNCTION pg_temp.connect(who text) RETURNS void
LANGUAGE sql AS $$
    SELECT npcsim.client_connected('g1', pg_temp.player(who), 1, 'compute', 'one');
    SELECT npcsim.update_player_heartbeat(pg_temp.player(who), '{"source": "one", "max_concurrency": 8, "choices": true}')
$$;
SELECT pg_temp.connect('ada');
SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT pg_temp.send();
SELECT results_eq($$SELECT action FROM npcsim.get_reasonable_actions_for_npc(1, pg_temp.npc())$$,
                  $$SELECT jsonb_array_elements(choices) FROM npcsim.decision_slots WHERE npc_id = pg_temp.npc()$$, 'it is the list that minds choose from');
SELECT throws_ok($$SELECT npcsim.get_reasonable_actions_for_npc(1, 999)$$, 'NS201', NULL, 'an NPC must exist');

-- ---- what would be said of an answer ----
CREATE FUNCTION pg_temp.everything() RETURNS text
LANGUAGE sql AS $$
    SELECT concat((SELECT jsonb_agg(t ORDER BY t.world_id) FROM npcsim.world_clock t), (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_states t),
                  (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_tracks t), (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_minds t),
                  (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.decision_slots t), (SELECT jsonb_agg(t ORDER BY t.sequence) FROM npcsim.world_inputs t),
                  (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.player_accounts t), (SELECT count(*) FROM npcsim.decision_log), (SELECT count(*) FROM npcsim.change_log))
$$;
-- Says what validation says and whether that is what submitting says, which is undone.
CREATE FUNCTION pg_temp.verdict_of(player bigint, answer jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    before text := pg_temp.everything();
    said jsonb := npcsim.validate_npc_decision(player, answer);
    done jsonb;
BEGIN
    IF before <> pg_temp.everything() THEN
        RETURN 'it changed something';
    END IF;
    BEGIN
        done := npcsim.submit_npc_decision(player, answer);
        RAISE EXCEPTION 'undone';
    EXCEPTION WHEN raise_exception THEN
        NULL;
    END;
    IF (done ->> 'status', done ->> 'code', done ->> 'reason') IS DISTINCT FROM (said ->> 'status', said ->> 'code', said ->> 'reason') THEN
        RETURN format('%s is said, %s done', said, done);
    END IF;
    RETURN concat_ws(' ', coalesce(said ->> 'failed', 'valid'), said ->> 'status', said ->> 'code', said ->> 'plausibility');
END
$$;
CREATE FUNCTION pg_temp.verdict(answer jsonb, who text DEFAULT 'ada') RETURNS text
LANGUAGE sql AS $$SELECT pg_temp.verdict_of(pg_temp.player(who), answer || jsonb_build_object('request_id', pg_temp.request()))$$;
SELECT is(pg_temp.verdict(answer::jsonb), verdict, answer) FROM (VALUES
    (format('{"action": "consume", "target_id": %s}', :far), 'valid applied 1'),
    (format('{"action": "interact_with", "target_id": %s, "interaction_name": "consume"}', :near), 'valid applied 1'),
    ('{"choice": 4}', 'valid applied 0.666'),
    ('{"action": "move_direction", "direction": "w"}', 'valid applied 0'),
    ('{"action": "wait"}', 'valid applied 0.5'),
    ('{"action": "move_to", "x": 21, "y": 21}', 'valid applied 0.5'),
    ('{"action": "move_to", "x": 4000, "y": 21}', 'physics rejected NS210'),
    ('{"action": "consume", "target_id": 9999}', 'physics rejected NS202 0.5'),
    ('{"action": "cancel_interaction"}', 'physics rejected NS305 0.5'),
    ('{"action": "fly"}', 'shape rejected NS304'),
    ('{"choice": 99}', 'shape rejected NS304'),
    ('{"tokens": -1, "action": "wait"}', 'shape rejected NS304')) AS answers (answer, verdict);
SELECT is(pg_temp.verdict('{"action": "wait"}', 'bo'), 'authority rejected NS303', 'who was not asked is told so');
SELECT is(pg_temp.verdict_of(9007199254740991, '{"request_id": 1, "action": "wait"}'), 'authority rejected NS203', 'as is nobody');
SELECT is(pg_temp.verdict_of(pg_temp.player(), '[]'), 'shape rejected NS304', 'and who says nothing');
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', pg_temp.request(), 'action', 'wait')) ->> 'status', 'applied', 'afterwards the answer itself is taken');
SELECT is(pg_temp.verdict('{"action": "wait"}'), 'authority duplicate', 'another one would be one too many');
SELECT is(pg_temp.at(), '20,20 waiting', 'and the world is as it was');

-- ---- what is on record ----
SELECT npcsim.log_security_violation(pg_temp.player('bo'), 'insults', E'he wrote\n' || repeat('x', 300)) AS first \gset
SELECT results_eq($$SELECT world_id, player_id, source_id, kind, detail FROM npcsim.security_violations$$,
                  $$SELECT 1::bigint, pg_temp.player('bo'), NULL::bigint, 'insults'::text, 'he wrote ' || repeat('x', 191)$$, 'operators put something on record, in plain characters, 200 of them');
SELECT throws_ok($$SELECT npcsim.log_security_violation(pg_temp.player('bo'), '')$$, '22023', NULL, 'as something');

-- ---- suspensions ----
SET npcsim.market_time = '2030-01-01 12:00:00+00';
SELECT pg_temp.connect('bo');
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'watch');
SELECT npcsim.request_npc_decision(1, id) FROM npcsim.npcs;
SELECT pg_temp.send();
SELECT results_eq('SELECT npc_id, status FROM npcsim.decision_requests ORDER BY 1', $$VALUES (pg_temp.npc('Ada'), 'sent'), (pg_temp.npc('Bo'), 'sent')$$, 'both are asked');
SELECT is(npcsim.ban_player_temporarily(pg_temp.player('bo'), '1 hour', 'insults and worse'), '2030-01-01 13:00:00+00', 'an operator suspends a player');
SELECT results_eq($$SELECT username, suspended_until, suspension_reason FROM npcsim.players ORDER BY 1$$,
                  $$VALUES ('ada', NULL, NULL), ('bo', '2030-01-01 13:00:00+00'::timestamptz, 'insults and worse')$$, 'which is seen');
SELECT results_eq(format($$SELECT kind, detail FROM npcsim.security_violations WHERE id > %s$$, :first), $$VALUES ('suspended', 'until 2030-01-01 13:00:00 UTC: insults and worse')$$, 'and on record');
SELECT results_eq($$SELECT purpose, ended, end_reason FROM npcsim.sessions WHERE player_id = pg_temp.player('bo') ORDER BY 1$$,
                  $$VALUES ('compute', true, 'suspended'), ('watch', false, NULL)$$, 'what it lends by is disconnected, what it watches by is not');
SELECT is((npcsim.gateway_poll('g1', '{}')::jsonb #> '{ended_sessions,0}') - 'session_id'::text,
          '{"reason": "suspended", "message": "the player is suspended until 2030-01-01 13:00:00 UTC: insults and worse"}', 'its gateway hears why, and until when');
SELECT is_empty($$SELECT npcsim_internal.present_players(1) EXCEPT SELECT pg_temp.player('ada')$$, 'it is not present');
SELECT is(npcsim.submit_npc_decision(pg_temp.player('bo'), jsonb_build_object('request_id', pg_temp.request('Bo'), 'action', 'wait')) - 'request_id'::text,
          '{"type": "decision_result", "status": "rejected", "code": "NS405", "reason": "the player is suspended until 2030-01-01 13:00:00 UTC: insults and worse"}', 'what it answers is refused');
SELECT is(pg_temp.verdict_of(pg_temp.player('bo'), jsonb_build_object('request_id', pg_temp.request('Bo'), 'action', 'wait')), 'authority rejected NS405', 'as validation says');
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
SELECT is(npcsim_internal.expire_decisions(), 1::bigint, 'its question is closed at once');
SELECT is_empty($$SELECT * FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions WHERE player_id = pg_temp.player('bo')), '{8,8}')$$, 'it is asked nothing');
UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
SELECT results_eq('SELECT npc_id, status FROM npcsim.decision_requests', $$VALUES (pg_temp.npc('Ada'), 'sent')$$, 'that of another is not');
SELECT results_eq($$SELECT status, detail FROM npcsim.decision_log WHERE npc_id = pg_temp.npc('Bo') AND status <> 'cut_off'$$, $$VALUES ('failed', 'the player is suspended')$$, 'the log says why');
SELECT is(pg_temp.doing('Bo'), 'wandering built_in', 'and the built-in mind goes on');
SELECT is(m.failures, 0::smallint, 'the mind has not failed') FROM npcsim.npc_minds m WHERE npc_id = pg_temp.npc('Bo');
SELECT throws_ok($$SELECT pg_temp.connect('bo')$$, 'NS405', 'the player is suspended until 2030-01-01 13:00:00 UTC: insults and worse', 'it does not get in to lend');
SELECT is(npcsim.try_client_connected('g1', pg_temp.player('bo'), 1, 'both') #>> '{error,code}', 'NS405', 'nor to lend and watch');
SELECT lives_ok($$SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'watch')$$, 'but to watch');
SELECT is(npcsim.try_update_player_heartbeat(pg_temp.player('bo'), '{"source": "one"}') #>> '{error,code}', 'NS405', 'its heartbeats count for nothing');
SELECT is(npcsim.call_reducer(pg_temp.player('bo'), 'send_chat', '{"text": "sorry"}') ->> 'ok', 'true', 'and it may talk');
SELECT is(npcsim.ban_player_temporarily(pg_temp.player('bo'), '10 min'), '2030-01-01 12:10:00+00', 'an operator may shorten it');
SET npcsim.market_time = '2030-01-01 12:10:01+00';
SELECT lives_ok($$SELECT pg_temp.connect('bo')$$, 'when it is over the player is back by itself');
SELECT ok(pg_temp.player('bo') IN (SELECT npcsim_internal.present_players(1)), 'and present');
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Bo'));
SELECT pg_temp.send();
SELECT is(npcsim.submit_npc_decision(pg_temp.player('bo'), jsonb_build_object('request_id', pg_temp.request('Bo'), 'action', 'wait')) ->> 'status', 'applied', 'its answers are taken');
SELECT npcsim.ban_player_temporarily(pg_temp.player('bo'), '366 days');
SELECT is(npcsim.ban_player_temporarily(pg_temp.player('bo'), '0'), NULL, 'an operator may end it');
SELECT lives_ok($$SELECT pg_temp.connect('bo')$$, 'at once');
SELECT results_eq(format($$SELECT kind FROM npcsim.security_violations WHERE id > %s ORDER BY id$$, :first), $$VALUES ('suspended'), ('suspended'), ('suspended'), ('released')$$, 'all of it is on record');
SELECT is(npcsim.ban_player_temporarily(pg_temp.player('bo'), '0'), NULL, 'to end none is nothing');
SELECT is((SELECT count(*) FROM npcsim.security_violations), 5::bigint, 'and not on record');
-- ---- answers for NPCs that were never put to the player ----
SET npcsim.market_time = '2030-01-02 00:00:00+00';
SELECT max(id) AS recorded FROM npcsim.security_violations \gset
SELECT npcsim.create_npc(1, 'Free', 30, 5);
CREATE FUNCTION pg_temp.answers(who text, variadic names text[]) RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(DISTINCT concat_ws(' ', result ->> 'status', result ->> 'code'), ', ')
      FROM npcsim.submit_npc_decisions(array_fill(pg_temp.player(who), ARRAY[cardinality(names)]),
                                       ARRAY(SELECT format('{"npc_id": %s, "action": "wait"}', pg_temp.npc(name)) FROM unnest(names) AS name))
$$;
CREATE FUNCTION pg_temp.suspended(who text) RETURNS text
LANGUAGE sql AS $$SELECT suspended_until || ' ' || suspension_reason FROM npcsim.players WHERE world_id = 1 AND username = who AND suspended_until > npcsim_internal.market_now()$$;
SELECT is(pg_temp.answers('bo', 'Ada', 'Free'), 'rejected NS301, rejected NS303', 'nobody decides for NPCs of others, or of nobody');
SELECT is(pg_temp.suspended('bo'), NULL, 'twice is not often');
SET npcsim.market_time = '2030-01-02 00:11:00+00';
SELECT is(pg_temp.answers('bo', 'Ada', 'Ada'), 'rejected NS303', 'nor are two more, eleven minutes later');
SELECT is(pg_temp.suspended('bo'), NULL, 'which is too long ago to count with the first two');
SELECT is(npcsim.validate_npc_decision(pg_temp.player('bo'), jsonb_build_object('npc_id', pg_temp.npc(), 'action', 'wait')) ->> 'code', 'NS303', 'what is only validated does not count');
SET npcsim.market_time = '2030-01-02 00:20:59+00';
SELECT is(pg_temp.answers('bo', 'Free'), 'rejected NS301', 'but one more within ten minutes');
SELECT is(pg_temp.suspended('bo'), '2030-01-02 01:20:59+00 answers for NPCs that were never put to it', 'is the third, and suspends for an hour');
SELECT is(pg_temp.answers('bo', 'Ada'), 'rejected NS405', 'so that nothing more is taken');
SELECT results_eq(format($$SELECT kind, detail FROM npcsim.security_violations WHERE id > %s ORDER BY id$$, :recorded),
                  $$VALUES ('foreign_answer', '2 answers for NPCs that were never put to it'), ('foreign_answer', '2 answers for NPCs that were never put to it'),
                           ('foreign_answer', '1 answers for NPCs that were never put to it'), ('suspended', 'until 2030-01-02 01:20:59 UTC: answers for NPCs that were never put to it')$$,
                  'each incident is on record');
SET npcsim.market_time = '2030-01-02 01:21:00+00';
SELECT is(pg_temp.answers('bo', 'Ada', 'Free'), 'rejected NS301, rejected NS303', 'when it is over it counts anew');
SELECT is(pg_temp.suspended('bo'), NULL, 'from nothing');
-- What changed hands is not strange.
SET npcsim.market_time = '2030-01-03 00:00:00+00';
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), pg_temp.player('ada'));
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Bo'));
SELECT is(pg_temp.answers('bo', 'Bo', 'Bo', 'Bo', 'Bo'), 'rejected NS303', 'who lost an NPC is late with its answers');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), NULL);
SELECT is(pg_temp.answers('bo', 'Bo', 'Bo', 'Bo'), 'rejected NS303', 'to nobody, too');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), pg_temp.player('bo'));
SELECT is(pg_temp.answers('bo', 'Bo', 'Bo', 'Bo'), 'rejected NS303', 'and who has it again is not asked yet');
SELECT is(pg_temp.suspended('bo'), NULL, 'which is no crime');
SELECT npcsim.remove_npc(1, pg_temp.npc('Free'));
SELECT is((SELECT string_agg(DISTINCT result ->> 'code', ', ') FROM npcsim.submit_npc_decisions(array_fill(pg_temp.player('bo'), ARRAY[3]), array_fill('{"request_id": 9000000, "action": "wait"}'::text, ARRAY[3]))), 'NS301',
          'nor are questions that never were');
SELECT is(pg_temp.suspended('bo'), NULL, 'by themselves');

-- ---- floods ----
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Bo'));
SELECT is(pg_temp.answers('bo', variadic array_fill('Bo'::text, ARRAY[500])), 'applied, duplicate', 'the same answer over and over');
SELECT is(pg_temp.suspended('bo'), NULL, 'is no flood');
CREATE TEMP TABLE flood AS
SELECT string_agg(DISTINCT result ->> 'code', ', ') AS codes
  FROM npcsim.submit_npc_decisions(array_fill(pg_temp.player('bo'), ARRAY[500]), array_fill('{"request_id": 9000000, "action": "wait"}'::text, ARRAY[500]));
SELECT is(codes, 'NS301', 'a great many answers that nobody asked for') FROM flood;
SELECT is(pg_temp.suspended('bo'), '2030-01-03 01:00:00+00 floods of answers that nobody asked it for', 'are one');
SELECT results_eq($$SELECT kind FROM npcsim.security_violations ORDER BY id DESC LIMIT 2$$, $$VALUES ('suspended'), ('flood')$$, 'on record once');
SELECT is(pg_temp.suspended('ada'), NULL, 'of which others know nothing');

SET npcsim.market_time = '2030-04-05 00:00:00+00';
SELECT npcsim.prune_logs();
SELECT is_empty('SELECT * FROM npcsim.security_violations', 'which is kept for 90 days');
SELECT npcsim.log_security_violation(pg_temp.player('bo'), 'x');
SELECT npcsim.drop_world(1);
SELECT is_empty('SELECT world_id FROM npcsim.security_violations UNION ALL SELECT world_id FROM npcsim.player_suspicion', 'and goes with its world');
RESET npcsim.market_time;

SELECT * FROM finish();
ROLLBACK;
