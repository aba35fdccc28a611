/*
 * item_cells.c
 *	  The items of an image: the cells they lie on, those that will come back, and when something is due
 *	  to them.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/image.h"

static int64
cell_key(Cell cell)
{
	return ((int64) cell.y << 16) | (uint16) cell.x;
}

/* ---- the moment an item is due ---- */

/* Enters an item into the heap at the moment that its row, or whoever made it, has set. */
static void
enter_heap(World *world, WorldItem *item)
{
	int64 at = item->due.at;

	item->due = (Due) {.at = SIM_NEVER, .index = -1, .id = item->id, .owner = item};
	due_set(&world->events, &item->due, at, DUE_ITEM);
}

static void
free_item(World *world, WorldItem *item)
{
	due_set(&world->events, &item->due, SIM_NEVER, DUE_ITEM);
	if (item->properties != NULL)
		pfree(item->properties);
	pfree(item);
}

/* ---- those that are there ---- */

void
image_put_item(World *world, WorldItem *item)
{
	enter_heap(world, item);
	image_put(world->things[ENTITY_items].by_id, item->id, item);
	item->next_here = image_find(world->cells, cell_key(item->cell));
	image_put(world->cells, cell_key(item->cell), item);
	grid_add_item(world->grid, item->cell);
}

void
image_free_item(World *world, WorldItem *item)
{
	int64	   key = cell_key(item->cell);
	WorldItem *first = image_find(world->cells, key);

	if (first == item)
	{
		if (item->next_here != NULL)
			image_put(world->cells, key, item->next_here);
		else
			image_drop(world->cells, key);
	}
	else
	{
		while (first->next_here != item)
			first = first->next_here;
		first->next_here = item->next_here;
	}
	grid_remove_item(world->grid, item->cell);
	image_drop(world->things[ENTITY_items].by_id, item->id);
	free_item(world, item);
}

void
item_touch(World *world, WorldItem *item)
{
	if (!item->dirty)
		item->dirty_place = pointer_list_add(world, &world->things[ENTITY_items].dirty, item);
	item->dirty = true;
}

WorldItem *
world_item_at(World *world, Cell cell)
{
	return image_find(world->cells, cell_key(cell));
}

/* ---- those that will come back ---- */

void
image_put_absent_item(World *world, WorldItem *item)
{
	item->absent = true;
	enter_heap(world, item);
	image_put(world->things[ENTITY_respawns].by_id, item->id, item);
}

void
image_free_absent_item(World *world, WorldItem *item)
{
	image_drop(world->things[ENTITY_respawns].by_id, item->id);
	free_item(world, item);
}
