/*
 * shmem.c
 *	  The worlds that have a live worker, in shared memory.
 *
 * There is one entry per served world in a shared hash table. An entry's own spinlock guards what is
 * in it; one LWLock guards that entries come and go, which all others take in shared mode.
 *
 * Invariants:
 *	- an entry's clock is moved by its worker alone while nobody holds it, and by nobody else but through
 *	  shmem_world_publish(), with the world's row locked;
 *	- clock and revision never go back while the entry lives;
 *	- a worker that ends leaves its entries behind, without a worker: the clock that readers were shown
 *	  stays true until somebody takes the world. shmem_world_leave() is for worlds whose row has the
 *	  clock.
 *
 * A transaction's end becomes visible a moment before its callbacks run, so the next holder of the
 * row's lock may come before the former has published and released: shmem_world_hold() waits for that,
 * for a limited time.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "charges.h"
#include "guc.h"
#include "queue.h"
#include "shmem.h"
#include "worker_pool.h"

#define HOLD_WAIT_STEP_US 100
#define HOLD_WAIT_STEPS	  10000 /* 1 s; then the holder is taken for dead */

typedef struct WorldKey
{
	int64  world_id;
	Oid	   database;
	uint32 unused; /* zero: keys are compared bytewise */
} WorldKey;

typedef struct WorldSlot
{
	WorldKey	key;
	slock_t		mutex;		/* guards everything below */
	int			worker_pid; /* 0 = its worker ended */
	Latch	   *worker_latch;
	int			holder_pid;	  /* 0 = nobody */
	bool		worker_waits; /* for the holder to let go */
	bool		requests;	  /* were opened by others, and gateways not told yet */
	bool		shares;		  /* of NPCs are to be computed anew */
	int64		clock;
	int64		revision;
	int64		ticks;
	int64		late_ticks;
	int			blocked_by_pid;
	char		last_error[WORLD_ERROR_SIZE];
	TimestampTz last_error_at;
	uint32		nsamples;			   /* that were ever taken */
	uint32		samples[TICK_SAMPLES]; /* µs */
} WorldSlot;

static HTAB	  *slots = NULL;
static LWLock *slots_lock = NULL;
static uint64 *seed = NULL;

static Size
slots_size(void)
{
	return hash_estimate_size(guc_max_worlds, sizeof(WorldSlot));
}

void
shmem_request(void)
{
	Size size = add_size(add_size(add_size(slots_size(), pool_size()), queue_size()), charges_size());

	RequestAddinShmemSpace(add_size(size, MAXALIGN(sizeof(uint64))));
	RequestNamedLWLockTranche("npcsim", 4);
}

void
shmem_startup(void)
{
	HASHCTL		  control = {.keysize = sizeof(WorldKey), .entrysize = sizeof(WorldSlot)};
	LWLockPadded *locks = GetNamedLWLockTranche("npcsim");
	bool		  found;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	slots = ShmemInitHash("npcsim worlds", guc_max_worlds, guc_max_worlds, &control, HASH_ELEM | HASH_BLOBS);
	pool_startup(&locks[1].lock);
	queue_startup(&locks[2].lock);
	charges_startup(&locks[3].lock);
	seed = ShmemInitStruct("npcsim seed", sizeof(uint64), &found);
	if (!found && !pg_strong_random(seed, sizeof(uint64)))
		ereport(FATAL, errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random number"));
	LWLockRelease(AddinShmemInitLock);
	slots_lock = &locks[0].lock;
}

bool
shmem_available(void)
{
	return slots != NULL;
}

uint64
shmem_seed(void)
{
	/* Without preloading worlds do not run, and the start of the server is enough to tell epochs apart. */
	return seed != NULL ? *seed : (uint64) PgStartTime;
}

/*
 * Returns the slot of a world, with its spinlock and slots_lock (shared) held; NULL, with nothing held, if
 * there is none.
 */
static WorldSlot *
slot_acquire(int64 world_id)
{
	WorldKey   key = {.world_id = world_id, .database = MyDatabaseId};
	WorldSlot *slot;

	if (slots == NULL)
		return NULL;
	LWLockAcquire(slots_lock, LW_SHARED);
	slot = hash_search(slots, &key, HASH_FIND, NULL);
	if (slot == NULL)
	{
		LWLockRelease(slots_lock);
		return NULL;
	}
	SpinLockAcquire(&slot->mutex);
	return slot;
}

static void
slot_release(WorldSlot *slot)
{
	SpinLockRelease(&slot->mutex);
	LWLockRelease(slots_lock);
}

bool
shmem_world_now(int64 world_id, int64 *clock, int64 *revision)
{
	WorldSlot *slot = slot_acquire(world_id);

	if (slot == NULL)
		return false;
	*clock = slot->clock;
	*revision = slot->revision;
	slot_release(slot);
	return true;
}

bool
shmem_world_hold(int64 world_id, int64 *clock)
{
	for (int step = 0;; step++)
	{
		WorldSlot *slot = slot_acquire(world_id);
		bool	   ours;

		if (slot == NULL)
			return false;
		ours = slot->holder_pid == 0 || slot->holder_pid == MyProcPid || step >= HOLD_WAIT_STEPS;
		if (ours)
		{
			slot->holder_pid = MyProcPid;
			*clock = slot->clock;
		}
		slot_release(slot);
		if (ours)
			return true;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(HOLD_WAIT_STEP_US);
	}
}

void
shmem_world_release(int64 world_id)
{
	WorldSlot *slot = slot_acquire(world_id);
	Latch	  *latch = NULL;

	if (slot == NULL)
		return;
	if (slot->holder_pid == MyProcPid)
	{
		slot->holder_pid = 0;
		if (slot->worker_waits && slot->worker_pid != 0)
			latch = slot->worker_latch;
		slot->worker_waits = false;
	}
	slot_release(slot);
	if (latch != NULL)
		SetLatch(latch);
}

void
shmem_world_publish(int64 world_id, int64 clock, int64 revision)
{
	WorldSlot *slot = slot_acquire(world_id);
	Latch	  *latch = NULL;

	if (slot == NULL)
		return;
	if (revision > slot->revision || (revision == slot->revision && clock > slot->clock))
	{
		slot->revision = revision;
		slot->clock = clock;
		if (slot->worker_pid != 0 && slot->worker_pid != MyProcPid)
			latch = slot->worker_latch;
	}
	slot_release(slot);
	if (latch != NULL)
		SetLatch(latch);
}

bool
shmem_world_requests(int64 world_id)
{
	WorldSlot *slot = slot_acquire(world_id);
	Latch	  *latch = NULL;

	if (slot == NULL)
		return false;
	if (slot->worker_pid != 0)
	{
		slot->requests = true;
		latch = slot->worker_latch;
	}
	slot_release(slot);
	if (latch != NULL)
		SetLatch(latch);
	return latch != NULL;
}

void
shmem_worlds_changed(void)
{
	if (slots != NULL)
		pool_changed(MyDatabaseId);
}

static int
compare_samples(const void *a, const void *b)
{
	uint32 x = *(const uint32 *) a;
	uint32 y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}

bool
shmem_world_report(int64 world_id, WorldReport *report)
{
	uint32	   samples[TICK_SAMPLES];
	int		   count;
	WorldSlot *slot = slot_acquire(world_id);

	memset(report, 0, sizeof(WorldReport));
	if (slot == NULL)
		return false;
	report->worker_pid = slot->worker_pid;
	report->clock = slot->clock;
	report->revision = slot->revision;
	report->ticks = slot->ticks;
	report->late_ticks = slot->late_ticks;
	report->blocked_by_pid = slot->blocked_by_pid;
	memcpy(report->last_error, slot->last_error, WORLD_ERROR_SIZE);
	report->last_error_at = slot->last_error_at;
	count = Min(slot->nsamples, TICK_SAMPLES);
	memcpy(samples, slot->samples, count * sizeof(uint32));
	slot_release(slot);

	if (count > 0)
	{
		/* A percentile is the smallest value that at least that share of the samples does not exceed. */
		qsort(samples, count, sizeof(uint32), compare_samples);
		report->tick_ms_p50 = samples[(count * 50 + 99) / 100 - 1] / 1000.0;
		report->tick_ms_p99 = samples[(count * 99 + 99) / 100 - 1] / 1000.0;
	}
	return true;
}

int
shmem_worlds(int64 **ids)
{
	HASH_SEQ_STATUS scan;
	WorldSlot	   *slot;
	int				count = 0;

	*ids = NULL;
	if (slots == NULL)
		return 0;
	LWLockAcquire(slots_lock, LW_SHARED);
	*ids = palloc(sizeof(int64) * Max(hash_get_num_entries(slots), 1));
	hash_seq_init(&scan, slots);
	while ((slot = hash_seq_search(&scan)) != NULL)
	{
		if (slot->key.database == MyDatabaseId)
			(*ids)[count++] = slot->key.world_id;
	}
	LWLockRelease(slots_lock);
	return count;
}

/* ---- the worker that serves the world ---- */

/*
 * Makes room by removing an entry whose worker ended. The caller holds slots_lock exclusively. Returns false
 * if there is none.
 */
static bool
evict_one(void)
{
	HASH_SEQ_STATUS scan;
	WorldSlot	   *slot;

	hash_seq_init(&scan, slots);
	while ((slot = hash_seq_search(&scan)) != NULL)
	{
		if (slot->worker_pid == 0 && slot->holder_pid == 0)
		{
			hash_search(slots, &slot->key, HASH_REMOVE, NULL);
			hash_seq_term(&scan);
			return true;
		}
	}
	return false;
}

bool
shmem_world_serve(int64 world_id, int64 *clock, int64 revision)
{
	WorldKey   key = {.world_id = world_id, .database = MyDatabaseId};
	WorldSlot *slot;
	bool	   found;

	LWLockAcquire(slots_lock, LW_EXCLUSIVE);
	slot = hash_search(slots, &key, HASH_FIND, NULL);
	if (slot != NULL && slot->worker_pid != 0)
	{
		LWLockRelease(slots_lock);
		return false;
	}
	if (slot == NULL)
	{
		/* The hash table itself would take more, at the expense of others who need shared memory. */
		if (hash_get_num_entries(slots) >= guc_max_worlds && !evict_one())
		{
			LWLockRelease(slots_lock);
			return false;
		}
		slot = hash_search(slots, &key, HASH_ENTER_NULL, &found);
		if (slot == NULL)
		{
			LWLockRelease(slots_lock);
			return false;
		}
		memset((char *) slot + sizeof(WorldKey), 0, sizeof(WorldSlot) - sizeof(WorldKey));
		SpinLockInit(&slot->mutex);
		slot->clock = *clock;
		slot->revision = revision;
	}
	SpinLockAcquire(&slot->mutex);
	slot->worker_pid = MyProcPid;
	slot->worker_latch = MyLatch;
	slot->clock = Max(slot->clock, *clock);
	slot->revision = Max(slot->revision, revision);
	slot->worker_waits = false;
	slot->blocked_by_pid = 0;
	slot->last_error[0] = '\0';
	*clock = slot->clock;
	SpinLockRelease(&slot->mutex);
	LWLockRelease(slots_lock);
	return true;
}

bool
shmem_worlds_full(void)
{
	bool full;

	LWLockAcquire(slots_lock, LW_SHARED);
	full = hash_get_num_entries(slots) >= guc_max_worlds;
	LWLockRelease(slots_lock);
	return full;
}

int
shmem_world_worker(int64 world_id)
{
	WorldSlot *slot = slot_acquire(world_id);
	int		   pid;

	if (slot == NULL)
		return 0;
	pid = slot->worker_pid;
	slot_release(slot);
	return pid;
}

void
shmem_world_leave(int64 world_id)
{
	WorldKey   key = {.world_id = world_id, .database = MyDatabaseId};
	WorldSlot *slot;

	LWLockAcquire(slots_lock, LW_EXCLUSIVE);
	slot = hash_search(slots, &key, HASH_FIND, NULL);
	if (slot != NULL && slot->worker_pid == MyProcPid)
		hash_search(slots, &key, HASH_REMOVE, NULL);
	LWLockRelease(slots_lock);
}

bool
shmem_world_advance(int64 world_id, int64 revision, int64 clock, int *holder_pid)
{
	WorldSlot *slot = slot_acquire(world_id);
	bool	   advanced;

	*holder_pid = 0;
	if (slot == NULL)
		return false;
	*holder_pid = slot->holder_pid;
	advanced = slot->holder_pid == 0 && slot->revision == revision && slot->worker_pid == MyProcPid;
	if (advanced)
		slot->clock = Max(slot->clock, clock);
	else if (slot->holder_pid != 0)
		slot->worker_waits = true;
	slot_release(slot);
	return advanced;
}

bool
shmem_world_take_requests(int64 world_id)
{
	WorldSlot *slot = slot_acquire(world_id);
	bool	   requests;

	if (slot == NULL)
		return false;
	requests = slot->requests;
	slot->requests = false;
	slot_release(slot);
	return requests;
}

void
shmem_world_shares_changed(int64 world_id)
{
	WorldSlot *slot = slot_acquire(world_id);

	if (slot == NULL)
		return;
	slot->shares = true;
	slot_release(slot);
}

bool
shmem_world_take_shares(int64 world_id)
{
	WorldSlot *slot = slot_acquire(world_id);
	bool	   shares;

	if (slot == NULL)
		return false;
	shares = slot->shares;
	slot->shares = false;
	slot_release(slot);
	return shares;
}

void
shmem_world_note_ticks(int64 world_id, int64 ticks, int64 late, int64 tick_us)
{
	WorldSlot *slot = slot_acquire(world_id);

	if (slot == NULL)
		return;
	slot->ticks += ticks;
	slot->late_ticks += late;
	slot->blocked_by_pid = 0;
	if (ticks > 0)
		slot->last_error[0] = '\0';
	if (tick_us >= 0)
		slot->samples[slot->nsamples++ % TICK_SAMPLES] = (uint32) Min(tick_us, PG_UINT32_MAX);
	if (slot->nsamples == 2 * TICK_SAMPLES)
		slot->nsamples = TICK_SAMPLES;
	slot_release(slot);
}

void
shmem_world_note_blocked(int64 world_id, int pid)
{
	WorldSlot *slot = slot_acquire(world_id);

	if (slot == NULL)
		return;
	slot->blocked_by_pid = pid;
	slot_release(slot);
}

void
shmem_world_note_error(int64 world_id, const char *message)
{
	char		text[WORLD_ERROR_SIZE] = "";
	TimestampTz now = GetCurrentTimestamp();
	WorldSlot  *slot;

	strlcpy(text, message, WORLD_ERROR_SIZE);
	slot = slot_acquire(world_id);
	if (slot == NULL)
		return;
	memcpy(slot->last_error, text, WORLD_ERROR_SIZE);
	slot->last_error_at = now;
	slot_release(slot);
}

void
shmem_leave_all(int code, Datum arg)
{
	HASH_SEQ_STATUS scan;
	WorldSlot	   *slot;

	LWLockAcquire(slots_lock, LW_SHARED);
	hash_seq_init(&scan, slots);
	while ((slot = hash_seq_search(&scan)) != NULL)
	{
		SpinLockAcquire(&slot->mutex);
		if (slot->worker_pid == MyProcPid)
		{
			slot->worker_pid = 0;
			slot->worker_latch = NULL;
			slot->blocked_by_pid = 0;
		}
		if (slot->holder_pid == MyProcPid)
			slot->holder_pid = 0;
		SpinLockRelease(&slot->mutex);
	}
	LWLockRelease(slots_lock);
}

void
shmem_forget_database(Oid database)
{
	HASH_SEQ_STATUS scan;
	WorldSlot	   *slot;

	if (slots == NULL)
		return;
	queue_forget_database(database);
	charges_forget_database(database);
	LWLockAcquire(slots_lock, LW_EXCLUSIVE);
	hash_seq_init(&scan, slots);
	while ((slot = hash_seq_search(&scan)) != NULL)
	{
		if (slot->key.database == database && slot->worker_pid == 0)
			hash_search(slots, &slot->key, HASH_REMOVE, NULL);
	}
	LWLockRelease(slots_lock);
}
