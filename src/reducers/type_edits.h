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

/*
 * A family of types: of items, or of interactions. The columns of its view are the arguments of the reducer
 * that defines one.
 */
typedef struct TypeFamily
{
	const char		 *what;	   /* "item" */
	SpiStatement	 *now;	   /* selects the row of the view: $1 world, $2 name */
	const EditColumn *columns; /* of the view */
	int				  column_count;
	const Reducer	 *define;
	const Reducer	 *delete_; /* its arguments are a NamedType */
	/* Raises 2BP01 if a type that is to be deleted is in use. */
	void (*refuse_used)(int64 world_id, const char *name);
	/* Sets defaults that depend on other columns; NULL = there are none. */
	void (*set_defaults)(const Edit *edit, void *definition);
	/* Shows columns that follow from the definition; NULL = there are none. */
	void (*show)(Edit *edit, const void *definition);
} TypeFamily;

/* INSTEAD OF INSERT OR UPDATE OR DELETE trigger of the view of a family. */
extern Datum type_edit(FunctionCallInfo fcinfo, const TypeFamily *family);

typedef struct NamedType
{
	const char *name;
} NamedType;

extern const Argument named_type_arguments[1];

/* Check a type's name ('what' is "item" or "interaction"), and a text that may be empty; raise 22023. */
extern void check_type_name(const char *name, const char *what);
extern void check_text_or_empty(const char *text, const char *column, int max_chars);

/* Writes what the image has to write and drops it, because types change and it has the old ones. */
extern void leave_image(WorldLock *lock);

/* Raises 2BP01: the type is in use. */
extern void refuse_used_type(int64 world_id, const char *name, const char *detail, const char *hint);

/* Return a column of NEW on which defaults of others depend; 'if_null' if it is NULL. */
extern const char *text_written(const Edit *edit, const char *column, const char *if_null);
extern int32	   number_written(const Edit *edit, const char *column, int32 if_null);

#endif /* NPCSIM_REDUCERS_TYPE_EDITS_H */
