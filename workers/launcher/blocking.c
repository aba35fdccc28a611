/*
 * blocking.c
 *	  Reports in the server's log which worlds somebody keeps from ticking: once when that has lasted for
 *	  10 s, again only if it is somebody else by then, and when it is over.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "blocking.h"
#include "compat.h"
#include "launcher.h"
#include "steps.h"

#define TOLD_AFTER_US (INT64CONST(10) * 1000 * 1000)
#define STALE_US	  (INT64CONST(60) * 1000 * 1000) /* after which an earlier blocking does not count */

typedef struct Blocking
{
	int64 world_id;
	int64 since; /* the first attempt that found it locked */
	int64 seen_at;
	int64 told_at; /* 0 = not yet */
	int	  told_pid;
} Blocking;

static Blocking *blockings = NULL;
static int		 count = 0;
static int		 room = 0;

static Blocking *
find(int64 world_id)
{
	for (int i = 0; i < count; i++)
	{
		if (blockings[i].world_id == world_id)
			return &blockings[i];
	}
	return NULL;
}

static Blocking *
begin(int64 world_id, int64 now)
{
	for (int i = count - 1; i >= 0; i--)
	{
		if (now - blockings[i].seen_at > STALE_US)
			blockings[i] = blockings[--count];
	}
	if (count == room)
	{
		room = Max(16, room * 2);
		blockings = blockings == NULL ? MemoryContextAlloc(TopMemoryContext, room * sizeof(Blocking))
									  : repalloc(blockings, room * sizeof(Blocking));
	}
	blockings[count] = (Blocking) {.world_id = world_id, .since = now};
	return &blockings[count++];
}

/* Returns what the process does, for people; palloc'd. */
static char *
describe(int pid)
{
	pgstat_clear_backend_activity_snapshot();
	for (int i = 1; pid != 0 && i <= pgstat_fetch_stat_numbackends(); i++)
	{
		PgBackendStatus *status = compat_backend_status(i);
		char			*since;

		if (status == NULL || status->st_procpid != pid)
			continue;
		if (status->st_xact_start_timestamp == 0)
			return psprintf("Server process %d, application \"%s\", held it.", pid, status->st_appname);
		since = pstrdup(timestamptz_to_str(status->st_xact_start_timestamp));
		return psprintf("Server process %d, application \"%s\", holds it, in a transaction since %s%s.", pid,
						status->st_appname, since,
						status->st_state == STATE_IDLEINTRANSACTION ? " that is idle" : "");
	}
	return pid == 0 ? pstrdup("Who holds it is not known; pg_locks may tell.")
					: psprintf("Server process %d holds it.", pid);
}

static void
tell(Blocking *blocking, int64 now, int pid)
{
	blocking->told_at = now;
	blocking->told_pid = pid;
	ereport(LOG, errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			errmsg("world %lld of database \"%s\" has been locked for %lld s", (long long) blocking->world_id,
				   worker_database(), (long long) ((now - blocking->since) / 1000000)),
			errdetail_internal("%s", describe(pid)),
			pid == 0 ? 0
					 : errhint("pg_terminate_backend(%d) ends it. A low "
							   "idle_in_transaction_session_timeout keeps forgotten transactions short.",
							   pid));
}

void
blocking_seen(int64 world_id, int pid)
{
	int64	  now = real_now();
	Blocking *blocking = find(world_id);

	if (blocking == NULL || now - blocking->seen_at > STALE_US)
	{
		blocking_forget(world_id);
		blocking = begin(world_id, now);
	}
	blocking->seen_at = now;
	if (now - Max(blocking->since, blocking->told_at) < TOLD_AFTER_US)
		return;
	if (blocking->told_at == 0 || (pid != 0 && pid != blocking->told_pid))
		tell(blocking, now, pid);
}

void
blocking_over(int64 world_id)
{
	Blocking *blocking = find(world_id);

	if (blocking == NULL)
		return;
	if (blocking->told_at != 0)
		ereport(LOG, errmsg("world %lld of database \"%s\" goes on; it was locked for %lld s",
							(long long) world_id, worker_database(),
							(long long) ((real_now() - blocking->since) / 1000000)));
	blocking_forget(world_id);
}

void
blocking_forget(int64 world_id)
{
	Blocking *blocking = find(world_id);

	if (blocking != NULL)
		*blocking = blockings[--count];
}
