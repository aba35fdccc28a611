/*
 * types.c
 *	  The types of items and interactions, and how they work together.
 */
#include "sim/types.h"

#include <string.h>

/* Whether one of the type's parts offers the interaction. */
static bool
type_offers(const ItemType *type, const InteractionType *interaction)
{
	for (int i = 0; i < type->part_count; i++)
	{
		const ItemPart *part = &type->parts[i];

		if (part->component->offers != NULL ? part->component->offers(type, part, interaction)
											: interaction->component == part->component)
			return true;
	}
	return false;
}

void
item_type_link(ItemType *type, const InteractionType *const *interactions, int count)
{
	type->offer_count = 0;
	for (int i = 0; i < count && type->offer_count < OFFERS_MAX; i++)
	{
		const InteractionType *interaction = interactions[i];

		if (interaction->target == TARGET_ITEM && type_offers(type, interaction))
			type->offers[type->offer_count++] = interaction;
	}
}

bool
item_offers(const ItemType *type, const InteractionType *interaction)
{
	for (int i = 0; i < type->offer_count; i++)
		if (type->offers[i] == interaction)
			return true;
	return false;
}

const InteractionType *
interaction_by_name(const InteractionType *const *interactions, int count, const char *name)
{
	for (int i = 0; name != NULL && i < count; i++)
		if (strcmp(interactions[i]->name, name) == 0)
			return interactions[i];
	return NULL;
}

const InteractionType *
interaction_by_number(const InteractionType *const *interactions, int count, int number)
{
	for (int i = 0; i < count; i++)
		if (interactions[i]->number == number)
			return interactions[i];
	return NULL;
}

int64_t
need_spread(int32_t delta, int64_t time)
{
	int64_t total = delta * SIM_SECOND;

	return total / time - (total % time < 0);
}

static bool
part_serves(const ItemPart *part, const InteractionType *interaction)
{
	return interaction->component == (part->component->serves_uses ? NULL : part->component);
}

/* A sum may exceed an int32 (2147 units a second); then it is cut. */
void
interaction_need_rates(const InteractionType *interaction, const ItemType *type, int32_t rates[NEED_COUNT])
{
	int64_t sum[NEED_COUNT];

	for (int i = 0; i < NEED_COUNT; i++)
		sum[i] = interaction->need_rate[i];
	for (int p = 0; type != NULL && p < type->part_count; p++)
		for (int i = 0; part_serves(&type->parts[p], interaction) && i < NEED_COUNT; i++)
			sum[i] += type->parts[p].need_rate[i];
	for (int i = 0; i < NEED_COUNT; i++)
	{
		if (sum[i] > INT32_MAX)
			sum[i] = INT32_MAX;
		if (sum[i] < -INT32_MAX)
			sum[i] = -INT32_MAX;
		rates[i] = (int32_t) sum[i];
	}
}

int64_t
interaction_lasts(const InteractionType *interaction, const ItemType *type, int64_t share)
{
	if (type != NULL && interaction_consumes(interaction))
		return consume_time_for(type, share);
	return interaction->duration > 0 ? interaction->duration : SIM_NEVER;
}

static inline int64_t
clamp_share(int64_t share)
{
	if (share < 0)
		return 0;
	return share > SHARE_WHOLE ? SHARE_WHOLE : share;
}

int64_t
item_whole_time(const ItemType *type)
{
	for (int i = 0; i < type->part_count; i++)
		if (type->parts[i].whole_time > 0)
			return type->parts[i].whole_time;
	return 0;
}

/* Rounds up: at that moment, and not before, nothing is left. */
int64_t
consume_time_for(const ItemType *type, int64_t share)
{
	__int128 product = (__int128) clamp_share(share) * item_whole_time(type);

	return (int64_t) ((product + SHARE_WHOLE - 1) / SHARE_WHOLE);
}

/* What is used is rounded down, so that a bite too short to count leaves the item whole. */
int64_t
consume_share_left(const ItemType *type, int64_t share, int64_t elapsed)
{
	int64_t whole = item_whole_time(type);
	int64_t used;

	share = clamp_share(share);
	if (whole == 0 || elapsed <= 0)
		return share;
	if (elapsed >= whole)
		return 0;
	used = (int64_t) ((__int128) elapsed * SHARE_WHOLE / whole);
	return used >= share ? 0 : share - used;
}
