-- Tests NPCs that sleep: by an operator's hand, and where nobody decides for them because the built-in mind does not stand in. They leave
-- talks and chairs, their needs stand still, and they wake when a mind can be asked.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT plan(55);

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute');
SELECT pg_temp.present();
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
SELECT npcsim.create_npc(1, 'Ada', 10, 10, pg_temp.player()), npcsim.create_npc(1, 'Bo', 12, 10), npcsim.create_npc(1, 'Cy', 30, 20);
SELECT npcsim.create_item(1, 'chair', 10, 11) AS chair \gset
CREATE FUNCTION pg_temp.needs(who text DEFAULT 'Ada') RETURNS text LANGUAGE sql AS $$SELECT concat_ws(' ', hunger, hygiene, fun, energy) FROM npcsim.npcs WHERE name = who$$;
CREATE FUNCTION pg_temp.pass(minutes integer) RETURNS void LANGUAGE sql AS $$SELECT npcsim.tick_world(1, 60) FROM generate_series(1, minutes)$$;
CREATE FUNCTION pg_temp.sleepers() RETURNS text LANGUAGE sql AS $$SELECT string_agg(name, ' ' ORDER BY id) FROM npcsim.npcs WHERE world_id = 1 AND state = 'dormant'$$;

-- ---- put to sleep by hand ----
SELECT is(pg_temp.use('Ada', :chair), 'applied', 'Ada sits down');
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.doing(), 'interacting mind', 'and sits');
SELECT lives_ok('SELECT npcsim.set_npc_dormant(1, pg_temp.npc())', 'an operator puts her to sleep');
SELECT is(pg_temp.doing(), 'dormant operator', 'who sleeps');
SELECT is((SELECT count(*) FROM npcsim.interactions), 0::bigint, 'has left her chair');
SELECT is(pg_temp.asked(), 'not asked', 'and is not asked');
SELECT is((SELECT (event_at IS NULL AND decision_at IS NULL) FROM pg_temp.state()), true, 'nothing is due to her');
SELECT pg_temp.needs() AS before \gset
SELECT pg_temp.pass(10);
SELECT is(pg_temp.needs(), :'before', 'her needs stand still');
SELECT is(pg_temp.doing(), 'dormant operator', 'and a mind that could be asked does not wake her');
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE kind = 'set_npc_dormant'), jsonb_build_object('npc_id', pg_temp.npc(), 'dormant', true), 'it is an input');
SELECT count(*) AS inputs FROM npcsim.world_inputs \gset
SELECT npcsim.set_npc_dormant(1, pg_temp.npc());
SELECT is((SELECT count(*) FROM npcsim.world_inputs), :inputs::bigint, 'twice is once');
SELECT throws_ok('SELECT npcsim.request_npc_decision(1, pg_temp.npc())', 'NS302', NULL, 'her mind cannot be asked for');
SELECT matches(pg_temp.hint_of('SELECT npcsim.request_npc_decision(1, pg_temp.npc())'), 'set_npc_dormant', 'which says how she wakes');
SELECT throws_ok('SELECT npcsim.set_npc_dormant(1, 999999)', 'NS201', NULL, 'there must be such an NPC');
SELECT throws_ok('SELECT npcsim.set_npc_dormant(99, 1)', 'NS101', NULL, 'and such a world');
SELECT throws_ok('SELECT npcsim.set_npc_dormant(1, NULL)', '22004', NULL, 'NULL is none');
SELECT is(pg_temp.doing(), 'dormant operator', 'and nothing changed');
UPDATE npcsim.npcs SET position_x = 5, position_y = 5, hunger = 70 WHERE name = 'Ada';
SELECT is(pg_temp.at(), '5,5 dormant', 'who is moved sleeps on');
SELECT npcsim.tick_world(1, 60);
SELECT is((SELECT hunger FROM npcsim.npcs WHERE name = 'Ada'), 70::double precision, 'and needs what was written');
UPDATE npcsim.worlds SET need_decay_min = 3, need_decay_max = 3 WHERE id = 1;
SELECT npcsim.tick_world(1, 10);
SELECT is((SELECT hunger FROM npcsim.npcs WHERE name = 'Ada'), 70::double precision, 'needs that decay faster stand still, too');
SELECT is((npcsim.observe_npc(1, pg_temp.npc()) #>> '{status,state}'), 'dormant', 'observations tell it');
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'the world is sound');

-- ---- woken by hand ----
SELECT npcsim.set_npc_dormant(1, pg_temp.npc(), false);
SELECT is(pg_temp.doing(), 'idle nobody', 'she wakes');
SELECT npcsim.tick_world(1, 4);
SELECT isnt(pg_temp.asked(), 'not asked', 'and her mind is asked');
SELECT cmp_ok((SELECT hunger FROM npcsim.npcs WHERE name = 'Ada'), '<', 70::double precision, 'her needs go on, as fast as those of all');
SELECT is((SELECT hunger_rate FROM pg_temp.state()), -3000000, 'by now');
SELECT count(*) AS inputs FROM npcsim.world_inputs \gset
SELECT npcsim.set_npc_dormant(1, pg_temp.npc(), false);
SELECT is((SELECT count(*) FROM npcsim.world_inputs), :inputs::bigint, 'who is awake is not woken');

-- ---- a question that is open, a talk, a bid ----
SELECT isnt(pg_temp.asked(), 'not asked', 'Ada is asked');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc());
SELECT is(pg_temp.asked(), 'not asked', 'she falls asleep, and is asked no more');
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', pg_temp.request(), 'action', 'wander')) ->> 'status', 'late', 'an answer comes too late');
SELECT is(pg_temp.doing(), 'dormant operator', 'to wake her');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc(), false);
SELECT pg_temp.place('Ada', 11, 10), pg_temp.place('Bo', 12, 10);
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'start_conversation', 'target_ids', jsonb_build_array(pg_temp.npc('Bo')))), 'applied', 'Ada asks Bo for a talk');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc('Bo'));
SELECT npcsim.tick_world(1, 1);
SELECT is(pg_temp.doing('Bo'), 'dormant operator', 'Bo sleeps');
SELECT isnt((SELECT state FROM npcsim.npcs WHERE name = 'Ada'), 'interacting', 'and Ada talks to nobody');
SELECT isnt((SELECT state FROM npcsim.npcs WHERE name = 'Ada'), 'requesting', 'nor waits for it');
SELECT isnt(pg_temp.tell('Ada', jsonb_build_object('action', 'start_conversation', 'target_ids', jsonb_build_array(pg_temp.npc('Bo')))), 'applied', 'who sleeps cannot be invited');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc('Bo'), false);

-- ---- nobody decides ----
UPDATE npcsim.sessions SET heartbeat_at_real = now() - interval '1 hour';
UPDATE npcsim.worlds SET built_in_fallback = false WHERE id = 1;
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE kind = 'set_built_in_fallback'), '{"stands_in": false}', 'that the built-in mind does not stand in is an input');
SELECT npcsim.tick_world(1, 40);
SELECT is(pg_temp.sleepers(), 'Ada Bo Cy', 'then all whose minds are not there fall asleep');
SELECT is(pg_temp.doing('Cy'), 'dormant nobody', 'by nobody''s hand');
SELECT pg_temp.needs('Cy') AS before, revision AS revision FROM npcsim.worlds WHERE id = 1 \gset
SELECT pg_temp.pass(60);
SELECT is(pg_temp.needs('Cy'), :'before', 'and need nothing for an hour');
SELECT is((SELECT count(DISTINCT kind) FROM npcsim.world_inputs WHERE sequence > (SELECT max(sequence) FROM npcsim.world_inputs WHERE kind = 'set_built_in_fallback') AND kind <> 'presence'), 0::bigint, 'in which nothing came from outside');
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.sleepers(), 'Bo Cy', 'whose mind returns is awake within 3 s');
SELECT npcsim.tick_world(1, 4);
SELECT isnt(pg_temp.asked(), 'not asked', 'and is asked');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc('Cy'));
SELECT is(pg_temp.doing('Cy'), 'dormant operator', 'an operator can make a light sleeper sleep on');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), pg_temp.player()), npcsim.assign_npc_to_player(1, pg_temp.npc('Cy'), pg_temp.player());
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.sleepers(), 'Cy', 'who is given to a mind wakes, but for whom an operator put to sleep');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bo'), NULL);
SELECT npcsim.tick_world(1, 10);
SELECT is(pg_temp.sleepers(), 'Bo Cy', 'who is taken from it sleeps');
UPDATE npcsim.worlds SET built_in_fallback = true WHERE id = 1;
SELECT is(pg_temp.sleepers(), 'Cy', 'when the built-in mind stands in again, who sleeps for want of a mind wakes at once');
SELECT npcsim.tick_world(1, 10);
SELECT is((SELECT decider FROM npcsim.npcs WHERE name = 'Bo'), 'built_in', 'and is decided for');
SELECT npcsim.set_npc_dormant(1, pg_temp.npc('Cy'), false);
SELECT npcsim.tick_world(1, 30);
SELECT is(pg_temp.sleepers(), NULL, 'all are awake');
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'and the world is sound');

-- ---- replays ----
UPDATE npcsim.worlds SET built_in_fallback = false WHERE id = 1;
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Cy'), NULL);
SELECT npcsim.tick_world(1, 20);
SELECT is(pg_temp.sleepers(), 'Bo Cy', 'some sleep again');
UPDATE npcsim.worlds SET built_in_fallback = true WHERE id = 1;
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE state = 'dormant'), 0::bigint, 'and wake when it stands in');
SELECT npcsim.tick_world(1, 20);
SELECT npcsim.replay_world(1) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'what they lived is replayed');
SELECT is((SELECT built_in_fallback FROM npcsim.worlds WHERE id = :copy), true, 'with the setting');
SELECT throws_ok('UPDATE npcsim.worlds SET built_in_fallback = NULL WHERE id = 1', '22004', NULL, 'which is never NULL');
SELECT * FROM finish();
