-- Tests that operators write through the views: only what differs, only over what they saw, with effect at once.
BEGIN;
SELECT plan(73);

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 30, 20, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT npcsim.create_npc(1, 'Ada', 4, 6), npcsim.create_npc(1, 'Bo', 8, 6), npcsim.create_item(1, 'chair', 10, 10);
SELECT npcsim.tick_world(1, 10);


-- ---- needs ----
CREATE TEMP TABLE before AS SELECT * FROM npcsim.npcs WHERE name = 'Ada';
SELECT lives_ok($$UPDATE npcsim.npcs SET hunger = 42.5 WHERE name = 'Ada'$$, 'a need is written');
SELECT is((SELECT hunger FROM npcsim.npcs WHERE name = 'Ada'), 42.5::float8, 'and has the value');
SELECT results_eq(
    $$SELECT hygiene, fun, energy, name, position_x, position_y, state, controller_player_id, motion_revision, identity_revision
        FROM npcsim.npcs WHERE name = 'Ada'$$,
    $$SELECT hygiene, fun, energy, name, position_x, position_y, state, controller_player_id, motion_revision, identity_revision
        FROM before$$, 'nothing else is overwritten');
SELECT is((SELECT needs_revision FROM npcsim.npcs WHERE name = 'Ada'), (SELECT revision FROM npcsim.worlds WHERE id = 1),
          'the needs have a new revision');
SELECT npcsim.tick_world(1, 1);
SELECT ok((SELECT hunger BETWEEN 40.5 AND 41.5 FROM npcsim.npcs WHERE name = 'Ada'), 'from there it decays on');
SELECT throws_ok($$UPDATE npcsim.npcs SET hunger = 'NaN' WHERE name = 'Ada'$$, '22003', NULL, 'a need is not NaN');
SELECT throws_ok($$UPDATE npcsim.npcs SET hunger = 100.5 WHERE name = 'Ada'$$, '22003', NULL, 'nor above 100');
SELECT throws_ok($$UPDATE npcsim.npcs SET energy = -1 WHERE name = 'Ada'$$, '22003', NULL, 'nor below 0');
SELECT throws_ok($$UPDATE npcsim.npcs SET fun = '-Infinity' WHERE name = 'Ada'$$, '22003', NULL, 'nor infinite');
SELECT throws_ok($$UPDATE npcsim.npcs SET fun = NULL WHERE name = 'Ada'$$, '22004', NULL, 'nor NULL');
SELECT lives_ok($$UPDATE npcsim.npcs SET hunger = hunger, name = name, position_x = position_x$$, 'what does not differ is not written');

-- ---- positions ----
SELECT lives_ok($$UPDATE npcsim.npcs SET position_x = 5, position_y = 7 WHERE name = 'Ada'$$, 'a position is written');
SELECT results_eq($$SELECT position_x, position_y, ST_AsText(position) FROM npcsim.npcs WHERE name = 'Ada'$$,
                  $$VALUES (5::float8, 7::float8, 'POINT(5 7)')$$, 'and the NPC is there');
SELECT lives_ok($$UPDATE npcsim.npcs SET position = ST_MakePoint(6.2, 7.9) WHERE name = 'Ada'$$, 'a point is written, as by a GIS tool');
SELECT results_eq($$SELECT position_x, position_y FROM npcsim.npcs WHERE name = 'Ada'$$, $$VALUES (6::float8, 8::float8)$$,
                  'and the NPC is on the nearest cell');
SELECT lives_ok($$UPDATE npcsim.npcs SET position_y = 9 WHERE name = 'Ada'$$, 'one coordinate is enough');
SELECT results_eq($$SELECT position_x, position_y FROM npcsim.npcs WHERE name = 'Ada'$$, $$VALUES (6::float8, 9::float8)$$,
                  'the other one stays');
SELECT throws_ok($$UPDATE npcsim.npcs SET position_x = 5.5 WHERE name = 'Ada'$$, '22023', NULL, 'a position is a cell');
SELECT throws_ok($$UPDATE npcsim.npcs SET position_x = 30 WHERE name = 'Ada'$$, 'NS210', NULL, 'inside the world');
SELECT throws_ok($$UPDATE npcsim.npcs SET position_x = 'NaN' WHERE name = 'Ada'$$, '22003', NULL, 'not NaN');
SELECT throws_ok($$UPDATE npcsim.npcs SET position_x = 1e300 WHERE name = 'Ada'$$, 'NS210', NULL, 'not far away');
SELECT throws_ok($$UPDATE npcsim.npcs SET position_x = 10, position_y = 10 WHERE name = 'Ada'$$, 'NS211', NULL, 'free of items');
SELECT throws_ok($$UPDATE npcsim.npcs SET position_x = 8, position_y = 6 WHERE name = 'Ada'$$, 'NS211', NULL, 'and of NPCs');
SELECT throws_ok($$UPDATE npcsim.npcs SET position_x = 1, position = ST_MakePoint(2, 2) WHERE name = 'Ada'$$, '22023', NULL,
                 'numbers and point agree');
SELECT throws_ok($$UPDATE npcsim.npcs SET position = NULL WHERE name = 'Ada'$$, '22004', NULL, 'a point is not NULL');
SELECT throws_ok($$UPDATE npcsim.npcs SET position = 'POINT EMPTY' WHERE name = 'Ada'$$, '22003', NULL, 'nor empty');

-- ---- identity ----
SELECT lives_ok($$UPDATE npcsim.npcs SET controller_player_id = (SELECT player_id FROM ada) WHERE name = 'Ada'$$, 'a controller is written');
SELECT is((SELECT controlled_npc_count FROM npcsim.players), 1::bigint, 'and controls the NPC');
SELECT throws_ok($$UPDATE npcsim.npcs SET controller_player_id = 999 WHERE name = 'Ada'$$, 'NS203', NULL, 'an unknown one is refused');
SELECT lives_ok($$UPDATE npcsim.npcs SET name = 'Ada II', traits = '{brave}' WHERE name = 'Ada'$$, 'name and traits are written');
SELECT results_eq($$SELECT name, traits, controller_player_id FROM npcsim.npcs WHERE name = 'Ada II'$$,
                  $$SELECT 'Ada II'::text, '{brave}'::text[], player_id FROM ada$$, 'and the controller stays');
SELECT lives_ok($$UPDATE npcsim.npcs SET controller_player_id = NULL WHERE name = 'Ada II'$$, 'a controller is taken away');

-- ---- what cannot be written ----
SELECT throws_ok($$UPDATE npcsim.npcs SET state = 'waiting' WHERE name = 'Bo'$$, '0A000', NULL, 'a state cannot be written');
SELECT matches(pg_temp.hint_of($$UPDATE npcsim.npcs SET state = 'waiting' WHERE name = 'Bo'$$), 'request_npc_decision',
               'the hint names the function');
SELECT throws_ok($$UPDATE npcsim.npcs SET id = 99 WHERE name = 'Bo'$$, '0A000', NULL, 'nor an id');
SELECT throws_ok($$UPDATE npcsim.npcs SET world_id = 2 WHERE name = 'Bo'$$, '0A000', NULL, 'nor a world');
SELECT throws_ok($$UPDATE npcsim.npcs SET needs_revision = 0 WHERE name = 'Bo'$$, '0A000', NULL, 'nor a revision');
SELECT matches(pg_temp.hint_of($$INSERT INTO npcsim.interactions (world_id) VALUES (1)$$), 'request_npc_decision', 'interactions only show');
SELECT is(pg_temp.hint_of($$UPDATE npcsim.item_types SET description = 'x'$$), 'none', 'item types can be described');
SELECT matches(pg_temp.hint_of($$INSERT INTO npcsim.decision_requests (npc_id) VALUES (1)$$), 'request_npc_decision', 'so do requests');
SELECT matches(pg_temp.hint_of($$INSERT INTO npcsim.worlds (name) VALUES ('x')$$), 'create_world', 'so do worlds, to make');
SELECT matches(pg_temp.hint_of($$DELETE FROM npcsim.worlds$$), 'drop_world', 'and to drop');
SELECT throws_ok($$UPDATE npcsim.worlds SET clock = 5$$, '0A000', NULL, 'a clock cannot be written');

-- ---- rows inserted and deleted ----
CREATE TEMP TABLE made (id bigint, state text, hunger float8, position geometry, needs_revision bigint);
CREATE FUNCTION pg_temp.make() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH inserted AS (
        INSERT INTO npcsim.npcs (world_id, name, position_x, position_y, hunger) VALUES (1, 'Cy', 1, 1, 30), (1, 'Di', 2, 1, NULL)
        RETURNING id, state, hunger, position, needs_revision)
    INSERT INTO made SELECT * FROM inserted;
END
$$;
SELECT lives_ok('SELECT pg_temp.make()', 'NPCs are inserted');
SELECT results_eq('SELECT m.id, m.state, m.hunger, m.needs_revision FROM made m ORDER BY id',
                  $$SELECT id, state, hunger, needs_revision FROM npcsim.npcs WHERE name IN ('Cy', 'Di') ORDER BY id$$,
                  'RETURNING tells what they became');
SELECT results_eq('SELECT hunger FROM made ORDER BY id', 'VALUES (30::float8), (100)', 'with the needs that were given');
SELECT throws_ok($$INSERT INTO npcsim.npcs (world_id, name, position_x, position_y) VALUES (1, 'Ed', 1, 1)$$, 'NS211', NULL, 'not on a taken cell');
SELECT throws_ok($$INSERT INTO npcsim.npcs (world_id, name) VALUES (1, 'Ed')$$, '22004', NULL, 'not without a place');
SELECT throws_ok($$INSERT INTO npcsim.npcs (name, position_x, position_y) VALUES ('Ed', 1, 2)$$, '22004', NULL, 'not without a world');
SELECT throws_ok($$INSERT INTO npcsim.npcs (world_id, id, name, position_x, position_y) VALUES (1, 77, 'Ed', 1, 2)$$, '0A000', NULL, 'not with an id');
SELECT lives_ok($$DELETE FROM npcsim.npcs WHERE name = 'Cy'$$, 'an NPC is deleted');
SELECT is_empty($$SELECT id FROM npcsim.npcs WHERE name = 'Cy'$$, 'and gone');
SELECT lives_ok($$INSERT INTO npcsim.world_items (world_id, item_type, position, properties) VALUES (1, 'apple', ST_MakePoint(3, 3), '{"a": 1}')$$,
                'an item is inserted, by a point');
SELECT lives_ok($$UPDATE npcsim.world_items SET properties = properties || '{"b": 2}' WHERE item_type = 'apple'$$, 'its properties are written');
SELECT is((SELECT properties FROM npcsim.world_items WHERE item_type = 'apple'), '{"a": 1, "b": 2}'::jsonb, 'and are so');
SELECT throws_ok($$UPDATE npcsim.world_items SET properties = '[]' WHERE item_type = 'apple'$$, '22023', NULL, 'they are an object');
SELECT matches(pg_temp.hint_of($$UPDATE npcsim.world_items SET position_x = 4 WHERE item_type = 'apple'$$), 'remove_item', 'an item stays in its place');
SELECT throws_ok($$INSERT INTO npcsim.world_items (world_id, item_type, position_x, position_y) VALUES (1, 'sword', 4, 4)$$, 'NS204', NULL,
                 'an item is of a known type');
SELECT lives_ok($$DELETE FROM npcsim.world_items WHERE item_type = 'apple'$$, 'an item is deleted');
SELECT is((SELECT count(*) FROM npcsim.world_items), 1::bigint, 'and gone');

-- ---- settings ----
SELECT lives_ok($$UPDATE npcsim.worlds SET name = 'Lea', max_players = 5, speed = 3, decision_policy = 'interval', durability = 'relaxed',
                         owner_player_id = (SELECT player_id FROM ada), view_buffer = 10, spectators = false,
                         min_tokens_per_npc_per_day = 7$$, 'a world''s settings are written');
SELECT results_eq($$SELECT name, max_players, speed, decision_policy, durability, view_buffer, spectators, min_tokens_per_npc_per_day
                      FROM npcsim.worlds$$,
                  $$VALUES ('Lea', 5, 3::float8, 'interval', 'relaxed', 10, false, 7::bigint)$$, 'and are so');
SELECT throws_ok($$UPDATE npcsim.worlds SET owner_player_id = 99$$, 'NS203', NULL, 'its owner is one of its players');
SELECT throws_ok($$UPDATE npcsim.worlds SET speed = 'NaN'$$, '22003', NULL, 'its speed is a number');
SELECT throws_ok($$UPDATE npcsim.worlds SET idle_interval = 2$$, '22003', NULL, 'minds are asked every 3 s at most');
SELECT throws_ok($$UPDATE npcsim.worlds SET idle_interval = 86401$$, '22003', NULL, 'and once a day at least');
SELECT throws_ok($$UPDATE npcsim.worlds SET idle_interval = NULL$$, '22004', NULL, 'there is an interval');

-- ---- many rows at once ----
SELECT npcsim.set_decision_policy(1, 'none');
INSERT INTO npcsim.npcs (world_id, name, position_x, position_y)
    SELECT 1, 'N' || x || ' ' || y, x, y FROM generate_series(0, 29) x, generate_series(12, 19) y;
CREATE TEMP TABLE revision AS SELECT count(*) AS notes FROM npcsim.change_log;
UPDATE npcsim.npcs SET hunger = 10 WHERE name LIKE 'N%';
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE hunger = 10), 240::bigint, 'many rows are written by one statement');
SELECT is((SELECT count(*) FROM npcsim.change_log) - (SELECT notes FROM revision), 1::bigint, 'and told as one change');

-- ---- subtransactions ----
SAVEPOINT s;
UPDATE npcsim.npcs SET hunger = 77 WHERE name = 'Bo';
ROLLBACK TO s;
SELECT isnt((SELECT hunger FROM npcsim.npcs WHERE name = 'Bo'), 77::float8, 'what is rolled back has not been');
UPDATE npcsim.npcs SET fun = 55 WHERE name = 'Bo';
SELECT npcsim.tick_world(1, 0.1);
SELECT ok((SELECT hunger <> 77 AND fun BETWEEN 54.8 AND 55 FROM npcsim.npcs WHERE name = 'Bo'), 'and what comes after is');
CREATE FUNCTION pg_temp.stumble(value float8) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 / 0;
    RETURN value;
EXCEPTION WHEN division_by_zero THEN
    RETURN value;
END
$$;
SELECT throws_ok($$UPDATE npcsim.npcs SET hunger = pg_temp.stumble(hunger / 2) WHERE name LIKE 'N%'$$, '0A000', NULL,
                 'rows are not lost to a subtransaction that is rolled back meanwhile');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE name LIKE 'N%' AND hunger BETWEEN 9.7 AND 10), 240::bigint, 'none is written then');

SELECT * FROM finish();
ROLLBACK;
