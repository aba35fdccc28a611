/*
 * reducer.h
 *	  The description of a reducer, which is whatever comes to a world from outside.
 *
 * A description tells a reducer's name, its arguments, who may call it and what it does. The SQL
 * function and the reading of a client's call (reducers/reducers.c), the stored input and its reading,
 * and the replay, which runs the same function again, are derived from it. The arguments are the
 * members of a struct:
 *
 *		typedef struct RenameNpc
 *		{
 *			int64 npc_id;
 *			char *name;
 *		} RenameNpc;
 *
 *		static const Argument arguments[] = {
 *			ID_ARGUMENT(RenameNpc, npc_id),
 *			TEXT_ARGUMENT(RenameNpc, name, NAME_MAX_CHARS),
 *		};
 *
 *		const Reducer reducer_rename_npc = {
 *			WORLD_REDUCER(rename_npc, rename_npc),
 *			REDUCER_ARGUMENTS(RenameNpc, arguments),
 *		};
 *
 * and a line in reducer_list.h. Without that line, or without a function, it does not build.
 */
#ifndef NPCSIM_REDUCER_H
#define NPCSIM_REDUCER_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

struct WorldLock;

/* ---- arguments ---- */

typedef enum ArgumentType
{
	ARGUMENT_ID,	 /* int64 */
	ARGUMENT_NUMBER, /* int32 or int64, low .. high; integer or bigint in SQL */
	/* int32, of a cell; SQL's is checked when the size of the world is known */
	ARGUMENT_COORDINATE,
	/* int32 or int64: a decimal number, kept multiplied by 'scale'. */
	ARGUMENT_SCALED,
	ARGUMENT_DECIMAL, /* double, low .. high; it is not stored in inputs */
	ARGUMENT_FLAG,	  /* bool */
	/* char *, 1 .. high characters; high 0: whoever uses it checks it. */
	ARGUMENT_TEXT,
	ARGUMENT_WORD,	  /* char *, one of 'words' */
	ARGUMENT_TEXTS,	  /* TextList, up to 'low' texts of up to 'high' characters */
	ARGUMENT_IDS,	  /* NumberList */
	ARGUMENT_COUNTS,  /* NumberList, each 0 or more */
	ARGUMENT_OBJECT,  /* Jsonb * */
	ARGUMENT_MEMBERS, /* Jsonb *, whose members are the input's own */
	ARGUMENT_CALLER /* int64, the player who calls; SQL gives it like an id, but an optional one is 0 then */
} ArgumentType;

/* The types that no column of a view can be, for a switch: "case ARGUMENT_OF_NO_COLUMN:". */
/* clang-format off */
#define ARGUMENT_OF_NO_COLUMN \
	ARGUMENT_ID: \
	case ARGUMENT_COORDINATE: \
	case ARGUMENT_DECIMAL: \
	case ARGUMENT_TEXTS: \
	case ARGUMENT_IDS: \
	case ARGUMENT_COUNTS: \
	case ARGUMENT_MEMBERS: \
	case ARGUMENT_CALLER
/* clang-format on */

typedef struct TextList
{
	char **texts; /* NULL = there is no list */
	int	   count;
} TextList;

typedef struct NumberList
{
	const int64 *numbers; /* NULL = there is no list */
	int			 count;
} NumberList;

/*
 * Where an argument comes from, and whether it is stored. By default a caller gives it and the input has it.
 */
typedef enum ArgumentPlace
{
	ARGUMENT_GIVEN_AND_STORED,
	ARGUMENT_GIVEN, /* it is not stored: what follows from it are inputs of their own */
	ARGUMENT_MADE	/* it is an id that the reducer makes; a replay must make the same */
} ArgumentPlace;

typedef struct Argument
{
	const char	 *name;
	const char	 *stored_name; /* of the input's member; NULL = the same */
	ArgumentType  type;
	ArgumentPlace place;
	/*
	 * NULL for a caller is 0 or NULL in the struct, and the input then lacks the member: so inputs that are
	 * older than the argument are the same.
	 */
	bool optional;
	bool can_be_absent;	 /* the same for inputs alone; a caller must give it */
	bool stored_as_null; /* inputs have null or 0 instead of lacking it, as they had from the beginning */
	/* It has a default, which stands for the member that an input lacks, and for NULL in a row of a view. */
	bool			   has_default;
	int64			   default_number;
	const char		  *default_text; /* of a text, a word, an object */
	uint16			   offset;		 /* of the member */
	uint16			   width;		 /* of a number, in bytes */
	int64			   low;
	int64			   high;
	int64			   scale;
	const char		  *unit; /* for messages; NULL = none */
	const char *const *words;
	const char		  *meaning; /* what clients are told instead of the range, or NULL */
} Argument;

/* The offset of a member, which must have one of these types. */
#define ARGUMENT_OF(struct_, member_, ctype_) \
	.offset = _Generic(((struct_ *) NULL)->member_, ctype_ \
					   : offsetof(struct_, member_)), \
	.width = sizeof(((struct_ *) NULL)->member_), .name = #member_
#define ARGUMENT_OF_NUMBER(struct_, member_) \
	.offset = _Generic(((struct_ *) NULL)->member_, int32 \
					   : offsetof(struct_, member_), int64 \
					   : offsetof(struct_, member_)), \
	.width = sizeof(((struct_ *) NULL)->member_), .name = #member_

/* Further members of the Argument may follow, e.g. .optional = true. */
#define ID_ARGUMENT(struct_, member_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, int64), .type = ARGUMENT_ID, __VA_ARGS__ \
	}
#define NUMBER_ARGUMENT(struct_, member_, low_, high_, ...) \
	{ \
		ARGUMENT_OF_NUMBER(struct_, member_), .type = ARGUMENT_NUMBER, .low = (low_), .high = (high_), \
											  __VA_ARGS__ \
	}
#define COORDINATE_ARGUMENT(struct_, member_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, int32), .type = ARGUMENT_COORDINATE, .meaning = "a cell", __VA_ARGS__ \
	}
/* low and high are multiplied by scale_. */
#define SCALED_ARGUMENT(struct_, member_, low_, high_, scale_, ...) \
	{ \
		ARGUMENT_OF_NUMBER(struct_, member_), .type = ARGUMENT_SCALED, .low = (low_), .high = (high_), \
											  .scale = (scale_), __VA_ARGS__ \
	}
#define DECIMAL_ARGUMENT(struct_, member_, low_, high_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, double), .type = ARGUMENT_DECIMAL, .place = ARGUMENT_GIVEN, \
											   .low = (low_), .high = (high_), __VA_ARGS__ \
	}
#define FLAG_ARGUMENT(struct_, member_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, bool), .type = ARGUMENT_FLAG, __VA_ARGS__ \
	}
#define TEXT_ARGUMENT(struct_, member_, chars_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, const char *), .type = ARGUMENT_TEXT, .low = 1, .high = (chars_), \
													 __VA_ARGS__ \
	}
#define WORD_ARGUMENT(struct_, member_, words_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, const char *), .type = ARGUMENT_WORD, .words = (words_), __VA_ARGS__ \
	}
#define TEXTS_ARGUMENT(struct_, member_, most_, chars_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, TextList), .type = ARGUMENT_TEXTS, .low = (most_), .high = (chars_), \
												 __VA_ARGS__ \
	}
#define IDS_ARGUMENT(struct_, member_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, NumberList), .type = ARGUMENT_IDS, __VA_ARGS__ \
	}
#define COUNTS_ARGUMENT(struct_, member_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, NumberList), .type = ARGUMENT_COUNTS, __VA_ARGS__ \
	}
#define OBJECT_ARGUMENT(struct_, member_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, Jsonb *), .type = ARGUMENT_OBJECT, __VA_ARGS__ \
	}
#define MEMBERS_ARGUMENT(struct_, member_) \
	{ \
		ARGUMENT_OF(struct_, member_, Jsonb *), .type = ARGUMENT_MEMBERS \
	}
#define CALLER_ARGUMENT(struct_, member_, ...) \
	{ \
		ARGUMENT_OF(struct_, member_, int64), .type = ARGUMENT_CALLER, __VA_ARGS__ \
	}

/* ---- who may call ---- */

typedef enum Role
{
	ROLE_SPECTATOR,
	ROLE_PLAYER,
	ROLE_OPERATOR
} Role;

/* A set of roles, 1 << Role each. */
typedef uint32 Roles;

#define ROLES_NONE		0
#define ROLES_OPERATORS ((Roles) 1 << ROLE_OPERATOR)
#define ROLES_PLAYERS	(ROLES_OPERATORS | (Roles) 1 << ROLE_PLAYER)
#define ROLES_ALL		(ROLES_PLAYERS | (Roles) 1 << ROLE_SPECTATOR)

/* Who calls, through call_reducer(). */
typedef struct Caller
{
	int64 player_id; /* 0 = spectator */
	int64 world_id;	 /* 0 for a spectator */
	Role  role;
} Caller;

/* ---- a reducer ---- */

/* What the SQL function returns, and clients get as "value". */
typedef enum ReducerReturns
{
	RETURNS_NOTHING,
	RETURNS_ID,	   /* bigint; 0 is NULL */
	RETURNS_COUNT, /* integer */
	/* {"sequence": number of an event of the world}; for clients alone. */
	RETURNS_SEQUENCE,
	RETURNS_JSON, /* what it has written to 'json'; for clients alone */
	RETURNS_DATUM /* what it has put into 'datum'; for SQL alone */
} ReducerReturns;

typedef struct ReducerResult
{
	int64	   number;
	StringInfo json; /* of RETURNS_JSON */
	Datum	   datum;
	/* Of RETURNS_DATUM, if the function returns a row. */
	TupleDesc columns;
} ReducerResult;

/*
 * Does what the reducer does to a world that is locked, at lock->now; raises an error if that is impossible.
 * Returns whether the input is to be stored: false if nothing was done, or if it was stored already
 * (world_input()). Whoever called it writes the world.
 */
typedef bool (*ReducerApply)(struct WorldLock *lock, void *arguments, ReducerResult *result);

typedef enum ReducerKind
{
	/* It changes something that a world's rules know of: it is stored and replayed. */
	REDUCER_OF_WORLD,
	/* It changes nothing of that by itself, and is neither stored nor replayed. */
	REDUCER_OUTSIDE_WORLD
} ReducerKind;

typedef enum ReducerNumber
{
#define REDUCER(name_) REDUCER_##name_,
#include "reducer_list.h"
#undef REDUCER
	REDUCER_COUNT
} ReducerNumber;

typedef struct Reducer
{
	const char	 *name; /* of the function, of the call and of its input */
	ReducerNumber number;
	ReducerKind	  kind;
	/* In the order of the function's, which has the world's id before them. */
	const Argument *arguments;
	int				argument_count;
	size_t			size; /* of the struct */
	ReducerApply	apply;
	/* Does what follows when the input is stored, and may store inputs of its own; NULL = nothing. */
	void (*after)(struct WorldLock *lock, void *arguments);
	ReducerReturns returns;
	/* No argument names a world, and none is locked: 'lock' is NULL. */
	bool without_world;
	/* Clients' calls: */
	Roles		client_roles; /* ROLES_NONE: clients may not call it */
	int			burst;		  /* this many calls at once */
	int			per_minute;
	const char *description; /* what it does, for client_reducers */
	/* Raises an error unless a client may call it with these arguments; NULL = whoever has the role may. */
	void (*require)(struct WorldLock *lock, const void *arguments, const Caller *caller);
} Reducer;

/* The function must have that type, so it cannot be NULL. */
#define REDUCER_APPLIES(apply_) .apply = _Generic((apply_), ReducerApply : (apply_))

#define WORLD_REDUCER(name_, apply_) \
	.name = #name_, .number = REDUCER_##name_, .kind = REDUCER_OF_WORLD, REDUCER_APPLIES(apply_)
#define OUTSIDE_REDUCER(name_, apply_) \
	.name = #name_, .number = REDUCER_##name_, .kind = REDUCER_OUTSIDE_WORLD, REDUCER_APPLIES(apply_)
#define REDUCER_ARGUMENTS(struct_, arguments_) \
	.arguments = (arguments_), .argument_count = lengthof(arguments_), .size = sizeof(struct_)

#define REDUCER(name_) extern const Reducer reducer_##name_;
#include "reducer_list.h"
#undef REDUCER

/* ---- the members of the struct, by an argument's description ---- */

static inline void *
argument_in(const Argument *argument, const void *arguments)
{
	return (char *) arguments + argument->offset;
}

extern int64 argument_number(const Argument *argument, const void *arguments);
extern void	 argument_set_number(const Argument *argument, void *arguments, int64 number);
/* Sets an ARGUMENT_SCALED to a number as a caller gives it. */
extern void argument_set_scaled(const Argument *argument, void *arguments, double number);
/* Sets the arguments that have a default to it; the others stay as they are. */
extern void arguments_set_defaults(const Reducer *reducer, void *arguments);

/* Return the range of a number as a caller knows it. */
static inline double
argument_low(const Argument *argument)
{
	return argument->scale > 0 ? (double) argument->low / argument->scale : (double) argument->low;
}

static inline double
argument_high(const Argument *argument)
{
	return argument->scale > 0 ? (double) argument->high / argument->scale : (double) argument->high;
}

/* Returns the input that is stored, the text of a JSON object, palloc'd. */
extern char *reducer_payload(const Reducer *reducer, const void *arguments);

#endif /* NPCSIM_REDUCER_H */
