/*
 * type_json.c
 *	  Reads types (of items, of interactions) from jsonb.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "sim/needs.h"
#include "sim/types.h"
#include "tables/type_json.h"

_Noreturn void
type_json_refuse(const TypeJson *json, const char *detail)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", json->message),
			errdetail_internal("%s", detail), errhint("%s", json->hint));
}

int64
type_json_millionths(const TypeJson *json, const JsonbValue *value, const char *member, int64 low, int64 high)
{
	Numeric lowest = int64_div_fast_to_numeric(low, 6);
	Numeric highest = int64_div_fast_to_numeric(high, 6);
	Datum	number;
	Datum	scaled;
	int64	result;

	if (value->type != jbvNumeric)
		type_json_refuse(json, psprintf("\"%s\" is not a number.", member));
	number = NumericGetDatum(value->val.numeric);
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, number, NumericGetDatum(lowest))) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, number, NumericGetDatum(highest))))
		type_json_refuse(json,
						 psprintf("\"%s\" is not between %s and %s.", member,
								  DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(lowest))),
								  DatumGetCString(
									  DirectFunctionCall1(numeric_out, NumericGetDatum(highest)))));
	scaled = DirectFunctionCall2(numeric_mul, number, NumericGetDatum(int64_to_numeric(1000000)));
	result = DatumGetInt64(DirectFunctionCall1(numeric_int8, scaled));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, scaled, NumericGetDatum(int64_to_numeric(result)))))
		type_json_refuse(json, psprintf("\"%s\" has more than six decimals.", member));
	return result;
}

JsonbContainer *
type_json_object(const TypeJson *json, const JsonbValue *value, const char *member)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		type_json_refuse(json, psprintf("\"%s\" is not an object.", member));
	return value->val.binary.data;
}

bool
type_json_next(JsonbContainer *object, JsonbIterator **iterator, char **name, JsonbValue *value)
{
	JsonbValue		   key;
	JsonbIteratorToken token;

	if (*iterator == NULL)
	{
		*iterator = JsonbIteratorInit(object);
		token = JsonbIteratorNext(iterator, &key, true);
		Assert(token == WJB_BEGIN_OBJECT);
	}
	token = JsonbIteratorNext(iterator, &key, true);
	if (token != WJB_KEY)
		return false;
	*name = pnstrdup(key.val.string.val, key.val.string.len);
	(void) JsonbIteratorNext(iterator, value, true);
	return true;
}

void
type_json_needs(const TypeJson *json, JsonbContainer *object, const char *member, int32 needs[NEED_COUNT])
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   value;
	char		  *name;

	while (type_json_next(object, &iterator, &name, &value))
	{
		int need = need_by_name(name);

		if (need < 0)
			type_json_refuse(json, psprintf("\"%s\" names a need \"%s\", which there is not.", member, name));
		needs[need] = (int32) type_json_millionths(json, &value, name, -NEED_MAX, NEED_MAX);
	}
}

bool
type_name_valid(const char *name)
{
	if (name[0] < 'a' || name[0] > 'z' || strlen(name) >= TYPE_NAME_SIZE)
		return false;
	for (const char *c = name; *c != '\0'; c++)
		if ((*c < 'a' || *c > 'z') && (*c < '0' || *c > '9') && *c != '_')
			return false;
	return true;
}
