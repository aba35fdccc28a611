-- Tests what breaks careless code: moments at both ends of bigint, shapes that are no points, tables emptied under the worlds.
BEGIN;
SELECT plan(22);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('world_settings');

SELECT npcsim.create_world('Besieged', 20, 20, 9, preset => 'reference');
SELECT npcsim.create_npc(1, 'Ada', 3, 3);

-- ---- the views' functions, which every reader may call ----
SELECT is(npcsim_internal.track_x('{1,2,3,4}', -1, 9223372036854775807), 3::float8, 'a walker has arrived after all time there is');
SELECT is(npcsim_internal.track_y('{1,2,3,4}', -9223372036854775808, 9223372036854775807), 4::float8, 'twice over');
SELECT is(npcsim_internal.track_x('{1,2,3,4}', 9223372036854775807, -9223372036854775808), 1::float8, 'and has not left before it');
SELECT throws_ok($$SELECT npcsim_internal.track_x('{}', 0, 0)$$, 'XX001', NULL, 'a track has cells');
SELECT is(npcsim_internal.need_at(50000000, -1000, -9223372036854775808, 9223372036854775807), 0::float8, 'a need ends at nothing');
SELECT throws_ok($$SELECT npcsim_internal.world_now(1, 0, 0)$$, '22003', NULL, 'a tick takes time');
SELECT throws_ok($$SELECT npcsim_internal.world_now(1, -9223372036854775808, -1)$$, '22003', NULL, 'which does not run backwards');

-- ---- positions that are none ----
SELECT throws_ok(format('UPDATE npcsim.npcs SET position = %L::geometry', shape), CASE WHEN shape LIKE 'POINT%' THEN '22003' ELSE '22023' END, NULL, shape || ' is no position')
  FROM unnest(ARRAY['POINT EMPTY', 'POINT(NaN NaN)', 'LINESTRING(1 1,2 2)', 'MULTIPOINT(1 1)', 'POLYGON EMPTY']) AS shape;

-- ---- whatever is refused says what was wrong and what to do ----
CREATE FUNCTION pg_temp.explained(call text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE call;
    RETURN false;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN detail <> '' AND hint <> '';
END
$$;
SELECT ok(pg_temp.explained(call), call || ' is refused with detail and hint')
  FROM unnest(ARRAY['SELECT npcsim.submit_npc_decision(NULL, ''{}'')',
                    'SELECT npcsim.submit_npc_decisions(''{1}'', ''{a,b}'')',
                    'SELECT npcsim.fail_decisions(''{{1},{2}}'', ''{1}'', ''{a}'')',
                    'SELECT npcsim.world_snapshot(77)',
                    'SELECT npcsim.observe_npc(1, 77)']) AS call;

-- ---- tables that hold worlds and players ----
SELECT throws_ok($$TRUNCATE npcsim.world_clock$$, 'NS111', NULL, 'the worlds'' locks cannot be truncated');
SELECT throws_ok($$TRUNCATE npcsim.player_accounts CASCADE$$, 'NS111', NULL, 'nor the players');

-- ---- spectators need no token, so they must not shut players out ----
SELECT npcsim.register_gateway('g1');
CREATE TEMP TABLE bo AS SELECT * FROM npcsim.create_player(1, 'bo');
UPDATE npcsim.world_settings SET max_players = 2 WHERE id = 1;
DO $$BEGIN PERFORM npcsim.client_connected('g1', NULL, 1) FROM generate_series(1, 2); END$$;
SELECT throws_ok($$SELECT npcsim.client_connected('g1', NULL, 1)$$, 'NS429', NULL, 'spectators fill a world');
SELECT lives_ok($$SELECT npcsim.client_connected('g1', (SELECT player_id FROM bo), 1)$$, 'a player gets in all the same');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE name = 'Ada' AND position_x = 3 AND position_y = 3), 1::bigint, 'and nothing else happened');

SELECT * FROM finish();
ROLLBACK;
