-- Random colonies: functions that make random answers of minds and random statements of operators. Each draws from random() in a
-- fixed order, so after the same setseed() the same calls in the same order do the same to the same colony.
CREATE SCHEMA property;
CREATE EXTENSION dblink;
SELECT npcsim.register_gateway('property');
UPDATE npcsim.gateways SET seen_at_real = now() + interval '1 day'; -- so that it does not have to poll
-- What was done, and with which outcome or error.
CREATE TABLE property.history (n serial, seed integer, clock bigint, statement text, outcome text);

CREATE FUNCTION property.pick(n integer) RETURNS integer LANGUAGE sql AS $$SELECT floor(random() * n)::integer$$;
CREATE FUNCTION property.pick(choices text[]) RETURNS text LANGUAGE sql AS $$SELECT choices[1 + property.pick(array_length(choices, 1))]$$;
CREATE FUNCTION property.npc(of_world bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT id FROM npcsim.npc_identities WHERE world_id = of_world ORDER BY id);
BEGIN
    RETURN coalesce(ids[1 + property.pick(cardinality(ids))], 0);
END
$$;
-- Returns a random item of these types, or of any type if none are named; 0 when there is none.
CREATE FUNCTION property.item(of_world bigint, types text[] DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT id FROM npcsim.items WHERE world_id = of_world AND (types IS NULL OR item_type = ANY (types)) ORDER BY id);
BEGIN
    RETURN coalesce(ids[1 + property.pick(cardinality(ids))], 0);
END
$$;
-- Returns one of the three NPCs that are nearest to an NPC.
CREATE FUNCTION property.near(of_world bigint, npc bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT o.npc_id FROM npcsim.npc_tracks t JOIN npcsim.npc_tracks o ON o.world_id = t.world_id AND o.npc_id <> t.npc_id
                           WHERE t.world_id = of_world AND t.npc_id = npc
                           ORDER BY greatest(abs(o.cells[1] - t.cells[1]), abs(o.cells[2] - t.cells[2])), o.npc_id LIMIT 3);
BEGIN
    RETURN coalesce(ids[1 + property.pick(cardinality(ids))], 0);
END
$$;

-- ---- what minds answer ----
-- Returns the id of a bid: mostly one that the NPC is to answer, else of any bid, or of one that is gone.
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
-- Returns the table that is nearest to an NPC.
CREATE FUNCTION property.board(of_world bigint, npc bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT i.id FROM npcsim.npc_tracks t JOIN npcsim.items i USING (world_id) WHERE t.world_id = of_world AND t.npc_id = npc AND i.item_type = 'table'
     ORDER BY greatest(abs(i.x - t.cells[1]), abs(i.y - t.cells[2])), i.id LIMIT 1
$$;
-- Returns a random action. A "sound" one mostly can be read, but its target may be far away, taken, or of another type.
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
-- Returns a random answer: an NPC that is invited mostly accepts or rejects, and one that does something with others mostly acts in
-- that.
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
        CONTINUE WHEN property.pick(4) = 0; -- the request stays open
        IF property.pick(12) = 0 THEN
            PERFORM npcsim.fail_decisions(ARRAY[asked.player_id], ARRAY[asked.request_id], ARRAY[property.pick('{timeout,error}'::text[])]);
            CONTINUE;
        END IF;
        answer := jsonb_build_object(CASE WHEN property.pick(8) = 0 THEN 'npc_id' ELSE 'request_id' END, 0) || property.answer(of_world, asked.npc_id, asked.invited, asked.occupied);
        answer := answer || CASE WHEN answer ? 'npc_id' THEN jsonb_build_object('npc_id', asked.npc_id) ELSE jsonb_build_object('request_id', asked.request_id) END;
        FOR i IN 0 .. CASE WHEN property.pick(15) = 0 THEN 1 ELSE 0 END LOOP -- now and then the answer is given twice
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
    -- a query for an NPC that bids, that is invited, or that does something with others
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
        -- a wall is built where a walker is about to arrive
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
        -- types are removed of which there may be items or interactions
        WHEN 31 THEN CASE property.pick(2) WHEN 0 THEN format('DELETE FROM npcsim.item_types WHERE world_id = %s AND name = %L', w, property.pick('{piano,table}'::text[]))
            ELSE format('SELECT npcsim.define_item_type(%s, %L, %L)', w, 'piano', '{"usable": {"interactions": ["listen"]}, "need_modifying": {"need_rates": {"energy": -1}}}') END
        WHEN 32 THEN format('DELETE FROM npcsim.interaction_types WHERE world_id = %s AND name = %L', w, property.pick('{listen,play,conversation}'::text[]))
        ELSE format('INSERT INTO npcsim.world_items (world_id, item_type, position_x, position_y) VALUES (%s, %L, %s, %s)', w, property.pick('{apple,apple,apple,chair,bed,shower,television,piano,table,table}'::text[]), x, y)
    END;
END
$$;
-- Opens a second session, as the worker and those who answer are different sessions, too: each reads from the change log what the
-- other has done.
CREATE FUNCTION property.connect_other() RETURNS text LANGUAGE sql AS $$
    SELECT dblink_connect('other', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
           current_setting('port'), current_database(), current_user))
$$;
-- Runs a statement in this session or in the other.
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
-- Runs a random statement of an operator, and keeps its outcome or error.
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
-- Makes a colony of 40 NPCs and three players, with what the starter types do not have: an interaction that ends by itself, and one
-- with several users.
CREATE FUNCTION property.found(seed integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    w bigint;
    p bigint;
BEGIN
    PERFORM setseed(seed / 1000000.0);
    w := npcsim.create_world('seed ' || seed, 40, 30, seed, preset => 'reference');
    PERFORM npcsim.populate_world(w, 40);
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
    UPDATE npcsim.sessions SET heartbeat_at_real = now() + interval '1 day' WHERE world_id = w;
    PERFORM npcsim.set_decision_policy(w, property.pick('{occasions,interval}'::text[]));
    RETURN w;
END
$$;
-- Lets each player be there or not, by how many requests the session takes. (A session that is silent would be removed.)
CREATE FUNCTION property.attend(w bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p bigint;
BEGIN
    FOR p IN SELECT id FROM npcsim.player_accounts WHERE world_id = w ORDER BY id LOOP
        UPDATE npcsim.sessions SET max_concurrency = CASE WHEN max_concurrency > 0 AND property.pick(12) > 0 OR property.pick(4) = 0 THEN 64 ELSE 0 END,
               average_decision_time_ms = CASE WHEN property.pick(10) = 0 THEN property.pick(9000) ELSE average_decision_time_ms END WHERE player_id = p;
    END LOOP;
END
$$;
-- Ticks the world by up to 12 s.
CREATE FUNCTION property.pass(seed integer, w bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    step double precision := 0.1 + CASE property.pick(2) WHEN 0 THEN property.pick(120) ELSE property.pick(30) END / 10.0;
BEGIN
    INSERT INTO property.history (seed, clock, statement) SELECT pass.seed, clock, format('tick_world(%s, %s), present: %s', w, step, ARRAY(SELECT npcsim_internal.present_players(w) ORDER BY 1))
      FROM npcsim.world_clock WHERE world_id = w;
    PERFORM property.perform(format('SELECT npcsim.tick_world(%s, %s)', w, step));
END
$$;
