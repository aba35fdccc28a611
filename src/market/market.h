/*
 * market.h
 *	  What players lend and what is due to them: tiers, demand, reliability, credit, and how many NPCs each is entitled to.
 *
 * All functions are pure, and bound what they are given; shares are thousandths unless they say otherwise.
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

/* Whether a player comes first where not everybody can: it declares as much as the largest tier takes, and has been measured to give it. */
extern bool market_priority(int64_t declared, int64_t measured);

/*
 * How reliable a player is, thousandths: (accepted + 2) / (asked + 3).  'halves' are halves of accepted answers, a late one being
 * half an answer, of the last RELIABILITY_WINDOW questions.
 */
#define RELIABILITY_WINDOW 100

extern int32_t reliability(int32_t asked, int32_t halves);

/*
 * How many NPCs a player asks for: what its declared tokens are enough for, from half to all of them by its reliability, within the range of its tier
 * and 'npcs_most'.  'tokens_per_npc' is what an NPC is estimated to need a day; below 1 it counts as 1.
 */
extern int32_t market_demand(int64_t declared, int32_t tokens_per_npc, int32_t reliability_share,
							 int32_t npcs_most);

/* The most world time that one decision is paid for. */
#define CREDIT_MOST (300 * SIM_SECOND)

/*
 * NPC-microseconds that an accepted answer to a question is paid, measured when it is opened: since the NPC's last question, whatever became
 * of it, or since the NPC came to its player, whichever was later.  So no time is paid twice, however many answers are accepted.
 */
extern int64_t decision_credit(int64_t last_question, int64_t came, int64_t opened);

/* What is left of it when the source was connected for so long before the question was handed out to it (world time). */
extern int64_t decision_credit_connected(int64_t credit, int64_t connected);

/*
 * Who takes part in the division of NPCs: an account.  Those of one person share one entitlement: they weigh as much as the heaviest of
 * them, and have no more together than the largest of their demands.
 */
typedef struct Claimant
{
	int64_t id;
	int64_t person;	  /* whose account it is; 0: somebody's who has no other */
	int32_t demand;	  /* how many NPCs it asks for; of accounts of one person: how many all of them ask for */
	int32_t proof;	  /* how many it has shown it can serve */
	int32_t assigned; /* how many it has by hand: they count, and it has them in any case */
	int32_t weight;	  /* tenths, 1 .. 1000 */
	bool	priority; /* takes precedence in ties */
	int32_t share;	  /* result: how many NPCs it is entitled to, those by hand included */
	int32_t least;	  /* of use to market_divide() alone, as what follows */
	int32_t most;
	int32_t parts;
	int64_t remainder;
	bool	ahead;
	bool	aside;
} Claimant;

#define CLAIMANT_WEIGHT		  10
#define CLAIMANT_WEIGHT_OWNER 12

/*
 * Divides NPCs: everybody's share is the smallest of its demand, its proof, and its weight times one level, which is as high as the NPCs
 * allow, but no less than it has by hand.  Parts of an NPC go to the largest remainder, then to who has priority, then to the smallest id.
 * 'npcs' counts those that the claimants have by hand, and none that others have so.  Sorts the claimants by id.
 */
extern void market_divide(Claimant *claimants, int count, int32_t npcs);

/* When a closed socket cut questions off: how many such moments are forgiven is bounded, or nobody who closes it ever misses a question. */
#define CUT_OFFS_FORGIVEN 3 /* within CUT_OFFS_WITHIN */
#define CUT_OFFS_WITHIN	  (3600 * SIM_SECOND)

typedef struct CutOffs
{
	int64_t latest[CUT_OFFS_FORGIVEN]; /* when they were forgiven, the latest first, microseconds; 0: never */
} CutOffs;

/*
 * Whether the questions that a player had under way when its socket closed at 'now' are left out of its reliability and its proof; otherwise they count
 * as missed.
 */
extern bool cut_off_forgiven(CutOffs *cut_offs, int64_t now);

#endif /* NPCSIM_MARKET_MARKET_H */
