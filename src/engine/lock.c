/*
 * lock.c
 *	  The world's lock first, always.
 *
 * The lock of a world is its row in world_clock. This file keeps, per
 * transaction, which worlds are locked and what is still to be written of
 * them: the notes for the change log, inputs, and the row itself.
 *
 * Invariants:
 *	- a lock in the list is a row lock of this transaction; a subtransaction that is rolled back takes its locks
 *	  out of the list, and makes the others read their row again (it may have
 *	  written it);
 *	- notes and events are pending only between the first world_changed() and the
 *	  world_flush() of one SQL function;
 *	- the slot in shared memory is held exactly as long as the lock.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "commands/async.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "engine/image.h"
#include "engine/lock.h"
#include "errors.h"
#include "require.h"
#include "shmem.h"
#include "sim/sim.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/change_log.h"
#include "tables/hot_rows.h"
#include "tables/index_rows.h"
#include "tables/installation.h"
#include "tables/worlds.h"

/* A still world's clock is written after at most this much world time at speed 1. */
#define CLOCK_WRITE_INTERVAL (60 * SIM_SECOND)

/* Locks of the present transaction; memory is the top transaction's. */
static List *held_locks = NIL;
static bool	 callbacks_registered = false;

#define CLOCK_COLUMNS \
	"c.world_id, c.clock, c.revision, c.next_id, c.next_input, c.status = 'running', c.speed, " \
	"c.sight_plane, c.sight_old_plane, c.sight_writes, c.settings_revision, c.home, s.tick_rate, " \
	"c.next_event, c.ctid, c.rules " \
	"FROM npcsim.world_clock c JOIN npcsim.world_settings s ON s.id = c.world_id "
#define LOCK_ONE "SELECT " CLOCK_COLUMNS "WHERE c.world_id = $1 FOR NO KEY UPDATE OF c"

static SpiStatement lock_statements[] = {
	[WORLD_WAIT] = {LOCK_ONE, 1, {INT8OID}},
	[WORLD_NOWAIT] = {LOCK_ONE " NOWAIT", 1, {INT8OID}},
	[WORLD_SKIP] = {LOCK_ONE " SKIP LOCKED", 1, {INT8OID}},
};

static SpiStatement lock_some_statement = {"SELECT " CLOCK_COLUMNS
										   "WHERE c.world_id = ANY ($1) ORDER BY c.world_id "
										   "FOR NO KEY UPDATE OF c SKIP LOCKED",
										   1,
										   {INT8ARRAYOID}};

static const StageColumn clock_columns[] =
	{{"world_id", INT8OID},		   {"clock", INT8OID},		  {"revision", INT8OID},
	 {"next_id", INT8OID},		   {"next_input", INT8OID},	  {"sight_plane", INT2OID},
	 {"sight_old_plane", INT2OID}, {"sight_writes", INT8OID}, {"settings_revision", INT8OID},
	 {"next_event", INT8OID},	   {"rules", INT2OID}};

static void
make_clock_row(const RowSet *set, RowBuilder *row, void *thing, void *arg, int columns)
{
	WorldLock *lock = thing;

	put_int64(row, lock->world_id);
	put_int64(row, lock->clock);
	put_int64(row, lock->revision);
	put_int64(row, lock->next_id);
	put_int64(row, lock->next_input);
	put_int16(row, lock->sight_plane);
	put_int16(row, lock->sight_old_plane);
	row->nulls[row->used - 1] = lock->sight_old_plane < 0;
	put_int64(row, lock->sight_writes);
	put_int64(row, lock->settings_revision);
	put_int64(row, lock->next_event);
	put_int16(row, lock->rules);
}

static const RowSet clock_set = {.name = "staged_clocks",
								 .columns = clock_columns,
								 .column_count = lengthof(clock_columns),
								 .make_row = make_clock_row,
								 .id_at = offsetof(WorldLock, world_id),
								 .place_at = offsetof(WorldLock, row)};

static HotTable clocks = {"world_clock", &clock_set, lengthof(clock_columns),
						  HOT_ROWS_FIND("world_clock", "world_id")};

static void
end_lock(WorldLock *lock, bool committed)
{
	if (lock->image != NULL && (!committed || lock->stale))
		image_discard(lock->image);
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
		}
		else if (event == SUBXACT_EVENT_ABORT_SUB)
		{
			if (lock->image != NULL)
			{
				image_discard(lock->image);
				lock->image = NULL;
			}
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

void
world_require_home(int64 world_id, const char *home)
{
	if (strcmp(home, world_home()) != 0)
		ereport(ERROR, errcode(ERRCODE_NS_WORLD_PARKED), errmsg("world %lld is parked", (long long) world_id),
				errdetail("It was restored or copied from another database."),
				errhint("SELECT npcsim.adopt_world(%lld); makes it this database's own; if it was running, "
						"it runs on.",
						(long long) world_id));
}

/* A row of the last statement, which has CLOCK_COLUMNS. */
static void
read_clock_row(WorldLock *lock, uint64 row)
{
	lock->clock = spi_int64(row, 2, 0);
	lock->row_clock = lock->clock;
	lock->revision = spi_int64(row, 3, 0);
	lock->next_id = spi_int64(row, 4, 0);
	lock->next_input = spi_int64(row, 5, 0);
	lock->running = spi_bool(row, 6, false);
	lock->speed = spi_int32(row, 7, 1000);
	lock->sight_plane = spi_int16(row, 8, 0);
	lock->sight_old_plane = spi_int16(row, 9, -1);
	lock->sight_writes = spi_int64(row, 10, 0);
	lock->settings_revision = spi_int64(row, 11, 0);
	strlcpy(lock->home, spi_text(row, 12, CurrentMemoryContext), sizeof(lock->home));
	lock->tick_length = SIM_SECOND / spi_int32(row, 13, 10);
	lock->next_event = spi_int64(row, 14, 0);
	lock->row = spi_tid(row, 15);
	lock->rules = (Rules) spi_int16(row, 16, RULES_0_1);
}

static WorldLock *
new_lock(int64 world_id)
{
	WorldLock *lock = MemoryContextAllocZero(TopTransactionContext, sizeof(WorldLock));

	lock->world_id = world_id;
	lock->subxact = GetCurrentSubTransactionId();
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

/* Runs the locking statement; false when the row is locked elsewhere (WORLD_SKIP) or absent. */
static bool
lock_row(int64 world_id, WorldWait wait, bool descending)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64		  rows = 0;

	if (!descending)
		return spi_run(&lock_statements[wait], (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) == 1;

	PG_TRY();
	{
		rows = spi_run(&lock_statements[wait], (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
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
	return rows == 1;
}

WorldLock *
world_lock(int64 world_id, WorldWait wait)
{
	WorldLock *lock = world_lock_held(world_id);
	bool	   descending = false;
	bool	   locked;

	if (lock != NULL && !lock->stale)
		return lock;
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
	read_clock_row(lock, 0);
	world_require_home(world_id, lock->home);
	spi_end();

	if (!lock->stale)
		enlist(lock);
	else
	{
		lock->changed = lock->revision > lock->first_revision;
		/* It may have gone with the subtransaction; PostgreSQL sends equal ones once. */
		lock->notified = false;
	}
	if (!lock->changed)
		lock->first_revision = lock->revision;
	lock->stale = false;
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
	rows = spi_run(&lock_some_statement, (Datum[]) {int64_array(world_ids, count)}, NULL, SPI_OK_SELECT);
	for (uint64 row = 0; row < rows; row++)
	{
		WorldLock *lock = new_lock(spi_int64(row, 1, 0));

		read_clock_row(lock, row);
		if (strcmp(lock->home, home) != 0)
			continue;
		lock->first_revision = lock->revision;
		enlist(lock);
		settle_clock(lock);
	}
	spi_end();
}

int64
world_new_id(WorldLock *lock)
{
	lock->dirty = true;
	return lock->next_id++;
}

int64
world_changed(WorldLock *lock, ChangeKind kind, int64 id)
{
	if (!lock->changed)
	{
		lock->changed = true;
		lock->revision++;
	}
	if (kind == CHANGE_WORLD)
	{
		lock->settings_revision = lock->revision;
		lock->settings_changed = true;
	}
	lock->dirty = true;
	change_notes_add(&lock->notes, kind, id);
	return lock->revision;
}

void
world_input(WorldLock *lock, const char *kind, const char *payload)
{
	change_notes_add_input(&lock->notes, lock->next_input++, lock->now / lock->tick_length, kind, payload);
	lock->dirty = true;
}

void
world_set_rules(WorldLock *lock, Rules rules)
{
	lock->rules = rules;
	world_input(lock, "rules", psprintf("{\"rules\":%d}", rules));
}

int64
world_record(WorldLock *lock, const WorldEvent *event)
{
	WorldEvent recorded = *event;

	recorded.sequence = lock->next_event++;
	event_notes_add(&lock->events, &recorded);
	lock->dirty = true;
	return recorded.sequence;
}

/* The change log tells from which number on there is something new. */
static void
note_events(WorldLock *lock)
{
	if (lock->events.first_event != 0)
		world_changed(lock, CHANGE_EVENT, lock->events.first_event);
	if (lock->events.first_message != 0)
		world_changed(lock, CHANGE_MESSAGE, lock->events.first_message);
}

void
world_flush(WorldLock *lock)
{
	bool late_clock = lock->clock - lock->row_clock >= CLOCK_WRITE_INTERVAL * lock->speed / 1000;

	lock->moved = true;
	if (!lock->dirty && (lock->held || lock->clock == lock->row_clock) && !late_clock)
		return;

	note_events(lock);
	spi_begin();
	change_notes_write(&lock->notes, lock->world_id, lock->revision);
	event_notes_write(&lock->events, lock->world_id, lock->revision);
	hot_rows_update(&clocks, lock->world_id, (void *[]) {lock}, 1, NULL);
	spi_end();
	lock->row_clock = lock->clock;
	lock->dirty = false;
	lock->wrote = true;

	/*
	 * A worker tells of changes after its next tick; where there is none, or it will make no more (a
	 * pause), it is done here.
	 */
	if (lock->changed && (!lock->held || lock->settings_changed) && !lock->notified)
	{
		char payload[64];

		snprintf(payload, sizeof(payload), "%lld:%lld", (long long) lock->world_id,
				 (long long) lock->revision);
		Async_Notify("npcsim_world", payload);
		lock->notified = true;
	}
}

/*
 * Nobody serves the world (any more): who did has written the clock before it left, maybe after the row was read, or after
 * the reader's snapshot was taken.
 */
static int64
clock_left(int64 world_id, int64 row_clock)
{
	static IndexRows clocks = {"world_clock", "world_clock_pkey", {{"clock", INT8OID}}};
	IndexReading	 reading;

	if (IsInParallelMode())
		return row_clock;
	PushActiveSnapshot(GetLatestSnapshot());
	index_rows_of_ids(&reading, &clocks, world_id, NULL, 0);
	if (index_rows_next(&reading))
		row_clock = Max(row_clock, DatumGetInt64(reading.values[0]));
	index_rows_end(&reading);
	PopActiveSnapshot();
	return row_clock;
}

int64
world_now(int64 world_id, int64 row_clock, int64 tick_length)
{
	int64 clock;
	int64 revision;

	if (!shmem_world_now(world_id, &clock, &revision))
		clock = clock_left(world_id, row_clock);
	else if (clock < row_clock)
		clock = row_clock;
	return clock - clock % tick_length;
}

const char *
world_home(void)
{
	char		 *installation;
	MemoryContext caller = CurrentMemoryContext;

	spi_begin();
	installation = installation_id();
	if (installation == NULL)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("npcsim.installation has no row"),
				errhint("INSERT INTO npcsim.installation DEFAULT VALUES; then adopt_world(world_id) for each "
						"world that is this database's."));
	installation = MemoryContextStrdup(caller, installation);
	spi_end();
	return psprintf("%s/%llu/%u", installation, (unsigned long long) GetSystemIdentifier(), MyDatabaseId);
}

static char *
read_epoch(const char *home)
{
	MemoryContext caller = CurrentMemoryContext;
	char		 *epoch;

	spi_begin();
	epoch = epoch_row_read(home);
	if (epoch != NULL)
		epoch = MemoryContextStrdup(caller, epoch);
	spi_end();
	return epoch;
}

/*
 * The epoch that begins when there is none. It follows from what was drawn when the server started, so that everybody
 * names the same one before somebody who may write has begun it, and where nobody can: on a standby, in a transaction that
 * only reads. Long enough that no other is like it.
 */
static char *
coming_epoch(const char *home)
{
	return psprintf("%016llx", (unsigned long long) hash_bytes_extended((const unsigned char *) home,
																		(int) strlen(home), shmem_seed()));
}

const char *
world_epoch(void)
{
	const char *home = world_home();
	char	   *epoch = RecoveryInProgress() ? NULL : read_epoch(home);

	return epoch != NULL ? epoch : coming_epoch(home);
}

void
world_begin_epoch(void)
{
	const char *home = world_home();

	if (RecoveryInProgress() || read_epoch(home) != NULL)
		return;
	spi_begin();
	epoch_row_begin(coming_epoch(home), home);
	spi_end();
}
