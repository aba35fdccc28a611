-- Tests a mind that acts on what it was shown: what has ended while it thought is moot and not its fault, what it says too early is held,
-- a bid for an NPC that waits for another bid has its turn, and the built-in mind lets it think.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT plan(58);
\ir lib/thinkers.sql
CREATE FUNCTION pg_temp.anew() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.empty(32);
    PERFORM pg_temp.make('Ada', 20, 20), pg_temp.make('Bo', 22, 20), pg_temp.make('Cy', 21, 22);
    PERFORM npcsim.tick_world(1, 0.1);
END
$$;
-- Its mind is told, and thinks.
CREATE TEMP TABLE question (who text, id bigint);
CREATE FUNCTION pg_temp.ask(who text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM question q WHERE q.who = ask.who;
    INSERT INTO question VALUES (who, npcsim.request_npc_decision(1, pg_temp.npc(who)));
    PERFORM pg_temp.send();
END
$$;
CREATE FUNCTION pg_temp.reply(who text, decision jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result jsonb := npcsim.submit_npc_decision(pg_temp.player(), decision || jsonb_build_object('request_id', (SELECT id FROM question q WHERE q.who = reply.who)));
BEGIN
    RETURN concat_ws(' ', result ->> 'status', result ->> 'code', result ->> 'reason');
END
$$;
CREATE FUNCTION pg_temp.gather(one text, other text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.tell(one, '{"action": "start_conversation"}' || pg_temp.with(other));
    PERFORM npcsim.tick_world(1, 0.1);
    PERFORM pg_temp.answer(other, pg_temp.bid(one), true);
END
$$;
CREATE FUNCTION pg_temp.say(who text, words text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(pg_temp.tell(who, jsonb_build_object('action', 'act_in_interaction', 'message', words)), 'at [0-9.]+', 'at T')
$$;
CREATE FUNCTION pg_temp.said() RETURNS text LANGUAGE sql AS $$SELECT coalesce(string_agg(text, ' ' ORDER BY sequence), '') FROM npcsim.messages$$;
CREATE FUNCTION pg_temp.failures(who text) RETURNS integer LANGUAGE sql AS $$SELECT failures::integer FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc(who)$$;
CREATE FUNCTION pg_temp.pair(one text, other text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN pg_temp.talk(one) = pg_temp.talk(other) THEN 'together' ELSE concat_ws(' ', pg_temp.state_name(one), pg_temp.state_name(other)) END
$$;

-- ---- what is over ----
SELECT pg_temp.anew();
SELECT pg_temp.gather('Ada', 'Bo');
SELECT is(pg_temp.pair('Ada', 'Bo'), 'together', 'two talk');
SELECT pg_temp.ask('Bo');
SELECT pg_temp.step(0.5);
SELECT pg_temp.leave('Ada');
SELECT is(pg_temp.reply('Bo', '{"action": "act_in_interaction", "message": "lost"}'), 'applied moot: the interaction it was given for is over', 'what is said when the other one has gone is moot');
SELECT is(pg_temp.said(), '', 'nobody hears it');
SELECT is(pg_temp.failures('Bo'), 0, 'it is no failure');
SELECT is((SELECT concat_ws(' ', status, code, detail) FROM npcsim.decision_log ORDER BY finished_at_real DESC LIMIT 1), 'applied moot: the interaction it was given for is over', 'the log has it');
SELECT ok(NOT pg_temp.told('Bo') && '{error}', 'the mind is not told off');
SELECT pg_temp.step(3);
SELECT is(split_part(pg_temp.asked('Bo'), ' ', 1), 'requested', 'but asked what else');
SELECT pg_temp.ask('Bo');
SELECT is(pg_temp.reply('Bo', '{"action": "act_in_interaction", "message": "x"}'), 'rejected NS305 action act_in_interaction is not valid in state idle', 'a mind that was told that it is over is refused');
SELECT is(pg_temp.failures('Bo'), 1, 'which is its fault');
SELECT pg_temp.gather('Ada', 'Bo');
SELECT pg_temp.ask('Bo');
SELECT pg_temp.step(0.5);
SELECT pg_temp.leave('Ada');
SELECT is(pg_temp.reply('Bo', '{"action": "cancel_interaction"}'), 'applied moot: the interaction it was given for is over', 'who leaves what is over has nothing to leave');
SELECT pg_temp.gather('Ada', 'Bo');
SELECT pg_temp.ask('Bo');
SELECT pg_temp.step(0.5);
SELECT pg_temp.leave('Ada');
SELECT pg_temp.tell('Cy', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(4.6);
SELECT is(pg_temp.pair('Cy', 'Bo'), 'together', 'another one has it talk meanwhile');
SELECT is(pg_temp.reply('Bo', '{"action": "act_in_interaction", "message": "lost"}'), 'applied moot: the interaction it was given for is over', 'what was meant for the first');
SELECT ok(pg_temp.said() NOT LIKE '%lost%', 'the other does not hear');

-- ---- invitations that are over ----
-- Bo is invited by Ada, asked, and Ada is taken away: the bid.
CREATE FUNCTION pg_temp.withdrawn() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    bid bigint;
BEGIN
    PERFORM pg_temp.anew();
    PERFORM pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
    PERFORM npcsim.tick_world(1, 0.1);
    bid := pg_temp.bid('Ada');
    PERFORM pg_temp.ask('Bo');
    PERFORM npcsim.tick_world(1, 0.5);
    PERFORM pg_temp.place('Ada', 40, 20);
    RETURN bid;
END
$$;
SELECT pg_temp.withdrawn() AS bid \gset
SELECT is(pg_temp.reply('Bo', jsonb_build_object('action', 'respond_to_interaction_bid', 'accept', true, 'bid_id', :bid)), 'applied moot: the invitation is over', 'to accept what was withdrawn is moot');
SELECT is(pg_temp.failures('Bo'), 0, 'and no failure');
SELECT pg_temp.withdrawn() AS bid \gset
SELECT is(pg_temp.reply('Bo', jsonb_build_object('action', 'batch_reject_interaction_bids', 'reason', 'no', 'ids', jsonb_build_array(:bid))), 'applied moot: the invitations are over', 'so it is to reject it among many');
SELECT is(pg_temp.tell('Bo', '{"action": "batch_reject_interaction_bids", "reason": "no", "ids": [99]}'), 'rejected NS302 there is no bid 99 for this NPC to answer', 'but not what never was');
SELECT pg_temp.anew();
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(0.1);
SELECT pg_temp.bid('Ada') AS bid \gset
SELECT pg_temp.ask('Bo');
SELECT pg_temp.step(4.9);
SELECT is(pg_temp.pair('Ada', 'Bo'), 'together', 'it was accepted for the NPC');
SELECT is(pg_temp.reply('Bo', jsonb_build_object('action', 'respond_to_interaction_bid', 'accept', true, 'bid_id', :bid)), 'applied moot: the invitation is over', 'its own answer comes too late');

-- ---- a state that came about meanwhile, in which what was asked for is not legal ----
SELECT pg_temp.anew();
SELECT pg_temp.place('Bo', 32, 20);
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.ask('Ada');
SELECT pg_temp.step(3);
SELECT is(pg_temp.state_name('Ada'), 'requesting', 'who was asked on its way has got there, and bids');
SELECT is(pg_temp.reply('Ada', '{"action": "move_direction", "direction": "north"}'), 'applied moot: the state it was given for has passed', 'where it would have walked to is moot');
SELECT is(pg_temp.failures('Ada'), 0, 'and no failure');
SELECT pg_temp.ask('Ada');
SELECT is(pg_temp.reply('Ada', '{"action": "move_direction", "direction": "north"}'), 'rejected NS305 action move_direction is not valid in state requesting', 'a mind that was shown that it waits is refused');
SELECT pg_temp.anew();
SELECT npcsim.create_item(1, 'chair', 26, 20) AS chair \gset
SELECT pg_temp.use('Ada', :chair);
SELECT pg_temp.ask('Ada');
SELECT pg_temp.step(3);
SELECT is(pg_temp.doing('Ada'), 'interacting mind', 'who was asked on its way to a chair sits on it');
SELECT is(pg_temp.reply('Ada', '{"action": "wander"}'), 'applied moot: the state it was given for has passed', 'and stays, until it is asked again');

-- ---- said too early ----
SELECT pg_temp.anew();
SELECT pg_temp.gather('Ada', 'Bo');
SELECT is(pg_temp.say('Ada', 'one'), 'applied', 'something is said');
SELECT is(pg_temp.say('Ada', 'two'), 'applied held: it is done at T, 3 s after its last act', 'and something else at once, which is held');
SELECT is(pg_temp.said(), 'one', 'nobody hears it yet');
SELECT is(pg_temp.say('Ada', ''), 'rejected NS302 the message is empty', 'what could never be said is refused');
SELECT is(pg_temp.say('Ada', 'three'), 'applied held: it is done at T, 3 s after its last act, in place of what was held before', 'what is better takes its place');
-- What is told of what it does.
CREATE FUNCTION pg_temp.status_told() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    told jsonb;
BEGIN
    PERFORM npcsim.request_npc_decision(1, pg_temp.npc('Ada'));
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    SELECT body::jsonb #> '{observations,status}' INTO told FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 32 FROM npcsim.sessions))
     WHERE (body::jsonb ->> 'npc_id')::bigint = pg_temp.npc('Ada');
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
    RETURN told;
END
$$;
SELECT pg_temp.status_told() -> 'current_interaction' AS seen \gset
SELECT is(:'seen'::jsonb -> 'held_act', '{"message": "three"}', 'its mind is shown what is held');
SELECT is((:'seen'::jsonb ->> 'may_act_at')::numeric, pg_temp.clock() + 3, 'and when it may speak');
SELECT pg_temp.tell('Ada', '{"action": "continue"}');
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 32, "compact": true}');
SELECT is(pg_temp.status_told(), jsonb_build_object('state', 'interacting', 'target_id', pg_temp.npc('Bo'), 'current_interaction', 'conversation',
                                                   'may_act_at', pg_temp.clock() + 3, 'held_act', '{"message": "three"}'::jsonb), 'in few words, too');
SELECT pg_temp.present(32);
SELECT pg_temp.tell('Ada', '{"action": "continue"}');
SELECT pg_temp.forget(1);
SELECT pg_temp.step(2.9);
SELECT is(pg_temp.said(), 'one', 'it waits');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.said(), 'one three', 'for its time');
SELECT is((SELECT max(clock) - min(clock) FROM npcsim.messages), 3::float8, '3 s after the other');
SELECT is((SELECT goal_terms FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc('Ada')), NULL, 'and is not said twice');
SELECT pg_temp.say('Ada', repeat('"', 400));
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 32, "compact": true}');
SELECT is(pg_temp.status_told() -> 'held_act', '{}', 'what is long is told to be held, in few words');
SELECT pg_temp.present(32);
SELECT pg_temp.say('Ada', 'four');
SELECT pg_temp.leave('Ada');
SELECT ok(pg_temp.told('Ada') && '{error}', 'who leaves before is told that it was not said');
SELECT pg_temp.gather('Ada', 'Bo');
SELECT pg_temp.say('Ada', 'five'), pg_temp.say('Ada', 'six');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Ada'), pg_temp.player('bo'));
SELECT pg_temp.step(4);
SELECT is(pg_temp.said(), 'one three five', 'a mind that is gone says nothing');

-- ---- who waits for another bid ----
-- All are asked at one moment, and decide a second later.
CREATE FUNCTION pg_temp.begin() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.anew();
    PERFORM pg_temp.ask('Ada'), pg_temp.ask('Bo'), pg_temp.ask('Cy');
    PERFORM npcsim.tick_world(1, 1);
END
$$;
CREATE FUNCTION pg_temp.invite(who text, other text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
    $$SELECT pg_temp.reply(who, '{"action": "start_conversation"}' || more || pg_temp.with(other))$$;
SELECT pg_temp.begin();
SELECT pg_temp.invite('Ada', 'Bo');
SELECT is(pg_temp.invite('Bo', 'Ada', '{"message": "You, too?"}'), 'applied', 'who invites who has invited it meanwhile');
SELECT is(pg_temp.pair('Ada', 'Bo'), 'together', 'has accepted');
SELECT is(pg_temp.said(), 'one three five You, too?', 'with its words');
SELECT pg_temp.begin();
SELECT pg_temp.invite('Ada', 'Bo');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.invite('Cy', 'Ada', '{"message": "May I?"}'), 'applied', 'one that waits for an answer since can be invited');
SELECT pg_temp.step(1);
SELECT is(pg_temp.doing('Cy'), 'requesting mind', 'who does so waits, too');
SELECT pg_temp.answer('Bo', pg_temp.bid('Ada'), true);
SELECT pg_temp.step(0.6);
SELECT is(pg_temp.pair('Ada', 'Cy') || ', ' || pg_temp.pair('Ada', 'Bo'), 'together, together', 'and joins what comes of it');
SELECT ok(pg_temp.said() LIKE '% May I?', 'with its words');
SELECT pg_temp.begin();
SELECT pg_temp.invite('Ada', 'Bo');
SELECT pg_temp.step(0.1);
SELECT pg_temp.invite('Cy', 'Ada');
SELECT pg_temp.answer('Bo', pg_temp.bid('Ada'), false, 'no');
SELECT pg_temp.step(0.6);
SELECT is(pg_temp.answer('Ada', pg_temp.bid('Cy'), true), 'applied', 'when nothing comes of it the other bid is put');
SELECT is(pg_temp.pair('Ada', 'Cy'), 'together');
SELECT pg_temp.begin();
SELECT pg_temp.invite('Ada', 'Bo'), pg_temp.invite('Bo', 'Cy'), pg_temp.invite('Cy', 'Ada');
SELECT is((SELECT count(*) FROM npcsim.interaction_bids), 3::bigint, 'three wait for one another');
SELECT pg_temp.step(11);
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE state = 'requesting'), 0::bigint, 'not for ever');
SELECT pg_temp.begin();
SELECT pg_temp.invite('Ada', 'Bo'), pg_temp.reply('Cy', '{"action": "continue"}');
SELECT is(pg_temp.tell('Cy', '{"action": "start_conversation"}' || pg_temp.with('Ada')), 'rejected NS302 NPC ' || pg_temp.npc('Ada') || ' is busy', 'a mind that is shown that the other one waits is refused');
SELECT pg_temp.begin();
SELECT pg_temp.invite('Ada', 'Bo'), pg_temp.invite('Cy', 'Bo');
SELECT pg_temp.reply('Bo', '{"action": "continue"}');
SELECT pg_temp.step(0.1);
SELECT pg_temp.ask('Bo');
SELECT pg_temp.bid('Cy') AS bid \gset
SELECT pg_temp.step(4.6);
SELECT is(pg_temp.talk('Bo') IS NOT NULL, true, 'one invitation is accepted for the NPC');
SELECT is(pg_temp.state_name('Cy') || ' ' || split_part(pg_temp.reply('Bo', jsonb_build_object('action', 'respond_to_interaction_bid', 'accept', true, 'bid_id', :bid)), ' ', 1),
          pg_temp.state_name('Cy') || ' applied', 'its mind may accept the other one');

-- ---- the built-in mind lets it think ----
SELECT pg_temp.anew();
SELECT pg_temp.tell('Ada', '{"action": "start_conversation"}' || pg_temp.with('Bo'));
SELECT pg_temp.step(5);
SELECT is(pg_temp.doing('Bo'), 'interacting built_in', 'the built-in mind talks for one');
SELECT pg_temp.tell('Bo', '{"action": "continue"}');
SELECT pg_temp.ask('Bo');
CREATE FUNCTION pg_temp.words() RETURNS bigint LANGUAGE sql AS $$SELECT count(*) FROM npcsim.messages WHERE npc_id = pg_temp.npc('Bo')$$;
SELECT pg_temp.words() AS words \gset
SELECT pg_temp.step(9.8);
SELECT is(pg_temp.words() - :words, 0::bigint, 'and is silent while its own mind thinks');
SELECT pg_temp.step(5);
SELECT ok(pg_temp.words() > :words OR pg_temp.state_name('Bo') <> 'interacting', 'for 10 s');

SELECT is(pg_temp.differences(1, npcsim.replay_world(1)), '', 'a replay does the same');
SELECT * FROM finish();
