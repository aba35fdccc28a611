/*
 * test_needs.c
 *	  Tests that needs fall and rise exactly, and that the moment at which they cross a threshold is known.
 */
#include "sim/needs.h"
#include "sim/random.h"
#include "sim/types.h"
#include "tap.h"

static uint64_t draws;

static uint64_t
draw(void)
{
	return sim_random(2024, 1, draws++);
}

static int64_t
draw_between(int64_t least, int64_t most)
{
	return least + (int64_t) (draw() % (uint64_t) (most - least + 1));
}

static void
test_names(void)
{
	const char *const names[] = {"hunger", "hygiene", "fun", "energy"};

	for (int i = 0; i < (int) (sizeof(names) / sizeof(names[0])); i++)
	{
		tap_is_str(need_names[i], names[i], "need %d is %s", i, names[i]);
		tap_is_int(need_by_name(names[i]), i, "%s is found by its name", names[i]);
	}
	for (int i = 0; i < NEED_COUNT; i++)
		tap_is_int(need_by_name(need_names[i]), i, "each is found");
	tap_is_int(need_by_name("sorrow"), -1, "there is no sorrow");
	tap_is_int(need_by_name("Hunger"), -1, "names are spelt as they are");
	tap_is_int(need_by_name(""), -1, "no need has an empty name");
	tap_is_int(need_by_name(NULL), -1, "nor none");
}

static void
test_decay_and_gain(void)
{
	const int32_t decay = 1500000; /* 1.5 a second */

	tap_is_int(need_at(40000000, -decay, 0, 10 * SIM_SECOND), 25000000,
			   "40.0 falls by 1.5 a second to 25.0 in 10 s");
	tap_is_int(need_at(40000000, -decay, 7 * SIM_SECOND, 7500000), 39250000, "half a second counts half");
	tap_is_int(need_at(40000000, 5000000 - decay, 0, 2 * SIM_SECOND), 47000000,
			   "hunger 40.0, falling by 1.5 a second, is 47.0 after 2 s at an apple");
	tap_is_int(need_at(100000000, -1000000, 0, 100 * SIM_SECOND), 0, "100 falls by 1 a second to 0 in 100 s");
	tap_is_int(need_at(100000000, -1000000, 0, 100 * SIM_SECOND - 1), 1, "and not a microsecond sooner");
	tap_is_int(need_at(100000000, -2000000, 0, 3600 * SIM_SECOND), 0, "no need falls below 0");
	tap_is_int(need_at(95000000, 10000000, 0, 500000), 100000000,
			   "95.0 rises by 10 a second to 100.0 in 0.5 s");
	tap_is_int(need_at(95000000, 10000000, 0, 501000), 100000000, "no need rises above 100");
	tap_is_int(need_at(50000000, 0, 0, INT64_MAX), 50000000, "without a rate nothing changes, ever");
	tap_is_int(need_at(50000000, -1500000, 100, 100), 50000000, "at the base it is the value");
	tap_is_int(need_at(50000000, -1500000, 100, 99), 50000000, "before the base too");
	tap_is_int(need_at(-5, 0, 0, 0), 0, "a value below the range counts as 0");
	tap_is_int(need_at(100000001, 0, 0, 0), NEED_MAX, "a value above the range counts as 100");
}

static void
test_rounding(void)
{
	tap_is_int(need_at(50, -1, 0, 1), 49, "a loss shows at once");
	tap_is_int(need_at(50, -1, 0, 1000000), 49, "and is one millionth after a second");
	tap_is_int(need_at(50, -1, 0, 1000001), 48, "the next begins right after");
	tap_is_int(need_at(50, 1, 0, 999999), 50, "a gain shows when it is complete");
	tap_is_int(need_at(50, 1, 0, 1000000), 51, "one millionth after a second");
	tap_is_int(need_at(50000000, -1234567, 0, 1), 49999998, "1.234567 millionths lost leave two less");
	tap_is_int(need_at(50000000, 1234567, 0, 1), 50000001, "1.234567 millionths gained add one");
}

/* value + floor(rate * elapsed / 10^6), clamped, in 128 bits */
static int32_t
reference_need(int32_t value, int32_t rate, int64_t as_of, int64_t now)
{
	__int128 product = (__int128) rate * ((__int128) now - as_of);
	__int128 result = value + product / SIM_SECOND - (product % SIM_SECOND < 0);

	return result < 0 ? 0 : result > NEED_MAX ? NEED_MAX : (int32_t) result;
}

static void
test_against_wide_arithmetic(void)
{
	static const int64_t spans[] = {1000, 10000000, INT64_C(1000000000000), INT64_MAX};
	int					 wrong = 0;

	for (int i = 0; i < 200000; i++)
	{
		int32_t value = (int32_t) draw_between(0, NEED_MAX);
		int32_t rate = (int32_t) draw() >> draw_between(0, 24);
		int64_t as_of = i % 5 == 0 ? -INT64_C(1000000000000) : draw_between(0, INT64_C(1000000000000));
		int64_t longest = spans[draw_between(0, 3)];
		int64_t now;

		if (as_of > 0 && longest > INT64_MAX - as_of)
			longest = INT64_MAX - as_of;
		now = as_of + draw_between(0, longest - 1);
		wrong += need_at(value, rate, as_of, now) != reference_need(value, rate, as_of, now);
	}
	tap_is_int(wrong, 0, "200,000 values at random moments equal those in 128 bits");
	tap_is_int(need_at(1, INT32_MAX, 0, INT64_MAX), NEED_MAX, "the largest rate for ever ends at 100");
	tap_is_int(need_at(NEED_MAX, INT32_MIN, 0, INT64_MAX), 0, "the smallest at 0");
	tap_is_int(need_at(NEED_MAX, -1, INT64_MIN, INT64_MAX), 0, "all of time is not too long");
	tap_is_int(need_at(0, 1, INT64_MIN, INT64_MAX), NEED_MAX, "not for the slowest rise either");
}

static void
test_rebase(void)
{
	Needs		  needs = {.value = {100000000, 50000000, 1000000, 20000000},
						   .rate = {-1000000, -2000000, -1500000, 8500000},
						   .as_of = 4 * SIM_SECOND};
	const int32_t rates[NEED_COUNT] = {-1000000, -2000000, -1500000, 8500000};
	const int32_t values[NEED_COUNT] = {98000000, 46000000, 0, 37000000};
	int			  above = 0;
	int			  below = 0;

	needs_rebase(&needs, 6 * SIM_SECOND);
	tap_is_int(needs.as_of, 6 * SIM_SECOND, "re-basing makes now the base");
	for (int i = 0; i < NEED_COUNT; i++)
	{
		tap_is_int(needs.value[i], values[i], "%s has its value of now", need_names[i]);
		tap_is_int(needs.rate[i], rates[i], "and its rate");
	}
	needs_rebase(&needs, 6 * SIM_SECOND);
	tap_ok(memcmp(needs.value, values, sizeof(values)) == 0,
		   "re-basing again at the same moment changes nothing");

	for (int i = 0; i < 5000; i++)
	{
		int		times = (int) draw_between(1, 20);
		int64_t now = draw_between(0, 1000000);
		Needs	start = {.as_of = now};
		Needs	based;

		for (int n = 0; n < NEED_COUNT; n++)
		{
			start.value[n] = (int32_t) draw_between(0, NEED_MAX);
			start.rate[n] = (int32_t) draw_between(-2000000, 10000000);
		}
		based = start;
		for (int t = 0; t < times; t++)
			needs_rebase(&based, now += draw_between(0, 3000000));
		for (int n = 0; n < NEED_COUNT; n++)
		{
			int32_t direct = need_at(start.value[n], start.rate[n], start.as_of, now);

			above += based.value[n] > direct;
			below += based.value[n] < direct - times;
		}
	}
	tap_is_int(above, 0, "re-basing on the way never makes a need higher");
	tap_is_int(below, 0, "nor lower by more than one millionth each time");
}

static bool
beyond(int32_t value, int32_t rate, int32_t threshold)
{
	return rate < 0 ? value < threshold : value >= threshold;
}

static void
test_crossing_is_exact(void)
{
	int missed = 0;
	int early = 0;
	int past = 0;
	int invented = 0;
	int crossings = 0;

	for (int i = 0; i < 200000; i++)
	{
		int		small = (int) draw_between(0, 1);
		int32_t value = (int32_t) draw_between(0, small ? 50 : NEED_MAX);
		int32_t rate = (int32_t) draw_between(small ? -9 : -3000000, small ? 9 : 12000000);
		int32_t threshold =
			(int32_t) draw_between(small ? -3 : -NEED_UNIT, small ? 55 : NEED_MAX + NEED_UNIT);
		int64_t as_of = draw_between(0, 100000000);
		int64_t now = as_of + draw_between(0, small ? 4000000 : 60000000);
		int64_t at = need_crosses(value, rate, as_of, now, threshold);

		if (at != SIM_NEVER)
		{
			crossings++;
			past += at <= now;
			missed += !beyond(need_at(value, rate, as_of, at), rate, threshold);
			early += beyond(need_at(value, rate, as_of, at - 1), rate, threshold);
		}
		else
			/* it has happened by now, or not at the end of time */
			invented += rate != 0 && !beyond(need_at(value, rate, as_of, now), rate, threshold) &&
						beyond(need_at(value, rate, as_of, INT64_MAX), rate, threshold);
	}
	tap_ok(crossings > 40000, "many random needs cross their threshold (%d of 200,000)", crossings);
	tap_is_int(missed, 0, "at the moment of crossing the need is beyond the threshold");
	tap_is_int(early, 0, "a microsecond before it is not");
	tap_is_int(past, 0, "the moment lies in the future");
	tap_is_int(invented, 0, "\"never\" is said only when it will not happen or has happened");
}

static void
test_crossing_examples(void)
{
	tap_is_int(need_crosses(60000000, -1000000, 0, 0, 50000000), 10 * SIM_SECOND + 1,
			   "60.0 falling by 1 a second is below 50.0 right after 10 s");
	tap_is_int(need_crosses(40000000, 3500000, 0, 0, 99000000), 16857143,
			   "40.0 rising by 3.5 a second reaches 99.0 after 16.857143 s");
	tap_is_int(need_crosses(90000000, 10000000, 0, 0, NEED_MAX), SIM_SECOND, "100 is reached exactly");
	tap_ok(need_crosses(90000000, 10000000, 0, SIM_SECOND, NEED_MAX) == SIM_NEVER, "now is not the future");
	tap_ok(need_crosses(90000000, 10000000, 0, 0, NEED_MAX + 1) == SIM_NEVER, "above 100 nothing is reached");
	tap_ok(need_crosses(90000000, -10000000, 0, 0, 0) == SIM_NEVER, "nothing falls below 0");
	tap_is_int(need_crosses(90000000, -10000000, 0, 0, 1), 9 * SIM_SECOND, "but to 0");
	tap_ok(need_crosses(40000000, -1000000, 0, 0, 50000000) == SIM_NEVER,
		   "what is low already falls no more below");
	tap_ok(need_crosses(50000000, 0, 0, 0, 50000001) == SIM_NEVER, "without a rate nothing is crossed");
	tap_is_int(need_crosses(50000000, -1000000, 0, 0, 50000000), 1,
			   "from the threshold itself it takes a microsecond");
	tap_ok(need_crosses(1, -1, INT64_MAX - 10, INT64_MAX - 10, 1) != SIM_NEVER,
		   "a crossing just before the end of time is found");
	tap_ok(need_crosses(NEED_MAX, -1, INT64_MAX - 10, INT64_MAX - 10, 1) == SIM_NEVER,
		   "one after it is never");
	tap_ok(need_crosses(0, INT32_MAX, INT64_MIN, INT64_MIN, NEED_MAX) < INT64_MIN + SIM_SECOND &&
			   need_crosses(NEED_MAX, INT32_MIN, INT64_MIN, INT64_MIN, 1) < INT64_MIN + SIM_SECOND,
		   "extreme rates and times overflow nothing");
}

static void
test_decay_of_an_npc(void)
{
	int32_t least = INT32_MAX;
	int32_t most = 0;
	int64_t sum = 0;
	int		low_half = 0;
	int		uneven = 0;
	enum
	{
		NPCS = 100000
	};

	for (int64_t npc = 1; npc <= NPCS; npc++)
	{
		int32_t decay = needs_draw_decay(42, npc, 1000000, 2000000);

		least = decay < least ? decay : least;
		most = decay > most ? decay : most;
		sum += decay;
		low_half += decay < 1500000;
		uneven += decay != 1000000 + (int32_t) sim_random_below(42, npc, SIM_COUNTER_DECAY, 1000001);
	}
	tap_ok(least >= 1000000 && least < 1000200, "the slowest of 100,000 NPCs decays by 1.0 a second (%d)",
		   least);
	tap_ok(most <= 2000000 && most > 1999800, "the fastest by 2.0 (%d)", most);
	tap_ok(sum / NPCS > 1495000 && sum / NPCS < 1505000, "the mean is 1.5 (%lld)", (long long) (sum / NPCS));
	tap_ok(low_half > 49200 && low_half < 50800, "half of them are below 1.5 (%d)", low_half);
	tap_is_int(uneven, 0, "each of 1,000,001 rates from 1.0 to 2.0 is as likely");
	tap_is_int(needs_draw_decay(42, 1, NEED_DECAY_REFERENCE_MIN, NEED_DECAY_REFERENCE_MAX), 1246889,
			   "NPC 1 of world 42 has the rate it always had");
	tap_ok(needs_draw_decay(42, 2, 1000000, 2000000) != 1246889, "NPC 2 another");
	tap_ok(needs_draw_decay(7, 1, 1000000, 2000000) != 1246889, "NPC 1 of another world too");
	tap_is_int(needs_draw_decay(42, 1, 100000, 200000), 124689,
			   "of another range it is the same share of the way");
	tap_is_int(needs_draw_decay(42, 1, 0, 0), 0, "it may be nothing");
	tap_is_int(needs_draw_decay(42, 1, NEED_DECAY_MOST, NEED_DECAY_MOST), NEED_DECAY_MOST, "or all of it");
	tap_ok(needs_draw_decay(42, 1, 0, NEED_DECAY_MOST) <= NEED_DECAY_MOST, "and anything between");
}

int
main(void)
{
	test_names();
	test_decay_and_gain();
	test_rounding();
	test_against_wide_arithmetic();
	test_rebase();
	test_crossing_examples();
	test_crossing_is_exact();
	test_decay_of_an_npc();
	return tap_done();
}
