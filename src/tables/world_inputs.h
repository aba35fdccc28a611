/*
 * world_inputs.h
 *	  The inputs of worlds, which are whatever came from outside, as rows of world_inputs, for replays.
 */
#ifndef NPCSIM_TABLES_WORLD_INPUTS_H
#define NPCSIM_TABLES_WORLD_INPUTS_H

#include "postgres.h"

#include "utils/jsonb.h"

typedef struct WorldInput
{
	int64  sequence;
	int64  tick; /* after which it took effect */
	char  *kind;
	Jsonb *payload;
} WorldInput;

/*
 * Reads the inputs numbered 'first' to 'last', in that order, into a memory context, and returns how many
 * there are. SPI must be connected.
 */
extern int world_inputs_read(int64 world_id, int64 first, int64 last, MemoryContext context,
							 WorldInput *inputs);

#endif /* NPCSIM_TABLES_WORLD_INPUTS_H */
