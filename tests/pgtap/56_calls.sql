-- Tests what clients may call: authority, results, errors as results, keys.
BEGIN;
SELECT plan(52);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('player_accounts');

SELECT npcsim.create_world('Meadow', 20, 20, 5, preset => 'reference'), npcsim.create_world('Hill', 20, 20, 5, preset => 'reference');
SELECT npcsim.create_npc(1, 'N' || n, n, 3) FROM generate_series(1, 5) AS n;
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
CREATE TEMP TABLE bo AS SELECT * FROM npcsim.create_player(1, 'bo');
CREATE TEMP TABLE opal AS SELECT * FROM npcsim.create_player(1, 'opal', 'operator');

CREATE FUNCTION pg_temp.call(player text, reducer text, args jsonb DEFAULT '{}', key text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT npcsim.call_reducer((SELECT id FROM npcsim.players WHERE username = player AND world_id = 1), reducer, args, key)::jsonb
$$;
CREATE FUNCTION pg_temp.own(player text) RETURNS bigint
LANGUAGE sql AS $$SELECT controlled_npc_count::bigint FROM npcsim.players WHERE username = player AND world_id = 1$$;
CREATE FUNCTION pg_temp.revision() RETURNS bigint
LANGUAGE sql AS $$SELECT revision FROM npcsim.world_clock WHERE world_id = 1$$;

-- ---- assignment ----
UPDATE npcsim.worlds SET allocation = 'manual' WHERE id = 1;
SELECT is(pg_temp.call('ada', 'request_npc_assignment', '{"desired_npc_count":3}') #> '{value,assigned_npcs}', '3', 'a player gets NPCs');
SELECT is(pg_temp.own('ada'), 3::bigint, 'as many as were asked for');
SELECT is(pg_temp.call('bo', 'request_npc_assignment', '{"desired_npc_count":3}') #> '{value,assigned_npcs}', '2',
          'the next one gets what is left');
SELECT is(pg_temp.own('ada'), 3::bigint, 'and takes none from others');
SELECT is(jsonb_array_length(pg_temp.call('ada', 'request_npc_assignment', '{"desired_npc_count":1}') #> '{value,npc_ids}'), 1,
          'a player gives NPCs back');
SELECT is(pg_temp.own('ada'), 1::bigint, 'down to the number');
SELECT is((pg_temp.call('ada', 'request_npc_assignment', '{"desired_npc_count":2}') ->> 'revision')::bigint, pg_temp.revision(),
          'the result names the revision');
SELECT is(pg_temp.call('ada', 'request_npc_assignment', args) #>> '{error,code}', code, 'refused: ' || args::text)
  FROM (VALUES ('{}'::jsonb, '22023'), ('{"desired_npc_count":"many"}', '22023'), ('{"desired_npc_count":-1}', '22003'),
               ('{"desired_npc_count":1.5}', '22023'), ('{"desired_npc_count":1e400}', '22003'), ('[]', '22023')) AS bad(args, code);

-- ---- a decision at once ----
CREATE FUNCTION pg_temp.npc_of(player text) RETURNS bigint
LANGUAGE sql AS $$
    SELECT min(n.id) FROM npcsim.npcs n JOIN npcsim.players p ON p.id = n.controller_player_id WHERE p.username = player
$$;
SELECT is(pg_temp.call('ada', 'request_npc_decision', jsonb_build_object('npc_id', pg_temp.npc_of('ada'))) -> 'ok', 'true',
          'a player asks for a decision of its NPC');
SELECT is(pg_temp.call('ada', 'request_npc_decision', jsonb_build_object('npc_id', pg_temp.npc_of('bo'))) #>> '{error,code}', 'NS303',
          'of its own alone');
SELECT is(pg_temp.call('ada', 'request_npc_decision', '{"npc_id":999}') #>> '{error,code}', 'NS201', 'that exists');

-- ---- roles ----
SELECT is(pg_temp.call('ada', 'set_world_speed', '{"speed":2}') #>> '{error,code}', '42501', 'a player does not set the speed');
SELECT is((SELECT speed FROM npcsim.worlds WHERE id = 1), 1::float8, 'and it stays');
SELECT is(pg_temp.call('opal', 'set_world_speed', '{"speed":2}') -> 'ok', 'true', 'an operator does');
SELECT results_eq('SELECT speed FROM npcsim.worlds ORDER BY id', 'VALUES (2::float8), (1)', 'of its own world');
SELECT is(pg_temp.call('opal', 'set_world_speed', '{"speed":0}') #>> '{error,code}', '22003', 'within bounds');
SELECT is(pg_temp.call('opal', 'pause_world') -> 'ok', 'true', 'pauses it');
SELECT is(npcsim.call_reducer(NULL, 'pause_world')::jsonb #>> '{error,code}', '42501', 'a spectator does nothing');
SELECT is(npcsim.call_reducer(9007199254740991, 'pause_world')::jsonb #>> '{error,code}', 'NS203', 'nor does nobody');
SELECT is(pg_temp.call('opal', 'drop_world', '{"world_id":1}') #>> '{error,code}', '42883', 'what is not on the list is not called');
UPDATE npcsim.player_accounts SET status = 'banned' WHERE username = 'opal';
SELECT is(pg_temp.call('opal', 'pause_world') #>> '{error,code}', 'NS403', 'a banned operator is none');
UPDATE npcsim.player_accounts SET status = 'active' WHERE username = 'opal';
UPDATE npcsim.client_reducers SET minimum_role = 'operator' WHERE name = 'map_ping';
SELECT results_eq($$SELECT e ->> 'code', e ->> 'message', e ->> 'detail' FROM (SELECT pg_temp.call('ada', 'map_ping', '{"x": 1, "y": 1}') -> 'error') AS c(e)$$,
                  $$VALUES ('42501', '"map_ping" is not for the role player', 'It takes the role operator.')$$, 'what was set to be for operators a player may not do from then on');
SELECT is(pg_temp.call('opal', 'map_ping', '{"x": 1, "y": 1}') -> 'ok', 'true', 'an operator may');
DELETE FROM npcsim.reducer_limits WHERE name = 'map_ping';
SELECT is(pg_temp.call('ada', 'map_ping', '{"x": 1, "y": 1}') -> 'ok', 'true', 'and set back, the player again');
-- Only what was set is read for a call: the list itself is for those who look at it.
ALTER VIEW npcsim.client_reducers RENAME TO elsewhere;
SELECT is(pg_temp.call('ada', 'map_ping', '{"x": 1, "y": 1}') -> 'ok', 'true', 'a call needs no list');
SELECT is(pg_temp.call('ada', 'set_world_speed', '{"speed":2}') #>> '{error,code}', '42501', 'to know who may');
ALTER VIEW npcsim.elsewhere RENAME TO client_reducers;

-- ---- errors and keys ----
SELECT ok(pg_temp.call('ada', 'nothing') -> 'error' ?& ARRAY['code', 'message', 'detail', 'hint', 'retry'], 'an error says what to do');
CREATE TEMP TABLE before AS SELECT pg_temp.revision() AS revision;
CREATE TEMP TABLE first AS SELECT pg_temp.call('opal', 'set_world_speed', '{"speed":3}', 'k1') AS result;
SELECT is(pg_temp.call('opal', 'set_world_speed', '{"speed":4}', 'k1'), (SELECT result FROM first), 'the same key gives the same result');
SELECT is((SELECT speed FROM npcsim.worlds WHERE id = 1), 3::float8, 'and does not act again');
SELECT is(pg_temp.call('ada', 'request_npc_assignment', '{"desired_npc_count":9999999}', 'k2') -> 'ok', 'false', 'what failed');
SELECT is(pg_temp.call('ada', 'request_npc_assignment', '{"desired_npc_count":1}', 'k2') -> 'ok', 'true', 'may be tried again under its key');

-- ---- how often ----
CREATE FUNCTION pg_temp.say(player text, times integer) RETURNS TABLE (code text)
LANGUAGE sql VOLATILE AS $$SELECT coalesce(pg_temp.call(player, 'send_chat', '{"text": "x"}') #>> '{error,code}', 'ok') FROM generate_series(1, times)$$;
UPDATE npcsim.client_reducers SET burst = 1 WHERE name = 'send_chat';
SELECT is((SELECT count(*) FROM pg_temp.say('opal', 3) AS s(code) WHERE code = 'ok'), 1::bigint, 'a limit holds from when it is set');
UPDATE npcsim.client_reducers SET burst = 5, per_minute = 6 WHERE name = 'send_chat';
SELECT results_eq($$SELECT code, count(*) FROM pg_temp.say('ada', 12) AS s(code) GROUP BY code ORDER BY code$$, $$VALUES ('NS431', 7::bigint), ('ok', 5)$$, 'so many calls at once and no more');
SELECT is((SELECT count(*) FROM npcsim.messages WHERE player_id = (SELECT player_id FROM ada)), 5::bigint, 'the others did nothing');
SELECT ok((answer #>> '{error,retry_after}')::float8 BETWEEN 5 AND 10 AND answer #> '{error,retry}' = 'true', 'who is refused is told when to come back: ' || (answer ->> 'error'))
  FROM pg_temp.call('ada', 'send_chat', '{"text": "x"}') AS answer;
SELECT is(pg_temp.call('bo', 'send_chat', '{"text": "x"}') -> 'ok', 'true', 'others are not');
SELECT is(pg_temp.call('ada', 'map_ping', '{"x": 1, "y": 1}') -> 'ok', 'true', 'nor is another call');
UPDATE npcsim.call_allowances SET charged_at_real = charged_at_real - interval '21 s';
SELECT results_eq($$SELECT code, count(*) FROM pg_temp.say('ada', 3) AS s(code) GROUP BY code ORDER BY code$$, $$VALUES ('NS431', 1::bigint), ('ok', 2)$$, 'with time calls come back');
UPDATE npcsim.call_allowances SET charged_at_real = charged_at_real - interval '1 day';
SELECT results_eq($$SELECT code, count(*) FROM pg_temp.say('ada', 6) AS s(code) GROUP BY code ORDER BY code$$, $$VALUES ('NS431', 1::bigint), ('ok', 5)$$, 'and never more than at first');
UPDATE npcsim.call_allowances SET charged_at_real = charged_at_real + interval '1 day';
SELECT is(pg_temp.call('ada', 'send_chat', '{"text": "x"}') #>> '{error,code}', 'NS431', 'a clock that was set back gives none');
SELECT is(pg_temp.call('bo', 'send_chat', '{"text": ""}') #>> '{error,code}', '22023', 'what is refused for another reason') FROM generate_series(1, 1);
SELECT results_eq($$SELECT code, count(*) FROM pg_temp.say('bo', 4) AS s(code) GROUP BY code$$, $$VALUES ('ok', 4::bigint)$$, 'is not counted');

-- ---- what the manual says of them ----
\set manual `cat docs/protocol.md`
-- Rows of the table with these columns: its cells.
CREATE FUNCTION pg_temp.rows_of(manual text, header text) RETURNS SETOF text[] LANGUAGE sql AS $$
    SELECT regexp_split_to_array(trim(BOTH '| ' FROM line), ' \| ?')
      FROM regexp_split_to_table((regexp_match(manual, '\n' || regexp_replace(header, '([|])', '\\\1', 'g') || '\n\|[-| ]+\n((\|[^\n]*\n)+)'))[1], '\n') AS line
     WHERE line <> ''
$$;
CREATE TEMP TABLE told AS
    SELECT name[1] AS name, cells[2] AS who, cells[3] AS args
      FROM pg_temp.rows_of(:'manual', '| reducer | who | args | value |') AS cells, regexp_matches(cells[1], '`([a-z_]+)`', 'g') AS name;
CREATE TEMP TABLE described AS
    SELECT name, minimum_role, burst, per_minute, (regexp_match(description, '^args: {(.*?)}\. '))[1] AS args, description FROM npcsim_internal.client_reducers();
SELECT set_eq('SELECT name, who FROM told', $$SELECT name, minimum_role || 's' FROM described$$, 'the manual has each call, and who may make it');
SELECT results_eq($$SELECT name, ARRAY(SELECT a[1] FROM regexp_matches(args, '`([a-z_]+)`', 'g') a) FROM told ORDER BY name$$,
                  $$SELECT name, ARRAY(SELECT a[1] FROM regexp_matches(args, '"([a-z_]+)"', 'g') a) FROM described ORDER BY name$$, 'with its arguments');
SELECT is_empty($$SELECT name, range[1] FROM described d JOIN told t USING (name), regexp_matches(d.args, '([0-9.]+ to [0-9.]+)', 'g') AS range
                   WHERE position(range[1] IN t.args) = 0$$, 'and what they can be');
WITH limits AS (SELECT cells, name[1] AS name FROM pg_temp.rows_of(:'manual', '| reducer | at once | a minute |') AS cells, regexp_matches(cells[1], '`([a-z_]+)`|the others', 'g') AS name)
SELECT set_eq($$SELECT name, burst, per_minute FROM described$$,
              (SELECT string_agg(format('SELECT %L AS name, %s AS burst, %s AS per_minute', d.name, (coalesce(l.cells, o.cells))[2], (coalesce(l.cells, o.cells))[3]), ' UNION ALL ')
                 FROM described d LEFT JOIN limits l USING (name) JOIN limits o ON o.name IS NULL), 'and how often');
SELECT results_eq('SELECT name, minimum_role, description, burst, per_minute FROM npcsim_internal.client_reducers() WHERE name NOT IN (SELECT name FROM npcsim.reducer_limits) ORDER BY name',
                  'SELECT * FROM npcsim.client_reducers WHERE name NOT IN (SELECT name FROM npcsim.reducer_limits) ORDER BY name', 'the view shows what is described');

SELECT * FROM finish();
ROLLBACK;
