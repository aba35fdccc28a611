/*
 * answers.c
 *	  Answers of minds: the slots they belong to, the log, the frame that tells
 *	  what became of them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "json.h"
#include "reducers/answers.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/id_lists.h"

static SpiStatement slots_statement =
	{"SELECT npc_id, request_id, status, reason, player_id, COALESCE(told_state, state_counter), "
	 "told_events, opened_at_real, "
	 "sent_at_real, answered, choices "
	 "FROM " SPI_WANTED_KEYS " JOIN npcsim.decision_slots t ON t.world_id = " SPI_WANTED_WORLD
	 " AND t.npc_id = wanted.key_",
	 2,
	 {INT8OID, INT8ARRAYOID}};

static SpiStatement past_statement =
	{"SELECT request_id, npc_id, player_id, min(reason), min(opened_at_real), min(sent_at_real), "
	 "bool_or(status NOT IN ('failed', 'timeout')) "
	 "FROM npcsim.decision_log WHERE world_id = $1 AND request_id = ANY ($2) GROUP BY 1, 2, 3",
	 2,
	 {INT8OID, INT8ARRAYOID}};

#define UTC_TODAY	"(pg_catalog.now() AT TIME ZONE 'UTC')::date"
#define TOKENS_MOST "1000000000000"

/* A slot may have got an answer to the request it holds and one to an older request, in one batch. */
static SpiStatement answered_statement =
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

static SpiStatement log_statement =
	{"INSERT INTO npcsim.decision_log (day, world_id, request_id, npc_id, player_id, reason, status, code, "
	 "detail, decision, "
	 "tokens, clock, opened_at_real, sent_at_real, finished_at_real) "
	 "SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.clock_timestamp()) / 86400)::bigint % 32, "
	 "u.world_id, u.request_id, u.npc_id, u.player_id, u.reason, u.status, u.code, u.detail, "
	 "u.decision::pg_catalog.jsonb, "
	 "u.tokens, u.clock / 1000000.0::float8, u.opened_at, u.sent_at, "
	 /* a request may be in it twice, by different moments */
	 "pg_catalog.clock_timestamp() + u.n * '1 microsecond'::pg_catalog.interval "
	 "FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), "
	 "pg_catalog.unnest($4), "
	 "pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8), "
	 "pg_catalog.unnest($9), pg_catalog.unnest($10), pg_catalog.unnest($11), pg_catalog.unnest($12), "
	 "pg_catalog.unnest($13)) WITH ORDINALITY "
	 "AS u(world_id, request_id, npc_id, player_id, reason, status, code, detail, decision, tokens, clock, "
	 "opened_at, sent_at, n)",
	 13,
	 {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	  TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID}};

/* Players, and what all of a world's wrote together. The worlds are locked, so that nobody else counts for them. */
static SpiStatement tokens_statement =
	{"WITH counted AS ("
	 "UPDATE npcsim.player_accounts p SET daily_token_output = "
	 "least(npcsim_internal.tokens_today(p.daily_token_output, p.tokens_day) + u.tokens, " TOKENS_MOST "), "
	 "tokens_day = " UTC_TODAY " "
	 "FROM (SELECT t.player_id, pg_catalog.sum(t.tokens)::bigint "
	 "FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS t(player_id, tokens) GROUP BY 1 ORDER "
	 "BY 1) AS u(player_id, tokens) "
	 "WHERE p.id = u.player_id RETURNING p.world_id, u.tokens) "
	 "INSERT INTO npcsim.world_tokens AS w (world_id, daily_token_output, tokens_day) "
	 "SELECT c.world_id, least(pg_catalog.sum(c.tokens), " TOKENS_MOST ")::bigint, " UTC_TODAY
	 " FROM counted c GROUP BY 1 "
	 "ON CONFLICT (world_id) DO UPDATE SET daily_token_output = "
	 "least(npcsim_internal.tokens_today(w.daily_token_output, w.tokens_day) + "
	 "excluded.daily_token_output, " TOKENS_MOST "), tokens_day = excluded.tokens_day",
	 2,
	 {INT8ARRAYOID, INT8ARRAYOID}};

static const char *const status_names[] = {
	[ANSWER_PENDING] = "rejected", [ANSWER_APPLIED] = "applied",	 [ANSWER_REJECTED] = "rejected",
	[ANSWER_LATE] = "late",		   [ANSWER_DUPLICATE] = "duplicate", [ANSWER_CANCELLED] = "cancelled",
	[ANSWER_FAILED] = "failed",
};

void
answer_refuse(Answer *answer, int sqlstate, const char *reason)
{
	answer->status = ANSWER_REJECTED;
	answer->sqlstate = sqlstate;
	answer->reason = reason;
}

Slot *
slots_read(World *world, const Answer *answers, int count, int *slot_count)
{
	int64  world_id = world_image_lock(world)->world_id;
	int64 *npcs = palloc(2 * Max(count, 1) * sizeof(int64));
	int64 *requests = palloc(Max(count, 1) * sizeof(int64));
	int	   npc_count = 0;
	int	   request_count = 0;
	int	   plans;
	uint64 rows;
	Slot  *slots;

	for (int i = 0; i < count; i++)
	{
		if (answers[i].world_id != world_id)
			continue;
		if (answers[i].npc_id != 0)
			npcs[npc_count++] = answers[i].npc_id;
		else
			requests[request_count++] = answers[i].request_id;
	}
	if (request_count > 0)
		npc_count +=
			world_npcs_of_requests(world, requests, id_list_sort(requests, request_count), npcs + npc_count);
	plans = spi_index_plans_begin();
	rows = spi_run(&slots_statement,
				   (Datum[]) {Int64GetDatum(world_id), int64_array(npcs, id_list_sort(npcs, npc_count))},
				   NULL, SPI_OK_SELECT);
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
	*slot_count = (int) rows;
	return slots;
}

Slot *
slot_find(Slot *slots, int count, const Answer *answer)
{
	for (int i = 0; i < count; i++)
		if (answer->npc_id != 0 ? slots[i].npc_id == answer->npc_id
								: slots[i].request_id == answer->request_id)
		{
			/* An id above the last one was never given out. */
			if (answer->request_id > slots[i].request_id)
				return NULL;
			return &slots[i];
		}
	return NULL;
}

bool
answer_is_past(const Answer *answer, const Slot *slot)
{
	return answer->request_id != 0 && (slot == NULL || answer->request_id < slot->request_id);
}

PastRequest *
past_requests_read(int64 world_id, const Answer *answers, int count, Slot *slots, int slot_count,
				   int *past_count)
{
	int64		*requests = palloc(Max(count, 1) * sizeof(int64));
	int			 request_count = 0;
	uint64		 rows;
	PastRequest *past;

	*past_count = 0;
	for (int i = 0; i < count; i++)
		if (answers[i].world_id == world_id && answers[i].status == ANSWER_PENDING &&
			answer_is_past(&answers[i], slot_find(slots, slot_count, &answers[i])))
			requests[request_count++] = answers[i].request_id;
	if (request_count == 0)
		return NULL;
	rows = spi_run(&past_statement, (Datum[]) {Int64GetDatum(world_id), int64_array(requests, request_count)},
				   NULL, SPI_OK_SELECT);
	past = palloc0(Max(rows, 1) * sizeof(PastRequest));
	for (uint64 row = 0; row < rows; row++)
	{
		past[row].request_id = spi_int64(row, 1, 0);
		past[row].npc_id = spi_int64(row, 2, 0);
		past[row].player_id = spi_int64(row, 3, 0);
		past[row].reason = spi_text(row, 4, CurrentMemoryContext);
		past[row].opened_at_real = spi_int64(row, 5, 0);
		past[row].sent_at_real = spi_int64(row, 6, 0);
		past[row].answered = spi_bool(row, 7, false);
	}
	*past_count = (int) rows;
	return past;
}

PastRequest *
past_request_find(PastRequest *past, int count, const Answer *answer)
{
	for (int i = 0; i < count; i++)
		if (past[i].request_id == answer->request_id &&
			(answer->npc_id == 0 || past[i].npc_id == answer->npc_id))
			return &past[i];
	return NULL;
}

bool
answer_is_logged(const Answer *answer)
{
	return answer->npc_id != 0 && answer->reason_asked != NULL && answer->status != ANSWER_DUPLICATE &&
		   answer->status != ANSWER_PENDING;
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

#define LOG_COLUMNS 13

static void
write_log(const Answer *answers, int count)
{
	static const Oid types[LOG_COLUMNS] = {INT8OID, INT8OID,		INT8OID,	   INT8OID, TEXTOID,
										   TEXTOID, TEXTOID,		TEXTOID,	   TEXTOID, INT8OID,
										   INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum			*columns[LOG_COLUMNS];
	bool			*nulls[LOG_COLUMNS];
	Datum			 arrays[LOG_COLUMNS];
	int				 n = 0;

	for (int c = 0; c < LOG_COLUMNS; c++)
	{
		columns[c] = palloc(Max(count, 1) * sizeof(Datum));
		nulls[c] = palloc0(Max(count, 1) * sizeof(bool));
	}
	for (int i = 0; i < count; i++)
	{
		const Answer *answer = &answers[i];
		bool		  timed_out = answer->status == ANSWER_FAILED && answer->reason != NULL &&
						 strcmp(answer->reason, TIMED_OUT) == 0;

		if (!answer_is_logged(answer))
			continue;
		columns[0][n] = Int64GetDatum(answer->world_id);
		columns[1][n] = Int64GetDatum(answer->request_id);
		columns[2][n] = Int64GetDatum(answer->npc_id);
		columns[3][n] = Int64GetDatum(answer->player_id);
		columns[4][n] = CStringGetTextDatum(answer->reason_asked);
		columns[5][n] = CStringGetTextDatum(timed_out ? "timeout" : status_names[answer->status]);
		columns[6][n] =
			text_or_null(answer->sqlstate != 0 ? unpack_sql_state(answer->sqlstate) : NULL, &nulls[6][n]);
		columns[7][n] = text_or_null(answer->reason, &nulls[7][n]);
		columns[8][n] = text_or_null(answer->decision == NULL ? NULL
															  : JsonbToCString(NULL, &answer->decision->root,
																			   VARSIZE(answer->decision)),
									 &nulls[8][n]);
		columns[9][n] = Int64GetDatum(answer->tokens);
		nulls[9][n] = !answer->tokens_known;
		columns[10][n] = Int64GetDatum(answer->clock);
		columns[11][n] = TimestampTzGetDatum(answer->opened_at_real);
		columns[12][n] = TimestampTzGetDatum(answer->sent_at_real);
		nulls[12][n] = answer->sent_at_real == 0;
		n++;
	}
	if (n == 0)
		return;
	for (int c = 0; c < LOG_COLUMNS; c++)
		arrays[c] = nullable_array_of(columns[c], nulls[c], n, types[c]);
	spi_run(&log_statement, arrays, NULL, SPI_OK_INSERT);
}

static void
mark_and_credit(const Answer *answers, int count)
{
	int64 *worlds = palloc(Max(count, 1) * sizeof(int64));
	int64 *npcs = palloc(Max(count, 1) * sizeof(int64));
	int64 *requests = palloc(Max(count, 1) * sizeof(int64));
	int64 *spent = palloc(Max(count, 1) * sizeof(int64));
	int64 *players = palloc(Max(count, 1) * sizeof(int64));
	int64 *tokens = palloc(Max(count, 1) * sizeof(int64));
	int	   answered = 0;
	int	   credited = 0;

	for (int i = 0; i < count; i++)
	{
		if (!answer_is_logged(&answers[i]))
			continue;
		if (answers[i].status != ANSWER_FAILED)
		{
			worlds[answered] = answers[i].world_id;
			npcs[answered] = answers[i].npc_id;
			requests[answered] = answers[i].request_id;
			spent[answered++] = answers[i].tokens;
		}
		if (answers[i].tokens > 0)
		{
			players[credited] = answers[i].player_id;
			tokens[credited++] = answers[i].tokens;
		}
	}
	if (answered > 0)
		spi_run(&answered_statement,
				(Datum[]) {int64_array(worlds, answered), int64_array(npcs, answered),
						   int64_array(requests, answered), int64_array(spent, answered)},
				NULL, SPI_OK_UPDATE);
	if (credited > 0)
		spi_run(&tokens_statement, (Datum[]) {int64_array(players, credited), int64_array(tokens, credited)},
				NULL, SPI_OK_INSERT);
}

void
answers_log(const Answer *answers, int count)
{
	int plans = spi_index_plans_begin();

	write_log(answers, count);
	mark_and_credit(answers, count);
	spi_index_plans_end(plans);
}

Datum
answer_json(const Answer *answer)
{
	StringInfoData out;

	initStringInfo(&out);
	json_literal(&out, "{\"type\":\"decision_result\",\"request_id\":");
	json_id(&out, answer->request_id);
	if (answer->npc_id != 0)
	{
		json_literal(&out, ",\"npc_id\":");
		json_int64(&out, answer->npc_id);
	}
	appendStringInfo(&out, ",\"status\":\"%s\"", status_names[answer->status]);
	if (answer->status == ANSWER_APPLIED || answer->status == ANSWER_LATE)
	{
		json_literal(&out, ",\"revision\":");
		json_int64(&out, answer->revision);
	}
	if (answer->sqlstate != 0)
	{
		json_literal(&out, ",\"code\":");
		json_string(&out, unpack_sql_state(answer->sqlstate));
	}
	if (answer->reason != NULL)
	{
		json_literal(&out, ",\"reason\":");
		json_string(&out, answer->reason);
	}
	appendStringInfoChar(&out, '}');
	return json_datum(&out);
}
