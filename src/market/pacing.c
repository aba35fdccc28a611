/*
 * pacing.c
 *	  How a budget of tokens lasts its day.
 */
#include "market/pacing.h"

#define THOUSAND   1000
#define HOUR	   INT64_C(3600000)
#define LEFT_LEAST 60000 /* milliseconds over which the last of a budget is spread */

static int64_t
max_int64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
min_int64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* number * part / whole for 0 <= part and 0 < whole, both at most some days of milliseconds, and number at most BUDGET_MOST thousandths. */
static int64_t
scaled(int64_t number, int64_t part, int64_t whole)
{
	return number / whole * part + number % whole * part / whole;
}

static int64_t
left_of(const Budget *budget)
{
	return max_int64(min_int64(budget->tokens, BUDGET_MOST) - budget->spent, 0) * THOUSAND;
}

static int64_t
time_left(const Budget *budget, int64_t now)
{
	return max_int64(budget->ends - now, LEFT_LEAST);
}

/* What is saved now, thousandths of a token. */
static int64_t
saved_at(const Pace *pace, const Budget *budget, int64_t cost, int64_t now)
{
	int64_t since = max_int64(pace->as_of, budget->begins);
	int64_t left = left_of(budget);
	int64_t span = time_left(budget, now);
	int64_t most =
		max_int64(scaled(left, min_int64(HOUR, span), span) / THOUSAND * PACE_SAVED, cost * THOUSAND);

	/* At first, and after a long time, there is one decision. */
	if (pace->as_of == 0 || now - since >= span)
		return most;
	return min_int64(pace->saved + scaled(left, max_int64(now - since, 0), span), most);
}

static bool
is_within_reserve(const Budget *budget, int64_t cost, int64_t now)
{
	int64_t day = max_int64(budget->ends - budget->begins, 1);
	int64_t gone = min_int64(max_int64(now - budget->begins, 0), day);
	int64_t tokens = min_int64(budget->tokens, BUDGET_MOST);

	return budget->spent + cost <= scaled(tokens, gone, day) + tokens / THOUSAND * PACE_RESERVE +
									   tokens % THOUSAND * PACE_RESERVE / THOUSAND;
}

bool
pace_take(Pace *pace, const Budget *budget, int64_t cost, bool urgent, int64_t now)
{
	int64_t saved;

	if (cost * THOUSAND > left_of(budget))
		return false;
	saved = saved_at(pace, budget, cost, now);
	if (saved < cost * THOUSAND && !(urgent && is_within_reserve(budget, cost, now)))
		return false;
	pace->saved = max_int64(saved - cost * THOUSAND, 0);
	pace->as_of = now;
	return true;
}

int64_t
pace_wait(const Pace *pace, const Budget *budget, int64_t cost, int64_t now)
{
	int64_t left = left_of(budget);
	int64_t span = time_left(budget, now);
	int64_t missing = cost * THOUSAND - saved_at(pace, budget, cost, now);

	if (cost * THOUSAND > left)
		return INT64_MAX;
	if (missing <= 0)
		return 0;
	/* Both are halved until their product with the span fits: a wait need not be exact to the millisecond. */
	for (; left > INT64_C(100000000000); left /= 2)
		missing = (missing + 1) / 2;
	return missing * span / left + 1;
}
