/*
 * action_wait.c
 *	  The actions wait (to stand still) and continue (to go on with what the NPC does).
 */
#include "postgres.h"

#include "engine/actions.h"
#include "engine/decision_json.h"

#define WAIT_MAX (86400 * SIM_SECOND)

static Refusal
read_wait(World *world, JsonbContainer *object, Action *action)
{
	JsonbValue *duration = told_member(object, "duration");

	action->duration = SIM_NEVER;
	if (duration != NULL && !told_seconds(duration, WAIT_MAX, &action->duration))
		return unreadable("the duration of wait is not a number of seconds from 0 to 86400");
	return NOT_REFUSED;
}

static Refusal
wait_here(World *world, Npc *npc, const Action *action, Decider decider)
{
	/* It waits already, for the answer to its bid. */
	if (npc->state == NPC_REQUESTING)
		return NOT_REFUSED;
	npc_stand(world, npc);
	npc_become(world, npc, NPC_WAITING, decider);
	if (action->duration != SIM_NEVER)
	{
		npc->event_at = world->now + action->duration;
		npc->event_kind = EVENT_WAIT_OVER;
	}
	return NOT_REFUSED;
}

const ActionRules wait_rules = {.read = read_wait, .carry_out = wait_here};

static Refusal
go_on(World *world, Npc *npc, const Action *action, Decider decider)
{
	return NOT_REFUSED;
}

const ActionRules continue_rules = {.carry_out = go_on};
