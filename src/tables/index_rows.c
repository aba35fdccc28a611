/*
 * index_rows.c
 *	  Reads rows of a world through an index, without a statement.
 *
 * An index that is missing can be created again by optimize_world_queries(). An index that was built
 * anew while rows changed is closed to the planner for older snapshots (indcheckxmin), since versions
 * of a row might differ in what it indexes; an update that stays HOT in a table that had this index
 * all along changes none of it, so it is read all the same.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "tables/arrays.h"
#include "tables/index_rows.h"

static AttrNumber
column_number(const IndexRows *rows, Relation table, const char *column, Oid type)
{
	AttrNumber number = get_attnum(RelationGetRelid(table), column);

	if (number == InvalidAttrNumber || TupleDescAttr(RelationGetDescr(table), number - 1)->atttypid != type)
		elog(ERROR, "table %s has no column %s of the type that is expected", rows->table, column);
	return number;
}

static void
look_up_columns(IndexRows *rows, Relation table)
{
	if (rows->relid == RelationGetRelid(table))
		return;
	rows->world = column_number(rows, table, "world_id", INT8OID);
	rows->last = rows->world;
	for (rows->column_count = 0;
		 rows->column_count < INDEX_ROWS_COLUMNS && rows->columns[rows->column_count].name != NULL;
		 rows->column_count++)
	{
		const StageColumn *column = &rows->columns[rows->column_count];
		AttrNumber		   number = column_number(rows, table, column->name, column->type);

		rows->attributes[rows->column_count] = number;
		rows->last = Max(rows->last, number);
	}
	rows->relid = RelationGetRelid(table);
}

static void
refuse_index(const IndexRows *rows, int64 world_id, const char *detail)
{
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
			errmsg("index %s of table %s cannot be read", rows->index, rows->table),
			errdetail_internal("%s", detail),
			errhint("SELECT * FROM npcsim.optimize_world_queries(%lld); makes it anew.",
					(long long) world_id));
}

static void
begin_reading(IndexReading *reading, IndexRows *rows, int64 world_id)
{
	Oid schema = get_namespace_oid("npcsim", false);
	Oid table = get_relname_relid(rows->table, schema);
	Oid index = get_relname_relid(rows->index, schema);

	if (!OidIsValid(table))
		elog(ERROR, "table %s does not exist", rows->table);
	if (!OidIsValid(index))
		refuse_index(rows, world_id, "It does not exist.");
	reading->rows = rows;
	reading->world_id = world_id;
	reading->table = table_open(table, AccessShareLock);
	reading->index = index_open(index, AccessShareLock);
	if (reading->index->rd_index->indrelid != table || !reading->index->rd_index->indisvalid)
		refuse_index(rows, world_id, "It is invalid, or of another table.");
	look_up_columns(rows, reading->table);
	reading->slot = table_slot_create(reading->table, NULL);
}

static void
begin_scan(IndexReading *reading, int keys)
{
	reading->scan = compat_index_beginscan(reading->table, reading->index, GetActiveSnapshot(), keys);
}

void
index_rows_of_ids(IndexReading *reading, IndexRows *rows, int64 world_id, const int64 *ids, int count)
{
	ScanKeyData keys[2];
	int			key_count = 1;

	begin_reading(reading, rows, world_id);
	Assert(reading->index->rd_index->indkey.values[0] == rows->world &&
		   (ids == NULL || reading->index->rd_index->indkey.values[1] == rows->attributes[0]));
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(world_id));
	if (ids != NULL)
	{
		ScanKeyEntryInitialize(&keys[1], SK_SEARCHARRAY, 2, BTEqualStrategyNumber, INT8OID, InvalidOid,
							   F_INT8EQ, int64_array(ids, count));
		key_count = 2;
	}
	begin_scan(reading, key_count);
	index_rescan(reading->scan, keys, key_count, NULL, 0);
}

void
index_rows_of_boxes(IndexReading *reading, IndexRows *rows, int64 world_id)
{
	Oid geometry;
	Oid overlaps;

	begin_reading(reading, rows, world_id);
	geometry = reading->index->rd_opcintype[0];
	overlaps =
		get_opfamily_member(reading->index->rd_opfamily[0], geometry, geometry, RTOverlapStrategyNumber);
	if (!OidIsValid(overlaps))
		elog(ERROR, "index %s knows no boxes", rows->index);
	ScanKeyEntryInitialize(&reading->key, 0, 1, RTOverlapStrategyNumber, geometry, InvalidOid,
						   get_opcode(overlaps), (Datum) 0);
	begin_scan(reading, 1);
}

void
index_rows_seek_box(IndexReading *reading, Datum geometry)
{
	reading->key.sk_argument = geometry;
	index_rescan(reading->scan, &reading->key, 1, NULL, 0);
}

bool
index_rows_next(IndexReading *reading)
{
	const IndexRows *rows = reading->rows;
	TupleTableSlot	*slot = reading->slot;

	CHECK_FOR_INTERRUPTS();
	do
	{
		if (!index_getnext_slot(reading->scan, ForwardScanDirection, slot))
			return false;
		slot_getsomeattrs(slot, rows->last);
	} while (DatumGetInt64(slot->tts_values[rows->world - 1]) != reading->world_id);
	for (int i = 0; i < rows->column_count; i++)
	{
		reading->values[i] = slot->tts_values[rows->attributes[i] - 1];
		reading->nulls[i] = slot->tts_isnull[rows->attributes[i] - 1];
	}
	return true;
}

ItemPointerData
index_rows_place(const IndexReading *reading)
{
	return reading->slot->tts_tid;
}

void
index_rows_end(IndexReading *reading)
{
	index_endscan(reading->scan);
	ExecDropSingleTupleTableSlot(reading->slot);
	index_close(reading->index, NoLock);
	table_close(reading->table, NoLock);
}
