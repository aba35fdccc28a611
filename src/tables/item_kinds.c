/*
 * item_kinds.c
 *	  From the components of an item type, as jsonb, to the kind the rules know.
 *
 *	  {"consumable": {"consumption_time": s, "need_deltas": {need: units, …}},
 *	   "sittable": {"need_rates": {need: units per s, …}},
 *	   "need_modifying": {"need_rates": {need: units per s, …}},
 *	   "usable": {"interactions": [name, …]},
 *	   "respawn": {"after": s}}
 *
 * Every component is optional, so is every object of needs.
 */
#include "postgres.h"

#include "fmgr.h"

#include "tables/item_kinds.h"
#include "tables/kind_json.h"

#define CONSUMPTION_TIME_MIN INT64_C(1000) /* 1 ms, in µs */
#define CONSUMPTION_TIME_MAX (86400 * SIM_SECOND)
#define RESPAWN_AFTER_MIN	 INT64_C(1000)
#define RESPAWN_AFTER_MAX	 (365 * 86400 * SIM_SECOND)

PG_FUNCTION_INFO_V1(npcsim_item_components_valid);

static const KindJson components_json =
	{"invalid components of an item type",
	 "Components look like {\"consumable\":{\"consumption_time\":5,\"need_deltas\":{\"hunger\":25}},"
	 " \"sittable\":{\"need_rates\":{\"energy\":10}}, \"need_modifying\":{\"need_rates\":{\"hygiene\":8}},"
	 " \"usable\":{\"interactions\":[\"wash\"]}, \"respawn\":{\"after\":30}}."};

static void
read_consumable(JsonbContainer *object, ItemKind *kind)
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (kind_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "consumption_time") == 0)
			kind->consumption_time = kind_json_millionths(&components_json, &member, name,
														  CONSUMPTION_TIME_MIN, CONSUMPTION_TIME_MAX);
		else if (strcmp(name, "need_deltas") == 0)
			kind_json_needs(&components_json, kind_json_object(&components_json, &member, name), name,
							kind->consume_delta);
		else
			kind_json_refuse(&components_json, psprintf("A consumable has no \"%s\".", name));
	}
	if (kind->consumption_time == 0)
		kind_json_refuse(&components_json, "A consumable needs a \"consumption_time\" in seconds.");
}

/* A component that has nothing but rates. */
static void
read_rates(JsonbContainer *object, const char *component, int32 rates[NEED_COUNT])
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (kind_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "need_rates") != 0)
			kind_json_refuse(&components_json, psprintf("%s has no \"%s\".", component, name));
		kind_json_needs(&components_json, kind_json_object(&components_json, &member, name), name, rates);
	}
}

static void
read_usable_for(const JsonbValue *value, ItemKind *kind)
{
	JsonbContainer *array;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerIsScalar(value->val.binary.data))
		kind_json_refuse(&components_json, "\"interactions\" is not an array of names.");
	array = value->val.binary.data;
	if (JsonContainerSize(array) < 1 || JsonContainerSize(array) > USABLE_MAX)
		kind_json_refuse(&components_json,
						 psprintf("\"interactions\" does not have 1 to %d names.", USABLE_MAX));
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);
		char	   *name;

		if (element->type != jbvString)
			kind_json_refuse(&components_json, "\"interactions\" is not an array of names.");
		name = pnstrdup(element->val.string.val, element->val.string.len);
		if (!kind_name_valid(name))
			kind_json_refuse(&components_json, psprintf("\"%s\" is no name of an interaction.", name));
		for (int n = 0; n < kind->usable_count; n++)
			if (strcmp(kind->usable[n], name) == 0)
				kind_json_refuse(&components_json, psprintf("\"%s\" is named twice.", name));
		strlcpy(kind->usable[kind->usable_count++], name, KIND_NAME_SIZE);
	}
}

static void
read_usable(JsonbContainer *object, ItemKind *kind)
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (kind_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "interactions") != 0)
			kind_json_refuse(&components_json, psprintf("A usable has no \"%s\".", name));
		read_usable_for(&member, kind);
	}
	if (kind->usable_count == 0)
		kind_json_refuse(&components_json, "A usable needs \"interactions\", an array of names.");
}

static void
read_respawn(JsonbContainer *object, ItemKind *kind)
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (kind_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "after") == 0)
			kind->respawn_after =
				kind_json_millionths(&components_json, &member, name, RESPAWN_AFTER_MIN, RESPAWN_AFTER_MAX);
		else
			kind_json_refuse(&components_json, psprintf("A respawn has no \"%s\".", name));
	}
	if (kind->respawn_after == 0)
		kind_json_refuse(&components_json, "A respawn needs an \"after\" in seconds.");
}

static void
read_component(const char *name, JsonbContainer *object, ItemKind *kind)
{
	if (strcmp(name, "consumable") == 0)
		read_consumable(object, kind);
	else if (strcmp(name, "sittable") == 0)
	{
		read_rates(object, "A sittable", kind->sit_rate);
		kind->sittable = true;
	}
	else if (strcmp(name, "need_modifying") == 0)
		read_rates(object, "A need_modifying", kind->modify_rate);
	else if (strcmp(name, "usable") == 0)
		read_usable(object, kind);
	else if (strcmp(name, "respawn") == 0)
		read_respawn(object, kind);
	else
		kind_json_refuse(&components_json, psprintf("There is no component \"%s\".", name));
}

void
item_kind_from_jsonb(Jsonb *components, ItemKind *kind)
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	memset(kind, 0, sizeof(*kind));
	if (!JB_ROOT_IS_OBJECT(components))
		kind_json_refuse(&components_json, "They are not an object.");
	while (kind_json_next(&components->root, &iterator, &name, &member))
		read_component(name, kind_json_object(&components_json, &member, name), kind);
	if (kind->respawn_after > 0 && kind->consumption_time == 0)
		kind_json_refuse(&components_json, "Only a consumable is used up and can respawn.");
}

/* For a CHECK: true, or the error that says what is wrong. */
Datum
npcsim_item_components_valid(PG_FUNCTION_ARGS)
{
	ItemKind kind;

	item_kind_from_jsonb(PG_GETARG_JSONB_P(0), &kind);
	PG_RETURN_BOOL(true);
}
