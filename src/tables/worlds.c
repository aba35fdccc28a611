/*
 * worlds.c
 *	  Worlds as rows, for where no image of them is at hand.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/id_lists.h"
#include "tables/new_ids.h"
#include "tables/worlds.h"

static SpiStatement select_named = {"SELECT id FROM npcsim.world_settings WHERE name = $1", 1, {TEXTOID}};

/* A restore may have lost either row. */
static SpiStatement select_home =
	{"SELECT c.home FROM npcsim.world_settings s FULL JOIN npcsim.world_clock c ON c.world_id = s.id "
	 "WHERE COALESCE(s.id, c.world_id) = $1",
	 1,
	 {INT8OID}};

static SpiStatement select_running =
	{.sql = "SELECT world_id FROM npcsim.world_clock WHERE status = 'running' AND home = $1"
			" ORDER BY world_id LIMIT $2",
	 .nargs = 2,
	 .types = {TEXTOID, INT8OID},
	 .read_only = true};

static SpiStatement lock_parked =
	{"SELECT world_id FROM npcsim.world_clock WHERE home <> $1 ORDER BY world_id FOR UPDATE", 1, {TEXTOID}};

static SpiStatement select_clockless =
	{"SELECT id FROM npcsim.world_settings s WHERE NOT EXISTS "
	 "(SELECT FROM npcsim.world_clock c WHERE c.world_id = s.id) ORDER BY id",
	 0,
	 {0}};

static const SpiColumn fault_columns[] = {
	SPI_COLUMN(WorldFault, relation, "relation"),
	SPI_COLUMN(WorldFault, key, "key"),
	SPI_COLUMN(WorldFault, fault, "fault"),
};

/*
 * A world lives without its players, and a replay outlives the players of the world it was made from: missing
 * players are no fault here.
 */
static SpiStatement select_faults =
	{.sql = "SELECT %C FROM npcsim.world_faults($1) WHERE relation <> 'player_accounts'",
	 SPI_GIVES(WorldFault, fault_columns),
	 .nargs = 1,
	 .types = {INT8OID}};

static const SpiColumn head_columns[] = {
	SPI_COLUMN(WorldHead, world_id, "s.id"),
	SPI_COLUMN(WorldHead, name, "s.name"),
	SPI_COLUMN(WorldHead, size_x, "s.size_x"),
	SPI_COLUMN(WorldHead, size_y, "s.size_y"),
	SPI_COLUMN(WorldHead, tick_rate, "s.tick_rate"),
	SPI_COLUMN(WorldHead, max_players, "s.max_players"),
	SPI_COLUMN(WorldHead, min_tokens_per_npc_per_day, "s.min_tokens_per_npc_per_day"),
	SPI_COLUMN(WorldHead, owner_player_id, "s.owner_player_id"),
	SPI_COLUMN(WorldHead, decision_policy, "s.decision_policy"),
	SPI_COLUMN(WorldHead, view_buffer, "s.view_buffer"),
	SPI_COLUMN(WorldHead, spectators, "s.spectators"),
	SPI_COLUMN(WorldHead, clock, "c.clock"),
	SPI_COLUMN(WorldHead, revision, "c.revision"),
	SPI_COLUMN(WorldHead, speed, "c.speed"),
	SPI_COLUMN(WorldHead, running, "c.status = 'running'"),
	SPI_COLUMN(WorldHead, home, "c.home"),
	SPI_COLUMN(WorldHead, sight_plane, "c.sight_plane"),
	SPI_COLUMN_OR(WorldHead, sight_old_plane, "c.sight_old_plane", -1),
	SPI_COLUMN(WorldHead, next_event, "c.next_event"),
	SPI_COLUMN(WorldHead, keeps_observations, "s.observation_log_bytes > 0"),
};

static SpiStatement select_heads = {.sql = "SELECT %C"
										   "  FROM npcsim.world_settings s"
										   "  JOIN npcsim.world_clock c ON c.world_id = s.id"
										   " WHERE s.id = ANY ($1)"
										   " ORDER BY s.id",
									SPI_GIVES(WorldHead, head_columns),
									.nargs = 1,
									.types = {INT8ARRAYOID},
									.read_only = true};

static const SpiColumn origin_columns[] = {
	SPI_COLUMN(WorldOrigin, id, "s.id"),		 SPI_COLUMN(WorldOrigin, name, "s.name"),
	SPI_COLUMN(WorldOrigin, size_x, "s.size_x"), SPI_COLUMN(WorldOrigin, size_y, "s.size_y"),
	SPI_COLUMN(WorldOrigin, seed, "s.seed"),	 SPI_COLUMN(WorldOrigin, tick_rate, "s.tick_rate"),
	SPI_COLUMN(WorldOrigin, clock, "c.clock"),	 SPI_COLUMN(WorldOrigin, next_input, "c.next_input"),
	SPI_COLUMN(WorldOrigin, home, "c.home"),
};

static SpiStatement select_origin =
	{.sql = "SELECT %C "
			"FROM npcsim.world_settings s JOIN npcsim.world_clock c ON c.world_id = s.id WHERE s.id = $1",
	 SPI_GIVES(WorldOrigin, origin_columns),
	 .nargs = 1,
	 .types = {INT8OID}};

static const SpiColumn ground_columns[] = {
	SPI_COLUMN(WorldGround, seed, "s.seed"),
	SPI_COLUMN(WorldGround, size_x, "s.size_x"),
	SPI_COLUMN(WorldGround, size_y, "s.size_y"),
	SPI_COLUMN(WorldGround, blocked, "t.blocked"),
};

static SpiStatement select_ground =
	{.sql = "SELECT %C "
			"FROM npcsim.world_settings s JOIN npcsim.world_terrain t ON t.world_id = s.id WHERE s.id = $1",
	 SPI_GIVES(WorldGround, ground_columns),
	 .nargs = 1,
	 .types = {INT8OID}};

static const SpiColumn term_columns[] = {
	SPI_COLUMN(WorldTerms, decision_policy, "decision_policy"),
	SPI_COLUMN(WorldTerms, idle_interval, "idle_interval"),
	SPI_COLUMN(WorldTerms, built_in_fallback, "built_in_fallback"),
	SPI_COLUMN(WorldTerms, pool_known, "pool_known"),
	SPI_COLUMN(WorldTerms, max_tokens_per_npc, "max_tokens_per_npc_per_day"),
	SPI_COLUMN(WorldTerms, need_decay_min, "need_decay_min"),
	SPI_COLUMN(WorldTerms, need_decay_max, "need_decay_max"),
};

static SpiStatement select_terms = {.sql = "SELECT %C FROM npcsim.world_settings WHERE id = $1",
									SPI_GIVES(WorldTerms, term_columns),
									.nargs = 1,
									.types = {INT8OID}};

static SpiStatement select_terrain = {.sql = "SELECT blocked FROM npcsim.world_terrain WHERE world_id = $1",
									  .nargs = 1,
									  .types = {INT8OID},
									  .read_only = true};

static SpiStatement count_running =
	{.sql = "SELECT pg_catalog.count(*) FROM npcsim.world_clock WHERE status = 'running' AND home = $1",
	 .nargs = 1,
	 .types = {TEXTOID}};

static const SpiColumn status_columns[] = {
	SPI_COLUMN(WorldStatus, id, "world_id"),
	SPI_COLUMN(WorldStatus, status, "status"),
};

static SpiStatement select_statuses =
	{.sql = "SELECT %C FROM npcsim.world_clock WHERE home = $1 ORDER BY world_id",
	 SPI_GIVES(WorldStatus, status_columns),
	 .nargs = 1,
	 .types = {TEXTOID},
	 .read_only = true};

static const SpiColumn served_columns[] = {
	SPI_COLUMN(WorldToServe, id, "c.world_id"),
	SPI_COLUMN(WorldToServe, tick_rate, "s.tick_rate"),
	SPI_COLUMN(WorldToServe, speed, "c.speed"),
	SPI_COLUMN(WorldToServe, relaxed, "s.durability = 'relaxed'"),
	SPI_COLUMN(WorldToServe, market, "s.allocation = 'market'"),
};

static SpiStatement select_to_serve =
	{.sql = "SELECT %C "
			"FROM npcsim.world_clock c JOIN npcsim.world_settings s ON s.id = c.world_id "
			"WHERE c.status = 'running' AND c.home = $1 ORDER BY c.world_id",
	 SPI_GIVES(WorldToServe, served_columns),
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement select_exists = {"SELECT 1 FROM npcsim.world_clock WHERE world_id = $1", 1, {INT8OID}};

static SpiStatement select_clock_home = {"SELECT home FROM npcsim.world_clock WHERE world_id = $1",
										 1,
										 {INT8OID}};

static SpiStatement select_at_home = {"SELECT world_id FROM npcsim.world_clock WHERE home = $1 LIMIT 1",
									  1,
									  {TEXTOID}};

static SpiStatement select_revision = {"SELECT revision FROM npcsim.world_clock WHERE world_id = $1",
									   1,
									   {INT8OID}};

static const SpiColumn size_columns[] = {
	SPI_COLUMN(WorldSize, x, "size_x"),
	SPI_COLUMN(WorldSize, y, "size_y"),
};

static SpiStatement select_size = {.sql = "SELECT %C FROM npcsim.world_settings WHERE id = $1",
								   SPI_GIVES(WorldSize, size_columns),
								   .nargs = 1,
								   .types = {INT8OID}};

static IdSource world_ids = ID_SOURCE("world_settings");

static SpiStatement insert_settings =
	{"INSERT INTO npcsim.world_settings (id, name, size_x, size_y, seed, tick_rate) "
	 "VALUES ($1, $2, $3, $4, $5, $6)",
	 6,
	 {INT8OID, TEXTOID, INT4OID, INT4OID, INT8OID, INT4OID}};

static SpiStatement insert_clock = {"INSERT INTO npcsim.world_clock (world_id, home) VALUES ($1, $2)",
									2,
									{INT8OID, TEXTOID}};

static SpiStatement insert_terrain = {"INSERT INTO npcsim.world_terrain (world_id, blocked) VALUES ($1, $2)",
									  2,
									  {INT8OID, BYTEAOID}};

/* These delete what an image does not hold, rows before those they refer to. */
static SpiStatement delete_statements[] = {
	{"DELETE FROM npcsim.decision_log WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.observation_log WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.source_minutes WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.source_outcomes WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.player_proofs WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.world_books WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.world_event_log WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.world_tokens WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.item_type_rows WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.interaction_type_rows WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.client_calls t USING npcsim.player_accounts a WHERE a.world_id = $1 AND t.player_id "
	 "= a.id",
	 1,
	 {INT8OID}},
	{"DELETE FROM npcsim.call_allowances t USING npcsim.player_accounts a WHERE a.world_id = $1 AND "
	 "t.player_id = "
	 "a.id",
	 1,
	 {INT8OID}},
	{"DELETE FROM npcsim.paces p WHERE (p.kind = 'world' AND p.id = $1)"
	 " OR (p.kind = 'player' AND p.id IN (SELECT a.id FROM npcsim.player_accounts a WHERE a.world_id = $1))"
	 " OR (p.kind = 'source' AND p.id IN (SELECT k.id FROM npcsim.compute_sources k WHERE k.world_id = $1))",
	 1,
	 {INT8OID}},
	{"DELETE FROM npcsim.security_violations WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.player_suspicion WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.fallback_log WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.server_api_spending WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.player_accounts WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.compute_sources WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.world_terrain WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.world_inputs WHERE world_id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.world_settings WHERE id = $1", 1, {INT8OID}},
	{"DELETE FROM npcsim.world_clock WHERE world_id = $1", 1, {INT8OID}},
};

static SpiStatement write_terrain =
	{"UPDATE npcsim.world_terrain SET blocked = $2, revision = $3 WHERE world_id = $1",
	 3,
	 {INT8OID, BYTEAOID, INT8OID}};

static SpiStatement write_home = {"UPDATE npcsim.world_clock SET home = $2 WHERE world_id = $1",
								  2,
								  {INT8OID, TEXTOID}};

static SpiStatement write_status =
	{"UPDATE npcsim.world_clock SET status = $2, "
	 "started_at_real = CASE WHEN $2 = 'running' THEN pg_catalog.clock_timestamp() ELSE started_at_real END "
	 "WHERE world_id = $1",
	 2,
	 {INT8OID, TEXTOID}};

static SpiStatement write_speed = {"UPDATE npcsim.world_clock SET speed = $2 WHERE world_id = $1",
								   2,
								   {INT8OID, INT4OID}};

static SpiStatement write_policy = {"UPDATE npcsim.world_settings SET decision_policy = $2 WHERE id = $1",
									2,
									{INT8OID, TEXTOID}};

static SpiStatement write_idle_interval =
	{"UPDATE npcsim.world_settings SET idle_interval = $2 WHERE id = $1", 2, {INT8OID, INT4OID}};

static SpiStatement write_pool_known = {"UPDATE npcsim.world_settings SET pool_known = $2 WHERE id = $1",
										2,
										{INT8OID, BOOLOID}};

static SpiStatement write_built_in_fallback =
	{"UPDATE npcsim.world_settings SET built_in_fallback = $2 WHERE id = $1", 2, {INT8OID, BOOLOID}};

static SpiStatement write_need_decay =
	{"UPDATE npcsim.world_settings SET need_decay_min = $2, need_decay_max = $3 WHERE id = $1",
	 3,
	 {INT8OID, INT4OID, INT4OID}};

#define SETTING(column, type) \
	{ \
		"UPDATE npcsim.world_settings SET " column " = $2 WHERE id = $1", 2, \
		{ \
			INT8OID, type \
		} \
	}

static SpiStatement write_setting[] = {
	[WORLD_NAME] = SETTING("name", TEXTOID),
	[WORLD_MAX_PLAYERS] = SETTING("max_players", INT4OID),
	[WORLD_MIN_TOKENS_PER_NPC] = SETTING("min_tokens_per_npc_per_day", INT8OID),
	[WORLD_MAX_TOKENS_PER_NPC] = SETTING("max_tokens_per_npc_per_day", INT8OID),
	[WORLD_MAX_TOKENS_PER_PLAYER] = SETTING("max_tokens_per_player_per_day", INT8OID),
	[WORLD_MAX_TOKENS] = SETTING("max_tokens_per_day", INT8OID),
	[WORLD_OWNER] = SETTING("owner_player_id", INT8OID),
	[WORLD_DURABILITY] = SETTING("durability", TEXTOID),
	[WORLD_VIEW_BUFFER] = SETTING("view_buffer", INT4OID),
	[WORLD_SPECTATORS] = SETTING("spectators", BOOLOID),
	[WORLD_ALLOCATION] = SETTING("allocation", TEXTOID),
	[WORLD_ABSENCE_GRACE] = SETTING("absence_grace", INT4OID),
	[WORLD_PAUSE_GRACE] = SETTING("pause_grace", INT4OID),
	[WORLD_MIN_TENURE] = SETTING("min_tenure", INT4OID),
	[WORLD_ESTIMATED_TOKENS_PER_NPC] = SETTING("estimated_tokens_per_npc_per_day", INT4OID),
	[WORLD_TOKENS_PER_DECISION] = SETTING("tokens_per_decision", INT4OID),
	[WORLD_MAX_NPCS_PER_PLAYER] = SETTING("max_npcs_per_player", INT4OID),
	[WORLD_ON_INSUFFICIENT_COMPUTE] = SETTING("on_insufficient_compute", TEXTOID),
	[WORLD_COMMERCIAL_FALLBACK] = SETTING("enable_commercial_fallback", BOOLOID),
	[WORLD_SERVER_BACKUP] = SETTING("server_backup_enabled", BOOLOID),
	[WORLD_SERVER_API_COST] = SETTING("server_api_cost", INT8OID),
	[WORLD_SERVER_API_CAP] = SETTING("server_api_cap_per_day", INT8OID),
	[WORLD_HYBRID_CAP] = SETTING("hybrid_cap_per_day", INT8OID),
	[WORLD_OBSERVATION_LOG_BYTES] = SETTING("observation_log_bytes", INT8OID),
};
StaticAssertDecl(lengthof(write_setting) == WORLD_SETTINGS, "every setting has its statement");

int64
world_row_named(const char *name)
{
	return spi_run(&select_named, (Datum[]) {CStringGetTextDatum(name)}, NULL, SPI_OK_SELECT) > 0
			   ? spi_int64(0, 0)
			   : 0;
}

bool
world_row_home(int64 world_id, char **home)
{
	if (spi_run(&select_home, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	*home = spi_text(0);
	return true;
}

bool
world_clock_exists(int64 world_id)
{
	return spi_run(&select_exists, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) > 0;
}

char *
world_clock_home(int64 world_id)
{
	return spi_run(&select_clock_home, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) == 1
			   ? spi_text(0)
			   : NULL;
}

int64
world_at_home(const char *home)
{
	return spi_run(&select_at_home, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT) > 0
			   ? spi_int64(0, 0)
			   : 0;
}

int64 *
worlds_running(const char *home, int most, int *count)
{
	return id_list_found(spi_run(&select_running, (Datum[]) {CStringGetTextDatum(home), Int64GetDatum(most)},
								 NULL, SPI_OK_SELECT),
						 count);
}

int64 *
worlds_parked_lock(const char *home, int *count)
{
	return id_list_found(spi_run(&lock_parked, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT),
						 count);
}

int64 *
worlds_without_clock(int *count)
{
	return id_list_found(spi_run(&select_clockless, NULL, NULL, SPI_OK_SELECT), count);
}

WorldHead *
worlds_read(const int64 *world_ids, int count, int *found)
{
	uint64 rows = spi_run(&select_heads, (Datum[]) {int64_array(world_ids, count)}, NULL, SPI_OK_SELECT);

	return spi_rows(&select_heads, rows, found);
}

bool
world_origin_read(int64 world_id, WorldOrigin *origin)
{
	if (spi_run(&select_origin, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	spi_row(&select_origin, 0, origin);
	return true;
}

bool
world_ground_read(int64 world_id, WorldGround *ground)
{
	if (spi_run(&select_ground, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	spi_row(&select_ground, 0, ground);
	return true;
}

bool
world_terms_read(int64 world_id, WorldTerms *terms)
{
	if (spi_run(&select_terms, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	spi_row(&select_terms, 0, terms);
	return true;
}

bytea *
world_terrain_read(int64 world_id)
{
	bool isnull;

	if (spi_run(&select_terrain, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return NULL;
	return DatumGetByteaPP(spi_value(0, &isnull));
}

int
worlds_count_running(const char *home)
{
	(void) spi_run(&count_running, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);
	return (int) spi_int64(0, 0);
}

WorldStatus *
worlds_statuses(const char *home, int *count)
{
	uint64 rows = spi_run(&select_statuses, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);

	return spi_rows(&select_statuses, rows, count);
}

WorldToServe *
worlds_to_serve(const char *home, int *count)
{
	uint64 rows = spi_run(&select_to_serve, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);

	return spi_rows(&select_to_serve, rows, count);
}

uint64
world_row_faults(int64 world_id, WorldFault *first)
{
	uint64 faults = spi_run(&select_faults, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);

	if (faults > 0)
		spi_row(&select_faults, 0, first);
	return faults;
}

int64
world_row_revision(int64 world_id)
{
	spi_run(&select_revision, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	return spi_int64(0, 0);
}

WorldSize
world_row_size(int64 world_id)
{
	WorldSize size;

	spi_run(&select_size, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	spi_row(&select_size, 0, &size);
	return size;
}

int64
world_rows_insert(const char *name, int32 size_x, int32 size_y, int64 seed, int32 tick_rate, const char *home)
{
	int64 world_id = new_id(&world_ids);

	spi_run(&insert_settings,
			(Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(name), Int32GetDatum(size_x),
					   Int32GetDatum(size_y), Int64GetDatum(seed), Int32GetDatum(tick_rate)},
			NULL, SPI_OK_INSERT);
	spi_run(&insert_clock, (Datum[]) {Int64GetDatum(world_id), CStringGetTextDatum(home)}, NULL,
			SPI_OK_INSERT);
	return world_id;
}

void
world_terrain_insert(int64 world_id, bytea *blocked)
{
	spi_run(&insert_terrain, (Datum[]) {Int64GetDatum(world_id), PointerGetDatum(blocked)}, NULL,
			SPI_OK_INSERT);
}

bool
world_terrain_write(int64 world_id, bytea *blocked, int64 revision)
{
	return spi_run(&write_terrain,
				   (Datum[]) {Int64GetDatum(world_id), PointerGetDatum(blocked), Int64GetDatum(revision)},
				   NULL, SPI_OK_UPDATE) == 1;
}

void
world_rows_delete(int64 world_id)
{
	for (size_t i = 0; i < lengthof(delete_statements); i++)
	{
		CHECK_FOR_INTERRUPTS();
		spi_run(&delete_statements[i], (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_DELETE);
	}
}

/* Writes one value of a world's row. */
static void
write_one(SpiStatement *statement, int64 world_id, Datum value)
{
	spi_run(statement, (Datum[]) {Int64GetDatum(world_id), value}, NULL, SPI_OK_UPDATE);
}

void
world_row_write_home(int64 world_id, const char *home)
{
	write_one(&write_home, world_id, CStringGetTextDatum(home));
}

void
world_row_write_running(int64 world_id, bool running)
{
	write_one(&write_status, world_id, CStringGetTextDatum(running ? "running" : "paused"));
}

void
world_row_write_speed(int64 world_id, int32 thousandths)
{
	write_one(&write_speed, world_id, Int32GetDatum(thousandths));
}

void
world_row_write_policy(int64 world_id, const char *policy)
{
	write_one(&write_policy, world_id, CStringGetTextDatum(policy));
}

void
world_row_write_idle_interval(int64 world_id, int32 seconds)
{
	write_one(&write_idle_interval, world_id, Int32GetDatum(seconds));
}

void
world_row_write_built_in_fallback(int64 world_id, bool stands_in)
{
	write_one(&write_built_in_fallback, world_id, BoolGetDatum(stands_in));
}

void
world_row_write_pool_known(int64 world_id)
{
	write_one(&write_pool_known, world_id, BoolGetDatum(true));
}

void
world_row_write_need_decay(int64 world_id, int32 least, int32 most)
{
	spi_run(&write_need_decay, (Datum[]) {Int64GetDatum(world_id), Int32GetDatum(least), Int32GetDatum(most)},
			NULL, SPI_OK_UPDATE);
}

void
world_setting_write(int64 world_id, WorldSetting setting, Datum value, bool isnull)
{
	spi_run(&write_setting[setting], (Datum[]) {Int64GetDatum(world_id), value}, isnull ? " n" : NULL,
			SPI_OK_UPDATE);
}
