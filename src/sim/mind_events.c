/*
 * mind_events.c
 *	  The names of the events that minds of NPCs are told.
 */
#include <string.h>

#include "sim/mind_events.h"

static const char *const event_names[MIND_EVENT_COUNT] = {
#define EVENT(event_, name_) [event_] = (name_),
	MIND_EVENT_LIST(EVENT)
#undef EVENT
};

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
