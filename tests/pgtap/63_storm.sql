-- Tests that requests, which cost players money, keep their distance, whatever becomes of them. It runs one colony after the other, each at a
-- speed of its own and with one type of mind: minds that fail, refuse, are late, vanish, come back, or change their player.
SET client_min_messages = warning;
\i docs/roles.sql
-- Every statement is a transaction of its own: who is there is looked up once per transaction.
SELECT plan(42);

CREATE SCHEMA storm;
-- Every question that was put, in world seconds.
CREATE TABLE storm.questions (n serial, world_id bigint, npc_id bigint, request_id bigint, reason text, at numeric);
CREATE FUNCTION storm.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storm.questions (world_id, npc_id, request_id, reason, at) VALUES (NEW.world_id, NEW.npc_id, NEW.request_id, NEW.reason, NEW.opened_at / 1e6);
    RETURN NULL;
END
$$;
CREATE TRIGGER storm_new AFTER INSERT ON npcsim.decision_slots FOR EACH ROW WHEN (NEW.status > 0) EXECUTE FUNCTION storm.note();
CREATE TRIGGER storm_next AFTER UPDATE ON npcsim.decision_slots FOR EACH ROW WHEN (NEW.status > 0 AND NEW.request_id <> OLD.request_id) EXECUTE FUNCTION storm.note();
-- What became of them: so many in a row of which nothing came, the last at that moment; 0, when an answer was carried out.
CREATE TABLE storm.outcomes (world_id bigint, npc_id bigint, request_id bigint, in_a_row integer, at numeric);
-- Each kind of mind is a player's, and has one NPC of that name.
CREATE TABLE storm.minds (world_id bigint, kind text, npc_id bigint, player_id bigint, other_id bigint, session_id bigint, in_a_row integer NOT NULL DEFAULT 0,
                          PRIMARY KEY (world_id, kind));

CREATE FUNCTION storm.world(name text) RETURNS bigint LANGUAGE sql AS $$SELECT npcsim.create_world(name, 60, 40, 7, preset => 'reference')$$;
CREATE FUNCTION storm.now(w bigint) RETURNS numeric LANGUAGE sql AS $$SELECT now / 1e6 FROM npcsim.world_moments WHERE world_id = w$$;
CREATE FUNCTION storm.connect(w bigint, player bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    session bigint := npcsim.client_connected('storm', player, w, 'compute') ->> 'session_id';
BEGIN
    PERFORM npcsim.update_player_heartbeat(player, '{"max_concurrency": 8}');
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour' WHERE id = session;
    RETURN session;
END
$$;
-- NPCs that are tired and have a chair beside them: the built-in mind lets each sit down before it gets its mind.
CREATE PROCEDURE storm.begin(w bigint, kinds text[]) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. cardinality(kinds) LOOP
        INSERT INTO storm.minds (world_id, kind, npc_id, player_id, other_id)
        SELECT w, kinds[i], npcsim.create_npc(w, kinds[i], 4 + 8 * ((i - 1) % 7), 4 + 8 * ((i - 1) / 7)), p.player_id, o.player_id
          FROM npcsim.create_player(w, kinds[i]) AS p, npcsim.create_player(w, 'other_' || kinds[i]) AS o;
        PERFORM npcsim.create_item(w, 'chair', 5 + 8 * ((i - 1) % 7), 4 + 8 * ((i - 1) / 7));
    END LOOP;
    UPDATE npcsim.npcs SET energy = 10, hunger = 60 WHERE world_id = w;
    PERFORM npcsim.tick_world(w, 10);
    UPDATE storm.minds SET session_id = storm.connect(w, player_id) WHERE world_id = w;
    PERFORM storm.connect(w, other_id) FROM storm.minds WHERE world_id = w;
    PERFORM npcsim.assign_npc_to_player(w, npc_id, player_id) FROM storm.minds WHERE world_id = w;
    COMMIT;
END
$$;
CREATE FUNCTION storm.became(m storm.minds, request bigint, now_in_a_row integer) RETURNS void LANGUAGE sql AS $$
    UPDATE storm.minds SET in_a_row = now_in_a_row WHERE world_id = m.world_id AND kind = m.kind;
    INSERT INTO storm.outcomes VALUES (m.world_id, m.npc_id, request, now_in_a_row, storm.now(m.world_id));
$$;
CREATE FUNCTION storm.failed(m storm.minds, player bigint, request bigint, reason text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.fail_decisions(ARRAY[player], ARRAY[request], ARRAY[reason]);
    PERFORM storm.became(m, request, m.in_a_row + 1);
END
$$;
CREATE FUNCTION storm.answer(m storm.minds, player bigint, request bigint, decision jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    status text := npcsim.submit_npc_decision(player, decision || jsonb_build_object('request_id', request)) ->> 'status';
BEGIN
    IF status IN ('applied', 'rejected') THEN
        PERFORM storm.became(m, request, CASE status WHEN 'applied' THEN 0 ELSE m.in_a_row + 1 END);
    END IF;
END
$$;
-- What a mind makes of its question, which is open for so many real seconds.
CREATE PROCEDURE storm.decide(m storm.minds, player bigint, request bigint, waits numeric) LANGUAGE plpgsql AS $$
BEGIN
    CASE m.kind
        WHEN 'refused' THEN PERFORM storm.answer(m, player, request, '{"action": "dance"}');
        WHEN 'wandering' THEN PERFORM storm.answer(m, player, request, '{"action": "wander"}');
        WHEN 'stuck' THEN
            PERFORM storm.answer(m, player, request, jsonb_build_object('action', CASE state WHEN 'interacting' THEN 'wander' ELSE 'cancel_interaction' END)) FROM npcsim.npcs WHERE id = m.npc_id AND world_id = m.world_id;
        WHEN 'late' THEN
            IF waits >= 10 THEN
                PERFORM storm.failed(m, player, request, 'timeout'), storm.answer(m, player, request, '{"action": "wander"}');
            END IF;
        WHEN 'silent' THEN
            IF waits >= 10 THEN
                PERFORM storm.failed(m, player, request, 'timeout');
            END IF;
        WHEN 'recovering' THEN
            IF m.in_a_row < 3 THEN
                PERFORM storm.failed(m, player, request, '{broken}');
            ELSE
                PERFORM storm.answer(m, player, request, '{"action": "continue"}');
            END IF;
        WHEN 'eager' THEN PERFORM storm.answer(m, player, request, '{"action": "continue", "next_decision_in_s": 0}');
        WHEN 'waking' THEN
            PERFORM storm.answer(m, player, request, '{"action": "wander", "wake_on": ["movement_completed", "plan_failed", "decision_rejected", "interaction_cancelled"]}');
        WHEN 'planning' THEN
            PERFORM storm.answer(m, player, request, '{"action": "wander", "then": [{"action": "cancel_interaction"}]}');
        ELSE PERFORM storm.failed(m, player, request, '{broken}');
    END CASE;
END
$$;
-- Players come and go in between, and so do their NPCs: that of 'reassigned' each half second, that of 'reconnecting' loses its mind and has it back.
CREATE FUNCTION storm.change(m storm.minds, step integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF m.kind = 'reassigned' THEN
        PERFORM npcsim.assign_npc_to_player(m.world_id, m.npc_id, CASE step % 2 WHEN 0 THEN m.player_id ELSE m.other_id END);
    ELSIF m.kind = 'abandoned' THEN
        PERFORM npcsim.assign_npc_to_player(m.world_id, m.npc_id, CASE step % 2 WHEN 0 THEN m.player_id END);
    ELSIF m.kind = 'reconnecting' OR m.kind = 'vanishing' AND step % 20 = 10 THEN
        PERFORM npcsim.client_disconnected(m.session_id);
    END IF;
    IF m.kind = 'reconnecting' AND step % 3 > 0 OR m.kind = 'vanishing' AND step % 20 = 0 THEN
        UPDATE storm.minds SET session_id = storm.connect(m.world_id, m.player_id) WHERE world_id = m.world_id AND kind = m.kind;
    END IF;
END
$$;
CREATE PROCEDURE storm.live(w bigint, speed double precision, seconds integer) LANGUAGE plpgsql AS $$
DECLARE
    m storm.minds;
    asked record;
BEGIN
    FOR step IN 1 .. seconds * 2 LOOP
        PERFORM npcsim.tick_world(w, 0.5 * speed);
        COMMIT;
        PERFORM storm.change(s, step) FROM storm.minds s WHERE s.world_id = w AND s.kind IN ('reassigned', 'abandoned', 'reconnecting', 'vanishing');
        COMMIT;
        FOR asked IN SELECT r.npc_id, r.player_id, r.request_id, r.opened_at FROM npcsim.decision_requests r WHERE r.world_id = w ORDER BY r.npc_id LOOP
            SELECT s.* INTO m FROM storm.minds s WHERE s.world_id = w AND s.npc_id = asked.npc_id;
            CALL storm.decide(m, asked.player_id, asked.request_id, (storm.now(w) - asked.opened_at::numeric) / speed::numeric);
        END LOOP;
        COMMIT;
    END LOOP;
END
$$;
CREATE FUNCTION storm.kind(w bigint, npc bigint) RETURNS text LANGUAGE sql AS $$SELECT kind FROM storm.minds WHERE world_id = w AND npc_id = npc$$;
-- Questions that came sooner after the last one than any may but invitations and messages.
CREATE FUNCTION storm.too_soon(w bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s: %s at %s, %s s after %s', storm.kind(w, npc_id), reason, at, at - before, was)
      FROM (SELECT q.*, lag(at) OVER those AS before, lag(reason) OVER those AS was FROM storm.questions q WHERE world_id = w WINDOW those AS (PARTITION BY npc_id ORDER BY n)) AS q
     WHERE at - before < 3 AND reason NOT IN ('bid', 'message')
$$;
-- Questions that came sooner after failures than those allow: times are of real time, where that is longer.
CREATE FUNCTION storm.unabashed(w bigint, speed double precision) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s: %s at %s, after failure %s at %s', storm.kind(w, npc_id), q.reason, q.at, o.in_a_row, o.at)
      FROM storm.questions q CROSS JOIN LATERAL (SELECT * FROM storm.outcomes o WHERE o.world_id = w AND o.npc_id = q.npc_id AND o.request_id < q.request_id
                                                  ORDER BY o.request_id DESC LIMIT 1) AS o (world, npc, request, in_a_row, at)
     WHERE q.world_id = w AND storm.kind(w, npc_id) NOT IN ('reassigned', 'abandoned') AND q.reason NOT IN ('bid', 'message')
       AND o.in_a_row > 0 AND q.at < o.at + (ARRAY[3, 6, 12, 24, 48, 60])[least(o.in_a_row, 6)] * greatest(speed, 1)::numeric
$$;
-- How often a mind was asked what can wait.
CREATE FUNCTION storm.asked(w bigint, wanted text) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM storm.questions q JOIN storm.minds m USING (world_id, npc_id) WHERE world_id = w AND kind = wanted AND reason NOT IN ('bid', 'message')
$$;
-- Most questions of some reasons within a minute of real time.
CREATE FUNCTION storm.most_in_a_minute(w bigint, speed double precision, reasons text[]) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(max(c), 0) FROM storm.questions q, LATERAL (SELECT count(*) AS c FROM storm.questions o
      WHERE o.world_id = w AND o.npc_id = q.npc_id AND o.reason = ANY (reasons) AND o.at >= q.at AND o.at < q.at + 60 * greatest(speed, 1)::numeric) AS c
     WHERE q.world_id = w AND q.reason = ANY (reasons)
$$;

SELECT npcsim.register_gateway('storm');
CREATE TABLE storm.colonies (n integer PRIMARY KEY, speed double precision, policy text, world bigint);
INSERT INTO storm.colonies VALUES (1, 1, 'occasions'), (2, 0.5, 'occasions'), (3, 20, 'occasions'), (4, 1, 'interval');
UPDATE storm.colonies SET world = storm.world('storm ' || n);
SELECT npcsim.set_world_speed(world, speed), npcsim.set_decision_policy(world, policy) FROM storm.colonies;
SELECT format('CALL storm.begin(%s, %L)', world, '{broken,refused,wandering,late,silent,recovering,eager,waking,planning,vanishing,reconnecting,reassigned,abandoned}')
  FROM storm.colonies ORDER BY n \gexec
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE world_id IN (SELECT world FROM storm.colonies) AND state = 'interacting' AND decider = 'built_in' AND name <> 'abandoned'), 48::bigint,
          'the built-in mind lets them sit down');
SELECT format('CALL storm.live(%s, %s, 110)', world, speed) FROM storm.colonies ORDER BY n \gexec

SELECT is_empty(format('SELECT storm.too_soon(%s)', world), format('speed %s, %s: no question comes within 3 s of the last', speed, policy)) FROM storm.colonies ORDER BY n;
SELECT is_empty(format('SELECT storm.unabashed(%s, %s)', world, speed), format('speed %s, %s: who fails is asked 3, 6, 12, 24, 48, 60 s of real time later at the soonest', speed, policy))
  FROM storm.colonies ORDER BY n;
SELECT is_empty(format($$SELECT m.kind, m.in_a_row, n.failures FROM storm.minds m JOIN npcsim.npc_minds n USING (world_id, npc_id)
                          WHERE world_id = %s AND kind NOT IN ('reassigned', 'abandoned') AND n.failures <> least(m.in_a_row, 6)$$, world),
                format('speed %s, %s: failures in a row are counted, until an answer is carried out', speed, policy)) FROM storm.colonies ORDER BY n;
SELECT is_empty(format($$SELECT kind FROM storm.minds m WHERE world_id = %s AND (SELECT count(*) FROM storm.questions q WHERE q.world_id = m.world_id AND q.npc_id = m.npc_id) < 3$$, world),
                format('speed %s, %s: everyone is asked all the same', speed, policy)) FROM storm.colonies ORDER BY n;
SELECT is_empty(format($$SELECT kind, storm.asked(world_id, kind) FROM storm.minds WHERE world_id = %s AND kind IN ('broken', 'refused', 'vanishing', 'reconnecting', 'late', 'silent')
                            AND storm.asked(world_id, kind) > 7$$, world),
                format('speed %s, %s: 110 s of no use cost a few questions', speed, policy)) FROM storm.colonies ORDER BY n;

-- ---- who fails does not starve ----
SELECT storm.world('famine') AS famine \gset
CALL storm.begin(:famine, '{broken,refused,stuck,silent}');
-- Wherever it is, there is an apple in sight.
SELECT npcsim.create_item(:famine, 'apple', gx, gy) FROM generate_series(2, 58, 4) AS gx, generate_series(2, 38, 4) AS gy, npcsim.world_terrain t
 WHERE t.world_id = :famine AND get_bit(t.blocked, gy * 60 + gx) = 0 AND NOT EXISTS (SELECT FROM npcsim.items i WHERE i.world_id = :famine AND (i.x, i.y) = (gx, gy))
   AND NOT EXISTS (SELECT FROM npcsim.npcs n WHERE n.world_id = :famine AND (n.position_x, n.position_y) = (gx, gy));
UPDATE npcsim.npcs SET hunger = 22 WHERE world_id = :famine;
CALL storm.live(:famine, 1, 110);
SELECT is_empty(format('SELECT kind, storm.asked(world_id, kind) FROM storm.minds WHERE world_id = %s AND storm.asked(world_id, kind) >= 15', :famine), 'who sits while its mind fails is not asked again and again');
SELECT is_empty(format('SELECT name, hunger FROM npcsim.npcs WHERE world_id = %s AND hunger < 10', :famine), 'and the built-in mind lets it eat');

-- ---- what cannot wait ----
-- Bo invites Ada as often as it may; Ada's mind says no to each, and would be asked each time.
CREATE PROCEDURE storm.invite(w bigint, speed double precision, seconds integer) LANGUAGE plpgsql AS $$
DECLARE
    asked bigint;
    m storm.minds;
BEGIN
    FOR step IN 1 .. seconds * 2 LOOP
        SELECT s.* INTO m FROM storm.minds s WHERE s.world_id = w AND s.kind = 'bo';
        asked := npcsim.request_npc_decision(w, m.npc_id);
        PERFORM npcsim.submit_npc_decision(m.player_id, jsonb_build_object('request_id', asked, 'action', 'start_conversation', 'target_id', s.npc_id))
           FROM storm.minds s WHERE s.world_id = w AND s.kind = 'ada';
        COMMIT;
        PERFORM npcsim.tick_world(w, 0.5 * speed);
        COMMIT;
        PERFORM npcsim.submit_npc_decision(r.player_id, jsonb_build_object('request_id', r.request_id, 'action', 'batch_reject_interaction_bids', 'ids', '*', 'reason', 'no'))
           FROM npcsim.decision_requests r JOIN storm.minds s USING (world_id, npc_id) WHERE r.world_id = w AND s.kind = 'ada';
        COMMIT;
    END LOOP;
END
$$;
-- Bo talks without end; Ada's mind says nothing of use to it.
CREATE PROCEDURE storm.talk(w bigint, speed double precision, seconds integer) LANGUAGE plpgsql AS $$
DECLARE
    ada storm.minds := (SELECT s FROM storm.minds s WHERE s.world_id = w AND s.kind = 'ada');
    bo storm.minds := (SELECT s FROM storm.minds s WHERE s.world_id = w AND s.kind = 'bo');
BEGIN
    PERFORM npcsim.submit_npc_decision(bo.player_id, jsonb_build_object('request_id', npcsim.request_npc_decision(w, bo.npc_id), 'action', 'start_conversation', 'target_id', ada.npc_id));
    COMMIT;
    PERFORM npcsim.tick_world(w, 0.1);
    COMMIT;
    PERFORM npcsim.submit_npc_decision(ada.player_id, jsonb_build_object('request_id', npcsim.request_npc_decision(w, ada.npc_id), 'action', 'respond_to_interaction_bid', 'accept', true,
                'bid_id', (SELECT id FROM npcsim.interaction_bid_rows WHERE world_id = w)));
    COMMIT;
    FOR step IN 1 .. seconds LOOP
        PERFORM npcsim.submit_npc_decision(bo.player_id, jsonb_build_object('request_id', npcsim.request_npc_decision(w, bo.npc_id), 'action', 'act_in_interaction', 'parameters', '{"message": "and"}'::jsonb));
        COMMIT;
        PERFORM npcsim.tick_world(w, 1 * speed);
        COMMIT;
        PERFORM npcsim.submit_npc_decision(r.player_id, jsonb_build_object('request_id', r.request_id, 'action', 'continue'))
           FROM npcsim.decision_requests r WHERE r.world_id = w AND r.npc_id = ada.npc_id;
        COMMIT;
    END LOOP;
END
$$;
INSERT INTO storm.colonies SELECT 10 + row_number() OVER (ORDER BY speed, doing), speed, doing, storm.world(format('%s %s', doing, speed))
  FROM unnest('{1,20}'::integer[]) AS speed, unnest('{invite,talk}'::text[]) AS doing;
SELECT npcsim.set_world_speed(world, speed) FROM storm.colonies WHERE n > 10;
SELECT format('CALL storm.begin(%s, %L)', world, '{ada,bo}') FROM storm.colonies WHERE n > 10 ORDER BY n \gexec
SELECT format('UPDATE npcsim.npcs SET energy = 100, position_x = 30 + 2 * (name = %L)::integer, position_y = 20 WHERE world_id = %s', 'bo', world) FROM storm.colonies WHERE n > 10 ORDER BY n \gexec
SELECT format('CALL storm.%s(%s, %s, 90)', policy, world, speed) FROM storm.colonies WHERE n > 10 ORDER BY n \gexec
SELECT is(storm.most_in_a_minute(world, speed, '{bid,message}'), 20::bigint, format('speed %s, %s: a mind is asked what cannot wait 20 times a minute of real time, and no more', speed, policy))
  FROM storm.colonies WHERE n > 10 ORDER BY n;
SELECT is_empty(format($$SELECT q FROM storm.too_soon(%s) AS q WHERE q LIKE 'ada:%%'$$, world), format('speed %s, %s: all else keeps its distance', speed, policy)) FROM storm.colonies WHERE n > 10 ORDER BY n;
-- The built-in mind says yes.
SELECT isnt_empty(format($$SELECT FROM npcsim.npc_minds, jsonb_array_elements(events) AS e WHERE world_id = %s AND e ->> 'type' = 'decided_for_you'$$, world),
                  format('speed %s, %s: beyond that it is decided for it', speed, policy)) FROM storm.colonies WHERE n > 10 AND policy = 'invite' ORDER BY n;

SELECT is_empty(format('SELECT * FROM npcsim.world_differences(%s, npcsim.replay_world(%s))', world, world), format('speed %s, %s: a replay does the same', speed, policy))
  FROM (SELECT * FROM storm.colonies UNION ALL SELECT 5, 1, 'famine', :famine) AS c ORDER BY n;
SELECT * FROM finish();
