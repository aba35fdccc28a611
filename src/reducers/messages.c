/*
 * messages.c
 *	  The calls by which players tell one another something: send_chat, map_ping.
 *
 * They change nothing of a world's state. They take the world's lock all the same, since a message is
 * numbered among the events of the world and reaches clients as a revision of it, in order and without
 * loss. Who sent it is kept by the id alone: the name is looked up for those who read it.
 */
#include "postgres.h"

#include "engine/lock.h"
#include "errors.h"
#include "json.h"
#include "reducer.h"
#include "tables/worlds.h"

#define CHAT_MAX_CHARS 500

/* Records an event of a player, now. */
static void
record(WorldLock *lock, WorldEvent *event, int64 player_id, ReducerResult *result)
{
	event->clock = lock->now;
	event->player_id = player_id;
	result->number = world_record(lock, event);
}

typedef struct Chat
{
	int64		player_id;
	const char *text;
} Chat;

static const Argument chat_arguments[] = {
	CALLER_ARGUMENT(Chat, player_id),
	TEXT_ARGUMENT(Chat, text, CHAT_MAX_CHARS),
};

static bool
send_chat(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const Chat *chat = arguments;
	WorldEvent	event = {.kind = WORLD_EVENT_CHAT};

	event.data = psprintf("{%s}", json_text_member("text", chat->text));
	record(lock, &event, chat->player_id, result);
	return true;
}

const Reducer reducer_send_chat = {
	WORLD_REDUCER(send_chat, send_chat),
	REDUCER_ARGUMENTS(Chat, chat_arguments),
	.returns = RETURNS_SEQUENCE,
	.client_roles = ROLES_PLAYERS,
	.burst = 20,
	.per_minute = 60,
	.description = "Says it to everybody in your world; value: {\"sequence\"}",
};

typedef struct MapPing
{
	int64 player_id;
	int32 x;
	int32 y;
} MapPing;

static const Argument map_ping_arguments[] = {
	CALLER_ARGUMENT(MapPing, player_id),
	COORDINATE_ARGUMENT(MapPing, x),
	COORDINATE_ARGUMENT(MapPing, y),
};

static void
require_cell(WorldLock *lock, const void *arguments, const Caller *caller)
{
	const MapPing *ping = arguments;
	WorldSize	   size = world_row_size(lock->world_id);

	if (ping->x >= size.x || ping->y >= size.y)
		ereport(ERROR, errcode(ERRCODE_NS_CELL_OUTSIDE),
				errmsg("cell (%d, %d) is outside world %lld", ping->x, ping->y, (long long) lock->world_id),
				errdetail("The world has %d x %d cells, counted from 0.", size.x, size.y),
				errhint("Point at one of its cells."));
}

static bool
map_ping(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const MapPing *ping = arguments;
	WorldEvent	   event = {.kind = WORLD_EVENT_MAP_PING,
							.placed = true,
							.cell = {.x = (int16) ping->x, .y = (int16) ping->y}};

	record(lock, &event, ping->player_id, result);
	return true;
}

const Reducer reducer_map_ping = {
	WORLD_REDUCER(map_ping, map_ping),
	REDUCER_ARGUMENTS(MapPing, map_ping_arguments),
	.returns = RETURNS_SEQUENCE,
	.client_roles = ROLES_PLAYERS,
	.burst = 20,
	.per_minute = 60,
	.description = "Points at it for everybody in your world; value: {\"sequence\"}",
	.require = require_cell,
};
