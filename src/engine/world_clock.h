/*
 * world_clock.h
 *	  Reads and writes the row of a world in world_clock, for lock.c alone.
 */
#ifndef NPCSIM_ENGINE_WORLD_CLOCK_H
#define NPCSIM_ENGINE_WORLD_CLOCK_H

#include "postgres.h"

#include "engine/lock.h"

/* Tells whose trigger wants to change a world in the midst of our work what to do. */
#define LATER_HINT "Let the trigger note what is to be done, and do it in a transaction of its own."

/*
 * Locks the row, which is then row 0 of the last statement. Returns false if it is locked elsewhere
 * (WORLD_SKIP) or absent.
 */
extern bool clock_row_lock(int64 world_id, WorldWait wait);
/*
 * Locks those of some worlds that nobody else has locked, in ascending order. Returns how many; they are the
 * rows of the last statement.
 */
extern uint64 clock_rows_lock(const int64 *world_ids, int count);
/* Returns the world of a row of the last statement. */
extern int64 clock_row_world(uint64 row);
/* Fills in what the row says of the world. */
extern void clock_row_read(WorldLock *lock, uint64 row);
/* Begins to watch for changes without an input: nothing has changed and no input was stored yet. */
extern void clock_begin_moment(WorldLock *lock);

#endif /* NPCSIM_ENGINE_WORLD_CLOCK_H */
