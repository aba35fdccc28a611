-- A player waves, and everybody sees it: a call of clients that is one file and a line.
-- with: 56_calls
SELECT no_plan();

SELECT npcsim.create_world('Meadow', 20, 10, 5, preset => 'reference') AS meadow \gset
SELECT npcsim.create_npc(:meadow, 'Ada', 3, 3) AS npc \gset
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('bo'), ('cy')) AS v(name), npcsim.create_player(:meadow, name) AS p;
CREATE FUNCTION pg_temp.wave(args jsonb, player text DEFAULT 'bo') RETURNS jsonb LANGUAGE sql AS $$
    SELECT npcsim.call_reducer((SELECT id FROM players WHERE name = player), 'wave', args)::jsonb
$$;
SELECT results_eq($$SELECT minimum_role, burst, per_minute, description FROM npcsim.client_reducers WHERE name = 'wave'$$,
                  $$VALUES ('player', 5, 30, 'args: {"x", "y": a cell, "npc_id": an NPC, or none}. Waves at it for everybody in your world; value: {"sequence"}')$$, 'clients may call it');

-- ---- what is refused changes nothing ----
SELECT revision AS before FROM npcsim.worlds WHERE id = :meadow \gset
SELECT is(npcsim.call_reducer(NULL, 'wave', '{"x": 1, "y": 1}')::jsonb #>> '{error,code}', '42501', 'a spectator does not wave');
SELECT is(pg_temp.wave(args, 'cy') #>> '{error,code}', code, 'refused: ' || args::text)
  FROM (VALUES ('{}'::jsonb, '22023'), ('{"x": 1}', '22023'), ('{"x": "1", "y": 1}', '22023'), ('{"x": 1.5, "y": 1}', '22023'), ('{"x": -1, "y": 1}', '22003'),
               ('{"x": 20, "y": 1}', 'NS210'), ('{"x": 1, "y": 1, "npc_id": 999}', 'NS201'), ('{"x": 1, "y": 1, "npc_id": "Ada"}', '22023'), ('[]', '22023')) AS bad(args, code);
SELECT is((SELECT revision FROM npcsim.worlds WHERE id = :meadow), :before::bigint, 'none of which happened');

-- ---- what is done is seen ----
SELECT is(pg_temp.wave('{"x": 4, "y": 5}') -> 'ok', 'true', 'a player waves at a cell');
SELECT pg_temp.wave(jsonb_build_object('x', 3, 'y', 3, 'npc_id', :npc)) #> '{value,sequence}' AS told \gset
SELECT is(:told::bigint, (SELECT max(sequence) FROM npcsim.world_events), 'and at an NPC');
SELECT results_eq(format($$SELECT position_x::integer, position_y::integer, npc_id, player_id = (SELECT id FROM players WHERE name = 'bo'), data FROM npcsim.world_events WHERE world_id = %s AND kind = 'waved' ORDER BY sequence$$, :meadow),
                  format($$VALUES (4, 5, NULL::bigint, true, NULL::jsonb), (3, 3, %s, true, NULL)$$, :npc), 'it is in the record');
SELECT is((SELECT count(*) FROM jsonb_array_elements(npcsim.world_delta(:meadow, :before)::jsonb #> '{world_events,append}') AS e WHERE e ->> 'kind' = 'waved' AND e #>> '{data,username}' = 'bo'), 2::bigint, 'and told to who watches, with the name');

-- ---- how often ----
SELECT results_eq($$SELECT coalesce(pg_temp.wave('{"x": 1, "y": 1}') #>> '{error,code}', 'ok') AS code, count(*) FROM generate_series(1, 10) GROUP BY 1 ORDER BY 1$$,
                  $$VALUES ('NS431', 7::bigint), ('ok', 3)$$, 'so many at once and no more');

-- ---- again ----
SELECT npcsim.tick_world(:meadow, 3);
SELECT npcsim.replay_world(:meadow) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(%s, %s)', :meadow, :copy), 'a replay has the same rows');
SELECT is_empty(format('SELECT to_jsonb(e) - %1$L::text[] FROM npcsim.world_events e WHERE world_id = %2$s EXCEPT ALL SELECT to_jsonb(e) - %1$L::text[] FROM npcsim.world_events e WHERE world_id = %3$s',
                       '{world_id,revision,sent_at_real}', :meadow, :copy), 'and the same waves');
SELECT is((SELECT count(*) FROM npcsim.world_inputs WHERE world_id = :copy AND kind = 'wave'), 5::bigint, 'of the same inputs');

SELECT * FROM finish();
