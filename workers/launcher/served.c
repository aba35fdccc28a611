/*
 * served.c
 *	  The worlds that a worker serves: tells when their ticks are due, and runs them.
 *
 * Due times are computed from an anchor, never from the last tick, so that lateness does not add up.
 * Ticks that were missed (somebody held the world, a slow tick) are run later, in batches; they count
 * as late. A tick in which nothing is due moves the clock in shared memory and is no transaction at
 * all.
 *
 * Worlds that are due together share a transaction, while it is expected to be short: for a small
 * world its commit, and to open the tables, are more work than its tick. If that fails, each of them
 * is run in a transaction of its own. A world that somebody held has its own transaction until it
 * succeeds, and one that failed for some seconds more: an error discards the images of all worlds in
 * the transaction, so it should not happen to the others again soon.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "blocking.h"
#include "engine/holders.h"
#include "engine/world.h"
#include "errors.h"
#include "guc.h"
#include "served.h"
#include "shmem.h"
#include "steps.h"
#include "tables/hot_rows.h"
#include "worker_pool.h"

#define LATE_US	 (100 * 1000)
#define BATCH_US (50 * 1000) /* transactions of a batch of ticks aim below this */
/* Transactions of several worlds aim below this, since each world stands meanwhile. */
#define SHARED_US		(20 * 1000)
#define FIRST_TICK_US	1000		/* a first guess of what a tick takes */
#define LEAST_PERIOD_US (20 * 1000) /* ticks that follow faster share a transaction */
/*
 * Ticks end on a coarse grid of real time, so that worlds of the same speed and tick rate are due together;
 * each worker has its own grid, so that not all of them wake at once. At high speeds wake-ups are rounded to
 * a fine grid.
 */
#define PHASE_GRID_US	   (100 * 1000)
#define PHASE_STEP_US	   (25 * 1000)
#define WAKE_GRID_US	   (5 * 1000)
#define REANCHOR_US		   (INT64CONST(3600) * 1000 * 1000) /* it keeps products of time and speed small */
#define FIRST_BACKOFF_US   (1000 * 1000)
#define LAST_BACKOFF_US	   (60 * 1000 * 1000)
#define ALONE_US		   (5 * 1000 * 1000) /* a world is run alone for so long after it failed */
#define LOCK_FAILURES_TOLD 10				 /* lock timeouts in a row before they are logged */

/* ---- due times ---- */

/* Returns the world time that should have been reached at a moment. */
static int64
intended_clock(const ServedWorld *world, int64 real)
{
	return world->anchor_clock + (real - world->anchor_real) * world->speed / 1000;
}

/* Returns the first moment at which a world time should have been reached. */
static int64
intended_real(const ServedWorld *world, int64 clock)
{
	return world->anchor_real + ((clock - world->anchor_clock) * 1000 + world->speed - 1) / world->speed;
}

static int64
tick_end(const ServedWorld *world, int64 clock)
{
	return clock - clock % world->tick_length;
}

static int64
round_up(int64 real, int64 grid)
{
	return (real + grid - 1) / grid * grid;
}

/* Sets the moment from which real and world time are counted. */
static void
anchor(ServedWorld *world, int64 real, int64 clock)
{
	world->anchor_real = real;
	world->anchor_clock = clock;
}

/*
 * Returns the first moment from 'real' on at which 'clock' must be reached for the next tick to end on our
 * grid.
 */
static int64
in_phase(const ServedWorld *world, int64 real, int64 clock)
{
	int64 period = world->tick_length * 1000 / world->speed;
	int64 grid = Max(Min(period, PHASE_GRID_US), WAKE_GRID_US);
	int64 to_tick = (tick_end(world, clock) + world->tick_length - clock) * 1000 / world->speed;
	int64 lead = to_tick - pool_slot() * PHASE_STEP_US % PHASE_GRID_US;

	return round_up(real + lead, grid) - lead;
}

void
served_set_pace(ServedWorld *world, int64 now, int32 speed, int64 tick_length)
{
	if (world->speed != speed || world->tick_length != tick_length)
	{
		/*
		 * The time since the last tick counts at the new speed, but no more than one tick of it: what was
		 * missed at the old speed is not made up for at the new one.
		 */
		int64 reached = intended_real(world, world->clock);
		int64 earliest = now - tick_length * 1000 / speed;

		world->speed = speed;
		world->tick_length = tick_length;
		anchor(world, in_phase(world, Max(Min(reached, now), earliest), world->clock), world->clock);
		world->try_at = 0;
	}
}

int64
served_wake_at(const ServedWorld *world)
{
	int64 due = intended_real(world, tick_end(world, world->clock) + world->tick_length);

	return round_up(Max(due, world->try_at), WAKE_GRID_US);
}

/* Returns the number of ticks that end after 'from', up to 'to'. */
static int64
ticks_between(const ServedWorld *world, int64 from, int64 to)
{
	return to <= from ? 0 : to / world->tick_length - from / world->tick_length;
}

static void
note_reached(ServedWorld *world, int64 from, int64 to, int64 tick_us)
{
	int64 late_until = intended_clock(world, real_now() - LATE_US);

	shmem_world_note_ticks(world->id, ticks_between(world, from, to),
						   ticks_between(world, from, Min(to, late_until)), tick_us);
	world->clock = to;
}

/* ---- taking a world and giving it back ---- */

bool
served_begin(ServedWorld *world, int64 id, bool *locked, int *holder)
{
	WorldLock *lock = world_lock(id, WORLD_SKIP);
	int64	   clock;
	int64	   now;

	*locked = lock == NULL;
	if (lock == NULL)
		*holder = world_lock_holder(id);
	if (lock == NULL || !lock->running)
		return false;
	clock = lock->clock;
	if (!shmem_world_serve(id, &clock, lock->revision))
		return false;
	now = real_now();
	memset(world, 0, sizeof(*world));
	world->id = id;
	world->tick_length = lock->tick_length;
	world->speed = lock->speed;
	world->clock = clock;
	world->written_at = now;
	world->tick_us = FIRST_TICK_US;
	world->listed = true;
	world->notified = -1;
	/* Time that passed without a worker is not simulated. */
	anchor(world, in_phase(world, now, clock), clock);
	return true;
}

static void
end_step(void *arg)
{
	ServedWorld *world = arg;
	WorldLock	*lock;

	relax_commit();
	lock = world_lock(world->id, WORLD_SKIP);
	if (lock == NULL)
	{
		world->blocked = true;
		return;
	}
	world->blocked = false;
	lock->dirty = true;
	world_flush(lock);
}

bool
served_end(ServedWorld *world)
{
	ErrorData *error;

	if (!run_guarded(end_step, world, "writing the clock of a world", &error))
	{
		world_forget(world->id);
		return false;
	}
	if (world->blocked)
		return false;
	blocking_over(world->id);
	shmem_world_leave(world->id);
	world_forget(world->id);
	return true;
}

/* ---- running ---- */

/* What is to be done for a world, and what was done. */
typedef struct Batch
{
	ServedWorld *world;
	int64		 now;
	int64		 target;
	bool		 write_clock;
	bool		 locked;
	bool		 running;
	int			 holder; /* pid, 0 = not known */
	int64		 from;
	int64		 reached;
	int64		 spent; /* µs of real time */
	TickResult	 result;
} Batch;

/* The batches of a transaction. */
typedef struct Batches
{
	Batch *batches;
	int	   count;
	int	   at; /* the one that is being run */
} Batches;

static int64
most_ticks(const ServedWorld *world)
{
	return Max(1, Min(guc_tick_batch, BATCH_US / Max(world->tick_us, 1)));
}

static void
run_locked(Batch *batch, WorldLock *lock)
{
	ServedWorld *world = batch->world;

	batch->running = lock->running;
	if (!lock->running)
		return;
	world->clock = lock->clock;
	if (lock->speed != world->speed || lock->tick_length != world->tick_length)
	{
		served_set_pace(world, batch->now, lock->speed, lock->tick_length);
		batch->target = tick_end(world, intended_clock(world, batch->now));
	}
	batch->from = lock->clock;
	if (batch->write_clock)
		lock->dirty = true;
	batch->reached =
		world_run(lock, Max(batch->target, lock->clock), (int) most_ticks(world), &batch->result);
	world_flush(lock);
}

/* Takes a new snapshot, so that what is read from here on is as of after the locks were taken. */
static void
renew_snapshot(void)
{
	PopActiveSnapshot();
	PushActiveSnapshot(GetTransactionSnapshot());
}

static void
batch_step(void *arg)
{
	Batch	  *batch = arg;
	WorldLock *lock;

	if (batch->world->relaxed)
		relax_commit();
	lock = world_lock(batch->world->id, WORLD_SKIP);
	batch->locked = lock != NULL;
	if (lock == NULL)
	{
		batch->holder = world_lock_holder(batch->world->id);
		return;
	}
	renew_snapshot();
	run_locked(batch, lock);
}

/* Locks the worlds; those that cannot be locked are left out. */
static void
lock_worlds(const Batches *all)
{
	int64 *ids = palloc(all->count * sizeof(int64));

	for (int i = 0; i < all->count; i++)
		ids[i] = all->batches[i].world->id;
	world_lock_some(ids, all->count);
	pfree(ids);
}

static bool
all_relaxed(const Batches *all)
{
	for (int i = 0; i < all->count; i++)
		if (!all->batches[i].world->relaxed)
			return false;
	return true;
}

static void
batches_step(void *arg)
{
	Batches *all = arg;

	if (all_relaxed(all))
		relax_commit();
	lock_worlds(all);
	renew_snapshot();
	hot_rows_keep_open();
	for (all->at = 0; all->at < all->count; all->at++)
	{
		Batch	  *batch = &all->batches[all->at];
		WorldLock *lock = world_lock_held(batch->world->id);
		int64	   began = real_now();

		batch->locked = lock != NULL;
		if (lock != NULL)
			run_locked(batch, lock);
		else
			batch->holder = world_lock_holder(batch->world->id);
		batch->spent = real_now() - began;
	}
	hot_rows_close();
}

bool
served_is_lock_failure(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		   error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		   error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE;
}

/* A world, and who keeps it from ticking. */
typedef struct Search
{
	int64 id;
	int	  pid;
} Search;

static void
search_step(void *arg)
{
	Search *search = arg;

	search->pid = world_blocker(search->id);
}

int
served_blocker(int64 id)
{
	Search	   search = {.id = id};
	ErrorData *error;

	/*
	 * A holder that is not found, because a catalog is locked as well, is looked for again after the next
	 * attempt.
	 */
	(void) run_guarded(search_step, &search, "looking who has a lock", &error);
	return search.pid;
}

static void
remember_error(const ServedWorld *world, const ErrorData *error)
{
	char text[WORLD_ERROR_SIZE];
	int	 length = pg_mbcliplen(error->message, strlen(error->message), WORLD_ERROR_SIZE - 1);

	memcpy(text, error->message, length);
	text[length] = '\0';
	shmem_world_note_error(world->id, text);
}

/* Notes who blocks a world. A blocker that is not known may be the one that was seen before. */
static void
note_blocked(const ServedWorld *world, int pid)
{
	if (pid != 0)
		shmem_world_note_blocked(world->id, pid);
	blocking_seen(world->id, pid);
}

static ServedOutcome
failed(ServedWorld *world, const ErrorData *error)
{
	bool  lock_failure = served_is_lock_failure(error);
	int64 most = lock_failure ? FIRST_BACKOFF_US : LAST_BACKOFF_US;
	int64 wait = lock_failure ? LEAST_PERIOD_US : FIRST_BACKOFF_US;

	world->alone = true;
	world->alone_until = real_now() + ALONE_US;
	world_forget(world->id);
	if (error->sqlerrcode == ERRCODE_NS_NO_WORLD || error->sqlerrcode == ERRCODE_NS_WORLD_PARKED)
		return SERVED_STOPPED;

	for (int i = 0; i < world->failures && wait < most; i++)
		wait *= 2;
	world->try_at = real_now() + Min(wait, most);
	world->failures = Min(world->failures + 1, 1000);
	if (world->failures == (lock_failure ? LOCK_FAILURES_TOLD : 1))
	{
		char what[64];

		snprintf(what, sizeof(what), "a tick of world %lld failed", (long long) world->id);
		log_failure(what, error);
	}
	if (!lock_failure || world->failures >= LOCK_FAILURES_TOLD)
		remember_error(world, error);
	if (lock_failure)
		note_blocked(world, served_blocker(world->id));
	return SERVED_FAILED;
}

static ServedOutcome
blocked(ServedWorld *world, int64 now, int holder)
{
	/*
	 * The holder in shared memory wakes us when it lets go; a revision that never was makes this call fail
	 * for sure.
	 */
	int slot_holder;

	(void) shmem_world_advance(world->id, -1, 0, &slot_holder);
	if (slot_holder == MyProcPid)
		slot_holder = 0;
	note_blocked(world, holder != 0 ? holder : slot_holder);
	world->blocked = true;
	world->alone = true;
	world->try_at = now + Max(world->tick_length * 1000 / world->speed, LEAST_PERIOD_US);
	return SERVED_BLOCKED;
}

/* Makes a tick in which nothing is due, without a transaction. Returns false if it needs one. */
static bool
run_still(ServedWorld *world, int64 target)
{
	int64 revision;
	int64 due;
	int	  holder;

	if (!world_next_due_cached(world->id, &revision, &due) || due <= target)
		return false;
	if (!shmem_world_advance(world->id, revision, target, &holder))
		return false;
	note_reached(world, world->clock, target, -1);
	return true;
}

/* Notes a batch that has committed, or that found that it may not run. */
static ServedOutcome
settle(const Batch *batch)
{
	ServedWorld *world = batch->world;

	if (!batch->locked)
		return blocked(world, batch->now, batch->holder);
	if (!batch->running)
		return SERVED_STOPPED;
	if (batch->result.ticks > 0)
	{
		int64 each = batch->spent / batch->result.ticks;

		world->tick_us = (3 * world->tick_us + each) / 4;
		note_reached(world, batch->from, batch->reached, each);
	}
	else
		world->clock = batch->reached;
	if (batch->result.requests > 0)
		world->requests = true;
	if (batch->write_clock || batch->result.ticks > 0)
		world->written_at = batch->now;
	if (tick_end(world, intended_clock(world, real_now())) > world->clock &&
		ticks_between(world, batch->reached, batch->target) > 0)
		return SERVED_BEHIND;
	return SERVED_RAN;
}

static void
conclude(ServedWorld *world, int64 now, ServedOutcome outcome)
{
	world->outcome = outcome;
	if (outcome == SERVED_STILL || outcome == SERVED_RAN || outcome == SERVED_BEHIND)
	{
		blocking_over(world->id);
		world->blocked = false;
		world->alone = now < world->alone_until;
		world->failures = 0;
		world->try_at = outcome == SERVED_BEHIND ? 0 : now + LEAST_PERIOD_US;
	}
}

static bool
clock_is_due(const ServedWorld *world, int64 now)
{
	return now - world->written_at >= (int64) guc_clock_write_interval * 1000000;
}

static Batch
make_batch(ServedWorld *world, int64 now)
{
	return (Batch) {.world = world,
					.now = now,
					.target = tick_end(world, intended_clock(world, now)),
					.write_clock = clock_is_due(world, now)};
}

static void
run_alone(ServedWorld *world)
{
	int64	   now = real_now();
	Batch	   batch = make_batch(world, now);
	ErrorData *error;

	if (!run_guarded(batch_step, &batch, "running ticks", &error))
	{
		conclude(world, now, failed(world, error));
		return;
	}
	batch.spent = real_now() - now;
	conclude(world, now, settle(&batch));
}

/* Shares out among the batches what a transaction took besides them. */
static void
share_out(Batches *all, int64 spent)
{
	for (int i = 0; i < all->count; i++)
		spent -= all->batches[i].spent;
	for (int i = 0; i < all->count; i++)
		all->batches[i].spent += Max(spent, 0) / all->count;
}

/* Has these worlds run alone, the one that was being run when the error came as the last. */
static void
separate(ServedWorld **worlds, int count, int suspect)
{
	for (int i = 0; i < count; i++)
		worlds[i]->alone = true;
	for (int i = suspect; i < count - 1; i++)
	{
		ServedWorld *next = worlds[i + 1];

		worlds[i + 1] = worlds[i];
		worlds[i] = next;
	}
}

static bool
run_together(ServedWorld **worlds, int count)
{
	int64	   now = real_now();
	Batches	   all = {.batches = palloc(count * sizeof(Batch)), .count = count, .at = count};
	ErrorData *error;

	for (int i = 0; i < count; i++)
		all.batches[i] = make_batch(worlds[i], now);
	if (!run_guarded(batches_step, &all, "running ticks", &error))
	{
		separate(worlds, count, all.at);
		return false;
	}
	share_out(&all, real_now() - now);
	for (int i = 0; i < count; i++)
		conclude(worlds[i], now, settle(&all.batches[i]));
	return true;
}

/* Returns what the next batch of a world is expected to take. */
static int64
expected_us(const ServedWorld *world, int64 now)
{
	int64 target = tick_end(world, intended_clock(world, now));

	return world->tick_us * Min(ticks_between(world, world->clock, target), most_ticks(world));
}

/* Worlds that are run alone come last. The others come by id, as worlds are to be locked. */
static int
compare_worlds(const void *a, const void *b)
{
	const ServedWorld *left = *(ServedWorld *const *) a;
	const ServedWorld *right = *(ServedWorld *const *) b;

	if (left->alone != right->alone)
		return left->alone ? 1 : -1;
	return left->id < right->id ? -1 : left->id > right->id;
}

void
served_sort(ServedWorld **worlds, int count)
{
	qsort(worlds, count, sizeof(ServedWorld *), compare_worlds);
}

int
served_run(ServedWorld **worlds, int count)
{
	int64 now = real_now();
	int64 expected = expected_us(worlds[0], now);
	int	  together = 1;

	if (worlds[0]->alone)
		count = 1;
	while (together < count && !worlds[together]->alone &&
		   expected + expected_us(worlds[together], now) <= SHARED_US)
		expected += expected_us(worlds[together++], now);
	if (together > 1)
		return run_together(worlds, together) ? together : 0;
	run_alone(worlds[0]);
	return 1;
}

ServedOutcome
served_look(ServedWorld *world, int64 now)
{
	int64 target;

	world->outcome = SERVED_IDLE;
	if (now < world->try_at)
		return SERVED_IDLE;
	if (now - world->anchor_real > REANCHOR_US)
		anchor(world, intended_real(world, world->clock), world->clock);
	target = tick_end(world, intended_clock(world, now));
	if (target <= world->clock)
		return SERVED_IDLE;
	if (!clock_is_due(world, now) && run_still(world, target))
		conclude(world, now, SERVED_STILL);
	else
		world->outcome = SERVED_DUE;
	return world->outcome;
}
