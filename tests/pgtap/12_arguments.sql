-- Tests that every argument of every function is checked: a wrong one gives an error with SQLSTATE, detail and hint, and changes nothing.
BEGIN;
SELECT no_plan();

SELECT npcsim.create_world('Checked', 16, 12, 3);
SELECT npcsim.create_npc(1, 'Ada', 3, 3);
SELECT npcsim.create_item(1, 'apple', 5, 3);
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
CREATE TEMP TABLE known AS
    SELECT (SELECT id FROM npcsim.npcs) AS npc, (SELECT id FROM npcsim.world_items) AS item,
           (SELECT id FROM npcsim.players) AS player;

-- All that there is, but the notes of what changed.
CREATE FUNCTION pg_temp.everything() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text;
    part text;
    parts text := '';
BEGIN
    FOR name IN SELECT c.relname FROM pg_class c
                 WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind = 'r' ORDER BY c.relname
    LOOP
        EXECUTE format('SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM npcsim.%I t', name) INTO part;
        parts := parts || name || ' ' || coalesce(part, '-') || chr(10);
    END LOOP;
    RETURN parts;
END
$$;

CREATE FUNCTION pg_temp.refused(call text, expected text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    before text := pg_temp.everything();
    state text := 'none';
    message text;
    detail text;
    hint text;
    after text;
BEGIN
    BEGIN
        EXECUTE call;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                                detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    END;
    after := pg_temp.everything();
    RETURN NEXT is(state, expected, what || ': ' || call);
    RETURN NEXT ok(state = 'none' OR coalesce(detail, '') <> '' AND coalesce(hint, '') <> '',
                   'with detail and hint: ' || coalesce(message, '') || ' / ' || coalesce(detail, '') || ' / ' || coalesce(hint, ''));
    RETURN NEXT ok(before = after, 'and nothing changed');
END
$$;

CREATE FUNCTION pg_temp.spelled(call text) RETURNS text LANGUAGE sql AS $$
    SELECT replace(replace(replace(call, ':npc', npc::text), ':item', item::text), ':player', player::text) FROM known
$$;

CREATE TEMP TABLE calls (n serial, what text, expected text, call text);
-- Each function with every argument in turn that has no meaning as NULL.
INSERT INTO calls (what, expected, call)
SELECT 'NULL', '22004', 'SELECT npcsim.' || f.name || '(' ||
       (SELECT string_agg(CASE WHEN a.n = nulled.n THEN 'NULL' ELSE a.value END, ', ' ORDER BY a.n)
          FROM unnest(f.args) WITH ORDINALITY AS a (value, n)) || ')'
  FROM (VALUES
        ('create_world', ARRAY['''W''', '8', '8', '1', '10', '''default'''], '{}'::int[]),
        ('drop_world', ARRAY['1'], '{}'),
        ('start_world', ARRAY['1'], '{}'),
        ('pause_world', ARRAY['1'], '{}'),
        ('set_world_speed', ARRAY['1', '1'], '{}'),
        ('tick_world', ARRAY['1', '1'], '{}'),
        ('populate_world', ARRAY['1', '1'], '{}'),
        ('set_terrain', ARRAY['1', '1', '1', 'true', '1', '1'], '{}'),
        ('define_item_type', ARRAY['1', '''x''', '''{}''', ''''''], '{}'),
        ('define_interaction_type', ARRAY['1', '''x''', '''''', '''item''', 'NULL', '''{}''', '''{}''', 'NULL', 'true', 'true', 'false', '1', '1', '''{}'''], '{5,8}'),
        ('set_decision_policy', ARRAY['1', '''none'''], '{}'),
        ('lock_world', ARRAY['1'], '{}'),
        ('create_npc', ARRAY['1', '''Bo''', '1', '1', 'NULL', '''{}'''], '{5}'),
        ('remove_npc', ARRAY['1', ':npc'], '{}'),
        ('assign_npc_to_player', ARRAY['1', ':npc', ':player'], '{3}'),
        ('request_npc_decision', ARRAY['1', ':npc'], '{}'),
        ('create_item', ARRAY['1', '''apple''', '1', '1', '''{}'''], '{}'),
        ('remove_item', ARRAY['1', ':item'], '{}'),
        ('create_player', ARRAY['1', '''bo''', '''player'''], '{}'),
        ('rotate_player_token', ARRAY[':player'], '{}'),
        ('register_gateway', ARRAY['''g1'''], '{}'),
        ('authenticate', ARRAY['''x'''], '{}'),
        ('client_connected', ARRAY['''g1''', ':player', '1', '''watch''', '''x''', '''x'''], '{2,5,6}'),
        ('client_disconnected', ARRAY['1'], '{}'),
        ('gateway_poll', ARRAY['''g1''', '''{1}'''], '{}'),
        ('world_snapshot', ARRAY['1'], '{}'),
        ('world_delta', ARRAY['1', '0', '''x'''], '{3}'),
        ('observe_npc', ARRAY['1', ':npc'], '{}'),
        ('get_reasonable_actions_for_npc', ARRAY['1', ':npc'], '{}'),
        ('validate_npc_decision', ARRAY[':player', '''{}'''], '{}'),
        ('log_security_violation', ARRAY[':player', '''x''', '''x''', '1'], '{4}'),
        ('report_flood', ARRAY[':player', '''x'''], '{}'),
        ('get_player_suspicion_score', ARRAY[':player'], '{}'),
        ('ban_player_temporarily', ARRAY[':player', '''1 hour''', '''x'''], '{}'),
        ('claim_decisions', ARRAY['''g1''', '''{1}''', '''{1}'''], '{}'),
        ('submit_npc_decision', ARRAY[':player', '''{}'''], '{}'),
        ('submit_npc_decisions', ARRAY['''{1}''', '''{a}'''], '{}'),
        ('fail_decisions', ARRAY['''{1}''', '''{1}''', '''{a}'''], '{}'),
        ('update_player_heartbeat', ARRAY[':player', '''{}'''], '{}'),
        ('update_player_camera', ARRAY[':player', '0', '0', '1', '1'], '{}')) AS f (name, args, may_be_null)
 CROSS JOIN LATERAL generate_series(1, cardinality(f.args)) AS nulled (n)
 WHERE nulled.n <> ALL (f.may_be_null);
-- Worlds that there are not.
INSERT INTO calls (what, expected, call)
SELECT 'no such world', CASE WHEN world.id BETWEEN 1 AND 9007199254740991 THEN 'NS101' ELSE '22003' END,
       replace(f.call, ':world', world.id::text)
  FROM (VALUES ('SELECT npcsim.drop_world(:world)'), ('SELECT npcsim.start_world(:world)'),
               ('SELECT npcsim.pause_world(:world)'), ('SELECT npcsim.set_world_speed(:world, 1)'),
               ('SELECT npcsim.tick_world(:world, 1)'), ('SELECT npcsim.populate_world(:world, 1)'),
               ('SELECT npcsim.set_terrain(:world, 1, 1)'), ('SELECT npcsim.define_item_type(:world, ''x'', ''{}'')'),
               ('SELECT npcsim.set_decision_policy(:world, ''none'')'), ('SELECT npcsim.lock_world(:world)'),
               ('SELECT npcsim.create_npc(:world, ''Bo'', 1, 1)'), ('SELECT npcsim.remove_npc(:world, :npc)'),
               ('SELECT npcsim.assign_npc_to_player(:world, :npc, :player)'),
               ('SELECT npcsim.request_npc_decision(:world, :npc)'),
               ('SELECT npcsim.create_item(:world, ''apple'', 1, 1)'), ('SELECT npcsim.remove_item(:world, :item)'),
               ('SELECT npcsim.create_player(:world, ''bo'')'), ('SELECT npcsim.world_snapshot(:world)'),
               ('SELECT npcsim.world_delta(:world, 0)'), ('SELECT npcsim.observe_npc(:world, :npc)'),
               ('SELECT npcsim.get_reasonable_actions_for_npc(:world, :npc)')) AS f (call)
 CROSS JOIN (VALUES (99), (0), (-1), (9223372036854775807)) AS world (id);
INSERT INTO calls (what, expected, call) VALUES
    ('no such NPC', 'NS201', 'SELECT npcsim.remove_npc(1, 999)'),
    ('no such NPC', 'NS201', 'SELECT npcsim.remove_npc(1, :item)'),
    ('no such NPC', '22003', 'SELECT npcsim.remove_npc(1, -5)'),
    ('no such NPC', 'NS201', 'SELECT npcsim.assign_npc_to_player(1, 999, :player)'),
    ('no such NPC', 'NS201', 'SELECT npcsim.request_npc_decision(1, 999)'),
    ('no such item', 'NS202', 'SELECT npcsim.remove_item(1, 999)'),
    ('no such item', 'NS202', 'SELECT npcsim.remove_item(1, :npc)'),
    ('no such item type', 'NS204', 'SELECT npcsim.create_item(1, ''sword'', 1, 1)'),
    ('no such player', 'NS203', 'SELECT npcsim.assign_npc_to_player(1, :npc, 999)'),
    ('no such player', 'NS203', 'SELECT npcsim.rotate_player_token(999)'),
    ('no such player', 'NS203', 'SELECT npcsim.log_security_violation(999, ''x'')'),
    ('no such player', 'NS203', 'SELECT npcsim.report_flood(999, ''x'')'),
    ('no such player', 'NS203', 'SELECT npcsim.get_player_suspicion_score(999)'),
    ('no such player', 'NS203', 'SELECT npcsim.ban_player_temporarily(999, ''1 hour'')'),
    ('a negative duration', '22003', 'SELECT npcsim.ban_player_temporarily(:player, ''-1 s'')'),
    ('an endless duration', '22003', 'SELECT npcsim.ban_player_temporarily(:player, ''367 days'')'),
    ('a duration beyond all time', '22003', 'SELECT npcsim.ban_player_temporarily(:player, ''178000000 years'')'),
    ('no such player', 'NS203', 'SELECT npcsim.create_npc(1, ''Bo'', 1, 1, 999)'),
    ('no name', '22023', 'SELECT npcsim.create_world('''', 8, 8)'),
    ('a long name', '22023', 'SELECT npcsim.create_world(repeat(''x'', 101), 8, 8)'),
    ('a very long name', '22023', 'SELECT npcsim.create_world(repeat(''x'', 10000000), 8, 8)'),
    ('a name with a line break', '22023', 'SELECT npcsim.create_world(E''a\nb'', 8, 8)'),
    ('a taken name', '23505', 'SELECT npcsim.create_world(''Checked'', 8, 8)'),
    ('a small world', '22003', 'SELECT npcsim.create_world(''W'', 3, 8)'),
    ('a large world', '22003', 'SELECT npcsim.create_world(''W'', 8, 4097)'),
    ('a negative size', '22003', 'SELECT npcsim.create_world(''W'', -8, 8)'),
    ('an odd tick rate', '22023', 'SELECT npcsim.create_world(''W'', 8, 8, 1, 7)'),
    ('an unknown preset', '22023', 'SELECT npcsim.create_world(''W'', 8, 8, preset => ''Default'')'),
    ('no preset', '22023', 'SELECT npcsim.create_world(''W'', 8, 8, preset => '''')'),
    ('a very long preset', '22023', 'SELECT npcsim.create_world(''W'', 8, 8, preset => repeat(''x'', 10000000))'),
    ('a high tick rate', '22003', 'SELECT npcsim.create_world(''W'', 8, 8, 1, 1000)'),
    ('NaN', '22003', 'SELECT npcsim.set_world_speed(1, ''NaN'')'),
    ('infinity', '22003', 'SELECT npcsim.set_world_speed(1, ''Infinity'')'),
    ('infinity', '22003', 'SELECT npcsim.set_world_speed(1, ''-Infinity'')'),
    ('too slow', '22003', 'SELECT npcsim.set_world_speed(1, 0)'),
    ('too fast', '22003', 'SELECT npcsim.set_world_speed(1, 1000.001)'),
    ('NaN', '22003', 'SELECT npcsim.tick_world(1, ''NaN'')'),
    ('infinity', '22003', 'SELECT npcsim.tick_world(1, ''Infinity'')'),
    ('back in time', '22003', 'SELECT npcsim.tick_world(1, -1)'),
    ('no time', '22003', 'SELECT npcsim.tick_world(1, 0)'),
    ('less than a microsecond', '22003', 'SELECT npcsim.tick_world(1, 1e-9)'),
    ('more than a minute', '22003', 'SELECT npcsim.tick_world(1, 61)'),
    ('nobody', '22003', 'SELECT npcsim.populate_world(1, 0)'),
    ('minus one', '22003', 'SELECT npcsim.populate_world(1, -1)'),
    ('too many', 'NS212', 'SELECT npcsim.populate_world(1, 1000)'),
    ('far too many', '22003', 'SELECT npcsim.populate_world(1, 2147483647)'),
    ('outside', 'NS210', 'SELECT npcsim.set_terrain(1, 16, 0)'),
    ('outside', 'NS210', 'SELECT npcsim.set_terrain(1, 0, -1)'),
    ('outside', 'NS210', 'SELECT npcsim.set_terrain(1, 2147483647, -2147483648, true, 4096, 4096)'),
    ('sticking out', 'NS210', 'SELECT npcsim.set_terrain(1, 10, 10, true, 7, 1)'),
    ('no width', '22003', 'SELECT npcsim.set_terrain(1, 1, 1, true, 0, 1)'),
    ('a wall on an NPC', 'NS211', 'SELECT npcsim.set_terrain(1, 2, 2, true, 3, 3)'),
    ('a wall on an item', 'NS211', 'SELECT npcsim.set_terrain(1, 5, 3)'),
    ('no policy', '22023', 'SELECT npcsim.set_decision_policy(1, '''')'),
    ('an unknown policy', '22023', 'SELECT npcsim.set_decision_policy(1, repeat(''x'', 100000))'),
    ('no letter', '22023', 'SELECT npcsim.define_item_type(1, ''1st'', ''{}'')'),
    ('a long name', '22023', 'SELECT npcsim.define_item_type(1, repeat(''x'', 64), ''{}'')'),
    ('no object', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''[]'')'),
    ('no object', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''1'')'),
    ('no component', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{"edible": {}}'')'),
    ('no need', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{"sittable": {"need_rates": {"love": 1}}}'')'),
    ('no number', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{"sittable": {"need_rates": {"fun": "1"}}}'')'),
    ('out of range', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{"sittable": {"need_rates": {"fun": 101}}}'')'),
    ('huge', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{"sittable": {"need_rates": {"fun": 1e1000}}}'')'),
    ('too fine', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{"sittable": {"need_rates": {"fun": 0.0000001}}}'')'),
    ('no time', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{"consumable": {"consumption_time": 0}}'')'),
    ('respawn of nothing', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{"respawn": {"after": 1}}'')'),
    ('long description', '22023', 'SELECT npcsim.define_item_type(1, ''x'', ''{}'', repeat(''x'', 501))'),
    ('no name', '22023', 'SELECT npcsim.create_npc(1, '''', 1, 1)'),
    ('a long name', '22023', 'SELECT npcsim.create_npc(1, repeat(''x'', 101), 1, 1)'),
    ('outside', 'NS210', 'SELECT npcsim.create_npc(1, ''Bo'', 16, 1)'),
    ('outside', 'NS210', 'SELECT npcsim.create_npc(1, ''Bo'', 1, -1)'),
    ('far outside', 'NS210', 'SELECT npcsim.create_npc(1, ''Bo'', 65537, 65537)'),
    ('on an NPC', 'NS211', 'SELECT npcsim.create_npc(1, ''Bo'', 3, 3)'),
    ('on an item', 'NS211', 'SELECT npcsim.create_npc(1, ''Bo'', 5, 3)'),
    ('too many traits', '54000', 'SELECT npcsim.create_npc(1, ''Bo'', 1, 1, NULL, array_fill(''x''::text, ARRAY[17]))'),
    ('far too many traits', '54000', 'SELECT npcsim.create_npc(1, ''Bo'', 1, 1, NULL, array_fill(''x''::text, ARRAY[1000000]))'),
    ('a long trait', '22023', 'SELECT npcsim.create_npc(1, ''Bo'', 1, 1, NULL, ARRAY[repeat(''x'', 51)])'),
    ('a trait that is null', '22004', 'SELECT npcsim.create_npc(1, ''Bo'', 1, 1, NULL, ARRAY[''x'', NULL])'),
    ('outside', 'NS210', 'SELECT npcsim.create_item(1, ''apple'', 1, 12)'),
    ('on an item', 'NS211', 'SELECT npcsim.create_item(1, ''apple'', 5, 3)'),
    ('on an NPC', 'NS211', 'SELECT npcsim.create_item(1, ''apple'', 3, 3)'),
    ('no object', '22023', 'SELECT npcsim.create_item(1, ''apple'', 1, 1, ''[1]'')'),
    ('a large object', '54000', 'SELECT npcsim.create_item(1, ''apple'', 1, 1, jsonb_build_object(''x'', repeat(''x'', 8200)))'),
    ('a very large object', '54000', 'SELECT npcsim.create_item(1, ''apple'', 1, 1, jsonb_build_object(''x'', repeat(''x'', 10000000)))'),
    ('no name', '22023', 'SELECT npcsim.create_player(1, '''')'),
    ('a long name', '22023', 'SELECT npcsim.create_player(1, repeat(''x'', 51))'),
    ('a taken name', '23505', 'SELECT npcsim.create_player(1, ''ada'')'),
    ('an unknown role', '22023', 'SELECT npcsim.create_player(1, ''bo'', ''king'')'),
    ('outside', 'NS210', 'UPDATE npcsim.npcs SET position_x = 16'),
    ('outside', 'NS210', 'UPDATE npcsim.npcs SET position_y = -1'),
    ('no number', '22003', 'UPDATE npcsim.npcs SET hunger = ''NaN'''),
    ('no such player', 'NS203', 'SELECT npcsim.update_player_camera(999, 0, 0, 1, 1)'),
    ('no player', '22003', 'SELECT npcsim.update_player_camera(0, 0, 0, 1, 1)'),
    ('NaN', '22003', 'SELECT npcsim.update_player_camera(:player, ''NaN'', 0, 1, 1)'),
    ('infinity', '22003', 'SELECT npcsim.update_player_camera(:player, 0, ''-Infinity'', 1, 1)'),
    ('far away', '22003', 'SELECT npcsim.update_player_camera(:player, 0, 0, 1e7, 1)'),
    ('turned over', '22023', 'SELECT npcsim.update_player_camera(:player, 0, 2, 1, 1)'),
    ('no such player', 'NS203', 'SELECT npcsim.update_player_heartbeat(999, ''{}'')'),
    ('no player', '22003', 'SELECT npcsim.update_player_heartbeat(-1, ''{}'')'),
    ('no connection', '55000', 'SELECT npcsim.update_player_heartbeat(:player, ''{}'')'),
    ('no object', '22023', 'SELECT npcsim.update_player_heartbeat(:player, ''[]'')'),
    ('a large object', '54000', 'SELECT npcsim.update_player_heartbeat(:player, jsonb_build_object(''x'', repeat(''x'', 8200)))'),
    ('a long source', '22023', 'SELECT npcsim.update_player_heartbeat(:player, jsonb_build_object(''source'', repeat(''x'', 65)))'),
    ('out of range', '22023', 'SELECT npcsim.update_player_heartbeat(:player, ''{"max_concurrency": 65}'')'),
    ('no revision', '22003', 'SELECT npcsim.world_delta(1, -1)'),
    ('no revision', '22003', 'SELECT npcsim.world_delta(1, 9007199254740992)'),
    ('no epoch', '22023', 'SELECT npcsim.world_delta(1, 0, '''')'),
    ('a long epoch', '22023', 'SELECT npcsim.world_delta(1, 0, repeat(''x'', 65))'),
    ('a very long epoch', '22023', 'SELECT npcsim.world_delta(1, 0, repeat(''x'', 10000000))'),
    ('an epoch with a line break', '22023', 'SELECT npcsim.world_delta(1, 0, E''a\nb'')'),
    ('no gateway', '22023', 'SELECT npcsim.claim_decisions(''a gateway'', ''{1}'', ''{1}'')'),
    ('no such gateway', '55000', 'SELECT npcsim.claim_decisions(''g2'', ''{1}'', ''{1}'')'),
    ('no such gateway', '55000', 'SELECT npcsim.claim_decisions(''g2'', ''{}'', ''{}'')'),
    ('fewer than none', '22003', 'SELECT npcsim.claim_decisions(''g1'', ''{1,2}'', ''{1,-1}'')'),
    ('no session', '22003', 'SELECT npcsim.claim_decisions(''g1'', ''{0}'', ''{1}'')'),
    ('no session', '22003', 'SELECT npcsim.claim_decisions(''g1'', ''{9223372036854775807}'', ''{1}'')'),
    ('too few', '22023', 'SELECT npcsim.claim_decisions(''g1'', ''{1,2}'', ''{1}'')'),
    ('too many', '54000', 'SELECT npcsim.claim_decisions(''g1'', array_fill(1::bigint, ''{10001}''), array_fill(1, ''{10001}''))'),
    ('no such gateway', '55000', 'SELECT npcsim.gateway_poll(''g2'', ''{}'')'),
    ('too few', '2202E', 'SELECT npcsim.submit_npc_decisions(''{1,2}'', ''{a}'')'),
    ('too many', '54000', 'SELECT npcsim.submit_npc_decisions(array_fill(1::bigint, ''{10001}''), array_fill(''{}''::text, ''{10001}''))'),
    ('two dimensions', '22004', 'SELECT npcsim.submit_npc_decisions(''{{1},{2}}'', ''{a,b}'')'),
    ('a null', '22004', 'SELECT npcsim.submit_npc_decisions(''{NULL}'', ''{a}'')');

SELECT pg_temp.refused(pg_temp.spelled(call), expected, what) FROM calls ORDER BY n;

-- Sessions end by themselves: who asks for one that is gone is told nothing, not refused.
SELECT is_empty($$SELECT npcsim.claim_decisions('g1', '{1,9007199254740991}', '{1,0}')$$, 'sessions that are gone get nothing');
SELECT lives_ok($$SELECT npcsim.update_player_camera(player, 0, 0, 1, 1) FROM known$$, 'nor is a player who does not watch');

-- ---- start_world says what is missing ----
UPDATE pg_extension SET extversion = '99.0' WHERE extname = 'npcsim';
SELECT pg_temp.refused('SELECT npcsim.start_world(1)', 'NS104', 'another version than the library''s');
UPDATE pg_extension SET extversion = npcsim_internal.library_version() WHERE extname = 'npcsim';
DO $$BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'npcsim_worker') THEN
        ALTER ROLE npcsim_worker RENAME TO npcsim_former_worker;
    END IF;
END$$;
SELECT pg_temp.refused('SELECT npcsim.start_world(1)', '42704', 'no role for the workers');
CREATE ROLE npcsim_worker NOLOGIN;
SELECT pg_temp.refused('SELECT npcsim.start_world(1)', '42501', 'one that may not log in');
ALTER ROLE npcsim_worker LOGIN;
DO $$BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database()); END$$;
SELECT pg_temp.refused('SELECT npcsim.start_world(1)', '42501', 'that may not connect');
DO $$BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO npcsim_worker', current_database()); END$$;
SELECT pg_temp.refused('SELECT npcsim.start_world(1)', '42501', 'that has no rights on the schema');
GRANT USAGE ON SCHEMA npcsim TO npcsim_worker;
SELECT pg_temp.refused('SELECT npcsim.start_world(1)', '42501', 'nor on the inner one');
GRANT USAGE ON SCHEMA npcsim_internal TO npcsim_worker;
DO $$BEGIN
    EXECUTE (SELECT format('REVOKE USAGE ON SCHEMA %I FROM PUBLIC', n.nspname)
               FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'postgis');
END$$;
SELECT pg_temp.refused('SELECT npcsim.start_world(1)', '42501', 'nor on the one of PostGIS');

-- The image in memory is as it was, too: after all that was refused, the free cells are still free.
SELECT lives_ok($$SELECT npcsim.create_npc(1, 'Bo', 1, 1, NULL, '{brave}')$$, 'after all that an NPC is made');
SELECT lives_ok($$SELECT npcsim.create_item(1, 'apple', 4, 4)$$, 'and an item');
SELECT is(npcsim.tick_world(1, 5), 5::float8, 'and time goes on');

SELECT * FROM finish();
ROLLBACK;
