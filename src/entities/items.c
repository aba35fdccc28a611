/*
 * items.c
 *	  The entity items: items that are there, in a world's image and as rows.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/entities.h"

static void
forget_item(World *world, void *thing)
{
	image_free_item(world, thing);
}

/* Puts an item into the image, in place of one with the same id. */
static void
enter_item(World *world, void *read)
{
	WorldItem *item = read;

	if (item->cell.x >= world->size_x || item->cell.y >= world->size_y)
		elog(ERROR, "item %lld lies outside world %lld", (long long) item->id, (long long) world->id);
	thing_forget(world, &items_entity, item->id);
	item = MemoryContextAlloc(world->context, sizeof(WorldItem));
	*item = *(WorldItem *) read;
	image_put_item(world, item);
}

static void
delete_removed_items(World *world)
{
	const IdList *removed = &world->things[ENTITY_items].removed;

	items_delete(world->id, removed->ids, world->removed_item_places.ids, removed->count);
}

/* Writes properties that were set, and drops them: the image does not keep them. */
static void
write_properties(World *world, void **things, int count)
{
	WorldItem **some = palloc(count * sizeof(WorldItem *));
	int			given = 0;

	for (int i = 0; i < count; i++)
		if (((WorldItem *) things[i])->properties != NULL)
			some[given++] = things[i];
	if (given > 0)
		items_write_properties(world->id, some, given);
	for (int i = 0; i < given; i++)
	{
		pfree(some[i]->properties);
		some[i]->properties = NULL;
	}
	pfree(some);
}

const Entity items_entity = {
	ENTITY_OF(items, WorldItem),
	.groups =
		(const RowGroup[]) {
			{.changed = CHANGE_ITEM, .rows = &item_rows, .revision_at = offsetof(WorldItem, revision)}},
	.group_count = 1,
	.removed = CHANGE_ITEM_REMOVED,
	.enter = enter_item,
	.forget = forget_item,
	.delete_removed = delete_removed_items,
	.write_rest = write_properties,
};
