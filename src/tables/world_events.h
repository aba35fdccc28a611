/*
 * world_events.h
 *	  What happens in worlds: it is noted while it happens, and written with the transaction's flush.
 */
#ifndef NPCSIM_WORLD_EVENTS_H
#define NPCSIM_WORLD_EVENTS_H

#include "postgres.h"

#include "sim/sim.h"

/*
 * Each kind and the name by which readers know it. The numbers are stored in world_event_log.kinds: append
 * only.
 */
#define WORLD_EVENT_LIST(EVENT) \
	/* messages, of a player to everybody and of an NPC: the statements and views know them by their numbers */ \
	EVENT(WORLD_EVENT_CHAT, "chat") \
	EVENT(WORLD_EVENT_NPC_SAID, "npc_said") \
	/* all others */ \
	EVENT(WORLD_EVENT_MAP_PING, "map_ping") \
	EVENT(WORLD_EVENT_NPC_CREATED, "npc_created") \
	EVENT(WORLD_EVENT_NPC_REMOVED, "npc_removed") \
	EVENT(WORLD_EVENT_NPC_ARRIVED, "npc_arrived") \
	/* before it was where it wanted to be */ \
	EVENT(WORLD_EVENT_NPC_STOPPED, "npc_stopped") \
	EVENT(WORLD_EVENT_ITEM_CREATED, "item_created") \
	EVENT(WORLD_EVENT_ITEM_REMOVED, "item_removed") \
	EVENT(WORLD_EVENT_ITEM_USED_UP, "item_used_up") \
	EVENT(WORLD_EVENT_ITEM_RESPAWNED, "item_respawned") \
	EVENT(WORLD_EVENT_INTERACTION_STARTED, "interaction_started") \
	EVENT(WORLD_EVENT_INTERACTION_FINISHED, "interaction_finished") \
	EVENT(WORLD_EVENT_INTERACTION_CANCELLED, "interaction_cancelled") \
	EVENT(WORLD_EVENT_INTERACTION_JOINED, "interaction_joined") \
	/* the others go on */ \
	EVENT(WORLD_EVENT_INTERACTION_LEFT, "interaction_left") \
	/* what a mind decided does not hold any more: its answer was moot, or its plan failed */ \
	EVENT(WORLD_EVENT_DECISION_INVALIDATED, "decision_invalidated") \
	/* an NPC came for something that others have */ \
	EVENT(WORLD_EVENT_INTERACTION_CONFLICT, "interaction_conflict") \
	EVENT(WORLD_EVENT_PATH_RECALCULATED, "path_recalculated") \
	/* of a player, or of one source */ \
	EVENT(WORLD_EVENT_SOURCE_SUSPENDED, "source_suspended") \
	EVENT(WORLD_EVENT_SOURCE_BACK, "source_back")

typedef enum WorldEventKind
{
	WORLD_EVENT_NONE,
#define EVENT(kind_, name_) kind_,
	WORLD_EVENT_LIST(EVENT)
#undef EVENT
		WORLD_EVENT_KINDS
} WorldEventKind;

/* Returns NULL if there is no such kind. */
extern const char *world_event_kind_name(int kind);

static inline bool
world_event_is_message(WorldEventKind kind)
{
	return kind == WORLD_EVENT_CHAT || kind == WORLD_EVENT_NPC_SAID;
}

/* An event of a world. Ids are 0 where there is none. */
typedef struct WorldEvent
{
	WorldEventKind kind;
	int64		   sequence;
	int64		   clock;
	int64		   npc_id;
	int64		   target_id;
	int64		   interaction_id;
	int64		   player_id;
	bool		   placed; /* it happened at a cell */
	Cell		   cell;
	char		  *data; /* a JSON object, or NULL */
} WorldEvent;

/* Events that are not written yet. */
typedef struct EventNotes
{
	MemoryContext context;
	WorldEvent	 *events;
	int			  count;
	int			  room;
	/* The sequence of the first event that is no message; 0 = there is none. */
	int64 first_event;
	int64 first_message;
} EventNotes;

extern void event_notes_init(EventNotes *notes, MemoryContext context);
extern void event_notes_reset(EventNotes *notes);
/* Copies the event and its data. */
extern void event_notes_add(EventNotes *notes, const WorldEvent *event);
/* Writes the events and forgets them. SPI must be connected. */
extern void event_notes_write(EventNotes *notes, int64 world_id, int64 revision);

/*
 * The most events of a row: so many that the other columns weigh little, and so few that the row is not moved
 * out of line (TOAST).
 */
#define ROW_EVENTS_MAX 64

/* ---- reading for clients, between spi_begin() and spi_end(): world_events_read.c ---- */

typedef enum EventStream
{
	STREAM_MESSAGES,
	STREAM_WORLD_EVENTS
} EventStream;

typedef struct EventRow
{
	WorldEvent event;
	int64	   revision;
	char	  *text;		/* of a message */
	char	  *interaction; /* its name, where world_events_last() reads it; or NULL */
	char *username; /* of the player whose doing it was, as it is now; NULL = nobody's, or one who is gone */
	char *sent_at;	/* a JSON string, or NULL */
} EventRow;

/*
 * Reads the last 'limit' rows of a stream of a world from a sequence on, in order, and returns their number.
 * The sequence must be one that the change log still knows. It reads by the caller's snapshot, into the
 * caller's memory context.
 */
extern int world_events_since(int64 world_id, EventStream stream, int64 first, int limit, EventRow **rows);
/* Returns how many messages there are from that sequence on. */
extern int64 world_messages_count_since(int64 world_id, int64 first);
/*
 * Reads the last events and messages of a world, but for those of players, from at most so many rows of the log, and returns their number. It names
 * no players.
 */
extern int world_events_last(int64 world_id, int rows_most, int limit, EventRow **rows);
/* Reads the last messages of a world, however old, and returns their number. */
extern int world_messages_last(int64 world_id, int limit, EventRow **rows);

#endif /* NPCSIM_WORLD_EVENTS_H */
