-- A table of a world's state: its rows begin with the world, change and go by a rule of theirs, are kept up with, written, guarded, dumped,
-- compared, lived through again and dropped as those of all the others are.
-- with: 14_tables 92_objects
SET client_min_messages = warning;
\i docs/roles.sql
SELECT plan(29);

\ir lib/minds.sql
\ir lib/bids.sql
SELECT npcsim.create_world('Meadow', 20, 20, 5), npcsim.create_world('Twin', 20, 20, 5);
-- At most a minute at a time.
CREATE FUNCTION pg_temp.run(world bigint, seconds integer) RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.tick_world(world, least(60, seconds - before)) FROM generate_series(0, seconds - 1, 60) AS before
$$;
CREATE FUNCTION pg_temp.weather(world bigint DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s: rain %s since %s, until %s', id, rain, since / 1000000, coalesce((due_at / 1000000)::text, 'ever')), '; ' ORDER BY id)
      FROM npcsim.weather WHERE world_id = world
$$;

-- ---- it begins with the world ----
SELECT matches(pg_temp.weather(), '^1: rain [0-3] since 0, until 60$', 'a world begins with some weather');
SELECT is((SELECT payload FROM npcsim.world_inputs WHERE world_id = 1 AND kind = 'begin_with'), '{"name": "weather"}', 'which is an input');
SELECT is((SELECT content - 'rain' FROM npcsim.world_rows(1) WHERE relation = 'weather' AND key = '1'), '{"id": 1, "since": 0, "due_at": 60000000}', 'and a row of its state');
SELECT npcsim.populate_world(1, 6), npcsim.populate_world(2, 6);

-- ---- it changes at its moments ----
SELECT pg_temp.weather() AS before \gset
SELECT npcsim.tick_world(1, 59.9);
SELECT is(pg_temp.weather(), :'before', 'until then nothing happens');
SELECT npcsim.tick_world(1, 0.1);
SELECT isnt(pg_temp.weather(), :'before', 'then it is another, or weaker');
SELECT matches(pg_temp.weather(), '^\d+: rain [0-3] since (0|60), until 120$', 'until the next time');
SELECT npcsim.tick_world(1, s) FROM unnest(ARRAY[30, 0.3, 29.7, 60, 0.1, 59.9, 20, 40]) AS s;
SELECT pg_temp.run(1, 300), pg_temp.run(2, 600);
SELECT is(pg_temp.weather(), pg_temp.weather(2), 'however time is cut');
SELECT is(pg_temp.weather() ~ '^1:', false, 'what is over is gone');
SELECT is((SELECT count(*) FROM npcsim.weather WHERE world_id = 1), 1::bigint, 'there is one weather at a time');

-- ---- images keep up with what others wrote, and are made anew ----
\setenv database :DBNAME
\! psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$database" -c 'SELECT npcsim.tick_world(1, 60) FROM generate_series(1, 3)' >/dev/null
SELECT pg_temp.run(1, 120), pg_temp.run(2, 300);
SELECT is(pg_temp.weather(), pg_temp.weather(2), 'it goes on after what another session did');
\! for n in 1 2 3 4 5 6 7; do psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$database" -c 'SELECT npcsim.tick_world(1, 60)' >/dev/null; done
SELECT pg_temp.run(1, 20), pg_temp.run(2, 440);
SELECT is(pg_temp.weather(), pg_temp.weather(2), 'in several transactions, in which one was gone and the next one changed');
SELECT pg_temp.forget(1);
SELECT pg_temp.run(1, 250), pg_temp.run(2, 250);
SELECT is(pg_temp.weather(), pg_temp.weather(2), 'and after the image was thrown away and read again');
SELECT npcsim.set_world_speed(1, 7), npcsim.set_world_speed(2, 7);
SELECT pg_temp.run(1, 100), pg_temp.run(2, 100);
SELECT is(pg_temp.weather(), pg_temp.weather(2), 'at any speed');

-- ---- nobody else writes it ----
SELECT throws_ok('INSERT INTO npcsim.weather VALUES (1, 9000, 3, 0, 0)', 'NS110', NULL, 'not by hand');
SELECT throws_ok('UPDATE npcsim.weather SET rain = 0', 'NS110', NULL, 'no matter how much it rains');
SELECT throws_ok('DELETE FROM npcsim.weather', 'NS110', NULL, 'nor is it done away with');
SELECT throws_ok('TRUNCATE npcsim.weather', 'NS111', NULL, 'of all worlds');
SELECT pg_temp.by_hand('weather');
SELECT throws_ok('UPDATE npcsim.weather SET rain = 0', 'NS110', NULL, 'and never without the lock of its world');
SELECT npcsim.guard_tables();
SELECT ok(has_table_privilege('npcsim_worker', 'npcsim.weather', 'SELECT') AND has_table_privilege('npcsim_worker', 'npcsim.weather', 'DELETE'), 'workers may, as far as statements do it');
SELECT ok(NOT has_table_privilege('npcsim_operator', 'npcsim.weather', 'SELECT, INSERT, UPDATE, DELETE'), 'operators need not');
SELECT ok((SELECT 'npcsim.weather'::regclass = ANY (extconfig) FROM pg_catalog.pg_extension WHERE extname = 'npcsim'), 'it is dumped');

-- ---- it is lived through again ----
SELECT npcsim.replay_world(1) AS copy \gset
SELECT is(pg_temp.weather(:copy), pg_temp.weather(), 'a replay has the same weather');
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'and the same rows');
SELECT pg_temp.run(1, 500), pg_temp.run(:copy, 500);
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :copy), 'and goes on in the same way');

-- ---- it belongs to a world ----
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'all is well');
ALTER TABLE npcsim.weather DISABLE TRIGGER USER;
INSERT INTO npcsim.weather VALUES (77, 1, 3, 0, NULL);
SELECT npcsim.guard_tables();
SELECT is((SELECT fault FROM npcsim.world_faults(77) WHERE relation = 'weather'), 'there is no such world', 'what belongs to none is named');
SELECT npcsim.drop_world(1);
SELECT is((SELECT array_agg(DISTINCT world_id ORDER BY world_id) FROM npcsim.weather), ARRAY[2, :copy, 77]::bigint[], 'it goes with its world');

-- ---- worlds that have none, as those of an earlier version ----
BEGIN;
SELECT npcsim.lock_world(2);
SELECT pg_temp.by_hand('weather');
DELETE FROM npcsim.weather WHERE world_id = 2;
COMMIT;
SELECT pg_temp.forget(2);
SELECT lives_ok('SELECT pg_temp.run(2, 300)', 'live on without');
SELECT is(pg_temp.weather(2), NULL, 'and have none by themselves');
SELECT * FROM finish();
