/*
 * index_rows.h
 *	  Rows of a world read through an index, without a statement.
 *
 * For those that are read by the hundred: a third of what they cost by a statement is that the executor hands them on. Usage:
 *
 *		static IndexRows names = {"npc_identities", "npc_identities_pkey", {{"id", INT8OID}, {"name", TEXTOID}}};
 *
 *		index_rows_of_ids(&reading, &names, world_id, ids, count);
 *		while (index_rows_next(&reading))
 *			… reading.values[0], reading.nulls[0] …
 *		index_rows_end(&reading);
 *
 * What is seen is what the caller's snapshot sees, as by a read-only statement. An error in between needs no clean-up.
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
	const char *index; /* by (world_id, first column), or the GiST index of a geometry */
	StageColumn columns[INDEX_ROWS_COLUMNS];
	/* private */
	Oid		   relid; /* for which the numbers are known */
	int		   column_count;
	AttrNumber world;
	AttrNumber attributes[INDEX_ROWS_COLUMNS];
	AttrNumber last; /* of all of them */
} IndexRows;

typedef struct IndexReading
{
	/* the row; what is passed by reference is valid until the next one */
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

/* Rows of the world whose first column is one of these ids, in order of it; all rows of the world when ids is NULL. */
extern void index_rows_of_ids(IndexReading *reading, IndexRows *rows, int64 world_id, const int64 *ids,
							  int count);
/* Rows of the world whose box in the index meets that of a geometry, which is given for each question. */
extern void index_rows_of_boxes(IndexReading *reading, IndexRows *rows, int64 world_id);
extern void index_rows_seek_box(IndexReading *reading, Datum geometry);

extern bool index_rows_next(IndexReading *reading);
/* The first column, a number. */
static inline int64
index_rows_id(const IndexReading *reading)
{
	return DatumGetInt64(reading->values[0]);
}

/* Where the row is. */
extern ItemPointerData index_rows_place(const IndexReading *reading);
extern void			   index_rows_end(IndexReading *reading);

#endif /* NPCSIM_INDEX_ROWS_H */
