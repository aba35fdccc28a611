/*
 * actions.c
 *	  The entries of actions and the states in which they are legal; how an item answers a bid.
 */
#include "sim/actions.h"

#include <string.h>

static const char *const state_names[] = {
	[NPC_IDLE] = "idle",
	[NPC_MOVING] = "moving",
	[NPC_REQUESTING] = "requesting",
	[NPC_INTERACTING] = "interacting",
	[NPC_WANDERING] = "wandering",
	[NPC_WAITING] = "waiting",
	[NPC_DORMANT] = "dormant",
};
_Static_assert(sizeof(state_names) / sizeof(state_names[0]) == NPC_STATE_COUNT, "every state has a name");

static const ActionEntry entries[] = {
	[ACTION_NONE] = {.name = "none"},
#define ACTION(member_, name_, number_, ...) [number_] = {.name = #name_, __VA_ARGS__},
#include "sim/action_list.h"
#undef ACTION
};
_Static_assert(sizeof(entries) / sizeof(entries[0]) == ACTION_COUNT, "numbers of actions follow one another");

const char *
npc_state_name(NpcState state)
{
	return (unsigned) state < NPC_STATE_COUNT ? state_names[state] : NULL;
}

const char *
action_name(ActionKind kind)
{
	return (unsigned) kind < ACTION_COUNT ? entries[kind].name : NULL;
}

bool
action_legal(NpcState state, ActionKind kind)
{
	if ((unsigned) state >= NPC_STATE_COUNT || (unsigned) kind >= ACTION_COUNT)
		return false;
	return (entries[kind].legal_in >> state) & 1;
}

const ActionEntry *
action_entry(ActionKind kind)
{
	return &entries[kind];
}

ActionKind
action_meant(const char *form)
{
	for (int kind = ACTION_NONE + 1; kind < ACTION_COUNT; kind++)
	{
		const ActionEntry *entry = &entries[kind];

		if (entry->forms[0] == NULL && strcmp(entry->name, form) == 0)
			return (ActionKind) kind;
		for (int i = 0; entry->forms[i] != NULL; i++)
			if (strcmp(entry->forms[i], form) == 0)
				return (ActionKind) kind;
	}
	return ACTION_NONE;
}

bool
action_takes(ActionKind kind, const char *parameter)
{
	for (const ActionParameter *taken = entries[kind].parameters; taken->name != NULL; taken++)
		if (strcmp(taken->name, parameter) == 0)
			return true;
	return false;
}

/* Returns the next cell in a direction, which may lie outside the world. */
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

/*
 * Compares a name with a word of lower-case letters, ignoring the case of ASCII letters whatever the locale.
 */
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
interaction_reaches(const InteractionType *interaction, Cell from, Cell to)
{
	if (interaction->needs_adjacency)
		return cell_adjacent(from, to);
	if (interaction->target == TARGET_NPC)
		return cell_distance_squared(from, to) <= TALK_SQUARED;
	return cell_visible(from, to);
}

bool
partner_in_reach(const InteractionType *interaction, Cell bidder, Cell partner)
{
	if (interaction->target == TARGET_NPC)
		return interaction_reaches(interaction, bidder, partner);
	return cell_distance_squared(bidder, partner) <= TALK_SQUARED;
}

BidVerdict
participants_verdict(const InteractionType *interaction, int participants)
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
item_answers_bid(const ItemType *type, int64_t share_left, bool taken, Cell item, Cell bidder_cell,
				 const InteractionType *interaction, int participants)
{
	if (interaction == NULL || !item_offers(type, interaction))
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
