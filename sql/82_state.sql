-- Tells which tables hold the state of worlds, by what they are. Guards, comparisons and checks of worlds go by this.

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
       -- logs, connections, and players with what they spent and lend
       AND c.relname NOT IN ('change_log', 'decision_log', 'world_event_log', 'sessions', 'player_accounts', 'world_tokens', 'compute_sources', 'security_violations', 'player_suspicion', 'fallback_log', 'server_api_spending', 'observation_log')
       -- what was counted of them
       AND c.relname NOT IN ('source_minutes', 'source_outcomes', 'player_proofs', 'world_books')
       -- what is written otherwise than under the world's lock, and compared in its own way
       AND c.relname NOT IN ('world_clock', 'world_inputs', 'decision_slots')
     ORDER BY c.relname;
END
$$;
REVOKE ALL ON FUNCTION npcsim_internal.state_tables() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.state_tables() IS
    'Tables of npcsim with rows of worlds that their rules know of and that are written under the lock of their world: all that have a column world_id and are nothing else. keys: of the primary key, without world_id; key_of_row: an expression, of a row t, in text. A column npc_id, item_id, item_type or interaction is a reference: world_faults() looks for those that lead nowhere';
