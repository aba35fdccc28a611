-- Does what superusers, operators, gateways, readers and workers do, under a search_path that prefers the traps of lib/traps.sql to
-- pg_catalog. To be included with \ir where npcsim was installed among the traps. Whatever calls a trap fails, and the test with
-- it, so the statements here qualify all names and use no operator. World 1 is made here, or was restored with what it needs.

\set ON_ERROR_STOP 1
RESET search_path;
DO $$BEGIN
    EXECUTE pg_catalog.format('ALTER DATABASE %I SET search_path = public, pg_catalog', pg_catalog.current_database());
END$$;
\c -
SET client_min_messages = warning;

-- ---- a superuser ----
\ir ../../../docs/roles.sql
SELECT pg_catalog.format('SELECT * FROM npcsim.%I', c.relname)
  FROM pg_catalog.pg_class c
 WHERE c.relnamespace OPERATOR(pg_catalog.=) 'npcsim'::pg_catalog.regnamespace AND c.relkind OPERATOR(pg_catalog.=) 'v'
\gexec

-- ---- an operator ----
SET ROLE npcsim_operator;
SELECT npcsim.create_world('Under traps', 20, 20, 5) AS world \gset
SELECT npcsim.populate_world(:world, 5);
SELECT player_id AS player, token AS token FROM npcsim.create_player(:world, 'ada') \gset
SELECT npcsim.create_npc(:world, 'Ada', 10, 19, :player, '{brave}') AS npc \gset
SELECT npcsim.define_item_type(:world, 'lamp', '{"usable": {"interactions": ["read"]}}');
SELECT npcsim.define_interaction_type(:world, 'read', need_rates => '{"fun": 1}', duration => 5);
INSERT INTO npcsim.item_types (world_id, name, components) VALUES (:world, 'stove', '{"usable": {"interactions": ["read"]}}');
INSERT INTO npcsim.interaction_types (world_id, name, target, min_participants, max_participants) VALUES (:world, 'sing', 'npc', 2, 5);
SELECT npcsim.create_item(:world, 'lamp', 9, 19) AS lamp \gset
INSERT INTO npcsim.world_items (world_id, item_type, position_x, position_y) VALUES (:world, 'lamp', 8, 19);
SELECT npcsim.tick_world(:world, 5);
SELECT npcsim.set_terrain(:world, 0, 19);
UPDATE npcsim.npcs SET hunger = 50, traits = '{calm}';
UPDATE npcsim.world_items SET properties = '{"colour": "red"}';
UPDATE npcsim.item_types SET description = 'It lights';
UPDATE npcsim.interaction_types SET description = 'They do it';
UPDATE npcsim.worlds SET max_players = 5, max_tokens_per_day = 1000000, max_tokens_per_player_per_day = 1000000, speed = 2;
UPDATE npcsim.players SET daily_token_output = 5;
SELECT npcsim.set_decision_policy(:world, 'occasions'), npcsim.set_world_speed(:world, 5), npcsim.adopt_worlds();
SELECT npcsim.observe_npc(:world, :npc), npcsim.world_rows(:world), npcsim.get_reasonable_actions_for_npc(:world, :npc);
SELECT npcsim.log_security_violation(:player, 'seen', 'it'), npcsim.ban_player_temporarily(:player, '1 hour'), npcsim.ban_player_temporarily(:player, '0');
SELECT * FROM npcsim.security_violations;
SELECT npcsim.assign_npc_with_fallback(:world, :npc);
SELECT * FROM npcsim.fallback_log, npcsim.server_api_spending;
SELECT npcsim.validate_npc_decision(:player, pg_catalog.jsonb_build_object('npc_id', :npc, 'action', 'wait'));
SELECT npcsim.declare_compute(:player, 8400), npcsim.calculate_player_npc_allocation(:player, :world), npcsim.rebalance_compute_allocation(:world);
SELECT npcsim.redistribute_npcs_by_contribution(:world), npcsim.request_npc_assignment(:player), npcsim.handle_insufficient_compute(:world);
SELECT npcsim.tick_world(:world, 5);
SELECT npcsim.replay_world(:world) AS replay \gset
SELECT npcsim.world_differences(:world, :replay);
SELECT npcsim.drop_world(:replay);
SELECT npcsim.start_world(:world);

-- ---- a gateway, and through it a player and a spectator ----
SET ROLE npcsim_gateway;
SELECT npcsim.register_gateway('g1');
SELECT npcsim.authenticate(:'token');
SELECT npcsim.client_connected('g1', :player, :world, 'both', '', 'test') OPERATOR(pg_catalog.->>) 'session_id' AS session \gset
SELECT npcsim.client_connected('g1', NULL, :world) OPERATOR(pg_catalog.->>) 'session_id' AS spectator \gset
SELECT npcsim.update_player_heartbeat(:player, '{"max_concurrency": 4, "token_output_rate": 20.5, "average_decision_time_ms": 800, "decision_queue_length": 1}');
SELECT npcsim.update_player_camera(:player, 0, 0, 20, 20);
SELECT npcsim.call_reducer(:player, 'send_chat', '{"text": "hello"}', 'a key');
SELECT npcsim.call_reducer(:player, 'send_chat', '{"text": "hello"}', 'a key');
SELECT npcsim.call_reducer(:player, 'map_ping', '{"x": 1, "y": 1}');
SELECT npcsim.call_reducer(:player, 'request_npc_assignment', '{"desired_npc_count": 3}');
SELECT npcsim.call_reducer(:player, 'request_npc_decision', pg_catalog.jsonb_build_object('npc_id', :npc));
SELECT npcsim.gateway_poll('g1', ARRAY[:world]::pg_catalog.int8[]);
SELECT npcsim.unknown_sessions('g1', ARRAY[:session, 0]::pg_catalog.int8[]), npcsim.worlds_to_watch();
SELECT request_id AS request FROM npcsim.claim_decisions('g1', ARRAY[:session]::pg_catalog.int8[], '{4}') LIMIT 1 \gset
SELECT npcsim.superseded_decisions(:world, ARRAY[:npc]::pg_catalog.int8[], ARRAY[:request]::pg_catalog.int8[], ARRAY[:session]::pg_catalog.int8[]);
SELECT npcsim.compute_standings(ARRAY[:player]::pg_catalog.int8[], ARRAY[0]::pg_catalog.int8[]);
SELECT npcsim.submit_npc_decisions(ARRAY[:player]::pg_catalog.int8[], ARRAY[pg_catalog.format('{"request_id": %s, "action": "wander", "tokens": 7}', :request)]);
SELECT npcsim.fail_decisions(ARRAY[:player]::pg_catalog.int8[], ARRAY[:request]::pg_catalog.int8[], '{timeout}');
SELECT npcsim.world_snapshot(:world), npcsim.world_delta(:world, 1);
SELECT npcsim.client_disconnected(:spectator);

-- ---- a reader ----
SET ROLE npcsim_reader;
SELECT w.*, n.*, i.* FROM npcsim.worlds w, npcsim.npcs n, npcsim.world_items i LIMIT 1;
SELECT n.*, t.*, k.* FROM npcsim.interactions n, npcsim.item_types t, npcsim.interaction_types k LIMIT 1;
SELECT * FROM npcsim.messages;
SELECT * FROM npcsim.world_events;
SELECT p.*, s.*, o.* FROM npcsim.players p, npcsim.world_status s, npcsim.worker_status o LIMIT 1;
SELECT * FROM npcsim.decision_requests;
SELECT npcsim.select_optimal_mcp_server(:world, :npc), npcsim.assign_npc_decisions(:world);
SELECT * FROM npcsim.decision_log;
SELECT npcsim.world_snapshot(:world);

-- ---- a worker: its calls made by hand, then a real one that runs the world ----
SET ROLE npcsim_worker;
SELECT npcsim_internal.askable_players(:world);
SELECT npcsim_internal.present_players(:world), npcsim_internal.lending_sessions(:world), npcsim_internal.world_lenders(:world);
SELECT npcsim_internal.expire_decisions(), npcsim_internal.expire_sessions(), npcsim.prune_logs();
RESET ROLE;
DO $$
DECLARE
    ticks pg_catalog.int8;
BEGIN
    SET LOCAL search_path = pg_catalog, pg_temp;
    FOR try IN 1 .. 100 LOOP
        ticks := (SELECT s.ticks FROM npcsim.world_status s WHERE s.status = 'running' LIMIT 1);
        EXIT WHEN ticks > 0;
        PERFORM pg_sleep(0.1);
    END LOOP;
    IF ticks > 0 THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'no worker runs the world: %', (SELECT string_agg(pg_catalog.concat(s.last_error, ' ', w.last_error), ', ') FROM npcsim.world_status s, npcsim.worker_status w);
END
$$;

SELECT npcsim.pause_world(:world);

-- ---- statements that write rows past the rules ----
SET ROLE npcsim_worker;
DO $$
BEGIN
    UPDATE npcsim.npc_minds SET plan = '[]';
    RAISE EXCEPTION 'rows were written past npcsim';
EXCEPTION WHEN SQLSTATE 'NS110' THEN
    NULL;
END
$$;
RESET ROLE;
DO $$
BEGIN
    INSERT INTO npcsim.npc_minds (world_id, npc_id) SELECT world_id, 9000 FROM npcsim.world_clock;
    RAISE EXCEPTION 'rows were inserted past npcsim';
EXCEPTION WHEN SQLSTATE 'NS110' THEN
    NULL;
END
$$;
-- This reaches the row trigger, which otherwise only npcsim's own statements reach.
ALTER TABLE npcsim.npc_states DISABLE TRIGGER refuse_write;
DO $$
BEGIN
    UPDATE npcsim.npc_states SET draws = 0;
    RAISE EXCEPTION 'rows were written without the lock of their world';
EXCEPTION WHEN SQLSTATE 'NS110' THEN
    NULL;
END
$$;
ALTER TABLE npcsim.npc_states ENABLE ALWAYS TRIGGER refuse_write;

-- ---- the world moves to another plane of the index of sight ----
ALTER TABLE npcsim.world_clock DISABLE TRIGGER refuse_write;
UPDATE npcsim.world_clock SET sight_old_plane = 0, sight_plane = 1;
ALTER TABLE npcsim.world_clock ENABLE ALWAYS TRIGGER refuse_write;
SELECT npcsim.tick_world(:world, 10);
DO $$
BEGIN
    SET LOCAL search_path = pg_catalog, pg_temp;
    IF (SELECT sight_writes FROM npcsim.world_clock LIMIT 1) = 0 THEN
        RAISE EXCEPTION 'nobody moved';
    END IF;
END
$$;

-- ---- the end ----
SELECT npcsim.drop_world(:world);
RESET search_path;
