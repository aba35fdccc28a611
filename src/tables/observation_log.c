/*
 * observation_log.c
 *	  What minds were told, and what the built-in mind saw, as rows of observation_log.
 *
 * A row is written with every claim: without a statement, and compressed by TOAST.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/hot_rows.h"
#include "tables/observation_log.h"

static const StageColumn log_columns[] = {
	{"clock", INT8OID},			  {"at_real", TIMESTAMPTZOID},
	{"npc_ids", INT8ARRAYOID},	  {"request_ids", INT8ARRAYOID},
	{"player_ids", INT8ARRAYOID}, {"told", TEXTOID},
};

static void
put_ids(RowBuilder *row, const int64 *ids, int count)
{
	if (ids == NULL)
		put_null(row);
	else
		put_datum(row, int64_array(ids, count));
}

static void
make_log_row(const RowSet *set, RowBuilder *row, void *thing, void *arg, int columns)
{
	const ToldRow *told = thing;

	put_int64(row, told->clock);
	put_datum(row, TimestampTzGetDatum(GetCurrentTimestamp()));
	put_ids(row, told->npc_ids, told->count);
	put_ids(row, told->request_ids, told->count);
	put_ids(row, told->player_ids, told->count);
	put_text(row, told->told);
}

static const RowSet log_set = {"staged_observations", log_columns, lengthof(log_columns), make_log_row};
static HotTable		log_table = {.name = "observation_log", .set = &log_set};

static SpiStatement is_kept =
	{"SELECT FROM npcsim.world_settings WHERE id = $1 AND observation_log_bytes > 0", 1, {INT8OID}};

/* Worlds that keep least, and worlds that are gone and have left something, which keep nothing. */
static SpiStatement least_kept = {
	.sql = "SELECT least((SELECT pg_catalog.min(observation_log_bytes) FROM npcsim.world_settings),"
		   "             (SELECT 0 FROM npcsim.observation_log o WHERE NOT EXISTS"
		   "              (SELECT FROM npcsim.world_settings w WHERE w.id = o.world_id) LIMIT 1))"};

/* Beside what was told a row has ids and an entry in the index. */
#define ROW_BYTES "(pg_catalog.pg_column_size(o.told) + 8 * pg_catalog.cardinality(o.npc_ids) + 160)"

static SpiStatement drop_oldest = {
	.sql = "DELETE FROM npcsim.observation_log WHERE ctid = ANY (ARRAY("
		   " SELECT l.ctid FROM npcsim.observation_log l WHERE l.ctid = ANY (ARRAY("
		   "  SELECT s.place FROM (SELECT o.ctid AS place, o.world_id,"
		   "         pg_catalog.sum(" ROW_BYTES
		   ") OVER (PARTITION BY o.world_id ORDER BY o.at_real DESC) AS bytes"
		   "          FROM npcsim.observation_log o) s"
		   "   LEFT JOIN npcsim.world_settings w ON w.id = s.world_id"
		   "  WHERE s.bytes > coalesce(w.observation_log_bytes, 0))) FOR UPDATE SKIP LOCKED))"};

void
observation_log_write(int64 world_id, const ToldRow *row)
{
	void *things[] = {(void *) row};

	hot_rows_insert(&log_table, world_id, things, 1, NULL);
}

bool
observation_log_is_kept(int64 world_id)
{
	return spi_run(&is_kept, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) > 0;
}

/* Returns the bytes of the table; 0 also if somebody has it locked. */
static int64
log_bytes(void)
{
	Oid		 table = get_relname_relid(log_table.name, get_namespace_oid("npcsim", false));
	Relation relation;

	if (!OidIsValid(table) || !ConditionalLockRelationOid(table, RowExclusiveLock))
		return 0;
	relation = try_relation_open(table, NoLock);
	if (relation == NULL)
		return 0;
	relation_close(relation, NoLock);
	return DatumGetInt64(DirectFunctionCall1(pg_total_relation_size, ObjectIdGetDatum(table)));
}

void
observation_log_drop_oldest(void)
{
	int64 bytes = log_bytes();

	if (bytes == 0)
		return;
	(void) spi_run(&least_kept, NULL, NULL, SPI_OK_SELECT);
	if (bytes > spi_int64(0, 0))
		(void) spi_run(&drop_oldest, NULL, NULL, SPI_OK_DELETE);
}
