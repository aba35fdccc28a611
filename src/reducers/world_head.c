/*
 * world_head.c
 *	  Reads what a reader needs to know of a world before anything else (settings, clock, revision),
 *	  without the world's lock.
 */
#include "postgres.h"

#include "engine/lock.h"
#include "errors.h"
#include "json.h"
#include "reducers/world_head.h"
#include "sim/sim.h"

int
read_world_heads(const int64 *world_ids, int count, WorldHead **heads)
{
	const char *home = world_home();
	int			found;

	*heads = worlds_read(world_ids, count, &found);
	for (int i = 0; i < found; i++)
	{
		WorldHead *head = &(*heads)[i];
		bool	   parked = strcmp(head->home, home) != 0;

		head->running = head->running && !parked;
		head->status = parked ? "parked" : head->running ? "running" : "paused";
		head->now = world_now(head->world_id, head->clock, SIM_SECOND / head->tick_rate);
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
