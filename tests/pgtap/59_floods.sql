-- Tests that who goes on although it is told that it is too often is suspended, and that who waits is not.
BEGIN;
SELECT no_plan();

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.create_player(1, name) FROM unnest('{ada,bo,cy}'::text[]) AS name;
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'both', 'one'), npcsim.update_player_heartbeat(id, '{"source": "one", "max_concurrency": 8}') FROM npcsim.players;
SET npcsim.market_time = '2030-01-01 00:00:00+00';
CREATE FUNCTION pg_temp.suspended(who text) RETURNS text
LANGUAGE sql AS $$SELECT suspended_until || ' ' || suspension_reason FROM npcsim.players WHERE username = who AND suspended_until > npcsim_internal.market_now()$$;
CREATE FUNCTION pg_temp.record(who text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s: %s', kind, detail), ', ' ORDER BY id), 'nothing') FROM npcsim.security_violations WHERE player_id = pg_temp.player(who)
$$;

-- ---- calls ----
-- Calls so often; returns what was answered, and how often.
CREATE FUNCTION pg_temp.chat(who text, times integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(answer || ' ' || n, ', ' ORDER BY answer)
      FROM (SELECT coalesce(r #>> '{error,code}', 'ok') AS answer, count(*) AS n
              FROM generate_series(1, times) AS i, LATERAL (SELECT npcsim.call_reducer(pg_temp.player(who), 'send_chat', jsonb_build_object('text', 'hello ' || i))::jsonb AS r OFFSET 0) AS c
             GROUP BY 1) AS answers
$$;
SELECT matches(pg_temp.chat('ada', 90), '^NS431 (69|70), ok (20|21)$', 'who calls too often is refused');
SELECT is(pg_temp.suspended('ada'), NULL, 'and not suspended');
SELECT is(pg_temp.record('ada'), 'nothing', 'nor is it on record');
SELECT matches(pg_temp.chat('ada', 40), 'NS431 (39|40)', 'who goes on a hundred times');
SELECT is(pg_temp.suspended('ada'), '2030-01-01 01:00:00+00 floods of calls', 'is suspended for an hour');
SELECT is(pg_temp.record('ada'), 'flood: calls that were refused as too many, suspended: until 2030-01-01 01:00:00 UTC: floods of calls', 'which is on record');
SET npcsim.market_time = '2030-01-01 00:10:00+00';
SELECT matches(pg_temp.chat('ada', 40), 'NS431', 'who still goes on');
SELECT is(pg_temp.suspended('ada'), '2030-01-01 01:00:00+00 floods of calls', 'is suspended no longer for it');
SELECT is((SELECT count(*) FROM npcsim.security_violations), 2::bigint, 'and nothing more is on record');
SELECT is(npcsim.call_reducer(NULL, 'send_chat', '{"text": "x"}')::jsonb #>> '{error,code}', '42501', 'spectators have no calls to flood with');

-- ---- connections that were closed ----
SELECT lives_ok($$SELECT npcsim.report_flood(pg_temp.player('bo'), 'more than 50 messages per second (burst 200) from a connection')$$, 'a gateway closes a connection');
SELECT npcsim.report_flood(pg_temp.player('bo'), 'more than 2 heartbeats per second (burst 60) from a connection');
SELECT is(pg_temp.suspended('bo'), NULL, 'once or twice suspends nobody');
SELECT is(pg_temp.record('bo'), 'flood: more than 50 messages per second (burst 200) from a connection, flood: more than 2 heartbeats per second (burst 60) from a connection', 'but is on record');
SELECT npcsim.report_flood(pg_temp.player('bo'), 'more');
SELECT is(pg_temp.suspended('bo'), '2030-01-01 01:10:00+00 floods of messages', 'the third time does, for an hour');
SELECT npcsim.report_flood(pg_temp.player('bo'), 'and more');
SELECT is((SELECT count(*) FROM npcsim.security_violations WHERE player_id = pg_temp.player('bo')), 4::bigint, 'what comes afterwards is not on record');
SELECT results_eq($$SELECT ended, end_reason FROM npcsim.sessions WHERE player_id = pg_temp.player('bo')$$, $$VALUES (true, 'suspended')$$, 'its connection is closed');
SET npcsim.market_time = '2030-01-01 01:10:01+00';
SELECT is(pg_temp.suspended('bo'), NULL, 'it is over by itself');
SELECT is(pg_temp.suspended('cy'), NULL, 'nobody else was suspended');
SELECT throws_ok(format('SELECT npcsim.report_flood(1, %L)', what), '22023', NULL, 'a report says what') FROM unnest(ARRAY['', repeat('x', 201)]) AS what;

SELECT * FROM finish();
ROLLBACK;
