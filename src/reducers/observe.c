/*
 * observe.c
 *	  Builds observations, which are what minds are told when they are asked: the NPC itself, what it
 *	  sees, what has happened since.
 *
 * What there is to tell is read for all NPCs at once (scene.c). Each mind is told as it wants: the
 * whole observation, which is built here, or a compact one (compact.c), with or without a list to
 * choose from (choices.c).
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "errors.h"
#include "json.h"
#include "reducers/args.h"
#include "reducers/choices.h"
#include "reducers/compact.h"
#include "reducers/history.h"
#include "reducers/observe.h"
#include "reducers/scene.h"
#include "reducers/scene_json.h"
#include "reducers/wire_json.h"
#include "spi.h"
#include "tables/interaction_types.h"

PG_FUNCTION_INFO_V1(npcsim_observe_npc);

/* Vision has at least this much room, however long the rest is. */
#define VISION_BYTES_MIN 2048
/* So have the events. */
#define EVENTS_BYTES_MIN 1024

/* Writes "Mar 4, Year 1, 21:11": a second is a minute, from 06:00 on the first of March of year 1. */
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

/* Whether an NPC takes part in the interaction that is neither in sight nor the viewer. */
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

/* Writes "interactions":{name: {…}} for what the item offers. */
static void
json_offers(StringInfo out, const SeenThing *item)
{
	json_literal(out, "\"interactions\":{");
	for (int o = 0; o < item->kind->item_type.offer_count; o++)
	{
		if (o > 0)
			appendStringInfoChar(out, ',');
		appendStringInfoString(out, item->kind->offers[o].offer);
		json_duration(out, interaction_lasts(item->kind->item_type.offers[o], &item->kind->item_type,
											 item->share_left));
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
 * Writes items before NPCs, each nearest first. They are taken in order of distance, so that the farthest
 * exceed the limit, whatever they are. Returns how many were left out.
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
	/* Participants of an interaction may be among those left out: so all are named. */
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

/*
 * Returns the effect of an interaction on its participants; NULL if it depends on an item that is not in
 * sight.
 */
static const char *
effect_of(const Run *run, const SeenThing *items, int item_count)
{
	for (int i = 0; run->text->effect == NULL && i < item_count; i++)
	{
		const ItemType *type = &items[i].kind->item_type;

		for (int o = 0; items[i].id == run->target_id && o < type->offer_count; o++)
			if (type->offers[o] == run->text->type)
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
					 run->text->type->name, run->text->description,
					 interaction_targets[run->text->type->target]);
	json_int64(out, run->target_id);
	json_literal(out, ",\"started_at\":");
	json_millionths(out, run->started_at);
	if (effect != NULL)
		appendStringInfo(out, ",%s", effect);
	if (run->text->type->max_participants > 1)
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
					 run != NULL && run->text->type->locks_movement ? "true" : "false");
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

/*
 * Marks the interactions that the NPC can have with items in sight: the items are free, in use by itself, or
 * in an interaction that it can join.
 */
static void
find_item_offers(const Scene *scene, const NpcRow *row, const SeenThing *items, int count, bool *offered)
{
	for (int i = 0; i < count; i++)
	{
		const SeenThing *item = &items[i];

		if (item->occupied_by == 0 || item->occupied_by == row->id ||
			(item->run != NULL && item->run->id == row->interaction_id))
			for (int o = 0; o < item->kind->item_type.offer_count; o++)
				offered[item->kind->offers[o].interaction] = true;
		else if (item->run != NULL && run_is_joinable(item->run))
			offered[item->run->text - scene->texts.interactions] = true;
	}
}

/*
 * Marks the interactions that it can have with NPCs: with one that is free any can begin, and some can be
 * joined.
 */
static void
find_npc_offers(const Scene *scene, const NpcRow *row, const SeenThing *npcs, int count, bool *offered)
{
	bool any_is_free = false;

	for (int i = 0; i < count; i++)
	{
		const Run *run = npcs[i].run;

		if (run == NULL)
			any_is_free = any_is_free || (npcs[i].npc != NULL && state_is_free(npcs[i].npc->state));
		else if (run->text->type->target == TARGET_NPC && run->id != row->interaction_id &&
				 run_is_joinable(run))
			offered[run->text - scene->texts.interactions] = true;
	}
	for (int i = 0; any_is_free && i < scene->texts.interaction_count; i++)
		if (scene->texts.interactions[i].type->target == TARGET_NPC)
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
		appendStringInfo(out, first ? "\"%s\"" : ",\"%s\"", scene->texts.interactions[i].type->name);
		first = false;
	}
	appendStringInfoChar(out, ']');
}

/* Writes the events; if they need more room than there is, the last ones. */
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

/* Returns the whole observation; choices (NULL: none were asked for) take their room from vision. */
static StringInfo
observation_text(const Scene *scene, int viewer, const Observation *observation, const RecentEvents *recent,
				 OfferedChoices *choices)
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
	json_budget(out, &observation->budget);
	json_doing(out, scene, row, items, item_count);
	find_item_offers(scene, row, items, item_count, offered);
	find_npc_offers(scene, row, npcs, npc_count, offered);
	json_available(&rest, scene, offered);
	json_literal(&rest, ",\"conversation\":");
	json_conversation(&rest, run_of(scene, row));
	json_bids(&rest, &scene->bids, row->id, scene->seen);
	if (observation->is_new)
		json_history(&rest, recent, scene, viewer, HISTORY_BYTES);
	if (choices != NULL)
		(void) json_choices(&rest, choices, OBSERVATION_BYTES);
	json_events(&rest, row,
				Max(EVENTS_BYTES_MIN, OBSERVATION_BYTES - VISION_BYTES_MIN - out->len - rest.len));
	json_vision(out, scene, viewer, Max(VISION_BYTES_MIN, OBSERVATION_BYTES - out->len - rest.len));
	appendBinaryStringInfo(out, rest.data, rest.len);
	appendStringInfoChar(out, '}');
	return out;
}

/* Writes an observation as its mind wants it: whole or compact, with or without choices. */
static void
write_observation(const Scene *scene, int viewer, const RecentEvents *recent, Observation *observation)
{
	OfferedChoices choices;

	if (observation->with_choices)
		offer_choices(scene, viewer, &choices, &observation->ranking);
	else if (observation->with_ranking)
		rank_choices(scene, viewer, &observation->ranking);
	if (observation->untold)
		return;
	if (observation->compact)
		observation->text = compact_observation(scene, viewer, observation, recent,
												observation->with_choices ? &choices : NULL);
	else
		observation->text =
			observation_text(scene, viewer, observation, recent, observation->with_choices ? &choices : NULL);
	if (observation->with_choices)
		observation->offered = offered_actions(&choices);
}

/* Whether what is around the NPC is of use. */
static bool
is_looked_around(const Observation *observation)
{
	return !observation->untold || observation->with_ranking;
}

/* Fills in what is known of NPCs around which nobody looks. */
static void
observe_untold(int64 world_id, Observation *observations, int count)
{
	const uint32 needed = NPC_ROW_IDENTITY | NPC_ROW_STATE;
	int64		*ids = palloc(sizeof(int64) * count);
	int			 untold = 0;
	NpcRows		*rows;

	for (int i = 0; i < count; i++)
		if (!is_looked_around(&observations[i]))
			ids[untold++] = observations[i].npc_id;
	rows = npc_rows_create(world_id, ids, untold);
	npc_rows_load(rows, needed, ids, untold);
	for (int i = 0; i < count; i++)
	{
		const NpcRow *row = npc_row_find(rows, observations[i].npc_id);

		if (is_looked_around(&observations[i]) || row == NULL || (row->groups & needed) != needed)
			continue;
		observations[i].found = true;
		observations[i].controller = row->controller;
		observations[i].told_state = row->state_counter;
	}
}

void
observe(const WorldHead *head, Observation *observations, int count)
{
	Scene		 scene;
	int64		*ids = palloc(sizeof(int64) * Max(count, 1));
	int			 looking = 0;
	bool		 with_terrain = false;
	bool		 with_history = false;
	RecentEvents recent = {0};

	for (int i = 0; i < count; i++)
	{
		if (!is_looked_around(&observations[i]))
			continue;
		ids[looking++] = observations[i].npc_id;
		with_history |= observations[i].is_new;
		with_terrain |= observations[i].with_choices || observations[i].with_ranking;
	}
	if (looking < count)
		observe_untold(head->world_id, observations, count);
	if (looking == 0)
		return;
	scene_read(&scene, head, ids, looking, with_terrain);
	if (with_history)
		recent_events_read(&recent, head->world_id);

	for (int i = 0, viewer = 0; i < count && viewer < scene.viewers->count; i++)
	{
		const NpcRow *row = &scene.viewers->rows[viewer];

		if (!is_looked_around(&observations[i]) || row->id != observations[i].npc_id)
			continue;
		observations[i].found = true;
		observations[i].controller = row->controller;
		if (!observations[i].untold)
			observations[i].told_events =
				row->events_dropped + (row->events == NULL ? 0 : (int32) JB_ROOT_COUNT(row->events));
		observations[i].told_state = row->state_counter;
		if (observations[i].reads_budget)
			observations[i].budget = budget_told(head->world_id, row->id, row->controller);
		write_observation(&scene, viewer, &recent, &observations[i]);
		viewer++;
	}
}

void
refuse_unseen_npc(int64 world_id, int64 npc_id)
{
	ereport(ERROR, errcode(ERRCODE_NS_NO_NPC),
			errmsg("NPC %lld does not exist in world %lld", (long long) npc_id, (long long) world_id),
			errdetail("World %lld has no NPC with this id.", (long long) world_id),
			errhint("SELECT id, name FROM npcsim.npcs WHERE world_id = %lld lists those it has.",
					(long long) world_id));
}

/* observe_npc(world_id, npc_id) → what its mind would be told now. */
Datum
npcsim_observe_npc(PG_FUNCTION_ARGS)
{
	int64		  world_id = arg_id(fcinfo, 0, "world_id");
	Observation	  observation = {.npc_id = arg_id(fcinfo, 1, "npc_id"), .reads_budget = true};
	MemoryContext caller = CurrentMemoryContext;
	Datum		  result;

	spi_begin();
	observe(read_world_head(world_id), &observation, 1);
	if (observation.text == NULL)
		refuse_unseen_npc(world_id, observation.npc_id);
	MemoryContextSwitchTo(caller);
	result = json_datum(observation.text);
	spi_end();
	PG_RETURN_DATUM(result);
}
