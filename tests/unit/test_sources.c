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
					 .proof = 10};
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
	CHOSEN(credit = 10 * SIM_SECOND, 1, "who has earned less");
	CHOSEN(credit = INT64_MAX, 1, "however much the other has");
	CHOSEN(asked = 1, 1, "what is under way counts");
	CHOSEN(active = false, 1, "not one that is paused");
	CHOSEN(stateless = false, 1, "nor one that remembers");
	CHOSEN(in_flight = 4, 1, "nor one without a free slot");
	CHOSEN(p95 = RESPONSE_MOST, 1, "nor a slow one");
	CHOSEN(proof = 0, 1, "nor one whose player has shown nothing");
	tap_is_int(source_for_pooled(NULL, 0), NO_SOURCE, "where there is none there is none");
}

/* Questions in turns: each player gets its part by what it can serve. */
static void
test_parts(void)
{
	static const int32_t proofs[] = {10, 30, 60};
	Source				 sources[] = {source(1), source(2), source(3)};

	for (int i = 0; i < 3; i++)
	{
		sources[i].proof = proofs[i];
		sources[i].slots = 1000;
	}
	for (int question = 0; question < 1000; question++)
	{
		Source *chosen = &sources[source_for_pooled(sources, 3)];

		chosen->in_flight++;
		chosen->asked++;
	}
	tap_is_int(sources[0].asked, 100, "who can serve 10 of 100 NPCs gets a tenth");
	tap_is_int(sources[1].asked, 300, "who can serve 30 gets three");
	tap_is_int(sources[2].asked, 600, "who can serve 60 gets six");
	for (int i = 0; i < 3; i++)
		sources[i].in_flight = sources[i].slots;
	tap_is_int(source_for_pooled(sources, 3), NO_SOURCE, "and nobody more than it takes at a time");
}

int
main(void)
{
	test_choice();
	test_parts();
	return tap_done();
}
