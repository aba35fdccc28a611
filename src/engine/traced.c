/*
 * traced.c
 *	  Keeps what the built-in mind saw and chose for NPCs that are traced, in observation_log.
 *
 * It is a look at the rules from outside: they go on as they would, and a replay keeps nothing.
 */
#include "postgres.h"

#include "engine/image.h"
#include "json.h"
#include "sim/choices.h"
#include "spi.h"
#include "tables/observation_log.h"

/* Writes the members of an action that say what it is. */
static void
json_action(StringInfo out, const Action *action)
{
	json_literal(out, "\"action\":");
	json_string(out, action_name(action->kind));
	if (action->target_id != 0)
	{
		json_literal(out, ",\"target_id\":");
		json_int64(out, action->target_id);
	}
	if (action->interaction != NULL)
	{
		json_literal(out, ",\"interaction\":");
		json_string(out, action->interaction->name);
	}
}

/* Writes how much the neediest need that it fills is below 50, for what is done with an item. */
static void
json_score(StringInfo out, const MindView *view, const Action *action)
{
	for (int i = 0; i < view->item_count && action->interaction != NULL; i++)
		if (view->items[i].id == action->target_id)
		{
			json_literal(out, ",\"score\":");
			json_millionths(out, mind_offer_lack(view, &view->items[i], action->interaction, MIND_LOW_NEED));
			break;
		}
}

static void
json_ranking(StringInfo out, const MindView *view)
{
	Action choices[CHOICES_MAX];
	int	   better[CHOICES_MAX];
	int	   count = choices_rank(&(ChoiceView) {.mind = *view, .may_wander = true}, choices, better);

	json_literal(out, ",\"ranking\":[");
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(out, "%s{\"rank\":%d,", i > 0 ? "," : "", better[i] + 1);
		json_action(out, &choices[i]);
		json_score(out, view, &choices[i]);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

static void
json_needs(StringInfo out, const MindView *view)
{
	json_literal(out, ",\"needs\":{");
	for (int need = 0; need < NEED_COUNT; need++)
	{
		appendStringInfo(out, "%s\"%s\":", need > 0 ? "," : "", need_names[need]);
		json_millionths(out, view->needs[need]);
	}
	appendStringInfoChar(out, '}');
}

void
npc_keep_trace(World *world, const Npc *npc, const Trace *trace)
{
	StringInfoData told;
	ToldRow		   row = {.clock = world->now, .npc_ids = &npc->id, .count = 1};

	if (!npc->traced || world->lock->replaying)
		return;
	spi_begin();
	if (observation_log_is_kept(world->id))
	{
		initStringInfo(&told);
		json_literal(&told, "{\"by\":\"built_in\",\"state\":");
		json_string(&told, npc_state_name(trace->view->state));
		json_needs(&told, trace->view);
		json_ranking(&told, trace->view);
		json_literal(&told, ",\"chose\":{");
		json_action(&told, trace->chosen);
		json_literal(&told, "},\"because\":");
		json_string(&told, trace->because);
		json_literal(&told, ",\"refused\":");
		json_string(&told, trace->refused);
		appendStringInfoChar(&told, '}');
		row.told = told.data;
		observation_log_write(world->id, &row);
	}
	spi_end();
}
