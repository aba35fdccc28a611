/*
 * row_locks.h
 *	  Rows that are read as they are locked: one of each world, with what does not change beside it.
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

/* What is done when somebody else holds the row. */
typedef enum RowWait
{
	ROWS_WAIT,
	ROWS_NOWAIT, /* 55P03 */
	ROWS_SKIP	 /* it is not among those that are read */
} RowWait;
#define ROW_WAIT_COUNT 3

typedef struct RowLocks
{
	const RowType *rows;
	const RowType *beside; /* read alone */
	/* private: made of the above when it is used first */
	bool		 prepared;
	SpiStatement one[ROW_WAIT_COUNT];
	SpiStatement some;
} RowLocks;

/* How many there are: 0 or 1. */
extern uint64 rows_lock(RowLocks *locks, int64 world_id, RowWait wait);
/* Those of some worlds that nobody else holds, in ascending order. */
extern uint64 rows_lock_some(RowLocks *locks, const int64 *world_ids, int count);

/* The id of a row of the last statement, and all that was read of it. */
extern int64 rows_locked_id(uint64 row);
extern void	 rows_take_locked(const RowLocks *locks, uint64 row, void *thing);

#endif /* NPCSIM_ROW_LOCKS_H */
