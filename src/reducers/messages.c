/*
 * messages.c
 *	  What players tell one another: chat, and places they point at.
 *
 * Nothing of a world's state changes by it. All the same it takes the world's lock: it is numbered among
 * what happens there, and reaches clients as a revision of the world, in order and without loss.
 */
#include "postgres.h"

#include "engine/lock.h"
#include "errors.h"
#include "json.h"
#include "reducers/inputs.h"
#include "reducers/messages.h"
#include "tables/worlds.h"

#define CHAT_MAX_CHARS 500

/* Of a player, now; written with what was put into the input. */
static int64
record(WorldLock *lock, WorldEvent *event, int64 player_id)
{
	int64 sequence;

	event->clock = lock->now;
	event->player_id = player_id;
	sequence = world_record(lock, event);
	world_flush(lock);
	return sequence;
}

int64
record_chat(WorldLock *lock, int64 player_id, const char *username, const char *text)
{
	WorldEvent event = {.kind = WORLD_EVENT_CHAT};

	event.data = psprintf("{%s,%s}", json_text_member("username", username), json_text_member("text", text));
	input_begin(lock, "send_chat");
	input_id("player_id", player_id);
	input_text("username", username);
	input_text("text", text);
	input_end();
	return record(lock, &event, player_id);
}

int64
record_map_ping(WorldLock *lock, int64 player_id, const char *username, Cell cell)
{
	WorldEvent event = {.kind = WORLD_EVENT_MAP_PING, .placed = true, .cell = cell};

	event.data = psprintf("{%s}", json_text_member("username", username));
	input_begin(lock, "map_ping");
	input_id("player_id", player_id);
	input_text("username", username);
	input_number("x", cell.x);
	input_number("y", cell.y);
	input_end();
	return record(lock, &event, player_id);
}

/* The value of both calls. */
static void
json_sequence(StringInfo value, int64 sequence)
{
	json_literal(value, "{\"sequence\":");
	json_int64(value, sequence);
	appendStringInfoChar(value, '}');
}

/* {"text": …}: said to everybody in the caller's world. */
void
reduce_chat(const Caller *caller, Jsonb *args, StringInfo value)
{
	char	  *text = call_text(args, "text", CHAT_MAX_CHARS);
	WorldLock *lock = world_lock(caller->world_id, WORLD_WAIT);

	json_sequence(value, record_chat(lock, caller->player_id, caller->username, text));
}

static Cell
cell_of(Jsonb *args, const Caller *caller)
{
	Cell  cell = {(int16) call_number(args, "x", 0, WORLD_CELLS_MAX - 1, true),
				  (int16) call_number(args, "y", 0, WORLD_CELLS_MAX - 1, true)};
	int32 size_x;
	int32 size_y;

	world_row_size(caller->world_id, &size_x, &size_y);
	if (cell.x >= size_x || cell.y >= size_y)
		ereport(ERROR, errcode(ERRCODE_NS_CELL_OUTSIDE),
				errmsg("cell (%d, %d) is outside world %lld", cell.x, cell.y, (long long) caller->world_id),
				errdetail("The world has %d x %d cells, counted from 0.", size_x, size_y),
				errhint("Point at one of its cells."));
	return cell;
}

/* {"x": …, "y": …}: a cell that everybody in the caller's world is to look at. */
void
reduce_map_ping(const Caller *caller, Jsonb *args, StringInfo value)
{
	Cell	   cell = cell_of(args, caller);
	WorldLock *lock = world_lock(caller->world_id, WORLD_WAIT);

	json_sequence(value, record_map_ping(lock, caller->player_id, caller->username, cell));
}
