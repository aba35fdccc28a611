-- Tests wake_on: a mind names events after which it wants to be asked, and is, as soon as it may be; each name with its event alone, until
-- its next decision.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SELECT plan(46);

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
CREATE FUNCTION pg_temp.answer(decision jsonb) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'status', r ->> 'code', r ->> 'reason')
      FROM npcsim.submit_npc_decision(pg_temp.player(), decision || jsonb_build_object('request_id', pg_temp.request())) AS r
$$;
CREATE FUNCTION pg_temp.wake_on() RETURNS jsonb LANGUAGE sql AS $$SELECT wake_on FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc()$$;
-- An NPC as new, all needs 100, nothing else in the world; it waits, and was asked more than 3 s ago.
CREATE PROCEDURE pg_temp.anew(decision jsonb DEFAULT '{"action": "wait"}', policy text DEFAULT 'occasions')
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.present();
    DELETE FROM npcsim.npcs;
    DELETE FROM npcsim.world_items;
    PERFORM npcsim.set_decision_policy(1, policy);
    PERFORM npcsim.create_npc(1, 'Ada', 20, 20, pg_temp.player());
    COMMIT;
    PERFORM pg_temp.tell('Ada', decision);
    COMMIT;
    PERFORM npcsim.tick_world(1, 3.5);
    COMMIT;
END
$$;

-- ---- what may be named ----
SELECT is(npcsim.create_npc(1, 'Ada', 20, 20, pg_temp.player()) IS NOT NULL, true, 'there is an NPC');
SELECT pg_temp.present();
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'wait', 'wake_on', wake_on)), result, what)
  FROM (VALUES (1, '"error"'::jsonb, 'rejected NS304 wake_on is not an array of at most 16 strings', 'a string is no array'),
               (2, '{"error": true}', 'rejected NS304 wake_on is not an array of at most 16 strings', 'nor is an object'),
               (3, '[1]', 'rejected NS304 wake_on is not an array of at most 16 strings', 'a number is no name'),
               (4, '["error", null]', 'rejected NS304 wake_on is not an array of at most 16 strings', 'nor is null'),
               (5, '["error", ["error"]]', 'rejected NS304 wake_on is not an array of at most 16 strings', 'nor is an array'),
               (6, (SELECT jsonb_agg('e' || n) FROM generate_series(1, 17) n), 'rejected NS304 wake_on is not an array of at most 16 strings', '17 are too many'),
               (7, (SELECT jsonb_agg('e' || n) FROM generate_series(1, 16) n), 'applied', '16 are taken'),
               (8, '[]', 'applied', 'none is'),
               (9, 'null', 'applied', 'null is none'),
               (10, '["no such event", "ERROR", "", "a\"b\\c\u00e9", "error"]', 'applied', 'names of events that there are not may be given')
       ) AS v(n, wake_on, result, what) ORDER BY n;
SELECT is(pg_temp.wake_on(), '["no such event", "ERROR", "", "a\"b\\c\u00e9", "error"]', 'they are kept');
SELECT pg_temp.tell('Ada', jsonb_build_object('action', 'wait', 'wake_on', jsonb_build_array(repeat('x', 63), repeat('x', 64), repeat('x', 20000))));
SELECT is(pg_temp.wake_on(), jsonb_build_array(repeat('x', 63)), 'unless they are too long for a name');
SELECT is((SELECT payload -> 'wake_on' FROM npcsim.world_inputs WHERE kind = 'decision' ORDER BY sequence DESC LIMIT 1),
          jsonb_build_array(repeat('x', 63), repeat('x', 64), repeat('x', 20000)), 'the world''s inputs have what was given');
SELECT pg_temp.tell('Ada', '{"action": "wait"}');
SELECT is(pg_temp.wake_on(), NULL, 'a decision without it names none');

-- ---- asked for the event that was named ----
CALL pg_temp.anew('{"action": "move_to", "x": 40, "y": 20, "then": [{"action": "move_to", "x": 41, "y": 20}, {"action": "wait"}], "wake_on": ["movement_completed"]}');
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'moving mind, not asked', 'a mind that waits for an arrival');
SELECT npcsim.tick_world(1, 1.5);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'moving mind, requested 0.0', 'is asked in the tick in which it happens, though the plan goes on');
SELECT is(pg_temp.told(), '{movement_completed}', 'and finds it among the events');
SELECT is(pg_temp.answer('{"action": "continue"}'), 'applied', 'it answers');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'waiting mind, not asked', 'what wakes it belongs to one decision, "continue" does not keep it');
CALL pg_temp.anew('{"action": "move_to", "x": 40, "y": 20, "then": [{"action": "wait"}], "wake_on": ["interaction_started", "movement_complete", "movement_completed2", "error"]}');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'waiting mind, not asked', 'other events do not wake it');
CALL pg_temp.anew('{"action": "move_to", "x": 40, "y": 20, "then": [{"action": "wait"}], "wake_on": ["movement_completed"]}', 'none');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'waiting mind, not asked', 'nor does anything in a world in which nobody is asked');

-- ---- not sooner than 3 s after the last question ----
CALL pg_temp.anew();
SELECT npcsim.create_item(1, 'chair', 21, 20) AS chair \gset
SELECT pg_temp.tell('Ada', jsonb_build_object('action', 'sit', 'target_id', :chair, 'wake_on', '["interaction_started"]'::jsonb));
SELECT npcsim.tick_world(1, 2.9);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'interacting mind, not asked', 'an event that its own answer brings about at once counts, but 3 s have not passed');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'interacting mind, requested 0.0', 'then it is asked');
SELECT pg_temp.answer('{"action": "continue", "wake_on": ["interaction_cancelled"]}');
SELECT npcsim.tick_world(1, 1);
UPDATE npcsim.npcs SET position_x = 5, position_y = 5 WHERE name = 'Ada';
SELECT npcsim.tick_world(1, 1.9);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'idle nobody, not asked', 'an operator''s doing, too, wakes it');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.asked(), 'requested 0.0', 'when it may be asked');

-- ---- what its own decisions end does not count for the former one ----
CALL pg_temp.anew();
SELECT pg_temp.tell('Ada', jsonb_build_object('action', 'sit', 'target_id', npcsim.create_item(1, 'chair', 21, 20), 'wake_on', '["interaction_cancelled"]'::jsonb));
SELECT pg_temp.tell('Ada', '{"action": "cancel_interaction", "then": [{"action": "wait"}]}');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'waiting mind, not asked', 'a mind that ends what it waited for is not asked about it');

-- ---- a decision that is refused leaves what was named before ----
CALL pg_temp.anew('{"action": "move_to", "x": 50, "y": 20, "then": [{"action": "wait"}], "wake_on": ["movement_completed"]}');
SELECT is(pg_temp.tell('Ada', '{"action": "consume", "target_id": 99999, "wake_on": ["plan_failed"]}'), 'rejected NS202 there is no item 99999', 'a decision that cannot be done');
SELECT is(pg_temp.wake_on(), '["movement_completed"]', 'names nothing');
SELECT is(pg_temp.tell('Ada', '{"action": "dance", "wake_on": ["plan_failed"]}'), 'rejected NS304 there is no action "dance"', 'nor does one that is none');
SELECT is(pg_temp.wake_on(), '["movement_completed"]', 'what was named stands');
SELECT npcsim.tick_world(1, 6);
SELECT is(pg_temp.asked(), 'requested 0.0', 'and wakes, when a mind that was refused twice may be asked again');
CALL pg_temp.anew('{"action": "wait", "wake_on": ["error"]}');
SELECT pg_temp.tell('Ada', '{"action": "dance"}');
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.asked(), 'requested 0.0', 'so a mind may be asked again when an answer of its own was none');
SELECT pg_temp.answer('{"action": "consume", "target_id": 99999}');
SELECT npcsim.tick_world(1, 6);
SELECT is(pg_temp.asked(), 'requested 0.0', 'or could not be done');

-- ---- while it thinks ----
CALL pg_temp.anew('{"action": "move_to", "x": 40, "y": 20, "then": [{"action": "wait"}]}');
SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT pg_temp.send();
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.told(), '{movement_completed}', 'what happens while a mind is being asked');
SELECT is(pg_temp.answer('{"action": "move_to", "x": 45, "y": 20, "then": [{"action": "wait"}], "wake_on": ["movement_completed"]}'), 'applied', 'counts by what its answer names');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'moving mind, requested 0.0', 'for it was not told of it');
CALL pg_temp.anew('{"action": "move_to", "x": 40, "y": 20, "then": [{"action": "wait"}]}');
SELECT npcsim.tick_world(1, 3);
SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT pg_temp.send();
SELECT pg_temp.answer('{"action": "wait", "wake_on": ["movement_completed"]}');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.asked(), 'not asked', 'what it was told wakes it no more');
CALL pg_temp.anew('{"action": "move_to", "x": 40, "y": 20, "then": [{"action": "wait"}], "wake_on": ["movement_completed"]}');
SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT pg_temp.send();
SELECT npcsim.tick_world(1, 3);
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], '{timeout}');
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.asked(), 'requested 0.0', 'when its answer fails it is asked about what it was not told of');
SELECT pg_temp.send();
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], '{timeout}');
SELECT npcsim.tick_world(1, 5.9);
SELECT is(pg_temp.asked(), 'not asked', 'not again about what it was asked about in vain');

-- ---- a mind that is not there ----
CALL pg_temp.anew('{"action": "wait", "parameters": {"duration": 1}, "wake_on": ["decided_for_you"]}');
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], '{timeout}');
SELECT is(pg_temp.doing(), 'wandering built_in', 'the built-in mind steps in');
SELECT npcsim.tick_world(1, 3);
SELECT is(split_part(pg_temp.asked(), ' ', 1), 'requested', 'which a mind may want to know');
SELECT pg_temp.answer('{"action": "wait", "wake_on": ["decided_for_you"]}');
SELECT pg_temp.present(0);
DO $$
DECLARE
    decided bigint;
    last bigint;
    looks integer := 0;
BEGIN
    FOR i IN 1 .. 400 LOOP
        PERFORM npcsim.tick_world(1, 0.1);
        COMMIT;
        SELECT last_decision_at INTO decided FROM npcsim.npc_states;
        looks := looks + (decided IS DISTINCT FROM last)::integer;
        last := decided;
    END LOOP;
    CREATE TEMP TABLE looks AS SELECT looks;
END
$$;
SELECT is(pg_temp.wake_on(), NULL, 'a mind that went away waits for nothing');
SELECT cmp_ok((SELECT looks FROM looks), '<', 40, 'and its NPC is decided for as any other, not in every tick');

-- ---- kept ----
CALL pg_temp.anew('{"action": "wait", "wake_on": ["interaction_finished", "movement_completed"]}');
SELECT npcsim.define_item_type(1, 'stone', '{}'); -- the image is read anew
SELECT npcsim.tick_world(1, 1);
SELECT pg_temp.tell('Ada', '{"action": "dance"}');
SELECT is(pg_temp.wake_on(), '["interaction_finished", "movement_completed"]', 'it is read from the tables as it was written');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc(), NULL);
SELECT is(pg_temp.wake_on(), NULL, 'another controller''s mind does not inherit it');

SELECT * FROM finish();
