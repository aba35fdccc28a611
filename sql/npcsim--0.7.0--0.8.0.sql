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
       w.max_npcs_per_player, w.on_insufficient_compute
  FROM npcsim.world_settings w
  JOIN npcsim.world_clock c ON c.world_id = w.id;
COMMENT ON VIEW npcsim.worlds IS
    'Worlds. name, max_players, min_tokens_per_npc_per_day, max_tokens_per_npc_per_day, max_tokens_per_player_per_day, max_tokens_per_day, owner_player_id, decision_policy, durability, view_buffer, spectators, speed, idle_interval, need_decay_min, need_decay_max, allocation, absence_grace, pause_grace, min_tenure, estimated_tokens_per_npc_per_day, tokens_per_decision, max_npcs_per_player and on_insufficient_compute can be updated; create_world() and drop_world() make and remove worlds';
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
                    WHEN 3 THEN 'interacting' WHEN 4 THEN 'wandering' WHEN 5 THEN 'waiting' END AS state,
       s.interaction_id, s.target_id,
       CASE s.decider WHEN 0 THEN 'nobody' WHEN 1 THEN 'built_in' WHEN 2 THEN 'mind' END AS decider,
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
COMMENT ON COLUMN npcsim.npcs.assigned IS 'An operator has said who decides for it, by controller_player_id or assign_npc_to_player(): the market leaves it where it is. When written: false gives it over to the market, true keeps it with its player, or with the built-in mind';
COMMENT ON COLUMN npcsim.npcs.controller_since IS 'World seconds at which it came to its controller; NULL: it has none, or came to it before 0.8.0';
COMMENT ON FUNCTION npcsim.assign_npc_to_player(bigint, bigint, bigint) IS
    'Gives an NPC to a player of its world, whose mind then decides for it, and the market leaves it there; NULL gives it back to the built-in mind, and to the market. Errors: NS201 no such NPC, NS203 no such player in this world';
