/*
 * event_segments.c
 *	  The ring of segments (partitions) of world_event_log: which is written to, and since when each was.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "spi.h"
#include "tables/event_segments.h"

/* The numbers of the columns of world_event_segments. */
enum
{
	SEGMENT_NUMBER = 1,
	SEGMENT_BEGUN_AT_REAL,
	SEGMENT_COLUMNS = SEGMENT_BEGUN_AT_REAL
};

static SpiStatement begin_segment =
	{.sql = "INSERT INTO npcsim.world_event_segments AS s (segment, begun_at_real) VALUES ($1, $2)"
			" ON CONFLICT (segment) DO UPDATE SET begun_at_real = excluded.begun_at_real",
	 .nargs = 2,
	 .types = {INT2OID, TIMESTAMPTZOID}};

static SpiStatement forget_segment = {.sql = "DELETE FROM npcsim.world_event_segments WHERE segment = $1",
									  .nargs = 1,
									  .types = {INT2OID}};

static void
check_columns(Relation table)
{
	TupleDesc desc = RelationGetDescr(table);

	if (desc->natts < SEGMENT_COLUMNS || TupleDescAttr(desc, SEGMENT_NUMBER - 1)->atttypid != INT2OID ||
		TupleDescAttr(desc, SEGMENT_BEGUN_AT_REAL - 1)->atttypid != TIMESTAMPTZOID)
		elog(ERROR, "table %s has other columns than are expected", RelationGetRelationName(table));
}

void
event_segments_read(EventSegments *segments, Snapshot snapshot)
{
	Oid				relid = get_relname_relid("world_event_segments", get_namespace_oid("npcsim", false));
	Relation		table = table_open(relid, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	TableScanDesc	scan = table_beginscan(table, snapshot, 0, NULL);

	memset(segments, 0, sizeof(*segments));
	check_columns(table);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		int16 number;

		slot_getsomeattrs(slot, SEGMENT_COLUMNS);
		number = DatumGetInt16(slot->tts_values[SEGMENT_NUMBER - 1]);
		if (number < 0 || number >= EVENT_SEGMENTS)
			elog(ERROR, "there is no segment %d", number);
		segments->begun[number] = DatumGetTimestampTz(slot->tts_values[SEGMENT_BEGUN_AT_REAL - 1]);
		if (segments->begun[number] > segments->begun[segments->present])
			segments->present = number;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(table, NoLock);
}

int16
event_segment_to_write(void)
{
	EventSegments segments;
	Snapshot	  snapshot = RegisterSnapshot(GetLatestSnapshot());

	event_segments_read(&segments, snapshot);
	UnregisterSnapshot(snapshot);
	return (int16) segments.present;
}

void
event_segments_recent(int seconds, int16 recent[EVENT_SEGMENTS_RECENT])
{
	EventSegments segments;
	TimestampTz	  since = GetCurrentTimestamp() - (TimestampTz) seconds * USECS_PER_SEC;
	TimestampTz	  ended;

	event_segments_read(&segments, GetActiveSnapshot());
	ended = segments.begun[segments.present];
	recent[0] = (int16) segments.present;
	for (int age = 1; age < EVENT_SEGMENTS_RECENT; age++)
	{
		int earlier = event_segment_aged(&segments, age);

		recent[age] = (int16) (ended > since ? earlier : segments.present);
		if (ended > since && segments.begun[earlier] != 0)
			ended = segments.begun[earlier];
	}
}

void
event_segment_begin(int segment, TimestampTz begun)
{
	(void) spi_run(&begin_segment, (Datum[]) {Int16GetDatum(segment), TimestampTzGetDatum(begun)}, NULL,
				   SPI_OK_INSERT);
}

void
event_segment_forget(int segment)
{
	(void) spi_run(&forget_segment, (Datum[]) {Int16GetDatum(segment)}, NULL, SPI_OK_DELETE);
}
