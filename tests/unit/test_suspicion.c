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
	tap_is_int(plausibility(5, 4), 0, "the worst of five");
	tap_is_int(plausibility(5, 2), 500, "the one in the middle");
	tap_is_int(plausibility(30, 29), 0, "the worst of thirty");
	tap_is_int(plausibility(30, INT32_MAX), 0, "nothing is worse");
	tap_is_int(plausibility(30, -1), 1000, "nor better than the best");
	tap_is_int(plausibility(INT32_MIN, 0), PLAUSIBILITY_HALF, "of fewer than none nothing can be said");
	tap_is_int(plausibility(INT32_MAX, INT32_MAX - 1), 0, "of as many as there can be it can");
}

static void
test_score(void)
{
	Suspicion suspicion = {0};

	for (int i = 0; i < 10; i++)
		tap_is_int(suspicion_answer(&suspicion, 60, true, 0), SUSPICION_NONE,
				   "ten bad answers are not enough");
	tap_is_int(suspicion_answer(&suspicion, 60, true, 0), SUSPICION_FLAG, "eleven are");
	tap_is_int(suspicion_answer(&suspicion, 60, true, 0), SUSPICION_NONE, "operators are told once");
	suspicion.score = 5500000;
	tap_is_int(suspicion_at(&suspicion, 0), 5500, "half a point each");
	tap_is_int(suspicion_at(&suspicion, 30 * MINUTE), 2750, "half of it is left in half an hour");
	tap_ok(suspicion_at(&suspicion, 15 * MINUTE) / 10 == 388, "0.707 in a quarter");
	tap_ok(suspicion_at(&suspicion, 30 * MINUTE - 1) >= 2750 &&
			   suspicion_at(&suspicion, 30 * MINUTE - 1) < 2760,
		   "it fades without steps");
	tap_is_int(suspicion_at(&suspicion, INT64_MAX), 0, "and is gone in the end");
	tap_is_int(suspicion_at(&suspicion, -MINUTE), 5500, "a clock that went back changes nothing");
	tap_is_int(suspicion_answer(&suspicion, 100, true, 30 * MINUTE), SUSPICION_NONE,
			   "good answers take from it");
	tap_is_int(suspicion_at(&suspicion, 30 * MINUTE), 2550, "0.2 each");
	for (int i = 0; i < 100; i++)
		suspicion_answer(&suspicion, 1000, true, 30 * MINUTE);
	tap_is_int(suspicion.score, 0, "down to nothing");
	suspicion.score = INT64_MAX;
	tap_is_int(suspicion_answer(&suspicion, 60, true, 30 * MINUTE), SUSPICION_NONE,
			   "as much as there can be");
	tap_ok(suspicion_at(&suspicion, 30 * MINUTE) == 1000000000, "stays so");
	tap_is_int(suspicion_at(&suspicion, INT64_MAX), 0, "and fades");
	suspicion = (Suspicion) {.score = 1000000, .as_of = 600 * MINUTE};
	suspicion_answer(&suspicion, 60, true, 0);
	tap_is_int(suspicion_at(&suspicion, 30 * MINUTE), 750, "nor is it kept by a clock that went back");
}

/* Answers that come often keep no score from fading: a second apart, and a thousand a second, by turns good and bad. */
static void
test_fading(void)
{
	static const int64_t spans[] = {30 * SIM_SECOND, SIM_SECOND, SIM_SECOND / 10};

	for (int span = 0; span < 3; span++)
	{
		Suspicion suspicion = {.score = 2000000};
		int64_t	  score;

		/* Each answer takes what is given back to the score, so that what is left has faded and nothing else. */
		for (int64_t now = 0; now <= 30 * MINUTE; now += spans[span])
		{
			suspicion_answer(&suspicion, 1000, true, now);
			suspicion.score += 200000;
		}
		score = suspicion_at(&suspicion, 30 * MINUTE);
		tap_ok(score >= 980 && score <= 1020,
			   "an answer every %lld ms: half of 2 points is left after 30 min, %lld",
			   (long long) (spans[span] / 1000), (long long) score);
	}
}

static void
test_hopeless(void)
{
	Suspicion suspicion = {0};

	for (int i = 1; i < HOPELESS_IN_A_ROW; i++)
		suspicion_answer(&suspicion, 49, true, 0);
	suspicion_answer(&suspicion, 50, true, 0);
	for (int i = 1; i < HOPELESS_IN_A_ROW; i++)
		tap_ok(suspicion_answer(&suspicion, 0, true, 0) != SUSPICION_SUSPEND, "%d in a row", i);
	for (int i = 0; i < 10; i++)
		tap_ok(suspicion_answer(&suspicion, PLAUSIBILITY_HALF, false, 0) != SUSPICION_SUSPEND,
			   "who waits is not suspended for it");
	tap_is_int(suspicion_answer(&suspicion, 0, true, 0), SUSPICION_SUSPEND,
			   "but does not end the run: fifty suspend");
	suspicion_release(&suspicion);
	tap_ok(suspicion_answer(&suspicion, 0, true, 0) != SUSPICION_SUSPEND, "once");
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
	suspicion_release(&suspicion);
	tap_is_int(suspicion_foreign(&suspicion, now + 11 * MINUTE), SUSPICION_NONE, "once");
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

			flagged += suspicion_answer(&suspicion, plausibility(offered, better), true,
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
	test_fading();
	test_hopeless();
	test_foreign();
	test_the_honest();
	return tap_done();
}
