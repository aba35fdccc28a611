-- What the isolation tests share; scripts/isolation.sh loads it into the test's database.
--
-- Every permutation begins with "CALL meadow()" and ends with "CALL clear()". These functions take names and resolve them to
-- ids, so that no id is in the output; nothing that depends on how NPCs decide may be in it either.

-- The tests write these tables themselves: whether a world counts as running, which requests there are, when a player was heard of.
ALTER TABLE npcsim.world_clock DISABLE TRIGGER refuse_write;
ALTER TABLE npcsim.decision_slots DISABLE TRIGGER refuse_rows;
ALTER TABLE npcsim.player_accounts DISABLE TRIGGER refuse_write;
ALTER TABLE npcsim.player_suspicion DISABLE TRIGGER refuse_rows;
ALTER TABLE npcsim.decision_log DISABLE TRIGGER refuse_write;

CREATE FUNCTION world(wanted text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT id FROM npcsim.world_settings WHERE name = wanted
$$;

CREATE FUNCTION npc(wanted text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT id FROM npcsim.npc_identities WHERE name = wanted
$$;

-- Makes a world in which nothing happens by itself (policy "none"): Ada, Bo and Cy stand in a row.
CREATE PROCEDURE meadow()
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.create_world('Meadow', 24, 16, 5, preset => 'reference');
    PERFORM npcsim.set_decision_policy(world('Meadow'), 'none');
    DELETE FROM npcsim.interaction_types WHERE name = 'conversation'; -- so that no NPC stops to talk
    PERFORM npcsim.create_npc(world('Meadow'), 'Ada', 3, 3);
    PERFORM npcsim.create_npc(world('Meadow'), 'Bo', 6, 3);
    PERFORM npcsim.create_npc(world('Meadow'), 'Cy', 9, 3);
END
$$;

-- Gives Ada and Bo to a player whose session is alive, and asks their minds: their requests are open. The world's status is
-- "running", as gateways need it, but the world stands, because scripts/isolation.sh allows no worker.
CREATE PROCEDURE minds()
LANGUAGE plpgsql AS $$
DECLARE
    player bigint := (SELECT p.player_id FROM npcsim.create_player(world('Meadow'), 'maud') AS p);
BEGIN
    PERFORM npcsim.register_gateway('g1');
    PERFORM npcsim.client_connected('g1', player, world('Meadow'), 'compute');
    PERFORM npcsim.update_player_heartbeat(player, '{"max_concurrency": 8}');
    PERFORM npcsim.assign_npc_to_player(world('Meadow'), npc('Ada'), player);
    PERFORM npcsim.assign_npc_to_player(world('Meadow'), npc('Bo'), player);
    PERFORM npcsim.remove_npc(world('Meadow'), npc('Cy'));
    PERFORM npcsim.set_decision_policy(world('Meadow'), 'occasions');
    PERFORM npcsim.tick_world(world('Meadow'), 4);
    PERFORM npcsim.lock_world(world('Meadow'));
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = world('Meadow');
END
$$;

-- After minds(): their player has given 49 hopeless answers in a row, and one more, for Ada, that was not counted yet. Bo's question is sent. Di is nobody's.
CREATE PROCEDURE suspicious()
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM claim(8), go('Ada', 3, 9);
    UPDATE npcsim.decision_log SET plausibility = 0;
    INSERT INTO npcsim.player_suspicion (world_id, player_id, hopeless) SELECT world_id, id, 49 FROM npcsim.player_accounts;
    PERFORM npcsim.create_npc(world('Meadow'), 'Di', 12, 12);
END
$$;

-- After minds(): gives their NPCs over to the market, by which they are due to ned, who lends compute.
CREATE PROCEDURE market()
LANGUAGE plpgsql AS $$
DECLARE
    player bigint := (SELECT p.player_id FROM npcsim.create_player(world('Meadow'), 'ned') AS p);
BEGIN
    PERFORM npcsim.client_connected('g1', player, world('Meadow'), 'compute');
    PERFORM npcsim.update_player_heartbeat(player, '{"max_concurrency": 8}');
    PERFORM npcsim.declare_compute(player, 8400);
    UPDATE npcsim.worlds SET min_tenure = 0;
    UPDATE npcsim.npcs SET assigned = false;
END
$$;

-- Gives Ada, Bo and Cy to a player whose session is alive, and has Bo invite the others to talk: they have 5 s to answer.
CREATE PROCEDURE invited()
LANGUAGE plpgsql AS $$
DECLARE
    player bigint := (SELECT p.player_id FROM npcsim.create_player(world('Meadow'), 'maud') AS p);
BEGIN
    PERFORM npcsim.define_interaction_type(world('Meadow'), 'conversation', target => 'npc', needs_adjacency => false, min_participants => 2,
                                           max_participants => 10, parameters => '{"message": {"type": "string"}}');
    PERFORM npcsim.register_gateway('g1');
    PERFORM npcsim.client_connected('g1', player, world('Meadow'), 'compute');
    PERFORM npcsim.update_player_heartbeat(player, '{"max_concurrency": 8}');
    UPDATE npcsim.npcs SET controller_player_id = player WHERE world_id = world('Meadow');
    PERFORM npcsim.set_decision_policy(world('Meadow'), 'occasions');
    PERFORM npcsim.tick_world(world('Meadow'), 4);
    IF answer('Bo', jsonb_build_object('action', 'start_conversation', 'target_ids', jsonb_build_array(npc('Ada'), npc('Cy')))) <> 'applied' THEN
        RAISE 'Bo cannot invite anybody';
    END IF;
    PERFORM npcsim.tick_world(world('Meadow'), 0.1);
    CREATE TABLE bid AS SELECT id FROM npcsim.interaction_bid_rows;
END
$$;

-- Calls a reducer for the only player there is; returns the SQLSTATE of what is refused.
CREATE FUNCTION call(reducer text, args jsonb) RETURNS text
LANGUAGE sql AS $$
    SELECT npcsim.call_reducer(p.id, reducer, args) -> 'error' ->> 'code' FROM npcsim.player_accounts p
$$;

CREATE PROCEDURE clear()
LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE IF EXISTS bid;
    PERFORM npcsim.drop_world(id) FROM npcsim.world_settings ORDER BY id;
END
$$;

-- Ticks a world, also one whose status is "running".
CREATE FUNCTION tick(name text, seconds double precision) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    held bigint := world(name);
    before text;
BEGIN
    PERFORM npcsim.lock_world(held);
    SELECT c.status INTO before FROM npcsim.world_clock c WHERE c.world_id = held;
    PERFORM npcsim.pause_world(held);
    PERFORM npcsim.tick_world(held, seconds);
    UPDATE npcsim.world_clock SET status = before WHERE world_id = held;
END
$$;

-- Answers an NPC's last request; returns the status, or "moot" if the answer was applied but there was nothing left to do.
CREATE FUNCTION answer(npc_name text, decision jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    asked record;
    result jsonb;
BEGIN
    SELECT d.request_id, d.player_id INTO asked FROM npcsim.decision_slots d WHERE d.npc_id = npc(npc_name);
    result := npcsim.submit_npc_decision(asked.player_id, decision || jsonb_build_object('request_id', asked.request_id));
    RETURN CASE WHEN result ->> 'status' = 'applied' AND result ->> 'reason' LIKE 'moot:%' THEN 'moot' ELSE result ->> 'status' END;
END
$$;

-- Requests a decision of an NPC as an operator, answers it, and returns the status.
CREATE FUNCTION tell(npc_name text, decision jsonb) RETURNS text
LANGUAGE sql AS $$
    SELECT npcsim.submit_npc_decision(i.controller_player_id,
               decision || jsonb_build_object('request_id', npcsim.request_npc_decision(i.world_id, i.id))) ->> 'status'
      FROM npcsim.npc_identities i WHERE i.id = npc(npc_name)
$$;

-- Answers an invitation for an NPC: accepts it, or rejects it for a reason.
CREATE FUNCTION reply(npc_name text, why_not text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    RETURN answer(npc_name, jsonb_build_object('action', 'respond_to_interaction_bid', 'bid_id', (SELECT id FROM bid), 'accept', why_not IS NULL, 'reason', why_not));
END
$$;

CREATE FUNCTION go(npc_name text, x integer, y integer) RETURNS text
LANGUAGE sql AS $$
    SELECT answer(npc_name, jsonb_build_object('action', 'move_to', 'x', x, 'y', y))
$$;

-- The same, of an answer that took so many tokens, which its player's account counts.
CREATE FUNCTION go(npc_name text, x integer, y integer, tokens integer) RETURNS text
LANGUAGE sql AS $$
    SELECT answer(npc_name, jsonb_build_object('action', 'move_to', 'x', x, 'y', y, 'tokens', tokens))
$$;

CREATE FUNCTION stay(npc_name text) RETURNS text
LANGUAGE sql AS $$
    SELECT answer(npc_name, '{"action": "continue"}')
$$;

CREATE FUNCTION eat(npc_name text) RETURNS text
LANGUAGE sql AS $$
    SELECT answer(npc_name, jsonb_build_object('action', 'consume', 'target_id', id)) FROM npcsim.items
$$;

-- Answers all open requests in one batch, in descending order.
CREATE FUNCTION wander_all() RETURNS TABLE (ord integer, status text)
LANGUAGE sql AS $$
    SELECT s.ord, s.result ->> 'status'
      FROM npcsim.submit_npc_decisions(ARRAY(SELECT player_id FROM npcsim.decision_requests),
                                       ARRAY(SELECT format('{"request_id": %s, "action": "wander"}', request_id)
                                               FROM npcsim.decision_requests ORDER BY request_id DESC)) AS s
$$;

-- Claims requests for the one session there is, and returns the names of their NPCs.
CREATE FUNCTION claim(slots integer) RETURNS TABLE (claimed text)
LANGUAGE sql AS $$
    SELECT i.name
      FROM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions WHERE NOT ended), ARRAY[slots]) AS c
      JOIN npcsim.npc_identities i ON i.world_id = c.world_id AND i.id = c.npc_id
     ORDER BY 1
$$;

-- The heartbeat of the only player there is; returns what is answered, or the SQLSTATE of what is refused.
CREATE FUNCTION beat() RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(t #>> '{error,code}', t #>> '{value,type}')
      FROM npcsim.player_accounts p, LATERAL (SELECT npcsim.try_update_player_heartbeat(p.id, '{"max_concurrency": 8}')) AS beats (t)
$$;

-- Their player answers for Di so often; returns what becomes of it.
CREATE FUNCTION steal(times integer) RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(DISTINCT concat_ws(' ', s.result ->> 'status', s.result ->> 'code'), ', ')
      FROM npcsim.submit_npc_decisions(array_fill((SELECT id FROM npcsim.player_accounts), ARRAY[times]),
                                       array_fill(format('{"npc_id": %s, "action": "wander"}', npc('Di')), ARRAY[times])) AS s
$$;

-- Runs a statement and returns how it ended, with SQLSTATE and hint, which the tester does not show.
CREATE FUNCTION attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(': ', SQLSTATE, SQLERRM, nullif(hint, ''));
END
$$;

-- After minds(): the player of their NPCs goes; oda (gateway g1) and pim (g2) lend minds that remember nothing.
CREATE PROCEDURE pool()
LANGUAGE plpgsql AS $$
DECLARE
    oda bigint := (SELECT p.player_id FROM npcsim.create_player(world('Meadow'), 'oda') AS p);
    pim bigint := (SELECT p.player_id FROM npcsim.create_player(world('Meadow'), 'pim') AS p);
BEGIN
    UPDATE npcsim.worlds SET allocation = 'manual';
    PERFORM npcsim.client_disconnected(id) FROM npcsim.sessions;
    PERFORM npcsim.register_gateway('g2');
    PERFORM npcsim.client_connected('g1', oda, world('Meadow'), 'compute'), npcsim.client_connected('g2', pim, world('Meadow'), 'compute');
    PERFORM npcsim.update_player_heartbeat(p, '{"max_concurrency": 8, "stateless": true}') FROM unnest(ARRAY[oda, pim]) AS p;
END
$$;

CREATE FUNCTION player(wanted text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT id FROM npcsim.player_accounts WHERE username = wanted
$$;

-- Claims questions for a player's session.
CREATE FUNCTION claim_pooled(who text, slots integer) RETURNS SETOF bigint
LANGUAGE sql AS $$
    SELECT c.request_id FROM npcsim.sessions s CROSS JOIN LATERAL npcsim.claim_decisions(s.gateway_id, ARRAY[s.id], ARRAY[slots]) AS c
     WHERE s.player_id = player(who) AND NOT s.ended
$$;
