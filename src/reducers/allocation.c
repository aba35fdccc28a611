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
#include "market/priority.h"
#include "market/shortage.h"
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
PG_FUNCTION_INFO_V1(npcsim_handle_insufficient_compute);
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
	int64		 *warned; /* since when it is warned from now on; 0 = it is not */
	int			  player_count;
	MarketNpc	 *rows; /* in order of their ids, as are 'npcs' */
	HeldNpc		 *npcs;
	int			  npc_count;
	const char
		*shortage; /* what is done about too little compute, a word; "sufficient" when there is enough */
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

	if (player->banned || player->suspended)
		return true;
	if (player->seen_at == DT_NOBEGIN)
		return !player->present;
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
	/* Each account by what itself declares and gives; those of a person stand together where any of them does. */
	claimant->priority = market_priority(player->offered, player->measured);
	plan->holders[place].priority = claimant->priority;
	claimant->weight = player->owner ? CLAIMANT_WEIGHT_OWNER : CLAIMANT_WEIGHT;
	plan->holders[place].gone = is_gone(&plan->terms, player, now);
	if (plan->holders[place].gone || player->offered <= 0)
		return;
	claimant->demand = market_demand(player->declared, plan->terms.tokens_per_npc, player->reliability,
									 plan->terms.max_npcs_per_player);
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

/* ---- too little compute ---- */

/* How many tokens a day a player can be counted on for: what it declares, and as reliable as it is. */
static int64
tokens_given(const Division *plan, int place)
{
	const MarketPlayer *player = &plan->players[place];

	if (plan->holders[place].gone)
		return 0;
	return player->offered * player->reliability / 1000;
}

static ShortageAnswer
shortage_answer(const MarketTerms *terms)
{
	int answer = SHORTAGE_FEWER;

	while (strcmp(terms->on_shortage, shortage_names[answer]) != 0 && answer + 1 < SHORTAGE_ANSWER_COUNT)
		answer++;
	return (ShortageAnswer) answer;
}

/*
 * Leaves so many of the NPCs that no operator assigned to be divided, and the least watched to the built-in mind, or, where that does not stand in, to sleep. Those that came to their
 * player less than min_tenure ago stay before all others, and of equals those that have minds.
 */
static void
leave_least_watched(Division *plan, int64 world_id, int32 kept)
{
	WatchedNpc *watched =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(WatchedNpc) * (plan->npc_count + 1));
	int		   seen_count;
	WatchedBy *seen = market_seen_read(world_id, &seen_count);
	int		   count = 0;

	for (int i = 0, at = 0; i < plan->npc_count; i++)
	{
		const HeldNpc *npc = &plan->npcs[i];
		bool		   held = npc->holder != NO_PLAYER && !plan->holders[npc->holder].gone;
		WatchedNpc	  *next = &watched[count];

		while (at < seen_count && seen[at].id < npc->id)
			at++;
		if (npc->assigned)
			continue;
		*next = (WatchedNpc) {.id = npc->id, .watched_at = held, .decided = npc->decided};
		if (held && plan->now - npc->since < plan->terms.min_tenure * SIM_SECOND)
			next->viewers = PG_INT32_MAX;
		else if (at < seen_count && seen[at].id == npc->id)
			next->viewers = question_viewers(seen[at].players, seen[at].spectated);
		count++;
	}
	shortage_choose(watched, count, kept);
	for (int i = 0, next = 0; i < plan->npc_count; i++)
	{
		HeldNpc *npc = &plan->npcs[i];

		if (npc->assigned || watched[next++].kept)
			continue;
		/* So it is left out of the moves, as if an operator kept it for the built-in mind. */
		npc->holder = NO_PLAYER;
		npc->assigned = true;
	}
}

/* Warns who offers too little for what it would have; an hour later that player asks for no more than its offer is enough for. */
static void
warn_players(Division *plan, bool is_short, TimestampTz now)
{
	for (int i = 0; i < plan->player_count; i++)
	{
		MarketPlayer   *player = &plan->players[i];
		Claimant	   *claimant = &plan->claimants[i];
		ShortageWarning warning = {.warned_at = player->warned_at};
		int32			kept;
		ShortageVerdict verdict =
			shortage_step(&warning, is_short && !plan->holders[i].gone, tokens_given(plan, i),
						  plan->terms.tokens_per_npc_least, claimant->share, now, &kept);

		plan->warned[i] = warning.warned_at;
		if (verdict == SHORTAGE_REMOVE)
		{
			claimant->proof = Min(claimant->proof, kept);
			plan->shortage = "removed";
		}
		else if (warning.warned_at != 0 && strcmp(plan->shortage, "removed") != 0)
			plan->shortage = "warned";
	}
}

/*
 * Looks whether what players offer is enough for the NPCs that would have minds, and does what the world's on_insufficient_compute says.
 * 'divided' are to be divided.
 */
static void
heed_shortage(Division *plan, int64 world_id, int32 divided, TimestampTz now)
{
	int64 tokens = 0;
	int32 wanted = 0;
	int32 fixed = 0;
	int32 kept;
	bool  is_short;

	plan->shortage = "sufficient";
	for (int i = 0; i < plan->player_count; i++)
	{
		tokens += tokens_given(plan, i);
		wanted += plan->claimants[i].share;
		fixed += plan->claimants[i].assigned;
	}
	kept = shortage_kept(tokens, plan->terms.tokens_per_npc_least, wanted);
	is_short = kept < wanted;
	switch (shortage_answer(&plan->terms))
	{
		case SHORTAGE_FEWER:
			if (!is_short)
				break;
			plan->shortage = "fewer";
			leave_least_watched(plan, world_id, Max(kept - fixed, 0));
			divided = Max(kept, fixed);
			break;
		case SHORTAGE_ALERT:
			if (is_short)
				plan->shortage = "alert";
			break;
		case SHORTAGE_WARN_THEN_REMOVE:
			warn_players(plan, is_short, now);
			break;
		case SHORTAGE_ANSWER_COUNT:
			pg_unreachable();
	}
	market_divide(plan->claimants, plan->player_count, divided);
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
	plan->warned = palloc0(sizeof(int64) * (plan->player_count + 1));
	plan->npcs = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(HeldNpc) * (plan->npc_count + 1));
	divided = enter_npcs(plan);
	for (int i = 0; i < plan->player_count; i++)
		enter_claim(plan, i, now);
	market_divide(plan->claimants, plan->player_count, divided);
	heed_shortage(plan, world_id, divided, now);
	for (int i = 0; i < plan->player_count; i++)
		plan->holders[i].share = plan->claimants[i].share;
}

/* Whether an NPC is to have another controller than it has. One whose controller is no player of the world stays. */
static bool
changes_hands(const Division *plan, int i)
{
	int64 controller = plan->rows[i].controller;
	int32 place = controller == 0 ? NO_PLAYER : player_place(plan, controller);

	return plan->npcs[i].to != place && (controller == 0 || place != NO_PLAYER);
}

/* Says which NPCs change hands, and returns how many. 'tenure' is in seconds of the world. */
static int
plan_moves(Division *plan, int32 tenure)
{
	int moves = 0;

	(void) market_moves(plan->npcs, plan->npc_count, plan->holders, plan->player_count, plan->now,
						tenure * SIM_SECOND);
	for (int i = 0; i < plan->npc_count; i++)
		moves += changes_hands(plan, i);
	return moves;
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

		if (!changes_hands(plan, i) || !is_as_planned(world_npc(world, npc->id), &plan->rows[i]))
			continue;
		npc_ids[count] = npc->id;
		player_ids[count++] = npc->to == NO_PLAYER ? 0 : plan->players[npc->to].id;
	}
	controllers_change(world, npc_ids, player_ids, count);
	return count;
}

/* Writes who is warned. Rows of players are locked after the world, if that is. */
static void
write_warnings(const Division *plan)
{
	for (int i = 0; i < plan->player_count; i++)
		if (plan->warned[i] != plan->players[i].warned_at)
			market_warning_write(plan->players[i].id, plan->warned[i]);
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
		write_warnings(&plan);
	}
	spi_end();
	return plan.terms.market;
}

/*
 * Does the same in a world that is not locked, and locks it only if NPCs change hands. Returns how many did; -1 if somebody else holds the
 * world and is not to be waited for; and what is done about too little compute. When its settings were changed meanwhile they are heeded the next time.
 */
static int
rebalance(int64 world_id, bool keep_tenure, WorldWait wait, const char **shortage)
{
	Division   plan;
	int		   moves = 0;
	WorldLock *lock;

	version_require();
	*shortage = "sufficient";
	spi_begin();
	if (plan_begin(&plan, world_id, 0))
	{
		plan_shares(&plan, world_id);
		moves = plan_moves(&plan, keep_tenure ? plan.terms.min_tenure : 0);
		*shortage = plan.shortage;
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
	if (plan.warned != NULL && moves >= 0)
		write_warnings(&plan);
	spi_end();
	return moves;
}

/* rebalance_compute_allocation(world_id) → how many NPCs changed hands */
Datum
npcsim_rebalance_compute_allocation(PG_FUNCTION_ARGS)
{
	const char *shortage;

	PG_RETURN_INT32(rebalance(arg_id(fcinfo, 0, "world_id"), true, WORLD_WAIT, &shortage));
}

/* handle_insufficient_compute(world_id) → what is done about it, a word */
Datum
npcsim_handle_insufficient_compute(PG_FUNCTION_ARGS)
{
	const char *shortage;

	(void) rebalance(arg_id(fcinfo, 0, "world_id"), true, WORLD_WAIT, &shortage);
	PG_RETURN_TEXT_P(cstring_to_text(shortage));
}

/* A worker tells of a world that lacks compute this often. */
#define ALERT_EVERY (3600 * SIM_SECOND)

typedef struct Alert
{
	int64		world_id;
	TimestampTz told_at;
} Alert;

/* Tells operators, in the server's log, of a world that lacks compute and is to alert them. */
static void
alert_operators(int64 world_id)
{
	static HTAB *alerts = NULL; /* what this worker has told */
	TimestampTz	 now = GetCurrentTimestamp();
	Alert		*alert;
	bool		 found;

	if (alerts == NULL)
		alerts = hash_create("npcsim alerts", 16,
							 &(HASHCTL) {.keysize = sizeof(int64), .entrysize = sizeof(Alert)},
							 HASH_ELEM | HASH_BLOBS);
	alert = hash_search(alerts, &world_id, HASH_ENTER, &found);
	if (found && now - alert->told_at < ALERT_EVERY)
		return;
	alert->told_at = now;
	ereport(LOG, errmsg("world %lld has too little compute for its NPCs", (long long) world_id),
			errdetail("What its players offer is less than min_tokens_per_npc_per_day for each NPC that has "
					  "one of their minds."),
			errhint("SELECT p.username, a.* FROM npcsim.players p, "
					"npcsim.calculate_player_npc_allocation(p.id, %lld) a "
					"WHERE p.world_id = %lld; tells what each holds.",
					(long long) world_id, (long long) world_id));
}

/* rebalance_world(world_id) → whether it was done; not if somebody holds the world */
Datum
npcsim_rebalance_world(PG_FUNCTION_ARGS)
{
	int64		world_id = arg_id(fcinfo, 0, "world_id");
	const char *shortage;
	int			moves = rebalance(world_id, true, WORLD_SKIP, &shortage);

	if (strcmp(shortage, "alert") == 0)
		alert_operators(world_id);
	PG_RETURN_BOOL(moves >= 0);
}

/* redistribute_npcs_by_contribution(world_id) → how many NPCs changed hands, whenever they came to their players */
Datum
npcsim_redistribute_npcs_by_contribution(PG_FUNCTION_ARGS)
{
	const char *shortage;

	PG_RETURN_INT32(rebalance(arg_id(fcinfo, 0, "world_id"), false, WORLD_WAIT, &shortage));
}

/* request_npc_assignment(player_id) → how many NPCs the player has then */
Datum
npcsim_request_npc_assignment(PG_FUNCTION_ARGS)
{
	int64		player_id = arg_id(fcinfo, 0, "player_id");
	PlayerRow	player;
	PlayerLoad	load;
	const char *shortage;

	spi_begin();
	if (!player_row_read(player_id, &player))
		refuse_unknown_player(player_id);
	(void) rebalance(player.world_id, true, WORLD_WAIT, &shortage);
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
	if (player->banned)
		return "banned";
	if (player->suspended)
		return "suspended";
	if (claimant->assigned > 0 && claimant->share == claimant->assigned)
		return "assigned";
	if (player->offered <= 0)
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
	share = plan.players[place].reliability;
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
