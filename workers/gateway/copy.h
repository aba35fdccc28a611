/*
 * copy.h
 *	  One world's rows in memory, as finished JSON.
 *
 * Every row is kept as the texts of its column groups, each with the revision
 * at which it last changed, so that what changed for a client since any
 * revision is joined from texts that are ready.  Texts are counted: a
 * snapshot on its way to a client holds the ones of its own revision.
 */
#ifndef NPCSIM_GATEWAY_COPY_H
#define NPCSIM_GATEWAY_COPY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fragment.h"
#include "stream.h"

#define COPY_EPOCH_SIZE 80

typedef enum TableId
{
	TABLE_WORLD, /* these two are one row without an id */
	TABLE_TERRAIN,
	TABLE_ITEM_TYPES,
	TABLE_INTERACTION_TYPES,
	TABLE_PLAYERS,
	TABLE_INTERACTIONS,
	TABLE_NPCS,
	TABLE_WORLD_ITEMS,
	TABLE_MESSAGES, /* from here on streams: not rows that change, but what is told once */
	TABLE_WORLD_EVENTS,
	TABLE_COUNT
} TableId;

#define FIRST_STREAM TABLE_MESSAGES
#define STREAM_COUNT (TABLE_COUNT - FIRST_STREAM)

extern const char *const table_names[TABLE_COUNT];

/* An NPC has all groups, any other row only GROUP_ROW. */
typedef enum GroupId
{
	GROUP_ROW = 0,
	GROUP_IDENTITY = 0,
	GROUP_MOTION,
	GROUP_NEEDS,
	GROUP_STATUS,
	GROUP_OTHER, /* fields that this version does not know */
	GROUP_COUNT
} GroupId;

typedef struct Entity
{
	TableId		   table;
	uint32_t	   slot; /* its bit in what a client has */
	uint32_t	   mark; /* of the last delta that named it */
	uint32_t	   hash;
	bool		   removed;
	bool		   placed; /* has a position: cameras apply */
	bool		   key_is_integer;
	Fragment	  *key;		 /* the id as JSON */
	int64_t		   created;	 /* revision from which it was known */
	int64_t		   revision; /* of its latest change */
	int64_t		   group_revision[GROUP_COUNT];
	Fragment	  *group[GROUP_COUNT]; /* NULL: no such fields */
	double		   x;
	double		   y;
	double		   departed_at;
	int			   path_length; /* cells */
	int			  *path;		/* x, y, x, y, … */
	struct Entity *chain;		/* of the same hash bucket */
	struct Entity *newer;		/* in the order of changes */
	struct Entity *older;
	struct Entity *next_removed;
} Entity;

typedef struct WorldCopy
{
	char	  epoch[COPY_EPOCH_SIZE];
	int64_t	  base; /* the revision that was loaded; older is unknown */
	int64_t	  revision;
	double	  view_buffer; /* cells around a camera */
	double	  size_x;
	double	  size_y;
	double	  tick_rate; /* ticks per second of world time */
	Entity	**buckets;
	uint32_t  bucket_count; /* a power of two */
	uint32_t  entity_count;
	Entity	 *newest; /* changed last */
	Entity	 *oldest;
	Entity	 *removed_first; /* in the order of removal */
	Entity	 *removed_last;
	uint32_t  slot_count; /* slots ever used */
	uint32_t  mark;		  /* of the delta that is being applied */
	uint32_t *free_slots;
	uint32_t  free_slot_count;
	uint32_t  free_slot_room;
	Stream	 *streams[STREAM_COUNT]; /* TABLE_MESSAGES … */
} WorldCopy;

typedef struct Rectangle
{
	double min_x;
	double min_y;
	double max_x;
	double max_y;
} Rectangle;

/* From world_snapshot; NULL with a message when it is not what was agreed. */
extern WorldCopy *copy_create(const json_t *snapshot, char *message, size_t size);
extern void		  copy_free(WorldCopy *copy);

/* From world_delta without "resync"; false, with nothing usable left, on bad input. */
extern bool copy_apply(WorldCopy *copy, const json_t *delta, char *message, size_t size);

/* Frees removed rows that were removed at or before the revision. */
extern void copy_forget_removed(WorldCopy *copy, int64_t revision);

extern bool rectangle_has(const Rectangle *rectangle, double x, double y);

/* Does the position, or what is left of the path, lie in the rectangle? */
extern bool entity_meets(const Entity *entity, const Rectangle *rectangle, double clock);

/* Where it is, to the cell, at that clock. */
extern void entity_position(const Entity *entity, double clock, double *x, double *y);

#endif /* NPCSIM_GATEWAY_COPY_H */
