-- What keeps the state of a world consistent: nobody writes it without holding the world's lock.

CREATE FUNCTION npcsim.require_world_lock() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_require_world_lock';
REVOKE ALL ON FUNCTION npcsim.require_world_lock() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.require_world_lock() IS
    'Row trigger: refuses (NS110) to write the state of a world whose lock this transaction does not hold, and any change of world_id; lets the rows of parked worlds in (pg_restore)';

CREATE FUNCTION npcsim.refuse_truncate() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_refuse_truncate';
REVOKE ALL ON FUNCTION npcsim.refuse_truncate() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.refuse_truncate() IS
    'Statement trigger: refuses TRUNCATE of a table that holds the state of worlds (NS111); drop_world(world_id) removes a world';
