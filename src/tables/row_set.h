/*
 * row_set.h
 *	  Statements over rows that are made of NPCs.
 */
#ifndef NPCSIM_ROW_SET_H
#define NPCSIM_ROW_SET_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "spi.h"
#include "tables/npcs.h"
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
extern void put_text(RowBuilder *row, const char *value);
extern void put_tid(RowBuilder *row, ItemPointer tid); /* NULL when invalid */

/* The rows a statement is run over: its FROM clause calls them 'name'. */
typedef struct RowSet
{
	const char		  *name;
	const StageColumn *columns;
	int				   column_count;
	void (*make_row)(RowBuilder *row, Npc *npc);
} RowSet;

/* Returns the number of rows processed. SPI must be connected. */
extern uint64 run_over(SpiStatement *statement, Datum *parameters, int result, const RowSet *set, Npc **npcs,
					   int count);
/* The same for a statement that must find a row for everyone: otherwise the image is not what the tables are. */
extern void write_rows(SpiStatement *statement, Datum *parameters, int result, const RowSet *set, Npc **npcs,
					   int count);
extern _Noreturn void rows_are_missing(int count, uint64 rows);

#endif /* NPCSIM_ROW_SET_H */
