/*
 * world_clock.h
 *	  The row of a world in world_clock, for its lock alone.
 */
#ifndef NPCSIM_ENGINE_WORLD_CLOCK_H
#define NPCSIM_ENGINE_WORLD_CLOCK_H

#include "postgres.h"

#include "engine/lock.h"

/* Locks the row; false when it is locked elsewhere (WORLD_SKIP) or absent. It is row 0 of the last statement then. */
extern bool clock_row_lock(int64 world_id, WorldWait wait);
/* Locks those of some worlds that nobody else has locked, in ascending order: how many. They are the rows of the last statement. */
extern uint64 clock_rows_lock(const int64 *world_ids, int count);
/* The world of a row of one of these statements. */
extern int64 clock_row_world(uint64 row);
/* What the row says of the world is the lock's. */
extern void clock_row_read(WorldLock *lock, uint64 row);
/* Nothing is to be stored: neither what changed, nor that inputs were. */
extern void clock_begin_moment(WorldLock *lock);

#endif /* NPCSIM_ENGINE_WORLD_CLOCK_H */
