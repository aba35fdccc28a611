-- Functions that tests of bids and conversations share. To be included after lib/minds.sql.

-- Ticks world 1 by so many seconds.
CREATE FUNCTION pg_temp.step(seconds double precision) RETURNS void
LANGUAGE sql AS $$SELECT npcsim.tick_world(1, seconds)$$;
CREATE FUNCTION pg_temp.clock() RETURNS numeric
LANGUAGE sql AS $$SELECT round(pg_temp.now() / 1000000.0, 6)$$;
CREATE FUNCTION pg_temp.state_name(who text) RETURNS text
LANGUAGE sql AS $$SELECT state FROM npcsim.npcs WHERE world_id = 1 AND name = who$$;

-- ---- bids ----
-- Returns the members of a decision that name its NPCs: the first is the target, the others take part.
CREATE FUNCTION pg_temp.with(VARIADIC others text[]) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('target_id', pg_temp.npc(others[1]), 'participants', coalesce(jsonb_agg(pg_temp.npc(o) ORDER BY i) FILTER (WHERE i > 1), '[]'))
      FROM unnest(others) WITH ORDINALITY AS t(o, i)
$$;
CREATE FUNCTION pg_temp.bid(bidder text) RETURNS bigint
LANGUAGE sql AS $$SELECT id FROM npcsim.interaction_bids WHERE world_id = 1 AND bidder_npc_id = pg_temp.npc(bidder)$$;
CREATE FUNCTION pg_temp.answer(who text, bid bigint, accept boolean, reason text DEFAULT NULL, mind text DEFAULT 'ada') RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.tell(who, jsonb_strip_nulls(jsonb_build_object('action', 'respond_to_interaction_bid', 'bid_id', bid, 'accept', accept, 'reason', reason)), mind)
$$;

-- ---- interactions ----
CREATE FUNCTION pg_temp.talk(who text) RETURNS bigint
LANGUAGE sql AS $$SELECT interaction_id FROM npcsim.npcs WHERE world_id = 1 AND name = who$$;
CREATE FUNCTION pg_temp.leave(who text) RETURNS text
LANGUAGE sql AS $$SELECT pg_temp.tell(who, '{"action": "cancel_interaction"}')$$;

-- ---- what minds are told ----
-- Returns the events that are kept for the mind from a moment on, without their times.
CREATE FUNCTION pg_temp.since(who text, moment numeric) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(e - 'at' ORDER BY i) FILTER (WHERE (e ->> 'at')::numeric >= moment), '[]')
      FROM npcsim.npc_minds m, jsonb_array_elements(m.events) WITH ORDINALITY AS e(e, i) WHERE world_id = 1 AND npc_id = pg_temp.npc(who)
$$;
CREATE FUNCTION pg_temp.last(who text) RETURNS jsonb
LANGUAGE sql AS $$SELECT (m.events -> -1) - 'at' FROM npcsim.npc_minds m WHERE world_id = 1 AND npc_id = pg_temp.npc(who)$$;

-- ---- rows ----
-- Returns a digest of world 1 without what minds are told and asked, and without inputs.
CREATE FUNCTION pg_temp.world_rows() RETURNS text
LANGUAGE sql AS $$
    SELECT md5(concat((SELECT jsonb_agg(to_jsonb(t) - '{decision_at,decision_reason,status_revision,revision}'::text[] ORDER BY t.npc_id) FROM npcsim.npc_states t WHERE world_id = 1),
                      (SELECT jsonb_agg(t ORDER BY t.npc_id) FROM npcsim.npc_tracks t WHERE world_id = 1),
                      (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.items t WHERE world_id = 1),
                      (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.interaction_runs t WHERE world_id = 1),
                      (SELECT jsonb_agg(t ORDER BY t.id) FROM npcsim.interaction_bid_rows t WHERE world_id = 1)))
$$;
-- Returns what differs between two worlds, as text; '' when nothing does.
CREATE FUNCTION pg_temp.differences(a bigint, b bigint) RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(string_agg(concat_ws(' ', relation, key, here, there), E'\n'), '') FROM (SELECT * FROM npcsim.world_differences(a, b) LIMIT 5) d
$$;
-- Makes and rolls back a change of the world, so that this session discards its image and makes it from the rows again.
CREATE FUNCTION pg_temp.forget(world bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM npcsim.set_terrain(world, 0, 0, true);
    RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN NULL;
END
$$;
