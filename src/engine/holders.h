/*
 * holders.h
 *	  Who keeps a world from going on: pids of server processes, 0 = nobody, or
 *	  not to be told (a prepared transaction).
 */
#ifndef NPCSIM_ENGINE_HOLDERS_H
#define NPCSIM_ENGINE_HOLDERS_H

#include "postgres.h"

/* Who holds the world's row in world_clock: its lock. */
extern int world_lock_holder(int64 world_id);

/* Who holds a table of npcsim so that nothing can be written to it. */
extern int table_holder(void);

/*
 * Whom somebody waited for who had the world's lock, or tried to get it: the holder of a table, or of a row of the
 * world's state. For after a lock time-out.
 */
extern int world_blocker(int64 world_id);

#endif /* NPCSIM_ENGINE_HOLDERS_H */
