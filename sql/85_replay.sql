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
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET bytea_output = 'hex' SET extra_float_digits = 1 ROWS 10000
    BEGIN ATOMIC
        SELECT r.relation, r.key,
               (SELECT pg_catalog.jsonb_object_agg(m.key, m.value)
                  FROM pg_catalog.jsonb_each(r.content) m
                 WHERE m.key NOT IN ('world_id', 'sight') AND m.key NOT LIKE '%revision' AND m.key NOT LIKE '%\_at\_real')
          FROM (SELECT 'world_settings', '',
                       pg_catalog.jsonb_build_object('size_x', t.size_x, 'size_y', t.size_y, 'seed', t.seed,
                                                     'tick_rate', t.tick_rate, 'decision_policy', t.decision_policy,
                                                     'idle_interval', t.idle_interval,
                                                     'need_decay_min', t.need_decay_min, 'need_decay_max', t.need_decay_max)
                  FROM npcsim.world_settings t WHERE t.id = world_rows.world_id
                UNION ALL
                SELECT 'world_clock', '',
                       pg_catalog.jsonb_build_object('clock', t.clock, 'next_id', t.next_id, 'speed', t.speed,
                                                     'rules', t.rules)
                  FROM npcsim.world_clock t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'world_terrain', '', pg_catalog.to_jsonb(t)
                  FROM npcsim.world_terrain t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'world_inputs', t.sequence::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.world_inputs t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'item_type_rows', t.name, pg_catalog.to_jsonb(t)
                  FROM npcsim.item_type_rows t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'interaction_type_rows', t.name, pg_catalog.to_jsonb(t)
                  FROM npcsim.interaction_type_rows t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'npc_identities', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.npc_identities t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'npc_states', t.npc_id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.npc_states t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'npc_tracks', t.npc_id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.npc_tracks t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'npc_minds', t.npc_id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.npc_minds t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'items', t.id::text, CASE WHEN t.due_at IS NULL THEN pg_catalog.to_jsonb(t) - 'due_at'::text ELSE pg_catalog.to_jsonb(t) END
                  FROM npcsim.items t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'item_respawns', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.item_respawns t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'interaction_runs', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.interaction_runs t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'interaction_bid_rows', t.id::text, pg_catalog.to_jsonb(t)
                  FROM npcsim.interaction_bid_rows t WHERE t.world_id = world_rows.world_id
                UNION ALL
                SELECT 'decision_slots', t.npc_id::text,
                       pg_catalog.jsonb_build_object('request_id', t.request_id, 'pending', t.status > 0, 'reason', t.reason,
                                                     'state_counter', t.state_counter, 'opened_at', t.opened_at,
                                                     'player_id', t.player_id)
                  FROM npcsim.decision_slots t WHERE t.world_id = world_rows.world_id) r(relation, key, content);
    END;
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

CREATE FUNCTION npcsim.world_faults(world_id bigint) RETURNS TABLE (relation text, key text, fault text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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
        SELECT r.relation, r.npc_id::text, 'there is no such NPC'
          FROM (SELECT 'npc_states', s.world_id, s.npc_id FROM npcsim.npc_states s
                UNION ALL SELECT 'npc_tracks', t.world_id, t.npc_id FROM npcsim.npc_tracks t
                UNION ALL SELECT 'npc_minds', m.world_id, m.npc_id FROM npcsim.npc_minds m
                UNION ALL SELECT 'decision_slots', d.world_id, d.npc_id FROM npcsim.decision_slots d) AS r (relation, world_id, npc_id)
         WHERE r.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.npc_identities i WHERE i.world_id = r.world_id AND i.id = r.npc_id)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no item type "%s"', r.item_type)
          FROM (SELECT 'items', i.world_id, i.id, i.item_type FROM npcsim.items i
                UNION ALL SELECT 'item_respawns', s.world_id, s.id, s.item_type FROM npcsim.item_respawns s) AS r (relation, world_id, id, item_type)
         WHERE r.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.item_type_rows k WHERE k.world_id = r.world_id AND k.name = r.item_type)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no interaction type %s', r.number)
          FROM (SELECT 'interaction_runs', u.world_id, u.id, u.interaction FROM npcsim.interaction_runs u
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, b.interaction FROM npcsim.interaction_bid_rows b) AS r (relation, world_id, id, number)
         WHERE r.world_id = world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.interaction_type_rows k WHERE k.world_id = r.world_id AND k.number = r.number)
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
