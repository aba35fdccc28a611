-- npcsim 0.6.0 → 0.7.0. Loaded by ALTER EXTENSION npcsim UPDATE alone.

\echo Use "ALTER EXTENSION npcsim UPDATE" to load this file. \quit

-- Names below resolve in pg_catalog and nowhere else: what is not there is qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- Tables of a world's state are known by what they are: see state_tables().
CREATE FUNCTION npcsim_internal.state_tables() RETURNS TABLE (relation regclass, name text, columns text[], keys text[], key_of_row text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp ROWS 20
    AS $$
BEGIN
    RETURN QUERY
    SELECT c.oid::regclass, c.relname::text,
           ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                  ORDER BY a.attnum),
           k.columns, coalesce(k.of_row, quote_literal(''))
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute w ON w.attrelid = c.oid AND w.attname = 'world_id' AND NOT w.attisdropped
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
      JOIN pg_catalog.pg_extension e ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'npcsim'
     CROSS JOIN LATERAL (
           SELECT coalesce(array_agg(a.attname::text ORDER BY part.place), '{}') AS columns,
                  string_agg(format('t.%I::text', a.attname), ' || '' '' || ' ORDER BY part.place) AS of_row
             FROM pg_catalog.pg_constraint p
            CROSS JOIN LATERAL unnest(p.conkey) WITH ORDINALITY AS part (number, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.number AND a.attname <> 'world_id'
            WHERE p.conrelid = c.oid AND p.contype = 'p') AS k
     WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       -- logs, connections, and players with what they spent
       AND c.relname NOT IN ('change_log', 'decision_log', 'world_event_log', 'sessions', 'player_accounts', 'world_tokens')
       -- what is written otherwise than under the world's lock, and compared in its own way
       AND c.relname NOT IN ('world_clock', 'world_inputs', 'decision_slots')
     ORDER BY c.relname;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.state_tables() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.state_tables() IS
    'Tables of npcsim with rows of worlds that their rules know of and that are written under the lock of their world: all that have a column world_id and are nothing else. keys: of the primary key, without world_id; key_of_row: an expression, of a row t, in text. A column npc_id, item_id, item_type or interaction is a reference: world_faults() looks for those that lead nowhere';

-- What is the same of every table: see state_tables().
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

-- pgspot PS002: the function is a member of the extension since 0.1.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.world_rows(world_id bigint) RETURNS TABLE (relation text, key text, content jsonb)
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
                   -- nothing is due to it, now as before there was such a column
                   AND NOT (m.key = 'due_at' AND m.value = 'null'))
          FROM (SELECT 'world_settings', '',
                       jsonb_build_object('size_x', t.size_x, 'size_y', t.size_y, 'seed', t.seed,
                                          'tick_rate', t.tick_rate, 'decision_policy', t.decision_policy,
                                          'idle_interval', t.idle_interval,
                                          'need_decay_min', t.need_decay_min, 'need_decay_max', t.need_decay_max)
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

-- pgspot PS002: the function is a member of the extension since 0.3.0; another one is not replaced.
CREATE OR REPLACE FUNCTION npcsim.world_faults(world_id bigint) RETURNS TABLE (relation text, key text, fault text)
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
             WHERE t.id IN (SELECT s.relation FROM npcsim_internal.state_tables() s))
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
