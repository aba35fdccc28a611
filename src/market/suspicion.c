/*
 * suspicion.c
 *	  What makes a player's answers suspect.
 */
#include "market/suspicion.h"

#include "market/numbers.h"

#include <string.h>

#define HOPELESS   50
#define MILLION	   1000000
#define BAD_ADDS   (MILLION / 2)
#define GOOD_TAKES (MILLION / 5)

#define MINUTE			 (60 * SIM_SECOND)
#define MINUTE_LEAVES	 977160 /* millionths of a score that are left after a minute: 2^(-1/30) */
#define HALVINGS_TO_ZERO 48
#define FLAGGED			 ((int64_t) SUSPICION_FLAGGED * THOUSAND)
#define SCORE_MOST		 (INT64_C(1000000) * MILLION)
#define FADES_AFTER		 SIM_SECOND /* a shorter time takes too little from a score to be counted */

int32_t
plausibility(int32_t offered, int32_t better)
{
	int64_t others = (int64_t) offered - 1;

	if (offered < OFFERED_LEAST)
		return PLAUSIBILITY_HALF;
	return (int32_t) ((others - within(better, 0, others)) * PLAUSIBILITY_MOST / others);
}

/* The score, millionths. */
static int64_t
faded(const Suspicion *suspicion, int64_t now)
{
	int64_t score = within(suspicion->score, 0, SCORE_MOST);
	int64_t span = elapsed(suspicion->as_of, now);

	if (span / SUSPICION_HALVES_IN >= HALVINGS_TO_ZERO)
		return 0;
	score >>= span / SUSPICION_HALVES_IN;
	span %= SUSPICION_HALVES_IN;
	for (; span >= MINUTE; span -= MINUTE)
		score = score * MINUTE_LEAVES / MILLION;
	/* Within a minute it fades evenly. */
	return score - score * (MILLION - MINUTE_LEAVES) / MILLION * (span / THOUSAND) / (MINUTE / THOUSAND);
}

int32_t
suspicion_at(const Suspicion *suspicion, int64_t now)
{
	return (int32_t) ((faded(suspicion, now) + THOUSAND / 2) / THOUSAND);
}

/* Brings the score up to date.  A clock that went back is followed, or nothing would fade until it is where it was. */
static void
fade(Suspicion *suspicion, int64_t now)
{
	if (now >= suspicion->as_of && elapsed(suspicion->as_of, now) < FADES_AFTER)
		return;
	suspicion->score = faded(suspicion, now);
	suspicion->as_of = now;
}

SuspicionVerdict
suspicion_answer(Suspicion *suspicion, int32_t plausible, bool ranked, int64_t now)
{
	int64_t before;

	fade(suspicion, now);
	before = within(suspicion->score, 0, SCORE_MOST);
	suspicion->score = within(before + (plausible < SUSPICION_BAD ? BAD_ADDS : -GOOD_TAKES), 0, SCORE_MOST);
	if (ranked && plausible >= HOPELESS)
		suspicion->hopeless = 0;
	else if (ranked && suspicion->hopeless < HOPELESS_IN_A_ROW)
		suspicion->hopeless++;
	if (suspicion->hopeless >= HOPELESS_IN_A_ROW)
		return SUSPICION_SUSPEND;
	return before <= FLAGGED && suspicion->score > FLAGGED ? SUSPICION_FLAG : SUSPICION_NONE;
}

SuspicionVerdict
suspicion_foreign(Suspicion *suspicion, int64_t now)
{
	int64_t first = suspicion->foreign[FOREIGN_ANSWERS - 2];

	memmove(&suspicion->foreign[1], suspicion->foreign,
			sizeof(suspicion->foreign) - sizeof(suspicion->foreign[0]));
	suspicion->foreign[0] = now;
	return first != 0 && elapsed(first, now) <= FOREIGN_WITHIN ? SUSPICION_SUSPEND : SUSPICION_NONE;
}

void
suspicion_release(Suspicion *suspicion)
{
	suspicion->hopeless = 0;
	memset(suspicion->foreign, 0, sizeof(suspicion->foreign));
}
