/*
 * proof.h
 *	  How many NPCs a player has shown it can serve, learnt from what became of the questions put to it.
 *
 * A proof rises while more NPCs bring proportionally more answers and falls when they do not.  A question that timed out,
 * failed or was answered in vain counts alike, so nothing is gained by choosing how to fail.  What is compared are shares of
 * questions that were answered: that of the present size, and the usual one, measured where the player was not overloaded.
 * What a player shows is its capacity times that share: who misses a part of the questions whatever the load has fewer NPCs,
 * so that a player gains none who misses some in order to seem overloaded later than it is.
 */
#ifndef NPCSIM_MARKET_PROOF_H
#define NPCSIM_MARKET_PROOF_H

#include "sim/sim.h"

/* What became of a question, in halves of an answer. */
typedef enum ProofOutcome
{
	PROOF_MISSED = 0, /* timed out, failed, or refused as unfit */
	PROOF_LATE = 1,	  /* accepted after its time: half an answer */
	PROOF_ANSWERED = 2
} ProofOutcome;

typedef enum ProofPhase
{
	PROOF_DOUBLING,	 /* no overload is known: sizes double as long as they bring more */
	PROOF_MEASURING, /* well below the size that was too large: the usual share is measured */
	PROOF_SETTLED,	 /* at what it can serve */
	PROOF_TRYING	 /* whether a little more brings more */
} ProofPhase;

/* Questions and what became of them; at most PROOF_SAMPLE_MAX, older ones weigh less. */
typedef struct ProofSample
{
	int32_t asked;
	int32_t halves; /* halves of answers, 0 .. 2 * asked */
} ProofSample;

#define PROOF_SAMPLE_MAX 1000

typedef struct Proof
{
	ProofPhase	phase;
	int32_t		npcs;	  /* what is shown; 0 before the first step */
	int32_t		size;	  /* how many are held while the present sample is taken */
	int32_t		capacity; /* the largest size at which more NPCs brought more answers; 0 before the first */
	int32_t		eighths;  /* of the capacity, by which the next trial is larger */
	int32_t		pause;	  /* seconds from a trial that failed to the next */
	bool		measured; /* the usual share was measured since the last trial */
	int64_t		since;	  /* when the present size began, microseconds: the sample has no earlier question */
	int64_t		next_trial; /* no larger size is tried before this moment, microseconds */
	ProofSample present;	/* at the present size */
	ProofSample below;		/* at half the present size, while sizes double */
	ProofSample usual;		/* where it was not overloaded */
} Proof;

/* Counts a question that was put at 'asked_at' (microseconds); one from before the present size is left out. */
extern void proof_count(Proof *proof, int64_t asked_at, ProofOutcome outcome);

/*
 * Takes what was counted into account: once a minute while the player is connected.  'demand' (>= 0) bounds the proof, 'held' is
 * how many NPCs it has had since the last step, 'now' in microseconds.  The proof rises only when all of it is held.
 */
extern void proof_step(Proof *proof, int32_t demand, int32_t held, int64_t now);

#endif /* NPCSIM_MARKET_PROOF_H */
