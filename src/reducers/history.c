/*
 * history.c
 *	  What a mind is told that another one decided before.
 *
 * It is read from the log of events, which everybody may see who watches: the last rows of it, once for all NPCs that a claim hands
 * to new minds.  Of an event its kind, its interaction and whom or what it was with are told, and nothing else of its data; of
 * messages those that the NPC said, that were said in interactions it took part in, or within sight of where it is.  The newest come
 * first into the room there is; what does not fit by itself is left out.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "json.h"
#include "reducers/history.h"
#include "reducers/scene_json.h"

/* So many rows of the log are looked at: some minutes of most worlds. */
#define HISTORY_ROWS 500
/* So many events at most. */
#define HISTORY_READ 2000
/* An NPC's last events of interactions. */
#define TOOK_PART_MOST 64
/* So many events are told at most. */
#define HISTORY_EVENTS 24
/* What is said is cut after so many bytes. */
#define SAID_BYTES 120

void
recent_events_read(RecentEvents *recent, int64 world_id)
{
	recent->count = world_events_last(world_id, HISTORY_ROWS, HISTORY_READ, &recent->rows);
}

/* The interactions that an NPC took part in, as far as the log tells. */
typedef struct TookPart
{
	int64 interactions[TOOK_PART_MOST]; /* the last ones */
	int	  count;
} TookPart;

static void
find_interactions(TookPart *took_part, const RecentEvents *recent, int64 npc_id)
{
	took_part->count = 0;
	for (int i = recent->count - 1; i >= 0 && took_part->count < TOOK_PART_MOST; i--)
		if (recent->rows[i].event.npc_id == npc_id && recent->rows[i].event.interaction_id != 0)
			took_part->interactions[took_part->count++] = recent->rows[i].event.interaction_id;
}

static bool
was_in(const TookPart *took_part, int64 interaction_id)
{
	for (int i = 0; interaction_id != 0 && i < took_part->count; i++)
		if (took_part->interactions[i] == interaction_id)
			return true;
	return false;
}

static bool
is_in_sight(const WorldEvent *event, Cell cell)
{
	int32 x = event->cell.x - cell.x;
	int32 y = event->cell.y - cell.y;

	return event->placed && x * x + y * y <= SIGHT_SQUARED;
}

/* What an NPC did, or what became of it, as everybody can see who is near. */
static const WorldEventKind seen_kinds[] = {
	WORLD_EVENT_NPC_CREATED,		 WORLD_EVENT_NPC_ARRIVED,		   WORLD_EVENT_NPC_STOPPED,
	WORLD_EVENT_INTERACTION_STARTED, WORLD_EVENT_INTERACTION_FINISHED, WORLD_EVENT_INTERACTION_CANCELLED,
	WORLD_EVENT_INTERACTION_JOINED,	 WORLD_EVENT_INTERACTION_LEFT,
};

static bool
kind_is_seen(WorldEventKind kind)
{
	for (size_t i = 0; i < lengthof(seen_kinds); i++)
		if (seen_kinds[i] == kind)
			return true;
	return false;
}

/* Whether an event is told of in the history of an NPC. */
static bool
is_told(const TookPart *took_part, const WorldEvent *event, int64 npc_id, Cell cell)
{
	if (event->kind == WORLD_EVENT_NPC_SAID)
		return event->npc_id == npc_id || is_in_sight(event, cell) ||
			   was_in(took_part, event->interaction_id);
	return event->npc_id == npc_id && kind_is_seen(event->kind);
}

/* Writes one event, as an object. */
static void
json_event(StringInfo out, const EventRow *row, const Scene *scene, int64 npc_id)
{
	const WorldEvent *event = &row->event;
	const NpcRow	 *speaker;

	json_literal(out, "{\"at\":");
	json_millionths(out, event->clock);
	appendStringInfo(out, ",\"type\":\"%s\"", world_event_kind_name(event->kind));
	if (event->kind == WORLD_EVENT_NPC_SAID)
	{
		const char *text = row->text != NULL ? row->text : "";

		if (event->npc_id != npc_id)
		{
			json_literal(out, ",\"npc_id\":");
			json_int64(out, event->npc_id);
			speaker = npc_row_find(scene->seen, event->npc_id);
			if (speaker != NULL)
			{
				json_literal(out, ",\"name\":");
				json_string(out, speaker->name);
			}
		}
		json_literal(out, ",\"message\":");
		json_string(out, pnstrdup(text, pg_mbcliplen(text, (int) strlen(text), SAID_BYTES)));
	}
	else if (event->interaction_id != 0)
	{
		if (row->interaction != NULL)
		{
			json_literal(out, ",\"interaction\":");
			json_string(out, row->interaction);
		}
		json_literal(out, ",\"target_id\":");
		json_id(out, event->target_id);
	}
	appendStringInfoChar(out, '}');
}

void
json_history(StringInfo out, const RecentEvents *recent, const Scene *scene, int viewer, int bytes)
{
	int64	 npc_id = scene->viewers->rows[viewer].id;
	char	*told[HISTORY_EVENTS];
	int		 count = 0;
	int		 room = bytes - 2; /* its brackets */
	TookPart took_part;

	find_interactions(&took_part, recent, npc_id);
	for (int i = recent->count - 1; i >= 0 && count < HISTORY_EVENTS; i--)
	{
		StringInfoData text;

		if (!is_told(&took_part, &recent->rows[i].event, npc_id, scene->cells[viewer]))
			continue;
		initStringInfo(&text);
		json_event(&text, &recent->rows[i], scene, npc_id);
		if (text.len + (count > 0) > room)
			continue;
		room -= text.len + (count > 0);
		told[count++] = text.data;
	}
	if (count == 0)
		return;
	json_literal(out, ",\"history\":[");
	for (int i = count - 1; i >= 0; i--)
		appendStringInfo(out, "%s%s", told[i], i > 0 ? "," : "");
	appendStringInfoChar(out, ']');
}
