/*
 * world_clock.c
 *	  The row of a world in world_clock: it is read when it is locked, and written with what was noted
 *	  under the lock.
 *
 * Notes and events are pending only between the first world_changed() and the world_flush() of one SQL
 * function.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "engine/world_clock.h"
#include "shmem.h"
#include "sim/sim.h"
#include "spi.h"
#include "tables/row_locks.h"

/* The clock of a world in which nothing happens is written after at most this much world time, at speed 1. */
#define CLOCK_WRITE_INTERVAL (60 * SIM_SECOND)

/* ---- the row ---- */

static void
take_running(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	char *status = TextDatumGetCString(value);

	((WorldLock *) thing)->running = strcmp(status, "running") == 0;
	pfree(status);
}

static void
take_home(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	WorldLock *lock = thing;
	char	  *home = TextDatumGetCString(value);

	strlcpy(lock->home, home, sizeof(lock->home));
	pfree(home);
}

static void
take_tick_rate(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	((WorldLock *) thing)->tick_length = SIM_SECOND / DatumGetInt32(value);
}

static const RowColumn clock_columns[] = {
	ROW_NUMBER(WorldLock, world_id, "world_id", INT8OID),
	ROW_NUMBER(WorldLock, clock, "clock", INT8OID),
	ROW_NUMBER(WorldLock, revision, "revision", INT8OID),
	ROW_NUMBER(WorldLock, next_id, "next_id", INT8OID),
	ROW_NUMBER(WorldLock, next_input, "next_input", INT8OID),
	ROW_NUMBER(WorldLock, sight_plane, "sight_plane", INT2OID),
	ROW_NUMBER_OR(WorldLock, sight_old_plane, "sight_old_plane", INT2OID, -1),
	ROW_NUMBER(WorldLock, sight_writes, "sight_writes", INT8OID),
	ROW_NUMBER(WorldLock, settings_revision, "settings_revision", INT8OID),
	ROW_NUMBER(WorldLock, next_event, "next_event", INT8OID),
	ROW_NUMBER(WorldLock, rules, "rules", INT2OID),
	/* Statements of the reducers that change them write these. */
	ROW_READ_NUMBER(WorldLock, speed, "speed", INT4OID),
	ROW_OWN("status", TEXTOID, take_running, NULL),
	ROW_OWN("home", TEXTOID, take_home, NULL),
};

static RowType clock_rows = {.table = "world_clock",
							 .index = "world_clock_pkey",
							 .columns = clock_columns,
							 .column_count = lengthof(clock_columns),
							 .place_at = offsetof(WorldLock, row)};

/* The settings that a lock has never change. */
static const RowColumn setting_columns[] = {
	ROW_NUMBER(WorldLock, world_id, "id", INT8OID),
	ROW_OWN("tick_rate", INT4OID, take_tick_rate, NULL),
};

static const RowType setting_rows = {.table = "world_settings",
									 .columns = setting_columns,
									 .column_count = lengthof(setting_columns)};

static RowLocks locks = {.rows = &clock_rows, .beside = &setting_rows};

static const RowWait row_waits[] = {
	[WORLD_WAIT] = ROWS_WAIT,
	[WORLD_NOWAIT] = ROWS_NOWAIT,
	[WORLD_SKIP] = ROWS_SKIP,
};
StaticAssertDecl(lengthof(row_waits) == WORLD_SKIP + 1, "every way to wait for a world is one for its row");

bool
clock_row_lock(int64 world_id, WorldWait wait)
{
	return rows_lock(&locks, world_id, row_waits[wait]) == 1;
}

uint64
clock_rows_lock(const int64 *world_ids, int count)
{
	return rows_lock_some(&locks, world_ids, count);
}

int64
clock_row_world(uint64 row)
{
	return rows_locked_id(row);
}

void
clock_row_read(WorldLock *lock, uint64 row)
{
	rows_take_locked(&locks, row, lock);
	lock->row_clock = lock->clock;
}

/* ---- what is noted under the lock ---- */

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
	lock->concerned |= kind != CHANGE_WORLD && kind != CHANGE_PLAYER && kind != CHANGE_EVENT;
	lock->dirty = true;
	change_notes_add(&lock->notes, kind, id);
	return lock->revision;
}

void
world_input(WorldLock *lock, const Reducer *reducer, const void *arguments)
{
	char *payload = reducer_payload(reducer, arguments);

	change_notes_add_input(&lock->notes, lock->next_input++, lock->now / lock->tick_length, reducer->name,
						   payload);
	lock->told = true;
	lock->dirty = true;
	pfree(payload);
}

typedef struct RulesTold
{
	int32 rules;
} RulesTold;

static const Argument rules_arguments[] = {
	NUMBER_ARGUMENT(RulesTold, rules, RULES_0_1, RULES_NEWEST),
};

static bool
live_by(WorldLock *lock, void *arguments, ReducerResult *result)
{
	lock->rules = (Rules) ((const RulesTold *) arguments)->rules;
	return true;
}

const Reducer reducer_rules = {
	WORLD_REDUCER(rules, live_by),
	REDUCER_ARGUMENTS(RulesTold, rules_arguments),
};

void
world_set_rules(WorldLock *lock, Rules rules)
{
	RulesTold told = {.rules = rules};

	if (live_by(lock, &told, NULL))
		world_input(lock, &reducer_rules, &told);
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

/* Notes in the change log from which number on there are new events and messages. */
static void
note_events(WorldLock *lock)
{
	if (lock->events.first_event != 0)
		world_changed(lock, CHANGE_EVENT, lock->events.first_event);
	if (lock->events.first_message != 0)
		world_changed(lock, CHANGE_MESSAGE, lock->events.first_message);
}

void
clock_begin_moment(WorldLock *lock)
{
	lock->concerned = false;
	lock->told = false;
	lock->flushed_at = lock->now;
}

/*
 * Raises an error if a change came from outside (the time did not go on) and no input was stored: the world
 * could not be replayed. A reducer then does more than its description says. An image may be written some
 * flushes after the input that changed it.
 */
static void
require_inputs(WorldLock *lock)
{
	if (lock->concerned && !lock->told && lock->now == lock->flushed_at && !lock->replaying)
		elog(ERROR, "world %lld was changed from outside, and no input was stored",
			 (long long) lock->world_id);
	if (lock->concerned)
		clock_begin_moment(lock);
	lock->flushed_at = lock->now;
}

void
world_refuse_lost(const WorldLock *lock, const char *detail, const char *hint)
{
	ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("a subtransaction was rolled back while a statement wrote to world %lld",
				   (long long) lock->world_id),
			errdetail_internal("%s", detail), errhint("%s", hint));
}

void
world_require_kept(const WorldLock *lock)
{
	if (lock->stale)
		world_refuse_lost(lock, "A trigger of one of npcsim's tables changed the world and caught an error.",
						  LATER_HINT);
}

SubTransactionId
world_begin_writing(WorldLock *lock)
{
	SubTransactionId outer = lock->written_in;

	lock->written_in = GetCurrentSubTransactionId();
	return outer;
}

void
world_end_writing(WorldLock *lock, SubTransactionId outer)
{
	lock->written_in = outer;
}

void
world_flush(WorldLock *lock)
{
	bool			 late_clock = lock->clock - lock->row_clock >= CLOCK_WRITE_INTERVAL * lock->speed / 1000;
	SubTransactionId outer;

	world_require_kept(lock);
	lock->moved = true;
	note_events(lock);
	require_inputs(lock);
	if (!lock->dirty && (lock->held || lock->clock == lock->row_clock) && !late_clock)
		return;

	outer = world_begin_writing(lock);
	spi_begin();
	change_notes_write(&lock->notes, lock->world_id, lock->revision);
	event_notes_write(&lock->events, lock->world_id, lock->revision);
	rows_update_hot(&clock_rows, lock->world_id, (void *[]) {lock}, 1, NULL);
	spi_end();
	world_end_writing(lock, outer);
	lock->row_clock = lock->clock;
	lock->dirty = false;
	lock->wrote = true;

	/*
	 * A worker notifies after its next tick. Where there is no worker, or it will make no more ticks (a
	 * pause), this transaction does it.
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

/* ---- looking at it without the lock ---- */

typedef struct ClockLeft
{
	int64 world_id;
	int64 clock;
} ClockLeft;

static const RowColumn left_columns[] = {
	ROW_NUMBER(ClockLeft, world_id, "world_id", INT8OID),
	ROW_NUMBER(ClockLeft, clock, "clock", INT8OID),
};

static RowType left_rows = {.table = "world_clock",
							.index = "world_clock_pkey",
							.columns = left_columns,
							.column_count = lengthof(left_columns)};

static void *
place_left(void *arg, int64 id)
{
	return arg;
}

/*
 * Returns the clock of a world that no worker serves (any more). Its worker has written the clock before it
 * left, maybe after the row was read or the reader's snapshot was taken.
 */
static int64
clock_left(int64 world_id, int64 row_clock)
{
	ClockLeft left = {.clock = row_clock};
	RowLoad	  load = {.world_id = world_id, .lookup = place_left, .arg = &left};

	if (IsInParallelMode())
		return row_clock;
	PushActiveSnapshot(GetLatestSnapshot());
	rows_load(&left_rows, &load);
	PopActiveSnapshot();
	return Max(row_clock, left.clock);
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
