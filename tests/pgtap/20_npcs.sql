-- Tests NPCs: how they are made, shown as of now, given to players, asked to decide, removed.
BEGIN;
SELECT plan(36);

SELECT npcsim.create_world('Meadow', 30, 20, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_npc(1, 'Ada', 4, 6);

SELECT results_eq(
    $$SELECT name, position_x, position_y, hunger, hygiene, fun, energy, state, decision_pending, controller_player_id, traits
        FROM npcsim.npcs$$,
    $$VALUES ('Ada', 4::float8, 6::float8, 100::float8, 100::float8, 100::float8, 100::float8, 'idle', false, NULL::bigint, '{}'::text[])$$,
    'a new NPC stands idle where it was put, all needs 100');
SELECT ok((SELECT ST_Equals(position, ST_MakePoint(4, 6)) FROM npcsim.npcs), 'its position is a point');
SELECT is((SELECT last_decision_time FROM npcsim.npcs), NULL, 'it has decided nothing yet');
SELECT throws_ok($$SELECT npcsim.create_npc(1, 'Bo', 4, 6)$$, 'NS211', NULL, 'a cell holds one NPC that stands');

-- ---- needs decay, without a row being written ----
CREATE TEMP TABLE rows_before AS SELECT ctid AS place, * FROM npcsim.npc_states;
SELECT npcsim.tick_world(1, 10);
SELECT results_eq('SELECT ctid, needs_as_of, hunger FROM npcsim.npc_states',
                  'SELECT place, needs_as_of, hunger FROM rows_before', 'time alone writes nothing');
SELECT ok((SELECT hunger BETWEEN 80 AND 90 AND hunger = hygiene AND hunger = fun AND hunger = energy FROM npcsim.npcs),
          'but after 10 s every need has decayed by 10 to 20');
SELECT is((SELECT hunger FROM npcsim.npcs), (SELECT 100 - s.decay * 10 / 1e6::float8 FROM npcsim.npc_states s),
          'by its rate, to the millionth');
SELECT npcsim.tick_world(1, 60), npcsim.tick_world(1, 60);
SELECT is((SELECT hunger FROM npcsim.npcs), 0::float8, 'needs end at 0');

-- ---- how the views read needs and tracks ----
SELECT is(npcsim_internal.need_at(50000000, 1000000, 0, 10000000), 60::float8, 'a need that rises');
SELECT is(npcsim_internal.need_at(50000000, 1000000, 0, 9000000000), 100::float8, 'ends at 100');
SELECT is(npcsim_internal.need_at(50000000, -1000000, 5000000, 0), 50::float8, 'before its time it is itself');
SELECT is(npcsim_internal.track_x('{3,5,4,5,4,6}', 1000000, 0), 3::float8, 'a walker that has not left is at its start');
SELECT is(npcsim_internal.track_x('{3,5,4,5,4,6}', 1000000, 1125000), 3.5::float8, 'half a cell''s time later, half way');
SELECT is(npcsim_internal.track_y('{3,5,4,5,4,6}', 1000000, 1125000), 5::float8, 'in x alone');
SELECT is(npcsim_internal.track_y('{3,5,4,5,4,6}', 1000000, 1300000), 5.2::float8, 'then in y');
SELECT is(npcsim_internal.track_x('{3,5,4,5,4,6}', 1000000, 1300000), 4::float8, 'and no more in x');
SELECT is(npcsim_internal.track_y('{3,5,4,5,4,6}', 1000000, 99000000), 6::float8, 'and at the end it stays');

-- ---- players ----
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT npcsim.create_world('Elsewhere', 10, 10, preset => 'reference');
CREATE TEMP TABLE stranger AS
    SELECT * FROM npcsim.create_player((SELECT id FROM npcsim.worlds WHERE name = 'Elsewhere'), 'stranger');
SELECT lives_ok($$SELECT npcsim.assign_npc_to_player(1, (SELECT id FROM npcsim.npcs WHERE name = 'Ada'), (SELECT player_id FROM ada))$$,
                'an NPC is given to a player');
SELECT is((SELECT controller_player_id FROM npcsim.npcs WHERE name = 'Ada'), (SELECT player_id FROM ada), 'whose it then is');
SELECT is((SELECT controlled_npc_count FROM npcsim.players WHERE username = 'ada'), 1::bigint, 'and who has one');
SELECT throws_ok($$SELECT npcsim.assign_npc_to_player(1, (SELECT id FROM npcsim.npcs WHERE name = 'Ada'), (SELECT player_id FROM stranger))$$,
                 'NS203', NULL, 'a player of another world gets none');
SELECT lives_ok($$SELECT npcsim.create_npc(1, 'Cy', 7, 7, (SELECT player_id FROM ada), '{curious,active}')$$,
                'an NPC may be made with a controller and traits');
SELECT results_eq($$SELECT controller_player_id, traits FROM npcsim.npcs WHERE name = 'Cy'$$,
                  $$SELECT player_id, '{curious,active}'::text[] FROM ada$$, 'and has them');

-- ---- asked to decide ----
CREATE TEMP TABLE asked AS
    SELECT npcsim.request_npc_decision(1, (SELECT id FROM npcsim.npcs WHERE name = 'Cy')) AS request_id;
SELECT isnt((SELECT request_id FROM asked), NULL, 'a controlled NPC''s mind is asked');
SELECT ok((SELECT decision_pending FROM npcsim.npcs WHERE name = 'Cy'), 'and the NPC awaits the answer');
SELECT results_eq('SELECT request_id, player_id, reason, status FROM npcsim.decision_requests',
                  $$SELECT request_id, player_id, 'requested'::text, 'open'::text FROM asked, ada$$, 'the request is open');
SELECT is(npcsim.request_npc_decision(1, (SELECT id FROM npcsim.npcs WHERE name = 'Cy')), (SELECT request_id FROM asked),
          'asked again, it is the same request');
SELECT npcsim.assign_npc_to_player(1, (SELECT id FROM npcsim.npcs WHERE name = 'Cy'), NULL);
SELECT is((SELECT controller_player_id FROM npcsim.npcs WHERE name = 'Cy'), NULL, 'NULL takes an NPC back');
SELECT is_empty('SELECT * FROM npcsim.decision_requests', 'and closes its request');
SELECT is(npcsim.request_npc_decision(1, (SELECT id FROM npcsim.npcs WHERE name = 'Cy')), NULL,
          'the built-in mind needs no request');
SELECT isnt((SELECT last_decision_time FROM npcsim.npcs WHERE name = 'Cy'), NULL, 'it decides at once');

-- ---- inputs are kept ----
SELECT ok((SELECT array_agg(kind) @> '{create_npc,assign_npc_to_player,request_npc_decision,set_decision_policy}'
             FROM npcsim.world_inputs WHERE world_id = 1), 'what came from outside is kept');

-- ---- removed ----
SELECT npcsim.remove_npc(1, (SELECT id FROM npcsim.npcs WHERE name = 'Cy'));
SELECT is((SELECT count(*) FROM npcsim.npcs), 1::bigint, 'a removed NPC is gone');
SELECT is((SELECT count(*) FROM npcsim.npc_states) + (SELECT count(*) FROM npcsim.npc_tracks) +
          (SELECT count(*) FROM npcsim.npc_identities), 3::bigint, 'with all of its rows');
SELECT lives_ok($$SELECT npcsim.create_npc(1, 'Di', 7, 7)$$, 'and its cell is free');
SELECT cmp_ok((SELECT id FROM npcsim.npcs WHERE name = 'Di'), '>', (SELECT request_id FROM asked), 'an id is given once');

SELECT * FROM finish();
ROLLBACK;
