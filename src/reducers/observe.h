/*
 * observe.h
 *	  What NPCs are told when their minds are asked.
 */
#ifndef NPCSIM_OBSERVE_H
#define NPCSIM_OBSERVE_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "reducers/world_head.h"

/* An observation is cut to this many bytes: what is farthest away is left out, and counted. */
#define OBSERVATION_BYTES 8192

typedef struct Observation
{
	int64 npc_id;
	bool  with_choices; /* the mind wants to choose from a list */
	bool  compact;		/* it has little room */
	/* result; controller 0 with text NULL: there is no such NPC */
	int64	   controller;	/* 0 = none */
	int32	   told_events; /* events in it and before it, since the last question */
	int64	   told_state;	/* state_counter of what it does in it */
	StringInfo text;		/* a JSON object */
	StringInfo offered;		/* the actions it may choose from, a JSON array; NULL = none were asked for */
} Observation;

/*
 * Fills the observations of NPCs of one world, given in order of id, each once. Everyone sees the same instant, that
 * of 'head'. Reads the caller's snapshot and locks nothing. Between spi_begin and spi_end, whose memory the results are in.
 */
extern void observe(const WorldHead *head, Observation *observations, int count);

#endif /* NPCSIM_OBSERVE_H */
