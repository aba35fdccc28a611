/*
 * answer_read.c
 *	  Reads what a mind's answer says.
 *
 * The text becomes the decision, and part of the decision becomes its effect. What is wrong with it is
 * noted in the answer, not raised, since a batch may hold answers of many minds. Whether it can be
 * carried out is decided in judging.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/resowner.h"

#include "errors.h"
#include "reducers/answer_read.h"
#include "reducers/args.h"
#include "reducers/choices.h"
#include "reducers/effect.h"

#define DECISION_BYTES_MAX 65536

/*
 * Returns the jsonb of a text; NULL if it is none. An error of the parser is confined to a subtransaction,
 * which writes nothing.
 */
static Jsonb *
parse_json(const char *text)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Jsonb *volatile result = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		result = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		/* These errors are not the text's fault. */
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return result;
}

static Jsonb *
read_decision(const char *text)
{
	Jsonb *decision;

	if (strlen(text) > DECISION_BYTES_MAX)
		return NULL;
	decision = parse_json(text);
	return decision != NULL && JB_ROOT_IS_OBJECT(decision) ? decision : NULL;
}

static void
read_id(JsonbContainer *object, const char *name, int64 *id)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), NULL);

	*id = 0;
	if (value != NULL && value->type == jbvNumeric)
	{
		Datum number = NumericGetDatum(value->val.numeric);

		if (DatumGetBool(DirectFunctionCall2(numeric_ge, number, NumericGetDatum(int64_to_numeric(1)))) &&
			DatumGetBool(DirectFunctionCall2(numeric_le, number, NumericGetDatum(int64_to_numeric(ID_MAX)))))
			*id = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	}
}

bool
decision_amount(JsonbContainer *object, const char *name, int64 scale, int64 max, int64 if_absent,
				int64 *amount)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), NULL);
	Datum		number;

	*amount = if_absent;
	if (value == NULL || value->type == jbvNull)
		return true;
	if (value->type != jbvNumeric)
		return false;
	/* It is compared before it is scaled, since the product of a huge number would be an error. */
	number = NumericGetDatum(value->val.numeric);
	if (!DatumGetBool(DirectFunctionCall2(numeric_ge, number, NumericGetDatum(int64_to_numeric(0)))) ||
		!DatumGetBool(
			DirectFunctionCall2(numeric_le, number, NumericGetDatum(int64_to_numeric(max / scale)))))
		return false;
	number = DirectFunctionCall2(numeric_mul, number, NumericGetDatum(int64_to_numeric(scale)));
	*amount = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	return true;
}

/* Fills in the effect of a decision, or the flaw for which it cannot be carried out. */
static void
read_effect(Answer *answer, Jsonb *decision)
{
	answer->effect = effect_with_plain_texts(decision_effect(decision), &answer->flaw);
	if (answer->flaw == NULL)
		answer->flaw = effect_size_flaw(answer->effect);
}

void
answer_read(Answer *answer, const char *text)
{
	answer->decision = read_decision(text);
	if (answer->decision == NULL)
	{
		answer_refuse(answer,
					  refuse(ERRCODE_NS_BAD_DECISION, "the decision is not a JSON object of at most 64 KiB"));
		return;
	}
	read_id(&answer->decision->root, "request_id", &answer->request_id);
	answer->names_request = answer->request_id != 0;
	read_id(&answer->decision->root, "npc_id", &answer->npc_id);
	answer->tokens_valid =
		decision_amount(&answer->decision->root, "tokens", 1, INT64_C(1000000000), -1, &answer->tokens);
	answer->tokens_known = answer->tokens >= 0;
	if (!answer->tokens_known)
		answer->tokens = 0;
	if (answer->request_id == 0 && answer->npc_id == 0)
		answer_refuse(answer,
					  refuse(ERRCODE_NS_BAD_DECISION, "the decision names neither request_id nor npc_id"));
	answer->flaw = decision_number_flaw(answer->decision);
	if (answer->flaw != NULL)
	{
		answer->decision = NULL;
		return;
	}
	read_effect(answer, answer->decision);
}

void
answer_read_choice(Answer *answer, const Slot *slot)
{
	Jsonb *chosen;

	if (answer->flaw != NULL || answer->decision == NULL || !decision_is_choice(answer->decision))
		return;
	if (!answer->names_request)
	{
		answer->flaw = "a choice is the answer to one question: its request_id is missing";
		return;
	}
	chosen = decision_chosen(answer->decision, slot->choices, &answer->flaw);
	if (answer->flaw != NULL)
		return;
	read_effect(answer, chosen);
	answer->decision = DatumGetJsonbP(
		DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(answer->decision), JsonbPGetDatum(chosen)));
}
