-- Tests that bidder and invited NPCs stay within reach until a bid is decided, whoever thinks about it and for how long; that the real time
-- given to minds is as long at another speed; and that a bid that is put to other minds again and again gives each its time, and ends.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT plan(40);
\ir lib/thinkers.sql
CREATE FUNCTION pg_temp.anew(speed double precision DEFAULT 1) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.empty(8);
    PERFORM npcsim.set_world_speed(1, speed);
    PERFORM npcsim.create_npc(1, 'Ada', 20, 20, pg_temp.player('ada')), npcsim.create_npc(1, 'Bo', 22, 20, pg_temp.player('bo')), npcsim.create_npc(1, 'Cy', 21, 22);
    UPDATE npcsim.npcs SET hunger = 100, hygiene = 100, fun = 100, energy = 100;
END
$$;
CREATE FUNCTION pg_temp.apart(one text, other text) RETURNS double precision LANGUAGE sql AS
    $$SELECT sqrt((a.position_x - b.position_x) ^ 2 + (a.position_y - b.position_y) ^ 2) FROM npcsim.npcs a, npcsim.npcs b WHERE a.name = one AND b.name = other$$;
SELECT pg_temp.anew();

-- ---- on its way ----
SELECT is(pg_temp.tell('Bo', '{"action": "move_to", "x": 60, "y": 20}', 'bo'), 'applied', 'one walks by');
SELECT pg_temp.step(0.3);
SELECT is(pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo')), 'applied', 'and is invited');
SELECT pg_temp.step(2);
SELECT is(pg_temp.at('Bo') || ', ' || pg_temp.at('Ada'), '23,20 moving, 20,20 requesting', 'after two seconds of thinking both are where they were');
SELECT pg_temp.forget(1);
SELECT is(pg_temp.answer('Bo', pg_temp.bid('Ada'), true, NULL, 'bo'), 'applied', 'so it can accept');
SELECT is(pg_temp.doing('Bo'), 'interacting mind', 'and they talk');
SELECT pg_temp.leave('Ada'), pg_temp.tell('Bo', '{"action": "move_to", "x": 60, "y": 20}', 'bo');
SELECT pg_temp.step(0.3);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(1);
SELECT is(pg_temp.answer('Bo', pg_temp.bid('Ada'), false, 'no', 'bo'), 'applied', 'who rejects');
SELECT pg_temp.step(2);
SELECT is(pg_temp.at('Bo'), '32,20 moving', 'goes on to where it was going');
SELECT pg_temp.step(8);
SELECT is(pg_temp.at('Bo'), '60,20 idle', 'and gets there');

-- ---- told to go ----
SELECT pg_temp.anew();
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.tell('Bo', '{"action": "move_to", "x": 60, "y": 20}', 'bo'), 'applied', 'one that is invited may be told to go');
SELECT pg_temp.step(2);
SELECT is(pg_temp.at('Bo'), '22,20 moving', 'but does not set out while the other one waits');
SELECT is(pg_temp.answer('Bo', pg_temp.bid('Ada'), true, NULL, 'bo'), 'applied', 'it may still accept');
SELECT pg_temp.leave('Ada');
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Bo', '{"action": "wander"}', 'bo');
SELECT pg_temp.step(4.3);
SELECT is(pg_temp.doing('Ada') || ', ' || pg_temp.at('Bo'), 'requesting mind, 22,20 wandering', 'and stays up to the end of the time it has for an answer');
SELECT pg_temp.step(1);
SELECT isnt(pg_temp.at('Bo'), '22,20 wandering', 'then it goes');
SELECT is(pg_temp.state_name('Ada'), 'idle', 'and has rejected it');

-- ---- the others ----
SELECT pg_temp.anew();
SELECT pg_temp.step(0.1);
SELECT npcsim.create_item(1, 'apple', 26, 25);
UPDATE npcsim.npcs SET hunger = 10 WHERE name = 'Cy';
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo', 'Cy'));
SELECT pg_temp.step(4);
SELECT ok(pg_temp.apart('Ada', 'Cy') <= 5, 'one that the built-in mind accepted for stays, while another thinks');
SELECT is(pg_temp.answer('Bo', pg_temp.bid('Ada'), true, NULL, 'bo'), 'applied', 'who accepts');
SELECT is(pg_temp.doing('Cy'), 'interacting built_in', 'and all three talk');
SELECT pg_temp.anew();
SELECT npcsim.create_item(1, 'apple', 26, 25);
UPDATE npcsim.npcs SET hunger = 10 WHERE name = 'Cy';
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo', 'Cy'));
SELECT pg_temp.step(1);
SELECT pg_temp.answer('Bo', pg_temp.bid('Ada'), false, 'no', 'bo');
SELECT pg_temp.step(4);
SELECT is(pg_temp.state_name('Cy'), 'interacting', 'when nothing comes of it the built-in mind sees to it that it eats');
SELECT pg_temp.anew();
SELECT npcsim.create_item(1, 'apple', 26, 20);
UPDATE npcsim.npcs SET hunger = 10 WHERE name = 'Bo';
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(4);
SELECT is(pg_temp.at('Bo'), '22,20 idle', 'nor is one that is in need, and whose mind thinks, led away');
SELECT pg_temp.answer('Bo', pg_temp.bid('Ada'), false, 'no', 'bo');
SELECT pg_temp.tell('Bo', '{"action": "wait"}', 'bo'), pg_temp.step(0.1);
-- Who made the bid goes away, or is gone: nobody waits for ever.
SELECT pg_temp.tell('Bo', '{"action": "move_to", "x": 60, "y": 20}', 'bo'), pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(0.2);
SELECT npcsim.remove_npc(1, pg_temp.npc('Ada'));
SELECT pg_temp.step(2);
SELECT is(pg_temp.at('Bo'), '28,20 moving', 'who is waited for no more goes on');

-- ---- put to other minds ----
SELECT pg_temp.anew();
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(0.1), pg_temp.bid('Ada') AS bid, pg_temp.clock() AS made \gset
CREATE PROCEDURE pg_temp.hand_on(times integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. times LOOP
        PERFORM npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), pg_temp.player(CASE i % 2 WHEN 1 THEN 'ada' ELSE 'bo' END));
        PERFORM npcsim.tick_world(1, 4.4);
        COMMIT;
    END LOOP;
END
$$;
CALL pg_temp.hand_on(9);
SELECT is(pg_temp.bid('Ada'), :bid::bigint, 'a bid that is put to one mind after the other waits for each of them');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), pg_temp.player('bo'));
SELECT pg_temp.step(0.1), pg_temp.step(4);
SELECT is(pg_temp.answer('Bo', :bid, false, 'no', 'bo'), 'applied', 'the tenth has as much time as the first');
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(0.1), pg_temp.bid('Ada') AS bid \gset
CALL pg_temp.hand_on(20);
SELECT isnt(pg_temp.bid('Ada'), :bid::bigint, 'but it does not go on for ever');

-- ---- at another speed ----
-- A mind that failed is left alone for so much real time.
SELECT pg_temp.anew(20);
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ada'));
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player('ada')], ARRAY[pg_temp.request()], '{broken}');
CREATE FUNCTION pg_temp.alone() RETURNS numeric LANGUAGE sql AS $$SELECT round((asked_not_before - pg_temp.now()) / 1e6::numeric, 1) FROM npcsim.npc_minds WHERE world_id = 1 AND npc_id = pg_temp.npc()$$;
SELECT is(pg_temp.alone(), 60.0, 'three seconds are 60 of the world at speed 20');
SELECT pg_temp.step(20);
SELECT npcsim.set_world_speed(1, 1);
SELECT is(pg_temp.alone(), 2.0, 'of which two are left at speed 1');
SELECT npcsim.set_world_speed(1, 0.5);
SELECT is(pg_temp.alone(), 2.0, 'no more than that in a slow world');
SELECT npcsim.set_world_speed(1, 1000);
SELECT is(pg_temp.alone(), 2000.0, 'and in a fast one as much as it is there');
SELECT npcsim.set_world_speed(1, 1);
SELECT pg_temp.step(2.2);
SELECT isnt(pg_temp.asked(), 'not asked', 'then it is asked');
-- A silent mind was silent for so much real time.
SELECT pg_temp.anew(20);
SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT pg_temp.step(40);
CREATE FUNCTION pg_temp.silent() RETURNS numeric LANGUAGE sql AS $$SELECT round((pg_temp.now() - unanswered_since) / 1e6::numeric, 1) FROM npcsim.npc_minds WHERE world_id = 1 AND npc_id = pg_temp.npc()$$;
SELECT is(pg_temp.silent(), 40.0, 'a mind that says nothing');
SELECT npcsim.set_world_speed(1, 1);
SELECT is(pg_temp.silent(), 2.0, 'was silent for two seconds of real time');
SELECT npcsim.set_world_speed(1, 10);
SELECT is(pg_temp.silent(), 20.0, 'at any speed');
-- What it was told lately.
SELECT pg_temp.anew(20);
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(0.1);
SELECT is((SELECT expires_at - pg_temp.clock()::float8 FROM npcsim.interaction_bids)::numeric(6, 1), 99.9, 'five seconds for an answer are 100 of the world, of which a tick has passed');
SELECT pg_temp.step(40);
SELECT npcsim.set_world_speed(1, 1);
SELECT is((SELECT expires_at - pg_temp.clock()::float8 FROM npcsim.interaction_bids)::numeric(6, 1), 3.0, 'of which three are left');
SELECT is((SELECT round((pg_temp.now() - pressing[cardinality(pressing)]) / 1e6, 1) FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc('Bo')), 2.0, 'it was put two seconds ago');
SELECT pg_temp.forget(1);
SELECT pg_temp.step(2.4);
SELECT is(pg_temp.doing('Ada'), 'requesting mind', 'nobody answers before the last tenth');
SELECT pg_temp.step(0.2);
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'in which the built-in mind does');
SELECT pg_temp.leave('Ada');
SELECT pg_temp.step(1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(1);
SELECT npcsim.set_world_speed(1, 10);
SELECT is((SELECT expires_at - pg_temp.clock()::float8 FROM npcsim.interaction_bids)::numeric(6, 1), 40.0, 'in a world that becomes faster a mind has as much time');
SELECT pg_temp.answer('Bo', pg_temp.bid('Ada'), false, 'no', 'bo');

-- ---- beside what it needs ----
SELECT pg_temp.anew();
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo', 'Cy'));
SELECT pg_temp.step(0.1);
SELECT npcsim.create_item(1, 'apple', 21, 23);
UPDATE npcsim.npcs SET hunger = 10 WHERE name = 'Cy';
SELECT pg_temp.step(4);
SELECT is(pg_temp.doing('Cy'), 'idle nobody', 'one that was accepted for begins nothing, however hungry it became, and near as the apple is');
SELECT pg_temp.answer('Bo', pg_temp.bid('Ada'), false, 'no', 'bo');

-- ---- by which rules ----
SELECT is(pg_temp.differences(1, npcsim.replay_world(1)), '', 'a replay does the same');
SELECT is((SELECT array_agg(DISTINCT put_at) FROM npcsim.interaction_bid_rows), NULL, 'no bid is left');
SELECT * FROM finish();
