-- An NPC says something aloud: at once, in a plan, by another name; not without words, nor while it talks with somebody; whoever chooses
-- from a list is offered it.
-- with: 63_plans 67_choices
SELECT plan(24);
SELECT npcsim.create_world('Square', 40, 30, 1, preset => 'reference'), npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
\ir lib/minds.sql
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.make('Ada', 2, 2) AS ada, pg_temp.make('Bo', 20, 2) AS bo \gset

-- What was said aloud, outside of interactions.
CREATE FUNCTION pg_temp.heard() RETURNS text[]
LANGUAGE sql AS $$SELECT coalesce(array_agg(text ORDER BY sequence), '{}') FROM npcsim.messages WHERE world_id = 1 AND interaction_id IS NULL$$;
CREATE FUNCTION pg_temp.plan() RETURNS jsonb
LANGUAGE sql AS $$SELECT plan FROM npcsim.npc_minds WHERE world_id = 1 AND npc_id = pg_temp.npc()$$;

-- ---- at once ----
SELECT is(pg_temp.tell('Ada', '{"action": "shout", "message": "Fire!"}'), 'applied', 'what is to be shouted');
SELECT is(pg_temp.heard(), '{Fire!}', 'is heard');
SELECT is(pg_temp.doing(), 'idle nobody', 'which takes no time');
SELECT is(pg_temp.tell('Ada', '{"action": "shout", "parameters": {"message": "Water!"}}'), 'applied', 'the message may be among the parameters');
SELECT is(pg_temp.tell('Ada', '{"action": "yell", "message": "Help, \"quick\"!"}'), 'applied', 'to yell is to shout');
SELECT is(pg_temp.heard(), '{Fire!,Water!,"Help, \"quick\"!"}', 'all of it is heard');

-- ---- with what else it does ----
SELECT is(pg_temp.tell('Ada', '{"action": "move_to", "x": 6, "y": 2, "then": [{"action": "yell", "message": "Here I am"}, {"action": "wait"}]}'), 'applied',
          'it may be a step of a plan');
SELECT npcsim.tick_world(1, 0.5) IS NOT NULL AS later;
SELECT is(pg_temp.tell('Ada', '{"action": "shout", "message": "I am coming"}'), 'applied', 'who walks may shout');
SELECT is(concat_ws(' ', pg_temp.doing(), jsonb_array_length(pg_temp.plan())), 'moving mind 2', 'and goes on with what it does, and its plan');
SELECT npcsim.define_item_type(1, 'stone', '{}'); -- the plan is read from its row
SELECT npcsim.tick_world(1, 2) IS NOT NULL AS later;
SELECT is((pg_temp.heard())[4:], '{"I am coming","Here I am"}', 'the step is carried out when its turn comes');
SELECT is(concat_ws(' ', pg_temp.at(), pg_temp.plan()), '6,2 waiting []', 'and the next one after it');
SELECT is(pg_temp.tell('Ada', '{"action": "move_to", "x": 5, "y": 2}'), 'applied', 'it goes');
SELECT npcsim.tick_world(1, 1) IS NOT NULL AS later;
SELECT is(pg_temp.tell('Ada', '{"action": "shout", "message": "Off I go", "then": [{"action": "wait"}]}'), 'applied', 'it may be the first of a plan');
SELECT npcsim.tick_world(1, 0.2) IS NOT NULL AS later;
SELECT is(pg_temp.doing() || pg_temp.plan(), 'waiting mind[]', 'which goes on at once');

-- ---- refused ----
SELECT is(pg_temp.tell('Ada', '{"action": "shout"}'), 'rejected NS304 shouting needs a message', 'there must be something to shout');
SELECT is(pg_temp.tell('Ada', '{"action": "shout", "message": ""}'), 'rejected NS304 shouting needs a message', 'more than nothing');
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'shout', 'message', repeat('a', 501))), 'rejected NS304 the message has more than 500 characters',
          'and not for ever');
SELECT is(pg_temp.tell('Ada', '{"action": "wait", "then": [{"action": "shout", "message": 1}]}'),
          'rejected NS304 action 1 of then cannot be read: shouting needs a message', 'of a plan, too');
SELECT npcsim.create_item(1, 'chair', 5, 3) AS chair \gset
SELECT is(pg_temp.use('Ada', :chair), 'applied', 'it sits down');
SELECT npcsim.tick_world(1, 1) IS NOT NULL AS later;
SELECT is(pg_temp.tell('Ada', '{"action": "shout", "message": "No"}'), 'rejected NS305 action shout is not valid in state interacting', 'who interacts does not shout');
SELECT is(pg_temp.heard() @> '{No}', false, 'nobody heard it');

-- ---- offered ----
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 8, "choices": true}') IS NOT NULL AS beat;
SELECT npcsim.request_npc_decision(1, :bo) AS request \gset
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
CREATE TEMP TABLE offered AS
SELECT choice FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 8 FROM npcsim.sessions)) AS asked,
       jsonb_array_elements(asked.body::jsonb #> '{observations,choices}') AS choice
 WHERE asked.npc_id = :bo;
UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
SELECT is((SELECT count(*) FROM offered WHERE choice ->> 'action' = 'shout' AND choice ->> 'message' <> '' AND choice ->> 'text' LIKE 'shout %'), 1::bigint,
          'who chooses from a list is told that it may');
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', :request, 'message', 'By number',
              'choice', (SELECT choice -> 'choice' FROM offered WHERE choice ->> 'action' = 'shout'))) ->> 'status', 'applied', 'and does, by its number');
SELECT is((pg_temp.heard())[array_upper(pg_temp.heard(), 1)], 'By number', 'with words of its own');
SELECT * FROM finish();
