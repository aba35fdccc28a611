-- Tests when minds are asked, what happens while they think, fall silent or fail, and what they are told.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SELECT plan(86);

\ir lib/minds.sql
SELECT pg_temp.by_hand('decision_slots');
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
CREATE TEMP TABLE session AS
    SELECT (npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') ->> 'session_id')::bigint AS id;
SELECT pg_temp.present();

CREATE FUNCTION pg_temp.answer(decision jsonb, request bigint DEFAULT pg_temp.request()) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'status', r ->> 'code')
      FROM npcsim.submit_npc_decision(pg_temp.player(), decision || jsonb_build_object('request_id', request, 'npc_id', pg_temp.npc())) AS r
$$;
CREATE FUNCTION pg_temp.fail(reason text DEFAULT 'timeout') RETURNS void
LANGUAGE sql AS $$SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], ARRAY[reason])$$;
-- Requests are fetched in running worlds only; this one runs for as long as it takes.
CREATE FUNCTION pg_temp.claim() RETURNS SETOF json
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE npcsim.world_clock SET status = 'running';
    RETURN QUERY SELECT c.body FROM npcsim.claim_decisions('g1', ARRAY[(SELECT id FROM session)], '{8}') AS c;
    UPDATE npcsim.world_clock SET status = 'paused';
END
$$;
CREATE FUNCTION pg_temp.expire() RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    expired bigint;
BEGIN
    UPDATE npcsim.world_clock SET status = 'running';
    expired := npcsim_internal.expire_decisions();
    UPDATE npcsim.world_clock SET status = 'paused';
    RETURN expired;
END
$$;
-- An NPC as new; without other NPCs and items. It has all needs 100.
CREATE FUNCTION pg_temp.anew(policy text DEFAULT 'occasions') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.present();
    DELETE FROM npcsim.npcs;
    DELETE FROM npcsim.world_items;
    PERFORM npcsim.set_decision_policy(1, policy);
    PERFORM npcsim.create_npc(1, 'Ada', 20, 20, pg_temp.player());
END
$$;
-- Until it has just been asked, at most 4 s.
CREATE PROCEDURE pg_temp.until_asked()
LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 40 LOOP
        EXIT WHEN pg_temp.asked() <> 'not asked';
        PERFORM npcsim.tick_world(1, 0.1);
        COMMIT;
    END LOOP;
END
$$;

-- ---- asked when idle; nothing else is done while the answer is awaited ----
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
SELECT is(pg_temp.asked(), 'idle 0.0', 'the mind of an idle NPC is asked');
SELECT is(pg_temp.doing(), 'idle nobody', 'which stands meanwhile');
SELECT ok((SELECT decision_pending FROM npcsim.npcs), 'as everybody can see');
SELECT is((SELECT status FROM npcsim.decision_requests), 'open', 'the request is open');
SELECT is((SELECT count(*) FROM pg_temp.claim()), 1::bigint, 'it is handed out');
SELECT is((SELECT status FROM npcsim.decision_requests), 'sent', 'and sent then');
SELECT is_empty('SELECT * FROM pg_temp.claim()', 'once');
SELECT is(pg_temp.answer('{"action": "move_to", "parameters": {"x": 26, "y": 20}}'), 'applied', 'the answer');
SELECT is(pg_temp.doing(), 'moving mind', 'is done at once');
SELECT is((SELECT last_decision_time FROM npcsim.npcs), pg_temp.now() / 1e6::float8, 'and is a decision of now');
SELECT is(pg_temp.asked(), 'not asked', 'the request is closed');
SELECT npcsim.tick_world(1, 1.4);
SELECT is(pg_temp.asked(), 'not asked', 'on its way it is not asked');
SELECT npcsim.tick_world(1, 1.5);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'idle nobody, not asked', 'on arrival neither: 3 s have not passed');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.asked(), 'idle 0.0', 'then it is');

-- ---- the built-in mind steps in ----
SELECT npcsim.tick_world(1, 9.9);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'idle nobody, idle 9.9', 'a mind that is silent is waited for');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'wandering built_in, idle 10.0', 'for 10 s; then the built-in mind steps in');
SELECT ok('decided_for_you' = ANY (pg_temp.told()), 'and the mind is to be told');
SELECT is(pg_temp.answer('{"action": "move_to", "parameters": {"x": 40, "y": 20}}'), 'applied', 'its answer is still done');
SELECT is(pg_temp.doing(), 'moving mind', 'instead of what was begun for it');
SELECT pg_temp.anew();
SELECT npcsim.set_world_speed(1, 2.5);
CALL pg_temp.until_asked();
SELECT npcsim.tick_world(1, 24.9);
SELECT is(pg_temp.doing(), 'idle nobody', 'minds live in real time:');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.doing(), 'wandering built_in', 'at speed 2.5 the world waits 25 s');
SELECT npcsim.set_world_speed(1, 1);
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
UPDATE npcsim.npcs SET hunger = 21;
SELECT npcsim.tick_world(1, 0.3);
SELECT is(pg_temp.doing(), 'idle nobody', 'a need that is low is no reason not to wait');
SELECT npcsim.tick_world(1, 0.8);
SELECT is(pg_temp.doing(), 'wandering built_in', 'one that turns critical is');
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
SELECT pg_temp.answer('{"action": "continue"}');
SELECT npcsim.tick_world(1, 2.9);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'idle nobody, not asked', 'a mind may leave its NPC idle');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'idle nobody, idle 9.9', 'it is asked again, and waited for, from then on');

-- ---- occasions ----
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
SELECT is(pg_temp.answer('{"action": "wait"}'), 'applied', 'a mind may wait');
SELECT npcsim.tick_world(1, 20);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'waiting mind, not asked', 'and is not asked without an occasion');
UPDATE npcsim.npcs SET hunger = 52;
CREATE TEMP TABLE falls AS SELECT pg_temp.now() AS at, (ceil(2e6 / (pg_temp.state()).decay * 10) / 10)::float8 AS after;
SELECT npcsim.tick_world(1, after - 0.1) FROM falls;
SELECT is(pg_temp.asked(), 'not asked', 'while a need is above 50');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.asked(), 'need 0.0', 'when it falls below, the mind is asked');
SELECT pg_temp.answer('{"action": "wait"}');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.asked(), 'not asked', 'once');
UPDATE npcsim.npcs SET hunger = 20.5, hygiene = 100, fun = 100, energy = 100;
SELECT npcsim.tick_world(1, 0.6);
SELECT is(split_part(pg_temp.asked(), ' ', 1), 'need', 'and again when it falls below 20');
SELECT pg_temp.answer('{"action": "wait", "next_decision_in_s": 7}');
SELECT npcsim.tick_world(1, 6.9);
SELECT is(pg_temp.asked(), 'not asked', 'a mind may say when it wants to be asked:');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.asked(), 'interval 0.0', 'not sooner, not later');
SELECT pg_temp.answer('{"action": "wait", "next_decision_in_s": 0.5}');
SELECT npcsim.tick_world(1, 2.9);
SELECT is(pg_temp.asked(), 'not asked', 'though no more often');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.asked(), 'interval 0.0', 'than every 3 s');
SELECT pg_temp.answer('{"action": "wait", "parameters": {"duration": 5}}');
SELECT npcsim.tick_world(1, 4.9);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'waiting mind, not asked', 'a wait with an end');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'idle nobody, idle 0.0', 'ends in a question');

SELECT pg_temp.anew();
CALL pg_temp.until_asked();
SELECT npcsim.create_item(1, 'chair', 28, 20);
UPDATE npcsim.npcs SET hunger = 51;
SELECT pg_temp.answer(jsonb_build_object('action', 'sit', 'target_id', (SELECT id FROM npcsim.world_items)));
SELECT npcsim.tick_world(1, 2.9);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'interacting mind, not asked', 'a need that fell too soon to ask');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'interacting mind, need 0.0', 'is asked about when it may be, whatever the NPC does by then');

-- ---- policies ----
SELECT pg_temp.anew('interval');
CALL pg_temp.until_asked();
SELECT pg_temp.answer('{"action": "wait"}');
SELECT npcsim.tick_world(1, 2.9);
SELECT is(pg_temp.asked(), 'not asked', 'under "interval" a mind');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.asked(), 'interval 0.0', 'is asked every 3 s');
SELECT npcsim.tick_world(1, 5);
SELECT is(pg_temp.asked(), 'interval 5.0', 'one request at a time');
SELECT pg_temp.answer('{"action": "continue"}');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.asked(), 'interval 0.0', 'a slow one is asked again at once');
SELECT pg_temp.anew('none');
SELECT npcsim.tick_world(1, 60);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'idle nobody, not asked', 'under "none" nobody is asked and nobody decides');
SELECT is((pg_temp.state()).decision_at, NULL, 'nothing is due');
SELECT npcsim.set_decision_policy(1, 'occasions');
CALL pg_temp.until_asked();
SELECT is(pg_temp.asked(), 'idle 0.0', 'until the policy is another');
SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT is((SELECT count(*) FROM npcsim.decision_requests), 1::bigint, 'who is asked already is not asked twice');
SELECT pg_temp.answer('{"action": "wait"}');
SELECT isnt(npcsim.request_npc_decision(1, pg_temp.npc()), NULL, 'an operator asks whenever he likes');
SELECT is(pg_temp.asked(), 'requested 0.0', 'at once');

-- ---- failed, timed out, expired ----
SELECT pg_temp.fail('refused');
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'waiting mind, not asked', 'a mind that fails does not end what it began');
SELECT results_eq('SELECT status, detail, reason, decision, npc_id FROM npcsim.decision_log ORDER BY request_id DESC LIMIT 1',
                  $$SELECT 'failed'::text, 'refused'::text, 'requested'::text, NULL::jsonb, pg_temp.npc()$$, 'the log knows why it failed');
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
CREATE TEMP TABLE given_up AS SELECT pg_temp.request() AS request;
SELECT pg_temp.fail();
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'wandering built_in, not asked', 'for an idle NPC the built-in mind then decides');
SELECT ok('decided_for_you' = ANY (pg_temp.told()), 'and the mind is to be told');
SELECT is((SELECT status FROM npcsim.decision_log ORDER BY request_id DESC LIMIT 1), 'timeout', 'a time-out is logged as one');
SELECT is(pg_temp.answer('{"action": "move_to", "parameters": {"x": 1, "y": 1}}'), 'late', 'an answer that is late');
SELECT is(pg_temp.doing(), 'moving mind', 'is done when nothing newer was asked');
SELECT is(pg_temp.answer('{"action": "move_to", "parameters": {"x": 2, "y": 2}}'), 'duplicate', 'once');
SELECT is((SELECT array_agg(status ORDER BY finished_at_real) FROM npcsim.decision_log WHERE request_id = (SELECT request FROM given_up)), '{timeout,late}',
          'both are logged');
SELECT lives_ok($$SELECT pg_temp.fail()$$, 'what is finished does not fail');
SELECT is(pg_temp.doing(), 'moving mind', 'and nothing happens');
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
UPDATE given_up SET request = pg_temp.request();
SELECT pg_temp.fail();
SELECT npcsim.tick_world(1, 40);
CALL pg_temp.until_asked();
CREATE TEMP TABLE before_late AS SELECT pg_temp.state() AS state;
SELECT is(pg_temp.answer('{"action": "move_to", "parameters": {"x": 1, "y": 1}, "tokens": 7}', (SELECT request FROM given_up)), 'late',
          'when the mind was asked again meanwhile, an answer to the older question is late');
SELECT is(pg_temp.state(), (SELECT state FROM before_late), 'and is not done');
SELECT is(pg_temp.answer('{"action": "move_to", "parameters": {"x": 1, "y": 1}, "tokens": 7}', (SELECT request FROM given_up)), 'duplicate', 'the same again is known');
SELECT is((SELECT daily_token_output FROM npcsim.players), 7::bigint, 'it is credited, once');

SELECT is(pg_temp.expire(), 0::bigint, 'a young request does not expire');
UPDATE npcsim.decision_slots SET opened_at_real = opened_at_real - interval '61 s';
SELECT is(pg_temp.expire(), 0::bigint, 'nor an old one while its player is there');
SELECT pg_temp.present(0);
SELECT is(pg_temp.expire(), 1::bigint, 'when he is away it does');
SELECT is((SELECT detail FROM npcsim.decision_log ORDER BY finished_at_real DESC LIMIT 1), 'nobody fetched it', 'for the log to tell');
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
SELECT pg_temp.claim();
SELECT is(pg_temp.expire(), 0::bigint, 'a request that was sent');
UPDATE npcsim.decision_slots SET sent_at_real = sent_at_real - timeout_ms * interval '1 ms' - interval '6 s';
SELECT is(pg_temp.expire(), 1::bigint, 'expires some seconds after its time-out');
SELECT is(pg_temp.doing(), 'wandering built_in', 'as if its gateway had told');

-- ---- a mind that goes away ----
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
SELECT npcsim.client_disconnected((SELECT id FROM session));
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.asked(), 'not asked', 'the question to a mind that left is withdrawn');
SELECT is(pg_temp.doing(), 'wandering built_in', 'the built-in mind decides');
UPDATE session SET id = (npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') ->> 'session_id')::bigint;
SELECT pg_temp.present();
SELECT npcsim.tick_world(1, 4);
SELECT is(split_part(pg_temp.asked(), ' ', 1), 'idle', 'when it is back it is asked again');

-- ---- an answer for a state that has passed ----
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
SELECT pg_temp.answer('{"action": "move_to", "parameters": {"x": 30, "y": 20}}');
SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT npcsim.tick_world(1, 2.6);
UPDATE given_up SET request = pg_temp.request();
SELECT is(pg_temp.answer('{"action": "continue"}'), 'applied', '"continue" on a walk that is over is moot');
SELECT npcsim.tick_world(1, 0.5);
SELECT ok(pg_temp.asked() LIKE 'requested %' AND pg_temp.request() <> (SELECT request FROM given_up), 'the mind is asked again');
SELECT is(pg_temp.answer('{"action": "wait"}'), 'applied', 'now it may wait');

-- ---- what minds are told ----
SELECT pg_temp.anew();
CALL pg_temp.until_asked();
SELECT is(pg_temp.told(), '{}', 'a new NPC has nothing to tell');
SELECT is(pg_temp.answer('{"action": "dance"}'), 'rejected NS304', 'an answer that is none is refused');
SELECT npcsim.tick_world(1, 3);
SELECT is((SELECT jsonb_path_query_array(body::jsonb, '$.observations.events[*].message') FROM pg_temp.claim() AS body),
          '["there is no action \"dance\""]', 'as the mind is told with the next question');
SELECT pg_temp.answer('{"action": "move_direction", "parameters": {"direction": "east"}}');
SELECT npcsim.tick_world(1, 3);
SELECT is((SELECT jsonb_path_query_array(body::jsonb, '$.observations.events[*].type') FROM pg_temp.claim() AS body), '["movement_completed"]',
          'what happened since the last question is told');
SELECT npcsim.create_item(1, 'apple', 22, 20);
SELECT pg_temp.answer(jsonb_build_object('action', 'consume', 'target_id', (SELECT id FROM npcsim.world_items)));
SELECT is(pg_temp.told(), '{interaction_started}', 'and forgotten with the answer, what came later aside');
SELECT npcsim.tick_world(1, 6);
SELECT is(pg_temp.told(), '{interaction_started,interaction_finished}', 'until the next');
SELECT is((SELECT e - 'interaction_id' FROM npcsim.npc_minds m, jsonb_array_elements(m.events) AS e WHERE npc_id = pg_temp.npc() LIMIT 1) - 'target_id' - 'at',
          '{"type": "interaction_started", "interaction": "consume"}', 'with what there is to know');
SELECT pg_temp.answer('{"action": "wait"}');
DO $$
BEGIN
    FOR i IN 1 .. 40 LOOP
        PERFORM npcsim.request_npc_decision(1, pg_temp.npc());
        PERFORM pg_temp.answer('{"action": "cancel_interaction"}');
    END LOOP;
END
$$;
SELECT is((SELECT jsonb_array_length(events) FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc()), 32, 'at most 32 events are kept');
SELECT cmp_ok((SELECT events_dropped FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc()), '>=', 8, 'those dropped are counted');

SELECT * FROM finish();
