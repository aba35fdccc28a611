/*
 * mind_events.h
 *	  What the minds of NPCs are told.
 */
#ifndef NPCSIM_MIND_EVENTS_H
#define NPCSIM_MIND_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Stored by their names. */
typedef enum MindEvent
{
	MIND_DECIDED_FOR_YOU,
	MIND_DECISION_FAILED,
	MIND_DECISION_TIMED_OUT,
	MIND_ERROR,
	MIND_BID_CANCELLED,
	MIND_BID_PENDING,
	MIND_BID_RECEIVED,
	MIND_BID_REJECTED,
	MIND_INTERACTION_CANCELLED,
	MIND_INTERACTION_FINISHED,
	MIND_INTERACTION_OBSERVATION,
	MIND_INTERACTION_STARTED,
	MIND_MOVEMENT_COMPLETED,
	MIND_PLAN_FAILED
} MindEvent;
#define MIND_EVENT_COUNT 14

extern const char *mind_event_name(MindEvent event);
/* False if there is no event of that name, which need not end with a zero. */
extern bool mind_event_by_name(const char *name, size_t length, MindEvent *event);

#endif /* NPCSIM_MIND_EVENTS_H */
