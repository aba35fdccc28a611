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

#include <string.h>

#define FIRST_NPCS	  2
#define FIRST_LEAST	  4	  /* questions before anything is said of the first size */
#define DOUBLED_LEAST 6	  /* of the next ones */
#define SAMPLE_LEAST  10  /* and of others */
#define USUAL_LEAST	  80  /* questions that make a usual share */
#define USUAL_FEW	  20  /* that make one where they are rare */
#define USUAL_SURE	  600 /* and that make it sure */
#define SETTLED_LEAST 200 /* and that are enough to judge any size that is settled */
#define TRIAL_LEAST	  60  /* questions of a trial that may last until it has them */

#define MEASURE_MOST	(360 * SIM_SECOND)
#define MEASURE_LONGEST (3600 * SIM_SECOND)
#define TRIAL_MOST		(420 * SIM_SECOND)
#define TRIAL_LONGEST	(6 * 3600 * SIM_SECOND)
#define TRIAL_COMES		(420 * SIM_SECOND) /* in which the NPCs that a larger size needs are to come */
#define HELD_LONGER \
	(900 * SIM_SECOND) /* in which NPCs go that are too many: they stay with whom they just came to */
#define PAUSE_SCARCE (300 * SIM_SECOND)
#define PAUSE_FIRST	 600 /* seconds */
#define PAUSE_MOST	 3600

/* Until the questions of NPCs that have just come are answered as they will be, and until what waited for too long has gone. */
#define FILLS_IN  (30 * SIM_SECOND)
#define DRAINS_IN (70 * SIM_SECOND)

#define AWAY_AFTER	(90 * SIM_SECOND)
#define MOMENT_MOST (INT64_MAX / 4)

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

/*
 * What is under way where a sample begins and ends makes it differ by some questions: by about the root of a third of the NPCs.  So many halves of
 * that are allowed for: most where nothing is urgent.
 */
#define EDGES_SHRINK 4
#define EDGES_FAIL	 3
#define EDGES_PASS	 1

/* ---- samples ---- */

static void
sample_add(ProofSample *sample, const ProofSample *other)
{
	sample->asked += other->asked;
	sample->halves += other->halves;
	while (sample->asked > PROOF_SAMPLE_MAX || sample->halves > 2 * PROOF_SAMPLE_MAX)
	{
		sample->asked /= 2;
		sample->halves /= 2;
	}
}

/* Answers may come to questions of before, so that there are more than questions: not of what is judged. */
static ProofSample
bounded(const ProofSample *sample)
{
	return (ProofSample) {.asked = sample->asked,
						  .halves = (int32_t) within(sample->halves, 0, 2 * (int64_t) sample->asked)};
}

/* Thousandths of all questions that were answered, a little nearer to a half: samples may be small. */
static int32_t
sample_share(const ProofSample *sample)
{
	ProofSample judged = bounded(sample);

	return (int32_t) (((int64_t) judged.halves + 1) * THOUSAND / (2 * ((int64_t) judged.asked + 1)));
}

/* Half of the questions by which a sample of so many NPCs may differ by what is under way at its edges, thousandths. */
static int64_t
edges(int32_t npcs)
{
	int64_t square = (int64_t) npcs * THOUSAND * THOUSAND / 3;
	int64_t root = square;

	/* Newton's method, from above. */
	for (int64_t next = (root + 1) / 2; next < root; next = (root + square / root) / 2)
		root = next;
	return root / 2;
}

/*
 * Whether 'sample', of so many NPCs, has a lower share than 'usual', by more than chance and edges explain.  Neither is empty, nor larger
 * than PROOF_SAMPLE_MAX.
 */
static bool
is_below(const ProofSample *sample, const ProofSample *usual, int32_t npcs)
{
	ProofSample low = bounded(sample);
	ProofSample high = bounded(usual);
	int64_t		n = low.asked;
	int64_t		m = high.asked;
	int64_t		below = high.halves * n - low.halves * m; /* of 2 n m */
	int64_t		good = low.halves + high.halves + 1;
	int64_t		all = 2 * (n + m) + 2;
	int64_t		variance = good * (all - good) * THOUSAND * THOUSAND / (all * all); /* millionths, pooled */

	if (below * THOUSAND <= 2 * n * m * TOLERANCE)
		return false;
	below -= EDGES_SHRINK * edges(npcs) * 2 * max_int64(n, m) / THOUSAND;
	if (below <= 0)
		return false;
	return below * below > ERRORS_SQUARED * 4 * (n * m * (n + m) * variance) / (THOUSAND * THOUSAND);
}

/* ---- what is counted ---- */

static int64_t
grain_of(int64_t moment)
{
	return moment / PROOF_GRAIN * PROOF_GRAIN;
}

static ProofSample *
young_at(Proof *proof, int64_t moment)
{
	return &proof->young[moment / PROOF_GRAIN % PROOF_GRAINS];
}

/* Takes the grains before 'until' into the sample. */
static void
ripen(Proof *proof, int64_t until)
{
	for (int i = 0; i < PROOF_GRAINS && proof->young_from < until; i++, proof->young_from += PROOF_GRAIN)
	{
		sample_add(&proof->present, young_at(proof, proof->young_from));
		*young_at(proof, proof->young_from) = (ProofSample) {0};
	}
	/* Of a longer time there is nothing. */
	if (proof->young_from < until)
		proof->young_from = until;
}

static void
count_at(Proof *proof, int64_t moment, int32_t asked, int32_t halves)
{
	ProofSample one = {.asked = asked, .halves = halves};
	int64_t		grain = grain_of(within(moment, 0, MOMENT_MOST));

	if (moment < proof->counted_from || moment < 0)
		return;
	ripen(proof, grain - (PROOF_GRAINS - 1) * PROOF_GRAIN);
	sample_add(grain < proof->young_from ? &proof->present : young_at(proof, grain), &one);
}

void
proof_count(Proof *proof, int64_t asked_at, int64_t ended_at, ProofOutcome outcome)
{
	count_at(proof, asked_at, 1, 0);
	count_at(proof, max_int64(asked_at, ended_at), 0, (int32_t) outcome);
}

/* Begins a sample that has nothing from before 'from'. */
static void
begin_sample(Proof *proof, int32_t held, int64_t from)
{
	proof->size = held;
	proof->counted_from = grain_of(from + PROOF_GRAIN - 1);
	proof->young_from = proof->counted_from;
	proof->present = (ProofSample) {0};
	memset(proof->young, 0, sizeof(proof->young));
}

static void
begin_size(Proof *proof, int64_t npcs, int64_t now)
{
	begin_sample(proof, (int32_t) npcs, now + (npcs < proof->size ? DRAINS_IN : FILLS_IN));
	proof->npcs = (int32_t) npcs;
	proof->since = now;
}

/* ---- sizes ---- */

/*
 * How many NPCs bring the answers that are brought now, when they are answered as usual: fewer than are held, for they are too many.
 */
static int32_t
bearable(const Proof *proof, int32_t held)
{
	int64_t usual = max_int64(sample_share(&proof->usual), 1);
	int64_t npcs = ((int64_t) held * sample_share(&proof->present) + usual / 2) / usual;

	return (int32_t) max_int64(min_int64(npcs, (int64_t) held - 1), 1);
}

/* As many NPCs as the capacity brings answers: who misses a part of the questions, whatever the load, has fewer. */
static void
settle(Proof *proof, int64_t now)
{
	int64_t npcs = ((int64_t) proof->capacity * sample_share(&proof->usual) + THOUSAND / 2) / THOUSAND;

	proof->phase = PROOF_SETTLED;
	begin_size(proof, max_int64(npcs, 1), now);
}

/* Measures the usual share well below the capacity, and not above a size that was not too large. */
static void
measure(Proof *proof, int64_t most, int64_t now)
{
	proof->phase = PROOF_MEASURING;
	begin_size(proof, max_int64(min_int64((int64_t) proof->capacity * 3 / 4, most), 1), now);
}

static void
pause_trials(Proof *proof, int64_t now)
{
	/* Where little is known a small step would show nothing. */
	proof->eighths = proof->sure ? 1 : 8;
	proof->pause = !proof->sure || proof->pause == 0
					   ? PAUSE_FIRST
					   : (int32_t) min_int64((int64_t) proof->pause * 2, PAUSE_MOST);
	proof->next_trial = now + proof->pause * SIM_SECOND;
}

/*
 * Whether the time of a larger size is over: it must not stay too large for long.  One that is at most a quarter too large
 * may last until enough was asked, where questions are rare.
 */
static bool
is_over(const Proof *proof, int64_t now)
{
	int64_t lasted = elapsed(proof->since, now);

	if (proof->phase == PROOF_DOUBLING || (int64_t) 4 * proof->npcs > (int64_t) 5 * proof->capacity ||
		proof->present.asked >= TRIAL_LEAST)
		return lasted >= TRIAL_MOST;
	return lasted >= TRIAL_LONGEST;
}

/*
 * Of a size above the capacity: more than 0 when it brings as many answers for each NPC as usual, less than 0 when it brings no more
 * than the capacity, 0 while that is not known.
 */
static int
judge(const Proof *proof, int32_t held, int64_t now)
{
	bool		over = is_over(proof, now);
	ProofSample present = bounded(&proof->present);
	int64_t		usual = sample_share(&proof->usual);
	int64_t		none_more = usual * proof->capacity / held;
	int64_t		half_way = (usual + none_more) / 2;
	int64_t		sum = (int64_t) present.halves * THOUSAND / 2 - present.asked * half_way;
	int64_t		variance = half_way * (THOUSAND - half_way); /* millionths */
	int64_t		bound;

	/* The usual share is a sample itself. */
	variance += variance * present.asked / ((int64_t) proof->usual.asked + 1);
	bound = variance / max_int64(usual - none_more, 1);
	if (sum >=
		bound * (proof->phase == PROOF_DOUBLING ? CERTAINTY_FIRST : CERTAINTY) + EDGES_PASS * edges(held))
		return 1;
	if (over && !proof->sure && sum >= EDGES_PASS * edges(held))
		return 1;
	return over || sum <= -bound * CERTAINTY - EDGES_FAIL * edges(held) ? -1 : 0;
}

/* Whether what overload there is was found by so many questions that it need not be doubted. */
static bool
is_sure(const Proof *proof)
{
	return proof->present.asked >= TRIAL_LEAST && proof->usual.asked >= USUAL_LEAST;
}

/* Whether the size is one that is larger than what is known to bring more answers. */
static bool
is_larger(const Proof *proof)
{
	return proof->npcs > proof->capacity &&
		   (proof->phase == PROOF_TRYING || (proof->phase == PROOF_DOUBLING && proof->capacity > 0));
}

/* ---- phases ---- */

/* There is no more to be had: who was not overloaded so far may double again when there is. */
static void
settle_for_now(Proof *proof, int64_t pause, int64_t now)
{
	proof->eighths = 8;
	proof->next_trial = now + pause;
	settle(proof, now);
}

static void
double_size(Proof *proof, int32_t demand, int32_t held, int64_t now)
{
	bool	first = proof->capacity == 0;
	bool	all = proof->present.halves >= 2 * proof->present.asked;
	int64_t larger = (int64_t) held * (first && all ? 4 : 2);

	/* The size below was not overloaded: what was answered there is usual. */
	sample_add(&proof->usual, first ? &proof->present : &proof->below);
	proof->below = proof->present;
	if (first)
		proof->below = (ProofSample) {0};
	proof->capacity = held;
	if (held < demand)
		begin_size(proof, min_int64(larger, demand), now);
	else
	{
		/* As many as it wants: it has no more than it answers, as everybody. */
		settle_for_now(proof, 0, now);
		if (proof->usual.asked < USUAL_LEAST)
			measure(proof, proof->capacity, now);
	}
}

/* The first sizes. */
static void
step_doubling(Proof *proof, int32_t demand, int32_t held, int64_t now)
{
	int verdict = 0;

	if (proof->capacity == 0)
		verdict = held >= proof->npcs && proof->present.asked >= FIRST_LEAST;
	else if (held > proof->capacity && proof->present.asked >= DOUBLED_LEAST)
	{
		verdict = judge(proof, held, now);
	}
	if (verdict > 0)
		double_size(proof, demand, held, now);
	else if (verdict < 0)
	{
		int32_t below = proof->capacity;

		/* The size below brought what it should. */
		proof->capacity = (int32_t) max_int64(bearable(proof, held), below);
		proof->sure = is_sure(proof);
		pause_trials(proof, now);
		if (proof->usual.asked < USUAL_LEAST)
			measure(proof, below, now);
		else
			settle(proof, now);
	}
}

static void
step_measuring(Proof *proof, int32_t held, int64_t now)
{
	int64_t lasted = elapsed(proof->counted_from, now);

	if (proof->present.asked < USUAL_LEAST &&
		(lasted < MEASURE_MOST || (proof->present.asked < USUAL_FEW && lasted < MEASURE_LONGEST)))
		return;
	/* When fewer NPCs did not help, what the player misses is no matter of load. */
	if (proof->present.asked >= SAMPLE_LEAST && is_below(&proof->present, &proof->usual, held))
		proof->usual = bounded(&proof->present);
	else
		sample_add(&proof->usual,
				   &(ProofSample) {.asked = proof->present.asked, .halves = bounded(&proof->present).halves});
	settle(proof, now);
}

/* A player that answers more than it used to has as large a capacity as brings the same answers. */
static void
raise_usual(Proof *proof)
{
	int64_t answers = (int64_t) proof->capacity * sample_share(&proof->usual);

	proof->usual = bounded(&proof->present);
	proof->capacity = (int32_t) max_int64(answers / sample_share(&proof->usual), 1);
}

/*
 * The size of the next trial: who misses a part of the questions has fewer NPCs than its capacity, and is not given many more than
 * that at once.  0 when there is nothing to be tried.
 */
static int32_t
trial_size(const Proof *proof, int32_t demand)
{
	int64_t size = proof->capacity + (int64_t) proof->capacity * within(proof->eighths, 1, 8) / 8 + 1;

	if (proof->sure && sample_share(&proof->usual) < THOUSAND * 9 / 10)
		size = min_int64(size, (int64_t) proof->npcs * 11 / 8 + 1);
	size = min_int64(size, demand);
	return size > proof->capacity ? (int32_t) size : 0;
}

/* Of so many NPCs: questions by which a share is judged, some of each NPC if that are not too many. */
static int64_t
settled_least(int32_t held)
{
	return within((int64_t) held * 2, SAMPLE_LEAST, SETTLED_LEAST);
}

static void
step_settled(Proof *proof, int32_t demand, int32_t held, int64_t now)
{
	if (proof->present.asked >= USUAL_LEAST && is_below(&proof->usual, &proof->present, held))
		raise_usual(proof);
	if (is_below(&proof->present, &proof->usual, held))
	{
		proof->capacity = bearable(proof, held);
		proof->sure = is_sure(proof);
		pause_trials(proof, now);
		measure(proof, proof->capacity, now);
		return;
	}
	/* More was given to it by hand, and it serves them. */
	if (held > proof->capacity && proof->present.asked >= USUAL_LEAST &&
		elapsed(proof->since, now) >= HELD_LONGER)
		proof->capacity = held;
	/* What is answered here is usual: should it be less than it was, the player has fewer NPCs for it. */
	if (proof->usual.asked < USUAL_SURE &&
		(proof->present.asked >= SETTLED_LEAST || (!proof->sure && now >= proof->next_trial)))
	{
		sample_add(&proof->usual, &proof->present);
		proof->present = (ProofSample) {0};
	}
	if (now >= proof->next_trial && held >= proof->npcs)
	{
		int32_t size = trial_size(proof, demand);

		if (size > 0)
		{
			proof->phase = PROOF_TRYING;
			begin_size(proof, size, now);
		}
	}
}

static void
step_trying(Proof *proof, int32_t held, int64_t now)
{
	int verdict =
		proof->present.asked >= SAMPLE_LEAST && held > proof->capacity ? judge(proof, held, now) : 0;

	if (verdict > 0)
	{
		proof->capacity = held;
		proof->eighths = (int32_t) min_int64(proof->eighths * 2, 8);
		proof->pause = 0;
		proof->sure = false;
		settle(proof, now);
	}
	else if (verdict < 0 || is_over(proof, now))
	{
		/* What was not shown in time is not shown: nobody passes by making a trial last. */
		proof->sure = proof->sure || (verdict < 0 && is_sure(proof));
		pause_trials(proof, now);
		settle(proof, now);
	}
}

/* ---- time and what is held ---- */

/* The time in which the player was away, or by which the clock went back, did not pass. */
static void
leave_out(Proof *proof, int64_t away, int64_t now)
{
	/* What was under way then is over. */
	ripen(proof, proof->young_from + PROOF_GRAINS * PROOF_GRAIN);
	proof->since += away;
	proof->next_trial += away;
	proof->counted_from = max_int64(proof->counted_from + away, grain_of(now + FILLS_IN));
	proof->young_from = proof->counted_from;
}

static void
follow_clock(Proof *proof, int64_t now)
{
	if (proof->stepped != 0 && (now < proof->stepped || now - proof->stepped > AWAY_AFTER))
		leave_out(proof, now - proof->stepped, now);
	proof->stepped = now;
	ripen(proof, grain_of(max_int64(now - PROOF_RIPE, 0)));
}

/* A sample is of one size, or nearly; one of a larger size begins when more is held than was. */
static void
follow_held(Proof *proof, int32_t held, int64_t now)
{
	int64_t seven = (int64_t) 7 * proof->size;
	int64_t nine = (int64_t) 9 * proof->size;

	if (is_larger(proof) && held <= proof->capacity)
	{
		begin_sample(proof, held, now + FILLS_IN);
		/* Where NPCs are scarce there is nothing to be tried. */
		if (elapsed(proof->since, now) > TRIAL_COMES)
			settle_for_now(proof, PAUSE_SCARCE, now);
	}
	else if ((int64_t) 8 * held > nine || (int64_t) 8 * held < seven)
		begin_sample(proof, held, now + (held < proof->size ? DRAINS_IN : FILLS_IN));
}

/* Whether it has NPCs that are to go, but may not yet: of so many nothing is learnt. */
static bool
has_too_many(const Proof *proof, int32_t held, int64_t now)
{
	return !is_larger(proof) && proof->phase != PROOF_DOUBLING &&
		   (int64_t) 8 * held > (int64_t) 9 * proof->npcs + 8 && elapsed(proof->since, now) < HELD_LONGER;
}

void
proof_step(Proof *proof, int32_t demand, int32_t held, int64_t now)
{
	demand = (int32_t) max_int64(demand, 0);
	held = (int32_t) max_int64(held, 0);
	now = within(now, 0, MOMENT_MOST);
	follow_clock(proof, now);
	if (proof->npcs <= 0)
		begin_size(proof, min_int64(demand, FIRST_NPCS), now);
	follow_held(proof, held, now);
	if (held == 0 || has_too_many(proof, held, now))
		return;
	switch (proof->phase)
	{
		case PROOF_DOUBLING:
			step_doubling(proof, demand, held, now);
			break;
		case PROOF_MEASURING:
			step_measuring(proof, held, now);
			break;
		case PROOF_SETTLED:
			if (proof->present.asked >= settled_least(held))
				step_settled(proof, demand, held, now);
			break;
		case PROOF_TRYING:
			step_trying(proof, held, now);
			break;
	}
}
