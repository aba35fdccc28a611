/*
 * test_mind.c
 *	  Tests that the built-in mind keeps to the rules of the reference game.
 */
#include "sim/mind.h"
#include "sim/random.h"
#include "starter_types.h"
#include "tap.h"

static ItemType apple = KIND_OF("apple", CONSUMED(5 * SIM_SECOND, {5000000}));
static ItemType chair = KIND_OF("chair", SAT_ON({[NEED_ENERGY] = 10000000}));
static ItemType lamp = {.name = "lamp"};
static ItemType poison = KIND_OF("poison", CONSUMED(5 * SIM_SECOND, {-5000000}));
static ItemType screen = KIND_OF("screen", USABLE_FOR("watch"), MODIFYING({[NEED_FUN] = 8000000}));
static ItemType table = KIND_OF("table", USABLE_FOR("play"));

/* fills fun and hunger */
static ItemType cake = KIND_OF("cake", CONSUMED(5 * SIM_SECOND, {200000, 0, 1000000}));

/* to be sat on, and watched from there */
static ItemType couch = KIND_OF("couch", SAT_ON({[NEED_ENERGY] = 5000000}), USABLE_FOR("watch"),
								MODIFYING({[NEED_FUN] = 3000000}));

static void
link_types(void)
{
	ItemType *const types[] = {&apple, &chair, &lamp, &poison, &screen, &table, &cake, &couch};

	for (int i = 0; i < (int) (sizeof(types) / sizeof(types[0])); i++)
		*types[i] = linked(*types[i]);
}

#define UNITS(n) ((int32_t) ((n) *NEED_UNIT))

static const MindView content = {.npc_id = 7,
								 .cell = {20, 20},
								 .state = NPC_IDLE,
								 .needs = {[0 ... NEED_COUNT - 1] = UNITS(80)}};

static SeenItem
seen(int64_t id, const ItemType *type, int distance_squared)
{
	return (SeenItem) {.id = id,
					   .type = type,
					   .distance_squared = distance_squared,
					   .share_left = SHARE_WHOLE,
					   .cell = {(int16_t) (20 + distance_squared), 20}};
}

static void
check_wants(const MindView *view, int64_t id, const InteractionType *interaction, const char *what)
{
	Action action = mind_decide(view);

	tap_ok(action.kind == ACTION_INTERACT_WITH && action.target_id == id && action.interaction == interaction,
		   "%s (%s %lld)", what, action_name(action.kind), (long long) action.target_id);
}

static void
check_does(const MindView *view, ActionKind kind, const char *what)
{
	tap_is_str(action_name(mind_decide(view).kind), action_name(kind), "%s", what);
}

static void
test_low_needs(void)
{
	MindView view = content;
	SeenItem items[3] = {seen(1, &apple, 4), seen(2, &chair, 9)};

	view.items = items;
	view.item_count = 2;
	check_does(&view, ACTION_WANDER, "a content NPC wanders past apples");
	view.needs[NEED_HUNGER] = UNITS(50);
	check_does(&view, ACTION_WANDER, "at 50 a need is not low");
	view.needs[NEED_HUNGER] = UNITS(50) - 1;
	check_wants(&view, 1, &consume, "just below 50 it is: an NPC eats");
	view.needs[NEED_ENERGY] = UNITS(50) - 2;
	check_wants(&view, 2, &sit, "the neediest need comes first, however little it lacks more");
	view.needs[NEED_HUNGER] = UNITS(50) - 3;
	check_wants(&view, 1, &consume, "whichever it is");
	view.needs[NEED_HUNGER] = UNITS(80);
	view.needs[NEED_ENERGY] = UNITS(80);
	view.needs[NEED_HYGIENE] = 0;
	check_does(&view, ACTION_WANDER, "what no item in sight fills sends nobody to one");
	view.needs[NEED_ENERGY] = UNITS(40);
	check_wants(&view, 2, &sit, "and keeps nobody from filling another need");
	view.item_count = 0;
	check_does(&view, ACTION_WANDER, "with nothing in sight an NPC in need wanders");
}

static void
test_choice_among_items(void)
{
	MindView view = content;
	SeenItem items[4] = {seen(5, &apple, 9), seen(4, &apple, 10), seen(3, &apple, 16)};

	view.needs[NEED_HUNGER] = UNITS(30);
	view.items = items;
	view.item_count = 3;
	check_wants(&view, 5, &consume, "of several apples the nearest");
	items[0].taken = true;
	check_wants(&view, 4, &consume, "unless somebody is at it");
	items[0].taken = false;
	items[0].share_left = 0;
	check_wants(&view, 4, &consume, "or it is used up");
	items[0].share_left = 1;
	check_wants(&view, 5, &consume, "a last bite is still an apple");
	items[0] = seen(5, &apple, 10);
	check_wants(&view, 4, &consume, "of two as near the one with the lower id");
	items[0] = seen(5, &apple, 40);
	check_wants(&view, 4, &consume, "whatever their order in the view");

	items[0] = seen(1, &lamp, 0);
	items[1] = seen(2, &poison, 1);
	items[2] = seen(3, &apple, 60);
	check_wants(&view, 3, &consume, "what fills nothing or drains is passed by");
	view.item_count = 2;
	check_does(&view, ACTION_WANDER, "even when there is nothing else");

	items[0] = seen(1, &apple, 1);
	items[1] = seen(2, &cake, 50);
	view.needs[NEED_FUN] = UNITS(20);
	check_wants(&view, 2, &consume, "an item that fills several needs counts by the neediest");
	view.needs[NEED_FUN] = UNITS(40);
	check_wants(&view, 1, &consume, "which may be one that a nearer item fills as well");

	items[0] = seen(1, &chair, 1);
	items[0].share_left = 0;
	view.needs[NEED_ENERGY] = UNITS(5);
	view.item_count = 1;
	check_wants(&view, 1, &sit, "a chair has no share to be used up");
}

static void
test_choice_among_interactions(void)
{
	MindView view = content;
	SeenItem items[2] = {seen(1, &couch, 4), seen(2, &screen, 9)};

	view.items = items;
	view.item_count = 2;
	view.needs[NEED_FUN] = UNITS(30);
	check_wants(&view, 1, &watch, "of what one item offers, what fills the need");
	view.needs[NEED_ENERGY] = UNITS(20);
	check_wants(&view, 1, &sit, "the neediest need decides among them");
	items[0].taken = true;
	check_wants(&view, 2, &watch, "an item in use offers nothing");
	items[0] = seen(1, &table, 1);
	items[1] = seen(2, &screen, 9);
	view.needs[NEED_ENERGY] = UNITS(80);
	check_wants(&view, 2, &watch, "what takes two is not begun alone, however near");
}

static void
test_on_the_way(void)
{
	MindView view = content;
	SeenItem items[2] = {seen(1, &apple, 4), seen(2, &apple, 30)};

	view.state = NPC_MOVING;
	view.approaching = 2;
	view.needs[NEED_HUNGER] = UNITS(30);
	view.items = items;
	view.item_count = 2;
	check_does(&view, ACTION_CONTINUE, "who walks to an apple is not drawn off by a nearer one");
	items[1].taken = true;
	check_wants(&view, 1, &consume, "when somebody takes it, another one will do");
	items[1].taken = false;
	items[1].share_left = 0;
	check_wants(&view, 1, &consume, "nor is a used up one walked to any further");
	view.item_count = 0;
	check_does(&view, ACTION_CONTINUE, "what is out of sight for the moment is walked to");
	items[0].taken = true;
	view.item_count = 2;
	check_does(&view, ACTION_WANDER, "when all are taken the NPC wanders");
	items[0].taken = false;
	view.needs[NEED_HUNGER] = UNITS(80);
	items[1] = seen(2, &apple, 30);
	check_does(&view, ACTION_CONTINUE, "an approach goes on though the need was filled meanwhile");

	view.approaching = 0;
	check_does(&view, ACTION_CONTINUE, "a content walker finishes its walk");
	view.needs[NEED_HUNGER] = UNITS(30);
	check_wants(&view, 1, &consume, "a hungry one stops at an apple");
}

static void
test_wandering_and_waiting(void)
{
	MindView view = content;
	SeenItem items[1] = {seen(1, &apple, 4)};

	view.items = items;
	view.item_count = 1;
	view.state = NPC_WANDERING;
	check_does(&view, ACTION_CONTINUE, "a content wanderer goes on");
	view.needs[NEED_HUNGER] = UNITS(30);
	check_wants(&view, 1, &consume, "one in need keeps looking");
	view.item_count = 0;
	check_does(&view, ACTION_CONTINUE, "and goes on while there is nothing");
	view.state = NPC_WAITING;
	check_does(&view, ACTION_WANDER, "who waits is as one who is idle");
	view.item_count = 1;
	check_wants(&view, 1, &consume, "in need too");
	view.state = NPC_REQUESTING;
	check_does(&view, ACTION_CONTINUE, "who has a bid out waits for the answer");
}

static void
test_interacting(void)
{
	MindView view = content;
	SeenItem items[1] = {seen(1, &chair, 1)};

	view.state = NPC_INTERACTING;
	view.items = items;
	view.item_count = 1;
	view.interaction = &consume;
	check_does(&view, ACTION_CANCEL_INTERACTION, "an interaction that fills no need is left");
	view.interaction_rates[NEED_FUN] = -1;
	check_does(&view, ACTION_CANCEL_INTERACTION, "one that only drains too");

	view.interaction_rates[NEED_HUNGER] = 5000000;
	view.needs[NEED_HUNGER] = UNITS(99) - 1;
	check_does(&view, ACTION_CONTINUE, "one goes on eating below 99");
	view.needs[NEED_HUNGER] = UNITS(99);
	check_does(&view, ACTION_CANCEL_INTERACTION, "and leaves at 99");

	view.needs[NEED_HUNGER] = UNITS(60);
	view.needs[NEED_ENERGY] = UNITS(20) + 1;
	check_does(&view, ACTION_CONTINUE, "another need above 20 is no reason to leave");
	view.needs[NEED_ENERGY] = UNITS(20);
	check_does(&view, ACTION_CANCEL_INTERACTION, "at 20 it is");
	view.needs[NEED_HUNGER] = UNITS(30) + 1;
	check_does(&view, ACTION_CANCEL_INTERACTION, "as long as the first need is above 30");
	view.needs[NEED_HUNGER] = UNITS(30);
	check_does(&view, ACTION_CONTINUE, "at 30 the NPC stays, whatever else is wrong");
	view.needs[NEED_HUNGER] = UNITS(5);
	view.needs[NEED_ENERGY] = 0;
	check_does(&view, ACTION_CONTINUE, "the more so below");

	view = content;
	view.state = NPC_INTERACTING;
	view.interaction = &sit;
	view.interaction_rates[NEED_ENERGY] = 10000000;
	view.needs[NEED_ENERGY] = UNITS(15);
	check_does(&view, ACTION_CONTINUE, "the need being filled is not \"another\"");
	view.needs[NEED_ENERGY] = UNITS(50);
	view.needs[NEED_HUNGER] = UNITS(10);
	check_does(&view, ACTION_CANCEL_INTERACTION, "a hungry sitter gets up");

	view = content;
	view.state = NPC_INTERACTING;
	view.interaction = &consume;
	view.interaction_rates[NEED_HUNGER] = 200000;
	view.interaction_rates[NEED_FUN] = 1000000;
	view.needs[NEED_HUNGER] = UNITS(99);
	view.needs[NEED_FUN] = UNITS(40);
	check_does(&view, ACTION_CANCEL_INTERACTION, "of several needs filled the first decides");
}

/* Whoever does not look would have decided the same had he looked; and everyone looks whom it can matter to. */
static void
test_sight_is_needed(void)
{
	const bool served[NEED_COUNT] = {true, false, false, true};
	int		   blind = 0;
	int		   different = 0;
	int		   sighted = 0;

	for (uint64_t n = 0; n < 20000; n++)
	{
		SeenItem items[3];
		MindView view = {.npc_id = 1, .cell = {10, 10}};
		Action	 seeing;
		Action	 unseeing;

		view.state = (NpcState) sim_random_below(n, 1, 0, NPC_STATE_COUNT);
		for (int need = 0; need < NEED_COUNT; need++)
			view.needs[need] = (int32_t) sim_random_below(n, 2, need, 101) * NEED_UNIT;
		view.approaching = view.state == NPC_MOVING ? (int64_t) sim_random_below(n, 3, 0, 4) : 0;
		if (view.state == NPC_INTERACTING)
		{
			view.interaction = &sit;
			view.interaction_rates[NEED_ENERGY] = UNITS(10);
		}
		for (int i = 0; i < 3; i++)
			items[i] = (SeenItem) {.id = i + 1,
								   .cell = {(int16_t) (11 + i), 10},
								   .distance_squared = (i + 1) * (i + 1),
								   .type = sim_random_below(n, 4, i, 2) == 0 ? &apple : &chair,
								   .share_left = SHARE_WHOLE,
								   .taken = sim_random_below(n, 5, i, 3) == 0};
		unseeing = mind_decide(&view);
		view.items = items;
		view.item_count = 3;
		seeing = mind_decide(&view);
		if (mind_needs_sight(&view, served))
		{
			sighted++;
			continue;
		}
		blind++;
		if (seeing.kind != unseeing.kind || seeing.target_id != unseeing.target_id)
			different++;
	}
	tap_is_int(different, 0, "who does not look decides as if he had");
	tap_ok(blind > 5000 && sighted > 5000, "some look (%d), some need not (%d)", sighted, blind);
}

static void
test_constants(void)
{
	tap_is_int(MIND_INTERVAL, 3000000, "the built-in mind decides every 3 s");
	tap_is_int(MIND_PAUSE, 750000, "and pauses 0.75 s after an interaction");
	tap_is_int(MIND_LOW_NEED, 50000000, "a need below 50 is low");
	tap_is_int(MIND_CRITICAL_NEED, 20000000, "one at 20 is critical");
}

int
main(void)
{
	link_types();
	test_low_needs();
	test_choice_among_items();
	test_choice_among_interactions();
	test_on_the_way();
	test_wandering_and_waiting();
	test_interacting();
	test_sight_is_needed();
	test_constants();
	return tap_done();
}
