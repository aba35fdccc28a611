-- Tests what minds are told of NPCs that another mind decided for before: what everybody could see and hear, once, and nothing of that mind's own.
SET client_min_messages = warning;
SELECT no_plan();

\ir lib/minds.sql
\ir lib/bids.sql
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'bo');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute', 'main') FROM npcsim.players;
CREATE FUNCTION pg_temp.here(more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
    SELECT count(npcsim.update_player_heartbeat(id, '{"source": "main", "max_concurrency": 8}' || more)) FROM npcsim.players
$$;
SELECT pg_temp.here();
-- Says something, three seconds after what was said last.
CREATE FUNCTION pg_temp.say(who text, words text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.tick_world(1, 4);
    RETURN pg_temp.tell(who, jsonb_build_object('action', 'act_in_interaction', 'parameters', jsonb_build_object('message', words), 'reason', 'SECRET why'));
END
$$;
-- What Ada's mind is asked next, whoever's it is.
CREATE FUNCTION pg_temp.asked_now(more jsonb DEFAULT '{}', who text DEFAULT 'Ada') RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    frame json;
BEGIN
    PERFORM pg_temp.here(more);
    PERFORM npcsim.request_npc_decision(1, pg_temp.npc(who));
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    SELECT c.body INTO frame FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 8 FROM npcsim.sessions)) AS c WHERE c.npc_id = pg_temp.npc(who);
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
    RETURN frame -> 'observations';
END
$$;
CREATE FUNCTION pg_temp.answered(decision jsonb DEFAULT '{"action": "continue"}') RETURNS text LANGUAGE sql AS $$
    SELECT r ->> 'status' FROM npcsim.submit_npc_decision((SELECT controller_player_id FROM npcsim.npcs WHERE world_id = 1 AND name = 'Ada'), decision || jsonb_build_object('request_id', pg_temp.request('Ada'))) AS r
$$;

-- ---- before ----
SELECT pg_temp.make('Ada', 10, 10), pg_temp.make('Gus', 12, 10), pg_temp.make('Far', 50, 35);
SELECT npcsim.tick_world(1, 0.1);
SELECT is((pg_temp.asked_now() -> 'history')::text, NULL, 'the first mind of an NPC is told no history');
SELECT is(pg_temp.answered('{"action": "move_to", "x": 11, "y": 10, "reason": "SECRET why", "then": [{"action": "move_to", "x": 33, "y": 34}], "wake_on": ["plan_failed"]}'), 'applied', 'it decides');
SELECT npcsim.tick_world(1, 1);
SELECT pg_temp.tell('Ada', '{"action": "wait"}');
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Gus'));
SELECT npcsim.tick_world(1, 0.1);
SELECT pg_temp.answer('Gus', pg_temp.bid('Ada'), true);
SELECT is(pg_temp.say('Ada', 'Long ago I saw an apple'), 'applied', 'it talks');
SELECT matches(pg_temp.say('Gus', repeat('"', 500)), '^applied', 'and hears what is hostile');
SELECT is(pg_temp.say('Ada', repeat('😀', 400)), 'applied', 'of many bytes');
SELECT is(pg_temp.say('Gus', repeat(E'\\', 500)), 'applied', 'that have to be escaped');
SELECT is(pg_temp.say('Gus', 'The pond is dry'), 'applied', 'and what is not');
SELECT is((pg_temp.asked_now() -> 'history')::text, NULL, 'who knows the NPC is told no history');
SELECT pg_temp.answered();

-- ---- another mind ----
SELECT lives_ok(format('SELECT npcsim.assign_npc_to_player(1, %s, %s)', pg_temp.npc('Ada'), pg_temp.player('bo')), 'an NPC changes hands');
CREATE TEMP TABLE first AS SELECT pg_temp.asked_now() AS told;
SELECT ok((SELECT json_array_length(told -> 'history') FROM first) > 2, 'the new mind is told what was before');
SELECT cmp_ok((SELECT octet_length((told -> 'history')::text) FROM first), '<=', 1024, 'in 1,024 bytes at most');
SELECT cmp_ok((SELECT octet_length((told -> 'history')::text) FROM first), '>', 700, 'which are used');
SELECT cmp_ok((SELECT octet_length(told::text) FROM first), '<=', 8192 + 1024, 'the rest keeps its limit');
SELECT results_eq($$SELECT h ->> 'type', (h ->> 'npc_id')::bigint, h ->> 'name', h ->> 'message' FROM first, json_array_elements(told -> 'history') WITH ORDINALITY AS t (h, n) ORDER BY n DESC LIMIT 1$$,
                  $$VALUES ('npc_said', pg_temp.npc('Gus'), 'Gus', 'The pond is dry')$$, 'what was said last comes last');
SELECT ok((SELECT bool_and((h ->> 'at')::float8 <= pg_temp.now() / 1e6) AND array_agg((h ->> 'at')::float8 ORDER BY n) = array_agg((h ->> 'at')::float8 ORDER BY (h ->> 'at')::float8) FROM first, json_array_elements(told -> 'history') WITH ORDINALITY AS t (h, n)), 'in its order');
SELECT ok((SELECT told::text NOT LIKE '%SECRET%' FROM first), 'no reasons of the former mind');
SELECT ok((SELECT (told -> 'history')::text NOT LIKE '%33%' AND (told #> '{status,plan}')::text = '[]' FROM first), 'nor its plans');
SELECT is((SELECT (told -> 'events')::text FROM first), '[]', 'nor what it was told');
-- The session ends before there is an answer.
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions WHERE player_id = pg_temp.player('bo');
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute', 'main') IS NOT NULL;
SELECT is((pg_temp.asked_now() -> 'history')::jsonb, (SELECT (told -> 'history')::jsonb FROM first), 'a question that is asked again has it again');
SELECT is(pg_temp.answered(), 'applied', 'it is answered');
SELECT is((pg_temp.asked_now() -> 'history')::text, NULL, 'the next one has none');
SELECT pg_temp.answered();

-- ---- in few words ----
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Ada'), pg_temp.player('ada'));
TRUNCATE first;
INSERT INTO first SELECT pg_temp.asked_now('{"compact": true, "choices": true}');
SELECT cmp_ok((SELECT octet_length((told -> 'history')::text) FROM first), '<=', 300, 'a mind with little room is told less');
SELECT ok((SELECT (told -> 'history')::text LIKE '%The pond is dry%' FROM first), 'the last of it');
SELECT cmp_ok((SELECT octet_length(told::text) FROM first), '<=', 1740, 'within its limit');
SELECT ok((SELECT told::text NOT LIKE '%SECRET%' FROM first), 'and nothing private either');
SELECT pg_temp.answered();
SELECT is((pg_temp.asked_now('{"compact": true}') -> 'history')::text, NULL, 'once');

-- ---- what it did ----
SELECT pg_temp.asked_now(who => 'Far') IS NOT NULL;
SELECT npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', pg_temp.request('Far'), 'action', 'move_to', 'x', 48, 'y', 35, 'reason', 'SECRET why'));
SELECT npcsim.tick_world(1, 3);
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Far'), pg_temp.player('bo'));
SELECT is((SELECT array_agg(h ->> 'type' ORDER BY n) FROM json_array_elements(pg_temp.asked_now(who => 'Far') -> 'history') WITH ORDINALITY AS t (h, n)), '{npc_created,npc_arrived}', 'what an NPC did itself is told, and not what was said where it is not');
-- Somebody who eats, and has a stock of needs that nobody else needs to know.
SELECT pg_temp.make('Sid', 52, 20);
SELECT npcsim.tick_world(1, 0.1);
SELECT pg_temp.asked_now(who => 'Sid') IS NOT NULL;
SELECT npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', pg_temp.request('Sid'), 'action', 'consume', 'target_id', npcsim.create_item(1, 'apple', 53, 20)));
SELECT npcsim.tick_world(1, 10);
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Sid'), pg_temp.player('bo'));
CREATE TEMP TABLE ate AS SELECT h, n FROM json_array_elements(pg_temp.asked_now(who => 'Sid') -> 'history') WITH ORDINALITY AS t (h, n);
SELECT is((SELECT array_agg(h ->> 'type' ORDER BY n) FROM ate WHERE h ->> 'type' LIKE 'interaction%'), '{interaction_started,interaction_finished}', 'of interactions it is told');
SELECT is((SELECT array_agg(DISTINCT k ORDER BY k) FROM ate, json_object_keys(h) AS k), '{at,interaction,target_id,type}', 'when, which and with what, and no more');
SELECT is((SELECT array_agg(DISTINCT (h -> 'interaction')::text) FROM ate WHERE h ->> 'type' LIKE 'interaction%'), '{"\"consume\""}', 'by its name alone');

SELECT * FROM finish();
