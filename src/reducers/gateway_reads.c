/*
 * gateway_reads.c
 *	  What gateways read with one statement each: unknown_sessions, worlds_to_watch,
 *	  compute_standings and superseded_decisions.
 *
 * Arguments that are NULL, or arrays with NULLs in them, name nobody.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/datum.h"
#include "utils/tuplestore.h"

#include "quiet.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_unknown_sessions);
PG_FUNCTION_INFO_V1(npcsim_worlds_to_watch);
PG_FUNCTION_INFO_V1(npcsim_compute_standings);
PG_FUNCTION_INFO_V1(npcsim_superseded_decisions);

static SpiStatement unknown_sessions_statement =
	{.sql = "SELECT held.id "
			"FROM unnest($2) AS held(id) "
			"WHERE NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.id = held.id AND s.gateway_id = $1) ",
	 .nargs = 2,
	 .types = {TEXTOID, INT8ARRAYOID},
	 .read_only = true};

static SpiStatement worlds_to_watch_statement =
	{.sql = "SELECT json_build_object('worlds', COALESCE(json_agg(json_build_object( "
			"  'id', w.id, 'name', w.name, 'status', w.status, 'size_x', w.size_x, 'size_y', w.size_y) ORDER "
			"BY w.id), '[]'::json)) "
			"FROM (SELECT s.id, s.name, s.size_x, s.size_y, "
			"   CASE WHEN c.home = (SELECT npcsim_internal.world_home()) THEN c.status ELSE 'parked' END AS "
			"status "
			"  FROM npcsim.world_settings s JOIN npcsim.world_clock c ON c.world_id = s.id "
			"  WHERE s.spectators ORDER BY s.id LIMIT 1000::bigint) w ",
	 .read_only = true};

/* Most have heard how they stand: what would be told is put into words for the others alone. */
static SpiStatement compute_standings_statement = {
	.sql =
		"SELECT s.player_id, s.standing, b.body::json "
		"FROM (SELECT u.player_id, u.told, k.*, "
		"   hash_record_extended(ROW (k.*, n.first_npcs, n.npc_count), 0::bigint) AS standing "
		"  FROM ROWS FROM (unnest($1), unnest($2)) AS u(player_id, told) "
		"  CROSS JOIN LATERAL ( "
		"   SELECT w.id AS world_id, w.name AS world_name, a.username, "
		"     w.max_tokens_per_day > 0::bigint "
		"     AND npcsim_internal.tokens_today(t.daily_token_output, t.tokens_day) >= w.max_tokens_per_day "
		"AS world_spent, "
		"     w.max_tokens_per_player_per_day > 0::bigint "
		"     AND npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) >= "
		"w.max_tokens_per_player_per_day AS player_spent "
		"    FROM npcsim.player_accounts a "
		"    JOIN npcsim.world_settings w ON w.id = a.world_id "
		"    LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id "
		"    WHERE a.id = u.player_id) k "
		"  CROSS JOIN LATERAL ( "
		"   SELECT count(*) AS npc_count, "
		"     bit_xor(hash_record_extended(ROW (c.id, c.name, c.budget_spent, c.failures), 0::bigint)) "
		"     FILTER (WHERE c.place <= 256::bigint) AS first_npcs "
		"    FROM (SELECT i.id, i.name, m.budget_spent, m.failures, row_number() OVER (ORDER BY i.id) AS "
		"place "
		"      FROM npcsim.npc_identities i "
		"      JOIN npcsim.npc_minds m ON m.world_id = i.world_id AND m.npc_id = i.id "
		"      WHERE i.controller_player_id = u.player_id AND i.world_id = k.world_id) c) n) s "
		"CROSS JOIN LATERAL ( "
		" SELECT jsonb_build_object( "
		"    'world', jsonb_build_object('id', s.world_id, 'name', s.world_name), "
		"    'player', jsonb_build_object('id', s.player_id, 'name', s.username), "
		"    'npc_count', count(n.id), "
		"    'npcs', COALESCE(jsonb_agg(jsonb_build_object('id', n.id, 'name', n.name) ORDER BY n.id) "
		"        FILTER (WHERE n.place <= 256::bigint), '[]'::jsonb), "
		"    'budget_spent', jsonb_build_object( "
		"     'world', s.world_spent, "
		"     'player', s.player_spent, "
		"     'npc_ids', COALESCE(jsonb_agg(n.id ORDER BY n.id) "
		"          FILTER (WHERE n.budget_spent AND n.place <= 256::bigint), '[]'::jsonb)), "
		"    'backing_off', COALESCE(jsonb_agg(jsonb_build_object('npc_id', n.id, 'failures', n.failures) "
		"ORDER BY n.id) "
		"          FILTER (WHERE n.failures > 0::smallint AND n.place <= 256::bigint), '[]'::jsonb)) AS body "
		"  FROM (SELECT i.id, i.name, m.budget_spent, m.failures, row_number() OVER (ORDER BY i.id) AS place "
		"    FROM npcsim.npc_identities i "
		"    JOIN npcsim.npc_minds m ON m.world_id = i.world_id AND m.npc_id = i.id "
		"    WHERE i.controller_player_id = s.player_id AND i.world_id = s.world_id) n) b "
		"WHERE s.standing IS DISTINCT FROM s.told ",
	.nargs = 2,
	.types = {INT8ARRAYOID, INT8ARRAYOID},
	.read_only = true};

/* The requests are looked up one by one by their whole key, whatever the statistics say. */
static SpiStatement superseded_decisions_statement =
	{.sql = "SELECT held.request_id "
			"FROM ROWS FROM (unnest($2[1:10000]), unnest($3[1:10000]), "
			"    unnest($4[1:10000])) AS held(npc_id, request_id, session_id) "
			"LEFT JOIN npcsim.decision_slots d "
			"  ON d.world_id = $1 + 0 * held.npc_id AND d.npc_id = held.npc_id "
			"WHERE held.request_id IS NOT NULL "
			"AND (d.request_id, d.session_id, d.status) IS DISTINCT FROM (held.request_id, held.session_id, "
			"2::smallint) ",
	 .nargs = 4,
	 .types = {INT8OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID},
	 .read_only = true};

/* How many rows the statement has with the function's arguments. SPI is connected. */
static uint64
read_rows(FunctionCallInfo fcinfo, SpiStatement *statement)
{
	Datum values[SPI_STATEMENT_ARGS] = {0};
	char  nulls[SPI_STATEMENT_ARGS];

	Assert(PG_NARGS() == statement->nargs);
	for (int i = 0; i < statement->nargs; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	return spi_run(statement, values, nulls, SPI_OK_SELECT);
}

static Datum
return_rows(FunctionCallInfo fcinfo, SpiStatement *statement)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint64		   rows;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	spi_begin();
	rows = read_rows(fcinfo, statement);
	for (uint64 row = 0; row < rows; row++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[row]);
	spi_end();
	return (Datum) 0;
}

static Datum
unknown_sessions(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, &unknown_sessions_statement);
}

Datum
npcsim_unknown_sessions(PG_FUNCTION_ARGS)
{
	return call_quietly(unknown_sessions, fcinfo);
}

static Datum
worlds_to_watch(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		  isnull;
	Datum		  worlds;

	spi_begin();
	(void) read_rows(fcinfo, &worlds_to_watch_statement);
	worlds = spi_datum(0, 1, &isnull);
	MemoryContextSwitchTo(caller);
	worlds = datumCopy(worlds, false, -1);
	spi_end();
	return worlds;
}

Datum
npcsim_worlds_to_watch(PG_FUNCTION_ARGS)
{
	return call_quietly(worlds_to_watch, fcinfo);
}

static Datum
compute_standings(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, &compute_standings_statement);
}

Datum
npcsim_compute_standings(PG_FUNCTION_ARGS)
{
	return call_quietly(compute_standings, fcinfo);
}

static Datum
superseded_decisions(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, &superseded_decisions_statement);
}

Datum
npcsim_superseded_decisions(PG_FUNCTION_ARGS)
{
	return call_quietly(superseded_decisions, fcinfo);
}
