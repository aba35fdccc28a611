-- NPCs thirst: it falls with time, is served by what is made for it, is seen wherever needs are, and lived through again.
-- with: 20_npcs 75_operators
SELECT plan(20);

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 20, 20, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.define_item_type(1, 'well', '{"consumable": {"consumption_time": 5, "need_deltas": {"thirst": 40}}}');
SELECT pg_temp.make('Ada', 5, 5);
CREATE FUNCTION pg_temp.snapshot() RETURNS jsonb
LANGUAGE sql AS $$SELECT npcsim.world_snapshot(1)::jsonb$$;
CREATE FUNCTION pg_temp.decay() RETURNS integer
LANGUAGE sql AS $$SELECT decay FROM npcsim.npc_states WHERE world_id = 1$$;
CREATE FUNCTION pg_temp.rows(world bigint) RETURNS jsonb
LANGUAGE sql AS $$SELECT jsonb_agg(to_jsonb(r) ORDER BY relation, key) FROM npcsim.world_rows(world) AS r$$;

-- ---- it falls ----
SELECT is((SELECT thirst FROM npcsim.npcs), 100::double precision, 'it begins full');
SELECT is((SELECT thirst_rate FROM npcsim.npc_states), -pg_temp.decay(), 'and falls as the others do');
SELECT npcsim.tick_world(1, 10);
SELECT is((SELECT round(thirst * 1e6) FROM npcsim.npcs)::integer, 100000000 - 10 * pg_temp.decay(), 'after 10 s it is lower by ten times its rate');

-- ---- operators write it, clients see it ----
SELECT pg_temp.snapshot() ->> 'revision' AS revision, pg_temp.snapshot() ->> 'epoch' AS epoch \gset
UPDATE npcsim.npcs SET thirst = 12.5 WHERE world_id = 1;
SELECT is((SELECT thirst FROM npcsim.npcs), 12.5::double precision, 'an operator writes it');
SELECT throws_ok('UPDATE npcsim.npcs SET thirst = 101 WHERE world_id = 1', NULL, NULL, 'within its limits');
SELECT is(pg_temp.snapshot() #> '{npcs,0,needs,thirst,value}', '12.5', 'a snapshot has it');
SELECT is((SELECT array_agg(name) FROM json_object_keys(npcsim.world_snapshot(1)::json #> '{npcs,0,needs}') AS name),
          '{hunger,hygiene,fun,energy,thirst}', 'behind the needs there were');
SELECT is(npcsim.world_delta(1, :revision, :'epoch')::jsonb #> '{npcs,upsert,0,needs,thirst,value}', '12.5', 'and so has a delta');
SELECT is(jsonb_path_query_first(npcsim.observe_npc(1, pg_temp.npc())::jsonb, 'strict $.**.needs.thirst'), '12.5', 'its mind is told');

-- ---- it is served ----
SELECT npcsim.create_item(1, 'well', 6, 5) AS well \gset
SELECT ok(npcsim.world_snapshot(1)::jsonb -> 'item_types' @> '[{"name": "well", "components": {"consumable": {"need_deltas": {"thirst": 40}}}}]',
          'what serves it is told');
SELECT is(pg_temp.use('Ada', :well), 'applied', 'an NPC drinks');
SELECT is((SELECT thirst_rate FROM npcsim.npc_states WHERE world_id = 1), 8000000 - pg_temp.decay(), 'which fills it by 8 a second');
SELECT npcsim.tick_world(1, 2);
SELECT is((SELECT round(thirst * 1e6) FROM npcsim.npcs)::integer, 28500000 - 2 * pg_temp.decay(), 'after 2 s it is fuller by 16');
SELECT is((SELECT array_agg(round(need) ORDER BY need) FROM (SELECT unnest(ARRAY[hunger, hygiene, fun, energy]) FROM npcsim.npcs) AS n(need)),
          (SELECT array_agg(round(100 - 12 * pg_temp.decay() / 1e6)) FROM generate_series(1, 4))::double precision[], 'and the others are lower');

-- ---- the built-in mind looks after it ----
SELECT npcsim.tick_world(1, 5);
SELECT npcsim.create_item(1, 'well', 9, 5);
UPDATE npcsim.npcs SET hunger = 100, hygiene = 100, fun = 100, energy = 100, thirst = 30 WHERE world_id = 1;
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc(), NULL), npcsim.set_decision_policy(1, 'occasions');
SELECT npcsim.tick_world(1, 8);
SELECT ok((SELECT thirst > 30 FROM npcsim.npcs WHERE world_id = 1), 'an NPC of the built-in mind goes and drinks');

-- ---- it is kept ----
CREATE TEMP TABLE before AS SELECT to_jsonb(s) AS state FROM npcsim.npc_states AS s WHERE world_id = 1;
SELECT count(*) AS others FROM generate_series(1, 5) AS n,
    LATERAL (SELECT npcsim.create_world('Other ' || n, 5, 5, 1)) AS made(id), LATERAL (SELECT npcsim.create_npc(made.id, 'Eve', 1, 1, NULL, '{}')) AS npc;
SELECT is((SELECT to_jsonb(s) FROM npcsim.npc_states AS s WHERE world_id = 1), (SELECT state FROM before), 'the image of the world makes room for others');
UPDATE npcsim.npcs SET name = 'Ada the second' WHERE world_id = 1;
SELECT npcsim.tick_world(1, 1);
SELECT is((SELECT (s.thirst_rate, s.decay)::text FROM npcsim.npc_states AS s WHERE world_id = 1),
          (SELECT format('(%s,%s)', state ->> 'thirst_rate', state ->> 'decay') FROM before), 'loaded again it has its thirst');
SELECT npcsim.replay_world(1, name => 'Again') AS second \gset
SELECT is(pg_temp.rows(:second), pg_temp.rows(1), 'a replay lives through the same');
SELECT ok((SELECT bool_and(content ? 'thirst') FROM npcsim.world_rows(:second) WHERE relation = 'npc_states'), 'thirst among it');
SELECT is((SELECT count(*) FROM npcsim.world_faults(1)), 0::bigint, 'and nothing is amiss');
SELECT * FROM finish();
