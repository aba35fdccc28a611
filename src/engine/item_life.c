/*
 * item_life.c
 *	  How items appear, are used up, come back and change their type. What else happens to them is up to
 *	  their components (src/components). All functions act at world->now.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/image.h"
#include "json.h"
#include "tables/id_lists.h"
#include "tables/item_types.h"

void
item_event(World *world, WorldEventKind kind, const WorldItem *item)
{
	world_event(world, kind, 0, item->id, 0, json_text_member("item_type", item->type->name));
}

/*
 * Tells the components of an item that it is there. It is called within a rule alone: what a component leaves
 * as due at once is handed out when the rule has ended.
 */
static void
item_placed(World *world, WorldItem *item)
{
	if (!world->in_rule)
		elog(ERROR, "item %lld is placed outside of any rule", (long long) item->id);
	for (int i = 0; i < item->type->part_count; i++)
	{
		const ItemPart	*part = &item->type->parts[i];
		const Component *component = part_component(part);

		if (component->placed != NULL)
			component->placed(world, item, part);
	}
}

WorldItem *
item_appear(World *world, int64 id, const ItemType *type, Cell cell, WorldEventKind event)
{
	WorldItem *item = MemoryContextAllocZero(world->context, sizeof(WorldItem));

	item->id = id;
	item->type = type;
	item->cell = cell;
	item->share_left = SHARE_WHOLE;
	item->due.at = SIM_NEVER;
	item->born = true;
	image_put_item(world, item);
	item_touch(world, item);
	item_event(world, event, item);
	item_placed(world, item);
	world_stop_blocked_walkers(world, cell);
	return item;
}

void
item_drop(World *world, WorldItem *item)
{
	if (item->dirty)
		pointer_list_drop(&world->things[ENTITY_items].dirty, item->dirty_place);
	if (!item->born)
	{
		id_list_add(world, &world->things[ENTITY_items].removed, item->id);
		id_list_add(world, &world->removed_item_places, item_place_number(item));
	}
	image_free_item(world, item);
}

/* ---- absent items ---- */

void
item_await(World *world, int64 id, const ItemType *type, Cell cell, int64 at)
{
	WorldItem *item = MemoryContextAllocZero(world->context, sizeof(WorldItem));

	item->id = id;
	item->type = type;
	item->cell = cell;
	item->due.at = at;
	item->born = true;
	item->dirty_place = pointer_list_add(world, &world->things[ENTITY_respawns].dirty, item);
	image_put_absent_item(world, item);
}

void
item_drop_absent(World *world, WorldItem *item)
{
	if (item->born)
		pointer_list_drop(&world->things[ENTITY_respawns].dirty, item->dirty_place);
	else
		id_list_add(world, &world->things[ENTITY_respawns].removed, item->id);
	image_free_absent_item(world, item);
}

/* ---- the moment an item is due ---- */

static void
use_up(World *world, WorldItem *item)
{
	item_event(world, WORLD_EVENT_ITEM_USED_UP, item);
	item_drop_bids(world, item->id, "the item was used up");
	for (int i = 0; i < item->type->part_count; i++)
	{
		const ItemPart	*part = &item->type->parts[i];
		const Component *component = part_component(part);

		if (component->used_up != NULL)
			component->used_up(world, item, part);
	}
	item_drop(world, item);
}

void
item_due(World *world, WorldItem *item)
{
	if (item->absent)
	{
		const Component *component = component_of_absent();

		component->due(world, item, item_part(item->type, component));
	}
	else if (item->share_left <= 0)
		use_up(world, item);
	else
	{
		const ItemPart *part = item_timed_part(item->type);

		item_set_due(world, item, SIM_NEVER);
		/* It is NULL if the item's type was redefined meanwhile. */
		if (part != NULL)
			part_component(part)->due(world, item, part);
	}
}

/* ---- another type ---- */

void
item_become(World *world, WorldItem *item, const ItemType *type)
{
	Assert(item->occupied_by == 0);
	item_drop_bids(world, item->id, "the item is another now");
	item_set_due(world, item, SIM_NEVER);
	item->type = type;
	item->share_left = SHARE_WHOLE;
	item_touch(world, item);
	item_placed(world, item);
}

void
items_place_anew(World *world, const char *item_type)
{
	int	   count;
	int64 *ids = image_ids(world->things[ENTITY_items].by_id, &count);

	count = id_list_sort(ids, count);
	for (int i = 0; i < count; i++)
	{
		WorldItem *item = world_item(world, ids[i]);

		if (strcmp(item->type->name, item_type) != 0)
			continue;
		item_set_due(world, item, SIM_NEVER);
		item_placed(world, item);
	}
	pfree(ids);
}
