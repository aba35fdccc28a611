/*
 * plan.c
 *	  The plan of a mind: the actions that its NPC takes one after another. All functions act at
 *	  world->now.
 *
 * What ends an NPC's activity leaves an event of this moment (npc_go_on() in npc.c) at which the next
 * step is taken. A step that takes no time leaves another such event: a plan has PLAN_ACTIONS_MAX
 * steps at most, and each is taken once.
 */
#include "postgres.h"

#include "engine/image.h"
#include "json.h"

/* Reads the steps of a plan that was loaded as jsonb. One that cannot be read becomes ACTION_NONE. */
static void
read_steps(World *world, Npc *npc)
{
	MindPlan *plan = npc->plan;
	Action	  steps[PLAN_ACTIONS_MAX];

	for (int i = 0; i < plan->count; i++)
	{
		JsonbValue *told = getIthJsonbValueFromContainer(&plan->told->root, (uint32) i);

		if (told->type != jbvBinary ||
			is_refused(action_from_json(world, npc, told->val.binary.data, &steps[i])))
			steps[i] = (Action) {.kind = ACTION_NONE};
	}
	plan_keep_steps(plan, steps, world->context);
}

/* Takes the next step out of the plan. Refused if it could not be read. */
static Refusal
take_out_step(World *world, Npc *npc, const Action **action)
{
	Refusal refusal = NOT_REFUSED;
	Action	unreadable;

	/* Steps point to definitions of interactions, which live as long as the image. */
	if (npc->plan->steps == NULL)
		read_steps(world, npc);
	*action = actions_copy(&npc->plan->steps[npc->plan->done], 1, CurrentMemoryContext);
	if ((*action)->kind == ACTION_NONE)
		refusal = action_from_json(world, npc, &plan_next_told(npc->plan)->root, &unreadable);
	plan_drop_next(&npc->plan);
	npc_touch(world, npc, NPC_DIRTY_MIND);
	return refusal;
}

static void
take_step(World *world, Npc *npc)
{
	const Action *action;
	Refusal		  refusal = take_out_step(world, npc, &action);

	if (!is_refused(refusal))
		refusal = world_act(world, npc, action, DECIDER_MIND);
	if (!is_refused(refusal))
		return;
	plan_clear(&npc->plan);
	npc->decision_reason = REASON_PLAN_FAILED;
	npc_tell(world, npc, MIND_PLAN_FAILED, json_text_member("reason", refusal.message));
	world_decision_invalidated(world, npc, refusal.message);
}

void
npc_next_step(World *world, Npc *npc)
{
	int64 pause = npc->pauses ? MIND_PAUSE : 0;

	npc->event_at = SIM_NEVER;
	npc->event_kind = EVENT_NONE;
	/* It is NULL if the plan failed at this moment. */
	if (npc->plan != NULL)
		take_step(world, npc);
	if (npc->state == NPC_IDLE)
		npc_go_on(world, npc, pause);
}

static bool
keeps_plan(const Npc *npc, ActionKind kind)
{
	return (action_entry(kind)->keeps_plan_in >> npc->state) & 1;
}

/*
 * Whether the plan can go on at once. An NPC that accepts a bid may soon interact; one that rejects it has
 * nothing to wait for.
 */
static bool
is_over(const Action *action)
{
	return action_entry(action->kind)->takes_no_time && !action->accept;
}

Refusal
world_act_and_plan(World *world, Npc *npc, const Action *action, const ToldPlan *plan, Decider decider)
{
	MindPlan *before = npc->plan;
	Refusal	  refusal;

	if (plan->count == 0 && keeps_plan(npc, action->kind))
		return world_act(world, npc, action, decider);
	npc->plan = plan->count > 0 ? plan_make(plan, world->context) : NULL;
	npc_touch(world, npc, NPC_DIRTY_MIND);
	refusal = world_act(world, npc, action, decider);
	if (is_refused(refusal))
	{
		plan_clear(&npc->plan);
		npc->plan = before;
		return refusal;
	}
	plan_clear(&before);
	if (npc->state == NPC_IDLE && is_over(action))
		npc_go_on(world, npc, 0);
	return NOT_REFUSED;
}
