-- Tests that functions and views return the same, and write the same, in every session, whatever its settings.
BEGIN;
SELECT plan(13);

SELECT npcsim.create_world('Meadow', 32, 24, 5);
SELECT npcsim.populate_world(1, 8);
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada', 'operator');
SELECT npcsim.assign_npc_to_player(1, id, (SELECT player_id FROM ada)) FROM npcsim.npcs ORDER BY id LIMIT 3;
SELECT npcsim.register_gateway('g');
SELECT npcsim.client_connected('g', (SELECT player_id FROM ada), 1, 'both', 'main');
SELECT npcsim.update_player_heartbeat((SELECT player_id FROM ada), '{"source": "main", "max_concurrency": 8, "token_output_rate": 0.1}');
SELECT npcsim.call_reducer((SELECT player_id FROM ada), 'send_chat', '{"text": "a \\ b '' c"}');
SELECT npcsim.set_world_speed(1, 1.5);
SELECT npcsim.tick_world(1, 7.3);

CREATE FUNCTION pg_temp.told() RETURNS TABLE (what text, told text)
LANGUAGE plpgsql AS $$
DECLARE
    npc bigint := (SELECT min(id) FROM npcsim.npcs);
BEGIN
    RETURN QUERY VALUES
        ('world_snapshot', npcsim.world_snapshot(1)::text),
        ('world_delta', npcsim.world_delta(1, 1)::text),
        ('observe_npc', npcsim.observe_npc(1, npc)::text),
        ('gateway_poll', npcsim.gateway_poll('g', '{1}')::text),
        ('world_rows', md5((SELECT string_agg(r::text, ' ' ORDER BY r::text COLLATE "C") FROM npcsim.world_rows(1) AS r))),
        ('call_reducer', (npcsim.call_reducer((SELECT player_id FROM ada), 'set_world_speed', '{"speed": 1.5}')::jsonb #- '{revision}')::text),
        ('update_player_heartbeat', npcsim.update_player_heartbeat((SELECT player_id FROM ada), '{"source": "main", "max_concurrency": 8, "token_output_rate": 0.1}')::text),
        ('authenticate', (SELECT a::text FROM npcsim.authenticate((SELECT token FROM ada)) AS a));
END
$$;
CREATE TEMP TABLE plain AS SELECT * FROM pg_temp.told();

CREATE PROCEDURE pg_temp.become_odd()
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config(name, value, true)
       FROM (VALUES ('DateStyle', 'German, DMY'), ('IntervalStyle', 'iso_8601'), ('TimeZone', 'Pacific/Apia'), ('extra_float_digits', '-15'),
                    ('bytea_output', 'escape'), ('standard_conforming_strings', 'off'), ('escape_string_warning', 'off'), ('array_nulls', 'off'),
                    ('transform_null_equals', 'on'), ('search_path', 'pg_temp'), ('plan_cache_mode', 'force_custom_plan'), ('jit', 'on'),
                    ('jit_above_cost', '0'), ('default_transaction_read_only', 'on'), ('row_security', 'off'), ('xmlbinary', 'hex'),
                    ('quote_all_identifiers', 'on'), ('enable_indexscan', 'off'), ('enable_bitmapscan', 'off')) AS odd (name, value);
END
$$;
-- Plans were made before; those of the session that follows are made under the odd settings.
CALL pg_temp.become_odd();
DISCARD PLANS;
CREATE TEMP TABLE odd AS SELECT * FROM pg_temp.told();
RESET search_path;
RESET transform_null_equals;
RESET standard_conforming_strings;
RESET extra_float_digits;

SELECT ok(o.told = p.told, p.what || ' tells the same') FROM plain p JOIN odd o USING (what) ORDER BY what COLLATE "C";
SELECT is((SELECT count(*) FROM odd), 8::bigint, 'all of them');

-- What is written.
CREATE FUNCTION pg_temp.made(name text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    made bigint := npcsim.create_world(name, 32, 24, 9);
    npc bigint;
BEGIN
    PERFORM npcsim.populate_world(made, 8);
    SELECT min(n.id) INTO npc FROM npcsim.npcs n WHERE n.world_id = made;
    UPDATE npcsim.npcs SET hunger = 12.345678, traits = '{a,b}' WHERE world_id = made AND id = npc;
    PERFORM npcsim.set_world_speed(made, 1.234);
    PERFORM npcsim.tick_world(made, 12.3);
    RETURN made;
END
$$;
CREATE TEMP TABLE worlds_made AS SELECT pg_temp.made('Plain') AS plain, 0::bigint AS odd;
CALL pg_temp.become_odd();
DISCARD PLANS;
SET LOCAL search_path = pg_catalog, pg_temp;
UPDATE pg_temp.worlds_made SET odd = pg_temp.made('Odd');
RESET search_path;
SELECT is_empty('SELECT * FROM npcsim.world_differences((SELECT plain FROM worlds_made), (SELECT odd FROM worlds_made))', 'the same world is made');
SELECT ok((SELECT odd > 0 FROM worlds_made), 'and one was');
SELECT npcsim.replay_world((SELECT odd FROM worlds_made), NULL, 'Again');
SELECT is_empty($$SELECT * FROM npcsim.world_differences((SELECT plain FROM worlds_made), (SELECT id FROM npcsim.worlds WHERE name = 'Again'))$$,
                'and its replay');
SELECT lives_ok('SELECT npcsim_internal.expire_sessions(), npcsim.prune_logs(), npcsim_internal.expire_decisions()', 'the house is kept');
SELECT * FROM finish();
ROLLBACK;
