/*
 * edits.h
 *	  Writes through views: rows as their INSTEAD OF triggers get them.
 *
 * The row trigger locks the row's world, compares, checks and changes the image; the view's AFTER
 * STATEMENT trigger writes the images of all worlds that the statement touched, so that a statement
 * costs one write however many rows it has.
 */
#ifndef NPCSIM_EDITS_H
#define NPCSIM_EDITS_H

#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"

#include "engine/world.h"

typedef enum EditKind
{
	EDIT_INSERT,
	EDIT_UPDATE,
	EDIT_DELETE
} EditKind;

/* A column of a view: the group it belongs to, or why it cannot be written. */
typedef struct EditColumn
{
	const char *name;
	int			group; /* in the view's own numbering; ignored if there is a hint */
	const char *hint;  /* NULL = it can be written */
} EditColumn;

typedef struct Edit
{
	EditKind	kind;
	const char *view;
	TupleDesc	desc;
	HeapTuple	old; /* NULL in an INSERT */
	HeapTuple new;	 /* NULL in a DELETE */
	/* What the row is to show: columns set by edit_show(). */
	Datum *values;
	bool  *nulls;
	bool  *shown;
} Edit;

extern void edit_begin(Edit *edit, FunctionCallInfo fcinfo);

/* Return the value of a column in OLD or NEW, by name. */
extern Datum edit_old(const Edit *edit, const char *column, bool *isnull);
extern Datum edit_new(const Edit *edit, const char *column, bool *isnull);
extern int64 edit_old_int64(const Edit *edit, const char *column);

/* Whether the row writes a column. INSERT: a value was given. UPDATE: NEW differs from OLD. */
extern bool edit_writes(const Edit *edit, const char *column);

/* Returns the value that is written; raises 22004 if it is NULL. */
extern Datum edit_value(const Edit *edit, const char *column);
extern char *edit_text(const Edit *edit, const char *column);

/*
 * Returns a bitmap (1 << group) of the groups the row writes. Raises 0A000 with the column's hint if it
 * writes a column that cannot be written.
 */
extern uint32 edit_groups(const Edit *edit, const EditColumn *columns, int count);

/*
 * Raises 40001 if the revision of a group is later than the one the row was read with, and not this
 * transaction's own. 'what' names the row, e.g. "NPC 12".
 */
extern void edit_check_revision(const Edit *edit, const WorldLock *lock, const char *column, int64 revision,
								const char *what);

/* Sets what RETURNING shows in a column. */
extern void edit_show(Edit *edit, const char *column, Datum value);
extern void edit_show_null(Edit *edit, const char *column);

/* Has the world written at the end of the statement. */
extern void edit_touch(WorldLock *lock);

/* Returns the trigger's result. */
extern Datum edit_end(Edit *edit);

#endif /* NPCSIM_EDITS_H */
