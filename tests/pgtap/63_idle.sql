-- Tests how often a calm colony asks: the mind of an NPC without a plan every idle_interval of its world, and in between the built-in mind
-- acts; whatever else calls for the mind is asked as ever.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT no_plan();

\ir lib/minds.sql
-- ---- presets ----
SELECT npcsim.create_world('Meadow', 60, 40, 5);
SELECT npcsim.create_world('Lab', 20, 20, 5, preset => 'reference'), npcsim.create_world('Hill', 20, 20, 5, 10, 'default');
SELECT results_eq('SELECT name, idle_interval FROM npcsim.worlds ORDER BY id', $$VALUES ('Meadow', 60), ('Lab', 3), ('Hill', 60)$$, 'a world asks every minute, one to measure with every 3 s');
SELECT throws_ok($$SELECT npcsim.create_world('W', 8, 8, preset => 'calm')$$, '22023', 'invalid value for "preset"', 'an unknown preset is refused');
SELECT is(pg_temp.hint_of($$SELECT npcsim.create_world('W', 8, 8, preset => 'calm')$$), 'It can be one of: default, reference.', 'the hint lists those that there are');
SELECT throws_ok($$SELECT npcsim.create_world('W', 8, 8, preset => NULL)$$, '22004', NULL, 'NULL is none');
SELECT is((SELECT count(*) FROM npcsim.worlds), 3::bigint, 'and nothing is made');
-- Who wrapped the function that 0.1.0 had goes on.
CREATE FUNCTION pg_temp.create_world(text, integer, integer, bigint, integer) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS '$libdir/npcsim', 'npcsim_create_world';
SELECT isnt(pg_temp.create_world('Wrapped', 8, 8, 1, 10), NULL, 'a function of five arguments, like that of 0.1.0,');
SELECT is((SELECT idle_interval FROM npcsim.worlds WHERE name = 'Wrapped'), 60, 'makes a world by default');
CREATE FUNCTION pg_temp.create_world(text, integer) RETURNS bigint LANGUAGE c SET search_path = pg_catalog, pg_temp AS '$libdir/npcsim', 'npcsim_create_world';
SELECT throws_ok($$SELECT pg_temp.create_world('Half', 8)$$, '42883', 'the function has no argument "size_y"', 'one without what must be given is refused');
SELECT npcsim.drop_world(id) FROM npcsim.worlds WHERE name IN ('Wrapped', 'Hill', 'Lab');

-- ---- the life of an NPC with a mind ----
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'bo');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') IS NOT NULL AS connected FROM npcsim.players;
CREATE FUNCTION pg_temp.answer(decision jsonb, who text DEFAULT 'Ada') RETURNS text
LANGUAGE sql AS $$SELECT r ->> 'status' FROM npcsim.submit_npc_decision(pg_temp.player(), decision || jsonb_build_object('request_id', pg_temp.request(who))) AS r$$;
-- Ada alone, all needs 100, asked at once; her mind goes a step, and is done.
CREATE PROCEDURE pg_temp.anew(decision jsonb DEFAULT '{"action": "move_to", "x": 21, "y": 20}')
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
    PERFORM pg_temp.present();
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
    DELETE FROM npcsim.npcs;
    DELETE FROM npcsim.world_items;
    PERFORM npcsim.create_npc(1, 'Ada', 20, 20, pg_temp.player());
    COMMIT;
    -- the first look comes within 3 s of an NPC's making
    CALL pg_temp.until_asked(4);
    PERFORM pg_temp.answer(decision);
    COMMIT;
END
$$;
-- Lives until Ada is asked, for so many seconds at most, her needs kept up.
CREATE PROCEDURE pg_temp.until_asked(seconds double precision, kept boolean DEFAULT true)
LANGUAGE plpgsql AS $$
BEGIN
    FOR step IN 1 .. (seconds * 5)::integer LOOP
        EXIT WHEN pg_temp.asked() <> 'not asked';
        PERFORM npcsim.tick_world(1, 0.2);
        IF kept AND step % 20 = 0 THEN
            UPDATE npcsim.npcs SET hunger = 100, hygiene = 100, fun = 100, energy = 100 WHERE world_id = 1;
        END IF;
        COMMIT;
    END LOOP;
END
$$;
-- Since her last question, in whole seconds, and why she is asked now.
CREATE FUNCTION pg_temp.waited(before bigint) RETURNS text
LANGUAGE sql AS $$
    SELECT format('%s after %s', r.reason, round((r.opened_at - before / 1e6)::numeric))
      FROM npcsim.decision_requests r WHERE r.npc_id = pg_temp.npc()
$$;
CREATE FUNCTION pg_temp.asked_at() RETURNS bigint LANGUAGE sql AS $$SELECT opened_at FROM npcsim.decision_slots WHERE npc_id = pg_temp.npc()$$;

CALL pg_temp.anew();
SELECT is((SELECT reason FROM npcsim.decision_log WHERE npc_id = pg_temp.npc() ORDER BY request_id LIMIT 1), 'idle', 'an NPC that is new is asked at once');
SELECT pg_temp.asked_at() AS before \gset
CALL pg_temp.until_asked(30);
SELECT is(pg_temp.doing() || ', ' || pg_temp.asked(), 'wandering built_in, not asked', 'then the built-in mind acts');
SELECT ok('decided_for_you' = ANY (pg_temp.told()), 'which its mind will be told');
CALL pg_temp.until_asked(28);
SELECT is(pg_temp.asked(), 'not asked', 'it is not asked for a minute');
CALL pg_temp.until_asked(6);
SELECT is(pg_temp.waited(:before), 'idle after 60', 'after it, it is asked');
SELECT is(pg_temp.answer('{"action": "continue"}'), 'applied', 'and answers');

-- ---- what does not wait ----
CALL pg_temp.anew();
SELECT pg_temp.asked_at() AS before \gset
SELECT npcsim.tick_world(1, 10);
UPDATE npcsim.npcs SET hunger = 19 WHERE name = 'Ada';
CALL pg_temp.until_asked(1, false);
SELECT is(pg_temp.waited(:before), 'need after 10', 'a need below 20');

CALL pg_temp.anew('{"action": "move_to", "x": 21, "y": 20, "next_decision_in_s": 12}');
SELECT pg_temp.asked_at() AS before \gset
CALL pg_temp.until_asked(30);
SELECT is(split_part(pg_temp.waited(:before), ' ', 3)::integer BETWEEN 12 AND 15, true, 'the time that the mind named');

CALL pg_temp.anew('{"action": "move_to", "x": 30, "y": 20, "wake_on": ["movement_completed"]}');
SELECT pg_temp.asked_at() AS before \gset
CALL pg_temp.until_asked(20);
SELECT is(pg_temp.waited(:before), 'requested after 3', 'an event that the mind named');

CALL pg_temp.anew();
SELECT npcsim.create_item(1, 'apple', 25, 20) AS apple \gset
SELECT pg_temp.tell('Ada', jsonb_build_object('action', 'move_to', 'x', 40, 'y', 20, 'then', jsonb_build_array(jsonb_build_object('action', 'consume', 'target_id', :apple))));
SELECT npcsim.remove_item(1, :apple);
SELECT pg_temp.asked_at() AS before \gset
CALL pg_temp.until_asked(20);
SELECT is(split_part(pg_temp.waited(:before), ' ', 1), 'plan_failed', 'a plan that failed');

CALL pg_temp.anew();
SELECT pg_temp.asked_at() AS before \gset
SELECT npcsim.tick_world(1, 1);
SELECT npcsim.create_npc(1, 'Bo', 23, 20, pg_temp.player('bo'));
SELECT pg_temp.tell('Bo', jsonb_build_object('action', 'interact_with', 'interaction', 'conversation', 'target_id', pg_temp.npc()), 'bo');
CALL pg_temp.until_asked(2);
SELECT is(split_part(pg_temp.waited(:before), ' ', 1), 'bid', 'an invitation');
SELECT pg_temp.answer(jsonb_build_object('action', 'respond_to_interaction_bid', 'bid_id', (SELECT id FROM npcsim.interaction_bids), 'accept', true));
SELECT npcsim.tick_world(1, 1);
SELECT pg_temp.tell('Bo', '{"action": "act_in_interaction", "parameters": {"message": "Hello"}}', 'bo');
CALL pg_temp.until_asked(2);
SELECT is(split_part(pg_temp.waited(:before), ' ', 1), 'message', 'what is said to it');

CALL pg_temp.anew();
SELECT npcsim.tick_world(1, 1);
SELECT is(npcsim.request_npc_decision(1, pg_temp.npc()) IS NOT NULL, true, 'an operator asks when he likes');

-- ---- the setting ----
CALL pg_temp.anew();
SELECT pg_temp.asked_at() AS before \gset
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.asked(), 'not asked', 'ten seconds on nobody has been asked');
UPDATE npcsim.worlds SET idle_interval = 8 WHERE id = 1;
CALL pg_temp.until_asked(4);
SELECT is(split_part(pg_temp.waited(:before), ' ', 1), 'idle', 'a shorter interval takes effect at once');
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE kind = 'set_idle_interval' ORDER BY sequence DESC LIMIT 1), '{"seconds": 8}', 'it is an input of the world');
SELECT is((SELECT sequence FROM npcsim.world_inputs WHERE kind = 'set_idle_interval' ORDER BY sequence LIMIT 1), 2::bigint, 'as the preset was, after the rules');
SELECT pg_temp.answer('{"action": "move_to", "x": 21, "y": 20}');
UPDATE npcsim.worlds SET idle_interval = 30 WHERE id = 1;
SELECT pg_temp.asked_at() AS before \gset
CALL pg_temp.until_asked(40);
SELECT is(pg_temp.waited(:before), 'idle after 30', 'and so does a longer one');

SELECT npcsim.define_item_type(1, 'stone', '{}'); -- the image is read anew
SELECT npcsim.replay_world(1) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'a replay has its rows');
SELECT is((SELECT idle_interval FROM npcsim.worlds WHERE id = :copy), 30, 'and its interval');

SELECT * FROM finish();
