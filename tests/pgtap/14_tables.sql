-- Tests that every table with rows of worlds has its place in what compares, checks and guards a world's state, and in what is dropped
-- with a world. A new table that is missing somewhere is named here.
BEGIN;
SELECT plan(9);

\ir lib/minds.sql
CREATE TEMP VIEW of_worlds AS
SELECT c.oid AS id, c.relname::text AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'world_id' AND NOT a.attisdropped
 WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition;
-- What is no state: logs, what comes and goes with connections, and what players and their tokens are.
CREATE TEMP VIEW states AS
SELECT id, name FROM of_worlds
 WHERE name NOT IN ('change_log', 'decision_log', 'world_event_log', 'sessions', 'player_accounts', 'world_tokens');
-- Tables that a function of SQL names, as the database knows them.
CREATE FUNCTION pg_temp.named_by(function regprocedure) RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT DISTINCT c.relname::text
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
     WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = function AND d.refclassid = 'pg_catalog.pg_class'::regclass
$$;

SELECT is_empty($$SELECT name FROM states EXCEPT SELECT pg_temp.named_by('npcsim.world_rows(bigint)')$$,
                'replays are compared by every table of state');
SELECT is_empty($$SELECT name FROM states EXCEPT SELECT pg_temp.named_by('npcsim.world_faults(bigint)') EXCEPT SELECT 'world_inputs'$$,
                'what a restore has lost is looked for in each of them, but for inputs, without which a world lives');
SELECT is_empty($$SELECT s.name FROM states s
                   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = s.id AND t.tgenabled = 'A' AND t.tgname = 'require_world_lock_for_update')
                     AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = s.id AND t.tgenabled = 'R' AND t.tgname = 'refuse_replicated')$$,
                'rows of each need the lock of their world, or come by no subscription');
SELECT is_empty($$SELECT s.name FROM states s
                   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = s.id AND k.contype = 'p')$$,
                'each has a primary key, which replicas need');
SELECT is_empty($$SELECT s.name FROM states s JOIN pg_catalog.pg_constraint k ON k.conrelid = s.id AND k.contype = 'f'$$,
                'and no foreign key, which pg_restore -j would trip over');
SELECT is_empty($$SELECT s.name FROM states s
                   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'npcsim' AND s.id = ANY (e.extconfig))$$,
                'and is dumped');

-- ---- what goes with a world ----
-- Sessions are ended, and go when their gateway has been told.
CREATE FUNCTION pg_temp.tables_with_rows(world bigint) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    relation text;
    found_one boolean;
BEGIN
    FOR relation IN SELECT name FROM of_worlds WHERE name NOT IN ('change_log', 'sessions') LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM npcsim.%I WHERE world_id = $1)', relation) INTO found_one USING world;
        IF found_one THEN
            RETURN NEXT relation;
        END IF;
    END LOOP;
END
$$;
SELECT npcsim.create_world('Meadow', 30, 30, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada');
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
SELECT pg_temp.make('Ada', 5, 5), pg_temp.make('Eve', 6, 6);
SELECT npcsim.create_item(1, 'apple', 6, 5) AS apple \gset
SELECT npcsim.define_item_type(1, 'berry', '{"consumable": {"consumption_time": 1, "need_deltas": {"hunger": 5}}, "respawn": {"after": 600}}');
SELECT npcsim.create_item(1, 'berry', 5, 6) AS berry \gset
UPDATE npcsim.npcs SET hunger = 10 WHERE world_id = 1;
SELECT pg_temp.use('Ada', :berry), npcsim.tick_world(1, 2), pg_temp.use('Ada', :apple);
-- Eve is asked, and may take her time.
SELECT npcsim.create_player(1, 'bo');
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc('Eve'), pg_temp.player('bo'));
SELECT npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
SELECT set_eq('SELECT name FROM of_worlds EXCEPT SELECT pg_temp.tables_with_rows(1)',
              ARRAY['change_log', 'sessions', 'interaction_bid_rows', 'world_tokens'], 'a world has rows in nearly all of them');
SELECT npcsim.drop_world(1);
SELECT is_empty('SELECT pg_temp.tables_with_rows(1)', 'and in none of them when it is dropped');
SELECT is((SELECT count(*) FROM npcsim.world_settings WHERE id = 1), 0::bigint, 'nor settings');
SELECT * FROM finish();
ROLLBACK;
