/*
 * server.h
 *	  The interface to the player's mind, whichever way it is reached: an MCP server, or one within the agent that is spoken
 *	  to as if it were one.
 *
 * A server is started, gets messages, is stopped, and may be started again.
 * Between server_start() and the "gone" event it is up; "gone" comes exactly
 * once per start, last, whether it was stopped or ended by itself, and never
 * from within a call of the functions below.
 */
#ifndef NPCSIM_AGENT_SERVER_H
#define NPCSIM_AGENT_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"
#include "loop.h"
#include "settings.h"

/* The client's name that the agent gives the MCP server. */
#define AGENT_NAME "npcsim-agent"

typedef struct Server Server;

typedef struct ServerEvents
{
	/* Hears that the server answers and messages may be sent. */
	void (*ready)(void *arg);

	/* Takes a whole JSON-RPC message for the gateway. */
	void (*message)(void *arg, const char *text, size_t len);

	/* Hears that there is room again after server_send() returned false. */
	void (*drained)(void *arg);

	/* Hears that the server is down, and why; "why" is NULL if it was stopped by server_stop(). */
	void (*gone)(void *arg, const char *why);

	/* Hears, instead of "gone", that it would be of no use to start the server again; "why" says what to do about it. */
	void (*hopeless)(void *arg, const char *why);
	void *arg;
} ServerEvents;

typedef struct ServerOps
{
	const char *name; /* what the player calls it, as in "the MCP server" */
	void (*start)(Server *server);
	bool (*send)(Server *server, const char *text, size_t len);
	void (*hold)(Server *server, bool held);
	void (*stop)(Server *server, bool at_once);
	void (*free)(Server *server);
} ServerOps;

/* What every kind of server begins with. */
struct Server
{
	const ServerOps *ops;
	const Settings	*settings;
	Loop			*loop;
	ServerEvents	 events;
};

/*
 * Make a server for --mcp, --mcp-url, --api, or --mind; they return NULL, and have logged the reason, if it cannot be
 * made.
 */
extern Server *stdio_server_create(Loop *loop, const Settings *settings, const ServerEvents *events);
extern Server *http_server_create(Loop *loop, const Settings *settings, const ServerEvents *events);
extern Server *api_server_create(Loop *loop, const Settings *settings, const ServerEvents *events);
extern Server *built_in_server_create(Loop *loop, const Settings *settings, const ServerEvents *events);

/*
 * Passes on an answer that is not valid JSON, made valid UTF-8: the gateway can read some of them, and fails the others at
 * once.
 */
extern void server_pass_unreadable(Server *server, LogThrottle *throttle, const char *text, size_t len);

static inline void
server_start(Server *server)
{
	server->ops->start(server);
}

/*
 * Takes a message of the gateway.  Returns false if it was taken but no more
 * should come before "drained".
 */
static inline bool
server_send(Server *server, const char *text, size_t len)
{
	return server->ops->send(server, text, len);
}

/* While held, nothing is read from the server; messages that were read before may still be told. */
static inline void
server_hold(Server *server, bool held)
{
	server->ops->hold(server, held);
}

/* Asks the server to end; at_once gives it no time to do so by itself. */
static inline void
server_stop(Server *server, bool at_once)
{
	server->ops->stop(server, at_once);
}

/* Frees the server, which must not be up unless the process ends. */
static inline void
server_free(Server *server)
{
	server->ops->free(server);
}

#endif /* NPCSIM_AGENT_SERVER_H */
