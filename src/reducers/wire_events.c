/*
 * wire_events.c
 *	  Writes events and messages as clients get them: the streams "messages" and "world_events".
 *
 * Both are in one log, whose numbers have no gaps: so the numbers tell how many rows of a stream are
 * left out, without counting them.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "json.h"
#include "reducers/wire_events.h"
#include "spi.h"
#include "tables/world_events.h"

/* The most rows of one delta. */
#define NEW_EVENTS_MAX	 2000
#define NEW_MESSAGES_MAX 500

/* The number of messages in a snapshot. */
#define LAST_MESSAGES 50

static void
json_optional_id(StringInfo out, const char *name, int64 id)
{
	if (id == 0)
		return;
	appendStringInfo(out, ",\"%s\":", name);
	json_int64(out, id);
}

static void
json_event(StringInfo out, const WorldHead *head, const EventRow *row)
{
	const WorldEvent *event = &row->event;
	int64			  tick_length = SIM_SECOND / head->tick_rate;
	const char		 *kind = world_event_kind_name(event->kind);

	json_literal(out, "{\"sequence\":");
	json_int64(out, event->sequence);
	json_literal(out, ",\"clock\":");
	json_millionths(out, event->clock);
	json_literal(out, ",\"tick\":");
	json_int64(out, (event->clock + tick_length - 1) / tick_length);
	json_literal(out, ",\"revision\":");
	json_int64(out, row->revision);
	json_literal(out, ",\"kind\":");
	json_string(out, kind);
	json_optional_id(out, "npc_id", event->npc_id);
	json_optional_id(out, "target_id", event->target_id);
	json_optional_id(out, "interaction_id", event->interaction_id);
	json_optional_id(out, "player_id", event->player_id);
	if (event->placed)
		appendStringInfo(out, ",\"x\":%d,\"y\":%d", event->cell.x, event->cell.y);
	if (row->text != NULL)
	{
		if (row->username != NULL)
		{
			json_literal(out, ",\"username\":");
			json_string(out, row->username);
		}
		json_literal(out, ",\"text\":");
		json_string(out, row->text);
	}
	if (row->sent_at != NULL)
		appendStringInfo(out, ",\"sent_at_real\":%s", row->sent_at);
	if (event->data != NULL)
		appendStringInfo(out, ",\"data\":%s", event->data);
	else if (row->text == NULL && row->username != NULL)
		appendStringInfo(out, ",\"data\":{%s}", json_text_member("username", row->username));
	appendStringInfoChar(out, '}');
}

static void
json_events(StringInfo out, const WorldHead *head, const EventRow *rows, int count)
{
	appendStringInfoChar(out, '[');
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoChar(out, ',');
		json_event(out, head, &rows[i]);
	}
	appendStringInfoChar(out, ']');
}

void
json_last_messages(StringInfo out, const WorldHead *head)
{
	EventRow *rows;
	int		  count = world_messages_last(head->world_id, LAST_MESSAGES, &rows);

	json_events(out, head, rows, count);
}

/* Writes a stream's rows; 'total' is how many it has, including those left out. */
static void
json_stream(StringInfo out, const char *name, const WorldHead *head, const EventRow *rows, int count,
			int64 total)
{
	appendStringInfo(out, ",\"%s\":{\"append\":", name);
	json_events(out, head, rows, count);
	json_literal(out, ",\"dropped\":");
	json_int64(out, Max(total - count, 0));
	appendStringInfoChar(out, '}');
}

static int64
messages_from(const WorldHead *head, int64 first_message, int64 first)
{
	return first_message != 0 ? world_messages_count_since(head->world_id, Max(first_message, first)) : 0;
}

void
json_new_events(StringInfo out, const WorldHead *head, int64 first_event, int64 first_message)
{
	EventRow *rows;
	int		  count;

	if (first_message != 0)
	{
		count = world_events_since(head->world_id, STREAM_MESSAGES, first_message, NEW_MESSAGES_MAX, &rows);
		json_stream(out, "messages", head, rows, count,
					count < NEW_MESSAGES_MAX ? count : messages_from(head, first_message, first_message));
	}
	if (first_event != 0)
	{
		count = world_events_since(head->world_id, STREAM_WORLD_EVENTS, first_event, NEW_EVENTS_MAX, &rows);
		json_stream(out, "world_events", head, rows, count,
					head->next_event - first_event - messages_from(head, first_message, first_event));
	}
}
