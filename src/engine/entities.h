/*
 * entities.h
 *	  What a world's image holds, each described once: its rows, the lists of what is to be written, the changes
 *	  that tell others of it, and how a row that was read, or that is gone, finds its way into the image.
 *
 * Loading, catching up, writing and dropping are loops over these. A new table of a world's state with many rows is one of them; what
 * a world has once is not: settings, clock, terrain (tables/worlds.h). tests/pgtap/14_tables.sql names the places where one is missing.
 */
#ifndef NPCSIM_ENTITIES_H
#define NPCSIM_ENTITIES_H

#include "engine/image.h"

typedef struct Entity
{
	const RowGroup *groups; /* the first is in the table that has a row of each thing */
	int				group_count;
	size_t			size; /* of a thing that is entered; 0 = rows are read into the image itself */
	size_t
		written_list; /* offset of the PointerList of World with what is to be written; things are born or changed */
	size_t removed_list; /* of the IdList with what is gone */
	/* offsets in a thing; 0 = it has no such member */
	size_t	   born_at;
	size_t	   dirty_at;  /* a truth value: of things of one group */
	size_t	   groups_at; /* a mask: of things of several */
	ChangeKind born;	  /* all groups are new; 0 = it is a change like others */
	ChangeKind removed;	  /* 0 = what takes its place tells */

	/* A row was read: the thing is a copy, its texts and lists are the image's. */
	void (*enter)(World *world, void *read);
	/* Where rows are read into the image itself: the thing that is there, NULL if there is none; or a new one. */
	void *(*find)(World *world, int64 id);
	void *(*make)(World *world, int64 id);
	/* All rows of a change were read; NULL = nothing is to be done then. */
	void (*settle)(World *world, void *thing);
	/* The row of this id is gone. */
	void (*forget)(World *world, int64 id);
	/* How rows that are gone are deleted; NULL = by their ids. */
	void (*delete_removed)(World *world);
	/* What of them is written besides; NULL = nothing. */
	void (*write_rest)(World *world, void **things, int count);
} Entity;

/* In the order in which they are written. */
extern const Entity entities[];
extern const int	entity_count;

static inline RowType *
entity_rows(const Entity *entity)
{
	return entity->groups[0].rows;
}

/* Whether the group is the first of those in its table. */
static inline bool
entity_group_begins_table(const Entity *entity, int group)
{
	for (int i = 0; i < group; i++)
		if (entity->groups[i].rows == entity->groups[group].rows)
			return false;
	return true;
}

static inline PointerList *
entity_written(const Entity *entity, World *world)
{
	return (PointerList *) ((char *) world + entity->written_list);
}

static inline IdList *
entity_removed(const Entity *entity, World *world)
{
	return (IdList *) ((char *) world + entity->removed_list);
}

#endif /* NPCSIM_ENTITIES_H */
