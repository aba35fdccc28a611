/*
 * shortage.c
 *	  What is done where there is too little compute.
 */
#include "market/shortage.h"

#include "market/numbers.h"

#include <stdlib.h>

const char *const shortage_names[] = {
	[SHORTAGE_FEWER] = "fewer",
	[SHORTAGE_ALERT] = "alert",
	[SHORTAGE_WARN_THEN_REMOVE] = "warn_then_remove",
};
_Static_assert(sizeof(shortage_names) / sizeof(shortage_names[0]) == SHORTAGE_ANSWER_COUNT,
			   "every answer has a name");

int32_t
shortage_kept(int64_t tokens_per_day, int64_t tokens_per_npc_least, int32_t npcs)
{
	if (tokens_per_npc_least <= 0)
		return (int32_t) max_int64(npcs, 0);
	return (int32_t) within(max_int64(tokens_per_day, 0) / tokens_per_npc_least, 0, max_int64(npcs, 0));
}

static int
by_id(const void *a, const void *b)
{
	int64_t left = ((const WatchedNpc *) a)->id;
	int64_t right = ((const WatchedNpc *) b)->id;

	return (left > right) - (left < right);
}

/* Those that keep their minds first. */
static int
by_watchers(const void *a, const void *b)
{
	const WatchedNpc *left = a;
	const WatchedNpc *right = b;

	if (left->viewers != right->viewers)
		return left->viewers > right->viewers ? -1 : 1;
	if (left->watched_at != right->watched_at)
		return left->watched_at > right->watched_at ? -1 : 1;
	if (left->decided != right->decided)
		return left->decided ? -1 : 1;
	return by_id(a, b);
}

void
shortage_choose(WatchedNpc *npcs, int count, int32_t kept)
{
	if (count <= 0)
		return;
	qsort(npcs, (size_t) count, sizeof(WatchedNpc), by_watchers);
	for (int i = 0; i < count; i++)
		npcs[i].kept = i < kept;
	qsort(npcs, (size_t) count, sizeof(WatchedNpc), by_id);
}

ShortageVerdict
shortage_step(ShortageWarning *warning, bool world_short, int64_t tokens_per_day,
			  int64_t tokens_per_npc_least, int32_t held, int64_t now, int32_t *kept)
{
	bool warned = warning->warned_at != 0;

	*kept = shortage_kept(tokens_per_day, tokens_per_npc_least, held);
	if (!world_short || *kept >= held)
	{
		warning->warned_at = 0;
		return warned ? SHORTAGE_OVER : SHORTAGE_NONE;
	}
	if (!warned)
	{
		warning->warned_at = now;
		return SHORTAGE_WARNED;
	}
	/* A clock that went back is followed. */
	warning->warned_at = min_int64(warning->warned_at, now);
	return elapsed(warning->warned_at, now) < SHORTAGE_WARNED_FOR ? SHORTAGE_WAITING : SHORTAGE_REMOVE;
}
