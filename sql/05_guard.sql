-- What keeps the state of a world consistent: nobody writes it without holding the world's lock. The triggers of
-- the state tables fire after the row was written, since a trigger before an UPDATE locks each row once more, and only
-- where the lock is not held: then the statement fails.

CREATE FUNCTION npcsim.world_is_locked(world_id bigint) RETURNS boolean
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'npcsim_world_is_locked';
REVOKE ALL ON FUNCTION npcsim.world_is_locked(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim.world_is_locked(bigint) IS 'Whether this transaction holds the lock of a world';

CREATE FUNCTION npcsim.require_world_lock() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'npcsim_require_world_lock';
REVOKE ALL ON FUNCTION npcsim.require_world_lock() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.require_world_lock() IS
    'Row trigger: refuses (NS110) to write the state of a world whose lock this transaction does not hold, and any change of world_id; lets the rows of parked worlds in (pg_restore)';

CREATE FUNCTION npcsim.refuse_truncate() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_refuse_truncate';
REVOKE ALL ON FUNCTION npcsim.refuse_truncate() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.refuse_truncate() IS
    'Statement trigger: refuses TRUNCATE of a table that holds the state of worlds (NS111); drop_world(world_id) removes a world';
