/*
 * row_locks.h
 *	  Reads rows as they are locked: one row of each world, joined with a row that never changes.
 *
 *		static RowLocks clocks = {.rows = &clock_rows, .beside = &setting_rows};
 *
 *		count = rows_lock(&clocks, world_id, ROWS_NOWAIT);
 *		for (uint64 row = 0; row < count; row++)
 *			rows_take_locked(&clocks, row, thing);
 *
 * SPI must be connected. The id of both tables is the world's.
 */
#ifndef NPCSIM_ROW_LOCKS_H
#define NPCSIM_ROW_LOCKS_H

#include "postgres.h"

#include "tables/row_type.h"

/* What is done if somebody else holds the row. */
typedef enum RowWait
{
	ROWS_WAIT,
	ROWS_NOWAIT, /* 55P03 is raised */
	ROWS_SKIP	 /* the row is left out */
} RowWait;
#define ROW_WAIT_COUNT 3

typedef struct RowLocks
{
	const RowType *rows;
	const RowType *beside; /* read, but not locked */
	/* private: made of the above at first use */
	bool		 prepared;
	SpiStatement one[ROW_WAIT_COUNT];
	SpiStatement some;
} RowLocks;

/* Locks the world's row. Returns how many rows there are: 0 or 1. */
extern uint64 rows_lock(RowLocks *locks, int64 world_id, RowWait wait);
/* Locks those of some worlds' rows that nobody else holds, in ascending order. Returns how many there are. */
extern uint64 rows_lock_some(RowLocks *locks, const int64 *world_ids, int count);

/* Read the id of a row of the last statement, and all its columns into a thing. */
extern int64 rows_locked_id(uint64 row);
extern void	 rows_take_locked(const RowLocks *locks, uint64 row, void *thing);

#endif /* NPCSIM_ROW_LOCKS_H */
