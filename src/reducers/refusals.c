/*
 * refusals.c
 *	  Turns errors into refusals that clients are told.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "errors.h"
#include "json.h"
#include "quiet.h"
#include "reducers/refusals.h"
#include "spi.h"

void
json_refusal(StringInfo out, const Refusal *refusal)
{
	appendStringInfo(out, "{\"ok\":false,\"error\":{\"code\":\"%s\",\"message\":",
					 unpack_sql_state(refusal->sqlerrcode));
	json_string(out, refusal->message);
	json_literal(out, ",\"detail\":");
	json_string(out, refusal->detail);
	json_literal(out, ",\"hint\":");
	json_string(out, refusal->hint);
	json_literal(out, ",\"retry\":");
	json_bool(out, refusal->retry);
	if (refusal->retry_after > 0)
		appendStringInfo(out, ",\"retry_after\":%.15g", refusal->retry_after);
	json_literal(out, "}}");
}

static void
json_error(StringInfo out, const ErrorData *error)
{
	bool	timed_out = error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
	Refusal refusal = {.sqlerrcode = error->sqlerrcode,
					   .message = error->message,
					   .detail = error->detail,
					   .hint = error->hint,
					   .retry = timed_out || error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE ||
								error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED};

	/* The server's own message says no more than that it waited. */
	if (timed_out && refusal.detail == NULL)
		refusal.detail =
			"A transaction held the world, or a call with the same key, for longer than a call waits.";
	if (timed_out && refusal.hint == NULL)
		refusal.hint = "Call again; with a key it acts once, however often it is sent.";
	json_refusal(out, &refusal);
}

bool
write_or_refuse(FunctionCallInfo fcinfo, AnswerWriter write, StringInfo out)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool is_good = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		spi_begin();
		write(fcinfo, out);
		spi_end();
		ReleaseCurrentSubTransaction();
		is_good = true;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error_is_servers(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		resetStringInfo(out);
		json_error(out, error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return is_good;
}

Datum
value_or_refusal(FunctionCallInfo fcinfo, AnswerWriter write)
{
	StringInfoData value;
	StringInfoData out;

	initStringInfo(&value);
	if (!write_or_refuse(fcinfo, write, &value))
		return json_datum(&value);
	initStringInfo(&out);
	json_literal(&out, "{\"ok\":true,\"value\":");
	appendBinaryStringInfo(&out, value.data, value.len);
	appendStringInfoChar(&out, '}');
	return json_datum(&out);
}
