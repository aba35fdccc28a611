/*
 * hot_rows.h
 *	  Tables whose rows are written all the time.
 *
 * They are written without statements, of which each costs more than some rows. Rows are updated at the places
 * (ctid) where the image knows them to be: while somebody holds a snapshot, dead versions stay, and finding a row by
 * its key would mean to visit all of them. What is not at its place (VACUUM FULL, a row that another backend moved in
 * the sight index) is found by its key. Constraints, triggers and indexes are looked after as by INSERT and UPDATE.
 */
#ifndef NPCSIM_HOT_ROWS_H
#define NPCSIM_HOT_ROWS_H

#include "postgres.h"

#include "access/attnum.h"

#include "spi.h"
#include "tables/row_set.h"

typedef struct HotTable
{
	const char	 *name; /* in schema npcsim; it has a column world_id */
	const RowSet *set;	/* named as the table's columns; the others become NULL in new rows */
	int updated;		/* how many of them an update writes: the first ones, the id being the first of all */
	SpiStatement find;	/* (id, ctid) of the rows of world $1 whose ids are in $2; for updates */
	/* private */
	Oid		   relid; /* for which the numbers are known */
	AttrNumber world;
	AttrNumber attributes[ROW_COLUMNS_MAX];
} HotTable;

/* What a HotTable is found by. */
#define HOT_ROWS_FIND(table, id) \
	{ \
		"SELECT t." id ", t.ctid FROM " SPI_WANTED_KEYS " JOIN npcsim." table \
		" t ON t.world_id = " SPI_WANTED_WORLD " AND t." id " = wanted.key_", \
			2, \
		{ \
			INT8OID, INT8ARRAYOID \
		} \
	}

/* Rows that exist: all of them must be found. SPI must be connected. 'arg' is for make_row. */
extern void hot_rows_update(HotTable *table, int64 world_id, void **things, int count, void *arg);
/* New rows; their places are learnt. */
extern void hot_rows_insert(HotTable *table, int64 world_id, void **things, int count, void *arg);

/*
 * Tables that are written stay open from here on until they are closed, for a transaction that writes several worlds. By
 * whoever begins and ends transactions, under the transaction's own resource owner and without subtransactions. An error
 * closes them, too.
 */
extern void hot_rows_keep_open(void);
extern void hot_rows_close(void);

#endif /* NPCSIM_HOT_ROWS_H */
