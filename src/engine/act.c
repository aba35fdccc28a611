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

/* A free cell beside one that an NPC is on; the cell itself when there is none. */
static Cell
cell_beside(World *world, Cell there, Cell from)
{
	Cell beside;

	if (!grid_blocked(world->grid, there) && grid_free_neighbour(world->grid, there, from, &beside))
		return beside;
	return there;
}

/* With whom and how, for when it is there. */
static void
set_goal_terms(World *world, Npc *npc, const Action *action)
{
	if (action->partner_count == 0 && action->act == NULL)
		return;
	npc->goal_terms = json_copy(action_terms(action), world->context);
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

static Refusal
walk_to_interact(World *world, Npc *npc, const Action *action, Cell there, Decider decider)
{
	Refusal refusal = npc_walk(world, npc, there, NPC_MOVING, ACTION_INTERACT_WITH, action->interaction,
							   action->target_id, decider);

	if (!is_refused(refusal))
		set_goal_terms(world, npc, action);
	return refusal;
}

/* Those whom an action names besides its target, each once, unless one of them cannot take part. */
static Refusal
find_partners(World *world, const Npc *npc, const Action *action, Npc **partners, int *count)
{
	for (int i = 0; i < action->partner_count; i++)
	{
		Npc *partner = world_npc(world, action->partners[i]);

		if (partner == NULL)
			return impossible(psprintf("there is no NPC %lld", (long long) action->partners[i]));
		if (partner == npc)
			return impossible("nobody interacts with himself");
		for (int j = 0; partner != NULL && j < *count; j++)
			if (partners[j] == partner)
				partner = NULL;
		if (partner != NULL)
			partners[(*count)++] = partner;
	}
	return NOT_REFUSED;
}

/* Whether they can be invited now; 'here' is where the bidder is. */
static Refusal
refusal_of(const World *world, const InteractionKind *kind, Npc *const *invited, int count, Cell here,
		   bool near)
{
	for (int i = 0; i < count; i++)
	{
		if (!state_is_free(invited[i]->state))
			return impossible(psprintf("NPC %lld is busy", (long long) invited[i]->id));
		if (near && !partner_in_reach(kind, here, npc_cell(invited[i], world->now)))
			return impossible(psprintf("NPC %lld is too far away", (long long) invited[i]->id));
	}
	return NOT_REFUSED;
}

static Refusal
interact_with_item(World *world, Npc *npc, WorldItem *item, const Action *action, bool may_walk,
				   Decider decider)
{
	const InteractionKind *kind = action->interaction;
	Interaction			  *running = item_interaction(world, item);
	bool				   joins = action->partner_count == 0 && interaction_joinable(running, kind);
	Cell				   here = npc_cell(npc, world->now);
	bool				   near = kind != NULL && interaction_reaches(kind, here, item->cell);
	Npc					  *partners[PARTICIPANTS_MAX];
	int					   count = 0;
	Refusal				   refusal = find_partners(world, npc, action, partners, &count);
	BidVerdict			   verdict;

	if (is_refused(refusal))
		return refusal;
	/* What it would say to a neighbour: nobody walks to what will refuse him. */
	verdict = item_answers_bid(item->kind, item->share_left, running != NULL && !joins, item->cell,
							   may_walk ? item->cell : here, kind,
							   joins ? running->participant_count + 1 : 1 + count);
	if (verdict != BID_ACCEPTED)
		return impossible(bid_verdict_reason(verdict));
	refusal = refusal_of(world, kind, partners, count, here, near);
	if (is_refused(refusal))
		return refusal;
	if (!near)
		return walk_to_interact(world, npc, action, item->cell, decider);
	if (count > 0)
	{
		bid_place(world, npc, action, partners, count, decider);
		return NOT_REFUSED;
	}
	if (joins)
		interaction_join(world, running, npc, decider);
	else
		interaction_begin(world, kind, item->id, item, &npc, &decider, 1);
	if (action->act != NULL)
		return npc_act(world, npc, action->act);
	return NOT_REFUSED;
}

/* The interaction in which all of them are, if one more can take part in it. */
static Interaction *
common_interaction(World *world, Npc *const *npcs, int count, const InteractionKind *kind)
{
	Interaction *running = npc_interaction(world, npcs[0]);

	for (int i = 1; i < count; i++)
		if (npcs[i]->interaction_id != npcs[0]->interaction_id)
			return NULL;
	return interaction_joinable(running, kind) ? running : NULL;
}

static Refusal
interact_with_npc(World *world, Npc *npc, Npc *target, const Action *action, bool may_walk, Decider decider)
{
	const InteractionKind *kind = action->interaction;
	Cell				   here = npc_cell(npc, world->now);
	Cell				   there = npc_cell(target, world->now);
	Npc					  *invited[PARTICIPANTS_MAX + 1] = {target};
	int					   count = 1;
	Refusal				   refusal = find_partners(world, npc, action, invited, &count);
	BidVerdict			   verdict;
	Interaction			  *running;
	bool				   near;

	if (is_refused(refusal))
		return refusal;
	if (target == npc)
		return impossible("nobody interacts with himself");
	running = common_interaction(world, invited, count, kind);
	verdict = participants_verdict(kind, running != NULL ? running->participant_count + 1 : 1 + count);
	if (verdict != BID_ACCEPTED)
		return impossible(bid_verdict_reason(verdict));
	near = interaction_reaches(kind, here, there);
	refusal = running == NULL ? refusal_of(world, kind, invited, count, here, near) : NOT_REFUSED;
	if (count == 1 && target->state == NPC_REQUESTING && decider == DECIDER_MIND &&
		npc_did_not_know(npc, target) && world_lives_by(world->lock, RULES_0_4))
	{
		if (npc_accepts_by_bidding(world, npc, target, kind))
			return action->act != NULL && npc->state == NPC_INTERACTING ? npc_act(world, npc, action->act)
																		: NOT_REFUSED;
		refusal = NOT_REFUSED; /* it will know soon, and is asked then */
	}
	if (is_refused(refusal))
		return refusal;
	if (!near)
	{
		if (!may_walk)
			return impossible(psprintf("NPC %lld is too far away", (long long) target->id));
		return walk_to_interact(world, npc, action, cell_beside(world, there, here), decider);
	}
	if (running == NULL)
	{
		bid_place(world, npc, action, invited, count, decider);
		return NOT_REFUSED;
	}
	interaction_join(world, running, npc, decider);
	return action->act != NULL ? npc_act(world, npc, action->act) : NOT_REFUSED;
}

Refusal
npc_interact(World *world, Npc *npc, const Action *action, bool may_walk, Decider decider)
{
	const InteractionKind *kind = action->interaction;
	bool				   with_npc = kind != NULL && kind->target == TARGET_NPC;
	WorldItem			  *item = with_npc ? NULL : world_item(world, action->target_id);
	Npc					  *target = with_npc ? world_npc(world, action->target_id) : NULL;
	Refusal				   refusal;

	if (item == NULL && target == NULL)
		return refuse(with_npc ? ERRCODE_NS_NO_NPC : ERRCODE_NS_NO_ITEM,
					  psprintf("there is no %s %lld", with_npc ? "NPC" : "item",
							   (long long) action->target_id));
	if (action->act != NULL && kind != NULL)
	{
		refusal = interaction_check_act(kind, action->act);
		if (is_refused(refusal))
			return refusal;
	}
	if (item != NULL)
		return interact_with_item(world, npc, item, action, may_walk, decider);
	return interact_with_npc(world, npc, target, action, may_walk, decider);
}

static Refusal
approach(World *world, Npc *npc, const Action *action, Decider decider)
{
	WorldItem *item = world_item(world, action->target_id);
	Npc		  *other = item == NULL ? world_npc(world, action->target_id) : NULL;
	Cell	   here = npc_cell(npc, world->now);
	Cell	   there;

	if (item == NULL && (other == NULL || other == npc))
		return impossible(
			psprintf("there is nothing with id %lld to walk to", (long long) action->target_id));
	there = item != NULL ? item->cell : npc_cell(other, world->now);
	if (cell_adjacent(here, there))
		there = here;
	else if (other != NULL)
		there = cell_beside(world, there, here);
	return npc_walk(world, npc, there, NPC_MOVING, ACTION_APPROACH, NULL, action->target_id, decider);
}

static Refusal
wander(World *world, Npc *npc, Decider decider)
{
	Cell target;
	Cell here = npc_cell(npc, world->now);
	bool found = path_random_target(world->finder, world->grid, here, WANDER_CELLS, world->seed, npc->id,
									npc->draws, &target);

	npc->draws++;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	if (!found)
		return impossible("there is nowhere to go");
	return npc_walk(world, npc, target, NPC_WANDERING, ACTION_WANDER, NULL, 0, decider);
}

static Refusal
wait_here(World *world, Npc *npc, const Action *action, Decider decider)
{
	/* it waits already: for the answer to its bid */
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

static Refusal
step_towards(World *world, Npc *npc, const Action *action, Decider decider)
{
	Cell target = cell_towards(npc_cell(npc, world->now), action->direction);

	if (!grid_contains(world->grid, target) || grid_blocked(world->grid, target))
		return refuse(ERRCODE_NS_CELL_NOT_FREE, psprintf("cell (%d, %d) is not free", target.x, target.y));
	return npc_walk(world, npc, target, NPC_MOVING, ACTION_MOVE_DIRECTION, NULL, 0, decider);
}

static Jsonb *
no_parameters(void)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Who acts by itself is no longer spoken for. */
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

static Refusal
carry_out(World *world, Npc *npc, const Action *action, Decider decider)
{
	switch (action->kind)
	{
		case ACTION_MOVE_TO:
			return npc_walk(world, npc, action->cell, NPC_MOVING, ACTION_MOVE_TO, NULL, 0, decider);
		case ACTION_MOVE_DIRECTION:
			return step_towards(world, npc, action, decider);
		case ACTION_INTERACT_WITH:
			return npc_interact(world, npc, action, true, decider);
		case ACTION_APPROACH:
			return approach(world, npc, action, decider);
		case ACTION_WANDER:
			return wander(world, npc, decider);
		case ACTION_WAIT:
			return wait_here(world, npc, action, decider);
		case ACTION_CONTINUE:
			return NOT_REFUSED;
		case ACTION_CANCEL_INTERACTION:
			npc_end_interaction(world, npc, INTERACTION_CANCELLED, MIND_PAUSE);
			return NOT_REFUSED;
		case ACTION_ACT_IN_INTERACTION:
			return act_as_decided(world, npc, action, decider);
		case ACTION_RESPOND_TO_BID:
			return npc_answer_bid(world, npc, action);
		case ACTION_REJECT_BIDS:
			return npc_reject_bids(world, npc, action);
		case ACTION_NONE:
			break;
	}
	return refuse(ERRCODE_NS_BAD_DECISION, "there is no action");
}

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
		refusal = carry_out(world, npc, action, decider);
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
