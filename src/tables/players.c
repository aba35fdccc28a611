/*
 * players.c
 *	  Accounts of players as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/new_ids.h"
#include "tables/players.h"
#include "tables/tokens.h"

static const SpiColumn player_columns[] = {
	SPI_COLUMN(PlayerRow, id, "id"),
	SPI_COLUMN(PlayerRow, world_id, "world_id"),
	SPI_COLUMN(PlayerRow, username, "username"),
	SPI_COLUMN(PlayerRow, role, "role"),
	SPI_COLUMN(PlayerRow, status, "status"),
	SPI_COLUMN(PlayerRow, suspension.until, "suspended_until_real"),
	SPI_COLUMN(PlayerRow, suspension.reason, "suspension_reason"),
};

static SpiStatement select_one = {.sql = "SELECT %C FROM npcsim.player_accounts WHERE id = $1",
								  SPI_GIVES(PlayerRow, player_columns),
								  .nargs = 1,
								  .types = {INT8OID}};

static SpiStatement select_of_token = {.sql = "SELECT %C FROM npcsim.player_accounts WHERE token_hash = $1",
									   SPI_GIVES(PlayerRow, player_columns),
									   .nargs = 1,
									   .types = {BYTEAOID}};

static SpiStatement select_named =
	{"SELECT id FROM npcsim.player_accounts WHERE world_id = $1 AND username = $2", 2, {INT8OID, TEXTOID}};

static SpiStatement select_names =
	{.sql = "SELECT a.username FROM pg_catalog.unnest($1) WITH ORDINALITY AS u (id, n)"
			" LEFT JOIN npcsim.player_accounts a ON a.id = u.id ORDER BY u.n",
	 .nargs = 1,
	 .types = {INT8ARRAYOID},
	 .read_only = true};

static IdSource player_ids = ID_SOURCE("player_accounts");

static SpiStatement insert =
	{"INSERT INTO npcsim.player_accounts (id, world_id, username, role, token_hash, person_id) "
	 "VALUES ($1, $2, $3, $4, pg_catalog.sha256(pg_catalog.convert_to($5, 'UTF8')), $6)",
	 6,
	 {INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, INT8OID}};

static SpiStatement write_token =
	{"UPDATE npcsim.player_accounts SET token_hash = pg_catalog.sha256(pg_catalog.convert_to($2, 'UTF8')) "
	 "WHERE id = $1",
	 2,
	 {INT8OID, TEXTOID}};

/*
 * A heartbeat holds its session, and does not wait for an account that somebody has locked who may want the
 * session: who bans a player, or gives it another token.
 */
static SpiStatement note_heartbeat =
	{"UPDATE npcsim.player_accounts SET last_heartbeat_at_real = pg_catalog.clock_timestamp()"
	 " WHERE id = (SELECT a.id FROM npcsim.player_accounts a"
	 "              WHERE a.id = $1 AND (a.last_heartbeat_at_real IS NULL"
	 "                 OR a.last_heartbeat_at_real < pg_catalog.clock_timestamp() - interval '5 s')"
	 "                FOR NO KEY UPDATE SKIP LOCKED)",
	 1,
	 {INT8OID}};

static const SpiColumn load_columns[] = {
	SPI_COLUMN(PlayerLoad, npcs, "pg_catalog.count(i.id)"),
	SPI_COLUMN(PlayerLoad, in_flight, "pg_catalog.count(*) FILTER (WHERE d.status = 2 AND d.player_id = $1)"),
	SPI_COLUMN(
		PlayerLoad, spent,
		"p.declared_tokens_per_day > 0"
		" AND npcsim_internal.tokens_today(p.daily_token_output, p.tokens_day) >= p.declared_tokens_per_day"),
	SPI_COLUMN(PlayerLoad, status, "p.status"),
	SPI_COLUMN(PlayerLoad, warned_until,
			   "pg_catalog.to_char((p.warned_at_real + interval '1 hour') AT TIME ZONE 'UTC', "
			   "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"),
};

static const SpiColumn token_columns[] = {
	SPI_COLUMN(PlayerTokens, declared, "p.declared_tokens_per_day"),
	SPI_COLUMN(PlayerTokens, measured,
			   "CASE WHEN p.declared_tokens_per_day > 0"
			   " THEN npcsim_internal.measured_tokens(p.world_id, p.id) END"),
};

static SpiStatement tokens_of = {.sql = "SELECT %C FROM npcsim.player_accounts p WHERE p.id = $1",
								 SPI_GIVES(PlayerTokens, token_columns),
								 .nargs = 1,
								 .types = {INT8OID}};

static SpiStatement load_of =
	{.sql = "SELECT %C"
			"  FROM npcsim.player_accounts p"
			"  LEFT JOIN npcsim.npc_identities i ON i.controller_player_id = p.id AND i.world_id = p.world_id"
			"  LEFT JOIN npcsim.decision_slots d ON d.world_id = i.world_id AND d.npc_id = i.id"
			" WHERE p.id = $1 GROUP BY p.id",
	 SPI_GIVES(PlayerLoad, load_columns),
	 .nargs = 1,
	 .types = {INT8OID}};

static const SpiColumn home_columns[] = {
	SPI_COLUMN(PlayerHome, player_id, "p.id"),
	SPI_COLUMN(PlayerHome, world_id, "p.world_id"),
	SPI_COLUMN(PlayerHome, active, "p.status = 'active'"),
	SPI_COLUMN(PlayerHome, at_home, "c.home = $2"),
	SPI_COLUMN(PlayerHome, suspension.until, "p.suspended_until_real"),
	SPI_COLUMN(PlayerHome, suspension.reason, "p.suspension_reason"),
};

static SpiStatement select_homes =
	{.sql = "SELECT %C FROM npcsim.player_accounts p "
			"JOIN npcsim.world_clock c ON c.world_id = p.world_id WHERE p.id = ANY ($1)",
	 SPI_GIVES(PlayerHome, home_columns),
	 .nargs = 2,
	 .types = {INT8ARRAYOID, TEXTOID}};

static SpiStatement suspend =
	{"UPDATE npcsim.player_accounts SET suspended_until_real = $2, suspension_reason = $3"
	 " WHERE id = $1 AND ($4 OR suspended_until_real IS NULL OR suspended_until_real < $2)",
	 4,
	 {INT8OID, TIMESTAMPTZOID, TEXTOID, BOOLOID}};

static SpiStatement release =
	{"UPDATE npcsim.player_accounts SET suspended_until_real = NULL, suspension_reason = NULL"
	 " WHERE id = $1 AND suspended_until_real IS NOT NULL",
	 1,
	 {INT8OID}};

/* The columns that operators write, as datums. */
static const SpiColumn written_columns[] = {
	[PLAYER_USERNAME] = {.sql = "username"},
	[PLAYER_ROLE] = {.sql = "role"},
	[PLAYER_STATUS] = {.sql = "status"},
	[PLAYER_DAILY_TOKEN_OUTPUT] = {.sql = "npcsim_internal.tokens_today(daily_token_output, tokens_day)"},
	[PLAYER_DECLARED_TOKENS] = {.sql = "declared_tokens_per_day"},
	[PLAYER_PERSON] = {.sql = "person_id"},
};
StaticAssertDecl(lengthof(written_columns) == PLAYER_COLUMNS, "every column is read");

static SpiStatement lock_one = {.sql =
									"SELECT %C FROM npcsim.player_accounts WHERE id = $1 FOR NO KEY UPDATE",
								.columns = written_columns,
								.column_count = PLAYER_COLUMNS,
								.nargs = 1,
								.types = {INT8OID}};

static SpiStatement write_column[] = {
	[PLAYER_USERNAME] = {"UPDATE npcsim.player_accounts SET username = $2 WHERE id = $1",
						 2,
						 {INT8OID, TEXTOID}},
	[PLAYER_ROLE] = {"UPDATE npcsim.player_accounts SET role = $2 WHERE id = $1", 2, {INT8OID, TEXTOID}},
	[PLAYER_STATUS] = {"UPDATE npcsim.player_accounts SET status = $2 WHERE id = $1", 2, {INT8OID, TEXTOID}},
	[PLAYER_DAILY_TOKEN_OUTPUT] = {"UPDATE npcsim.player_accounts SET daily_token_output = $2, "
								   "tokens_day = " UTC_TODAY " WHERE id = $1",
								   2,
								   {INT8OID, INT8OID}},
	[PLAYER_DECLARED_TOKENS] =
		{"UPDATE npcsim.player_accounts SET declared_tokens_per_day = $2 WHERE id = $1",
		 2,
		 {INT8OID, INT8OID}},
	[PLAYER_PERSON] = {"UPDATE npcsim.player_accounts SET person_id = $2 WHERE id = $1",
					   2,
					   {INT8OID, INT8OID}},
};
StaticAssertDecl(lengthof(write_column) == PLAYER_COLUMNS, "every column has its statement");

static SpiStatement credit =
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

static bool
read_one(SpiStatement *statement, Datum key, PlayerRow *player)
{
	if (spi_run(statement, &key, NULL, SPI_OK_SELECT) == 0)
		return false;
	spi_row(statement, 0, player);
	return true;
}

bool
player_row_read(int64 player_id, PlayerRow *player)
{
	return read_one(&select_one, Int64GetDatum(player_id), player);
}

bool
player_row_of_token(Datum token_hash, PlayerRow *player)
{
	return read_one(&select_of_token, token_hash, player);
}

int64
player_row_named(int64 world_id, const char *username)
{
	if (spi_run(&select_named, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(username)}, NULL,
				SPI_OK_SELECT) == 0)
		return 0;
	return spi_int64(0, 0);
}

char **
player_names_read(const int64 *ids, int count)
{
	char **names = palloc(sizeof(char *) * Max(count, 1));

	(void) spi_run(&select_names, (Datum[]) {int64_array(ids, count)}, NULL, SPI_OK_SELECT);
	for (int i = 0; i < count; i++)
		names[i] = spi_text(i);
	return names;
}

int64
player_row_insert(int64 world_id, const char *username, const char *role, const char *token, int64 person_id)
{
	int64 player_id = new_id(&player_ids);

	spi_run(&insert,
			(Datum[]) {Int64GetDatum(player_id), Int64GetDatum(world_id), CStringGetTextDatum(username),
					   CStringGetTextDatum(role), CStringGetTextDatum(token), Int64GetDatum(person_id)},
			NULL, SPI_OK_INSERT);
	return player_id;
}

bool
player_row_write_token(int64 player_id, const char *token)
{
	return spi_run(&write_token, (Datum[]) {Int64GetDatum(player_id), CStringGetTextDatum(token)}, NULL,
				   SPI_OK_UPDATE) > 0;
}

void
player_row_note_heartbeat(int64 player_id)
{
	spi_run(&note_heartbeat, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_UPDATE);
}

bool
player_row_load_of(int64 player_id, PlayerLoad *load)
{
	if (spi_run(&load_of, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT) == 0)
		return false;
	spi_row(&load_of, 0, load);
	return true;
}

bool
player_row_tokens(int64 player_id, PlayerTokens *tokens)
{
	if (spi_run(&tokens_of, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT) == 0)
		return false;
	spi_row(&tokens_of, 0, tokens);
	return true;
}

bool
player_row_suspend(int64 player_id, TimestampTz until, const char *reason, bool anew)
{
	return spi_run(&suspend,
				   (Datum[]) {Int64GetDatum(player_id), TimestampTzGetDatum(until),
							  CStringGetTextDatum(reason), BoolGetDatum(anew)},
				   NULL, SPI_OK_UPDATE) > 0;
}

void
player_row_release(int64 player_id)
{
	spi_run(&release, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_UPDATE);
}

PlayerHome *
player_homes_read(const int64 *player_ids, int count, const char *home, int *found)
{
	uint64 rows =
		spi_run(&select_homes, (Datum[]) {int64_array(player_ids, count), CStringGetTextDatum(home)}, NULL,
				SPI_OK_SELECT);

	return spi_rows(&select_homes, rows, found);
}

bool
player_row_lock(int64 player_id, Datum columns[PLAYER_COLUMNS])
{
	bool isnull;

	if (spi_run(&lock_one, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT) == 0)
		return false;
	for (int i = 0; i < PLAYER_COLUMNS; i++)
		columns[i] = spi_datum(0, SPI_FIRST_COLUMN + i, &isnull);
	return true;
}

void
player_row_write(int64 player_id, PlayerColumn column, Datum value)
{
	spi_run(&write_column[column], (Datum[]) {Int64GetDatum(player_id), value}, NULL, SPI_OK_UPDATE);
}

bool
player_row_declare(int64 player_id, int64 tokens_per_day)
{
	return spi_run(&write_column[PLAYER_DECLARED_TOKENS],
				   (Datum[]) {Int64GetDatum(player_id), Int64GetDatum(tokens_per_day)}, NULL,
				   SPI_OK_UPDATE) > 0;
}

void
players_credit_tokens(const int64 *player_ids, const int64 *tokens, int count)
{
	spi_run(&credit, (Datum[]) {int64_array(player_ids, count), int64_array(tokens, count)}, NULL,
			SPI_OK_INSERT);
}
