/*
 * row_set.h
 *	  Statements over rows that are made of things of a world (NPCs, items).
 */
#ifndef NPCSIM_ROW_SET_H
#define NPCSIM_ROW_SET_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "spi.h"
#include "tables/stage.h"

#define ROW_COLUMNS_MAX 40

/* A row under construction: values are put one after the other, in the order of the columns. */
typedef struct RowBuilder
{
	Datum values[ROW_COLUMNS_MAX];
	bool  nulls[ROW_COLUMNS_MAX];
	int	  used;
} RowBuilder;

extern void put_datum(RowBuilder *row, Datum value);
extern void put_int64(RowBuilder *row, int64 value);
/* NULL instead of the value that stands for "none" in memory. */
extern void put_int64_unless(RowBuilder *row, int64 value, int64 none);
extern void put_int32(RowBuilder *row, int32 value);
extern void put_int16(RowBuilder *row, int value);
extern void put_bool(RowBuilder *row, bool value);
extern void put_text(RowBuilder *row, const char *value);
extern void put_text_or_null(RowBuilder *row, const char *value);
extern void put_tid(RowBuilder *row, ItemPointer tid); /* NULL when invalid */

/* The rows a statement is run over: its FROM clause calls them 'name'. */
typedef struct RowSet
{
	const char		  *name;
	const StageColumn *columns;
	int				   column_count;
	void (*make_row)(RowBuilder *row, void *thing);
	/* for hot tables */
	int64 (*id)(void *thing);
	ItemPointer (*place)(void *thing); /* where its present row is */
} RowSet;

/*
 * Runs a statement that must find a row for everything: otherwise the image is not what the tables are. SPI must be
 * connected.
 */
extern void write_rows(SpiStatement *statement, Datum *parameters, int result, const RowSet *set,
					   void **things, int count);

/*
 * The same for a hot table. Rows are updated at the places (ctid) where the image knows them to be: while somebody
 * holds a snapshot, dead versions stay, and finding a row by its key would mean to visit all of them. What is not
 * at its place (VACUUM FULL, a row that another backend moved in the sight index) is found by its key. The
 * statements return (id, ctid); places are learnt. by_place is NULL for an INSERT.
 */
extern void write_hot_rows(SpiStatement *by_place, SpiStatement *by_key, Datum *parameters, int result,
						   const RowSet *set, void **things, int count);

/* "+ 0": no way but the place; see SPI_WANTED_WORLD for the key. */
#define SPI_BY_PLACE(id) \
	"t.ctid = u.place AND t.world_id + 0 = $1 AND t." id " + 0 = u." id " RETURNING t." id ", t.ctid"
#define SPI_BY_KEY(id) "t.world_id = $1 + 0 * u." id " AND t." id " = u." id " RETURNING t." id ", t.ctid"

#endif /* NPCSIM_ROW_SET_H */
