/*
 * actions.c
 *	  What an NPC can be told to do, and in which state it may; how an item
 *	  answers a bid.
 */
#include "sim/actions.h"

static const char *const state_names[NPC_STATE_COUNT] = {
	[NPC_IDLE] = "idle",
	[NPC_MOVING] = "moving",
	[NPC_REQUESTING] = "requesting",
	[NPC_INTERACTING] = "interacting",
	[NPC_WANDERING] = "wandering",
	[NPC_WAITING] = "waiting",
};

static const char *const action_names[ACTION_COUNT] = {
	[ACTION_NONE] = "none",
	[ACTION_MOVE_TO] = "move_to",
	[ACTION_MOVE_DIRECTION] = "move_direction",
	[ACTION_INTERACT_WITH] = "interact_with",
	[ACTION_APPROACH] = "approach",
	[ACTION_WANDER] = "wander",
	[ACTION_WAIT] = "wait",
	[ACTION_CONTINUE] = "continue",
	[ACTION_ACT_IN_INTERACTION] = "act_in_interaction",
	[ACTION_CANCEL_INTERACTION] = "cancel_interaction",
	[ACTION_RESPOND_TO_BID] = "respond_to_interaction_bid",
	[ACTION_REJECT_BIDS] = "batch_reject_interaction_bids",
};

#define ANSWERS ((1 << ACTION_RESPOND_TO_BID) | (1 << ACTION_REJECT_BIDS))
#define ON_FOOT \
	(ANSWERS | (1 << ACTION_MOVE_TO) | (1 << ACTION_MOVE_DIRECTION) | (1 << ACTION_INTERACT_WITH) | \
	 (1 << ACTION_APPROACH) | (1 << ACTION_WANDER) | (1 << ACTION_WAIT) | (1 << ACTION_CONTINUE))

/*
 * Who is free to walk may do anything but act inside an interaction; a change
 * of mind under way is as good as a decision when idle. Invitations are answered in every state.
 */
static const int legal_actions[NPC_STATE_COUNT] = {
	[NPC_IDLE] = ON_FOOT,
	[NPC_MOVING] = ON_FOOT,
	[NPC_REQUESTING] = ANSWERS | (1 << ACTION_WAIT) | (1 << ACTION_CONTINUE),
	[NPC_INTERACTING] = ANSWERS | (1 << ACTION_CONTINUE) | (1 << ACTION_ACT_IN_INTERACTION) |
						(1 << ACTION_CANCEL_INTERACTION),
	[NPC_WANDERING] = ON_FOOT,
	[NPC_WAITING] = ON_FOOT,
};

const char *
npc_state_name(NpcState state)
{
	return (unsigned) state < NPC_STATE_COUNT ? state_names[state] : NULL;
}

const char *
action_name(ActionKind kind)
{
	return (unsigned) kind < ACTION_COUNT ? action_names[kind] : NULL;
}

bool
action_legal(NpcState state, ActionKind kind)
{
	if ((unsigned) state >= NPC_STATE_COUNT || (unsigned) kind >= ACTION_COUNT)
		return false;
	return (legal_actions[state] >> kind) & 1;
}

/* The result may lie outside the world. */
Cell
cell_towards(Cell from, Direction direction)
{
	switch (direction)
	{
		case DIRECTION_NORTH:
			from.y--;
			break;
		case DIRECTION_EAST:
			from.x++;
			break;
		case DIRECTION_SOUTH:
			from.y++;
			break;
		case DIRECTION_WEST:
			from.x--;
			break;
	}
	return from;
}

/* Without regard to the case of ASCII letters, whatever the locale. */
static bool
same_word(const char *name, const char *word)
{
	for (;; name++, word++)
	{
		char letter = *name >= 'A' && *name <= 'Z' ? (char) (*name - 'A' + 'a') : *name;

		if (letter != *word)
			return false;
		if (*word == '\0')
			return true;
	}
}

bool
direction_by_name(const char *name, Direction *direction)
{
	static const char *const words[][3] = {
		[DIRECTION_NORTH] = {"north", "n", "up"},
		[DIRECTION_EAST] = {"east", "e", "right"},
		[DIRECTION_SOUTH] = {"south", "s", "down"},
		[DIRECTION_WEST] = {"west", "w", "left"},
	};

	if (name == NULL)
		return false;
	for (int d = DIRECTION_NORTH; d <= DIRECTION_WEST; d++)
		for (int i = 0; i < 3; i++)
			if (same_word(name, words[d][i]))
			{
				*direction = (Direction) d;
				return true;
			}
	return false;
}

bool
interaction_reaches(const InteractionKind *interaction, Cell from, Cell to)
{
	if (interaction->needs_adjacency)
		return cell_adjacent(from, to);
	if (interaction->target == TARGET_NPC)
		return cell_distance_squared(from, to) <= TALK_SQUARED;
	return cell_visible(from, to);
}

bool
partner_in_reach(const InteractionKind *interaction, Cell bidder, Cell partner)
{
	if (interaction->target == TARGET_NPC)
		return interaction_reaches(interaction, bidder, partner);
	return cell_distance_squared(bidder, partner) <= TALK_SQUARED;
}

BidVerdict
participants_verdict(const InteractionKind *interaction, int participants)
{
	if (participants < interaction->min_participants)
		return BID_TOO_FEW;
	return participants > interaction->max_participants ? BID_TOO_MANY : BID_ACCEPTED;
}

/*
 * The reason that no walking and no patience would cure comes first, so that
 * a bidder is not sent to an item for nothing.
 */
BidVerdict
item_answers_bid(const ItemKind *kind, int64_t share_left, bool taken, Cell item, Cell bidder_cell,
				 const InteractionKind *interaction, int participants)
{
	if (interaction == NULL || !item_offers(kind, interaction))
		return BID_NOT_OFFERED;
	if (interaction_consumes(interaction) && share_left <= 0)
		return BID_USED_UP;
	if (taken)
		return BID_OCCUPIED;
	if (participants_verdict(interaction, participants) != BID_ACCEPTED)
		return participants_verdict(interaction, participants);
	if (!interaction_reaches(interaction, bidder_cell, item))
		return interaction->needs_adjacency ? BID_NOT_ADJACENT : BID_NOT_IN_SIGHT;
	return BID_ACCEPTED;
}

const char *
bid_verdict_reason(BidVerdict verdict)
{
	switch (verdict)
	{
		case BID_ACCEPTED:
			return "accepted";
		case BID_OCCUPIED:
			return "item is occupied";
		case BID_NOT_OFFERED:
			return "item does not offer this interaction";
		case BID_NOT_ADJACENT:
			return "not adjacent to the item";
		case BID_NOT_IN_SIGHT:
			return "item is not in sight";
		case BID_TOO_FEW:
			return "interaction needs more participants";
		case BID_TOO_MANY:
			return "interaction has room for fewer participants";
		case BID_USED_UP:
			return "item is used up";
	}
	return NULL;
}
