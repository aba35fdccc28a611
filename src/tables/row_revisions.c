/*
 * row_revisions.c
 *	  What of a world is newer than a revision, as its rows say.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"

#include "spi.h"
#include "tables/row_revisions.h"

static SpiStatement select_world =
	{.sql = "SELECT c.settings_revision > $2, t.revision > $2"
			"  FROM npcsim.world_clock c LEFT JOIN npcsim.world_terrain t ON t.world_id = c.world_id"
			" WHERE c.world_id = $1",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

/* Opening and closing a request changes no revision of the row. */
static SpiStatement select_npcs =
	{.sql = "SELECT i.id, i.identity_revision > $2, r.motion_revision > $2, s.needs_revision > $2,"
			"       s.status_revision > $2 OR d.npc_id IS NOT NULL"
			"  FROM npcsim.npc_identities i"
			"  JOIN npcsim.npc_states s ON s.world_id = i.world_id AND s.npc_id = i.id"
			"  JOIN npcsim.npc_tracks r ON r.world_id = i.world_id AND r.npc_id = i.id"
			"  LEFT JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id"
			" WHERE i.world_id = $1 ORDER BY i.id",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

static SpiStatement select_items =
	{.sql = "SELECT id, revision > $2 FROM npcsim.items WHERE world_id = $1 ORDER BY id",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

static SpiStatement select_interactions =
	{.sql = "SELECT id, revision > $2 FROM npcsim.interaction_runs WHERE world_id = $1 ORDER BY id",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

/* Events are numbered in the order of revisions. */
static SpiStatement select_first_event = {
	.sql =
		"SELECT coalesce((SELECT l.last_sequence + 1 FROM npcsim.world_event_log l"
		"                  WHERE l.world_id = $1 AND l.revision <= $2 ORDER BY l.last_sequence DESC LIMIT 1),"
		"                (SELECT l.first_sequence FROM npcsim.world_event_log l"
		"                  WHERE l.world_id = $1 ORDER BY l.last_sequence LIMIT 1))",
	.nargs = 2,
	.types = {INT8OID, INT8OID},
	.read_only = true};

bool
revisions_of_world(int64 world_id, int64 since, bool *settings, bool *terrain)
{
	if (spi_run(&select_world, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL,
				SPI_OK_SELECT) != 1)
		return false;
	*settings = spi_bool(0, 1, false);
	*terrain = spi_bool(0, 2, false);
	return true;
}

NpcRevision *
revisions_of_npcs(int64 world_id, int64 since, int *count)
{
	uint64 rows =
		spi_run(&select_npcs, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL, SPI_OK_SELECT);
	NpcRevision *npcs = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(NpcRevision) * Max(rows, 1));

	for (uint64 row = 0; row < rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		npcs[row] = (NpcRevision) {.id = spi_int64(row, 1, 0),
								   .identity = spi_bool(row, 2, false),
								   .motion = spi_bool(row, 3, false),
								   .needs = spi_bool(row, 4, false),
								   .status = spi_bool(row, 5, false)};
	}
	*count = (int) rows;
	return npcs;
}

static RowRevision *
revisions_of(SpiStatement *statement, int64 world_id, int64 since, int *count)
{
	uint64 rows =
		spi_run(statement, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL, SPI_OK_SELECT);
	RowRevision *revisions = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(RowRevision) * Max(rows, 1));

	for (uint64 row = 0; row < rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		revisions[row] = (RowRevision) {spi_int64(row, 1, 0), spi_bool(row, 2, false)};
	}
	*count = (int) rows;
	return revisions;
}

RowRevision *
revisions_of_items(int64 world_id, int64 since, int *count)
{
	return revisions_of(&select_items, world_id, since, count);
}

RowRevision *
revisions_of_interactions(int64 world_id, int64 since, int *count)
{
	return revisions_of(&select_interactions, world_id, since, count);
}

int64
revisions_first_event(int64 world_id, int64 since, int64 if_none)
{
	if (spi_run(&select_first_event, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL,
				SPI_OK_SELECT) != 1)
		return if_none;
	return spi_int64(0, 1, if_none);
}
