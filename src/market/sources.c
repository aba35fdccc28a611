/*
 * sources.c
 *	  Which source of compute a question goes to.
 */
#include "market/sources.h"

#include "market/numbers.h"

/* Nobody is charged more in an hour than its NPCs live; a larger number is a mistake of the caller's that must not overflow. */
#define CHARGED_MOST (INT64_MAX / (2 * THOUSAND))

int64_t
question_charge(int64_t credit)
{
	return within(credit, CHARGE_LEAST, CHARGED_MOST);
}

static bool
may_take(const Source *source)
{
	return source->active && source->stateless && !source->tried && source->in_flight < source->slots &&
		   source->p95 < RESPONSE_MOST && source->proof > 0;
}

/* NPC-microseconds for each NPC that its player can be expected to serve. */
static int64_t
burden(const Source *source)
{
	return within(source->charged, 0, CHARGED_MOST) * THOUSAND /
		   (source->proof * within(source->reliability, 1, THOUSAND));
}

int
source_for_pooled(const Source *sources, int count)
{
	int		best = NO_SOURCE;
	int64_t least = 0;

	for (int i = 0; i < count; i++)
	{
		int64_t mine;

		if (!may_take(&sources[i]))
			continue;
		mine = burden(&sources[i]);
		if (best != NO_SOURCE && (mine > least || (mine == least && sources[i].id > sources[best].id)))
			continue;
		best = i;
		least = mine;
	}
	return best;
}
