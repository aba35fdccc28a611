-- Tests worlds: how they are made, ticked, locked, dropped, parked and adopted; terrain and colonies.
BEGIN;
SELECT plan(68);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('world_clock');

-- ---- made ----
SELECT is(npcsim.create_world('Meadow', 40, 30, 7), 1::bigint, 'the first world has id 1');
SELECT is(npcsim.create_world(name => 'Hill', size_x => 20, size_y => 20, seed => 1, tick_rate => 20), 2::bigint,
          'arguments may be named');
SELECT lives_ok($$SELECT npcsim.create_world('Random', 8, 8)$$, 'seed and tick rate have defaults');
SELECT results_eq(
    $$SELECT name, size_x, size_y, seed, tick_rate, status, clock, speed FROM npcsim.worlds WHERE id = 1$$,
    $$VALUES ('Meadow', 40, 30, 7::bigint, 10, 'paused', 0::float8, 1::float8)$$,
    'a new world is paused, its clock 0');
SELECT set_eq($$SELECT name FROM npcsim.item_types WHERE world_id = 1$$, ARRAY['apple', 'bed', 'chair', 'shower', 'television'],
              'it has the starter set of items');
SELECT set_eq($$SELECT name FROM npcsim.interaction_types WHERE world_id = 1$$, ARRAY['consume', 'sit', 'wash', 'watch', 'conversation'],
              'and of interactions');
SELECT isnt((SELECT seed FROM npcsim.worlds WHERE name = 'Random'), NULL, 'a seed is drawn when none is given');
SELECT throws_ok($$SELECT npcsim.create_world('Meadow', 8, 8)$$, '23505', NULL, 'a name is given once');
SELECT throws_ok($$SELECT npcsim.create_world('Odd', 8, 8, 1, 3)$$, '22023', NULL,
                 'a tick is a whole number of microseconds');

-- ---- stepped ----
SELECT is(npcsim.tick_world(1, 0.25), 0.25::float8, 'tick_world returns the clock');
SELECT is((SELECT clock FROM npcsim.worlds WHERE id = 1), 0.2::float8, 'the clock shown is that of the last finished tick');
SELECT is(npcsim.tick_world(world_id => 1, dt => 0.05), 0.3::float8, 'two parts of a tick make a tick');
SELECT is(npcsim.tick_world(1, 60), 60.3::float8, 'a minute at a time is the most');
SELECT throws_ok($$SELECT npcsim.tick_world(1, 60.1)$$, '22003', NULL, 'more than a minute is refused');
SELECT throws_ok($$SELECT npcsim.tick_world(1, 0)$$, '22003', NULL, 'no time is refused');
SELECT throws_ok($$SELECT npcsim.tick_world(1, 4e-7)$$, '22003', NULL, 'less than a microsecond is refused');
SELECT throws_ok($$SELECT npcsim.tick_world(1, 'NaN')$$, '22003', NULL, 'NaN is refused');

-- ---- speed, policy, status ----
SELECT lives_ok($$SELECT npcsim.set_world_speed(1, 2.5)$$, 'the speed is set');
SELECT is((SELECT speed FROM npcsim.worlds WHERE id = 1), 2.5::float8, 'and shown');
SELECT throws_ok($$SELECT npcsim.set_world_speed(1, 0.05)$$, '22003', NULL, 'a speed below 0.1 is refused');
SELECT throws_ok($$SELECT npcsim.set_world_speed(1, 'Infinity')$$, '22003', NULL, 'an infinite speed is refused');
SELECT lives_ok($$SELECT npcsim.set_decision_policy(1, 'none')$$, 'the policy is set');
SELECT is((SELECT decision_policy FROM npcsim.worlds WHERE id = 1), 'none', 'and shown');
SELECT throws_ok($$SELECT npcsim.set_decision_policy(1, 'sometimes')$$, '22023', NULL, 'an unknown policy is refused');
SELECT lives_ok($$SELECT npcsim.pause_world(1)$$, 'pausing a paused world does nothing');

-- ---- revisions ----
CREATE TEMP TABLE seen AS SELECT revision FROM npcsim.worlds WHERE id = 1;
SELECT npcsim.pause_world(1), npcsim.set_world_speed(1, 2.5), npcsim.lock_world(1);
SELECT is((SELECT revision FROM npcsim.worlds WHERE id = 1), (SELECT revision FROM seen),
          'what changes nothing makes no revision');

-- ---- terrain ----
SELECT is(npcsim.set_terrain(1, 5, 5), 1, 'one cell is blocked');
SELECT is(npcsim.set_terrain(1, 5, 5), 0, 'a blocked cell stays so');
SELECT is(npcsim.set_terrain(1, x => 4, y => 4, width => 3, height => 2), 5, 'a rectangle is blocked');
SELECT is(npcsim.set_terrain(1, 4, 4, false, 3, 2), 6, 'and freed');
SELECT npcsim.create_npc(1, 'Ada', 10, 10), npcsim.create_item(1, 'chair', 12, 10);
SELECT throws_ok($$SELECT npcsim.set_terrain(1, 10, 10)$$, 'NS211', NULL, 'no wall is built on an NPC');
SELECT throws_ok($$SELECT npcsim.set_terrain(1, 11, 9, true, 3, 3)$$, 'NS211', NULL, 'nor on an item');
SELECT is((SELECT pg_catalog.bit_count(blocked) FROM npcsim.world_terrain WHERE world_id = 1), 0::bigint,
          'and then no cell of the rectangle is blocked');
SELECT throws_ok($$SELECT npcsim.set_terrain(1, 39, 29, true, 2, 1)$$, 'NS210', NULL, 'a rectangle lies inside the world');
SELECT throws_ok($$SELECT npcsim.set_terrain(1, -1, 0)$$, 'NS210', NULL, 'no cell has a negative number');
SELECT npcsim.set_terrain(1, 20, 20);
SELECT throws_ok($$SELECT npcsim.create_npc(1, 'Bo', 20, 20)$$, 'NS211', NULL, 'nobody is created in a wall');

-- ---- colonies ----
SELECT is(npcsim.populate_world(2, 30), 30, 'a colony of 30 is made');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE world_id = 2), 30::bigint, 'it has 30 NPCs');
SELECT cmp_ok((SELECT count(*) FROM npcsim.world_items WHERE world_id = 2 AND item_type = 'apple'), '>=', 20::bigint,
              'apples to live on');
SELECT results_eq(
    $$SELECT item_type, count(*) BETWEEN 3 AND 4 FROM npcsim.world_items WHERE world_id = 2 AND item_type <> 'apple' GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('chair', true), ('shower', true), ('television', true)$$, 'and something for each other need');
SELECT is((SELECT count(DISTINCT name) FROM npcsim.npcs WHERE world_id = 2), 30::bigint, 'everyone has a name of his own');
SELECT is((SELECT count(*) FROM (
              SELECT position_x, position_y FROM npcsim.npcs WHERE world_id = 2
              UNION ALL SELECT position_x, position_y FROM npcsim.world_items WHERE world_id = 2) AS p),
          (SELECT count(*) FROM (
              SELECT position_x, position_y FROM npcsim.npcs WHERE world_id = 2
              UNION SELECT position_x, position_y FROM npcsim.world_items WHERE world_id = 2) AS p),
          'and everything a cell of its own');
SELECT throws_ok($$SELECT npcsim.populate_world(2, 1000)$$, 'NS212', NULL, 'a world that is too small is refused');
SELECT throws_ok($$SELECT npcsim.populate_world(2, 0)$$, '22003', NULL, 'a colony of nobody is refused');
SELECT npcsim.create_world('Hill again', 20, 20, 1, 20);
SELECT npcsim.populate_world((SELECT id FROM npcsim.worlds WHERE name = 'Hill again'), 30);
SELECT results_eq(
    $$SELECT id, name, position_x, position_y FROM npcsim.npcs WHERE world_id = 2 ORDER BY id$$,
    $$SELECT n.id, n.name, n.position_x, n.position_y FROM npcsim.npcs n JOIN npcsim.worlds w ON w.id = n.world_id
      WHERE w.name = 'Hill again' ORDER BY n.id$$,
    'the same seed makes the same people');
SELECT results_eq(
    $$SELECT id, item_type, position_x, position_y FROM npcsim.world_items WHERE world_id = 2 ORDER BY id$$,
    $$SELECT i.id, i.item_type, i.position_x, i.position_y FROM npcsim.world_items i JOIN npcsim.worlds w ON w.id = i.world_id
      WHERE w.name = 'Hill again' ORDER BY i.id$$,
    'and the same things');
SELECT lives_ok($$SELECT npcsim.populate_world(2, 5)$$, 'more people may come');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE world_id = 2), 35::bigint, 'and they join the others');

SELECT npcsim.create_world('Busy', 40, 40, 3) AS busy \gset
SELECT npcsim.populate_world(:busy, 60), npcsim.tick_world(:busy, 5.1);
SELECT is(npcsim.populate_world(:busy, 60), 60, 'also where others walk about');

-- Which of the three a colony of one would be given is drawn; it is refused whichever is missing.
SELECT npcsim.create_world('Bare', 20, 20, 1) AS bare \gset
CREATE FUNCTION pg_temp.without(type text, world bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    hint text;
BEGIN
    DELETE FROM npcsim.item_types WHERE world_id = world AND name = type;
    PERFORM npcsim.populate_world(world, 1);
    RETURN 'populated';
EXCEPTION WHEN SQLSTATE 'NS204' THEN -- takes the DELETE back
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN replace(message, world::text, 'N') || ': ' || substring(hint FROM '^\S+');
END
$$;
SELECT is(pg_temp.without(type, :bare), format('world N has no item type "%s": define_item_type()', type), 'a world without a ' || type || ' is not populated')
  FROM unnest('{apple,chair,shower,television}'::text[]) AS type;
SELECT is(pg_temp.without('bed', :bare), 'populated', 'nobody needs a bed');

-- ---- item types ----
SELECT lives_ok($$SELECT npcsim.define_item_type(1, 'bread',
    '{"consumable": {"consumption_time": 2.5, "need_deltas": {"hunger": 40}}}', 'A loaf')$$, 'an item type is defined');
SELECT lives_ok($$SELECT npcsim.create_item(1, 'bread', 1, 1)$$, 'and used at once');
SELECT throws_ok($$SELECT npcsim.define_item_type(1, 'Bread', '{}')$$, '22023', NULL, 'its name is in small letters');
SELECT throws_ok($$SELECT npcsim.define_item_type(1, 'stone', '{"consumable": {}}')$$, '22023', NULL,
                 'a consumable needs its time');

-- ---- parked and adopted ----
-- A transaction that holds a world does not read its home again, unless an error in it was caught.
SELECT throws_ok($$SELECT npcsim.create_npc(2, 'Bo', 99, 99)$$, 'NS210', NULL, 'what a transaction knows of a world that it holds');
UPDATE npcsim.world_clock SET home = 'elsewhere' WHERE world_id = 2;
SELECT is((SELECT status FROM npcsim.worlds WHERE id = 2), 'parked', 'a world from elsewhere is parked');
SELECT throws_ok($$SELECT npcsim.tick_world(2, 1)$$, 'NS102', NULL, 'and not stepped');
SELECT throws_ok($$SELECT npcsim.create_npc(2, 'Bo', 0, 0)$$, 'NS102', NULL, 'nor changed');
SELECT results_eq('SELECT npcsim.adopt_worlds()', 'VALUES (2::bigint)', 'it is adopted');
SELECT is((SELECT status FROM npcsim.worlds WHERE id = 2), 'paused', 'as it was');
SELECT is_empty('SELECT npcsim.adopt_worlds()', 'and only once');
SELECT is(npcsim.tick_world(2, 1), 1::float8, 'and goes on');

-- ---- dropped ----
SELECT npcsim.create_player(2, 'ada');
SELECT npcsim.drop_world(2);
CREATE FUNCTION pg_temp.tables_with_world(world bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    name text;
    rows bigint;
BEGIN
    FOR name IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                 WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'world_id'
                   AND c.relname !~ '^change_log'
    LOOP
        EXECUTE format('SELECT count(*) FROM npcsim.%I WHERE world_id = $1', name) INTO rows USING world;
        IF rows > 0 THEN
            RETURN NEXT name;
        END IF;
    END LOOP;
END
$$;
SELECT is_empty('SELECT pg_temp.tables_with_world(2)', 'a dropped world leaves no row behind');
SELECT throws_ok('SELECT npcsim.tick_world(2, 1)', 'NS101', NULL, 'it is gone, in the same transaction too');

SELECT * FROM finish();
ROLLBACK;
