/*
 * type_edits.c
 *	  What the reducers of item types and of interaction types share.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/args.h"
#include "reducers/type_edits.h"
#include "tables/type_json.h"

#define DESCRIPTION_MAX_CHARS 500

void
check_type_name(const char *name, const char *what)
{
	if (!type_name_valid(name))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid name of an %s type", what),
				errdetail("It is \"%s\".", name),
				errhint("A letter a to z, then up to %d of a to z, 0 to 9 and _.", TYPE_NAME_SIZE - 2));
}

void
check_type_description(const char *description)
{
	if (description[0] != '\0')
		check_text(description, "description", DESCRIPTION_MAX_CHARS);
}

void
leave_image(WorldLock *lock)
{
	if (lock->image != NULL)
		world_write(lock->image);
	world_forget(lock->world_id);
}

void
refuse_duplicate_type(SpiStatement *now, int64 world_id, const char *name, const char *what)
{
	uint64 rows;

	spi_begin();
	rows = spi_run_limit(now, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name)}, NULL,
						 SPI_OK_SELECT, 1);
	spi_end();
	if (rows > 0)
		ereport(
			ERROR, errcode(ERRCODE_UNIQUE_VIOLATION),
			errmsg("world %lld already has an %s type \"%s\"", (long long) world_id, what, name),
			errdetail("Names of types are unique in a world."),
			errhint("Choose another name, or UPDATE npcsim.%s_types … WHERE world_id = %lld AND name = %s.",
					what, (long long) world_id, quote_literal_cstr(name)));
}

bool
type_is_as_read(const Edit *edit, SpiStatement *now, int64 world_id, const char *name)
{
	bool found;

	spi_begin();
	found = spi_run(now, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name)}, NULL,
					SPI_OK_SELECT) == 1;
	for (int i = 0; found && i < edit->desc->natts; i++)
	{
		Oid	  output;
		bool  varlena;
		bool  was_null;
		bool  is_null;
		Datum was = heap_getattr(edit->old, i + 1, edit->desc, &was_null);
		Datum is = spi_datum(0, i + 1, &is_null);

		getTypeOutputInfo(TupleDescAttr(edit->desc, i)->atttypid, &output, &varlena);
		if (was_null != is_null ||
			(!was_null && strcmp(OidOutputFunctionCall(output, was), OidOutputFunctionCall(output, is)) != 0))
			ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("type \"%s\" has changed since it was read", name),
					errdetail("Its \"%s\" is another now.", NameStr(TupleDescAttr(edit->desc, i)->attname)),
					errhint("Try again."));
	}
	spi_end();
	return found;
}

void
refuse_used_type(int64 world_id, const char *name, const char *detail, const char *hint)
{
	ereport(ERROR, errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			errmsg("type \"%s\" of world %lld is in use", name, (long long) world_id),
			errdetail("%s", detail), errhint("%s", hint));
}

WorldLock *
edited_type(const Edit *edit, char **name)
{
	int64 world_id;
	bool  isnull;

	if (edit->kind == EDIT_INSERT)
	{
		world_id = DatumGetInt64(edit_value(edit, "world_id"));
		check_id(world_id, "world_id");
		*name = edit_text(edit, "name");
	}
	else
	{
		world_id = edit_old_int64(edit, "world_id");
		*name = TextDatumGetCString(edit_old(edit, "name", &isnull));
	}
	return world_lock(world_id, WORLD_WAIT);
}

char *
text_written(const Edit *edit, const char *column, char *if_null)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return isnull ? if_null : TextDatumGetCString(value);
}

Jsonb *
object_written(const Edit *edit, const char *column)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return DatumGetJsonbP(isnull ? DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")) : value);
}

bool
flag_written(const Edit *edit, const char *column, bool if_null)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return isnull ? if_null : DatumGetBool(value);
}

int32
number_written(const Edit *edit, const char *column, int32 if_null)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return isnull ? if_null : DatumGetInt32(value);
}

void
refuse_type_renaming(const Edit *edit, const char *what)
{
	if (edit_writes(edit, "world_id") || edit_writes(edit, "name"))
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("an %s type keeps its name and its world", what),
				errdetail("\"world_id\" and \"name\" are its identity."),
				errhint("INSERT a type of the new name."));
}
