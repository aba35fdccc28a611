/*
 * fallback.c
 *	  Who can be asked about an NPC, and what was done and spent, as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "guc.h"
#include "spi.h"
#include "tables/compute_sources.h"
#include "tables/fallback.h"
#include "tables/new_ids.h"

static IdSource log_ids = ID_SOURCE("fallback_log");

#define MARKET_NOW "npcsim_internal.market_now()"
#define TODAY	   "(" MARKET_NOW " AT TIME ZONE 'UTC')::pg_catalog.date"

/* A question that came to nothing is not put to the same again so soon: as long as the longest back-off (engine/requests.c). */
#define TRIED_LATELY "interval '60 s'"

/* Of those who lend and can be asked; a source that remembers nothing is anybody's. */
#define LENT_BY(condition_)	  "EXISTS (SELECT FROM lending l WHERE " condition_ ")"
#define SOURCE_OF(condition_) "(SELECT pg_catalog.min(l.source_id) FROM lending l WHERE " condition_ ")"
#define BY_MIND				  "l.player_id = i.controller_player_id AND l.kind IN ('player_mcp', 'hybrid')"
#define BY_PLAYER_API		  "l.player_id = i.controller_player_id AND l.kind = 'player_api_key'"
#define BY_SERVER_API		  "l.kind = 'server_api_key'"
#define BY_STATELESS \
	"l.pooled AND NOT l.of_server AND l.player_id IS DISTINCT FROM i.controller_player_id" \
	" AND NOT EXISTS (SELECT FROM vain v WHERE v.source_id = l.source_id)"

static const SpiColumn facts_columns[] = {
	SPI_COLUMN(FallbackFacts, controller, "i.controller_player_id"),
	SPI_COLUMN(FallbackFacts, request_id, "d.request_id"),
	SPI_COLUMN(FallbackFacts, is_open, "coalesce(d.status > 0, false)"),
	SPI_COLUMN(FallbackFacts, mind, LENT_BY(BY_MIND)),
	SPI_COLUMN(FallbackFacts, stateless, LENT_BY(BY_STATELESS)),
	SPI_COLUMN(FallbackFacts, player_api, LENT_BY(BY_PLAYER_API)),
	SPI_COLUMN(FallbackFacts, server_api, LENT_BY(BY_SERVER_API)),
	SPI_COLUMN(FallbackFacts, mind_source, SOURCE_OF(BY_MIND)),
	SPI_COLUMN(FallbackFacts, stateless_source, SOURCE_OF(BY_STATELESS)),
	SPI_COLUMN(FallbackFacts, player_api_source, SOURCE_OF(BY_PLAYER_API)),
	SPI_COLUMN(FallbackFacts, server_api_source, SOURCE_OF(BY_SERVER_API)),
	/* Who was heard of so lately that it keeps its NPCs. */
	SPI_COLUMN(
		FallbackFacts, hybrid,
		"EXISTS (SELECT FROM npcsim.compute_sources k JOIN npcsim.player_accounts p ON p.id = k.player_id"
		" WHERE k.world_id = $1 AND k.player_id = i.controller_player_id AND k.kind = 'hybrid'"
		" AND npcsim_internal.source_state(k.state, k.until_real) = 'active' AND p.status = 'active'"
		" AND (p.suspended_until_real > " MARKET_NOW ") IS NOT TRUE"
		" AND p.last_heartbeat_at_real > " MARKET_NOW
		" - pg_catalog.make_interval(secs => w.absence_grace))"),
	/* In the order of FallbackStep; of several stateless sources each has its own try. */
	SPI_COLUMN(FallbackFacts, tried,
			   "coalesce((SELECT pg_catalog.bit_or(CASE WHEN v.kind = 'server_api_key' THEN 8"
			   " WHEN v.player_id IS DISTINCT FROM i.controller_player_id THEN 0"
			   " WHEN v.kind = 'player_api_key' THEN 4 ELSE 1 END) FROM vain v), 0)"),
	SPI_COLUMN(FallbackFacts, commercial, "w.enable_commercial_fallback"),
	SPI_COLUMN(FallbackFacts, server_backup, "w.server_backup_enabled"),
	SPI_COLUMN(FallbackFacts, built_in, "w.built_in_fallback"),
	SPI_COLUMN(FallbackFacts, price, "w.server_api_cost"),
	SPI_COLUMN(FallbackFacts, cap, "w.server_api_cap_per_day"),
	SPI_COLUMN(FallbackFacts, cap_of_player, "w.hybrid_cap_per_day"),
	SPI_COLUMN(FallbackFacts, spent,
			   "(SELECT t.cost FROM npcsim.server_api_spending t WHERE t.world_id = $1 AND t.day = " TODAY
			   " AND t.player_id = 0)"),
	SPI_COLUMN(FallbackFacts, spent_by_player,
			   "(SELECT t.cost FROM npcsim.server_api_spending t WHERE t.world_id = $1 AND t.day = " TODAY
			   " AND t.player_id = i.controller_player_id)"),
};

static SpiStatement select_facts =
	{.sql = "WITH lending AS MATERIALIZED ("
			" SELECT s.player_id, s.source_id, s.pooled, s.of_server, coalesce(k.kind, 'player_mcp') AS kind"
			"   FROM npcsim_internal.lending_sessions($1) s"
			"   JOIN npcsim_internal.askable_players($1) AS a(player_id) ON a.player_id = s.player_id"
			"   LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id"
			"  WHERE s.state = 'active'),"
			" vain AS MATERIALIZED ("
			" SELECT l.player_id, l.source_id, coalesce(k.kind, 'player_mcp') AS kind"
			"   FROM npcsim.decision_slots d JOIN npcsim.decision_log l"
			"     ON l.world_id = d.world_id AND l.request_id = d.request_id"
			"    AND l.status IN ('failed', 'timeout', 'cut_off', 'passed_on') AND l.sent_at_real IS "
			"NOT NULL"
			"    AND l.finished_at_real > pg_catalog.clock_timestamp() - " TRIED_LATELY
			"   LEFT JOIN npcsim.compute_sources k ON k.id = l.source_id"
			"  WHERE d.world_id = $1 AND d.npc_id = $2)"
			" SELECT %C FROM npcsim.npc_identities i JOIN npcsim.world_settings w ON w.id = i.world_id"
			" LEFT JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id"
			" WHERE i.world_id = $1 AND i.id = $2",
	 SPI_GIVES(FallbackFacts, facts_columns),
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

static SpiStatement insert_log =
	{.sql = "INSERT INTO npcsim.fallback_log (id, world_id, npc_id, request_id, step, reason, source_id,"
			" player_id, cost, at_real) VALUES ($1, $2, $3, nullif($4, 0), $5, $6, nullif($7, 0),"
			" nullif($8, 0), $9, " MARKET_NOW ")",
	 .nargs = 9,
	 .types = {INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, INT8OID, INT8OID, INT8OID}};

static SpiStatement count_spending =
	{.sql = "INSERT INTO npcsim.server_api_spending AS t (world_id, day, player_id, decisions, cost)"
			" SELECT $1, " TODAY ", $2, 1, $3 WHERE $3 <= $4"
			" ON CONFLICT (world_id, day, player_id) DO UPDATE SET decisions = t.decisions + 1,"
			" cost = t.cost + excluded.cost WHERE t.cost + excluded.cost <= $4 OR excluded.cost = 0",
	 .nargs = 4,
	 .types = {INT8OID, INT8OID, INT8OID, INT8OID}};

static SpiStatement take_back =
	{.sql = "UPDATE npcsim.server_api_spending SET decisions = decisions - 1, cost = cost - $3"
			" WHERE world_id = $1 AND player_id = $2 AND day = " TODAY " AND decisions > 0 AND cost >= $3",
	 .nargs = 3,
	 .types = {INT8OID, INT8OID, INT8OID}};

static SpiStatement forget_log = {.sql = "DELETE FROM npcsim.fallback_log WHERE at_real < $1",
								  .nargs = 1,
								  .types = {TIMESTAMPTZOID}};

static SpiStatement forget_spending =
	{.sql = "DELETE FROM npcsim.server_api_spending WHERE day < ($1 AT TIME ZONE 'UTC')::pg_catalog.date",
	 .nargs = 1,
	 .types = {TIMESTAMPTZOID}};

bool
fallback_facts_read(int64 world_id, int64 npc_id, FallbackFacts *facts)
{
	int	 plans = spi_index_plans_begin();
	bool found = spi_run(&select_facts, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(npc_id)}, NULL,
						 SPI_OK_SELECT) > 0;

	if (found)
		spi_row(&select_facts, 0, facts);
	spi_index_plans_end(plans);
	return found;
}

void
fallback_log_write(const LoggedFallback *fallback)
{
	spi_run(&insert_log,
			(Datum[]) {Int64GetDatum(new_id(&log_ids)), Int64GetDatum(fallback->world_id),
					   Int64GetDatum(fallback->npc_id), Int64GetDatum(fallback->request_id),
					   CStringGetTextDatum(fallback->step), CStringGetTextDatum(fallback->reason),
					   Int64GetDatum(fallback->source_id), Int64GetDatum(fallback->player_id),
					   Int64GetDatum(fallback->cost)},
			NULL, SPI_OK_INSERT);
}

bool
fallback_spend(int64 world_id, int64 player_id, int64 cost, int64 cap)
{
	return spi_run(&count_spending,
				   (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id), Int64GetDatum(cost),
							  Int64GetDatum(cap)},
				   NULL, SPI_OK_INSERT) > 0;
}

void
fallback_take_back(int64 world_id, int64 player_id, int64 cost)
{
	(void) spi_run(&take_back,
				   (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id), Int64GetDatum(cost)}, NULL,
				   SPI_OK_UPDATE);
}

void
fallbacks_forget(TimestampTz logged_before, TimestampTz spent_before)
{
	(void) spi_run(&forget_log, (Datum[]) {TimestampTzGetDatum(logged_before)}, NULL, SPI_OK_DELETE);
	(void) spi_run(&forget_spending, (Datum[]) {TimestampTzGetDatum(spent_before)}, NULL, SPI_OK_DELETE);
}
