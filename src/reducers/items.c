/*
 * items.c
 *	  Items: made, removed, given properties.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/inputs.h"
#include "reducers/items.h"
#include "tables/item_kinds.h"

PG_FUNCTION_INFO_V1(npcsim_create_item);
PG_FUNCTION_INFO_V1(npcsim_remove_item);
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

WorldItem *
item_create(World *world, const char *item_type, Cell cell, Jsonb *properties)
{
	WorldLock *lock = world_image_lock(world);
	WorldItem *item;

	if (!lock->replaying)
		check_text(item_type, "item_type", KIND_NAME_SIZE - 1);
	if (world_item_kind(world, item_type) == NULL)
		ereport(ERROR, errcode(ERRCODE_NS_NO_ITEM_TYPE), errmsg("item type \"%s\" does not exist", item_type),
				errdetail("World %lld has no such type.", (long long) lock->world_id),
				errhint("SELECT name FROM npcsim.item_types WHERE world_id = %lld lists its types; "
						"define_item_type() makes another.",
						(long long) lock->world_id));
	if (properties != NULL)
		check_object(properties, "properties");
	item = world_add_item(world, item_type, cell, properties);
	input_begin(lock, "create_item");
	input_id("item_id", item->id);
	input_text("item_type", item_type);
	input_number("x", cell.x);
	input_number("y", cell.y);
	if (properties != NULL)
		input_jsonb("properties", properties);
	input_end();
	return item;
}

void
item_remove(World *world, WorldItem *item)
{
	input_begin(world_image_lock(world), "remove_item");
	input_id("item_id", item->id);
	input_end();
	world_remove_item(world, item);
}

void
item_change_properties(World *world, WorldItem *item, Jsonb *properties)
{
	check_object(properties, "properties");
	world_set_item_properties(world, item, properties);
	input_begin(world_image_lock(world), "set_item_properties");
	input_id("item_id", item->id);
	input_jsonb("properties", properties);
	input_end();
}

/* create_item(world_id, item_type, x, y, properties) → id */
Datum
npcsim_create_item(PG_FUNCTION_ARGS)
{
	int64	   world_id = arg_id(fcinfo, 0, "world_id");
	char	  *item_type = arg_text(fcinfo, 1, "item_type", KIND_NAME_SIZE - 1);
	int32	   x = arg_int32(fcinfo, 2, "x", PG_INT32_MIN, PG_INT32_MAX);
	int32	   y = arg_int32(fcinfo, 3, "y", PG_INT32_MIN, PG_INT32_MAX);
	Jsonb	  *properties = arg_object(fcinfo, 4, "properties");
	World	  *world = world_image(world_lock(world_id, WORLD_WAIT));
	WorldItem *item;

	item = item_create(world, item_type, check_cell(world_grid(world), x, y), properties);
	world_write(world);
	PG_RETURN_INT64(item->id);
}

/* remove_item(world_id, item_id): whoever uses it stops */
Datum
npcsim_remove_item(PG_FUNCTION_ARGS)
{
	int64  world_id = arg_id(fcinfo, 0, "world_id");
	int64  item_id = arg_id(fcinfo, 1, "item_id");
	World *world = world_image(world_lock(world_id, WORLD_WAIT));

	item_remove(world, item_require(world, item_id));
	world_write(world);
	PG_RETURN_VOID();
}

/*
 * item_share_at(share_at_start, started_at, now, components) → what is left of an item
 * (1 = whole) that somebody has been using since; for the views
 */
Datum
npcsim_item_share_at(PG_FUNCTION_ARGS)
{
	ItemKind kind;
	int64	 share = PG_GETARG_INT32(0);

	item_kind_from_jsonb(PG_GETARG_JSONB_P(3), &kind);
	share = consume_share_left(&kind, share, PG_GETARG_INT64(2) - PG_GETARG_INT64(1));
	PG_RETURN_FLOAT8((double) share / SHARE_WHOLE);
}
