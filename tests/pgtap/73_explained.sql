-- Tests what operators are told of decisions: what waits, who decides for an NPC and why nothing happens, what a player holds.
BEGIN;
SELECT no_plan();
\ir lib/minds.sql
SELECT pg_temp.by_hand('decision_slots', 'player_accounts', 'world_clock', 'npc_minds', 'source_minutes', 'decision_log', 'world_tokens', 'paces');

-- Returns the reasons for which nothing happens to an NPC, in order.
CREATE FUNCTION pg_temp.waits(who text DEFAULT 'Ada', world bigint DEFAULT 1) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(w ->> 'reason' ORDER BY n), '{}')
      FROM jsonb_array_elements(npcsim.explain_npc(world, (SELECT id FROM npcsim.npcs WHERE world_id = world AND name = who)) -> 'waits') WITH ORDINALITY AS e (w, n)
$$;
CREATE FUNCTION pg_temp.who_decides(who text DEFAULT 'Ada') RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', e ->> 'decides', e ->> 'because') FROM npcsim.explain_npc(1, pg_temp.npc(who)) AS e
$$;
CREATE FUNCTION pg_temp.status(who text DEFAULT 'Ada') RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT concat_ws(' ', status, reason, place, failures) FROM npcsim.decision_status WHERE world_id = 1 AND npc_id = pg_temp.npc(who)), 'nothing')
$$;
-- Sends a heartbeat for ada alone.
CREATE OR REPLACE FUNCTION pg_temp.present(slots integer DEFAULT 8) RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.update_player_heartbeat(pg_temp.player(), jsonb_build_object('max_concurrency', slots))
$$;
CREATE FUNCTION pg_temp.run() RETURNS void LANGUAGE sql AS $$UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1$$;
CREATE FUNCTION pg_temp.rest() RETURNS void LANGUAGE sql AS $$UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1$$;

SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'bo');
SELECT pg_temp.make('Ada', 5, 5), pg_temp.make('Eve', 9, 9), npcsim.create_npc(1, 'Nobody', 20, 20);
UPDATE npcsim.npcs SET hunger = 100, hygiene = 100, fun = 100, energy = 100 WHERE world_id = 1;

-- ---- nobody is there ----
SELECT is(pg_temp.waits(), '{paused,not_connected,no_occasion}', 'a paused world whose player is away: both are told, the world first');
SELECT is(pg_temp.who_decides(), 'built_in not_connected', 'the built-in mind decides meanwhile');
SELECT is(pg_temp.who_decides('Nobody'), 'built_in unassigned', 'as it does for who has no player');
SELECT is(pg_temp.waits('Nobody'), '{paused,built_in}', 'which is told');
UPDATE npcsim.npcs SET assigned = true WHERE world_id = 1 AND name = 'Nobody';
SELECT is(pg_temp.who_decides('Nobody'), 'built_in kept', 'or whom an operator keeps with it');
UPDATE npcsim.npcs SET assigned = false WHERE world_id = 1 AND name = 'Nobody';
SELECT is_empty('SELECT * FROM npcsim.decision_status', 'nothing is pending');
SELECT pg_temp.run();
SELECT is(pg_temp.waits(), '{not_connected,no_occasion}', 'of a running world it is not told that it is paused');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT is(pg_temp.waits(), '{silent,no_occasion}', 'connected, but no heartbeat was heard');
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 0}');
SELECT is(pg_temp.waits(), '{no_slots,no_occasion}', 'one that takes nothing');
SELECT pg_temp.present();
SELECT is(pg_temp.waits(), '{no_occasion}', 'there is a mind, and nothing to ask it yet');
SELECT is(pg_temp.who_decides(), 'player assigned', 'an operator gave it to its player');
UPDATE npcsim.npcs SET assigned = false WHERE world_id = 1 AND name = 'Ada';
SELECT is(pg_temp.who_decides(), 'player market', 'or the market did');
UPDATE npcsim.worlds SET allocation = 'manual' WHERE id = 1;
SELECT is(pg_temp.who_decides(), 'player manual', 'or itself, where nobody divides them');
UPDATE npcsim.worlds SET allocation = 'market' WHERE id = 1;
UPDATE npcsim.sessions SET heartbeat_at_real = now() - interval '31 s';
SELECT is(pg_temp.waits(), '{silent,no_occasion}', 'silent for half a minute');
SELECT pg_temp.present();

-- ---- sources ----
SELECT npcsim.pause_compute_source(id, 'tea', 600) FROM npcsim.compute_sources;
SELECT is(pg_temp.waits(), '{source_paused,no_occasion}', 'its only source is paused');
SELECT is((SELECT w ->> 'text' FROM jsonb_array_elements(npcsim.explain_npc(1, pg_temp.npc()) -> 'waits') AS w LIMIT 1), 'no source of its player is active: tea', 'with the reason');
SELECT ok((SELECT (w ->> 'until_real')::timestamptz > now() + interval '9 min' FROM jsonb_array_elements(npcsim.explain_npc(1, pg_temp.npc()) -> 'waits') AS w LIMIT 1), 'and until when');
SELECT is(pg_temp.who_decides(), 'built_in source_paused', 'the built-in mind stands in');
SELECT npcsim.pause_compute_source(id, maintenance => true) FROM npcsim.compute_sources;
SELECT is(pg_temp.waits(), '{source_maintenance,no_occasion}', 'in maintenance');
SELECT npcsim.drain_compute_source(id) FROM npcsim.compute_sources;
SELECT is(pg_temp.waits(), '{source_draining,no_occasion}', 'drained');
UPDATE npcsim.compute_sources SET state = 'suspended', reason = 'x';
SELECT is(pg_temp.waits(), '{source_suspended,no_occasion}', 'suspended');
SELECT npcsim.resume_compute_source(id) FROM npcsim.compute_sources;
SELECT is(pg_temp.waits(), '{no_occasion}', 'and back');

-- ---- budgets ----
UPDATE npcsim.worlds SET max_tokens_per_day = 10 WHERE id = 1;
INSERT INTO npcsim.world_tokens (world_id, daily_token_output, tokens_day) VALUES (1, 10, (now() AT TIME ZONE 'UTC')::date);
SELECT is(pg_temp.waits(), '{world_tokens_spent,no_occasion}', 'the world''s tokens are spent');
UPDATE npcsim.worlds SET max_tokens_per_day = 0, max_tokens_per_player_per_day = 20 WHERE id = 1;
UPDATE npcsim.players SET daily_token_output = 20 WHERE id = pg_temp.player();
SELECT is(pg_temp.waits(), '{player_tokens_spent,no_occasion}', 'the player''s');
UPDATE npcsim.worlds SET max_tokens_per_player_per_day = 0 WHERE id = 1;
SELECT npcsim.declare_compute(pg_temp.player(), 20);
SELECT is(pg_temp.waits(), '{declared_tokens_spent,no_occasion}', 'what it declared');
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'paced', 'its source is idle for that');
SELECT npcsim.declare_compute(pg_temp.player(), 0);
UPDATE npcsim.players SET daily_token_output = 0 WHERE id = pg_temp.player();
UPDATE npcsim.npc_minds SET budget_spent = true WHERE npc_id = pg_temp.npc();
INSERT INTO npcsim.npc_minds (world_id, npc_id, budget_spent) SELECT 1, pg_temp.npc(), true ON CONFLICT (world_id, npc_id) DO UPDATE SET budget_spent = true;
SELECT is(pg_temp.waits(), '{npc_tokens_spent,no_occasion}', 'the NPC''s own');
UPDATE npcsim.npc_minds SET budget_spent = false;

-- ---- pace ----
SELECT npcsim.declare_compute(pg_temp.player(), 864);
UPDATE npcsim.players SET daily_token_output = 860 WHERE id = pg_temp.player();
INSERT INTO npcsim.paces (kind, id, saved, as_of) VALUES ('player', pg_temp.player(), -40000, (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
SELECT is(pg_temp.waits(), '{paced,no_occasion}', 'tokens that are to last the day');
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'paced', 'its source is idle for that, too');
SELECT npcsim.declare_compute(pg_temp.player(), 0);
DELETE FROM npcsim.paces;
UPDATE npcsim.players SET daily_token_output = 0 WHERE id = pg_temp.player();
UPDATE npcsim.compute_sources SET decisions_per_second = 1;
INSERT INTO npcsim.paces (kind, id, saved, as_of) SELECT 'source', id, 0, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM npcsim.compute_sources;
SELECT is(pg_temp.waits(), '{rate_limited,no_occasion}', 'a source that was asked as often as it may be');
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'rate_limited', 'which is idle for that');
UPDATE npcsim.compute_sources SET decisions_per_second = 0;
DELETE FROM npcsim.paces;
SELECT is(pg_temp.waits(), '{no_occasion}', 'and asked again');

-- ---- the player ----
UPDATE npcsim.players SET status = 'banned' WHERE id = pg_temp.player();
SELECT is((pg_temp.waits())[1], 'banned', 'its player is banned');
UPDATE npcsim.players SET status = 'active' WHERE id = pg_temp.player();
SELECT npcsim.ban_player_temporarily(pg_temp.player(), '1 hour', 'noise') IS NOT NULL AS suspended;
SELECT is((pg_temp.waits())[1], 'suspended', 'or suspended');
SELECT is((SELECT w ->> 'text' FROM jsonb_array_elements(npcsim.explain_npc(1, pg_temp.npc()) -> 'waits') AS w LIMIT 1), 'its player is suspended: noise', 'with the reason');
SELECT npcsim.ban_player_temporarily(pg_temp.player(), '0');
DELETE FROM npcsim.sessions;
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
SELECT is(pg_temp.waits(), '{no_occasion}', 'all is well again');

-- ---- policy, sleep ----
SELECT npcsim.set_decision_policy(1, 'none');
SELECT is(pg_temp.waits(), '{no_policy}', 'where minds are asked by hand alone');
SELECT is(pg_temp.who_decides(), 'nobody no_policy', 'nobody decides');
SELECT npcsim.set_decision_policy(1, 'occasions');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc());
SELECT is(pg_temp.waits(), '{dormant}', 'who sleeps is not asked');
SELECT is(pg_temp.who_decides(), 'nobody dormant', 'nor decided for');
SELECT is(pg_temp.status(), 'dormant 0', 'it is pending');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc(), false);
SELECT is(pg_temp.status(), 'nothing', 'until it is awake');
SELECT pg_temp.rest();

-- ---- a question: open, sent, failed ----
SELECT npcsim.request_npc_decision(1, pg_temp.npc()) AS asked, npcsim.request_npc_decision(1, pg_temp.npc('Eve')) AS other \gset
UPDATE npcsim.decision_slots SET opened_at_real = clock_timestamp() - interval '10 s' WHERE npc_id = pg_temp.npc();
SELECT is(pg_temp.status(), 'open requested 1 0', 'an open question has its place');
SELECT is(pg_temp.status('Eve'), 'open requested 2 0', 'each its own');
SELECT is((SELECT array_agg(npc_id ORDER BY place) FROM npcsim.decision_status WHERE world_id = 1 AND status = 'open'),
          (SELECT array_agg(npc_id ORDER BY place) FROM npcsim.get_pending_decisions(1)), 'in the order of handing out');
SELECT ok((SELECT age BETWEEN 10 AND 15 FROM npcsim.decision_status WHERE npc_id = pg_temp.npc()), 'its age is real seconds');
SELECT is((SELECT expected FROM npcsim.decision_status WHERE npc_id = pg_temp.npc()), NULL, 'how long it takes is not known yet');
SELECT pg_temp.run();
SELECT is(pg_temp.waits(), '{waits_for_slot}', 'it waits for a slot');
SELECT pg_temp.rest();
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 1, "average_decision_time_ms": 3000}');
SELECT is((SELECT array_agg(expected ORDER BY place) FROM npcsim.decision_status WHERE status = 'open'), '{3,6}', 'by what its player says, one after the other');
INSERT INTO npcsim.source_minutes (part, world_id, player_id, source_id, minute, decision_times)
SELECT (floor(extract(epoch FROM now()) / 21600)::bigint % 8)::smallint, 1, pg_temp.player(), 0, date_trunc('minute', now()), array_fill(0::bigint, ARRAY[14]) || 10::bigint;
SELECT is((SELECT array_agg(round(expected::numeric, 2) ORDER BY place) FROM npcsim.decision_status WHERE status = 'open'), '{1.09,2.18}', 'or, once it answered, by what answers took');
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 8, "average_decision_time_ms": 3000}');
SELECT pg_temp.send();
SELECT is((SELECT count(*) FROM npcsim.decision_status WHERE status = 'sent'), 2::bigint, 'both are handed out');
SELECT is(pg_temp.status(), 'sent requested 0', 'one that is sent has no place');
SELECT is((SELECT source_id FROM npcsim.decision_status WHERE npc_id = pg_temp.npc()), (SELECT id FROM npcsim.compute_sources), 'but a source');
SELECT is((pg_temp.waits())[2], 'thinking', 'its mind thinks');
SELECT is(npcsim.explain_npc(1, pg_temp.npc()) #>> '{pending,request_id}', pg_temp.request()::text, 'about this question');
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), NULL, 'so its source is not idle');
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], ARRAY['out of memory']);
SELECT is(pg_temp.status(), 'backing_off 1', 'it failed, and is left alone');
SELECT is((SELECT last_error FROM npcsim.decision_status WHERE npc_id = pg_temp.npc()), 'out of memory', 'the error is told');
SELECT is((SELECT expected FROM npcsim.decision_status WHERE npc_id = pg_temp.npc()), 3::double precision, 'and for how long it is left alone');
SELECT is((pg_temp.waits())[2], 'backing_off', 'that is why it is not asked');
SELECT is((SELECT (w ->> 'until_clock')::double precision FROM jsonb_array_elements(npcsim.explain_npc(1, pg_temp.npc()) -> 'waits') AS w WHERE w ->> 'reason' = 'backing_off'),
          (SELECT asked_not_before / 1e6::double precision FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc()), 'and until when');
SELECT npcsim.request_npc_decision(1, pg_temp.npc()) AS asked \gset
SELECT is((SELECT concat_ws(' ', status, failures, last_error) FROM npcsim.decision_status WHERE npc_id = pg_temp.npc()), 'open 1 out of memory', 'when it is asked anew its last error is told still');
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 8}');
SELECT pg_temp.send();
SELECT is((SELECT s -> 'in_flight' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), '2', 'questions under way are counted');
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions;
SELECT is((SELECT concat_ws(' ', status, last_error) FROM npcsim.decision_status WHERE npc_id = pg_temp.npc('Eve')), 'open cut_off', 'one that was taken back tells so');
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'not_connected', 'its source is not connected');
SELECT is(npcsim.explain_npc(1, pg_temp.npc('Eve')) -> 'player' -> 'connected', 'false', 'nor its player');
SELECT is((SELECT status FROM npcsim.decision_status WHERE npc_id = pg_temp.npc('Eve') AND expected IS NULL), 'open', 'nobody knows when somebody answers');

-- ---- what it does ----
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
SELECT pg_temp.tell('Eve', '{"action": "wait", "duration": 100, "then": [{"action": "wander"}]}');
SELECT is((SELECT w ->> 'text' FROM jsonb_array_elements(npcsim.explain_npc(1, pg_temp.npc('Eve')) -> 'waits') AS w WHERE w ->> 'reason' = 'no_occasion'),
          'nothing calls for its mind: it is waiting, and has a plan of 1 more', 'who waits is not asked');
SELECT is((npcsim.explain_npc(1, pg_temp.npc('Eve')) #>> '{doing,ends}')::double precision, pg_temp.now() / 1e6::double precision + 100, 'and ends that at a known moment');

-- ---- what a player holds ----
SELECT npcsim.declare_compute(pg_temp.player(), 7000);
SELECT is(npcsim.explain_assignment(pg_temp.player()) - '{sources,tokens,warned_until,suspended_until,suspension_reason,reliability}'::text[],
          (SELECT jsonb_build_object('player_id', pg_temp.player(), 'world_id', 1, 'username', 'ada', 'status', 'active', 'allocation', 'market', 'connected', true, 'tier', a.tier,
                                     'demand', a.demand, 'proof', a.proof, 'weight', a.weight, 'entitlement', a.entitlement, 'because', a.reason, 'held', a.held, 'by_hand', a.assigned)
             FROM npcsim.calculate_player_npc_allocation(pg_temp.player(), 1) a), 'what the market says is told');
SELECT is(npcsim.explain_assignment(pg_temp.player()) ->> 'held', '2', 'what it holds');
SELECT is(npcsim.explain_assignment(pg_temp.player()) ->> 'by_hand', '1', 'and of that by an operator''s hand');
SELECT is(npcsim.explain_assignment(pg_temp.player('bo')) -> 'sources', '[]', 'who never lent has no source');
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'no_demand', 'a source that waits for questions');
SELECT npcsim.pause_compute_source(id) FROM npcsim.compute_sources;
SELECT is((SELECT concat_ws(' ', s ->> 'state', s ->> 'idle') FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'paused paused', 'one that is paused');
SELECT npcsim.drain_compute_source(id) FROM npcsim.compute_sources;
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'draining', 'one that is drained');
SELECT npcsim.pause_compute_source(id, maintenance => true) FROM npcsim.compute_sources;
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'in_maintenance', 'in maintenance');
UPDATE npcsim.compute_sources SET state = 'suspended';
SELECT is((SELECT s ->> 'idle' FROM jsonb_array_elements(npcsim.explain_assignment(pg_temp.player()) -> 'sources') AS s), 'suspended', 'suspended');
SELECT npcsim.resume_compute_source(id) FROM npcsim.compute_sources;

-- ---- the pool ----
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions;
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute') IS NOT NULL AS connected;
SELECT npcsim.update_player_heartbeat(pg_temp.player('bo'), '{"max_concurrency": 2, "stateless": true}');
SELECT npcsim.tick_world(1, 4);
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Nobody')) AS asked \gset
SELECT is(pg_temp.who_decides('Nobody'), 'pool unassigned', 'for who has no player the pool is asked');
SELECT ok(NOT 'built_in' = ANY (pg_temp.waits('Nobody')) AND 'waits_for_slot' = ANY (pg_temp.waits('Nobody')), 'and a slot of it waited for');
SELECT pg_temp.send();
SELECT matches(pg_temp.status('Nobody'), '^sent .* 0$', 'until it is sent');

-- ---- a parked world ----
UPDATE npcsim.world_clock SET home = 'elsewhere' WHERE world_id = 1;
SELECT is((pg_temp.waits())[1], 'parked', 'a world that was restored and not adopted');
UPDATE npcsim.world_clock SET home = npcsim_internal.world_home() WHERE world_id = 1;

-- ---- refusals ----
SELECT throws_ok('SELECT npcsim.explain_npc(99, 1)', 'NS101', NULL, 'no such world');
SELECT throws_ok('SELECT npcsim.explain_npc(1, 99999)', 'NS201', NULL, 'no such NPC');
SELECT throws_ok('SELECT npcsim.explain_npc(1, NULL)', '22004', NULL, 'no NPC');
SELECT throws_ok('SELECT npcsim.explain_npc(1, 9223372036854775807)', '22003', NULL, 'an id that none can be');
SELECT throws_ok('SELECT npcsim.explain_assignment(99999)', 'NS203', NULL, 'no such player');
SELECT throws_ok('SELECT npcsim.explain_assignment(-1)', '22003', NULL, 'an id that none can be');
SELECT throws_ok('SELECT npcsim.explain_assignment(NULL)', '22004', NULL, 'no player');

SELECT * FROM finish();
ROLLBACK;
