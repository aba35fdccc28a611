/*
 * reducer.c
 *	  Writes a reducer's arguments as the stored input, by their description.
 */
#include "postgres.h"

#include <math.h>

#include "utils/fmgrprotos.h"


#include "json.h"
#include "numbers.h"
#include "reducer.h"

int64
argument_number(const Argument *argument, const void *arguments)
{
	return number_at(argument_in(argument, arguments), argument->width);
}

void
argument_set_number(const Argument *argument, void *arguments, int64 number)
{
	number_put(argument_in(argument, arguments), argument->width, number);
}

void
argument_set_scaled(const Argument *argument, void *arguments, double number)
{
	argument_set_number(argument, arguments, (int64) rint(number * argument->scale));
}

static void
set_default(const Argument *argument, void *arguments)
{
	void *member = argument_in(argument, arguments);

	switch (argument->type)
	{
		case ARGUMENT_NUMBER:
		case ARGUMENT_SCALED:
			argument_set_number(argument, arguments, argument->default_number);
			break;
		case ARGUMENT_FLAG:
			*(bool *) member = argument->default_number != 0;
			break;
		case ARGUMENT_TEXT:
		case ARGUMENT_WORD:
			*(const char **) member = argument->default_text;
			break;
		case ARGUMENT_OBJECT:
			*(Jsonb **) member =
				DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(argument->default_text)));
			break;
		case ARGUMENT_OF_NO_COLUMN:
			elog(ERROR, "no argument like \"%s\" has a default", argument->name);
	}
}

void
arguments_set_defaults(const Reducer *reducer, void *arguments)
{
	for (int i = 0; i < reducer->argument_count; i++)
		if (reducer->arguments[i].has_default)
			set_default(&reducer->arguments[i], arguments);
}

static void
append_name(StringInfo payload, const char *name)
{
	if (payload->len > 1)
		appendStringInfoChar(payload, ',');
	json_string(payload, name);
	appendStringInfoChar(payload, ':');
}

static void
append_texts(StringInfo payload, const TextList *list)
{
	appendStringInfoChar(payload, '[');
	for (int i = 0; i < list->count; i++)
	{
		if (i > 0)
			appendStringInfoChar(payload, ',');
		json_string(payload, list->texts[i]);
	}
	appendStringInfoChar(payload, ']');
}

static void
append_members(StringInfo payload, Jsonb *object)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue		   value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			append_name(payload, pnstrdup(value.val.string.val, value.val.string.len));
		else if (token == WJB_VALUE)
			json_jsonb(payload, JsonbValueToJsonb(&value));
	}
}

/* Whether the caller gave no value: the member is 0 or NULL. */
static bool
is_none(const Argument *argument, const void *arguments)
{
	const void *member = argument_in(argument, arguments);

	switch (argument->type)
	{
		case ARGUMENT_ID:
		case ARGUMENT_CALLER:
		case ARGUMENT_NUMBER:
		case ARGUMENT_COORDINATE:
		case ARGUMENT_SCALED:
			return argument_number(argument, arguments) == 0;
		case ARGUMENT_DECIMAL:
			return *(const double *) member == 0;
		case ARGUMENT_FLAG:
			return !*(const bool *) member;
		case ARGUMENT_TEXT:
		case ARGUMENT_WORD:
		case ARGUMENT_TEXTS:
		case ARGUMENT_IDS:
		case ARGUMENT_COUNTS:
		case ARGUMENT_OBJECT:
		case ARGUMENT_MEMBERS:
			/* A list begins with its pointer. */
			return *(const void *const *) member == NULL;
	}
	pg_unreachable();
}

static bool
is_stored(const Argument *argument, const void *arguments)
{
	if (argument->place == ARGUMENT_GIVEN)
		return false;
	return !(argument->can_be_absent || (argument->optional && !argument->stored_as_null)) ||
		   !is_none(argument, arguments);
}

static void
append_argument(StringInfo payload, const Argument *argument, const void *arguments)
{
	const void *member = argument_in(argument, arguments);

	if (!is_stored(argument, arguments))
		return;
	if (argument->type != ARGUMENT_MEMBERS)
		append_name(payload, argument->stored_name != NULL ? argument->stored_name : argument->name);
	switch (argument->type)
	{
		case ARGUMENT_ID:
		case ARGUMENT_CALLER:
			json_id(payload, *(const int64 *) member);
			break;
		case ARGUMENT_NUMBER:
		case ARGUMENT_COORDINATE:
		case ARGUMENT_SCALED:
			json_int64(payload, argument_number(argument, arguments));
			break;
		case ARGUMENT_DECIMAL:
			elog(ERROR, "no input has arguments like \"%s\"", argument->name);
		case ARGUMENT_FLAG:
			json_bool(payload, *(const bool *) member);
			break;
		case ARGUMENT_TEXT:
		case ARGUMENT_WORD:
			json_string(payload, *(const char *const *) member);
			break;
		case ARGUMENT_TEXTS:
			append_texts(payload, member);
			break;
		case ARGUMENT_IDS:
		case ARGUMENT_COUNTS:
			json_ids(payload, ((const NumberList *) member)->numbers, ((const NumberList *) member)->count);
			break;
		case ARGUMENT_OBJECT:
			json_jsonb(payload, *(Jsonb *const *) member);
			break;
		case ARGUMENT_MEMBERS:
			append_members(payload, *(Jsonb *const *) member);
			break;
	}
}

char *
reducer_payload(const Reducer *reducer, const void *arguments)
{
	StringInfoData payload;

	initStringInfo(&payload);
	appendStringInfoChar(&payload, '{');
	for (int i = 0; i < reducer->argument_count; i++)
		append_argument(&payload, &reducer->arguments[i], arguments);
	appendStringInfoChar(&payload, '}');
	return payload.data;
}
