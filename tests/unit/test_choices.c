/*
 * test_choices.c
 *	  Tests what an NPC may choose from and in which order, and where it can walk within sight.
 */
#include "sim/choices.h"
#include "sim/random.h"
#include "sim/reach.h"
#include "starter_types.h"
#include "tap.h"

static ItemType apple = KIND_OF("apple", CONSUMED(5 * SIM_SECOND, {5000000}));
static ItemType chair = KIND_OF("chair", SAT_ON({[NEED_ENERGY] = 10000000}));

#define UNITS(n) ((int32_t) ((n) *NEED_UNIT))

static const InteractionType talk = {.number = 9,
									 .name = "conversation",
									 .target = TARGET_NPC,
									 .takes_acts = true,
									 .takes_messages = true,
									 .min_participants = 2,
									 .max_participants = 10};

static SeenItem
seen(int64_t id, const ItemType *type, int distance_squared)
{
	return (
		SeenItem) {.id = id, .type = type, .distance_squared = distance_squared, .share_left = SHARE_WHOLE};
}

/* Kinds and targets in their order: "interact_with 3, wander, wait"; without the last ones, which offer themselves. */
static const char *
told(const ChoiceView *view)
{
	static char text[2048];
	Action		actions[CHOICES_MAX];
	int			better[CHOICES_MAX];
	int			count = choices_rank(view, actions, better);
	size_t		length = 0;

	while (count > 0 && action_entry(actions[count - 1].kind)->is_offered)
		count--;
	text[0] = '\0';
	for (int i = 0; i < count && length < sizeof(text); i++)
	{
		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s%s", i > 0 ? ", " : "",
									action_name(actions[i].kind));
		if (actions[i].target_id != 0)
			length += (size_t) snprintf(text + length, sizeof(text) - length, " %lld",
										(long long) actions[i].target_id);
		if (actions[i].bid_id != 0)
			length += (size_t) snprintf(text + length, sizeof(text) - length, " %s %lld",
										actions[i].accept ? "yes" : "no", (long long) actions[i].bid_id);
	}
	return text;
}

static ChoiceView
view_of(NpcState state, int hunger, int energy)
{
	ChoiceView view = {.mind = {.npc_id = 7, .cell = {20, 20}, .state = state}, .may_wander = true};

	for (int need = 0; need < NEED_COUNT; need++)
		view.mind.needs[need] = UNITS(80);
	view.mind.needs[NEED_HUNGER] = UNITS(hunger);
	view.mind.needs[NEED_ENERGY] = UNITS(energy);
	return view;
}

static void
test_on_foot(void)
{
	SeenItem	items[] = {seen(3, &apple, 9), seen(4, &chair, 4), seen(5, &apple, 4)};
	SeenPartner partners[] = {{12, &talk}, {13, &talk}};
	ChoiceView	view = view_of(NPC_IDLE, 20, 40);

	view.mind.items = items;
	view.mind.item_count = 3;
	view.partners = partners;
	view.partner_count = 2;
	tap_is_str(
		told(&view),
		"interact_with 5, interact_with 3, interact_with 4, wander, interact_with 12, interact_with 13, "
		"wait, continue",
		"what is needed most comes first, then the nearest; then company, then standing");
	view = view_of(NPC_IDLE, 90, 95);
	view.mind.items = items;
	view.mind.item_count = 3;
	tap_is_str(told(&view), "wander, interact_with 5, interact_with 3, interact_with 4, wait, continue",
			   "who needs nothing walks about; what lacks more to the full comes first");
	items[1].taken = true;
	items[2].taken = true;
	tap_is_str(told(&view), "wander, interact_with 3, wait, continue", "what somebody uses is not offered");
	view.may_wander = false;
	view.mind.item_count = 0;
	tap_is_str(told(&view), "wait, continue", "who cannot go anywhere is not told to wander");
	view = view_of(NPC_MOVING, 20, 80);
	items[1].taken = items[2].taken = false;
	view.mind.items = items;
	view.mind.item_count = 3;
	view.mind.approaching = 3;
	tap_is_str(told(&view), "continue, interact_with 5, interact_with 3, wander, interact_with 4, wait",
			   "one on its way to what it wants goes on, as the built-in mind does");
	view = view_of(NPC_WANDERING, 90, 90);
	tap_is_str(told(&view), "continue, wander, wait", "so does one who walks about and needs nothing");
	view = view_of(NPC_WAITING, 90, 90);
	for (int d = 0; d < 4; d++)
		view.is_free[d] = d != DIRECTION_EAST;
	tap_is_str(told(&view), "wander, continue, wait, move_direction, move_direction, move_direction",
			   "steps to free cells are the last");
}

static void
test_inside(void)
{
	ChoiceView view = view_of(NPC_INTERACTING, 80, 50);

	view.mind.interaction = chair.offers[0];
	view.mind.interaction_rates[NEED_ENERGY] = 10000000;
	tap_is_str(told(&view), "continue, cancel_interaction", "who sits may stay or leave");
	view.mind.needs[NEED_ENERGY] = UNITS(100);
	tap_is_str(told(&view), "cancel_interaction, continue", "... and leaves first when that is enough");
	view = view_of(NPC_INTERACTING, 80, 50);
	view.mind.interaction = &talk;
	view.may_speak = true;
	tap_is_str(told(&view), "act_in_interaction, continue, cancel_interaction", "who talks speaks");
	view.may_speak = false;
	tap_is_str(told(&view), "continue, cancel_interaction", "... unless it has just spoken");
	view = view_of(NPC_REQUESTING, 80, 50);
	tap_is_str(told(&view), "continue, wait", "who waits for an answer waits");
	view = view_of(NPC_DORMANT, 80, 50);
	tap_is_str(told(&view), "", "who sleeps has no choice");
}

static void
test_bids(void)
{
	SeenBid	   bids[] = {{51, true, true}, {52, true, false}, {53, false, true}};
	ChoiceView view = view_of(NPC_WAITING, 80, 80);

	view.bids = bids;
	view.bid_count = 3;
	tap_is_str(told(&view),
			   "respond_to_interaction_bid yes 51, respond_to_interaction_bid no 51, "
			   "respond_to_interaction_bid no 52, respond_to_interaction_bid yes 52, "
			   "respond_to_interaction_bid no 53, wander, continue, wait",
			   "invitations come first, with the answer of the built-in mind; what is out of reach can be "
			   "refused alone");
	view = view_of(NPC_REQUESTING, 80, 80);
	view.bids = bids;
	view.bid_count = 1;
	tap_is_str(told(&view), "respond_to_interaction_bid no 51, continue, wait", "who is busy can but refuse");
}

/* Whatever there is to see: no more than the list takes, all legal, none twice, the ways out in it, the best first. */
/* Of the actions that offer themselves how many are not there, though they are legal and there is room. */
static int
left_out(NpcState state, const Action *actions, int count)
{
	int missing = 0;

	for (int kind = ACTION_NONE + 1; kind < ACTION_COUNT && count < CHOICES_MAX; kind++)
	{
		bool there = false;

		for (int i = 0; i < count; i++)
			there = there || actions[i].kind == (ActionKind) kind;
		if (action_entry((ActionKind) kind)->is_offered && action_legal(state, (ActionKind) kind) && !there)
			missing++;
	}
	return missing;
}

static void
test_properties(void)
{
	int worlds = 2000;
	int bad = 0;

	for (int w = 0; w < worlds; w++)
	{
		SeenItem	items[60];
		SeenPartner partners[40];
		SeenBid		bids[8];
		ChoiceView	view = {.may_wander = true};
		Action		actions[CHOICES_MAX];
		int			better[CHOICES_MAX];
		int16_t		ranking[CHOICES_MAX];
		int			count;
		int			wanders = 0;
		uint64_t	draw = 0;

#define DRAW(n) ((int) sim_random_below(5, w, draw++, (uint32_t) (n)))
		view.mind.state = (NpcState) DRAW(NPC_DORMANT);
		view.mind.items = items;
		view.mind.item_count = DRAW(61);
		view.partners = partners;
		view.partner_count = DRAW(41);
		view.bids = bids;
		view.bid_count = DRAW(9);
		view.mind.interaction = view.mind.state == NPC_INTERACTING ? &talk : NULL;
		for (int need = 0; need < NEED_COUNT; need++)
			view.mind.needs[need] = UNITS(DRAW(101));
		for (int i = 0; i < view.mind.item_count; i++)
		{
			const ItemType *type = DRAW(2) ? &apple : &chair;

			items[i] = seen(100 + i, type, DRAW(69));
		}
		for (int i = 0; i < view.partner_count; i++)
			partners[i] = (SeenPartner) {200 + i, &talk};
		for (int i = 0; i < view.bid_count; i++)
		{
			bids[i] = (SeenBid) {.bid_id = 300 + i};
			bids[i].acceptable = DRAW(2);
			bids[i].wanted = DRAW(2);
		}
		for (int d = 0; d < 4; d++)
			view.is_free[d] = DRAW(2);
		count = choices_rank(&view, actions, better);
		if (count < 1 || count > CHOICES_MAX || ranking_make(actions, better, count, ranking) != count)
			bad++;
		for (int i = 0; i < count; i++)
		{
			wanders += actions[i].kind == ACTION_WANDER;
			if (!action_legal(view.mind.state, actions[i].kind))
				bad++;
			if (better[i] > i || better[better[i]] != better[i] || (i > 0 && better[i] < better[i - 1]) ||
				ranking_better(ranking, count, choice_key(&actions[i])) != better[i])
				bad++;
			for (int j = 0; j < i; j++)
				if (actions[i].kind == actions[j].kind && actions[i].target_id == actions[j].target_id &&
					actions[i].bid_id == actions[j].bid_id && actions[i].accept == actions[j].accept &&
					actions[i].direction == actions[j].direction)
					bad++;
		}
		if (wanders != action_legal(view.mind.state, ACTION_WANDER))
			bad++;
		bad += left_out(view.mind.state, actions, count);
		if (view.bid_count == 0 && view.mind.state != NPC_INTERACTING &&
			actions[0].kind != mind_decide(&view.mind).kind)
			bad++;
	}
	tap_is_int(bad, 0, "in %d views the list keeps to its rules", worlds);
}

/* How many choices rank above an action, and -1 if it is none; by what is kept of the list. */
static void
test_ranking(void)
{
	SeenItem	items[] = {seen(3, &apple, 9), seen(4, &chair, 4), seen(5, &apple, 4), seen(6, &apple, 16)};
	SeenPartner partners[] = {{12, &talk}, {13, &talk}};
	ChoiceView	view = view_of(NPC_IDLE, 20, 40);
	Action		actions[CHOICES_MAX];
	int			better[CHOICES_MAX];
	int16_t		ranking[CHOICES_MAX];
	int			count;
	int			step;
	Action		other = {.kind = ACTION_INTERACT_WITH, .target_id = 7, .interaction = apple.offers[0]};

	view.mind.items = items;
	view.mind.item_count = 4;
	view.partners = partners;
	view.partner_count = 2;
	view.is_free[DIRECTION_NORTH] = view.is_free[DIRECTION_WEST] = true;
	count = choices_rank(&view, actions, better);
	tap_is_int(better[1], 0, "an apple farther away is as good as the nearest");
	tap_is_int(better[2], 0, "... and so is the third");
	tap_is_int(better[3], 3, "the chair, which is needed less, is below all three");
	tap_is_int(better[5], 5, "company is below walking about");
	tap_is_int(better[6], 5, "... and all company is equal");
	tap_is_int(better[count - 1], count - 1, "what is told last is the worst");
	(void) ranking_make(actions, better, count, ranking);
	tap_is_int(ranking_better(ranking, count, choice_key(&actions[2])), 0, "what is kept tells the same");
	tap_is_int(ranking_better(ranking, count, choice_key(&actions[6])), 5, "... of company, too");
	tap_is_int(ranking_better(ranking, count, choice_key(&actions[count - 1])), count - 1,
			   "... and of the last");
	tap_is_int(ranking_better(ranking, count, choice_key(&other)), -1, "what was not offered does not rank");
	for (step = count - 1; step > 0 && actions[step].kind != ACTION_MOVE_DIRECTION; step--)
		;
	tap_ok(choice_is_ranked(&actions[0]) && choice_is_ranked(&actions[step]),
		   "uses of items and steps tell something of a mind");
	tap_ok(!choice_is_ranked(&actions[4]) && !choice_is_ranked(&actions[5]), "wandering and talk do not");
}

static void
test_reach(void)
{
	static const char *const map[] = {
		/* from (12, 12), the NPC is on (20, 20) */
		".................", ".................", ".................", ".......###.......",
		".......#.#.......", ".......###.......", ".................", ".................",
		"........@...#....", "............#....", "............#####", "............#....",
		".......#.........", "......#.#........", ".......#.........", ".................",
		".................",
	};
	Reach reach;

	reach_begin(&reach, (Cell) {20, 20});
	for (int y = 0; y < REACH_SIDE; y++)
		for (int x = 0; x < REACH_SIDE; x++)
			reach_set(&reach, (Cell) {(int16_t) (12 + x), (int16_t) (12 + y)}, map[y][x] == '#');
	reach_set(&reach, (Cell) {1000, 1000}, true);
	reach_spread(&reach);
	tap_ok(reach_leads_anywhere(&reach), "there is somewhere to go");
	tap_ok(reach_has(&reach, (Cell) {20, 14}) && !reach_has(&reach, (Cell) {20, 16}),
		   "what is walled in is not reached");
	tap_ok(!reach_leads_to(&reach, (Cell) {20, 16}), "... and no way leads to it");
	tap_ok(!reach_has(&reach, (Cell) {20, 15}) && reach_leads_to(&reach, (Cell) {20, 15}),
		   "a wall is walked up to");
	tap_ok(!reach_leads_to(&reach, (Cell) {19, 25}), "a hole in a ring is not");
	tap_ok(reach_has(&reach, (Cell) {26, 20}), "a way around is found");
	tap_ok(!reach_has(&reach, (Cell) {12, 12}), "what is out of sight is not looked at");
	tap_ok(!reach_has(&reach, (Cell) {20, 20}) && reach_leads_to(&reach, (Cell) {20, 20}),
		   "one's own cell is where one is");
	reach_begin(&reach, (Cell) {20, 20});
	reach_spread(&reach);
	tap_ok(!reach_leads_anywhere(&reach), "who is walled in can go nowhere");
	tap_ok(reach_leads_to(&reach, (Cell) {21, 20}), "... but is beside what is beside it");
}

int
main(void)
{
	apple = linked(apple);
	chair = linked(chair);
	test_on_foot();
	test_inside();
	test_bids();
	test_properties();
	test_ranking();
	test_reach();
	return tap_done();
}
