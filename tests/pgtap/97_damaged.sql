-- Tests rows that do not belong together, or name what does not exist: after a restore or in a replica that lost rows, or when somebody wrote past
-- the guards. The world stands still and says why; nothing takes the server down, or goes on for ever; it can be looked at and dropped.
SET client_min_messages = warning;
SELECT no_plan();
SELECT npcsim.create_world('Meadow', 64, 40, 9, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') FROM npcsim.players;
\ir lib/minds.sql
\ir lib/bids.sql
SELECT pg_temp.present(32);
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
SELECT npcsim.populate_world(1, 24);
SELECT npcsim.tick_world(1, 20);
SELECT pg_temp.make('Ada', 2, 0), pg_temp.make('Bo', 3, 0), pg_temp.make('Cy', 4, 0), pg_temp.make('Di', 5, 0), pg_temp.make('Ed', 8, 0);
SELECT pg_temp.use('Ed', npcsim.create_item(1, 'apple', 9, 0));
SELECT npcsim.tick_world(1, 0.1);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT npcsim.tick_world(1, 0.1);
SELECT pg_temp.answer('Bo', pg_temp.bid('Ada'), true);
SELECT pg_temp.tell('Ada', '{"action": "act_in_interaction", "message": "Hello"}');
SELECT pg_temp.tell('Cy', '{"action": "start_conversation", "then": [{"action": "wander"}]}' || pg_temp.with('Di'));
SELECT npcsim.tick_world(1, 0.1);
SELECT ok((SELECT count(*) >= 5 FROM npcsim.interactions) AND (SELECT count(*) = 1 FROM npcsim.interaction_bids), 'some talk, one eats, and one has invited another');
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'and all is well');

SELECT pg_temp.by_hand(VARIADIC ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = 'npcsim'::regnamespace AND relkind = 'r'));
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
-- What comes of it, in one transaction that is rolled back: the SQLSTATE of the next 30 s, whether faults are listed, and what was refused
-- besides: to look at the world, or to drop it.
CREATE FUNCTION pg_temp.damaged(damage text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    PERFORM npcsim.lock_world(1);
    EXECUTE damage;
    PERFORM pg_temp.outcome('SELECT pg_temp.forget(1)');
    told := concat_ws(', ', pg_temp.outcome('SELECT npcsim.tick_world(1, 30)'), (SELECT 'faults' FROM npcsim.world_faults(1) LIMIT 1),
        (SELECT 'not ' || w FROM unnest(ARRAY['npcsim.world_snapshot(1)', 'npcsim.world_delta(1, 1)', 'npcsim.drop_world(1)']) AS w
          WHERE pg_temp.outcome('SELECT ' || w) = 'XX000'),
        (SELECT 'not observed' FROM npcsim.npcs WHERE pg_temp.outcome(format('SELECT npcsim.observe_npc(1, %s)', id)) = 'XX000' LIMIT 1));
    RAISE EXCEPTION USING ERRCODE = 'P0009', MESSAGE = told;
EXCEPTION WHEN SQLSTATE 'P0009' THEN RETURN SQLERRM;
END
$$;

-- ---- what leads nowhere ----
SELECT is(pg_temp.damaged(damage), 'XX001, faults', damage)
  FROM unnest(ARRAY[
    'UPDATE npcsim.npc_states SET interaction_id = 99999 WHERE interaction_id IS NOT NULL',
    'UPDATE npcsim.npc_states SET interaction_id = NULL',
    'DELETE FROM npcsim.interaction_runs',
    'UPDATE npcsim.interaction_runs SET participants = participants || 99999::bigint',
    'UPDATE npcsim.interaction_runs SET participants = ARRAY[99999::bigint]',
    'UPDATE npcsim.interaction_runs SET participants = ARRAY[pg_temp.npc(''Di'')]',
    'UPDATE npcsim.interaction_runs SET target_id = 99999',
    'DELETE FROM npcsim.npc_states',
    'DELETE FROM npcsim.npc_tracks',
    'DELETE FROM npcsim.npc_identities',
    'DELETE FROM npcsim.items',
    'UPDATE npcsim.items SET occupied_by_npc_id = 99999',
    'UPDATE npcsim.interaction_bid_rows SET bidder_npc_id = 99999',
    'UPDATE npcsim.interaction_bid_rows SET bidder_npc_id = pg_temp.npc(''Ada'')',
    'UPDATE npcsim.interaction_bid_rows SET invited_npc_ids = ''{99999}''',
    'UPDATE npcsim.npc_states SET state = 0 WHERE state = 2',
    'DELETE FROM npcsim.world_terrain']) AS damage;
-- By name: the rules look for them.
SELECT is(pg_temp.damaged(damage), 'XX000, faults', damage)
  FROM unnest(ARRAY[
    'UPDATE npcsim.items SET item_type = ''nothing''',
    'DELETE FROM npcsim.interaction_type_rows WHERE name = ''conversation''',
    'UPDATE npcsim.interaction_runs SET interaction = 999',
    'INSERT INTO npcsim.item_respawns VALUES (1, 99999, ''nothing'', 3, 3, 0)']) AS damage;
-- A world lives without these.
SELECT is(pg_temp.damaged(damage), 'done, faults', damage)
  FROM unnest(ARRAY[
    'UPDATE npcsim.npc_identities SET controller_player_id = 99999',
    'UPDATE npcsim.world_settings SET owner_player_id = 99999',
    'DELETE FROM npcsim.interaction_bid_rows']) AS damage;

-- ---- what there is not ----
SELECT is(pg_temp.damaged(damage), 'XX001', damage)
  FROM unnest(ARRAY[
    'UPDATE npcsim.npc_states SET event_kind = 77, event_at = 0',
    'UPDATE npcsim.npc_states SET event_kind = 1, event_at = 0',
    'UPDATE npcsim.npc_states SET event_kind = 4, event_at = 0',
    'UPDATE npcsim.npc_states SET event_kind = 6, event_at = 0',
    'UPDATE npcsim.npc_states SET decider = 77',
    'UPDATE npcsim.npc_states SET decision_reason = 77, decision_at = 0',
    'UPDATE npcsim.npc_states SET goal_action = 77',
    'UPDATE npcsim.npc_tracks SET cells = ''{4000,4000}''',
    'UPDATE npcsim.npc_tracks SET cells = ''{0,0,50,30,-7,9000}''',
    'UPDATE npcsim.interaction_bid_rows SET answers = ''{-5}''',
    'INSERT INTO npcsim.item_respawns VALUES (1, 99999, ''apple'', -3, 9000, 0)']) AS damage;

-- ---- what is far too early, or late, or large, or another thing ----
SELECT is(pg_temp.damaged(damage), 'done', damage)
  FROM unnest(ARRAY[
    'UPDATE npcsim.npc_states SET event_at = -9223372036854775808, decision_at = -9223372036854775808',
    'UPDATE npcsim.npc_states SET hunger_rate = 2147483647, fun_rate = -2147483648, needs_as_of = -9223372036854775808',
    'UPDATE npcsim.npc_states SET state_since = 9223372036854775807, last_decision_at = 9223372036854775807, conversed_at = 9223372036854775807',
    'UPDATE npcsim.npc_states SET goal_action = 3, goal_interaction = 999, target_id = 99999, goal_x = -5, goal_y = 32000',
    'UPDATE npcsim.npc_tracks SET departed_at = 9223372036854775807',
    'UPDATE npcsim.npc_tracks SET departed_at = -9223372036854775808',
    'UPDATE npcsim.interaction_runs SET share_at_start = -1000000000, started_at = -9000000000000000000',
    'UPDATE npcsim.interaction_runs SET acted_at = ''{}'', act_count = 5, acts = ''[]''',
    'UPDATE npcsim.interaction_runs SET acts = ''[1, null, {"at": "x"}]'', act_count = 1',
    'UPDATE npcsim.interaction_bid_rows SET made_at = -9223372036854775808, due_at = 9223372036854775807, put_at = 9223372036854775807',
    'UPDATE npcsim.interaction_bid_rows SET act = ''[]''',
    'UPDATE npcsim.npc_minds SET plan = ''[1, null, "x", [], {}]''',
    'UPDATE npcsim.npc_minds SET plan = ''{"a": 1}'', events = ''"x"'', wake_on = ''7''',
    'UPDATE npcsim.npc_minds SET events = ''[1, null, "x", [], {}, {"type": 5}]'', wake_on = ''[1, null, {}]''',
    'UPDATE npcsim.npc_minds SET goal_terms = ''{"action": 5, "target_id": "x", "participants": {}}''',
    'UPDATE npcsim.npc_minds SET pressing = array_fill(5::bigint, ARRAY[100])',
    'UPDATE npcsim.decision_slots SET reason = '''', status = 2, told_events = -7, request_id = -1, choices = ''5''',
    'UPDATE npcsim.world_clock SET next_id = 200000000']) AS damage;

-- ---- what is repaired before anybody goes on ----
-- Of a world that could not be read to its end nothing is kept: it is read anew.
SELECT npcsim.create_world('Young', 20, 20, 4, preset => 'reference');
SELECT npcsim.create_npc(2, 'N' || x, x, 3) FROM generate_series(2, 9) AS x;
SELECT npcsim.create_item(2, 'apple', x, 6) FROM generate_series(2, 9) AS x;
SELECT npcsim.tick_world(2, 5);
CREATE FUNCTION pg_temp.repaired(of_table regclass, damage text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
    other bigint;
BEGIN
    PERFORM npcsim.lock_world(2);
    PERFORM pg_temp.forget(2);
    EXECUTE format('CREATE TEMP TABLE whole AS SELECT * FROM %s WHERE world_id = 2', of_table);
    EXECUTE format('UPDATE %s SET %s WHERE world_id = 2', of_table, damage);
    told := pg_temp.outcome('SELECT npcsim.tick_world(2, 1)') || ', ' || pg_temp.outcome('SELECT npcsim.create_npc(2, ''Di'', 1, 1)');
    EXECUTE format('DELETE FROM %s WHERE world_id = 2; INSERT INTO %1$s SELECT * FROM whole', of_table);
    told := told || ', ' || pg_temp.outcome('SELECT npcsim.tick_world(2, 30)');
    other := npcsim.replay_world(2);
    DROP TABLE whole;
    RETURN concat_ws(', ', told, nullif(pg_temp.differences(2, other), ''));
END
$$;
SELECT is(pg_temp.repaired(of_table, damage), told, format('%s: %s', of_table, damage))
  FROM (VALUES ('npcsim.items'::regclass, 'item_type = ''nothing''', 'XX000, XX000, done'),
               ('npcsim.npc_tracks', 'cells = ''{1}''', 'XX001, XX001, done'), ('npcsim.npc_states', 'decider = 77', 'XX001, XX001, done')) AS t (of_table, damage, told);

-- ---- a trigger of somebody else's that keeps rows from being written ----
CREATE FUNCTION pg_temp.kept_from(operation text, of_table text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER mine BEFORE %s ON npcsim.%I FOR EACH ROW EXECUTE FUNCTION pg_temp.nothing()', operation, of_table);
    EXECUTE statement;
    RETURN 'taken';
EXCEPTION WHEN SQLSTATE '39P01' OR SQLSTATE 'XX001' THEN RETURN 'refused';
END
$$;
CREATE FUNCTION pg_temp.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT is(pg_temp.kept_from(operation, of_table, 'SELECT npcsim.tick_world(1, 20)'), 'refused', format('%s of %s', operation, of_table))
  FROM (VALUES ('UPDATE', 'npc_states'), ('UPDATE', 'npc_tracks'), ('UPDATE', 'items'), ('INSERT', 'interaction_runs'), ('DELETE', 'interaction_runs'),
               ('DELETE', 'interaction_bid_rows')) AS t (operation, of_table);
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'and all is well');
SELECT finish();
