/*
 * change_log.h
 *	  The log of changes: which rows each revision of a world changed.
 */
#ifndef NPCSIM_CHANGE_LOG_H
#define NPCSIM_CHANGE_LOG_H

#include "postgres.h"

#include "entity_list.h"

typedef enum ChangeKind /* The numbers are stored: append only. */
{
	CHANGE_WORLD = 1,		  /* settings, speed or status; no ids */
	CHANGE_TERRAIN,			  /* no ids */
	CHANGE_ITEM_TYPES,		  /* no ids: any of them */
	CHANGE_INTERACTION_TYPES, /* no ids: any of them */
	CHANGE_NPC_BORN,		  /* every column group */
	CHANGE_NPC_IDENTITY,
	CHANGE_NPC_MOTION,
	CHANGE_NPC_NEEDS,
	CHANGE_NPC_STATUS, /* or its request was opened or closed */
	CHANGE_NPC_REMOVED,
	CHANGE_ITEM, /* new or changed */
	CHANGE_ITEM_REMOVED,
	CHANGE_INTERACTION, /* new or changed */
	CHANGE_INTERACTION_REMOVED,
	CHANGE_PLAYER,	   /* new or changed; ids of players */
	CHANGE_NPC_HIDDEN, /* only images need it: the schedule */
	CHANGE_RESPAWN,	   /* an item will come back; it no longer does when it is there */
	CHANGE_NPC_MIND,   /* only images need it: plan and events */
	CHANGE_EVENT,	   /* the first new number in world_event_log */
	CHANGE_MESSAGE,	   /* the same, of messages */
	CHANGE_BID,		   /* only images need it: new or changed */
	CHANGE_BID_REMOVED,
	CHANGE_OF_ENTITIES = 32, /* from here on two of each entity; only images need them */
	CHANGE_KINDS = CHANGE_OF_ENTITIES + 2 * ENTITY_COUNT
} ChangeKind;

/* The changes of an entity that has none above: its things are new or changed, or gone. */
#define CHANGE_OF(name_)   ((ChangeKind) (CHANGE_OF_ENTITIES + 2 * ENTITY_##name_))
#define CHANGE_GONE(name_) ((ChangeKind) (CHANGE_OF_ENTITIES + 2 * ENTITY_##name_ + 1))

/* The ring has so many segments, one per minute of the wall clock. */
#define CHANGE_LOG_SEGMENTS 6

/* Changes that are noted and not written yet, by kind. An id may be noted several times. */
typedef struct ChangeNotes
{
	MemoryContext context;
	int64		 *ids[CHANGE_KINDS];
	int			  count[CHANGE_KINDS];
	int			  room[CHANGE_KINDS];
	bool		  noted[CHANGE_KINDS];
	/* Inputs, which are noted with them. */
	int					input_count;
	int					input_room;
	struct ChangeInput *inputs;
} ChangeNotes;

extern void change_notes_init(ChangeNotes *notes, MemoryContext context);
extern void change_notes_reset(ChangeNotes *notes);
extern void change_notes_add(ChangeNotes *notes, ChangeKind kind, int64 id);
extern void change_notes_add_input(ChangeNotes *notes, int64 sequence, int64 tick, const char *kind,
								   const char *payload);

/* Writes the notes as rows of change_log and world_inputs and forgets them. SPI must be connected. */
extern void change_notes_write(ChangeNotes *notes, int64 world_id, int64 revision);

/*
 * The changes after revision 'since' up to 'until', the present one, by kind; each id once, ascending. The
 * arrays are in the memory context in which change_log_since() was called. That reads by the caller's
 * snapshot when read_only, and returns false if the log does not have every revision in between.
 */
typedef struct ChangeSet
{
	int64 *ids[CHANGE_KINDS];
	int	   count[CHANGE_KINDS];
	bool   noted[CHANGE_KINDS];
} ChangeSet;

extern bool change_log_since(int64 world_id, int64 since, int64 until, bool read_only, ChangeSet *changes);

#endif /* NPCSIM_CHANGE_LOG_H */
