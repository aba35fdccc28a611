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
