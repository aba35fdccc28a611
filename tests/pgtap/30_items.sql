-- Tests items: how they are made, used and removed, and what they are made of.
BEGIN;
SELECT plan(26);

SELECT npcsim.create_world('Larder', 20, 20, 5, preset => 'reference');
SELECT npcsim.create_item(1, 'apple', 6, 5), npcsim.create_item(1, 'chair', 2, 2, '{"colour": "red"}');

SELECT results_eq(
    $$SELECT item_type, position_x, position_y, properties, occupied_by_npc_id, share_left FROM npcsim.world_items ORDER BY id$$,
    $$VALUES ('apple', 6::float8, 5::float8, '{}'::jsonb, NULL::bigint, 1::float8),
             ('chair', 2::float8, 2::float8, '{"colour": "red"}'::jsonb, NULL::bigint, 1::float8)$$,
    'items are whole, free and where they were put');
SELECT ok((SELECT ST_Equals(position, ST_MakePoint(6, 5)) FROM npcsim.world_items WHERE item_type = 'apple'), 'a position is a point');
SELECT throws_ok($$SELECT npcsim.create_item(1, 'chair', 6, 5)$$, 'NS211', NULL, 'a cell holds one item');

-- ---- used: a hungry NPC next to the apple, decided for by the built-in mind ----
SELECT npcsim.create_npc(1, 'Ada', 5, 5);
UPDATE npcsim.npcs SET hunger = 20;
SELECT npcsim.request_npc_decision(1, (SELECT id FROM npcsim.npcs));
SELECT npcsim.set_decision_policy(1, 'none');
SELECT is((SELECT state FROM npcsim.npcs), 'interacting', 'a hungry NPC eats the apple beside it');
SELECT is((SELECT occupied_by_npc_id FROM npcsim.world_items WHERE item_type = 'apple'), (SELECT id FROM npcsim.npcs),
          'which is then in use');
SELECT results_eq(
    'SELECT initiator_npc_id, target_type, target_id, interaction_type, started_at FROM npcsim.interactions',
    $$SELECT n.id, 'item'::text, i.id, 'consume'::text, 0::float8 FROM npcsim.npcs n, npcsim.world_items i WHERE i.item_type = 'apple'$$,
    'by an interaction');
SELECT is((SELECT interaction_id FROM npcsim.npcs), (SELECT id FROM npcsim.interactions), 'that the NPC takes part in');
SELECT npcsim.tick_world(1, 2.5);
SELECT is((SELECT share_left FROM npcsim.world_items WHERE item_type = 'apple'), 0.5::float8, 'half way through, half is left');
SELECT is((SELECT share_left FROM npcsim.items WHERE item_type = 'apple'), 1000000, 'though no row was written');
SELECT ok((SELECT hunger BETWEEN 27.5 AND 30 FROM npcsim.npcs), 'and half of it has been of use');
SELECT npcsim.tick_world(1, 2.5);
SELECT is_empty($$SELECT id FROM npcsim.world_items WHERE item_type = 'apple'$$, 'after 5 s the apple is gone');
SELECT is((SELECT state FROM npcsim.npcs), 'idle', 'the NPC is idle');
SELECT ok((SELECT hunger BETWEEN 35 AND 40 FROM npcsim.npcs), 'and 25 fuller');
SELECT is_empty('SELECT id FROM npcsim.interactions', 'the interaction is over');
SELECT npcsim.tick_world(1, 20);
SELECT is((SELECT share_left FROM npcsim.world_items WHERE item_type = 'apple'), 1::float8, 'after 20 s more there is an apple again');

-- ---- removed ----
UPDATE npcsim.npcs SET position_x = x, position_y = y
  FROM (SELECT position_x - 1 AS x, position_y AS y FROM npcsim.world_items WHERE item_type = 'apple') AS a;
UPDATE npcsim.npcs SET hunger = 20;
SELECT npcsim.request_npc_decision(1, (SELECT id FROM npcsim.npcs));
SELECT is((SELECT state FROM npcsim.npcs), 'interacting', 'somebody eats again');
SELECT npcsim.remove_item(1, (SELECT id FROM npcsim.world_items WHERE item_type = 'apple'));
SELECT is((SELECT state FROM npcsim.npcs), 'idle', 'who uses a removed item stops');
SELECT is_empty('SELECT id FROM npcsim.interactions', 'the interaction is over');
SELECT npcsim.tick_world(1, 60);
SELECT is_empty($$SELECT id FROM npcsim.world_items WHERE item_type = 'apple'$$, 'a removed item does not come back');

-- ---- what items are made of ----
SELECT ok(npcsim_internal.item_components_valid('{}'), 'an item need not be of use');
SELECT ok(npcsim_internal.item_components_valid('{"consumable": {"consumption_time": 0.5, "need_deltas": {"fun": -3.25, "hunger": 100}}}'),
          'needs may rise and fall');
SELECT ok(npcsim_internal.item_components_valid('{"sittable": {}}'), 'a seat need not be of use');
SELECT throws_ok($$SELECT npcsim_internal.item_components_valid('{"sittable": true}')$$, '22023', NULL, 'a component is an object');
SELECT throws_ok($$SELECT npcsim_internal.item_components_valid('{"consumable": {"consumption_time": 5, "calories": 3}}')$$, '22023', NULL,
                 'what is misspelt is refused');
SELECT throws_ok($$INSERT INTO npcsim.item_type_rows (world_id, name, components) VALUES (1, 'stone', '[]')$$, '22023', NULL,
                 'in a restored row, too');
SELECT is(npcsim_internal.item_share_at(800000, 1000000, 3000000, '{"consumable": {"consumption_time": 5}}'), 0.4::float8,
          'what is left follows from when it was begun');

SELECT * FROM finish();
ROLLBACK;
