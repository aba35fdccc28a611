/*
 * kinds.h
 *	  Kinds of items and interactions: for who makes a world, and for who replays
 *	  one.
 *
 * Those that define or delete note the input and drop the image, which is then to be had anew; the caller flushes.
 */
#ifndef NPCSIM_REDUCERS_KINDS_H
#define NPCSIM_REDUCERS_KINDS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/lock.h"

/* Gives a new world, which is locked, what every world begins with. SPI must be connected. */
extern void insert_starter_kinds(int64 world_id);

extern void item_type_define(WorldLock *lock, const char *name, Jsonb *components, const char *description);
extern void item_type_delete(WorldLock *lock, const char *name);

/* As an input "define_interaction_type" has it. */
extern void interaction_type_define_again(WorldLock *lock, Jsonb *payload);
extern void interaction_type_delete(WorldLock *lock, const char *name);

#endif /* NPCSIM_REDUCERS_KINDS_H */
