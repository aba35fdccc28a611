/*
 * decided.c
 *	  Carries out what minds decided: reducers and replays enter the rules here. world->now is the moment,
 *	  and all that follows from a decision at once has happened when a function returns.
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/image.h"

/* No event has a longer name, so longer ones are not kept. */
#define EVENT_NAME_MAX 63

static void
set_wake_on(World *world, Npc *npc, const JsonbValue *names)
{
	JsonbContainer *array;
	int				count;

	if (names == NULL)
		return;
	array = names->val.binary.data;
	count = Min((int) JsonContainerSize(array), WAKE_ON_MAX);
	for (int i = 0; i < count; i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(array, i);
		Jsonb	   *text;

		if (name->type != jbvString || name->val.string.len > EVENT_NAME_MAX)
			continue;
		text = JsonbValueToJsonb(name);
		json_list_append(&npc->wake_on, JsonbToCString(NULL, &text->root, VARSIZE(text)), world->context);
	}
}

Refusal
world_act_as_decided(World *world, Npc *npc, const Action *action, const ToldPlan *plan,
					 const JsonbValue *wake_on)
{
	JsonList *before = npc->wake_on;
	Refusal	  refusal;

	world_enter(world);
	/* Events that the decision itself brings about are looked at when it is known whether it stands. */
	npc->wake_on = NULL;
	refusal = world_act_and_plan(world, npc, action, plan, DECIDER_MIND);
	if (is_refused(refusal))
		npc->wake_on = before;
	else
	{
		set_wake_on(world, npc, wake_on);
		if (before != NULL || npc->wake_on != NULL)
			npc_touch(world, npc, NPC_DIRTY_MIND);
		json_list_clear(&before);
		npc_was_answered(world, npc);
	}
	world_wake_for_news(world, npc, 0);
	world_leave(world);
	return refusal;
}

void
world_decide_built_in(World *world, Npc **npcs, int count)
{
	world_enter(world);
	npcs_decide_built_in(world, npcs, count);
	world_leave(world);
}
