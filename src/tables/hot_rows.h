/*
 * hot_rows.h
 *	  Writes tables whose rows change all the time.
 *
 * They are written without statements, each of which costs more than some rows. Rows are updated at
 * the places (ctid) where the image knows them to be: while somebody holds a snapshot, dead versions
 * stay, and finding a row by its key would mean to visit all of them. A row that is not at its place
 * (after VACUUM FULL, or when another backend moved it in the sight index) is found by its key.
 * Constraints, triggers and indexes are served as by INSERT and UPDATE.
 */
#ifndef NPCSIM_HOT_ROWS_H
#define NPCSIM_HOT_ROWS_H

#include "postgres.h"

#include "access/attnum.h"

#include "spi.h"
#include "tables/row_set.h"

typedef struct HotTable
{
	const char *name; /* in schema npcsim; it has a column world_id */
	/* Its columns are named as the table's; the table's other columns become NULL in new rows. */
	const RowSet *set;
	/* How many of them an update writes: the first ones, of which the very first is the id. */
	int			 updated;
	SpiStatement find; /* (id, ctid) of the rows of world $1 whose ids are in $2; for updates */
	/* private */
	Oid		   relid; /* the table for which the numbers are known */
	AttrNumber world;
	AttrNumber attributes[ROW_COLUMNS_MAX];
} HotTable;

/* Updates rows, all of which must exist. SPI must be connected. 'arg' is for make_row. */
extern void hot_rows_update(HotTable *table, int64 world_id, void **things, int count, void *arg);
/* Inserts rows and remembers their places. */
extern void hot_rows_insert(HotTable *table, int64 world_id, void **things, int count, void *arg);

/*
 * From here on tables that are written stay open until they are closed, for a transaction that writes several
 * worlds. Both are called by whoever begins and ends transactions, under the transaction's own resource owner
 * and without subtransactions. An error closes the tables, too.
 */
extern void hot_rows_keep_open(void);
extern void hot_rows_close(void);

#endif /* NPCSIM_HOT_ROWS_H */
