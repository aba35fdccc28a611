/*
 * decision_slots.c
 *	  Requests to minds as rows of decision_slots.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/decision_log.h"
#include "tables/decision_slots.h"
#include "tables/id_lists.h"
#include "tables/row_type.h"
#include "tables/sessions.h"
#include "tables/tokens.h"

/* Of the NPC's other rows the index finds each, however many there are and whatever the statistics say. */
#define OF_NPC(column, table) \
	"(SELECT t." column " FROM npcsim." table " t WHERE t.world_id = d.world_id AND t.npc_id = d.npc_id)"

static const SpiColumn open_columns[] = {
	SPI_COLUMN(OpenSlot, world_id, "d.world_id"),
	SPI_COLUMN(OpenSlot, question.npc_id, "d.npc_id"),
	SPI_COLUMN(OpenSlot, question.request_id, "d.request_id"),
	SPI_COLUMN(OpenSlot, question.player_id, "d.player_id"),
	SPI_COLUMN(OpenSlot, question.opened_at, "d.opened_at_real"),
	SPI_COLUMN(OpenSlot, question.in_interaction, OF_NPC("state = 3", "npc_states")),
	SPI_COLUMN(OpenSlot, cells, OF_NPC("cells", "npc_tracks")),
	SPI_COLUMN(OpenSlot, departed_at, OF_NPC("departed_at", "npc_tracks")),
	SPI_COLUMN(OpenSlot, reason, "d.reason"),
	SPI_COLUMN(OpenSlot, tried, "d.tried_sources"),
};
StaticAssertDecl(NPC_INTERACTING == 3, "the statements have the number of the state");

static SpiStatement select_open =
	{.sql = "SELECT %C FROM npcsim.decision_slots d WHERE d.world_id = $1 AND d.status = 1"
			" AND ($2 IS NULL OR d.player_id = ANY ($2))",
	 SPI_GIVES(OpenSlot, open_columns),
	 .nargs = 2,
	 .types = {INT8OID, INT8ARRAYOID},
	 .read_only = true};

#define SELECT_OPEN_OF \
	"SELECT %C FROM " SPI_WANTED_KEYS " JOIN npcsim.decision_slots d ON d.world_id = " SPI_WANTED_WORLD \
	" AND d.npc_id = wanted.key_ WHERE d.status = 1"

static SpiStatement select_open_of = {.sql = SELECT_OPEN_OF,
									  SPI_GIVES(OpenSlot, open_columns),
									  .nargs = 2,
									  .types = {INT8OID, INT8ARRAYOID},
									  .read_only = true};

static SpiStatement select_open_now = {.sql = SELECT_OPEN_OF,
									   SPI_GIVES(OpenSlot, open_columns),
									   .nargs = 2,
									   .types = {INT8OID, INT8ARRAYOID}};

static const SpiColumn sent_columns[] = {
	SPI_COLUMN(SentSlot, request_id, "d.request_id"),
	SPI_COLUMN(SentSlot, world_id, "d.world_id"),
	SPI_COLUMN(SentSlot, credit, "d.credit_us"),
};

/*
 * Requests are looked up one by one by their keys, whatever the statistics say. That ids are positive is said
 * for the planner alone: it then expects one row and uses the index, however small it thinks the table.
 */
static SpiStatement send =
	{.sql =
		 "WITH open AS ("
		 " SELECT d.world_id, d.npc_id, c.session_id, c.timeout_ms, c.told_events, c.choices, c.told_state,"
		 "        c.source_id, c.credit_most, c.ranking, c.request_id, c.player_id, c.pace_saved, "
		 "c.pace_as_of,"
		 "        c.pace_reserve"
		 "   FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS c(world_id, "
		 "npc_id, request_id, session_id, "
		 "timeout_ms, told_events, choices, told_state, source_id, credit_most, ranking, player_id, "
		 "pace_saved, pace_as_of, pace_reserve)"
		 "  CROSS JOIN LATERAL (SELECT s.world_id, s.npc_id FROM npcsim.decision_slots s"
		 "        WHERE s.world_id = c.world_id AND s.npc_id = c.npc_id AND s.request_id = c.request_id"
		 "          AND s.status = 1 FOR NO KEY UPDATE SKIP LOCKED) d"
		 "  WHERE c.world_id > 0 AND c.npc_id > 0 AND c.request_id > 0)"
		 " UPDATE npcsim.decision_slots d"
		 "    SET status = 2, sent_at_real = pg_catalog.clock_timestamp(),"
		 "        timeout_ms = open.timeout_ms, session_id = open.session_id, told_events = open.told_events,"
		 "        choices = open.choices::pg_catalog.jsonb, told_state = open.told_state,"
		 "        source_id = open.source_id, asked_player_id = open.player_id, credit_us = "
		 "least(d.credit_us, open.credit_most),"
		 "        ranking = open.ranking::pg_catalog.int2[],"
		 "        pace_saved = coalesce(open.pace_saved, d.pace_saved),"
		 "        pace_as_of = coalesce(open.pace_as_of, d.pace_as_of),"
		 "        pace_reserve = coalesce(open.pace_reserve, d.pace_reserve),"
		 "        met_request_id = CASE WHEN d.met_player_id = open.player_id THEN d.met_request_id"
		 "                              WHEN d.met_player_id IS NOT NULL THEN open.request_id END,"
		 "        met_player_id = open.player_id"
		 "   FROM open WHERE d.world_id = open.world_id AND d.npc_id = open.npc_id"
		 " RETURNING %C",
	 SPI_GIVES(SentSlot, sent_columns),
	 .nargs = 15,
	 .types = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
			   TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, INT8ARRAYOID,
			   INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};

/*
 * What a session leaves unanswered is open again, and logged: as cut off, or as passed on by a source that is there but silent. The
 * source is remembered, so that it does not get it once more: the last QUESTION_TRIED_MAX are.
 */
#define REOPEN(condition, outcome) \
	"WITH sent AS (" \
	" SELECT d.world_id, d.npc_id, d.request_id, COALESCE(d.asked_player_id, d.player_id) AS player_id, " \
	"d.reason, d.opened_at_real, d.sent_at_real, d.source_id, " \
	"d.asked_player_id IS NOT NULL AND d.asked_player_id IS DISTINCT FROM d.player_id AS pooled, " outcome \
	" AS outcome" \
	"   FROM npcsim.decision_slots d" \
	"  WHERE d.status = 2 AND " condition "    FOR NO KEY UPDATE OF d SKIP LOCKED)," \
	" logged AS (" DECISION_LOG_CUT_OFF( \
		"sent") ")" \
				" UPDATE npcsim.decision_slots d" \
				"    SET status = 1, sent_at_real = NULL, timeout_ms = NULL, session_id = NULL, " \
				"told_events = NULL, source_id = NULL, " \
				"tried_sources = CASE WHEN d.source_id IS NULL THEN d.tried_sources " \
				"ELSE (d.source_id || d.tried_sources)[1:4] END" \
				"   FROM sent WHERE d.world_id = sent.world_id AND d.npc_id = sent.npc_id" \
				" RETURNING %C"
StaticAssertDecl(QUESTION_TRIED_MAX == 4, "the statement has the number");

static SpiStatement reopen = {.sql = REOPEN("d.world_id = ANY ($1) AND d.session_id = ANY ($2)", "'cut_off'"),
							  SPI_GIVES(OpenSlot, open_columns),
							  .nargs = 2,
							  .types = {INT8ARRAYOID, INT8ARRAYOID}};

static SpiStatement reopen_orphans =
	{.sql =
		 REOPEN("NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.id = d.session_id AND NOT s.ended"
				" AND s.heartbeat_at_real > pg_catalog.clock_timestamp() - " SESSION_SILENCE ")",
				"CASE WHEN EXISTS (SELECT FROM npcsim.sessions s WHERE s.id = d.session_id AND NOT s.ended)"
				" THEN 'passed_on' ELSE 'cut_off' END"),
	 SPI_GIVES(OpenSlot, open_columns),
	 .nargs = 0};

/* Of those that timed out with a source that the operators' API backs up, while that may be bought and has not had the question. */
static SpiStatement reopen_backed_up =
	{.sql = REOPEN(
		 "d.world_id = $1 AND d.request_id = ANY ($2)"
		 " AND EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS u(request_id, "
		 "player_id)"
		 " WHERE u.request_id = d.request_id AND u.player_id = COALESCE(d.asked_player_id, d.player_id))"
		 " AND EXISTS (SELECT FROM npcsim.compute_sources k"
		 " WHERE k.id = d.source_id AND k.kind = 'hybrid')"
		 " AND EXISTS (SELECT FROM npcsim_internal.lending_sessions(d.world_id) l"
		 " WHERE l.of_server AND l.pooled AND l.state = 'active'"
		 " AND (l.source_id = ANY (d.tried_sources)) IS NOT TRUE)",
		 "'passed_on'"),
	 SPI_GIVES(OpenSlot, open_columns),
	 .nargs = 3,
	 .types = {INT8OID, INT8ARRAYOID, INT8ARRAYOID}};

static const SpiColumn slot_columns[] = {
	SPI_COLUMN(Slot, npc_id, "npc_id"),
	SPI_COLUMN(Slot, request_id, "request_id"),
	SPI_COLUMN(Slot, status, "status"),
	SPI_COLUMN(Slot, reason, "reason"),
	SPI_COLUMN(Slot, player_id, "player_id"),
	SPI_COLUMN(Slot, asked_player_id, "COALESCE(asked_player_id, player_id)"),
	SPI_COLUMN(Slot, state_counter, "COALESCE(told_state, state_counter)"),
	SPI_COLUMN(Slot, told_events, "told_events"),
	SPI_COLUMN(Slot, opened_at_real, "opened_at_real"),
	SPI_COLUMN(Slot, sent_at_real, "sent_at_real"),
	SPI_COLUMN(Slot, answered, "answered"),
	SPI_COLUMN(Slot, source_id, "source_id"),
	SPI_COLUMN_OR(Slot, credit, "CASE WHEN sent_at_real IS NOT NULL THEN credit_us END", 0),
	SPI_COLUMN(Slot, choices, "choices"),
	SPI_COLUMN(Slot, ranking, "ranking"),
	SPI_COLUMN(Slot, former_player_id, "former_player_id"),
};

static SpiStatement select_some = {.sql = "SELECT %C FROM " SPI_WANTED_KEYS
										  " JOIN npcsim.decision_slots t ON t.world_id = " SPI_WANTED_WORLD
										  " AND t.npc_id = wanted.key_",
								   SPI_GIVES(Slot, slot_columns),
								   .nargs = 2,
								   .types = {INT8OID, INT8ARRAYOID}};

/* A slot may have got answers to the request it holds and to an older one in the same batch. */
static SpiStatement note_answers =
	{"UPDATE npcsim.decision_slots d SET answered = d.answered OR d.request_id = u.request_id, "
	 "daily_token_output = "
	 "least(npcsim_internal.tokens_today(d.daily_token_output, d.tokens_day) + u.tokens, " TOKENS_MOST "), "
	 "tokens_day = " UTC_TODAY ", "
	 "pace_saved = d.pace_saved + 1000 * (u.answers * w.tokens_per_decision - u.tokens) "
	 "FROM (SELECT t.world_id, t.npc_id, pg_catalog.max(t.request_id), pg_catalog.sum(t.tokens)::bigint, "
	 "pg_catalog.count(*) "
	 "FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), "
	 "pg_catalog.unnest($4)) AS t(world_id, npc_id, request_id, tokens) GROUP BY 1, 2) "
	 "AS u(world_id, npc_id, request_id, tokens, answers) "
	 "JOIN npcsim.world_settings w ON w.id = u.world_id "
	 "WHERE d.world_id = u.world_id AND d.npc_id = u.npc_id",
	 4,
	 {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};

/* Whoever was asked, or is to be: nobody but the pool when that is there for it. */
#define ASKED_PLAYER \
	"(CASE WHEN d.status = 2 THEN COALESCE(d.asked_player_id, d.player_id) ELSE d.player_id END)"

/* Whoever is suspended is not waited for. */
#define OF_SUSPENDED \
	ASKED_PLAYER \
	" IN (SELECT a.id FROM npcsim.player_accounts a WHERE a.suspended_until_real > " \
	"npcsim_internal.market_now())"

/* Whether somebody can be asked who has not had it in vain: its player, or the pool. */
#define SOMEBODY_IS_THERE \
	"EXISTS (SELECT FROM npcsim_internal.world_lenders(d.world_id) AS p" \
	" WHERE (p.askable AND p.player_id = d.player_id)" \
	" OR (d.tried_sources IS NULL AND p.pool_slots > 0))"

static const SpiColumn expired_columns[] = {
	SPI_COLUMN(ExpiredSlot, world_id, "d.world_id"),
	SPI_COLUMN(ExpiredSlot, npc_id, "d.npc_id"),
	SPI_COLUMN(ExpiredSlot, request_id, "d.request_id"),
	SPI_COLUMN(ExpiredSlot, player_id, ASKED_PLAYER),
	SPI_COLUMN(ExpiredSlot, reason,
			   "CASE WHEN " OF_SUSPENDED
			   " THEN 'the player is suspended' WHEN d.status = 2 THEN '" TIMED_OUT_NAME
			   "' ELSE 'nobody fetched it' END"),
	SPI_COLUMN(ExpiredSlot, absent, "d.status = 1 OR " OF_SUSPENDED),
};

static SpiStatement expired =
	{"SELECT %C "
	 "FROM npcsim.decision_slots d JOIN npcsim.world_clock c ON c.world_id = d.world_id "
	 "WHERE c.status = 'running' AND c.home = $1 AND "
	 "((d.status > 0 AND " OF_SUSPENDED " AND NOT (d.status = 1 AND " SOMEBODY_IS_THERE ")"
	 ") OR (d.status = 2 AND greatest(d.sent_at_real, c.started_at_real) < pg_catalog.clock_timestamp() "
	 "- pg_catalog.make_interval(secs => d.timeout_ms / 1000.0 + 5)) "
	 "OR (d.status = 1 AND greatest(d.opened_at_real, c.started_at_real) < pg_catalog.clock_timestamp() "
	 "- interval '60 s' AND NOT " SOMEBODY_IS_THERE ")) "
	 "ORDER BY d.world_id, d.npc_id LIMIT 1000",
	 1,
	 {TEXTOID},
	 SPI_GIVES(ExpiredSlot, expired_columns)};

/* ---- requests that are open ---- */

/* Returns how many cells a slot's track has, and the first. */
static int
track_of(const OpenSlot *slot, const Cell **cells)
{
	if (slot->cells == NULL || ARR_HASNULL(slot->cells) || ARR_ELEMTYPE(slot->cells) != INT2OID)
		return 0;
	*cells = (const Cell *) ARR_DATA_PTR(slot->cells);
	return ArrayGetNItems(ARR_NDIM(slot->cells), ARR_DIMS(slot->cells)) / 2;
}
StaticAssertDecl(sizeof(Cell) == 2 * sizeof(int16), "a track is an array of cells");

bool
open_slot_cell(const OpenSlot *slot, int64 now, Cell *cell)
{
	const Cell *cells;
	int			length = track_of(slot, &cells);

	if (length == 0)
		return false;
	*cell = cells[leg_index_at(length, slot->departed_at, now)];
	return true;
}

/* Returns the rows of a statement that gives open requests. */
static OpenSlot *
open_rows(SpiStatement *statement, uint64 rows, int *count)
{
	OpenSlot *slots = spi_rows(statement, rows, count);

	for (int i = 0; i < *count; i++)
	{
		const Cell *cells;
		int			length = track_of(&slots[i], &cells);

		slots[i].question.reason = (int16) decision_reason_by_name(slots[i].reason);
		if (slots[i].tried != NULL)
			(void) int64s_of(PointerGetDatum(slots[i].tried), false, slots[i].question.tried,
							 QUESTION_TRIED_MAX);
		slots[i].question.where = length > 0 ? leg_box(cells, length) : CELL_BOX_EMPTY;
	}
	return slots;
}

OpenSlot *
slots_open(int64 world_id, const int64 *player_ids, int player_count, int *count)
{
	char nulls[] = {' ', player_ids == NULL ? 'n' : ' ', '\0'};

	return open_rows(&select_open,
					 spi_run(&select_open,
							 (Datum[]) {Int64GetDatum(world_id), int64_array(player_ids, player_count)},
							 nulls, SPI_OK_SELECT),
					 count);
}

static OpenSlot *
open_of(SpiStatement *statement, int64 world_id, const int64 *npc_ids, int npc_count, int *count)
{
	int		  plans = spi_index_plans_begin();
	OpenSlot *slots =
		open_rows(statement,
				  spi_run(statement, (Datum[]) {Int64GetDatum(world_id), int64_array(npc_ids, npc_count)},
						  NULL, SPI_OK_SELECT),
				  count);

	spi_index_plans_end(plans);
	return slots;
}

OpenSlot *
slots_open_of(int64 world_id, const int64 *npc_ids, int npc_count, int *count)
{
	return open_of(&select_open_of, world_id, npc_ids, npc_count, count);
}

OpenSlot *
slots_open_now(int64 world_id, const int64 *npc_ids, int npc_count, int *count)
{
	return open_of(&select_open_now, world_id, npc_ids, npc_count, count);
}

OpenSlot *
slots_reopen(const int64 *world_ids, int world_count, const int64 *session_ids, int session_count, int *count)
{
	return open_rows(&reopen,
					 spi_run(&reopen,
							 (Datum[]) {int64_array(world_ids, world_count),
										int64_array(session_ids, session_count)},
							 NULL, SPI_OK_UPDATE_RETURNING),
					 count);
}

OpenSlot *
slots_reopen_backed_up(int64 world_id, const int64 *request_ids, const int64 *player_ids, int request_count,
					   int *count)
{
	return open_rows(&reopen_backed_up,
					 spi_run(&reopen_backed_up,
							 (Datum[]) {Int64GetDatum(world_id), int64_array(request_ids, request_count),
										int64_array(player_ids, request_count)},
							 NULL, SPI_OK_UPDATE_RETURNING),
					 count);
}

OpenSlot *
slots_reopen_orphans(int *count)
{
	return open_rows(&reopen_orphans, spi_run(&reopen_orphans, NULL, NULL, SPI_OK_UPDATE_RETURNING), count);
}

/* ---- requests that are handed out, and their answers ---- */

/* The text of a ranking, since arrays of arrays are flat. */
static Datum
ranking_text(const SentSlot *slot)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < slot->ranked; i++)
		appendStringInfo(&out, i == 0 ? "{%d" : ",%d", slot->ranking[i]);
	appendStringInfoString(&out, slot->ranked == 0 ? "{}" : "}");
	return CStringGetTextDatum(out.data);
}

SentSlot *
slots_send(const SentSlot *slots, int count, int *sent)
{
	int64 *worlds = palloc(sizeof(int64) * Max(count, 1));
	int64 *npcs = palloc(sizeof(int64) * Max(count, 1));
	int64 *requests = palloc(sizeof(int64) * Max(count, 1));
	int64 *sessions = palloc(sizeof(int64) * Max(count, 1));
	int32 *timeouts = palloc(sizeof(int32) * Max(count, 1));
	int32 *told_events = palloc(sizeof(int32) * Max(count, 1));
	int64 *told_states = palloc(sizeof(int64) * Max(count, 1));
	int64 *credit_most = palloc(sizeof(int64) * Max(count, 1));
	int64 *players = palloc(sizeof(int64) * Max(count, 1));
	Datum *sources = palloc(sizeof(Datum) * Max(count, 1));
	bool  *without_source = palloc(sizeof(bool) * Max(count, 1));
	Datum *choices = palloc(sizeof(Datum) * Max(count, 1));
	bool  *without_choices = palloc(sizeof(bool) * Max(count, 1));
	Datum *rankings = palloc(sizeof(Datum) * Max(count, 1));
	bool  *without_ranking = palloc(sizeof(bool) * Max(count, 1));
	Datum *paces[3];
	bool  *without_pace = palloc(sizeof(bool) * Max(count, 1));
	uint64 rows;

	for (int n = 0; n < (int) lengthof(paces); n++)
		paces[n] = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		worlds[i] = slots[i].world_id;
		npcs[i] = slots[i].npc_id;
		requests[i] = slots[i].request_id;
		sessions[i] = slots[i].session_id;
		timeouts[i] = slots[i].timeout_ms;
		told_events[i] = slots[i].told_events;
		told_states[i] = slots[i].told_state;
		credit_most[i] = slots[i].credit_most;
		sources[i] = Int64GetDatum(slots[i].source_id);
		without_source[i] = slots[i].source_id == 0;
		choices[i] = slots[i].choices;
		without_choices[i] = slots[i].choices == (Datum) 0;
		without_ranking[i] = slots[i].ranking == NULL;
		rankings[i] = without_ranking[i] ? (Datum) 0 : ranking_text(&slots[i]);
		players[i] = slots[i].player_id;
		without_pace[i] = !slots[i].has_pace;
		paces[0][i] = Int64GetDatum(slots[i].pace_saved);
		paces[1][i] = Int64GetDatum(slots[i].pace_as_of);
		paces[2][i] = Int64GetDatum(slots[i].pace_reserve);
	}
	rows = spi_run(&send,
				   (Datum[]) {int64_array(worlds, count), int64_array(npcs, count),
							  int64_array(requests, count), int64_array(sessions, count),
							  int32_array(timeouts, count), int32_array(told_events, count),
							  nullable_array_of(choices, without_choices, count, TEXTOID),
							  int64_array(told_states, count),
							  nullable_array_of(sources, without_source, count, INT8OID),
							  int64_array(credit_most, count),
							  nullable_array_of(rankings, without_ranking, count, TEXTOID),
							  int64_array(players, count),
							  nullable_array_of(paces[0], without_pace, count, INT8OID),
							  nullable_array_of(paces[1], without_pace, count, INT8OID),
							  nullable_array_of(paces[2], without_pace, count, INT8OID)},
				   NULL, SPI_OK_UPDATE_RETURNING);
	return spi_rows(&send, rows, sent);
}

Slot *
slots_read(int64 world_id, const int64 *npc_ids, int npc_count, int *count)
{
	int	   plans = spi_index_plans_begin();
	uint64 rows = spi_run(&select_some, (Datum[]) {Int64GetDatum(world_id), int64_array(npc_ids, npc_count)},
						  NULL, SPI_OK_SELECT);

	spi_index_plans_end(plans);
	return spi_rows(&select_some, rows, count);
}

void
slots_note_answers(const AnsweredSlot *answers, int count)
{
	int64 *worlds = palloc(sizeof(int64) * Max(count, 1));
	int64 *npcs = palloc(sizeof(int64) * Max(count, 1));
	int64 *requests = palloc(sizeof(int64) * Max(count, 1));
	int64 *tokens = palloc(sizeof(int64) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		worlds[i] = answers[i].world_id;
		npcs[i] = answers[i].npc_id;
		requests[i] = answers[i].request_id;
		tokens[i] = answers[i].tokens;
	}
	spi_run(&note_answers,
			(Datum[]) {int64_array(worlds, count), int64_array(npcs, count), int64_array(requests, count),
					   int64_array(tokens, count)},
			NULL, SPI_OK_UPDATE);
}

Failure
failure_of(const char *reason)
{
	return strcmp(reason, TIMED_OUT_NAME) == 0 ? FAILURE_TIMED_OUT : FAILURE_TOLD;
}

ExpiredSlot *
slots_expired(const char *home, int *count)
{
	uint64 rows = spi_run(&expired, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);

	return spi_rows(&expired, rows, count);
}

static const RowColumn met_columns[] = {
	ROW_READ_NUMBER(MetMind, npc_id, "npc_id", INT8OID),
	ROW_READ_NUMBER(MetMind, player_id, "met_player_id", INT8OID),	 /* NULL is 0 */
	ROW_READ_NUMBER(MetMind, request_id, "met_request_id", INT8OID), /* as here */
};

static RowType met_minds = {.table = "decision_slots",
							.index = "decision_slots_pkey",
							.columns = met_columns,
							.column_count = lengthof(met_columns)};

MetMind *
slots_met(int64 world_id, const int64 *npc_ids, int npc_count, int *count)
{
	MetMind		*met = palloc(sizeof(MetMind) * Max(npc_count, 1));
	IndexReading reading;

	*count = 0;
	index_rows_of_ids(&reading, rows_to_read(&met_minds), world_id, npc_ids, npc_count);
	while (*count < npc_count && index_rows_next(&reading))
	{
		MetMind *mind = &met[*count];

		*mind = (MetMind) {0};
		rows_take(&met_minds, &(RowLoad) {.world_id = world_id}, &reading, mind);
		if (mind->player_id != 0)
			(*count)++;
	}
	index_rows_end(&reading);
	return met;
}
