/*
 * market.c
 *	  What players lend and what is due to them.
 */
#include "market/market.h"

#include <stdlib.h>

#define THOUSAND 1000

const TierTerms tier_terms[] = {
	[TIER_OBSERVER] = {"Observer", 0, 0, 0},		   [TIER_CASUAL] = {"Casual", 1000, 5, 15},
	[TIER_DEDICATED] = {"Dedicated", 10000, 15, 40},   [TIER_ENTHUSIAST] = {"Enthusiast", 50000, 40, 80},
	[TIER_SERVER] = {"Server", 200000, 80, INT32_MAX},
};
_Static_assert(sizeof(tier_terms) / sizeof(tier_terms[0]) == TIER_COUNT, "every tier has its terms");

ContributionTier
contribution_tier(int64_t tokens_per_day)
{
	ContributionTier tier = TIER_OBSERVER;

	while (tier + 1 < TIER_COUNT && tokens_per_day >= tier_terms[tier + 1].tokens_per_day)
		tier++;
	return tier;
}

int32_t
reliability(int32_t asked, int32_t halves)
{
	return (int32_t) (((int64_t) halves + 4) * THOUSAND / (2 * ((int64_t) asked + 3)));
}

int32_t
market_demand(int64_t declared, int32_t tokens_per_npc, int32_t reliability_share, int32_t npcs_most)
{
	const TierTerms *terms = &tier_terms[contribution_tier(declared)];
	int64_t			 most = INT64_MAX / (2 * THOUSAND);
	int64_t			 npcs = 0;

	if (declared > 0)
		npcs = (declared < most ? declared : most) * (THOUSAND + reliability_share) /
			   ((int64_t) 2 * THOUSAND * tokens_per_npc);
	if (npcs > terms->npcs_most)
		npcs = terms->npcs_most;
	if (npcs < terms->npcs_least)
		npcs = terms->npcs_least;
	return (int32_t) (npcs < npcs_most ? npcs : npcs_most);
}

int64_t
decision_credit(int64_t since, int64_t now)
{
	if (now <= since)
		return 0;
	/* unsigned, since two moments may be further apart than an int64 holds */
	return (uint64_t) now - (uint64_t) since < CREDIT_MOST ? now - since : CREDIT_MOST;
}

static int
by_id(const void *a, const void *b)
{
	int64_t left = ((const Claimant *) a)->id;
	int64_t right = ((const Claimant *) b)->id;

	return (left > right) - (left < right);
}

/* By the level at which it has all it can have. */
static int
by_level(const void *a, const void *b)
{
	const Claimant *left = a;
	const Claimant *right = b;
	int64_t			x = (int64_t) left->most * right->weight;
	int64_t			y = (int64_t) right->most * left->weight;

	return x != y ? (x > y) - (x < y) : by_id(a, b);
}

/* Whose part of an NPC is larger comes first. */
static int
by_remainder(const void *a, const void *b)
{
	const Claimant *left = a;
	const Claimant *right = b;

	if (left->remainder != right->remainder)
		return left->remainder < right->remainder ? 1 : -1;
	if (left->priority != right->priority)
		return left->priority ? -1 : 1;
	return by_id(a, b);
}

void
market_divide(Claimant *claimants, int count, int32_t npcs)
{
	int64_t	  left = npcs;
	int64_t	  weights = 0;
	Claimant *end = claimants + count;
	Claimant *next = claimants;

	if (count == 0)
		return;
	for (Claimant *claimant = claimants; claimant < end; claimant++)
		weights += claimant->weight;
	qsort(claimants, (size_t) count, sizeof(Claimant), by_level);
	/* Who can have all it may at this level gets that; the level of the others rises. */
	for (; next < end && next->most * weights <= next->weight * left; next++)
	{
		next->share = next->most;
		left -= next->most;
		weights -= next->weight;
	}
	npcs = (int32_t) left;
	for (Claimant *claimant = next; claimant < end; claimant++)
	{
		claimant->share = (int32_t) (claimant->weight * left / weights);
		claimant->remainder = claimant->weight * left % weights;
		npcs -= claimant->share;
	}
	/* Less than one NPC for each of them is left, and each may have one more. */
	if (next < end)
		qsort(next, (size_t) (end - next), sizeof(Claimant), by_remainder);
	for (; npcs > 0 && next < end; npcs--)
		(next++)->share++;
	qsort(claimants, (size_t) count, sizeof(Claimant), by_id);
}
