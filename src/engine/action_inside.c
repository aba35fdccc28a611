/*
 * action_inside.c
 *	  The actions of an NPC that takes part in an interaction: doing something in it and leaving it.
 */
#include "postgres.h"

#include "engine/actions.h"
#include "engine/decision_json.h"

/* Reads what is done: the action's parameters or, if it has none, a message that stands beside the action. */
static Refusal
read_act(World *world, JsonbContainer *object, Action *action)
{
	JsonbValue *parameters = told_parameters(object);

	if (parameters == NULL || JsonContainerSize(parameters->val.binary.data) == 0)
		action->act = told_message(object);
	else
		action->act = JsonbValueToJsonb(parameters);
	return NOT_REFUSED;
}

static Jsonb *
no_parameters(void)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/*
 * Does the act, or holds it until it may be done. An NPC whose own mind acts is no longer spoken for by the
 * built-in one.
 */
static Refusal
act_as_decided(World *world, Npc *npc, const Action *action, Decider decider)
{
	Refusal refusal = npc_act_or_hold(world, npc, action->act != NULL ? action->act : no_parameters());

	if (!is_refused(refusal) && npc->decider != decider)
	{
		npc->decider = decider;
		if (npc->event_kind == EVENT_SPEAK || npc->event_kind == EVENT_LEAVE)
			npc_plan_talk(world, npc);
		npc_touch(world, npc, NPC_DIRTY_STATUS);
	}
	return refusal;
}

const ActionRules act_in_interaction_rules = {.read = read_act, .carry_out = act_as_decided};

static Refusal
cancel(World *world, Npc *npc, const Action *action, Decider decider)
{
	npc_end_interaction(world, npc, INTERACTION_CANCELLED, MIND_PAUSE);
	return NOT_REFUSED;
}

const ActionRules cancel_interaction_rules = {.carry_out = cancel};
