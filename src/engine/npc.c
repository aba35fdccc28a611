/*
 * npc.c
 *	  The state of an NPC, where it stands, and the end of its plan, without what it does. All functions
 *	  act at world->now.
 */
#include "postgres.h"

#include "engine/image.h"
#include "json.h"

void
npc_become(World *world, Npc *npc, NpcState state, Decider decider)
{
	npc->state = state;
	npc->state_counter++;
	npc->state_since = world->now;
	npc->decider = decider;
	npc->event_at = SIM_NEVER;
	npc->event_kind = EVENT_NONE;
	npc_touch(world, npc, NPC_DIRTY_STATUS);
}

/* A step of the plan, or what the mind began, has failed: the rest of the plan makes no sense any more. */
void
npc_fail_plan(World *world, Npc *npc, const char *reason)
{
	if (npc->plan == NULL)
		return;
	npc_tell(world, npc, MIND_PLAN_FAILED, json_text_member("reason", reason));
	world_decision_invalidated(world, npc, reason);
	plan_clear(&npc->plan);
	npc->decision_reason = REASON_PLAN_FAILED;
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

void
npc_forget_terms(World *world, Npc *npc)
{
	if (npc->goal_terms == NULL)
		return;
	pfree(npc->goal_terms);
	npc->goal_terms = NULL;
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

/* Makes the NPC stand on the cell it is on, with no goal. */
void
npc_stand(World *world, Npc *npc)
{
	if (npc->leg_length > 1)
	{
		npc->leg[0] = npc_cell(npc, world->now);
		npc->leg_length = 1;
		npc->departed_at = world->now;
		npc_touch(world, npc, NPC_DIRTY_MOTION);
	}
	npc->target_id = 0;
	npc->goal_action = ACTION_NONE;
	npc->goal_interaction = 0;
	npc_forget_terms(world, npc);
	npc->event_at = SIM_NEVER;
	npc->event_kind = EVENT_NONE;
}

void
npc_go_on(World *world, Npc *npc, int64 pause)
{
	if (npc->plan != NULL)
	{
		npc->event_at = AT_ONCE;
		npc->event_kind = EVENT_GO_ON;
		npc->pauses = pause > 0;
	}
	else
		npc_schedule(world, npc, pause);
	npc_settle(world, npc);
}

void
npc_become_idle(World *world, Npc *npc, int64 pause)
{
	npc_become(world, npc, NPC_IDLE, DECIDER_NONE);
	npc_go_on(world, npc, pause);
}
