/*
 * talk.h
 *	  What the built-in mind says in conversations, and when.
 */
#ifndef NPCSIM_TALK_H
#define NPCSIM_TALK_H

#include "sim/sim.h"

#define TALK_COOLDOWN	   (5 * SIM_SECOND)		/* after a conversation, before it begins another */
#define TALK_CHANCE		   200					/* per mille: that an idle NPC begins one */
#define TALK_INTERVAL	   (7 * SIM_SECOND / 2) /* between two things that it says */
#define TALK_GREETING_STEP (TALK_INTERVAL / 2)	/* between the greetings of the invited */
#define TALK_FAREWELL_TIME (3 * SIM_SECOND / 2) /* from the farewell to leaving */
#define ACT_COOLDOWN	   (3 * SIM_SECOND) /* between two acts of one participant, whoever decides for it */

typedef enum Utterance
{
	UTTERANCE_GREETING,
	UTTERANCE_PHRASE,
	UTTERANCE_FAREWELL
} Utterance;

/*
 * Returns what comes next: a greeting, then phrases; after n messages of all participants a farewell with
 * probability min(0.8, 0.25 * floor(n / 2)) (reference game, "The built-in mind"). 'draw' is uniform in 0 ..
 * 999.
 */
extern Utterance talk_next(bool greeted, int64_t messages, uint32_t draw);

/* Returns the words, one of several by a draw uniform in 0 .. 2^32 - 1. */
extern const char *talk_words(Utterance utterance, uint32_t draw);

#endif /* NPCSIM_TALK_H */
