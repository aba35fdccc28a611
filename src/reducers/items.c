/*
 * items.c
 *	  The reducers of items: create_item, remove_item, set_item_properties; and item_share_at().
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/items.h"
#include "reducers/reducers.h"
#include "tables/item_types.h"

PG_FUNCTION_INFO_V1(npcsim_item_share_at);

WorldItem *
item_require(World *world, int64 item_id)
{
	WorldItem *item = world_item(world, item_id);

	if (item == NULL)
		ereport(
			ERROR, errcode(ERRCODE_NS_NO_ITEM), errmsg("item %lld does not exist", (long long) item_id),
			errdetail("World %lld has no item with this id; it may be used up.",
					  (long long) world_image_lock(world)->world_id),
			errhint("SELECT id, item_type FROM npcsim.world_items WHERE world_id = %lld lists those it has.",
					(long long) world_image_lock(world)->world_id));
	return item;
}

typedef struct CreateItem
{
	int64		item_id;
	const char *item_type;
	int32		x;
	int32		y;
	Jsonb	   *properties; /* NULL = {} */
} CreateItem;

static const Argument create_item_arguments[] = {
	ID_ARGUMENT(CreateItem, item_id, .place = ARGUMENT_MADE),
	TEXT_ARGUMENT(CreateItem, item_type, TYPE_NAME_SIZE - 1),
	COORDINATE_ARGUMENT(CreateItem, x),
	COORDINATE_ARGUMENT(CreateItem, y),
	OBJECT_ARGUMENT(CreateItem, properties, .can_be_absent = true),
};

static bool
create_item(WorldLock *lock, void *arguments, ReducerResult *result)
{
	CreateItem *create = arguments;
	World	   *world = world_image(lock);
	Cell		cell = check_cell(world_grid(world), create->x, create->y);

	if (!lock->replaying)
		check_text(create->item_type, "item_type", TYPE_NAME_SIZE - 1);
	if (world_item_type(world, create->item_type) == NULL)
		ereport(ERROR, errcode(ERRCODE_NS_NO_ITEM_TYPE),
				errmsg("item type \"%s\" does not exist", create->item_type),
				errdetail("World %lld has no such type.", (long long) lock->world_id),
				errhint("SELECT name FROM npcsim.item_types WHERE world_id = %lld lists its types; "
						"define_item_type() makes another.",
						(long long) lock->world_id));
	if (create->properties != NULL)
		check_object(create->properties, "properties");
	create->item_id = world_add_item(world, create->item_type, cell, create->properties)->id;
	result->number = create->item_id;
	return true;
}

const Reducer reducer_create_item = {
	WORLD_REDUCER(create_item, create_item),
	REDUCER_ARGUMENTS(CreateItem, create_item_arguments),
	.returns = RETURNS_ID,
};

REDUCER_FUNCTION(create_item);

WorldItem *
item_create(World *world, const char *item_type, Cell cell, Jsonb *properties)
{
	CreateItem create = {.item_type = item_type, .x = cell.x, .y = cell.y, .properties = properties};

	reducer_run(world_image_lock(world), &reducer_create_item, &create, NULL);
	return item_require(world, create.item_id);
}

typedef struct RemoveItem
{
	int64 item_id;
} RemoveItem;

static const Argument remove_item_arguments[] = {
	ID_ARGUMENT(RemoveItem, item_id),
};

/* Removes an item; an NPC that uses it stops. */
static bool
remove_item(WorldLock *lock, void *arguments, ReducerResult *result)
{
	World *world = world_image(lock);

	world_remove_item(world, item_require(world, ((const RemoveItem *) arguments)->item_id));
	return true;
}

const Reducer reducer_remove_item = {
	WORLD_REDUCER(remove_item, remove_item),
	REDUCER_ARGUMENTS(RemoveItem, remove_item_arguments),
};

REDUCER_FUNCTION(remove_item);

void
item_remove(World *world, int64 item_id)
{
	reducer_run(world_image_lock(world), &reducer_remove_item, &(RemoveItem) {.item_id = item_id}, NULL);
}

typedef struct SetItemProperties
{
	int64  item_id;
	Jsonb *properties;
} SetItemProperties;

static const Argument set_item_properties_arguments[] = {
	ID_ARGUMENT(SetItemProperties, item_id),
	OBJECT_ARGUMENT(SetItemProperties, properties),
};

static bool
set_item_properties(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const SetItemProperties *set = arguments;
	World					*world = world_image(lock);

	check_object(set->properties, "properties");
	world_set_item_properties(world, item_require(world, set->item_id), set->properties);
	return true;
}

const Reducer reducer_set_item_properties = {
	WORLD_REDUCER(set_item_properties, set_item_properties),
	REDUCER_ARGUMENTS(SetItemProperties, set_item_properties_arguments),
};

void
item_change_properties(World *world, int64 item_id, Jsonb *properties)
{
	reducer_run(world_image_lock(world), &reducer_set_item_properties,
				&(SetItemProperties) {.item_id = item_id, .properties = properties}, NULL);
}

/*
 * item_share_at(share_at_start, started_at, now, components) → what is left of an item (1 = whole) that
 * somebody has been using since started_at; it is for the views.
 */
Datum
npcsim_item_share_at(PG_FUNCTION_ARGS)
{
	ItemType type;
	int64	 share = PG_GETARG_INT32(0);

	item_type_from_jsonb(PG_GETARG_JSONB_P(3), &type);
	share = consume_share_left(&type, share, PG_GETARG_INT64(2) - PG_GETARG_INT64(1));
	PG_RETURN_FLOAT8((double) share / SHARE_WHOLE);
}
