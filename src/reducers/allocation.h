/*
 * allocation.h
 *	  Gives NPCs to players by what these lend, in worlds whose allocation is "market".
 */
#ifndef NPCSIM_REDUCERS_ALLOCATION_H
#define NPCSIM_REDUCERS_ALLOCATION_H

#include "postgres.h"

#include "engine/world.h"

/*
 * Has the NPCs of a world that is locked change hands until everybody holds its share, as far as they may yet. Returns false, and does nothing,
 * in a world whose allocation is another. The caller ends with world_write().
 */
extern bool allocation_settle(World *world);

/* Has the shares in a world computed anew, soon after this transaction commits: somebody came, or offers something else. */
extern void allocation_changed_at_commit(int64 world_id);

#endif /* NPCSIM_REDUCERS_ALLOCATION_H */
