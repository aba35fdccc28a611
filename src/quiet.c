/*
 * quiet.c
 *	  Calls functions whose refusals are for the caller alone.
 */
#include "postgres.h"

#include "quiet.h"

bool
error_is_servers(int sqlerrcode)
{
	int category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_INTERNAL_ERROR || category == ERRCODE_TO_CATEGORY(ERRCODE_DATA_CORRUPTED) ||
		   category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_SYSTEM_ERROR ||
		   sqlerrcode == ERRCODE_DISK_FULL || sqlerrcode == ERRCODE_OUT_OF_MEMORY;
}

/* Whether a statement of ours does not find, or may not use, what it names: the installation is damaged. */
static bool
is_damage(int sqlerrcode)
{
	return ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION;
}

Datum
call_quietly(PGFunction function, FunctionCallInfo fcinfo)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum		  result;

	PG_TRY();
	{
		result = function(fcinfo);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error_is_servers(error->sqlerrcode) || is_damage(error->sqlerrcode))
			PG_RE_THROW();
		error->output_to_server = false;
		FlushErrorState();
		ReThrowError(error);
	}
	PG_END_TRY();
	return result;
}
