/*
 * explain.c
 *	  Why something happens, or does not: explain_npc(), explain_assignment() and explain_decision(), for operators and, of what is its own,
 *	  for a player.
 *
 * What is told is put together by SQL (sql/73_explained.sql); here is who may ask what. Nothing is changed, and no world locked but by the
 * call that a client makes.
 */
#include "postgres.h"

#include <math.h>

#include "access/xlog.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "errors.h"
#include "reducers/args.h"
#include "reducers/npcs.h"
#include "reducers/players.h"
#include "reducers/reducers.h"
#include "reducers/spending.h"
#include "reducers/world_head.h"
#include "spi.h"
#include "tables/explained.h"
#include "tables/players.h"

PG_FUNCTION_INFO_V1(npcsim_explain_npc);
PG_FUNCTION_INFO_V1(npcsim_explain_assignment);
PG_FUNCTION_INFO_V1(npcsim_explain_decision);
PG_FUNCTION_INFO_V1(npcsim_player_wait);
PG_FUNCTION_INFO_V1(npcsim_source_is_limited);

pg_noreturn static void
refuse_unknown_request(int64 request_id, bool to_player)
{
	ereport(ERROR, errcode(ERRCODE_NS_NO_REQUEST),
			errmsg("nothing is known of request %lld", (long long) request_id),
			to_player ? errdetail("You were never asked it, or it was forgotten.")
					  : errdetail("The world has no request with this id, or it was forgotten."),
			to_player
				? errhint("What you were asked is kept as long as the operators of the server keep it.")
				: errhint("npcsim.decision_log and npcsim.decision_status have the ids; the log is kept for "
						  "npcsim.decision_log_days."));
}

/* ---- for operators ---- */

/* Returns the text, which is in SPI's memory, as jsonb in the caller's. */
static Datum
end_with_jsonb(MemoryContext caller, const char *text)
{
	MemoryContext before = MemoryContextSwitchTo(caller);
	Datum		  value = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));

	MemoryContextSwitchTo(before);
	spi_end();
	return value;
}

/* explain_npc(world_id, npc_id) → who decides for it, and why nothing happens */
Datum
npcsim_explain_npc(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	int64		  world_id = arg_id(fcinfo, 0, "world_id");
	int64		  npc_id = arg_id(fcinfo, 1, "npc_id");
	char		 *told;

	spi_begin();
	(void) read_world_head(world_id);
	told = npc_explained(world_id, npc_id);
	if (told == NULL)
		refuse_unknown_npc(world_id, npc_id);
	PG_RETURN_DATUM(end_with_jsonb(caller, told));
}

/* explain_assignment(player_id) → what a player holds, and why its sources are idle */
Datum
npcsim_explain_assignment(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	int64		  player_id = arg_id(fcinfo, 0, "player_id");
	char		 *told;

	spi_begin();
	told = assignment_explained(player_id);
	if (told == NULL)
		refuse_unknown_player(player_id);
	PG_RETURN_DATUM(end_with_jsonb(caller, told));
}

/* explain_decision(world_id, request_id) → what it was made of, and what came of it */
Datum
npcsim_explain_decision(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	int64		  world_id = arg_id(fcinfo, 0, "world_id");
	int64		  request_id = arg_id(fcinfo, 1, "request_id");
	char		 *told;

	spi_begin();
	(void) read_world_head(world_id);
	told = decision_explained(world_id, request_id, 0);
	if (told == NULL)
		refuse_unknown_request(request_id, false);
	PG_RETURN_DATUM(end_with_jsonb(caller, told));
}

/* ---- for the statements ---- */

/* player_wait(player_id) → seconds until it may be asked what is not urgent. A standby knows nothing of what is spent. */
Datum
npcsim_player_wait(PG_FUNCTION_ARGS)
{
	BudgetStanding standing;
	bool		   known;

	if (RecoveryInProgress())
		PG_RETURN_NULL();
	spi_begin();
	known = budget_standing(PG_GETARG_INT64(0), &standing);
	spi_end();
	if (!known)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(standing.wait_ms == PG_INT64_MAX ? INFINITY : standing.wait_ms / 1000.0);
}

/* source_is_limited(source_id, rate) */
Datum
npcsim_source_is_limited(PG_FUNCTION_ARGS)
{
	bool limited;

	if (RecoveryInProgress())
		PG_RETURN_BOOL(false);
	spi_begin();
	limited = source_is_limited(PG_GETARG_INT64(0), PG_GETARG_INT32(1));
	spi_end();
	PG_RETURN_BOOL(limited);
}

/* ---- for players ---- */

typedef struct Explain
{
	int64 player_id;
	int64 npc_id;
	int64 request_id;
} Explain;

/* Returns the world of the player who asks. */
static int64
world_of(int64 player_id)
{
	PlayerRow player;

	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	return player.world_id;
}

static const Argument explain_npc_arguments[] = {
	CALLER_ARGUMENT(Explain, player_id),
	ID_ARGUMENT(Explain, npc_id, .meaning = "id of an NPC of yours"),
};

static bool
explain_npc(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const Explain *explain = arguments;
	int64		   world_id;
	int64		   controller;
	char		  *told = NULL;

	spi_begin();
	world_id = world_of(explain->player_id);
	if (!npc_row_controller(world_id, explain->npc_id, &controller))
		refuse_unknown_npc(world_id, explain->npc_id);
	if (controller != explain->player_id)
		refuse_foreign_npc(explain->npc_id);
	told = npc_explained(world_id, explain->npc_id);
	if (told == NULL)
		refuse_unknown_npc(world_id, explain->npc_id);
	appendStringInfoString(result->json, told);
	spi_end();
	return true;
}

#define EXPLAIN_RATES \
	.without_world = true, .returns = RETURNS_JSON, .client_roles = ROLES_PLAYERS, .burst = 20, \
	.per_minute = 60

const Reducer reducer_explain_npc = {
	OUTSIDE_REDUCER(explain_npc, explain_npc),
	REDUCER_ARGUMENTS(Explain, explain_npc_arguments),
	EXPLAIN_RATES,
	.description = "Who decides for it and why, what is pending, and why nothing happens",
};

static const Argument explain_assignment_arguments[] = {
	CALLER_ARGUMENT(Explain, player_id),
};

static bool
explain_assignment(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const Explain *explain = arguments;
	char		  *told;

	spi_begin();
	told = assignment_explained(explain->player_id);
	if (told == NULL)
		refuse_unknown_player(explain->player_id);
	appendStringInfoString(result->json, told);
	spi_end();
	return true;
}

/* The shares of a whole world are computed for it. */
const Reducer reducer_explain_assignment = {
	OUTSIDE_REDUCER(explain_assignment, explain_assignment),
	REDUCER_ARGUMENTS(Explain, explain_assignment_arguments),
	.without_world = true,
	.returns = RETURNS_JSON,
	.client_roles = ROLES_PLAYERS,
	.burst = 5,
	.per_minute = 12,
	.description = "How many NPCs you have, are entitled to and why, and what your sources do",
};

static const Argument explain_decision_arguments[] = {
	CALLER_ARGUMENT(Explain, player_id),
	ID_ARGUMENT(Explain, request_id, .meaning = "id of a request that you were asked"),
};

static bool
explain_decision(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const Explain *explain = arguments;
	char		  *told;

	spi_begin();
	told = decision_explained(world_of(explain->player_id), explain->request_id, explain->player_id);
	if (told == NULL)
		refuse_unknown_request(explain->request_id, true);
	appendStringInfoString(result->json, told);
	spi_end();
	return true;
}

const Reducer reducer_explain_decision = {
	OUTSIDE_REDUCER(explain_decision, explain_decision),
	REDUCER_ARGUMENTS(Explain, explain_decision_arguments),
	EXPLAIN_RATES,
	.description = "What you were told and answered, what became of it, and what the NPC did",
};
