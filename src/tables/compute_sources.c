/*
 * compute_sources.c
 *	  Sources of compute as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/compute_sources.h"
#include "tables/new_ids.h"

const char *const source_kinds[] = {
	[SOURCE_PLAYER_MCP] = "player_mcp",
	[SOURCE_PLAYER_API_KEY] = "player_api_key",
	[SOURCE_SERVER_API_KEY] = "server_api_key",
	[SOURCE_HYBRID] = "hybrid",
	NULL,
};
StaticAssertDecl(lengthof(source_kinds) == SOURCE_HYBRID + 2, "every kind has its word");

const char *const source_states[] = {
	[SOURCE_ACTIVE] = "active",			  [SOURCE_PAUSED] = "paused",		[SOURCE_DRAINING] = "draining",
	[SOURCE_MAINTENANCE] = "maintenance", [SOURCE_SUSPENDED] = "suspended", NULL,
};
StaticAssertDecl(lengthof(source_states) == SOURCE_SUSPENDED + 2, "every state has its word");

#define STATE_NOW  "npcsim_internal.source_state(state, until_real)"
#define MARKET_NOW "npcsim_internal.market_now()"

static const SpiColumn source_columns[] = {
	SPI_COLUMN(SourceRow, id, "id"),
	SPI_COLUMN(SourceRow, world_id, "world_id"),
	SPI_COLUMN(SourceRow, player_id, "player_id"),
	SPI_COLUMN(SourceRow, name, "name"),
	SPI_COLUMN(SourceRow, decisions_per_second, "decisions_per_second"),
	/* In the order of SourceState. */
	SPI_COLUMN(
		SourceRow, state,
		"pg_catalog.array_position('{active,paused,draining,maintenance,suspended}'::text[], " STATE_NOW
		") - 1"),
	SPI_COLUMN(SourceRow, reason, "CASE WHEN " STATE_NOW " <> 'active' THEN reason END"),
	SPI_COLUMN(SourceRow, until,
			   "CASE WHEN " STATE_NOW " <> 'active' THEN pg_catalog.to_char(until_real AT TIME ZONE 'UTC', "
			   "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') END"),
};

static SpiStatement select_one = {.sql = "SELECT %C FROM npcsim.compute_sources WHERE id = $1",
								  SPI_GIVES(SourceRow, source_columns),
								  .nargs = 1,
								  .types = {INT8OID}};

static SpiStatement lock_one = {.sql =
									"SELECT %C FROM npcsim.compute_sources WHERE id = $1 FOR NO KEY UPDATE",
								SPI_GIVES(SourceRow, source_columns),
								.nargs = 1,
								.types = {INT8OID}};

static SpiStatement write_state = {.sql =
									   "UPDATE npcsim.compute_sources SET state = $2, reason = $3,"
									   "       state_since_real = " MARKET_NOW ","
									   "       until_real = " MARKET_NOW
									   " + pg_catalog.make_interval(secs => nullif($4, 0)::pg_catalog.float8)"
									   " WHERE id = $1",
								   .nargs = 4,
								   .types = {INT8OID, TEXTOID, TEXTOID, INT4OID}};

/* The class of the advisory lock is the table's own oid, which nobody else uses. */
static SpiStatement serialize =
	{.sql = "SELECT pg_catalog.pg_advisory_xact_lock("
			"'npcsim.compute_sources'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int4,"
			" ($1 % 2147483647)::pg_catalog.int4)",
	 .nargs = 1,
	 .types = {INT8OID}};

/* $1 to $3 are world, player (NULL: the operators) and name, by which a source is known. */
#define OF_OWNER "world_id = $1 AND player_id IS NOT DISTINCT FROM $2"

static SpiStatement update_declared =
	{.sql = "UPDATE npcsim.compute_sources SET kind = $4, stateless = $5, slots = $6, models = $7,"
			"       state = " STATE_NOW ", lent_at_real = " MARKET_NOW ","
			"       reason = CASE WHEN " STATE_NOW " <> 'active' THEN reason END,"
			"       until_real = CASE WHEN " STATE_NOW " <> 'active' THEN until_real END"
			" WHERE " OF_OWNER " AND name = $3 RETURNING id",
	 .nargs = 7,
	 .types = {INT8OID, INT8OID, TEXTOID, TEXTOID, BOOLOID, INT4OID, TEXTARRAYOID}};

static SpiStatement insert_declared =
	{.sql = "INSERT INTO npcsim.compute_sources (world_id, player_id, name, kind, stateless, slots, models, "
			"       id, lent_at_real) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, " MARKET_NOW ")",
	 .nargs = 8,
	 .types = {INT8OID, INT8OID, TEXTOID, TEXTOID, BOOLOID, INT4OID, TEXTARRAYOID, INT8OID}};

static SpiStatement count_of_owner =
	{.sql = "SELECT pg_catalog.count(*) FROM npcsim.compute_sources WHERE " OF_OWNER,
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

static SpiStatement delete_unused =
	{.sql = "DELETE FROM npcsim.compute_sources WHERE id ="
			" (SELECT k.id FROM npcsim.compute_sources k"
			"   WHERE " OF_OWNER " AND npcsim_internal.source_state(k.state, k.until_real) = 'active'"
			"     AND NOT EXISTS (SELECT FROM npcsim.sessions s"
			"                      WHERE s.world_id = $1 AND s.source_id = k.id AND NOT s.ended)"
			"   ORDER BY k.lent_at_real NULLS FIRST, k.id LIMIT 1)",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

/*
 * source_minutes counts answers by the first of 10 ms, times √2 to the power of (place - 1), that they did not exceed. Rows are locked in
 * order, and those that somebody else has locked wait for the next time.
 */
static SpiStatement measure = {
	.sql =
		"WITH sources AS (SELECT k.id, k.world_id, coalesce(k.player_id, 0) AS player_id"
		"   FROM npcsim.compute_sources k WHERE k.id = ANY ($1) ORDER BY k.id FOR NO KEY UPDATE SKIP LOCKED),"
		" times AS (SELECT k.id, t.place, pg_catalog.sum(t.n) AS n FROM sources k"
		"   JOIN npcsim.source_minutes m ON m.world_id = k.world_id AND m.player_id = k.player_id"
		"    AND m.source_id = k.id AND m.minute > " MARKET_NOW " - interval '1 hour'"
		"  CROSS JOIN LATERAL pg_catalog.unnest(m.decision_times) WITH ORDINALITY AS t(n, place)"
		"  GROUP BY k.id, t.place),"
		" sums AS (SELECT t.id, t.place, pg_catalog.sum(t.n) OVER (PARTITION BY t.id ORDER BY t.place) AS "
		"up_to,"
		"    pg_catalog.sum(t.n) OVER (PARTITION BY t.id) AS total FROM times t),"
		" p95 AS (SELECT s.id, (10 * pg_catalog.power(2::float8, (pg_catalog.min(s.place) - 1) / "
		"2.0::float8))::bigint"
		"     AS ms FROM sums s WHERE s.up_to >= 0.95 * s.total AND s.total >= 5 GROUP BY s.id)"
		" UPDATE npcsim.compute_sources k SET p95_ms = p95.ms, measured_at_real = " MARKET_NOW
		"   FROM p95 WHERE k.id = p95.id AND (k.p95_ms IS DISTINCT FROM p95.ms"
		"     OR k.measured_at_real < " MARKET_NOW " - interval '1 minute')",
	.nargs = 1,
	.types = {INT8ARRAYOID}};

static IdSource source_ids = ID_SOURCE("compute_sources");

static bool
read_one(SpiStatement *statement, int64 source_id, SourceRow *source)
{
	if (spi_run(statement, (Datum[]) {Int64GetDatum(source_id)}, NULL, SPI_OK_SELECT) == 0)
		return false;
	spi_row(statement, 0, source);
	return true;
}

bool
source_row_read(int64 source_id, SourceRow *source)
{
	return read_one(&select_one, source_id, source);
}

bool
source_row_lock(int64 source_id, SourceRow *source)
{
	return read_one(&lock_one, source_id, source);
}

void
source_row_write_state(int64 source_id, SourceState state, const char *reason, int32 seconds)
{
	spi_run(&write_state,
			(Datum[]) {Int64GetDatum(source_id), CStringGetTextDatum(source_states[state]),
					   reason == NULL ? (Datum) 0 : CStringGetTextDatum(reason), Int32GetDatum(seconds)},
			reason == NULL ? "  n " : NULL, SPI_OK_UPDATE);
}

void
source_rows_measure(const int64 *ids, int count)
{
	int plans = spi_index_plans_begin();

	(void) spi_run(&measure, (Datum[]) {int64_array(ids, count)}, NULL, SPI_OK_UPDATE);
	spi_index_plans_end(plans);
}

int64
source_row_declare(const DeclaredSource *declared)
{
	Datum values[] = {Int64GetDatum(declared->world_id),
					  Int64GetDatum(declared->player_id),
					  CStringGetTextDatum(declared->name),
					  CStringGetTextDatum(declared->kind),
					  BoolGetDatum(declared->stateless),
					  Int32GetDatum(declared->slots),
					  declared->models,
					  (Datum) 0};
	char  nulls[] = {' ', declared->player_id == 0 ? 'n' : ' ', ' ', ' ', ' ', ' ', ' ', ' ', '\0'};

	/* They are counted, so they are made one after the other. */
	spi_run(&serialize, values, NULL, SPI_OK_SELECT);
	if (spi_run(&update_declared, values, nulls, SPI_OK_UPDATE_RETURNING) > 0)
		return spi_int64(0, 0);
	spi_run(&count_of_owner, values, nulls, SPI_OK_SELECT);
	if (spi_int64(0, 0) >= SOURCES_MAX && spi_run(&delete_unused, values, nulls, SPI_OK_DELETE) == 0)
		return 0;
	values[7] = Int64GetDatum(new_id(&source_ids));
	spi_run(&insert_declared, values, nulls, SPI_OK_INSERT);
	return DatumGetInt64(values[7]);
}
