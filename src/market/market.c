/*
 * market.c
 *	  What players lend and what is due to them.
 */
#include "market/market.h"

#include "market/numbers.h"

#include <stdlib.h>
#include <string.h>

#define WEIGHT_MOST 1000

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

bool
market_priority(int64_t declared, int64_t measured)
{
	return contribution_tier(declared) == TIER_SERVER && contribution_tier(measured) == TIER_SERVER;
}

int32_t
reliability(int32_t asked, int32_t halves)
{
	int64_t questions = max_int64(asked, 0);

	return (int32_t) ((within(halves, 0, 2 * questions) + 4) * THOUSAND / (2 * (questions + 3)));
}

int32_t
market_demand(int64_t declared, int32_t tokens_per_npc, int32_t reliability_share, int32_t npcs_most)
{
	const TierTerms *terms = &tier_terms[contribution_tier(declared)];
	int64_t			 tokens = within(declared, 0, INT64_MAX / (2 * THOUSAND));
	int64_t			 npcs = tokens * (THOUSAND + within(reliability_share, 0, THOUSAND)) /
				   (2 * THOUSAND * max_int64(tokens_per_npc, 1));

	return (int32_t) within(within(npcs, terms->npcs_least, terms->npcs_most), 0, max_int64(npcs_most, 0));
}

int64_t
decision_credit(int64_t last_question, int64_t came, int64_t opened)
{
	return min_int64(elapsed(max_int64(last_question, came), opened), CREDIT_MOST);
}

int64_t
decision_credit_connected(int64_t credit, int64_t connected)
{
	return within(connected, 0, within(credit, 0, CREDIT_MOST));
}

bool
cut_off_forgiven(CutOffs *cut_offs, int64_t now)
{
	int64_t *latest = cut_offs->latest;
	int64_t	 first = latest[CUT_OFFS_FORGIVEN - 1];

	/* A clock that went back forgives nothing that it would not have forgiven at the moment it came from. */
	if (first != 0 && elapsed(first, now) < CUT_OFFS_WITHIN)
		return false;
	memmove(&latest[1], &latest[0], sizeof(cut_offs->latest) - sizeof(latest[0]));
	latest[0] = now;
	return true;
}

/* ---- division ---- */

static int
compare(int64_t left, int64_t right)
{
	return (left > right) - (left < right);
}

static int
by_id(const void *a, const void *b)
{
	return compare(((const Claimant *) a)->id, ((const Claimant *) b)->id);
}

/* The accounts of a person next to each other, the smallest id of each first. */
static int
by_person(const void *a, const void *b)
{
	int order = compare(((const Claimant *) a)->person, ((const Claimant *) b)->person);

	return order != 0 ? order : by_id(a, b);
}

/* By the level at which it has all it can have. */
static int
by_level(const void *a, const void *b)
{
	const Claimant *left = a;
	const Claimant *right = b;
	int				order = compare((int64_t) left->most * right->parts, (int64_t) right->most * left->parts);

	return order != 0 ? order : by_id(a, b);
}

/* Whose part of an NPC is larger comes first. */
static int
by_remainder(const void *a, const void *b)
{
	const Claimant *left = a;
	const Claimant *right = b;

	if (left->remainder != right->remainder)
		return left->remainder < right->remainder ? 1 : -1;
	if (left->ahead != right->ahead)
		return left->ahead ? -1 : 1;
	return by_id(a, b);
}

/* Those who take part in what comes next first. */
static int
by_aside(const void *a, const void *b)
{
	return compare(((const Claimant *) a)->aside, ((const Claimant *) b)->aside);
}

/* Divides NPCs by parts, nobody getting more than 'most'.  Changes the order of the claimants, as the functions below do. */
static void
divide_by_parts(Claimant *claimants, int count, int64_t npcs)
{
	int64_t	  parts = 0;
	Claimant *end = claimants + count;
	Claimant *next = claimants;

	if (count == 0)
		return;
	for (Claimant *claimant = claimants; claimant < end; claimant++)
		parts += claimant->parts;
	qsort(claimants, (size_t) count, sizeof(Claimant), by_level);
	/* Who can have all it may at this level gets that; the level of the others rises. */
	for (; next < end && next->most * parts <= next->parts * npcs; next++)
	{
		next->share = next->most;
		npcs -= next->most;
		parts -= next->parts;
	}
	if (next == end)
		return;
	for (Claimant *claimant = next; claimant < end; claimant++)
	{
		claimant->share = (int32_t) (claimant->parts * npcs / parts);
		claimant->remainder = claimant->parts * npcs % parts;
	}
	for (Claimant *claimant = next; claimant < end; claimant++)
		npcs -= claimant->share;
	/* Less than one NPC for each of them is left, and each may have one more. */
	qsort(next, (size_t) (end - next), sizeof(Claimant), by_remainder);
	for (; npcs > 0 && next < end; npcs--)
		(next++)->share++;
}

/*
 * Divides NPCs between claimants who have at least 'least' and at most 'most'.  Who would have less than its least has that,
 * so that the level of the others sinks, which may happen to more of them then.
 */
static void
divide_within(Claimant *claimants, int count, int64_t npcs)
{
	int before;

	for (int i = 0; i < count; i++)
		claimants[i].aside = false;
	do
	{
		before = count;
		divide_by_parts(claimants, count, max_int64(npcs, 0));
		for (int i = 0; i < before; i++)
		{
			if (claimants[i].share >= claimants[i].least)
				continue;
			claimants[i].share = claimants[i].least;
			claimants[i].aside = true;
			npcs -= claimants[i].least;
			count--;
		}
		qsort(claimants, (size_t) before, sizeof(Claimant), by_aside);
	} while (count < before && count > 0);
}

/* How many of the claimants that begin here are accounts of one person. */
static int
accounts_of(const Claimant *claimants, int count)
{
	int accounts = 1;

	while (claimants->person != 0 && accounts < count && claimants[accounts].person == claimants->person)
		accounts++;
	return accounts;
}

/* Lets the first account of a person stand for all of them. */
static void
join_accounts(Claimant *accounts, int count)
{
	Claimant *person = &accounts[0];
	int64_t	  demand = 0;
	int64_t	  proof = 0;
	int64_t	  assigned = 0;

	person->parts = 1;
	person->ahead = false;
	for (int i = 0; i < count; i++)
	{
		demand = max_int64(demand, accounts[i].demand);
		proof += max_int64(accounts[i].proof, 0);
		assigned += max_int64(accounts[i].assigned, 0);
		person->parts = (int32_t) max_int64(person->parts, within(accounts[i].weight, 1, WEIGHT_MOST));
		person->ahead = person->ahead || accounts[i].priority;
		accounts[i].aside = i > 0;
	}
	person->least = (int32_t) min_int64(assigned, INT32_MAX);
	person->most = (int32_t) max_int64(min_int64(demand, proof), person->least);
}

/* Divides what a person has between its accounts, evenly as far as they can serve it. */
static void
divide_between_accounts(Claimant *accounts, int count)
{
	int32_t npcs = accounts[0].share;

	if (count == 1)
		return;
	for (int i = 0; i < count; i++)
	{
		accounts[i].least = (int32_t) max_int64(accounts[i].assigned, 0);
		accounts[i].most = (int32_t) max_int64(accounts[i].proof, accounts[i].least);
		accounts[i].parts = 1;
		accounts[i].ahead = accounts[i].priority;
	}
	divide_within(accounts, count, npcs);
}

void
market_divide(Claimant *claimants, int count, int32_t npcs)
{
	int persons = 0;

	if (count <= 0)
		return;
	qsort(claimants, (size_t) count, sizeof(Claimant), by_person);
	for (int i = 0, accounts; i < count; i += accounts, persons++)
	{
		accounts = accounts_of(&claimants[i], count - i);
		join_accounts(&claimants[i], accounts);
	}
	qsort(claimants, (size_t) count, sizeof(Claimant), by_aside);
	divide_within(claimants, persons, npcs);
	qsort(claimants, (size_t) count, sizeof(Claimant), by_person);
	for (int i = 0, accounts; i < count; i += accounts)
	{
		accounts = accounts_of(&claimants[i], count - i);
		divide_between_accounts(&claimants[i], accounts);
	}
	qsort(claimants, (size_t) count, sizeof(Claimant), by_id);
}
