/*
 * choices.c
 *	  Tells a mind what its NPC may do now (the list of sim/choices.c), so that it can choose by number.
 *
 * The list is made from what the observation shows, and remembered with the request
 * (decision_slots.choices) until the next one is opened. An answer by number becomes the action it
 * stands for before anything else is done with it, so that the input of the world, and the log, have
 * it spelt out.
 *
 * Targets of walks are in sight and can be reached within sight: there may be longer ways to other
 * things, but no choice is offered in vain.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "engine/world.h"
#include "json.h"
#include "reducers/choices.h"
#include "reducers/scene_json.h"
#include "reducers/wire_json.h"
#include "sim/random.h"
#include "sim/reach.h"
#include "sim/talk.h"
#include "tables/interaction_types.h"

/* The most bytes of a name in the text of a choice. */
#define NAME_BYTES 40

typedef struct Surroundings
{
	const Scene	 *scene;
	const NpcRow *row;
	Cell		  here;
	int64		  now;
	Reach		  reach;
	const Run	 *run; /* it takes part in, or NULL */
	ChoiceView	  view;
} Surroundings;

/* ---- what is around ---- */

static void
look_for_ways(Surroundings *around, const SeenThing *items, int item_count)
{
	const WorldHead *head = around->scene->head;
	const uint8		*terrain = around->scene->terrain;

	reach_begin(&around->reach, around->here);
	for (int y = Max(around->here.y - SIGHT_CELLS, 0);
		 y <= Min(around->here.y + SIGHT_CELLS, head->size_y - 1); y++)
		for (int x = Max(around->here.x - SIGHT_CELLS, 0);
			 x <= Min(around->here.x + SIGHT_CELLS, head->size_x - 1); x++)
			reach_set(&around->reach, (Cell) {(int16) x, (int16) y},
					  terrain != NULL && terrain_bit(terrain, (int64) y * head->size_x + x));
	for (int i = 0; i < item_count; i++)
		reach_set(&around->reach, items[i].cell, true);
	reach_spread(&around->reach);
	around->view.may_wander = reach_leads_anywhere(&around->reach);
	for (int d = DIRECTION_NORTH; d <= DIRECTION_WEST; d++)
		around->view.is_free[d] = state_is_free(around->row->state) && around->row->state != NPC_MOVING &&
								  around->row->state != NPC_WANDERING &&
								  reach_has(&around->reach, cell_towards(around->here, (Direction) d));
}

/* Fills in the items as the built-in mind sees them: those that can be reached. */
static void
look_at_items(Surroundings *around, const SeenThing *items, int count)
{
	SeenItem *seen = palloc(sizeof(SeenItem) * Max(count, 1));
	int		  seen_count = 0;

	for (int i = 0; i < count; i++)
	{
		const SeenThing *item = &items[i];
		bool			 taken = item->occupied_by != 0;

		if (!reach_leads_to(&around->reach, item->cell))
			continue;
		seen[seen_count++] = (SeenItem) {
			.id = item->id,
			.cell = item->cell,
			.distance_squared = item->distance_squared,
			.type = &item->kind->item_type,
			.share_left = item->share_left,
			.taken = taken,
			.joinable =
				taken && item->run != NULL && run_is_joinable(item->run) ? item->run->text->type : NULL,
		};
	}
	around->view.mind.items = seen;
	around->view.mind.item_count = seen_count;
}

/* Whether the viewer and the other NPC can begin the interaction, or the viewer can join the other in it. */
static bool
may_do_with(const InteractionType *type, const SeenThing *npc)
{
	if (npc->run != NULL)
		return npc->run->text->type == type && run_is_joinable(npc->run);
	return state_is_free(npc->npc->state) && participants_verdict(type, 2) == BID_ACCEPTED;
}

static void
look_at_npcs(Surroundings *around, const SeenThing *npcs, int count)
{
	const TypeTexts *texts = &around->scene->texts;
	SeenPartner		*partners = palloc(sizeof(SeenPartner) * Max(CHOICES_MAX, 1));
	int				 partner_count = 0;

	for (int i = 0; i < count; i++)
		for (int k = 0; npcs[i].npc != NULL && k < texts->interaction_count; k++)
		{
			const InteractionType *type = texts->interactions[k].type;

			if (partner_count == CHOICES_MAX || type->target != TARGET_NPC || !may_do_with(type, &npcs[i]))
				continue;
			if (interaction_reaches(type, around->here, npcs[i].cell) ||
				reach_leads_to(&around->reach, npcs[i].cell))
				partners[partner_count++] = (SeenPartner) {.npc_id = npcs[i].id, .interaction = type};
		}
	around->view.partners = partners;
	around->view.partner_count = partner_count;
}

static const SeenThing *
find_thing(const SeenThing *things, int count, int64 id)
{
	for (int i = 0; i < count; i++)
		if (things[i].id == id)
			return &things[i];
	return NULL;
}

/* Fills in how an interaction changes needs; nothing is known if its item is not in sight. */
static void
rates_of(const InteractionType *type, int64 target_id, const SeenThing *items, int count,
		 int32 rates[NEED_COUNT])
{
	const SeenThing *item = type->target == TARGET_ITEM ? find_thing(items, count, target_id) : NULL;

	memset(rates, 0, sizeof(int32) * NEED_COUNT);
	if (type->target == TARGET_NPC || item != NULL)
		interaction_need_rates(type, item != NULL ? &item->kind->item_type : NULL, rates);
}

static void
look_at_bids(Surroundings *around, const SeenThing *items, int item_count, const SeenThing *npcs,
			 int npc_count)
{
	const OpenBids *open = &around->scene->bids;
	SeenBid		   *bids = palloc(sizeof(SeenBid) * Max(open->count, 1));
	int				count = 0;

	for (int i = 0; i < open->count; i++)
	{
		const OpenBid	*bid = &open->bids[i];
		const SeenThing *bidder = find_thing(npcs, npc_count, bid->bidder_id);
		int32			 rates[NEED_COUNT];

		if (!bid_awaits(bid, around->row->id))
			continue;
		rates_of(bid->text->type, bid->target_id, items, item_count, rates);
		bids[count++] =
			(SeenBid) {.bid_id = bid->id,
					   .acceptable =
						   bidder != NULL && partner_in_reach(bid->text->type, bidder->cell, around->here),
					   .wanted = mind_accepts(bid->text->type, rates, around->view.mind.needs)};
	}
	around->view.bids = bids;
	around->view.bid_count = count;
}

/* Whether an act of the interaction needs nothing but words. */
static bool
takes_words_alone(const InteractionType *type)
{
	/* The types of the texts are members of their InteractionRows. */
	const InteractionRow *interaction = (const InteractionRow *) type;
	static char			  words[] = "words";
	JsonbValue			  said = {.type = jbvString, .val.string = {.val = words, .len = sizeof(words) - 1}};
	const char			 *failure;

	return type->takes_messages &&
		   interaction_act(interaction, &interaction_words(&said)->root, &failure) != NULL;
}

static void
look_inside(Surroundings *around, const SeenThing *items, int item_count)
{
	MindView *mind = &around->view.mind;

	if (around->run == NULL)
		return;
	mind->interaction = around->run->text->type;
	rates_of(mind->interaction, around->run->target_id, items, item_count, mind->interaction_rates);
	around->view.may_speak =
		takes_words_alone(mind->interaction) && run_may_act_at(around->run, around->row->id) <= around->now;
}

static void
look_around_for_choices(Surroundings *around, const Scene *scene, int viewer)
{
	int				 item_count;
	int				 npc_count;
	const SeenThing *items = things_of(&scene->items, viewer, &item_count);
	const SeenThing *npcs = things_of(&scene->npcs, viewer, &npc_count);
	const NpcRow	*row = &scene->viewers->rows[viewer];
	int64			 now = npc_row_now(row, scene->head->now);
	MindView		*mind = &around->view.mind;

	*around = (Surroundings) {.scene = scene,
							  .row = row,
							  .here = scene->cells[viewer],
							  .now = scene->head->now,
							  .run = run_of(scene, row)};
	mind->npc_id = row->id;
	mind->cell = around->here;
	mind->state = row->state;
	mind->approaching = row->state == NPC_MOVING ? row->target_id : 0;
	for (int need = 0; need < NEED_COUNT; need++)
		mind->needs[need] = need_at(row->needs.value[need], row->needs.rate[need], row->needs.as_of, now);
	look_for_ways(around, items, item_count);
	look_at_items(around, items, item_count);
	look_at_npcs(around, npcs, npc_count);
	look_at_bids(around, items, item_count, npcs, npc_count);
	look_inside(around, items, item_count);
}

/* ---- in words ---- */

/* Returns a name, cut if it is long. */
static char *
short_name(const char *name)
{
	return pnstrdup(name, pg_mbcliplen(name, (int) strlen(name), NAME_BYTES));
}

static const char *
bidder_name(const Scene *scene, const OpenBid *bid)
{
	const NpcRow *bidder = npc_row_find(scene->seen, bid->bidder_id);

	return bidder != NULL && bidder->name != NULL ? short_name(bidder->name) : "somebody";
}

static char *
quoted(const char *text)
{
	StringInfoData out;

	initStringInfo(&out);
	json_string(&out, text);
	return out.data;
}

static char *
tenths_of_distance(int32 squared)
{
	StringInfoData out;

	initStringInfo(&out);
	json_distance(&out, squared);
	return out.data;
}

/* Returns the needs that the interaction fills, as "hunger, fun"; "no need" if it fills none. */
static char *
filled_by(const InteractionType *type, const ItemType *item)
{
	StringInfoData out;
	int32		   rates[NEED_COUNT];

	initStringInfo(&out);
	interaction_need_rates(type, item, rates);
	for (int need = 0; need < NEED_COUNT; need++)
		if (rates[need] > 0)
			appendStringInfo(&out, out.len > 0 ? ", %s" : "%s", need_names[need]);
	return out.len > 0 ? out.data : "no need";
}

/* Returns something fitting to say, drawn for each NPC and moment. */
static const char *
words_to_say(const Surroundings *around)
{
	bool greeted = around->run != NULL && run_may_act_at(around->run, around->row->id) >= 0;

	return talk_words(greeted ? UTTERANCE_PHRASE : UTTERANCE_GREETING,
					  (uint32) sim_random(0, around->row->id, (uint64) around->now));
}

static void
tell_interaction(const Surroundings *around, int viewer, const Action *action, char **members, char **words)
{
	const Scene			  *scene = around->scene;
	const InteractionType *type = action->interaction;
	int					   count;
	const SeenThing		  *things =
		things_of(type->target == TARGET_NPC ? &scene->npcs : &scene->items, viewer, &count);
	const SeenThing *thing = find_thing(things, count, action->target_id);
	char			*distance = tenths_of_distance(thing->distance_squared);

	if (action_meant(type->name) != ACTION_NONE || type->target == TARGET_NPC)
		*members = psprintf("%s,\"target_id\":" INT64_FORMAT ",\"interaction_name\":\"%s\"", *members,
							action->target_id, type->name);
	else
		*members = psprintf("\"action\":\"%s\",\"target_id\":" INT64_FORMAT, type->name, action->target_id);
	if (type->target == TARGET_ITEM)
		*words = psprintf("%s %s, %s away, fills %s", thing->run != NULL ? "join in:" : type->name,
						  thing->kind->item_type.name, distance, filled_by(type, &thing->kind->item_type));
	else
	{
		if (takes_words_alone(type))
			*members = psprintf("%s,\"message\":%s", *members, quoted(words_to_say(around)));
		*words = psprintf("%s %s, %s away", type->name, short_name(thing->npc->name), distance);
	}
}

static void
tell_answer(const Surroundings *around, int viewer, const Action *action, char **members, char **words)
{
	const OpenBids *open = &around->scene->bids;
	const OpenBid  *bid = NULL;

	for (int i = 0; i < open->count; i++)
		if (open->bids[i].id == action->bid_id)
			bid = &open->bids[i];
	Assert(bid != NULL);
	*members = psprintf("%s,\"bid_id\":" INT64_FORMAT ",\"accept\":%s%s", *members, action->bid_id,
						action->accept ? "true" : "false", action->accept ? "" : ",\"reason\":\"not now\"");
	*words = psprintf("%s %s with %s", action->accept ? "accept" : "refuse", bid->text->type->name,
					  bidder_name(around->scene, bid));
}

static void
tell_step(const Surroundings *around, int viewer, const Action *action, char **members, char **words)
{
	static const char *const directions[] = {[DIRECTION_NORTH] = "north",
											 [DIRECTION_EAST] = "east",
											 [DIRECTION_SOUTH] = "south",
											 [DIRECTION_WEST] = "west"};
	StaticAssertStmt(lengthof(directions) == DIRECTION_WEST + 1, "every direction has a name");

	*members = psprintf("%s,\"direction\":\"%s\"", *members, directions[action->direction]);
	*words = psprintf("one step %s", directions[action->direction]);
}

static void
tell_going_on(const Surroundings *around, int viewer, const Action *action, char **members, char **words)
{
	*words = psprintf("go on: %s", around->run != NULL ? around->run->text->type->name
													   : npc_state_name(around->row->state));
}

static void
tell_stop(const Surroundings *around, int viewer, const Action *action, char **members, char **words)
{
	*words = psprintf("stop: %s", around->run != NULL ? around->run->text->type->name : "this");
}

/* Tells an action that always has the same text, with words to say and a duration if it takes them. */
static void
tell_plainly(const Surroundings *around, int viewer, const Action *action, char **members, char **words)
{
	*words = pstrdup(action_entry(action->kind)->choice);
	if (action_takes(action->kind, MESSAGE_PARAMETER))
		*members = psprintf("%s,\"%s\":%s", *members, MESSAGE_PARAMETER, quoted(words_to_say(around)));
	if (action_takes(action->kind, "duration"))
		*members = psprintf("%s,\"duration\":%d", *members, (int) (action->duration / SIM_SECOND));
}

/*
 * The tellers by kind of action; NULL: tell_plainly(). A teller appends to the action's JSON members and sets
 * its text.
 */
static void (*const tellers[ACTION_COUNT])(const Surroundings *around, int viewer, const Action *action,
										   char **members, char **words) = {
	[ACTION_INTERACT_WITH] = tell_interaction, [ACTION_RESPOND_TO_BID] = tell_answer,
	[ACTION_MOVE_DIRECTION] = tell_step,	   [ACTION_CONTINUE] = tell_going_on,
	[ACTION_CANCEL_INTERACTION] = tell_stop,
};

static void
tell_choice(const Surroundings *around, int viewer, const Action *action, char **members, char **words)
{
	*members = psprintf("\"action\":\"%s\"", action_name(action->kind));
	(tellers[action->kind] != NULL ? tellers[action->kind] : tell_plainly)(around, viewer, action, members,
																		   words);
}

void
offer_choices(const Scene *scene, int viewer, OfferedChoices *choices, Ranking *ranking)
{
	Action		 actions[CHOICES_MAX];
	Surroundings around;

	look_around_for_choices(&around, scene, viewer);
	choices->count = choices_rank(&around.view, actions, choices->better);
	ranking->count = ranking_make(actions, choices->better, choices->count, ranking->keys);
	for (int i = 0; i < choices->count; i++)
	{
		char *words;

		tell_choice(&around, viewer, &actions[i], &choices->actions[i], &words);
		choices->words[i] = quoted(words);
		choices->is_ranked[i] = choice_is_ranked(&actions[i]);
	}
}

void
rank_choices(const Scene *scene, int viewer, Ranking *ranking)
{
	Action		 actions[CHOICES_MAX];
	int			 better[CHOICES_MAX];
	Surroundings around;

	look_around_for_choices(&around, scene, viewer);
	ranking->count =
		ranking_make(actions, better, choices_rank(&around.view, actions, better), ranking->keys);
}

void
json_choices(StringInfo out, OfferedChoices *choices, int room)
{
	int start = out->len;

	json_literal(out, ",\"choices\":[");
	for (int i = 0; i < choices->count; i++)
	{
		int before = out->len;

		appendStringInfo(out, "%s{\"choice\":%d,%s,\"text\":%s}", i > 0 ? "," : "", i + 1,
						 choices->actions[i], choices->words[i]);
		if (out->len + 1 - start > room)
		{
			out->len = before;
			choices->count = i;
		}
	}
	appendStringInfoChar(out, ']');
}

StringInfo
offered_actions(const OfferedChoices *choices)
{
	StringInfo out = makeStringInfo();

	appendStringInfoChar(out, '[');
	for (int i = 0; i < choices->count; i++)
		appendStringInfo(out, "%s{%s}", i > 0 ? "," : "", choices->actions[i]);
	appendStringInfoChar(out, ']');
	return out;
}

/* ---- the choice of a mind ---- */

static JsonbValue *
member(JsonbContainer *object, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

bool
decision_is_choice(Jsonb *decision)
{
	return member(&decision->root, "choice") != NULL;
}

/* Returns the number that was chosen; 0 if it is no whole number in range. */
static int64
chosen_number(const JsonbValue *choice)
{
	Datum number;

	if (choice->type != jbvNumeric)
		return 0;
	number = NumericGetDatum(choice->val.numeric);
	if (!DatumGetBool(DirectFunctionCall2(numeric_ge, number, NumericGetDatum(int64_to_numeric(1)))) ||
		!DatumGetBool(
			DirectFunctionCall2(numeric_le, number, NumericGetDatum(int64_to_numeric(CHOICES_MAX)))) ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, number, DirectFunctionCall1(numeric_floor, number))))
		return 0;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
}

static void
push_member(JsonbParseState **state, const char *name, JsonbValue *value)
{
	JsonbValue key = {.type = jbvString, .val.string = {.val = (char *) name, .len = (int) strlen(name)}};

	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_VALUE, value);
}

/* Returns the members of the decision that go with any choice, ... */
static Jsonb *
own_members(Jsonb *decision, JsonbContainer *chosen)
{
	static const char *const always[] = {"then", "wake_on", "next_decision_in_s"};
	/* ... and those that replace words that were offered. */
	static const char *const words[] = {MESSAGE_PARAMETER, "reason"};
	JsonbParseState			*state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < (int) lengthof(always); i++)
	{
		JsonbValue *value = member(&decision->root, always[i]);

		if (value != NULL)
			push_member(&state, always[i], value);
	}
	for (int i = 0; i < (int) lengthof(words); i++)
	{
		JsonbValue *value = member(&decision->root, words[i]);

		if (value != NULL && value->type == jbvString && value->val.string.len > 0 &&
			member(chosen, words[i]) != NULL)
			push_member(&state, words[i], value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

Jsonb *
decision_chosen(Jsonb *decision, Jsonb *offered, const char **flaw)
{
	int64		number = chosen_number(member(&decision->root, "choice"));
	int			count = offered != NULL ? (int) JB_ROOT_COUNT(offered) : 0;
	JsonbValue *chosen;
	Jsonb	   *action;

	*flaw = NULL;
	if (offered == NULL)
		*flaw = "no choices were offered with this question";
	else if (number < 1 || number > count)
		*flaw = psprintf("choice is not a number from 1 to %d, the choices that were offered", count);
	if (*flaw != NULL)
		return NULL;
	chosen = getIthJsonbValueFromContainer(&offered->root, (uint32) number - 1);
	if (chosen == NULL || chosen->type != jbvBinary || !JsonContainerIsObject(chosen->val.binary.data))
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("an offered choice is no action"));
	action = JsonbValueToJsonb(chosen);
	return DatumGetJsonbP(
		DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(action),
							JsonbPGetDatum(own_members(decision, chosen->val.binary.data))));
}
