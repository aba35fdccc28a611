-- Functions and views that tell how workers and worlds fare, and functions that keep the logs short.

CREATE FUNCTION npcsim_internal.library_version() RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'npcsim_library_version';
REVOKE ALL ON FUNCTION npcsim_internal.library_version() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.library_version() IS
    'Version of the library this server runs; workers serve a database only when its extension has the same';

-- The view calls this function instead of reading world_clock, since it must tell something even while that is locked.
CREATE FUNCTION npcsim_internal.world_reports() RETURNS TABLE (
    world_id bigint,
    status text,
    worker_pid integer,
    ticks bigint,
    late_ticks bigint,
    tick_ms_p50 double precision,
    tick_ms_p99 double precision,
    blocked_by_pid integer,
    last_error text,
    last_error_at_real timestamp with time zone)
    LANGUAGE c VOLATILE STRICT SECURITY DEFINER PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp ROWS 10
    AS 'MODULE_PATHNAME', 'npcsim_world_reports';
REVOKE ALL ON FUNCTION npcsim_internal.world_reports() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.world_reports() IS
    'How the worlds of this database fare, from shared memory; world_status shows it';

CREATE VIEW npcsim.world_status AS
SELECT r.world_id,
       r.status,
       r.worker_pid,
       r.ticks,
       r.late_ticks,
       r.tick_ms_p50,
       r.tick_ms_p99,
       r.blocked_by_pid,
       r.last_error,
       r.last_error_at_real
  FROM npcsim_internal.world_reports() r;
COMMENT ON VIEW npcsim.world_status IS 'How the worlds that belong to this database fare';
COMMENT ON COLUMN npcsim.world_status.status IS 'running or paused';
COMMENT ON COLUMN npcsim.world_status.worker_pid IS 'Server process that runs the world; NULL: none';
COMMENT ON COLUMN npcsim.world_status.ticks IS 'Ticks finished since a worker took the world up';
COMMENT ON COLUMN npcsim.world_status.late_ticks IS 'Those that were finished more than 100 ms of real time after their intended moment';
COMMENT ON COLUMN npcsim.world_status.tick_ms_p50 IS 'Median time of the last 1,024 transactions that ran ticks, per tick, in milliseconds; ticks in which nothing is due need none. Of a transaction that worlds share: what the world took itself and its part of the rest';
COMMENT ON COLUMN npcsim.world_status.tick_ms_p99 IS '99th percentile of the same';
COMMENT ON COLUMN npcsim.world_status.blocked_by_pid IS 'Server process that holds the world, a row of its state or a table of npcsim, so that it stands still; NULL: nobody';
COMMENT ON COLUMN npcsim.world_status.last_error IS 'Last error of a tick, if none has succeeded since, or why the world has no worker';
COMMENT ON COLUMN npcsim.world_status.last_error_at_real IS 'When that error was; of what is in the way of workers at this moment: now';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.world_status
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('start_world(world_id) and pause_world(world_id) are for that.');

CREATE FUNCTION npcsim_internal.workers_report(
    OUT state text,
    OUT running_worlds integer,
    OUT workers integer,
    OUT launcher_pid integer,
    OUT retry_at_real timestamp with time zone,
    OUT last_error text,
    OUT last_error_at_real timestamp with time zone
) RETURNS record
    LANGUAGE c VOLATILE STRICT SECURITY DEFINER PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_workers_report';
REVOKE ALL ON FUNCTION npcsim_internal.workers_report() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.workers_report() IS 'What the launcher knows of this database, and what is in its way; worker_status shows it';

CREATE VIEW npcsim.worker_status AS
SELECT r.state,
       r.running_worlds,
       r.workers,
       r.launcher_pid,
       r.retry_at_real,
       r.last_error,
       r.last_error_at_real
  FROM npcsim_internal.workers_report() r;
COMMENT ON VIEW npcsim.worker_status IS 'The workers of this database, as the launcher sees them; one row';
COMMENT ON COLUMN npcsim.worker_status.state IS 'ready; parked (last_error tells why); kept away (by DROP EXTENSION and the like, until that transaction ends); closed (a template, or it does not allow connections); unknown (to be looked at); standby; not preloaded';
COMMENT ON COLUMN npcsim.worker_status.running_worlds IS 'Worlds that should run, when it was last looked';
COMMENT ON COLUMN npcsim.worker_status.workers IS 'Server processes that run them, starting ones included';
COMMENT ON COLUMN npcsim.worker_status.launcher_pid IS 'The launcher; NULL: it does not run';
COMMENT ON COLUMN npcsim.worker_status.retry_at_real IS 'After failures: when workers are tried again';
COMMENT ON COLUMN npcsim.worker_status.last_error IS 'Why workers are missing, or ended';
COMMENT ON COLUMN npcsim.worker_status.last_error_at_real IS 'When that was; of what is in the way at this moment: now';
CREATE TRIGGER refuse_edit INSTEAD OF INSERT OR UPDATE OR DELETE ON npcsim.worker_status
    FOR EACH ROW EXECUTE FUNCTION npcsim_internal.refuse_edit('The launcher starts workers where worlds run: npcsim.max_workers, start_world(world_id).');

-- It runs with the rights of the extension's owner, so that workers need not own the logs to empty them.
CREATE FUNCTION npcsim.prune_logs() RETURNS integer
    LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_prune_logs';
REVOKE ALL ON FUNCTION npcsim.prune_logs() FROM PUBLIC;
COMMENT ON FUNCTION npcsim.prune_logs() IS
    'Empties the segments of change_log, decision_log and world_event_log that are due and forgets results of calls older than a day; returns the number of segments. Workers call it once a minute; it never waits for a lock';
