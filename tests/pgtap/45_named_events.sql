-- Tests events that tell what came in the way of decisions: what does not hold any more, who found something taken, who goes another way,
-- and who lends no compute for a while.
BEGIN;
SELECT no_plan();
\ir lib/minds.sql
SELECT pg_temp.by_hand('compute_sources', 'player_accounts');

CREATE FUNCTION pg_temp.events(wanted text) RETURNS TABLE (npc bigint, target bigint, data jsonb) LANGUAGE sql AS $$
    SELECT npc_id, target_id, data FROM npcsim.world_events WHERE world_id = 1 AND kind = wanted ORDER BY sequence
$$;
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'bo');
SELECT npcsim.register_gateway('g1'), npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"max_concurrency": 8}');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT pg_temp.make('Ada', 5, 5), pg_temp.make('Eve', 20, 20);

-- ---- another way ----
SELECT is(pg_temp.tell('Ada', '{"action": "move_to", "x": 20, "y": 5}'), 'applied', 'Ada sets out');
SELECT npcsim.tick_world(1, 1);
SELECT is_empty($$SELECT * FROM pg_temp.events('path_recalculated')$$, 'nothing is in her way');
SELECT npcsim.set_terrain(1, 12, 3, true, 1, 5);
SELECT results_eq($$SELECT * FROM pg_temp.events('path_recalculated')$$, $$VALUES (pg_temp.npc(), NULL::bigint, NULL::jsonb)$$, 'a new wall is, and she goes another way');
SELECT npcsim.set_terrain(1, 10, 0, true, 1, 30);
SELECT is((SELECT count(*) FROM pg_temp.events('path_recalculated')), 1::bigint, 'once for each walk');
SELECT is((SELECT data ->> 'status' FROM pg_temp.events('npc_stopped')), 'stopped_short', 'then she stops');
SELECT npcsim.set_terrain(1, 10, 0, false, 3, 30);

-- ---- what does not hold any more ----
SELECT is_empty($$SELECT * FROM pg_temp.events('decision_invalidated')$$, 'no plan was made');
SELECT npcsim.create_item(1, 'chair', 22, 20) AS chair, npcsim.create_item(1, 'apple', 21, 21) AS apple \gset
SELECT is(pg_temp.tell('Eve', jsonb_build_object('action', 'wait', 'duration', 1, 'then', jsonb_build_array(jsonb_build_object('action', 'consume', 'target_id', :apple)))), 'applied', 'Eve has a plan');
SELECT npcsim.remove_item(1, :apple), npcsim.tick_world(1, 2);
SELECT results_eq($$SELECT npc, data ? 'reason' FROM pg_temp.events('decision_invalidated')$$, $$VALUES (pg_temp.npc('Eve'), true)$$, 'a step of which fails');
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Eve')) AS asked \gset
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', :asked, 'action', 'wait', 'duration', 1)) ->> 'status', 'applied', 'an answer that fits is carried out');
SELECT is((SELECT count(*) FROM pg_temp.events('decision_invalidated')), 1::bigint, 'and tells nothing');
SELECT npcsim.tick_world(1, 2);
SELECT is(pg_temp.tell('Eve', '{"action": "wait", "duration": 2}'), 'applied', 'Eve waits');
SELECT npcsim.request_npc_decision(1, pg_temp.npc('Eve')) AS asked \gset
SELECT npcsim.tick_world(1, 3);
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', :asked, 'action', 'continue')) ->> 'reason', 'moot: the state it was given for has passed', 'an answer about what has passed');
SELECT results_eq($$SELECT data ->> 'reason' FROM pg_temp.events('decision_invalidated') OFFSET 1$$, $$VALUES ('the state it was given for has passed')$$, 'is told');

-- ---- taken ----
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'move_to', 'x', 24, 'y', 20)), 'applied', 'Ada comes near');
SELECT npcsim.tick_world(1, 20);
SELECT is(pg_temp.tell('Ada', jsonb_build_object('action', 'sit', 'target_id', :chair)), 'applied', 'both want the chair');
SELECT is(pg_temp.tell('Eve', jsonb_build_object('action', 'sit', 'target_id', :chair)), 'applied', 'which is free still');
SELECT npcsim.tick_world(1, 5);
SELECT results_eq($$SELECT count(*), bool_and(target = $$ || :chair || $$), min(data ->> 'wanted') FROM pg_temp.events('interaction_conflict')$$, $$VALUES (1::bigint, true, 'sit')$$, 'one of them finds it taken');
SELECT ok((SELECT data ->> 'reason' <> '' FROM pg_temp.events('interaction_conflict')), 'with the reason');

-- ---- suspended, and back ----
CREATE TEMP VIEW told AS
SELECT kind, player_id, data - 'username' AS data FROM npcsim.world_events WHERE world_id = 1 AND kind IN ('source_suspended', 'source_back') ORDER BY sequence;
SELECT is(npcsim_internal.tell_suspensions(), 0::bigint, 'nobody was suspended');
SELECT npcsim.ban_player_temporarily(pg_temp.player(), '1 hour', 'noise') IS NOT NULL AS suspended;
SELECT is_empty('SELECT * FROM told', 'who was is told by workers');
SELECT is(npcsim_internal.tell_suspensions(), 1::bigint, 'in its world');
SELECT is(npcsim_internal.tell_suspensions(), 0::bigint, 'once');
SELECT results_eq('SELECT kind, player_id FROM told', $$VALUES ('source_suspended', pg_temp.player())$$, 'the reason is not for everybody');
SELECT npcsim.ban_player_temporarily(pg_temp.player(), '0');
SELECT is(npcsim_internal.tell_suspensions(), 1::bigint, 'and that it is back');
SELECT results_eq('SELECT kind, player_id FROM told OFFSET 1', $$VALUES ('source_back', pg_temp.player())$$, 'by an operator''s hand');
SELECT npcsim.ban_player_temporarily(pg_temp.player(), '1 hour') IS NOT NULL AS suspended, npcsim_internal.tell_suspensions();
SET npcsim.market_time = '2100-01-01 00:00+00';
SELECT is(npcsim_internal.tell_suspensions(), 1::bigint, 'or when its time is over');
RESET npcsim.market_time;
UPDATE npcsim.player_accounts SET suspended_until_real = NULL;
SELECT is((SELECT count(*) FROM told), 4::bigint, 'each time');
UPDATE npcsim.compute_sources SET state = 'suspended';
SELECT npcsim_internal.tell_suspensions();
SELECT results_eq('SELECT kind, player_id, (data ->> $$source_id$$)::bigint FROM told OFFSET 4', $$SELECT 'source_suspended', pg_temp.player(), id FROM npcsim.compute_sources$$, 'of one source it is told which');

-- ---- a replay tells the same, but for what is no state ----
SELECT npcsim.replay_world(1) AS replay \gset
SELECT is_empty(format('SELECT * FROM npcsim.world_differences(1, %s)', :replay), 'a replay lives through the same');
SELECT results_eq(format($$SELECT kind, npc_id, data FROM npcsim.world_events WHERE world_id = %s AND kind IN ('decision_invalidated', 'interaction_conflict', 'path_recalculated') ORDER BY sequence$$, :replay),
                  $$SELECT kind, npc_id, data FROM npcsim.world_events WHERE world_id = 1 AND kind IN ('decision_invalidated', 'interaction_conflict', 'path_recalculated') ORDER BY sequence$$, 'with the same events');

SELECT * FROM finish();
ROLLBACK;
