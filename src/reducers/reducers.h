/*
 * reducers.h
 *	  Runs reducers by their descriptions (reducer.h): for SQL, for clients, for other reducers, and in a
 *	  replay.
 */
#ifndef NPCSIM_REDUCERS_H
#define NPCSIM_REDUCERS_H

#include "postgres.h"

#include "fmgr.h"

#include "engine/world.h"
#include "reducer.h"

/*
 * Defines the SQL function of a reducer, npcsim_NAME in C: its first argument is the world's id, the others
 * are those of the description that callers give.
 */
#define REDUCER_FUNCTION(name_) \
	PG_FUNCTION_INFO_V1(npcsim_##name_); \
	Datum npcsim_##name_(PG_FUNCTION_ARGS) \
	{ \
		return reducer_call(fcinfo, &reducer_##name_); \
	} \
	extern const Reducer reducer_##name_

extern Datum reducer_call(FunctionCallInfo fcinfo, const Reducer *reducer);

/* Runs a client's call, and writes the value of its result, a JSON text. */
extern void reducer_answer(const Reducer *reducer, const Caller *caller, Jsonb *args, StringInfo value);

/*
 * Runs a reducer in a world that is locked, and stores the input. The caller has checked the arguments;
 * 'result' may be NULL. Returns false if nothing was done. The caller ends with world_write().
 */
extern bool reducer_run(WorldLock *lock, const Reducer *reducer, void *arguments, ReducerResult *result);

/* Runs a reducer again with the arguments of a stored input, which is stored anew. */
extern void reducer_replay(WorldLock *lock, const Reducer *reducer, Jsonb *payload);

/* Writes what was changed in a world: its image, if one was used, and its row. */
extern void reducer_write(WorldLock *lock);

#endif /* NPCSIM_REDUCERS_H */
