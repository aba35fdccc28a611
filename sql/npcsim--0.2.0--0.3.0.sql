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

-- ---- hints that are safe to follow ----
CREATE FUNCTION npcsim.adopt_world(world_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_adopt_world';
REVOKE ALL ON FUNCTION npcsim.adopt_world(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.adopt_world(bigint) IS
    'Makes a parked world (restored, or copied with a template) this database''s own, and leaves the others parked. If it was running it runs on; requests to minds are closed and asked anew. Nothing happens when it is this database''s own. Errors: NS101 no such world';

-- ---- what is kept of events, limited by size, too ----
CREATE TABLE npcsim.world_event_segments (
    segment smallint PRIMARY KEY CHECK (segment OPERATOR(pg_catalog.>=) 0 AND segment OPERATOR(pg_catalog.<=) 31),
    begun_at_real timestamptz NOT NULL
);
COMMENT ON TABLE npcsim.world_event_segments IS 'Segments of world_event_log that hold something, and since when: the one that began last is written to. Kept by prune_logs()';
COMMENT ON COLUMN npcsim.world_event_segments.begun_at_real IS 'When it was first written to, or found to hold rows';
COMMENT ON TABLE npcsim.world_event_log IS 'What happened in the worlds; the view world_events shows it. A ring of 32 segments, emptied by prune_logs() after npcsim.world_event_hours, or when it is larger than npcsim.world_event_size';
COMMENT ON COLUMN npcsim.world_event_log.segment IS 'Segment of the ring: see world_event_segments';
COMMENT ON VIEW npcsim.world_events IS
    'What happened in the worlds, for npcsim.world_event_hours and within npcsim.world_event_size';

-- Guards of the new table, and of those whose hints are others now.
DO $$
DECLARE
    guarded record;
BEGIN
    FOR guarded IN
        SELECT * FROM (VALUES
               ('world_settings'::text, 'state'::text, 'UPDATE npcsim.worlds … WHERE id = … changes settings; size, seed and tick rate stay as create_world() made them.'::text),
               ('player_accounts', 'state', 'UPDATE npcsim.players … WHERE id = …, create_player() and rotate_player_token(player_id) are for that.'),
               ('world_inputs', 'inputs', 'What came from outside is kept as it came; DELETE … WHERE world_id = … gives up the replay of one world.'),
               ('installation', 'own', 'It tells worlds that live here from copies, and stays as it is.'),
               ('world_event_segments', 'own', 'prune_logs() keeps it.')) AS hints (name, kind, hint)
    LOOP
        EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER refuse_write BEFORE %s ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write(%L)',
                                  CASE guarded.kind WHEN 'inputs' THEN 'UPDATE' ELSE 'UPDATE OR DELETE' END, guarded.name, guarded.hint);
        IF guarded.kind OPERATOR(pg_catalog.<>) 'own' THEN
            EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER refuse_rows AFTER INSERT ON npcsim.%I REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write(%L)',
                                      guarded.name, guarded.hint);
        END IF;
        EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_truncate(%s)',
                                  guarded.name, CASE WHEN guarded.kind OPERATOR(pg_catalog.<>) 'state' THEN pg_catalog.quote_literal(guarded.hint) ELSE '' END);
    END LOOP;
END
$$;

-- ---- GIS tools: layers with a type ----
-- A view's column keeps its type when the view is replaced, and views of others depend on these: so the column has its modifier first.
CREATE FUNCTION npcsim.execute_with_postgis(statement text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    EXECUTE pg_catalog.replace(statement, '@extschema:postgis@',
                               (SELECT pg_catalog.quote_ident(n.nspname)
                                  FROM pg_catalog.pg_extension e
                                  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
                                 WHERE e.extname OPERATOR(pg_catalog.=) 'postgis'));
END
$$;
REVOKE ALL ON FUNCTION npcsim.execute_with_postgis(text) FROM PUBLIC;
SELECT npcsim.execute_with_postgis($postgis$
UPDATE pg_catalog.pg_attribute
   SET atttypmod = @extschema:postgis@.geometry_typmod_in('{Point}'::pg_catalog.cstring[])
 WHERE attname OPERATOR(pg_catalog.=) 'position' AND (attrelid OPERATOR(pg_catalog.=) 'npcsim.npcs'::pg_catalog.regclass::pg_catalog.oid
        OR attrelid OPERATOR(pg_catalog.=) 'npcsim.world_items'::pg_catalog.regclass::pg_catalog.oid)
$postgis$);
-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
SELECT npcsim.execute_with_postgis($postgis$
CREATE OR REPLACE VIEW npcsim.npcs AS
WITH moment AS MATERIALIZED (
    SELECT m.world_id, m.now FROM npcsim.world_moments m
)
SELECT i.world_id, i.id, i.name, i.controller_player_id,
       p.x AS position_x, p.y AS position_y,
       @extschema:postgis@.ST_MakePoint(p.x, p.y)::@extschema:postgis@.geometry(Point) AS position,
       npcsim_internal.need_at(s.hunger, s.hunger_rate, s.needs_as_of, t.now) AS hunger,
       npcsim_internal.need_at(s.hygiene, s.hygiene_rate, s.needs_as_of, t.now) AS hygiene,
       npcsim_internal.need_at(s.fun, s.fun_rate, s.needs_as_of, t.now) AS fun,
       npcsim_internal.need_at(s.energy, s.energy_rate, s.needs_as_of, t.now) AS energy,
       CASE s.state WHEN 0 THEN 'idle' WHEN 1 THEN 'moving' WHEN 2 THEN 'requesting'
                    WHEN 3 THEN 'interacting' WHEN 4 THEN 'wandering' WHEN 5 THEN 'waiting' END AS state,
       s.interaction_id, s.target_id,
       CASE s.decider WHEN 0 THEN 'nobody' WHEN 1 THEN 'built_in' WHEN 2 THEN 'mind' END AS decider,
       s.last_decision_at / 1000000::double precision AS last_decision_time,
       coalesce(d.status, 0) > 0 AS decision_pending,
       npcsim_internal.tokens_today(d.daily_token_output, d.tokens_day) AS daily_token_output,
       i.traits,
       i.identity_revision, r.motion_revision, s.needs_revision, s.status_revision
  FROM npcsim.npc_identities i
  JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.id
  JOIN npcsim.npc_tracks r ON r.world_id = i.world_id AND r.npc_id = i.id
  JOIN moment ON moment.world_id = i.world_id
  CROSS JOIN LATERAL (SELECT least(moment.now, s.event_at, s.decision_at) AS now) t
  CROSS JOIN LATERAL (SELECT npcsim_internal.track_x(r.cells, r.departed_at, t.now) AS x,
                             npcsim_internal.track_y(r.cells, r.departed_at, t.now) AS y) p
  LEFT JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id
$postgis$);

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
SELECT npcsim.execute_with_postgis($postgis$
CREATE OR REPLACE VIEW npcsim.world_items AS
WITH moment AS MATERIALIZED (
    SELECT m.world_id, m.now FROM npcsim.world_moments m
)
SELECT i.world_id, i.id, i.item_type,
       i.x::double precision AS position_x, i.y::double precision AS position_y,
       @extschema:postgis@.ST_MakePoint(i.x::double precision, i.y::double precision)::@extschema:postgis@.geometry(Point) AS position,
       i.properties, i.occupied_by_npc_id,
       CASE WHEN u.id IS NULL THEN i.share_left / 1000000::double precision
            ELSE npcsim_internal.item_share_at(u.share_at_start, u.started_at, least(moment.now, s.event_at, s.decision_at), k.components)
            END AS share_left,
       i.revision
  FROM npcsim.items i
  JOIN npcsim.item_type_rows k ON k.world_id = i.world_id AND k.name = i.item_type
  JOIN moment ON moment.world_id = i.world_id
  LEFT JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.occupied_by_npc_id
  LEFT JOIN npcsim.interaction_runs u ON u.world_id = s.world_id AND u.id = s.interaction_id AND u.target_id = i.id
$postgis$);

DROP FUNCTION npcsim.execute_with_postgis(text);

CREATE FUNCTION npcsim.npcs_within(world_id bigint, x double precision, y double precision, radius double precision)
    RETURNS SETOF npcsim.npcs
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 20
    AS 'MODULE_PATHNAME', 'npcsim_npcs_within';
REVOKE ALL ON FUNCTION npcsim.npcs_within(bigint, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.npcs_within(bigint, double precision, double precision, double precision) IS
    'NPCs of a world that are within a radius (cells) of a place now, the nearest first: rows of npcs, found by an index. Errors: NS101 no such world';

CREATE FUNCTION npcsim.items_within(world_id bigint, x double precision, y double precision, radius double precision)
    RETURNS SETOF npcsim.world_items
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 20
    AS 'MODULE_PATHNAME', 'npcsim_items_within';
REVOKE ALL ON FUNCTION npcsim.items_within(bigint, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.items_within(bigint, double precision, double precision, double precision) IS
    'Items of a world within a radius (cells) of a place, the nearest first: rows of world_items, found by an index. Errors: NS101 no such world';

CREATE FUNCTION npcsim.optimize_world_queries(world_id bigint, repair boolean DEFAULT true)
    RETURNS TABLE (table_name text, index_name text, problem text, repaired text, table_rows bigint, bytes bigint)
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_optimize_world_queries';
REVOKE ALL ON FUNCTION npcsim.optimize_world_queries(bigint, boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.optimize_world_queries(bigint, boolean) IS
    'Looks at the indexes by which NPCs see, one row for each, and at the statistics of their tables, and mends what it finds unless repair is false. problem: NULL, missing, invalid, different, bloated, left over, no statistics; repaired: the statement that was executed, or would be. Indexes are shared by all worlds, which wait while one is made. Errors: NS101 no such world, 55P03 a lock was not had in 10 s';
-- ---- standbys, and why nothing ticks ----

COMMENT ON TABLE npcsim.epochs IS 'The present epoch: revisions of one epoch can be compared. Unlogged, so that a crash and a restore each begin a new one. No row: it was begun when the server started, and is not written yet; that of a standby never is';

CREATE FUNCTION npcsim_internal.connected_players() RETURNS SETOF bigint
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 100
    AS 'MODULE_PATHNAME', 'npcsim_connected_players';
REVOKE ALL ON FUNCTION npcsim_internal.connected_players() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.connected_players() IS
    'Players with an open session; none on a standby, where there are no sessions';

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.players AS
SELECT a.id, a.world_id, a.username, a.role,
       npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) AS daily_token_output,
       (SELECT pg_catalog.count(*) FROM npcsim.npc_identities i WHERE i.controller_player_id OPERATOR(pg_catalog.=) a.id AND i.world_id OPERATOR(pg_catalog.=) a.world_id) AS controlled_npc_count,
       a.last_heartbeat_at_real AS last_heartbeat,
       a.status,
       CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN a.id OPERATOR(pg_catalog.=) ANY (SELECT npcsim_internal.connected_players()) END AS connected,
       a.created_at_real AS created_at
  FROM npcsim.player_accounts a;
COMMENT ON COLUMN npcsim.players.connected IS 'Whether a session is open; NULL on a standby, which knows of none';

CREATE FUNCTION npcsim_internal.world_reports() RETURNS TABLE (
    world_id bigint,
    status text,
    worker_pid integer,
    ticks bigint,
    late_ticks bigint,
    tick_ms_p50 double precision,
    tick_ms_p99 double precision,
    blocked_by_pid integer,
    last_error text,
    last_error_at_real timestamp with time zone)
    LANGUAGE c VOLATILE STRICT SECURITY DEFINER PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_world_reports';
REVOKE ALL ON FUNCTION npcsim_internal.world_reports() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.world_reports() IS
    'How the worlds of this database fare, from shared memory; world_status shows it';

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.world_status AS
SELECT r.world_id,
       r.status,
       r.worker_pid,
       r.ticks,
       r.late_ticks,
       r.tick_ms_p50,
       r.tick_ms_p99,
       r.blocked_by_pid,
       r.last_error,
       r.last_error_at_real
  FROM npcsim_internal.world_reports() r;
COMMENT ON COLUMN npcsim.world_status.blocked_by_pid IS 'Server process that holds the world, a row of its state or a table of npcsim, so that it stands still; NULL: nobody';
COMMENT ON COLUMN npcsim.world_status.last_error IS 'Last error of a tick, if none has succeeded since, or why the world has no worker';
COMMENT ON COLUMN npcsim.world_status.last_error_at_real IS 'When that error was; of what is in the way of workers at this moment: now';

CREATE FUNCTION npcsim_internal.workers_report(
    OUT state text,
    OUT running_worlds integer,
    OUT workers integer,
    OUT launcher_pid integer,
    OUT retry_at_real timestamp with time zone,
    OUT last_error text,
    OUT last_error_at_real timestamp with time zone
) RETURNS record
    LANGUAGE c VOLATILE STRICT SECURITY DEFINER PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_workers_report';
REVOKE ALL ON FUNCTION npcsim_internal.workers_report() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.workers_report() IS 'What the launcher knows of this database, and what is in its way; worker_status shows it';

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.worker_status AS
SELECT r.state,
       r.running_worlds,
       r.workers,
       r.launcher_pid,
       r.retry_at_real,
       r.last_error,
       r.last_error_at_real
  FROM npcsim_internal.workers_report() r;
COMMENT ON COLUMN npcsim.worker_status.state IS 'ready; parked (last_error tells why); kept away (by DROP EXTENSION and the like, until that transaction ends); closed (a template, or it does not allow connections); unknown (to be looked at); standby; not preloaded';
COMMENT ON COLUMN npcsim.worker_status.last_error_at_real IS 'When that was; of what is in the way at this moment: now';

-- What the two views called until now.
DROP FUNCTION npcsim_internal.world_report(bigint, boolean);
DROP FUNCTION npcsim_internal.fleet_report();

-- Minds that choose from a list, and such as have little room.
ALTER TABLE npcsim.sessions ADD COLUMN choices boolean NOT NULL DEFAULT false;
ALTER TABLE npcsim.sessions ADD COLUMN compact boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN npcsim.sessions.choices IS 'What it is asked comes with a list of actions to choose from';
COMMENT ON COLUMN npcsim.sessions.compact IS 'What it is asked is told in few words';
ALTER TABLE npcsim.decision_slots ADD COLUMN choices jsonb;
ALTER TABLE npcsim.decision_slots ADD COLUMN told_state bigint;
COMMENT ON COLUMN npcsim.decision_slots.told_state IS 'State of the NPC that the mind was told of, when it was sent';
COMMENT ON COLUMN npcsim.decision_slots.choices IS 'Actions from which the mind may choose by number, as they were offered with the request; NULL when it did not ask for them';
COMMENT ON FUNCTION npcsim.update_player_heartbeat(bigint, jsonb) IS
    'Sign of life of a compute connection: {"source": which ('''' by default), "max_concurrency": 0 to 64 (1), "stateless": boolean (false), "choices": a list of actions to choose from with each question (false), "compact": questions in few words (false), "token_output_rate", "average_decision_time_ms", "decision_queue_length"}; returns the heartbeat_ack frame. After 30 s without one it is asked no more. Errors: 22023 a member is out of range, NS203 no such player, 55000 no such connection';

-- ---- dumps, replicas, and what tools set ----
-- Tables that are dumped lose their foreign keys, for pg_restore -j; world_faults() looks for what such keys would refuse, when a world
-- is adopted.
DO $$
DECLARE
    known record;
BEGIN
    FOR known IN
        SELECT c.conrelid::pg_catalog.regclass AS relation, c.conname AS name
          FROM pg_catalog.pg_constraint c
         WHERE c.connamespace OPERATOR(pg_catalog.=) 'npcsim'::pg_catalog.regnamespace::pg_catalog.oid
           AND c.contype OPERATOR(pg_catalog.=) 'f'::pg_catalog."char"
           AND c.conrelid OPERATOR(pg_catalog.<>) ALL (ARRAY['npcsim.sessions', 'npcsim.client_calls', 'npcsim.call_allowances']::pg_catalog.regclass[]::pg_catalog.oid[])
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', known.relation, known.name);
    END LOOP;
END
$$;

-- Every table that is not for the moment has a primary key: what is published has to name its rows, and so has pg_repack.
DROP INDEX npcsim.npc_states_key;
ALTER TABLE npcsim.npc_states ADD CONSTRAINT npc_states_key PRIMARY KEY (world_id, npc_id);
DROP INDEX npcsim.npc_tracks_key;
ALTER TABLE npcsim.npc_tracks ADD CONSTRAINT npc_tracks_key PRIMARY KEY (world_id, npc_id);
DROP INDEX npcsim.items_key;
ALTER TABLE npcsim.items ADD CONSTRAINT items_key PRIMARY KEY (world_id, id);
DROP INDEX npcsim.world_event_log_key;
DROP INDEX npcsim.world_event_log_messages;
ALTER TABLE npcsim.world_event_log ADD CONSTRAINT world_event_log_key PRIMARY KEY (world_id, last_sequence, segment);
CREATE INDEX world_event_log_messages ON npcsim.world_event_log (world_id, last_sequence) WHERE messages > 0;
DROP INDEX npcsim.decision_log_request;
ALTER TABLE npcsim.decision_log ADD CONSTRAINT decision_log_key PRIMARY KEY (world_id, request_id, finished_at_real, day);
COMMENT ON COLUMN npcsim.npc_states.interaction_id IS 'The interaction it takes part in; no index on it, which would end HOT updates';
COMMENT ON TABLE npcsim.interaction_runs IS 'Interactions under way';
COMMENT ON TABLE npcsim.interaction_bid_rows IS 'Invitations to interact that not everybody has answered';

CREATE FUNCTION npcsim.world_faults(world_id bigint) RETURNS TABLE (relation text, key text, fault text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT t.relation, '', 'there is no row of the world'
          FROM (VALUES ('world_settings', EXISTS (SELECT FROM npcsim.world_settings s WHERE s.id = world_faults.world_id)),
                       ('world_clock', EXISTS (SELECT FROM npcsim.world_clock c WHERE c.world_id = world_faults.world_id)),
                       ('world_terrain', EXISTS (SELECT FROM npcsim.world_terrain c WHERE c.world_id = world_faults.world_id))) AS t (relation, present)
         WHERE NOT t.present
        UNION ALL
        SELECT t.relation, i.id::text, 'there is no row of the NPC'
          FROM npcsim.npc_identities i
          LEFT JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.id
          LEFT JOIN npcsim.npc_tracks r ON r.world_id = i.world_id AND r.npc_id = i.id
         CROSS JOIN LATERAL (VALUES ('npc_states', s.npc_id IS NOT NULL), ('npc_tracks', r.npc_id IS NOT NULL)) AS t (relation, present)
         WHERE i.world_id = world_faults.world_id AND NOT t.present
        UNION ALL
        SELECT r.relation, r.npc_id::text, 'there is no such NPC'
          FROM (SELECT 'npc_states', s.world_id, s.npc_id FROM npcsim.npc_states s
                UNION ALL SELECT 'npc_tracks', t.world_id, t.npc_id FROM npcsim.npc_tracks t
                UNION ALL SELECT 'npc_minds', m.world_id, m.npc_id FROM npcsim.npc_minds m
                UNION ALL SELECT 'decision_slots', d.world_id, d.npc_id FROM npcsim.decision_slots d) AS r (relation, world_id, npc_id)
         WHERE r.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.npc_identities i WHERE i.world_id = r.world_id AND i.id = r.npc_id)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no item type "%s"', r.item_type)
          FROM (SELECT 'items', i.world_id, i.id, i.item_type FROM npcsim.items i
                UNION ALL SELECT 'item_respawns', s.world_id, s.id, s.item_type FROM npcsim.item_respawns s) AS r (relation, world_id, id, item_type)
         WHERE r.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.item_type_rows k WHERE k.world_id = r.world_id AND k.name = r.item_type)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no interaction type %s', r.number)
          FROM (SELECT 'interaction_runs', u.world_id, u.id, u.interaction FROM npcsim.interaction_runs u
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, b.interaction FROM npcsim.interaction_bid_rows b) AS r (relation, world_id, id, number)
         WHERE r.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.interaction_type_rows k WHERE k.world_id = r.world_id AND k.number = r.number)
        UNION ALL
        SELECT 'interaction_runs', u.id::text, pg_catalog.format('there is no NPC %s, who takes part', p.npc_id)
          FROM npcsim.interaction_runs u CROSS JOIN LATERAL pg_catalog.unnest(u.participants) AS p (npc_id)
         WHERE u.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.npc_identities i WHERE i.world_id = u.world_id AND i.id = p.npc_id)
        UNION ALL
        SELECT 'npc_states', s.npc_id::text, pg_catalog.format('there is no interaction %s, in which it is', s.interaction_id)
          FROM npcsim.npc_states s
         WHERE s.world_id = world_faults.world_id AND s.interaction_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM npcsim.interaction_runs u WHERE u.world_id = s.world_id AND u.id = s.interaction_id)
        UNION ALL
        SELECT 'items', i.id::text, pg_catalog.format('there is no NPC %s, who uses it', i.occupied_by_npc_id)
          FROM npcsim.items i
         WHERE i.world_id = world_faults.world_id AND i.occupied_by_npc_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM npcsim.npc_identities n WHERE n.world_id = i.world_id AND n.id = i.occupied_by_npc_id);
    END;
REVOKE ALL ON FUNCTION npcsim.world_faults(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.world_faults(bigint) IS
    'What of a world is missing, or belongs to what is not there: no row where all is well. adopt_worlds() leaves a world parked of which a restore lost something';

COMMENT ON FUNCTION npcsim.adopt_worlds() IS
    'Makes the parked worlds of this database (restored, or copied with a template) its own; returns their ids. What was running runs on; requests to minds are closed and asked anew. A world of which a restore lost something stays parked, with a warning: world_faults(world_id) tells what';

-- What was set of client_reducers gets a table of its own, which is dumped; the list is a view. Who had rights on it has them.
CREATE TABLE npcsim.reducer_limits (
    name text PRIMARY KEY,
    minimum_role text NOT NULL CHECK (minimum_role IN ('spectator', 'player', 'operator')),
    burst integer NOT NULL CHECK (burst BETWEEN 1 AND 1000000),
    per_minute integer NOT NULL CHECK (per_minute BETWEEN 1 AND 1000000)
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.reducer_limits', '');
COMMENT ON TABLE npcsim.reducer_limits IS 'What was set otherwise in client_reducers than it is made; DELETE sets it back';

INSERT INTO npcsim.reducer_limits (name, minimum_role, burst, per_minute)
SELECT r.name, r.minimum_role, r.burst, r.per_minute
  FROM npcsim.client_reducers r
 WHERE NOT EXISTS (SELECT FROM (VALUES ('request_npc_decision'::text, 'player'::text, 100, 600), ('request_npc_assignment', 'player', 20, 60),
                                       ('send_chat', 'player', 20, 60), ('map_ping', 'player', 20, 60), ('start_world', 'operator', 20, 60),
                                       ('pause_world', 'operator', 20, 60), ('set_world_speed', 'operator', 20, 60)) AS made (name, minimum_role, burst, per_minute)
                    WHERE made.name OPERATOR(pg_catalog.=) r.name AND made.minimum_role OPERATOR(pg_catalog.=) r.minimum_role
                      AND made.burst OPERATOR(pg_catalog.=) r.burst AND made.per_minute OPERATOR(pg_catalog.=) r.per_minute);
DO $do$
DECLARE
    known pg_catalog.aclitem[];
    granted record;
BEGIN
    SELECT c.relacl INTO known FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) 'npcsim.client_reducers'::pg_catalog.regclass::pg_catalog.oid;
    DROP TABLE npcsim.client_reducers;
    CREATE VIEW npcsim.client_reducers AS
    SELECT r.name,
           COALESCE(l.minimum_role, r.minimum_role) AS minimum_role,
           r.description,
           COALESCE(l.burst, r.burst) AS burst,
           COALESCE(l.per_minute, r.per_minute) AS per_minute
      FROM (VALUES ('request_npc_decision', 'player', 'args: {"npc_id": id of an NPC of yours}. Its mind is asked at once; value: the request''s id, or null when its tokens of the day are spent', 100, 600),
                   ('request_npc_assignment', 'player', 'args: {"desired_npc_count": 0 to 10000}. NPCs without a controller become yours up to that number, or you give some back; value: {"assigned_npcs", "npc_ids"}', 20, 60),
                   ('send_chat', 'player', 'args: {"text": 1 to 500 characters}. Says it to everybody in your world; value: {"sequence"}', 20, 60),
                   ('map_ping', 'player', 'args: {"x", "y": a cell}. Points at it for everybody in your world; value: {"sequence"}', 20, 60),
                   ('start_world', 'operator', 'args: {}. Lets your world run', 20, 60),
                   ('pause_world', 'operator', 'args: {}. Stops the clock of your world', 20, 60),
                   ('set_world_speed', 'operator', 'args: {"speed": 0.1 to 1000}. World time per real time', 20, 60)) AS r (name, minimum_role, description, burst, per_minute)
      LEFT JOIN npcsim.reducer_limits l ON l.name OPERATOR(pg_catalog.=) r.name;
    COMMENT ON VIEW npcsim.client_reducers IS 'What clients may call through the gateway. minimum_role, burst and per_minute can be updated';
    COMMENT ON COLUMN npcsim.client_reducers.minimum_role IS 'spectator, player or operator';
    COMMENT ON COLUMN npcsim.client_reducers.burst IS 'So often at once may one player call it, over all connections and gateways';
    COMMENT ON COLUMN npcsim.client_reducers.per_minute IS 'So many calls come to that in a minute, up to burst';
    
    CREATE FUNCTION npcsim_internal.edit_client_reducers() RETURNS trigger
        LANGUAGE c SET search_path = pg_catalog, pg_temp
        AS 'MODULE_PATHNAME', 'npcsim_edit_client_reducers';
    REVOKE ALL ON FUNCTION npcsim_internal.edit_client_reducers() FROM PUBLIC;
    COMMENT ON FUNCTION npcsim_internal.edit_client_reducers() IS 'Trigger of client_reducers: keeps what is set in reducer_limits';
    CREATE TRIGGER edit_client_reducers INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.client_reducers
        FOR EACH ROW EXECUTE FUNCTION npcsim_internal.edit_client_reducers();
    FOR granted IN
        SELECT a.privilege_type AS privilege, CASE a.grantee WHEN 0::pg_catalog.oid THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::pg_catalog.text END AS grantee,
               CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
          FROM pg_catalog.aclexplode(known) AS a
         WHERE a.grantee OPERATOR(pg_catalog.<>) a.grantor
    LOOP
        EXECUTE pg_catalog.format('GRANT %s ON npcsim.client_reducers TO %s%s', granted.privilege, granted.grantee, granted.option);
    END LOOP;
END
$do$;
CREATE FUNCTION npcsim_internal.refuse_replicated() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'npcsim_refuse_replicated';
REVOKE ALL ON FUNCTION npcsim_internal.refuse_replicated() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.refuse_replicated() IS
    'Row trigger of replicas, on tables without require_world_lock(): refuses (NS110) what a subscription writes of a world that was adopted here';

CREATE FUNCTION npcsim_internal.keep_own() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_keep_own';
REVOKE ALL ON FUNCTION npcsim_internal.keep_own() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.keep_own() IS
    'Row trigger of replicas: leaves out what a subscription brings of a table that is each database''s own';

-- Guards of all tables. This function is called at the end of the script, so that what else is made here is guarded, too.
CREATE FUNCTION npcsim.guard_tables() RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    guard record;
    changed integer := 0;
BEGIN
    FOR guard IN
        WITH tables AS (
            SELECT c.oid AS id, c.relname::text AS name, coalesce(parent.relname, c.relname)::text AS family
              FROM pg_catalog.pg_class c
              LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
              LEFT JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent
             WHERE c.relnamespace = 'npcsim'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p')),
        guarded AS (
            SELECT t.id, t.name, hints.kind, coalesce(pg_catalog.quote_literal(hints.hint), '') AS hint
              FROM tables t
              LEFT JOIN (VALUES
                   ('world_settings', 'state', 'UPDATE npcsim.worlds … WHERE id = … changes settings; size, seed and tick rate stay as create_world() made them.'),
                   ('world_clock', 'state', 'start_world(world_id), pause_world(world_id), set_world_speed(world_id, speed) and tick_world(world_id, dt) are for that.'),
                   ('player_accounts', 'state', 'UPDATE npcsim.players … WHERE id = …, create_player() and rotate_player_token(player_id) are for that.'),
                   ('decision_slots', 'state', 'request_npc_decision(world_id, npc_id) asks for a decision.'),
                   ('world_inputs', 'inputs', 'What came from outside is kept as it came; DELETE … WHERE world_id = … gives up the replay of one world.'),
                   ('world_event_log', 'log', 'What happened is recorded by the world; prune_logs() forgets it after npcsim.world_event_hours.'),
                   ('decision_log', 'log', 'What was asked is recorded by the world; prune_logs() forgets it after npcsim.decision_log_days.'),
                   ('world_event_segments', 'own', 'prune_logs() keeps it.'),
                   ('change_log', 'log', 'Worlds record it; prune_logs() forgets what is older than some minutes.'),
                   ('installation', 'own', 'It tells worlds that live here from copies, and stays as it is.'),
                   ('epochs', 'own', 'Epochs begin by themselves.')) AS hints (family, kind, hint) ON hints.family = t.family
             WHERE t.name NOT IN ('gateways', 'sessions', 'reducer_limits', 'client_calls', 'call_allowances')),
        wanted AS (
            SELECT id, 'refuse_write' AS name, 'A' AS fires,
                   format('BEFORE %s ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write(%s)',
                          CASE kind WHEN 'inputs' THEN 'UPDATE' ELSE 'UPDATE OR DELETE' END, name, hint) AS definition
              FROM guarded
            UNION ALL
            -- of these there is one row, or one for each part of a log, which may be put back
            SELECT id, 'refuse_rows', 'A',
                   format('AFTER INSERT ON npcsim.%I REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write(%s)', name, hint)
              FROM guarded WHERE kind IS DISTINCT FROM 'own'
            UNION ALL
            SELECT id, 'refuse_truncate', 'A',
                   format('BEFORE TRUNCATE ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_truncate(%s)',
                          name, CASE WHEN kind <> 'state' THEN hint ELSE '' END)
              FROM guarded
            UNION ALL
            SELECT id, 'refuse_replicated', 'R',
                   format('AFTER INSERT OR UPDATE OR DELETE ON npcsim.%I FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_replicated()', name)
              FROM tables WHERE name IN ('world_settings', 'world_clock', 'world_inputs', 'world_tokens', 'player_accounts', 'decision_slots')
            UNION ALL
            SELECT id, 'keep_own', 'R',
                   format('BEFORE INSERT OR UPDATE OR DELETE ON npcsim.%I FOR EACH ROW EXECUTE FUNCTION npcsim_internal.keep_own()', name)
              FROM tables WHERE name IN ('installation', 'world_event_segments')
            UNION ALL
            -- those were made with their tables
            SELECT t.tgrelid, t.tgname::text, 'A', NULL FROM pg_catalog.pg_trigger t WHERE t.tgfoid = 'npcsim_internal.require_world_lock'::pg_catalog.regproc)
        SELECT w.id::pg_catalog.regclass AS relation, w.name, w.fires, w.definition, t.oid IS NULL AS missing
          FROM wanted w
          LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = w.id AND t.tgname = w.name AND NOT t.tgisinternal
         WHERE t.tgenabled IS DISTINCT FROM w.fires::pg_catalog."char"
         ORDER BY w.id, w.name
    LOOP
        IF guard.missing THEN
            EXECUTE format('CREATE TRIGGER %I %s', guard.name, guard.definition);
        END IF;
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', guard.relation, CASE guard.fires WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, guard.name);
        changed := changed + 1;
    END LOOP;
    RETURN changed;
END
$$;
REVOKE ALL ON FUNCTION npcsim.guard_tables() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.guard_tables() IS
    'Makes the guards of all tables what they are meant to be, where they were disabled or dropped (pg_restore --disable-triggers, repairs by hand); returns how many were not. For the extension''s owner';

-- ---- the end: whatever else is added stands above ----
SELECT npcsim.guard_tables();

-- Rights that were given inside a script count as the extension's own, and pg_dump leaves them
-- out (those of functions that 0.1.0 → 0.2.0 made anew, and gave to whom they had been given). What the extension gives by itself
-- is its owner's.
UPDATE pg_catalog.pg_init_privs p
   SET initprivs = ARRAY(SELECT a.item
                           FROM pg_catalog.unnest(p.initprivs) WITH ORDINALITY AS a (item, n)
                          WHERE EXISTS (SELECT FROM pg_catalog.aclexplode(ARRAY[a.item]) AS g WHERE g.grantee OPERATOR(pg_catalog.=) g.grantor)
                          ORDER BY a.n)
  FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid AND e.extname OPERATOR(pg_catalog.=) 'npcsim'::pg_catalog.name
 WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass::pg_catalog.oid
   AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"
   AND d.classid OPERATOR(pg_catalog.=) p.classoid AND d.objid OPERATOR(pg_catalog.=) p.objoid
   AND p.privtype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char";
-- Since PostgreSQL 17 roles that are named there cannot be dropped.
DELETE FROM pg_catalog.pg_shdepend s
 USING pg_catalog.pg_depend d
  JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid AND e.extname OPERATOR(pg_catalog.=) 'npcsim'::pg_catalog.name
 WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass::pg_catalog.oid
   AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"
   AND s.classid OPERATOR(pg_catalog.=) d.classid AND s.objid OPERATOR(pg_catalog.=) d.objid
   AND s.dbid OPERATOR(pg_catalog.=) (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
   AND s.deptype OPERATOR(pg_catalog.=) 'i'::pg_catalog."char";

-- How fast needs decay. Worlds of 0.1.0 and 0.2.0 keep what they have.
ALTER TABLE npcsim.world_settings ADD COLUMN need_decay_min integer NOT NULL DEFAULT 1000000,
    ADD COLUMN need_decay_max integer NOT NULL DEFAULT 2000000,
    ADD CONSTRAINT world_settings_need_decay CHECK (need_decay_min OPERATOR(pg_catalog.>=) 0
        AND need_decay_min OPERATOR(pg_catalog.<=) need_decay_max AND need_decay_max OPERATOR(pg_catalog.<=) 100000000);
COMMENT ON COLUMN npcsim.world_settings.need_decay_min IS 'Decay of each need of the NPC whose needs decay slowest, millionths of a unit per world second';
COMMENT ON COLUMN npcsim.world_settings.need_decay_max IS 'The same of the one whose needs decay fastest, at most 100000000';
COMMENT ON COLUMN npcsim.world_inputs.kind IS 'decision, decision_refused, decision_failed, presence (players whose minds can be asked), budget (of an NPC: spent or not), rules (by which it lives from then on), set_idle_interval and set_need_decay (of its settings), or the name of the function or operation: kinds in src/reducers/replay.c';
COMMENT ON FUNCTION npcsim.create_world(text, integer, integer, bigint, integer, text) IS
    'Makes a world, paused, clock 0, with the starter set of item and interaction types; returns its id. name: 1 to 100 characters, unique; size_x, size_y: 4 to 4096 cells; seed: source of all chance in it, random by default; tick_rate: ticks per world second, a divisor of 1,000,000 from 1 to 100; preset: default (the mind of an NPC without a plan is asked every 60 s, needs decay by 0.1 to 0.2 units a second) or reference (every 3 s, by 1 to 2 units, as in the game it grew out of). Errors: 23505 name taken, 22023 no such preset';

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.worlds AS
SELECT w.id, w.name, w.size_x, w.size_y, w.seed, w.tick_rate,
       w.max_players, w.min_tokens_per_npc_per_day,
       w.max_tokens_per_npc_per_day, w.max_tokens_per_player_per_day, w.max_tokens_per_day,
       coalesce((SELECT npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day)
                   FROM npcsim.world_tokens t WHERE t.world_id = w.id), 0) AS daily_token_output,
       w.created_at_real AS created_at,
       w.owner_player_id, w.decision_policy, w.durability, w.view_buffer, w.spectators,
       CASE WHEN c.home = (SELECT npcsim_internal.world_home()) THEN c.status ELSE 'parked' END AS status,
       npcsim_internal.world_now(c.world_id, c.clock, 1000000 / w.tick_rate) / 1000000::double precision AS clock,
       c.speed / 1000::double precision AS speed,
       c.revision, c.settings_revision, w.idle_interval,
       w.need_decay_min / 1000000::double precision AS need_decay_min,
       w.need_decay_max / 1000000::double precision AS need_decay_max
  FROM npcsim.world_settings w
  JOIN npcsim.world_clock c ON c.world_id = w.id;
COMMENT ON VIEW npcsim.worlds IS
    'Worlds. name, max_players, min_tokens_per_npc_per_day, max_tokens_per_npc_per_day, max_tokens_per_player_per_day, max_tokens_per_day, owner_player_id, decision_policy, durability, view_buffer, spectators, speed, idle_interval, need_decay_min and need_decay_max can be updated; create_world() and drop_world() make and remove worlds';
COMMENT ON COLUMN npcsim.worlds.need_decay_min IS 'Units a world second by which every need of the NPC decays whose needs decay slowest, 0 to need_decay_max';
COMMENT ON COLUMN npcsim.worlds.need_decay_max IS 'The same of the NPC whose needs decay fastest, need_decay_min to 100';

-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.world_rows(world_id bigint) RETURNS TABLE (relation text, key text, content jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET bytea_output = 'hex' SET extra_float_digits = 1 ROWS 10000
    BEGIN ATOMIC
        SELECT r.relation, r.key,
               (SELECT pg_catalog.jsonb_object_agg(m.key, m.value)
                  FROM pg_catalog.jsonb_each(r.content) m
                 WHERE m.key NOT IN ('world_id', 'sight') AND m.key NOT LIKE '%revision' AND m.key NOT LIKE '%\_at\_real')
          FROM (SELECT 'world_settings', '',
                       pg_catalog.jsonb_build_object('size_x', t.size_x, 'size_y', t.size_y, 'seed', t.seed,
                                                     'tick_rate', t.tick_rate, 'decision_policy', t.decision_policy,
                                                     'idle_interval', t.idle_interval,
                                                     'need_decay_min', t.need_decay_min, 'need_decay_max', t.need_decay_max)
                  FROM npcsim.world_settings t WHERE t.id = world_rows.world_id
                UNION ALL
                SELECT 'world_clock', '',
                       pg_catalog.jsonb_build_object('clock', t.clock, 'next_id', t.next_id, 'speed', t.speed,
                                                     'rules', t.rules)
                  FROM npcsim.world_clock t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'world_terrain', '', pg_catalog.to_jsonb(t)
                  FROM npcsim.world_terrain t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'world_inputs', t.sequence::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.world_inputs t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'item_type_rows', t.name, pg_catalog.to_jsonb(t)
                  FROM npcsim.item_type_rows t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'interaction_type_rows', t.name, pg_catalog.to_jsonb(t)
                  FROM npcsim.interaction_type_rows t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'npc_identities', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.npc_identities t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'npc_states', t.npc_id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.npc_states t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'npc_tracks', t.npc_id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.npc_tracks t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'npc_minds', t.npc_id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.npc_minds t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'items', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.items t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'item_respawns', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.item_respawns t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'interaction_runs', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.interaction_runs t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'interaction_bid_rows', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.interaction_bid_rows t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'decision_slots', t.npc_id::text,
                       pg_catalog.jsonb_build_object('request_id', t.request_id, 'pending', t.status > 0, 'reason', t.reason,
                                                     'state_counter', t.state_counter, 'opened_at', t.opened_at,
                                                     'player_id', t.player_id)
                  FROM npcsim.decision_slots t WHERE t.world_id = world_rows.world_id) r(relation, key, content);
    END;

-- Bids that go on from version 0.2.0 were put when they were made, as far as is known.
ALTER TABLE npcsim.interaction_bid_rows ADD COLUMN put_at bigint NOT NULL DEFAULT -1;
COMMENT ON COLUMN npcsim.interaction_bid_rows.put_at IS 'World time in microseconds at which it was last put to somebody, -1: not yet';
