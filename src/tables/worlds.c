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

/*
 * A world lives without its players, and a replay outlives the players of the world it was made from: missing
 * players are no fault here.
 */
static SpiStatement select_faults = {"SELECT relation, key, fault FROM npcsim.world_faults($1)"
									 " WHERE relation <> 'player_accounts'",
									 1,
									 {INT8OID}};

static SpiStatement select_heads =
	{.sql =
		 "SELECT s.id, s.name, s.size_x, s.size_y, s.tick_rate, s.max_players, s.min_tokens_per_npc_per_day,"
		 "       s.owner_player_id, s.decision_policy, s.view_buffer, s.spectators,"
		 "       c.clock, c.revision, c.speed, c.status = 'running',"
		 "       c.home, c.sight_plane, c.sight_old_plane, c.next_event"
		 "  FROM npcsim.world_settings s"
		 "  JOIN npcsim.world_clock c ON c.world_id = s.id"
		 " WHERE s.id = ANY ($1)"
		 " ORDER BY s.id",
	 .nargs = 1,
	 .types = {INT8ARRAYOID},
	 .read_only = true};

static SpiStatement select_origin =
	{"SELECT s.name, s.size_x, s.size_y, s.seed, s.tick_rate, c.clock, c.next_input, c.home "
	 "FROM npcsim.world_settings s JOIN npcsim.world_clock c ON c.world_id = s.id WHERE s.id = $1",
	 1,
	 {INT8OID}};

static SpiStatement select_ground =
	{"SELECT s.seed, s.size_x, s.size_y, t.blocked "
	 "FROM npcsim.world_settings s JOIN npcsim.world_terrain t ON t.world_id = s.id WHERE s.id = $1",
	 1,
	 {INT8OID}};

static SpiStatement select_terms = {"SELECT decision_policy, idle_interval, max_tokens_per_npc_per_day, "
									"max_tokens_per_player_per_day > 0 OR max_tokens_per_day > 0, "
									"need_decay_min, need_decay_max "
									"FROM npcsim.world_settings WHERE id = $1",
									1,
									{INT8OID}};

static SpiStatement select_terrain = {.sql = "SELECT blocked FROM npcsim.world_terrain WHERE world_id = $1",
									  .nargs = 1,
									  .types = {INT8OID},
									  .read_only = true};

static SpiStatement count_running =
	{.sql = "SELECT pg_catalog.count(*) FROM npcsim.world_clock WHERE status = 'running' AND home = $1",
	 .nargs = 1,
	 .types = {TEXTOID}};

static SpiStatement select_statuses =
	{.sql = "SELECT world_id, status FROM npcsim.world_clock WHERE home = $1 ORDER BY world_id",
	 .nargs = 1,
	 .types = {TEXTOID},
	 .read_only = true};

static SpiStatement select_to_serve =
	{.sql = "SELECT c.world_id, s.tick_rate, c.speed, s.durability = 'relaxed' "
			"FROM npcsim.world_clock c JOIN npcsim.world_settings s ON s.id = c.world_id "
			"WHERE c.status = 'running' AND c.home = $1 ORDER BY c.world_id",
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

static SpiStatement select_size = {"SELECT size_x, size_y FROM npcsim.world_settings WHERE id = $1",
								   1,
								   {INT8OID}};

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

/* What an image does not hold. Rows are deleted before those they refer to. */
static SpiStatement delete_statements[] = {
	{"DELETE FROM npcsim.decision_log WHERE world_id = $1", 1, {INT8OID}},
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
	{"DELETE FROM npcsim.player_accounts WHERE world_id = $1", 1, {INT8OID}},
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

static SpiStatement write_setting[WORLD_SETTINGS] = {
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
};

/* Returns the ids that a statement found, in its order. */
static int64 *
found_ids(uint64 rows, int *count)
{
	*count = (int) rows;
	return spi_ids(rows);
}

int64
world_row_named(const char *name)
{
	return spi_run(&select_named, (Datum[]) {CStringGetTextDatum(name)}, NULL, SPI_OK_SELECT) > 0
			   ? spi_int64(0, 1, 0)
			   : 0;
}

bool
world_row_home(int64 world_id, char **home)
{
	if (spi_run(&select_home, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	*home = spi_text(0, 1, CurrentMemoryContext);
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
			   ? spi_text(0, 1, CurrentMemoryContext)
			   : NULL;
}

int64
world_at_home(const char *home)
{
	return spi_run(&select_at_home, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT) > 0
			   ? spi_int64(0, 1, 0)
			   : 0;
}

int64 *
worlds_running(const char *home, int most, int *count)
{
	return found_ids(spi_run(&select_running, (Datum[]) {CStringGetTextDatum(home), Int64GetDatum(most)},
							 NULL, SPI_OK_SELECT),
					 count);
}

int64 *
worlds_parked_lock(const char *home, int *count)
{
	return found_ids(spi_run(&lock_parked, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT),
					 count);
}

int64 *
worlds_without_clock(int *count)
{
	return found_ids(spi_run(&select_clockless, NULL, NULL, SPI_OK_SELECT), count);
}

WorldHead *
worlds_read(const int64 *world_ids, int count, int *found)
{
	uint64	   rows = spi_run(&select_heads, (Datum[]) {int64_array(world_ids, count)}, NULL, SPI_OK_SELECT);
	WorldHead *heads = palloc0(sizeof(WorldHead) * Max(rows, 1));

	for (uint64 i = 0; i < rows; i++)
	{
		WorldHead *head = &heads[i];

		head->world_id = spi_int64(i, 1, 0);
		head->name = spi_text(i, 2, CurrentMemoryContext);
		head->size_x = spi_int32(i, 3, 0);
		head->size_y = spi_int32(i, 4, 0);
		head->tick_rate = spi_int32(i, 5, 0);
		head->max_players = spi_int32(i, 6, 0);
		head->min_tokens_per_npc_per_day = spi_int64(i, 7, 0);
		head->owner_player_id = spi_int64(i, 8, 0);
		head->decision_policy = spi_text(i, 9, CurrentMemoryContext);
		head->view_buffer = spi_int32(i, 10, 0);
		head->spectators = spi_bool(i, 11, false);
		head->revision = spi_int64(i, 13, 0);
		head->speed = spi_int32(i, 14, 0);
		head->clock = spi_int64(i, 12, 0);
		head->running = spi_bool(i, 15, false);
		head->home = spi_text(i, 16, CurrentMemoryContext);
		head->sight_plane = spi_int16(i, 17, 0);
		head->sight_old_plane = spi_int16(i, 18, -1);
		head->next_event = spi_int64(i, 19, 1);
	}
	*found = (int) rows;
	return heads;
}

bool
world_origin_read(int64 world_id, WorldOrigin *origin)
{
	if (spi_run(&select_origin, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	*origin = (WorldOrigin) {.id = world_id,
							 .name = spi_text(0, 1, CurrentMemoryContext),
							 .size_x = spi_int32(0, 2, 0),
							 .size_y = spi_int32(0, 3, 0),
							 .seed = spi_int64(0, 4, 0),
							 .tick_rate = spi_int32(0, 5, 0),
							 .clock = spi_int64(0, 6, 0),
							 .next_input = spi_int64(0, 7, 0),
							 .home = spi_text(0, 8, CurrentMemoryContext)};
	return true;
}

bool
world_ground_read(int64 world_id, WorldGround *ground)
{
	bool isnull;

	if (spi_run(&select_ground, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	*ground = (WorldGround) {.seed = spi_int64(0, 1, 0),
							 .size_x = spi_int32(0, 2, 0),
							 .size_y = spi_int32(0, 3, 0),
							 .blocked = DatumGetByteaPP(spi_datum(0, 4, &isnull))};
	return true;
}

bool
world_terms_read(int64 world_id, WorldTerms *terms)
{
	if (spi_run(&select_terms, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return false;
	*terms = (WorldTerms) {.decision_policy = spi_text(0, 1, CurrentMemoryContext),
						   .idle_interval = spi_int32(0, 2, 0),
						   .max_tokens_per_npc = spi_int64(0, 3, 0),
						   .players_have_budgets = spi_bool(0, 4, false),
						   .need_decay_min = spi_int32(0, 5, 0),
						   .need_decay_max = spi_int32(0, 6, 0)};
	return true;
}

bytea *
world_terrain_read(int64 world_id)
{
	bool isnull;

	if (spi_run(&select_terrain, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT) != 1)
		return NULL;
	return DatumGetByteaPP(spi_datum(0, 1, &isnull));
}

int
worlds_count_running(const char *home)
{
	(void) spi_run(&count_running, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);
	return (int) spi_int64(0, 1, 0);
}

WorldStatus *
worlds_statuses(const char *home, int *count)
{
	uint64		 rows = spi_run(&select_statuses, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);
	WorldStatus *worlds = palloc(sizeof(WorldStatus) * Max(rows, 1));

	for (uint64 i = 0; i < rows; i++)
		worlds[i] = (WorldStatus) {spi_int64(i, 1, 0), spi_text(i, 2, CurrentMemoryContext)};
	*count = (int) rows;
	return worlds;
}

WorldToServe *
worlds_to_serve(const char *home, int *count)
{
	uint64 rows = spi_run(&select_to_serve, (Datum[]) {CStringGetTextDatum(home)}, NULL, SPI_OK_SELECT);
	WorldToServe *worlds = palloc(sizeof(WorldToServe) * Max(rows, 1));

	for (uint64 i = 0; i < rows; i++)
		worlds[i] = (WorldToServe) {.id = spi_int64(i, 1, 0),
									.tick_rate = spi_int32(i, 2, 1),
									.speed = spi_int32(i, 3, 1000),
									.relaxed = spi_bool(i, 4, false)};
	*count = (int) rows;
	return worlds;
}

uint64
world_row_faults(int64 world_id, WorldFault *first)
{
	uint64 faults = spi_run(&select_faults, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);

	if (faults > 0)
		*first = (WorldFault) {spi_text(0, 1, CurrentMemoryContext), spi_text(0, 2, CurrentMemoryContext),
							   spi_text(0, 3, CurrentMemoryContext)};
	return faults;
}

int64
world_row_revision(int64 world_id)
{
	spi_run(&select_revision, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	return spi_int64(0, 1, 0);
}

void
world_row_size(int64 world_id, int32 *size_x, int32 *size_y)
{
	spi_run(&select_size, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	*size_x = spi_int32(0, 1, 0);
	*size_y = spi_int32(0, 2, 0);
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
