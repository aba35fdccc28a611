-- An item becomes another one after a time of the world: at its moment, in a replay, after a reload, at any speed.
-- with: 42_items 35_types
SET client_min_messages = warning;
\i docs/roles.sql
SELECT plan(38);

\ir lib/minds.sql
SELECT npcsim.create_world('Garden', 20, 20, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
CREATE FUNCTION pg_temp.items() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s', id, item_type), ', ' ORDER BY id), '') FROM npcsim.world_items WHERE world_id = 1
$$;
CREATE FUNCTION pg_temp.moments() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s', id, coalesce(to_char(due_at / 1000000.0, 'FM9990.0'), 'never')), ', ' ORDER BY id), '')
      FROM npcsim.items WHERE world_id = 1
$$;
CREATE FUNCTION pg_temp.kept(world bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s', key, content ->> 'due_at'), ', ' ORDER BY key) FROM npcsim.world_rows(world) WHERE relation = 'items' AND content ? 'due_at'
$$;

-- ---- what can be defined ----
SELECT npcsim.define_item_type(1, 'bush', '{}');
SELECT lives_ok($$SELECT npcsim.define_item_type(1, 'seed', '{"growing": {"into": "sapling", "after": 60}}')$$, 'a type that grows into one that is not there yet');
SELECT npcsim.define_item_type(1, 'sapling', '{"growing": {"into": "bush", "after": 30.5}, "sittable": {"need_rates": {"energy": 3}}}');
SELECT throws_ok(format('SELECT npcsim.define_item_type(1, %L, %L)', 'x', json_build_object('growing', wrong)), '22023', 'invalid components of an item type', what)
  FROM (VALUES ('nothing', '{}'::json), ('no time', '{"into": "bush"}'), ('no type', '{"after": 5}'), ('no name', '{"into": "a bush", "after": 5}'),
               ('a number for a type', '{"into": 5, "after": 5}'), ('too soon', '{"into": "bush", "after": 0}'), ('text for a time', '{"into": "bush", "after": "5"}'),
               ('something else', '{"into": "bush", "after": 5, "colour": "green"}'), ('no object', '[60]')) AS w (what, wrong);
-- An item has one moment of its own.
CREATE FUNCTION pg_temp.detail_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    RETURN 'none';
EXCEPTION WHEN SQLSTATE '22023' THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN detail;
END
$$;
SELECT is(pg_temp.detail_of(statement), 'Either "growing" or "withering" can change it in time.', statement)
  FROM (VALUES ('SELECT npcsim.define_item_type(1, ''x'', ''{"growing": {"into": "bush", "after": 5}, "sittable": {}, "withering": {"after": 7}}'')'),
               ('INSERT INTO npcsim.item_types (world_id, name, components) VALUES (1, ''x'', ''{"withering": {"after": 7}, "growing": {"into": "bush", "after": 5}}'')')) AS s (statement);
SELECT throws_ok($$SELECT npcsim.define_item_type(1, 'x', '{"growing": 60}')$$, '22023', NULL, 'a component that is no object');
SELECT matches(pg_temp.hint_of($$SELECT npcsim.define_item_type(1, 'x', '{"sprouting": {}}')$$), '"growing":\{"into":"bush","after":60\}', 'the hint shows it');

-- ---- at its moment ----
SELECT npcsim.create_item(1, 'seed', 4, 4, '{"of": "Ada"}') AS seed \gset
SELECT is(pg_temp.moments(), format('%s 60.0', :seed), 'a seed is due');
SELECT npcsim.tick_world(1, 59.9);
SELECT is(pg_temp.items(), format('%s seed', :seed), 'it is a seed until then');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.items(), format('%s sapling', :seed), 'and a sapling from its moment on, the same item');
SELECT is((SELECT properties FROM npcsim.world_items WHERE id = :seed), '{"of": "Ada"}', 'with what operators wrote about it');
SELECT is(pg_temp.moments(), format('%s 90.5', :seed), 'which grows in its turn');

-- ---- kept by rows, by images and by dumps ----
SELECT npcsim.set_world_speed(1, 7);
SELECT npcsim.create_item(1, 'seed', 8, 8) AS other \gset
SELECT npcsim.define_item_type(1, 'lamp', '{}'); -- the image is left and read anew
SELECT npcsim.tick_world(1, 30.4);
SELECT is(pg_temp.items(), format('%s sapling, %s seed', :seed, :other), 'a reload and another speed change nothing');
SELECT npcsim.tick_world(1, 0.1);
SELECT is(pg_temp.items(), format('%s bush, %s seed', :seed, :other), 'about when it grows');
SELECT is(pg_temp.moments(), format('%s never, %s 120.0', :seed, :other), 'a bush does not');
SELECT is(pg_temp.kept(1), format('%s 120000000', :other), 'rows of items to which nothing is due are compared as before');
SELECT is((SELECT share_left FROM npcsim.world_items WHERE id = :seed), 1::float8, 'it is whole');

-- ---- used meanwhile ----
SELECT npcsim.tick_world(1, 29.5);
SELECT is(pg_temp.items(), format('%s bush, %s sapling', :seed, :other), 'the other is a sapling');
SELECT pg_temp.make('Ada', 8, 9);
UPDATE npcsim.npcs SET energy = 5;
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'sit', 'target_id', :other)), 'applied', 'which one can sit on');
SELECT is(pg_temp.moments(), format('%s never, %s never', :seed, :other), 'it does not grow below her');
SELECT npcsim.tick_world(1, 35);
SELECT is(pg_temp.items(), format('%s bush, %s sapling', :seed, :other), 'for as long as she likes');
SELECT pg_temp.tell('Ada', '{"action": "cancel_interaction"}');
SELECT ok(pg_temp.moments() NOT LIKE '%never, % never', 'then its time begins anew');
SELECT is(pg_temp.items(), format('%s bush, %s sapling', :seed, :other), 'and only then');

SELECT npcsim.remove_npc(1, pg_temp.npc());

-- ---- defined anew, deleted, removed ----
SELECT npcsim.create_item(1, 'lamp', 12, 12) AS lamp \gset
SELECT npcsim.create_item(1, 'seed', 14, 12) AS third \gset
SELECT npcsim.define_item_type(1, 'lamp', '{"growing": {"into": "nothing", "after": 5}}');
SELECT isnt((SELECT due_at FROM npcsim.items WHERE id = :lamp), NULL, 'what is there already begins to grow with the definition');
SELECT npcsim.tick_world(1, 10);
SELECT is((SELECT item_type || coalesce(' ' || due_at, '') FROM npcsim.items WHERE id = :lamp), 'lamp', 'into a type that there is not, nothing grows');
SELECT npcsim.define_item_type(1, 'seed', '{}');
SELECT npcsim.remove_item(1, :other);
SELECT npcsim.tick_world(1, 40), npcsim.tick_world(1, 40);
SELECT is(pg_temp.items(), format('%s bush, %s lamp, %s seed', :seed, :lamp, :third), 'nor what was removed, nor what grows no more');

-- ---- gone ----
SELECT npcsim.define_item_type(1, 'flower', '{"withering": {"after": 3}}');
SELECT npcsim.create_item(1, 'flower', 16, 4) AS flower \gset
SELECT npcsim.tick_world(1, 2.9);
SELECT ok(EXISTS (SELECT FROM npcsim.world_items WHERE id = :flower), 'a flower is a flower');
SELECT npcsim.tick_world(1, 0.1);
SELECT is((SELECT string_agg(kind, ' ' ORDER BY sequence) FROM npcsim.world_events WHERE target_id = :flower), 'item_created item_used_up', 'until nothing is left of it');

-- ---- lived through again ----
SELECT npcsim.create_item(1, 'sapling', 2, 2);
SELECT npcsim.tick_world(1, 20);
SELECT npcsim.replay_world(1) AS copy \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'a replay has the same rows');
SELECT npcsim.tick_world(1, 50), npcsim.tick_world(:copy, 50);
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'and goes on in the same way');
SELECT is((SELECT count(*) FROM npcsim.world_items WHERE world_id = :copy AND item_type = 'bush'), 2::bigint, 'what was due in it happens in it');
SELECT * FROM finish();
