/*
 * world_clock.c
 *	  The row of a world in world_clock: read with its lock, written with what was noted under it.
 *
 * Notes and events are pending only between the first world_changed() and the world_flush() of one SQL function.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "utils/snapmgr.h"

#include "engine/world_clock.h"
#include "shmem.h"
#include "sim/sim.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/hot_rows.h"
#include "tables/index_rows.h"

/* A still world's clock is written after at most this much world time at speed 1. */
#define CLOCK_WRITE_INTERVAL (60 * SIM_SECOND)

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

bool
clock_row_lock(int64 world_id, WorldWait wait)
{
	return spi_run(&lock_statements[wait], (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) == 1;
}

uint64
clock_rows_lock(const int64 *world_ids, int count)
{
	return spi_run(&lock_some_statement, (Datum[]) {int64_array(world_ids, count)}, NULL, SPI_OK_SELECT);
}

int64
clock_row_world(uint64 row)
{
	return spi_int64(row, 1, 0);
}

void
clock_row_read(WorldLock *lock, uint64 row)
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
