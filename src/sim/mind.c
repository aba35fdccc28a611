/*
 * mind.c
 *	  The built-in mind, which decides for an NPC that nobody else decides for.
 *
 * It is a pure function of what the NPC sees and feels. Needs are compared as they are, without regard
 * to what they will be on arrival: the reference game does the same, and its players know the ways of
 * these NPCs.
 */
#include "sim/mind.h"

/* The rules of staying in an interaction: */
#define ENOUGH		 (99 * NEED_UNIT) /* of the need it fills, to leave */
#define STILL_HUNGRY (30 * NEED_UNIT) /* of the need it fills, to stay whatever else is low */

static inline Action
action_of(ActionKind kind)
{
	return (Action) {.kind = kind};
}

/* Returns the first need that rises; -1 if none does. */
static int
first_need_filled(const int32_t rates[NEED_COUNT])
{
	for (int i = 0; i < NEED_COUNT; i++)
		if (rates[i] > 0)
			return i;
	return -1;
}

static bool
keeps_interacting(const MindView *view)
{
	int first = first_need_filled(view->interaction_rates);

	if (view->interaction != NULL && interaction_is_talk(view->interaction))
		return true;
	if (first < 0 || view->needs[first] >= ENOUGH)
		return false;
	if (view->needs[first] <= STILL_HUNGRY)
		return true;
	for (int i = 0; i < NEED_COUNT; i++)
		if (i != first && view->needs[i] <= MIND_CRITICAL_NEED)
			return false;
	return true;
}

/* Whether the item is worth walking to. */
static bool
item_usable(const SeenItem *item)
{
	return (!item->taken || item->joinable != NULL) &&
		   (item->share_left > 0 || item_whole_time(item->type) == 0);
}

bool
mind_offer_usable(const SeenItem *item, const InteractionType *interaction)
{
	if (!item_usable(item))
		return false;
	return item->taken ? interaction == item->joinable : interaction->min_participants <= 1;
}

int32_t
mind_offer_lack(const MindView *view, const SeenItem *item, const InteractionType *interaction, int32_t level)
{
	int32_t rates[NEED_COUNT];
	int32_t lack = 0;

	interaction_need_rates(interaction, item->type, rates);
	for (int i = 0; i < NEED_COUNT; i++)
		if (rates[i] > 0 && level - view->needs[i] > lack)
			lack = level - view->needs[i];
	return lack;
}

bool
mind_item_nearer(const SeenItem *item, const SeenItem *other)
{
	if (item->distance_squared != other->distance_squared)
		return item->distance_squared < other->distance_squared;
	return item->id < other->id;
}

/*
 * Returns the usable item in sight with the highest score above 0, NULL if there is none. *interaction is
 * what to do with it; of several with the same score it is the one with the lowest number.
 */
static const SeenItem *
most_wanted(const MindView *view, const InteractionType **interaction)
{
	const SeenItem *best = NULL;
	int32_t			best_score = 0;
	int32_t			score_max = 0;

	for (int i = 0; i < NEED_COUNT; i++)
		if (MIND_LOW_NEED - view->needs[i] > score_max)
			score_max = MIND_LOW_NEED - view->needs[i];
	if (score_max == 0)
		/* No need is low: most looks end here. */
		return NULL;

	for (int i = 0; i < view->item_count; i++)
	{
		const SeenItem *item = &view->items[i];

		for (int o = 0; o < item->type->offer_count; o++)
		{
			int32_t score;

			if (!mind_offer_usable(item, item->type->offers[o]))
				continue;
			score = mind_offer_lack(view, item, item->type->offers[o], MIND_LOW_NEED);
			if (score > best_score ||
				(best != NULL && best != item && score == best_score && mind_item_nearer(item, best)))
			{
				best = item;
				best_score = score;
				*interaction = item->type->offers[o];
			}
		}
	}
	return best;
}

/*
 * Returns the item that the NPC walks to, if it sees it; NULL also if it walks to an NPC or to something out
 * of sight.
 */
static const SeenItem *
seen_target(const MindView *view)
{
	for (int i = 0; i < view->item_count; i++)
		if (view->items[i].id == view->approaching)
			return &view->items[i];
	return NULL;
}

bool
mind_needs_sight(const MindView *view, const bool served[NEED_COUNT])
{
	if (view->state == NPC_REQUESTING || view->state == NPC_INTERACTING)
		return false;
	if (view->state == NPC_MOVING && view->approaching != 0)
		return true;
	for (int i = 0; i < NEED_COUNT; i++)
		if (served[i] && view->needs[i] < MIND_LOW_NEED)
			return true;
	return false;
}

bool
mind_accepts(const InteractionType *interaction, const int32_t rates[NEED_COUNT],
			 const int32_t needs[NEED_COUNT])
{
	if (interaction_is_talk(interaction))
		return true;
	for (int i = 0; i < NEED_COUNT; i++)
		if (rates[i] > 0 && needs[i] < ENOUGH)
			return true;
	return false;
}

/*
 * Returns the NPC in sight that was drawn to talk to; NULL if this one does not want to talk or that one is
 * busy.
 */
static const SeenNpc *
company(const MindView *view)
{
	const SeenNpc *drawn;

	if (view->talk == NULL || view->npc_count == 0)
		return NULL;
	drawn = &view->npcs[(uint64_t) view->talk_choice * (uint64_t) view->npc_count >> 32];
	return drawn->open_to_talk ? drawn : NULL;
}

Action
mind_decide(const MindView *view)
{
	const InteractionType *interaction = NULL;
	const SeenItem		  *wanted;
	const SeenNpc		  *other = company(view);
	Action				   action;

	if (view->state == NPC_REQUESTING)
		return action_of(ACTION_CONTINUE);
	if (view->state == NPC_INTERACTING)
		return action_of(keeps_interacting(view) ? ACTION_CONTINUE : ACTION_CANCEL_INTERACTION);
	if (other != NULL)
	{
		action = action_of(ACTION_INTERACT_WITH);
		action.target_id = other->id;
		action.interaction = view->talk;
		return action;
	}
	if (view->state == NPC_MOVING && view->approaching != 0)
	{
		const SeenItem *target = seen_target(view);

		if (target == NULL || item_usable(target))
			return action_of(ACTION_CONTINUE);
	}

	wanted = most_wanted(view, &interaction);
	if (wanted == NULL)
	{
		/* A walk is finished, except one to an item that somebody else took meanwhile. */
		if (view->state == NPC_WANDERING || (view->state == NPC_MOVING && view->approaching == 0))
			return action_of(ACTION_CONTINUE);
		return action_of(ACTION_WANDER);
	}
	action = action_of(ACTION_INTERACT_WITH);
	action.target_id = wanted->id;
	action.interaction = interaction;
	return action;
}
