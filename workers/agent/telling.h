/*
 * telling.h
 *	  What the player is told of how it goes: lines on stderr, and the status file.
 */
#ifndef NPCSIM_AGENT_TELLING_H
#define NPCSIM_AGENT_TELLING_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/log.h"
#include "loop.h"
#include "report.h"
#include "settings.h"

typedef struct Telling
{
	Loop		   *loop;
	const Settings *settings;
	Report			report;
	Timer			report_timer;
	Timer			file_timer;
	const char	   *state;
	time_t			since;
	unsigned		connections;
	time_t			connected_at;
	char			trouble[200]; /* the last one that ended a connection or a server, or "" */
	time_t			trouble_at;
	int				exit_status; /* -1 while the agent runs */
	LogThrottle		file_throttle;
	LogThrottle		outcome_throttle;
} Telling;

/* False, and the reason told, if the status file cannot be written. */
extern bool telling_init(Telling *telling, Loop *loop, const Settings *settings);

/* The agent is in another state; the name is not copied. */
extern void telling_state(Telling *telling, const char *state);
extern void telling_connected(Telling *telling);
extern void telling_trouble(Telling *telling, const char *what, const char *why);

/* Takes what the gateway says to us and not to the MCP server; false if it is for the server. */
extern bool telling_takes(Telling *telling, const char *text, size_t len);

/* The last words. */
extern void telling_end(Telling *telling, int exit_status);
extern void telling_free(Telling *telling);

#endif /* NPCSIM_AGENT_TELLING_H */
