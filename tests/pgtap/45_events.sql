-- Tests world events: what happened is recorded, in order and without gaps, with what players say among it, and clients are told of it.
-- Every statement is a transaction of its own.
SELECT no_plan();
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('world_event_log');
SET jit = off; -- of tables that are new the planner thinks much

SELECT npcsim.create_world('Meadow', 30, 20, 7, preset => 'reference');
CREATE FUNCTION pg_temp.events(after bigint, wanted bigint DEFAULT 1)
    RETURNS TABLE (kind text, npc bigint, target bigint, x integer, y integer, clock float8, data jsonb)
LANGUAGE sql AS $$
    SELECT e.kind, e.npc_id, e.target_id, e.position_x, e.position_y, e.clock, e.data
      FROM npcsim.world_events e WHERE e.world_id = wanted AND e.sequence > after ORDER BY e.sequence
$$;
CREATE FUNCTION pg_temp.last(wanted bigint DEFAULT 1) RETURNS bigint
LANGUAGE sql AS $$SELECT coalesce(max(sequence), 0) FROM npcsim.world_events WHERE world_id = wanted$$;
CREATE TEMP TABLE mark (sequence bigint, revision bigint);
CREATE FUNCTION pg_temp.mark() RETURNS void
LANGUAGE sql AS $$
    DELETE FROM mark;
    INSERT INTO mark SELECT pg_temp.last(), revision FROM npcsim.worlds WHERE id = 1
$$;

-- ---- who comes and goes ----
SELECT is_empty('SELECT * FROM npcsim.world_events', 'nothing has happened yet');
CREATE TEMP TABLE ids AS
    SELECT npcsim.create_npc(1, 'Ada "A"', 3, 3) AS ada, npcsim.create_item(1, 'apple', 9, 3) AS apple, npcsim.create_item(1, 'chair', 20, 10) AS chair;
SELECT results_eq('SELECT * FROM pg_temp.events(0)',
                  $$SELECT 'npc_created'::text, ada, NULL::bigint, 3, 3, 0::float8, '{"name": "Ada \"A\""}'::jsonb FROM ids
                    UNION ALL SELECT 'item_created', NULL, apple, 9, 3, 0, '{"item_type": "apple"}' FROM ids
                    UNION ALL SELECT 'item_created', NULL, chair, 20, 10, 0, '{"item_type": "chair"}' FROM ids$$,
                  'births of NPCs and items, where they happen');
SELECT is((SELECT array_agg(DISTINCT revision) FROM npcsim.world_events), (SELECT ARRAY[revision] FROM npcsim.worlds), 'as one revision');

-- ---- a walk to an apple, eaten up, and its return ----
SELECT pg_temp.mark();
UPDATE npcsim.npcs SET hunger = 20, energy = 90 WHERE id = (SELECT ada FROM ids);
DO $$
BEGIN
    FOR step IN 1 .. 400 LOOP
        PERFORM npcsim.tick_world(1, 0.1);
        COMMIT;
        IF step % 20 = 0 THEN
            EXIT WHEN EXISTS (SELECT FROM npcsim.world_events WHERE kind = 'item_respawned');
        END IF;
    END LOOP;
END
$$;
CREATE TEMP TABLE meal AS
    SELECT e.* FROM npcsim.world_events e, npcsim.world_events began
     WHERE began.kind = 'interaction_started' AND began.data ->> 'interaction' = 'consume' AND (e.interaction_id = began.interaction_id OR e.kind IN ('item_used_up', 'item_respawned'));
SELECT results_eq('SELECT kind, npc_id, target_id, data FROM meal ORDER BY sequence',
                  $$SELECT 'interaction_started'::text, ada, apple, '{"interaction": "consume"}'::jsonb FROM ids
                    UNION ALL SELECT 'interaction_finished', ada, apple, '{"interaction": "consume"}' FROM ids
                    UNION ALL SELECT 'item_used_up', NULL, apple, '{"item_type": "apple"}' FROM ids
                    UNION ALL SELECT 'item_respawned', NULL, apple, '{"item_type": "apple"}' FROM ids$$,
                  'a meal from its beginning to the next apple');
SELECT is((SELECT round((max(clock) - min(clock))::numeric, 6) FROM meal WHERE kind LIKE 'interaction%'), 5.000000, 'at the clock at which it happens');
SELECT is((SELECT round((max(clock) - min(clock))::numeric, 6) FROM meal WHERE kind LIKE 'item%'), 20.000000, 'not at that of the tick');
SELECT results_eq($$SELECT DISTINCT tick = ceil(round(clock::numeric * 10, 5)) FROM npcsim.world_events$$, 'VALUES (true)', 'the tick is the one in which it happens');
SELECT ok((SELECT min(sequence) FROM npcsim.world_events WHERE kind = 'npc_arrived' AND sequence > (SELECT sequence FROM mark))
          < (SELECT min(sequence) FROM meal), 'it arrived before it ate');
SELECT is((SELECT count(*) FROM npcsim.world_events), pg_temp.last(), 'the numbers have no gaps');
SELECT is(pg_temp.last() + 1, (SELECT next_event FROM npcsim.world_clock), 'and go on from there');

-- ---- walks that end elsewhere ----
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.request_npc_decision(1, ada) IS NULL FROM ids;
UPDATE npcsim.npcs SET position_x = 3, position_y = 3 WHERE id = (SELECT ada FROM ids);
CREATE TEMP TABLE player AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT npcsim.assign_npc_to_player(1, ada, player_id) FROM ids, player;
CREATE FUNCTION pg_temp.act(decision jsonb) RETURNS text
LANGUAGE sql AS $$
    SELECT npcsim.submit_npc_decision(player_id, jsonb_build_object('request_id', npcsim.request_npc_decision(1, ada)) || decision)::jsonb ->> 'status' FROM ids, player
$$;
SELECT pg_temp.mark();
SELECT is(pg_temp.act('{"action": "move_to", "parameters": {"x": 5, "y": 3}}'), 'applied', 'a short walk');
SELECT npcsim.tick_world(1, 1);
SELECT results_eq('SELECT kind, npc, x, y, data FROM pg_temp.events((SELECT sequence FROM mark))',
                  $$SELECT 'npc_arrived'::text, ada, 5, 3, NULL::jsonb FROM ids$$, 'arrives where it wanted to be');
SELECT pg_temp.mark();
SELECT is(pg_temp.act(jsonb_build_object('action', 'move_to_item', 'target_id', chair)), 'applied', 'a walk to what blocks its cell') FROM ids;
SELECT npcsim.tick_world(1, 10);
SELECT results_eq('SELECT kind, npc, abs(x - 20) + abs(y - 10), data FROM pg_temp.events((SELECT sequence FROM mark))',
                  $$SELECT 'npc_arrived'::text, ada, 1, '{"status": "arrived", "intended_destination": [20, 10]}'::jsonb FROM ids$$, 'arrives beside it');
SELECT pg_temp.mark();
SELECT is(pg_temp.act('{"action": "move_to", "parameters": {"x": 1, "y": 1}}'), 'applied', 'a long walk');
SELECT npcsim.set_terrain(1, 10, 0, true, 1, 20);
SELECT npcsim.tick_world(1, 1);
SELECT results_eq('SELECT kind, npc, data FROM pg_temp.events((SELECT sequence FROM mark))',
                  $$SELECT 'npc_stopped'::text, ada, '{"status": "blocked", "intended_destination": [1, 1]}'::jsonb FROM ids$$, 'is stopped by a wall between');

-- ---- a still world ----
SELECT pg_temp.mark();
SELECT npcsim.tick_world(1, 0.5);
SELECT is_empty('SELECT * FROM pg_temp.events((SELECT sequence FROM mark))', 'where nothing happens');
SELECT is((SELECT revision FROM npcsim.worlds WHERE id = 1), (SELECT revision FROM mark), 'nothing is written');

-- ---- leaving, being removed ----
SELECT is(pg_temp.act(jsonb_build_object('action', 'sit', 'target_id', chair)), 'applied', 'it goes and sits') FROM ids;
SELECT npcsim.tick_world(1, 20);
SELECT pg_temp.mark();
SELECT npcsim.remove_item(1, chair) FROM ids;
SELECT results_eq('SELECT kind, npc, target FROM pg_temp.events((SELECT sequence FROM mark))',
                  $$SELECT 'interaction_cancelled'::text, ada, chair FROM ids UNION ALL SELECT 'item_removed', NULL, chair FROM ids$$, 'an item is taken from under an NPC');
SELECT pg_temp.mark();
SELECT npcsim.create_npc(1, 'Bo', 25, 15);
DELETE FROM npcsim.npcs WHERE name = 'Bo';
SELECT results_eq('SELECT kind, x, y, data FROM pg_temp.events((SELECT sequence FROM mark))',
                  $$VALUES ('npc_created'::text, 25, 15, '{"name": "Bo"}'::jsonb), ('npc_removed', 25, 15, '{"name": "Bo"}')$$, 'an NPC comes and goes');

-- ---- what is rolled back did not happen ----
SELECT pg_temp.mark();
DO $$
BEGIN
    PERFORM npcsim.create_npc(1, 'Cy', 26, 15);
    BEGIN
        PERFORM npcsim.create_npc(1, 'Di', 27, 15), npcsim.create_npc(1, 'Ed', 28, 15);
        RAISE EXCEPTION 'no';
    EXCEPTION WHEN raise_exception THEN
    END;
    BEGIN -- the second cell is taken: the first NPC was made, and is not written yet
        INSERT INTO npcsim.npcs (world_id, name, position_x, position_y) VALUES (1, 'Gil', 28, 15), (1, 'Hal', 26, 15);
    EXCEPTION WHEN SQLSTATE 'NS211' THEN
    END;
    PERFORM npcsim.create_npc(1, 'Flo', 27, 15);
END
$$;
SELECT results_eq($$SELECT sequence - (SELECT sequence FROM mark), data ->> 'name' FROM npcsim.world_events WHERE sequence > (SELECT sequence FROM mark) ORDER BY 1$$,
                  $$VALUES (1::bigint, 'Cy'), (2, 'Flo')$$, 'and takes no numbers');

-- ---- chat and map pings ----
CREATE FUNCTION pg_temp.call(reducer text, args jsonb, key text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql AS $$SELECT npcsim.call_reducer(player_id, reducer, args, key)::jsonb FROM player$$;
SELECT pg_temp.mark();
SELECT is(pg_temp.call('send_chat', '{"text": "Hello, \"world\" 👋"}') - 'revision', format('{"ok": true, "value": {"sequence": %s}}', sequence + 1)::jsonb, 'a player speaks') FROM mark;
SELECT results_eq('SELECT world_id, sequence, clock, kind, player_id, username, npc_id, interaction_id, text FROM npcsim.messages',
                  $$SELECT 1::bigint, sequence + 1, w.clock, 'chat'::text, player_id, 'ada'::text, NULL::bigint, NULL::bigint, 'Hello, "world" 👋'::text
                      FROM mark, player, npcsim.worlds w WHERE w.id = 1$$, 'which is a message');
SELECT is((SELECT revision FROM npcsim.worlds WHERE id = 1), (SELECT revision + 1 FROM mark), 'and a revision');
SELECT ok((SELECT sent_at_real BETWEEN now() - interval '1 minute' AND now() + interval '1 minute' FROM npcsim.messages), 'sent just now');
SELECT results_eq($$SELECT kind, payload ->> 'text' FROM npcsim.world_inputs ORDER BY sequence DESC LIMIT 1$$, $$VALUES ('send_chat'::text, 'Hello, "world" 👋'::text)$$, 'it came from outside');
SELECT is(pg_temp.call('map_ping', '{"x": 29, "y": 0}') -> 'ok', 'true', 'a player points at a cell');
SELECT results_eq($$SELECT kind, player_id, position_x, position_y, data FROM npcsim.world_events ORDER BY sequence DESC LIMIT 1$$,
                  $$SELECT 'map_ping'::text, player_id, 29::smallint, 0::smallint, NULL::jsonb FROM player$$, 'which is an event');
SELECT is((SELECT count(*) FROM npcsim.messages), 1::bigint, 'and no message');
SELECT pg_temp.call('send_chat', '{"text": "once"}', 'k1') = pg_temp.call('send_chat', '{"text": "once"}', 'k1') AS same;
SELECT is((SELECT count(*) FROM npcsim.messages), 2::bigint, 'a key makes it be said once');

SELECT pg_temp.mark();
SELECT ok(result #>> '{error,code}' = code AND result #>> '{error,detail}' <> '' AND result #>> '{error,hint}' <> '', format('%s %s is refused: %s', reducer, left(args::text, 40), result))
  FROM (VALUES ('send_chat', '{}'::jsonb, '22023'), ('send_chat', '{"text": 7}', '22023'), ('send_chat', '{"text": ""}', '22023'),
               ('send_chat', jsonb_build_object('text', repeat('é', 501)), '22023'), ('send_chat', '{"text": "a\nb"}', '22023'),
               ('send_chat', '{"text": "a\u0085b"}', '22023'), ('send_chat', '{"text": "a\u202eb"}', '22023'), ('send_chat', '{"text": "a\u2028b"}', '22023'), ('send_chat', '{"text": "a\u2066b"}', '22023'),
               ('send_chat', '{"text": "a\u200fb"}', '22023'), ('send_chat', '{"text": "a\u061cb"}', '22023'), ('send_chat', '{"text": "a\ufeffb"}', '22023'),
               ('send_chat', '{"text": "a\u200d"}', '22023'), ('send_chat', '{"text": "a\u3164b"}', '22023'), ('send_chat', '{"text": "a\ue000b"}', '22023'),
               ('send_chat', '{"text": "\u00a0\u2800 "}', '22023'), ('send_chat', jsonb_build_object('text', 'a' || repeat(U&'\0301', 9)), '22023'),
               ('map_ping', '{"x": 1}', '22023'), ('map_ping', '{"x": 30, "y": 0}', 'NS210'), ('map_ping', '{"x": 0, "y": 20}', 'NS210'),
               ('map_ping', '{"x": -1, "y": 0}', '22003'), ('map_ping', '{"x": 0.5, "y": 0}', '22023'), ('map_ping', '{"x": 1e300, "y": 0}', '22003')) AS bad(reducer, args, code),
       LATERAL pg_temp.call(reducer, args) AS result;
SELECT is(npcsim.call_reducer(NULL, 'send_chat', '{"text": "x"}')::jsonb #>> '{error,code}', '42501', 'spectators say nothing');
SELECT is_empty('SELECT * FROM pg_temp.events((SELECT sequence FROM mark))', 'what is refused is not recorded');
SELECT is(pg_temp.call('send_chat', jsonb_build_object('text', repeat('é', 500))) -> 'ok', 'true', '500 characters are not too many');
SELECT is(pg_temp.call('send_chat', jsonb_build_object('text', said)) -> 'ok', 'true', said || ' can be said')
  FROM unnest(ARRAY['👨‍👩‍👧', 'می‌خواهم', '❤️‍🔥', 'Tiếng Việt']) AS said;

-- ---- what clients are told ----
CREATE FUNCTION pg_temp.delta() RETURNS jsonb
LANGUAGE sql AS $$SELECT npcsim.world_delta(1, revision)::jsonb FROM mark$$;
SELECT is(jsonb_path_query_array(npcsim.world_snapshot(1)::jsonb, '$.messages[*].text'), (SELECT jsonb_agg(text ORDER BY sequence) FROM npcsim.messages), 'a snapshot has the last messages');
SELECT ok(NOT npcsim.world_snapshot(1)::jsonb ? 'world_events', 'and no events');
SELECT pg_temp.mark();
SELECT ok(NOT pg_temp.delta() ?| ARRAY['messages', 'world_events'], 'nothing happened, nothing is told');
SELECT pg_temp.call('send_chat', '{"text": "one"}') -> 'ok', pg_temp.call('map_ping', '{"x": 2, "y": 3}') -> 'ok';
SELECT npcsim.create_npc(1, 'Gus', 12, 15);
SELECT pg_temp.call('send_chat', '{"text": "two"}') -> 'ok';
SELECT is(pg_temp.delta() #- '{messages,append,0,sent_at_real}' #- '{messages,append,1,sent_at_real}' -> 'messages',
          (SELECT jsonb_build_object('dropped', 0, 'append', jsonb_agg(jsonb_build_object(
                      'sequence', e.sequence, 'clock', e.clock, 'tick', e.tick, 'revision', e.revision, 'kind', e.kind,
                      'player_id', e.player_id, 'username', 'ada', 'text', e.data -> 'text') ORDER BY e.sequence))
             FROM npcsim.world_events e, mark WHERE e.sequence > mark.sequence AND e.kind = 'chat'), 'messages since then');
SELECT is(pg_temp.delta() #- '{world_events,append,0,sent_at_real}' -> 'world_events',
          (SELECT jsonb_build_object('dropped', 0, 'append', jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                      'sequence', e.sequence, 'clock', e.clock, 'tick', e.tick, 'revision', e.revision, 'kind', e.kind, 'npc_id', e.npc_id,
                      'player_id', e.player_id, 'x', e.position_x, 'y', e.position_y, 'data', CASE e.kind WHEN 'map_ping' THEN '{"username": "ada"}' ELSE e.data END)) ORDER BY e.sequence))
             FROM npcsim.world_events e, mark WHERE e.sequence > mark.sequence AND e.kind <> 'chat'), 'and events');
SELECT is((pg_temp.delta() #>> '{messages,append,0,sent_at_real}')::timestamptz, (SELECT sent_at_real FROM npcsim.messages WHERE text = 'one'), 'a message tells when it was sent');
SELECT is(jsonb_array_length(npcsim.world_delta(1, revision - 1)::jsonb #> '{messages,append}'), 1, 'of one revision what is of it') FROM npcsim.worlds WHERE id = 1;

-- Of many rows the last, and how many there were besides.
UPDATE npcsim.client_reducers SET burst = 1000 WHERE name = 'send_chat';
DELETE FROM npcsim.call_allowances;
SELECT pg_temp.mark();
DO $$
BEGIN
    FOR i IN 1 .. 620 LOOP
        PERFORM pg_temp.call('send_chat', jsonb_build_object('text', i::text));
        COMMIT;
    END LOOP;
END
$$;
SELECT npcsim.create_world('Crowd', 200, 200, 3, preset => 'reference');
SELECT is(pg_temp.delta() #> '{messages,dropped}', '120', 'of 620 messages 120 are left out');
SELECT is(jsonb_path_query_array(pg_temp.delta(), '$.messages.append[*].text'), (SELECT jsonb_agg(i::text) FROM generate_series(121, 620) AS i), 'the first ones');
SELECT is(pg_temp.delta() #- '{world_events,append,0,sent_at_real}' -> 'world_events', NULL, 'no event is among them');
SELECT npcsim.populate_world(1, 2);
SELECT is(pg_temp.delta() #> '{world_events,dropped}', '0', 'messages are not counted as events that are left out');
SELECT is(jsonb_array_length(npcsim.world_snapshot(1)::jsonb -> 'messages'), 50, 'a snapshot has 50 messages');
SELECT npcsim.populate_world(2, 1000);
SELECT is((d #>> '{world_events,dropped}')::bigint, pg_temp.last(2) - 2000, 'of many events the first are left out')
  FROM npcsim.world_delta(2, 1) AS delta(text), LATERAL (SELECT text::jsonb) AS parsed(d);
SELECT is(jsonb_path_query_array(npcsim.world_delta(2, 1)::jsonb, '$.world_events.append[*].sequence'),
          (SELECT jsonb_agg(n) FROM generate_series(pg_temp.last(2) - 1999, pg_temp.last(2)) AS n), 'and 2000 told');

-- What NPCs say stands between other events: a row of the log as a conversation makes it.
SELECT npcsim.create_world('Talk', 20, 20, 3, preset => 'reference');
INSERT INTO npcsim.world_event_log (segment, messages, world_id, first_sequence, last_sequence, revision, clock, kinds, after, x, y, npc_ids, interaction_ids, data)
VALUES (5, 2, 3, 1, 4, 2, 1500000, '{6,2,6,2}', '{0,250000,250000,300000}', '{1,2,3,4}', '{5,6,7,8}', '{11,12,13,14}', '{NULL,70,NULL,70}',
        ARRAY[NULL, '{"text": "Hi"}', NULL, '{"text": "Oh, \"hi\""}']::jsonb[]);
SELECT results_eq('SELECT sequence, round(clock::numeric, 2), kind, npc_id, interaction_id, text FROM npcsim.messages WHERE world_id = 3 ORDER BY sequence',
                  $$VALUES (2::bigint, 1.75, 'npc_said'::text, 12::bigint, 70::bigint, 'Hi'::text), (4, 1.80, 'npc_said', 14, 70, 'Oh, "hi"')$$, 'what NPCs say are messages');
SELECT is(npcsim.world_snapshot(3)::jsonb -> 'messages',
          '[{"sequence": 2, "clock": 1.75, "tick": 18, "revision": 2, "kind": "npc_said", "npc_id": 12, "interaction_id": 70, "x": 2, "y": 6, "text": "Hi"},
            {"sequence": 4, "clock": 1.8, "tick": 18, "revision": 2, "kind": "npc_said", "npc_id": 14, "interaction_id": 70, "x": 4, "y": 8, "text": "Oh, \"hi\""}]'::jsonb, 'with where they are');
SELECT results_eq('SELECT sequence, kind, npc_id, position_x, data IS NULL FROM npcsim.world_events WHERE world_id = 3 AND kind <> $$npc_said$$ ORDER BY 1',
                  $$VALUES (1::bigint, 'npc_arrived'::text, 11::bigint, 1::smallint, true), (3, 'npc_arrived', 13, 3::smallint, true)$$, 'among what else happened');

-- ---- the views ----
SELECT throws_ok($$DELETE FROM npcsim.world_events$$, '0A000', NULL, 'what happened, happened');
SELECT throws_ok($$UPDATE npcsim.messages SET text = 'x'$$, '0A000', NULL, 'and what was said, was said');
SELECT is((SELECT count(DISTINCT npcsim_internal.world_event_kind_name(k::smallint)) FROM generate_series(-1, 100) AS k),
          (SELECT max(k)::bigint FROM generate_series(-1, 100) AS k WHERE npcsim_internal.world_event_kind_name(k::smallint) IS NOT NULL), 'each kind has a name of its own');
SELECT npcsim.drop_world(2);
SELECT is((SELECT count(*) FROM npcsim.world_event_log WHERE world_id = 2), 0::bigint, 'a world that is dropped leaves no history');
SELECT isnt_empty('SELECT FROM npcsim.world_event_log WHERE world_id = 1', 'that of another world stays');

SELECT * FROM finish();
