-- Tests that needs have their exact values at every moment, to the millionth, while nothing happens and while something is used.
BEGIN;
SELECT plan(42);

\ir lib/minds.sql
-- Nobody decides of itself: NPCs do what the tests tell them, as answers of their mind.
SELECT npcsim.create_world('Meadow', 30, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada');
-- Millionths, as the views compute them.
CREATE FUNCTION pg_temp.needs(who text) RETURNS integer[]
LANGUAGE sql AS $$
    SELECT ARRAY[round(hunger * 1e6), round(hygiene * 1e6), round(fun * 1e6), round(energy * 1e6)]::integer[]
      FROM npcsim.npcs WHERE name = who
$$;
CREATE FUNCTION pg_temp.decay(who text) RETURNS integer
LANGUAGE sql AS $$SELECT decay FROM npcsim.npc_states WHERE npc_id = pg_temp.npc(who)$$;

-- ---- decay ----
SELECT npcsim.create_world('Crowd', 40, 40, 9, preset => 'reference');
SELECT npcsim.populate_world(2, 300);
SELECT ok((SELECT bool_and(decay BETWEEN 1000000 AND 2000000) FROM npcsim.npc_states WHERE world_id = 2), 'every NPC has a decay of 1 to 2 a second');
SELECT ok((SELECT min(decay) < 1050000 AND max(decay) > 1950000 AND avg(decay) BETWEEN 1450000 AND 1550000
             FROM npcsim.npc_states WHERE world_id = 2), 'any of them as likely as the others');
SELECT cmp_ok((SELECT count(DISTINCT decay) FROM npcsim.npc_states WHERE world_id = 2), '>=', 299::bigint, 'each its own');
SELECT is((SELECT count(*) FROM npcsim.npc_states WHERE world_id = 2 AND
           (hunger_rate, hygiene_rate, fun_rate, energy_rate) IS DISTINCT FROM (-decay, -decay, -decay, -decay)), 0::bigint,
          'for all its needs');
SELECT npcsim.drop_world(2);

SELECT pg_temp.make('Ada', 5, 5);
SELECT npcsim.tick_world(1, 7.3);
SELECT is(pg_temp.needs('Ada'), array_fill((100000000 - ceil(pg_temp.decay('Ada') * 7.3))::integer, ARRAY[4]),
          'after 7.3 s each is lower by 7.3 times that, rounded down');
SELECT npcsim.tick_world(1, 0.05);
SELECT is(pg_temp.needs('Ada'), array_fill((100000000 - ceil(pg_temp.decay('Ada') * 7.3))::integer, ARRAY[4]),
          'between two ticks they are what they were at the first');
UPDATE npcsim.npcs SET hygiene = 12.345678;
SELECT is((pg_temp.needs('Ada'))[2], 12345678, 'an operator writes a need to the millionth');
SELECT is((pg_temp.needs('Ada'))[1], (100000000 - ceil(pg_temp.decay('Ada') * 7.3))::integer, 'and no other');
SELECT npcsim.tick_world(1, 1.05);
SELECT is((pg_temp.needs('Ada'))[2], 12345678 - ceil(pg_temp.decay('Ada') * 1.1)::integer, 'it decays from there');
SELECT npcsim.tick_world(1, 60), npcsim.tick_world(1, 60);
SELECT is(pg_temp.needs('Ada'), '{0,0,0,0}', 'down to 0 and no lower');
UPDATE npcsim.npcs SET hunger = 0, fun = 100;
SELECT is(pg_temp.needs('Ada'), '{0,0,100000000,0}', 'the bounds can be written');
SELECT throws_ok('UPDATE npcsim.npcs SET hunger = 100.000001', NULL, NULL, 'more than 100 cannot');
SELECT throws_ok('UPDATE npcsim.npcs SET hunger = -0.000001', NULL, NULL, 'nor less than 0');
SELECT throws_ok($$UPDATE npcsim.npcs SET hunger = 'NaN'$$, NULL, NULL, 'nor no number');

-- ---- an apple: 25 of hunger in 5 s ----
CREATE TEMP TABLE apple AS SELECT npcsim.create_item(1, 'apple', 6, 5) AS id;
UPDATE npcsim.npcs SET hunger = 40, hygiene = 30, fun = 20, energy = 50;
SELECT is(pg_temp.use('Ada', (SELECT id FROM apple)), 'applied', 'an NPC eats');
SELECT is((SELECT hunger_rate FROM npcsim.npc_states), 5000000 - pg_temp.decay('Ada'), 'which fills hunger at 5 a second less its decay');
SELECT results_eq('SELECT hygiene_rate, fun_rate, energy_rate FROM npcsim.npc_states', 'SELECT -decay, -decay, -decay FROM npcsim.npc_states',
                  'and nothing else');
SELECT npcsim.tick_world(1, 2);
SELECT is((pg_temp.needs('Ada'))[1], 50000000 - 2 * pg_temp.decay('Ada'), 'after 2 s it is 10 fuller, but for the decay');
SELECT npcsim.tick_world(1, 3);
SELECT is((pg_temp.needs('Ada'))[1], 65000000 - 5 * pg_temp.decay('Ada'), 'after 5 s 25');
SELECT is((pg_temp.needs('Ada'))[4], 50000000 - 5 * pg_temp.decay('Ada'), 'the others have gone on as before');
SELECT is((SELECT hunger_rate FROM npcsim.npc_states), -pg_temp.decay('Ada'), 'at its end the decay is all that is left');
SELECT is((SELECT state FROM npcsim.npcs), 'idle', 'and the NPC is idle');
SELECT npcsim.tick_world(1, 1);
SELECT is((pg_temp.needs('Ada'))[1], 65000000 - 6 * pg_temp.decay('Ada'), 'hunger grows again');

-- ---- full at 100 ----
SELECT npcsim.create_item(1, 'apple', 5, 4);
UPDATE npcsim.npcs SET hunger = 95;
SELECT pg_temp.use('Ada', (SELECT id FROM npcsim.world_items WHERE position_y = 4));
SELECT npcsim.tick_world(1, 4);
SELECT is((pg_temp.needs('Ada'))[1], 100000000, 'nobody is fuller than 100');
SELECT npcsim.tick_world(1, 2);
SELECT is((pg_temp.needs('Ada'))[1], 100000000 - pg_temp.decay('Ada'), 'and is hungry from there');

-- ---- a chair: 10 of energy a second ----
SELECT npcsim.create_item(1, 'chair', 5, 6);
UPDATE npcsim.npcs SET energy = 20, hunger = 80;
SELECT is(pg_temp.use('Ada', (SELECT id FROM npcsim.world_items WHERE item_type = 'chair')), 'applied', 'an NPC sits down');
SELECT npcsim.tick_world(1, 3);
SELECT is((pg_temp.needs('Ada'))[4], 50000000 - 3 * pg_temp.decay('Ada'), 'sitting gives 10 of energy a second');
SELECT is((pg_temp.needs('Ada'))[1], 80000000 - 3 * pg_temp.decay('Ada'), 'and nothing else');
UPDATE npcsim.npcs SET energy = 30;
SELECT npcsim.tick_world(1, 1);
SELECT is((pg_temp.needs('Ada'))[4], 40000000 - pg_temp.decay('Ada'), 'also to a need that was written meanwhile');
SELECT is(pg_temp.tell('Ada', '{"action": "cancel_interaction"}'), 'applied', 'it gets up');
SELECT npcsim.tick_world(1, 2);
SELECT is((pg_temp.needs('Ada'))[4], 40000000 - 3 * pg_temp.decay('Ada'), 'and tires again');

-- ---- other kinds ----
SELECT npcsim.define_item_type(1, 'soap', '{"consumable": {"consumption_time": 3, "need_deltas": {"hygiene": 10, "fun": -2.5}}}');
SELECT npcsim.create_item(1, 'soap', 6, 5);
UPDATE npcsim.npcs SET position_x = 5, position_y = 5;
UPDATE npcsim.npcs SET hygiene = 40, fun = 40;
SELECT is(pg_temp.use('Ada', (SELECT id FROM npcsim.world_items WHERE item_type = 'soap')), 'applied', 'other things can be used');
SELECT is((SELECT hygiene_rate + decay FROM npcsim.npc_states), 3333333, 'what does not divide is rounded down');
SELECT is((SELECT fun_rate + decay FROM npcsim.npc_states), -833334, 'draining, too');
SELECT npcsim.tick_world(1, 3);
SELECT is((pg_temp.needs('Ada'))[2], 40000000 + 9999999 - 3 * pg_temp.decay('Ada'), 'in 3 s a need is filled by 10');
SELECT is((pg_temp.needs('Ada'))[3], 40000000 - 2500002 - 3 * pg_temp.decay('Ada'), 'and another drained by 2.5');
SELECT is_empty($$SELECT id FROM npcsim.world_items WHERE item_type = 'soap'$$, 'and the soap is gone');
SELECT npcsim.tick_world(1, 60);
SELECT is_empty($$SELECT id FROM npcsim.world_items WHERE item_type = 'soap'$$, 'for good: it does not respawn');

-- ---- readers and the rows agree ----
SELECT is((SELECT count(*) FROM npcsim.npc_states WHERE needs_as_of > (SELECT now FROM npcsim.world_moments)), 0::bigint,
          'needs are true at a moment of the past');
CREATE TEMP TABLE written AS SELECT ctid AS place FROM npcsim.npc_states;
SELECT npcsim.tick_world(1, 60), npcsim.tick_world(1, 60);
SELECT results_eq('SELECT ctid FROM npcsim.npc_states', 'SELECT place FROM written', 'time alone writes nothing');
SELECT is(pg_temp.needs('Ada'), '{0,0,0,0}', 'though it passes');
SELECT npcsim.tick_world(1, 0.000001);
SELECT is(pg_temp.needs('Ada'), '{0,0,0,0}', 'by microseconds, too');

SELECT * FROM finish();
ROLLBACK;
