-- npcsim 0.7.0 → 0.8.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- The decision market: what players lend, and what is due to them.

-- The moment by which the market judges, which tests can move.
CREATE FUNCTION npcsim_internal.market_now() RETURNS timestamptz
    LANGUAGE c VOLATILE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_market_now';
REVOKE ALL ON FUNCTION npcsim_internal.market_now() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.market_now() IS
    'The moment by which the decision market judges: now, unless a superuser has set npcsim.market_time';

-- What minds may decide, and what becomes of players whose answers are dishonest.

CREATE FUNCTION npcsim.get_reasonable_actions_for_npc(world_id bigint, npc_id bigint, OUT rank integer, OUT action jsonb, OUT description text, OUT score double precision)
    RETURNS SETOF record
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 15
    AS 'MODULE_PATHNAME', 'npcsim_get_reasonable_actions_for_npc';
REVOKE ALL ON FUNCTION npcsim.get_reasonable_actions_for_npc(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.get_reasonable_actions_for_npc(bigint, bigint) IS
    'What an NPC may do now, at most 24 actions, as the built-in mind ranks them: the list from which minds choose. rank: 1 and how many it puts above; score: the plausibility of an answer that chooses it, 0 to 1, or 0.5 where that says nothing (see the manual). Errors: NS101 no such world, NS201 no such NPC';

CREATE FUNCTION npcsim.validate_npc_decision(player_id bigint, decision jsonb) RETURNS jsonb
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_validate_npc_decision';
REVOKE ALL ON FUNCTION npcsim.validate_npc_decision(bigint, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.validate_npc_decision(bigint, jsonb) IS
    'What submit_npc_decision() would say, without doing it: {"valid", "failed": authority, shape, physics or null, "status", "code", "reason", "request_id", "npc_id", "plausibility": 0 to 1, null when it is not known}. Locks the world for a moment';

-- ---- who holds which NPC ----

-- Worlds that are there go on by hand; those that create_world() makes have 'market'.
ALTER TABLE npcsim.world_settings
    ADD COLUMN allocation text NOT NULL DEFAULT 'manual' CHECK (allocation IN ('market', 'manual')),
    ADD COLUMN absence_grace integer NOT NULL DEFAULT 300 CHECK (absence_grace BETWEEN 0 AND 86400),
    ADD COLUMN pause_grace integer NOT NULL DEFAULT 3600 CHECK (pause_grace BETWEEN 0 AND 604800),
    ADD COLUMN min_tenure integer NOT NULL DEFAULT 600 CHECK (min_tenure BETWEEN 0 AND 86400),
    ADD COLUMN estimated_tokens_per_npc_per_day integer NOT NULL DEFAULT 700 CHECK (estimated_tokens_per_npc_per_day BETWEEN 1 AND 1000000000),
    ADD COLUMN tokens_per_decision integer NOT NULL DEFAULT 50 CHECK (tokens_per_decision BETWEEN 1 AND 1000000),
    ADD COLUMN max_npcs_per_player integer NOT NULL DEFAULT 10000 CHECK (max_npcs_per_player BETWEEN 0 AND 1000000),
    ADD COLUMN on_insufficient_compute text NOT NULL DEFAULT 'fewer' CHECK (on_insufficient_compute IN ('fewer', 'alert', 'warn_then_remove'));
COMMENT ON COLUMN npcsim.world_settings.allocation IS 'Who says which player''s mind decides for which NPC: market (by what players lend; NPCs that an operator assigned stay where they are) or manual (operators, and players who ask for NPCs that nobody has)';
COMMENT ON COLUMN npcsim.world_settings.absence_grace IS 'Real seconds for which a player who is gone keeps what the market gave it';
COMMENT ON COLUMN npcsim.world_settings.pause_grace IS 'The same after a pause that was announced';
COMMENT ON COLUMN npcsim.world_settings.min_tenure IS 'World seconds for which an NPC stays with the player it came to, unless that player is gone';
COMMENT ON COLUMN npcsim.world_settings.estimated_tokens_per_npc_per_day IS 'Output tokens that the mind of an NPC is estimated to write a day: what a player declares is enough for so many NPCs';
COMMENT ON COLUMN npcsim.world_settings.tokens_per_decision IS 'Output tokens that a decision counts for in tiers and figures, whatever is reported';
COMMENT ON COLUMN npcsim.world_settings.max_npcs_per_player IS 'The most NPCs that the market gives one player';
COMMENT ON COLUMN npcsim.world_settings.on_insufficient_compute IS 'What is done while players offer less than min_tokens_per_npc_per_day: fewer (the NPCs that are watched least go to the built-in mind), alert (it is told) or warn_then_remove (who offers too little is warned, and an hour later loses what its offer is not enough for)';

-- ---- NPCs that nobody decides for are dormant ----
ALTER TABLE npcsim.world_settings ADD COLUMN built_in_fallback boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN npcsim.world_settings.built_in_fallback IS 'Whether the built-in mind decides for NPCs whose own cannot be asked; without it they are dormant';
COMMENT ON COLUMN npcsim.world_inputs.kind IS 'decision, decision_refused, decision_failed, presence (players whose minds can be asked), budget (of an NPC: spent or not), rules (by which it lives from then on), set_idle_interval, set_need_decay and set_built_in_fallback (of its settings), or the name of the function or operation: src/reducer_list.h';
ALTER TABLE npcsim.npc_states DROP CONSTRAINT npc_states_ranges, ADD CONSTRAINT npc_states_ranges CHECK (
        hunger BETWEEN 0 AND 100000000 AND hygiene BETWEEN 0 AND 100000000 AND
        fun BETWEEN 0 AND 100000000 AND energy BETWEEN 0 AND 100000000 AND
        decay BETWEEN 0 AND 100000000 AND state BETWEEN 0 AND 6);
COMMENT ON COLUMN npcsim.npc_states.state IS '0 idle, 1 moving, 2 requesting, 3 interacting, 4 wandering, 5 waiting, 6 dormant';
CREATE FUNCTION npcsim.set_npc_dormant(world_id bigint, npc_id bigint, dormant boolean DEFAULT true) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_set_npc_dormant';
REVOKE ALL ON FUNCTION npcsim.set_npc_dormant(bigint, bigint, boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.set_npc_dormant(bigint, bigint, boolean) IS
    'Puts an NPC to sleep, or wakes it (false): it leaves talks and chairs, its needs stand still, and nobody decides for it until it is woken by hand. Errors: NS201 no such NPC';

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
       w.max_npcs_per_player, w.on_insufficient_compute, w.built_in_fallback
  FROM npcsim.world_settings w
  JOIN npcsim.world_clock c ON c.world_id = w.id;
COMMENT ON VIEW npcsim.worlds IS
    'Worlds. name, max_players, min_tokens_per_npc_per_day, max_tokens_per_npc_per_day, max_tokens_per_player_per_day, max_tokens_per_day, owner_player_id, decision_policy, durability, view_buffer, spectators, speed, idle_interval, need_decay_min, need_decay_max, allocation, absence_grace, pause_grace, min_tenure, estimated_tokens_per_npc_per_day, tokens_per_decision, max_npcs_per_player, on_insufficient_compute and built_in_fallback can be updated; create_world() and drop_world() make and remove worlds';
COMMENT ON COLUMN npcsim.worlds.built_in_fallback IS 'Whether the built-in mind decides for NPCs whose own cannot be asked; without it they are dormant';
COMMENT ON COLUMN npcsim.worlds.allocation IS 'Who says which player''s mind decides for which NPC: market (by what players lend) or manual (operators, and players who ask for NPCs that nobody has)';
COMMENT ON COLUMN npcsim.worlds.absence_grace IS 'Real seconds for which a player who is gone keeps what the market gave it, 0 to 86,400';
COMMENT ON COLUMN npcsim.worlds.pause_grace IS 'The same after a pause that was announced, 0 to 604,800';
COMMENT ON COLUMN npcsim.worlds.min_tenure IS 'World seconds for which an NPC stays with the player it came to, unless that player is gone, 0 to 86,400';
COMMENT ON COLUMN npcsim.worlds.estimated_tokens_per_npc_per_day IS 'Output tokens that the mind of an NPC is estimated to write a day, 1 to 1,000,000,000';
COMMENT ON COLUMN npcsim.worlds.tokens_per_decision IS 'Output tokens that a decision counts for in tiers and figures, 1 to 1,000,000';
COMMENT ON COLUMN npcsim.worlds.max_npcs_per_player IS 'The most NPCs that the market gives one player, 0 to 1,000,000';
COMMENT ON COLUMN npcsim.worlds.on_insufficient_compute IS 'What is done while players offer less than min_tokens_per_npc_per_day: fewer, alert or warn_then_remove';

ALTER TABLE npcsim.npc_identities ADD COLUMN controller_since bigint, ADD COLUMN assigned boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN npcsim.npc_identities.controller_since IS 'World time in microseconds at which it came to its controller; NULL: it has none, or came to it before 0.8.0, when operators gave NPCs by hand';
COMMENT ON COLUMN npcsim.npc_identities.assigned IS 'An operator has said who decides for it: the market leaves it there. So it does one that came to its controller before 0.8.0';

-- Executes a statement that needs PostGIS, as in the install script.
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
       i.controller_since / 1000000::double precision AS controller_since
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
    'NPCs as of now. name, controller_player_id, assigned, traits, position and needs can be written, on a running world too; what is written replaces the columns named and nothing else';
COMMENT ON COLUMN npcsim.npcs.state IS 'idle, moving, requesting, interacting, wandering, waiting or dormant';
COMMENT ON COLUMN npcsim.npcs.decider IS 'Who began what it does: nobody, built_in, mind or, of one that was put to sleep, operator';
COMMENT ON COLUMN npcsim.npcs.assigned IS 'An operator has said who decides for it, by controller_player_id or assign_npc_to_player(): the market leaves it where it is. When written: false gives it over to the market, true keeps it with its player, or with the built-in mind';
COMMENT ON COLUMN npcsim.npcs.controller_since IS 'World seconds at which it came to its controller; NULL: it has none, or came to it before 0.8.0';
COMMENT ON FUNCTION npcsim.assign_npc_to_player(bigint, bigint, bigint) IS
    'Gives an NPC to a player of its world, whose mind then decides for it, and the market leaves it there; NULL gives it back to the built-in mind, and to the market. Errors: NS201 no such NPC, NS203 no such player in this world';

-- ---- persons, and what players declare ----
CREATE TABLE npcsim.persons (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    name text CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 100),
    created_at_real timestamptz NOT NULL DEFAULT pg_catalog.now()
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.persons', '');
SELECT pg_catalog.pg_extension_config_dump('npcsim.persons_id_seq', '');
COMMENT ON TABLE npcsim.persons IS 'Who plays: a person has accounts in several worlds, and stays when they are dropped. What one holds in a world counts together';
COMMENT ON COLUMN npcsim.persons.name IS 'What operators call the person; NULL: erased. Players never see it';

ALTER TABLE npcsim.player_accounts ADD COLUMN person_id bigint;
ALTER TABLE npcsim.player_accounts ADD COLUMN declared_tokens_per_day bigint NOT NULL DEFAULT 0 CHECK (declared_tokens_per_day BETWEEN 0 AND 1000000000000);
ALTER TABLE npcsim.player_accounts ADD COLUMN warned_at_real timestamptz;
COMMENT ON COLUMN npcsim.player_accounts.warned_at_real IS 'When the player was warned that it offers too little for the NPCs it holds; NULL: it is not warned';
ALTER TABLE npcsim.player_accounts ADD COLUMN suspended_until_real timestamptz;
ALTER TABLE npcsim.player_accounts ADD COLUMN suspension_reason text CHECK (pg_catalog.char_length(suspension_reason) OPERATOR(pg_catalog.<=) 200);
COMMENT ON COLUMN npcsim.player_accounts.suspended_until_real IS 'Until then the player lends no compute; NULL, or in the past: it is not suspended';
COMMENT ON COLUMN npcsim.player_accounts.suspension_reason IS 'Why, as the player is told';
CREATE INDEX player_accounts_suspended ON npcsim.player_accounts (suspended_until_real) WHERE suspended_until_real IS NOT NULL;
COMMENT ON COLUMN npcsim.player_accounts.person_id IS 'Whose account it is; NULL: nobody said so (made by 0.7.0 or before)';
COMMENT ON COLUMN npcsim.player_accounts.declared_tokens_per_day IS 'Tokens that the player lends a day; when they are spent the player is not asked until the day (UTC) turns. 0: nothing was declared, and nothing limits it';
CREATE INDEX player_accounts_person ON npcsim.player_accounts (person_id) WHERE person_id IS NOT NULL;

-- ---- sources of compute ----
ALTER TABLE npcsim.sessions ADD COLUMN source_id bigint;
COMMENT ON COLUMN npcsim.sessions.source_id IS 'Row of compute_sources that it lends for; NULL before its first heartbeat';

CREATE TABLE npcsim.compute_sources (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    world_id bigint NOT NULL,
    player_id bigint,
    name text NOT NULL CHECK (pg_catalog.char_length(name) <= 64),
    kind text NOT NULL DEFAULT 'player_mcp' CHECK (kind IN ('player_mcp', 'player_api_key', 'server_api_key', 'hybrid')),
    stateless boolean NOT NULL DEFAULT false,
    models text[] NOT NULL DEFAULT '{}',
    slots integer NOT NULL DEFAULT 1 CHECK (slots BETWEEN 0 AND 64),
    cost_per_decision bigint NOT NULL DEFAULT 0 CHECK (cost_per_decision BETWEEN 0 AND 1000000000000),
    decisions_per_second integer NOT NULL DEFAULT 0 CHECK (decisions_per_second BETWEEN 0 AND 1000000000),
    reliability_sla integer NOT NULL DEFAULT 0 CHECK (reliability_sla BETWEEN 0 AND 1000),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'draining', 'maintenance', 'suspended')),
    reason text CHECK (pg_catalog.char_length(reason) BETWEEN 1 AND 200),
    until_real timestamptz,
    created_at_real timestamptz NOT NULL DEFAULT pg_catalog.now(),
    lent_at_real timestamptz,
    state_since_real timestamptz,
    CONSTRAINT compute_sources_name UNIQUE NULLS NOT DISTINCT (world_id, player_id, name),
    CONSTRAINT compute_sources_owner CHECK ((player_id IS NULL) = (kind = 'server_api_key')),
    CONSTRAINT compute_sources_models CHECK (pg_catalog.cardinality(models) <= 16 AND pg_catalog.array_position(models, NULL::text) IS NULL
                                             AND pg_catalog.octet_length(pg_catalog.array_to_string(models, '')) <= 6400)
) WITH (fillfactor = 70);
SELECT pg_catalog.pg_extension_config_dump('npcsim.compute_sources', '');
SELECT pg_catalog.pg_extension_config_dump('npcsim.compute_sources_id_seq', '');
COMMENT ON TABLE npcsim.compute_sources IS 'Who lends compute, with what, and whether it is asked: at most 32 of a player, and of the operators of a world. A row is made when a session first lends by the name; pause_, drain_ and resume_compute_source() change its state';
COMMENT ON COLUMN npcsim.compute_sources.player_id IS 'Player who lends it; NULL: the operators of the world';
COMMENT ON COLUMN npcsim.compute_sources.name IS 'The session''s source, by which a player''s are told apart';
COMMENT ON COLUMN npcsim.compute_sources.kind IS 'player_mcp: a mind of the player''s; player_api_key: an API that the player pays; server_api_key: one that the operators pay; hybrid: a player''s, backed up by the operators''';
COMMENT ON COLUMN npcsim.compute_sources.stateless IS 'Its mind remembers nothing: it can be asked about any NPC';
COMMENT ON COLUMN npcsim.compute_sources.models IS 'What it says that it asks, up to 16 names of up to 100 characters';
COMMENT ON COLUMN npcsim.compute_sources.slots IS 'Questions it takes at a time, as its session said last';
COMMENT ON COLUMN npcsim.compute_sources.cost_per_decision IS 'Millionths of the currency of whoever pays; operators write it';
COMMENT ON COLUMN npcsim.compute_sources.decisions_per_second IS 'Thousandths: so many decisions a second is it asked for at most; 0: no limit. Operators write it';
COMMENT ON COLUMN npcsim.compute_sources.reliability_sla IS 'Thousandths of its questions that it is to answer; operators write it';
COMMENT ON COLUMN npcsim.compute_sources.state IS 'active, paused, draining, maintenance or suspended: only an active one gets questions. source_state(state, until_real) tells it as of now';
COMMENT ON COLUMN npcsim.compute_sources.reason IS 'Why it is not active, for its player';
COMMENT ON COLUMN npcsim.compute_sources.until_real IS 'When it is active again by itself; NULL: when somebody resumes it';
COMMENT ON COLUMN npcsim.compute_sources.state_since_real IS 'When it was paused, drained or resumed last; NULL: it never was';
COMMENT ON COLUMN npcsim.compute_sources.lent_at_real IS 'When a session last began to lend by its name; NULL: none has';

-- It runs with the invoker's rights and has no settings, so that the planner inlines it.
-- pgspot PS005: its body is resolved when it is created.
CREATE FUNCTION npcsim_internal.source_state(state text, until_real timestamptz) RETURNS text
    LANGUAGE sql VOLATILE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT CASE WHEN until_real <= npcsim_internal.market_now() THEN 'active' ELSE state END;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.source_state(text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.source_state(text, timestamptz) IS
    'The state of a source as of now: active when its time is over';

-- It runs with the invoker's rights and has no settings, so that the planner inlines it into the tick's query.
-- pgspot PS005: its body is resolved when it is created.
-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim_internal.present_players(world_id bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
        SELECT DISTINCT s.player_id
          FROM npcsim.sessions s
          LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id
         WHERE s.world_id = present_players.world_id AND NOT s.ended AND s.player_id IS NOT NULL
           AND s.purpose IN ('compute', 'both') AND s.max_concurrency > 0
           AND s.heartbeat_at_real > pg_catalog.statement_timestamp() - interval '30 s'
           AND (k.id IS NULL OR npcsim_internal.source_state(k.state, k.until_real) = 'active');
    END;
COMMENT ON FUNCTION npcsim_internal.present_players(bigint) IS
    'Players of a world who lend compute at this moment, from a source that is active';

-- It runs with the owner's rights, since workers may not read accounts.
-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim_internal.askable_players(world_id bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    BEGIN ATOMIC
        SELECT a.id
          FROM npcsim.world_settings w
          LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id
         CROSS JOIN LATERAL npcsim_internal.present_players(w.id) AS p(player_id)
          JOIN npcsim.player_accounts a ON a.id = p.player_id
         WHERE w.id = askable_players.world_id
           AND (w.max_tokens_per_day = 0 OR npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) < w.max_tokens_per_day)
           AND (w.max_tokens_per_player_per_day = 0
                OR npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) < w.max_tokens_per_player_per_day)
           AND (a.declared_tokens_per_day = 0
                OR npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) < a.declared_tokens_per_day);
    END;
COMMENT ON FUNCTION npcsim_internal.askable_players(bigint) IS
    'Those of present_players() whose tokens of the day, own, declared and the world''s, are not spent';

CREATE FUNCTION npcsim_internal.contribution_tier(tokens_per_day bigint) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_contribution_tier';
REVOKE ALL ON FUNCTION npcsim_internal.contribution_tier(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.contribution_tier(bigint) IS
    'The tier of so many output tokens a day: Observer, Casual from 1000, Dedicated from 10000, Enthusiast from 50000, Server from 200000';

CREATE FUNCTION npcsim.declare_compute(player_id bigint, tokens_per_day bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_declare_compute';
REVOKE ALL ON FUNCTION npcsim.declare_compute(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.declare_compute(bigint, bigint) IS
    'Says how many output tokens a player lends a day, 0 to 10^12: no more are asked of it. 0 declares nothing, and limits nothing. Errors: NS203 no such player';

CREATE FUNCTION npcsim.pause_compute_source(source_id bigint, reason text DEFAULT NULL, seconds integer DEFAULT NULL, maintenance boolean DEFAULT false) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_pause_compute_source';
REVOKE ALL ON FUNCTION npcsim.pause_compute_source(bigint, text, integer, boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.pause_compute_source(bigint, text, integer, boolean) IS
    'Announces that a source is away: it is asked no more, and what it was asked and has not answered goes on at once; its NPCs wait for it longer than for one that vanishes. reason: up to 200 characters, for its player; seconds: until it is active again by itself, 1 to 31536000, else resume_compute_source() ends it; maintenance: shown as such. Errors: NS205 no such source, 55000 it is suspended';

CREATE FUNCTION npcsim.drain_compute_source(source_id bigint, reason text DEFAULT NULL, seconds integer DEFAULT NULL) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_drain_compute_source';
REVOKE ALL ON FUNCTION npcsim.drain_compute_source(bigint, text, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.drain_compute_source(bigint, text, integer) IS
    'Like pause_compute_source(), but what the source was asked already it may still answer. Errors: NS205 no such source, 55000 it is suspended';

CREATE FUNCTION npcsim.resume_compute_source(source_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_resume_compute_source';
REVOKE ALL ON FUNCTION npcsim.resume_compute_source(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.resume_compute_source(bigint) IS
    'Makes a source active, from whatever state: it is asked again at once. Nothing happens if it is active. Errors: NS205 no such source';

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.players AS
SELECT a.id, a.world_id, a.username, a.role,
       npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) AS daily_token_output,
       (SELECT pg_catalog.count(*) FROM npcsim.npc_identities i WHERE i.controller_player_id = a.id AND i.world_id = a.world_id) AS controlled_npc_count,
       a.last_heartbeat_at_real AS last_heartbeat,
       a.status,
       CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN a.id IN (SELECT npcsim_internal.connected_players()) END AS connected,
       a.created_at_real AS created_at,
       a.declared_tokens_per_day,
       npcsim_internal.contribution_tier(a.declared_tokens_per_day) AS contribution_tier,
       a.person_id,
       a.suspended_until_real AS suspended_until, a.suspension_reason
  FROM npcsim.player_accounts a;
COMMENT ON VIEW npcsim.players IS
    'Players of the worlds. username, role, status, daily_token_output, declared_tokens_per_day and person_id can be updated; create_player() makes players';
COMMENT ON COLUMN npcsim.players.declared_tokens_per_day IS 'Output tokens that the player says it lends a day, and is asked for at most; 0: it did not say';
COMMENT ON COLUMN npcsim.players.contribution_tier IS 'What they make it: Observer, Casual, Dedicated, Enthusiast or Server';
COMMENT ON COLUMN npcsim.players.person_id IS 'Whose account it is, of npcsim.persons; NULL: nobody said so';
COMMENT ON COLUMN npcsim.players.suspended_until IS 'Real time until which the player lends no compute; NULL, or in the past: it is not suspended';
COMMENT ON COLUMN npcsim.players.suspension_reason IS 'Why, as the player is told';

-- ---- suspensions, and what is on record of dishonest players ----

ALTER TABLE npcsim.sessions DROP CONSTRAINT sessions_end_reason_check;
ALTER TABLE npcsim.sessions ADD CONSTRAINT sessions_end_reason_check CHECK (end_reason OPERATOR(pg_catalog.=) ANY (ARRAY['replaced', 'banned', 'token', 'dropped', 'silent', 'suspended']));
COMMENT ON COLUMN npcsim.sessions.end_reason IS 'Why: replaced by a newer one, the player was banned, suspended or got a new token, the world was dropped, the gateway was silent';
COMMENT ON FUNCTION npcsim.client_connected(text, bigint, bigint, text, text, text) IS
    'Begins a session: {"session_id", "replaced": sessions this one ended, "welcome"}. player_id NULL is a spectator; purpose: watch, compute or both; source: tells the compute connections of a player apart, up to 64 characters; client: what connected, up to 200. Errors: NS203 no such player in that world, NS401 spectators are not admitted, NS403 banned, NS404 no such world, NS405 suspended (unless it is to watch), NS429 the world is full, NS430 more than 8 compute connections, 55000 the gateway is not registered';
COMMENT ON FUNCTION npcsim.gateway_poll(text, bigint[]) IS
    'A gateway''s sign of life, due every second; after 30 s without one its sessions end. Clocks of the worlds asked for (at most 10000) and of all that run, those asked for that are gone, and sessions of this gateway that were ended elsewhere, with the reason (replaced, banned, token, dropped, silent, suspended), and of the last with a message. Errors: 55000 the gateway is not registered';

CREATE TABLE npcsim.security_violations (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    world_id bigint NOT NULL,
    player_id bigint NOT NULL,
    source_id bigint,
    kind text NOT NULL CHECK (pg_catalog.char_length(kind) BETWEEN 1 AND 40),
    detail text NOT NULL CHECK (pg_catalog.char_length(detail) <= 200),
    at_real timestamptz NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.security_violations', '');
SELECT pg_catalog.pg_extension_config_dump('npcsim.security_violations_id_seq', '');
CREATE INDEX security_violations_at ON npcsim.security_violations (at_real);
COMMENT ON TABLE npcsim.security_violations IS 'What is on record of dishonest players: each incident once. Forgotten by prune_logs() after npcsim.security_violation_days';
COMMENT ON COLUMN npcsim.security_violations.source_id IS 'By which of its sources (compute_sources); NULL when that is not known';
COMMENT ON COLUMN npcsim.security_violations.kind IS 'foreign_answer (for an NPC that was never put to the player), flood, suspended or released; what else operators record';
COMMENT ON COLUMN npcsim.security_violations.detail IS 'In words; of what clients sent at most 200 characters';
COMMENT ON COLUMN npcsim.security_violations.at_real IS 'When';

CREATE TABLE npcsim.player_suspicion (
    world_id bigint NOT NULL,
    player_id bigint NOT NULL,
    score bigint NOT NULL DEFAULT 0,
    as_of_real timestamptz,
    hopeless integer NOT NULL DEFAULT 0,
    foreign_last_real timestamptz,
    foreign_before_real timestamptz,
    PRIMARY KEY (world_id, player_id)
) WITH (fillfactor = 50);
SELECT pg_catalog.pg_extension_config_dump('npcsim.player_suspicion', '');
COMMENT ON TABLE npcsim.player_suspicion IS 'What makes players suspect (src/market/suspicion.h); no row of those who gave no cause';
COMMENT ON COLUMN npcsim.player_suspicion.score IS 'Suspicion in millionths, at as_of_real';
COMMENT ON COLUMN npcsim.player_suspicion.hopeless IS 'Answers in a row that are less plausible than 0.05';
COMMENT ON COLUMN npcsim.player_suspicion.foreign_last_real IS 'When the last answer came for an NPC that never was the player''s';
COMMENT ON COLUMN npcsim.player_suspicion.foreign_before_real IS 'When the one before that came';

CREATE FUNCTION npcsim.log_security_violation(player_id bigint, kind text, detail text DEFAULT '', source_id bigint DEFAULT NULL) RETURNS bigint
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_log_security_violation';
REVOKE ALL ON FUNCTION npcsim.log_security_violation(bigint, text, text, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.log_security_violation(bigint, text, text, bigint) IS
    'Puts something on record of a player, in security_violations; returns its id. kind: 1 to 40 characters; of detail the first 200 are kept. Errors: NS203 no such player';

CREATE FUNCTION npcsim.ban_player_temporarily(player_id bigint, duration interval, reason text DEFAULT 'an operator decided so') RETURNS timestamptz
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_ban_player_temporarily';
REVOKE ALL ON FUNCTION npcsim.ban_player_temporarily(bigint, interval, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.ban_player_temporarily(bigint, interval, text) IS
    'Suspends a player, who then lends no compute, for up to 366 days, in place of a suspension that there is: connections that lend are closed, answers refused, questions go on at once. 0 ends a suspension. reason: up to 200 characters, which the player is told. Returns until when; NULL for 0. Errors: 22003 the duration is out of range, NS203 no such player';

-- ---- what persons have, and what is kept of them ----
CREATE TABLE npcsim.person_days (
    person_id bigint NOT NULL,
    day date NOT NULL,
    asked bigint NOT NULL,
    accepted bigint NOT NULL,
    tokens bigint NOT NULL,
    PRIMARY KEY (person_id, day)
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.person_days', '');
COMMENT ON TABLE npcsim.person_days IS 'What persons lent to worlds that were dropped since, by day (UTC); for worlds that are there decision_log tells. Until the person is erased';
COMMENT ON COLUMN npcsim.person_days.asked IS 'Questions that their minds were asked';
COMMENT ON COLUMN npcsim.person_days.accepted IS 'Answers that were applied, or came late';
COMMENT ON COLUMN npcsim.person_days.tokens IS 'Output tokens that they reported';

-- Each account that is there is a person's of its own, until operators say otherwise.
DO $do$
DECLARE
    account record;
    person bigint;
BEGIN
    FOR account IN SELECT a.id, a.username FROM npcsim.player_accounts a ORDER BY a.id LOOP
        INSERT INTO npcsim.persons (name) VALUES (account.username) RETURNING id INTO person;
        UPDATE npcsim.player_accounts SET person_id = person WHERE id OPERATOR(pg_catalog.=) account.id;
    END LOOP;
END
$do$;

-- create_player() is made anew, with one argument more; who may call it, and give that away, may do so still.
DO $do$
DECLARE
    known record;
    granted record;
BEGIN
    SELECT p.proacl AS rights, p.proowner AS owner INTO STRICT known
      FROM pg_catalog.pg_proc p
     WHERE p.oid OPERATOR(pg_catalog.=) 'npcsim.create_player(bigint, text, text)'::pg_catalog.regprocedure::pg_catalog.oid;
    DROP FUNCTION npcsim.create_player(bigint, text, text);
    CREATE FUNCTION npcsim.create_player(world_id bigint, username text, role text DEFAULT 'player', person bigint DEFAULT NULL) RETURNS TABLE (player_id bigint, token text)
        LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
        AS 'MODULE_PATHNAME', 'npcsim_create_player';
    REVOKE ALL ON FUNCTION npcsim.create_player(bigint, text, text, bigint) FROM PUBLIC;
    EXECUTE pg_catalog.format('ALTER FUNCTION npcsim.create_player(bigint, text, text, bigint) OWNER TO %s', known.owner::pg_catalog.regrole);
    FOR granted IN
        SELECT CASE a.grantee WHEN 0::pg_catalog.oid THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::pg_catalog.text END AS grantee,
               CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
          FROM pg_catalog.aclexplode(coalesce(known.rights, pg_catalog.acldefault('f'::pg_catalog."char", known.owner))) AS a
         WHERE a.grantee OPERATOR(pg_catalog.<>) known.owner
    LOOP
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION npcsim.create_player(bigint, text, text, bigint) TO %s%s', granted.grantee, granted.option);
    END LOOP;
END
$do$;
-- Rights that were given inside a script count as the extension's own, and pg_dump leaves them out. What the extension gives by itself is
-- its owner's.
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
COMMENT ON FUNCTION npcsim.create_player(bigint, text, text, bigint) IS
    'Makes a player of a world; returns its id and its token, which is shown this once. username: 1 to 50 characters, unique in the world; role: player or operator; person: whose account it is, a new person''s of that name by default. Errors: NS101 no such world, NS102 parked, NS206 no such person, 23505 name taken';

CREATE FUNCTION npcsim.export_person(person_id bigint) RETURNS jsonb
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
                          FROM (SELECT t.day, sum(t.asked) AS asked, sum(t.accepted) AS accepted, sum(t.tokens) AS tokens
                                  FROM (SELECT h.day, h.asked, h.accepted, h.tokens FROM npcsim.person_days h WHERE h.person_id = export_person.person_id
                                        UNION ALL
                                        SELECT (l.finished_at_real AT TIME ZONE 'UTC')::date, 1, (l.status IN ('applied', 'late'))::integer, coalesce(l.tokens, 0)
                                          FROM npcsim.decision_log l WHERE l.world_id = ANY (worlds) AND l.player_id = ANY (accounts)) AS t
                                 GROUP BY t.day) AS d),
               'said', (SELECT coalesce(jsonb_agg(jsonb_build_object('world_id', n.world_id, 'tick', n.tick, 'text', n.payload ->> 'text') ORDER BY n.world_id, n.sequence), '[]')
                          FROM npcsim.world_inputs n
                         WHERE n.world_id = ANY (worlds) AND n.kind = 'send_chat' AND (n.payload ->> 'player_id')::bigint = ANY (accounts)))
      INTO exported;
    RETURN exported;
END
$$;
REVOKE ALL ON FUNCTION npcsim.export_person(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.export_person(bigint) IS
    'All that is kept of a person: {"person", "accounts", "sources", "sessions", "days", "said"}; tokens are not kept. It reads the whole history of the worlds that the person has accounts in. Errors: NS206 no such person';

CREATE FUNCTION npcsim.erase_person(person_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_erase_person';
REVOKE ALL ON FUNCTION npcsim.erase_person(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.erase_person(bigint) IS
    'Removes a person''s name, days, sources and tokens. Its accounts get names that say nothing, are banned, and their sessions end; NPCs live on, and what was done and said stays under the accounts'' ids. It reads the whole history of their worlds. Errors: NS206 no such person';

-- Messages are kept with the ids of players; their names are looked up.
-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.messages AS
SELECT l.world_id,
       l.first_sequence + e.n - 1 AS sequence,
       (l.clock + e.after) / 1000000::double precision AS clock,
       npcsim_internal.world_event_kind_name(e.kind) AS kind,
       e.player_id, a.username,
       e.npc_id, e.interaction_id,
       e.data ->> 'text' AS text,
       CASE WHEN e.player_id IS NOT NULL THEN l.sent_at_real END AS sent_at_real
  FROM npcsim.world_event_log l
 CROSS JOIN LATERAL ROWS FROM (
           pg_catalog.unnest(l.kinds), pg_catalog.unnest(l.after), pg_catalog.unnest(l.npc_ids),
           pg_catalog.unnest(l.interaction_ids), pg_catalog.unnest(l.player_ids), pg_catalog.unnest(l.data)) WITH ORDINALITY
           AS e (kind, after, npc_id, interaction_id, player_id, data, n)
  LEFT JOIN npcsim.player_accounts a ON a.id = e.player_id
 WHERE l.messages > 0 AND e.kind IN (1, 2);
COMMENT ON COLUMN npcsim.messages.username IS 'The player''s name';

-- ---- which tables are guarded, and how ----
-- pgspot PS002: the function is a member of the extension since 0.7.0; another one is not replaced.
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
       AND c.relname NOT IN ('change_log', 'decision_log', 'world_event_log', 'sessions', 'player_accounts', 'world_tokens', 'compute_sources', 'security_violations', 'player_suspicion')
       -- what was counted of them
       AND c.relname NOT IN ('source_minutes', 'source_outcomes', 'player_proofs', 'world_books')
       -- what is written otherwise than under the world's lock, and compared in its own way
       AND c.relname NOT IN ('world_clock', 'world_inputs', 'decision_slots')
     ORDER BY c.relname;
END
$$;

-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
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

-- What is logged of a decision: who answered it, and what it earns.
ALTER TABLE npcsim.decision_slots
    ADD COLUMN credit_us bigint NOT NULL DEFAULT 0,
    ADD COLUMN source_id bigint;
COMMENT ON COLUMN npcsim.decision_slots.credit_us IS 'World time, in microseconds, since the NPC was last asked, or came to its player: what an accepted answer is paid. At most 300 s, and once it is sent no more than its session had been connected';
COMMENT ON COLUMN npcsim.decision_slots.source_id IS 'Source of compute it was sent to';
ALTER TABLE npcsim.decision_log
    ADD COLUMN source_id bigint,
    ADD COLUMN credit_us bigint CHECK (credit_us BETWEEN 0 AND 300000000),
    ADD COLUMN plausibility smallint CHECK (plausibility BETWEEN 0 AND 1000),
    ADD COLUMN transaction bigint;
COMMENT ON COLUMN npcsim.decision_log.status IS 'applied, rejected, late, failed, timeout; cut_off: its session ended, or gave it back, before there was an answer; passed_on: it was taken from a source and given to another. Before 0.4.0 also cancelled';
COMMENT ON COLUMN npcsim.decision_log.source_id IS 'Source of compute it was sent to; NULL: none, or not known';
COMMENT ON COLUMN npcsim.decision_log.credit_us IS 'NPC-microseconds: what an answer that was accepted (applied, late) is paid; where none came, what a late one would be. NULL: nothing any more';
COMMENT ON COLUMN npcsim.decision_log.plausibility IS 'Thousandths of the actions that were offered which are no better than the one that was chosen; NULL: it was not ranked';
COMMENT ON COLUMN npcsim.decision_log.transaction IS 'Transaction that logged it, in the cluster that did: by it the books know what they have counted';
CREATE INDEX decision_log_transaction ON npcsim.decision_log (transaction) WHERE transaction IS NOT NULL;

CREATE FUNCTION npcsim.calculate_player_npc_allocation(player_id bigint, world_id bigint, OUT entitlement integer, OUT demand integer, OUT proof integer,
    OUT weight double precision, OUT held integer, OUT assigned integer, OUT reliability double precision, OUT tier text, OUT reason text)
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_calculate_player_npc_allocation';
REVOKE ALL ON FUNCTION npcsim.calculate_player_npc_allocation(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.calculate_player_npc_allocation(bigint, bigint) IS
    'How many NPCs a player is entitled to, and why. entitlement: as the market divides them; demand: what it declares is enough for; proof: so many has it shown that it can serve; weight: 1, or 1.2 for the owner of the world; held: NPCs it has, of which so many are assigned by an operator; reliability: share of its latest questions that it answered; tier: by what it declares; reason: what decides (demand, proof, divided, assigned, nothing declared, away, gone, banned, manual). Errors: NS101 no such world, NS203 no such player in this world';

CREATE FUNCTION npcsim.rebalance_compute_allocation(world_id bigint) RETURNS integer
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_rebalance_compute_allocation';
REVOKE ALL ON FUNCTION npcsim.rebalance_compute_allocation(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.rebalance_compute_allocation(bigint) IS
    'Has as few NPCs change hands as are needed for every player to hold what it is entitled to, and returns how many did: never those that an operator assigned, nor those that came to their player less than min_tenure ago, unless that one is gone. Workers do it every 60 s, and when somebody comes or asks. Locks the world only if some change hands; does nothing in worlds whose allocation is manual. Errors: NS101 no such world, NS102 parked';

CREATE FUNCTION npcsim.redistribute_npcs_by_contribution(world_id bigint) RETURNS integer
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_redistribute_npcs_by_contribution';
REVOKE ALL ON FUNCTION npcsim.redistribute_npcs_by_contribution(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.redistribute_npcs_by_contribution(bigint) IS
    'rebalance_compute_allocation() at once, whenever NPCs came to their players: for operators who changed settings, and do not want to wait for min_tenure. Errors: NS101 no such world, NS102 parked';

CREATE FUNCTION npcsim.request_npc_assignment(player_id bigint) RETURNS integer
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_request_npc_assignment';
REVOKE ALL ON FUNCTION npcsim.request_npc_assignment(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.request_npc_assignment(bigint) IS
    'Rebalances the world of a player, and returns how many NPCs the player has then. Errors: NS102 parked, NS203 no such player';

CREATE FUNCTION npcsim_internal.rebalance_world(world_id bigint) RETURNS boolean
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_rebalance_world';
REVOKE ALL ON FUNCTION npcsim_internal.rebalance_world(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.rebalance_world(bigint) IS
    'rebalance_compute_allocation() for workers, which do not wait: false if NPCs are to change hands and somebody holds the world';

CREATE FUNCTION npcsim.handle_insufficient_compute(world_id bigint) RETURNS text
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_handle_insufficient_compute';
REVOKE ALL ON FUNCTION npcsim.handle_insufficient_compute(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.handle_insufficient_compute(bigint) IS
    'Rebalances a world, and returns what is done since its players offer less than min_tokens_per_npc_per_day for the NPCs that would have their minds: sufficient (nothing: they offer enough), fewer (the least watched go to the built-in mind), alert, warned (somebody is, for an hour) or removed (somebody has no more than its offer is enough for). Errors: NS101 no such world, NS102 parked';

-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
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
                   -- nothing is due to it, now as before there was such a column
                   AND NOT (m.key = 'due_at' AND m.value = 'null'))
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

-- Questions that are open are handed out in the order of their priority; spectators tell their cameras.

CREATE FUNCTION npcsim.try_update_spectator_camera(session_id bigint, min_x double precision, min_y double precision,
                                                   max_x double precision, max_y double precision) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_update_spectator_camera';
REVOKE ALL ON FUNCTION npcsim.try_update_spectator_camera(bigint, double precision, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_update_spectator_camera(bigint, double precision, double precision, double precision, double precision) IS
    'What a spectator looks at, of whom nothing is known but the session: as try_update_player_camera(). Nothing happens when it is not there any more';

-- It fires whoever writes, session_replication_role whatever it is; of npcsim's own statements nothing is noted.
CREATE FUNCTION npcsim_internal.doubt_questions() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_doubt_questions';
REVOKE ALL ON FUNCTION npcsim_internal.doubt_questions() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.doubt_questions() IS
    'Statement trigger of decision_slots: what is known in shared memory of open questions is read from the table again when others than npcsim wrote it (a restore, a repair by hand)';
CREATE TRIGGER doubt_questions AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON npcsim.decision_slots
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.doubt_questions();
ALTER TABLE npcsim.decision_slots ENABLE ALWAYS TRIGGER doubt_questions;

CREATE FUNCTION npcsim.count_players_viewing_npc(world_id bigint, npc_id bigint) RETURNS integer
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_count_players_viewing_npc';
REVOKE ALL ON FUNCTION npcsim.count_players_viewing_npc(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.count_players_viewing_npc(bigint, bigint) IS
    'How many players have a camera in whose rectangle the NPC is now, not widened by view_buffer; all spectators whose cameras see it count as one. Who watches without a camera is not counted. Errors: NS101 no such world, NS201 no such NPC';

CREATE FUNCTION npcsim.calculate_decision_priority(world_id bigint, npc_id bigint) RETURNS bigint
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_calculate_decision_priority';
REVOKE ALL ON FUNCTION npcsim.calculate_decision_priority(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.calculate_decision_priority(bigint, bigint) IS
    'The priority of the NPC''s open question, higher ones are handed out first; NULL if none is open. 2000000 for a bid, 1000000 for a message, and thousandths of (seconds it waits / 10) * (1 + viewers) * (2 while the NPC takes part in an interaction, else 1); viewers: players as count_players_viewing_npc() counts them, 4 at most, and 1 for spectators. After 60 s: 3000000 and the milliseconds it waits. Errors: NS101 no such world, NS201 no such NPC';

CREATE FUNCTION npcsim.prioritize_npc_decisions(world_id bigint)
    RETURNS TABLE (place bigint, npc_id bigint, request_id bigint, player_id bigint, reason text, waiting double precision, viewers integer, priority bigint)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 100
    AS 'MODULE_PATHNAME', 'npcsim_prioritize_npc_decisions';
REVOKE ALL ON FUNCTION npcsim.prioritize_npc_decisions(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.prioritize_npc_decisions(bigint) IS
    'The open questions of a world in the order in which claim_decisions() hands them out: by priority, then the one that was opened first, then by NPC. waiting: real seconds; viewers and priority: calculate_decision_priority(). A player''s question waits for a free slot of that player. Errors: NS101 no such world';

CREATE FUNCTION npcsim.get_pending_decisions(world_id bigint, max_decisions integer DEFAULT 100)
    RETURNS TABLE (place bigint, npc_id bigint, request_id bigint, player_id bigint, session_id bigint, reason text, status text, waiting double precision, viewers integer, priority bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 100
    BEGIN ATOMIC
        SELECT p.place, d.npc_id, d.request_id, d.player_id, d.session_id, d.reason,
               CASE d.status WHEN 1 THEN 'open' ELSE 'sent' END,
               greatest(extract(epoch FROM pg_catalog.clock_timestamp() - d.opened_at_real), 0)::double precision,
               p.viewers, p.priority
          FROM npcsim.decision_slots d
          LEFT JOIN npcsim.prioritize_npc_decisions(get_pending_decisions.world_id) p ON p.npc_id = d.npc_id AND p.request_id = d.request_id
         WHERE d.world_id = get_pending_decisions.world_id AND d.status > 0
         ORDER BY p.place NULLS LAST, d.sent_at_real, d.npc_id
         LIMIT get_pending_decisions.max_decisions;
    END;
REVOKE ALL ON FUNCTION npcsim.get_pending_decisions(bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.get_pending_decisions(bigint, integer) IS
    'Questions of a world that are not answered yet, the first max_decisions of them (NULL: all): the open ones in the order in which they are handed out (place, viewers, priority: prioritize_npc_decisions()), then those that were sent, the longest under way first. Errors: NS101 no such world, 2201W max_decisions is negative';

COMMENT ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) IS
    'Hands out open requests, each once, in the order of prioritize_npc_decisions(): at most free_slots[i] to session_ids[i], of NPCs that session''s player controls, in running worlds; at most 64 a call. body is the decision_request frame. Sessions that are not this gateway''s, ended, gone or silent get nothing, nor do players whose tokens of the day are spent. Errors: 22003 a number of slots is negative or an id is none, 22023 the arrays differ in length, 55000 the gateway is not registered';

-- ---- whom an NPC was put to before ----
ALTER TABLE npcsim.decision_slots ADD COLUMN former_player_id bigint;
COMMENT ON COLUMN npcsim.decision_slots.former_player_id IS 'The last player but player_id whom the NPC''s questions were put to; NULL: there is none';

-- The books of the market: what was counted of the log of decisions. All of it is delivery, not the state of a world: nothing here takes
-- a world's lock. fold_decisions() writes it in the background, some rows for each source, player and minute, and none for each decision.

-- A row of the log is counted when its transaction is over. What was counted is known by the transactions: all before
-- counted_until, but for those that still ran.
CREATE TABLE npcsim.market_folds (
    home text PRIMARY KEY,
    counted_until bigint NOT NULL DEFAULT 0,
    still_running bigint[] NOT NULL DEFAULT '{}',
    folded_at_real timestamptz
) WITH (fillfactor = 20);
SELECT pg_catalog.pg_extension_config_dump('npcsim.market_folds', '');
COMMENT ON TABLE npcsim.market_folds IS 'How much of decision_log was counted, of worlds of each home: a copy of a database has another home than this, and other transactions';
COMMENT ON COLUMN npcsim.market_folds.counted_until IS 'Transactions below this one were counted';
COMMENT ON COLUMN npcsim.market_folds.still_running IS 'but for these, which were not over yet';
COMMENT ON COLUMN npcsim.market_folds.folded_at_real IS 'Until when the time of sessions was counted';

CREATE TABLE npcsim.world_books (
    world_id bigint PRIMARY KEY,
    first_request_id bigint NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.world_books', '');
COMMENT ON TABLE npcsim.world_books IS 'Worlds that were adopted here: older requests were counted where they were put';

CREATE TABLE npcsim.source_minutes (
    part smallint NOT NULL,
    world_id bigint NOT NULL,
    player_id bigint NOT NULL,
    source_id bigint NOT NULL,
    minute timestamptz NOT NULL,
    asked bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    timed_out bigint NOT NULL DEFAULT 0,
    cut_off bigint NOT NULL DEFAULT 0,
    passed_on bigint NOT NULL DEFAULT 0,
    credit_us bigint NOT NULL DEFAULT 0,
    tokens bigint NOT NULL DEFAULT 0,
    tokens_credited bigint NOT NULL DEFAULT 0,
    ranked bigint NOT NULL DEFAULT 0,
    plausibility bigint NOT NULL DEFAULT 0,
    connected_us bigint NOT NULL DEFAULT 0,
    decision_times bigint[] NOT NULL DEFAULT '{}',
    CONSTRAINT source_minutes_key PRIMARY KEY (world_id, player_id, source_id, minute, part)
) PARTITION BY LIST (part);
COMMENT ON TABLE npcsim.source_minutes IS 'What became of decisions in a minute (UTC), by the source that was asked. A ring of 8 parts of 6 hours, emptied by prune_logs() after 24 hours';
COMMENT ON COLUMN npcsim.source_minutes.part IS 'Six hours since 1970-01-01 (UTC), modulo 8';
COMMENT ON COLUMN npcsim.source_minutes.player_id IS 'Whom the source belongs to; 0: the operators';
COMMENT ON COLUMN npcsim.source_minutes.source_id IS '0: not known';
COMMENT ON COLUMN npcsim.source_minutes.asked IS 'Requests that were handed out and are over, but for those that were cut off and forgiven';
COMMENT ON COLUMN npcsim.source_minutes.accepted IS 'Answers that were carried out, or came too late for that; late ones are counted in asked when they timed out';
COMMENT ON COLUMN npcsim.source_minutes.credit_us IS 'NPC-microseconds that were earned';
COMMENT ON COLUMN npcsim.source_minutes.tokens IS 'Tokens that were reported';
COMMENT ON COLUMN npcsim.source_minutes.tokens_credited IS 'Answers that were accepted, times tokens_per_decision';
COMMENT ON COLUMN npcsim.source_minutes.ranked IS 'Answers whose plausibility is known';
COMMENT ON COLUMN npcsim.source_minutes.plausibility IS 'The sum of that, in thousandths';
COMMENT ON COLUMN npcsim.source_minutes.connected_us IS 'Microseconds for which a session lent';
COMMENT ON COLUMN npcsim.source_minutes.decision_times IS 'Answers by the time they took: the first counts those within 10 ms, each next one those within √2 times as much';
DO $$
BEGIN
    FOR part IN 0 .. 7 LOOP
        EXECUTE pg_catalog.format('CREATE TABLE npcsim.source_minutes_%s PARTITION OF npcsim.source_minutes FOR VALUES IN (%s) WITH (fillfactor = 50)', part, part);
        EXECUTE pg_catalog.format('COMMENT ON TABLE npcsim.source_minutes_%s IS %L', part, 'Part of source_minutes');
        PERFORM pg_catalog.pg_extension_config_dump(pg_catalog.format('npcsim.source_minutes_%s', part)::pg_catalog.regclass, '');
    END LOOP;
END
$$;

CREATE TABLE npcsim.source_outcomes (
    world_id bigint NOT NULL,
    player_id bigint NOT NULL,
    source_id bigint NOT NULL,
    request_ids bigint[] NOT NULL,
    finished_at_real timestamptz[] NOT NULL,
    halves smallint[] NOT NULL,
    CONSTRAINT source_outcomes_key PRIMARY KEY (world_id, player_id, source_id)
) WITH (fillfactor = 30);
SELECT pg_catalog.pg_extension_config_dump('npcsim.source_outcomes', '');
COMMENT ON TABLE npcsim.source_outcomes IS 'What became of the last 100 requests of each source, the latest first: reliability is made of it';
COMMENT ON COLUMN npcsim.source_outcomes.halves IS 'Halves of an answer: 2 accepted, 1 accepted late, 0 not';

CREATE TABLE npcsim.player_proofs (
    world_id bigint NOT NULL,
    player_id bigint NOT NULL,
    phase smallint NOT NULL,
    npcs integer NOT NULL,
    size integer NOT NULL,
    capacity integer NOT NULL,
    eighths integer NOT NULL,
    pause integer NOT NULL,
    sure boolean NOT NULL,
    since bigint NOT NULL,
    counted_from bigint NOT NULL,
    next_trial bigint NOT NULL,
    stepped bigint NOT NULL,
    present_asked integer NOT NULL,
    present_halves integer NOT NULL,
    below_asked integer NOT NULL,
    below_halves integer NOT NULL,
    usual_asked integer NOT NULL,
    usual_halves integer NOT NULL,
    young_from bigint NOT NULL,
    young_asked bigint[] NOT NULL,
    young_halves bigint[] NOT NULL,
    cut_offs bigint[] NOT NULL,
    CONSTRAINT player_proofs_key PRIMARY KEY (world_id, player_id)
) WITH (fillfactor = 30);
SELECT pg_catalog.pg_extension_config_dump('npcsim.player_proofs', '');
COMMENT ON TABLE npcsim.player_proofs IS 'What players have shown they can serve, and how it was learnt (src/market/proof.h)';
COMMENT ON COLUMN npcsim.player_proofs.npcs IS 'NPCs that the player has shown it can serve; 0 before the first step';
COMMENT ON COLUMN npcsim.player_proofs.size IS 'NPCs that it is tried with';
COMMENT ON COLUMN npcsim.player_proofs.stepped IS 'When it was looked at last, as all moments here in microseconds since 2000-01-01 (UTC); every ten seconds while the player lends';
COMMENT ON COLUMN npcsim.player_proofs.cut_offs IS 'When closed sockets were forgiven, the latest first';

CREATE FUNCTION npcsim_internal.reliability_of(asked bigint, halves bigint) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_reliability';
REVOKE ALL ON FUNCTION npcsim_internal.reliability_of(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.reliability_of(bigint, bigint) IS
    'How reliable somebody is, in thousandths: (accepted + 2) / (asked + 3), of halves of accepted answers';

-- It runs with the owner's rights, since views that others read call it.
CREATE FUNCTION npcsim_internal.recent_reliability(world_id bigint, player_id bigint, source_id bigint DEFAULT NULL) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT npcsim_internal.reliability_of(pg_catalog.count(*), coalesce(pg_catalog.sum(l.halves), 0)::bigint)
          FROM (SELECT e.halves
                  FROM npcsim.source_outcomes o
                 CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(o.finished_at_real), pg_catalog.unnest(o.halves)) AS e (at, halves)
                 WHERE o.world_id = recent_reliability.world_id AND o.player_id = recent_reliability.player_id
                   AND (recent_reliability.source_id IS NULL OR o.source_id = recent_reliability.source_id)
                   AND e.at > (SELECT npcsim_internal.market_now()) - interval '1 day'
                 ORDER BY e.at DESC LIMIT 100) AS l;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.recent_reliability(bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.recent_reliability(bigint, bigint, bigint) IS
    'How reliable a player is, or one of its sources, in thousandths: by the last 100 requests within a day, late answers being half';

CREATE FUNCTION npcsim_internal.fold_decisions(wait boolean DEFAULT true) RETURNS bigint
    LANGUAGE c VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_fold_decisions';
REVOKE ALL ON FUNCTION npcsim_internal.fold_decisions(boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.fold_decisions(boolean) IS
    'Counts what was logged since the last time, by transactions that are over, in source_minutes and what belongs to it; returns how many rows of the log that were. Workers call it every 10 s. wait: for another that counts at this moment; otherwise it does nothing then';

CREATE VIEW npcsim.compute_metrics AS
WITH moment AS MATERIALIZED (SELECT npcsim_internal.market_now() AS now),
lenders AS (
    SELECT a.world_id, a.id AS player_id, NULL::bigint AS source_id, NULL::text AS source FROM npcsim.player_accounts a
    UNION ALL
    SELECT k.world_id, coalesce(k.player_id, 0), k.id, k.name FROM npcsim.compute_sources k),
minutes AS MATERIALIZED (
    SELECT m.*, m.minute > moment.now - interval '1 hour' AS recent
      FROM npcsim.source_minutes m CROSS JOIN moment
     WHERE m.minute > moment.now - interval '24 hours' AND m.minute <= moment.now),
sums AS (
    SELECT m.world_id, m.player_id, m.source_id, GROUPING(m.source_id) = 1 AS of_player,
           pg_catalog.sum(m.asked) FILTER (WHERE m.recent) AS asked_1h, pg_catalog.sum(m.asked) AS asked_24h,
           pg_catalog.sum(m.accepted) FILTER (WHERE m.recent) AS accepted_1h, pg_catalog.sum(m.accepted) AS accepted_24h,
           pg_catalog.sum(m.late) FILTER (WHERE m.recent) AS late_1h, pg_catalog.sum(m.late) AS late_24h,
           pg_catalog.sum(m.refused) FILTER (WHERE m.recent) AS refused_1h, pg_catalog.sum(m.refused) AS refused_24h,
           pg_catalog.sum(m.failed) FILTER (WHERE m.recent) AS failed_1h, pg_catalog.sum(m.failed) AS failed_24h,
           pg_catalog.sum(m.timed_out) FILTER (WHERE m.recent) AS timed_out_1h, pg_catalog.sum(m.timed_out) AS timed_out_24h,
           pg_catalog.sum(m.cut_off) FILTER (WHERE m.recent) AS cut_off_1h, pg_catalog.sum(m.cut_off) AS cut_off_24h,
           pg_catalog.sum(m.passed_on) FILTER (WHERE m.recent) AS passed_on_1h, pg_catalog.sum(m.passed_on) AS passed_on_24h,
           pg_catalog.sum(m.credit_us) FILTER (WHERE m.recent) AS credit_1h, pg_catalog.sum(m.credit_us) AS credit_24h,
           pg_catalog.sum(m.tokens) AS tokens, pg_catalog.sum(m.tokens_credited) AS tokens_credited,
           pg_catalog.sum(m.plausibility) / nullif(pg_catalog.sum(m.ranked), 0) AS plausibility
      FROM minutes m
     GROUP BY GROUPING SETS ((m.world_id, m.player_id, m.source_id), (m.world_id, m.player_id))),
-- A player is connected while any of its sources is.
connected AS (
    SELECT c.world_id, c.player_id, c.source_id, c.of_player,
           pg_catalog.sum(c.us) FILTER (WHERE c.recent) AS us_1h, pg_catalog.sum(c.us) AS us_24h
      FROM (SELECT m.world_id, m.player_id, m.source_id, GROUPING(m.source_id) = 1 AS of_player, m.minute, m.recent,
                   pg_catalog.max(least(m.connected_us, 60000000)) AS us
              FROM minutes m
             GROUP BY GROUPING SETS ((m.world_id, m.player_id, m.source_id, m.minute, m.recent), (m.world_id, m.player_id, m.minute, m.recent))) AS c
     GROUP BY c.world_id, c.player_id, c.source_id, c.of_player),
-- How many answers took up to 10 ms, times √2 to the power of (place - 1), and how many took no longer than that.
times AS (
    SELECT p.*,
           CASE p.place WHEN 1 THEN 0 ELSE 0.01::double precision * pg_catalog.power(2, (p.place - 2) / 2.0::double precision) END AS least_s,
           0.01::double precision * pg_catalog.power(2, (p.place - 1) / 2.0::double precision) AS most_s,
           pg_catalog.sum(p.n) OVER (PARTITION BY p.world_id, p.player_id, p.source_id, p.of_player, p.period ORDER BY p.place) AS up_to,
           pg_catalog.sum(p.n) OVER (PARTITION BY p.world_id, p.player_id, p.source_id, p.of_player, p.period) AS total
      FROM (SELECT m.world_id, m.player_id, m.source_id, GROUPING(m.source_id) = 1 AS of_player, t.place, h.period, pg_catalog.sum(t.n)::double precision AS n
              FROM minutes m
             CROSS JOIN LATERAL pg_catalog.unnest(m.decision_times) WITH ORDINALITY AS t (n, place)
              JOIN (VALUES (1), (24)) AS h (period) ON h.period = 24 OR m.recent
             GROUP BY GROUPING SETS ((m.world_id, m.player_id, m.source_id, t.place, h.period), (m.world_id, m.player_id, t.place, h.period))) AS p
     WHERE p.n > 0),
percentiles AS (
    SELECT t.world_id, t.player_id, t.source_id, t.of_player,
           pg_catalog.max(t.at) FILTER (WHERE t.period = 1 AND t.share = 0.5) AS p50_1h, pg_catalog.max(t.at) FILTER (WHERE t.period = 24 AND t.share = 0.5) AS p50_24h,
           pg_catalog.max(t.at) FILTER (WHERE t.period = 1 AND t.share = 0.95) AS p95_1h, pg_catalog.max(t.at) FILTER (WHERE t.period = 24 AND t.share = 0.95) AS p95_24h
      FROM (SELECT b.world_id, b.player_id, b.source_id, b.of_player, b.period, q.share,
                   b.least_s + (b.most_s - b.least_s) * (q.share * b.total - (b.up_to - b.n)) / b.n AS at
              FROM times b CROSS JOIN (VALUES (0.5::double precision), (0.95)) AS q (share)
             WHERE b.up_to >= q.share * b.total AND b.up_to - b.n < q.share * b.total) AS t
     GROUP BY t.world_id, t.player_id, t.source_id, t.of_player)
SELECT l.world_id, nullif(l.player_id, 0) AS player_id, l.source_id, l.source,
       CASE WHEN l.source_id IS NULL THEN a.declared_tokens_per_day END AS declared_tokens_per_day,
       CASE WHEN l.source_id IS NULL THEN npcsim_internal.contribution_tier(a.declared_tokens_per_day) END AS declared_tier,
       CASE WHEN l.source_id IS NULL THEN npcsim_internal.contribution_tier(coalesce(s.tokens_credited, 0)::bigint) END AS measured_tier,
       coalesce(s.tokens_credited, 0)::bigint AS measured_throughput,
       coalesce(s.tokens, 0)::bigint AS reported_tokens,
       (s.plausibility / 1000)::double precision AS average_quality_score,
       npcsim_internal.recent_reliability(l.world_id, l.player_id, l.source_id) / 1000::double precision AS reliability_score,
       CASE WHEN l.source_id IS NULL THEN coalesce(f.npcs, 0) END AS proven_npcs,
       coalesce(s.asked_1h, 0)::bigint AS asked_1h, coalesce(s.asked_24h, 0)::bigint AS asked_24h,
       coalesce(s.accepted_1h, 0)::bigint AS accepted_1h, coalesce(s.accepted_24h, 0)::bigint AS accepted_24h,
       coalesce(s.late_1h, 0)::bigint AS late_1h, coalesce(s.late_24h, 0)::bigint AS late_24h,
       coalesce(s.refused_1h, 0)::bigint AS refused_1h, coalesce(s.refused_24h, 0)::bigint AS refused_24h,
       coalesce(s.failed_1h, 0)::bigint AS failed_1h, coalesce(s.failed_24h, 0)::bigint AS failed_24h,
       coalesce(s.timed_out_1h, 0)::bigint AS timed_out_1h, coalesce(s.timed_out_24h, 0)::bigint AS timed_out_24h,
       coalesce(s.cut_off_1h, 0)::bigint AS cut_off_1h, coalesce(s.cut_off_24h, 0)::bigint AS cut_off_24h,
       coalesce(s.passed_on_1h, 0)::bigint AS passed_on_1h, coalesce(s.passed_on_24h, 0)::bigint AS passed_on_24h,
       p.p50_1h AS decision_time_p50_1h, p.p50_24h AS decision_time_p50_24h,
       p.p95_1h AS decision_time_p95_1h, p.p95_24h AS decision_time_p95_24h,
       (coalesce(c.us_1h, 0) / 3600000000)::double precision AS uptime_1h, (coalesce(c.us_24h, 0) / 86400000000)::double precision AS uptime_24h,
       (coalesce(s.credit_1h, 0) / 1000000)::double precision AS npc_seconds_1h, (coalesce(s.credit_24h, 0) / 1000000)::double precision AS npc_seconds_24h
  FROM lenders l
  LEFT JOIN npcsim.player_accounts a ON a.id = l.player_id
  LEFT JOIN npcsim.player_proofs f ON f.world_id = l.world_id AND f.player_id = l.player_id
  LEFT JOIN sums s ON s.world_id = l.world_id AND s.player_id = l.player_id
        AND s.of_player = (l.source_id IS NULL) AND (s.of_player OR s.source_id = l.source_id)
  LEFT JOIN connected c ON c.world_id = l.world_id AND c.player_id = l.player_id
        AND c.of_player = (l.source_id IS NULL) AND (c.of_player OR c.source_id = l.source_id)
  LEFT JOIN percentiles p ON p.world_id = l.world_id AND p.player_id = l.player_id
        AND p.of_player = (l.source_id IS NULL) AND (p.of_player OR p.source_id = l.source_id);
COMMENT ON VIEW npcsim.compute_metrics IS
    'What those who lend compute have done: a row for each player (source_id NULL) and for each source, over the last hour and the last 24 hours. Counted in the background: the last ten seconds may be missing';
COMMENT ON COLUMN npcsim.compute_metrics.player_id IS 'NULL: the operators of the world';
COMMENT ON COLUMN npcsim.compute_metrics.source_id IS 'NULL: all sources of the player together';
COMMENT ON COLUMN npcsim.compute_metrics.declared_tokens_per_day IS 'What the player says it lends';
COMMENT ON COLUMN npcsim.compute_metrics.declared_tier IS 'The tier that makes it';
COMMENT ON COLUMN npcsim.compute_metrics.measured_tier IS 'The tier that measured_throughput makes it';
COMMENT ON COLUMN npcsim.compute_metrics.measured_throughput IS 'Output tokens in the last 24 hours: answers that were accepted, times the world''s tokens_per_decision';
COMMENT ON COLUMN npcsim.compute_metrics.reported_tokens IS 'Tokens that it reported in that time, which earn nothing';
COMMENT ON COLUMN npcsim.compute_metrics.average_quality_score IS 'The mean plausibility of its answers in the last 24 hours, 0 to 1; NULL: none was ranked';
COMMENT ON COLUMN npcsim.compute_metrics.reliability_score IS '(accepted + 2) / (asked + 3) of the last 100 requests within a day, late answers being half';
COMMENT ON COLUMN npcsim.compute_metrics.proven_npcs IS 'NPCs that the player has shown it can serve';
COMMENT ON COLUMN npcsim.compute_metrics.asked_1h IS 'Requests that were handed out to it and are over, but for those that its closed socket cut off and that were forgiven';
COMMENT ON COLUMN npcsim.compute_metrics.accepted_1h IS 'Answers that were carried out, or came too late for that';
COMMENT ON COLUMN npcsim.compute_metrics.late_1h IS 'Those of them that came after their time; they are counted as timed out or failed, too';
COMMENT ON COLUMN npcsim.compute_metrics.passed_on_1h IS 'Requests that were taken from it and given to another';
COMMENT ON COLUMN npcsim.compute_metrics.decision_time_p50_1h IS 'Seconds from when a request was handed out to its answer, of accepted ones; within a few per cent';
COMMENT ON COLUMN npcsim.compute_metrics.uptime_1h IS 'The part of the time for which a session lent, 0 to 1';
COMMENT ON COLUMN npcsim.compute_metrics.npc_seconds_1h IS 'Credit: seconds of the world for which NPCs were looked after';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.compute_metrics
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('It shows what was counted; declare_compute() declares what a player lends.');

-- It comes at the end, when all tables are there.
SELECT npcsim.guard_tables();
