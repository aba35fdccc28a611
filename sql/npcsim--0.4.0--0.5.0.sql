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

-- ---- guards: those of rows are made in the same loop as the others ----
-- pgspot PS002: the function is a member of the extension since 0.3.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.guard_tables() RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    guard record;
    changed integer := 0;
BEGIN
    FOR guard IN
        WITH tables AS (
            SELECT c.oid AS id, c.relname::text AS name, coalesce(parent.relname, c.relname)::text AS family
              FROM pg_catalog.pg_class c
              LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
              LEFT JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent
             WHERE c.relnamespace = 'npcsim'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p')),
        guarded AS (
            SELECT t.id, t.name, hints.kind, coalesce(pg_catalog.quote_literal(hints.hint), '') AS hint
              FROM tables t
              LEFT JOIN (VALUES
                   ('world_settings', 'state', 'UPDATE npcsim.worlds … WHERE id = … changes settings; size, seed and tick rate stay as create_world() made them.'),
                   ('world_clock', 'state', 'start_world(world_id), pause_world(world_id), set_world_speed(world_id, speed) and tick_world(world_id, dt) are for that.'),
                   ('player_accounts', 'state', 'UPDATE npcsim.players … WHERE id = …, create_player() and rotate_player_token(player_id) are for that.'),
                   ('decision_slots', 'state', 'request_npc_decision(world_id, npc_id) asks for a decision.'),
                   ('world_inputs', 'inputs', 'What came from outside is kept as it came; DELETE … WHERE world_id = … gives up the replay of one world.'),
                   ('world_event_log', 'log', 'What happened is recorded by the world; prune_logs() forgets it after npcsim.world_event_hours.'),
                   ('decision_log', 'log', 'What was asked is recorded by the world; prune_logs() forgets it after npcsim.decision_log_days.'),
                   ('world_event_segments', 'own', 'prune_logs() keeps it.'),
                   ('change_log', 'log', 'Worlds record it; prune_logs() forgets what is older than some minutes.'),
                   ('installation', 'own', 'It tells worlds that live here from copies, and stays as it is.'),
                   ('epochs', 'own', 'Epochs begin by themselves.')) AS hints (family, kind, hint) ON hints.family = t.family
             WHERE t.name NOT IN ('gateways', 'sessions', 'reducer_limits', 'client_calls', 'call_allowances')),
        wanted AS (
            SELECT id, 'refuse_write' AS name, 'A' AS fires,
                   format('BEFORE %s ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write(%s)',
                          CASE kind WHEN 'inputs' THEN 'UPDATE' ELSE 'UPDATE OR DELETE' END, name, hint) AS definition
              FROM guarded
            UNION ALL
            -- of these there is one row, or one for each part of a log, which may be put back
            SELECT id, 'refuse_rows', 'A',
                   format('AFTER INSERT ON npcsim.%I REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write(%s)', name, hint)
              FROM guarded WHERE kind IS DISTINCT FROM 'own'
            UNION ALL
            SELECT id, 'refuse_truncate', 'A',
                   format('BEFORE TRUNCATE ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_truncate(%s)',
                          name, CASE WHEN kind <> 'state' THEN hint ELSE '' END)
              FROM guarded
            UNION ALL
            SELECT id, 'refuse_replicated', 'R',
                   format('AFTER INSERT OR UPDATE OR DELETE ON npcsim.%I FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_replicated()', name)
              FROM tables WHERE name IN ('world_settings', 'world_clock', 'world_inputs', 'world_tokens', 'player_accounts', 'decision_slots')
            UNION ALL
            SELECT id, 'keep_own', 'R',
                   format('BEFORE INSERT OR UPDATE OR DELETE ON npcsim.%I FOR EACH ROW EXECUTE FUNCTION npcsim_internal.keep_own()', name)
              FROM tables WHERE name IN ('installation', 'world_event_segments')
            UNION ALL
            -- rows of a world's state, for whoever writes them without holding it
            SELECT t.id, 'require_world_lock_for_' || event.name, 'A',
                   format('AFTER %s ON npcsim.%I FOR EACH ROW WHEN (%s) EXECUTE FUNCTION npcsim_internal.require_world_lock()',
                          upper(event.name), t.name, event.condition)
              FROM tables t
             CROSS JOIN (VALUES
                   ('insert', 'NOT npcsim_internal.world_is_locked(NEW.world_id)'),
                   ('update', 'NEW.world_id OPERATOR(pg_catalog.<>) OLD.world_id OR NOT npcsim_internal.world_is_locked(OLD.world_id)'),
                   ('delete', 'NOT npcsim_internal.world_is_locked(OLD.world_id)')) AS event (name, condition)
             WHERE t.name IN ('world_terrain', 'npc_identities', 'npc_states', 'npc_tracks', 'npc_minds', 'item_type_rows', 'items', 'item_respawns',
                              'interaction_type_rows', 'interaction_runs', 'interaction_bid_rows'))
        SELECT w.id::pg_catalog.regclass AS relation, w.name, w.fires, w.definition, t.oid IS NULL AS missing
          FROM wanted w
          LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = w.id AND t.tgname = w.name AND NOT t.tgisinternal
         WHERE t.tgenabled IS DISTINCT FROM w.fires::pg_catalog."char"
         ORDER BY w.id, w.name
    LOOP
        IF guard.missing THEN
            EXECUTE format('CREATE TRIGGER %I %s', guard.name, guard.definition);
        END IF;
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', guard.relation, CASE guard.fires WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, guard.name);
        changed := changed + 1;
    END LOOP;
    RETURN changed;
END
$$;

SELECT npcsim.guard_tables();
