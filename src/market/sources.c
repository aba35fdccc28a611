/*
 * sources.c
 *	  Which source of compute a question goes to.
 */
#include "market/sources.h"

/* Nobody earns more in an hour than its NPCs live; a larger number is a mistake of the caller's that must not overflow. */
#define CREDIT_LIMIT (INT64_MAX / 4)

static bool
may_take(const Source *source)
{
	return source->active && source->stateless && source->in_flight < source->slots &&
		   source->p95 < RESPONSE_MOST && source->proof > 0;
}

/* NPC-microseconds for each NPC that its player can serve. */
static int64_t
earned(const Source *source)
{
	int64_t credit = source->credit < CREDIT_LIMIT ? source->credit : CREDIT_LIMIT;

	return (credit + source->asked * POOLED_CREDIT) / source->proof;
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
		mine = earned(&sources[i]);
		if (best != NO_SOURCE && (mine > least || (mine == least && sources[i].id > sources[best].id)))
			continue;
		best = i;
		least = mine;
	}
	return best;
}
