-- Tests how plausible answers were, which is logged: by what the NPC might do when its mind was asked, whether that wanted a list or not.
BEGIN;
SELECT no_plan();

\ir lib/minds.sql
SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT npcsim.set_decision_policy(1, 'none');
SELECT FROM npcsim.create_player(1, 'ada');
SELECT pg_temp.make('Ada', 20, 20);
SELECT npcsim.create_item(1, 'apple', 22, 20) AS near \gset
SELECT npcsim.create_item(1, 'apple', 24, 20) AS far \gset
SELECT npcsim.create_item(1, 'chair', 20, 23) AS chair \gset
UPDATE npcsim.npcs SET hunger = 10, hygiene = 90, fun = 90, energy = 90 WHERE id = pg_temp.npc();
SELECT npcsim.register_gateway('g1');
SELECT npcsim.client_connected('g1', pg_temp.player(), 1, 'compute', 'one');

CREATE FUNCTION pg_temp.ask(choices boolean) RETURNS void
LANGUAGE sql AS $$
    SELECT npcsim.update_player_heartbeat(pg_temp.player(), jsonb_build_object('source', 'one', 'max_concurrency', 8, 'choices', choices, 'observations', true));
    SELECT npcsim.request_npc_decision(1, pg_temp.npc());
    SELECT pg_temp.send()
$$;
CREATE FUNCTION pg_temp.logged() RETURNS text
LANGUAGE sql AS $$SELECT concat_ws(' ', status, code, coalesce(plausibility::text, '-')) FROM npcsim.decision_log ORDER BY finished_at_real DESC LIMIT 1$$;
-- Answers, says what is logged of it, and undoes it.
CREATE FUNCTION pg_temp.logged_of(answer jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    said text;
BEGIN
    BEGIN
        PERFORM npcsim.submit_npc_decision(pg_temp.player(), answer || jsonb_build_object('request_id', pg_temp.request()));
        said := pg_temp.logged();
        RAISE EXCEPTION 'undone';
    EXCEPTION WHEN raise_exception THEN
        RETURN said;
    END;
END
$$;

-- ---- by what there was when it was asked ----
CREATE TABLE pg_temp.answers (answer text, logged text);
INSERT INTO answers VALUES
    (format('{"action": "consume", "target_id": %s}', :far), 'applied 1000'),
    (format('{"action": "interact_with", "target_id": %s, "interaction_name": "consume"}', :near), 'applied 1000'),
    (format('{"action": "sit", "target_id": %s}', :chair), 'applied 666'),
    ('{"action": "move_direction", "direction": "north"}', 'applied 333'),
    ('{"action": "move_direction", "direction": "w"}', 'applied 0'),
    ('{"action": "wait"}', 'applied 500'),
    ('{"action": "wander"}', 'applied 500'),
    ('{"action": "continue"}', 'applied 500'),
    ('{"action": "move_to", "x": 21, "y": 21}', 'applied 500'),
    ('{"action": "consume", "target_id": 9999}', 'rejected NS202 500'),
    ('{"action": "respond_to_bid", "bid_id": 9, "response": "accept"}', 'rejected NS304 -'),
    ('{"action": "move_direction", "direction": "west", "then": [{"action": "fly"}]}', 'rejected NS304 -'),
    ('{"action": "fly"}', 'rejected NS304 -'),
    ('[]', NULL);
SELECT pg_temp.ask(false);
SELECT is((SELECT choices FROM npcsim.decision_slots WHERE npc_id = pg_temp.npc()), NULL, 'no list was asked for');
SELECT is(pg_temp.logged_of(answer::jsonb), logged, 'without a list: ' || answer) FROM answers WHERE answer <> '[]';
UPDATE npcsim.npcs SET hunger = 90, fun = 10 WHERE id = pg_temp.npc();
DELETE FROM npcsim.world_items WHERE world_id = 1 AND id = :near;
SELECT is(pg_temp.logged_of(answer::jsonb), CASE WHEN answer LIKE format('%%"target_id": %s,%%', :near) THEN 'rejected NS202 1000' ELSE logged END, 'as it was when it was asked: ' || answer)
  FROM answers WHERE answer ~ 'consume|sit|direction|wait';
SELECT npcsim.create_item(1, 'apple', 22, 20) AS near \gset
UPDATE npcsim.npcs SET hunger = 10, fun = 90 WHERE id = pg_temp.npc();
SELECT npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', pg_temp.request(), 'action', 'continue'));
SELECT pg_temp.ask(true);
SELECT is(pg_temp.logged_of(jsonb_build_object('choice', n)), format('applied %s', round(score * 1000)), 'choice ' || n)
  FROM npcsim.get_reasonable_actions_for_npc(1, pg_temp.npc()) WITH ORDINALITY AS t (rank, action, description, score, n);
SELECT is(pg_temp.logged_of('{"choice": 99}'), 'rejected NS304 -', 'what is no choice is not ranked');

-- ---- minds that look for themselves ----
SELECT npcsim.update_player_heartbeat(pg_temp.player(), '{"source": "one", "max_concurrency": 8, "observations": false}');
SELECT npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', pg_temp.request(), 'action', 'continue'));
CREATE TABLE pg_temp.unseen AS SELECT NULL::text AS logged WHERE false;
DO $$
BEGIN
    FOR n IN 1 .. 100 LOOP
        PERFORM npcsim.request_npc_decision(1, pg_temp.npc()), pg_temp.send();
        INSERT INTO unseen SELECT pg_temp.logged_of('{"action": "move_direction", "direction": "w"}');
        PERFORM npcsim.submit_npc_decision(pg_temp.player(), jsonb_build_object('request_id', pg_temp.request(), 'action', 'continue'));
    END LOOP;
END
$$;
SELECT set_eq('SELECT DISTINCT logged FROM unseen', $$VALUES ('applied 0'), ('applied -')$$, 'of those some answers are judged, by chance, and nothing is said of the others');

SELECT pg_temp.ask(false);

-- ---- late, and not at all ----
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], '{timeout}');
SELECT is(pg_temp.logged(), 'timeout -', 'no answer is not ranked');
SELECT is(pg_temp.logged_of('{"action": "move_direction", "direction": "w"}'), 'late 0', 'a late one is, as long as the NPC was not asked again');
SELECT pg_temp.ask(false);
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], '{it broke}');
SELECT is(pg_temp.logged(), 'failed -', 'nor is what failed');

SELECT npcsim.request_npc_decision(1, pg_temp.npc());
SELECT is((SELECT ranking FROM npcsim.decision_slots WHERE npc_id = pg_temp.npc()), NULL, 'of a new question nothing is known before it is sent');
SELECT pg_temp.send();
SELECT npcsim.fail_decisions(ARRAY[pg_temp.player()], ARRAY[pg_temp.request()], '{it broke}');

-- ---- too little to choose from ----
DELETE FROM npcsim.world_items WHERE world_id = 1;
SELECT npcsim.set_terrain(1, 0, 1, true, 2, 1), npcsim.set_terrain(1, 2, 0, true, 1, 2);
UPDATE npcsim.npcs SET position_x = 0, position_y = 0 WHERE id = pg_temp.npc();
SELECT pg_temp.ask(false);
SELECT is((SELECT count(*) FROM npcsim.get_reasonable_actions_for_npc(1, pg_temp.npc())), 4::bigint, 'it may do four things');
SELECT is(pg_temp.logged_of('{"action": "move_direction", "direction": "east"}'), 'applied 500', 'of fewer than five things the worst says nothing');

SELECT * FROM finish();
ROLLBACK;
