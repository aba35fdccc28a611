-- Functions that give NPCs to players by what these lend, in worlds whose allocation is 'market'.

CREATE FUNCTION npcsim.calculate_player_npc_allocation(player_id bigint, world_id bigint, OUT entitlement integer, OUT demand integer, OUT proof integer,
    OUT weight double precision, OUT held integer, OUT assigned integer, OUT reliability double precision, OUT tier text, OUT reason text)
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_calculate_player_npc_allocation';
REVOKE ALL ON FUNCTION npcsim.calculate_player_npc_allocation(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.calculate_player_npc_allocation(bigint, bigint) IS
    'How many NPCs a player is entitled to, and why. entitlement: as the market divides them; demand: what it declares is enough for; proof: so many has it shown that it can serve; weight: 1, or 1.2 for the owner of the world; held: NPCs it has, of which so many are assigned by an operator; reliability: share of its latest questions that it answered; tier: by what it declares; reason: what decides (demand, proof, divided, assigned, nothing declared, away, gone, suspended, banned, manual). Errors: NS101 no such world, NS203 no such player in this world';

CREATE FUNCTION npcsim.rebalance_compute_allocation(world_id bigint) RETURNS integer
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_rebalance_compute_allocation';
REVOKE ALL ON FUNCTION npcsim.rebalance_compute_allocation(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.rebalance_compute_allocation(bigint) IS
    'Has as few NPCs change hands as are needed for every player to hold what it is entitled to, and returns how many did: never those that an operator assigned, nor those that came to their player less than min_tenure ago, unless that one is gone. Workers do it every 60 s, and when somebody comes or asks. Locks the world only if some change hands; does nothing in worlds whose allocation is manual. Errors: NS101 no such world, NS102 parked';

CREATE FUNCTION npcsim.redistribute_npcs_by_contribution(world_id bigint) RETURNS integer
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_redistribute_npcs_by_contribution';
REVOKE ALL ON FUNCTION npcsim.redistribute_npcs_by_contribution(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.redistribute_npcs_by_contribution(bigint) IS
    'rebalance_compute_allocation() at once, whenever NPCs came to their players: for operators who changed settings, and do not want to wait for min_tenure. Errors: NS101 no such world, NS102 parked';

CREATE FUNCTION npcsim.request_npc_assignment(player_id bigint) RETURNS integer
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_request_npc_assignment';
REVOKE ALL ON FUNCTION npcsim.request_npc_assignment(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.request_npc_assignment(bigint) IS
    'Rebalances the world of a player, and returns how many NPCs the player has then. Errors: NS102 parked, NS203 no such player';

CREATE FUNCTION npcsim_internal.rebalance_world(world_id bigint) RETURNS boolean
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_rebalance_world';
REVOKE ALL ON FUNCTION npcsim_internal.rebalance_world(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.rebalance_world(bigint) IS
    'rebalance_compute_allocation() for workers, which do not wait: false if NPCs are to change hands and somebody holds the world';

CREATE FUNCTION npcsim.handle_insufficient_compute(world_id bigint) RETURNS text
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_handle_insufficient_compute';
REVOKE ALL ON FUNCTION npcsim.handle_insufficient_compute(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.handle_insufficient_compute(bigint) IS
    'Rebalances a world, and returns what is done since its players offer less than min_tokens_per_npc_per_day for the NPCs that would have their minds: sufficient (nothing: they offer enough), fewer (the least watched go to the built-in mind, or sleep where built_in_fallback is false), alert, warned (somebody is, for an hour) or removed (somebody has no more than its offer is enough for). Errors: NS101 no such world, NS102 parked';
