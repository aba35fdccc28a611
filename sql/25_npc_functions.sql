-- Functions that create and edit NPCs, and those by which the views read them.

CREATE FUNCTION npcsim.create_npc(
    world_id bigint,
    name text,
    x integer,
    y integer,
    controller_player_id bigint DEFAULT NULL,
    traits text[] DEFAULT '{}') RETURNS bigint
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_create_npc';
REVOKE ALL ON FUNCTION npcsim.create_npc(bigint, text, integer, integer, bigint, text[]) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.create_npc(bigint, text, integer, integer, bigint, text[]) IS
    'Makes an NPC that stands idle on a free cell, all needs 100; returns its id. name: 1 to 100 characters; controller_player_id: whose mind decides for it, NULL: the built-in mind; traits: up to 16 of 1 to 50 characters. Errors: NS101 no such world, NS102 parked, NS203 no such player, NS210 not inside the world, NS211 cell not free';

CREATE FUNCTION npcsim.remove_npc(world_id bigint, npc_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_remove_npc';
REVOKE ALL ON FUNCTION npcsim.remove_npc(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.remove_npc(bigint, bigint) IS
    'Removes an NPC; what it used becomes free. Errors: NS101 no such world, NS102 parked, NS201 no such NPC';

CREATE FUNCTION npcsim.assign_npc_to_player(world_id bigint, npc_id bigint, player_id bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_assign_npc_to_player';
REVOKE ALL ON FUNCTION npcsim.assign_npc_to_player(bigint, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.assign_npc_to_player(bigint, bigint, bigint) IS
    'Gives an NPC to a player of its world, whose mind then decides for it, and the market leaves it there; NULL gives it back to the built-in mind, and to the market. Errors: NS201 no such NPC, NS203 no such player in this world';

CREATE FUNCTION npcsim.set_npc_dormant(world_id bigint, npc_id bigint, dormant boolean DEFAULT true) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_set_npc_dormant';
REVOKE ALL ON FUNCTION npcsim.set_npc_dormant(bigint, bigint, boolean) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.set_npc_dormant(bigint, bigint, boolean) IS
    'Puts an NPC to sleep, or wakes it (false): it leaves talks and chairs, its needs stand still, and nobody decides for it until it is woken by hand. Errors: NS201 no such NPC';

CREATE FUNCTION npcsim.apply_npc_action(world_id bigint, npc_id bigint, action jsonb, revision bigint) RETURNS void
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_apply_npc_action';
REVOKE ALL ON FUNCTION npcsim.apply_npc_action(bigint, bigint, jsonb, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.apply_npc_action(bigint, bigint, jsonb, bigint) IS
    'Has an NPC do something, as if its mind had decided it: an action as minds give it, with then, wake_on and next_decision_in_s. A question that is open stays open. revision: of the world, at which the NPC was looked at. Errors: NS201 no such NPC, NS302, NS304, NS305 it cannot be done, as minds are told, NS306 the NPC has changed since that revision, 22003 the world is not there yet';

CREATE FUNCTION npcsim.request_npc_decision(world_id bigint, npc_id bigint) RETURNS bigint
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_request_npc_decision';
REVOKE ALL ON FUNCTION npcsim.request_npc_decision(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.request_npc_decision(bigint, bigint) IS
    'Asks the mind of an NPC for a decision now, whatever the policy; returns the id of the request, or NULL when the built-in mind decided. Errors: NS201 no such NPC';

-- The views call these functions.

CREATE FUNCTION npcsim_internal.need_at(value integer, rate integer, as_of bigint, now bigint) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_need_at';
REVOKE ALL ON FUNCTION npcsim_internal.need_at(integer, integer, bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.need_at(integer, integer, bigint, bigint) IS
    'A need in units, 0 to 100, at a moment; value and rate in millionths, moments in microseconds';

CREATE FUNCTION npcsim_internal.track_x(cells smallint[], departed_at bigint, now bigint) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_track_x';
REVOKE ALL ON FUNCTION npcsim_internal.track_x(smallint[], bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.track_x(smallint[], bigint, bigint) IS
    'Where on its track a walker is at a moment (microseconds), interpolated: x in cells';

CREATE FUNCTION npcsim_internal.track_y(cells smallint[], departed_at bigint, now bigint) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_track_y';
REVOKE ALL ON FUNCTION npcsim_internal.track_y(smallint[], bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.track_y(smallint[], bigint, bigint) IS
    'Where on its track a walker is at a moment (microseconds), interpolated: y in cells';
