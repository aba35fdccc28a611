/*
 * guc.c
 *	  The settings (GUCs) of npcsim. Each has a default that serves.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "worker_pool.h"

PG_FUNCTION_INFO_V1(npcsim_market_now);

int	  guc_max_workers = 4;
int	  guc_max_worlds = 0;
int	  guc_max_open_questions = 0;
int	  guc_worlds_per_worker = 32;
char *guc_worker_role = NULL;
int	  guc_decision_log_days = 14;
int	  guc_security_violation_days = 90;
int	  guc_world_event_hours = 24;
int	  guc_world_event_size = 512;
int	  guc_tick_lock_timeout = 100;
int	  guc_tick_batch = 64;
int	  guc_clock_write_interval = 60;

/* ---- the moment by which the market judges ---- */

static char		  *market_time_text = NULL;
static TimestampTz market_time = DT_NOBEGIN; /* the real time */

/* Whether the text is a moment with its time zone, or nothing, which stands for the real time. */
static bool
read_market_time(const char *text, TimestampTz *moment)
{
	char		 work[MAXDATELEN + MAXDATEFIELDS];
	char		*fields[MAXDATEFIELDS];
	int			 types[MAXDATEFIELDS];
	int			 count;
	int			 type;
	int			 zone;
	struct pg_tm time;
	fsec_t		 fraction;

	*moment = DT_NOBEGIN;
	if (text == NULL || *text == '\0')
		return true;
	return ParseDateTime(text, work, sizeof(work), fields, types, MAXDATEFIELDS, &count) == 0 &&
		   compat_decode_moment(fields, types, count, &type, &time, &fraction, &zone) == 0 &&
		   type == DTK_DATE && tm2timestamp(&time, fraction, &zone, moment) == 0;
}

static bool
check_market_time(char **text, void **extra, GucSource source)
{
	TimestampTz moment;

	if (read_market_time(*text, &moment))
		return true;
	GUC_check_errdetail("It is neither a moment nor empty.");
	GUC_check_errhint("For example '2027-01-31 12:00:00+00'.");
	return false;
}

static void
assign_market_time(const char *text, void *extra)
{
	(void) read_market_time(text, &market_time);
}

TimestampTz
market_now(void)
{
	return market_time == DT_NOBEGIN ? GetCurrentTimestamp() : market_time;
}

Datum
npcsim_market_now(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(market_now());
}

/* ---- all settings ---- */

/* They size shared memory, so only a server that preloaded the library knows them. */
static void
define_sizes(void)
{
	DefineCustomIntVariable("npcsim.max_worlds",
							"Worlds that can run at the same time, in all databases together.",
							"Each takes about 5 kB of shared memory.", &guc_max_worlds, 1024, 1, 16384,
							PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"npcsim.max_open_questions",
		"Questions that wait to be handed out and are kept in memory, in all databases together.",
		"Each takes about 130 bytes of shared memory. When there are more, they are read from the table.",
		&guc_max_open_questions, 32768, 64, 4 * 1024 * 1024, PGC_POSTMASTER, 0, NULL, NULL, NULL);
}

void
guc_init(void)
{
	DefineCustomIntVariable(
		"npcsim.max_workers", "Workers that run worlds at the same time, in all databases together.",
		"Each takes one of max_worker_processes, besides one for the launcher and one for its brief probes. "
		"0 stops all worlds.",
		&guc_max_workers, 4, 0, POOL_MAX_WORKERS, PGC_SIGHUP, 0, NULL, NULL, NULL);

	if (process_shared_preload_libraries_in_progress)
		define_sizes();

	DefineCustomIntVariable("npcsim.worlds_per_worker",
							"Running worlds of a database for which one more worker is started.",
							"When npcsim.max_workers is reached, workers serve more than this.",
							&guc_worlds_per_worker, 32, 1, 16384, PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomStringVariable("npcsim.worker_role", "Role that the workers run as.",
							   "It needs LOGIN and the rights on schema npcsim that docs/roles.sql grants.",
							   &guc_worker_role, "npcsim_worker", PGC_SIGHUP, GUC_IS_NAME, NULL, NULL, NULL);

	DefineCustomIntVariable("npcsim.decision_log_days",
							"Days (UTC) for which npcsim.decision_log is kept, today included.", NULL,
							&guc_decision_log_days, 14, 1, 31, PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("npcsim.security_violation_days",
							"Days for which npcsim.security_violations is kept.", NULL,
							&guc_security_violation_days, 90, 1, 3650, PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"npcsim.world_event_hours", "Hours for which npcsim.world_events and npcsim.messages are kept.",
		"They are forgotten a sixteenth of that at a time, so the oldest are kept by so much longer.",
		&guc_world_event_hours, 24, 1, 90, PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"npcsim.world_event_size",
		"Size that npcsim.world_events and npcsim.messages of a database are kept within.",
		"When they are larger the oldest are forgotten, an eighth of that at a time, before their hours are "
		"over.",
		&guc_world_event_size, 512, 16, 1024 * 1024, PGC_SIGHUP, GUC_UNIT_MB, NULL, NULL, NULL);

	DefineCustomIntVariable("npcsim.tick_lock_timeout", "Longest wait of a worker for any lock.",
							"After it the tick is given up and tried again.", &guc_tick_lock_timeout, 100, 1,
							10000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"npcsim.tick_batch", "Most ticks of a world that share a transaction.",
		"Ticks share a transaction when they are due together: at high speed, and when a world catches up. "
		"A worker takes fewer when they would take longer than 50 ms.",
		&guc_tick_batch, 64, 1, 10000, PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("npcsim.clock_write_interval",
							"How often the clock of a running world is written although nothing happens.",
							"After a crash a world may live up to this long again.",
							&guc_clock_write_interval, 60, 1, 60, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);

	/* The real time is what a server is run with: this is for tests, which need not wait then. */
	DefineCustomStringVariable("npcsim.market_time", "The moment by which the decision market judges.",
							   "Empty: the real time. Tests set it, so that nobody has to wait.",
							   &market_time_text, "", PGC_SUSET, GUC_NOT_IN_SAMPLE, check_market_time,
							   assign_market_time, NULL);

	MarkGUCPrefixReserved("npcsim");
}
