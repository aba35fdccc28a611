/*
 * choices.c
 *	  Lists what an NPC may do now, most useful first by the built-in mind's own ranking.
 *
 * Invariants: every choice is legal in the NPC's state, none is there twice, and however much there is
 * to see, walking about, going on and standing keep their places.
 */
#include "sim/choices.h"

#include "sim/random.h"

/* The most invitations and partners that are offered. */
#define BIDS_OFFERED	 4
#define PARTNERS_OFFERED 6

#define NOWHERE (-1)

typedef struct Choices
{
	const ChoiceView *view;
	Action			 *actions;
	int				 *better;
	int				  count;
	int				  limit; /* places that may be filled at present */
} Choices;

typedef struct Offer
{
	const SeenItem		  *item;
	const InteractionType *interaction;
	int32_t				   score; /* by which the mind chooses */
	int32_t				   lack;  /* of the neediest need to NEED_MAX */
} Offer;

static bool
same_choice(const Action *a, const Action *b)
{
	return a->kind == b->kind && a->target_id == b->target_id && a->interaction == b->interaction &&
		   a->bid_id == b->bid_id && a->accept == b->accept && a->direction == b->direction;
}

/* Adds an action below those that are there. Returns its place, or NOWHERE. */
static int
add(Choices *choices, Action action)
{
	if (choices->count >= choices->limit || !action_legal(choices->view->mind.state, action.kind))
		return NOWHERE;
	for (int i = 0; i < choices->count; i++)
		if (same_choice(&choices->actions[i], &action))
			return i;
	choices->actions[choices->count] = action;
	choices->better[choices->count] = choices->count;
	return choices->count++;
}

/* Says that the mind ranks what it does at two places (NOWHERE: none) equal. */
static void
tie(Choices *choices, int place, int other)
{
	if (place != NOWHERE && other != NOWHERE && place > other)
		choices->better[place] = choices->better[other];
}

static void
add_kind(Choices *choices, ActionKind kind)
{
	if (kind == ACTION_WANDER && !choices->view->may_wander)
		return;
	add(choices, (Action) {.kind = kind, .duration = kind == ACTION_WAIT ? CHOICE_WAIT : 0});
}

static void
add_bids(Choices *choices)
{
	const ChoiceView *view = choices->view;

	for (int i = 0; i < view->bid_count && i < BIDS_OFFERED; i++)
	{
		const SeenBid *bid = &view->bids[i];
		bool		   may_accept = bid->acceptable && state_is_free(view->mind.state);
		bool		   first = may_accept && bid->wanted;

		for (int answer = 0; answer < 2; answer++)
		{
			bool accept = answer == 0 ? first : !first;

			if (!accept || may_accept)
				add(choices,
					(Action) {.kind = ACTION_RESPOND_TO_BID, .bid_id = bid->bid_id, .accept = accept});
		}
	}
}

/* Whether an offer ranks before another. */
static bool
offer_before(const Offer *offer, const Offer *other)
{
	if (offer->score != other->score)
		return offer->score > other->score;
	if (offer->score == 0 && offer->lack != other->lack)
		return offer->lack > other->lack;
	return offer->item != other->item && mind_item_nearer(offer->item, other->item);
}

/* Fills in the best offers in sight, in order. Returns how many there are. */
static int
find_offers(const MindView *view, Offer offers[CHOICES_MAX])
{
	int count = 0;

	for (int i = 0; i < view->item_count; i++)
	{
		const SeenItem *item = &view->items[i];

		for (int o = 0; o < item->type->offer_count; o++)
		{
			Offer offer = {.item = item, .interaction = item->type->offers[o]};
			int	  place;

			if (!mind_offer_usable(item, offer.interaction))
				continue;
			offer.score = mind_offer_lack(view, item, offer.interaction, MIND_LOW_NEED);
			offer.lack = mind_offer_lack(view, item, offer.interaction, NEED_MAX);
			for (place = count; place > 0 && offer_before(&offer, &offers[place - 1]); place--)
				if (place < CHOICES_MAX)
					offers[place] = offers[place - 1];
			if (place < CHOICES_MAX)
				offers[place] = offer;
			if (count < CHOICES_MAX)
				count++;
		}
	}
	return count;
}

/* Whether two offers serve needs equally, so that only the way to them makes a difference. */
static bool
offers_serve_equally(const Offer *offer, const Offer *other)
{
	return offer->score == other->score && (offer->score > 0 || offer->lack == other->lack);
}

/* Adds the offers that serve a low need, or those that do not. */
static void
add_offers(Choices *choices, const Offer *offers, int count, bool needed)
{
	const Offer *before = NULL;
	int			 place_before = NOWHERE;

	for (int i = 0; i < count; i++)
	{
		int place;

		if ((offers[i].score > 0) != needed)
			continue;
		place = add(choices, (Action) {.kind = ACTION_INTERACT_WITH,
									   .target_id = offers[i].item->id,
									   .interaction = offers[i].interaction});
		if (before != NULL && offers_serve_equally(&offers[i], before))
			tie(choices, place, place_before);
		before = &offers[i];
		place_before = place;
	}
}

static void
add_company(Choices *choices, int count)
{
	int before = NOWHERE;

	for (int i = 0; i < count; i++)
	{
		const SeenPartner *partner = &choices->view->partners[i];
		int				   place = add(choices, (Action) {.kind = ACTION_INTERACT_WITH,
														  .target_id = partner->npc_id,
														  .interaction = partner->interaction});

		tie(choices, place, before);
		before = place;
	}
}

static int
partners_offered(const ChoiceView *view)
{
	return view->partner_count < PARTNERS_OFFERED ? view->partner_count : PARTNERS_OFFERED;
}

static void
rank_on_foot(Choices *choices)
{
	const ChoiceView *view = choices->view;
	const int		  company = partners_offered(view);
	const int		  standing = 3; /* places for wandering, going on and waiting */
	Offer			  offers[CHOICES_MAX];
	int				  offer_count = find_offers(&view->mind, offers);
	Action			  first = mind_decide(&view->mind);

	if (first.kind != ACTION_WANDER || view->may_wander)
		add(choices, first);
	choices->limit = CHOICES_MAX - company - standing;
	add_offers(choices, offers, offer_count, true);
	choices->limit = CHOICES_MAX;
	if (view->mind.state != NPC_IDLE)
		add_kind(choices, ACTION_CONTINUE);
	add_kind(choices, ACTION_WANDER);
	add_company(choices, company);
	choices->limit = CHOICES_MAX - 2;
	add_offers(choices, offers, offer_count, false);
	choices->limit = CHOICES_MAX;
	add_kind(choices, ACTION_WAIT);
	add_kind(choices, ACTION_CONTINUE);
	for (int d = DIRECTION_NORTH; d <= DIRECTION_WEST; d++)
		if (view->is_free[d])
			add(choices, (Action) {.kind = ACTION_MOVE_DIRECTION, .direction = (Direction) d});
}

static void
rank_inside(Choices *choices)
{
	if (mind_decide(&choices->view->mind).kind == ACTION_CANCEL_INTERACTION)
		add_kind(choices, ACTION_CANCEL_INTERACTION);
	if (choices->view->may_speak)
		add_kind(choices, ACTION_ACT_IN_INTERACTION);
	add_kind(choices, ACTION_CONTINUE);
	add_kind(choices, ACTION_CANCEL_INTERACTION);
}

/* Adds the actions whose entries say that they are offered everywhere. */
static void
add_others(Choices *choices)
{
	for (int kind = ACTION_NONE + 1; kind < ACTION_COUNT; kind++)
		if (action_entry((ActionKind) kind)->is_offered)
			add_kind(choices, (ActionKind) kind);
}

int
choices_rank(const ChoiceView *view, Action actions[CHOICES_MAX], int better[CHOICES_MAX])
{
	Choices choices = {.view = view, .actions = actions, .better = better, .limit = CHOICES_MAX};

	if (view->mind.state == NPC_DORMANT)
		return 0;
	add_bids(&choices);
	switch (view->mind.state)
	{
		case NPC_IDLE:
		case NPC_MOVING:
		case NPC_WANDERING:
		case NPC_WAITING:
			rank_on_foot(&choices);
			break;
		case NPC_INTERACTING:
			rank_inside(&choices);
			break;
		case NPC_REQUESTING:
			add_kind(&choices, ACTION_CONTINUE);
			add_kind(&choices, ACTION_WAIT);
			break;
		case NPC_DORMANT:
			break;
	}
	add_others(&choices);
	return choices.count;
}

/* ---- which of them an action is ---- */

bool
choice_is_ranked(const Action *action)
{
	return action_entry(action->kind)->is_ranked &&
		   (action->interaction == NULL || action->interaction->target == TARGET_ITEM);
}

int16_t
choice_key(const Action *action)
{
	uint64_t what = (uint64_t) action->kind << 32 | (uint64_t) action->direction << 1 | action->accept;
	int64_t	 with = action->target_id != 0 ? action->target_id : action->bid_id;
	int16_t	 interaction = action->interaction != NULL ? action->interaction->number : 0;

	return (int16_t) (sim_random(what, with, (uint64_t) interaction) & INT16_MAX);
}

int
ranking_make(const Action *actions, const int *better, int count, int16_t ranking[CHOICES_MAX])
{
	for (int i = 0; i < count; i++)
	{
		ranking[i] = choice_key(&actions[i]);
		if (i > 0 && better[i] == better[i - 1])
			ranking[i] = (int16_t) ~ranking[i];
	}
	return count;
}

int
ranking_better(const int16_t *ranking, int count, int16_t key)
{
	int better = 0;

	for (int i = 0; i < count; i++)
	{
		if (ranking[i] >= 0)
			better = i;
		if (ranking[i] == key || ranking[i] == (int16_t) ~key)
			return better;
	}
	return -1;
}
