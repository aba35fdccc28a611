/*
 * inputs.c
 *	  Reads the arguments of stored inputs by the reducer's description.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "compat.h"
#include "reducers/args.h"
#include "reducers/inputs.h"

pg_noreturn static void
refuse_member(const char *member, const char *expected)
{
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
			errmsg("an input has no member \"%s\" that is %s", member, expected),
			errdetail("npcsim stores it so."), errhint("Were rows of npcsim.world_inputs written by hand?"));
}

/* Returns NULL if the member is absent. */
static JsonbValue *
find_member(Jsonb *payload, const char *member)
{
	return getKeyJsonValueFromContainer(&payload->root, member, (int) strlen(member), NULL);
}

static JsonbValue *
require_member(Jsonb *payload, const char *member, enum jbvType type, const char *expected)
{
	JsonbValue *value = find_member(payload, member);

	if (value == NULL || value->type != type)
		refuse_member(member, expected);
	return value;
}

static int64
whole_number(const char *member, const JsonbValue *value, int64 low, int64 high)
{
	Datum number;

	if (value->type != jbvNumeric)
		refuse_member(member, "a number");
	number = NumericGetDatum(value->val.numeric);
	if (!DatumGetBool(DirectFunctionCall2(numeric_ge, number, NumericGetDatum(int64_to_numeric(low)))) ||
		!DatumGetBool(DirectFunctionCall2(numeric_le, number, NumericGetDatum(int64_to_numeric(high)))))
		refuse_member(member, "a number within its range");
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
}

static int64
get_number(Jsonb *payload, const char *member, int64 low, int64 high)
{
	return whole_number(member, require_member(payload, member, jbvNumeric, "a number"), low, high);
}

/* Whether the input has no value, null or none, for an argument that may be missing. */
static bool
is_none(const Argument *argument, const char *name, Jsonb *payload)
{
	const JsonbValue *value = find_member(payload, name);

	if (value == NULL)
		return argument->optional || argument->can_be_absent || argument->has_default;
	return argument->optional && value->type == jbvNull;
}

/* Returns the least number that an input may have: a number that was not given may be stored as 0. */
static int64
least_of(const Argument *argument)
{
	return argument->stored_as_null ? Min(argument->low, 0) : argument->low;
}

static char *
text_of(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static JsonbContainer *
require_array(Jsonb *payload, const char *member, int *count)
{
	JsonbContainer *array = require_member(payload, member, jbvBinary, "an array")->val.binary.data;

	if (!JsonContainerIsArray(array))
		refuse_member(member, "an array");
	*count = (int) JsonContainerSize(array);
	return array;
}

static TextList
get_texts(Jsonb *payload, const char *member)
{
	TextList		list;
	JsonbContainer *array = require_array(payload, member, &list.count);

	list.texts = palloc((list.count + 1) * sizeof(char *));
	for (int i = 0; i < list.count; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(array, i);

		if (value->type != jbvString)
			refuse_member(member, "an array of texts");
		list.texts[i] = text_of(value);
	}
	return list;
}

static NumberList
get_numbers(Jsonb *payload, const char *member, int64 low, int64 high)
{
	int				count;
	JsonbContainer *array = require_array(payload, member, &count);
	int64		   *numbers = palloc((count + 1) * sizeof(int64));

	for (int i = 0; i < count; i++)
		numbers[i] = whole_number(member, getIthJsonbValueFromContainer(array, i), low, high);
	return (NumberList) {.numbers = numbers, .count = count};
}

static void
read_argument(const Argument *argument, const char *name, Jsonb *payload, void *arguments)
{
	void *member = argument_in(argument, arguments);

	switch (argument->type)
	{
		case ARGUMENT_ID:
		case ARGUMENT_CALLER:
			*(int64 *) member = get_number(payload, name, 1, ID_MAX);
			break;
		case ARGUMENT_NUMBER:
		case ARGUMENT_SCALED:
			argument_set_number(argument, arguments,
								get_number(payload, name, least_of(argument), argument->high));
			break;
		case ARGUMENT_COORDINATE:
			argument_set_number(argument, arguments, get_number(payload, name, 0, WORLD_CELLS_MAX));
			break;
		case ARGUMENT_DECIMAL:
			elog(ERROR, "no input has arguments like \"%s\"", name);
		case ARGUMENT_FLAG:
			*(bool *) member = require_member(payload, name, jbvBool, "true or false")->val.boolean;
			break;
		case ARGUMENT_TEXT:
		case ARGUMENT_WORD:
			*(char **) member = text_of(require_member(payload, name, jbvString, "a text"));
			break;
		case ARGUMENT_TEXTS:
			*(TextList *) member = get_texts(payload, name);
			break;
		case ARGUMENT_IDS:
			*(NumberList *) member = get_numbers(payload, name, 1, ID_MAX);
			break;
		case ARGUMENT_COUNTS:
			*(NumberList *) member = get_numbers(payload, name, 0, PG_INT32_MAX);
			break;
		case ARGUMENT_OBJECT:
			*(Jsonb **) member = JsonbValueToJsonb(require_member(payload, name, jbvBinary, "an object"));
			break;
		case ARGUMENT_MEMBERS:
			*(Jsonb **) member = payload;
			break;
	}
}

void
input_read(const Reducer *reducer, Jsonb *payload, void *arguments)
{
	arguments_set_defaults(reducer, arguments);
	for (int i = 0; i < reducer->argument_count; i++)
	{
		const Argument *argument = &reducer->arguments[i];
		const char	   *name = argument->stored_name != NULL ? argument->stored_name : argument->name;

		if (argument->place != ARGUMENT_GIVEN && !is_none(argument, name, payload))
			read_argument(argument, name, payload, arguments);
	}
}
