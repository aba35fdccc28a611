/*
 * holders.h
 *	  Finds who keeps a world from going on. Pids are of server processes; 0 = nobody, or somebody without
 *	  a process (a prepared transaction).
 */
#ifndef NPCSIM_ENGINE_HOLDERS_H
#define NPCSIM_ENGINE_HOLDERS_H

#include "postgres.h"

/* Returns who holds the world's row in world_clock, which is its lock. */
extern int world_lock_holder(int64 world_id);

/* Returns who holds a table of npcsim so that nothing can be written to it. */
extern int table_holder(void);

/*
 * Returns for whom a session waited that had the world's lock or tried to get it: the holder of a table, or
 * of a row of the world's state. It is called after a lock timeout.
 */
extern int world_blocker(int64 world_id);

#endif /* NPCSIM_ENGINE_HOLDERS_H */
