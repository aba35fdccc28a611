-- Functions that tests of NPCs and their minds in world 1 share, to be included with \ir lib/minds.sql. All are in pg_temp, so
-- that each test file may add to them. Unless others are named, the NPC is Ada and the player whose mind answers is ada.

\ir by_hand.sql
SELECT pg_temp.by_hand('world_clock');

CREATE FUNCTION pg_temp.player(who text DEFAULT 'ada') RETURNS bigint
LANGUAGE sql AS $$SELECT id FROM npcsim.players WHERE world_id = 1 AND username = who$$;
CREATE FUNCTION pg_temp.npc(who text DEFAULT 'Ada') RETURNS bigint
LANGUAGE sql AS $$SELECT id FROM npcsim.npcs WHERE world_id = 1 AND name = who$$;
CREATE FUNCTION pg_temp.now() RETURNS bigint
LANGUAGE sql AS $$SELECT now FROM npcsim.world_moments WHERE world_id = 1$$;

-- ---- what NPCs are told to do ----
-- Makes an NPC of the player ada.
CREATE FUNCTION pg_temp.make(who text, x integer, y integer) RETURNS bigint
LANGUAGE sql AS $$SELECT npcsim.create_npc(1, who, x, y, pg_temp.player())$$;
-- Moves an NPC to a cell as an operator.
CREATE FUNCTION pg_temp.place(who text, x integer, y integer) RETURNS void
LANGUAGE sql AS $$UPDATE npcsim.npcs SET position_x = x, position_y = y WHERE world_id = 1 AND id = pg_temp.npc(who)$$;
-- Requests a decision as an operator and answers it; returns status, code and reason.
CREATE FUNCTION pg_temp.tell(who text, decision jsonb, mind text DEFAULT 'ada') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    result jsonb;
BEGIN
    result := npcsim.submit_npc_decision(pg_temp.player(mind),
        decision || jsonb_build_object('request_id', npcsim.request_npc_decision(1, pg_temp.npc(who))));
    RETURN concat_ws(' ', result ->> 'status', result ->> 'code', result ->> 'reason');
END
$$;
-- Has an NPC sit on a chair, or eat an apple.
CREATE FUNCTION pg_temp.use(who text, item bigint) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.tell(who, jsonb_build_object('action', CASE item_type WHEN 'chair' THEN 'sit' ELSE 'consume' END, 'target_id', id))
      FROM npcsim.world_items WHERE world_id = 1 AND id = item
$$;

-- ---- how they are ----
CREATE FUNCTION pg_temp.state(who text DEFAULT 'Ada') RETURNS npcsim.npc_states
LANGUAGE sql AS $$SELECT s FROM npcsim.npc_states s WHERE world_id = 1 AND npc_id = pg_temp.npc(who)$$;
CREATE FUNCTION pg_temp.at(who text DEFAULT 'Ada') RETURNS text
LANGUAGE sql AS $$SELECT format('%s,%s %s', position_x, position_y, state) FROM npcsim.npcs WHERE world_id = 1 AND name = who$$;
-- Returns an NPC's state, and who decided it.
CREATE FUNCTION pg_temp.doing(who text DEFAULT 'Ada') RETURNS text
LANGUAGE sql AS $$SELECT concat_ws(' ', state, decider) FROM npcsim.npcs WHERE world_id = 1 AND name = who$$;

-- ---- what their minds are asked and told ----
-- Sends a heartbeat for all players, whose minds then take so many requests at a time.
CREATE FUNCTION pg_temp.present(slots integer DEFAULT 8) RETURNS void
LANGUAGE sql AS $$SELECT npcsim.update_player_heartbeat(id, jsonb_build_object('max_concurrency', slots)) FROM npcsim.players WHERE world_id = 1$$;
-- Returns the id of an NPC's last request.
CREATE FUNCTION pg_temp.request(who text DEFAULT 'Ada') RETURNS bigint
LANGUAGE sql AS $$SELECT request_id FROM npcsim.decision_slots WHERE world_id = 1 AND npc_id = pg_temp.npc(who)$$;
-- Returns the reason of an NPC's open request, and how many world seconds ago it was opened.
CREATE FUNCTION pg_temp.asked(who text DEFAULT 'Ada') RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce((SELECT format('%s %s', reason, round((pg_temp.now() / 1e6 - opened_at)::numeric, 1))
                       FROM npcsim.decision_requests WHERE world_id = 1 AND npc_id = pg_temp.npc(who)), 'not asked')
$$;
-- Claims all open requests for the gateway g1. Requests can be claimed in running worlds only, so the world runs meanwhile.
CREATE FUNCTION pg_temp.send() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE npcsim.world_clock SET status = 'running' WHERE world_id = 1;
    PERFORM npcsim.claim_decisions('g1', ARRAY(SELECT id FROM npcsim.sessions), ARRAY(SELECT 8 FROM npcsim.sessions));
    UPDATE npcsim.world_clock SET status = 'paused' WHERE world_id = 1;
END
$$;
-- Returns the types of the events that are kept for the mind, in order.
CREATE FUNCTION pg_temp.told(who text DEFAULT 'Ada') RETURNS text[]
LANGUAGE sql AS $$
    SELECT coalesce(array_agg(e ->> 'type' ORDER BY i), '{}')
      FROM npcsim.npc_minds m, jsonb_array_elements(m.events) WITH ORDINALITY AS e(e, i) WHERE world_id = 1 AND npc_id = pg_temp.npc(who)
$$;

-- ---- refusals ----
-- Returns the hint of the error that a statement raises.
CREATE FUNCTION pg_temp.hint_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN hint;
END
$$;
