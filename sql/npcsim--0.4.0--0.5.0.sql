-- npcsim 0.4.0 → 0.5.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- ---- world_faults: bids, players, items, and both ends of what belongs together ----
-- pgspot PS002: the function is a member of the extension since 0.3.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.world_faults(world_id bigint) RETURNS TABLE (relation text, key text, fault text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT t.relation, '', 'there is no row of the world'
          FROM (VALUES ('world_settings', EXISTS (SELECT FROM npcsim.world_settings s WHERE s.id OPERATOR(pg_catalog.=) world_faults.world_id)),
                       ('world_clock', EXISTS (SELECT FROM npcsim.world_clock c WHERE c.world_id OPERATOR(pg_catalog.=) world_faults.world_id)),
                       ('world_terrain', EXISTS (SELECT FROM npcsim.world_terrain c WHERE c.world_id OPERATOR(pg_catalog.=) world_faults.world_id))) AS t (relation, present)
         WHERE NOT t.present
        UNION ALL
        SELECT t.relation, i.id::text, 'there is no row of the NPC'
          FROM npcsim.npc_identities i
          LEFT JOIN npcsim.npc_states s ON s.world_id OPERATOR(pg_catalog.=) i.world_id AND s.npc_id OPERATOR(pg_catalog.=) i.id
          LEFT JOIN npcsim.npc_tracks r ON r.world_id OPERATOR(pg_catalog.=) i.world_id AND r.npc_id OPERATOR(pg_catalog.=) i.id
         CROSS JOIN LATERAL (VALUES ('npc_states', s.npc_id IS NOT NULL), ('npc_tracks', r.npc_id IS NOT NULL)) AS t (relation, present)
         WHERE i.world_id OPERATOR(pg_catalog.=) world_faults.world_id AND NOT t.present
        UNION ALL
        SELECT r.relation, r.npc_id::text, 'there is no such NPC'
          FROM (SELECT 'npc_states', s.world_id, s.npc_id FROM npcsim.npc_states s
                UNION ALL SELECT 'npc_tracks', t.world_id, t.npc_id FROM npcsim.npc_tracks t
                UNION ALL SELECT 'npc_minds', m.world_id, m.npc_id FROM npcsim.npc_minds m
                UNION ALL SELECT 'decision_slots', d.world_id, d.npc_id FROM npcsim.decision_slots d) AS r (relation, world_id, npc_id)
         WHERE r.world_id OPERATOR(pg_catalog.=) world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.npc_identities i WHERE i.world_id OPERATOR(pg_catalog.=) r.world_id AND i.id OPERATOR(pg_catalog.=) r.npc_id)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no item type "%s"', r.item_type)
          FROM (SELECT 'items', i.world_id, i.id, i.item_type FROM npcsim.items i
                UNION ALL SELECT 'item_respawns', s.world_id, s.id, s.item_type FROM npcsim.item_respawns s) AS r (relation, world_id, id, item_type)
         WHERE r.world_id OPERATOR(pg_catalog.=) world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.item_type_rows k WHERE k.world_id OPERATOR(pg_catalog.=) r.world_id AND k.name OPERATOR(pg_catalog.=) r.item_type)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no interaction type %s', r.number)
          FROM (SELECT 'interaction_runs', u.world_id, u.id, u.interaction FROM npcsim.interaction_runs u
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, b.interaction FROM npcsim.interaction_bid_rows b) AS r (relation, world_id, id, number)
         WHERE r.world_id OPERATOR(pg_catalog.=) world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.interaction_type_rows k WHERE k.world_id OPERATOR(pg_catalog.=) r.world_id AND k.number OPERATOR(pg_catalog.=) r.number)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no NPC %s, who %s', r.npc_id, r.does)
          FROM (SELECT 'interaction_runs', u.world_id, u.id, p.npc_id, 'takes part'
                  FROM npcsim.interaction_runs u CROSS JOIN LATERAL pg_catalog.unnest(u.participants) AS p (npc_id)
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, b.bidder_npc_id, 'made it' FROM npcsim.interaction_bid_rows b
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, p.npc_id, 'is invited'
                  FROM npcsim.interaction_bid_rows b CROSS JOIN LATERAL pg_catalog.unnest(b.invited_npc_ids) AS p (npc_id)
                UNION ALL SELECT 'items', i.world_id, i.id, i.occupied_by_npc_id, 'uses it' FROM npcsim.items i) AS r (relation, world_id, id, npc_id, does)
         WHERE r.world_id OPERATOR(pg_catalog.=) world_faults.world_id AND r.npc_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM npcsim.npc_identities n WHERE n.world_id OPERATOR(pg_catalog.=) r.world_id AND n.id OPERATOR(pg_catalog.=) r.npc_id)
        UNION ALL
        SELECT r.relation, r.id::text, pg_catalog.format('there is no item %s, which it is about', r.item_id)
          FROM (SELECT 'interaction_runs', u.world_id, u.id, u.interaction, u.target_id FROM npcsim.interaction_runs u
                UNION ALL SELECT 'interaction_bid_rows', b.world_id, b.id, b.interaction, b.target_id FROM npcsim.interaction_bid_rows b) AS r (relation, world_id, id, number, item_id)
          JOIN npcsim.interaction_type_rows k ON k.world_id OPERATOR(pg_catalog.=) r.world_id AND k.number OPERATOR(pg_catalog.=) r.number AND k.target OPERATOR(pg_catalog.=) 'item'
         WHERE r.world_id OPERATOR(pg_catalog.=) world_faults.world_id
           AND NOT EXISTS (SELECT FROM npcsim.items i WHERE i.world_id OPERATOR(pg_catalog.=) r.world_id AND i.id OPERATOR(pg_catalog.=) r.item_id)
        UNION ALL
        SELECT 'npc_states', s.npc_id::text, pg_catalog.format('there is no interaction %s, in which it is', s.interaction_id)
          FROM npcsim.npc_states s
         WHERE s.world_id OPERATOR(pg_catalog.=) world_faults.world_id AND s.interaction_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM npcsim.interaction_runs u
                            WHERE u.world_id OPERATOR(pg_catalog.=) s.world_id AND u.id OPERATOR(pg_catalog.=) s.interaction_id AND s.npc_id OPERATOR(pg_catalog.=) ANY (u.participants))
        UNION ALL
        SELECT 'interaction_runs', u.id::text, pg_catalog.format('NPC %s, who takes part, is not in it', s.npc_id)
          FROM npcsim.interaction_runs u
          JOIN npcsim.npc_states s ON s.world_id OPERATOR(pg_catalog.=) u.world_id AND s.npc_id OPERATOR(pg_catalog.=) ANY (u.participants) AND s.interaction_id IS DISTINCT FROM u.id
         WHERE u.world_id OPERATOR(pg_catalog.=) world_faults.world_id
        UNION ALL
        SELECT 'npc_states', s.npc_id::text, 'it is in no interaction'
          FROM npcsim.npc_states s
         WHERE s.world_id OPERATOR(pg_catalog.=) world_faults.world_id AND s.state OPERATOR(pg_catalog.=) 3 AND s.interaction_id IS NULL
        UNION ALL
        SELECT 'npc_states', s.npc_id::text, 'there is no bid, for the answer to which it waits'
          FROM npcsim.npc_states s
         WHERE s.world_id OPERATOR(pg_catalog.=) world_faults.world_id AND s.state OPERATOR(pg_catalog.=) 2
           AND NOT EXISTS (SELECT FROM npcsim.interaction_bid_rows b WHERE b.world_id OPERATOR(pg_catalog.=) s.world_id AND b.bidder_npc_id OPERATOR(pg_catalog.=) s.npc_id)
        UNION ALL
        SELECT 'interaction_bid_rows', b.id::text, pg_catalog.format('NPC %s, who made it, does not wait for an answer', b.bidder_npc_id)
          FROM npcsim.interaction_bid_rows b
          JOIN npcsim.npc_states s ON s.world_id OPERATOR(pg_catalog.=) b.world_id AND s.npc_id OPERATOR(pg_catalog.=) b.bidder_npc_id AND s.state OPERATOR(pg_catalog.<>) 2
         WHERE b.world_id OPERATOR(pg_catalog.=) world_faults.world_id
        UNION ALL
        SELECT 'player_accounts', r.player_id::text, r.fault
          FROM (SELECT i.world_id, i.controller_player_id, pg_catalog.format('there is no such player, who controls NPC %s', i.id)
                  FROM npcsim.npc_identities i
                UNION ALL SELECT s.id, s.owner_player_id, 'there is no such player, who owns the world' FROM npcsim.world_settings s) AS r (world_id, player_id, fault)
         WHERE r.world_id OPERATOR(pg_catalog.=) world_faults.world_id AND r.player_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM npcsim.player_accounts p WHERE p.id OPERATOR(pg_catalog.=) r.player_id);
    END;
COMMENT ON FUNCTION npcsim.world_faults(bigint) IS
    'What of a world is missing, or belongs to what is not there: no row where all is well. adopt_worlds() leaves a world parked of which a restore lost something; a replay may outlive the players of the world it was made from (player_accounts)';

-- ---- what gateways read: refused without a line in the server's log, and planned once ----
-- pgspot PS002: the function is a member of the extension since 0.3.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.unknown_sessions(gateway_id text, session_ids bigint[]) RETURNS SETOF bigint
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
    AS 'MODULE_PATHNAME', 'npcsim_unknown_sessions';
-- pgspot PS002: the function is a member of the extension since 0.3.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.worlds_to_watch() RETURNS json
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_worlds_to_watch';
-- pgspot PS002: the function is a member of the extension since 0.2.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.compute_standings(player_ids bigint[], told bigint[]) RETURNS TABLE (player_id bigint, standing bigint, body json)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_compute_standings';
-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.superseded_decisions(world_id bigint, npc_ids bigint[], request_ids bigint[], session_ids bigint[]) RETURNS SETOF bigint
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
    AS 'MODULE_PATHNAME', 'npcsim_superseded_decisions';
