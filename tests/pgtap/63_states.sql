-- Tests every action in every state into which an NPC can be brought: a legal one is done, any other is an error event for the mind and
-- leaves the NPC as it was. Invitations are answered in every state: Cy has invited Ada each time.
-- Each case is a statement of its own, since what was tried and undone would be in the way of what comes after it.
SELECT plan(137);
\ir lib/minds.sql

SELECT npcsim.create_world('Meadow', 40, 30, 5, preset => 'reference');
SELECT player_id AS ada FROM npcsim.create_player(1, 'ada') \gset
SELECT npcsim.register_gateway('g1'), npcsim.client_connected('g1', :ada, 1, 'compute');
SELECT pg_temp.present();
UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 hour';
SELECT pg_temp.make('Ada', 10, 10) AS ada, pg_temp.make('Bo', 12, 10) AS bo, pg_temp.make('Cy', 10, 12) AS cy \gset
SELECT npcsim.create_item(1, 'apple', 11, 10) AS apple, npcsim.create_item(1, 'apple', 10, 14) AS other \gset
SELECT npcsim.define_interaction_type(1, 'dance', target => 'npc', need_rates => '{"fun": 5}', needs_adjacency => false, min_participants => 2, max_participants => 2);

-- Who does what, one after the other, so that Ada comes into it. Some states there is more than one way of being in.
CREATE TEMP TABLE states (way text, state text, steps jsonb);
INSERT INTO states VALUES
    ('idle', 'idle', '[]'), ('moving', 'moving', '[["Ada", {"action": "move_to", "parameters": {"x": 20, "y": 10}}]]'),
    ('wandering', 'wandering', '[["Ada", {"action": "wander"}]]'), ('waiting', 'waiting', '[["Ada", {"action": "wait"}]]'),
    ('requesting', 'requesting', jsonb_build_array(jsonb_build_array('Ada', jsonb_build_object('action', 'start_conversation', 'target_id', :bo)))),
    ('consuming', 'interacting', jsonb_build_array(jsonb_build_array('Ada', jsonb_build_object('action', 'consume', 'target_id', :apple)))),
    ('conversing', 'interacting', jsonb_build_array(jsonb_build_array('Ada', jsonb_build_object('action', 'start_conversation', 'target_id', :bo)),
        '["Bo", {"action": "respond_to_interaction_bid", "bid_id": "Ada", "accept": true}]'::jsonb)),
    ('dancing', 'interacting', jsonb_build_array(jsonb_build_array('Ada', jsonb_build_object('action', 'dance', 'target_id', :bo)),
        '["Bo", {"action": "respond_to_interaction_bid", "bid_id": "Ada", "accept": true}]'::jsonb));

CREATE TEMP TABLE actions (what text, decision jsonb, becomes text);
INSERT INTO actions VALUES
    ('move_to', '{"action": "move_to", "parameters": {"x": 3, "y": 3}}', 'moving'),
    ('move_direction', '{"action": "move_direction", "parameters": {"direction": "north"}}', 'moving'),
    ('interact_with', jsonb_build_object('action', 'interact_with', 'parameters', jsonb_build_object('entity_id', :other, 'interaction_name', 'consume')), 'moving'),
    ('approach', jsonb_build_object('action', 'move_to_item', 'target_id', :other), 'moving'),
    ('wander', '{"action": "wander"}', 'wandering'),
    ('wait', '{"action": "wait"}', 'waiting'),
    ('continue', '{"action": "continue"}', NULL),
    ('act_in_interaction', '{"action": "act_in_interaction", "parameters": {"message": "hello"}}', NULL),
    ('cancel_interaction', '{"action": "cancel_interaction"}', 'idle'),
    ('accepting', '{"action": "respond_to_interaction_bid", "parameters": {"bid_id": "Cy", "accept": true}}', 'interacting'),
    ('rejecting', '{"action": "respond_to_interaction_bid", "parameters": {"bid_id": "Cy", "accept": false, "reason": "not now"}}', NULL),
    ('rejecting a bid', '{"action": "batch_reject_interaction_bids", "parameters": {"ids": ["Cy"], "reason": "not now"}}', NULL),
    ('rejecting a bidder', jsonb_build_object('action', 'batch_reject_interaction_bids', 'ids', jsonb_build_array(4711, :cy), 'reason', 'not now'), NULL),
    ('rejecting all', '{"action": "batch_reject_interaction_bids", "parameters": {"ids": "*", "reason": "not now"}}', NULL),
    ('accepting what is not', '{"action": "respond_to_interaction_bid", "parameters": {"bid_id": 4711, "accept": true}}', NULL),
    ('rejecting what is not', '{"action": "respond_to_interaction_bid", "parameters": {"bid_id": 4711, "accept": false, "reason": "not now"}}', NULL),
    ('rejecting none of many', '{"action": "batch_reject_interaction_bids", "parameters": {"ids": [4711, 4712], "reason": "not now"}}', NULL);

-- In an interaction one goes on, acts (where it takes acts) or leaves; who has invited somebody waits; everywhere else one may do
-- all but that.
CREATE FUNCTION pg_temp.expected(way text, state text, what text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN what = 'continue' OR what IN ('rejecting', 'rejecting a bid', 'rejecting a bidder', 'rejecting all') THEN 'applied'
                WHEN what ~ ' what is not$' OR what = 'rejecting none of many' THEN 'rejected NS302 there is no bid 4711 for this NPC to answer'
                WHEN what = 'accepting' THEN CASE WHEN state IN ('requesting', 'interacting') THEN format('rejected NS302 who is %s cannot accept a bid', state) ELSE 'applied' END
                WHEN what = 'act_in_interaction' AND state = 'interacting' THEN CASE way WHEN 'conversing' THEN 'applied' ELSE 'rejected NS302 this interaction takes no actions' END
                WHEN state = 'requesting' AND what = 'wait' OR state = 'interacting' AND what = 'cancel_interaction'
                  OR state NOT IN ('requesting', 'interacting') AND what NOT IN ('act_in_interaction', 'cancel_interaction') THEN 'applied'
                ELSE format('rejected NS305 action %s is not valid in state %s', what, state) END
$$;

-- The decision with the ids of the bids of those who are named.
CREATE FUNCTION pg_temp.meant(decision jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce((SELECT regexp_replace(decision::text, format('"%s"', n.name), b.id::text)::jsonb
                       FROM npcsim.interaction_bids b JOIN npcsim.npcs n ON n.world_id = b.world_id AND n.id = b.bidder_npc_id
                      WHERE decision::text LIKE format('%%"%s"%%', n.name)), decision)
$$;
CREATE FUNCTION pg_temp.looks() RETURNS jsonb LANGUAGE sql AS $$
    SELECT to_jsonb(n) - 'decision_pending' || jsonb_build_object('events', m.events, 'cells', t.cells, 'event_at', s.event_at, 'event_kind', s.event_kind,
               'run', (SELECT to_jsonb(r) FROM npcsim.interaction_runs r WHERE r.world_id = 1 AND r.id = s.interaction_id),
               'bids', (SELECT jsonb_agg(b ORDER BY id) FROM npcsim.interaction_bid_rows b WHERE b.world_id = 1))
      FROM npcsim.npcs n JOIN npcsim.npc_states s ON s.npc_id = n.id JOIN npcsim.npc_tracks t ON t.npc_id = n.id LEFT JOIN npcsim.npc_minds m ON m.npc_id = n.id
     WHERE n.id = pg_temp.npc('Ada')
$$;
CREATE FUNCTION pg_temp.last_event(who text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT events -> -1 FROM npcsim.npc_minds WHERE world_id = 1 AND npc_id = pg_temp.npc(who)
$$;

-- '' or what is otherwise than it should be after an action that was done.
CREATE FUNCTION pg_temp.done(what text, later jsonb, becomes text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('; ',
        CASE WHEN later ->> 'state' <> becomes THEN format('it became %s', later ->> 'state') END,
        CASE WHEN what = 'act_in_interaction' AND (later #>> '{run,acts,-1,message}' IS DISTINCT FROM 'hello' OR pg_temp.last_event('Bo') ->> 'message' IS DISTINCT FROM 'hello')
             THEN 'nobody heard it' END,
        CASE WHEN what = 'accepting' AND NOT coalesce(later #> '{run,participants}' = jsonb_build_array(pg_temp.npc('Cy'), pg_temp.npc('Ada')), false) THEN 'they do not talk' END,
        CASE WHEN what IN ('rejecting', 'rejecting a bid', 'rejecting a bidder', 'rejecting all') AND
                  (pg_temp.last_event('Cy') - '{at,bid_id,target_id}'::text[], (pg_temp.state('Cy')).state, (SELECT count(*) FROM npcsim.interaction_bids WHERE bidder_npc_id = pg_temp.npc('Cy')))
                  IS DISTINCT FROM ('{"type": "interaction_bid_rejected", "interaction": "conversation", "reason": "not now"}'::jsonb, 0::smallint, 0::bigint)
             THEN format('Cy was told %s', pg_temp.last_event('Cy')) END)
$$;
-- The same after one that was refused.
CREATE FUNCTION pg_temp.refused(action text, reason text, before jsonb, later jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('; ',
        CASE WHEN later - '{events,status_revision}'::text[] IS DISTINCT FROM before - '{events,status_revision}'::text[] THEN 'it is not as it was' END,
        CASE WHEN (later #> '{events,-1}') - 'at' IS DISTINCT FROM jsonb_build_object('type', 'error', 'action', action, 'message', reason) THEN format('its mind was told %s', later #> '{events,-1}') END)
$$;
-- 'as it should', or what was otherwise; the world is then as it was.
CREATE FUNCTION pg_temp.try(way text, state text, steps jsonb, what text, decision jsonb, becomes text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    step jsonb;
    before jsonb;
    later jsonb;
    told text;
    verdict text[] := '{}';
BEGIN
    BEGIN
        FOR step IN SELECT jsonb_array_elements(jsonb_build_array(jsonb_build_array('Cy', jsonb_build_object('action', 'start_conversation', 'target_id', pg_temp.npc('Ada')))) || steps) LOOP
            told := pg_temp.tell(step ->> 0, pg_temp.meant(step -> 1));
            IF told <> 'applied' THEN
                verdict := verdict || format('%s: %s', step, told);
            END IF;
            PERFORM npcsim.tick_world(1, 0.1);
        END LOOP;
        before := pg_temp.looks();
        told := pg_temp.tell('Ada', pg_temp.meant(decision));
        later := pg_temp.looks();
        IF before ->> 'state' <> state THEN
            verdict := verdict || format('it was %s', before ->> 'state');
        END IF;
        IF told <> pg_temp.expected(way, state, what) THEN
            verdict := verdict || format('%s instead of %s', told, pg_temp.expected(way, state, what));
        END IF;
        IF told = 'applied' THEN
            verdict := verdict || pg_temp.done(what, later, CASE WHEN state = 'requesting' THEN state ELSE coalesce(becomes, state) END);
        ELSE
            verdict := verdict || pg_temp.refused(CASE what WHEN 'approach' THEN what ELSE decision ->> 'action' END, substr(told, 16), before, later);
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'UTEST', MESSAGE = array_to_string(array_remove(verdict, ''), '; ');
    EXCEPTION WHEN SQLSTATE 'UTEST' THEN
        RETURN coalesce(nullif(SQLERRM, ''), 'as it should');
    END;
END
$$;

SELECT format('SELECT is(pg_temp.try(way, state, steps, what, decision, becomes), %L, %L) FROM states, actions WHERE way = %L AND what = %L', 'as it should', way || ': ' || what, way, what)
  FROM states, actions ORDER BY way, what \gexec
-- Where nobody has invited her there is nothing to answer, and all of nothing is rejected without a word.
SELECT is(pg_temp.tell('Ada', '{"action": "batch_reject_interaction_bids", "ids": "*", "reason": "leave me alone"}'), 'applied', 'all bids are rejected where there is none');
SELECT * FROM finish();
