/*
 * decision_log.c
 *	  The log of decisions: what became of requests to minds, as rows.
 */
#include "postgres.h"

#include <time.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/decision_log.h"

#define LOG_DAYS	32 /* the length of the ring */
#define LOG_COLUMNS 17 /* that are given row by row */

static const SpiColumn past_columns[] = {
	SPI_COLUMN(PastRequest, request_id, "request_id"),
	SPI_COLUMN(PastRequest, npc_id, "npc_id"),
	SPI_COLUMN(PastRequest, player_id, "player_id"),
	SPI_COLUMN(PastRequest, reason, "min(reason)"),
	SPI_COLUMN(PastRequest, opened_at_real, "min(opened_at_real)"),
	SPI_COLUMN(PastRequest, sent_at_real, "min(sent_at_real)"),
	SPI_COLUMN(PastRequest, source_id, "max(source_id)"),
	SPI_COLUMN(PastRequest, credit, "max(credit_us)"),
	SPI_COLUMN(PastRequest, answered, "bool_or(status NOT IN ('failed', 'timeout', 'cut_off', 'passed_on'))"),
	SPI_COLUMN(PastRequest, passed_on, "bool_and(status IN ('cut_off', 'passed_on'))"),
	SPI_COLUMN(PastRequest, pooled, "bool_or(pooled)"),
};

/* Requests are looked up one by one by their keys, whatever the statistics say. */
static SpiStatement select_past =
	{.sql = "SELECT past.* FROM " SPI_WANTED_KEYS " CROSS JOIN LATERAL "
			"(SELECT %C FROM npcsim.decision_log WHERE world_id = $1 AND request_id = wanted.key_ "
			"GROUP BY request_id, npc_id, player_id) past",
	 SPI_GIVES(PastRequest, past_columns),
	 .nargs = 2,
	 .types = {INT8OID, INT8ARRAYOID}};

static SpiStatement insert =
	{"INSERT INTO npcsim.decision_log (day, world_id, request_id, npc_id, player_id, reason, status, code, "
	 "detail, decision, tokens, clock, opened_at_real, sent_at_real, source_id, credit_us, plausibility, "
	 "pooled, "
	 "transaction, "
	 "finished_at_real) "
	 "SELECT " LOG_DAY ", "
	 "u.world_id, u.request_id, u.npc_id, u.player_id, u.reason, u.status, u.code, u.detail, "
	 "u.decision::pg_catalog.jsonb, "
	 "u.tokens, u.clock / 1000000.0::float8, u.opened_at, u.sent_at, u.source_id, u.credit, "
	 "u.plausibility, u.pooled, " LOG_TRANSACTION ", "
	 /* One request may be logged twice, at different moments. */
	 "pg_catalog.clock_timestamp() + u.n * '1 microsecond'::pg_catalog.interval "
	 "FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), "
	 "pg_catalog.unnest($4), "
	 "pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8), "
	 "pg_catalog.unnest($9), pg_catalog.unnest($10), pg_catalog.unnest($11), pg_catalog.unnest($12), "
	 "pg_catalog.unnest($13), pg_catalog.unnest($14), pg_catalog.unnest($15), pg_catalog.unnest($16), "
	 "pg_catalog.unnest($17)) WITH "
	 "ORDINALITY "
	 "AS u(world_id, request_id, npc_id, player_id, reason, status, code, detail, decision, tokens, clock, "
	 "opened_at, sent_at, source_id, credit, plausibility, pooled, n)",
	 LOG_COLUMNS,
	 {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	  TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID,
	  INT8ARRAYOID, INT8ARRAYOID, INT2ARRAYOID, BOOLARRAYOID}};

static const SpiColumn pace_columns[] = {
	SPI_COLUMN(PlayerResponseTime, player_id, "player_id"),
	SPI_COLUMN(PlayerResponseTime, p95_ms, "pg_catalog.percentile_disc(0.95) WITHIN GROUP (ORDER BY ms)"),
};

static SpiStatement select_paces =
	{.sql =
		 "SELECT %C"
		 "  FROM (SELECT player_id,"
		 "               (EXTRACT(epoch FROM finished_at_real - sent_at_real) * 1000)::pg_catalog.float8 "
		 "AS ms,"
		 "               pg_catalog.row_number() OVER (PARTITION BY player_id ORDER BY finished_at_real "
		 "DESC) AS place"
		 "          FROM (SELECT l.player_id, l.sent_at_real, l.finished_at_real FROM npcsim.decision_log l"
		 "                  JOIN npcsim.world_clock c ON c.world_id = l.world_id"
		 "                 WHERE day IN ($1, $2) AND player_id IS NOT NULL AND sent_at_real IS NOT NULL"
		 "                   AND l.status IN ('applied', 'rejected', 'late', 'timeout')"
		 "                   AND finished_at_real > pg_catalog.now() - interval '1 hour'"
		 "                   AND (c.started_at_real BETWEEN sent_at_real AND finished_at_real) IS NOT TRUE"
		 "                 ORDER BY finished_at_real DESC LIMIT $3) AS recent) AS numbered"
		 " WHERE place <= 100 GROUP BY player_id HAVING pg_catalog.count(*) >= 5",
	 SPI_GIVES(PlayerResponseTime, pace_columns),
	 .nargs = 3,
	 .types = {INT2OID, INT2OID, INT8OID},
	 .read_only = true};

PastRequest *
past_requests_read(int64 world_id, const int64 *request_ids, int request_count, int *count)
{
	uint64 rows =
		spi_run(&select_past, (Datum[]) {Int64GetDatum(world_id), int64_array(request_ids, request_count)},
				NULL, SPI_OK_SELECT);

	return spi_rows(&select_past, rows, count);
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

void
decision_log_write(const LoggedDecision *decisions, int count)
{
	static const Oid types[LOG_COLUMNS] = {INT8OID,		   INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID,
										   TEXTOID,		   TEXTOID, TEXTOID, INT8OID, INT8OID, TIMESTAMPTZOID,
										   TIMESTAMPTZOID, INT8OID, INT8OID, INT2OID, BOOLOID};
	Datum			*columns[LOG_COLUMNS];
	bool			*nulls[LOG_COLUMNS];
	Datum			 arrays[LOG_COLUMNS];

	for (int c = 0; c < LOG_COLUMNS; c++)
	{
		columns[c] = palloc(Max(count, 1) * sizeof(Datum));
		nulls[c] = palloc0(Max(count, 1) * sizeof(bool));
	}
	for (int i = 0; i < count; i++)
	{
		const LoggedDecision *decision = &decisions[i];

		columns[0][i] = Int64GetDatum(decision->world_id);
		columns[1][i] = Int64GetDatum(decision->request_id);
		columns[2][i] = Int64GetDatum(decision->npc_id);
		columns[3][i] = Int64GetDatum(decision->player_id);
		nulls[3][i] = decision->player_id == 0;
		columns[4][i] = CStringGetTextDatum(decision->reason);
		columns[5][i] = CStringGetTextDatum(decision->status);
		columns[6][i] = text_or_null(decision->code, &nulls[6][i]);
		columns[7][i] = text_or_null(decision->detail, &nulls[7][i]);
		columns[8][i] = text_or_null(decision->decision, &nulls[8][i]);
		columns[9][i] = Int64GetDatum(decision->tokens);
		nulls[9][i] = decision->tokens < 0;
		columns[10][i] = Int64GetDatum(decision->clock);
		columns[11][i] = TimestampTzGetDatum(decision->opened_at_real);
		columns[12][i] = TimestampTzGetDatum(decision->sent_at_real);
		nulls[12][i] = decision->sent_at_real == 0;
		columns[13][i] = Int64GetDatum(decision->source_id);
		nulls[13][i] = decision->source_id == 0;
		columns[14][i] = Int64GetDatum(decision->credit);
		nulls[14][i] = decision->credit < 0;
		columns[15][i] = Int16GetDatum((int16) decision->plausibility);
		nulls[15][i] = decision->plausibility < 0;
		columns[16][i] = BoolGetDatum(decision->pooled);
	}
	for (int c = 0; c < LOG_COLUMNS; c++)
		arrays[c] = nullable_array_of(columns[c], nulls[c], count, types[c]);
	spi_run(&insert, arrays, NULL, SPI_OK_INSERT);
}

PlayerResponseTime *
decision_response_times_read(int rows_most, int *count)
{
	int16  today = (int16) (time(NULL) / 86400 % LOG_DAYS);
	int16  yesterday = (int16) ((today + LOG_DAYS - 1) % LOG_DAYS);
	uint64 rows =
		spi_run(&select_paces,
				(Datum[]) {Int16GetDatum(today), Int16GetDatum(yesterday), Int64GetDatum(rows_most)}, NULL,
				SPI_OK_SELECT);

	return spi_rows(&select_paces, rows, count);
}
