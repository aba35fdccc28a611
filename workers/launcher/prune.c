/*
 * prune.c
 *	  prune_logs(): empties the segments of the log rings that are due.
 *
 * The change log is a ring of segments by the minute of the wall clock, the decision log one of 32 by
 * the day. A segment is emptied by TRUNCATE, which leaves no dead rows, and only if its lock can be
 * had at once: neither a reader nor a writer ever waits for it, and what is not emptied now is emptied
 * a minute later.
 *
 * The log of events is a ring, too (tables/event_segments.h), which is turned here when the present
 * segment has covered its part of npcsim.world_event_hours, or holds its part of
 * npcsim.world_event_size. Older segments are emptied when everything in them is older than the hours.
 * Besides, the oldest are emptied as long as the ring holds more than the size less one part, so that
 * there is room for what comes until the next time.
 *
 * What is on record of dishonest answers is few rows, which are deleted; so are what minds were told, of each world the oldest.
 */
#include "postgres.h"

#include <time.h>

#include "access/relation.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "spi.h"
#include "tables/change_log.h"
#include "tables/client_calls.h"
#include "tables/event_segments.h"
#include "tables/fallback.h"
#include "tables/observation_log.h"
#include "tables/trust.h"

PG_FUNCTION_INFO_V1(npcsim_prune_logs);

#define DECISION_LOG_SEGMENTS 32

/* The ring of minutes: so many parts of so many seconds, of which those that hold the last 24 hours are kept. */
#define MINUTE_SEGMENTS 8
#define MINUTE_SEGMENT	21600
#define MINUTES_KEPT	5

/* Whether a table holds anything; false also if somebody has it locked. */
static bool
holds_rows(Oid table)
{
	Relation relation;
	bool	 holds;

	/*
	 * It is looked at under a weak lock first, since the strong one is written to the WAL even if there is
	 * nothing to do.
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

/* Returns 1 if the segment was emptied, else 0. */
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

/* ---- the ring of events ---- */

/* Returns the bytes of a segment with its indexes; 0 if it holds nothing, or somebody has it locked. */
static int64
event_segment_bytes(int segment)
{
	Oid table =
		get_relname_relid(psprintf("world_event_log_%d", segment), get_namespace_oid("npcsim", false));

	if (!OidIsValid(table) || !holds_rows(table))
		return 0;
	return DatumGetInt64(DirectFunctionCall1(pg_total_relation_size, ObjectIdGetDatum(table)));
}

static void
begin_event_segment(EventSegments *segments, int segment, TimestampTz begun)
{
	segments->begun[segment] = begun;
	event_segment_begin(segment, begun);
}

/*
 * Dates segments that a restore or an earlier version has left with rows of unknown age: their age counts
 * from now on. They come before the present segment, which is dated as well.
 */
static void
date_event_segments(EventSegments *segments, const int64 *bytes, TimestampTz now)
{
	for (int segment = 0; segment < EVENT_SEGMENTS; segment++)
		if (segment != segments->present && bytes[segment] > 0 && segments->begun[segment] == 0)
			begin_event_segment(segments, segment,
								segments->begun[segments->present] != 0
									? Min(now, segments->begun[segments->present]) - 1
									: now - 1);
	if (segments->begun[segments->present] == 0)
		begin_event_segment(segments, segments->present, now);
}

static bool
empty_event_segment(EventSegments *segments, int64 *bytes, int segment)
{
	if (empty_segment("world_event_log", segment) == 0)
		return false;
	event_segment_forget(segment);
	segments->begun[segment] = 0;
	bytes[segment] = 0;
	return true;
}

/* Returns when a segment was last written to: when the one after it began. */
static TimestampTz
event_segment_ended(const EventSegments *segments, int age)
{
	TimestampTz ended = segments->begun[segments->present];

	for (int later = age - 1; later >= 0; later--)
	{
		ended = segments->begun[event_segment_aged(segments, later)];
		if (ended != 0)
			break;
	}
	return ended;
}

/*
 * Turns to the next segment if the present one has its part of the hours or of the size. Returns 1 if the
 * next one was emptied for that.
 */
static int
turn_event_segments(EventSegments *segments, int64 *bytes, TimestampTz now, int64 most)
{
	TimestampTz begun = segments->begun[segments->present];
	int			next = event_segment_aged(segments, -1);
	int			emptied = 0;

	if (bytes[segments->present] == 0 ||
		(bytes[segments->present] < most / EVENT_PARTS_BY_SIZE &&
		 now - begun < (TimestampTz) guc_world_event_hours * USECS_PER_HOUR / EVENT_PARTS_BY_TIME))
		return 0;
	if (bytes[next] > 0)
	{
		/*
		 * The ring is full of events younger than the hours: the oldest segment is emptied, unless somebody
		 * reads it.
		 */
		if (!empty_event_segment(segments, bytes, next))
			return 0;
		emptied = 1;
	}
	/* It begins after the present one, whatever the wall clock does. */
	begin_event_segment(segments, next, Max(now, begun + 1));
	segments->present = next;
	return emptied;
}

/* Returns how many segments were emptied. */
static int
prune_events(void)
{
	Oid			  table = get_relname_relid("world_event_segments", get_namespace_oid("npcsim", false));
	TimestampTz	  now = GetCurrentTimestamp();
	TimestampTz	  kept = now - (TimestampTz) guc_world_event_hours * USECS_PER_HOUR;
	int64		  most = (int64) guc_world_event_size * 1024 * 1024;
	int64		  bytes[EVENT_SEGMENTS];
	int64		  total = 0;
	int			  emptied;
	EventSegments segments;
	Snapshot	  snapshot;

	/* One session does this at a time. */
	if (!ConditionalLockRelationOid(table, ShareUpdateExclusiveLock))
		return 0;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	event_segments_read(&segments, snapshot);
	UnregisterSnapshot(snapshot);
	for (int segment = 0; segment < EVENT_SEGMENTS; segment++)
		bytes[segment] = event_segment_bytes(segment);
	date_event_segments(&segments, bytes, now);
	emptied = turn_event_segments(&segments, bytes, now, most);
	for (int segment = 0; segment < EVENT_SEGMENTS; segment++)
		total += bytes[segment];
	for (int age = EVENT_SEGMENTS - 1; age > 0; age--)
	{
		int	  segment = event_segment_aged(&segments, age);
		int64 size = bytes[segment];

		if (size == 0 ||
			(event_segment_ended(&segments, age) > kept && total <= most - most / EVENT_PARTS_BY_SIZE) ||
			!empty_event_segment(&segments, bytes, segment))
			continue;
		total -= size;
		emptied++;
	}
	return emptied;
}

Datum
npcsim_prune_logs(PG_FUNCTION_ARGS)
{
	time_t now = time(NULL);
	int	   minute = (int) (now / 60 % CHANGE_LOG_SEGMENTS);
	int	   today = (int) (now / 86400 % DECISION_LOG_SEGMENTS);
	int	   part = (int) (now / MINUTE_SEGMENT % MINUTE_SEGMENTS);
	int	   emptied;

	spi_begin();
	/* This is the segment that comes next, which holds the oldest minute of the log. */
	emptied = empty_segment("change_log", (minute + 1) % CHANGE_LOG_SEGMENTS);
	for (int age = guc_decision_log_days; age < DECISION_LOG_SEGMENTS; age++)
		emptied +=
			empty_segment("decision_log", (today - age + DECISION_LOG_SEGMENTS) % DECISION_LOG_SEGMENTS);
	for (int age = MINUTES_KEPT; age < MINUTE_SEGMENTS; age++)
		emptied += empty_segment("source_minutes", (part - age + MINUTE_SEGMENTS) % MINUTE_SEGMENTS);
	emptied += prune_events();
	client_calls_forget();
	fallbacks_forget(market_now() - guc_decision_log_days * USECS_PER_DAY,
					 market_now() - SPENDING_DAYS * USECS_PER_DAY);
	observation_log_drop_oldest();
	violations_forget(market_now() - guc_security_violation_days * USECS_PER_DAY);
	spi_end();
	PG_RETURN_INT32(emptied);
}
