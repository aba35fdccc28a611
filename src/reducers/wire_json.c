/*
 * wire_json.c
 *	  Writes rows as clients get them: one object per NPC, item, interaction, player and type.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "json.h"
#include "reducers/wire_json.h"
#include "sim/types.h"
#include "spi.h"
#include "tables/interaction_types.h"
#include "tables/item_types.h"
#include "tables/shown_rows.h"
#include "tables/worlds.h"

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

void
json_items(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found)
{
	shown_rows_write(out, SHOWN_ITEMS, world_id, ids, count, found);
}

void
json_interactions(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found)
{
	shown_rows_write(out, SHOWN_INTERACTIONS, world_id, ids, count, found);
}

void
json_players(StringInfo out, int64 world_id, const int64 *ids, int count, bool *found)
{
	shown_rows_write(out, SHOWN_PLAYERS, world_id, ids, count, found);
}

/* ---- types ---- */

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
#define SHOW_DELTAS(member_)   (void) 0 /* they are shown with the rates */
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
