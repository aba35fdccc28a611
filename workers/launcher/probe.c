/*
 * probe.c
 *	  A brief look into one database: is the extension there, may workers serve it, and how many of its
 *	  worlds should run?
 *
 * A probe reads, as the bootstrap superuser, and calls nothing that somebody else may have defined.
 * The first steps that probes and workers share are here, too.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "engine/lock.h"
#include "errors.h"
#include "launcher.h"
#include "require.h"
#include "shmem.h"
#include "spi.h"
#include "tables/worlds.h"
#include "worker_pool.h"

/*
 * Settings that a role, a database or the server's configuration must not change for our processes. Others
 * are theirs to choose: memory, logging, synchronous_commit.
 */
static const struct
{
	const char *name;
	const char *value;
} pinned_settings[] = {
	{"role", "none"},
	{"search_path", SPI_SEARCH_PATH},
	{"default_transaction_isolation", "read committed"},
	{"default_transaction_read_only", "off"},
	{"default_transaction_deferrable", "off"},
	{"session_replication_role", "origin"},
	/*
	 * Rows that a policy hides from us raise an error, which is reported, and do not make a world without
	 * NPCs.
	 */
	{"row_security", "off"},
	{"exit_on_error", "off"},
	{"statement_timeout", "0"},
	{"lock_timeout", "1s"},
#if PG_VERSION_NUM >= 170000
	{"transaction_timeout", "0"},
#endif
	{"jit", "off"},
	{"plan_cache_mode", "auto"},
	{"max_parallel_workers_per_gather", "0"},
	{"DateStyle", "ISO, MDY"},
	{"IntervalStyle", "postgres"},
	{"TimeZone", "UTC"},
	{"extra_float_digits", "1"},
	{"bytea_output", "hex"},
	{"standard_conforming_strings", "on"},
	{"array_nulls", "on"},
	{"transform_null_equals", "off"},
};

void
pin_settings(void)
{
	for (int i = 0; i < (int) lengthof(pinned_settings); i++)
		SetConfigOption(pinned_settings[i].name, pinned_settings[i].value, PGC_SUSET, PGC_S_OVERRIDE);
}

static WorkerTicket ticket;

const char *
worker_database(void)
{
	return ticket.name;
}

/* Every message of the server about our process names the database, even that our connection is refused. */
static void
name_database(void *arg)
{
	errcontext("%s for database \"%s\"", MyBgworkerEntry->bgw_type, ticket.name);
}

void
worker_begin(const char *activity)
{
	static ErrorContextCallback context = {.callback = name_database};

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	/* A worker finishes its tick first. */
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();

	memcpy(&ticket, MyBgworkerEntry->bgw_extra, sizeof(ticket));
	if (!pool_attach(ticket.slot, ticket.generation, ticket.database))
		proc_exit(0);
	/*
	 * It is registered after the pool's callback, and so runs before it, which says that nothing of ours is
	 * left.
	 */
	on_shmem_exit(shmem_leave_all, 0);
	context.previous = error_context_stack;
	error_context_stack = &context;
	BackgroundWorkerInitializeConnectionByOid(ticket.database, ticket.role, 0);

	pin_settings();
	SetConfigOption("application_name", activity, PGC_USERSET, PGC_S_SESSION);
}

static int
count_running(void)
{
	Oid schema = get_namespace_oid("npcsim", true);
	Oid table = OidIsValid(schema) ? get_relname_relid("world_clock", schema) : InvalidOid;
	int running;

	if (!OidIsValid(table) || get_rel_relkind(table) != RELKIND_RELATION)
		return 0;
	spi_begin();
	running = worlds_count_running(world_home());
	spi_end();
	return running;
}

void
tell_obstacle(const Obstacle *obstacle)
{
	char		known[POOL_ERROR_SIZE];
	TimestampTz known_at;

	/* It is logged once, not with every attempt. */
	if (pool_database_error(MyDatabaseId, known, &known_at) &&
		strncmp(known, obstacle->message, POOL_ERROR_SIZE - 1) == 0)
		return;
	ereport(LOG, errcode(obstacle->sqlstate),
			errmsg("npcsim cannot run the worlds of database \"%s\": %s", worker_database(),
				   obstacle->message),
			errdetail("%s", obstacle->detail), errhint("%s", obstacle->hint));
}

void
npcsim_probe_main(Datum arg)
{
	uint32 changes;

	worker_begin("npcsim probe");
	/* It is read before the snapshot is taken: what changes afterwards is looked at again. */
	changes = pool_changes(MyDatabaseId);
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, "looking for worlds to run");

	if (!OidIsValid(get_extension_oid("npcsim", true)))
		pool_note_database(MyDatabaseId, DATABASE_ABSENT, changes, 0, NULL);
	else
	{
		Obstacle obstacle = worker_obstacle();

		if (obstacle.sqlstate == ERRCODE_NS_NOT_PRELOADED)
		{
			/* The extension has another version, whose tables we do not know. */
			tell_obstacle(&obstacle);
			pool_note_database(MyDatabaseId, DATABASE_PARKED, changes, 0, obstacle.message);
		}
		else
		{
			int running = count_running();

			if (obstacle.message != NULL && running > 0)
			{
				tell_obstacle(&obstacle);
				pool_note_database(MyDatabaseId, DATABASE_PARKED, changes, running, obstacle.message);
			}
			else
				/* With no world to run, an obstacle is in nobody's way yet. */
				pool_note_database(MyDatabaseId, DATABASE_READY, changes, running, obstacle.message);
		}
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	proc_exit(0);
}
