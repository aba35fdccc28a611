/*
 * respawns.c
 *	  The entity respawns: items that were used up and will come back, in a world's image and as rows.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/entities.h"

static void
forget_absent_item(World *world, void *thing)
{
	image_free_absent_item(world, thing);
}

static void
enter_absent_item(World *world, void *read)
{
	WorldItem *item;

	thing_forget(world, &respawns_entity, ((WorldItem *) read)->id);
	item = MemoryContextAlloc(world->context, sizeof(WorldItem));
	*item = *(WorldItem *) read;
	image_put_absent_item(world, item);
}

const Entity respawns_entity = {
	ENTITY_NAME(respawns),
	ENTITY_ROWS(CHANGE_RESPAWN, respawn_rows),
	.size = sizeof(WorldItem),
	.born_at = offsetof(WorldItem, born),
	/* It has no .removed: the item that is there again tells that. */
	.enter = enter_absent_item,
	.forget = forget_absent_item,
};
