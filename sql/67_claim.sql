-- Requests to minds, on their way out.

CREATE FUNCTION npcsim.claim_decisions(gateway_id text, session_ids bigint[], free_slots integer[])
    RETURNS TABLE (request_id bigint, npc_id bigint, world_id bigint, session_id bigint, player_id bigint, timeout_ms integer, body json)
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 30
    AS 'MODULE_PATHNAME', 'npcsim_claim_decisions';
REVOKE ALL ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) IS
    'Hands out open requests, oldest first, each once: at most free_slots[i] to session_ids[i], of NPCs that session''s player controls, in running worlds; at most 2000 a call. body is the decision_request frame. Sessions that are not this gateway''s, ended or silent get nothing. Errors: 22023 the arrays differ in length';

CREATE FUNCTION npcsim.observe_npc(world_id bigint, npc_id bigint) RETURNS json
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_observe_npc';
REVOKE ALL ON FUNCTION npcsim.observe_npc(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.observe_npc(bigint, bigint) IS
    'What an NPC''s mind would be told now: "observations" of a decision_request. Errors: NS101 no such world, NS201 no such NPC';
