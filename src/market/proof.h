/*
 * proof.h
 *	  How many NPCs a player has shown it can serve, learnt from what became of the questions put to it.
 *
 * A proof rises while more NPCs bring proportionally more answers and falls when they do not.  A question that timed out,
 * failed or was answered in vain counts alike, so nothing is gained by choosing how to fail.  What is compared are shares of
 * questions that were answered: that of the present size, and the usual one, measured where the player was not overloaded.
 * What a player shows is its capacity times that share: who misses a part of the questions whatever the load has fewer NPCs,
 * so that a player gains none who misses some in order to seem overloaded later than it is.
 *
 * Questions count when they are put, answers when they come: so a load that is too large shows at once, and not only when
 * what waits times out.  Both count in grains of time, each when it is so old that all of its questions are over.
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

#define PROOF_GRAIN	 (10 * SIM_SECOND)
#define PROOF_GRAINS 16
#define PROOF_RIPE	 (70 * SIM_SECOND) /* a question of this age is over */

typedef struct Proof
{
	ProofPhase	phase;
	int32_t		npcs;	  /* what is shown; 0 before the first step */
	int32_t		size;	  /* how many are held while the present sample is taken */
	int32_t		capacity; /* the largest size at which more NPCs brought more answers; 0 before the first */
	int32_t		eighths;  /* of the capacity, by which the next trial is larger */
	int32_t		pause;	  /* seconds from a trial that failed to the next */
	bool		sure;	  /* the capacity was found by many questions */
	int64_t		since;	  /* when the present size began, microseconds, as all moments */
	int64_t		counted_from;		 /* the sample has nothing from before this moment */
	int64_t		next_trial;			 /* no larger size is tried before this moment */
	int64_t		stepped;			 /* when the last step was; 0: there was none */
	ProofSample present;			 /* at the present size */
	ProofSample below;				 /* at the size below it, while sizes double */
	ProofSample usual;				 /* where it was not overloaded */
	int64_t		young_from;			 /* where the oldest grain of 'young' begins */
	ProofSample young[PROOF_GRAINS]; /* what is not ripe yet, by its grain modulo PROOF_GRAINS */
} Proof;

/*
 * Counts a question that was put at 'asked_at' and was over at 'ended_at'; each once, when it is over, in any order.  What came
 * before the present size, or while one began, is left out.
 */
extern void proof_count(Proof *proof, int64_t asked_at, int64_t ended_at, ProofOutcome outcome);

/*
 * Takes what was counted into account: every 10 to 60 seconds while the player is connected, and never while it is away.  A longer time
 * without a step is one in which it was away, and changes nothing.  'demand' bounds what is tried, 'held' is how many NPCs it has had
 * since the last step.  The proof rises only when all of it is held; it does not sink with the demand.
 */
extern void proof_step(Proof *proof, int32_t demand, int32_t held, int64_t now);

#endif /* NPCSIM_MARKET_PROOF_H */
