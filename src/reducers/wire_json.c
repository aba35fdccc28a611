/*
 * wire_json.c
 *	  Rows as clients get them: one object per NPC, item, interaction,
 *	  player and kind.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "json.h"
#include "reducers/wire_json.h"
#include "sim/types.h"
#include "spi.h"
#include "tables/id_lists.h"
#include "tables/interaction_types.h"
#include "tables/item_types.h"
#include "tables/shown_rows.h"
#include "tables/worlds.h"

/* Rows of a family: loaded by ids (NULL: all of a world), and written one by one, behind "id":. */
typedef struct FamilyQuery
{
	uint64 (*load)(int64 world_id, const int64 *ids, int count);
	int64 (*write)(StringInfo out, uint64 row); /* the id */
} FamilyQuery;

/* ---- NPCs ---- */

void
json_npc(StringInfo out, const NpcRow *row, uint32 groups)
{
	json_literal(out, "{\"id\":");
	json_int64(out, row->id);
	npc_row_show(out, row, groups);
	appendStringInfoChar(out, '}');
}

/* ---- items, interactions, players ---- */

static int64
write_item(StringInfo out, uint64 row)
{
	ShownItem item;

	shown_item_read(row, &item);
	json_int64(out, item.id);
	json_literal(out, ",\"item_type\":");
	json_string(out, item.type);
	json_literal(out, ",\"x\":");
	json_int64(out, item.x);
	json_literal(out, ",\"y\":");
	json_int64(out, item.y);
	json_literal(out, ",\"share_left\":");
	json_millionths(out, item.share_left);
	json_literal(out, ",\"occupied_by_npc_id\":");
	json_id(out, item.occupied_by);
	json_literal(out, ",\"properties\":");
	json_jsonb(out, item.properties);
	return item.id;
}

static int64
write_interaction(StringInfo out, uint64 row)
{
	ShownInteraction interaction;

	shown_interaction_read(row, &interaction);
	json_int64(out, interaction.id);
	json_literal(out, ",\"interaction_type\":");
	json_string(out, interaction.type);
	json_literal(out, ",\"target_type\":");
	json_string(out, interaction.target_type);
	json_literal(out, ",\"target_id\":");
	json_int64(out, interaction.target_id);
	json_literal(out, ",\"initiator_npc_id\":");
	json_int64(out, interaction.initiator_id);
	json_literal(out, ",\"participants\":");
	json_ids(out, interaction.participants, interaction.participant_count);
	json_literal(out, ",\"started_at\":");
	json_millionths(out, interaction.started_at);
	json_literal(out, ",\"data\":{\"share_at_start\":");
	json_millionths(out, interaction.share_at_start);
	if (interaction.act_count >= 0)
	{
		json_literal(out, ",\"act_count\":");
		json_int64(out, interaction.act_count);
	}
	appendStringInfoChar(out, '}');
	return interaction.id;
}

static int64
write_player(StringInfo out, uint64 row)
{
	ShownPlayer player;

	shown_player_read(row, &player);
	json_int64(out, player.id);
	json_literal(out, ",\"username\":");
	json_string(out, player.username);
	json_literal(out, ",\"role\":");
	json_string(out, player.role);
	json_literal(out, ",\"status\":");
	json_string(out, player.status);
	json_literal(out, ",\"controlled_npc_count\":");
	json_int64(out, player.controlled_npcs);
	return player.id;
}

static const FamilyQuery items_query = {shown_items_load, write_item};
static const FamilyQuery interactions_query = {shown_interactions_load, write_interaction};
static const FamilyQuery players_query = {shown_players_load, write_player};

static void
json_family(StringInfo out, const FamilyQuery *query, int64 world_id, const int64 *ids, int count,
			bool *found)
{
	uint64 rows = query->load(world_id, ids, count);

	appendStringInfoChar(out, '[');
	for (uint64 row = 0; row < rows; row++)
	{
		int64 id;

		appendStringInfoString(out, row > 0 ? ",{\"id\":" : "{\"id\":");
		id = query->write(out, row);
		if (ids != NULL)
			found[id_list_find(ids, count, id)] = true;
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

void
json_items(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found)
{
	json_family(out, &items_query, world_id, ids, count, found);
}

void
json_interactions(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found)
{
	json_family(out, &interactions_query, world_id, ids, count, found);
}

void
json_players(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found)
{
	json_family(out, &players_query, world_id, ids, count, found);
}

/* ---- kinds ---- */

static void
json_offers(StringInfo out, const ItemType *type)
{
	json_literal(out, ",\"interactions\":[");
	for (int i = 0; i < type->offer_count; i++)
		appendStringInfo(out, i > 0 ? ",\"%s\"" : "\"%s\"", type->offers[i]->name);
	appendStringInfoChar(out, ']');
}

void
json_item_types(StringInfo out, int64 world_id)
{
	InteractionRows interactions;
	int				count;
	ItemTypeRow	   *types;

	interaction_rows_load(world_id, &interactions);
	types = item_type_rows_read(world_id, &count);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < count; i++)
	{
		ItemType type;

		item_type_of_row(&types[i], &type);
		item_type_link(&type, interactions.types, interactions.count);
		appendStringInfoString(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		json_string(out, types[i].name);
		json_literal(out, ",\"description\":");
		json_string(out, types[i].description);
		json_offers(out, &type);
		json_literal(out, ",\"components\":");
		json_jsonb(out, types[i].components);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

static void
json_needs_per_second(StringInfo out, const int32 rates[NEED_COUNT])
{
	bool first = true;

	appendStringInfoChar(out, '{');
	for (int i = 0; i < NEED_COUNT; i++)
	{
		if (rates[i] == 0)
			continue;
		appendStringInfo(out, first ? "\"%s\":" : ",\"%s\":", need_names[i]);
		json_millionths(out, rates[i]);
		first = false;
	}
	appendStringInfoChar(out, '}');
}

static void
json_seconds_or_null(StringInfo out, int64 duration)
{
	if (duration == 0)
		json_literal(out, "null");
	else
		json_millionths(out, duration);
}

/* These write a column of a definition by its kind. */
#define MEMBER(name_)		   json_literal(out, ",\"" name_ "\":")
#define SHOW_TEXT(member_)	   MEMBER(#member_), json_string(out, row->definition.member_)
#define SHOW_WORD(member_)	   SHOW_TEXT(member_)
#define SHOW_OPTIONAL(member_) SHOW_TEXT(member_)
#define SHOW_RATES(member_)	   MEMBER(#member_), json_needs_per_second(out, row->type.need_rate)
#define SHOW_DELTAS(member_)   (void) 0 /* among the rates */
#define SHOW_OBJECT(member_)   MEMBER(#member_), json_jsonb(out, row->definition.member_)
#define SHOW_FLAG(member_)	   MEMBER(#member_), json_bool(out, row->definition.member_)
#define SHOW_WHOLE(member_)	   MEMBER(#member_), json_int64(out, row->definition.member_)
#define SHOW_SECONDS(member_)  MEMBER(#member_), json_seconds_or_null(out, row->definition.member_)

static void
json_interaction_type(StringInfo out, const InteractionRow *row)
{
	json_literal(out, "{\"name\":");
	json_string(out, row->definition.name);
#define INTERACTION_GIVEN(kind_, member_, ...)	SHOW_##kind_(member_);
#define INTERACTION_NUMBER(kind_, member_, ...) SHOW_##kind_(member_);
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
	appendStringInfoChar(out, '}');
}

void
json_interaction_types(StringInfo out, int64 world_id)
{
	InteractionRows interactions;

	interaction_rows_load(world_id, &interactions);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < interactions.count; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		json_interaction_type(out, &interactions.rows[i]);
	}
	appendStringInfoChar(out, ']');
}

/* ---- terrain ---- */

const uint8 *
read_terrain(int64 world_id, int size_x, int size_y)
{
	bytea *blocked = world_terrain_read(world_id);

	if (blocked == NULL)
		return NULL;
	if ((int64) VARSIZE_ANY_EXHDR(blocked) * 8 < (int64) size_x * size_y)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("the terrain of world %lld is smaller than the world", (long long) world_id));
	return (const uint8 *) VARDATA_ANY(blocked);
}

void
json_terrain(StringInfo out, int64 world_id, int size_x, int size_y)
{
	const uint8 *bits = read_terrain(world_id, size_x, size_y);
	bool		 first = true;

	json_literal(out, "{\"blocked\":[");
	for (int y = 0; bits != NULL && y < size_y; y++)
	{
		int64 row = (int64) y * size_x;

		CHECK_FOR_INTERRUPTS();
		for (int x = 0; x < size_x; x++)
		{
			int start = x;

			while (x < size_x && terrain_bit(bits, row + x))
				x++;
			if (x == start)
				continue;
			appendStringInfoString(out, first ? "[" : ",[");
			json_int64(out, start);
			appendStringInfoChar(out, ',');
			json_int64(out, y);
			appendStringInfoChar(out, ',');
			json_int64(out, x - start);
			appendStringInfoChar(out, ']');
			first = false;
		}
	}
	json_literal(out, "]}");
}
