-- npcsim 0.2.0 → 0.3.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- What nobody calls by hand has a schema of its own; it is the same functions, so whatever uses them goes on. Rights on the
-- schema are roles.sql's: what an update grants, pg_dump would leave out.
CREATE SCHEMA npcsim_internal;
REVOKE ALL ON SCHEMA npcsim_internal FROM PUBLIC;
COMMENT ON SCHEMA npcsim_internal IS 'Functions that npcsim itself calls: of its views, triggers, constraints and workers';
ALTER FUNCTION npcsim.world_is_locked(bigint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.require_world_lock() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.refuse_write() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.refuse_truncate() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.world_now(bigint, bigint, bigint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.world_home() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.need_at(integer, integer, bigint, bigint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.track_x(smallint[], bigint, bigint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.track_y(smallint[], bigint, bigint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.item_components_valid(jsonb) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.item_share_at(integer, bigint, bigint, jsonb) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.interaction_effects_valid(jsonb, jsonb, jsonb, bigint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.world_event_kind_name(smallint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.tokens_today(bigint, date) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.expire_sessions() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.present_players(bigint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.askable_players(bigint) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.expire_decisions() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.edit_npcs() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.edit_world_items() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.edit_item_types() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.edit_interaction_types() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.edit_worlds() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.edit_players() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.write_edits() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.refuse_edit() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.library_version() SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.world_report(bigint, boolean) SET SCHEMA npcsim_internal;
ALTER FUNCTION npcsim.fleet_report() SET SCHEMA npcsim_internal;

-- Standings are put into words for those alone who have not heard them.
-- pgspot PS002: the function is a member of the extension since 0.2.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.compute_standings(player_ids bigint[], told bigint[]) RETURNS TABLE (player_id bigint, standing bigint, body json)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    BEGIN ATOMIC
        SELECT s.player_id, s.standing, b.body::json
          -- Most have heard it: what would be told is put into words for the others alone.
          FROM (SELECT u.player_id, u.told, k.*,
                       pg_catalog.hash_record_extended(ROW (k.*, n.first_npcs, n.npc_count), 0::bigint) AS standing
                  FROM ROWS FROM (pg_catalog.unnest(player_ids), pg_catalog.unnest(told)) AS u(player_id, told)
                 CROSS JOIN LATERAL (
                       SELECT w.id AS world_id, w.name AS world_name, a.username,
                              w.max_tokens_per_day > 0::bigint
                              AND npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) >= w.max_tokens_per_day AS world_spent,
                              w.max_tokens_per_player_per_day > 0::bigint
                              AND npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) >= w.max_tokens_per_player_per_day AS player_spent
                         FROM npcsim.player_accounts a
                         JOIN npcsim.world_settings w ON w.id = a.world_id
                         LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id
                        WHERE a.id = u.player_id) k
                 CROSS JOIN LATERAL (
                       SELECT pg_catalog.count(*) AS npc_count,
                              pg_catalog.bit_xor(pg_catalog.hash_record_extended(ROW (c.id, c.name, c.budget_spent, c.failures), 0::bigint))
                              FILTER (WHERE c.place <= 256::bigint) AS first_npcs
                         FROM (SELECT i.id, i.name, m.budget_spent, m.failures, pg_catalog.row_number() OVER (ORDER BY i.id) AS place
                                 FROM npcsim.npc_identities i
                                 JOIN npcsim.npc_minds m ON m.world_id = i.world_id AND m.npc_id = i.id
                                WHERE i.controller_player_id = u.player_id AND i.world_id = k.world_id) c) n) s
         CROSS JOIN LATERAL (
               SELECT pg_catalog.jsonb_build_object(
                        'world', pg_catalog.jsonb_build_object('id', s.world_id, 'name', s.world_name),
                        'player', pg_catalog.jsonb_build_object('id', s.player_id, 'name', s.username),
                        'npc_count', pg_catalog.count(n.id),
                        'npcs', COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', n.id, 'name', n.name) ORDER BY n.id)
                                         FILTER (WHERE n.place <= 256::bigint), '[]'::jsonb),
                        'budget_spent', pg_catalog.jsonb_build_object(
                            'world', s.world_spent,
                            'player', s.player_spent,
                            'npc_ids', COALESCE(pg_catalog.jsonb_agg(n.id ORDER BY n.id)
                                                FILTER (WHERE n.budget_spent AND n.place <= 256::bigint), '[]'::jsonb)),
                        'backing_off', COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('npc_id', n.id, 'failures', n.failures) ORDER BY n.id)
                                                FILTER (WHERE n.failures > 0::smallint AND n.place <= 256::bigint), '[]'::jsonb)) AS body
                 FROM (SELECT i.id, i.name, m.budget_spent, m.failures, pg_catalog.row_number() OVER (ORDER BY i.id) AS place
                         FROM npcsim.npc_identities i
                         JOIN npcsim.npc_minds m ON m.world_id = i.world_id AND m.npc_id = i.id
                        WHERE i.controller_player_id = s.player_id AND i.world_id = s.world_id) n) b
         WHERE s.standing IS DISTINCT FROM s.told;
    END;

-- ---- sessions that gateways look after, worlds that are listed ----
CREATE FUNCTION npcsim.unknown_sessions(gateway_id text, session_ids bigint[]) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
    BEGIN ATOMIC
        SELECT held.id
          FROM pg_catalog.unnest(session_ids) AS held(id)
         WHERE NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.id = held.id AND s.gateway_id = unknown_sessions.gateway_id);
    END;
REVOKE ALL ON FUNCTION npcsim.unknown_sessions(text, bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.unknown_sessions(text, bigint[]) IS
    'Which of these sessions of a gateway are not there (any more): somebody deleted their rows. Those that were ended, gateway_poll() tells';

-- The owner's rights: gateways read no table.
CREATE FUNCTION npcsim.worlds_to_watch() RETURNS json
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object('worlds', COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
                   'id', w.id, 'name', w.name, 'status', w.status, 'size_x', w.size_x, 'size_y', w.size_y) ORDER BY w.id), '[]'::json))
          FROM (SELECT s.id, s.name, s.size_x, s.size_y,
                       CASE WHEN c.home = (SELECT npcsim_internal.world_home()) THEN c.status ELSE 'parked' END AS status
                  FROM npcsim.world_settings s JOIN npcsim.world_clock c ON c.world_id = s.id
                 WHERE s.spectators ORDER BY s.id LIMIT 1000::bigint) w;
    END;
REVOKE ALL ON FUNCTION npcsim.worlds_to_watch() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.worlds_to_watch() IS
    'The worlds that admit spectators, the first 1000 by id: {"worlds": [{"id", "name", "status": running, paused or parked, "size_x", "size_y"}]}';
