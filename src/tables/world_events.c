/*
 * world_events.c
 *	  What happened in the worlds: the only code that reads and writes world_event_log.
 *
 * The log is a ring of segments (partitions) of three hours of the wall clock. A segment is emptied by
 * prune_logs() with TRUNCATE once all of it is older than npcsim.world_event_hours. Each world counts what
 * happens in it; the count goes on in world_clock, so that there are no gaps.
 */
#include "postgres.h"

#include <time.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/row_set.h"
#include "tables/world_events.h"

PG_FUNCTION_INFO_V1(npcsim_world_event_kind_name);

/* What the change log still knows was written no longer ago than this. */
#define RECENT_SECONDS 1200

static const char *const kind_names[WORLD_EVENT_KINDS] = {
	[WORLD_EVENT_CHAT] = "chat",
	[WORLD_EVENT_NPC_SAID] = "npc_said",
	[WORLD_EVENT_MAP_PING] = "map_ping",
	[WORLD_EVENT_NPC_CREATED] = "npc_created",
	[WORLD_EVENT_NPC_REMOVED] = "npc_removed",
	[WORLD_EVENT_NPC_ARRIVED] = "npc_arrived",
	[WORLD_EVENT_NPC_STOPPED] = "npc_stopped",
	[WORLD_EVENT_ITEM_CREATED] = "item_created",
	[WORLD_EVENT_ITEM_REMOVED] = "item_removed",
	[WORLD_EVENT_ITEM_USED_UP] = "item_used_up",
	[WORLD_EVENT_ITEM_RESPAWNED] = "item_respawned",
	[WORLD_EVENT_INTERACTION_STARTED] = "interaction_started",
	[WORLD_EVENT_INTERACTION_FINISHED] = "interaction_finished",
	[WORLD_EVENT_INTERACTION_CANCELLED] = "interaction_cancelled",
};

static const StageColumn event_columns[] = {
	{"sequence", INT8OID},	{"kind", INT2OID},	 {"x", INT2OID},	  {"y", INT2OID},
	{"clock", INT8OID},		{"npc_id", INT8OID}, {"target", INT8OID}, {"interaction", INT8OID},
	{"player_id", INT8OID}, {"data", TEXTOID},
};

static void
put_coordinate(RowBuilder *row, bool placed, int value)
{
	put_int16(row, value);
	row->nulls[row->used - 1] = !placed;
}

static void
make_event_row(RowBuilder *row, void *thing)
{
	WorldEvent *event = thing;

	put_int64(row, event->sequence);
	put_int16(row, event->kind);
	put_coordinate(row, event->placed, event->cell.x);
	put_coordinate(row, event->placed, event->cell.y);
	put_int64(row, event->clock);
	put_int64_unless(row, event->npc_id, 0);
	put_int64_unless(row, event->target_id, 0);
	put_int64_unless(row, event->interaction_id, 0);
	put_int64_unless(row, event->player_id, 0);
	put_datum(row, event->data != NULL ? CStringGetTextDatum(event->data) : (Datum) 0);
	row->nulls[row->used - 1] = event->data == NULL;
}

static const RowSet event_set = {"staged_events", event_columns, lengthof(event_columns), make_event_row};

static SpiStatement insert_statement =
	{"INSERT INTO npcsim.world_event_log (segment, kind, x, y, world_id, sequence, revision, clock, npc_id, "
	 "target_id, interaction_id, player_id, sent_at_real, data) "
	 "SELECT $1, u.kind, u.x, u.y, $2, u.sequence, $3, u.clock, u.npc_id, u.target, u.interaction, "
	 "u.player_id, "
	 "CASE WHEN u.player_id IS NOT NULL THEN pg_catalog.clock_timestamp() END, u.data::pg_catalog.jsonb "
	 "FROM staged_events u",
	 3,
	 {INT2OID, INT8OID, INT8OID}};

#define EVENT_COLUMNS "kind, sequence, revision, clock, npc_id, target_id, interaction_id, player_id, x, y, "

/* Newest first, as the limit counts. */
static SpiStatement events_since_statement =
	{"SELECT " EVENT_COLUMNS "data::pg_catalog.text FROM npcsim.world_event_log "
	 "WHERE segment = ANY ($1) AND world_id = $2 AND sequence >= $3 AND kind NOT IN (1, 2) "
	 "ORDER BY sequence DESC LIMIT $4",
	 4,
	 {INT2ARRAYOID, INT8OID, INT8OID, INT8OID},
	 .read_only = true};

#define MESSAGE_COLUMNS \
	EVENT_COLUMNS \
	"data ->> 'text', data ->> 'username', pg_catalog.to_json(sent_at_real)::pg_catalog.text "

static SpiStatement messages_since_statement =
	{"SELECT " MESSAGE_COLUMNS "FROM npcsim.world_event_log "
	 "WHERE segment = ANY ($1) AND world_id = $2 AND sequence >= $3 AND kind IN (1, 2) "
	 "ORDER BY sequence DESC LIMIT $4",
	 4,
	 {INT2ARRAYOID, INT8OID, INT8OID, INT8OID},
	 .read_only = true};

static SpiStatement last_messages_statement =
	{"SELECT " MESSAGE_COLUMNS "FROM npcsim.world_event_log "
	 "WHERE world_id = $1 AND kind IN (1, 2) ORDER BY sequence DESC LIMIT $2",
	 2,
	 {INT8OID, INT8OID},
	 .read_only = true};

static SpiStatement count_messages_statement =
	{"SELECT pg_catalog.count(*) FROM npcsim.world_event_log "
	 "WHERE segment = ANY ($1) AND world_id = $2 AND sequence >= $3 AND kind IN (1, 2)",
	 3,
	 {INT2ARRAYOID, INT8OID, INT8OID},
	 .read_only = true};

/* ---- kinds ---- */

const char *
world_event_kind_name(int kind)
{
	return kind > WORLD_EVENT_NONE && kind < WORLD_EVENT_KINDS ? kind_names[kind] : NULL;
}

WorldEventKind
world_event_kind_named(const char *name)
{
	for (int kind = WORLD_EVENT_NONE + 1; kind < WORLD_EVENT_KINDS; kind++)
		if (strcmp(kind_names[kind], name) == 0)
			return (WorldEventKind) kind;
	return WORLD_EVENT_NONE;
}

/* world_event_kind_name(kind) */
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

/* Keeps the array, which belongs to the transaction. */
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

static int16
segment_of(time_t moment)
{
	return (int16) (moment / WORLD_EVENT_SEGMENT_SECONDS % WORLD_EVENT_SEGMENTS);
}

void
event_notes_write(EventNotes *notes, int64 world_id, int64 revision)
{
	void **events;

	if (notes->count == 0)
		return;
	events = MemoryContextAllocHuge(CurrentMemoryContext, (Size) notes->count * sizeof(void *));
	for (int i = 0; i < notes->count; i++)
		events[i] = &notes->events[i];
	write_rows(&insert_statement,
			   (Datum[]) {Int16GetDatum(segment_of(time(NULL))), Int64GetDatum(world_id),
						  Int64GetDatum(revision)},
			   SPI_OK_INSERT, &event_set, events, notes->count);
	pfree(events);
	event_notes_reset(notes);
}

/* ---- reading ---- */

/* The segments in which what the change log still knows was written: one, or two. */
static Datum
recent_segments(void)
{
	time_t now = time(NULL);
	int16  segments[] = {segment_of(now), segment_of(now - RECENT_SECONDS)};

	return int16_array(segments, segments[0] == segments[1] ? 1 : 2);
}

static void
read_event(uint64 row, EventStream stream, EventRow *read, MemoryContext context)
{
	WorldEvent *event = &read->event;

	memset(read, 0, sizeof(*read));
	event->kind = (WorldEventKind) spi_int16(row, 1, WORLD_EVENT_NONE);
	event->sequence = spi_int64(row, 2, 0);
	read->revision = spi_int64(row, 3, 0);
	event->clock = spi_int64(row, 4, 0);
	event->npc_id = spi_int64(row, 5, 0);
	event->target_id = spi_int64(row, 6, 0);
	event->interaction_id = spi_int64(row, 7, 0);
	event->player_id = spi_int64(row, 8, 0);
	event->cell.x = spi_int16(row, 9, -1);
	event->cell.y = spi_int16(row, 10, -1);
	event->placed = event->cell.x >= 0;
	if (stream == STREAM_WORLD_EVENTS)
		event->data = spi_text(row, 11, context);
	else
	{
		read->text = spi_text(row, 11, context);
		read->username = spi_text(row, 12, context);
		read->sent_at = spi_text(row, 13, context);
	}
}

/* The rows of the last statement, which come newest first, in the order in which they happened. */
static int
read_events(uint64 count, EventStream stream, EventRow **rows, MemoryContext context)
{
	*rows = MemoryContextAllocHuge(context, Max(count, 1) * sizeof(EventRow));
	for (uint64 row = 0; row < count; row++)
		read_event(row, stream, &(*rows)[count - 1 - row], context);
	return (int) count;
}

int
world_events_since(int64 world_id, EventStream stream, int64 first, int limit, EventRow **rows)
{
	SpiStatement *statement = stream == STREAM_MESSAGES ? &messages_since_statement : &events_since_statement;
	uint64		  count = spi_run(statement,
								  (Datum[]) {recent_segments(), Int64GetDatum(world_id), Int64GetDatum(first),
											 Int64GetDatum(limit)},
								  NULL, SPI_OK_SELECT);

	return read_events(count, stream, rows, CurrentMemoryContext);
}

int64
world_messages_count_since(int64 world_id, int64 first)
{
	spi_run(&count_messages_statement,
			(Datum[]) {recent_segments(), Int64GetDatum(world_id), Int64GetDatum(first)}, NULL,
			SPI_OK_SELECT);
	return spi_int64(0, 1, 0);
}

int
world_messages_last(int64 world_id, int limit, EventRow **rows)
{
	uint64 count = spi_run(&last_messages_statement,
						   (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(limit)}, NULL, SPI_OK_SELECT);

	return read_events(count, STREAM_MESSAGES, rows, CurrentMemoryContext);
}
