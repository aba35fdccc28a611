-- Tests token budgets: what minds may spend a day, on an NPC, by a player, in a world. When one is spent its minds are not asked until the day
-- turns.
-- Every statement is a transaction of its own: who may be asked is looked up once per transaction.
SELECT plan(74);

\ir lib/minds.sql
SELECT pg_temp.by_hand('decision_slots', 'player_accounts', 'world_settings', 'world_tokens');
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
CREATE TEMP TABLE players AS SELECT name, p.player_id AS id FROM (VALUES ('ada'), ('bo')) AS v(name), npcsim.create_player(1, name) AS p;
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') IS NOT NULL FROM players;
-- Who is being asked.
CREATE FUNCTION pg_temp.minds_asked() RETURNS text[]
LANGUAGE sql AS $$SELECT coalesce(array_agg(name ORDER BY name), '{}') FROM npcsim.npcs WHERE world_id = 1 AND decision_pending$$;
CREATE FUNCTION pg_temp.answer(wanted text, tokens bigint, decision jsonb DEFAULT '{"action": "wait"}', request bigint DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'status', r ->> 'code')
      FROM npcsim.submit_npc_decision((SELECT controller_player_id FROM npcsim.npcs WHERE name = wanted AND world_id = 1),
               decision || jsonb_build_object('request_id', coalesce(request, pg_temp.request(wanted)), 'tokens', tokens)) AS r
$$;
CREATE FUNCTION pg_temp.spent() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(', ', (SELECT string_agg(format('%s %s', name, daily_token_output), ' ' ORDER BY name) FROM npcsim.npcs WHERE world_id = 1),
                     (SELECT string_agg(format('%s %s', username, daily_token_output), ' ' ORDER BY username) FROM npcsim.players WHERE world_id = 1),
                     (SELECT daily_token_output FROM npcsim.worlds WHERE id = 1))
$$;
CREATE FUNCTION pg_temp.claimed() RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    names text[];
BEGIN
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    SELECT coalesce(array_agg(n.name ORDER BY n.name), '{}') INTO names
      FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 8 FROM npcsim.sessions)) AS c JOIN npcsim.npcs n ON n.id = c.npc_id AND n.world_id = c.world_id;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
    RETURN names;
END
$$;
-- Two NPCs of ada's and one of bo's as new, no tokens spent, no budgets; all are asked.
CREATE PROCEDURE pg_temp.anew()
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.present();
    DELETE FROM npcsim.npcs WHERE world_id = 1;
    UPDATE npcsim.player_accounts SET daily_token_output = 0;
    DELETE FROM npcsim.world_tokens WHERE world_id = 1;
    UPDATE npcsim.worlds SET max_tokens_per_npc_per_day = 0, max_tokens_per_player_per_day = 0, max_tokens_per_day = 0 WHERE id = 1;
    PERFORM npcsim.create_npc(1, 'Ada', 10, 20, pg_temp.player('ada')), npcsim.create_npc(1, 'Ann', 20, 20, pg_temp.player('ada')),
            npcsim.create_npc(1, 'Bo', 30, 20, pg_temp.player('bo'));
    COMMIT;
    PERFORM npcsim.tick_world(1, 4);
    COMMIT;
END
$$;
-- Yesterday becomes today: all that was counted is of the day before. The image is read anew.
CREATE FUNCTION pg_temp.next_day() RETURNS void
LANGUAGE sql AS $$
    UPDATE npcsim.decision_slots SET tokens_day = tokens_day - 1;
    UPDATE npcsim.player_accounts SET tokens_day = tokens_day - 1;
    UPDATE npcsim.world_tokens SET tokens_day = tokens_day - 1;
    SELECT npcsim.define_item_type(1, 'stone', '{}');
$$;

-- ---- the settings ----
SELECT results_eq('SELECT max_tokens_per_npc_per_day, max_tokens_per_player_per_day, max_tokens_per_day, daily_token_output FROM npcsim.worlds',
                  'VALUES (0::bigint, 0::bigint, 0::bigint, 0::bigint)', 'a new world has no budgets');
SELECT throws_ok(format('UPDATE npcsim.worlds SET %I = %s', name, value), code, NULL, format('%s is not %s', name, value))
  FROM unnest('{max_tokens_per_npc_per_day,max_tokens_per_player_per_day,max_tokens_per_day}'::text[]) AS name,
       (VALUES ('-1', '22003'), ('1000000000001', '22003'), ('NULL', '22004')) AS v(value, code);
SELECT throws_ok(format('UPDATE npcsim.world_settings SET %I = %s', name, value), '23514', NULL, format('the table does not take %s for %s either', value, name))
  FROM unnest('{max_tokens_per_npc_per_day,max_tokens_per_player_per_day,max_tokens_per_day}'::text[]) AS name, unnest('{-1,1000000000001}'::text[]) AS value;
SELECT lives_ok('UPDATE npcsim.worlds SET max_tokens_per_npc_per_day = 1, max_tokens_per_player_per_day = 2, max_tokens_per_day = 1000000000000', 'they go up to 10^12');
SELECT throws_ok('UPDATE npcsim.worlds SET daily_token_output = 1', '0A000', NULL, 'what was spent in a world is counted, not written');

-- ---- counted ----
CALL pg_temp.anew();
SELECT is(pg_temp.minds_asked(), '{Ada,Ann,Bo}', 'all are asked');
SELECT is(pg_temp.spent(), 'Ada 0 Ann 0 Bo 0, ada 0 bo 0, 0', 'nothing is spent');
SELECT is((SELECT array_agg(result ->> 'status' ORDER BY ord) FROM npcsim.submit_npc_decisions(
              ARRAY[pg_temp.player('ada'), pg_temp.player('bo'), pg_temp.player('ada'), pg_temp.player('ada')],
              ARRAY[format('{"request_id": %s, "action": "wait", "tokens": 5}', pg_temp.request('Ada')), format('{"request_id": %s, "action": "dance", "tokens": 7}', pg_temp.request('Bo')),
                    format('{"request_id": %s, "action": "wait", "tokens": 11}', pg_temp.request('Ann')), format('{"request_id": %s, "action": "wait", "tokens": 100}', pg_temp.request('Ann'))])),
          '{applied,rejected,applied,duplicate}', 'they answer');
SELECT is(pg_temp.spent(), 'Ada 5 Ann 11 Bo 7, ada 16 bo 7, 23', 'tokens are counted for the NPC, the player and the world; of refused answers, too; of duplicates not');
CREATE TEMP TABLE old_request AS SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ada')) AS id;
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player('ada')], ARRAY[id], '{timeout}') FROM old_request;
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ada'));
SELECT is(pg_temp.answer('Ada', 20, request => (SELECT id FROM old_request)), 'late', 'an answer that is too late to be carried out');
SELECT is(pg_temp.spent(), 'Ada 25 Ann 11 Bo 7, ada 36 bo 7, 43', 'counts');
SELECT ok('Ada' = ANY (pg_temp.minds_asked()), 'and leaves the newer question open');
SELECT is((SELECT answered FROM npcsim.decision_slots WHERE npc_id = pg_temp.npc('Ada')), false, 'which has no answer yet');
SELECT is(pg_temp.answer('Ada', 0), 'applied', 'until it comes');
UPDATE npcsim.player_accounts SET daily_token_output = 999999999990 WHERE username = 'ada';
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ada'));
SELECT pg_temp.answer('Ada', 1000000000);
SELECT is((SELECT daily_token_output FROM npcsim.players WHERE username = 'ada'), 1000000000000, 'the counters stop at 10^12');
SELECT pg_temp.next_day();
SELECT is(pg_temp.spent(), 'Ada 0 Ann 0 Bo 0, ada 0 bo 0, 0', 'at midnight all begin anew');
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ada'));
SELECT pg_temp.answer('Ada', 3);
SELECT is(pg_temp.spent(), 'Ada 3 Ann 0 Bo 0, ada 3 bo 0, 3', 'with the first token of the day');
UPDATE npcsim.player_accounts SET tokens_day = tokens_day - 1 WHERE username = 'ada';
SELECT lives_ok($$UPDATE npcsim.players SET daily_token_output = 50 WHERE username = 'ada'$$, 'an operator may write what a player has spent');
SELECT is((SELECT daily_token_output FROM npcsim.players WHERE username = 'ada'), 50::bigint, 'today');

-- ---- of an NPC ----
CALL pg_temp.anew();
UPDATE npcsim.worlds SET max_tokens_per_npc_per_day = 10;
SELECT pg_temp.answer('Ada', 9, '{"action": "continue"}'), pg_temp.answer('Ann', 10, '{"action": "continue"}'), pg_temp.answer('Bo', 0, '{"action": "wait"}');
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.minds_asked(), '{Ada}', 'when an NPC''s tokens are spent its mind is not asked');
SELECT is(pg_temp.doing('Ann'), 'wandering built_in', 'the built-in one decides');
SELECT ok('decided_for_you' = ANY (pg_temp.told('Ann')), 'of which the mind is told later');
SELECT results_eq($$SELECT payload FROM npcsim.world_inputs WHERE kind = 'budget'$$, $$SELECT jsonb_build_object('npc_id', pg_temp.npc('Ann'), 'spent', true)$$,
                  'that it is spent is an input of the world');
CREATE TEMP TABLE was AS SELECT request_id FROM npcsim.decision_slots WHERE npc_id = pg_temp.npc('Ann');
SELECT npcsim.tick_world(1, 30);
SELECT is((SELECT request_id FROM npcsim.decision_slots WHERE npc_id = pg_temp.npc('Ann')), (SELECT request_id FROM was), 'it is not asked all day');
SELECT is((SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'budget'), 1::bigint, 'the input is one');
SELECT is(npcsim.request_npc_decision(1, pg_temp.npc('Ann')), NULL, 'not when an operator wants it');
SELECT is(npcsim.call_reducer(pg_temp.player('ada'), 'request_npc_decision', jsonb_build_object('npc_id', pg_temp.npc('Ann'))) -> 'value' #>> '{}', NULL, 'or its player');
SELECT is(pg_temp.answer('Ann', 0, '{"action": "move_to", "x": 1, "y": 1}', (SELECT request_id FROM was)), 'duplicate', 'what was answered stays so');
SELECT pg_temp.present();
SELECT npcsim.define_item_type(1, 'stone', '{}'); -- the image is read anew
SELECT npcsim.tick_world(1, 4);
SELECT ok(NOT 'Ann' = ANY (pg_temp.minds_asked()), 'who reads the world from its tables knows of it');
SELECT pg_temp.next_day();
SELECT npcsim.tick_world(1, 4);
SELECT ok('Ann' = ANY (pg_temp.minds_asked()), 'the next day it is asked');
SELECT is((SELECT array_agg(payload ->> 'spent' ORDER BY sequence) FROM npcsim.world_inputs WHERE kind = 'budget'), '{true,false}', 'which is an input again');
SELECT is((SELECT e ->> 'type' FROM npcsim.npc_minds, jsonb_array_elements(events) AS e WHERE npc_id = pg_temp.npc('Ann') LIMIT 1), 'decided_for_you', 'and is told what was decided for it');
SELECT pg_temp.answer('Ann', 10, '{"action": "wait"}');
SELECT npcsim.tick_world(1, 31);
SELECT matches(pg_temp.doing('Ann'), ' built_in$', 'what its last answer began is looked after within half a minute');
SELECT pg_temp.present();
UPDATE npcsim.worlds SET max_tokens_per_npc_per_day = 11;
SELECT npcsim.tick_world(1, 4);
SELECT ok('Ann' = ANY (pg_temp.minds_asked()), 'a higher limit takes effect at once');

-- ---- of a player ----
CALL pg_temp.anew();
UPDATE npcsim.worlds SET max_tokens_per_player_per_day = 100;
SELECT is(pg_temp.claimed(), '{Ada,Bo}', 'minds that may spend something get their requests, those of one player one after the other');
SELECT pg_temp.answer('Ada', 100, '{"action": "continue"}');
SELECT npcsim.tick_world(1, 11);
SELECT is(pg_temp.minds_asked(), '{Bo}', 'when a player''s tokens are spent, no mind of the player''s NPCs is asked, and what is open is taken back');
SELECT is(pg_temp.doing('Ada') || ', ' || pg_temp.doing('Ann'), 'wandering built_in, wandering built_in', 'the built-in mind decides');
SELECT is(pg_temp.answer('Ann', 1, '{"action": "move_to", "x": 20, "y": 1}'), 'late', 'an answer to a question that was out');
SELECT is(pg_temp.doing('Ann'), 'moving mind', 'is carried out');
SELECT is((SELECT payload -> 'present' FROM npcsim.world_inputs WHERE kind = 'presence' ORDER BY sequence DESC LIMIT 1), jsonb_build_array(pg_temp.player('bo')),
          'for the world''s inputs the player is not there');
UPDATE npcsim.players SET daily_token_output = 0 WHERE username = 'ada';
SELECT npcsim.tick_world(1, 4);
SELECT ok('Ada' = ANY (pg_temp.minds_asked()), 'an operator may let a player begin anew');
SELECT pg_temp.answer('Bo', 0);
SELECT pg_temp.answer('Ada', 100);
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ada'));
SELECT is(pg_temp.claimed(), '{}', 'open requests of one whose tokens are spent are not handed out');
SELECT set_config('npcsim.market_time', (now() + interval '1 day')::text, false);
SELECT is(cardinality(pg_temp.claimed()), 1, 'but the next day, one at first');
RESET npcsim.market_time;

-- ---- of a world ----
CALL pg_temp.anew();
SELECT npcsim.create_world('Hill', 20, 20, 5, preset => 'reference');
UPDATE npcsim.worlds SET max_tokens_per_day = 100;
SELECT pg_temp.answer('Ada', 60, '{"action": "continue"}'), pg_temp.answer('Bo', 40, '{"action": "continue"}');
SELECT is(pg_temp.claimed(), '{}', 'when a world''s tokens are spent nobody in it is given a request');
SELECT npcsim.tick_world(1, 11);
SELECT is(pg_temp.minds_asked(), '{}', 'nor asked');
SELECT is((SELECT array_agg(DISTINCT decider) FROM npcsim.npcs WHERE world_id = 1), '{built_in}', 'the built-in mind decides for all');
SELECT is((SELECT daily_token_output FROM npcsim.worlds WHERE name = 'Hill'), 0::bigint, 'other worlds have spent nothing');
SELECT pg_temp.next_day();
SELECT pg_temp.present();
SELECT npcsim.tick_world(1, 4);
SELECT is(pg_temp.minds_asked(), '{Ada,Ann,Bo}', 'the next day all are asked');

-- ---- what players are told of it ----
CALL pg_temp.anew();
CREATE FUNCTION pg_temp.standing(name text, told bigint DEFAULT 0) RETURNS TABLE (standing bigint, body json)
LANGUAGE sql AS $$SELECT s.standing, s.body FROM npcsim.compute_standings(ARRAY[pg_temp.player(name)], ARRAY[told]) s$$;
SELECT results_eq($$SELECT body ->> 'npc_count', (SELECT string_agg(n ->> 'name', ',') FROM json_array_elements(body -> 'npcs') n), body -> 'player' ->> 'name'
                      FROM pg_temp.standing('ada')$$, $$VALUES ('2', 'Ada,Ann', 'ada')$$, 'a player is told which NPCs are theirs');
SELECT is_empty($$SELECT * FROM pg_temp.standing('ada', (SELECT standing FROM pg_temp.standing('ada')))$$, 'once');
SELECT results_eq($$SELECT body -> 'budget_spent' ->> 'player', body -> 'budget_spent' ->> 'world', body -> 'budget_spent' ->> 'npc_ids' FROM pg_temp.standing('ada')$$,
                  $$VALUES ('false', 'false', '[]')$$, 'and that no budget is spent');
UPDATE npcsim.worlds SET max_tokens_per_player_per_day = 50 WHERE id = 1;
SELECT pg_temp.answer('Ada', 60, '{"action": "continue"}');
SELECT is((SELECT body -> 'budget_spent' ->> 'player' FROM pg_temp.standing('ada')), 'true', 'or that theirs is');
SELECT is((SELECT body -> 'budget_spent' ->> 'player' FROM pg_temp.standing('bo')), 'false', 'which is not that of others');
UPDATE npcsim.worlds SET max_tokens_per_day = 50 WHERE id = 1;
SELECT is((SELECT body -> 'budget_spent' ->> 'world' FROM pg_temp.standing('bo')), 'true', 'or the world''s');
UPDATE npcsim.worlds SET max_tokens_per_player_per_day = 0, max_tokens_per_day = 0 WHERE id = 1;
SELECT is((SELECT body ->> 'backing_off' FROM pg_temp.standing('ada')), '[]', 'minds whose answers are of use are asked as ever');
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ann'));
SELECT pg_temp.answer('Ann', 0, '{"action": "dance"}');
SELECT is((SELECT body -> 'backing_off' FROM pg_temp.standing('ada'))::jsonb, jsonb_build_array(jsonb_build_object('npc_id', pg_temp.npc('Ann'), 'failures', 1)),
          'a player is told who is asked less often, after how many failures');
SELECT is((SELECT body ->> 'backing_off' FROM pg_temp.standing('bo')), '[]', 'of the own NPCs alone');
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Ann'));
SELECT npcsim.submit_npc_decision(pg_temp.player('ada'), jsonb_build_object('npc_id', pg_temp.npc('Ann'), 'action', 'continue'));
SELECT is((SELECT body ->> 'backing_off' FROM pg_temp.standing('ada')), '[]', 'until an answer is of use');
SELECT is_empty($$SELECT * FROM npcsim.compute_standings('{999999}', '{0}')$$, 'nobody stands nowhere');
SELECT is_empty($$SELECT * FROM npcsim.compute_standings(NULL, NULL)$$, 'nor does no one');

SELECT npcsim.drop_world(1);
SELECT is((SELECT count(*) FROM npcsim.world_tokens), 0::bigint, 'a world''s count goes with it');

SELECT * FROM finish();
