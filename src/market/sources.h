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
#define POOLED_CREDIT	 (60 * SIM_SECOND) /* NPC-microseconds that a question under way is taken to bring */

typedef struct Source
{
	int64_t id;
	bool	active;	   /* neither paused, draining, in maintenance nor suspended, and connected */
	bool	stateless; /* its mind remembers nothing: it can be asked about any NPC */
	int32_t slots;	   /* how many questions it takes at a time */
	int32_t in_flight; /* of which are taken */
	int64_t p95;	   /* microseconds in which 95 % of its answers come, or RESPONSE_UNKNOWN */
	int64_t credit;	   /* NPC-microseconds its player earned in the last hour */
	int32_t proof;	   /* how many NPCs its player has shown it can serve */
	int32_t asked;	   /* questions that its player has under way, at all of its sources */
} Source;

#define NO_SOURCE (-1)

/*
 * The place of the source that a pooled question goes to: the one whose player has earned least for what it can serve, then the smallest id.  So who
 * is slow or new gets its part.  NO_SOURCE when none may take it.
 */
extern int source_for_pooled(const Source *sources, int count);

#endif /* NPCSIM_MARKET_SOURCES_H */
