-- Tests the log of what minds were told, and what is told of a decision.
BEGIN;
SELECT no_plan();
\ir lib/minds.sql
SELECT pg_temp.by_hand('decision_slots', 'player_accounts', 'world_clock', 'observation_log');

SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.create_player(1, 'ada'), npcsim.create_player(1, 'bo');
SELECT npcsim.register_gateway('g1'), npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
CREATE OR REPLACE FUNCTION pg_temp.present(slots integer DEFAULT 8) RETURNS void LANGUAGE sql AS $$
    SELECT npcsim.update_player_heartbeat(id, jsonb_build_object('max_concurrency', slots, 'choices', true)) FROM npcsim.players
     WHERE world_id = 1 AND id IN (SELECT player_id FROM npcsim.sessions WHERE NOT ended)
$$;
SELECT pg_temp.present();
SELECT pg_temp.make('Ada', 5, 5), pg_temp.make('Eve', 9, 9), npcsim.create_item(1, 'chair', 6, 5) AS chair, npcsim.create_item(1, 'apple', 5, 7) AS apple \gset
SELECT npcsim.tick_world(1, 0.1);
-- Claims what is open, and keeps what it was given.
CREATE TEMP TABLE given (request_id bigint, body jsonb);
CREATE OR REPLACE FUNCTION pg_temp.send() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    INSERT INTO given SELECT c.request_id, c.body::jsonb FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 8 FROM npcsim.sessions)) c;
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
END
$$;
CREATE FUNCTION pg_temp.ask(who text DEFAULT 'Ada') RETURNS bigint LANGUAGE sql AS $$SELECT npcsim.request_npc_decision(1, pg_temp.npc(who))$$;

-- ---- a question, from its opening to what came of it ----
SELECT pg_temp.ask() AS first, pg_temp.ask('Eve') AS other \gset
SELECT is(npcsim.explain_decision(1, :first) ->> 'status', 'open', 'a question that is open');
SELECT is(npcsim.explain_decision(1, :first) -> 'told', '[]', 'its mind was told nothing yet');
SELECT pg_temp.send();
SELECT is((SELECT count(*) FROM npcsim.observation_log), 1::bigint, 'a claim makes one row');
SELECT is((SELECT array_agg(r ORDER BY r) FROM npcsim.observation_log, unnest(request_ids) AS r), ARRAY[least(:first, :other), greatest(:first, :other)]::bigint[], 'of all it handed out');
SELECT is(npcsim.explain_decision(1, g.request_id) #> '{told,0,observations}', g.body -> 'observations', 'what a mind was told is kept word for word') FROM given g;
SELECT is(npcsim.explain_decision(1, :first) #>> '{told,0,player_id}', pg_temp.player()::text, 'and whose it is');
SELECT is(npcsim.explain_decision(1, :first) ->> 'status', 'sent', 'it was sent');
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', :first, 'action', 'sit', 'target_id', :chair, 'tokens', 12)) ->> 'status', 'applied', 'an answer');
SELECT npcsim.tick_world(1, 1);
SELECT is((npcsim.explain_decision(1, :first) #> '{answers,0}') - '{sent_at_real,finished_at_real,plausibility,npc_seconds,clock,source_id,source}'::text[],
          jsonb_build_object('status', 'applied', 'code', NULL, 'detail', NULL, 'player_id', pg_temp.player(), 'tokens', 12, 'cost', 0,
                             'decision', jsonb_build_object('request_id', :first, 'action', 'sit', 'target_id', :chair, 'tokens', 12)), 'the answer and the verdict');
SELECT is((npcsim.explain_decision(1, :first) #>> '{answers,0,plausibility}')::double precision, (SELECT plausibility / 1000::double precision FROM npcsim.decision_log WHERE request_id = :first), 'how plausible it was');
SELECT is((npcsim.explain_decision(1, :first) #>> '{answers,0,npc_seconds}')::double precision, (SELECT credit_us / 1000000::double precision FROM npcsim.decision_log WHERE request_id = :first), 'what it was paid');
SELECT is(npcsim.explain_decision(1, :first) #>> '{did,0,kind}', 'interaction_started', 'and what the NPC did');
SELECT is(npcsim.explain_decision(1, :first) #>> '{did,0,target_id}', :'chair', 'with what');
SELECT is(npcsim.explain_decision(1, :first) ->> 'status', 'closed', 'it is closed');
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', :other, 'action', 'fly')) ->> 'status', 'rejected', 'an answer that is refused');
SELECT is((npcsim.explain_decision(1, :other) #>> '{answers,0,code}'), 'NS304', 'is told with its code');
SELECT is(npcsim.explain_decision(1, :other) -> 'did', 'null', 'and did nothing');

-- ---- what it did ends with the next decision ----
SELECT npcsim.tick_world(1, 4);
SELECT pg_temp.ask() AS second \gset
SELECT pg_temp.send();
SELECT npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', :second, 'action', 'cancel_interaction'));
SELECT is((SELECT array_agg(e ->> 'kind' ORDER BY n) FROM jsonb_array_elements(npcsim.explain_decision(1, :first) -> 'did') WITH ORDINALITY AS d (e, n)), '{interaction_started}', 'what the next one did is not the first one''s');
SELECT is((SELECT array_agg(e ->> 'kind' ORDER BY n) FROM jsonb_array_elements(npcsim.explain_decision(1, :second) -> 'did') WITH ORDINALITY AS d (e, n)), '{interaction_cancelled}', 'but its own');

-- ---- taken back and asked again ----
SELECT npcsim.tick_world(1, 4);
SELECT pg_temp.ask() AS third \gset
SELECT pg_temp.send();
SELECT npcsim.client_disconnected(id) FROM npcsim.sessions;
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
SELECT pg_temp.send();
SELECT is(jsonb_array_length(npcsim.explain_decision(1, :third) -> 'told'), 2, 'what was asked twice was told twice');
SELECT is(npcsim.explain_decision(1, :third) #>> '{answers,0,status}', 'cut_off', 'and why');
SELECT is((SELECT array_agg(request_id) FROM npcsim.explain_npc_decisions(1, pg_temp.npc(), 3)), ARRAY[:third, :third, :second]::bigint[], 'the last decisions of an NPC, the latest first');
SELECT is((SELECT count(*) FROM npcsim.explain_npc_decisions(1, pg_temp.npc())), 4::bigint, 'as many as are known');

-- ---- for the player alone ----
SELECT is(npcsim.call_reducer(pg_temp.player(), 'explain_decision', jsonb_build_object('request_id', :first))::jsonb #> '{value,told,0,observations}',
          (SELECT body -> 'observations' FROM given WHERE request_id = :first), 'a player is told what it was told');
SELECT is(npcsim.call_reducer(pg_temp.player('bo'), 'explain_decision', jsonb_build_object('request_id', :first))::jsonb #>> '{error,code}', 'NS301', 'but not what another was');
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[:third], ARRAY['no']);
SELECT npcsim.assign_npc_to_player(1, pg_temp.npc(), pg_temp.player('bo')), npcsim.client_connected('g1', pg_temp.player('bo'), 1, 'compute') IS NOT NULL AS connected;
SELECT pg_temp.present();
SELECT npcsim.tick_world(1, 4);
SELECT pg_temp.ask() AS fourth \gset
SELECT pg_temp.send();
SELECT is(npcsim.call_reducer(pg_temp.player('bo'), 'explain_decision', jsonb_build_object('request_id', :fourth))::jsonb #>> '{value,npc_id}', pg_temp.npc()::text, 'its own it is told');
SELECT is(npcsim.call_reducer(pg_temp.player(), 'explain_decision', jsonb_build_object('request_id', :fourth))::jsonb #>> '{error,code}', 'NS301', 'which the former player was not asked');

-- ---- how much is kept ----
SELECT is((SELECT observation_log_bytes FROM npcsim.worlds WHERE id = 1), 67108864::bigint, 'a world keeps 64 MiB');
SELECT npcsim.prune_logs() IS NOT NULL AS pruned;
SELECT is((SELECT count(*) FROM npcsim.observation_log), 5::bigint, 'within which nothing is dropped');
SELECT sum(pg_column_size(told) + 8 * cardinality(npc_ids) + 160) AS two FROM (SELECT * FROM npcsim.observation_log ORDER BY at_real DESC LIMIT 2) AS l \gset
UPDATE npcsim.worlds SET observation_log_bytes = :two WHERE id = 1;
SELECT npcsim.prune_logs() IS NOT NULL AS pruned;
SELECT is((SELECT array_agg(r ORDER BY at_real) FROM npcsim.observation_log, unnest(request_ids) AS r WHERE r IN (:first, :second, :third, :fourth)), ARRAY[:third, :fourth]::bigint[], 'the oldest are dropped, and no more than are too many');
SELECT is(npcsim.explain_decision(1, :first) -> 'told', '[]', 'what was told is forgotten');
SELECT is(npcsim.explain_decision(1, :first) #>> '{answers,0,status}', 'applied', 'what was answered is not');
UPDATE npcsim.worlds SET observation_log_bytes = 1000000000000 WHERE id = 1;
SELECT npcsim.prune_logs() IS NOT NULL AS pruned;
SELECT is((SELECT count(*) FROM npcsim.observation_log), 2::bigint, 'a world may keep very much');
UPDATE npcsim.worlds SET observation_log_bytes = 0 WHERE id = 1;
SELECT npcsim.tick_world(1, 4);
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player('bo')], ARRAY[:fourth], ARRAY['no']), pg_temp.ask() AS fifth \gset
SELECT pg_temp.send();
SELECT is((SELECT count(*) FROM npcsim.observation_log), 2::bigint, 'or nothing: claims add no row');
SELECT is(npcsim.explain_decision(1, :fifth) ->> 'status', 'sent', 'what was asked is known all the same');
SELECT npcsim.prune_logs() IS NOT NULL AS pruned;
SELECT is_empty('SELECT FROM npcsim.observation_log', 'and what there was goes');
SELECT throws_ok(format('UPDATE npcsim.worlds SET observation_log_bytes = %s WHERE id = 1', n), code, NULL, 'no world keeps ' || n)
  FROM (VALUES ('-1', '22003'), ('1000000000001', '22003'), ('NULL', '22004'), ('9223372036854775807', '22003')) AS t (n, code);

-- ---- worlds that are gone ----
UPDATE npcsim.worlds SET observation_log_bytes = 1000000 WHERE id = 1;
SELECT npcsim.create_world('Hill', 30, 30, 5);
INSERT INTO npcsim.observation_log (world_id, at_real, clock, npc_ids, told) VALUES (1, now(), 0, '{1}', '{}'), (2, now(), 0, '{1}', '{}'), (77, now(), 0, '{1}', '{}');
SELECT npcsim.drop_world(2);
SELECT is((SELECT array_agg(world_id ORDER BY world_id) FROM npcsim.observation_log), '{1,77}', 'with a world goes what its minds were told');
SELECT npcsim.prune_logs() IS NOT NULL AS pruned;
SELECT is((SELECT array_agg(world_id ORDER BY world_id) FROM npcsim.observation_log), '{1}', 'or, if somebody put it there, later');

-- ---- refusals ----
SELECT throws_ok('SELECT npcsim.explain_decision(99, 1)', 'NS101', NULL, 'no such world');
SELECT throws_ok('SELECT npcsim.explain_decision(1, 99999)', 'NS301', NULL, 'no such request');
SELECT throws_ok(format('SELECT npcsim.explain_decision(1, %s)', pg_temp.npc()), 'NS301', NULL, 'the id of something else');
SELECT throws_ok('SELECT npcsim.explain_decision(1, NULL)', '22004', NULL, 'no request');
SELECT throws_ok('SELECT npcsim.explain_decision(1, 9223372036854775807)', '22003', NULL, 'an id that none can be');
SELECT throws_ok('SELECT * FROM npcsim.explain_npc_decisions(1, 1, -1)', '2201W', NULL, 'fewer than none');

SELECT * FROM finish();
ROLLBACK;
