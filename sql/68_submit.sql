-- Functions that take the answers of minds.

CREATE FUNCTION npcsim.submit_npc_decisions(player_ids bigint[], decisions text[], OUT ord integer, OUT result json)
    RETURNS SETOF record
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_submit_npc_decisions';
REVOKE ALL ON FUNCTION npcsim.submit_npc_decisions(bigint[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.submit_npc_decisions(bigint[], text[]) IS
    'Takes answers of minds, decisions[i] (decision_response as JSON, at most 64 KiB) given by player_ids[i]; one row per answer: ord from 1 and the decision_result. Each is judged alone and carried out at most once. At most 10,000 (54000); 22004 for NULLs';

CREATE FUNCTION npcsim.submit_npc_decision(player_id bigint, decision jsonb) RETURNS jsonb
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT result::jsonb FROM npcsim.submit_npc_decisions(ARRAY[player_id], ARRAY[decision::text]) $$;
REVOKE ALL ON FUNCTION npcsim.submit_npc_decision(bigint, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.submit_npc_decision(bigint, jsonb) IS
    'Takes the answer of a player''s mind (decision_response) and tells what became of it (decision_result)';

CREATE FUNCTION npcsim.fail_decisions(player_ids bigint[], request_ids bigint[], reasons text[]) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_fail_decisions';
REVOKE ALL ON FUNCTION npcsim.fail_decisions(bigint[], bigint[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.fail_decisions(bigint[], bigint[], text[]) IS
    'No answer will come to these requests: they are closed, and NPCs that stand idle are decided for. reasons: timeout, refused, …, 1 to 500 characters. Unknown and finished requests are ignored';

CREATE FUNCTION npcsim_internal.expire_decisions() RETURNS bigint
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_expire_decisions';
REVOKE ALL ON FUNCTION npcsim_internal.expire_decisions() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.expire_decisions() IS
    'Closes requests of running worlds that nobody answers: 5 s past their time-out, or open for 60 s while their player is away. How many; called by the workers';
