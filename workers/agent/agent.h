/*
 * agent.h
 *	  Passes messages between the gateway and the player's mind, and reconnects when either is gone.
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
	AGENT_RESTING,	/* neither is there; the server is started when the timer is over */
	AGENT_WAKING,	/* the server is starting */
	AGENT_PAUSING,	/* the server is up; the gateway is dialled when the timer is over */
	AGENT_DIALLING, /* the server is up; the connection to the gateway is being opened */
	AGENT_PIPING,	/* messages are passed between the two */
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
	bool			link_up;   /* the link was dialled and has not told "closed" since */
	bool			server_up; /* the server was started and has not told "gone" since */
	bool			offered;   /* the gateway of this connection was told what is offered */
	bool			finishing; /* CLEARING leads to DONE, not to RESTING */
	int				exit_status;
	int64_t			piping_since; /* by now_ms(); 0 if PIPING was not reached since WAKING */
	Backoff			backoff;
	Timer			timer;
	Telling			telling;
	LogThrottle		length_throttle;
} Agent;

/* Prepares an agent; returns false, and has logged the reason, if it cannot begin. */
extern bool agent_init(Agent *agent, Loop *loop, struct lws_vhost *vhost, const Settings *settings);

/* Starts the MCP server from the loop; the agent then runs until its state is AGENT_DONE. */
extern void agent_begin(Agent *agent);

/* Ends connection and server in good order, then the agent with exit_status; a second call kills the server at once. */
extern void agent_finish(Agent *agent, int exit_status);
extern void agent_free(Agent *agent);

#endif /* NPCSIM_AGENT_AGENT_H */
