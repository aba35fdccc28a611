/*
 * sessions.c
 *	  Gateways and the connections they hold for players and spectators.
 *
 *	  connected ──> live ──> gone (client_disconnected: the row is deleted)
 *	                  └────> ended (replaced, banned, or its gateway fell silent: its gateway is told by
 *	                         gateway_poll() and disconnects it)
 *
 * A gateway is silent when it was not heard of for long, or when the session of the database that it is bound to ended
 * (gateways.h).
 *
 * Sessions are no state of a world: no world is locked here and nothing makes a revision. What a
 * session was asked and has not answered is opened again when it goes; requests that somebody else has
 * locked at that moment are left to expire_sessions(), which opens every request whose session is no longer there.
 *
 * On a standby nothing can be written: a gateway there has spectators, of whom the database knows nothing. Registering
 * and disconnecting do nothing, a poll tells the clocks, and the id of a session is a number like any other.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "engine/lock.h"
#include "errors.h"
#include "gateways.h"
#include "json.h"
#include "port.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/players.h"
#include "reducers/refusals.h"
#include "reducers/sessions.h"
#include "reducers/world_head.h"
#include "require.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/id_lists.h"
#include "tables/new_ids.h"

PG_FUNCTION_INFO_V1(npcsim_register_gateway);
PG_FUNCTION_INFO_V1(npcsim_authenticate);
PG_FUNCTION_INFO_V1(npcsim_try_authenticate);
PG_FUNCTION_INFO_V1(npcsim_client_connected);
PG_FUNCTION_INFO_V1(npcsim_try_client_connected);
PG_FUNCTION_INFO_V1(npcsim_client_disconnected);
PG_FUNCTION_INFO_V1(npcsim_gateway_poll);
PG_FUNCTION_INFO_V1(npcsim_expire_sessions);
PG_FUNCTION_INFO_V1(npcsim_connected_players);

#define GATEWAY_ID_MAX		 64
#define TOKEN_MAX_BYTES		 256
#define CLIENT_MAX_CHARS	 200
#define COMPUTE_SESSIONS_MAX 8
#define POLL_WORLDS_MAX		 10000

/* gateway_poll() looks for what expired at most this often. */
#define EXPIRE_INTERVAL_MS 5000

static const char *const purposes[] = {"watch", "compute", "both", NULL};

static SpiStatement register_statement =
	{.sql = "INSERT INTO npcsim.gateways (id, seen_at_real, bound)"
			" SELECT $1, pg_catalog.clock_timestamp(), EXISTS (SELECT FROM "
			"pg_catalog.pg_listening_channels() AS c"
			" WHERE c = 'npcsim_sessions')"
			" ON CONFLICT (id) DO UPDATE SET seen_at_real = excluded.seen_at_real, bound = excluded.bound"
			" RETURNING bound",
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement seen_statement =
	{.sql = "UPDATE npcsim.gateways SET seen_at_real = pg_catalog.clock_timestamp() WHERE id = $1"
			" RETURNING bound",
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement of_gateway_statement = {.sql = "SELECT id FROM npcsim.sessions WHERE gateway_id = $1",
											.nargs = 1,
											.types = {TEXTOID}};

static SpiStatement ended_statement =
	{.sql = "SELECT id, end_reason FROM npcsim.sessions WHERE gateway_id = $1 AND ended ORDER BY id",
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement running_statement =
	{.sql = "SELECT world_id FROM npcsim.world_clock WHERE status = 'running' AND home = $1"
			" ORDER BY world_id LIMIT $2",
	 .nargs = 2,
	 .types = {TEXTOID, INT8OID},
	 .read_only = true};

static SpiStatement token_statement =
	{.sql = "SELECT id, world_id, username, role, status FROM npcsim.player_accounts WHERE token_hash = $1",
	 .nargs = 1,
	 .types = {BYTEAOID}};

static SpiStatement player_statement =
	{.sql = "SELECT world_id, username, role, status FROM npcsim.player_accounts WHERE id = $1",
	 .nargs = 1,
	 .types = {INT8OID}};

/* Connecting to a world is done one after the other: limits are counted. The class is a table's own oid, which nobody else uses. */
static SpiStatement serialize_statement = {.sql = "SELECT "
												  "pg_catalog.pg_advisory_xact_lock('npcsim.sessions'::pg_"
												  "catalog.regclass::pg_catalog.oid::pg_catalog.int4,"
												  " ($1 % 2147483647)::pg_catalog.int4)",
										   .nargs = 1,
										   .types = {INT8OID}};

/* People in a world, the player not counted. */
static SpiStatement present_statement =
	{.sql =
		 "SELECT pg_catalog.count(*) FILTER (WHERE player_id IS NULL), pg_catalog.count(DISTINCT player_id)"
		 "  FROM npcsim.sessions WHERE world_id = $1 AND NOT ended AND ($2 IS NULL OR player_id IS DISTINCT "
		 "FROM $2)",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

/* Sessions that a new one ends: the watching one, and computing ones of the same source. */
static SpiStatement replaced_statement =
	{.sql = "SELECT id FROM npcsim.sessions WHERE player_id = $1 AND NOT ended"
			"   AND (($2 IN ('watch', 'both') AND purpose IN ('watch', 'both'))"
			"     OR ($2 IN ('compute', 'both') AND purpose IN ('compute', 'both') AND source = $3))",
	 .nargs = 3,
	 .types = {INT8OID, TEXTOID, TEXTOID}};

static SpiStatement compute_count_statement =
	{.sql = "SELECT pg_catalog.count(*) FROM npcsim.sessions"
			" WHERE player_id = $1 AND NOT ended AND purpose IN ('compute', 'both')",
	 .nargs = 1,
	 .types = {INT8OID}};

static IdSource session_ids = ID_SOURCE("sessions");

static SpiStatement insert_statement =
	{.sql = "INSERT INTO npcsim.sessions (gateway_id, world_id, player_id, purpose, source, client, id)"
			" OVERRIDING SYSTEM VALUE"
			" SELECT g.id, $2, $3, $4, $5, $6, $7 FROM npcsim.gateways g WHERE g.id = $1",
	 .nargs = 7,
	 .types = {TEXTOID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, INT8OID}};

/* Always in order of id, so that two transactions that end sessions wait, and do not deadlock. */
static SpiStatement lock_statement =
	{.sql = "SELECT id, gateway_id, world_id FROM npcsim.sessions WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
	 .nargs = 1,
	 .types = {INT8ARRAYOID}};

static SpiStatement end_statement =
	{.sql = "UPDATE npcsim.sessions SET ended = true, end_reason = $2 WHERE id = ANY ($1) AND NOT ended",
	 .nargs = 2,
	 .types = {INT8ARRAYOID, TEXTOID}};

static SpiStatement delete_statement = {.sql = "DELETE FROM npcsim.sessions WHERE id = ANY ($1)",
										.nargs = 1,
										.types = {INT8ARRAYOID}};

static SpiStatement connected_statement =
	{.sql = "SELECT DISTINCT player_id FROM npcsim.sessions WHERE player_id IS NOT NULL AND NOT ended",
	 .nargs = 0,
	 .read_only = true};

#define REOPEN(condition) \
	"WITH sent AS (" \
	" SELECT d.world_id, d.npc_id FROM npcsim.decision_slots d" \
	"  WHERE d.status = 2 AND " condition "    FOR NO KEY UPDATE OF d SKIP LOCKED)" \
	" UPDATE npcsim.decision_slots d" \
	"    SET status = 1, sent_at_real = NULL, timeout_ms = NULL, session_id = NULL, told_events = NULL" \
	"   FROM sent WHERE d.world_id = sent.world_id AND d.npc_id = sent.npc_id" \
	" RETURNING d.world_id"

static SpiStatement reopen_statement = {.sql = REOPEN("d.world_id = ANY ($1) AND d.session_id = ANY ($2)"),
										.nargs = 2,
										.types = {INT8ARRAYOID, INT8ARRAYOID}};

static SpiStatement reopen_orphans_statement =
	{.sql = REOPEN("NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.id = d.session_id AND NOT s.ended"
				   " AND s.heartbeat_at_real > pg_catalog.clock_timestamp() - " SESSION_SILENCE ")"),
	 .nargs = 0};

static SpiStatement silent_gateways_statement =
	{.sql = "SELECT s.id FROM npcsim.sessions s JOIN npcsim.gateways g ON g.id = s.gateway_id"
			" WHERE NOT s.ended AND g.seen_at_real < pg_catalog.clock_timestamp() - " SESSION_SILENCE
			" ORDER BY s.id FOR UPDATE OF s SKIP LOCKED",
	 .nargs = 0};

static SpiStatement of_gone_statement =
	{.sql = "SELECT s.id FROM npcsim.sessions s WHERE s.gateway_id = ANY ($1) AND NOT s.ended"
			" ORDER BY s.id FOR UPDATE OF s SKIP LOCKED",
	 .nargs = 1,
	 .types = {TEXTARRAYOID}};

static SpiStatement forget_sessions_statement =
	{.sql = "DELETE FROM npcsim.sessions s USING npcsim.gateways g"
			" WHERE g.id = s.gateway_id AND g.seen_at_real < pg_catalog.clock_timestamp() - interval '1 day'",
	 .nargs = 0};

static SpiStatement forget_gateways_statement = {
	.sql =
		"DELETE FROM npcsim.gateways g WHERE g.seen_at_real < pg_catalog.clock_timestamp() - interval '1 day'"
		"   AND NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.gateway_id = g.id)",
	.nargs = 0};

/* ---- arguments ---- */

char *
arg_gateway_id(FunctionCallInfo fcinfo, int n)
{
	char *id = arg_text(fcinfo, n, "gateway_id", GATEWAY_ID_MAX);

	for (const char *p = id; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' ||
			  *p == '.' || *p == '-'))
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("\"gateway_id\" is no id of a gateway"), errdetail("It is \"%s\".", id),
					errhint("Use 1 to %d characters of A-Z, a-z, 0-9, _, . and -.", GATEWAY_ID_MAX));
	return id;
}

/* Text that may be missing; NULL is ''. */
static char *
arg_optional_text(FunctionCallInfo fcinfo, int n, const char *name, int max_chars)
{
	char *value = PG_ARGISNULL(n) ? pstrdup("") : text_to_cstring(PG_GETARG_TEXT_PP(n));

	if (value[0] != '\0')
		check_text(value, name, max_chars);
	return value;
}

void
refuse_gateway(const char *gateway_id)
{
	ereport(
		ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		errmsg("gateway \"%s\" is not registered", gateway_id),
		errdetail(
			"It did not call register_gateway(), the server restarted since, or the session that called it"
			" ended."),
		errhint("Call register_gateway(gateway_id) after every connect."));
}

/* ---- ending sessions ---- */

/* The first column of SPI_tuptable: ids, sorted. */
static int64 *
take_ids(uint64 rows, int *count)
{
	int64 *ids = palloc(sizeof(int64) * Max(rows, 1));

	for (uint64 i = 0; i < rows; i++)
		ids[i] = spi_int64(i, 1, 0);
	*count = id_list_sort(ids, (int) rows);
	return ids;
}

/* Wakes the gateways for the worlds in the first column. */
static void
notify_reopened(uint64 rows)
{
	int	   count;
	int64 *worlds = take_ids(rows, &count);

	for (int i = 0; i < count; i++)
		Async_Notify("npcsim_decisions", psprintf(INT64_FORMAT, worlds[i]));
}

/* Ends sessions for a reason, or deletes them when their gateway knows (NULL); their requests are open again. */
static void
end_sessions(const int64 *ids, int count, const char *reason)
{
	int64 *worlds;
	uint64 rows;

	if (count == 0)
		return;
	rows = spi_run(&lock_statement, (Datum[]) {int64_array(ids, count)}, NULL, SPI_OK_SELECT);
	worlds = palloc(sizeof(int64) * Max(rows, 1));
	for (uint64 i = 0; i < rows; i++)
	{
		worlds[i] = spi_int64(i, 3, 0);
		if (reason != NULL)
			Async_Notify("npcsim_sessions", spi_text(i, 2, CurrentMemoryContext));
	}
	if (reason == NULL)
		spi_run(&delete_statement, (Datum[]) {int64_array(ids, count)}, NULL, SPI_OK_DELETE);
	else
		spi_run(&end_statement, (Datum[]) {int64_array(ids, count), CStringGetTextDatum(reason)}, NULL,
				SPI_OK_UPDATE);
	notify_reopened(
		spi_run(&reopen_statement,
				(Datum[]) {int64_array(worlds, id_list_sort(worlds, (int) rows)), int64_array(ids, count)},
				NULL, SPI_OK_UPDATE_RETURNING));
}

/* Those of gateways whose session of the database ended. */
static void
end_sessions_of_gone(void)
{
	int	   count;
	Datum  gone = gateways_gone(&count);
	int64 *ids;

	if (count == 0)
		return;
	ids = take_ids(spi_run(&of_gone_statement, (Datum[]) {gone}, NULL, SPI_OK_SELECT), &count);
	end_sessions(ids, count, "silent");
}

static void
expire(void)
{
	int	   count;
	int64 *silent;

	end_sessions_of_gone();
	silent = take_ids(spi_run(&silent_gateways_statement, NULL, NULL, SPI_OK_SELECT), &count);
	end_sessions(silent, count, "silent");
	notify_reopened(spi_run(&reopen_orphans_statement, NULL, NULL, SPI_OK_UPDATE_RETURNING));
	spi_run(&forget_sessions_statement, NULL, NULL, SPI_OK_DELETE);
	spi_run(&forget_gateways_statement, NULL, NULL, SPI_OK_DELETE);
}

/* expire_sessions(): ends the sessions of dead gateways, opens requests whose session is gone or silent */
Datum
npcsim_expire_sessions(PG_FUNCTION_ARGS)
{
	spi_begin();
	expire();
	spi_end();
	PG_RETURN_VOID();
}

Datum
npcsim_connected_players(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		   null = false;
	uint64		   rows;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (RecoveryInProgress())
		return (Datum) 0;
	spi_begin();
	rows = spi_run(&connected_statement, NULL, NULL, SPI_OK_SELECT);
	for (uint64 row = 0; row < rows; row++)
	{
		Datum player = Int64GetDatum(spi_int64(row, 1, 0));

		tuplestore_putvalues(result->setResult, result->setDesc, &player, &null);
	}
	spi_end();
	return (Datum) 0;
}

/* ---- gateways ---- */

static void
refuse_held(const char *gateway_id)
{
	char *holder = gateway_holder(gateway_id);

	ereport(ERROR, errcode(ERRCODE_NS_GATEWAY_HELD), errmsg("gateway \"%s\" is there already", gateway_id),
			errdetail("%s", holder),
			errhint("Give each gateway an id of its own (gateway_id), or stop the other one."));
}

static Datum
register_gateway(PG_FUNCTION_ARGS)
{
	char  *gateway_id = arg_gateway_id(fcinfo, 0);
	Datum  gateway = CStringGetTextDatum(gateway_id);
	int64 *ids;
	int	   count;

	version_require();
	if (RecoveryInProgress())
		PG_RETURN_VOID();
	spi_begin();
	if (!gateway_hold(gateway_id))
		refuse_held(gateway_id);
	spi_run(&register_statement, (Datum[]) {gateway}, NULL, SPI_OK_INSERT_RETURNING);
	if (spi_bool(0, 1, false))
		gateway_bind();
	ids = take_ids(spi_run(&of_gateway_statement, (Datum[]) {gateway}, NULL, SPI_OK_SELECT), &count);
	end_sessions(ids, count, NULL);
	world_begin_epoch();
	spi_end();
	PG_RETURN_VOID();
}

Datum
npcsim_register_gateway(PG_FUNCTION_ARGS)
{
	return call_quietly(register_gateway, fcinfo);
}

/* Adds the worlds that run here to those asked for; both are sorted. */
static int64 *
with_running(const int64 *asked, int count, int *total)
{
	uint64 rows = spi_run(&running_statement,
						  (Datum[]) {CStringGetTextDatum(world_home()), Int64GetDatum(POLL_WORLDS_MAX)}, NULL,
						  SPI_OK_SELECT);
	int64 *ids = palloc(sizeof(int64) * Max(count + rows, 1));

	memcpy(ids, asked, sizeof(int64) * count);
	for (uint64 i = 0; i < rows; i++)
		ids[count + i] = spi_int64(i, 1, 0);
	*total = id_list_sort(ids, count + (int) rows);
	return ids;
}

/* "ended_sessions":[…]: those of a gateway that were ended here, and why. */
static void
json_ended(StringInfo out, const char *gateway_id)
{
	uint64 rows =
		RecoveryInProgress()
			? 0
			: spi_run(&ended_statement, (Datum[]) {CStringGetTextDatum(gateway_id)}, NULL, SPI_OK_SELECT);

	json_literal(out, ",\"ended_sessions\":[");
	for (uint64 i = 0; i < rows; i++)
	{
		appendStringInfoString(out, i > 0 ? ",{\"session_id\":" : "{\"session_id\":");
		json_int64(out, spi_int64(i, 1, 0));
		json_literal(out, ",\"reason\":");
		json_string(out, spi_text(i, 2, CurrentMemoryContext));
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

/* "gone":[…]: worlds asked for that there are not. Heads are in order of id, as is asked. */
static void
json_gone(StringInfo out, const int64 *asked, int count, const WorldHead *heads, int head_count)
{
	bool first = true;

	json_literal(out, "],\"gone\":[");
	for (int i = 0, head = 0; i < count; i++)
	{
		while (head < head_count && heads[head].world_id < asked[i])
			head++;
		if (head < head_count && heads[head].world_id == asked[i])
			continue;
		if (!first)
			appendStringInfoChar(out, ',');
		json_int64(out, asked[i]);
		first = false;
	}
	appendStringInfoChar(out, ']');
}

static void
take_sign_of_life(const char *gateway_id)
{
	static TimestampTz expired_at = 0;

	if (spi_run(&seen_statement, (Datum[]) {CStringGetTextDatum(gateway_id)}, NULL,
				SPI_OK_UPDATE_RETURNING) == 0 ||
		(spi_bool(0, 1, false) && !gateway_is_held(gateway_id)))
		refuse_gateway(gateway_id);
	if (TimestampDifferenceExceeds(expired_at, GetCurrentTimestamp(), EXPIRE_INTERVAL_MS))
	{
		expire();
		expired_at = GetCurrentTimestamp();
	}
}

static Datum
gateway_poll(PG_FUNCTION_ARGS)
{
	char		  *gateway_id = arg_gateway_id(fcinfo, 0);
	int			   count;
	int64		  *asked = arg_int64_list(fcinfo, 1, "world_ids", POLL_WORLDS_MAX, &count);
	MemoryContext  caller = CurrentMemoryContext;
	const char	  *epoch;
	StringInfoData out;
	int64		  *wanted;
	int			   wanted_count;
	WorldHead	  *heads;
	int			   head_count;
	Datum		   result;

	count = id_list_sort(asked, count);
	spi_begin();
	if (!RecoveryInProgress())
		take_sign_of_life(gateway_id);
	epoch = world_epoch();
	wanted = with_running(asked, count, &wanted_count);
	head_count = read_world_heads(wanted, wanted_count, &heads);
	initStringInfo(&out);
	json_literal(&out, "{\"worlds\":[");
	for (int i = 0; i < head_count; i++)
	{
		appendStringInfoString(&out, i > 0 ? ",{\"world_id\":" : "{\"world_id\":");
		json_int64(&out, heads[i].world_id);
		appendStringInfoChar(&out, ',');
		json_world_clock(&out, &heads[i], epoch);
		appendStringInfo(&out, ",\"tick_rate\":%d}", heads[i].tick_rate);
	}
	json_gone(&out, asked, count, heads, head_count);
	json_ended(&out, gateway_id);
	appendStringInfoChar(&out, '}');
	MemoryContextSwitchTo(caller);
	result = json_datum(&out);
	spi_end();
	PG_RETURN_DATUM(result);
}

Datum
npcsim_gateway_poll(PG_FUNCTION_ARGS)
{
	return call_quietly(gateway_poll, fcinfo);
}

/* ---- players ---- */

static bytea *
sha256(const char *data, size_t length)
{
	bytea			  *hash = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) data, length) < 0 ||
		pg_cryptohash_final(context, (uint8 *) VARDATA(hash), PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(context));
	pg_cryptohash_free(context);
	SET_VARSIZE(hash, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	return hash;
}

pg_noreturn static void
refuse_token(const char *detail)
{
	ereport(ERROR, errcode(ERRCODE_NS_BAD_TOKEN), errmsg("authentication failed"),
			errdetail_internal("%s", detail),
			errhint("It is what create_player() or rotate_player_token() showed last."));
}

/* Leaves the player's row in SPI's result. The token is compared by its hash: how long that takes tells nothing about how much of a guess was right. */
static void
find_token(FunctionCallInfo fcinfo)
{
	text  *token;
	bytea *hash;

	arg_not_null(fcinfo, 0, "token");
	token = PG_GETARG_TEXT_PP(0);
	if (VARSIZE_ANY_EXHDR(token) > TOKEN_MAX_BYTES)
		refuse_token("The token is too long to be one.");
	hash = sha256(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token));
	if (spi_run(&token_statement, (Datum[]) {PointerGetDatum(hash)}, NULL, SPI_OK_SELECT) == 0)
		refuse_token("No player has this token.");
	refuse_banned(spi_text(0, 5, CurrentMemoryContext));
}

Datum
npcsim_authenticate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		   nulls[4] = {false};

	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	find_token(fcinfo);
	tuplestore_putvalues(result->setResult, result->setDesc,
						 (Datum[]) {Int64GetDatum(spi_int64(0, 1, 0)), Int64GetDatum(spi_int64(0, 2, 0)),
									CStringGetTextDatum(spi_text(0, 3, CurrentMemoryContext)),
									CStringGetTextDatum(spi_text(0, 4, CurrentMemoryContext))},
						 nulls);
	spi_end();
	return (Datum) 0;
}

static void
write_owner_of_token(FunctionCallInfo fcinfo, StringInfo out)
{
	find_token(fcinfo);
	json_literal(out, "{\"player_id\":");
	json_int64(out, spi_int64(0, 1, 0));
	json_literal(out, ",\"world_id\":");
	json_int64(out, spi_int64(0, 2, 0));
	json_literal(out, ",\"username\":");
	json_string(out, spi_text(0, 3, CurrentMemoryContext));
	json_literal(out, ",\"role\":");
	json_string(out, spi_text(0, 4, CurrentMemoryContext));
	appendStringInfoChar(out, '}');
}

Datum
npcsim_try_authenticate(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(value_or_refusal(fcinfo, write_owner_of_token));
}

/* ---- connecting ---- */

typedef struct Client
{
	char	   *gateway_id;
	int64		player_id; /* 0 = spectator */
	char	   *username;  /* NULL for a spectator */
	const char *role;
	char	   *purpose;
	char	   *source;
	char	   *client;
} Client;

static void
read_player(Client *client, int64 world_id)
{
	if (spi_run(&player_statement, (Datum[]) {Int64GetDatum(client->player_id)}, NULL, SPI_OK_SELECT) == 0 ||
		spi_int64(0, 1, 0) != world_id)
		ereport(ERROR, errcode(ERRCODE_NS_NO_PLAYER),
				errmsg("player %lld does not exist in world %lld", (long long) client->player_id,
					   (long long) world_id),
				errdetail("A player belongs to one world."),
				errhint("authenticate(token) tells player and world."));
	client->username = spi_text(0, 2, CurrentMemoryContext);
	client->role = spi_text(0, 3, CurrentMemoryContext);
	refuse_banned(spi_text(0, 4, CurrentMemoryContext));
}

static void
admit_spectator(const Client *client, const WorldHead *head)
{
	if (strcmp(client->purpose, "watch") != 0)
		refuse_token("Lending compute takes a player's token.");
	if (!head->spectators)
		refuse_token("This world admits players only.");
}

/*
 * Operators are never turned away, and who is there already needs no room. Spectators, who need no token, take what the
 * players leave; they never keep a player out.
 */
static void
check_room(const Client *client, const WorldHead *head)
{
	char  nulls[] = {' ', client->player_id == 0 ? 'n' : ' ', '\0'};
	int64 present;

	if (strcmp(client->role, "operator") == 0)
		return;
	spi_run(&present_statement, (Datum[]) {Int64GetDatum(head->world_id), Int64GetDatum(client->player_id)},
			nulls, SPI_OK_SELECT);
	present = spi_int64(0, 2, 0);
	if (client->player_id == 0)
		present += spi_int64(0, 1, 0);
	if (present >= head->max_players)
		ereport(ERROR, errcode(ERRCODE_NS_WORLD_FULL),
				errmsg("world %lld is full", (long long) head->world_id),
				errdetail("%lld %s are there, %d are allowed.", (long long) present,
						  client->player_id == 0 ? "players and spectators" : "players", head->max_players),
				errhint("Try again later."));
}

/* Ends what the new session replaces; returns the ids. */
static int64 *
replace_sessions(const Client *client, int *count)
{
	int64 *ids;

	*count = 0;
	if (client->player_id == 0)
		return NULL;
	ids = take_ids(spi_run(&replaced_statement,
						   (Datum[]) {Int64GetDatum(client->player_id), CStringGetTextDatum(client->purpose),
									  CStringGetTextDatum(client->source)},
						   NULL, SPI_OK_SELECT),
				   count);
	end_sessions(ids, *count, "replaced");
	if (strcmp(client->purpose, "watch") != 0)
	{
		spi_run(&compute_count_statement, (Datum[]) {Int64GetDatum(client->player_id)}, NULL, SPI_OK_SELECT);
		if (spi_int64(0, 1, 0) >= COMPUTE_SESSIONS_MAX)
			ereport(ERROR, errcode(ERRCODE_NS_TOO_MANY_SOURCES),
					errmsg("player %lld has too many compute connections", (long long) client->player_id),
					errdetail("There are %lld, at most %d are allowed.", (long long) spi_int64(0, 1, 0),
							  COMPUTE_SESSIONS_MAX),
					errhint("Close one, or connect with the source of one of them, which it then replaces."));
	}
	return ids;
}

static int64
insert_session(const Client *client, int64 world_id)
{
	char  nulls[] = {' ', ' ', client->player_id == 0 ? 'n' : ' ', ' ', ' ', ' ', ' ', '\0'};
	int64 id = new_id(&session_ids);

	if (spi_run(&insert_statement,
				(Datum[]) {CStringGetTextDatum(client->gateway_id), Int64GetDatum(world_id),
						   Int64GetDatum(client->player_id), CStringGetTextDatum(client->purpose),
						   CStringGetTextDatum(client->source), CStringGetTextDatum(client->client),
						   Int64GetDatum(id)},
				nulls, SPI_OK_INSERT) == 0)
		refuse_gateway(client->gateway_id);
	return id;
}

static void
json_welcome(StringInfo out, const Client *client, const WorldHead *head, const char *epoch)
{
	json_literal(out, "{\"type\":\"welcome\",\"world_id\":");
	json_int64(out, head->world_id);
	json_literal(out, ",\"player_id\":");
	json_id(out, client->player_id);
	json_literal(out, ",\"username\":");
	json_string(out, client->username);
	appendStringInfo(out, ",\"role\":\"%s\",\"world\":", client->role);
	json_world_settings(out, head);
	appendStringInfoChar(out, ',');
	json_world_clock(out, head, epoch);
	appendStringInfoChar(out, '}');
}

static void
refuse_player_of_standby(const Client *client)
{
	ereport(ERROR, errcode(ERRCODE_NS_STANDBY), errmsg("this server admits spectators only"),
			errdetail("It is a standby, and player %lld would have to be noted.",
					  (long long) client->player_id),
			errhint("Connect to a gateway of the primary."));
}

/* Nobody asks for it again. */
static int64
standby_session_id(void)
{
	uint64 number;

	if (!pg_strong_random(&number, sizeof(number)))
		ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random session id"));
	return (int64) (number >> 12) + 1;
}

/* Notes the session and returns its id; the ids of those that it replaces. */
static int64
begin_session(const Client *client, const WorldHead *head, int64 **replaced, int *replaced_count)
{
	*replaced = NULL;
	*replaced_count = 0;
	if (RecoveryInProgress())
		return standby_session_id();
	spi_run(&serialize_statement, (Datum[]) {Int64GetDatum(head->world_id)}, NULL, SPI_OK_SELECT);
	check_room(client, head);
	*replaced = replace_sessions(client, replaced_count);
	return insert_session(client, head->world_id);
}

static void
write_session(FunctionCallInfo fcinfo, StringInfo out)
{
	Client	   client = {.gateway_id = arg_gateway_id(fcinfo, 0),
						 .player_id = PG_ARGISNULL(1) ? 0 : arg_id(fcinfo, 1, "player_id"),
						 .role = "spectator",
						 .purpose = arg_word(fcinfo, 3, "purpose", purposes),
						 .source = arg_optional_text(fcinfo, 4, "source", SOURCE_MAX_CHARS),
						 .client = arg_optional_text(fcinfo, 5, "client", CLIENT_MAX_CHARS)};
	int64	   world_id = arg_id(fcinfo, 2, "world_id");
	WorldHead *head;
	int64	   session_id;
	int64	  *replaced;
	int		   replaced_count;

	if (read_world_heads(&world_id, 1, &head) == 0)
		ereport(ERROR, errcode(ERRCODE_NS_WORLD_ABSENT),
				errmsg("world %lld does not exist", (long long) world_id),
				errdetail("It was dropped, or never was."),
				errhint("GET /worlds at the gateway lists the worlds that may be watched; a player's token"
						" names its own."));
	if (client.player_id == 0)
		admit_spectator(&client, head);
	else if (RecoveryInProgress())
		refuse_player_of_standby(&client);
	else
		read_player(&client, world_id);
	session_id = begin_session(&client, head, &replaced, &replaced_count);

	json_literal(out, "{\"session_id\":");
	json_int64(out, session_id);
	json_literal(out, ",\"replaced\":");
	json_ids(out, replaced, replaced_count);
	json_literal(out, ",\"welcome\":");
	json_welcome(out, &client, head, world_epoch());
	appendStringInfoChar(out, '}');
}

Datum
npcsim_client_connected(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	spi_begin();
	write_session(fcinfo, &out);
	spi_end();
	PG_RETURN_DATUM(json_datum(&out));
}

Datum
npcsim_try_client_connected(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(value_or_refusal(fcinfo, write_session));
}

static Datum
client_disconnected(PG_FUNCTION_ARGS)
{
	int64 session_id = arg_id(fcinfo, 0, "session_id");

	if (RecoveryInProgress())
		PG_RETURN_VOID();
	spi_begin();
	end_sessions(&session_id, 1, NULL);
	spi_end();
	PG_RETURN_VOID();
}

Datum
npcsim_client_disconnected(PG_FUNCTION_ARGS)
{
	return call_quietly(client_disconnected, fcinfo);
}
