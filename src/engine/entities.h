/*
 * entities.h
 *	  What there are many of in a world, each kind described once: its rows, the lists of what is to be written, the changes that tell
 *	  others of it, and how a row that was read, or that is gone, finds its way into the image.
 *
 * A kind is a table of a world's state, or several. Its description is NAME_entity in src/entities/NAME.c, and has a line in
 * entity_list.h; loading, catching up, writing and dropping are loops over these. What a world has once is none: settings, clock,
 * terrain (tables/worlds.h).
 *
 * The least is a thing that begins with nothing but its columns, and has these members:
 *
 *		typedef struct Cloud
 *		{
 *			int64 id;
 *			…
 *			Due	  due;			what is due to it; its time is a column, or there is none
 *			ItemPointerData row;
 *			bool  born;
 *			bool  dirty;
 *			int	  dirty_place;
 *		} Cloud;
 *
 *		static RowType cloud_rows = {…, .place_at = offsetof(Cloud, row)};
 *
 *		const Entity clouds_entity = {
 *			ENTITY_OF(clouds, Cloud),
 *			ENTITY_ROWS(CHANGE_OF(clouds), cloud_rows),
 *			.removed = CHANGE_GONE(clouds),
 *		};
 *
 * thing_new(), thing_touch(), thing_set_due() and thing_drop() are all that its rules need then.
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
	size_t			size; /* of a thing that is entered; 0 = rows are read into the image itself */
	/* offsets in a thing; 0 = it has no such member */
	size_t	   born_at;
	size_t	   dirty_at;	   /* a truth value: of things of one group */
	size_t	   groups_at;	   /* a mask: of things of several */
	size_t	   dirty_place_at; /* an int: its place in the list of what is to be written */
	size_t	   due_at;		   /* Due: its place in the heap of events, for 'due' below */
	ChangeKind born;		   /* all groups are new; 0 = it is a change like others */
	ChangeKind removed;		   /* 0 = what takes its place tells */

	/*
	 * A row was read: 'read' is a copy, its texts and lists are the image's. NULL = it is put into the image in place of what was
	 * there.
	 */
	void (*enter)(World *world, void *read);
	/* Where rows are read into the image itself: a new thing. */
	void *(*make)(World *world, int64 id);
	/* All rows of a change were read; NULL = nothing is to be done then. */
	void (*settle)(World *world, void *thing);
	/* It leaves the image; NULL = it is in the table of those by id and in the heap of events, and points to nothing. */
	void (*forget)(World *world, void *thing);
	/* How rows that are gone are deleted; NULL = by their ids. */
	void (*delete_removed)(World *world);
	/* What of them is written besides; NULL = nothing. */
	void (*write_rest)(World *world, void **things, int count);

	/* ---- rules; NULL = there is none ---- */

	/* A world begins, at time 0: what there is of it from then on. Worlds that are there already begin without. */
	void (*begin)(World *world);
	/* Its moment has come, and it has none any more unless it is given one. */
	void (*due)(World *world, void *thing);
} Entity;

#define ENTITY_NAME(name_) .name = #name_, .number = ENTITY_##name_

/* Of things of one group, with those members. */
#define ENTITY_OF(name_, thing_) \
	ENTITY_NAME(name_), .size = sizeof(thing_), .born_at = offsetof(thing_, born), \
						.dirty_at = offsetof(thing_, dirty), .dirty_place_at = offsetof(thing_, dirty_place)

/* The rows of these, and what tells others of them. */
#define ENTITY_ROWS(changed_, rows_) \
	.groups = (const RowGroup[]) {{.changed = (changed_), .rows = &(rows_)}}, .group_count = 1

#define ENTITY_DECLARED(name_) extern const Entity name_##_entity;
ENTITIES(ENTITY_DECLARED)
#undef ENTITY_DECLARED

/* By number; set when the library is loaded. */
extern const Entity *entities[ENTITY_COUNT];

/* When the library is loaded: entities.c of src/entities, which has all of them. */
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

/* NULL = there is none. */
extern const Entity *entity_named(const char *name);

/* ---- the image, as a row tells ---- */

extern void thing_enter(World *world, const Entity *entity, void *read);
/* Nothing happens when there is none. */
extern void thing_forget(World *world, const Entity *entity, int64 id);

/* ---- what rules change ---- */

/* One that has no row yet, with an id of the world's: the members that its row has are the caller's to fill in. */
extern void *thing_new(World *world, EntityNumber number);
/* Its row is to be written. */
extern void thing_touch(World *world, EntityNumber number, void *thing);
/* It is gone: its row, too, when the world is written. */
extern void thing_drop(World *world, EntityNumber number, void *thing);
/* When its moment comes (SIM_NEVER: it has none), of those that have a rule for that. */
extern void thing_set_due(World *world, EntityNumber number, void *thing, int64 at);
/* It has come. */
extern void thing_is_due(World *world, EntityNumber number, void *thing);

#endif /* NPCSIM_ENTITIES_H */
