/*
 * waking.c
 *	  Wakes minds, besides the schedule (schedule.c), by events that they want to be woken by.
 *
 * An event wakes a mind that named it in wake_on and has not been told of it. While a question is open
 * the mind need not be asked; what happened meanwhile is looked through when that question is done
 * with.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "engine/image.h"

static bool
wakes(const Npc *npc, MindEvent event)
{
	for (int i = 0; npc->wake_on != NULL && i < npc->wake_on->count; i++)
	{
		const char *name = npc->wake_on->item[i]; /* in quotes */
		MindEvent	named;

		if (mind_event_by_name(name + 1, strlen(name) - 2, &named) && named == event)
			return true;
	}
	return false;
}

/* Returns how urgent a reason to ask a mind is: a less urgent one does not replace a more urgent one. */
static int
urgency(DecisionReason reason)
{
	switch (reason)
	{
		case REASON_BID:
			return 3;
		case REASON_MESSAGE:
			return 2;
		case REASON_PLAN_FAILED:
		case REASON_REQUESTED:
			return 1;
		case REASON_IDLE:
		case REASON_INTERVAL:
		case REASON_NEED:
		case REASON_CHECK:
		case REASON_CARE:
		case REASON_NEED_WAITS:
			break;
	}
	return 0;
}

/*
 * Notes that the mind is to be asked about a need, if nothing more urgent is to be asked. The caller
 * schedules.
 */
void
npc_lacks(World *world, Npc *npc)
{
	if (!npc_is_minded(npc) || npc->request_pending || urgency(npc->decision_reason) > 0)
		return;
	npc->decision_reason = REASON_NEED_WAITS;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
}

/* While a question is open only reasons are noted that cannot wait for the schedule. */
void
npc_call_mind(World *world, Npc *npc, DecisionReason reason)
{
	if (!npc_is_minded(npc) || urgency(npc->decision_reason) >= urgency(reason) ||
		(npc->request_pending && reason != REASON_BID && reason != REASON_MESSAGE))
		return;
	npc->decision_reason = reason;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, 0);
	/* Nothing more is done, since the NPC may be in the midst of a change. */
	due_set(&world->decisions, &npc->due_decision, npc->decision_at, 0);
}

/* Asks the mind if it wants to be woken by an event, which it was told of. */
void
npc_wake(World *world, Npc *npc, MindEvent event)
{
	if (wakes(npc, event))
		npc_call_mind(world, npc, REASON_REQUESTED);
}

void
npc_wake_no_more(World *world, Npc *npc)
{
	if (npc->wake_on == NULL)
		return;
	json_list_clear(&npc->wake_on);
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

void
world_wake_for_news(World *world, Npc *npc, int known)
{
	const JsonList *events = npc->mind_events;

	if (npc->wake_on == NULL || events == NULL)
		return;
	for (int i = Max(known, 0); i < events->count; i++)
	{
		Jsonb	   *event = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(events->item[i])));
		JsonbValue *type = getKeyJsonValueFromContainer(&event->root, "type", strlen("type"), NULL);
		MindEvent	told;

		if (type != NULL && type->type == jbvString &&
			mind_event_by_name(type->val.string.val, type->val.string.len, &told) && wakes(npc, told))
		{
			npc_call_mind(world, npc, REASON_REQUESTED);
			return;
		}
	}
}
