/*
 * entities.h
 *	  Descriptions of entities, which are the kinds of things that a world has many of. A description
 *	  tells the rows of an entity, the lists of what is to be written, the changes that tell others of it,
 *	  and how a row that was read, or is gone, finds its way into the image.
 *
 * An entity is one table of a world's state, or several. Its description is NAME_entity in
 * src/entities/NAME.c, and has a line in entity_list.h; loading, catching up, writing and dropping are
 * loops over the list. What a world has once (settings, clock, terrain) is no entity: see
 * tables/worlds.h.
 *
 * The simplest entity is a thing that begins with nothing but its columns, and has these members:
 *
 *	typedef struct Cloud
 *	{
 *		int64 id;
 *		…
 *		Due	  due;			what is due to it; its time is a column, or there is none
 *		ItemPointerData row;
 *		bool  born;
 *		bool  dirty;
 *		int	  dirty_place;
 *	} Cloud;
 *
 *	static RowType cloud_rows = {…, .place_at = offsetof(Cloud, row)};
 *
 *	const Entity clouds_entity = {
 *		ENTITY_OF(clouds, Cloud),
 *		ENTITY_ROWS(CHANGE_OF(clouds), cloud_rows),
 *		.removed = CHANGE_GONE(clouds),
 *	};
 *
 * Its rules then need nothing but thing_new(), thing_touch(), thing_set_due() and thing_drop().
 */
#ifndef NPCSIM_ENTITIES_H
#define NPCSIM_ENTITIES_H

#include "engine/image.h"

typedef struct Entity
{
	const char	   *name;
	EntityNumber	number;
	const RowGroup *groups; /* the first is in the table that has a row of each thing */
	int				group_count;
	size_t			size; /* of a thing; 0 if rows are read into the image itself */
	/* Offsets of members in a thing; 0 if it has no such member. */
	size_t	   born_at;
	size_t	   dirty_at;	   /* of a flag, for things of one group */
	size_t	   groups_at;	   /* of a mask, for things of several groups */
	size_t	   dirty_place_at; /* an int: its place in the list of what is to be written */
	size_t	   due_at;		   /* Due: its place in the heap of events, for 'due' below */
	ChangeKind born;		   /* all groups are new; 0 if 'changed' of a group tells that */
	ChangeKind removed;		   /* 0 if the change of what takes its place tells that */

	/*
	 * Puts 'read' into the image, in place of the thing that was there; it is a copy of a row that was read,
	 * but its texts and lists belong to the image. NULL if it is simply copied.
	 */
	void (*enter)(World *world, void *read);
	/* Makes a new thing, if rows are read into the image itself. */
	void *(*make)(World *world, int64 id);
	/* Does what is to be done when all rows of a change were read; NULL for nothing. */
	void (*settle)(World *world, void *thing);
	/*
	 * Takes a thing out of the image. NULL if it is only in the table by id and in the heap of events, and
	 * points to nothing.
	 */
	void (*forget)(World *world, void *thing);
	/* Deletes the rows of what was removed; NULL if they are deleted by their ids. */
	void (*delete_removed)(World *world);
	/* Writes what things have besides their rows; NULL for nothing. */
	void (*write_rest)(World *world, void **things, int count);

	/* ---- rules; NULL if there is none ---- */

	/*
	 * Makes what a world has of the entity when it begins, at time 0. Worlds that exist already get nothing.
	 */
	void (*begin)(World *world);
	/* Does what is due to a thing at its moment. It has no other moment unless it is given one. */
	void (*due)(World *world, void *thing);
} Entity;

#define ENTITY_NAME(name_) .name = #name_, .number = ENTITY_##name_

/* For things of one group that have these members. */
#define ENTITY_OF(name_, thing_) \
	ENTITY_NAME(name_), .size = sizeof(thing_), .born_at = offsetof(thing_, born), \
						.dirty_at = offsetof(thing_, dirty), .dirty_place_at = offsetof(thing_, dirty_place)

/* For an entity with one group: its rows, and the change that tells others of them. */
#define ENTITY_ROWS(changed_, rows_) \
	.groups = (const RowGroup[]) {{.changed = (changed_), .rows = &(rows_)}}, .group_count = 1

#define ENTITY_DECLARED(name_) extern const Entity name_##_entity;
ENTITIES(ENTITY_DECLARED)
#undef ENTITY_DECLARED

/* They are in the order of their numbers, and set when the library is loaded. */
extern const Entity *entities[ENTITY_COUNT];

/*
 * Sets them. It is in src/entities/entities.c, which has all of them, and is called when the library is
 * loaded.
 */
extern void entities_init(void);

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

/* Returns NULL if there is none. */
extern const Entity *entity_named(const char *name);

/* ---- the image, when a row was read ---- */

extern void thing_enter(World *world, const Entity *entity, void *read);
/* Does nothing if there is no such thing. */
extern void thing_forget(World *world, const Entity *entity, int64 id);

/* ---- what rules change ---- */

/*
 * Returns a new thing, with a new id of the world and no row yet. The caller fills in the other members that
 * its row has.
 */
extern void *thing_new(World *world, EntityNumber number);
/* Has the thing's row written. */
extern void thing_touch(World *world, EntityNumber number, void *thing);
/* Removes a thing from the image, and its row when the world is written. */
extern void thing_drop(World *world, EntityNumber number, void *thing);
/* Sets when something is due to a thing whose entity has a rule for that; SIM_NEVER for never. */
extern void thing_set_due(World *world, EntityNumber number, void *thing, int64 at);
/* Does what is due to the thing, whose moment has come. */
extern void thing_is_due(World *world, EntityNumber number, void *thing);

#endif /* NPCSIM_ENTITIES_H */
