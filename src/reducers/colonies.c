/*
 * colonies.c
 *	  The reducers that fill a world: populate_world (a colony of any size) and set_terrain.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/reducers.h"
#include "sim/colony.h"
#include "sim/random.h"

#define POPULATION_MAX 1000000

/* The names of a colony's item types, as every world begins with them. */
static const char *const item_types[] = {
	[COLONY_APPLE] = "apple",
	[COLONY_CHAIR] = "chair",
	[COLONY_SHOWER] = "shower",
	[COLONY_TELEVISION] = "television",
};
StaticAssertDecl(lengthof(item_types) == COLONY_ITEM_TYPE_COUNT, "every item of a colony has its type");

static void *
allocate(void *context, size_t size)
{
	return MemoryContextAllocHuge(context, size);
}

static void
release(void *context, void *pointer)
{
	pfree(pointer);
}

static bool
terrain_is_open(const Grid *grid)
{
	for (int y = 0; y < grid_size_y(grid); y++)
		for (int x = 0; x < grid_size_x(grid); x++)
			if (grid_terrain_blocked(grid, (Cell) {.x = x, .y = y}))
				return false;
	return true;
}

static void
build_walls(World *world, Grid *grid, const uint8_t *blocked)
{
	int size_x = grid_size_x(grid);

	for (int y = 0; y < grid_size_y(grid); y++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int x = 0; x < size_x; x++)
		{
			int	 bit = y * size_x + x;
			Cell cell = {.x = x, .y = y};

			if ((blocked[bit >> 3] & (1 << (bit & 7))) && !grid_terrain_blocked(grid, cell))
				world_set_terrain(world, cell, true);
		}
	}
}

/*
 * Item types are rows, which operators may delete. A small colony that would do without one is refused as
 * well.
 */
static void
require_item_types(World *world)
{
	long long world_id = world_image_lock(world)->world_id;

	for (int kind = 0; kind < COLONY_ITEM_TYPE_COUNT; kind++)
		if (world_item_type(world, item_types[kind]) == NULL)
			ereport(
				ERROR, errcode(ERRCODE_NS_NO_ITEM_TYPE),
				errmsg("world %lld has no item type \"%s\"", world_id, item_types[kind]),
				errdetail("A colony is given apples, chairs, showers and televisions."),
				errhint(
					"define_item_type() makes it anew; SELECT name FROM npcsim.item_types WHERE world_id = "
					"%lld lists those there are.",
					world_id));
}

/* While a colony is planned, cells that somebody walks over are not free either. */
static void
reserve_cell(World *world, Npc *npc, void *arg)
{
	if (!npc->standing)
		grid_add_standing(world_grid(world), npc_cell(npc, world_image_lock(world)->now));
}

static void
release_cell(World *world, Npc *npc, void *arg)
{
	if (!npc->standing)
		grid_remove_standing(world_grid(world), npc_cell(npc, world_image_lock(world)->now));
}

typedef struct PopulateWorld
{
	int32 npcs;
} PopulateWorld;

static const Argument populate_world_arguments[] = {
	NUMBER_ARGUMENT(PopulateWorld, npcs, 1, POPULATION_MAX),
};

/*
 * Creates the NPCs asked for, and returns their number. The first colony of a world is a pure function of its
 * seed; a further one also depends on how many NPCs there are. Walls are built if the world has neither NPCs
 * nor terrain.
 */
static bool
populate_world(WorldLock *lock, void *arguments, ReducerResult *result)
{
	int32		 npcs = ((const PopulateWorld *) arguments)->npcs;
	World		*world = world_image(lock);
	SimAllocator allocator = {allocate, release, CurrentMemoryContext};
	Grid		*grid = world_grid(world);
	int			 present = world_npc_count(world);
	uint64		 seed = world_seed(world);
	bool		 with_walls = present == 0 && terrain_is_open(grid);
	ColonyPlan	 plan;
	bool		 fits;
	int			 room;

	require_item_types(world);
	if (present > 0)
		seed = sim_random(seed, SIM_ENTITY_COLONY, UINT64_MAX - present);
	world_each_npc(world, reserve_cell, NULL);
	fits = colony_plan(grid, seed, npcs, world_need_decay_max(world), with_walls, &allocator, &plan, &room);
	world_each_npc(world, release_cell, NULL);
	if (!fits)
		ereport(ERROR, errcode(ERRCODE_NS_NO_ROOM),
				errmsg("world %lld has no room for %d NPCs", (long long) lock->world_id, npcs),
				errdetail("There is room for %d; each needs four free cells, all of them connected.", room),
				errhint("Ask for fewer, or create a larger world."));

	build_walls(world, grid, plan.blocked);
	for (int i = 0; i < plan.item_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		world_add_item(world, item_types[plan.items[i].type], plan.items[i].cell, NULL);
	}
	for (int i = 0; i < plan.npc_count; i++)
	{
		char name[COLONY_NAME_SIZE];

		CHECK_FOR_INTERRUPTS();
		colony_npc_name(world_seed(world), present + i, name);
		world_add_npc(world, name, plan.npcs[i]);
	}
	result->number = plan.npc_count;
	return true;
}

const Reducer reducer_populate_world = {
	WORLD_REDUCER(populate_world, populate_world),
	REDUCER_ARGUMENTS(PopulateWorld, populate_world_arguments),
	.returns = RETURNS_COUNT,
};

REDUCER_FUNCTION(populate_world);

typedef struct SetTerrain
{
	int32 x;
	int32 y;
	bool  blocked;
	int32 width;
	int32 height;
} SetTerrain;

static const Argument set_terrain_arguments[] = {
	COORDINATE_ARGUMENT(SetTerrain, x),
	COORDINATE_ARGUMENT(SetTerrain, y),
	FLAG_ARGUMENT(SetTerrain, blocked),
	NUMBER_ARGUMENT(SetTerrain, width, 1, WORLD_CELLS_MAX),
	NUMBER_ARGUMENT(SetTerrain, height, 1, WORLD_CELLS_MAX),
};

/* Returns the number of cells that changed. */
static bool
set_terrain(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetTerrain *set = arguments;
	World			 *world = world_image(lock);
	Grid			 *grid = world_grid(world);
	Cell			  first = check_cell(grid, set->x, set->y);
	Cell			  last = check_cell(grid, set->x + set->width - 1, set->y + set->height - 1);

	for (int row = first.y; row <= last.y; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int column = first.x; column <= last.x; column++)
		{
			Cell cell = {.x = column, .y = row};

			if (grid_terrain_blocked(grid, cell) == set->blocked)
				continue;
			world_set_terrain(world, cell, set->blocked);
			result->number++;
		}
	}
	return result->number > 0;
}

const Reducer reducer_set_terrain = {
	WORLD_REDUCER(set_terrain, set_terrain),
	REDUCER_ARGUMENTS(SetTerrain, set_terrain_arguments),
	.returns = RETURNS_COUNT,
};

REDUCER_FUNCTION(set_terrain);
