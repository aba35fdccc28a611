/*
 * effect.c
 *	  What of a mind's decision takes effect.
 *
 * Members that nobody knows are among it: an interaction may have parameters of any name. What is left out is what
 * says who answers what (the input has the NPC by itself), and what is for the log alone.
 */
#include "postgres.h"

#include <float.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "reducers/effect.h"
#include "tables/arrays.h"

/* A plan of nine messages of 500 characters fits, whatever characters they are. */
#define EFFECT_BYTES_MAX 24576
/* 5e-324 has 324 */
#define DECIMALS_MAX 400

static bool
is_action(const JsonbValue *action, const char *name)
{
	return action != NULL && action->type == jbvString && action->val.string.len == (int) strlen(name) &&
		   memcmp(action->val.string.val, name, action->val.string.len) == 0;
}

/* Does the bidder learn why? */
static bool
reason_is_told(Jsonb *decision)
{
	JsonbValue *action = getKeyJsonValueFromContainer(&decision->root, "action", strlen("action"), NULL);

	return is_action(action, "respond_to_interaction_bid") ||
		   is_action(action, "batch_reject_interaction_bids");
}

Jsonb *
decision_effect(Jsonb *decision)
{
	/* the first three are the input's own members */
	static const char *const without_effect[] = {"npc_id",	   "told_events", "state_counter",
												 "request_id", "world_id",	  "type",
												 "confidence", "tokens",	  "reason"};
	Datum					 names[lengthof(without_effect)];
	int						 count = lengthof(without_effect);

	for (int i = 0; i < count; i++)
		names[i] = CStringGetTextDatum(without_effect[i]);
	if (reason_is_told(decision))
		count--;
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_delete_array, JsonbPGetDatum(decision),
											  PointerGetDatum(array_of(names, count, TEXTOID))));
}

/* Beyond what a double can be, in size or in decimals. */
static bool
is_long(Numeric number)
{
	Datum size = DirectFunctionCall1(numeric_abs, NumericGetDatum(number));
	Datum most = DirectFunctionCall1(float8_numeric, Float8GetDatum(DBL_MAX));

	return DatumGetInt32(DirectFunctionCall1(numeric_scale, size)) > DECIMALS_MAX ||
		   DatumGetBool(DirectFunctionCall2(numeric_gt, size, most));
}

const char *
decision_number_flaw(Jsonb *decision)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&decision->root);
	JsonbIteratorToken token;
	JsonbValue		   value;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
		if ((token == WJB_VALUE || token == WJB_ELEM) && value.type == jbvNumeric &&
			is_long(value.val.numeric))
			return "a number of the decision is not one that a double can hold";
	return NULL;
}

const char *
effect_size_flaw(Jsonb *effect)
{
	char *text = JsonbToCString(NULL, &effect->root, (int) VARSIZE(effect));

	return strlen(text) > EFFECT_BYTES_MAX ? "the decision without its reason is longer than 24 KiB" : NULL;
}
