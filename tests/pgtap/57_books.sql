-- Tests the books of the market: the moment by which it judges, what is logged of decisions, and what is counted of them.
BEGIN;
SELECT no_plan();

-- ---- the moment by which the market judges ----
SELECT cmp_ok(abs(extract(epoch FROM clock_timestamp() - npcsim_internal.market_now())), '<', 5::numeric, 'it is the real time');
SAVEPOINT moved;
SET LOCAL npcsim.market_time = '2027-01-31 12:00:00.25+02';
SELECT is(npcsim_internal.market_now(), '2027-01-31 10:00:00.25+00'::timestamptz, 'unless a superuser says otherwise');
ROLLBACK TO moved;
SELECT cmp_ok(abs(extract(epoch FROM clock_timestamp() - npcsim_internal.market_now())), '<', 5::numeric, 'and takes it back');
SELECT throws_ok(format('SET npcsim.market_time = %L', said), '22023', NULL, format('"%s" is no moment', said))
  FROM unnest('{soon,12:00,infinity,2027-02-30 12:00+00,99999999-01-01}'::text[]) AS said;
CREATE ROLE npcsim_test_nobody;
SET LOCAL ROLE npcsim_test_nobody;
SELECT throws_ok('SET npcsim.market_time = ''2027-01-31 12:00:00+00''', '42501', NULL, 'nobody else sets it');
SELECT throws_ok('SELECT set_config(''npcsim.market_time'', '''', true)', '42501', NULL, 'in no other way either');
RESET ROLE;

-- ---- what is logged of a decision ----
\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('ada'), ('bo')) AS v(name), npcsim.create_player(1, name) AS p;
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(id, '{"max_concurrency": 8}') IS NOT NULL FROM players;
SELECT npcsim.create_npc(1, 'Ada', 10, 10, pg_temp.player('ada')) AS ada \gset
-- Sessions have been there for so long.
CREATE FUNCTION pg_temp.connected(since interval) RETURNS void LANGUAGE sql AS $$UPDATE npcsim.sessions SET connected_at_real = clock_timestamp() - since$$;
-- Ada's mind is asked, after some time of the world; then it answers, as whom she belongs to, or fails. Returns what is logged.
CREATE FUNCTION pg_temp.asked_after(seconds double precision, sent boolean DEFAULT true) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    request bigint;
BEGIN
    PERFORM npcsim.tick_world(1, least(60, seconds - n * 60)) FROM generate_series(0, ceil(seconds / 60)::integer - 1) AS n;
    request := npcsim.request_npc_decision(1, pg_temp.npc());
    IF sent THEN
        PERFORM pg_temp.send();
    END IF;
    RETURN request;
END
$$;
CREATE FUNCTION pg_temp.last_logged(request bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', status, coalesce((credit_us / 1000000.0)::numeric(10, 1)::text, 'nothing'))
      FROM npcsim.decision_log WHERE world_id = 1 AND request_id = request ORDER BY finished_at_real DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.answered(request bigint, decision jsonb DEFAULT '{"action": "wander"}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.submit_npc_decision((SELECT controller_player_id FROM npcsim.npcs WHERE world_id = 1 AND name = 'Ada'),
                                       decision || jsonb_build_object('request_id', request));
    RETURN pg_temp.last_logged(request);
END
$$;
CREATE FUNCTION pg_temp.failed(request bigint, reason text DEFAULT 'timeout') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.fail_decisions(ARRAY[(SELECT controller_player_id FROM npcsim.npcs WHERE world_id = 1 AND name = 'Ada')], ARRAY[request], ARRAY[reason]);
    RETURN pg_temp.last_logged(request);
END
$$;

-- The same as a number, for what depends on how fast this test is.
CREATE FUNCTION pg_temp.paid(logged text) RETURNS numeric LANGUAGE sql AS $$SELECT split_part(logged, ' ', 2)::numeric$$;

SELECT pg_temp.connected('1 hour');
SELECT is(pg_temp.answered(pg_temp.asked_after(20)), 'applied 20.0', 'the first answer is paid the time since the NPC came to its player');
SELECT is(pg_temp.answered(pg_temp.asked_after(40)), 'applied 40.0', 'then the time since the last question');
SELECT is(pg_temp.answered(pg_temp.asked_after(400)), 'applied 300.0', 'but no more than 300 s');
SELECT is(pg_temp.answered(pg_temp.asked_after(1)), 'applied 1.0', 'who is asked often earns little with each answer');
SELECT is(pg_temp.answered(pg_temp.asked_after(10), '{"action": "fly"}'), 'rejected nothing', 'an answer that is refused earns nothing');
SELECT is(pg_temp.answered(pg_temp.asked_after(7), '{"action": "continue", "tokens": 1000000}'), 'applied 7.0', 'the time before it is lost, and tokens bring nothing');
SELECT is(pg_temp.answered(pg_temp.asked_after(10, sent => false)), 'applied 0.0', 'what was handed out to nobody is paid to nobody');

SELECT pg_temp.asked_after(10) AS late \gset
SELECT is(pg_temp.failed(:late), 'timeout 10.0', 'where no answer came the log says what a late one earns');
SELECT npcsim.tick_world(1, 50);
SELECT is(pg_temp.answered(:late), 'late 10.0', 'which is the time before its question, not that in which it was late');
SELECT pg_temp.asked_after(20) AS late, pg_temp.failed(pg_temp.request(), 'no idea') \gset
SELECT pg_temp.asked_after(30) AS next \gset
SELECT is(pg_temp.answered(:late), 'late 70.0', 'so it is for one to an older question');
SELECT is(pg_temp.answered(:next), 'applied 30.0', 'and the next one is paid what comes after that');
SELECT is((SELECT sum(credit_us) FROM npcsim.decision_log WHERE request_id IN (:late, :next) AND status IN ('applied', 'late')), 100000000::numeric, 'no time twice');

SELECT pg_temp.connected('3 s');
SELECT ok(pg_temp.paid(pg_temp.answered(pg_temp.asked_after(60))) BETWEEN 3 AND 10, 'nobody is paid for time before its session came');
SELECT npcsim.set_world_speed(1, 10);
SELECT pg_temp.connected('3 s');
SELECT ok(pg_temp.paid(pg_temp.answered(pg_temp.asked_after(60))) BETWEEN 30 AND 55, 'which is more of the world''s time where that is faster');
SELECT pg_temp.connected('-1 hour');
SELECT is(pg_temp.answered(pg_temp.asked_after(60)), 'applied 0.0', 'a clock that went back earns nothing');
SELECT npcsim.set_world_speed(1, 1), pg_temp.connected('10 years');
SELECT is(pg_temp.answered(pg_temp.asked_after(60)), 'applied 60.0', 'nor does a session of ten years earn more than others');

SELECT npcsim.tick_world(1, 30), npcsim.assign_npc_to_player(1, :ada, pg_temp.player('bo'));
SELECT is(pg_temp.answered(pg_temp.asked_after(20)), 'applied 20.0', 'who gets an NPC is not paid for its time with somebody else');
SELECT is(pg_temp.answered(pg_temp.asked_after(30)), 'applied 30.0', 'but for what comes then');

SELECT is((SELECT array_agg(DISTINCT format('%s %s', p.username, s.id IS NOT NULL)) FROM npcsim.decision_log l JOIN npcsim.players p ON p.id = l.player_id
             LEFT JOIN npcsim.compute_sources s ON s.id = l.source_id AND s.player_id = l.player_id WHERE l.sent_at_real IS NOT NULL), '{"ada t","bo t"}',
          'what was handed out has the source that got it');
SELECT is((SELECT count(*) FROM npcsim.decision_log WHERE sent_at_real IS NULL AND source_id IS NOT NULL), 0::bigint, 'other questions have none');

-- A closed socket.
SELECT pg_temp.asked_after(30) AS cut \gset
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('bo');
SELECT is(pg_temp.last_logged(:cut), 'cut_off nothing', 'what was under way when a session ended is logged as cut off');
SELECT results_eq(format($$SELECT status, clock, sent_at_real IS NOT NULL, player_id, source_id IS NOT NULL FROM npcsim.decision_log l WHERE request_id = %s$$, :cut),
                  $$SELECT 'cut_off', pg_temp.now() / 1e6::float8, true, pg_temp.player('bo'), true$$, 'with when and of whom');
SELECT is((SELECT status FROM npcsim.decision_requests WHERE request_id = :cut), 'open', 'and open again');
SELECT is((SELECT array_agg(status) FROM npcsim.decision_log WHERE request_id = :cut), '{cut_off}', 'once');
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(pg_temp.player('bo'), '{"max_concurrency": 8}') IS NOT NULL;
SELECT pg_temp.connected('7 s');
SELECT pg_temp.send();
SELECT ok(pg_temp.paid(pg_temp.answered(:cut)) BETWEEN 7 AND 20, 'it is handed out to the next session, which is paid for its own time');
SELECT pg_temp.asked_after(5) AS cut \gset
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('bo');
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(pg_temp.player('bo'), '{"max_concurrency": 8}') IS NOT NULL;
SELECT is(pg_temp.failed(:cut), 'timeout 0.0', 'who gives an open question up was not asked it again');
SELECT is(npcsim.submit_npc_decision(pg_temp.player('bo'), jsonb_build_object('request_id', :cut, 'action', 'wander')) ->> 'status', 'late', 'its late answer is one');

-- Which transaction logged it.
SAVEPOINT inner_one;
SELECT pg_temp.answered(pg_temp.asked_after(5));
RELEASE inner_one;
SELECT is((SELECT array_agg(DISTINCT transaction::text) FROM npcsim.decision_log), ARRAY[pg_current_xact_id()::text], 'every row has its transaction');

SELECT * FROM finish();
ROLLBACK;
