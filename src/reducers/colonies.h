/*
 * colonies.h
 *	  What fills a world: terrain, and a colony of any size.
 *
 * Each checks what it is given, changes the image at lock->now and notes the input;
 * the caller ends with world_write().
 */
#ifndef NPCSIM_REDUCERS_COLONIES_H
#define NPCSIM_REDUCERS_COLONIES_H

#include "postgres.h"

#include "engine/world.h"

/* NPCs created, which are as many as were asked for: NS212 when they do not fit. */
extern int world_populate(World *world, int npcs);

/* Cells that changed. */
extern int world_change_terrain(World *world, int32 x, int32 y, bool blocked, int32 width, int32 height);

#endif /* NPCSIM_REDUCERS_COLONIES_H */
