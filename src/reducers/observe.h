/*
 * observe.h
 *	  Builds observations, which are what minds are told when they are asked.
 */
#ifndef NPCSIM_OBSERVE_H
#define NPCSIM_OBSERVE_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "compat.h"
#include "reducers/choices.h"
#include "reducers/spending.h"
#include "reducers/world_head.h"

/* An observation is cut to about this many bytes: what is farthest away is left out, and counted. */
#define OBSERVATION_BYTES 8192

typedef struct Observation
{
	int64 npc_id;
	bool  with_choices; /* the mind wants to choose from a list */
	bool  compact;		/* it has little room */
	bool  with_ranking; /* what it decides will be judged by it */
	bool  untold;		/* it looks for itself: no text, no events and no list */
	/* The tokens that it may spend; if there is no budget it is told of none. */
	BudgetTold budget;
	bool	   is_new;		 /* its mind is asked about the NPC for the first time since another one was */
	bool	   reads_budget; /* the budget is read, as it stands for its controller */
	/* Results. */
	bool	   found;		/* there is such an NPC */
	int64	   controller;	/* 0 = none */
	int32	   told_events; /* events since the last question, dropped ones included */
	int64	   told_state;	/* state_counter of what the NPC does */
	StringInfo text;		/* a JSON object; NULL: untold, or no such NPC */
	/* The actions it may choose from, a JSON array; NULL = none were asked for. */
	StringInfo offered;
	Ranking	   ranking; /* if it was asked for */
} Observation;

/*
 * Fills in the observations of NPCs of one world, given in order of id, each once. All see the same instant,
 * that of 'head'. It reads the caller's snapshot and locks nothing. Called between spi_begin() and spi_end(),
 * and results are in their memory.
 */
extern void observe(const WorldHead *head, Observation *observations, int count);

/* Raises NS201: a reader of a world sees no such NPC. */
pg_noreturn extern void refuse_unseen_npc(int64 world_id, int64 npc_id);

#endif /* NPCSIM_OBSERVE_H */
