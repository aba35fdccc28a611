-- Triggers that keep the state of a world consistent. Only npcsim writes it: statement triggers, which 90_guards.sql puts on
-- every table, refuse all others, whatever session_replication_role says. npcsim itself writes it only under the world's
-- lock: row triggers of the state tables see to that. They fire after the row was written, since a trigger before an UPDATE
-- locks each row once more, and only if the lock is not held: then the statement fails.

CREATE FUNCTION npcsim_internal.world_is_locked(world_id bigint) RETURNS boolean
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'npcsim_world_is_locked';
REVOKE ALL ON FUNCTION npcsim_internal.world_is_locked(bigint) FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.world_is_locked(bigint) IS 'Whether this transaction holds the lock of a world';

CREATE FUNCTION npcsim_internal.require_world_lock() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'npcsim_require_world_lock';
REVOKE ALL ON FUNCTION npcsim_internal.require_world_lock() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.require_world_lock() IS
    'Row trigger: refuses (NS110) to write the state of a world whose lock this transaction does not hold, and any change of world_id; lets the rows of parked worlds in (pg_restore)';

CREATE FUNCTION npcsim_internal.refuse_write() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_refuse_write';
REVOKE ALL ON FUNCTION npcsim_internal.refuse_write() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.refuse_write() IS
    'Statement trigger: refuses (NS110) to write a table by other statements than npcsim''s own, by whomever, while a world lives in this database; after an INSERT that it references, only rows of worlds that live (pg_restore writes those of parked ones). Its argument is the hint';

CREATE FUNCTION npcsim_internal.refuse_truncate() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_refuse_truncate';
REVOKE ALL ON FUNCTION npcsim_internal.refuse_truncate() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.refuse_truncate() IS
    'Statement trigger: refuses TRUNCATE of a table that holds what belongs to worlds (NS111), except by prune_logs(). Its argument is the hint';

CREATE FUNCTION npcsim_internal.refuse_replicated() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'npcsim_refuse_replicated';
REVOKE ALL ON FUNCTION npcsim_internal.refuse_replicated() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.refuse_replicated() IS
    'Row trigger of replicas, on tables without require_world_lock(): refuses (NS110) what a subscription writes of a world that was adopted here';

CREATE FUNCTION npcsim_internal.keep_own() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'npcsim_keep_own';
REVOKE ALL ON FUNCTION npcsim_internal.keep_own() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.keep_own() IS
    'Row trigger of replicas: leaves out what a subscription brings of a table that is each database''s own';
