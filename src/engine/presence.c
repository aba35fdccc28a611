/*
 * presence.c
 *	  Whose minds can be asked: those of players who are present and have tokens left to spend.
 *
 * The budgets of most are less than a decision a second: their questions may wait long for their part of the day
 * (reducers/spending.c), and their NPCs are not left standing meanwhile (care.c).
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "engine/image.h"
#include "spi.h"
#include "tables/id_lists.h"

static SpiStatement present_statement =
	{"SELECT p.player_id FROM npcsim_internal.present_players($1) AS p(player_id) ORDER BY 1", 1, {INT8OID}};

typedef struct AskedPlayer
{
	int64 player_id;
	bool  paced;
} AskedPlayer;

static const SpiColumn asked_columns[] = {
	SPI_COLUMN(AskedPlayer, player_id, "p.player_id"),
	SPI_COLUMN(AskedPlayer, paced, "p.paced"),
};

/* Asked only where somebody is present, since it costs more. */
static SpiStatement asked_statement = {.sql =
										   "SELECT %C FROM npcsim_internal.asked_players($1) AS p ORDER BY 1",
									   SPI_GIVES(AskedPlayer, asked_columns),
									   .nargs = 1,
									   .types = {INT8OID}};

static bool
id_list_equal(const IdList *list, const int64 *ids, int count)
{
	return list->count == count && (count == 0 || memcmp(list->ids, ids, count * sizeof(int64)) == 0);
}

typedef struct Presence
{
	NumberList present;
	NumberList paced;
} Presence;

static const Argument presence_arguments[] = {
	IDS_ARGUMENT(Presence, present),
	IDS_ARGUMENT(Presence, paced, .can_be_absent = true),
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
	world->present_known = true;
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

/* Reads whose minds can be asked, once per transaction; a change is an input. */
static void
read_present(World *world)
{
	Datum		 world_id = Int64GetDatum(world->id);
	int			 count = 0;
	AskedPlayer *players = NULL;
	int64		*present;
	int64		*paced;
	int			 paced_count = 0;

	if (world->present_read || world->lock->replaying)
		return;
	spi_begin();
	if (spi_run(&present_statement, &world_id, NULL, SPI_OK_SELECT) > 0)
		players =
			spi_rows(&asked_statement, spi_run(&asked_statement, &world_id, NULL, SPI_OK_SELECT), &count);
	present = palloc(sizeof(int64) * Max(count, 1));
	paced = palloc(sizeof(int64) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		present[i] = players[i].player_id;
		if (players[i].paced)
			paced[paced_count++] = players[i].player_id;
	}
	if (!world->present_known || !id_list_equal(&world->present, present, count) ||
		!id_list_equal(&world->paced, paced, paced_count))
		set_present(world,
					&(Presence) {.present = {.numbers = present, .count = count},
								 .paced = {.numbers = paced_count > 0 ? paced : NULL, .count = paced_count}});
	world->present_read = true;
	spi_end();
}

bool
npc_mind_can_be_asked(World *world, Npc *npc)
{
	read_present(world);
	return world->present.count > 0 &&
		   id_list_find(world->present.ids, world->present.count, npc->controller) >= 0 &&
		   !npc_budget_spent(world, npc);
}

bool
npc_mind_is_paced(World *world, const Npc *npc)
{
	read_present(world);
	return world->paced.count > 0 && id_list_find(world->paced.ids, world->paced.count, npc->controller) >= 0;
}
