-- The books of the market: what was counted of the log of decisions. All of it is delivery, not the state of a world: nothing here takes
-- a world's lock. fold_decisions() writes it in the background, some rows for each source, player and minute, and none for each decision.

-- A row of the log is counted when its transaction is over. What was counted is known by the transactions: all before
-- counted_until, but for those that still ran.
CREATE TABLE npcsim.market_folds (
    home text PRIMARY KEY,
    counted_until bigint NOT NULL DEFAULT 0,
    still_running bigint[] NOT NULL DEFAULT '{}',
    folded_at_real timestamptz
) WITH (fillfactor = 20);
SELECT pg_catalog.pg_extension_config_dump('npcsim.market_folds', '');
COMMENT ON TABLE npcsim.market_folds IS 'How much of decision_log was counted, of worlds of each home: a copy of a database has another home than this, and other transactions';
COMMENT ON COLUMN npcsim.market_folds.counted_until IS 'Transactions below this one were counted';
COMMENT ON COLUMN npcsim.market_folds.still_running IS 'but for these, which were not over yet';
COMMENT ON COLUMN npcsim.market_folds.folded_at_real IS 'Until when the time of sessions was counted';

CREATE TABLE npcsim.world_books (
    world_id bigint PRIMARY KEY,
    first_request_id bigint NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('npcsim.world_books', '');
COMMENT ON TABLE npcsim.world_books IS 'Worlds that were adopted here: older requests were counted where they were put';

CREATE TABLE npcsim.source_minutes (
    part smallint NOT NULL,
    world_id bigint NOT NULL,
    player_id bigint NOT NULL,
    source_id bigint NOT NULL,
    minute timestamptz NOT NULL,
    asked bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    timed_out bigint NOT NULL DEFAULT 0,
    cut_off bigint NOT NULL DEFAULT 0,
    passed_on bigint NOT NULL DEFAULT 0,
    credit_us bigint NOT NULL DEFAULT 0,
    tokens bigint NOT NULL DEFAULT 0,
    tokens_credited bigint NOT NULL DEFAULT 0,
    ranked bigint NOT NULL DEFAULT 0,
    plausibility bigint NOT NULL DEFAULT 0,
    connected_us bigint NOT NULL DEFAULT 0,
    decision_times bigint[] NOT NULL DEFAULT '{}',
    CONSTRAINT source_minutes_key PRIMARY KEY (world_id, player_id, source_id, minute, part)
) PARTITION BY LIST (part);
COMMENT ON TABLE npcsim.source_minutes IS 'What became of decisions in a minute (UTC), by the source that was asked. A ring of 8 parts of 6 hours, emptied by prune_logs() after 24 hours';
COMMENT ON COLUMN npcsim.source_minutes.part IS 'Six hours since 1970-01-01 (UTC), modulo 8';
COMMENT ON COLUMN npcsim.source_minutes.player_id IS 'Whom the source belongs to; 0: the operators';
COMMENT ON COLUMN npcsim.source_minutes.source_id IS '0: not known';
COMMENT ON COLUMN npcsim.source_minutes.asked IS 'Requests that were handed out and are over, but for those that were cut off and forgiven';
COMMENT ON COLUMN npcsim.source_minutes.accepted IS 'Answers that were carried out, or came too late for that; late ones are counted in asked when they timed out';
COMMENT ON COLUMN npcsim.source_minutes.credit_us IS 'NPC-microseconds that were earned';
COMMENT ON COLUMN npcsim.source_minutes.tokens IS 'Tokens that were reported';
COMMENT ON COLUMN npcsim.source_minutes.tokens_credited IS 'Answers that were accepted, times tokens_per_decision';
COMMENT ON COLUMN npcsim.source_minutes.ranked IS 'Answers whose plausibility is known';
COMMENT ON COLUMN npcsim.source_minutes.plausibility IS 'The sum of that, in thousandths';
COMMENT ON COLUMN npcsim.source_minutes.connected_us IS 'Microseconds for which a session lent';
COMMENT ON COLUMN npcsim.source_minutes.decision_times IS 'Answers by the time they took: the first counts those within 10 ms, each next one those within √2 times as much';
DO $$
BEGIN
    FOR part IN 0 .. 7 LOOP
        EXECUTE pg_catalog.format('CREATE TABLE npcsim.source_minutes_%s PARTITION OF npcsim.source_minutes FOR VALUES IN (%s) WITH (fillfactor = 50)', part, part);
        EXECUTE pg_catalog.format('COMMENT ON TABLE npcsim.source_minutes_%s IS %L', part, 'Part of source_minutes');
        PERFORM pg_catalog.pg_extension_config_dump(pg_catalog.format('npcsim.source_minutes_%s', part)::pg_catalog.regclass, '');
    END LOOP;
END
$$;

CREATE TABLE npcsim.source_outcomes (
    world_id bigint NOT NULL,
    player_id bigint NOT NULL,
    source_id bigint NOT NULL,
    request_ids bigint[] NOT NULL,
    finished_at_real timestamptz[] NOT NULL,
    halves smallint[] NOT NULL,
    CONSTRAINT source_outcomes_key PRIMARY KEY (world_id, player_id, source_id)
) WITH (fillfactor = 30);
SELECT pg_catalog.pg_extension_config_dump('npcsim.source_outcomes', '');
COMMENT ON TABLE npcsim.source_outcomes IS 'What became of the last 100 requests of each source, the latest first: reliability is made of it';
COMMENT ON COLUMN npcsim.source_outcomes.halves IS 'Halves of an answer: 2 accepted, 1 accepted late, 0 not';

CREATE TABLE npcsim.player_proofs (
    world_id bigint NOT NULL,
    player_id bigint NOT NULL,
    phase smallint NOT NULL,
    npcs integer NOT NULL,
    size integer NOT NULL,
    capacity integer NOT NULL,
    eighths integer NOT NULL,
    pause integer NOT NULL,
    sure boolean NOT NULL,
    since bigint NOT NULL,
    counted_from bigint NOT NULL,
    next_trial bigint NOT NULL,
    stepped bigint NOT NULL,
    present_asked integer NOT NULL,
    present_halves integer NOT NULL,
    below_asked integer NOT NULL,
    below_halves integer NOT NULL,
    usual_asked integer NOT NULL,
    usual_halves integer NOT NULL,
    young_from bigint NOT NULL,
    young_asked bigint[] NOT NULL,
    young_halves bigint[] NOT NULL,
    cut_offs bigint[] NOT NULL,
    CONSTRAINT player_proofs_key PRIMARY KEY (world_id, player_id)
) WITH (fillfactor = 30);
SELECT pg_catalog.pg_extension_config_dump('npcsim.player_proofs', '');
COMMENT ON TABLE npcsim.player_proofs IS 'What players have shown they can serve, and how it was learnt (src/market/proof.h)';
COMMENT ON COLUMN npcsim.player_proofs.npcs IS 'NPCs that the player has shown it can serve; 0 before the first step';
COMMENT ON COLUMN npcsim.player_proofs.size IS 'NPCs that it is tried with';
COMMENT ON COLUMN npcsim.player_proofs.stepped IS 'When it was looked at last, as all moments here in microseconds since 2000-01-01 (UTC); every ten seconds while the player lends';
COMMENT ON COLUMN npcsim.player_proofs.cut_offs IS 'When closed sockets were forgiven, the latest first';

CREATE FUNCTION npcsim_internal.reliability_of(asked bigint, halves bigint) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_reliability';
REVOKE ALL ON FUNCTION npcsim_internal.reliability_of(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.reliability_of(bigint, bigint) IS
    'How reliable somebody is, in thousandths: (accepted + 2) / (asked + 3), of halves of accepted answers';

-- It is written in plpgsql since the table of questions is made later.
CREATE FUNCTION npcsim_internal.waiting_questions(world_id bigint, player_id bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    questions bigint;
BEGIN
    -- The index finds each slot, however many there are and whatever the statistics say.
    SELECT count(*) INTO questions
      FROM npcsim.npc_identities i
      JOIN npcsim.world_clock c ON c.world_id = i.world_id AND c.status = 'running'
     WHERE i.world_id = waiting_questions.world_id AND i.controller_player_id = waiting_questions.player_id
       AND (SELECT d.status = 1 AND d.player_id = i.controller_player_id
                   AND greatest(d.opened_at_real, c.started_at_real) < statement_timestamp() - interval '10 s'
              FROM npcsim.decision_slots d WHERE d.world_id = i.world_id AND d.npc_id = i.id);
    IF questions > 0
       AND EXISTS (SELECT FROM npcsim.sessions s LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id
                    WHERE s.world_id = waiting_questions.world_id AND s.player_id = waiting_questions.player_id AND NOT s.ended
                      AND s.purpose IN ('compute', 'both') AND s.max_concurrency > 0
                      AND s.connected_at_real < statement_timestamp() - interval '10 s'
                      AND s.heartbeat_at_real > statement_timestamp() - interval '30 s'
                      AND (k.id IS NULL OR npcsim_internal.source_state(k.state, k.until_real) = 'active'))
       AND EXISTS (SELECT FROM npcsim_internal.players_short_of_slots(waiting_questions.world_id) AS a(player_id) WHERE a.player_id = waiting_questions.player_id) THEN
        RETURN questions;
    END IF;
    RETURN 0;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.waiting_questions(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.waiting_questions(bigint, bigint) IS
    'How many questions to a player wait over 10 s for a free slot while it lends and may be asked';

-- It runs with the owner's rights, since views that others read call it.
CREATE FUNCTION npcsim_internal.recent_reliability(world_id bigint, player_id bigint, source_id bigint DEFAULT NULL) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH waiting AS MATERIALIZED (
            SELECT CASE WHEN recent_reliability.source_id IS NULL
                        THEN least(npcsim_internal.waiting_questions(recent_reliability.world_id, recent_reliability.player_id), 100) ELSE 0 END AS questions)
        SELECT npcsim_internal.reliability_of(pg_catalog.count(*) + (SELECT w.questions FROM waiting w), coalesce(pg_catalog.sum(l.halves), 0)::bigint)
          FROM (SELECT e.halves
                  FROM npcsim.source_outcomes o
                 CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(o.finished_at_real), pg_catalog.unnest(o.halves)) AS e (at, halves)
                 WHERE o.world_id = recent_reliability.world_id AND o.player_id = recent_reliability.player_id
                   AND (recent_reliability.source_id IS NULL OR o.source_id = recent_reliability.source_id)
                   AND e.at > (SELECT npcsim_internal.market_now()) - interval '1 day'
                 ORDER BY e.at DESC LIMIT 100 - (SELECT w.questions FROM waiting w)) AS l;
    END;
REVOKE ALL ON FUNCTION npcsim_internal.recent_reliability(bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.recent_reliability(bigint, bigint, bigint) IS
    'How reliable a player is, or one of its sources, in thousandths: by the last 100 requests within a day, late answers being half; of a player those count as asked, too, that wait over 10 s for a free slot while it lends';

CREATE FUNCTION npcsim_internal.measured_tokens(world_id bigint, player_id bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.sum(m.tokens_credited), 0)::bigint
          FROM npcsim.source_minutes m
         WHERE m.world_id = measured_tokens.world_id AND m.player_id = measured_tokens.player_id
           AND m.minute > npcsim_internal.market_now() - interval '24 hours' AND m.minute <= npcsim_internal.market_now();
    END;
REVOKE ALL ON FUNCTION npcsim_internal.measured_tokens(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.measured_tokens(bigint, bigint) IS
    'Output tokens that a player gave in the last 24 hours: answers that were accepted, times tokens_per_decision; measured_throughput of compute_metrics';

CREATE FUNCTION npcsim_internal.fold_decisions(wait boolean DEFAULT true) RETURNS bigint
    LANGUAGE c VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_fold_decisions';
REVOKE ALL ON FUNCTION npcsim_internal.fold_decisions(boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.fold_decisions(boolean) IS
    'Counts what was logged since the last time, by transactions that are over, in source_minutes and what belongs to it; returns how many rows of the log that were. Workers call it every 10 s. wait: for another that counts at this moment; otherwise it does nothing then';

CREATE VIEW npcsim.compute_metrics AS
WITH moment AS MATERIALIZED (SELECT npcsim_internal.market_now() AS now),
lenders AS (
    SELECT a.world_id, a.id AS player_id, NULL::bigint AS source_id, NULL::text AS source FROM npcsim.player_accounts a
    UNION ALL
    SELECT k.world_id, coalesce(k.player_id, 0), k.id, k.name FROM npcsim.compute_sources k),
minutes AS MATERIALIZED (
    SELECT m.*, m.minute > moment.now - interval '1 hour' AS recent
      FROM npcsim.source_minutes m CROSS JOIN moment
     WHERE m.minute > moment.now - interval '24 hours' AND m.minute <= moment.now),
sums AS (
    SELECT m.world_id, m.player_id, m.source_id, GROUPING(m.source_id) = 1 AS of_player,
           pg_catalog.sum(m.asked) FILTER (WHERE m.recent) AS asked_1h, pg_catalog.sum(m.asked) AS asked_24h,
           pg_catalog.sum(m.accepted) FILTER (WHERE m.recent) AS accepted_1h, pg_catalog.sum(m.accepted) AS accepted_24h,
           pg_catalog.sum(m.late) FILTER (WHERE m.recent) AS late_1h, pg_catalog.sum(m.late) AS late_24h,
           pg_catalog.sum(m.refused) FILTER (WHERE m.recent) AS refused_1h, pg_catalog.sum(m.refused) AS refused_24h,
           pg_catalog.sum(m.failed) FILTER (WHERE m.recent) AS failed_1h, pg_catalog.sum(m.failed) AS failed_24h,
           pg_catalog.sum(m.timed_out) FILTER (WHERE m.recent) AS timed_out_1h, pg_catalog.sum(m.timed_out) AS timed_out_24h,
           pg_catalog.sum(m.cut_off) FILTER (WHERE m.recent) AS cut_off_1h, pg_catalog.sum(m.cut_off) AS cut_off_24h,
           pg_catalog.sum(m.passed_on) FILTER (WHERE m.recent) AS passed_on_1h, pg_catalog.sum(m.passed_on) AS passed_on_24h,
           pg_catalog.sum(m.credit_us) FILTER (WHERE m.recent) AS credit_1h, pg_catalog.sum(m.credit_us) AS credit_24h,
           pg_catalog.sum(m.tokens) AS tokens, pg_catalog.sum(m.tokens_credited) AS tokens_credited,
           pg_catalog.sum(m.plausibility) / nullif(pg_catalog.sum(m.ranked), 0) AS plausibility
      FROM minutes m
     GROUP BY GROUPING SETS ((m.world_id, m.player_id, m.source_id), (m.world_id, m.player_id))),
-- A player is connected while any of its sources is.
connected AS (
    SELECT c.world_id, c.player_id, c.source_id, c.of_player,
           pg_catalog.sum(c.us) FILTER (WHERE c.recent) AS us_1h, pg_catalog.sum(c.us) AS us_24h
      FROM (SELECT m.world_id, m.player_id, m.source_id, GROUPING(m.source_id) = 1 AS of_player, m.minute, m.recent,
                   pg_catalog.max(least(m.connected_us, 60000000)) AS us
              FROM minutes m
             GROUP BY GROUPING SETS ((m.world_id, m.player_id, m.source_id, m.minute, m.recent), (m.world_id, m.player_id, m.minute, m.recent))) AS c
     GROUP BY c.world_id, c.player_id, c.source_id, c.of_player),
-- How many answers took up to 10 ms, times √2 to the power of (place - 1), and how many took no longer than that.
times AS (
    SELECT p.*,
           CASE p.place WHEN 1 THEN 0 ELSE 0.01::double precision * pg_catalog.power(2, (p.place - 2) / 2.0::double precision) END AS least_s,
           0.01::double precision * pg_catalog.power(2, (p.place - 1) / 2.0::double precision) AS most_s,
           pg_catalog.sum(p.n) OVER (PARTITION BY p.world_id, p.player_id, p.source_id, p.of_player, p.period ORDER BY p.place) AS up_to,
           pg_catalog.sum(p.n) OVER (PARTITION BY p.world_id, p.player_id, p.source_id, p.of_player, p.period) AS total
      FROM (SELECT m.world_id, m.player_id, m.source_id, GROUPING(m.source_id) = 1 AS of_player, t.place, h.period, pg_catalog.sum(t.n)::double precision AS n
              FROM minutes m
             CROSS JOIN LATERAL pg_catalog.unnest(m.decision_times) WITH ORDINALITY AS t (n, place)
              JOIN (VALUES (1), (24)) AS h (period) ON h.period = 24 OR m.recent
             GROUP BY GROUPING SETS ((m.world_id, m.player_id, m.source_id, t.place, h.period), (m.world_id, m.player_id, t.place, h.period))) AS p
     WHERE p.n > 0),
percentiles AS (
    SELECT t.world_id, t.player_id, t.source_id, t.of_player,
           pg_catalog.max(t.at) FILTER (WHERE t.period = 1 AND t.share = 0.5) AS p50_1h, pg_catalog.max(t.at) FILTER (WHERE t.period = 24 AND t.share = 0.5) AS p50_24h,
           pg_catalog.max(t.at) FILTER (WHERE t.period = 1 AND t.share = 0.95) AS p95_1h, pg_catalog.max(t.at) FILTER (WHERE t.period = 24 AND t.share = 0.95) AS p95_24h
      FROM (SELECT b.world_id, b.player_id, b.source_id, b.of_player, b.period, q.share,
                   b.least_s + (b.most_s - b.least_s) * (q.share * b.total - (b.up_to - b.n)) / b.n AS at
              FROM times b CROSS JOIN (VALUES (0.5::double precision), (0.95)) AS q (share)
             WHERE b.up_to >= q.share * b.total AND b.up_to - b.n < q.share * b.total) AS t
     GROUP BY t.world_id, t.player_id, t.source_id, t.of_player)
SELECT l.world_id, nullif(l.player_id, 0) AS player_id, l.source_id, l.source,
       CASE WHEN l.source_id IS NULL THEN a.declared_tokens_per_day END AS declared_tokens_per_day,
       CASE WHEN l.source_id IS NULL THEN npcsim_internal.contribution_tier(a.declared_tokens_per_day) END AS declared_tier,
       CASE WHEN l.source_id IS NULL THEN npcsim_internal.contribution_tier(coalesce(s.tokens_credited, 0)::bigint) END AS measured_tier,
       coalesce(s.tokens_credited, 0)::bigint AS measured_throughput,
       coalesce(s.tokens, 0)::bigint AS reported_tokens,
       (s.plausibility / 1000)::double precision AS average_quality_score,
       npcsim_internal.recent_reliability(l.world_id, l.player_id, l.source_id) / 1000::double precision AS reliability_score,
       CASE WHEN l.source_id IS NULL THEN coalesce(f.npcs, 0) END AS proven_npcs,
       coalesce(s.asked_1h, 0)::bigint AS asked_1h, coalesce(s.asked_24h, 0)::bigint AS asked_24h,
       coalesce(s.accepted_1h, 0)::bigint AS accepted_1h, coalesce(s.accepted_24h, 0)::bigint AS accepted_24h,
       coalesce(s.late_1h, 0)::bigint AS late_1h, coalesce(s.late_24h, 0)::bigint AS late_24h,
       coalesce(s.refused_1h, 0)::bigint AS refused_1h, coalesce(s.refused_24h, 0)::bigint AS refused_24h,
       coalesce(s.failed_1h, 0)::bigint AS failed_1h, coalesce(s.failed_24h, 0)::bigint AS failed_24h,
       coalesce(s.timed_out_1h, 0)::bigint AS timed_out_1h, coalesce(s.timed_out_24h, 0)::bigint AS timed_out_24h,
       coalesce(s.cut_off_1h, 0)::bigint AS cut_off_1h, coalesce(s.cut_off_24h, 0)::bigint AS cut_off_24h,
       coalesce(s.passed_on_1h, 0)::bigint AS passed_on_1h, coalesce(s.passed_on_24h, 0)::bigint AS passed_on_24h,
       p.p50_1h AS decision_time_p50_1h, p.p50_24h AS decision_time_p50_24h,
       p.p95_1h AS decision_time_p95_1h, p.p95_24h AS decision_time_p95_24h,
       (coalesce(c.us_1h, 0) / 3600000000)::double precision AS uptime_1h, (coalesce(c.us_24h, 0) / 86400000000)::double precision AS uptime_24h,
       (coalesce(s.credit_1h, 0) / 1000000)::double precision AS npc_seconds_1h, (coalesce(s.credit_24h, 0) / 1000000)::double precision AS npc_seconds_24h
  FROM lenders l
  LEFT JOIN npcsim.player_accounts a ON a.id = l.player_id
  LEFT JOIN npcsim.player_proofs f ON f.world_id = l.world_id AND f.player_id = l.player_id
  LEFT JOIN sums s ON s.world_id = l.world_id AND s.player_id = l.player_id
        AND s.of_player = (l.source_id IS NULL) AND (s.of_player OR s.source_id = l.source_id)
  LEFT JOIN connected c ON c.world_id = l.world_id AND c.player_id = l.player_id
        AND c.of_player = (l.source_id IS NULL) AND (c.of_player OR c.source_id = l.source_id)
  LEFT JOIN percentiles p ON p.world_id = l.world_id AND p.player_id = l.player_id
        AND p.of_player = (l.source_id IS NULL) AND (p.of_player OR p.source_id = l.source_id);
COMMENT ON VIEW npcsim.compute_metrics IS
    'What those who lend compute have done: a row for each player (source_id NULL) and for each source, over the last hour and the last 24 hours. Counted in the background: the last ten seconds may be missing';
COMMENT ON COLUMN npcsim.compute_metrics.player_id IS 'NULL: the operators of the world';
COMMENT ON COLUMN npcsim.compute_metrics.source_id IS 'NULL: all sources of the player together';
COMMENT ON COLUMN npcsim.compute_metrics.declared_tokens_per_day IS 'What the player says it lends';
COMMENT ON COLUMN npcsim.compute_metrics.declared_tier IS 'The tier that makes it';
COMMENT ON COLUMN npcsim.compute_metrics.measured_tier IS 'The tier that measured_throughput makes it';
COMMENT ON COLUMN npcsim.compute_metrics.measured_throughput IS 'Output tokens in the last 24 hours: answers that were accepted, times the world''s tokens_per_decision';
COMMENT ON COLUMN npcsim.compute_metrics.reported_tokens IS 'Tokens that it reported in that time, which earn nothing';
COMMENT ON COLUMN npcsim.compute_metrics.average_quality_score IS 'The mean plausibility of its answers in the last 24 hours, 0 to 1; NULL: none was ranked';
COMMENT ON COLUMN npcsim.compute_metrics.reliability_score IS '(accepted + 2) / (asked + 3) of the last 100 requests within a day, late answers being half; of a player those that wait over 10 s for a free slot while it lends are among them';
COMMENT ON COLUMN npcsim.compute_metrics.proven_npcs IS 'NPCs that the player has shown it can serve';
COMMENT ON COLUMN npcsim.compute_metrics.asked_1h IS 'Requests that were handed out to it and are over, but for those that its closed socket cut off and that were forgiven';
COMMENT ON COLUMN npcsim.compute_metrics.accepted_1h IS 'Answers that were carried out, or came too late for that';
COMMENT ON COLUMN npcsim.compute_metrics.late_1h IS 'Those of them that came after their time; they are counted as timed out or failed, too';
COMMENT ON COLUMN npcsim.compute_metrics.passed_on_1h IS 'Requests that were taken from it and given to another';
COMMENT ON COLUMN npcsim.compute_metrics.decision_time_p50_1h IS 'Seconds from when a request was handed out to its answer, of accepted ones; within a few per cent';
COMMENT ON COLUMN npcsim.compute_metrics.uptime_1h IS 'The part of the time for which a session lent, 0 to 1';
COMMENT ON COLUMN npcsim.compute_metrics.npc_seconds_1h IS 'Credit: seconds of the world for which NPCs were looked after';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.compute_metrics
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('It shows what was counted; declare_compute() declares what a player lends.');
