/*
 * hot_rows.c
 *	  Writes tables whose rows change all the time, without statements.
 *
 * A row is fetched at its place and replaced by the functions with which logical replication applies
 * an update: that takes half the time of a statement which joins the table with the new rows. Nothing
 * that reads a row at its place makes room in its page, as scans do; so a page that is nearly full is
 * pruned first, or its rows would have to leave it.
 *
 * An update leaves the primary key as it is, so it cannot bring about that two rows have the same: the
 * key's index gets an entry for a row that left its page, as any index does, but nobody looks whether
 * the key is there already. That would mean to visit all dead versions of the row that somebody's
 * snapshot keeps, in every update.
 *
 * To open a table, with its indexes, constraints and triggers, costs as much as to write some rows. A
 * transaction that writes several worlds keeps the tables open: their state then lives in
 * 'kept_context', a child of the transaction's context, and after an error is left to the end of the
 * transaction.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "tables/arrays.h"
#include "tables/hot_rows.h"

/* A page with less room than this (that of some rows) is pruned before a row in it is updated. */
#define PAGE_ROOM 1024

/* A table that is open for writing, and what is written at present. */
typedef struct HotWriting
{
	struct HotWriting *next; /* in the list of tables that are kept open */
	HotTable		  *table;
	Relation		   relation;
	EState			  *estate;
	ResultRelInfo	  *result;
	/* The last of its indexes is that of the primary key, which updates need not check. */
	bool			key_last;
	EPQState		recheck; /* for triggers before the update, if somebody has made any */
	TupleTableSlot *before;
	TupleTableSlot *after;
	int64			world_id;
	void		   *arg;
	BlockNumber		blocks;
	BlockNumber		pruned; /* the page that was looked at last */
} HotWriting;

/* NULL: a table is closed as soon as it was written. */
static MemoryContext kept_context = NULL;
static HotWriting	*kept = NULL;

/* ---- the table ---- */

static AttrNumber
column_number(const HotTable *table, Relation relation, const char *column, Oid type)
{
	AttrNumber number = get_attnum(RelationGetRelid(relation), column);

	if (number == InvalidAttrNumber ||
		(OidIsValid(type) && TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid != type))
		elog(ERROR, "table %s has no column %s of the type that is expected", table->name, column);
	return number;
}

static void
look_up_columns(HotTable *table, Relation relation)
{
	if (table->relid == RelationGetRelid(relation))
		return;
	table->world = column_number(table, relation, "world_id", INT8OID);
	for (int i = 0; i < table->set->column_count; i++)
		table->attributes[i] =
			column_number(table, relation, table->set->columns[i].name, table->set->columns[i].type);
	table->relid = RelationGetRelid(relation);
}

/*
 * Puts the index of the primary key behind the others, where updates leave it out. Returns false if it must
 * not be left out.
 */
static bool
put_key_last(ResultRelInfo *result)
{
	int last = result->ri_NumIndices - 1;

	/* A BEFORE UPDATE trigger may replace our row by another. */
	if (result->ri_TrigDesc != NULL && result->ri_TrigDesc->trig_update_before_row)
		return false;
	for (int i = 0; i <= last; i++)
	{
		Relation   index = result->ri_IndexRelationDescs[i];
		IndexInfo *info = result->ri_IndexRelationInfo[i];

		if (!index->rd_index->indisprimary || !index->rd_index->indimmediate)
			continue;
		result->ri_IndexRelationDescs[i] = result->ri_IndexRelationDescs[last];
		result->ri_IndexRelationInfo[i] = result->ri_IndexRelationInfo[last];
		result->ri_IndexRelationDescs[last] = index;
		result->ri_IndexRelationInfo[last] = info;
		return true;
	}
	return false;
}

static HotWriting *
open_table(HotTable *table)
{
	Relation	relation = table_openrv(makeRangeVar("npcsim", pstrdup(table->name), -1), RowExclusiveLock);
	HotWriting *writing = palloc0(sizeof(HotWriting));

	look_up_columns(table, relation);
	writing->table = table;
	writing->relation = relation;
	writing->estate = CreateExecutorState();
	writing->result = makeNode(ResultRelInfo);
	InitResultRelInfo(writing->result, relation, 0, NULL, 0);
	ExecOpenIndices(writing->result, false);
	writing->key_last = put_key_last(writing->result);
	/* Queued triggers look for the table there when AfterTriggerEndQuery() fires them. */
	writing->estate->es_opened_result_relations = list_make1(writing->result);
	compat_init_recheck(&writing->recheck, writing->estate);
	writing->before = table_slot_create(relation, &writing->estate->es_tupleTable);
	writing->after = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual);
	return writing;
}

static void
close_table(HotWriting *writing)
{
	EvalPlanQualEnd(&writing->recheck);
	ExecCloseIndices(writing->result);
	ExecDropSingleTupleTableSlot(writing->after);
	ExecResetTupleTable(writing->estate->es_tupleTable, false);
	FreeExecutorState(writing->estate);
	table_close(writing->relation, NoLock);
	pfree(writing);
}

/* Returns the table, which it opens if it is not open. */
static HotWriting *
get_table(HotTable *table)
{
	HotWriting	 *writing = kept;
	MemoryContext before;

	if (kept_context == NULL)
		return open_table(table);
	while (writing != NULL && writing->table != table)
		writing = writing->next;
	if (writing != NULL)
		return writing;
	before = MemoryContextSwitchTo(kept_context);
	writing = open_table(table);
	MemoryContextSwitchTo(before);
	writing->next = kept;
	kept = writing;
	return writing;
}

static HotWriting *
begin_writing(HotTable *table, int64 world_id, void *arg)
{
	HotWriting *writing = get_table(table);

	writing->world_id = world_id;
	writing->arg = arg;
	writing->blocks = RelationGetNumberOfBlocks(writing->relation);
	writing->pruned = InvalidBlockNumber;
	PushActiveSnapshot(GetTransactionSnapshot());
	writing->estate->es_snapshot = GetActiveSnapshot();
	/* Rows that this transaction wrote before can be locked for BEFORE UPDATE triggers. */
	writing->estate->es_output_cid = GetCurrentCommandId(true);
	AfterTriggerBeginQuery();
	return writing;
}

static void
end_writing(HotWriting *writing)
{
	AfterTriggerEndQuery(writing->estate);
	ExecClearTuple(writing->before);
	ExecClearTuple(writing->after);
	writing->estate->es_snapshot = InvalidSnapshot;
	PopActiveSnapshot();
	if (kept_context == NULL)
		close_table(writing);
	CommandCounterIncrement();
}

static void
forget_kept(void *arg)
{
	kept_context = NULL;
	kept = NULL;
}

void
hot_rows_keep_open(void)
{
	MemoryContextCallback *callback;

	Assert(kept_context == NULL);
	kept_context = AllocSetContextCreate(TopTransactionContext, "npcsim hot tables", ALLOCSET_DEFAULT_SIZES);
	callback = MemoryContextAlloc(kept_context, sizeof(MemoryContextCallback));
	callback->func = forget_kept;
	callback->arg = NULL;
	MemoryContextRegisterResetCallback(kept_context, callback);
}

void
hot_rows_close(void)
{
	while (kept != NULL)
	{
		HotWriting *writing = kept;

		kept = writing->next;
		close_table(writing);
	}
	MemoryContextDelete(kept_context);
}

/* ---- rows ---- */

static void
make_room(HotWriting *writing, BlockNumber block)
{
	Buffer buffer;

	if (block == writing->pruned)
		return;
	buffer = ReadBuffer(writing->relation, block);
	/* The page is not locked: what is missed now is seen the next time. */
	if (PageGetHeapFreeSpace(BufferGetPage(buffer)) < PAGE_ROOM)
		heap_page_prune_opt(writing->relation, buffer);
	ReleaseBuffer(buffer);
	writing->pruned = block;
}

/* Fetches the row of a thing at its place. Returns false if it is not there. */
static bool
fetch_at_place(HotWriting *writing, void *thing)
{
	const RowSet *set = writing->table->set;
	ItemPointer	  place = row_set_place(set, thing);
	bool		  isnull;

	if (!ItemPointerIsValid(place) || ItemPointerGetBlockNumber(place) >= writing->blocks)
		return false;
	make_room(writing, ItemPointerGetBlockNumber(place));
	return table_tuple_fetch_row_version(writing->relation, place, writing->estate->es_snapshot,
										 writing->before) &&
		   DatumGetInt64(slot_getattr(writing->before, writing->table->world, &isnull)) ==
			   writing->world_id &&
		   DatumGetInt64(slot_getattr(writing->before, writing->table->attributes[0], &isnull)) ==
			   row_set_id(set, thing);
}

/* Puts the first columns of a thing's row into the slot, which has the others already. */
static void
fill_slot(HotWriting *writing, void *thing, int columns)
{
	const HotTable *table = writing->table;
	TupleTableSlot *slot = writing->after;
	RowBuilder		row = {.used = 0};

	table->set->make_row(table->set, &row, thing, writing->arg, columns);
	Assert(row.used >= columns);
	for (int i = 0; i < columns; i++)
	{
		slot->tts_values[table->attributes[i] - 1] = row.values[i];
		slot->tts_isnull[table->attributes[i] - 1] = row.nulls[i];
	}
	ExecStoreVirtualTuple(slot);
}

/*
 * Whether the row that was just written is heap-only: no index has to know it, since its predecessor is in
 * the same page.
 */
static bool
row_is_heap_only(HotWriting *writing, ItemPointer place)
{
	Buffer buffer = ReadBuffer(writing->relation, ItemPointerGetBlockNumber(place));
	Page   page;
	bool   heap_only;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	heap_only = HeapTupleHeaderIsHeapOnly(
		(HeapTupleHeader) PageGetItem(page, PageGetItemId(page, ItemPointerGetOffsetNumber(place))));
	UnlockReleaseBuffer(buffer);
	return heap_only;
}

/* Enters a row into the index of its primary key, which has not changed. */
static void
enter_key(HotWriting *writing, TupleTableSlot *row)
{
	int		   last = writing->result->ri_NumIndices - 1;
	IndexInfo *info = writing->result->ri_IndexRelationInfo[last];
	Datum	   values[INDEX_MAX_KEYS];
	bool	   nulls[INDEX_MAX_KEYS];

	FormIndexDatum(info, row, writing->estate, values, nulls);
	(void) index_insert(writing->result->ri_IndexRelationDescs[last], values, nulls, &row->tts_tid,
						writing->relation, UNIQUE_CHECK_NO, true, info);
}

/*
 * Raises an error if somebody's trigger kept a row from being written, since the image would then differ from
 * the tables.
 */
static void
require_written(HotWriting *writing)
{
	if (!ItemPointerIsValid(&writing->after->tts_tid))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("a trigger of table npcsim.%s keeps rows from being written", writing->table->name),
				errhint("Drop the trigger, or let it return NEW."));
}

static void
replace_row(HotWriting *writing)
{
	TupleTableSlot *after = writing->after;

	ItemPointerSetInvalid(&after->tts_tid);
	if (!writing->key_last)
	{
		ExecSimpleRelationUpdate(writing->result, writing->estate, &writing->recheck, writing->before, after);
		require_written(writing);
		return;
	}
	writing->result->ri_NumIndices--;
	ExecSimpleRelationUpdate(writing->result, writing->estate, &writing->recheck, writing->before, after);
	writing->result->ri_NumIndices++;
	if (!row_is_heap_only(writing, &after->tts_tid))
		enter_key(writing, after);
}

static bool
update_at_place(HotWriting *writing, void *thing)
{
	TupleTableSlot *after = writing->after;
	int				attributes = after->tts_tupleDescriptor->natts;
	MemoryContext	caller;

	if (!fetch_at_place(writing, thing))
		return false;
	ResetPerTupleExprContext(writing->estate);
	caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(writing->estate));
	slot_getallattrs(writing->before);
	ExecClearTuple(after);
	memcpy(after->tts_values, writing->before->tts_values, attributes * sizeof(Datum));
	memcpy(after->tts_isnull, writing->before->tts_isnull, attributes * sizeof(bool));
	fill_slot(writing, thing, writing->table->updated);
	replace_row(writing);
	MemoryContextSwitchTo(caller);
	*row_set_place(writing->table->set, thing) = after->tts_tid;
	return true;
}

static void
insert_row(HotWriting *writing, void *thing)
{
	TupleTableSlot *slot = writing->after;
	int				world = writing->table->world - 1;
	MemoryContext	caller;

	ResetPerTupleExprContext(writing->estate);
	caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(writing->estate));
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	slot->tts_values[world] = Int64GetDatum(writing->world_id);
	slot->tts_isnull[world] = false;
	fill_slot(writing, thing, writing->table->set->column_count);
	ItemPointerSetInvalid(&slot->tts_tid);
	ExecSimpleRelationInsert(writing->result, writing->estate, slot);
	require_written(writing);
	MemoryContextSwitchTo(caller);
	if (writing->table->set->place_at != 0)
		*row_set_place(writing->table->set, thing) = slot->tts_tid;
}

/*
 * Updates the rows that are at their places, and moves the other things to the front of the array. Returns
 * how many these are.
 */
static int
update_at_places(HotTable *table, int64 world_id, void **things, int count, void *arg)
{
	HotWriting *writing = begin_writing(table, world_id, arg);
	int			missing = 0;

	for (int i = 0; i < count; i++)
		if (!update_at_place(writing, things[i]))
			things[missing++] = things[i];
	end_writing(writing);
	return missing;
}

typedef struct FoundRow
{
	int64			id;
	ItemPointerData place;
} FoundRow;

static const SpiColumn found_columns[] = {
	SPI_COLUMN(FoundRow, id, NULL),
	SPI_COLUMN(FoundRow, place, NULL),
};

/*
 * Fills in the places of these things from the rows of the last statement, which are mostly in the same
 * order. Returns whether there was a row for each.
 */
static bool
learn_places(const RowSet *set, void **things, int count, uint64 rows)
{
	int at = 0;

	for (uint64 row = 0; row < rows; row++)
	{
		FoundRow found;

		spi_take(found_columns, lengthof(found_columns), row, &found);
		for (int tries = 0; tries < count && row_set_id(set, things[at]) != found.id; tries++)
			at = (at + 1) % count;
		Assert(row_set_id(set, things[at]) == found.id);
		*row_set_place(set, things[at]) = found.place;
		at = (at + 1) % count;
	}
	return rows == (uint64) count;
}

static void
find_places(HotTable *table, int64 world_id, void **things, int count)
{
	int64 *ids = palloc(count * sizeof(int64));
	uint64 rows;

	for (int i = 0; i < count; i++)
		ids[i] = row_set_id(table->set, things[i]);
	rows = spi_run(&table->find, (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL,
				   SPI_OK_SELECT);
	if (!learn_places(table->set, things, count, rows))
		rows_are_missing(count, rows);
	pfree(ids);
}

void
hot_rows_update(HotTable *table, int64 world_id, void **things, int count, void *arg)
{
	void **rest = palloc(count * sizeof(void *));
	int	   missing;

	memcpy(rest, things, count * sizeof(void *));
	missing = update_at_places(table, world_id, rest, count, arg);
	if (missing > 0)
	{
		find_places(table, world_id, rest, missing);
		missing = update_at_places(table, world_id, rest, missing, arg);
	}
	if (missing > 0)
		rows_are_missing(count, count - missing);
	pfree(rest);
}

void
hot_rows_insert(HotTable *table, int64 world_id, void **things, int count, void *arg)
{
	HotWriting *writing = begin_writing(table, world_id, arg);

	for (int i = 0; i < count; i++)
		insert_row(writing, things[i]);
	end_writing(writing);
}
