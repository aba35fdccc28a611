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
