/*
 * act.c
 *	  Carries out one action of an NPC at world->now: checks that it is legal, has its rules carry it out,
 *	  and tells the mind why it was refused.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "engine/actions.h"
#include "engine/image.h"
#include "errors.h"
#include "json.h"

/* ---- actions ---- */

/*
 * Tells a mind that its action was refused: as a rejected bid if an interaction is impossible as things are,
 * else as an error.
 */
static void
tell_failure(World *world, Npc *npc, const Action *action, Refusal refusal)
{
	if (action->interaction != NULL && refusal.sqlerrcode == ERRCODE_NS_ACTION_IMPOSSIBLE)
		npc_tell(world, npc, MIND_BID_REJECTED,
				 psprintf("\"interaction\":\"%s\",\"target_id\":%lld,%s", action->interaction->name,
						  (long long) action->target_id, json_text_member("reason", refusal.message)));
	else
		npc_tell(world, npc, MIND_ERROR,
				 psprintf("\"action\":\"%s\",%s", action_name(action->kind),
						  json_text_member("message", refusal.message)));
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
	/* An NPC that goes on with its plan at this moment is not looked at before that. */
	if (npc->event_kind != EVENT_GO_ON)
		npc_schedule(world, npc, action->kind == ACTION_CANCEL_INTERACTION ? MIND_PAUSE : 0);
	npc_settle(world, npc);
	return NOT_REFUSED;
}
