/*
 * test_actions.c
 *	  What an NPC may do in which state, what minds call it, and how an item answers a bid. The manual says the same.
 */
#include <stdio.h>
#include <string.h>

#include "sim/actions.h"
#include "starter_types.h"
#include "tap.h"

/* chapter "NPC states and the actions that are legal in them", the platform's own additions included */
static const struct
{
	NpcState	state;
	const char *name;
	const char *legal;
} states[] = {
	{NPC_IDLE, "idle", "move_to move_direction interact_with approach wander wait continue"},
	{NPC_MOVING, "moving", "move_to move_direction interact_with approach wander wait continue"},
	{NPC_REQUESTING, "requesting", "wait continue"},
	{NPC_INTERACTING, "interacting", "continue act_in_interaction cancel_interaction"},
	{NPC_WANDERING, "wandering", "move_to move_direction interact_with approach wander wait continue"},
	{NPC_WAITING, "waiting", "move_to move_direction interact_with approach wander wait continue"},
	{NPC_DORMANT, "dormant", ""},
};

static const struct
{
	ActionKind	kind;
	const char *name;
} actions[] = {
	{ACTION_NONE, "none"},
	{ACTION_MOVE_TO, "move_to"},
	{ACTION_MOVE_DIRECTION, "move_direction"},
	{ACTION_INTERACT_WITH, "interact_with"},
	{ACTION_APPROACH, "approach"},
	{ACTION_WANDER, "wander"},
	{ACTION_WAIT, "wait"},
	{ACTION_CONTINUE, "continue"},
	{ACTION_ACT_IN_INTERACTION, "act_in_interaction"},
	{ACTION_CANCEL_INTERACTION, "cancel_interaction"},
	{ACTION_RESPOND_TO_BID, "respond_to_interaction_bid"},
	{ACTION_REJECT_BIDS, "batch_reject_interaction_bids"},
};

static const char *const always_legal = "respond_to_interaction_bid batch_reject_interaction_bids";

/* Is the word one of those in the list? */
static bool
listed(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word))
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

#define COUNT(array_) ((int) (sizeof(array_) / sizeof((array_)[0])))

static void
test_legal_actions(void)
{
	tap_is_int(NPC_STATE_COUNT, 7, "an NPC has seven states");
	tap_is_int(ACTION_COUNT, COUNT(actions), "of every action it is known here where it is legal");
	for (int s = 0; s < COUNT(states); s++)
	{
		tap_is_str(npc_state_name(states[s].state), states[s].name, "a state is called %s", states[s].name);
		for (int a = 0; a < COUNT(actions); a++)
		{
			bool legal = listed(states[s].legal, actions[a].name) ||
						 (states[s].state != NPC_DORMANT && listed(always_legal, actions[a].name));

			tap_is_int(action_legal(states[s].state, actions[a].kind), legal, "%s is %s when %s",
					   actions[a].name, legal ? "legal" : "not legal", states[s].name);
		}
	}
	for (int a = 0; a < COUNT(actions); a++)
		tap_is_str(action_name(actions[a].kind), actions[a].name, "an action is called %s", actions[a].name);
	tap_is_str(npc_state_name((NpcState) 7), NULL, "there is no eighth state");
	tap_is_str(npc_state_name((NpcState) -1), NULL, "nor one below the first");
	tap_is_str(action_name((ActionKind) ACTION_COUNT), NULL, "there is no action behind the last");
	tap_is_str(action_name((ActionKind) -1), NULL, "nor one below the first");
	tap_ok(!action_legal((NpcState) 7, ACTION_CONTINUE) && !action_legal((NpcState) -1, ACTION_CONTINUE),
		   "in a state that does not exist nothing is legal");
	tap_ok(!action_legal(NPC_IDLE, (ActionKind) ACTION_COUNT) && !action_legal(NPC_IDLE, (ActionKind) -1),
		   "an action that does not exist is not legal");
}

/* ---- what minds say ---- */

static void
test_forms(void)
{
	static const char *const none[] = {"",		  "none",	"approach", "start_conversation",
									   "consume", "WANDER", "wande",	"wander ",
									   "move_to_"};

	for (int kind = ACTION_NONE + 1; kind < ACTION_COUNT; kind++)
	{
		const ActionEntry *entry = action_entry((ActionKind) kind);
		const char		  *own[] = {entry->name, NULL};

		for (const char *const *form = entry->forms[0] != NULL ? entry->forms : own; *form != NULL; form++)
			tap_is_str(action_name(action_meant(*form)), entry->name, "%s is meant by %s", entry->name,
					   *form);
		tap_ok(!entry->is_offered || entry->choice != NULL, "%s can be offered in words", entry->name);
	}
	for (int i = 0; i < COUNT(none); i++)
		tap_is_int(action_meant(none[i]), ACTION_NONE, "by \"%s\" no action is meant in every world",
				   none[i]);
	tap_ok(action_takes(ACTION_RESPOND_TO_BID, "reason") && action_takes(ACTION_REJECT_BIDS, "reason") &&
			   !action_takes(ACTION_WANDER, "reason") && !action_takes(ACTION_NONE, "reason"),
		   "answers to bids have reasons, nothing else has");
}

/* ---- what the manual says ---- */

typedef void (*RowReader)(char *columns[2], void *arg);

/* Calls back for the rows of the tables under a heading, up to the next one: their first two columns. */
static void
read_tables(const char *file, const char *heading, RowReader reader, void *arg)
{
	FILE *manual = fopen(file, "r");
	char  line[4096];
	bool  under = false;

	tap_ok(manual != NULL, "%s is there", file);
	while (manual != NULL && fgets(line, sizeof(line), manual) != NULL)
	{
		char *columns[2];

		if (line[0] == '#')
			under = strcmp(line, heading) == 0;
		if (!under || strncmp(line, "| ", 2) != 0 || strncmp(line, "| ---", 5) == 0)
			continue;
		columns[0] = line + 2;
		columns[1] = strstr(columns[0], " | ");
		if (columns[1] == NULL)
			continue;
		*columns[1] = '\0';
		columns[1] += 2;
		reader(columns, arg);
	}
	if (manual != NULL)
		fclose(manual);
}

/* The next word in backticks; NULL = there is no more. */
static const char *
next_word(char **text, char word[64])
{
	char *begin = strchr(*text, '`');
	char *end = begin != NULL ? strchr(begin + 1, '`') : NULL;

	if (end == NULL)
		return NULL;
	snprintf(word, 64, "%.*s", (int) (end - begin - 1), begin + 1);
	*text = end + 1;
	return word;
}

static ActionKind
told_action(const char *word)
{
	for (int kind = ACTION_NONE + 1; kind < ACTION_COUNT; kind++)
	{
		const ActionEntry *entry = action_entry((ActionKind) kind);

		if (entry->form_of_interaction != NULL && strcmp(entry->form_of_interaction, word) == 0)
			return (ActionKind) kind;
	}
	return action_meant(word);
}

typedef struct Told
{
	bool forms[ACTION_COUNT][ACTION_FORMS_MAX + 1];
	bool parameters[ACTION_COUNT][ACTION_PARAMETERS_MAX];
} Told;

static void
read_action_row(char *columns[2], void *arg)
{
	Told *told = arg;
	char *names = columns[0];
	char  word[64];
	bool  of_interactions = strstr(columns[0], "…") != NULL;

	while (next_word(&names, word) != NULL)
	{
		ActionKind		   kind = told_action(word);
		const ActionEntry *entry = action_entry(kind);

		tap_ok(kind != ACTION_NONE || of_interactions, "%s is an action", word);
		for (int i = 0; i <= ACTION_FORMS_MAX; i++)
			if (strcmp(entry->forms[i] != NULL ? entry->forms[i] : i == 0 ? entry->name : "", word) == 0)
				told->forms[kind][i] = true;
		for (int i = 0; entry->parameters[i].name != NULL; i++)
		{
			char quoted[64];

			snprintf(quoted, sizeof(quoted), "`%s", entry->parameters[i].name);
			if (strstr(columns[1], quoted) != NULL)
				told->parameters[kind][i] = true;
		}
	}
}

static void
test_the_manual_tells_actions(void)
{
	Told told = {0};

	read_tables("docs/minds.md", "### Actions\n", read_action_row, &told);
	for (int kind = ACTION_NONE + 1; kind < ACTION_COUNT; kind++)
	{
		const ActionEntry *entry = action_entry((ActionKind) kind);

		for (int i = 0; i == 0 || entry->forms[i] != NULL; i++)
			tap_ok(told.forms[kind][i], "%s is told",
				   entry->forms[i] != NULL ? entry->forms[i] : entry->name);
		for (int i = 0; entry->parameters[i].name != NULL; i++)
			tap_ok(told.parameters[kind][i], "%s of %s is told", entry->parameters[i].name, entry->name);
	}
}

static void
read_state_row(char *columns[2], void *arg)
{
	unsigned *legal_in = arg;
	unsigned  in = 0;
	char	  word[64];

	while (next_word(&columns[0], word) != NULL)
		for (int state = 0; state < NPC_STATE_COUNT; state++)
			if (strcmp(npc_state_name((NpcState) state), word) == 0)
				in |= 1U << state;
	if (in == 0)
		in = strncmp(columns[0], "any", 3) == 0 ? ANYWHERE : 0;
	if (strstr(columns[1], "walking anywhere") != NULL)
	{
		legal_in[ACTION_MOVE_TO] |= in;
		legal_in[ACTION_MOVE_DIRECTION] |= in;
		legal_in[ACTION_APPROACH] |= in;
	}
	if (strstr(columns[1], "interacting,") != NULL)
		legal_in[ACTION_INTERACT_WITH] |= in;
	while (next_word(&columns[1], word) != NULL)
		legal_in[action_meant(word)] |= in;
}

static void
test_the_manual_tells_states(void)
{
	unsigned legal_in[ACTION_COUNT] = {0};

	read_tables("docs/world.md", "## States and actions\n", read_state_row, legal_in);
	for (int kind = 0; kind < ACTION_COUNT; kind++)
		tap_is_int(legal_in[kind], action_entry((ActionKind) kind)->legal_in, "where %s is legal is told",
				   action_name((ActionKind) kind));
}

static void
test_directions(void)
{
	static const struct
	{
		const char *words[6];
		Direction	direction;
		int			x;
		int			y;
	} directions[] = {
		{{"north", "n", "up", "North", "N", "UP"}, DIRECTION_NORTH, 5, 4},
		{{"east", "e", "right", "EAST", "E", "Right"}, DIRECTION_EAST, 6, 5},
		{{"south", "s", "down", "sOuTh", "S", "DOWN"}, DIRECTION_SOUTH, 5, 6},
		{{"west", "w", "left", "West", "W", "LefT"}, DIRECTION_WEST, 4, 5},
	};
	static const char *const unknown[] = {"",	"nor",	   "northern",	   "north ", " north",
										  "ne", "forward", "n\xc3\xb6rth", "[",		 "`"};

	for (int d = 0; d < 4; d++)
	{
		Cell cell = cell_towards((Cell) {5, 5}, directions[d].direction);

		for (int w = 0; w < 6; w++)
		{
			Direction found = (Direction) 9;

			tap_ok(direction_by_name(directions[d].words[w], &found) && found == directions[d].direction,
				   "%s is the direction %s", directions[d].words[w], directions[d].words[0]);
		}
		tap_ok(cell.x == directions[d].x && cell.y == directions[d].y, "%s of (5, 5) lies (%d, %d)",
			   directions[d].words[0], directions[d].x, directions[d].y);
	}
	for (int i = 0; i < (int) (sizeof(unknown) / sizeof(unknown[0])); i++)
	{
		Direction untouched = (Direction) 9;

		tap_ok(!direction_by_name(unknown[i], &untouched) && untouched == (Direction) 9,
			   "\"%s\" is no direction", unknown[i]);
	}
	tap_ok(!direction_by_name(NULL, NULL), "no name is no direction");
	tap_ok(cell_equal(cell_towards((Cell) {0, 0}, DIRECTION_WEST), (Cell) {-1, 0}),
		   "a step may lead out of the world");
}

static void
test_bids(void)
{
	ItemType   apple = linked((ItemType) KIND_OF("apple", CONSUMED(5 * SIM_SECOND, {5000000})));
	ItemType   chair = linked((ItemType) KIND_OF("chair", SAT_ON({[NEED_ENERGY] = 10000000})));
	ItemType   lamp = {.name = "lamp"};
	ItemType   screen = linked((ItemType) KIND_OF("screen", USABLE_FOR("watch")));
	ItemType   table = linked((ItemType) KIND_OF("table", USABLE_FOR("play")));
	const Cell here = {10, 10};
	const Cell beside = {10, 11};
	const Cell diagonal = {11, 11};
	const Cell two_off = {12, 10};

	tap_is_int(item_answers_bid(&apple, SHARE_WHOLE, false, here, beside, &consume, 1), BID_ACCEPTED,
			   "a free apple is given to who stands beside it");
	tap_is_int(item_answers_bid(&apple, 1, false, here, (Cell) {9, 10}, &consume, 1), BID_ACCEPTED,
			   "the last bite too");
	tap_is_int(item_answers_bid(&apple, SHARE_WHOLE, false, here, here, &consume, 1), BID_ACCEPTED,
			   "who stands on its cell is adjacent");
	tap_is_int(item_answers_bid(&apple, SHARE_WHOLE, false, here, diagonal, &consume, 1), BID_NOT_ADJACENT,
			   "diagonally is not adjacent");
	tap_is_int(item_answers_bid(&apple, SHARE_WHOLE, false, here, two_off, &consume, 1), BID_NOT_ADJACENT,
			   "two cells off is not adjacent");
	tap_is_int(item_answers_bid(&chair, SHARE_WHOLE, true, here, beside, &sit, 1), BID_OCCUPIED,
			   "a second NPC is refused the chair");
	tap_is_int(item_answers_bid(&apple, SHARE_WHOLE, true, here, beside, &consume, 1), BID_OCCUPIED,
			   "a second NPC is refused the apple");
	tap_is_int(item_answers_bid(&apple, 0, false, here, beside, &consume, 1), BID_USED_UP,
			   "a used up apple is refused");
	tap_is_int(item_answers_bid(&chair, 0, false, here, beside, &sit, 1), BID_ACCEPTED,
			   "a chair is not used up by sitting");
	tap_is_int(item_answers_bid(&apple, SHARE_WHOLE, false, here, beside, &sit, 1), BID_NOT_OFFERED,
			   "nobody sits on an apple");
	tap_is_int(item_answers_bid(&chair, SHARE_WHOLE, false, here, beside, &consume, 1), BID_NOT_OFFERED,
			   "nobody eats a chair");
	tap_is_int(item_answers_bid(&lamp, SHARE_WHOLE, false, here, beside, NULL, 1), BID_NOT_OFFERED,
			   "nothing is not an interaction");
	tap_is_int(item_answers_bid(&lamp, SHARE_WHOLE, false, here, beside, &sit, 1), BID_NOT_OFFERED,
			   "a lamp offers nothing");
	tap_is_int(item_answers_bid(&chair, SHARE_WHOLE, true, here, two_off, &sit, 1), BID_OCCUPIED,
			   "who is far from an occupied chair need not walk there to be refused");
	tap_is_int(item_answers_bid(&apple, 0, true, here, two_off, &sit, 1), BID_NOT_OFFERED,
			   "what an item never does is said first");
	tap_is_int(item_answers_bid(&screen, SHARE_WHOLE, false, here, two_off, &watch, 1), BID_ACCEPTED,
			   "what needs no adjacency is done from where it is seen");
	tap_is_int(item_answers_bid(&screen, SHARE_WHOLE, false, here, (Cell) {19, 10}, &watch, 1),
			   BID_NOT_IN_SIGHT, "and not from farther");
	tap_is_int(item_answers_bid(&table, SHARE_WHOLE, false, here, beside, &play, 1), BID_TOO_FEW,
			   "what takes two is not done alone");
	tap_ok(interaction_reaches(&consume, here, beside) && !interaction_reaches(&consume, here, diagonal),
		   "adjacency reaches one step");
	tap_ok(interaction_reaches(&watch, here, (Cell) {18, 12}) &&
			   !interaction_reaches(&watch, here, (Cell) {18, 13}),
		   "sight 8.25 cells");
}

static void
test_bid_reasons(void)
{
	tap_is_str(bid_verdict_reason(BID_ACCEPTED), "accepted", "an accepted bid");
	tap_is_str(bid_verdict_reason(BID_OCCUPIED), "item is occupied", "an occupied item says so");
	tap_is_str(bid_verdict_reason(BID_NOT_OFFERED), "item does not offer this interaction",
			   "one that cannot says so");
	tap_is_str(bid_verdict_reason(BID_NOT_ADJACENT), "not adjacent to the item", "a bidder afar is told");
	tap_is_str(bid_verdict_reason(BID_USED_UP), "item is used up", "a used up item says so");
	tap_is_str(bid_verdict_reason(BID_NOT_IN_SIGHT), "item is not in sight", "one out of sight says so");
	tap_is_str(bid_verdict_reason(BID_TOO_FEW), "interaction needs more participants",
			   "a lonely bidder is told");
}

int
main(void)
{
	test_legal_actions();
	test_forms();
	test_the_manual_tells_actions();
	test_the_manual_tells_states();
	test_directions();
	test_bids();
	test_bid_reasons();
	return tap_done();
}
