/*
 * told.c
 *	  The events that minds are told: those of an NPC since its mind was last told of them and answered.
 *
 * Some events happen over and over while nobody answers: a decision fails, the built-in mind makes
 * one, a walk comes of it. They become one event with the number of times, at the moment of the last.
 * While a question is open no events are merged, since the events that the question told are known by
 * their number alone when it is answered. Those merged since a question was given up are counted
 * (events_merged), so that a late answer to it forgets no more than it was told.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "engine/image.h"
#include "json.h"

#define KEYS_MAX 2

/* The types of events that repeat, and the members by which two of a type are the same. */
typedef struct Repeating
{
	MindEvent	type;
	const char *keys[KEYS_MAX];
} Repeating;

static const Repeating repeating[] = {
	{MIND_DECIDED_FOR_YOU, {"action", "accept"}},
	{MIND_DECISION_FAILED},
	{MIND_DECISION_TIMED_OUT},
	{MIND_MOVEMENT_COMPLETED, {"decided_for_you", "status"}},
};

static Jsonb *
parse(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

static JsonbValue *
member_of(Jsonb *event, const char *name)
{
	return getKeyJsonValueFromContainer(&event->root, name, strlen(name), NULL);
}

static bool
is_of_type(Jsonb *event, MindEvent type)
{
	JsonbValue *value = member_of(event, "type");
	MindEvent	named;

	return value != NULL && value->type == jbvString &&
		   mind_event_by_name(value->val.string.val, value->val.string.len, &named) && named == type;
}

/* Whether two texts or truth values are the same, as they are if both are absent. */
static bool
same_value(const JsonbValue *a, const JsonbValue *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->type != b->type)
		return false;
	if (a->type == jbvBool)
		return a->val.boolean == b->val.boolean;
	return a->type == jbvString && a->val.string.len == b->val.string.len &&
		   memcmp(a->val.string.val, b->val.string.val, a->val.string.len) == 0;
}

/* Whether there is an event that the new one may repeat. It mostly saves parsing the events. */
static bool
has_forerunner(const Npc *npc, MindEvent type)
{
	const char *name = mind_event_name(type);
	bool		known = false;

	for (int i = 0; !known && i < (int) lengthof(repeating); i++)
		known = repeating[i].type == type;
	for (int i = 0; known && npc->mind_events != NULL && i < npc->mind_events->count; i++)
		if (strstr(npc->mind_events->item[i], name) != NULL)
			return true;
	return false;
}

/* Returns how the event repeats; NULL if it does not. A walk repeats if it was not its mind's idea. */
static const Repeating *
repeats(MindEvent type, Jsonb *event)
{
	for (int i = 0; i < (int) lengthof(repeating); i++)
		if (repeating[i].type == type &&
			(repeating[i].keys[0] == NULL || member_of(event, repeating[i].keys[0]) != NULL))
			return &repeating[i];
	return NULL;
}

static bool
same_event(const Repeating *how, Jsonb *a, Jsonb *b)
{
	if (!is_of_type(a, how->type))
		return false;
	for (int i = 0; i < KEYS_MAX && how->keys[i] != NULL; i++)
		if (!same_value(member_of(a, how->keys[i]), member_of(b, how->keys[i])))
			return false;
	return true;
}

static int64
times_of(Jsonb *event)
{
	JsonbValue *times = member_of(event, "times");

	return times != NULL && times->type == jbvNumeric
			   ? DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(times->val.numeric)))
			   : 1;
}

/* Returns when the event happened first, a number of seconds as text. */
static char *
since_of(Jsonb *event)
{
	JsonbValue *since = member_of(event, "since");

	if (since == NULL)
		since = member_of(event, "at");
	return since != NULL && since->type == jbvNumeric ? numeric_normalize(since->val.numeric) : pstrdup("0");
}

/*
 * Takes events out of the list that are the same as a new one, and adds to the new one how often it happened.
 */
static void
take_up_earlier(Npc *npc, MindEvent type, StringInfo event)
{
	Jsonb			*parsed = parse(event->data);
	const Repeating *how = repeats(type, parsed);
	const char		*since = NULL;
	int64			 times = 1;

	for (int i = 0; how != NULL && npc->mind_events != NULL && i < npc->mind_events->count;)
	{
		Jsonb *earlier = strstr(npc->mind_events->item[i], mind_event_name(type)) != NULL
							 ? parse(npc->mind_events->item[i])
							 : NULL;

		if (earlier == NULL || !same_event(how, earlier, parsed))
		{
			i++;
			continue;
		}
		if (since == NULL)
			since = since_of(earlier);
		times += times_of(earlier);
		json_list_drop(&npc->mind_events, i);
		npc->events_merged++;
	}
	if (since == NULL)
		return;
	event->data[--event->len] = '\0'; /* drops the closing brace */
	appendStringInfo(event, ",\"times\":" INT64_FORMAT ",\"since\":%s}", times, since);
}

/* ---- what a mind that has just answered was not told yet ---- */

/*
 * Whether the event happened after the mind was asked. The time decides, since a question that was answered
 * without having been handed out told nothing.
 */
static bool
is_news(const Npc *npc, Jsonb *event)
{
	JsonbValue *at = member_of(event, "at");
	Datum		moment;

	if (at == NULL || at->type != jbvNumeric)
		return false;
	moment = DirectFunctionCall2(numeric_mul, NumericGetDatum(at->val.numeric),
								 NumericGetDatum(int64_to_numeric(SIM_SECOND)));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, moment)) > npc->asked_at;
}

bool
npc_interaction_is_over(const Npc *npc)
{
	for (int i = 0; npc->mind_events != NULL && i < npc->mind_events->count; i++)
	{
		Jsonb *event = parse(npc->mind_events->item[i]);

		if (!is_news(npc, event))
			continue;
		if (is_of_type(event, MIND_INTERACTION_STARTED))
			/* The NPC was in no interaction before. */
			return false;
		if (is_of_type(event, MIND_INTERACTION_FINISHED) || is_of_type(event, MIND_INTERACTION_CANCELLED))
			return true;
	}
	return false;
}

bool
npc_invitation_is_over(const Npc *npc, int64 bid_id)
{
	for (int i = 0; npc->mind_events != NULL && i < npc->mind_events->count; i++)
	{
		Jsonb	   *event = parse(npc->mind_events->item[i]);
		JsonbValue *bid = member_of(event, "bid_id");

		if (bid == NULL || bid->type != jbvNumeric || !is_news(npc, event) ||
			(!is_of_type(event, MIND_BID_CANCELLED) && !is_of_type(event, MIND_DECIDED_FOR_YOU)))
			continue;
		if (DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(bid->val.numeric))) == bid_id)
			return true;
	}
	return false;
}

void
npc_tell(World *world, Npc *npc, MindEvent type, const char *members)
{
	StringInfoData event;

	if (!npc_is_minded(npc))
		return;
	initStringInfo(&event);
	appendStringInfoString(&event, "{\"at\":");
	json_millionths(&event, world->now);
	appendStringInfo(&event, ",\"type\":\"%s\"", mind_event_name(type));
	if (members != NULL && members[0] != '\0')
		appendStringInfo(&event, ",%s", members);
	appendStringInfoChar(&event, '}');
	if (!npc->request_pending && has_forerunner(npc, type))
		take_up_earlier(npc, type, &event);
	if (npc->mind_events != NULL && npc->mind_events->count == NPC_EVENTS_MAX)
	{
		json_list_drop_first(&npc->mind_events);
		npc->events_dropped++;
	}
	json_list_append(&npc->mind_events, event.data, world->context);
	npc_touch(world, npc, NPC_DIRTY_MIND);
	pfree(event.data);
	npc_wake(world, npc, type);
}
