/*
 * act.c
 *	  What NPCs do: actions, interactions, plans, and what their minds are
 *	  told of it. All functions act at world->now.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "engine/image.h"
#include "errors.h"
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

void
npc_tell(World *world, Npc *npc, const char *type, const char *members)
{
	StringInfoData event;

	if (npc->controller == 0)
		return;
	if (npc->mind_events != NULL && npc->mind_events->count == NPC_EVENTS_MAX)
	{
		json_list_drop_first(npc->mind_events);
		npc->events_dropped++;
	}
	initStringInfo(&event);
	appendStringInfoString(&event, "{\"at\":");
	json_millionths(&event, world->now);
	appendStringInfo(&event, ",\"type\":\"%s\"", type);
	if (members != NULL && members[0] != '\0')
		appendStringInfo(&event, ",%s", members);
	appendStringInfoChar(&event, '}');
	json_list_append(world, &npc->mind_events, event.data);
	npc_touch(world, npc, NPC_DIRTY_MIND);
	pfree(event.data);
	npc_wake(world, npc, type);
}

/* ---- interactions ---- */

static void
set_rates(Npc *npc, const int32 *interaction_rates)
{
	for (int need = 0; need < NEED_COUNT; need++)
		npc->needs.rate[need] = -npc->decay + (interaction_rates != NULL ? interaction_rates[need] : 0);
}

/* What an item says to a bid from a cell. */
static BidVerdict
ask_item(const World *world, const Npc *npc, const WorldItem *item, Cell from, const InteractionKind *kind)
{
	return item_answers_bid(item->kind, item->share_left,
							item->occupied_by != 0 && item->occupied_by != npc->id, item->cell, from, kind);
}

static Interaction *
npc_interaction(World *world, const Npc *npc)
{
	return npc->interaction_id != 0 ? image_find(world->interactions, npc->interaction_id) : NULL;
}

const char *
npc_begin_interaction(World *world, Npc *npc, WorldItem *item, const InteractionKind *kind, Decider decider,
					  int *sqlstate)
{
	BidVerdict	 verdict = ask_item(world, npc, item, npc_cell(npc, world->now), kind);
	Interaction *interaction;
	int32		 rates[NEED_COUNT];
	int64		 lasts;

	if (verdict != BID_ACCEPTED)
	{
		*sqlstate = ERRCODE_NS_ACTION_IMPOSSIBLE;
		return bid_verdict_reason(verdict);
	}

	npc_stand(world, npc);
	npc_become(world, npc, NPC_INTERACTING, decider);
	interaction = image_new_interaction(world, world_new_id(world->lock));
	interaction->number = kind->number;
	interaction->kind = kind;
	interaction->npc_id = npc->id;
	interaction->target_id = item->id;
	interaction->started_at = world->now;
	interaction->share_at_start = item->share_left;
	interaction->born = true;
	interaction->born_place = pointer_list_add(world, &world->born_interactions, interaction);
	npc->interaction_id = interaction->id;
	npc->target_id = item->id;
	item->occupied_by = npc->id;
	item_touch(world, item);

	needs_rebase(&npc->needs, world->now);
	interaction_need_rates(kind, item->kind, rates);
	set_rates(npc, rates);
	npc_touch(world, npc, NPC_DIRTY_NEEDS);
	lasts = interaction_lasts(kind, item->kind, item->share_left);
	if (lasts != SIM_NEVER)
	{
		npc->event_at = world->now + lasts;
		npc->event_kind = EVENT_INTERACTION_END;
	}
	if (kind->moves_onto_item)
	{
		npc->leg[0] = item->cell;
		npc->departed_at = world->now;
		npc_touch(world, npc, NPC_DIRTY_MOTION);
	}
	world_event(world, WORLD_EVENT_INTERACTION_STARTED, npc->id, item->id, interaction->id,
				json_text_member("interaction", kind->name));
	npc_tell(world, npc, "interaction_started",
			 psprintf("\"interaction\":\"%s\",\"interaction_id\":%lld,\"target_id\":%lld", kind->name,
					  (long long) interaction->id, (long long) item->id));
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
	return NULL;
}

static void
drop_interaction(World *world, Interaction *interaction)
{
	if (interaction->born)
		pointer_list_drop(&world->born_interactions, interaction->born_place);
	else
		id_list_add(world, &world->removed_interactions, interaction->id);
	image_free_interaction(world, interaction);
}

/* Off the chair, to a free cell beside it. */
static void
stand_up(World *world, Npc *npc, Cell chair)
{
	Cell beside;

	if (!grid_free_neighbour(world->grid, chair, chair, &beside))
		return;
	npc->leg[0] = beside;
	npc->leg_length = 1;
	npc->departed_at = world->now;
	npc_touch(world, npc, NPC_DIRTY_MOTION);
}

void
npc_end_interaction(World *world, Npc *npc, const char *event, int64 pause)
{
	Interaction *interaction = npc_interaction(world, npc);
	WorldItem	*item = interaction != NULL ? world_item(world, interaction->target_id) : NULL;

	needs_rebase(&npc->needs, world->now);
	set_rates(npc, NULL);
	npc_touch(world, npc, NPC_DIRTY_NEEDS);
	if (interaction != NULL)
	{
		world_event(world, world_event_kind_named(event), npc->id, interaction->target_id, interaction->id,
					json_text_member("interaction", interaction->kind->name));
		npc_tell(world, npc, event,
				 psprintf("\"interaction\":\"%s\",\"interaction_id\":%lld,\"target_id\":%lld",
						  interaction->kind->name, (long long) interaction->id,
						  (long long) interaction->target_id));
	}
	npc->interaction_id = 0;
	npc->target_id = 0;
	if (item != NULL)
	{
		item->occupied_by = 0;
		if (interaction_consumes(interaction->kind))
			item->share_left = consume_share_left(item->kind, interaction->share_at_start,
												  world->now - interaction->started_at);
		else if (interaction->kind->moves_onto_item)
			stand_up(world, npc, item->cell);
		item_touch(world, item);
	}
	if (interaction != NULL)
		drop_interaction(world, interaction);
	if (item != NULL && item->share_left <= 0)
		item_use_up(world, item);
	npc_become_idle(world, npc, pause);
}

/* ---- plans ---- */

/* A step of the plan, or what the mind began, failed: the rest of the plan makes no sense any more. */
void
npc_fail_plan(World *world, Npc *npc, const char *reason)
{
	if (npc->mind_plan == NULL)
		return;
	npc_tell(world, npc, "plan_failed", psprintf("\"reason\":%s", quoted(reason)));
	json_list_clear(&npc->mind_plan);
	npc->decision_reason = REASON_PLAN_FAILED;
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

/* Carries out the plan up to the next action that takes time; without one, a decision is due. */
void
npc_next_step(World *world, Npc *npc, int64 pause)
{
	while (npc->mind_plan != NULL)
	{
		Jsonb *step = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(npc->mind_plan->item[0])));
		Action action;
		int	   sqlstate;
		const char *failure;

		json_list_drop_first(npc->mind_plan);
		if (npc->mind_plan->count == 0)
			json_list_clear(&npc->mind_plan);
		npc_touch(world, npc, NPC_DIRTY_MIND);
		failure = action_from_json(world, npc, &step->root, &action, &sqlstate);
		if (failure == NULL)
			failure = world_act(world, npc, &action, DECIDER_MIND, &sqlstate);
		if (failure == NULL && npc->state != NPC_IDLE)
			return;
		if (failure != NULL)
		{
			json_list_clear(&npc->mind_plan);
			npc->decision_reason = REASON_PLAN_FAILED;
			npc_tell(world, npc, "plan_failed", psprintf("\"reason\":%s", quoted(failure)));
		}
	}
	npc_schedule(world, npc, pause);
}

/* The actions of a JSON array, at most PLAN_ACTIONS_MAX; NULL = none. The NPC has no plan yet. */
static void
set_plan(World *world, Npc *npc, const JsonbValue *actions)
{
	if (actions != NULL && actions->type == jbvBinary)
	{
		JsonbContainer *array = actions->val.binary.data;
		int				count = Min((int) JsonContainerSize(array), PLAN_ACTIONS_MAX);

		for (int i = 0; i < count; i++)
		{
			Jsonb *step = JsonbValueToJsonb(getIthJsonbValueFromContainer(array, i));

			json_list_append(world, &npc->mind_plan, JsonbToCString(NULL, &step->root, VARSIZE(step)));
		}
	}
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

/* ---- actions ---- */

static const char *
act_on_item(World *world, Npc *npc, const Action *action, Decider decider, int *sqlstate)
{
	WorldItem *item = world_item(world, action->target_id);
	Cell	   here = npc_cell(npc, world->now);
	BidVerdict verdict;

	if (item == NULL)
	{
		*sqlstate = ERRCODE_NS_NO_ITEM;
		return psprintf("there is no item %lld", (long long) action->target_id);
	}
	/* What it would say to a neighbour: nobody walks to what will refuse him. */
	verdict = ask_item(world, npc, item, item->cell, action->interaction);
	if (verdict != BID_ACCEPTED)
	{
		*sqlstate = ERRCODE_NS_ACTION_IMPOSSIBLE;
		return bid_verdict_reason(verdict);
	}
	if (interaction_reaches(action->interaction, here, item->cell))
		return npc_begin_interaction(world, npc, item, action->interaction, decider, sqlstate);
	return npc_walk(world, npc, item->cell, NPC_MOVING, ACTION_INTERACT_WITH, action->interaction, item->id,
					decider, sqlstate);
}

static const char *
approach(World *world, Npc *npc, const Action *action, Decider decider, int *sqlstate)
{
	WorldItem *item = world_item(world, action->target_id);
	Npc		  *other = item == NULL ? world_npc(world, action->target_id) : NULL;
	Cell	   here = npc_cell(npc, world->now);
	Cell	   there;
	Cell	   beside;

	if (item == NULL && (other == NULL || other == npc))
	{
		*sqlstate = ERRCODE_NS_ACTION_IMPOSSIBLE;
		return psprintf("there is nothing with id %lld to walk to", (long long) action->target_id);
	}
	there = item != NULL ? item->cell : npc_cell(other, world->now);
	if (cell_adjacent(here, there))
		there = here;
	else if (other != NULL && !grid_blocked(world->grid, there) &&
			 grid_free_neighbour(world->grid, there, here, &beside))
		there = beside;
	return npc_walk(world, npc, there, NPC_MOVING, ACTION_APPROACH, NULL, action->target_id, decider,
					sqlstate);
}

static const char *
wander(World *world, Npc *npc, Decider decider, int *sqlstate)
{
	Cell target;
	Cell here = npc_cell(npc, world->now);
	bool found = path_random_target(world->finder, world->grid, here, WANDER_CELLS, world->seed, npc->id,
									npc->draws, &target);

	npc->draws++;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	if (!found)
	{
		*sqlstate = ERRCODE_NS_ACTION_IMPOSSIBLE;
		return "there is nowhere to go";
	}
	return npc_walk(world, npc, target, NPC_WANDERING, ACTION_WANDER, NULL, 0, decider, sqlstate);
}

static const char *
wait_here(World *world, Npc *npc, const Action *action, Decider decider)
{
	npc_stand(world, npc);
	npc_become(world, npc, NPC_WAITING, decider);
	if (action->duration != SIM_NEVER)
	{
		npc->event_at = world->now + action->duration;
		npc->event_kind = EVENT_WAIT_OVER;
	}
	return NULL;
}

static const char *
step_towards(World *world, Npc *npc, const Action *action, Decider decider, int *sqlstate)
{
	Cell target = cell_towards(npc_cell(npc, world->now), action->direction);

	if (!grid_contains(world->grid, target) || grid_blocked(world->grid, target))
	{
		*sqlstate = ERRCODE_NS_CELL_NOT_FREE;
		return psprintf("cell (%d, %d) is not free", target.x, target.y);
	}
	return npc_walk(world, npc, target, NPC_MOVING, ACTION_MOVE_DIRECTION, NULL, 0, decider, sqlstate);
}

static const char *
carry_out(World *world, Npc *npc, const Action *action, Decider decider, int *sqlstate)
{
	switch (action->kind)
	{
		case ACTION_MOVE_TO:
			return npc_walk(world, npc, action->cell, NPC_MOVING, ACTION_MOVE_TO, NULL, 0, decider, sqlstate);
		case ACTION_MOVE_DIRECTION:
			return step_towards(world, npc, action, decider, sqlstate);
		case ACTION_INTERACT_WITH:
			return act_on_item(world, npc, action, decider, sqlstate);
		case ACTION_APPROACH:
			return approach(world, npc, action, decider, sqlstate);
		case ACTION_WANDER:
			return wander(world, npc, decider, sqlstate);
		case ACTION_WAIT:
			return wait_here(world, npc, action, decider);
		case ACTION_CONTINUE:
			return NULL;
		case ACTION_CANCEL_INTERACTION:
			npc_end_interaction(world, npc, "interaction_cancelled", MIND_PAUSE);
			return NULL;
		case ACTION_ACT_IN_INTERACTION:
			*sqlstate = ERRCODE_NS_ACTION_IMPOSSIBLE;
			return "this interaction takes no actions";
		case ACTION_NONE:
			break;
	}
	*sqlstate = ERRCODE_NS_BAD_DECISION;
	return "there is no action";
}

const char *
world_act(World *world, Npc *npc, const Action *action, Decider decider, int *sqlstate)
{
	const char *failure;

	if (!action_legal(npc->state, action->kind))
	{
		*sqlstate = ERRCODE_NS_ACTION_ILLEGAL;
		failure = psprintf("action %s is not valid in state %s", action_name(action->kind),
						   npc_state_name(npc->state));
	}
	else
		failure = carry_out(world, npc, action, decider, sqlstate);
	if (failure != NULL)
	{
		if (decider == DECIDER_MIND)
			npc_tell(world, npc, "error",
					 psprintf("\"action\":\"%s\",\"message\":%s", action_name(action->kind),
							  quoted(failure)));
		return failure;
	}
	npc->last_decision_at = world->now;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, action->kind == ACTION_CANCEL_INTERACTION ? MIND_PAUSE : 0);
	npc_settle(world, npc);
	return NULL;
}

const char *
world_act_and_plan(World *world, Npc *npc, const Action *action, const JsonbValue *plan, Decider decider,
				   int *sqlstate)
{
	JsonList   *before = npc->mind_plan;
	const char *failure;

	if (action->kind == ACTION_CONTINUE && plan == NULL)
		return world_act(world, npc, action, decider, sqlstate);
	npc->mind_plan = NULL;
	set_plan(world, npc, plan);
	failure = world_act(world, npc, action, decider, sqlstate);
	if (failure == NULL)
		json_list_clear(&before);
	else
	{
		json_list_clear(&npc->mind_plan);
		npc->mind_plan = before;
	}
	return failure;
}
