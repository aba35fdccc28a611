/*
 * row_locks.c
 *	  Reads rows as they are locked.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "tables/arrays.h"
#include "tables/row_locks.h"

static const char *const wait_clauses[] = {
	[ROWS_WAIT] = "",
	[ROWS_NOWAIT] = " NOWAIT",
	[ROWS_SKIP] = " SKIP LOCKED",
};
StaticAssertDecl(lengthof(wait_clauses) == ROW_WAIT_COUNT, "every way to wait has its clause");

static void
append_columns(StringInfo sql, const RowType *type, const char *alias)
{
	for (int i = 0; i < type->column_count; i++)
		if (type->columns[i].take != NULL)
			appendStringInfo(sql, "%s.%s, ", alias, type->columns[i].name);
}

/* Appends what is read: the id first, and last the place (ctid) of the row. */
static void
append_select(StringInfo sql, const RowLocks *locks)
{
	const char *id = locks->rows->columns[0].name;

	resetStringInfo(sql);
	appendStringInfoString(sql, "SELECT ");
	append_columns(sql, locks->rows, "t");
	append_columns(sql, locks->beside, "b");
	appendStringInfo(sql, "t.ctid FROM npcsim.%s t JOIN npcsim.%s b ON b.%s = t.%s WHERE t.%s = ",
					 locks->rows->table, locks->beside->table, locks->beside->columns[0].name, id, id);
}

static void
prepare(RowLocks *locks)
{
	StringInfoData sql;

	if (locks->prepared)
		return;
	initStringInfo(&sql);
	for (int wait = 0; wait < ROW_WAIT_COUNT; wait++)
	{
		append_select(&sql, locks);
		appendStringInfo(&sql, "$1 FOR NO KEY UPDATE OF t%s", wait_clauses[wait]);
		locks->one[wait] = (SpiStatement) {MemoryContextStrdup(TopMemoryContext, sql.data), 1, {INT8OID}};
	}
	append_select(&sql, locks);
	appendStringInfo(&sql, "ANY ($1) ORDER BY t.%s FOR NO KEY UPDATE OF t%s", locks->rows->columns[0].name,
					 wait_clauses[ROWS_SKIP]);
	locks->some = (SpiStatement) {MemoryContextStrdup(TopMemoryContext, sql.data), 1, {INT8ARRAYOID}};
	pfree(sql.data);
	locks->prepared = true;
}

uint64
rows_lock(RowLocks *locks, int64 world_id, RowWait wait)
{
	prepare(locks);
	return spi_run(&locks->one[wait], (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
}

uint64
rows_lock_some(RowLocks *locks, const int64 *world_ids, int count)
{
	prepare(locks);
	return spi_run(&locks->some, (Datum[]) {int64_array(world_ids, count)}, NULL, SPI_OK_SELECT);
}

int64
rows_locked_id(uint64 row)
{
	bool isnull;

	return DatumGetInt64(spi_datum(row, SPI_FIRST_COLUMN, &isnull));
}

/* Takes columns of a row into a thing, from number 'first' on. Returns the number behind them. */
static int
take_columns(const RowType *type, uint64 row, int first, void *thing)
{
	for (int i = 0; i < type->column_count; i++)
	{
		const RowColumn *column = &type->columns[i];
		bool			 isnull;
		Datum			 value;

		if (column->take == NULL)
			continue;
		value = spi_datum(row, first++, &isnull);
		column->take(NULL, thing, column, value, isnull);
	}
	return first;
}

void
rows_take_locked(const RowLocks *locks, uint64 row, void *thing)
{
	int behind =
		take_columns(locks->beside, row, take_columns(locks->rows, row, SPI_FIRST_COLUMN, thing), thing);

	bool  isnull;
	Datum place = spi_datum(row, behind, &isnull);

	ItemPointerCopy((ItemPointer) DatumGetPointer(place),
					(ItemPointer) ((char *) thing + locks->rows->place_at));
}
