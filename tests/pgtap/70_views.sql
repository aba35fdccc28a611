-- Tests that the views show the world as of now: walkers between cells, needs on their way; and that every object has a comment.
BEGIN;
SELECT plan(30);
\ir lib/by_hand.sql
SELECT pg_temp.by_hand('world_clock');

SELECT npcsim.create_world('Meadow', 40, 20, 5, preset => 'reference');
SELECT npcsim.create_npc(1, 'Ada', 2, 2), npcsim.create_npc(1, 'Bo', 30, 10);
SELECT npcsim.create_item(1, 'apple', 8, 2);
SELECT npcsim.set_decision_policy(1, 'none');

-- ---- the columns that were promised ----
SELECT columns_are_there.* FROM (VALUES
    ('worlds', '{id,name,size_x,size_y,tick_rate,max_players,min_tokens_per_npc_per_day,created_at,owner_player_id,status,clock,speed,revision}'::name[]),
    ('npcs', '{world_id,id,name,controller_player_id,position_x,position_y,position,hunger,hygiene,fun,energy,state,last_decision_time,decision_pending}'),
    ('players', '{id,world_id,username,daily_token_output,controlled_npc_count,last_heartbeat,status}'),
    ('world_items', '{id,world_id,item_type,position_x,position_y,position,properties,occupied_by_npc_id}'),
    ('interactions', '{id,world_id,initiator_npc_id,target_type,target_id,interaction_type,started_at,data}'),
    ('item_types', '{world_id,name,description,components}'),
    ('interaction_types', '{world_id,name,description}'),
    ('decision_requests', '{world_id,npc_id,request_id,player_id,reason,status}'),
    ('decision_log', '{world_id,npc_id,request_id,player_id,reason,status,code,detail,decision,tokens,clock}'),
    ('world_status', '{world_id,worker_pid,ticks,late_ticks,tick_ms_p50,tick_ms_p99,blocked_by_pid,last_error,last_error_at_real}')) AS v (name, columns)
 CROSS JOIN LATERAL (SELECT is_empty(
    format('SELECT unnest(%L::name[]) EXCEPT SELECT column_name::name FROM information_schema.columns WHERE table_schema = ''npcsim'' AND table_name = %L',
           v.columns, v.name), v.name || ' has its columns')) AS columns_are_there;

-- ---- walking: the hungry NPC goes to the apple six cells away ----
UPDATE npcsim.npcs SET hunger = 30 WHERE name = 'Ada';
SELECT npcsim.request_npc_decision(1, (SELECT id FROM npcsim.npcs WHERE name = 'Ada'));
SELECT is((SELECT state FROM npcsim.npcs WHERE name = 'Ada'), 'moving', 'a hungry NPC walks to the apple');
SELECT is((SELECT target_id FROM npcsim.npcs WHERE name = 'Ada'), (SELECT id FROM npcsim.world_items), 'which is its target');
CREATE TEMP TABLE track AS SELECT ctid AS place, * FROM npcsim.npc_tracks WHERE npc_id = (SELECT id FROM npcsim.npcs WHERE name = 'Ada');
SELECT npcsim.tick_world(1, 0.3);
SELECT results_eq($$SELECT round(position_x::numeric, 6), position_y FROM npcsim.npcs WHERE name = 'Ada'$$,
                  $$VALUES (3.2, 2::float8)$$, 'after 0.3 s at 4 cells a second it is 1.2 cells further');
SELECT ok((SELECT ST_Distance(position, ST_MakePoint(position_x, position_y)) = 0 FROM npcsim.npcs WHERE name = 'Ada'), 'so is the point');
SELECT npcsim.tick_world(1, 0.5);
SELECT is((SELECT round(position_x::numeric, 6) FROM npcsim.npcs WHERE name = 'Ada'), 5.2, 'and so on');
SELECT is((SELECT ctid FROM npcsim.npc_tracks WHERE npc_id = (SELECT npc_id FROM track)), (SELECT place FROM track), 'without a row being written');
SELECT results_eq($$SELECT name FROM npcsim.npcs WHERE ST_DWithin(position, ST_MakePoint(5, 2), 0.5)$$, $$VALUES ('Ada')$$,
                  'it is found where it is');

-- ---- a reader does not look past a row's own next event ----
UPDATE npcsim.world_clock SET clock = 50000000 WHERE world_id = 1;
SELECT ok((SELECT position_x <= 7 FROM npcsim.npcs WHERE name = 'Ada'), 'whatever the clock, a walker is shown on its leg');
SELECT ok((SELECT hunger > 20 FROM npcsim.npcs WHERE name = 'Ada'), 'and its needs as of its next event');
UPDATE npcsim.world_clock SET clock = 800000 WHERE world_id = 1;

-- ---- a walk is a path, also for its end ----
SELECT npcsim.tick_world(1, 1);
SELECT is((SELECT state FROM npcsim.npcs WHERE name = 'Ada'), 'interacting', 'arrived, it eats');
SELECT results_eq($$SELECT position_x, position_y FROM npcsim.npcs WHERE name = 'Ada'$$, $$VALUES (7::float8, 2::float8)$$, 'on the cell beside the apple');
UPDATE npcsim.npcs SET position_x = 20, position_y = 5 WHERE name = 'Ada';
SELECT results_eq($$SELECT state, interaction_id FROM npcsim.npcs WHERE name = 'Ada'$$, $$VALUES ('idle', NULL::bigint)$$,
                  'put elsewhere it stops eating');
SELECT is((SELECT occupied_by_npc_id FROM npcsim.world_items), NULL, 'and the apple is free');

-- ---- needs in each other's way: one snapshot, one now ----
SELECT is((SELECT count(DISTINCT last_decision_time) FROM npcsim.npcs WHERE name = 'Ada'), 1::bigint, 'the last decision has a time');
SELECT ok((SELECT status IN ('paused') AND clock = 1.8 FROM npcsim.worlds), 'a world shows its clock in seconds');

-- ---- what there is, is explained ----
SELECT is_empty($$SELECT p.proname FROM pg_proc p WHERE p.pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL$$,
                'every function has a comment');
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                     AND NOT c.relispartition AND obj_description(c.oid, 'pg_class') IS NULL$$, 'every table and view has one');
SELECT is_empty($$SELECT p.proname FROM pg_proc p WHERE p.pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace)
                     AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))$$,
                'no function may be executed by everybody');
SELECT is_empty($$SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'npcsim'::regnamespace AND a.grantee = 0$$,
                'and no table is anybody''s');
SELECT is_empty($$SELECT p.proname FROM pg_proc p WHERE p.pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace) AND p.prosecdef
                     AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search\_path=%')$$,
                'who acts with its owner''s rights pins its search_path');

SELECT * FROM finish();
ROLLBACK;
