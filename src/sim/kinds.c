/*
 * kinds.c
 *	  What items are made of and which interactions there are.
 */
#include "sim/kinds.h"

#include <string.h>

static bool
has_component(const ItemKind *kind, ItemComponent component)
{
	switch (component)
	{
		case COMPONENT_CONSUMABLE:
			return kind->consumption_time > 0;
		case COMPONENT_SITTABLE:
			/* the reference game puts one interaction on what is both, and it is food */
			return kind->sittable && kind->consumption_time == 0;
		case COMPONENT_NONE:
			break;
	}
	return false;
}

static bool
is_usable_for(const ItemKind *kind, const char *name)
{
	for (int i = 0; i < kind->usable_count; i++)
		if (strcmp(kind->usable[i], name) == 0)
			return true;
	return false;
}

void
item_kind_link(ItemKind *kind, const InteractionKind *const *interactions, int count)
{
	kind->offer_count = 0;
	for (int i = 0; i < count && kind->offer_count < OFFERS_MAX; i++)
	{
		const InteractionKind *interaction = interactions[i];

		if (interaction->target != TARGET_ITEM)
			continue;
		if (interaction->component != COMPONENT_NONE ? has_component(kind, interaction->component)
													 : is_usable_for(kind, interaction->name))
			kind->offers[kind->offer_count++] = interaction;
	}
}

bool
item_offers(const ItemKind *kind, const InteractionKind *interaction)
{
	for (int i = 0; i < kind->offer_count; i++)
		if (kind->offers[i] == interaction)
			return true;
	return false;
}

const InteractionKind *
interaction_by_name(const InteractionKind *const *interactions, int count, const char *name)
{
	for (int i = 0; name != NULL && i < count; i++)
		if (strcmp(interactions[i]->name, name) == 0)
			return interactions[i];
	return NULL;
}

const InteractionKind *
interaction_by_number(const InteractionKind *const *interactions, int count, int number)
{
	for (int i = 0; i < count; i++)
		if (interactions[i]->number == number)
			return interactions[i];
	return NULL;
}

/* Total change in a time as change per second, rounded down. */
static int64_t
rate_of(int32_t delta, int64_t time)
{
	int64_t total = delta * SIM_SECOND;

	return total / time - (total % time < 0);
}

/* A sum may be more than an int32 holds (2147 units a second): then it is cut. */
void
interaction_need_rates(const InteractionKind *interaction, const ItemKind *kind, int32_t rates[NEED_COUNT])
{
	for (int i = 0; i < NEED_COUNT; i++)
	{
		int64_t rate = interaction->need_rate[i];

		if (kind != NULL)
		{
			if (interaction->component == COMPONENT_CONSUMABLE)
				rate +=
					kind->consumption_time > 0 ? rate_of(kind->consume_delta[i], kind->consumption_time) : 0;
			else if (interaction->component == COMPONENT_SITTABLE)
				rate += kind->sit_rate[i];
			else
				rate += kind->modify_rate[i];
		}
		if (rate > INT32_MAX)
			rate = INT32_MAX;
		if (rate < -INT32_MAX)
			rate = -INT32_MAX;
		rates[i] = (int32_t) rate;
	}
}

int64_t
interaction_lasts(const InteractionKind *interaction, const ItemKind *kind, int64_t share)
{
	if (kind != NULL && interaction_consumes(interaction))
		return consume_time_for(kind, share);
	return interaction->duration > 0 ? interaction->duration : SIM_NEVER;
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
