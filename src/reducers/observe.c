/*
 * observe.c
 *	  What NPCs are told when their minds are asked: themselves, what they
 *	  see, what happened since.
 *
 * Everything is read for all of them at once: their own rows, then the items and
 * tracks around them through the sight indexes, then names and states of the NPCs seen, and the
 * interactions they are in, each once. The index gives what a box of SIGHT_CELLS around the viewer meets; whether
 * it is in sight is decided here, on cells. No world is locked: an observation is as old
 * as the caller's snapshot, and the answer to it is checked against the world of that moment.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/sight.h"
#include "errors.h"
#include "json.h"
#include "reducers/args.h"
#include "reducers/choices.h"
#include "reducers/compact.h"
#include "reducers/observe.h"
#include "reducers/scene.h"
#include "reducers/wire_json.h"
#include "sim/path.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/id_lists.h"
#include "tables/index_rows.h"
#include "tables/interaction_kinds.h"

PG_FUNCTION_INFO_V1(npcsim_observe_npc);

/* Vision has at least this much room, however long the rest is. */
#define VISION_BYTES_MIN 2048
/* So have the events. */
#define EVENTS_BYTES_MIN 1024

static IndexRows item_rows = {"items",
							  "items_sight",
							  {{"id", INT8OID},
							   {"item_type", TEXTOID},
							   {"x", INT2OID},
							   {"y", INT2OID},
							   {"share_left", INT4OID},
							   {"occupied_by_npc_id", INT8OID}}};

static IndexRows track_rows = {"npc_tracks",
							   "npc_tracks_sight",
							   {{"npc_id", INT8OID}, {"departed_at", INT8OID}, {"cells", INT2ARRAYOID}}};

/* ---- sight ---- */

static void
add_thing(SeenList *list, const SeenThing *thing)
{
	if (list->count == list->room)
	{
		list->room = Max(256, list->room * 2);
		list->things = list->things == NULL
						   ? MemoryContextAllocHuge(CurrentMemoryContext, sizeof(SeenThing) * list->room)
						   : repalloc_huge(list->things, sizeof(SeenThing) * list->room);
	}
	list->things[list->count++] = *thing;
}

static inline int
compare_things(const SeenThing *left, const SeenThing *right)
{
	if (left->distance_squared != right->distance_squared)
		return left->distance_squared < right->distance_squared ? -1 : 1;
	return left->id < right->id ? -1 : left->id > right->id;
}

#define ST_SORT			sort_things
#define ST_ELEMENT_TYPE SeenThing
#define ST_COMPARE		compare_things
#define ST_SCOPE		static
#define ST_DEFINE
#include "lib/sort_template.h"

/* The row is an item that meets the box around a viewer. */
static void
see_item(Scene *scene, int viewer, const IndexReading *row)
{
	SeenThing thing = {.id = DatumGetInt64(row->values[0]),
					   .cell = {DatumGetInt16(row->values[2]), DatumGetInt16(row->values[3])},
					   .share_left = DatumGetInt32(row->values[4]),
					   .occupied_by = row->nulls[5] ? 0 : DatumGetInt64(row->values[5])};

	thing.distance_squared = cell_distance_squared(scene->cells[viewer], thing.cell);
	if (thing.distance_squared > SIGHT_SQUARED)
		return;
	thing.kind = find_kind_text(&scene->texts, row->values[1]);
	add_thing(&scene->items, &thing);
}

/* The row is the track of an NPC, whose box meets the one around a viewer. */
static void
see_npc(Scene *scene, int viewer, const IndexReading *row)
{
	SeenThing	 thing = {.id = DatumGetInt64(row->values[0])};
	const int16 *cells;
	int			 leg_length;
	int			 index;

	if (thing.id == scene->viewers->rows[viewer].id)
		return;
	cells = track_cells(row->values[2], &leg_length);
	index = leg_index_at(leg_length, DatumGetInt64(row->values[1]), scene->head->now);
	thing.cell = (Cell) {cells[2 * index], cells[2 * index + 1]};
	thing.distance_squared = cell_distance_squared(scene->cells[viewer], thing.cell);
	if (thing.distance_squared <= SIGHT_SQUARED)
		add_thing(&scene->npcs, &thing);
}

/* Asks a sight index for each viewer. */
static void
look_around(Scene *scene, IndexRows *rows, SeenList *list,
			void (*see)(Scene *scene, int viewer, const IndexReading *row))
{
	const WorldHead *head = scene->head;
	SightReading	 reading;

	list->starts = palloc(sizeof(int) * (scene->viewers->count + 1));
	sight_begin(&reading, rows, head->world_id, head->sight_plane, head->sight_old_plane);
	for (int viewer = 0; viewer < scene->viewers->count; viewer++)
	{
		int start = list->count;

		sight_look_from(&reading, scene->cells[viewer]);
		while (sight_next(&reading))
			see(scene, viewer, &reading.row);
		if (list->count > start)
			sort_things(list->things + start, list->count - start);
		list->starts[viewer] = start;
	}
	list->starts[scene->viewers->count] = list->count;
	sight_end(&reading);
}

/* Names and states of the NPCs that something is told of, each once. */
static void
read_seen(Scene *scene)
{
	int	   room = scene->npcs.count + scene->items.count + scene->bids.count;
	int64 *ids = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * Max(room, 1));
	int	   count = 0;

	for (int i = 0; i < scene->npcs.count; i++)
		ids[count++] = scene->npcs.things[i].id;
	for (int i = 0; i < scene->items.count; i++)
		if (scene->items.things[i].occupied_by != 0)
			ids[count++] = scene->items.things[i].occupied_by;
	for (int i = 0; i < scene->bids.count; i++)
		ids[count++] = scene->bids.bids[i].bidder_id;
	count = id_list_sort(ids, count);
	scene->seen = npc_rows_create(scene->head->world_id, ids, count);
	npc_rows_load(scene->seen, NPC_ROW_NAME | NPC_ROW_DOING, ids, count);
}

/* Ids of the interactions that the NPCs are in, behind those that are there; the new count. */
static int
add_run_ids(int64 *ids, int count, const NpcRows *npcs)
{
	for (int i = 0; i < npcs->count; i++)
		if (npcs->rows[i].interaction_id != 0)
			ids[count++] = npcs->rows[i].interaction_id;
	return count;
}

static void
read_interactions_seen(Scene *scene)
{
	int	   viewers = scene->viewers->count;
	int64 *heard = palloc(sizeof(int64) * viewers);
	int64 *ids = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * (viewers + scene->seen->count));
	int	   heard_count = id_list_sort(heard, add_run_ids(heard, 0, scene->viewers));
	int	   count = add_run_ids(ids, add_run_ids(ids, 0, scene->viewers), scene->seen);

	read_runs(scene->head->world_id, &scene->texts, ids, id_list_sort(ids, count), heard, heard_count,
			  &scene->runs);
}

/* NULL: not read, or there is no such NPC. */
static const char *
name_of(const Scene *scene, int64 npc_id)
{
	const NpcRows *rows[] = {scene->seen, scene->viewers, scene->others};

	for (size_t i = 0; i < lengthof(rows); i++)
	{
		const NpcRow *row = rows[i] != NULL ? npc_row_find(rows[i], npc_id) : NULL;

		if (row != NULL && (row->groups & (NPC_ROW_NAME | NPC_ROW_IDENTITY)) != 0)
			return row->name;
	}
	return NULL;
}

/* Who takes part in what is seen, by name; who is out of sight is looked up. */
static void
name_participants(Scene *scene)
{
	int64 *ids = palloc(sizeof(int64) * (PARTICIPANTS_MAX * scene->runs.count + 1));
	int	   count = 0;

	for (int r = 0; r < scene->runs.count; r++)
		for (int i = 0; i < scene->runs.runs[r].participant_count; i++)
			if (name_of(scene, scene->runs.runs[r].participants[i]) == NULL)
				ids[count++] = scene->runs.runs[r].participants[i];
	count = id_list_sort(ids, count);
	scene->others = npc_rows_create(scene->head->world_id, ids, count);
	npc_rows_load(scene->others, NPC_ROW_NAME, ids, count);
	for (int r = 0; r < scene->runs.count; r++)
		for (int i = 0; i < scene->runs.runs[r].participant_count; i++)
			scene->runs.runs[r].names[i] = name_of(scene, scene->runs.runs[r].participants[i]);
}

const Run *
run_of(const Scene *scene, const NpcRow *npc)
{
	return npc == NULL || npc->interaction_id == 0 ? NULL : find_run(&scene->runs, npc->interaction_id);
}

/* Who the things in sight are, and what they do. */
static void
recognize(Scene *scene)
{
	for (int i = 0; i < scene->npcs.count; i++)
	{
		SeenThing *npc = &scene->npcs.things[i];

		npc->npc = npc_row_find(scene->seen, npc->id);
		/* a track without the rest is being restored */
		if (npc->npc != NULL && npc->npc->groups != (NPC_ROW_NAME | NPC_ROW_DOING))
			npc->npc = NULL;
		npc->run = run_of(scene, npc->npc);
	}
	for (int i = 0; i < scene->items.count; i++)
	{
		SeenThing *item = &scene->items.things[i];

		if (item->occupied_by != 0)
			item->run = run_of(scene, npc_row_find(scene->seen, item->occupied_by));
	}
}

/* ---- text ---- */

/* "Mar 4, Year 1, 21:11": a second is a minute, from 06:00 on the first of March of year 1. */
static void
json_game_time(StringInfo out, int64 now)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
										 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64					 minutes = now / SIM_SECOND + (60 * 24 + 6) * 60;
	int64					 days = minutes / (24 * 60);

	minutes %= 24 * 60;
	appendStringInfo(out, "\"%s %d, Year " INT64_FORMAT ", %02d:%02d\"", months[days / 30 % 12],
					 (int) (days % 30) + 1, days / 360 + 1, (int) minutes / 60, (int) minutes % 60);
}

void
json_position(StringInfo out, Cell cell)
{
	json_literal(out, "\"position\":{\"x\":");
	json_int64(out, cell.x);
	json_literal(out, ",\"y\":");
	json_int64(out, cell.y);
	appendStringInfoChar(out, '}');
}

/* To a tenth of a cell. */
void
json_distance(StringInfo out, int32 squared)
{
	/* of things in sight, known when they were met once */
	static uint8 known[SIGHT_SQUARED + 1];
	int			 twentieths = 0;

	Assert(squared >= 0 && squared <= SIGHT_SQUARED);
	if (known[squared] == 0 && squared > 0)
	{
		while ((twentieths + 1) * (twentieths + 1) <= 400 * squared)
			twentieths++;
		known[squared] = (uint8) ((twentieths + 1) / 2);
	}
	json_tenths(out, known[squared]);
}

const SeenThing *
things_of(const SeenList *list, int viewer, int *count)
{
	*count = list->starts[viewer + 1] - list->starts[viewer];
	return list->things + list->starts[viewer];
}

/* Whether somebody takes part in it who is neither in sight nor the viewer. */
static bool
has_hidden_participants(const Scene *scene, int viewer, const Run *run)
{
	int				 count;
	const SeenThing *npcs = things_of(&scene->npcs, viewer, &count);

	for (int p = 0; p < run->participant_count; p++)
	{
		bool seen = run->participants[p] == scene->viewers->rows[viewer].id;

		for (int i = 0; i < count && !seen; i++)
			seen = npcs[i].id == run->participants[p];
		if (!seen)
			return true;
	}
	return false;
}

/* "interactions":{name: what it does} */
static void
json_offers(StringInfo out, const SeenThing *item)
{
	json_literal(out, "\"interactions\":{");
	for (int o = 0; o < item->kind->kind.offer_count; o++)
	{
		if (o > 0)
			appendStringInfoChar(out, ',');
		appendStringInfoString(out, item->kind->offers[o].offer);
		json_duration(out,
					  interaction_lasts(item->kind->kind.offers[o], &item->kind->kind, item->share_left));
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, '}');
}

static void
json_seen_item(StringInfo out, const Scene *scene, int viewer, const SeenThing *item, bool named)
{
	json_literal(out, "{\"type\":\"item\",\"id\":");
	json_int64(out, item->id);
	json_literal(out, ",\"distance\":");
	json_distance(out, item->distance_squared);
	appendStringInfoChar(out, ',');
	appendStringInfoString(out, item->kind->type);
	appendStringInfoChar(out, ',');
	json_position(out, item->cell);
	json_literal(out, ",\"occupied\":");
	json_bool(out, item->occupied_by != 0);
	if (item->share_left != SHARE_WHOLE)
	{
		json_literal(out, ",\"share_left\":");
		json_millionths(out, item->share_left);
	}
	if (item->run != NULL)
		json_seen_run(out, item->run, named || has_hidden_participants(scene, viewer, item->run));
	appendStringInfoChar(out, ',');
	json_offers(out, item);
	appendStringInfoChar(out, '}');
}

static void
json_seen_npc(StringInfo out, const Scene *scene, int viewer, const SeenThing *npc, bool named)
{
	json_literal(out, "{\"type\":\"npc\",\"id\":");
	json_int64(out, npc->id);
	json_literal(out, ",\"distance\":");
	json_distance(out, npc->distance_squared);
	json_literal(out, ",\"name\":");
	json_string(out, npc->npc->name);
	json_literal(out, ",\"npc_state\":\"");
	appendStringInfoString(out, npc_state_name(npc->npc->state));
	json_literal(out, "\",");
	json_position(out, npc->cell);
	if (npc->run != NULL)
		json_seen_run(out, npc->run, named || has_hidden_participants(scene, viewer, npc->run));
	appendStringInfoChar(out, ',');
	appendStringInfoString(out, scene->texts.npc_offers);
	appendStringInfoChar(out, '}');
}

/*
 * Items before NPCs, each nearest first. Both are written in order of distance, so that
 * what is farthest falls to the limit, whatever it is: how much fell.
 */
static int
write_vision(StringInfo item_text, StringInfo npc_text, const Scene *scene, int viewer, int limit, bool named)
{
	int				 item_count;
	int				 npc_count;
	const SeenThing *items = things_of(&scene->items, viewer, &item_count);
	const SeenThing *npcs = things_of(&scene->npcs, viewer, &npc_count);
	int				 item = 0;
	int				 npc = 0;

	resetStringInfo(item_text);
	resetStringInfo(npc_text);
	while (item < item_count || npc < npc_count)
	{
		bool item_next = npc == npc_count ||
						 (item < item_count && items[item].distance_squared <= npcs[npc].distance_squared);
		StringInfo text = item_next ? item_text : npc_text;
		int		   before = text->len;

		if (!item_next && npcs[npc].npc == NULL)
		{
			npc++;
			continue;
		}
		if (before > 0)
			appendStringInfoChar(text, ',');
		if (item_next)
			json_seen_item(text, scene, viewer, &items[item++], named);
		else
			json_seen_npc(text, scene, viewer, &npcs[npc++], named);
		if (item_text->len + npc_text->len > limit)
		{
			text->len = before;
			return 1 + item_count - item + npc_count - npc;
		}
	}
	return 0;
}

static void
json_vision(StringInfo out, const Scene *scene, int viewer, int limit)
{
	StringInfoData item_text;
	StringInfoData npc_text;
	int			   omitted;

	initStringInfo(&item_text);
	initStringInfo(&npc_text);
	omitted = write_vision(&item_text, &npc_text, scene, viewer, limit, false);
	/* Who takes part in something may be among those that fell: so all are named. */
	if (omitted > 0)
		omitted = write_vision(&item_text, &npc_text, scene, viewer, limit, true);
	json_literal(out, ",\"vision\":[");
	appendBinaryStringInfo(out, item_text.data, item_text.len);
	if (item_text.len > 0 && npc_text.len > 0)
		appendStringInfoChar(out, ',');
	appendBinaryStringInfo(out, npc_text.data, npc_text.len);
	appendStringInfoChar(out, ']');
	if (omitted > 0)
	{
		json_literal(out, ",\"vision_omitted\":");
		json_int64(out, omitted);
	}
}

void
json_needs(StringInfo out, const Scene *scene, const NpcRow *row)
{
	int64 now = npc_row_now(row, scene->head->now);

	json_literal(out, "\"needs\":{");
	for (int i = 0; i < NEED_COUNT; i++)
	{
		appendStringInfo(out, i == 0 ? "\"%s\":" : ",\"%s\":", need_names[i]);
		json_tenths(out, need_at(row->needs.value[i], row->needs.rate[i], row->needs.as_of, now) /
							 (NEED_UNIT / 10));
	}
	appendStringInfoChar(out, '}');
}

static void
json_self(StringInfo out, const Scene *scene, int viewer)
{
	const NpcRow *row = &scene->viewers->rows[viewer];

	json_literal(out, "{\"self\":{\"id\":");
	json_int64(out, row->id);
	json_literal(out, ",\"name\":");
	json_string(out, row->name);
	json_literal(out, ",\"traits\":");
	json_text_array(out, row->traits);
	json_literal(out, ",\"clock\":");
	json_millionths(out, scene->head->now);
	json_literal(out, ",\"game_time\":");
	json_game_time(out, scene->head->now);
	json_literal(out, "},");
	json_needs(out, scene, row);
	appendStringInfoChar(out, ',');
	json_position(out, scene->cells[viewer]);
}

/* What the interaction brings to who is in it; NULL if that is an item's, and it is not among those in sight. */
static const char *
effect_of(const Run *run, const SeenThing *items, int item_count)
{
	for (int i = 0; run->text->effect == NULL && i < item_count; i++)
	{
		const ItemKind *kind = &items[i].kind->kind;

		for (int o = 0; items[i].id == run->target_id && o < kind->offer_count; o++)
			if (kind->offers[o] == run->text->kind)
				return items[i].kind->offers[o].effect;
	}
	return run->text->effect;
}

static void
json_current_interaction(StringInfo out, const Scene *scene, const NpcRow *row, const Run *run,
						 const SeenThing *items, int item_count)
{
	const char *effect = effect_of(run, items, item_count);
	int64		may_act_at = run_may_act_at(run, row->id);

	json_literal(out, "{\"id\":");
	json_int64(out, run->id);
	appendStringInfo(out, ",\"name\":\"%s\",\"description\":%s,\"target_type\":\"%s\",\"target_id\":",
					 run->text->kind->name, run->text->description,
					 interaction_target_name(run->text->kind->target));
	json_int64(out, run->target_id);
	json_literal(out, ",\"started_at\":");
	json_millionths(out, run->started_at);
	if (effect != NULL)
		appendStringInfo(out, ",%s", effect);
	if (run->text->kind->max_participants > 1)
	{
		json_literal(out, ",\"participants\":");
		json_ids(out, run->participants, run->participant_count);
	}
	appendStringInfoString(out, run->text->parameters);
	if (may_act_at > scene->head->now)
	{
		json_literal(out, ",\"may_act_at\":");
		json_millionths(out, may_act_at);
	}
	if (row->terms != NULL)
	{
		json_literal(out, ",\"held_act\":");
		json_jsonb(out, row->terms);
	}
	appendStringInfoChar(out, '}');
}

static void
json_doing(StringInfo out, const Scene *scene, const NpcRow *row, const SeenThing *items, int item_count)
{
	const Run *run = run_of(scene, row);

	appendStringInfo(out, ",\"status\":{\"state\":\"%s\",\"movement_locked\":%s,\"target_id\":",
					 npc_state_name(row->state),
					 run != NULL && run->text->kind->locks_movement ? "true" : "false");
	json_id(out, row->target_id);
	json_literal(out, ",\"current_interaction\":");
	if (run == NULL)
		json_literal(out, "null");
	else
		json_current_interaction(out, scene, row, run, items, item_count);
	json_pending_bid(out, &scene->bids, row->id);
	json_literal(out, ",\"plan\":");
	if (row->plan == NULL)
		json_literal(out, "[]");
	else
		json_jsonb(out, row->plan);
	appendStringInfoChar(out, '}');
}

/* Marks what the NPC can do with items in sight: free, in use by itself, or such that it can join in. */
static void
find_item_offers(const Scene *scene, const NpcRow *row, const SeenThing *items, int count, bool *offered)
{
	for (int i = 0; i < count; i++)
	{
		const SeenThing *item = &items[i];

		if (item->occupied_by == 0 || item->occupied_by == row->id ||
			(item->run != NULL && item->run->id == row->interaction_id))
			for (int o = 0; o < item->kind->kind.offer_count; o++)
				offered[item->kind->offers[o].interaction] = true;
		else if (item->run != NULL && run_is_joinable(item->run))
			offered[item->run->text - scene->texts.interactions] = true;
	}
}

/* The same of NPCs: with one who is free any interaction of NPCs can begin, and some can be joined. */
static void
find_npc_offers(const Scene *scene, const NpcRow *row, const SeenThing *npcs, int count, bool *offered)
{
	bool any_is_free = false;

	for (int i = 0; i < count; i++)
	{
		const Run *run = npcs[i].run;

		if (run == NULL)
			any_is_free = any_is_free || (npcs[i].npc != NULL && state_is_free(npcs[i].npc->state));
		else if (run->text->kind->target == TARGET_NPC && run->id != row->interaction_id &&
				 run_is_joinable(run))
			offered[run->text - scene->texts.interactions] = true;
	}
	for (int i = 0; any_is_free && i < scene->texts.interaction_count; i++)
		if (scene->texts.interactions[i].kind->target == TARGET_NPC)
			offered[i] = true;
}

static void
json_available(StringInfo out, const Scene *scene, const bool *offered)
{
	bool first = true;

	json_literal(out, ",\"available_interactions\":[");
	for (int i = 0; i < scene->texts.interaction_count; i++)
	{
		if (!offered[i])
			continue;
		appendStringInfo(out, first ? "\"%s\"" : ",\"%s\"", scene->texts.interactions[i].kind->name);
		first = false;
	}
	appendStringInfoChar(out, ']');
}

/* The last ones, where all of them need more room than there is. */
static void
json_events(StringInfo out, const NpcRow *row, int room)
{
	int start;
	int dropped = row->events_dropped;

	json_literal(out, ",\"events\":");
	start = out->len;
	if (row->events == NULL)
		json_literal(out, "[]");
	else
		json_jsonb(out, row->events);
	if (row->events != NULL && out->len - start > room)
	{
		int count = (int) JB_ROOT_COUNT(row->events);

		out->len = start;
		dropped += count - json_last_objects(out, row->events, NULL, count, room);
	}
	if (dropped > 0)
	{
		json_literal(out, ",\"events_dropped\":");
		json_int64(out, dropped);
	}
}

/* The observation whole; choices (NULL: none were asked for) take their room from what is seen. */
static StringInfo
observation_text(const Scene *scene, int viewer, OfferedChoices *choices)
{
	const NpcRow	*row = &scene->viewers->rows[viewer];
	int				 item_count;
	int				 npc_count;
	const SeenThing *items = things_of(&scene->items, viewer, &item_count);
	const SeenThing *npcs = things_of(&scene->npcs, viewer, &npc_count);
	bool			*offered = palloc0(sizeof(bool) * Max(scene->texts.interaction_count, 1));
	StringInfo		 out = makeStringInfo();
	StringInfoData	 rest;

	enlargeStringInfo(out, OBSERVATION_BYTES);
	initStringInfo(&rest);
	json_self(out, scene, viewer);
	json_doing(out, scene, row, items, item_count);
	find_item_offers(scene, row, items, item_count, offered);
	find_npc_offers(scene, row, npcs, npc_count, offered);
	json_available(&rest, scene, offered);
	json_literal(&rest, ",\"conversation\":");
	json_conversation(&rest, run_of(scene, row));
	json_bids(&rest, &scene->bids, row->id, scene->seen);
	if (choices != NULL)
		(void) json_choices(&rest, choices, OBSERVATION_BYTES);
	json_events(&rest, row,
				Max(EVENTS_BYTES_MIN, OBSERVATION_BYTES - VISION_BYTES_MIN - out->len - rest.len));
	json_vision(out, scene, viewer, Max(VISION_BYTES_MIN, OBSERVATION_BYTES - out->len - rest.len));
	appendBinaryStringInfo(out, rest.data, rest.len);
	appendStringInfoChar(out, '}');
	return out;
}

/* As its mind wants it: whole or compact, with or without choices. */
static void
write_observation(const Scene *scene, int viewer, Observation *observation)
{
	OfferedChoices choices;

	if (observation->with_choices)
		offer_choices(scene, viewer, &choices);
	if (observation->compact)
		observation->text = compact_observation(scene, viewer, observation->with_choices ? &choices : NULL);
	else
		observation->text = observation_text(scene, viewer, observation->with_choices ? &choices : NULL);
	if (observation->with_choices)
		observation->offered = offered_actions(&choices);
}

/* Those of the NPCs asked for that exist, with their own rows. */
static NpcRows *
read_viewers(int64 world_id, const Observation *observations, int count)
{
	const uint32 needed = NPC_ROW_IDENTITY | NPC_ROW_STATE | NPC_ROW_TRACK;
	int64		*ids = palloc(sizeof(int64) * count);
	NpcRows		*rows;
	int			 present = 0;

	for (int i = 0; i < count; i++)
		ids[i] = observations[i].npc_id;
	rows = npc_rows_create(world_id, ids, count);
	npc_rows_load(rows, needed | NPC_ROW_MIND, ids, count);
	for (int i = 0; i < rows->count; i++)
		if ((rows->rows[i].groups & needed) == needed)
			rows->rows[present++] = rows->rows[i];
	rows->count = present;
	return rows;
}

void
observe(const WorldHead *head, Observation *observations, int count)
{
	Scene scene = {.head = head};
	int	  level;

	if (count == 0)
		return;
	level = spi_index_plans_begin();
	scene.viewers = read_viewers(head->world_id, observations, count);
	if (scene.viewers->count > 0)
	{
		scene.cells = palloc(sizeof(Cell) * scene.viewers->count);
		for (int i = 0; i < scene.viewers->count; i++)
		{
			const NpcRow *row = &scene.viewers->rows[i];

			scene.cells[i] = npc_row_cell(row, leg_index_at(row->leg_length, row->departed_at, head->now));
		}
		read_kind_texts(head->world_id, &scene.texts);
		look_around(&scene, &item_rows, &scene.items, see_item);
		look_around(&scene, &track_rows, &scene.npcs, see_npc);
		read_bids(head->world_id, &scene.texts, scene.viewers, &scene.bids);
		read_seen(&scene);
		read_interactions_seen(&scene);
		name_participants(&scene);
		recognize(&scene);
		for (int i = 0; i < count && scene.terrain == NULL; i++)
			if (observations[i].with_choices)
				scene.terrain = read_terrain(head->world_id, head->size_x, head->size_y);
	}
	spi_index_plans_end(level);

	for (int i = 0, viewer = 0; i < count && viewer < scene.viewers->count; i++)
	{
		const NpcRow *row = &scene.viewers->rows[viewer];

		if (row->id != observations[i].npc_id)
			continue;
		observations[i].controller = row->controller;
		observations[i].told_events =
			row->events_dropped + (row->events == NULL ? 0 : (int32) JB_ROOT_COUNT(row->events));
		observations[i].told_state = row->state_counter;
		write_observation(&scene, viewer, &observations[i]);
		viewer++;
	}
}

/* observe_npc(world_id, npc_id): what its mind would be told now */
Datum
npcsim_observe_npc(PG_FUNCTION_ARGS)
{
	int64		  world_id = arg_id(fcinfo, 0, "world_id");
	Observation	  observation = {.npc_id = arg_id(fcinfo, 1, "npc_id")};
	MemoryContext caller = CurrentMemoryContext;
	Datum		  result;

	spi_begin();
	observe(read_world_head(world_id), &observation, 1);
	if (observation.text == NULL)
		ereport(ERROR, errcode(ERRCODE_NS_NO_NPC),
				errmsg("NPC %lld does not exist in world %lld", (long long) observation.npc_id,
					   (long long) world_id),
				errdetail("World %lld has no NPC with this id.", (long long) world_id),
				errhint("SELECT id, name FROM npcsim.npcs WHERE world_id = %lld lists those it has.",
						(long long) world_id));
	MemoryContextSwitchTo(caller);
	result = json_datum(observation.text);
	spi_end();
	PG_RETURN_DATUM(result);
}
