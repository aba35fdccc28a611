/*
 * presence.c
 *	  Whose minds can be asked: those of players who are present and have tokens left to spend, and the pool.
 *
 * The pool are the sources of all players that remember nothing. It is asked about NPCs whose player cannot be asked, and, in
 * worlds whose NPCs the market divides, about those that have none: no more questions at a time than it has slots, so that
 * nobody stands idle who waits in vain. Which source gets such a question is delivery (reducers/claim.c), which a world knows
 * nothing of; that there is a pool, and how large it is, is an input.
 *
 * What a draining source was asked may still be answered: it is waited for.
 *
 * The budgets of most are less than a decision a second: their questions may wait long for their part of the day
 * (reducers/spending.c), and their NPCs are not left standing meanwhile (care.c).
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "engine/image.h"
#include "spi.h"
#include "tables/id_lists.h"
#include "tables/worlds.h"

static SpiStatement lending_statement = {"SELECT FROM npcsim_internal.lending_sessions($1) LIMIT 1",
										 1,
										 {INT8OID}};

/* A player who lends. */
typedef struct LenderRow
{
	int64 player_id;
	bool  askable;
	bool  paced;
	bool  draining;
	int32 pool_slots;
	bool  pool_drains;
	bool  pool_for_all; /* the same in each row */
} LenderRow;

static const SpiColumn lender_columns[] = {
	SPI_COLUMN(LenderRow, player_id, "p.player_id"),
	SPI_COLUMN(LenderRow, askable, "p.askable"),
	SPI_COLUMN(LenderRow, paced, "p.paced"),
	SPI_COLUMN(LenderRow, draining, "p.draining"),
	SPI_COLUMN(LenderRow, pool_slots, "p.pool_slots"),
	SPI_COLUMN(LenderRow, pool_drains, "p.pool_drains"),
	SPI_COLUMN(LenderRow, pool_for_all, "p.pool_for_all"),
};

/* Asked only where somebody lends, since it costs more. */
static SpiStatement lenders_statement =
	{.sql = "SELECT %C FROM npcsim_internal.world_lenders($1) AS p ORDER BY p.player_id",
	 SPI_GIVES(LenderRow, lender_columns),
	 .nargs = 1,
	 .types = {INT8OID}};

static bool
id_list_equal(const IdList *list, const NumberList *numbers)
{
	return list->count == numbers->count &&
		   (list->count == 0 || memcmp(list->ids, numbers->numbers, list->count * sizeof(int64)) == 0);
}

/* The input. What came later is left out where there is nothing of it, as in inputs from before. */
typedef struct Presence
{
	NumberList present;
	NumberList paced;
	NumberList draining;
	int32	   pool_slots;
	bool	   pool_for_all;
	bool	   pool_drains;
} Presence;

static const Argument presence_arguments[] = {
	IDS_ARGUMENT(Presence, present),
	IDS_ARGUMENT(Presence, paced, .can_be_absent = true),
	IDS_ARGUMENT(Presence, draining, .can_be_absent = true),
	NUMBER_ARGUMENT(Presence, pool_slots, 0, PG_INT32_MAX, .optional = true),
	FLAG_ARGUMENT(Presence, pool_for_all, .optional = true),
	FLAG_ARGUMENT(Presence, pool_drains, .optional = true),
};

static void
set_list(World *world, IdList *list, const NumberList *numbers)
{
	list->count = 0;
	for (int i = 0; i < numbers->count; i++)
		id_list_add(world, list, numbers->numbers[i]);
}

static void
set_present(World *world, const Presence *presence)
{
	set_list(world, &world->present, &presence->present);
	set_list(world, &world->paced, &presence->paced);
	set_list(world, &world->draining, &presence->draining);
	world->pool_slots = presence->pool_slots;
	world->pool_for_all = presence->pool_for_all;
	world->pool_drains = presence->pool_drains;
	world->present_known = true;
	if (presence->pool_for_all && !world->pool_known)
	{
		spi_begin();
		world_row_write_pool_known(world->id);
		spi_end();
		world->pool_known = true;
	}
	world_input(world->lock, &reducer_presence, presence);
}

/*
 * A replay takes the players present from the inputs, since nobody is there. An image that is loaded anew is
 * told again.
 */
static bool
be_present(WorldLock *lock, void *arguments, ReducerResult *result)
{
	set_present(lock->image, arguments);
	return false;
}

const Reducer reducer_presence = {
	WORLD_REDUCER(presence, be_present),
	REDUCER_ARGUMENTS(Presence, presence_arguments),
};

/* Puts together who can be asked. */
static Presence
presence_of(const LenderRow *lenders, int count)
{
	int64	*present = palloc(sizeof(int64) * (count + 1));
	int64	*draining = palloc(sizeof(int64) * (count + 1));
	int64	*paced = palloc(sizeof(int64) * (count + 1));
	Presence presence = {.present.numbers = present};

	for (int i = 0; i < count; i++)
	{
		if (lenders[i].askable)
			present[presence.present.count++] = lenders[i].player_id;
		if (lenders[i].askable && lenders[i].paced)
			paced[presence.paced.count++] = lenders[i].player_id;
		if (lenders[i].draining)
			draining[presence.draining.count++] = lenders[i].player_id;
		presence.pool_slots += lenders[i].pool_slots;
		presence.pool_for_all = lenders[i].pool_for_all;
		presence.pool_drains = presence.pool_drains || lenders[i].pool_drains;
	}
	presence.paced.numbers = presence.paced.count > 0 ? paced : NULL;
	presence.draining.numbers = presence.draining.count > 0 ? draining : NULL;
	presence.pool_for_all = presence.pool_for_all && presence.pool_slots > 0;
	return presence;
}

static bool
is_present_as_known(const World *world, const Presence *presence)
{
	return world->present_known && id_list_equal(&world->present, &presence->present) &&
		   id_list_equal(&world->paced, &presence->paced) &&
		   id_list_equal(&world->draining, &presence->draining) &&
		   world->pool_slots == presence->pool_slots && world->pool_for_all == presence->pool_for_all &&
		   world->pool_drains == presence->pool_drains;
}

/*
 * Reads whose minds can be asked, once per transaction; a change is an input. A world whose NPCs have no players is told nothing as
 * long as there is nothing to be told ('for_pool').
 */
static void
read_present(World *world, bool for_pool)
{
	Datum	   world_id = Int64GetDatum(world->id);
	uint64	   rows;
	LenderRow *lenders = NULL;
	int		   count = 0;
	Presence   presence;

	if (world->present_read || world->lock->replaying || (for_pool && world->no_pool_read))
		return;
	spi_begin();
	rows = spi_run(&lending_statement, &world_id, NULL, SPI_OK_SELECT);
	if (rows > 0)
	{
		rows = spi_run(&lenders_statement, &world_id, NULL, SPI_OK_SELECT);
		lenders = spi_rows(&lenders_statement, rows, &count);
	}
	presence = presence_of(lenders, count);
	world->no_pool_read = for_pool && !world->pool_known && !presence.pool_for_all;
	if (!world->no_pool_read)
	{
		if (!is_present_as_known(world, &presence))
			set_present(world, &presence);
		world->present_read = true;
	}
	spi_end();
}

static bool
is_present(const World *world, int64 player_id)
{
	return world->present.count > 0 && id_list_find(world->present.ids, world->present.count, player_id) >= 0;
}

/* Whether the pool takes the NPC's question, or has it already: one that its player has left open goes there, too. */
static bool
pool_takes(const World *world, const Npc *npc)
{
	if (world->pool_slots == 0 || (npc->controller == 0 && !world->pool_for_all))
		return false;
	return npc->request_pending || world->pooled < world->pool_slots;
}

bool
npc_mind_can_be_asked(World *world, Npc *npc)
{
	read_present(world, !npc_is_minded(npc));
	return (is_present(world, npc->controller) || pool_takes(world, npc)) && !npc_budget_spent(world, npc);
}

int64
npc_asked_through(const World *world, const Npc *npc)
{
	return is_present(world, npc->controller) ? npc->controller : POOL;
}

bool
npc_question_is_awaited(const World *world, const Npc *npc)
{
	if (!npc->request_pending)
		return false;
	if (npc_asked_pool(npc))
		return world->pool_drains;
	return world->draining.count > 0 &&
		   id_list_find(world->draining.ids, world->draining.count, npc->request_player) >= 0;
}

bool
npc_mind_is_paced(World *world, const Npc *npc)
{
	return world->paced.count > 0 && id_list_find(world->paced.ids, world->paced.count, npc->controller) >= 0;
}
