-- Functions that hand out requests to minds.

CREATE FUNCTION npcsim.claim_decisions(gateway_id text, session_ids bigint[], free_slots integer[])
    RETURNS TABLE (request_id bigint, npc_id bigint, world_id bigint, session_id bigint, player_id bigint, timeout_ms integer, body json)
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 30
    AS 'MODULE_PATHNAME', 'npcsim_claim_decisions';
REVOKE ALL ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) IS
    'Hands out open requests, each once, in the order of prioritize_npc_decisions(): at most free_slots[i] to session_ids[i], and no more than it says it takes, of NPCs that session''s player controls, in running worlds; at most 64 a call. Those of players who cannot be asked at this moment, and of NPCs without a player, go to sessions whose sources remember nothing and answer within 60 s: to the one whose player was charged least in the last hour for what it can serve. No source gets once more what it had in vain, unless it is the only one of the NPC''s player here. body is the decision_request frame. Sessions that are not this gateway''s, ended, gone or silent get nothing, nor do players whose tokens of the day are spent. Errors: 22003 a number of slots is negative or an id is none, 22023 the arrays differ in length, 55000 the gateway is not registered';

CREATE FUNCTION npcsim.superseded_decisions(world_id bigint, npc_ids bigint[], request_ids bigint[], session_ids bigint[]) RETURNS SETOF bigint
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
    AS 'MODULE_PATHNAME', 'npcsim_superseded_decisions';
REVOKE ALL ON FUNCTION npcsim.superseded_decisions(bigint, bigint[], bigint[], bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.superseded_decisions(bigint, bigint[], bigint[], bigint[]) IS
    'Which of these requests (request_ids[i], for npc_ids[i], given to session_ids[i]; the first 10000) are no longer asked of that session: the NPC has another controller, is gone or was asked anew, or the request was closed or went elsewhere';

CREATE FUNCTION npcsim.observe_npc(world_id bigint, npc_id bigint) RETURNS json
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_observe_npc';
REVOKE ALL ON FUNCTION npcsim.observe_npc(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.observe_npc(bigint, bigint) IS
    'What an NPC''s mind would be told now: "observations" of a decision_request. Errors: NS101 no such world, NS201 no such NPC';
