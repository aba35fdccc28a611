/*
 * history.h
 *	  What a mind is told that another one decided before: what the NPC did for all to see, and what was said aloud around it.
 *
 * Nothing in it is of the former mind: no reasons, plans, notes or messages that were not said aloud.
 */
#ifndef NPCSIM_REDUCERS_HISTORY_H
#define NPCSIM_REDUCERS_HISTORY_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "reducers/scene.h"
#include "tables/world_events.h"

/* The most bytes of the array, in whole observations and in compact ones. */
#define HISTORY_BYTES		  1024
#define HISTORY_BYTES_COMPACT 300

/* What stands before the array. */
#define HISTORY_KEY_BYTES ((int) strlen(",\"history\":"))

/* What happened lately in a world. */
typedef struct RecentEvents
{
	EventRow *rows; /* in the order in which they happened */
	int		  count;
} RecentEvents;

/* Reads it once for all NPCs whose history is told. */
extern void recent_events_read(RecentEvents *recent, int64 world_id);

/* Writes ,"history":[…], whose array has at most so many bytes; nothing if there is nothing to tell. */
extern void json_history(StringInfo out, const RecentEvents *recent, const Scene *scene, int viewer,
						 int bytes);

#endif /* NPCSIM_REDUCERS_HISTORY_H */
