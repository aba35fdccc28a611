/*
 * inputs.c
 *	  What comes from outside, as a row of world_inputs: built, and read again, member by member.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "compat.h"
#include "json.h"
#include "reducers/args.h"
#include "reducers/inputs.h"

static struct
{
	WorldLock	  *lock;
	const char	  *kind;
	StringInfoData payload;
} input;

void
input_begin(WorldLock *lock, const char *kind)
{
	input.lock = lock;
	input.kind = kind;
	initStringInfo(&input.payload); /* in the caller's memory context */
	appendStringInfoChar(&input.payload, '{');
}

static char *
text_of(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static void
append_member(const char *member)
{
	Assert(input.lock != NULL);
	if (input.payload.len > 1)
		appendStringInfoChar(&input.payload, ',');
	json_string(&input.payload, member);
	appendStringInfoChar(&input.payload, ':');
}

void
input_number(const char *member, int64 value)
{
	append_member(member);
	json_int64(&input.payload, value);
}

void
input_id(const char *member, int64 id)
{
	append_member(member);
	json_id(&input.payload, id);
}

void
input_flag(const char *member, bool value)
{
	append_member(member);
	json_bool(&input.payload, value);
}

void
input_text(const char *member, const char *value)
{
	append_member(member);
	json_string(&input.payload, value);
}

void
input_texts(const char *member, char *const *values, int count)
{
	append_member(member);
	appendStringInfoChar(&input.payload, '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&input.payload, ',');
		json_string(&input.payload, values[i]);
	}
	appendStringInfoChar(&input.payload, ']');
}

void
input_ids(const char *member, const int64 *ids, int count)
{
	append_member(member);
	json_ids(&input.payload, ids, count);
}

void
input_jsonb(const char *member, Jsonb *value)
{
	append_member(member);
	json_jsonb(&input.payload, value);
}

void
input_members(Jsonb *object)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue		   value;
	char			  *member = NULL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			member = text_of(&value);
		else if (token == WJB_VALUE)
			input_jsonb(member, JsonbValueToJsonb(&value));
	}
}

void
input_end(void)
{
	appendStringInfoChar(&input.payload, '}');
	world_input(input.lock, input.kind, input.payload.data);
	pfree(input.payload.data);
	input.lock = NULL;
}

/* ---- reading ---- */

pg_noreturn static void
refuse_member(const char *member, const char *expected)
{
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
			errmsg("an input has no member \"%s\" that is %s", member, expected),
			errdetail("npcsim stores it so."), errhint("Were rows of npcsim.world_inputs written by hand?"));
}

/* NULL when the member is absent. */
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

int64
input_get_number(Jsonb *payload, const char *member, int64 low, int64 high)
{
	return whole_number(member, require_member(payload, member, jbvNumeric, "a number"), low, high);
}

int64
input_get_id(Jsonb *payload, const char *member)
{
	JsonbValue *value = find_member(payload, member);

	if (value != NULL && value->type == jbvNull)
		return 0;
	return input_get_number(payload, member, 1, ID_MAX);
}

bool
input_has(Jsonb *payload, const char *member)
{
	return find_member(payload, member) != NULL;
}

bool
input_get_flag(Jsonb *payload, const char *member)
{
	return require_member(payload, member, jbvBool, "true or false")->val.boolean;
}

char *
input_get_text(Jsonb *payload, const char *member)
{
	JsonbValue *value = find_member(payload, member);

	if (value != NULL && value->type == jbvNull)
		return NULL;
	return text_of(require_member(payload, member, jbvString, "a text"));
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

char **
input_get_texts(Jsonb *payload, const char *member, int *count)
{
	JsonbContainer *array = require_array(payload, member, count);
	char		  **texts = palloc((*count + 1) * sizeof(char *));

	for (int i = 0; i < *count; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(array, i);

		if (value->type != jbvString)
			refuse_member(member, "an array of texts");
		texts[i] = text_of(value);
	}
	return texts;
}

static int64 *
get_numbers(Jsonb *payload, const char *member, int64 low, int64 high, int *count)
{
	JsonbContainer *array = require_array(payload, member, count);
	int64		   *numbers = palloc((*count + 1) * sizeof(int64));

	for (int i = 0; i < *count; i++)
		numbers[i] = whole_number(member, getIthJsonbValueFromContainer(array, i), low, high);
	return numbers;
}

int64 *
input_get_ids(Jsonb *payload, const char *member, int *count)
{
	return get_numbers(payload, member, 1, ID_MAX, count);
}

int64 *
input_get_counts(Jsonb *payload, const char *member, int *count)
{
	return get_numbers(payload, member, 0, PG_INT32_MAX, count);
}

Jsonb *
input_get_jsonb(Jsonb *payload, const char *member)
{
	JsonbValue *value = find_member(payload, member);

	return value != NULL ? JsonbValueToJsonb(value) : NULL;
}
