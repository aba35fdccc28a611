/*
 * compact.c
 *	  The observation for minds with little room.
 *
 * It has what the whole observation has, by the same names, without what a mind learns once:
 * descriptions, rates, places. Parts are written in the order of their value, each within its share of
 * the room and what is left; lists lose what is farthest, oldest or least useful. So the limit holds
 * whatever names, texts and crowds there are.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "json.h"
#include "reducers/compact.h"
#include "reducers/scene_json.h"
#include "sim/actions.h"
#include "tables/interaction_types.h"

/*
 * The most bytes of names and messages. An escaped character may take six bytes; a text that does not fit is
 * left out.
 */
#define NAME_BYTES	  40
#define MESSAGE_BYTES 120

/* The most room that a part may take. */
#define CHOICES_ROOM	  1000
#define BIDS_ROOM		  200
#define CONVERSATION_ROOM 320
#define EVENTS_ROOM		  240
#define HELD_ROOM		  160
#define TRAITS_ROOM		  120

#define MESSAGES_TOLD 4
#define EVENTS_TOLD	  6

typedef struct Compact
{
	StringInfo	  out;
	const Scene	 *scene;
	int			  viewer;
	const NpcRow *row;
} Compact;

/* ---- lists of limited size ---- */

/* A list that is being written: elements that do not fit are not in it. */
typedef struct Part
{
	StringInfo out;
	int		   start;
	int		   end;	 /* of the list's room */
	int		   item; /* where the present element begins */
	int		   count;
} Part;

/* Begins a list. 'room' includes its closing bracket. */
static Part
list_begin(StringInfo out, const char *name, int room)
{
	Part list = {.out = out, .start = out->len, .end = Min(out->len + room, COMPACT_BYTES - 1)};

	appendStringInfo(out, ",\"%s\":[", name);
	return list;
}

static void
list_element(Part *list)
{
	list->item = list->out->len;
	if (list->count > 0)
		appendStringInfoChar(list->out, ',');
}

/* Ends an element. Returns false if it did not fit and was removed. */
static bool
list_element_ends(Part *list)
{
	if (list->out->len + 1 > list->end)
	{
		list->out->len = list->item;
		return false;
	}
	list->count++;
	return true;
}

/* Ends a list; an empty one is left out. */
static void
list_end(Part *list)
{
	if (list->count == 0)
		list->out->len = list->start;
	else
		appendStringInfoChar(list->out, ']');
}

/* Writes a text, cut after 'bytes'. */
static void
json_cut_string(StringInfo out, const char *text, int bytes)
{
	json_string(out, text == NULL ? NULL : pnstrdup(text, pg_mbcliplen(text, (int) strlen(text), bytes)));
}

/* ---- parts ---- */

/* Writes as much of the name as fits into NAME_BYTES, however it is escaped. */
static void
json_own_name(StringInfo out, const char *name)
{
	int start = out->len;

	for (int bytes = NAME_BYTES; bytes >= 0; bytes = bytes / 2 - (bytes == 0))
	{
		out->len = start;
		json_cut_string(out, name, bytes);
		if (out->len - start <= NAME_BYTES + 2)
			return;
	}
}

static void
write_self(Compact *compact)
{
	StringInfo out = compact->out;

	json_literal(out, "{\"self\":{\"id\":");
	json_int64(out, compact->row->id);
	json_literal(out, ",\"name\":");
	json_own_name(out, compact->row->name);
	json_literal(out, ",\"clock\":");
	json_millionths(out, compact->scene->head->now);
	json_literal(out, "},");
	json_needs(out, compact->scene, compact->row);
	appendStringInfoChar(out, ',');
	json_position(out, compact->scene->cells[compact->viewer]);
}

/* Tells when the NPC may act again in its interaction, and the act that is held; a long one is not told. */
static void
write_held_act(Compact *compact, const Run *run)
{
	int64  may_act_at = run_may_act_at(run, compact->row->id);
	Jsonb *act = compact->row->terms;
	char  *text;

	if (may_act_at > compact->scene->head->now)
	{
		json_literal(compact->out, ",\"may_act_at\":");
		json_millionths(compact->out, may_act_at);
	}
	if (act == NULL)
		return;
	text = JsonbToCString(NULL, &act->root, VARSIZE(act));
	appendStringInfo(compact->out, ",\"held_act\":%s", strlen(text) <= HELD_ROOM ? text : "{}");
}

static void
write_status(Compact *compact)
{
	StringInfo	out = compact->out;
	const Run  *run = run_of(compact->scene, compact->row);
	const char *name = run != NULL ? run->text->type->name : NULL;

	appendStringInfo(out,
					 ",\"status\":{\"state\":\"%s\",\"target_id\":", npc_state_name(compact->row->state));
	json_id(out, compact->row->target_id);
	json_literal(out, ",\"current_interaction\":");
	json_string(out, name);
	if (run != NULL)
		write_held_act(compact, run);
	appendStringInfoChar(out, '}');
}

static void
write_bids(Compact *compact)
{
	const OpenBids *bids = &compact->scene->bids;
	Part			list = list_begin(compact->out, "bids", BIDS_ROOM);

	for (int i = 0; i < bids->count; i++)
	{
		const OpenBid *bid = &bids->bids[i];
		const NpcRow  *bidder = npc_row_find(compact->scene->seen, bid->bidder_id);

		if (!bid_awaits(bid, compact->row->id))
			continue;
		list_element(&list);
		appendStringInfo(compact->out, "{\"bid_id\":" INT64_FORMAT ",\"bidder_name\":", bid->id);
		json_cut_string(compact->out, bidder != NULL ? bidder->name : NULL, NAME_BYTES);
		appendStringInfo(compact->out, ",\"interaction\":\"%s\"}", bid->text->type->name);
		if (!list_element_ends(&list))
			break;
	}
	list_end(&list);
}

static char *
text_of(JsonbContainer *object, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);

	return value != NULL && value->type == jbvString ? pnstrdup(value->val.string.val, value->val.string.len)
													 : NULL;
}

/* Writes the last messages, oldest first; the last one is told if it fits at all. */
static void
write_conversation(Compact *compact)
{
	const Run *run = run_of(compact->scene, compact->row);
	char	  *said[MESSAGES_TOLD];
	int		   count = 0;
	int		   room = CONVERSATION_ROOM;
	Part	   list;

	if (run == NULL || run->acts == NULL || !run->text->type->takes_messages)
		return;
	for (int i = (int) JB_ROOT_COUNT(run->acts) - 1; i >= 0 && count < MESSAGES_TOLD; i--)
	{
		JsonbValue	   *act = getIthJsonbValueFromContainer(&run->acts->root, (uint32) i);
		JsonbContainer *object = act->type == jbvBinary ? act->val.binary.data : NULL;
		StringInfoData	text;

		if (object == NULL || text_of(object, MESSAGE_PARAMETER) == NULL)
			continue;
		initStringInfo(&text);
		json_literal(&text, "{\"name\":");
		json_cut_string(&text, text_of(object, "name"), NAME_BYTES);
		json_literal(&text, ",\"message\":");
		json_cut_string(&text, text_of(object, MESSAGE_PARAMETER), MESSAGE_BYTES);
		appendStringInfoChar(&text, '}');
		room -= text.len + 1;
		if (room < 0)
			break;
		said[count++] = text.data;
	}
	list = list_begin(compact->out, "conversation", CONVERSATION_ROOM + 20);
	while (count > 0)
	{
		list_element(&list);
		appendStringInfoString(compact->out, said[--count]);
		if (!list_element_ends(&list))
			break;
	}
	list_end(&list);
}

/* Writes the last events, oldest first; long ones, such as an invitation that is told above, are left out. */
static void
write_events(Compact *compact)
{
	Jsonb *events = compact->row->events;
	char  *told[EVENTS_TOLD];
	int	   count = 0;
	int	   room = EVENTS_ROOM;
	Part   list;

	if (events == NULL)
		return;
	for (int i = (int) JB_ROOT_COUNT(events) - 1; i >= 0 && count < EVENTS_TOLD; i--)
	{
		JsonbValue *event = getIthJsonbValueFromContainer(&events->root, (uint32) i);
		char	   *text;

		if (event->type != jbvBinary)
			continue;
		text = JsonbToCString(NULL, event->val.binary.data, event->val.binary.len);
		if ((int) strlen(text) + 1 > room)
			continue;
		room -= (int) strlen(text) + 1;
		told[count++] = text;
	}
	list = list_begin(compact->out, "events", EVENTS_ROOM + 20);
	while (count > 0)
	{
		list_element(&list);
		appendStringInfoString(compact->out, told[--count]);
		if (!list_element_ends(&list))
			break;
	}
	list_end(&list);
}

static void
write_traits(Compact *compact)
{
	Datum *traits;
	bool  *nulls;
	int	   count;
	Part   list;

	if (compact->row->traits == NULL)
		return;
	deconstruct_array(compact->row->traits, TEXTOID, -1, false, TYPALIGN_INT, &traits, &nulls, &count);
	list = list_begin(compact->out, "traits", TRAITS_ROOM);
	for (int i = 0; i < count; i++)
	{
		list_element(&list);
		json_string(compact->out, nulls[i] ? NULL : TextDatumGetCString(traits[i]));
		if (!list_element_ends(&list))
			break;
	}
	list_end(&list);
}

static void
json_thing(StringInfo out, const SeenThing *thing)
{
	appendStringInfo(out, "{\"type\":\"%s\",\"id\":" INT64_FORMAT ",\"distance\":",
					 thing->kind != NULL ? "item" : "npc", thing->id);
	json_distance(out, thing->distance_squared);
	if (thing->kind != NULL)
	{
		appendStringInfo(out, ",\"item_type\":\"%s\",\"occupied\":%s,\"interactions\":[",
						 thing->kind->item_type.name, thing->occupied_by != 0 ? "true" : "false");
		for (int o = 0; o < thing->kind->item_type.offer_count; o++)
			appendStringInfo(out, "%s\"%s\"", o > 0 ? "," : "", thing->kind->item_type.offers[o]->name);
		json_literal(out, "]}");
		return;
	}
	json_literal(out, ",\"name\":");
	json_cut_string(out, thing->npc->name, NAME_BYTES);
	appendStringInfo(out, ",\"npc_state\":\"%s\"}", npc_state_name(thing->npc->state));
}

/* Writes what is nearest, items and NPCs, into the room that is left. */
static void
write_vision(Compact *compact)
{
	int				 item_count;
	int				 npc_count;
	const SeenThing *items = things_of(&compact->scene->items, compact->viewer, &item_count);
	const SeenThing *npcs = things_of(&compact->scene->npcs, compact->viewer, &npc_count);
	int				 item = 0;
	int				 npc = 0;
	Part			 list = list_begin(compact->out, "vision", COMPACT_BYTES);

	while (item < item_count || npc < npc_count)
	{
		bool item_next = npc == npc_count ||
						 (item < item_count && items[item].distance_squared <= npcs[npc].distance_squared);
		const SeenThing *thing = item_next ? &items[item++] : &npcs[npc++];

		if (thing->kind == NULL && thing->npc == NULL)
			continue;
		list_element(&list);
		json_thing(compact->out, thing);
		if (!list_element_ends(&list))
			break;
	}
	list_end(&list);
}

StringInfo
compact_observation(const Scene *scene, int viewer, const Observation *observation,
					const RecentEvents *recent, OfferedChoices *choices)
{
	Compact compact = {.out = makeStringInfo(),
					   .scene = scene,
					   .viewer = viewer,
					   .row = &scene->viewers->rows[viewer]};

	write_self(&compact);
	json_budget(compact.out, &observation->budget);
	write_status(&compact);
	if (choices != NULL)
		json_choices(compact.out, choices, CHOICES_ROOM);
	write_bids(&compact);
	write_conversation(&compact);
	if (observation->is_new)
		json_history(compact.out, recent, scene, viewer,
					 Min(HISTORY_BYTES_COMPACT, COMPACT_BYTES - 1 - compact.out->len - HISTORY_KEY_BYTES));
	write_events(&compact);
	write_traits(&compact);
	write_vision(&compact);
	appendStringInfoChar(compact.out, '}');
	Assert(compact.out->len <= COMPACT_BYTES);
	return compact.out;
}
