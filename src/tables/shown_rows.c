/*
 * shown_rows.c
 *	  Items, interactions and players, as rows that are shown to clients.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/shown_rows.h"

typedef struct RowQueries
{
	SpiStatement of_ids;
	SpiStatement of_world;
} RowQueries;

#define ROW_QUERIES(columns, table) \
	{.sql = "SELECT id, " columns " FROM " SPI_WANTED_KEYS " JOIN npcsim." table \
			" t ON t.world_id = " SPI_WANTED_WORLD " AND t.id = wanted.key_", \
	 .nargs = 2, \
	 .types = {INT8OID, INT8ARRAYOID}, \
	 .read_only = true}, \
	{ \
		.sql = "SELECT id, " columns " FROM npcsim." table " t" \
			   " WHERE world_id = $1 ORDER BY id", \
		.nargs = 1, .types = {INT8OID}, .read_only = true \
	}

static RowQueries items = {
	ROW_QUERIES("item_type, x, y, share_left, occupied_by_npc_id, properties", "items")};

/* A damaged world may lack the type (world_faults() tells), and is shown all the same. */
static RowQueries interactions = {
	ROW_QUERIES("COALESCE((SELECT k.name FROM npcsim.interaction_type_rows k"
				"  WHERE k.world_id = t.world_id AND k.number = t.interaction), ''), "
				"initiator_npc_id, target_id, started_at, share_at_start, "
				"COALESCE((SELECT k.target FROM npcsim.interaction_type_rows k"
				"  WHERE k.world_id = t.world_id AND k.number = t.interaction), ''), "
				"participants, act_count",
				"interaction_runs")};

static RowQueries players = {ROW_QUERIES("username, role, status, "
										 "(SELECT pg_catalog.count(*) FROM npcsim.npc_identities i"
										 "  WHERE i.controller_player_id = t.id AND i.world_id = t.world_id)",
										 "player_accounts")};

static uint64
load(RowQueries *queries, int64 world_id, const int64 *ids, int count)
{
	if (ids == NULL)
		return spi_run(&queries->of_world, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	return spi_run(&queries->of_ids, (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL,
				   SPI_OK_SELECT);
}

uint64
shown_items_load(int64 world_id, const int64 *ids, int count)
{
	return load(&items, world_id, ids, count);
}

void
shown_item_read(uint64 row, ShownItem *item)
{
	bool isnull;

	*item = (ShownItem) {.id = spi_int64(row, 1, 0),
						 .type = spi_text(row, 2, CurrentMemoryContext),
						 .x = spi_int16(row, 3, 0),
						 .y = spi_int16(row, 4, 0),
						 .share_left = spi_int32(row, 5, 0),
						 .occupied_by = spi_int64(row, 6, 0),
						 .properties = DatumGetJsonbP(spi_datum(row, 7, &isnull))};
}

uint64
shown_interactions_load(int64 world_id, const int64 *ids, int count)
{
	return load(&interactions, world_id, ids, count);
}

void
shown_interaction_read(uint64 row, ShownInteraction *interaction)
{
	bool	   isnull;
	ArrayType *participants = DatumGetArrayTypeP(spi_datum(row, 8, &isnull));

	*interaction = (ShownInteraction) {.id = spi_int64(row, 1, 0),
									   .type = spi_text(row, 2, CurrentMemoryContext),
									   .initiator_id = spi_int64(row, 3, 0),
									   .target_id = spi_int64(row, 4, 0),
									   .started_at = spi_int64(row, 5, 0),
									   .share_at_start = spi_int32(row, 6, 0),
									   .target_type = spi_text(row, 7, CurrentMemoryContext),
									   .participants = (const int64 *) ARR_DATA_PTR(participants),
									   .participant_count =
										   ArrayGetNItems(ARR_NDIM(participants), ARR_DIMS(participants)),
									   .act_count = spi_int64(row, 9, -1)};
}

uint64
shown_players_load(int64 world_id, const int64 *ids, int count)
{
	return load(&players, world_id, ids, count);
}

void
shown_player_read(uint64 row, ShownPlayer *player)
{
	*player = (ShownPlayer) {.id = spi_int64(row, 1, 0),
							 .username = spi_text(row, 2, CurrentMemoryContext),
							 .role = spi_text(row, 3, CurrentMemoryContext),
							 .status = spi_text(row, 4, CurrentMemoryContext),
							 .controlled_npcs = spi_int64(row, 5, 0)};
}
