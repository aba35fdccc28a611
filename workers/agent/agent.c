/*
 * agent.c
 *	  Joins the gateway and the player's MCP server.
 *
 * The states and what leads from one to the next are drawn in README.md.  One
 * function per transition; each asserts the states that it may leave.
 *
 * Every state but PIPING has a deadline of its own, or one of the link's or the
 * server's; PIPING lasts while both sides give signs of life.
 *
 * Invariants: the gateway is connected only while the server is up, so that it
 * sees the server's absence at once; each connection that was open gets a
 * server of its own, started afresh; while one side takes no more, nothing is
 * read from the other.
 */
#include "agent.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jsonrpc.h"
#include "common/log.h"


/* A round that lasted this long was no failure. */
#define STEADY_MS 30000

/* Link and server have their own deadlines, which are shorter; beyond this something is amiss. */
#define CLEAR_MS 20000

/* As the status file calls them. */
static const char *const state_names[] = {
	[AGENT_RESTING] = "resting",   [AGENT_WAKING] = "starting",	 [AGENT_PAUSING] = "waiting",
	[AGENT_DIALLING] = "dialling", [AGENT_PIPING] = "connected", [AGENT_CLEARING] = "ending",
	[AGENT_DONE] = "stopped",
};

_Static_assert(sizeof(state_names) / sizeof(state_names[0]) == AGENT_DONE + 1, "every state has a name");

static void Wake(void *arg);
static void Dial(void *arg);

static void
Enter(Agent *agent, AgentState state)
{
	agent->state = state;
	if (state == AGENT_DONE)
		TellingEnd(&agent->telling, agent->exit_status);
	else
		TellingState(&agent->telling, state_names[state]);
}

static uint32_t
Noise(Agent *agent)
{
	uint32_t noise = 0;

	lws_get_random(agent->loop->context, &noise, sizeof(noise));
	return noise;
}

/* ---------- transitions ---------- */

static void
Rest(Agent *agent)
{
	int64_t ms;

	assert(agent->state == AGENT_CLEARING && !agent->link_up && !agent->server_up);
	if (agent->piping_since != 0 && now_ms() - agent->piping_since >= STEADY_MS)
		BackoffReset(&agent->backoff);
	ms = BackoffNext(&agent->backoff, Noise(agent));
	log_line(LOG_INFO, "trying again in %.1f s", (double) ms / 1000);
	Enter(agent, AGENT_RESTING);
	TimerSet(agent->loop, &agent->timer, ms, Wake, agent);
}

/* CLEARING ends when both sides have. */
static void
CheckCleared(Agent *agent)
{
	assert(agent->state == AGENT_CLEARING);
	if (agent->link_up || agent->server_up)
		return;
	if (!agent->finishing)
	{
		Rest(agent);
		return;
	}
	TimerCancel(&agent->timer);
	Enter(agent, AGENT_DONE);
	lws_cancel_service(agent->loop->context);
}

/* Whoever asked us to end is not kept waiting, and nobody is served from a state that cannot be. */
static void
ClearOverdue(void *arg)
{
	Agent *agent = arg;

	assert(agent->state == AGENT_CLEARING);
	log_line(LOG_ERROR, "%s does not end: the agent ends without it",
			 agent->link_up ? "the connection" : "the MCP server");
	if (!agent->finishing)
		agent->exit_status = EXIT_FAILURE;
	Enter(agent, AGENT_DONE);
	lws_cancel_service(agent->loop->context);
}

static void
Clear(Agent *agent, int close_code, const char *why)
{
	assert(agent->state != AGENT_CLEARING && agent->state != AGENT_DONE);
	TimerSet(agent->loop, &agent->timer, CLEAR_MS, ClearOverdue, agent);
	Enter(agent, AGENT_CLEARING);
	if (agent->link_up)
		LinkClose(&agent->link, close_code, why);
	if (agent->server_up)
		ServerStop(agent->server, false);
	CheckCleared(agent);
}

static void
Wake(void *arg)
{
	Agent *agent = arg;

	assert(agent->state == AGENT_RESTING);
	Enter(agent, AGENT_WAKING);
	agent->piping_since = 0;
	agent->server_up = true;
	ServerStart(agent->server);
}

static void
Dial(void *arg)
{
	Agent *agent = arg;

	assert(agent->state == AGENT_WAKING || agent->state == AGENT_PAUSING);
	Enter(agent, AGENT_DIALLING);
	agent->link_up = true;
	LinkDial(&agent->link);
}

/* The gateway did not let us in.  The server has not been spoken to, so it may stay. */
static void
Pause(Agent *agent)
{
	int64_t ms = BackoffNext(&agent->backoff, Noise(agent));

	assert(agent->state == AGENT_DIALLING);
	log_line(LOG_INFO, "dialling again in %.1f s", (double) ms / 1000);
	Enter(agent, AGENT_PAUSING);
	TimerSet(agent->loop, &agent->timer, ms, Dial, agent);
}

void
AgentFinish(Agent *agent, int exit_status)
{
	if (agent->state == AGENT_DONE)
		return;
	if (agent->finishing)
	{
		if (agent->server_up)
			ServerStop(agent->server, true);
		return;
	}
	agent->finishing = true;
	agent->exit_status = exit_status;
	if (agent->state != AGENT_CLEARING)
		Clear(agent, LWS_CLOSE_STATUS_GOINGAWAY, "the agent ends");
}

/* ---------- what the server says ---------- */

static void
OnServerReady(void *arg)
{
	Agent *agent = arg;

	if (agent->state != AGENT_WAKING)
		return;
	log_line(LOG_INFO, "the MCP server is up");
	Dial(agent);
}

/*
 * An answer that the gateway would refuse, and close the connection over, is
 * replaced by an error; anything else of that length is dropped.
 */
static void
SendTooLong(Agent *agent, const char *text, size_t len)
{
	RpcMessage message;
	int64_t	   id;
	char	  *error = NULL;

	rpc_parse(&message, text, len);
	id = message.root == NULL ? rpc_seems_to_answer(text, len) : 0;
	if (id != 0)
	{
		message.root = message.id = json_integer(id);
		message.kind = RPC_RESULT;
	}
	log_throttled(&agent->length_throttle, now_ms(), LOG_WARNING,
				  "dropped a message of %zu bytes from the MCP server: the gateway takes %zu (--max-message)",
				  len, agent->settings->message_limit);
	if (message.kind == RPC_RESULT || message.kind == RPC_ERROR)
		error = rpc_make_error(message.id, RPC_ERROR_TRANSPORT,
							   "the answer has %zu bytes, more than the %zu allowed", len,
							   agent->settings->message_limit);
	if (error != NULL && !LinkSend(&agent->link, error, strlen(error)))
		ServerHold(agent->server, true);
	free(error);
	rpc_free(&message);
}

static void
OnServerMessage(void *arg, const char *text, size_t len)
{
	Agent *agent = arg;

	if (agent->state != AGENT_PIPING)
		return;
	if (len > agent->settings->message_limit)
		SendTooLong(agent, text, len);
	else if (!LinkSend(&agent->link, text, len))
		ServerHold(agent->server, true);
}

static void
OnServerDrained(void *arg)
{
	Agent *agent = arg;

	LinkHold(&agent->link, false);
}

static void
OnServerGone(void *arg, const char *why)
{
	Agent *agent = arg;

	agent->server_up = false;
	if (why != NULL)
	{
		log_line(LOG_WARNING, "the MCP server is gone: %s", why);
		TellingTrouble(&agent->telling, "the MCP server is gone", why);
	}
	if (agent->state == AGENT_CLEARING)
		CheckCleared(agent);
	else
		Clear(agent, LWS_CLOSE_STATUS_GOINGAWAY, "the MCP server is gone");
}

/* ---------- what the gateway says ---------- */

static void
OnLinkOpen(void *arg)
{
	Agent *agent = arg;

	assert(agent->state == AGENT_DIALLING);
	log_line(LOG_NOTICE, "connected to the gateway at %s as source \"%s\"", agent->settings->gateway.host,
			 agent->settings->source);
	TellingConnected(&agent->telling);
	Enter(agent, AGENT_PIPING);
	agent->piping_since = now_ms();
}

static void
OnLinkMessage(void *arg, const char *text, size_t len)
{
	Agent *agent = arg;

	if (agent->state != AGENT_PIPING || TellingTakes(&agent->telling, text, len))
		return;
	if (!ServerSend(agent->server, text, len))
		LinkHold(&agent->link, true);
}

static void
OnLinkDrained(void *arg)
{
	Agent *agent = arg;

	if (agent->state == AGENT_PIPING)
		ServerHold(agent->server, false);
}

static void
OnLinkClosed(void *arg, LinkEnd end, const char *why)
{
	Agent *agent = arg;

	agent->link_up = false;
	if (end != LINK_END_ASKED)
		TellingTrouble(&agent->telling, "not connected to the gateway", why);
	if (end == LINK_END_REFUSED)
	{
		log_line(LOG_ERROR, "the gateway refuses this player: %s; check the token", why);
		AgentFinish(agent, EXIT_FAILURE);
	}
	else if (end == LINK_END_REPLACED)
	{
		log_line(LOG_NOTICE, "a newer agent with source \"%s\" has taken over: this one ends",
				 agent->settings->source);
		AgentFinish(agent, EXIT_SUCCESS);
	}
	else if (end == LINK_END_LOST)
		log_line(LOG_WARNING, "not connected to the gateway at %s: %s", agent->settings->gateway.host, why);

	if (agent->state == AGENT_CLEARING)
		CheckCleared(agent);
	else if (agent->state == AGENT_DIALLING)
		Pause(agent);
	else if (agent->state == AGENT_PIPING)
		Clear(agent, LWS_CLOSE_STATUS_GOINGAWAY, "the connection is gone");
}

/* ---------- */

bool
AgentInit(Agent *agent, Loop *loop, struct lws_vhost *vhost, const Settings *settings)
{
	LinkEvents	 link_events = {OnLinkOpen, OnLinkMessage, OnLinkDrained, OnLinkClosed, agent};
	ServerEvents server_events = {OnServerReady, OnServerMessage, OnServerDrained, OnServerGone, agent};

	memset(agent, 0, sizeof(*agent));
	agent->state = AGENT_RESTING;
	agent->settings = settings;
	agent->loop = loop;
	if (!TellingInit(&agent->telling, loop, settings))
		return false;
	LinkInit(&agent->link, loop, vhost, settings, &link_events);
	agent->server = settings->command != NULL ? StdioServerCreate(loop, settings, &server_events)
											  : HttpServerCreate(loop, settings, &server_events);
	if (agent->server == NULL)
		TellingEnd(&agent->telling, EXIT_FAILURE);
	return agent->server != NULL;
}

void
AgentBegin(Agent *agent)
{
	TimerSet(agent->loop, &agent->timer, 0, Wake, agent);
}

void
AgentFree(Agent *agent)
{
	TimerCancel(&agent->timer);
	LinkFree(&agent->link);
	TellingFree(&agent->telling);
	if (agent->server != NULL)
		ServerFree(agent->server);
}
