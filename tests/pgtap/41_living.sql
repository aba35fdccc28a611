-- Tests that the built-in mind alone keeps a colony alive: an hour after it was made hardly any NPC lacks anything.
--
--   NPCSIM_COLONIES='20 100' NPCSIM_SEEDS=2 NPCSIM_SEED=1    how many NPCs they have, how many seeds of each, from which on
\getenv colonies NPCSIM_COLONIES
\getenv seeds NPCSIM_SEEDS
\getenv first NPCSIM_SEED
\if :{?colonies}
\else
    \set colonies '20 100'
\endif
\if :{?seeds}
\else
    \set seeds 2
\endif
\if :{?first}
\else
    \set first 1
\endif
SET client_min_messages = warning;

CREATE TEMP TABLE colonies AS
    SELECT n, seed, npcsim.create_world(format('%s NPCs, seed %s', n, seed), side, side, seed) AS world
      FROM (SELECT n::integer, ceil(sqrt(n::integer * 256))::integer AS side FROM regexp_split_to_table(:'colonies', ' +') AS n) AS c,
           generate_series(:first::integer, :first::integer + :seeds::integer - 1) AS seed ORDER BY n, seed;
-- The world of the demo, and one in which there is room to stray.
INSERT INTO colonies SELECT 20, 20260301, npcsim.create_world('the demo', 64, 48, 20260301);
INSERT INTO colonies SELECT 20, :first, npcsim.create_world('far and wide', 200, 200, :first);
SELECT plan((15 + 2 * count(*))::integer) FROM colonies;
SELECT npcsim.populate_world(world, n) FROM colonies;
SELECT ok((SELECT bool_and(decay BETWEEN 100000 AND 200000) FROM npcsim.npc_states), 'every need decays by 0.10 to 0.20 a second');
CREATE PROCEDURE pg_temp.live(world bigint, minutes integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. minutes LOOP
        PERFORM npcsim.tick_world(world, 60);
        COMMIT;
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.needs(world bigint) RETURNS TABLE (need text, value double precision, npc bigint) LANGUAGE sql AS $$
    SELECT v.*, n.id FROM npcsim.npcs n, LATERAL (VALUES ('hunger', hunger), ('hygiene', hygiene), ('fun', fun), ('energy', energy)) AS v(need, value) WHERE n.world_id = $1
$$;
SELECT format('CALL pg_temp.live(%s, 60)', world) FROM colonies \gexec
SELECT is_empty(format('SELECT need, avg(value) FROM pg_temp.needs(%s) GROUP BY need HAVING avg(value) <= 35', world), format('%s: the mean of each need is above 35', name))
  FROM colonies JOIN npcsim.worlds w ON w.id = world ORDER BY world;
SELECT cmp_ok((SELECT count(DISTINCT npc) * 100.0 / n FROM pg_temp.needs(world) WHERE value = 0), '<', 5.0, format('%s: fewer than 5 %% have one at 0', name))
  FROM colonies JOIN npcsim.worlds w ON w.id = world ORDER BY world;
SELECT diag(format('%s: %s; %s at 0', name, string_agg(concat(need, ' ', mean), ', '), max(none))) FROM colonies JOIN npcsim.worlds w ON w.id = world,
       LATERAL (SELECT need, round(avg(value)) AS mean FROM pg_temp.needs(world) GROUP BY need) m, LATERAL (SELECT count(DISTINCT npc) AS none FROM pg_temp.needs(world) WHERE value = 0) z GROUP BY world, name ORDER BY world;

-- With nothing to live by it comes to its end, and not at once.
SELECT npcsim.create_world('Desert', 20, 20, 1) AS desert \gset
SELECT npcsim.create_npc(:desert, 'Ada', 10, 10);
CALL pg_temp.live(:desert, 8);
SELECT cmp_ok((SELECT min(value) FROM pg_temp.needs(:desert)), '>', 0::double precision, 'who has nothing lacks nothing for 8 minutes');
CALL pg_temp.live(:desert, 9);
SELECT is((SELECT max(value) FROM pg_temp.needs(:desert)), 0::double precision, 'and everything after 17');

-- ---- the setting ----
SELECT is((SELECT array_agg(concat_ws(' ', kind, payload ->> 'min', payload ->> 'max') ORDER BY sequence) FROM npcsim.world_inputs WHERE world_id = :desert AND kind LIKE 'set%'),
          '{set_idle_interval,"set_need_decay 100000 200000"}', 'how fast needs decay is an input of the world');
SELECT npcsim.create_world('Game', 20, 20, 1, preset => 'reference') AS game \gset
SELECT results_eq(format('SELECT need_decay_min, need_decay_max FROM npcsim.worlds WHERE id IN (%s, %s) ORDER BY id', :desert, :game), 'VALUES (0.1::float8, 0.2::float8), (1, 2)', 'in the game they decay ten times as fast');
SELECT npcsim.populate_world(:game, 20);
SELECT is((SELECT array_agg(item_type || ' ' || n ORDER BY item_type) FROM (SELECT item_type, count(*) AS n FROM npcsim.world_items WHERE world_id = :game GROUP BY 1) AS v),
          '{"apple 43","chair 2","shower 2","television 3"}', 'and a colony is given what it was given there');
CREATE TEMP TABLE before AS SELECT s.npc_id, s.decay FROM npcsim.npc_states s WHERE s.world_id = :game;
SELECT npcsim.tick_world(:game, 20);
CREATE TEMP TABLE had AS SELECT * FROM pg_temp.needs(:game);
UPDATE npcsim.worlds SET need_decay_min = 0.1, need_decay_max = 0.2 WHERE id = :game;
SELECT is_empty(format($$SELECT * FROM pg_temp.needs(%s) n JOIN had h USING (npc, need) WHERE abs(n.value - h.value) > 0.00001$$, :game), 'another decay changes nothing of what they have');
SELECT ok((SELECT bool_and(abs(s.decay * 10 - b.decay) < 20) FROM npcsim.npc_states s JOIN before b USING (npc_id) WHERE world_id = :game), 'each keeps its place between the slowest and the fastest');
SELECT is((SELECT count(*) FROM npcsim.npc_states WHERE world_id = :game AND (hunger_rate + decay) NOT IN (0, 5000000)), 0::bigint, 'at once, whatever they do');
SELECT npcsim.tick_world(:game, 10);
SELECT npcsim.replay_world(:game) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(%s, %s)', :game, :copy), 'a replay has its rows');
SELECT npcsim.populate_world(:game, 1);
SELECT cmp_ok((SELECT count(*) FROM npcsim.world_items WHERE world_id = :game AND item_type = 'shower'), '>', 2::bigint, 'what a further NPC needs is put out');
SELECT throws_ok(format('UPDATE npcsim.worlds SET %s WHERE id = %s', setting, :game), state, NULL, setting) FROM (VALUES
    ('need_decay_min = -0.1', '22003'), ('need_decay_max = 100.1', '22003'), ('need_decay_min = ''NaN''', '22003'), ('need_decay_min = 0.3', '22003')) AS v(setting, state);
SELECT * FROM finish();
