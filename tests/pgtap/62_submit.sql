-- Tests that each answer is judged alone, by who gave it, for which request and whether it can be done, and once, whatever else is in the
-- batch.
BEGIN;
SELECT plan(99);

\ir lib/minds.sql
SELECT pg_temp.by_hand('player_accounts');
-- NPCs do what the tests tell them, as answers of their mind.
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT npcsim.create_world('Hill', 20, 20, 6, preset => 'reference');
SELECT npcsim.set_decision_policy(2, 'none');
CREATE TEMP TABLE bo AS SELECT * FROM npcsim.create_player(1, 'bo');
CREATE TEMP TABLE cy AS SELECT * FROM npcsim.create_player(2, 'cy');
CREATE FUNCTION pg_temp.ask(who text) RETURNS bigint
LANGUAGE sql AS $$SELECT npcsim.request_npc_decision(1, pg_temp.npc(who))$$;
-- One answer, as text: what became of it.
CREATE FUNCTION pg_temp.submit(player bigint, decision text) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', result ->> 'status', result ->> 'code', result ->> 'reason') FROM npcsim.submit_npc_decisions(ARRAY[player], ARRAY[decision])
$$;
-- Ada's mind answers its question.
CREATE FUNCTION pg_temp.answer(members text) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.ask('Ada');
    SELECT pg_temp.submit((SELECT player_id FROM ada), format('{"request_id": %s, %s}', pg_temp.request('Ada'), members))
$$;
-- All that could change, but for logs of refusals.
CREATE FUNCTION pg_temp.everything() RETURNS text
LANGUAGE sql AS $$
    SELECT concat((SELECT jsonb_agg(t ORDER BY t.world_id) FROM npcsim.world_clock t), (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_states t),
                  (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_tracks t), (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_minds t),
                  (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.npc_identities t), (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.items t),
                  (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.interaction_runs t), (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.decision_slots t),
                  (SELECT jsonb_agg(t ORDER BY t.world_id, t.sequence) FROM npcsim.world_inputs t), (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.player_accounts t),
                  (SELECT jsonb_agg(t ORDER BY t.request_id, t.finished_at_real) FROM npcsim.decision_log t), (SELECT count(*) FROM npcsim.change_log))
$$;
SELECT pg_temp.make('Ada', 5, 5), pg_temp.make('Ann', 15, 5), npcsim.create_npc(1, 'Bo', 25, 5, (SELECT player_id FROM bo)),
       npcsim.create_npc(2, 'Cy', 5, 5, (SELECT player_id FROM cy)), npcsim.create_npc(1, 'Free', 30, 5);
CREATE TEMP TABLE thing AS SELECT npcsim.create_item(1, 'apple', 6, 5) AS apple, npcsim.create_item(1, 'chair', 20, 20) AS chair;

-- ---- applied, once ----
SELECT pg_temp.ask('Ada');
CREATE TEMP TABLE was AS SELECT revision FROM npcsim.world_clock WHERE world_id = 1;
SELECT is((SELECT result::jsonb - 'revision' FROM npcsim.submit_npc_decisions(ARRAY[(SELECT player_id FROM ada)],
              ARRAY[format('{"request_id": %s, "npc_id": %s, "action": "wait", "tokens": 412, "confidence": 0.85, "reason": "tired", "type": "decision_response"}',
                           pg_temp.request('Ada'), pg_temp.npc('Ada'))])),
          jsonb_build_object('type', 'decision_result', 'request_id', pg_temp.request('Ada'), 'npc_id', pg_temp.npc('Ada'), 'status', 'applied'),
          'an answer is applied');
SELECT is(pg_temp.at('Ada'), '5,5 waiting', 'at once');
SELECT results_eq($$SELECT request_id, npc_id, player_id, reason, status, code, tokens, clock, decision ->> 'reason' FROM npcsim.decision_log$$,
                  $$SELECT pg_temp.request('Ada'), pg_temp.npc('Ada'), player_id, 'requested'::text, 'applied'::text, NULL::text, 412::bigint, 0::float8, 'tired'::text FROM ada$$,
                  'the log keeps it');
SELECT is((SELECT daily_token_output FROM npcsim.players WHERE username = 'ada'), 412::bigint, 'its tokens are credited');
SELECT results_eq($$SELECT kind, payload FROM npcsim.world_inputs WHERE world_id = 1 ORDER BY sequence DESC LIMIT 1$$,
                  $$SELECT 'decision'::text, jsonb_build_object('npc_id', pg_temp.npc('Ada'), 'told_events', 0, 'state_counter', 0, 'action', 'wait')$$, 'what takes effect of it is an input of the world');
CREATE TEMP TABLE before AS SELECT pg_temp.everything() AS everything;
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"request_id": %s, "npc_id": %s, "action": "wait", "tokens": 412}', pg_temp.request('Ada'), pg_temp.npc('Ada'))),
          'duplicate the request was answered already', 'the same answer again is a duplicate');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"request_id": %s, "action": "move_to", "parameters": {"x": 1, "y": 1}, "tokens": 5}', pg_temp.request('Ada'))),
          'duplicate the request was answered already', 'so is another one to the same question');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"npc_id": %s, "action": "wander"}', pg_temp.npc('Ada'))),
          'duplicate the request was answered already', 'without the request''s id, too');
SELECT ok((SELECT everything = pg_temp.everything() FROM before), 'neither changes anything: no row, no revision, no token');
SELECT pg_temp.ask('Ada');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"npc_id": %s, "action": "wait"}', pg_temp.npc('Ada'))), 'applied',
          'without a request_id an answer is for the open request of the NPC');
SELECT pg_temp.ask('Ada');
SELECT is((SELECT array_agg(concat_ws(' ', ord, result ->> 'status') ORDER BY ord)
             FROM npcsim.submit_npc_decisions(array_fill((SELECT player_id FROM ada), ARRAY[2]), array_fill(format('{"request_id": %s, "action": "wait"}', pg_temp.request('Ada')), ARRAY[2]))),
          '{"1 applied","2 duplicate"}', 'twice in one batch, the second is a duplicate');

-- ---- who may answer ----
SELECT pg_temp.ask('Ada'), pg_temp.ask('Bo');
UPDATE before SET everything = pg_temp.everything();
SELECT is(pg_temp.submit((SELECT player_id FROM bo), format('{"request_id": %s, "action": "wait"}', pg_temp.request('Ada'))),
          'rejected NS303 the request was not put to this player', 'another player''s question is not answered');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"npc_id": %s, "action": "wait"}', pg_temp.npc('Bo'))),
          'rejected NS303 the request was not put to this player', 'nor decided for another player''s NPC');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"request_id": %s, "npc_id": %s, "action": "wait"}', pg_temp.request('Ada'), pg_temp.npc('Bo'))),
          'rejected NS301 no request was open for it', 'a question belongs to its NPC');
-- Three within ten minutes would be too many (59_trust.sql).
SET npcsim.market_time = '2100-01-01 00:00:00+00';
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"npc_id": %s, "action": "wait"}', pg_temp.npc('Free'))),
          'rejected NS301 no request was open for it', 'nobody decides for an NPC that has no mind');
SELECT is(pg_temp.submit((SELECT player_id FROM cy), format('{"request_id": %s, "action": "wait"}', pg_temp.request('Ada'))),
          'rejected NS301 no request was open for it', 'players of another world know nothing of it');
SELECT is(pg_temp.submit(9007199254740991, format('{"request_id": %s, "action": "wait"}', pg_temp.request('Ada'))), 'rejected NS203 there is no such player', 'nor does nobody');
SELECT is(pg_temp.submit(-1, '{"request_id": 1, "action": "wait"}'), 'rejected NS203 there is no such player', 'nor less');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), '{"request_id": 9007199254740991, "action": "wait"}'), 'rejected NS301 no request was open for it', 'a request that never was');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"request_id": %s, "action": "wait"}', (SELECT apple FROM thing))), 'rejected NS301 no request was open for it',
          'or is no request');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), '{"action": "wait"}'), 'rejected NS304 the decision names neither request_id nor npc_id', 'what names nothing');
SELECT is(pg_temp.submit((SELECT player_id FROM ada), '{"request_id": "x", "npc_id": -3, "action": "wait"}'), 'rejected NS304 the decision names neither request_id nor npc_id',
          'or nothing that could be');
SELECT ok((SELECT everything = pg_temp.everything() FROM before), 'all this changes nothing');
UPDATE npcsim.players SET status = 'banned' WHERE username = 'bo';
SELECT is(pg_temp.submit((SELECT player_id FROM bo), format('{"request_id": %s, "action": "wait"}', pg_temp.request('Bo'))), 'rejected NS403 the player is banned', 'who is banned decides nothing');
UPDATE npcsim.players SET status = 'active' WHERE username = 'bo';
CREATE TEMP TABLE request AS SELECT pg_temp.request('Bo') AS id;
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), (SELECT player_id FROM ada));
SELECT is(pg_temp.submit((SELECT player_id FROM bo), format('{"request_id": %s, "action": "wait"}', id)), 'rejected NS303 the request was not put to this player',
          'who lost the NPC meanwhile neither') FROM request;
SELECT is(pg_temp.submit((SELECT player_id FROM ada), format('{"request_id": %s, "action": "wait"}', id)), 'rejected NS303 the request was not put to this player',
          'nor does who got it answer his question') FROM request;
SELECT is(pg_temp.at('Bo'), '25,5 idle', 'the NPC has done nothing of it');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), (SELECT player_id FROM bo));

-- ---- what cannot be read is refused alone ----
CREATE TEMP TABLE unreadable (ord integer PRIMARY KEY, text text);
INSERT INTO unreadable VALUES
    (1, ''), (2, 'null'), (3, '[]'), (4, '"wait"'), (5, '{"request_id": 1, "action": "wait"'), (6, '{"request_id": 1, "tokens": NaN}'), (7, '{"request_id": 1, "tokens": 1e999999}'),
    (8, '{"request_id": 1, "reason": "\u0000"}'), (9, '{"request_id": 1, "reason": "\ud800"}'), (10, '{"request_id": 1, "reason": "' || repeat('x', 65536) || '"}'),
    (11, repeat('[', 60000)), (12, repeat('{"a":', 13000)), (13, '{"a":' || repeat('[', 30000) || repeat(']', 30000) || '}'), (14, E'{"request_id": 1}\t}'), (15, 'Infinity');
SELECT pg_temp.ask('Ada');
SELECT results_eq(
    $$SELECT r.ord, r.result ->> 'code' FROM npcsim.submit_npc_decisions(
          array_fill((SELECT player_id FROM ada), ARRAY[16]),
          (SELECT array_agg(text ORDER BY ord) FROM unreadable) || format('{"request_id": %s, "action": "wait"}', pg_temp.request('Ada'))) AS r ORDER BY 1$$,
    $$SELECT ord, 'NS304' FROM unreadable UNION ALL SELECT 16, NULL ORDER BY 1$$, 'what is no JSON object of at most 64 KiB is refused, and nothing else of its batch');
SELECT is((SELECT result ->> 'reason' FROM npcsim.submit_npc_decisions(ARRAY[(SELECT player_id FROM ada)], '{no}')), 'the decision is not a JSON object of at most 64 KiB', 'with the reason');
SELECT is(pg_temp.answer(members), result, members) FROM (VALUES
    ('"tokens": -1, "action": "wait"', 'rejected NS304 tokens is not a number from 0 to 1000000000'),
    ('"tokens": "many", "action": "wait"', 'rejected NS304 tokens is not a number from 0 to 1000000000'),
    ('"tokens": 1e131000, "action": "wait"', 'rejected NS304 tokens is not a number from 0 to 1000000000'),
    ('"tokens": null, "action": "wait"', 'applied'),
    ('"tokens": 1e-300, "action": "wait"', 'applied'),
    ('"tokens": 1e-10000, "action": "wait"', 'rejected NS304 a number of the decision is not one that a double can hold'),
    ('"action": "wait", "why": [{"not": 1.5e308}, -1.8e308]', 'rejected NS304 a number of the decision is not one that a double can hold'),
    ('"action": "wait", "why": [-1.7e308, 5e-324]', 'applied'),
    ('"reason": "no action"', 'rejected NS304 the decision has no action'),
    ('"action": 3', 'rejected NS304 the decision has no action'),
    ('"action": null', 'rejected NS304 the decision has no action'),
    ('"action": "fly"', 'rejected NS304 there is no action "fly"'),
    ('"action": "none"', 'rejected NS304 there is no action "none"'),
    ('"action": "approach"', 'rejected NS304 there is no action "approach"'),
    ('"action": "move_to"', 'rejected NS304 move_to needs whole numbers x and y'),
    ('"action": "move_to", "parameters": {"x": 1}', 'rejected NS304 move_to needs whole numbers x and y'),
    ('"action": "move_to", "parameters": {"x": 1.5, "y": 1}', 'rejected NS304 move_to needs whole numbers x and y'),
    ('"action": "move_to", "parameters": {"x": 1e300, "y": 1}', 'rejected NS304 move_to needs whole numbers x and y'),
    ('"action": "move_to", "parameters": {"x": 70000, "y": 1}', 'rejected NS210 the destination is outside the world'),
    ('"action": "move_to", "parameters": {"x": -1, "y": 1}', 'rejected NS210 the destination is outside the world'),
    ('"action": "move_to", "parameters": {"destination": [6, 7]}', 'applied'),
    ('"action": "move_to", "x": 6, "y": "7"', 'applied'),
    ('"action": "move_to", "parameters": {"x": 6.0, "y": 7}', 'applied'),
    ('"action": "move_direction"', 'rejected NS304 move_direction needs a direction: north, east, south or west'),
    ('"action": "move_direction", "parameters": {"direction": "home"}', 'rejected NS304 move_direction needs a direction: north, east, south or west'),
    ('"action": "wait", "parameters": {"duration": 0}', 'rejected NS304 the duration of wait is not a number of seconds from 0 to 86400'),
    ('"action": "wait", "parameters": {"duration": 1e300}', 'rejected NS304 the duration of wait is not a number of seconds from 0 to 86400'),
    ('"action": "wait", "parameters": {"duration": "long"}', 'rejected NS304 the duration of wait is not a number of seconds from 0 to 86400'),
    ('"action": "wait", "next_decision_in_s": -1', 'rejected NS304 next_decision_in_s is not a number from 0 to 86400'),
    ('"action": "wait", "next_decision_in_s": 86401', 'rejected NS304 next_decision_in_s is not a number from 0 to 86400'),
    ('"action": "wait", "next_decision_in_s": 1e300', 'rejected NS304 next_decision_in_s is not a number from 0 to 86400'),
    ('"action": "wait", "next_decision_in_s": 86400', 'applied'),
    ('"action": "consume"', 'rejected NS304 the interaction needs a target_id'),
    ('"action": "consume", "target_id": 1.5', 'rejected NS304 the interaction needs a target_id'),
    ('"action": "consume", "target_id": 99999999999999999999', 'rejected NS304 the interaction needs a target_id'),
    ('"action": "consume", "target_id": 9007199254740991', 'rejected NS202 there is no item 9007199254740991'),
    ('"action": "interact_with", "target_id": 1', 'rejected NS304 interact_with needs an interaction_name'),
    ('"action": "interact_with", "target_id": 1, "interaction_name": "eat"', 'rejected NS304 there is no such interaction'),
    ('"action": "move_to_item"', 'rejected NS304 walking to something needs its target_id'),
    ('"action": "move_to_item", "target_id": 9007199254740991', 'rejected NS302 there is nothing with id 9007199254740991 to walk to'),
    ('"action": "act_in_interaction"', 'rejected NS305 action act_in_interaction is not valid in state waiting'),
    ('"action": "cancel_interaction"', 'rejected NS305 action cancel_interaction is not valid in state waiting')
) AS v(members, result) WHERE members !~ 'act_in|cancel_i' OR pg_temp.answer('"action": "wait"') = 'applied';
SELECT is(pg_temp.answer(format('"action": "interact_with", "parameters": {"entity_id": "%s", "interaction_name": "consume"}', apple)), 'applied',
          'the reference game''s own form is understood') FROM thing;
-- A few bytes that would become a text of 100 MB are not kept; nor is what would fill the record of inputs.
SELECT is(pg_temp.answer('"action": "wait", "why": [' || repeat('1e-16383,', 7000) || '1]'), 'rejected NS304 a number of the decision is not one that a double can hold',
          'numbers are of a size that can be kept');
SELECT is((SELECT decision FROM npcsim.decision_log WHERE detail LIKE 'a number%' ORDER BY finished_at_real DESC LIMIT 1), NULL, 'and only such');
SELECT is(pg_temp.answer('"action": "wait", "why": "' || repeat('\"', 12300) || '"'), 'rejected NS304 the decision without its reason is longer than 24 KiB', 'what takes effect is of 24 KiB at most');
SELECT is(pg_temp.answer('"action": "continue", "why": "x", "reason": "' || repeat('x', 60000) || '"'), 'applied', 'the reason is not part of that');
SELECT cmp_ok((SELECT max(length(payload::text)) FROM npcsim.world_inputs WHERE kind = 'decision'), '<', 5000, 'nor kept as an input');
SELECT npcsim.tick_world(1, 4);
SELECT is(pg_temp.answer('"action": "act_in_interaction"'), 'rejected NS302 this interaction takes no actions', 'inside an interaction');
SELECT is(pg_temp.answer('"action": "wait"'), 'rejected NS305 action wait is not valid in state interacting', 'only what is legal there');
SELECT is(pg_temp.answer('"action": "cancel_interaction"'), 'applied', 'can be done');

-- ---- batches ----
SELECT npcsim.request_npc_decision(2, (SELECT id FROM npcsim.npcs WHERE world_id = 2)) AS request \gset cy_
SELECT pg_temp.ask('Ada'), pg_temp.ask('Bo'), pg_temp.ask('Ann');
SELECT results_eq(
    format($$SELECT ord, result ->> 'status', (result ->> 'request_id')::bigint FROM npcsim.submit_npc_decisions(%L, %L)$$,
           ARRAY[(SELECT player_id FROM cy), (SELECT player_id FROM ada), (SELECT player_id FROM bo), (SELECT player_id FROM ada)],
           ARRAY[format('{"request_id": %s, "action": "wait"}', :cy_request), format('{"request_id": %s, "action": "wait"}', pg_temp.request('Ada')),
                 format('{"request_id": %s, "action": "wait"}', pg_temp.request('Bo')), format('{"request_id": %s, "action": "fly"}', pg_temp.request('Ann'))]),
    format($$VALUES (1, 'applied', %s::bigint), (2, 'applied', %s), (3, 'applied', %s), (4, 'rejected', %s)$$,
           :cy_request, pg_temp.request('Ada'), pg_temp.request('Bo'), pg_temp.request('Ann')), 'a batch may be of several players and worlds, in any order');
SELECT npcsim.remove_item(1, apple) FROM thing;
UPDATE thing SET apple = npcsim.create_item(1, 'apple', 10, 10);
SELECT pg_temp.place('Ada', 9, 10), pg_temp.place('Ann', 11, 10);
SELECT pg_temp.ask('Ada'), pg_temp.ask('Ann');
SELECT is((SELECT array_agg(concat_ws(' ', result ->> 'status', result ->> 'reason') ORDER BY ord) FROM npcsim.submit_npc_decisions(array_fill((SELECT player_id FROM ada), ARRAY[2]),
           ARRAY[format('{"request_id": %s, "action": "consume", "target_id": %s}', pg_temp.request('Ann'), apple),
                 format('{"request_id": %s, "action": "consume", "target_id": %s}', pg_temp.request('Ada'), apple)])),
          '{applied,"rejected item is occupied"}', 'of two who want one apple the first in the batch gets it') FROM thing;
SELECT is_empty($$SELECT * FROM npcsim.submit_npc_decisions('{}', '{}')$$, 'an empty batch has no results');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions('{1,2}', '{a}')$$, '2202E', NULL, 'players and answers go in pairs');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions('{1,NULL}', '{a,b}')$$, '22004', NULL, 'without NULLs');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions('{1,2}', ARRAY['a', NULL])$$, '22004', NULL, 'in either');
SELECT throws_ok('SELECT * FROM npcsim.submit_npc_decisions(NULL, NULL)', '22004', NULL, 'nor NULL itself');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions('{{1},{2}}', '{a,b}')$$, '22004', NULL, 'nor tables');
SELECT throws_ok($$SELECT * FROM npcsim.submit_npc_decisions(array_fill(1::bigint, ARRAY[10001]), array_fill('x'::text, ARRAY[10001]))$$, '54000', NULL, 'nor more than 10,000');
SELECT lives_ok($$SELECT * FROM npcsim.submit_npc_decisions(array_fill(1::bigint, ARRAY[10000]), array_fill('x'::text, ARRAY[10000]))$$, '10,000 are taken');

UPDATE npcsim.world_clock SET home = 'elsewhere' WHERE world_id = 2;
SELECT pg_temp.ask('Bo');
SELECT is((SELECT array_agg(concat_ws(' ', result ->> 'status', result ->> 'code') ORDER BY ord) FROM npcsim.submit_npc_decisions(
           ARRAY[(SELECT player_id FROM cy), (SELECT player_id FROM bo)],
           ARRAY[format('{"request_id": %s, "action": "wait"}', :cy_request), format('{"request_id": %s, "action": "wait"}', pg_temp.request('Bo'))])),
          '{"rejected NS102",applied}', 'an answer for a parked world is refused, and nothing else of its batch');

-- ---- giving up, in batches ----
UPDATE before SET everything = pg_temp.everything();
SELECT lives_ok($$SELECT npcsim.fail_decisions(ARRAY[1, (SELECT player_id FROM bo)], ARRAY[123456, pg_temp.request('Ann')], '{timeout,timeout}')$$, 'what is not open does not fail');
SELECT ok((SELECT everything = pg_temp.everything() FROM before), 'nothing changes');
SELECT throws_ok($$SELECT npcsim.fail_decisions('{1}', '{1}', ARRAY[repeat('x', 501)])$$, NULL, NULL, 'a reason has at most 500 characters');
SELECT throws_ok($$SELECT npcsim.fail_decisions('{1}', '{1,2}', '{x}')$$, '2202E', NULL, 'players, requests and reasons go together');

-- ---- tokens ----
UPDATE npcsim.player_accounts SET daily_token_output = 1000, tokens_day = tokens_day - 1 WHERE username = 'ada';
SELECT pg_temp.place('Ada', 9, 12);
SELECT pg_temp.answer('"action": "wait", "tokens": 7');
SELECT is((SELECT daily_token_output FROM npcsim.players WHERE username = 'ada'), 7::bigint, 'tokens are counted from midnight');
SELECT pg_temp.answer('"action": "fly", "tokens": 5');
SELECT is((SELECT daily_token_output FROM npcsim.players WHERE username = 'ada'), 12::bigint, 'those of an answer that was refused, too');
SELECT pg_temp.answer('"action": "wait", "tokens": 0');
SELECT pg_temp.answer('"action": "wait"');
SELECT results_eq($$SELECT tokens FROM npcsim.decision_log ORDER BY finished_at_real DESC LIMIT 2$$, $$VALUES (NULL::bigint), (0)$$, 'a cost that is not told is not known, which is another thing than none');
SELECT is((SELECT count(*) FROM npcsim.decision_log WHERE status NOT IN ('applied', 'rejected', 'late', 'cancelled', 'failed', 'timeout')), 0::bigint, 'duplicates are not logged');

SELECT * FROM finish();
ROLLBACK;
