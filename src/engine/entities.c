/*
 * entities.c
 *	  What a world's image holds, each described once.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "engine/entities.h"

static const InteractionType *
type_of_number(World *world, int number)
{
	const InteractionType *type = image_interaction_type(world, number);

	if (type == NULL)
		elog(ERROR, "interaction type %d of world %lld is not in its image", number, (long long) world->id);
	return type;
}

/* ---- interactions ---- */

static void
enter_interaction(World *world, void *read)
{
	Interaction *interaction = image_find(world->interactions, ((Interaction *) read)->id);

	if (interaction == NULL)
		interaction = image_new_interaction(world, ((Interaction *) read)->id);
	else
		json_list_clear(&interaction->acts);
	*interaction = *(Interaction *) read;
	interaction->type = type_of_number(world, interaction->number);
}

static void
forget_interaction(World *world, int64 id)
{
	Interaction *interaction = image_find(world->interactions, id);

	if (interaction != NULL)
		image_free_interaction(world, interaction);
}

/* ---- bids ---- */

static void
forget_bid(World *world, int64 id)
{
	Bid *bid = image_find(world->bids, id);

	if (bid != NULL)
		image_free_bid(world, bid);
}

static void
enter_bid(World *world, void *read)
{
	Bid *bid;
	Due	 due;

	forget_bid(world, ((Bid *) read)->id);
	bid = image_new_bid(world, ((Bid *) read)->id);
	due = bid->due;
	*bid = *(Bid *) read;
	bid->due = due;
	bid->type = type_of_number(world, bid->number);
	bid_settle(world, bid);
}

/* ---- items ---- */

static void
forget_item(World *world, int64 id)
{
	WorldItem *item = world_item(world, id);

	if (item != NULL)
		image_free_item(world, item);
}

/* In place of what was there. */
static void
enter_item(World *world, void *read)
{
	WorldItem *item = read;

	if (item->cell.x >= world->size_x || item->cell.y >= world->size_y)
		elog(ERROR, "item %lld lies outside world %lld", (long long) item->id, (long long) world->id);
	forget_item(world, item->id);
	item = MemoryContextAlloc(world->context, sizeof(WorldItem));
	*item = *(WorldItem *) read;
	image_put_item(world, item);
}

static void
forget_absent_item(World *world, int64 id)
{
	WorldItem *item = image_find(world->respawns, id);

	if (item != NULL)
		image_free_absent_item(world, item);
}

static void
enter_absent_item(World *world, void *read)
{
	WorldItem *item;

	forget_absent_item(world, ((WorldItem *) read)->id);
	item = MemoryContextAlloc(world->context, sizeof(WorldItem));
	*item = *(WorldItem *) read;
	image_put_absent_item(world, item);
}

static void
delete_removed_items(World *world)
{
	items_delete(world->id, world->removed_items.ids, world->removed_item_places.ids,
				 world->removed_items.count);
}

/* Properties are given to be written: the image does not keep them. */
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

/* ---- NPCs ---- */

static void *
find_npc(World *world, int64 id)
{
	return world_npc(world, id);
}

static void *
make_npc(World *world, int64 id)
{
	return image_new_npc(world, id);
}

static void
settle_npc(World *world, void *thing)
{
	npc_settle(world, thing);
}

static void
forget_npc(World *world, int64 id)
{
	Npc *npc = world_npc(world, id);

	if (npc != NULL)
		image_free_npc(world, npc);
}

/* Traits are given to be written: the image does not keep them. */
static void
write_traits(World *world, void **things, int count)
{
	void **some = palloc(count * sizeof(void *));
	int	   given = 0;

	for (int i = 0; i < count; i++)
		if (((Npc *) things[i])->traits != NULL)
			some[given++] = things[i];
	if (given > 0)
		rows_update(&npc_trait_rows, world->id, some, given);
	for (int i = 0; i < given; i++)
	{
		pfree(((Npc *) some[i])->traits);
		((Npc *) some[i])->traits = NULL;
	}
	pfree(some);
}

/* ---- all of them ---- */

const Entity entities[] = {
	{.groups = (const RowGroup[]) {{.changed = CHANGE_INTERACTION,
									.rows = &interaction_rows,
									.revision_at = offsetof(Interaction, revision)}},
	 .group_count = 1,
	 .size = sizeof(Interaction),
	 .written_list = offsetof(World, dirty_interactions),
	 .removed_list = offsetof(World, removed_interactions),
	 .born_at = offsetof(Interaction, born),
	 .dirty_at = offsetof(Interaction, dirty),
	 .removed = CHANGE_INTERACTION_REMOVED,
	 .enter = enter_interaction,
	 .forget = forget_interaction},
	{.groups = (const RowGroup[]) {{.changed = CHANGE_BID, .rows = &bid_rows}},
	 .group_count = 1,
	 .size = sizeof(Bid),
	 .written_list = offsetof(World, dirty_bids),
	 .removed_list = offsetof(World, removed_bids),
	 .born_at = offsetof(Bid, born),
	 .dirty_at = offsetof(Bid, dirty),
	 .removed = CHANGE_BID_REMOVED,
	 .enter = enter_bid,
	 .forget = forget_bid},
	{.groups = (const RowGroup[]) {{.changed = CHANGE_RESPAWN, .rows = &respawn_rows}},
	 .group_count = 1,
	 .size = sizeof(WorldItem),
	 .written_list = offsetof(World, born_respawns),
	 .removed_list = offsetof(World, removed_respawns),
	 .born_at = offsetof(WorldItem, born),
	 .enter = enter_absent_item,
	 .forget = forget_absent_item},
	{.groups =
		 (const RowGroup[]) {
			 {.changed = CHANGE_ITEM, .rows = &item_rows, .revision_at = offsetof(WorldItem, revision)}},
	 .group_count = 1,
	 .size = sizeof(WorldItem),
	 .written_list = offsetof(World, dirty_items),
	 .removed_list = offsetof(World, removed_items),
	 .born_at = offsetof(WorldItem, born),
	 .dirty_at = offsetof(WorldItem, dirty),
	 .removed = CHANGE_ITEM_REMOVED,
	 .enter = enter_item,
	 .forget = forget_item,
	 .delete_removed = delete_removed_items,
	 .write_rest = write_properties},
	{.groups = npc_groups,
	 .group_count = NPC_GROUP_COUNT,
	 .written_list = offsetof(World, dirty_npcs),
	 .removed_list = offsetof(World, removed_npcs),
	 .born_at = offsetof(Npc, born),
	 .groups_at = offsetof(Npc, dirty),
	 .born = CHANGE_NPC_BORN,
	 .removed = CHANGE_NPC_REMOVED,
	 .find = find_npc,
	 .make = make_npc,
	 .settle = settle_npc,
	 .forget = forget_npc,
	 .write_rest = write_traits},
};

const int entity_count = lengthof(entities);

void
world_delete_contents(int64 world_id)
{
	for (int i = entity_count - 1; i >= 0; i--)
		for (int group = entities[i].group_count - 1; group >= 0; group--)
			if (entity_group_begins_table(&entities[i], group))
			{
				CHECK_FOR_INTERRUPTS();
				rows_delete_world(entities[i].groups[group].rows, world_id);
			}
}
