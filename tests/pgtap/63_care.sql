-- Tests an NPC whose mind is there but silent, fails, is refused or has gone: whatever the NPC was doing, the built-in mind gets it out of
-- that and serves the lowest need within a known time; and nothing that its mind began ends without cause.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT plan(106);

\ir lib/minds.sql
\ir lib/bids.sql
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'bo');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') FROM npcsim.players;
INSERT INTO npcsim.interaction_types (world_id, name, description, target, need_rates, needs_adjacency, min_participants, max_participants, parameters) VALUES
    (1, 'dance', 'Dance', 'npc', '{"fun": 5}', false, 2, 4, '{}'), (1, 'play', 'Play a game', 'item', '{"fun": 5}', true, 2, 4, '{"message": {"type": "string", "default": "…"}}');
INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, 'table', '{"usable": {"interactions": ["play"]}}'), (1, 'mat', '{"sittable": {"need_rates": {"energy": 0.1}}}');

-- Ada's mind and Bo's, who says "continue" to all that he is asked and is what one does something with; an apple and a chair.
CREATE FUNCTION pg_temp.anew() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.present();
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
    DELETE FROM npcsim.npcs;
    DELETE FROM npcsim.world_items;
    PERFORM npcsim.set_world_speed(1, 1);
    PERFORM npcsim.create_npc(1, 'Ada', 20, 20, pg_temp.player('ada')), npcsim.create_npc(1, 'Bo', 22, 20, pg_temp.player('bo'));
    PERFORM npcsim.create_item(1, t, x, y) FROM (VALUES ('chair', 20, 21), ('table', 21, 19), ('mat', 19, 21)) AS v(t, x, y);
    PERFORM pg_temp.tell('Bo', '{"action": "wait"}', 'bo');
END
$$;
CREATE FUNCTION pg_temp.item(wanted text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.world_items WHERE world_id = 1 AND item_type = wanted ORDER BY id LIMIT 1$$;
CREATE FUNCTION pg_temp.need(value double precision) RETURNS void LANGUAGE sql AS $$UPDATE npcsim.npcs SET hunger = value, hygiene = 100, fun = 100, energy = 100 WHERE name = 'Ada'$$;
-- What Ada's mind does for so many seconds, looked at five times a second: failing, refusing, attentive, which says "continue" to all; else
-- it is silent. Content and attentive: she lacks nothing.
CREATE PROCEDURE pg_temp.live(seconds double precision, how text, until text DEFAULT 'false') LANGUAGE plpgsql AS $$
DECLARE
    over boolean;
    asked record;
BEGIN
    FOR i IN 1 .. (seconds * 5)::integer LOOP
        PERFORM npcsim.tick_world(1, 0.2);
        COMMIT;
        FOR asked IN SELECT r.request_id, r.player_id, n.name, n.state FROM npcsim.decision_requests r JOIN npcsim.npcs n ON n.id = r.npc_id LOOP
            IF asked.name = 'Bo' THEN
                PERFORM npcsim.submit_npc_decision(asked.player_id, jsonb_build_object('request_id', asked.request_id, 'action', 'continue'));
            ELSIF how = 'attentive' THEN
                PERFORM npcsim.submit_npc_decision(asked.player_id, jsonb_build_object('request_id', asked.request_id, 'action', 'continue'));
            ELSIF how = 'failing' THEN
                PERFORM npcsim.fail_decisions(ARRAY[asked.player_id], ARRAY[asked.request_id], '{"no connection"}');
            ELSIF how = 'refusing' THEN
                PERFORM npcsim.submit_npc_decision(asked.player_id, jsonb_build_object('request_id', asked.request_id,
                    'action', CASE WHEN asked.state IN ('interacting', 'requesting') THEN 'wander' ELSE 'cancel_interaction' END));
            END IF;
        END LOOP;
        COMMIT;
        IF how IN ('attentive', 'content') AND i % 25 = 0 THEN
            PERFORM pg_temp.need(100);
            COMMIT;
        END IF;
        EXECUTE 'SELECT ' || until INTO over;
        EXIT WHEN over;
    END LOOP;
END
$$;
-- Ada's mind brings her into it, Bo's answers.
CREATE PROCEDURE pg_temp.into(way text) LANGUAGE plpgsql AS $$
DECLARE
    decision jsonb := CASE way
        WHEN 'idle' THEN '{"action": "wait", "duration": 0.1}'
        WHEN 'moving' THEN '{"action": "move_to", "x": 24, "y": 23}'
        WHEN 'wandering' THEN '{"action": "wander"}'
        WHEN 'waiting' THEN '{"action": "wait"}'
        WHEN 'sitting' THEN jsonb_build_object('action', 'sit', 'target_id', pg_temp.item('chair'))
        WHEN 'resting' THEN jsonb_build_object('action', 'sit', 'target_id', pg_temp.item('mat'))
        WHEN 'talking' THEN jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.npc('Bo'), 'message', 'Hello')
        WHEN 'requesting' THEN jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.npc('Bo'))
        WHEN 'dancing' THEN jsonb_build_object('action', 'dance', 'target_id', pg_temp.npc('Bo'))
        WHEN 'playing' THEN jsonb_build_object('action', 'play', 'target_id', pg_temp.item('table'), 'participants', jsonb_build_array(pg_temp.npc('Bo')))
    END;
    told text;
BEGIN
    told := pg_temp.tell('Ada', decision);
    IF told <> 'applied' THEN
        RAISE EXCEPTION '%: %', way, told;
    END IF;
    COMMIT;
    PERFORM npcsim.tick_world(1, CASE way WHEN 'playing' THEN 0.5 ELSE 0.2 END); -- she has to go to the table
    COMMIT;
    IF way IN ('talking', 'dancing', 'playing') THEN
        PERFORM pg_temp.answer('Bo', pg_temp.bid('Ada'), true, NULL, 'bo');
        COMMIT;
    END IF;
END
$$;
-- How long it took until something was so, in seconds; NULL: it was not in time.
CREATE TEMP TABLE took (what text, seconds numeric);
CREATE PROCEDURE pg_temp.measure(what text, how text, most double precision, until text) LANGUAGE plpgsql AS $$
DECLARE
    since bigint := pg_temp.now();
    so boolean;
BEGIN
    CALL pg_temp.live(most, how, until);
    EXECUTE 'SELECT ' || until INTO so;
    DELETE FROM took WHERE took.what = measure.what;
    INSERT INTO took VALUES (what, CASE WHEN so THEN round((pg_temp.now() - since) / 1e6::numeric, 1) END);
END
$$;
CREATE FUNCTION pg_temp.took(wanted text) RETURNS numeric LANGUAGE sql AS $$SELECT seconds FROM took WHERE what = wanted$$;

-- ---- whatever it does, whatever its mind does: it eats ----
-- An apple is near; her mind was asked, by an operator, and gives no good answer. Being hungry for 20 s longer than it has to is allowed for walks.
CREATE PROCEDURE pg_temp.starve(way text, how text, most double precision) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.anew();
    PERFORM npcsim.create_item(1, 'apple', x, y) FROM (VALUES (18, 18), (10, 20), (30, 20), (20, 10), (20, 30)) AS v(x, y);
    COMMIT;
    CALL pg_temp.into(way);
    PERFORM pg_temp.need(15);
    PERFORM npcsim.request_npc_decision(1, pg_temp.npc('Ada'));
    COMMIT;
    IF how = 'gone' THEN
        UPDATE npcsim.sessions SET heartbeat_at_real = '-infinity' WHERE player_id = pg_temp.player('ada');
        COMMIT;
    END IF;
    CALL pg_temp.measure('eating', how, most, $q$EXISTS (SELECT FROM npcsim.npcs n JOIN npcsim.interactions i ON i.id = n.interaction_id WHERE n.name = 'Ada' AND i.interaction_type = 'consume')$q$);
END
$$;
SELECT format('CALL pg_temp.starve(%L, %L, 70)', way, how), format('SELECT cmp_ok(pg_temp.took(%L), %L, 55.0, %L)', 'eating', '<', format('%s, and its mind is %s: it eats', way, how)),
       format($q$SELECT ok('decided_for_you' = ANY (pg_temp.told()), 'and its mind is told')$q$) AS told
  FROM unnest('{idle,moving,wandering,waiting,sitting,talking,requesting,dancing,playing}'::text[]) WITH ORDINALITY AS w(way, i),
       unnest('{silent,failing,refusing,gone}'::text[]) WITH ORDINALITY AS h(how, j) ORDER BY i, j \gexec

-- ---- not sooner than that ----
CREATE PROCEDURE pg_temp.brought(way text, hunger double precision DEFAULT 100) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.anew();
    COMMIT;
    CALL pg_temp.into(way);
    PERFORM pg_temp.need(hunger);
    COMMIT;
END
$$;
CREATE FUNCTION pg_temp.question() RETURNS void LANGUAGE sql AS $$SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ada'))$$;
CREATE FUNCTION pg_temp.last_told() RETURNS jsonb LANGUAGE sql AS $$
    SELECT e - 'at' FROM npcsim.npc_minds m, jsonb_array_elements(m.events) WITH ORDINALITY AS v(e, i) WHERE npc_id = pg_temp.npc('Ada') AND e ->> 'type' = 'decided_for_you' ORDER BY i DESC LIMIT 1
$$;
CALL pg_temp.brought('sitting', 15);
SELECT pg_temp.question();
CALL pg_temp.live(29.8, 'silent');
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'a mind that is silent is waited for');
CALL pg_temp.live(0.2, 'silent');
SELECT is((pg_temp.state('Ada')).interaction_id, NULL, 'for 30 s, while it sits and is hungry; then it stands up');
SELECT is(pg_temp.last_told(), '{"type": "decided_for_you", "action": "cancel_interaction"}', 'of which its mind is told');
CALL pg_temp.brought('waiting', 15);
SELECT pg_temp.question();
CALL pg_temp.live(29.8, 'failing');
SELECT is(pg_temp.doing('Ada'), 'waiting mind', 'so is one that fails');
CALL pg_temp.live(0.4, 'failing');
SELECT isnt(pg_temp.doing('Ada'), 'waiting mind', 'and no longer');
CALL pg_temp.brought('sitting', 15);
SELECT npcsim.set_world_speed(1, 2), pg_temp.question();
CALL pg_temp.live(59.8, 'silent');
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'minds live in real time: at speed 2 it is 60 s of the world');
CALL pg_temp.live(0.4, 'silent');
SELECT is((pg_temp.state('Ada')).interaction_id, NULL, 'then it stands up');
CALL pg_temp.brought('sitting', 15);
SELECT pg_temp.question();
CALL pg_temp.live(20, 'silent');
SELECT is(npcsim.submit_npc_decision(pg_temp.player('ada'), jsonb_build_object('npc_id', pg_temp.npc('Ada'), 'action', 'continue')) ->> 'status', 'applied', 'a mind that is heard of');
SELECT pg_temp.question();
CALL pg_temp.live(29.8, 'refusing');
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'is waited for anew');
CALL pg_temp.live(3, 'refusing');
SELECT is((pg_temp.state('Ada')).interaction_id, NULL, 'what is refused is no word from it');
-- What it does may be what it needs most.
CALL pg_temp.brought('resting', 15);
UPDATE npcsim.npcs SET energy = 0, hunger = 33 * (pg_temp.state('Ada')).decay / 1e6 + 5 WHERE name = 'Ada';
SELECT pg_temp.question();
CALL pg_temp.live(33, 'silent');
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'who is more tired than hungry goes on sitting');
-- It need not have been asked before.
CALL pg_temp.brought('sitting', 15);
CALL pg_temp.live(35, 'silent');
SELECT isnt(pg_temp.doing('Ada'), 'interacting mind', 'an operator who makes an NPC hungry has its mind asked about it');
SELECT pg_temp.anew();
UPDATE npcsim.npcs SET hunger = 15, hygiene = 15, fun = 15, energy = 15 WHERE name = 'Ada';
CALL pg_temp.into('waiting');
CALL pg_temp.live(29, 'silent');
SELECT is(pg_temp.doing('Ada') || ', ' || pg_temp.asked('Ada'), 'waiting mind, not asked', 'a mind may let its NPC be hungry');
CALL pg_temp.live(2, 'silent');
SELECT matches(pg_temp.asked('Ada'), '^need ', 'but is asked about that after 30 s');
SELECT is(npcsim.submit_npc_decision(pg_temp.player('ada'), jsonb_build_object('npc_id', pg_temp.npc('Ada'), 'action', 'continue')) ->> 'status', 'applied', 'it knows');
CALL pg_temp.live(60, 'silent');
SELECT is(pg_temp.doing('Ada') || ', ' || pg_temp.asked('Ada'), 'waiting mind, not asked', 'and is asked once');

-- ---- without a word ----
CALL pg_temp.brought('talking');
CALL pg_temp.live(59.6, 'content');
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'in a conversation');
CALL pg_temp.live(0.4, 'content');
SELECT is((SELECT count(*) FROM npcsim.interaction_runs), 0::bigint, 'they are for 60 s without a word from anybody');
SELECT is(pg_temp.last_told(), '{"type": "decided_for_you", "action": "cancel_interaction"}', 'as the mind is told whose NPC leaves');
SELECT is('decided_for_you' = ANY (pg_temp.told('Bo')), false, 'but not the other');
CALL pg_temp.brought('talking');
CALL pg_temp.live(50, 'content');
SELECT is(pg_temp.tell('Bo', '{"action": "act_in_interaction", "message": "Are you there?"}', 'bo'), 'applied', 'when the other one says something');
CALL pg_temp.live(59.6, 'content');
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'the time begins anew');
CALL pg_temp.live(0.6, 'content');
SELECT is((SELECT count(*) FROM npcsim.interaction_runs), 0::bigint, 'and ends as before');
CALL pg_temp.brought('talking');
SELECT npcsim.set_world_speed(1, 2);
CALL pg_temp.live(100, 'content');
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'at speed 2 it is 120 s of the world');
CALL pg_temp.live(21, 'content');
SELECT is((SELECT count(*) FROM npcsim.interaction_runs), 0::bigint, 'and no more');

-- ---- what goes on ----
SELECT format('CALL pg_temp.brought(%L)', way), 'SELECT pg_temp.question()', 'CALL pg_temp.live(40, ''content'')', format('SELECT is(pg_temp.doing(%L), %L, %L)', 'Ada', becomes, way || ' goes on while nothing is needed')
  FROM (VALUES ('waiting', 'waiting mind'), ('sitting', 'interacting mind'), ('dancing', 'interacting mind'), ('playing', 'interacting mind')) AS v(way, becomes) \gexec
CALL pg_temp.brought('playing');
CALL pg_temp.live(70, 'attentive');
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'a game goes on without words while no mind is silent');
SELECT pg_temp.question();
CALL pg_temp.live(61, 'content');
SELECT isnt(pg_temp.doing('Ada'), 'interacting mind', 'and is left when one is, and nobody does anything');

-- ---- what the built-in mind began ----
SELECT pg_temp.anew(), npcsim.create_item(1, 'apple', 18, 18);
UPDATE npcsim.npcs SET energy = 30, hunger = 60 WHERE name = 'Ada';
SELECT pg_temp.question();
CALL pg_temp.live(14, 'silent');
SELECT is(pg_temp.doing('Ada') || ', ' || split_part(pg_temp.asked('Ada'), ' ', 1), 'interacting built_in, requested', 'one that the built-in mind let sit down, and whose mind still thinks');
CALL pg_temp.measure('resting', 'silent', 20, $$(pg_temp.state('Ada')).interaction_id IS NULL$$);
SELECT isnt(pg_temp.took('resting'), NULL, 'gets up when it has rested, as anybody does');
SELECT is(pg_temp.differences(1, npcsim.replay_world(1)), '', 'all of this is so in a replay');
SELECT * FROM finish();
