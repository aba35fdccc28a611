-- Every action in every state that an NPC can be brought into: what is legal is done, what is not is an error event to
-- the mind and leaves the NPC as it was.
BEGIN;
SELECT plan(45);

SELECT npcsim.create_world('Meadow', 40, 30, 5);
SELECT npcsim.set_decision_policy(1, 'none');
CREATE TEMP TABLE ada AS SELECT * FROM npcsim.create_player(1, 'ada');
SELECT npcsim.create_npc(1, 'Ada', 10, 10, player_id) AS ada FROM ada \gset
SELECT npcsim.create_item(1, 'apple', 11, 10) AS apple \gset
SELECT npcsim.create_item(1, 'apple', 10, 14) AS other \gset
SET npcsim_test.ada = :ada;

CREATE FUNCTION pg_temp.tell(decision jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result jsonb;
BEGIN
    result := npcsim.submit_npc_decision((SELECT player_id FROM ada),
        decision || jsonb_build_object('request_id', npcsim.request_npc_decision(1, current_setting('npcsim_test.ada')::bigint)));
    RETURN concat_ws(' ', result ->> 'status', result ->> 'code');
END
$$;

CREATE TEMP TABLE states (state text, brought_by jsonb);
INSERT INTO states VALUES
    ('idle', NULL), ('moving', '{"action": "move_to", "parameters": {"x": 20, "y": 10}}'), ('wandering', '{"action": "wander"}'),
    ('waiting', '{"action": "wait"}'), ('interacting', jsonb_build_object('action', 'consume', 'target_id', :apple));

CREATE TEMP TABLE actions (action text, decision jsonb, becomes text);
INSERT INTO actions VALUES
    ('move_to', '{"action": "move_to", "parameters": {"x": 3, "y": 3}}', 'moving'),
    ('move_direction', '{"action": "move_direction", "parameters": {"direction": "north"}}', 'moving'),
    ('interact_with', jsonb_build_object('action', 'interact_with', 'parameters', jsonb_build_object('entity_id', :other, 'interaction_name', 'consume')), 'moving'),
    ('approach', jsonb_build_object('action', 'move_to_item', 'target_id', :other), 'moving'),
    ('wander', '{"action": "wander"}', 'wandering'),
    ('wait', '{"action": "wait"}', 'waiting'),
    ('continue', '{"action": "continue"}', NULL),
    ('act_in_interaction', '{"action": "act_in_interaction", "parameters": {"message": "hello"}}', NULL),
    ('cancel_interaction', '{"action": "cancel_interaction"}', 'idle');

-- In an interaction one goes on, acts (which what is done with items takes none of) or leaves; everywhere else one does not.
CREATE FUNCTION pg_temp.expected(state text, action text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN action = 'continue' THEN 'applied'
                WHEN state = 'interacting' THEN CASE action WHEN 'cancel_interaction' THEN 'applied' WHEN 'act_in_interaction' THEN 'rejected NS302' ELSE 'rejected NS305' END
                WHEN action IN ('cancel_interaction', 'act_in_interaction') THEN 'rejected NS305'
                ELSE 'applied' END
$$;

CREATE FUNCTION pg_temp.looks() RETURNS jsonb LANGUAGE sql AS $$
    SELECT to_jsonb(n) - 'decision_pending' || jsonb_build_object('events', m.events, 'cells', t.cells, 'event_at', s.event_at)
      FROM npcsim.npcs n JOIN npcsim.npc_states s ON s.npc_id = n.id JOIN npcsim.npc_tracks t ON t.npc_id = n.id LEFT JOIN npcsim.npc_minds m ON m.npc_id = n.id
     WHERE n.id = current_setting('npcsim_test.ada')::bigint
$$;

-- 'as it should', or what was otherwise; the world is then as it was.
CREATE FUNCTION pg_temp.try(state text, brought_by jsonb, action text, decision jsonb, becomes text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before jsonb;
    later jsonb;
    told text;
    verdict text := '';
BEGIN
    BEGIN
        IF brought_by IS NOT NULL AND pg_temp.tell(brought_by) <> 'applied' THEN
            verdict := verdict || 'it was not brought there; ';
        END IF;
        PERFORM npcsim.tick_world(1, 0.3);
        before := pg_temp.looks();
        told := pg_temp.tell(decision);
        later := pg_temp.looks();
        IF before ->> 'state' <> state THEN
            verdict := verdict || format('it was %s; ', before ->> 'state');
        END IF;
        IF told <> pg_temp.expected(state, action) THEN
            verdict := verdict || format('%s instead of %s; ', told, pg_temp.expected(state, action));
        END IF;
        IF told = 'applied' AND later ->> 'state' <> coalesce(becomes, state) THEN
            verdict := verdict || format('it became %s; ', later ->> 'state');
        END IF;
        IF told LIKE 'rejected%' THEN
            IF later - '{events,status_revision}'::text[] IS DISTINCT FROM before - '{events,status_revision}'::text[] THEN
                verdict := verdict || 'it is not as it was; ';
            END IF;
            IF later #>> '{events,-1,type}' IS DISTINCT FROM 'error' OR later #>> '{events,-1,action}' IS DISTINCT FROM action THEN
                verdict := verdict || 'its mind was not told; ';
            END IF;
            IF told = 'rejected NS305' AND later #>> '{events,-1,message}' <> format('action %s is not valid in state %s', action, state) THEN
                verdict := verdict || 'its mind was told ' || (later #>> '{events,-1,message}');
            END IF;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'UTEST', MESSAGE = verdict;
    EXCEPTION WHEN SQLSTATE 'UTEST' THEN
        RETURN coalesce(nullif(SQLERRM, ''), 'as it should');
    END;
END
$$;

SELECT is(pg_temp.try(state, brought_by, action, decision, becomes), 'as it should', format('%s: %s', state, action))
  FROM states, actions ORDER BY state, action;
SELECT * FROM finish();
ROLLBACK;
