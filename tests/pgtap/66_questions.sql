-- Tests in which order open questions are handed out, who counts as watching, and that the queue in shared memory says what the table says.
-- Every statement is a transaction of its own unless it says otherwise: what a transaction has written is read from the table.
SELECT plan(50);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('decision_slots', 'world_clock');
SELECT npcsim.create_world('Field', 120, 100, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, name) FROM unnest('{ada,bo,cy,dan,eve,fay}'::text[]) AS name;
CREATE FUNCTION pg_temp.player(who text DEFAULT 'ada') RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.players WHERE username = who$$;
-- NPC n stands at (3 n, 50); the first 30 are ada's, the others bo's.
CREATE TEMP TABLE npcs AS
    SELECT n, npcsim.create_npc(1, 'N' || n, 3 * n, 50, pg_temp.player(CASE WHEN n <= 30 THEN 'ada' ELSE 'bo' END)) AS id FROM generate_series(1, 39) AS n;
CREATE FUNCTION pg_temp.npc(wanted integer) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcs WHERE n = wanted$$;
CREATE TEMP TABLE sessions (name text PRIMARY KEY, id bigint);
CREATE FUNCTION pg_temp.connect(who text, purpose text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO sessions VALUES (coalesce(who, 'nobody') || ' ' || purpose, (npcsim.client_connected('g1', pg_temp.player(who), 1, purpose) ->> 'session_id')::bigint)
$$;
CREATE FUNCTION pg_temp.session(wanted text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM sessions WHERE name = wanted$$;
SELECT npcsim.register_gateway('g1');
SELECT pg_temp.connect('ada', 'compute'), pg_temp.connect('bo', 'compute');
SELECT npcsim.update_player_heartbeat(pg_temp.player(who), '{"max_concurrency": 64}') FROM unnest('{ada,bo}'::text[]) AS who;
-- It stands while it counts as running: no worker is here.
UPDATE npcsim.world_clock SET status = 'running';

CREATE PROCEDURE pg_temp.ask(VARIADIC wanted integer[]) LANGUAGE plpgsql AS $$
DECLARE
    n integer;
BEGIN
    FOREACH n IN ARRAY wanted LOOP
        PERFORM npcsim.request_npc_decision(1, pg_temp.npc(n));
        COMMIT;
    END LOOP;
END
$$;
-- Claims so many for ada, or for both players, and returns the numbers of the NPCs in the order of handing out.
CREATE FUNCTION pg_temp.claim(slots integer, whose text DEFAULT 'ada') RETURNS integer[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(npcs.n ORDER BY c.ordinality), '{}')
      FROM npcsim.claim_decisions('g1', ARRAY(SELECT pg_temp.session(w || ' compute') FROM unnest(string_to_array(whose, ',')) AS w),
                                        ARRAY(SELECT slots FROM unnest(string_to_array(whose, ',')))) WITH ORDINALITY AS c
      JOIN npcs ON npcs.id = c.npc_id
$$;
CREATE FUNCTION pg_temp.listed() RETURNS integer[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(npcs.n ORDER BY p.place), '{}') FROM npcsim.prioritize_npc_decisions(1) AS p JOIN npcs ON npcs.id = p.npc_id
$$;
-- How many slots a claim read, however it found them.
CREATE FUNCTION pg_temp.claim_and_count(slots integer, OUT claimed integer[], OUT fetched bigint) LANGUAGE plpgsql AS $$
DECLARE
    before bigint := (SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'npcsim.decision_slots'::regclass);
BEGIN
    claimed := pg_temp.claim(slots);
    fetched := (SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'npcsim.decision_slots'::regclass) - before;
END
$$;
-- Lets the requests fail that were handed out.
CREATE FUNCTION pg_temp.give_up() RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.fail_decisions(array_agg(player_id), array_agg(request_id), array_agg('test'::text)) FROM npcsim.decision_requests
$$;

-- ---- the oldest first, each once ----
CALL pg_temp.ask(3, 1, 2);
SELECT is(pg_temp.listed(), '{3,1,2}', 'nobody watches: the oldest comes first');
SELECT is(pg_temp.claim(1), '{3}', 'it is handed out first');
CALL pg_temp.ask(5, 4);
SELECT is(pg_temp.listed(), '{1,2,5,4}', 'what was handed out is not in the list any more');
SELECT results_eq('SELECT place, status FROM npcsim.get_pending_decisions(1)',
                  $$VALUES (1::bigint, 'open'), (2, 'open'), (3, 'open'), (4, 'open'), (NULL, 'sent')$$, 'but pending');
SELECT is((SELECT count(*) FROM npcsim.get_pending_decisions(1, 2)), 2::bigint, 'as many as are wanted');
SELECT is(pg_temp.claim(3), '{1,2,5}', 'then those that were opened meanwhile');
SELECT is(pg_temp.claim(8), '{4}', 'to the last');
SELECT is(pg_temp.claim(8), '{}', 'then there is nothing');
SELECT npcsim.client_disconnected(pg_temp.session('ada compute'));
DELETE FROM sessions WHERE name = 'ada compute';
SELECT is(pg_temp.listed(), '{3,1,2,5,4}', 'what the end of a session opens again keeps its place');
SELECT pg_temp.connect('ada', 'compute'), npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 64}');
SELECT is(pg_temp.claim(2), '{3,1}', 'and is handed out again');
SELECT is(pg_temp.claim(8), '{2,5,4}', 'once');

-- ---- a claim does not look at the slots of all NPCs ----
SELECT pg_temp.give_up();
CALL pg_temp.ask(6, 7);
SELECT pg_temp.claim(0);
SELECT results_eq('SELECT claimed, fetched <= 8 FROM pg_temp.claim_and_count(8)', $$VALUES ('{6,7}'::integer[], true)$$, 'but at the two that it hands out');
SELECT results_eq('SELECT * FROM pg_temp.claim_and_count(8)', $$VALUES ('{}'::integer[], 0::bigint)$$, 'and at none when there is nothing');

-- ---- transactions ----
SELECT pg_temp.give_up();
BEGIN;
SELECT npcsim.request_npc_decision(1, pg_temp.npc(8));
ROLLBACK;
SELECT is(pg_temp.claim(8), '{}', 'what was rolled back leaves nothing');
BEGIN;
SELECT npcsim.request_npc_decision(1, pg_temp.npc(8));
SAVEPOINT s;
SELECT npcsim.request_npc_decision(1, pg_temp.npc(9));
ROLLBACK TO s;
SELECT npcsim.request_npc_decision(1, pg_temp.npc(10));
COMMIT;
SELECT is(pg_temp.claim(8), '{8,10}', 'nor does what was rolled back to a savepoint');
BEGIN;
SAVEPOINT s;
SELECT npcsim.request_npc_decision(1, pg_temp.npc(9));
ROLLBACK TO s;
COMMIT;
CALL pg_temp.ask(11);
SELECT is(pg_temp.claim(8), '{11}', 'nor a transaction of nothing else');
BEGIN;
SAVEPOINT s;
SELECT npcsim.request_npc_decision(1, pg_temp.npc(12));
RELEASE s;
SELECT is(pg_temp.claim(8), '{12}', 'a transaction is handed out what it opened itself');
ROLLBACK;
SELECT is(pg_temp.claim(8), '{}', 'and gives it back');
CALL pg_temp.ask(13);
BEGIN;
SELECT is(pg_temp.claim(8), '{13}', 'what a transaction was handed out');
ROLLBACK;
SELECT is(pg_temp.claim(8), '{13}', 'that is rolled back, is handed out again');
CALL pg_temp.ask(14);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(pg_temp.claim(8), '{14}', 'with an older snapshot, too');
COMMIT;
CALL pg_temp.ask(15);
BEGIN;
SELECT pg_temp.claim(8);
SELECT throws_ok($$PREPARE TRANSACTION 'claim'$$, '0A000', NULL, 'who hands out commits in one phase');
ROLLBACK;
SELECT pg_temp.give_up();
SELECT is(pg_temp.claim(8), '{}', 'what was given up is not handed out');
CALL pg_temp.ask(16, 17);
SELECT npcsim.remove_npc(1, pg_temp.npc(16));
DELETE FROM npcs WHERE n = 16;
SELECT is(pg_temp.claim(8), '{17}', 'nor what was asked of an NPC that is gone');
CALL pg_temp.ask(18);
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc(18), pg_temp.player('bo'));
SELECT is(pg_temp.claim(8, 'ada,bo'), '{}', 'or has changed hands');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc(18), pg_temp.player('ada'));

-- ---- somebody writes the table by hand ----
SELECT pg_temp.give_up();
CALL pg_temp.ask(1, 2, 3);
UPDATE npcsim.decision_slots SET status = 0 WHERE npc_id = pg_temp.npc(2);
SELECT is(pg_temp.claim(8), '{1,3}', 'what is not open in the table is not handed out');
UPDATE npcsim.decision_slots SET status = 1, session_id = NULL WHERE npc_id = pg_temp.npc(2);
SELECT is(pg_temp.claim(8), '{2}', 'what is open there is');

-- ---- class, weight, what has waited long ----
SELECT pg_temp.give_up();
-- The request of an NPC, as it would be if it had been opened for another reason, so many seconds ago.
CREATE FUNCTION pg_temp.since(wanted integer, seconds numeric, why text DEFAULT 'idle') RETURNS void LANGUAGE sql AS $$
    UPDATE npcsim.decision_slots SET status = 1, session_id = NULL, sent_at_real = NULL, reason = why, opened_at_real = clock_timestamp() - make_interval(secs => seconds)
     WHERE world_id = 1 AND npc_id = pg_temp.npc(wanted)
$$;
CREATE FUNCTION pg_temp.priority(wanted integer) RETURNS bigint LANGUAGE sql AS $$SELECT npcsim.calculate_decision_priority(1, pg_temp.npc(wanted))$$;
SELECT is(pg_temp.priority(1), NULL, 'who is not asked has no priority');
CALL pg_temp.ask(1, 2, 3, 4, 5, 6);
SELECT pg_temp.since(1, 20), pg_temp.since(2, 5, 'message'), pg_temp.since(3, 1, 'bid'), pg_temp.since(4, 59, 'need'), pg_temp.since(5, 61), pg_temp.since(6, 90, 'message');
SELECT is(pg_temp.listed(), '{6,5,3,2,4,1}', 'what has waited for 60 s, then bids, messages, and the rest');
SELECT is(pg_temp.claim(64), '{6,5,3,2,4,1}', 'is handed out in this order');
SELECT pg_temp.since(1, 20), pg_temp.since(2, 5, 'message'), pg_temp.since(3, 1, 'bid'), pg_temp.since(4, 59, 'need'), pg_temp.since(5, 61), pg_temp.since(6, 90, 'message');
SELECT results_eq('SELECT pg_temp.priority(n) / 1000 FROM unnest(ARRAY[1, 2, 3, 4, 5, 6]) AS n', 'VALUES (2::bigint), (1000), (2000), (5), (3061), (3090)',
                  'by their priorities');
SELECT throws_ok('SELECT npcsim.calculate_decision_priority(1, 999)', 'NS201', NULL, 'an NPC must exist');
SELECT throws_ok('SELECT npcsim.count_players_viewing_npc(77, 1)', 'NS101', NULL, 'and a world');
SELECT throws_ok('SELECT npcsim.prioritize_npc_decisions(NULL)', '22004', NULL, 'which is named');
SELECT is((SELECT place FROM npcsim.prioritize_npc_decisions(1) WHERE npc_id = pg_temp.npc(1)), 6::bigint, 'places count from 1');

-- ---- who watches ----
CREATE FUNCTION pg_temp.viewers(wanted integer) RETURNS integer LANGUAGE sql AS $$SELECT npcsim.count_players_viewing_npc(1, pg_temp.npc(wanted))$$;
CREATE FUNCTION pg_temp.look(who text, x1 numeric, x2 numeric) RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.update_player_camera(pg_temp.player(who), x1, 40, x2, 60)
$$;
CREATE FUNCTION pg_temp.spectate(x1 numeric, x2 numeric, who text DEFAULT 'nobody') RETURNS json LANGUAGE sql AS $$
    SELECT npcsim.try_update_spectator_camera(pg_temp.session(who || ' watch'), x1, 40, x2, 60)
$$;
SELECT pg_temp.connect(who, 'watch') FROM unnest('{bo,cy,dan,eve,fay}'::text[]) AS who;
SELECT pg_temp.connect(NULL, 'watch');
INSERT INTO sessions VALUES ('other watch', (npcsim.client_connected('g1', NULL, 1, 'watch') ->> 'session_id')::bigint);
SELECT is(pg_temp.viewers(2), 0, 'nobody who has no camera');
SELECT pg_temp.look('bo', 3, 6), pg_temp.look('cy', 0, 5.9);
SELECT results_eq('SELECT pg_temp.viewers(n) FROM unnest(ARRAY[1, 2, 3]) AS n', 'VALUES (2), (1), (0)', 'whose camera has the cell of the NPC, its edge included');
SELECT pg_temp.spectate(6, 9), pg_temp.spectate(8, 12, 'other');
SELECT results_eq('SELECT pg_temp.viewers(n) FROM unnest(ARRAY[1, 2, 3, 4]) AS n', 'VALUES (2), (2), (1), (1)', 'and of all spectators one');
SELECT is(pg_temp.spectate(9, 6) #>> '{error,code}', '22023', 'a rectangle is not turned over');
SELECT is(npcsim.try_update_spectator_camera(pg_temp.session('bo watch'), 0, 0, 119, 99) ->> 'ok', 'true', 'a player''s session');
SELECT is(pg_temp.viewers(3), 1, 'is no spectator''s');
SELECT pg_temp.look(who, 0, 119) FROM unnest('{bo,cy,dan,eve,fay}'::text[]) AS who;
SELECT is(pg_temp.viewers(2), 6, 'players are all counted');
SELECT pg_temp.since(n, 10) FROM unnest(ARRAY[1, 2]) AS n;
SELECT results_eq('SELECT pg_temp.priority(n) / 1000, viewers FROM unnest(ARRAY[1, 2]) AS n JOIN npcsim.prioritize_npc_decisions(1) AS p ON p.npc_id = pg_temp.npc(n) ORDER BY n',
                  'VALUES (5::bigint, 4), (6, 5)', 'but no more than four of them, and one for spectators, for the order');
SELECT npcsim.client_disconnected(pg_temp.session(who || ' watch')) FROM unnest('{dan,eve,fay}'::text[]) AS who;
SELECT is(pg_temp.viewers(2), 3, 'who has left does not watch');

-- ---- a walker is where it is now; who takes part in something counts twice ----
SELECT pg_temp.give_up();
UPDATE npcsim.world_clock SET status = 'paused';
CREATE FUNCTION pg_temp.tell(wanted integer, decision jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT npcsim.submit_npc_decision(i.controller_player_id, decision || jsonb_build_object('request_id', npcsim.request_npc_decision(1, i.id))) ->> 'status'
      FROM npcsim.npc_identities i WHERE i.world_id = 1 AND i.id = pg_temp.npc(wanted)
$$;
SELECT npcsim.create_item(1, 'chair', 62, 50), npcsim.create_item(1, 'chair', 65, 50);
SELECT pg_temp.tell(1, '{"action": "move_to", "parameters": {"x": 3, "y": 80}}');
SELECT pg_temp.tell(20, jsonb_build_object('action', 'sit', 'target_id', (SELECT min(id) FROM npcsim.world_items)));
SELECT npcsim.tick_world(1, 3);
SELECT is((SELECT state FROM npcsim.npcs WHERE id = pg_temp.npc(20)), 'interacting', 'one sits');
SELECT is((SELECT position_y FROM npcsim.npcs WHERE id = pg_temp.npc(1)), 62::float8, 'a walker');
SELECT pg_temp.look('bo', 113, 115), pg_temp.spectate(113, 115), npcsim.update_player_camera(pg_temp.player('cy'), 0, 61, 20, 63);
SELECT is(pg_temp.viewers(1), 1, 'is seen where it is, not where it was');
CALL pg_temp.ask(1, 39, 20, 38);
UPDATE npcsim.world_clock SET status = 'running';
SELECT pg_temp.since(1, 9), pg_temp.since(39, 16), pg_temp.since(20, 15), pg_temp.since(38, 7);
SELECT is(pg_temp.listed(), '{20,38,1,39}', 'who is seated counts twice, who is seen by a player and a spectator three times, by a player twice');

-- ---- the order of the list is that of handing out, whichever way questions are read ----
SELECT pg_temp.give_up();
SELECT npcsim.request_npc_decision(1, id) FROM npcs;
CREATE FUNCTION pg_temp.shuffle() RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.since(n, round((random() * 70)::numeric, 2), (ARRAY['idle', 'need', 'interval', 'message', 'bid'])[1 + (random() * 4)::int]) FROM npcs
$$;
CREATE FUNCTION pg_temp.in_order(rounds integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    listed integer[];
    claimed integer[];
BEGIN
    -- What waits meanwhile must not change the order: the market's time stands.
    PERFORM set_config('npcsim.market_time', clock_timestamp()::text, true);
    FOR round IN 1 .. rounds LOOP
        listed := pg_temp.listed();
        claimed := pg_temp.claim(3, 'ada,bo');
        IF claimed <> ARRAY(SELECT n FROM unnest(listed) WITH ORDINALITY AS l (n, place)
                             WHERE (SELECT count(*) FROM unnest(listed) WITH ORDINALITY AS e (n, place) WHERE e.place <= l.place AND (e.n > 30) = (l.n > 30)) <= 3
                             ORDER BY place) THEN
            RETURN format('%s of %s', claimed, listed);
        END IF;
    END LOOP;
    RETURN 'in order';
END
$$;
SELECT pg_temp.shuffle();
SELECT is(pg_temp.in_order(4), 'in order', 'from the queue, then from the table');
SELECT pg_temp.shuffle();
BEGIN;
SELECT pg_current_xact_id();
SELECT is(pg_temp.in_order(4), 'in order', 'from the table');
ROLLBACK;
SELECT * FROM finish();
SELECT npcsim.drop_world(1);
