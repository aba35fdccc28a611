/*
 * failures.h
 *	  Answers of minds that will not come: for those who find out and for replays.
 */
#ifndef NPCSIM_REDUCERS_FAILURES_H
#define NPCSIM_REDUCERS_FAILURES_H

#include "postgres.h"

#include "engine/world.h"

/*
 * The requests are closed, and those who stand idle are decided for, all at once. 'known_events' tells of how many of its
 * events each mind knows, 'reasons' why it gave no answer (NULL: they are not told, as in worlds of old), 'absent' which of
 * them were not there to be asked. The image is changed at lock->now and the input noted; the caller ends with world_write().
 */
extern void decisions_fail(World *world, Npc **npcs, const int64 *known_events, char *const *reasons,
						   const bool *absent, int count);

#endif /* NPCSIM_REDUCERS_FAILURES_H */
