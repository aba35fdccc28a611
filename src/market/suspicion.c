/*
 * suspicion.c
 *	  What makes a player's answers suspect.
 */
#include "market/suspicion.h"

#include <string.h>

#define BAD		   100 /* plausibility below which suspicion grows */
#define HOPELESS   50
#define BAD_ADDS   500
#define GOOD_TAKES 200

#define MINUTE			 (60 * SIM_SECOND)
#define MINUTE_LEAVES	 977160 /* millionths of a score that are left after a minute: 2^(-1/30) */
#define MILLION			 1000000
#define HALVINGS_TO_ZERO 31

int32_t
plausibility(int32_t offered, int32_t better)
{
	if (offered < OFFERED_LEAST)
		return PLAUSIBILITY_HALF;
	return (int32_t) ((int64_t) (offered - better) * PLAUSIBILITY_MOST / offered);
}

int32_t
suspicion_at(const Suspicion *suspicion, int64_t now)
{
	int64_t score = suspicion->score;
	int64_t elapsed = now > suspicion->as_of ? now - suspicion->as_of : 0;

	if (elapsed / SUSPICION_HALVES_IN >= HALVINGS_TO_ZERO)
		return 0;
	score = score * MILLION >> elapsed / SUSPICION_HALVES_IN;
	elapsed %= SUSPICION_HALVES_IN;
	for (; elapsed >= MINUTE; elapsed -= MINUTE)
		score = score / MILLION * MINUTE_LEAVES + score % MILLION * MINUTE_LEAVES / MILLION;
	/* Within a minute it fades evenly. */
	score -= score / MILLION * (MILLION - MINUTE_LEAVES) / MINUTE * elapsed;
	return (int32_t) ((score + MILLION / 2) / MILLION);
}

static SuspicionVerdict
verdict(const Suspicion *suspicion)
{
	if (suspicion->hopeless >= HOPELESS_IN_A_ROW)
		return SUSPICION_SUSPEND;
	return suspicion->score > SUSPICION_FLAGGED ? SUSPICION_FLAG : SUSPICION_NONE;
}

SuspicionVerdict
suspicion_answer(Suspicion *suspicion, int32_t plausible, int64_t now)
{
	int32_t score = suspicion_at(suspicion, now);

	if (plausible < BAD)
		score = score < INT32_MAX - BAD_ADDS ? score + BAD_ADDS : score;
	else
		score = score > GOOD_TAKES ? score - GOOD_TAKES : 0;
	suspicion->score = score;
	if (now > suspicion->as_of)
		suspicion->as_of = now;
	if (plausible >= HOPELESS)
		suspicion->hopeless = 0;
	else if (suspicion->hopeless < HOPELESS_IN_A_ROW)
		suspicion->hopeless++;
	return verdict(suspicion);
}

SuspicionVerdict
suspicion_foreign(Suspicion *suspicion, int64_t now)
{
	int64_t first = suspicion->foreign[FOREIGN_ANSWERS - 2];

	memmove(&suspicion->foreign[1], suspicion->foreign,
			sizeof(suspicion->foreign) - sizeof(suspicion->foreign[0]));
	suspicion->foreign[0] = now;
	if (first != 0 && now - first <= FOREIGN_WITHIN)
		return SUSPICION_SUSPEND;
	return verdict(suspicion);
}
