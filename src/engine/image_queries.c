/*
 * image_queries.c
 *	  Questions to an image: its NPCs, items and types, who interacts with whom, what is due next.
 */
#include "postgres.h"

#include "engine/image.h"
#include "tables/id_lists.h"

/* ---- types ---- */

const ItemType *
image_item_type(const World *world, const char *name)
{
	for (int i = 0; i < world->item_types.count; i++)
	{
		const ItemType *type = world->item_types.entries[i];

		if (strcmp(type->name, name) == 0)
			return type;
	}
	return NULL;
}

const InteractionType *
image_interaction_type(const World *world, int number)
{
	return interaction_by_number((const InteractionType *const *) world->interaction_types.entries,
								 world->interaction_types.count, number);
}

const InteractionType *
image_type_of_number(const World *world, int number)
{
	const InteractionType *type = image_interaction_type(world, number);

	if (type == NULL)
		elog(ERROR, "interaction type %d of world %lld is not in its image", number, (long long) world->id);
	return type;
}

/* ---- the world ---- */

WorldLock *
world_image_lock(World *world)
{
	return world->lock;
}

int32
world_need_decay_max(const World *world)
{
	return world->need_decay_max;
}

uint64
world_seed(const World *world)
{
	return world->seed;
}

Grid *
world_grid(World *world)
{
	return world->grid;
}

Npc *
world_npc(World *world, int64 npc_id)
{
	return image_find(world->things[ENTITY_npcs].by_id, npc_id);
}

WorldItem *
world_item(World *world, int64 item_id)
{
	return image_find(world->things[ENTITY_items].by_id, item_id);
}

int
world_npc_count(const World *world)
{
	return world->everyone.count;
}

const ItemType *
world_item_type(World *world, const char *name)
{
	return image_item_type(world, name);
}

const InteractionType *
world_interaction_type(World *world, const char *name)
{
	return interaction_by_name((const InteractionType *const *) world->interaction_types.entries,
							   world->interaction_types.count, name);
}

int
world_npcs_of_requests(World *world, const int64 *request_ids, int count, int64 *npc_ids)
{
	int found = 0;

	for (int i = 0; i < world->everyone.count && found < count; i++)
	{
		const Npc *npc = world->everyone.entries[i];

		/* Most requests are older than all of these, and are passed over without a search. */
		if (npc->request_id >= request_ids[0] && id_list_find(request_ids, count, npc->request_id) >= 0)
			npc_ids[found++] = npc->id;
	}
	return found;
}

void
world_each_npc(World *world, void (*visit)(World *world, Npc *npc, void *arg), void *arg)
{
	int	  count = world_npc_count(world);
	Npc **npcs = palloc(Max(count, 1) * sizeof(Npc *));

	if (count > 0)
		memcpy(npcs, world->everyone.entries, count * sizeof(Npc *));
	npcs_sort(npcs, count);
	for (int i = 0; i < count; i++)
		visit(world, npcs[i], arg);
	pfree(npcs);
}

int64
world_next_due(const World *world)
{
	Due	 *event = due_first(&world->events);
	Due	 *decision = due_first(&world->decisions);
	int64 due = SIM_NEVER;

	if (event != NULL)
		due = event->at;
	if (decision != NULL)
		due = Min(due, decision->at);
	return Min(due, world->look_for_minds_at);
}

/* ---- who does something with whom ---- */

Interaction *
npc_interaction(World *world, const Npc *npc)
{
	return npc->interaction_id != 0
			   ? image_find(world->things[ENTITY_interactions].by_id, npc->interaction_id)
			   : NULL;
}

Interaction *
item_interaction(World *world, const WorldItem *item)
{
	Npc *user = item->occupied_by != 0 ? world_npc(world, item->occupied_by) : NULL;

	return user != NULL ? npc_interaction(world, user) : NULL;
}

bool
interaction_joinable(const Interaction *interaction, const InteractionType *type)
{
	return interaction != NULL && interaction->type == type &&
		   interaction->participant_count < type->max_participants;
}
