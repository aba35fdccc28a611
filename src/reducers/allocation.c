/*
 * allocation.c
 *	  Gives NPCs to players by what these lend, in worlds whose allocation is "market".
 *
 * A plan is made from rows, without the world's lock: who is there, what everybody is entitled to, and which NPCs change hands for that
 * (src/market decides). Only when some do is the world locked; those of them that nobody has moved meanwhile are moved by one input, which
 * is all that a replay knows of the market.
 *
 * A player who is away keeps what it has, and gains nothing, for as long as the world's settings say; then it is gone, and loses what the market
 * gave it. Who is away is read by the wall clock (market_now()), how long an NPC has been with its player by the world's.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "guc.h"
#include "market/market.h"
#include "market/moves.h"
#include "reducers/allocation.h"
#include "reducers/args.h"
#include "reducers/controllers.h"
#include "reducers/players.h"
#include "reducers/reducers.h"
#include "reducers/world_head.h"
#include "require.h"
#include "shmem.h"
#include "spi.h"
#include "tables/allocation.h"
#include "tables/players.h"

PG_FUNCTION_INFO_V1(npcsim_calculate_player_npc_allocation);
PG_FUNCTION_INFO_V1(npcsim_rebalance_compute_allocation);
PG_FUNCTION_INFO_V1(npcsim_rebalance_world);
PG_FUNCTION_INFO_V1(npcsim_redistribute_npcs_by_contribution);
PG_FUNCTION_INFO_V1(npcsim_request_npc_assignment);

/* Who has shown nothing yet is given so many NPCs to begin with. */
#define PROOF_UNKNOWN 2

/* ---- the plan ---- */

/* The arrays of players belong together, and are in order of their ids. */
typedef struct Division
{
	MarketTerms	  terms;
	int64		  now; /* of the world, µs */
	MarketPlayer *players;
	Claimant	 *claimants;
	Holder		 *holders;
	int32		 *held;
	int			  player_count;
	MarketNpc	 *rows; /* in order of their ids, as are 'npcs' */
	HeldNpc		 *npcs;
	int			  npc_count;
} Division;

/* Returns the place of a player, or NO_PLAYER. */
static int32
player_place(const Division *plan, int64 player_id)
{
	int low = 0;
	int high = plan->player_count - 1;

	while (low <= high)
	{
		int middle = low + (high - low) / 2;

		if (plan->players[middle].id == player_id)
			return middle;
		if (plan->players[middle].id < player_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return NO_PLAYER;
}

/* Whether a player is away for longer than it keeps what the market gave it, or may not come back. */
static bool
is_gone(const MarketTerms *terms, const MarketPlayer *player, TimestampTz now)
{
	int32 grace = player->paused ? terms->pause_grace : terms->absence_grace;

	if (player->barred || player->seen_at == DT_NOBEGIN)
		return !player->present || player->barred;
	return !player->present && now - player->seen_at > grace * SIM_SECOND;
}

/*
 * Enters the NPCs, and counts what each player has. An NPC whose controller is no player of the world stays as it is. Returns how many
 * there are to be divided.
 */
static int32
enter_npcs(Division *plan)
{
	int32 divided = 0;

	for (int i = 0; i < plan->npc_count; i++)
	{
		const MarketNpc *row = &plan->rows[i];
		int32			 place = row->controller == 0 ? NO_PLAYER : player_place(plan, row->controller);
		bool			 fixed = row->assigned || (row->controller != 0 && place == NO_PLAYER);

		plan->npcs[i] = (HeldNpc) {.id = row->id,
								   .holder = place,
								   .assigned = fixed,
								   .decided = row->decided,
								   .stateless = place != NO_PLAYER && plan->players[place].stateless,
								   .since = row->since};
		if (place != NO_PLAYER)
		{
			plan->held[place]++;
			plan->claimants[place].assigned += fixed;
		}
		divided += place != NO_PLAYER || !fixed;
	}
	return divided;
}

/* What a player asks for, and has shown. Who is away asks for no more than it has. */
static void
enter_claim(Division *plan, int place, TimestampTz now)
{
	const MarketPlayer *player = &plan->players[place];
	Claimant		   *claimant = &plan->claimants[place];

	claimant->id = player->id;
	claimant->person = player->person_id;
	claimant->weight = player->owner ? CLAIMANT_WEIGHT_OWNER : CLAIMANT_WEIGHT;
	plan->holders[place].gone = is_gone(&plan->terms, player, now);
	if (plan->holders[place].gone || player->declared <= 0)
		return;
	claimant->demand =
		market_demand(player->declared, plan->terms.tokens_per_npc,
					  reliability(player->asked, player->halves), plan->terms.max_npcs_per_player);
	claimant->proof = player->proof >= 0 ? player->proof : Min(claimant->demand, PROOF_UNKNOWN);
	if (!player->present)
		claimant->proof = Min(claimant->proof, plan->held[place]);
}

/*
 * Reads by what the world is divided, and who takes part, this player (0: none) in any case. Returns whether there is anything to divide. SPI
 * must be connected.
 */
static bool
plan_begin(Division *plan, int64 world_id, int64 player_id)
{
	memset(plan, 0, sizeof(*plan));
	plan->now = read_world_head(world_id)->now;
	if (!market_terms_read(world_id, &plan->terms))
		elog(ERROR, "world %lld is gone", (long long) world_id);
	plan->players = market_players_read(world_id, player_id, &plan->player_count);
	return plan->terms.market && plan->player_count > 0;
}

/* Says what everybody is entitled to. */
static void
plan_shares(Division *plan, int64 world_id)
{
	TimestampTz now = market_now();
	int32		divided;

	plan->rows = market_npcs_read(world_id, &plan->npc_count);
	plan->claimants = palloc0(sizeof(Claimant) * (plan->player_count + 1));
	plan->holders = palloc0(sizeof(Holder) * (plan->player_count + 1));
	plan->held = palloc0(sizeof(int32) * (plan->player_count + 1));
	plan->npcs = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(HeldNpc) * (plan->npc_count + 1));
	divided = enter_npcs(plan);
	for (int i = 0; i < plan->player_count; i++)
		enter_claim(plan, i, now);
	market_divide(plan->claimants, plan->player_count, divided);
	for (int i = 0; i < plan->player_count; i++)
		plan->holders[i].share = plan->claimants[i].share;
}

/* Says which NPCs change hands, and returns how many. 'tenure' is in seconds of the world. */
static int
plan_moves(Division *plan, int32 tenure)
{
	return market_moves(plan->npcs, plan->npc_count, plan->holders, plan->player_count, plan->now,
						tenure * SIM_SECOND);
}

/* ---- carrying it out ---- */

/* Whether an NPC is still as it was when the plan was made. */
static bool
is_as_planned(const Npc *npc, const MarketNpc *row)
{
	return npc != NULL && npc->controller == row->controller && !npc_is_assigned(npc) &&
		   (row->controller == 0 || npc->controller_since == row->since);
}

/* Moves the NPCs that nobody has moved meanwhile. Returns how many. */
static int
carry_out(World *world, const Division *plan, int moves)
{
	int64 *npc_ids = palloc(sizeof(int64) * (moves + 1));
	int64 *player_ids = palloc(sizeof(int64) * (moves + 1));
	int	   count = 0;

	for (int i = 0; i < plan->npc_count; i++)
	{
		const HeldNpc *npc = &plan->npcs[i];

		if (npc->to == npc->holder || !is_as_planned(world_npc(world, npc->id), &plan->rows[i]))
			continue;
		npc_ids[count] = npc->id;
		player_ids[count++] = npc->to == NO_PLAYER ? 0 : plan->players[npc->to].id;
	}
	controllers_change(world, npc_ids, player_ids, count);
	return count;
}

bool
allocation_settle(World *world)
{
	int64	 world_id = world_image_lock(world)->world_id;
	Division plan;

	spi_begin();
	if (plan_begin(&plan, world_id, 0))
	{
		plan_shares(&plan, world_id);
		carry_out(world, &plan, plan_moves(&plan, plan.terms.min_tenure));
	}
	spi_end();
	return plan.terms.market;
}

/*
 * Does the same in a world that is not locked, and locks it only if NPCs change hands. Returns how many did; -1 if somebody else holds the
 * world and is not to be waited for. When its settings were changed meanwhile they are heeded the next time.
 */
static int
rebalance(int64 world_id, bool keep_tenure, WorldWait wait)
{
	Division   plan;
	int		   moves = 0;
	WorldLock *lock;

	version_require();
	spi_begin();
	if (plan_begin(&plan, world_id, 0))
	{
		plan_shares(&plan, world_id);
		moves = plan_moves(&plan, keep_tenure ? plan.terms.min_tenure : 0);
	}
	if (moves > 0)
	{
		lock = world_lock(world_id, wait);
		if (lock == NULL)
			moves = -1;
		else if (lock->settings_revision != plan.terms.settings_revision)
			moves = 0;
		else
			moves = carry_out(world_image(lock), &plan, moves);
		if (moves > 0)
			reducer_write(lock);
	}
	spi_end();
	return moves;
}

/* rebalance_compute_allocation(world_id) → how many NPCs changed hands */
Datum
npcsim_rebalance_compute_allocation(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(rebalance(arg_id(fcinfo, 0, "world_id"), true, WORLD_WAIT));
}

/* rebalance_world(world_id) → whether it was done; not if somebody holds the world */
Datum
npcsim_rebalance_world(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(rebalance(arg_id(fcinfo, 0, "world_id"), true, WORLD_SKIP) >= 0);
}

/* redistribute_npcs_by_contribution(world_id) → how many NPCs changed hands, whenever they came to their players */
Datum
npcsim_redistribute_npcs_by_contribution(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(rebalance(arg_id(fcinfo, 0, "world_id"), false, WORLD_WAIT));
}

/* request_npc_assignment(player_id) → how many NPCs the player has then */
Datum
npcsim_request_npc_assignment(PG_FUNCTION_ARGS)
{
	int64	   player_id = arg_id(fcinfo, 0, "player_id");
	PlayerRow  player;
	PlayerLoad load;

	spi_begin();
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	(void) rebalance(player.world_id, true, WORLD_WAIT);
	if (!player_row_load_of(player_id, &load))
		refuse_unknown_player(player_id);
	spi_end();
	PG_RETURN_INT32((int32) load.npcs);
}

/* ---- telling ---- */

/* Returns why a player is entitled to as many as it is; the manual explains the words. */
static const char *
reason_of(const Division *plan, int place)
{
	const MarketPlayer *player = &plan->players[place];
	const Claimant	   *claimant = &plan->claimants[place];

	if (!plan->terms.market)
		return "manual";
	if (player->barred)
		return "banned";
	if (claimant->assigned > 0 && claimant->share == claimant->assigned)
		return "assigned";
	if (player->declared <= 0)
		return "nothing declared";
	if (plan->holders[place].gone)
		return "gone";
	if (!player->present)
		return "away";
	if (claimant->share == claimant->demand)
		return "demand";
	if (claimant->share == claimant->proof)
		return "proof";
	return "divided";
}

/* calculate_player_npc_allocation(player_id, world_id) → a row: what the player is entitled to, and why */
Datum
npcsim_calculate_player_npc_allocation(PG_FUNCTION_ARGS)
{
	int64		player_id = arg_id(fcinfo, 0, "player_id");
	int64		world_id = arg_id(fcinfo, 1, "world_id");
	bool		nulls[9] = {false};
	Division	plan;
	int32		place;
	TupleDesc	columns;
	Claimant	claimant;
	int32		held;
	int32		share;
	const char *tier;
	const char *reason;

	spi_begin();
	(void) read_world_head(world_id);
	player_require(world_id, player_id);
	(void) plan_begin(&plan, world_id, player_id);
	plan_shares(&plan, world_id);
	place = player_place(&plan, player_id);
	if (place == NO_PLAYER)
		refuse_unknown_player(player_id);
	claimant = plan.claimants[place];
	held = plan.held[place];
	share = reliability(plan.players[place].asked, plan.players[place].halves);
	tier = tier_terms[contribution_tier(plan.players[place].declared)].name;
	reason = reason_of(&plan, place);
	spi_end();

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "calculate_player_npc_allocation() returns a row");
	PG_RETURN_DATUM(HeapTupleGetDatum(
		heap_form_tuple(BlessTupleDesc(columns),
						(Datum[]) {Int32GetDatum(claimant.share), Int32GetDatum(claimant.demand),
								   Int32GetDatum(claimant.proof),
								   Float8GetDatum((double) claimant.weight / CLAIMANT_WEIGHT),
								   Int32GetDatum(held), Int32GetDatum(claimant.assigned),
								   Float8GetDatum(share / 1000.0), CStringGetTextDatum(tier),
								   CStringGetTextDatum(reason)},
						nulls)));
}

/* ---- when it is done again ---- */

/* The worlds whose workers are to be told at commit, in TopTransactionContext. */
static List *changed_worlds = NIL;

static void
on_transaction_end(XactEvent event, void *arg)
{
	ListCell *cell;

	switch (event)
	{
		case XACT_EVENT_COMMIT:
			foreach (cell, changed_worlds)
				shmem_world_shares_changed(*(int64 *) lfirst(cell));
			changed_worlds = NIL;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			changed_worlds = NIL;
			break;
		default:
			break;
	}
}

void
allocation_changed_at_commit(int64 world_id)
{
	static bool	  registered = false;
	ListCell	 *cell;
	int64		 *changed;
	MemoryContext before;

	if (!registered)
		RegisterXactCallback(on_transaction_end, NULL);
	registered = true;
	foreach (cell, changed_worlds)
	{
		if (*(int64 *) lfirst(cell) == world_id)
			return;
	}
	before = MemoryContextSwitchTo(TopTransactionContext);
	changed = palloc(sizeof(int64));
	*changed = world_id;
	changed_worlds = lappend(changed_worlds, changed);
	MemoryContextSwitchTo(before);
}
