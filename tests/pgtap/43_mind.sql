-- Tests the built-in mind: what it does in which situation and how often, and that a colony that is left to it lives.
-- The last part runs without a transaction around it: each step is one of its own.
SELECT plan(59);

SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
CREATE FUNCTION pg_temp.npc(who text) RETURNS bigint
LANGUAGE sql AS $$SELECT id FROM npcsim.npcs WHERE name = who AND world_id = 1$$;
-- A scene of its own: an NPC with these needs, everything else is cleared away; the built-in mind decides at once.
CREATE FUNCTION pg_temp.scene(x integer, y integer, hunger float8 DEFAULT 80, energy float8 DEFAULT 80) RETURNS void
LANGUAGE sql AS $$
    DELETE FROM npcsim.npcs WHERE world_id = 1;
    DELETE FROM npcsim.world_items WHERE world_id = 1;
    SELECT npcsim.create_npc(1, 'Ada', x, y);
    UPDATE npcsim.npcs n SET hunger = scene.hunger, energy = scene.energy WHERE world_id = 1
$$;
CREATE FUNCTION pg_temp.decide(who text DEFAULT 'Ada') RETURNS text
LANGUAGE sql AS $$
    SELECT npcsim.request_npc_decision(1, pg_temp.npc(who));
    SELECT concat_ws(' ', n.state, i.item_type, i.position_x) FROM npcsim.npcs n LEFT JOIN npcsim.world_items i ON i.world_id = 1 AND i.id = n.target_id
     WHERE n.world_id = 1 AND n.name = who
$$;
CREATE FUNCTION pg_temp.state(who text DEFAULT 'Ada') RETURNS text
LANGUAGE sql AS $$SELECT state FROM npcsim.npcs WHERE world_id = 1 AND name = who$$;
CREATE FUNCTION pg_temp.row_of(who text DEFAULT 'Ada') RETURNS npcsim.npc_states
LANGUAGE sql AS $$SELECT s FROM npcsim.npc_states s WHERE world_id = 1 AND npc_id = pg_temp.npc(who)$$;
CREATE FUNCTION pg_temp.now() RETURNS bigint
LANGUAGE sql AS $$SELECT now FROM npcsim.world_moments WHERE world_id = 1$$;

-- ---- what it reaches for ----
SELECT pg_temp.scene(20, 20);
SELECT is(pg_temp.decide(), 'wandering', 'a content NPC wanders');
SELECT pg_temp.scene(20, 20, 49);
SELECT is(pg_temp.decide(), 'wandering', 'so does a hungry one that sees nothing to eat');
SELECT pg_temp.scene(20, 20, 50.1), npcsim.create_item(1, 'apple', 21, 20);
SELECT is(pg_temp.decide(), 'wandering', 'with a need of 50 an NPC is content');
SELECT pg_temp.scene(20, 20, 49.9), npcsim.create_item(1, 'apple', 21, 20);
SELECT is(pg_temp.decide(), 'interacting apple 21', 'below it eats the apple beside it');
SELECT pg_temp.scene(20, 20, 40), npcsim.create_item(1, 'apple', 24, 20);
SELECT is(pg_temp.decide(), 'moving apple 24', 'or walks to one in sight');
SELECT is((pg_temp.row_of()).decider, 1::smallint, 'of its own choice');
SELECT npcsim.tick_world(1, 0.8);
SELECT is(pg_temp.state(), 'interacting', 'and eats on arrival');
SELECT is((pg_temp.row_of()).state_since, pg_temp.now() - 50000, 'the moment it arrives');
SELECT pg_temp.scene(20, 20, 40), npcsim.create_item(1, 'apple', 28, 22);
SELECT is(pg_temp.decide(), 'moving apple 28', 'it sees 8.25 cells far');
SELECT pg_temp.scene(20, 20, 40), npcsim.create_item(1, 'apple', 28, 23), npcsim.create_item(1, 'apple', 29, 20);
SELECT is(pg_temp.decide(), 'wandering', 'and no farther');
SELECT pg_temp.scene(20, 20, 30, 40), npcsim.create_item(1, 'apple', 24, 20), npcsim.create_item(1, 'chair', 18, 20);
SELECT is(pg_temp.decide(), 'moving apple 24', 'the neediest need comes first');
SELECT pg_temp.scene(20, 20, 40, 30), npcsim.create_item(1, 'apple', 18, 20), npcsim.create_item(1, 'chair', 24, 20);
SELECT is(pg_temp.decide(), 'moving chair 24', 'whichever it is');
SELECT pg_temp.scene(20, 20, 30), npcsim.create_item(1, 'apple', 25, 20), npcsim.create_item(1, 'apple', 17, 20), npcsim.create_item(1, 'apple', 20, 24);
SELECT is(pg_temp.decide(), 'moving apple 17', 'of equals the nearest');
SELECT pg_temp.scene(20, 20, 30), npcsim.create_item(1, 'apple', 20, 17), npcsim.create_item(1, 'apple', 23, 20);
SELECT is(pg_temp.decide(), 'moving apple 20', 'of equally near ones the older');
SELECT pg_temp.scene(20, 20, 30), npcsim.create_item(1, 'apple', 20, 21), npcsim.create_item(1, 'apple', 23, 20), npcsim.create_npc(1, 'Bo', 20, 22);
UPDATE npcsim.npcs SET hunger = 20 WHERE name = 'Bo';
SELECT is(pg_temp.decide('Bo'), 'interacting apple 20', 'an apple that somebody else');
SELECT is(pg_temp.decide(), 'moving apple 23', 'eats is left alone');
SELECT pg_temp.scene(20, 20, 30), npcsim.create_item(1, 'apple', 23, 20), npcsim.create_item(1, 'apple', 16, 20);
SELECT npcsim.set_terrain(1, 22, 19), npcsim.set_terrain(1, 24, 20), npcsim.set_terrain(1, 22, 20), npcsim.set_terrain(1, 23, 19), npcsim.set_terrain(1, 23, 21);
SELECT is(pg_temp.decide(), 'moving apple 16', 'nobody longs for what is walled in');
SELECT npcsim.set_terrain(1, 22, 19, false, 3, 3);

-- ---- looks again every 3 s ----
SELECT npcsim.set_decision_policy(1, 'occasions');
SELECT pg_temp.scene(20, 20);
SELECT pg_temp.decide();
SELECT is((pg_temp.row_of()).decision_at, pg_temp.now() + 3000000, 'it decides again after 3 s');
CREATE TEMP TABLE decided AS SELECT (pg_temp.row_of()).last_decision_at AS at, (pg_temp.row_of()).state_counter AS counter;
SELECT npcsim.tick_world(1, 2.9);
SELECT is((pg_temp.row_of()).last_decision_at, (SELECT at FROM decided), 'not sooner')
    FROM decided WHERE (pg_temp.row_of()).state_counter = counter
UNION ALL
SELECT ok((pg_temp.row_of()).last_decision_at > (SELECT at FROM decided), 'unless it has arrived')
    FROM decided WHERE (pg_temp.row_of()).state_counter <> counter;
-- a wanderer that comes upon something it needs
SELECT pg_temp.scene(20, 20, 80);
SELECT pg_temp.decide();
UPDATE npcsim.npcs SET hunger = 10;
SELECT npcsim.create_item(1, 'apple', x, y) FROM (VALUES (14, 14), (26, 14), (14, 26), (26, 26), (20, 12), (20, 28), (12, 20), (28, 20)) AS v(x, y);
SELECT npcsim.tick_world(1, 3);
SELECT ok(pg_temp.state() IN ('moving', 'interacting'), 'a wanderer that sees what it needs goes for it');
SELECT is((pg_temp.row_of()).goal_action, 3::smallint, 'to use it')
 WHERE pg_temp.state() = 'moving'
UNION ALL
SELECT pass('it uses it') WHERE pg_temp.state() = 'interacting';

-- ---- taken or gone meanwhile ----
SELECT pg_temp.scene(20, 20, 30), npcsim.create_item(1, 'apple', 27, 20);
SELECT pg_temp.decide();
SELECT npcsim.tick_world(1, 1);
DELETE FROM npcsim.world_items;
SELECT npcsim.tick_world(1, 1);
SELECT is(pg_temp.state(), 'wandering', 'who finds the apple gone wanders on');
SELECT pg_temp.scene(20, 20, 30), npcsim.create_item(1, 'apple', 28, 20), npcsim.create_npc(1, 'Bo', 28, 21);
SELECT pg_temp.decide();
UPDATE npcsim.npcs SET hunger = 20 WHERE name = 'Bo';
SELECT pg_temp.decide('Bo');
SELECT npcsim.tick_world(1, 2.5);
SELECT ok(pg_temp.state() IN ('idle', 'wandering') AND pg_temp.state('Bo') = 'interacting', 'who finds it taken does not eat');
SELECT is((SELECT count(*) FROM npcsim.interactions), 1::bigint, 'nor does it disturb');

-- ---- inside an interaction ----
SELECT pg_temp.scene(20, 20, 80, 40), npcsim.create_item(1, 'chair', 21, 20);
SELECT is(pg_temp.decide(), 'interacting chair 21', 'a tired NPC sits down');
SELECT npcsim.tick_world(1, 5.9);
SELECT is(pg_temp.state(), 'interacting', 'stays while it does it good');
SELECT npcsim.tick_world(1, 3.2);
SELECT is(pg_temp.state(), 'idle', 'and gets up at its next look when rested');
SELECT is((SELECT energy >= 98 FROM npcsim.npcs), true, 'at 99 or more');
SELECT is((pg_temp.row_of()).decision_at, (pg_temp.row_of()).state_since + 750000, 'after an interaction it pauses for 0.75 s');
SELECT npcsim.tick_world(1, 0.6);
SELECT is(pg_temp.state(), 'idle', 'so long');
SELECT npcsim.tick_world(1, 0.2);
SELECT is(pg_temp.state(), 'wandering', 'and no longer');
SELECT pg_temp.scene(20, 20, 28, 26), npcsim.create_item(1, 'chair', 21, 20);
SELECT pg_temp.decide();
UPDATE npcsim.npcs SET hunger = 22;
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.state(), 'idle', 'who is no longer tired gets up when another need is critical');
SELECT pg_temp.scene(20, 20, 22, 10), npcsim.create_item(1, 'chair', 21, 20);
SELECT pg_temp.decide();
UPDATE npcsim.npcs SET energy = 0;
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.state(), 'interacting', 'but not before its first need is above 30');
SELECT pg_temp.scene(20, 20, 45), npcsim.create_item(1, 'apple', 21, 20);
SELECT pg_temp.decide();
SELECT npcsim.tick_world(1, 5);
SELECT is((pg_temp.row_of()).decision_at, (pg_temp.row_of()).state_since + 750000, 'the pause follows a meal, too');

-- ---- nowhere to go ----
SELECT pg_temp.scene(40, 30);
SELECT npcsim.set_terrain(1, 39, 30), npcsim.set_terrain(1, 41, 30), npcsim.set_terrain(1, 40, 29), npcsim.set_terrain(1, 40, 31);
SELECT is(pg_temp.decide(), 'idle', 'who is walled in stays where it is');
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.state(), 'idle', 'and goes on living');
SELECT npcsim.set_terrain(1, 40, 31, false);
SELECT npcsim.tick_world(1, 1);
SELECT is(pg_temp.state(), 'wandering', 'until there is a way out');
SELECT npcsim.set_terrain(1, 39, 29, false, 3, 3);

-- ---- whose player is away ----
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT pg_temp.scene(20, 20);
UPDATE npcsim.npcs SET controller_player_id = (SELECT player_id FROM ada);
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.state(), 'wandering', 'for an NPC whose mind is not there the built-in one decides');
SELECT is((pg_temp.row_of()).decider, 1::smallint, 'as everybody can see');
CREATE TEMP TABLE looks (policy text, at bigint, UNIQUE (policy, at));
SELECT format('SELECT npcsim.set_decision_policy(1, %L)', policy), 'SELECT npcsim.request_npc_decision(1, pg_temp.npc(''Ada''))',
       format('DO $do$BEGIN FOR i IN 1 .. 300 LOOP
                   PERFORM npcsim.tick_world(1, 0.1);
                   INSERT INTO looks SELECT %L, (pg_temp.row_of()).last_decision_at ON CONFLICT DO NOTHING;
               END LOOP; END$do$', policy)
  FROM unnest('{occasions,interval}'::text[]) AS policy \gexec
SELECT cmp_ok((SELECT count(*) FROM looks WHERE looks.policy = p), '<=', 20::bigint, 'no more often than others are decided for, under ' || p)
  FROM unnest('{occasions,interval}'::text[]) AS p;
SELECT cmp_ok((SELECT count(*) FROM looks WHERE looks.policy = p), '>=', 9::bigint, 'nor less, under ' || p)
  FROM unnest('{occasions,interval}'::text[]) AS p;
SELECT is((SELECT count(*) FROM npcsim.decision_requests), 0::bigint, 'nobody is asked');

-- ---- a colony ----
SELECT npcsim.drop_world(1);
SELECT npcsim.create_world('Colony', 60, 45, 21, preset => 'reference') AS colony \gset
SELECT npcsim.populate_world(:colony, 100);
SELECT ok((SELECT min(decision_at) < 300000 AND max(decision_at) BETWEEN 2700000 AND 3000000 AND count(DISTINCT decision_at) > 95 FROM npcsim.npc_states),
          'first decisions are spread over 3 s');

CREATE TEMP TABLE broken (moment float8, what text);
CREATE TEMP TABLE lives (moment float8, npc_id bigint, x float8, y float8, hunger float8, hygiene float8, fun float8, energy float8, state text, decided float8);
CREATE FUNCTION pg_temp.check_world(wanted bigint) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO broken
    SELECT (SELECT clock FROM npcsim.worlds WHERE id = wanted), what FROM (
        SELECT 'NPC ' || id || ' has a need out of range' FROM npcsim.npcs
         WHERE world_id = wanted AND NOT (hunger BETWEEN 0 AND 100 AND hygiene BETWEEN 0 AND 100 AND fun BETWEEN 0 AND 100 AND energy BETWEEN 0 AND 100)
        UNION ALL
        SELECT 'NPC ' || t.npc_id || ' is in a wall' FROM npcsim.npc_tracks t JOIN npcsim.world_terrain w USING (world_id)
          JOIN npcsim.world_settings s ON s.id = t.world_id CROSS JOIN generate_series(1, cardinality(t.cells), 2) AS i
         WHERE world_id = wanted AND get_bit(w.blocked, t.cells[i + 1] * s.size_x + t.cells[i]) = 1
        UNION ALL
        SELECT 'NPC ' || s.npc_id || ' is on an item that it does not sit on' FROM npcsim.npc_states s JOIN npcsim.npcs n ON n.world_id = s.world_id AND n.id = s.npc_id
          JOIN npcsim.items i ON i.world_id = s.world_id AND i.x = n.position_x AND i.y = n.position_y
         WHERE s.world_id = wanted AND s.target_id IS DISTINCT FROM i.id
        UNION ALL
        SELECT 'item ' || i.id || ' is occupied without an interaction' FROM npcsim.items i
         WHERE i.world_id = wanted AND i.occupied_by_npc_id IS NOT NULL AND NOT EXISTS
               (SELECT FROM npcsim.interaction_runs u WHERE u.world_id = wanted AND u.target_id = i.id AND u.initiator_npc_id = i.occupied_by_npc_id)
        UNION ALL
        SELECT 'interaction ' || u.id || ' is not its item''s' FROM npcsim.interaction_runs u
         WHERE u.world_id = wanted AND u.interaction <> 5 AND NOT EXISTS
               (SELECT FROM npcsim.items i WHERE i.world_id = wanted AND i.id = u.target_id AND i.occupied_by_npc_id = u.initiator_npc_id)
        UNION ALL
        SELECT 'item ' || target_id || ' has two users' FROM npcsim.interaction_runs WHERE world_id = wanted AND interaction <> 5 GROUP BY target_id HAVING count(*) > 1
        UNION ALL
        SELECT 'NPC ' || s.npc_id || ' and its interaction differ' FROM npcsim.npc_states s
         WHERE s.world_id = wanted AND ((s.state = 3) <> (s.interaction_id IS NOT NULL) OR s.interaction_id IS NOT NULL AND NOT EXISTS
               (SELECT FROM npcsim.interaction_runs u WHERE u.world_id = wanted AND u.id = s.interaction_id AND s.npc_id = ANY (u.participants)))
        UNION ALL
        SELECT 'NPC ' || s.npc_id || ' has nothing to come' FROM npcsim.npc_states s
         WHERE s.world_id = wanted AND s.decision_at IS NULL
        UNION ALL
        SELECT 'NPC ' || s.npc_id || ' was forgotten' FROM npcsim.npc_states s
         WHERE s.world_id = wanted AND least(s.decision_at, s.event_at) < (SELECT now FROM npcsim.world_moments m WHERE m.world_id = wanted)
        UNION ALL
        SELECT 'NPC ' || s.npc_id || ' walks nowhere' FROM npcsim.npc_states s JOIN npcsim.npc_tracks t USING (world_id, npc_id)
         WHERE world_id = wanted AND (s.state IN (1, 4)) <> (cardinality(t.cells) > 2) AND s.event_at <> (SELECT now FROM npcsim.world_moments m WHERE m.world_id = wanted)
        UNION ALL
        SELECT 'item ' || i.id || ' both is there and waits to come back' FROM npcsim.items i JOIN npcsim.item_respawns r USING (world_id, id) WHERE world_id = wanted
        UNION ALL
        SELECT 'two items are on one cell' FROM npcsim.items WHERE world_id = wanted GROUP BY x, y HAVING count(*) > 1
    ) AS b(what);
    INSERT INTO lives SELECT w.clock, n.id, position_x, position_y, hunger, hygiene, fun, energy, state, last_decision_time
      FROM npcsim.npcs n JOIN npcsim.worlds w ON w.id = n.world_id WHERE n.world_id = wanted
$$;
-- 900 s in random steps
SELECT setseed(0.25);
\o /dev/null
SELECT format('SELECT npcsim.tick_world(%s, %s)', :colony, greatest(round((random() * 14.9)::numeric, 6), 0.000001)),
       format('SELECT pg_temp.check_world(%s)', :colony)
  FROM generate_series(1, 120) \gexec
\o
SELECT is_empty('SELECT moment, what FROM broken LIMIT 10', 'whenever one looks, everything is consistent');
SELECT cmp_ok((SELECT clock FROM npcsim.worlds WHERE id = :colony), '>', 800::float8, 'through a quarter of an hour');
SELECT diag(format('mean hunger by 150 s: %s', (SELECT string_agg(hunger, ', ' ORDER BY part) FROM
    (SELECT floor(moment / 150) AS part, round(avg(hunger))::text AS hunger FROM lives GROUP BY 1) AS m)));
SELECT cmp_ok((SELECT avg(hunger) FROM lives WHERE moment > 300), '>', 15::float8, 'the colony feeds itself');
SELECT cmp_ok((SELECT avg(hunger) FROM lives WHERE moment > 600) - (SELECT avg(hunger) FROM lives WHERE moment BETWEEN 300 AND 600), '>', -3::float8,
              'and does not starve in the long run');
SELECT cmp_ok((SELECT avg(energy) FROM lives WHERE moment > 300), '>', 8::float8, 'it rests');
SELECT cmp_ok((SELECT avg(hygiene) FROM lives WHERE moment > 300), '>', 12::float8, 'it washes');
SELECT cmp_ok((SELECT avg(fun) FROM lives WHERE moment > 300), '>', 5::float8, 'and has fun');
SELECT is_empty($$SELECT npc_id FROM lives WHERE moment > 600 GROUP BY npc_id HAVING avg(hunger + hygiene + fun + energy) / 4 < 5$$, 'nobody is left out');
SELECT is_empty($$SELECT npc_id FROM lives WHERE moment > 600 GROUP BY npc_id HAVING count(DISTINCT (x, y)) < 8$$, 'nobody is stuck');
SELECT cmp_ok((SELECT avg((state IN ('moving', 'wandering'))::integer) FROM lives WHERE moment > 300), '>=', 0.3, 'at least 30 % are on their way');
SELECT cmp_ok((SELECT avg((state = 'interacting')::integer) FROM lives WHERE moment > 300), '>=', 0.05, 'and 5 % use something');
SELECT is((SELECT count(*) FROM lives WHERE moment > 5 AND moment - decided > 3.9), 0::bigint, 'everybody decides at least every 3 s, a pause after a meal aside');

CREATE TEMP TABLE decisions (npc_id bigint, at float8, UNIQUE (npc_id, at));
\o /dev/null
SELECT format('SELECT npcsim.tick_world(%s, 0.1)', :colony),
       format('INSERT INTO decisions SELECT id, last_decision_time FROM npcsim.npcs WHERE world_id = %s ON CONFLICT DO NOTHING', :colony)
  FROM generate_series(1, 300) \gexec
\o
SELECT cmp_ok((SELECT count(*) / 100.0 / 33 FROM decisions), '>=', 0.33, 'a third of them each second');
SELECT cmp_ok((SELECT count(*) / 100.0 / 33 FROM decisions), '<=', 0.60, 'and not much more, arrivals and meals counted');

SELECT * FROM finish();
