/*
 * test_shortage.c
 *	  What is done where there is too little compute.
 */
#include "market/shortage.h"
#include "tap.h"

#define NOW	   (INT64_C(800000000) * SIM_SECOND)
#define MINUTE (60 * SIM_SECOND)

static void
test_kept(void)
{
	tap_is_int(shortage_kept(1000, 100, 20), 10, "1,000 tokens are enough for ten NPCs");
	tap_is_int(shortage_kept(1000, 100, 5), 5, "but there are five");
	tap_is_int(shortage_kept(1000, 0, 20), 20, "who needs nothing is kept");
	tap_is_int(shortage_kept(INT64_MIN, 100, 20), 0, "nothing is enough for nobody");
	tap_is_int(shortage_kept(INT64_MAX, 1, INT32_MIN), 0, "and where there is nobody it is");
}

/* The ids of those that have minds. */
static const char *
chosen(WatchedNpc *npcs, int count, int32_t kept)
{
	static char text[64];
	size_t		length = 0;

	shortage_choose(npcs, count, kept);
	text[0] = '\0';
	for (int i = 0; i < count; i++)
		if (npcs[i].kept)
			length += (size_t) snprintf(text + length, sizeof(text) - length, "%s%lld", length > 0 ? " " : "",
										(long long) npcs[i].id);
	return text;
}

static void
test_choice(void)
{
	WatchedNpc npcs[] = {{.id = 4},
						 {.id = 3},
						 {.id = 2, .decided = true},
						 {.id = 1, .watched_at = NOW},
						 {.id = 5, .viewers = 1},
						 {.id = 6, .viewers = 2, .watched_at = 1}};

	tap_is_str(chosen(npcs, 6, 1), "6", "the most watched keeps its mind");
	tap_is_str(chosen(npcs, 6, 2), "5 6", "then who is watched at all");
	tap_is_str(chosen(npcs, 6, 3), "1 5 6", "then who was watched last");
	tap_is_str(chosen(npcs, 6, 4), "1 2 5 6", "then who was decided for");
	tap_is_str(chosen(npcs, 6, 5), "1 2 3 5 6", "then the smallest id");
	tap_is_str(chosen(npcs, 6, -1), "", "less than none is none");
	tap_is_str(chosen(NULL, 0, 3), "", "of nobody nobody");
}

#define STEP(short_, tokens_, now_) shortage_step(&warning, short_, tokens_, 100, 10, now_, &kept)

static void
test_warning(void)
{
	ShortageWarning warning = {0};
	int32_t			kept;

	tap_is_int(STEP(true, 1000, NOW), SHORTAGE_NONE, "who gives enough is not warned");
	tap_is_int(STEP(false, 500, NOW), SHORTAGE_NONE, "nor anybody where there is enough");
	tap_is_int(STEP(true, 500, NOW), SHORTAGE_WARNED, "who gives too little is");
	tap_is_int(STEP(true, 500, NOW + 59 * MINUTE), SHORTAGE_WAITING, "and has an hour");
	tap_is_int(STEP(true, 500, NOW + 60 * MINUTE), SHORTAGE_REMOVE, "and then fewer NPCs");
	tap_is_int(kept, 5, "as many as what it gives is enough for");
	tap_is_int(STEP(true, 1000, NOW + 61 * MINUTE), SHORTAGE_OVER, "it is told when it gives enough");
	tap_is_int(STEP(true, 500, NOW + 62 * MINUTE), SHORTAGE_WARNED, "and warned anew");
	tap_is_int(STEP(true, 500, NOW), SHORTAGE_WAITING, "a clock that went back");
	tap_is_int(STEP(true, 500, NOW + 60 * MINUTE), SHORTAGE_REMOVE, "gives an hour from then");
}

int
main(void)
{
	test_kept();
	test_choice();
	test_warning();
	return tap_done();
}
