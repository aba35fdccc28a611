-- Questions that are open, in the order in which they are handed out.

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
