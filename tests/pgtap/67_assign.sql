-- Tests which source would get which question, as operators are shown it, and that a claim then does the same.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT plan(35);
\ir lib/minds.sql
SELECT pg_temp.by_hand('player_accounts');

SELECT npcsim.create_world('Shares', 40, 30, 9, preset => 'reference');
SELECT npcsim.create_player(1, who) FROM unnest('{ada,bo,cy,dee}'::text[]) AS who;
UPDATE npcsim.worlds SET allocation = 'manual' WHERE id = 1;
SELECT npcsim.register_gateway('g1');
CREATE FUNCTION pg_temp.beat(who text, slots integer, stateless boolean DEFAULT false) RETURNS void
LANGUAGE sql AS $$SELECT npcsim.update_player_heartbeat(pg_temp.player(who), jsonb_build_object('max_concurrency', slots, 'stateless', stateless))$$;
CREATE FUNCTION pg_temp.source(who text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.compute_sources WHERE player_id = pg_temp.player(who)$$;
CREATE FUNCTION pg_temp.best(who text) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', b.reason, p.username, (SELECT 'connected' FROM npcsim.sessions s WHERE s.id = b.session_id AND s.source_id = b.source_id))
      FROM npcsim.select_optimal_mcp_server(1, pg_temp.npc(who)) AS b LEFT JOIN npcsim.players p ON p.id = b.player_id
$$;
-- The rows of a function, in few words.
CREATE FUNCTION pg_temp.shown(source_id bigint, player_id bigint, free integer, npc_ids bigint[]) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', coalesce((SELECT username || CASE WHEN pg_temp.source(username) = source_id THEN '' ELSE '?' END FROM npcsim.players p WHERE p.id = player_id), 'waiting'), free,
                     (SELECT string_agg(n.name, ',' ORDER BY i.o) FROM unnest(npc_ids) WITH ORDINALITY AS i(id, o) JOIN npcsim.npcs n ON n.world_id = 1 AND n.id = i.id))
$$;
CREATE FUNCTION pg_temp.assigned() RETURNS text
LANGUAGE sql AS $$SELECT coalesce(string_agg(pg_temp.shown(source_id, player_id, free_slots, npc_ids), '; '), 'nothing') FROM npcsim.assign_npc_decisions(1)$$;
CREATE FUNCTION pg_temp.run(running boolean) RETURNS void
LANGUAGE sql AS $$UPDATE npcsim.world_clock SET status = CASE WHEN running THEN 'running' ELSE 'paused' END WHERE world_id = 1$$;
CREATE FUNCTION pg_temp.claimed(slots integer DEFAULT 8) RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(string_agg(p.username || ': ' || n.name, ', ' ORDER BY n.name), 'nothing')
      FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions WHERE NOT ended ORDER BY id), ARRAY(SELECT slots FROM npcsim.sessions WHERE NOT ended)) c
      JOIN npcsim.players p ON p.id = c.player_id JOIN npcsim.npcs n ON n.world_id = 1 AND n.id = c.npc_id
$$;

SELECT pg_temp.make('N' || n, 3 * n, 5) FROM generate_series(1, 6) AS n;
SELECT npcsim.create_npc(1, 'Stray', 20, 20);
SELECT is(pg_temp.best('N1'), 'nobody', 'where nobody is nobody is asked');
SELECT is(pg_temp.assigned(), 'nothing', 'nor is there anything to be asked');
SELECT is((SELECT count(*) FROM npcsim.process_npc_decision_batch(1)), 0::bigint, 'or to be fetched');
SELECT npcsim.client_connected('g1', pg_temp.player('ada'), 1, 'compute'), pg_temp.beat('ada', 4);
SELECT is(pg_temp.best('N1'), 'controller ada connected', 'the source of its player comes first');
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute'), pg_temp.beat('bo', 2, true);
SELECT is(pg_temp.best('N1'), 'controller ada connected', 'also where there is a pool');
SELECT is(pg_temp.best('Stray'), 'nobody', 'which is not there for NPCs without a player where operators say who decides');
UPDATE npcsim.worlds SET allocation = 'market' WHERE id = 1;
SELECT is(pg_temp.best('Stray'), 'pool bo connected', 'but where the market does');
SELECT pg_temp.beat('ada', 4);

SELECT npcsim.request_npc_decision(1, pg_temp.npc('N' || n)) FROM generate_series(1, 6) AS n;
SELECT is(pg_temp.assigned(), 'waiting N1,N2,N3,N4,N5,N6', 'in a world that stands everything waits');
SELECT is((SELECT count(*) FROM npcsim.process_npc_decision_batch(1)), 0::bigint, 'and nothing is fetched');
SELECT pg_temp.run(true);
SELECT is(pg_temp.assigned(), 'ada 4 N1,N2,N3,N4; waiting N5,N6', 'a source gets no more than it has slots, in the order of handing out');
SELECT is((SELECT string_agg(pg_temp.shown(source_id, player_id, free_slots, npc_ids), '; ') FROM npcsim.process_npc_decision_batch(1, 3)), 'ada 4 N1,N2,N3', 'of a batch the first ones are shown');
SELECT is(pg_temp.claimed(), 'ada: N1, ada: N2, ada: N3, ada: N4', 'a claim does the same, though the gateway says it has more room');
SELECT is(pg_temp.best('N5'), 'busy', 'who has no slot left is busy');
SELECT is(pg_temp.assigned(), 'waiting N5,N6', 'and the rest waits');

-- ---- the player vanishes ----
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('ada');
SELECT is(pg_temp.best('N1'), 'pool bo connected', 'what was asked of it goes to the pool');
SELECT is(pg_temp.assigned(), 'bo 2 N1,N2; waiting N3,N4,N5,N6', 'as much as that takes');
SELECT is(pg_temp.claimed(), 'bo: N1, bo: N2', 'as a claim does');
SELECT is(pg_temp.best('N3'), 'busy', 'then that is busy, too');
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('bo');
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute'), pg_temp.beat('bo', 2, true);
SELECT is(pg_temp.best('N1'), 'tried', 'who lost a question does not get it again');
SELECT is(pg_temp.best('N3'), 'pool bo connected', 'but another');
SELECT is(pg_temp.assigned(), 'bo 2 N3,N4; waiting N1,N2,N5,N6', 'nor is it shown so');

-- ---- who was charged least for what it can serve ----
SELECT npcsim.client_connected('g1', pg_temp.player('cy'), 1, 'compute'), pg_temp.beat('cy', 2, true);
SELECT npcsim.client_connected('g1', pg_temp.player('dee'), 1, 'compute'), pg_temp.beat('dee', 1, true);
SELECT is(pg_temp.best('N3'), 'pool cy connected', 'bo was charged for questions that it did not answer, the others for nothing: the first of them is next');
SELECT is((SELECT sum(cardinality(request_ids)) FROM npcsim.assign_npc_decisions(1) WHERE source_id IS NOT NULL), 5::bigint, 'all slots are used');
SELECT is((SELECT count(*) FROM npcsim.assign_npc_decisions(1) WHERE source_id IS NOT NULL AND cardinality(request_ids) > free_slots), 0::bigint, 'and no more');
SELECT is((SELECT array_agg(r ORDER BY r) FROM npcsim.assign_npc_decisions(1), unnest(request_ids) AS r), (SELECT array_agg(request_id ORDER BY request_id) FROM npcsim.decision_requests WHERE world_id = 1 AND status = 'open'), 'each question is in one row');
UPDATE npcsim.compute_sources SET p95_ms = 60000, measured_at_real = now() WHERE player_id = pg_temp.player('cy');
SELECT is(pg_temp.best('N3'), 'pool dee connected', 'who answers after a minute is not asked about NPCs of others');
UPDATE npcsim.compute_sources SET measured_at_real = now() - interval '61 minutes' WHERE player_id = pg_temp.player('cy');
SELECT is(pg_temp.best('N3'), 'pool cy connected', 'an hour later nobody knows');
SELECT npcsim.pause_compute_source(pg_temp.source('cy'));
SELECT is(pg_temp.best('N3'), 'pool dee connected', 'nor who has paused its source');
SELECT npcsim.declare_compute(pg_temp.player('dee'), 1);
UPDATE npcsim.player_accounts SET daily_token_output = 1, tokens_day = (now() AT TIME ZONE 'UTC')::date WHERE id = pg_temp.player('dee');
SELECT is(pg_temp.best('N3'), 'pool bo connected', 'nor who has spent its tokens');
SELECT is(pg_temp.claimed(1), 'bo: N3', 'a claim agrees');

-- ---- what cannot be ----
SELECT throws_ok('SELECT npcsim.select_optimal_mcp_server(1, 999)', 'NS201', NULL, 'an NPC must exist');
SELECT throws_ok('SELECT npcsim.assign_npc_decisions(999)', 'NS101', NULL, 'and a world');
SELECT throws_ok('SELECT npcsim.process_npc_decision_batch(1, 0)', '22003', NULL, 'a batch has one question at least');
SELECT throws_ok('SELECT npcsim.process_npc_decision_batch(1, NULL)', '22004', NULL, 'and a size');
SELECT throws_ok('SELECT npcsim.process_npc_decision_batch(NULL)', '22004', NULL, 'of a world');
SELECT * FROM finish();
