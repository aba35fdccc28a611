/*
 * pacing.c
 *	  How a budget of tokens lasts its day.
 */
#include "market/pacing.h"

#include "market/numbers.h"

#define HOUR	   INT64_C(3600000)
#define LEFT_LEAST 60000	   /* milliseconds over which the last of a budget is spread */
#define DAY_MOST   (48 * HOUR) /* a longer day is a mistake of the caller's */

/* number * part / whole, for parts and wholes of at most DAY_MOST, and numbers of at most BUDGET_MOST thousandths. */
static int64_t
scaled(int64_t number, int64_t part, int64_t whole)
{
	return number / whole * part + number % whole * part / whole;
}

/* Thousandths of a token, as all that follows. */
static int64_t
tokens_of(const Budget *budget)
{
	return within(budget->tokens, 0, BUDGET_MOST) * THOUSAND;
}

static int64_t
left_of(const Budget *budget)
{
	return max_int64(tokens_of(budget) - within(budget->spent, 0, BUDGET_MOST) * THOUSAND, 0);
}

static int64_t
cost_of(int64_t tokens)
{
	return within(tokens, 1, BUDGET_MOST + 1) * THOUSAND;
}

static int64_t
time_left(const Budget *budget, int64_t now)
{
	return within(elapsed(now, budget->ends), LEFT_LEAST, DAY_MOST);
}

/* What is saved now. */
static int64_t
saved_at(const Pace *pace, const Budget *budget, int64_t cost, int64_t now)
{
	int64_t passed = elapsed(max_int64(pace->as_of, budget->begins), now);
	int64_t left = left_of(budget);
	int64_t span = time_left(budget, now);
	int64_t most = max_int64(scaled(left, min_int64(HOUR, span), span) / THOUSAND * PACE_SAVED, cost);

	/* At first, and after a long time, there is one decision. */
	if (pace->as_of == 0 || passed >= span)
		return most;
	return min_int64(within(pace->saved, -BUDGET_MOST * THOUSAND, most) + scaled(left, passed, span), most);
}

/* What urgent questions took in the day of this budget. */
static int64_t
taken_from_reserve(const Pace *pace, const Budget *budget)
{
	return pace->as_of < budget->begins ? 0 : within(pace->reserve, 0, BUDGET_MOST * THOUSAND);
}

bool
pace_may(const Pace *pace, const Budget *budget, int64_t cost, bool urgent, int64_t now)
{
	int64_t price = cost_of(cost);
	int64_t saved = saved_at(pace, budget, price, now);
	int64_t lacks = price - max_int64(saved, 0);

	if (price > left_of(budget))
		return false;
	return saved >= price || (urgent && taken_from_reserve(pace, budget) + lacks <=
											tokens_of(budget) / THOUSAND * PACE_RESERVE);
}

static void
pace_spend(Pace *pace, const Budget *budget, int64_t cost, int64_t now)
{
	int64_t price = cost_of(cost);
	int64_t saved = saved_at(pace, budget, price, now);

	pace->reserve = taken_from_reserve(pace, budget) + max_int64(price - max_int64(saved, 0), 0);
	/* What is lacking, and was not lent by the reserve, is still lacking. */
	pace->saved = max_int64(saved - price, min_int64(saved, 0));
	pace->as_of = now;
}

void
pace_settle(Pace *pace, int64_t tokens)
{
	pace->saved = within(pace->saved, -BUDGET_MOST * THOUSAND, BUDGET_MOST * THOUSAND) +
				  within(tokens, -BUDGET_MOST, BUDGET_MOST) * THOUSAND;
}

bool
pace_take(PacedBudget *budgets, int count, int64_t cost, bool urgent, int64_t now)
{
	for (int i = 0; i < count; i++)
		if (!pace_may(&budgets[i].pace, &budgets[i].budget, cost, urgent, now))
			return false;
	for (int i = 0; i < count; i++)
		pace_spend(&budgets[i].pace, &budgets[i].budget, cost, now);
	return true;
}

int64_t
pace_wait(const Pace *pace, const Budget *budget, int64_t cost, int64_t now)
{
	int64_t left = left_of(budget);
	int64_t span = time_left(budget, now);
	int64_t price = cost_of(cost);
	int64_t missing = price - saved_at(pace, budget, price, now);

	if (price > left)
		return INT64_MAX;
	if (missing <= 0)
		return 0;
	/* Both are halved until their product with the span fits: a wait need not be exact to the millisecond. */
	for (; missing > INT64_MAX / DAY_MOST; left /= 2)
		missing = (missing + 1) / 2;
	return missing * span / left + 1;
}

int32_t
pace_speed(const Budget *budget, int64_t now)
{
	int64_t day = within(elapsed(budget->begins, budget->ends), LEFT_LEAST, DAY_MOST);
	int64_t even = max_int64(scaled(tokens_of(budget), HOUR, day), 1);
	int64_t hour = scaled(left_of(budget), HOUR, time_left(budget, now));

	return (int32_t) (hour / even >= PACE_FASTEST / THOUSAND ? PACE_FASTEST : hour * THOUSAND / even);
}
