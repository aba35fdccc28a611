-- Tests who holds which NPC: settings of the market, what an operator assigns, what players ask for.
-- Every statement is a transaction of its own: who is present is looked up once per transaction.
SET client_min_messages = warning;
SELECT no_plan();

\ir lib/minds.sql
-- ---- settings ----
SELECT npcsim.create_world('Meadow', 30, 30, 5);
SELECT results_eq($$SELECT allocation, absence_grace, pause_grace, min_tenure, estimated_tokens_per_npc_per_day, tokens_per_decision, max_npcs_per_player, on_insufficient_compute
                      FROM npcsim.worlds$$,
                  $$VALUES ('market', 300, 3600, 600, 700, 50, 10000, 'fewer')$$, 'NPCs of a new world are the market''s');
SELECT coalesce(max(sequence), 0) || '::bigint' AS inputs FROM npcsim.world_inputs \gset
SELECT lives_ok($$UPDATE npcsim.worlds SET allocation = 'manual', absence_grace = 0, pause_grace = 604800, min_tenure = 86400, estimated_tokens_per_npc_per_day = 1,
                         tokens_per_decision = 1000000, max_npcs_per_player = 0, on_insufficient_compute = 'warn_then_remove'$$, 'operators set what the market goes by');
SELECT results_eq($$SELECT allocation, absence_grace, pause_grace, min_tenure, estimated_tokens_per_npc_per_day, tokens_per_decision, max_npcs_per_player, on_insufficient_compute
                      FROM npcsim.worlds$$,
                  $$VALUES ('manual', 0, 604800, 86400, 1, 1000000, 0, 'warn_then_remove')$$, 'up to its bounds');
SELECT is((SELECT max(sequence) FROM npcsim.world_inputs), :inputs, 'which no rule reads: it is no input');
CREATE TEMP TABLE bad AS SELECT * FROM (VALUES
    ('allocation = ''auction''', '22023', 'allocation'), ('allocation = NULL', '22004', 'allocation'), ('on_insufficient_compute = ''more''', '22023', 'on_insufficient_compute'),
    ('on_insufficient_compute = NULL', '22004', 'on_insufficient_compute'), ('absence_grace = -1', '22003', 'absence_grace'), ('absence_grace = 86401', '22003', 'absence_grace'),
    ('pause_grace = -1', '22003', 'pause_grace'), ('pause_grace = 604801', '22003', 'pause_grace'), ('min_tenure = -1', '22003', 'min_tenure'), ('min_tenure = 86401', '22003', 'min_tenure'),
    ('min_tenure = NULL', '22004', 'min_tenure'), ('estimated_tokens_per_npc_per_day = 0', '22003', 'estimated_tokens_per_npc_per_day'),
    ('estimated_tokens_per_npc_per_day = 1000000001', '22003', 'estimated_tokens_per_npc_per_day'), ('tokens_per_decision = 0', '22003', 'tokens_per_decision'),
    ('tokens_per_decision = 1000001', '22003', 'tokens_per_decision'), ('max_npcs_per_player = -1', '22003', 'max_npcs_per_player'),
    ('max_npcs_per_player = 1000001', '22003', 'max_npcs_per_player')) AS t (what, code, named);
SELECT throws_ok('UPDATE npcsim.worlds SET ' || what, code, NULL, 'refused: ' || what) FROM bad;
SELECT isnt(pg_temp.hint_of('UPDATE npcsim.worlds SET ' || what), NULL, 'with a hint: ' || what) FROM bad;
-- The table takes no more than the view, for who writes past the guards.
SELECT pg_temp.by_hand('world_settings', 'world_inputs');
SELECT throws_ok('UPDATE npcsim.world_settings SET ' || what, CASE code WHEN '22004' THEN '23502' ELSE '23514' END, NULL, 'nor does its table take it: ' || what) FROM bad;
SELECT npcsim.replay_world(1) AS copy \gset
SELECT is((SELECT allocation FROM npcsim.worlds WHERE id = :copy), 'manual', 'the market does not come to a replay');
SELECT npcsim.drop_world(:copy);

-- ---- what an operator assigns ----
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'bo');
SELECT pg_temp.make('Ada', 3, 3), npcsim.create_npc(1, 'Bea', 5, 5), npcsim.create_npc(1, 'Cy', 7, 7);
CREATE FUNCTION pg_temp.held(who text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', coalesce(p.username, 'nobody'), CASE WHEN n.assigned THEN 'assigned' END, n.controller_since)
      FROM npcsim.npcs n LEFT JOIN npcsim.players p ON p.id = n.controller_player_id WHERE n.world_id = 1 AND n.name = who
$$;
SELECT is(pg_temp.held('Ada'), 'ada assigned 0', 'an NPC that is made for a player is assigned');
SELECT is(pg_temp.held('Bea'), 'nobody', 'one that is made for nobody is not');
SELECT npcsim.tick_world(1, 5);
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Bea'), pg_temp.player('bo'));
SELECT is(pg_temp.held('Bea'), 'bo assigned 5', 'nor is it before an operator assigns it; it is noted since when');
CREATE TEMP TABLE shown AS SELECT NULL::text AS name, NULL::boolean AS assigned, NULL::double precision AS since LIMIT 0;
CREATE FUNCTION pg_temp.update(who text, what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('UPDATE npcsim.npcs SET %s WHERE world_id = 1 AND name = %L RETURNING concat_ws('' '', assigned, controller_since)', what, who) INTO result;
    RETURN result;
END
$$;
SELECT is(pg_temp.update('Cy', 'controller_player_id = ' || pg_temp.player()), 't 5', 'so does UPDATE, which shows it');
SELECT is(pg_temp.held('Cy'), 'ada assigned 5', 'and it is so');
SELECT is(pg_temp.update('Cy', 'assigned = false'), 'f 5', 'it is given over to the market');
SELECT is(pg_temp.held('Cy'), 'ada 5', 'without losing its mind');
SELECT npcsim.tick_world(1, 2);
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Cy'), pg_temp.player());
SELECT is(pg_temp.held('Cy'), 'ada assigned 5', 'who assigns it where it is has it stay there');
SELECT is((SELECT payload FROM npcsim.world_inputs ORDER BY sequence DESC LIMIT 1) ->> 'player_id', pg_temp.player()::text, 'which is an input');
SELECT coalesce(max(sequence), 0) || '::bigint' AS inputs FROM npcsim.world_inputs \gset
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Cy'), pg_temp.player());
SELECT is((SELECT max(sequence) FROM npcsim.world_inputs), :inputs, 'and nothing happens a second time');
SELECT is(pg_temp.update('Cy', 'controller_player_id = NULL'), 'f', 'what is taken from a player is the market''s');
SELECT is(pg_temp.held('Cy'), 'nobody', 'and it is so');
SELECT is(pg_temp.update('Cy', 'assigned = true'), 't', 'an NPC can be kept for the built-in mind');
SELECT is(pg_temp.held('Cy'), 'nobody assigned', 'and it is so');
SELECT throws_ok($$UPDATE npcsim.npcs SET assigned = NULL$$, '22004', NULL, 'it is or is not');
SELECT throws_ok($$UPDATE npcsim.npcs SET controller_since = 3$$, '0A000', NULL, 'since when is noted');
SELECT isnt(pg_temp.hint_of($$UPDATE npcsim.npcs SET controller_since = 3$$), NULL, 'as a hint says');
INSERT INTO npcsim.npcs (world_id, name, position_x, position_y, controller_player_id, assigned) VALUES (1, 'Di', 9, 9, pg_temp.player('bo'), false), (1, 'Ed', 11, 11, NULL, true);
INSERT INTO npcsim.npcs (world_id, name, position_x, position_y, controller_player_id) VALUES (1, 'Fay', 13, 13, pg_temp.player('bo'));
SELECT is(string_agg(pg_temp.held(who), ', ' ORDER BY n), 'bo 7, nobody assigned, bo assigned 7', 'NPCs are inserted one way or the other')
  FROM unnest('{Di,Ed,Fay}'::text[]) WITH ORDINALITY AS u (who, n);

-- ---- what players ask for ----
CREATE FUNCTION pg_temp.ask(who text, wanted integer) RETURNS text LANGUAGE sql AS $$
    SELECT npcsim.call_reducer(pg_temp.player(who), 'request_npc_assignment', jsonb_build_object('desired_npc_count', wanted)) #>> '{value,assigned_npcs}'
$$;
SELECT npcsim.create_npc(1, 'G' || n, n, 20) FROM generate_series(1, 4) AS n;
SELECT coalesce(max(sequence), 0) || '::bigint' AS inputs FROM npcsim.world_inputs \gset
SELECT is(pg_temp.ask('ada', 9), '5', 'a player gets NPCs that nobody controls, but for those that are kept for the built-in mind');
SELECT is((SELECT string_agg(pg_temp.held('G' || n), ', ') FROM generate_series(1, 4) AS n), 'ada 7, ada 7, ada 7, ada 7', 'which no operator has assigned');
SELECT results_eq(format('SELECT kind, jsonb_array_length(payload -> ''npc_ids''), payload -> ''player_ids'' FROM npcsim.world_inputs WHERE sequence > %s', :inputs),
                  format($$VALUES ('controllers', 4, '[%1$s, %1$s, %1$s, %1$s]'::jsonb)$$, pg_temp.player()), 'all of them by one input');
SELECT is(pg_temp.ask('ada', 9), '5', 'asking again');
SELECT is((SELECT max(sequence) FROM npcsim.world_inputs), :inputs + 1, 'is none');
-- An NPC that changes hands is asked anew.
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', id, 1, 'compute') IS NOT NULL AS connected FROM npcsim.players;
SELECT pg_temp.present();
SELECT npcsim.request_npc_decision(1, id) IS NOT NULL AS asked FROM npcsim.npcs WHERE name LIKE 'G%' ORDER BY id;
SELECT is((SELECT count(*) FROM npcsim.decision_requests WHERE player_id = pg_temp.player()), 4::bigint, 'four are asked');
SELECT is(pg_temp.ask('ada', 1), '1', 'a player gives NPCs back');
SELECT is((SELECT count(*) FROM npcsim.decision_requests WHERE player_id = pg_temp.player()), 1::bigint, 'of which its mind is asked no more');
SELECT is(pg_temp.held('Ada') || ', ' || pg_temp.held('G1'), 'nobody, nobody', 'lower ids first, and they are the market''s');
SELECT pg_temp.ask('bo', 7);
SELECT npcsim.tick_world(1, 20);
SELECT npcsim.replay_world(1) AS copy \gset
SELECT is_empty('SELECT * FROM npcsim.world_differences(1, ' || :copy || ')', 'all of it is replayed');
SELECT is((SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'controllers'), 2 * 3::bigint, 'with the moves');
SELECT npcsim.drop_world(:copy);

-- ---- before there was a market ----
-- A history by the rules of 0.6.0, which noted none of this.
SELECT npcsim.create_world('Hill', 20, 20, 5) AS hill \gset
SELECT player_id AS eva FROM npcsim.create_player(:hill, 'eva') \gset
SELECT npcsim.create_npc(:hill, 'Ada', 3, 3, :eva) AS ada, npcsim.create_npc(:hill, 'Bea', 5, 5) AS bea, npcsim.create_npc(:hill, 'Cy', 7, 7) \gset
SELECT npcsim.tick_world(:hill, 5), npcsim.assign_npc_to_player(:hill, :bea, :eva), npcsim.tick_world(:hill, 5);
UPDATE npcsim.world_inputs SET payload = '{"rules": 6}' WHERE world_id = :hill AND kind = 'rules';
SELECT npcsim.replay_world(:hill) AS older \gset
SELECT is((SELECT count(*) FROM npcsim.npc_identities WHERE world_id = :older AND (assigned OR controller_since IS NOT NULL)), 0::bigint, 'by the rules of then nothing is noted');
SELECT results_eq('SELECT name, controller_player_id FROM npcsim.npcs WHERE world_id = ' || :older || ' ORDER BY id', 'SELECT name, controller_player_id FROM npcsim.npcs WHERE world_id = ' || :hill || ' ORDER BY id',
                  'who decides is the same');
SELECT is((SELECT string_agg(name, ' ' ORDER BY id) FROM npcsim.npcs WHERE world_id = :older AND assigned), 'Ada Bea', 'an NPC that came to its player then was given by hand');
SELECT is_empty('SELECT * FROM npcsim.world_differences(' || :older || ', npcsim.replay_world(' || :older || '))', 'that world is replayed');
UPDATE npcsim.npcs SET assigned = false WHERE world_id = :older AND name = 'Ada';
SELECT results_eq('SELECT name, assigned, controller_since FROM npcsim.npcs WHERE world_id = ' || :older || ' ORDER BY id', $$VALUES ('Ada', false, 10::float8), ('Bea', true, NULL), ('Cy', false, NULL)$$,
                  'until an operator gives it over to the market, which knows it from then on');
SELECT results_eq('SELECT kind FROM npcsim.world_inputs WHERE world_id = ' || :older || ' ORDER BY sequence DESC LIMIT 2', $$VALUES ('set_npc_assigned'), ('rules')$$, 'by the rules of now');
SELECT is_empty('SELECT * FROM npcsim.world_differences(' || :older || ', npcsim.replay_world(' || :older || '))', 'which is replayed, too');
SELECT * FROM finish();
