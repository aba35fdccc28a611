/*
 * act.c
 *	  What NPCs do: actions, plans, and what their minds are told of it. All
 *	  functions act at world->now.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "engine/actions.h"
#include "engine/image.h"
#include "errors.h"
#include "json.h"

/* Nothing to do: the next step of the plan, or a decision after 'pause'. */
void
npc_become_idle(World *world, Npc *npc, int64 pause)
{
	npc_become(world, npc, NPC_IDLE, DECIDER_NONE);
	npc_next_step(world, npc, pause);
	npc_settle(world, npc);
}

/* ---- what minds are told ---- */

static const char *
quoted(const char *string)
{
	StringInfoData out;

	initStringInfo(&out);
	json_string(&out, string);
	return out.data;
}

/* ---- plans ---- */

/* The steps of a plan that was loaded. */
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

/* Takes the next step out of the plan. */
static Refusal
take_step(World *world, Npc *npc, const Action **action)
{
	Refusal refusal = NOT_REFUSED;
	Action	unreadable;

	/* Definitions of interactions, of which steps are read, are an image's as long as it is there. */
	if (npc->plan->steps == NULL)
		read_steps(world, npc);
	*action = actions_copy(&npc->plan->steps[npc->plan->done], 1, CurrentMemoryContext);
	if ((*action)->kind == ACTION_NONE)
		refusal = action_from_json(world, npc, &plan_next_told(npc->plan)->root, &unreadable);
	plan_drop_next(&npc->plan);
	npc_touch(world, npc, NPC_DIRTY_MIND);
	return refusal;
}

/* Carries out the plan up to the next action that takes time; without one, a decision is due. */
void
npc_next_step(World *world, Npc *npc, int64 pause)
{
	while (npc->plan != NULL)
	{
		const Action *action;
		Refusal		  refusal = take_step(world, npc, &action);

		if (!is_refused(refusal))
			refusal = world_act(world, npc, action, DECIDER_MIND);
		if (!is_refused(refusal) && npc->state != NPC_IDLE)
			return;
		if (is_refused(refusal))
		{
			plan_clear(&npc->plan);
			npc->decision_reason = REASON_PLAN_FAILED;
			npc_tell(world, npc, MIND_PLAN_FAILED, psprintf("\"reason\":%s", quoted(refusal.message)));
		}
	}
	npc_schedule(world, npc, pause);
}

/* ---- actions ---- */

/* What was refused is a bid's answer; all else is an error. */
static void
tell_failure(World *world, Npc *npc, const Action *action, Refusal refusal)
{
	if (action->interaction != NULL && refusal.sqlerrcode == ERRCODE_NS_ACTION_IMPOSSIBLE)
		npc_tell(world, npc, MIND_BID_REJECTED,
				 psprintf("\"interaction\":\"%s\",\"target_id\":%lld,\"reason\":%s",
						  action->interaction->name, (long long) action->target_id, quoted(refusal.message)));
	else
		npc_tell(world, npc, MIND_ERROR,
				 psprintf("\"action\":\"%s\",\"message\":%s", action_name(action->kind),
						  quoted(refusal.message)));
}

Refusal
world_act(World *world, Npc *npc, const Action *action, Decider decider)
{
	Refusal refusal;

	if (!action_legal(npc->state, action->kind))
		refusal = refuse(ERRCODE_NS_ACTION_ILLEGAL,
						 psprintf("action %s is not valid in state %s", action_name(action->kind),
								  npc_state_name(npc->state)));
	else
		refusal = action_rules(action->kind)->carry_out(world, npc, action, decider);
	if (is_refused(refusal))
	{
		if (decider == DECIDER_MIND)
			tell_failure(world, npc, action, refusal);
		return refusal;
	}
	npc->last_decision_at = world->now;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, action->kind == ACTION_CANCEL_INTERACTION ? MIND_PAUSE : 0);
	npc_settle(world, npc);
	return NOT_REFUSED;
}

static bool
keeps_plan(const Npc *npc, ActionKind kind)
{
	return (action_entry(kind)->keeps_plan_in >> npc->state) & 1;
}

/* Who accepts a bid may soon take part; who rejects it has nothing to wait for. */
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
	{
		npc_next_step(world, npc, 0);
		npc_settle(world, npc);
	}
	return NOT_REFUSED;
}
