/*
 * row_set.h
 *	  Builds rows from things of a world (NPCs, items) and runs statements over them.
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
extern void put_null(RowBuilder *row);
extern void put_int64(RowBuilder *row, int64 value);
/* Puts NULL instead of the value that stands for "none" in memory. */
extern void put_int64_unless(RowBuilder *row, int64 value, int64 none);
extern void put_int32(RowBuilder *row, int32 value);
extern void put_int16(RowBuilder *row, int value);
extern void put_bool(RowBuilder *row, bool value);
extern void put_text(RowBuilder *row, const char *value);
extern void put_text_or_null(RowBuilder *row, const char *value);

/* The rows that a statement runs over: its FROM clause calls them 'name'. */
typedef struct RowSet
{
	const char		  *name;
	const StageColumn *columns;
	int				   column_count;
	/* Puts at least the first 'columns' values; 'arg' is the caller's. */
	void (*make_row)(const struct RowSet *set, RowBuilder *row, void *thing, void *arg, int columns);
	/*
	 * For hot tables (hot_rows.h): offsets of the id and of the ItemPointerData of the row's place; 0 = the
	 * place is not remembered.
	 */
	size_t id_at;
	size_t place_at;
} RowSet;

static inline int64
row_set_id(const RowSet *set, const void *thing)
{
	return *(const int64 *) ((const char *) thing + set->id_at);
}

static inline ItemPointer
row_set_place(const RowSet *set, void *thing)
{
	return (ItemPointer) ((char *) thing + set->place_at);
}


/*
 * Runs a statement that must find a row for each thing: otherwise the image differs from the tables, which is
 * an error. SPI must be connected. 'arg' is for make_row.
 */
extern void write_rows(SpiStatement *statement, Datum *parameters, int result, const RowSet *set,
					   void **things, int count, void *arg);

extern _Noreturn void rows_are_missing(int count, uint64 rows);

#endif /* NPCSIM_ROW_SET_H */
