-- Tests who decides for an NPC when its own mind cannot: which step is taken, why, and what the world allows.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT no_plan();

\ir lib/minds.sql
SELECT pg_temp.by_hand('server_api_spending', 'world_settings', 'fallback_log');

-- ---- settings ----
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT results_eq('SELECT enable_commercial_fallback, server_backup_enabled, server_api_cost, server_api_cap_per_day, hybrid_cap_per_day FROM npcsim.worlds',
                  'VALUES (false, false, 0::bigint, 0::bigint, 0::bigint)', 'a new world buys nothing');
SELECT count(*) AS inputs FROM npcsim.world_inputs \gset
SELECT lives_ok($$UPDATE npcsim.worlds SET enable_commercial_fallback = true, server_backup_enabled = true, server_api_cost = 1000000000000, server_api_cap_per_day = 1000000000000, hybrid_cap_per_day = 1000000000000$$,
                'operators say what may be bought');
SELECT results_eq('SELECT enable_commercial_fallback, server_backup_enabled, server_api_cost, server_api_cap_per_day, hybrid_cap_per_day FROM npcsim.worlds',
                  'VALUES (true, true, 1000000000000, 1000000000000, 1000000000000)', 'up to its bounds');
SELECT is((SELECT count(*) FROM npcsim.world_inputs), :inputs::bigint, 'which no rule reads: it is no input');
CREATE TEMP TABLE bad AS SELECT name || ' = ' || value AS what, code FROM
    unnest('{server_api_cost,server_api_cap_per_day,hybrid_cap_per_day}'::text[]) AS name,
    (VALUES ('-1', '22003'), ('1000000000001', '22003'), ('9223372036854775807', '22003'), ('NULL', '22004')) AS v (value, code)
    UNION ALL SELECT name || ' = NULL', '22004' FROM unnest('{enable_commercial_fallback,server_backup_enabled}'::text[]) AS name;
SELECT throws_ok('UPDATE npcsim.worlds SET ' || what, code, NULL, 'refused: ' || what) FROM bad;
SELECT throws_ok('UPDATE npcsim.world_settings SET ' || what, CASE code WHEN '22004' THEN '23502' ELSE '23514' END, NULL, 'nor does its table take it: ' || what) FROM bad;
CREATE FUNCTION pg_temp.may_buy(commercial boolean, backup boolean, cap bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE npcsim.worlds SET enable_commercial_fallback = commercial, server_backup_enabled = backup, server_api_cost = 3000, server_api_cap_per_day = cap, hybrid_cap_per_day = 0;
    RETURN (SELECT bool_or(npcsim_internal.server_api_is_open(id)) FROM npcsim.worlds);
END
$$;
SELECT results_eq('SELECT c, b, m, pg_temp.may_buy(c, b, m) FROM unnest(''{t,t,t,f,f}''::boolean[], ''{t,t,f,t,f}''::boolean[], ''{3000,2999,3000,3000,3000}''::bigint[]) AS t (c, b, m)',
                  'VALUES (true, true, 3000::bigint, true), (true, true, 2999, false), (true, false, 3000, false), (false, true, 3000, false), (false, false, 3000, false)',
                  'decisions are bought where both say so, and the cap is enough for one');
UPDATE npcsim.worlds SET enable_commercial_fallback = false, server_backup_enabled = false, server_api_cost = 3000, server_api_cap_per_day = 0, hybrid_cap_per_day = 0;

-- ---- who lends ----
SELECT npcsim.create_player(1, name, role) FROM (VALUES ('ada', 'player'), ('bo', 'player'), ('opal', 'operator')) AS v (name, role);
SELECT npcsim.register_gateway('g1');
SELECT npcsim.create_npc(1, 'Ada', 10, 10, pg_temp.player()), npcsim.create_npc(1, 'Cy', 30, 20);
CREATE FUNCTION pg_temp.lend(who text, source text, said jsonb DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    session bigint := (npcsim.client_connected('g1', pg_temp.player(who), 1, 'compute', source) ->> 'session_id')::bigint;
BEGIN
    PERFORM npcsim.update_player_heartbeat(pg_temp.player(who), jsonb_build_object('source', source, 'max_concurrency', 4) || said);
    RETURN session;
END
$$;
CREATE FUNCTION pg_temp.source(named text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.compute_sources WHERE name = named$$;
CREATE FUNCTION pg_temp.fall(who text DEFAULT 'Ada') RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', f.step, k.name, nullif(f.cost, 0), CASE WHEN f.request_id IS NOT NULL THEN 'asked' END)
      FROM npcsim.assign_npc_with_fallback(1, pg_temp.npc(who)) AS f LEFT JOIN npcsim.compute_sources k ON k.id = f.source_id
$$;
CREATE FUNCTION pg_temp.why() RETURNS text LANGUAGE sql AS $$SELECT reason FROM npcsim.fallback_log ORDER BY id DESC LIMIT 1$$;

-- ---- nobody is there ----
SELECT is(pg_temp.fall(), 'built_in', 'where no mind can be asked, the built-in one decides');
SELECT is(pg_temp.why(), 'controller: away; stateless: none; player_api: none; server_api: not enabled', 'and the log says why none before');
SELECT is((SELECT decider FROM npcsim.npcs WHERE name = 'Ada'), 'built_in', 'so it has');
SELECT is(pg_temp.fall('Cy'), 'built_in', 'also for who has no player');
SELECT is(pg_temp.why(), 'controller: nobody; stateless: none; player_api: none; server_api: not enabled', 'for that reason');
SELECT is((SELECT payload FROM npcsim.world_inputs ORDER BY sequence DESC LIMIT 1), jsonb_build_object('npc_id', pg_temp.npc('Cy'), 'step', 'built_in'), 'it is an input');
UPDATE npcsim.worlds SET built_in_fallback = false;
SELECT is(pg_temp.fall(), 'dormant', 'where that does not stand in, nobody does');
SELECT is(pg_temp.why(), 'controller: away; stateless: none; player_api: none; server_api: not enabled; built_in: off', 'for want of all');
SELECT is(pg_temp.doing(), 'dormant nobody', 'she sleeps, by nobody''s hand');
SELECT is(pg_temp.fall(), 'dormant', 'twice is once');
SELECT is((SELECT count(*) FROM npcsim.fallback_log), 4::bigint, 'though each is in the log');

-- ---- her player's mind ----
SELECT pg_temp.lend('ada', 'lamp') AS lamp \gset
SELECT is(pg_temp.fall(), 'controller lamp asked', 'when her player''s mind is there, it is asked');
SELECT isnt(pg_temp.doing(), 'dormant nobody', 'she wakes for it');
SELECT is(pg_temp.why(), 'the mind of its player can be asked', 'which the log has, too');
SELECT pg_temp.request() AS request \gset
SELECT is(pg_temp.fall(), 'controller lamp asked', 'what is asked already');
SELECT is(pg_temp.request(), :request::bigint, 'is not asked twice');
SELECT is((SELECT count(*) FROM npcsim.fallback_log WHERE request_id = :request), 2::bigint, 'the log names the question');
-- An API of the player's is the next.
SELECT pg_temp.lend('ada', 'paid', '{"kind": "player_api_key"}') AS paid \gset
SELECT is(pg_temp.fall(), 'controller lamp asked', 'her player''s API comes after her player''s own mind');
SELECT npcsim.pause_compute_source(pg_temp.source('lamp'));
SELECT is(pg_temp.fall(), 'player_api paid asked', 'and when that is paused, it is asked');
SELECT is(pg_temp.why(), 'controller: away; stateless: none', 'since no other mind is there');
SELECT npcsim.resume_compute_source(pg_temp.source('lamp'));
-- What was tried in vain is left out.
SELECT pg_temp.send();
SELECT is((SELECT status FROM npcsim.decision_requests WHERE npc_id = pg_temp.npc()), 'sent', 'she is asked of a mind');
SELECT npcsim.client_disconnected(:paid);
SELECT npcsim.client_disconnected(:lamp);
SELECT pg_temp.lend('ada', 'lamp') AS lamp, pg_temp.lend('ada', 'paid', '{"kind": "player_api_key"}') AS paid \gset
SELECT is(pg_temp.fall(), CASE (SELECT k.name FROM npcsim.decision_log l JOIN npcsim.compute_sources k ON k.id = l.source_id WHERE l.request_id = :request AND l.status = 'cut_off')
                          WHEN 'lamp' THEN 'player_api paid asked' ELSE 'dormant' END, 'whoever had the question in vain is not asked again, nor who comes before');
UPDATE npcsim.worlds SET built_in_fallback = true;

-- ---- by the operators' hand ----
SELECT npcsim.set_npc_dormant(1, pg_temp.npc('Cy'));
SELECT throws_ok('SELECT npcsim.assign_npc_with_fallback(1, pg_temp.npc(''Cy''))', 'NS302', NULL, 'whom an operator put to sleep an operator wakes');
SELECT matches(pg_temp.hint_of('SELECT npcsim.assign_npc_with_fallback(1, pg_temp.npc(''Cy''))'), 'set_npc_dormant', 'as a hint says');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc('Cy'), false);
SELECT throws_ok(what, code, NULL, what || ' is refused') FROM (VALUES
    ('SELECT npcsim.assign_npc_with_fallback(99, 1)', 'NS101'), ('SELECT npcsim.assign_npc_with_fallback(1, 999999)', 'NS201'), ('SELECT npcsim.assign_npc_with_fallback(NULL, 1)', '22004'),
    ('SELECT npcsim.assign_npc_with_fallback(1, NULL)', '22004'), ('SELECT npcsim.assign_npc_with_fallback(1, 0)', '22003'), ('SELECT npcsim.assign_npc_with_fallback(1, 9223372036854775807)', '22003')) AS bad (what, code);
SELECT is((SELECT step FROM npcsim.fallback_log ORDER BY id DESC LIMIT 1) IS NOT NULL, true, 'and logged is what was done alone');

-- ---- the operators' API ----
-- A colony of its own, whose only player is away.
SELECT npcsim.create_world('Shop', 40, 30, 5, preset => 'reference') AS shop \gset
CREATE FUNCTION pg_temp.shop() RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.worlds WHERE name = 'Shop'$$;
CREATE FUNCTION pg_temp.of_shop(who text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.players WHERE world_id = pg_temp.shop() AND username = who$$;
SELECT npcsim.create_player(:shop, name, role) FROM (VALUES ('hal', 'player'), ('sam', 'player'), ('opal', 'operator')) AS v (name, role);
CREATE FUNCTION pg_temp.lend_in_shop(who text, source text, said jsonb DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    session bigint := (npcsim.client_connected('g1', pg_temp.of_shop(who), pg_temp.shop(), 'compute', source) ->> 'session_id')::bigint;
BEGIN
    PERFORM npcsim.update_player_heartbeat(pg_temp.of_shop(who), jsonb_build_object('source', source, 'max_concurrency', 4) || said);
    RETURN session;
END
$$;
SELECT npcsim.create_npc(:shop, name, x, 5, pg_temp.of_shop('hal')) FROM (VALUES ('Una', 5), ('Vic', 10), ('Wim', 15)) AS v (name, x);
-- Hands out what is open in the shop, and tells to which sources.
CREATE FUNCTION pg_temp.sold() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = pg_temp.shop();
    SELECT string_agg(coalesce(k.name, 'none'), ' ' ORDER BY k.name) INTO told
      FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions WHERE world_id = pg_temp.shop() ORDER BY id), ARRAY(SELECT 4 FROM npcsim.sessions WHERE world_id = pg_temp.shop())) AS c
      JOIN npcsim.sessions s ON s.id = c.session_id LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = pg_temp.shop();
    RETURN told;
END
$$;
CREATE FUNCTION pg_temp.spent() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', coalesce(p.username, 'world'), t.decisions, t.cost), ', ' ORDER BY t.player_id)
      FROM npcsim.server_api_spending t LEFT JOIN npcsim.players p ON p.id = t.player_id WHERE t.world_id = pg_temp.shop()
$$;
CREATE FUNCTION pg_temp.fall_in_shop(who text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', f.step, k.name, nullif(f.cost, 0), CASE WHEN f.request_id IS NOT NULL THEN 'asked' END)
      FROM npcsim.npcs n, npcsim.assign_npc_with_fallback(pg_temp.shop(), n.id) AS f LEFT JOIN npcsim.compute_sources k ON k.id = f.source_id WHERE n.world_id = pg_temp.shop() AND n.name = who
$$;
SELECT pg_temp.lend_in_shop('opal', 'api', '{"kind": "server_api_key"}') AS api \gset
SELECT is(pg_temp.fall_in_shop('Una'), 'built_in', 'nothing is bought before operators say so');
UPDATE npcsim.worlds SET enable_commercial_fallback = true, server_api_cost = 3000, server_api_cap_per_day = 7000 WHERE id = :shop;
SELECT is(pg_temp.fall_in_shop('Una'), 'built_in', 'once');
UPDATE npcsim.worlds SET server_backup_enabled = true, server_api_cap_per_day = 2999 WHERE id = :shop;
SELECT is(pg_temp.fall_in_shop('Una'), 'built_in', 'and again, nor what there is no money for');
SELECT is(pg_temp.why(), 'controller: away; stateless: none; player_api: none; server_api: the day''s cap is reached', 'as the log has');
UPDATE npcsim.worlds SET server_api_cap_per_day = 7000 WHERE id = :shop;
SELECT is(pg_temp.fall_in_shop('Una'), 'server_api api 3000 asked', 'then the operators'' API is asked');
SELECT is(pg_temp.spent(), NULL, 'which costs nothing before the question is handed out');
SELECT is(pg_temp.sold(), 'api', 'to it it goes');
SELECT is(pg_temp.spent(), 'world 1 3000', 'and the world pays');
SELECT results_eq('SELECT step, cost, player_id, request_id IS NOT NULL FROM npcsim.fallback_log ORDER BY id DESC LIMIT 1', $$VALUES ('server_api', 3000::bigint, NULL::bigint, true)$$, 'which is logged');
SELECT is(pg_temp.sold(), NULL, 'once');
SELECT is(pg_temp.fall_in_shop('Vic'), 'server_api api 3000 asked', 'another');
SELECT is(pg_temp.fall_in_shop('Wim'), 'server_api api 3000 asked', 'and a third may be asked, both before either is paid');
SELECT is(pg_temp.sold(), 'api', 'one of them is handed out');
SELECT is(pg_temp.spent(), 'world 2 6000', 'since there is money for one alone');
SELECT is(pg_temp.sold(), NULL, 'however often it is tried');
SET npcsim.market_time = '2027-03-01 12:00:00+00';
SELECT is(pg_temp.sold(), 'api', 'the next day there is money again');
SET npcsim.market_time = '';
-- Somebody whose mind remembers nothing comes before that.
UPDATE npcsim.worlds SET server_api_cap_per_day = 1000000 WHERE id = :shop;
SELECT npcsim.client_disconnected(:api);
SELECT pg_temp.lend_in_shop('opal', 'api', '{"kind": "server_api_key"}') AS api, pg_temp.lend_in_shop('sam', 'sheet', '{"stateless": true}') AS sheet \gset
SELECT is(pg_temp.sold(), 'sheet sheet sheet', 'a source that remembers nothing comes first');
SELECT is((SELECT sum(cost) FROM npcsim.server_api_spending WHERE world_id = :shop), 9000::numeric, 'and is not paid for');

-- ---- backed up ----
SELECT npcsim.client_disconnected(:sheet);
SELECT npcsim.client_disconnected(:api);
DELETE FROM npcsim.npcs WHERE world_id = :shop;
UPDATE npcsim.worlds SET server_api_cap_per_day = 0, hybrid_cap_per_day = 3000, decision_policy = 'none' WHERE id = :shop;
SELECT pg_temp.lend_in_shop('hal', 'home', '{"kind": "hybrid"}') AS home, pg_temp.lend_in_shop('opal', 'api', '{"kind": "server_api_key"}') AS api \gset
SELECT npcsim.create_npc(:shop, 'Xia', 5, 5, pg_temp.of_shop('hal'));
CREATE FUNCTION pg_temp.xia() RETURNS bigint LANGUAGE sql AS $$SELECT request_id FROM npcsim.decision_slots WHERE world_id = pg_temp.shop()$$;
SELECT npcsim.request_npc_decision(:shop, id) IS NOT NULL AS asked FROM npcsim.npcs WHERE world_id = :shop;
SELECT is(pg_temp.sold(), 'home', 'its player''s own mind is asked first');
SELECT npcsim.fail_decisions(ARRAY[pg_temp.of_shop('sam')], ARRAY[pg_temp.xia()], ARRAY['timeout']);
SELECT is((SELECT status FROM npcsim.decision_slots WHERE world_id = :shop), 2::smallint, 'of another nobody tells that it was too slow');
SELECT npcsim.fail_decisions(ARRAY[pg_temp.of_shop('hal')], ARRAY[pg_temp.xia()], ARRAY['timeout']);
SELECT is((SELECT status FROM npcsim.decision_slots WHERE world_id = :shop), 1::smallint, 'what takes it too long is open again');
SELECT is((SELECT string_agg(status, ' ') FROM npcsim.decision_log WHERE world_id = :shop AND request_id = pg_temp.xia()), 'passed_on', 'and was passed on');
SELECT is(pg_temp.sold(), 'api', 'to the operators'' API');
SELECT is((SELECT concat_ws(' ', decisions, cost) FROM npcsim.server_api_spending WHERE world_id = :shop AND player_id = pg_temp.of_shop('hal')), '1 3000', 'at the player''s cost');
SELECT is((SELECT player_id FROM npcsim.fallback_log ORDER BY id DESC LIMIT 1), pg_temp.of_shop('hal'), 'as the log says');
SELECT is(npcsim.submit_npc_decision(pg_temp.of_shop('opal'), jsonb_build_object('request_id', pg_temp.xia(), 'action', 'wait')) ->> 'status', 'applied', 'whose answer is carried out');
SELECT npcsim.tick_world(:shop, 5);
SELECT npcsim.request_npc_decision(:shop, id) IS NOT NULL AS asked FROM npcsim.npcs WHERE world_id = :shop;
SELECT pg_temp.sold();
SELECT npcsim.fail_decisions(ARRAY[pg_temp.of_shop('hal')], ARRAY[pg_temp.xia()], ARRAY['timeout']);
SELECT isnt(pg_temp.sold(), 'api', 'no more than the player may spend a day');
SELECT is((SELECT sum(cost) FROM npcsim.server_api_spending WHERE world_id = :shop AND player_id = pg_temp.of_shop('hal')), 3000::numeric, 'is spent');
SELECT npcsim.replay_world(:shop) AS copy_of_shop \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(%s, %s)', :shop, :copy_of_shop), 'the shop is replayed, too');
SELECT npcsim.drop_world(:copy_of_shop), npcsim.drop_world(:shop);
SELECT is((SELECT count(*) FROM npcsim.fallback_log WHERE world_id = :shop) + (SELECT count(*) FROM npcsim.server_api_spending WHERE world_id = :shop), 0::bigint, 'what a world spent goes with it');

-- ---- replays ----
SELECT npcsim.tick_world(1, 20);
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'the world is sound');
SELECT npcsim.replay_world(1) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'what they lived is replayed');
SELECT is((SELECT count(*) FROM npcsim.fallback_log WHERE world_id = :copy), 0::bigint, 'a replay asks and buys nothing');
SELECT results_eq(format('SELECT enable_commercial_fallback, server_api_cost FROM npcsim.worlds WHERE id = %s', :copy), 'VALUES (false, 0::bigint)', 'nor could it');

-- ---- the log is forgotten, and what was spent much later ----
INSERT INTO npcsim.server_api_spending VALUES (1, CURRENT_DATE - 401, 0, 1, 1), (1, CURRENT_DATE - 398, 0, 1, 1);
UPDATE npcsim.fallback_log SET at_real = now() - interval '33 days' WHERE step = 'dormant';
SELECT npcsim.prune_logs();
SELECT is((SELECT count(*) FROM npcsim.fallback_log WHERE step = 'dormant'), 0::bigint, 'old steps are forgotten');
SELECT cmp_ok((SELECT count(*) FROM npcsim.fallback_log), '>', 5::bigint, 'others are not');
SELECT is((SELECT string_agg((CURRENT_DATE - day)::text, ' ') FROM npcsim.server_api_spending), '398', 'what was spent is kept for 400 days');
SELECT * FROM finish();
