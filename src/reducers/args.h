/*
 * args.h
 *	  Reads and checks the arguments of functions that SQL calls.
 *
 * The functions are not strict: a NULL where a value belongs is an error that names the argument, not
 * a NULL result.  'n' is the argument's number from 0, 'name' the name it has in SQL.
 *
 *	  22004	NULL
 *	  22003	a number that is NaN, infinite or out of its range
 *	  22023	a string that is too long, empty, or none of the allowed words
 *	  54000	an array or a jsonb that is too large
 *	  NS210	a cell outside of the world
 */
#ifndef NPCSIM_ARGS_H
#define NPCSIM_ARGS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"

#include "reducer.h"
#include "sim/grid.h"

#define ID_MAX		   INT64_C(9007199254740991) /* 2^53 - 1, exact in every JSON parser */
#define NAME_MAX_CHARS 100
#define PROPERTIES_MAX 8192 /* bytes as stored */

extern void	 arg_not_null(FunctionCallInfo fcinfo, int n, const char *name);
extern int64 arg_id(FunctionCallInfo fcinfo, int n, const char *name);
/* Reads an id; NULL is 0. */
extern int64 arg_id_or_none(FunctionCallInfo fcinfo, int n, const char *name);
extern bool	 arg_bool(FunctionCallInfo fcinfo, int n, const char *name);
/* Reads a finite number within low .. high; 'unit' is for the message, "" if there is none. */
extern double arg_float8(FunctionCallInfo fcinfo, int n, const char *name, double low, double high,
						 const char *unit);
extern char	 *arg_text(FunctionCallInfo fcinfo, int n, const char *name, int max_chars);
/* Reads the same; NULL is NULL. */
extern char *arg_text_or_none(FunctionCallInfo fcinfo, int n, const char *name, int max_chars);
/* Reads one of a NULL-terminated list of words. */
extern char	 *arg_word(FunctionCallInfo fcinfo, int n, const char *name, const char *const *words);
extern Jsonb *arg_object(FunctionCallInfo fcinfo, int n, const char *name);
/* Reads a text[] without NULLs as C strings. */
extern char **arg_texts(FunctionCallInfo fcinfo, int n, const char *name, int max_count, int max_chars,
						int *count);

/*
 * Read the elements of a bigint[] or integer[] argument, which must have one dimension, no NULLs and at most
 * 'limit' elements; else 22004, 22023 or 54000 is raised, naming the argument.
 */
extern int64 *arg_int64_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int *count);
extern int32 *arg_int32_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int *count);

/*
 * Reads the arguments of a reducer's function, from the n-th on, into 'arguments', which have their defaults.
 * Somebody's own SQL function may be older than some of them: optional ones and those with a default are left
 * as they are, any other that it lacks is an error (42883).
 */
extern void args_read(FunctionCallInfo fcinfo, int n, const Reducer *reducer, void *arguments);

/* The checks themselves, for values that come as rows of a view. */
extern void	  check_id(int64 value, const char *name);
extern void	  check_whole(int64 value, const char *name, int64 low, int64 high);
extern void	  check_float8(double value, const char *name, double low, double high, const char *unit);
extern void	  check_text(const char *value, const char *name, int max_chars);
extern void	  check_word(const char *value, const char *name, const char *const *words);
extern char	 *words_listed(const char *const *words); /* "a, b, c" */
extern void	  check_object(Jsonb *value, const char *name);
extern char **check_texts(Datum array, const char *name, int max_count, int max_chars, int *count);
extern Cell	  check_cell(const Grid *grid, int32 x, int32 y);

#endif /* NPCSIM_ARGS_H */
