/*
 * mind_events.h
 *	  The types of events that minds of NPCs are told.
 */
#ifndef NPCSIM_MIND_EVENTS_H
#define NPCSIM_MIND_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Each type and the name by which it is stored. */
#define MIND_EVENT_LIST(EVENT) \
	EVENT(MIND_DECIDED_FOR_YOU, "decided_for_you") \
	EVENT(MIND_DECISION_FAILED, "decision_failed") \
	EVENT(MIND_DECISION_TIMED_OUT, "decision_timed_out") \
	EVENT(MIND_ERROR, "error") \
	EVENT(MIND_BID_CANCELLED, "interaction_bid_cancelled") \
	EVENT(MIND_BID_PENDING, "interaction_bid_pending") \
	EVENT(MIND_BID_RECEIVED, "interaction_bid_received") \
	EVENT(MIND_BID_REJECTED, "interaction_bid_rejected") \
	EVENT(MIND_INTERACTION_CANCELLED, "interaction_cancelled") \
	EVENT(MIND_INTERACTION_FINISHED, "interaction_finished") \
	EVENT(MIND_INTERACTION_OBSERVATION, "interaction_observation") \
	EVENT(MIND_INTERACTION_STARTED, "interaction_started") \
	EVENT(MIND_MOVEMENT_COMPLETED, "movement_completed") \
	EVENT(MIND_PLAN_FAILED, "plan_failed")

typedef enum MindEvent
{
#define EVENT(event_, name_) event_,
	MIND_EVENT_LIST(EVENT)
#undef EVENT
		MIND_EVENT_COUNT
} MindEvent;

extern const char *mind_event_name(MindEvent event);
/* Finds an event by its name, which need not be terminated. Returns false if there is none. */
extern bool mind_event_by_name(const char *name, size_t length, MindEvent *event);

#endif /* NPCSIM_MIND_EVENTS_H */
