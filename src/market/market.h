/*
 * market.h
 *	  What players lend and what is due to them: tiers, demand, reliability, credit, and how many NPCs each is entitled to.
 *
 * All functions are pure; shares are thousandths unless they say otherwise. Nobody calls src/market yet: reducers are to
 * feed it from their tables and to do what it says.
 */
#ifndef NPCSIM_MARKET_MARKET_H
#define NPCSIM_MARKET_MARKET_H

#include "sim/sim.h"

typedef enum ContributionTier
{
	TIER_OBSERVER,
	TIER_CASUAL,
	TIER_DEDICATED,
	TIER_ENTHUSIAST,
	TIER_SERVER,
	TIER_COUNT
} ContributionTier;

/* Output tokens a day from which on a player is of the tier, and how many NPCs such a player decides for. */
typedef struct TierTerms
{
	const char *name;
	int64_t		tokens_per_day;
	int32_t		npcs_least;
	int32_t		npcs_most;
} TierTerms;

extern const TierTerms tier_terms[];

/* The tier of so many output tokens a day; below 0 is none. */
extern ContributionTier contribution_tier(int64_t tokens_per_day);

/*
 * How reliable a player is, thousandths: (accepted + 2) / (asked + 3).  'halves' are halves of accepted answers, a late one being
 * half an answer, of the last RELIABILITY_WINDOW questions.
 */
#define RELIABILITY_WINDOW 100

extern int32_t reliability(int32_t asked, int32_t halves);

/*
 * How many NPCs a player asks for: what its declared tokens are enough for, from half to all of them by its reliability, within the range of its tier
 * and 'npcs_most'.  'tokens_per_npc' >= 1 is what an NPC is estimated to need a day.
 */
extern int32_t market_demand(int64_t declared, int32_t tokens_per_npc, int32_t reliability_share,
							 int32_t npcs_most);

/* The most world time that one decision is paid for. */
#define CREDIT_MOST (300 * SIM_SECOND)

/* NPC-microseconds earned by an accepted decision, whose NPC was asked (or came to the player) at 'since' before. */
extern int64_t decision_credit(int64_t since, int64_t now);

/* Who takes part in the division of NPCs. */
typedef struct Claimant
{
	int64_t id;
	int32_t most;	   /* no more than this: the smaller of demand and proof; >= 0 */
	int32_t weight;	   /* tenths, >= 1 */
	bool	priority;  /* takes precedence in ties */
	int32_t share;	   /* result: how many NPCs it is entitled to */
	int64_t remainder; /* of use to market_divide() alone */
} Claimant;

#define CLAIMANT_WEIGHT		  10
#define CLAIMANT_WEIGHT_OWNER 12

/*
 * Divides NPCs: everybody's share is the smaller of what it can have at most and its weight times one level, which is as high as the NPCs
 * allow.  Parts of an NPC go to the largest remainder, then to who has priority, then to the smallest id.  Sorts the claimants by id.
 */
extern void market_divide(Claimant *claimants, int count, int32_t npcs);

#endif /* NPCSIM_MARKET_MARKET_H */
