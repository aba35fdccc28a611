/*
 * contents.c
 *	  The image of a world as a container: NPCs, items, respawns, interactions
 *	  and bids with their indexes (hash tables, grid, heaps), without rules.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "engine/image.h"
#include "tables/id_lists.h"

/* ---- objects by id ---- */

/*
 * Built for this key: whatever an NPC does looks for several objects by id, and those of the general hash tables
 * would be a tenth of what a tick costs.
 */
typedef struct ImageEntry
{
	int64 id;
	void *object;
	char  status; /* for simplehash.h */
} ImageEntry;

#define SH_PREFIX				entries
#define SH_ELEMENT_TYPE			ImageEntry
#define SH_KEY_TYPE				int64
#define SH_KEY					id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key) ^ (uint32) ((uint64) (key) >> 32))
#define SH_EQUAL(table, a, b)	((a) == (b))
#define SH_SCOPE				static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct ImageTable
{
	entries_hash *entries;
};

ImageTable *
image_new_table(World *world)
{
	ImageTable *table = MemoryContextAlloc(world->context, sizeof(ImageTable));

	table->entries = entries_create(world->context, 64, NULL);
	return table;
}

void *
image_find(ImageTable *table, int64 id)
{
	ImageEntry *entry = entries_lookup(table->entries, id);

	return entry != NULL ? entry->object : NULL;
}

void
image_put(ImageTable *table, int64 id, void *object)
{
	bool found;

	entries_insert(table->entries, id, &found)->object = object;
}

void
image_drop(ImageTable *table, int64 id)
{
	(void) entries_delete(table->entries, id);
}

bool
image_is_empty(const ImageTable *table)
{
	return table->entries->members == 0;
}

int64 *
image_ids(ImageTable *table, int *count)
{
	int64			*ids = palloc(Max(table->entries->members, 1) * sizeof(int64));
	entries_iterator scan;
	ImageEntry		*entry;

	*count = 0;
	entries_start_iterate(table->entries, &scan);
	while ((entry = entries_iterate(table->entries, &scan)) != NULL)
		ids[(*count)++] = entry->id;
	return ids;
}

/* ---- growing arrays ---- */

int
pointer_list_add(World *world, PointerList *list, void *pointer)
{
	if (list->count == list->room)
	{
		list->room = Max(64, list->room * 2);
		list->entries = list->entries == NULL
							? MemoryContextAlloc(world->context, list->room * sizeof(void *))
							: repalloc_huge(list->entries, list->room * sizeof(void *));
	}
	list->entries[list->count] = pointer;
	return list->count++;
}

void
pointer_list_drop(PointerList *list, int place)
{
	list->entries[place] = NULL;
}

void
pointer_list_close_up(PointerList *list)
{
	int kept = 0;

	for (int i = 0; i < list->count; i++)
		if (list->entries[i] != NULL)
			list->entries[kept++] = list->entries[i];
	list->count = kept;
}

void
id_list_add(World *world, IdList *list, int64 id)
{
	if (list->count == list->room)
	{
		list->room = Max(64, list->room * 2);
		list->ids = list->ids == NULL ? MemoryContextAlloc(world->context, list->room * sizeof(int64))
									  : repalloc_huge(list->ids, list->room * sizeof(int64));
	}
	list->ids[list->count++] = id;
}

/* ---- NPCs ---- */

Npc *
image_new_npc(World *world, int64 id)
{
	Npc *npc = MemoryContextAllocZero(world->context, sizeof(Npc));

	npc->id = id;
	npc->event_at = SIM_NEVER;
	npc->decision_at = SIM_NEVER;
	npc->ask_again_at = SIM_NEVER;
	npc->last_decision_at = -1;
	npc->asked_at = -1;
	npc->unanswered_since = -1;
	npc->asked_not_before = -1;
	npc->conversed_at = -1;
	npc->leg_length = 1;
	ItemPointerSetInvalid(&npc->state_row);
	ItemPointerSetInvalid(&npc->track_row);
	npc->due_event = (Due) {.at = SIM_NEVER, .index = -1, .id = id, .owner = npc};
	npc->due_decision = npc->due_event;
	npc->district = -1;
	npc->index = pointer_list_add(world, &world->everyone, npc);
	image_put(world->npcs, id, npc);
	return npc;
}

static void
leave_grid(World *world, Npc *npc)
{
	if (npc->standing)
		grid_remove_standing(world->grid, npc->standing_at);
	npc->standing = false;
}

void
image_free_npc(World *world, Npc *npc)
{
	Npc *last = world->everyone.entries[--world->everyone.count];

	world->everyone.entries[npc->index] = last;
	last->index = npc->index;
	leave_grid(world, npc);
	npc_leave_district(world, npc);
	due_set(&world->events, &npc->due_event, SIM_NEVER, 0);
	due_set(&world->decisions, &npc->due_decision, SIM_NEVER, 0);
	image_drop(world->npcs, npc->id);
	json_list_clear(&npc->mind_plan);
	json_list_clear(&npc->mind_events);
	json_list_clear(&npc->wake_on);
	if (npc->goal_terms != NULL)
		pfree(npc->goal_terms);
	if (npc->name != NULL)
		pfree(npc->name);
	if (npc->traits != NULL)
		pfree(npc->traits);
	pfree(npc);
}

void
npc_settle(World *world, Npc *npc)
{
	if (npc->standing && (npc->leg_length > 1 || !cell_equal(npc->standing_at, npc->leg[0])))
		leave_grid(world, npc);
	if (!npc->standing && npc->leg_length == 1)
	{
		npc->standing = true;
		npc->standing_at = npc->leg[0];
		grid_add_standing(world->grid, npc->standing_at);
	}
	npc_enter_district(world, npc);
	due_set(&world->events, &npc->due_event, npc->event_at, DUE_NPC_BASE + (int32) npc->event_kind);
	due_set(&world->decisions, &npc->due_decision, npc->decision_at, 0);
}

void
npc_touch(World *world, Npc *npc, uint32 dirty)
{
	if (npc->dirty == 0)
		npc->dirty_place = pointer_list_add(world, &world->dirty_npcs, npc);
	npc->dirty |= dirty;
}

/* ---- items ---- */

static int64
cell_key(Cell cell)
{
	return ((int64) cell.y << 16) | (uint16) cell.x;
}

void
image_put_item(World *world, WorldItem *item)
{
	image_put(world->items, item->id, item);
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
	image_drop(world->items, item->id);
	if (item->properties != NULL)
		pfree(item->properties);
	pfree(item);
}

void
item_touch(World *world, WorldItem *item)
{
	if (!item->dirty)
		item->dirty_place = pointer_list_add(world, &world->dirty_items, item);
	item->dirty = true;
}

WorldItem *
world_item_at(World *world, Cell cell)
{
	return image_find(world->cells, cell_key(cell));
}

/* ---- respawns ---- */

Respawn *
image_new_respawn(World *world, int64 id)
{
	Respawn *respawn = MemoryContextAllocZero(world->context, sizeof(Respawn));

	respawn->id = id;
	respawn->due_at = SIM_NEVER;
	respawn->due = (Due) {.at = SIM_NEVER, .index = -1, .id = id, .owner = respawn};
	image_put(world->respawns, id, respawn);
	return respawn;
}

void
image_free_respawn(World *world, Respawn *respawn)
{
	due_set(&world->events, &respawn->due, SIM_NEVER, 0);
	image_drop(world->respawns, respawn->id);
	pfree(respawn);
}

/* ---- interactions ---- */

Interaction *
image_new_interaction(World *world, int64 id)
{
	Interaction *interaction = MemoryContextAllocZero(world->context, sizeof(Interaction));

	interaction->id = id;
	ItemPointerSetInvalid(&interaction->row);
	image_put(world->interactions, id, interaction);
	return interaction;
}

void
image_free_interaction(World *world, Interaction *interaction)
{
	image_drop(world->interactions, interaction->id);
	json_list_clear(&interaction->acts);
	pfree(interaction);
}

void
interaction_touch(World *world, Interaction *interaction)
{
	if (!interaction->dirty)
		interaction->dirty_place = pointer_list_add(world, &world->dirty_interactions, interaction);
	interaction->dirty = true;
}

/* ---- bids ---- */

Bid *
image_new_bid(World *world, int64 id)
{
	Bid *bid = MemoryContextAllocZero(world->context, sizeof(Bid));

	bid->id = id;
	bid->due_at = SIM_NEVER;
	bid->put_at = -1;
	bid->due = (Due) {.at = SIM_NEVER, .index = -1, .id = id, .owner = bid};
	ItemPointerSetInvalid(&bid->row);
	image_put(world->bids, id, bid);
	return bid;
}

void
image_free_bid(World *world, Bid *bid)
{
	due_set(&world->events, &bid->due, SIM_NEVER, 0);
	image_drop(world->bids, bid->id);
	if (bid->act != NULL)
		pfree(bid->act);
	pfree(bid);
}

void
bid_touch(World *world, Bid *bid)
{
	if (!bid->dirty)
		bid->dirty_place = pointer_list_add(world, &world->dirty_bids, bid);
	bid->dirty = true;
}

/* ---- kinds ---- */

const ItemKind *
image_kind(const World *world, const char *name)
{
	for (int i = 0; i < world->kinds.count; i++)
	{
		const ItemKind *kind = world->kinds.entries[i];

		if (strcmp(kind->name, name) == 0)
			return kind;
	}
	return NULL;
}

const InteractionKind *
image_interaction_kind(const World *world, int number)
{
	return interaction_by_number((const InteractionKind *const *) world->interaction_kinds.entries,
								 world->interaction_kinds.count, number);
}

/* ---- looking from outside ---- */

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
	return image_find(world->npcs, npc_id);
}

WorldItem *
world_item(World *world, int64 item_id)
{
	return image_find(world->items, item_id);
}

int
world_npc_count(const World *world)
{
	return world->everyone.count;
}

const ItemKind *
world_item_kind(World *world, const char *name)
{
	return image_kind(world, name);
}

const InteractionKind *
world_interaction_kind(World *world, const char *name)
{
	return interaction_by_name((const InteractionKind *const *) world->interaction_kinds.entries,
							   world->interaction_kinds.count, name);
}

int
world_npcs_of_requests(World *world, const int64 *request_ids, int count, int64 *npc_ids)
{
	int found = 0;

	for (int i = 0; i < world->everyone.count && found < count; i++)
	{
		const Npc *npc = world->everyone.entries[i];

		/* most requests are older than all of these */
		if (npc->request_id >= request_ids[0] && id_list_find(request_ids, count, npc->request_id) >= 0)
			npc_ids[found++] = npc->id;
	}
	return found;
}

static int
compare_npcs(const void *a, const void *b)
{
	const Npc *left = *(Npc *const *) a;
	const Npc *right = *(Npc *const *) b;

	return left->id < right->id ? -1 : left->id > right->id;
}

void
npcs_sort(Npc **npcs, int count)
{
	if (count > 1)
		qsort(npcs, count, sizeof(Npc *), compare_npcs);
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
	return due;
}
