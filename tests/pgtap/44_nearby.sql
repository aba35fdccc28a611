-- Tests that an NPC that is on a cell, or about to walk over it, is found wherever in the world that is, and however far it has come.
BEGIN;
SELECT plan(5);

-- Nobody decides of itself.
SELECT npcsim.create_world('Wide', 130, 100, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT npcsim.create_npc(1, 'Ada', 0, 0, (SELECT player_id FROM ada)) AS id INTO TEMP TABLE walker;
CREATE FUNCTION pg_temp.walk(x integer, y integer) RETURNS text
LANGUAGE sql AS $$
    SELECT npcsim.submit_npc_decision((SELECT player_id FROM ada), jsonb_build_object('action', 'move_to',
        'parameters', jsonb_build_object('x', x, 'y', y), 'request_id', npcsim.request_npc_decision(1, (SELECT id FROM walker)))) ->> 'status'
$$;
CREATE FUNCTION pg_temp.walks_over(x integer, y integer) RETURNS boolean
LANGUAGE sql AS $$
    SELECT EXISTS (SELECT FROM npcsim.npc_tracks t, generate_series(1, cardinality(t.cells), 2) AS i WHERE t.cells[i] = x AND t.cells[i + 1] = y)
$$;
CREATE FUNCTION pg_temp.refused(x integer, y integer) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.create_item(1, 'apple', x, y);
    RETURN false;
EXCEPTION WHEN SQLSTATE 'NS211' THEN
    RETURN true;
END
$$;

-- A straight way of 31 cells from each of many places in each direction; what came of it.
CREATE TEMP TABLE ways (from_x integer, from_y integer, dx integer, dy integer, planned boolean, avoided boolean, moving boolean,
                        first_refused boolean, later_refused boolean, left_free boolean);
CREATE FUNCTION pg_temp.try(from_x integer, from_y integer, dx integer, dy integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    way ways;
    item bigint;
BEGIN
    way := (from_x, from_y, dx, dy, NULL, NULL, NULL, NULL, NULL, NULL);
    UPDATE npcsim.npcs SET position_x = from_x, position_y = from_y;
    PERFORM pg_temp.walk(from_x + 31 * dx, from_y + 31 * dy);
    way.planned := pg_temp.walks_over(from_x + 29 * dx, from_y + 29 * dy);
    way.first_refused := pg_temp.refused(from_x, from_y);
    PERFORM npcsim.tick_world(1, 5);
    way.later_refused := pg_temp.refused(from_x + 20 * dx, from_y + 20 * dy);
    item := npcsim.create_item(1, 'apple', from_x, from_y);
    way.left_free := pg_temp.walks_over(from_x + 29 * dx, from_y + 29 * dy);
    PERFORM npcsim.remove_item(1, item);
    item := npcsim.create_item(1, 'apple', from_x + 29 * dx, from_y + 29 * dy);
    way.avoided := NOT pg_temp.walks_over(from_x + 29 * dx, from_y + 29 * dy);
    way.moving := (SELECT state = 'moving' FROM npcsim.npcs);
    PERFORM npcsim.remove_item(1, item);
    INSERT INTO ways VALUES (way.*);
END
$$;
SELECT count(pg_temp.try(x, y, dx, dy))
  FROM (VALUES (31), (32), (33), (62), (63), (64), (96), (98)) AS a(x), (VALUES (31), (32), (33), (64), (65)) AS b(y),
       (VALUES (1, 0), (-1, 0), (0, 1), (0, -1)) AS d(dx, dy)
 WHERE x + 31 * dx BETWEEN 0 AND 129 AND y + 31 * dy BETWEEN 0 AND 99;

SELECT is((SELECT count(*) FROM ways WHERE planned), (SELECT count(*) FROM ways), 'all the ways are straight');
SELECT is((SELECT array_agg(w) FROM ways w WHERE NOT first_refused), NULL, 'no item is put where an NPC sets out');
SELECT is((SELECT array_agg(w) FROM ways w WHERE NOT later_refused), NULL, 'nor where it has come to in five seconds');
SELECT is((SELECT array_agg(w) FROM ways w WHERE NOT left_free), NULL, 'one put where it was does not concern it');
SELECT is((SELECT array_agg(w) FROM ways w WHERE NOT avoided OR NOT moving), NULL, 'for one put on its way, 29 cells from the start, it finds another way');
SELECT * FROM finish();
ROLLBACK;
