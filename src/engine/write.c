/*
 * write.c
 *	  Writes what changed in a world's image.
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

/*
 * The number of rows, per NPC, that are written to a plane before it is considered to move on to the next
 * (see sight.c).
 */
#define PLANE_WRITES_PER_NPC 12
#define PLANE_WRITES_MIN	 4096
/*
 * The number of tracks, and of items, that are moved to the new plane per transaction although they did not
 * change.
 */
#define PLANE_MOVES 64

static void
note_removed(World *world, ChangeKind kind, const IdList *removed)
{
	for (int i = 0; i < removed->count; i++)
		world_changed(world->lock, kind, removed->ids[i]);
}

static bool *
flag_of(void *thing, size_t at)
{
	return (bool *) ((char *) thing + at);
}

static uint32 *
groups_of(const Entity *entity, void *thing)
{
	return (uint32 *) ((char *) thing + entity->groups_at);
}

static bool
is_born(const Entity *entity, void *thing)
{
	return *flag_of(thing, entity->born_at);
}

/* Whether the thing's columns of a group are to be written. An entity with one group is dirty as a whole. */
static bool
has_changed(const Entity *entity, const RowGroup *group, void *thing)
{
	return entity->groups_at == 0 || (*groups_of(entity, thing) & group->bit) != 0;
}

static void
set_revision(const RowGroup *group, void *thing, int64 revision)
{
	if (group->revision_at != 0)
		*(int64 *) ((char *) thing + group->revision_at) = revision;
}

/* Notes in the change log how a thing changed, each kind of change once. */
static void
note_thing(WorldLock *lock, const Entity *entity, void *thing)
{
	int64  id = row_type_id(entity_rows(entity), thing);
	bool   all = is_born(entity, thing) && entity->born != 0;
	int64  revision = all ? world_changed(lock, entity->born, id) : 0;
	uint64 noted = 0;

	for (int i = 0; i < entity->group_count; i++)
	{
		const RowGroup *group = &entity->groups[i];
		uint64			kind = UINT64_C(1) << group->changed;

		if (!all && !has_changed(entity, group, thing))
			continue;
		if (!all && (noted & kind) == 0)
			revision = world_changed(lock, group->changed, id);
		noted |= kind;
		set_revision(group, thing, revision);
	}
}
StaticAssertDecl(CHANGE_KINDS <= 64, "kinds of change are the bits of a number");

/* Deletes rows from the last table on, since the first table says what a thing is. */
static void
delete_rows(World *world, const Entity *entity, const IdList *gone)
{
	if (entity->group_count == 1)
	{
		rows_delete_all(entity_rows(entity), world->id, gone->ids, gone->count, 0);
		return;
	}
	for (int i = entity->group_count - 1; i >= 0; i--)
		if (entity_group_begins_table(entity, i))
			rows_delete(entity->groups[i].rows, world->id, gone->ids, gone->count);
}

static void
delete_gone(World *world, const Entity *entity)
{
	const IdList *gone = &world->things[entity->number].removed;

	if (gone->count == 0)
		return;
	if (entity->removed != 0)
		note_removed(world, entity->removed, gone);
	if (entity->delete_removed != NULL)
		entity->delete_removed(world);
	else
		delete_rows(world, entity, gone);
}

/* Whether a thing's row of the table is to be written. */
static bool
row_has_changed(const Entity *entity, const RowType *rows, void *thing)
{
	for (int i = 0; i < entity->group_count; i++)
		if (entity->groups[i].rows == rows && has_changed(entity, &entity->groups[i], thing))
			return true;
	return false;
}

static void
write_hot(World *world, RowType *rows, void **things, int count, bool born)
{
	GeometryMaker  maker;
	GeometryMaker *arg = NULL;

	if (rows->in_sight)
	{
		geometry_maker_begin(&maker, sight_shift(world->id, world->lock->sight_plane));
		world->lock->sight_writes += count;
		arg = &maker;
	}
	if (born)
		rows_insert_hot(rows, world->id, things, count, arg);
	else
		rows_update_hot(rows, world->id, things, count, arg);
}

/* Writes rows that are new, or rows that are there already. */
static void
write_some(World *world, RowType *rows, void **things, int count, bool born)
{
	if (count == 0)
		return;
	switch (rows->writing)
	{
		case ROWS_HOT:
			write_hot(world, rows, things, count, born);
			break;
		case ROWS_BY_STATEMENT:
			if (born)
				rows_insert(rows, world->id, things, count);
			else
				rows_update(rows, world->id, things, count);
			break;
		case ROWS_UPSERTED:
			rows_upsert(rows, world->id, things, count);
			break;
	}
}

/* Writes the things that are born, then the others; 'some' has room for all of them. */
static void
write_table(World *world, const Entity *entity, RowType *rows, const PointerList *things, void **some)
{
	int count = 0;
	int born;

	for (int i = 0; i < things->count; i++)
		if (is_born(entity, things->entries[i]) && row_has_changed(entity, rows, things->entries[i]))
			some[count++] = things->entries[i];
	born = count;
	for (int i = 0; i < things->count; i++)
		if (!is_born(entity, things->entries[i]) && row_has_changed(entity, rows, things->entries[i]))
			some[count++] = things->entries[i];
	if (rows->writing == ROWS_UPSERTED)
		born = 0;
	write_some(world, rows, some, born, true);
	write_some(world, rows, some + born, count - born, false);
}

static void
forget_changes(const Entity *entity, void *thing)
{
	*flag_of(thing, entity->born_at) = false;
	if (entity->dirty_at != 0)
		*flag_of(thing, entity->dirty_at) = false;
	if (entity->groups_at != 0)
		*groups_of(entity, thing) = 0;
}

static void
write_entity(World *world, const Entity *entity)
{
	const PointerList *things = &world->things[entity->number].dirty;
	void			 **some;

	delete_gone(world, entity);
	if (things->count == 0)
		return;
	for (int i = 0; i < things->count; i++)
		note_thing(world->lock, entity, things->entries[i]);
	some = palloc(things->count * sizeof(void *));
	for (int i = 0; i < entity->group_count; i++)
		if (entity_group_begins_table(entity, i))
			write_table(world, entity, entity->groups[i].rows, things, some);
	pfree(some);
	if (entity->write_rest != NULL)
		entity->write_rest(world, things->entries, things->count);
	for (int i = 0; i < things->count; i++)
		forget_changes(entity, things->entries[i]);
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

/* Moves up to PLANE_MOVES tracks that still lie in the old plane. Returns how many it moved. */
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
		npcs_move(world->id, some, count, sight_shift(world->id, lock->sight_plane));
	return count;
}

/* Does the same for items. */
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

/* Whether somebody has held a snapshot since this was last asked, so that dead rows could not be removed. */
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

/* Moves on to the next plane when that is worth it, or goes on moving rows to it. */
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

/* Takes out of the lists what was to be written and is gone again. */
static void
close_up_lists(World *world)
{
	for (int i = 0; i < ENTITY_COUNT; i++)
		pointer_list_close_up(&world->things[i].dirty);
}

static void
clear_lists(World *world)
{
	world->removed_item_places.count = 0;
	for (int i = 0; i < ENTITY_COUNT; i++)
	{
		world->things[i].dirty.count = 0;
		world->things[i].removed.count = 0;
	}
	world->terrain_changed = false;
}

void
image_write(World *world)
{
	int				 plans = spi_index_plans_begin();
	SubTransactionId outer;
	bool			 moved;

	world_require_kept(world->lock);
	close_up_lists(world);
	moved = world->things[ENTITY_npcs].dirty.count > 0;
	outer = world_begin_writing(world->lock);
	spi_begin();
	npc_slots_opened_at = GetCurrentTimestamp();
	for (int i = 0; i < ENTITY_COUNT; i++)
		write_entity(world, entities[i]);
	if (world->terrain_changed)
		write_terrain(world);
	if (moved)
		turn_sight(world);
	spi_end();
	clear_lists(world);
	spi_index_plans_end(plans);
	world_flush(world->lock);
	world_end_writing(world->lock, outer);
	world->revision = world->lock->revision;
}
