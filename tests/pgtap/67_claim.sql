-- Tests claims: what NPCs are told, and which session is given which request.
BEGIN;
SELECT plan(59);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('decision_slots', 'player_accounts', 'world_clock');

-- ---- vision against brute force: every pair of cells, mid-walk ----
SELECT npcsim.create_world('Hill', 48, 40, 11, preset => 'reference'), npcsim.populate_world(1, 60);
UPDATE npcsim.npcs SET hunger = 30 WHERE world_id = 1 AND id % 2 = 0;
SELECT npcsim.tick_world(1, 12.7);

CREATE FUNCTION pg_temp.observe(world bigint, npc bigint) RETURNS jsonb
LANGUAGE sql AS $$SELECT npcsim.observe_npc(world, npc)::jsonb$$;
CREATE TEMP VIEW cells AS
    SELECT t.world_id, t.npc_id AS id, t.cells[2 * i + 1] AS x, t.cells[2 * i + 2] AS y
      FROM npcsim.npc_tracks t JOIN npcsim.world_clock c USING (world_id),
           LATERAL (SELECT least(greatest((c.clock - t.departed_at) / 250000, 0), array_length(t.cells, 1) / 2 - 1)::int) AS at(i);
CREATE TEMP VIEW in_sight AS
    SELECT v.world_id, v.id AS viewer, s.type, s.id, s.squared
      FROM cells v,
           LATERAL (SELECT 'item' AS type, i.id, (i.x - v.x) ^ 2 + (i.y - v.y) ^ 2 AS squared FROM npcsim.items i WHERE i.world_id = v.world_id
                    UNION ALL
                    SELECT 'npc', n.id, (n.x - v.x) ^ 2 + (n.y - v.y) ^ 2 FROM cells n WHERE n.world_id = v.world_id AND n.id <> v.id) AS s
     WHERE s.squared <= 68;
CREATE TEMP TABLE told AS SELECT id AS viewer, pg_temp.observe(1, id) AS observation FROM npcsim.npcs WHERE world_id = 1;

SELECT cmp_ok((SELECT count(*) FROM npcsim.npc_tracks WHERE world_id = 1 AND array_length(cells, 1) > 2), '>', 10::bigint, 'NPCs walk');
SELECT results_eq(
    $$SELECT t.viewer, v.place, v.thing ->> 'type', (v.thing ->> 'id')::bigint, (v.thing ->> 'distance')::numeric
        FROM told t, LATERAL jsonb_array_elements(t.observation -> 'vision') WITH ORDINALITY AS v(thing, place)
       WHERE NOT t.observation ? 'vision_omitted' ORDER BY 1, 2$$,
    $$SELECT s.viewer, row_number() OVER (PARTITION BY s.viewer ORDER BY s.type, s.squared, s.id), s.type, s.id, round(sqrt(s.squared)::numeric, 1)
        FROM in_sight s JOIN told t USING (viewer) WHERE NOT t.observation ? 'vision_omitted' ORDER BY 1, 2$$,
    'everybody sees what is within 8.25 cells, items before NPCs, nearest first');
SELECT cmp_ok((SELECT count(*) FROM told WHERE NOT observation ? 'vision_omitted'), '>', 40::bigint, 'most of them all of it');
SELECT results_eq($$SELECT viewer, jsonb_array_length(observation -> 'vision') + coalesce((observation ->> 'vision_omitted')::int, 0) FROM told ORDER BY 1$$,
                  $$SELECT t.viewer, count(s.id)::int FROM told t LEFT JOIN in_sight s USING (viewer) GROUP BY 1 ORDER BY 1$$,
                  'what is left out is counted');
SELECT results_eq($$SELECT viewer, (observation #>> '{position,x}')::smallint, (observation #>> '{position,y}')::smallint FROM told ORDER BY 1$$,
                  $$SELECT id, x, y FROM cells WHERE world_id = 1 ORDER BY 1$$, 'everybody knows where it stands');
SELECT results_eq($$SELECT viewer, (observation #>> '{needs,hunger}')::numeric FROM told ORDER BY 1$$,
                  $$SELECT id, trunc(hunger::numeric, 1) FROM npcsim.npcs WHERE world_id = 1 ORDER BY 1$$, 'and how hungry it is');
SELECT results_eq($$SELECT viewer, observation #>> '{status,state}' FROM told ORDER BY 1$$,
                  $$SELECT id, state FROM npcsim.npcs WHERE world_id = 1 ORDER BY 1$$, 'and what it does');

-- ---- one observation, in full ----
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
CREATE TEMP TABLE ids (name text PRIMARY KEY, id bigint);
CREATE FUNCTION pg_temp.id(wanted text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM ids WHERE name = wanted$$;
SELECT npcsim.set_decision_policy(2, 'none');
INSERT INTO ids VALUES ('Ada', npcsim.create_npc(2, 'Ada', 15, 23)), ('Bo', npcsim.create_npc(2, 'Bo "the brave"', 18, 20)),
                       ('far', npcsim.create_npc(2, 'Far', 24, 23)), ('apple', npcsim.create_item(2, 'apple', 16, 25)),
                       ('chair', npcsim.create_item(2, 'chair', 15, 15)), ('unseen chair', npcsim.create_item(2, 'chair', 17, 31 - 16));
UPDATE npcsim.npcs SET traits = ARRAY['curious'], hunger = 65.46, fun = 0 WHERE id = pg_temp.id('Ada') AND world_id = 2;
SELECT is(pg_temp.observe(2, pg_temp.id('Ada')),
    jsonb_build_object(
        'self', jsonb_build_object('id', pg_temp.id('Ada'), 'name', 'Ada', 'traits', '["curious"]'::jsonb, 'clock', 0, 'game_time', 'Mar 1, Year 1, 06:00'),
        'needs', '{"hunger":65.4,"hygiene":100,"fun":0,"energy":100}'::jsonb,
        'position', '{"x":15,"y":23}'::jsonb,
        'status', '{"state":"idle","movement_locked":false,"target_id":null,"current_interaction":null,"plan":[]}'::jsonb,
        'vision', jsonb_build_array(
            jsonb_build_object('type', 'item', 'id', pg_temp.id('apple'), 'distance', 2.2, 'item_type', 'apple', 'position', '{"x":16,"y":25}'::jsonb,
                'occupied', false, 'interactions', jsonb_build_object('consume', jsonb_build_object(
                    'description', (SELECT description FROM npcsim.interaction_types WHERE world_id = 2 AND name = 'consume'),
                    'fills', '["hunger"]'::jsonb, 'drains', '[]'::jsonb, 'rates', '{"hunger":5}'::jsonb, 'duration', 5))),
            jsonb_build_object('type', 'item', 'id', pg_temp.id('chair'), 'distance', 8, 'item_type', 'chair', 'position', '{"x":15,"y":15}'::jsonb,
                'occupied', false, 'interactions', jsonb_build_object('sit', jsonb_build_object(
                    'description', (SELECT description FROM npcsim.interaction_types WHERE world_id = 2 AND name = 'sit'),
                    'fills', '["energy"]'::jsonb, 'drains', '[]'::jsonb, 'rates', '{"energy":10}'::jsonb, 'duration', NULL))),
            jsonb_build_object('type', 'item', 'id', pg_temp.id('unseen chair'), 'distance', 8.2, 'item_type', 'chair', 'position', '{"x":17,"y":15}'::jsonb,
                'occupied', false, 'interactions', jsonb_build_object('sit', jsonb_build_object(
                    'description', (SELECT description FROM npcsim.interaction_types WHERE world_id = 2 AND name = 'sit'),
                    'fills', '["energy"]'::jsonb, 'drains', '[]'::jsonb, 'rates', '{"energy":10}'::jsonb, 'duration', NULL))),
            jsonb_build_object('type', 'npc', 'id', pg_temp.id('Bo'), 'distance', 4.2, 'name', 'Bo "the brave"', 'npc_state', 'idle',
                'position', '{"x":18,"y":20}'::jsonb, 'interactions', jsonb_build_object('conversation', jsonb_build_object(
                    'description', (SELECT description FROM npcsim.interaction_types WHERE world_id = 2 AND name = 'conversation'),
                    'fills', '[]'::jsonb, 'drains', '[]'::jsonb, 'rates', '{}'::jsonb, 'participants', '[2,10]'::jsonb,
                    'parameters', (SELECT parameters FROM npcsim.interaction_types WHERE world_id = 2 AND name = 'conversation'), 'duration', NULL)))),
        'available_interactions', '["consume","sit","conversation"]'::jsonb, 'events', '[]'::jsonb, 'conversation', NULL),
    'an observation, whole');
SELECT max(npcsim.tick_world(2, 60)) FROM generate_series(1, 87);
SELECT npcsim.tick_world(2, 11.4);
SELECT is(pg_temp.observe(2, pg_temp.id('Ada')) #>> '{self,game_time}', 'Mar 4, Year 1, 21:11', 'a second is a minute of the calendar');
SELECT throws_ok($$SELECT npcsim.observe_npc(2, 999)$$, 'NS201', NULL, 'an NPC must exist');
SELECT throws_ok($$SELECT npcsim.observe_npc(1, NULL)$$, '22004', NULL, 'and be named');
SELECT npcsim.create_world('Crowd', 40, 40, 3, preset => 'reference'), npcsim.set_decision_policy(3, 'none');
SELECT npcsim.create_npc(3, repeat('x', 90) || n, n % 12 + 1, n / 12 + 1) FROM generate_series(0, 95) AS n;
SELECT cmp_ok((SELECT max(octet_length(npcsim.observe_npc(3, id)::text)) FROM npcsim.npcs WHERE world_id = 3), '<=', 8192 + 100,
              'in a crowd an observation has 8 KiB');
SELECT results_eq($$SELECT v.place, (v.thing ->> 'distance')::numeric FROM npcsim.npcs n,
                           LATERAL jsonb_array_elements(pg_temp.observe(3, n.id) -> 'vision') WITH ORDINALITY AS v(thing, place)
                     WHERE n.world_id = 3 AND n.name LIKE '%x50' ORDER BY 1$$,
                  $$SELECT row_number() OVER (ORDER BY squared, id), round(sqrt(squared)::numeric, 1) FROM in_sight
                     WHERE viewer = (SELECT id FROM npcsim.npcs WHERE world_id = 3 AND name LIKE '%x50') AND world_id = 3
                     ORDER BY 1 LIMIT (SELECT jsonb_array_length(pg_temp.observe(3, id) -> 'vision') FROM npcsim.npcs WHERE world_id = 3 AND name LIKE '%x50')$$,
                  'of what is nearest');

-- ---- who is given what ----
SELECT npcsim.create_world('Village', 30, 30, 9, preset => 'reference');
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(4, 'ada');
CREATE TEMP TABLE bo AS SELECT * FROM npcsim.create_player(4, 'bo');
SELECT npcsim.create_npc(4, 'V' || n, 3 * n, 3) FROM generate_series(1, 6) AS n;
SELECT npcsim.register_gateway('g1'), npcsim.register_gateway('g2');
CREATE TEMP TABLE sessions (name text PRIMARY KEY, id bigint);
CREATE FUNCTION pg_temp.connect(name text, gateway text, player bigint, source text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO sessions VALUES (name, (npcsim.client_connected(gateway, player, 4, 'compute', source)::jsonb ->> 'session_id')::bigint)
$$;
CREATE FUNCTION pg_temp.session(wanted text) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM sessions WHERE name = wanted$$;
CREATE FUNCTION pg_temp.claim(gateway text, wanted text[], slots integer[]) RETURNS TABLE (request bigint, npc bigint, session bigint, player bigint, timeout integer, body jsonb)
LANGUAGE sql AS $$
    SELECT request_id, npc_id, session_id, player_id, timeout_ms, body::jsonb
      FROM npcsim.claim_decisions(gateway, (SELECT array_agg(pg_temp.session(w) ORDER BY o) FROM unnest(wanted) WITH ORDINALITY AS u(w, o)), slots)
$$;
-- Opens the requests of all NPCs with a controller anew, in order of id.
CREATE FUNCTION pg_temp.reopen() RETURNS void
LANGUAGE sql AS $$
    INSERT INTO npcsim.decision_slots (world_id, npc_id, request_id, status, reason, state_counter, opened_at, opened_at_real, player_id)
    SELECT 4, id, 1000 + id, 1, 'idle', 0, 0, clock_timestamp() + make_interval(secs => id), controller_player_id
      FROM npcsim.npcs WHERE world_id = 4 AND controller_player_id IS NOT NULL
        ON CONFLICT (world_id, npc_id) DO UPDATE SET status = 1, player_id = excluded.player_id, session_id = NULL, sent_at_real = NULL
$$;
SELECT npcsim.assign_npc_to_player(4, id, CASE WHEN id <= 4 THEN (SELECT player_id FROM ada) ELSE (SELECT player_id FROM bo) END)
  FROM npcsim.npcs WHERE world_id = 4 AND id <= 5;
SELECT pg_temp.connect('ada', 'g1', (SELECT player_id FROM ada), 'one'), pg_temp.connect('bo', 'g1', (SELECT player_id FROM bo), 'one'),
       pg_temp.connect('ada 2', 'g2', (SELECT player_id FROM ada), 'two');
SELECT pg_temp.reopen();
-- So plans are made for a table that is small.
ANALYZE npcsim.decision_slots;
SELECT is_empty($$SELECT * FROM pg_temp.claim('g1', '{ada}', '{5}')$$, 'nothing for a world that stands');
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 4;
SELECT is_empty($$SELECT * FROM pg_temp.claim('g1', '{ada}', '{5}')$$, 'nothing before a heartbeat');
SELECT npcsim.update_player_heartbeat(player_id, '{"source":"one","max_concurrency":8}')::jsonb ->> 'assigned_npcs' FROM ada UNION ALL
SELECT npcsim.update_player_heartbeat(player_id, '{"source":"one","max_concurrency":8}')::jsonb ->> 'assigned_npcs' FROM bo UNION ALL
SELECT npcsim.update_player_heartbeat(player_id, '{"source":"two","max_concurrency":8}')::jsonb ->> 'assigned_npcs' FROM ada;
SELECT is_empty($$SELECT * FROM pg_temp.claim('g2', '{ada}', '{5}')$$, 'nothing for a session of another gateway');
SELECT is_empty($$SELECT * FROM pg_temp.claim('g1', '{ada}', '{0}')$$, 'nothing without a free slot');
SELECT throws_ok($$SELECT * FROM pg_temp.claim('g1', '{ada}', '{-3}')$$, '22003', NULL, 'less than none is an error');
SELECT results_eq($$SELECT npc, session, player FROM pg_temp.claim('g1', '{ada}', '{2}') ORDER BY npc$$,
                  $$SELECT n, pg_temp.session('ada'), player_id FROM ada, (VALUES (1::bigint), (2)) AS v(n)$$, 'as many as slots are free, the oldest');
SELECT results_eq($$SELECT npc FROM pg_temp.claim('g1', '{ada,bo}', '{8,8}') ORDER BY npc$$, 'VALUES (3::bigint), (4), (5)', 'each to its player');
SELECT is_empty($$SELECT * FROM pg_temp.claim('g1', '{ada,bo}', '{8,8}')$$, 'and each once');
SELECT results_eq($$SELECT npc_id, status, session_id, timeout_ms, told_events FROM npcsim.decision_slots WHERE world_id = 4 ORDER BY 1 LIMIT 1$$,
                  $$VALUES (1::bigint, 2::smallint, pg_temp.session('ada'), 20000, 0)$$, 'what was sent is noted');
SELECT is(npcsim.update_player_heartbeat(player_id, '{"source":"one","max_concurrency":8}')::jsonb -> 'in_flight', '4', 'and counted') FROM ada;

-- ---- what is waited for no more ----
CREATE TEMP TABLE held AS SELECT npc_id, request_id, session_id FROM npcsim.decision_slots WHERE world_id = 4 AND status = 2;
CREATE FUNCTION pg_temp.superseded() RETURNS SETOF bigint
LANGUAGE sql AS $$
    SELECT h.npc_id FROM held h
     WHERE h.request_id IN (SELECT npcsim.superseded_decisions(4, (SELECT array_agg(npc_id ORDER BY npc_id) FROM held),
                                                               (SELECT array_agg(request_id ORDER BY npc_id) FROM held),
                                                               (SELECT array_agg(session_id ORDER BY npc_id) FROM held)))
     ORDER BY 1
$$;
SELECT is_empty('SELECT pg_temp.superseded()', 'what was sent is waited for');
UPDATE npcsim.decision_slots SET status = 0 WHERE world_id = 4 AND npc_id = 2;
UPDATE npcsim.decision_slots SET request_id = 2003 WHERE world_id = 4 AND npc_id = 3;
UPDATE npcsim.decision_slots SET session_id = pg_temp.session('ada 2') WHERE world_id = 4 AND npc_id = 4;
SELECT results_eq('SELECT pg_temp.superseded()', 'VALUES (2::bigint), (3), (4)',
                  'but not when the request was closed, the mind was asked anew, or another session was');
SELECT results_eq($$SELECT npcsim.superseded_decisions(4, '{99}', '{7}', '{1}')$$, 'VALUES (7::bigint)', 'nor for an NPC that is gone');
SELECT is_empty($$SELECT npcsim.superseded_decisions(4, '{}', '{}', '{}')$$, 'who holds nothing is told nothing');
SELECT is_empty($$SELECT npcsim.superseded_decisions(4, NULL, NULL, NULL)$$, 'at all');
UPDATE npcsim.decision_slots d SET status = 2, request_id = h.request_id, session_id = h.session_id
  FROM held h WHERE d.world_id = 4 AND d.npc_id = h.npc_id AND h.npc_id IN (2, 3, 4);

SELECT npcsim.client_disconnected(pg_temp.session('ada'));
SELECT results_eq($$SELECT npc_id FROM npcsim.decision_slots WHERE world_id = 4 AND status = 1 ORDER BY 1$$, 'VALUES (1::bigint), (2), (3), (4)',
                  'when a session goes its requests are open');
SELECT results_eq($$SELECT npc FROM pg_temp.claim('g2', '{ada 2}', '{8}') ORDER BY 1$$, 'VALUES (1::bigint), (2), (3), (4)', 'and go to another');
SELECT npcsim.register_gateway('g2');
SELECT is((SELECT count(*) FROM npcsim.decision_slots WHERE world_id = 4 AND status = 1), 4::bigint, 'when a gateway begins anew too');
UPDATE npcsim.sessions SET heartbeat_at_real = clock_timestamp() - interval '31 s' WHERE id = pg_temp.session('bo');
SELECT npcsim_internal.expire_sessions();
SELECT is((SELECT count(*) FROM npcsim.decision_slots WHERE world_id = 4 AND status = 1), 5::bigint, 'when a session is silent too');
SELECT is_empty($$SELECT * FROM pg_temp.claim('g1', '{bo}', '{8}')$$, 'who is silent is asked nothing');

-- ---- the frame ----
SELECT npcsim.update_player_heartbeat(player_id, '{"source":"one","max_concurrency":8}') IS NOT NULL AS beaten FROM bo;
CREATE TEMP TABLE frame AS SELECT * FROM pg_temp.claim('g1', '{bo}', '{1}');
SELECT is((SELECT body - 'observations' FROM frame),
          '{"type":"decision_request","request_id":1005,"npc_id":5,"world_id":4,"reason":"idle","timeout_ms":20000}', 'the frame of a request');
SELECT is((SELECT body -> 'observations' FROM frame), npcsim.observe_npc(4, 5)::jsonb, 'with what the NPC observes');
SELECT pg_temp.reopen();
SELECT npcsim.assign_npc_to_player(4, 5, (SELECT player_id FROM ada));
UPDATE npcsim.decision_slots SET player_id = (SELECT player_id FROM bo), status = 1 WHERE world_id = 4 AND npc_id = 5;
SELECT is_empty($$SELECT * FROM pg_temp.claim('g1', '{bo}', '{8}')$$, 'an NPC that changed hands is not told to its former controller');
SELECT npcsim.assign_npc_to_player(4, 5, (SELECT player_id FROM bo));
SELECT pg_temp.reopen();
UPDATE npcsim.player_accounts SET status = 'banned' WHERE username = 'bo';
SELECT is_empty($$SELECT * FROM pg_temp.claim('g1', '{bo}', '{8}')$$, 'a banned player is asked nothing');
UPDATE npcsim.player_accounts SET status = 'active' WHERE username = 'bo';

-- ---- a mind that looks for itself ----
SELECT npcsim.update_player_heartbeat(player_id, '{"source":"one","max_concurrency":8,"choices":true,"observations":false}') FROM bo;
UPDATE npcsim.decision_slots SET player_id = (SELECT player_id FROM bo) WHERE world_id = 4 AND npc_id IN (4, 99);
SELECT results_eq($$SELECT npc, body FROM pg_temp.claim('g1', '{bo}', '{8}')$$,
                  $$VALUES (5::bigint, '{"type":"decision_request","request_id":1005,"npc_id":5,"world_id":4,"reason":"idle","timeout_ms":20000}'::jsonb)$$,
                  'who wants no observations is told which of its own NPCs it is asked about, and no more');
SELECT results_eq($$SELECT status, choices, told_events, session_id FROM npcsim.decision_slots WHERE world_id = 4 AND npc_id = 5$$,
                  $$VALUES (2::smallint, NULL::jsonb, 0, pg_temp.session('bo'))$$, 'and was told nothing that its answer could be taken by');
SELECT pg_temp.reopen();
SELECT pg_temp.connect('ada 3', 'g2', (SELECT player_id FROM ada), 'two'), pg_temp.connect('bo 3', 'g2', (SELECT player_id FROM bo), 'three');
SELECT npcsim.update_player_heartbeat(player_id, '{"source":"two","max_concurrency":8}') FROM ada;
SELECT npcsim.update_player_heartbeat(player_id, '{"source":"three","max_concurrency":1,"observations":false}') FROM bo;
SELECT results_eq($$SELECT npc, body ? 'observations' FROM pg_temp.claim('g2', '{bo 3,ada 3}', '{1,8}') ORDER BY 1$$,
                  'VALUES (1::bigint, true), (2, true), (3, true), (4, true), (5, false)', 'each is told what it wants, in one claim');
SELECT throws_ok($$SELECT npcsim.update_player_heartbeat(player_id, '{"source":"one","observations":1}') FROM bo$$, '22023', NULL, 'it is true or false');
SELECT npcsim.client_disconnected(pg_temp.session('bo 3')), npcsim.update_player_heartbeat(player_id, '{"source":"one","observations":null}') FROM bo;
SELECT pg_temp.reopen();
SELECT is((SELECT body -> 'observations' FROM pg_temp.claim('g1', '{bo}', '{8}')), npcsim.observe_npc(4, 5)::jsonb, 'true when it is not said');
-- How many of 400 questions without observations will be judged.
CREATE FUNCTION pg_temp.judged() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    judged integer := 0;
BEGIN
    PERFORM npcsim.update_player_heartbeat(player_id, '{"source":"one","max_concurrency":8,"observations":false}') FROM bo;
    FOR question IN 1 .. 400 LOOP
        PERFORM pg_temp.reopen();
        PERFORM pg_temp.claim('g1', '{bo}', '{1}');
        judged := judged + (SELECT (ranking IS NOT NULL)::integer FROM npcsim.decision_slots WHERE world_id = 4 AND npc_id = 5);
    END LOOP;
    RETURN judged;
END
$$;
-- 50 are expected, with a standard deviation of 6.6.
SELECT pg_temp.judged() AS judged \gset
SELECT cmp_ok(:judged, '>', 10, 'some of its answers are judged all the same');
SELECT cmp_ok(:judged, '<', 90, 'by no means all');
SELECT pg_temp.reopen();

-- ---- how long is waited ----
CREATE FUNCTION pg_temp.timeout_of(average numeric) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.reopen();
    PERFORM npcsim.update_player_heartbeat(player_id, jsonb_build_object('source', 'one', 'average_decision_time_ms', average)) FROM bo;
    RETURN (SELECT timeout FROM pg_temp.claim('g1', '{bo}', '{1}'));
END
$$;
SELECT is(pg_temp.timeout_of(NULL), 20000, '20 s for a mind nothing is known of');
SELECT is(pg_temp.timeout_of(100), 10000, '10 s at least');
SELECT is(pg_temp.timeout_of(5000), 30000, '3 x its p95');
SELECT is(pg_temp.timeout_of(1e6), 60000, '60 s at most');

-- ---- arguments ----
SELECT throws_ok($$SELECT * FROM npcsim.claim_decisions('g1', '{1,2}', '{1}')$$, '22023', NULL, 'one number of slots per session');
SELECT throws_ok($$SELECT * FROM npcsim.claim_decisions('g1', '{1,NULL}', '{1,1}')$$, '22004', NULL, 'no session is NULL');
SELECT throws_ok($$SELECT * FROM npcsim.claim_decisions('g1', '{{1},{2}}', '{1,1}')$$, '22023', NULL, 'one dimension');
SELECT throws_ok($$SELECT * FROM npcsim.claim_decisions('g1', NULL, '{1}')$$, '22004', NULL, 'an array is given');
SELECT throws_ok($$SELECT * FROM npcsim.claim_decisions('g1', array_fill(1::bigint, '{10001}'), array_fill(1, '{10001}'))$$, '54000', NULL, 'not too long a one');
SELECT is_empty($$SELECT * FROM npcsim.claim_decisions('g1', '{}', '{}')$$, 'no sessions, no requests');


-- ---- a call hands out so much that its first request need not wait long for its last ----
CREATE TEMP TABLE cy AS SELECT * FROM npcsim.create_player(3, 'cy');
SELECT npcsim.assign_npc_to_player(3, id, (SELECT player_id FROM cy)) FROM npcsim.npcs WHERE world_id = 3;
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 3;
CREATE TEMP TABLE cy_session AS
    SELECT (npcsim.client_connected('g1', player_id, 3, 'compute', 'one')::jsonb ->> 'session_id')::bigint AS id FROM cy;
SELECT npcsim.update_player_heartbeat(player_id, '{"source":"one","max_concurrency":64}') FROM cy;
INSERT INTO npcsim.decision_slots (world_id, npc_id, request_id, status, reason, state_counter, opened_at, opened_at_real, player_id)
SELECT 3, id, 1000 + id, 1, 'idle', 0, 0, clock_timestamp() - make_interval(secs => id), (SELECT player_id FROM cy) FROM npcsim.npcs WHERE world_id = 3;
CREATE FUNCTION pg_temp.hand_out() RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(npc_id ORDER BY npc_id) FROM npcsim.claim_decisions('g1', ARRAY[(SELECT id FROM cy_session)], '{1000}')
$$;
-- How often slots were looked for by their key, and how many were read.
CREATE FUNCTION pg_temp.looks(OUT by_key bigint, OUT fetched bigint) LANGUAGE sql AS $$
    SELECT idx_scan, seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'npcsim.decision_slots'::regclass
$$;
SELECT * FROM pg_temp.looks() \gset before_
SELECT is(pg_temp.hand_out(), (SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM npcsim.npcs WHERE world_id = 3 ORDER BY id DESC LIMIT 64) AS oldest),
          'the 64 oldest requests, whatever the number of free slots');
SELECT by_key - :before_by_key AS by_key, fetched - :before_fetched AS fetched FROM pg_temp.looks() \gset
SELECT cmp_ok(:by_key::bigint, '>=', 128::bigint, 'each is locked and then written by its key, though the plan was made when there were few');
SELECT cmp_ok(:fetched::bigint, '<=', 2 * 64 + 2 * (SELECT count(*) FROM npcsim.decision_slots), 'and besides all are looked at once, to find those that are open');
SELECT is(pg_temp.hand_out(), (SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM npcsim.npcs WHERE world_id = 3 ORDER BY id LIMIT 32) AS youngest),
          'the others in the next call');
SELECT is(pg_temp.hand_out(), NULL, 'then there is nothing');
SELECT * FROM finish();
ROLLBACK;
