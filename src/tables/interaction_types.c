/*
 * interaction_types.c
 *	  The interaction types of a world as rows, which sim/interaction_columns.h describes.
 *
 *	need_rates	{need: units per s, …}, besides what the item gives
 *	need_deltas	{need: units, …}, over the whole duration
 *	parameters	of act_in_interaction: {name: {"type": "string" | "number" | "integer" | "boolean",
 *				"default": …, "description": "…"}, …}
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
#include "tables/row_type.h"
#include "tables/type_json.h"

PG_FUNCTION_INFO_V1(npcsim_interaction_effects_valid);

static const TypeJson effects_json = {
	"invalid interaction type",
	"An interaction type has need_rates like {\"fun\":6}, need_deltas like {\"hygiene\":60} with a duration, "
	"and parameters like {\"message\":{\"type\":\"string\",\"description\":\"what is said\"}}."};

/* ---- rows ---- */

const char *const interaction_targets[] = {[TARGET_ITEM] = "item", [TARGET_NPC] = "npc", NULL};
StaticAssertDecl(lengthof(interaction_targets) == TARGET_NPC + 2,
				 "every target has a name, and NULL ends them");

#define ROW_OF_TEXT(member_)	 ROW_TEXT(InteractionRow, definition.member_, #member_)
#define ROW_OF_WORD(member_)	 ROW_TEXT(InteractionRow, definition.member_, #member_)
#define ROW_OF_OPTIONAL(member_) ROW_TEXT(InteractionRow, definition.member_, #member_)
#define ROW_OF_RATES(member_)	 ROW_JSON(InteractionRow, definition.member_, #member_)
#define ROW_OF_DELTAS(member_)	 ROW_JSON(InteractionRow, definition.member_, #member_)
#define ROW_OF_OBJECT(member_)	 ROW_JSON(InteractionRow, definition.member_, #member_)
#define ROW_OF_FLAG(member_)	 ROW_NUMBER(InteractionRow, definition.member_, #member_, BOOLOID)
#define ROW_OF_WHOLE(member_)	 ROW_NUMBER(InteractionRow, definition.member_, #member_, INT4OID)
#define ROW_OF_SECONDS(member_)	 ROW_NUMBER_OR(InteractionRow, definition.member_, #member_, INT8OID, 0)

static const RowColumn columns[] = {
	ROW_READ_NUMBER(InteractionRow, type.number, "number", INT2OID),
	ROW_TEXT(InteractionRow, definition.name, "name"),
#define INTERACTION_GIVEN(kind_, member_, ...)	ROW_OF_##kind_(member_),
#define INTERACTION_NUMBER(kind_, member_, ...) ROW_OF_##kind_(member_),
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
};

/*
 * Numbers are counted up. The number of the last type may be given again after the type was deleted, but not
 * while an NPC walks somewhere for an interaction of it.
 */
static RowType rows_described =
	{.table = "interaction_type_rows",
	 .columns = columns,
	 .column_count = lengthof(columns),
	 .also_columns = ", number",
	 .also_values =
		 ", 1 + greatest((SELECT pg_catalog.max(o.number) FROM npcsim.interaction_type_rows o "
		 "WHERE o.world_id = $1), (SELECT pg_catalog.max(s.goal_interaction) FROM npcsim.npc_states s WHERE "
		 "s.world_id = $1), 0)"};

void
interaction_type_row_write(int64 world_id, const InteractionDefinition *definition)
{
	InteractionRow row = {.definition = *definition};

	spi_begin();
	rows_upsert(&rows_described, world_id, (void *[]) {&row}, 1);
	spi_end();
}

/* ---- what jsonb columns say ---- */

static JsonbContainer *
object_of(Jsonb *json, const char *column)
{
	if (!JB_ROOT_IS_OBJECT(json))
		type_json_refuse(&effects_json, psprintf("\"%s\" is not an object.", column));
	return &json->root;
}

static const char *const parameter_types[] = {"string", "number", "integer", "boolean", NULL};

/* Returns one of parameter_types; NULL if the value is none. */
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

/* Checks the description of a parameter and returns its type. */
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

/*
 * Checks the parameters, and notes in the type whether one of them is a message. Returns whether there are
 * any.
 */
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

/* Fills in what the rules see of a definition. */
static void
make_type(const InteractionDefinition *definition, InteractionType *type)
{
	strlcpy(type->name, definition->name, sizeof(type->name));
	type->target =
		strcmp(definition->target, interaction_targets[TARGET_NPC]) == 0 ? TARGET_NPC : TARGET_ITEM;
	type->component = definition->component != NULL ? item_component_by_name(definition->component) : NULL;
#define INTERACTION_GIVEN(kind_, member_, ...)
#define INTERACTION_NUMBER(kind_, member_, ...) type->member_ = definition->member_;
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
	interaction_type_from_jsonb(definition->need_rates, definition->need_deltas, definition->parameters,
								type);
}

void
interaction_rows_load(int64 world_id, InteractionRows *result)
{
	result->rows = rows_select(&rows_described, world_id, sizeof(InteractionRow), &result->count);
	result->types = palloc(Max(result->count, 1) * sizeof(InteractionType *));
	for (int i = 0; i < result->count; i++)
	{
		make_type(&result->rows[i].definition, &result->rows[i].type);
		result->types[i] = &result->rows[i].type;
	}
}

/* ---- acts ---- */

/* The most bytes of an act's text, since numbers may have many digits. */
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

/*
 * Returns the value that was given for a parameter, or its default; NULL with *failure set if that is not of
 * its type.
 */
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
	JsonbContainer	*parameters = &row->definition.parameters->root;
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

/*
 * interaction_effects_valid(need_rates, need_deltas, parameters, duration), for a CHECK constraint: returns
 * true or raises an error.
 */
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
