/*
 * load.c
 *	  Gets the image of a world: from the tables, or brought up to date from the change log.
 *
 * A backend keeps the images it used last. An image that is behind the locked row reads the rows that
 * the log says have changed, table by table; if the log does not reach back, or terrain or types
 * changed, it is loaded anew.
 */
#include "postgres.h"

#include "access/xact.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "engine/entities.h"
#include "engine/image.h"
#include "engine/response_times.h"
#include "errors.h"
#include "guc.h"
#include "json.h"
#include "spi.h"
#include "tables/interaction_types.h"
#include "tables/item_types.h"
#include "tables/worlds.h"

/* The number of images that an ordinary backend keeps; a worker keeps those of all its worlds. */
int world_images_max = 4;

static dlist_head images = DLIST_STATIC_INIT(images);
static int		  image_count = 0;

static void *
image_allocate(void *context, size_t size)
{
	return MemoryContextAllocHuge((MemoryContext) context, Max(size, 1));
}

static void
image_release(void *context, void *pointer)
{
	if (pointer != NULL)
		pfree(pointer);
}

static World *
new_image(WorldLock *lock)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "npcsim world image", ALLOCSET_DEFAULT_SIZES);
	World *world = MemoryContextAllocZero(context, sizeof(World));

	world->context = context;
	world->id = lock->world_id;
	strlcpy(world->home, lock->home, sizeof(world->home));
	world->allocator = (SimAllocator) {image_allocate, image_release, context};
	for (int i = 0; i < ENTITY_COUNT; i++)
		world->things[i].by_id = image_new_table(world);
	world->cells = image_new_table(world);
	due_heap_init(&world->events, context);
	due_heap_init(&world->decisions, context);
	world->look_for_minds_at = SIM_NEVER;
	dlist_push_head(&images, &world->node);
	image_count++;
	return world;
}

void
image_discard(World *world)
{
	dlist_delete(&world->node);
	image_count--;
	MemoryContextDelete(world->context);
}

static World *
cached_image(int64 world_id)
{
	dlist_iter iter;

	dlist_foreach(iter, &images)
	{
		World *world = dlist_container(World, node, iter.cur);

		if (world->id == world_id)
			return world;
	}
	return NULL;
}

void
world_forget(int64 world_id)
{
	World	  *world = cached_image(world_id);
	WorldLock *lock = world_lock_held(world_id);

	if (world == NULL)
		return;
	if (lock != NULL && lock->image == world)
		lock->image = NULL;
	image_discard(world);
}

bool
world_next_due_cached(int64 world_id, int64 *revision, int64 *due)
{
	World *world = cached_image(world_id);

	if (world == NULL)
		return false;
	*revision = world->revision;
	*due = world_next_due(world);
	return true;
}

/* Reads those settings of the world that operators may change. */
void
world_read_choices(World *world)
{
	WorldTerms terms;

	spi_begin();
	if (world_terms_read(world->id, &terms))
	{
		world->policy = policy_by_name(terms.decision_policy);
		world->idle_interval = terms.idle_interval * SIM_SECOND;
		world->built_in_fallback = terms.built_in_fallback;
		world->pool_known = terms.pool_known;
		world->max_tokens_per_npc = terms.max_tokens_per_npc;
		world->need_decay_min = terms.need_decay_min;
		world->need_decay_max = terms.need_decay_max;
	}
	spi_end();
}

static void
load_settings(World *world)
{
	WorldGround ground;

	if (!world_ground_read(world->id, &ground))
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("world %lld has no settings or no terrain", (long long) world->id));
	world->seed = (uint64) ground.seed;
	world->size_x = ground.size_x;
	world->size_y = ground.size_y;
	if (VARSIZE_ANY_EXHDR(ground.blocked) != ((Size) world->size_x * world->size_y + 7) / 8)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("the terrain of world %lld does not have the world's size", (long long) world->id));
	world->grid = grid_create(world->size_x, world->size_y, (const uint8_t *) VARDATA_ANY(ground.blocked),
							  &world->allocator);
	world->finder = path_finder_create(&world->allocator);
	image_lay_out_districts(world);
}

/* Interactions are read before items, which offer them. Their texts are read where they are told, and are not kept. */
static void
load_interaction_types(World *world)
{
	InteractionRows rows;

	interaction_rows_load(world->id, &rows);
	for (int i = 0; i < rows.count; i++)
	{
		InteractionRow *row = MemoryContextAllocZero(world->context, sizeof(InteractionRow));

		row->type = rows.rows[i].type;
		row->definition.parameters = json_copy(rows.rows[i].definition.parameters, world->context);
		pointer_list_add(world, &world->interaction_types, &row->type);
		if (world->talk == NULL && interaction_is_talk(&row->type))
			world->talk = &row->type;
	}
}

static void
note_served_needs(World *world, const ItemType *type)
{
	for (int i = 0; i < type->offer_count; i++)
	{
		int32 rates[NEED_COUNT];

		interaction_need_rates(type->offers[i], type, rates);
		for (int need = 0; need < NEED_COUNT; need++)
			if (rates[need] > 0)
				world->served_needs[need] = true;
	}
}

static void
load_item_types(World *world)
{
	int			 count;
	ItemTypeRow *rows;

	load_interaction_types(world);
	rows = item_type_rows_read(world->id, &count);
	for (int i = 0; i < count; i++)
	{
		ItemType  read;
		ItemType *type;

		item_type_of_row(&rows[i], &read);
		type = item_type_copy(&read, world->context);
		item_type_link(type, (const InteractionType *const *) world->interaction_types.entries,
					   world->interaction_types.count);
		pointer_list_add(world, &world->item_types, type);
		note_served_needs(world, type);
	}
}

/* The state of a scan that reads rows into the image. */
typedef struct Reading
{
	World		 *world;
	const Entity *entity;
	bool		  makes; /* things that are not in the image are made */
	void
		*read; /* the struct that a row is read into and entered from; NULL if rows are read into the image */
} Reading;

/* Returns the struct that a row is read into; NULL if the row is skipped. */
static void *
begin_row(void *arg, int64 id)
{
	Reading *reading = arg;
	void	*thing;

	if (reading->read != NULL)
		return memset(reading->read, 0, reading->entity->size);
	thing = image_find(reading->world->things[reading->entity->number].by_id, id);
	return thing == NULL && reading->makes ? reading->entity->make(reading->world, id) : thing;
}

static void
end_row(void *arg, void *read)
{
	Reading *reading = arg;

	thing_enter(reading->world, reading->entity, read);
}

static const ItemType *
type_of_row(void *arg, const char *name)
{
	World		   *world = ((Reading *) arg)->world;
	const ItemType *type = image_item_type(world, name);

	if (type == NULL)
		elog(ERROR, "item type \"%s\" of world %lld is not in its image", name, (long long) world->id);
	return type;
}

/* Loads the rows of 'ids', or all if that is NULL; what is in the image already is replaced. */
static void
load_rows(World *world, const Entity *entity, RowType *rows, const int64 *ids, int count)
{
	Reading reading = {.world = world,
					   .entity = entity,
					   .makes = rows == entity_rows(entity),
					   .read = entity->size > 0 ? palloc(entity->size) : NULL};
	RowLoad load = {.world_id = world->id,
					.ids = ids,
					.count = count,
					.lookup = begin_row,
					.done = reading.read != NULL ? end_row : NULL,
					.item_type = type_of_row,
					.arg = &reading,
					.context = world->context};

	rows_load(rows, &load);
	if (reading.read != NULL)
		pfree(reading.read);
}

/* Loads some things, or all, from all their tables. */
static void
load_entity(World *world, const Entity *entity, const int64 *ids, int count)
{
	for (int i = 0; i < entity->group_count; i++)
		if (entity_group_begins_table(entity, i))
			load_rows(world, entity, entity->groups[i].rows, ids, count);
}

/*
 * Rows that are read without a statement, or by one that only reads, are seen as any statement sees them, including what
 * this transaction wrote.
 */
static void
begin_reading_rows(void)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
image_load(World *world)
{
	spi_begin();
	load_settings(world);
	world_read_choices(world);
	begin_reading_rows();
	load_item_types(world);
	for (int i = 0; i < ENTITY_COUNT; i++)
		load_entity(world, entities[i], NULL, 0);
	PopActiveSnapshot();
	spi_end();
	image_require_whole(world);
	for (int i = 0; i < world->everyone.count; i++)
		npc_settle(world, world->everyone.entries[i]);
}

static void
forget_removed(World *world, const ChangeSet *changes)
{
	for (int i = 0; i < ENTITY_COUNT; i++)
	{
		ChangeKind removed = entities[i]->removed;

		/* Of an entity without such a kind of change it is 0, which counts nothing. */
		for (int j = 0; j < changes->count[removed]; j++)
			thing_forget(world, entities[i], changes->ids[removed][j]);
	}
}

/* Items that came back no longer wait to do so, even when they are gone again. */
static void
forget_respawned(World *world, const ChangeSet *changes)
{
	for (int i = 0; i < changes->count[CHANGE_ITEM]; i++)
		thing_forget(world, entities[ENTITY_respawns], changes->ids[CHANGE_ITEM][i]);
}

/*
 * Reads a table's rows again for those things that changed in one of the ways that change its rows. A thing
 * may be named several times.
 */
static void
reload_table(World *world, const ChangeSet *changes, const Entity *entity, RowType *rows)
{
	int64 *ids;
	int	   count = 0;

	for (int i = 0; i < entity->group_count; i++)
		if (entity->groups[i].rows == rows)
			count += changes->count[entity->groups[i].changed];
	if (count == 0)
		return;
	ids = palloc(count * sizeof(int64));
	count = 0;
	for (int i = 0; i < entity->group_count; i++)
	{
		ChangeKind kind = entity->groups[i].changed;

		if (entity->groups[i].rows != rows || changes->count[kind] == 0)
			continue;
		memcpy(ids + count, changes->ids[kind], changes->count[kind] * sizeof(int64));
		count += changes->count[kind];
	}
	/* Each row is read once, since the scan sorts the ids. */
	load_rows(world, entity, rows, ids, count);
	pfree(ids);
}

static void
reload_entity(World *world, const ChangeSet *changes, const Entity *entity)
{
	/* Of an entity without such a kind of change it is 0, which counts nothing. */
	if (changes->count[entity->born] > 0)
		load_entity(world, entity, changes->ids[entity->born], changes->count[entity->born]);
	for (int i = 0; i < entity->group_count; i++)
		if (entity_group_begins_table(entity, i))
			reload_table(world, changes, entity, entity->groups[i].rows);
}

static void
settle_changed(World *world, const ChangeSet *changes, const Entity *entity, ChangeKind kind)
{
	for (int i = 0; i < changes->count[kind]; i++)
	{
		void *thing = image_find(world->things[entity->number].by_id, changes->ids[kind][i]);

		if (thing != NULL)
			entity->settle(world, thing);
	}
}

static void
settle_entity(World *world, const ChangeSet *changes, const Entity *entity)
{
	if (entity->settle == NULL)
		return;
	settle_changed(world, changes, entity, entity->born);
	for (int i = 0; i < entity->group_count; i++)
		settle_changed(world, changes, entity, entity->groups[i].changed);
}

bool
image_catch_up(World *world, int64 revision)
{
	ChangeSet changes;

	if (!change_log_since(world->id, world->revision, revision, false, &changes) ||
		changes.noted[CHANGE_TERRAIN] || changes.noted[CHANGE_ITEM_TYPES] ||
		changes.noted[CHANGE_INTERACTION_TYPES])
		return false;

	spi_begin();
	forget_removed(world, &changes);
	if (changes.noted[CHANGE_WORLD])
		world_read_choices(world);
	forget_respawned(world, &changes);
	begin_reading_rows();
	for (int i = 0; i < ENTITY_COUNT; i++)
		reload_entity(world, &changes, entities[i]);
	PopActiveSnapshot();
	spi_end();

	/* The backend that changed the world may have found other minds present. */
	world->present_known = false;
	world_forget_response_times(world);
	for (int i = 0; i < ENTITY_COUNT; i++)
		settle_entity(world, &changes, entities[i]);
	return true;
}

static void
make_room(void)
{
	while (image_count > world_images_max)
	{
		World *oldest = dlist_container(World, node, dlist_tail_node(&images));

		/* An image in use stays, and with it all that were used later. */
		if (world_lock_held(oldest->id) != NULL)
			break;
		image_discard(oldest);
	}
}

/* A world that another version of npcsim made or ran follows the rules of this one from now on. */
static void
bring_rules_up(WorldLock *lock)
{
	if (lock->rules > RULES_NEWEST)
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("world %lld lives by the rules of a later version of npcsim",
					   (long long) lock->world_id),
				errdetail("They are version %d, and this one knows version %d at most.", lock->rules,
						  RULES_NEWEST),
				errhint("Install the version that ran it."));
	if (world_lives_by(lock, RULES_NEWEST) || lock->replaying)
		return;
	world_set_rules(lock, RULES_NEWEST);
	world_flush(lock);
}

/* What is read enters the heap by the clock of the lock. */
static void
begin_moment(World *world, WorldLock *lock)
{
	world->lock = lock;
	world->now = lock->now;
}

/*
 * From now on the image is thrown away if the transaction is rolled back, even if it is not read to its end.
 */
static void
use_image(WorldLock *lock, World *world)
{
	lock->image = world;
	lock->discard_image = image_discard;
	begin_moment(world, lock);
}

static void
give_up_image(WorldLock *lock, World *world)
{
	lock->image = NULL;
	image_discard(world);
}

World *
world_image(WorldLock *lock)
{
	World *world = lock->image;
	int	   plans;

	if (world != NULL)
		return world;
	bring_rules_up(lock);
	plans = spi_index_plans_begin();
	world = cached_image(lock->world_id);
	/* The image is of a world that had this id before the extension was created anew. */
	if (world != NULL && strcmp(world->home, lock->home) != 0)
	{
		image_discard(world);
		world = NULL;
	}
	if (world != NULL && world->revision != lock->revision)
	{
		/* If this transaction changed the world by other means, the log may not have it yet. */
		world_flush(lock);
		use_image(lock, world);
		if (world->revision > lock->revision || !image_catch_up(world, lock->revision))
		{
			give_up_image(lock, world);
			world = NULL;
		}
	}
	if (world == NULL)
	{
		world_flush(lock);
		world = new_image(lock);
		use_image(lock, world);
		image_load(world);
	}
	spi_index_plans_end(plans);
	use_image(lock, world);
	world->revision = lock->revision;
	world->today = (DateADT) (market_now() / USECS_PER_DAY);
	world->present_read = false;
	world->no_pool_read = false;
	world->turn++;
	world->in_tick = world->in_rule = false;
	dlist_move_head(&images, &world->node);
	make_room();
	return world;
}
