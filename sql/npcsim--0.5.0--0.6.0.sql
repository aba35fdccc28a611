-- npcsim 0.5.0 → 0.6.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- What clients may call is described once, with what it does.
CREATE FUNCTION npcsim_internal.client_reducers() RETURNS TABLE (name text, minimum_role text, description text, burst integer, per_minute integer)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_client_reducers';
REVOKE ALL ON FUNCTION npcsim_internal.client_reducers() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.client_reducers() IS
    'What clients may call, as this version of npcsim describes it; client_reducers has it with what was set otherwise';

-- pgspot PS015: the view is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE VIEW npcsim.client_reducers AS
SELECT r.name,
       COALESCE(l.minimum_role, r.minimum_role) AS minimum_role,
       r.description,
       COALESCE(l.burst, r.burst) AS burst,
       COALESCE(l.per_minute, r.per_minute) AS per_minute
  FROM npcsim_internal.client_reducers() r
  LEFT JOIN npcsim.reducer_limits l ON l.name OPERATOR(pg_catalog.=) r.name;

-- Something may be due to an item by itself; where nothing is, its row is compared as it was.
ALTER TABLE npcsim.items ADD COLUMN due_at bigint;
COMMENT ON COLUMN npcsim.items.due_at IS 'World time (microseconds) at which something happens to it by itself; NULL: never';
-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.world_rows(world_id bigint) RETURNS TABLE (relation text, key text, content jsonb)
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

COMMENT ON COLUMN npcsim.world_inputs.kind IS 'decision, decision_refused, decision_failed, presence (players whose minds can be asked), budget (of an NPC: spent or not), rules (by which it lives from then on), set_idle_interval and set_need_decay (of its settings), or the name of the function or operation: src/reducer_list.h';
