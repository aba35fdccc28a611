/*
 * launcher.c
 *	  Keeps workers running in the databases that have worlds to run.
 *
 * The launcher reads pg_database, has each database probed once for the extension, and again when
 * something there announces itself (pool_changed). It connects to no database itself. It never waits
 * for a process: it looks at what it started again when the postmaster signals that a process came or
 * went.
 *
 * Workers are spread over databases like this: each database with running worlds gets one while
 * npcsim.max_workers lasts, those that have one already first; the rest goes where the most worlds
 * share a worker, up to one worker for npcsim.worlds_per_worker worlds.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "guc.h"
#include "launcher.h"
#include "shmem.h"
#include "worker_pool.h"

#define LAUNCHER_RESTART_S 5
/* Nothing announces that a database allows connections again. */
#define IDLE_NAP_MS				 60000
#define BUSY_NAP_MS				 1000			  /* while something is to be started or tried again */
#define VISIT_INTERVAL_MS		 (10 * 60 * 1000) /* maintenance where no world runs */
#define INVALID_CONNECTION_LIMIT (-2)			  /* of a database whose DROP was interrupted */

/* A process that we started and have not seen end. */
typedef struct Started
{
	BackgroundWorkerHandle *handle; /* NULL = nothing */
	uint32					generation;
	Oid						database;
} Started;

static Started started[POOL_SLOTS];
static HTAB	  *absent = NULL; /* databases known not to have the extension */
/* The database for which it was logged last that no worker is left. */
static Oid	starved = InvalidOid;
static bool slots_exhausted = false; /* it was logged that max_worker_processes is too small */

void
launcher_register(void)
{
	BackgroundWorker worker = {
		.bgw_name = "npcsim launcher",
		.bgw_type = "npcsim launcher",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		/* It does not start on a standby, but as soon as that is promoted. */
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = LAUNCHER_RESTART_S,
		.bgw_library_name = "npcsim",
		.bgw_function_name = "npcsim_launcher_main",
	};

	RegisterBackgroundWorker(&worker);
}

static HTAB *
make_oid_set(void)
{
	HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Oid), .hcxt = TopMemoryContext};

	return hash_create("npcsim databases without the extension", 64, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Returns the databases that can be connected to, palloc'd. */
static List *
read_databases(void)
{
	MemoryContext caller = CurrentMemoryContext;
	List		 *databases = NIL;
	Relation	  relation;
	TableScanDesc scan;
	HeapTuple	  tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database row = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext	 before;

		/* A worker in a template would be in the way of CREATE DATABASE. */
		if (!row->datallowconn || row->datistemplate || row->datconnlimit == INVALID_CONNECTION_LIMIT)
			continue;
		before = MemoryContextSwitchTo(caller);
		databases = lappend_oid(databases, row->oid);
		MemoryContextSwitchTo(before);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
	return databases;
}

/* Makes the pool's list of databases match the cluster. */
static void
sync_databases(List *databases)
{
	ListCell *cell;
	HTAB	 *present = make_oid_set();
	List	 *gone = NIL;

	foreach (cell, databases)
		(void) hash_search(present, &lfirst_oid(cell), HASH_ENTER, NULL);

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	if (worker_pool->rescan)
	{
		hash_destroy(absent);
		absent = make_oid_set();
		worker_pool->rescan = false;
	}
	for (int i = 0; i < POOL_DATABASES; i++)
	{
		PoolDatabase *entry = &worker_pool->databases[i];

		if (entry->oid == InvalidOid)
			continue;
		if (hash_search(present, &entry->oid, HASH_FIND, NULL) == NULL)
		{
			if (pool_count(entry->oid, POOL_WORKER) + pool_count(entry->oid, POOL_PROBE) > 0 ||
				pool_blocked(entry->oid))
				continue;
			gone = lappend_oid(gone, entry->oid);
			entry->oid = InvalidOid;
		}
		else if (entry->state == DATABASE_ABSENT && entry->changes == entry->seen)
		{
			(void) hash_search(absent, &entry->oid, HASH_ENTER, NULL);
			entry->oid = InvalidOid;
		}
	}
	foreach (cell, databases)
	{
		Oid database = lfirst_oid(cell);

		/* A database for which there is no room is entered when others were found absent. */
		if (hash_search(absent, &database, HASH_FIND, NULL) == NULL)
			(void) pool_enter(database);
	}
	LWLockRelease(worker_pool->lock);

	foreach (cell, gone)
	{
		(void) hash_search(absent, &lfirst_oid(cell), HASH_REMOVE, NULL);
		shmem_forget_database(lfirst_oid(cell));
	}
	hash_destroy(present);
}

static Oid
worker_role(void)
{
	Oid role = InvalidOid;

	if (guc_worker_role != NULL && guc_worker_role[0] != '\0')
	{
		MemoryContext caller = CurrentMemoryContext;

		StartTransactionCommand();
		role = get_role_oid(guc_worker_role, true);
		CommitTransactionCommand();
		MemoryContextSwitchTo(caller);
	}
	return role;
}

/* Returns the name of a database for messages, or its oid if it is gone; palloc'd. */
static char *
database_name(Oid database)
{
	MemoryContext caller = CurrentMemoryContext;
	char		 *name;

	StartTransactionCommand();
	name = get_database_name(database);
	if (name != NULL)
		name = MemoryContextStrdup(caller, name);
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
	return name != NULL ? name : psprintf("%u", database);
}

/* FREE -> STARTING, and starts a process for it. Returns false if there is none to be had. */
static bool
start_process(Oid database, WorkerKind kind)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = "npcsim",
		.bgw_notify_pid = MyProcPid,
	};
	WorkerTicket  ticket = {.database = database, .role = InvalidOid};
	MemoryContext before;
	bool		  registered;

	StaticAssertStmt(sizeof(WorkerTicket) <= BGW_EXTRALEN, "the ticket must fit");

	if (kind == POOL_WORKER)
	{
		ticket.role = worker_role();
		if (!OidIsValid(ticket.role))
		{
			pool_note_failure(database, "the role that npcsim.worker_role names does not exist");
			return false;
		}
	}
	ticket.slot = pool_launch(database, kind, &ticket.generation);
	if (ticket.slot < 0)
		return false;
	/* A slot becomes free a moment before the postmaster sees its process end. */
	if (started[ticket.slot].handle != NULL)
		pfree(started[ticket.slot].handle);
	started[ticket.slot].handle = NULL;

	snprintf(worker.bgw_type, BGW_MAXLEN, kind == POOL_PROBE ? "npcsim probe" : "npcsim worker");
	strlcpy(ticket.name, database_name(database), sizeof(ticket.name));
	snprintf(worker.bgw_name, BGW_MAXLEN, "%s for database \"%s\"", worker.bgw_type, ticket.name);
	snprintf(worker.bgw_function_name, BGW_MAXLEN,
			 kind == POOL_PROBE ? "npcsim_probe_main" : "npcsim_worker_main");
	memcpy(worker.bgw_extra, &ticket, sizeof(ticket));

	before = MemoryContextSwitchTo(TopMemoryContext);
	registered = RegisterDynamicBackgroundWorker(&worker, &started[ticket.slot].handle);
	MemoryContextSwitchTo(before);
	if (!registered)
	{
		started[ticket.slot].handle = NULL;
		pool_abandon(ticket.slot, ticket.generation);
		pool_note_failure(database, "no background worker could be started: max_worker_processes is reached");
		if (!slots_exhausted)
			ereport(LOG, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					errmsg("npcsim could not start a background worker for database \"%s\"", ticket.name),
					errdetail("All of max_worker_processes are in use."),
					errhint("Increase max_worker_processes, or decrease npcsim.max_workers."));
		slots_exhausted = true;
		return false;
	}
	slots_exhausted = false;
	started[ticket.slot].generation = ticket.generation;
	started[ticket.slot].database = database;
	return true;
}

/* Frees the slots of processes that ended before they attached. */
static void
reap(void)
{
	for (int i = 0; i < POOL_SLOTS; i++)
	{
		Started *process = &started[i];
		bool	 silent;
		pid_t	 pid;

		if (process->handle == NULL || GetBackgroundWorkerPid(process->handle, &pid) != BGWH_STOPPED)
			continue;
		LWLockAcquire(worker_pool->lock, LW_SHARED);
		silent = worker_pool->slots[i].state == POOL_STARTING &&
				 worker_pool->slots[i].generation == process->generation && !worker_pool->slots[i].stop;
		LWLockRelease(worker_pool->lock);
		pool_abandon(i, process->generation);
		if (silent)
			pool_note_failure(process->database, "a worker could not be started: see the server's log");
		pfree(process->handle);
		process->handle = NULL;
	}
}

/* Has a database probed that needs it, one at a time. Returns whether others wait. */
static bool
probe_next(void)
{
	TimestampTz now = GetCurrentTimestamp();
	Oid			next = InvalidOid;
	bool		more = false;

	LWLockAcquire(worker_pool->lock, LW_SHARED);
	if (pool_count(InvalidOid, POOL_PROBE) > 0)
		more = true;
	else
	{
		for (int i = 0; i < POOL_DATABASES; i++)
		{
			PoolDatabase *entry = &worker_pool->databases[i];

			if (entry->oid == InvalidOid || pool_blocked(entry->oid) ||
				pool_count(entry->oid, POOL_WORKER) > 0)
				continue;
			if (entry->state == DATABASE_READY && entry->changes == entry->seen)
				continue;
			if (entry->retry_at > now || next != InvalidOid)
				more = true;
			else
				next = entry->oid;
		}
	}
	LWLockRelease(worker_pool->lock);
	if (next != InvalidOid && !start_process(next, POOL_PROBE))
		more = true;
	return more;
}

typedef struct Claim
{
	Oid	 database;
	int	 running;
	int	 live; /* workers there, with those that are starting */
	int	 granted;
	bool may_start;
	bool visit; /* no world runs: only maintenance is done */
} Claim;

/* Collects the databases that want workers. Returns their number, and in *busy the workers there are. */
static int
collect_claims(Claim *claims, int *busy)
{
	TimestampTz now = GetCurrentTimestamp();
	int			count = 0;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	for (int i = 0; i < POOL_DATABASES; i++)
	{
		PoolDatabase *entry = &worker_pool->databases[i];
		Claim		 *claim = &claims[count];

		if (entry->oid == InvalidOid || entry->state != DATABASE_READY || pool_blocked(entry->oid))
			continue;
		claim->database = entry->oid;
		claim->running = entry->running;
		claim->live = pool_count(entry->oid, POOL_WORKER);
		claim->granted = 0;
		claim->may_start = entry->retry_at <= now;
		claim->visit = entry->running == 0 && claim->live == 0 && entry->error[0] == '\0' &&
					   TimestampDifferenceExceeds(entry->visited_at, now, VISIT_INTERVAL_MS);
		if (claim->visit)
			entry->visited_at = now;
		if (claim->running > 0 || claim->visit)
			count++;
	}
	*busy = 0;
	for (int i = 0; i < POOL_SLOTS; i++)
	{
		if (worker_pool->slots[i].state != POOL_FREE && worker_pool->slots[i].kind == POOL_WORKER)
			(*busy)++;
	}
	LWLockRelease(worker_pool->lock);
	return count;
}

static void
grant(Claim *claims, int count)
{
	int left = guc_max_workers;

	for (int pass = 0; pass < 2; pass++)
	{
		for (int i = 0; i < count && left > 0; i++)
		{
			Claim *claim = &claims[i];

			if (claim->running == 0 || claim->granted > 0 || (pass == 0 && claim->live == 0))
				continue;
			claim->granted = 1;
			left--;
		}
	}
	while (left > 0)
	{
		Claim *neediest = NULL;

		for (int i = 0; i < count; i++)
		{
			Claim *claim = &claims[i];

			if (claim->granted == 0 || claim->granted * guc_worlds_per_worker >= claim->running)
				continue;
			if (neediest == NULL ||
				(int64) claim->running * neediest->granted > (int64) neediest->running * claim->granted)
				neediest = claim;
		}
		if (neediest == NULL)
			break;
		neediest->granted++;
		left--;
	}
	/* Visits are brief, and only get what is left over. */
	for (int i = 0; i < count && left > 0; i++)
	{
		if (claims[i].visit)
		{
			claims[i].granted = 1;
			left--;
		}
	}
}

static void
tell_starved(Oid database)
{
	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	{
		PoolDatabase *entry = pool_find(database);

		if (entry != NULL)
			pool_set_error(entry, "no worker is left for this database: npcsim.max_workers is reached",
						   false);
	}
	LWLockRelease(worker_pool->lock);
	if (starved == database || guc_max_workers == 0)
		return;
	starved = database;
	ereport(LOG, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			errmsg("npcsim has no worker left for the worlds of database \"%s\"", database_name(database)),
			errdetail("npcsim.max_workers is %d.", guc_max_workers),
			errhint("Increase npcsim.max_workers (and max_worker_processes with it)."));
}

/* Starts and ends workers. Returns whether some are still to be started. */
static bool
balance(void)
{
	Claim claims[POOL_DATABASES];
	int	  busy;
	int	  count = collect_claims(claims, &busy);
	bool  more = false;

	grant(claims, count);
	for (int i = 0; i < count; i++)
	{
		Claim *claim = &claims[i];

		if (claim->live > claim->granted)
			pool_shrink(claim->database, claim->granted);
		else if (claim->granted == 0 && claim->running > 0)
			tell_starved(claim->database);
		for (int missing = claim->granted - claim->live; missing > 0; missing--)
		{
			if (claim->may_start && busy < guc_max_workers && start_process(claim->database, POOL_WORKER))
				busy++;
			else
			{
				more = true;
				break;
			}
		}
	}
	return more;
}

void
npcsim_launcher_main(Datum arg)
{
	MemoryContext round;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	/* It connects to shared catalogs only. */
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pin_settings();
	pgstat_report_appname("npcsim launcher");
	pool_launcher_enter();
	absent = make_oid_set();
	round = AllocSetContextCreate(TopMemoryContext, "npcsim launcher's round", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(round);

	while (!ShutdownRequestPending)
	{
		bool more;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		pgstat_report_activity(STATE_RUNNING, NULL);
		reap();
		sync_databases(read_databases());
		more = probe_next();
		more |= balance();
		MemoryContextReset(round);
		pgstat_report_stat(false);
		pgstat_report_activity(STATE_IDLE, NULL);

		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 more ? BUSY_NAP_MS : IDLE_NAP_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
	/* With 0 the postmaster would never start it again. */
	proc_exit(1);
}
