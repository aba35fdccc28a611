/*
 * controllers.c
 *	  Moves NPCs between players without an operator's hand: as players ask, and as the market divides them.
 *
 * However many NPCs change hands, it is one input.
 */
#include "postgres.h"

#include "reducers/controllers.h"
#include "reducers/npcs.h"
#include "reducers/reducers.h"

typedef struct Controllers
{
	NumberList npc_ids;
	NumberList player_ids; /* of each NPC; 0 = nobody */
} Controllers;

static const Argument controllers_arguments[] = {
	IDS_ARGUMENT(Controllers, npc_ids),
	COUNTS_ARGUMENT(Controllers, player_ids),
};

static bool
change_controllers(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const Controllers *controllers = arguments;
	World			  *world = world_image(lock);

	if (controllers->npc_ids.count != controllers->player_ids.count)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("an input names %d NPCs and %d controllers", controllers->npc_ids.count,
					   controllers->player_ids.count),
				errdetail("npcsim stores as many of the one as of the other."),
				errhint("Were rows of npcsim.world_inputs written by hand?"));
	for (int i = 0; i < controllers->npc_ids.count; i++)
		world_set_controller(world, npc_require(world, controllers->npc_ids.numbers[i]),
							 controllers->player_ids.numbers[i]);
	return true;
}

const Reducer reducer_controllers = {
	WORLD_REDUCER(controllers, change_controllers),
	REDUCER_ARGUMENTS(Controllers, controllers_arguments),
};

void
controllers_change(World *world, const int64 *npc_ids, const int64 *player_ids, int count)
{
	Controllers controllers = {.npc_ids = {.numbers = npc_ids, .count = count},
							   .player_ids = {.numbers = player_ids, .count = count}};

	if (count > 0)
		reducer_run(world_image_lock(world), &reducer_controllers, &controllers, NULL);
}
