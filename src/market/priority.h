/*
 * priority.h
 *	  In which order questions are handed out.
 *
 * What has waited PRIORITY_OVERDUE comes before everything, the oldest first.  Of the others the class decides, and within a class
 * waiting time times watchers times weight.
 */
#ifndef NPCSIM_MARKET_PRIORITY_H
#define NPCSIM_MARKET_PRIORITY_H

#include "sim/sim.h"

typedef enum QuestionClass
{
	QUESTION_REST,
	QUESTION_MESSAGE,
	QUESTION_BID,
	QUESTION_CLASS_COUNT
} QuestionClass;

typedef struct Question
{
	QuestionClass class;
	int64_t waiting;		/* microseconds; below 0 counts as 0 */
	int32_t players;		/* whose cameras see the NPC; WATCHERS_MOST of them count */
	bool	spectated;		/* whether any spectator's does */
	bool	in_interaction; /* of the NPC: it counts twice */
} Question;

#define PRIORITY_OVERDUE (60 * SIM_SECOND)
#define WATCHERS_MOST	 4

/* How many viewers an NPC counts as having: 0 to WATCHERS_MOST + 1. */
extern int32_t question_viewers(int32_t players, bool spectated);

/*
 * Higher comes first: 1,000,000 for each class above the lowest, and thousandths of
 * (waiting / 10 s) * (1 + viewers) * weight; overdue, 1,000,000 * QUESTION_CLASS_COUNT and milliseconds of waiting.
 */
extern int64_t question_priority(const Question *question);

#endif /* NPCSIM_MARKET_PRIORITY_H */
