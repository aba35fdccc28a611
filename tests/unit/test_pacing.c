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
	PacedBudget paced = {.budget = {.tokens = tokens, .begins = BEGINS, .ends = BEGINS + DAY}};

	for (int second = 0; second < SECONDS; second++)
	{
		int64_t now = BEGINS + second * SECOND;

		spent_in[second] = 0;
		if (second < from || second >= until)
			continue;
		if (sim_random_below(7, 1, (uint64_t) second, 1000) < urgent && pace_take(&paced, 1, cost, true, now))
			spent_in[second] += cost;
		paced.budget.spent += spent_in[second];
		if (sim_random_below(7, 2, (uint64_t) second, 1000) < chance &&
			pace_take(&paced, 1, cost, false, now))
		{
			spent_in[second] += cost;
			paced.budget.spent += cost;
		}
	}
	return paced.budget.spent;
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
	tap_ok(spent >= 86400 / 5, "urgent questions have a reserve of a fifth of the day's budget, %lld",
		   (long long) spent);
	tap_ok(spent <= 86400 / 5 + 86400 / 14 + 360, "and their part of the day, not what was left so far");
	spent = spend(86400, 50, 1000, 2, 0, SECONDS);
	hours(0, SECONDS, &least, &most);
	for (int second = 0; second < SECONDS; second++)
		urgent += spent_in[second] > 0;
	tap_ok(spent <= 86400 && spent >= 86400 - 500, "the budget is spent, and no more: %lld",
		   (long long) spent);
	tap_ok(least >= 3600 * 7 / 10, "and no hour goes without: %lld to %lld", (long long) least,
		   (long long) most);
}

static PacedBudget
paced(int64_t tokens)
{
	return (PacedBudget) {.budget = {.tokens = tokens, .begins = BEGINS, .ends = BEGINS + DAY}};
}

static void
test_limits(void)
{
	PacedBudget budget = paced(0);
	Pace		before;

	tap_ok(!pace_take(&budget, 1, 1, true, BEGINS), "without a budget nothing is spent");
	tap_ok(pace_wait(&budget.pace, &budget.budget, 1, BEGINS) == INT64_MAX, "however long one waits");
	budget = paced(INT64_MAX);
	tap_ok(pace_take(&budget, 1, BUDGET_MOST / 1000, false, BEGINS),
		   "as large a budget as there can be is one");
	tap_ok(!pace_take(&budget, 1, INT64_MAX, true, BEGINS), "but not for more than it has");
	budget.budget.spent = INT64_MAX;
	tap_ok(!pace_take(&budget, 1, 1, true, BEGINS + DAY), "what is overspent is");
	budget = paced(86400);
	tap_ok(pace_take(&budget, 1, 50, false, BEGINS), "the first question is put at once");
	budget.budget.spent = 50;
	for (int i = 0; i < 20 && pace_take(&budget, 1, 50, false, BEGINS); i++)
		budget.budget.spent += 50;
	tap_ok(budget.budget.spent <= 360 + 50, "and what an hour may be ahead, %lld",
		   (long long) budget.budget.spent);
	tap_ok(pace_wait(&budget.pace, &budget.budget, 50, BEGINS) <= 51 * SECOND,
		   "the next is due within its part of the day, %lld ms",
		   (long long) pace_wait(&budget.pace, &budget.budget, 50, BEGINS));
	before = budget.pace;
	tap_ok(pace_may(&budget.pace, &budget.budget, 50, false,
					BEGINS + pace_wait(&budget.pace, &budget.budget, 50, BEGINS)) &&
			   memcmp(&before, &budget.pace, sizeof(before)) == 0,
		   "then it may be put, and to ask whether takes nothing");
	tap_ok(pace_take(&budget, 1, 50, false, BEGINS + pace_wait(&budget.pace, &budget.budget, 50, BEGINS)),
		   "and it is put");
	tap_ok(!pace_take(&budget, 1, 50, false, BEGINS - HOUR), "a clock that went back gives nothing");
	budget = paced(86400);
	tap_ok(!pace_take(&budget, 1, 86401, true, BEGINS), "nothing costs more than there is");
	tap_ok(pace_take(&budget, 1, INT64_MIN, false, BEGINS) && budget.pace.saved < 360 * 1000,
		   "nor less than something");
	budget.pace = (Pace) {.saved = INT64_MAX, .as_of = BEGINS, .reserve = INT64_MIN};
	tap_ok(pace_take(&budget, 1, 20000, true, BEGINS) && budget.pace.saved == 0 && budget.pace.reserve == 0,
		   "a pace is not believed everything");
	budget.budget.begins = INT64_MIN;
	budget.budget.ends = INT64_MAX;
	tap_ok(pace_wait(&budget.pace, &budget.budget, 50, BEGINS + DAY) >= 0, "a day without end is endured");
	budget.budget.begins = budget.budget.ends = BEGINS;
	tap_ok(pace_wait(&budget.pace, &budget.budget, 50, BEGINS + DAY) >= 0, "as is one without length");
}

/* A question spends of an NPC's, a player's and a world's budget: of all of them or of none. */
static void
test_several(void)
{
	PacedBudget budgets[] = {paced(86400), paced(86400), paced(10)};
	PacedBudget before[3];

	memcpy(before, budgets, sizeof(budgets));
	tap_ok(!pace_take(budgets, 3, 50, true, BEGINS), "what one budget has too little for is not put");
	tap_ok(memcmp(before, budgets, sizeof(budgets)) == 0, "and the others keep what they have");
	tap_ok(pace_take(budgets, 2, 50, false, BEGINS), "what all have enough for is");
	tap_ok(budgets[0].pace.saved == 310000 && budgets[1].pace.saved == 310000, "and taken from all");
}

/* The reserve is one of a day. */
static void
test_reserve(void)
{
	PacedBudget budget = paced(86400);
	int			taken[2] = {0};

	for (int day = 0; day < 2; day++)
	{
		while (pace_take(&budget, 1, 50, true, BEGINS + day * DAY))
		{
			taken[day]++;
			budget.budget.spent += 50;
		}
		budget.budget = (Budget) {.tokens = 86400, .begins = BEGINS + DAY, .ends = BEGINS + 2 * DAY};
	}
	tap_is_int(taken[0], 86400 / 5 / 50 + 7, "a reserve of a fifth, and a tenth of an hour's part");
	tap_ok(taken[1] >= 86400 / 5 / 50, "every day: %d", taken[1]);
}

/* What an answer cost is known behind it. */
static void
test_settled(void)
{
	PacedBudget budget = paced(86400);
	int64_t		reserve;

	while (pace_take(&budget, 1, 50, false, BEGINS))
		;
	pace_settle(&budget.pace, 50);
	tap_ok(pace_take(&budget, 1, 50, false, BEGINS), "what a question did not cost is there for the next");
	pace_settle(&budget.pace, -1000);
	tap_ok(pace_wait(&budget.pace, &budget.budget, 50, BEGINS) > 1000 * SECOND,
		   "what it cost more is waited for, %lld ms",
		   (long long) pace_wait(&budget.pace, &budget.budget, 50, BEGINS));
	tap_ok(pace_take(&budget, 1, 50, true, BEGINS), "but not by urgent ones");
	tap_is_int(budget.pace.reserve, 50000, "which the reserve lends no more than they cost");
	reserve = budget.pace.reserve;
	tap_ok(!pace_may(&budget.pace, &budget.budget, 50, false, BEGINS + 900 * SECOND) &&
			   pace_may(&budget.pace, &budget.budget, 50, false, BEGINS + 1100 * SECOND),
		   "and what is lacking stays so meanwhile");
	pace_settle(&budget.pace, INT64_MAX);
	(void) pace_take(&budget, 1, 50, false, BEGINS);
	tap_ok(budget.pace.saved <= 360000 && budget.pace.reserve == reserve,
		   "nobody saves more by it than can be saved");
	pace_settle(&budget.pace, INT64_MIN);
	tap_ok(pace_wait(&budget.pace, &budget.budget, 50, BEGINS) > 0, "whatever the numbers are");
}

static void
test_speed(void)
{
	Budget budget = {.tokens = 86400, .begins = BEGINS, .ends = BEGINS + DAY};

	tap_is_int(pace_speed(&budget, BEGINS), 1000, "a day begins at its average");
	tap_is_int(pace_speed(&budget, BEGINS + DAY / 2), 2000,
			   "who spent nothing until noon may spend twice that");
	budget.spent = 64800;
	tap_is_int(pace_speed(&budget, BEGINS + DAY / 2), 500, "who spent three quarters half of it");
	budget.spent = 86400;
	tap_is_int(pace_speed(&budget, BEGINS + DAY / 2), 0, "and who spent all nothing");
	budget = (Budget) {.tokens = INT64_MAX, .spent = INT64_MIN, .begins = INT64_MIN, .ends = INT64_MIN};
	tap_ok(pace_speed(&budget, INT64_MAX) <= PACE_FASTEST, "whatever the numbers are");
	tap_is_int(pace_speed(&(Budget) {0}, BEGINS), 0, "nothing of nothing");
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
	test_several();
	test_reserve();
	test_settled();
	test_speed();
	return tap_done();
}
