/*
 * interaction_types.c
 *	  The interactions of a world as rows.
 *
 *	  need_rates	{need: units per s, …}, besides what the item gives
 *	  need_deltas	{need: units, …}, over the whole duration
 *	  parameters	of act_in_interaction: {name: {"type": "string" | "number" | "integer" | "boolean",
 *					"default": …, "description": "…"}, …}
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "spi.h"
#include "tables/interaction_types.h"
#include "tables/item_types.h"
#include "tables/type_json.h"

PG_FUNCTION_INFO_V1(npcsim_interaction_effects_valid);

static const TypeJson effects_json = {
	"invalid interaction type",
	"An interaction type has need_rates like {\"fun\":6}, need_deltas like {\"hygiene\":60} with a duration, "
	"and parameters like {\"message\":{\"type\":\"string\",\"description\":\"what is said\"}}."};

#define LOAD_SQL \
	"SELECT number, name, target, component, need_rates, need_deltas, duration, needs_adjacency, " \
	"locks_movement, moves_onto_item, min_participants, max_participants, parameters, description " \
	"FROM npcsim.interaction_type_rows WHERE world_id = $1 ORDER BY number"

static SpiStatement load_statement = {LOAD_SQL, 1, {INT8OID}};
static SpiStatement read_statement = {.sql = LOAD_SQL, .nargs = 1, .types = {INT8OID}, .read_only = true};

const char *
interaction_target_name(InteractionTarget target)
{
	return target == TARGET_NPC ? "npc" : "item";
}

static JsonbContainer *
object_of(Jsonb *json, const char *column)
{
	if (!JB_ROOT_IS_OBJECT(json))
		type_json_refuse(&effects_json, psprintf("\"%s\" is not an object.", column));
	return &json->root;
}

static const char *const parameter_types[] = {"string", "number", "integer", "boolean", NULL};

/* One of parameter_types, NULL when it is none. */
static const char *
type_by_name(const JsonbValue *value)
{
	if (value->type != jbvString)
		return NULL;
	for (const char *const *type = parameter_types; *type != NULL; type++)
		if (strlen(*type) == (size_t) value->val.string.len &&
			strncmp(*type, value->val.string.val, value->val.string.len) == 0)
			return *type;
	return NULL;
}

static bool
is_of_type(const JsonbValue *value, const char *type)
{
	if (strcmp(type, "string") == 0)
		return value->type == jbvString;
	if (strcmp(type, "boolean") == 0)
		return value->type == jbvBool;
	if (value->type != jbvNumeric)
		return false;
	return strcmp(type, "integer") != 0 ||
		   DatumGetBool(
			   DirectFunctionCall2(numeric_eq, NumericGetDatum(value->val.numeric),
								   DirectFunctionCall1(numeric_floor, NumericGetDatum(value->val.numeric))));
}

/* Its type. */
static const char *
check_parameter(const char *parameter, JsonbContainer *object)
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   value;
	char		  *name;
	const char	  *type = NULL;
	JsonbValue	   fallback = {.type = jbvNull};

	while (type_json_next(object, &iterator, &name, &value))
	{
		if (strcmp(name, "type") == 0)
		{
			type = type_by_name(&value);
			if (type == NULL)
				type_json_refuse(&effects_json,
								 psprintf("The type of parameter \"%s\" is none of string, number, "
										  "integer and boolean.",
										  parameter));
		}
		else if (strcmp(name, "description") == 0)
		{
			if (value.type != jbvString ||
				pg_mbstrlen_with_len(value.val.string.val, value.val.string.len) > ACT_TEXT_CHARS)
				type_json_refuse(&effects_json,
								 psprintf("The description of parameter \"%s\" is not a text of at most %d "
										  "characters.",
										  parameter, ACT_TEXT_CHARS));
		}
		else if (strcmp(name, "default") == 0)
			fallback = value;
		else
			type_json_refuse(&effects_json, psprintf("A parameter has no \"%s\".", name));
	}
	if (type == NULL)
		type_json_refuse(&effects_json, psprintf("Parameter \"%s\" has no \"type\".", parameter));
	if (fallback.type != jbvNull && !is_of_type(&fallback, type))
		type_json_refuse(&effects_json,
						 psprintf("The default of parameter \"%s\" is not of type %s.", parameter, type));
	return type;
}

/* Whether there are any; the kind is told whether one of them is a message. */
static bool
check_parameters(Jsonb *parameters, InteractionType *type)
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   value;
	char		  *name;
	const char	  *json_type;

	type->takes_messages = false;
	object_of(parameters, "parameters");
	if (JB_ROOT_COUNT(parameters) > PARAMETERS_MAX)
		type_json_refuse(&effects_json, psprintf("There are more than %d parameters.", PARAMETERS_MAX));
	while (type_json_next(&parameters->root, &iterator, &name, &value))
	{
		if (!type_name_valid(name))
			type_json_refuse(&effects_json, psprintf("\"%s\" is no name of a parameter.", name));
		json_type = check_parameter(name, type_json_object(&effects_json, &value, name));
		if (strcmp(name, MESSAGE_PARAMETER) == 0 && strcmp(json_type, "string") == 0)
			type->takes_messages = true;
	}
	return JB_ROOT_COUNT(parameters) > 0;
}

void
interaction_type_from_jsonb(Jsonb *need_rates, Jsonb *need_deltas, Jsonb *parameters, InteractionType *type)
{
	int32 deltas[NEED_COUNT] = {0};

	memset(type->need_rate, 0, sizeof(type->need_rate));
	type_json_needs(&effects_json, object_of(need_rates, "need_rates"), "need_rates", type->need_rate);
	type_json_needs(&effects_json, object_of(need_deltas, "need_deltas"), "need_deltas", deltas);
	for (int i = 0; i < NEED_COUNT; i++)
	{
		if (deltas[i] == 0)
			continue;
		if (type->duration == 0)
			type_json_refuse(&effects_json,
							 "\"need_deltas\" need a \"duration\" over which they are spread.");
		type->need_rate[i] =
			(int32) Max(Min(type->need_rate[i] + need_spread(deltas[i], type->duration), PG_INT32_MAX),
						-PG_INT32_MAX);
	}
	type->takes_acts = check_parameters(parameters, type);
}

static void
read_row(uint64 row, InteractionRow *result)
{
	InteractionType *type = &result->type;
	const char		*component;
	bool			 isnull;

	memset(result, 0, sizeof(*result));
	type->number = spi_int16(row, 1, 0);
	strlcpy(type->name, spi_text(row, 2, CurrentMemoryContext), sizeof(type->name));
	type->target = strcmp(spi_text(row, 3, CurrentMemoryContext), "npc") == 0 ? TARGET_NPC : TARGET_ITEM;
	component = spi_text(row, 4, CurrentMemoryContext);
	type->component = component != NULL ? item_component_by_name(component) : NULL;
	type->duration = spi_int64(row, 7, 0);
	type->needs_adjacency = spi_bool(row, 8, true);
	type->locks_movement = spi_bool(row, 9, false);
	type->moves_onto_item = spi_bool(row, 10, false);
	type->min_participants = spi_int32(row, 11, 1);
	type->max_participants = spi_int32(row, 12, 1);
	result->parameters = DatumGetJsonbPCopy(spi_datum(row, 13, &isnull));
	result->description = spi_text(row, 14, CurrentMemoryContext);
	interaction_type_from_jsonb(DatumGetJsonbP(spi_datum(row, 5, &isnull)),
								DatumGetJsonbP(spi_datum(row, 6, &isnull)), result->parameters, type);
}

void
interaction_rows_load(int64 world_id, bool read_only, InteractionRows *result)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64		  rows;

	rows = spi_run(read_only ? &read_statement : &load_statement, (Datum[]) {Int64GetDatum(world_id)}, NULL,
				   SPI_OK_SELECT);
	MemoryContextSwitchTo(caller);
	result->count = (int) rows;
	result->rows = palloc(Max(rows, 1) * sizeof(InteractionRow));
	result->types = palloc(Max(rows, 1) * sizeof(InteractionType *));
	for (uint64 row = 0; row < rows; row++)
	{
		read_row(row, &result->rows[row]);
		result->types[row] = &result->rows[row].type;
	}
}

/* ---- acts ---- */

/* Longest text of an act: numbers may have many digits. */
#define ACT_BYTES_MAX 8192

static JsonbValue *
object_member(JsonbContainer *object, const char *name)
{
	return getKeyJsonValueFromContainer(object, name, strlen(name), NULL);
}

static bool
too_long(const JsonbValue *value)
{
	return value->type == jbvString &&
		   pg_mbstrlen_with_len(value->val.string.val, value->val.string.len) > ACT_TEXT_CHARS;
}

/* What was given for a parameter, or its default; NULL with *failure set when that is nothing of its type. */
static JsonbValue *
argument(const char *name, const JsonbValue *parameter, JsonbContainer *given, const char **failure)
{
	JsonbContainer *terms = parameter->val.binary.data;
	const char	   *type = type_by_name(object_member(terms, "type"));
	JsonbValue	   *value = given != NULL ? object_member(given, name) : NULL;

	if (value == NULL || value->type == jbvNull)
		value = object_member(terms, "default");
	if (value == NULL || value->type == jbvNull)
		*failure = psprintf("the interaction needs the parameter \"%s\"", name);
	else if (!is_of_type(value, type))
		*failure = psprintf("the parameter \"%s\" is not of type %s", name, type);
	else if (too_long(value))
		*failure = psprintf("the parameter \"%s\" has more than %d characters", name, ACT_TEXT_CHARS);
	else if (strcmp(name, MESSAGE_PARAMETER) == 0 && value->type == jbvString && value->val.string.len == 0)
		*failure = "the message is empty";
	return *failure == NULL ? value : NULL;
}

Jsonb *
interaction_words(JsonbValue *message)
{
	JsonbValue		 key = {.type = jbvString,
							.val.string = {.val = MESSAGE_PARAMETER, .len = (int) strlen(MESSAGE_PARAMETER)}};
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	pushJsonbValue(&state, WJB_KEY, &key);
	pushJsonbValue(&state, WJB_VALUE, message);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static void
refuse_unknown(JsonbContainer *parameters, JsonbContainer *given, const char **failure)
{
	JsonbIterator *iterator = NULL;
	JsonbValue	   value;
	char		  *name;

	while (given != NULL && type_json_next(given, &iterator, &name, &value))
		if (object_member(parameters, name) == NULL)
			*failure = psprintf("the interaction has no parameter \"%s\"", name);
}

Jsonb *
interaction_act(const InteractionRow *row, JsonbContainer *given, const char **failure)
{
	JsonbContainer	*parameters = &row->parameters->root;
	JsonbIterator	*iterator = NULL;
	JsonbParseState *state = NULL;
	JsonbValue		 parameter;
	Jsonb			*act;
	char			*name;

	*failure = NULL;
	if (!row->type.takes_acts)
		*failure = "this interaction takes no actions";
	else
		refuse_unknown(parameters, given, failure);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while (*failure == NULL && type_json_next(parameters, &iterator, &name, &parameter))
	{
		JsonbValue	key = {.type = jbvString, .val.string = {.val = name, .len = (int) strlen(name)}};
		JsonbValue *value = argument(name, &parameter, given, failure);

		if (value == NULL)
			break;
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, value);
	}
	if (*failure != NULL)
		return NULL;
	act = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	if (strlen(JsonbToCString(NULL, &act->root, VARSIZE(act))) > ACT_BYTES_MAX)
	{
		*failure = "the parameters are too long";
		return NULL;
	}
	return act;
}

/* interaction_effects_valid(need_rates, need_deltas, parameters, duration): for a CHECK: true, or the error */
Datum
npcsim_interaction_effects_valid(PG_FUNCTION_ARGS)
{
	InteractionType type = {.duration = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT64(3)};

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_BOOL(false);
	interaction_type_from_jsonb(PG_GETARG_JSONB_P(0), PG_GETARG_JSONB_P(1), PG_GETARG_JSONB_P(2), &type);
	PG_RETURN_BOOL(true);
}
