/*
 * item_use.c
 *	  Calls the components of an item (src/components) when its use begins and ends.
 */
#include "postgres.h"

#include "engine/image.h"
#include "tables/item_types.h"

void
item_set_due(World *world, WorldItem *item, int64 at)
{
	if (item->due.at == at)
		return;
	due_set(&world->events, &item->due, at, DUE_ITEM);
	item_touch(world, item);
}

void
item_is_used(World *world, WorldItem *item, const Interaction *interaction)
{
	for (int i = 0; i < item->type->part_count; i++)
	{
		const ItemPart	*part = &item->type->parts[i];
		const Component *component = part_component(part);

		if (component->begin != NULL)
			component->begin(world, item, part, interaction);
	}
}

void
item_was_used(World *world, WorldItem *item, const Interaction *interaction)
{
	for (int i = 0; i < item->type->part_count; i++)
	{
		const ItemPart	*part = &item->type->parts[i];
		const Component *component = part_component(part);

		if (component->end != NULL)
			component->end(world, item, part, interaction);
	}
	if (item->share_left <= 0)
		item_set_due(world, item, AT_ONCE);
}
