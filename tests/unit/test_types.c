/*
 * test_types.c
 *	  Tests types of items: what they offer, what that does to needs, how they are used up.
 */
#include "sim/needs.h"
#include "sim/random.h"
#include "sim/types.h"
#include "starter_types.h"
#include "tap.h"

static const ItemType apple = KIND_OF("apple", CONSUMED(5 * SIM_SECOND, {5000000}));
static const ItemType chair = KIND_OF("chair", SAT_ON({[NEED_ENERGY] = 10000000}));
static const ItemType lamp = {.name = "lamp"};

static void
check_rates(const ItemType *type, const InteractionType *interaction, const int32_t want[NEED_COUNT],
			const char *what)
{
	int32_t rates[NEED_COUNT] = {77, 77, 77, 77};

	interaction_need_rates(interaction, type, rates);
	tap_ok(memcmp(rates, want, sizeof(rates)) == 0, "%s (%d, %d, %d, %d)", what, rates[0], rates[1], rates[2],
		   rates[3]);
}

/* What an item offers, as names. */
static const char *
offers(ItemType type)
{
	static char names[200];

	type = linked(type);
	names[0] = '\0';
	for (int i = 0; i < type.offer_count; i++)
	{
		strcat(names, i > 0 ? " " : "");
		strcat(names, type.offers[i]->name);
	}
	return names;
}

static void
test_offers(void)
{
	ItemType couch = KIND_OF("couch", USABLE_FOR("play"), SAT_ON({0}), USABLE_FOR("watch"));
	ItemType strange = KIND_OF("strange", USABLE_FOR("conversation"), USABLE_FOR("fly"), USABLE_FOR("sit"));

	tap_is_str(offers(apple), "consume", "an apple can be consumed");
	tap_is_str(offers(chair), "sit", "a chair can be sat on");
	tap_is_str(offers(lamp), "", "a lamp offers nothing");
	tap_is_str(offers(couch), "sit watch play",
			   "an item offers what it is usable for, too, in order of number");
	tap_is_str(offers(strange), "",
			   "but neither what is done with NPCs, nor what there is not, nor what takes a component");
	couch = linked(couch);
	tap_ok(item_offers(&couch, &watch) && !item_offers(&couch, &consume), "an item is asked what it offers");
}

static void
test_rates(void)
{
	static const int32_t nothing[NEED_COUNT] = {0};
	ItemType feast = KIND_OF("feast", CONSUMED(7 * SIM_SECOND, {need_spread(25000000, 7 * SIM_SECOND),
																need_spread(-10000000, 7 * SIM_SECOND),
																need_spread(100000000, 7 * SIM_SECOND),
																need_spread(-100000000, 7 * SIM_SECOND)}));
	ItemType crumb = KIND_OF("crumb", CONSUMED(1, {need_spread(100000000, 1), need_spread(-100000000, 1),
												   need_spread(2147, 1), need_spread(-2147, 1)}));
	ItemType screen = KIND_OF("screen", MODIFYING({0, -1000000, 8000000, 0}));
	ItemType loud = KIND_OF("loud", MODIFYING({0, -1000000, 8000000, -5000000}));
	InteractionType frenzy = {.need_rate = {0, 0, INT32_MAX, -INT32_MAX}};

	check_rates(&apple, &consume, (const int32_t[NEED_COUNT]) {5000000, 0, 0, 0},
				"an apple brings hunger +5 a second");
	check_rates(&chair, &sit, (const int32_t[NEED_COUNT]) {0, 0, 0, 10000000},
				"a chair brings energy +10 a second");
	check_rates(&apple, &sit, nothing, "sitting on an apple brings nothing");
	check_rates(&chair, &consume, nothing, "eating a chair neither");
	check_rates(&screen, &watch, (const int32_t[NEED_COUNT]) {0, -1000000, 8000000, 0},
				"what an item modifies goes to who uses it");
	check_rates(&screen, &play, (const int32_t[NEED_COUNT]) {0, -1000000, 14000000, 0},
				"and is added to what the interaction brings itself");
	check_rates(NULL, &play, (const int32_t[NEED_COUNT]) {0, 0, 6000000, 0},
				"which is all there is without an item");
	check_rates(&loud, &frenzy, (const int32_t[NEED_COUNT]) {0, -1000000, INT32_MAX, -INT32_MAX},
				"a sum is cut to the range of a rate");
	check_rates(&feast, &consume, (const int32_t[NEED_COUNT]) {3571428, -1428572, 14285714, -14285715},
				"rates are rounded down");
	check_rates(&crumb, &consume,
				(const int32_t[NEED_COUNT]) {INT32_MAX, -INT32_MAX, 2147000000, -2147000000},
				"what is eaten in a microsecond is cut to the range of a rate");
}

static void
test_lasting(void)
{
	tap_is_int(interaction_lasts(&consume, &apple, SHARE_WHOLE), 5 * SIM_SECOND,
			   "a meal lasts as long as the food");
	tap_is_int(interaction_lasts(&consume, &apple, 600000), 3 * SIM_SECOND, "or what is left of it");
	tap_ok(interaction_lasts(&sit, &chair, SHARE_WHOLE) == SIM_NEVER, "sitting does not end");
	tap_is_int(interaction_lasts(&play, &lamp, SHARE_WHOLE), 60 * SIM_SECOND, "what has a duration does");
}

static void
test_apple_eaten_for_two_seconds(void)
{
	int32_t rates[NEED_COUNT];

	interaction_need_rates(&consume, &apple, rates);
	tap_is_int(need_at(40000000, rates[NEED_HUNGER] - 1500000, 0, 2 * SIM_SECOND), 47000000,
			   "hunger 40.0 with a decay of 1.5 a second is 47.0 after 2 s at an apple");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE, 2 * SIM_SECOND), 600000,
			   "60 %% of the apple are left");
	tap_is_int(consume_time_for(&apple, 600000), 3 * SIM_SECOND, "they last another 3 s");
	tap_is_int(consume_share_left(&apple, 600000, SIM_SECOND), 400000, "after one of which 40 %% are left");
}

static void
test_consuming(void)
{
	ItemType quick = KIND_OF("quick", CONSUMED(101, {0}));
	ItemType slow = KIND_OF("slow", CONSUMED(INT64_MAX, {0}));
	int		 late = 0;
	int		 early = 0;
	int		 growing = 0;

	tap_is_int(consume_time_for(&apple, SHARE_WHOLE), 5 * SIM_SECOND, "a whole apple takes 5 s");
	tap_is_int(consume_time_for(&apple, 0), 0, "none takes no time");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE, 0), SHARE_WHOLE, "at first it is whole");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE, -1), SHARE_WHOLE, "and before that");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE, 4), SHARE_WHOLE, "a bite of 4 us is none");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE, 5), SHARE_WHOLE - 1, "one of 5 us is a millionth");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE, 5 * SIM_SECOND - 1), 1,
			   "a microsecond before the end something is left");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE, 5 * SIM_SECOND), 0, "at the end nothing is");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE, INT64_MAX), 0, "nor ever after");
	tap_is_int(consume_share_left(&apple, SHARE_WHOLE + 9, 0), SHARE_WHOLE, "there is no more than a whole");
	tap_is_int(consume_share_left(&apple, -9, 0), 0, "and no less than nothing");
	tap_is_int(consume_time_for(&apple, SHARE_WHOLE + 9), 5 * SIM_SECOND, "which takes as long");
	tap_is_int(consume_time_for(&quick, 9901), 2, "a share that takes a trifle over 1 us takes 2");
	tap_is_int(consume_share_left(&quick, 9901, 1), 1, "after 1 us the trifle is left");
	tap_is_int(consume_time_for(&chair, SHARE_WHOLE), 0, "a chair is not consumed");
	tap_is_int(consume_share_left(&chair, SHARE_WHOLE, SIM_SECOND), SHARE_WHOLE, "not even in a second");

	for (uint64_t i = 0; i < 100000; i++)
	{
		int64_t	 whole = 1 + (int64_t) (sim_random(1, 1, 3 * i) >> (sim_random(1, 2, i) % 62 + 1));
		ItemType type = KIND_OF("some", CONSUMED(whole, {0}));
		int64_t	 share = 1 + sim_random_below(1, 1, 3 * i + 1, SHARE_WHOLE);
		int64_t	 time = consume_time_for(&type, share);
		int64_t	 some = (int64_t) (sim_random(1, 1, 3 * i + 2) % (uint64_t) (time + 1));

		late += consume_share_left(&type, share, time) != 0;
		early += consume_share_left(&type, share, time - 1) < 1;
		growing +=
			consume_share_left(&type, share, some) > share || consume_share_left(&type, share, some) < 0;
	}
	tap_is_int(late, 0, "any share of any item is used up at the moment consume_time_for() says");
	tap_is_int(early, 0, "and not a microsecond before");
	tap_is_int(growing, 0, "on the way what is left lies between nothing and what there was");
	tap_ok(consume_time_for(&slow, SHARE_WHOLE) == INT64_MAX &&
			   consume_share_left(&slow, SHARE_WHOLE, INT64_MAX) == 0,
		   "the longest meal overflows nothing");
}

static void
test_finding(void)
{
	tap_ok(interaction_by_name(starter_interactions, STARTER_INTERACTIONS, "sit") == &sit, "sit is found");
	tap_ok(interaction_by_name(starter_interactions, STARTER_INTERACTIONS, "sitting") == NULL,
		   "sitting is not");
	tap_ok(interaction_by_name(starter_interactions, STARTER_INTERACTIONS, "") == NULL,
		   "an empty name is not");
	tap_ok(interaction_by_name(starter_interactions, STARTER_INTERACTIONS, NULL) == NULL, "no name is not");
	tap_ok(interaction_by_number(starter_interactions, STARTER_INTERACTIONS, 4) == &watch,
		   "a number is found");
	tap_ok(interaction_by_number(starter_interactions, STARTER_INTERACTIONS, 3) == NULL,
		   "one between is not");
	tap_ok(interaction_by_number(starter_interactions, STARTER_INTERACTIONS, 0) == NULL, "0 is none");
}

int
main(void)
{
	test_offers();
	test_rates();
	test_apple_eaten_for_two_seconds();
	test_consuming();
	test_lasting();
	test_finding();
	return tap_done();
}
