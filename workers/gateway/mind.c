/*
 * mind.c
 *	  A client that is an MCP server: connects its MCP session (mcp.h) with its
 *	  WebSocket and with the decision requests.
 *
 * The MCP session may not be freed from inside its own callbacks, so one that
 * is broken closes the client, and it is freed when the socket is gone.
 */
#include "mind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/version.h"
#include "compute.h"
#include "heartbeat.h"
#include "mcp.h"

typedef struct Mind
{
	McpSession *session;
	bool		ready;
	MindOffer	offer;
	json_t	   *offered; /* what it told of itself last, or NULL */
} Mind;

/* The members of a heartbeat that a mind may tell of itself. */
static const char *const offers[] = {"max_concurrency", "stateless", "kind", "models"};

static void
send_text(void *owner, const char *text, size_t length)
{
	client_send(owner, text, length);
}

/* Copies those members of an offer that are known. */
static void
take_over(json_t *to, const json_t *offer)
{
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
		if (json_object_get(offer, offers[i]) != NULL)
			json_object_set(to, offers[i], json_object_get(offer, offers[i]));
}

/* Returns a heartbeat for the mind: how many requests at a time it offers to take, and what it told of itself. */
static json_t *
make_heartbeat(Client *client)
{
	const Mind *mind = client->mind;
	bool		takes_choices = mcp_session_takes_choices(mind->session);
	json_t	   *heartbeat =
		json_pack("{s:s, s:i, s:i, s:i, s:b, s:b}", "type", "compute_heartbeat", "max_concurrency",
				  mind->offer.max_concurrency, "decision_queue_length", compute_in_flight(client),
				  "average_decision_time_ms", compute_average_ms(client), "choices",
				  takes_choices && mind->offer.choices, "compact", takes_choices && mind->offer.compact);

	take_over(heartbeat, mind->offered);
	return heartbeat;
}

/* Sends the database a heartbeat for the mind. */
static void
beat(Client *client)
{
	static LogThrottle throttle = {.what = "heartbeats of minds that make no sense"};
	char			   message[100];
	json_t			  *heartbeat;

	if (!client->mind->ready)
		return;
	heartbeat = make_heartbeat(client);
	if (!compute_heartbeat(client, heartbeat, message, sizeof(message)))
		log_throttled(&throttle, now_ms(), LOG_WARNING, "%s: heartbeat: %s", client_label(client), message);
	json_decref(heartbeat);
}

/* Takes what the mind offers from now on; what it does not name stays, and an offer that makes no sense counts for nothing. */
static void
offered(void *owner, const json_t *offer)
{
	static LogThrottle throttle = {.what = "offers of minds that make no sense"};
	Client			  *client = owner;
	Mind			  *mind = client->mind;
	json_t			  *heartbeat = make_heartbeat(client);
	char			   message[100];
	int				   capacity;

	take_over(heartbeat, offer);
	if (heartbeat_read(heartbeat, &capacity, message, sizeof(message)))
	{
		if (mind->offered == NULL)
			mind->offered = json_object();
		take_over(mind->offered, offer);
		beat(client);
	}
	else
		log_throttled(&throttle, now_ms(), LOG_WARNING, "%s: offer: %s", client_label(client), message);
	json_decref(heartbeat);
}

static void
ready(void *owner)
{
	Client *client = owner;

	client->mind->ready = true;
	beat(client);
}

static void
answered(void *owner, int64_t request_id, const char *json, size_t length)
{
	compute_answer(owner, request_id, 0, json, length);
}

static void
failed(void *owner, int64_t request_id, const char *reason)
{
	char text[sizeof("error: ") + MCP_MAX_FAILURE];

	snprintf(text, sizeof(text), "error: %s", reason);
	compute_fail(owner, request_id, text);
}

static void
broken(void *owner, const char *reason)
{
	Client *client = owner;

	client->mind->ready = false;
	client_close(client, CLOSE_PROTOCOL_ERROR, reason);
}

void
mind_create(Client *client, const MindOffer *offer)
{
	client->mind = mem_alloc(sizeof(Mind));
	client->mind->offer = *offer;
}

void
mind_free(Client *client)
{
	Mind *mind = client->mind;

	if (mind == NULL)
		return;
	client->mind = NULL;
	if (mind->session != NULL)
		mcp_session_free(mind->session);
	json_decref(mind->offered);
	free(mind);
}

void
mind_joined(Client *client)
{
	static const McpCallbacks callbacks = {send_text, ready, answered, failed, offered, broken};
	Mind					 *mind = client->mind;

	if (mind->session != NULL)
		beat(client);
	else
	{
		mind->session = mcp_session_create(&callbacks, client, NPCSIM_VERSION, now_ms());
		if (mind->session == NULL)
			client_close(client, CLOSE_GOING_AWAY, "out of memory");
	}
}

void
mind_receive(Client *client, const char *text, size_t length)
{
	/* without an MCP session nothing was asked, so there is nothing that this could answer */
	if (client->mind->session != NULL)
		mcp_session_receive(client->mind->session, text, length, now_ms());
}

void
mind_pong(Client *client)
{
	if (client->state == CLIENT_LIVE)
		beat(client);
}

void
mind_tick(Client *client, int64_t now)
{
	if (client->mind->session != NULL && client_is_welcome(client))
		mcp_session_tick(client->mind->session, now);
}

bool
mind_decide(Client *client, int64_t request_id, int64_t npc_id, const char *body, size_t length)
{
	Mind *mind = client->mind;

	return mind->ready && mcp_session_decide(mind->session, request_id, npc_id, body, length, now_ms());
}

void
mind_cancel(Client *client, int64_t request_id, const char *reason)
{
	if (client->mind != NULL && client->mind->session != NULL)
		mcp_session_cancel(client->mind->session, request_id, reason);
}
