/*
 * world_head.c
 *	  What a reader needs to know of a world before anything else: settings,
 *	  clock, revision. Without the world's lock.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "engine/lock.h"
#include "errors.h"
#include "json.h"
#include "reducers/world_head.h"
#include "spi.h"
#include "tables/arrays.h"
#include "sim/sim.h"

static SpiStatement heads_statement =
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

int
read_world_heads(const int64 *world_ids, int count, WorldHead **heads)
{
	const char *home = world_home();
	int			found =
		(int) spi_run(&heads_statement, (Datum[]) {int64_array(world_ids, count)}, NULL, SPI_OK_SELECT);

	*heads = palloc0(sizeof(WorldHead) * Max(found, 1));
	for (int i = 0; i < found; i++)
	{
		WorldHead *head = &(*heads)[i];
		bool	   parked;

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
		parked = strcmp(spi_text(i, 16, CurrentMemoryContext), home) != 0;
		head->running = spi_bool(i, 15, false) && !parked;
		head->status = parked ? "parked" : head->running ? "running" : "paused";
		head->sight_plane = spi_int16(i, 17, 0);
		head->sight_old_plane = spi_int16(i, 18, -1);
		head->next_event = spi_int64(i, 19, 1);
		head->now = world_now(head->world_id, spi_int64(i, 12, 0), SIM_SECOND / head->tick_rate);
	}
	return found;
}

WorldHead *
read_world_head(int64 world_id)
{
	WorldHead *heads;

	if (read_world_heads(&world_id, 1, &heads) == 0)
		ereport(ERROR, errcode(ERRCODE_NS_NO_WORLD),
				errmsg("world %lld does not exist", (long long) world_id),
				errdetail("This database has no world with this id."),
				errhint("SELECT id, name FROM npcsim.worlds lists the worlds of this database."));
	return heads;
}

void
json_world_clock(StringInfo out, const WorldHead *head, const char *epoch)
{
	json_literal(out, "\"clock\":");
	json_millionths(out, head->now);
	json_literal(out, ",\"speed\":");
	json_thousandths(out, head->speed);
	appendStringInfo(out, ",\"status\":\"%s\",\"revision\":", head->status);
	json_int64(out, head->revision);
	json_literal(out, ",\"epoch\":");
	json_string(out, epoch);
}

void
json_world_settings(StringInfo out, const WorldHead *head)
{
	json_literal(out, "{\"name\":");
	json_string(out, head->name);
	appendStringInfo(out,
					 ",\"size_x\":%d,\"size_y\":%d,\"tick_rate\":%d,\"seconds_per_game_minute\":1.0"
					 ",\"max_players\":%d,\"min_tokens_per_npc_per_day\":" INT64_FORMAT
					 ",\"view_buffer\":%d,\"spectators\":%s,\"decision_policy\":\"%s\",\"owner_player_id\":",
					 head->size_x, head->size_y, head->tick_rate, head->max_players,
					 head->min_tokens_per_npc_per_day, head->view_buffer, head->spectators ? "true" : "false",
					 head->decision_policy);
	json_id(out, head->owner_player_id);
	appendStringInfoChar(out, '}');
}
