/*
 * steps.c
 *	  The steps of a worker, each a guarded transaction: a step that fails ends itself, not the worker.
 */
#include "postgres.h"

#include <time.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "launcher.h"
#include "steps.h"

int64
real_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64) time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

bool
run_guarded(void (*step)(void *arg), void *arg, const char *activity, ErrorData **error)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool done = false;

	*error = NULL;
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, activity);
	PG_TRY();
	{
		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		step(arg);
		if (ActiveSnapshotSet())
			PopActiveSnapshot();
		CommitTransactionCommand();
		done = true;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		*error = CopyErrorData();
		FlushErrorState();
		AbortCurrentTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	return done;
}

void
relax_commit(void)
{
	(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true,
							 0, false);
}

void
log_failure(const char *what, const ErrorData *error)
{
	ErrorContextCallback *contexts = error_context_stack;

	/* The error has its contexts already. */
	error_context_stack = NULL;
	ereport(LOG, errcode(error->sqlerrcode),
			errmsg("database \"%s\": %s: %s", worker_database(), what, error->message),
			error->detail != NULL ? errdetail_internal("%s", error->detail) : 0,
			error->hint != NULL ? errhint("%s", error->hint) : 0,
			error->context != NULL ? errcontext("%s", error->context) : 0);
	error_context_stack = contexts;
}
