-- Tests that every table with rows of worlds has its place in what compares, checks and guards a world's state, and in what is dropped
-- with a world. A new table that is missing somewhere is named here.
BEGIN;
\i docs/roles.sql
SELECT plan(25);

\ir lib/minds.sql
CREATE TEMP VIEW of_worlds AS
SELECT c.oid AS id, c.relname::text AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'world_id' AND NOT a.attisdropped
 WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition;
-- What is no state: logs, what comes and goes with connections, and what players and their tokens are.
CREATE TEMP VIEW states AS
SELECT id, name FROM of_worlds
 WHERE name NOT IN ('change_log', 'decision_log', 'world_event_log', 'sessions', 'player_accounts', 'world_tokens', 'compute_sources', 'security_violations', 'player_suspicion', 'fallback_log', 'server_api_spending', 'observation_log',
                    'source_minutes', 'source_outcomes', 'player_proofs', 'world_books');
SELECT is_empty('SELECT name FROM states EXCEPT SELECT name FROM npcsim_internal.state_tables() EXCEPT SELECT unnest(ARRAY[''world_clock'', ''world_inputs'', ''decision_slots''])',
                'each is known for what it is, or looked after by itself');
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
SELECT is_empty($$SELECT name FROM states WHERE name <> 'world_inputs' AND NOT has_table_privilege('npcsim_worker', id, 'SELECT')$$,
                'and is read by workers, but for inputs, which they only write');

-- ---- a world with rows of all kinds ----
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
SELECT npcsim.log_security_violation(pg_temp.player(), 'seen', 'it');
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
SELECT npcsim.create_player(1, 'cleo');
SELECT npcsim.submit_npc_decision(pg_temp.player('cleo'), jsonb_build_object('npc_id', pg_temp.npc(), 'action', 'wait'));
-- What is counted of transactions that are over: this one is not.
SELECT pg_temp.by_hand('source_minutes', 'source_outcomes', 'player_proofs', 'world_books', 'observation_log');
INSERT INTO npcsim.observation_log (world_id, at_real, clock, npc_ids, told) VALUES (1, now(), 0, '{1}', '{}');
INSERT INTO npcsim.source_minutes (part, world_id, player_id, source_id, minute) VALUES (0, 1, 1, 1, '2026-01-01 00:00+00');
INSERT INTO npcsim.source_outcomes VALUES (1, 1, 1, '{}', '{}', '{}');
INSERT INTO npcsim.player_proofs VALUES (1, 1, 0, 0, 0, 0, 0, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}');
INSERT INTO npcsim.world_books VALUES (1, 1);
-- What fallbacks cost.
SELECT pg_temp.by_hand('server_api_spending');
INSERT INTO npcsim.server_api_spending VALUES (1, '2026-01-01', 0, 1, 1);
SELECT npcsim.assign_npc_with_fallback(1, pg_temp.npc('Eve'));
SELECT set_eq('SELECT name FROM of_worlds EXCEPT SELECT pg_temp.tables_with_rows(1)',
              ARRAY['change_log', 'sessions', 'interaction_bid_rows', 'world_tokens'], 'a world has rows in nearly all of them');

-- ---- what a world is compared by, and looked over by ----
CREATE FUNCTION pg_temp.rows_of(relation text, world bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM npcsim.%I WHERE world_id = $1', relation) INTO found USING world;
    RETURN found;
END
$$;
SELECT bag_eq($$SELECT relation, count(*) FROM npcsim.world_rows(1) WHERE relation <> 'world_settings' GROUP BY relation$$,
              $$SELECT name, pg_temp.rows_of(name, 1) FROM states WHERE name IN (SELECT pg_temp.tables_with_rows(1))$$,
              'replays are compared by every row of every table of state');
SELECT is((SELECT count(*) FROM npcsim.world_rows(1) WHERE relation = 'world_settings'), 1::bigint, 'and by what the world is');
SELECT is((SELECT count(*) - count(DISTINCT (relation, key)) FROM npcsim.world_rows(1)), 0::bigint, 'each row has its key');
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'nothing is amiss');
-- A row of each table, of a world that is not there.
SELECT pg_temp.by_hand(VARIADIC ARRAY(SELECT name FROM of_worlds));
CREATE FUNCTION pg_temp.without_lock(of_table regclass, statement text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', of_table);
    EXECUTE statement;
    PERFORM npcsim.guard_tables(), pg_temp.by_hand(VARIADIC ARRAY(SELECT name FROM of_worlds));
END
$$;
SELECT pg_temp.without_lock(s.id, format('INSERT INTO npcsim.%1$I SELECT (jsonb_populate_record(t, ''{"world_id": 77, "npc_id": 9000}'')).* FROM npcsim.%1$I t WHERE world_id = 1 LIMIT 1', s.name)) FROM states s;
SELECT is_empty($$SELECT name FROM states WHERE name IN (SELECT pg_temp.tables_with_rows(77)) AND name NOT IN ('world_clock', 'world_inputs')
                  EXCEPT SELECT relation FROM npcsim.world_faults(77)$$, 'what belongs to no world is found in each, but for inputs, without which a world lives');
SELECT ok((SELECT count(*) >= 12 FROM pg_temp.tables_with_rows(77)), 'there is something to find');
SELECT is((SELECT count(*) FROM npcsim.world_faults(77) WHERE relation = 'world_settings'), 1::bigint, 'besides, the world is missed');

-- ---- a table that nobody has heard of, as a later version may make it ----
CREATE TABLE npcsim.puddles (world_id bigint NOT NULL, place text, layer integer, npc_id bigint, item_id bigint, item_type text, interaction smallint,
                             due_at bigint, depth integer, revision bigint, PRIMARY KEY (layer, world_id, place));
CREATE TABLE npcsim.mine (world_id bigint PRIMARY KEY, note text);
ALTER EXTENSION npcsim ADD TABLE npcsim.puddles;
SELECT npcsim.guard_tables();
SELECT throws_ok($$INSERT INTO npcsim.puddles (world_id, place, layer) VALUES (1, 'here', 1)$$, 'NS110', NULL, 'its rows need the lock of their world');
SELECT throws_ok('TRUNCATE npcsim.puddles', 'NS111', NULL, 'and go with it');
SELECT is_empty($$SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = 'npcsim.mine'::regclass AND tgname LIKE 'require%'$$, 'a table that is no part of npcsim needs no lock');
SELECT pg_temp.without_lock('npcsim.mine', $$INSERT INTO npcsim.mine VALUES (1, 'x'), (77, 'y')$$);
SELECT pg_temp.without_lock('npcsim.puddles', $$INSERT INTO npcsim.puddles
    SELECT 1, 'here', 1, pg_temp.npc('Eve'), i.id, 'apple', 1, 5000000, 3, 7 FROM npcsim.items i WHERE i.world_id = 1 LIMIT 1$$);
SELECT is((SELECT r.content FROM npcsim.world_rows(1) r WHERE relation = 'puddles' AND key = '1 here') - ARRAY['npc_id', 'item_id'],
          '{"place": "here", "layer": 1, "item_type": "apple", "interaction": 1, "due_at": 5000000, "depth": 3}', 'it is compared, by its key and without its revision');
SELECT is_empty($$SELECT FROM npcsim.world_rows(1) WHERE relation = 'mine'$$, 'without what is no part of npcsim');
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'what it is about is there');
SELECT pg_temp.without_lock('npcsim.puddles', $$UPDATE npcsim.puddles SET npc_id = 901, item_id = 902, item_type = 'no "such"', interaction = 903, due_at = NULL$$);
SELECT is((SELECT r.content ? 'due_at' FROM npcsim.world_rows(1) r WHERE relation = 'puddles'), false, 'a moment that there is not is not compared');
SELECT set_eq('SELECT * FROM npcsim.world_faults(1)', $$VALUES ('puddles', '1 here', 'there is no NPC 901'), ('puddles', '1 here', 'there is no item 902'),
              ('puddles', '1 here', 'there is no item type "no "such""'), ('puddles', '1 here', 'there is no interaction type 903')$$, 'or is missed');
SELECT pg_temp.without_lock('npcsim.puddles', $$UPDATE npcsim.puddles SET npc_id = NULL, item_id = NULL, item_type = NULL, interaction = NULL$$);
SELECT is_empty('SELECT * FROM npcsim.world_faults(1)', 'about nothing is about nothing that is missing');
ALTER EXTENSION npcsim DROP TABLE npcsim.puddles;
DROP TABLE npcsim.puddles, npcsim.mine;
SELECT pg_temp.without_lock(s.id, format('DELETE FROM npcsim.%I WHERE world_id = 77', s.name)) FROM states s;

-- ---- what goes with it ----
SELECT npcsim.drop_world(1);
SELECT is_empty('SELECT pg_temp.tables_with_rows(1)', 'and in none of them when it is dropped');
SELECT is((SELECT count(*) FROM npcsim.world_settings WHERE id = 1), 0::bigint, 'nor settings');
SELECT * FROM finish();
ROLLBACK;
