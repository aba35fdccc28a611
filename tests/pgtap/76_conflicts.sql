-- Tests two sessions at one world: which one waits, which is told that what it has read has changed, which is refused.
SET client_min_messages = warning;
CREATE EXTENSION dblink;
SELECT plan(24);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('interaction_runs', 'npc_states'); -- as if npcsim itself wrote them

SELECT npcsim.create_world('Meadow', 30, 20, 5, preset => 'reference');
SELECT npcsim.create_world('Hill', 30, 20, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_npc(1, 'Ada', 4, 6);
SELECT npcsim.create_npc(1, 'Bo', 8, 6);
SELECT npcsim.create_item(1, 'chair', 10, 10);
SELECT npcsim.create_player(1, 'ada');

SELECT dblink_connect('other', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                                      current_setting('port'), current_database(), current_user));
SELECT dblink_exec('other', 'SET application_name = ''other''');

-- Starts a statement in the other session and waits until it waits for us (or is done).
CREATE PROCEDURE start_other(statement text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dblink_send_query('other', statement);
    FOR i IN 1 .. 500 LOOP
        PERFORM pg_sleep(0.01);
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN dblink_is_busy('other') = 0
               OR EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'other' AND wait_event_type = 'Lock');
    END LOOP;
END
$$;
CREATE FUNCTION finish_other() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    status text;
    state text;
BEGIN
    BEGIN
        SELECT s INTO status FROM dblink_get_result('other') AS r (s text);
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
    END;
    PERFORM * FROM dblink_get_result('other', false) AS r (s text);
    RETURN coalesce(state, status);
END
$$;

-- SQLSTATE of a refusal, and whether it says what was wrong and what to do.
CREATE FUNCTION explained(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    detail text;
    hint text;
BEGIN
    EXECUTE call;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' ', state, CASE WHEN detail <> '' THEN 'detail' END, CASE WHEN hint <> '' THEN 'hint' END);
END
$$;

-- ---- the same columns ----
BEGIN;
SELECT npcsim.lock_world(1);
CALL start_other($$UPDATE npcsim.npcs SET hunger = 60 WHERE name = 'Ada'$$);
SELECT is(dblink_is_busy('other'), 1, 'an operator waits for the world''s lock');
UPDATE npcsim.npcs SET hunger = 50 WHERE name = 'Ada';
COMMIT;
SELECT is(finish_other(), '40001', 'and is told that the needs have changed since they were read');
SELECT is((SELECT hunger FROM npcsim.npcs WHERE name = 'Ada'), 50::float8, 'nothing is overwritten');

-- ---- other columns ----
BEGIN;
SELECT npcsim.lock_world(1);
CALL start_other($$UPDATE npcsim.npcs SET name = 'Ada II' WHERE name = 'Ada'$$);
UPDATE npcsim.npcs SET hunger = 40 WHERE name = 'Ada';
COMMIT;
SELECT is(finish_other(), 'UPDATE 1', 'writes to other columns do not meet');
SELECT results_eq($$SELECT name, hunger FROM npcsim.npcs WHERE position_x = 4$$, $$VALUES ('Ada II', 40::float8)$$, 'and both stand');

-- ---- time that passes is no change ----
BEGIN;
SELECT npcsim.lock_world(1);
CALL start_other($$UPDATE npcsim.npcs SET fun = 33 WHERE name = 'Bo'$$);
SELECT npcsim.tick_world(1, 5);
COMMIT;
SELECT is(finish_other(), 'UPDATE 1', 'a world that only lived on does not refuse what was read before');
SELECT is((SELECT fun FROM npcsim.npcs WHERE name = 'Bo'), 33::float8, 'the value is as of when it was written');

-- ---- gone meanwhile ----
BEGIN;
SELECT npcsim.lock_world(1);
CALL start_other($$UPDATE npcsim.world_items SET properties = '{"a": 1}'$$);
DELETE FROM npcsim.world_items;
COMMIT;
SELECT is(finish_other(), 'UPDATE 0', 'a row that is gone is not found');

-- ---- settings and accounts ----
BEGIN;
SELECT npcsim.lock_world(1);
CALL start_other($$UPDATE npcsim.worlds SET max_players = 5 WHERE id = 1$$);
UPDATE npcsim.worlds SET max_players = 6 WHERE id = 1;
COMMIT;
SELECT is(finish_other(), '40001', 'settings that changed are not overwritten');
BEGIN;
SELECT npcsim.lock_world(1);
CALL start_other($$UPDATE npcsim.players SET username = 'eve' WHERE username = 'ada'$$);
UPDATE npcsim.players SET username = 'zoe' WHERE username = 'ada';
COMMIT;
SELECT is(finish_other(), '40001', 'nor is a player''s name');

-- ---- worlds in order ----
SELECT dblink_exec('other', 'BEGIN');
SELECT * FROM dblink('other', 'SELECT npcsim.lock_world(2)') AS r (x text);
BEGIN;
SELECT npcsim.lock_world(1);
SELECT throws_ok($$SELECT * FROM dblink('other', 'SELECT npcsim.lock_world(1)') AS r (x text)$$, '55P03', NULL,
                 'a lower world after a higher one is not waited for');
COMMIT;
SELECT dblink_exec('other', 'ROLLBACK');
SELECT dblink_exec('other', 'BEGIN');
SELECT lives_ok($$SELECT * FROM dblink('other', 'SELECT npcsim.lock_world(2), npcsim.lock_world(1)') AS r (x text, y text)$$,
                'but taken when it is free');
SELECT dblink_exec('other', 'ROLLBACK');

-- ---- what a world does not go with ----
SELECT dblink_exec('other', 'BEGIN');
SELECT dblink_exec('other', $$UPDATE npcsim.npcs SET fun = 1 WHERE name = 'Bo'$$);
SELECT is(explained($$SELECT dblink_exec('other', 'PREPARE TRANSACTION ''two phases''')$$), '0A000 detail hint', 'two-phase commit is refused');
SELECT dblink_exec('other', 'ROLLBACK');
SELECT isnt((SELECT fun FROM npcsim.npcs WHERE name = 'Bo'), 1::float8, 'and nothing has happened');
SELECT dblink_exec('other', 'BEGIN ISOLATION LEVEL REPEATABLE READ');
SELECT throws_ok($$SELECT dblink_exec('other', 'UPDATE npcsim.npcs SET fun = 1')$$, '0A000', NULL, 'repeatable read is refused');
SELECT dblink_exec('other', 'ROLLBACK');
SELECT dblink_exec('other', 'BEGIN ISOLATION LEVEL SERIALIZABLE');
SELECT throws_ok($$SELECT * FROM dblink('other', 'SELECT npcsim.tick_world(1, 1)') AS r (x text)$$, '0A000', NULL, 'serializable is refused');
SELECT dblink_exec('other', 'ROLLBACK');
SELECT dblink_exec('other', 'BEGIN READ ONLY');
SELECT throws_ok($$SELECT * FROM dblink('other', 'SELECT npcsim.tick_world(1, 1)') AS r (x text)$$, '25006', NULL, 'read only is refused');
SELECT dblink_exec('other', 'ROLLBACK');
SELECT is(explained('UPDATE npcsim.npc_states SET hunger = 1'), 'NS110 detail hint', 'tables are not written without the lock');
SELECT is(explained('TRUNCATE npcsim.npc_states'), 'NS111 detail hint', 'nor truncated');
BEGIN;
SELECT npcsim.lock_world(1);
INSERT INTO npcsim.interaction_runs (world_id, id, interaction, initiator_npc_id, target_id, started_at, share_at_start, participants, revision)
VALUES (1, 9000000000000000, 1, 1, 1, 0, 1000000, '{1}', 1);
SELECT is(explained('UPDATE npcsim.interaction_runs SET world_id = 2 WHERE id = 9000000000000000'), 'NS110 detail hint', 'nor moved to another world with it');
ROLLBACK;

-- ---- what one backend knows, another has changed ----
SELECT dblink_exec('other', $$UPDATE npcsim.npcs SET position_x = 1, position_y = 1 WHERE name = 'Bo'$$);
SELECT throws_ok($$SELECT npcsim.create_npc(1, 'Cy', 1, 1)$$, 'NS211', NULL, 'a cell that another session took is not free');
SELECT lives_ok($$SELECT npcsim.create_npc(1, 'Cy', 8, 6)$$, 'and the one it left is');
SELECT dblink_exec('other', 'BEGIN');
SELECT * FROM dblink('other', $$SELECT npcsim.create_npc(1, 'Di', 9, 9)$$) AS r (id text);
SELECT dblink_exec('other', 'ROLLBACK');
SELECT lives_ok($$SELECT npcsim.create_npc(1, 'Di', 9, 9)$$, 'what was rolled back there has not been');
SELECT is((SELECT x FROM dblink('other', $$SELECT count(*) FROM npcsim.npcs WHERE world_id = 1$$) AS r (x text)), '4', 'both see the same');

SELECT dblink_disconnect('other');
SELECT * FROM finish();
