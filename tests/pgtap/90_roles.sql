-- docs/roles.sql: each role can do what it is for. All that it may, and may not, is in 92_objects.sql.
SET client_min_messages = warning;
\i docs/roles.sql
\i docs/roles.sql
BEGIN;
SELECT plan(35);
GRANT USAGE ON SCHEMA public TO PUBLIC;

SELECT npcsim.create_world('Meadow', 20, 20, 5);
SELECT npcsim.create_npc(1, 'Ada', 4, 6);
SELECT npcsim.create_player(1, 'ada');

-- ---- the gateway ----
SET LOCAL ROLE npcsim_gateway;
SELECT lives_ok($$SELECT npcsim.register_gateway('g1')$$, 'which work');
SELECT lives_ok($$SELECT npcsim.client_connected('g1', NULL, 1, 'watch', '', 'test')$$, 'for spectators');
SELECT lives_ok($$SELECT npcsim.world_snapshot(1)$$, 'who see the world');
SELECT lives_ok($$SELECT npcsim.world_delta(1, 1)$$, 'and its changes');
SELECT lives_ok($$SELECT npcsim.gateway_poll('g1', '{1}')$$, 'once a second');
SELECT throws_ok($$SELECT npcsim.authenticate('npc_wrong')$$, 'NS401', NULL, 'a wrong token is refused');
SELECT lives_ok($$SELECT * FROM npcsim.claim_decisions('g1', '{1}', '{1}')$$, 'requests are claimed');
SELECT lives_ok($$SELECT * FROM npcsim.submit_npc_decisions('{1}', '{"{}"}')$$, 'and answered');
SELECT lives_ok($$SELECT npcsim.fail_decisions('{1}', '{1}', '{timeout}')$$, 'or not');
SELECT throws_ok($$SELECT npcsim.tick_world(1, 1)$$, '42501', NULL, 'the gateway moves no world');
SELECT throws_ok($$SELECT npcsim.create_player(1, 'eve', 'operator')$$, '42501', NULL, 'and makes no players');
SELECT throws_ok($$SELECT token_hash FROM npcsim.player_accounts$$, '42501', NULL, 'and reads no tokens');
RESET ROLE;

-- ---- readers ----
SET LOCAL ROLE npcsim_reader;
SELECT lives_ok($$SELECT * FROM npcsim.worlds, npcsim.npcs, npcsim.world_items, npcsim.interactions, npcsim.item_types, npcsim.interaction_types,
                         npcsim.players, npcsim.decision_requests, npcsim.decision_log, npcsim.world_status, npcsim.worker_status,
                         npcsim.messages$$, 'a reader reads the views');
SELECT lives_ok('SELECT * FROM npcsim.interaction_bids', 'who invites whom');
SELECT is((SELECT kind FROM npcsim.world_events), 'npc_created', 'and what happened');
SELECT is((SELECT name FROM npcsim.npcs WHERE position && ST_MakeEnvelope(4, 6, 4, 6)), 'Ada', 'and finds NPCs on the map');
SELECT throws_ok($$UPDATE npcsim.npcs SET hunger = 1$$, '42501', NULL, 'but writes nothing');
SELECT throws_ok($$DELETE FROM npcsim.world_items$$, '42501', NULL, 'and deletes nothing');
SELECT throws_ok($$SELECT npcsim.start_world(1)$$, '42501', NULL, 'and starts nothing');
SELECT throws_ok($$SELECT * FROM npcsim.npc_states$$, '42501', NULL, 'the tables are not its business');
RESET ROLE;

-- ---- operators ----
SET LOCAL ROLE npcsim_operator;
SELECT lives_ok($$SELECT npcsim.create_world('Hill', 20, 20, 5)$$, 'an operator makes a world');
SELECT lives_ok($$SELECT npcsim.populate_world((SELECT id FROM npcsim.worlds WHERE name = 'Hill'), 10)$$, 'fills it');
SELECT lives_ok($$SELECT npcsim.tick_world((SELECT id FROM npcsim.worlds WHERE name = 'Hill'), 5)$$, 'steps it');
SELECT lives_ok($$UPDATE npcsim.npcs SET hunger = 10, controller_player_id = (SELECT id FROM npcsim.players), position_x = 5 WHERE name = 'Ada'$$, 'writes through the views');
SELECT lives_ok($$INSERT INTO npcsim.world_items (world_id, item_type, position_x, position_y) VALUES (1, 'apple', 1, 1)$$, 'inserts');
SELECT lives_ok($$DELETE FROM npcsim.world_items WHERE world_id = 1$$, 'deletes');
SELECT lives_ok($$UPDATE npcsim.worlds SET max_players = 3 WHERE id = 1$$, 'changes settings');
SELECT lives_ok($$SELECT npcsim.drop_world(id) FROM npcsim.worlds WHERE name = 'Hill'$$, 'drops a world');
SELECT lives_ok('SELECT npcsim.prune_logs()', 'has logs pruned');
SELECT throws_ok($$UPDATE npcsim.npc_states SET hunger = 1$$, '42501', NULL, 'but not past the rules');
SELECT throws_ok($$SELECT token_hash FROM npcsim.player_accounts$$, '42501', NULL, 'and reads no tokens');
SELECT throws_ok($$INSERT INTO npcsim.world_inputs VALUES (1, 1, 1, 'x', '{}')$$, '42501', NULL, 'nor writes history');
RESET ROLE;

-- ---- workers ----
SELECT ok((SELECT rolcanlogin AND NOT rolsuper AND NOT rolcreaterole AND NOT rolbypassrls FROM pg_roles WHERE rolname = 'npcsim_worker'),
          'a worker logs in, and is nobody special');
SET LOCAL ROLE npcsim_worker;
SELECT lives_ok('SELECT npcsim_internal.askable_players(1), npcsim_internal.present_players(1)', 'also who may be asked, though it reads no accounts');
SELECT throws_ok('SELECT * FROM npcsim.world_tokens', '42501', NULL, 'nor what was spent');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
