/*
 * decide.c
 *	  Looks at every NPC that is due for it at one instant: its own mind is asked, or the built-in mind
 *	  decides.
 *
 * Which NPC is looked at when, and why, is in schedule.c. If the mind of an NPC is not there, or may
 * spend no more tokens, the built-in one decides. While an answer is awaited the NPC goes on with what
 * it does; care.c says when the built-in mind steps in meanwhile, which the mind is told.
 */
#include "postgres.h"

#include "engine/image.h"

/*
 * Asks the NPC's mind, which is there and has no open question, if it may be asked now. Returns true if the
 * built-in mind is to decide now: always when somebody has to look after the NPC ('care').
 */
static bool
ask_or_act(World *world, Npc *npc, DecisionReason reason, bool care)
{
	DecisionReason why;
	int64		   at;

	if (reason_cannot_wait(reason) && npc_is_pressed(world, npc))
	{
		/*
		 * The built-in mind takes over: it answers invitations at once, and messages by going on with the
		 * conversation.
		 */
		if (reason == REASON_BID)
			npc_renew_invitations(world, npc);
		else if (npc->interaction_id != 0)
			return true;
		reason = REASON_IDLE;
	}
	npc->decision_reason = reason == REASON_NEED ? REASON_NEED_WAITS : reason;
	at = npc_next_question(world, npc, 0, &why);
	if (at <= world->now)
	{
		npc->paced = npc_mind_is_paced(world, npc);
		world_open_request(world, npc, why == REASON_NEED_WAITS ? REASON_NEED : why,
						   npc_asked_through(world, npc));
	}
	else
		care |= npc_next_look_between(world, npc, 0, at) <= world->now;
	return care;
}

/* The NPC's player is back, and nobody else is there to answer what the pool was asked. */
static void
leave_pool_that_is_gone(World *world, Npc *npc)
{
	if (npc->request_pending && npc_asked_pool(npc) && world->pool_slots == 0 &&
		!npc_question_is_awaited(world, npc))
		world_close_request(world, npc);
}

/*
 * Returns true if the built-in mind is to decide now; else the NPC's mind was asked or there is nothing to do
 * yet.
 */
static bool
look_at_minded(World *world, Npc *npc, DecisionReason reason)
{
	bool act;

	if (npc_mind_can_be_asked(world, npc))
		leave_pool_that_is_gone(world, npc);
	else if (!npc_question_is_awaited(world, npc))
	{
		/* Its mind is asked when it is there again. */
		npc->ask_again_at = Min(npc->ask_again_at, world->now);
		/* A mind that is not there is not silent. */
		npc_was_answered(world, npc);
		npc_wake_no_more(world, npc);
		world_close_request(world, npc);
		if (reason == REASON_BID)
			npc_renew_invitations(world, npc);
		return true;
	}
	act = npc_care_due(world, npc) <= world->now;
	if (npc->request_pending)
	{
		if (reason_cannot_wait(reason))
			npc->decision_reason = reason;
		if (npc->state == NPC_IDLE)
			return true;
	}
	else
		act = ask_or_act(world, npc, reason, act);
	if (!act)
	{
		npc_schedule(world, npc, 0);
		npc_settle(world, npc);
	}
	return act;
}

/* Whether nobody but the built-in mind decides for the NPC: it has no player, and the pool does not take it. */
static bool
has_no_mind(World *world, Npc *npc)
{
	return !npc_is_minded(npc) && !npc_mind_can_be_asked(world, npc);
}

/*
 * The built-in mind begins nothing for an NPC that is invited. If it is, the NPC is looked at again when the
 * bid is decided, and true is returned.
 */
static bool
stays_for_invitation(World *world, Npc *npc)
{
	int64 until = state_is_free(npc->state) ? npc_invited_until(world, npc) : -1;

	if (until < 0)
		return false;
	npc->decision_at = until;
	if (npc->decision_reason == REASON_IDLE)
		npc->decision_reason = REASON_CARE;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_settle(world, npc);
	return true;
}

void
world_decide(World *world)
{
	int	  room = 64;
	int	  count = 0;
	int	  built_in = 0;
	Npc **due;
	Due	 *first = due_first(&world->decisions);

	if (first == NULL || first->at > world->now)
		return;
	due = palloc(room * sizeof(Npc *));
	while ((first = due_first(&world->decisions)) != NULL && first->at <= world->now)
	{
		Npc *npc = first->owner;

		if (count == room)
		{
			room *= 2;
			due = repalloc_huge(due, room * sizeof(Npc *));
		}
		due[count++] = npc;
		due_set(&world->decisions, &npc->due_decision, SIM_NEVER, 0);
		npc->decision_at = SIM_NEVER;
		npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	}
	npcs_sort(due, count);
	for (int i = 0; i < count; i++)
	{
		DecisionReason reason = due[i]->decision_reason;

		/* Whatever the reason was, it is dealt with now. */
		due[i]->decision_reason = REASON_IDLE;
		if (npc_goes_to_sleep(world, due[i]))
			continue;
		if ((has_no_mind(world, due[i]) || look_at_minded(world, due[i], reason)) &&
			!stays_for_invitation(world, due[i]))
			due[built_in++] = due[i];
	}
	npcs_decide_built_in(world, due, built_in);
	pfree(due);
}
