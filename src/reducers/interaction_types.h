/*
 * interaction_types.h
 *	  Types of interactions, for who replays a world.
 *
 * The input is noted and the image dropped, which is then to be had anew; the caller flushes.
 */
#ifndef NPCSIM_REDUCERS_INTERACTION_TYPES_H
#define NPCSIM_REDUCERS_INTERACTION_TYPES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/lock.h"

/* As an input "define_interaction_type" has it. */
extern void interaction_type_define_again(WorldLock *lock, Jsonb *payload);
extern void interaction_type_delete(WorldLock *lock, const char *name);

#endif /* NPCSIM_REDUCERS_INTERACTION_TYPES_H */
