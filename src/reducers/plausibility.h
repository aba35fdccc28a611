/*
 * plausibility.h
 *	  Tells how plausible what a mind decides is: how it ranks among what its NPC may do, as the built-in mind would choose.
 */
#ifndef NPCSIM_REDUCERS_PLAUSIBILITY_H
#define NPCSIM_REDUCERS_PLAUSIBILITY_H

#include "postgres.h"

#include "reducers/choices.h"

#define NOT_RANKED (-1)

/* What is kept of an action, so that it can be looked up in a ranking. */
typedef struct RankedAction
{
	bool  is_known;	 /* there is one */
	bool  is_ranked; /* choice_is_ranked() */
	int16 key;		 /* choice_key() */
} RankedAction;

extern RankedAction ranked_action(const Action *action);

/*
 * Returns the plausibility of an action, thousandths: of what cannot be ranked, half of it; NOT_RANKED if there is no action, or no
 * ranking (NULL).
 */
extern int32 ranking_plausibility(const Ranking *ranking, RankedAction action);

/*
 * Ranks what an NPC may do now, by the caller's snapshot and without a lock. Returns false if there is no such NPC. Called between
 * spi_begin() and spi_end().
 */
extern bool npc_rank(int64 world_id, int64 npc_id, Ranking *ranking);

#endif /* NPCSIM_REDUCERS_PLAUSIBILITY_H */
