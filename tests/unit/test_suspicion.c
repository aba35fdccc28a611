/*
 * test_suspicion.c
 *	  What makes a player's answers suspect.
 */
#include "sim/random.h"
#include "market/suspicion.h"
#include "tap.h"

#define MINUTE (60 * SIM_SECOND)

static void
test_plausibility(void)
{
	tap_is_int(plausibility(4, 3), PLAUSIBILITY_HALF, "of four actions nothing can be said");
	tap_is_int(plausibility(5, 0), 1000, "the best of five");
	tap_is_int(plausibility(5, 4), 200, "the worst of five");
	tap_is_int(plausibility(30, 29), 33, "the worst of thirty");
}

static void
test_score(void)
{
	Suspicion suspicion = {0};

	for (int i = 0; i < 10; i++)
		tap_is_int(suspicion_answer(&suspicion, 60, 0), SUSPICION_NONE, "ten bad answers are not enough");
	tap_is_int(suspicion_answer(&suspicion, 60, 0), SUSPICION_FLAG, "eleven are");
	tap_is_int(suspicion.score, 5500, "half a point each");
	tap_is_int(suspicion_at(&suspicion, 30 * MINUTE), 2750, "half of it is left in half an hour");
	tap_ok(suspicion_at(&suspicion, 15 * MINUTE) / 10 == 388, "0.707 in a quarter");
	tap_ok(suspicion_at(&suspicion, 30 * MINUTE - 1) >= 2750 &&
			   suspicion_at(&suspicion, 30 * MINUTE - 1) < 2760,
		   "it fades without steps");
	tap_is_int(suspicion_at(&suspicion, INT64_MAX), 0, "and is gone in the end");
	tap_is_int(suspicion_at(&suspicion, -MINUTE), 5500, "a clock that went back changes nothing");
	tap_is_int(suspicion_answer(&suspicion, 100, 30 * MINUTE), SUSPICION_NONE, "good answers take from it");
	tap_is_int(suspicion.score, 2550, "0.2 each");
	for (int i = 0; i < 100; i++)
		suspicion_answer(&suspicion, 1000, 30 * MINUTE);
	tap_is_int(suspicion.score, 0, "down to nothing");
	suspicion.score = INT32_MAX;
	tap_is_int(suspicion_answer(&suspicion, 60, 30 * MINUTE), SUSPICION_FLAG, "as much as there can be");
	tap_ok(suspicion.score > INT32_MAX - 1000, "stays so");
}

static void
test_hopeless(void)
{
	Suspicion suspicion = {0};

	for (int i = 1; i < HOPELESS_IN_A_ROW; i++)
		suspicion_answer(&suspicion, 49, 0);
	suspicion_answer(&suspicion, 50, 0);
	for (int i = 1; i < HOPELESS_IN_A_ROW; i++)
		tap_ok(suspicion_answer(&suspicion, 0, 0) != SUSPICION_SUSPEND, "%d in a row", i);
	tap_is_int(suspicion_answer(&suspicion, 0, 0), SUSPICION_SUSPEND, "fifty suspend");
}

static void
test_foreign(void)
{
	Suspicion suspicion = {0};
	int64_t	  now = INT64_C(800000000) * SIM_SECOND;

	tap_is_int(suspicion_foreign(&suspicion, now), SUSPICION_NONE, "an answer for a strange NPC");
	tap_is_int(suspicion_foreign(&suspicion, now + MINUTE), SUSPICION_NONE, "and another");
	tap_is_int(suspicion_foreign(&suspicion, now + 10 * MINUTE + 1), SUSPICION_NONE,
			   "the third comes after ten minutes");
	tap_is_int(suspicion_foreign(&suspicion, now + 11 * MINUTE), SUSPICION_SUSPEND,
			   "the fourth within ten of the second");
}

/* Who chooses by chance, or by a taste of its own, is not suspect: of 10,000 minds of each kind none is flagged in a day. */
static void
test_the_honest(void)
{
	int flagged = 0;

	for (uint64_t mind = 1; mind <= 10000; mind++)
	{
		Suspicion suspicion = {0};

		for (uint64_t answer = 0; answer < 1000; answer++)
		{
			int32_t offered = 5 + (int32_t) sim_random_below(mind, 0, answer * 2, 20);
			int32_t better = (int32_t) sim_random_below(mind, 0, answer * 2 + 1, (uint32_t) offered);

			flagged += suspicion_answer(&suspicion, plausibility(offered, better),
										(int64_t) answer * 86 * SIM_SECOND) != SUSPICION_NONE;
		}
	}
	tap_is_int(flagged, 0, "a mind that chooses by chance is not suspect");
}

int
main(void)
{
	test_plausibility();
	test_score();
	test_hopeless();
	test_foreign();
	test_the_honest();
	return tap_done();
}
