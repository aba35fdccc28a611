/*
 * event_segments.h
 *	  The ring of segments (partitions) of world_event_log.
 *
 * One of them is written to, the present one; prune_logs() (workers/launcher/prune.c) turns to the next one when that is
 * old or large enough, after it has emptied it. So the ring goes from the oldest, behind the present one, around to that.
 */
#ifndef NPCSIM_EVENT_SEGMENTS_H
#define NPCSIM_EVENT_SEGMENTS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

#define EVENT_SEGMENTS 32

/* Parts that the hours, and the size, for which events are kept are divided into: the ring has room for both. */
#define EVENT_PARTS_BY_TIME 16
#define EVENT_PARTS_BY_SIZE 8
StaticAssertDecl(EVENT_PARTS_BY_TIME + EVENT_PARTS_BY_SIZE + 4 <= EVENT_SEGMENTS, "the ring is too short");

typedef struct EventSegments
{
	TimestampTz begun
		[EVENT_SEGMENTS]; /* when it was first written to; 0 = not since it was emptied, or nobody knows */
	int present;
} EventSegments;

/* Rows of world_event_segments, read without a statement. */
extern void event_segments_read(EventSegments *segments, Snapshot snapshot);

/* It is written to from then on; it was emptied. SPI must be connected. */
extern void event_segment_begin(int segment, TimestampTz begun);
extern void event_segment_forget(int segment);

/* The segment that is 'age' turns older than the present one. */
static inline int
event_segment_aged(const EventSegments *segments, int age)
{
	return (segments->present - age + EVENT_SEGMENTS) % EVENT_SEGMENTS;
}

/* The present one, for who writes. */
extern int16 event_segment_to_write(void);

/*
 * Those that were written to within some seconds, for who reads with the active snapshot: the present one comes first, and
 * again in place of those that are too old.
 */
#define EVENT_SEGMENTS_RECENT EVENT_PARTS_BY_SIZE
extern void event_segments_recent(int seconds, int16 recent[EVENT_SEGMENTS_RECENT]);

#endif /* NPCSIM_EVENT_SEGMENTS_H */
