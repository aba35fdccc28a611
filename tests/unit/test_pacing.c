/*
 * test_pacing.c
 *	  How a budget of tokens lasts its day.
 */
#include "market/pacing.h"
#include "sim/random.h"
#include "tap.h"

#include <stdlib.h>

#define SECOND	INT64_C(1000)
#define HOUR	(3600 * SECOND)
#define DAY		(24 * HOUR)
#define BEGINS	(INT64_C(800000000) * SECOND)
#define SECONDS 86400

static int64_t spent_in[SECONDS];

/*
 * Spends a day's budget: every second there is a question with the given chance (thousandths), urgent ones with another.  What is spent in each second
 * is in spent_in[].
 */
static int64_t
spend(int64_t tokens, int64_t cost, uint32_t chance, uint32_t urgent, int from, int until)
{
	Pace   pace = {0};
	Budget budget = {.tokens = tokens, .begins = BEGINS, .ends = BEGINS + DAY};

	for (int second = 0; second < SECONDS; second++)
	{
		int64_t now = BEGINS + second * SECOND;

		spent_in[second] = 0;
		if (second < from || second >= until)
			continue;
		if (sim_random_below(7, 1, (uint64_t) second, 1000) < urgent &&
			pace_take(&pace, &budget, cost, true, now))
			spent_in[second] += cost;
		budget.spent += spent_in[second];
		if (sim_random_below(7, 2, (uint64_t) second, 1000) < chance &&
			pace_take(&pace, &budget, cost, false, now))
		{
			spent_in[second] += cost;
			budget.spent += cost;
		}
	}
	return budget.spent;
}

/* The least and the most that was spent in any hour that lies within these seconds. */
static void
hours(int from, int until, int64_t *least, int64_t *most)
{
	int64_t sum = 0;

	*least = INT64_MAX;
	*most = 0;
	for (int second = from; second < until; second++)
	{
		sum += spent_in[second];
		if (second - from < 3600 - 1)
			continue;
		*least = sum < *least ? sum : *least;
		*most = sum > *most ? sum : *most;
		sum -= spent_in[second - 3600 + 1];
	}
}

static void
test_even(int64_t tokens, int64_t cost)
{
	int64_t even = tokens / 24;
	int64_t slack = even / 10 > cost ? even / 10 : cost;
	int64_t least;
	int64_t most;
	int64_t spent = spend(tokens, cost, 1000, 0, 0, SECONDS);

	hours(0, SECONDS, &least, &most);
	tap_ok(spent <= tokens && spent >= tokens - even / 10 - cost,
		   "%lld tokens, %lld a decision: a day's budget lasts its day: %lld", (long long) tokens,
		   (long long) cost, (long long) spent);
	tap_ok(least >= even - slack && most <= even + slack, "every hour has its part, %lld: %lld to %lld",
		   (long long) even, (long long) least, (long long) most);
}

static void
test_uneven(void)
{
	int64_t least;
	int64_t most;
	int64_t spent = spend(86400, 50, 1000, 0, 12 * 3600, SECONDS);

	hours(13 * 3600, 23 * 3600, &least, &most);
	tap_ok(spent > 86000 && least > 7200 * 9 / 10 && most < 7200 * 11 / 10,
		   "what a quiet morning left the afternoon has: %lld, %lld to %lld an hour", (long long) spent,
		   (long long) least, (long long) most);
}

static void
test_urgent(void)
{
	int64_t least;
	int64_t most;
	int64_t urgent = 0;
	int64_t spent;

	/* All the urgent ones there can be, from nine to ten. */
	spent = spend(86400, 50, 0, 1000, 9 * 3600, 10 * 3600);
	tap_ok(spent >= 86400 * 9 / 24, "urgent questions have what was left so far, %lld", (long long) spent);
	tap_ok(spent <= 86400 * 10 / 24 + 86400 / 5 + 50, "and a reserve of a fifth of the day's budget");
	spent = spend(86400, 50, 1000, 2, 0, SECONDS);
	hours(0, SECONDS, &least, &most);
	for (int second = 0; second < SECONDS; second++)
		urgent += spent_in[second] > 0;
	tap_ok(spent <= 86400 && spent >= 86400 - 500, "the budget is spent, and no more: %lld",
		   (long long) spent);
	tap_ok(least >= 3600 * 7 / 10, "and no hour goes without: %lld to %lld", (long long) least,
		   (long long) most);
}

static void
test_limits(void)
{
	Pace   pace = {0};
	Budget budget = {.tokens = 0, .begins = BEGINS, .ends = BEGINS + DAY};

	tap_ok(!pace_take(&pace, &budget, 1, true, BEGINS), "without a budget nothing is spent");
	tap_ok(pace_wait(&pace, &budget, 1, BEGINS) == INT64_MAX, "however long one waits");
	budget.tokens = INT64_MAX;
	tap_ok(pace_take(&pace, &budget, BUDGET_MOST / 1000, false, BEGINS),
		   "as large a budget as there can be is one");
	budget.spent = INT64_MAX;
	tap_ok(!pace_take(&pace, &budget, 1, true, BEGINS + DAY), "what is overspent is");
	budget = (Budget) {.tokens = 86400, .begins = BEGINS, .ends = BEGINS + DAY};
	pace = (Pace) {0};
	tap_ok(pace_take(&pace, &budget, 50, false, BEGINS), "the first question is put at once");
	budget.spent = 50;
	for (int i = 0; i < 20 && pace_take(&pace, &budget, 50, false, BEGINS); i++)
		budget.spent += 50;
	tap_ok(budget.spent <= 360 + 50, "and what an hour may be ahead, %lld", (long long) budget.spent);
	tap_ok(pace_wait(&pace, &budget, 50, BEGINS) <= 51 * SECOND,
		   "the next is due within its part of the day, %lld ms",
		   (long long) pace_wait(&pace, &budget, 50, BEGINS));
	tap_ok(pace_take(&pace, &budget, 50, false, BEGINS + pace_wait(&pace, &budget, 50, BEGINS)),
		   "and then it is put");
	tap_ok(!pace_take(&pace, &budget, 50, false, BEGINS - HOUR), "a clock that went back gives nothing");
	budget.begins = budget.ends = BEGINS;
	tap_ok(pace_wait(&pace, &budget, 50, BEGINS + DAY) >= 0, "a day without length is endured");
}

int
main(void)
{
	test_even(86400, 50);
	test_even(1200, 50);
	test_even(INT64_C(86400000), 50000);
	test_even(20000, 1);
	test_uneven();
	test_urgent();
	test_limits();
	return tap_done();
}
