-- Tests sessions: gateways, who connects and who is replaced, heartbeats, cameras, and what happens when a session falls silent.
BEGIN;
SELECT plan(99);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('player_accounts', 'world_clock', 'world_settings');

SELECT npcsim.create_world('Meadow', 20, 20, 5, preset => 'reference'), npcsim.create_world('Hill', 20, 20, 5, preset => 'reference');
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
CREATE TEMP TABLE bo AS SELECT * FROM npcsim.create_player(1, 'bo');
CREATE TEMP TABLE opal AS SELECT * FROM npcsim.create_player(1, 'opal', 'operator');

-- Connects and returns the answer; sessions are told apart by the names given here.
CREATE TEMP TABLE connected (name text PRIMARY KEY, answer jsonb);
CREATE FUNCTION pg_temp.connect(name text, gateway text, player bigint, world bigint, purpose text, source text) RETURNS jsonb
LANGUAGE sql AS $$
    INSERT INTO connected VALUES (name, npcsim.client_connected(gateway, player, world, purpose, source, 'test/1')::jsonb)
    RETURNING answer
$$;
CREATE FUNCTION pg_temp.session(wanted text) RETURNS bigint
LANGUAGE sql AS $$SELECT (answer ->> 'session_id')::bigint FROM connected WHERE name = wanted$$;
CREATE FUNCTION pg_temp.ended(wanted text) RETURNS boolean
LANGUAGE sql AS $$SELECT ended FROM npcsim.sessions WHERE id = pg_temp.session(wanted)$$;
CREATE FUNCTION pg_temp.age(wanted text, seconds integer) RETURNS void
LANGUAGE sql AS $$
    UPDATE npcsim.sessions SET heartbeat_at_real = clock_timestamp() - make_interval(secs => seconds)
     WHERE id = pg_temp.session(wanted)
$$;

-- ---- gateways ----
SELECT throws_ok($$SELECT npcsim.gateway_poll('g1', '{1}')$$, '55000', NULL, 'a gateway registers before it polls');
SELECT throws_ok($$SELECT npcsim.client_connected('g1', NULL, 1)$$, '55000', NULL, 'and before it brings clients');
SELECT lives_ok($$SELECT npcsim.register_gateway('g1')$$, 'a gateway registers');
SELECT lives_ok($$SELECT npcsim.register_gateway('g1')$$, 'and again after it was gone');
SELECT npcsim.register_gateway('g2');
SELECT throws_ok($$SELECT npcsim.register_gateway('a b')$$, '22023', NULL, 'an id has no spaces');
SELECT throws_ok($$SELECT npcsim.register_gateway('')$$, '22023', NULL, 'is not empty');
SELECT throws_ok($$SELECT npcsim.register_gateway(repeat('g', 65))$$, '22023', NULL, 'and not too long');
SELECT throws_ok($$SELECT npcsim.register_gateway(NULL)$$, '22004', NULL, 'nor NULL');

-- ---- tokens ----
SELECT results_eq($$SELECT * FROM npcsim.authenticate((SELECT token FROM ada))$$,
                  $$SELECT player_id, 1::bigint, 'ada'::text, 'player'::text FROM ada$$, 'a token tells its player');
SELECT throws_ok($$SELECT * FROM npcsim.authenticate('npc_guess')$$, 'NS401', NULL, 'a guess is refused');
SELECT throws_ok($$SELECT * FROM npcsim.authenticate('')$$, 'NS401', NULL, 'so is nothing');
SELECT throws_ok($$SELECT * FROM npcsim.authenticate(repeat('x', 1000000))$$, 'NS401', NULL, 'so is what is too long');

-- ---- connecting ----
SELECT is(pg_temp.connect('watch 1', 'g1', (SELECT player_id FROM ada), 1, 'watch', '') -> 'replaced', '[]', 'a player connects');
SELECT is((SELECT (answer -> 'welcome') - 'world' - 'epoch' FROM connected WHERE name = 'watch 1'),
          jsonb_build_object('type', 'welcome', 'world_id', 1, 'player_id', (SELECT player_id FROM ada), 'username', 'ada',
                             'role', 'player', 'clock', 0, 'speed', 1, 'status', 'paused',
                             'revision', (SELECT revision FROM npcsim.world_clock WHERE world_id = 1)), 'and is welcomed');
SELECT ok((SELECT answer -> 'welcome' -> 'world' @> '{"name":"Meadow","size_x":20,"size_y":20,"tick_rate":10,"seconds_per_game_minute":1.0}'
             FROM connected WHERE name = 'watch 1'), 'with the settings of the world');
SELECT is(pg_temp.connect('watch 2', 'g2', (SELECT player_id FROM ada), 1, 'watch', 'other') -> 'replaced',
          jsonb_build_array(pg_temp.session('watch 1')), 'a second watching session ends the first, wherever it is');
SELECT is(npcsim.gateway_poll('g1', '{}')::jsonb -> 'ended_sessions',
          jsonb_build_array(jsonb_build_object('session_id', pg_temp.session('watch 1'), 'reason', 'replaced')), 'whose gateway is told, and why');
SELECT lives_ok($$SELECT npcsim.client_disconnected(pg_temp.session('watch 1'))$$, 'until it hangs up');
SELECT is(npcsim.gateway_poll('g1', '{}')::jsonb -> 'ended_sessions', '[]', 'and then no more');
SELECT lives_ok($$SELECT npcsim.client_disconnected(9007199254740991)$$, 'a session that is not there is ignored');

SELECT is(pg_temp.connect('compute ' || n, 'g1', (SELECT player_id FROM ada), 1, 'compute', 'source ' || n) -> 'replaced', '[]',
          'compute connection ' || n || ' stands beside the others') FROM generate_series(1, 8) AS n;
SELECT throws_ok($$SELECT npcsim.client_connected('g1', (SELECT player_id FROM ada), 1, 'compute', 'source 9')$$,
                 'NS430', NULL, 'a ninth is refused');
SELECT is(pg_temp.connect('compute 1 again', 'g2', (SELECT player_id FROM ada), 1, 'compute', 'source 1') -> 'replaced',
          jsonb_build_array(pg_temp.session('compute 1')), 'but one of the same source replaces the older');
SELECT is(pg_temp.connect('both', 'g1', (SELECT player_id FROM ada), 1, 'both', 'source 2') -> 'replaced',
          jsonb_build_array(pg_temp.session('watch 2'), pg_temp.session('compute 2')), 'who does both replaces both');

SELECT throws_ok($$SELECT npcsim.client_connected('g1', 1, 77)$$, 'NS404', NULL, 'a world must exist');
SELECT throws_ok($$SELECT npcsim.client_connected('g1', (SELECT player_id FROM ada), 2)$$, 'NS203', NULL, 'and be the player''s');
SELECT throws_ok($$SELECT npcsim.client_connected('g1', 1, 1, 'cheat')$$, '22023', NULL, 'a purpose is one of three');
SELECT throws_ok($$SELECT npcsim.client_connected('g1', 1, 1, 'watch', repeat('s', 65))$$, '22023', NULL, 'a source is short');

-- ---- spectators, room, bans ----
SELECT is(pg_temp.connect('spectator', 'g1', NULL, 1, 'watch', '') #>> '{welcome,role}', 'spectator', 'a spectator watches');
SELECT throws_ok($$SELECT npcsim.client_connected('g1', NULL, 1, 'compute')$$, 'NS401', NULL, 'but lends no compute');
UPDATE npcsim.world_settings SET spectators = false WHERE id = 1;
SELECT throws_ok($$SELECT npcsim.client_connected('g1', NULL, 1)$$, 'NS401', NULL, 'where the world admits any');
UPDATE npcsim.world_settings SET spectators = true, max_players = 2 WHERE id = 1;
SELECT throws_ok($$SELECT npcsim.client_connected('g1', NULL, 1)$$, 'NS429', NULL, 'a full world takes no spectator');
UPDATE npcsim.world_settings SET max_players = 1 WHERE id = 1;
SELECT throws_ok($$SELECT npcsim.client_connected('g1', (SELECT player_id FROM bo), 1)$$, 'NS429', NULL, 'nor a player where players fill it');
SELECT lives_ok($$SELECT npcsim.client_connected('g1', (SELECT player_id FROM ada), 1)$$, 'but who is there already');
SELECT lives_ok($$SELECT npcsim.client_connected('g1', (SELECT player_id FROM opal), 1)$$, 'and operators');
UPDATE npcsim.world_settings SET max_players = 100 WHERE id = 1;
UPDATE npcsim.player_accounts SET status = 'banned' WHERE username = 'bo';
SELECT throws_ok($$SELECT * FROM npcsim.authenticate((SELECT token FROM bo))$$, 'NS403', NULL, 'a banned player is refused');
SELECT throws_ok($$SELECT npcsim.client_connected('g1', (SELECT player_id FROM bo), 1)$$, 'NS403', NULL, 'twice');
UPDATE npcsim.player_accounts SET status = 'active' WHERE username = 'bo';

-- ---- heartbeats ----
SELECT is_empty('SELECT npcsim_internal.present_players(1)', 'nobody is present before a heartbeat');
CREATE FUNCTION pg_temp.beat(heartbeat jsonb) RETURNS jsonb
LANGUAGE sql AS $$SELECT npcsim.update_player_heartbeat((SELECT player_id FROM ada), heartbeat)::jsonb$$;
SELECT is(pg_temp.beat('{"source":"source 3","max_concurrency":4,"stateless":true,"token_output_rate":12.5,"average_decision_time_ms":1200,"decision_queue_length":3}') - 'source',
          '{"type":"heartbeat_ack","assigned_npcs":0,"in_flight":0,"skipped":{"no_demand":0,"rate_limited":0},"status":"active","warned_until":null,
            "budget":{"declared":0,"tokens":null,"spent":0,"pace":null,"next_in":0}}',
          'a heartbeat is acknowledged');
SELECT results_eq($$SELECT max_concurrency, stateless, token_output_rate, average_decision_time_ms FROM npcsim.sessions WHERE id = pg_temp.session('compute 3')$$,
                  $$VALUES (4, true, 12.5::float8, 1200::float8)$$, 'and kept, in the session of its source');
SELECT results_eq('SELECT npcsim_internal.present_players(1)', 'SELECT player_id FROM ada', 'the player is present');
SELECT is_empty('SELECT npcsim_internal.present_players(2)', 'in its world');
SELECT isnt((SELECT last_heartbeat FROM npcsim.players WHERE username = 'ada'), NULL, 'and was heard of');
SELECT pg_temp.beat('{"source":"source 3"}');
SELECT results_eq($$SELECT max_concurrency, stateless, token_output_rate FROM npcsim.sessions WHERE id = pg_temp.session('compute 3')$$,
                  $$VALUES (1, false, NULL::float8)$$, 'what a heartbeat leaves out has its default');
SELECT pg_temp.beat('{"source":"source 3","max_concurrency":0}');
SELECT is_empty('SELECT npcsim_internal.present_players(1)', 'who takes nothing is not present');
SELECT throws_ok(format($$SELECT pg_temp.beat(%L)$$, heartbeat), code, NULL, 'refused: ' || left(heartbeat, 60))
  FROM (VALUES ('[]', '22023'), ('{"source":7}', '22023'), ('{"source":"source 3","max_concurrency":-1}', '22023'),
               ('{"source":"source 3","max_concurrency":65}', '22023'), ('{"source":"source 3","max_concurrency":1.5}', '22023'),
               ('{"source":"source 3","max_concurrency":"NaN"}', '22023'), ('{"source":"source 3","token_output_rate":-1}', '22023'),
               ('{"source":"source 3","token_output_rate":1e400}', '22023'), ('{"source":"source 3","stateless":1}', '22023'),
               ('{"source":"nobody"}', '55000')) AS bad(heartbeat, code);

-- ---- silence ----
SELECT pg_temp.beat('{"source":"source 3"}'), pg_temp.age('compute 3', 31);
SELECT is_empty('SELECT npcsim_internal.present_players(1)', 'who is silent for 30 s is not present');
SELECT pg_temp.age('compute 3', 29);
SELECT isnt_empty('SELECT npcsim_internal.present_players(1)', 'and before that is');
SELECT npcsim_internal.expire_sessions();
SELECT ok(NOT pg_temp.ended('compute 3'), 'sessions of a live gateway stay');
UPDATE npcsim.gateways SET seen_at_real = clock_timestamp() - interval '31 s' WHERE id = 'g1';
SELECT npcsim_internal.expire_sessions();
SELECT ok(pg_temp.ended('compute 3'), 'those of a silent gateway end');
SELECT ok(npcsim.gateway_poll('g1', '{}')::jsonb -> 'ended_sessions' @> jsonb_build_array(jsonb_build_object('session_id', pg_temp.session('compute 3'), 'reason', 'silent')),
          'and it is told when it is back');
SELECT ok(NOT pg_temp.ended('compute 1 again'), 'and no other''s');
SELECT is_empty('SELECT npcsim_internal.present_players(1)', 'its players are gone');
SELECT npcsim.register_gateway('g1');
SELECT is_empty($$SELECT id FROM npcsim.sessions WHERE gateway_id = 'g1'$$, 'a gateway that comes back begins anew');

-- ---- cameras ----
SELECT pg_temp.connect('watch 3', 'g1', (SELECT player_id FROM ada), 1, 'watch', '');
SELECT lives_ok($$SELECT npcsim.update_player_camera((SELECT player_id FROM ada), 0, 1, 10, 11.5)$$, 'a camera is set');
SELECT results_eq($$SELECT camera_min_x, camera_max_y FROM npcsim.sessions WHERE id = pg_temp.session('watch 3')$$,
                  $$VALUES (0::float8, 11.5::float8)$$, 'in the watching session');
SELECT throws_ok($$SELECT npcsim.update_player_camera(1, 'NaN', 1, 10, 11)$$, '22003', NULL, 'not to NaN');
SELECT throws_ok($$SELECT npcsim.update_player_camera(1, 0, 1, 'Infinity', 11)$$, '22003', NULL, 'not to infinity');
SELECT throws_ok($$SELECT npcsim.update_player_camera(1, 10, 1, 0, 11)$$, '22023', NULL, 'not turned over');

-- ---- polling ----
SELECT is(npcsim.gateway_poll('g1', '{2,77,1,2}')::jsonb #> '{worlds,1}',
          jsonb_build_object('world_id', 2, 'clock', 0, 'speed', 1, 'status', 'paused', 'revision', (SELECT revision FROM npcsim.world_clock WHERE world_id = 2),
                             'epoch', (SELECT epoch FROM npcsim.epochs), 'tick_rate', 10), 'a poll tells the clocks of worlds');
SELECT is(npcsim.gateway_poll('g1', '{2,77,1}')::jsonb -> 'gone', '[77]', 'and which are gone');
SELECT is(npcsim.gateway_poll('g1', '{}')::jsonb -> 'worlds', '[]', 'of none that is paused unless it is asked for');
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
SELECT is(jsonb_path_query_array(npcsim.gateway_poll('g1', '{2}')::jsonb, '$.worlds[*].world_id'), '[1, 2]', 'but of all that run');
SELECT is(npcsim.gateway_poll('g1', '{2,77}')::jsonb -> 'gone', '[77]', 'which makes nothing else gone');
UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
SELECT npcsim.rotate_player_token((SELECT player_id FROM ada));
SELECT is(npcsim.gateway_poll('g1', '{}')::jsonb -> 'ended_sessions',
          jsonb_build_array(jsonb_build_object('session_id', pg_temp.session('watch 3'), 'reason', 'token')), 'sessions end for other reasons, too');

-- ---- refusals as values, for what clients say ----
SELECT is(npcsim.try_authenticate((SELECT token FROM bo))::jsonb, jsonb_build_object('ok', true, 'value', jsonb_build_object('player_id', (SELECT player_id FROM bo), 'world_id', 1, 'username', 'bo', 'role', 'player')),
          'a token tells its player');
SELECT is(npcsim.try_client_connected('g1', (SELECT player_id FROM bo), 1)::jsonb #> '{value,welcome,username}', '"bo"', 'who is connected');
SELECT is(npcsim.try_client_connected('g1', (SELECT player_id FROM bo), 1, 'compute', 'main')::jsonb -> 'ok', 'true', 'and computes');
SELECT is(npcsim.try_update_player_heartbeat((SELECT player_id FROM bo), '{"source": "main"}')::jsonb #> '{value,type}', '"heartbeat_ack"', 'gives signs of life');
SELECT is(npcsim.try_update_player_camera((SELECT player_id FROM bo), 0, 1, 10, 11)::jsonb, '{"ok": true, "value": null}', 'and looks somewhere');
CREATE TEMP TABLE before AS SELECT count(*) AS sessions FROM npcsim.sessions;
SELECT ok(NOT (answer ->> 'ok')::boolean AND answer #>> '{error,code}' = code AND answer #>> '{error,detail}' <> '' AND answer #>> '{error,hint}' <> '', what || ': ' || answer)
  FROM (VALUES ('no such token', 'NS401', npcsim.try_authenticate('npc_wrong')::jsonb),
               ('no token', '22004', npcsim.try_authenticate(NULL)::jsonb),
               ('a long token', 'NS401', npcsim.try_authenticate(repeat('x', 1000))::jsonb),
               ('no such world', 'NS404', npcsim.try_client_connected('g1', NULL, 99)::jsonb),
               ('no id', '22003', npcsim.try_client_connected('g1', NULL, -1)::jsonb),
               ('a hidden source', '22023', npcsim.try_client_connected('g1', (SELECT player_id FROM bo), 1, 'compute', U&'a\200f')::jsonb),
               ('no such purpose', '22023', npcsim.try_client_connected('g1', (SELECT player_id FROM bo), 1, 'play')::jsonb),
               ('no gateway', '55000', npcsim.try_client_connected('g9', NULL, 1)::jsonb),
               ('no such source', '55000', npcsim.try_update_player_heartbeat((SELECT player_id FROM bo), '{"source": "x"}')::jsonb),
               ('a large heartbeat', '54000', npcsim.try_update_player_heartbeat((SELECT player_id FROM bo), jsonb_build_object('x', repeat('x', 9000)))::jsonb),
               ('NaN', '22003', npcsim.try_update_player_camera(1, 'NaN', 0, 1, 1)::jsonb)) AS tried (what, code, answer);
SELECT is((SELECT count(*) FROM npcsim.sessions), (SELECT sessions FROM before), 'nothing was changed');
UPDATE npcsim.player_accounts SET status = 'banned' WHERE username = 'bo';
SELECT is(npcsim.try_authenticate((SELECT token FROM bo))::jsonb #>> '{error,code}', 'NS403', 'a banned player is refused, too');

SELECT * FROM finish();
ROLLBACK;
