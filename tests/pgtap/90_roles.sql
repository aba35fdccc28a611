-- Tests that each role of docs/roles.sql can do what it is for. All that it may and may not do is in 92_objects.sql.
SET client_min_messages = warning;
\i docs/roles.sql
\i docs/roles.sql
\set roles `cat docs/roles.sql`
-- psql as people have it, which goes on after an error; and two at a time
\set elsewhere `psql -X -d postgres -f docs/roles.sql 2>&1`
\set at_once `for i in 1 2 3 4; do psql -X -d :'DBNAME' -f docs/roles.sql 2>&1 & done; wait`
BEGIN;
SELECT plan(49);
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

-- ---- roles.sql itself: one sentence when it cannot be, and nothing done ----
CREATE FUNCTION pg_temp.refused(roles text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE roles;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;
SELECT is((SELECT count(*)::int FROM regexp_matches(:'elsewhere', '(ERROR|WARNING|FATAL):', 'g')), 1, 'where the extension is not, one error is all that psql says');
SELECT alike(:'elsewhere'::text, '%ERROR:  database "postgres" has no extension npcsim%HINT:  CREATE EXTENSION npcsim CASCADE;%', 'and which');
SELECT is(replace(replace(:'at_once', 'DO', ''), E'\n', ''), '', 'who runs it several times at once has nothing to read');
SELECT is((pg_temp.refused(:'roles')).message, NULL, 'in a transaction of somebody''s it runs, too');
SELECT is(current_setting('client_min_messages') || current_setting('search_path'), 'warning"$user", public', 'whose settings stay as they are');

CREATE ROLE roles_test_maker CREATEROLE;
GRANT npcsim_operator TO roles_test_maker;
GRANT EXECUTE ON FUNCTION pg_temp.refused TO roles_test_maker;
SET LOCAL ROLE roles_test_maker;
SELECT throws_ok(:'roles'::text, '42501', 'roles.sql is for superusers, and roles_test_maker is none', 'not everybody may run it');
RESET ROLE;

SAVEPOINT as_it_is;
ALTER ROLE npcsim_reader CREATEDB SUPERUSER;
SELECT throws_ok(:'roles', '42710', 'there is a role npcsim_reader already, which may more than npcsim''s', 'somebody''s role of that name gets no rights');
SELECT is((pg_temp.refused(:'roles')).hint, 'If it is npcsim''s: ALTER ROLE npcsim_reader NOSUPERUSER NOCREATEDB; if it is somebody''s: ALTER ROLE npcsim_reader RENAME TO …; then run this file again.', 'and what to do');
SELECT lives_ok('ALTER ROLE npcsim_reader NOSUPERUSER NOCREATEDB', 'as it says');
SELECT lives_ok(:'roles', 'then it is fine');
ROLLBACK TO as_it_is;

ALTER FUNCTION npcsim.try_authenticate(text) RENAME TO try_something;
SELECT throws_ok(:'roles', '55000', 'this file is of another version than the extension npcsim', 'an older extension has not all that it names');
SELECT is((pg_temp.refused(:'roles')).hint, 'ALTER EXTENSION npcsim UPDATE; then run this file again.', 'and is to be updated');
ROLLBACK TO as_it_is;
SET LOCAL transaction_read_only = on;
SELECT throws_ok(:'roles', '25006', 'this transaction is read-only', 'a transaction that may not write');
ROLLBACK TO as_it_is;
DROP EXTENSION npcsim CASCADE;
SELECT throws_ok(:'roles', '42704', 'database "' || current_database() || '" has no extension npcsim', 'and none without the extension');

SELECT * FROM finish();
ROLLBACK;
