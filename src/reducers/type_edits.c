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
#include "reducers/reducers.h"
#include "reducers/type_edits.h"
#include "tables/type_json.h"

const Argument named_type_arguments[] = {
	TEXT_ARGUMENT(NamedType, name, TYPE_NAME_SIZE - 1),
};

void
check_type_name(const char *name, const char *what)
{
	if (!type_name_valid(name))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid name of an %s type", what),
				errdetail("It is \"%s\".", name),
				errhint("A letter a to z, then up to %d of a to z, 0 to 9 and _.", TYPE_NAME_SIZE - 2));
}

void
check_text_or_empty(const char *text, const char *column, int max_chars)
{
	if (text[0] != '\0')
		check_text(text, column, max_chars);
}

void
leave_image(WorldLock *lock)
{
	if (lock->image != NULL)
		world_write(lock->image);
	world_forget(lock->world_id);
}

void
refuse_used_type(int64 world_id, const char *name, const char *detail, const char *hint)
{
	ereport(ERROR, errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			errmsg("type \"%s\" of world %lld is in use", name, (long long) world_id),
			errdetail("%s", detail), errhint("%s", hint));
}

const char *
text_written(const Edit *edit, const char *column, const char *if_null)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return isnull ? if_null : TextDatumGetCString(value);
}

int32
number_written(const Edit *edit, const char *column, int32 if_null)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	return isnull ? if_null : DatumGetInt32(value);
}

/* ---- a row of the view ---- */

/* Raises 23505 if the view has a type of the name. */
static void
refuse_duplicate(const TypeFamily *family, int64 world_id, const char *name)
{
	uint64 rows;

	spi_begin();
	rows = spi_run_limit(family->now, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name)}, NULL,
						 SPI_OK_SELECT, 1);
	spi_end();
	if (rows > 0)
		ereport(
			ERROR, errcode(ERRCODE_UNIQUE_VIOLATION),
			errmsg("world %lld already has an %s type \"%s\"", (long long) world_id, family->what, name),
			errdetail("Names of types are unique in a world."),
			errhint("Choose another name, or UPDATE npcsim.%s_types … WHERE world_id = %lld AND name = %s.",
					family->what, (long long) world_id, quote_literal_cstr(name)));
}

/* Returns false if the row is gone; raises 40001 if it differs from what was read. */
static bool
is_as_read(const Edit *edit, const TypeFamily *family, int64 world_id, const char *name)
{
	bool found;

	spi_begin();
	found = spi_run(family->now, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name)}, NULL,
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

/* Returns the lock of the world of a view's row, and the row's name, which whoever defines the type checks. */
static WorldLock *
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

/* Raises an error if a row's name or world is written: other rows refer to the type by them. */
static void
refuse_renaming(const Edit *edit, const char *what)
{
	if (edit_writes(edit, "world_id") || edit_writes(edit, "name"))
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("an %s type keeps its name and its world", what),
				errdetail("\"world_id\" and \"name\" are its identity."),
				errhint("INSERT a type of the new name."));
}

static void
take_number(const Argument *argument, Datum value, void *arguments)
{
	argument_set_number(argument, arguments,
						argument->width == sizeof(int64) ? DatumGetInt64(value) : DatumGetInt32(value));
}

/* Takes a number with decimals in parts, of which argument->scale are 1. */
static void
take_scaled(const Argument *argument, double value, void *arguments)
{
	check_float8(value, argument->name, argument_low(argument), argument_high(argument), argument->unit);
	argument_set_scaled(argument, arguments, value);
}

/* Takes a value as it is: whoever defines the type checks it. */
static void
take_value(const Argument *argument, Datum value, void *arguments)
{
	void *member = argument_in(argument, arguments);

	switch (argument->type)
	{
		case ARGUMENT_NUMBER:
			take_number(argument, value, arguments);
			break;
		case ARGUMENT_SCALED:
			take_scaled(argument, DatumGetFloat8(value), arguments);
			break;
		case ARGUMENT_FLAG:
			*(bool *) member = DatumGetBool(value);
			break;
		case ARGUMENT_TEXT:
		case ARGUMENT_WORD:
			*(char **) member = TextDatumGetCString(value);
			break;
		case ARGUMENT_OBJECT:
			*(Jsonb **) member = DatumGetJsonbP(value);
			break;
		case ARGUMENT_OF_NO_COLUMN:
			elog(ERROR, "no type has columns like \"%s\"", argument->name);
	}
}

/* Takes what is written. What is NULL keeps its default; raises 22004 if it has none. */
static void
take_written(const Edit *edit, const Reducer *define, void *definition)
{
	for (int i = 0; i < define->argument_count; i++)
	{
		const Argument *argument = &define->arguments[i];
		bool			isnull;

		edit_new(edit, argument->name, &isnull);
		if (!isnull || !(argument->optional || argument->has_default))
			take_value(argument, edit_value(edit, argument->name), definition);
	}
}

static Datum
number_of(const Argument *argument, const void *definition)
{
	int64 number = argument_number(argument, definition);

	if (argument->type == ARGUMENT_SCALED)
		return Float8GetDatum((double) number / argument->scale);
	return argument->width == sizeof(int64) ? Int64GetDatum(number) : Int32GetDatum((int32) number);
}

/* Returns what take_value() would take. */
static Datum
value_of(const Argument *argument, const void *definition)
{
	const void *member = argument_in(argument, definition);

	switch (argument->type)
	{
		case ARGUMENT_NUMBER:
		case ARGUMENT_SCALED:
			return number_of(argument, definition);
		case ARGUMENT_FLAG:
			return BoolGetDatum(*(const bool *) member);
		case ARGUMENT_TEXT:
		case ARGUMENT_WORD:
			return CStringGetTextDatum(*(const char *const *) member);
		case ARGUMENT_OBJECT:
			return JsonbPGetDatum(*(Jsonb *const *) member);
		case ARGUMENT_OF_NO_COLUMN:
			break;
	}
	elog(ERROR, "no type has columns like \"%s\"", argument->name);
}

/* Shows the defaults of what was NULL. */
static void
show_defaults(Edit *edit, const Reducer *define, const void *definition)
{
	for (int i = 0; i < define->argument_count; i++)
	{
		const Argument *argument = &define->arguments[i];
		bool			isnull;

		edit_new(edit, argument->name, &isnull);
		if (isnull && argument->has_default)
			edit_show(edit, argument->name, value_of(argument, definition));
	}
}

static void
define_written(Edit *edit, WorldLock *lock, const TypeFamily *family)
{
	void *definition = palloc0(family->define->size);

	edit_groups(edit, family->columns, family->column_count);
	arguments_set_defaults(family->define, definition);
	if (family->set_defaults != NULL)
		family->set_defaults(edit, definition);
	take_written(edit, family->define, definition);
	reducer_run(lock, family->define, definition, NULL);
	show_defaults(edit, family->define, definition);
	if (family->show != NULL)
		family->show(edit, definition);
}

Datum
type_edit(FunctionCallInfo fcinfo, const TypeFamily *family)
{
	Edit	   edit;
	char	  *name;
	WorldLock *lock;

	edit_begin(&edit, fcinfo);
	lock = edited_type(&edit, &name);
	edit_touch(lock);
	if (edit.kind == EDIT_INSERT)
		refuse_duplicate(family, lock->world_id, name);
	else if (!is_as_read(&edit, family, lock->world_id, name))
		return PointerGetDatum(NULL);
	if (edit.kind == EDIT_DELETE)
	{
		family->refuse_used(lock->world_id, name);
		reducer_run(lock, family->delete_, &(NamedType) {.name = name}, NULL);
		return edit_end(&edit);
	}
	if (edit.kind == EDIT_UPDATE)
		refuse_renaming(&edit, family->what);
	define_written(&edit, lock, family);
	return edit_end(&edit);
}
