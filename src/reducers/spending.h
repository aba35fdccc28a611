/*
 * spending.h
 *	  Whom a claim may ask now: budgets of tokens last their day, and sources are asked no more often than they take.
 *
 * Spending is delivery: nothing of it is known to the rules of a world, but that somebody's questions wait (engine/presence.c).
 */
#ifndef NPCSIM_REDUCERS_SPENDING_H
#define NPCSIM_REDUCERS_SPENDING_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "market/pacing.h"
#include "reducers/questions.h"
#include "tables/paces.h"

/* What a mind is told of the tokens that it may spend: of the budget of which least is left. */
typedef struct BudgetTold
{
	bool  any;	/* there is a budget */
	int32 pace; /* pace_speed() */
	int64 left; /* tokens */
	int64 tokens_per_decision;
} BudgetTold;

/* What one question spends, so that it can be given back. */
#define BUDGETS_MOST 3
typedef struct Expense
{
	int		   pace[BUDGETS_MOST]; /* places in the claim's rows; -1 = none */
	int64	   lent[BUDGETS_MOST]; /* by the reserve of each, thousandths */
	int64	   cost;
	int		   source; /* -1 = it is asked as often as it likes */
	bool	   of_npc; /* the NPC has a budget of its own, which has this pace now: */
	Pace	   npc_pace;
	BudgetTold told;
} Expense;

/* What the sessions of a claim may spend. */
typedef struct Spending Spending;

/* One whose player's questions may be handed out to it. */
typedef struct Spender
{
	int64		   player_id;
	int64		   world_id;
	int64		   source_id;
	SpendingLimits limits;
} Spender;

extern Spending *spending_begin(const OpenQuestions *open, int spenders_most);
/*
 * Adds whoever may be asked; all of them are added before the first question is. Returns its number.
 */
extern int spending_add(Spending *spending, const Spender *spender);
/* Spends what a question costs, if it may be put to the spender now. */
extern bool spending_take(Spending *spending, int spender, const OpenQuestion *question, Expense *expense);
/* Gives back what was spent for a question that was not handed out. */
extern void spending_give_back(Spending *spending, const Expense *expense);
/* Writes down what was spent. */
extern void spending_end(Spending *spending);

/* ---- for those who show it ---- */

/* How a player's tokens stand now: what limits it, without its NPCs' own budgets. */
typedef struct BudgetStanding
{
	SpendingLimits limits;
	bool		   paced; /* there is a budget */
	int32		   pace;  /* pace_speed() of the slower one */
	int64 wait_ms; /* until its next question that is not urgent; 0 = none, INT64_MAX = until the day turns */
} BudgetStanding;

/* Returns false if there is no such player. */
extern bool budget_standing(int64 player_id, BudgetStanding *standing);
/* Whether a source was asked as often as it may be for now; 'rate': thousandths of a decision a second, 0 = no limit. */
extern bool source_is_limited(int64 source_id, int32 rate);
/* What the player's mind would be told of its budget if it were asked about an NPC now. */
extern BudgetTold budget_told(int64 world_id, int64 npc_id, int64 player_id);

#endif /* NPCSIM_REDUCERS_SPENDING_H */
