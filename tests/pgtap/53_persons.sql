-- Tests persons: whose accounts are whose, what is kept of somebody, and that it can be erased. Names of players are in no log.
-- Every statement is a transaction of its own, so that no world is locked.
SELECT no_plan();

\ir lib/minds.sql
SELECT pg_temp.by_hand('player_accounts', 'world_inputs', 'world_event_log');
SELECT npcsim.create_world('Meadow', 30, 20, 5, preset => 'reference'), npcsim.create_world('Hill', 30, 20, 5, preset => 'reference');
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN state || CASE WHEN detail = '' OR hint = '' THEN ' unexplained' ELSE '' END;
END
$$;

-- ---- whose accounts ----
SELECT player_id AS ada, token AS ada_token FROM npcsim.create_player(1, 'ada') \gset
SELECT player_id AS bo FROM npcsim.create_player(1, 'bo') \gset
SELECT results_eq('SELECT name FROM npcsim.persons ORDER BY id', $$VALUES ('ada'::text), ('bo')$$, 'who is given an account is a person');
SELECT person_id AS person FROM npcsim.players WHERE id = :ada \gset
SELECT player_id AS hill FROM npcsim.create_player(2, 'countess', 'operator', person => :person) \gset
SELECT results_eq(format('SELECT id, world_id, username, role FROM npcsim.players WHERE person_id = %s ORDER BY id', :person),
                  format($$VALUES (%s::bigint, 1::bigint, 'ada'::text, 'player'::text), (%s, 2, 'countess', 'operator')$$, :ada, :hill), 'a person has accounts in several worlds');
SELECT is(count(*), 2::bigint, 'and no second person is made') FROM npcsim.persons;
SELECT is(pg_temp.refused(statement), became, statement)
  FROM (VALUES ('SELECT npcsim.create_player(1, ''cy'', person => 99)', 'NS206'), ('SELECT npcsim.create_player(1, ''cy'', person => 0)', '22003'), ('SELECT npcsim.create_player(1, ''cy'', person => -1)', '22003'),
               ('UPDATE npcsim.players SET person_id = 99 WHERE username = ''bo''', 'NS206'), ('UPDATE npcsim.players SET person_id = NULL WHERE username = ''bo''', '22004'),
               ('SELECT npcsim.export_person(99)', 'NS206'), ('SELECT npcsim.erase_person(99)', 'NS206'), ('SELECT npcsim.erase_person(NULL)', '22004'), ('SELECT npcsim.erase_person(0)', '22003'),
               ('INSERT INTO npcsim.persons (name) VALUES ('''')', '23514 unexplained'), ('INSERT INTO npcsim.persons (name) VALUES (repeat(''x'', 101))', '23514 unexplained')) AS bad(statement, became);
SELECT is(count(*), 2::bigint, 'what is refused makes nobody') FROM npcsim.persons;
SELECT lives_ok($$UPDATE npcsim.players SET person_id = 1 WHERE username = 'bo'$$, 'an operator says that an account is somebody else''s');
SELECT lives_ok($$UPDATE npcsim.players SET person_id = 2 WHERE username = 'bo'$$, 'or not');

-- ---- nothing that is written has names ----
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', :ada, 1, 'both', 'ada''s lamp') IS NOT NULL, npcsim.update_player_heartbeat(:ada, '{"source": "ada''s lamp", "models": ["adamant"]}');
SELECT npcsim.create_npc(1, 'Zoe', 5, 5, :ada);
SELECT npcsim.tick_world(1, 4);
SELECT npcsim.submit_npc_decision(:ada, jsonb_build_object('request_id', pg_temp.request('Zoe'), 'action', 'wait', 'tokens', 7));
SELECT npcsim.call_reducer(:ada, 'send_chat', '{"text": "Hello"}') ->> 'ok', npcsim.call_reducer(:ada, 'map_ping', '{"x": 3, "y": 4}', 'pinged') ->> 'ok';
CREATE FUNCTION pg_temp.naming(name text) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(DISTINCT t.of ORDER BY t.of), '{}')
      FROM (SELECT 'world_inputs', to_jsonb(i)::text FROM npcsim.world_inputs i UNION ALL SELECT 'world_event_log', to_jsonb(l)::text FROM npcsim.world_event_log l
            UNION ALL SELECT 'decision_log', to_jsonb(d)::text FROM npcsim.decision_log d UNION ALL SELECT 'client_calls', to_jsonb(c)::text FROM npcsim.client_calls c
            UNION ALL SELECT 'change_log', to_jsonb(g)::text FROM npcsim.change_log g UNION ALL SELECT 'sessions', to_jsonb(s)::text FROM npcsim.sessions s WHERE NOT ended
            UNION ALL SELECT 'compute_sources', to_jsonb(k)::text FROM npcsim.compute_sources k UNION ALL SELECT 'player_accounts', to_jsonb(a)::text FROM npcsim.player_accounts a
            UNION ALL SELECT 'persons', to_jsonb(p)::text FROM npcsim.persons p) AS t (of, content)
     -- Digits of hashes may happen to spell a name.
     WHERE position(name IN regexp_replace(content, '\\\\x[0-9a-f]{16,}', '', 'g')) > 0
$$;
SELECT is(pg_temp.naming('ada'), '{compute_sources,persons,player_accounts,sessions}', 'a name stands where it belongs, and in no input or log');
SELECT results_eq('SELECT username, text FROM npcsim.messages', $$VALUES ('ada'::text, 'Hello'::text)$$, 'it is looked up for who reads messages');
UPDATE npcsim.players SET username = 'adele' WHERE id = :ada;
SELECT is(npcsim.world_snapshot(1)::jsonb #>> '{messages,0,username}', 'adele', 'as it is now');

-- ---- what is kept ----
SELECT npcsim.export_person(:person) AS kept \gset
SELECT is((SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(:'kept'::jsonb) AS k), '{accounts,days,person,said,sessions,sources,violations}'::text[], 'what is kept of somebody can be told');
SELECT is(jsonb_path_query_array(:'kept'::jsonb, '$.accounts[*].username'), '["adele", "countess"]', 'the accounts');
SELECT is(:'kept'::jsonb #> '{accounts,0,npc_ids}', format('[%s]', pg_temp.npc('Zoe'))::jsonb, 'with the NPCs they decide for');
SELECT is(jsonb_path_query_array(:'kept'::jsonb, '$.sources[*].name'), '["ada''s lamp"]', 'sources');
SELECT is(jsonb_path_query_array(:'kept'::jsonb, '$.sessions[*].source'), '["ada''s lamp"]', 'sessions');
SELECT is(jsonb_path_query_array(:'kept'::jsonb, '$.said[*].text'), '["Hello"]', 'what was said');
SELECT is(:'kept'::jsonb -> 'days', jsonb_build_array(jsonb_build_object('day', (now() AT TIME ZONE 'UTC')::date, 'asked', 1, 'accepted', 1, 'tokens', 7, 'credit_us', 0)), 'and days');
SELECT ok(:'kept' !~ 'token_hash' AND position(encode(sha256(:'ada_token'), 'hex') IN :'kept') = 0, 'but no token');
SELECT is(jsonb_path_query_array(npcsim.export_person(2), '$.accounts[*].username'), '["bo"]', 'of somebody else what is that one''s');

-- ---- a world is dropped ----
SELECT npcsim.create_world('Dale', 30, 20, 5, preset => 'reference') AS dale \gset
SELECT player_id AS guest FROM npcsim.create_player(:dale, 'guest', person => :person) \gset
SELECT npcsim.client_connected('g1', :guest, :dale, 'compute') IS NOT NULL, npcsim.update_player_heartbeat(:guest, '{}'), npcsim.create_npc(:dale, 'Gus', 5, 5, :guest);
SELECT npcsim.tick_world(:dale, 4);
UPDATE npcsim.sessions SET connected_at_real = now() - interval '1 hour' WHERE player_id = :guest;
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = :dale;
SELECT count(*) FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions WHERE player_id = :guest), ARRAY[8]);
UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = :dale;
SELECT npcsim.submit_npc_decision(:guest, jsonb_build_object('request_id', request_id, 'action', 'wait', 'tokens', 30)) ->> 'status' FROM npcsim.decision_requests WHERE world_id = :dale;
SELECT credit_us AS credit FROM npcsim.decision_log WHERE world_id = :dale AND status = 'applied' \gset
SELECT cmp_ok(:credit, '>', 0, 'what is answered is paid');
SELECT npcsim.drop_world(:dale);
SELECT is(npcsim.export_person(:person) -> 'days', jsonb_build_array(jsonb_build_object('day', (now() AT TIME ZONE 'UTC')::date, 'asked', 2, 'accepted', 2, 'tokens', 37, 'credit_us', :credit)), 'persons keep their days when a world is dropped');
SELECT results_eq('SELECT person_id, asked, accepted, tokens, credit_us FROM npcsim.person_days', format('VALUES (%s::bigint, 1::bigint, 1::bigint, 30::bigint, %s::bigint)', :person, :credit), 'those of it');
SELECT is(count(*), 2::bigint, 'and themselves') FROM npcsim.persons;

-- ---- erased ----
-- What earlier versions wrote had names.
UPDATE npcsim.world_inputs SET payload = payload || '{"username": "ada"}' WHERE kind IN ('send_chat', 'map_ping');
INSERT INTO npcsim.world_inputs SELECT 1, 9000, 0, 'send_chat', jsonb_build_object('text', 'I am bo', 'player_id', :bo, 'username', 'bo');
UPDATE npcsim.world_event_log SET data = ARRAY(SELECT CASE WHEN k IN (1, 3) OR d IS NULL THEN coalesce(d, '{}') || '{"username": "ada"}' ELSE d END FROM unnest(kinds, data) WITH ORDINALITY AS e (k, d, n) ORDER BY n)
 WHERE player_ids IS NOT NULL;
SELECT is(pg_temp.naming('"ada"'), '{persons,world_event_log,world_inputs}', 'a history of an earlier version has names in it');
CREATE TEMP TABLE zoe AS SELECT n.*, m.revision FROM npcsim.npcs n, npcsim.worlds m WHERE n.name = 'Zoe' AND m.id = 1;
SELECT npcsim.create_player(1, format('erased %s', :ada));
SELECT npcsim.log_security_violation(id, 'rude', 'calls himself Adam Smith') FROM npcsim.player_accounts WHERE person_id = :person;
SELECT is(jsonb_path_query_array(npcsim.export_person(:person), '$.violations[*].detail') -> 0, '"calls himself Adam Smith"', 'what is on record of a person is told');
SELECT lives_ok(format('SELECT npcsim.erase_person(%s)', :person), 'a person is erased');
SELECT is((SELECT string_agg(DISTINCT kind || ':' || detail, ' ') FROM npcsim.security_violations), 'rude:', 'that there was an incident stays, not what was written of it');
SELECT is(pg_temp.naming('ada') || pg_temp.naming('adele') || pg_temp.naming('countess') || pg_temp.naming('Countess'), '{}', 'the names are nowhere');
SELECT is(pg_temp.naming('"bo"'), '{persons,player_accounts,world_inputs}', 'those of others stay');
SELECT results_eq(format('SELECT username ~ ''^erased %s [0-9a-f]{8}$'', status FROM npcsim.players WHERE id = %1$s UNION ALL SELECT username = ''erased %2$s'', status FROM npcsim.players WHERE id = %2$s', :ada, :hill),
                  $$VALUES (true, 'banned'::text), (true, 'banned')$$, 'its accounts are nobody''s, whatever others are called');
SELECT is(pg_temp.refused(format('SELECT npcsim.authenticate(%L)', :'ada_token')), 'NS401', 'the token is void');
SELECT is_empty(format('SELECT FROM npcsim.sessions WHERE player_id = %s AND NOT ended', :ada), 'its sessions end');
SELECT results_eq('SELECT id, name, controller_player_id FROM npcsim.npcs WHERE world_id = 1', 'SELECT id, name, controller_player_id FROM zoe', 'its NPCs live on');
SELECT ok((SELECT revision FROM npcsim.worlds WHERE id = 1) > (SELECT revision FROM zoe) AND npcsim.world_delta(1, revision)::jsonb #>> '{players,upsert}' ~ 'erased', 'and clients are told another name') FROM zoe;
SELECT results_eq('SELECT text FROM npcsim.messages', $$VALUES ('Hello'::text)$$, 'what was said stays');
SELECT is((SELECT (e - '{person}'::text[]) || jsonb_build_object('accounts', jsonb_array_length(e -> 'accounts')) FROM npcsim.export_person(:person) AS e) - 'said' - 'days' - 'sessions' - 'violations', '{"accounts": 2, "sources": []}', 'little is kept of it');
SELECT is_empty('SELECT FROM npcsim.person_days', 'none of its days');
SELECT lives_ok(format('SELECT npcsim.erase_person(%s)', :person), 'to erase it again');
SELECT is(username, format('erased %s', :hill), 'changes nothing') FROM npcsim.players WHERE id = :hill;
SELECT is(pg_temp.refused(format('SELECT npcsim.create_player(2, ''back'', person => %s)', :person)), 'NS206', 'who is erased gets no more accounts');
SELECT is(pg_temp.refused(format('UPDATE npcsim.players SET person_id = %s WHERE id = %s', :person, :bo)), 'NS206', 'by no way');
DELETE FROM npcsim.world_inputs WHERE sequence = 9000;
SELECT npcsim.tick_world(1, 5);
SELECT npcsim.replay_world(1) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'its history is replayed all the same');

-- ---- where the worlds do not live ----
SELECT player_id AS cy FROM npcsim.create_player(2, 'cy') \gset
SELECT person_id AS person FROM npcsim.players WHERE id = :cy \gset
UPDATE npcsim.world_clock SET home = 'elsewhere' WHERE world_id = 2;
SELECT lives_ok(format('SELECT npcsim.erase_person(%s)', :person), 'a person is erased from a world that is parked');
SELECT is((SELECT username || ' ' || status FROM npcsim.players WHERE id = :cy), format('erased %s banned', :cy), 'too');

-- ---- for operators alone ----
\i docs/roles.sql
SET ROLE npcsim_reader;
SELECT throws_ok('SELECT npcsim.export_person(2)', '42501', NULL, 'readers see nobody''s data');
SELECT throws_ok('SELECT * FROM npcsim.persons', '42501', NULL, 'nor who is who');
SET ROLE npcsim_gateway;
SELECT throws_ok('SELECT npcsim.erase_person(2)', '42501', NULL, 'nor does a gateway erase anybody');
SET ROLE npcsim_operator;
SELECT lives_ok($$INSERT INTO npcsim.persons (name) VALUES ('Dee')$$, 'operators may make persons');
SELECT lives_ok($$UPDATE npcsim.persons SET name = 'D.' WHERE name = 'Dee'$$, 'call them otherwise');
SELECT lives_ok($$SELECT npcsim.export_person(id), npcsim.erase_person(id) FROM npcsim.persons WHERE name = 'D.'$$, 'and tell and erase what is kept');
SELECT throws_ok('DELETE FROM npcsim.persons', '42501', NULL, 'but not their rows');
RESET ROLE;

SELECT * FROM finish();
