/*
 * by_hand.h
 *	  What operators do to single NPCs besides editing them.
 */
#ifndef NPCSIM_REDUCERS_BY_HAND_H
#define NPCSIM_REDUCERS_BY_HAND_H

#include "postgres.h"

#include "engine/world.h"

/* Says whether what the built-in mind decides for an NPC is kept, as an input. The caller ends with world_write(). */
extern void npc_change_traced(World *world, int64 npc_id, bool traced);

#endif /* NPCSIM_REDUCERS_BY_HAND_H */
