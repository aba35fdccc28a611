/*
 * test_market.c
 *	  What is due to players: tiers, demand, reliability, credit, and the division of NPCs.
 */
#include "market/market.h"
#include "sim/random.h"
#include "tap.h"

#include <stdlib.h>

#define TOKENS_PER_NPC 700
#define MANY		   1000000
#define MINUTE		   (60 * SIM_SECOND)

static void
test_tiers(void)
{
	tap_is_int(contribution_tier(-1), TIER_OBSERVER, "less than nothing is nothing");
	tap_is_int(contribution_tier(999), TIER_OBSERVER, "999 tokens a day are no contribution");
	for (int tier = TIER_CASUAL; tier < TIER_COUNT; tier++)
	{
		const TierTerms *terms = &tier_terms[tier];

		tap_is_int(contribution_tier(terms->tokens_per_day), tier, "%s from %lld tokens on", terms->name,
				   (long long) terms->tokens_per_day);
		tap_is_int(contribution_tier(terms->tokens_per_day - 1), tier - 1, "and not with one less");
	}
	tap_is_int(contribution_tier(INT64_MAX), TIER_SERVER, "2^63 - 1 are as good as 200,000");
}

static void
test_priority(void)
{
	tap_ok(market_priority(200000, 200000),
		   "who declares what the largest tier takes, and gives it, has priority");
	tap_ok(!market_priority(INT64_MAX, 199999), "not who declares it alone");
	tap_ok(!market_priority(199999, INT64_MAX), "nor who gives it alone");
}

static void
test_demand(void)
{
	tap_is_int(market_demand(0, TOKENS_PER_NPC, 1000, MANY), 0, "who declares nothing gets nobody");
	tap_is_int(market_demand(INT64_MIN, TOKENS_PER_NPC, 1000, MANY), 0, "nor who declares less");
	tap_is_int(market_demand(1000, TOKENS_PER_NPC, 1000, MANY), 5, "the range of a tier has a lower end");
	tap_is_int(market_demand(9999, TOKENS_PER_NPC, 1000, MANY), 14, "14.28 NPCs are 14");
	tap_is_int(market_demand(9999, TOKENS_PER_NPC, 0, MANY), 7, "and half of them for who is not reliable");
	tap_is_int(market_demand(9999, TOKENS_PER_NPC, 500, MANY), 10, "10.71, for who is by half, are 10");
	tap_is_int(market_demand(9999, 1, 1000, MANY), 15, "and an upper one");
	tap_is_int(market_demand(INT64_MAX, 1, 1000, MANY), MANY, "nobody gets more than the most");
	tap_is_int(market_demand(INT64_MAX, 1, 1000, INT32_MAX), INT32_MAX, "which may be anything");
	tap_is_int(market_demand(200000, INT32_MAX, 1000, MANY), 80, "whatever an NPC needs");
	tap_is_int(market_demand(9999, 0, 1000, MANY), 15, "which is something");
	tap_is_int(market_demand(9999, INT32_MIN, 1000, MANY), 15, "and never less than nothing");
	tap_is_int(market_demand(INT64_MAX, 1, INT32_MAX, MANY), MANY, "nobody is more reliable than by all");
	tap_is_int(market_demand(9999, TOKENS_PER_NPC, INT32_MIN, MANY), 7, "nor less than by nothing");
	tap_is_int(market_demand(9999, TOKENS_PER_NPC, 1000, -1), 0, "who may have less than none has none");
}

static void
test_reliability(void)
{
	tap_is_int(reliability(0, 0), 666, "who was never asked is reliable by two thirds");
	tap_is_int(reliability(100, 200), 990, "who always answered, by 99 %%");
	tap_is_int(reliability(100, 0), 19, "who never did, hardly");
	tap_is_int(reliability(100, 100), 504, "who is always late, by half");
	tap_is_int(reliability(100, 1000), 990, "nobody answered more than was asked");
	tap_is_int(reliability(INT32_MIN, INT32_MAX), 666, "where less than nothing was asked nothing was");
	tap_is_int(reliability(100, INT32_MIN), 19, "nor were fewer than none answered");
}

static void
test_credit(void)
{
	tap_is_int(decision_credit(0, -MINUTE, 5 * SIM_SECOND), 5 * SIM_SECOND,
			   "the time since the last question");
	tap_is_int(decision_credit(-MINUTE, 0, 5 * SIM_SECOND), 5 * SIM_SECOND, "or since it came to its player");
	tap_is_int(decision_credit(0, 0, 301 * SIM_SECOND), CREDIT_MOST, "but no more than 300 s");
	tap_is_int(decision_credit(INT64_MIN, INT64_MIN, INT64_MAX), CREDIT_MOST, "however long it is");
	tap_is_int(decision_credit(7, 7, 7), 0, "nothing at once");
	tap_is_int(decision_credit(8, 0, 7), 0, "nor of what lies ahead");
	tap_is_int(decision_credit_connected(10, 15), 10, "who was connected all the time is paid all of it");
	tap_is_int(decision_credit_connected(10, 5), 5, "who was for a part, that");
	tap_is_int(decision_credit_connected(10, -5), 0, "and nobody owes");
	tap_is_int(decision_credit_connected(INT64_MAX, INT64_MAX), CREDIT_MOST, "or is paid more");
}

/* Whoever closes its socket whenever it would miss a question misses them all the same. */
static void
test_cut_offs(void)
{
	CutOffs cut_offs = {0};
	int64_t now = INT64_C(800000000) * SIM_SECOND;
	int		forgiven = 0;

	for (int minute = 0; minute < 600; minute++)
		forgiven += cut_off_forgiven(&cut_offs, now + minute * MINUTE);
	tap_is_int(forgiven, 10 * CUT_OFFS_FORGIVEN, "some cut-offs an hour are forgiven");
	tap_ok(!cut_off_forgiven(&cut_offs, now), "a clock that went back forgives no more");
	tap_ok(cut_off_forgiven(&cut_offs, INT64_MAX), "in the end everything is");
}

/* Shares in the order of ids, as text. */
static const char *
divided(Claimant *claimants, int count, int32_t npcs)
{
	static char text[256];
	size_t		length = 0;

	market_divide(claimants, count, npcs);
	text[0] = '\0';
	for (int i = 0; i < count; i++)
		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s%d", i > 0 ? " " : "",
									claimants[i].share);
	return text;
}

#define DIVIDED(npcs, ...) \
	divided((Claimant[]) {__VA_ARGS__}, (int) (sizeof((Claimant[]) {__VA_ARGS__}) / sizeof(Claimant)), npcs)
#define CLAIMANT(id_, most_, ...) \
	{ \
		.id = (id_), .demand = (most_), .proof = (most_), .weight = CLAIMANT_WEIGHT, __VA_ARGS__ \
	}
/* Whose demand and proof differ. */
#define DIFFERING(id_, demand_, proof_, ...) \
	{ \
		.id = (id_), .demand = (demand_), .proof = (proof_), .weight = CLAIMANT_WEIGHT, __VA_ARGS__ \
	}
#define OWNER(id_, most_, ...) \
	{ \
		.id = (id_), .demand = (most_), .proof = (most_), .weight = CLAIMANT_WEIGHT_OWNER, __VA_ARGS__ \
	}

static void
test_division(void)
{
	tap_is_str(DIVIDED(10, CLAIMANT(1, 5), CLAIMANT(2, 5)), "5 5",
			   "all get what they want while there is enough");
	tap_is_str(DIVIDED(100, CLAIMANT(1, 5), CLAIMANT(2, 7)), "5 7", "and no more");
	tap_is_str(DIVIDED(10, CLAIMANT(1, 2), CLAIMANT(2, 50), CLAIMANT(3, 50)), "2 4 4",
			   "what one leaves the others share");
	tap_is_str(DIVIDED(22, CLAIMANT(1, 50), OWNER(2, 50)), "10 12", "the owner of a world has 1.2 parts");
	tap_is_str(DIVIDED(11, CLAIMANT(1, 50), CLAIMANT(2, 50), CLAIMANT(3, 50)), "4 4 3",
			   "parts of an NPC go by id");
	tap_is_str(DIVIDED(10, CLAIMANT(1, 50), CLAIMANT(2, 50), CLAIMANT(3, 50, .priority = true)), "3 3 4",
			   "unless one has priority");
	tap_is_str(DIVIDED(10, CLAIMANT(1, 50), OWNER(2, 50)), "5 5",
			   "and to the larger part first: 4.55 and 5.45");
	tap_is_str(DIVIDED(0, CLAIMANT(1, 50), CLAIMANT(2, 50)), "0 0", "no NPCs, no shares");
	tap_is_str(DIVIDED(5, CLAIMANT(1, 0), CLAIMANT(2, 1)), "0 1", "who may have none gets none");
	market_divide(NULL, 0, 5);
	tap_is_str(DIVIDED(INT32_MAX, CLAIMANT(2, INT32_MAX), CLAIMANT(1, INT32_MAX)), "1073741824 1073741823",
			   "as many as there can be");
	tap_is_str(DIVIDED(10, DIFFERING(1, 50, 3), CLAIMANT(2, 50)), "3 7", "nobody has more than it has shown");
	tap_is_str(DIVIDED(10, {.id = 1, .demand = 50, .proof = 50, .weight = INT32_MIN}, CLAIMANT(2, -1),
					   {.id = 3, .demand = 50, .proof = 50, .weight = 1}),
			   "5 0 5", "whatever the numbers are");
}

static void
test_assigned(void)
{
	tap_is_str(DIVIDED(10, CLAIMANT(1, 50, .assigned = 7), CLAIMANT(2, 50)), "7 3",
			   "what was assigned by hand its player has");
	tap_is_str(DIVIDED(10, CLAIMANT(1, 50, .assigned = 3), CLAIMANT(2, 50)), "5 5", "as a part of its share");
	tap_is_str(DIVIDED(10, CLAIMANT(1, 0, .assigned = 4), CLAIMANT(2, 50)), "4 6", "even if it wants none");
	tap_is_str(DIVIDED(12, CLAIMANT(1, 50, .assigned = 7), CLAIMANT(2, 50, .assigned = 3), CLAIMANT(3, 50)),
			   "7 3 2", "the level of the others sinks, below what another has by hand");
	tap_is_str(DIVIDED(3, CLAIMANT(1, 50, .assigned = 4), CLAIMANT(2, 50)), "4 0",
			   "more than there are is not taken from others");
	tap_is_str(DIVIDED(10, CLAIMANT(1, 50, .assigned = -4), CLAIMANT(2, 50)), "5 5",
			   "nobody has fewer than none");
}

static void
test_persons(void)
{
	tap_is_str(DIVIDED(12, CLAIMANT(1, 50, .person = 7), CLAIMANT(2, 50, .person = 7), CLAIMANT(3, 50)),
			   "3 3 6", "a person with two accounts has one share");
	tap_is_str(DIVIDED(12, DIFFERING(1, 9, 2, .person = 7), DIFFERING(2, 9, 50, .person = 7)), "2 7",
			   "which goes to the accounts as far as they can serve it, and is not more than their demand");
	tap_is_str(DIVIDED(12, CLAIMANT(1, 50, .person = 7), CLAIMANT(2, 50, .person = 8)), "6 6",
			   "two persons have two");
	tap_is_str(DIVIDED(12, CLAIMANT(1, 50, .person = 7, .assigned = 5), CLAIMANT(2, 50, .person = 7),
					   CLAIMANT(3, 50)),
			   "5 1 6", "what one account has by hand counts for its person");
	tap_is_str(DIVIDED(22, CLAIMANT(1, 50), OWNER(2, 50, .person = 7), CLAIMANT(3, 50, .person = 7)),
			   "10 6 6", "and it owns a world by any of them");
	tap_is_str(DIVIDED(11, CLAIMANT(1, 50), CLAIMANT(2, 50, .person = 7),
					   CLAIMANT(3, 50, .person = 7, .priority = true)),
			   "5 3 3", "as it takes precedence");
	tap_is_str(DIVIDED(6, CLAIMANT(1, INT32_MAX, .person = 7, .assigned = INT32_MAX),
					   CLAIMANT(2, INT32_MAX, .person = 7, .assigned = INT32_MAX)),
			   "2147483647 2147483647", "as much as there can be");
}

/*
 * Random divisions against what defines them: nobody has more than it can have, all NPCs are taken or all have what they can have, and
 * who could have more is within one NPC of its weight times the level of all others who could.
 */
static void
test_random_divisions(void)
{
	int failed = 0;

	for (uint64_t seed = 1; seed <= 20000; seed++)
	{
		Claimant claimants[12];
		uint64_t draw = 0;
		int		 count = 1 + (int) sim_random_below(seed, 0, draw++, 12);
		int32_t	 npcs = (int32_t) sim_random_below(seed, 0, draw++, 200);
		int32_t	 most = 0;
		int32_t	 given = 0;

		for (int i = 0; i < count; i++)
		{
			claimants[i] = (Claimant) {.id = count - i,
									   .demand = (int32_t) sim_random_below(seed, 0, draw++, 40),
									   .proof = INT32_MAX,
									   .weight = 10 + (int32_t) sim_random_below(seed, 0, draw++, 3),
									   .priority = sim_random_below(seed, 0, draw++, 2) == 1};
			most += claimants[i].demand;
		}
		market_divide(claimants, count, npcs);
		for (int i = 0; i < count; i++)
		{
			given += claimants[i].share;
			failed += claimants[i].share < 0 || claimants[i].share > claimants[i].demand ||
					  claimants[i].id != i + 1;
		}
		failed += given != (most < npcs ? most : npcs);
		for (int i = 0; i < count; i++)
			for (int j = 0; j < count; j++)
				/* one more for i and one less for j would be nearer to their weights */
				failed += claimants[i].share < claimants[i].demand &&
						  (claimants[i].share + 1) * claimants[j].weight <
							  (claimants[j].share - 1) * claimants[i].weight;
	}
	tap_is_int(failed, 0, "20,000 random divisions are fair");
}

int
main(void)
{
	test_tiers();
	test_priority();
	test_demand();
	test_reliability();
	test_credit();
	test_cut_offs();
	test_division();
	test_assigned();
	test_persons();
	test_random_divisions();
	return tap_done();
}
