/*
 * pacing.h
 *	  How a budget of tokens lasts its day.
 *
 * What is left of a budget comes evenly over what is left of its day, and little of it can be saved: so spending over any hour is
 * even within PACE_SAVED thousandths, or one decision, while there is demand.  Urgent questions need not wait as long as they took at most
 * PACE_RESERVE thousandths of the budget ahead of the day; the others then come more slowly for the rest of it.
 */
#ifndef NPCSIM_MARKET_PACING_H
#define NPCSIM_MARKET_PACING_H

#include "sim/sim.h"

#define PACE_SAVED	 100 /* thousandths of an hour's part that can be saved */
#define PACE_RESERVE 200 /* thousandths of the budget */

/* Most tokens of a budget; larger ones are never spent. */
#define BUDGET_MOST INT64_C(1000000000000)

typedef struct Pace
{
	int64_t saved;	 /* thousandths of a token, at as_of; below 0: more was spent */
	int64_t as_of;	 /* milliseconds; 0: nothing was spent yet */
	int64_t reserve; /* thousandths of a token that urgent questions took from the reserve of its day */
} Pace;

typedef struct Budget
{
	int64_t tokens; /* of the day, 0 .. BUDGET_MOST */
	int64_t spent;	/* of them so far, what is under way included */
	int64_t begins; /* its day, milliseconds */
	int64_t ends;
} Budget;

/* Whether a question that will cost so many tokens may be put now (milliseconds). */
extern bool pace_may(const Pace *pace, const Budget *budget, int64_t cost, bool urgent, int64_t now);

typedef struct PacedBudget
{
	Pace   pace;
	Budget budget;
} PacedBudget;

/*
 * Puts a question that spends of several budgets (an NPC's, its player's, its world's): if it may be put by all of them it is taken from all paces, not from the
 * budgets; otherwise nothing is changed.
 */
extern bool pace_take(PacedBudget *budgets, int count, int64_t cost, bool urgent, int64_t now);

/*
 * Notes that a question cost so many tokens less than it was taken for; more, below 0.  Too many that are saved by it are lost when time
 * goes on, as always.
 */
extern void pace_settle(Pace *pace, int64_t tokens);

/* Milliseconds until a question that is not urgent may be put; 0: at once; INT64_MAX: not in this day. */
extern int64_t pace_wait(const Pace *pace, const Budget *budget, int64_t cost, int64_t now);

/*
 * How fast what is left may be spent, thousandths of the day's average, 0 .. PACE_FASTEST: what a mind is told, so that it plans longer or
 * shorter.
 */
#define PACE_FASTEST 10000

extern int32_t pace_speed(const Budget *budget, int64_t now);

#endif /* NPCSIM_MARKET_PACING_H */
