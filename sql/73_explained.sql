-- Why something happens, or does not: questions that wait, who decides for an NPC, what a player holds, and what a decision was made of.

CREATE FUNCTION npcsim_internal.source_idle(connected boolean, state text, paced boolean, limited boolean, asked boolean) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_source_idle';
REVOKE ALL ON FUNCTION npcsim_internal.source_idle(boolean, text, boolean, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.source_idle(boolean, text, boolean, boolean, boolean) IS
    'Why a source is not asked: not_connected, suspended, in_maintenance, paused, draining, paced, rate_limited or no_demand; NULL: it is being asked';

CREATE FUNCTION npcsim_internal.player_wait(player_id bigint) RETURNS double precision
    LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_player_wait';
REVOKE ALL ON FUNCTION npcsim_internal.player_wait(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.player_wait(bigint) IS
    'Seconds until a player may be asked a question that is not urgent, since its tokens and the world''s are to last the day; 0: now; infinity: not today; NULL: there is no such player, or this is a standby';

CREATE FUNCTION npcsim_internal.source_is_limited(source_id bigint, rate integer) RETURNS boolean
    LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_source_is_limited';
REVOKE ALL ON FUNCTION npcsim_internal.source_is_limited(bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.source_is_limited(bigint, integer) IS
    'Whether a source was asked as often as it may be for now; rate: thousandths of a decision a second, 0: as often as it likes';

-- A standby has no sessions, and a statement that names their table could not even be planned there.
CREATE FUNCTION npcsim_internal.lenders(world_id bigint) RETURNS TABLE (player_id bigint, source_id bigint, slots bigint, in_reach boolean, answer_time double precision, rate integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 10
    AS $$
BEGIN
    IF pg_is_in_recovery() THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT s.player_id, s.source_id, sum(s.max_concurrency), bool_or(s.heartbeat_at_real > clock_timestamp() - interval '30 s'),
           avg(s.average_decision_time_ms) / 1000, coalesce(least(min(nullif(s.decisions_per_second, 0)), min(nullif(k.decisions_per_second, 0))), 0)
      FROM npcsim.sessions s
      LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id
     WHERE s.world_id = lenders.world_id AND NOT s.ended AND s.player_id IS NOT NULL AND s.purpose IN ('compute', 'both')
     GROUP BY s.player_id, s.source_id;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.lenders(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.lenders(bigint) IS
    'Who is connected to lend compute to a world, by source: slots, whether it was heard of in the last 30 s (in_reach), the seconds that it says an answer takes, and how often it is asked at most (rate: thousandths of a decision a second, 0: no limit); nobody on a standby';

-- What an answer takes is the mean of the last hour, from the histogram of source_minutes: each answer is taken for 0.85 of the most that its place stands for.
CREATE FUNCTION npcsim_internal.pending_decisions(world_id bigint)
    RETURNS TABLE (npc_id bigint, status text, place bigint, request_id bigint, player_id bigint, source_id bigint, reason text, age double precision,
                   expected double precision, viewers integer, priority bigint, failures integer, last_error text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 100
    BEGIN ATOMIC
        WITH moment AS MATERIALIZED (
            SELECT m.now, c.speed / 1000::double precision AS speed, npcsim_internal.market_now() AS real, pg_catalog.clock_timestamp() AS wall,
                   (pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) / 86400)::bigint % 32)::smallint AS today
              FROM npcsim.world_moments m JOIN npcsim.world_clock c ON c.world_id = m.world_id
             WHERE m.world_id = pending_decisions.world_id),
        asked AS MATERIALIZED (
            SELECT d.npc_id, CASE d.status WHEN 1 THEN 'open' ELSE 'sent' END AS status, p.place, d.request_id, d.player_id, d.source_id, d.reason,
                   greatest(extract(epoch FROM moment.wall - d.opened_at_real), 0)::double precision AS age,
                   extract(epoch FROM moment.wall - d.sent_at_real)::double precision AS sent, p.viewers, p.priority
              FROM npcsim.decision_slots d
             CROSS JOIN moment
              LEFT JOIN npcsim.prioritize_npc_decisions(pending_decisions.world_id) p ON p.npc_id = d.npc_id AND p.request_id = d.request_id
             WHERE d.world_id = pending_decisions.world_id AND d.status > 0),
        lenders AS MATERIALIZED (
            SELECT l.player_id, pg_catalog.sum(l.slots)::double precision AS slots, pg_catalog.avg(l.answer_time) AS said
              FROM npcsim_internal.lenders(pending_decisions.world_id) l
             WHERE l.in_reach AND l.slots > 0 GROUP BY l.player_id),
        times AS (
            SELECT m.player_id, pg_catalog.sum(t.n * 0.0085 * pg_catalog.power(2, (t.place - 1) / 2.0)) / pg_catalog.sum(t.n) AS seconds
              FROM npcsim.source_minutes m CROSS JOIN moment
             CROSS JOIN LATERAL pg_catalog.unnest(m.decision_times) WITH ORDINALITY AS t (n, place)
             WHERE m.world_id = pending_decisions.world_id AND m.minute > moment.real - interval '1 hour' AND t.n > 0
               AND m.player_id IN (SELECT a.player_id FROM asked a)
             GROUP BY m.player_id),
        -- The questions of a player are answered so many at a time as it has slots.
        awaited AS (
            SELECT a.*, coalesce(t.seconds::double precision, l.said) AS answer_time, l.slots,
                   pg_catalog.count(*) OVER (PARTITION BY a.player_id ORDER BY (a.status = 'sent') DESC, a.place, a.npc_id) AS turn
              FROM asked a
              LEFT JOIN lenders l ON l.player_id = a.player_id
              LEFT JOIN times t ON t.player_id = a.player_id),
        -- Of one that was taken back, why it was is in the log; of what came before, what the mind will be told.
        erred AS (
            SELECT n.npc_id, coalesce(
                       (SELECT coalesce(l.detail, l.status) FROM npcsim.decision_log l CROSS JOIN moment
                         WHERE l.world_id = pending_decisions.world_id AND l.request_id = n.request_id AND l.day IN (moment.today, (moment.today + 31) % 32)
                           AND l.status <> 'applied'
                         ORDER BY l.finished_at_real DESC LIMIT 1),
                       (SELECT coalesce(e.event ->> 'message', e.event ->> 'reason', 'timeout')
                          FROM npcsim.npc_minds m CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(m.events) WITH ORDINALITY AS e (event, n)
                         WHERE m.world_id = pending_decisions.world_id AND m.npc_id = n.npc_id AND e.event ->> 'type' IN ('error', 'decision_failed', 'decision_timed_out')
                         ORDER BY e.n DESC LIMIT 1)) AS error
              FROM (SELECT a.npc_id, a.request_id FROM asked a
                    UNION ALL
                    SELECT d.npc_id, d.request_id
                      FROM npcsim.npc_minds m CROSS JOIN moment
                      JOIN npcsim.decision_slots d ON d.world_id = m.world_id AND d.npc_id = m.npc_id AND d.status = 0
                     WHERE m.world_id = pending_decisions.world_id AND m.asked_not_before > moment.now) AS n)
        SELECT a.npc_id, a.status, a.place, a.request_id, a.player_id, a.source_id, a.reason, a.age,
               CASE a.status WHEN 'sent' THEN greatest(a.answer_time - a.sent, 0)
                             ELSE a.answer_time * pg_catalog.ceil(a.turn / a.slots) END,
               a.viewers, a.priority, coalesce(m.failures, 0)::integer, e.error
          FROM awaited a
          LEFT JOIN npcsim.npc_minds m ON m.world_id = pending_decisions.world_id AND m.npc_id = a.npc_id
          LEFT JOIN erred e ON e.npc_id = a.npc_id
        UNION ALL
        SELECT m.npc_id, 'backing_off', NULL, NULL, i.controller_player_id, NULL, NULL,
               greatest(moment.now - m.unanswered_since, 0) / 1e6::double precision / moment.speed, (m.asked_not_before - moment.now) / 1e6::double precision / moment.speed,
               NULL, NULL, m.failures, e.error
          FROM npcsim.npc_minds m CROSS JOIN moment
          JOIN npcsim.npc_identities i ON i.world_id = m.world_id AND i.id = m.npc_id AND i.controller_player_id IS NOT NULL
          JOIN npcsim.npc_states s ON s.world_id = m.world_id AND s.npc_id = m.npc_id AND s.state <> 6
          LEFT JOIN erred e ON e.npc_id = m.npc_id
         WHERE m.world_id = pending_decisions.world_id AND m.asked_not_before > moment.now
           AND NOT EXISTS (SELECT FROM asked a WHERE a.npc_id = m.npc_id)
        UNION ALL
        SELECT s.npc_id, 'dormant', NULL, NULL, i.controller_player_id, NULL, NULL, (moment.now - s.state_since) / 1e6::double precision / moment.speed, NULL, NULL, NULL, 0, NULL
          FROM npcsim.npc_states s CROSS JOIN moment
          JOIN npcsim.npc_identities i ON i.world_id = s.world_id AND i.id = s.npc_id
         WHERE s.world_id = pending_decisions.world_id AND s.state = 6;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.pending_decisions(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.pending_decisions(bigint) IS
    'For the view decision_status: its rows of one world';

CREATE VIEW npcsim.decision_status AS
SELECT w.id AS world_id, p.npc_id, p.status, p.place, p.request_id, p.player_id, p.source_id, k.name AS source, p.reason, p.age, p.expected,
       p.viewers, p.priority, p.failures, p.last_error
  FROM npcsim.world_settings w
 CROSS JOIN LATERAL npcsim_internal.pending_decisions(w.id) p
  LEFT JOIN npcsim.compute_sources k ON k.id = p.source_id;
COMMENT ON VIEW npcsim.decision_status IS
    'NPCs for which something is pending: a question is open or sent, their mind is left alone since it failed, or they are dormant. A row for each';
COMMENT ON COLUMN npcsim.decision_status.status IS 'open: a question waits for a free slot of its player; sent: for the answer; backing_off: the mind failed, and is left alone for a while; dormant: nobody decides for the NPC';
COMMENT ON COLUMN npcsim.decision_status.place IS 'Place of an open question in the order of handing out, from 1: prioritize_npc_decisions()';
COMMENT ON COLUMN npcsim.decision_status.player_id IS 'Player whom the question is put to, or whose NPC it is';
COMMENT ON COLUMN npcsim.decision_status.source_id IS 'Source of compute it was sent to';
COMMENT ON COLUMN npcsim.decision_status.source IS 'Its name';
COMMENT ON COLUMN npcsim.decision_status.reason IS 'Why the mind is asked: as in decision_requests';
COMMENT ON COLUMN npcsim.decision_status.age IS 'Real seconds: of a question since it was opened; of who is backing off since the mind left a question without an answer that was carried out, of who is dormant since then, both at the speed that the world has now';
COMMENT ON COLUMN npcsim.decision_status.expected IS 'Real seconds until the answer is there, by what answers of the player took in the last hour, or by what it says they take, its slots, and its questions before this one; of who is backing off until the mind may be asked again. NULL: not known, as of one whose player is away';
COMMENT ON COLUMN npcsim.decision_status.viewers IS 'Who sees the NPC, as far as it counts: prioritize_npc_decisions()';
COMMENT ON COLUMN npcsim.decision_status.priority IS 'calculate_decision_priority()';
COMMENT ON COLUMN npcsim.decision_status.failures IS 'How many questions in a row came to nothing; 6 stands for more';
COMMENT ON COLUMN npcsim.decision_status.last_error IS 'What became of the last one that did, or why this one was taken back; NULL: nothing is known';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.decision_status
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('request_npc_decision(world_id, npc_id) asks a mind; explain_npc(world_id, npc_id) tells why nothing happens.');

-- The reasons are in the order in which they are to be mended: with the first one gone, the next one counts.
CREATE FUNCTION npcsim_internal.npc_explained(world_id bigint, npc_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        WITH npc AS MATERIALIZED (
            SELECT n.name, n.state, n.decider, n.controller_player_id AS player_id, n.controller_since, n.assigned, n.traced, n.daily_token_output,
                   w.allocation, w.decision_policy, w.built_in_fallback, w.max_tokens_per_day, w.max_tokens_per_player_per_day, w.max_tokens_per_npc_per_day,
                   o.status AS world_status, o.clock, o.daily_token_output AS world_tokens, a.username, a.status AS account, a.suspended_until_real, a.suspension_reason,
                   a.declared_tokens_per_day, npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) AS player_tokens,
                   s.state_since / 1e6::double precision AS since, s.decision_at / 1e6::double precision AS looked_at_at, s.event_at / 1e6::double precision AS ends_at,
                   m.failures, m.asked_not_before / 1e6::double precision AS asked_not_before, coalesce(m.budget_spent, false) AS budget_spent,
                   coalesce(pg_catalog.jsonb_array_length(m.plan), 0) AS plan, coalesce(pg_catalog.jsonb_array_length(m.events), 0) AS events
              FROM npcsim.npcs n
              JOIN npcsim.world_settings w ON w.id = n.world_id
              JOIN npcsim.worlds o ON o.id = n.world_id
              JOIN npcsim.npc_states s ON s.world_id = n.world_id AND s.npc_id = n.id
              LEFT JOIN npcsim.npc_minds m ON m.world_id = n.world_id AND m.npc_id = n.id
              LEFT JOIN npcsim.player_accounts a ON a.id = n.controller_player_id
             WHERE n.world_id = npc_explained.world_id AND n.id = npc_explained.npc_id),
        pending AS MATERIALIZED (
            SELECT p.*, d.timeout_ms, extract(epoch FROM pg_catalog.clock_timestamp() - d.sent_at_real)::double precision AS sent
              FROM npcsim_internal.pending_decisions(npc_explained.world_id) p
              LEFT JOIN npcsim.decision_slots d ON d.world_id = npc_explained.world_id AND d.npc_id = p.npc_id AND d.request_id = p.request_id
             WHERE p.npc_id = npc_explained.npc_id),
        lends AS MATERIALIZED (
            SELECT pg_catalog.count(*) AS connected, pg_catalog.count(*) FILTER (WHERE l.in_reach) AS in_reach,
                   coalesce(pg_catalog.sum(l.slots) FILTER (WHERE l.in_reach), 0) AS slots,
                   coalesce(pg_catalog.sum(l.slots) FILTER (WHERE l.in_reach AND (k.id IS NULL OR npcsim_internal.source_state(k.state, k.until_real) = 'active')), 0) AS active_slots,
                   (pg_catalog.array_agg(npcsim_internal.source_state(k.state, k.until_real) ORDER BY k.id))[1] AS state,
                   coalesce(pg_catalog.bool_and(npcsim_internal.source_is_limited(k.id, l.rate)) FILTER (WHERE l.in_reach AND l.slots > 0 AND npcsim_internal.source_state(k.state, k.until_real) = 'active'), false) AS limited,
                   (pg_catalog.array_agg(k.reason ORDER BY k.id))[1] AS reason, (pg_catalog.array_agg(k.until_real ORDER BY k.id))[1] AS until_real
              FROM npc
              JOIN npcsim_internal.lenders(npc_explained.world_id) l ON l.player_id = npc.player_id
              LEFT JOIN npcsim.compute_sources k ON k.id = l.source_id),
        waiting AS MATERIALIZED (SELECT npcsim_internal.player_wait(npc.player_id) AS seconds FROM npc),
        -- Those from 10 to 27 keep the mind of its player from being asked; what follows has it wait.
        reasons (n, reason, holds, told, until_clock, until_real) AS (
            SELECT r.*
              FROM npc CROSS JOIN lends CROSS JOIN waiting LEFT JOIN pending p ON true
             CROSS JOIN LATERAL (VALUES
                   (1, 'parked', npc.world_status = 'parked', 'the world was restored, and not adopted yet: adopt_world(world_id)', NULL::double precision, NULL::timestamptz),
                   (2, 'paused', npc.world_status = 'paused', 'the world is paused: start_world(world_id)', NULL, NULL),
                   (3, 'dormant', npc.state = 'dormant',
                    CASE npc.decider WHEN 'operator' THEN 'an operator put it to sleep: set_npc_dormant(world_id, npc_id, false) wakes it'
                                     ELSE 'its mind cannot be asked, and built_in_fallback is off: it wakes when it can' END, NULL, NULL),
                   (4, 'no_policy', npc.decision_policy = 'none', 'decision_policy is none: minds are asked by request_npc_decision(world_id, npc_id) alone', NULL, NULL),
                   (5, 'built_in', npc.player_id IS NULL AND p.request_id IS NULL, 'it has no player: the built-in mind decides for it', npc.looked_at_at, NULL),
                   (10, 'standby', npc.player_id IS NOT NULL AND pg_catalog.pg_is_in_recovery(), 'who is connected is not known on a standby: ask the primary', NULL, NULL),
                   (11, 'banned', npc.account = 'banned', 'its player is banned', NULL, NULL),
                   (12, 'suspended', npc.suspended_until_real > npcsim_internal.market_now(), pg_catalog.concat('its player is suspended: ', coalesce(npc.suspension_reason, 'an operator decided so')), NULL, npc.suspended_until_real),
                   (13, 'not_connected', npc.player_id IS NOT NULL AND NOT pg_catalog.pg_is_in_recovery() AND lends.connected = 0, 'its player is not connected to lend compute', NULL, NULL),
                   (14, 'silent', lends.connected > 0 AND lends.in_reach = 0, 'its player has not been heard of for 30 s', NULL, NULL),
                   (15, 'no_slots', lends.in_reach > 0 AND lends.slots = 0, 'its player takes no question at the moment: max_concurrency of its heartbeats is 0', NULL, NULL),
                   (16, 'source_' || lends.state, lends.slots > 0 AND lends.active_slots = 0, pg_catalog.concat_ws(': ', 'no source of its player is active', lends.reason), NULL, lends.until_real),
                   (17, 'world_tokens_spent', npc.max_tokens_per_day > 0 AND npc.world_tokens >= npc.max_tokens_per_day, 'the world''s tokens of the day (UTC) are spent: max_tokens_per_day', NULL, NULL),
                   (18, 'player_tokens_spent', npc.max_tokens_per_player_per_day > 0 AND npc.player_tokens >= npc.max_tokens_per_player_per_day, 'its player''s tokens of the day (UTC) are spent: max_tokens_per_player_per_day', NULL, NULL),
                   (19, 'declared_tokens_spent', npc.declared_tokens_per_day > 0 AND npc.player_tokens >= npc.declared_tokens_per_day, 'its player has spent what it declared for the day (UTC): declare_compute(player_id, tokens_per_day)', NULL, NULL),
                   (20, 'npc_tokens_spent', npc.player_id IS NOT NULL AND (npc.budget_spent OR (npc.max_tokens_per_npc_per_day > 0 AND npc.daily_token_output >= npc.max_tokens_per_npc_per_day)),
                    'its tokens of the day (UTC) are spent: max_tokens_per_npc_per_day', NULL, NULL),
                   (28, 'paced', waiting.seconds > 0 AND waiting.seconds < 'Infinity' AND p.status IS DISTINCT FROM 'sent', 'tokens of its player, or of the world, are to last the day: what is not urgent waits', NULL,
                    CASE WHEN waiting.seconds < 'Infinity' THEN npcsim_internal.market_now() + pg_catalog.make_interval(secs => waiting.seconds) END),
                   (29, 'rate_limited', lends.limited, 'its player''s sources were asked as often as they may be: decisions_per_second', NULL, NULL),
                   (30, 'thinking', p.status = 'sent', pg_catalog.format('its mind was asked %s s ago, and is waited for for %s s', pg_catalog.round(p.sent::numeric, 1), pg_catalog.round(p.timeout_ms / 1000.0, 1)), NULL, NULL),
                   (31, 'waits_for_slot', p.status = 'open', CASE WHEN p.player_id IS NULL THEN pg_catalog.format('its question waits for a free slot of any source that remembers nothing: number %s of the world''s', p.place)
                                                                 ELSE pg_catalog.format('its question waits for a free slot of its player: number %s of the world''s, and its player has %s', p.place, lends.active_slots) END, NULL, NULL),
                   (32, 'backing_off', npc.player_id IS NOT NULL AND npc.asked_not_before > npc.clock,
                    pg_catalog.concat_ws(': ', pg_catalog.format('its mind came to nothing %s times in a row, and is left alone for a while, but for invitations and messages', npc.failures), p.last_error), npc.asked_not_before, NULL),
                   (33, 'invites', npc.state = 'requesting', 'it waits for the answers to its invitation', NULL, NULL),
                   (34, 'no_occasion', npc.player_id IS NOT NULL AND npc.state <> 'dormant' AND npc.decision_policy <> 'none' AND p.request_id IS NULL AND NOT coalesce(npc.asked_not_before > npc.clock, false),
                    pg_catalog.concat('nothing calls for its mind: it is ', npc.state, CASE WHEN npc.plan > 0 THEN pg_catalog.format(', and has a plan of %s more', npc.plan) END),
                    least(npc.looked_at_at, npc.ends_at), NULL))
                   AS r (n, reason, holds, told, until_clock, until_real)
             WHERE r.holds),
        hindered AS (SELECT r.reason FROM reasons r WHERE r.n BETWEEN 10 AND 27 ORDER BY r.n LIMIT 1)
        SELECT pg_catalog.jsonb_build_object(
                   'world_id', npc_explained.world_id, 'npc_id', npc_explained.npc_id, 'name', npc.name, 'clock', npc.clock,
                   'decides', CASE WHEN npc.state = 'dormant' OR npc.decision_policy = 'none' THEN 'nobody'
                                   WHEN npc.player_id IS NOT NULL AND h.reason IS NULL THEN 'player'
                                   WHEN p.request_id IS NOT NULL THEN 'pool' ELSE 'built_in' END,
                   'because', CASE WHEN npc.state = 'dormant' THEN 'dormant'
                                   WHEN npc.decision_policy = 'none' THEN 'no_policy'
                                   WHEN npc.player_id IS NULL THEN CASE WHEN npc.assigned THEN 'kept' ELSE 'unassigned' END
                                   WHEN h.reason IS NOT NULL THEN h.reason
                                   WHEN npc.assigned THEN 'assigned' ELSE npc.allocation END,
                   'player', CASE WHEN npc.player_id IS NOT NULL THEN
                        pg_catalog.jsonb_build_object('id', npc.player_id, 'username', npc.username, 'since', npc.controller_since, 'assigned', npc.assigned,
                                                      'connected', lends.in_reach > 0, 'slots', lends.active_slots) END,
                   'doing', pg_catalog.jsonb_build_object('state', npc.state, 'decider', npc.decider, 'since', npc.since, 'ends', npc.ends_at, 'plan', npc.plan),
                   'pending', CASE WHEN p.request_id IS NOT NULL THEN
                        pg_catalog.jsonb_build_object('request_id', p.request_id, 'status', p.status, 'reason', p.reason, 'age', p.age, 'expected', p.expected, 'place', p.place,
                                                      'viewers', p.viewers, 'priority', p.priority, 'source_id', p.source_id, 'sent', p.sent, 'timeout', p.timeout_ms / 1000::double precision) END,
                   'mind', pg_catalog.jsonb_build_object('failures', coalesce(npc.failures, 0), 'events', npc.events, 'last_error', p.last_error),
                   'traced', npc.traced,
                   'waits', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                                                 'reason', r.reason, 'text', r.told, 'until_clock', r.until_clock, 'until_real', r.until_real)) ORDER BY r.n)
                                        FROM reasons r), '[]'))
          FROM npc CROSS JOIN lends LEFT JOIN pending p ON true LEFT JOIN hindered h ON true;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.npc_explained(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.npc_explained(bigint, bigint) IS
    'What explain_npc() returns; NULL: there is no such NPC';

CREATE FUNCTION npcsim.explain_npc(world_id bigint, npc_id bigint) RETURNS jsonb
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_explain_npc';
REVOKE ALL ON FUNCTION npcsim.explain_npc(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.explain_npc(bigint, bigint) IS
    'Who decides for an NPC and why, what is pending, and why nothing happens: {"decides": player, pool (a source that remembers nothing is asked in its place), built_in or nobody, "because", "player", "doing", "pending", "mind", "waits": [{"reason", "text", "until_clock", "until_real"}], the first to be mended first}. The manual has the words. Errors: NS101 no such world, NS201 no such NPC';

CREATE FUNCTION npcsim_internal.assignment_explained(player_id bigint) RETURNS jsonb
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        WITH player AS MATERIALIZED (
            SELECT a.id, a.world_id, a.username, a.status, a.declared_tokens_per_day, a.warned_at_real, a.suspended_until_real, a.suspension_reason,
                   w.allocation, npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) AS tokens,
                   (w.max_tokens_per_day > 0 AND npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) >= w.max_tokens_per_day)
                   OR (w.max_tokens_per_player_per_day > 0 AND npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) >= w.max_tokens_per_player_per_day)
                   OR (a.declared_tokens_per_day > 0 AND npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) >= a.declared_tokens_per_day) AS spent
              FROM npcsim.player_accounts a
              JOIN npcsim.world_settings w ON w.id = a.world_id
              LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id
             WHERE a.id = assignment_explained.player_id),
        lenders AS MATERIALIZED (
            SELECT l.source_id, l.in_reach AND l.slots > 0 AS lends, l.slots, l.rate
              FROM player JOIN npcsim_internal.lenders(player.world_id) l ON l.player_id = player.id),
        asked AS MATERIALIZED (
            SELECT d.source_id, pg_catalog.count(*) AS questions
              FROM player JOIN npcsim.decision_slots d ON d.world_id = player.world_id
             WHERE d.status = 2 AND d.source_id IS NOT NULL GROUP BY d.source_id)
        SELECT pg_catalog.jsonb_build_object(
                   'player_id', player.id, 'world_id', player.world_id, 'username', player.username, 'status', player.status, 'allocation', player.allocation,
                   'suspended_until', CASE WHEN player.suspended_until_real > npcsim_internal.market_now() THEN player.suspended_until_real END,
                   'suspension_reason', CASE WHEN player.suspended_until_real > npcsim_internal.market_now() THEN player.suspension_reason END,
                   'warned_until', player.warned_at_real + interval '1 hour',
                   'connected', EXISTS (SELECT FROM lenders l WHERE l.lends),
                   'tokens', pg_catalog.jsonb_build_object('declared', player.declared_tokens_per_day, 'today', player.tokens, 'spent', player.spent),
                   'tier', e.tier, 'reliability', e.reliability, 'demand', e.demand, 'proof', e.proof, 'weight', e.weight,
                   'entitlement', e.entitlement, 'because', e.reason, 'held', e.held, 'by_hand', e.assigned,
                   'sources', coalesce((
                       SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                  'id', k.id, 'name', k.name, 'kind', k.kind, 'stateless', k.stateless, 'state', c.state,
                                  'reason', CASE WHEN c.state <> 'active' THEN k.reason END, 'until', CASE WHEN c.state <> 'active' THEN k.until_real END,
                                  'connected', c.connected, 'slots', coalesce(l.slots, 0), 'in_flight', coalesce(q.questions, 0),
                                  'idle', npcsim_internal.source_idle(c.connected, c.state, player.spent OR coalesce(npcsim_internal.player_wait(player.id) > 0, false),
                                                                      npcsim_internal.source_is_limited(k.id, coalesce(l.rate, 0)), coalesce(q.questions, 0) > 0)) ORDER BY k.id)
                         FROM npcsim.compute_sources k
                         LEFT JOIN lenders l ON l.source_id = k.id
                         LEFT JOIN asked q ON q.source_id = k.id
                        CROSS JOIN LATERAL (SELECT npcsim_internal.source_state(k.state, k.until_real) AS state, coalesce(l.lends, false) AS connected) c
                        WHERE k.player_id = player.id), '[]'))
          FROM player CROSS JOIN LATERAL npcsim.calculate_player_npc_allocation(player.id, player.world_id) e;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.assignment_explained(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.assignment_explained(bigint) IS
    'What explain_assignment() returns; NULL: there is no such player';

CREATE FUNCTION npcsim.explain_assignment(player_id bigint) RETURNS jsonb
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_explain_assignment';
REVOKE ALL ON FUNCTION npcsim.explain_assignment(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.explain_assignment(bigint) IS
    'How many NPCs a player has, is entitled to and why, and what its sources do: what calculate_player_npc_allocation() tells (by_hand: those that an operator assigned), and "sources": [{"id", "name", "kind", "state", "connected", "slots", "in_flight", "idle": why it is asked nothing}]. The manual has the words. Errors: NS203 no such player';

-- ---- suspensions ----

CREATE FUNCTION npcsim_internal.tell_suspensions() RETURNS bigint
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_tell_suspensions';
REVOKE ALL ON FUNCTION npcsim_internal.tell_suspensions() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.tell_suspensions() IS
    'Records in their worlds whose players or sources were suspended, or are back, since it was last told; returns how many. Workers call it every 5 s; worlds that somebody holds are told the next time';

-- ---- one decision ----

CREATE FUNCTION npcsim_internal.first_event_since(world_id bigint, clock bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    low bigint := 1;
    high bigint;
    middle bigint;
    there bigint;
BEGIN
    SELECT c.next_event INTO high FROM npcsim.world_clock c WHERE c.world_id = first_event_since.world_id;
    WHILE low < high LOOP
        middle := (low + high) / 2;
        SELECT l.clock INTO there FROM npcsim.world_event_log l
         WHERE l.world_id = first_event_since.world_id AND l.last_sequence >= middle ORDER BY l.last_sequence LIMIT 1;
        IF there < first_event_since.clock THEN
            low := middle + 1;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.first_event_since(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.first_event_since(bigint, bigint) IS
    'Number of the first event of a world whose row in world_event_log begins at this moment (microseconds) or later: found by halves, since there is no index by time';

CREATE FUNCTION npcsim_internal.events_of_npc(world_id bigint, npc_id bigint, since bigint, until bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                            'sequence', h.sequence, 'clock', h.clock / 1e6::double precision, 'kind', h.kind, 'target_id', h.target_id,
                            'interaction_id', h.interaction_id, 'data', h.data)) ORDER BY h.sequence), '[]')
          FROM (SELECT l.first_sequence + e.n - 1 AS sequence, l.clock + e.after AS clock, npcsim_internal.world_event_kind_name(e.kind) AS kind,
                       e.target_id, e.interaction_id, e.data
                  FROM npcsim.world_event_log l
                 CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(l.kinds), pg_catalog.unnest(l.after), pg_catalog.unnest(l.npc_ids), pg_catalog.unnest(l.target_ids),
                                               pg_catalog.unnest(l.interaction_ids), pg_catalog.unnest(l.data))
                       WITH ORDINALITY AS e (kind, after, npc_id, target_id, interaction_id, data, n)
                 WHERE l.world_id = events_of_npc.world_id
                   -- a row has 64 events at most, and those of the row before may be as late
                   AND l.last_sequence >= npcsim_internal.first_event_since(events_of_npc.world_id, events_of_npc.since) - 64
                   AND l.last_sequence <= npcsim_internal.first_event_since(events_of_npc.world_id, events_of_npc.until) + 64
                   AND e.npc_id = events_of_npc.npc_id AND l.clock + e.after >= events_of_npc.since AND l.clock + e.after < events_of_npc.until
                 ORDER BY l.last_sequence, e.n LIMIT 20) AS h;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.events_of_npc(bigint, bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.events_of_npc(bigint, bigint, bigint, bigint) IS
    'The first 20 events of an NPC between two moments of its world (microseconds)';

-- A standby has no such rows, and a statement that names their table could not even be planned there.
CREATE FUNCTION npcsim_internal.observations_kept(world_id bigint, request_id bigint, npc_id bigint, most integer) RETURNS SETOF npcsim.observation_log
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 10
    AS $$
BEGIN
    IF pg_is_in_recovery() THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT o.*
      FROM npcsim.observation_log o
     WHERE o.world_id = observations_kept.world_id
       AND (observations_kept.request_id IS NULL OR observations_kept.request_id = ANY (o.request_ids))
       AND (observations_kept.npc_id IS NULL OR observations_kept.npc_id = ANY (o.npc_ids))
     ORDER BY o.at_real DESC LIMIT observations_kept.most;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.observations_kept(bigint, bigint, bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.observations_kept(bigint, bigint, bigint, integer) IS
    'Rows of observation_log that are about a request, or about an NPC, the latest first; none on a standby';

CREATE FUNCTION npcsim_internal.decision_explained(world_id bigint, request_id bigint, player_id bigint DEFAULT NULL) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        WITH slot AS MATERIALIZED (
            SELECT d.npc_id, d.player_id, d.source_id, d.reason, d.opened_at_real, d.sent_at_real, d.opened_at, d.status
              FROM npcsim.decision_slots d
             WHERE d.world_id = decision_explained.world_id AND d.request_id = decision_explained.request_id
               AND (decision_explained.player_id IS NULL OR d.player_id = decision_explained.player_id)),
        log AS MATERIALIZED (
            SELECT l.world_id, l.request_id, l.npc_id, l.player_id, l.reason, l.status, l.code, l.detail, l.decision, l.tokens, l.clock, l.opened_at_real,
                   l.sent_at_real, l.finished_at_real, l.source_id, l.credit_us, l.plausibility
              FROM npcsim.decision_log l
             WHERE l.world_id = decision_explained.world_id AND l.request_id = decision_explained.request_id
               AND (decision_explained.player_id IS NULL OR l.player_id = decision_explained.player_id)),
        told AS MATERIALIZED (
            SELECT o.at_real, o.clock, o.npc_ids[p.place] AS npc_id, o.player_ids[p.place] AS player_id, (pg_catalog.string_to_array(o.told, E'\n'))[p.place]::jsonb AS frame
              FROM npcsim_internal.observations_kept(decision_explained.world_id, decision_explained.request_id, NULL, 10) o
             CROSS JOIN LATERAL (SELECT pg_catalog.array_position(o.request_ids, decision_explained.request_id) AS place) p
             WHERE decision_explained.player_id IS NULL OR o.player_ids[p.place] = decision_explained.player_id),
        one AS MATERIALIZED (
            SELECT coalesce((SELECT s.npc_id FROM slot s), (SELECT l.npc_id FROM log l ORDER BY l.finished_at_real DESC LIMIT 1), (SELECT t.npc_id FROM told t LIMIT 1)) AS npc_id,
                   coalesce((SELECT s.reason FROM slot s), (SELECT l.reason FROM log l LIMIT 1), (SELECT t.frame ->> 'reason' FROM told t LIMIT 1)) AS reason,
                   coalesce((SELECT pg_catalog.min(l.opened_at_real) FROM log l), (SELECT s.opened_at_real FROM slot s)) AS opened_at_real,
                   coalesce((SELECT CASE s.status WHEN 1 THEN 'open' WHEN 2 THEN 'sent' END FROM slot s), 'closed') AS status),
        -- What it did lasts until the NPC's next answer, at most.
        done AS MATERIALIZED (
            SELECT l.npc_id, pg_catalog.round(l.clock::numeric * 1000000)::bigint AS since,
                   least(pg_catalog.round(l.clock::numeric * 1000000)::bigint + 60000000,
                         (SELECT pg_catalog.round(n.clock::numeric * 1000000)::bigint FROM npcsim.decision_log n
                           WHERE n.world_id = l.world_id AND n.npc_id = l.npc_id AND n.status IN ('applied', 'late') AND n.request_id <> l.request_id
                             AND n.finished_at_real > l.finished_at_real AND n.finished_at_real < l.finished_at_real + interval '60 s'
                           ORDER BY n.finished_at_real LIMIT 1)) AS until
              FROM log l WHERE l.status IN ('applied', 'late') ORDER BY l.finished_at_real LIMIT 1)
        SELECT pg_catalog.jsonb_build_object(
                   'world_id', decision_explained.world_id, 'request_id', decision_explained.request_id, 'npc_id', one.npc_id, 'reason', one.reason, 'status', one.status,
                   'opened_at_real', one.opened_at_real,
                   'told', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('at_real', t.at_real, 'clock', t.clock / 1e6::double precision,
                                                                                               'player_id', t.player_id, 'observations', t.frame -> 'observations') ORDER BY t.at_real) FROM told t), '[]'),
                   'answers', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                   'status', l.status, 'code', l.code, 'detail', l.detail, 'decision', l.decision, 'player_id', l.player_id, 'source_id', l.source_id,
                                                   'source', k.name, 'sent_at_real', l.sent_at_real, 'finished_at_real', l.finished_at_real, 'clock', l.clock, 'tokens', l.tokens,
                                                   'cost', k.cost_per_decision / 1000000::double precision, 'npc_seconds', l.credit_us / 1000000::double precision,
                                                   'plausibility', l.plausibility / 1000::double precision) ORDER BY l.finished_at_real)
                                          FROM log l LEFT JOIN npcsim.compute_sources k ON k.id = l.source_id), '[]'),
                   'did', (SELECT npcsim_internal.events_of_npc(decision_explained.world_id, done.npc_id, done.since, done.until) FROM done))
          FROM one WHERE one.npc_id IS NOT NULL;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.decision_explained(bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.decision_explained(bigint, bigint, bigint) IS
    'What explain_decision() returns; NULL: nothing is known of it. player_id: only what that player was told and answered';

CREATE FUNCTION npcsim.explain_decision(world_id bigint, request_id bigint) RETURNS jsonb
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_explain_decision';
REVOKE ALL ON FUNCTION npcsim.explain_decision(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.explain_decision(bigint, bigint) IS
    'What a decision was made of, and what came of it: {"npc_id", "reason", "status": open, sent or closed, "told": what minds were told, as it was given (while observation_log has it), "answers": what decision_log has of it, each with verdict, plausibility (0 to 1), tokens, cost and the NPC-seconds it was paid, "did": events of the NPC from then to its next decision, 60 world s and 20 of them at most; null: nothing was carried out}. Errors: NS101 no such world, NS301 nothing is known of such a request';

CREATE FUNCTION npcsim.explain_npc_decisions(world_id bigint, npc_id bigint, max_decisions integer DEFAULT 10)
    RETURNS TABLE (at_real timestamptz, clock double precision, request_id bigint, explained jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 10
    BEGIN ATOMIC
        WITH kept AS MATERIALIZED (
            SELECT o.at_real, o.clock, o.request_ids[p.place] AS request_id, (pg_catalog.string_to_array(o.told, E'\n'))[p.place] AS told
              FROM npcsim_internal.observations_kept(explain_npc_decisions.world_id, NULL, explain_npc_decisions.npc_id, explain_npc_decisions.max_decisions) o
             CROSS JOIN LATERAL (SELECT pg_catalog.array_position(o.npc_ids, explain_npc_decisions.npc_id) AS place) p),
        -- Its last request is known whatever is kept.
        found AS (
            SELECT k.at_real, k.clock, k.request_id, k.told FROM kept k
            UNION ALL
            SELECT d.opened_at_real, d.opened_at, d.request_id, NULL
              FROM npcsim.decision_slots d
             WHERE d.world_id = explain_npc_decisions.world_id AND d.npc_id = explain_npc_decisions.npc_id
               AND NOT EXISTS (SELECT FROM kept k WHERE k.request_id = d.request_id))
        SELECT f.at_real, f.clock / 1e6::double precision, f.request_id,
               CASE WHEN f.request_id IS NULL
                    THEN f.told::jsonb || pg_catalog.jsonb_build_object('did', npcsim_internal.events_of_npc(explain_npc_decisions.world_id, explain_npc_decisions.npc_id, f.clock, f.clock + 3000000))
                    ELSE npcsim_internal.decision_explained(explain_npc_decisions.world_id, f.request_id) END
          FROM found f
         ORDER BY f.at_real DESC LIMIT explain_npc_decisions.max_decisions;
    END;
REVOKE ALL ON FUNCTION npcsim.explain_npc_decisions(bigint, bigint, integer) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.explain_npc_decisions(bigint, bigint, integer) IS
    'The last decisions about an NPC of which observation_log knows, the latest first: of minds, as explain_decision() tells; of the built-in mind (request_id NULL), while the NPC is traced: {"by": "built_in", "state", "needs", "ranking": [{"rank", "action", …}], "chose", "refused": why it could not be done, or null, "did"}. No row: nothing is known. Errors: 2201W max_decisions is negative';
