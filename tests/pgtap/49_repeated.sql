-- Tests that what happens over and over while nobody answers is told once, with how often; that failures are told; and that nothing is
-- told again after the request that told it was answered.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT plan(30);

\ir lib/minds.sql
\ir lib/bids.sql
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') FROM npcsim.players;
CREATE FUNCTION pg_temp.anew() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.present();
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
    DELETE FROM npcsim.npcs;
    PERFORM npcsim.create_npc(1, 'Ada', 20, 20, pg_temp.player());
    PERFORM pg_temp.tell('Ada', '{"action": "wait"}');
END
$$;
CREATE FUNCTION pg_temp.events() RETURNS jsonb LANGUAGE sql AS $$SELECT events FROM npcsim.npc_minds WHERE world_id = 1 AND npc_id = pg_temp.npc()$$;
-- Asked, and what the mind was told with the question.
CREATE FUNCTION pg_temp.ask() RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.request_npc_decision(1, pg_temp.npc());
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    RETURN (SELECT c.body::jsonb #> '{observations,events}' FROM npcsim.sessions s, npcsim.claim_decisions('g1', ARRAY[s.id], '{8}') AS c WHERE NOT s.ended);
END
$$;
CREATE FUNCTION pg_temp.pause() RETURNS void LANGUAGE sql AS $$UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1$$;
CREATE FUNCTION pg_temp.fail(reason text) RETURNS void LANGUAGE sql AS $$SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], ARRAY[reason])$$;
CREATE FUNCTION pg_temp.answer(decision jsonb, request bigint DEFAULT pg_temp.request()) RETURNS text LANGUAGE sql AS $$
    SELECT npcsim.submit_npc_decision(pg_temp.player(), decision || jsonb_build_object('request_id', request)) ->> 'status'
$$;

-- ---- failures and time-outs ----
SELECT pg_temp.anew();
SELECT is(pg_temp.ask(), '[]', 'a first question tells nothing'), pg_temp.pause();
SELECT pg_temp.fail('it said "no"');
SELECT is(pg_temp.events(), '[{"at": 0, "type": "decision_failed", "reason": "it said \"no\""}]', 'that it failed is told, with the reason');
SELECT npcsim.tick_world(1, 4);
SELECT is(pg_temp.ask(), '[{"at": 0, "type": "decision_failed", "reason": "it said \"no\""}]', 'with the next question'), pg_temp.pause();
SELECT pg_temp.fail('HTTP 500');
SELECT is(pg_temp.events(), '[{"at": 4, "type": "decision_failed", "reason": "HTTP 500", "times": 2, "since": 0}]', 'which may fail, too: both are one event');
SELECT npcsim.tick_world(1, 7);
SELECT is(jsonb_array_length(pg_temp.ask()), 1, 'the third'), pg_temp.pause();
SELECT pg_temp.fail('timeout');
SELECT is(pg_temp.events(), '[{"at": 4, "type": "decision_failed", "reason": "HTTP 500", "times": 2, "since": 0}, {"at": 11, "type": "decision_timed_out"}]', 'is not answered in time: another event');
SELECT npcsim.tick_world(1, 13);
SELECT is(jsonb_array_length(pg_temp.ask()), 2, 'the fourth tells both'), pg_temp.pause();
SELECT is(pg_temp.answer('{"action": "wait"}'), 'applied', 'and is answered');
SELECT is(pg_temp.events(), '[]', 'then they are told no more');
SELECT is(pg_temp.ask(), '[]', 'not with the fifth'), pg_temp.pause();
SELECT pg_temp.fail('x' || repeat('ü', 499));
SELECT is(pg_temp.events() #>> '{0,reason}', 'x' || repeat('ü', 99), 'of a long reason the beginning is told');

-- ---- answers that are late ----
SELECT pg_temp.anew();
SELECT pg_temp.ask(), pg_temp.pause();
SELECT pg_temp.fail('timeout');
SELECT npcsim.tick_world(1, 4);
SELECT is(jsonb_array_length(pg_temp.ask()), 1, 'a time-out is told'), pg_temp.pause();
SELECT pg_temp.fail('timeout');
SELECT is(pg_temp.events() #> '{0,times}', '2', 'and comes again');
SELECT is(pg_temp.answer('{"action": "wait"}'), 'late', 'an answer that is late');
SELECT is(pg_temp.events() #> '{0,times}', '2', 'was not told of the last one');
SELECT npcsim.tick_world(1, 10);
SELECT is(jsonb_array_length(pg_temp.ask()), 1, 'which is told with the next question'), pg_temp.pause();
SELECT is(pg_temp.answer('{"action": "wait"}'), 'applied');
SELECT is(pg_temp.events(), '[]', 'and no more after that');
-- Something else than what was merged is forgotten by a late answer when it was told.
SELECT pg_temp.tell('Ada', '{"action": "cancel_interaction"}');
SELECT is(pg_temp.told(), '{error}', 'a refusal');
SELECT is(jsonb_array_length(pg_temp.ask()), 1, 'that is told'), pg_temp.pause();
SELECT pg_temp.fail('timeout');
SELECT is(pg_temp.answer('{"action": "wait"}'), 'late', 'with a question whose answer is late');
SELECT is(pg_temp.told(), '{decision_timed_out}', 'is told no more');

-- ---- an outage ----
SELECT pg_temp.anew();
UPDATE npcsim.sessions SET heartbeat_at_real = '-infinity';
DO $$
BEGIN
    FOR i IN 1 .. 600 LOOP
        PERFORM npcsim.tick_world(1, 0.5);
        UPDATE npcsim.npcs SET hunger = 90, hygiene = 90, fun = 90, energy = 90 WHERE i % 20 = 0;
        COMMIT;
    END LOOP;
END
$$;
SELECT cmp_ok((SELECT sum((e ->> 'times')::int) FROM jsonb_array_elements(pg_temp.events()) e WHERE e ->> 'type' = 'decided_for_you'), '>', 20::bigint, 'in five minutes the built-in mind decides often');
SELECT is((SELECT max(n) FROM (SELECT count(*) AS n FROM jsonb_array_elements(pg_temp.events()) e GROUP BY e ->> 'type', e ->> 'action', e ->> 'status') AS v), 1::bigint, 'of which each thing is told once');
SELECT cmp_ok(jsonb_array_length(pg_temp.events()), '<=', 3, 'however long nobody was there');
SELECT is((SELECT events_dropped FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc()), 0, 'nothing is lost for want of room');
SELECT is((SELECT array_agg(at ORDER BY i) = array_agg(at ORDER BY at) FROM (SELECT i, (e ->> 'at')::numeric AS at FROM jsonb_array_elements(pg_temp.events()) WITH ORDINALITY AS v(e, i)) AS v), true, 'in the order of the last times');
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
SELECT pg_temp.present();
-- A walk of its own is told by itself.
SELECT pg_temp.tell('Ada', '{"action": "move_direction", "direction": "north"}') IN ('applied', 'rejected NS211 cell is not free') AS walked;
SELECT npcsim.tick_world(1, 1);
SELECT is((SELECT count(*) FROM jsonb_array_elements(pg_temp.events()) e WHERE e ->> 'type' = 'movement_completed' AND NOT e ? 'decided_for_you'), 1::bigint, 'a walk that was the mind''s own is not among them');
SELECT pg_temp.tell('Ada', '{"action": "move_direction", "direction": "south"}') <> '' AS walked;
SELECT npcsim.tick_world(1, 1);
SELECT is((SELECT count(*) FROM jsonb_array_elements(pg_temp.events()) e WHERE e ->> 'type' = 'movement_completed' AND NOT e ? 'decided_for_you' AND NOT e ? 'times'), 2::bigint, 'and another one is told besides');
SELECT is(pg_temp.differences(1, npcsim.replay_world(1)), '', 'all of this is so in a replay');
SELECT * FROM finish();
