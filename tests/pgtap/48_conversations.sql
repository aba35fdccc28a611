-- Tests conversations: what is said in them and who hears it, who may join and leave, and how the built-in mind talks.
SET client_min_messages = warning;
\i docs/roles.sql
-- Every statement is a transaction of its own: who is there is looked up once per transaction.
SELECT plan(145);

\ir lib/minds.sql
\ir lib/bids.sql
CREATE FUNCTION pg_temp.say(who text, parameters jsonb) RETURNS text
LANGUAGE sql AS $$SELECT pg_temp.tell(who, jsonb_build_object('action', 'act_in_interaction', 'parameters', parameters))$$;
CREATE FUNCTION pg_temp.say(who text, words text) RETURNS text
LANGUAGE sql AS $$SELECT pg_temp.say(who, jsonb_build_object('message', words))$$;
-- These talk to one another: the first invites, the others accept.
CREATE FUNCTION pg_temp.gather(VARIADIC names text[]) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.tell(names[1], '{"action": "start_conversation"}' || pg_temp.with(VARIADIC names[2:]));
    PERFORM npcsim.tick_world(1, 0.1);
    PERFORM pg_temp.answer(n, pg_temp.bid(names[1]), true) FROM unnest(names[2:]) AS n;
    RETURN pg_temp.talk(names[1]);
END
$$;
CREATE FUNCTION pg_temp.people(talk bigint) RETURNS text
LANGUAGE sql AS $$SELECT string_agg(name, ' ' ORDER BY i) FROM npcsim.interactions n, unnest(participants) WITH ORDINALITY AS p(id, i) JOIN npcsim.npcs c USING (id) WHERE n.id = talk AND c.world_id = 1$$;
CREATE FUNCTION pg_temp.ids(VARIADIC names text[]) RETURNS jsonb
LANGUAGE sql AS $$SELECT jsonb_agg(pg_temp.npc(n) ORDER BY i) FROM unnest(names) WITH ORDINALITY AS t(n, i)$$;
CREATE FUNCTION pg_temp.happened(talk bigint, kinds text[]) RETURNS SETOF text
LANGUAGE sql AS $$SELECT concat_ws(' ', e.kind, n.name, e.data ->> 'interaction', e.data ->> 'participants') FROM npcsim.world_events e LEFT JOIN npcsim.npcs n ON n.world_id = 1 AND n.id = e.npc_id
                   WHERE e.world_id = 1 AND e.interaction_id = talk AND e.kind = ANY (kinds) ORDER BY e.sequence$$;
SELECT npcsim.create_world('Meadow', 200, 60, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') FROM npcsim.players;
SELECT pg_temp.present();

-- ---- what can be said ----
SELECT pg_temp.make('Ada', 5, 5), pg_temp.make('Bo', 8, 5);
SELECT pg_temp.step(0.1);
SELECT pg_temp.gather('Ada', 'Bo') AS talk \gset
SELECT results_eq($$SELECT initiator_npc_id, target_type, target_id, interaction_type, data, participants FROM npcsim.interactions$$,
                  $$SELECT pg_temp.npc('Ada'), 'npc', pg_temp.npc('Bo'), 'conversation', '{}'::jsonb, ARRAY[pg_temp.npc('Ada'), pg_temp.npc('Bo')]$$, 'a conversation of two');
SELECT is((SELECT data FROM npcsim.world_events WHERE interaction_id = :talk), jsonb_build_object('interaction', 'conversation', 'participants', pg_temp.ids('Ada', 'Bo')), 'the world''s record has who began it with whom');
SELECT is(pg_temp.say('Ada', parameters), outcome, left(parameters::text, 40)) FROM (VALUES
    ('{"message": ""}'::jsonb, 'rejected NS302 the message is empty'),
    ('{}', 'rejected NS302 the interaction needs the parameter "message"'),
    ('{"message": null}', 'rejected NS302 the interaction needs the parameter "message"'),
    ('{"message": 5}', 'rejected NS302 the parameter "message" is not of type string'),
    ('{"message": ["x"]}', 'rejected NS302 the parameter "message" is not of type string'),
    ('{"message": "x", "volume": 3}', 'rejected NS302 the interaction has no parameter "volume"'),
    (jsonb_build_object('message', repeat('x', 501)), 'rejected NS302 the parameter "message" has more than 500 characters'),
    (jsonb_build_object('message', repeat('水', 501)), 'rejected NS302 the parameter "message" has more than 500 characters')) AS v(parameters, outcome);
SELECT is(pg_temp.last('Ada'), '{"type": "error", "action": "act_in_interaction", "message": "the parameter \"message\" has more than 500 characters"}', 'the mind is told of what is refused');
SELECT is((SELECT data FROM npcsim.interactions WHERE id = :talk), '{}', 'none of it was said');
SELECT is(pg_temp.say('Ada', repeat('水', 500)), 'applied', '500 characters of several bytes each are said');
SELECT is(pg_temp.say('Bo', E'"\\ \u2028 😀 \t'), 'applied', 'breaks of lines among them');
SELECT results_eq($$SELECT npc_id, text, clock, kind, player_id FROM npcsim.messages ORDER BY sequence$$,
                  $$VALUES (pg_temp.npc('Ada'), repeat('水', 500), 0.2::float8, 'npc_said', NULL::bigint), (pg_temp.npc('Bo'), '"\   😀  ', 0.2, 'npc_said', NULL)$$, 'messages has it');
SELECT is(pg_temp.last('Ada'), jsonb_build_object('type', 'interaction_observation', 'interaction', 'conversation', 'interaction_id', :talk, 'kind', 'message', 'npc_id', pg_temp.npc('Bo'), 'name', 'Bo', 'message', '"\   😀  '), 'the other one hears it');
SELECT is((SELECT count(*) FROM npcsim.npc_minds m, jsonb_array_elements(events) e WHERE npc_id = pg_temp.npc('Ada') AND e ->> 'kind' = 'message'), 1::bigint, 'nobody hears himself');
SELECT is((SELECT data - 'acts' FROM npcsim.interactions WHERE id = :talk), '{"act_count": 2}', 'it is counted');

-- ---- what cannot be seen ----
SELECT is(pg_temp.say('Bo', format('{"message": "a%sb"}', hidden)::jsonb), 'rejected NS304 a text of the decision has a character that cannot be seen', 'a message with ' || hidden || ' is refused')
  FROM unnest(ARRAY['\u200f', '\u061c', '\ufeff', '\u202e', '\u2066', '\u200b', '\u0001', '\ue000', '\u3164', '\udb40\udc41']) AS hidden;
SELECT is(pg_temp.say('Bo', jsonb_build_object('message', 'a' || repeat(U&'\0301', 9))), 'rejected NS304 a text of the decision has too many marks on one character', 'a tower of marks, too');
SELECT is(pg_temp.say('Bo', jsonb_build_object('message', blanks)), 'rejected NS304 a text of the decision has nothing to see', 'and nothing but blanks')
  FROM unnest(ARRAY['  ', U&'\00a0', U&'\2800', E'\n\t']) AS blanks;
SELECT is(pg_temp.say('Bo', '{"message": "x", "vol\u202eume": "loud"}'::jsonb), 'rejected NS304 a text of the decision has a character that cannot be seen', 'names of parameters are texts, too');
SELECT is((SELECT count(*) FROM npcsim.messages), 2::bigint, 'none of it was said');

-- ---- how often ----
SELECT pg_temp.step(2.9);
SELECT is(pg_temp.say('Ada', 'now'), 'applied held: it is done at 3.2, 3 s after its last act', '2.9 s later is too early: it is held');
SELECT is((SELECT count(*) FROM npcsim.messages), 2::bigint, 'and not said yet');
SELECT pg_temp.step(0.1);
SELECT is((SELECT array_agg(text ORDER BY sequence) FROM npcsim.messages WHERE clock > 3), '{now}', 'but 3.0 s later');
SELECT is(pg_temp.say('Bo', '4'), 'applied', 'each has a time of his own');
CREATE FUNCTION pg_temp.chat() RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.tick_world(1, 3);
    SELECT pg_temp.say('Ada', 'a' || round(pg_temp.clock())), pg_temp.say('Bo', 'b' || round(pg_temp.clock()))
$$;
SELECT pg_temp.chat() FROM generate_series(1, 4);
SELECT is((SELECT (data ->> 'act_count') || ' ' || jsonb_array_length(data -> 'acts') FROM npcsim.interactions WHERE id = :talk), '12 10', 'the last 10 of them are kept, all are counted');
SELECT results_eq(format('SELECT a - %L FROM npcsim.interactions, jsonb_array_elements(data -> %L) WITH ORDINALITY AS t(a, i) WHERE id = %s AND i IN (1, 2, 10) ORDER BY i', 'name', 'acts', :talk),
                  $$VALUES (jsonb_build_object('at', 3.2, 'npc_id', pg_temp.npc('Ada'), 'message', 'now')), (jsonb_build_object('at', 3.2, 'npc_id', pg_temp.npc('Bo'), 'message', '4')),
                           (jsonb_build_object('at', 15.2, 'npc_id', pg_temp.npc('Bo'), 'message', 'b15'))$$, 'oldest first');

-- ---- it locks movement, and fills nothing ----
SELECT is(pg_temp.tell('Ada', action), 'rejected NS305 action ' || coalesce(action ->> 'rule', action ->> 'action') || ' is not valid in state interacting', action ->> 'action') FROM unnest(ARRAY[
    '{"action": "move_to", "x": 1, "y": 1}', '{"action": "move_direction", "direction": "n"}', '{"action": "wander"}', '{"action": "wait"}',
    '{"action": "start_conversation", "rule": "interact_with", "target_id": 1}', '{"action": "move_to_npc", "rule": "approach", "target_id": 1}']::jsonb[]) AS action;
SELECT is(pg_temp.at('Ada'), '5,5 interacting', 'who talks stays');
SELECT ok((SELECT hunger_rate < 0 AND hunger_rate = fun_rate AND hunger_rate = hygiene_rate AND hunger_rate = energy_rate FROM npcsim.npc_states WHERE npc_id = pg_temp.npc('Ada')), 'needs decay as ever');

-- ---- leaving: of two ----
SELECT is(pg_temp.leave('Ada'), 'applied');
SELECT is(pg_temp.last('Ada'), jsonb_build_object('type', 'interaction_cancelled', 'interaction', 'conversation', 'interaction_id', :talk, 'target_id', pg_temp.npc('Bo'), 'participants', pg_temp.ids('Ada', 'Bo')), 'who leaves is told so');
SELECT is(pg_temp.last('Bo'), pg_temp.last('Ada') || '{"type": "interaction_finished"}', 'for the other it is finished');
SELECT is(pg_temp.state_name('Ada') || ' ' || pg_temp.state_name('Bo'), 'idle idle', 'both are idle');
SELECT is_empty('SELECT FROM npcsim.interactions', 'it is over');
SELECT results_eq(format('SELECT pg_temp.happened(%s, %L)', :talk, '{interaction_started,interaction_joined,interaction_left,interaction_cancelled,interaction_finished}'),
                  format($$VALUES ('interaction_started Ada conversation %1$s'), ('interaction_cancelled Ada conversation %1$s'), ('interaction_finished Bo conversation %1$s')$$, pg_temp.ids('Ada', 'Bo')),
                  'the record has the end, for each');
SELECT is(pg_temp.say('Ada', 'x'), 'rejected NS305 action act_in_interaction is not valid in state idle', 'then nothing is said any more');
SELECT is(pg_temp.leave('Ada'), 'rejected NS305 action cancel_interaction is not valid in state idle', 'nor left');
SELECT pg_temp.tell('Ada', '{"action": "wait"}'), pg_temp.tell('Bo', '{"action": "wait"}');

-- ---- joining and leaving: of several ----
SELECT pg_temp.make('N' || n, 20 + n, 5) FROM generate_series(1, 12) AS n;
SELECT pg_temp.step(0.1);
SELECT pg_temp.gather('N4', 'N5', 'N6') AS talk \gset
SELECT is(pg_temp.people(:talk), 'N4 N5 N6', 'three talk');
SELECT is(pg_temp.tell('N7', '{"action": "start_conversation", "message": "May I?"}' || pg_temp.with('N6')), 'applied', 'a fourth turns to one of them');
SELECT is(pg_temp.people(:talk), 'N4 N5 N6 N7', 'and is among them, without asking');
SELECT is(pg_temp.told('N7'), '{interaction_started}', 'it started for him');
SELECT is(pg_temp.last('N7'), jsonb_build_object('type', 'interaction_started', 'interaction', 'conversation', 'interaction_id', :talk, 'target_id', pg_temp.npc('N5'), 'participants', pg_temp.ids('N4', 'N5', 'N6', 'N7')), 'with all of them');
SELECT is(pg_temp.since('N5', pg_temp.clock()) - 'at', jsonb_build_array(
              jsonb_build_object('type', 'interaction_started', 'interaction', 'conversation', 'interaction_id', :talk, 'target_id', pg_temp.npc('N5'), 'participants', pg_temp.ids('N4', 'N5', 'N6')),
              jsonb_build_object('type', 'interaction_observation', 'interaction', 'conversation', 'interaction_id', :talk, 'kind', 'joined', 'npc_id', pg_temp.npc('N7'), 'name', 'N7'),
              jsonb_build_object('type', 'interaction_observation', 'interaction', 'conversation', 'interaction_id', :talk, 'kind', 'message', 'npc_id', pg_temp.npc('N7'), 'name', 'N7', 'message', 'May I?')), 'the others are told that he joined, and hear what he says');
SELECT is(pg_temp.tell('N3', '{"action": "start_conversation"}' || pg_temp.with('N4', 'N7')), 'applied', 'to several of them: the same');
SELECT is(pg_temp.people(:talk), 'N4 N5 N6 N7 N3');
SELECT is(pg_temp.tell('N2', '{"action": "start_conversation"}' || pg_temp.with('N4', 'N1')), 'rejected NS302 NPC ' || pg_temp.npc('N4') || ' is busy', 'not with others besides');
SELECT is(pg_temp.tell('N12', '{"action": "start_conversation"}' || pg_temp.with('N4')), 'applied', 'who is far away');
SELECT is(pg_temp.at('N12'), '32,5 moving', 'walks there first');
SELECT pg_temp.step(2.3);
SELECT is(pg_temp.people(:talk), 'N4 N5 N6 N7 N3 N12', 'and joins');
SELECT pg_temp.place('N' || n, 20 + n, 6) FROM unnest(ARRAY[1, 2, 8, 9, 10, 11]) AS n;
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('N' || n, '{"action": "wait"}') FROM unnest(ARRAY[1, 2, 8, 9, 10, 11]) AS n;
SELECT pg_temp.tell('N' || n, '{"action": "start_conversation"}' || pg_temp.with('N6')) FROM unnest(ARRAY[2, 8, 9]) AS n;
SELECT is(pg_temp.people(:talk), 'N4 N5 N6 N7 N3 N12 N2 N8 N9', 'nine talk');
SELECT is(pg_temp.tell('N10', '{"action": "start_conversation"}' || pg_temp.with('N6')), 'applied', 'a tenth is admitted');
SELECT is(pg_temp.people(:talk), 'N4 N5 N6 N7 N3 N12 N2 N8 N9 N10');
SELECT is(pg_temp.tell('N11', '{"action": "start_conversation"}' || pg_temp.with('N7')), 'rejected NS302 NPC ' || pg_temp.npc('N7') || ' is busy', 'an eleventh is not');
SELECT pg_temp.leave('N' || n) FROM unnest(ARRAY[3, 2, 8, 9, 10, 12]) AS n;
SELECT is(pg_temp.people(:talk), 'N4 N5 N6 N7', 'when some leave, the others go on');
SELECT is(pg_temp.tell('N11', '{"action": "start_conversation"}' || pg_temp.with('N7')), 'applied', 'then there is room again');
SELECT is(pg_temp.people(:talk), 'N4 N5 N6 N7 N11');
SELECT pg_temp.leave('N11'), pg_temp.leave('N7');
SELECT is(pg_temp.last('N7') ->> 'type', 'interaction_cancelled', 'who leaves is told');
SELECT is(pg_temp.last('N5'), jsonb_build_object('type', 'interaction_observation', 'interaction', 'conversation', 'interaction_id', :talk, 'kind', 'left', 'npc_id', pg_temp.npc('N7'), 'name', 'N7'), 'the others learn of it');
SELECT is(pg_temp.leave('N4'), 'applied', 'who began it leaves');
SELECT results_eq('SELECT initiator_npc_id, target_id, participants FROM npcsim.interactions WHERE id = ' || :talk, $$SELECT pg_temp.npc('N4'), pg_temp.npc('N5'), ARRAY[pg_temp.npc('N5'), pg_temp.npc('N6')]$$, 'two go on without');
SELECT pg_temp.place('N5', 25, 10);
SELECT is(pg_temp.last('N5') ->> 'type', 'interaction_cancelled', 'one is put elsewhere: he is out of it');
SELECT is(pg_temp.last('N6') ->> 'type', 'interaction_finished', 'and the last one does not talk to himself');
SELECT results_eq(format('SELECT pg_temp.happened(%s, %L)', :talk, '{interaction_left,interaction_joined,interaction_started,interaction_finished,interaction_cancelled}') || ' OFFSET 17',
                  format($$VALUES ('interaction_left N4 conversation %s'), ('interaction_cancelled N5 conversation %2$s'), ('interaction_finished N6 conversation %2$s')$$, pg_temp.ids('N4', 'N5', 'N6'), pg_temp.ids('N5', 'N6')),
                  'the record tells who left and for whom it ended');
SELECT is((SELECT array_agg(n.name ORDER BY e.sequence) FROM npcsim.world_events e JOIN npcsim.npcs n ON n.world_id = 1 AND n.id = e.npc_id WHERE e.interaction_id = :talk AND e.kind = 'interaction_joined'),
          '{N7,N3,N12,N2,N8,N9,N10,N11}', 'and who joined');
-- The one it was with is removed.
SELECT pg_temp.place('N' || n, 20 + n, 5), pg_temp.tell('N' || n, '{"action": "wait"}') FROM unnest(ARRAY[4, 5, 6]) AS n;
SELECT pg_temp.gather('N4', 'N5', 'N6') AS talk \gset
SELECT npcsim.remove_npc(1, pg_temp.npc('N5'));
SELECT is(pg_temp.people(:talk), 'N4 N6', 'without the one it was with it goes on');
SELECT is(pg_temp.say('N4', 'Where is he?'), 'applied', 'and they talk');
SELECT is(pg_temp.tell('N3', '{"action": "start_conversation"}' || pg_temp.with('N6')), 'applied', 'and can be joined');
UPDATE npcsim.npcs SET name = 'Nora' WHERE world_id = 1 AND name = 'N4';
UPDATE npcsim.npcs SET controller_player_id = NULL WHERE world_id = 1 AND name = 'N6';
SELECT is((SELECT count(*) FROM npcsim.interactions WHERE id = :talk AND cardinality(participants) = 3), 1::bigint, 'new names and new players change nothing of it');
SELECT pg_temp.step(3);
SELECT is(pg_temp.say('Nora', 'I am Nora'), 'applied');
SELECT is(pg_temp.last('N3') ->> 'name', 'Nora', 'what is said has the name of now');
SELECT is((SELECT decider FROM npcsim.npcs WHERE name = 'N6'), 'built_in', 'who has no mind any more is spoken for by the built-in one');
SELECT pg_temp.step(3.5);
SELECT is((SELECT count(*) FROM npcsim.messages WHERE npc_id = pg_temp.npc('N6') AND interaction_id = :talk), 1::bigint, 'after a while');
SELECT pg_temp.leave('Nora'), pg_temp.leave('N3');

-- ---- minds are asked at once ----
SELECT pg_temp.make('T' || n, 60 + n, 20) FROM generate_series(1, 3) AS n;
SELECT pg_temp.step(0.1);
SELECT pg_temp.gather('T1', 'T2', 'T3') AS talk \gset
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.asked('T2'), 'not asked', 'in a conversation a mind is not asked for nothing');
SELECT pg_temp.say('T1', 'one');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.asked('T2') || ', ' || pg_temp.asked('T3') || ', ' || pg_temp.asked('T1'), 'message 0.0, message 0.0, not asked', 'what is said is put to the others, less than 3 s after they were asked last');
SELECT pg_temp.send();
SELECT pg_temp.step(0.1);
SELECT pg_temp.say('T3', 'two');
SELECT is(pg_temp.asked('T2'), 'message 0.1', 'what is said while a mind thinks');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.tell('T2', '{"action": "continue"}'), 'applied');
SELECT is(pg_temp.asked('T2'), 'not asked');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.asked('T2'), 'message 0.0', 'is put to it right after its answer');
SELECT pg_temp.send();
SELECT is(pg_temp.tell('T2', '{"action": "continue"}'), 'applied');
SELECT is(pg_temp.told('T2'), '{}', 'when it has been told everything');
SELECT pg_temp.step(1);
SELECT is(pg_temp.asked('T2'), 'not asked', 'it is left alone');
SELECT npcsim.request_npc_decision(1, pg_temp.npc('T2')) IS NOT NULL;
SELECT pg_temp.step(3);
SELECT pg_temp.say('T1', 'three');
SELECT pg_temp.step(0.1);
SELECT pg_temp.send();
SELECT is(pg_temp.tell('T2', '{"action": "continue"}'), 'applied');
SELECT pg_temp.step(1);
SELECT is(pg_temp.asked('T2'), 'not asked', 'also when it was told of a message with a question that had been open before');
-- A bid while a question is open.
SELECT pg_temp.make('T4', 70, 20), pg_temp.make('T5', 71, 20);
SELECT pg_temp.step(3.5);
SELECT is(pg_temp.asked('T5') ~ '^idle', true, 'a mind is asked for another reason');
SELECT pg_temp.send();
SELECT pg_temp.tell('T4', '{"action": "start_conversation"}' || pg_temp.with('T5'));
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('T5', '{"action": "wait"}');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.asked('T5'), 'bid 0.0', 'an invitation that came meanwhile is put to it right after its answer');
SELECT pg_temp.answer('T5', pg_temp.bid('T4'), true);
SELECT pg_temp.leave('T4'), pg_temp.leave('T1'), pg_temp.leave('T3');

-- ---- other parameters ----
SELECT npcsim.define_interaction_type(1, 'debate', target => 'npc', needs_adjacency => false, min_participants => 2, max_participants => 3,
    parameters => '{"message": {"type": "string"}, "stance": {"type": "string", "default": "pro"}, "loud": {"type": "boolean", "default": false}, "points": {"type": "integer"}}');
SELECT pg_temp.make('U1', 90, 20), pg_temp.make('U2', 91, 20);
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.tell('U1', '{"action": "debate", "message": "hi"}' || pg_temp.with('U2')), 'rejected NS302 the interaction needs the parameter "points"', 'what cannot be said at the start is refused before anybody is asked');
SELECT is(pg_temp.tell('U1', '{"action": "debate"}' || pg_temp.with('U2')), 'applied');
SELECT pg_temp.step(0.1), pg_temp.answer('U2', pg_temp.bid('U1'), true);
SELECT is(pg_temp.say('U1', '{"message": "No", "points": 1.5}'::jsonb), 'rejected NS302 the parameter "points" is not of type integer');
SELECT is(pg_temp.say('U1', '{"message": "No", "points": 3, "loud": "yes"}'::jsonb), 'rejected NS302 the parameter "loud" is not of type boolean');
SELECT is(pg_temp.say('U1', '{"message": "No", "points": 3, "stance": "con"}'::jsonb), 'applied');
SELECT is(pg_temp.last('U2') - '{interaction,interaction_id,npc_id,name,type}'::text[], '{"kind": "message", "message": "No", "parameters": {"loud": false, "points": 3, "stance": "con", "message": "No"}}', 'defaults are filled in');
-- The built-in mind does not know what else to say.
UPDATE npcsim.npcs SET controller_player_id = NULL WHERE world_id = 1 AND name IN ('U1', 'U2');
SELECT pg_temp.step(10);
SELECT is((SELECT count(*) FROM npcsim.interactions WHERE interaction_type = 'debate'), 0::bigint, 'who cannot say anything does not stay');

-- ---- operators ----
SELECT pg_temp.make('V1', 110, 20), pg_temp.make('V2', 111, 20);
SELECT pg_temp.step(0.1);
SELECT pg_temp.gather('V1', 'V2') AS talk \gset
SELECT throws_ok('DELETE FROM npcsim.interaction_types WHERE world_id = 1 AND name = ''conversation''', '2BP01', NULL, 'while somebody talks, conversations are not abolished');
SELECT throws_ok(s, '0A000', NULL, s) FROM unnest(ARRAY['DELETE FROM npcsim.interactions', 'UPDATE npcsim.interactions SET participants = ''{}''', 'INSERT INTO npcsim.interactions (world_id, id) VALUES (1, 99999)']) AS s;
SELECT matches(pg_temp.hint_of('DELETE FROM npcsim.interactions'), 'request_npc_decision', 'with a hint of what begins and ends them');
UPDATE npcsim.interaction_types SET max_participants = 2 WHERE world_id = 1 AND name = 'conversation';
SELECT pg_temp.make('V3', 112, 20);
SELECT is(pg_temp.tell('V3', '{"action": "start_conversation"}' || pg_temp.with('V2')), 'rejected NS302 NPC ' || pg_temp.npc('V2') || ' is busy', 'a type that changes holds for those under way: nobody joins what is full now');
SELECT is(pg_temp.say('V1', 'still'), 'applied', 'and they go on');
UPDATE npcsim.interaction_types SET max_participants = 10 WHERE world_id = 1 AND name = 'conversation';
SELECT pg_temp.leave('V1');
-- A mind that goes away in the midst of it.
SELECT pg_temp.tell('V1', '{"action": "wait"}'), pg_temp.tell('V2', '{"action": "wait"}'), pg_temp.gather('V1', 'V2') AS talk \gset
UPDATE npcsim.sessions SET heartbeat_at_real = '-infinity';
SELECT pg_temp.step(60) FROM generate_series(1, 2);
SELECT is((SELECT count(*) FROM npcsim.interactions WHERE id = :talk), 0::bigint, 'who talks and has lost its mind is led out of it by the built-in one');
SELECT is(pg_temp.differences(1, npcsim.replay_world(1)), '', 'a replay of all this is the same');

-- ---- the built-in mind: how it talks ----
-- Pairs, each alone in a room where there is nothing to do.
SELECT npcsim.create_world('Rooms', 200, 200, 8, preset => 'reference') AS rooms \gset
SELECT npcsim.set_terrain(:rooms, 20 * x, 20 * y, true, 6, 6), npcsim.set_terrain(:rooms, 20 * x + 1, 20 * y + 1, false, 4, 4),
       npcsim.create_npc(:rooms, format('%s/%s a', x, y), 20 * x + 1, 20 * y + 1), npcsim.create_npc(:rooms, format('%s/%s b', x, y), 20 * x + 3, 20 * y + 2)
  FROM generate_series(0, 8) AS x, generate_series(0, 4) AS y;
SELECT npcsim.tick_world(:rooms, 50) FROM generate_series(1, 8);
-- What happened in a world, as tables: its conversations, and what was said in them.
CREATE TEMP TABLE happened AS SELECT * FROM npcsim.world_events WITH NO DATA;
CREATE TEMP TABLE facts (talk bigint PRIMARY KEY, initiator bigint, invited bigint, began double precision, ended double precision);
CREATE TEMP TABLE said (talk bigint, npc_id bigint, clock double precision, text text, before bigint, own_before bigint, pause double precision, last boolean);
CREATE INDEX ON happened (interaction_id, kind);
CREATE INDEX ON said (talk);
CREATE FUNCTION pg_temp.read_world(w bigint) RETURNS void LANGUAGE sql AS $$
    TRUNCATE happened, facts, said;
    INSERT INTO happened SELECT * FROM npcsim.world_events WHERE world_id = w;
    INSERT INTO facts SELECT interaction_id, max(npc_id) FILTER (WHERE kind = 'interaction_started'), max((data -> 'participants' ->> 1)::bigint) FILTER (WHERE kind = 'interaction_started'),
                             min(clock) FILTER (WHERE kind = 'interaction_started'), min(clock) FILTER (WHERE kind IN ('interaction_cancelled', 'interaction_finished'))
                        FROM happened WHERE data ->> 'interaction' = 'conversation' GROUP BY 1;
    INSERT INTO said SELECT interaction_id, npc_id, clock, data ->> 'text', row_number() OVER said - 1, row_number() OVER own - 1, clock - lag(clock) OVER own, lead(clock) OVER own IS NULL
                       FROM happened WHERE kind = 'npc_said'
                     WINDOW said AS (PARTITION BY interaction_id ORDER BY sequence), own AS (PARTITION BY interaction_id, npc_id ORDER BY sequence);
    ANALYZE happened, facts, said
$$;
SELECT pg_temp.read_world(:rooms);
SELECT cmp_ok((SELECT count(*) FROM facts), '>', 300::bigint, 'the built-in mind begins conversations');
SELECT is_empty('SELECT * FROM said JOIN facts USING (talk) WHERE own_before = 0 AND npc_id = initiator AND clock <> began', 'who began one greets at once');
SELECT is_empty('SELECT * FROM said JOIN facts USING (talk) WHERE own_before = 0 AND npc_id <> initiator AND round((clock - began)::numeric, 3) <> 1.75', 'the one that was invited 1.75 s later');
SELECT is_empty('SELECT * FROM said WHERE own_before > 0 AND round(pause::numeric, 3) <> 3.5', 'what is said next, 3.5 s later');
SELECT is((SELECT count(*) FROM facts t WHERE NOT EXISTS (SELECT FROM said s WHERE s.talk = t.talk)), 0::bigint, 'nobody is silent');
CREATE TEMP TABLE farewells AS SELECT unnest('{See you later.,I have to go.,Good talking to you.,Take care.,Until next time.}'::text[]) AS text;
CREATE TEMP TABLE greetings AS SELECT unnest(ARRAY['Hello!', 'Good to see you.', 'Hi there.', 'How are you?', 'Nice day, isn''t it?']) AS text;
SELECT is_empty('SELECT * FROM said WHERE (own_before = 0) <> (text IN (SELECT text FROM greetings))', 'the first words are a greeting, no others are');
SELECT is((SELECT count(DISTINCT text) FROM said WHERE text IN (SELECT text FROM greetings)), 5::bigint, 'one of five');
SELECT is_empty('SELECT * FROM said WHERE NOT last AND text IN (SELECT text FROM farewells)', 'after a farewell nothing is said');
SELECT is_empty($$SELECT * FROM facts t WHERE ended IS NOT NULL AND NOT EXISTS
                  (SELECT FROM said s JOIN happened e ON e.interaction_id = t.talk AND e.kind = 'interaction_cancelled' AND e.npc_id = s.npc_id
                    WHERE s.talk = t.talk AND s.text IN (SELECT text FROM farewells) AND round((t.ended - s.clock)::numeric, 3) = 1.5)$$, 'who said farewell leaves 1.5 s later, and ends it so');
SELECT is_empty('SELECT * FROM said WHERE before < 2 AND text IN (SELECT text FROM farewells)', 'nobody says farewell before two things were said');
SELECT ok((SELECT bool_and(abs(share - least(0.8, 0.25 * (before / 2))) < 4 * sqrt(0.25 / n)) FROM (SELECT before, count(*) AS n, avg((text IN (SELECT text FROM farewells))::integer) AS share FROM said
             WHERE own_before > 0 GROUP BY before HAVING count(*) >= 30) AS shares), 'then with probability 0.25 for each two, 0.8 at most');
SELECT is_empty($$SELECT * FROM facts t WHERE EXISTS (SELECT FROM facts o WHERE t.initiator IN (o.initiator, o.invited) AND o.ended <= t.began AND t.began - o.ended < 5)$$,
                'who has talked begins no other conversation for 5 s');
SELECT ok((SELECT min(t.began - o.ended) FROM facts t JOIN facts o ON t.initiator IN (o.initiator, o.invited) AND o.ended <= t.began) < 6, 'and not for much longer');
-- A look at the end of each walk: with somebody in sight who is free it begins one in one of five.
CREATE TEMP TABLE walks AS
    SELECT e.npc_id, e.clock, EXISTS (SELECT FROM facts t WHERE t.initiator = e.npc_id AND t.began >= e.clock AND t.began <= e.clock + 0.1000001) AS talks
      FROM happened e WHERE e.kind = 'npc_arrived'
       AND NOT EXISTS (SELECT FROM facts t WHERE e.npc_id IN (t.initiator, t.invited) AND e.clock BETWEEN t.ended AND t.ended + 5)
       AND NOT EXISTS (SELECT FROM facts t WHERE e.npc_id = t.invited AND t.began BETWEEN e.clock AND e.clock + 0.1);
SELECT cmp_ok((SELECT count(*) FROM walks), '>', 1000::bigint, 'it looks around often');
SELECT ok((SELECT abs(avg(talks::integer) - 0.2) < 4 * sqrt(0.16 / count(*)) FROM walks), 'and talks with probability 0.2') ;
SELECT diag(format('talks after %s of %s walks', (SELECT count(*) FROM walks WHERE talks), (SELECT count(*) FROM walks)));
SELECT is(pg_temp.differences(:rooms, npcsim.replay_world(:rooms)), '', 'a replay has the same conversations');

-- ---- a colony ----
SELECT npcsim.create_world('Colony', 160, 160, 9, preset => 'reference') AS colony \gset
SELECT npcsim.populate_world(:colony, 100);
SELECT npcsim.tick_world(:colony, 60) FROM generate_series(1, 10);
SELECT pg_temp.read_world(:colony);
CREATE TEMP TABLE colony AS
    SELECT t.*, 2 + (SELECT count(*) FROM happened e WHERE e.interaction_id = t.talk AND e.kind = 'interaction_joined') AS people,
           (SELECT count(*) FROM said s WHERE s.talk = t.talk) AS messages FROM facts t;
SELECT diag(format('%s conversations, %s %% of three or more, median of %s messages, the longest %s s', count(*), round(100.0 * count(*) FILTER (WHERE people >= 3) / count(*), 1),
                   percentile_disc(0.5) WITHIN GROUP (ORDER BY messages), round(max(ended - began)::numeric, 1))) FROM colony;
SELECT cmp_ok((SELECT count(*) FROM colony), '>', 100::bigint, 'a hundred NPCs talk in ten minutes');
SELECT cmp_ok((SELECT avg((people >= 3)::integer) FROM colony), '>=', 0.2, 'in one of five conversations there are three or more');
SELECT cmp_ok((SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY messages) FROM colony WHERE ended IS NOT NULL), '>=', 4::bigint, 'half of them have four messages or more');
SELECT is_empty('SELECT * FROM npcsim.interactions WHERE interaction_type = ''conversation'' AND started_at < 480 AND world_id = ' || :colony, 'none goes on for ever');
SELECT is_empty('SELECT * FROM npcsim.interaction_bids WHERE world_id = ' || :colony, 'and no bid is forgotten');
SELECT is_empty($$SELECT * FROM happened j WHERE kind = 'interaction_joined' AND NOT EXISTS (SELECT FROM said s WHERE s.talk = j.interaction_id AND s.npc_id = j.npc_id AND s.clock = j.clock)$$,
                'who joins greets at once');
SELECT npcsim.replay_world(:colony) AS copy \gset
SELECT is(pg_temp.differences(:colony, :copy), '', 'its replay is the same');
-- One has the image of its world taken away at every step, and has only the rows.
CREATE PROCEDURE pg_temp.forgetful(w bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 40 LOOP
        PERFORM npcsim.tick_world(w, 0.5);
        COMMIT;
        PERFORM pg_temp.forget(w);
        COMMIT;
    END LOOP;
END
$$;
CALL pg_temp.forgetful(:copy);
SELECT npcsim.tick_world(:colony, 20);
SELECT is(pg_temp.differences(:colony, :copy), '', 'who only has the rows goes on alike');
SELECT * FROM finish();
