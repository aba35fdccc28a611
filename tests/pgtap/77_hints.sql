-- Tests that hints are safe to follow: what they name does what was meant, in the world in which it was meant, and no more.
-- Every statement is a transaction of its own, so that no world is locked.
SELECT no_plan();

\ir lib/minds.sql
SELECT pg_temp.by_hand('installation');
SELECT npcsim.create_world('Meadow', 30, 20, 5), npcsim.create_world('Hill', 30, 20, 5);
SELECT npcsim.populate_world(1, 10), npcsim.populate_world(2, 10);
CREATE TEMP TABLE players AS SELECT w.id AS world_id, p.player_id FROM npcsim.worlds w, LATERAL npcsim.create_player(w.id, 'ada') AS p;
INSERT INTO players SELECT 1, p.player_id FROM npcsim.create_player(1, 'bo') AS p;

-- Executes a statement; as long as it fails, and its hint has statements that end with a semicolon, those, and again. What it
-- came to in the end: done, or the SQLSTATE.
CREATE FUNCTION pg_temp.follow(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    hint text;
    named text[];
    way_out text;
BEGIN
    FOR attempt IN 1 .. 20 LOOP
        BEGIN
            EXECUTE statement;
            RETURN 'done';
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT;
        END;
        SELECT array_agg(m[1]) INTO named FROM regexp_matches(hint, '((?:SELECT|INSERT|UPDATE|DELETE|ALTER|GRANT) [^;]*);', 'g') AS m;
        IF named IS NULL OR named::text = way_out THEN
            RETURN state;
        END IF;
        way_out := named::text;
        FOR n IN 1 .. array_length(named, 1) LOOP
            EXECUTE named[n];
        END LOOP;
    END LOOP;
    RETURN 'no end';
END
$$;
CREATE FUNCTION pg_temp.world(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(r::text, ' ' ORDER BY r::text COLLATE "C")) FROM npcsim.world_rows(id) AS r
$$;
CREATE TEMP TABLE bystander AS SELECT pg_temp.world(2) AS rows;
CREATE FUNCTION pg_temp.other_is_untouched() RETURNS boolean LANGUAGE sql AS $$SELECT pg_temp.world(2) = rows FROM bystander$$;

-- ---- kinds ----
SELECT matches(pg_temp.hint_of($$DELETE FROM npcsim.item_types WHERE world_id = 1 AND name = 'apple'$$),
               'DELETE FROM npcsim.world_items WHERE world_id = 1 AND item_type = ''apple'';', 'the hint names the world');
SELECT is(pg_temp.follow('DELETE FROM npcsim.item_types WHERE world_id = 1'), 'done', 'all types of a world are deleted by the way that the hints tell');
SELECT is((SELECT count(*) FROM npcsim.world_items WHERE world_id = 1), 0::bigint, 'with their items');
SELECT is((SELECT count(*) FROM npcsim.npcs WHERE world_id = 1), 10::bigint, 'and nothing else');
SELECT ok(pg_temp.other_is_untouched(), 'in that world alone');
SELECT npcsim.create_world('Yard', 20, 20, 5), npcsim.create_npc(3, 'Cy', 5, 5);
SELECT npcsim.define_item_type(3, 'cake', '{"consumable": {"consumption_time": 1, "need_deltas": {"hunger": 50}}, "respawn": {"after": 3600}}'),
       npcsim.create_item(3, 'cake', 6, 5);
UPDATE npcsim.npcs SET hunger = 5 WHERE world_id = 3;
SELECT npcsim.tick_world(3, 30);
SELECT is((SELECT count(*) FROM npcsim.item_respawns WHERE world_id = 3), 1::bigint, 'an item was used up and will come back');
SELECT matches(pg_temp.hint_of('DELETE FROM npcsim.item_types WHERE world_id = 3 AND name = $$cake$$'), 'when they are back', 'then there is nothing to delete yet');
SELECT is(pg_temp.follow('DELETE FROM npcsim.item_types WHERE world_id = 3 AND name = $$cake$$'), '2BP01', 'and nothing is');
SELECT matches(pg_temp.hint_of($$INSERT INTO npcsim.item_types (world_id, name, components) VALUES (3, 'cake', '{}')$$), 'WHERE world_id = 3 AND name = ''cake''', 'a type that is there is told apart');
SELECT matches(pg_temp.hint_of($$INSERT INTO npcsim.interaction_types (world_id, name) VALUES (1, 'sit')$$), 'npcsim.interaction_types … WHERE world_id = 1 AND name = ''sit''', 'one of an interaction, too');

-- ---- players ----
SELECT is(pg_temp.follow('DELETE FROM npcsim.players WHERE username = ''ada'' AND world_id = 1'), '0A000', 'a player is not deleted');
SELECT results_eq('SELECT world_id, username, status FROM npcsim.players ORDER BY 1, 2', $$VALUES (1::bigint, 'ada'::text, 'banned'::text), (1, 'bo', 'active'), (2, 'ada', 'active')$$,
                  'but shut out, and nobody else is');
SELECT matches(pg_temp.hint_of('SELECT npcsim.create_player(1, ''bo'')'), 'rotate_player_token\(' || (SELECT max(player_id) FROM players WHERE world_id = 1) || '\), which ends the old one',
               'what a new token costs is told');

-- ---- worlds ----
UPDATE npcsim.world_clock SET status = 'running' WHERE world_id < 3;
SELECT is(pg_temp.follow('SELECT npcsim.tick_world(1, 1)'), 'done', 'a running world is stepped after it was paused');
SELECT results_eq('SELECT id, status FROM npcsim.worlds WHERE id < 3 ORDER BY 1', $$VALUES (1::bigint, 'paused'::text), (2, 'running')$$, 'and another runs on');
SELECT doesnt_match(pg_temp.hint_of('SELECT npcsim.create_world(''Hill'', 20, 20)'), 'drop', 'a name that is taken is no reason to drop a world');
UPDATE npcsim.world_clock SET home = 'elsewhere' WHERE world_id < 3;
SELECT is(pg_temp.follow('SELECT npcsim.set_world_speed(1, 2)'), 'done', 'a parked world is adopted');
SELECT results_eq('SELECT id, status FROM npcsim.worlds WHERE id < 3 ORDER BY 1', $$VALUES (1::bigint, 'paused'::text), (2, 'parked')$$, 'and another stays parked');
SELECT lives_ok('SELECT npcsim.adopt_world(1)', 'one that is at home stays');
SELECT throws_ok('SELECT npcsim.adopt_world(77)', 'NS101', NULL, 'one that is not there is not adopted');
SELECT results_eq('SELECT npcsim.adopt_worlds()', 'VALUES (2::bigint)', 'the rest is adopted together');
DELETE FROM npcsim.installation;
SELECT is(pg_temp.follow('SELECT npcsim.tick_world(1, 1)'), 'done', 'a database that has lost its identity has another, and the world that is asked for');
SELECT results_eq('SELECT id, status FROM npcsim.worlds WHERE id < 3 ORDER BY 1', $$VALUES (1::bigint, 'paused'::text), (2, 'parked')$$, 'and no other');

-- ---- items ----
SELECT npcsim.adopt_world(3);
SELECT is(pg_temp.hint_of(format('UPDATE npcsim.world_items SET position_x = 0 WHERE world_id = 3 AND id = %s', i.id)),
          format('remove_item(3, %1$s), then create_item(3, item_type, x, y, properties), puts another one, whole, in the other place.', i.id), 'an item that is moved is named')
  FROM (SELECT npcsim.create_item(3, 'cake', 19, 19) AS id) AS i;

-- ---- none that changes rows goes without a condition ----
SELECT is_empty($$SELECT tgrelid::regclass, hint FROM pg_trigger t, LATERAL (SELECT convert_from(trim(TRAILING '\x00'::bytea FROM t.tgargs), 'UTF8')) AS a (hint)
                   WHERE t.tgnargs > 0 AND t.tgfoid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'npcsim'::regnamespace)
                     AND hint ~ '(UPDATE|DELETE) ' AND hint !~ 'WHERE'$$, 'no trigger''s hint');
\set careless `cat src/*.c src/*/*.c workers/launcher/*.c | tr '\n\t' '  ' | sed 's/" *"//g' | grep -oE '(errhint|psprintf|pstrdup|hint)\("[^"]*(UPDATE|DELETE)[^"]*"' | grep -vE 'WHERE|EXTENSION npcsim UPDATE'`
SELECT is(:'careless'::text, '', 'and none of the library');
SELECT isnt((SELECT count(*) FROM pg_trigger WHERE tgnargs > 0 AND convert_from(trim(TRAILING '\x00'::bytea FROM tgargs), 'UTF8') ~ 'WHERE'), 0::bigint, 'there are some to look at');

SELECT * FROM finish();
