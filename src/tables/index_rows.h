/*
 * index_rows.h
 *	  Reads rows of a world through an index, without a statement.
 *
 * It is for rows that are read by the hundred: a third of the cost of a statement is the executor,
 * which hands them on. Usage:
 *
 *		static IndexRows names = {"npc_identities", "npc_identities_pkey", {{"id", INT8OID}, {"name", TEXTOID}}};
 *
 *		index_rows_of_ids(&reading, &names, world_id, ids, count);
 *		while (index_rows_next(&reading))
 *			… reading.values[0], reading.nulls[0] …
 *		index_rows_end(&reading);
 *
 * The caller's snapshot decides what is seen, as in a read-only statement. An error in between needs
 * no clean-up.
 */
#ifndef NPCSIM_INDEX_ROWS_H
#define NPCSIM_INDEX_ROWS_H

#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

#include "tables/stage.h"

#define INDEX_ROWS_COLUMNS 40

typedef struct IndexRows
{
	const char *table; /* in schema npcsim; it has a column world_id */
	/* Its columns are (world_id, first column), or it is the GiST index of a geometry. */
	const char *index;
	StageColumn columns[INDEX_ROWS_COLUMNS];
	/* private */
	Oid		   relid; /* the table for which the numbers are known */
	int		   column_count;
	AttrNumber world;
	AttrNumber attributes[INDEX_ROWS_COLUMNS];
	AttrNumber last; /* the highest of them */
} IndexRows;

typedef struct IndexReading
{
	/* The present row. A value that is passed by reference is valid until the next row. */
	Datum values[INDEX_ROWS_COLUMNS];
	bool  nulls[INDEX_ROWS_COLUMNS];
	/* private */
	const IndexRows *rows;
	int64			 world_id;
	Relation		 table;
	Relation		 index;
	IndexScanDesc	 scan;
	TupleTableSlot	*slot;
	ScanKeyData		 key;
} IndexReading;

/*
 * Begins to read the rows whose first column is one of these ids, in its order; all rows of the world if ids
 * is NULL.
 */
extern void index_rows_of_ids(IndexReading *reading, IndexRows *rows, int64 world_id, const int64 *ids,
							  int count);
/*
 * Begin to read the rows whose box in the index overlaps that of a geometry, which is given for each search.
 */
extern void index_rows_of_boxes(IndexReading *reading, IndexRows *rows, int64 world_id);
extern void index_rows_seek_box(IndexReading *reading, Datum geometry);

extern bool index_rows_next(IndexReading *reading);
/* Returns the first column, a number. */
static inline int64
index_rows_id(const IndexReading *reading)
{
	return DatumGetInt64(reading->values[0]);
}

/* Returns the place (ctid) of the present row. */
extern ItemPointerData index_rows_place(const IndexReading *reading);
extern void			   index_rows_end(IndexReading *reading);

#endif /* NPCSIM_INDEX_ROWS_H */
