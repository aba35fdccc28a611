/*
 * decision_slots.c
 *	  Requests to minds as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/decision_slots.h"
#include "tables/id_lists.h"
#include "tables/sessions.h"

#define REOPEN(condition) \
	"WITH sent AS (" \
	" SELECT d.world_id, d.npc_id FROM npcsim.decision_slots d" \
	"  WHERE d.status = 2 AND " condition "    FOR NO KEY UPDATE OF d SKIP LOCKED)" \
	" UPDATE npcsim.decision_slots d" \
	"    SET status = 1, sent_at_real = NULL, timeout_ms = NULL, session_id = NULL, told_events = NULL" \
	"   FROM sent WHERE d.world_id = sent.world_id AND d.npc_id = sent.npc_id" \
	" RETURNING d.world_id"

static SpiStatement reopen = {.sql = REOPEN("d.world_id = ANY ($1) AND d.session_id = ANY ($2)"),
							  .nargs = 2,
							  .types = {INT8ARRAYOID, INT8ARRAYOID}};

static SpiStatement reopen_orphans =
	{.sql = REOPEN("NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.id = d.session_id AND NOT s.ended"
				   " AND s.heartbeat_at_real > pg_catalog.clock_timestamp() - " SESSION_SILENCE ")"),
	 .nargs = 0};

/* The worlds in the first column of SPI's result. */
static int64 *
worlds_of(uint64 rows, int *count)
{
	int64 *worlds = palloc(sizeof(int64) * Max(rows, 1));

	for (uint64 i = 0; i < rows; i++)
		worlds[i] = spi_int64(i, 1, 0);
	*count = id_list_sort(worlds, (int) rows);
	return worlds;
}

int64 *
slots_reopen(const int64 *world_ids, int world_count, const int64 *session_ids, int session_count, int *count)
{
	return worlds_of(spi_run(&reopen,
							 (Datum[]) {int64_array(world_ids, world_count),
										int64_array(session_ids, session_count)},
							 NULL, SPI_OK_UPDATE_RETURNING),
					 count);
}

int64 *
slots_reopen_orphans(int *count)
{
	return worlds_of(spi_run(&reopen_orphans, NULL, NULL, SPI_OK_UPDATE_RETURNING), count);
}
