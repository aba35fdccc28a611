/*
 * test_sources.c
 *	  Which source of compute a pooled question goes to.
 */
#include "market/sources.h"
#include "tap.h"

static Source
source(int64_t id)
{
	return (Source) {.id = id,
					 .active = true,
					 .stateless = true,
					 .slots = 4,
					 .p95 = RESPONSE_UNKNOWN,
					 .proof = 10,
					 .reliability = 1000};
}

/* Of two sources, the first of which is changed: the place of the one that is chosen. */
#define CHOSEN(change, want, name) \
	do \
	{ \
		Source	sources[] = {source(1), source(2)}; \
		Source *first = &sources[0]; \
\
		first->change; \
		tap_is_int(source_for_pooled(sources, 2), want, name); \
	} while (0)

static void
test_choice(void)
{
	CHOSEN(id = 1, 0, "of two alike the first");
	CHOSEN(id = 3, 1, "by its id");
	CHOSEN(charged = 10 * SIM_SECOND, 1, "who was charged less");
	CHOSEN(charged = INT64_MAX, 1, "however much the other was");
	CHOSEN(charged = INT64_MIN, 0, "nobody less than nothing");
	CHOSEN(tried = true, 1, "not one that had this question already");
	CHOSEN(proof = INT32_MAX, 0, "whatever it has shown");
	CHOSEN(active = false, 1, "not one that is paused");
	CHOSEN(stateless = false, 1, "nor one that remembers");
	CHOSEN(in_flight = 4, 1, "nor one without a free slot");
	CHOSEN(p95 = RESPONSE_MOST, 1, "nor a slow one");
	CHOSEN(proof = 0, 1, "nor one whose player has shown nothing");
	tap_is_int(source_for_pooled(NULL, 0), NO_SOURCE, "where there is none there is none");
}

/* Questions in turns, to three sources that are charged for them: how many each gets of 1,000. */
static void
hand_out(Source *sources, int64_t credit, int *handed)
{
	for (int i = 0; i < 3; i++)
	{
		sources[i].slots = 1000;
		handed[i] = 0;
	}
	for (int question = 0; question < 1000; question++)
	{
		int place = source_for_pooled(sources, 3);

		sources[place].charged += question_charge(credit);
		handed[place]++;
	}
}

/* Each player gets its part by what it can serve. */
static void
test_parts(void)
{
	static const int32_t proofs[] = {10, 30, 60};
	Source				 sources[] = {source(1), source(2), source(3)};
	int					 handed[3];

	for (int i = 0; i < 3; i++)
		sources[i].proof = proofs[i];
	hand_out(sources, 60 * SIM_SECOND, handed);
	tap_is_int(handed[0], 100, "who can serve 10 of 100 NPCs gets a tenth");
	tap_is_int(handed[1], 300, "who can serve 30 gets three");
	tap_is_int(handed[2], 600, "who can serve 60 gets six");
	for (int i = 0; i < 3; i++)
		sources[i].in_flight = sources[i].slots;
	tap_is_int(source_for_pooled(sources, 3), NO_SOURCE, "and nobody more than it takes at a time");
}

/* Who fails everything at once earns nothing and has nothing under way: it is charged all the same, and is hardly reliable. */
static void
test_who_fails_at_once(void)
{
	Source sources[] = {source(1), source(2), source(3)};
	int	   handed[3];

	hand_out(sources, 0, handed);
	tap_ok(handed[0] <= 334, "who fails at once gets its part: %d of 1,000", handed[0]);
	for (int i = 0; i < 3; i++)
		sources[i].charged = 0;
	sources[0].reliability = 19;
	hand_out(sources, 0, handed);
	tap_ok(handed[0] <= 20, "and soon hardly any: %d of 1,000", handed[0]);
	tap_is_int(question_charge(INT64_MIN), CHARGE_LEAST, "a question costs something");
	tap_ok(question_charge(INT64_MAX) > 0, "and not more than can be counted");
}

int
main(void)
{
	test_choice();
	test_parts();
	test_who_fails_at_once();
	return tap_done();
}
