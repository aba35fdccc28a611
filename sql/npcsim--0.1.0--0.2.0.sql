-- npcsim 0.1.0 → 0.2.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- The rules a world lives by. Its history goes on by those of 0.1.0 up to the moment at which it is used next: an input.
ALTER TABLE npcsim.world_clock ADD COLUMN rules smallint NOT NULL DEFAULT 1 CHECK (rules >= 1::smallint);
COMMENT ON COLUMN npcsim.world_clock.rules IS 'Version of the rules it lives by: Rules in src/engine/lock.h';
COMMENT ON COLUMN npcsim.world_inputs.kind IS 'decision, decision_refused, decision_failed, presence (players whose minds can be asked), budget (of an NPC: spent or not), rules (by which it lives from then on), set_idle_interval (of its settings), or the name of the function or operation: kinds in src/reducers/replay.c';

-- How often a calm colony asks. Worlds of 0.1.0 ask as often as they did.
ALTER TABLE npcsim.world_settings ADD COLUMN idle_interval integer NOT NULL DEFAULT 3
    CHECK (idle_interval OPERATOR(pg_catalog.>=) 3 AND idle_interval OPERATOR(pg_catalog.<=) 86400);
COMMENT ON COLUMN npcsim.world_settings.idle_interval IS 'World seconds after which the mind of an NPC without a plan is asked again, 3 to 86400; in between the built-in mind acts';

-- What worlds are compared by: their rules and this interval, too.
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
                                                     'idle_interval', t.idle_interval)
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

-- What 0.1.0 stored may call operators of others: they were looked for where PostGIS lives, too, and some there may have fitted
-- better. It is stored anew, by the names of pg_catalog: whatever had no operator or function of exactly its types.

-- As in the install script.
CREATE FUNCTION npcsim.execute_with_postgis(statement text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    EXECUTE pg_catalog.replace(statement, '@extschema:postgis@',
                               (SELECT pg_catalog.quote_ident(n.nspname)
                                  FROM pg_catalog.pg_extension e
                                  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
                                 WHERE e.extname = 'postgis'));
END
$$;
REVOKE ALL ON FUNCTION npcsim.execute_with_postgis(text) FROM PUBLIC;

ALTER TABLE npcsim.sessions
    DROP CONSTRAINT sessions_token_output_rate_check,
    ADD CONSTRAINT sessions_token_output_rate_check CHECK (token_output_rate BETWEEN 0 AND 1e9),
    DROP CONSTRAINT sessions_average_decision_time_ms_check,
    ADD CONSTRAINT sessions_average_decision_time_ms_check CHECK (average_decision_time_ms BETWEEN 0 AND 1e9);

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.worlds AS
SELECT w.id, w.name, w.size_x, w.size_y, w.seed, w.tick_rate,
       w.max_players, w.min_tokens_per_npc_per_day,
       w.max_tokens_per_npc_per_day, w.max_tokens_per_player_per_day, w.max_tokens_per_day,
       coalesce((SELECT npcsim.tokens_today(t.daily_token_output, t.tokens_day)
                   FROM npcsim.world_tokens t WHERE t.world_id = w.id), 0) AS daily_token_output,
       w.created_at_real AS created_at,
       w.owner_player_id, w.decision_policy, w.durability, w.view_buffer, w.spectators,
       CASE WHEN c.home = (SELECT npcsim.world_home()) THEN c.status ELSE 'parked' END AS status,
       npcsim.world_now(c.world_id, c.clock, 1000000 / w.tick_rate) / 1000000::double precision AS clock,
       c.speed / 1000::double precision AS speed,
       c.revision, c.settings_revision, w.idle_interval
  FROM npcsim.world_settings w
  JOIN npcsim.world_clock c ON c.world_id = w.id;

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
SELECT npcsim.execute_with_postgis($postgis$
CREATE OR REPLACE VIEW npcsim.npcs AS
WITH moment AS MATERIALIZED (
    SELECT m.world_id, m.now FROM npcsim.world_moments m
)
SELECT i.world_id, i.id, i.name, i.controller_player_id,
       p.x AS position_x, p.y AS position_y,
       @extschema:postgis@.ST_MakePoint(p.x, p.y) AS position,
       npcsim.need_at(s.hunger, s.hunger_rate, s.needs_as_of, t.now) AS hunger,
       npcsim.need_at(s.hygiene, s.hygiene_rate, s.needs_as_of, t.now) AS hygiene,
       npcsim.need_at(s.fun, s.fun_rate, s.needs_as_of, t.now) AS fun,
       npcsim.need_at(s.energy, s.energy_rate, s.needs_as_of, t.now) AS energy,
       CASE s.state WHEN 0 THEN 'idle' WHEN 1 THEN 'moving' WHEN 2 THEN 'requesting'
                    WHEN 3 THEN 'interacting' WHEN 4 THEN 'wandering' WHEN 5 THEN 'waiting' END AS state,
       s.interaction_id, s.target_id,
       CASE s.decider WHEN 0 THEN 'nobody' WHEN 1 THEN 'built_in' WHEN 2 THEN 'mind' END AS decider,
       s.last_decision_at / 1000000::double precision AS last_decision_time,
       coalesce(d.status, 0) > 0 AS decision_pending,
       npcsim.tokens_today(d.daily_token_output, d.tokens_day) AS daily_token_output,
       i.traits,
       i.identity_revision, r.motion_revision, s.needs_revision, s.status_revision
  FROM npcsim.npc_identities i
  JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.id
  JOIN npcsim.npc_tracks r ON r.world_id = i.world_id AND r.npc_id = i.id
  JOIN moment ON moment.world_id = i.world_id
  CROSS JOIN LATERAL (SELECT least(moment.now, s.event_at, s.decision_at) AS now) t
  CROSS JOIN LATERAL (SELECT npcsim.track_x(r.cells, r.departed_at, t.now) AS x,
                             npcsim.track_y(r.cells, r.departed_at, t.now) AS y) p
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
       @extschema:postgis@.ST_MakePoint(i.x::double precision, i.y::double precision) AS position,
       i.properties, i.occupied_by_npc_id,
       CASE WHEN u.id IS NULL THEN i.share_left / 1000000::double precision
            ELSE npcsim.item_share_at(u.share_at_start, u.started_at, least(moment.now, s.event_at, s.decision_at), k.components)
            END AS share_left,
       i.revision
  FROM npcsim.items i
  JOIN npcsim.item_type_rows k ON k.world_id = i.world_id AND k.name = i.item_type
  JOIN moment ON moment.world_id = i.world_id
  LEFT JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.occupied_by_npc_id
  LEFT JOIN npcsim.interaction_runs u ON u.world_id = s.world_id AND u.id = s.interaction_id AND u.target_id = i.id
$postgis$);

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.interactions AS
SELECT u.world_id, u.id, u.initiator_npc_id,
       k.target AS target_type, u.target_id,
       k.name AS interaction_type,
       u.started_at / 1000000::double precision AS started_at,
       CASE WHEN k.component = 'consumable'
            THEN pg_catalog.jsonb_build_object('share_at_start', u.share_at_start / 1000000::double precision)
            WHEN u.act_count IS NOT NULL
            THEN pg_catalog.jsonb_build_object('act_count', u.act_count, 'acts', u.acts)
            ELSE '{}'::jsonb END AS data,
       u.revision, u.participants
  FROM npcsim.interaction_runs u
  JOIN npcsim.interaction_type_rows k ON k.world_id = u.world_id AND k.number = u.interaction;

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.interaction_bids AS
SELECT b.world_id, b.id, b.bidder_npc_id, k.name AS interaction_type, k.target AS target_type, b.target_id, b.invited_npc_ids,
       ARRAY(SELECT i.npc_id FROM ROWS FROM (pg_catalog.unnest(b.invited_npc_ids), pg_catalog.unnest(b.answers)) AS i(npc_id, answer)
              WHERE i.answer >= 2) AS accepted_npc_ids,
       b.made_at / 1000000::double precision AS made_at,
       CASE WHEN 0 <> ALL (b.answers) THEN b.due_at / 1000000::double precision END AS expires_at
  FROM npcsim.interaction_bid_rows b
  JOIN npcsim.interaction_type_rows k ON k.world_id = b.world_id AND k.number = b.interaction;

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.interaction_types AS
SELECT k.world_id, k.name, k.description, k.target, k.component, k.need_rates, k.need_deltas,
       k.duration / 1000000::double precision AS duration,
       k.needs_adjacency, k.locks_movement, k.moves_onto_item,
       k.target = 'item' AS occupies_item, k.component IS NOT DISTINCT FROM 'consumable' AS uses_up_item,
       k.min_participants, k.max_participants, k.parameters
  FROM npcsim.interaction_type_rows k;

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.decision_requests AS
SELECT d.world_id, d.request_id, d.npc_id, d.player_id, d.session_id, d.reason,
       CASE d.status WHEN 1 THEN 'open' WHEN 2 THEN 'sent' END AS status,
       d.opened_at / 1000000::double precision AS opened_at,
       d.opened_at_real, d.sent_at_real, d.timeout_ms
  FROM npcsim.decision_slots d
 WHERE d.status > 0;

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.world_events AS
SELECT l.world_id,
       l.first_sequence + e.n - 1 AS sequence,
       (l.clock + e.after) / 1000000::double precision AS clock,
       (l.clock + e.after + 1000000 / w.tick_rate - 1) / (1000000 / w.tick_rate) AS tick,
       l.revision,
       npcsim.world_event_kind_name(e.kind) AS kind,
       e.npc_id, e.target_id, e.interaction_id, e.player_id,
       e.x AS position_x, e.y AS position_y,
       e.data,
       CASE WHEN e.player_id IS NOT NULL THEN l.sent_at_real END AS sent_at_real
  FROM npcsim.world_event_log l
  JOIN npcsim.world_settings w ON w.id = l.world_id
 CROSS JOIN LATERAL ROWS FROM (
           pg_catalog.unnest(l.kinds), pg_catalog.unnest(l.after), pg_catalog.unnest(l.x), pg_catalog.unnest(l.y),
           pg_catalog.unnest(l.npc_ids), pg_catalog.unnest(l.target_ids), pg_catalog.unnest(l.interaction_ids),
           pg_catalog.unnest(l.player_ids), pg_catalog.unnest(l.data)) WITH ORDINALITY
           AS e (kind, after, x, y, npc_id, target_id, interaction_id, player_id, data, n);

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.messages AS
SELECT l.world_id,
       l.first_sequence + e.n - 1 AS sequence,
       (l.clock + e.after) / 1000000::double precision AS clock,
       npcsim.world_event_kind_name(e.kind) AS kind,
       e.player_id, e.data ->> 'username' AS username,
       e.npc_id, e.interaction_id,
       e.data ->> 'text' AS text,
       CASE WHEN e.player_id IS NOT NULL THEN l.sent_at_real END AS sent_at_real
  FROM npcsim.world_event_log l
 CROSS JOIN LATERAL ROWS FROM (
           pg_catalog.unnest(l.kinds), pg_catalog.unnest(l.after), pg_catalog.unnest(l.npc_ids),
           pg_catalog.unnest(l.interaction_ids), pg_catalog.unnest(l.player_ids), pg_catalog.unnest(l.data)) WITH ORDINALITY
           AS e (kind, after, npc_id, interaction_id, player_id, data, n)
 WHERE l.messages > 0 AND e.kind IN (1, 2);

DROP FUNCTION npcsim.execute_with_postgis(text);

-- It runs statements, so operators in them are found by this path and by no other.
ALTER FUNCTION npcsim.require_world_lock() SET search_path = pg_catalog, pg_temp;

-- Nobody but npcsim writes its tables: guards on all of them. A table of worlds' state that is made further down
-- has to be guarded there; those that are made here are nobody's state.
CREATE FUNCTION npcsim.refuse_write() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_refuse_write';
REVOKE ALL ON FUNCTION npcsim.refuse_write() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.refuse_write() IS
    'Statement trigger: refuses (NS110) to write a table by other statements than npcsim''s own, by whomever, while a world lives in this database; after an INSERT that it references, only rows of worlds that live (pg_restore writes those of parked ones). Its argument is the hint';

COMMENT ON FUNCTION npcsim.refuse_truncate() IS
    'Statement trigger: refuses TRUNCATE of a table that holds what belongs to worlds (NS111), except by prune_logs(). Its argument is the hint';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.world_status
    FOR EACH ROW EXECUTE FUNCTION npcsim.refuse_edit('start_world(world_id) and pause_world(world_id) are for that.');
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.worker_status
    FOR EACH ROW EXECUTE FUNCTION npcsim.refuse_edit('The launcher starts workers where worlds run: npcsim.max_workers, start_world(world_id).');
DO $$
DECLARE
    guarded record;
BEGIN
    FOR guarded IN
        SELECT c.relname::text AS name, hints.hint, hints.kind
          FROM pg_catalog.pg_class c
          LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid OPERATOR(pg_catalog.=) c.oid
          LEFT JOIN pg_catalog.pg_class parent ON parent.oid OPERATOR(pg_catalog.=) i.inhparent
          LEFT JOIN (VALUES
               ('world_settings'::text, 'state'::text, 'UPDATE npcsim.worlds changes settings; size, seed and tick rate stay as create_world() made them.'::text),
               ('world_clock', 'state', 'start_world(world_id), pause_world(world_id), set_world_speed(world_id, speed) and tick_world(world_id, dt) are for that.'),
               ('player_accounts', 'state', 'UPDATE npcsim.players, create_player() and rotate_player_token(player_id) are for that.'),
               ('decision_slots', 'state', 'request_npc_decision(world_id, npc_id) asks for a decision.'),
               ('world_inputs', 'inputs', 'What came from outside is kept as it came; DELETE of all of a world''s gives up its replay.'),
               ('world_event_log', 'log', 'What happened is recorded by the world; prune_logs() forgets it after npcsim.world_event_hours.'),
               ('decision_log', 'log', 'What was asked is recorded by the world; prune_logs() forgets it after npcsim.decision_log_days.'),
               ('change_log', 'log', 'Worlds record it; prune_logs() forgets what is older than some minutes.'),
               ('installation', 'own', 'It tells worlds that live here from copies; adopt_worlds() makes copies this database''s own.'),
               ('epochs', 'own', 'Epochs begin by themselves.')) AS hints (family, kind, hint)
            ON hints.family OPERATOR(pg_catalog.=) coalesce(parent.relname, c.relname)::text
         WHERE c.relnamespace OPERATOR(pg_catalog.=) 'npcsim'::pg_catalog.regnamespace::pg_catalog.oid
           AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog."char"[])
           AND c.relname::text OPERATOR(pg_catalog.<>) ALL ('{gateways,sessions,client_reducers,client_calls,call_allowances}'::text[])
         ORDER BY c.oid
    LOOP
        EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER refuse_write BEFORE %s ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim.refuse_write(%s)',
                                  CASE guarded.kind WHEN 'inputs' THEN 'UPDATE' ELSE 'UPDATE OR DELETE' END, guarded.name,
                                  coalesce(pg_catalog.quote_literal(guarded.hint), ''));
        -- Of these there is one row, which may be put back.
        IF guarded.kind IS DISTINCT FROM 'own' THEN
            EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER refuse_rows AFTER INSERT ON npcsim.%I REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION npcsim.refuse_write(%s)',
                                      guarded.name, coalesce(pg_catalog.quote_literal(guarded.hint), ''));
        END IF;
        EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim.refuse_truncate(%s)',
                                  guarded.name,
                                  CASE WHEN guarded.kind OPERATOR(pg_catalog.<>) 'state' THEN pg_catalog.quote_literal(guarded.hint) ELSE '' END);
    END LOOP;
END
$$;

-- What becomes of an NPC whose mind is there, but silent.
ALTER TABLE npcsim.npc_minds ADD COLUMN unanswered_since bigint, ADD COLUMN events_merged integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN npcsim.npc_minds.unanswered_since IS 'World time in microseconds at which the first of the questions was put that the mind left without an answer that was carried out, or NULL';
COMMENT ON COLUMN npcsim.npc_minds.events_merged IS 'How many events became part of a later one since the mind was last asked';

-- Minds that fail are asked less often, and so are those that are told much.
ALTER TABLE npcsim.npc_minds ADD COLUMN failures smallint NOT NULL DEFAULT 0;
ALTER TABLE npcsim.npc_minds ADD COLUMN asked_not_before bigint;
ALTER TABLE npcsim.npc_minds ADD COLUMN pressing bigint[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN npcsim.npc_minds.failures IS 'How many questions in a row it failed to answer, or answered with what is refused';
COMMENT ON COLUMN npcsim.npc_minds.asked_not_before IS 'World time in microseconds before which it is not asked again, since it failed, but for invitations and messages; or NULL';
COMMENT ON COLUMN npcsim.npc_minds.pressing IS 'World times in microseconds at which it was last asked about invitations and messages, at most 20';

-- What players who lend compute are told of their standing.
CREATE FUNCTION npcsim.compute_standings(player_ids bigint[], told bigint[]) RETURNS TABLE (player_id bigint, standing bigint, body json)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    BEGIN ATOMIC
        SELECT s.player_id, s.standing, s.body::json
          FROM (SELECT u.player_id, u.told, pg_catalog.hashtextextended(b.body::text, 0::bigint) AS standing, b.body
                  FROM ROWS FROM (pg_catalog.unnest(player_ids), pg_catalog.unnest(told)) AS u(player_id, told)
                  JOIN npcsim.player_accounts a ON a.id = u.player_id
                  JOIN npcsim.world_settings w ON w.id = a.world_id
                  LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id
                 CROSS JOIN LATERAL (
                       SELECT pg_catalog.jsonb_build_object(
                                'world', pg_catalog.jsonb_build_object('id', w.id, 'name', w.name),
                                'player', pg_catalog.jsonb_build_object('id', a.id, 'name', a.username),
                                'npc_count', pg_catalog.count(n.id),
                                'npcs', COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', n.id, 'name', n.name) ORDER BY n.id)
                                                 FILTER (WHERE n.place <= 256::bigint), '[]'::jsonb),
                                'budget_spent', pg_catalog.jsonb_build_object(
                                    'world', w.max_tokens_per_day > 0::bigint
                                             AND npcsim.tokens_today(t.daily_token_output, t.tokens_day) >= w.max_tokens_per_day,
                                    'player', w.max_tokens_per_player_per_day > 0::bigint
                                              AND npcsim.tokens_today(a.daily_token_output, a.tokens_day) >= w.max_tokens_per_player_per_day,
                                    'npc_ids', COALESCE(pg_catalog.jsonb_agg(n.id ORDER BY n.id)
                                                        FILTER (WHERE n.budget_spent AND n.place <= 256::bigint), '[]'::jsonb)),
                                'backing_off', COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('npc_id', n.id, 'failures', n.failures) ORDER BY n.id)
                                                        FILTER (WHERE n.failures > 0::smallint AND n.place <= 256::bigint), '[]'::jsonb)) AS body
                         FROM (SELECT i.id, i.name, m.budget_spent, m.failures, pg_catalog.row_number() OVER (ORDER BY i.id) AS place
                                 FROM npcsim.npc_identities i
                                 JOIN npcsim.npc_minds m ON m.world_id = i.world_id AND m.npc_id = i.id
                                WHERE i.controller_player_id = a.id AND i.world_id = a.world_id) n) b) s
         WHERE s.standing IS DISTINCT FROM s.told;
    END;
REVOKE ALL ON FUNCTION npcsim.compute_standings(bigint[], bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.compute_standings(bigint[], bigint[]) IS
    'Of players who lend compute, those whose standing is another than the one they were told last (0: none): {"world", "player", "npc_count", "npcs": the first 256, "budget_spent": whose tokens of the day are spent, "backing_off": who is asked less often}';

-- ---- limits per player, and refusals as values ----
ALTER TABLE npcsim.client_reducers
    ADD COLUMN burst integer NOT NULL DEFAULT 20 CHECK (burst BETWEEN 1 AND 1000000),
    ADD COLUMN per_minute integer NOT NULL DEFAULT 60 CHECK (per_minute BETWEEN 1 AND 1000000);
COMMENT ON COLUMN npcsim.client_reducers.burst IS 'So often at once may one player call it, over all connections and gateways';
COMMENT ON COLUMN npcsim.client_reducers.per_minute IS 'So many calls come to that in a minute, up to burst';
UPDATE npcsim.client_reducers SET burst = 100, per_minute = 600 WHERE name OPERATOR(pg_catalog.=) 'request_npc_decision'::text;

CREATE UNLOGGED TABLE npcsim.call_allowances (
    player_id bigint NOT NULL REFERENCES npcsim.player_accounts ON DELETE CASCADE,
    reducer text NOT NULL,
    calls double precision NOT NULL,
    charged_at_real timestamptz NOT NULL,
    PRIMARY KEY (player_id, reducer)
) WITH (fillfactor = 50);
COMMENT ON TABLE npcsim.call_allowances IS 'How often each player may still call what client_reducers lists: what was left after the last call that was let through';
COMMENT ON COLUMN npcsim.call_allowances.calls IS 'Calls that were left then; client_reducers.per_minute come to them, up to burst';

CREATE FUNCTION npcsim.try_authenticate(token text) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_authenticate';
REVOKE ALL ON FUNCTION npcsim.try_authenticate(text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_authenticate(text) IS
    'authenticate() whose refusals are values: {"ok": true, "value": {"player_id", "world_id", "username", "role"}} or {"ok": false, "error": {"code", "message", "detail", "hint", "retry"}}. What a client says is no error of the server';

CREATE FUNCTION npcsim.try_client_connected(gateway_id text, player_id bigint, world_id bigint,
                                            purpose text DEFAULT 'watch', source text DEFAULT '', client text DEFAULT '') RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_client_connected';
REVOKE ALL ON FUNCTION npcsim.try_client_connected(text, bigint, bigint, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_client_connected(text, bigint, bigint, text, text, text) IS
    'client_connected() whose refusals are values, like those of try_authenticate()';

CREATE FUNCTION npcsim.try_update_player_heartbeat(player_id bigint, heartbeat jsonb) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_update_player_heartbeat';
REVOKE ALL ON FUNCTION npcsim.try_update_player_heartbeat(bigint, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_update_player_heartbeat(bigint, jsonb) IS
    'update_player_heartbeat() whose refusals are values, like those of try_authenticate()';

CREATE FUNCTION npcsim.try_update_player_camera(player_id bigint, min_x double precision, min_y double precision,
                                                max_x double precision, max_y double precision) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_update_player_camera';
REVOKE ALL ON FUNCTION npcsim.try_update_player_camera(bigint, double precision, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_update_player_camera(bigint, double precision, double precision, double precision, double precision) IS
    'update_player_camera() whose refusals are values, like those of try_authenticate(); value: null';

COMMENT ON FUNCTION npcsim.call_reducer(bigint, text, jsonb, text) IS
    'Calls a reducer of client_reducers for a player (NULL: a spectator): {"ok": true, "value", "revision"} or {"ok": false, "error": {"code", "message", "detail", "hint", "retry"}}, then nothing changed. Who calls more often than client_reducers allows gets NS431 and in "retry_after" the seconds to wait. The same key again (up to 100 characters, for a day) gives the first result without acting again. Waits at most 2 s for a lock';

-- Whoever may call a function may call it that way, too.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT p.oid::pg_catalog.regprocedure AS known, a.grantee::pg_catalog.regrole AS grantee
          FROM pg_catalog.pg_proc p, LATERAL pg_catalog.aclexplode(p.proacl) AS a
         WHERE p.pronamespace OPERATOR(pg_catalog.=) 'npcsim'::pg_catalog.regnamespace
           AND p.proname OPERATOR(pg_catalog.=) ANY (ARRAY['authenticate', 'client_connected', 'update_player_heartbeat', 'update_player_camera']::pg_catalog.name[])
           AND a.grantee OPERATOR(pg_catalog.<>) p.proowner AND a.grantee OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
    LOOP
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION npcsim.%s TO %s',
                                  pg_catalog.replace(granted.known::pg_catalog.text, 'npcsim.', 'try_'), granted.grantee);
    END LOOP;
END
$$;

-- Gateways that are bound to a session of the database.
ALTER TABLE npcsim.gateways ADD COLUMN bound boolean NOT NULL DEFAULT false;
COMMENT ON TABLE npcsim.gateways IS 'Gateways and when they last gave a sign of life. Who holds an id has the advisory lock with the keys npcsim.gateways::regclass::oid and hashtext(id)';
COMMENT ON COLUMN npcsim.gateways.bound IS 'Registered by a session of the database that LISTENs: when that ends, so do the sessions of the gateway';
COMMENT ON FUNCTION npcsim.register_gateway(text) IS
    'To be called by a gateway after every connect, before anything else, on the connection that LISTENs: holds the id until that connection ends, and its sessions with it; closes the sessions that an earlier life of it left, and opens their requests again. gateway_id: 1 to 64 characters of A-Z, a-z, 0-9, _, . and -. Errors: NS409 another connection holds the id (not written to the server''s log)';
COMMENT ON FUNCTION npcsim.expire_sessions() IS
    'Ends the sessions of gateways that were silent for 30 s, or whose connection that LISTENs ended, and opens requests again whose session is gone or silent. gateway_poll() does it every few seconds; harmless at any time';

-- ---- how often a calm colony asks ----
COMMENT ON VIEW npcsim.worlds IS
    'Worlds. name, max_players, min_tokens_per_npc_per_day, max_tokens_per_npc_per_day, max_tokens_per_player_per_day, max_tokens_per_day, owner_player_id, decision_policy, durability, view_buffer, spectators, speed and idle_interval can be updated; create_world() and drop_world() make and remove worlds';
COMMENT ON COLUMN npcsim.worlds.idle_interval IS 'World seconds after which the mind of an NPC without a plan is asked again, 3 to 86400; in between the built-in mind acts';

-- create_world() is made anew, with one argument more; who may call it, and give that away, may do so still.
DO $do$
DECLARE
    known record;
    granted record;
BEGIN
    SELECT p.proacl AS rights, p.proowner AS owner INTO STRICT known
      FROM pg_catalog.pg_proc p
     WHERE p.oid OPERATOR(pg_catalog.=) 'npcsim.create_world(text, integer, integer, bigint, integer)'::pg_catalog.regprocedure::pg_catalog.oid;
    DROP FUNCTION npcsim.create_world(text, integer, integer, bigint, integer);
    CREATE FUNCTION npcsim.create_world(
        name text,
        size_x integer,
        size_y integer,
        seed bigint DEFAULT pg_catalog.floor(pg_catalog.random() * 9007199254740992::double precision)::bigint,
        tick_rate integer DEFAULT 10,
        preset text DEFAULT 'default') RETURNS bigint
        LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
        AS 'MODULE_PATHNAME', 'npcsim_create_world';
    REVOKE ALL ON FUNCTION npcsim.create_world(text, integer, integer, bigint, integer, text) FROM PUBLIC;
    EXECUTE pg_catalog.format('ALTER FUNCTION npcsim.create_world(text, integer, integer, bigint, integer, text) OWNER TO %s',
                              known.owner::pg_catalog.regrole);
    FOR granted IN
        SELECT CASE a.grantee WHEN 0::pg_catalog.oid THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::pg_catalog.text END AS grantee,
               CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
          FROM pg_catalog.aclexplode(coalesce(known.rights, pg_catalog.acldefault('f'::pg_catalog."char", known.owner))) AS a
         WHERE a.grantee OPERATOR(pg_catalog.<>) known.owner
    LOOP
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION npcsim.create_world(text, integer, integer, bigint, integer, text) TO %s%s',
                                  granted.grantee, granted.option);
    END LOOP;
END
$do$;
COMMENT ON FUNCTION npcsim.create_world(text, integer, integer, bigint, integer, text) IS
    'Makes a world, paused, clock 0, with the starter set of item and interaction types; returns its id. name: 1 to 100 characters, unique; size_x, size_y: 4 to 4096 cells; seed: source of all chance in it, random by default; tick_rate: ticks per world second, a divisor of 1,000,000 from 1 to 100; preset: default (the mind of an NPC without a plan is asked every 60 s) or reference (every 3 s). Errors: 23505 name taken, 22023 no such preset';
