-- Tests sources of compute: which there are, what they say of themselves, who pauses them, and who is asked then; what players declare.
-- Every statement is a transaction of its own: who may be asked is looked up once per transaction.
SELECT no_plan();

\ir lib/minds.sql
SELECT pg_temp.by_hand('player_accounts', 'world_settings', 'decision_slots');
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference'), npcsim.create_world('Hill', 30, 20, 5);
CREATE TEMP TABLE players AS
    SELECT name, role, p.player_id AS id FROM (VALUES (1, 'ada', 'player'), (1, 'bo', 'player'), (1, 'opal', 'operator'), (2, 'hilda', 'operator')) AS v(world, name, role), npcsim.create_player(world, name, role) AS p;
CREATE FUNCTION pg_temp.id(who text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM players WHERE name = who$$;
SELECT npcsim.register_gateway('g1');

CREATE FUNCTION pg_temp.connect(who text, source text) RETURNS bigint LANGUAGE sql AS $$
    SELECT (npcsim.client_connected('g1', pg_temp.id(who), (SELECT world_id FROM npcsim.players WHERE id = pg_temp.id(who)), 'compute', source) ->> 'session_id')::bigint
$$;
-- A heartbeat as gateways send it: {"ok", "value" or "error"}.
CREATE FUNCTION pg_temp.beat(who text, source text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT npcsim.try_update_player_heartbeat(pg_temp.id(who), jsonb_build_object('source', source, 'max_concurrency', 8) || more)::jsonb
$$;
CREATE FUNCTION pg_temp.source(who text, wanted text) RETURNS bigint LANGUAGE sql AS $$
    SELECT k.id FROM npcsim.compute_sources k WHERE k.player_id IS NOT DISTINCT FROM pg_temp.id(who) AND k.name = wanted
$$;
CREATE FUNCTION pg_temp.call(who text, reducer text, args jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r -> 'ok', r #>> '{error,code}') FROM CAST(npcsim.call_reducer(pg_temp.id(who), reducer, args) AS jsonb) AS r
$$;
CREATE FUNCTION pg_temp.known(who text, source text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', kind, stateless, slots, models, state, reason) FROM npcsim.compute_sources WHERE id = pg_temp.source(who, source)
$$;
CREATE FUNCTION pg_temp.askable() RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT name FROM npcsim_internal.askable_players(1) AS a(id) JOIN players USING (id) ORDER BY name)
$$;
-- The names of NPCs whose questions are handed out, to whichever sessions there are.
CREATE FUNCTION pg_temp.claimed() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    names text[];
BEGIN
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    SELECT coalesce(array_agg(n.name ORDER BY n.name), '{}') INTO names
      FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions ORDER BY id), ARRAY(SELECT 8 FROM npcsim.sessions)) AS c JOIN npcsim.npcs n ON n.id = c.npc_id AND n.world_id = c.world_id;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
    RETURN names;
END
$$;
CREATE FUNCTION pg_temp.requests() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(n.name || ' ' || r.status, ', ' ORDER BY n.name), 'none') FROM npcsim.decision_requests r JOIN npcsim.npcs n ON n.world_id = r.world_id AND n.id = r.npc_id WHERE r.world_id = 1
$$;

-- ---- a source is made by the first heartbeat of its name ----
SELECT pg_temp.connect('ada', 'lamp') AS lamp \gset
SELECT is_empty('SELECT FROM npcsim.compute_sources', 'who connects lends nothing yet');
SELECT is(pg_temp.beat('ada', 'lamp') #> '{value,source}', format('{"id": %s, "state": "active", "reason": null, "until": null, "idle": "no_demand"}', pg_temp.source('ada', 'lamp'))::jsonb,
          'a heartbeat is told its source, and why that is not asked');
SELECT is(pg_temp.known('ada', 'lamp'), 'player_mcp f 8 {} active', 'which is what it said');
SELECT is((SELECT source_id FROM npcsim.sessions WHERE id = :lamp), pg_temp.source('ada', 'lamp'), 'the session lends for it');
CREATE TEMP TABLE was AS SELECT id, xmin::text AS version FROM npcsim.compute_sources;
SELECT pg_temp.beat('ada', 'lamp');
SELECT results_eq('SELECT id, xmin::text FROM npcsim.compute_sources', 'SELECT * FROM was', 'a heartbeat that says the same writes no row');
SELECT pg_temp.beat('ada', 'lamp', '{"stateless": true, "max_concurrency": 2, "kind": "player_api_key", "models": ["llama", "qwen 3"]}');
SELECT is(pg_temp.known('ada', 'lamp'), 'player_api_key t 2 {llama,"qwen 3"} active', 'one that says otherwise does');
SELECT is((SELECT count(*) FROM npcsim.compute_sources), 1::bigint, 'the same');
SELECT npcsim.client_disconnected(:lamp);
SELECT pg_temp.connect('ada', 'lamp') AS lamp \gset
SELECT pg_temp.beat('ada', 'lamp');
SELECT results_eq('SELECT id, kind FROM npcsim.compute_sources', $$SELECT id, 'player_mcp' FROM was$$, 'who comes back lends for the same');
SELECT pg_temp.connect('bo', 'lamp') AS los \gset
SELECT pg_temp.beat('bo', 'lamp');
SELECT isnt(pg_temp.source('bo', 'lamp'), pg_temp.source('ada', 'lamp'), 'another player has one of that name, too');

SELECT is(concat_ws(' ', r -> 'ok', r #>> '{error,code}'), became, left(said, 60) || ' is refused')
  FROM (VALUES ('{"kind": "free"}', 'false 22023'), ('{"kind": 7}', 'false 22023'), ('{"kind": "server_api_key"}', 'false 42501'), ('{"models": "llama"}', 'false 22023'),
               ('{"models": [7]}', 'false 22023'), ('{"models": [""]}', 'false 22023'), ('{"models": [null]}', 'false 22023'), (jsonb_build_object('models', ARRAY[repeat('x', 101)])::text, 'false 22023'),
               ('{"models": ["a\u202eb"]}', 'false 22023'), (jsonb_build_object('models', array_fill('m'::text, ARRAY[17]))::text, 'false 22023'), ('{"models": {}}', 'false 22023'),
               ('{"kind": null, "models": null}', 'true')) AS bad(said, became), pg_temp.beat('ada', 'lamp', said::jsonb) AS r;
SELECT is(pg_temp.known('ada', 'lamp'), 'player_mcp f 8 {} active', 'and changes nothing');
SELECT ok(pg_temp.beat('ada', 'lamp', jsonb_build_object('models', array_fill(repeat('é', 100), ARRAY[16]))) -> 'ok' = 'true', 'many models with long names are taken');

-- ---- the operators' ----
SELECT pg_temp.connect('opal', 'api') AS api \gset
SELECT is(pg_temp.beat('opal', 'api', '{"kind": "server_api_key"}') -> 'ok', 'true', 'an operator lends what the server pays');
SELECT results_eq($$SELECT world_id, kind FROM npcsim.compute_sources WHERE player_id IS NULL$$, $$VALUES (1::bigint, 'server_api_key')$$, 'which is nobody''s own');
SELECT is(pg_temp.beat('opal', 'api') -> 'ok', 'true', 'who then says that it is its own');
SELECT is((SELECT k.player_id FROM npcsim.sessions s JOIN npcsim.compute_sources k ON k.id = s.source_id WHERE s.id = :api), pg_temp.id('opal'), 'lends for another');
SELECT npcsim.client_disconnected(:api);
SELECT throws_ok($$UPDATE npcsim.compute_sources SET kind = 'server_api_key' WHERE player_id IS NOT NULL$$, '23514', NULL, 'no row says otherwise');

-- ---- how many ----
SELECT is(pg_temp.beat('bo', 'lamp') -> 'ok', 'true', 'before there are too many');
CREATE PROCEDURE pg_temp.lend(who text, prefix text, count integer, INOUT refused text DEFAULT '') LANGUAGE plpgsql AS $$
DECLARE
    session bigint;
BEGIN
    FOR i IN 1 .. count LOOP
        session := pg_temp.connect(who, prefix || i);
        refused := concat_ws(' ', nullif(refused, ''), pg_temp.beat(who, prefix || i) #>> '{error,code}');
        PERFORM npcsim.client_disconnected(session);
        COMMIT;
    END LOOP;
END
$$;
CALL pg_temp.lend('bo', 'n', 40) \gset
SELECT is(:'refused'::text, '', 'names that nobody is connected by make room');
SELECT is((SELECT count(*) FROM npcsim.compute_sources WHERE player_id = pg_temp.id('bo')), 32::bigint, 'for no more than 32');
SELECT ok(pg_temp.source('bo', 'lamp') IS NOT NULL AND pg_temp.source('bo', 'n9') IS NULL AND pg_temp.source('bo', 'n10') IS NOT NULL, 'the one that lent longest ago goes, and no connected one');
SELECT npcsim.pause_compute_source(id) FROM npcsim.compute_sources WHERE player_id = pg_temp.id('bo') AND name <> 'lamp';
SELECT pg_temp.connect('bo', 'more') AS more \gset
SELECT is(array_agg(e.key ORDER BY e.key), '{code,detail,hint,message,retry}'::text[], 'those that are paused stay, and one more is refused with reasons')
  FROM jsonb_each(pg_temp.beat('bo', 'more') -> 'error') AS e WHERE e.value <> 'null' AND (e.key <> 'code' OR e.value = '"NS430"');
SELECT is_empty($$SELECT FROM npcsim_internal.present_players(1) AS p(id) JOIN npcsim.sessions s ON s.player_id = p.id WHERE s.source = 'more' AND s.max_concurrency > 0$$, 'and does not lend');
SELECT lives_ok(format('SELECT npcsim.client_disconnected(%s)', :more), 'it goes');
SELECT lives_ok($$DELETE FROM npcsim.compute_sources WHERE player_id = pg_temp.id('bo') AND name <> 'lamp'$$, 'operators remove those that nobody uses');

-- ---- pausing ----
SELECT npcsim.create_npc(1, 'Ada', 10, 20, pg_temp.id('ada')), npcsim.create_npc(1, 'Ann', 20, 20, pg_temp.id('ada')), npcsim.create_npc(1, 'Bo', 30, 20, pg_temp.id('bo'));
SELECT pg_temp.beat('ada', 'lamp'), pg_temp.beat('bo', 'lamp');
SELECT npcsim.tick_world(1, 4);
SELECT pg_temp.source('ada', 'lamp') AS source, pg_temp.source('bo', 'lamp') AS others \gset
SELECT is(pg_temp.requests(), 'Ada open, Ann open, Bo open', 'all are asked');
SELECT is(pg_temp.claimed(), '{Ada,Ann,Bo}', 'and handed out');
SELECT is(pg_temp.beat('ada', 'lamp') #> '{value,source,idle}', 'null', 'a source that has questions is not idle');
SELECT is(pg_temp.call('bo', 'pause_compute_source', jsonb_build_object('source_id', :source)), 'false NS205', 'a player does not pause another''s source');
SELECT is(pg_temp.call('hilda', 'pause_compute_source', jsonb_build_object('source_id', :source)), 'false NS205', 'nor the operator of another world');
SELECT is(pg_temp.requests(), 'Ada sent, Ann sent, Bo sent', 'whose questions stay where they are');
SELECT is(npcsim.call_reducer(NULL, 'pause_compute_source', jsonb_build_object('source_id', :source))::jsonb #>> '{error,code}', '42501', 'nor does a spectator');
SELECT is(pg_temp.call('ada', 'pause_compute_source', args::jsonb), 'false ' || code, args || ' is refused')
  FROM (VALUES ('{}', '22023'), ('{"source_id": 0}', '22003'), ('{"source_id": "x"}', '22023'), ('{"source_id": 1e300}', '22003'), ('{"source_id": 999999}', 'NS205'),
               (format('{"source_id": %s, "seconds": 0}', :source), '22003'), (format('{"source_id": %s, "seconds": 1e9}', :source), '22003'),
               (format('{"source_id": %s, "reason": ""}', :source), '22023'), (jsonb_build_object('source_id', :source, 'reason', repeat('x', 201))::text, '22023'),
               (format('{"source_id": %s, "maintenance": 1}', :source), '22023')) AS bad(args, code);
SELECT is(pg_temp.requests(), 'Ada sent, Ann sent, Bo sent', 'and changes nothing');
CREATE TEMP TABLE before AS SELECT revision FROM npcsim.world_clock WHERE world_id = 1;
SELECT is(pg_temp.call('ada', 'pause_compute_source', jsonb_build_object('source_id', :source, 'reason', 'the fan is loud')), 'true', 'a player pauses its own');
SELECT is((SELECT revision FROM npcsim.world_clock WHERE world_id = 1), (SELECT revision FROM before), 'which is none of the world''s business');
SELECT is(pg_temp.requests(), 'Ada open, Ann open, Bo sent', 'what it was asked goes on');
SELECT is(pg_temp.claimed(), '{}', 'but not to it');
SELECT is(pg_temp.askable(), '{bo}', 'its player is not asked');
SELECT is(pg_temp.beat('ada', 'lamp') #> '{value,source}', format('{"id": %s, "state": "paused", "reason": "the fan is loud", "until": null, "idle": "paused"}', :source)::jsonb, 'a heartbeat is told so');
SELECT is(pg_temp.askable(), '{bo}', 'and does not end it');
SELECT npcsim.tick_world(1, 8);
SELECT is(pg_temp.requests(), 'Bo sent', 'the built-in mind decides meanwhile');
SELECT pg_temp.connect('ada', 'sun'), pg_temp.beat('ada', 'sun');
SELECT pg_temp.beat('ada', 'sun'), pg_temp.beat('bo', 'lamp');
SELECT is(pg_temp.askable(), '{ada,bo}', 'who has another source that is active is asked');
SELECT npcsim.tick_world(1, 4);
SELECT is(pg_temp.claimed(), '{Ada,Ann}', 'there');
SELECT is((SELECT count(DISTINCT s.source) || ' ' || min(s.source) FROM npcsim.decision_requests r JOIN npcsim.sessions s ON s.id = r.session_id WHERE r.player_id = pg_temp.id('ada')), '1 sun', 'and nowhere else');
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE source = 'sun';
SELECT lives_ok(format('SELECT npcsim.resume_compute_source(%s)', :source), 'an operator resumes it');
SELECT lives_ok(format('SELECT npcsim.resume_compute_source(%s)', :source), 'and again');
SELECT is(pg_temp.askable(), '{ada,bo}', 'and its player is asked');
SELECT is(pg_temp.claimed(), '{Ada,Ann}', 'it gets what waits');

-- ---- draining ----
SELECT lives_ok(format('SELECT npcsim.drain_compute_source(%s, %L)', :source, 'soon'), 'a source is drained');
SELECT is(pg_temp.requests(), 'Ada sent, Ann sent, Bo sent', 'it keeps what it was asked');
SELECT is((SELECT r ->> 'status' FROM npcsim.submit_npc_decision(pg_temp.id('ada'), jsonb_build_object('request_id', pg_temp.request('Ada'), 'action', 'wait')) AS r), 'applied', 'and answers it');
SELECT is(pg_temp.askable(), '{bo}', 'but is asked no more');
SELECT is(pg_temp.beat('ada', 'lamp') #>> '{value,source,state}', 'draining', 'which it is told');
SELECT lives_ok(format('SELECT npcsim.pause_compute_source(%s, maintenance => true)', :source), 'one that drains can be paused');
SELECT is(pg_temp.requests(), 'Ann open, Bo sent', 'and then keeps nothing');
SELECT is(pg_temp.known('ada', 'lamp'), 'player_mcp f 8 {} maintenance', 'for its maintenance');
SELECT is(pg_temp.beat('ada', 'lamp') #>> '{value,source,idle}', 'in_maintenance', 'it is idle for that');

-- ---- for a while ----
SET npcsim.market_time = '2030-01-01 12:00:00+00';
SELECT npcsim.pause_compute_source(:source, 'a break', seconds => 60);
SELECT is(pg_temp.beat('ada', 'lamp') #>> '{value,source,until}', '2030-01-01T12:01:00Z', 'a pause can have an end');
SET npcsim.market_time = '2030-01-01 12:00:59.9+00';
SELECT is(pg_temp.askable(), '{bo}', 'until then it is one');
SET npcsim.market_time = '2030-01-01 12:01:00+00';
SELECT is(pg_temp.askable(), '{ada,bo}', 'then it is over by itself');
SELECT is(pg_temp.beat('ada', 'lamp') #>> '{value,source,state}', 'active', 'as a heartbeat is told');
SELECT is((SELECT concat(state, reason, until_real) FROM npcsim.compute_sources WHERE id = :source), 'active', 'which writes it down');
RESET npcsim.market_time;

-- ---- suspended ----
UPDATE npcsim.compute_sources SET state = 'suspended', reason = 'floods' WHERE id = :source;
SELECT is(pg_temp.askable(), '{bo}', 'who is suspended is not asked');
SELECT is(pg_temp.call('ada', what, jsonb_build_object('source_id', :source)), 'false 55000', 'and does not end that itself: ' || what)
  FROM unnest('{resume_compute_source,pause_compute_source,drain_compute_source}'::text[]) AS what;
SELECT is(pg_temp.beat('ada', 'lamp') #>> '{value,source,idle}', 'suspended', 'a heartbeat leaves it so');
SELECT throws_ok(format('SELECT npcsim.pause_compute_source(%s)', :source), '55000', NULL, 'nobody pauses it');
SELECT is(pg_temp.call('opal', 'resume_compute_source', jsonb_build_object('source_id', :source)), 'true', 'an operator of the world ends it over the wire, too');
SELECT is(pg_temp.known('ada', 'lamp'), 'player_mcp f 8 {} active', 'and it is active');

-- ---- by SQL ----
SELECT throws_ok(statement, code, NULL, statement || ' is refused')
  FROM (VALUES ('SELECT npcsim.pause_compute_source(NULL)', '22004'), ('SELECT npcsim.pause_compute_source(0)', '22003'), ('SELECT npcsim.pause_compute_source(424242)', 'NS205'),
               ('SELECT npcsim.drain_compute_source(424242)', 'NS205'), ('SELECT npcsim.resume_compute_source(424242)', 'NS205'), ('SELECT npcsim.resume_compute_source(NULL)', '22004'),
               (format('SELECT npcsim.pause_compute_source(%s, repeat(''x'', 201))', :source), '22023'), (format('SELECT npcsim.pause_compute_source(%s, seconds => 31536001)', :source), '22003'),
               ('SELECT npcsim.declare_compute(NULL, 1)', '22004'), ('SELECT npcsim.declare_compute(424242, 1)', 'NS203'), ('SELECT npcsim.declare_compute(pg_temp.id(''ada''), -1)', '22003'),
               ('SELECT npcsim.declare_compute(pg_temp.id(''ada''), 1000000000001)', '22003'), ('SELECT npcsim.declare_compute(pg_temp.id(''ada''), NULL)', '22004'),
               ('UPDATE npcsim.players SET declared_tokens_per_day = -1', '22003'), ('UPDATE npcsim.players SET declared_tokens_per_day = NULL', '22004'),
               ('UPDATE npcsim.players SET contribution_tier = ''Server''', '0A000')) AS bad(statement, code);

-- ---- what players declare ----
SELECT is(pg_temp.call('ada', 'declare_compute', args::jsonb), became, args || ' declared by a player')
  FROM (VALUES ('{"tokens_per_day": 20000}', 'true'), ('{}', 'false 22023'), ('{"tokens_per_day": -1}', 'false 22003'), ('{"tokens_per_day": 1e13}', 'false 22003'),
               ('{"tokens_per_day": 0.5}', 'false 22023'), (format('{"tokens_per_day": 3000, "player_id": %s}', pg_temp.id('bo')), 'true')) AS t(args, became);
SELECT results_eq($$SELECT username, declared_tokens_per_day, contribution_tier FROM npcsim.players WHERE world_id = 1 ORDER BY 1$$,
                  $$VALUES ('ada'::text, 3000::bigint, 'Casual'::text), ('bo', 0, 'Observer'), ('opal', 0, 'Observer')$$, 'is its own');
SELECT is(npcsim.call_reducer(NULL, 'declare_compute', '{"tokens_per_day": 5}')::jsonb #>> '{error,code}', '42501', 'spectators declare nothing');
SELECT results_eq($$SELECT tokens, npcsim_internal.contribution_tier(tokens) FROM unnest('{-1,999,1000,9999,10000,50000,200000,1000000000000}'::bigint[]) AS tokens$$,
                  $$SELECT * FROM ROWS FROM (unnest('{-1,999,1000,9999,10000,50000,200000,1000000000000}'::bigint[]), unnest('{Observer,Observer,Casual,Casual,Dedicated,Enthusiast,Server,Server}'::text[]))$$, 'the tiers');
UPDATE npcsim.players SET declared_tokens_per_day = 100 WHERE id = pg_temp.id('bo');
SELECT pg_temp.beat('ada', 'lamp'), pg_temp.beat('bo', 'lamp');
UPDATE npcsim.players SET daily_token_output = 99 WHERE id = pg_temp.id('bo');
SELECT is(pg_temp.askable(), '{ada,bo}', 'while some of them are left a player is asked');
UPDATE npcsim.players SET daily_token_output = 100 WHERE id = pg_temp.id('bo');
SELECT is(pg_temp.askable(), '{ada}', 'when they are spent it is not');
SELECT npcsim.tick_world(1, 8);
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Bo'));
SELECT ok(NOT 'Bo' = ANY (pg_temp.claimed()), 'nothing is handed out to it');
SELECT is(pg_temp.beat('bo', 'lamp') #>> '{value,source,idle}', 'paced', 'which it is told');
UPDATE npcsim.player_accounts SET tokens_day = tokens_day - 1 WHERE id = pg_temp.id('bo');
SELECT is(pg_temp.askable(), '{ada,bo}', 'until the day turns');

-- ---- and goes with its world ----
SELECT npcsim.drop_world(1);
SELECT is_empty('SELECT FROM npcsim.compute_sources WHERE world_id = 1', 'a world is dropped with its sources');
SELECT throws_ok(format('SELECT npcsim.pause_compute_source(%s)', :source), 'NS205', NULL, 'which are gone then');
SELECT is(pg_temp.beat('ada', 'lamp') #>> '{error,code}', 'NS203', 'a heartbeat makes none');

SELECT * FROM finish();
