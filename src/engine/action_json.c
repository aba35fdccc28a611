/*
 * action_json.c
 *	  From one action of a decision, as jsonb, to what the rules know.
 *
 *	  {"action": "move_to", "parameters": {"x": 3, "y": 4}}		also "destination": [3, 4]
 *	  {"action": "move_direction", "parameters": {"direction": "north"}}
 *	  {"action": "interact_with", "parameters": {"entity_id": 789, "interaction_name": "consume"}}
 *	  {"action": "wait", "parameters": {"duration": 2.5}}
 *	  {"action": "wander"}, "continue", "cancel_interaction", "act_in_interaction"
 *	  {"action": "move_to_item", "target_id": 789}, "move_to_npc"
 *	  {"action": "consume", "target_id": 789}, or any interaction an item or an NPC offers
 *	  {"action": "start_conversation", "target_id": 12, "message": "Hello"}, also "target_ids": [12, 13]
 *	  {"action": "act_in_interaction", "parameters": {"message": "Hello"}}
 *	  {"action": "respond_to_interaction_bid", "parameters": {"bid_id": 5, "accept": false, "reason": "I am tired"}}
 *	  {"action": "batch_reject_interaction_bids", "parameters": {"ids": [5, 6], "reason": "…"}}, also "ids": "*"
 *
 * Interactions take "participants": [ids], further NPCs that are to take part, and "message", said when they begin.
 * "target_id" and the members of "parameters" may stand in either place. Ids may be strings of digits.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "engine/image.h"
#include "errors.h"
#include "json.h"
#include "tables/interaction_kinds.h"

#define ID_DIGITS_MAX 16
#define WAIT_MAX	  (86400 * SIM_SECOND)

static Refusal
bad(const char *reason)
{
	return refuse(ERRCODE_NS_BAD_DECISION, reason);
}

/* A member of the action or of its parameters; NULL if it is absent or null. */
static JsonbValue *
member(JsonbContainer *object, const char *name)
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

/* A whole number of at most 16 digits; a string of digits will do. */
static bool
whole_number(const JsonbValue *value, int64 *number)
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

/* Seconds as microseconds, 0 < … <= max. */
static bool
seconds(const JsonbValue *value, int64 max, int64 *time)
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

static bool
text_member(JsonbContainer *object, const char *name, char *text, size_t size)
{
	JsonbValue *value = member(object, name);

	if (value == NULL || value->type != jbvString || (size_t) value->val.string.len >= size)
		return false;
	memcpy(text, value->val.string.val, value->val.string.len);
	text[value->val.string.len] = '\0';
	return true;
}

static bool
target(JsonbContainer *object, int64 *id)
{
	JsonbValue *value = member(object, "target_id");

	if (value == NULL)
		value = member(object, "entity_id");
	return whole_number(value, id) && *id > 0;
}

/* Ids in an array, each > 0; a single one will do. False if it is no such thing or too many. */
static bool
read_ids(const JsonbValue *value, int64 *ids, int max, int *count)
{
	JsonbContainer *array;

	*count = 0;
	if (value == NULL)
		return true;
	if (value->type != jbvBinary)
	{
		*count = 1;
		return whole_number(value, &ids[0]) && ids[0] > 0;
	}
	array = value->val.binary.data;
	if (!JsonContainerIsArray(array) || (int) JsonContainerSize(array) > max)
		return false;
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
		if (!whole_number(getIthJsonbValueFromContainer(array, i), &ids[(*count)++]) || ids[i] <= 0)
			return false;
	return true;
}

/* The object that is "parameters", NULL if there is none. */
static JsonbValue *
parameters_of(JsonbContainer *object)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, "parameters", strlen("parameters"), NULL);

	return value != NULL && value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data) ? value
																									  : NULL;
}

/* What is said, as an act; NULL if nothing is. */
static Jsonb *
message_act(JsonbContainer *object)
{
	JsonbValue *message = member(object, MESSAGE_PARAMETER);

	return message != NULL ? interaction_words(message) : NULL;
}

static Refusal
read_cell(World *world, JsonbContainer *object, Action *action)
{
	JsonbValue *destination = member(object, "destination");
	JsonbValue *x = member(object, "x");
	JsonbValue *y = member(object, "y");
	int64		column;
	int64		row;

	if (destination != NULL && destination->type == jbvBinary &&
		JsonContainerIsArray(destination->val.binary.data) &&
		JsonContainerSize(destination->val.binary.data) == 2)
	{
		x = getIthJsonbValueFromContainer(destination->val.binary.data, 0);
		y = getIthJsonbValueFromContainer(destination->val.binary.data, 1);
	}
	if (!whole_number(x, &column) || !whole_number(y, &row))
		return bad("move_to needs whole numbers x and y");
	if (column < 0 || row < 0 || column >= world->size_x || row >= world->size_y)
		return refuse(ERRCODE_NS_CELL_OUTSIDE, "the destination is outside the world");
	action->cell = (Cell) {(int16) column, (int16) row};
	return NOT_REFUSED;
}

static Refusal
read_wait(JsonbContainer *object, Action *action)
{
	JsonbValue *duration = member(object, "duration");

	action->duration = SIM_NEVER;
	if (duration != NULL && !seconds(duration, WAIT_MAX, &action->duration))
		return bad("the duration of wait is not a number of seconds from 0 to 86400");
	return NOT_REFUSED;
}

/* Of several targets the first is the one, the others take part, too. */
static bool
read_targets(JsonbContainer *object, int64 *target_id, int64 *partners, int *partner_count)
{
	JsonbValue *many = member(object, "target_ids");
	int64		ids[PARTICIPANTS_MAX];
	int			count;

	if (target(object, target_id))
		return true;
	if (many == NULL || !read_ids(many, ids, PARTICIPANTS_MAX, &count) || count == 0)
		return false;
	*target_id = ids[0];
	*partner_count = count - 1;
	memcpy(partners, ids + 1, *partner_count * sizeof(int64));
	return true;
}

static const int64 *
kept_ids(const int64 *ids, int count)
{
	return count == 0 ? NULL : memcpy(palloc(count * sizeof(int64)), ids, count * sizeof(int64));
}

static Refusal
read_interaction(World *world, JsonbContainer *object, const char *name, Action *action)
{
	int64 partners[PARTICIPANTS_MAX];
	int	  from_targets = 0;
	int	  count;

	action->interaction = world_interaction_kind(world, name);
	if (action->interaction == NULL)
		return bad("there is no such interaction");
	if (!read_targets(object, &action->target_id, partners, &from_targets))
		return bad("the interaction needs a target_id");
	if (!read_ids(member(object, "participants"), partners + from_targets, PARTICIPANTS_MAX - from_targets,
				  &count))
		return bad("participants is not an array of at most 10 ids");
	action->partner_count = from_targets + count;
	action->partners = kept_ids(partners, action->partner_count);
	action->act = message_act(object);
	return NOT_REFUSED;
}

static Refusal
read_conversation(World *world, JsonbContainer *object, Action *action)
{
	if (world->talk == NULL)
		return bad("there are no conversations in this world");
	return read_interaction(world, object, world->talk->name, action);
}

/* Its parameters, or a message that stands beside the action. */
static Refusal
read_act(JsonbContainer *object, Action *action)
{
	JsonbValue *parameters = parameters_of(object);

	if (parameters == NULL || JsonContainerSize(parameters->val.binary.data) == 0)
		action->act = message_act(object);
	else
		action->act = JsonbValueToJsonb(parameters);
	return NOT_REFUSED;
}

/* Why a bid is rejected: in "parameters", else beside the action. */
static Refusal
read_reason(JsonbContainer *object, Action *action)
{
	JsonbValue *parameters = parameters_of(object);
	JsonbValue *reason = NULL;

	if (parameters != NULL)
		reason = getKeyJsonValueFromContainer(parameters->val.binary.data, "reason", strlen("reason"), NULL);
	if (reason == NULL || reason->type == jbvNull)
		reason = member(object, "reason");
	if (reason == NULL || reason->type != jbvString || reason->val.string.len == 0)
		return bad("rejecting a bid needs a reason");
	if (pg_mbstrlen_with_len(reason->val.string.val, reason->val.string.len) > ACT_TEXT_CHARS)
		return bad("the reason has more than 500 characters");
	action->reason = pnstrdup(reason->val.string.val, reason->val.string.len);
	return NOT_REFUSED;
}

static Refusal
read_response(JsonbContainer *object, Action *action)
{
	JsonbValue *accept = member(object, "accept");

	if (!whole_number(member(object, "bid_id"), &action->bid_id) || action->bid_id <= 0)
		return bad("the answer to a bid needs its bid_id");
	if (accept == NULL || accept->type != jbvBool)
		return bad("the answer to a bid needs accept: true or false");
	action->accept = accept->val.boolean;
	return action->accept ? NOT_REFUSED : read_reason(object, action);
}

static Refusal
read_rejections(JsonbContainer *object, Action *action)
{
	JsonbValue *ids = member(object, "ids");
	int64		read[ANSWERED_BIDS_MAX];

	if (ids != NULL && ids->type == jbvBinary && JsonContainerIsArray(ids->val.binary.data) &&
		JsonContainerSize(ids->val.binary.data) == 1)
		ids = getIthJsonbValueFromContainer(ids->val.binary.data, 0);
	if (ids != NULL && ids->type == jbvString && ids->val.string.len == 1 && ids->val.string.val[0] == '*')
		action->all_bids = true;
	else if (ids == NULL || !read_ids(ids, read, ANSWERED_BIDS_MAX, &action->id_count) ||
			 action->id_count == 0)
		return bad("ids is neither \"*\" nor an array of 1 to 32 ids of bids or of bidders");
	action->ids = kept_ids(read, action->id_count);
	return read_reason(object, action);
}

static Refusal
read_interact_with(World *world, JsonbContainer *object, Action *action)
{
	char name[KIND_NAME_SIZE];

	if (!text_member(object, "interaction_name", name, sizeof(name)) &&
		!text_member(object, "interaction", name, sizeof(name)))
		return bad("interact_with needs an interaction_name");
	return read_interaction(world, object, name, action);
}

static Refusal
read_direction(JsonbContainer *object, Action *action)
{
	char name[16];

	if (!text_member(object, "direction", name, sizeof(name)) || !direction_by_name(name, &action->direction))
		return bad("move_direction needs a direction: north, east, south or west");
	return NOT_REFUSED;
}

static Refusal
read_approach(JsonbContainer *object, Action *action)
{
	if (!target(object, &action->target_id))
		return bad("walking to something needs its target_id");
	return NOT_REFUSED;
}

Refusal
action_from_json(World *world, Npc *npc, JsonbContainer *object, Action *action)
{
	char name[KIND_NAME_SIZE];

	memset(action, 0, sizeof(*action));
	if (!JsonContainerIsObject(object) || !text_member(object, "action", name, sizeof(name)))
		return bad("the decision has no action");
	action->kind = action_meant(name);
	switch (action->kind)
	{
		case ACTION_MOVE_TO:
			return read_cell(world, object, action);
		case ACTION_MOVE_DIRECTION:
			return read_direction(object, action);
		case ACTION_INTERACT_WITH:
			return read_interact_with(world, object, action);
		case ACTION_APPROACH:
			return read_approach(object, action);
		case ACTION_WAIT:
			return read_wait(object, action);
		case ACTION_ACT_IN_INTERACTION:
			return read_act(object, action);
		case ACTION_RESPOND_TO_BID:
			return read_response(object, action);
		case ACTION_REJECT_BIDS:
			return read_rejections(object, action);
		case ACTION_NONE:
			break;
		default:
			return NOT_REFUSED;
	}
	if (strcmp(name, action_entry(ACTION_INTERACT_WITH)->form_of_interaction) == 0 &&
		world_interaction_kind(world, name) == NULL)
	{
		action->kind = ACTION_INTERACT_WITH;
		return read_conversation(world, object, action);
	}
	if (world_interaction_kind(world, name) == NULL)
		return bad(psprintf("there is no action \"%s\"", name));
	action->kind = ACTION_INTERACT_WITH;
	return read_interaction(world, object, name, action);
}

/* ---- writing ---- */

static void
push_key(JsonbParseState **state, const char *name)
{
	JsonbValue key = {.type = jbvString, .val.string = {.val = (char *) name, .len = (int) strlen(name)}};

	pushJsonbValue(state, WJB_KEY, &key);
}

static void
push_text(JsonbParseState **state, const char *text)
{
	JsonbValue value = {.type = jbvString, .val.string = {.val = (char *) text, .len = (int) strlen(text)}};

	pushJsonbValue(state, WJB_VALUE, &value);
}

static void
push_id(JsonbParseState **state, JsonbIteratorToken token, int64 id)
{
	JsonbValue value = {.type = jbvNumeric, .val.numeric = int64_to_numeric(id)};

	pushJsonbValue(state, token, &value);
}

Jsonb *
action_terms(const Action *action)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_key(&state, "action");
	push_text(&state, action_name(ACTION_INTERACT_WITH));
	push_key(&state, "target_id");
	push_id(&state, WJB_VALUE, action->target_id);
	push_key(&state, "interaction");
	push_text(&state, action->interaction->name);
	push_key(&state, "participants");
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < action->partner_count; i++)
		push_id(&state, WJB_ELEM, action->partners[i]);
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	if (action->act != NULL)
	{
		Jsonb	  *act = action->act;
		JsonbValue parameters = {.type = jbvBinary,
								 .val.binary = {.data = &act->root, .len = (int) VARSIZE(act) - VARHDRSZ}};

		push_key(&state, "parameters");
		pushJsonbValue(&state, WJB_VALUE, &parameters);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
