/*
 * item_kinds.c
 *	  From the components of an item type, as jsonb, to the kind the rules know.
 *
 *	  {"consumable": {"consumption_time": s, "need_deltas": {need: units, …}},
 *	   "sittable": {"need_rates": {need: units per s, …}},
 *	   "respawn": {"after": s}}
 *
 * Every component is optional, so is every object of needs.  Decimal numbers become
 * integers of a millionth without going through floating point: one with more
 * than six decimals is refused rather than rounded, and so is every member that is not
 * named above, since a misspelt one would else be lost in silence.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "sim/needs.h"
#include "tables/item_kinds.h"

#define CONSUMPTION_TIME_MIN INT64_C(1000) /* 1 ms, in µs */
#define CONSUMPTION_TIME_MAX (86400 * SIM_SECOND)
#define RESPAWN_AFTER_MIN	 INT64_C(1000)
#define RESPAWN_AFTER_MAX	 (365 * 86400 * SIM_SECOND)

PG_FUNCTION_INFO_V1(npcsim_item_components_valid);

static _Noreturn void
refuse(const char *detail)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid components of an item type"),
			errdetail_internal("%s", detail),
			errhint("Components look like "
					"{\"consumable\":{\"consumption_time\":5,\"need_deltas\":{\"hunger\":25}},"
					" \"sittable\":{\"need_rates\":{\"energy\":10}}, \"respawn\":{\"after\":30}}."));
}

/* A number within low .. high (millionths), exactly. */
static int64
millionths(const JsonbValue *value, const char *member, int64 low, int64 high)
{
	Numeric lowest = int64_div_fast_to_numeric(low, 6);
	Numeric highest = int64_div_fast_to_numeric(high, 6);
	Datum	number;
	Datum	scaled;
	int64	result;

	if (value->type != jbvNumeric)
		refuse(psprintf("\"%s\" is not a number.", member));
	number = NumericGetDatum(value->val.numeric);
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, number, NumericGetDatum(lowest))) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, number, NumericGetDatum(highest))))
		refuse(psprintf("\"%s\" is not between %s and %s.", member,
						DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(lowest))),
						DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(highest)))));
	scaled = DirectFunctionCall2(numeric_mul, number, NumericGetDatum(int64_to_numeric(1000000)));
	result = DatumGetInt64(DirectFunctionCall1(numeric_int8, scaled));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, scaled, NumericGetDatum(int64_to_numeric(result)))))
		refuse(psprintf("\"%s\" has more than six decimals.", member));
	return result;
}

static JsonbContainer *
object_of(const JsonbValue *value, const char *member)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		refuse(psprintf("\"%s\" is not an object.", member));
	return value->val.binary.data;
}

/*
 * Steps through an object's members: *iterator is NULL before the first.  False
 * after the last.
 */
static bool
next_member(JsonbContainer *object, JsonbIterator **iterator, char **name, JsonbValue *value)
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

static void
read_needs(const JsonbValue *value, const char *member, int32 needs[NEED_COUNT])
{
	JsonbContainer *object = object_of(value, member);
	JsonbIterator  *iterator = NULL;
	JsonbValue		need_value;
	char		   *name;

	while (next_member(object, &iterator, &name, &need_value))
	{
		int need = need_by_name(name);

		if (need < 0)
			refuse(psprintf("\"%s\" names a need \"%s\", which there is not.", member, name));
		needs[need] = (int32) millionths(&need_value, name, -NEED_MAX, NEED_MAX);
	}
}

static void
read_consumable(const JsonbValue *value, ItemKind *kind)
{
	JsonbContainer *object = object_of(value, "consumable");
	JsonbIterator  *iterator = NULL;
	JsonbValue		member;
	char		   *name;

	while (next_member(object, &iterator, &name, &member))
	{
		if (strcmp(name, "consumption_time") == 0)
			kind->consumption_time = millionths(&member, name, CONSUMPTION_TIME_MIN, CONSUMPTION_TIME_MAX);
		else if (strcmp(name, "need_deltas") == 0)
			read_needs(&member, name, kind->consume_delta);
		else
			refuse(psprintf("A consumable has no \"%s\".", name));
	}
	if (kind->consumption_time == 0)
		refuse("A consumable needs a \"consumption_time\" in seconds.");
}

static void
read_sittable(const JsonbValue *value, ItemKind *kind)
{
	JsonbContainer *object = object_of(value, "sittable");
	JsonbIterator  *iterator = NULL;
	JsonbValue		member;
	char		   *name;

	while (next_member(object, &iterator, &name, &member))
	{
		if (strcmp(name, "need_rates") == 0)
			read_needs(&member, name, kind->sit_rate);
		else
			refuse(psprintf("A sittable has no \"%s\".", name));
	}
	kind->sittable = true;
}

static void
read_respawn(const JsonbValue *value, ItemKind *kind)
{
	JsonbContainer *object = object_of(value, "respawn");
	JsonbIterator  *iterator = NULL;
	JsonbValue		member;
	char		   *name;

	while (next_member(object, &iterator, &name, &member))
	{
		if (strcmp(name, "after") == 0)
			kind->respawn_after = millionths(&member, name, RESPAWN_AFTER_MIN, RESPAWN_AFTER_MAX);
		else
			refuse(psprintf("A respawn has no \"%s\".", name));
	}
	if (kind->respawn_after == 0)
		refuse("A respawn needs an \"after\" in seconds.");
}

void
item_kind_from_jsonb(Jsonb *components, ItemKind *kind)
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	kind->consumption_time = 0;
	memset(kind->consume_delta, 0, sizeof(kind->consume_delta));
	kind->sittable = false;
	memset(kind->sit_rate, 0, sizeof(kind->sit_rate));
	kind->respawn_after = 0;

	if (!JB_ROOT_IS_OBJECT(components))
		refuse("They are not an object.");
	while (next_member(&components->root, &iterator, &name, &member))
	{
		if (strcmp(name, "consumable") == 0)
			read_consumable(&member, kind);
		else if (strcmp(name, "sittable") == 0)
			read_sittable(&member, kind);
		else if (strcmp(name, "respawn") == 0)
			read_respawn(&member, kind);
		else
			refuse(psprintf("There is no component \"%s\".", name));
	}
	if (kind->respawn_after > 0 && kind->consumption_time == 0)
		refuse("Only a consumable is used up and can respawn.");
}

/* For a CHECK: true, or the error that says what is wrong. */
Datum
npcsim_item_components_valid(PG_FUNCTION_ARGS)
{
	ItemKind kind;

	item_kind_from_jsonb(PG_GETARG_JSONB_P(0), &kind);
	PG_RETURN_BOOL(true);
}
