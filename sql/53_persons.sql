-- Functions about persons: what is kept of them, and how that is removed.

CREATE FUNCTION npcsim.export_person(person_id bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
DECLARE
    accounts bigint[];
    worlds bigint[];
    sessions jsonb := '[]';
    exported jsonb;
BEGIN
    IF NOT EXISTS (SELECT FROM npcsim.persons p WHERE p.id = export_person.person_id) THEN
        RAISE EXCEPTION 'person % does not exist', person_id USING ERRCODE = 'NS206',
            DETAIL = 'There is no person with this id.', HINT = 'SELECT id, name FROM npcsim.persons lists them.';
    END IF;
    SELECT coalesce(array_agg(a.id), '{}'), coalesce(array_agg(DISTINCT a.world_id), '{}') INTO accounts, worlds
      FROM npcsim.player_accounts a WHERE a.person_id = export_person.person_id;
    IF NOT pg_is_in_recovery() THEN -- a standby has no sessions
        SELECT coalesce(jsonb_agg(to_jsonb(s) - '{gateway_id,ended,end_reason}'::text[] ORDER BY s.id), '[]') INTO sessions
          FROM npcsim.sessions s WHERE s.player_id = ANY (accounts);
    END IF;
    SELECT jsonb_build_object(
               'person', (SELECT to_jsonb(p) FROM npcsim.persons p WHERE p.id = export_person.person_id),
               'accounts', (SELECT coalesce(jsonb_agg(to_jsonb(a) - '{token_hash,person_id}'::text[]
                                                      || jsonb_build_object('world', w.name,
                                                                            'npc_ids', (SELECT coalesce(jsonb_agg(i.id ORDER BY i.id), '[]') FROM npcsim.npc_identities i
                                                                                         WHERE i.world_id = a.world_id AND i.controller_player_id = a.id))
                                                      ORDER BY a.id), '[]')
                              FROM npcsim.player_accounts a LEFT JOIN npcsim.world_settings w ON w.id = a.world_id WHERE a.id = ANY (accounts)),
               'sources', (SELECT coalesce(jsonb_agg(to_jsonb(k) ORDER BY k.id), '[]') FROM npcsim.compute_sources k WHERE k.player_id = ANY (accounts)),
               'sessions', sessions,
               'violations', (SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY v.at_real, v.id), '[]') FROM npcsim.security_violations v WHERE v.player_id = ANY (accounts)),
               'days', (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.day), '[]')
                          FROM (SELECT t.day, sum(t.asked) AS asked, sum(t.accepted) AS accepted, sum(t.tokens) AS tokens, sum(t.credit_us) AS credit_us
                                  FROM (SELECT h.day, h.asked, h.accepted, h.tokens, h.credit_us FROM npcsim.person_days h WHERE h.person_id = export_person.person_id
                                        UNION ALL
                                        SELECT (l.finished_at_real AT TIME ZONE 'UTC')::date, 1, (l.status IN ('applied', 'late'))::integer, coalesce(l.tokens, 0),
                                               CASE WHEN l.status IN ('applied', 'late') THEN coalesce(l.credit_us, 0) ELSE 0 END
                                          FROM npcsim.decision_log l WHERE l.world_id = ANY (worlds) AND l.player_id = ANY (accounts)) AS t
                                 GROUP BY t.day) AS d),
               'said', (SELECT coalesce(jsonb_agg(jsonb_build_object('world_id', n.world_id, 'tick', n.tick, 'text', n.payload ->> 'text') ORDER BY n.world_id, n.sequence), '[]')
                          FROM npcsim.world_inputs n
                         WHERE n.world_id = ANY (worlds) AND n.kind = 'send_chat' AND (n.payload ->> 'player_id')::bigint = ANY (accounts)))
      INTO exported;
    RETURN exported;
END
$$;
REVOKE ALL ON FUNCTION npcsim.export_person(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.export_person(bigint) IS
    'All that is kept of a person: {"person", "accounts", "sources", "sessions", "days", "said"}; tokens are not kept. It reads the whole history of the worlds that the person has accounts in. Errors: NS206 no such person';

CREATE FUNCTION npcsim.erase_person(person_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_erase_person';
REVOKE ALL ON FUNCTION npcsim.erase_person(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.erase_person(bigint) IS
    'Removes a person''s name, days, sources and tokens. Its accounts get names that say nothing, are banned, and their sessions end; NPCs live on, and what was done and said stays under the accounts'' ids. It reads the whole history of their worlds. Errors: NS206 no such person';
