/*
 * presence.c
 *	  Whose minds can be asked: those of players who are present and have tokens left to spend.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "engine/image.h"
#include "spi.h"
#include "tables/id_lists.h"

static SpiStatement present_statement =
	{"SELECT p.player_id FROM npcsim_internal.present_players($1) AS p(player_id) ORDER BY 1", 1, {INT8OID}};
/* Asked only where somebody is present, since it costs more. */
static SpiStatement askable_statement =
	{"SELECT p.player_id FROM npcsim_internal.askable_players($1) AS p(player_id) ORDER BY 1", 1, {INT8OID}};

static bool
id_list_equal(const IdList *list, const int64 *ids, int count)
{
	return list->count == count && (count == 0 || memcmp(list->ids, ids, count * sizeof(int64)) == 0);
}

typedef struct Presence
{
	NumberList present;
} Presence;

static const Argument presence_arguments[] = {
	IDS_ARGUMENT(Presence, present),
};

static void
set_present(World *world, const Presence *presence)
{
	world->present.count = 0;
	for (int i = 0; i < presence->present.count; i++)
		id_list_add(world, &world->present, presence->present.numbers[i]);
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
	Datum  world_id = Int64GetDatum(world->id);
	uint64 rows;
	int64 *ids;

	if (world->present_read || world->lock->replaying)
		return;
	spi_begin();
	rows = spi_run(&present_statement, &world_id, NULL, SPI_OK_SELECT);
	if (rows > 0)
		rows = spi_run(&askable_statement, &world_id, NULL, SPI_OK_SELECT);
	ids = spi_ids(rows);
	if (!world->present_known || !id_list_equal(&world->present, ids, (int) rows))
		set_present(world, &(Presence) {.present = {.numbers = ids, .count = (int) rows}});
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
