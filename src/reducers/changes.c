/*
 * changes.c
 *	  Finds what of a world has changed since a revision.
 *
 * The change log names it, in one scan. A standby has no log, which is unlogged. There the revisions
 * in the rows tell what changed; what has none (types, players, whether a mind is being asked) counts
 * as changed each time, and what was removed is known by what remains.
 */
#include "postgres.h"

#include "reducers/changes.h"
#include "tables/change_log.h"
#include "tables/id_lists.h"
#include "tables/npcs.h"
#include "tables/row_revisions.h"

static void
add_ids(IdList *list, const int64 *ids, int count)
{
	if (list->count + count > list->size)
	{
		list->size = Max(2 * list->size, list->count + count);
		list->ids = list->ids ? repalloc_huge(list->ids, sizeof(int64) * list->size)
							  : MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * list->size);
	}
	memcpy(list->ids + list->count, ids, sizeof(int64) * count);
	list->count += count;
}

/* Adds NPCs with the groups that clients are shown; 'groups' is 0 if they are shown nothing of the change. */
static void
add_npcs(Changes *changes, const int64 *ids, int count, uint32 groups)
{
	if (groups == 0)
		return;
	if (changes->npc_count + count > changes->npc_size)
	{
		changes->npc_size = Max(2 * changes->npc_size, changes->npc_count + count);
		changes->npcs = changes->npcs ? repalloc_huge(changes->npcs, sizeof(ChangedNpc) * changes->npc_size)
									  : MemoryContextAllocHuge(CurrentMemoryContext,
															   sizeof(ChangedNpc) * changes->npc_size);
	}
	for (int i = 0; i < count; i++)
		changes->npcs[changes->npc_count++] = (ChangedNpc) {ids[i], groups};
}

static int
compare_npcs(const void *a, const void *b)
{
	int64 left = ((const ChangedNpc *) a)->id;
	int64 right = ((const ChangedNpc *) b)->id;

	return left < right ? -1 : left > right;
}

static void
merge_npcs(Changes *changes)
{
	int merged = 0;

	if (changes->npc_count == 0)
		return;
	qsort(changes->npcs, changes->npc_count, sizeof(ChangedNpc), compare_npcs);
	for (int i = 1; i < changes->npc_count; i++)
	{
		if (changes->npcs[i].id == changes->npcs[merged].id)
			changes->npcs[merged].groups |= changes->npcs[i].groups;
		else
			changes->npcs[++merged] = changes->npcs[i];
	}
	changes->npc_count = merged + 1;
}

static void
add_change(Changes *changes, ChangeKind kind, const int64 *ids, int count)
{
	switch (kind)
	{
		case CHANGE_WORLD:
			changes->world = true;
			break;
		case CHANGE_TERRAIN:
			changes->terrain = true;
			break;
		case CHANGE_ITEM_TYPES:
			changes->item_types = true;
			break;
		case CHANGE_INTERACTION_TYPES:
			changes->interaction_types = true;
			break;
		case CHANGE_NPC_BORN:
		case CHANGE_NPC_IDENTITY:
		case CHANGE_NPC_MOTION:
		case CHANGE_NPC_NEEDS:
		case CHANGE_NPC_STATUS:
		case CHANGE_NPC_HIDDEN:
		case CHANGE_NPC_MIND:
			add_npcs(changes, ids, count, npc_groups_shown(kind));
			changes->all_players |= kind == CHANGE_NPC_IDENTITY;
			break;
		case CHANGE_NPC_REMOVED:
			add_npcs(changes, ids, count, NPC_GONE);
			changes->all_players = true;
			break;
		case CHANGE_ITEM:
		case CHANGE_ITEM_REMOVED:
			add_ids(&changes->items, ids, count);
			break;
		case CHANGE_INTERACTION:
		case CHANGE_INTERACTION_REMOVED:
			add_ids(&changes->interactions, ids, count);
			break;
		case CHANGE_PLAYER:
			add_ids(&changes->players, ids, count);
			break;
		case CHANGE_EVENT:
			changes->first_event = ids[0]; /* ids are ascending */
			break;
		case CHANGE_MESSAGE:
			changes->first_message = ids[0];
			break;
		case CHANGE_RESPAWN:
		case CHANGE_BID:
		case CHANGE_BID_REMOVED:
		case CHANGE_OF_ENTITIES:
		case CHANGE_KINDS:
			/* Clients are not shown these. */
			break;
	}
}

void
changes_by_log(int64 world_id, int64 since, int64 until, Changes *changes)
{
	ChangeSet set;

	memset(changes, 0, sizeof(*changes));
	changes->complete = change_log_since(world_id, since, until, true, &set);
	for (int kind = 1; kind < CHANGE_KINDS; kind++)
		if (set.noted[kind])
			add_change(changes, (ChangeKind) kind, set.ids[kind], set.count[kind]);
	merge_npcs(changes);
	changes->items.count = id_list_sort(changes->items.ids, changes->items.count);
	changes->interactions.count = id_list_sort(changes->interactions.ids, changes->interactions.count);
	changes->players.count = id_list_sort(changes->players.ids, changes->players.count);
}

/* ---- without the log ---- */

static void
add_npcs_by_row(int64 world_id, int64 since, Changes *changes)
{
	int			 count;
	NpcRevision *npcs = revisions_of_npcs(world_id, since, &count);

	for (int i = 0; i < count; i++)
	{
		add_ids(&changes->remaining_npcs, &npcs[i].id, 1);
		add_npcs(changes, &npcs[i].id, 1, npcs[i].groups);
	}
}

static void
add_family_by_row(const RowRevision *rows, int count, IdList *changed, IdList *remaining)
{
	for (int i = 0; i < count; i++)
	{
		add_ids(remaining, &rows[i].id, 1);
		if (rows[i].changed)
			add_ids(changed, &rows[i].id, 1);
	}
}

void
changes_by_rows(const WorldHead *head, int64 since, Changes *changes)
{
	int64		  world_id = head->world_id;
	WorldRevision world = {0};
	RowRevision	 *rows;
	int			  count;
	int64		  first_event;

	memset(changes, 0, sizeof(*changes));
	changes->complete = true;
	changes->by_rows = true;
	(void) revisions_of_world(world_id, since, &world);
	changes->world = world.settings;
	changes->terrain = world.terrain;
	changes->item_types = changes->interaction_types = changes->all_players = true;
	add_npcs_by_row(world_id, since, changes);
	rows = revisions_of_items(world_id, since, &count);
	add_family_by_row(rows, count, &changes->items, &changes->remaining_items);
	rows = revisions_of_interactions(world_id, since, &count);
	add_family_by_row(rows, count, &changes->interactions, &changes->remaining_interactions);
	first_event = revisions_first_event(world_id, since, head->next_event);
	if (first_event < head->next_event)
		changes->first_event = changes->first_message = first_event;
}
