-- Guards on every table and every partition: what a later version adds is guarded with the others. What is no
-- world's is left to its owner: connections of gateways, their calls, and what clients may call.

DO $$
DECLARE
    guarded record;
BEGIN
    FOR guarded IN
        SELECT c.relname::text AS name, hints.hint, hints.kind
          FROM pg_catalog.pg_class c
          LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid OPERATOR(pg_catalog.=) c.oid
          LEFT JOIN pg_catalog.pg_class parent ON parent.oid OPERATOR(pg_catalog.=) i.inhparent
          LEFT JOIN (VALUES
               ('world_settings'::text, 'state'::text, 'UPDATE npcsim.worlds … WHERE id = … changes settings; size, seed and tick rate stay as create_world() made them.'::text),
               ('world_clock', 'state', 'start_world(world_id), pause_world(world_id), set_world_speed(world_id, speed) and tick_world(world_id, dt) are for that.'),
               ('player_accounts', 'state', 'UPDATE npcsim.players … WHERE id = …, create_player() and rotate_player_token(player_id) are for that.'),
               ('decision_slots', 'state', 'request_npc_decision(world_id, npc_id) asks for a decision.'),
               ('world_inputs', 'inputs', 'What came from outside is kept as it came; DELETE … WHERE world_id = … gives up the replay of one world.'),
               ('world_event_log', 'log', 'What happened is recorded by the world; prune_logs() forgets it after npcsim.world_event_hours.'),
               ('decision_log', 'log', 'What was asked is recorded by the world; prune_logs() forgets it after npcsim.decision_log_days.'),
               ('world_event_segments', 'own', 'prune_logs() keeps it.'),
               ('change_log', 'log', 'Worlds record it; prune_logs() forgets what is older than some minutes.'),
               ('installation', 'own', 'It tells worlds that live here from copies, and stays as it is.'),
               ('epochs', 'own', 'Epochs begin by themselves.')) AS hints (family, kind, hint)
            ON hints.family OPERATOR(pg_catalog.=) coalesce(parent.relname, c.relname)::text
         WHERE c.relnamespace OPERATOR(pg_catalog.=) 'npcsim'::pg_catalog.regnamespace::pg_catalog.oid
           AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog."char"[])
           AND c.relname::text OPERATOR(pg_catalog.<>) ALL ('{gateways,sessions,client_reducers,client_calls,call_allowances}'::text[])
         ORDER BY c.oid
    LOOP
        EXECUTE pg_catalog.format('CREATE TRIGGER refuse_write BEFORE %s ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write(%s)',
                                  CASE guarded.kind WHEN 'inputs' THEN 'UPDATE' ELSE 'UPDATE OR DELETE' END, guarded.name,
                                  coalesce(pg_catalog.quote_literal(guarded.hint), ''));
        -- Of these there is one row, which may be put back.
        IF guarded.kind IS DISTINCT FROM 'own' THEN
            EXECUTE pg_catalog.format('CREATE TRIGGER refuse_rows AFTER INSERT ON npcsim.%I REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write(%s)',
                                      guarded.name, coalesce(pg_catalog.quote_literal(guarded.hint), ''));
        END IF;
        EXECUTE pg_catalog.format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON npcsim.%I FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_truncate(%s)',
                                  guarded.name,
                                  CASE WHEN guarded.kind OPERATOR(pg_catalog.<>) 'state' THEN pg_catalog.quote_literal(guarded.hint) ELSE '' END);
    END LOOP;
END
$$;
