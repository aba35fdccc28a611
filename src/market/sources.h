/*
 * sources.h
 *	  Chooses the source of compute for a pooled question, which is one that the NPC's own player has no
 *	  source for.
 */
#ifndef NPCSIM_MARKET_SOURCES_H
#define NPCSIM_MARKET_SOURCES_H

#include "sim/sim.h"

#define RESPONSE_UNKNOWN (-1)
#define RESPONSE_MOST	 (60 * SIM_SECOND) /* slower minds keep to the NPCs of their player */
#define CHARGE_LEAST	 (10 * SIM_SECOND) /* NPC-microseconds that a question is charged at least */

typedef struct Source
{
	int64_t id;
	bool	active;	   /* neither paused, draining, in maintenance nor suspended, and connected */
	bool	stateless; /* its mind remembers nothing: it can be asked about any NPC */
	int32_t slots;	   /* how many questions it takes at a time */
	int32_t in_flight; /* of which are taken */
	bool	tried;	   /* it has had this question already, in vain */
	int64_t
		p95; /* microseconds in which 95 % of its answers come, of a new one its player's; or RESPONSE_UNKNOWN */
	int64_t
		charged; /* the charges of all questions that its player was handed in the last hour, at all of its sources */
	int32_t proof;		 /* how many NPCs its player has shown it can serve */
	int32_t reliability; /* of its player, thousandths */
} Source;

#define NO_SOURCE (-1)

/*
 * What a player is charged for a question that is handed to it, whatever becomes of it: what its answer would be paid.  Were only
 * what is earned charged, who fails at once would have the least, and every question would go there first.
 */
extern int64_t question_charge(int64_t credit);

/*
 * The place of the source that a pooled question goes to: the one whose player was charged least for what it can serve, by its proof and its
 * reliability, then the smallest id.  So who is slow or new gets its part.  NO_SOURCE when none may take it.
 */
extern int source_for_pooled(const Source *sources, int count);

#endif /* NPCSIM_MARKET_SOURCES_H */
