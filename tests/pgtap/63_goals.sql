-- Tests that what an NPC walks to do is completely in the rows: a session that reads the world anew, such as a new worker, goes on with it.
BEGIN;
SELECT plan(5);
SELECT npcsim.create_world('Way', 40, 30, 1, preset => 'reference'), npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT npcsim.create_npc(1, 'Ada', 2, 2, player_id) AS ada FROM ada \gset
SELECT npcsim.create_npc(1, 'Bo', 20, 2) AS bo, npcsim.create_npc(1, 'Cy', 20, 4) AS cy \gset
SELECT is(npcsim.submit_npc_decision(player_id, jsonb_build_object('request_id', npcsim.request_npc_decision(1, :ada),
              'action', 'interact_with', 'interaction', 'conversation', 'target_id', :bo, 'participants', jsonb_build_array(:cy),
              'parameters', '{"message": "Good morning, you two!"}'::jsonb)) ->> 'status', 'applied', 'Ada goes to say something to Bo and Cy')
  FROM ada;
SELECT npcsim.tick_world(1, 1);
SELECT npcsim.define_item_type(1, 'stone', '{}'); -- the image is read anew
SELECT lives_ok('SELECT npcsim.tick_world(1, 10)', 'she arrives');
SELECT is((SELECT invited_npc_ids FROM npcsim.interaction_bid_rows WHERE world_id = 1 UNION ALL
           SELECT participants[2:] FROM npcsim.interaction_runs WHERE world_id = 1), ARRAY[:bo, :cy]::bigint[], 'and invites both');
SELECT is((SELECT goal_terms FROM npcsim.npc_minds WHERE world_id = 1 AND npc_id = :ada), NULL, 'and has no more to do there');
SELECT npcsim.tick_world(1, 1);
SELECT is((SELECT text FROM npcsim.messages WHERE world_id = 1 AND npc_id = :ada ORDER BY sequence LIMIT 1), 'Good morning, you two!',
          'they hear what she came to say');
SELECT * FROM finish();
ROLLBACK;
