/*
 * event_segments.h
 *	  The ring of segments (partitions) of world_event_log.
 *
 * One of them, the present one, is written to. When it is old or large enough, prune_logs()
 * (workers/launcher/prune.c) empties the next one and makes that the present one. So the oldest
 * segment is the one behind the present one.
 */
#ifndef NPCSIM_EVENT_SEGMENTS_H
#define NPCSIM_EVENT_SEGMENTS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

#define EVENT_SEGMENTS 32

/*
 * The hours, and the size, for which events are kept are divided into so many parts: the ring has room for
 * both.
 */
#define EVENT_PARTS_BY_TIME 16
#define EVENT_PARTS_BY_SIZE 8
StaticAssertDecl(EVENT_PARTS_BY_TIME + EVENT_PARTS_BY_SIZE + 4 <= EVENT_SEGMENTS, "the ring is too short");

typedef struct EventSegments
{
	/* When a segment was first written to; 0 = not since it was emptied, or it is not known. */
	TimestampTz begun[EVENT_SEGMENTS];
	int			present;
} EventSegments;

/* Reads world_event_segments without a statement. */
extern void event_segments_read(EventSegments *segments, Snapshot snapshot);

/* Note that a segment is written to from then on, or that it was emptied. SPI must be connected. */
extern void event_segment_begin(int segment, TimestampTz begun);
extern void event_segment_forget(int segment);

/* Returns the segment that is 'age' turns older than the present one. */
static inline int
event_segment_aged(const EventSegments *segments, int age)
{
	return (segments->present - age + EVENT_SEGMENTS) % EVENT_SEGMENTS;
}

/* Returns the present segment, for writing. */
extern int16 event_segment_to_write(void);

/*
 * Fills in the segments that were written to within some seconds, for reading with the active snapshot: the
 * present one first, and again in place of those that are too old.
 */
#define EVENT_SEGMENTS_RECENT EVENT_PARTS_BY_SIZE
extern void event_segments_recent(int seconds, int16 recent[EVENT_SEGMENTS_RECENT]);

#endif /* NPCSIM_EVENT_SEGMENTS_H */
