-- Tests what a mind is told: whole observations of NPCs that talk, are invited, use things together; within 8 KiB.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SELECT plan(55);

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 60, 40, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
INSERT INTO npcsim.interaction_types (world_id, name, description, need_deltas, duration, needs_adjacency, locks_movement, max_participants, parameters)
    VALUES (1, 'play', 'Play cards', '{"fun": 30, "energy": -6}', 60, false, false, 3, '{"card": {"type": "string", "default": "ace"}}');
INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, 'table', '{"usable": {"interactions": ["play"]}}');

CREATE FUNCTION pg_temp.observe(who text DEFAULT 'Ada') RETURNS jsonb
LANGUAGE sql AS $$SELECT npcsim.observe_npc(1, pg_temp.npc(who))::jsonb$$;
CREATE FUNCTION pg_temp.seen(who text, what bigint) RETURNS jsonb
LANGUAGE sql AS $$SELECT thing FROM jsonb_array_elements(pg_temp.observe(who) -> 'vision') AS thing WHERE (thing ->> 'id')::bigint = what$$;
CREATE FUNCTION pg_temp.item(wanted text) RETURNS bigint
LANGUAGE sql AS $$SELECT id FROM npcsim.world_items WHERE world_id = 1 AND item_type = wanted$$;
CREATE FUNCTION pg_temp.run(who text) RETURNS bigint
LANGUAGE sql AS $$SELECT interaction_id FROM npcsim.npc_states WHERE world_id = 1 AND npc_id = pg_temp.npc(who)$$;
CREATE TEMP TABLE remembered (name text, id bigint);
-- With ids where a text names an NPC ("$Ada"), an item ("$table"), an interaction by who is in it ("$run Ada") or a bid by who made it
-- ("$bid Ada"); and with what would have to be written many times.
CREATE FUNCTION pg_temp.with_ids(template text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    named record;
BEGIN
    template := replace(template, '"with an NPC"', '{"conversation": {"description": "Talk to one another, until you leave", "fills": [], "drains": [], "rates": {},
        "participants": [2, 10], "parameters": {"message": {"type": "string", "description": "What you say"}}, "duration": null}}');
    template := replace(template, '"28 errors"', (SELECT string_agg('{"at": 0, "type": "error", "action": "cancel_interaction",
        "message": "action cancel_interaction is not valid in state waiting"}', ', ') FROM generate_series(1, 28)));
    FOR named IN SELECT name, id FROM remembered UNION ALL SELECT name, id FROM npcsim.npcs UNION ALL SELECT item_type, id FROM npcsim.world_items
        UNION ALL SELECT 'run ' || n.name, s.interaction_id FROM npcsim.npc_states s JOIN npcsim.npcs n ON n.id = s.npc_id WHERE s.interaction_id IS NOT NULL
        UNION ALL SELECT 'bid ' || n.name, b.id FROM npcsim.interaction_bids b JOIN npcsim.npcs n ON n.id = b.bidder_npc_id
    LOOP
        template := replace(template, format('"$%s"', named.name), named.id::text);
    END LOOP;
    RETURN template;
END
$$;

-- ---- who is free ----
SELECT pg_temp.make('Ada', 10, 10), pg_temp.make('Bo', 12, 10), pg_temp.make('Cy', 14, 10), pg_temp.make('Di', 10, 14), pg_temp.make('Eve', 15, 13), pg_temp.make('Far', 40, 30);
SELECT pg_temp.tell(name, '{"action": "wait"}') FROM npcsim.npcs;
UPDATE npcsim.npcs SET traits = ARRAY['curious', 'likes "rain"'], hunger = 65.46, fun = 0 WHERE name = 'Ada';
SELECT is(pg_temp.seen('Ada', pg_temp.npc('Bo')), pg_temp.with_ids($$
    {"type": "npc", "id": "$Bo", "distance": 2, "name": "Bo", "npc_state": "waiting", "position": {"x": 12, "y": 10}, "interactions": "with an NPC"}$$),
    'what can be done with an NPC in sight is told as of items; one in no interaction has none');
SELECT is(pg_temp.observe() -> 'available_interactions', '["conversation"]', 'who is free can be talked to');
SELECT is(pg_temp.observe('Far') -> 'available_interactions', '[]', 'whom nobody sees cannot');
SELECT is(pg_temp.observe('Far') - '{self,needs,position,status,events}'::text[], '{"vision": [], "available_interactions": [], "conversation": null}',
          'nothing is told of what there is not');

-- ---- things in use ----
SELECT npcsim.create_item(1, 'table', 12, 13), npcsim.create_item(1, 'chair', 10, 15), npcsim.create_item(1, 'apple', 11, 9);
SELECT is(pg_temp.observe() -> 'available_interactions', '["consume", "sit", "conversation", "play"]', 'what is free can be used');
SELECT is(pg_temp.seen('Ada', pg_temp.item('table')) ? 'current_interaction', false, 'what is free is in no interaction');
SELECT is(pg_temp.use('Di', pg_temp.item('chair')), 'applied', 'one sits');
SELECT is(pg_temp.tell('Eve', jsonb_build_object('action', 'play', 'target_id', pg_temp.item('table'))), 'applied', 'one plays');
SELECT is(pg_temp.seen('Ada', pg_temp.item('table')) -> 'current_interaction',
          pg_temp.with_ids('{"id": "$run Eve", "name": "play", "participants": ["$Eve"], "started_at": 0, "max_participants": 3, "joinable": true}'), 'there is room at the table');
SELECT is(pg_temp.seen('Ada', pg_temp.item('chair')) -> 'current_interaction',
          pg_temp.with_ids('{"id": "$run Di", "name": "sit", "participants": ["$Di"], "started_at": 0, "max_participants": 1, "joinable": false}'), 'but none on the chair');
SELECT is(pg_temp.seen('Ada', pg_temp.npc('Eve')) -> 'current_interaction', pg_temp.seen('Ada', pg_temp.item('table')) -> 'current_interaction', 'of the player the same is told');
SELECT is(pg_temp.observe() -> 'available_interactions', '["consume", "conversation", "play"]', 'what can be joined is available, what is taken is not');
SELECT is(pg_temp.observe('Di') -> 'available_interactions', '["consume", "sit", "conversation", "play"]', 'what it uses itself is');
SELECT is((pg_temp.observe('Eve') #> '{status,current_interaction}') - '{started_at}'::text[], pg_temp.with_ids($$
    {"id": "$run Eve", "name": "play", "description": "Play cards", "target_type": "item", "target_id": "$table", "fills": ["fun"], "drains": ["energy"],
     "rates": {"fun": 0.5, "energy": -0.1}, "participants": ["$Eve"], "parameters": {"card": {"type": "string", "default": "ace"}}}$$),
    'one who plays is told who does, what it brings and what can be done in it');
SELECT is((pg_temp.observe('Di') #> '{status,current_interaction}') - '{started_at,description}'::text[], pg_temp.with_ids(
    '{"id": "$run Di", "name": "sit", "target_type": "item", "target_id": "$chair", "fills": ["energy"], "drains": [], "rates": {"energy": 10}}'),
    'one who sits is not told that he is alone');
SELECT is(pg_temp.observe('Eve') -> 'conversation', 'null', 'where no messages are taken there is no conversation');

-- ---- invitations ----
-- More errors than are kept: of the 34 the last 32, and of these 28 after what comes then.
SELECT pg_temp.tell('Ada', '{"action": "cancel_interaction"}') FROM generate_series(1, 34);
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.npc('Bo'), 'message', 'Hello, Bo!')), 'applied', 'one invites another');
SELECT is(pg_temp.observe() #> '{status,pending_bid}', pg_temp.with_ids('{"bid_id": "$bid Ada", "interaction": "conversation", "target_id": "$Bo", "invited": ["$Bo"]}'),
          'who waits for an answer is told for which');
SELECT is(pg_temp.observe('Bo') ? 'bids', false, 'what was not put to it yet is not to be answered');
SELECT npcsim.tick_world(1, 1);
SELECT is(pg_temp.observe('Bo') -> 'bids', pg_temp.with_ids($$
    [{"bid_id": "$bid Ada", "bidder_id": "$Ada", "bidder_name": "Ada", "interaction": "conversation", "target_id": "$Bo", "invited": ["$Bo"], "answer_by": 5}]$$),
    'who is invited is told by whom, to what, and how long it is waited');
SELECT is((pg_temp.observe('Bo') -> 'bids' -> 0) || '{"at": 0, "type": "interaction_bid_received"}', pg_temp.observe('Bo') -> 'events' -> -1, 'as by the event');
SELECT is(pg_temp.seen('Cy', pg_temp.npc('Ada')) - '{interactions,position,distance}'::text[], pg_temp.with_ids('{"type": "npc", "id": "$Ada", "name": "Ada", "npc_state": "requesting"}'),
          'others see that it waits');
SELECT is(pg_temp.observe('Cy') ? 'bids' OR pg_temp.observe('Cy') -> 'status' ? 'pending_bid' OR pg_temp.observe() ? 'bids' OR pg_temp.observe('Bo') -> 'status' ? 'pending_bid',
          false, 'nobody is told of others'' bids');
INSERT INTO remembered SELECT 'first bid', id FROM npcsim.interaction_bids;
SELECT is(pg_temp.tell('Bo', jsonb_build_object('action', 'respond_to_interaction_bid', 'bid_id', pg_temp.observe('Bo') #> '{bids,0,bid_id}', 'accept', true)), 'applied', 'it accepts');
SELECT is(pg_temp.observe('Bo') ? 'bids' OR pg_temp.observe() -> 'status' ? 'pending_bid', false, 'what was answered is told no more');

-- ---- a whole observation ----
SELECT npcsim.tick_world(1, 3.5);
SELECT is(pg_temp.tell('Bo', '{"action": "act_in_interaction", "message": "Hi \"Ada\""}'), 'applied', 'one answers');
SELECT is(pg_temp.tell('Cy', jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.npc('Ada'))), 'applied', 'a third comes');
SELECT npcsim.tick_world(1, 0.5);
SELECT is(pg_temp.observe(), pg_temp.with_ids($$
   {"self": {"id": "$Ada", "name": "Ada", "traits": ["curious", "likes \"rain\""], "clock": 5, "game_time": "Mar 1, Year 1, 06:05"},
    "needs": {"hunger": 55.9, "hygiene": 90.5, "fun": 0, "energy": 90.5},
    "position": {"x": 10, "y": 10},
    "status": {"state": "interacting", "movement_locked": true, "target_id": "$Bo", "plan": [],
        "current_interaction": {"id": "$run Ada", "name": "conversation", "description": "Talk to one another, until you leave", "target_type": "npc", "target_id": "$Bo", "started_at": 1,
            "fills": [], "drains": [], "rates": {}, "participants": ["$Ada", "$Bo", "$Cy"], "parameters": {"message": {"type": "string", "description": "What you say"}}}},
    "vision": [
        {"type": "item", "id": "$apple", "distance": 1.4, "item_type": "apple", "position": {"x": 11, "y": 9}, "occupied": false,
            "interactions": {"consume": {"description": "Use it up, little by little", "fills": ["hunger"], "drains": [], "rates": {"hunger": 5}, "duration": 5}}},
        {"type": "item", "id": "$table", "distance": 3.6, "item_type": "table", "position": {"x": 12, "y": 13}, "occupied": true,
            "current_interaction": {"id": "$run Eve", "name": "play", "participants": ["$Eve"], "started_at": 0, "max_participants": 3, "joinable": true},
            "interactions": {"play": {"description": "Play cards", "fills": ["fun"], "drains": ["energy"], "rates": {"fun": 0.5, "energy": -0.1}, "participants": [1, 3],
                "parameters": {"card": {"type": "string", "default": "ace"}}, "duration": 60}}},
        {"type": "item", "id": "$chair", "distance": 5, "item_type": "chair", "position": {"x": 10, "y": 15}, "occupied": true,
            "current_interaction": {"id": "$run Di", "name": "sit", "participants": ["$Di"], "started_at": 0, "max_participants": 1, "joinable": false},
            "interactions": {"sit": {"description": "Sit on it, until you leave", "fills": ["energy"], "drains": [], "rates": {"energy": 10}, "duration": null}}},
        {"type": "npc", "id": "$Bo", "distance": 2, "name": "Bo", "npc_state": "interacting", "position": {"x": 12, "y": 10},
            "current_interaction": {"id": "$run Ada", "name": "conversation", "participants": ["$Ada", "$Bo", "$Cy"], "started_at": 1, "min_participants": 2, "max_participants": 10, "joinable": true}, "interactions": "with an NPC"},
        {"type": "npc", "id": "$Cy", "distance": 4, "name": "Cy", "npc_state": "interacting", "position": {"x": 14, "y": 10},
            "current_interaction": {"id": "$run Ada", "name": "conversation", "participants": ["$Ada", "$Bo", "$Cy"], "started_at": 1, "min_participants": 2, "max_participants": 10, "joinable": true}, "interactions": "with an NPC"},
        {"type": "npc", "id": "$Di", "distance": 5, "name": "Di", "npc_state": "interacting", "position": {"x": 10, "y": 15},
            "current_interaction": {"id": "$run Di", "name": "sit", "participants": ["$Di"], "started_at": 0, "max_participants": 1, "joinable": false}, "interactions": "with an NPC"},
        {"type": "npc", "id": "$Eve", "distance": 5.8, "name": "Eve", "npc_state": "interacting", "position": {"x": 15, "y": 13},
            "current_interaction": {"id": "$run Eve", "name": "play", "participants": ["$Eve"], "started_at": 0, "max_participants": 3, "joinable": true}, "interactions": "with an NPC"}],
    "available_interactions": ["consume", "play"],
    "conversation": {"interaction_id": "$run Ada", "interaction": "conversation", "participants": ["$Ada", "$Bo", "$Cy"],
        "messages": [{"at": 1, "npc_id": "$Ada", "name": "Ada", "message": "Hello, Bo!"}, {"at": 4.5, "npc_id": "$Bo", "name": "Bo", "message": "Hi \"Ada\""}]},
    "events": ["28 errors",
        {"at": 0, "type": "interaction_bid_pending", "bid_id": "$first bid", "interaction": "conversation", "target_id": "$Bo", "invited": ["$Bo"]},
        {"at": 1, "type": "interaction_started", "interaction": "conversation", "interaction_id": "$run Ada", "target_id": "$Bo", "participants": ["$Ada", "$Bo"]},
        {"at": 4.5, "type": "interaction_observation", "interaction": "conversation", "interaction_id": "$run Ada", "kind": "message", "npc_id": "$Bo", "name": "Bo", "message": "Hi \"Ada\""},
        {"at": 4.5, "type": "interaction_observation", "interaction": "conversation", "interaction_id": "$run Ada", "kind": "joined", "npc_id": "$Cy", "name": "Cy"}],
    "events_dropped": 6}$$), 'all that a mind is told');

-- ---- joining and leaving ----
INSERT INTO npcsim.interaction_types (world_id, name, target, description, need_rates, needs_adjacency, min_participants, max_participants)
    VALUES (1, 'duel', 'npc', 'Fight', '{"fun": 2}', false, 2, 2);
SELECT is(pg_temp.observe('Di') -> 'available_interactions', '["consume", "sit", "conversation", "play"]', 'nobody in sight is free to begin anything else with');
SELECT is((SELECT array_agg(name ORDER BY name) FROM jsonb_object_keys(pg_temp.seen('Di', pg_temp.npc('Bo')) -> 'interactions') AS name), '{conversation,duel}', 'all that NPCs can do with one another is told');
SELECT is(pg_temp.tell('Eve', '{"action": "cancel_interaction"}'), 'applied', 'the player stands up');
SELECT is(pg_temp.observe('Di') -> 'available_interactions', '["consume", "sit", "conversation", "play", "duel"]', 'then there is one');
SELECT pg_temp.make('Fay', 17, 13), pg_temp.make('Gus', 16, 15);
SELECT pg_temp.tell(who, jsonb_build_object('action', 'play', 'target_id', pg_temp.item('table'))) FROM unnest(ARRAY['Eve', 'Fay', 'Gus']) AS who;
SELECT is(pg_temp.seen('Ada', pg_temp.item('table')) -> 'current_interaction',
          pg_temp.with_ids('{"id": "$run Eve", "name": "play", "participants": ["$Eve", "$Fay", "$Gus"], "participant_names": ["Eve", "Fay", "Gus"], "started_at": 5, "max_participants": 3, "joinable": false}'), 'three fill the table');
SELECT is(pg_temp.observe('Ada') -> 'available_interactions' ? 'play', false, 'a fourth cannot play');
SELECT is(pg_temp.observe('Gus') -> 'available_interactions' ? 'play', true, 'who does can');
SELECT is(pg_temp.tell('Eve', '{"action": "cancel_interaction", "then": [{"action": "wait"}]}'), 'applied', 'the first leaves');
SELECT is((SELECT jsonb_path_query_array(e, '$[*].kind') || (e -> -1 -> 'name') FROM (SELECT pg_temp.observe('Fay') -> 'events' AS e) AS t), '["joined", "left", "Eve"]',
          'who plays on is told');
SELECT is(pg_temp.seen('Ada', pg_temp.item('table')) -> 'current_interaction', pg_temp.with_ids(
          '{"id": "$run Fay", "name": "play", "participants": ["$Fay", "$Gus"], "participant_names": ["Fay", "Gus"], "started_at": 5, "max_participants": 3, "joinable": true}'), 'and there is room again');
SELECT is((SELECT array_agg(pg_temp.tell(who, '{"action": "cancel_interaction", "then": [{"action": "wait"}]}')) FROM unnest(ARRAY['Fay', 'Gus']) AS who), '{applied,applied}', 'all leave');
SELECT is(pg_temp.seen('Di', pg_temp.item('table')) ? 'current_interaction' OR pg_temp.seen('Di', pg_temp.npc('Fay')) ? 'current_interaction', false, 'what is left is over');

-- ---- as much as fits ----
-- Ada, Bo and Cy say something in turns.
CREATE PROCEDURE pg_temp.chatter(rounds integer, more text)
LANGUAGE plpgsql AS $$
DECLARE
    who text;
BEGIN
    FOR round IN 1 .. rounds LOOP
        PERFORM npcsim.tick_world(1, 3);
        COMMIT;
        FOREACH who IN ARRAY ARRAY['Ada', 'Bo', 'Cy'] LOOP
            PERFORM pg_temp.tell(who, jsonb_build_object('action', 'act_in_interaction', 'message', round || who || more));
            COMMIT;
        END LOOP;
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.messages(who text) RETURNS jsonb
LANGUAGE sql AS $$SELECT jsonb_path_query_array(pg_temp.observe(who), '$.conversation.messages[*].message')$$;
CREATE FUNCTION pg_temp.bytes(who text) RETURNS integer
LANGUAGE sql AS $$SELECT octet_length(npcsim.observe_npc(1, pg_temp.npc(who))::text)$$;
CALL pg_temp.chatter(3, '');
SELECT is(pg_temp.messages('Bo'), '["2Bo", "2Cy", "3Ada", "3Bo", "3Cy"]', 'the last five messages are told');
SELECT is((SELECT jsonb_array_length(acts) FROM npcsim.interaction_runs WHERE id = pg_temp.run('Bo')), 10, 'of the ten that are kept');
CALL pg_temp.chatter(4, repeat(E'\u20ac', 490));
SELECT is(pg_temp.messages('Bo'), jsonb_build_array('4Cy' || repeat(E'\u20ac', 490)), 'of long ones fewer');
SELECT is(pg_temp.observe('Bo') -> 'events' -> -1 -> 'message', pg_temp.messages('Bo') -> -1, 'of events that are too long together the last are told');
SELECT is((SELECT jsonb_array_length(o -> 'events') + (o ->> 'events_dropped')::int FROM pg_temp.observe('Bo') AS o),
          (SELECT jsonb_array_length(events) + events_dropped FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc('Bo')), 'and the others counted');
SELECT cmp_ok((SELECT jsonb_array_length(pg_temp.observe('Bo') -> 'events')), '<', (SELECT jsonb_array_length(events) FROM npcsim.npc_minds WHERE npc_id = pg_temp.npc('Bo')), 'which there are');
SELECT is((SELECT jsonb_array_length(o -> 'vision') + (o ->> 'vision_omitted')::int FROM pg_temp.observe('Bo') AS o), 9, 'what is not told of what is seen is counted too');
SELECT cmp_ok(pg_temp.bytes('Bo'), '<=', 8192 + 100, 'all that is 8 KiB');

SELECT pg_temp.make('Ivy', 50, 10);
SELECT pg_temp.make(n || repeat('y', 90), 48 + n % 5, 8 + n / 5) FROM generate_series(0, 11) AS n;
SELECT pg_temp.tell(name, '{"action": "wait"}') FROM npcsim.npcs WHERE position_x > 45;
SELECT pg_temp.tell(name, jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.npc('Ivy'))) FROM npcsim.npcs WHERE name LIKE '%yyy' ORDER BY id;
SELECT npcsim.tick_world(1, 1);
SELECT is((SELECT count(*) FROM npcsim.interaction_bids WHERE invited_npc_ids = ARRAY[pg_temp.npc('Ivy')]), 12::bigint, 'twelve invite one');
SELECT cmp_ok(jsonb_array_length(pg_temp.observe('Ivy') -> 'bids'), '>', 2, 'who is told of some of them');
SELECT is((SELECT jsonb_array_length(o -> 'bids') + (o ->> 'bids_omitted')::int FROM pg_temp.observe('Ivy') AS o), 12, 'and how many there are');
SELECT is((SELECT (pg_temp.observe('Ivy') #>> '{bids,0,bid_id}')::bigint), (SELECT min(id) FROM npcsim.interaction_bids), 'from the first');
SELECT cmp_ok(pg_temp.bytes('Ivy'), '<=', 8192 + 100, 'in 8 KiB');
SELECT is(pg_temp.tell('Ivy', '{"action": "batch_reject_interaction_bids", "ids": "*", "reason": "busy"}'), 'applied', 'all are rejected');
SELECT is(pg_temp.observe('Ivy') ?| '{bids,bids_omitted}', false, 'then there are none');

SELECT * FROM finish();
