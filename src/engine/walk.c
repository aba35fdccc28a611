/*
 * walk.c
 *	  NPCs that set out, and that stay where they are invited. All functions act at world->now.
 *
 * An NPC that is invited stays where it is until the bid is decided (bids.c): it keeps its goal, and
 * has a leg of one cell that ends when there is nothing left to wait for.
 */
#include "postgres.h"

#include "engine/image.h"
#include "errors.h"

Cell
npc_present_cell(const World *world, const Npc *npc, int64 *since)
{
	int index = leg_index_at(npc->leg_length, npc->departed_at, world->now);

	*since = npc->leg_length == 1 || index == npc->leg_length - 1 ? world->now
																  : npc->departed_at + index * CELL_TIME;
	return npc->leg[index];
}

void
npc_take_leg(World *world, Npc *npc, const Cell *leg, int length, int64 departed_at)
{
	memcpy(npc->leg, leg, length * sizeof(Cell));
	npc->leg_length = length;
	npc->departed_at = departed_at;
	npc->event_at = leg_arrives_at(length, departed_at);
	npc->event_kind = EVENT_LEG_END;
	npc_touch(world, npc, NPC_DIRTY_MOTION | NPC_DIRTY_HIDDEN);
}

static bool
is_on_its_way(const Npc *npc)
{
	return npc->state == NPC_MOVING || npc->state == NPC_WANDERING;
}

void
npc_halt(World *world, Npc *npc)
{
	Cell  here;
	int64 until = is_on_its_way(npc) ? npc_invited_until(world, npc) : -1;

	if (until < 0)
		return;
	here = npc_cell(npc, world->now);
	npc_take_leg(world, npc, &here, 1, world->now);
	npc->event_at = until;
	npc_settle(world, npc);
}

void
npc_walk_on(World *world, Npc *npc)
{
	if (is_on_its_way(npc) && npc->leg_length == 1)
	{
		npc->event_at = world->now;
		npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	}
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

static Refusal
path_refusal(PathResult result, Cell target)
{
	switch (result)
	{
		case PATH_OUTSIDE:
			return refuse(ERRCODE_NS_CELL_OUTSIDE,
						  psprintf("cell (%d, %d) is outside the world", target.x, target.y));
		case PATH_TOO_FAR:
			return impossible(psprintf("cell (%d, %d) is too far away", target.x, target.y));
		case PATH_UNREACHABLE:
			return impossible(psprintf("there is no way to cell (%d, %d)", target.x, target.y));
		case PATH_FOUND:
		case PATH_HERE:
			break;
	}
	return NOT_REFUSED;
}

Cell
cell_beside(World *world, Cell there, Cell from)
{
	Cell beside;

	if (!grid_blocked(world->grid, there) && grid_free_neighbour(world->grid, there, from, &beside))
		return beside;
	return there;
}

Refusal
npc_walk(World *world, Npc *npc, Cell target, NpcState state, ActionKind action,
		 const InteractionType *interaction, int64 target_id, Decider decider)
{
	Cell	   leg[LEG_CELLS];
	Cell	   goal;
	int		   length;
	int		   steps;
	int64	   since;
	Cell	   from = npc_present_cell(world, npc, &since);
	PathResult result =
		path_find(world->finder, world->grid, from, target, leg, LEG_CELLS, &length, &steps, &goal);

	if (result != PATH_FOUND && result != PATH_HERE)
		return path_refusal(result, target);

	npc_become(world, npc, state, decider);
	npc->goal = target;
	npc->goal_action = action;
	npc->goal_interaction = interaction != NULL ? interaction->number : 0;
	npc->target_id = target_id;
	npc_forget_terms(world, npc);
	npc->replans = 0;
	if (result == PATH_HERE)
	{
		npc->leg[0] = from;
		npc->leg_length = 1;
		npc->departed_at = world->now;
		npc_touch(world, npc, NPC_DIRTY_MOTION);
		npc->event_at = world->now;
		npc->event_kind = EVENT_LEG_END;
	}
	else
		npc_take_leg(world, npc, leg, length, since);
	npc_halt(world, npc);
	npc_settle(world, npc);
	return NOT_REFUSED;
}
