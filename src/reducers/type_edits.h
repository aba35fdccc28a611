/*
 * type_edits.h
 *	  What definitions of item types and of interaction types have in common.
 */
#ifndef NPCSIM_REDUCERS_TYPE_EDITS_H
#define NPCSIM_REDUCERS_TYPE_EDITS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/lock.h"
#include "reducers/edits.h"
#include "spi.h"

/* 22023; 'what' is "item" or "interaction". */
extern void check_type_name(const char *name, const char *what);
extern void check_type_description(const char *description);

/*
 * Types are about to change: what the image has to write is written, and then it is dropped,
 * since its kinds are those of before.
 */
extern void leave_image(WorldLock *lock);

/* A row of the view, its world locked; its name is checked by whoever uses it. */
extern WorldLock *edited_type(const Edit *edit, char **name);

/* 23505 when the view has one of the name, which 'now' ($1 world, $2 name) finds. */
extern void refuse_duplicate_type(SpiStatement *now, int64 world_id, const char *name, const char *what);
/* False when the row is gone; 40001 when it is another than the one that was read. */
extern bool type_is_as_read(const Edit *edit, SpiStatement *now, int64 world_id, const char *name);
/* 2BP01. */
extern void refuse_used_type(int64 world_id, const char *name, const char *detail, const char *hint);
/* A type keeps its name and its world: other rows refer to it by them. */
extern void refuse_type_renaming(const Edit *edit, const char *what);

/* Columns of NEW; those that are NULL in an INSERT have their default. */
extern char	 *text_written(const Edit *edit, const char *column, char *if_null);
extern Jsonb *object_written(const Edit *edit, const char *column);
extern bool	  flag_written(const Edit *edit, const char *column, bool if_null);
extern int32  number_written(const Edit *edit, const char *column, int32 if_null);

#endif /* NPCSIM_REDUCERS_TYPE_EDITS_H */
