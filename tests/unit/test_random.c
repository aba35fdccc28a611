/*
 * test_random.c
 *	  Tests that random numbers are reproducible, evenly distributed, and independent of the order of NPCs.
 */
#include <stdlib.h>

#include "sim/random.h"
#include "tap.h"

/* SplitMix64 as its authors publish it, with a state. */
static uint64_t
splitmix64(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* the state after n numbers were drawn */
static uint64_t
advanced(uint64_t state, uint64_t n)
{
	return state + n * UINT64_C(0x9e3779b97f4a7c15);
}

static void
test_is_splitmix64(void)
{
	uint64_t state = 1234567;
	bool	 same = true;

	tap_ok(splitmix64(&state) == UINT64_C(6457827717110365317),
		   "the test's SplitMix64 gives the published numbers");
	for (int64_t entity = -2; entity < 40; entity++)
		for (uint64_t counter = 0; counter < 40; counter++)
		{
			uint64_t world = 99;
			uint64_t stream = splitmix64(&world);

			stream = advanced(stream, (uint64_t) entity);
			stream = splitmix64(&stream);
			stream = advanced(stream, counter);
			same = same && sim_random(99, entity, counter) == splitmix64(&stream);
		}
	tap_ok(same, "a draw is SplitMix64 three times: world, entity, counter");
	tap_ok(sim_random(0, 0, 0) == UINT64_C(2558736989570252433),
		   "draw (0, 0, 0) is what it was when worlds were first made");
	tap_ok(sim_random(42, 7, 3) == UINT64_C(12500853387672008909), "so is draw (42, 7, 3)");
}

static void
test_order_does_not_matter(void)
{
	uint64_t forwards[100];
	bool	 same = true;

	for (int i = 0; i < 100; i++)
		forwards[i] = sim_random(5, i % 10, (uint64_t) (i / 10));
	for (int i = 99; i >= 0; i--)
		same = same && sim_random(5, i % 10, (uint64_t) (i / 10)) == forwards[i];
	tap_ok(same, "draws are the same in whatever order entities are served");
}

static int
compare_draws(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a;
	uint64_t y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

static void
test_draws_differ(void)
{
	static uint64_t draws[3 * 300 * 100];
	int				count = 0;
	int				equal = 0;

	for (uint64_t seed = 0; seed < 3; seed++)
		for (int64_t entity = 0; entity < 300; entity++)
			for (uint64_t counter = 0; counter < 100; counter++)
				draws[count++] = sim_random(seed, entity, counter);
	qsort(draws, (size_t) count, sizeof(draws[0]), compare_draws);
	for (int i = 1; i < count; i++)
		equal += draws[i] == draws[i - 1];
	tap_is_int(equal, 0, "90,000 draws of 3 worlds, 300 entities and 100 counters are all different");
}

/* Flipping any one bit of the key flips about half of the result's. */
static void
test_avalanche(void)
{
	const char *const parts[] = {"seed", "entity", "counter"};

	for (int part = 0; part < 3; part++)
	{
		int least = INT32_MAX;
		int most = 0;

		for (int bit = 0; bit < 64; bit++)
		{
			int flipped = 0;

			for (uint64_t i = 0; i < 200; i++)
			{
				uint64_t key[3] = {i, i * 3 + 1, i * 7 + 2};
				uint64_t before = sim_random(key[0], (int64_t) key[1], key[2]);

				key[part] ^= UINT64_C(1) << bit;
				flipped += __builtin_popcountll(before ^ sim_random(key[0], (int64_t) key[1], key[2]));
			}
			least = flipped < least ? flipped : least;
			most = flipped > most ? flipped : most;
		}
		/* 200 * 32 expected, standard deviation 57 */
		tap_ok(least > 6400 - 300 && most < 6400 + 300,
			   "one bit of the %s changes half of the result (%d to %d of 12800 bits)", parts[part], least,
			   most);
	}
}

static void
check_even(uint32_t bound, int buckets, const char *what)
{
	enum
	{
		DRAWS = 200000
	};
	int	 counts[64] = {0};
	int	 worst = 0;
	int	 expected = DRAWS / buckets;
	bool inside = true;

	for (uint64_t i = 0; i < DRAWS; i++)
	{
		uint32_t value = sim_random_below(11, (int64_t) (i % 100), i / 100, bound);

		inside = inside && value < bound;
		if (value < bound)
			counts[(uint64_t) value * (uint64_t) buckets / bound]++;
	}
	for (int i = 0; i < buckets; i++)
		worst = abs(counts[i] - expected) > worst ? abs(counts[i] - expected) : worst;
	tap_ok(inside, "%s: all draws are below the bound", what);
	/* five standard deviations */
	tap_ok((int64_t) worst * worst < 25 * (int64_t) expected, "%s: even (%d off %d)", what, worst, expected);
}

static void
test_below(void)
{
	int	 pairs[6][6] = {{0}};
	int	 worst = 0;
	bool zero = true;

	for (uint64_t i = 0; i < 1000; i++)
		zero = zero && sim_random_below(1, 1, i, 1) == 0;
	tap_ok(zero, "a bound of 1 leaves only 0");
	check_even(2, 2, "coin");
	check_even(6, 6, "dice");
	check_even(53, 53, "prime bound");
	check_even(UINT32_C(3) << 30, 3,
			   "three quarters of 2^32, where a remainder would favour the first third");
	check_even(UINT32_MAX, 64, "largest bound");

	/* successive draws of one entity, and the same draw of successive ones */
	for (uint64_t i = 0; i < 36000; i++)
		pairs[sim_random_below(3, 8, i, 6)][sim_random_below(3, 8, i + 1, 6)]++;
	for (int i = 0; i < 36; i++)
		worst = abs(pairs[i / 6][i % 6] - 1000) > worst ? abs(pairs[i / 6][i % 6] - 1000) : worst;
	tap_ok(worst < 160, "a draw tells nothing of the entity's next one (%d off 1000)", worst);
	memset(pairs, 0, sizeof(pairs));
	worst = 0;
	for (int64_t i = 0; i < 36000; i++)
		pairs[sim_random_below(3, i, 0, 6)][sim_random_below(3, i + 1, 0, 6)]++;
	for (int i = 0; i < 36; i++)
		worst = abs(pairs[i / 6][i % 6] - 1000) > worst ? abs(pairs[i / 6][i % 6] - 1000) : worst;
	tap_ok(worst < 160, "nor of the next entity's (%d off 1000)", worst);

	tap_is_int(sim_random_below(42, 7, 3, 1000), 677, "draw (42, 7, 3) below 1000 is what it was");
}

/* the number that times an odd one is 1, modulo 2^64 */
static uint64_t
inverse(uint64_t odd)
{
	uint64_t result = odd;

	for (int i = 0; i < 6; i++)
		result *= 2 - odd * result;
	return result;
}

/*
 * Draws that would favour some results are too rare to meet by chance; but
 * SplitMix64 can be run backwards to the counter at which an entity draws 0,
 * which belongs to them.
 */
static void
test_draws_again(void)
{
	const uint32_t bound = UINT32_C(3) << 30;
	uint64_t	   world = 99;
	uint64_t	   stream = advanced(splitmix64(&world), 5);
	uint64_t	   counter;
	uint64_t	   state = 0;
	uint64_t	   again;

	stream = splitmix64(&stream);
	counter = -stream * inverse(UINT64_C(0x9e3779b97f4a7c15)) - 1;
	tap_ok(sim_random(99, 5, counter) == 0, "there is a counter at which entity 5 of world 99 draws 0");
	again = splitmix64(&state);
	tap_is_int(sim_random_below(99, 5, counter, bound), (long long) ((unsigned __int128) again * bound >> 64),
			   "0 favours the lowest result of this bound, so it is drawn again");
	tap_is_int(sim_random_below(99, 5, counter, UINT32_C(1) << 31), 0, "of a power of two it favours none");
}

static void
test_extreme_keys(void)
{
	tap_ok(sim_random(UINT64_MAX, INT64_MAX, UINT64_MAX) != sim_random(UINT64_MAX, INT64_MIN, UINT64_MAX) &&
			   sim_random(0, INT64_MIN, 0) != sim_random(0, INT64_MAX, 0) &&
			   sim_random(0, -1, 0) != sim_random(0, 0, UINT64_MAX),
		   "the ends of the key's ranges are keys like others");
}

int
main(void)
{
	test_is_splitmix64();
	test_order_does_not_matter();
	test_draws_differ();
	test_avalanche();
	test_below();
	test_draws_again();
	test_extreme_keys();
	return tap_done();
}
