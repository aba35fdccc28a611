/*
 * fallback.c
 *	  assign_npc_with_fallback(): who decides for an NPC when the mind before cannot, and what that costs.
 *
 *	  controller → stateless sources → the player's API → the operators' API → the built-in mind → nobody
 *
 * Who can be asked is read from rows, and is no state of the world. What follows for the world is one input: the NPC's question is opened, the
 * built-in mind decides, or the NPC sleeps until a mind can be asked. Which source answers a question is said when it is handed out.
 *
 * The operators' API is what a session of a player of the role operator lends as kind server_api_key. It declares nothing, so the market gives
 * that player no NPCs.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "errors.h"
#include "market/fallback.h"
#include "reducers/args.h"
#include "reducers/fallback.h"
#include "reducers/npcs.h"
#include "reducers/reducers.h"
#include "require.h"
#include "spi.h"
#include "tables/fallback.h"

PG_FUNCTION_INFO_V1(npcsim_assign_npc_with_fallback);

/* ---- what follows for the world ---- */

typedef struct FallBack
{
	int64		npc_id;
	const char *step; /* one of fallback_names */
} FallBack;

static const Argument fall_back_arguments[] = {
	ID_ARGUMENT(FallBack, npc_id),
	WORD_ARGUMENT(FallBack, step, fallback_names),
};

static FallbackStep
step_named(const char *name)
{
	int step = FALLBACK_CONTROLLER;

	while (step < FALLBACK_DORMANT && strcmp(fallback_names[step], name) != 0)
		step++;
	return (FallbackStep) step;
}

/* The result's number is whether the step is taken: no question can be opened of an NPC whose tokens are spent. */
static bool
fall_back(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const FallBack *call = arguments;
	World		   *world = world_image(lock);
	Npc			   *npc = npc_require(world, call->npc_id);

	result->number = true;
	switch (step_named(call->step))
	{
		case FALLBACK_CONTROLLER:
		case FALLBACK_STATELESS:
		case FALLBACK_PLAYER_API:
		case FALLBACK_SERVER_API:
			if (npc->request_pending)
				return false;
			result->number = world_have_mind_asked(world, npc);
			return result->number;
		case FALLBACK_BUILT_IN:
			world_have_built_in_decide(world, npc);
			return true;
		case FALLBACK_DORMANT:
			if (npc->state == NPC_DORMANT)
				return false;
			world_let_sleep(world, npc);
			return true;
		case FALLBACK_COUNT:
			break;
	}
	pg_unreachable();
}

const Reducer reducer_fall_back = {
	WORLD_REDUCER(fall_back, fall_back),
	REDUCER_ARGUMENTS(FallBack, fall_back_arguments),
};

/* ---- which step, and why ---- */

static FallbackTerms
terms_of(const FallbackFacts *facts)
{
	return (FallbackTerms) {.commercial = facts->commercial,
							.server_backup = facts->server_backup,
							.built_in = facts->built_in,
							.hybrid = facts->hybrid,
							.price = facts->price,
							.left = Max(facts->cap - facts->spent, 0),
							.left_of_player = Max(facts->cap_of_player - facts->spent_by_player, 0),
							.available = (facts->mind ? FALLBACK_BIT(FALLBACK_CONTROLLER) : 0) |
										 (facts->stateless ? FALLBACK_BIT(FALLBACK_STATELESS) : 0) |
										 (facts->player_api ? FALLBACK_BIT(FALLBACK_PLAYER_API) : 0) |
										 (facts->server_api ? FALLBACK_BIT(FALLBACK_SERVER_API) : 0)};
}

/* Says why a step is not taken; the manual explains the words. 'refused': steps at which no question could be opened. */
static const char *
why_not(FallbackStep step, const FallbackFacts *facts, const FallbackTerms *terms, unsigned refused)
{
	if (refused & FALLBACK_BIT(step))
		return "cannot be asked now";
	if ((unsigned) facts->tried & FALLBACK_BIT(step))
		return "tried in vain";
	switch (step)
	{
		case FALLBACK_CONTROLLER:
			if (facts->controller == 0)
				return "nobody";
			return facts->mind ? "passed over" : "away";
		case FALLBACK_STATELESS:
		case FALLBACK_PLAYER_API:
			return (terms->available & FALLBACK_BIT(step)) != 0 ? "passed over" : "none";
		case FALLBACK_SERVER_API:
			if (!facts->commercial || !facts->server_backup)
				return "not enabled";
			return facts->server_api ? "the day's cap is reached" : "none";
		case FALLBACK_BUILT_IN:
			return "off";
		case FALLBACK_DORMANT:
		case FALLBACK_COUNT:
			break;
	}
	pg_unreachable();
}

static const char *
reason_for(FallbackStep step, const FallbackFacts *facts, const FallbackTerms *terms, unsigned refused)
{
	StringInfo reason = makeStringInfo();

	if (step == FALLBACK_CONTROLLER)
		return "the mind of its player can be asked";
	for (FallbackStep before = FALLBACK_CONTROLLER; before < step; before++)
		appendStringInfo(reason, "%s%s: %s", before == 0 ? "" : "; ", fallback_names[before],
						 why_not(before, facts, terms, refused));
	return reason->data;
}

/* Returns the source of a step, as far as that is known before its question is handed out; 0 = it is not. */
static int64
source_of(FallbackStep step, const FallbackFacts *facts)
{
	switch (step)
	{
		case FALLBACK_CONTROLLER:
			return facts->mind_source;
		case FALLBACK_STATELESS:
			return facts->stateless_source;
		case FALLBACK_PLAYER_API:
			return facts->player_api_source;
		case FALLBACK_SERVER_API:
			return facts->server_api_source;
		case FALLBACK_BUILT_IN:
		case FALLBACK_DORMANT:
		case FALLBACK_COUNT:
			break;
	}
	return 0;
}

/* ---- what is bought ---- */

Purchase *
fallback_buy(int64 world_id, int64 npc_id)
{
	FallbackFacts facts = {0};
	FallbackTerms terms;
	unsigned	  tried;
	bool		  at_players_cost;
	Purchase	 *purchase;

	if (!fallback_facts_read(world_id, npc_id, &facts))
		return NULL;
	terms = terms_of(&facts);
	tried = (unsigned) facts.tried;
	/* What its player, who is there, had in vain is not put to other players, but to who backs it up. */
	if (facts.hybrid && (tried & FALLBACK_BIT(FALLBACK_CONTROLLER)) != 0)
		tried |= FALLBACK_BIT(FALLBACK_STATELESS) | FALLBACK_BIT(FALLBACK_PLAYER_API);
	if (fallback_next(&terms, tried) != FALLBACK_SERVER_API)
		return NULL;
	at_players_cost = fallback_at_players_cost(&terms);
	purchase = palloc(sizeof(Purchase));
	*purchase = (Purchase) {.world_id = world_id,
							.npc_id = npc_id,
							.player_id = at_players_cost ? facts.controller : 0,
							.cost = facts.price,
							.reason = reason_for(FALLBACK_SERVER_API, &facts, &terms, 0)};
	if (!fallback_spend(world_id, purchase->player_id, purchase->cost,
						at_players_cost ? facts.cap_of_player : facts.cap))
		return NULL;
	return purchase;
}

void
fallback_bought(const Purchase *purchase, int64 request_id, int64 source_id)
{
	fallback_log_write(&(LoggedFallback) {.world_id = purchase->world_id,
										  .npc_id = purchase->npc_id,
										  .request_id = request_id,
										  .step = fallback_names[FALLBACK_SERVER_API],
										  .reason = purchase->reason,
										  .source_id = source_id,
										  .player_id = purchase->player_id,
										  .cost = purchase->cost});
}

void
fallback_not_bought(const Purchase *purchase)
{
	fallback_take_back(purchase->world_id, purchase->player_id, purchase->cost);
}

/* ---- the function ---- */

static void
refuse_put_to_sleep(const Npc *npc)
{
	if (npc->state == NPC_DORMANT && npc->decider == DECIDER_OPERATOR)
		ereport(ERROR, errcode(ERRCODE_NS_ACTION_IMPOSSIBLE), errmsg("NPC %lld sleeps", (long long) npc->id),
				errdetail("An operator put it to sleep."),
				errhint("set_npc_dormant(world_id, npc_id, false) wakes it."));
}

/* Takes the first step that can be taken, and fills in what is logged of it. */
static void
take_step(WorldLock *lock, Npc *npc, LoggedFallback *taken)
{
	FallbackFacts facts = {0};
	FallbackTerms terms;
	FallbackStep  step;
	unsigned	  refused = 0;
	ReducerResult result = {0};

	if (!fallback_facts_read(lock->world_id, npc->id, &facts))
		refuse_unknown_npc(lock->world_id, npc->id);
	terms = terms_of(&facts);
	for (;;)
	{
		step = fallback_next(&terms, (unsigned) facts.tried | refused);
		reducer_run(lock, &reducer_fall_back, &(FallBack) {.npc_id = npc->id, .step = fallback_names[step]},
					&result);
		if (result.number)
			break;
		refused |= FALLBACK_BIT(step);
	}
	*taken = (LoggedFallback) {.world_id = lock->world_id,
							   .npc_id = npc->id,
							   .request_id = npc->request_pending ? npc->request_id : 0,
							   .step = fallback_names[step],
							   .reason = reason_for(step, &facts, &terms, refused),
							   .source_id = source_of(step, &facts)};
	if (step == FALLBACK_SERVER_API)
	{
		taken->cost = facts.price;
		taken->player_id = fallback_at_players_cost(&terms) ? facts.controller : 0;
	}
}

/* assign_npc_with_fallback(world_id, npc_id) → a row: the step that was taken, and why */
Datum
npcsim_assign_npc_with_fallback(PG_FUNCTION_ARGS)
{
	int64		   world_id = arg_id(fcinfo, 0, "world_id");
	int64		   npc_id = arg_id(fcinfo, 1, "npc_id");
	WorldLock	  *lock;
	Npc			  *npc;
	LoggedFallback taken;
	TupleDesc	   columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "assign_npc_with_fallback() returns a row");
	version_require();
	lock = world_lock(world_id, WORLD_WAIT);
	npc = npc_require(world_image(lock), npc_id);
	refuse_put_to_sleep(npc);
	spi_begin();
	take_step(lock, npc, &taken);
	reducer_write(lock);
	fallback_log_write(&taken);
	spi_end();
	PG_RETURN_DATUM(HeapTupleGetDatum(
		heap_form_tuple(BlessTupleDesc(columns),
						(Datum[]) {CStringGetTextDatum(taken.step), CStringGetTextDatum(taken.reason),
								   Int64GetDatum(taken.source_id), Int64GetDatum(taken.request_id),
								   Int64GetDatum(taken.cost)},
						(bool[]) {false, false, taken.source_id == 0, taken.request_id == 0, false})));
}
