-- Tests bids: put to those who are invited, answered, rejected, withdrawn, left unanswered; with whom, from where, and with what in the way.
SET client_min_messages = warning;
\i docs/roles.sql
-- Every statement is a transaction of its own: who is there is looked up once per transaction.
SELECT plan(227);

\ir lib/minds.sql
\ir lib/bids.sql
SELECT pg_temp.by_hand('decision_log');
SELECT npcsim.create_world('Meadow', 200, 60, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'slow');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') FROM npcsim.players;
SELECT pg_temp.present();
-- The mind of "slow" usually takes 12 s.
INSERT INTO npcsim.decision_log (day, world_id, request_id, npc_id, player_id, reason, status, clock, opened_at_real, sent_at_real, finished_at_real)
SELECT floor(extract(epoch FROM now()) / 86400)::bigint % 32, 1, 1000000 + n, 1, pg_temp.player('slow'), 'idle', 'applied', 0, t, t, t + interval '12 s'
  FROM generate_series(1, 20) AS n, LATERAL (SELECT now() - interval '1 min' AS t) AS sent;

-- ---- put to a mind, and accepted ----
SELECT pg_temp.make('Ada', 5, 5), pg_temp.make('Bo', 8, 9);
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.tell('Ada', '{"action": "start_conversation", "target_id": 0, "message": "Hello"}'::jsonb || pg_temp.with('Bo')), 'applied', 'an invitation is made');
SELECT is(pg_temp.doing('Ada'), 'requesting mind', 'who makes it waits for the answer');
SELECT is(pg_temp.last('Ada'), jsonb_build_object('type', 'interaction_bid_pending', 'bid_id', pg_temp.bid('Ada'), 'interaction', 'conversation', 'target_id', pg_temp.npc('Bo'),
              'invited', jsonb_build_array(pg_temp.npc('Bo'))), 'its mind is told that the bid is pending');
SELECT results_eq($$SELECT bidder_npc_id, interaction_type, target_type, target_id, invited_npc_ids, accepted_npc_ids, made_at, expires_at FROM npcsim.interaction_bids$$,
                  $$SELECT pg_temp.npc('Ada'), 'conversation', 'npc', pg_temp.npc('Bo'), ARRAY[pg_temp.npc('Bo')], '{}'::bigint[], 0.1::float8, NULL::float8$$,
                  'operators see it; nobody was told of it before the next tick');
SELECT is(pg_temp.told('Bo'), '{}', 'neither was Bo');
SELECT is(pg_temp.state_name('Bo'), 'idle', 'who is invited goes on');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.last('Bo'), jsonb_build_object('type', 'interaction_bid_received', 'bid_id', pg_temp.bid('Ada'), 'bidder_id', pg_temp.npc('Ada'), 'bidder_name', 'Ada',
              'interaction', 'conversation', 'target_id', pg_temp.npc('Bo'), 'invited', jsonb_build_array(pg_temp.npc('Bo')), 'answer_by', 5.1), 'the invited mind is told of it, and until when to answer');
SELECT is(pg_temp.asked('Bo'), 'bid 0.0', 'and asked at once, because of it');
SELECT is((SELECT expires_at FROM npcsim.interaction_bids), 5.1::float8, 'as operators see');
SELECT is(pg_temp.tell('Bo', jsonb_build_object('action', 'respond_to_interaction_bid', 'bid_id', pg_temp.bid('Ada'), 'accept', true)), 'applied', 'it accepts');
SELECT is(pg_temp.doing('Ada') || ', ' || pg_temp.doing('Bo'), 'interacting mind, interacting mind', 'and so it begins for both');
SELECT is_empty('SELECT FROM npcsim.interaction_bids', 'the bid is done with');
SELECT is(pg_temp.since('Ada', 0.2), jsonb_build_array(jsonb_build_object('type', 'interaction_started', 'interaction', 'conversation', 'interaction_id', pg_temp.talk('Ada'),
              'target_id', pg_temp.npc('Bo'), 'participants', jsonb_build_array(pg_temp.npc('Ada'), pg_temp.npc('Bo')))), 'both are told that it started, with whom');
SELECT is(pg_temp.told('Bo'), '{interaction_bid_received,interaction_started,interaction_observation}', 'then Bo hears the message with which Ada began');
SELECT is(pg_temp.last('Bo'), jsonb_build_object('type', 'interaction_observation', 'interaction', 'conversation', 'interaction_id', pg_temp.talk('Ada'), 'kind', 'message', 'npc_id', pg_temp.npc('Ada'), 'name', 'Ada', 'message', 'Hello'),
          'by whom it was said');
SELECT pg_temp.leave('Ada');

-- ---- rejected ----
SELECT pg_temp.make('Cy', 25, 5), pg_temp.make('Di', 26, 5), pg_temp.make('Ed', 27, 5);
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.tell('Cy', jsonb_build_object('action', 'interact_with', 'interaction', 'conversation', 'entity_id', pg_temp.npc('Di'), 'participants', jsonb_build_array(pg_temp.npc('Ed')),
              'then', '[{"action": "move_to", "x": 1, "y": 1}]'::jsonb)), 'applied', 'two are invited at once');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.last('Ed') -> 'invited', jsonb_build_array(pg_temp.npc('Di'), pg_temp.npc('Ed')), 'and each knows who is');
SELECT pg_temp.bid('Cy') AS bid \gset
SELECT is(pg_temp.answer('Ed', :bid, true), 'applied', 'one accepts');
SELECT pg_temp.forget(1);
SELECT is((SELECT accepted_npc_ids FROM npcsim.interaction_bids), ARRAY[pg_temp.npc('Ed')], 'as operators see');
SELECT is(pg_temp.doing('Cy') || ', ' || pg_temp.state_name('Ed'), 'requesting mind, idle', 'which begins nothing yet');
SELECT is(pg_temp.answer('Ed', :bid, true), 'rejected NS302 there is no bid ' || :bid || ' for this NPC to answer', 'an answer is given once');
SELECT is(pg_temp.answer('Ed', :bid, false, 'no, after all'), 'rejected NS302 there is no bid ' || :bid || ' for this NPC to answer', 'and not taken back');
SELECT is(pg_temp.tell('Di', jsonb_build_object('action', 'respond_to_interaction_bid', 'bid_id', :bid, 'accept', false)), 'rejected NS304 rejecting a bid needs a reason', 'who rejects gives a reason');
SELECT is(pg_temp.answer('Di', :bid, false, ''), 'rejected NS304 rejecting a bid needs a reason', 'not an empty one');
SELECT is(pg_temp.answer('Di', :bid, false, repeat('ä', 501)), 'rejected NS304 the reason has more than 500 characters', 'nor a long one');
SELECT is(pg_temp.doing('Cy'), 'requesting mind', 'until then the bid stands');
SELECT is(pg_temp.answer('Di', :bid, false, 'I am "tired"'), 'applied', 'the other one rejects it');
SELECT is(pg_temp.since('Cy', pg_temp.clock()) - 0, jsonb_build_array(jsonb_build_object('type', 'plan_failed', 'reason', 'I am "tired"')), 'the bidder''s plan fails with the reason');
SELECT is(pg_temp.since('Cy', pg_temp.clock()) -> 0, jsonb_build_object('type', 'interaction_bid_rejected', 'bid_id', :bid, 'interaction', 'conversation', 'target_id', pg_temp.npc('Di'), 'reason', 'I am "tired"'),
          'it is told of the rejection');
SELECT is(pg_temp.state_name('Cy'), 'idle', 'and is idle');
SELECT is(pg_temp.last('Ed'), jsonb_build_object('type', 'interaction_bid_cancelled', 'bid_id', :bid, 'interaction', 'conversation', 'target_id', pg_temp.npc('Di'), 'reason', 'I am "tired"'),
          'the other one that was invited learns that nothing comes of it');
SELECT isnt(pg_temp.last('Di') ->> 'type', 'interaction_bid_cancelled', 'who rejected it knows');
SELECT is_empty('SELECT FROM npcsim.interaction_bids', 'one rejection ends it for all');

-- ---- unanswered ----
SELECT pg_temp.make('Fay', 45, 5), pg_temp.make('Gus', 46, 5), pg_temp.make('Hal', 47, 5);
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Fay', '{"action": "start_conversation"}' || pg_temp.with('Gus', 'Hal'));
SELECT pg_temp.bid('Fay') AS bid, pg_temp.clock() AS put \gset
SELECT pg_temp.step(4.4);
SELECT is((SELECT expires_at - :put FROM npcsim.interaction_bids WHERE id = :bid)::numeric(6, 3), 5.000, 'an invitation waits for 5 s');
SELECT is(pg_temp.answer('Gus', :bid, true), 'applied', 'after 4.4 s it can be accepted');
SELECT is(pg_temp.doing('Fay'), 'requesting mind', 'it waits for the other one');
SELECT pg_temp.forget(1);
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.clock() - :put, 4.5::numeric, 'in the last tenth of the time');
SELECT is(pg_temp.doing('Hal'), 'interacting built_in', 'the built-in mind accepts for a mind that was silent');
SELECT is(pg_temp.doing('Fay') || ', ' || pg_temp.doing('Gus'), 'interacting mind, interacting mind', 'and it begins');
SELECT is(pg_temp.since('Hal', :put + 4.5), jsonb_build_array(jsonb_build_object('type', 'decided_for_you', 'action', 'respond_to_interaction_bid', 'bid_id', :bid, 'accept', true),
              jsonb_build_object('type', 'interaction_started', 'interaction', 'conversation', 'interaction_id', pg_temp.talk('Fay'), 'target_id', pg_temp.npc('Gus'),
                                 'participants', jsonb_build_array(pg_temp.npc('Fay'), pg_temp.npc('Gus'), pg_temp.npc('Hal')))), 'of which the silent mind is told');
SELECT is(pg_temp.since('Gus', :put + 4.5) @> '[{"type": "decided_for_you"}]', false, 'who answered is told nothing of the kind');
SELECT is(pg_temp.answer('Hal', :bid, true), 'applied moot: the invitation is over', 'then it is too late to accept: its mind, asked before, could not know');
SELECT is(pg_temp.answer('Hal', :bid, false, 'too late'), 'rejected NS302 there is no bid ' || :bid || ' for this NPC to answer', 'and to reject');
-- Whose mind was asked and did something else says no.
SELECT pg_temp.leave(who) FROM unnest('{Fay,Gus,Hal}'::text[]) AS who WHERE pg_temp.state_name(who) = 'interacting';
SELECT pg_temp.tell('Fay', '{"action": "start_conversation"}' || pg_temp.with('Gus'));
SELECT pg_temp.bid('Fay') AS bid \gset
SELECT npcsim.create_item(1, 'chair', 46, 6) AS chair \gset
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.use('Gus', :chair), 'applied', 'one who is invited sits down');
SELECT pg_temp.step(4.4);
SELECT is(pg_temp.last('Fay'), jsonb_build_object('type', 'interaction_bid_rejected', 'bid_id', :bid, 'interaction', 'conversation', 'target_id', pg_temp.npc('Gus'), 'reason', format('NPC %s does something else', pg_temp.npc('Gus'))),
          'and has rejected it by that');
SELECT is(pg_temp.since('Gus', pg_temp.clock()), jsonb_build_array(
              jsonb_build_object('type', 'interaction_bid_cancelled', 'bid_id', :bid, 'interaction', 'conversation', 'target_id', pg_temp.npc('Gus'), 'reason', format('NPC %s does something else', pg_temp.npc('Gus')))),
          'of which its mind is told');
SELECT is(pg_temp.doing('Gus'), 'interacting mind', 'it sits on');
SELECT npcsim.remove_item(1, :chair);

-- ---- a slow mind has more time ----
SELECT pg_temp.make('Ida', 65, 5), npcsim.create_npc(1, 'Slo', 66, 5, pg_temp.player('slow'));
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ida', '{"action": "start_conversation"}' || pg_temp.with('Slo'));
SELECT pg_temp.bid('Ida') AS bid, pg_temp.clock() AS put \gset
SELECT pg_temp.step(0.1);
SELECT is((SELECT expires_at FROM npcsim.interaction_bids WHERE id = :bid)::numeric - :put, 15::numeric, 'a mind that usually takes 12 s has 15 s');
SELECT results_eq($$SELECT payload FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'pace' AND payload @> jsonb_build_object('player_id', pg_temp.player('slow')) ORDER BY sequence$$,
                  $$SELECT jsonb_build_object('player_id', pg_temp.player('slow'), 'seconds', 15)$$, 'which is an input of the world');
SELECT pg_temp.step(13.3);
SELECT is(pg_temp.doing('Ida'), 'requesting mind', 'so long the bidder waits');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.doing('Slo'), 'interacting built_in', 'up to the last tenth of the time');
SELECT pg_temp.leave('Ida');
-- All minds of a bid have the time of the slowest.
SELECT pg_temp.place('Ida', 65, 5), pg_temp.place('Slo', 66, 5), pg_temp.make('Quy', 64, 6);
SELECT pg_temp.tell('Ida', '{"action": "wait"}'), pg_temp.tell('Slo', '{"action": "wait"}', 'slow');
SELECT npcsim.set_world_speed(1, 3);
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Ida', '{"action": "start_conversation"}' || pg_temp.with('Quy', 'Slo'));
SELECT pg_temp.bid('Ida') AS bid, pg_temp.clock() AS put \gset
SELECT pg_temp.step(0.1);
SELECT is((SELECT expires_at FROM npcsim.interaction_bids WHERE id = :bid)::numeric - :put, 45::numeric, 'at speed 3 that is 45 s of the world');
SELECT is(pg_temp.last('Quy') -> 'answer_by', pg_temp.last('Slo') -> 'answer_by', 'the slowest mind''s time is everybody''s');
SELECT is(pg_temp.answer('Slo', :bid, false, 'no', 'slow'), 'applied', 'it may answer sooner');
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"average_decision_time_ms": 40000}');
SELECT pg_temp.tell('Ida', '{"action": "start_conversation"}' || pg_temp.with('Quy'));
SELECT pg_temp.bid('Ida') AS bid, pg_temp.clock() AS put \gset
SELECT pg_temp.step(0.1);
SELECT is((SELECT expires_at FROM npcsim.interaction_bids WHERE id = :bid)::numeric - :put, 90::numeric, 'at most 30 s of real time, however slow a mind says it is');
SELECT pg_temp.answer('Quy', :bid, false, 'no');
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"average_decision_time_ms": 1}');
SELECT npcsim.set_world_speed(1, 0.5);
SELECT pg_temp.tell('Ida', '{"action": "start_conversation"}' || pg_temp.with('Quy'));
SELECT pg_temp.bid('Ida') AS bid, pg_temp.clock() AS put \gset
SELECT pg_temp.step(0.1);
SELECT is((SELECT expires_at FROM npcsim.interaction_bids WHERE id = :bid)::numeric - :put, 5::numeric, 'and never less than 5 s of the world');
SELECT pg_temp.answer('Quy', :bid, false, 'no');
SELECT is((SELECT array_agg(seconds ORDER BY sequence) FROM (SELECT sequence, payload ->> 'seconds' AS seconds, lag(payload ->> 'seconds') OVER (ORDER BY sequence) AS before
             FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'pace' AND payload @> jsonb_build_object('player_id', pg_temp.player())) AS paces WHERE seconds IS DISTINCT FROM before),
          '{5,30,5}', 'all of these are inputs');
SELECT npcsim.set_world_speed(1, 1);

-- ---- what the bidder may do meanwhile ----
SELECT pg_temp.make('Jo', 85, 5), pg_temp.make('Kim', 86, 5);
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Jo', '{"action": "start_conversation"}' || pg_temp.with('Kim') || '{"then": [{"action": "wander"}]}');
SELECT pg_temp.bid('Jo') AS bid \gset
SELECT is(pg_temp.tell('Jo', action), outcome, 'requesting: ' || action::text) FROM (VALUES
    ('{"action": "wait"}'::jsonb, 'applied'), ('{"action": "continue"}', 'applied'), ('{"action": "wait", "duration": 0.1}', 'applied'),
    ('{"action": "move_to", "x": 1, "y": 1}', 'rejected NS305 action move_to is not valid in state requesting'),
    ('{"action": "move_direction", "direction": "north"}', 'rejected NS305 action move_direction is not valid in state requesting'),
    ('{"action": "wander"}', 'rejected NS305 action wander is not valid in state requesting'),
    ('{"action": "cancel_interaction"}', 'rejected NS305 action cancel_interaction is not valid in state requesting'),
    ('{"action": "act_in_interaction", "message": "x"}', 'rejected NS305 action act_in_interaction is not valid in state requesting'),
    ('{"action": "move_to_npc", "target_id": 1}', 'rejected NS305 action approach is not valid in state requesting'),
    ('{"action": "start_conversation", "target_id": 1}', 'rejected NS305 action interact_with is not valid in state requesting')) AS v(action, outcome);
SELECT pg_temp.step(1);
SELECT is(pg_temp.doing('Jo'), 'requesting mind', 'who is told to wait goes on waiting for the answer, for as long as that takes');
SELECT is(pg_temp.at('Jo'), '85,5 requesting', 'where it is');
SELECT is((SELECT jsonb_array_length(plan) FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc('Jo')), 1, 'and keeps its plan');
SELECT pg_temp.answer('Kim', :bid, true);
SELECT pg_temp.leave('Kim');
SELECT is(pg_temp.state_name('Jo'), 'wandering', 'which goes on when the interaction is over');

-- ---- busy ----
SELECT pg_temp.make('Lu', 105, 5), pg_temp.make('Mo', 106, 5), pg_temp.make('Nat', 107, 5), npcsim.create_item(1, 'chair', 104, 6);
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Lu', '{"action": "start_conversation"}' || pg_temp.with('Mo'));
SELECT pg_temp.bid('Lu') AS bid \gset
SELECT pg_temp.step(0.1);
SELECT pg_temp.tell('Nat', '{"action": "wander"}') IS NOT NULL AS asked, pg_temp.world_rows() AS rows \gset
SELECT is(pg_temp.tell('Nat', '{"action": "start_conversation"}' || pg_temp.with('Lu')), 'rejected NS302 NPC ' || pg_temp.npc('Lu') || ' is busy', 'who waits for answers is busy: refused at once');
SELECT is(pg_temp.last('Nat'), jsonb_build_object('type', 'interaction_bid_rejected', 'interaction', 'conversation', 'target_id', pg_temp.npc('Lu'), 'reason', 'NPC ' || pg_temp.npc('Lu') || ' is busy'),
          'as an answer without a bid');
SELECT is(pg_temp.state_name('Nat'), 'wandering', 'the bidder goes on as it was');
SELECT is(pg_temp.world_rows(), :'rows', 'and nothing has changed');
SELECT is(pg_temp.tell('Mo', '{"action": "start_conversation"}' || pg_temp.with('Lu')), 'rejected NS302 NPC ' || pg_temp.npc('Lu') || ' is busy', 'two that invite one another: the first one''s bid stands');
SELECT is(pg_temp.answer('Mo', :bid, true), 'applied', 'the second may accept that');
SELECT is(pg_temp.tell('Nat', '{"action": "wait"}'), 'applied');
SELECT pg_temp.leave('Mo');
SELECT pg_temp.tell('Mo', jsonb_build_object('action', 'sit', 'target_id', id)) FROM npcsim.items WHERE item_type = 'chair';
SELECT pg_temp.step(1);
SELECT pg_temp.place('Nat', 103, 8);
SELECT is(pg_temp.tell('Nat', '{"action": "start_conversation"}' || pg_temp.with('Mo')), 'rejected NS302 NPC ' || pg_temp.npc('Mo') || ' is busy', 'who sits is busy, too');
SELECT is(pg_temp.tell('Nat', '{"action": "start_conversation"}' || pg_temp.with('Lu', 'Mo')), 'rejected NS302 NPC ' || pg_temp.npc('Mo') || ' is busy', 'one of several is enough');
-- Both at the same instant, before either is put.
SELECT pg_temp.tell('Nat', '{"action": "wait"}'), pg_temp.tell('Lu', '{"action": "wait"}');
SELECT is(pg_temp.tell('Nat', '{"action": "start_conversation"}' || pg_temp.with('Lu')), 'applied');
SELECT is(pg_temp.tell('Lu', '{"action": "start_conversation"}' || pg_temp.with('Nat')), 'rejected NS302 NPC ' || pg_temp.npc('Nat') || ' is busy', 'also when neither was told yet');
SELECT pg_temp.make('Oz', 106, 9);
SELECT is(pg_temp.tell('Lu', '{"action": "start_conversation"}' || pg_temp.with('Oz')), 'applied', 'who was not told of a bid may make one itself');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.last('Nat') - 'bid_id', jsonb_build_object('type', 'interaction_bid_rejected', 'interaction', 'conversation', 'target_id', pg_temp.npc('Lu'), 'reason', 'NPC ' || pg_temp.npc('Lu') || ' is busy'),
          'then it is busy when the other bid is put');
SELECT is(pg_temp.last('Lu') ->> 'type', 'interaction_bid_pending', 'and hears nothing of it');
SELECT pg_temp.answer('Oz', pg_temp.bid('Lu'), false, 'no');
-- Accepting when busy.
SELECT pg_temp.tell('Lu', '{"action": "start_conversation"}' || pg_temp.with('Oz'));
SELECT pg_temp.tell('Nat', '{"action": "start_conversation"}' || pg_temp.with('Oz'));
SELECT pg_temp.step(0.1);
SELECT pg_temp.bid('Lu') AS one, pg_temp.bid('Nat') AS two \gset
SELECT is(pg_temp.answer('Oz', :two, true), 'applied', 'of two invitations one is accepted');
SELECT is(pg_temp.answer('Oz', :one, true), 'rejected NS302 who is interacting cannot accept a bid', 'then the other cannot be');
SELECT is(pg_temp.answer('Oz', :one, false, 'I talk'), 'applied', 'but rejected, in any state');
SELECT pg_temp.leave('Oz');

-- ---- distances ----
SELECT pg_temp.make('Pat', 20, 30), pg_temp.make('Far', 23, 34), pg_temp.make('Off', 25, 31);
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.tell('Pat', '{"action": "start_conversation"}' || pg_temp.with('Far')), 'applied', 'who is 5 cells away can be invited');
SELECT is(pg_temp.state_name('Pat'), 'requesting', 'from afar');
SELECT pg_temp.step(0.1);
SELECT pg_temp.place('Far', 21, 35);
SELECT is(pg_temp.answer('Far', pg_temp.bid('Pat'), true), 'rejected NS302 NPC ' || pg_temp.npc('Pat') || ', who made the bid, is too far away', 'who accepts must be no farther than that');
SELECT pg_temp.place('Far', 24, 33);
SELECT is(pg_temp.answer('Far', pg_temp.bid('Pat'), true), 'applied', 'and can come nearer');
SELECT pg_temp.leave('Far');
SELECT is(pg_temp.tell('Pat', '{"action": "start_conversation"}' || pg_temp.with('Far', 'Off')), 'rejected NS302 NPC ' || pg_temp.npc('Off') || ' is too far away', 'one at a distance of the root of 26 is too far away');
SELECT is(pg_temp.tell('Pat', '{"action": "start_conversation"}' || pg_temp.with('Off')), 'applied', 'as the target of the bid');
SELECT is(pg_temp.at('Pat'), '20,30 moving', 'it is walked to');
SELECT pg_temp.step(2);
SELECT is(pg_temp.at('Pat'), '24,31 requesting', 'the bid is made beside it');
SELECT pg_temp.answer('Off', pg_temp.bid('Pat'), false, 'no');
-- It goes away meanwhile.
SELECT pg_temp.place('Off', 50, 31), pg_temp.tell('Off', '{"action": "wait"}');
SELECT is(pg_temp.tell('Pat', '{"action": "start_conversation", "message": "Hey"}' || pg_temp.with('Off') || '{"then": [{"action": "wander"}]}'), 'applied', 'who is far away is walked to');
SELECT pg_temp.step(1);
SELECT pg_temp.place('Off', 55, 32);
SELECT pg_temp.step(6);
SELECT is(pg_temp.at('Pat'), '49,31 idle', 'but not followed');
SELECT is(pg_temp.last('Pat'), '{"type": "plan_failed"}' || jsonb_build_object('reason', 'NPC ' || pg_temp.npc('Off') || ' is too far away'), 'it is told why nothing comes of it, and its plan fails');
SELECT is(jsonb_path_query_first(pg_temp.since('Pat', 0), '$[*] ? (@.type == "interaction_bid_rejected" && @.reason like_regex "far away$" && @.target_id == $off)', jsonb_build_object('off', pg_temp.npc('Off'))),
          jsonb_build_object('type', 'interaction_bid_rejected', 'interaction', 'conversation', 'target_id', pg_temp.npc('Off'), 'reason', 'NPC ' || pg_temp.npc('Off') || ' is too far away'), 'as a rejected bid');
SELECT pg_temp.place('Off', 70, 31), pg_temp.tell('Off', '{"action": "wait"}');
SELECT pg_temp.tell('Pat', '{"action": "start_conversation", "message": "Hey"}' || pg_temp.with('Off'));
SELECT pg_temp.step(1);
SELECT npcsim.remove_npc(1, pg_temp.npc('Off'));
SELECT pg_temp.step(6);
SELECT is(pg_temp.last('Pat') ->> 'reason', 'NPC is gone', 'who is gone on arrival is gone');
-- The way.
SELECT pg_temp.make('Off', 90, 31), pg_temp.place('Pat', 80, 31);
SELECT pg_temp.tell('Pat', '{"action": "start_conversation", "message": "Hey"}' || pg_temp.with('Off'));
SELECT pg_temp.step(1);
SELECT npcsim.set_terrain(1, 87, 31, true, 1, 1), pg_temp.forget(1);
SELECT pg_temp.step(3);
SELECT is(pg_temp.at('Pat'), '89,31 requesting', 'a way that is blocked is planned anew');
SELECT pg_temp.answer('Off', pg_temp.bid('Pat'), true);
SELECT is((SELECT data ->> 'act_count' FROM npcsim.interactions WHERE id = pg_temp.talk('Off')), '1', 'with what was to be said');
SELECT pg_temp.leave('Off');
SELECT pg_temp.place('Pat', 80, 31), pg_temp.tell('Pat', '{"action": "start_conversation"}' || pg_temp.with('Off') || '{"then": [{"action": "wander"}]}');
SELECT pg_temp.step(1);
SELECT npcsim.set_terrain(1, 88, 0, true, 1, 60), npcsim.set_terrain(1, 86, 31, true, 1, 1);
SELECT pg_temp.step(3);
SELECT is((SELECT jsonb_agg(e - 'at') -> -1 FROM npcsim.npc_minds m, jsonb_array_elements(m.events) AS e WHERE world_id = 1 AND npc_id = pg_temp.npc('Pat') AND e ->> 'type' = 'plan_failed'),
          '{"type": "plan_failed", "reason": "the way is blocked"}', 'if there is none any more it stops, and its plan fails');
SELECT npcsim.set_terrain(1, 88, 0, false, 1, 60);

-- ---- whom ----
SELECT pg_temp.make('Uma', 110, 30), pg_temp.make('Vic', 111, 30), npcsim.create_item(1, 'apple', 110, 31);
SELECT npcsim.create_world('Hill', 20, 20, 6, preset => 'reference');
SELECT npcsim.create_npc(2, 'filler' || n, n, 1) FROM generate_series(1, 15) AS n;
SELECT npcsim.create_npc(2, 'Stranger', 5, 5) FROM generate_series(1, 1);
SELECT is(pg_temp.tell('Uma', '{"action": "start_conversation"}' || members), outcome, 'with ' || members::text) FROM (VALUES
    (jsonb_build_object('target_id', pg_temp.npc('Uma')), 'rejected NS302 nobody interacts with himself'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'participants', jsonb_build_array(pg_temp.npc('Uma'))), 'rejected NS302 nobody interacts with himself'),
    (jsonb_build_object('target_id', (SELECT id FROM npcsim.items WHERE item_type = 'apple')), 'rejected NS201 there is no NPC ' || (SELECT id FROM npcsim.items WHERE item_type = 'apple')),
    (jsonb_build_object('target_id', 999999), 'rejected NS201 there is no NPC 999999'),
    (jsonb_build_object('target_id', 9999999999999999), 'rejected NS201 there is no NPC 9999999999999999'),
    (jsonb_build_object('target_id', 99999999999999999), 'rejected NS304 the interaction needs a target_id'),
    (jsonb_build_object('target_id', -1), 'rejected NS304 the interaction needs a target_id'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'participants', '[999999]'::jsonb), 'rejected NS302 there is no NPC 999999'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'participants', '[0]'::jsonb), 'rejected NS304 participants is not an array of at most 10 ids'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'participants', '["x"]'::jsonb), 'rejected NS304 participants is not an array of at most 10 ids'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'participants', '{"a": 1}'::jsonb), 'rejected NS304 participants is not an array of at most 10 ids'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'participants', '[1,2,3,4,5,6,7,8,9,10,11]'::jsonb), 'rejected NS304 participants is not an array of at most 10 ids'),
    (jsonb_build_object('target_ids', '[]'::jsonb), 'rejected NS304 the interaction needs a target_id'),
    ('{}'::jsonb, 'rejected NS304 the interaction needs a target_id'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'message', ''), 'rejected NS302 the message is empty'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'message', 5), 'rejected NS302 the parameter "message" is not of type string'),
    (jsonb_build_object('target_id', pg_temp.npc('Vic'), 'message', repeat('x', 501)), 'rejected NS302 the parameter "message" has more than 500 characters')) AS v(members, outcome);
SELECT is(pg_temp.tell('Uma', jsonb_build_object('action', 'conversation', 'target_id', pg_temp.npc('Vic')::text, 'participants', jsonb_build_array(pg_temp.npc('Vic'), pg_temp.npc('Vic')))), 'applied',
          'who is named more than once is invited once');
SELECT is((SELECT invited_npc_ids FROM npcsim.interaction_bids WHERE bidder_npc_id = pg_temp.npc('Uma')), ARRAY[pg_temp.npc('Vic')], 'as the bid has it');
SELECT pg_temp.step(0.1);
SELECT pg_temp.bid('Uma') AS bid \gset
SELECT pg_temp.make('Wil', 112, 30);
SELECT is(pg_temp.answer('Wil', :bid, true), 'rejected NS302 there is no bid ' || :bid || ' for this NPC to answer', 'another one''s bid is not to be accepted');
SELECT is(pg_temp.answer('Uma', :bid, true), 'rejected NS302 there is no bid ' || :bid || ' for this NPC to answer', 'nor by the bidder');
SELECT is(pg_temp.tell('Vic', '{"action": "respond_to_interaction_bid"}' || members), outcome, members::text) FROM (VALUES
    ('{"bid_id": 999999, "accept": true}'::jsonb, 'rejected NS302 there is no bid 999999 for this NPC to answer'),
    ('{"bid_id": 9999999999999999, "accept": true}', 'rejected NS302 there is no bid 9999999999999999 for this NPC to answer'),
    ('{"bid_id": 1e30, "accept": true}', 'rejected NS304 the answer to a bid needs its bid_id'),
    ('{"bid_id": "x", "accept": true}', 'rejected NS304 the answer to a bid needs its bid_id'),
    ('{"bid_id": 0, "accept": true}', 'rejected NS304 the answer to a bid needs its bid_id'),
    ('{"accept": true}', 'rejected NS304 the answer to a bid needs its bid_id'),
    ('{"bid_id": 5}', 'rejected NS304 the answer to a bid needs accept: true or false'),
    ('{"bid_id": 5, "accept": "yes"}', 'rejected NS304 the answer to a bid needs accept: true or false'),
    ('{"bid_id": 5, "accept": false, "reason": 5}', 'rejected NS304 rejecting a bid needs a reason')) AS v(members, outcome);
SELECT is(pg_temp.tell('Vic', jsonb_build_object('action', 'respond_to_interaction_bid', 'parameters', jsonb_build_object('bid_id', :bid::text, 'accept', true))), 'applied', 'its members may stand in parameters, its id be a string');
SELECT pg_temp.leave('Uma');

-- ---- many are rejected at once ----
SELECT pg_temp.make('B1', 130, 30), pg_temp.make('B2', 131, 30), pg_temp.make('B3', 132, 30), pg_temp.make('In', 131, 32);
SELECT pg_temp.step(0.1);
CREATE FUNCTION pg_temp.invite_three() RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.tell(b, '{"action": "start_conversation"}' || pg_temp.with('In')) FROM unnest('{B1,B2,B3}'::text[]) AS b;
    SELECT npcsim.tick_world(1, 0.1)
$$;
CREATE FUNCTION pg_temp.reject(ids jsonb, reason text DEFAULT 'no time') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.tell('In', jsonb_strip_nulls(jsonb_build_object('action', 'batch_reject_interaction_bids', 'ids', ids, 'reason', reason)))
$$;
CREATE FUNCTION pg_temp.waiting() RETURNS text LANGUAGE sql AS $$SELECT coalesce(string_agg(name, ' ' ORDER BY name), 'nobody') FROM npcsim.npcs WHERE world_id = 1 AND state = 'requesting' AND name ~ '^B.$'$$;
SELECT pg_temp.invite_three();
SELECT is(pg_temp.reject(jsonb_build_array(pg_temp.bid('B1'))), 'applied', 'by the bid''s id');
SELECT is(pg_temp.waiting(), 'B2 B3', 'that one is rejected');
SELECT is(pg_temp.last('B1') ->> 'reason', 'no time', 'with the reason');
SELECT is(pg_temp.reject(jsonb_build_array(pg_temp.npc('B3'))), 'applied', 'by the bidder''s id');
SELECT is(pg_temp.waiting(), 'B2', 'that one''s is');
SELECT is(pg_temp.reject('[999999]'), 'rejected NS302 there is no bid 999999 for this NPC to answer', 'ids of nothing reject nothing');
SELECT is(pg_temp.reject(jsonb_build_array(999999, pg_temp.bid('B2'))), 'applied', 'others among them do not matter');
SELECT is(pg_temp.waiting(), 'nobody', 'for the one that is meant');
SELECT pg_temp.invite_three();
SELECT is(pg_temp.reject('"*"', NULL), 'rejected NS304 rejecting a bid needs a reason', 'needs a reason');
SELECT is(pg_temp.reject(ids), 'rejected NS304 ids is neither "*" nor an array of 1 to 32 ids of bids or of bidders', ids::text) FROM unnest('{"[]","{}","\"**\"","true","[-1]","[1.5]"}'::jsonb[]) AS ids;
SELECT is(pg_temp.reject((SELECT jsonb_agg(n) FROM generate_series(1, 33) n)), 'rejected NS304 ids is neither "*" nor an array of 1 to 32 ids of bids or of bidders', 'at most 32');
SELECT is(pg_temp.waiting(), 'B1 B2 B3', 'so far none is rejected');
SELECT is(pg_temp.reject('"*"'), 'applied', 'all');
SELECT is(pg_temp.waiting(), 'nobody', 'at once');
SELECT is(pg_temp.reject('"*"'), 'applied', 'all of none');
SELECT is(pg_temp.tell('In', '{"action": "batch_reject_interaction_bids", "ids": "*", "reason": "x", "then": [{"action": "move_to", "x": 140, "y": 40}]}'), 'applied', 'an idle NPC that rejects');
SELECT is(pg_temp.state_name('In'), 'moving', 'goes on with its new plan');

-- ---- things change meanwhile ----
SELECT pg_temp.make('Xan', 150, 30), pg_temp.make('Yve', 151, 30), pg_temp.make('Zed', 152, 30);
CREATE FUNCTION pg_temp.invite() RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.tell('Xan', '{"action": "start_conversation"}' || pg_temp.with('Yve', 'Zed'));
    SELECT npcsim.tick_world(1, 0.1)
$$;
SELECT pg_temp.step(0.1);
SELECT pg_temp.invite();
SELECT pg_temp.bid('Xan') AS bid \gset
SELECT npcsim.remove_npc(1, pg_temp.npc('Zed'));
SELECT is(pg_temp.last('Xan'), jsonb_build_object('type', 'interaction_bid_rejected', 'bid_id', :bid, 'interaction', 'conversation', 'target_id', pg_temp.npc('Yve'), 'reason', 'the NPC was removed'),
          'one that is invited is removed: the bid is rejected');
SELECT is(pg_temp.last('Yve') || '{"at": 0}', jsonb_build_object('at', 0, 'type', 'interaction_bid_cancelled', 'bid_id', :bid, 'interaction', 'conversation', 'target_id', pg_temp.npc('Yve'), 'reason', 'the NPC was removed'),
          'and cancelled for the other');
SELECT pg_temp.make('Zed', 152, 30), pg_temp.step(0.1);
SELECT pg_temp.invite();
SELECT pg_temp.bid('Xan') AS bid \gset
SELECT pg_temp.place('Xan', 150, 31);
SELECT is(pg_temp.last('Xan'), jsonb_build_object('type', 'interaction_bid_cancelled', 'bid_id', :bid, 'interaction', 'conversation', 'target_id', pg_temp.npc('Yve'), 'reason', 'the NPC was moved'),
          'the bidder is moved: it is cancelled');
SELECT is(pg_temp.last('Zed'), pg_temp.last('Xan'), 'for all');
SELECT is(pg_temp.at('Xan'), '150,31 idle');
SELECT pg_temp.invite();
SELECT pg_temp.bid('Xan') AS bid \gset
SELECT pg_temp.answer('Zed', :bid, true);
SELECT pg_temp.place('Zed', 170, 30);
SELECT is(pg_temp.answer('Yve', :bid, true), 'applied', 'the last one accepts when one that accepted was moved away');
SELECT is(pg_temp.last('Xan') ->> 'reason', 'NPC ' || pg_temp.npc('Zed') || ' is too far away', 'then it does not begin');
SELECT is(pg_temp.last('Yve') ->> 'type', 'interaction_bid_cancelled', 'and all are told');
SELECT pg_temp.place('Zed', 152, 30);
SELECT pg_temp.invite();
SELECT pg_temp.bid('Xan') AS bid \gset
UPDATE npcsim.npcs SET name = 'Xaver' WHERE world_id = 1 AND name = 'Xan';
UPDATE npcsim.npcs SET name = 'Zoe' WHERE world_id = 1 AND name = 'Zed';
SELECT is(pg_temp.answer('Zoe', :bid, true), 'applied', 'new names change nothing');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Yve'), pg_temp.player('slow'));
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.last('Yve') - 'answer_by', jsonb_build_object('type', 'interaction_bid_received', 'bid_id', :bid, 'bidder_id', pg_temp.npc('Xaver'), 'bidder_name', 'Xaver', 'interaction', 'conversation',
              'target_id', pg_temp.npc('Yve'), 'invited', jsonb_build_array(pg_temp.npc('Yve'), pg_temp.npc('Zoe'))), 'another player''s mind is put the invitation anew');
SELECT is(pg_temp.asked('Yve'), 'bid 0.0', 'and asked');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Yve'), NULL);
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.state_name('Yve') || ' ' || pg_temp.doing('Xaver') || ' ' || pg_temp.doing('Zoe'), 'interacting interacting mind interacting mind', 'who has no mind any more is answered for');
SELECT is((SELECT decider FROM npcsim.npcs WHERE name = 'Yve'), 'built_in', 'by the built-in mind');
SELECT pg_temp.leave('Zoe'), pg_temp.leave('Xaver');
SELECT npcsim.remove_npc(1, pg_temp.npc('Zoe')), npcsim.remove_npc(1, pg_temp.npc('Yve'));
SELECT pg_temp.make('Yve', 151, 30), pg_temp.step(0.1);
SELECT pg_temp.tell('Xaver', '{"action": "start_conversation"}' || pg_temp.with('Yve'));
SELECT pg_temp.step(0.1);
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Xaver'), NULL);
SELECT is(pg_temp.answer('Yve', pg_temp.bid('Xaver'), true), 'applied', 'a bidder that changes hands keeps its bid');
SELECT pg_temp.step(4);
SELECT is((SELECT decider FROM npcsim.npcs WHERE name = 'Xaver'), 'built_in', 'and is spoken for by the built-in mind soon');
SELECT ok((SELECT data -> 'acts' -> 0 -> 'npc_id' = to_jsonb(pg_temp.npc('Xaver')) FROM npcsim.interactions WHERE id = pg_temp.talk('Yve')) IS NOT FALSE);
SELECT npcsim.remove_npc(1, pg_temp.npc('Xaver'));
SELECT is(pg_temp.last('Yve') ->> 'type', 'interaction_finished', 'who is left alone by a removal is told');
SELECT npcsim.remove_npc(1, pg_temp.npc('Yve'));

-- The bidder is removed.
SELECT pg_temp.make('Xan', 150, 40), pg_temp.make('Yve', 151, 40), pg_temp.make('Zed', 152, 40), pg_temp.step(0.1);
SELECT pg_temp.invite();
SELECT pg_temp.bid('Xan') AS bid \gset
SELECT npcsim.remove_npc(1, pg_temp.npc('Xan'));
SELECT is(pg_temp.last('Yve'), jsonb_build_object('type', 'interaction_bid_cancelled', 'bid_id', :bid, 'interaction', 'conversation', 'target_id', pg_temp.npc('Yve'), 'reason', 'the NPC was removed'), 'a bid goes with its bidder');
SELECT is_empty('SELECT FROM npcsim.interaction_bid_rows WHERE id = ' || :bid);
SELECT pg_temp.make('Xan', 150, 40), pg_temp.step(0.1);

-- ---- policy none, a paused world, minds that go ----
SELECT pg_temp.tell('Xan', '{"action": "start_conversation"}' || pg_temp.with('Yve'));
SELECT pg_temp.step(0.1);
UPDATE npcsim.sessions SET heartbeat_at_real = '-infinity' WHERE player_id = pg_temp.player();
SELECT pg_temp.bid('Xan') AS bid \gset
SELECT pg_temp.step(4.9);
SELECT is((SELECT count(*) FROM npcsim.interaction_bids WHERE id = :bid), 0::bigint, 'an invitation does not outlive its time when the mind it was put to is gone');
SELECT isnt(pg_temp.state_name('Xan'), 'requesting');
SELECT pg_temp.leave('Xan');
SELECT pg_temp.tell('Xan', '{"action": "wait"}'), pg_temp.tell('Yve', '{"action": "wait"}');
SELECT pg_temp.place('Xan', 150, 40), pg_temp.place('Yve', 151, 40);
SELECT pg_temp.tell('Xan', '{"action": "start_conversation"}' || pg_temp.with('Yve'));
SELECT is(pg_temp.state_name('Xan'), 'requesting', 'bids are made in a paused world, too');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.doing('Xan') || ', ' || pg_temp.doing('Yve'), 'interacting mind, interacting built_in', 'and answered for by the built-in mind once time goes on, if the mind cannot be asked');
SELECT pg_temp.present();
SELECT pg_temp.leave('Xan');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT pg_temp.tell('Xan', '{"action": "start_conversation"}' || pg_temp.with('Yve'));
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.state_name('Xan'), 'interacting', 'with the policy none, too, minds are not asked');
SELECT pg_temp.leave('Xan');
SELECT npcsim.set_decision_policy(1, 'occasions');
SELECT pg_temp.tell('Xan', '{"action": "wait"}'), pg_temp.tell('Yve', '{"action": "wait"}');

-- ---- with an item ----
INSERT INTO npcsim.interaction_types (world_id, name, description, target, need_rates, needs_adjacency, min_participants, max_participants)
VALUES (1, 'play', 'Play a game', 'item', '{"fun": 5}', true, 2, 4);
INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, 'table', '{"usable": {"interactions": ["play"]}}');
SELECT npcsim.create_item(1, 'table', 20, 50) AS "table" \gset
SELECT pg_temp.make(n, x, y) FROM (VALUES ('P1', 19, 50), ('P2', 16, 50), ('P3', 16, 54), ('P4', 17, 50), ('P5', 18, 52), ('P6', 21, 50)) AS v(n, x, y);
SELECT pg_temp.step(0.1);
CREATE FUNCTION pg_temp.play(who text, item bigint, VARIADIC partners text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.tell(who, jsonb_build_object('action', 'play', 'target_id', item, 'participants', (SELECT coalesce(jsonb_agg(pg_temp.npc(p)), '[]') FROM unnest(partners) AS p)))
$$;
SELECT is(pg_temp.play('P1', :table), 'rejected NS302 interaction needs more participants', 'nobody plays alone');
SELECT is(pg_temp.play('P1', :table, 'P2', 'P3', 'P4', 'P5'), 'rejected NS302 interaction has room for fewer participants', 'nor do five, where there is room for four');
SELECT is(pg_temp.play('P1', :table, 'P1', 'P2'), 'rejected NS302 nobody interacts with himself');
SELECT is(pg_temp.play('P1', :table, 'P2', 'P3'), 'applied', 'partners need not be next to the item');
SELECT pg_temp.step(0.1);
SELECT is(pg_temp.last('P3') -> 'target_id', to_jsonb(:table::bigint), 'the item is what it is about');
SELECT pg_temp.answer('P2', pg_temp.bid('P1'), true), pg_temp.answer('P3', pg_temp.bid('P1'), true);
SELECT results_eq($$SELECT occupied_by_npc_id FROM npcsim.items WHERE id = $$ || :table, $$SELECT pg_temp.npc('P1')$$, 'who began it occupies the item');
SELECT is(pg_temp.at('P3'), '16,54 interacting', 'from where they are');
SELECT is(pg_temp.play('P5', :table), 'applied', 'one more who asks for it');
SELECT pg_temp.step(2);
SELECT is(pg_temp.state_name('P5'), 'interacting', 'walks there and joins');
SELECT is((SELECT participants FROM npcsim.interactions WHERE target_id = :table), ARRAY[pg_temp.npc('P1'), pg_temp.npc('P2'), pg_temp.npc('P3'), pg_temp.npc('P5')], 'in the order in which they came');
SELECT is(pg_temp.play('P6', :table), 'rejected NS302 item is occupied', 'when it is full nobody joins');
SELECT pg_temp.leave('P1');
SELECT results_eq($$SELECT occupied_by_npc_id FROM npcsim.items WHERE id = $$ || :table, $$SELECT pg_temp.npc('P2')$$, 'whoever is left first occupies it');
SELECT is(pg_temp.play('P6', :table, 'P4'), 'rejected NS302 item is occupied', 'who brings partners does not join');
SELECT is(pg_temp.play('P6', :table), 'applied', 'who comes alone does, at once');
SELECT is(pg_temp.state_name('P6'), 'interacting');
SELECT pg_temp.leave('P2'), pg_temp.leave('P3');
SELECT is((SELECT participants FROM npcsim.interactions WHERE target_id = :table), ARRAY[pg_temp.npc('P5'), pg_temp.npc('P6')], 'two are enough');
SELECT pg_temp.leave('P5');
SELECT is(pg_temp.last('P6') ->> 'type', 'interaction_finished', 'one is not');
SELECT is((SELECT occupied_by_npc_id FROM npcsim.items WHERE id = :table), NULL, 'then the item is free');
-- The item goes, or what it offers.
SELECT pg_temp.tell(n, '{"action": "wait"}') FROM unnest('{P1,P2,P3,P4,P5,P6}'::text[]) AS n;
SELECT pg_temp.place('P1', 19, 50), pg_temp.play('P1', :table, 'P4');
SELECT pg_temp.step(0.1);
SELECT throws_ok($$DELETE FROM npcsim.interaction_types WHERE world_id = 1 AND name = 'play'$$, '2BP01', NULL, 'what somebody is invited to is not deleted');
DELETE FROM npcsim.world_items WHERE id = :table AND world_id = 1;
SELECT is(pg_temp.last('P1') ->> 'type' || ': ' || (pg_temp.last('P1') ->> 'reason'), 'interaction_bid_rejected: the item was removed', 'an item that goes takes the bid with it');
SELECT is(pg_temp.last('P4') ->> 'type' || ': ' || (pg_temp.last('P4') ->> 'reason'), 'interaction_bid_cancelled: the item was removed', 'for all');
SELECT npcsim.create_item(1, 'table', 20, 50) AS "table" \gset
SELECT pg_temp.play('P1', :table, 'P4');
SELECT pg_temp.step(0.1);
UPDATE npcsim.item_types SET components = '{}' WHERE world_id = 1 AND name = 'table';
SELECT is(pg_temp.answer('P4', pg_temp.bid('P1'), true), 'applied');
SELECT is(pg_temp.last('P1') ->> 'reason', 'item does not offer this interaction', 'what the item no longer offers does not begin');
UPDATE npcsim.item_types SET components = '{"usable": {"interactions": ["play"]}}' WHERE world_id = 1 AND name = 'table';
SELECT pg_temp.play('P1', :table, 'P4');
SELECT pg_temp.step(0.1);
UPDATE npcsim.interaction_types SET min_participants = 3 WHERE world_id = 1 AND name = 'play';
SELECT is(pg_temp.answer('P4', pg_temp.bid('P1'), true), 'applied');
SELECT is(pg_temp.last('P1') ->> 'reason', 'interaction needs more participants', 'nor what needs more participants now');
UPDATE npcsim.interaction_types SET min_participants = 2 WHERE world_id = 1 AND name = 'play';
-- Two bids for one table.
SELECT pg_temp.place('P6', 21, 50), pg_temp.place('P5', 21, 52);
SELECT pg_temp.play('P1', :table, 'P4'), pg_temp.play('P6', :table, 'P5');
SELECT pg_temp.step(0.1);
SELECT pg_temp.bid('P6') AS second \gset
SELECT pg_temp.answer('P4', pg_temp.bid('P1'), true), pg_temp.answer('P5', :second, true);
SELECT is(pg_temp.state_name('P1') || ' ' || pg_temp.state_name('P6'), 'interacting idle', 'of two bids for one item the first that is accepted by all begins');
SELECT is(pg_temp.last('P6') ->> 'reason', 'item is occupied', 'the other is told that it is taken');
SELECT throws_ok($$DELETE FROM npcsim.interaction_types WHERE world_id = 1 AND name = 'play'$$, '2BP01', NULL, 'what somebody does is not deleted');
DELETE FROM npcsim.world_items WHERE id = :table AND world_id = 1;
SELECT is(pg_temp.last('P1') ->> 'type' || ', ' || (pg_temp.last('P4') ->> 'type'), 'interaction_cancelled, interaction_finished', 'a game ends with its table');
-- What is eaten up meanwhile.
SELECT npcsim.define_item_type(1, 'cake', '{"consumable": {"consumption_time": 2, "need_deltas": {"hunger": 25}}, "usable": {"interactions": ["play"]}}');
SELECT npcsim.create_item(1, 'cake', 20, 50) AS cake \gset
SELECT pg_temp.tell(n, '{"action": "wait"}') FROM unnest('{P1,P2,P3,P4,P5,P6}'::text[]) AS n;
SELECT pg_temp.place('P1', 19, 50), pg_temp.play('P1', :cake, 'P4');
SELECT is(pg_temp.tell('P6', jsonb_build_object('action', 'consume', 'target_id', :cake)), 'applied', 'a cake with which two are about to play is eaten by a third');
SELECT pg_temp.bid('P1') AS bid \gset
SELECT pg_temp.step(2.5);
SELECT is(pg_temp.last('P1'), jsonb_build_object('type', 'interaction_bid_rejected', 'bid_id', :bid, 'interaction', 'play', 'target_id', :cake, 'reason', 'the item was used up'), 'then nothing comes of it');
SELECT is(pg_temp.answer('P4', :bid, true), 'applied moot: the invitation is over', 'nobody plays with nothing');
-- Where the type needs adjacency, all must be next to the bidder.
SELECT npcsim.define_interaction_type(1, 'dance', target => 'npc', need_rates => '{"fun": 20}', needs_adjacency => true, min_participants => 2, max_participants => 3);
SELECT pg_temp.make('D1', 60, 50), pg_temp.make('D2', 61, 50), pg_temp.make('D3', 62, 50), pg_temp.step(0.1);
SELECT is(pg_temp.tell('D1', '{"action": "dance"}' || pg_temp.with('D2', 'D3')), 'rejected NS302 NPC ' || pg_temp.npc('D3') || ' is too far away', 'what needs adjacency is done next to one another');
SELECT is(pg_temp.tell('D1', '{"action": "dance"}' || pg_temp.with('D3')), 'applied', 'the partner is walked to');
SELECT pg_temp.step(1);
SELECT is(pg_temp.state_name('D1') || ' ' || (SELECT abs(a.position_x - b.position_x) + abs(a.position_y - b.position_y) FROM npcsim.npcs a, npcsim.npcs b WHERE a.name = 'D1' AND b.name = 'D3'), 'requesting 1', 'right up to him');
SELECT pg_temp.place('D3', 62, 53);
SELECT is(pg_temp.answer('D3', pg_temp.bid('D1'), true), 'rejected NS302 NPC ' || pg_temp.npc('D1') || ', who made the bid, is too far away', 'and who went away cannot accept');
SELECT pg_temp.answer('D3', pg_temp.bid('D1'), false, 'no');
-- What an interaction brought ends with it, whatever became of its type.
SELECT pg_temp.place('D1', 60, 50), pg_temp.place('D2', 61, 50), pg_temp.tell('D1', '{"action": "dance"}' || pg_temp.with('D2'));
SELECT pg_temp.step(0.1), pg_temp.answer('D2', pg_temp.bid('D1'), true);
SELECT is((pg_temp.state('D2')).fun_rate > 0, true, 'dancing is fun');
UPDATE npcsim.interaction_types SET need_rates = '{}' WHERE world_id = 1 AND name = 'dance';
SELECT pg_temp.leave('D1');
SELECT is((pg_temp.state('D2')).fun_rate < 0, true, 'but no longer than one dances, even if the dance has changed');

-- ---- operators ----
SELECT pg_temp.tell('D1', '{"action": "wait"}'), pg_temp.tell('D2', '{"action": "wait"}'), pg_temp.tell('D1', '{"action": "start_conversation"}' || pg_temp.with('D2'));
SELECT pg_temp.step(0.1);
SELECT throws_ok(s, '0A000', NULL, s) FROM unnest(ARRAY['DELETE FROM npcsim.interaction_bids', 'UPDATE npcsim.interaction_bids SET made_at = 0',
    'INSERT INTO npcsim.interaction_bids (world_id, id) VALUES (1, 99999)', 'DELETE FROM npcsim.interaction_bids WHERE id = 1 OR true']) AS s;
SELECT matches(pg_temp.hint_of('DELETE FROM npcsim.interaction_bids'), 'respond_to_interaction_bid', 'with a hint of what makes and ends bids');
SELECT throws_ok('DELETE FROM npcsim.interaction_bid_rows', NULL, NULL, 'the rows themselves are the world''s');
SELECT is((SELECT count(*) FROM npcsim.interaction_bids WHERE bidder_npc_id = pg_temp.npc('D1')), 1::bigint, 'which stays');

-- ---- all this, again ----
SELECT is(pg_temp.differences(1, npcsim.replay_world(1)), '', 'a replay has the same bids and interactions');
SELECT * FROM finish();
