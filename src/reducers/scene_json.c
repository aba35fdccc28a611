/*
 * scene_json.c
 *	  Writes those parts of a scene that the whole and the compact observation share.
 */
#include "postgres.h"

#include "json.h"
#include "reducers/scene_json.h"

void
json_position(StringInfo out, Cell cell)
{
	json_literal(out, "\"position\":{\"x\":");
	json_int64(out, cell.x);
	json_literal(out, ",\"y\":");
	json_int64(out, cell.y);
	appendStringInfoChar(out, '}');
}

/* Writes the distance to a tenth of a cell. */
void
json_distance(StringInfo out, int32 squared)
{
	/* Distances of things in sight are remembered. */
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

void
json_budget(StringInfo out, const BudgetTold *budget)
{
	if (!budget->any)
		return;
	json_literal(out, ",\"budget\":{\"pace\":");
	json_thousandths(out, budget->pace);
	json_literal(out, ",\"tokens_left\":");
	json_int64(out, budget->left);
	json_literal(out, ",\"tokens_per_decision\":");
	json_int64(out, budget->tokens_per_decision);
	appendStringInfoChar(out, '}');
}
