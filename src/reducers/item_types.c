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
#include "reducers/inputs.h"
#include "reducers/item_types.h"
#include "reducers/type_edits.h"
#include "spi.h"
#include "tables/item_kinds.h"
#include "tables/kind_rows.h"

PG_FUNCTION_INFO_V1(npcsim_define_item_type);
PG_FUNCTION_INFO_V1(npcsim_edit_item_types);

static SpiStatement item_type_now = {"SELECT * FROM npcsim.item_types WHERE world_id = $1 AND name = $2",
									 2,
									 {INT8OID, TEXTOID}};

void
item_type_define(WorldLock *lock, const char *name, Jsonb *item_components, const char *description)
{
	ItemKind kind;

	check_type_name(name, "item");
	check_type_description(description);
	item_kind_from_jsonb(item_components, &kind);
	leave_image(lock);
	item_type_row_write(lock->world_id, name, description, item_components);
	world_changed(lock, CHANGE_ITEM_TYPES, 0);
	input_begin(lock, "define_item_type");
	input_text("name", name);
	input_jsonb("components", item_components);
	input_text("description", description);
	input_end();
}

void
item_type_delete(WorldLock *lock, const char *name)
{
	leave_image(lock);
	item_type_row_delete(lock->world_id, name);
	world_changed(lock, CHANGE_ITEM_TYPES, 0);
	input_begin(lock, "delete_item_type");
	input_text("name", name);
	input_end();
}

/* define_item_type(world_id, name, components, description): new or changed */
Datum
npcsim_define_item_type(PG_FUNCTION_ARGS)
{
	int64	   world_id = arg_id(fcinfo, 0, "world_id");
	char	  *name = arg_text(fcinfo, 1, "name", KIND_NAME_SIZE - 1);
	Jsonb	  *item_components = arg_object(fcinfo, 2, "components");
	WorldLock *lock;

	arg_not_null(fcinfo, 3, "description");
	lock = world_lock(world_id, WORLD_WAIT);
	item_type_define(lock, name, item_components, text_to_cstring(PG_GETARG_TEXT_PP(3)));
	world_flush(lock);
	PG_RETURN_VOID();
}

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
		item_type_delete(lock, name);
		return edit_end(&edit);
	}
	if (edit.kind == EDIT_UPDATE)
		refuse_type_renaming(&edit, "item");
	edit_groups(&edit, item_type_columns, lengthof(item_type_columns));
	item_type_define(lock, name, DatumGetJsonbP(edit_value(&edit, "components")),
					 text_written(&edit, "description", ""));
	if (!edit_writes(&edit, "description"))
		edit_show(&edit, "description", CStringGetTextDatum(text_written(&edit, "description", "")));
	return edit_end(&edit);
}
