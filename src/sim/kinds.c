/*
 * kinds.c
 *	  What items are made of and which interactions they offer.
 */
#include "sim/kinds.h"

#include <string.h>

static const struct
{
	InteractionRule rule;
	const char	   *name;
} interactions[] = {
	{INTERACTION_CONSUME, "consume"},
	{INTERACTION_SIT, "sit"},
};

#define INTERACTION_COUNT ((int) (sizeof(interactions) / sizeof(interactions[0])))

/*
 * An item that can be both consumed and sat on is food: the reference game
 * puts one interaction on an item.
 */
InteractionRule
item_interaction(const ItemKind *kind)
{
	if (kind->consumption_time > 0)
		return INTERACTION_CONSUME;
	return kind->sittable ? INTERACTION_SIT : INTERACTION_NONE;
}

/*
 * Rates are rounded down to the millionth per second, and a total change in
 * next to no time is cut to what an int32 holds (2147 units a second).
 */
void
item_need_rates(const ItemKind *kind, InteractionRule rule, int32_t rates[NEED_COUNT])
{
	for (int i = 0; i < NEED_COUNT; i++)
	{
		int64_t rate = 0;

		if (rule == INTERACTION_CONSUME && kind->consumption_time > 0)
		{
			int64_t total = kind->consume_delta[i] * SIM_SECOND;

			rate = total / kind->consumption_time - (total % kind->consumption_time < 0);
			if (rate > INT32_MAX)
				rate = INT32_MAX;
			if (rate < -INT32_MAX)
				rate = -INT32_MAX;
		}
		else if (rule == INTERACTION_SIT && kind->sittable)
			rate = kind->sit_rate[i];
		rates[i] = (int32_t) rate;
	}
}

static inline int64_t
clamp_share(int64_t share)
{
	if (share < 0)
		return 0;
	return share > SHARE_WHOLE ? SHARE_WHOLE : share;
}

/* Rounded up: at that moment, and not before, nothing is left. */
int64_t
consume_time_for(const ItemKind *kind, int64_t share)
{
	__int128 product = (__int128) clamp_share(share) * kind->consumption_time;

	if (kind->consumption_time <= 0)
		return 0;
	return (int64_t) ((product + SHARE_WHOLE - 1) / SHARE_WHOLE);
}

/* What is used is rounded down, so that a bite too short to count leaves the item whole. */
int64_t
consume_share_left(const ItemKind *kind, int64_t share, int64_t elapsed)
{
	int64_t used;

	share = clamp_share(share);
	if (kind->consumption_time <= 0 || elapsed <= 0)
		return share;
	if (elapsed >= kind->consumption_time)
		return 0;
	used = (int64_t) ((__int128) elapsed * SHARE_WHOLE / kind->consumption_time);
	return used >= share ? 0 : share - used;
}

const char *
interaction_name(InteractionRule rule)
{
	for (int i = 0; i < INTERACTION_COUNT; i++)
		if (interactions[i].rule == rule)
			return interactions[i].name;
	return NULL;
}

InteractionRule
interaction_by_name(const char *name)
{
	for (int i = 0; name && i < INTERACTION_COUNT; i++)
		if (strcmp(interactions[i].name, name) == 0)
			return interactions[i].rule;
	return INTERACTION_NONE;
}
