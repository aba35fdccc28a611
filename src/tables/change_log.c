/*
 * change_log.c
 *	  The log of changes: which rows each revision of a world changed.
 *
 * One row per revision and kind, with an array of ids. The log is a ring of segments (partitions)
 * chosen by the minute of the wall clock; the segment that comes next is emptied by
 * prune_logs() with TRUNCATE, never waiting for a lock. It is unlogged: after a crash
 * there is a new epoch, in which nobody asks for older revisions.
 */
#include "postgres.h"

#include <time.h>

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/change_log.h"
#include "tables/hot_rows.h"
#include "tables/id_lists.h"

typedef struct ChangeInput
{
	int64 sequence;
	int64 tick;
	char *kind;
	char *payload;
} ChangeInput;

/* A row of the log, as it is written. */
typedef struct Change
{
	int16		 segment;
	ChangeKind	 kind;
	int64		 revision;
	const int64 *ids;
	int			 count;
} Change;

static const StageColumn change_columns[] = {{"segment", INT2OID},
											 {"kind", INT2OID},
											 {"revision", INT8OID},
											 {"ids", INT8ARRAYOID}};

static void
make_change_row(const RowSet *set, RowBuilder *row, void *thing, void *arg, int columns)
{
	const Change *change = thing;

	put_int16(row, change->segment);
	put_int16(row, change->kind);
	put_int64(row, change->revision);
	put_datum(row, int64_array(change->ids, change->count));
}

static const RowSet change_set = {"staged_changes", change_columns, lengthof(change_columns),
								  make_change_row};

static HotTable segments[CHANGE_LOG_SEGMENTS] = {{"change_log_0", &change_set},
												 {"change_log_1", &change_set},
												 {"change_log_2", &change_set},
												 {"change_log_3", &change_set},
												 {"change_log_4", &change_set},
												 {"change_log_5", &change_set}};

static SpiStatement input_statement =
	{"INSERT INTO npcsim.world_inputs (world_id, sequence, tick, kind, payload) "
	 "SELECT $1, u.sequence, u.tick, u.kind, u.payload::pg_catalog.jsonb "
	 "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), "
	 "pg_catalog.unnest($5)) AS u(sequence, tick, kind, payload)",
	 5,
	 {INT8OID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID}};

/* What was noted in a revision about one kind of change. */
typedef struct Noted
{
	int32	   kind;
	ArrayType *ids;
	int64	   revision;
} Noted;

static const SpiColumn noted_columns[] = {
	SPI_COLUMN(Noted, kind, "kind"),
	SPI_COLUMN(Noted, ids, "ids"),
	SPI_COLUMN(Noted, revision, "revision"),
};

#define SINCE "SELECT %C FROM npcsim.change_log WHERE world_id = $1 AND revision > $2"

static SpiStatement since_statement = {SINCE, 2, {INT8OID, INT8OID}, SPI_GIVES(Noted, noted_columns)};
static SpiStatement since_in_snapshot_statement = {SINCE,
												   2,
												   {INT8OID, INT8OID},
												   .read_only = true,
												   SPI_GIVES(Noted, noted_columns)};

void
change_notes_init(ChangeNotes *notes, MemoryContext context)
{
	memset(notes, 0, sizeof(*notes));
	notes->context = context;
}

/* The memory is kept, since it belongs to the transaction. */
void
change_notes_reset(ChangeNotes *notes)
{
	memset(notes->count, 0, sizeof(notes->count));
	memset(notes->noted, 0, sizeof(notes->noted));
	notes->input_count = 0;
}

void
change_notes_add(ChangeNotes *notes, ChangeKind kind, int64 id)
{
	Assert(kind > 0 && kind < CHANGE_KINDS);
	notes->noted[kind] = true;
	if (id == 0)
		return;
	if (notes->count[kind] == notes->room[kind])
	{
		int room = Max(64, notes->room[kind] * 2);

		notes->ids[kind] = notes->ids[kind] == NULL ? MemoryContextAlloc(notes->context, room * sizeof(int64))
													: repalloc_huge(notes->ids[kind], room * sizeof(int64));
		notes->room[kind] = room;
	}
	notes->ids[kind][notes->count[kind]++] = id;
}

void
change_notes_add_input(ChangeNotes *notes, int64 sequence, int64 tick, const char *kind, const char *payload)
{
	ChangeInput *input;

	if (notes->input_count == notes->input_room)
	{
		int room = Max(16, notes->input_room * 2);

		notes->inputs = notes->inputs == NULL ? MemoryContextAlloc(notes->context, room * sizeof(ChangeInput))
											  : repalloc(notes->inputs, room * sizeof(ChangeInput));
		notes->input_room = room;
	}
	input = &notes->inputs[notes->input_count++];
	input->sequence = sequence;
	input->tick = tick;
	input->kind = MemoryContextStrdup(notes->context, kind);
	input->payload = MemoryContextStrdup(notes->context, payload);
}

static int16
present_segment(void)
{
	return (int16) ((time(NULL) / 60) % CHANGE_LOG_SEGMENTS);
}

static void
write_inputs(ChangeNotes *notes, int64 world_id)
{
	int	   n = notes->input_count;
	Datum *sequences = palloc(n * sizeof(Datum));
	Datum *ticks = palloc(n * sizeof(Datum));
	Datum *kinds = palloc(n * sizeof(Datum));
	Datum *payloads = palloc(n * sizeof(Datum));

	for (int i = 0; i < n; i++)
	{
		sequences[i] = Int64GetDatum(notes->inputs[i].sequence);
		ticks[i] = Int64GetDatum(notes->inputs[i].tick);
		kinds[i] = CStringGetTextDatum(notes->inputs[i].kind);
		payloads[i] = CStringGetTextDatum(notes->inputs[i].payload);
	}
	spi_run(&input_statement,
			(Datum[]) {Int64GetDatum(world_id), array_of(sequences, n, INT8OID), array_of(ticks, n, INT8OID),
					   array_of(kinds, n, TEXTOID), array_of(payloads, n, TEXTOID)},
			NULL, SPI_OK_INSERT);
	for (int i = 0; i < n; i++)
	{
		pfree(notes->inputs[i].kind);
		pfree(notes->inputs[i].payload);
	}
}

void
change_notes_write(ChangeNotes *notes, int64 world_id, int64 revision)
{
	int16  segment = present_segment();
	Change changes[CHANGE_KINDS];
	void  *things[CHANGE_KINDS];
	int	   count = 0;

	for (int kind = 1; kind < CHANGE_KINDS; kind++)
	{
		if (!notes->noted[kind])
			continue;
		changes[count] =
			(Change) {segment, (ChangeKind) kind, revision, notes->ids[kind], notes->count[kind]};
		things[count] = &changes[count];
		count++;
	}
	if (count > 0)
		hot_rows_insert(&segments[segment], world_id, things, count, NULL);
	if (notes->input_count > 0)
		write_inputs(notes, world_id);
	change_notes_reset(notes);
}

static void
collect(ChangeSet *changes, int *room, int kind, const int64 *ids, int count, MemoryContext context)
{
	changes->noted[kind] = true;
	if (count == 0)
		return;
	if (changes->count[kind] + count > room[kind])
	{
		room[kind] = Max(room[kind] * 2, changes->count[kind] + count);
		changes->ids[kind] = changes->ids[kind] == NULL
								 ? MemoryContextAllocHuge(context, room[kind] * sizeof(int64))
								 : repalloc_huge(changes->ids[kind], room[kind] * sizeof(int64));
	}
	memcpy(changes->ids[kind] + changes->count[kind], ids, count * sizeof(int64));
	changes->count[kind] += count;
}

bool
change_log_since(int64 world_id, int64 since, int64 until, bool read_only, ChangeSet *changes)
{
	SpiStatement *statement = read_only ? &since_in_snapshot_statement : &since_statement;
	MemoryContext caller = CurrentMemoryContext;
	int			  room[CHANGE_KINDS] = {0};
	int64		 *revisions;
	uint64		  rows;
	bool		  complete;

	memset(changes, 0, sizeof(*changes));
	spi_begin();
	rows = spi_run(statement, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL, SPI_OK_SELECT);
	revisions = MemoryContextAllocHuge(CurrentMemoryContext, Max(rows, 1) * sizeof(int64));
	for (uint64 row = 0; row < rows; row++)
	{
		Noted noted;

		spi_row(statement, row, &noted);
		revisions[row] = noted.revision;
		if (noted.kind > 0 && noted.kind < CHANGE_KINDS)
			collect(changes, room, noted.kind, (const int64 *) ARR_DATA_PTR(noted.ids),
					ArrayGetNItems(ARR_NDIM(noted.ids), ARR_DIMS(noted.ids)), caller);
		pfree(noted.ids);
	}
	/* Segments are emptied one by one, and not always in order: every revision must be there. */
	complete = id_list_sort(revisions, (int) rows) == until - since;
	spi_end();
	for (int kind = 1; kind < CHANGE_KINDS; kind++)
		changes->count[kind] = id_list_sort(changes->ids[kind], changes->count[kind]);
	return complete;
}
