-- Tests the market: who is entitled to how many NPCs, and which change hands.
-- Every statement is a transaction of its own.
SET client_min_messages = warning;
SELECT no_plan();

\ir lib/minds.sql
SELECT pg_temp.by_hand('player_accounts', 'player_proofs');
SELECT npcsim.create_world('Meadow', 60, 60, 5);
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_npc(1, 'N' || n, 5 * n, 5) FROM generate_series(1, 6) AS n;
SELECT npcsim.register_gateway('g1');
-- Makes players who have declared so much, and lend.
CREATE FUNCTION pg_temp.join(who text, declared bigint, heartbeat jsonb DEFAULT '{}', person bigint DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    player bigint;
BEGIN
    SELECT player_id INTO player FROM npcsim.create_player(1, who);
    UPDATE npcsim.player_accounts SET person_id = person WHERE id = player;
    PERFORM npcsim.declare_compute(player, declared), npcsim.client_connected('g1', player, 1, 'compute', 'main');
    PERFORM npcsim.update_player_heartbeat(player, '{"source": "main", "max_concurrency": 8}' || heartbeat);
    -- the tests' time is another
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour' WHERE player_id = player;
    RETURN player;
END
$$;
CREATE FUNCTION pg_temp.leave(who text) RETURNS void LANGUAGE sql AS $$SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player(who)$$;
CREATE FUNCTION pg_temp.held() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s', p.username, p.controlled_npc_count), ', ' ORDER BY p.id) FROM npcsim.players p WHERE p.world_id = 1
$$;
CREATE FUNCTION pg_temp.claim(who text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', c.entitlement, c.demand, c.proof, c.weight, c.held, c.assigned, round(c.reliability::numeric, 3), c.tier, c.reason)
      FROM npcsim.calculate_player_npc_allocation(pg_temp.player(who), 1) AS c
$$;
CREATE FUNCTION pg_temp.inputs() RETURNS bigint LANGUAGE sql AS $$SELECT count(*) FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'controllers'$$;
CREATE FUNCTION pg_temp.pass(moment interval) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('npcsim.market_time', (now() + moment)::text, false)
$$;

-- ---- nobody ----
SELECT npcsim.create_player(1, 'zoe') IS NOT NULL AS made;
SELECT is(pg_temp.claim('zoe'), '0 0 0 1 0 0 0.666 Observer nothing declared', 'who declares nothing is entitled to nothing');
SELECT is(npcsim.rebalance_compute_allocation(1), 0, 'and is given nothing');
SELECT is(pg_temp.inputs(), 0::bigint, 'which is no input');
SELECT revision AS revision FROM npcsim.worlds WHERE id = 1 \gset
SELECT npcsim.rebalance_compute_allocation(1), npcsim.redistribute_npcs_by_contribution(1), npcsim_internal.rebalance_world(1), npcsim.request_npc_assignment(pg_temp.player('zoe'));
SELECT is((SELECT revision FROM npcsim.worlds WHERE id = 1), :revision::bigint, 'nor any change');

-- ---- shares ----
SELECT pg_temp.join('ada', 8400) IS NOT NULL AS joined;
SELECT is(pg_temp.claim('ada'), '2 9 2 1 0 0 0.666 Casual proof', 'who has shown nothing yet begins with two NPCs, however much it declares');
SELECT is(npcsim.request_npc_assignment(pg_temp.player('ada')), 2, 'it has them when it asks');
SELECT is(pg_temp.held(), 'zoe 0, ada 2', 'and nobody else has');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE controller_player_id = pg_temp.player('ada') AND NOT assigned AND controller_since = 0), 2::bigint, 'the market has given them');
SELECT is(npcsim.rebalance_compute_allocation(1), 0, 'that is all');
SELECT pg_temp.join('bo', 8400), pg_temp.join('cy', 1000);
SELECT is(pg_temp.claim('cy'), '2 5 2 1 0 0 0.666 Casual proof', 'the tier has its least demand');
SELECT is(npcsim.rebalance_compute_allocation(1), 4, 'who comes gets what nobody has');
SELECT is(pg_temp.held(), 'zoe 0, ada 2, bo 2, cy 2', 'and takes nothing from others');
SELECT is(pg_temp.inputs(), 2::bigint, 'all by one input each time');

-- ---- there is not enough for everybody ----
SELECT pg_temp.join('di', 8400) IS NOT NULL AS joined;
SELECT is((SELECT string_agg(pg_temp.claim(username), ', ' ORDER BY id) FROM npcsim.players WHERE username IN ('ada', 'cy', 'di')),
          '2 9 2 1 2 0 0.666 Casual proof, 1 5 2 1 2 0 0.666 Casual divided, 1 9 2 1 0 0 0.666 Casual divided', 'NPCs are divided evenly, parts of one by id');
SELECT is(npcsim.rebalance_compute_allocation(1), 0, 'what came to its player less than min_tenure ago stays with it');
CREATE PROCEDURE pg_temp.live(seconds integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR step IN 1 .. seconds / 60 LOOP
        PERFORM npcsim.tick_world(1, 60);
        COMMIT;
    END LOOP;
END
$$;
CALL pg_temp.live(540);
SELECT is(npcsim.rebalance_compute_allocation(1), 0, 'for nine minutes');
CALL pg_temp.live(60);
SELECT is(npcsim.rebalance_compute_allocation(1), 1, 'after ten minutes one NPC changes hands');
SELECT is(pg_temp.held(), 'zoe 0, ada 2, bo 2, cy 1, di 1', 'and everybody holds its share');
SELECT is(npcsim.rebalance_compute_allocation(1), 0, 'that is all');
UPDATE npcsim.worlds SET owner_player_id = pg_temp.player('di'), min_tenure = 86400 WHERE id = 1;
SELECT is(pg_temp.claim('di'), '2 9 2 1.2 1 0 0.666 Casual proof', 'the owner of the world weighs more');
SELECT is(npcsim.rebalance_compute_allocation(1), 0, 'an operator may wait until it is time');
SELECT is(npcsim.redistribute_npcs_by_contribution(1), 1, 'or not');
SELECT is(pg_temp.held(), 'zoe 0, ada 2, bo 1, cy 1, di 2', 'and it is so');
UPDATE npcsim.worlds SET owner_player_id = NULL, min_tenure = 0 WHERE id = 1;
SELECT is(npcsim.rebalance_compute_allocation(1), 1, 'with no tenure NPCs move at once');

-- ---- what an operator assigns ----
SELECT npcsim.assign_npc_to_player(1, id, pg_temp.player('di')) FROM npcsim.npcs WHERE controller_player_id <> pg_temp.player('di') ORDER BY id LIMIT 3;
SELECT is(pg_temp.claim('di'), '3 9 2 1 4 3 0.666 Casual assigned', 'what is assigned counts as held, however much a player may have');
SELECT is(npcsim.rebalance_compute_allocation(1), 1, 'the market takes what it gave, for the others to have the rest');
SELECT is((SELECT string_agg(format('%s %s', username, controlled_npc_count), ', ' ORDER BY id) FROM npcsim.players WHERE controlled_npc_count > 0), 'ada 1, bo 1, cy 1, di 3', 'which is divided among these');
UPDATE npcsim.npcs SET assigned = true WHERE id = (SELECT min(id) FROM npcsim.npcs WHERE NOT assigned);
SELECT npcsim.redistribute_npcs_by_contribution(1);
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE assigned AND controller_player_id = pg_temp.player('di')), 3::bigint, 'none that is assigned moves');
SELECT npcsim.assign_npc_to_player(1, id, NULL) FROM npcsim.npcs WHERE controller_player_id = pg_temp.player('di');
UPDATE npcsim.npcs SET assigned = true WHERE controller_player_id IS NULL AND id = (SELECT max(id) FROM npcsim.npcs WHERE controller_player_id IS NULL);
UPDATE npcsim.npcs SET assigned = false WHERE controller_player_id IS NOT NULL;
SELECT is(npcsim.rebalance_compute_allocation(1), 2, 'an NPC that is kept for the built-in mind goes to nobody');
SELECT is((SELECT string_agg(controlled_npc_count::text, ' ' ORDER BY id) FROM npcsim.players WHERE username <> 'zoe'), '2 1 1 1', 'and is not divided');
UPDATE npcsim.npcs SET assigned = false WHERE assigned;
SELECT is(npcsim.rebalance_compute_allocation(1), 1, 'until it is given over to the market');

-- ---- who is away ----
SELECT pg_temp.leave('ada');
SELECT is(pg_temp.claim('ada'), '2 9 2 1 2 0 0.666 Casual away', 'who goes away keeps what it has');
SELECT pg_temp.pass('20 seconds');
SELECT is(npcsim.redistribute_npcs_by_contribution(1), 0, 'a blip moves nothing');
SELECT pg_temp.pass('280 seconds');
SELECT is(npcsim.redistribute_npcs_by_contribution(1), 0, 'nor do nearly five minutes');
SELECT npcsim.assign_npc_to_player(1, min(id), NULL) FROM npcsim.npcs WHERE controller_player_id = pg_temp.player('ada');
SELECT is(npcsim.rebalance_compute_allocation(1), 1, 'an NPC that nobody has');
SELECT is((SELECT controlled_npc_count FROM npcsim.players WHERE username = 'ada'), 1::bigint, 'does not come to who is away');
SELECT pg_temp.pass('310 seconds');
SELECT is(pg_temp.claim('ada'), '0 0 0 1 1 0 0.666 Casual gone', 'after five minutes it is gone');
UPDATE npcsim.worlds SET min_tenure = 86400 WHERE id = 1;
SELECT is(npcsim.rebalance_compute_allocation(1), 1, 'and its NPC goes on with another, however short it was there');
SELECT is(pg_temp.held(), 'zoe 0, ada 0, bo 2, cy 2, di 2', 'who lacks it');
UPDATE npcsim.worlds SET min_tenure = 0 WHERE id = 1;
-- an announced pause
SET npcsim.market_time = '';
SELECT npcsim.pause_compute_source(id) FROM npcsim.compute_sources WHERE player_id = pg_temp.player('bo');
SELECT pg_temp.pass('3500 seconds');
SELECT is(pg_temp.claim('bo'), '2 9 2 1 2 0 0.666 Casual away', 'who has said that it pauses');
SELECT is(npcsim.redistribute_npcs_by_contribution(1), 0, 'keeps what it has for nearly an hour');
SELECT pg_temp.pass('3700 seconds');
SELECT is(pg_temp.claim('bo'), '0 0 0 1 2 0 0.666 Casual gone', 'after an hour it is gone, even if it gives signs of life');
SELECT is(npcsim.redistribute_npcs_by_contribution(1), 2, 'then others may have it');
SELECT is(pg_temp.held(), 'zoe 0, ada 0, bo 0, cy 2, di 2', 'who have all that they have shown they can serve: the built-in mind has the rest');
SET npcsim.market_time = '';
SELECT npcsim.resume_compute_source(id) FROM npcsim.compute_sources WHERE player_id = pg_temp.player('bo');
SELECT is(npcsim.request_npc_assignment(pg_temp.player('bo')), 2, 'who resumes has its share when it asks');
SELECT npcsim.ban_player_temporarily(pg_temp.player('bo'), '1 hour', 'to see');
SELECT is(pg_temp.claim('bo'), '0 0 0 1 2 0 0.666 Casual suspended', 'who is suspended is gone at once');
SELECT is(npcsim.rebalance_compute_allocation(1), 2, 'with all that the market gave');
SELECT is(npcsim.ban_player_temporarily(pg_temp.player('bo'), '0'), NULL, 'until it is over');
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute', 'main') IS NOT NULL AS back;
SELECT npcsim.update_player_heartbeat(pg_temp.player('bo'), '{"source": "main", "max_concurrency": 8}');
SELECT is(npcsim.request_npc_assignment(pg_temp.player('bo')), 2, 'and it has its share when it lends again');
UPDATE npcsim.players SET status = 'banned' WHERE username = 'bo';
SELECT is(pg_temp.claim('bo'), '0 0 0 1 2 0 0.666 Casual banned', 'who is banned is gone at once');
SELECT is(npcsim.rebalance_compute_allocation(1), 2, 'with all that the market gave');
UPDATE npcsim.players SET status = 'active' WHERE username = 'bo';
-- who takes no questions
SELECT npcsim.update_player_heartbeat(pg_temp.player('cy'), '{"source": "main", "max_concurrency": 0}');
SELECT is(pg_temp.claim('cy'), '2 5 2 1 2 0 0.666 Casual away', 'who takes no question is away');
SELECT pg_temp.pass('310 seconds');
SELECT npcsim.update_player_heartbeat(pg_temp.player('cy'), '{"source": "main", "max_concurrency": 0}');
SELECT is(pg_temp.claim('cy'), '0 0 0 1 2 0 0.666 Casual gone', 'and then gone, whatever signs of life it gives');
SET npcsim.market_time = '';
SELECT npcsim.rebalance_compute_allocation(1);

-- ---- too little compute ----
-- Two players of two NPCs each, who offer 5594 (di) and 666 (cy) tokens a day.
SELECT npcsim.update_player_heartbeat(pg_temp.player('cy'), '{"source": "main", "max_concurrency": 8}');
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
UPDATE npcsim.players SET declared_tokens_per_day = 0 WHERE username IN ('ada', 'bo');
SELECT npcsim.redistribute_npcs_by_contribution(1);
SELECT is(pg_temp.held(), 'zoe 0, ada 0, bo 0, cy 2, di 2', 'two players have what they can serve');
SELECT is(npcsim.handle_insufficient_compute(1), 'sufficient', 'no NPC needs anything');
UPDATE npcsim.worlds SET min_tokens_per_npc_per_day = 1565 WHERE id = 1;
SELECT is(npcsim.handle_insufficient_compute(1), 'sufficient', 'they offer 6260 tokens, which is enough for four NPCs of 1565');
UPDATE npcsim.worlds SET min_tokens_per_npc_per_day = 1600, on_insufficient_compute = 'alert' WHERE id = 1;
SELECT is(npcsim.handle_insufficient_compute(1), 'alert', 'and not for four of 1600');
SELECT is(pg_temp.held(), 'zoe 0, ada 0, bo 0, cy 2, di 2', 'which is told, and nothing else');
UPDATE npcsim.worlds SET min_tokens_per_npc_per_day = 2500, on_insufficient_compute = 'warn_then_remove' WHERE id = 1;
SELECT is(npcsim.handle_insufficient_compute(1), 'warned', 'a player can be warned');
SELECT results_eq('SELECT username FROM npcsim.player_accounts WHERE warned_at_real IS NOT NULL', $$VALUES ('cy')$$, 'who offers too little for what it has');
SELECT cmp_ok((npcsim.update_player_heartbeat(pg_temp.player('cy'), '{"source": "main", "max_concurrency": 8}') ->> 'warned_until')::timestamptz, '>', now() + interval '59 minutes', 'and is told');
SELECT is(npcsim.update_player_heartbeat(pg_temp.player('di'), '{"source": "main", "max_concurrency": 8}') ->> 'warned_until', NULL, 'as others are not');
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '3 hours';
SELECT pg_temp.pass('50 minutes');
SELECT is(npcsim.handle_insufficient_compute(1), 'warned', 'for an hour');
SELECT is(pg_temp.held(), 'zoe 0, ada 0, bo 0, cy 2, di 2', 'it keeps what it has');
SELECT pg_temp.pass('61 minutes');
SELECT is(npcsim.handle_insufficient_compute(1), 'removed', 'then it has no more than its offer is enough for');
SELECT is(pg_temp.held(), 'zoe 0, ada 0, bo 0, cy 0, di 2', 'which is none');
SELECT is(npcsim.handle_insufficient_compute(1), 'removed', 'and stays so');
SELECT npcsim.declare_compute(pg_temp.player('cy'), 8400);
SELECT is(npcsim.handle_insufficient_compute(1), 'sufficient', 'until it offers more');
SELECT is(pg_temp.held(), 'zoe 0, ada 0, bo 0, cy 2, di 2', 'and has what is due to it');
SELECT is_empty('SELECT FROM npcsim.player_accounts WHERE warned_at_real IS NOT NULL', 'nobody is warned any more');
SET npcsim.market_time = '';
-- fewer NPCs: zoe watches one of those that have minds
SELECT max(id) AS watched FROM npcsim.npcs WHERE controller_player_id IS NOT NULL \gset
SELECT npcsim.client_connected('g1', pg_temp.player('zoe'), 1, 'watch');
SELECT npcsim.update_player_camera(pg_temp.player('zoe'), position_x - 1, position_y - 1, position_x + 1, position_y + 1) FROM npcsim.npcs WHERE id = :watched;
UPDATE npcsim.worlds SET min_tokens_per_npc_per_day = 8000, on_insufficient_compute = 'fewer' WHERE id = 1;
SELECT is(npcsim.handle_insufficient_compute(1), 'fewer', 'where there is enough for one NPC alone');
SELECT results_eq('SELECT id FROM npcsim.npcs WHERE controller_player_id IS NOT NULL', format('VALUES (%s::bigint)', :watched), 'the one that is watched has a mind');
SELECT is(npcsim.rebalance_compute_allocation(1), 0, 'and goes on to have it');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE assigned), 0::bigint, 'none is marked');
SELECT npcsim.assign_npc_to_player(1, id, pg_temp.player('cy')) FROM npcsim.npcs WHERE id <> :watched;
SELECT is(npcsim.handle_insufficient_compute(1), 'fewer', 'what an operator assigns');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE assigned AND controller_player_id = pg_temp.player('cy')), 5::bigint, 'stays, however little there is');
SELECT is((SELECT controller_player_id FROM npcsim.npcs WHERE id = :watched), NULL, 'before what is watched');
UPDATE npcsim.npcs SET assigned = false WHERE assigned;
-- Where the built-in mind stands in for nobody the others sleep; what a spectator watches is watched, too.
SELECT max(id) AS seen FROM npcsim.npcs WHERE id <> :watched \gset
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('zoe');
SELECT (npcsim.client_connected('g1', NULL, 1) ->> 'session_id')::bigint AS spectator \gset
SELECT npcsim.try_update_spectator_camera(:spectator, position_x - 1, position_y - 1, position_x + 1, position_y + 1) FROM npcsim.npcs WHERE id = :seen;
UPDATE npcsim.worlds SET built_in_fallback = false WHERE id = 1;
SELECT npcsim.redistribute_npcs_by_contribution(1);
SELECT results_eq('SELECT id FROM npcsim.npcs WHERE controller_player_id IS NOT NULL', format('VALUES (%s::bigint)', :seen), 'what a spectator watches has a mind');
SELECT npcsim.set_decision_policy(1, 'occasions');
CALL pg_temp.live(180);
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE state = 'dormant'), 5::bigint, 'the others sleep, where the built-in mind does not stand in');
SELECT is((SELECT state = 'dormant' FROM npcsim.npcs WHERE id = :seen), false, 'but the one that has it');
SELECT npcsim.set_decision_policy(1, 'none');
UPDATE npcsim.worlds SET built_in_fallback = true, min_tokens_per_npc_per_day = 0 WHERE id = 1;
SELECT npcsim.client_disconnected(:spectator);
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('zoe');

-- ---- what a player has shown ----
SELECT is(pg_temp.claim('di'), '2 9 2 1 0 0 0.666 Casual proof', 'who has shown nothing begins with two');
INSERT INTO npcsim.player_proofs SELECT 1, pg_temp.player(who), 0, shown, shown, 0, 0, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}' FROM (VALUES ('di', 5), ('cy', 0)) AS v (who, shown);
SELECT is(pg_temp.claim('di'), '4 9 5 1 0 0 0.666 Casual divided', 'who has shown that it serves five is given so many as there are');
SELECT is(pg_temp.claim('cy'), '2 9 2 1 1 0 0.666 Casual proof', 'beside others');
SELECT npcsim.redistribute_npcs_by_contribution(1);
SELECT is(pg_temp.held(), 'zoe 0, ada 0, bo 0, cy 2, di 4', 'and it is so');
DELETE FROM npcsim.player_proofs;

-- ---- persons ----
UPDATE npcsim.players SET declared_tokens_per_day = 0 WHERE username IN ('ada', 'bo', 'cy');
SELECT pg_temp.join('eve', 8400, person => 7), pg_temp.join('fay', 8400, person => 7);
DELETE FROM npcsim.npcs WHERE id IN (SELECT id FROM npcsim.npcs ORDER BY id LIMIT 3);
SELECT is((SELECT sum((npcsim.calculate_player_npc_allocation(id, 1)).entitlement) FROM npcsim.players WHERE username IN ('eve', 'fay')), 1::bigint, 'accounts of one person have together');
SELECT is((npcsim.calculate_player_npc_allocation(pg_temp.player('di'), 1)).entitlement, 2, 'what somebody with one account has');

-- ---- who gives most ----
-- Three NPCs, and two players who can have two each.
UPDATE npcsim.players SET declared_tokens_per_day = 0 WHERE username IN ('eve', 'fay');
UPDATE npcsim.players SET declared_tokens_per_day = 200000 WHERE username = 'di';
SELECT pg_temp.join('gil', 200000) IS NOT NULL AS joined;
CREATE FUNCTION pg_temp.entitled() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(username || ' ' || (npcsim.calculate_player_npc_allocation(id, 1)).entitlement, ', ' ORDER BY id) FROM npcsim.players WHERE username IN ('di', 'gil')
$$;
SELECT is(pg_temp.entitled(), 'di 2, gil 1', 'parts of one go by id');
SELECT pg_temp.by_hand('source_minutes');
INSERT INTO npcsim.source_minutes (part, world_id, player_id, source_id, minute, tokens_credited)
    SELECT floor(extract(epoch FROM m) / 21600)::bigint % 8, 1, pg_temp.player('gil'), 0, m, 100000 FROM generate_series(date_trunc('hour', now()) - interval '1 hour', now(), '1 hour') AS m LIMIT 2;
SELECT is(pg_temp.entitled(), 'di 1, gil 2', 'but who declares 200,000 tokens, and gave so many, comes first');
UPDATE npcsim.players SET declared_tokens_per_day = 199999 WHERE username = 'gil';
SELECT is(pg_temp.entitled(), 'di 2, gil 1', 'not who gave them and declares less');
UPDATE npcsim.players SET declared_tokens_per_day = 200000 WHERE username = 'gil';
UPDATE npcsim.source_minutes SET tokens_credited = 99999;
SELECT is(pg_temp.entitled(), 'di 2, gil 1', 'nor who gives less than it declares');
UPDATE npcsim.source_minutes SET tokens_credited = 100000;
-- Somebody fills the world.
UPDATE npcsim.worlds SET max_players = 1 WHERE id = 1;
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('gil');
SELECT throws_ok($$SELECT npcsim.client_connected('g1', pg_temp.player('zoe'), 1)$$, 'NS429', NULL, 'a full world takes nobody else');
SELECT lives_ok($$SELECT npcsim.client_connected('g1', pg_temp.player('gil'), 1)$$, 'but who gives most');
UPDATE npcsim.source_minutes SET tokens_credited = 1;
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('gil');
SELECT throws_ok($$SELECT npcsim.client_connected('g1', pg_temp.player('gil'), 1)$$, 'NS429', NULL, 'or it has to wait like others');
UPDATE npcsim.worlds SET max_players = 100 WHERE id = 1;
UPDATE npcsim.players SET declared_tokens_per_day = 8400 WHERE username IN ('eve', 'fay', 'di');
UPDATE npcsim.players SET declared_tokens_per_day = 0 WHERE username = 'gil';

-- ---- what clients call ----
CREATE FUNCTION pg_temp.ask(who text, wanted integer) RETURNS text LANGUAGE sql AS $$
    SELECT npcsim.call_reducer(pg_temp.player(who), 'request_npc_assignment', jsonb_build_object('desired_npc_count', wanted)) #>> '{value,assigned_npcs}'
$$;
SELECT is(pg_temp.ask('eve', 9), '1', 'who asks has its share, however many it wants');
SELECT is(pg_temp.ask('zoe', 9), '0', 'and who lends nothing has none');
SELECT is(pg_temp.ask('eve', 0), '1', 'nor does anybody give NPCs back but by declaring less');
UPDATE npcsim.worlds SET allocation = 'manual' WHERE id = 1;
SELECT is(npcsim.redistribute_npcs_by_contribution(1), 0, 'where allocation is manual the market does nothing');
SELECT is((npcsim.calculate_player_npc_allocation(pg_temp.player('di'), 1)).reason, 'manual', 'and says so');
SELECT is(pg_temp.ask('eve', 0), '0', 'players give NPCs back');

-- ---- what makes no sense ----
SELECT throws_ok('SELECT ' || call, code, NULL, 'refused: ' || call)
  FROM (VALUES ('npcsim.rebalance_compute_allocation(99)', 'NS101'), ('npcsim.rebalance_compute_allocation(NULL)', '22004'), ('npcsim.rebalance_compute_allocation(-1)', '22003'),
               ('npcsim.redistribute_npcs_by_contribution(99)', 'NS101'), ('npcsim.redistribute_npcs_by_contribution(NULL)', '22004'), ('npcsim_internal.rebalance_world(99)', 'NS101'), ('npcsim.handle_insufficient_compute(99)', 'NS101'), ('npcsim.handle_insufficient_compute(NULL)', '22004'),
               ('npcsim.request_npc_assignment(99)', 'NS203'), ('npcsim.request_npc_assignment(NULL)', '22004'), ('npcsim.request_npc_assignment(0)', '22003'),
               ('npcsim.calculate_player_npc_allocation(99, 1)', 'NS203'), ('npcsim.calculate_player_npc_allocation(NULL, 1)', '22004'), ('npcsim.calculate_player_npc_allocation(1, NULL)', '22004'),
               ('npcsim.calculate_player_npc_allocation(1, 99)', 'NS101')) AS bad (call, code);
SELECT npcsim.create_world('Hill', 20, 20, 5) AS hill \gset
SELECT throws_ok('SELECT npcsim.calculate_player_npc_allocation(' || pg_temp.player('di') || ', ' || :hill || ')', 'NS203', NULL, 'a player is asked for in its own world');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(npcsim.rebalance_compute_allocation(1), 0, 'a transaction that cannot change worlds can ask');
ROLLBACK;

-- ---- all of it again ----
UPDATE npcsim.worlds SET allocation = 'market' WHERE id = 1;
SELECT npcsim.rebalance_compute_allocation(1), npcsim.tick_world(1, 20);
SELECT cmp_ok(pg_temp.inputs(), '>', 15::bigint, 'NPCs changed hands often');
SELECT is_empty('SELECT * FROM npcsim.world_differences(1, npcsim.replay_world(1))', 'and do so in a replay');
SELECT * FROM finish();
