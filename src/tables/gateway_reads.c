/*
 * gateway_reads.c
 *	  The statements by which gateways read from several tables at once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "spi.h"
#include "tables/gateway_reads.h"

static SpiStatement unknown_sessions =
	{.sql = "SELECT held.id "
			"FROM unnest($2) AS held(id) "
			"WHERE NOT EXISTS (SELECT FROM npcsim.sessions s WHERE s.id = held.id AND s.gateway_id = $1) ",
	 .nargs = 2,
	 .types = {TEXTOID, INT8ARRAYOID},
	 .read_only = true};

static SpiStatement worlds_to_watch =
	{.sql = "SELECT json_build_object('worlds', COALESCE(json_agg(json_build_object( "
			"  'id', w.id, 'name', w.name, 'status', w.status, 'size_x', w.size_x, 'size_y', w.size_y) ORDER "
			"BY w.id), '[]'::json)) "
			"FROM (SELECT s.id, s.name, s.size_x, s.size_y, "
			"   CASE WHEN c.home = (SELECT npcsim_internal.world_home()) THEN c.status ELSE 'parked' END AS "
			"status "
			"  FROM npcsim.world_settings s JOIN npcsim.world_clock c ON c.world_id = s.id "
			"  WHERE s.spectators ORDER BY s.id LIMIT 1000::bigint) w ",
	 .read_only = true};

/* Most players were told already where they stand: the text is only built for the others. */
static SpiStatement compute_standings = {
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
		"w.max_tokens_per_player_per_day AS player_spent, "
		"     a.declared_tokens_per_day AS declared, "
		"     least(nullif(a.declared_tokens_per_day, 0::bigint), nullif(w.max_tokens_per_player_per_day, "
		"0::bigint)) AS tokens, "
		"     (SELECT jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'state', c.state, 'reason', "
		"c.reason, 'until', c.until_real) ORDER BY c.id) FROM npcsim.compute_sources c "
		"       WHERE c.world_id = w.id AND c.player_id = a.id "
		"       AND npcsim_internal.source_state(c.state, c.until_real) <> 'active') AS away "
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
		"    'budget', jsonb_build_object('declared', s.declared, 'tokens', s.tokens, 'spent', "
		"(SELECT npcsim_internal.tokens_today(a.daily_token_output, a.tokens_day) FROM "
		"npcsim.player_accounts a WHERE a.id = s.player_id)), "
		"    'away', COALESCE(s.away, '[]'::jsonb), "
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
static SpiStatement superseded_decisions =
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

static SpiStatement *const statements[] = {
	[READ_UNKNOWN_SESSIONS] = &unknown_sessions,
	[READ_WORLDS_TO_WATCH] = &worlds_to_watch,
	[READ_STANDINGS] = &compute_standings,
	[READ_SUPERSEDED_DECISIONS] = &superseded_decisions,
};
StaticAssertDecl(lengthof(statements) == READ_SUPERSEDED_DECISIONS + 1, "every read has its statement");

uint64
gateway_read(GatewayRead read, Datum *values, const char *nulls)
{
	return spi_run(statements[read], values, nulls, SPI_OK_SELECT);
}
