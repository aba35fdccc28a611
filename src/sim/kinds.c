/*
 * kinds.c
 *	  What items are made of and which interactions there are.
 */
#include "sim/kinds.h"

#include <string.h>

/* Whether one of its parts does. */
static bool
kind_offers(const ItemKind *kind, const InteractionKind *interaction)
{
	for (int i = 0; i < kind->part_count; i++)
	{
		const ItemPart *part = &kind->parts[i];

		if (part->component->offers != NULL ? part->component->offers(kind, part, interaction)
											: interaction->component == part->component)
			return true;
	}
	return false;
}

void
item_kind_link(ItemKind *kind, const InteractionKind *const *interactions, int count)
{
	kind->offer_count = 0;
	for (int i = 0; i < count && kind->offer_count < OFFERS_MAX; i++)
	{
		const InteractionKind *interaction = interactions[i];

		if (interaction->target == TARGET_ITEM && kind_offers(kind, interaction))
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

int64_t
need_spread(int32_t delta, int64_t time)
{
	int64_t total = delta * SIM_SECOND;

	return total / time - (total % time < 0);
}

static bool
part_serves(const ItemPart *part, const InteractionKind *interaction)
{
	return interaction->component == (part->component->serves_uses ? NULL : part->component);
}

/* A sum may be more than an int32 holds (2147 units a second): then it is cut. */
void
interaction_need_rates(const InteractionKind *interaction, const ItemKind *kind, int32_t rates[NEED_COUNT])
{
	int64_t sum[NEED_COUNT];

	for (int i = 0; i < NEED_COUNT; i++)
		sum[i] = interaction->need_rate[i];
	for (int p = 0; kind != NULL && p < kind->part_count; p++)
		for (int i = 0; part_serves(&kind->parts[p], interaction) && i < NEED_COUNT; i++)
			sum[i] += kind->parts[p].need_rate[i];
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

int64_t
item_whole_time(const ItemKind *kind)
{
	for (int i = 0; i < kind->part_count; i++)
		if (kind->parts[i].whole_time > 0)
			return kind->parts[i].whole_time;
	return 0;
}

/* Rounded up: at that moment, and not before, nothing is left. */
int64_t
consume_time_for(const ItemKind *kind, int64_t share)
{
	__int128 product = (__int128) clamp_share(share) * item_whole_time(kind);

	return (int64_t) ((product + SHARE_WHOLE - 1) / SHARE_WHOLE);
}

/* What is used is rounded down, so that a bite too short to count leaves the item whole. */
int64_t
consume_share_left(const ItemKind *kind, int64_t share, int64_t elapsed)
{
	int64_t whole = item_whole_time(kind);
	int64_t used;

	share = clamp_share(share);
	if (whole == 0 || elapsed <= 0)
		return share;
	if (elapsed >= whole)
		return 0;
	used = (int64_t) ((__int128) elapsed * SHARE_WHOLE / whole);
	return used >= share ? 0 : share - used;
}
