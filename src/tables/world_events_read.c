/*
 * world_events_read.c
 *	  Reads what happened in worlds from world_event_log, for clients.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "spi.h"
#include "tables/event_segments.h"
#include "tables/id_lists.h"
#include "tables/players.h"
#include "tables/world_events.h"

/* The change log only reaches back to what was written within so many seconds. */
#define RECENT_SECONDS 1200

/* A row of the log, as it is written (world_events.c). */
typedef struct WrittenRow
{
	int64		first_sequence;
	int64		revision;
	int64		clock;
	TimestampTz sent_at_real; /* DT_NOBEGIN if nobody sent anything */
	ArrayType  *kinds;
	ArrayType  *after;
	ArrayType  *x;
	ArrayType  *y;
	ArrayType  *npc_ids;
	ArrayType  *target_ids;
	ArrayType  *interaction_ids;
	ArrayType  *player_ids;
	ArrayType  *data;
} WrittenRow;

static const SpiColumn row_columns[] = {
	SPI_COLUMN(WrittenRow, first_sequence, "first_sequence"),
	SPI_COLUMN(WrittenRow, revision, "revision"),
	SPI_COLUMN(WrittenRow, clock, "clock"),
	SPI_COLUMN_OR(WrittenRow, sent_at_real, "sent_at_real", DT_NOBEGIN),
	SPI_COLUMN(WrittenRow, kinds, "kinds"),
	SPI_COLUMN(WrittenRow, after, "after"),
	SPI_COLUMN(WrittenRow, x, "x"),
	SPI_COLUMN(WrittenRow, y, "y"),
	SPI_COLUMN(WrittenRow, npc_ids, "npc_ids"),
	SPI_COLUMN(WrittenRow, target_ids, "target_ids"),
	SPI_COLUMN(WrittenRow, interaction_ids, "interaction_ids"),
	SPI_COLUMN(WrittenRow, player_ids, "player_ids"),
	SPI_COLUMN(WrittenRow, data, "data"),
};

/* Rows are read newest first. */
#define READ_ROWS(wanted) \
	"SELECT %C FROM npcsim.world_event_log WHERE world_id = $1 AND " wanted \
	" ORDER BY last_sequence DESC LIMIT $2"
/* IN, not = ANY, lets the planner leave out the other segments. */
#define RECENT		 "segment IN ($4, $5, $6, $7, $8, $9, $10, $11) AND last_sequence >= $3"
#define RECENT_TYPES INT2OID, INT2OID, INT2OID, INT2OID, INT2OID, INT2OID, INT2OID, INT2OID
#define RECENT_ARGS	 (3 + EVENT_SEGMENTS_RECENT)
StaticAssertDecl(EVENT_SEGMENTS_RECENT == 8, "the statements name each of them");

static SpiStatement events_since_statement = {READ_ROWS(RECENT),
											  RECENT_ARGS,
											  {INT8OID, INT8OID, INT8OID, RECENT_TYPES},
											  .read_only = true,
											  SPI_GIVES(WrittenRow, row_columns)};

static SpiStatement messages_since_statement = {READ_ROWS(RECENT " AND messages > 0"),
												RECENT_ARGS,
												{INT8OID, INT8OID, INT8OID, RECENT_TYPES},
												.read_only = true,
												SPI_GIVES(WrittenRow, row_columns)};

static SpiStatement last_messages_statement = {READ_ROWS("messages > 0"),
											   2,
											   {INT8OID, INT8OID},
											   .read_only = true,
											   SPI_GIVES(WrittenRow, row_columns)};

static SpiStatement last_events_statement = {READ_ROWS("last_sequence > 0"),
											 2,
											 {INT8OID, INT8OID},
											 .read_only = true,
											 SPI_GIVES(WrittenRow, row_columns)};

static SpiStatement count_messages_statement =
	{"SELECT pg_catalog.count(*) FROM npcsim.world_event_log l, "
	 "LATERAL pg_catalog.unnest(l.kinds) WITH ORDINALITY AS e (kind, n) "
	 "WHERE world_id = $1 AND " RECENT " AND messages > 0 "
	 "AND l.first_sequence + e.n - 1 >= $3 AND e.kind IN (1, 2) LIMIT $2",
	 RECENT_ARGS,
	 {INT8OID, INT8OID, INT8OID, RECENT_TYPES},
	 .read_only = true};

/*
 * Runs one of these statements for events from a number on, in the segments that are recent enough for the
 * change log.
 */
static uint64
run_recent(SpiStatement *statement, int64 world_id, int64 limit, int64 first)
{
	int16 recent[EVENT_SEGMENTS_RECENT];
	Datum values[RECENT_ARGS] = {Int64GetDatum(world_id), Int64GetDatum(limit), Int64GetDatum(first)};

	event_segments_recent(RECENT_SECONDS, recent);
	for (int i = 0; i < EVENT_SEGMENTS_RECENT; i++)
		values[3 + i] = Int16GetDatum(recent[i]);
	return spi_run(statement, values, NULL, SPI_OK_SELECT);
}

/* The elements of an array in a row; none if it is NULL. */
typedef struct Elements
{
	Datum *values;
	bool  *nulls;
	int	   count;
} Elements;

static Elements
elements_of(ArrayType *array)
{
	Elements elements = {0};
	int16	 length;
	bool	 by_value;
	char	 alignment;

	if (array == NULL)
		return elements;
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &alignment);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, alignment, &elements.values,
					  &elements.nulls, &elements.count);
	return elements;
}

static bool
element_is_there(const Elements *elements, int i)
{
	return i < elements->count && !elements->nulls[i];
}

static int64
id_element(const Elements *elements, int i)
{
	return element_is_there(elements, i) ? DatumGetInt64(elements->values[i]) : 0;
}

/* A row of the log, as arrays. */
typedef struct LogRow
{
	int64	 first_sequence;
	int64	 revision;
	int64	 clock;
	char	*sent_at;
	Elements kinds;
	Elements after;
	Elements x;
	Elements y;
	Elements npc_ids;
	Elements target_ids;
	Elements interaction_ids;
	Elements player_ids;
	Elements data;
} LogRow;

/* Returns a moment as a JSON string, in UTC whatever the session's time zone is; NULL if there is none. */
static char *
moment_text(TimestampTz moment)
{
	const int utc = 0;
	char	  text[MAXDATELEN + 1];

	if (moment == DT_NOBEGIN)
		return NULL;
	(void) JsonEncodeDateTime(text, TimestampTzGetDatum(moment), TIMESTAMPTZOID, &utc);
	return psprintf("\"%s\"", text);
}

static LogRow
read_row(const SpiStatement *statement, uint64 row)
{
	WrittenRow written;

	spi_row(statement, row, &written);
	return (LogRow) {.first_sequence = written.first_sequence,
					 .revision = written.revision,
					 .clock = written.clock,
					 .sent_at = moment_text(written.sent_at_real),
					 .kinds = elements_of(written.kinds),
					 .after = elements_of(written.after),
					 .x = elements_of(written.x),
					 .y = elements_of(written.y),
					 .npc_ids = elements_of(written.npc_ids),
					 .target_ids = elements_of(written.target_ids),
					 .interaction_ids = elements_of(written.interaction_ids),
					 .player_ids = elements_of(written.player_ids),
					 .data = elements_of(written.data)};
}

/* Returns a string member of an object; NULL if there is none. */
static char *
string_member(Jsonb *object, const char *name)
{
	JsonbValue		  value;
	const JsonbValue *member = getKeyJsonValueFromContainer(&object->root, name, (int) strlen(name), &value);

	return member != NULL && member->type == jbvString
			   ? pnstrdup(member->val.string.val, member->val.string.len)
			   : NULL;
}

static void
read_data(Jsonb *data, EventRow *read)
{
	if (world_event_is_message(read->event.kind))
		read->text = string_member(data, "text");
	else
		read->event.data = JsonbToCString(NULL, &data->root, (int) VARSIZE(data));
}

static void
read_event(const LogRow *row, int i, EventRow *read)
{
	WorldEvent *event = &read->event;

	memset(read, 0, sizeof(*read));
	event->kind = (WorldEventKind) DatumGetInt16(row->kinds.values[i]);
	event->sequence = row->first_sequence + i;
	read->revision = row->revision;
	event->clock = row->clock + (i < row->after.count ? DatumGetInt32(row->after.values[i]) : 0);
	event->npc_id = id_element(&row->npc_ids, i);
	event->target_id = id_element(&row->target_ids, i);
	event->interaction_id = id_element(&row->interaction_ids, i);
	event->player_id = id_element(&row->player_ids, i);
	event->placed = element_is_there(&row->x, i) && element_is_there(&row->y, i);
	if (event->placed)
		event->cell = (Cell) {DatumGetInt16(row->x.values[i]), DatumGetInt16(row->y.values[i])};
	if (event->player_id != 0)
		read->sent_at = row->sent_at;
	if (element_is_there(&row->data, i))
		read_data(DatumGetJsonbP(row->data.values[i]), read);
}

/* Looks up who the players are whose doing it was. */
static void
read_names(EventRow *rows, int count)
{
	int64 *players = palloc(Max(count, 1) * sizeof(int64));
	char **names;
	int	   found = 0;

	for (int i = 0; i < count; i++)
		if (rows[i].event.player_id != 0)
			players[found++] = rows[i].event.player_id;
	found = id_list_sort(players, found);
	if (found == 0)
		return;
	names = player_names_read(players, found);
	for (int i = 0; i < count; i++)
	{
		int place = id_list_find(players, found, rows[i].event.player_id);

		if (place >= 0)
			rows[i].username = names[place];
	}
}

/*
 * Reads the rows of the last statement, which come newest first: the last 'limit' events of a stream from a
 * number on, in the order in which they happened. Returns how many there are.
 */
static int
read_events(const SpiStatement *statement, uint64 count, EventStream stream, int64 first, int limit,
			EventRow **rows)
{
	int		  room = (int) Min((uint64) limit, count * ROW_EVENTS_MAX);
	EventRow *read = palloc(Max(room, 1) * sizeof(EventRow));
	int		  next = room;

	for (uint64 r = 0; r < count && next > 0; r++)
	{
		LogRow row = read_row(statement, r);

		for (int i = row.kinds.count - 1; i >= 0 && next > 0; i--)
		{
			WorldEventKind kind = (WorldEventKind) DatumGetInt16(row.kinds.values[i]);

			if (row.first_sequence + i >= first &&
				world_event_is_message(kind) == (stream == STREAM_MESSAGES))
				read_event(&row, i, &read[--next]);
		}
	}
	*rows = read + next;
	read_names(*rows, room - next);
	return room - next;
}

int
world_events_since(int64 world_id, EventStream stream, int64 first, int limit, EventRow **rows)
{
	SpiStatement *statement = stream == STREAM_MESSAGES ? &messages_since_statement : &events_since_statement;

	return read_events(statement, run_recent(statement, world_id, limit, first), stream, first, limit, rows);
}

int64
world_messages_count_since(int64 world_id, int64 first)
{
	(void) run_recent(&count_messages_statement, world_id, 1, first);
	return spi_int64(0, 0);
}

int
world_messages_last(int64 world_id, int limit, EventRow **rows)
{
	uint64 count = spi_run(&last_messages_statement,
						   (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(limit)}, NULL, SPI_OK_SELECT);

	return read_events(&last_messages_statement, count, STREAM_MESSAGES, 1, limit, rows);
}

int
world_events_last(int64 world_id, int rows_most, int limit, EventRow **rows)
{
	uint64 count =
		spi_run(&last_events_statement, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(rows_most)}, NULL,
				SPI_OK_SELECT);
	EventRow *read = palloc(Max(limit, 1) * sizeof(EventRow));
	int		  next = limit;

	for (uint64 r = 0; r < count && next > 0; r++)
	{
		LogRow row = read_row(&last_events_statement, r);

		for (int i = row.kinds.count - 1; i >= 0 && next > 0; i--)
		{
			if (id_element(&row.player_ids, i) != 0)
				continue;
			read_event(&row, i, &read[--next]);
			if (read[next].event.data != NULL)
				read[next].interaction = string_member(DatumGetJsonbP(row.data.values[i]), "interaction");
		}
	}
	*rows = read + next;
	return limit - next;
}
