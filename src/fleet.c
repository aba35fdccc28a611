/*
 * fleet.c
 *	  Databases that hold worlds, the workers that serve them, and who keeps
 *	  workers away.
 *
 * Every transition of a slot is one function here, which asserts the state it leaves.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "fleet.h"
#include "guc.h"
#include "shmem.h"

#define BLOCK_WAIT_MS	   10000
#define BLOCK_WAIT_STEP_MS 10
#define FIRST_RETRY_MS	   1000
#define LAST_RETRY_MS	   60000
#define LONG_LIFE_MS	   60000 /* who lived that long did not fail at starting */

Fleet *fleet = NULL;

static int	my_slot = -1;
static bool blocks_held = false;

Size
fleet_size(void)
{
	return MAXALIGN(sizeof(Fleet));
}

void
fleet_startup(LWLock *lock)
{
	bool   found;
	Fleet *shared = ShmemInitStruct("npcsim fleet", sizeof(Fleet), &found);

	if (!found)
	{
		memset(shared, 0, sizeof(Fleet));
		shared->lock = lock;
	}
	fleet = shared;
}

/* ---- with fleet->lock held ---- */

FleetDatabase *
fleet_find(Oid database)
{
	/* a process asks for the same one again and again */
	static FleetDatabase *last = NULL;

	if (last != NULL && last->oid == database)
		return last;
	for (int i = 0; i < FLEET_DATABASES; i++)
	{
		if (fleet->databases[i].oid == database)
			return last = &fleet->databases[i];
	}
	return NULL;
}

FleetDatabase *
fleet_enter(Oid database)
{
	FleetDatabase *entry = fleet_find(database);

	if (entry != NULL)
		return entry;
	for (int i = 0; i < FLEET_DATABASES; i++)
	{
		entry = &fleet->databases[i];
		if (entry->oid != InvalidOid && !(entry->state == DATABASE_ABSENT && entry->changes == entry->seen))
			continue;
		memset(entry, 0, sizeof(FleetDatabase));
		entry->oid = database;
		entry->state = DATABASE_UNKNOWN;
		return entry;
	}
	return NULL;
}

bool
fleet_blocked(Oid database)
{
	for (int i = 0; i < FLEET_BLOCKS; i++)
	{
		if (fleet->blocks[i].database == database)
			return true;
	}
	return false;
}

int
fleet_count(Oid database, FleetKind kind)
{
	int count = 0;

	for (int i = 0; i < FLEET_SLOTS; i++)
	{
		FleetSlot *slot = &fleet->slots[i];

		if (slot->state != FLEET_FREE && slot->kind == kind && !slot->stop &&
			(database == InvalidOid || slot->database == database))
			count++;
	}
	return count;
}

void
fleet_set_error(FleetDatabase *entry, const char *error, bool obstacle)
{
	strlcpy(entry->error, error, FLEET_ERROR_SIZE);
	entry->error_at = GetCurrentTimestamp();
	entry->obstacle = obstacle;
}

static void
wake_launcher(void)
{
	if (fleet->launcher_pid != 0)
		SetLatch(fleet->launcher_latch);
}

static void
stop_slot(FleetSlot *slot)
{
	slot->stop = true;
	if (slot->state == FLEET_RUNNING)
		SetLatch(slot->latch);
}

static void
count_failure(FleetDatabase *entry, const char *error)
{
	int64 wait = FIRST_RETRY_MS;

	for (int i = 0; i < entry->failures && wait < LAST_RETRY_MS; i++)
		wait *= 2;
	entry->failures = Min(entry->failures + 1, 1000);
	entry->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), Min(wait, LAST_RETRY_MS));
	fleet_set_error(entry, error, false);
}

static void
announce(FleetDatabase *entry)
{
	entry->changes++;
	/* whoever changed something deserves a fresh attempt */
	entry->retry_at = 0;
}

static void
wake_workers(Oid database)
{
	for (int i = 0; i < FLEET_SLOTS; i++)
	{
		FleetSlot *slot = &fleet->slots[i];

		if (slot->state == FLEET_RUNNING && slot->database == database)
			SetLatch(slot->latch);
	}
}

/* ---- any backend ---- */

void
fleet_changed(Oid database)
{
	FleetDatabase *entry;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	entry = fleet_enter(database);
	if (entry == NULL)
		fleet->rescan = true;
	else
		announce(entry);
	wake_workers(database);
	wake_launcher();
	LWLockRelease(fleet->lock);
}

void
fleet_gateway_departed(Oid database)
{
	FleetDatabase *entry;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	entry = fleet_find(database);
	if (entry != NULL)
	{
		entry->departures++;
		/* where no world runs somebody comes to visit */
		entry->visited_at = 0;
		wake_workers(database);
		wake_launcher();
	}
	LWLockRelease(fleet->lock);
}

void
fleet_look_at_troubled(void)
{
	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	for (int i = 0; i < FLEET_DATABASES; i++)
	{
		FleetDatabase *entry = &fleet->databases[i];

		if (entry->oid == InvalidOid || entry->error[0] == '\0')
			continue;
		announce(entry);
		wake_workers(entry->oid);
		wake_launcher();
	}
	LWLockRelease(fleet->lock);
}

/* Puts a block up and tells who is there to end; false when there is no room. */
static bool
block_begin(Oid database)
{
	FleetBlock *place = NULL;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	for (int i = 0; i < FLEET_BLOCKS; i++)
	{
		FleetBlock *block = &fleet->blocks[i];

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
		for (int i = 0; i < FLEET_SLOTS; i++)
		{
			FleetSlot *slot = &fleet->slots[i];

			if (slot->state != FLEET_FREE && slot->database == database)
				stop_slot(slot);
		}
		wake_launcher();
	}
	LWLockRelease(fleet->lock);
	return place != NULL;
}

static bool
anybody_there(Oid database)
{
	bool found = false;

	LWLockAcquire(fleet->lock, LW_SHARED);
	for (int i = 0; i < FLEET_SLOTS && !found; i++)
		found = fleet->slots[i].state != FLEET_FREE && fleet->slots[i].database == database;
	LWLockRelease(fleet->lock);
	return found;
}

void
fleet_block(Oid database)
{
	if (!block_begin(database))
		ereport(ERROR, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				errmsg("too many transactions keep npcsim's workers away"),
				errdetail("There are %d of them.", FLEET_BLOCKS),
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
fleet_unblock(void)
{
	if (fleet == NULL || !blocks_held)
		return;
	blocks_held = false;
	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	for (int i = 0; i < FLEET_BLOCKS; i++)
	{
		FleetBlock	  *block = &fleet->blocks[i];
		FleetDatabase *entry;

		if (block->pid != MyProcPid || block->database == InvalidOid)
			continue;
		entry = fleet_find(block->database);
		if (entry != NULL)
		{
			announce(entry);
		}
		block->database = InvalidOid;
		block->pid = 0;
	}
	wake_launcher();
	LWLockRelease(fleet->lock);
}

bool
fleet_database_error(Oid database, char *error, TimestampTz *error_at)
{
	FleetDatabase *entry;

	error[0] = '\0';
	*error_at = 0;
	if (fleet == NULL)
		return false;
	LWLockAcquire(fleet->lock, LW_SHARED);
	entry = fleet_find(database);
	if (entry != NULL)
	{
		memcpy(error, entry->error, FLEET_ERROR_SIZE);
		*error_at = entry->error_at;
	}
	LWLockRelease(fleet->lock);
	return error[0] != '\0';
}

/* ---- the launcher ---- */

static void
launcher_leave(int code, Datum arg)
{
	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	if (fleet->launcher_pid == MyProcPid)
	{
		fleet->launcher_pid = 0;
		fleet->launcher_latch = NULL;
	}
	LWLockRelease(fleet->lock);
}

void
fleet_launcher_enter(void)
{
	on_shmem_exit(launcher_leave, (Datum) 0);
	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	fleet->launcher_pid = MyProcPid;
	fleet->launcher_latch = MyLatch;
	/* what an earlier launcher started and did not see run: nobody would notice its failure */
	for (int i = 0; i < FLEET_SLOTS; i++)
	{
		if (fleet->slots[i].state == FLEET_STARTING)
			fleet->slots[i].state = FLEET_FREE;
	}
	LWLockRelease(fleet->lock);
}

int
fleet_launch(Oid database, FleetKind kind, uint32 *generation)
{
	int index = -1;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	if (!fleet_blocked(database))
	{
		for (int i = 0; i < FLEET_SLOTS && index < 0; i++)
		{
			FleetSlot *slot = &fleet->slots[i];

			if (slot->state != FLEET_FREE)
				continue;
			index = i;
			slot->state = FLEET_STARTING;
			slot->kind = kind;
			slot->database = database;
			slot->stop = false;
			slot->pid = 0;
			slot->latch = NULL;
			slot->started_at = GetCurrentTimestamp();
			*generation = ++slot->generation;
		}
	}
	LWLockRelease(fleet->lock);
	return index;
}

void
fleet_abandon(int index, uint32 generation)
{
	FleetSlot *slot = &fleet->slots[index];

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	if (slot->generation == generation && slot->state == FLEET_STARTING)
		slot->state = FLEET_FREE;
	LWLockRelease(fleet->lock);
}

void
fleet_shrink(Oid database, int keep)
{
	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	while (fleet_count(database, FLEET_WORKER) > keep)
	{
		FleetSlot *youngest = NULL;

		for (int i = 0; i < FLEET_SLOTS; i++)
		{
			FleetSlot *slot = &fleet->slots[i];

			if (slot->state != FLEET_FREE && slot->kind == FLEET_WORKER && slot->database == database &&
				!slot->stop && (youngest == NULL || slot->started_at > youngest->started_at))
				youngest = slot;
		}
		Assert(youngest != NULL);
		stop_slot(youngest);
	}
	LWLockRelease(fleet->lock);
}

void
fleet_note_failure(Oid database, const char *error)
{
	FleetDatabase *entry;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	entry = fleet_find(database);
	if (entry != NULL)
		count_failure(entry, error);
	LWLockRelease(fleet->lock);
}

/* ---- probes and workers ---- */

/* The set of workers of a database changed: the others have another share of its worlds. */
static void
tell_others(const FleetSlot *slot)
{
	FleetDatabase *entry = fleet_find(slot->database);
	bool		   told = false;

	for (int i = 0; i < FLEET_SLOTS; i++)
	{
		FleetSlot *other = &fleet->slots[i];

		if (other == slot || other->state != FLEET_RUNNING || other->database != slot->database)
			continue;
		SetLatch(other->latch);
		told = true;
	}
	if (entry != NULL && told)
		entry->changes++;
}

/* RUNNING -> FREE, after everything else of ours is gone from the database. */
static void
fleet_detach(int code, Datum arg)
{
	FleetSlot	  *slot = &fleet->slots[my_slot];
	FleetDatabase *entry;

	shmem_leave_all();

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	Assert(slot->state == FLEET_RUNNING && slot->pid == MyProcPid);
	entry = fleet_find(slot->database);
	if (entry != NULL)
	{
		if (entry->housekeeper == MyProcPid)
			entry->housekeeper = 0;
		if (code != 0)
		{
			if (TimestampDifferenceExceeds(slot->started_at, GetCurrentTimestamp(), LONG_LIFE_MS))
				entry->failures = 0;
			count_failure(entry, slot->kind == FLEET_PROBE
									 ? "the probe of the database failed: see the server's log"
									 : "a worker ended with an error: see the server's log");
		}
	}
	slot->state = FLEET_FREE;
	slot->pid = 0;
	slot->latch = NULL;
	tell_others(slot);
	wake_launcher();
	LWLockRelease(fleet->lock);
}

bool
fleet_attach(int index, uint32 generation, Oid database)
{
	FleetSlot *slot = &fleet->slots[index];
	bool	   wanted;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	wanted = slot->state == FLEET_STARTING && slot->generation == generation && slot->database == database;
	if (wanted && (slot->stop || fleet_blocked(database)))
	{
		slot->state = FLEET_FREE;
		wake_launcher();
		wanted = false;
	}
	if (wanted)
	{
		slot->state = FLEET_RUNNING;
		slot->pid = MyProcPid;
		slot->latch = MyLatch;
		my_slot = index;
		tell_others(slot);
	}
	LWLockRelease(fleet->lock);
	if (wanted)
		on_shmem_exit(fleet_detach, (Datum) 0);
	return wanted;
}

int
fleet_slot(void)
{
	return my_slot;
}

void
fleet_note_database(Oid database, DatabaseState state, uint32 seen, int running, const char *error)
{
	FleetDatabase *entry;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	entry = fleet_find(database);
	if (entry != NULL)
	{
		if (entry->state != state || entry->running != running)
			wake_launcher();
		if (state == DATABASE_PARKED)
			count_failure(entry, error);
		else if (entry->state == DATABASE_PARKED || entry->obstacle ||
				 fleet->slots[my_slot].kind == FLEET_WORKER)
		{
			/* a probe that went well says nothing about workers that fail */
			entry->error[0] = '\0';
			entry->retry_at = 0;
		}
		entry->obstacle = error != NULL;
		if (state == DATABASE_READY && error != NULL)
			fleet_set_error(entry, error, true);
		entry->state = state;
		entry->seen = seen;
		entry->running = running;
	}
	LWLockRelease(fleet->lock);
}

void
fleet_note_obstacle(Oid database, const char *error)
{
	FleetDatabase *entry;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	entry = fleet_find(database);
	if (entry != NULL)
		fleet_set_error(entry, error, true);
	LWLockRelease(fleet->lock);
}

uint32
fleet_changes(Oid database)
{
	FleetDatabase *entry;
	uint32		   changes = 0;

	LWLockAcquire(fleet->lock, LW_SHARED);
	entry = fleet_find(database);
	if (entry != NULL)
		changes = entry->changes;
	LWLockRelease(fleet->lock);
	return changes;
}

uint32
fleet_departures(Oid database)
{
	FleetDatabase *entry;
	uint32		   departures = 0;

	LWLockAcquire(fleet->lock, LW_SHARED);
	entry = fleet_find(database);
	if (entry != NULL)
		departures = entry->departures;
	LWLockRelease(fleet->lock);
	return departures;
}

bool
fleet_claim_housekeeping(void)
{
	FleetDatabase *entry;
	bool		   ours;

	LWLockAcquire(fleet->lock, LW_EXCLUSIVE);
	entry = fleet_find(MyDatabaseId);
	if (entry != NULL && entry->housekeeper == 0)
		entry->housekeeper = MyProcPid;
	ours = entry != NULL && entry->housekeeper == MyProcPid;
	LWLockRelease(fleet->lock);
	return ours;
}

bool
fleet_told_to_stop(void)
{
	bool stop;

	LWLockAcquire(fleet->lock, LW_SHARED);
	stop = fleet->slots[my_slot].stop;
	LWLockRelease(fleet->lock);
	return stop;
}

int
fleet_share(Oid database, int running)
{
	int workers;

	LWLockAcquire(fleet->lock, LW_SHARED);
	workers = fleet_count(database, FLEET_WORKER);
	LWLockRelease(fleet->lock);
	workers = Max(workers, 1);
	return (running + workers - 1) / workers;
}
