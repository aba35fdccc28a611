/*
 * entities.h
 *	  What a world's image holds besides NPCs, each described once: its rows, the lists of what is to be written, the changes
 *	  that tell others of it, and how a row that was read, or that is gone, finds its way into the image.
 *
 * Loading, catching up and writing are loops over these.
 */
#ifndef NPCSIM_ENTITIES_H
#define NPCSIM_ENTITIES_H

#include "engine/image.h"

typedef struct Entity
{
	RowType *rows;
	size_t	 size; /* of a thing */
	size_t
		written_list; /* offset of the PointerList of World with what is to be written; things are born or changed */
	size_t removed_list; /* of the IdList with what is gone */
	/* offsets in a thing; 0 = it has no such member */
	size_t	   born_at;
	size_t	   dirty_at;
	size_t	   revision_at;
	ChangeKind changed;
	ChangeKind removed;	  /* 0 = what takes its place tells */
	bool	   has_place; /* in the sight index */

	/* A row was read: the thing is a copy, its texts and lists are the image's. */
	void (*enter)(World *world, void *read);
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
