/*
 * decision_json.c
 *	  Reads the members of one action of a decision from jsonb.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "engine/decision_json.h"
#include "errors.h"
#include "sim/sim.h"
#include "tables/interaction_types.h"

#define ID_DIGITS_MAX 16

Refusal
unreadable(const char *reason)
{
	return refuse(ERRCODE_NS_BAD_DECISION, reason);
}

JsonbValue *
told_member(JsonbContainer *object, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), NULL);
	JsonbValue *parameters;

	if (value == NULL)
	{
		parameters = getKeyJsonValueFromContainer(object, "parameters", strlen("parameters"), NULL);
		if (parameters != NULL && parameters->type == jbvBinary &&
			JsonContainerIsObject(parameters->val.binary.data))
			value = getKeyJsonValueFromContainer(parameters->val.binary.data, name, strlen(name), NULL);
	}
	return value == NULL || value->type == jbvNull ? NULL : value;
}

JsonbValue *
told_parameters(JsonbContainer *object)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, "parameters", strlen("parameters"), NULL);

	return value != NULL && value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data) ? value
																									  : NULL;
}

bool
told_whole_number(const JsonbValue *value, int64 *number)
{
	const char *text;
	char	   *end;

	if (value == NULL)
		return false;
	if (value->type == jbvNumeric)
		text = DatumGetCString(
			DirectFunctionCall1(numeric_out, DirectFunctionCall1(numeric_trim_scale,
																 NumericGetDatum(value->val.numeric))));
	else if (value->type == jbvString && value->val.string.len > 0)
		text = pnstrdup(value->val.string.val, value->val.string.len);
	else
		return false;
	if (strlen(text) > ID_DIGITS_MAX || strspn(text, "-0123456789") != strlen(text))
		return false;
	*number = strtoll(text, &end, 10);
	return *end == '\0' && end != text;
}

bool
told_seconds(const JsonbValue *value, int64 max, int64 *time)
{
	Datum number;

	if (value == NULL || value->type != jbvNumeric)
		return false;
	number = NumericGetDatum(value->val.numeric);
	if (!DatumGetBool(DirectFunctionCall2(numeric_gt, number, NumericGetDatum(int64_to_numeric(0)))) ||
		!DatumGetBool(
			DirectFunctionCall2(numeric_le, number, NumericGetDatum(int64_div_fast_to_numeric(max, 6)))))
		return false;
	number = DirectFunctionCall2(numeric_mul, number, NumericGetDatum(int64_to_numeric(SIM_SECOND)));
	*time = Max(DatumGetInt64(DirectFunctionCall1(numeric_int8, number)), 1);
	return true;
}

bool
told_word(JsonbContainer *object, const char *name, char *text, size_t size)
{
	JsonbValue *value = told_member(object, name);

	if (value == NULL || value->type != jbvString || (size_t) value->val.string.len >= size)
		return false;
	memcpy(text, value->val.string.val, value->val.string.len);
	text[value->val.string.len] = '\0';
	return true;
}

Refusal
told_text(const JsonbValue *value, const char *missing, const char *too_long, const char **text)
{
	if (value == NULL || value->type != jbvString || value->val.string.len == 0)
		return unreadable(missing);
	if (pg_mbstrlen_with_len(value->val.string.val, value->val.string.len) > ACT_TEXT_CHARS)
		return unreadable(too_long);
	*text = pnstrdup(value->val.string.val, value->val.string.len);
	return NOT_REFUSED;
}

bool
told_target(JsonbContainer *object, int64 *id)
{
	JsonbValue *value = told_member(object, "target_id");

	if (value == NULL)
		value = told_member(object, "entity_id");
	return told_whole_number(value, id) && *id > 0;
}

bool
told_ids(const JsonbValue *value, int64 *ids, int max, int *count)
{
	JsonbContainer *array;

	*count = 0;
	if (value == NULL)
		return true;
	if (value->type != jbvBinary)
	{
		*count = 1;
		return told_whole_number(value, &ids[0]) && ids[0] > 0;
	}
	array = value->val.binary.data;
	if (!JsonContainerIsArray(array) || (int) JsonContainerSize(array) > max)
		return false;
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
		if (!told_whole_number(getIthJsonbValueFromContainer(array, i), &ids[(*count)++]) || ids[i] <= 0)
			return false;
	return true;
}

const int64 *
told_ids_kept(const int64 *ids, int count)
{
	return count == 0 ? NULL : memcpy(palloc(count * sizeof(int64)), ids, count * sizeof(int64));
}

Jsonb *
told_message(JsonbContainer *object)
{
	JsonbValue *message = told_member(object, MESSAGE_PARAMETER);

	return message != NULL ? interaction_words(message) : NULL;
}
