/*
 * presence.c
 *	  Whose minds can be asked: those of players who are there, and may still spend something.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"

#include "engine/image.h"
#include "json.h"
#include "spi.h"
#include "tables/id_lists.h"

static SpiStatement present_statement =
	{"SELECT p.player_id FROM npcsim_internal.present_players($1) AS p(player_id) ORDER BY 1", 1, {INT8OID}};
/* The same for worlds in which players have budgets: those who may still spend something. */
static SpiStatement askable_statement =
	{"SELECT p.player_id FROM npcsim_internal.askable_players($1) AS p(player_id) ORDER BY 1", 1, {INT8OID}};

static bool
id_list_equal(const IdList *list, const int64 *ids, int count)
{
	return list->count == count && (count == 0 || memcmp(list->ids, ids, count * sizeof(int64)) == 0);
}

void
world_set_present(World *world, const int64 *player_ids, int count)
{
	StringInfoData payload;

	world->present.count = 0;
	for (int i = 0; i < count; i++)
		id_list_add(world, &world->present, player_ids[i]);
	world->present_known = true;
	initStringInfo(&payload);
	json_literal(&payload, "{\"present\":");
	json_ids(&payload, player_ids, count);
	appendStringInfoChar(&payload, '}');
	world_input(world->lock, "presence", payload.data);
	pfree(payload.data);
}

/* Whose minds can be asked: read once per transaction; a change is an input. */
static void
read_present(World *world)
{
	uint64 rows;
	int64 *ids;

	if (world->present_read || world->lock->replaying)
		return;
	spi_begin();
	rows = spi_run(world->players_have_budgets ? &askable_statement : &present_statement,
				   (Datum[]) {Int64GetDatum(world->id)}, NULL, SPI_OK_SELECT);
	ids = palloc(Max(rows, 1) * sizeof(int64));
	for (uint64 row = 0; row < rows; row++)
		ids[row] = spi_int64(row, 1, 0);
	if (!world->present_known || !id_list_equal(&world->present, ids, (int) rows))
		world_set_present(world, ids, (int) rows);
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
