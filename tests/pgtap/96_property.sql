-- Properties: whatever minds answer and operators write, certain things are never so. Each seed is a colony of 40 that
-- lives for 300 s among random answers and random statements and is looked at every few seconds; at the end a session
-- that never saw it does the same with its rows as the one that has carried it all along.
--
--   NPCSIM_SEEDS=50 NPCSIM_SEED=1 NPCSIM_SECONDS=300    how many seeds, from which on, how long each lives
\getenv seeds NPCSIM_SEEDS
\getenv first NPCSIM_SEED
\getenv seconds NPCSIM_SECONDS
\if :{?seeds}
\else
    \set seeds 50
\endif
\if :{?first}
\else
    \set first 1
\endif
\if :{?seconds}
\else
    \set seconds 300
\endif
SET client_min_messages = warning;
-- Every step is a transaction of its own: who is there is looked up once per transaction.
SELECT plan(2 * :seeds + 2);

CREATE SCHEMA property;
-- A second session, as the worker is one and those who answer are others: each learns from the change log what the other did.
CREATE EXTENSION dblink;
SELECT dblink_connect('other', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
       current_setting('port'), current_database(), current_user));
CREATE TABLE property.worlds (seed integer PRIMARY KEY, world bigint, replay bigint, broken text, differs text);
-- What was done, and how it was refused; of answers, what became of them.
CREATE TABLE property.history (n serial, seed integer, clock bigint, statement text, outcome text);
-- Questions that came sooner than they may: within 3 s of the last, or before the mind is to be asked again after a failure.
CREATE TABLE property.hasty (world_id bigint, npc_id bigint, request_id bigint, reason text, at bigint, after bigint, not_before bigint);
CREATE FUNCTION property.note_hasty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO property.hasty
    SELECT NEW.world_id, NEW.npc_id, NEW.request_id, NEW.reason, NEW.opened_at, OLD.opened_at, m.asked_not_before
      FROM npcsim.npc_minds m
     WHERE m.world_id = NEW.world_id AND m.npc_id = NEW.npc_id AND NEW.opened_at < greatest(OLD.opened_at + 3000000, m.asked_not_before);
    RETURN NULL;
END
$$;
CREATE TRIGGER property_hasty AFTER UPDATE ON npcsim.decision_slots FOR EACH ROW
    WHEN (NEW.status > 0 AND NEW.request_id <> OLD.request_id AND NEW.reason NOT IN ('bid', 'message')) EXECUTE FUNCTION property.note_hasty();

CREATE FUNCTION property.pick(n integer) RETURNS integer LANGUAGE sql AS $$SELECT floor(random() * n)::integer$$;
CREATE FUNCTION property.pick(choices text[]) RETURNS text LANGUAGE sql AS $$SELECT choices[1 + property.pick(array_length(choices, 1))]$$;
CREATE FUNCTION property.npc(of_world bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT id FROM npcsim.npc_identities WHERE world_id = of_world ORDER BY id);
BEGIN
    RETURN coalesce(ids[1 + property.pick(cardinality(ids))], 0);
END
$$;
-- One of these types, if there is one; of any, if none are named.
CREATE FUNCTION property.item(of_world bigint, types text[] DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT id FROM npcsim.items WHERE world_id = of_world AND (types IS NULL OR item_type = ANY (types)) ORDER BY id);
BEGIN
    RETURN coalesce(ids[1 + property.pick(cardinality(ids))], 0);
END
$$;
-- One of the three that are nearest to an NPC.
CREATE FUNCTION property.near(of_world bigint, npc bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT o.npc_id FROM npcsim.npc_tracks t JOIN npcsim.npc_tracks o ON o.world_id = t.world_id AND o.npc_id <> t.npc_id
                           WHERE t.world_id = of_world AND t.npc_id = npc
                           ORDER BY greatest(abs(o.cells[1] - t.cells[1]), abs(o.cells[2] - t.cells[2])), o.npc_id LIMIT 3);
BEGIN
    RETURN coalesce(ids[1 + property.pick(cardinality(ids))], 0);
END
$$;

-- ---- what must never be so ----
CREATE FUNCTION property.violations(of_world bigint) RETURNS SETOF text LANGUAGE sql AS $$
    WITH w AS (SELECT s.size_x, s.size_y, s.decision_policy, t.blocked, m.now
                 FROM npcsim.world_settings s JOIN npcsim.world_terrain t ON t.world_id = s.id JOIN npcsim.world_moments m ON m.world_id = s.id
                WHERE s.id = of_world),
         n AS (SELECT v.*, r.cells, r.departed_at FROM npcsim.npc_states v JOIN npcsim.npc_tracks r USING (world_id, npc_id) WHERE v.world_id = of_world),
         needs AS (SELECT npc_id, need, npcsim_internal.need_at(value, rate, needs_as_of, now) AS value
                     FROM n, w, LATERAL (VALUES ('hunger', hunger, hunger_rate), ('hygiene', hygiene, hygiene_rate), ('fun', fun, fun_rate),
                                                ('energy', energy, energy_rate)) AS v (need, value, rate)),
         place AS (SELECT npc_id, npcsim_internal.track_x(cells, departed_at, now) AS x, npcsim_internal.track_y(cells, departed_at, now) AS y FROM n, w),
         stood AS (SELECT npc_id, floor(x)::integer AS x, floor(y)::integer AS y FROM place UNION SELECT npc_id, ceil(x)::integer, ceil(y)::integer FROM place),
         i AS (SELECT * FROM npcsim.items WHERE world_id = of_world),
         -- What operators change goes on as it began: these are then the bounds of all there were.
         u AS (SELECT r.*, k.name, k.target, k.component, k.duration, k.target = 'npc' AND k.parameters ? 'message' AS is_talk,
                      CASE k.name WHEN 'play' THEN 2 ELSE k.min_participants END AS min_participants,
                      CASE k.name WHEN 'play' THEN 4 WHEN 'conversation' THEN 10 ELSE k.max_participants END AS max_participants,
                      (SELECT count(*) FROM n WHERE n.interaction_id = r.id) AS users
                 FROM npcsim.interaction_runs r LEFT JOIN npcsim.interaction_type_rows k ON k.world_id = r.world_id AND k.number = r.interaction
                WHERE r.world_id = of_world),
         b AS (SELECT r.*, k.name, k.target FROM npcsim.interaction_bid_rows r
                 LEFT JOIN npcsim.interaction_type_rows k ON k.world_id = r.world_id AND k.number = r.interaction WHERE r.world_id = of_world)
    SELECT format('%s of NPC %s is %s', need, npc_id, value) FROM needs WHERE value NOT BETWEEN 0 AND 100 OR value IS NULL
    UNION ALL
    SELECT format('NPC %s has %s rows of state', id, (SELECT count(*) FROM n WHERE npc_id = id)) FROM npcsim.npc_identities
     WHERE world_id = of_world AND (SELECT count(*) FROM n WHERE npc_id = id) <> 1
    UNION ALL
    SELECT format('NPC %s is outside, at %s, %s', npc_id, x, y) FROM stood, w WHERE x NOT BETWEEN 0 AND size_x - 1 OR y NOT BETWEEN 0 AND size_y - 1
    UNION ALL
    SELECT format('NPC %s is inside a wall, at %s, %s', npc_id, x, y) FROM stood, w
     WHERE CASE WHEN x BETWEEN 0 AND size_x - 1 AND y BETWEEN 0 AND size_y - 1 THEN get_bit(blocked, y * size_x + x) = 1 END
    UNION ALL
    SELECT format('item %s is inside a wall', id) FROM i, w WHERE get_bit(blocked, y * size_x + x) = 1
    UNION ALL
    SELECT format('%s items are at %s, %s', count(*), x, y) FROM i GROUP BY x, y HAVING count(*) > 1
    UNION ALL
    SELECT format('nothing is left of item %s', id) FROM i WHERE share_left NOT BETWEEN 1 AND 1000000
    UNION ALL
    SELECT format('item %s has %s users', u.target_id, sum(users)) FROM u WHERE target = 'item' GROUP BY u.target_id HAVING sum(users) > max(max_participants) OR count(*) > 1
    UNION ALL
    SELECT format('item %s is occupied by NPC %s, which is not using it', i.id, occupied_by_npc_id) FROM i
     WHERE occupied_by_npc_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM n JOIN u ON u.id = n.interaction_id WHERE n.npc_id = occupied_by_npc_id AND u.target = 'item' AND u.target_id = i.id)
    UNION ALL
    SELECT format('interaction %s is with item %s, which is not occupied by NPC %s', u.id, u.target_id, u.participants[1]) FROM u
     WHERE target = 'item' AND NOT EXISTS (SELECT FROM i WHERE i.id = u.target_id AND i.occupied_by_npc_id = u.participants[1])
    UNION ALL
    SELECT format('interaction %s has participants %s, but %s are in it', u.id, u.participants, ids) FROM u,
           LATERAL (SELECT array_agg(npc_id ORDER BY npc_id) AS ids FROM n WHERE n.interaction_id = u.id) AS m
     WHERE ids IS DISTINCT FROM (SELECT array_agg(p ORDER BY p) FROM unnest(u.participants) AS p)
    UNION ALL
    SELECT format('interaction %s is of no kind', u.id) FROM u WHERE name IS NULL
    UNION ALL
    SELECT format('interaction %s (%s) has %s participants', u.id, name, users) FROM u WHERE users NOT BETWEEN min_participants AND max_participants
    UNION ALL
    SELECT format('NPC %s in state %s has interaction %s', npc_id, state, coalesce(interaction_id::text, 'none')) FROM n
     WHERE (state = 3) <> (interaction_id IS NOT NULL) OR (interaction_id IS NOT NULL AND NOT EXISTS (SELECT FROM u WHERE u.id = n.interaction_id))
    UNION ALL
    SELECT format('interaction %s has %s acts, the last of %s', u.id, jsonb_array_length(acts), act_count) FROM u
     WHERE jsonb_array_length(acts) <> least(act_count, 10) OR (acts IS NULL) <> (coalesce(act_count, 0) = 0)
    UNION ALL
    SELECT format('interaction %s has %s moments of acts for participants %s', u.id, acted_at, participants) FROM u, w
     WHERE (acted_at IS NULL) <> (acts IS NULL) OR cardinality(acted_at) <> cardinality(participants) OR now < ANY (acted_at)
    UNION ALL
    SELECT format('NPC %s in state %s made %s bids', npc_id, state, bids) FROM n, LATERAL (SELECT count(*) AS bids FROM b WHERE b.bidder_npc_id = n.npc_id) AS m
     WHERE bids <> (state = 2)::integer
    UNION ALL
    SELECT format('bid %s is of NPC %s, which is not there', b.id, bidder_npc_id) FROM b WHERE NOT EXISTS (SELECT FROM n WHERE n.npc_id = b.bidder_npc_id)
    UNION ALL
    SELECT format('bid %s is put to NPC %s, which is not there', b.id, i.npc_id) FROM b, unnest(invited_npc_ids) AS i(npc_id)
     WHERE NOT EXISTS (SELECT FROM n WHERE n.npc_id = i.npc_id)
    UNION ALL
    SELECT format('bid %s is put to %s by NPC %s', b.id, invited_npc_ids, bidder_npc_id) FROM b
     WHERE bidder_npc_id = ANY (invited_npc_ids) OR (SELECT count(DISTINCT i) FROM unnest(invited_npc_ids) AS i) < cardinality(invited_npc_ids)
    UNION ALL
    SELECT format('bid %s is for %s %s, which is not there', b.id, target, target_id) FROM b
     WHERE CASE target WHEN 'npc' THEN target_id <> invited_npc_ids[1] WHEN 'item' THEN NOT EXISTS (SELECT FROM i WHERE i.id = b.target_id) ELSE true END
    UNION ALL
    SELECT format('bid %s, made at %s, was due at %s', b.id, made_at, due_at) FROM b, w WHERE due_at < now OR made_at > now
    UNION ALL
    SELECT format('nobody has to answer bid %s: %s', b.id, answers) FROM b WHERE NOT answers && '{0,1}'
    UNION ALL
    SELECT format('bid %s, put at %s, is in the last tenth of its time (%s), and a mind did not answer: %s', b.id, put_at, due_at, answers) FROM b, w
     WHERE NOT 0 = ANY (answers) AND now > due_at - (due_at - put_at) / 10
    UNION ALL
    -- Speeds are 3 at most.
    SELECT format('nobody said anything in interaction %s since %s, and nobody will look after it', u.id, last) FROM u, w,
           LATERAL (SELECT greatest(max(n.state_since), ((u.acts -> -1 ->> 'at')::numeric * 1000000)::bigint) AS last, min(n.decision_at) AS look FROM n WHERE n.interaction_id = u.id) AS m
     WHERE is_talk AND decision_policy <> 'none' AND now > last + 3 * 60000000 AND coalesce(look > now + 5000000, true)
    UNION ALL
    SELECT format('NPC %s waits and lacks something, its mind is silent since %s, and nobody will look after it', npc_id, unanswered_since)
      FROM n JOIN npcsim.npc_minds m USING (world_id, npc_id), w
     WHERE n.state = 5 AND n.decider = 2 AND decision_policy <> 'none' AND greatest(state_since, unanswered_since) + 3 * 30000000 < now AND coalesce(decision_at > now + 5000000, true)
       AND EXISTS (SELECT FROM needs WHERE needs.npc_id = n.npc_id AND value < 20)
    UNION ALL
    SELECT format('nobody will say anything in interaction %s', u.id) FROM u
     WHERE is_talk AND NOT EXISTS (SELECT FROM n WHERE n.interaction_id = u.id AND (n.decider <> 1 OR n.event_kind IN (4, 5)))
    UNION ALL
    -- A walk ends, as does what has a duration; and who is idle, or has no answer to wait for, is looked after.
    SELECT format('NPC %s in state %s has no next event', npc_id, state) FROM n LEFT JOIN u ON u.id = n.interaction_id
     WHERE event_at IS NULL AND (state IN (1, 4) OR u.duration IS NOT NULL AND u.name <> 'play' OR u.component = 'consumable')
    UNION ALL
    SELECT format('NPC %s in state %s will not be decided for', npc_id, state) FROM n, w
     WHERE decision_at IS NULL AND decision_policy <> 'none'
       AND (state = 0 OR NOT EXISTS (SELECT FROM npcsim.decision_slots d WHERE d.world_id = of_world AND d.npc_id = n.npc_id AND d.status > 0))
    UNION ALL
    SELECT format('NPC %s in state %s has an event in the past (%s, %s, now %s)', npc_id, state, event_at, decision_at, now) FROM n, w WHERE least(event_at, decision_at) < now
    UNION ALL
    -- Operators ask when they like.
    SELECT format('NPC %s was asked (%s) at %s, after %s and not before %s', npc_id, reason, at, after, not_before) FROM property.hasty h
     WHERE h.world_id = of_world AND NOT EXISTS (SELECT FROM npcsim.world_inputs q WHERE q.world_id = of_world AND q.tick = h.at / 100000 AND q.kind = 'request_npc_decision'
                                                    AND (q.payload ->> 'npc_id')::bigint = h.npc_id)
    UNION ALL
    SELECT format('NPC %s is due at %s, not before %s, with reason %s', npc_id, decision_at, asked_not_before, decision_reason)
      FROM n JOIN npcsim.npc_minds m USING (world_id, npc_id) JOIN npcsim.npc_identities p ON p.world_id = n.world_id AND p.id = npc_id
     WHERE p.controller_player_id IS NOT NULL AND m.failures > 0 AND decision_at < asked_not_before AND decision_reason IN (0, 1)
       AND NOT EXISTS (SELECT FROM npcsim.decision_slots d WHERE d.world_id = of_world AND d.npc_id = n.npc_id AND d.status > 0)
    UNION ALL
    SELECT format('NPC %s has failures %s and is asked not before %s', npc_id, failures, asked_not_before) FROM npcsim.npc_minds
     WHERE world_id = of_world AND (failures > 0) <> (asked_not_before IS NOT NULL)
    UNION ALL
    SELECT format('NPC %s was asked %s times within a minute what cannot wait', npc_id, cardinality(pressing)) FROM npcsim.npc_minds WHERE world_id = of_world AND cardinality(pressing) > 20
    UNION ALL
    SELECT format('NPC %s, which has no controller, has an open request', npc_id) FROM npcsim.decision_slots d JOIN npcsim.npc_identities p ON p.world_id = d.world_id AND p.id = d.npc_id
     WHERE d.world_id = of_world AND d.status > 0 AND p.controller_player_id IS NULL
    UNION ALL
    -- What npcsim looks for itself in worlds that were restored.
    SELECT format('%s %s: %s', relation, key, fault) FROM npcsim.world_faults(of_world)
$$;

-- ---- what minds answer ----
-- The id of a bid: mostly one that the NPC is to answer, else any, or one that was.
CREATE FUNCTION property.bid(of_world bigint, npc bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    chance integer := property.pick(8);
    bid bigint;
BEGIN
    SELECT id INTO bid FROM npcsim.interaction_bid_rows WHERE world_id = of_world AND (chance = 0 OR npc = ANY (invited_npc_ids)) ORDER BY id LIMIT 1;
    RETURN CASE WHEN chance = 1 OR bid IS NULL THEN property.pick((SELECT next_id FROM npcsim.world_clock WHERE world_id = of_world)::integer) ELSE bid END;
END
$$;
CREATE FUNCTION property.act() RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE property.pick(12)
        WHEN 0 THEN '{}' WHEN 1 THEN '{"message": 5}' WHEN 2 THEN '{"colour": "red"}' WHEN 3 THEN '{"message": ""}'
        WHEN 4 THEN jsonb_build_object('message', repeat('é', 499 + property.pick(3)))
        WHEN 5 THEN '{"bet": 3}' WHEN 6 THEN '{"bet": 2.5}'
        ELSE jsonb_build_object('message', property.pick('{Hello,How are you?,"Say \"no\" \\ \u0001",…}'::text[])) END;
END
$$;
-- The table that is nearest to an NPC.
CREATE FUNCTION property.board(of_world bigint, npc bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT i.id FROM npcsim.npc_tracks t JOIN npcsim.items i USING (world_id) WHERE t.world_id = of_world AND t.npc_id = npc AND i.item_type = 'table'
     ORDER BY greatest(abs(i.x - t.cells[1]), abs(i.y - t.cells[2])), i.id LIMIT 1
$$;
-- One that can be read, mostly: what it names may be far, taken or not of that kind all the same.
CREATE FUNCTION property.action(of_world bigint, npc bigint, sound boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    action text := property.pick('{move_to,move_to,move_direction,consume,consume,sit,sit,wash,watch,listen,interact_with,play,play,
                                   start_conversation,start_conversation,conversation,act_in_interaction,act_in_interaction,respond_to_interaction_bid,
                                   batch_reject_interaction_bids,move_to_item,move_to_npc,wander,wait,continue,continue,cancel_interaction}'::text[]);
    target bigint;
    partners jsonb := (SELECT jsonb_agg(CASE WHEN sound THEN property.near(of_world, npc) ELSE property.npc(of_world) END) FROM generate_series(1, property.pick(5)));
    act jsonb;
BEGIN
    IF NOT sound THEN
        action := property.pick('{play,act_in_interaction,dance,sit,consume,move_to,move_to_item,interact_with,wait,start_conversation}'::text[]);
    END IF;
    IF action IN ('move_to_npc', 'start_conversation', 'conversation') OR NOT sound AND property.pick(3) = 0 THEN
        target := CASE WHEN sound THEN property.near(of_world, npc) ELSE property.npc(of_world) END;
    ELSIF action = 'play' AND sound THEN
        target := property.board(of_world, npc);
    ELSIF sound OR property.pick(2) = 0 THEN
        target := property.item(of_world, CASE action WHEN 'consume' THEN '{apple}' WHEN 'sit' THEN '{chair,bed}' WHEN 'wash' THEN '{shower}'
                                                      WHEN 'watch' THEN '{television}' WHEN 'listen' THEN '{piano}' END::text[]);
    END IF;
    IF action = 'act_in_interaction' OR action IN ('start_conversation', 'conversation', 'play') AND property.pick(2) = 0 THEN
        act := property.act();
    END IF;
    RETURN CASE WHEN action = 'start_conversation' AND partners IS NOT NULL AND property.pick(2) = 0 THEN jsonb_build_object('target_ids', partners) ELSE '{}' END
        || jsonb_strip_nulls(jsonb_build_object('action', action, 'target_id', target,
        'participants', CASE WHEN action IN ('play', 'conversation', 'interact_with') THEN partners END,
        'message', act -> 'message',
        'parameters', CASE action
            WHEN 'move_to' THEN jsonb_build_object('x', property.pick(40) - (NOT sound)::integer, 'y', property.pick(30))
            WHEN 'move_direction' THEN jsonb_build_object('direction', property.pick('{north,east,south,west}'::text[]))
            WHEN 'wait' THEN jsonb_build_object('duration', (property.pick(12) + sound::integer) * 0.7)
            WHEN 'interact_with' THEN jsonb_build_object('interaction', property.pick('{consume,sit,wash,watch,listen,play,conversation}'::text[]))
            WHEN 'act_in_interaction' THEN act
            WHEN 'respond_to_interaction_bid' THEN jsonb_build_object('bid_id', property.bid(of_world, npc), 'accept', property.pick(3) > 0, 'reason', CASE property.pick(4) WHEN 0 THEN NULL ELSE 'busy' END)
            WHEN 'batch_reject_interaction_bids' THEN jsonb_build_object('reason', 'no time', 'ids',
                CASE property.pick(3) WHEN 0 THEN '"*"'::jsonb WHEN 1 THEN jsonb_build_array(property.bid(of_world, npc), property.near(of_world, npc)) ELSE to_jsonb(property.bid(of_world, npc)) END) END));
END
$$;
-- Who is invited mostly says yes or no, and who is with others mostly does something there.
CREATE FUNCTION property.answer(of_world bigint, npc bigint, invited boolean, occupied boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    action jsonb := property.action(of_world, npc, property.pick(5) > 0);
BEGIN
    IF invited AND property.pick(3) > 0 THEN
        action := jsonb_build_object('action', 'respond_to_interaction_bid', 'bid_id', property.bid(of_world, npc), 'accept', property.pick(4) > 0, 'reason', 'not now');
    ELSIF occupied AND property.pick(4) > 0 THEN
        action := jsonb_build_object('action', 'act_in_interaction', 'parameters', property.act());
    END IF;
    RETURN action
        || CASE WHEN property.pick(3) = 0 THEN jsonb_build_object('then', (SELECT jsonb_agg(property.action(of_world, npc, property.pick(20) > 0)) FROM generate_series(0, property.pick(4)))) ELSE '{}' END
        || CASE WHEN property.pick(4) = 0 THEN jsonb_build_object('wake_on', jsonb_build_array(property.pick('{movement_completed,interaction_finished,interaction_cancelled,plan_failed,
                interaction_observation,interaction_bid_pending,interaction_bid_rejected,interaction_bid_cancelled,interaction_started}'::text[]))) ELSE '{}' END
        || CASE WHEN property.pick(6) = 0 THEN jsonb_build_object('next_decision_in_s', property.pick(20)) ELSE '{}' END
        || CASE WHEN property.pick(30) = 0 THEN '{"tokens": -3}'::jsonb ELSE '{}' END;
END
$$;
CREATE FUNCTION property.answer_some(seed integer, of_world bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moment bigint := (SELECT c.clock FROM npcsim.world_clock c WHERE c.world_id = of_world);
    asked record;
    answer jsonb;
    players bigint[] := '{}';
    answers text[] := '{}';
BEGIN
    FOR asked IN SELECT request_id, npc_id, player_id, EXISTS (SELECT FROM npcsim.interaction_bid_rows b WHERE b.world_id = r.world_id AND r.npc_id = ANY (b.invited_npc_ids)) AS invited,
                        EXISTS (SELECT FROM npcsim.interaction_runs u WHERE u.world_id = r.world_id AND r.npc_id = ANY (u.participants) AND cardinality(u.participants) > 1) AS occupied
                   FROM npcsim.decision_requests r WHERE world_id = of_world ORDER BY npc_id LOOP
        CONTINUE WHEN property.pick(4) = 0; -- stays open
        IF property.pick(12) = 0 THEN
            PERFORM npcsim.fail_decisions(ARRAY[asked.player_id], ARRAY[asked.request_id], ARRAY[property.pick('{timeout,error}'::text[])]);
            CONTINUE;
        END IF;
        answer := jsonb_build_object(CASE WHEN property.pick(8) = 0 THEN 'npc_id' ELSE 'request_id' END, 0) || property.answer(of_world, asked.npc_id, asked.invited, asked.occupied);
        answer := answer || CASE WHEN answer ? 'npc_id' THEN jsonb_build_object('npc_id', asked.npc_id) ELSE jsonb_build_object('request_id', asked.request_id) END;
        FOR i IN 0 .. CASE WHEN property.pick(15) = 0 THEN 1 ELSE 0 END LOOP -- now and then twice
            players := players || asked.player_id;
            answers := answers || answer::text;
        END LOOP;
    END LOOP;
    IF players <> '{}' THEN
        INSERT INTO property.history (seed, clock, statement, outcome)
        SELECT answer_some.seed, moment, answers[ord], concat_ws(' ', result ->> 'status', result ->> 'code', result ->> 'reason')
          FROM npcsim.submit_npc_decisions(players, answers) ORDER BY ord;
    END IF;
END
$$;

-- ---- what operators write ----
CREATE FUNCTION property.statement(w bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    x integer := property.pick(40);
    y integer := property.pick(30);
    npc bigint := property.npc(w);
    item bigint := property.item(w);
    p bigint := (SELECT id FROM npcsim.player_accounts WHERE world_id = w ORDER BY (id + x) % 3 LIMIT 1);
    -- one who bids, one who is invited, one who talks
    involved text := property.pick('{"SELECT bidder_npc_id FROM npcsim.interaction_bid_rows WHERE world_id = %1$s ORDER BY id LIMIT 1",
        "SELECT i FROM npcsim.interaction_bid_rows, unnest(invited_npc_ids) AS i WHERE world_id = %1$s ORDER BY id DESC, i LIMIT 1",
        "SELECT p FROM npcsim.interaction_runs, unnest(participants) AS p WHERE world_id = %1$s AND cardinality(participants) > 1 ORDER BY id, p LIMIT 1",
        "SELECT initiator_npc_id FROM npcsim.interaction_runs WHERE world_id = %1$s AND cardinality(participants) > 2 ORDER BY id LIMIT 1"}'::text[]);
BEGIN
    involved := format(involved, w);
    RETURN CASE property.pick(35)
        WHEN 0 THEN format('UPDATE npcsim.npcs SET hunger = %s WHERE world_id = %s AND id %% 5 = %s', property.pick(101), w, property.pick(5))
        WHEN 1 THEN format('UPDATE npcsim.npcs SET energy = %s, fun = %s WHERE world_id = %s AND id = %s', property.pick(101), property.pick(101) * 0.999999, w, npc)
        WHEN 2 THEN format('UPDATE npcsim.npcs SET hygiene = %L WHERE world_id = %s', property.pick('{0,100,-1,100.5,NaN,50}'::text[]), w)
        WHEN 3 THEN format('UPDATE npcsim.npcs SET position_x = %s, position_y = %s WHERE world_id = %s AND id = %s', x, y, w, npc)
        WHEN 4 THEN format('UPDATE npcsim.npcs SET position_x = %s, position_y = %s WHERE world_id = %s AND id = (SELECT min(id) FROM npcsim.npcs WHERE world_id = %s AND interaction_id IS NOT NULL)', x, y, w, w)
        WHEN 5 THEN format('UPDATE npcsim.npcs SET controller_player_id = %s WHERE world_id = %s AND id %% 7 = %s', p, w, property.pick(7))
        WHEN 6 THEN format('UPDATE npcsim.npcs SET controller_player_id = NULL WHERE world_id = %s AND id %% 7 = %s', w, property.pick(7))
        WHEN 7 THEN format('INSERT INTO npcsim.npcs (world_id, name, position_x, position_y, hunger) VALUES (%s, %L, %s, %s, %s)', w, 'n' || x, x, y, property.pick(101))
        WHEN 8 THEN format('DELETE FROM npcsim.npcs WHERE world_id = %s AND id = %s', w, npc)
        WHEN 9 THEN format('DELETE FROM npcsim.npcs WHERE world_id = %s AND id = (SELECT min(id) FROM npcsim.npcs WHERE world_id = %s AND state = %L)', w, w, property.pick('{interacting,moving,waiting,requesting}'::text[]))
        WHEN 10 THEN format('DELETE FROM npcsim.world_items WHERE world_id = %s AND id = (SELECT max(id) FROM npcsim.items WHERE world_id = %s AND occupied_by_npc_id IS NOT NULL)', w, w)
        WHEN 11 THEN format('DELETE FROM npcsim.world_items WHERE world_id = %s AND id = %s', w, item)
        WHEN 12 THEN format('UPDATE npcsim.world_items SET properties = %L WHERE world_id = %s AND id = %s', '{"n": 1}', w, item)
        WHEN 13 THEN format('SELECT npcsim.set_terrain(%s, %s, %s, true, %s, %s)', w, x, y, 1 + property.pick(3), 1 + property.pick(2))
        WHEN 14 THEN format('SELECT npcsim.set_terrain(%s, %s, %s, false, 3, 3)', w, x, y)
        WHEN 15 THEN format('SELECT npcsim.define_item_type(%s, %L, %L)', w, 'apple',
                            format('{"consumable": {"consumption_time": %s, "need_deltas": {"hunger": %s}}, "respawn": {"after": %s}}', 1 + property.pick(9), property.pick(60), 1 + property.pick(30)))
        WHEN 16 THEN format('SELECT npcsim.define_item_type(%s, %L, %L)', w, 'chair', format('{"sittable": {"need_rates": {"energy": %s}}}', property.pick(21) - 5))
        WHEN 17 THEN format('SELECT npcsim.set_decision_policy(%s, %L)', w, property.pick('{occasions,interval,interval,none}'::text[]))
        WHEN 18 THEN format('SELECT npcsim.request_npc_decision(%s, %s)', w, npc)
        WHEN 19 THEN format('UPDATE npcsim.npcs SET position_x = position_x, hunger = 20 WHERE world_id = %s AND state = %L', w, 'idle')
        -- a wall where a walker is about to arrive
        WHEN 20 THEN format('SELECT npcsim.set_terrain(%s, cells[array_length(cells, 1) - 1], cells[array_length(cells, 1)]) FROM npcsim.npc_tracks WHERE world_id = %s AND array_length(cells, 1) >= 6 ORDER BY npc_id LIMIT 1', w, w)
        WHEN 21 THEN format('UPDATE npcsim.worlds SET decision_policy = %L, speed = %s WHERE id = %s', 'occasions', 1 + property.pick(3), w)
        WHEN 22 THEN format('DELETE FROM npcsim.npcs WHERE world_id = %s AND id = (%s)', w, involved)
        WHEN 23 THEN format('UPDATE npcsim.npcs SET position_x = %s, position_y = %s WHERE world_id = %s AND id = (%s)', x, y, w, involved)
        WHEN 24 THEN format('UPDATE npcsim.npcs SET controller_player_id = %s WHERE world_id = %s AND id = (%s)', p, w, involved)
        WHEN 25 THEN format('UPDATE npcsim.npcs SET controller_player_id = NULL WHERE world_id = %s AND id = (%s)', w, involved)
        WHEN 26 THEN format('UPDATE npcsim.npcs SET name = name || %L, energy = 1 WHERE world_id = %s AND id = (%s)', property.pick('{!,?}'::text[]), w, involved)
        WHEN 27 THEN format('SELECT npcsim.define_interaction_type(%s, %L, need_rates => %L, min_participants => %s, max_participants => %s, parameters => %L, duration => %L)',
                            w, 'play', '{"fun": 5}', 2 + property.pick(2), 3 + property.pick(2),
                            property.pick('{"{\"bet\": {\"type\": \"integer\", \"default\": 1}}","{\"message\": {\"type\": \"string\"}, \"bet\": {\"type\": \"number\"}}","{}"}'::text[]),
                            CASE property.pick(2) WHEN 0 THEN 15 END)
        WHEN 28 THEN format('UPDATE npcsim.interaction_types SET max_participants = %s WHERE world_id = %s AND name = %L', 2 + property.pick(5), w, 'conversation')
        WHEN 29 THEN format('DELETE FROM npcsim.world_items WHERE world_id = %s AND id = (SELECT max(target_id) FROM npcsim.interaction_bid_rows WHERE world_id = %s)', w, w)
        WHEN 30 THEN format('SELECT npcsim.request_npc_decision(%s, npc) FROM (%s) AS v(npc)', w, involved)
        -- kinds that something may be of
        WHEN 31 THEN CASE property.pick(2) WHEN 0 THEN format('DELETE FROM npcsim.item_types WHERE world_id = %s AND name = %L', w, property.pick('{piano,table}'::text[]))
            ELSE format('SELECT npcsim.define_item_type(%s, %L, %L)', w, 'piano', '{"usable": {"interactions": ["listen"]}, "need_modifying": {"need_rates": {"energy": -1}}}') END
        WHEN 32 THEN format('DELETE FROM npcsim.interaction_types WHERE world_id = %s AND name = %L', w, property.pick('{listen,play,conversation}'::text[]))
        ELSE format('INSERT INTO npcsim.world_items (world_id, item_type, position_x, position_y) VALUES (%s, %L, %s, %s)', w, property.pick('{apple,apple,apple,chair,bed,shower,television,piano,table,table}'::text[]), x, y)
    END;
END
$$;
-- This session does it, or the other.
CREATE FUNCTION property.perform(wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF property.pick(4) > 0 THEN
        EXECUTE wanted;
    ELSIF wanted LIKE 'SELECT%' THEN
        PERFORM FROM dblink('other', wanted) AS d(result text);
    ELSE
        PERFORM dblink_exec('other', wanted);
    END IF;
END
$$;
-- One transaction does one of them, or it is refused with a reason.
CREATE FUNCTION property.operate(seed integer, w bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted text := property.statement(w);
    moment bigint := (SELECT c.clock FROM npcsim.world_clock c WHERE c.world_id = w);
    outcome text := 'done';
BEGIN
    BEGIN
        PERFORM property.perform(wanted);
    EXCEPTION WHEN OTHERS THEN
        outcome := SQLSTATE || ' ' || SQLERRM;
    END;
    INSERT INTO property.history (seed, clock, statement, outcome) VALUES (operate.seed, moment, wanted, outcome);
END
$$;

-- ---- a life ----
CREATE PROCEDURE property.live(this integer, seconds integer) LANGUAGE plpgsql AS $$
DECLARE
    w bigint;
    p bigint;
    step double precision;
    found_out text;
BEGIN
    PERFORM setseed(this / 1000000.0);
    w := npcsim.create_world('seed ' || this, 40, 30, this, preset => 'reference');
    PERFORM npcsim.populate_world(w, 40);
    -- What the starter set has not: an end of its own, and more than one at a time.
    PERFORM npcsim.define_interaction_type(w, 'listen', need_deltas => '{"fun": 30}', duration => 4.25, needs_adjacency => false);
    PERFORM npcsim.define_interaction_type(w, 'play', need_rates => '{"fun": 5}', min_participants => 2, max_participants => 4);
    PERFORM npcsim.define_item_type(w, 'piano', '{"usable": {"interactions": ["listen"]}, "need_modifying": {"need_rates": {"energy": -1}}}');
    PERFORM npcsim.define_item_type(w, 'table', '{"usable": {"interactions": ["play"]}}');
    PERFORM npcsim.create_item(w, 'table', a, b) FROM generate_series(4, 38, 6) AS a, generate_series(4, 28, 8) AS b, npcsim.world_terrain t
      WHERE t.world_id = w AND get_bit(t.blocked, b * 40 + a) = 0 AND NOT EXISTS (SELECT FROM npcsim.items WHERE world_id = w AND x = a AND y = b)
        AND NOT EXISTS (SELECT FROM npcsim.npcs WHERE world_id = w AND position_x = a AND position_y = b);
    FOR p IN SELECT player_id FROM unnest('{ada,bo,cy}'::text[]) AS name, npcsim.create_player(w, name) LOOP
        PERFORM npcsim.client_connected('property', p, w, 'compute');
        PERFORM npcsim.update_player_heartbeat(p, '{"max_concurrency": 64}');
        UPDATE npcsim.npcs SET controller_player_id = p WHERE world_id = w AND id % 5 = p % 5;
    END LOOP;
    PERFORM npcsim.set_decision_policy(w, property.pick('{occasions,interval}'::text[]));
    INSERT INTO property.worlds (seed, world) VALUES (this, w);
    COMMIT;
    WHILE (SELECT clock FROM npcsim.world_clock WHERE world_id = w) < seconds * 1000000::bigint LOOP
        -- Players come and go, each for himself.
        FOR p IN SELECT id FROM npcsim.player_accounts WHERE world_id = w ORDER BY id LOOP
            UPDATE npcsim.sessions SET heartbeat_at_real = CASE WHEN heartbeat_at_real > '-infinity' AND property.pick(12) > 0 OR property.pick(4) = 0 THEN now() + interval '1 hour' ELSE '-infinity' END,
                   average_decision_time_ms = CASE WHEN property.pick(10) = 0 THEN property.pick(9000) ELSE average_decision_time_ms END WHERE player_id = p;
        END LOOP;
        COMMIT;
        step := 0.1 + CASE property.pick(2) WHEN 0 THEN property.pick(120) ELSE property.pick(30) END / 10.0;
        INSERT INTO property.history (seed, clock, statement) SELECT this, clock, format('tick_world(%s, %s), present: %s', w, step, ARRAY(SELECT npcsim_internal.present_players(w) ORDER BY 1))
          FROM npcsim.world_clock WHERE world_id = w;
        PERFORM property.perform(format('SELECT npcsim.tick_world(%s, %s)', w, step));
        COMMIT;
        PERFORM property.answer_some(this, w);
        COMMIT;
        FOR i IN 1 .. property.pick(3) LOOP
            PERFORM property.operate(this, w);
            COMMIT;
        END LOOP;
        found_out := string_agg(v, E'\n') FROM (SELECT v FROM property.violations(w) v LIMIT 5) v;
        IF found_out IS NOT NULL THEN
            UPDATE property.worlds SET broken = format(E'at %s s:\n%s\nafter\n', (SELECT clock / 1000000.0 FROM npcsim.world_clock WHERE world_id = w), found_out)
                || (SELECT string_agg(format('  %s: %s -> %s', clock / 1000000.0, statement, outcome), E'\n' ORDER BY n)
                      FROM (SELECT * FROM property.history h WHERE h.seed = this ORDER BY n DESC LIMIT 40) h) WHERE seed = this;
            RETURN;
        END IF;
    END LOOP;
END
$$;
-- This session knows the world, the next one only its rows, and those of its replay: both must go on alike.
CREATE FUNCTION property.differences(a bigint, b bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', relation, key, here, there), E'\n') FROM (SELECT * FROM npcsim.world_differences(a, b) LIMIT 5) d
$$;
CREATE PROCEDURE property.part(this integer) LANGUAGE plpgsql AS $$
DECLARE
    w bigint := (SELECT world FROM property.worlds WHERE seed = this);
    other bigint := npcsim.replay_world(w);
BEGIN
    UPDATE property.worlds SET replay = other, differs = 'the replay: ' || property.differences(w, other) WHERE seed = this;
    COMMIT;
    -- A replay has no sessions: to neither is anybody there.
    UPDATE npcsim.sessions SET heartbeat_at_real = '-infinity' WHERE world_id = w;
    COMMIT;
    PERFORM npcsim.tick_world(w, 5);
END
$$;

SELECT npcsim.register_gateway('property');
SELECT format('CALL property.live(%s, %s)', seed, :seconds) FROM generate_series(:first::integer, :first::integer + :seeds::integer - 1) AS seed \gexec
SELECT is(broken, NULL, 'seed ' || seed) FROM property.worlds ORDER BY seed;
SELECT is_empty($$SELECT DISTINCT outcome FROM property.history WHERE outcome !~ '^(done|applied|late|duplicate|rejected|cancelled)' AND outcome !~ '^(NS|22|23|2BP01)'$$,
                'what was refused, was for a reason');
SELECT cmp_ok((SELECT count(*) FROM property.history WHERE outcome ~ '^(done|applied)'), '>=', :seeds::bigint * :seconds / 12, 'and much was not');
SELECT format('CALL property.part(%s)', seed) FROM property.worlds WHERE broken IS NULL ORDER BY seed \gexec
-- The other session. What pgTAP counted stays with the first.
\setenv PGDATABASE :DBNAME
\! psql -X -q -A -t -v ON_ERROR_STOP=1 -c 'SELECT npcsim.tick_world(replay, 5) FROM property.worlds WHERE replay IS NOT NULL AND differs IS NULL ORDER BY seed' >/dev/null
UPDATE property.worlds SET differs = 'five seconds later: ' || property.differences(world, replay) WHERE replay IS NOT NULL AND differs IS NULL;
SELECT CASE WHEN broken IS NULL THEN is(differs, NULL, format('seed %s: who only has the rows goes on like who has been there', seed))
            ELSE fail(format('seed %s did not live to be compared', seed)) END FROM property.worlds ORDER BY seed;
SELECT * FROM finish();
