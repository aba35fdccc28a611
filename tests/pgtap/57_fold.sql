-- Tests what is counted of the log of decisions: everything once, whatever becomes of the transactions that log and count. Transactions
-- are counted when they are over, so this file commits.
SELECT no_plan();

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
UPDATE npcsim.worlds SET tokens_per_decision = 30 WHERE id = 1;
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('ada'), ('bo')) AS v(name), npcsim.create_player(1, name) AS p;
SELECT npcsim.declare_compute(id, 50000) FROM players;
SELECT npcsim.register_gateway('g1');
CREATE FUNCTION pg_temp.connect() RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.client_connected('g1', id, 1, 'compute', 'main'), npcsim.update_player_heartbeat(id, '{"source": "main", "max_concurrency": 64}') FROM players;
    UPDATE npcsim.sessions SET connected_at_real = clock_timestamp() - interval '1 hour';
$$;
SELECT pg_temp.connect();
SELECT npcsim.create_npc(1, name, x, 10, pg_temp.player(CASE WHEN x < 14 THEN 'ada' ELSE 'bo' END)) FROM (VALUES ('Ada', 10), ('Eve', 12), ('Bo', 14)) AS v(name, x);
-- So many questions are put to an NPC's mind, a second apart, and become what is said.
CREATE FUNCTION pg_temp.ask(who text, what text, times integer DEFAULT 1, tokens integer DEFAULT 7) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    npc npcsim.npcs := (SELECT n FROM npcsim.npcs n WHERE world_id = 1 AND name = who);
    request bigint;
BEGIN
    FOR n IN 1 .. times LOOP
        PERFORM npcsim.tick_world(1, 1);
        request := npcsim.request_npc_decision(1, npc.id);
        IF what <> 'unsent' THEN
            PERFORM pg_temp.send();
        END IF;
        IF what IN ('timeout', 'failed', 'late') THEN
            PERFORM npcsim.fail_decisions(ARRAY[npc.controller_player_id], ARRAY[request], ARRAY[CASE what WHEN 'failed' THEN 'no idea' ELSE 'timeout' END]);
        END IF;
        IF what IN ('applied', 'rejected', 'late', 'unsent') THEN
            PERFORM npcsim.submit_npc_decision(npc.controller_player_id,
                        jsonb_build_object('request_id', request, 'action', CASE what WHEN 'rejected' THEN 'fly' ELSE 'wander' END, 'tokens', tokens));
        END IF;
    END LOOP;
END
$$;
-- What was counted, and what the log has, of each player.
CREATE FUNCTION pg_temp.counted() RETURNS TABLE (player_id bigint, accepted numeric, late numeric, refused numeric, failed numeric, timed_out numeric, cut_off numeric,
                                                 credit numeric, tokens numeric, tokens_credited numeric, times numeric) LANGUAGE sql AS $$
    SELECT m.player_id, sum(m.accepted), sum(m.late), sum(m.refused), sum(m.failed), sum(m.timed_out), sum(m.cut_off), sum(m.credit_us), sum(m.tokens), sum(m.tokens_credited),
           sum((SELECT sum(t) FROM unnest(m.decision_times) AS t))
      FROM npcsim.source_minutes m GROUP BY 1 HAVING sum(m.asked + m.accepted + m.cut_off) > 0 ORDER BY 1
$$;
CREATE FUNCTION pg_temp.logged() RETURNS TABLE (player_id bigint, accepted numeric, late numeric, refused numeric, failed numeric, timed_out numeric, cut_off numeric,
                                                credit numeric, tokens numeric, tokens_credited numeric, times numeric) LANGUAGE sql AS $$
    SELECT l.player_id, count(*) FILTER (WHERE status IN ('applied', 'late')), count(*) FILTER (WHERE status = 'late'), count(*) FILTER (WHERE status = 'rejected'),
           count(*) FILTER (WHERE status = 'failed' AND sent_at_real IS NOT NULL), count(*) FILTER (WHERE status = 'timeout'), count(*) FILTER (WHERE status = 'cut_off'),
           coalesce(sum(credit_us) FILTER (WHERE status IN ('applied', 'late')), 0), coalesce(sum(l.tokens), 0), 30 * count(*) FILTER (WHERE status IN ('applied', 'late')),
           count(*) FILTER (WHERE status IN ('applied', 'late') AND sent_at_real IS NOT NULL)
      FROM npcsim.decision_log l GROUP BY 1 ORDER BY 1
$$;
CREATE FUNCTION pg_temp.metric(who text, wanted text) RETURNS text LANGUAGE sql AS $$
    SELECT to_jsonb(m) ->> wanted FROM npcsim.compute_metrics m WHERE m.player_id = pg_temp.player(who) AND m.source_id IS NULL
$$;

SELECT is(npcsim_internal.fold_decisions(), 0::bigint, 'nothing was decided yet');
SELECT is(pg_temp.metric('ada', 'reliability_score'), '0.666', 'of whom nothing is known two thirds are expected');

-- ---- everything once ----
SELECT pg_temp.ask('Ada', 'applied', 8), pg_temp.ask('Ada', 'rejected'), pg_temp.ask('Ada', 'timeout'), pg_temp.ask('Ada', 'failed', 2), pg_temp.ask('Bo', 'applied', 3);
SELECT is(npcsim_internal.fold_decisions(), 15::bigint, 'what was logged is counted');
SELECT results_eq('SELECT * FROM pg_temp.counted()', 'SELECT * FROM pg_temp.logged()', 'as it was logged');
SELECT is(npcsim_internal.fold_decisions(), 0::bigint, 'and not again');
SELECT results_eq('SELECT * FROM pg_temp.counted()', 'SELECT * FROM pg_temp.logged()', 'nothing is counted twice');
SELECT is(pg_temp.metric('ada', 'reliability_score'), '0.666', '(8 + 2) / (12 + 3)');
SELECT is(pg_temp.metric('bo', 'reliability_score'), '0.833', '(3 + 2) / (3 + 3)');
SELECT is(pg_temp.metric('ada', 'asked_1h') || ' ' || pg_temp.metric('ada', 'asked_24h'), '12 12', 'who was asked how often');
SELECT is(pg_temp.metric('ada', 'measured_throughput') || ' ' || pg_temp.metric('ada', 'reported_tokens'), '240 63', 'what is reported makes no tier');
SELECT ok(pg_temp.metric('ada', 'decision_time_p50_1h')::numeric BETWEEN 0 AND 10, 'answers took some time');

SELECT pg_temp.ask('Ada', 'late', 2), pg_temp.ask('Eve', 'unsent');
BEGIN;
SELECT is(npcsim_internal.fold_decisions(), 5::bigint, 'a fold');
ROLLBACK;
SELECT is((SELECT late FROM pg_temp.counted() LIMIT 1), 0::numeric, 'that is killed has counted nothing');
SELECT is(npcsim_internal.fold_decisions(), 5::bigint, 'the next one does');
SELECT results_eq('SELECT * FROM pg_temp.counted()', 'SELECT * FROM pg_temp.logged()', 'everything once');
SELECT is(pg_temp.metric('ada', 'reliability_score'), '0.666', '(8 + 2/2 + 1 + 2) / (12 + 2 + 1 + 3): a late answer is half an answer to its one question');

-- A transaction that counts has more to log.
BEGIN;
SELECT pg_temp.ask('Ada', 'applied');
SELECT is(npcsim_internal.fold_decisions(), 0::bigint, 'what is not committed is not counted');
SELECT pg_temp.ask('Ada', 'applied');
SAVEPOINT inner_one;
SELECT pg_temp.ask('Bo', 'applied');
SELECT npcsim_internal.fold_decisions();
RELEASE inner_one;
SELECT pg_temp.ask('Bo', 'rejected');
COMMIT;
SELECT is(npcsim_internal.fold_decisions(), 4::bigint, 'it is afterwards');
SELECT results_eq('SELECT * FROM pg_temp.counted()', 'SELECT * FROM pg_temp.logged()', 'also what was logged in the transaction that counted');

-- One that was there first is over last.
SELECT pg_temp.by_hand('decision_log');
CREATE FUNCTION pg_temp.log(request bigint, transaction bigint DEFAULT pg_current_xact_id()::text::bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO npcsim.decision_log (day, world_id, request_id, npc_id, player_id, reason, status, clock, opened_at_real, sent_at_real, credit_us, tokens, transaction)
    SELECT floor(extract(epoch FROM now()) / 86400)::bigint % 32, 1, request, pg_temp.npc('Bo'), pg_temp.player('bo'), 'idle', 'applied', 1, now(), now(), 5, 1, transaction
$$;
BEGIN;
SELECT pg_temp.log(1000001);
PREPARE TRANSACTION 'first';
BEGIN;
SELECT pg_temp.log(1000002);
PREPARE TRANSACTION 'second';
SELECT pg_temp.ask('Ada', 'applied', 2);
SELECT is(npcsim_internal.fold_decisions(), 2::bigint, 'what came later is counted, although older ones are not over');
COMMIT PREPARED 'second';
SELECT pg_temp.ask('Ada', 'applied');
SELECT is(npcsim_internal.fold_decisions(), 2::bigint, 'they are when they are');
SELECT is(npcsim_internal.fold_decisions(), 0::bigint, 'once');
ROLLBACK PREPARED 'first';
SELECT is(npcsim_internal.fold_decisions(), 0::bigint, 'and never when they were rolled back');
SELECT results_eq('SELECT * FROM pg_temp.counted()', 'SELECT * FROM pg_temp.logged()', 'all is well');

-- ---- questions that wait for a free slot ----
-- So many tokens a day are asked for without waiting for their part of it.
UPDATE npcsim.players SET declared_tokens_per_day = 5000000;
SELECT pg_temp.metric('ada', 'reliability_score') AS before, npcsim.request_npc_decision(1, pg_temp.npc()) AS asked \gset
SELECT pg_temp.by_hand('decision_slots', 'player_proofs', 'market_folds');
CREATE FUNCTION pg_temp.open_for(seconds integer) RETURNS void LANGUAGE sql AS $$
    UPDATE npcsim.world_clock SET started_at_real = now() - interval '1 hour', status = 'running' WHERE world_id = 1;
    UPDATE npcsim.decision_slots SET opened_at_real = now() - make_interval(secs => seconds) WHERE world_id = 1 AND npc_id = pg_temp.npc();
$$;
CREATE FUNCTION pg_temp.proven() RETURNS text LANGUAGE sql AS $$
    SELECT (present_asked + below_asked + (SELECT sum(a) FROM unnest(young_asked) AS a))::text || ' ' || (SELECT sum(a) FROM unnest(young_halves) AS a) FROM npcsim.player_proofs WHERE player_id = pg_temp.player()
$$;
SELECT pg_temp.open_for(9);
SELECT is(pg_temp.metric('ada', 'reliability_score'), :'before', 'a question that waits for nine seconds is not asked yet');
SELECT pg_temp.open_for(11);
SELECT cmp_ok(pg_temp.metric('ada', 'reliability_score')::numeric, '<', :'before'::numeric, 'one that waits for more than ten is, and not answered');
SELECT is(npcsim_internal.recent_reliability(1, pg_temp.player()) / 1000.0::float8, pg_temp.metric('ada', 'reliability_score')::float8, 'which the market goes by');
UPDATE npcsim.sessions SET connected_at_real = now() - interval '5 s';
SELECT is(pg_temp.metric('ada', 'reliability_score'), :'before', 'not of who came just now');
UPDATE npcsim.sessions SET connected_at_real = now() - interval '1 hour', max_concurrency = 0;
SELECT is(pg_temp.metric('ada', 'reliability_score'), :'before', 'nor of who lends nothing');
UPDATE npcsim.sessions SET max_concurrency = 64;
SELECT npcsim_internal.fold_decisions();
-- What it has shown is measured since two minutes ago.
UPDATE npcsim.player_proofs SET (counted_from, young_from) = (SELECT f, f FROM (SELECT extract(epoch FROM now() - interval '2 min' - '2000-01-01 00:00+00')::bigint / 10 * 10000000 AS f) AS m);
SELECT pg_temp.proven() AS proven \gset
UPDATE npcsim.market_folds SET folded_at_real = now() - interval '10 s';
SELECT pg_temp.open_for(55);
SELECT npcsim_internal.fold_decisions();
SELECT is(pg_temp.proven(), :'proven', 'for the proof it may wait for a minute');
UPDATE npcsim.market_folds SET folded_at_real = now() - interval '10 s';
SELECT pg_temp.open_for(65);
SELECT npcsim_internal.fold_decisions();
SELECT isnt(pg_temp.proven(), :'proven', 'then it is missed');
SELECT pg_temp.proven() AS missed \gset
SELECT npcsim_internal.fold_decisions();
SELECT is(pg_temp.proven(), :'missed', 'once');
UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
SELECT pg_temp.send();
SELECT npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', :asked, 'action', 'wander')) ->> 'status';
SELECT npcsim_internal.fold_decisions();
SELECT is(pg_temp.proven(), :'missed', 'whatever comes of it later');
SELECT cmp_ok(pg_temp.metric('ada', 'reliability_score')::numeric, '>=', :'before'::numeric, 'although it is answered');

-- ---- closed sockets ----
SELECT pg_temp.ask('Ada', 'cut off');
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions;
SELECT pg_temp.connect();
SELECT npcsim_internal.fold_decisions();
SELECT results_eq('SELECT * FROM pg_temp.counted()', 'SELECT * FROM pg_temp.logged()', 'what a closed socket cut off is counted as that');
SELECT pg_temp.metric('ada', 'asked_24h') AS asked \gset
SELECT is(pg_temp.metric('ada', 'cut_off_24h'), '1', 'it is told');
SELECT pg_temp.by_hand('player_proofs');
UPDATE npcsim.player_proofs SET cut_offs = (SELECT array_agg(extract(epoch FROM now() - n * interval '1 min' - '2000-01-01 00:00+00')::bigint * 1000000 ORDER BY n) FROM generate_series(1, 3) AS n);
SELECT pg_temp.send();
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions;
SELECT pg_temp.connect();
SELECT npcsim_internal.fold_decisions();
SELECT is(pg_temp.metric('ada', 'asked_24h')::integer - :asked, 1, 'who closes it time and again was asked all the same');

-- ---- sources, time ----
SELECT is((SELECT count(*) FROM npcsim.compute_metrics WHERE source_id IS NOT NULL AND source = 'main' AND asked_24h > 0 AND accepted_24h > 0), 2::bigint, 'sources have their own rows');
SELECT is((SELECT sum(asked_24h) FROM npcsim.compute_metrics WHERE source_id IS NULL), (SELECT sum(asked)::numeric FROM npcsim.source_minutes), 'players have all of theirs');
SELECT ok(pg_temp.metric('ada', 'uptime_1h')::numeric BETWEEN 0.95 AND 1, 'the session was there for an hour');
SELECT ok(pg_temp.metric('ada', 'uptime_24h')::numeric BETWEEN 0.03 AND 0.05, 'of a day');
BEGIN;
SELECT set_config('npcsim.market_time', (now() + interval '2 hours')::text, true) IS NOT NULL;
SELECT is(pg_temp.metric('ada', 'asked_1h'), '0', 'two hours later the last hour is empty');
SELECT ok(pg_temp.metric('ada', 'asked_24h')::integer > 15, 'the day is not');
SELECT set_config('npcsim.market_time', (now() + interval '25 hours')::text, true) IS NOT NULL;
SELECT is(pg_temp.metric('ada', 'asked_24h') || ' ' || pg_temp.metric('ada', 'reliability_score'), '0 0.666', 'a day later nothing is known any more');
COMMIT;

-- ---- the last hundred ----
SELECT pg_temp.ask('Bo', 'rejected', 60), pg_temp.ask('Bo', 'applied', 60);
SELECT npcsim_internal.fold_decisions();
SELECT is(pg_temp.metric('bo', 'reliability_score'), '0.601', '(60 + 2) / (100 + 3): the last hundred count');
SELECT is((SELECT cardinality(request_ids) FROM npcsim.source_outcomes WHERE player_id = pg_temp.player('bo') AND source_id > 0), 100, 'and are kept');
SELECT is(npcsim_internal.reliability_of(-5, 9000000000000), 666, 'whatever it is asked');

-- ---- another home ----
SELECT is((SELECT npcs > 0 AND stepped > 0 FROM npcsim.player_proofs WHERE player_id = pg_temp.player('ada')), true, 'what players show is learnt');
SELECT pg_temp.ask('Ada', 'applied', 3);
SELECT pg_temp.by_hand('market_folds');
UPDATE npcsim.market_folds SET home = 'elsewhere';
UPDATE npcsim.world_clock SET home = 'elsewhere';
SELECT is(npcsim_internal.fold_decisions(), 0::bigint, 'worlds that are parked are not counted');
SELECT npcsim.adopt_world(1);
SELECT results_eq('SELECT * FROM pg_temp.counted()', 'SELECT * FROM pg_temp.logged()', 'what the old home had not counted is, when the world is adopted');
SELECT pg_temp.log(3, pg_current_xact_id()::text::bigint + n) FROM generate_series(0, 20) AS n;
SELECT txid_current() FROM generate_series(1, 2);
SELECT pg_temp.ask('Ada', 'applied', 2);
SELECT is(npcsim_internal.fold_decisions(), 2::bigint, 'transactions of the old cluster are not taken for ours');
DELETE FROM npcsim.decision_log WHERE request_id = 3;
SELECT results_eq('SELECT * FROM pg_temp.counted()', 'SELECT * FROM pg_temp.logged()', 'nothing is lost');

-- ---- the end of a world ----
SELECT npcsim.drop_world(1);
SELECT is_empty('SELECT world_id FROM npcsim.source_minutes UNION SELECT world_id FROM npcsim.source_outcomes UNION SELECT world_id FROM npcsim.player_proofs UNION SELECT world_id FROM npcsim.world_books',
                'nothing is left of a world that is dropped');
SELECT is(npcsim_internal.fold_decisions(), 0::bigint, 'and nothing is counted');
SELECT * FROM finish();
