-- Requests to minds outside: one slot per NPC, and the log of what was asked and answered.

CREATE TABLE npcsim.decision_slots (
    world_id bigint NOT NULL,
    npc_id bigint NOT NULL,
    request_id bigint NOT NULL,
    status smallint NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 2),
    reason text NOT NULL,
    state_counter bigint NOT NULL,
    opened_at bigint NOT NULL,
    opened_at_real timestamptz NOT NULL,
    sent_at_real timestamptz,
    timeout_ms integer,
    player_id bigint,
    session_id bigint,
    told_events integer,
    answered boolean NOT NULL DEFAULT false,
    tokens_day date NOT NULL DEFAULT '1970-01-01',
    daily_token_output bigint NOT NULL DEFAULT 0 CHECK (daily_token_output BETWEEN 0 AND 1000000000000),
    choices jsonb,
    told_state bigint,
    credit_us bigint NOT NULL DEFAULT 0,
    source_id bigint,
    former_player_id bigint,
    asked_player_id bigint,
    tried_sources bigint[],
    ranking smallint[],
    pace_saved bigint,
    pace_as_of bigint,
    pace_reserve bigint,
    met_player_id bigint,
    met_request_id bigint,
    PRIMARY KEY (world_id, npc_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);
SELECT pg_catalog.pg_extension_config_dump('npcsim.decision_slots', '');
COMMENT ON TABLE npcsim.decision_slots IS 'The request of each NPC, updated in place. Locked after the world''s row, never before';
COMMENT ON COLUMN npcsim.decision_slots.request_id IS 'The last request of the NPC';
COMMENT ON COLUMN npcsim.decision_slots.status IS '0 closed, 1 open, 2 sent';
COMMENT ON COLUMN npcsim.decision_slots.state_counter IS 'State of the NPC that the request is about';
COMMENT ON COLUMN npcsim.decision_slots.opened_at IS 'World time in microseconds';
COMMENT ON COLUMN npcsim.decision_slots.player_id IS 'Player the request is for; NULL: the pool, any source that remembers nothing';
COMMENT ON COLUMN npcsim.decision_slots.told_events IS 'Events since the last question when it was sent, those counted that had been dropped';
COMMENT ON COLUMN npcsim.decision_slots.answered IS 'The request has its final answer: another one changes nothing';
COMMENT ON COLUMN npcsim.decision_slots.daily_token_output IS 'Tokens that answers for the NPC took on tokens_day (UTC)';
COMMENT ON COLUMN npcsim.decision_slots.choices IS 'Actions from which the mind may choose by number, as they were offered with the request; NULL when it did not ask for them';
COMMENT ON COLUMN npcsim.decision_slots.told_state IS 'State of the NPC that the mind was told of, when it was sent';
COMMENT ON COLUMN npcsim.decision_slots.session_id IS 'Session it was sent to';
COMMENT ON COLUMN npcsim.decision_slots.credit_us IS 'World time, in microseconds, since the NPC was last asked, or came to its player: what an accepted answer is paid. At most 300 s, and once it is sent no more than its session had been connected';
COMMENT ON COLUMN npcsim.decision_slots.source_id IS 'Source of compute it was sent to';
COMMENT ON COLUMN npcsim.decision_slots.former_player_id IS 'The last player but player_id whom the NPC''s questions were put to; NULL: there is none';
COMMENT ON COLUMN npcsim.decision_slots.asked_player_id IS 'Player it was handed to last, who alone may answer it; NULL: nobody yet. It is another one than player_id when that one cannot be asked';
COMMENT ON COLUMN npcsim.decision_slots.tried_sources IS 'Sources that had it in vain: their socket closed, or they fell silent. The last 4; NULL: none';
COMMENT ON COLUMN npcsim.decision_slots.ranking IS 'How the built-in mind ranked what the NPC might do when it was sent: a key of each action, the best first, ~key of what is equal to the one before';
COMMENT ON COLUMN npcsim.decision_slots.pace_saved IS 'Thousandths of a token that were saved of the NPC''s budget at pace_as_of; as in paces. NULL: nothing was spent of one';
COMMENT ON COLUMN npcsim.decision_slots.pace_as_of IS 'Real time, milliseconds since 1970';
COMMENT ON COLUMN npcsim.decision_slots.pace_reserve IS 'Thousandths of a token that urgent questions took ahead of the day';
COMMENT ON COLUMN npcsim.decision_slots.met_player_id IS 'The player whose mind was asked about the NPC last';
COMMENT ON COLUMN npcsim.decision_slots.met_request_id IS 'The first question that this mind was asked since another one was';

CREATE TABLE npcsim.decision_log (
    day smallint NOT NULL,
    world_id bigint NOT NULL,
    request_id bigint NOT NULL,
    npc_id bigint NOT NULL,
    player_id bigint,
    reason text NOT NULL,
    status text NOT NULL,
    code text,
    detail text,
    decision jsonb,
    tokens bigint,
    clock double precision NOT NULL,
    opened_at_real timestamptz NOT NULL,
    sent_at_real timestamptz,
    finished_at_real timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    source_id bigint,
    credit_us bigint CHECK (credit_us BETWEEN 0 AND 300000000),
    plausibility smallint CHECK (plausibility BETWEEN 0 AND 1000),
    transaction bigint,
    pooled boolean NOT NULL DEFAULT false,
    CONSTRAINT decision_log_key PRIMARY KEY (world_id, request_id, finished_at_real, day)
) PARTITION BY LIST (day);
COMMENT ON TABLE npcsim.decision_log IS 'What was asked of minds outside and what became of it. A ring of 32 days, emptied by prune_logs() after npcsim.decision_log_days';
COMMENT ON COLUMN npcsim.decision_log.day IS 'Days since 1970-01-01 (UTC) modulo 32';
COMMENT ON COLUMN npcsim.decision_log.status IS 'applied, rejected, late, failed, timeout; cut_off: its session ended, or gave it back, before there was an answer; passed_on: it was taken from a source that is there but silent, and is given to another. Before 0.4.0 also cancelled';
COMMENT ON COLUMN npcsim.decision_log.tokens IS 'What the answer cost; NULL when that is not known';
COMMENT ON COLUMN npcsim.decision_log.clock IS 'World time in seconds at which it finished';
COMMENT ON COLUMN npcsim.decision_log.source_id IS 'Source of compute it was sent to; NULL: none, or not known';
COMMENT ON COLUMN npcsim.decision_log.credit_us IS 'NPC-microseconds: what an answer that was accepted (applied, late) is paid; where none came, what a late one would be. NULL: nothing any more';
COMMENT ON COLUMN npcsim.decision_log.plausibility IS 'Thousandths of the actions that were offered which are no better than the one that was chosen; NULL: it was not ranked';
COMMENT ON COLUMN npcsim.decision_log.transaction IS 'Transaction that logged it, in the cluster that did: by it the books know what they have counted';
COMMENT ON COLUMN npcsim.decision_log.pooled IS 'It was handed to another than the NPC''s player, who could not be asked';
CREATE INDEX decision_log_finished ON npcsim.decision_log (finished_at_real);
CREATE INDEX decision_log_transaction ON npcsim.decision_log (transaction) WHERE transaction IS NOT NULL;
DO $$
BEGIN
    FOR day IN 0 .. 31 LOOP
        EXECUTE pg_catalog.format('CREATE TABLE npcsim.decision_log_%s PARTITION OF npcsim.decision_log FOR VALUES IN (%s)', day, day);
        EXECUTE pg_catalog.format('COMMENT ON TABLE npcsim.decision_log_%s IS %L', day, 'Part of decision_log');
        PERFORM pg_catalog.pg_extension_config_dump(pg_catalog.format('npcsim.decision_log_%s', day)::pg_catalog.regclass, '');
    END LOOP;
END
$$;

-- It runs with the owner's rights, since it reads accounts.
CREATE FUNCTION npcsim_internal.players_short_of_slots(world_id bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    BEGIN ATOMIC
        SELECT a.player_id
          FROM npcsim_internal.world_lenders(players_short_of_slots.world_id) a
         WHERE a.askable AND (NOT a.paced
            OR (SELECT pg_catalog.sum(s.max_concurrency) FROM npcsim.sessions s
                 WHERE s.player_id = a.player_id AND NOT s.ended AND s.purpose IN ('compute', 'both'))
               <= (SELECT pg_catalog.count(*) FROM npcsim.npc_identities i
                     JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id AND d.status = 2 AND d.player_id = a.player_id
                    WHERE i.world_id = players_short_of_slots.world_id AND i.controller_player_id = a.player_id));
    END;
REVOKE ALL ON FUNCTION npcsim_internal.players_short_of_slots(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.players_short_of_slots(bigint) IS
    'Players whose open questions wait for a free slot: those of askable_players() but for those whose questions wait for their part of the day beside one that is free';
