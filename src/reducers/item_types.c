/*
 * item_types.c
 *	  The reducers of item types, define_item_type and delete_item_type, and the view item_types.
 *
 * A type is data: it is checked here, once, and again by the CHECK constraints of the table. Every
 * image of the world is loaded anew, since everything in it points to types.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "reducers/args.h"
#include "reducers/edits.h"
#include "reducers/reducers.h"
#include "reducers/type_edits.h"
#include "spi.h"
#include "tables/item_types.h"
#include "tables/type_definitions.h"

PG_FUNCTION_INFO_V1(npcsim_edit_item_types);

static SpiStatement item_type_now = {"SELECT * FROM npcsim.item_types WHERE world_id = $1 AND name = $2",
									 2,
									 {INT8OID, TEXTOID}};

static const Argument define_item_type_arguments[] = {
	TEXT_ARGUMENT(ItemTypeRow, name, TYPE_NAME_SIZE - 1),
	OBJECT_ARGUMENT(ItemTypeRow, components),
	TEXT_ARGUMENT(ItemTypeRow, description, 0, .has_default = true, .default_text = ""),
};

/* Defines a new type, or redefines one. */
static bool
define_item_type(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const ItemTypeRow *define = arguments;
	ItemType		   type;
	SubTransactionId   outer;

	check_type_name(define->name, "item");
	check_text_or_empty(define->description, "description", DESCRIPTION_MAX_CHARS);
	item_type_from_jsonb(define->components, &type);
	leave_image(lock);
	outer = world_begin_writing(lock);
	item_type_row_write(lock->world_id, define);
	world_end_writing(lock, outer);
	/*
	 * The image is loaded before world_changed(), since loading it flushes, and a change without its input
	 * would then be an error.
	 */
	if (item_timed_part(&type) != NULL)
		world_renew_items(world_image(lock), define->name);
	world_changed(lock, CHANGE_ITEM_TYPES, 0);
	return true;
}

const Reducer reducer_define_item_type = {
	WORLD_REDUCER(define_item_type, define_item_type),
	REDUCER_ARGUMENTS(ItemTypeRow, define_item_type_arguments),
};

REDUCER_FUNCTION(define_item_type);

static bool
delete_item_type(WorldLock *lock, void *arguments, ReducerResult *result)
{
	SubTransactionId outer;

	leave_image(lock);
	outer = world_begin_writing(lock);
	item_type_row_delete(lock->world_id, ((const NamedType *) arguments)->name);
	world_end_writing(lock, outer);
	world_changed(lock, CHANGE_ITEM_TYPES, 0);
	return true;
}

const Reducer reducer_delete_item_type = {
	WORLD_REDUCER(delete_item_type, delete_item_type),
	REDUCER_ARGUMENTS(NamedType, named_type_arguments),
};

static const EditColumn item_type_columns[] = {
	{"world_id", 0, NULL},
	{"name", 0, NULL},
	{"description", 0, NULL},
	{"components", 0, NULL},
};

static void
refuse_used(int64 world_id, const char *name)
{
	if (item_type_has_items(world_id, name))
		refuse_used_type(
			world_id, name, "There are items of it.",
			psprintf("Remove them first: DELETE FROM npcsim.world_items WHERE world_id = %lld AND "
					 "item_type = %s;",
					 (long long) world_id, quote_literal_cstr(name)));
	if (item_type_is_awaited(world_id, name))
		refuse_used_type(
			world_id, name, "Items of it were used up and will come back.",
			"Remove them when they are back. Those of a type without \"respawn\" in its components do not "
			"come back.");
}

static const TypeFamily item_types = {.what = "item",
									  .now = &item_type_now,
									  .columns = item_type_columns,
									  .column_count = lengthof(item_type_columns),
									  .define = &reducer_define_item_type,
									  .delete_ = &reducer_delete_item_type,
									  .refuse_used = refuse_used};

/* INSTEAD OF INSERT OR UPDATE OR DELETE trigger of item_types. */
Datum
npcsim_edit_item_types(PG_FUNCTION_ARGS)
{
	return type_edit(fcinfo, &item_types);
}
