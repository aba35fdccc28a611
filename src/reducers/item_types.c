/*
 * item_types.c
 *	  Types of items: define_item_type and the view item_types.
 *
 * A type is data: what it says is checked here, once, and again by the CHECKs of
 * the table. Whoever has an image of the world loads it anew, since everything in it
 * points to kinds.
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

typedef struct DefineItemType
{
	const char *name;
	Jsonb	   *components;
	const char *description;
} DefineItemType;

static const Argument define_item_type_arguments[] = {
	TEXT_ARGUMENT(DefineItemType, name, TYPE_NAME_SIZE - 1),
	OBJECT_ARGUMENT(DefineItemType, components),
	TEXT_ARGUMENT(DefineItemType, description, 0),
};

/* New or changed. */
static bool
define_item_type(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const DefineItemType *define = arguments;
	ItemType			  type;

	check_type_name(define->name, "item");
	check_type_description(define->description);
	item_type_from_jsonb(define->components, &type);
	leave_image(lock);
	item_type_row_write(lock->world_id, define->name, define->description, define->components);
	/* an image is loaded before there is a change that its input does not tell of yet */
	if (item_timed_part(&type) != NULL)
		world_renew_items(world_image(lock), define->name);
	world_changed(lock, CHANGE_ITEM_TYPES, 0);
	return true;
}

const Reducer reducer_define_item_type = {
	WORLD_REDUCER(define_item_type, define_item_type),
	REDUCER_ARGUMENTS(DefineItemType, define_item_type_arguments),
};

REDUCER_FUNCTION(define_item_type);

typedef struct DeleteItemType
{
	const char *name;
} DeleteItemType;

static const Argument delete_item_type_arguments[] = {
	TEXT_ARGUMENT(DeleteItemType, name, TYPE_NAME_SIZE - 1),
};

static bool
delete_item_type(WorldLock *lock, void *arguments, ReducerResult *result)
{
	leave_image(lock);
	item_type_row_delete(lock->world_id, ((const DeleteItemType *) arguments)->name);
	world_changed(lock, CHANGE_ITEM_TYPES, 0);
	return true;
}

const Reducer reducer_delete_item_type = {
	WORLD_REDUCER(delete_item_type, delete_item_type),
	REDUCER_ARGUMENTS(DeleteItemType, delete_item_type_arguments),
};

static const EditColumn item_type_columns[] = {
	{"world_id", 0, NULL},
	{"name", 0, NULL},
	{"description", 0, NULL},
	{"components", 0, NULL},
};

/* INSTEAD OF INSERT OR UPDATE OR DELETE ON item_types */
Datum
npcsim_edit_item_types(PG_FUNCTION_ARGS)
{
	Edit	   edit;
	char	  *name;
	WorldLock *lock;

	edit_begin(&edit, fcinfo);
	lock = edited_type(&edit, &name);
	edit_touch(lock);
	if (edit.kind == EDIT_INSERT)
		refuse_duplicate_type(&item_type_now, lock->world_id, name, "item");
	else if (!type_is_as_read(&edit, &item_type_now, lock->world_id, name))
		return PointerGetDatum(NULL);
	if (edit.kind == EDIT_DELETE)
	{
		if (item_type_has_items(lock->world_id, name))
			refuse_used_type(
				lock->world_id, name, "There are items of it.",
				psprintf("Remove them first: DELETE FROM npcsim.world_items WHERE world_id = %lld AND "
						 "item_type = %s;",
						 (long long) lock->world_id, quote_literal_cstr(name)));
		if (item_type_is_awaited(lock->world_id, name))
			refuse_used_type(
				lock->world_id, name, "Items of it were used up and will come back.",
				"Remove them when they are back. Those of a type without \"respawn\" in its components "
				"do not come "
				"back.");
		reducer_run(lock, &reducer_delete_item_type, &(DeleteItemType) {.name = name}, NULL);
		return edit_end(&edit);
	}
	if (edit.kind == EDIT_UPDATE)
		refuse_type_renaming(&edit, "item");
	edit_groups(&edit, item_type_columns, lengthof(item_type_columns));
	reducer_run(lock, &reducer_define_item_type,
				&(DefineItemType) {.name = name,
								   .components = DatumGetJsonbP(edit_value(&edit, "components")),
								   .description = text_written(&edit, "description", "")},
				NULL);
	if (!edit_writes(&edit, "description"))
		edit_show(&edit, "description", CStringGetTextDatum(text_written(&edit, "description", "")));
	return edit_end(&edit);
}
