/*
 * client_calls.c
 *	  Calls of clients as rows: their limits, results and allowances.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/client_calls.h"

static SpiStatement write_limits =
	{.sql = "INSERT INTO npcsim.reducer_limits AS l (name, minimum_role, burst, per_minute) VALUES ($1, $2, "
			"$3, $4)"
			" ON CONFLICT (name) DO UPDATE SET minimum_role = excluded.minimum_role, burst = excluded.burst,"
			"   per_minute = excluded.per_minute",
	 .nargs = 4,
	 .types = {TEXTOID, TEXTOID, INT4OID, INT4OID}};

static const SpiColumn limit_columns[] = {
	SPI_COLUMN(ReducerLimits, minimum_role, "minimum_role"),
	SPI_COLUMN(ReducerLimits, burst, "burst"),
	SPI_COLUMN(ReducerLimits, per_minute, "per_minute"),
};

static SpiStatement select_limits = {.sql = "SELECT %C FROM npcsim.reducer_limits WHERE name = $1",
									 SPI_GIVES(ReducerLimits, limit_columns),
									 .nargs = 1,
									 .types = {TEXTOID}};

static SpiStatement enter = {.sql = "INSERT INTO npcsim.client_calls (player_id, key, result) "
									"VALUES ($1, $2, 'null') ON CONFLICT DO NOTHING",
							 .nargs = 2,
							 .types = {INT8OID, TEXTOID}};

static SpiStatement select_result =
	{.sql = "SELECT result::pg_catalog.text FROM npcsim.client_calls WHERE player_id = $1 AND key = $2",
	 .nargs = 2,
	 .types = {INT8OID, TEXTOID}};

static SpiStatement keep =
	{.sql = "UPDATE npcsim.client_calls SET result = $3::pg_catalog.json WHERE player_id = $1 AND key = $2",
	 .nargs = 3,
	 .types = {INT8OID, TEXTOID, TEXTOID}};

/*
 * The calls that are left now, of at most $3, which grow by $4 a second. A clock that was set back adds none.
 */
#define CALLS_LEFT \
	"least($3, a.calls + $4 * greatest(0, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - " \
	"a.charged_at_real)))"

/* Takes $5 calls off; it changes no row when fewer are left. */
static SpiStatement charge_some =
	{.sql = "INSERT INTO npcsim.call_allowances AS a (player_id, reducer, calls, charged_at_real)"
			" SELECT $1, $2, $3 - $5, pg_catalog.clock_timestamp() WHERE $5 <= $3"
			" ON CONFLICT (player_id, reducer) DO UPDATE"
			"   SET calls = " CALLS_LEFT " - $5, charged_at_real = pg_catalog.clock_timestamp()"
			" WHERE " CALLS_LEFT " >= $5",
	 .nargs = 5,
	 .types = {INT8OID, TEXTOID, FLOAT8OID, FLOAT8OID, FLOAT8OID}};

/* Returns the milliseconds until one call is left. */
static SpiStatement wait_for = {.sql = "SELECT pg_catalog.ceil((1 - " CALLS_LEFT
									   ") / $4 * 1000)::pg_catalog.int8 FROM npcsim.call_allowances a"
									   " WHERE a.player_id = $1 AND a.reducer = $2",
								.nargs = 4,
								.types = {INT8OID, TEXTOID, FLOAT8OID, FLOAT8OID}};

static SpiStatement forget_old = {
	.sql = "DELETE FROM npcsim.client_calls "
		   "WHERE called_at_real < pg_catalog.now() - pg_catalog.make_interval(days => 1)"};

void
reducer_limits_write(Datum name, Datum minimum_role, Datum burst, Datum per_minute)
{
	spi_run(&write_limits, (Datum[]) {name, minimum_role, burst, per_minute}, NULL, SPI_OK_INSERT);
}

bool
reducer_limits_read(const char *name, ReducerLimits *limits)
{
	if (spi_run(&select_limits, (Datum[]) {CStringGetTextDatum(name)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	spi_row(&select_limits, 0, limits);
	return true;
}

bool
client_call_enter(int64 player_id, const char *key)
{
	return spi_run(&enter, (Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(key)}, NULL,
				   SPI_OK_INSERT) == 1;
}

char *
client_call_result(int64 player_id, const char *key)
{
	spi_run(&select_result, (Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(key)}, NULL,
			SPI_OK_SELECT);
	return spi_text(0);
}

void
client_call_keep(int64 player_id, const char *key, const char *result)
{
	spi_run(&keep,
			(Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(key), CStringGetTextDatum(result)}, NULL,
			SPI_OK_UPDATE);
}

bool
call_allowance_charge(int64 player_id, const char *reducer, int calls, double burst, double per_second)
{
	return spi_run(&charge_some,
				   (Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(reducer), Float8GetDatum(burst),
							  Float8GetDatum(per_second), Float8GetDatum(calls)},
				   NULL, SPI_OK_INSERT) == 1;
}

int64
call_allowance_wait(int64 player_id, const char *reducer, double burst, double per_second)
{
	if (spi_run(&wait_for,
				(Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(reducer), Float8GetDatum(burst),
						   Float8GetDatum(per_second)},
				NULL, SPI_OK_SELECT) != 1)
		return 0;
	return spi_int64(0, 1);
}

void
client_calls_forget(void)
{
	(void) spi_run(&forget_old, NULL, NULL, SPI_OK_DELETE);
}
