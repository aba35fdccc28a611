/*
 * item_types.h
 *	  Types of items, for who replays a world.
 *
 * The input is noted and the image dropped, which is then to be had anew; the caller flushes.
 */
#ifndef NPCSIM_REDUCERS_ITEM_TYPES_H
#define NPCSIM_REDUCERS_ITEM_TYPES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/lock.h"

extern void item_type_define(WorldLock *lock, const char *name, Jsonb *components, const char *description);
extern void item_type_delete(WorldLock *lock, const char *name);

#endif /* NPCSIM_REDUCERS_ITEM_TYPES_H */
