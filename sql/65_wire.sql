-- Functions by which gateways read a world, in one snapshot and without a lock.

CREATE FUNCTION npcsim.world_snapshot(world_id bigint) RETURNS json
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_world_snapshot';
REVOKE ALL ON FUNCTION npcsim.world_snapshot(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.world_snapshot(bigint) IS
    'Everything clients see of a world, of one revision. Errors: NS101 no such world';

CREATE FUNCTION npcsim.world_delta(world_id bigint, since bigint, epoch text DEFAULT NULL) RETURNS json
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_world_delta';
REVOKE ALL ON FUNCTION npcsim.world_delta(bigint, bigint, text) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.world_delta(bigint, bigint, text) IS
    'What changed in a world after revision "since": rows as they are now, NPCs by column group, ids that are gone; or {"resync": true, …} when that is no longer known. epoch (up to 64 characters) NULL is the present one. Errors: 22003 since is negative, 22023 epoch is none, NS101 no such world';
