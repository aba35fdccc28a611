-- Tests walking: four cells a second along shortest paths, in legs; arriving, being blocked, changing one's mind.
BEGIN;
SELECT plan(68);

\ir lib/minds.sql
-- Nobody decides of itself: NPCs do what the tests tell them, as answers of their mind.
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada');
CREATE FUNCTION pg_temp.tell_to(who text, x integer, y integer) RETURNS text
LANGUAGE sql AS $$SELECT pg_temp.tell(who, jsonb_build_object('action', 'move_to', 'parameters', jsonb_build_object('x', x, 'y', y)))$$;
CREATE FUNCTION pg_temp.events(who text) RETURNS SETOF jsonb
LANGUAGE sql AS $$SELECT e FROM npcsim.npc_minds m, jsonb_array_elements(m.events) AS e WHERE m.npc_id = pg_temp.npc(who)$$;
-- The cells of its track, in the form {"(x,y)", …}.
CREATE FUNCTION pg_temp.track(who text) RETURNS point[]
LANGUAGE sql AS $$
    SELECT array_agg(point(t.cells[i], t.cells[i + 1]) ORDER BY i)
      FROM npcsim.npc_tracks t, generate_series(1, cardinality(t.cells), 2) AS i WHERE t.npc_id = pg_temp.npc(who)
$$;
CREATE FUNCTION pg_temp.since(who text) RETURNS bigint
LANGUAGE sql AS $$SELECT state_since FROM npcsim.npc_states WHERE npc_id = pg_temp.npc(who)$$;

-- ---- seven cells in 1.75 s ----
SELECT pg_temp.make('Ada', 2, 2);
SELECT is(pg_temp.tell_to('Ada', 9, 2), 'applied', 'an NPC sets out');
SELECT is(pg_temp.at('Ada'), '2,2 moving', 'from where it stood');
SELECT npcsim.tick_world(1, 0.3);
SELECT is(pg_temp.at('Ada'), '3.2,2 moving', 'after 0.3 s it has made 1.2 cells');
SELECT ok((SELECT ST_DWithin(position, ST_MakePoint(3.2, 2), 1e-9) FROM npcsim.npcs), 'and is shown there');
SELECT npcsim.tick_world(1, 1.4);
SELECT is(pg_temp.at('Ada'), '8.8,2 moving', 'after 1.7 s 6.8');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.at('Ada'), '9,2 idle', 'and then it has arrived');
SELECT is(pg_temp.since('Ada'), 1750000::bigint, 'seven cells after 1.75 s');
SELECT is((SELECT e FROM pg_temp.events('Ada') e),
          '{"at": 1.75, "type": "movement_completed", "status": "arrived", "intended_destination": [9, 2], "actual_destination": [9, 2]}',
          'which its mind is told');
SELECT is(pg_temp.track('Ada')::text, ARRAY[point(9, 2)]::text, 'who stands has a track of one cell');

-- ---- legs ----
SELECT pg_temp.tell_to('Ada', 59, 2);
CREATE TEMP TABLE start AS SELECT clock * 1000000 AS at FROM npcsim.worlds;
CREATE TEMP TABLE counted AS SELECT state_counter FROM npcsim.npc_states;
SELECT is(cardinality(pg_temp.track('Ada')), 33, 'a track holds a leg of at most 33 cells');
SELECT is((pg_temp.track('Ada'))[33]::text, point(41, 2)::text, '32 steps long');
SELECT npcsim.tick_world(1, 7.9);
SELECT is(pg_temp.at('Ada'), '40.6,2 moving', 'at whose end');
SELECT npcsim.tick_world(1, 0.2);
SELECT is((pg_temp.track('Ada'))[1]::text, point(41, 2)::text, 'the next one begins');
SELECT is((SELECT departed_at FROM npcsim.npc_tracks), (SELECT at::bigint + 8000000 FROM start), 'without a pause');
SELECT is(pg_temp.at('Ada'), '41.4,2 moving', 'nor a jump');
SELECT is((SELECT state_counter FROM npcsim.npc_states), (SELECT state_counter FROM counted), 'nor another state');
SELECT npcsim.tick_world(1, 4.4);
SELECT is(pg_temp.at('Ada'), '59,2 idle', 'so that 50 cells');
SELECT is(pg_temp.since('Ada') - (SELECT at::bigint FROM start), 12500000::bigint, 'take 12.5 s');

-- ---- around what is in the way, no longer than needed ----
SELECT npcsim.set_terrain(1, 30, 5, true, 1, 11);
SELECT npcsim.create_item(1, 'apple', 32, 10);
SELECT pg_temp.place('Ada', 28, 10);
SELECT pg_temp.tell_to('Ada', 33, 10);
-- to the end of the wall and back again (five rows and one each way), and five columns
SELECT is(cardinality(pg_temp.track('Ada')) - 1, 5 + 6 + 6, 'the way around a wall is the shortest there is');
SELECT ok((SELECT bool_and(abs(a.cell[0] - b.cell[0]) + abs(a.cell[1] - b.cell[1]) = 1)
             FROM unnest(pg_temp.track('Ada')) WITH ORDINALITY AS a(cell, i)
             JOIN unnest(pg_temp.track('Ada')) WITH ORDINALITY AS b(cell, i) ON b.i = a.i + 1), 'cell by cell, to neighbours');
SELECT is_empty($$SELECT cell FROM unnest(pg_temp.track('Ada')) AS cell
                   WHERE cell[0] = 30 AND cell[1] BETWEEN 5 AND 15 OR cell[0] = 32 AND cell[1] = 10$$, 'never through walls or items');
SELECT npcsim.tick_world(1, 5);

-- ---- a blocked target ends beside it ----
SELECT pg_temp.place('Ada', 20, 10);
SELECT is(pg_temp.tell_to('Ada', 30, 10), 'applied', 'a wall may be walked to');
SELECT npcsim.tick_world(1, 5);
SELECT is(pg_temp.at('Ada'), '29,10 idle', 'up to the cell before it');
SELECT is((SELECT e - 'at' FROM pg_temp.events('Ada') e ORDER BY e ->> 'at' DESC LIMIT 1),
          '{"type": "movement_completed", "status": "arrived", "intended_destination": [30, 10], "actual_destination": [29, 10]}',
          'and its mind is told of both');
SELECT is(pg_temp.tell_to('Ada', 30, 10), 'applied', 'who is beside it already');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.at('Ada'), '29,10 idle', 'has arrived');
SELECT pg_temp.tell_to('Ada', 29, 10);
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.at('Ada'), '29,10 idle', 'so has who walks to where it stands');

-- ---- no way ----
SELECT npcsim.set_terrain(1, 50, 30, true, 3, 3), npcsim.set_terrain(1, 51, 31, false);
CREATE TEMP TABLE undisturbed AS SELECT state, state_counter, draws, event_at FROM npcsim.npc_states;
SELECT matches(pg_temp.tell_to('Ada', 51, 31), '^rejected NS302', 'a walled-in cell cannot be walked to');
SELECT results_eq('SELECT state, state_counter, draws, event_at FROM npcsim.npc_states', 'SELECT * FROM undisturbed',
                  'who tries goes on as it was');
SELECT matches(pg_temp.tell_to('Ada', 60, 0), '^rejected NS210', 'nor can one outside the world');

-- ---- a wall grows in the way: another way is found once ----
SELECT pg_temp.place('Ada', 2, 20);
SELECT pg_temp.tell_to('Ada', 14, 20);
SELECT npcsim.tick_world(1, 1.1);
SELECT throws_ok('SELECT npcsim.set_terrain(1, 6, 20)', 'NS211', NULL, 'no wall grows where somebody walks');
SELECT is(npcsim.set_terrain(1, 7, 20), 1, 'but right before him');
SELECT is((SELECT replans FROM npcsim.npc_states), 1::smallint, 'who finds another way');
SELECT is((pg_temp.track('Ada'))[1]::text, point(6, 20)::text, 'from the cell he is on');
SELECT npcsim.tick_world(1, 0.5);
CREATE TEMP TABLE short AS
    SELECT (pg_temp.track('Ada'))[1 + (SELECT (w.now - t.departed_at) / 250000 FROM npcsim.npc_tracks t, npcsim.world_moments w)] AS cell;
SELECT lives_ok(format('SELECT npcsim.create_item(1, %L, %s, %s)', 'apple', c[0], c[1]), 'an item is dropped in the new way')
  FROM (SELECT (pg_temp.track('Ada'))[6] AS c) AS ahead;
SELECT is((SELECT state FROM npcsim.npcs), 'idle', 'then he gives up');
SELECT is((SELECT e -> 'status' FROM pg_temp.events('Ada') e ORDER BY (e ->> 'at')::float8 DESC LIMIT 1), '"stopped_short"',
          'having stopped short, as his mind is told');
SELECT ok((SELECT position_x = (cell)[0] AND position_y = (cell)[1] FROM npcsim.npcs, short), 'on the cell he was on');

SELECT pg_temp.place('Ada', 2, 24);
SELECT pg_temp.tell_to('Ada', 14, 24);
SELECT npcsim.tick_world(1, 1.1);
SELECT npcsim.set_terrain(1, 8, 22, true, 2, 6);
SELECT is((SELECT replans FROM npcsim.npc_states), 1::smallint, 'a wall of many cells is one obstacle');
SELECT npcsim.tick_world(1, 8);
SELECT is(pg_temp.at('Ada'), '14,24 idle', 'that is walked around');

SELECT pg_temp.place('Ada', 2, 32);
SELECT pg_temp.tell_to('Ada', 14, 32);
SELECT npcsim.tick_world(1, 1);
SELECT npcsim.create_item(1, 'chair', 14, 32);
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.at('Ada'), '13,32 idle', 'an item on the very goal is arrived at beside it');

SELECT pg_temp.place('Ada', 20, 35);
SELECT npcsim.set_terrain(1, 26, 33, true, 5, 1), npcsim.set_terrain(1, 26, 37, true, 5, 1), npcsim.set_terrain(1, 30, 34, true, 1, 3);
SELECT pg_temp.tell_to('Ada', 29, 35);
SELECT npcsim.tick_world(1, 1);
SELECT npcsim.set_terrain(1, 26, 34, true, 1, 3);
SELECT is((SELECT state FROM npcsim.npcs), 'idle', 'walled out of its goal it stops at once');
SELECT is((SELECT e -> 'status' FROM pg_temp.events('Ada') e ORDER BY (e ->> 'at')::float8 DESC LIMIT 1), '"blocked"', 'its way blocked');
CREATE TEMP TABLE walls AS SELECT blocked FROM npcsim.world_terrain;
SELECT throws_ok('SELECT npcsim.set_terrain(1, 32, 10)', 'NS211', NULL, 'no wall grows on an item');
SELECT throws_ok($$SELECT npcsim.set_terrain(1, position_x::int - 3, position_y::int, true, 5, 1) FROM npcsim.npcs$$, 'NS211', NULL,
                 'nor where somebody stands');
SELECT results_eq('SELECT blocked FROM npcsim.world_terrain', 'SELECT blocked FROM walls', 'and what is refused changes nothing');

-- ---- a change of mind loses no time ----
SELECT pg_temp.place('Ada', 2, 2);
SELECT pg_temp.tell_to('Ada', 9, 2);
CREATE OR REPLACE TEMP VIEW left_at AS SELECT departed_at FROM npcsim.npc_tracks;
CREATE TEMP TABLE first_leg AS SELECT * FROM left_at;
SELECT npcsim.tick_world(1, 0.6);
SELECT pg_temp.tell_to('Ada', 12, 2);
SELECT is((SELECT departed_at FROM left_at), (SELECT departed_at + 500000 FROM first_leg), 'what it has walked towards the next cell counts');
SELECT is(pg_temp.at('Ada'), '4.4,2 moving', 'it does not jump');
SELECT is(pg_temp.tell('Ada', '{"action": "wait", "parameters": {"duration": 2.5}}'), 'applied', 'a walker may wait');
SELECT is(pg_temp.at('Ada'), '4,2 waiting', 'on the cell it is on');
CREATE TEMP TABLE waiting AS SELECT pg_temp.since('Ada') AS since;
SELECT npcsim.tick_world(1, 2.6);
SELECT is((SELECT pg_temp.since('Ada') - since FROM waiting), 2500000::bigint, 'for as long as it said');
SELECT is(pg_temp.at('Ada'), '4,2 idle', 'and is idle then');
SELECT pg_temp.tell('Ada', '{"action": "wait"}');
SELECT npcsim.tick_world(1, 60);
SELECT is(pg_temp.at('Ada'), '4,2 waiting', 'without a duration it waits until told otherwise');

-- ---- one step ----
SELECT is(pg_temp.tell('Ada', '{"action": "move_direction", "parameters": {"direction": "south"}}'), 'applied', 'a step south');
SELECT npcsim.tick_world(1, 0.3);
SELECT is(pg_temp.at('Ada'), '4,3 idle', 'is one cell');
SELECT pg_temp.place('Ada', 29, 10);
SELECT matches(pg_temp.tell('Ada', '{"action": "move_direction", "parameters": {"direction": "east"}}'), '^rejected NS211', 'a wall is no step');
SELECT pg_temp.place('Ada', 0, 0);
SELECT matches(pg_temp.tell('Ada', '{"action": "move_direction", "parameters": {"direction": "north"}}'), '^rejected NS211', 'nor is the edge of the world');

-- ---- who stops prefers a free cell ----
SELECT pg_temp.make('Bo', 10, 0);
SELECT pg_temp.tell_to('Bo', 0, 0);
SELECT npcsim.tick_world(1, 4);
SELECT is(pg_temp.at('Bo'), '1,0 idle', 'a cell on which somebody stands is arrived at beside it');
SELECT pg_temp.place('Ada', 2, 4), pg_temp.place('Bo', 22, 4);
SELECT pg_temp.tell_to('Ada', 12, 4), pg_temp.tell_to('Bo', 12, 4);
SELECT npcsim.tick_world(1, 2.5);
SELECT npcsim.tick_world(1, 2.5);
SELECT ok(pg_temp.at('Ada') = '12,4 idle' AND pg_temp.at('Bo') <> '12,4 idle' AND pg_temp.at('Bo') LIKE '% idle',
          'of two that arrive at one cell in the same moment the second stops beside it');
SELECT is((SELECT abs(b.position_x - 12) + abs(b.position_y - 4) FROM npcsim.npcs b WHERE name = 'Bo'), 1::float8, 'one step away');
SELECT pg_temp.place('Ada', 2, 4), pg_temp.place('Bo', 12, 4);
SELECT pg_temp.tell_to('Ada', 22, 4);
SELECT npcsim.tick_world(1, 2.5);
SELECT is(pg_temp.at('Ada'), '12,4 moving', 'who does not stop there walks past');
SELECT pg_temp.place('Ada', 2, 4);
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'move_to_npc', 'target_id', pg_temp.npc('Bo'))), 'applied', 'another NPC can be walked to');
SELECT npcsim.tick_world(1, 4);
SELECT is(pg_temp.at('Ada'), '11,4 idle', 'up to the cell beside it');

-- ---- wandering ----
SELECT npcsim.remove_npc(1, pg_temp.npc('Bo'));
CREATE TEMP TABLE wanders (x integer, y integer, steps integer);
DO $$
BEGIN
    FOR i IN 1 .. 60 LOOP
        PERFORM pg_temp.place('Ada', 29, 10);
        PERFORM pg_temp.tell('Ada', '{"action": "wander"}');
        INSERT INTO wanders SELECT s.goal_x, s.goal_y, cardinality(t.cells) / 2 - 1
          FROM npcsim.npc_states s JOIN npcsim.npc_tracks t USING (world_id, npc_id);
    END LOOP;
END
$$;
SELECT is((SELECT max(steps) FROM wanders), 12, 'a wanderer goes up to 12 steps away');
SELECT cmp_ok((SELECT count(DISTINCT (x, y)) FROM wanders), '>', 40::bigint, 'here and there');
SELECT is_empty('SELECT * FROM wanders w WHERE x >= 30 AND y BETWEEN 5 AND 15 AND x - 29 > 0 AND steps < (x - 29) + 2 * least(y - 4, 16 - y)',
                'by ways on foot, not as the crow flies');
SELECT is((SELECT state FROM npcsim.npcs), 'wandering', 'and is said to wander');
SELECT pg_temp.place('Ada', 51, 31);
SELECT matches(pg_temp.tell('Ada', '{"action": "wander"}'), '^rejected NS302', 'who is walled in has nowhere to go');

SELECT * FROM finish();
ROLLBACK;
