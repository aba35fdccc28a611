-- Functions of the gateway: connections, heartbeats, calls. They run with their owner's rights; the gateway's role has EXECUTE
-- and nothing else.

CREATE INDEX sessions_world ON npcsim.sessions (world_id);

CREATE FUNCTION npcsim_internal.client_reducers() RETURNS TABLE (name text, minimum_role text, description text, burst integer, per_minute integer)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_client_reducers';
REVOKE ALL ON FUNCTION npcsim_internal.client_reducers() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.client_reducers() IS
    'What clients may call, as this version of npcsim describes it; client_reducers has it with what was set otherwise';

CREATE VIEW npcsim.client_reducers AS
SELECT r.name,
       COALESCE(l.minimum_role, r.minimum_role) AS minimum_role,
       r.description,
       COALESCE(l.burst, r.burst) AS burst,
       COALESCE(l.per_minute, r.per_minute) AS per_minute
  FROM npcsim_internal.client_reducers() r
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

CREATE FUNCTION npcsim.register_gateway(gateway_id text) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_register_gateway';
REVOKE ALL ON FUNCTION npcsim.register_gateway(text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.register_gateway(text) IS
    'To be called by a gateway after every connect, before anything else, on the connection that LISTENs: holds the id until that connection ends, and its sessions with it; closes the sessions that an earlier life of it left, and opens their requests again. gateway_id: 1 to 64 characters of A-Z, a-z, 0-9, _, . and -. Errors: NS409 another connection holds the id (not written to the server''s log)';

CREATE FUNCTION npcsim.authenticate(token text) RETURNS TABLE (player_id bigint, world_id bigint, username text, role text)
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
    AS 'MODULE_PATHNAME', 'npcsim_authenticate';
REVOKE ALL ON FUNCTION npcsim.authenticate(text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.authenticate(text) IS
    'Who a token belongs to. Errors: NS401 nobody, NS403 the player is banned';

CREATE FUNCTION npcsim.try_authenticate(token text) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_authenticate';
REVOKE ALL ON FUNCTION npcsim.try_authenticate(text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_authenticate(text) IS
    'authenticate() whose refusals are values: {"ok": true, "value": {"player_id", "world_id", "username", "role"}} or {"ok": false, "error": {"code", "message", "detail", "hint", "retry"}}. What a client says is no error of the server';

CREATE FUNCTION npcsim.client_connected(gateway_id text, player_id bigint, world_id bigint,
                                        purpose text DEFAULT 'watch', source text DEFAULT '', client text DEFAULT '') RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_client_connected';
REVOKE ALL ON FUNCTION npcsim.client_connected(text, bigint, bigint, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.client_connected(text, bigint, bigint, text, text, text) IS
    'Begins a session: {"session_id", "replaced": sessions this one ended, "welcome"}. player_id NULL is a spectator; purpose: watch, compute or both; source: tells the compute connections of a player apart, up to 64 characters; client: what connected, up to 200. Errors: NS203 no such player in that world, NS401 spectators are not admitted, NS403 banned, NS404 no such world, NS405 suspended (unless it is to watch), NS429 the world is full, NS430 more than 8 compute connections, 55000 the gateway is not registered';

CREATE FUNCTION npcsim.try_client_connected(gateway_id text, player_id bigint, world_id bigint,
                                            purpose text DEFAULT 'watch', source text DEFAULT '', client text DEFAULT '') RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_client_connected';
REVOKE ALL ON FUNCTION npcsim.try_client_connected(text, bigint, bigint, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_client_connected(text, bigint, bigint, text, text, text) IS
    'client_connected() whose refusals are values, like those of try_authenticate()';

CREATE FUNCTION npcsim.client_disconnected(session_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_client_disconnected';
REVOKE ALL ON FUNCTION npcsim.client_disconnected(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.client_disconnected(bigint) IS
    'Ends a session; what it was asked goes on at once. Unknown ids are ignored';

CREATE FUNCTION npcsim.gateway_poll(gateway_id text, world_ids bigint[]) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_gateway_poll';
REVOKE ALL ON FUNCTION npcsim.gateway_poll(text, bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.gateway_poll(text, bigint[]) IS
    'A gateway''s sign of life, due every second; after 30 s without one its sessions end. Clocks of the worlds asked for (at most 10000) and of all that run, those asked for that are gone, and sessions of this gateway that were ended elsewhere, with the reason (replaced, banned, token, dropped, silent, suspended), and of the last with a message. Errors: 55000 the gateway is not registered';

CREATE FUNCTION npcsim.unknown_sessions(gateway_id text, session_ids bigint[]) RETURNS SETOF bigint
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
    AS 'MODULE_PATHNAME', 'npcsim_unknown_sessions';
REVOKE ALL ON FUNCTION npcsim.unknown_sessions(text, bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.unknown_sessions(text, bigint[]) IS
    'Which of these sessions of a gateway are not there (any more): somebody deleted their rows. Those that were ended, gateway_poll() tells';

-- It runs with the owner's rights, since gateways may read no table.
CREATE FUNCTION npcsim.worlds_to_watch() RETURNS json
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_worlds_to_watch';
REVOKE ALL ON FUNCTION npcsim.worlds_to_watch() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.worlds_to_watch() IS
    'The worlds that admit spectators, the first 1000 by id: {"worlds": [{"id", "name", "status": running, paused or parked, "size_x", "size_y"}]}';

CREATE FUNCTION npcsim_internal.expire_sessions() RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_expire_sessions';
REVOKE ALL ON FUNCTION npcsim_internal.expire_sessions() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.expire_sessions() IS
    'Ends the sessions of gateways that were silent for 30 s, or whose connection that LISTENs ended, and opens requests again whose session is gone or silent. gateway_poll() does it every few seconds; harmless at any time';

CREATE FUNCTION npcsim.update_player_heartbeat(player_id bigint, heartbeat jsonb) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_update_player_heartbeat';
REVOKE ALL ON FUNCTION npcsim.update_player_heartbeat(bigint, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.update_player_heartbeat(bigint, jsonb) IS
    'Sign of life of a compute connection: {"source": which ('''' by default), "max_concurrency": 0 to 64 (1), "stateless": boolean (false), "choices": a list of actions to choose from with each question (false), "compact": questions in few words (false), "observations": false for questions without observations and choices (true), "token_output_rate", "average_decision_time_ms", "decision_queue_length"}; returns the heartbeat_ack frame. After 30 s without one it is asked no more. Errors: 22023 a member is out of range, NS203 no such player, 55000 no such connection';

CREATE FUNCTION npcsim.compute_standings(player_ids bigint[], told bigint[]) RETURNS TABLE (player_id bigint, standing bigint, body json)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_compute_standings';
REVOKE ALL ON FUNCTION npcsim.compute_standings(bigint[], bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.compute_standings(bigint[], bigint[]) IS
    'Of players who lend compute, those whose standing is another than the one they were told last (0: none): {"world", "player", "npc_count", "npcs": the first 256, "budget_spent": whose tokens of the day are spent, "backing_off": who is asked less often}';

CREATE FUNCTION npcsim.try_update_player_heartbeat(player_id bigint, heartbeat jsonb) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_update_player_heartbeat';
REVOKE ALL ON FUNCTION npcsim.try_update_player_heartbeat(bigint, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_update_player_heartbeat(bigint, jsonb) IS
    'update_player_heartbeat() whose refusals are values, like those of try_authenticate()';

CREATE FUNCTION npcsim.update_player_camera(player_id bigint, min_x double precision, min_y double precision,
                                            max_x double precision, max_y double precision) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_update_player_camera';
REVOKE ALL ON FUNCTION npcsim.update_player_camera(bigint, double precision, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.update_player_camera(bigint, double precision, double precision, double precision, double precision) IS
    'What a watching player looks at, in cells, -1000000 to 1000000. Nothing happens while the player does not watch. Errors: 22003 NaN or out of range, 22023 turned over, NS203 no such player';

CREATE FUNCTION npcsim.try_update_player_camera(player_id bigint, min_x double precision, min_y double precision,
                                                max_x double precision, max_y double precision) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_update_player_camera';
REVOKE ALL ON FUNCTION npcsim.try_update_player_camera(bigint, double precision, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_update_player_camera(bigint, double precision, double precision, double precision, double precision) IS
    'update_player_camera() whose refusals are values, like those of try_authenticate(); value: null';

CREATE FUNCTION npcsim.try_update_spectator_camera(session_id bigint, min_x double precision, min_y double precision,
                                                   max_x double precision, max_y double precision) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_try_update_spectator_camera';
REVOKE ALL ON FUNCTION npcsim.try_update_spectator_camera(bigint, double precision, double precision, double precision, double precision) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.try_update_spectator_camera(bigint, double precision, double precision, double precision, double precision) IS
    'What a spectator looks at, of whom nothing is known but the session: as try_update_player_camera(). Nothing happens when it is not there any more';

CREATE FUNCTION npcsim.call_reducer(player_id bigint, reducer text, args jsonb DEFAULT '{}', key text DEFAULT NULL) RETURNS json
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
    AS 'MODULE_PATHNAME', 'npcsim_call_reducer';
REVOKE ALL ON FUNCTION npcsim.call_reducer(bigint, text, jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.call_reducer(bigint, text, jsonb, text) IS
    'Calls a reducer of client_reducers for a player (NULL: a spectator): {"ok": true, "value", "revision"} or {"ok": false, "error": {"code", "message", "detail", "hint", "retry"}}, then nothing changed. Who calls more often than client_reducers allows gets NS431 and in "retry_after" the seconds to wait. The same key again (up to 100 characters, for a day) gives the first result without acting again. Waits at most 2 s for a lock';
