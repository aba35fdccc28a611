/*
 * agent.h
 *	  Joins the gateway and the player's MCP server.
 */
#ifndef NPCSIM_AGENT_AGENT_H
#define NPCSIM_AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "backoff.h"
#include "link.h"
#include "loop.h"
#include "server.h"
#include "settings.h"
#include "telling.h"

typedef enum AgentState
{
	AGENT_RESTING, /* until the timer: then everything afresh */
	AGENT_WAKING,  /* the server is coming up */
	AGENT_PAUSING, /* the server is up, the gateway is dialled when the timer says so */
	AGENT_DIALLING,
	AGENT_PIPING,
	AGENT_CLEARING, /* both are being ended */
	AGENT_DONE
} AgentState;

typedef struct Agent
{
	AgentState		state;
	const Settings *settings;
	Loop		   *loop;
	Link			link;
	Server		   *server;
	bool			link_up;   /* "closed" is still to come */
	bool			server_up; /* "gone" is still to come */
	bool			finishing; /* after CLEARING comes DONE */
	int				exit_status;
	int64_t			piping_since; /* 0 unless this round got that far */
	Backoff			backoff;
	Timer			timer;
	Telling			telling;
	LogThrottle		length_throttle;
} Agent;

/* False, and the reason told, if it cannot begin. */
extern bool agent_init(Agent *agent, Loop *loop, struct lws_vhost *vhost, const Settings *settings);
extern void agent_begin(Agent *agent);

/* Ends it with exit_status in good order; asked again, at once. */
extern void agent_finish(Agent *agent, int exit_status);
extern void agent_free(Agent *agent);

#endif /* NPCSIM_AGENT_AGENT_H */
