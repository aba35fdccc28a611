/*
 * prune.c
 *	  prune_logs(): empties the segments of the log rings that are due.
 *
 * The change log is a ring of segments by the minute of the wall clock, the decision log one of 32 by the
 * day, the log of events one of 32 of three hours each. A segment is emptied by TRUNCATE, which leaves no dead rows, and only when its lock is to be had at
 * once: neither a reader nor a writer ever waits for it, and what is not emptied now is emptied a minute
 * later.
 */
#include "postgres.h"

#include <time.h>

#include "access/relation.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "guc.h"
#include "spi.h"
#include "tables/change_log.h"
#include "tables/world_events.h"

PG_FUNCTION_INFO_V1(npcsim_prune_logs);

#define DECISION_LOG_SEGMENTS 32

static SpiStatement forget_calls_statement = {
	.sql = "DELETE FROM npcsim.client_calls "
		   "WHERE called_at_real < pg_catalog.now() - pg_catalog.make_interval(days => 1)"};

/* Whether a table holds anything; false also when somebody has it locked. */
static bool
holds_rows(Oid table)
{
	Relation relation;
	bool	 holds;

	/*
	 * looked at first under a weak lock: the strong one is written to the WAL even when there is nothing to
	 * do
	 */
	if (!ConditionalLockRelationOid(table, AccessShareLock))
		return false;
	relation = try_relation_open(table, NoLock);
	holds = relation != NULL && RelationGetNumberOfBlocks(relation) > 0;
	if (relation != NULL)
		relation_close(relation, NoLock);
	UnlockRelationOid(table, AccessShareLock);
	return holds;
}

/* 1 if the segment was emptied, else 0. */
static int
empty_segment(const char *log, int segment)
{
	char name[NAMEDATALEN];
	char sql[NAMEDATALEN + 64];
	Oid	 table;

	snprintf(name, sizeof(name), "%s_%d", log, segment);
	table = get_relname_relid(name, get_namespace_oid("npcsim", false));
	if (!OidIsValid(table) || !holds_rows(table) || !ConditionalLockRelationOid(table, AccessExclusiveLock))
		return 0;
	snprintf(sql, sizeof(sql), "TRUNCATE ONLY npcsim.%s", quote_identifier(name));
	spi_run_once(sql, SPI_OK_UTILITY);
	return 1;
}

/* Those whose newest row is older than npcsim.world_event_hours; how many there were. */
static int
empty_event_segments(time_t now)
{
	time_t present = now / WORLD_EVENT_SEGMENT_SECONDS;
	time_t kept = now - (time_t) guc_world_event_hours * 3600;
	int	   emptied = 0;

	for (time_t segment = present - WORLD_EVENT_SEGMENTS + 1; segment < present; segment++)
		if ((segment + 1) * WORLD_EVENT_SEGMENT_SECONDS <= kept)
			emptied += empty_segment("world_event_log", (int) (segment % WORLD_EVENT_SEGMENTS));
	return emptied;
}

Datum
npcsim_prune_logs(PG_FUNCTION_ARGS)
{
	time_t now = time(NULL);
	int	   minute = (int) (now / 60 % CHANGE_LOG_SEGMENTS);
	int	   today = (int) (now / 86400 % DECISION_LOG_SEGMENTS);
	int	   emptied;

	spi_begin();
	/* the one that comes next; it holds the oldest minute of the log */
	emptied = empty_segment("change_log", (minute + 1) % CHANGE_LOG_SEGMENTS);
	for (int age = guc_decision_log_days; age < DECISION_LOG_SEGMENTS; age++)
		emptied +=
			empty_segment("decision_log", (today - age + DECISION_LOG_SEGMENTS) % DECISION_LOG_SEGMENTS);
	emptied += empty_event_segments(now);
	(void) spi_run(&forget_calls_statement, NULL, NULL, SPI_OK_DELETE);
	spi_end();
	PG_RETURN_INT32(emptied);
}
