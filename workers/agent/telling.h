/*
 * telling.h
 *	  Tells the player how the agent fares, in log lines and in the status file.
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
	bool			file_soon; /* the file is to be written within FILE_MS */
	const char	   *state;
	time_t			since;
	unsigned		connections;
	time_t			connected_at;
	char			trouble[200]; /* what ended the last connection or server, or "" */
	time_t			trouble_at;
	int				exit_status; /* -1 while the agent runs */
	LogThrottle		file_throttle;
	LogThrottle		outcome_throttle;
} Telling;

/* Writes the status file for the first time; returns false, and has logged the reason, if it cannot be written. */
extern bool telling_init(Telling *telling, Loop *loop, const Settings *settings);

/* These note what happened: the agent's state changed (the name is not copied), it is connected, something failed. */
extern void telling_state(Telling *telling, const char *state);
extern void telling_connected(Telling *telling);
extern void telling_trouble(Telling *telling, const char *what, const char *why);

/* Takes a notification of the gateway that is for the agent; returns false if the message is for the MCP server. */
extern bool telling_takes(Telling *telling, const char *text, size_t len);

/* Tells what is untold and writes the status file for the last time. */
extern void telling_end(Telling *telling, int exit_status);
extern void telling_free(Telling *telling);

#endif /* NPCSIM_AGENT_TELLING_H */
