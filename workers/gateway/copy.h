/*
 * copy.h
 *	  Keeps the rows of one world in memory as finished JSON.
 *
 * Every row is kept as the texts of its column groups, each with the revision
 * at which it last changed, so that what changed for a client since any
 * revision is joined from finished texts.  References to texts are counted: a
 * snapshot on its way to a client holds those of its own revision.
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
	TABLE_WORLD, /* this and the next are a single row without an id */
	TABLE_TERRAIN,
	TABLE_ITEM_TYPES,
	TABLE_INTERACTION_TYPES,
	TABLE_PLAYERS,
	TABLE_INTERACTIONS,
	TABLE_NPCS,
	TABLE_WORLD_ITEMS,
	TABLE_MESSAGES, /* this and the next are streams: rows that are told once and never change */
	TABLE_WORLD_EVENTS,
	TABLE_COUNT
} TableId;

#define FIRST_STREAM TABLE_MESSAGES
#define STREAM_COUNT (TABLE_COUNT - FIRST_STREAM)

extern const char *const table_names[]; /* by TableId */

/* The column groups of a row.  An NPC has all of them, a row of another table only GROUP_ROW. */
typedef enum GroupId
{
	GROUP_ROW = 0,
	GROUP_IDENTITY = 0,
	GROUP_MOTION,
	GROUP_NEEDS,
	GROUP_STATUS,
	GROUP_OTHER, /* fields that this version of the gateway does not know */
	GROUP_COUNT
} GroupId;

typedef struct Entity
{
	TableId		   table;
	uint32_t	   slot; /* the number of its bit in Watch.has */
	uint32_t	   mark; /* the copy's mark of the last delta that named it */
	uint32_t	   hash;
	bool		   removed;
	bool		   placed; /* it has a position, so that cameras apply to it */
	bool		   key_is_integer;
	Fragment	  *key;		 /* its id as JSON */
	int64_t		   created;	 /* the revision from which on it was known */
	int64_t		   revision; /* the revision of its latest change */
	int64_t		   group_revision[GROUP_COUNT];
	Fragment	  *group[GROUP_COUNT]; /* NULL = it has no fields of this group */
	double		   x;
	double		   y;
	double		   departed_at;
	int			   path_length; /* in cells */
	int			  *path;		/* x, y, x, y, … */
	struct Entity *chain;		/* the next in its hash bucket */
	struct Entity *newer;		/* its neighbours in the order of changes */
	struct Entity *older;
	struct Entity *next_removed;
} Entity;

typedef struct WorldCopy
{
	char	  epoch[COPY_EPOCH_SIZE];
	int64_t	  base; /* the revision that was loaded; what changed before it is not known */
	int64_t	  revision;
	double	  view_buffer; /* cells around a camera that belong to its view */
	double	  size_x;
	double	  size_y;
	double	  tick_rate; /* ticks per second of world time */
	Entity	**buckets;
	uint32_t  bucket_count; /* a power of two */
	uint32_t  entity_count;
	Entity	 *newest; /* the one that changed last */
	Entity	 *oldest;
	Entity	 *removed_first; /* those that were removed, in that order */
	Entity	 *removed_last;
	uint32_t  slot_count; /* slots ever used */
	uint32_t  mark;		  /* the number of the delta that is being applied */
	uint32_t *free_slots;
	uint32_t  free_slot_count;
	uint32_t  free_slot_room;
	Stream	 *streams[STREAM_COUNT]; /* by TableId - FIRST_STREAM */
} WorldCopy;

typedef struct Rectangle
{
	double min_x;
	double min_y;
	double max_x;
	double max_y;
} Rectangle;

/* Makes a copy of what world_snapshot gave; returns NULL, and why in "message", if it has not the agreed form. */
extern WorldCopy *copy_create(const json_t *snapshot, char *message, size_t size);
extern void		  copy_free(WorldCopy *copy);

/* Applies what world_delta gave, without "resync"; returns false, and the copy is not usable any more, on bad input. */
extern bool copy_apply(WorldCopy *copy, const json_t *delta, char *message, size_t size);

/* Frees the rows that were removed at or before the revision. */
extern void copy_forget_removed(WorldCopy *copy, int64_t revision);

extern bool rectangle_has(const Rectangle *rectangle, double x, double y);

/* Returns true if the entity's position, or a cell of what is left of its path at that clock, lies in the rectangle. */
extern bool entity_meets(const Entity *entity, const Rectangle *rectangle, double clock);

/* Tells where the entity is at that clock, to the cell. */
extern void entity_position(const Entity *entity, double clock, double *x, double *y);

#endif /* NPCSIM_GATEWAY_COPY_H */
