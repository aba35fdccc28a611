/*
 * mind_events.c
 *	  What the minds of NPCs are told: the names of it.
 */
#include <string.h>

#include "sim/mind_events.h"

static const char *const event_names[] = {
	[MIND_DECIDED_FOR_YOU] = "decided_for_you",
	[MIND_DECISION_FAILED] = "decision_failed",
	[MIND_DECISION_TIMED_OUT] = "decision_timed_out",
	[MIND_ERROR] = "error",
	[MIND_BID_CANCELLED] = "interaction_bid_cancelled",
	[MIND_BID_PENDING] = "interaction_bid_pending",
	[MIND_BID_RECEIVED] = "interaction_bid_received",
	[MIND_BID_REJECTED] = "interaction_bid_rejected",
	[MIND_INTERACTION_CANCELLED] = "interaction_cancelled",
	[MIND_INTERACTION_FINISHED] = "interaction_finished",
	[MIND_INTERACTION_OBSERVATION] = "interaction_observation",
	[MIND_INTERACTION_STARTED] = "interaction_started",
	[MIND_MOVEMENT_COMPLETED] = "movement_completed",
	[MIND_PLAN_FAILED] = "plan_failed",
};
_Static_assert(sizeof(event_names) / sizeof(event_names[0]) == MIND_EVENT_COUNT, "every event has a name");

const char *
mind_event_name(MindEvent event)
{
	return event_names[event];
}

bool
mind_event_by_name(const char *name, size_t length, MindEvent *event)
{
	for (int i = 0; i < MIND_EVENT_COUNT; i++)
	{
		if (strlen(event_names[i]) != length || memcmp(event_names[i], name, length) != 0)
			continue;
		*event = (MindEvent) i;
		return true;
	}
	return false;
}
