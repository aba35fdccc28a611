/*
 * priority.c
 *	  In which order questions are handed out.
 */
#include "market/priority.h"

#include <assert.h>

#define CLASS_STEP	1000000
#define WEIGHT_MOST 2
#define MILLISECOND 1000
#define WAITING_THOUSANDTH \
	(10 * SIM_SECOND / 1000) /* microseconds that are a thousandth of a unit of waiting */

static_assert(PRIORITY_OVERDUE / WAITING_THOUSANDTH * (WATCHERS_MOST + 2) * WEIGHT_MOST < CLASS_STEP,
			  "waiting within a class never reaches the next one");

int32_t
question_viewers(int32_t players, bool spectated)
{
	return (players < WATCHERS_MOST ? players : WATCHERS_MOST) + spectated;
}

int64_t
question_priority(const Question *question)
{
	int64_t waiting = question->waiting > 0 ? question->waiting : 0;

	if (waiting >= PRIORITY_OVERDUE)
		return (int64_t) CLASS_STEP * QUESTION_CLASS_COUNT + waiting / MILLISECOND;
	return (int64_t) CLASS_STEP * question->class +
		   waiting * (1 + question_viewers(question->players, question->spectated)) *
			   (question->in_interaction ? WEIGHT_MOST : 1) / WAITING_THOUSANDTH;
}
