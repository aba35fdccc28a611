/*
 * assign_decisions.c
 *	  Shows operators which source a question goes to, and has gateways fetch their questions at once: select_optimal_mcp_server(),
 *	  assign_npc_decisions() and process_npc_decision_batch().
 *
 * What is shown is chosen as a claim chooses (takers.h), among all sessions of a world, whichever gateway has them. Budgets that are to last
 * their day, and how often a source may be asked, are not looked at: what they hold back is handed out later.
 */
#include "postgres.h"

#include "commands/async.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "reducers/args.h"
#include "reducers/npcs.h"
#include "reducers/takers.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/decision_slots.h"
#include "tables/npcs.h"
#include "tables/sessions.h"

PG_FUNCTION_INFO_V1(npcsim_select_optimal_mcp_server);
PG_FUNCTION_INFO_V1(npcsim_assign_npc_decisions);
PG_FUNCTION_INFO_V1(npcsim_process_npc_decision_batch);

#define DECISIONS_MOST 10000

/* Puts together all who may be asked in a world, with the slots that they have free. */
static Takers
takers_of_world(int64 world_id, WorldLender **lenders)
{
	Takers takers = {0};

	*lenders = sessions_of_lenders(world_id, &takers.count);
	takers.sessions = palloc0(sizeof(Taker) * Max(takers.count, 1));
	for (int i = 0; i < takers.count; i++)
		takers.sessions[i] = (Taker) {.id = (*lenders)[i].session_id,
									  .player_id = (*lenders)[i].player_id,
									  .world_id = world_id,
									  .free = (*lenders)[i].free,
									  .source_id = (*lenders)[i].source_id,
									  .pooled = (*lenders)[i].pooled,
									  .of_server = (*lenders)[i].of_server};
	takers_want(&takers, &world_id, 1);
	return takers;
}

/* ---- one NPC ---- */

/* Whether somebody may be asked about the NPC, had he a free slot ('any': and had he not had the question in vain). */
static bool
somebody_may(const Takers *takers, const QueuedQuestion *question, bool any)
{
	bool pooled = question_is_pooled(&takers->filter, question->player_id);

	for (int i = 0; i < takers->count; i++)
	{
		const Taker *taker = &takers->sessions[i];

		if ((taker->player_id == question->player_id || (pooled && taker->pooled)) &&
			(any || !question_was_tried(question, taker->source_id)))
			return true;
	}
	return false;
}

static const char *
why(const Takers *takers, const QueuedQuestion *question, const Taker *taker)
{
	if (taker != NULL)
		return taker->player_id == question->player_id ? "controller" : taker->of_server ? "server" : "pool";
	if (somebody_may(takers, question, false))
		return "busy";
	return somebody_may(takers, question, true) ? "tried" : "nobody";
}

/* Returns the question that the NPC's mind is or would be asked. */
static OpenQuestion
question_of(int64 world_id, int64 npc_id)
{
	OpenQuestion open = {.world_id = world_id};
	int			 count;
	OpenSlot	*slots = slots_open_of(world_id, &npc_id, 1, &count);

	if (count > 0)
		open.question = slots->question;
	else if (!npc_controller_read(world_id, npc_id, &open.question.player_id))
		refuse_unknown_npc(world_id, npc_id);
	return open;
}

/* select_optimal_mcp_server(world_id, npc_id) → a row: source, player and session, NULL when there are none, and why */
Datum
npcsim_select_optimal_mcp_server(PG_FUNCTION_ARGS)
{
	int64		 world_id = arg_id(fcinfo, 0, "world_id");
	int64		 npc_id = arg_id(fcinfo, 1, "npc_id");
	OpenQuestion open;
	Takers		 takers;
	WorldLender *lenders;
	Taker		*taker = NULL;
	const char	*reason;
	Datum		 values[4] = {0};
	bool		 nulls[4] = {true, true, true, false};
	TupleDesc	 row;

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "select_optimal_mcp_server() returns a row");
	spi_begin();
	(void) read_world_head(world_id);
	open = question_of(world_id, npc_id);
	takers = takers_of_world(world_id, &lenders);
	if (open.question.player_id == 0 && (takers.count == 0 || !lenders->pool_for_all))
		reason = "nobody";
	else
	{
		taker = taker_for(&takers, &open);
		reason = why(&takers, &open.question, taker);
	}
	if (taker != NULL)
	{
		values[0] = Int64GetDatum(taker->source_id);
		nulls[0] = taker->source_id == 0;
		values[1] = Int64GetDatum(taker->player_id);
		values[2] = Int64GetDatum(taker->id);
		nulls[1] = nulls[2] = false;
	}
	spi_end();
	values[3] = CStringGetTextDatum(reason);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

/* ---- all open questions of a world ---- */

typedef struct Assignment
{
	const Taker *taker; /* NULL = nobody can take them now */
	int64		*request_ids;
	int64		*npc_ids;
	int			 count;
} Assignment;

static void
assign(Assignment *assignment, const OpenQuestion *open, int most)
{
	if (assignment->request_ids == NULL)
	{
		assignment->request_ids = palloc_extended(sizeof(int64) * most, MCXT_ALLOC_HUGE);
		assignment->npc_ids = palloc_extended(sizeof(int64) * most, MCXT_ALLOC_HUGE);
	}
	assignment->request_ids[assignment->count] = open->question.request_id;
	assignment->npc_ids[assignment->count++] = open->question.npc_id;
}

static void
return_assignment(const Assignment *assignment, const WorldLender *lender, ReturnSetInfo *result)
{
	Datum values[7] = {0};
	bool  nulls[7] = {true, true, true, true, true, false, false};

	if (lender != NULL)
	{
		values[0] = Int64GetDatum(lender->source_id);
		nulls[0] = lender->source_id == 0;
		values[1] = Int64GetDatum(lender->player_id);
		values[2] = Int64GetDatum(lender->session_id);
		values[3] = CStringGetTextDatum(lender->gateway_id);
		values[4] = Int32GetDatum(lender->free);
		nulls[1] = nulls[2] = nulls[3] = nulls[4] = false;
	}
	values[5] = int64_array(assignment->request_ids, assignment->count);
	values[6] = int64_array(assignment->npc_ids, assignment->count);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * Returns, as rows, which source gets which of the first questions (most < 0: of all), in their order; last those that nobody can take
 * now ('with_rest'). Returns how many somebody gets.
 */
static int
return_assignments(int64 world_id, int64 most, bool with_rest, ReturnSetInfo *result)
{
	int			  count;
	int			  assigned = 0;
	WorldHead	 *head = read_world_head(world_id);
	OpenQuestion *questions = questions_of_world(head, &count);
	WorldLender	 *lenders;
	Takers		  takers = takers_of_world(world_id, &lenders);
	Assignment	 *assignments = palloc0(sizeof(Assignment) * (takers.count + 1));
	Assignment	 *rest = &assignments[takers.count];

	for (int i = 0; i < count && (most < 0 || assigned < most); i++)
	{
		Taker *taker = head->running ? taker_for(&takers, &questions[i]) : NULL;

		CHECK_FOR_INTERRUPTS();
		if (taker == NULL)
		{
			assign(rest, &questions[i], count);
			continue;
		}
		taker->free--;
		assigned++;
		assign(&assignments[taker - takers.sessions], &questions[i], lenders[taker - takers.sessions].free);
	}
	for (int i = 0; i < takers.count; i++)
		if (assignments[i].count > 0)
			return_assignment(&assignments[i], &lenders[i], result);
	if (with_rest && rest->count > 0)
		return_assignment(rest, NULL, result);
	return assigned;
}

/* assign_npc_decisions(world_id): a row for each source that would be asked now, and one for what waits. */
Datum
npcsim_assign_npc_decisions(PG_FUNCTION_ARGS)
{
	int64 world_id = arg_id(fcinfo, 0, "world_id");

	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	(void) return_assignments(world_id, -1, true, (ReturnSetInfo *) fcinfo->resultinfo);
	spi_end();
	return (Datum) 0;
}

/* process_npc_decision_batch(world_id, max_decisions): the same for the first ones; wakes the gateways if there is one. */
Datum
npcsim_process_npc_decision_batch(PG_FUNCTION_ARGS)
{
	int64 world_id = arg_id(fcinfo, 0, "world_id");
	int64 most;

	arg_not_null(fcinfo, 1, "max_decisions");
	most = PG_GETARG_INT32(1);
	check_whole(most, "max_decisions", 1, DECISIONS_MOST);
	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	if (return_assignments(world_id, most, false, (ReturnSetInfo *) fcinfo->resultinfo) > 0)
		Async_Notify("npcsim_decisions", psprintf(INT64_FORMAT, world_id));
	spi_end();
	return (Datum) 0;
}
