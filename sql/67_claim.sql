-- Requests to minds, on their way out.

CREATE FUNCTION npcsim.claim_decisions(gateway_id text, session_ids bigint[], free_slots integer[])
    RETURNS TABLE (request_id bigint, npc_id bigint, world_id bigint, session_id bigint, player_id bigint, timeout_ms integer, body json)
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 30
    AS 'MODULE_PATHNAME', 'npcsim_claim_decisions';
REVOKE ALL ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.claim_decisions(text, bigint[], integer[]) IS
    'Hands out open requests, oldest first, each once: at most free_slots[i] to session_ids[i], of NPCs that session''s player controls, in running worlds; at most 64 a call. body is the decision_request frame. Sessions that are not this gateway''s, ended, gone or silent get nothing, nor do players whose tokens of the day are spent. Errors: 22003 a number of slots is negative or an id is none, 22023 the arrays differ in length, 55000 the gateway is not registered';

-- The requests are looked up one by one by their whole key, whatever the statistics say.
CREATE FUNCTION npcsim.superseded_decisions(world_id bigint, npc_ids bigint[], request_ids bigint[], session_ids bigint[]) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
    BEGIN ATOMIC
        SELECT held.request_id
          FROM ROWS FROM (pg_catalog.unnest(npc_ids[1:10000]), pg_catalog.unnest(request_ids[1:10000]),
                          pg_catalog.unnest(session_ids[1:10000])) AS held(npc_id, request_id, session_id)
          LEFT JOIN npcsim.decision_slots d
                 ON d.world_id = superseded_decisions.world_id + 0 * held.npc_id AND d.npc_id = held.npc_id
         WHERE held.request_id IS NOT NULL
           AND (d.request_id, d.session_id, d.status) IS DISTINCT FROM (held.request_id, held.session_id, 2::smallint);
    END;
REVOKE ALL ON FUNCTION npcsim.superseded_decisions(bigint, bigint[], bigint[], bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.superseded_decisions(bigint, bigint[], bigint[], bigint[]) IS
    'Which of these requests (request_ids[i], for npc_ids[i], given to session_ids[i]; the first 10000) are no longer asked of that session: the NPC has another controller, is gone or was asked anew, or the request was closed or went elsewhere';

CREATE FUNCTION npcsim.observe_npc(world_id bigint, npc_id bigint) RETURNS json
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_observe_npc';
REVOKE ALL ON FUNCTION npcsim.observe_npc(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.observe_npc(bigint, bigint) IS
    'What an NPC''s mind would be told now: "observations" of a decision_request. Errors: NS101 no such world, NS201 no such NPC';
