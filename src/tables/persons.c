/*
 * persons.c
 *	  Who plays, as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/new_ids.h"
#include "tables/persons.h"

static IdSource person_ids = ID_SOURCE("persons");

static SpiStatement insert = {"INSERT INTO npcsim.persons (id, name) VALUES ($1, $2)", 2, {INT8OID, TEXTOID}};

static SpiStatement share_one =
	{"SELECT FROM npcsim.persons WHERE id = $1 AND name IS NOT NULL FOR KEY SHARE", 1, {INT8OID}};

static SpiStatement lock_one = {"SELECT FROM npcsim.persons WHERE id = $1 FOR UPDATE", 1, {INT8OID}};

static const SpiColumn account_columns[] = {
	SPI_COLUMN(PersonAccount, player_id, "a.id"),
	SPI_COLUMN(PersonAccount, world_id, "a.world_id"),
	SPI_COLUMN(PersonAccount, at_home, "COALESCE(c.home = $2, false)"),
};

static SpiStatement accounts_of = {.sql = "SELECT %C FROM npcsim.player_accounts a"
										  " LEFT JOIN npcsim.world_clock c ON c.world_id = a.world_id"
										  " WHERE a.person_id = $1 ORDER BY a.world_id, a.id",
								   SPI_GIVES(PersonAccount, account_columns),
								   .nargs = 2,
								   .types = {INT8OID, TEXTOID}};

static SpiStatement scrub_inputs =
	{.sql = "UPDATE npcsim.world_inputs SET payload = payload - 'username'"
			" WHERE world_id = ANY ($1) AND kind IN ('send_chat', 'map_ping') AND payload ? 'username'"
			"   AND (payload ->> 'player_id')::pg_catalog.int8 = ANY ($2)",
	 .nargs = 2,
	 .types = {INT8ARRAYOID, INT8ARRAYOID}};

static SpiStatement scrub_log =
	{.sql = "UPDATE npcsim.world_event_log l SET data = ("
			"       SELECT pg_catalog.array_agg(CASE WHEN e.player_id = ANY ($2)"
			"                                        THEN nullif(e.data - 'username', '{}') ELSE e.data END"
			"                                   ORDER BY e.n)"
			"         FROM ROWS FROM (pg_catalog.unnest(l.player_ids), pg_catalog.unnest(l.data))"
			"              WITH ORDINALITY AS e (player_id, data, n))"
			" WHERE l.world_id = ANY ($1) AND l.player_ids && $2"
			"   AND EXISTS (SELECT FROM pg_catalog.unnest(l.data) AS d (data) WHERE d.data ? 'username')",
	 .nargs = 2,
	 .types = {INT8ARRAYOID, INT8ARRAYOID}};

/* The token is drawn here and told to nobody. */
static SpiStatement forget_account = {
	.sql =
		"UPDATE npcsim.player_accounts"
		"   SET username = $2, status = 'banned', declared_tokens_per_day = 0, last_heartbeat_at_real = NULL,"
		"       suspension_reason = NULL,"
		"       token_hash = pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())"
		"                                      || pg_catalog.uuid_send(pg_catalog.gen_random_uuid()))"
		" WHERE id = $1",
	.nargs = 2,
	.types = {INT8OID, TEXTOID}};

static SpiStatement forget_sources = {"DELETE FROM npcsim.compute_sources WHERE player_id = $1",
									  1,
									  {INT8OID}};
/* That there was an incident stays. */
static SpiStatement forget_violations =
	{"UPDATE npcsim.security_violations SET detail = '' WHERE player_id = $1", 1, {INT8OID}};
static SpiStatement forget_calls = {"DELETE FROM npcsim.client_calls WHERE player_id = $1", 1, {INT8OID}};

static SpiStatement forget_name = {"UPDATE npcsim.persons SET name = NULL WHERE id = $1", 1, {INT8OID}};
static SpiStatement forget_days = {"DELETE FROM npcsim.person_days WHERE person_id = $1", 1, {INT8OID}};

static SpiStatement keep_days =
	{.sql =
		 "INSERT INTO npcsim.person_days AS d (person_id, day, asked, accepted, tokens, credit_us)"
		 " SELECT a.person_id, (l.finished_at_real AT TIME ZONE 'UTC')::pg_catalog.date, pg_catalog.count(*),"
		 "        pg_catalog.count(*) FILTER (WHERE l.status IN ('applied', 'late')),"
		 "        COALESCE(pg_catalog.sum(l.tokens), 0),"
		 "        COALESCE(pg_catalog.sum(l.credit_us) FILTER (WHERE l.status IN ('applied', 'late')), 0)"
		 "   FROM npcsim.decision_log l JOIN npcsim.player_accounts a ON a.id = l.player_id"
		 "  WHERE l.world_id = $1 AND a.person_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
		 " ON CONFLICT (person_id, day) DO UPDATE SET asked = d.asked + excluded.asked,"
		 "        accepted = d.accepted + excluded.accepted, tokens = d.tokens + excluded.tokens,"
		 "        credit_us = d.credit_us + excluded.credit_us",
	 .nargs = 1,
	 .types = {INT8OID}};

int64
person_row_insert(const char *name)
{
	int64 person_id = new_id(&person_ids);

	spi_run(&insert, (Datum[]) {Int64GetDatum(person_id), CStringGetTextDatum(name)}, NULL, SPI_OK_INSERT);
	return person_id;
}

bool
person_row_share(int64 person_id)
{
	return spi_run(&share_one, (Datum[]) {Int64GetDatum(person_id)}, NULL, SPI_OK_SELECT) > 0;
}

bool
person_row_lock(int64 person_id)
{
	return spi_run(&lock_one, (Datum[]) {Int64GetDatum(person_id)}, NULL, SPI_OK_SELECT) > 0;
}

PersonAccount *
person_accounts(int64 person_id, const char *home, int *count)
{
	uint64 rows = spi_run(&accounts_of, (Datum[]) {Int64GetDatum(person_id), CStringGetTextDatum(home)}, NULL,
						  SPI_OK_SELECT);

	return spi_rows(&accounts_of, rows, count);
}

void
person_scrub(const int64 *world_ids, const int64 *player_ids, int count)
{
	Datum values[] = {int64_array(world_ids, count), int64_array(player_ids, count)};

	spi_run(&scrub_inputs, values, NULL, SPI_OK_UPDATE);
	spi_run(&scrub_log, values, NULL, SPI_OK_UPDATE);
}

void
person_forget_account(int64 player_id, const char *username)
{
	Datum values[] = {Int64GetDatum(player_id), CStringGetTextDatum(username)};

	spi_run(&forget_account, values, NULL, SPI_OK_UPDATE);
	spi_run(&forget_sources, values, NULL, SPI_OK_DELETE);
	spi_run(&forget_violations, values, NULL, SPI_OK_UPDATE);
	spi_run(&forget_calls, values, NULL, SPI_OK_DELETE);
}

void
person_forget(int64 person_id)
{
	spi_run(&forget_name, (Datum[]) {Int64GetDatum(person_id)}, NULL, SPI_OK_UPDATE);
	spi_run(&forget_days, (Datum[]) {Int64GetDatum(person_id)}, NULL, SPI_OK_DELETE);
}

void
person_days_keep(int64 world_id)
{
	spi_run(&keep_days, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_INSERT);
}
