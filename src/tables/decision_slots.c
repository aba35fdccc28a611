/*
 * decision_slots.c
 *	  Requests to minds as rows of decision_slots.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/decision_slots.h"
#include "tables/id_lists.h"
#include "tables/sessions.h"
#include "tables/tokens.h"

static SpiStatement select_open =
	{.sql = "SELECT world_id, npc_id, request_id, player_id, reason FROM npcsim.decision_slots"
			" WHERE world_id = ANY ($1) AND status = 1 AND player_id = ANY ($2)"
			" ORDER BY opened_at_real, world_id, npc_id",
	 .nargs = 2,
	 .types = {INT8ARRAYOID, INT8ARRAYOID},
	 .read_only = true};

/*
 * Requests are looked up one by one by their keys, whatever the statistics say. That ids are positive is said
 * for the planner alone: it then expects one row and uses the index, however small it thinks the table.
 */
static SpiStatement send =
	{.sql =
		 "WITH open AS ("
		 " SELECT d.world_id, d.npc_id, c.session_id, c.timeout_ms, c.told_events, c.choices, c.told_state"
		 "   FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS c(world_id, npc_id, request_id, session_id, "
		 "timeout_ms, told_events, choices, told_state)"
		 "  CROSS JOIN LATERAL (SELECT s.world_id, s.npc_id FROM npcsim.decision_slots s"
		 "        WHERE s.world_id = c.world_id AND s.npc_id = c.npc_id AND s.request_id = c.request_id"
		 "          AND s.status = 1 FOR NO KEY UPDATE SKIP LOCKED) d"
		 "  WHERE c.world_id > 0 AND c.npc_id > 0 AND c.request_id > 0)"
		 " UPDATE npcsim.decision_slots d"
		 "    SET status = 2, sent_at_real = pg_catalog.clock_timestamp(),"
		 "        timeout_ms = open.timeout_ms, session_id = open.session_id, told_events = open.told_events,"
		 "        choices = open.choices::pg_catalog.jsonb, told_state = open.told_state"
		 "   FROM open WHERE d.world_id = open.world_id AND d.npc_id = open.npc_id"
		 " RETURNING d.request_id, d.world_id",
	 .nargs = 8,
	 .types = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
			   TEXTARRAYOID, INT8ARRAYOID}};

#define REOPEN(condition) \
	"WITH sent AS (" \
	" SELECT d.world_id, d.npc_id FROM npcsim.decision_slots d" \
	"  WHERE d.status = 2 AND " condition "    FOR NO KEY UPDATE OF d SKIP LOCKED)" \
	" UPDATE npcsim.decision_slots d" \
	"    SET status = 1, sent_at_real = NULL, timeout_ms = NULL, session_id = NULL, told_events = NULL" \
	"   FROM sent WHERE d.world_id = sent.world_id AND d.npc_id = sent.npc_id" \
	" RETURNING d.world_id"

static SpiStatement reopen = {.sql = REOPEN("d.world_id = ANY ($1) AND d.session_id = ANY ($2)"),
							  .nargs = 2,
							  .types = {INT8ARRAYOID, INT8ARRAYOID}};

static SpiStatement reopen_orphans =
	{.sql = REOPEN("NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.id = d.session_id AND NOT s.ended"
				   " AND s.heartbeat_at_real > pg_catalog.clock_timestamp() - " SESSION_SILENCE ")"),
	 .nargs = 0};

static SpiStatement select_some =
	{"SELECT npc_id, request_id, status, reason, player_id, COALESCE(told_state, state_counter), "
	 "told_events, opened_at_real, "
	 "sent_at_real, answered, choices "
	 "FROM " SPI_WANTED_KEYS " JOIN npcsim.decision_slots t ON t.world_id = " SPI_WANTED_WORLD
	 " AND t.npc_id = wanted.key_",
	 2,
	 {INT8OID, INT8ARRAYOID}};

/* A slot may have got answers to the request it holds and to an older one in the same batch. */
static SpiStatement note_answers =
	{"UPDATE npcsim.decision_slots d SET answered = d.answered OR d.request_id = u.request_id, "
	 "daily_token_output = "
	 "least(npcsim_internal.tokens_today(d.daily_token_output, d.tokens_day) + u.tokens, " TOKENS_MOST "), "
	 "tokens_day = " UTC_TODAY " "
	 "FROM (SELECT t.world_id, t.npc_id, pg_catalog.max(t.request_id), pg_catalog.sum(t.tokens)::bigint "
	 "FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), "
	 "pg_catalog.unnest($4)) AS t(world_id, npc_id, request_id, tokens) GROUP BY 1, 2) "
	 "AS u(world_id, npc_id, request_id, tokens) "
	 "WHERE d.world_id = u.world_id AND d.npc_id = u.npc_id",
	 4,
	 {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};

static SpiStatement expired =
	{"SELECT d.world_id, d.npc_id, d.request_id, d.player_id, "
	 "CASE WHEN d.status = 2 THEN '" TIMED_OUT_NAME "' ELSE 'nobody fetched it' END, d.status = 1 "
	 "FROM npcsim.decision_slots d JOIN npcsim.world_clock c ON c.world_id = d.world_id "
	 "WHERE c.status = 'running' AND c.home = $1 AND "
	 "((d.status = 2 AND greatest(d.sent_at_real, c.started_at_real) < pg_catalog.clock_timestamp() "
	 "- pg_catalog.make_interval(secs => d.timeout_ms / 1000.0 + 5)) "
	 "OR (d.status = 1 AND greatest(d.opened_at_real, c.started_at_real) < pg_catalog.clock_timestamp() "
	 "- interval '60 s' "
	 "AND d.player_id NOT IN (SELECT p.player_id FROM npcsim_internal.askable_players(d.world_id) AS "
	 "p(player_id)))) "
	 "ORDER BY d.world_id, d.npc_id LIMIT 1000",
	 1,
	 {TEXTOID}};

int64 *
slots_reopen(const int64 *world_ids, int world_count, const int64 *session_ids, int session_count, int *count)
{
	return id_list_found(spi_run(&reopen,
								 (Datum[]) {int64_array(world_ids, world_count),
											int64_array(session_ids, session_count)},
								 NULL, SPI_OK_UPDATE_RETURNING),
						 count);
}

int64 *
slots_reopen_orphans(int *count)
{
	return id_list_found(spi_run(&reopen_orphans, NULL, NULL, SPI_OK_UPDATE_RETURNING), count);
}

OpenSlot *
slots_open(const int64 *world_ids, int world_count, const int64 *player_ids, int player_count, int *count)
{
	uint64 rows =
		spi_run(&select_open,
				(Datum[]) {int64_array(world_ids, world_count), int64_array(player_ids, player_count)}, NULL,
				SPI_OK_SELECT);
	OpenSlot *slots = palloc(sizeof(OpenSlot) * Max(rows, 1));

	for (uint64 row = 0; row < rows; row++)
		slots[row] = (OpenSlot) {.world_id = spi_int64(row, 1, 0),
								 .npc_id = spi_int64(row, 2, 0),
								 .request_id = spi_int64(row, 3, 0),
								 .player_id = spi_int64(row, 4, 0),
								 .reason = spi_text(row, 5, CurrentMemoryContext)};
	*count = (int) rows;
	return slots;
}

SentSlot *
slots_send(const SentSlot *slots, int count, int *sent)
{
	int64	 *worlds = palloc(sizeof(int64) * Max(count, 1));
	int64	 *npcs = palloc(sizeof(int64) * Max(count, 1));
	int64	 *requests = palloc(sizeof(int64) * Max(count, 1));
	int64	 *sessions = palloc(sizeof(int64) * Max(count, 1));
	int32	 *timeouts = palloc(sizeof(int32) * Max(count, 1));
	int32	 *told_events = palloc(sizeof(int32) * Max(count, 1));
	int64	 *told_states = palloc(sizeof(int64) * Max(count, 1));
	Datum	 *choices = palloc(sizeof(Datum) * Max(count, 1));
	bool	 *without_choices = palloc(sizeof(bool) * Max(count, 1));
	uint64	  rows;
	SentSlot *result;

	for (int i = 0; i < count; i++)
	{
		worlds[i] = slots[i].world_id;
		npcs[i] = slots[i].npc_id;
		requests[i] = slots[i].request_id;
		sessions[i] = slots[i].session_id;
		timeouts[i] = slots[i].timeout_ms;
		told_events[i] = slots[i].told_events;
		told_states[i] = slots[i].told_state;
		choices[i] = slots[i].choices;
		without_choices[i] = slots[i].choices == (Datum) 0;
	}
	rows = spi_run(&send,
				   (Datum[]) {int64_array(worlds, count), int64_array(npcs, count),
							  int64_array(requests, count), int64_array(sessions, count),
							  int32_array(timeouts, count), int32_array(told_events, count),
							  nullable_array_of(choices, without_choices, count, TEXTOID),
							  int64_array(told_states, count)},
				   NULL, SPI_OK_UPDATE_RETURNING);
	result = palloc0(sizeof(SentSlot) * Max(rows, 1));
	for (uint64 row = 0; row < rows; row++)
	{
		result[row].request_id = spi_int64(row, 1, 0);
		result[row].world_id = spi_int64(row, 2, 0);
	}
	*sent = (int) rows;
	return result;
}

Slot *
slots_read(int64 world_id, const int64 *npc_ids, int npc_count, int *count)
{
	int	   plans = spi_index_plans_begin();
	uint64 rows = spi_run(&select_some, (Datum[]) {Int64GetDatum(world_id), int64_array(npc_ids, npc_count)},
						  NULL, SPI_OK_SELECT);
	Slot  *slots;

	spi_index_plans_end(plans);
	slots = palloc0(Max(rows, 1) * sizeof(Slot));
	for (uint64 row = 0; row < rows; row++)
	{
		Datum choices;
		bool  isnull;

		slots[row].npc_id = spi_int64(row, 1, 0);
		slots[row].request_id = spi_int64(row, 2, 0);
		slots[row].status = (RequestStatus) spi_int16(row, 3, 0);
		slots[row].reason = spi_text(row, 4, CurrentMemoryContext);
		slots[row].player_id = spi_int64(row, 5, 0);
		slots[row].state_counter = spi_int64(row, 6, 0);
		slots[row].told_events = spi_int32(row, 7, 0);
		slots[row].opened_at_real = spi_int64(row, 8, 0);
		slots[row].sent_at_real = spi_int64(row, 9, 0);
		slots[row].answered = spi_bool(row, 10, false);
		choices = spi_datum(row, 11, &isnull);
		slots[row].choices = isnull ? NULL : DatumGetJsonbPCopy(choices);
	}
	*count = (int) rows;
	return slots;
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
	uint64		 rows = spi_run(&expired, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);
	ExpiredSlot *slots = palloc(sizeof(ExpiredSlot) * Max(rows, 1));

	for (uint64 row = 0; row < rows; row++)
		slots[row] = (ExpiredSlot) {.world_id = spi_int64(row, 1, 0),
									.npc_id = spi_int64(row, 2, 0),
									.request_id = spi_int64(row, 3, 0),
									.player_id = spi_int64(row, 4, 0),
									.reason = spi_text(row, 5, CurrentMemoryContext),
									.absent = spi_bool(row, 6, false)};
	*count = (int) rows;
	return slots;
}
