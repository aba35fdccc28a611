/*
 * call_args.h
 *	  Arguments of calls that clients make, by their description.
 */
#ifndef NPCSIM_REDUCERS_CALL_ARGS_H
#define NPCSIM_REDUCERS_CALL_ARGS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "reducer.h"

/* The arguments of a call, zeroed before, in the current memory context; 22023 and 22003 when they are not what they must be. */
extern void call_args_read(const Reducer *reducer, const Caller *caller, Jsonb *args, void *arguments);

#endif /* NPCSIM_REDUCERS_CALL_ARGS_H */
