/*
 * status.c
 *	  What operators are shown of launcher, workers and served worlds.
 *
 * It must tell something in any state of the server: on a standby, if the library was not preloaded,
 * while somebody keeps a table locked. Nothing here waits for a lock on a table of ours, or writes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_database.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "engine/holders.h"
#include "engine/lock.h"
#include "require.h"
#include "shmem.h"
#include "spi.h"
#include "tables/worlds.h"
#include "version.h"
#include "worker_pool.h"

PG_FUNCTION_INFO_V1(npcsim_world_report);
PG_FUNCTION_INFO_V1(npcsim_world_reports);
PG_FUNCTION_INFO_V1(npcsim_fleet_report);
PG_FUNCTION_INFO_V1(npcsim_workers_report);
PG_FUNCTION_INFO_V1(npcsim_library_version);

/* ---- why no worker ticks ---- */

typedef struct Reason
{
	const char *text; /* NULL = none is known */
	TimestampTz at;
} Reason;

/* Returns why no process of ours may be in this database; NULL = it may. */
static const char *
closed_to_workers(void)
{
	HeapTuple		 tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	Form_pg_database row;
	const char		*reason = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	row = (Form_pg_database) GETSTRUCT(tuple);
	if (row->datistemplate)
		reason = "the database is a template: no worker may be in the way of copying it (ALTER DATABASE … "
				 "IS_TEMPLATE false)";
	else if (!row->datallowconn)
		reason = "the database does not allow connections (ALTER DATABASE … ALLOW_CONNECTIONS true)";
	ReleaseSysCache(tuple);
	return reason;
}

static bool
launcher_runs(void)
{
	bool runs;

	LWLockAcquire(worker_pool->lock, LW_SHARED);
	runs = worker_pool->launcher_pid != 0;
	LWLockRelease(worker_pool->lock);
	return runs;
}

/* Returns what is in the way of workers as things are now; NULL = nothing that can be seen from here. */
static const char *
present_reason(void)
{
	Obstacle	obstacle;
	const char *closed;

	if (!shmem_available())
		return "npcsim is not preloaded: see shared_preload_libraries";
	if (RecoveryInProgress())
		return "this server is a standby: worlds run on its primary";
	obstacle = worker_obstacle();
	if (obstacle.message != NULL)
		return obstacle.message;
	closed = closed_to_workers();
	if (closed != NULL)
		return closed;
	if (!launcher_runs())
		return "the launcher of npcsim does not run: is max_worker_processes too small? See the server's log";
	return NULL;
}

/* Returns why a database without a worker has none. The text is in the current memory context. */
static Reason
why_no_worker(void)
{
	Reason reason = {.text = present_reason(), .at = GetCurrentTimestamp()};
	char   error[POOL_ERROR_SIZE];

	if (reason.text == NULL && pool_database_error(MyDatabaseId, error, &reason.at))
		reason.text = pstrdup(error);
	return reason;
}

/* ---- worlds ---- */

typedef enum ReportColumn
{
	REPORT_WORKER_PID,
	REPORT_TICKS,
	REPORT_LATE_TICKS,
	REPORT_TICK_MS_P50,
	REPORT_TICK_MS_P99,
	REPORT_BLOCKED_BY_PID,
	REPORT_LAST_ERROR,
	REPORT_LAST_ERROR_AT_REAL,
	REPORT_COLUMNS
} ReportColumn;

typedef struct Columns
{
	Datum values[REPORT_COLUMNS];
	bool  nulls[REPORT_COLUMNS];
} Columns;

static void
set_column(Columns *columns, ReportColumn column, Datum value)
{
	columns->values[column] = value;
	columns->nulls[column] = false;
}

static void
set_pid(Columns *columns, ReportColumn column, int pid)
{
	if (pid != 0)
		set_column(columns, column, Int32GetDatum(pid));
}

static void
set_error(Columns *columns, const char *error, TimestampTz at)
{
	if (error == NULL || error[0] == '\0')
		return;
	set_column(columns, REPORT_LAST_ERROR, CStringGetTextDatum(error));
	set_column(columns, REPORT_LAST_ERROR_AT_REAL, TimestampTzGetDatum(at));
}

static void
report_served(Columns *columns, const WorldReport *report)
{
	set_pid(columns, REPORT_WORKER_PID, report->worker_pid);
	set_column(columns, REPORT_TICKS, Int64GetDatum(report->ticks));
	set_column(columns, REPORT_LATE_TICKS, Int64GetDatum(report->late_ticks));
	if (report->tick_ms_p99 > 0)
	{
		set_column(columns, REPORT_TICK_MS_P50, Float8GetDatum(report->tick_ms_p50));
		set_column(columns, REPORT_TICK_MS_P99, Float8GetDatum(report->tick_ms_p99));
	}
	set_pid(columns, REPORT_BLOCKED_BY_PID, report->blocked_by_pid);
	set_error(columns, report->last_error, report->last_error_at);
}

/*
 * Fills in the report of a world. 'why' is looked up when the first world is found that should run and has no
 * worker; 'readable' tells whether our tables can be read.
 */
static void
report_world(Columns *columns, int64 world_id, bool running, bool readable, Reason *why)
{
	WorldReport report;

	memset(columns->nulls, true, sizeof(columns->nulls));
	if (shmem_world_report(world_id, &report) && report.worker_pid != 0)
	{
		report_served(columns, &report);
		return;
	}
	if (!running)
		return;
	if (why->at == 0)
		*why = why_no_worker();
	set_error(columns, why->text, why->at);
	if (!RecoveryInProgress())
	{
		int holder = readable ? world_lock_holder(world_id) : 0;

		set_pid(columns, REPORT_BLOCKED_BY_PID, holder != 0 ? holder : table_holder());
	}
}

static HeapTuple
make_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return heap_form_tuple(BlessTupleDesc(desc), values, nulls);
}

/* world_report(world_id, running) of 0.1.0 and 0.2.0, which lacks the last column. */
Datum
npcsim_world_report(PG_FUNCTION_ARGS)
{
	Columns columns;
	Reason	why = {0};

	report_world(&columns, PG_GETARG_INT64(0), PG_GETARG_BOOL(1), true, &why);
	PG_RETURN_DATUM(HeapTupleGetDatum(make_row(fcinfo, columns.values, columns.nulls)));
}

static void
put_report(ReturnSetInfo *result, int64 world_id, const char *status, const Columns *columns)
{
	Datum values[2 + REPORT_COLUMNS] = {Int64GetDatum(world_id), CStringGetTextDatum(status)};
	bool  nulls[2 + REPORT_COLUMNS] = {false, false};

	memcpy(values + 2, columns->values, sizeof(columns->values));
	memcpy(nulls + 2, columns->nulls, sizeof(columns->nulls));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Whether a table can be read at once. Somebody who has it locked may not let go for long. */
static bool
is_readable(const char *table)
{
	/* The lock is kept until the end of the transaction, as by any statement that reads the table. */
	return ConditionalLockRelationOid(get_relname_relid(table, get_namespace_oid("npcsim", false)),
									  AccessShareLock);
}

/*
 * world_reports() → (world_id, status, worker_pid, ticks, late_ticks, tick_ms_p50, tick_ms_p99,
 * blocked_by_pid, last_error, last_error_at_real): one row per world that belongs to this database. While
 * somebody keeps our tables locked, only worlds that have, or had, a worker are listed.
 */
Datum
npcsim_world_reports(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Reason		   why = {0};
	Columns		   columns;

	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	if (is_readable("world_clock") && is_readable("installation"))
	{
		int			 count;
		WorldStatus *worlds = worlds_statuses(world_home(), &count);

		for (int i = 0; i < count; i++)
		{
			report_world(&columns, worlds[i].id, strcmp(worlds[i].status, "running") == 0, true, &why);
			put_report(result, worlds[i].id, worlds[i].status, &columns);
		}
	}
	else
	{
		int64 *ids;
		int	   count = shmem_worlds(&ids);

		for (int i = 0; i < count; i++)
		{
			report_world(&columns, ids[i], true, false, &why);
			put_report(result, ids[i], "running", &columns);
		}
	}
	spi_end();
	return (Datum) 0;
}

/* ---- workers ---- */

static const char *
database_state(const PoolDatabase *database, int workers, bool blocked)
{
	static const char *const states[] = {
		[DATABASE_UNKNOWN] = "unknown",
		[DATABASE_ABSENT] = "absent",
		[DATABASE_READY] = "ready",
		[DATABASE_PARKED] = "parked",
	};

	_Static_assert(sizeof(states) / sizeof(states[0]) == DATABASE_PARKED + 1, "each state has a name");

	if (worker_pool == NULL)
		return "not preloaded";
	if (RecoveryInProgress())
		return "standby";
	if (workers == 0 && closed_to_workers() != NULL)
		return "closed";
	return blocked ? "kept away" : states[database->state];
}

/*
 * workers_report() → (state, running_worlds, workers, launcher_pid, retry_at_real, last_error,
 * last_error_at_real) of this database.
 */
Datum
npcsim_workers_report(PG_FUNCTION_ARGS)
{
	Datum		  values[7] = {0};
	bool		  nulls[7] = {false, true, true, true, true, true, true};
	PoolDatabase  database = {.state = DATABASE_UNKNOWN};
	PoolDatabase *entry = NULL;
	Reason		  reason = {0};
	int			  workers = 0;
	int			  launcher_pid = 0;
	bool		  blocked = false;

	if (worker_pool != NULL)
	{
		LWLockAcquire(worker_pool->lock, LW_SHARED);
		entry = pool_find(MyDatabaseId);
		if (entry != NULL)
			database = *entry;
		workers = pool_count(MyDatabaseId, POOL_WORKER);
		launcher_pid = worker_pool->launcher_pid;
		blocked = pool_blocked(MyDatabaseId);
		LWLockRelease(worker_pool->lock);
		values[2] = Int32GetDatum(workers);
		nulls[2] = false;
	}
	values[0] = CStringGetTextDatum(database_state(&database, workers, blocked));
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
	if (workers == 0)
		reason = why_no_worker();
	else if (database.error[0] != '\0')
		reason = (Reason) {.text = database.error, .at = database.error_at};
	if (reason.text != NULL)
	{
		values[5] = CStringGetTextDatum(reason.text);
		values[6] = TimestampTzGetDatum(reason.at);
		nulls[5] = nulls[6] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(make_row(fcinfo, values, nulls)));
}

/* fleet_report() of 0.1.0 and 0.2.0, which lacks the last column. */
Datum
npcsim_fleet_report(PG_FUNCTION_ARGS)
{
	return npcsim_workers_report(fcinfo);
}

Datum
npcsim_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(NPCSIM_VERSION));
}
