-- Tests types of items and interactions, which are rows: what can be defined, what is refused, and that NPCs act by them.
BEGIN;
SELECT plan(89);

\ir lib/minds.sql
SELECT pg_temp.by_hand('npc_states');
SELECT npcsim.create_world('Meadow', 30, 20, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT npcsim.create_player(1, 'ada');
CREATE FUNCTION pg_temp.needs(who text) RETURNS text
LANGUAGE sql AS $$SELECT format('%s %s %s %s', hunger, hygiene, fun, energy) FROM npcsim.npcs WHERE name = who$$;

-- ---- the starter set ----
SELECT results_eq($$SELECT name, target, component, uses_up_item, occupies_item, locks_movement, moves_onto_item FROM npcsim.interaction_types ORDER BY name$$,
    $$VALUES ('consume', 'item', 'consumable', true, true, false, false), ('conversation', 'npc', NULL, false, false, true, false), ('sit', 'item', 'sittable', false, true, true, true),
             ('wash', 'item', NULL, false, true, true, false), ('watch', 'item', NULL, false, true, false, false)$$, 'what every world can do');
SELECT results_eq($$SELECT DISTINCT need FROM npcsim.item_types, LATERAL jsonb_path_query(components, '$.*.keyvalue() ? (@.key like_regex "^need_").value.keyvalue()') AS served (pair),
                           LATERAL (VALUES (pair ->> 'key')) AS n (need) WHERE (pair ->> 'value')::numeric > 0 ORDER BY need$$,
    $$VALUES ('energy'), ('fun'), ('hunger'), ('hygiene')$$, 'the starter set serves all four needs');

-- ---- NPCs live by it ----
SELECT pg_temp.make('Ada', 5, 5);
UPDATE npcsim.npcs SET hygiene = 20, fun = 20, energy = 20, hunger = 20;
UPDATE npcsim.npc_states SET decay = 0, hunger_rate = 0, hygiene_rate = 0, fun_rate = 0, energy_rate = 0
 WHERE world_id = 1 AND npc_id = pg_temp.npc('Ada'); -- what the interactions bring is exact without decay
SELECT npcsim.define_item_type(1, 'apple', '{"consumable": {"consumption_time": 5, "need_deltas": {"hunger": 25}}}'); -- reads the rates anew
SELECT npcsim.create_item(1, 'shower', 6, 5) AS shower \gset
SELECT npcsim.create_item(1, 'television', 5, 12) AS television \gset
SELECT npcsim.create_item(1, 'bed', 4, 5) AS bed \gset
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'wash', 'target_id', :shower)), 'applied', 'the name of an interaction is an action');
SELECT npcsim.tick_world(1, 2);
SELECT is(pg_temp.needs('Ada'), '20 50 20 20', 'washing for 2 s brings what the shower modifies: 15 a second');
SELECT is((SELECT occupied_by_npc_id FROM npcsim.world_items WHERE id = :shower), pg_temp.npc('Ada'), 'the shower is occupied');
SELECT is((SELECT interaction_type || ' ' || target_type || ' ' || data FROM npcsim.interactions), 'wash item {}', 'the interaction tells its kind');
SELECT is((SELECT (npcsim.observe_npc(1, pg_temp.npc('Ada')) #> '{status,current_interaction}')::jsonb - '{id,target_id,started_at}'::text[]),
    '{"name": "wash", "description": "Wash, until you leave", "target_type": "item", "fills": ["hygiene"], "drains": [], "rates": {"hygiene": 15}}', 'and the mind what it brings');
SELECT is(pg_temp.tell('Ada', '{"action": "cancel_interaction"}'), 'applied', 'it can be left');
SELECT is((SELECT format('%s,%s', position_x, position_y) FROM npcsim.npcs), '5,5', 'who did not go onto it stays where he is');
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'interact_with', 'parameters', jsonb_build_object('entity_id', :television, 'interaction_name', 'watch'))), 'applied', 'in the long form');
SELECT npcsim.tick_world(1, 1);
SELECT is((SELECT state || ' ' || position_y FROM npcsim.npcs), 'moving 9', 'what needs adjacency is walked to');
SELECT npcsim.tick_world(1, 1);
SELECT is((SELECT state || ' ' || position_y FROM npcsim.npcs), 'interacting 11', 'and begun there');
SELECT pg_temp.tell('Ada', '{"action": "cancel_interaction"}');
SELECT is(npcsim.observe_npc(1, pg_temp.npc('Ada'))::jsonb #> '{vision,0,interactions,watch}',
    '{"description": "Watch it, until you leave", "fills": ["fun"], "drains": [], "rates": {"fun": 8}, "duration": null}', 'what an item offers is told');

-- ---- a new kind is an INSERT ----
SELECT lives_ok($$INSERT INTO npcsim.interaction_types (world_id, name, description, need_deltas, duration, needs_adjacency, parameters)
    VALUES (1, 'listen', 'Listen to a song', '{"fun": 30}', 10, false, '{"song": {"type": "string", "default": "a waltz", "description": "which"}}')$$, 'a new interaction is a row');
SELECT lives_ok($$INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, 'piano', '{"usable": {"interactions": ["listen", "play"]}, "sittable": {"need_rates": {"energy": 2}}}')$$, 'and so is a new item');
SELECT npcsim.create_item(1, 'piano', 12, 11) AS piano \gset
SELECT is((SELECT jsonb_object_agg(key, value - 'description') FROM jsonb_array_elements(npcsim.observe_npc(1, pg_temp.npc('Ada'))::jsonb -> 'vision') AS t (thing), jsonb_each(thing -> 'interactions') WHERE (thing ->> 'id')::bigint = :piano),
    '{"sit": {"fills": ["energy"], "drains": [], "rates": {"energy": 2}, "duration": null},
      "listen": {"fills": ["fun"], "drains": [], "rates": {"fun": 3}, "duration": 10, "parameters": {"song": {"type": "string", "default": "a waltz", "description": "which"}}}}',
    'one item offers several, what the world does not have is left out');
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'listen', 'target_id', :piano)), 'applied', 'what needs no adjacency');
SELECT is((SELECT format('%s %s,%s', state, position_x, position_y) FROM npcsim.npcs), 'interacting 5,11', 'is begun where it is seen');
UPDATE npcsim.npcs SET fun = 20;
SELECT npcsim.tick_world(1, 9.9);
SELECT is((SELECT state FROM npcsim.npcs), 'interacting', 'it lasts');
SELECT npcsim.tick_world(1, 0.2);
SELECT is((SELECT state || ' ' || (fun BETWEEN 49.9 AND 50) FROM npcsim.npcs), 'idle true', 'its duration, and brings its whole delta');
SELECT is((SELECT m.events -> -1 ->> 'type' FROM npcsim.npc_minds m), 'interaction_finished', 'the mind is told that it is over');
SELECT is(pg_temp.tell('Ada', '{"action": "act_in_interaction", "parameters": {"song": "a tango"}}') LIKE 'rejected NS305%', true, 'nobody acts where nothing is under way');
SELECT is((SELECT jsonb_path_query_first(npcsim.world_snapshot(1)::jsonb, '$.interaction_types[*] ? (@.name == "listen")')),
    '{"name": "listen", "description": "Listen to a song", "target": "item", "component": null, "need_rates": {"fun": 3}, "duration": 10, "needs_adjacency": false,
      "locks_movement": true, "moves_onto_item": false, "min_participants": 1, "max_participants": 1,
      "parameters": {"song": {"type": "string", "default": "a waltz", "description": "which"}}}', 'clients are told');
SELECT is((SELECT jsonb_path_query_first(npcsim.world_snapshot(1)::jsonb, '$.item_types[*] ? (@.name == "piano").interactions')), '["sit", "listen"]', 'and what items offer');
SELECT npcsim.define_item_type(1, 'jelly', '{"sittable": {"need_rates": {"energy": 2}}, "consumable": {"consumption_time": 2}, "usable": {"interactions": ["consume", "listen"]}}');
SELECT is((SELECT jsonb_path_query_first(npcsim.world_snapshot(1)::jsonb, '$.item_types[*] ? (@.name == "jelly").interactions')), '["consume", "listen"]', 'what can be consumed and sat on is food');
SELECT throws_ok($$SELECT npcsim.define_item_type(1, 'jelly', '{"jelly": {}}')$$, '22023', 'invalid components of an item type', 'a component that there is not');
\set manual `sed -n '/^| component | members/,/^$/s/^| \x60\([a-z_]*\)\x60 | .*/\1/p' docs/world.md | LC_ALL=C sort | tr '\n' ' '`
CREATE FUNCTION pg_temp.examples() RETURNS jsonb LANGUAGE sql AS $$
    SELECT substring(pg_temp.hint_of('SELECT npcsim.define_item_type(1, ''jelly'', ''{"jelly": {}}'')') FROM '{.*}')::jsonb
$$;
SELECT is((SELECT string_agg(name || ' ', '' ORDER BY name COLLATE "C") FROM jsonb_object_keys(pg_temp.examples()) AS k (name)), :'manual', 'all that there are stand in the manual, and in the hint');
SELECT lives_ok($$SELECT npcsim.define_item_type(1, 'any', jsonb_build_object('consumable', e -> 'consumable', name, e -> name)) FROM pg_temp.examples() AS e, jsonb_object_keys(e) AS k (name)$$,
                'each of which can be taken at its word');
SELECT is(substring(pg_temp.hint_of($$INSERT INTO npcsim.interaction_types (world_id, name, component) VALUES (1, 'x', 'edible')$$) FROM '[a-z]+(?:, [a-z]+)+'),
          (SELECT string_agg(m[1], ', ') FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), $$'([a-z]+)'::text$$, 'g') AS m
            WHERE c.conrelid = 'npcsim.interaction_type_rows'::regclass AND c.conname = 'interaction_type_rows_component_check'), 'those that interactions can name are those that rows may have');

-- ---- what takes several is not done alone ----
SELECT npcsim.define_interaction_type(1, 'play', 'Play together', need_rates => '{"fun": 6}', min_participants => 2, max_participants => 4);
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'play', 'target_id', :piano)), 'rejected NS302 interaction needs more participants', 'what takes two is refused to one');
SELECT is((SELECT state FROM npcsim.npcs), 'idle', 'who goes on as he was');

-- ---- the built-in mind finds it ----
SELECT npcsim.create_npc(1, 'Bo', 15, 11);
SELECT npcsim.set_decision_policy(1, 'occasions');
UPDATE npcsim.npcs SET hunger = 90, hygiene = 90, energy = 90, fun = 10 WHERE name = 'Bo';
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Bo'));
SELECT is((SELECT interaction_type FROM npcsim.interactions JOIN npcsim.npcs n ON n.id = initiator_npc_id WHERE n.name = 'Bo'), 'listen', 'the built-in mind does what fills its neediest need');

-- ---- changing ----
SELECT lives_ok($$UPDATE npcsim.interaction_types SET need_deltas = '{"fun": 50}', description = 'Listen closely' WHERE name = 'listen'$$, 'a kind can be changed');
SELECT is((SELECT round(s.fun_rate / 1e6, 3) + round(s.decay / 1e6, 3) FROM npcsim.npc_states s WHERE s.npc_id = pg_temp.npc('Bo')), 3.000, 'what is under way goes on as it began');
SELECT is((SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'define_interaction_type'), 3::bigint, 'definitions are inputs');
SELECT is((SELECT payload - 'parameters' FROM npcsim.world_inputs WHERE kind = 'define_interaction_type' ORDER BY sequence LIMIT 1),
    '{"name": "listen", "description": "Listen to a song", "target": "item", "component": null, "need_rates": {}, "need_deltas": {"fun": 30}, "duration": 10000000, "needs_adjacency": false,
      "locks_movement": true, "moves_onto_item": false, "min_participants": 1, "max_participants": 1}', 'with everything they say');
SELECT throws_ok($$DELETE FROM npcsim.interaction_types WHERE name = 'listen'$$, '2BP01', NULL, 'what somebody does stays');
SELECT throws_ok($$DELETE FROM npcsim.item_types WHERE name = 'piano'$$, '2BP01', NULL, 'and of what there are items');
SELECT lives_ok($$DELETE FROM npcsim.item_types WHERE name = 'chair'$$, 'what is not used can go');
SELECT lives_ok($$DELETE FROM npcsim.interaction_types WHERE name = 'watch'$$, 'interactions too');
SELECT is(npcsim.observe_npc(1, pg_temp.npc('Ada'))::jsonb #> '{vision,0,interactions}', '{}', 'then nothing offers it');
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'watch', 'target_id', :television)), 'rejected NS304 there is no action "watch"', 'and nobody does it');
SELECT throws_ok($$UPDATE npcsim.interaction_types SET name = 'hear' WHERE name = 'listen'$$, '0A000', NULL, 'a kind keeps its name');
SELECT throws_ok($$UPDATE npcsim.item_types SET world_id = 2 WHERE name = 'piano'$$, '0A000', NULL, 'and its world');
SELECT throws_ok($$UPDATE npcsim.interaction_types SET target = 'npc', min_participants = 2, max_participants = 2 WHERE name = 'wash'$$, '0A000', NULL, 'and its target');
SELECT throws_ok($$UPDATE npcsim.interaction_types SET uses_up_item = true WHERE name = 'wash'$$, '0A000', NULL, 'what follows from the rest is not written');
SELECT throws_ok($$INSERT INTO npcsim.interaction_types (world_id, name) VALUES (1, 'wash')$$, '23505', NULL, 'names are unique');
SELECT throws_ok($$INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, 'piano', '{}')$$, '23505', NULL, 'of items too');

-- ---- nonsense ----
CREATE TEMP TABLE nonsense (what text, state text, statement text);
INSERT INTO nonsense VALUES
    ('nobody interacts with NPCs alone', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, target, min_participants) VALUES (1, 'x', 'npc', 1)$$),
    ('NPCs have no components', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, target, component) VALUES (1, 'x', 'npc', 'sittable')$$),
    ('fewest above most', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, min_participants, max_participants) VALUES (1, 'x', 3, 2)$$),
    ('eleven', '22003', $$INSERT INTO npcsim.interaction_types (world_id, name, max_participants) VALUES (1, 'x', 11)$$),
    ('two on one cell', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, moves_onto_item, max_participants) VALUES (1, 'x', true, 2)$$),
    ('onto what is far', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, moves_onto_item, needs_adjacency) VALUES (1, 'x', true, false)$$),
    ('a time for what has its own', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, component, duration) VALUES (1, 'x', 'consumable', 5)$$),
    ('a delta without a time', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, need_deltas) VALUES (1, 'x', '{"fun": 1}')$$),
    ('no time at all', '22003', $$INSERT INTO npcsim.interaction_types (world_id, name, duration) VALUES (1, 'x', 0)$$),
    ('NaN', '22003', $$INSERT INTO npcsim.interaction_types (world_id, name, duration) VALUES (1, 'x', 'NaN')$$),
    ('infinity', '22003', $$INSERT INTO npcsim.interaction_types (world_id, name, duration) VALUES (1, 'x', 'infinity')$$),
    ('an unknown need', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, need_rates) VALUES (1, 'x', '{"love": 1}')$$),
    ('a parameter without a type', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, parameters) VALUES (1, 'x', '{"a": {}}')$$),
    ('a parameter of an unknown type', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, parameters) VALUES (1, 'x', '{"a": {"type": "date"}}')$$),
    ('a default of another type', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, parameters) VALUES (1, 'x', '{"a": {"default": 1.5, "type": "integer"}}')$$),
    ('a default that is a list', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, parameters) VALUES (1, 'x', '{"a": {"type": "string", "default": ["b"]}}')$$),
    ('an unknown target', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, target) VALUES (1, 'x', 'sky')$$),
    ('an unknown component', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name, component) VALUES (1, 'x', 'edible')$$),
    ('a name with a blank', '22023', $$INSERT INTO npcsim.interaction_types (world_id, name) VALUES (1, 'x y')$$),
    ('no name', '22004', $$INSERT INTO npcsim.interaction_types (world_id) VALUES (1)$$),
    ('no world', 'NS101', $$INSERT INTO npcsim.interaction_types (world_id, name) VALUES (99, 'x')$$),
    ('usable for nothing', '22023', $$INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, 'x', '{"usable": {}}')$$),
    ('usable for one thing twice', '22023', $$INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, 'x', '{"usable": {"interactions": ["wash", "wash"]}}')$$),
    ('usable for a number', '22023', $$INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, 'x', '{"usable": {"interactions": [1]}}')$$);
SELECT throws_ok(statement, state, NULL, what) FROM nonsense;
SELECT is((SELECT count(*) FROM nonsense WHERE pg_temp.hint_of(statement) IN ('', 'none')), 0::bigint, 'each with a hint');
SELECT is((SELECT count(*) FROM npcsim.interaction_types WHERE name = 'x'), 0::bigint, 'and nothing is changed');

-- ---- a column of a type of interactions is one thing, wherever it is seen ----
CREATE FUNCTION pg_temp.columns_of(of regclass, but text[]) RETURNS text[]
LANGUAGE sql AS $$
    SELECT array_agg(attname::text ORDER BY attname::text) FROM pg_catalog.pg_attribute WHERE attrelid = of AND attnum > 0 AND NOT attisdropped AND attname <> ALL (but)
$$;
SELECT pg_temp.columns_of('npcsim.interaction_types', '{world_id,occupies_item,uses_up_item}') AS described \gset
SELECT is(pg_temp.columns_of('npcsim.interaction_type_rows', '{world_id,number}'), :'described', 'the row has what the view has');
SELECT is((SELECT array_agg(a ORDER BY a) FROM pg_catalog.pg_proc, unnest(proargnames) AS a WHERE oid = 'npcsim.define_interaction_type'::regproc AND a <> 'world_id'), :'described',
          'and so has the function');
SELECT is((SELECT array_agg(key ORDER BY key) FROM (SELECT payload FROM npcsim.world_inputs WHERE kind = 'define_interaction_type' LIMIT 1) AS i, jsonb_object_keys(i.payload) AS key), :'described',
          'the input');
SELECT is((SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys((npcsim.world_snapshot(1)::jsonb #> '{interaction_types,0}') || '{"need_deltas": 0}') AS key), :'described',
          'and what clients see, but for the deltas, which are among the rates');
SELECT pg_temp.by_hand('interaction_type_rows'), pg_temp.by_hand('world_inputs');
CREATE FUNCTION pg_temp.type_row(type text) RETURNS jsonb LANGUAGE sql AS $$SELECT to_jsonb(r) - '{name,number}'::text[] FROM npcsim.interaction_type_rows r WHERE world_id = 1 AND name = type$$;
SELECT npcsim.define_interaction_type(1, 'by_function');
INSERT INTO npcsim.interaction_types (world_id, name) VALUES (1, 'by_view') RETURNING to_jsonb(interaction_types) AS returned \gset
INSERT INTO npcsim.interaction_type_rows (world_id, name, number) VALUES (1, 'by_hand', 99);
SELECT is(pg_temp.type_row('by_view'), pg_temp.type_row('by_hand'), 'what is left out is what the table has by default');
SELECT is(pg_temp.type_row('by_function'), pg_temp.type_row('by_hand'), 'whoever leaves it out');
SELECT is((SELECT to_jsonb(t) FROM npcsim.interaction_types t WHERE name = 'by_view'), :'returned', 'and is shown at once');
DELETE FROM npcsim.interaction_type_rows WHERE name = 'by_hand';
UPDATE npcsim.interaction_types SET description = NULL, component = NULL, need_rates = NULL, duration = NULL, needs_adjacency = NULL, moves_onto_item = NULL, max_participants = NULL, parameters = NULL
 WHERE name = 'sit';
SELECT is(pg_temp.type_row('sit'), pg_temp.type_row('by_function'), 'NULL is the default, too');
INSERT INTO npcsim.interaction_types (world_id, name, target, min_participants) VALUES (1, 'two', 'npc', NULL), (1, 'three', 'npc', 3);
SELECT is((SELECT array_agg(format('%s %s', min_participants, max_participants) ORDER BY name DESC) FROM npcsim.interaction_types WHERE name IN ('two', 'three')), '{2 2,3 3}',
          'with NPCs it takes two at least');
SELECT npcsim.create_world('Past', 10, 10, 1) AS past \gset
SELECT npcsim.define_interaction_type(:past, 'old');
UPDATE npcsim.world_inputs SET payload = '{"name": "old"}' WHERE world_id = :past AND kind = 'define_interaction_type';
SELECT lives_ok(format('SELECT npcsim.replay_world(%s, name => %L)', :past, 'Again'), 'an input from before there were such columns is lived through again');
SELECT is((SELECT to_jsonb(r) - '{world_id}'::text[] FROM npcsim.interaction_type_rows r JOIN npcsim.worlds w ON w.id = r.world_id WHERE w.name = 'Again' AND r.name = 'old'),
          (SELECT to_jsonb(r) - '{world_id}'::text[] FROM npcsim.interaction_type_rows r WHERE world_id = :past AND name = 'old'), 'as the default');

-- ---- a number is not given again while somebody walks to do what it meant ----
SELECT npcsim.set_decision_policy(1, 'none');
SELECT pg_temp.make('Dee', 2, 2), pg_temp.make('Fay', 18, 2);
INSERT INTO npcsim.interaction_types (world_id, name, target, needs_adjacency) VALUES (1, 'hug', 'npc', true);
SELECT is(pg_temp.tell('Dee', jsonb_build_object('action', 'hug', 'target_id', pg_temp.npc('Fay'))), 'applied', 'who is far is walked to');
DELETE FROM npcsim.interaction_types WHERE name = 'hug';
INSERT INTO npcsim.interaction_types (world_id, name, target, needs_adjacency) VALUES (1, 'fight', 'npc', true);
SELECT isnt((SELECT number FROM npcsim.interaction_type_rows WHERE world_id = 1 AND name = 'fight'), (pg_temp.state('Dee')).goal_interaction, 'the number of what was deleted is not given again meanwhile');
SELECT npcsim.tick_world(1, 6);
SELECT is((SELECT state FROM npcsim.npcs WHERE name = 'Dee'), 'idle', 'nothing comes of it');
SELECT ok((SELECT m.events @> '[{"type": "interaction_bid_rejected", "reason": "there is no such interaction any more"}]' FROM npcsim.npc_minds m WHERE m.npc_id = pg_temp.npc('Dee')), 'and its mind learns why');
SELECT * FROM finish();
ROLLBACK;
