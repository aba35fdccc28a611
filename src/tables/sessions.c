/*
 * sessions.c
 *	  Gateways, and the sessions they hold for players and spectators, as rows.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "gateways.h"
#include "spi.h"
#include "tables/arrays.h"
#include "tables/compute_sources.h"
#include "tables/id_lists.h"
#include "tables/new_ids.h"
#include "tables/sessions.h"

static SpiStatement write_gateway =
	{.sql = "INSERT INTO npcsim.gateways (id, seen_at_real, bound)"
			" SELECT $1, pg_catalog.clock_timestamp(), EXISTS (SELECT FROM "
			"pg_catalog.pg_listening_channels() AS c"
			" WHERE c = 'npcsim_sessions')"
			" ON CONFLICT (id) DO UPDATE SET seen_at_real = excluded.seen_at_real, bound = excluded.bound"
			" RETURNING bound",
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement touch_gateway =
	{.sql = "UPDATE npcsim.gateways SET seen_at_real = pg_catalog.clock_timestamp() WHERE id = $1"
			" RETURNING bound",
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement find_gateway = {.sql = "SELECT FROM npcsim.gateways WHERE id = $1",
									.nargs = 1,
									.types = {TEXTOID},
									.read_only = true};

static SpiStatement select_bound =
	{.sql = "SELECT g.id FROM npcsim.gateways g WHERE g.bound"
			" AND EXISTS (SELECT FROM npcsim.sessions s WHERE s.gateway_id = g.id AND NOT s.ended)",
	 .nargs = 0};

static SpiStatement of_gateway = {.sql = "SELECT id FROM npcsim.sessions WHERE gateway_id = $1",
								  .nargs = 1,
								  .types = {TEXTOID}};

static SpiStatement of_gateways =
	{.sql = "SELECT s.id FROM npcsim.sessions s WHERE s.gateway_id = ANY ($1) AND NOT s.ended"
			" ORDER BY s.id FOR UPDATE OF s SKIP LOCKED",
	 .nargs = 1,
	 .types = {TEXTARRAYOID}};

static SpiStatement of_silent =
	{.sql = "SELECT s.id FROM npcsim.sessions s JOIN npcsim.gateways g ON g.id = s.gateway_id"
			" WHERE NOT s.ended AND g.seen_at_real < pg_catalog.clock_timestamp() - " SESSION_SILENCE
			" ORDER BY s.id FOR UPDATE OF s SKIP LOCKED",
	 .nargs = 0};

static SpiStatement replaced =
	{.sql = "SELECT id FROM npcsim.sessions WHERE player_id = $1 AND NOT ended"
			"   AND (($2 IN ('watch', 'both') AND purpose IN ('watch', 'both'))"
			"     OR ($2 IN ('compute', 'both') AND purpose IN ('compute', 'both') AND source = $3))",
	 .nargs = 3,
	 .types = {INT8OID, TEXTOID, TEXTOID}};

static SpiStatement of_source =
	{.sql = "SELECT id FROM npcsim.sessions WHERE world_id = $1 AND source_id = $2 AND NOT ended ORDER BY id",
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

static SpiStatement connected =
	{.sql = "SELECT DISTINCT player_id FROM npcsim.sessions WHERE player_id IS NOT NULL AND NOT ended",
	 .nargs = 0,
	 .read_only = true};

static const SpiColumn session_columns[] = {
	SPI_COLUMN(SessionRow, id, "id"),
	SPI_COLUMN(SessionRow, gateway_id, "gateway_id"),
	SPI_COLUMN(SessionRow, world_id, "world_id"),
};

static SpiStatement lock_some =
	{.sql = "SELECT %C FROM npcsim.sessions WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
	 SPI_GIVES(SessionRow, session_columns),
	 .nargs = 1,
	 .types = {INT8ARRAYOID}};

static const SpiColumn ended_columns[] = {
	SPI_COLUMN(EndedSession, id, "s.id"),
	SPI_COLUMN(EndedSession, reason, "s.end_reason"),
	SPI_COLUMN(EndedSession, suspension.until, "a.suspended_until_real"),
	SPI_COLUMN(EndedSession, suspension.reason, "a.suspension_reason"),
};

static SpiStatement ended_of_gateway =
	{.sql = "SELECT %C FROM npcsim.sessions s LEFT JOIN npcsim.player_accounts a ON a.id = s.player_id"
			" WHERE s.gateway_id = $1 AND s.ended ORDER BY s.id",
	 SPI_GIVES(EndedSession, ended_columns),
	 .nargs = 1,
	 .types = {TEXTOID}};

static const SpiColumn present_columns[] = {
	SPI_COLUMN(SessionsPresent, spectators, "pg_catalog.count(*) FILTER (WHERE player_id IS NULL)"),
	SPI_COLUMN(SessionsPresent, players, "pg_catalog.count(DISTINCT player_id)"),
};

static SpiStatement count_present =
	{.sql =
		 "SELECT %C"
		 "  FROM npcsim.sessions WHERE world_id = $1 AND NOT ended AND ($2 IS NULL OR player_id IS DISTINCT "
		 "FROM $2)",
	 SPI_GIVES(SessionsPresent, present_columns),
	 .nargs = 2,
	 .types = {INT8OID, INT8OID}};

static SpiStatement count_computing =
	{.sql = "SELECT pg_catalog.count(*) FROM npcsim.sessions"
			" WHERE player_id = $1 AND NOT ended AND purpose IN ('compute', 'both')",
	 .nargs = 1,
	 .types = {INT8OID}};

static SpiStatement reported_average = {
	"SELECT pg_catalog.max(average_decision_time_ms) FROM npcsim.sessions WHERE player_id = $1 AND NOT ended",
	1,
	{INT8OID}};

/* The class of the advisory lock is a table's own oid, which nobody else uses. */
static SpiStatement serialize = {.sql = "SELECT "
										"pg_catalog.pg_advisory_xact_lock('npcsim.sessions'::pg_"
										"catalog.regclass::pg_catalog.oid::pg_catalog.int4,"
										" ($1 % 2147483647)::pg_catalog.int4)",
								 .nargs = 1,
								 .types = {INT8OID}};

static const SpiColumn lending_columns[] = {
	SPI_COLUMN(LendingSession, id, "s.id"),
	SPI_COLUMN(LendingSession, player_id, "s.player_id"),
	SPI_COLUMN(LendingSession, world_id, "s.world_id"),
	SPI_COLUMN(LendingSession, average_ms, "COALESCE(s.average_decision_time_ms, 'NaN')"),
	SPI_COLUMN(LendingSession, choices, "s.choices"),
	SPI_COLUMN(LendingSession, compact, "s.compact"),
	SPI_COLUMN(LendingSession, observations, "s.observations"),
	SPI_COLUMN(LendingSession, connected_at_real, "s.connected_at_real"),
	SPI_COLUMN(LendingSession, source_id, "s.source_id"),
	SPENDING_COLUMNS(LendingSession, limits),
	SPI_COLUMN(LendingSession, limits.rate, SOURCE_RATE),
	SPI_COLUMN(LendingSession, slots, "s.max_concurrency"),
	SPI_COLUMN_OR(
		LendingSession, pooled,
		"CASE WHEN k.kind = 'server_api_key' THEN npcsim_internal.server_api_is_open(s.world_id)"
		" ELSE npcsim_internal.source_is_pooled(k.stateless, k.player_id, k.p95_ms, k.measured_at_real)"
		" END",
		false),
	SPI_COLUMN(LendingSession, of_server, "k.kind = 'server_api_key'"),
};

static SpiStatement lending = {
	.sql =
		"SELECT %C"
		"  FROM npcsim.sessions s"
		"  JOIN npcsim.player_accounts p ON p.id = s.player_id AND p.status = 'active'"
		"  JOIN npcsim.world_settings w ON w.id = s.world_id AND (w.max_tokens_per_player_per_day = 0"
		"    OR npcsim_internal.tokens_today(p.daily_token_output, p.tokens_day) < "
		"w.max_tokens_per_player_per_day)"
		"  LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id"
		"  LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id"
		" WHERE s.id = ANY ($1) AND s.gateway_id = $2 AND NOT s.ended AND s.purpose IN ('compute', 'both')"
		"   AND (w.max_tokens_per_day = 0"
		"    OR npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) < w.max_tokens_per_day)"
		"   AND (p.declared_tokens_per_day = 0"
		"    OR npcsim_internal.tokens_today(p.daily_token_output, p.tokens_day) < p.declared_tokens_per_day)"
		"   AND " SOURCE_IS_ACTIVE(
			"k") "   AND s.max_concurrency > 0 AND s.heartbeat_at_real > pg_catalog.clock_timestamp() "
				 "- " SESSION_SILENCE " ORDER BY s.player_id, s.id",
	SPI_GIVES(LendingSession, lending_columns),
	.nargs = 2,
	.types = {INT8ARRAYOID, TEXTOID},
	.read_only = true};

static const SpiColumn lender_columns[] = {
	SPI_COLUMN(WorldLender, session_id, "l.session_id"),
	SPI_COLUMN(WorldLender, player_id, "l.player_id"),
	SPI_COLUMN(WorldLender, gateway_id, "s.gateway_id"),
	SPI_COLUMN(WorldLender, source_id, "l.source_id"),
	SPI_COLUMN(WorldLender, free, "greatest(l.slots - coalesce(f.sent, 0), 0)::pg_catalog.int4"),
	SPI_COLUMN(WorldLender, pooled, "l.pooled"),
	SPI_COLUMN(
		WorldLender, of_server,
		"EXISTS (SELECT FROM npcsim.compute_sources k WHERE k.id = l.source_id AND k.player_id IS NULL)"),
	SPI_COLUMN(WorldLender, pool_for_all, "p.pool_for_all"),
};

static SpiStatement select_lenders =
	{.sql = "SELECT %C FROM npcsim_internal.lending_sessions($1) AS l"
			"  JOIN npcsim_internal.world_lenders($1) AS p ON p.player_id = l.player_id AND p.askable"
			"  JOIN npcsim.sessions s ON s.id = l.session_id"
			"  LEFT JOIN (SELECT d.session_id, pg_catalog.count(*) AS sent FROM npcsim.decision_slots d"
			"              WHERE d.world_id = $1 AND d.status = 2 GROUP BY d.session_id) f ON f.session_id = "
			"l.session_id"
			" WHERE l.state = 'active' ORDER BY l.player_id, l.session_id",
	 SPI_GIVES(WorldLender, lender_columns),
	 .nargs = 1,
	 .types = {INT8OID},
	 .read_only = true};

static SpiStatement askable =
	{.sql = "SELECT p.player_id FROM npcsim_internal.world_lenders($1) AS p WHERE p.askable ORDER BY 1",
	 .nargs = 1,
	 .types = {INT8OID},
	 .read_only = true};

static SpiStatement share_some =
	{.sql = "SELECT id FROM npcsim.sessions WHERE id = ANY ($1) AND NOT ended FOR KEY SHARE SKIP LOCKED",
	 .nargs = 1,
	 .types = {INT8ARRAYOID}};

/* It looks after they were locked: what was committed until then is seen. */
static SpiStatement still_lending =
	{.sql = "SELECT s.id FROM npcsim.sessions s LEFT JOIN npcsim.compute_sources k ON k.id = s.source_id"
			" WHERE s.id = ANY ($1) AND NOT s.ended AND " SOURCE_IS_ACTIVE("k"),
	 .nargs = 1,
	 .types = {INT8ARRAYOID}};

static IdSource session_ids = ID_SOURCE("sessions");

static SpiStatement insert =
	{.sql = "INSERT INTO npcsim.sessions (gateway_id, world_id, player_id, purpose, source, client, id)"
			" OVERRIDING SYSTEM VALUE"
			" SELECT g.id, $2, $3, $4, $5, $6, $7 FROM npcsim.gateways g WHERE g.id = $1",
	 .nargs = 7,
	 .types = {TEXTOID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, INT8OID}};

static SpiStatement end_some =
	{.sql = "UPDATE npcsim.sessions SET ended = true, end_reason = $2 WHERE id = ANY ($1) AND NOT ended",
	 .nargs = 2,
	 .types = {INT8ARRAYOID, TEXTOID}};

static SpiStatement delete_some = {.sql = "DELETE FROM npcsim.sessions WHERE id = ANY ($1)",
								   .nargs = 1,
								   .types = {INT8ARRAYOID}};

static SpiStatement end_of_player =
	{"UPDATE npcsim.sessions SET ended = true, end_reason = $2 WHERE player_id = $1 AND NOT ended "
	 "RETURNING gateway_id",
	 2,
	 {INT8OID, TEXTOID}};

static SpiStatement end_computing =
	{"UPDATE npcsim.sessions SET ended = true, end_reason = $2 WHERE player_id = $1 AND NOT ended "
	 "AND purpose IN ('compute', 'both') RETURNING gateway_id",
	 2,
	 {INT8OID, TEXTOID}};

static SpiStatement end_of_world =
	{"UPDATE npcsim.sessions SET ended = true, end_reason = $2 WHERE world_id = $1 AND NOT ended "
	 "RETURNING gateway_id",
	 2,
	 {INT8OID, TEXTOID}};

static SpiStatement forget_sessions =
	{.sql = "DELETE FROM npcsim.sessions s USING npcsim.gateways g"
			" WHERE g.id = s.gateway_id AND g.seen_at_real < pg_catalog.clock_timestamp() - interval '1 day'",
	 .nargs = 0};

static SpiStatement forget_gateways = {
	.sql =
		"DELETE FROM npcsim.gateways g WHERE g.seen_at_real < pg_catalog.clock_timestamp() - interval '1 day'"
		"   AND NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.gateway_id = g.id)",
	.nargs = 0};

/* A source whose state is over has yet to say so. */
static const SpiColumn heard_columns[] = {
	SPI_COLUMN(HeardSession, id, "id"),
	SPI_COLUMN(HeardSession, world_id, "world_id"),
	SPI_COLUMN(HeardSession, source_id,
			   "(SELECT k.id FROM npcsim.compute_sources k WHERE k.id = sessions.source_id AND k.kind = $9"
			   " AND k.stateless = $4 AND k.slots = $3 AND k.models = $10"
			   " AND k.state = npcsim_internal.source_state(k.state, k.until_real))"),
};

static SpiStatement note_heartbeat = {
	.sql =
		"UPDATE npcsim.sessions SET heartbeat_at_real = pg_catalog.clock_timestamp(), max_concurrency = $3,"
		"       stateless = $4, token_output_rate = $5, average_decision_time_ms = $6, choices = $7, compact "
		"= $8, observations = $11, decisions_per_second = $12"
		" WHERE player_id = $1 AND source = $2 AND purpose IN ('compute', 'both') AND NOT ended RETURNING %C",
	SPI_GIVES(HeardSession, heard_columns),
	.nargs = 12,
	.types = {INT8OID, TEXTOID, INT4OID, BOOLOID, FLOAT8OID, FLOAT8OID, BOOLOID, BOOLOID, TEXTOID,
			  TEXTARRAYOID, BOOLOID, INT4OID}};

static SpiStatement write_source = {.sql = "UPDATE npcsim.sessions SET source_id = $2 WHERE id = $1",
									.nargs = 2,
									.types = {INT8OID, INT8OID}};

#define MOVE_CAMERA(condition) \
	"UPDATE npcsim.sessions SET camera_min_x = $2, camera_min_y = $3, camera_max_x = $4, camera_max_y = $5" \
	" WHERE " condition " AND purpose IN ('watch', 'both') AND NOT ended" \
	"   AND (camera_min_x, camera_min_y, camera_max_x, camera_max_y) IS DISTINCT FROM ($2, $3, $4, $5)"

static SpiStatement move_camera = {.sql = MOVE_CAMERA("player_id = $1"),
								   .nargs = 5,
								   .types = {INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID}};

static SpiStatement move_spectator_camera = {.sql = MOVE_CAMERA("id = $1 AND player_id IS NULL"),
											 .nargs = 5,
											 .types = {INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID}};

static const SpiColumn camera_columns[] = {
	SPI_COLUMN(CameraRow, player_id, "player_id"), SPI_COLUMN(CameraRow, min_x, "camera_min_x"),
	SPI_COLUMN(CameraRow, min_y, "camera_min_y"),  SPI_COLUMN(CameraRow, max_x, "camera_max_x"),
	SPI_COLUMN(CameraRow, max_y, "camera_max_y"),
};

static SpiStatement cameras = {.sql = "SELECT %C FROM npcsim.sessions WHERE world_id = $1 AND NOT ended"
									  " AND purpose IN ('watch', 'both') AND camera_min_x IS NOT NULL"
									  " ORDER BY player_id NULLS FIRST",
							   SPI_GIVES(CameraRow, camera_columns),
							   .nargs = 1,
							   .types = {INT8OID},
							   .read_only = true};

/* ---- gateways ---- */

bool
gateway_row_write(const char *gateway_id)
{
	spi_run(&write_gateway, (Datum[]) {CStringGetTextDatum(gateway_id)}, NULL, SPI_OK_INSERT_RETURNING);
	return spi_bool(0, false);
}

bool
gateway_row_touch(const char *gateway_id, bool *bound)
{
	if (spi_run(&touch_gateway, (Datum[]) {CStringGetTextDatum(gateway_id)}, NULL, SPI_OK_UPDATE_RETURNING) ==
		0)
		return false;
	*bound = spi_bool(0, false);
	return true;
}

bool
gateway_row_exists(const char *gateway_id)
{
	return spi_run(&find_gateway, (Datum[]) {CStringGetTextDatum(gateway_id)}, NULL, SPI_OK_SELECT) > 0;
}

Datum
gateways_gone(int *count)
{
	uint64 rows = spi_run(&select_bound, NULL, NULL, SPI_OK_SELECT);
	Datum *gone = palloc(sizeof(Datum) * Max(rows, 1));

	*count = 0;
	for (uint64 i = 0; i < rows; i++)
	{
		char *id = spi_text(i);

		if (!gateway_is_held(id))
			gone[(*count)++] = CStringGetTextDatum(id);
	}
	return PointerGetDatum(construct_array(gone, *count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* ---- finding sessions ---- */

int64 *
sessions_of_gateway(const char *gateway_id, int *count)
{
	return id_list_found(spi_run(&of_gateway, (Datum[]) {CStringGetTextDatum(gateway_id)}, NULL,
								 SPI_OK_SELECT),
						 count);
}

int64 *
sessions_of_gateways_lock(Datum gateway_ids, int *count)
{
	return id_list_found(spi_run(&of_gateways, (Datum[]) {gateway_ids}, NULL, SPI_OK_SELECT), count);
}

int64 *
sessions_of_silent_lock(int *count)
{
	return id_list_found(spi_run(&of_silent, NULL, NULL, SPI_OK_SELECT), count);
}

int64 *
sessions_replaced_by(int64 player_id, const char *purpose, const char *source, int *count)
{
	return id_list_found(spi_run(&replaced,
								 (Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(purpose),
											CStringGetTextDatum(source)},
								 NULL, SPI_OK_SELECT),
						 count);
}

int64 *
sessions_of_source(int64 world_id, int64 source_id, int *count)
{
	return id_list_found(spi_run(&of_source, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(source_id)},
								 NULL, SPI_OK_SELECT),
						 count);
}

int64 *
sessions_players(int *count)
{
	return id_list_found(spi_run(&connected, NULL, NULL, SPI_OK_SELECT), count);
}

SessionRow *
sessions_lock(const int64 *ids, int count, int *found)
{
	uint64 rows = spi_run(&lock_some, (Datum[]) {int64_array(ids, count)}, NULL, SPI_OK_SELECT);

	return spi_rows(&lock_some, rows, found);
}

EndedSession *
sessions_ended_of_gateway(const char *gateway_id, int *count)
{
	uint64 rows =
		spi_run(&ended_of_gateway, (Datum[]) {CStringGetTextDatum(gateway_id)}, NULL, SPI_OK_SELECT);

	return spi_rows(&ended_of_gateway, rows, count);
}

LendingSession *
sessions_lending(const char *gateway_id, const int64 *ids, int count, int *found)
{
	uint64 rows = spi_run(&lending, (Datum[]) {int64_array(ids, count), CStringGetTextDatum(gateway_id)},
						  NULL, SPI_OK_SELECT);

	return spi_rows(&lending, rows, found);
}

WorldLender *
sessions_of_lenders(int64 world_id, int *count)
{
	uint64 rows = spi_run(&select_lenders, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);

	return spi_rows(&select_lenders, rows, count);
}

int64 *
sessions_askable_players(int64 world_id, int *count)
{
	return id_list_found(spi_run(&askable, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT), count);
}

int64 *
sessions_share(const int64 *ids, int count, int *found)
{
	int64 *shared =
		id_list_found(spi_run(&share_some, (Datum[]) {int64_array(ids, count)}, NULL, SPI_OK_SELECT), found);

	return id_list_found(spi_run(&still_lending, (Datum[]) {int64_array(shared, *found)}, NULL,
								 SPI_OK_SELECT),
						 found);
}

SessionsPresent
sessions_count_present(int64 world_id, int64 except_player_id)
{
	char			nulls[] = {' ', except_player_id == 0 ? 'n' : ' ', '\0'};
	SessionsPresent present;

	spi_run(&count_present, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(except_player_id)}, nulls,
			SPI_OK_SELECT);
	spi_row(&count_present, 0, &present);
	return present;
}

int64
sessions_count_computing(int64 player_id)
{
	spi_run(&count_computing, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT);
	return spi_int64(0, 0);
}

double
sessions_reported_average(int64 player_id)
{
	(void) spi_run(&reported_average, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT);
	return spi_float8(0, 0);
}

/* ---- writing sessions ---- */

void
sessions_serialize(int64 world_id)
{
	spi_run(&serialize, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
}

int64
session_insert(const NewSession *session)
{
	char  nulls[] = {' ', ' ', session->player_id == 0 ? 'n' : ' ', ' ', ' ', ' ', ' ', '\0'};
	int64 id = new_id(&session_ids);

	return spi_run(&insert,
				   (Datum[]) {CStringGetTextDatum(session->gateway_id), Int64GetDatum(session->world_id),
							  Int64GetDatum(session->player_id), CStringGetTextDatum(session->purpose),
							  CStringGetTextDatum(session->source), CStringGetTextDatum(session->client),
							  Int64GetDatum(id)},
				   nulls, SPI_OK_INSERT) == 0
			   ? 0
			   : id;
}

void
sessions_end(const int64 *ids, int count, const char *reason)
{
	spi_run(&end_some, (Datum[]) {int64_array(ids, count), CStringGetTextDatum(reason)}, NULL, SPI_OK_UPDATE);
}

void
sessions_delete(const int64 *ids, int count)
{
	spi_run(&delete_some, (Datum[]) {int64_array(ids, count)}, NULL, SPI_OK_DELETE);
}

static char **
end_of(SpiStatement *statement, int64 id, const char *reason, int *count)
{
	uint64 rows = spi_run(statement, (Datum[]) {Int64GetDatum(id), CStringGetTextDatum(reason)}, NULL,
						  SPI_OK_UPDATE_RETURNING);
	char **gateways = palloc(sizeof(char *) * Max(rows, 1));

	for (uint64 i = 0; i < rows; i++)
		gateways[i] = spi_text(i);
	*count = (int) rows;
	return gateways;
}

char **
sessions_end_of_player_rows(int64 player_id, const char *reason, int *count)
{
	return end_of(&end_of_player, player_id, reason, count);
}

char **
sessions_end_computing_rows(int64 player_id, const char *reason, int *count)
{
	return end_of(&end_computing, player_id, reason, count);
}

char **
sessions_end_of_world_rows(int64 world_id, const char *reason, int *count)
{
	return end_of(&end_of_world, world_id, reason, count);
}

void
sessions_forget(void)
{
	spi_run(&forget_sessions, NULL, NULL, SPI_OK_DELETE);
	spi_run(&forget_gateways, NULL, NULL, SPI_OK_DELETE);
}

bool
session_note_heartbeat(int64 player_id, const SessionFigures *figures, HeardSession *session)
{
	char nulls[] = "            ";

	if (!figures->has_token_output_rate)
		nulls[4] = 'n';
	if (!figures->has_average)
		nulls[5] = 'n';
	if (spi_run(&note_heartbeat,
				(Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(figures->source),
						   Int32GetDatum(figures->max_concurrency), BoolGetDatum(figures->stateless),
						   Float8GetDatum(figures->token_output_rate),
						   Float8GetDatum(figures->average_decision_time_ms), BoolGetDatum(figures->choices),
						   BoolGetDatum(figures->compact), CStringGetTextDatum(figures->kind),
						   figures->models, BoolGetDatum(figures->observations),
						   Int32GetDatum(figures->decisions_per_second)},
				nulls, SPI_OK_UPDATE_RETURNING) == 0)
		return false;
	spi_row(&note_heartbeat, 0, session);
	return true;
}

void
session_write_source(int64 session_id, int64 source_id)
{
	spi_run(&write_source, (Datum[]) {Int64GetDatum(session_id), Int64GetDatum(source_id)}, NULL,
			SPI_OK_UPDATE);
}

static bool
move_one(SpiStatement *statement, int64 id, const CameraRow *camera)
{
	return spi_run(statement,
				   (Datum[]) {Int64GetDatum(id), Float8GetDatum(camera->min_x), Float8GetDatum(camera->min_y),
							  Float8GetDatum(camera->max_x), Float8GetDatum(camera->max_y)},
				   NULL, SPI_OK_UPDATE) > 0;
}

bool
session_move_camera(int64 player_id, const CameraRow *camera)
{
	return move_one(&move_camera, player_id, camera);
}

void
session_move_spectator_camera(int64 session_id, const CameraRow *camera)
{
	(void) move_one(&move_spectator_camera, session_id, camera);
}

CameraRow *
sessions_cameras(int64 world_id, int *count)
{
	uint64 rows = spi_run(&cameras, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);

	return spi_rows(&cameras, rows, count);
}
