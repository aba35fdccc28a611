/*
 * agent.c
 *	  Passes messages between the gateway and the player's mind, and reconnects when either is gone.
 *
 * The states and what leads from one to the next are drawn in README.md.  Each
 * transition is one function, which asserts the states that it may leave.
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


/* A connection that lasted this long starts the back-off anew when it ends. */
#define STEADY_MS 30000

/* Link and server have shorter deadlines of their own to end; the agent does not wait for either beyond this. */
#define CLEAR_MS 20000

/* The longest name of a model that the gateway takes, in bytes at least. */
#define MODEL_TOLD_MAX 100

/* The names of the states in the status file. */
static const char *const state_names[] = {
	[AGENT_RESTING] = "resting",   [AGENT_WAKING] = "starting",	 [AGENT_PAUSING] = "waiting",
	[AGENT_DIALLING] = "dialling", [AGENT_PIPING] = "connected", [AGENT_CLEARING] = "ending",
	[AGENT_DONE] = "stopped",
};

_Static_assert(sizeof(state_names) / sizeof(state_names[0]) == AGENT_DONE + 1, "every state has a name");

static void wake(void *arg);
static void dial(void *arg);

static void
enter(Agent *agent, AgentState state)
{
	agent->state = state;
	if (state == AGENT_DONE)
		telling_end(&agent->telling, agent->exit_status);
	else
		telling_state(&agent->telling, state_names[state]);
}

static uint32_t
random_noise(Agent *agent)
{
	uint32_t noise = 0;

	lws_get_random(agent->loop->context, &noise, sizeof(noise));
	return noise;
}

/* ---------- transitions ---------- */

static void
rest(Agent *agent)
{
	int64_t ms;

	assert(agent->state == AGENT_CLEARING && !agent->link_up && !agent->server_up);
	if (agent->piping_since != 0 && now_ms() - agent->piping_since >= STEADY_MS)
		backoff_reset(&agent->backoff);
	ms = backoff_next(&agent->backoff, random_noise(agent));
	log_line(LOG_INFO, "trying again in %.1f s", (double) ms / 1000);
	enter(agent, AGENT_RESTING);
	timer_set(agent->loop, &agent->timer, ms, wake, agent);
}

/* Leaves CLEARING when both link and server have ended. */
static void
check_cleared(Agent *agent)
{
	assert(agent->state == AGENT_CLEARING);
	if (agent->link_up || agent->server_up)
		return;
	if (!agent->finishing)
	{
		rest(agent);
		return;
	}
	timer_cancel(&agent->timer);
	enter(agent, AGENT_DONE);
	lws_cancel_service(agent->loop->context);
}

/* Ends the agent when link or server did not end within CLEAR_MS: starting over from such a state is not safe. */
static void
clear_overdue(void *arg)
{
	Agent *agent = arg;

	assert(agent->state == AGENT_CLEARING);
	log_line(LOG_ERROR, "%s does not end: the agent ends without it",
			 agent->link_up ? "the connection" : agent->server->ops->name);
	if (!agent->finishing)
		agent->exit_status = EXIT_FAILURE;
	enter(agent, AGENT_DONE);
	lws_cancel_service(agent->loop->context);
}

static void
clear(Agent *agent, int close_code, const char *why)
{
	assert(agent->state != AGENT_CLEARING && agent->state != AGENT_DONE);
	timer_set(agent->loop, &agent->timer, CLEAR_MS, clear_overdue, agent);
	enter(agent, AGENT_CLEARING);
	if (agent->link_up)
		link_close(&agent->link, close_code, why);
	if (agent->server_up)
		server_stop(agent->server, false);
	check_cleared(agent);
}

static void
wake(void *arg)
{
	Agent *agent = arg;

	assert(agent->state == AGENT_RESTING);
	enter(agent, AGENT_WAKING);
	agent->piping_since = 0;
	agent->server_up = true;
	server_start(agent->server);
}

static void
dial(void *arg)
{
	Agent *agent = arg;

	assert(agent->state == AGENT_WAKING || agent->state == AGENT_PAUSING);
	enter(agent, AGENT_DIALLING);
	agent->link_up = true;
	link_dial(&agent->link);
}

/* Waits before the gateway is dialled again.  The server stays up because the gateway has not spoken to it yet. */
static void
pause_dialling(Agent *agent)
{
	int64_t ms = backoff_next(&agent->backoff, random_noise(agent));

	assert(agent->state == AGENT_DIALLING);
	log_line(LOG_INFO, "dialling again in %.1f s", (double) ms / 1000);
	enter(agent, AGENT_PAUSING);
	timer_set(agent->loop, &agent->timer, ms, dial, agent);
}

void
agent_finish(Agent *agent, int exit_status)
{
	if (agent->state == AGENT_DONE)
		return;
	if (agent->finishing)
	{
		if (agent->server_up)
			server_stop(agent->server, true);
		return;
	}
	agent->finishing = true;
	agent->exit_status = exit_status;
	if (agent->state != AGENT_CLEARING)
		clear(agent, LWS_CLOSE_STATUS_GOINGAWAY, "the agent ends");
}

/* ---------- what the server says ---------- */

static void
on_server_ready(void *arg)
{
	Agent *agent = arg;

	if (agent->state != AGENT_WAKING)
		return;
	log_line(LOG_INFO, "%s is up", agent->server->ops->name);
	dial(agent);
}

/*
 * Sends an error instead of an answer that is too long, over which the gateway
 * would close the connection, and drops any other message of that length.
 */
static void
send_too_long(Agent *agent, const char *text, size_t len)
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
				  "dropped a message of %zu bytes from %s: the gateway takes %zu (--max-message)", len,
				  agent->server->ops->name, agent->settings->message_limit);
	if (message.kind == RPC_RESULT || message.kind == RPC_ERROR)
		error = rpc_make_error(message.id, RPC_ERROR_TRANSPORT,
							   "the answer has %zu bytes, more than the %zu allowed", len,
							   agent->settings->message_limit);
	if (error != NULL && !link_send(&agent->link, error, strlen(error)))
		server_hold(agent->server, true);
	free(error);
	rpc_free(&message);
}

static void
on_server_message(void *arg, const char *text, size_t len)
{
	Agent *agent = arg;

	if (agent->state != AGENT_PIPING)
		return;
	if (len > agent->settings->message_limit)
		send_too_long(agent, text, len);
	else if (!link_send(&agent->link, text, len))
		server_hold(agent->server, true);
}

static void
on_server_drained(void *arg)
{
	Agent *agent = arg;

	link_hold(&agent->link, false);
}

static void
on_server_gone(void *arg, const char *why)
{
	Agent *agent = arg;
	char   what[64];

	agent->server_up = false;
	snprintf(what, sizeof(what), "%s is gone", agent->server->ops->name);
	if (why != NULL)
	{
		log_line(LOG_WARNING, "%s: %s", what, why);
		telling_trouble(&agent->telling, what, why);
	}
	if (agent->state == AGENT_CLEARING)
		check_cleared(agent);
	else
		clear(agent, LWS_CLOSE_STATUS_GOINGAWAY, what);
}

static void
on_server_hopeless(void *arg, const char *why)
{
	Agent *agent = arg;

	agent->server_up = false;
	log_line(LOG_ERROR, "%s", why);
	telling_trouble(&agent->telling, "the agent ended", why);
	if (agent->state == AGENT_CLEARING)
	{
		agent->finishing = true;
		agent->exit_status = EXIT_FAILURE;
		check_cleared(agent);
	}
	else
		agent_finish(agent, EXIT_FAILURE);
}

/* ---------- what the gateway says ---------- */

/* Tells the gateway, once it has spoken, what the address that was dialled has no words for. */
static void
tell_offer(Agent *agent)
{
	const Settings *settings = agent->settings;
	json_t		   *offer = json_object();
	char		   *text;

	agent->offered = true;
	if (settings->mind == MIND_API)
		json_object_set_new(offer, "kind", json_string("player_api_key"));
	if (settings->mind == MIND_API && strlen(settings->api.model) <= MODEL_TOLD_MAX)
		json_object_set_new(offer, "models", json_pack("[s]", settings->api.model));
	if (settings->stateless)
		json_object_set_new(offer, "stateless", json_true());
	if (json_object_size(offer) > 0)
	{
		text = rpc_make_offer(json_incref(offer));
		link_send(&agent->link, text, strlen(text));
		free(text);
	}
	json_decref(offer);
}

static void
on_link_open(void *arg)
{
	Agent *agent = arg;

	assert(agent->state == AGENT_DIALLING);
	log_line(LOG_NOTICE, "connected to the gateway at %s as source \"%s\"", agent->settings->gateway.host,
			 agent->settings->source);
	telling_connected(&agent->telling);
	agent->offered = false;
	enter(agent, AGENT_PIPING);
	agent->piping_since = now_ms();
}

static void
on_link_message(void *arg, const char *text, size_t len)
{
	Agent *agent = arg;

	if (agent->state != AGENT_PIPING)
		return;
	if (!agent->offered)
		tell_offer(agent);
	if (telling_takes(&agent->telling, text, len))
		return;
	if (!server_send(agent->server, text, len))
		link_hold(&agent->link, true);
}

static void
on_link_drained(void *arg)
{
	Agent *agent = arg;

	if (agent->state == AGENT_PIPING)
		server_hold(agent->server, false);
}

static void
on_link_closed(void *arg, LinkEnd end, const char *why)
{
	Agent *agent = arg;

	agent->link_up = false;
	if (end != LINK_END_ASKED)
		telling_trouble(&agent->telling, "not connected to the gateway", why);
	if (end == LINK_END_REFUSED)
	{
		log_line(LOG_ERROR, "the gateway refuses this player: %s; check the token", why);
		agent_finish(agent, EXIT_FAILURE);
	}
	else if (end == LINK_END_REPLACED)
	{
		log_line(LOG_NOTICE, "a newer agent with source \"%s\" has taken over: this one ends",
				 agent->settings->source);
		agent_finish(agent, EXIT_SUCCESS);
	}
	else if (end == LINK_END_LOST)
		log_line(LOG_WARNING, "not connected to the gateway at %s: %s", agent->settings->gateway.host, why);

	if (agent->state == AGENT_CLEARING)
		check_cleared(agent);
	else if (agent->state == AGENT_DIALLING)
		pause_dialling(agent);
	else if (agent->state == AGENT_PIPING)
		clear(agent, LWS_CLOSE_STATUS_GOINGAWAY, "the connection is gone");
}

/* ---------- */

bool
agent_init(Agent *agent, Loop *loop, struct lws_vhost *vhost, const Settings *settings)
{
	LinkEvents	 link_events = {on_link_open, on_link_message, on_link_drained, on_link_closed, agent};
	ServerEvents server_events = {on_server_ready, on_server_message,  on_server_drained,
								  on_server_gone,  on_server_hopeless, agent};

	Server *(*const create[])(Loop *, const Settings *, const ServerEvents *) = {
		[MIND_STDIO] = stdio_server_create,
		[MIND_HTTP] = http_server_create,
		[MIND_API] = api_server_create,
		[MIND_BUILT_IN] = built_in_server_create,
	};

	_Static_assert(sizeof(create) / sizeof(create[0]) == MIND_BUILT_IN + 1, "every kind of mind can be made");
	memset(agent, 0, sizeof(*agent));
	agent->state = AGENT_RESTING;
	agent->settings = settings;
	agent->loop = loop;
	if (!telling_init(&agent->telling, loop, settings))
		return false;
	link_init(&agent->link, loop, vhost, settings, &link_events);
	agent->server = create[settings->mind](loop, settings, &server_events);
	if (agent->server == NULL)
		telling_end(&agent->telling, EXIT_FAILURE);
	return agent->server != NULL;
}

void
agent_begin(Agent *agent)
{
	timer_set(agent->loop, &agent->timer, 0, wake, agent);
}

void
agent_free(Agent *agent)
{
	timer_cancel(&agent->timer);
	link_free(&agent->link);
	telling_free(&agent->telling);
	if (agent->server != NULL)
		server_free(agent->server);
}
