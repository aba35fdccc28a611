-- Every object of the schema has an entry here: what each role may do with it, and what becomes of statements by which a superuser,
-- or anybody who was given all rights, writes it past npcsim. An object without an entry fails, as does an entry without an object.
SET client_min_messages = warning;
-- An earlier version, or somebody else, granted more than docs/roles.sql does.
\i docs/roles.sql
GRANT ALL ON ALL TABLES IN SCHEMA npcsim TO npcsim_gateway, npcsim_worker, npcsim_reader, npcsim_operator;
GRANT UPDATE (status) ON npcsim.world_clock TO npcsim_worker;
GRANT ALL ON ALL SEQUENCES IN SCHEMA npcsim TO npcsim_reader;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA npcsim TO npcsim_worker, npcsim_reader;
GRANT CREATE ON SCHEMA npcsim TO npcsim_operator;
\i docs/roles.sql
SELECT no_plan();

-- Rights: S(elect) I(nsert) U(pdate) D(elete) T(runcate) R(eferences) t(rigger), with the columns where it is not the whole
-- table. The gateway and PUBLIC have none on any relation.
--
-- A row that is inserted is one that is there, or {}, with the columns that "inserted" has. What becomes of statements is an SQLSTATE, or
-- "taken". A partition has the entry of its table.
CREATE TEMP TABLE relations (name text PRIMARY KEY, worker text, reader text, operator text, inserted jsonb,
                             insert text, update text, delete text, truncate text);
INSERT INTO relations VALUES
    -- the state of worlds: of worlds that are parked, or not there yet, rows may come in
    ('world_settings',        'S U(pool_known)', '', '', '{"id": 9000, "name": "x"}',  'taken', 'NS110', 'NS110', 'NS111'),
    ('world_clock',           'S U(clock)',    '', '', '{"world_id": 9000}',         'NS110', 'NS110', 'NS110', 'NS111'),
    ('world_terrain',         'S',             '', '', '{"world_id": 1}',            '23505', 'NS110', 'NS110', 'NS111'),
    ('world_inputs',          'I',             '', '', '{"sequence": 9000}',         'NS110', 'NS110', 'taken', 'NS111'),
    ('npc_identities',        'S',             '', '', '{"id": 9000}',               'NS110', 'NS110', 'NS110', 'NS111'),
    ('npc_states',            'S',             '', '', '{"npc_id": 9000}',                  'NS110', 'NS110', 'NS110', 'NS111'),
    ('npc_tracks',            'S',             '', '', '{"npc_id": 9000}',                  'NS110', 'NS110', 'NS110', 'NS111'),
    ('npc_minds',             'S I U',         '', '', '{"npc_id": 1}',              'NS110', 'NS110', 'NS110', 'NS111'),
    ('item_type_rows',        'S',             '', '', '{"name": "x"}',              'NS110', 'NS110', 'NS110', 'NS111'),
    ('items',                 'S D',           '', '', '{"id": 9000}',                  'NS110', 'NS110', 'NS110', 'NS111'),
    ('item_respawns',         'S D',           '', '', '{"id": 9000}',               'NS110', 'NS110', 'NS110', 'NS111'),
    ('interaction_type_rows', 'S',             '', '', '{"name": "x", "number": 9000}', 'NS110', 'NS110', 'NS110', 'NS111'),
    ('interaction_runs',      'S D',           '', '', '{"id": 9000}',               'NS110', 'NS110', 'NS110', 'NS111'),
    ('interaction_bid_rows',  'S D',           '', '', '{"id": 9000}',               'NS110', 'NS110', 'NS110', 'NS111'),
    ('player_accounts',       '',              '', '', '{"id": 9000, "username": "x", "token_hash": "\\x0000000000000000000000000000000000000000000000000000000000000000"}',
                                                                                     'NS110', 'NS110', 'NS110', 'NS111'),
    ('world_tokens',          '',              '', '', '{"world_id": 2}',            'NS110', 'NS110', 'NS110', 'NS111'),
    ('decision_slots',        'S I U',         '', '', '{"npc_id": 1}',              'NS110', 'NS110', 'NS110', 'NS111'),
    -- their logs
    ('change_log',            'S',             '', '', '{"segment": 3}',             'NS110', 'NS110', 'NS110', 'NS111'),
    ('decision_log',          'S',             'S', 'S', '{"day": 5, "request_id": 9000}', 'NS110', 'NS110', 'NS110', 'NS111'),
    ('source_minutes',        '',              '', '', '{"part": 3, "player_id": 9000}', 'NS110', 'NS110', 'NS110', 'NS111'),
    ('source_outcomes',       '',              '', '', '{"player_id": 9000}',        'NS110', 'NS110', 'NS110', 'NS111'),
    ('player_proofs',         '',              '', '', '{"player_id": 9000}',        'NS110', 'NS110', 'NS110', 'NS111'),
    ('world_books',           '',              '', '', '{"world_id": 1, "first_request_id": 1}', 'NS110', 'NS110', 'NS110', 'NS111'),
    ('world_event_log',       '',              '', '', '{"segment": 7, "last_sequence": 9000}', 'NS110', 'NS110', 'NS110', 'NS111'),
    ('player_suspicion',      '',              '', '',  '{"player_id": 9000}',       'NS110', 'NS110', 'NS110', 'NS111'),
    ('observation_log',       '',              '', 'S', '{}',                        'NS110', 'NS110', 'NS110', 'NS111'),
    ('paces',                 '',              '', 'S', '{"kind": "world", "id": 9000}', 'NS110', 'NS110', 'NS110', 'NS111'),
    ('security_violations',   '',              '', 'S', '{"id": 9000}', 'NS110', 'NS110', 'NS110', 'NS111'),
    ('fallback_log',          '',              '', 'S', '{"id": 9000}', 'NS110', 'NS110', 'NS110', 'NS111'),
    ('server_api_spending',   '',              '', 'S', '{"player_id": 9000}', 'NS110', 'NS110', 'NS110', 'NS111'),
    -- of which there is one row, or one for each part of a log
    ('installation',          'S',             '', '', '{}',                         '23505', 'NS110', 'NS110', 'NS111'),
    ('epochs',                '',              '', '', '{}',                         '23505', 'NS110', 'NS110', 'NS111'),
    ('world_event_segments',  '',              '', '', '{}',                         '23505', 'NS110', 'NS110', 'NS111'),
    ('market_folds',          '',              '', '', '{"home": "x"}',              'taken', 'NS110', 'NS110', 'NS111'),
    -- no world's: connections of gateways, their calls, and what clients may call
    ('gateways',              'S',             '', '', '{"id": "x"}',                'taken', 'taken', '23503', 'taken'),
    ('sessions',              'S',             '', '', '{"id": 9000}',               'taken', 'taken', 'taken', 'taken'),
    ('reducer_limits',        '',              '', '', '{"name": "x"}',              'taken', 'taken', 'taken', 'taken'),
    ('call_allowances',       '',              '', '', '{"reducer": "x"}',           'taken', 'taken', 'taken', 'taken'),
    ('persons',               '',              '', 'S I(name) U(name)', '{"id": 9000}',     'taken', 'taken', 'taken', 'taken'),
    ('person_days',           '',              '', 'S',         '{"day": "2020-01-01"}', 'taken', 'taken', 'taken', 'taken'),
    ('compute_sources',       'S',             'S', 'S U(cost_per_decision,decisions_per_second,reliability_sla) D', '{"id": 9000, "name": "x"}', 'taken', 'taken', 'taken', 'taken'),
    ('client_calls',          '',              '', '', '{"key": "x"}',               'taken', 'taken', 'taken', 'taken'),
    -- views that are written to
    ('worlds',                '', 'S', 'S U',     '{}', '0A000', 'taken', '0A000', '42809'),
    ('npcs',                  '', 'S', 'S I U D', '{}', '0A000', 'taken', 'taken', '42809'),
    ('world_items',           '', 'S', 'S I U D', '{}', '0A000', 'taken', 'taken', '42809'),
    ('item_types',            '', 'S', 'S I U D', '{}', '23505', 'taken', '2BP01', '42809'),
    ('interaction_types',     '', 'S', 'S I U D', '{}', '23505', 'taken', '2BP01', '42809'),
    ('players',               '', 'S', 'S U',     '{}', '0A000', 'taken', '0A000', '42809'),
    ('client_reducers',       '', '',  '',        '{}', '0A000', 'taken', '0A000', '42809'),
    -- and those that only show
    ('world_moments',         '', '',  '',  '{}', '0A000', '0A000', '0A000', '42809'),
    ('interactions',          '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('interaction_bids',      '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('decision_requests',     '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('world_events',          '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('messages',              '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('suspects',              '', '',  'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('compute_metrics',       '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('decision_status',       '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('world_status',          '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809'),
    ('worker_status',         '', 'S', 'S', '{}', '0A000', '0A000', '0A000', '42809');
INSERT INTO relations SELECT r.name || '_' || n, '', '', '', r.inserted || jsonb_build_object(k.key, n), r.insert, r.update, r.delete, r.truncate
  FROM (VALUES ('change_log', 'segment', 6), ('decision_log', 'day', 32), ('world_event_log', 'segment', 32), ('source_minutes', 'part', 8)) AS k (log, key, parts)
  JOIN relations r ON r.name = k.log, generate_series(0, k.parts - 1) AS n;

-- Who may execute it, besides the owner.
CREATE TEMP TABLE functions (roles text, names text[]);
INSERT INTO functions VALUES
    ('gateway', '{register_gateway,authenticate,client_connected,client_disconnected,gateway_poll,unknown_sessions,worlds_to_watch,claim_decisions,superseded_decisions,compute_standings,
                  submit_npc_decisions,fail_decisions,report_flood,update_player_heartbeat,update_player_camera,call_reducer,
                  try_authenticate,try_client_connected,try_update_player_heartbeat,try_update_player_camera,try_update_spectator_camera}'),
    ('gateway reader operator', '{world_snapshot,world_delta}'),
    ('worker', '{askable_players,expire_decisions,expire_sessions,fold_decisions,lending_sessions,present_players,rebalance_world,server_api_is_open,source_is_pooled,tell_suspensions,world_is_locked,world_lenders}'),
    ('worker operator', '{prune_logs}'),
    ('worker reader operator', '{market_now,source_state}'),
    ('reader operator', '{world_now,recent_reliability,world_home,need_at,track_x,track_y,item_share_at,world_event_kind_name,tokens_today,connected_players,world_reports,workers_report,library_version,npcs_within,items_within,contribution_tier,
                          count_players_viewing_npc,calculate_decision_priority,prioritize_npc_decisions,get_pending_decisions,pending_decisions,select_optimal_mcp_server,assign_npc_decisions}'),
    ('operator', '{process_npc_decision_batch,apply_npc_action,explain_npc,explain_assignment,explain_decision,explain_npc_decisions}'),
    ('operator', '{create_world,drop_world,start_world,pause_world,set_world_speed,tick_world,populate_world,set_terrain,define_item_type,
                   define_interaction_type,set_decision_policy,lock_world,adopt_world,adopt_worlds,optimize_world_queries,create_npc,remove_npc,assign_npc_to_player,calculate_player_npc_allocation,rebalance_compute_allocation,redistribute_npcs_by_contribution,request_npc_assignment,handle_insufficient_compute,
                   request_npc_decision,set_npc_dormant,assign_npc_with_fallback,observe_npc,get_reasonable_actions_for_npc,validate_npc_decision,log_security_violation,get_player_suspicion_score,ban_player_temporarily,submit_npc_decision,create_item,remove_item,create_player,rotate_player_token,
                   export_person,erase_person,declare_compute,pause_compute_source,drain_compute_source,resume_compute_source,
                   replay_world,world_rows,world_differences,world_faults}'),
    -- triggers, and what constraints ask
    ('', '{edit_npcs,edit_world_items,edit_item_types,edit_interaction_types,edit_worlds,edit_players,write_edits,refuse_edit,refuse_write,
           refuse_truncate,edit_client_reducers,client_reducers,refuse_replicated,keep_own,doubt_questions,require_world_lock,interaction_effects_valid,item_components_valid}'),
    -- what is explained is put together by
    ('', '{source_idle,player_wait,source_is_limited,lenders,npc_explained,assignment_explained,decision_explained,observations_kept,first_event_since,events_of_npc}'),
    -- its owner's
    ('', '{guard_tables}'),
    -- what it, world_rows() and world_faults() ask
    ('', '{state_tables,reference_faults,reliability_of,measured_tokens,waiting_questions,players_short_of_slots}');

-- Used by npcsim alone, as columns that are generated.
CREATE TEMP TABLE sequences (name text);
INSERT INTO sequences VALUES ('world_settings_id_seq'), ('player_accounts_id_seq'), ('sessions_id_seq'), ('persons_id_seq'), ('compute_sources_id_seq'), ('security_violations_id_seq'), ('fallback_log_id_seq');

-- ---- every object has its entry ----
SELECT set_eq($$SELECT relname FROM pg_class WHERE relnamespace = 'npcsim'::regnamespace AND relkind NOT IN ('S', 'i', 'I', 't')$$,
              'SELECT name::name FROM relations', 'every relation has an entry, and every entry a relation');
SELECT set_eq($$SELECT relname FROM pg_class WHERE relnamespace = 'npcsim'::regnamespace AND relkind = 'S'$$,
              'SELECT name::name FROM sequences', 'so have sequences');
SELECT bag_eq($$SELECT proname FROM pg_proc WHERE pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace)$$,
              'SELECT name::name FROM functions, unnest(names) AS name', 'and functions');
SELECT is_empty($$SELECT typname FROM pg_type t WHERE typnamespace = 'npcsim'::regnamespace AND typrelid = 0
                     AND NOT EXISTS (SELECT FROM pg_type r WHERE r.typarray = t.oid AND r.typrelid <> 0)$$, 'there are no types but those of rows');
SELECT set_eq($$SELECT DISTINCT classid::regclass::text FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
                   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'npcsim')
                   AND classid <> 'pg_type'::regclass -- from PostgreSQL 17 on those of rows are listed$$, '{pg_namespace,pg_class,pg_proc}'::text[],
              'nor objects of any other kind');

-- ---- what the roles may do ----
CREATE ROLE npcsim_test_nobody;
CREATE FUNCTION pg_temp.rights(who name, relation oid) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(CASE WHEN has_table_privilege(who, relation, p.privilege) THEN p.letter ELSE p.letter || '(' || c.columns || ')' END, ' ' ORDER BY p.n), '')
      FROM (VALUES (1, 'S', 'SELECT'), (2, 'I', 'INSERT'), (3, 'U', 'UPDATE'), (4, 'D', 'DELETE'), (5, 'T', 'TRUNCATE'), (6, 'R', 'REFERENCES'), (7, 't', 'TRIGGER')) AS p (n, letter, privilege)
     CROSS JOIN LATERAL (SELECT string_agg(a.attname, ',' ORDER BY a.attnum) AS columns FROM pg_attribute a
                          WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND p.letter IN ('S', 'I', 'U', 'R')
                            AND has_column_privilege(who, relation, a.attnum, p.privilege)) AS c
     WHERE has_table_privilege(who, relation, p.privilege) OR c.columns IS NOT NULL
$$;
SELECT is_empty($$SELECT r.name, role.name, pg_temp.rights(role.name, c.oid), role.expected FROM relations r JOIN pg_class c ON c.oid = ('npcsim.' || r.name)::regclass
                   CROSS JOIN LATERAL (VALUES ('npcsim_test_nobody'::name, ''), ('npcsim_gateway', ''), ('npcsim_worker', r.worker), ('npcsim_reader', r.reader),
                                              ('npcsim_operator', r.operator)) AS role (name, expected)
                   WHERE pg_temp.rights(role.name, c.oid) <> role.expected$$, 'each role has its rights on relations');
SELECT is_empty($$SELECT who, name FROM sequences, unnest('{npcsim_test_nobody,npcsim_gateway,npcsim_worker,npcsim_reader,npcsim_operator}'::name[]) AS who
                   WHERE has_sequence_privilege(who, ('npcsim.' || name)::regclass, 'USAGE, SELECT, UPDATE')$$, 'none on sequences');
SELECT is_empty($$SELECT * FROM (
                       SELECT f.name, f.roles, concat_ws(' ', CASE WHEN has_function_privilege('npcsim_test_nobody', p.oid, 'EXECUTE') THEN 'PUBLIC' END,
                                (SELECT string_agg(who, ' ' ORDER BY n) FROM unnest('{gateway,worker,reader,operator}'::text[]) WITH ORDINALITY AS u (who, n)
                                  WHERE has_function_privilege('npcsim_' || who, p.oid, 'EXECUTE'))) AS may
                         FROM pg_proc p JOIN (SELECT roles, unnest(names) AS name FROM functions) AS f ON f.name = p.proname
                        WHERE p.pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace)) AS f WHERE may <> roles$$, 'each executes its functions');
SELECT set_eq($$SELECT who::text, has_schema_privilege(who, 'npcsim', 'USAGE') AS enters, has_schema_privilege(who, 'npcsim', 'CREATE') AS makes
                  FROM unnest('{npcsim_test_nobody,npcsim_gateway,npcsim_worker,npcsim_reader,npcsim_operator}'::name[]) AS who$$,
                  $$VALUES ('npcsim_test_nobody', false, false), ('npcsim_gateway', true, false), ('npcsim_worker', true, false), ('npcsim_reader', true, false),
                           ('npcsim_operator', true, false)$$, 'and none makes anything in the schema');
SELECT set_eq($$SELECT who::text FROM unnest('{npcsim_test_nobody,npcsim_gateway,npcsim_worker,npcsim_reader,npcsim_operator}'::name[]) AS who
                 WHERE has_schema_privilege(who, 'npcsim_internal', 'USAGE, CREATE')$$, '{npcsim_worker}'::text[], 'what is not to be called by hand only the workers call by name');
SELECT ok(NOT has_schema_privilege('npcsim_worker', 'npcsim_internal', 'CREATE'), 'nor is anything made among it');
DROP ROLE npcsim_test_nobody;

-- The manual offers operators what they may use; these it names as the superuser's.
\set manual `cat docs/install.md docs/manual.md docs/minds.md docs/operating.md docs/world.md`
SELECT set_eq(format($$SELECT DISTINCT word FROM regexp_matches(%L, '(?:npcsim\.|`)([a-z_]+)', 'g') AS m (words), unnest(words) AS word
                        WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('npcsim.' || word) AND c.relkind NOT IN ('i', 'I') AND pg_temp.rights('npcsim_operator', c.oid) = '')
                           OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace) AND p.proname = word
                                         AND NOT has_function_privilege('npcsim_operator', p.oid, 'EXECUTE'))$$, :'manual'),
              '{world_inputs,world_clock,world_settings,world_event_log,npc_identities,npc_states,items,item_respawns,interaction_runs,interaction_bid_rows,decision_slots,gateways,sessions,client_reducers,npc_minds,npc_tracks,reducer_limits,guard_tables}'::text[],
              'operators may use what the manual offers');

\set manual `cat docs/gateway-sql.md`
SELECT is_empty(format($$SELECT DISTINCT call[1] FROM regexp_matches(%L, '\n\| `([a-z_]+)\(', 'g') AS call
                          WHERE NOT EXISTS (SELECT FROM functions WHERE call[1] = ANY (names) AND roles LIKE 'gateway%%')$$, :'manual'),
                'as gateways may call what theirs describes');

-- ---- two worlds that live, with something in every table ----
-- Every statement is a transaction of its own, so that no world is locked.
SELECT npcsim.create_world('Meadow', 30, 20, 5), npcsim.create_world('Hill', 30, 20, 5);
SELECT npcsim.populate_world(2, 20);
UPDATE npcsim.npcs SET hunger = 5, traced = true WHERE world_id = 2;
SELECT npcsim.tick_world(2, 30);
SELECT player_id FROM npcsim.create_player(1, 'ada');
SELECT npcsim.log_security_violation(1, 'seen', 'it');
SELECT npcsim.register_gateway('g'), npcsim.client_connected('g', 1, 1, 'compute');
SELECT npcsim.update_player_heartbeat(1, '{"max_concurrency": 8}');
SELECT npcsim.create_npc(1, 'Nobody', 1, 1), npcsim.create_item(1, 'chair', 2, 2);
SELECT npcsim.assign_npc_with_fallback(1, id) FROM npcsim.npcs WHERE world_id = 1;
ALTER TABLE npcsim.paces DISABLE TRIGGER refuse_rows;
INSERT INTO npcsim.paces (kind, id) VALUES ('player', 1);
ALTER TABLE npcsim.paces ENABLE ALWAYS TRIGGER refuse_rows;
ALTER TABLE npcsim.server_api_spending DISABLE TRIGGER refuse_rows;
INSERT INTO npcsim.server_api_spending VALUES (1, '2026-01-01', 0, 1, 1);
ALTER TABLE npcsim.server_api_spending ENABLE ALWAYS TRIGGER refuse_rows;
SELECT npcsim.create_npc(1, 'Ada', 5, 5, 1), npcsim.create_npc(1, 'Bo', 7, 5, 1);
SELECT npcsim.submit_npc_decision(1, jsonb_build_object('npc_id', id, 'action', 'wait')) FROM npcsim.npcs WHERE world_id = 1 AND name = 'Nobody';
SELECT npcsim.tick_world(1, 3.5);
SELECT npcsim.submit_npc_decision(1, jsonb_build_object('request_id', request_id, 'action', 'start_conversation', 'tokens', 7, 'message', 'Hello',
                                                        'target_id', (SELECT id FROM npcsim.npcs WHERE world_id = 1 AND name = 'Bo')))
  FROM npcsim.decision_requests WHERE world_id = 1 AND npc_id = (SELECT id FROM npcsim.npcs WHERE world_id = 1 AND name = 'Ada');
SELECT npcsim.tick_world(1, 0.1);
SELECT npcsim.call_reducer(1, 'send_chat', '{"text": "Hello"}', 'said');
UPDATE npcsim.client_reducers SET burst = 30 WHERE name = 'map_ping';
SELECT npcsim.create_world('Gone', 10, 10), npcsim.create_player(3, 'ada', person => 1);
SELECT npcsim.create_npc(3, 'Ada', 1, 1, 2), npcsim.client_connected('g', 2, 3, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(2, '{}');
SELECT npcsim.tick_world(3, 4);
SELECT npcsim.submit_npc_decision(2, jsonb_build_object('request_id', request_id, 'action', 'wait')) FROM npcsim.decision_requests WHERE world_id = 3;
SELECT npcsim.drop_world(3);
-- What belongs to a world that was adopted; of one that is not there rows may come in.
INSERT INTO npcsim.world_books VALUES (9001, 1);
SELECT npcsim_internal.fold_decisions();
SELECT npcsim.world_snapshot(1) IS NULL, npcsim.prune_logs();
CREATE FUNCTION pg_temp.has_rows(relation text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM npcsim.%I)', relation) INTO found;
    RETURN found;
END
$$;
SELECT is_empty($$SELECT name FROM relations WHERE name !~ '_\d+$' AND NOT pg_temp.has_rows(name)$$, 'every relation has rows');

-- ---- what a statement becomes ----
-- An SQLSTATE, or "taken", and then it is taken back; those of npcsim's own have a detail and a hint.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RAISE USING ERRCODE = 'T0000';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN CASE WHEN state = 'T0000' THEN 'taken' WHEN state ~ '^(NS|0A)' AND (detail = '' OR hint = '') THEN state || ' unexplained' ELSE state END;
END
$$;
-- A row to insert, as the relation's entry has it.
CREATE FUNCTION pg_temp.row_of(relation relations) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    content jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(t) FROM npcsim.%I t LIMIT 1', regexp_replace(relation.name, '_\d+$', '')) INTO content;
    RETURN format('SELECT (jsonb_populate_record(NULL::npcsim.%I, %L)).*', relation.name, content || relation.inserted);
END
$$;
-- A column that can be named in an UPDATE.
CREATE FUNCTION pg_temp.column_of(relation text) RETURNS text LANGUAGE sql AS $$
    SELECT quote_ident(a.attname) FROM pg_attribute a
     WHERE a.attrelid = ('npcsim.' || relation)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity <> 'a' ORDER BY a.attnum LIMIT 1
$$;
CREATE FUNCTION pg_temp.key_of(relation text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = ('npcsim.' || relation)::regclass AND i.indisprimary
$$;
-- What is tried with each relation, and what is to become of it. COPY reads from a program, since a function has no input.
CREATE TEMP TABLE tries AS
SELECT r.name, t.what, t.statement, t.expected
  FROM relations r
 CROSS JOIN LATERAL (SELECT pg_temp.row_of(r) AS new, pg_temp.column_of(r.name) AS col, pg_temp.key_of(r.name) AS key,
                            (SELECT c.relkind <> 'v' FROM pg_class c WHERE c.oid = ('npcsim.' || r.name)::regclass) AS is_table) AS p
 CROSS JOIN LATERAL (VALUES
       (true,     'insert', format('INSERT INTO npcsim.%I OVERRIDING SYSTEM VALUE %s', r.name, new), r.insert),
       (is_table, 'copy', format('COPY (%s) TO PROGRAM ''cat >npcsim_objects''; COPY npcsim.%I FROM PROGRAM ''cat npcsim_objects''', new, r.name), r.insert),
       (key IS NOT NULL, 'insert or update', format('INSERT INTO npcsim.%I OVERRIDING SYSTEM VALUE %s ON CONFLICT (%s) DO UPDATE SET %4$s = excluded.%4$s', r.name, new, key, col), r.update),
       (is_table, 'merge, insert', format('MERGE INTO npcsim.%I USING (%s) AS new ON false WHEN NOT MATCHED THEN INSERT OVERRIDING SYSTEM VALUE VALUES (%s)', r.name, new,
            (SELECT string_agg(format('new.%I', a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
              WHERE a.attrelid = ('npcsim.' || r.name)::regclass AND a.attnum > 0 AND NOT a.attisdropped)), r.insert),
       (true,     'update', format('UPDATE npcsim.%I SET %2$s = %2$s', r.name, col), r.update),
       (is_table, 'update of no row', format('UPDATE npcsim.%I SET %2$s = %2$s WHERE false', r.name, col), r.update),
       (is_table, 'merge, update', format('MERGE INTO npcsim.%I t USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET %2$s = t.%2$s', r.name, col), r.update),
       (is_table, 'update inside a query', format('WITH written AS (UPDATE npcsim.%I SET %2$s = %2$s RETURNING 1) SELECT', r.name, col), r.update),
       (true,     'delete', format('DELETE FROM npcsim.%I', r.name), r.delete),
       (is_table, 'merge, delete', format('MERGE INTO npcsim.%I USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE', r.name), r.delete),
       (true,     'truncate', format('TRUNCATE npcsim.%I CASCADE', r.name), r.truncate)) AS t (may_be, what, statement, expected)
 WHERE t.may_be;
CREATE ROLE npcsim_test_writer;
GRANT USAGE ON SCHEMA npcsim, npcsim_internal TO npcsim_test_writer;
GRANT ALL ON ALL TABLES IN SCHEMA npcsim TO npcsim_test_writer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA npcsim, npcsim_internal TO npcsim_test_writer;
SELECT is_empty(format($$SELECT * FROM (SELECT name, what, expected, pg_temp.outcome(%L || statement) AS became FROM tries WHERE what <> ALL (%L::text[])) AS t
                          WHERE became <> expected$$, first, without), 'what is tried by ' || who || ' becomes what its entry says')
  FROM (VALUES ('', '{}', 'a superuser'),
               ('SELECT npcsim.lock_world(1), npcsim.lock_world(2);', '{}', 'a superuser who holds the worlds'' locks'),
               ('SET LOCAL ROLE npcsim_test_writer;', '{copy}', 'somebody who was given all rights on tables and functions')) AS by (first, without, who);
DROP OWNED BY npcsim_test_writer;
DROP ROLE npcsim_test_writer;
SELECT is(pg_temp.outcome('TRUNCATE npcsim.sessions, npcsim.gateways, npcsim.decision_log_3, npcsim.client_calls'), 'NS111', 'one table is enough to refuse the truncation of several');
SELECT is_empty($$SELECT name, became FROM (SELECT name, pg_temp.outcome(format('SET LOCAL ROLE npcsim_reader; SELECT * FROM npcsim.%I FOR UPDATE', name)) AS became
                                              FROM relations WHERE reader = 'S') AS t WHERE became <> '42501'$$, 'readers lock no row');
SELECT is(pg_temp.outcome('SET LOCAL ROLE npcsim_worker; SELECT FROM npcsim.world_clock FOR NO KEY UPDATE'), 'taken', 'a worker locks worlds');
SELECT is(pg_temp.outcome($$SET LOCAL ROLE npcsim_worker; UPDATE npcsim.world_clock SET status = 'paused'$$), '42501', 'but pauses none');
SELECT is(pg_temp.outcome('SET LOCAL ROLE npcsim_worker; UPDATE npcsim.world_clock SET clock = 0'), 'NS110', 'nor sets its clock');
SELECT is(pg_temp.outcome('SET LOCAL ROLE npcsim_operator; SELECT npcsim.prune_logs()'), 'taken', 'an operator has logs pruned');
-- Triggers of views cannot be told to fire always, nor can PostgreSQL's own, of foreign keys.
SELECT is_empty($$SELECT * FROM (SELECT name, what, expected, pg_temp.outcome('SET LOCAL session_replication_role = replica;' || statement) AS became
                                   FROM tries WHERE statement <> ALL (ARRAY(SELECT t.statement FROM tries t WHERE t.name = 'gateways' AND t.expected = '23503'))
                                    AND EXISTS (SELECT FROM pg_class c WHERE c.oid = ('npcsim.' || name)::regclass AND c.relkind <> 'v')) AS t
                   WHERE became <> expected AND NOT (name IN ('installation', 'world_event_segments') AND expected = '23505' AND became = 'taken')
                     AND NOT (name IN ('world_inputs', 'compute_sources') AND expected = 'taken' AND became = 'NS110')$$, 'so it does where replicas fire no triggers');
SELECT is((SELECT count(*) FROM npcsim.installation), 1::bigint, 'and another installation is not taken over');
SELECT is(pg_temp.outcome($$SET LOCAL session_replication_role = replica; UPDATE npcsim.npcs SET hunger = 100 WHERE world_id = 1 AND hunger <> 100; SELECT npcsim.tick_world(1, 1)$$), 'taken', 'functions are not bothered');
CREATE TEMP TABLE of_no_world (name text);
CREATE TRIGGER refuse_rows AFTER INSERT ON of_no_world REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION npcsim_internal.refuse_write();
SELECT is(pg_temp.outcome('INSERT INTO of_no_world VALUES (1)'), 'NS110', 'rows that name no world are guarded like those of all');
SELECT lives_ok('SELECT npcsim.tick_world(1, 10), npcsim.tick_world(2, 10)', 'the worlds live on');

-- ---- worlds that are parked are rows ----
ALTER TABLE npcsim.world_clock DISABLE TRIGGER USER;
UPDATE npcsim.world_clock SET home = 'elsewhere' WHERE world_id = 2;
ALTER TABLE npcsim.world_clock ENABLE TRIGGER USER;
SELECT is(npcsim.guard_tables(), 4, 'guards that were disabled are set again');
SELECT is(npcsim.guard_tables(), 0, 'once');
SELECT is(pg_temp.outcome('INSERT INTO npcsim.' || insertion), became, 'beside a world that lives: ' || insertion)
  FROM (VALUES ('npc_states SELECT (jsonb_populate_record(s, jsonb_build_object(''npc_id'', npc_id + 9000))).* FROM npcsim.npc_states s WHERE world_id = 2', 'taken'),
               ('npc_states SELECT (jsonb_populate_record(s, jsonb_build_object(''npc_id'', npc_id + 9000))).* FROM npcsim.npc_states s', 'NS110'),
               ('world_event_log_7 SELECT 7, t.messages, 2, t.first_sequence, t.last_sequence, t.revision, t.clock, t.sent_at_real, t.kinds, t.after, t.x, t.y FROM npcsim.world_event_log t', 'taken'),
               ('world_inputs SELECT 2, sequence + 9000, tick, kind, payload FROM npcsim.world_inputs WHERE world_id = 1', 'taken'),
               ('world_clock SELECT 9000, clock FROM npcsim.world_clock', '23502'),
               ('world_clock (world_id, home) VALUES (9000, ''elsewhere'')', 'taken'), ('world_clock (world_id, home) VALUES (9000, npcsim_internal.world_home())', 'NS110')) AS t (insertion, became);
SELECT is(pg_temp.outcome('UPDATE npcsim.npc_minds SET plan = plan WHERE world_id = 2'), 'NS110', 'which is not overwritten then');
ALTER TABLE npcsim.world_clock DISABLE TRIGGER USER;
UPDATE npcsim.world_clock SET home = 'elsewhere';
DROP TRIGGER refuse_write ON npcsim.world_clock;
SELECT is(npcsim.guard_tables(), 4, 'guards that were dropped are made again');
SELECT is(pg_temp.outcome('UPDATE npcsim.npc_minds SET plan = plan'), 'taken', 'where no world lives rows are rows');
SELECT is(pg_temp.outcome('DELETE FROM npcsim.decision_log_3'), 'taken', 'those of logs, too');
SELECT is(pg_temp.outcome('TRUNCATE npcsim.npc_minds'), 'NS111', 'but worlds are dropped');
-- What a restore may have lost, or somebody removed, is noticed when the worlds are adopted; then the others are, and it can be dropped.
CREATE FUNCTION pg_temp.adopted(damage text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    adopted text;
    faults bigint;
BEGIN
    EXECUTE damage;
    SELECT string_agg(w::text, ' ' ORDER BY w) INTO adopted FROM npcsim.adopt_worlds() AS w;
    SELECT count(*) INTO faults FROM npcsim.world_faults(1);
    PERFORM npcsim.drop_world(1);
    IF EXISTS (SELECT FROM npcsim.npc_identities WHERE world_id = 1) OR EXISTS (SELECT FROM npcsim.world_clock WHERE world_id = 1) THEN
        RAISE EXCEPTION 'world 1 is not dropped';
    END IF;
    RAISE USING ERRCODE = 'T0000', MESSAGE = format('%s adopted, %s', coalesce(adopted, 'none'), CASE WHEN faults > 0 THEN 'faults' ELSE 'no faults' END);
EXCEPTION WHEN SQLSTATE 'T0000' THEN
    RETURN SQLERRM;
END
$$;
SET client_min_messages = error;
SELECT is(pg_temp.adopted(damage), became, 'after ' || damage)
  FROM (SELECT format('DELETE FROM npcsim.%I WHERE %I = 1', r.name, CASE r.name WHEN 'world_settings' THEN 'id' ELSE 'world_id' END) AS damage, r.became
          FROM (VALUES ('world_settings', '2 adopted, faults'), ('world_clock', '2 adopted, faults'), ('world_terrain', '2 adopted, faults'),
                       ('npc_identities', '2 adopted, faults'), ('npc_states', '2 adopted, faults'), ('npc_tracks', '2 adopted, faults'),
                       ('item_type_rows', '2 adopted, faults'), ('interaction_type_rows', '2 adopted, faults'), ('interaction_runs', '2 adopted, faults'),
                       ('npc_minds', '1 2 adopted, no faults'), ('world_event_log', '1 2 adopted, no faults'), ('world_inputs', '1 2 adopted, no faults')) AS r (name, became)) AS d;
SET client_min_messages = warning;
SELECT set_eq('SELECT npcsim.adopt_worlds()', '{1,2}'::bigint[], 'they are adopted');
SELECT is(pg_temp.outcome('UPDATE npcsim.npc_minds SET plan = plan'), 'NS110', 'and live');
SELECT lives_ok('SELECT npcsim.drop_world(1), npcsim.drop_world(2)', 'until they are dropped');
SELECT is_empty($$SELECT name FROM relations WHERE name !~ '_\d+$' AND name NOT IN ('installation', 'epochs', 'world_event_segments', 'gateways', 'sessions', 'client_reducers', 'reducer_limits', 'worker_status', 'change_log', 'persons', 'person_days', 'market_folds', 'world_books')
                     AND pg_temp.has_rows(name)$$, 'with all that was theirs');

SELECT * FROM finish();
