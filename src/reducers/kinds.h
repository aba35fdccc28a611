/*
 * kinds.h
 *	  Kinds of items and interactions, for who makes a world.
 */
#ifndef NPCSIM_REDUCERS_KINDS_H
#define NPCSIM_REDUCERS_KINDS_H

#include "postgres.h"

/* Gives a new world, which is locked, what every world begins with. SPI must be connected. */
extern void insert_starter_kinds(int64 world_id);

#endif /* NPCSIM_REDUCERS_KINDS_H */
