-- The roles of npcsim, and what each of them may do. Run by a superuser in every database that has the extension
-- (roles belong to the cluster, rights to the database), and again after each upgrade: it sets what these roles may do in
-- schema npcsim, and takes away all else. Rights of your own choice are for roles of your own.
--
--   npcsim_gateway   logs in for npcsim-gateway. Executes the gateway's functions, and nothing else: no table, no view.
--   npcsim_worker    what the workers run as (setting npcsim.worker_role). Logs in without a password, so that
--                    nobody else can. Moves the worlds' rows; sees no token, and neither starts nor stops a world.
--   npcsim_reader    for people and tools that look: the public views, a map in a GIS tool.
--   npcsim_operator  for people who run worlds: npcsim_reader, writing through the views, and the functions that
--                    make and change worlds, NPCs, items and players.
--
-- Give them to login roles of your own:  GRANT npcsim_operator TO ada;
--
-- It is one statement: it does all of this or, with one error, nothing.
--
-- Operators and gateways hold no rights on the tables themselves. The functions and the views' triggers are
-- SECURITY DEFINER with a pinned search_path, so that whatever is written went through the rules.

DO $roles$
DECLARE
    path pg_catalog.text := pg_catalog.current_setting('search_path');
    messages pg_catalog.text := pg_catalog.current_setting('client_min_messages');
    wanted pg_catalog.record;
    reason pg_catalog.text;
BEGIN
    -- Operators below are PostgreSQL's, whatever the search_path of the database holds ready.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('client_min_messages', 'warning', true);

    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'this server is a standby' USING ERRCODE = 'read_only_sql_transaction',
            HINT = 'Run this file on the primary: roles and rights come from there.';
    ELSIF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'this transaction is read-only' USING ERRCODE = 'read_only_sql_transaction',
            HINT = 'SET default_transaction_read_only = off; then run this file again.';
    ELSIF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'roles.sql is for superusers, and % is none', current_user USING ERRCODE = 'insufficient_privilege',
            HINT = 'Let a superuser run this file in this database.';
    ELSIF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'npcsim') THEN
        RAISE EXCEPTION 'database "%" has no extension npcsim', current_database() USING ERRCODE = 'undefined_object',
            HINT = 'CREATE EXTENSION npcsim CASCADE; then run this file again, or connect to the database that has it.';
    END IF;

    -- The roles are the cluster's: other databases may be about to make them, too.
    LOCK TABLE pg_authid IN SHARE ROW EXCLUSIVE MODE;
    FOR wanted IN
        SELECT name, login, r.rolname IS NOT NULL AS exists,
               concat_ws(' ', CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
                         CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
                         CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END) AS powers
          FROM (VALUES ('npcsim_gateway', 'LOGIN'), ('npcsim_worker', 'LOGIN'),
                       ('npcsim_reader', 'NOLOGIN'), ('npcsim_operator', 'NOLOGIN')) AS roles (name, login)
          LEFT JOIN pg_roles r ON r.rolname = name
    LOOP
        IF wanted.powers <> '' THEN
            RAISE EXCEPTION 'there is a role % already, which may more than npcsim''s', wanted.name USING ERRCODE = 'duplicate_object',
                DETAIL = format('It is %s.', wanted.powers),
                HINT = format('If it is npcsim''s: ALTER ROLE %s%s; if it is somebody''s: ALTER ROLE %1$s RENAME TO …; then run this file again.',
                              wanted.name, replace(' ' || wanted.powers, ' ', ' NO'));
        ELSIF NOT wanted.exists THEN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.login);
        END IF;
    END LOOP;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO npcsim_gateway, npcsim_worker', current_database());
    -- PostGIS may live in a schema of its own.
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO npcsim_worker, npcsim_reader',
                   (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'));

    COMMENT ON ROLE npcsim_gateway IS 'npcsim-gateway: executes its functions and nothing else';
    COMMENT ON ROLE npcsim_worker IS 'Workers of npcsim: move the worlds';
    COMMENT ON ROLE npcsim_reader IS 'Reads the views of npcsim';
    COMMENT ON ROLE npcsim_operator IS 'Runs the worlds of npcsim';

    REVOKE ALL ON SCHEMA npcsim, npcsim_internal FROM npcsim_gateway, npcsim_worker, npcsim_reader, npcsim_operator;
    REVOKE ALL ON ALL TABLES IN SCHEMA npcsim FROM npcsim_gateway, npcsim_worker, npcsim_reader, npcsim_operator;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA npcsim FROM npcsim_gateway, npcsim_worker, npcsim_reader, npcsim_operator;
    REVOKE ALL ON ALL ROUTINES IN SCHEMA npcsim, npcsim_internal FROM npcsim_gateway, npcsim_worker, npcsim_reader, npcsim_operator;
    GRANT USAGE ON SCHEMA npcsim TO npcsim_gateway, npcsim_worker, npcsim_reader, npcsim_operator;
    -- The others come to its functions through views and triggers, which need no name.
    GRANT USAGE ON SCHEMA npcsim_internal TO npcsim_worker;

    -- The gateway.
    GRANT EXECUTE ON FUNCTION
        npcsim.register_gateway,
        npcsim.authenticate,
        npcsim.try_authenticate,
        npcsim.client_connected,
        npcsim.try_client_connected,
        npcsim.client_disconnected,
        npcsim.gateway_poll,
        npcsim.unknown_sessions,
        npcsim.worlds_to_watch,
        npcsim.world_snapshot,
        npcsim.world_delta,
        npcsim.claim_decisions,
        npcsim.superseded_decisions,
        npcsim.compute_standings,
        npcsim.submit_npc_decisions,
        npcsim.fail_decisions,
        npcsim.report_flood,
        npcsim.update_player_heartbeat,
        npcsim.try_update_player_heartbeat,
        npcsim.update_player_camera,
        npcsim.try_update_player_camera,
        npcsim.try_update_spectator_camera,
        npcsim.call_reducer
        TO npcsim_gateway;

    -- The workers. Rows that are written without a statement (src/tables/hot_rows.c) need no right to it: what is granted
    -- here is for statements. Of world_clock they lock rows, for which a right to any column will do.
    EXECUTE format('GRANT SELECT ON %s TO npcsim_worker', (SELECT string_agg(s.relation::text, ', ') FROM npcsim_internal.state_tables() s));
    GRANT UPDATE (pool_known) ON npcsim.world_settings TO npcsim_worker;
    GRANT SELECT ON
        npcsim.installation, npcsim.world_settings, npcsim.world_clock, npcsim.change_log, npcsim.gateways, npcsim.sessions,
        npcsim.decision_slots, npcsim.decision_log, npcsim.compute_sources
        TO npcsim_worker;
    GRANT UPDATE (clock) ON npcsim.world_clock TO npcsim_worker;
    GRANT DELETE ON npcsim.items, npcsim.item_respawns, npcsim.interaction_runs, npcsim.interaction_bid_rows TO npcsim_worker;
    GRANT INSERT, UPDATE ON npcsim.npc_minds, npcsim.decision_slots TO npcsim_worker;
    GRANT INSERT ON npcsim.world_inputs TO npcsim_worker;
    GRANT EXECUTE ON FUNCTION
        npcsim_internal.askable_players,
        npcsim_internal.expire_decisions,
        npcsim_internal.expire_sessions,
        npcsim_internal.fold_decisions,
        npcsim_internal.lending_sessions,
        npcsim_internal.market_now,
        npcsim_internal.present_players,
        npcsim_internal.rebalance_world,
        npcsim_internal.server_api_is_open,
        npcsim_internal.source_is_pooled,
        npcsim_internal.source_state,
        npcsim_internal.world_lenders,
        npcsim_internal.tell_suspensions,
        npcsim.prune_logs,
        npcsim_internal.world_is_locked
        TO npcsim_worker;

    -- Readers.
    GRANT SELECT ON
        npcsim.worlds, npcsim.npcs, npcsim.world_items, npcsim.interactions, npcsim.interaction_bids, npcsim.item_types,
        npcsim.interaction_types, npcsim.world_events, npcsim.messages, npcsim.players, npcsim.decision_requests, npcsim.decision_log,
        npcsim.compute_metrics, npcsim.world_status, npcsim.worker_status, npcsim.compute_sources, npcsim.decision_status
        TO npcsim_reader;
    GRANT EXECUTE ON FUNCTION
        npcsim_internal.world_now,
        npcsim_internal.recent_reliability,
        npcsim_internal.market_now,
        npcsim_internal.world_home,
        npcsim_internal.need_at,
        npcsim_internal.track_x,
        npcsim_internal.track_y,
        npcsim_internal.item_share_at,
        npcsim_internal.world_event_kind_name,
        npcsim_internal.tokens_today,
        npcsim_internal.connected_players,
        npcsim_internal.contribution_tier,
        npcsim_internal.source_state,
        npcsim_internal.world_reports,
        npcsim_internal.workers_report,
        npcsim_internal.library_version,
        npcsim.world_snapshot,
        npcsim.world_delta,
        npcsim.npcs_within,
        npcsim.items_within,
        npcsim.count_players_viewing_npc,
        npcsim.calculate_decision_priority,
        npcsim.prioritize_npc_decisions,
        npcsim.get_pending_decisions,
        npcsim_internal.pending_decisions,
        npcsim.select_optimal_mcp_server,
        npcsim.assign_npc_decisions
        TO npcsim_reader;

    -- Operators.
    GRANT npcsim_reader TO npcsim_operator;
    GRANT INSERT, UPDATE, DELETE ON npcsim.npcs, npcsim.world_items, npcsim.item_types, npcsim.interaction_types
        TO npcsim_operator;
    GRANT UPDATE ON npcsim.worlds, npcsim.players TO npcsim_operator;
    GRANT DELETE, UPDATE (cost_per_decision, decisions_per_second, reliability_sla) ON npcsim.compute_sources TO npcsim_operator;
    GRANT SELECT, INSERT (name), UPDATE (name) ON npcsim.persons TO npcsim_operator;
    GRANT SELECT ON npcsim.person_days TO npcsim_operator;
    GRANT SELECT ON npcsim.observation_log TO npcsim_operator;
    GRANT SELECT ON npcsim.fallback_log, npcsim.server_api_spending TO npcsim_operator;
    GRANT SELECT ON npcsim.security_violations, npcsim.suspects, npcsim.paces TO npcsim_operator;
    GRANT EXECUTE ON FUNCTION
        npcsim.create_world,
        npcsim.drop_world,
        npcsim.start_world,
        npcsim.pause_world,
        npcsim.set_world_speed,
        npcsim.tick_world,
        npcsim.populate_world,
        npcsim.set_terrain,
        npcsim.define_item_type,
        npcsim.define_interaction_type,
        npcsim.set_decision_policy,
        npcsim.lock_world,
        npcsim.adopt_world,
        npcsim.adopt_worlds,
        npcsim.optimize_world_queries,
        npcsim.process_npc_decision_batch,
        npcsim.create_npc,
        npcsim.remove_npc,
        npcsim.assign_npc_to_player,
        npcsim.calculate_player_npc_allocation,
        npcsim.rebalance_compute_allocation,
        npcsim.redistribute_npcs_by_contribution,
        npcsim.request_npc_assignment,
        npcsim.handle_insufficient_compute,
        npcsim.request_npc_decision,
        npcsim.set_npc_dormant,
        npcsim.assign_npc_with_fallback,
        npcsim.apply_npc_action,
        npcsim.explain_npc,
        npcsim.explain_assignment,
        npcsim.explain_decision,
        npcsim.explain_npc_decisions,
        npcsim.observe_npc,
        npcsim.get_reasonable_actions_for_npc,
        npcsim.validate_npc_decision,
        npcsim.log_security_violation,
        npcsim.get_player_suspicion_score,
        npcsim.ban_player_temporarily,
        npcsim.submit_npc_decision,
        npcsim.create_item,
        npcsim.remove_item,
        npcsim.create_player,
        npcsim.rotate_player_token,
        npcsim.export_person,
        npcsim.erase_person,
        npcsim.declare_compute,
        npcsim.pause_compute_source,
        npcsim.drain_compute_source,
        npcsim.resume_compute_source,
        npcsim.replay_world,
        npcsim.world_rows,
        npcsim.world_differences,
        npcsim.world_faults,
        npcsim.prune_logs
        TO npcsim_operator;

    PERFORM set_config('search_path', path, true), set_config('client_min_messages', messages, true);
EXCEPTION
    WHEN undefined_function OR undefined_table OR undefined_column OR invalid_schema_name THEN
        GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT;
        RAISE EXCEPTION 'this file is of another version than the extension npcsim' USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('It names what there is not: %s.', reason),
            HINT = 'ALTER EXTENSION npcsim UPDATE; then run this file again.';
END
$roles$;
