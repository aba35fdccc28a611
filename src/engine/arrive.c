/*
 * arrive.c
 *	  NPCs on their way: taking the next leg, arriving, being stopped. All functions act at world->now.
 *
 * A way is walked in legs of at most LEG_CELLS - 1 steps. Only the present leg is stored; its end is
 * an event at which the rest of the way is found.
 */
#include "postgres.h"

#include "engine/image.h"
#include "errors.h"
#include "json.h"

/* How a walk ends. */
typedef enum WalkEnd
{
	WALK_ARRIVED,
	WALK_BLOCKED,	   /* no way leads on */
	WALK_STOPPED_SHORT /* the way that it had found around something was blocked again */
} WalkEnd;
#define WALK_END_COUNT 3

static const char *const walk_end_names[] = {
	[WALK_ARRIVED] = "arrived",
	[WALK_BLOCKED] = "blocked",
	[WALK_STOPPED_SHORT] = "stopped_short",
};
StaticAssertDecl(lengthof(walk_end_names) == WALK_END_COUNT, "every end of a walk has a name");

static void
record_arrival(World *world, Npc *npc, WalkEnd how, Cell intended, Cell actual)
{
	char *members = NULL;

	if (!cell_equal(intended, actual))
		members = psprintf("\"status\":\"%s\",\"intended_destination\":[%d,%d]", walk_end_names[how],
						   intended.x, intended.y);
	world_event(world, how == WALK_ARRIVED ? WORLD_EVENT_NPC_ARRIVED : WORLD_EVENT_NPC_STOPPED, npc->id, 0, 0,
				members);
}

/* Returns the member that tells a mind that a walk was not its own idea; empty if it was. */
static const char *
told_whose_idea(const Npc *npc)
{
	return npc->decider == DECIDER_BUILT_IN ? ",\"decided_for_you\":true" : "";
}

static void
tell_arrival(World *world, Npc *npc, WalkEnd how, Cell intended)
{
	Cell actual = npc_cell(npc, world->now);

	record_arrival(world, npc, how, intended, actual);
	npc_tell(world, npc, MIND_MOVEMENT_COMPLETED,
			 psprintf("\"status\":\"%s\",\"intended_destination\":[%d,%d],\"actual_destination\":[%d,%d]%s",
					  walk_end_names[how], intended.x, intended.y, actual.x, actual.y, told_whose_idea(npc)));
}

/* Returns the action for which the NPC walked: for an interaction, with the terms that were remembered. */
static Action
goal_of(World *world, Npc *npc)
{
	Action action = {.kind = npc->goal_action,
					 .target_id = npc->target_id,
					 .interaction = image_interaction_type(world, npc->goal_interaction)};
	Action told;

	if (npc->goal_terms == NULL)
		return action;
	/*
	 * Terms that cannot be read any more are of an interaction type that was deleted; the bare action is
	 * refused below.
	 */
	return is_refused(action_from_json(world, npc, &npc->goal_terms->root, &told)) ? action : told;
}

/* Begins the interaction that the NPC came for, whose item, type or NPC may be gone by now. */
static Refusal
begin_goal(World *world, Npc *npc, const Action *action, Decider decider)
{
	Refusal refusal = npc_interact(world, npc, action, false, decider);

	if (refusal.sqlerrcode == ERRCODE_NS_NO_ITEM && action->interaction == NULL)
		refusal.message = "there is no such interaction any more";
	else if (refusal.sqlerrcode == ERRCODE_NS_NO_ITEM)
		refusal.message = "item is gone";
	else if (refusal.sqlerrcode == ERRCODE_NS_NO_NPC)
		refusal.message = "NPC is gone";
	return refusal;
}

/* Records that what the NPC came for is not to be had: others use it, or are busy. */
static void
record_conflict(World *world, const Npc *npc, const Action *action, const char *reason)
{
	StringInfoData members;

	initStringInfo(&members);
	json_literal(&members, "\"wanted\":");
	json_string(&members, action->interaction != NULL ? action->interaction->name : NULL);
	appendStringInfo(&members, ",%s", json_text_member("reason", reason));
	world_event(world, WORLD_EVENT_INTERACTION_CONFLICT, npc->id, action->target_id, 0, members.data);
	pfree(members.data);
}

/* The NPC is at its goal, or as near as it can get. */
static void
arrive(World *world, Npc *npc)
{
	Action	action = goal_of(world, npc);
	Decider decider = npc->decider;
	Cell	intended = npc->goal;
	Refusal refusal;

	npc_stand(world, npc);
	tell_arrival(world, npc, WALK_ARRIVED, intended);
	if (action.kind == ACTION_INTERACT_WITH)
	{
		refusal = begin_goal(world, npc, &action, decider);
		if (!is_refused(refusal))
			return;
		npc_tell(world, npc, MIND_BID_REJECTED,
				 psprintf("\"interaction\":\"%s\",\"target_id\":%lld,%s",
						  action.interaction != NULL ? action.interaction->name : "",
						  (long long) action.target_id, json_text_member("reason", refusal.message)));
		if (refusal.sqlerrcode == ERRCODE_NS_ACTION_IMPOSSIBLE)
			record_conflict(world, npc, &action, refusal.message);
		npc_fail_plan(world, npc, refusal.message);
	}
	npc_become_idle(world, npc, 0);
}

/* The NPC cannot go on to its goal. */
static void
give_up(World *world, Npc *npc, WalkEnd how)
{
	Cell intended = npc->goal;

	npc_stand(world, npc);
	tell_arrival(world, npc, how, intended);
	npc_fail_plan(world, npc, "the way is blocked");
	npc_become_idle(world, npc, 0);
}

/* Finds the rest of the way from the cell that the NPC is on and has reached at 'since'. Returns whether there is one. */
static bool
walk_on(World *world, Npc *npc, int64 since)
{
	Cell	   leg[LEG_CELLS];
	Cell	   goal;
	int		   length;
	int		   steps;
	PathResult result = path_find(world->finder, world->grid, npc_cell(npc, world->now), npc->goal, leg,
								  LEG_CELLS, &length, &steps, &goal);

	switch (result)
	{
		case PATH_HERE:
			arrive(world, npc);
			break;
		case PATH_FOUND:
			npc_take_leg(world, npc, leg, length, since);
			break;
		case PATH_OUTSIDE:
		case PATH_UNREACHABLE:
		case PATH_TOO_FAR:
			give_up(world, npc, WALK_BLOCKED);
			break;
	}
	return result == PATH_FOUND;
}

/*
 * If somebody stands where the NPC would stop, takes it one step on, to an empty cell if there is one.
 * Returns whether it did.
 */
static bool
step_aside(World *world, Npc *npc, Cell here)
{
	Cell leg[2] = {here};
	int	 others = grid_standing(world->grid, here) - (npc->standing ? 1 : 0);

	if (!cell_equal(here, npc->goal) || others == 0 ||
		!grid_free_neighbour(world->grid, here, here, &leg[1]) || grid_standing(world->grid, leg[1]) > 0)
		return false;
	npc_take_leg(world, npc, leg, 2, world->now);
	return true;
}

void
npc_leg_ended(World *world, Npc *npc)
{
	Cell here = npc_cell(npc, world->now);

	if (npc_invited_until(world, npc) >= 0)
	{
		npc_halt(world, npc);
		return;
	}
	if (step_aside(world, npc, here))
		/* it arrives there */;
	else if (cell_equal(here, npc->goal) ||
			 (grid_blocked(world->grid, npc->goal) && cell_adjacent(here, npc->goal)))
		arrive(world, npc);
	else
		(void) walk_on(world, npc, world->now);
	npc_settle(world, npc);
}

/* Returns the index of the first cell ahead on the leg that is blocked now; -1 if the way is free. */
static int
blocked_ahead(const World *world, const Npc *npc)
{
	int here = leg_index_at(npc->leg_length, npc->departed_at, world->now);

	for (int i = here + 1; i < npc->leg_length; i++)
		if (grid_blocked(world->grid, npc->leg[i]))
			return i;
	return -1;
}

/*
 * Has a walker whose way is blocked by something new look for another way, REPLANS_MAX times per walk; after
 * that it stops before the obstacle.
 */
static void
check_way(World *world, Npc *npc)
{
	if (npc->leg_length == 1 || blocked_ahead(world, npc) < 0)
		return;
	if (npc->replans < REPLANS_MAX)
	{
		int64 since;
		Cell  here = npc_present_cell(world, npc, &since);

		npc->replans++;
		npc->leg[0] = here;
		npc->leg_length = 1;
		npc->departed_at = world->now;
		npc_touch(world, npc, NPC_DIRTY_MOTION | NPC_DIRTY_HIDDEN);
		if (walk_on(world, npc, since))
			world_event(world, WORLD_EVENT_PATH_RECALCULATED, npc->id, 0, 0, NULL);
	}
	else
		give_up(world, npc, WALK_STOPPED_SHORT);
	npc_settle(world, npc);
}

static void
check_way_of(World *world, Npc *npc, void *arg)
{
	check_way(world, npc);
}

/* Many cells became blocked at once: the ways of all walkers are checked, in order of id. */
void
world_check_ways(World *world)
{
	world_each_npc(world, check_way_of, NULL);
}

/* A cell became blocked: the ways of those about to walk over it are checked, in order of id. */
void
world_stop_blocked_walkers(World *world, Cell cell)
{
	Npc **walkers;
	int	  count = npcs_over(world, cell, &walkers);

	for (int i = 0; i < count; i++)
		check_way(world, walkers[i]);
	if (walkers != NULL)
		pfree(walkers);
}
