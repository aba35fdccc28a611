/*
 * validate.c
 *	  validate_npc_decision(): tells what would become of a mind's answer.
 *
 * The answer is judged and carried out as submit_npc_decisions() does it, in a subtransaction that is rolled back. So what is said
 * here is what happens there. The world is locked for that long, and stands as it was.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "errors.h"
#include "json.h"
#include "market/suspicion.h"
#include "reducers/answer_batch.h"
#include "reducers/answer_read.h"
#include "reducers/args.h"
#include "reducers/submit.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_validate_npc_decision);

/* Returns what is wrong with an answer: what it may not be for, how it is written, or what cannot be done. */
static const char *
failed_check(const Answer *answer)
{
	static const int authority[] = {ERRCODE_NS_NO_PLAYER,  ERRCODE_NS_BANNED,
									ERRCODE_NS_SUSPENDED,  ERRCODE_NS_WORLD_PARKED,
									ERRCODE_NS_NO_REQUEST, ERRCODE_NS_NOT_CONTROLLER};

	if (answer->status == ANSWER_APPLIED || answer->status == ANSWER_LATE)
		return NULL;
	for (size_t i = 0; i < lengthof(authority); i++)
		if (answer->status == ANSWER_DUPLICATE || answer->sqlstate == authority[i])
			return "authority";
	return answer->sqlstate == ERRCODE_NS_BAD_DECISION ? "shape" : "physics";
}

static void
write_verdict(StringInfo out, const Answer *answer)
{
	const char *failed = failed_check(answer);

	json_literal(out, "{\"valid\":");
	json_bool(out, failed == NULL);
	json_literal(out, ",\"failed\":");
	json_string(out, failed);
	json_literal(out, ",\"status\":");
	json_string(out, answer_status_name(answer->status));
	json_literal(out, ",\"code\":");
	json_string(out, answer->sqlstate != 0 ? unpack_sql_state(answer->sqlstate) : NULL);
	json_literal(out, ",\"reason\":");
	json_string(out, answer->reason);
	json_literal(out, ",\"request_id\":");
	json_id(out, answer->request_id);
	json_literal(out, ",\"npc_id\":");
	json_id(out, answer->npc_id);
}

/* Judges the answer, writes what became of it, and undoes it. */
static void
try_answer(Answer *answer, const char *decision, StringInfo out)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	spi_begin();
	answer_read(answer, decision);
	answers_find_worlds(answer, 1);
	if (answer->status == ANSWER_PENDING)
		answers_apply(answer->world_id, answer, 1);
	write_verdict(out, answer);
	spi_end();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
}

static void
write_plausibility(StringInfo out, const Answer *answer)
{
	int32	plausible = NOT_RANKED;
	Ranking ranking;

	spi_begin();
	if (answer->action.is_known && npc_rank(answer->world_id, answer->npc_id, &ranking))
		plausible = ranking_plausibility(&ranking, answer->action);
	spi_end();
	json_literal(out, ",\"plausibility\":");
	if (plausible == NOT_RANKED)
		json_literal(out, "null");
	else
		appendStringInfo(out, "%.15g", (double) plausible / PLAUSIBILITY_MOST);
}

Datum
npcsim_validate_npc_decision(PG_FUNCTION_ARGS)
{
	Answer		   answer = {.player_id = arg_id(fcinfo, 0, "player_id")};
	Jsonb		  *decision;
	StringInfoData out;

	arg_not_null(fcinfo, 1, "decision");
	decision = PG_GETARG_JSONB_P(1);
	initStringInfo(&out);
	try_answer(&answer, JsonbToCString(NULL, &decision->root, VARSIZE(decision)), &out);
	write_plausibility(&out, &answer);
	appendStringInfoChar(&out, '}');
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data)));
}
