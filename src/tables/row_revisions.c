/*
 * row_revisions.c
 *	  Finds what of a world is newer than a revision, by the revisions in its rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "spi.h"
#include "tables/npcs.h"
#include "tables/row_revisions.h"

static const SpiColumn world_columns[] = {
	SPI_COLUMN(WorldRevision, settings, "c.settings_revision > $2"),
	SPI_COLUMN(WorldRevision, terrain, "t.revision > $2"),
};

static SpiStatement select_world =
	{.sql = "SELECT %C"
			"  FROM npcsim.world_clock c LEFT JOIN npcsim.world_terrain t ON t.world_id = c.world_id"
			" WHERE c.world_id = $1",
	 SPI_GIVES(WorldRevision, world_columns),
	 .nargs = 2,
	 .types = {INT8OID, INT8OID},
	 .read_only = true};

static const SpiColumn npc_columns[] = {
	SPI_COLUMN(NpcRevision, id, NULL),
	SPI_COLUMN(NpcRevision, groups, NULL),
};

/* The statement is built at its first use, from the groups of an NPC. */
static SpiStatement select_npcs = {SPI_GIVES(NpcRevision, npc_columns), .nargs = 2,
								   .types = {INT8OID, INT8OID}, .read_only = true};

static const SpiColumn row_columns[] = {
	SPI_COLUMN(RowRevision, id, "id"),
	SPI_COLUMN(RowRevision, changed, "revision > $2"),
};

static SpiStatement select_items = {.sql = "SELECT %C FROM npcsim.items WHERE world_id = $1 ORDER BY id",
									SPI_GIVES(RowRevision, row_columns),
									.nargs = 2,
									.types = {INT8OID, INT8OID},
									.read_only = true};

static SpiStatement select_interactions =
	{.sql = "SELECT %C FROM npcsim.interaction_runs WHERE world_id = $1 ORDER BY id",
	 SPI_GIVES(RowRevision, row_columns),
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
revisions_of_world(int64 world_id, int64 since, WorldRevision *revision)
{
	if (spi_run(&select_world, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL,
				SPI_OK_SELECT) != 1)
		return false;
	spi_row(&select_world, 0, revision);
	return true;
}

/* Returns the column of a member. */
static const char *
column_of(const RowType *rows, size_t member)
{
	for (int i = 0; i < rows->column_count; i++)
		if (rows->columns[i].offset == member)
			return rows->columns[i].name;
	elog(ERROR, "table %s has no column of that member", rows->table);
}

/*
 * Returns the number of the group's table in the statement: the bit of the first shown group in the same
 * table.
 */
static uint32
number_of(const RowGroup *group)
{
	for (int i = 0; i < NPC_GROUP_COUNT; i++)
		if (npc_groups[i].shown && npc_groups[i].rows == group->rows)
			return npc_groups[i].bit;
	return group->bit;
}

/* Appends the group's table. The first table is not joined to any. */
static void
append_table(StringInfo sql, const RowGroup *group, const RowGroup *first)
{
	uint32 number = number_of(group);

	if (group == first)
		appendStringInfo(sql, " FROM npcsim.%s t%u ", group->rows->table, number);
	else if (number == group->bit)
		appendStringInfo(sql, "%s npcsim.%s t%u ON t%u.world_id = t%u.world_id AND t%u.%s = t%u.%s ",
						 group->revision_at != 0 ? "JOIN" : "LEFT JOIN", group->rows->table, number, number,
						 first->bit, number, group->rows->columns[0].name, first->bit,
						 first->rows->columns[0].name);
}

/* Appends the group's bits if it is newer. A group without a revision counts as changed if it has a row. */
static void
append_newer(StringInfo sql, const RowGroup *group)
{
	if (group->revision_at != 0)
		appendStringInfo(sql, " | CASE WHEN t%u.%s > $2 THEN %u ELSE 0 END", number_of(group),
						 column_of(group->rows, group->revision_at), npc_groups_shown(group->changed));
	else
		appendStringInfo(sql, " | CASE WHEN t%u.%s IS NOT NULL THEN %u ELSE 0 END", number_of(group),
						 group->rows->columns[0].name, npc_groups_shown(group->changed));
}

static void
prepare_npcs(void)
{
	const RowGroup *first = &npc_groups[0];
	const char	   *key = first->rows->columns[0].name;
	StringInfoData	sql;

	if (select_npcs.sql != NULL)
		return;
	Assert(first->shown);
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT t%u.%s, 0", first->bit, key);
	for (int i = 0; i < NPC_GROUP_COUNT; i++)
		if (npc_groups[i].shown)
			append_newer(&sql, &npc_groups[i]);
	for (int i = 0; i < NPC_GROUP_COUNT; i++)
		if (npc_groups[i].shown)
			append_table(&sql, &npc_groups[i], first);
	appendStringInfo(&sql, "WHERE t%u.world_id = $1 ORDER BY t%u.%s", first->bit, first->bit, key);
	select_npcs.sql = MemoryContextStrdup(TopMemoryContext, sql.data);
	pfree(sql.data);
}

NpcRevision *
revisions_of_npcs(int64 world_id, int64 since, int *count)
{
	uint64 rows;

	prepare_npcs();
	rows =
		spi_run(&select_npcs, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL, SPI_OK_SELECT);
	return spi_rows(&select_npcs, rows, count);
}

static RowRevision *
revisions_of(SpiStatement *statement, int64 world_id, int64 since, int *count)
{
	uint64 rows =
		spi_run(statement, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(since)}, NULL, SPI_OK_SELECT);

	return spi_rows(statement, rows, count);
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
	return spi_int64(0, if_none);
}
