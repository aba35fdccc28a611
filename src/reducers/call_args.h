/*
 * call_args.h
 *	  Reads the arguments of clients' calls by the reducer's description.
 */
#ifndef NPCSIM_REDUCERS_CALL_ARGS_H
#define NPCSIM_REDUCERS_CALL_ARGS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "reducer.h"

/*
 * Reads the arguments of a call into 'arguments', which the caller has zeroed; texts are in the current
 * memory context. Raises 22023 or 22003 if one is invalid.
 */
extern void call_args_read(const Reducer *reducer, const Caller *caller, Jsonb *args, void *arguments);

#endif /* NPCSIM_REDUCERS_CALL_ARGS_H */
