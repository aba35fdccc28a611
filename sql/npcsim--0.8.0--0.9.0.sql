-- npcsim 0.8.0 → 0.9.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- The decision market: who answers, at what pace, and why.

-- ---- delivery: who is asked ----

ALTER TABLE npcsim.sessions ADD COLUMN observations boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN npcsim.sessions.observations IS 'What it is asked comes with what the NPC sees, hears and may do; false: its mind looks for itself';
COMMENT ON FUNCTION npcsim.update_player_heartbeat(bigint, jsonb) IS
    'Sign of life of a compute connection: {"source": which ('''' by default), "max_concurrency": 0 to 64 (1), "stateless": boolean (false), "choices": a list of actions to choose from with each question (false), "compact": questions in few words (false), "observations": false for questions without observations and choices (true), "token_output_rate", "average_decision_time_ms", "decision_queue_length"}; returns the heartbeat_ack frame. After 30 s without one it is asked no more. Errors: 22023 a member is out of range, NS203 no such player, 55000 no such connection';

ALTER TABLE npcsim.world_settings ADD COLUMN pool_known boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN npcsim.world_settings.pool_known IS 'Minds that remember nothing were there for NPCs without a player once: from then on the world is told when there are none, too. npcsim writes it';

ALTER TABLE npcsim.compute_sources ADD COLUMN p95_ms bigint CHECK (p95_ms >= 0), ADD COLUMN measured_at_real timestamptz;
COMMENT ON COLUMN npcsim.compute_sources.p95_ms IS 'Milliseconds within which 95 % of its answers of an hour came, up to √2 times too many; NULL: fewer than five came';
COMMENT ON COLUMN npcsim.compute_sources.measured_at_real IS 'When that was measured; after an hour it says nothing any more';

ALTER TABLE npcsim.decision_slots ADD COLUMN asked_player_id bigint, ADD COLUMN tried_sources bigint[];
COMMENT ON COLUMN npcsim.decision_slots.player_id IS 'Player the request is for; NULL: the pool, any source that remembers nothing';
COMMENT ON COLUMN npcsim.decision_slots.asked_player_id IS 'Player it was handed to last, who alone may answer it; NULL: nobody yet. It is another one than player_id when that one cannot be asked';
COMMENT ON COLUMN npcsim.decision_slots.tried_sources IS 'Sources that had it in vain: their socket closed, or they fell silent. The last 4; NULL: none';

ALTER TABLE npcsim.decision_log ADD COLUMN pooled boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN npcsim.decision_log.pooled IS 'It was handed to another than the NPC''s player, who could not be asked';
COMMENT ON COLUMN npcsim.decision_log.status IS 'applied, rejected, late, failed, timeout; cut_off: its session ended, or gave it back, before there was an answer; passed_on: it was taken from a source that is there but silent, and is given to another. Before 0.4.0 also cancelled';

-- pgspot PS005: its body is resolved when it is created.
CREATE FUNCTION npcsim_internal.source_is_pooled(stateless boolean, player_id bigint, p95_ms bigint, measured_at_real timestamptz) RETURNS boolean
    LANGUAGE sql VOLATILE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT stateless AND player_id IS NOT NULL
               AND (p95_ms IS NULL OR p95_ms < 60000 OR measured_at_real < npcsim_internal.market_now() - interval '1 hour');
    END;
REVOKE ALL ON FUNCTION npcsim_internal.source_is_pooled(boolean, bigint, bigint, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.source_is_pooled(boolean, bigint, bigint, timestamptz) IS
    'Whether a source, by columns of compute_sources, belongs to the pool, which is asked about NPCs of any player: it is a player''s, remembers nothing and answers within 60 s, as far as is known';

-- It is written in plpgsql since the table of what was spent is made later.
CREATE FUNCTION npcsim_internal.server_api_is_open(world_id bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM npcsim.world_settings w
         WHERE w.id = server_api_is_open.world_id AND w.enable_commercial_fallback AND w.server_backup_enabled
           AND (w.server_api_cost <= greatest(w.server_api_cap_per_day
                                              - coalesce((SELECT t.cost FROM npcsim.server_api_spending t
                                                           WHERE t.world_id = w.id AND t.day = (npcsim_internal.market_now() AT TIME ZONE 'UTC')::date AND t.player_id = 0), 0), 0)
                OR (w.server_api_cost <= w.hybrid_cap_per_day
                    AND EXISTS (SELECT FROM npcsim.compute_sources k WHERE k.world_id = w.id AND k.kind = 'hybrid'))));
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.server_api_is_open(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.server_api_is_open(bigint) IS
    'Whether decisions may be bought from the operators'' API now, for the world or for somebody whom it backs up';

-- pgspot PS005: its body is resolved when it is created.
CREATE FUNCTION npcsim_internal.lending_sessions(world_id bigint)
    RETURNS TABLE (session_id bigint, player_id bigint, source_id bigint, state text, pooled boolean, slots integer, of_server boolean)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
        SELECT s.id, s.player_id, s.source_id, CASE WHEN k.id IS NULL THEN 'active' ELSE npcsim_internal.source_state(k.state, k.until_real) END,
               CASE WHEN k.kind = 'server_api_key' THEN npcsim_internal.server_api_is_open(s.world_id)
                    ELSE coalesce(npcsim_internal.source_is_pooled(k.stateless, k.player_id, k.p95_ms, k.measured_at_real), false) END,
               s.max_concurrency, coalesce(k.kind = 'server_api_key', false)
          FROM npcsim.sessions s
          LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id
         WHERE s.world_id = lending_sessions.world_id AND NOT s.ended AND s.player_id IS NOT NULL
           AND s.purpose IN ('compute', 'both') AND s.max_concurrency > 0
           AND s.heartbeat_at_real > pg_catalog.statement_timestamp() - interval '30 s';
    END;
REVOKE ALL ON FUNCTION npcsim_internal.lending_sessions(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.lending_sessions(bigint) IS
    'Sessions of a world that lend at this moment, with the state of their sources. pooled: source_is_pooled(), or, of_server, server_api_is_open()';

CREATE FUNCTION npcsim_internal.world_lenders(world_id bigint)
    RETURNS TABLE (player_id bigint, askable boolean, paced boolean, draining boolean, pool_slots integer, pool_drains boolean, pool_for_all boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT l.player_id, l.active AND b.has_tokens,
               coalesce(least(nullif(w.max_tokens_per_day, 0), nullif(w.max_tokens_per_player_per_day, 0), nullif(w.max_tokens_per_npc_per_day, 0),
                              nullif(a.declared_tokens_per_day, 0)) < 86400 * w.tokens_per_decision::bigint, false),
               l.draining,
               CASE WHEN b.has_tokens THEN least(l.pool_slots, 100000)::integer ELSE 0 END, l.pool_drains, w.allocation = 'market'
          FROM npcsim.world_settings w
          LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id
         CROSS JOIN LATERAL (
               SELECT s.player_id, pg_catalog.bool_or(s.state = 'active') AS active, pg_catalog.bool_or(s.state = 'draining') AS draining,
                      coalesce(pg_catalog.sum(s.slots) FILTER (WHERE s.pooled AND s.state = 'active' AND NOT (s.of_server AND s.lent)), 0) AS pool_slots,
                      pg_catalog.bool_or(s.pooled AND s.state = 'draining') AS pool_drains
                 FROM (SELECT o.*, pg_catalog.bool_or(o.pooled AND o.state = 'active' AND NOT o.of_server) OVER () AS lent
                         FROM npcsim_internal.lending_sessions(w.id) AS o) AS s
                GROUP BY s.player_id) AS l
          JOIN npcsim.player_accounts a ON a.id = l.player_id
         CROSS JOIN LATERAL (
               SELECT (w.max_tokens_per_day = 0 OR npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) < w.max_tokens_per_day)
                      AND (w.max_tokens_per_player_per_day = 0
                           OR npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) < w.max_tokens_per_player_per_day)
                      AND (a.declared_tokens_per_day = 0
                           OR npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) < a.declared_tokens_per_day)) AS b (has_tokens)
         WHERE w.id = world_lenders.world_id;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.world_lenders(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.world_lenders(bigint) IS
    'Players of a world who lend at this moment. askable: from an active source, and tokens of the day, own, declared and the world''s, are left; paced: these are less than a decision a second, so that questions wait for their part of the day; draining: from a source that is draining; pool_slots: questions about NPCs of others that it takes at a time; pool_drains: one of its sources of the pool is draining; pool_for_all: the pool is asked about NPCs without a player, too';

-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim_internal.askable_players(world_id bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    BEGIN ATOMIC
        SELECT l.player_id FROM npcsim_internal.world_lenders(askable_players.world_id) AS l WHERE l.askable;
    END;
COMMENT ON FUNCTION npcsim_internal.askable_players(bigint) IS
    'Those of world_lenders() who can be asked';

COMMENT ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) IS
    'Hands out open requests, each once, in the order of prioritize_npc_decisions(): at most free_slots[i] to session_ids[i], and no more than it says it takes, of NPCs that session''s player controls, in running worlds; at most 64 a call. Those of players who cannot be asked at this moment, and of NPCs without a player, go to sessions whose sources remember nothing and answer within 60 s: to the one whose player was charged least in the last hour for what it can serve. No source gets once more what it had in vain, unless it is the only one of the NPC''s player here. body is the decision_request frame. Sessions that are not this gateway''s, ended, gone or silent get nothing, nor do players whose tokens of the day are spent. Errors: 22003 a number of slots is negative or an id is none, 22023 the arrays differ in length, 55000 the gateway is not registered';

CREATE FUNCTION npcsim.select_optimal_mcp_server(world_id bigint, npc_id bigint, OUT source_id bigint, OUT player_id bigint, OUT session_id bigint, OUT reason text)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_select_optimal_mcp_server';
REVOKE ALL ON FUNCTION npcsim.select_optimal_mcp_server(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.select_optimal_mcp_server(bigint, bigint) IS
    'Which source would be asked about an NPC now, by its question if one is open, and why. reason: controller, it is the NPC''s player''s; pool, that player cannot be asked, and of the sources that remember nothing this one''s player was charged least for what it can serve; server, it would be bought from the operators'' API; without a source busy (all who may be asked have no slot left), tried (they had the question in vain) or nobody. Nothing is handed out. Errors: NS101 no such world, NS201 no such NPC';

CREATE FUNCTION npcsim.assign_npc_decisions(world_id bigint)
    RETURNS TABLE (source_id bigint, player_id bigint, session_id bigint, gateway_id text, free_slots integer, request_ids bigint[], npc_ids bigint[])
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 20
    AS 'MODULE_PATHNAME', 'npcsim_assign_npc_decisions';
REVOKE ALL ON FUNCTION npcsim.assign_npc_decisions(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.assign_npc_decisions(bigint) IS
    'Which source would get which of the open questions of a world now: a row for each source that would get any, by player, with its questions in the order of prioritize_npc_decisions(); no source gets more than it has free slots. The last row, without a source, has those that wait: all of them while the world stands. Budgets that are to last their day may hold more of them back. Nothing is handed out. Errors: NS101 no such world';

CREATE FUNCTION npcsim.process_npc_decision_batch(world_id bigint, max_decisions integer DEFAULT 100)
    RETURNS TABLE (source_id bigint, player_id bigint, session_id bigint, gateway_id text, free_slots integer, request_ids bigint[], npc_ids bigint[])
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 20
    AS 'MODULE_PATHNAME', 'npcsim_process_npc_decision_batch';
REVOKE ALL ON FUNCTION npcsim.process_npc_decision_batch(bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.process_npc_decision_batch(bigint, integer) IS
    'Has the gateways of a world fetch its open questions when the transaction commits, without waiting for their next look, if any can be handed out: returns the first max_decisions (1 to 10000) that can, as assign_npc_decisions() does. What they fetch is as claim_decisions() chooses at that moment. Errors: NS101 no such world, 22003 max_decisions is out of range, 22004 it is NULL';

-- ---- trust: what answers are worth ----

ALTER TABLE npcsim.decision_slots ADD COLUMN ranking smallint[];
COMMENT ON COLUMN npcsim.decision_slots.ranking IS 'How the built-in mind ranked what the NPC might do when it was sent: a key of each action, the best first, ~key of what is equal to the one before';
COMMENT ON COLUMN npcsim.security_violations.kind IS 'foreign_answer (for an NPC that was never put to the player), flood, implausible (the score of suspicion has passed 5), suspended or released; what else operators record';
COMMENT ON COLUMN npcsim.player_suspicion.hopeless IS 'Answers in a row that are less plausible than 0.05; what cannot be ranked neither counts nor ends it';

CREATE FUNCTION npcsim.report_flood(player_id bigint, what text) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_report_flood';
REVOKE ALL ON FUNCTION npcsim.report_flood(bigint, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.report_flood(bigint, text) IS
    'To be called by a gateway that has closed a connection of a player for what it sent: what, 1 to 200 characters, is put on record, and the third time within 10 minutes suspends the player for an hour. Errors: NS203 no such player (not written to the server''s log)';

CREATE FUNCTION npcsim.get_player_suspicion_score(player_id bigint) RETURNS double precision
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_get_player_suspicion_score';
REVOKE ALL ON FUNCTION npcsim.get_player_suspicion_score(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.get_player_suspicion_score(bigint) IS
    'How suspect a player is now: 0.5 for each answer that was less plausible than 0.1, less 0.2 for each other one, never below 0, half of it gone after 30 minutes. Above 5 it is put on record. Errors: NS203 no such player';

CREATE VIEW npcsim.suspects AS
SELECT a.world_id, a.id AS player_id, a.username,
       npcsim.get_player_suspicion_score(a.id) AS suspicion_score,
       coalesce(s.hopeless, 0) AS hopeless_in_a_row,
       CASE WHEN a.suspended_until_real > npcsim_internal.market_now() THEN a.suspended_until_real END AS suspended_until,
       CASE WHEN a.suspended_until_real > npcsim_internal.market_now() THEN a.suspension_reason END AS suspension_reason,
       coalesce(v.violations, 0) AS violations, v.last_violation_at
  FROM npcsim.player_accounts a
  LEFT JOIN npcsim.player_suspicion s ON s.world_id = a.world_id AND s.player_id = a.id
  LEFT JOIN (SELECT r.player_id, pg_catalog.count(*) AS violations, pg_catalog.max(r.at_real) AS last_violation_at
               FROM npcsim.security_violations r GROUP BY r.player_id) v ON v.player_id = a.id
 WHERE s.player_id IS NOT NULL OR v.player_id IS NOT NULL;
COMMENT ON VIEW npcsim.suspects IS 'Players who gave cause for suspicion, or have something on record';
COMMENT ON COLUMN npcsim.suspects.suspicion_score IS 'get_player_suspicion_score()';
COMMENT ON COLUMN npcsim.suspects.hopeless_in_a_row IS 'Answers in a row that were less plausible than 0.05; at 50 the player is suspended';
COMMENT ON COLUMN npcsim.suspects.suspended_until IS 'Until then it lends no compute; NULL: it is not suspended';
COMMENT ON COLUMN npcsim.suspects.violations IS 'Rows of security_violations';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.suspects
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('It shows what is known; ban_player_temporarily() suspends a player.');

-- ---- pace: budgets last their day ----

ALTER FUNCTION npcsim_internal.market_now() STABLE;
-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
-- pgspot PS005: its body is resolved when it is created.
CREATE OR REPLACE FUNCTION npcsim_internal.tokens_today(daily_token_output bigint, tokens_day date) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT CASE WHEN tokens_day = (npcsim_internal.market_now() AT TIME ZONE 'UTC')::date THEN daily_token_output ELSE 0 END;
    END;

ALTER TABLE npcsim.sessions ADD COLUMN decisions_per_second integer NOT NULL DEFAULT 0 CHECK (decisions_per_second BETWEEN 0 AND 1000000);
COMMENT ON COLUMN npcsim.sessions.decisions_per_second IS 'Thousandths: so many decisions a second it takes at most; 0: no limit of its own';
ALTER TABLE npcsim.decision_slots
    ADD COLUMN pace_saved bigint,
    ADD COLUMN pace_as_of bigint,
    ADD COLUMN pace_reserve bigint,
    ADD COLUMN met_player_id bigint,
    ADD COLUMN met_request_id bigint;
COMMENT ON COLUMN npcsim.decision_slots.pace_saved IS 'Thousandths of a token that were saved of the NPC''s budget at pace_as_of; as in paces. NULL: nothing was spent of one';
COMMENT ON COLUMN npcsim.decision_slots.pace_as_of IS 'Real time, milliseconds since 1970';
COMMENT ON COLUMN npcsim.decision_slots.pace_reserve IS 'Thousandths of a token that urgent questions took ahead of the day';
COMMENT ON COLUMN npcsim.decision_slots.met_player_id IS 'The player whose mind was asked about the NPC last';
COMMENT ON COLUMN npcsim.decision_slots.met_request_id IS 'The first question that this mind was asked since another one was';
ALTER TABLE npcsim.npc_minds ADD COLUMN paced boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN npcsim.npc_minds.paced IS 'The last question could wait long, since tokens of the day are spent evenly: the NPC stands idle for it no more than once';

-- How fast budgets of tokens are spent, and how often sources are asked, so far. It is lost in a crash, which lets nobody spend more
-- than a budget has; no foreign keys, since claims lock nothing else for it.
CREATE UNLOGGED TABLE npcsim.paces (
    kind text NOT NULL CHECK (kind IN ('world', 'player', 'source')),
    id bigint NOT NULL,
    saved bigint NOT NULL DEFAULT 0,
    as_of bigint NOT NULL DEFAULT 0,
    reserve bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, id)
) WITH (fillfactor = 25);
COMMENT ON TABLE npcsim.paces IS 'Of budgets of tokens that are to last their day: of worlds and of players; and how often sources may be asked. Claims lock a row while they hand out what it limits';
COMMENT ON COLUMN npcsim.paces.saved IS 'Thousandths of a token that may be spent at as_of, below 0 when more was spent; of a source: millionths of thousandths of a decision';
COMMENT ON COLUMN npcsim.paces.as_of IS 'Real time: milliseconds since 1970, of a source microseconds; 0: nothing was spent yet';
COMMENT ON COLUMN npcsim.paces.reserve IS 'Thousandths of a token that urgent questions took ahead of the day of as_of';

-- It runs with the owner's rights, since it reads accounts.
CREATE FUNCTION npcsim_internal.players_short_of_slots(world_id bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    BEGIN ATOMIC
        SELECT a.player_id
          FROM npcsim_internal.world_lenders(players_short_of_slots.world_id) a
         WHERE a.askable AND (NOT a.paced
            OR (SELECT pg_catalog.sum(s.max_concurrency) FROM npcsim.sessions s
                 WHERE s.player_id = a.player_id AND NOT s.ended AND s.purpose IN ('compute', 'both'))
               <= (SELECT pg_catalog.count(*) FROM npcsim.npc_identities i
                     JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id AND d.status = 2 AND d.player_id = a.player_id
                    WHERE i.world_id = players_short_of_slots.world_id AND i.controller_player_id = a.player_id));
    END;
REVOKE ALL ON FUNCTION npcsim_internal.players_short_of_slots(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.players_short_of_slots(bigint) IS
    'Players whose open questions wait for a free slot: those of askable_players() but for those whose questions wait for their part of the day beside one that is free';

-- ---- why: what can be asked about decisions ----

ALTER TABLE npcsim.npc_identities ADD COLUMN traced boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN npcsim.npc_identities.traced IS 'What the built-in mind decides for it is kept in observation_log; no rule looks at it';
CREATE INDEX npc_minds_backing_off ON npcsim.npc_minds (world_id) WHERE asked_not_before IS NOT NULL;

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
                    WHEN 3 THEN 'interacting' WHEN 4 THEN 'wandering' WHEN 5 THEN 'waiting' WHEN 6 THEN 'dormant' END AS state,
       s.interaction_id, s.target_id,
       CASE s.decider WHEN 0 THEN 'nobody' WHEN 1 THEN 'built_in' WHEN 2 THEN 'mind' WHEN 3 THEN 'operator' END AS decider,
       s.last_decision_at / 1000000::double precision AS last_decision_time,
       coalesce(d.status, 0) > 0 AS decision_pending,
       npcsim_internal.tokens_today(d.daily_token_output, d.tokens_day) AS daily_token_output,
       i.traits,
       i.identity_revision, r.motion_revision, s.needs_revision, s.status_revision,
       i.assigned OR (i.controller_player_id IS NOT NULL AND i.controller_since IS NULL) AS assigned,
       i.controller_since / 1000000::double precision AS controller_since,
       i.traced
  FROM npcsim.npc_identities i
  JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.id
  JOIN npcsim.npc_tracks r ON r.world_id = i.world_id AND r.npc_id = i.id
  JOIN moment ON moment.world_id = i.world_id
  CROSS JOIN LATERAL (SELECT least(moment.now, s.event_at, s.decision_at) AS now) t
  CROSS JOIN LATERAL (SELECT npcsim_internal.track_x(r.cells, r.departed_at, t.now) AS x,
                             npcsim_internal.track_y(r.cells, r.departed_at, t.now) AS y) p
  LEFT JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id
$postgis$);
DROP FUNCTION npcsim.execute_with_postgis(text);
COMMENT ON VIEW npcsim.npcs IS
    'NPCs as of now. name, controller_player_id, assigned, traced, traits, position and needs can be written, on a running world too; what is written replaces the columns named and nothing else';
COMMENT ON COLUMN npcsim.npcs.traced IS 'What the built-in mind decides for it is kept with its reasons: explain_npc_decisions(). When written: true begins that, false ends it; nothing else changes';

-- What minds were told, as it was given to them, and what the built-in mind saw of those who are traced.

-- A row is what a claim handed out in a world, which is compressed together: the frames of its requests, a line each. It is unlogged, since
-- a claim must not wait for the disk, and not dumped. VACUUM is kept going, since the oldest rows are deleted all the time.
CREATE UNLOGGED TABLE npcsim.observation_log (
    world_id bigint NOT NULL,
    at_real timestamptz NOT NULL,
    clock bigint NOT NULL,
    npc_ids bigint[] NOT NULL,
    request_ids bigint[],
    player_ids bigint[],
    told text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0,
        toast.autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_threshold = 1000, toast.autovacuum_vacuum_cost_delay = 0);
CREATE INDEX observation_log_world ON npcsim.observation_log (world_id, at_real);
-- It is several times faster, where the server was built with it.
DO $$
BEGIN
    IF 'lz4' OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.unnest(s.enumvals) FROM pg_catalog.pg_settings s WHERE s.name OPERATOR(pg_catalog.=) 'default_toast_compression') THEN
        ALTER TABLE npcsim.observation_log ALTER COLUMN told SET COMPRESSION lz4;
    END IF;
END
$$;
COMMENT ON TABLE npcsim.observation_log IS 'What minds were told, up to observation_log_bytes of each world, the oldest dropped by prune_logs(): explain_decision(world_id, request_id) shows it. Unlogged: a crash empties it';
COMMENT ON COLUMN npcsim.observation_log.clock IS 'World time in microseconds of which it tells';
COMMENT ON COLUMN npcsim.observation_log.npc_ids IS 'NPCs it is about';
COMMENT ON COLUMN npcsim.observation_log.request_ids IS 'The requests, in the order of npc_ids; NULL: decisions of the built-in mind';
COMMENT ON COLUMN npcsim.observation_log.player_ids IS 'Players whose minds were told, in the same order';
COMMENT ON COLUMN npcsim.observation_log.told IS 'What was told of each, in the same order: a JSON object to a line';

CREATE FUNCTION npcsim.apply_npc_action(world_id bigint, npc_id bigint, action jsonb, revision bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_apply_npc_action';
REVOKE ALL ON FUNCTION npcsim.apply_npc_action(bigint, bigint, jsonb, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.apply_npc_action(bigint, bigint, jsonb, bigint) IS
    'Has an NPC do something, as if its mind had decided it: an action as minds give it, with then, wake_on and next_decision_in_s. A question that is open stays open. revision: of the world, at which the NPC was looked at. Errors: NS201 no such NPC, NS302, NS304, NS305 it cannot be done, as minds are told, NS306 the NPC has changed since that revision, 22003 the world is not there yet';

-- Why something happens, or does not: questions that wait, who decides for an NPC, what a player holds, and what a decision was made of.

CREATE FUNCTION npcsim_internal.source_idle(connected boolean, state text, paced boolean, limited boolean, asked boolean) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_source_idle';
REVOKE ALL ON FUNCTION npcsim_internal.source_idle(boolean, text, boolean, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.source_idle(boolean, text, boolean, boolean, boolean) IS
    'Why a source is not asked: not_connected, suspended, in_maintenance, paused, draining, paced, rate_limited or no_demand; NULL: it is being asked';

CREATE FUNCTION npcsim_internal.player_wait(player_id bigint) RETURNS double precision
    LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_player_wait';
REVOKE ALL ON FUNCTION npcsim_internal.player_wait(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.player_wait(bigint) IS
    'Seconds until a player may be asked a question that is not urgent, since its tokens and the world''s are to last the day; 0: now; infinity: not today; NULL: there is no such player, or this is a standby';

CREATE FUNCTION npcsim_internal.source_is_limited(source_id bigint, rate integer) RETURNS boolean
    LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_source_is_limited';
REVOKE ALL ON FUNCTION npcsim_internal.source_is_limited(bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.source_is_limited(bigint, integer) IS
    'Whether a source was asked as often as it may be for now; rate: thousandths of a decision a second, 0: as often as it likes';

-- A standby has no sessions, and a statement that names their table could not even be planned there.
CREATE FUNCTION npcsim_internal.lenders(world_id bigint) RETURNS TABLE (player_id bigint, source_id bigint, slots bigint, in_reach boolean, answer_time double precision, rate integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 10
    AS $$
BEGIN
    IF pg_is_in_recovery() THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT s.player_id, s.source_id, sum(s.max_concurrency), bool_or(s.heartbeat_at_real > clock_timestamp() - interval '30 s'),
           avg(s.average_decision_time_ms) / 1000, coalesce(least(min(nullif(s.decisions_per_second, 0)), min(nullif(k.decisions_per_second, 0))), 0)
      FROM npcsim.sessions s
      LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id
     WHERE s.world_id = lenders.world_id AND NOT s.ended AND s.player_id IS NOT NULL AND s.purpose IN ('compute', 'both')
     GROUP BY s.player_id, s.source_id;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.lenders(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.lenders(bigint) IS
    'Who is connected to lend compute to a world, by source: slots, whether it was heard of in the last 30 s (in_reach), the seconds that it says an answer takes, and how often it is asked at most (rate: thousandths of a decision a second, 0: no limit); nobody on a standby';

-- What an answer takes is the mean of the last hour, from the histogram of source_minutes: each answer is taken for 0.85 of the most that its place stands for.
CREATE FUNCTION npcsim_internal.pending_decisions(world_id bigint)
    RETURNS TABLE (npc_id bigint, status text, place bigint, request_id bigint, player_id bigint, source_id bigint, reason text, age double precision,
                   expected double precision, viewers integer, priority bigint, failures integer, last_error text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 100
    BEGIN ATOMIC
        WITH moment AS MATERIALIZED (
            SELECT m.now, c.speed / 1000::double precision AS speed, npcsim_internal.market_now() AS real, pg_catalog.clock_timestamp() AS wall,
                   (pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) / 86400)::bigint % 32)::smallint AS today
              FROM npcsim.world_moments m JOIN npcsim.world_clock c ON c.world_id = m.world_id
             WHERE m.world_id = pending_decisions.world_id),
        asked AS MATERIALIZED (
            SELECT d.npc_id, CASE d.status WHEN 1 THEN 'open' ELSE 'sent' END AS status, p.place, d.request_id, d.player_id, d.source_id, d.reason,
                   greatest(extract(epoch FROM moment.wall - d.opened_at_real), 0)::double precision AS age,
                   extract(epoch FROM moment.wall - d.sent_at_real)::double precision AS sent, p.viewers, p.priority
              FROM npcsim.decision_slots d
             CROSS JOIN moment
              LEFT JOIN npcsim.prioritize_npc_decisions(pending_decisions.world_id) p ON p.npc_id = d.npc_id AND p.request_id = d.request_id
             WHERE d.world_id = pending_decisions.world_id AND d.status > 0),
        lenders AS MATERIALIZED (
            SELECT l.player_id, pg_catalog.sum(l.slots)::double precision AS slots, pg_catalog.avg(l.answer_time) AS said
              FROM npcsim_internal.lenders(pending_decisions.world_id) l
             WHERE l.in_reach AND l.slots > 0 GROUP BY l.player_id),
        times AS (
            SELECT m.player_id, pg_catalog.sum(t.n * 0.0085 * pg_catalog.power(2, (t.place - 1) / 2.0)) / pg_catalog.sum(t.n) AS seconds
              FROM npcsim.source_minutes m CROSS JOIN moment
             CROSS JOIN LATERAL pg_catalog.unnest(m.decision_times) WITH ORDINALITY AS t (n, place)
             WHERE m.world_id = pending_decisions.world_id AND m.minute > moment.real - interval '1 hour' AND t.n > 0
               AND m.player_id IN (SELECT a.player_id FROM asked a)
             GROUP BY m.player_id),
        -- The questions of a player are answered so many at a time as it has slots.
        awaited AS (
            SELECT a.*, coalesce(t.seconds::double precision, l.said) AS answer_time, l.slots,
                   pg_catalog.count(*) OVER (PARTITION BY a.player_id ORDER BY (a.status = 'sent') DESC, a.place, a.npc_id) AS turn
              FROM asked a
              LEFT JOIN lenders l ON l.player_id = a.player_id
              LEFT JOIN times t ON t.player_id = a.player_id),
        -- Of one that was taken back, why it was is in the log; of what came before, what the mind will be told.
        erred AS (
            SELECT n.npc_id, coalesce(
                       (SELECT coalesce(l.detail, l.status) FROM npcsim.decision_log l CROSS JOIN moment
                         WHERE l.world_id = pending_decisions.world_id AND l.request_id = n.request_id AND l.day IN (moment.today, (moment.today + 31) % 32)
                           AND l.status <> 'applied'
                         ORDER BY l.finished_at_real DESC LIMIT 1),
                       (SELECT coalesce(e.event ->> 'message', e.event ->> 'reason', 'timeout')
                          FROM npcsim.npc_minds m CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(m.events) WITH ORDINALITY AS e (event, n)
                         WHERE m.world_id = pending_decisions.world_id AND m.npc_id = n.npc_id AND e.event ->> 'type' IN ('error', 'decision_failed', 'decision_timed_out')
                         ORDER BY e.n DESC LIMIT 1)) AS error
              FROM (SELECT a.npc_id, a.request_id FROM asked a
                    UNION ALL
                    SELECT d.npc_id, d.request_id
                      FROM npcsim.npc_minds m CROSS JOIN moment
                      JOIN npcsim.decision_slots d ON d.world_id = m.world_id AND d.npc_id = m.npc_id AND d.status = 0
                     WHERE m.world_id = pending_decisions.world_id AND m.asked_not_before > moment.now) AS n)
        SELECT a.npc_id, a.status, a.place, a.request_id, a.player_id, a.source_id, a.reason, a.age,
               CASE a.status WHEN 'sent' THEN greatest(a.answer_time - a.sent, 0)
                             ELSE a.answer_time * pg_catalog.ceil(a.turn / a.slots) END,
               a.viewers, a.priority, coalesce(m.failures, 0)::integer, e.error
          FROM awaited a
          LEFT JOIN npcsim.npc_minds m ON m.world_id = pending_decisions.world_id AND m.npc_id = a.npc_id
          LEFT JOIN erred e ON e.npc_id = a.npc_id
        UNION ALL
        SELECT m.npc_id, 'backing_off', NULL, NULL, i.controller_player_id, NULL, NULL,
               greatest(moment.now - m.unanswered_since, 0) / 1e6::double precision / moment.speed, (m.asked_not_before - moment.now) / 1e6::double precision / moment.speed,
               NULL, NULL, m.failures, e.error
          FROM npcsim.npc_minds m CROSS JOIN moment
          JOIN npcsim.npc_identities i ON i.world_id = m.world_id AND i.id = m.npc_id AND i.controller_player_id IS NOT NULL
          JOIN npcsim.npc_states s ON s.world_id = m.world_id AND s.npc_id = m.npc_id AND s.state <> 6
          LEFT JOIN erred e ON e.npc_id = m.npc_id
         WHERE m.world_id = pending_decisions.world_id AND m.asked_not_before > moment.now
           AND NOT EXISTS (SELECT FROM asked a WHERE a.npc_id = m.npc_id)
        UNION ALL
        SELECT s.npc_id, 'dormant', NULL, NULL, i.controller_player_id, NULL, NULL, (moment.now - s.state_since) / 1e6::double precision / moment.speed, NULL, NULL, NULL, 0, NULL
          FROM npcsim.npc_states s CROSS JOIN moment
          JOIN npcsim.npc_identities i ON i.world_id = s.world_id AND i.id = s.npc_id
         WHERE s.world_id = pending_decisions.world_id AND s.state = 6;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.pending_decisions(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.pending_decisions(bigint) IS
    'For the view decision_status: its rows of one world';

CREATE VIEW npcsim.decision_status AS
SELECT w.id AS world_id, p.npc_id, p.status, p.place, p.request_id, p.player_id, p.source_id, k.name AS source, p.reason, p.age, p.expected,
       p.viewers, p.priority, p.failures, p.last_error
  FROM npcsim.world_settings w
 CROSS JOIN LATERAL npcsim_internal.pending_decisions(w.id) p
  LEFT JOIN npcsim.compute_sources k ON k.id = p.source_id;
COMMENT ON VIEW npcsim.decision_status IS
    'NPCs for which something is pending: a question is open or sent, their mind is left alone since it failed, or they are dormant. A row for each';
COMMENT ON COLUMN npcsim.decision_status.status IS 'open: a question waits for a free slot of its player; sent: for the answer; backing_off: the mind failed, and is left alone for a while; dormant: nobody decides for the NPC';
COMMENT ON COLUMN npcsim.decision_status.place IS 'Place of an open question in the order of handing out, from 1: prioritize_npc_decisions()';
COMMENT ON COLUMN npcsim.decision_status.player_id IS 'Player whom the question is put to, or whose NPC it is';
COMMENT ON COLUMN npcsim.decision_status.source_id IS 'Source of compute it was sent to';
COMMENT ON COLUMN npcsim.decision_status.source IS 'Its name';
COMMENT ON COLUMN npcsim.decision_status.reason IS 'Why the mind is asked: as in decision_requests';
COMMENT ON COLUMN npcsim.decision_status.age IS 'Real seconds: of a question since it was opened; of who is backing off since the mind left a question without an answer that was carried out, of who is dormant since then, both at the speed that the world has now';
COMMENT ON COLUMN npcsim.decision_status.expected IS 'Real seconds until the answer is there, by what answers of the player took in the last hour, or by what it says they take, its slots, and its questions before this one; of who is backing off until the mind may be asked again. NULL: not known, as of one whose player is away';
COMMENT ON COLUMN npcsim.decision_status.viewers IS 'Who sees the NPC, as far as it counts: prioritize_npc_decisions()';
COMMENT ON COLUMN npcsim.decision_status.priority IS 'calculate_decision_priority()';
COMMENT ON COLUMN npcsim.decision_status.failures IS 'How many questions in a row came to nothing; 6 stands for more';
COMMENT ON COLUMN npcsim.decision_status.last_error IS 'What became of the last one that did, or why this one was taken back; NULL: nothing is known';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.decision_status
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('request_npc_decision(world_id, npc_id) asks a mind; explain_npc(world_id, npc_id) tells why nothing happens.');

-- The reasons are in the order in which they are to be mended: with the first one gone, the next one counts.
CREATE FUNCTION npcsim_internal.npc_explained(world_id bigint, npc_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        WITH npc AS MATERIALIZED (
            SELECT n.name, n.state, n.decider, n.controller_player_id AS player_id, n.controller_since, n.assigned, n.traced, n.daily_token_output,
                   w.allocation, w.decision_policy, w.built_in_fallback, w.max_tokens_per_day, w.max_tokens_per_player_per_day, w.max_tokens_per_npc_per_day,
                   o.status AS world_status, o.clock, o.daily_token_output AS world_tokens, a.username, a.status AS account, a.suspended_until_real, a.suspension_reason,
                   a.declared_tokens_per_day, npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) AS player_tokens,
                   s.state_since / 1e6::double precision AS since, s.decision_at / 1e6::double precision AS looked_at_at, s.event_at / 1e6::double precision AS ends_at,
                   m.failures, m.asked_not_before / 1e6::double precision AS asked_not_before, coalesce(m.budget_spent, false) AS budget_spent,
                   coalesce(pg_catalog.jsonb_array_length(m.plan), 0) AS plan, coalesce(pg_catalog.jsonb_array_length(m.events), 0) AS events
              FROM npcsim.npcs n
              JOIN npcsim.world_settings w ON w.id = n.world_id
              JOIN npcsim.worlds o ON o.id = n.world_id
              JOIN npcsim.npc_states s ON s.world_id = n.world_id AND s.npc_id = n.id
              LEFT JOIN npcsim.npc_minds m ON m.world_id = n.world_id AND m.npc_id = n.id
              LEFT JOIN npcsim.player_accounts a ON a.id = n.controller_player_id
             WHERE n.world_id = npc_explained.world_id AND n.id = npc_explained.npc_id),
        pending AS MATERIALIZED (
            SELECT p.*, d.timeout_ms, extract(epoch FROM pg_catalog.clock_timestamp() - d.sent_at_real)::double precision AS sent
              FROM npcsim_internal.pending_decisions(npc_explained.world_id) p
              LEFT JOIN npcsim.decision_slots d ON d.world_id = npc_explained.world_id AND d.npc_id = p.npc_id AND d.request_id = p.request_id
             WHERE p.npc_id = npc_explained.npc_id),
        lends AS MATERIALIZED (
            SELECT pg_catalog.count(*) AS connected, pg_catalog.count(*) FILTER (WHERE l.in_reach) AS in_reach,
                   coalesce(pg_catalog.sum(l.slots) FILTER (WHERE l.in_reach), 0) AS slots,
                   coalesce(pg_catalog.sum(l.slots) FILTER (WHERE l.in_reach AND (k.id IS NULL OR npcsim_internal.source_state(k.state, k.until_real) = 'active')), 0) AS active_slots,
                   (pg_catalog.array_agg(npcsim_internal.source_state(k.state, k.until_real) ORDER BY k.id))[1] AS state,
                   coalesce(pg_catalog.bool_and(npcsim_internal.source_is_limited(k.id, l.rate)) FILTER (WHERE l.in_reach AND l.slots > 0 AND npcsim_internal.source_state(k.state, k.until_real) = 'active'), false) AS limited,
                   (pg_catalog.array_agg(k.reason ORDER BY k.id))[1] AS reason, (pg_catalog.array_agg(k.until_real ORDER BY k.id))[1] AS until_real
              FROM npc
              JOIN npcsim_internal.lenders(npc_explained.world_id) l ON l.player_id = npc.player_id
              LEFT JOIN npcsim.compute_sources k ON k.id = l.source_id),
        waiting AS MATERIALIZED (SELECT npcsim_internal.player_wait(npc.player_id) AS seconds FROM npc),
        -- Those from 10 to 27 keep the mind of its player from being asked; what follows has it wait.
        reasons (n, reason, holds, told, until_clock, until_real) AS (
            SELECT r.*
              FROM npc CROSS JOIN lends CROSS JOIN waiting LEFT JOIN pending p ON true
             CROSS JOIN LATERAL (VALUES
                   (1, 'parked', npc.world_status = 'parked', 'the world was restored, and not adopted yet: adopt_world(world_id)', NULL::double precision, NULL::timestamptz),
                   (2, 'paused', npc.world_status = 'paused', 'the world is paused: start_world(world_id)', NULL, NULL),
                   (3, 'dormant', npc.state = 'dormant',
                    CASE npc.decider WHEN 'operator' THEN 'an operator put it to sleep: set_npc_dormant(world_id, npc_id, false) wakes it'
                                     ELSE 'its mind cannot be asked, and built_in_fallback is off: it wakes when it can' END, NULL, NULL),
                   (4, 'no_policy', npc.decision_policy = 'none', 'decision_policy is none: minds are asked by request_npc_decision(world_id, npc_id) alone', NULL, NULL),
                   (5, 'built_in', npc.player_id IS NULL AND p.request_id IS NULL, 'it has no player: the built-in mind decides for it', npc.looked_at_at, NULL),
                   (10, 'standby', npc.player_id IS NOT NULL AND pg_catalog.pg_is_in_recovery(), 'who is connected is not known on a standby: ask the primary', NULL, NULL),
                   (11, 'banned', npc.account = 'banned', 'its player is banned', NULL, NULL),
                   (12, 'suspended', npc.suspended_until_real > npcsim_internal.market_now(), pg_catalog.concat('its player is suspended: ', coalesce(npc.suspension_reason, 'an operator decided so')), NULL, npc.suspended_until_real),
                   (13, 'not_connected', npc.player_id IS NOT NULL AND NOT pg_catalog.pg_is_in_recovery() AND lends.connected = 0, 'its player is not connected to lend compute', NULL, NULL),
                   (14, 'silent', lends.connected > 0 AND lends.in_reach = 0, 'its player has not been heard of for 30 s', NULL, NULL),
                   (15, 'no_slots', lends.in_reach > 0 AND lends.slots = 0, 'its player takes no question at the moment: max_concurrency of its heartbeats is 0', NULL, NULL),
                   (16, 'source_' || lends.state, lends.slots > 0 AND lends.active_slots = 0, pg_catalog.concat_ws(': ', 'no source of its player is active', lends.reason), NULL, lends.until_real),
                   (17, 'world_tokens_spent', npc.max_tokens_per_day > 0 AND npc.world_tokens >= npc.max_tokens_per_day, 'the world''s tokens of the day (UTC) are spent: max_tokens_per_day', NULL, NULL),
                   (18, 'player_tokens_spent', npc.max_tokens_per_player_per_day > 0 AND npc.player_tokens >= npc.max_tokens_per_player_per_day, 'its player''s tokens of the day (UTC) are spent: max_tokens_per_player_per_day', NULL, NULL),
                   (19, 'declared_tokens_spent', npc.declared_tokens_per_day > 0 AND npc.player_tokens >= npc.declared_tokens_per_day, 'its player has spent what it declared for the day (UTC): declare_compute(player_id, tokens_per_day)', NULL, NULL),
                   (20, 'npc_tokens_spent', npc.player_id IS NOT NULL AND (npc.budget_spent OR (npc.max_tokens_per_npc_per_day > 0 AND npc.daily_token_output >= npc.max_tokens_per_npc_per_day)),
                    'its tokens of the day (UTC) are spent: max_tokens_per_npc_per_day', NULL, NULL),
                   (28, 'paced', waiting.seconds > 0 AND waiting.seconds < 'Infinity' AND p.status IS DISTINCT FROM 'sent', 'tokens of its player, or of the world, are to last the day: what is not urgent waits', NULL,
                    CASE WHEN waiting.seconds < 'Infinity' THEN npcsim_internal.market_now() + pg_catalog.make_interval(secs => waiting.seconds) END),
                   (29, 'rate_limited', lends.limited, 'its player''s sources were asked as often as they may be: decisions_per_second', NULL, NULL),
                   (30, 'thinking', p.status = 'sent', pg_catalog.format('its mind was asked %s s ago, and is waited for for %s s', pg_catalog.round(p.sent::numeric, 1), pg_catalog.round(p.timeout_ms / 1000.0, 1)), NULL, NULL),
                   (31, 'waits_for_slot', p.status = 'open', CASE WHEN p.player_id IS NULL THEN pg_catalog.format('its question waits for a free slot of any source that remembers nothing: number %s of the world''s', p.place)
                                                                 ELSE pg_catalog.format('its question waits for a free slot of its player: number %s of the world''s, and its player has %s', p.place, lends.active_slots) END, NULL, NULL),
                   (32, 'backing_off', npc.player_id IS NOT NULL AND npc.asked_not_before > npc.clock,
                    pg_catalog.concat_ws(': ', pg_catalog.format('its mind came to nothing %s times in a row, and is left alone for a while, but for invitations and messages', npc.failures), p.last_error), npc.asked_not_before, NULL),
                   (33, 'invites', npc.state = 'requesting', 'it waits for the answers to its invitation', NULL, NULL),
                   (34, 'no_occasion', npc.player_id IS NOT NULL AND npc.state <> 'dormant' AND npc.decision_policy <> 'none' AND p.request_id IS NULL AND NOT coalesce(npc.asked_not_before > npc.clock, false),
                    pg_catalog.concat('nothing calls for its mind: it is ', npc.state, CASE WHEN npc.plan > 0 THEN pg_catalog.format(', and has a plan of %s more', npc.plan) END),
                    least(npc.looked_at_at, npc.ends_at), NULL))
                   AS r (n, reason, holds, told, until_clock, until_real)
             WHERE r.holds),
        hindered AS (SELECT r.reason FROM reasons r WHERE r.n BETWEEN 10 AND 27 ORDER BY r.n LIMIT 1)
        SELECT pg_catalog.jsonb_build_object(
                   'world_id', npc_explained.world_id, 'npc_id', npc_explained.npc_id, 'name', npc.name, 'clock', npc.clock,
                   'decides', CASE WHEN npc.state = 'dormant' OR npc.decision_policy = 'none' THEN 'nobody'
                                   WHEN npc.player_id IS NOT NULL AND h.reason IS NULL THEN 'player'
                                   WHEN p.request_id IS NOT NULL THEN 'pool' ELSE 'built_in' END,
                   'because', CASE WHEN npc.state = 'dormant' THEN 'dormant'
                                   WHEN npc.decision_policy = 'none' THEN 'no_policy'
                                   WHEN npc.player_id IS NULL THEN CASE WHEN npc.assigned THEN 'kept' ELSE 'unassigned' END
                                   WHEN h.reason IS NOT NULL THEN h.reason
                                   WHEN npc.assigned THEN 'assigned' ELSE npc.allocation END,
                   'player', CASE WHEN npc.player_id IS NOT NULL THEN
                        pg_catalog.jsonb_build_object('id', npc.player_id, 'username', npc.username, 'since', npc.controller_since, 'assigned', npc.assigned,
                                                      'connected', lends.in_reach > 0, 'slots', lends.active_slots) END,
                   'doing', pg_catalog.jsonb_build_object('state', npc.state, 'decider', npc.decider, 'since', npc.since, 'ends', npc.ends_at, 'plan', npc.plan),
                   'pending', CASE WHEN p.request_id IS NOT NULL THEN
                        pg_catalog.jsonb_build_object('request_id', p.request_id, 'status', p.status, 'reason', p.reason, 'age', p.age, 'expected', p.expected, 'place', p.place,
                                                      'viewers', p.viewers, 'priority', p.priority, 'source_id', p.source_id, 'sent', p.sent, 'timeout', p.timeout_ms / 1000::double precision) END,
                   'mind', pg_catalog.jsonb_build_object('failures', coalesce(npc.failures, 0), 'events', npc.events, 'last_error', p.last_error),
                   'traced', npc.traced,
                   'waits', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                                                 'reason', r.reason, 'text', r.told, 'until_clock', r.until_clock, 'until_real', r.until_real)) ORDER BY r.n)
                                        FROM reasons r), '[]'))
          FROM npc CROSS JOIN lends LEFT JOIN pending p ON true LEFT JOIN hindered h ON true;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.npc_explained(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.npc_explained(bigint, bigint) IS
    'What explain_npc() returns; NULL: there is no such NPC';

CREATE FUNCTION npcsim.explain_npc(world_id bigint, npc_id bigint) RETURNS jsonb
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_explain_npc';
REVOKE ALL ON FUNCTION npcsim.explain_npc(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.explain_npc(bigint, bigint) IS
    'Who decides for an NPC and why, what is pending, and why nothing happens: {"decides": player, pool (a source that remembers nothing is asked in its place), built_in or nobody, "because", "player", "doing", "pending", "mind", "waits": [{"reason", "text", "until_clock", "until_real"}], the first to be mended first}. The manual has the words. Errors: NS101 no such world, NS201 no such NPC';

CREATE FUNCTION npcsim_internal.assignment_explained(player_id bigint) RETURNS jsonb
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        WITH player AS MATERIALIZED (
            SELECT a.id, a.world_id, a.username, a.status, a.declared_tokens_per_day, a.warned_at_real, a.suspended_until_real, a.suspension_reason,
                   w.allocation, npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) AS tokens,
                   (w.max_tokens_per_day > 0 AND npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) >= w.max_tokens_per_day)
                   OR (w.max_tokens_per_player_per_day > 0 AND npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) >= w.max_tokens_per_player_per_day)
                   OR (a.declared_tokens_per_day > 0 AND npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) >= a.declared_tokens_per_day) AS spent
              FROM npcsim.player_accounts a
              JOIN npcsim.world_settings w ON w.id = a.world_id
              LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id
             WHERE a.id = assignment_explained.player_id),
        lenders AS MATERIALIZED (
            SELECT l.source_id, l.in_reach AND l.slots > 0 AS lends, l.slots, l.rate
              FROM player JOIN npcsim_internal.lenders(player.world_id) l ON l.player_id = player.id),
        asked AS MATERIALIZED (
            SELECT d.source_id, pg_catalog.count(*) AS questions
              FROM player JOIN npcsim.decision_slots d ON d.world_id = player.world_id
             WHERE d.status = 2 AND d.source_id IS NOT NULL GROUP BY d.source_id)
        SELECT pg_catalog.jsonb_build_object(
                   'player_id', player.id, 'world_id', player.world_id, 'username', player.username, 'status', player.status, 'allocation', player.allocation,
                   'suspended_until', CASE WHEN player.suspended_until_real > npcsim_internal.market_now() THEN player.suspended_until_real END,
                   'suspension_reason', CASE WHEN player.suspended_until_real > npcsim_internal.market_now() THEN player.suspension_reason END,
                   'warned_until', player.warned_at_real + interval '1 hour',
                   'connected', EXISTS (SELECT FROM lenders l WHERE l.lends),
                   'tokens', pg_catalog.jsonb_build_object('declared', player.declared_tokens_per_day, 'today', player.tokens, 'spent', player.spent),
                   'tier', e.tier, 'reliability', e.reliability, 'demand', e.demand, 'proof', e.proof, 'weight', e.weight,
                   'entitlement', e.entitlement, 'because', e.reason, 'held', e.held, 'by_hand', e.assigned,
                   'sources', coalesce((
                       SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                  'id', k.id, 'name', k.name, 'kind', k.kind, 'stateless', k.stateless, 'state', c.state,
                                  'reason', CASE WHEN c.state <> 'active' THEN k.reason END, 'until', CASE WHEN c.state <> 'active' THEN k.until_real END,
                                  'connected', c.connected, 'slots', coalesce(l.slots, 0), 'in_flight', coalesce(q.questions, 0),
                                  'idle', npcsim_internal.source_idle(c.connected, c.state, player.spent OR coalesce(npcsim_internal.player_wait(player.id) > 0, false),
                                                                      npcsim_internal.source_is_limited(k.id, coalesce(l.rate, 0)), coalesce(q.questions, 0) > 0)) ORDER BY k.id)
                         FROM npcsim.compute_sources k
                         LEFT JOIN lenders l ON l.source_id = k.id
                         LEFT JOIN asked q ON q.source_id = k.id
                        CROSS JOIN LATERAL (SELECT npcsim_internal.source_state(k.state, k.until_real) AS state, coalesce(l.lends, false) AS connected) c
                        WHERE k.player_id = player.id), '[]'))
          FROM player CROSS JOIN LATERAL npcsim.calculate_player_npc_allocation(player.id, player.world_id) e;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.assignment_explained(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.assignment_explained(bigint) IS
    'What explain_assignment() returns; NULL: there is no such player';

CREATE FUNCTION npcsim.explain_assignment(player_id bigint) RETURNS jsonb
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_explain_assignment';
REVOKE ALL ON FUNCTION npcsim.explain_assignment(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.explain_assignment(bigint) IS
    'How many NPCs a player has, is entitled to and why, and what its sources do: what calculate_player_npc_allocation() tells (by_hand: those that an operator assigned), and "sources": [{"id", "name", "kind", "state", "connected", "slots", "in_flight", "idle": why it is asked nothing}]. The manual has the words. Errors: NS203 no such player';

-- ---- suspensions ----

CREATE FUNCTION npcsim_internal.tell_suspensions() RETURNS bigint
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_tell_suspensions';
REVOKE ALL ON FUNCTION npcsim_internal.tell_suspensions() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.tell_suspensions() IS
    'Records in their worlds whose players or sources were suspended, or are back, since it was last told; returns how many. Workers call it every 5 s; worlds that somebody holds are told the next time';

-- ---- one decision ----

CREATE FUNCTION npcsim_internal.first_event_since(world_id bigint, clock bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    low bigint := 1;
    high bigint;
    middle bigint;
    there bigint;
BEGIN
    SELECT c.next_event INTO high FROM npcsim.world_clock c WHERE c.world_id = first_event_since.world_id;
    WHILE low < high LOOP
        middle := (low + high) / 2;
        SELECT l.clock INTO there FROM npcsim.world_event_log l
         WHERE l.world_id = first_event_since.world_id AND l.last_sequence >= middle ORDER BY l.last_sequence LIMIT 1;
        IF there < first_event_since.clock THEN
            low := middle + 1;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.first_event_since(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.first_event_since(bigint, bigint) IS
    'Number of the first event of a world whose row in world_event_log begins at this moment (microseconds) or later: found by halves, since there is no index by time';

CREATE FUNCTION npcsim_internal.events_of_npc(world_id bigint, npc_id bigint, since bigint, until bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                            'sequence', h.sequence, 'clock', h.clock / 1e6::double precision, 'kind', h.kind, 'target_id', h.target_id,
                            'interaction_id', h.interaction_id, 'data', h.data)) ORDER BY h.sequence), '[]')
          FROM (SELECT l.first_sequence + e.n - 1 AS sequence, l.clock + e.after AS clock, npcsim_internal.world_event_kind_name(e.kind) AS kind,
                       e.target_id, e.interaction_id, e.data
                  FROM npcsim.world_event_log l
                 CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(l.kinds), pg_catalog.unnest(l.after), pg_catalog.unnest(l.npc_ids), pg_catalog.unnest(l.target_ids),
                                               pg_catalog.unnest(l.interaction_ids), pg_catalog.unnest(l.data))
                       WITH ORDINALITY AS e (kind, after, npc_id, target_id, interaction_id, data, n)
                 WHERE l.world_id = events_of_npc.world_id
                   -- a row has 64 events at most, and those of the row before may be as late
                   AND l.last_sequence >= npcsim_internal.first_event_since(events_of_npc.world_id, events_of_npc.since) - 64
                   AND l.last_sequence <= npcsim_internal.first_event_since(events_of_npc.world_id, events_of_npc.until) + 64
                   AND e.npc_id = events_of_npc.npc_id AND l.clock + e.after >= events_of_npc.since AND l.clock + e.after < events_of_npc.until
                 ORDER BY l.last_sequence, e.n LIMIT 20) AS h;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.events_of_npc(bigint, bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.events_of_npc(bigint, bigint, bigint, bigint) IS
    'The first 20 events of an NPC between two moments of its world (microseconds)';

-- A standby has no such rows, and a statement that names their table could not even be planned there.
CREATE FUNCTION npcsim_internal.observations_kept(world_id bigint, request_id bigint, npc_id bigint, most integer) RETURNS SETOF npcsim.observation_log
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 10
    AS $$
BEGIN
    IF pg_is_in_recovery() THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT o.*
      FROM npcsim.observation_log o
     WHERE o.world_id = observations_kept.world_id
       AND (observations_kept.request_id IS NULL OR observations_kept.request_id = ANY (o.request_ids))
       AND (observations_kept.npc_id IS NULL OR observations_kept.npc_id = ANY (o.npc_ids))
     ORDER BY o.at_real DESC LIMIT observations_kept.most;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.observations_kept(bigint, bigint, bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.observations_kept(bigint, bigint, bigint, integer) IS
    'Rows of observation_log that are about a request, or about an NPC, the latest first; none on a standby';

CREATE FUNCTION npcsim_internal.decision_explained(world_id bigint, request_id bigint, player_id bigint DEFAULT NULL) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        WITH slot AS MATERIALIZED (
            SELECT d.npc_id, d.player_id, d.source_id, d.reason, d.opened_at_real, d.sent_at_real, d.opened_at, d.status
              FROM npcsim.decision_slots d
             WHERE d.world_id = decision_explained.world_id AND d.request_id = decision_explained.request_id
               AND (decision_explained.player_id IS NULL OR d.player_id = decision_explained.player_id)),
        log AS MATERIALIZED (
            SELECT l.world_id, l.request_id, l.npc_id, l.player_id, l.reason, l.status, l.code, l.detail, l.decision, l.tokens, l.clock, l.opened_at_real,
                   l.sent_at_real, l.finished_at_real, l.source_id, l.credit_us, l.plausibility
              FROM npcsim.decision_log l
             WHERE l.world_id = decision_explained.world_id AND l.request_id = decision_explained.request_id
               AND (decision_explained.player_id IS NULL OR l.player_id = decision_explained.player_id)),
        told AS MATERIALIZED (
            SELECT o.at_real, o.clock, o.npc_ids[p.place] AS npc_id, o.player_ids[p.place] AS player_id, (pg_catalog.string_to_array(o.told, E'\n'))[p.place]::jsonb AS frame
              FROM npcsim_internal.observations_kept(decision_explained.world_id, decision_explained.request_id, NULL, 10) o
             CROSS JOIN LATERAL (SELECT pg_catalog.array_position(o.request_ids, decision_explained.request_id) AS place) p
             WHERE decision_explained.player_id IS NULL OR o.player_ids[p.place] = decision_explained.player_id),
        one AS MATERIALIZED (
            SELECT coalesce((SELECT s.npc_id FROM slot s), (SELECT l.npc_id FROM log l ORDER BY l.finished_at_real DESC LIMIT 1), (SELECT t.npc_id FROM told t LIMIT 1)) AS npc_id,
                   coalesce((SELECT s.reason FROM slot s), (SELECT l.reason FROM log l LIMIT 1), (SELECT t.frame ->> 'reason' FROM told t LIMIT 1)) AS reason,
                   coalesce((SELECT pg_catalog.min(l.opened_at_real) FROM log l), (SELECT s.opened_at_real FROM slot s)) AS opened_at_real,
                   coalesce((SELECT CASE s.status WHEN 1 THEN 'open' WHEN 2 THEN 'sent' END FROM slot s), 'closed') AS status),
        -- What it did lasts until the NPC's next answer, at most.
        done AS MATERIALIZED (
            SELECT l.npc_id, pg_catalog.round(l.clock::numeric * 1000000)::bigint AS since,
                   least(pg_catalog.round(l.clock::numeric * 1000000)::bigint + 60000000,
                         (SELECT pg_catalog.round(n.clock::numeric * 1000000)::bigint FROM npcsim.decision_log n
                           WHERE n.world_id = l.world_id AND n.npc_id = l.npc_id AND n.status IN ('applied', 'late') AND n.request_id <> l.request_id
                             AND n.finished_at_real > l.finished_at_real AND n.finished_at_real < l.finished_at_real + interval '60 s'
                           ORDER BY n.finished_at_real LIMIT 1)) AS until
              FROM log l WHERE l.status IN ('applied', 'late') ORDER BY l.finished_at_real LIMIT 1)
        SELECT pg_catalog.jsonb_build_object(
                   'world_id', decision_explained.world_id, 'request_id', decision_explained.request_id, 'npc_id', one.npc_id, 'reason', one.reason, 'status', one.status,
                   'opened_at_real', one.opened_at_real,
                   'told', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('at_real', t.at_real, 'clock', t.clock / 1e6::double precision,
                                                                                               'player_id', t.player_id, 'observations', t.frame -> 'observations') ORDER BY t.at_real) FROM told t), '[]'),
                   'answers', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                   'status', l.status, 'code', l.code, 'detail', l.detail, 'decision', l.decision, 'player_id', l.player_id, 'source_id', l.source_id,
                                                   'source', k.name, 'sent_at_real', l.sent_at_real, 'finished_at_real', l.finished_at_real, 'clock', l.clock, 'tokens', l.tokens,
                                                   'cost', k.cost_per_decision / 1000000::double precision, 'npc_seconds', l.credit_us / 1000000::double precision,
                                                   'plausibility', l.plausibility / 1000::double precision) ORDER BY l.finished_at_real)
                                          FROM log l LEFT JOIN npcsim.compute_sources k ON k.id = l.source_id), '[]'),
                   'did', (SELECT npcsim_internal.events_of_npc(decision_explained.world_id, done.npc_id, done.since, done.until) FROM done))
          FROM one WHERE one.npc_id IS NOT NULL;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.decision_explained(bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.decision_explained(bigint, bigint, bigint) IS
    'What explain_decision() returns; NULL: nothing is known of it. player_id: only what that player was told and answered';

CREATE FUNCTION npcsim.explain_decision(world_id bigint, request_id bigint) RETURNS jsonb
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_explain_decision';
REVOKE ALL ON FUNCTION npcsim.explain_decision(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.explain_decision(bigint, bigint) IS
    'What a decision was made of, and what came of it: {"npc_id", "reason", "status": open, sent or closed, "told": what minds were told, as it was given (while observation_log has it), "answers": what decision_log has of it, each with verdict, plausibility (0 to 1), tokens, cost and the NPC-seconds it was paid, "did": events of the NPC from then to its next decision, 60 world s and 20 of them at most; null: nothing was carried out}. Errors: NS101 no such world, NS301 nothing is known of such a request';

CREATE FUNCTION npcsim.explain_npc_decisions(world_id bigint, npc_id bigint, max_decisions integer DEFAULT 10)
    RETURNS TABLE (at_real timestamptz, clock double precision, request_id bigint, explained jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 10
    BEGIN ATOMIC
        WITH kept AS MATERIALIZED (
            SELECT o.at_real, o.clock, o.request_ids[p.place] AS request_id, (pg_catalog.string_to_array(o.told, E'\n'))[p.place] AS told
              FROM npcsim_internal.observations_kept(explain_npc_decisions.world_id, NULL, explain_npc_decisions.npc_id, explain_npc_decisions.max_decisions) o
             CROSS JOIN LATERAL (SELECT pg_catalog.array_position(o.npc_ids, explain_npc_decisions.npc_id) AS place) p),
        -- Its last request is known whatever is kept.
        found AS (
            SELECT k.at_real, k.clock, k.request_id, k.told FROM kept k
            UNION ALL
            SELECT d.opened_at_real, d.opened_at, d.request_id, NULL
              FROM npcsim.decision_slots d
             WHERE d.world_id = explain_npc_decisions.world_id AND d.npc_id = explain_npc_decisions.npc_id
               AND NOT EXISTS (SELECT FROM kept k WHERE k.request_id = d.request_id))
        SELECT f.at_real, f.clock / 1e6::double precision, f.request_id,
               CASE WHEN f.request_id IS NULL
                    THEN f.told::jsonb || pg_catalog.jsonb_build_object('did', npcsim_internal.events_of_npc(explain_npc_decisions.world_id, explain_npc_decisions.npc_id, f.clock, f.clock + 3000000))
                    ELSE npcsim_internal.decision_explained(explain_npc_decisions.world_id, f.request_id) END
          FROM found f
         ORDER BY f.at_real DESC LIMIT explain_npc_decisions.max_decisions;
    END;
REVOKE ALL ON FUNCTION npcsim.explain_npc_decisions(bigint, bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.explain_npc_decisions(bigint, bigint, integer) IS
    'The last decisions about an NPC of which observation_log knows, the latest first: of minds, as explain_decision() tells; of the built-in mind (request_id NULL), while the NPC is traced: {"by": "built_in", "state", "needs", "ranking": [{"rank", "action", …}], "chose", "refused": why it could not be done, or null, "did"}. No row: nothing is known. Errors: 2201W max_decisions is negative';

-- ---- shares: who decides for whom ----
ALTER TABLE npcsim.world_settings
    ADD COLUMN enable_commercial_fallback boolean NOT NULL DEFAULT false,
    ADD COLUMN server_backup_enabled boolean NOT NULL DEFAULT false,
    ADD COLUMN server_api_cost bigint NOT NULL DEFAULT 0 CHECK (server_api_cost BETWEEN 0 AND 1000000000000),
    ADD COLUMN server_api_cap_per_day bigint NOT NULL DEFAULT 0 CHECK (server_api_cap_per_day BETWEEN 0 AND 1000000000000),
    ADD COLUMN hybrid_cap_per_day bigint NOT NULL DEFAULT 0 CHECK (hybrid_cap_per_day BETWEEN 0 AND 1000000000000);
COMMENT ON COLUMN npcsim.world_settings.enable_commercial_fallback IS 'Whether decisions may be bought for NPCs that no player''s mind can be asked about';
COMMENT ON COLUMN npcsim.world_settings.server_backup_enabled IS 'Whether they may be put to the operators'' API source (compute_sources of kind server_api_key)';
COMMENT ON COLUMN npcsim.world_settings.server_api_cost IS 'Price of such a decision, in millionths of the operators'' currency, 0 to 10^12';
COMMENT ON COLUMN npcsim.world_settings.server_api_cap_per_day IS 'Millionths that the world may spend on them from midnight to midnight UTC, 0 to 10^12. 0: nothing but what is free';
COMMENT ON COLUMN npcsim.world_settings.hybrid_cap_per_day IS 'The same of each player with a source of kind hybrid, who pays for its own NPCs';
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
       w.need_decay_max / 1000000::double precision AS need_decay_max,
       w.allocation, w.absence_grace, w.pause_grace, w.min_tenure, w.estimated_tokens_per_npc_per_day, w.tokens_per_decision,
       w.max_npcs_per_player, w.on_insufficient_compute, w.built_in_fallback,
       w.enable_commercial_fallback, w.server_backup_enabled, w.server_api_cost, w.server_api_cap_per_day, w.hybrid_cap_per_day
  FROM npcsim.world_settings w
  JOIN npcsim.world_clock c ON c.world_id = w.id;
COMMENT ON VIEW npcsim.worlds IS
    'Worlds. name, max_players, min_tokens_per_npc_per_day, max_tokens_per_npc_per_day, max_tokens_per_player_per_day, max_tokens_per_day, owner_player_id, decision_policy, durability, view_buffer, spectators, speed, idle_interval, need_decay_min, need_decay_max, allocation, absence_grace, pause_grace, min_tenure, estimated_tokens_per_npc_per_day, tokens_per_decision, max_npcs_per_player, on_insufficient_compute, built_in_fallback, enable_commercial_fallback, server_backup_enabled, server_api_cost, server_api_cap_per_day and hybrid_cap_per_day can be updated; create_world() and drop_world() make and remove worlds';
COMMENT ON COLUMN npcsim.worlds.enable_commercial_fallback IS 'Whether decisions may be bought for NPCs that no player''s mind can be asked about';
COMMENT ON COLUMN npcsim.worlds.server_backup_enabled IS 'Whether they may be put to the operators'' API source (compute_sources of kind server_api_key)';
COMMENT ON COLUMN npcsim.worlds.server_api_cost IS 'Price of such a decision, in millionths of the operators'' currency, 0 to 10^12';
COMMENT ON COLUMN npcsim.worlds.server_api_cap_per_day IS 'Millionths that the world may spend on them from midnight to midnight UTC, 0 to 10^12. 0: nothing but what is free';
COMMENT ON COLUMN npcsim.worlds.hybrid_cap_per_day IS 'The same of each player with a source of kind hybrid, who pays for its own NPCs';

-- Who decides for NPCs whose own mind cannot, and what that costs.

-- Both tables are delivery, not the state of a world: no replay knows of them. No foreign keys, since they are dumped.
CREATE TABLE npcsim.server_api_spending (
    world_id bigint NOT NULL,
    day date NOT NULL,
    player_id bigint NOT NULL,
    decisions bigint NOT NULL,
    cost bigint NOT NULL CHECK (cost >= 0),
    CONSTRAINT server_api_spending_key PRIMARY KEY (world_id, day, player_id)
) WITH (fillfactor = 50);
SELECT pg_catalog.pg_extension_config_dump('npcsim.server_api_spending', '');
COMMENT ON TABLE npcsim.server_api_spending IS 'What was spent on the operators'' API source, by days: counted when a question is given to it, whatever becomes of it. Forgotten by prune_logs() after 400 days';
COMMENT ON COLUMN npcsim.server_api_spending.day IS 'Day (UTC)';
COMMENT ON COLUMN npcsim.server_api_spending.player_id IS 'Who pays: a player with a source of kind hybrid; 0: the world';
COMMENT ON COLUMN npcsim.server_api_spending.decisions IS 'Questions';
COMMENT ON COLUMN npcsim.server_api_spending.cost IS 'Millionths of the operators'' currency: of each question the server_api_cost of then';

CREATE TABLE npcsim.fallback_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    world_id bigint NOT NULL,
    npc_id bigint NOT NULL,
    request_id bigint,
    step text NOT NULL CHECK (step IN ('controller', 'stateless', 'player_api', 'server_api', 'built_in', 'dormant')),
    reason text NOT NULL CHECK (pg_catalog.char_length(reason) BETWEEN 1 AND 200),
    source_id bigint,
    player_id bigint,
    cost bigint NOT NULL DEFAULT 0 CHECK (cost >= 0),
    at_real timestamptz NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.fallback_log', '');
SELECT pg_catalog.pg_extension_config_dump('npcsim.fallback_log_id_seq', '');
CREATE INDEX fallback_log_at ON npcsim.fallback_log (at_real);
COMMENT ON TABLE npcsim.fallback_log IS 'Steps that were taken for NPCs whose own mind could not decide. Forgotten by prune_logs() after npcsim.decision_log_days';
COMMENT ON COLUMN npcsim.fallback_log.request_id IS 'The question that was open; NULL: none was';
COMMENT ON COLUMN npcsim.fallback_log.step IS 'Who decides: controller (the player''s mind), stateless (another player''s, which remembers nothing), player_api (the API of its player), server_api (the operators''), built_in (the built-in mind) or dormant (nobody)';
COMMENT ON COLUMN npcsim.fallback_log.reason IS 'Why none of the steps before';
COMMENT ON COLUMN npcsim.fallback_log.source_id IS 'Source of compute of the step; NULL: it has none';
COMMENT ON COLUMN npcsim.fallback_log.player_id IS 'Player who pays for it; NULL: nobody does, or the world';
COMMENT ON COLUMN npcsim.fallback_log.cost IS 'Millionths of the operators'' currency';
COMMENT ON COLUMN npcsim.fallback_log.at_real IS 'When';

CREATE FUNCTION npcsim.assign_npc_with_fallback(world_id bigint, npc_id bigint, OUT step text, OUT reason text, OUT source_id bigint, OUT request_id bigint, OUT cost bigint)
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_assign_npc_with_fallback';
REVOKE ALL ON FUNCTION npcsim.assign_npc_with_fallback(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.assign_npc_with_fallback(bigint, bigint) IS
    'Says who decides for an NPC next, and has it so: the mind of its player, a source that remembers nothing, its player''s API, the operators'' API (enable_commercial_fallback, server_backup_enabled, server_api_cost and the caps of the world), the built-in mind (built_in_fallback), or nobody: then it sleeps until a mind can be asked. Steps at which its open question failed already are left out. Wakes an NPC that sleeps if somebody decides for it, unless an operator put it to sleep. Each call is a row of fallback_log. step: as there; reason: why none before; source_id: who is to answer; request_id: the open question; cost: millionths that it is charged. Errors: NS101 no such world, NS102 parked, NS201 no such NPC, NS302 an operator put it to sleep';

ALTER TABLE npcsim.person_days ADD COLUMN credit_us bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN npcsim.person_days.credit_us IS 'NPC-microseconds that their answers earned; 0 of days before 0.9.0';
-- pgspot PS002: the function is a member of the extension; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.export_person(person_id bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
DECLARE
    accounts bigint[];
    worlds bigint[];
    sessions jsonb := '[]';
    exported jsonb;
BEGIN
    IF NOT EXISTS (SELECT FROM npcsim.persons p WHERE p.id = export_person.person_id) THEN
        RAISE EXCEPTION 'person % does not exist', person_id USING ERRCODE = 'NS206',
            DETAIL = 'There is no person with this id.', HINT = 'SELECT id, name FROM npcsim.persons lists them.';
    END IF;
    SELECT coalesce(array_agg(a.id), '{}'), coalesce(array_agg(DISTINCT a.world_id), '{}') INTO accounts, worlds
      FROM npcsim.player_accounts a WHERE a.person_id = export_person.person_id;
    IF NOT pg_is_in_recovery() THEN -- a standby has no sessions
        SELECT coalesce(jsonb_agg(to_jsonb(s) - '{gateway_id,ended,end_reason}'::text[] ORDER BY s.id), '[]') INTO sessions
          FROM npcsim.sessions s WHERE s.player_id = ANY (accounts);
    END IF;
    SELECT jsonb_build_object(
               'person', (SELECT to_jsonb(p) FROM npcsim.persons p WHERE p.id = export_person.person_id),
               'accounts', (SELECT coalesce(jsonb_agg(to_jsonb(a) - '{token_hash,person_id}'::text[]
                                                      || jsonb_build_object('world', w.name,
                                                                            'npc_ids', (SELECT coalesce(jsonb_agg(i.id ORDER BY i.id), '[]') FROM npcsim.npc_identities i
                                                                                         WHERE i.world_id = a.world_id AND i.controller_player_id = a.id))
                                                      ORDER BY a.id), '[]')
                              FROM npcsim.player_accounts a LEFT JOIN npcsim.world_settings w ON w.id = a.world_id WHERE a.id = ANY (accounts)),
               'sources', (SELECT coalesce(jsonb_agg(to_jsonb(k) ORDER BY k.id), '[]') FROM npcsim.compute_sources k WHERE k.player_id = ANY (accounts)),
               'sessions', sessions,
               'violations', (SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY v.at_real, v.id), '[]') FROM npcsim.security_violations v WHERE v.player_id = ANY (accounts)),
               'days', (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.day), '[]')
                          FROM (SELECT t.day, sum(t.asked) AS asked, sum(t.accepted) AS accepted, sum(t.tokens) AS tokens, sum(t.credit_us) AS credit_us
                                  FROM (SELECT h.day, h.asked, h.accepted, h.tokens, h.credit_us FROM npcsim.person_days h WHERE h.person_id = export_person.person_id
                                        UNION ALL
                                        SELECT (l.finished_at_real AT TIME ZONE 'UTC')::date, 1, (l.status IN ('applied', 'late'))::integer, coalesce(l.tokens, 0),
                                               CASE WHEN l.status IN ('applied', 'late') THEN coalesce(l.credit_us, 0) ELSE 0 END
                                          FROM npcsim.decision_log l WHERE l.world_id = ANY (worlds) AND l.player_id = ANY (accounts)) AS t
                                 GROUP BY t.day) AS d),
               'said', (SELECT coalesce(jsonb_agg(jsonb_build_object('world_id', n.world_id, 'tick', n.tick, 'text', n.payload ->> 'text') ORDER BY n.world_id, n.sequence), '[]')
                          FROM npcsim.world_inputs n
                         WHERE n.world_id = ANY (worlds) AND n.kind = 'send_chat' AND (n.payload ->> 'player_id')::bigint = ANY (accounts)))
      INTO exported;
    RETURN exported;
END
$$;
CREATE FUNCTION npcsim_internal.measured_tokens(world_id bigint, player_id bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.sum(m.tokens_credited), 0)::bigint
          FROM npcsim.source_minutes m
         WHERE m.world_id = measured_tokens.world_id AND m.player_id = measured_tokens.player_id
           AND m.minute > npcsim_internal.market_now() - interval '24 hours' AND m.minute <= npcsim_internal.market_now();
    END;
REVOKE ALL ON FUNCTION npcsim_internal.measured_tokens(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.measured_tokens(bigint, bigint) IS
    'Output tokens that a player gave in the last 24 hours: answers that were accepted, times tokens_per_decision; measured_throughput of compute_metrics';

-- It is written in plpgsql since the table of questions is made later.
CREATE FUNCTION npcsim_internal.waiting_questions(world_id bigint, player_id bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    questions bigint;
BEGIN
    -- The index finds each slot, however many there are and whatever the statistics say.
    SELECT count(*) INTO questions
      FROM npcsim.npc_identities i
      JOIN npcsim.world_clock c ON c.world_id = i.world_id AND c.status = 'running'
     WHERE i.world_id = waiting_questions.world_id AND i.controller_player_id = waiting_questions.player_id
       AND (SELECT d.status = 1 AND d.player_id = i.controller_player_id
                   AND greatest(d.opened_at_real, c.started_at_real) < statement_timestamp() - interval '10 s'
              FROM npcsim.decision_slots d WHERE d.world_id = i.world_id AND d.npc_id = i.id);
    IF questions > 0
       AND EXISTS (SELECT FROM npcsim.sessions s LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id
                    WHERE s.world_id = waiting_questions.world_id AND s.player_id = waiting_questions.player_id AND NOT s.ended
                      AND s.purpose IN ('compute', 'both') AND s.max_concurrency > 0
                      AND s.connected_at_real < statement_timestamp() - interval '10 s'
                      AND s.heartbeat_at_real > statement_timestamp() - interval '30 s'
                      AND (k.id IS NULL OR npcsim_internal.source_state(k.state, k.until_real) = 'active'))
       AND EXISTS (SELECT FROM npcsim_internal.players_short_of_slots(waiting_questions.world_id) AS a(player_id) WHERE a.player_id = waiting_questions.player_id) THEN
        RETURN questions;
    END IF;
    RETURN 0;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.waiting_questions(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.waiting_questions(bigint, bigint) IS
    'How many questions to a player wait over 10 s for a free slot while it lends and may be asked';

-- pgspot PS002: as above.
CREATE OR REPLACE FUNCTION npcsim_internal.recent_reliability(world_id bigint, player_id bigint, source_id bigint DEFAULT NULL) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH waiting AS MATERIALIZED (
            SELECT CASE WHEN recent_reliability.source_id IS NULL
                        THEN least(npcsim_internal.waiting_questions(recent_reliability.world_id, recent_reliability.player_id), 100) ELSE 0 END AS questions)
        SELECT npcsim_internal.reliability_of(pg_catalog.count(*) + (SELECT w.questions FROM waiting w), coalesce(pg_catalog.sum(l.halves), 0)::bigint)
          FROM (SELECT e.halves
                  FROM npcsim.source_outcomes o
                 CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(o.finished_at_real), pg_catalog.unnest(o.halves)) AS e (at, halves)
                 WHERE o.world_id = recent_reliability.world_id AND o.player_id = recent_reliability.player_id
                   AND (recent_reliability.source_id IS NULL OR o.source_id = recent_reliability.source_id)
                   AND e.at > (SELECT npcsim_internal.market_now()) - interval '1 day'
                 ORDER BY e.at DESC LIMIT 100 - (SELECT w.questions FROM waiting w)) AS l;
    END;
COMMENT ON FUNCTION npcsim_internal.recent_reliability(bigint, bigint, bigint) IS
    'How reliable a player is, or one of its sources, in thousandths: by the last 100 requests within a day, late answers being half; of a player those count as asked, too, that wait over 10 s for a free slot while it lends';
COMMENT ON COLUMN npcsim.compute_metrics.reliability_score IS '(accepted + 2) / (asked + 3) of the last 100 requests within a day, late answers being half; of a player those that wait over 10 s for a free slot while it lends are among them';
COMMENT ON FUNCTION npcsim.calculate_player_npc_allocation(bigint, bigint) IS
    'How many NPCs a player is entitled to, and why. entitlement: as the market divides them; demand: what it declares is enough for; proof: so many has it shown that it can serve; weight: 1, or 1.2 for the owner of the world; held: NPCs it has, of which so many are assigned by an operator; reliability: share of its latest questions that it answered; tier: by what it declares; reason: what decides (demand, proof, divided, assigned, nothing declared, away, gone, suspended, banned, manual). Errors: NS101 no such world, NS203 no such player in this world';
COMMENT ON FUNCTION npcsim.handle_insufficient_compute(bigint) IS
    'Rebalances a world, and returns what is done since its players offer less than min_tokens_per_npc_per_day for the NPCs that would have their minds: sufficient (nothing: they offer enough), fewer (the least watched go to the built-in mind, or sleep where built_in_fallback is false), alert, warned (somebody is, for an hour) or removed (somebody has no more than its offer is enough for). Errors: NS101 no such world, NS102 parked';

-- ---- all sections: tables of worlds, and their guards ----
ALTER TABLE npcsim.world_settings
    ADD COLUMN observation_log_bytes bigint NOT NULL DEFAULT 67108864 CHECK (observation_log_bytes BETWEEN 0 AND 1000000000000);
COMMENT ON COLUMN npcsim.world_settings.observation_log_bytes IS 'So much of what minds were told is kept in observation_log, compressed; 0: nothing';
ALTER TABLE npcsim.player_accounts ADD COLUMN suspension_told boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN npcsim.player_accounts.suspension_told IS 'Clients were told that it is suspended, by an event of its world, and not yet that it is back';
ALTER TABLE npcsim.compute_sources ADD COLUMN suspension_told boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN npcsim.compute_sources.suspension_told IS 'Clients were told that it is suspended, by an event of its world, and not yet that it is back';
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
       w.need_decay_max / 1000000::double precision AS need_decay_max,
       w.allocation, w.absence_grace, w.pause_grace, w.min_tenure, w.estimated_tokens_per_npc_per_day, w.tokens_per_decision,
       w.max_npcs_per_player, w.on_insufficient_compute, w.built_in_fallback,
       w.enable_commercial_fallback, w.server_backup_enabled, w.server_api_cost, w.server_api_cap_per_day, w.hybrid_cap_per_day, w.observation_log_bytes
  FROM npcsim.world_settings w
  JOIN npcsim.world_clock c ON c.world_id = w.id;
COMMENT ON VIEW npcsim.worlds IS
    'Worlds. name, max_players, min_tokens_per_npc_per_day, max_tokens_per_npc_per_day, max_tokens_per_player_per_day, max_tokens_per_day, owner_player_id, decision_policy, durability, view_buffer, spectators, speed, idle_interval, need_decay_min, need_decay_max, allocation, absence_grace, pause_grace, min_tenure, estimated_tokens_per_npc_per_day, tokens_per_decision, max_npcs_per_player, on_insufficient_compute, built_in_fallback, enable_commercial_fallback, server_backup_enabled, server_api_cost, server_api_cap_per_day, hybrid_cap_per_day and observation_log_bytes can be updated; create_world() and drop_world() make and remove worlds';
COMMENT ON COLUMN npcsim.worlds.observation_log_bytes IS 'So many bytes of what minds were told are kept in observation_log, compressed, 0 to 10^12; 0: nothing';
-- pgspot PS002: these are members of the extension; others are not replaced. They are as in sql/82_state.sql, sql/85_replay.sql and sql/90_guards.sql.
CREATE OR REPLACE FUNCTION npcsim_internal.state_tables() RETURNS TABLE (relation regclass, name text, columns text[], keys text[], key_of_row text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp ROWS 20
    AS $$
BEGIN
    RETURN QUERY
    SELECT c.oid::regclass, c.relname::text,
           ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                  ORDER BY a.attnum),
           k.columns, coalesce(k.of_row, quote_literal(''))
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute w ON w.attrelid = c.oid AND w.attname = 'world_id' AND NOT w.attisdropped
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
      JOIN pg_catalog.pg_extension e ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'npcsim'
     CROSS JOIN LATERAL (
           SELECT coalesce(array_agg(a.attname::text ORDER BY part.place), '{}') AS columns,
                  string_agg(format('t.%I::text', a.attname), ' || '' '' || ' ORDER BY part.place) AS of_row
             FROM pg_catalog.pg_constraint p
            CROSS JOIN LATERAL unnest(p.conkey) WITH ORDINALITY AS part (number, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.number AND a.attname <> 'world_id'
            WHERE p.conrelid = c.oid AND p.contype = 'p') AS k
     WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       -- logs, connections, and players with what they spent and lend
       AND c.relname NOT IN ('change_log', 'decision_log', 'world_event_log', 'sessions', 'player_accounts', 'world_tokens', 'compute_sources', 'security_violations', 'player_suspicion', 'fallback_log', 'server_api_spending', 'observation_log')
       -- what was counted of them
       AND c.relname NOT IN ('source_minutes', 'source_outcomes', 'player_proofs', 'world_books')
       -- what is written otherwise than under the world's lock, and compared in its own way
       AND c.relname NOT IN ('world_clock', 'world_inputs', 'decision_slots')
     ORDER BY c.relname;
END
$$;
-- pgspot PS002: the function is a member of the extension; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.world_rows(world_id bigint) RETURNS TABLE (relation text, key text, content jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET bytea_output = 'hex' SET extra_float_digits = 1
    SET jit = off ROWS 10000 -- over tables that are new the planner thinks much of it, and compiling takes longer than it does
    AS $$
DECLARE
    tables text;
BEGIN
    SELECT string_agg(format(' UNION ALL SELECT %L, %s, to_jsonb(t) FROM npcsim.%I t WHERE t.world_id = $1', s.name, s.key_of_row, s.name), '')
      INTO tables
      FROM npcsim_internal.state_tables() s;
    RETURN QUERY EXECUTE $rows$
        SELECT r.relation, r.key,
               (SELECT jsonb_object_agg(m.key, m.value)
                  FROM jsonb_each(r.content) m
                 WHERE m.key NOT IN ('world_id', 'sight') AND m.key NOT LIKE '%revision' AND m.key NOT LIKE '%\_at\_real'
                   -- nothing is due to it, and nobody traces it, now as before there were such columns
                   AND NOT (m.key = 'due_at' AND m.value = 'null')
                   AND NOT (m.key = 'traced' AND m.value = 'false'))
          FROM (SELECT 'world_settings', '',
                       jsonb_build_object('size_x', t.size_x, 'size_y', t.size_y, 'seed', t.seed,
                                          'tick_rate', t.tick_rate, 'decision_policy', t.decision_policy,
                                          'idle_interval', t.idle_interval,
                                          'need_decay_min', t.need_decay_min, 'need_decay_max', t.need_decay_max,
                                          'built_in_fallback', t.built_in_fallback)
                  FROM npcsim.world_settings t WHERE t.id = $1
                UNION ALL
                SELECT 'world_clock', '',
                       jsonb_build_object('clock', t.clock, 'next_id', t.next_id, 'speed', t.speed, 'rules', t.rules)
                  FROM npcsim.world_clock t WHERE t.world_id = $1
                UNION ALL
                SELECT 'world_inputs', t.sequence::text, to_jsonb(t)
                  FROM npcsim.world_inputs t WHERE t.world_id = $1
                UNION ALL
                SELECT 'decision_slots', t.npc_id::text,
                       jsonb_build_object('request_id', t.request_id, 'pending', t.status > 0, 'reason', t.reason,
                                          'state_counter', t.state_counter, 'opened_at', t.opened_at,
                                          'player_id', t.player_id)
                  FROM npcsim.decision_slots t WHERE t.world_id = $1$rows$ || tables || $rows$) r(relation, key, content)$rows$
        USING world_id;
END
$$;
-- pgspot PS002: the function is a member of the extension since 0.3.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.guard_tables() RETURNS integer
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
                   ('observation_log', 'log', 'What minds were told is kept by npcsim; observation_log_bytes of npcsim.worlds says how much.'),
                   ('player_suspicion', 'state', 'npcsim keeps it; it fades by itself.'),
                   ('security_violations', 'log', 'log_security_violation(player_id, kind, detail) records something; prune_logs() forgets it after npcsim.security_violation_days.'),
                   ('fallback_log', 'log', 'assign_npc_with_fallback(world_id, npc_id) records it; prune_logs() forgets it after npcsim.decision_log_days.'),
                   ('server_api_spending', 'log', 'What was spent is counted by npcsim; prune_logs() forgets it after 400 days.'),
                   ('world_event_segments', 'own', 'prune_logs() keeps it.'),
                   ('change_log', 'log', 'Worlds record it; prune_logs() forgets what is older than some minutes.'),
                   ('source_minutes', 'log', 'What became of decisions is counted by npcsim; prune_logs() forgets it after a day.'),
                   ('source_outcomes', 'log', 'What became of decisions is counted by npcsim.'),
                   ('player_proofs', 'log', 'What players have shown is learnt by npcsim.'),
                   ('world_books', 'log', 'adopt_world(world_id) keeps it.'),
                   ('market_folds', 'own', 'npcsim notes in it what was counted.'),
                   ('installation', 'own', 'It tells worlds that live here from copies, and stays as it is.'),
                   ('epochs', 'own', 'Epochs begin by themselves.')) AS hints (family, kind, hint) ON hints.family = t.family
             WHERE t.name NOT IN ('gateways', 'sessions', 'reducer_limits', 'client_calls', 'call_allowances', 'persons', 'person_days', 'compute_sources')),
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
              FROM tables WHERE name IN ('world_settings', 'world_clock', 'world_inputs', 'world_tokens', 'player_accounts', 'decision_slots', 'compute_sources')
            UNION ALL
            SELECT id, 'keep_own', 'R',
                   format('BEFORE INSERT OR UPDATE OR DELETE ON npcsim.%I FOR EACH ROW EXECUTE FUNCTION npcsim_internal.keep_own()', name)
              FROM tables WHERE name IN ('installation', 'world_event_segments')
            UNION ALL
            -- rows of a world's state, for whoever writes them without holding it
            SELECT t.id, 'require_world_lock_for_' || event.name, 'A',
                   format('AFTER %s ON npcsim.%I FOR EACH ROW WHEN (%s) EXECUTE FUNCTION npcsim_internal.require_world_lock()',
                          upper(event.name), t.name, event.condition)
              FROM tables t
             CROSS JOIN (VALUES
                   ('insert', 'NOT npcsim_internal.world_is_locked(NEW.world_id)'),
                   ('update', 'NEW.world_id OPERATOR(pg_catalog.<>) OLD.world_id OR NOT npcsim_internal.world_is_locked(OLD.world_id)'),
                   ('delete', 'NOT npcsim_internal.world_is_locked(OLD.world_id)')) AS event (name, condition)
             WHERE t.id IN (SELECT s.relation FROM npcsim_internal.state_tables() s))
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

-- It comes at the end, when all tables are there.
SELECT npcsim.guard_tables();
