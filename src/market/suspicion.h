/*
 * suspicion.h
 *	  What makes a player's answers suspect.
 *
 * A single odd answer means nothing: creative and tiny minds give many.  What counts is how often answers are among the worst there
 * were, and how many in a row; suspicion fades by half every half hour.
 */
#ifndef NPCSIM_MARKET_SUSPICION_H
#define NPCSIM_MARKET_SUSPICION_H

#include "sim/sim.h"

#define PLAUSIBILITY_MOST 1000 /* thousandths: nothing offered was better; 0: everything was */
#define PLAUSIBILITY_HALF 500  /* of what cannot be ranked */
#define OFFERED_LEAST	  5	   /* with fewer actions to choose from there is nothing to be learnt */

#define SUSPICION_BAD		100 /* plausibility below which suspicion grows */
#define SUSPICION_HALVES_IN (1800 * SIM_SECOND)
#define SUSPICION_FLAGGED	5000 /* thousandths: above it a player is flagged */
#define HOPELESS_IN_A_ROW	50
#define FOREIGN_ANSWERS		3 /* for NPCs that were never put to it, within FOREIGN_WITHIN */
#define FOREIGN_WITHIN		(600 * SIM_SECOND)

typedef struct Suspicion
{
	int64_t score; /* millionths, at as_of: answers may come so often that less would be lost to rounding */
	int64_t as_of; /* microseconds of the wall clock */
	int32_t hopeless; /* ranked answers in a row below 50 thousandths */
	int64_t foreign[FOREIGN_ANSWERS -
					1]; /* when the last answers for strange NPCs came, the latest first; 0: none did */
} Suspicion;

typedef enum SuspicionVerdict
{
	SUSPICION_NONE,
	SUSPICION_FLAG,	   /* the score has just passed SUSPICION_FLAGGED: operators are told */
	SUSPICION_SUSPEND, /* the player is suspended */
} SuspicionVerdict;

/*
 * How plausible an action is, thousandths: the share of the other actions that were offered which were not ranked above it, 'better' ones being so.
 * PLAUSIBILITY_HALF when fewer than OFFERED_LEAST were offered.
 */
extern int32_t plausibility(int32_t offered, int32_t better);

/* The score at a moment, thousandths; before as_of it is what it was then. */
extern int32_t suspicion_at(const Suspicion *suspicion, int64_t now);

/*
 * Takes an answer of this plausibility into account.  One that is not 'ranked' (waiting, talk, too few actions to choose from) has PLAUSIBILITY_HALF, and
 * neither adds to a run of hopeless answers nor ends it.
 */
extern SuspicionVerdict suspicion_answer(Suspicion *suspicion, int32_t plausible, bool ranked, int64_t now);

/* Takes an answer for an NPC that was never put to the player into account. */
extern SuspicionVerdict suspicion_foreign(Suspicion *suspicion, int64_t now);

/* The player's suspension is over: what led to it does not lead to another, the score goes on fading. */
extern void suspicion_release(Suspicion *suspicion);

#endif /* NPCSIM_MARKET_SUSPICION_H */
