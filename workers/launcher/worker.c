/*
 * worker.c
 *	  A worker: serves some worlds of one database, tells gateways what changed, and does the database's
 *	  maintenance if nobody else does.
 *
 * It takes running worlds that have no worker until it has its share of them, and gives some back when
 * there are more workers. It ends by itself when there is nothing to serve. It waits on its latch
 * without a snapshot or transaction; whoever changes a served world or the set of worlds sets the
 * latch at commit.
 *
 * Invariant: an error in a step (a tick, a notification, a task of maintenance) ends that step alone.
 */
#include "postgres.h"

#include "commands/async.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "blocking.h"
#include "engine/world.h"
#include "errors.h"
#include "guc.h"
#include "launcher.h"
#include "require.h"
#include "served.h"
#include "shmem.h"
#include "sim/sim.h"
#include "spi.h"
#include "steps.h"
#include "tables/sessions.h"
#include "tables/worlds.h"
#include "worker_pool.h"

/* The worlds are read again after this time even if nothing was announced. */
#define REFRESH_US		   (30 * 1000 * 1000)
#define PENDING_REFRESH_US (250 * 1000) /* while a world waits to be taken */
#define FAILED_REFRESH_US  (1000 * 1000)
#define LINGER_US		   (10 * 1000 * 1000) /* without a world to serve */
#define NOTIFY_SPACING_US  (5 * 1000)
#define NOTIFY_RETRY_US	   (1000 * 1000)
#define TASK_LOG_EVERY	   60				  /* every so many failures of a maintenance task are logged */
#define GATEWAYS_LOOK_US   (500 * 1000)		  /* how often gateways are checked */
#define SHARES_US		   (60 * 1000 * 1000) /* how often shares of NPCs are computed, ... */
#define SHARES_SPACING_US  (1000 * 1000)	  /* ... and at most, when somebody came or asks */
#define FAREWELL_US		   (700 * 1000)		  /* for writing clocks when told to end */
#define SPARE_IMAGES	   4
#define NAP_MS			   10000

static ServedWorld *worlds = NULL;
static int			nworlds = 0;
static int			worlds_room = 0;

static uint32 seen_changes = 0;
static bool	  pending = false; /* a world that should run has no worker yet */
static bool	  full = false;	   /* ... and cannot have one: shared memory is full */
static bool	  refresh_failing = false;
static int64  refresh_at = 0;
static int64  idle_since = 0;
static int64  notify_at = 0;
static bool	  notify_waits = false; /* there may be something to tell at notify_at */
static bool	  notify_failing = false;
static int64  gateways_due = 0; /* when gateways are checked again */

static const char full_message[] = "no further world can run: npcsim.max_worlds is reached";

/* ---- the set of worlds ---- */

typedef struct WorldRow
{
	int64 id;
	int64 tick_length;
	int32 speed;
	bool  relaxed;
	bool  market;
} WorldRow;

typedef struct WorldList
{
	MemoryContext context; /* of the rows */
	Obstacle	  obstacle;
	bool		  absent; /* the extension is not there any more */
	int			  count;
	WorldRow	 *rows; /* by id */
} WorldList;

static void
list_step(void *arg)
{
	WorldList	 *list = arg;
	MemoryContext before;
	WorldToServe *found;

	if (!OidIsValid(get_extension_oid("npcsim", true)))
	{
		list->absent = true;
		return;
	}
	before = MemoryContextSwitchTo(list->context);
	list->obstacle = worker_obstacle();
	MemoryContextSwitchTo(before);
	if (list->obstacle.sqlstate == ERRCODE_NS_NOT_PRELOADED)
	{
		tell_obstacle(&list->obstacle);
		return;
	}

	spi_begin();
	found = worlds_to_serve(world_home(), &list->count);
	list->rows = MemoryContextAlloc(list->context, Max(list->count, 1) * sizeof(WorldRow));
	for (int i = 0; i < list->count; i++)
		list->rows[i] = (WorldRow) {.id = found[i].id,
									.tick_length = SIM_SECOND / Max(found[i].tick_rate, 1),
									.speed = found[i].speed,
									.relaxed = found[i].relaxed,
									.market = found[i].market};
	spi_end();
}

static ServedWorld *
find_served(int64 id)
{
	for (int i = 0; i < nworlds; i++)
	{
		if (worlds[i].id == id)
			return &worlds[i];
	}
	return NULL;
}

static void
remove_served(int index)
{
	worlds[index] = worlds[--nworlds];
}

typedef struct Taking
{
	int64		id;
	ServedWorld world;
	bool		taken;
	bool		locked; /* by somebody else */
	int			holder;
} Taking;

static void
take_step(void *arg)
{
	Taking *taking = arg;

	taking->taken = served_begin(&taking->world, taking->id, &taking->locked, &taking->holder);
}

static bool
take_world(const WorldRow *row)
{
	Taking	   taking = {.id = row->id};
	ErrorData *error;

	if (!run_guarded(take_step, &taking, "taking a world", &error))
	{
		if (taking.taken)
			shmem_world_leave(row->id);
		if (served_is_lock_failure(error))
			blocking_seen(row->id, served_blocker(row->id));
		else if (error->sqlerrcode != ERRCODE_NS_NO_WORLD)
			log_failure("a world could not be taken", error);
		return false;
	}
	if (taking.locked)
		blocking_seen(row->id, taking.holder);
	if (!taking.taken)
		return false;
	blocking_over(row->id);
	if (nworlds == worlds_room)
	{
		worlds_room = Max(16, worlds_room * 2);
		worlds = worlds == NULL ? MemoryContextAlloc(TopMemoryContext, worlds_room * sizeof(ServedWorld))
								: repalloc(worlds, worlds_room * sizeof(ServedWorld));
	}
	taking.world.relaxed = row->relaxed;
	taking.world.market = row->market;
	worlds[nworlds++] = taking.world;
	return true;
}

/* Gives up worlds that should not run any more, and takes over what the rows say of the others. */
static void
apply_rows(const WorldList *list)
{
	int64 now = real_now();

	for (int i = 0; i < nworlds; i++)
		worlds[i].listed = false;
	for (int i = 0; i < list->count; i++)
	{
		const WorldRow *row = &list->rows[i];
		ServedWorld	   *world = find_served(row->id);

		if (world == NULL)
			continue;
		world->listed = true;
		world->relaxed = row->relaxed;
		world->market = row->market;
		served_set_pace(world, now, row->speed, row->tick_length);
	}
	for (int i = nworlds - 1; i >= 0; i--)
	{
		if (worlds[i].listed)
			continue;
		/* Whoever paused it has written its clock. */
		shmem_world_leave(worlds[i].id);
		blocking_forget(worlds[i].id);
		world_forget(worlds[i].id);
		remove_served(i);
	}
}

static void
tell_full(bool now_full)
{
	if (now_full && !full)
		ereport(LOG, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				errmsg("npcsim cannot run all worlds of database \"%s\": %s", worker_database(),
					   full_message),
				errdetail("%d worlds run in all databases together.", guc_max_worlds),
				errhint("Increase npcsim.max_worlds and restart the server."));
	full = now_full;
}

/* Takes worlds or gives some back until we have our share. */
static void
settle_share(const WorldList *list)
{
	int	 share = pool_share(MyDatabaseId, list->count);
	bool gave = false;

	for (int i = nworlds - 1; i >= 0 && nworlds > share; i--)
	{
		if (!served_end(&worlds[i]))
			continue;
		remove_served(i);
		gave = true;
	}
	pending = false;
	for (int i = 0; i < list->count; i++)
	{
		if (shmem_world_worker(list->rows[i].id) != 0)
			continue;
		if (nworlds < share && take_world(&list->rows[i]))
			continue;
		pending = true;
		if (nworlds < share && shmem_worlds_full())
			break;
	}
	tell_full(pending && nworlds < share && shmem_worlds_full());
	/* Images are kept of those we serve, and of some that maintenance touches. */
	world_images_max = nworlds + SPARE_IMAGES;
	if (gave)
		pool_changed(MyDatabaseId);
}

/*
 * Reads which worlds should run, and adapts to that. Returns false if there is nothing for us in this
 * database.
 */
static bool
refresh(void)
{
	WorldList  list = {.context = CurrentMemoryContext};
	uint32	   changes = pool_changes(MyDatabaseId);
	ErrorData *error;

	if (!run_guarded(list_step, &list, "reading which worlds run", &error))
	{
		seen_changes = changes;
		refresh_at = real_now() + FAILED_REFRESH_US;
		if (!refresh_failing)
			log_failure("npcsim could not read which worlds run", error);
		pool_note_obstacle(MyDatabaseId, error->message);
		refresh_failing = true;
		return true;
	}
	refresh_failing = false;
	/* It was read before the rows: a change after that is announced as another one. */
	seen_changes = changes;
	if (list.absent)
	{
		pool_note_database(MyDatabaseId, DATABASE_ABSENT, changes, 0, NULL);
		return false;
	}
	if (list.obstacle.sqlstate == ERRCODE_NS_NOT_PRELOADED)
	{
		pool_note_database(MyDatabaseId, DATABASE_PARKED, changes, 0, list.obstacle.message);
		return false;
	}
	apply_rows(&list);
	settle_share(&list);
	pool_note_database(MyDatabaseId, DATABASE_READY, changes, list.count, full ? full_message : NULL);
	refresh_at = real_now() + (full ? FAILED_REFRESH_US : pending ? PENDING_REFRESH_US : REFRESH_US);
	return true;
}

/* ---- notifications ---- */

typedef struct Wakeups
{
	int	   count;
	int64 *ids;
	int64 *revisions; /* -1 = already told */
	bool  *requests;
} Wakeups;

static void
notify_step(void *arg)
{
	Wakeups *wakeups = arg;
	char	 payload[64];

	/* It is only a wake-up, for which nobody waits for the disk. */
	relax_commit();
	for (int i = 0; i < wakeups->count; i++)
	{
		long long id = wakeups->ids[i];

		if (wakeups->revisions[i] >= 0)
		{
			snprintf(payload, sizeof(payload), "%lld:%lld", id, (long long) wakeups->revisions[i]);
			Async_Notify("npcsim_world", payload);
		}
		if (wakeups->requests[i])
		{
			snprintf(payload, sizeof(payload), "%lld", id);
			Async_Notify("npcsim_decisions", payload);
		}
	}
}

/* Tells gateways, in one transaction, of every world that has something new. */
static void
notify_gateways(int64 now)
{
	Wakeups	   wakeups = {0};
	ErrorData *error;

	notify_waits = now < notify_at;
	if (notify_waits || nworlds == 0)
		return;
	wakeups.ids = palloc(nworlds * sizeof(int64));
	wakeups.revisions = palloc(nworlds * sizeof(int64));
	wakeups.requests = palloc(nworlds * sizeof(bool));
	for (int i = 0; i < nworlds; i++)
	{
		ServedWorld *world = &worlds[i];
		int64		 clock;
		int64		 revision;

		if (!shmem_world_now(world->id, &clock, &revision))
			continue;
		if (shmem_world_take_requests(world->id))
			world->requests = true;
		if (revision == world->notified && !world->requests)
			continue;
		wakeups.ids[wakeups.count] = world->id;
		wakeups.revisions[wakeups.count] = revision == world->notified ? -1 : revision;
		wakeups.requests[wakeups.count] = world->requests;
		wakeups.count++;
	}
	if (wakeups.count == 0)
		return;
	if (!run_guarded(notify_step, &wakeups, "waking gateways", &error))
	{
		if (!notify_failing)
			log_failure("npcsim could not wake gateways", error);
		notify_failing = true;
		notify_at = now + NOTIFY_RETRY_US;
		notify_waits = true;
		return;
	}
	notify_failing = false;
	notify_at = now + NOTIFY_SPACING_US;
	for (int i = 0; i < wakeups.count; i++)
	{
		ServedWorld *world = find_served(wakeups.ids[i]);

		if (wakeups.revisions[i] >= 0)
			world->notified = wakeups.revisions[i];
		world->requests = false;
	}
}

/* ---- maintenance ---- */

typedef struct MaintenanceTask
{
	const char	*name;
	SpiStatement statement;
	int64		 interval;	  /* µs */
	bool		 for_running; /* only while we serve worlds */
	int64		 due;
	int			 failures; /* in a row */
} MaintenanceTask;

enum
{
	EXPIRE_DECISIONS,
	EXPIRE_SESSIONS,
	PRUNE_LOGS,
	FOLD_DECISIONS,
	TELL_SUSPENSIONS,
	TASK_COUNT
};

static MaintenanceTask tasks[] = {
	[EXPIRE_DECISIONS] = {.name = "expire_decisions",
						  .statement = {.sql = "SELECT npcsim_internal.expire_decisions()"},
						  .interval = 1000 * 1000,
						  .for_running = true},
	[EXPIRE_SESSIONS] = {.name = "expire_sessions",
						 .statement = {.sql = "SELECT npcsim_internal.expire_sessions()"},
						 .interval = 5 * 1000 * 1000},
	[PRUNE_LOGS] = {.name = "prune_logs",
					.statement = {.sql = "SELECT npcsim.prune_logs()"},
					.interval = 60 * 1000 * 1000},
	[FOLD_DECISIONS] = {.name = "fold_decisions",
						.statement = {.sql = "SELECT npcsim_internal.fold_decisions(false)"},
						.interval = 10 * 1000 * 1000},
	[TELL_SUSPENSIONS] = {.name = "tell_suspensions",
						  .statement = {.sql = "SELECT npcsim_internal.tell_suspensions()"},
						  .interval = 5 * 1000 * 1000,
						  .for_running = true},
};

_Static_assert(sizeof(tasks) / sizeof(tasks[0]) == TASK_COUNT, "each task is described");

static void
task_step(void *arg)
{
	MaintenanceTask *task = arg;

	spi_begin();
	(void) spi_run(&task->statement, NULL, NULL, SPI_OK_SELECT);
	spi_end();
}

static void
gateways_step(void *arg)
{
	int *gone = arg;

	spi_begin();
	(void) gateways_gone(gone);
	spi_end();
}

/*
 * Checks for gateways whose database session ended. That end is announced as a rule, unless a pooler keeps
 * the session; the lock is gone all the same.
 */
static void
look_at_gateways(int64 now)
{
	static uint32 seen_departures = 0;
	static int	  failures = 0; /* in a row */
	uint32		  departures = pool_departures(MyDatabaseId);
	int			  gone = 0;
	ErrorData	 *error;

	if (departures == seen_departures && now < gateways_due)
		return;
	gateways_due = now + GATEWAYS_LOOK_US;
	if (!pool_claim_maintenance())
		return;
	if (departures == seen_departures && !run_guarded(gateways_step, &gone, "looking at gateways", &error))
	{
		if (failures++ % (TASK_LOG_EVERY * 2) == 0)
			log_failure("looking at gateways failed", error);
		return;
	}
	failures = 0;
	if (departures != seen_departures || gone > 0)
		tasks[EXPIRE_SESSIONS].due = 0;
	seen_departures = departures;
}

static void
do_maintenance(int64 now)
{
	bool ours = false;

	look_at_gateways(now);
	for (int i = 0; i < (int) lengthof(tasks); i++)
	{
		MaintenanceTask *task = &tasks[i];
		ErrorData		*error;

		if (now < task->due || (task->for_running && nworlds == 0))
			continue;
		task->due = now + task->interval;
		if (!ours && !(ours = pool_claim_maintenance()))
			continue;
		if (run_guarded(task_step, task, task->name, &error))
		{
			task->failures = 0;
			continue;
		}
		if (task->failures++ % TASK_LOG_EVERY == 0)
		{
			char what[64];

			snprintf(what, sizeof(what), "%s() failed", task->name);
			log_failure(what, error);
		}
	}
}

/* ---- shares of NPCs ---- */

typedef struct Shares
{
	int64 world_id;
	bool  settled; /* not if somebody holds the world */
} Shares;

static void
shares_step(void *arg)
{
	static SpiStatement statement = {.sql = "SELECT npcsim_internal.rebalance_world($1)",
									 .nargs = 1,
									 .types = {INT8OID}};
	Shares			   *shares = arg;

	spi_begin();
	(void) spi_run(&statement, (Datum[]) {Int64GetDatum(shares->world_id)}, NULL, SPI_OK_SELECT);
	shares->settled = spi_bool(0, false);
	spi_end();
}

/* Has NPCs change hands in those of our worlds where that is due, or somebody came who lends compute. */
static void
settle_shares(int64 now)
{
	static int failures = 0; /* in a row */

	for (int i = 0; i < nworlds; i++)
	{
		ServedWorld *world = &worlds[i];
		Shares		 shares = {.world_id = world->id};
		ErrorData	*error;

		if (!world->market || now < world->shares_from ||
			(!shmem_world_take_shares(world->id) && now < world->shares_at))
			continue;
		world->shares_from = now + SHARES_SPACING_US;
		world->shares_at = now + SHARES_US;
		if (run_guarded(shares_step, &shares, "dividing NPCs among players", &error))
		{
			failures = 0;
			if (!shares.settled)
				world->shares_at = world->shares_from;
		}
		else if (failures++ % TASK_LOG_EVERY == 0)
			log_failure("dividing NPCs among players failed", error);
	}
}

/* ---- the loop ---- */

static bool
told_to_end(void)
{
	return ShutdownRequestPending || pool_told_to_stop();
}

static void
set_lock_timeout(void)
{
	char value[32];

	snprintf(value, sizeof(value), "%dms", guc_tick_lock_timeout);
	SetConfigOption("lock_timeout", value, PGC_SUSET, PGC_S_OVERRIDE);
}

typedef struct Round
{
	bool behind; /* some world has more that is due */
	bool worked; /* there may be something to tell */
} Round;

/*
 * Collects the worlds that need a transaction, in the order in which they are to be run. Worlds in which
 * nothing is due are moved on.
 */
static int
collect_due(bool woken, ServedWorld **due)
{
	int64 now = real_now();
	int	  count = 0;

	for (int i = 0; i < nworlds; i++)
	{
		ServedWorld *world = &worlds[i];

		/* Whoever held it may have let go. */
		if (woken && world->blocked)
			world->try_at = 0;
		if (served_look(world, now) == SERVED_DUE)
			due[count++] = world;
	}
	served_sort(due, count);
	return count;
}

/* Runs what is due in every world, a batch each. */
static Round
run_worlds(bool woken)
{
	Round		  round = {.worked = woken};
	ServedWorld **due = palloc(Max(nworlds, 1) * sizeof(ServedWorld *));
	int			  count = collect_due(woken, due);
	int			  ran = 0;

	while (ran < count && !told_to_end())
		ran += served_run(due + ran, count - ran);
	for (int i = 0; i < ran; i++)
	{
		round.worked = true;
		if (due[i]->outcome == SERVED_BEHIND)
			round.behind = true;
		else if (due[i]->outcome == SERVED_STOPPED)
		{
			/* The rows tell more. */
			refresh_at = 0;
			due[i]->try_at = real_now() + PENDING_REFRESH_US;
		}
	}
	return round;
}

static long
nap_length(int64 now)
{
	int64 wake = now + NAP_MS * 1000;

	wake = Min(wake, Min(refresh_at, gateways_due));
	if (notify_waits)
		wake = Min(wake, notify_at);
	for (int i = 0; i < nworlds; i++)
	{
		wake = Min(wake, served_wake_at(&worlds[i]));
		if (worlds[i].market)
			wake = Min(wake, Max(worlds[i].shares_at, worlds[i].shares_from));
	}
	for (int i = 0; i < (int) lengthof(tasks); i++)
	{
		if (!tasks[i].for_running || nworlds > 0)
			wake = Min(wake, tasks[i].due);
	}
	if (nworlds == 0)
		wake = Min(wake, idle_since + LINGER_US);
	return (long) Max(0, (wake - now + 999) / 1000);
}

/*
 * Writes the clocks of our worlds as far as that goes quickly; the others stand in shared memory until
 * somebody takes them.
 */
static void
say_farewell(void)
{
	int64 until = real_now() + FAREWELL_US;

	for (int i = nworlds - 1; i >= 0 && real_now() < until; i--)
	{
		if (served_end(&worlds[i]))
			remove_served(i);
	}
}

void
npcsim_worker_main(Datum arg)
{
	MemoryContext memory;
	bool		  woken = true;

	worker_begin("npcsim worker");
	set_lock_timeout();
	memory = AllocSetContextCreate(TopMemoryContext, "npcsim worker's round", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(memory);
	idle_since = real_now();

	while (!told_to_end())
	{
		int64 now = real_now();
		Round round;

		/* A cancellation that came while nothing was running has nothing to cancel. */
		QueryCancelPending = false;
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			set_lock_timeout();
		}
		if (now >= refresh_at || pool_changes(MyDatabaseId) != seen_changes)
		{
			if (!refresh())
				break;
			woken = true;
		}
		round = run_worlds(woken);
		do_maintenance(real_now());
		settle_shares(real_now());
		if (round.worked || notify_waits)
			notify_gateways(real_now());
		MemoryContextReset(memory);
		now = real_now();
		if (nworlds > 0)
			idle_since = now;
		else if (now - idle_since >= LINGER_US && !pending)
			break;
		/* This reports statistics that were held back because they came too soon after the last report. */
		pgstat_report_stat(false);

		woken = false;
		if (!round.behind)
		{
			int events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, nap_length(now),
								   PG_WAIT_EXTENSION);

			woken = (events & WL_LATCH_SET) != 0;
		}
		ResetLatch(MyLatch);
	}
	say_farewell();
	pgstat_report_stat(true);
	proc_exit(0);
}
