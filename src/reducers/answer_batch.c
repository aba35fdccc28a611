/*
 * answer_batch.c
 *	  Reads the arguments of batches of answers, and finds the worlds they are for.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/answer_batch.h"
#include "reducers/args.h"
#include "reducers/trust.h"
#include "tables/players.h"

/* Reads an array argument without NULLs, and its length. */
static ArrayType *
batch_array(FunctionCallInfo fcinfo, int n, const char *name, int *count)
{
	ArrayType *array;

	arg_not_null(fcinfo, n, name);
	array = PG_GETARG_ARRAYTYPE_P(n);
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("%s must be a one-dimensional array without nulls", name),
				errdetail(ARR_NDIM(array) > 1 ? "It has %d dimensions." : "One of its elements is null.",
						  ARR_NDIM(array)),
				errhint("Leave out what has no value."));
	if (*count > BATCH_MAX)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("%s has too many elements", name),
				errdetail("%d were given, at most %d are allowed.", *count, BATCH_MAX),
				errhint("Call again with the rest."));
	return array;
}

static void
require_same_length(int count, int other, const Argument *first, const Argument *argument)
{
	if (count != other)
		ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				errmsg("%s and %s must have the same number of elements", first->name, argument->name),
				errdetail("They have %d and %d.", count, other), errhint("Give one of each per decision."));
}

static char **
batch_texts(ArrayType *array)
{
	Datum *values;
	char **texts;
	int	   count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &count);
	texts = palloc(Max(count, 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
		texts[i] = TextDatumGetCString(values[i]);
	return texts;
}

int
batch_read(FunctionCallInfo fcinfo, const Argument *arguments, int argument_count, void *batch)
{
	int count = 0;

	for (int n = 0; n < argument_count; n++)
	{
		const Argument *argument = &arguments[n];
		void		   *member = argument_in(argument, batch);
		int				length;
		ArrayType	   *array = batch_array(fcinfo, n, argument->name, &length);

		if (n == 0)
			count = length;
		require_same_length(count, length, &arguments[0], argument);
		if (argument->type == ARGUMENT_TEXTS)
			*(TextList *) member = (TextList) {.texts = batch_texts(array), .count = count};
		else
			*(NumberList *) member =
				(NumberList) {.numbers = (const int64 *) ARR_DATA_PTR(array), .count = count};
	}
	return count;
}

void
answers_find_worlds(Answer *answers, int count)
{
	int64	   *ids = palloc(Max(count, 1) * sizeof(int64));
	PlayerHome *homes;
	int			found;

	for (int i = 0; i < count; i++)
		ids[i] = answers[i].player_id;
	homes = player_homes_read(ids, count, world_home(), &found);
	for (int i = 0; i < count; i++)
	{
		for (int home = 0; home < found && answers[i].world_id == 0; home++)
			if (homes[home].player_id == answers[i].player_id)
			{
				answers[i].world_id = homes[home].world_id;
				if (!homes[home].active)
					answer_refuse(&answers[i], refuse(ERRCODE_NS_BANNED, "the player is banned"));
				else if (player_is_suspended(&homes[home].suspension))
					answer_refuse(&answers[i],
								  refuse(ERRCODE_NS_SUSPENDED, suspension_told(&homes[home].suspension)));
				else if (!homes[home].at_home)
					answer_refuse(&answers[i], refuse(ERRCODE_NS_WORLD_PARKED, "the world is parked"));
			}
		if (answers[i].world_id == 0)
			answer_refuse(&answers[i], refuse(ERRCODE_NS_NO_PLAYER, "there is no such player"));
	}
}

int64
answers_next_world(const Answer *answers, int count, int64 after)
{
	int64 next = 0;

	for (int i = 0; i < count; i++)
		if (answers[i].status == ANSWER_PENDING && answers[i].world_id > after &&
			(next == 0 || answers[i].world_id < next))
			next = answers[i].world_id;
	return next;
}
