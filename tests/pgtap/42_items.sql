-- Tests items in use: reached for, shared out, used up, coming back; chairs; what happens when something vanishes meanwhile.
BEGIN;
SELECT plan(71);

\ir lib/minds.sql
-- Nobody decides of itself: NPCs do what the tests tell them, as answers of their mind.
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada');
CREATE FUNCTION pg_temp.last_event(who text) RETURNS jsonb
LANGUAGE sql AS $$SELECT m.events -> -1 FROM npcsim.npc_minds m WHERE m.npc_id = pg_temp.npc(who)$$;
-- What must hold at every moment; the names of what does not.
CREATE FUNCTION pg_temp.broken() RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT 'item ' || i.id || ' is occupied without an interaction' FROM npcsim.items i
     WHERE i.occupied_by_npc_id IS NOT NULL AND NOT EXISTS
           (SELECT FROM npcsim.interaction_runs u WHERE u.target_id = i.id AND u.initiator_npc_id = i.occupied_by_npc_id)
    UNION ALL
    SELECT 'interaction ' || u.id || ' is not its item''s' FROM npcsim.interaction_runs u
     WHERE NOT EXISTS (SELECT FROM npcsim.items i WHERE i.id = u.target_id AND i.occupied_by_npc_id = u.initiator_npc_id)
    UNION ALL
    SELECT 'interaction ' || u.id || ' is not its NPC''s' FROM npcsim.interaction_runs u
     WHERE NOT EXISTS (SELECT FROM npcsim.npc_states s WHERE s.npc_id = u.initiator_npc_id AND s.interaction_id = u.id)
    UNION ALL
    SELECT 'NPC ' || s.npc_id || ' and its interaction differ' FROM npcsim.npc_states s
     WHERE (s.state = 3) <> (s.interaction_id IS NOT NULL) OR s.interaction_id IS NOT NULL AND NOT EXISTS
           (SELECT FROM npcsim.interaction_runs u WHERE u.id = s.interaction_id AND u.initiator_npc_id = s.npc_id)
    UNION ALL
    SELECT 'item ' || i.id || ' both is there and waits to come back' FROM npcsim.items i JOIN npcsim.item_respawns r USING (id)
$$;
SELECT npcsim.define_item_type(1, 'apple', '{"consumable": {"consumption_time": 5, "need_deltas": {"hunger": 25}}, "respawn": {"after": 30}}');
SELECT pg_temp.make('Ada', 5, 5), pg_temp.make('Bo', 20, 5);
CREATE TEMP TABLE thing AS
    SELECT npcsim.create_item(1, 'apple', 10, 5) AS apple, npcsim.create_item(1, 'chair', 10, 15) AS chair;

-- ---- reached for ----
SELECT is(pg_temp.use('Ada', (SELECT apple FROM thing)), 'applied', 'who wants an apple that lies elsewhere');
SELECT is(pg_temp.at('Ada'), '5,5 moving', 'walks there');
SELECT is((SELECT target_id FROM npcsim.npcs WHERE name = 'Ada'), (SELECT apple FROM thing), 'to that apple');
SELECT is((SELECT occupied_by_npc_id FROM npcsim.world_items WHERE item_type = 'apple'), NULL, 'which is free meanwhile');
SELECT npcsim.tick_world(1, 1);
SELECT is(pg_temp.at('Ada'), '9,5 interacting', 'and eats beside it');
SELECT is((SELECT started_at FROM npcsim.interactions), 1::float8, 'from the moment it arrives');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');

-- ---- a second one is refused ----
SELECT is(pg_temp.use('Bo', (SELECT apple FROM thing)), 'rejected NS302 item is occupied', 'a second NPC is refused the apple, and told why');
SELECT is(pg_temp.at('Bo'), '20,5 idle', 'and does not walk there for nothing');
SELECT is(pg_temp.last_event('Bo') - 'at', jsonb_build_object('target_id', (SELECT apple FROM thing)) || '{"type": "interaction_bid_rejected", "interaction": "consume", "reason": "item is occupied"}', 'its mind learns of it');

-- ---- left in the middle: the share that is left stays ----
SELECT npcsim.tick_world(1, 2);
SELECT is((SELECT share_left FROM npcsim.world_items WHERE item_type = 'apple'), 0.6::float8, 'after 2 of 5 s 60 % is left');
SELECT is(pg_temp.tell('Ada', '{"action": "move_to", "parameters": {"x": 1, "y": 1}}'),
          'rejected NS305 action move_to is not valid in state interacting', 'who eats does not walk');
SELECT is(pg_temp.tell('Ada', '{"action": "cancel_interaction"}'), 'applied', 'it may stop');
SELECT is((SELECT share_left FROM npcsim.items WHERE item_type = 'apple'), 600000, 'then the rest stays');
SELECT is((SELECT occupied_by_npc_id FROM npcsim.world_items WHERE item_type = 'apple'), NULL, 'for everybody');
SELECT is(pg_temp.last_event('Ada') ->> 'type', 'interaction_cancelled', 'its mind learns of the end');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');
SELECT pg_temp.place('Bo', 11, 5);
SELECT is(pg_temp.use('Bo', (SELECT apple FROM thing)), 'applied', 'another eats the rest');
SELECT npcsim.tick_world(1, 2.9);
SELECT is(pg_temp.at('Bo'), '11,5 interacting', 'which takes');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.at('Bo'), '11,5 idle', '3 s');
SELECT is_empty($$SELECT id FROM npcsim.world_items WHERE item_type = 'apple'$$, 'then the apple is gone');
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'consume', 'target_id', (SELECT apple FROM thing))),
          'rejected NS202 there is no item ' || (SELECT apple FROM thing), 'who wants it now is refused');
SELECT is((SELECT due_at - 30000000 FROM npcsim.item_respawns), 6000000::bigint, 'it is to come back 30 s later');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');

-- ---- coming back ----
SELECT npcsim.tick_world(1, 29.9);
SELECT is_empty($$SELECT id FROM npcsim.world_items WHERE item_type = 'apple'$$, 'not a moment sooner');
SELECT npcsim.tick_world(1, 0.1);
SELECT results_eq($$SELECT id, position_x, position_y, share_left FROM npcsim.world_items WHERE item_type = 'apple'$$,
                  'SELECT apple, 10::float8, 5::float8, 1::float8 FROM thing', 'the same apple, whole again, where it was');
SELECT is_empty('SELECT * FROM npcsim.item_respawns', 'it waits no more');
SELECT pg_temp.use('Bo', (SELECT apple FROM thing));
SELECT npcsim.tick_world(1, 5);
SELECT pg_temp.place('Ada', 10, 5);
SELECT npcsim.tick_world(1, 30);
SELECT ok((SELECT (position_x, position_y) <> (10, 5) AND abs(position_x - 10) + abs(position_y - 5) <= 12
             FROM npcsim.world_items WHERE item_type = 'apple'), 'where somebody stands it comes back nearby');
SELECT is((SELECT count(*) FROM npcsim.npcs n JOIN npcsim.world_items i ON n.position_x = i.position_x AND n.position_y = i.position_y), 0::bigint,
          'on a free cell');
SELECT npcsim.remove_item(1, id) FROM npcsim.world_items WHERE item_type = 'apple';

-- ---- gone while somebody walks to it ----
UPDATE thing SET apple = npcsim.create_item(1, 'apple', 20, 20);
SELECT pg_temp.place('Ada', 10, 20), pg_temp.place('Bo', 25, 20);
SELECT pg_temp.use('Ada', (SELECT apple FROM thing));
SELECT npcsim.tick_world(1, 1);
SELECT npcsim.remove_item(1, (SELECT apple FROM thing));
SELECT npcsim.tick_world(1, 3);
SELECT is(pg_temp.at('Ada') ~ 'idle$', true, 'an apple that is gone is not eaten');
SELECT is((SELECT array_agg(e ->> 'type') @> '{movement_completed,interaction_bid_rejected}' FROM npcsim.npc_minds, jsonb_array_elements(events) e
            WHERE npc_id = pg_temp.npc('Ada')), true, 'as the mind is told on arrival');
SELECT is(pg_temp.last_event('Ada') ->> 'reason', 'item is gone', 'with the reason');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');

-- ---- two reach for one apple: the first gets it ----
UPDATE thing SET apple = npcsim.create_item(1, 'apple', 20, 10);
SELECT pg_temp.place('Ada', 10, 10), pg_temp.place('Bo', 30, 10);
SELECT pg_temp.use('Bo', (SELECT apple FROM thing)), pg_temp.use('Ada', (SELECT apple FROM thing));
SELECT npcsim.tick_world(1, 2.3);
SELECT is(pg_temp.at('Ada'), '19,10 interacting', 'of two that arrive in the same moment the one with the lower id eats');
SELECT is(pg_temp.at('Bo'), '21,10 idle', 'the other does not');
SELECT is(pg_temp.last_event('Bo') - 'at' - 'target_id', '{"type": "interaction_bid_rejected", "interaction": "consume", "reason": "item is occupied"}', 'and is told');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');

-- ---- removed in the middle ----
SELECT npcsim.remove_npc(1, pg_temp.npc('Ada'));
SELECT results_eq($$SELECT occupied_by_npc_id, share_left < 1 FROM npcsim.world_items WHERE item_type = 'apple'$$, $$VALUES (NULL::bigint, true)$$,
                  'who is removed while eating leaves the rest');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');
SELECT pg_temp.make('Ada', 10, 10);
SELECT pg_temp.use('Bo', (SELECT apple FROM thing));
SELECT npcsim.tick_world(1, 1);
SELECT npcsim.remove_item(1, (SELECT apple FROM thing));
SELECT is(pg_temp.at('Bo'), '21,10 idle', 'who eats what is removed stops');
SELECT is_empty('SELECT * FROM npcsim.item_respawns', 'and it does not come back');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');
UPDATE thing SET apple = npcsim.create_item(1, 'apple', 20, 10);
SELECT pg_temp.use('Bo', (SELECT apple FROM thing));
SELECT npcsim.tick_world(1, 1);
DELETE FROM npcsim.npcs WHERE name = 'Bo';
DELETE FROM npcsim.world_items WHERE item_type = 'apple';
SELECT is_empty('SELECT pg_temp.broken()', 'operators'' DELETEs agree, too');
SELECT is_empty('SELECT * FROM npcsim.interaction_runs', 'nothing is left of it');
SELECT pg_temp.make('Bo', 20, 25);

-- ---- chairs ----
SELECT pg_temp.place('Ada', 10, 14);
SELECT is(pg_temp.use('Ada', (SELECT chair FROM thing)), 'applied', 'a chair is sat on');
SELECT is(pg_temp.at('Ada'), '10,15 interacting', 'on its cell');
SELECT is(pg_temp.use('Bo', (SELECT chair FROM thing)), 'rejected NS302 item is occupied', 'by one at a time');
SELECT is(pg_temp.tell('Ada', '{"action": "wander"}'), 'rejected NS305 action wander is not valid in state interacting', 'who sits stays');
SELECT npcsim.tick_world(1, 20);
SELECT is(pg_temp.at('Ada'), '10,15 interacting', 'as long as it likes');
SELECT pg_temp.place('Bo', 10, 14);
SELECT is(pg_temp.tell('Ada', '{"action": "cancel_interaction"}'), 'applied', 'getting up');
SELECT is(pg_temp.at('Ada'), '11,15 idle', 'it steps to a free cell beside the chair');
SELECT is((SELECT count(*) FROM npcsim.world_items WHERE item_type = 'chair' AND share_left = 1 AND occupied_by_npc_id IS NULL), 1::bigint, 'the chair is as it was');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');
SELECT pg_temp.use('Ada', (SELECT chair FROM thing));
SELECT npcsim.remove_item(1, (SELECT chair FROM thing));
SELECT is(pg_temp.at('Ada') ~ 'idle$', true, 'without its chair a sitter stands');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');
UPDATE thing SET chair = npcsim.create_item(1, 'chair', 30, 25);
SELECT pg_temp.place('Ada', 30, 24);
SELECT pg_temp.use('Ada', (SELECT chair FROM thing));
SELECT throws_ok('SELECT npcsim.create_npc(1, ''Cy'', 30, 25)', 'NS211', NULL, 'the cell of a chair is not free');
SELECT pg_temp.place('Ada', 5, 5);
SELECT is(pg_temp.at('Ada'), '5,5 idle', 'a sitter that is placed elsewhere gets up');
SELECT is_empty('SELECT pg_temp.broken()', 'all rows agree');
SELECT pg_temp.place('Ada', 30, 24);
SELECT pg_temp.use('Ada', (SELECT chair FROM thing));
SELECT npcsim.set_terrain(1, 29, 24, true, 1, 3), npcsim.set_terrain(1, 31, 24, true, 1, 3), npcsim.set_terrain(1, 30, 24), npcsim.set_terrain(1, 30, 26);
SELECT is(pg_temp.tell('Ada', '{"action": "cancel_interaction"}'), 'applied', 'walled in, it may stop sitting');
SELECT is(pg_temp.at('Ada'), '30,25 idle', 'but stays where it is');
SELECT npcsim.set_terrain(1, 30, 24, false);
SELECT pg_temp.tell('Ada', '{"action": "move_to", "parameters": {"x": 30, "y": 20}}');
SELECT npcsim.tick_world(1, 2);
SELECT is(pg_temp.at('Ada'), '30,20 idle', 'until there is a way out');

-- ---- what cannot be done ----
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'consume', 'target_id', (SELECT chair FROM thing))),
          'rejected NS302 item does not offer this interaction', 'a chair is not eaten');
SELECT is(pg_temp.tell('Ada', '{"action": "act_in_interaction"}'), 'rejected NS305 action act_in_interaction is not valid in state idle',
          'who does nothing does nothing in it');
SELECT is(pg_temp.tell('Ada', '{"action": "cancel_interaction"}'), 'rejected NS305 action cancel_interaction is not valid in state idle',
          'nor ends it');
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'sit', 'target_id', pg_temp.npc('Bo'))), 'rejected NS202 there is no item ' || pg_temp.npc('Bo'),
          'nobody sits on an NPC');

-- ---- a moment of its own, which no component here gives an item that is there ----
SELECT pg_temp.by_hand('items');
CREATE FUNCTION pg_temp.moment(world bigint) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s', content ->> 'item_type', content ->> 'due_at'), ', '), 'none')
      FROM npcsim.world_rows(world) WHERE relation = 'items' AND content ? 'due_at'
$$;
CREATE FUNCTION pg_temp.revision(of_item bigint) RETURNS bigint LANGUAGE sql AS $$SELECT revision FROM npcsim.items WHERE id = of_item$$;
SELECT npcsim.create_item(1, 'bed', 1, 1) AS bed \gset
SELECT is(pg_temp.moment(1), 'none', 'rows to which nothing is due are compared as before there were moments');
UPDATE npcsim.items SET due_at = pg_temp.now() + 5000000 WHERE id = :bed;
SELECT pg_temp.revision(:bed) AS before, (SELECT due_at FROM npcsim.items WHERE id = :bed) AS due \gset
SELECT npcsim.define_item_type(1, 'lamp', '{}'); -- the image is read anew
SELECT npcsim.tick_world(1, 4.9);
SELECT is(pg_temp.moment(1), 'bed ' || :due, 'what is due stays so until its moment');
SELECT is(pg_temp.revision(:bed), :before::bigint, 'and is not written meanwhile');
UPDATE npcsim.world_items SET properties = '{"soft": true}' WHERE id = :bed;
SELECT is(pg_temp.moment(1), 'bed ' || :due, 'nor lost when it is written');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.moment(1), 'none', 'then it is past: what its type does not do any more does not happen');
SELECT is((SELECT item_type || properties FROM npcsim.world_items WHERE id = :bed), 'bed{"soft": true}', 'to an item that stays');

SELECT * FROM finish();
ROLLBACK;
