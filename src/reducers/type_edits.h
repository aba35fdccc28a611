/*
 * type_edits.h
 *	  What the reducers of item types and of interaction types share.
 */
#ifndef NPCSIM_REDUCERS_TYPE_EDITS_H
#define NPCSIM_REDUCERS_TYPE_EDITS_H

#include "postgres.h"

#include "fmgr.h"

#include "engine/lock.h"
#include "reducer.h"
#include "reducers/edits.h"
#include "spi.h"

#define DESCRIPTION_MAX_CHARS 500

/* A family of types: of items, or of interactions. The columns of its view are the arguments of the reducer that defines one. */
typedef struct TypeFamily
{
	const char		 *what;	   /* "item" */
	SpiStatement	 *now;	   /* selects the row of the view: $1 world, $2 name */
	const EditColumn *columns; /* of the view */
	int				  column_count;
	const Reducer	 *define;
	const Reducer	 *delete_; /* its arguments are a NamedType */
	/* Raises 2BP01 if a type is in use that is to be deleted. */
	void (*refuse_used)(int64 world_id, const char *name);
	/* Sets defaults that depend on other columns; NULL = there are none. */
	void (*set_defaults)(const Edit *edit, void *definition);
	/* Shows columns that follow from the definition; NULL = there are none. */
	void (*show)(Edit *edit, const void *definition);
} TypeFamily;

/* INSTEAD OF INSERT OR UPDATE OR DELETE ON the view of a family. */
extern Datum type_edit(FunctionCallInfo fcinfo, const TypeFamily *family);

typedef struct NamedType
{
	const char *name;
} NamedType;

extern const Argument named_type_arguments[1];

/* Check the name of a type, and a text; raise 22023. 'what' is "item" or "interaction". */
extern void check_type_name(const char *name, const char *what);
extern void check_text_or_empty(const char *text, const char *column, int max_chars);

/* Types are about to change: writes what the image has to write, and drops it, since it has the old types. */
extern void leave_image(WorldLock *lock);

/* Raises 2BP01. */
extern void refuse_used_type(int64 world_id, const char *name, const char *detail, const char *hint);

/* Return columns of NEW on which defaults of others depend. */
extern const char *text_written(const Edit *edit, const char *column, const char *if_null);
extern int32	   number_written(const Edit *edit, const char *column, int32 if_null);

#endif /* NPCSIM_REDUCERS_TYPE_EDITS_H */
