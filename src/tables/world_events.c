/*
 * world_events.c
 *	  Notes what happens in a world, and writes it to world_event_log.
 *
 * A row of the log holds several events of a transaction, as arrays: with a row for each event they
 * would be a quarter of a world's WAL, and cost twice the time. The log is a ring of segments
 * (event_segments.h). Each world counts what happens in it; the count goes on in world_clock, so that
 * there are no gaps.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "tables/arrays.h"
#include "tables/event_segments.h"
#include "tables/hot_rows.h"
#include "tables/world_events.h"

PG_FUNCTION_INFO_V1(npcsim_world_event_kind_name);

static const char *const kind_names[WORLD_EVENT_KINDS] = {
#define EVENT(kind_, name_) [kind_] = (name_),
	WORLD_EVENT_LIST(EVENT)
#undef EVENT
};

/* So many rows are written at a time: all of them, unless a transaction made very many. */
#define WRITE_BATCHES 256

/* The most world time within a row. */
#define ROW_SPAN_MAX (1000 * SIM_SECOND)

/* The events of a row. */
typedef struct EventBatch
{
	const WorldEvent *events;
	int				  count;
} EventBatch;

/* What all rows of a transaction share. */
typedef struct Flush
{
	int16 segment;
	int64 revision;
} Flush;

static const StageColumn batch_columns[] = {
	{"segment", INT2OID},
	{"revision", INT8OID},
	{"messages", INT2OID},
	{"first_sequence", INT8OID},
	{"last_sequence", INT8OID},
	{"clock", INT8OID},
	{"sent_at_real", TIMESTAMPTZOID},
	{"kinds", INT2ARRAYOID},
	{"after", INT4ARRAYOID},
	{"x", INT2ARRAYOID},
	{"y", INT2ARRAYOID},
	{"npc_ids", INT8ARRAYOID},
	{"target_ids", INT8ARRAYOID},
	{"interaction_ids", INT8ARRAYOID},
	{"player_ids", INT8ARRAYOID},
	{"data", JSONBARRAYOID},
};

/* Puts an array with NULL where there is nothing; NULL if there is nothing at all. */
static void
put_array(RowBuilder *row, Datum *values, bool *nulls, int count, Oid type)
{
	bool any = false;

	for (int i = 0; i < count; i++)
		any = any || !nulls[i];
	put_datum(row, any ? nullable_array_of(values, nulls, count, type) : (Datum) 0);
	row->nulls[row->used - 1] = !any;
}

static void
put_ids(RowBuilder *row, const EventBatch *batch, size_t member)
{
	Datum values[ROW_EVENTS_MAX];
	bool  nulls[ROW_EVENTS_MAX];

	for (int i = 0; i < batch->count; i++)
	{
		int64 id = *(const int64 *) ((const char *) &batch->events[i] + member);

		values[i] = Int64GetDatum(id);
		nulls[i] = id == 0;
	}
	put_array(row, values, nulls, batch->count, INT8OID);
}

static void
put_places(RowBuilder *row, const EventBatch *batch)
{
	Datum x[ROW_EVENTS_MAX];
	Datum y[ROW_EVENTS_MAX];
	bool  nulls[ROW_EVENTS_MAX];

	for (int i = 0; i < batch->count; i++)
	{
		x[i] = Int16GetDatum(batch->events[i].cell.x);
		y[i] = Int16GetDatum(batch->events[i].cell.y);
		nulls[i] = !batch->events[i].placed;
	}
	put_array(row, x, nulls, batch->count, INT2OID);
	put_array(row, y, nulls, batch->count, INT2OID);
}

static void
put_data(RowBuilder *row, const EventBatch *batch)
{
	Datum values[ROW_EVENTS_MAX];
	bool  nulls[ROW_EVENTS_MAX];

	for (int i = 0; i < batch->count; i++)
	{
		const char *data = batch->events[i].data;

		nulls[i] = data == NULL;
		values[i] = data != NULL ? DirectFunctionCall1(jsonb_in, CStringGetDatum(data)) : (Datum) 0;
	}
	put_array(row, values, nulls, batch->count, JSONBOID);
}

static void
make_batch_row(const RowSet *set, RowBuilder *row, void *thing, void *arg, int columns)
{
	const EventBatch *batch = thing;
	const Flush		 *flush = arg;
	int16			  kinds[ROW_EVENTS_MAX];
	int32			  after[ROW_EVENTS_MAX];
	int				  messages = 0;
	bool			  by_player = false;

	for (int i = 0; i < batch->count; i++)
	{
		const WorldEvent *event = &batch->events[i];

		kinds[i] = (int16) event->kind;
		after[i] = (int32) (event->clock - batch->events[0].clock);
		messages += world_event_is_message(event->kind);
		by_player = by_player || event->player_id != 0;
	}
	put_int16(row, flush->segment);
	put_int64(row, flush->revision);
	put_int16(row, messages);
	put_int64(row, batch->events[0].sequence);
	put_int64(row, batch->events[batch->count - 1].sequence);
	put_int64(row, batch->events[0].clock);
	put_datum(row, TimestampTzGetDatum(by_player ? GetCurrentTimestamp() : 0));
	row->nulls[row->used - 1] = !by_player;
	put_datum(row, int16_array(kinds, batch->count));
	put_datum(row, int32_array(after, batch->count));
	put_places(row, batch);
	put_ids(row, batch, offsetof(WorldEvent, npc_id));
	put_ids(row, batch, offsetof(WorldEvent, target_id));
	put_ids(row, batch, offsetof(WorldEvent, interaction_id));
	put_ids(row, batch, offsetof(WorldEvent, player_id));
	put_data(row, batch);
}

static const RowSet batch_set = {"staged_events", batch_columns, lengthof(batch_columns), make_batch_row};

/* Returns the segment's table. */
static HotTable *
segment_table(int16 segment)
{
	static char		names[EVENT_SEGMENTS][NAMEDATALEN];
	static HotTable tables[EVENT_SEGMENTS];
	HotTable	   *table = &tables[segment];

	if (table->name == NULL)
	{
		snprintf(names[segment], NAMEDATALEN, "world_event_log_%d", segment);
		table->set = &batch_set;
		table->name = names[segment];
	}
	return table;
}

/* ---- names of kinds ---- */

const char *
world_event_kind_name(int kind)
{
	return kind > WORLD_EVENT_NONE && kind < WORLD_EVENT_KINDS ? kind_names[kind] : NULL;
}

/* world_event_kind_name(kind); NULL for a kind that is not known. */
Datum
npcsim_world_event_kind_name(PG_FUNCTION_ARGS)
{
	const char *name = world_event_kind_name(PG_GETARG_INT16(0));

	if (name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

/* ---- notes ---- */

void
event_notes_init(EventNotes *notes, MemoryContext context)
{
	memset(notes, 0, sizeof(*notes));
	notes->context = context;
}

/* The array is kept, since it belongs to the transaction. */
void
event_notes_reset(EventNotes *notes)
{
	for (int i = 0; i < notes->count; i++)
		if (notes->events[i].data != NULL)
			pfree(notes->events[i].data);
	notes->count = 0;
	notes->first_event = 0;
	notes->first_message = 0;
}

void
event_notes_add(EventNotes *notes, const WorldEvent *event)
{
	WorldEvent *added;
	int64	   *first = world_event_is_message(event->kind) ? &notes->first_message : &notes->first_event;

	Assert(world_event_kind_name(event->kind) != NULL);
	if (notes->count == notes->room)
	{
		int room = Max(64, notes->room * 2);

		notes->events = notes->events == NULL
							? MemoryContextAlloc(notes->context, room * sizeof(WorldEvent))
							: repalloc_huge(notes->events, (Size) room * sizeof(WorldEvent));
		notes->room = room;
	}
	added = &notes->events[notes->count++];
	*added = *event;
	if (event->data != NULL)
		added->data = MemoryContextStrdup(notes->context, event->data);
	if (*first == 0)
		*first = event->sequence;
}

/* Returns how many of the events, from the first on, make a row. */
static int
batch_size(const WorldEvent *events, int count)
{
	int size = 1;

	while (size < Min(count, ROW_EVENTS_MAX) && events[size].clock - events[0].clock <= ROW_SPAN_MAX)
		size++;
	return size;
}

/* Writes what fits into WRITE_BATCHES rows, from the first event on. Returns how many events that was. */
static int
write_some(int64 world_id, const WorldEvent *events, int count, Flush *flush)
{
	EventBatch batches[WRITE_BATCHES];
	void	  *things[WRITE_BATCHES];
	int		   rows = 0;
	int		   written = 0;

	while (written < count && rows < WRITE_BATCHES)
	{
		batches[rows].events = events + written;
		batches[rows].count = batch_size(events + written, count - written);
		written += batches[rows].count;
		things[rows] = &batches[rows];
		rows++;
	}
	hot_rows_insert(segment_table(flush->segment), world_id, things, rows, flush);
	return written;
}

void
event_notes_write(EventNotes *notes, int64 world_id, int64 revision)
{
	Flush flush = {.revision = revision};
	int	  written = 0;

	if (notes->count > 0)
		flush.segment = event_segment_to_write();
	while (written < notes->count)
		written += write_some(world_id, &notes->events[written], notes->count - written, &flush);
	event_notes_reset(notes);
}
