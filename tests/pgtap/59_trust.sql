-- Tests what an NPC may do in the eyes of the built-in mind, what is said of an answer before it is given, and what becomes of players
-- whose answers are dishonest.
BEGIN;
SELECT no_plan();

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT FROM npcsim.create_player(1, 'ada');
SELECT FROM npcsim.create_player(1, 'bo');
SELECT pg_temp.make('Ada', 20, 20), npcsim.create_npc(1, 'Bo', 5, 5, pg_temp.player('bo'));
SELECT npcsim.create_item(1, 'apple', 22, 20) AS near \gset
SELECT npcsim.create_item(1, 'apple', 24, 20) AS far \gset
SELECT npcsim.create_item(1, 'chair', 20, 23) AS chair \gset
UPDATE npcsim.npcs SET hunger = 10, hygiene = 90, fun = 90, energy = 90 WHERE id = pg_temp.npc();

-- ---- what it may do ----
CREATE FUNCTION pg_temp.list(who text DEFAULT 'Ada') RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s %s %s', rank, action ->> 'action', coalesce(action ->> 'target_id', action ->> 'direction', '-'), round(score::numeric, 3)), E'\n' ORDER BY n)
      FROM npcsim.get_reasonable_actions_for_npc(1, pg_temp.npc(who)) WITH ORDINALITY AS t (rank, action, description, score, n)
$$;
SELECT is(pg_temp.list(), format(E'1 consume %s 1.000\n1 consume %s 1.000\n3 wander - 0.500\n4 sit %s 0.666\n5 wait - 0.500\n6 continue - 0.500\n7 move_direction north 0.333\n8 move_direction east 0.222\n9 move_direction south 0.111\n10 move_direction west 0.000', :near, :far, :chair),
          'what serves a low need is best, wherever it is; what it does not need is better than a step, and the last is the worst');
SELECT is((SELECT description FROM npcsim.get_reasonable_actions_for_npc(1, pg_temp.npc()) LIMIT 1), 'consume apple, 2 away, fills hunger', 'it is told in words');
SELECT npcsim.register_gateway('g1');
CREATE FUNCTION pg_temp.connect(who text) RETURNS void
LANGUAGE sql AS $$
    SELECT npcsim.client_connected('g1', pg_temp.player(who), 1, 'compute', 'one');
    SELECT npcsim.update_player_heartbeat(pg_temp.player(who), '{"source": "one", "max_concurrency": 8, "choices": true}')
$$;
SELECT pg_temp.connect('ada');
SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT pg_temp.send();
SELECT results_eq($$SELECT action FROM npcsim.get_reasonable_actions_for_npc(1, pg_temp.npc())$$,
                  $$SELECT jsonb_array_elements(choices) FROM npcsim.decision_slots WHERE npc_id = pg_temp.npc()$$, 'it is the list that minds choose from');
SELECT throws_ok($$SELECT npcsim.get_reasonable_actions_for_npc(1, 999)$$, 'NS201', NULL, 'an NPC must exist');

-- ---- what would be said of an answer ----
CREATE FUNCTION pg_temp.everything() RETURNS text
LANGUAGE sql AS $$
    SELECT concat((SELECT jsonb_agg(t ORDER BY t.world_id) FROM npcsim.world_clock t), (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_states t),
                  (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_tracks t), (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_minds t),
                  (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.decision_slots t), (SELECT jsonb_agg(t ORDER BY t.sequence) FROM npcsim.world_inputs t),
                  (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.player_accounts t), (SELECT count(*) FROM npcsim.decision_log), (SELECT count(*) FROM npcsim.change_log))
$$;
-- Says what validation says and whether that is what submitting says, which is undone.
CREATE FUNCTION pg_temp.verdict_of(player bigint, answer jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    before text := pg_temp.everything();
    said jsonb := npcsim.validate_npc_decision(player, answer);
    done jsonb;
BEGIN
    IF before <> pg_temp.everything() THEN
        RETURN 'it changed something';
    END IF;
    BEGIN
        done := npcsim.submit_npc_decision(player, answer);
        RAISE EXCEPTION 'undone';
    EXCEPTION WHEN raise_exception THEN
        NULL;
    END;
    IF (done ->> 'status', done ->> 'code', done ->> 'reason') IS DISTINCT FROM (said ->> 'status', said ->> 'code', said ->> 'reason') THEN
        RETURN format('%s is said, %s done', said, done);
    END IF;
    RETURN concat_ws(' ', coalesce(said ->> 'failed', 'valid'), said ->> 'status', said ->> 'code', said ->> 'plausibility');
END
$$;
CREATE FUNCTION pg_temp.verdict(answer jsonb, who text DEFAULT 'ada') RETURNS text
LANGUAGE sql AS $$SELECT pg_temp.verdict_of(pg_temp.player(who), answer || jsonb_build_object('request_id', pg_temp.request()))$$;
SELECT is(pg_temp.verdict(answer::jsonb), verdict, answer) FROM (VALUES
    (format('{"action": "consume", "target_id": %s}', :far), 'valid applied 1'),
    (format('{"action": "interact_with", "target_id": %s, "interaction_name": "consume"}', :near), 'valid applied 1'),
    ('{"choice": 4}', 'valid applied 0.666'),
    ('{"action": "move_direction", "direction": "w"}', 'valid applied 0'),
    ('{"action": "wait"}', 'valid applied 0.5'),
    ('{"action": "move_to", "x": 21, "y": 21}', 'valid applied 0.5'),
    ('{"action": "move_to", "x": 4000, "y": 21}', 'physics rejected NS210'),
    ('{"action": "consume", "target_id": 9999}', 'physics rejected NS202 0.5'),
    ('{"action": "cancel_interaction"}', 'physics rejected NS305 0.5'),
    ('{"action": "fly"}', 'shape rejected NS304'),
    ('{"choice": 99}', 'shape rejected NS304'),
    ('{"tokens": -1, "action": "wait"}', 'shape rejected NS304')) AS answers (answer, verdict);
SELECT is(pg_temp.verdict('{"action": "wait"}', 'bo'), 'authority rejected NS303', 'who was not asked is told so');
SELECT is(pg_temp.verdict_of(9007199254740991, '{"request_id": 1, "action": "wait"}'), 'authority rejected NS203', 'as is nobody');
SELECT is(pg_temp.verdict_of(pg_temp.player(), '[]'), 'shape rejected NS304', 'and who says nothing');
SELECT is(npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', pg_temp.request(), 'action', 'wait')) ->> 'status', 'applied', 'afterwards the answer itself is taken');
SELECT is(pg_temp.verdict('{"action": "wait"}'), 'authority duplicate', 'another one would be one too many');
SELECT is(pg_temp.at(), '20,20 waiting', 'and the world is as it was');

SELECT * FROM finish();
ROLLBACK;
