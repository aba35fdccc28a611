/*
 * reducers.c
 *	  Runs reducers by their descriptions: for SQL, for clients, for other reducers, and in a replay.
 */
#include "postgres.h"

#include "funcapi.h"

#include "json.h"
#include "reducers/args.h"
#include "reducers/call_args.h"
#include "reducers/inputs.h"
#include "reducers/reducers.h"
#include "require.h"

bool
reducer_run(WorldLock *lock, const Reducer *reducer, void *arguments, ReducerResult *result)
{
	ReducerResult nowhere = {0};

	if (!reducer->apply(lock, arguments, result != NULL ? result : &nowhere))
		return false;
	if (reducer->kind == REDUCER_OF_WORLD)
		world_input(lock, reducer, arguments);
	if (reducer->after != NULL)
		reducer->after(lock, arguments);
	return true;
}

void
reducer_write(WorldLock *lock)
{
	if (lock->image != NULL)
		world_write(lock->image);
	else
		world_flush(lock);
}

/* Runs it and writes the world, unless nothing was done that concerns it. */
static void
run_and_write(WorldLock *lock, const Reducer *reducer, void *arguments, ReducerResult *result)
{
	bool done = reducer_run(lock, reducer, arguments, result);

	if (lock != NULL && (done || reducer->kind == REDUCER_OF_WORLD))
		reducer_write(lock);
}

static void *
new_arguments(const Reducer *reducer)
{
	void *arguments = palloc0(Max(reducer->size, 1));

	arguments_set_defaults(reducer, arguments);
	return arguments;
}

/* ---- for SQL ---- */

Datum
reducer_call(FunctionCallInfo fcinfo, const Reducer *reducer)
{
	int64		  world_id;
	void		 *arguments = new_arguments(reducer);
	ReducerResult result = {0};
	WorldLock	 *lock;

	/* Another version of the library has other arguments. */
	version_require();
	world_id = reducer->without_world ? 0 : arg_id(fcinfo, 0, "world_id");
	args_read(fcinfo, reducer->without_world ? 0 : 1, reducer, arguments);
	lock = reducer->without_world ? NULL : world_lock(world_id, WORLD_WAIT);
	if (reducer->returns == RETURNS_DATUM)
		(void) get_call_result_type(fcinfo, NULL, &result.columns);
	run_and_write(lock, reducer, arguments, &result);
	switch (reducer->returns)
	{
		case RETURNS_ID:
			if (result.number == 0)
				PG_RETURN_NULL();
			PG_RETURN_INT64(result.number);
		case RETURNS_COUNT:
			PG_RETURN_INT32((int32) result.number);
		case RETURNS_DATUM:
			PG_RETURN_DATUM(result.datum);
		case RETURNS_NOTHING:
		case RETURNS_SEQUENCE:
		case RETURNS_JSON:
			break;
	}
	PG_RETURN_VOID();
}

/* ---- for clients ---- */

void
reducer_answer(const Reducer *reducer, const Caller *caller, Jsonb *args, StringInfo value)
{
	void		 *arguments = new_arguments(reducer);
	ReducerResult result = {.json = value};
	WorldLock	 *lock;

	call_args_read(reducer, caller, args, arguments);
	lock = reducer->without_world ? NULL : world_lock(caller->world_id, WORLD_WAIT);
	if (reducer->require != NULL)
		reducer->require(lock, arguments, caller);
	run_and_write(lock, reducer, arguments, &result);
	switch (reducer->returns)
	{
		case RETURNS_NOTHING:
			json_literal(value, "null");
			break;
		case RETURNS_ID:
			json_id(value, result.number);
			break;
		case RETURNS_COUNT:
			json_int64(value, result.number);
			break;
		case RETURNS_SEQUENCE:
			json_literal(value, "{\"sequence\":");
			json_int64(value, result.number);
			appendStringInfoChar(value, '}');
			break;
		case RETURNS_JSON:
		case RETURNS_DATUM:
			break;
	}
}

/* ---- in a replay ---- */

static void
require_id(int64 id, int64 first)
{
	if (id != first)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("the replay departs from the world"),
				errdetail("What had id %lld in the world has id %lld in the replay.", (long long) first,
						  (long long) id),
				errhint("Another version of npcsim, with other rules, may have run the world."));
}

void
reducer_replay(WorldLock *lock, const Reducer *reducer, Jsonb *payload)
{
	void *arguments = new_arguments(reducer);
	void *first = new_arguments(reducer);

	input_read(reducer, payload, arguments);
	memcpy(first, arguments, reducer->size);
	reducer_run(lock, reducer, arguments, NULL);
	for (int i = 0; i < reducer->argument_count; i++)
	{
		const Argument *argument = &reducer->arguments[i];

		if (argument->place == ARGUMENT_MADE)
			require_id(argument_number(argument, arguments), argument_number(argument, first));
	}
}
