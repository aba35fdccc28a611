/*
 * status.c
 *	  What operators are shown of launcher, workers and served worlds.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "engine/lock.h"
#include "fleet.h"
#include "shmem.h"
#include "version.h"

PG_FUNCTION_INFO_V1(npcsim_world_report);
PG_FUNCTION_INFO_V1(npcsim_fleet_report);
PG_FUNCTION_INFO_V1(npcsim_library_version);

static HeapTuple
make_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return heap_form_tuple(BlessTupleDesc(desc), values, nulls);
}

/*
 * world_report(world_id, running) → (worker_pid, ticks, late_ticks, tick_ms_p50, tick_ms_p99, blocked_by_pid,
 * last_error). A world that should run and has no worker shows what is known of the reason.
 */
Datum
npcsim_world_report(PG_FUNCTION_ARGS)
{
	int64		world_id = PG_GETARG_INT64(0);
	bool		running = PG_GETARG_BOOL(1);
	Datum		values[7] = {0};
	bool		nulls[7] = {true, true, true, true, true, true, true};
	WorldReport report;
	char		error[FLEET_ERROR_SIZE];

	if (shmem_world_report(world_id, &report) && report.worker_pid != 0)
	{
		values[0] = Int32GetDatum(report.worker_pid);
		values[1] = Int64GetDatum(report.ticks);
		values[2] = Int64GetDatum(report.late_ticks);
		nulls[0] = nulls[1] = nulls[2] = false;
		if (report.tick_ms_p99 > 0)
		{
			values[3] = Float8GetDatum(report.tick_ms_p50);
			values[4] = Float8GetDatum(report.tick_ms_p99);
			nulls[3] = nulls[4] = false;
		}
		values[5] = Int32GetDatum(report.blocked_by_pid);
		nulls[5] = report.blocked_by_pid == 0;
		nulls[6] = report.last_error[0] == '\0';
		if (!nulls[6])
			values[6] = CStringGetTextDatum(report.last_error);
	}
	else if (running)
	{
		int holder = world_lock_holder(world_id);

		values[5] = Int32GetDatum(holder);
		nulls[5] = holder == 0;
		if (!shmem_available())
			values[6] = CStringGetTextDatum("npcsim is not preloaded: see shared_preload_libraries");
		else if (fleet_database_error(MyDatabaseId, error))
			values[6] = CStringGetTextDatum(error);
		nulls[6] = values[6] == 0;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(make_row(fcinfo, values, nulls)));
}

/*
 * fleet_report() → (state, running_worlds, workers, launcher_pid, retry_at_real, last_error) of this
 * database
 */
Datum
npcsim_fleet_report(PG_FUNCTION_ARGS)
{
	static const char *const states[] = {
		[DATABASE_UNKNOWN] = "unknown",
		[DATABASE_ABSENT] = "absent",
		[DATABASE_READY] = "ready",
		[DATABASE_PARKED] = "parked",
	};
	Datum		   values[6] = {0};
	bool		   nulls[6] = {false, true, true, true, true, true};
	FleetDatabase  database = {.state = DATABASE_UNKNOWN};
	FleetDatabase *entry = NULL;
	int			   workers = 0;
	int			   launcher_pid = 0;
	bool		   blocked = false;

	if (fleet != NULL)
	{
		LWLockAcquire(fleet->lock, LW_SHARED);
		entry = fleet_find(MyDatabaseId);
		if (entry != NULL)
			database = *entry;
		workers = fleet_count(MyDatabaseId, FLEET_WORKER);
		launcher_pid = fleet->launcher_pid;
		blocked = fleet_blocked(MyDatabaseId);
		LWLockRelease(fleet->lock);
		values[2] = Int32GetDatum(workers);
		nulls[2] = false;
	}
	values[0] = CStringGetTextDatum(fleet == NULL ? "not preloaded"
									: blocked	  ? "kept away"
												  : states[database.state]);
	if (entry != NULL && database.state != DATABASE_UNKNOWN)
	{
		values[1] = Int32GetDatum(database.running);
		nulls[1] = false;
	}
	values[3] = Int32GetDatum(launcher_pid);
	nulls[3] = launcher_pid == 0;
	if (entry != NULL && database.retry_at > GetCurrentTimestamp())
	{
		values[4] = TimestampTzGetDatum(database.retry_at);
		nulls[4] = false;
	}
	if (entry != NULL && database.error[0] != '\0')
	{
		values[5] = CStringGetTextDatum(database.error);
		nulls[5] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(make_row(fcinfo, values, nulls)));
}

Datum
npcsim_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(NPCSIM_VERSION));
}
