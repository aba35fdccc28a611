-- Tests what becomes of a database that the version :old made. To be included with \ir in a database without npcsim, after objects.sql
-- and after described.fresh was made; at its end it drops the extension.
-- ---- the old database ----
\set scratch `mktemp -d`
\setenv scratch :scratch
\setenv old :old
\! for part in install roles worlds; do gunzip -c "tests/upgrade/$old/$part.sql.gz" >"$scratch/$part.sql"; done
SELECT setting AS sharedir FROM pg_config WHERE name = 'SHAREDIR' \gset
\setenv sharedir :sharedir
\! cp "$scratch/install.sql" "$sharedir/extension/npcsim--$old.sql"
\set install :scratch/install.sql
\set roles :scratch/roles.sql
\set worlds :scratch/worlds.sql
CREATE EXTENSION npcsim VERSION :'old';
\i :roles
-- The present library runs statements only under a pinned search_path, which functions of 0.1.0 did not have.
SELECT to_regproc('npcsim.require_world_lock') IS NOT NULL AS is_public \gset
\if :is_public
    ALTER FUNCTION npcsim.require_world_lock() SET search_path = pg_catalog, pg_temp;
\endif
\o /dev/null
\i :worlds
\o
RESET ALL;
SET client_min_messages = warning;
-- Makes the worlds at home here, as they are after pg_upgrade, or when the files stay where they are. One of them runs.
SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'npcsim.world_clock'::regclass AND tgname = 'refuse_write') AS guarded \gset
\if :guarded
    ALTER TABLE npcsim.world_clock DISABLE TRIGGER refuse_write;
\endif
\if :is_public
    UPDATE npcsim.world_clock SET home = npcsim.world_home();
\else
    UPDATE npcsim.world_clock SET home = npcsim_internal.world_home();
\endif
\if :guarded
    \if :is_public
        ALTER TABLE npcsim.world_clock ENABLE TRIGGER refuse_write;
    \else
        ALTER TABLE npcsim.world_clock ENABLE ALWAYS TRIGGER refuse_write;
    \endif
\endif
CREATE TABLE described.was AS SELECT w.id, w.name, w.clock, w.revision, w.decision_policy, w.daily_token_output FROM npcsim.worlds w;
SELECT is((SELECT count(*) FROM described.was), 5::bigint, 'a database of ' || :'old' || ' with worlds');
CREATE TABLE described.rows AS SELECT w.id, r.* FROM described.was w, npcsim.world_rows(w.id) r;
-- Objects and rights that other people have built on it.
CREATE SCHEMA theirs;
CREATE VIEW theirs.hungry AS SELECT world_id, id, hunger FROM npcsim.npcs WHERE hunger < 20;
CREATE VIEW theirs.everything AS SELECT w.name AS world, i.* FROM npcsim.worlds w JOIN npcsim.world_items i ON i.world_id = w.id;
CREATE ROLE upgrade_reader;
GRANT USAGE ON SCHEMA npcsim TO upgrade_reader;
GRANT SELECT ON npcsim.npcs TO upgrade_reader;
GRANT EXECUTE ON FUNCTION npcsim.create_world TO upgrade_reader WITH GRANT OPTION;
CREATE FUNCTION theirs.make_world(name text) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT npcsim.create_world(name, 20, 20); END;

-- ---- between the new library and the update ----
SELECT throws_ok($$SELECT npcsim.create_world('Too soon', 20, 20)$$, 'NS104', NULL, 'before the update the new library changes nothing');
SELECT throws_ok(format('SELECT npcsim.tick_world(%s, 1)', (SELECT min(id) FROM described.was)), 'NS104', NULL, 'in no world');
SELECT throws_ok(format('SELECT npcsim.replay_world(%s)', (SELECT min(id) FROM described.was)), 'NS104', NULL, 'nor makes one');
SELECT lives_ok($$SELECT * FROM npcsim.worlds, npcsim.npcs, npcsim.world_items, npcsim.world_status LIMIT 1$$, 'its worlds can be read');

-- ---- the update ----
-- An object that depends on a function which is made anew prevents the update: create_world() of 0.1.0 had one argument less. The
-- manual says how such an object is found, dropped and made again.
SELECT :'old' = '0.1.0' AS anew \gset
\if :anew
    SELECT throws_ok('ALTER EXTENSION npcsim UPDATE', '2BP01', NULL, 'what depends on a function that is made anew refuses the update');
    SELECT is(array_agg(pg_describe_object(d.classid, d.objid, 0)), '{function theirs.make_world(text)}', 'and is found')
      FROM pg_depend d
     WHERE d.refclassid = 'pg_proc'::regclass AND d.deptype = 'n'
       AND d.refobjid = 'npcsim.create_world(text, integer, integer, bigint, integer)'::regprocedure;
    SELECT pg_get_functiondef('theirs.make_world'::regproc) AS definition \gset
    DROP FUNCTION theirs.make_world;
\endif
SELECT lives_ok('ALTER EXTENSION npcsim UPDATE', 'ALTER EXTENSION UPDATE');
\if :anew
    :definition;
\endif
SELECT ok(theirs.make_world('Theirs') > 0, 'what depends on its functions works as it did');
SELECT npcsim.drop_world(id) FROM npcsim.worlds WHERE name = 'Theirs';
SELECT ok(has_table_privilege('upgrade_reader', 'npcsim.npcs', 'SELECT') AND NOT has_table_privilege('upgrade_reader', 'npcsim.npcs', 'UPDATE'), 'rights on views stay');
SELECT ok((SELECT bool_and(has_function_privilege('upgrade_reader', p.oid, 'EXECUTE')) FROM pg_proc p WHERE p.pronamespace = 'npcsim'::regnamespace AND p.proname = 'create_world'),
          'and on functions that were made anew');
SELECT ok((SELECT bool_and(has_function_privilege('upgrade_reader', p.oid, 'EXECUTE WITH GRANT OPTION')) FROM pg_proc p WHERE p.pronamespace = 'npcsim'::regnamespace AND p.proname = 'create_world'),
          'with the right to grant them');
SELECT ok((SELECT bool_and(has_function_privilege('npcsim_operator', p.oid, 'EXECUTE')) FROM pg_proc p WHERE p.pronamespace = 'npcsim'::regnamespace AND p.proname = 'create_world'),
          'before roles.sql was run again');
SELECT lives_ok($$SELECT * FROM theirs.hungry, theirs.everything LIMIT 1$$, 'views of others go on');
\setenv database :DBNAME
\set dumped `"$("${PG_CONFIG:-pg_config}" --bindir)/pg_dump" --schema-only "$database" | grep -c '^GRANT ALL ON FUNCTION npcsim.create_world(.* TO \(upgrade_reader WITH GRANT OPTION\|npcsim_operator\);'`
SELECT is(:dumped, 2, 'and are in a dump');
REVOKE ALL ON ALL TABLES IN SCHEMA npcsim FROM upgrade_reader;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA npcsim FROM upgrade_reader;
REVOKE ALL ON SCHEMA npcsim FROM upgrade_reader;
DROP ROLE upgrade_reader;
SELECT is_empty($$SELECT pg_describe_object(p.classoid, p.objoid, 0), a.grantee FROM pg_init_privs p, aclexplode(p.initprivs) a
                   WHERE p.privtype = 'e' AND a.grantee <> 0 AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.grantee)$$, 'nothing of a role that is dropped stays');
\i docs/roles.sql
SELECT is_empty('SELECT * FROM described.fresh EXCEPT ALL SELECT * FROM described.objects()', 'everything that a fresh installation has is there');
SELECT is_empty('SELECT * FROM described.objects() EXCEPT ALL SELECT * FROM described.fresh', 'and nothing else');

-- ---- its worlds ----
SELECT is((SELECT array_agg(DISTINCT idle_interval) FROM npcsim.worlds), '{3}', 'its worlds ask as often as they did');
SELECT CASE WHEN string_to_array(:'old', '.')::integer[] < '{0,8,0}' THEN 'manual' ELSE 'market' END AS allocation \gset
SELECT is((SELECT array_agg(DISTINCT allocation) FROM npcsim.worlds), ARRAY[:'allocation'], 'their NPCs are divided as they were');
SELECT is_empty('SELECT world_id, id FROM npcsim.npcs WHERE assigned <> (controller_player_id IS NOT NULL)', 'as those of players were');
CREATE PROCEDURE described.wait(condition text) LANGUAGE plpgsql AS $$
DECLARE
    holds boolean := false;
BEGIN
    FOR attempt IN 1 .. 600 LOOP
        EXECUTE 'SELECT ' || condition INTO holds;
        EXIT WHEN holds;
        COMMIT;
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$$;
CALL described.wait($$(SELECT w.clock > o.clock FROM npcsim.worlds w JOIN described.was o USING (id) WHERE w.name = 'Meadow')$$);
SELECT is((SELECT to_jsonb(s) FROM npcsim.worlds w JOIN described.was o USING (id) CROSS JOIN npcsim.worker_status s
            WHERE w.name = 'Meadow' AND w.clock <= o.clock LIMIT 1), NULL, 'the one that was running goes on by itself');
SELECT npcsim.pause_world(id) FROM npcsim.worlds WHERE name = 'Meadow';
SELECT results_eq('SELECT id, name, decision_policy, daily_token_output FROM npcsim.worlds ORDER BY id',
                  'SELECT id, name, decision_policy, daily_token_output FROM described.was ORDER BY id', 'they are all there');
SELECT ok((SELECT bool_and(n.clock = w.clock AND n.revision = w.revision) FROM npcsim.worlds n JOIN described.was w USING (id) WHERE w.name <> 'Meadow'), 'the others at the moment at which they stood');
-- Returns rows that were lost or changed: columns that were there must have what they had.
CREATE FUNCTION described.lost() RETURNS TABLE (id bigint, relation text, key text, was jsonb, is jsonb) LANGUAGE sql SET enable_nestloop = off AS $$
    WITH present AS MATERIALIZED (SELECT w.id, r.* FROM described.was w, npcsim.world_rows(w.id) r)
    SELECT w.id, w.relation, w.key, w.content, n.content
      FROM described.rows w LEFT JOIN present n ON n.id = w.id AND n.relation = w.relation AND n.key = w.key
     WHERE NOT coalesce(n.content @> w.content, false)
     LIMIT 5
$$;
SELECT is_empty('SELECT * FROM described.lost() WHERE id <> (SELECT id FROM npcsim.worlds WHERE name = ''Meadow'')', 'with all of their rows');

-- Replays all worlds: those that began by forgotten rules must be refused, the replays of the others must equal them. Returns NULL if so,
-- else what is wrong.
SELECT string_to_array(:'old', '.')::integer[] < '{0,6,0}' AS forgotten \gset
CREATE FUNCTION described.replayed(forgotten boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    world record;
    copy bigint;
    different text;
    result text;
BEGIN
    FOR world IN SELECT id, name FROM npcsim.worlds ORDER BY id LOOP
        BEGIN
            copy := npcsim.replay_world(world.id);
            SELECT string_agg(concat_ws(' ', relation, key, here, there), E'\n') INTO different
              FROM (SELECT * FROM npcsim.world_differences(world.id, copy) LIMIT 5) d;
            result := concat_ws(E'\n', result, CASE WHEN forgotten THEN world.name || ' is replayed' END, different);
            PERFORM npcsim.drop_world(copy);
        EXCEPTION WHEN feature_not_supported THEN
            result := concat_ws(E'\n', result, CASE WHEN NOT forgotten THEN world.name || ' is refused' END);
        END;
    END LOOP;
    RETURN nullif(result, '');
END
$$;
-- Returns what differs between a new world and its replay.
CREATE FUNCTION described.new_world() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    world bigint := npcsim.create_world('New', 60, 60, 7);
    copy bigint;
    result text;
BEGIN
    PERFORM npcsim.populate_world(world, 10), npcsim.tick_world(world, 60);
    copy := npcsim.replay_world(world);
    SELECT string_agg(concat_ws(' ', relation, key, here, there), E'\n') INTO result
      FROM (SELECT * FROM npcsim.world_differences(world, copy) LIMIT 5) d;
    PERFORM npcsim.drop_world(world), npcsim.drop_world(copy);
    RETURN result;
END
$$;
-- Lets all worlds live for ten moments, in which minds give good and bad answers, or fail.
CREATE FUNCTION described.live() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    world bigint;
BEGIN
    PERFORM npcsim.register_gateway('upgraded');
    PERFORM npcsim.client_connected('upgraded', p.id, p.world_id, 'compute'), npcsim.update_player_heartbeat(p.id, '{"max_concurrency": 64}') FROM npcsim.players p;
    FOR moment IN 1 .. 10 LOOP
        FOR world IN SELECT id FROM npcsim.worlds ORDER BY id LOOP
            PERFORM npcsim.tick_world(world, 5);
            PERFORM npcsim.submit_npc_decisions(array_agg(r.player_id), array_agg(jsonb_build_object('request_id', r.request_id, 'action',
                                                CASE (r.npc_id + moment) % 4 WHEN 0 THEN 'dance' WHEN 1 THEN 'continue' ELSE 'wander' END)::text))
               FROM npcsim.decision_requests r WHERE r.world_id = world AND (r.npc_id + moment) % 5 > 0 HAVING count(*) > 0;
            PERFORM npcsim.fail_decisions(array_agg(r.player_id), array_agg(r.request_id), array_agg('timeout'::text))
               FROM npcsim.decision_requests r WHERE r.world_id = world AND (r.npc_id + moment) % 2 > 0 HAVING count(*) > 0;
        END LOOP;
    END LOOP;
END
$$;
SELECT is(described.replayed(:'forgotten'), NULL, 'what they lived is replayed, unless it was by other rules');
SELECT lives_ok('SELECT described.live()', 'they live on');
SELECT cmp_ok((SELECT count(*) FROM npcsim.decision_log WHERE finished_at_real > now() - interval '1 minute' AND status = 'applied'), '>', 50::bigint, 'and their minds decide');
SELECT is(described.replayed(:'forgotten'), NULL, 'nor is that then, and the others are with what they lived since');
SELECT is(described.new_world(), NULL, 'what begins now is replayed');
SELECT ok((SELECT count(*) >= 5 FROM npcsim.world_events e WHERE e.world_id = (SELECT id FROM npcsim.worlds WHERE name = 'Meadow') AND kind = 'chat'
            OR e.world_id = (SELECT id FROM npcsim.worlds WHERE name = 'Meadow')), 'what happened in them is remembered');

-- ---- a dump of it, restored into this version ----
DROP EXTENSION npcsim CASCADE;
CREATE EXTENSION npcsim;
\i docs/roles.sql
\o /dev/null
\i :worlds
\o
RESET ALL;
SET client_min_messages = warning;
SELECT is_empty('SELECT * FROM described.lost()', 'a dump of ' || :'old' || ' is restored with all of its rows');
SELECT is((SELECT array_agg(DISTINCT status) FROM npcsim.worlds), '{parked}', 'its worlds are parked');
BEGIN;
SELECT lives_ok('SELECT npcsim.adopt_worlds()', 'worlds of a dump of ' || :'old' || ' are adopted by a new installation');
SELECT npcsim.pause_world(id) FROM npcsim.worlds WHERE status = 'running';
COMMIT;
SELECT is(described.replayed(:'forgotten'), NULL, 'what they lived is replayed, unless it was by other rules');
SELECT lives_ok('SELECT described.live()', 'they live on');
SELECT is(described.replayed(:'forgotten'), NULL, 'nor is that then, and the others are with what they lived since');

\! rm -rf "$scratch" "$sharedir/extension/npcsim--$old.sql"

DROP EXTENSION npcsim CASCADE;
DROP SCHEMA theirs CASCADE;
DROP TABLE described.was, described.rows;
DROP FUNCTION described.lost, described.replayed, described.new_world, described.live;
DROP PROCEDURE described.wait;
