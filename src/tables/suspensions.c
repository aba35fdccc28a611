/*
 * suspensions.c
 *	  Whose suspension, or whose end of it, clients were not told yet.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/suspensions.h"

#define PLAYER_SUSPENDED "COALESCE(a.suspended_until_real > npcsim_internal.market_now(), false)"
#define SOURCE_SUSPENDED "(npcsim_internal.source_state(k.state, k.until_real) = 'suspended')"

static const SpiColumn news_columns[] = {
	SPI_COLUMN(SuspensionNews, world_id, "n.world_id"),
	SPI_COLUMN(SuspensionNews, player_id, "n.player_id"),
	SPI_COLUMN(SuspensionNews, source_id, "n.source_id"),
	SPI_COLUMN(SuspensionNews, suspended, "n.suspended"),
};

static SpiStatement select_news =
	{.sql = "SELECT %C FROM ("
			" SELECT a.world_id, a.id AS player_id, 0 AS source_id, " PLAYER_SUSPENDED " AS suspended"
			"   FROM npcsim.player_accounts a WHERE " PLAYER_SUSPENDED " <> a.suspension_told"
			" UNION ALL"
			" SELECT k.world_id, COALESCE(k.player_id, 0), k.id, " SOURCE_SUSPENDED
			"   FROM npcsim.compute_sources k WHERE " SOURCE_SUSPENDED " <> k.suspension_told) n"
			" JOIN npcsim.world_clock c ON c.world_id = n.world_id AND c.home = $1"
			" ORDER BY n.world_id, n.player_id, n.source_id LIMIT 1000",
	 SPI_GIVES(SuspensionNews, news_columns),
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement tell_of_player = {.sql =
										  "UPDATE npcsim.player_accounts SET suspension_told = $2 WHERE id ="
										  " (SELECT a.id FROM npcsim.player_accounts a WHERE a.id = $1 AND "
										  "a.suspension_told <> $2 AND " PLAYER_SUSPENDED
										  " = $2 FOR NO KEY UPDATE SKIP LOCKED)",
									  .nargs = 2,
									  .types = {INT8OID, BOOLOID}};

static SpiStatement tell_of_source = {.sql =
										  "UPDATE npcsim.compute_sources SET suspension_told = $2 WHERE id ="
										  " (SELECT k.id FROM npcsim.compute_sources k WHERE k.id = $1 AND "
										  "k.suspension_told <> $2 AND " SOURCE_SUSPENDED
										  " = $2 FOR NO KEY UPDATE SKIP LOCKED)",
									  .nargs = 2,
									  .types = {INT8OID, BOOLOID}};

SuspensionNews *
suspension_news_read(const char *home, int *count)
{
	uint64 rows = spi_run(&select_news, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);

	return spi_rows(&select_news, rows, count);
}

bool
suspension_news_told(const SuspensionNews *news)
{
	bool of_player = news->source_id == 0;

	return spi_run(of_player ? &tell_of_player : &tell_of_source,
				   (Datum[]) {Int64GetDatum(of_player ? news->player_id : news->source_id),
							  BoolGetDatum(news->suspended)},
				   NULL, SPI_OK_UPDATE) > 0;
}
