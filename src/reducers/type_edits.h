/*
 * type_edits.h
 *	  What the reducers of item types and of interaction types share.
 */
#ifndef NPCSIM_REDUCERS_TYPE_EDITS_H
#define NPCSIM_REDUCERS_TYPE_EDITS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/lock.h"
#include "reducers/edits.h"
#include "spi.h"

/* Check a type's name and description; raise 22023. 'what' is "item" or "interaction". */
extern void check_type_name(const char *name, const char *what);
extern void check_type_description(const char *description);

/* Types are about to change: writes what the image has to write, and drops it, since it has the old types. */
extern void leave_image(WorldLock *lock);

/* Returns the lock of the world of a view's row, and the row's name, which whoever uses it checks. */
extern WorldLock *edited_type(const Edit *edit, char **name);

/* Raises 23505 if the view has a type of the name, which 'now' ($1 world, $2 name) finds. */
extern void refuse_duplicate_type(SpiStatement *now, int64 world_id, const char *name, const char *what);
/* Returns false if the row is gone; raises 40001 if it differs from what was read. */
extern bool type_is_as_read(const Edit *edit, SpiStatement *now, int64 world_id, const char *name);
/* Raises 2BP01. */
extern void refuse_used_type(int64 world_id, const char *name, const char *detail, const char *hint);
/* Raises an error if a row's name or world is written: other rows refer to the type by them. */
extern void refuse_type_renaming(const Edit *edit, const char *what);

/* Return columns of NEW; those that are NULL in an INSERT have their default. */
extern char	 *text_written(const Edit *edit, const char *column, char *if_null);
extern Jsonb *object_written(const Edit *edit, const char *column);
extern bool	  flag_written(const Edit *edit, const char *column, bool if_null);
extern int32  number_written(const Edit *edit, const char *column, int32 if_null);

#endif /* NPCSIM_REDUCERS_TYPE_EDITS_H */
