/*
 * effect.c
 *	  The effect of a mind's decision: the members of it that change anything.
 *
 * Members with unknown names belong to it, since an interaction may have parameters of any name. Left
 * out is what says who answers what (the input has the NPC by itself), and what is for the log alone.
 */
#include "postgres.h"

#include <float.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "reducers/effect.h"
#include "sim/actions.h"
#include "sim/texts.h"
#include "tables/arrays.h"
#include "tables/interaction_types.h"

/* A plan of nine messages of 500 characters fits, whatever characters they are. */
#define EFFECT_BYTES_MAX 24576
/* 5e-324 has 324 decimals. */
#define DECIMALS_MAX 400

static bool
is_text(const JsonbValue *value, const char *text)
{
	return value != NULL && value->type == jbvString && value->val.string.len == (int) strlen(text) &&
		   memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

/* Whether the action tells its reason to anybody. */
static bool
reason_is_told(Jsonb *decision)
{
	JsonbValue *action = getKeyJsonValueFromContainer(&decision->root, "action", strlen("action"), NULL);

	return action != NULL && action->type == jbvString &&
		   action_takes(action_meant(pnstrdup(action->val.string.val, action->val.string.len)), "reason");
}

Jsonb *
decision_effect(Jsonb *decision)
{
	/* The first three are the input's own members. */
	static const char *const without_effect[] = {"npc_id",	   "told_events", "state_counter",
												 "request_id", "world_id",	  "type",
												 "confidence", "tokens",	  "reason"};
	Datum					 names[lengthof(without_effect)];
	int						 count = lengthof(without_effect);

	for (int i = 0; i < count; i++)
		names[i] = CStringGetTextDatum(without_effect[i]);
	if (reason_is_told(decision))
		count--;
	return DatumGetJsonbP(
		DirectFunctionCall2(jsonb_delete_array, JsonbPGetDatum(decision), array_of(names, count, TEXTOID)));
}

/* Whether a number is beyond a double, in size or in decimals. */
static bool
is_long(Numeric number)
{
	/* The largest double, which is slow to convert. */
	static Datum most = (Datum) 0;
	Datum		 size = DirectFunctionCall1(numeric_abs, NumericGetDatum(number));

	if (most == (Datum) 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

		most = DirectFunctionCall1(float8_numeric, Float8GetDatum(DBL_MAX));
		MemoryContextSwitchTo(caller);
	}
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

/* Whether a member of this name holds a text that is read by itself. */
static bool
is_said(const JsonbValue *name)
{
	return is_text(name, MESSAGE_PARAMETER) || is_text(name, "reason");
}

/*
 * Joins the lines of a text, and sets *joined if there was something to join. Returns what else is wrong with
 * it, or NULL. 'name' is its member's, or NULL.
 */
static const char *
make_plain(JsonbValue *text, const JsonbValue *name, bool *joined)
{
	int		 length = text->val.string.len;
	char	*plain;
	size_t	 place;
	TextFlaw flaw;

	/* Characters of other encodings are not checked. */
	if (GetDatabaseEncoding() != PG_UTF8)
		return NULL;
	plain = pnstrdup(text->val.string.val, length);
	length = (int) text_join_lines(plain, length);
	*joined |= length != text->val.string.len || memcmp(plain, text->val.string.val, length) != 0;
	text->val.string.val = plain;
	text->val.string.len = length;
	flaw = text_flaw(plain, length, &place);
	if (flaw == TEXT_GOOD || (flaw == TEXT_EMPTY && (length == 0 || !is_said(name))))
		return NULL;
	return psprintf("a text of the decision has %s", text_flaw_words(flaw));
}

/*
 * Checks the texts of an effect until one has a flaw; if 'plain' is given, it gets the effect with joined
 * lines.
 */
static const char *
walk_texts(Jsonb *effect, bool *joined, Jsonb **plain)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&effect->root);
	JsonbParseState	  *state = NULL;
	JsonbValue		  *result = NULL;
	JsonbValue		   name = {.type = jbvNull};
	JsonbValue		   value;
	JsonbIteratorToken token;
	const char		  *flaw = NULL;

	while (flaw == NULL && (token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		bool has_value = token == WJB_KEY || token == WJB_VALUE || token == WJB_ELEM;

		if (has_value && value.type == jbvString)
			flaw = make_plain(&value, token == WJB_VALUE ? &name : NULL, joined);
		if (token == WJB_KEY)
			name = value;
		if (plain != NULL)
			result = pushJsonbValue(&state, token, has_value ? &value : NULL);
	}
	if (plain != NULL)
		*plain = JsonbValueToJsonb(result);
	return flaw;
}

Jsonb *
effect_with_plain_texts(Jsonb *effect, const char **flaw)
{
	bool joined = false;

	*flaw = walk_texts(effect, &joined, NULL);
	if (*flaw != NULL)
		return NULL;
	/* There is hardly ever anything to join. */
	if (joined)
		(void) walk_texts(effect, &joined, &effect);
	return effect;
}
