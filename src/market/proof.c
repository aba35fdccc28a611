/*
 * proof.c
 *	  How many NPCs a player has shown it can serve.
 *
 * Sizes double until one brings no more answers than the one below it.  What was answered there, divided by the usual share, is
 * the capacity.  Later a little more is tried from time to time, and a share that sinks below the usual one sends the player
 * back to measuring: fewer NPCs, until it is known whether that helps.
 */
#include "market/proof.h"

#include "market/numbers.h"

#define FIRST_NPCS	 2
#define SAMPLE_LEAST 10	 /* questions before anything is said of a size */
#define USUAL_LEAST	 120 /* questions that make a usual share */
#define USUAL_SURE	 600 /* and that make it sure */
#define MEASURE_MOST (360 * SIM_SECOND)
#define TRIAL_MOST	 (480 * SIM_SECOND)
#define PAUSE_FIRST	 600 /* seconds */
#define PAUSE_MOST	 3600


/*
 * A larger size is tried until the sum of (outcome - the share half-way between the two hypotheses) is so many times variance / distance
 * away from zero: Wald's sequential test of two proportions, by normal sums, which errs with about exp(-3), 5 %.  While sizes double less is
 * enough to go on: what was passed wrongly shows at twice the size.
 */
#define CERTAINTY		3
#define CERTAINTY_FIRST 1

/* A share is lower than usual when it is so by more than so many standard errors, squared, and so many thousandths. */
#define ERRORS_SQUARED 6
#define TOLERANCE	   40

static int32_t
min_int32(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t
max_int32(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

static void
sample_limit(ProofSample *sample)
{
	while (sample->asked > PROOF_SAMPLE_MAX)
	{
		sample->asked /= 2;
		sample->halves /= 2;
	}
}

static void
sample_merge(ProofSample *sample, const ProofSample *other)
{
	sample->asked += other->asked;
	sample->halves += other->halves;
	sample_limit(sample);
}

/* Thousandths of all questions that were answered, a little nearer to a half: samples may be small. */
static int32_t
sample_share(const ProofSample *sample)
{
	return (int32_t) (((int64_t) sample->halves + 1) * THOUSAND / (2 * ((int64_t) sample->asked + 1)));
}

/* Whether 'sample' has a lower share than 'usual', by more than chance explains.  Neither is empty, nor larger than PROOF_SAMPLE_MAX. */
static bool
is_below(const ProofSample *sample, const ProofSample *usual)
{
	int64_t n = sample->asked;
	int64_t m = usual->asked;
	int64_t below = usual->halves * n - sample->halves * m; /* of 2 n m */
	int64_t good = sample->halves + usual->halves + 1;
	int64_t all = 2 * (n + m) + 2;
	int64_t variance = good * (all - good) * THOUSAND * THOUSAND / (all * all); /* millionths, pooled */

	if (below * THOUSAND <= 2 * n * m * TOLERANCE)
		return false;
	return below * below > ERRORS_SQUARED * 4 * (n * m * (n + m) * variance) / (THOUSAND * THOUSAND);
}

void
proof_count(Proof *proof, int64_t asked_at, ProofOutcome outcome)
{
	if (asked_at < proof->since)
		return;
	proof->present.asked++;
	proof->present.halves += (int32_t) outcome;
	sample_limit(&proof->present);
}

static void
begin_size(Proof *proof, int32_t npcs, int64_t now)
{
	proof->npcs = npcs;
	proof->size = npcs;
	proof->since = now;
	proof->present = (ProofSample) {0};
}

/*
 * How many NPCs bring the answers that are brought now, when they are answered as usual: fewer than are held, for they are too many.
 */
static int32_t
bearable(const Proof *proof, int32_t held)
{
	int64_t usual = max_int32(sample_share(&proof->usual), 1);
	int64_t npcs = ((int64_t) held * sample_share(&proof->present) + usual / 2) / usual;

	return max_int32((int32_t) (npcs < held ? npcs : held - 1), 1);
}

/* As many NPCs as the capacity brings answers: who misses a part of the questions, whatever the load, has fewer. */
static void
settle(Proof *proof, int64_t now)
{
	int64_t npcs = ((int64_t) proof->capacity * sample_share(&proof->usual) + THOUSAND / 2) / THOUSAND;

	proof->phase = PROOF_SETTLED;
	begin_size(proof, max_int32((int32_t) npcs, 1), now);
}

static void
measure(Proof *proof, int64_t now)
{
	proof->phase = PROOF_MEASURING;
	begin_size(proof, max_int32(proof->capacity * 3 / 4, 1), now);
}

static void
pause_trials(Proof *proof, int64_t now)
{
	proof->eighths = 1;
	proof->pause = proof->pause == 0 ? PAUSE_FIRST : min_int32(proof->pause * 2, PAUSE_MOST);
	proof->next_trial = now + proof->pause * SIM_SECOND;
}

/*
 * Of a size above the capacity: more than 0 when it brings as many answers for each NPC as usual, less than 0 when it brings no more
 * than the capacity, 0 while that is not known.  When its time is over it is judged by what is more likely.
 */
static int
judge(const Proof *proof, int32_t held, int64_t now)
{
	bool	over = now >= proof->since + TRIAL_MOST;
	int64_t usual = sample_share(&proof->usual);
	int64_t none_more = usual * proof->capacity / held;
	int64_t half_way = (usual + none_more) / 2;
	int64_t sum = (int64_t) proof->present.halves * THOUSAND / 2 - proof->present.asked * half_way;
	int64_t variance = half_way * (THOUSAND - half_way); /* millionths */
	int64_t bound;

	/* The usual share is a sample itself. */
	variance += variance * proof->present.asked / (proof->usual.asked + 1);
	bound = variance / max_int32((int32_t) (usual - none_more), 1);
	if (sum >= bound * (proof->phase == PROOF_DOUBLING ? CERTAINTY_FIRST : CERTAINTY) || (over && sum >= 0))
		return 1;
	return sum <= -bound * CERTAINTY || over ? -1 : 0;
}

/* The first sizes, and those after a capacity turned out to be larger than it was thought to be. */
static void
step_doubling(Proof *proof, int32_t demand, int32_t held, int64_t now)
{
	int verdict = proof->capacity == 0 ? 1 : judge(proof, held, now);

	if (verdict > 0)
	{
		/* The size below was not overloaded: what was answered there is usual. */
		sample_merge(&proof->usual, proof->capacity == 0 ? &proof->present : &proof->below);
		proof->capacity = held;
		proof->below = proof->present;
		if (held >= proof->npcs && held < demand)
			begin_size(proof, held < demand - held ? 2 * held : demand, now);
	}
	else if (verdict < 0)
	{
		proof->capacity = bearable(proof, held);
		pause_trials(proof, now);
		if (proof->usual.asked < USUAL_LEAST)
			measure(proof, now);
		else
			settle(proof, now);
	}
}

static void
step_measuring(Proof *proof, int64_t now)
{
	if (proof->present.asked < USUAL_LEAST && now < proof->since + MEASURE_MOST)
		return;
	/* When fewer NPCs did not help, what the player misses is no matter of load. */
	if (is_below(&proof->present, &proof->usual))
		proof->usual = proof->present;
	else
		sample_merge(&proof->usual, &proof->present);
	settle(proof, now);
}

/* A player that answers more than it used to has as large a capacity as brings the same answers. */
static void
raise_usual(Proof *proof)
{
	int64_t answers = (int64_t) proof->capacity * sample_share(&proof->usual);

	proof->usual = proof->present;
	proof->capacity = max_int32((int32_t) (answers / sample_share(&proof->usual)), 1);
}

static void
step_settled(Proof *proof, int32_t demand, int32_t held, int64_t now)
{
	if (proof->present.asked >= USUAL_LEAST && is_below(&proof->usual, &proof->present))
		raise_usual(proof);
	if (is_below(&proof->present, &proof->usual))
	{
		proof->capacity = bearable(proof, held);
		pause_trials(proof, now);
		measure(proof, now);
	}
	else if (now >= proof->next_trial && held >= proof->npcs)
	{
		bool measures = proof->usual.asked < USUAL_SURE && !proof->measured;

		proof->measured = measures;
		if (measures)
			measure(proof, now);
		else if (proof->capacity < demand)
		{
			int32_t more = (int32_t) ((int64_t) proof->capacity * proof->eighths / 8) + 1;

			proof->phase = PROOF_TRYING;
			begin_size(proof, more < demand - proof->capacity ? proof->capacity + more : demand, now);
		}
	}
}

static void
step_trying(Proof *proof, int32_t held, int64_t now)
{
	int verdict = judge(proof, held, now);

	if (verdict > 0)
	{
		proof->capacity = held;
		proof->eighths = min_int32(proof->eighths * 2, 8);
		proof->pause = 0;
		settle(proof, now);
	}
	else if (verdict < 0)
	{
		/* Both are estimates, of which neither is better. */
		proof->capacity = min_int32(proof->capacity, (proof->capacity + bearable(proof, held)) / 2);
		pause_trials(proof, now);
		settle(proof, now);
	}
}

/* A sample is of one size, or nearly.  When there are not as many NPCs as a trial needs it is given up. */
static void
follow_held(Proof *proof, int32_t held, int64_t now)
{
	if (proof->phase == PROOF_TRYING && held <= proof->capacity)
		settle(proof, now);
	if ((int64_t) 8 * held > (int64_t) 9 * proof->size || (int64_t) 8 * held < (int64_t) 7 * proof->size)
	{
		begin_size(proof, proof->npcs, now);
		proof->size = held;
	}
}

void
proof_step(Proof *proof, int32_t demand, int32_t held, int64_t now)
{
	if (proof->npcs == 0)
		begin_size(proof, min_int32(demand, FIRST_NPCS), now);
	if (proof->npcs > demand)
		begin_size(proof, demand, now);
	follow_held(proof, held, now);
	if (held == 0 || proof->present.asked < SAMPLE_LEAST)
		return;
	switch (proof->phase)
	{
		case PROOF_DOUBLING:
			step_doubling(proof, demand, held, now);
			break;
		case PROOF_MEASURING:
			step_measuring(proof, now);
			break;
		case PROOF_SETTLED:
			step_settled(proof, demand, held, now);
			break;
		case PROOF_TRYING:
			step_trying(proof, held, now);
			break;
	}
}
