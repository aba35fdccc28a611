/*
 * test_sources.c
 *	  Which source of compute a pooled question goes to.
 */
#include "sim/sources.h"
#include "tap.h"

#define SOURCE(id_, ...) \
	{ \
		.id = (id_), .active = true, .stateless = true, .slots = 4, .p95 = RESPONSE_UNKNOWN, .proof = 10, \
		__VA_ARGS__ \
	}
#define CHOSEN(...) \
	source_for_pooled((Source[]) {__VA_ARGS__}, (int) (sizeof((Source[]) {__VA_ARGS__}) / sizeof(Source)))

/* Questions in turns: each player gets its part by what it can serve. */
static void
test_parts(void)
{
	Source sources[] = {SOURCE(1, .proof = 10, .slots = 1000), SOURCE(2, .proof = 30, .slots = 1000),
						SOURCE(3, .proof = 60, .slots = 1000)};

	for (int question = 0; question < 1000; question++)
	{
		Source *source = &sources[source_for_pooled(sources, 3)];

		source->in_flight++;
		source->asked++;
	}
	tap_is_int(sources[0].asked, 100, "who can serve 10 of 100 NPCs gets a tenth");
	tap_is_int(sources[1].asked, 300, "who can serve 30 gets three");
	tap_is_int(sources[2].asked, 600, "who can serve 60 gets six");
}

int
main(void)
{
	tap_is_int(source_for_pooled(NULL, 0), NO_SOURCE, "there is none");
	tap_is_int(CHOSEN(SOURCE(2), SOURCE(1)), 1, "of two alike the first");
	tap_is_int(CHOSEN(SOURCE(1, .credit = 10 * SIM_SECOND), SOURCE(2)), 1, "who has earned less");
	tap_is_int(CHOSEN(SOURCE(1, .credit = 100, .proof = 100), SOURCE(2, .credit = 20, .proof = 1)), 0,
			   "for what it can serve");
	tap_is_int(CHOSEN(SOURCE(1, .asked = 1), SOURCE(2)), 1, "what is under way counts");
	tap_is_int(CHOSEN(SOURCE(1, .active = false), SOURCE(2, .credit = INT64_MAX)), 1,
			   "not one that is paused");
	tap_is_int(CHOSEN(SOURCE(1, .stateless = false), SOURCE(2, .credit = INT64_MAX)), 1,
			   "nor one that remembers");
	tap_is_int(CHOSEN(SOURCE(1, .in_flight = 4), SOURCE(2, .credit = INT64_MAX)), 1,
			   "nor one without a free slot");
	tap_is_int(CHOSEN(SOURCE(1, .p95 = RESPONSE_MOST), SOURCE(2, .credit = INT64_MAX)), 1, "nor a slow one");
	tap_is_int(CHOSEN(SOURCE(1, .proof = 0), SOURCE(2, .credit = INT64_MAX)), 1,
			   "nor one that has shown nothing");
	tap_is_int(CHOSEN(SOURCE(1, .proof = 0)), NO_SOURCE, "or none at all");
	test_parts();
	return tap_done();
}
