/*
 * npc_shown.c
 *	  Writes values of an NPC as clients get them, by their kinds.
 */
#include "postgres.h"

#include "json.h"
#include "reducers/npc_rows.h"
#include "reducers/npc_shown.h"
#include "sim/path.h"

/* ---- for any column ---- */

void
npc_show_number(StringInfo out, const void *thing, const RowColumn *column)
{
	json_int64(out, row_number_in(thing, column));
}

void
npc_show_id(StringInfo out, const void *thing, const RowColumn *column)
{
	json_id(out, row_number_in(thing, column));
}

void
npc_show_seconds(StringInfo out, const void *thing, const RowColumn *column)
{
	json_millionths(out, row_number_in(thing, column));
}

void
npc_show_text(StringInfo out, const void *thing, const RowColumn *column)
{
	json_string(out, *(char *const *) ((const char *) thing + column->offset));
}

/* ---- identity and status ---- */

void
npc_show_traits(StringInfo out, const void *thing, const RowColumn *column)
{
	json_text_array(out, ((const NpcRow *) thing)->traits);
}

void
npc_show_state(StringInfo out, const void *thing, const RowColumn *column)
{
	appendStringInfoChar(out, '"');
	appendStringInfoString(out, npc_state_name(((const NpcRow *) thing)->state));
	appendStringInfoChar(out, '"');
}

void
npc_show_decision(StringInfo out, const void *thing, const RowColumn *column)
{
	appendStringInfoString(out, ((const NpcRow *) thing)->request_open ? "\"open\"" : "\"none\"");
}

/* ---- needs ---- */

void
npc_show_needs(StringInfo out, const void *thing, const RowColumn *column)
{
	const Needs *needs = &((const NpcRow *) thing)->needs;

	for (int i = 0; i < NEED_COUNT; i++)
	{
		appendStringInfoString(out, i > 0 ? ",\"" : "{\"");
		appendStringInfoString(out, need_names[i]);
		json_literal(out, "\":{\"value\":");
		json_millionths(out, needs->value[i]);
		json_literal(out, ",\"rate\":");
		json_millionths(out, needs->rate[i]);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, '}');
}

/* ---- motion ---- */

void
npc_show_x(StringInfo out, const void *thing, const RowColumn *column)
{
	json_int64(out, npc_row_cell(thing, 0).x);
}

void
npc_show_y(StringInfo out, const void *thing, const RowColumn *column)
{
	json_int64(out, npc_row_cell(thing, 0).y);
}

void
npc_show_path(StringInfo out, const void *thing, const RowColumn *column)
{
	const NpcRow *row = thing;

	appendStringInfoChar(out, '[');
	for (int i = 0; i < row->leg_length; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		json_cell(out, npc_row_cell(row, i));
	}
	appendStringInfoChar(out, ']');
}

void
npc_show_arrival(StringInfo out, const void *thing, const RowColumn *column)
{
	const NpcRow *row = thing;

	json_millionths(out, leg_arrives_at(row->leg_length, row->departed_at));
}
