/*
 * controllers.h
 *	  Moves NPCs between players without an operator's hand: as players ask, and as the market divides them.
 */
#ifndef NPCSIM_REDUCERS_CONTROLLERS_H
#define NPCSIM_REDUCERS_CONTROLLERS_H

#include "postgres.h"

#include "engine/world.h"

/*
 * Gives NPCs of the world, each named once, to players (0: to nobody) who the caller knows to be players of the world, as one input.
 * The market may move them on. Requests to the former minds are closed, and what those planned and were to be told is forgotten, as
 * when an operator assigns an NPC. The caller ends with world_write().
 */
extern void controllers_change(World *world, const int64 *npc_ids, const int64 *player_ids, int count);

#endif /* NPCSIM_REDUCERS_CONTROLLERS_H */
