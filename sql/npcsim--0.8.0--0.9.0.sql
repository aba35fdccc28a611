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

-- pgspot PS005: its body is resolved when it is created.
CREATE FUNCTION npcsim_internal.lending_sessions(world_id bigint)
    RETURNS TABLE (session_id bigint, player_id bigint, source_id bigint, state text, pooled boolean, slots integer)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
        SELECT s.id, s.player_id, s.source_id, CASE WHEN k.id IS NULL THEN 'active' ELSE npcsim_internal.source_state(k.state, k.until_real) END,
               coalesce(npcsim_internal.source_is_pooled(k.stateless, k.player_id, k.p95_ms, k.measured_at_real), false),
               s.max_concurrency
          FROM npcsim.sessions s
          LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id
         WHERE s.world_id = lending_sessions.world_id AND NOT s.ended AND s.player_id IS NOT NULL
           AND s.purpose IN ('compute', 'both') AND s.max_concurrency > 0
           AND s.heartbeat_at_real > pg_catalog.statement_timestamp() - interval '30 s';
    END;
REVOKE ALL ON FUNCTION npcsim_internal.lending_sessions(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.lending_sessions(bigint) IS
    'Sessions of a world that lend at this moment, with the state of their sources. pooled: source_is_pooled()';

CREATE FUNCTION npcsim_internal.world_lenders(world_id bigint)
    RETURNS TABLE (player_id bigint, askable boolean, paced boolean, draining boolean, pool_slots integer, pool_drains boolean, pool_for_all boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    BEGIN ATOMIC
        SELECT l.player_id, l.active AND b.has_tokens,
               coalesce(least(nullif(w.max_tokens_per_day, 0), nullif(w.max_tokens_per_player_per_day, 0), nullif(w.max_tokens_per_npc_per_day, 0),
                              nullif(a.declared_tokens_per_day, 0)) < 86400 * w.tokens_per_decision::bigint, false),
               l.draining,
               CASE WHEN b.has_tokens THEN least(l.pool_slots, 100000)::integer ELSE 0 END, l.pool_drains, w.allocation = 'market'
          FROM npcsim.world_settings w
          LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id
         CROSS JOIN LATERAL (
               SELECT s.player_id, pg_catalog.bool_or(s.state = 'active') AS active, pg_catalog.bool_or(s.state = 'draining') AS draining,
                      coalesce(pg_catalog.sum(s.slots) FILTER (WHERE s.pooled AND s.state = 'active'), 0) AS pool_slots,
                      pg_catalog.bool_or(s.pooled AND s.state = 'draining') AS pool_drains
                 FROM npcsim_internal.lending_sessions(w.id) AS s
                GROUP BY s.player_id) AS l
          JOIN npcsim.player_accounts a ON a.id = l.player_id
         CROSS JOIN LATERAL (
               SELECT (w.max_tokens_per_day = 0 OR npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) < w.max_tokens_per_day)
                      AND (w.max_tokens_per_player_per_day = 0
                           OR npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) < w.max_tokens_per_player_per_day)
                      AND (a.declared_tokens_per_day = 0
                           OR npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) < a.declared_tokens_per_day)) AS b (has_tokens)
         WHERE w.id = world_lenders.world_id;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.world_lenders(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.world_lenders(bigint) IS
    'Players of a world who lend at this moment. askable: from an active source, and tokens of the day, own, declared and the world''s, are left; paced: these are less than a decision a second, so that questions wait for their part of the day; draining: from a source that is draining; pool_slots: questions about NPCs of others that it takes at a time; pool_drains: one of its sources of the pool is draining; pool_for_all: the pool is asked about NPCs without a player, too';

CREATE OR REPLACE FUNCTION npcsim_internal.askable_players(world_id bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    BEGIN ATOMIC
        SELECT l.player_id FROM npcsim_internal.world_lenders(askable_players.world_id) AS l WHERE l.askable;
    END;
COMMENT ON FUNCTION npcsim_internal.askable_players(bigint) IS
    'Those of world_lenders() who can be asked';

COMMENT ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) IS
    'Hands out open requests, each once, in the order of prioritize_npc_decisions(): at most free_slots[i] to session_ids[i], and no more than it says it takes, of NPCs that session''s player controls, in running worlds; at most 64 a call. Those of players who cannot be asked at this moment, and of NPCs without a player, go to sessions whose sources remember nothing and answer within 60 s: to the one whose player was charged least in the last hour for what it can serve. No source gets once more what it had in vain, unless it is the only one of the NPC''s player here. body is the decision_request frame. Sessions that are not this gateway''s, ended, gone or silent get nothing, nor do players whose tokens of the day are spent. Errors: 22003 a number of slots is negative or an id is none, 22023 the arrays differ in length, 55000 the gateway is not registered';

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

-- ---- why: what can be asked about decisions ----

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
    SELECT count(*) INTO questions
      FROM npcsim.npc_identities i
      JOIN npcsim.world_clock c ON c.world_id = i.world_id AND c.status = 'running'
      JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id AND d.status = 1 AND d.player_id = i.controller_player_id
     WHERE i.world_id = waiting_questions.world_id AND i.controller_player_id = waiting_questions.player_id
       AND greatest(d.opened_at_real, c.started_at_real) < statement_timestamp() - interval '10 s';
    IF questions > 0
       AND EXISTS (SELECT FROM npcsim.sessions s LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id
                    WHERE s.world_id = waiting_questions.world_id AND s.player_id = waiting_questions.player_id AND NOT s.ended
                      AND s.purpose IN ('compute', 'both') AND s.max_concurrency > 0
                      AND s.connected_at_real < statement_timestamp() - interval '10 s'
                      AND s.heartbeat_at_real > statement_timestamp() - interval '30 s'
                      AND (k.id IS NULL OR npcsim_internal.source_state(k.state, k.until_real) = 'active'))
       AND EXISTS (SELECT FROM npcsim_internal.askable_players(waiting_questions.world_id) AS a(player_id) WHERE a.player_id = waiting_questions.player_id) THEN
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
-- pgspot PS002: both are members of the extension; others are not replaced. They are as in sql/82_state.sql and sql/90_guards.sql.
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
       AND c.relname NOT IN ('change_log', 'decision_log', 'world_event_log', 'sessions', 'player_accounts', 'world_tokens', 'compute_sources', 'security_violations', 'player_suspicion', 'fallback_log', 'server_api_spending')
       -- what was counted of them
       AND c.relname NOT IN ('source_minutes', 'source_outcomes', 'player_proofs', 'world_books')
       -- what is written otherwise than under the world's lock, and compared in its own way
       AND c.relname NOT IN ('world_clock', 'world_inputs', 'decision_slots')
     ORDER BY c.relname;
END
$$;

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

