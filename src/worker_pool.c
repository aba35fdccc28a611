/*
 * worker_pool.c
 *	  The pool of workers, in shared memory: databases that hold worlds, the workers that serve them, and
 *	  transactions that keep workers away.
 *
 * Every transition of a slot is one function here.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "guc.h"
#include "worker_pool.h"

#define BLOCK_WAIT_MS	   10000
#define BLOCK_WAIT_STEP_MS 10
#define FIRST_RETRY_MS	   1000
#define LAST_RETRY_MS	   60000
#define LONG_LIFE_MS	   60000 /* a process that lived that long did not fail to start */

WorkerPool *worker_pool = NULL;

static int	my_slot = -1;
static bool blocks_held = false;

Size
pool_size(void)
{
	return MAXALIGN(sizeof(WorkerPool));
}

void
pool_startup(LWLock *lock)
{
	bool		found;
	WorkerPool *shared = ShmemInitStruct("npcsim worker pool", sizeof(WorkerPool), &found);

	if (!found)
	{
		memset(shared, 0, sizeof(WorkerPool));
		shared->lock = lock;
	}
	worker_pool = shared;
}

/* ---- with worker_pool->lock held ---- */

PoolDatabase *
pool_find(Oid database)
{
	/* A process asks for the same database again and again. */
	static PoolDatabase *last = NULL;

	if (last != NULL && last->oid == database)
		return last;
	for (int i = 0; i < POOL_DATABASES; i++)
	{
		if (worker_pool->databases[i].oid == database)
			return last = &worker_pool->databases[i];
	}
	return NULL;
}

PoolDatabase *
pool_enter(Oid database)
{
	PoolDatabase *entry = pool_find(database);

	if (entry != NULL)
		return entry;
	for (int i = 0; i < POOL_DATABASES; i++)
	{
		entry = &worker_pool->databases[i];
		if (entry->oid != InvalidOid && !(entry->state == DATABASE_ABSENT && entry->changes == entry->seen))
			continue;
		memset(entry, 0, sizeof(PoolDatabase));
		entry->oid = database;
		entry->state = DATABASE_UNKNOWN;
		return entry;
	}
	return NULL;
}

bool
pool_blocked(Oid database)
{
	for (int i = 0; i < POOL_BLOCKS; i++)
	{
		if (worker_pool->blocks[i].database == database)
			return true;
	}
	return false;
}

int
pool_count(Oid database, WorkerKind kind)
{
	int count = 0;

	for (int i = 0; i < POOL_SLOTS; i++)
	{
		WorkerSlot *slot = &worker_pool->slots[i];

		if (slot->state != POOL_FREE && slot->kind == kind && !slot->stop &&
			(database == InvalidOid || slot->database == database))
			count++;
	}
	return count;
}

void
pool_set_error(PoolDatabase *entry, const char *error, bool obstacle)
{
	strlcpy(entry->error, error, POOL_ERROR_SIZE);
	entry->error_at = GetCurrentTimestamp();
	entry->obstacle = obstacle;
}

static void
wake_launcher(void)
{
	if (worker_pool->launcher_pid != 0)
		SetLatch(worker_pool->launcher_latch);
}

static void
stop_slot(WorkerSlot *slot)
{
	slot->stop = true;
	if (slot->state == POOL_RUNNING)
		SetLatch(slot->latch);
}

static void
count_failure(PoolDatabase *entry, const char *error)
{
	int64 wait = FIRST_RETRY_MS;

	for (int i = 0; i < entry->failures && wait < LAST_RETRY_MS; i++)
		wait *= 2;
	entry->failures = Min(entry->failures + 1, 1000);
	entry->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), Min(wait, LAST_RETRY_MS));
	pool_set_error(entry, error, false);
}

static void
announce(PoolDatabase *entry)
{
	entry->changes++;
	/* Whoever changed something deserves a new attempt at once. */
	entry->retry_at = 0;
}

static void
wake_workers(Oid database)
{
	for (int i = 0; i < POOL_SLOTS; i++)
	{
		WorkerSlot *slot = &worker_pool->slots[i];

		if (slot->state == POOL_RUNNING && slot->database == database)
			SetLatch(slot->latch);
	}
}

/* ---- any backend ---- */

void
pool_changed(Oid database)
{
	PoolDatabase *entry;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	entry = pool_enter(database);
	if (entry == NULL)
		worker_pool->rescan = true;
	else
		announce(entry);
	wake_workers(database);
	wake_launcher();
	LWLockRelease(worker_pool->lock);
}

void
pool_gateway_departed(Oid database)
{
	PoolDatabase *entry;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	entry = pool_find(database);
	if (entry != NULL)
	{
		entry->departures++;
		/* Where no world runs, a worker comes for maintenance. */
		entry->visited_at = 0;
		wake_workers(database);
		wake_launcher();
	}
	LWLockRelease(worker_pool->lock);
}

void
pool_look_at_troubled(void)
{
	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	for (int i = 0; i < POOL_DATABASES; i++)
	{
		PoolDatabase *entry = &worker_pool->databases[i];

		if (entry->oid == InvalidOid || entry->error[0] == '\0')
			continue;
		announce(entry);
		wake_workers(entry->oid);
		wake_launcher();
	}
	LWLockRelease(worker_pool->lock);
}

/* Enters a block and tells the workers there to end. Returns false if there is no room. */
static bool
block_begin(Oid database)
{
	PoolBlock *place = NULL;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	for (int i = 0; i < POOL_BLOCKS; i++)
	{
		PoolBlock *block = &worker_pool->blocks[i];

		if (block->database == database && block->pid == MyProcPid)
		{
			place = block;
			break;
		}
		if (block->database == InvalidOid && place == NULL)
			place = block;
	}
	if (place != NULL)
	{
		place->database = database;
		place->pid = MyProcPid;
		blocks_held = true;
		for (int i = 0; i < POOL_SLOTS; i++)
		{
			WorkerSlot *slot = &worker_pool->slots[i];

			if (slot->state != POOL_FREE && slot->database == database)
				stop_slot(slot);
		}
		wake_launcher();
	}
	LWLockRelease(worker_pool->lock);
	return place != NULL;
}

static bool
anybody_there(Oid database)
{
	bool found = false;

	LWLockAcquire(worker_pool->lock, LW_SHARED);
	for (int i = 0; i < POOL_SLOTS && !found; i++)
		found = worker_pool->slots[i].state != POOL_FREE && worker_pool->slots[i].database == database;
	LWLockRelease(worker_pool->lock);
	return found;
}

void
pool_block(Oid database)
{
	if (!block_begin(database))
		ereport(ERROR, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				errmsg("too many transactions keep npcsim's workers away"),
				errdetail("There are %d of them.", POOL_BLOCKS),
				errhint("Try again when some of them have ended."));

	for (int waited = 0; waited < BLOCK_WAIT_MS && anybody_there(database); waited += BLOCK_WAIT_STEP_MS)
	{
		CHECK_FOR_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, BLOCK_WAIT_STEP_MS,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

void
pool_unblock(void)
{
	if (worker_pool == NULL || !blocks_held)
		return;
	blocks_held = false;
	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	for (int i = 0; i < POOL_BLOCKS; i++)
	{
		PoolBlock	 *block = &worker_pool->blocks[i];
		PoolDatabase *entry;

		if (block->pid != MyProcPid || block->database == InvalidOid)
			continue;
		entry = pool_find(block->database);
		if (entry != NULL)
		{
			announce(entry);
		}
		block->database = InvalidOid;
		block->pid = 0;
	}
	wake_launcher();
	LWLockRelease(worker_pool->lock);
}

/* Returns what is known of a database now; it is zeroed if the database is not in the pool. */
static PoolDatabase
pool_look_at(Oid database)
{
	PoolDatabase		found = {0};
	const PoolDatabase *entry;

	LWLockAcquire(worker_pool->lock, LW_SHARED);
	entry = pool_find(database);
	if (entry != NULL)
		found = *entry;
	LWLockRelease(worker_pool->lock);
	return found;
}

bool
pool_database_error(Oid database, char *error, TimestampTz *error_at)
{
	PoolDatabase found;

	error[0] = '\0';
	*error_at = 0;
	if (worker_pool == NULL)
		return false;
	found = pool_look_at(database);
	memcpy(error, found.error, POOL_ERROR_SIZE);
	*error_at = found.error_at;
	return error[0] != '\0';
}

/* ---- the launcher ---- */

static void
launcher_leave(int code, Datum arg)
{
	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	if (worker_pool->launcher_pid == MyProcPid)
	{
		worker_pool->launcher_pid = 0;
		worker_pool->launcher_latch = NULL;
	}
	LWLockRelease(worker_pool->lock);
}

void
pool_launcher_enter(void)
{
	on_shmem_exit(launcher_leave, (Datum) 0);
	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	worker_pool->launcher_pid = MyProcPid;
	worker_pool->launcher_latch = MyLatch;
	/*
	 * Nobody would notice the failure of a process that an earlier launcher started and that has not attached
	 * yet.
	 */
	for (int i = 0; i < POOL_SLOTS; i++)
	{
		if (worker_pool->slots[i].state == POOL_STARTING)
			worker_pool->slots[i].state = POOL_FREE;
	}
	LWLockRelease(worker_pool->lock);
}

int
pool_launch(Oid database, WorkerKind kind, uint32 *generation)
{
	int index = -1;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	if (!pool_blocked(database))
	{
		for (int i = 0; i < POOL_SLOTS && index < 0; i++)
		{
			WorkerSlot *slot = &worker_pool->slots[i];

			if (slot->state != POOL_FREE)
				continue;
			index = i;
			slot->state = POOL_STARTING;
			slot->kind = kind;
			slot->database = database;
			slot->stop = false;
			slot->pid = 0;
			slot->latch = NULL;
			slot->started_at = GetCurrentTimestamp();
			*generation = ++slot->generation;
		}
	}
	LWLockRelease(worker_pool->lock);
	return index;
}

void
pool_abandon(int index, uint32 generation)
{
	WorkerSlot *slot = &worker_pool->slots[index];

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	if (slot->generation == generation && slot->state == POOL_STARTING)
		slot->state = POOL_FREE;
	LWLockRelease(worker_pool->lock);
}

void
pool_shrink(Oid database, int keep)
{
	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	while (pool_count(database, POOL_WORKER) > keep)
	{
		WorkerSlot *youngest = NULL;

		for (int i = 0; i < POOL_SLOTS; i++)
		{
			WorkerSlot *slot = &worker_pool->slots[i];

			if (slot->state != POOL_FREE && slot->kind == POOL_WORKER && slot->database == database &&
				!slot->stop && (youngest == NULL || slot->started_at > youngest->started_at))
				youngest = slot;
		}
		Assert(youngest != NULL);
		stop_slot(youngest);
	}
	LWLockRelease(worker_pool->lock);
}

void
pool_note_failure(Oid database, const char *error)
{
	PoolDatabase *entry;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	entry = pool_find(database);
	if (entry != NULL)
		count_failure(entry, error);
	LWLockRelease(worker_pool->lock);
}

/* ---- probes and workers ---- */

/*
 * Tells the other workers of a database that they have another share of its worlds, since the set of workers
 * changed.
 */
static void
tell_others(const WorkerSlot *slot)
{
	PoolDatabase *entry = pool_find(slot->database);
	bool		  told = false;

	for (int i = 0; i < POOL_SLOTS; i++)
	{
		WorkerSlot *other = &worker_pool->slots[i];

		if (other == slot || other->state != POOL_RUNNING || other->database != slot->database)
			continue;
		SetLatch(other->latch);
		told = true;
	}
	if (entry != NULL && told)
		entry->changes++;
}

/* RUNNING -> FREE, after everything else of ours is gone from the database. */
static void
pool_detach(int code, Datum arg)
{
	WorkerSlot	 *slot = &worker_pool->slots[my_slot];
	PoolDatabase *entry;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	Assert(slot->state == POOL_RUNNING && slot->pid == MyProcPid);
	entry = pool_find(slot->database);
	if (entry != NULL)
	{
		if (entry->maintainer == MyProcPid)
			entry->maintainer = 0;
		if (code != 0)
		{
			if (TimestampDifferenceExceeds(slot->started_at, GetCurrentTimestamp(), LONG_LIFE_MS))
				entry->failures = 0;
			count_failure(entry, slot->kind == POOL_PROBE
									 ? "the probe of the database failed: see the server's log"
									 : "a worker ended with an error: see the server's log");
		}
	}
	slot->state = POOL_FREE;
	slot->pid = 0;
	slot->latch = NULL;
	tell_others(slot);
	wake_launcher();
	LWLockRelease(worker_pool->lock);
}

bool
pool_attach(int index, uint32 generation, Oid database)
{
	WorkerSlot *slot = &worker_pool->slots[index];
	bool		wanted;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	wanted = slot->state == POOL_STARTING && slot->generation == generation && slot->database == database;
	if (wanted && (slot->stop || pool_blocked(database)))
	{
		slot->state = POOL_FREE;
		wake_launcher();
		wanted = false;
	}
	if (wanted)
	{
		slot->state = POOL_RUNNING;
		slot->pid = MyProcPid;
		slot->latch = MyLatch;
		my_slot = index;
		tell_others(slot);
	}
	LWLockRelease(worker_pool->lock);
	if (wanted)
		on_shmem_exit(pool_detach, (Datum) 0);
	return wanted;
}

int
pool_slot(void)
{
	return my_slot;
}

void
pool_note_database(Oid database, DatabaseState state, uint32 seen, int running, const char *error)
{
	PoolDatabase *entry;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	entry = pool_find(database);
	if (entry != NULL)
	{
		if (entry->state != state || entry->running != running)
			wake_launcher();
		if (state == DATABASE_PARKED)
			count_failure(entry, error);
		else if (entry->state == DATABASE_PARKED || entry->obstacle ||
				 worker_pool->slots[my_slot].kind == POOL_WORKER)
		{
			/* A probe that succeeded says nothing about workers that fail. */
			entry->error[0] = '\0';
			entry->retry_at = 0;
		}
		entry->obstacle = error != NULL;
		if (state == DATABASE_READY && error != NULL)
			pool_set_error(entry, error, true);
		entry->state = state;
		entry->seen = seen;
		entry->running = running;
	}
	LWLockRelease(worker_pool->lock);
}

void
pool_note_obstacle(Oid database, const char *error)
{
	PoolDatabase *entry;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	entry = pool_find(database);
	if (entry != NULL)
		pool_set_error(entry, error, true);
	LWLockRelease(worker_pool->lock);
}

uint32
pool_changes(Oid database)
{
	return pool_look_at(database).changes;
}

uint32
pool_departures(Oid database)
{
	return pool_look_at(database).departures;
}

bool
pool_claim_maintenance(void)
{
	PoolDatabase *entry;
	bool		  ours;

	LWLockAcquire(worker_pool->lock, LW_EXCLUSIVE);
	entry = pool_find(MyDatabaseId);
	if (entry != NULL && entry->maintainer == 0)
		entry->maintainer = MyProcPid;
	ours = entry != NULL && entry->maintainer == MyProcPid;
	LWLockRelease(worker_pool->lock);
	return ours;
}

bool
pool_told_to_stop(void)
{
	bool stop;

	LWLockAcquire(worker_pool->lock, LW_SHARED);
	stop = worker_pool->slots[my_slot].stop;
	LWLockRelease(worker_pool->lock);
	return stop;
}

int
pool_share(Oid database, int running)
{
	int workers;

	LWLockAcquire(worker_pool->lock, LW_SHARED);
	workers = pool_count(database, POOL_WORKER);
	LWLockRelease(worker_pool->lock);
	workers = Max(workers, 1);
	return (running + workers - 1) / workers;
}
