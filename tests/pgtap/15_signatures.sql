-- Tests that public functions keep the names of their arguments, and can be called by position and by name.
BEGIN;
SELECT no_plan();

CREATE TEMP TABLE promised (function text, arguments text[], required integer);
INSERT INTO promised VALUES
    ('create_world', '{name,size_x,size_y,seed,tick_rate,preset}', 3),
    ('drop_world', '{world_id}', 1),
    ('start_world', '{world_id}', 1),
    ('pause_world', '{world_id}', 1),
    ('set_world_speed', '{world_id,speed}', 2),
    ('tick_world', '{world_id,dt}', 2),
    ('populate_world', '{world_id,npcs}', 2),
    ('create_npc', '{world_id,name,x,y}', 4),
    ('remove_npc', '{world_id,npc_id}', 2),
    ('create_item', '{world_id,item_type,x,y,properties}', 4),
    ('remove_item', '{world_id,item_id}', 2),
    ('set_terrain', '{world_id}', 3),
    ('create_player', '{world_id,username,role,person}', 2),
    ('rotate_player_token', '{player_id}', 1),
    ('assign_npc_to_player', '{world_id,npc_id,player_id}', 3),
    ('request_npc_decision', '{world_id,npc_id}', 2),
    ('claim_decisions', '{gateway_id,session_ids,free_slots}', 3),
    ('submit_npc_decision', '{player_id,decision}', 2),
    ('submit_npc_decisions', '{player_ids,decisions}', 2),
    ('update_player_heartbeat', '{player_id,heartbeat}', 2),
    ('update_player_camera', '{player_id,min_x,min_y,max_x,max_y}', 5),
    ('lock_world', '{world_id}', 1),
    ('adopt_worlds', '{}', 0),
    ('set_decision_policy', '{world_id,policy}', 2),
    ('world_snapshot', '{world_id}', 1),
    ('world_delta', '{world_id,since,epoch}', 2),
    ('replay_world', '{world_id,until,name}', 1),
    ('world_differences', '{world_id,other_world_id}', 2);

-- Further arguments come after them, and have defaults.
SELECT is((SELECT string_agg(p.required || ' of ' || coalesce(array_to_string(p.proargnames[1:cardinality(arguments)], ', '), ''), '; ')
             FROM (SELECT proargnames, pronargs - pronargdefaults AS required FROM pg_proc
                    WHERE pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace) AND proname = promised.function) AS p),
          required || ' of ' || array_to_string(arguments, ', '),
          function || ' is there once, with its arguments, and needs no others')
  FROM promised;
SELECT is_empty($$SELECT p.proname FROM pg_proc p WHERE p.pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace)
                     AND EXISTS (SELECT FROM generate_series(1, p.pronargs) AS a (n) WHERE coalesce(p.proargnames[a.n], '') = '')$$,
                'no argument of any function is without a name');

-- ---- and what they return ----
SELECT is(npcsim.create_world(name => 'Named', size_x => 20, size_y => 16, seed => 3), 1::bigint, 'create_world: the id');
SELECT is((SELECT status || ' ' || clock FROM npcsim.worlds), 'paused 0', 'of a world that is paused, its clock at 0');
CREATE TEMP TABLE made AS
    SELECT npcsim.create_npc(world_id => 1, name => 'Ada', x => 3, y => 3) AS npc,
           npcsim.create_item(world_id => 1, item_type => 'apple', x => 5, y => 3, properties => '{}') AS item, p.player_id, p.token
      FROM npcsim.create_player(world_id => 1, username => 'ada', role => 'player') AS p;
SELECT is((SELECT npc FROM made), (SELECT id FROM npcsim.npcs), 'create_npc: the id');
SELECT is((SELECT item FROM made), (SELECT id FROM npcsim.world_items), 'create_item: the id');
SELECT results_eq('SELECT a.player_id FROM made, npcsim.authenticate(token => made.token) AS a', 'SELECT id FROM npcsim.players',
                  'create_player: the id and a token');
SELECT is(npcsim.tick_world(world_id => 1, dt => 0.25), 0.25::float8, 'tick_world: the clock');
SELECT lives_ok($$SELECT npcsim.set_terrain(world_id => 1, x => 1, y => 1)$$, 'set_terrain');
SELECT lives_ok($$SELECT npcsim.assign_npc_to_player(world_id => 1, npc_id => (SELECT id FROM npcsim.npcs), player_id => (SELECT id FROM npcsim.players))$$, 'assign_npc_to_player');
SELECT isnt(npcsim.request_npc_decision(world_id => 1, npc_id => (SELECT id FROM npcsim.npcs)), NULL, 'request_npc_decision: the request''s id');
SELECT is(npcsim.submit_npc_decision(player_id => (SELECT id FROM npcsim.players),
              decision => jsonb_build_object('request_id', (SELECT request_id FROM npcsim.decision_requests), 'action', 'wait')) ->> 'status',
          'applied', 'submit_npc_decision: the decision_result');
SELECT is(npcsim.world_snapshot(world_id => 1) ->> 'revision', (SELECT revision::text FROM npcsim.worlds), 'world_snapshot');
SELECT is(npcsim.world_delta(world_id => 1, since => 0)::jsonb -> 'since', '0', 'world_delta, of the present epoch');
SELECT lives_ok($$SELECT npcsim.set_decision_policy(world_id => 1, policy => 'interval'), npcsim.set_world_speed(world_id => 1, speed => 2)$$, 'settings');
SELECT lives_ok($$SELECT npcsim.remove_item(world_id => 1, item_id => (SELECT id FROM npcsim.world_items)), npcsim.remove_npc(world_id => 1, npc_id => (SELECT id FROM npcsim.npcs))$$, 'what was made is removed');

SELECT * FROM finish();
ROLLBACK;
