-- npcsim 0.1.0 → 0.2.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- The rules a world lives by. Its history goes on by those of 0.1.0 up to the moment at which it is used next: an input.
ALTER TABLE npcsim.world_clock ADD COLUMN rules smallint NOT NULL DEFAULT 1 CHECK (rules OPERATOR(pg_catalog.>=) 1::smallint);
COMMENT ON COLUMN npcsim.world_clock.rules IS 'Version of the rules it lives by: Rules in src/engine/lock.h';
COMMENT ON COLUMN npcsim.world_inputs.kind IS 'decision, decision_refused, decision_failed, presence (players whose minds can be asked), budget (of an NPC: spent or not), rules (by which it lives from then on), or the name of the function or operation: kinds in src/reducers/replay.c';

-- What worlds are compared by: their rules, too.
CREATE OR REPLACE FUNCTION npcsim.world_rows(world_id bigint) RETURNS TABLE (relation text, key text, content jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10000
    BEGIN ATOMIC
        SELECT r.relation, r.key,
               (SELECT pg_catalog.jsonb_object_agg(m.key, m.value)
                  FROM pg_catalog.jsonb_each(r.content) m
                 WHERE m.key NOT IN ('world_id', 'sight') AND m.key NOT LIKE '%revision' AND m.key NOT LIKE '%\_at\_real')
          FROM (SELECT 'world_settings', '',
                       pg_catalog.jsonb_build_object('size_x', t.size_x, 'size_y', t.size_y, 'seed', t.seed,
                                                     'tick_rate', t.tick_rate, 'decision_policy', t.decision_policy)
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
                SELECT 'items', t.id::text, pg_catalog.to_jsonb(t)
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
