-- The views show worlds as of now, under plain names and in plain units: seconds, cells, 0 to 100. Operators read them and
-- write through them; how the tables below encode all this need not concern them.
--
-- Now is the clock of the last finished tick, taken once per world and query, and for each row no later than the row's own
-- next event: a reader whose snapshot is older must not extrapolate past what it does not see.

CREATE FUNCTION npcsim_internal.edit_npcs() RETURNS trigger
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_edit_npcs';
REVOKE ALL ON FUNCTION npcsim_internal.edit_npcs() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.edit_npcs() IS
    'INSTEAD OF trigger of the view npcs: locks the world, writes the columns that differ. Errors: 40001 the columns have changed since the row was read, 0A000 a column that cannot be written, and those of create_npc() and assign_npc_to_player()';

CREATE FUNCTION npcsim_internal.edit_world_items() RETURNS trigger
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_edit_world_items';
REVOKE ALL ON FUNCTION npcsim_internal.edit_world_items() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.edit_world_items() IS
    'INSTEAD OF trigger of the view world_items: locks the world, writes the columns that differ. Errors: 40001 the item has changed since it was read, 0A000 a column that cannot be written, and those of create_item()';

CREATE FUNCTION npcsim_internal.edit_worlds() RETURNS trigger
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_edit_worlds';
REVOKE ALL ON FUNCTION npcsim_internal.edit_worlds() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.edit_worlds() IS
    'INSTEAD OF trigger of the view worlds: locks the world, writes the settings that differ. Errors: 40001 the settings have changed since the row was read, 0A000 a column that cannot be written';

CREATE FUNCTION npcsim_internal.edit_players() RETURNS trigger
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_edit_players';
REVOKE ALL ON FUNCTION npcsim_internal.edit_players() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.edit_players() IS
    'INSTEAD OF trigger of the view players: locks the world, writes the columns that differ. Errors: 40001 the columns have changed since the row was read, 0A000 a column that cannot be written';

CREATE VIEW npcsim.world_moments AS
SELECT c.world_id,
       npcsim_internal.world_now(c.world_id, c.clock, 1000000 / w.tick_rate) AS now
  FROM npcsim.world_clock c
  JOIN npcsim.world_settings w ON w.id = c.world_id;
COMMENT ON VIEW npcsim.world_moments IS
    'Now of each world, for the other views';
COMMENT ON COLUMN npcsim.world_moments.now IS 'Clock at the end of the last finished tick, microseconds';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.world_moments
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('Use start_world(world_id), pause_world(world_id) or tick_world(world_id, dt).');

CREATE VIEW npcsim.worlds AS
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
COMMENT ON COLUMN npcsim.worlds.size_x IS 'Width in cells';
COMMENT ON COLUMN npcsim.worlds.size_y IS 'Height in cells';
COMMENT ON COLUMN npcsim.worlds.seed IS 'Source of all chance in the world';
COMMENT ON COLUMN npcsim.worlds.tick_rate IS 'Ticks per world second';
COMMENT ON COLUMN npcsim.worlds.max_players IS 'Players connected at a time, 0 to 100,000';
COMMENT ON COLUMN npcsim.worlds.min_tokens_per_npc_per_day IS 'Tokens a player is to offer per NPC and day';
COMMENT ON COLUMN npcsim.worlds.max_tokens_per_npc_per_day IS 'Tokens that may be spent on an NPC from midnight to midnight UTC; then its mind is not asked. 0: no limit';
COMMENT ON COLUMN npcsim.worlds.max_tokens_per_player_per_day IS 'The same for all NPCs of a player together';
COMMENT ON COLUMN npcsim.worlds.max_tokens_per_day IS 'The same for all NPCs of the world together';
COMMENT ON COLUMN npcsim.worlds.daily_token_output IS 'Tokens the minds of the world wrote since midnight UTC';
COMMENT ON COLUMN npcsim.worlds.created_at IS 'Real time';
COMMENT ON COLUMN npcsim.worlds.owner_player_id IS 'Player who owns the world, or NULL';
COMMENT ON COLUMN npcsim.worlds.decision_policy IS 'When minds are asked: occasions, interval or none';
COMMENT ON COLUMN npcsim.worlds.idle_interval IS 'World seconds after which the mind of an NPC without a plan is asked again, 3 to 86400; in between the built-in mind acts';
COMMENT ON COLUMN npcsim.worlds.need_decay_min IS 'Units a world second by which every need of the NPC decays whose needs decay slowest, 0 to need_decay_max';
COMMENT ON COLUMN npcsim.worlds.need_decay_max IS 'The same of the NPC whose needs decay fastest, need_decay_min to 100';
COMMENT ON COLUMN npcsim.worlds.built_in_fallback IS 'Whether the built-in mind decides for NPCs whose own cannot be asked; without it they are dormant';
COMMENT ON COLUMN npcsim.worlds.enable_commercial_fallback IS 'Whether decisions may be bought for NPCs that no player''s mind can be asked about';
COMMENT ON COLUMN npcsim.worlds.server_backup_enabled IS 'Whether they may be put to the operators'' API source (compute_sources of kind server_api_key)';
COMMENT ON COLUMN npcsim.worlds.server_api_cost IS 'Price of such a decision, in millionths of the operators'' currency, 0 to 10^12';
COMMENT ON COLUMN npcsim.worlds.server_api_cap_per_day IS 'Millionths that the world may spend on them from midnight to midnight UTC, 0 to 10^12. 0: nothing but what is free';
COMMENT ON COLUMN npcsim.worlds.hybrid_cap_per_day IS 'The same of each player with a source of kind hybrid, who pays for its own NPCs';
COMMENT ON COLUMN npcsim.worlds.durability IS 'full or relaxed';
COMMENT ON COLUMN npcsim.worlds.view_buffer IS 'Cells by which a client''s camera is widened, 0 to 4096';
COMMENT ON COLUMN npcsim.worlds.spectators IS 'Whether clients without a token may watch';
COMMENT ON COLUMN npcsim.worlds.allocation IS 'Who says which player''s mind decides for which NPC: market (by what players lend) or manual (operators, and players who ask for NPCs that nobody has)';
COMMENT ON COLUMN npcsim.worlds.absence_grace IS 'Real seconds for which a player who is gone keeps what the market gave it, 0 to 86,400';
COMMENT ON COLUMN npcsim.worlds.pause_grace IS 'The same after a pause that was announced, 0 to 604,800';
COMMENT ON COLUMN npcsim.worlds.min_tenure IS 'World seconds for which an NPC stays with the player it came to, unless that player is gone, 0 to 86,400';
COMMENT ON COLUMN npcsim.worlds.estimated_tokens_per_npc_per_day IS 'Output tokens that the mind of an NPC is estimated to write a day, 1 to 1,000,000,000';
COMMENT ON COLUMN npcsim.worlds.tokens_per_decision IS 'Output tokens that a decision counts for in tiers and figures, 1 to 1,000,000';
COMMENT ON COLUMN npcsim.worlds.max_npcs_per_player IS 'The most NPCs that the market gives one player, 0 to 1,000,000';
COMMENT ON COLUMN npcsim.worlds.on_insufficient_compute IS 'What is done while players offer less than min_tokens_per_npc_per_day: fewer, alert or warn_then_remove';
COMMENT ON COLUMN npcsim.worlds.observation_log_bytes IS 'So many bytes of what minds were told are kept in observation_log, compressed, 0 to 10^12; 0: nothing';
COMMENT ON COLUMN npcsim.worlds.status IS 'running, paused, or parked until adopt_worlds()';
COMMENT ON COLUMN npcsim.worlds.clock IS 'World time in seconds at the end of the last finished tick';
COMMENT ON COLUMN npcsim.worlds.speed IS 'World time per real time, 0.1 to 1000';
COMMENT ON COLUMN npcsim.worlds.revision IS 'Grows by one with each transaction that changed the world';
COMMENT ON COLUMN npcsim.worlds.settings_revision IS 'Revision of the world with which the settings last changed; a write fails (40001) if it is later than the one that was read';
CREATE TRIGGER edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.worlds
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.edit_worlds();
CREATE TRIGGER write_edits AFTER INSERT OR UPDATE OR DELETE ON npcsim.worlds
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.write_edits();

SELECT npcsim.execute_with_postgis($postgis$
CREATE VIEW npcsim.npcs AS
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
COMMENT ON VIEW npcsim.npcs IS
    'NPCs as of now. name, controller_player_id, assigned, traced, traits, position and needs can be written, on a running world too; what is written replaces the columns named and nothing else';
COMMENT ON COLUMN npcsim.npcs.id IS 'Unique in its world';
COMMENT ON COLUMN npcsim.npcs.controller_player_id IS 'Player whose mind decides for it; NULL: the built-in mind';
COMMENT ON COLUMN npcsim.npcs.assigned IS 'An operator has said who decides for it, by controller_player_id or assign_npc_to_player(): the market leaves it where it is. When written: false gives it over to the market, true keeps it with its player, or with the built-in mind';
COMMENT ON COLUMN npcsim.npcs.controller_since IS 'World seconds at which it came to its controller; NULL: it has none, or came to it before 0.8.0';
COMMENT ON COLUMN npcsim.npcs.traced IS 'What the built-in mind decides for it is kept with its reasons: explain_npc_decisions(). When written: true begins that, false ends it; nothing else changes';
COMMENT ON COLUMN npcsim.npcs.position_x IS 'Column, interpolated along the path; when written: a whole number, of a free cell';
COMMENT ON COLUMN npcsim.npcs.position_y IS 'Row, interpolated along the path; when written: a whole number, of a free cell';
COMMENT ON COLUMN npcsim.npcs.position IS '(position_x, position_y) as a point, unit 1 cell, no SRID; when written it is rounded to a cell';
COMMENT ON COLUMN npcsim.npcs.hunger IS '0 to 100, 100 = full';
COMMENT ON COLUMN npcsim.npcs.hygiene IS '0 to 100';
COMMENT ON COLUMN npcsim.npcs.fun IS '0 to 100';
COMMENT ON COLUMN npcsim.npcs.energy IS '0 to 100';
COMMENT ON COLUMN npcsim.npcs.state IS 'idle, moving, requesting, interacting, wandering, waiting or dormant';
COMMENT ON COLUMN npcsim.npcs.interaction_id IS 'The interaction it takes part in, or NULL';
COMMENT ON COLUMN npcsim.npcs.target_id IS 'What it walks to, or NULL';
COMMENT ON COLUMN npcsim.npcs.decider IS 'Who began what it does: nobody, built_in, mind or, of one that was put to sleep, operator';
COMMENT ON COLUMN npcsim.npcs.last_decision_time IS 'World seconds at which it last decided, or NULL';
COMMENT ON COLUMN npcsim.npcs.decision_pending IS 'Whether a request to its mind is open or sent';
COMMENT ON COLUMN npcsim.npcs.daily_token_output IS 'Tokens its minds wrote since midnight UTC';
COMMENT ON COLUMN npcsim.npcs.traits IS 'Words that describe it to its mind';
COMMENT ON COLUMN npcsim.npcs.identity_revision IS 'Revision of the world with which name, controller or traits last changed; a write fails (40001) if it is later than the one that was read';
COMMENT ON COLUMN npcsim.npcs.motion_revision IS 'Revision of the world with which position or path last changed; a write fails (40001) if it is later than the one that was read';
COMMENT ON COLUMN npcsim.npcs.needs_revision IS 'Revision of the world with which needs or their rates last changed; a write fails (40001) if it is later than the one that was read';
COMMENT ON COLUMN npcsim.npcs.status_revision IS 'Revision of the world with which state, interaction or request last changed';
CREATE TRIGGER edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.npcs
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.edit_npcs();
CREATE TRIGGER write_edits AFTER INSERT OR UPDATE OR DELETE ON npcsim.npcs
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.write_edits();

SELECT npcsim.execute_with_postgis($postgis$
CREATE VIEW npcsim.world_items AS
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
COMMENT ON VIEW npcsim.world_items IS
    'Items as of now. properties can be updated, rows inserted and deleted; what is left of an item in use is computed';
COMMENT ON COLUMN npcsim.world_items.id IS 'Unique in its world';
COMMENT ON COLUMN npcsim.world_items.item_type IS 'One of item_types';
COMMENT ON COLUMN npcsim.world_items.position_x IS 'Column of its cell; when inserted: a whole number, of a free cell';
COMMENT ON COLUMN npcsim.world_items.position_y IS 'Row of its cell; when inserted: a whole number, of a free cell';
COMMENT ON COLUMN npcsim.world_items.position IS '(position_x, position_y) as a point, unit 1 cell, no SRID';
COMMENT ON COLUMN npcsim.world_items.properties IS 'JSON object of up to 8192 bytes, for operators';
COMMENT ON COLUMN npcsim.world_items.occupied_by_npc_id IS 'NPC that uses it, or NULL';
COMMENT ON COLUMN npcsim.world_items.share_left IS 'What is left of a consumable, 1 = whole';
COMMENT ON COLUMN npcsim.world_items.revision IS 'Revision of the world with which the item last changed; a write fails (40001) if it is later than the one that was read';
CREATE TRIGGER edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.world_items
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.edit_world_items();
CREATE TRIGGER write_edits AFTER INSERT OR UPDATE OR DELETE ON npcsim.world_items
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.write_edits();

CREATE VIEW npcsim.interactions AS
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
COMMENT ON VIEW npcsim.interactions IS
    'Interactions under way';
COMMENT ON COLUMN npcsim.interactions.id IS 'Unique in its world';
COMMENT ON COLUMN npcsim.interactions.initiator_npc_id IS 'NPC that began it; it may have left';
COMMENT ON COLUMN npcsim.interactions.participants IS 'NPCs that take part, in the order in which they came';
COMMENT ON COLUMN npcsim.interactions.target_type IS 'item or npc';
COMMENT ON COLUMN npcsim.interactions.target_id IS 'Item or NPC it is with';
COMMENT ON COLUMN npcsim.interactions.interaction_type IS 'One of interaction_types';
COMMENT ON COLUMN npcsim.interactions.started_at IS 'World seconds';
COMMENT ON COLUMN npcsim.interactions.data IS 'Of a consumption: share_at_start (1 = whole); of what NPCs say or do in it: act_count, and acts, the last 10: [{"at": world s, "npc_id", "name", "message" or "parameters"}]';
COMMENT ON COLUMN npcsim.interactions.revision IS 'Revision of the world with which it last changed';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.interactions
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('Interactions begin and end by decisions; request_npc_decision(world_id, npc_id) asks for one, and writing an NPCs position ends its interaction.');

CREATE VIEW npcsim.interaction_bids AS
SELECT b.world_id, b.id, b.bidder_npc_id, k.name AS interaction_type, k.target AS target_type, b.target_id, b.invited_npc_ids,
       ARRAY(SELECT i.npc_id FROM ROWS FROM (pg_catalog.unnest(b.invited_npc_ids), pg_catalog.unnest(b.answers)) AS i(npc_id, answer)
              WHERE i.answer >= 2) AS accepted_npc_ids,
       b.made_at / 1000000::double precision AS made_at,
       CASE WHEN 0 <> ALL (b.answers) THEN b.due_at / 1000000::double precision END AS expires_at
  FROM npcsim.interaction_bid_rows b
  JOIN npcsim.interaction_type_rows k ON k.world_id = b.world_id AND k.number = b.interaction;
COMMENT ON VIEW npcsim.interaction_bids IS
    'Invitations to interact that not everybody has answered yet';
COMMENT ON COLUMN npcsim.interaction_bids.id IS 'Unique in its world';
COMMENT ON COLUMN npcsim.interaction_bids.bidder_npc_id IS 'NPC that invites the others';
COMMENT ON COLUMN npcsim.interaction_bids.interaction_type IS 'One of interaction_types';
COMMENT ON COLUMN npcsim.interaction_bids.target_type IS 'item or npc';
COMMENT ON COLUMN npcsim.interaction_bids.target_id IS 'Item, or the first of the NPCs invited';
COMMENT ON COLUMN npcsim.interaction_bids.invited_npc_ids IS 'NPCs whose answer counts, 1 to 9';
COMMENT ON COLUMN npcsim.interaction_bids.accepted_npc_ids IS 'Those of them that have accepted';
COMMENT ON COLUMN npcsim.interaction_bids.made_at IS 'World seconds';
COMMENT ON COLUMN npcsim.interaction_bids.expires_at IS 'World seconds at which it is too late to answer; NULL: not all of them were told of it yet';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.interaction_bids
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('Bids are made and answered by decisions: interact_with, respond_to_interaction_bid.');

CREATE VIEW npcsim.decision_requests AS
SELECT d.world_id, d.request_id, d.npc_id, d.player_id, d.session_id, d.reason,
       CASE d.status WHEN 1 THEN 'open' WHEN 2 THEN 'sent' END AS status,
       d.opened_at / 1000000::double precision AS opened_at,
       d.opened_at_real, d.sent_at_real, d.timeout_ms
  FROM npcsim.decision_slots d
 WHERE d.status > 0;
COMMENT ON VIEW npcsim.decision_requests IS
    'Requests to minds that are not answered yet';
COMMENT ON COLUMN npcsim.decision_requests.request_id IS 'Unique in its world';
COMMENT ON COLUMN npcsim.decision_requests.player_id IS 'Player it is for';
COMMENT ON COLUMN npcsim.decision_requests.session_id IS 'Session it was sent to';
COMMENT ON COLUMN npcsim.decision_requests.reason IS 'idle, interval, bid, message, plan_failed, need or requested';
COMMENT ON COLUMN npcsim.decision_requests.status IS 'open: nobody took it yet; sent: awaiting the answer';
COMMENT ON COLUMN npcsim.decision_requests.opened_at IS 'World seconds';
COMMENT ON COLUMN npcsim.decision_requests.opened_at_real IS 'Real time';
COMMENT ON COLUMN npcsim.decision_requests.sent_at_real IS 'Real time';
COMMENT ON COLUMN npcsim.decision_requests.timeout_ms IS 'Real milliseconds the mind has, from when it was sent';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.decision_requests
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('request_npc_decision(world_id, npc_id) opens one.');

-- A view that named the table of sessions, which is unlogged, could not be read on a standby.
CREATE FUNCTION npcsim_internal.connected_players() RETURNS SETOF bigint
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 100
    AS 'MODULE_PATHNAME', 'npcsim_connected_players';
REVOKE ALL ON FUNCTION npcsim_internal.connected_players() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.connected_players() IS
    'Players with an open session; none on a standby, where there are no sessions';

CREATE VIEW npcsim.players AS
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
COMMENT ON COLUMN npcsim.players.id IS 'Unique in the database';
COMMENT ON COLUMN npcsim.players.username IS '1 to 50 characters, unique in the world';
COMMENT ON COLUMN npcsim.players.role IS 'player or operator';
COMMENT ON COLUMN npcsim.players.daily_token_output IS 'Tokens the player''s models wrote since midnight UTC';
COMMENT ON COLUMN npcsim.players.controlled_npc_count IS 'NPCs whose controller the player is';
COMMENT ON COLUMN npcsim.players.last_heartbeat IS 'Real time of the last sign of life';
COMMENT ON COLUMN npcsim.players.status IS 'active or banned; banning ends the player''s sessions';
COMMENT ON COLUMN npcsim.players.connected IS 'Whether a session is open; NULL on a standby, which knows of none';
COMMENT ON COLUMN npcsim.players.created_at IS 'Real time';
COMMENT ON COLUMN npcsim.players.declared_tokens_per_day IS 'Output tokens that the player says it lends a day, and is asked for at most; 0: it did not say';
COMMENT ON COLUMN npcsim.players.contribution_tier IS 'What they make it: Observer, Casual, Dedicated, Enthusiast or Server';
COMMENT ON COLUMN npcsim.players.person_id IS 'Whose account it is, of npcsim.persons; NULL: nobody said so';
COMMENT ON COLUMN npcsim.players.suspended_until IS 'Real time until which the player lends no compute; NULL, or in the past: it is not suspended';
COMMENT ON COLUMN npcsim.players.suspension_reason IS 'Why, as the player is told';
CREATE TRIGGER edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.players
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.edit_players();
CREATE TRIGGER write_edits AFTER INSERT OR UPDATE OR DELETE ON npcsim.players
    FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.write_edits();
