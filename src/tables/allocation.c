/*
 * allocation.c
 *	  What the market goes by when it says who holds which NPC, as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "spi.h"
#include "tables/allocation.h"

static const SpiColumn term_columns[] = {
	SPI_COLUMN(MarketTerms, market, "s.allocation = 'market'"),
	SPI_COLUMN(MarketTerms, absence_grace, "s.absence_grace"),
	SPI_COLUMN(MarketTerms, pause_grace, "s.pause_grace"),
	SPI_COLUMN(MarketTerms, min_tenure, "s.min_tenure"),
	SPI_COLUMN(MarketTerms, tokens_per_npc, "s.estimated_tokens_per_npc_per_day"),
	SPI_COLUMN(MarketTerms, max_npcs_per_player, "s.max_npcs_per_player"),
	SPI_COLUMN(MarketTerms, tokens_per_npc_least, "s.min_tokens_per_npc_per_day"),
	SPI_COLUMN(MarketTerms, on_shortage, "s.on_insufficient_compute"),
	SPI_COLUMN(MarketTerms, settings_revision, "c.settings_revision"),
};

static SpiStatement select_terms =
	{.sql = "SELECT %C FROM npcsim.world_settings s JOIN npcsim.world_clock c ON c.world_id = s.id"
			" WHERE s.id = $1",
	 SPI_GIVES(MarketTerms, term_columns),
	 .nargs = 1,
	 .types = {INT8OID}};

/* The source by which a player lent last. */
#define LENT_LAST \
	" WHERE k.world_id = $1 AND k.player_id = p.id ORDER BY k.lent_at_real DESC NULLS LAST, k.id DESC " \
	"LIMIT 1"

static const SpiColumn player_columns[] = {
	SPI_COLUMN(MarketPlayer, id, "p.id"),
	SPI_COLUMN(MarketPlayer, person_id, "p.person_id"),
	SPI_COLUMN(
		MarketPlayer, declared,
		"least(pg_catalog.sum(p.declared_tokens_per_day) OVER (PARTITION BY COALESCE(p.person_id, -p.id)),"
		" 1000000000000)::bigint"),
	SPI_COLUMN(MarketPlayer, offered, "p.declared_tokens_per_day"),
	SPI_COLUMN(MarketPlayer, warned_at, "p.warned_at_real"),
	SPI_COLUMN(MarketPlayer, reliability, "npcsim_internal.recent_reliability($1, p.id)"),
	SPI_COLUMN_OR(MarketPlayer, proof,
				  "(SELECT q.npcs FROM npcsim.player_proofs q WHERE q.world_id = $1 AND q.player_id = p.id"
				  " AND q.npcs > 0)",
				  -1),
	SPI_COLUMN(MarketPlayer, owner, "COALESCE(p.id = w.owner_player_id, false)"),
	SPI_COLUMN(MarketPlayer, measured,
			   "CASE WHEN npcsim_internal.contribution_tier(p.declared_tokens_per_day) = 'Server'"
			   " THEN npcsim_internal.measured_tokens($1, p.id) END"),
	SPI_COLUMN(MarketPlayer, suspended,
			   "COALESCE(p.suspended_until_real > npcsim_internal.market_now(), false)"),
	SPI_COLUMN(MarketPlayer, banned, "p.status <> 'active'"),
	SPI_COLUMN(MarketPlayer, present, "EXISTS (SELECT FROM present r WHERE r.player_id = p.id)"),
	SPI_COLUMN(MarketPlayer, paused,
			   "COALESCE((SELECT npcsim_internal.source_state(k.state, k.until_real)"
			   " IN ('paused', 'draining', 'maintenance') FROM npcsim.compute_sources k" LENT_LAST
			   "), false)"),
	SPI_COLUMN(MarketPlayer, stateless,
			   "COALESCE((SELECT pg_catalog.bool_and(s.stateless) FROM npcsim.sessions s"
			   " WHERE s.player_id = p.id AND NOT s.ended AND s.purpose IN ('compute', 'both')), false)"),
	/* Who gives signs of life from sources that are not to be asked has been away since it is so, whether it is connected still or not. */
	SPI_COLUMN_OR(
		MarketPlayer, seen_at,
		"least(p.last_heartbeat_at_real, COALESCE((SELECT pg_catalog.max(CASE"
		" WHEN npcsim_internal.source_state(k.state, k.until_real) <> 'active' THEN k.state_since_real"
		" WHEN k.slots = 0 THEN k.lent_at_real ELSE p.last_heartbeat_at_real END)"
		" FROM npcsim.sessions s JOIN npcsim.compute_sources k ON k.id = s.source_id"
		" WHERE s.player_id = p.id AND NOT s.ended),"
		" (SELECT CASE WHEN npcsim_internal.source_state(k.state, k.until_real) <> 'active'"
		" THEN k.state_since_real END FROM npcsim.compute_sources k" LENT_LAST ")))",
		DT_NOBEGIN),
};

static SpiStatement select_players =
	{.sql = "WITH present AS MATERIALIZED"
			"  (SELECT t.player_id FROM npcsim_internal.present_players($1) AS t(player_id))"
			" SELECT %C FROM npcsim.player_accounts p JOIN npcsim.world_settings w ON w.id = p.world_id"
			" WHERE p.world_id = $1 AND (p.id = $2 OR p.declared_tokens_per_day > 0 OR EXISTS"
			"  (SELECT FROM npcsim.npc_identities i WHERE i.controller_player_id = p.id))"
			" ORDER BY p.id",
	 SPI_GIVES(MarketPlayer, player_columns),
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

static const SpiColumn npc_columns[] = {
	SPI_COLUMN(MarketNpc, id, "i.id"),
	SPI_COLUMN(MarketNpc, controller, "i.controller_player_id"),
	SPI_COLUMN(MarketNpc, assigned,
			   "i.assigned OR (i.controller_player_id IS NOT NULL AND i.controller_since IS NULL)"),
	SPI_COLUMN(MarketNpc, since, "i.controller_since"),
	SPI_COLUMN(MarketNpc, decided,
			   "COALESCE(m.asked_at >= i.controller_since AND m.unanswered_since IS NULL, false)"),
};

static SpiStatement select_npcs =
	{.sql = "SELECT %C FROM npcsim.npc_identities i"
			" LEFT JOIN npcsim.npc_minds m ON m.world_id = i.world_id AND m.npc_id = i.id"
			" WHERE i.world_id = $1 ORDER BY i.id",
	 SPI_GIVES(MarketNpc, npc_columns),
	 .nargs = 1,
	 .types = {INT8OID}};

static const SpiColumn seen_columns[] = {
	SPI_COLUMN(WatchedBy, id, "n.id"),
	SPI_COLUMN(WatchedBy, players, "pg_catalog.count(DISTINCT s.player_id)"),
	SPI_COLUMN(WatchedBy, spectated, "pg_catalog.bool_or(s.player_id IS NULL)"),
};

static SpiStatement select_seen =
	{.sql = "SELECT %C FROM npcsim.npcs n JOIN npcsim.sessions s ON s.world_id = n.world_id AND NOT s.ended"
			" AND n.position_x BETWEEN s.camera_min_x AND s.camera_max_x"
			" AND n.position_y BETWEEN s.camera_min_y AND s.camera_max_y"
			" WHERE n.world_id = $1 GROUP BY n.id ORDER BY n.id",
	 SPI_GIVES(WatchedBy, seen_columns),
	 .nargs = 1,
	 .types = {INT8OID}};

static SpiStatement write_warning = {"UPDATE npcsim.player_accounts SET warned_at_real = $2 WHERE id = $1",
									 2,
									 {INT8OID, TIMESTAMPTZOID}};

bool
market_terms_read(int64 world_id, MarketTerms *terms)
{
	if (spi_run(&select_terms, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	spi_row(&select_terms, 0, terms);
	return true;
}

MarketPlayer *
market_players_read(int64 world_id, int64 player_id, int *count)
{
	uint64 rows = spi_run(&select_players, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id)},
						  NULL, SPI_OK_SELECT);

	return spi_rows(&select_players, rows, count);
}

MarketNpc *
market_npcs_read(int64 world_id, int *count)
{
	uint64 rows = spi_run(&select_npcs, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);

	return spi_rows(&select_npcs, rows, count);
}

WatchedBy *
market_seen_read(int64 world_id, int *count)
{
	uint64 rows = spi_run(&select_seen, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);

	return spi_rows(&select_seen, rows, count);
}

void
market_warning_write(int64 player_id, int64 warned_at)
{
	spi_run(&write_warning, (Datum[]) {Int64GetDatum(player_id), TimestampTzGetDatum(warned_at)},
			warned_at == 0 ? " n" : NULL, SPI_OK_UPDATE);
}
