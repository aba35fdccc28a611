-- Minds that choose from a list: what is offered can be done, a number counts for its own question alone, and who has
-- little room is told little.
BEGIN;
SELECT plan(47);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('world_clock', 'decision_slots');

CREATE FUNCTION pg_temp.player(world bigint) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.players WHERE world_id = world$$;
CREATE FUNCTION pg_temp.session(world bigint) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM npcsim.sessions WHERE world_id = world$$;
CREATE FUNCTION pg_temp.beat(world bigint, wishes jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.update_player_heartbeat(pg_temp.player(world), wishes || '{"source":"one","max_concurrency":64}')
$$;
-- A world with a mind that decides for all of its NPCs.
CREATE FUNCTION pg_temp.lend_mind(world bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.create_player(world, 'ada', 'player');
    PERFORM npcsim.assign_npc_to_player(world, id, pg_temp.player(world)) FROM npcsim.npcs WHERE world_id = world;
    PERFORM npcsim.client_connected('g1', pg_temp.player(world), world, 'compute', 'one');
    PERFORM pg_temp.beat(world, '{"choices":true}');
END
$$;
-- What is asked next.
CREATE FUNCTION pg_temp.asked(world bigint) RETURNS TABLE (npc bigint, request bigint, body jsonb) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = world;
    RETURN QUERY SELECT c.npc_id, c.request_id, c.body::jsonb FROM npcsim.claim_decisions('g1', ARRAY[pg_temp.session(world)], '{1}') AS c;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = world;
END
$$;
CREATE FUNCTION pg_temp.answer(world bigint, request bigint, decision jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT npcsim.submit_npc_decision(pg_temp.player(world), decision || jsonb_build_object('request_id', request))::jsonb
$$;
CREATE FUNCTION pg_temp.verdict(result jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', result ->> 'status', result ->> 'code', result ->> 'reason')
$$;
SELECT npcsim.register_gateway('g1');

-- ---- what is offered is done, in colonies with walls, crowds and talkers ----
CREATE TEMP TABLE outcomes (world bigint, place integer, choice jsonb, result jsonb);
CREATE TEMP TABLE lists (world bigint, npc bigint, list jsonb, observation jsonb);
CREATE FUNCTION pg_temp.live(world bigint, rounds integer, picky boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    question record;
    picked integer;
BEGIN
    FOR i IN 1 .. rounds LOOP
        PERFORM npcsim.tick_world(world, 3.1);
        -- one after the other: each answer is given at once, before the next one is asked
        LOOP
            SELECT * INTO question FROM pg_temp.asked(world);
            EXIT WHEN NOT FOUND;
            INSERT INTO lists VALUES (world, question.npc, question.body #> '{observations,choices}', question.body -> 'observations');
            picked := CASE WHEN picky THEN 1 ELSE 1 + floor(random() * jsonb_array_length(question.body #> '{observations,choices}'))::int END;
            INSERT INTO outcomes VALUES (world, picked, question.body #> ARRAY['observations', 'choices', (picked - 1)::text],
                                         pg_temp.answer(world, question.request, jsonb_build_object('choice', picked, 'tokens', 3)));
        END LOOP;
    END LOOP;
END
$$;
SELECT setseed(0.25);
SELECT npcsim.create_world('Random', 40, 30, 7, preset => 'reference'), npcsim.populate_world(1, 30), npcsim.set_decision_policy(1, 'interval');
SELECT npcsim.set_terrain(1, x, y, true, 1, 1) FROM (SELECT DISTINCT floor(random() * 40)::int AS x, floor(random() * 30)::int AS y FROM generate_series(1, 150)) AS walls
 WHERE NOT EXISTS (SELECT FROM npcsim.world_items i WHERE i.world_id = 1 AND i.position_x = walls.x AND i.position_y = walls.y)
   AND NOT EXISTS (SELECT FROM npcsim.npcs n WHERE n.world_id = 1 AND n.position_x = walls.x AND n.position_y = walls.y);
SELECT pg_temp.lend_mind(1);
SELECT pg_temp.live(1, 20, false);
SELECT npcsim.create_world('Best', 40, 30, 8, preset => 'reference'), npcsim.populate_world(2, 20), npcsim.set_decision_policy(2, 'interval');
SELECT pg_temp.lend_mind(2);
SELECT pg_temp.live(2, 8, true);

SELECT cmp_ok((SELECT count(*) FROM outcomes), '>', 300::bigint, 'many questions were asked');
SELECT is((SELECT array_agg(DISTINCT choice ->> 'action' ORDER BY choice ->> 'action') FROM outcomes WHERE world = 1)
          @> '{act_in_interaction,cancel_interaction,consume,continue,interact_with,move_direction,respond_to_interaction_bid,sit,wait,wander}'::text[], true,
          'choices of every kind were taken');
SELECT is((SELECT string_agg(DISTINCT format('%s: %s', choice, pg_temp.verdict(result)), E'\n') FROM outcomes WHERE result ->> 'status' <> 'applied'), NULL,
          'every choice is applied when it is answered at once');
SELECT cmp_ok((SELECT max(jsonb_array_length(list)) FROM lists), '<=', 24, 'no list is longer than 24');
SELECT cmp_ok((SELECT min(jsonb_array_length(list)) FROM lists), '>=', 1, 'none is empty');
SELECT is_empty($$SELECT list FROM lists, LATERAL (SELECT array_agg((c ->> 'choice')::int ORDER BY i) AS numbers, count(*)::int AS count
                    FROM jsonb_array_elements(list) WITH ORDINALITY AS e(c, i)) AS n WHERE numbers <> ARRAY(SELECT generate_series(1, n.count))$$,
                'choices are numbered from 1');
SELECT is_empty($$SELECT c FROM lists, jsonb_array_elements(list) AS c WHERE c ->> 'action' IS NULL OR coalesce(c ->> 'text', '') = ''$$,
                'each says what to do, and what about it');
SELECT cmp_ok((SELECT max(octet_length(observation::text)) FROM lists), '<', 12000, 'an observation with them is not much longer than one without');

-- ---- the order is the built-in mind's ----
-- What the built-in mind would do is what it does for an NPC without a controller in the same place.
SELECT npcsim.create_world('Order', 30, 30, 9, preset => 'reference');
SELECT npcsim.set_decision_policy(3, 'interval');
CREATE TEMP TABLE here AS SELECT npcsim.create_npc(3, 'Ada', 10, 10) AS ada, npcsim.create_item(3, 'apple', 10, 13) AS near_apple,
    npcsim.create_item(3, 'apple', 10, 15) AS far_apple, npcsim.create_item(3, 'chair', 11, 10) AS chair, npcsim.create_item(3, 'apple', 16, 10) AS walled_apple;
SELECT npcsim.set_terrain(3, x, y, true, 1, 1) FROM (VALUES (15, 10), (17, 10), (16, 9), (16, 11)) AS walls(x, y);
SELECT pg_temp.lend_mind(3);
UPDATE npcsim.npcs SET hunger = 20, energy = 40 WHERE world_id = 3;
SELECT npcsim.tick_world(3, 0.1);
CREATE TEMP TABLE question AS SELECT * FROM pg_temp.asked(3);
CREATE FUNCTION pg_temp.list() RETURNS jsonb LANGUAGE sql AS $$SELECT body #> '{observations,choices}' FROM question$$;
SELECT is(pg_temp.list() -> 0, jsonb_build_object('choice', 1, 'action', 'consume', 'target_id', near_apple, 'text', 'consume apple, 3 away, fills hunger'),
          'the neediest need comes first, and the nearest that serves it') FROM here;
SELECT is(pg_temp.list() #>> '{1,target_id}', far_apple::text, 'then the next') FROM here;
SELECT is(pg_temp.list() #>> '{2,target_id}', chair::text, 'then the other need') FROM here;
SELECT is_empty($$SELECT c FROM here, jsonb_array_elements(pg_temp.list()) AS c WHERE c ->> 'target_id' = walled_apple::text$$, 'what cannot be got to is not offered');
SELECT is((SELECT array_agg(c ->> 'action' ORDER BY i) FROM jsonb_array_elements(pg_temp.list()) WITH ORDINALITY AS e(c, i)),
          '{consume,consume,sit,wander,wait,continue,move_direction,move_direction,move_direction}', 'the whole list');

-- ---- a number counts for its own question ----
CREATE FUNCTION pg_temp.ask_anew() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.tick_world(3, 3.1);
    PERFORM npcsim.request_npc_decision(3, ada) FROM here;
    DELETE FROM question;
    INSERT INTO question SELECT * FROM pg_temp.asked(3);
    RETURN (SELECT request FROM question);
END
$$;
CREATE FUNCTION pg_temp.try(decision jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(pg_temp.answer(3, pg_temp.ask_anew(), decision))
$$;
SELECT is(pg_temp.verdict(pg_temp.answer(3, request, '{"choice":1,"reason":"hungry","tokens":12}')), 'applied', 'a number is an answer') FROM question;
SELECT is((SELECT decision - 'request_id' FROM npcsim.decision_log WHERE world_id = 3 ORDER BY finished_at_real DESC LIMIT 1),
          jsonb_build_object('choice', 1, 'action', 'consume', 'target_id', near_apple, 'reason', 'hungry', 'tokens', 12),
          'the log has what was chosen') FROM here;
SELECT is((SELECT state FROM npcsim.npcs WHERE world_id = 3), 'moving', 'and it is done');
SELECT is(pg_temp.try('{"choice":99}'), format('rejected NS304 choice is not a number from 1 to %s, the choices that were offered', jsonb_array_length(pg_temp.list())),
          'a number out of range is refused');
SELECT is(pg_temp.try('{"choice":0}') LIKE 'rejected NS304 choice is not a number from 1 to %', true, 'so is 0');
SELECT is(pg_temp.try('{"choice":-1}') LIKE 'rejected NS304 choice is not a number from 1 to %', true, 'a negative one');
SELECT is(pg_temp.try('{"choice":1.5}') LIKE 'rejected NS304 choice is not a number from 1 to %', true, 'half a number');
SELECT is(pg_temp.try('{"choice":"first"}') LIKE 'rejected NS304 choice is not a number from 1 to %', true, 'and what is none');
SELECT is(pg_temp.try('{"choice":1e300}') LIKE 'rejected NS304 choice is not a number from 1 to %', true, 'or is beyond all');
SELECT is(pg_temp.try('{"choice":null,"action":"continue"}'), 'applied', 'null is no choice');
SELECT is(pg_temp.try('{"choice":1,"action":"nonsense","target_id":-5}'), 'applied', 'what stands beside a choice does not count');
SELECT is(pg_temp.try('{"choice":1,"then":[{"action":"wander"}],"next_decision_in_s":20,"wake_on":["error"]}'), 'applied', 'but for plans and wishes');
SELECT is((SELECT plan FROM npcsim.npc_minds WHERE world_id = 3), '[{"action": "wander"}]', 'which hold');
SELECT is(pg_temp.try('{"choice":1,"then":7}'), 'rejected NS304 then is not an array of at most 8 actions', 'and are checked as ever');
SELECT is(pg_temp.try('{"choice":2}') , 'applied', 'a choice');
SELECT is(pg_temp.verdict(pg_temp.answer(3, (SELECT request FROM question), '{"choice":2}')), 'duplicate the request was answered already', 'is made once');
CREATE TEMP TABLE older AS SELECT pg_temp.ask_anew() AS request;
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player(3)], ARRAY[request], '{timeout}') FROM older;
SELECT pg_temp.ask_anew();
SELECT is(pg_temp.verdict(pg_temp.answer(3, (SELECT request FROM older), '{"choice":1}')), 'late the mind was asked again since',
          'a number for an older question is not taken for this one');
SELECT is(pg_temp.verdict(npcsim.submit_npc_decision(pg_temp.player(3), (SELECT jsonb_build_object('npc_id', ada, 'choice', 1) FROM here))::jsonb),
          'rejected NS304 a choice is the answer to one question: its request_id is missing', 'and one that does not say which is refused');
SELECT is(pg_temp.verdict(npcsim.submit_npc_decision(pg_temp.player(1), (SELECT jsonb_build_object('request_id', request, 'choice', 1) FROM question))::jsonb) LIKE 'rejected NS30%',
          true, 'nobody chooses for another');
SELECT pg_temp.beat(3, '{}');
SELECT is(pg_temp.try('{"choice":1}'), 'rejected NS304 no choices were offered with this question', 'who asked for no list has none');
SELECT is((SELECT body -> 'observations' ? 'choices' FROM question), false, 'and is told none');
SELECT is((SELECT choices FROM npcsim.decision_slots WHERE world_id = 3), NULL, 'none is remembered');

-- ---- in few words ----
CREATE TEMP TABLE compact AS SELECT NULL::bigint AS world, NULL::jsonb AS whole, NULL::text AS observation LIMIT 0;
CREATE FUNCTION pg_temp.live_compact(world bigint, rounds integer, wishes jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    question record;
    last integer;
BEGIN
    PERFORM pg_temp.beat(world, wishes);
    FOR i IN 1 .. rounds LOOP
        PERFORM npcsim.tick_world(world, 3.1);
        LOOP
            UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = world;
            SELECT c.request_id, c.body::jsonb AS body, (c.body -> 'observations')::text AS observation INTO question
              FROM npcsim.claim_decisions('g1', ARRAY[pg_temp.session(world)], '{1}') AS c;
            EXIT WHEN NOT FOUND;
            INSERT INTO compact VALUES (world, question.body, question.observation);
            last := jsonb_array_length(question.body #> '{observations,choices}');
            IF last > 0 THEN
                INSERT INTO outcomes VALUES (world, last, question.body #> ARRAY['observations', 'choices', (last - 1)::text],
                                             pg_temp.answer(world, question.request_id, jsonb_build_object('choice', last)));
            END IF;
        END LOOP;
        UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = world;
    END LOOP;
END
$$;
UPDATE npcsim.npcs SET name = repeat('"', 30) || id, traits = ARRAY(SELECT repeat('ä', 50) FROM generate_series(1, 16)) WHERE world_id = 1;
DELETE FROM outcomes;
SELECT pg_temp.live_compact(1, 4, '{"choices":true,"compact":true}');
SELECT cmp_ok((SELECT count(*) FROM compact), '>', 60::bigint, 'questions in few words');
SELECT cmp_ok((SELECT max(octet_length(observation)) FROM compact), '<=', 1740, '600 tokens of 2.9 bytes at most, whatever names and crowds there are');
SELECT cmp_ok((SELECT min(jsonb_array_length(whole #> '{observations,choices}')) FROM compact), '>=', 1, 'with choices');
SELECT is((SELECT string_agg(DISTINCT format('%s: %s', choice, pg_temp.verdict(result)), E'\n') FROM outcomes WHERE result ->> 'status' <> 'applied'), NULL,
          'of which the last one counts, too');
SELECT is((SELECT bool_and(whole -> 'observations' ?& '{self,needs,position,status}') FROM compact), true, 'themselves, their needs, place and state are told always');
TRUNCATE compact;
SELECT pg_temp.live_compact(2, 2, '{"compact":true}');
SELECT is((SELECT bool_or(whole -> 'observations' ? 'choices') FROM compact), false, 'choices are told to who wants them alone');
SELECT cmp_ok((SELECT max(octet_length(observation)) FROM compact), '<=', 1740, 'the rest is short all the same');
SELECT cmp_ok((SELECT max(jsonb_array_length(whole #> '{observations,vision}')) FROM compact), '>', 5, 'and has room for what is in sight');

-- ---- what worlds live through does not depend on how it was said ----
CREATE TEMP TABLE again AS SELECT npcsim.replay_world(3) AS world;
SELECT is_empty($$SELECT * FROM npcsim.world_differences(3, (SELECT world FROM again))$$, 'a world of choices is lived again to the same end');
-- ---- an interaction called like an action ----
SELECT npcsim.create_world('Names', 30, 30, 9, preset => 'reference') AS names \gset
SELECT npcsim.set_decision_policy(:names, 'interval'), npcsim.define_interaction_type(:names, 'wait', need_rates => '{"fun": 5}'),
       npcsim.define_item_type(:names, 'stop', '{"usable": {"interactions": ["wait"]}}');
SELECT npcsim.create_npc(:names, 'Ada', 10, 10) AS ada, npcsim.create_item(:names, 'stop', 10, 11) AS stop \gset
SELECT pg_temp.lend_mind(:names);
SELECT npcsim.tick_world(:names, 0.1), npcsim.request_npc_decision(:names, :ada);
CREATE TEMP TABLE named AS SELECT asked.request, choice FROM pg_temp.asked(:names) AS asked, jsonb_array_elements(asked.body #> '{observations,choices}') AS choice
 WHERE choice ->> 'target_id' = :'stop';
SELECT is((SELECT jsonb_agg(choice - '{choice,text}'::text[]) FROM named), jsonb_build_array(jsonb_build_object('action', 'interact_with', 'target_id', :stop, 'interaction_name', 'wait')),
          'what is called like an action is offered spelt out');
SELECT is((SELECT pg_temp.verdict(pg_temp.answer(:names, request, jsonb_build_object('choice', choice -> 'choice'))) FROM named), 'applied', 'and chosen');
SELECT is((SELECT state FROM npcsim.npcs WHERE world_id = :names), 'interacting', 'it is that which is done');
SELECT * FROM finish();
ROLLBACK;
