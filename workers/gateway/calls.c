/*
 * calls.c
 *	  Has one C function for every SQL function that the gateway calls.
 *
 * The names and types are those of docs/gateway-sql.md.  A function that may
 * wait for a world's lock is called on the write lane of its world.
 */
#include "calls.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"

enum
{
	REGISTER_GATEWAY,
	GATEWAY_POLL,
	UNKNOWN_SESSIONS,
	WORLDS_TO_WATCH,
	AUTHENTICATE,
	CLIENT_CONNECTED,
	CLIENT_DISCONNECTED,
	WORLD_SNAPSHOT,
	WORLD_DELTA,
	CLAIM_DECISIONS,
	SUPERSEDED_DECISIONS,
	SUBMIT_NPC_DECISIONS,
	FAIL_DECISIONS,
	REPORT_FLOOD,
	UPDATE_PLAYER_HEARTBEAT,
	UPDATE_PLAYER_CAMERA,
	UPDATE_SPECTATOR_CAMERA,
	CALL_REDUCER,
	COMPUTE_STANDINGS,
	FUNCTION_COUNT, /* each statement before this one calls the function of its name */
	MISSING_FUNCTIONS = FUNCTION_COUNT,
	STATEMENT_COUNT
};

/* A member of an object in "answer" as a column. */
#define ANSWER(object, member) \
	", pg_catalog.json_extract_path_text(answer, '" object "', '" member "') AS " member

/* Calls a function that returns its refusals as values: the columns are the value, and the error that tried() reads. */
#define TRY \
	"SELECT pg_catalog.json_extract_path(answer, 'value') AS value" ANSWER("error", "code") \
		ANSWER("error", "message") ANSWER("error", "detail") ANSWER("error", "hint") \
			ANSWER("error", "retry")

static const DbStatement statements[] = {
	{REGISTER_GATEWAY, "register_gateway", "SELECT npcsim.register_gateway($1::text)", 1},
	{GATEWAY_POLL, "gateway_poll", "SELECT npcsim.gateway_poll($1::text, $2::bigint[])", 2},
	{UNKNOWN_SESSIONS, "unknown_sessions",
	 "SELECT npcsim.unknown_sessions($1::text, $2::bigint[]) AS session_id", 2},
	{WORLDS_TO_WATCH, "worlds_to_watch", "SELECT npcsim.worlds_to_watch()", 0},
	{AUTHENTICATE, "try_authenticate",
	 TRY ANSWER("value", "player_id")
		 ANSWER("value", "world_id") " FROM npcsim.try_authenticate($1::text) AS answer",
	 1},
	{CLIENT_CONNECTED, "try_client_connected",
	 TRY " FROM npcsim.try_client_connected($1::text, $2::bigint, $3::bigint, $4::text, $5::text, $6::text)"
		 " AS answer",
	 6},
	{CLIENT_DISCONNECTED, "client_disconnected", "SELECT npcsim.client_disconnected($1::bigint)", 1},
	{WORLD_SNAPSHOT, "world_snapshot", "SELECT npcsim.world_snapshot($1::bigint)", 1},
	{WORLD_DELTA, "world_delta", "SELECT npcsim.world_delta($1::bigint, $2::bigint, $3::text)", 3},
	{CLAIM_DECISIONS, "claim_decisions",
	 "SELECT request_id, npc_id, world_id, session_id, player_id, timeout_ms, body"
	 " FROM npcsim.claim_decisions($1::text, $2::bigint[], $3::integer[])",
	 3},
	{SUPERSEDED_DECISIONS, "superseded_decisions",
	 "SELECT npcsim.superseded_decisions($1::bigint, $2::bigint[], $3::bigint[], $4::bigint[]) AS request_id",
	 4},
	{SUBMIT_NPC_DECISIONS, "submit_npc_decisions",
	 "SELECT ord, result FROM npcsim.submit_npc_decisions($1::bigint[], $2::text[])", 2},
	{FAIL_DECISIONS, "fail_decisions", "SELECT npcsim.fail_decisions($1::bigint[], $2::bigint[], $3::text[])",
	 3},
	{REPORT_FLOOD, "report_flood", "SELECT npcsim.report_flood($1::bigint, $2::text)", 2},
	{UPDATE_PLAYER_HEARTBEAT, "try_update_player_heartbeat",
	 TRY " FROM npcsim.try_update_player_heartbeat($1::bigint, $2::jsonb) AS answer", 2},
	{UPDATE_PLAYER_CAMERA, "try_update_player_camera",
	 "SELECT npcsim.try_update_player_camera($1::bigint, $2::float8, $3::float8, $4::float8, $5::float8)", 5},
	{UPDATE_SPECTATOR_CAMERA, "try_update_spectator_camera",
	 "SELECT npcsim.try_update_spectator_camera($1::bigint, $2::float8, $3::float8, $4::float8, $5::float8)",
	 5},
	{CALL_REDUCER, "call_reducer", "SELECT npcsim.call_reducer($1::bigint, $2::text, $3::jsonb, $4::text)",
	 4},
	{COMPUTE_STANDINGS, "compute_standings",
	 "SELECT player_id, standing, body FROM npcsim.compute_standings($1::bigint[], $2::bigint[])", 2},
	{MISSING_FUNCTIONS, "missing_functions",
	 "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'npcsim')::integer AS installed,"
	 " pg_catalog.string_agg(wanted.name, ', ') AS missing FROM pg_catalog.unnest($1::text[]) AS wanted(name)"
	 " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_proc p"
	 "  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
	 "  WHERE n.nspname = 'npcsim' AND p.proname = wanted.name"
	 "  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
	 "  AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE'))",
	 1},
};

_Static_assert(sizeof(statements) / sizeof(statements[0]) == STATEMENT_COUNT, "each statement is described");
_Static_assert(STATEMENT_COUNT <= DB_MAX_STATEMENTS, "a connection can prepare each statement");

typedef struct Number
{
	char text[24];
} Number;

/* Writes a number as a parameter; 0 becomes NULL, since it is not an id: a spectator has no player. */
static const char *
number_text(Number *number, int64_t value)
{
	if (value == 0)
		return NULL;
	snprintf(number->text, sizeof(number->text), "%" PRId64, value);
	return number->text;
}

static void
add_bigint_array(Text *text, const int64_t *values, int count)
{
	text_add(text, "{", 1);
	for (int i = 0; i < count; i++)
		text_add_format(text, "%s%" PRId64, i ? "," : "", values[i]);
	text_add(text, "}", 1);
}

static void
add_integer_array(Text *text, const int *values, int count)
{
	text_add(text, "{", 1);
	for (int i = 0; i < count; i++)
		text_add_format(text, "%s%d", i ? "," : "", values[i]);
	text_add(text, "}", 1);
}

/* Adds an array literal of PostgreSQL: the elements are quoted, with \ and " escaped. */
static void
add_text_array(Text *text, const char *const *values, int count)
{
	text_add(text, "{", 1);
	for (int i = 0; i < count; i++)
	{
		const char *rest = values[i];

		text_add_string(text, i ? ",\"" : "\"");
		while (*rest)
		{
			size_t plain = strcspn(rest, "\\\"");

			text_add(text, rest, plain);
			rest += plain;
			if (*rest)
			{
				text_add(text, "\\", 1);
				text_add(text, rest, 1);
				rest++;
			}
		}
		text_add(text, "\"", 1);
	}
	text_add(text, "}", 1);
}

#define VALUES_MAX 4

/* The arguments of a call that has arrays among them, in their order. */
typedef struct Values
{
	const char *values[VALUES_MAX];
	Text		arrays[VALUES_MAX]; /* what is written for a value stands at its place */
	int			count;
} Values;

static void
put_value(Values *values, const char *value)
{
	assert(values->count < VALUES_MAX);
	values->values[values->count++] = value;
}

/* Returns the text of the next value. */
static Text *
next_array(Values *values)
{
	assert(values->count < VALUES_MAX);
	return &values->arrays[values->count];
}

static void
put_bigints(Values *values, const int64_t *numbers, int count)
{
	Text *array = next_array(values);

	add_bigint_array(array, numbers, count);
	put_value(values, array->data);
}

static void
put_integers(Values *values, const int *numbers, int count)
{
	Text *array = next_array(values);

	add_integer_array(array, numbers, count);
	put_value(values, array->data);
}

static void
put_texts(Values *values, const char *const *texts, int count)
{
	Text *array = next_array(values);

	add_text_array(array, texts, count);
	put_value(values, array->data);
}

/* Sends the call, and frees what was written for its values. */
static void
query_values(int statement, DbLane lane, int64_t world_id, Values *values, DbDone done, void *argument)
{
	db_query(&statements[statement], lane, world_id, values->values, done, argument);
	for (int i = 0; i < values->count; i++)
		text_free(&values->arrays[i]);
}

/* The caller of a function that returns its refusals as values. */
typedef struct Trial
{
	DbDone done;
	void  *argument;
} Trial;

/* Tells the caller of a refusal that came as a value as if it were an error of the query. */
static void
tried(void *argument, const DbReply *reply)
{
	Trial	   *trial = argument;
	const char *code =
		reply->result != NULL && PQntuples(reply->result) == 1 ? reply_column(reply, 0, "code") : NULL;

	if (code != NULL)
	{
		const char *message = reply_column(reply, 0, "message");
		const char *retry = reply_column(reply, 0, "retry");
		DbReply		refusal = {.message = message != NULL ? message : "refused",
							   .detail = reply_column(reply, 0, "detail"),
							   .hint = reply_column(reply, 0, "hint"),
							   .retry = retry != NULL && strcmp(retry, "true") == 0};

		snprintf(refusal.sqlstate, sizeof(refusal.sqlstate), "%s", code);
		trial->done(trial->argument, &refusal);
	}
	else
		trial->done(trial->argument, reply);
	free(trial);
}

static void
try_query(int statement, const char *const *values, DbDone done, void *argument)
{
	Trial *trial = mem_alloc(sizeof(Trial));

	trial->done = done;
	trial->argument = argument;
	db_query(&statements[statement], DB_LANE_READ, 0, values, tried, trial);
}

void
call_missing_functions(DbDone done, void *argument)
{
	const char *names[FUNCTION_COUNT];
	Values		values = {0};

	for (int i = 0; i < FUNCTION_COUNT; i++)
		names[i] = statements[i].name;
	put_texts(&values, names, FUNCTION_COUNT);
	query_values(MISSING_FUNCTIONS, DB_LANE_LISTEN, 0, &values, done, argument);
}

void
call_register_gateway(const char *gateway_id, DbDone done, void *argument)
{
	const char *values[] = {gateway_id};

	db_query(&statements[REGISTER_GATEWAY], DB_LANE_LISTEN, 0, values, done, argument);
}

void
call_gateway_poll(const char *gateway_id, const int64_t *world_ids, int count, DbDone done, void *argument)
{
	Values values = {0};

	put_value(&values, gateway_id);
	put_bigints(&values, world_ids, count);
	query_values(GATEWAY_POLL, DB_LANE_READ, 0, &values, done, argument);
}

void
call_unknown_sessions(const char *gateway_id, const int64_t *session_ids, int count, DbDone done,
					  void *argument)
{
	Values values = {0};

	put_value(&values, gateway_id);
	put_bigints(&values, session_ids, count);
	query_values(UNKNOWN_SESSIONS, DB_LANE_READ, 0, &values, done, argument);
}

void
call_worlds_to_watch(DbDone done, void *argument)
{
	db_query(&statements[WORLDS_TO_WATCH], DB_LANE_READ, 0, NULL, done, argument);
}

void
call_authenticate(const char *token, DbDone done, void *argument)
{
	const char *values[] = {token};

	try_query(AUTHENTICATE, values, done, argument);
}

void
call_client_connected(const char *gateway_id, int64_t player_id, int64_t world_id, const char *purpose,
					  const char *source, const char *client, DbDone done, void *argument)
{
	Number		player;
	Number		world;
	const char *values[] =
		{gateway_id, number_text(&player, player_id), number_text(&world, world_id), purpose, source, client};

	try_query(CLIENT_CONNECTED, values, done, argument);
}

void
call_client_disconnected(int64_t session_id)
{
	Number		session;
	const char *values[] = {number_text(&session, session_id)};

	/* if this call is lost, the registration after the reconnection closes the session */
	db_query(&statements[CLIENT_DISCONNECTED], DB_LANE_READ, 0, values, NULL, NULL);
}

void
call_world_snapshot(int64_t world_id, DbDone done, void *argument)
{
	Number		world;
	const char *values[] = {number_text(&world, world_id)};

	db_query(&statements[WORLD_SNAPSHOT], DB_LANE_READ, 0, values, done, argument);
}

void
call_world_delta(int64_t world_id, int64_t since, const char *epoch, DbDone done, void *argument)
{
	Number		world;
	char		revision[24];
	const char *values[] = {number_text(&world, world_id), revision, epoch};

	snprintf(revision, sizeof(revision), "%" PRId64, since);
	db_query(&statements[WORLD_DELTA], DB_LANE_READ, 0, values, done, argument);
}

void
call_claim_decisions(const char *gateway_id, int64_t world_id, const int64_t *session_ids,
					 const int *free_slots, int count, DbDone done, void *argument)
{
	Values values = {0};

	put_value(&values, gateway_id);
	put_bigints(&values, session_ids, count);
	put_integers(&values, free_slots, count);
	query_values(CLAIM_DECISIONS, DB_LANE_READ, world_id, &values, done, argument);
}

void
call_superseded_decisions(int64_t world_id, const int64_t *npc_ids, const int64_t *request_ids,
						  const int64_t *session_ids, int count, DbDone done, void *argument)
{
	Number world;
	Values values = {0};

	put_value(&values, number_text(&world, world_id));
	put_bigints(&values, npc_ids, count);
	put_bigints(&values, request_ids, count);
	put_bigints(&values, session_ids, count);
	query_values(SUPERSEDED_DECISIONS, DB_LANE_READ, world_id, &values, done, argument);
}

void
call_submit_npc_decisions(int64_t world_id, const int64_t *player_ids, const char *const *decisions,
						  int count, DbDone done, void *argument)
{
	Values values = {0};

	put_bigints(&values, player_ids, count);
	put_texts(&values, decisions, count);
	query_values(SUBMIT_NPC_DECISIONS, DB_LANE_WRITE, world_id, &values, done, argument);
}

void
call_fail_decisions(int64_t world_id, const int64_t *player_ids, const int64_t *request_ids,
					const char *const *reasons, int count, DbDone done, void *argument)
{
	Values values = {0};

	put_bigints(&values, player_ids, count);
	put_bigints(&values, request_ids, count);
	put_texts(&values, reasons, count);
	query_values(FAIL_DECISIONS, DB_LANE_WRITE, world_id, &values, done, argument);
}

void
call_report_flood(int64_t world_id, int64_t player_id, const char *what)
{
	Number		player;
	const char *values[] = {number_text(&player, player_id), what};

	db_query(&statements[REPORT_FLOOD], DB_LANE_WRITE, world_id, values, NULL, NULL);
}

void
call_update_player_heartbeat(int64_t player_id, const char *heartbeat, DbDone done, void *argument)
{
	Number		player;
	const char *values[] = {number_text(&player, player_id), heartbeat};

	try_query(UPDATE_PLAYER_HEARTBEAT, values, done, argument);
}

/* Nobody waits for the result: if this call is lost, the next camera makes up for it. */
static void
update_camera(int statement, int64_t id, const double rectangle[4])
{
	Number		number;
	char		numbers[4][32];
	const char *values[5] = {number_text(&number, id)};

	for (int i = 0; i < 4; i++)
	{
		snprintf(numbers[i], sizeof(numbers[i]), "%.17g", rectangle[i]);
		values[i + 1] = numbers[i];
	}
	db_query(&statements[statement], DB_LANE_READ, 0, values, NULL, NULL);
}

void
call_update_player_camera(int64_t player_id, const double rectangle[4])
{
	update_camera(UPDATE_PLAYER_CAMERA, player_id, rectangle);
}

void
call_update_spectator_camera(int64_t session_id, const double rectangle[4])
{
	update_camera(UPDATE_SPECTATOR_CAMERA, session_id, rectangle);
}

void
call_reducer(int64_t world_id, int64_t player_id, const char *reducer, const char *arguments, const char *key,
			 DbDone done, void *argument)
{
	Number		player;
	const char *values[] = {number_text(&player, player_id), reducer, arguments, key};

	db_query(&statements[CALL_REDUCER], DB_LANE_WRITE, world_id, values, done, argument);
}

void
call_compute_standings(const int64_t *player_ids, const int64_t *told, int count, DbDone done, void *argument)
{
	Values values = {0};

	put_bigints(&values, player_ids, count);
	put_bigints(&values, told, count);
	query_values(COMPUTE_STANDINGS, DB_LANE_READ, 0, &values, done, argument);
}

const char *
reply_text(const DbReply *reply)
{
	if (reply->result == NULL || PQntuples(reply->result) < 1 || PQnfields(reply->result) < 1 ||
		PQgetisnull(reply->result, 0, 0))
		return NULL;
	return PQgetvalue(reply->result, 0, 0);
}

const char *
reply_column(const DbReply *reply, int row, const char *column)
{
	int number = PQfnumber(reply->result, column);

	assert(number >= 0);
	return PQgetisnull(reply->result, row, number) ? NULL : PQgetvalue(reply->result, row, number);
}

int64_t
reply_integer(const DbReply *reply, int row, const char *column)
{
	const char *value = reply_column(reply, row, column);

	return value != NULL ? strtoll(value, NULL, 10) : 0;
}

void
reply_add_error(Text *text, const DbReply *reply)
{
	text_add_string(text, ",\"code\":");
	text_add_json_string(text, reply->sqlstate);
	text_add_string(text, ",\"message\":");
	text_add_json_string(text, reply->message);
	if (reply->detail != NULL)
	{
		text_add_string(text, ",\"detail\":");
		text_add_json_string(text, reply->detail);
	}
	if (reply->hint != NULL)
	{
		text_add_string(text, ",\"hint\":");
		text_add_json_string(text, reply->hint);
	}
	text_add_string(text, reply->retry ? ",\"retry\":true" : ",\"retry\":false");
}
