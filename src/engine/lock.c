/*
 * lock.c
 *	  The locks of worlds that this transaction holds. A world's lock is taken before any other lock of
 *	  it.
 *
 * The lock of a world is its row in world_clock (world_clock.c).
 *
 * Invariants:
 *	- a lock in the list is a row lock of this transaction; a subtransaction that is rolled back takes its locks
 *	  out of the list, and makes those others read their rows again that were last asked for in it, since it may
 *	  have written the rows. All others stay as they are: the subtransaction may be that of somebody else's
 *	  code (a trigger) which caught an error while we were at work;
 *	- the slot in shared memory is held exactly as long as the lock.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "engine/world_clock.h"
#include "errors.h"
#include "queue.h"
#include "require.h"
#include "shmem.h"
#include "spi.h"
#include "tables/worlds.h"

/* The locks of this transaction, in TopTransactionContext. */
static List *held_locks = NIL;
static bool	 callbacks_registered = false;

/* Discards the image that was used under this lock: it is no longer true. */
static void
lose_image(WorldLock *lock)
{
	if (lock->image != NULL)
		lock->discard_image(lock->image);
	lock->image = NULL;
}

static void
end_lock(WorldLock *lock, bool committed)
{
	if (!committed || lock->stale)
		lose_image(lock);
	if (lock->held)
	{
		if (committed && (lock->wrote || lock->moved))
			shmem_world_publish(lock->world_id, lock->now, lock->revision);
		if (committed && lock->requests)
			shmem_world_requests(lock->world_id);
		shmem_world_release(lock->world_id);
	}
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	ListCell *cell;

	switch (event)
	{
		case XACT_EVENT_PRE_PREPARE:
			if (held_locks != NIL)
				ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a transaction that locked a world cannot be prepared"),
						errdetail("It would hold world %lld until it is committed.",
								  (long long) ((WorldLock *) linitial(held_locks))->world_id),
						errhint("Commit it in one phase."));
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			/* Who takes a world after us finds our questions in the queue. */
			if (event == XACT_EVENT_COMMIT)
				queue_commit();
			foreach (cell, held_locks)
				end_lock(lfirst(cell), event == XACT_EVENT_COMMIT);
			held_locks = NIL;
			break;
		default:
			break;
	}
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	ListCell *cell;

	foreach (cell, held_locks)
	{
		WorldLock *lock = lfirst(cell);

		if (event == SUBXACT_EVENT_COMMIT_SUB)
		{
			if (lock->subxact == mine)
				lock->subxact = parent;
			if (lock->asked_in == mine)
				lock->asked_in = parent;
		}
		else if (event == SUBXACT_EVENT_ABORT_SUB && lock->asked_in == mine)
		{
			lock->asked_in = parent;
			lock->written_in = InvalidSubTransactionId;
			change_notes_reset(&lock->notes);
			event_notes_reset(&lock->events);
			if (lock->subxact == mine)
			{
				end_lock(lock, false);
				held_locks = foreach_delete_current (held_locks, cell);
			}
			else
				lock->stale = true;
		}
	}
}

static void
register_callbacks(void)
{
	if (callbacks_registered)
		return;
	RegisterXactCallback(on_transaction_end, NULL);
	RegisterSubXactCallback(on_subtransaction_end, NULL);
	callbacks_registered = true;
}

WorldLock *
world_lock_held(int64 world_id)
{
	ListCell *cell;

	foreach (cell, held_locks)
	{
		WorldLock *lock = lfirst(cell);

		if (lock->world_id == world_id)
			return lock;
	}
	return NULL;
}

static bool
higher_world_held(int64 world_id)
{
	ListCell *cell;

	foreach (cell, held_locks)
	{
		if (((WorldLock *) lfirst(cell))->world_id > world_id)
			return true;
	}
	return false;
}

static WorldLock *
new_lock(int64 world_id)
{
	WorldLock *lock = MemoryContextAllocZero(TopTransactionContext, sizeof(WorldLock));

	lock->world_id = world_id;
	lock->subxact = lock->asked_in = GetCurrentSubTransactionId();
	change_notes_init(&lock->notes, TopTransactionContext);
	event_notes_init(&lock->events, TopTransactionContext);
	return lock;
}

static void
enlist(WorldLock *lock)
{
	MemoryContext before = MemoryContextSwitchTo(TopTransactionContext);

	held_locks = lappend(held_locks, lock);
	MemoryContextSwitchTo(before);
}

static void
settle_clock(WorldLock *lock)
{
	int64 served;

	lock->held = shmem_world_hold(lock->world_id, &served);
	if (lock->held && served > lock->clock)
		lock->clock = served;
	lock->now = lock->clock - lock->clock % lock->tick_length;
	clock_begin_moment(lock);
}

/*
 * Refuses a trigger that wants to change the world while we are at work and the world is not whole: while its
 * rows are being written, or after something that was done to it meanwhile was rolled back.
 */
static void
refuse_reentry(const WorldLock *lock)
{
	if (lock->written_in != InvalidSubTransactionId || (lock->stale && spi_runs_statement()))
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("world %lld cannot be changed while it is written", (long long) lock->world_id),
				errdetail(
					"A trigger of one of npcsim's tables wants to change the world whose rows are written."),
				errhint(LATER_HINT));
}

static void
refuse_isolation(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("a world cannot be changed in a transaction with isolation level repeatable read or "
					   "serializable"),
				errdetail(
					"Such a transaction does not see what the world became while it waited for the lock."),
				errhint("Use read committed."));
}

/* Runs the locking statement. Returns false if the row is locked elsewhere (WORLD_SKIP) or absent. */
static bool
lock_row(int64 world_id, WorldWait wait, bool descending)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		  locked = false;

	if (!descending)
		return clock_row_lock(world_id, wait);

	PG_TRY();
	{
		locked = clock_row_lock(world_id, wait);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
			PG_RE_THROW();
		error->detail = pstrdup(
			"This transaction already holds a world with a higher id, so it does not wait for this one.");
		error->hint =
			pstrdup("Lock worlds in ascending order of id, lock_world(world_id) first, or try again.");
		FlushErrorState();
		ReThrowError(error);
	}
	PG_END_TRY();
	return locked;
}

WorldLock *
world_lock(int64 world_id, WorldWait wait)
{
	WorldLock *lock = world_lock_held(world_id);
	bool	   descending = false;
	bool	   locked;

	if (lock != NULL)
		refuse_reentry(lock);
	if (lock != NULL && !lock->stale)
	{
		lock->asked_in = GetCurrentSubTransactionId();
		return lock;
	}
	refuse_isolation();
	version_require();
	register_callbacks();

	if (lock == NULL && wait == WORLD_WAIT && higher_world_held(world_id))
	{
		descending = true;
		wait = WORLD_NOWAIT;
	}
	spi_begin();
	locked = lock_row(world_id, wait, descending);
	if (!locked)
	{
		bool exists = world_clock_exists(world_id);

		spi_end();
		if (exists && wait == WORLD_SKIP)
			return NULL;
		ereport(ERROR, errcode(ERRCODE_NS_NO_WORLD),
				errmsg("world %lld does not exist", (long long) world_id),
				errdetail("This database has no world with this id."),
				errhint("SELECT id, name FROM npcsim.worlds lists the worlds of this database."));
	}

	if (lock == NULL)
		lock = new_lock(world_id);
	clock_row_read(lock, 0);
	world_require_home(world_id, lock->home);
	spi_end();

	if (!lock->stale)
		enlist(lock);
	else
	{
		lose_image(lock);
		lock->changed = lock->revision > lock->first_revision;
		/* The notification may have been lost with the subtransaction; PostgreSQL sends equal ones once. */
		lock->notified = false;
	}
	if (!lock->changed)
		lock->first_revision = lock->revision;
	lock->stale = false;
	lock->asked_in = GetCurrentSubTransactionId();
	settle_clock(lock);
	return lock;
}

void
world_lock_some(const int64 *world_ids, int count)
{
	const char *home;
	uint64		rows;

	Assert(held_locks == NIL);
	refuse_isolation();
	version_require();
	register_callbacks();
	spi_begin();
	home = world_home();
	rows = clock_rows_lock(world_ids, count);
	for (uint64 row = 0; row < rows; row++)
	{
		WorldLock *lock = new_lock(clock_row_world(row));

		clock_row_read(lock, row);
		if (strcmp(lock->home, home) != 0)
			continue;
		lock->first_revision = lock->revision;
		enlist(lock);
		settle_clock(lock);
	}
	spi_end();
}
