/*
 * action_walk.c
 *	  The actions by which NPCs walk: to a cell, one step, to an item or NPC, and about.
 */
#include "postgres.h"

#include "engine/actions.h"
#include "engine/decision_json.h"

static Refusal
read_move_to(World *world, JsonbContainer *object, Action *action)
{
	JsonbValue *destination = told_member(object, "destination");
	JsonbValue *x = told_member(object, "x");
	JsonbValue *y = told_member(object, "y");
	int64		column;
	int64		row;

	if (destination != NULL && destination->type == jbvBinary &&
		JsonContainerIsArray(destination->val.binary.data) &&
		JsonContainerSize(destination->val.binary.data) == 2)
	{
		x = getIthJsonbValueFromContainer(destination->val.binary.data, 0);
		y = getIthJsonbValueFromContainer(destination->val.binary.data, 1);
	}
	if (!told_whole_number(x, &column) || !told_whole_number(y, &row))
		return unreadable("move_to needs whole numbers x and y");
	if (column < 0 || row < 0 || column >= world->size_x || row >= world->size_y)
		return refuse(ERRCODE_NS_CELL_OUTSIDE, "the destination is outside the world");
	action->cell = (Cell) {(int16) column, (int16) row};
	return NOT_REFUSED;
}

static Refusal
move_to(World *world, Npc *npc, const Action *action, Decider decider)
{
	return npc_walk(world, npc, action->cell, NPC_MOVING, ACTION_MOVE_TO, NULL, 0, decider);
}

const ActionRules move_to_rules = {.read = read_move_to, .carry_out = move_to};

/* ---- a step ---- */

static Refusal
read_direction(World *world, JsonbContainer *object, Action *action)
{
	char name[16];

	if (!told_word(object, "direction", name, sizeof(name)) || !direction_by_name(name, &action->direction))
		return unreadable("move_direction needs a direction: north, east, south or west");
	return NOT_REFUSED;
}

static Refusal
move_direction(World *world, Npc *npc, const Action *action, Decider decider)
{
	Cell target = cell_towards(npc_cell(npc, world->now), action->direction);

	if (!grid_contains(world->grid, target) || grid_blocked(world->grid, target))
		return refuse(ERRCODE_NS_CELL_NOT_FREE, psprintf("cell (%d, %d) is not free", target.x, target.y));
	return npc_walk(world, npc, target, NPC_MOVING, ACTION_MOVE_DIRECTION, NULL, 0, decider);
}

const ActionRules move_direction_rules = {.read = read_direction, .carry_out = move_direction};

/* ---- to something ---- */

static Refusal
read_approach(World *world, JsonbContainer *object, Action *action)
{
	if (!told_target(object, &action->target_id))
		return unreadable("walking to something needs its target_id");
	return NOT_REFUSED;
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

const ActionRules approach_rules = {.read = read_approach, .carry_out = approach};

/* ---- about ---- */

static Refusal
wander(World *world, Npc *npc, const Action *action, Decider decider)
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

const ActionRules wander_rules = {.carry_out = wander};
