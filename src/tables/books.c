/*
 * books.c
 *	  The books of the market as rows: how much of the log of decisions was counted, and what was counted.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/books.h"
#include "tables/compute_sources.h"
#include "tables/sessions.h"

/* Whether a session s lends at this moment. */
#define SESSION_LENDS \
	"NOT s.ended AND s.player_id IS NOT NULL AND s.purpose IN ('compute', 'both') AND s.max_concurrency > 0" \
	" AND s.heartbeat_at_real > pg_catalog.clock_timestamp() - " SESSION_SILENCE

/* A question that has waited so long for a free slot of who lends is missed; as long as one that was handed out may take (market/proof.h). */
#define WAITED_IN_VAIN "interval '60 s'"

/* ---- how much was counted ---- */

typedef struct MarkRow
{
	int64	   until;
	ArrayType *running;
	int64	   folded_at_real;
} MarkRow;

static const SpiColumn mark_columns[] = {
	SPI_COLUMN(MarkRow, until, "counted_until"),
	SPI_COLUMN(MarkRow, running, "still_running"),
	SPI_COLUMN(MarkRow, folded_at_real, "folded_at_real"),
};

static SpiStatement make_mark = {"INSERT INTO npcsim.market_folds (home) VALUES ($1) ON CONFLICT DO NOTHING",
								 1,
								 {TEXTOID}};

static SpiStatement read_mark = {.sql = "SELECT %C FROM npcsim.market_folds WHERE home = $1",
								 SPI_GIVES(MarkRow, mark_columns),
								 .nargs = 1,
								 .types = {TEXTOID}};

static SpiStatement lock_mark = {.sql = "SELECT %C FROM npcsim.market_folds WHERE home = $1 FOR UPDATE",
								 SPI_GIVES(MarkRow, mark_columns),
								 .nargs = 1,
								 .types = {TEXTOID}};

static SpiStatement lock_mark_skip =
	{.sql = "SELECT %C FROM npcsim.market_folds WHERE home = $1 FOR UPDATE SKIP LOCKED",
	 SPI_GIVES(MarkRow, mark_columns),
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement write_mark = {"UPDATE npcsim.market_folds SET counted_until = $2, still_running = $3, "
								  "folded_at_real = $4 WHERE home = $1",
								  4,
								  {TEXTOID, INT8OID, INT8ARRAYOID, TIMESTAMPTZOID}};

/* A transaction that is in neither list nor behind the end is over: the same is true for each statement that comes later. */
static const SpiColumn now_columns[] = {
	SPI_COLUMN(MarkRow, until, "pg_catalog.pg_snapshot_xmax(s.now)::pg_catalog.text::pg_catalog.int8"),
	SPI_COLUMN(MarkRow, running,
			   "ARRAY(SELECT x.id::pg_catalog.text::pg_catalog.int8 FROM pg_catalog.pg_snapshot_xip(s.now) "
			   "AS x(id))"),
	SPI_COLUMN(MarkRow, folded_at_real, "NULL::pg_catalog.timestamptz"),
};

static SpiStatement select_now = {.sql = "SELECT %C FROM (SELECT pg_catalog.pg_current_snapshot()) AS s(now)",
								  SPI_GIVES(MarkRow, now_columns)};

/* The transaction of the row behind so many. */
static SpiStatement select_bound =
	{"SELECT l.transaction FROM npcsim.decision_log l WHERE l.transaction >= $1 AND l.transaction < $2 "
	 "ORDER BY l.transaction OFFSET $3 LIMIT 1",
	 3,
	 {INT8OID, INT8OID, INT8OID}};

static SpiStatement begin_books =
	{"INSERT INTO npcsim.world_books AS b (world_id, first_request_id) VALUES ($1, $2) "
	 "ON CONFLICT (world_id) DO UPDATE SET first_request_id = excluded.first_request_id",
	 2,
	 {INT8OID, INT8OID}};

/* What somebody lends, and what was logged since the mark. It writes nothing. */
static SpiStatement select_due =
	{.sql = "SELECT EXISTS (SELECT FROM npcsim.sessions s WHERE " SESSION_LENDS
			") OR EXISTS (SELECT FROM (SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())"
			"::pg_catalog.text::pg_catalog.int8) AS now(until)"
			" LEFT JOIN npcsim.market_folds f ON f.home = $1"
			" CROSS JOIN LATERAL (SELECT FROM npcsim.decision_log l WHERE l.transaction >= "
			"coalesce(f.counted_until, 0)"
			" AND l.transaction < now.until UNION ALL"
			" SELECT FROM npcsim.decision_log l WHERE l.transaction = ANY (f.still_running)) AS logged)",
	 .nargs = 1,
	 .types = {TEXTOID}};

static FoldMark
mark_of_row(const SpiStatement *statement)
{
	MarkRow	 row;
	FoldMark mark = {0};
	int		 room;

	spi_row(statement, 0, &row);
	room = ArrayGetNItems(ARR_NDIM(row.running), ARR_DIMS(row.running));
	mark.until = row.until;
	/* There is room for one more: our own transaction. */
	mark.running = palloc((room + 1) * sizeof(int64));
	mark.running_count = int64s_of(PointerGetDatum(row.running), false, mark.running, room);
	mark.folded_at_real = row.folded_at_real;
	return mark;
}

bool
fold_is_due(const char *home)
{
	int	 plans = spi_index_plans_begin();
	bool due;

	(void) spi_run(&select_due, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);
	due = spi_bool(0, false);
	spi_index_plans_end(plans);
	return due;
}

bool
fold_mark_lock(const char *home, bool wait, FoldMark *mark)
{
	SpiStatement *lock = wait ? &lock_mark : &lock_mark_skip;
	Datum		  key = CStringGetTextDatum(home);

	if (spi_run(&read_mark, &key, NULL, SPI_OK_SELECT) == 0)
		spi_run(&make_mark, &key, NULL, SPI_OK_INSERT);
	if (spi_run(lock, &key, NULL, SPI_OK_SELECT) == 0)
		return false;
	*mark = mark_of_row(lock);
	return true;
}

bool
fold_mark_read(const char *home, FoldMark *mark)
{
	if (spi_run(&read_mark, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT) == 0)
		return false;
	*mark = mark_of_row(&read_mark);
	return true;
}

FoldMark
fold_mark_now(void)
{
	FullTransactionId ours = GetTopFullTransactionId();
	int64			  id = (int64) U64FromFullTransactionId(ours);
	FoldMark		  mark;

	spi_run(&select_now, NULL, NULL, SPI_OK_SELECT);
	mark = mark_of_row(&select_now);
	/* A snapshot does not name its own transaction, which may log more before it ends. */
	if (id < mark.until)
		mark.running[mark.running_count++] = id;
	return mark;
}

void
fold_mark_bound(const FoldMark *from, FoldMark *to, int rows)
{
	int kept = 0;

	if (spi_run(&select_bound,
				(Datum[]) {Int64GetDatum(from->until), Int64GetDatum(to->until), Int64GetDatum(rows)}, NULL,
				SPI_OK_SELECT) == 0)
		return;
	/* All rows of one transaction are counted together, however many there are. */
	to->until = Max(spi_int64(0, 0), from->until + 1);
	for (int i = 0; i < to->running_count; i++)
		if (to->running[i] < to->until)
			to->running[kept++] = to->running[i];
	to->running_count = kept;
}

void
fold_mark_write(const char *home, const FoldMark *mark)
{
	spi_run(&write_mark,
			(Datum[]) {CStringGetTextDatum(home), Int64GetDatum(mark->until),
					   int64_array(mark->running, mark->running_count),
					   TimestampTzGetDatum(mark->folded_at_real)},
			NULL, SPI_OK_UPDATE);
}

void
world_books_begin(int64 world_id, int64 first_request_id)
{
	spi_run(&begin_books, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(first_request_id)}, NULL,
			SPI_OK_INSERT);
}

/* ---- the log, as it is counted ---- */

#define STATUS_NAMES "'{applied,late,rejected,failed,timeout,cut_off,passed_on}'::pg_catalog.text[]"

static const SpiColumn logged_columns[] = {
	SPI_COLUMN(LoggedRow, world_id, "l.world_id"),
	SPI_COLUMN(LoggedRow, player_id, "l.player_id"),
	SPI_COLUMN(LoggedRow, source_id, "l.source_id"),
	SPI_COLUMN(LoggedRow, request_id, "l.request_id"),
	SPI_COLUMN(LoggedRow, status, "pg_catalog.array_position(" STATUS_NAMES ", l.status)"),
	SPI_COLUMN(LoggedRow, sent, "l.sent_at_real IS NOT NULL"),
	SPI_COLUMN(LoggedRow, took_ms,
			   "(EXTRACT(epoch FROM l.finished_at_real - l.sent_at_real) * 1000)::pg_catalog.int8"),
	SPI_COLUMN(LoggedRow, asked_at, "coalesce(l.sent_at_real, l.opened_at_real)"),
	SPI_COLUMN(LoggedRow, finished_at_real, "l.finished_at_real"),
	SPI_COLUMN(LoggedRow, credit, "l.credit_us"),
	SPI_COLUMN(LoggedRow, tokens, "l.tokens"),
	SPI_COLUMN(LoggedRow, tokens_per_decision, "w.tokens_per_decision"),
	SPI_COLUMN_OR(LoggedRow, plausibility, "l.plausibility", -1),
	SPI_COLUMN(LoggedRow, waited, "l.sent_at_real - l.opened_at_real > " WAITED_IN_VAIN),
	SPI_COLUMN(LoggedRow, pooled, "l.pooled"),
};

/*
 * The first part is of transactions that began since the earlier mark, the second of those that ran then. Rows of dumps have
 * transactions of other clusters: they are of requests from before their world was adopted.
 */
#define LOGGED_ROWS(transactions_) \
	"SELECT l.* FROM npcsim.decision_log l WHERE " transactions_ " AND l.transaction <> ALL ($4)"

static SpiStatement select_logged =
	{.sql = "SELECT %C FROM (" LOGGED_ROWS(
		 "l.transaction >= $1 AND l.transaction < $3") " UNION ALL " LOGGED_ROWS("l.transaction = ANY "
																				 "($2)") ") l JOIN "
																						 "npcsim.world_"
																						 "clock c ON "
																						 "c.world_id = "
																						 "l.world_id"
																						 " JOIN "
																						 "npcsim.world_"
																						 "settings w ON "
																						 "w.id = "
																						 "l.world_id"
																						 " LEFT JOIN "
																						 "npcsim.world_"
																						 "books b ON "
																						 "b.world_id = "
																						 "l.world_id"
																						 " WHERE CASE "
																						 "WHEN $5 IS NULL "
																						 "THEN l.world_id "
																						 "= $6 ELSE "
																						 "c.home = $5 END"
																						 " AND "
																						 "(b.first_"
																						 "request_id IS "
																						 "NULL OR "
																						 "l.request_id >= "
																						 "b.first_request_"
																						 "id)"
																						 " ORDER BY "
																						 "l.finished_at_"
																						 "real, "
																						 "l.request_id",
	 SPI_GIVES(LoggedRow, logged_columns),
	 .nargs = 6,
	 .types = {INT8OID, INT8ARRAYOID, INT8OID, INT8ARRAYOID, TEXTOID, INT8OID}};

LoggedRow *
logged_rows_read(const FoldMark *from, const FoldMark *to, const char *home, int64 world_id, int *count)
{
	int	   plans = spi_index_plans_begin();
	uint64 rows =
		spi_run(&select_logged,
				(Datum[]) {Int64GetDatum(from->until), int64_array(from->running, from->running_count),
						   Int64GetDatum(to->until), int64_array(to->running, to->running_count),
						   home != NULL ? CStringGetTextDatum(home) : (Datum) 0, Int64GetDatum(world_id)},
				home != NULL ? NULL : "    n ", SPI_OK_SELECT);

	LoggedRow *logged = spi_rows(&select_logged, rows, count);

	spi_index_plans_end(plans);
	/* They would stay until spi_end(), and there may be many rounds. */
	SPI_freetuptable(SPI_tuptable);
	return logged;
}

/* ---- what was counted ---- */

int
decision_time_place(int64 ms)
{
	int place = 0;

	if (ms >= PG_INT32_MAX)
		return DECISION_TIMES - 1;
	while (place < DECISION_TIMES - 1 && ms * ms > INT64CONST(100) << place)
		place++;
	return place;
}

/* The columns that are added up. */
#define EACH_COUNT(do_) \
	do_(asked, asked) do_(accepted, accepted) do_(late, late) do_(refused, refused) do_(failed, failed) \
		do_(timed_out, timed_out) do_(cut_off, cut_off) do_(passed_on, passed_on) do_(credit_us, credit) \
			do_(tokens, tokens) do_(tokens_credited, tokens_credited) do_(ranked, ranked) \
				do_(plausibility, plausibility)

#define COUNT_NAME(column_, member_)   ", " #column_
#define COUNT_VALUE(column_, member_)  ", u." #column_
#define COUNT_ADDED(column_, member_)  #column_ " = m." #column_ " + excluded." #column_ ", "
#define COUNT_TYPE(column_, member_)   INT8ARRAYOID,
#define COUNT_OFFSET(column_, member_) offsetof(SourceMinute, member_),

#define COUNT_NAMES	 EACH_COUNT(COUNT_NAME)
#define COUNT_VALUES EACH_COUNT(COUNT_VALUE)
#define COUNTS_ADDED EACH_COUNT(COUNT_ADDED)

static const size_t key_offsets[] = {offsetof(SourceMinute, world_id), offsetof(SourceMinute, player_id),
									 offsetof(SourceMinute, source_id)};
static const size_t count_offsets[] = {EACH_COUNT(COUNT_OFFSET)};

#define KEY_COLUMNS	   ((int) lengthof(key_offsets))
#define MINUTE_COLUMNS (KEY_COLUMNS + 1 + (int) lengthof(count_offsets) + 1)

#define MINUTE_PART(minute_) \
	"(pg_catalog.floor(EXTRACT(epoch FROM " minute_ ") / 21600)::pg_catalog.int8 % 8)::pg_catalog.int2"

/* The times come as texts of arrays, since arrays of arrays are flat. */
static SpiStatement add_minutes =
	{.sql = "INSERT INTO npcsim.source_minutes AS m"
			" (part, world_id, player_id, source_id, minute" COUNT_NAMES ", decision_times)"
			" SELECT " MINUTE_PART(
				"u.minute") ", u.world_id, u.player_id, u.source_id, u.minute" COUNT_VALUES
							", u.times::pg_catalog.int8[]"
							" FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
							"$14, $15, $16, $17,"
							" $18) AS u(world_id, player_id, source_id, minute" COUNT_NAMES ", times)"
							" ON CONFLICT (world_id, player_id, source_id, minute, part) DO UPDATE "
							"SET " COUNTS_ADDED
							"decision_times = ARRAY(SELECT coalesce(t.here, 0) + coalesce(t.more, 0)"
							" FROM ROWS FROM (pg_catalog.unnest(m.decision_times), "
							"pg_catalog.unnest(excluded.decision_times))"
							" WITH ORDINALITY AS t(here, more, n) ORDER BY t.n)",
	 .nargs = MINUTE_COLUMNS,
	 .types = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID,
			   EACH_COUNT(COUNT_TYPE) TEXTARRAYOID}};
StaticAssertDecl(MINUTE_COLUMNS == 18, "the statement has a parameter for each column");

static Datum
times_text(const int64 *times)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < DECISION_TIMES; i++)
		appendStringInfo(&text, "%c" INT64_FORMAT, i == 0 ? '{' : ',', times[i]);
	appendStringInfoChar(&text, '}');
	return CStringGetTextDatum(text.data);
}

static Datum
numbers_array(SourceMinute *const *minutes, int count, size_t offset)
{
	int64 *numbers = palloc(sizeof(int64) * count);

	for (int i = 0; i < count; i++)
		numbers[i] = *(const int64 *) ((const char *) minutes[i] + offset);
	return int64_array(numbers, count);
}

void
source_minutes_add(SourceMinute *const *minutes, int count)
{
	Datum  values[MINUTE_COLUMNS];
	Datum *moments = palloc(sizeof(Datum) * Max(count, 1));
	Datum *times = palloc(sizeof(Datum) * Max(count, 1));
	int	   column = 0;

	if (count == 0)
		return;
	for (int i = 0; i < count; i++)
	{
		moments[i] = TimestampTzGetDatum(minutes[i]->minute);
		times[i] = times_text(minutes[i]->times);
	}
	for (int i = 0; i < KEY_COLUMNS; i++)
		values[column++] = numbers_array(minutes, count, key_offsets[i]);
	values[column++] = array_of(moments, count, TIMESTAMPTZOID);
	for (int i = 0; i < (int) lengthof(count_offsets); i++)
		values[column++] = numbers_array(minutes, count, count_offsets[i]);
	values[column++] = array_of(times, count, TEXTOID);
	spi_run(&add_minutes, values, NULL, SPI_OK_INSERT);
}

typedef struct FiguresRow
{
	int32 proof;
	int32 reliability;
} FiguresRow;

static const SpiColumn figures_columns[] = {
	SPI_COLUMN_OR(FiguresRow, proof,
				  "(SELECT p.npcs FROM npcsim.player_proofs p WHERE p.world_id = $1 AND p.player_id = $2)",
				  0),
	SPI_COLUMN(FiguresRow, reliability, "npcsim_internal.recent_reliability($1, $2)"),
};

static SpiStatement select_figures = {.sql = "SELECT %C",
									  SPI_GIVES(FiguresRow, figures_columns),
									  .nargs = 2,
									  .types = {INT8OID, INT8OID},
									  .read_only = true};

void
lender_figures_read(int64 world_id, int64 player_id, int32 *proof, int32 *reliability)
{
	FiguresRow row;

	spi_run(&select_figures, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id)}, NULL,
			SPI_OK_SELECT);
	spi_row(&select_figures, 0, &row);
	*proof = row.proof;
	*reliability = row.reliability;
}

/* Of a longer time than a day nothing is told. */
static SpiStatement add_connected = {
	.sql =
		"INSERT INTO npcsim.source_minutes AS m (part, world_id, player_id, source_id, minute, connected_us)"
		" SELECT " MINUTE_PART(
			"n.minute") ", l.world_id, l.player_id, l.source_id, n.minute,"
						"        pg_catalog.sum(EXTRACT(epoch FROM least(n.minute + interval '1 minute', $2) "
						"- greatest(n.minute, l.since)) * 1000000)::pg_catalog.int8"
						"   FROM (SELECT s.world_id, s.player_id, coalesce(s.source_id, 0) AS source_id,"
						"                greatest(s.connected_at_real, $1, $2 - interval '1 day') AS since"
						"           FROM npcsim.sessions s WHERE " SESSION_LENDS ") l"
						"  CROSS JOIN LATERAL pg_catalog.generate_series(pg_catalog.date_trunc('minute', "
						"l.since, 'UTC'), $2,"
						"                                                interval '1 minute') AS n(minute)"
						"  WHERE l.since < $2 AND n.minute < $2 GROUP BY 2, 3, 4, 5"
						" ON CONFLICT (world_id, player_id, source_id, minute, part)"
						" DO UPDATE SET connected_us = m.connected_us + excluded.connected_us",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, TIMESTAMPTZOID}};

TimestampTz
source_minutes_add_connected(TimestampTz since)
{
	TimestampTz now = GetCurrentTimestamp();

	if (since <= now)
		spi_run(&add_connected, (Datum[]) {TimestampTzGetDatum(since), TimestampTzGetDatum(now)},
				since == 0 ? "n " : NULL, SPI_OK_INSERT);
	return now;
}

#define TEXT_OF(number_)  TEXT_OF_(number_)
#define TEXT_OF_(number_) #number_

/* Aggregates the outcomes of a source, which are rows 'k' of a query, the latest first. */
#define OUTCOME_ARRAYS \
	"pg_catalog.array_agg(k.request_id ORDER BY k.at DESC, k.request_id DESC), " \
	"pg_catalog.array_agg(k.at ORDER BY k.at DESC, k.request_id DESC), " \
	"pg_catalog.array_agg(k.halves ORDER BY k.at DESC, k.request_id DESC)"

/* Of a request the last outcome counts. */
static SpiStatement add_outcomes = {
	.sql =
		"INSERT INTO npcsim.source_outcomes AS o (world_id, player_id, source_id, request_ids, "
		"finished_at_real, "
		"halves)"
		" SELECT k.world_id, k.player_id, k.source_id, " OUTCOME_ARRAYS
		"   FROM (SELECT n.*, pg_catalog.row_number() OVER (PARTITION BY n.world_id, n.player_id, n.source_id"
		"                ORDER BY n.at DESC, n.request_id DESC) AS place"
		"           FROM (SELECT DISTINCT ON (u.world_id, u.player_id, u.source_id, u.request_id) u.*"
		"                   FROM unnest($1, $2, $3, $4, $5, $6)"
		"                        AS u(world_id, player_id, source_id, request_id, at, halves)"
		"                  ORDER BY u.world_id, u.player_id, u.source_id, u.request_id, u.at DESC, u.halves "
		"DESC) n) k"
		"  WHERE k.place <= " TEXT_OF(
			RELIABILITY_WINDOW) " GROUP BY 1, 2, 3"
								" ON CONFLICT (world_id, player_id, source_id) DO UPDATE SET (request_ids, "
								"finished_at_real, halves) ="
								" (SELECT " OUTCOME_ARRAYS "    FROM (SELECT e.* FROM (SELECT DISTINCT ON "
								"(a.request_id) a.request_id, a.at, a.halves"
								"            FROM unnest(o.request_ids || excluded.request_ids,"
								"                 o.finished_at_real || excluded.finished_at_real, o.halves "
								"|| excluded.halves)"
								"                 AS a(request_id, at, halves) ORDER BY a.request_id, a.at "
								"DESC, a.halves DESC) e"
								"           ORDER BY e.at DESC, e.request_id DESC LIMIT " TEXT_OF(
									RELIABILITY_WINDOW) ") k)",
	.nargs = 6,
	.types = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, INT2ARRAYOID}};

void
source_outcomes_add(const SourceOutcome *outcomes, int count)
{
	int64 *worlds = palloc(sizeof(int64) * Max(count, 1));
	int64 *players = palloc(sizeof(int64) * Max(count, 1));
	int64 *sources = palloc(sizeof(int64) * Max(count, 1));
	int64 *requests = palloc(sizeof(int64) * Max(count, 1));
	Datum *moments = palloc(sizeof(Datum) * Max(count, 1));
	int16 *halves = palloc(sizeof(int16) * Max(count, 1));

	if (count == 0)
		return;
	for (int i = 0; i < count; i++)
	{
		worlds[i] = outcomes[i].world_id;
		players[i] = outcomes[i].player_id;
		sources[i] = outcomes[i].source_id;
		requests[i] = outcomes[i].request_id;
		moments[i] = TimestampTzGetDatum(outcomes[i].finished_at_real);
		halves[i] = outcomes[i].halves;
	}
	spi_run(&add_outcomes,
			(Datum[]) {int64_array(worlds, count), int64_array(players, count), int64_array(sources, count),
					   int64_array(requests, count), array_of(moments, count, TIMESTAMPTZOID),
					   int16_array(halves, count)},
			NULL, SPI_OK_INSERT);
}

/* ---- what players have shown ---- */

typedef struct ProofRow
{
	PlayerProof player;
	ArrayType  *young_asked;
	ArrayType  *young_halves;
	ArrayType  *cut_offs;
} ProofRow;

static const SpiColumn proof_columns[] = {
	SPI_COLUMN(ProofRow, player.proof.phase, "phase"),
	SPI_COLUMN(ProofRow, player.proof.npcs, "npcs"),
	SPI_COLUMN(ProofRow, player.proof.size, "size"),
	SPI_COLUMN(ProofRow, player.proof.capacity, "capacity"),
	SPI_COLUMN(ProofRow, player.proof.eighths, "eighths"),
	SPI_COLUMN(ProofRow, player.proof.pause, "pause"),
	SPI_COLUMN(ProofRow, player.proof.sure, "sure"),
	SPI_COLUMN(ProofRow, player.proof.since, "since"),
	SPI_COLUMN(ProofRow, player.proof.counted_from, "counted_from"),
	SPI_COLUMN(ProofRow, player.proof.next_trial, "next_trial"),
	SPI_COLUMN(ProofRow, player.proof.stepped, "stepped"),
	SPI_COLUMN(ProofRow, player.proof.present.asked, "present_asked"),
	SPI_COLUMN(ProofRow, player.proof.present.halves, "present_halves"),
	SPI_COLUMN(ProofRow, player.proof.below.asked, "below_asked"),
	SPI_COLUMN(ProofRow, player.proof.below.halves, "below_halves"),
	SPI_COLUMN(ProofRow, player.proof.usual.asked, "usual_asked"),
	SPI_COLUMN(ProofRow, player.proof.usual.halves, "usual_halves"),
	SPI_COLUMN(ProofRow, player.proof.young_from, "young_from"),
	SPI_COLUMN(ProofRow, young_asked, "young_asked"),
	SPI_COLUMN(ProofRow, young_halves, "young_halves"),
	SPI_COLUMN(ProofRow, cut_offs, "cut_offs"),
};

static SpiStatement select_proof =
	{.sql = "SELECT %C FROM npcsim.player_proofs WHERE world_id = $1 AND player_id = $2",
	 SPI_GIVES(ProofRow, proof_columns),
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

static SpiStatement write_proof = {.sql = "INSERT INTO npcsim.player_proofs AS p (world_id, player_id, "
										  "phase, npcs, size, capacity, eighths, pause, sure, since, "
										  "counted_from, next_trial, stepped, present_asked, present_halves, "
										  "below_asked, below_halves, usual_asked, "
										  "usual_halves, young_from, young_asked, young_halves, cut_offs) "
										  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
										  "$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) "
										  "ON CONFLICT (world_id, player_id) DO UPDATE SET (phase, npcs, "
										  "size, capacity, eighths, pause, sure, since, "
										  "counted_from, next_trial, stepped, present_asked, present_halves, "
										  "below_asked, below_halves, usual_asked, "
										  "usual_halves, young_from, young_asked, young_halves, cut_offs) = "
										  "($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
										  "$14, $15, $16, $17, $18, $19, $20, $21, $22, $23)",
								   .nargs = 23,
								   .types = {INT8OID,	   INT8OID,		 INT2OID,	  INT4OID, INT4OID,
											 INT4OID,	   INT4OID,		 INT4OID,	  BOOLOID, INT8OID,
											 INT8OID,	   INT8OID,		 INT8OID,	  INT4OID, INT4OID,
											 INT4OID,	   INT4OID,		 INT4OID,	  INT4OID, INT8OID,
											 INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};

void
player_proof_read(int64 world_id, int64 player_id, PlayerProof *player)
{
	ProofRow row = {0};
	int64	 numbers[PROOF_GRAINS] = {0};

	memset(player, 0, sizeof(*player));
	if (spi_run(&select_proof, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(player_id)}, NULL,
				SPI_OK_SELECT) > 0)
	{
		spi_row(&select_proof, 0, &row);
		*player = row.player;
		(void) int64s_of(PointerGetDatum(row.cut_offs), false, player->cut_offs.latest, CUT_OFFS_FORGIVEN);
		(void) int64s_of(PointerGetDatum(row.young_asked), false, numbers, PROOF_GRAINS);
		for (int i = 0; i < PROOF_GRAINS; i++)
			player->proof.young[i].asked = (int32) numbers[i];
		memset(numbers, 0, sizeof(numbers));
		(void) int64s_of(PointerGetDatum(row.young_halves), false, numbers, PROOF_GRAINS);
		for (int i = 0; i < PROOF_GRAINS; i++)
			player->proof.young[i].halves = (int32) numbers[i];
	}
	player->world_id = world_id;
	player->player_id = player_id;
}

void
player_proof_write(const PlayerProof *player)
{
	const Proof *proof = &player->proof;
	int64		 asked[PROOF_GRAINS];
	int64		 halves[PROOF_GRAINS];

	for (int i = 0; i < PROOF_GRAINS; i++)
	{
		asked[i] = proof->young[i].asked;
		halves[i] = proof->young[i].halves;
	}
	spi_run(&write_proof,
			(Datum[]) {Int64GetDatum(player->world_id),
					   Int64GetDatum(player->player_id),
					   Int16GetDatum((int16) proof->phase),
					   Int32GetDatum(proof->npcs),
					   Int32GetDatum(proof->size),
					   Int32GetDatum(proof->capacity),
					   Int32GetDatum(proof->eighths),
					   Int32GetDatum(proof->pause),
					   BoolGetDatum(proof->sure),
					   Int64GetDatum(proof->since),
					   Int64GetDatum(proof->counted_from),
					   Int64GetDatum(proof->next_trial),
					   Int64GetDatum(proof->stepped),
					   Int32GetDatum(proof->present.asked),
					   Int32GetDatum(proof->present.halves),
					   Int32GetDatum(proof->below.asked),
					   Int32GetDatum(proof->below.halves),
					   Int32GetDatum(proof->usual.asked),
					   Int32GetDatum(proof->usual.halves),
					   Int64GetDatum(proof->young_from),
					   int64_array(asked, PROOF_GRAINS),
					   int64_array(halves, PROOF_GRAINS),
					   int64_array(player->cut_offs.latest, CUT_OFFS_FORGIVEN)},
			NULL, SPI_OK_INSERT);
}

static const SpiColumn waited_columns[] = {
	SPI_COLUMN(WaitedQuestion, world_id, "w.world_id"),
	SPI_COLUMN(WaitedQuestion, player_id, "w.player_id"),
	SPI_COLUMN(WaitedQuestion, opened_at_real, "w.opened_at_real"),
};

/* Time in which the world stood still, or nobody lent, is not waited. */
static SpiStatement select_waited =
	{.sql = "SELECT %C FROM (SELECT d.world_id, d.player_id, d.opened_at_real,"
			"        greatest(d.opened_at_real, c.started_at_real, l.since) + " WAITED_IN_VAIN " AS missed_at"
			"   FROM (SELECT s.world_id, s.player_id, pg_catalog.min(s.connected_at_real) AS since"
			"           FROM npcsim.sessions s LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id"
			"          WHERE " SESSION_LENDS " AND " SOURCE_IS_ACTIVE(
				"k") " GROUP BY 1, 2) l"
					 "   JOIN npcsim.world_clock c ON c.world_id = l.world_id AND c.status = 'running'"
					 "   JOIN npcsim.npc_identities i ON i.world_id = l.world_id AND i.controller_player_id "
					 "= l.player_id"
					 "   JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id"
					 "    AND d.status = 1 AND d.player_id = l.player_id) w"
					 " WHERE w.missed_at > $1 AND w.missed_at <= $2"
					 "   AND w.player_id IN (SELECT a.id FROM "
					 "npcsim_internal.players_short_of_slots(w.world_id) AS "
					 "a(id))"
					 " ORDER BY w.opened_at_real, w.world_id, w.player_id",
	 SPI_GIVES(WaitedQuestion, waited_columns),
	 .nargs = 2,
	 .types = {TIMESTAMPTZOID, TIMESTAMPTZOID}};

WaitedQuestion *
waited_questions_read(TimestampTz since, TimestampTz now, int *count)
{
	uint64 rows = spi_run(&select_waited, (Datum[]) {TimestampTzGetDatum(since), TimestampTzGetDatum(now)},
						  NULL, SPI_OK_SELECT);

	return spi_rows(&select_waited, rows, count);
}

static const SpiColumn lender_columns[] = {
	SPI_COLUMN(Lender, world_id, "s.world_id"),
	SPI_COLUMN(Lender, player_id, "s.player_id"),
	SPI_COLUMN(Lender, declared, "a.declared_tokens_per_day"),
	SPI_COLUMN(Lender, tokens_per_npc, "w.estimated_tokens_per_npc_per_day"),
	SPI_COLUMN(Lender, npcs_most, "w.max_npcs_per_player"),
	SPI_COLUMN(Lender, reliability, "npcsim_internal.recent_reliability(s.world_id, s.player_id)"),
	SPI_COLUMN(Lender, held,
			   "(SELECT pg_catalog.count(*) FROM npcsim.npc_identities i"
			   " WHERE i.world_id = s.world_id AND i.controller_player_id = s.player_id)"),
};

static SpiStatement select_lenders =
	{.sql =
		 "SELECT %C FROM (SELECT DISTINCT s.world_id, s.player_id FROM npcsim.sessions s WHERE " SESSION_LENDS
		 ") s JOIN npcsim.player_accounts a ON a.id = s.player_id"
		 " JOIN npcsim.world_settings w ON w.id = s.world_id ORDER BY 1, 2",
	 SPI_GIVES(Lender, lender_columns)};

Lender *
lenders_read(int *count)
{
	return spi_rows(&select_lenders, spi_run(&select_lenders, NULL, NULL, SPI_OK_SELECT), count);
}
