-- Replays of worlds, and comparing them.

CREATE FUNCTION npcsim.replay_world(
    world_id bigint,
    until double precision DEFAULT NULL,
    name text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_replay_world';
REVOKE ALL ON FUNCTION npcsim.replay_world(bigint, double precision, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.replay_world(bigint, double precision, text) IS
    'Makes a second world, paused, that lives through what the first did, from its seed and what came to it from outside; returns its id. until: world seconds, up to the clock of the first world, which is the default; what came from outside at that moment is included. name: by default that of the first world with "(replay)". Its rows are those of the first world at that moment: world_differences() tells. Errors: NS101 no such world, NS102 parked, 22003 until is past its clock, 23505 name taken, 55000 rows of world_inputs were deleted';

CREATE FUNCTION npcsim.world_rows(world_id bigint) RETURNS TABLE (relation text, key text, content jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET bytea_output = 'hex' SET extra_float_digits = 1
    SET jit = off ROWS 10000 -- over tables that are new the planner thinks much of it, and compiling takes longer than it does
    AS $$
DECLARE
    tables text;
BEGIN
    SELECT string_agg(format(' UNION ALL SELECT %L, %s, to_jsonb(t) FROM npcsim.%I t WHERE t.world_id = $1', s.name, s.key_of_row, s.name), '')
      INTO tables
      FROM npcsim_internal.state_tables() s;
    RETURN QUERY EXECUTE $rows$
        SELECT r.relation, r.key,
               (SELECT jsonb_object_agg(m.key, m.value)
                  FROM jsonb_each(r.content) m
                 WHERE m.key NOT IN ('world_id', 'sight') AND m.key NOT LIKE '%revision' AND m.key NOT LIKE '%\_at\_real'
                   -- nothing is due to it, and nobody traces it, now as before there were such columns
                   AND NOT (m.key = 'due_at' AND m.value = 'null')
                   AND NOT (m.key = 'traced' AND m.value = 'false'))
          FROM (SELECT 'world_settings', '',
                       jsonb_build_object('size_x', t.size_x, 'size_y', t.size_y, 'seed', t.seed,
                                          'tick_rate', t.tick_rate, 'decision_policy', t.decision_policy,
                                          'idle_interval', t.idle_interval,
                                          'need_decay_min', t.need_decay_min, 'need_decay_max', t.need_decay_max,
                                          'built_in_fallback', t.built_in_fallback)
                  FROM npcsim.world_settings t WHERE t.id = $1
                UNION ALL
                SELECT 'world_clock', '',
                       jsonb_build_object('clock', t.clock, 'next_id', t.next_id, 'speed', t.speed, 'rules', t.rules)
                  FROM npcsim.world_clock t WHERE t.world_id = $1
                UNION ALL
                SELECT 'world_inputs', t.sequence::text, to_jsonb(t)
                  FROM npcsim.world_inputs t WHERE t.world_id = $1
                UNION ALL
                SELECT 'decision_slots', t.npc_id::text,
                       jsonb_build_object('request_id', t.request_id, 'pending', t.status > 0, 'reason', t.reason,
                                          'state_counter', t.state_counter, 'opened_at', t.opened_at,
                                          'player_id', t.player_id)
                  FROM npcsim.decision_slots t WHERE t.world_id = $1$rows$ || tables || $rows$) r(relation, key, content)$rows$
        USING world_id;
END
$$;
REVOKE ALL ON FUNCTION npcsim.world_rows(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.world_rows(bigint) IS
    'The state of a world that follows from its seed and its inputs, row by row: table, key (in text) and columns, without revisions, times of the wall clock, the place in the sight indexes and how requests were delivered';

CREATE FUNCTION npcsim.world_differences(world_id bigint, other_world_id bigint)
    RETURNS TABLE (relation text, key text, here jsonb, there jsonb)
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_world_differences';
REVOKE ALL ON FUNCTION npcsim.world_differences(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.world_differences(bigint, bigint) IS
    'Rows of the state of two worlds that differ: table, key, and the columns that differ in the one and in the other; a row that one of them does not have is NULL there. Compares what world_rows(world_id) shows. Errors: NS101 no such world';

-- Finds the faults that every table can have; state_tables() lists the tables.
CREATE FUNCTION npcsim_internal.reference_faults(world_id bigint) RETURNS TABLE (relation text, key text, fault text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
DECLARE
    questions text;
BEGIN
    SELECT string_agg(q.question, ' UNION ALL ')
      INTO questions
      FROM npcsim_internal.state_tables() s
     CROSS JOIN LATERAL (
           -- what is left of a world that is gone, in one word
           SELECT format('SELECT %L, %L, %L WHERE EXISTS (SELECT FROM npcsim.%I t WHERE t.world_id = $1)', s.name, '', 'there is no such world', s.name)
            WHERE NOT EXISTS (SELECT FROM npcsim.world_settings w WHERE w.id = reference_faults.world_id)
           UNION ALL
           SELECT format('SELECT %1$L, %2$s, format(%3$L, t.%4$I) FROM npcsim.%1$I t WHERE t.world_id = $1 AND t.%4$I IS NOT NULL'
                         ' AND NOT EXISTS (SELECT FROM npcsim.%5$I o WHERE o.world_id = t.world_id AND o.%6$I = t.%4$I)',
                         s.name, s.key_of_row, CASE WHEN r.reference = ANY (s.keys) THEN r.fault_of_key ELSE r.fault END,
                         r.reference, r.others, r.name_there)
             FROM (VALUES ('npc_id', 'npc_identities', 'id', 'there is no NPC %s', 'there is no such NPC'),
                          ('item_id', 'items', 'id', 'there is no item %s', 'there is no such item'),
                          ('item_type', 'item_type_rows', 'name', 'there is no item type "%s"', 'there is no such item type'),
                          ('interaction', 'interaction_type_rows', 'number', 'there is no interaction type %s', 'there is no such interaction type'))
                  AS r (reference, others, name_there, fault, fault_of_key)
            WHERE r.reference = ANY (s.columns)) AS q (question);
    RETURN QUERY EXECUTE questions USING world_id;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.reference_faults(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.reference_faults(bigint) IS
    'Rows of a world''s state that are about an NPC, an item, an item type or an interaction type that is not there, and tables with rows of a world that is not there: for world_faults()';

CREATE FUNCTION npcsim.world_faults(world_id bigint) RETURNS TABLE (relation text, key text, fault text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    BEGIN ATOMIC
        SELECT t.relation, '', 'there is no row of the world'
          FROM (VALUES ('world_settings', EXISTS (SELECT FROM npcsim.world_settings s WHERE s.id = world_faults.world_id)),
                       ('world_clock', EXISTS (SELECT FROM npcsim.world_clock c WHERE c.world_id = world_faults.world_id)),
                       ('world_terrain', EXISTS (SELECT FROM npcsim.world_terrain c WHERE c.world_id = world_faults.world_id))) AS t (relation, present)
         WHERE NOT t.present
        UNION ALL
        SELECT t.relation, i.id::text, 'there is no row of the NPC'
          FROM npcsim.npc_identities i
          LEFT JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.id
          LEFT JOIN npcsim.npc_tracks r ON r.world_id = i.world_id AND r.npc_id = i.id
         CROSS JOIN LATERAL (VALUES ('npc_states', s.npc_id IS NOT NULL), ('npc_tracks', r.npc_id IS NOT NULL)) AS t (relation, present)
         WHERE i.world_id = world_faults.world_id AND NOT t.present
        UNION ALL
        SELECT r.relation, r.key, r.fault FROM npcsim_internal.reference_faults(world_faults.world_id) r
        UNION ALL
        SELECT 'decision_slots', d.npc_id::text, 'there is no such NPC'
          FROM npcsim.decision_slots d
         WHERE d.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.npc_identities i WHERE i.world_id = d.world_id AND i.id = d.npc_id)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no NPC %s, who %s', r.npc_id, r.does)
          FROM (SELECT 'interaction_runs', u.world_id, u.id, p.npc_id, 'takes part'
                  FROM npcsim.interaction_runs u CROSS JOIN LATERAL pg_catalog.unnest(u.participants) AS p (npc_id)
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, b.bidder_npc_id, 'made it' FROM npcsim.interaction_bid_rows b
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, p.npc_id, 'is invited'
                  FROM npcsim.interaction_bid_rows b CROSS JOIN LATERAL pg_catalog.unnest(b.invited_npc_ids) AS p (npc_id)
                UNION ALL SELECT 'items', i.world_id, i.id, i.occupied_by_npc_id, 'uses it' FROM npcsim.items i) AS r (relation, world_id, id, npc_id, does)
         WHERE r.world_id = world_faults.world_id AND r.npc_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM npcsim.npc_identities n WHERE n.world_id = r.world_id AND n.id = r.npc_id)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no item %s, which it is about', r.item_id)
          FROM (SELECT 'interaction_runs', u.world_id, u.id, u.interaction, u.target_id FROM npcsim.interaction_runs u
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, b.interaction, b.target_id FROM npcsim.interaction_bid_rows b) AS r (relation, world_id, id, number, item_id)
          JOIN npcsim.interaction_type_rows k ON k.world_id = r.world_id AND k.number = r.number AND k.target = 'item'
         WHERE r.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.items i WHERE i.world_id = r.world_id AND i.id = r.item_id)
        UNION ALL
        SELECT 'npc_states', s.npc_id::text, pg_catalog.format('there is no interaction %s, in which it is', s.interaction_id)
          FROM npcsim.npc_states s
         WHERE s.world_id = world_faults.world_id AND s.interaction_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM npcsim.interaction_runs u
                            WHERE u.world_id = s.world_id AND u.id = s.interaction_id AND s.npc_id = ANY (u.participants))
        UNION ALL
        SELECT 'interaction_runs', u.id::text, pg_catalog.format('NPC %s, who takes part, is not in it', s.npc_id)
          FROM npcsim.interaction_runs u
          JOIN npcsim.npc_states s ON s.world_id = u.world_id AND s.npc_id = ANY (u.participants) AND s.interaction_id IS DISTINCT FROM u.id
         WHERE u.world_id = world_faults.world_id
        UNION ALL
        SELECT 'npc_states', s.npc_id::text, 'it is in no interaction'
          FROM npcsim.npc_states s
         WHERE s.world_id = world_faults.world_id AND s.state = 3 AND s.interaction_id IS NULL
        UNION ALL
        SELECT 'npc_states', s.npc_id::text, 'there is no bid, for the answer to which it waits'
          FROM npcsim.npc_states s
         WHERE s.world_id = world_faults.world_id AND s.state = 2
           AND NOT EXISTS (SELECT FROM npcsim.interaction_bid_rows b WHERE b.world_id = s.world_id AND b.bidder_npc_id = s.npc_id)
        UNION ALL
        SELECT 'interaction_bid_rows', b.id::text, pg_catalog.format('NPC %s, who made it, does not wait for an answer', b.bidder_npc_id)
          FROM npcsim.interaction_bid_rows b
          JOIN npcsim.npc_states s ON s.world_id = b.world_id AND s.npc_id = b.bidder_npc_id AND s.state <> 2
         WHERE b.world_id = world_faults.world_id
        UNION ALL
        SELECT 'player_accounts', r.player_id::text, r.fault
          FROM (SELECT i.world_id, i.controller_player_id, pg_catalog.format('there is no such player, who controls NPC %s', i.id)
                  FROM npcsim.npc_identities i
                UNION ALL SELECT s.id, s.owner_player_id, 'there is no such player, who owns the world' FROM npcsim.world_settings s) AS r (world_id, player_id, fault)
         WHERE r.world_id = world_faults.world_id AND r.player_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM npcsim.player_accounts p WHERE p.id = r.player_id);
    END;
REVOKE ALL ON FUNCTION npcsim.world_faults(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.world_faults(bigint) IS
    'What of a world is missing, or belongs to what is not there: no row where all is well. adopt_worlds() leaves a world parked of which a restore lost something; a replay may outlive the players of the world it was made from (player_accounts)';
