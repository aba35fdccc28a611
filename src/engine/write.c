/*
 * write.c
 *	  Writing what changed in a world's image: one statement per kind of row.
 *
 * A transaction writes once, at its end: between the ticks of one transaction nothing is read from the
 * tables but candidates for sight, to which what is not written yet is added (built_in.c).
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "nodes/makefuncs.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "engine/entities.h"
#include "engine/image.h"
#include "engine/sight.h"
#include "spi.h"
#include "tables/worlds.h"

/* Rows a plane takes, per NPC, before it is asked whether to move on to the next (see sight.c). */
#define PLANE_WRITES_PER_NPC 12
#define PLANE_WRITES_MIN	 4096
/* Tracks, and items, that are moved to the new plane per transaction although they did not change. */
#define PLANE_MOVES 64

/* Those of the dirty NPCs that have one of the given groups changed, and rows already (or not). */
static int
select_npcs(World *world, Npc **selected, uint32 groups, bool born)
{
	int count = 0;

	for (int i = 0; i < world->dirty_npcs.count; i++)
	{
		Npc *npc = world->dirty_npcs.entries[i];

		if ((npc->dirty & groups) != 0 && npc->born == born)
			selected[count++] = npc;
	}
	return count;
}

static void
note(WorldLock *lock, ChangeKind kind, Npc *npc, uint32 group, int64 *revision)
{
	if ((npc->dirty & group) == 0)
		return;
	*revision = world_changed(lock, kind, npc->id);
}

static void
note_npc(WorldLock *lock, Npc *npc)
{
	int64 ignored;

	if (npc->born)
	{
		int64 revision = world_changed(lock, CHANGE_NPC_BORN, npc->id);

		npc->identity_revision = npc->needs_revision = npc->status_revision = npc->motion_revision = revision;
		return;
	}
	note(lock, CHANGE_NPC_IDENTITY, npc, NPC_DIRTY_IDENTITY, &npc->identity_revision);
	note(lock, CHANGE_NPC_NEEDS, npc, NPC_DIRTY_NEEDS, &npc->needs_revision);
	note(lock, CHANGE_NPC_STATUS, npc, NPC_DIRTY_STATUS, &npc->status_revision);
	note(lock, CHANGE_NPC_MOTION, npc, NPC_DIRTY_MOTION, &npc->motion_revision);
	if ((npc->dirty & NPC_DIRTY_REQUEST) != 0 && (npc->dirty & NPC_DIRTY_STATUS) == 0)
		note(lock, CHANGE_NPC_STATUS, npc, NPC_DIRTY_REQUEST, &ignored);
	note(lock, CHANGE_NPC_HIDDEN, npc, NPC_DIRTY_HIDDEN, &ignored);
	note(lock, CHANGE_NPC_MIND, npc, NPC_DIRTY_MIND, &ignored);
}

static void
note_removed(World *world, ChangeKind kind, const IdList *removed)
{
	for (int i = 0; i < removed->count; i++)
		world_changed(world->lock, kind, removed->ids[i]);
}

/* Those the image was given to write; it does not keep them. 'some' has room for all that is dirty. */
static void
write_traits(World *world, Npc **some)
{
	int count = 0;

	for (int i = 0; i < world->dirty_npcs.count; i++)
		if (((Npc *) world->dirty_npcs.entries[i])->traits != NULL)
			some[count++] = world->dirty_npcs.entries[i];
	if (count == 0)
		return;
	rows_update(&npc_trait_rows, world->id, (void **) some, count);
	for (int i = 0; i < count; i++)
	{
		pfree(some[i]->traits);
		some[i]->traits = NULL;
	}
}

static void
write_npcs(World *world)
{
	WorldLock *lock = world->lock;
	int		   dirty = world->dirty_npcs.count;
	SightShift shift = sight_shift(world->id, lock->sight_plane);
	Npc		 **some;
	int		   count;

	if (world->removed_npcs.count > 0)
	{
		note_removed(world, CHANGE_NPC_REMOVED, &world->removed_npcs);
		npcs_delete(world->id, world->removed_npcs.ids, world->removed_npcs.count);
	}
	if (dirty == 0)
		return;
	for (int i = 0; i < dirty; i++)
		note_npc(lock, world->dirty_npcs.entries[i]);

	some = palloc(dirty * sizeof(Npc *));
	if ((count = select_npcs(world, some, ~0U, true)) > 0)
	{
		npcs_insert(world->id, some, count, shift);
		lock->sight_writes += count;
	}
	if ((count = select_npcs(world, some, NPC_DIRTY_IDENTITY, false)) > 0)
		rows_update(&npc_identity_rows, world->id, (void **) some, count);
	write_traits(world, some);
	if ((count = select_npcs(world, some, NPC_DIRTY_STATE, false)) > 0)
		rows_update_hot(&npc_state_rows, world->id, (void **) some, count, NULL);
	if ((count = select_npcs(world, some, NPC_DIRTY_MOTION, false)) > 0)
	{
		npcs_write_tracks(world->id, some, count, shift);
		lock->sight_writes += count;
	}
	for (int i = 0; i < dirty; i++)
		((Npc *) world->dirty_npcs.entries[i])->born = false;
	if ((count = select_npcs(world, some, NPC_DIRTY_MIND, false)) > 0)
		rows_upsert(&npc_mind_rows, world->id, (void **) some, count);
	if ((count = select_npcs(world, some, NPC_DIRTY_REQUEST, false)) > 0)
		rows_upsert(&npc_slot_rows, world->id, (void **) some, count);
	for (int i = 0; i < dirty; i++)
		((Npc *) world->dirty_npcs.entries[i])->dirty = 0;
	pfree(some);
}

/* ---- everything else ---- */

static bool *
flag_of(void *thing, size_t at)
{
	return (bool *) ((char *) thing + at);
}

static void
delete_gone(World *world, const Entity *entity)
{
	const IdList *gone = entity_removed(entity, world);

	if (gone->count == 0)
		return;
	if (entity->removed != 0)
		note_removed(world, entity->removed, gone);
	if (entity->delete_removed != NULL)
		entity->delete_removed(world);
	else
		rows_delete_all(entity->rows, world->id, gone->ids, gone->count, 0);
}

/* Those that are born, or those that are not. */
static void
write_some(World *world, const Entity *entity, const PointerList *things, bool born)
{
	void		**some = palloc(things->count * sizeof(void *));
	int			  count = 0;
	GeometryMaker maker;

	for (int i = 0; i < things->count; i++)
		if (*flag_of(things->entries[i], entity->born_at) == born)
			some[count++] = things->entries[i];
	if (count > 0 && born && entity->has_place)
	{
		geometry_maker_begin(&maker, sight_shift(world->id, world->lock->sight_plane));
		rows_insert_hot(entity->rows, world->id, some, count, &maker);
	}
	else if (count > 0 && born)
		rows_insert_hot(entity->rows, world->id, some, count, NULL);
	else if (count > 0)
		rows_update_hot(entity->rows, world->id, some, count, NULL);
	if (entity->has_place)
		world->lock->sight_writes += count;
	pfree(some);
}

static void
write_entity(World *world, const Entity *entity)
{
	const PointerList *things = entity_written(entity, world);

	delete_gone(world, entity);
	if (things->count == 0)
		return;
	for (int i = 0; i < things->count; i++)
	{
		void *thing = things->entries[i];
		int64 revision = world_changed(world->lock, entity->changed, row_type_id(entity->rows, thing));

		if (entity->revision_at != 0)
			*(int64 *) ((char *) thing + entity->revision_at) = revision;
	}
	write_some(world, entity, things, true);
	write_some(world, entity, things, false);
	if (entity->write_rest != NULL)
		entity->write_rest(world, things->entries, things->count);
	for (int i = 0; i < things->count; i++)
	{
		*flag_of(things->entries[i], entity->born_at) = false;
		if (entity->dirty_at != 0)
			*flag_of(things->entries[i], entity->dirty_at) = false;
	}
}

static void
write_terrain(World *world)
{
	Size   cells = (Size) world->size_x * world->size_y;
	bytea *blocked = palloc0(VARHDRSZ + (cells + 7) / 8);
	uint8 *bits = (uint8 *) VARDATA(blocked);
	int64  revision = world_changed(world->lock, CHANGE_TERRAIN, 0);

	SET_VARSIZE(blocked, VARHDRSZ + (cells + 7) / 8);
	for (Size i = 0; i < cells; i++)
		if (grid_terrain_blocked(world->grid,
								 (Cell) {(int16) (i % world->size_x), (int16) (i / world->size_x)}))
			bits[i >> 3] |= (uint8) (1 << (i & 7));
	if (!world_terrain_write(world->id, blocked, revision))
		elog(ERROR, "world %lld has no terrain", (long long) world->id);
	pfree(blocked);
}

/* Moves up to PLANE_MOVES tracks that still lie in the old plane; how many there were. */
static int
move_old_tracks(World *world)
{
	WorldLock *lock = world->lock;
	SightShift shift = sight_shift(world->id, lock->sight_old_plane);
	Npc		  *some[PLANE_MOVES];
	int		   count = 0;
	int64	   ids[PLANE_MOVES];
	int		   found = npcs_in_plane(world->id, shift, world->size_x, world->size_y, ids, PLANE_MOVES);

	for (int i = 0; i < found; i++)
	{
		Npc *npc = world_npc(world, ids[i]);

		if (npc != NULL)
			some[count++] = npc;
	}
	if (count > 0)
		npcs_write_tracks(world->id, some, count, sight_shift(world->id, lock->sight_plane));
	return count;
}

/* The same for items. */
static int
move_old_items(World *world)
{
	WorldLock *lock = world->lock;
	SightShift shift = sight_shift(world->id, lock->sight_old_plane);
	WorldItem *some[PLANE_MOVES];
	int		   count = 0;
	int64	   ids[PLANE_MOVES];
	int		   found = items_in_plane(world->id, shift, world->size_x, world->size_y, ids, PLANE_MOVES);

	for (int i = 0; i < found; i++)
	{
		WorldItem *item = world_item(world, ids[i]);

		if (item != NULL)
			some[count++] = item;
	}
	if (count > 0)
		items_move(world->id, some, count, sight_shift(world->id, lock->sight_plane));
	return count;
}

/* Has somebody held a snapshot since this was last asked, so that dead rows could not go? */
static bool
snapshot_is_held(World *world)
{
	Relation	  tracks = table_openrv(makeRangeVar("npcsim", "npc_tracks", -1), AccessShareLock);
	TransactionId horizon = GetOldestNonRemovableTransactionId(tracks);
	bool		  held =
		TransactionIdIsValid(world->turn_xid) && TransactionIdPrecedesOrEquals(horizon, world->turn_xid);

	table_close(tracks, AccessShareLock);
	world->turn_xid = ReadNextTransactionId();
	return held;
}

/* Moves on to the next plane, or goes on with it. */
static void
turn_sight(World *world)
{
	WorldLock *lock = world->lock;

	if (lock->sight_old_plane >= 0)
	{
		int moved = move_old_items(world) + move_old_tracks(world);

		if (moved == 0)
			lock->sight_old_plane = -1;
	}
	else if (lock->sight_writes >
			 Max(PLANE_WRITES_MIN, PLANE_WRITES_PER_NPC * (int64) world_npc_count(world)))
	{
		if (snapshot_is_held(world))
		{
			lock->sight_old_plane = lock->sight_plane;
			lock->sight_plane = (lock->sight_plane + 1) % SIGHT_PLANES;
		}
		lock->sight_writes = 0;
	}
	else
		return;
	lock->dirty = true;
}

/* What was to be written and is gone again. */
static void
close_up_lists(World *world)
{
	pointer_list_close_up(&world->dirty_npcs);
	for (int i = 0; i < entity_count; i++)
		pointer_list_close_up(entity_written(&entities[i], world));
}

static void
clear_lists(World *world)
{
	world->dirty_npcs.count = 0;
	world->removed_npcs.count = 0;
	world->removed_item_places.count = 0;
	for (int i = 0; i < entity_count; i++)
	{
		entity_written(&entities[i], world)->count = 0;
		entity_removed(&entities[i], world)->count = 0;
	}
	world->terrain_changed = false;
}

void
world_settle(World *world)
{
	if (world->ways_unchecked)
		world_check_ways(world);
	world->ways_unchecked = false;
}

void
world_write(World *world)
{
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "npcsim writing", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(scratch);
	int			  plans = spi_index_plans_begin();
	bool		  moved;

	world_settle(world);
	close_up_lists(world);
	moved = world->dirty_npcs.count > 0;
	spi_begin();
	for (int i = 0; i < entity_count; i++)
		write_entity(world, &entities[i]);
	write_npcs(world);
	if (world->terrain_changed)
		write_terrain(world);
	if (moved)
		turn_sight(world);
	spi_end();
	clear_lists(world);
	spi_index_plans_end(plans);
	world_flush(world->lock);
	world->revision = world->lock->revision;
	MemoryContextSwitchTo(before);
	MemoryContextDelete(scratch);
}
