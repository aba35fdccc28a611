/*
 * session.h
 *	  How a connection becomes a session in the database, stays one over
 *	  restarts of the database, and ends.
 */
#ifndef NPCSIM_GATEWAY_SESSION_H
#define NPCSIM_GATEWAY_SESSION_H

#include <jansson.h>
#include <libwebsockets.h>
#include <stdint.h>

#include "client.h"

extern void session_start(const char *gateway_id);

/* The database will have none of this gateway, and never had: it is to end. */
extern bool session_is_refused(void);

/* What keeps connections without a session, a line each; for /healthz. */
extern void session_add_trouble(Text *text, int64_t now);

/* Welcomed connections without a session. */
extern int	session_count_without(void);
extern void session_stop(void);

/* The database can be reached, or no longer. */
extern void session_database_up(void);
extern void session_database_down(void);
extern void session_database_refused(const char *reason);

/* It is there but does not know this gateway any more. */
extern void session_register_again(void);

/* The frame "hello". */
extern void session_hello(Client *client, const json_t *hello);

/* What the address says with which an MCP server dialled in; empty: nothing. */
typedef struct McpArguments
{
	const char *source;
	const char *max_concurrency;
	const char *choices;
	const char *compact;
} McpArguments;

extern void session_mcp_hello(Client *client, const char *token, const McpArguments *arguments);

/* The database does not know its session (any more): it joins again. */
extern void session_unknown(Client *client);

/* The session shall go by this source from now on. */
extern void session_name_source(Client *client, const char *source);

/* Ended elsewhere, for one of the reasons of gateway_poll. */
extern void session_ended(int64_t session_id, const char *reason);

/* The world is not there any more. */
extern void session_world_gone(World *world);

/* The socket is gone: ends everything the client had here. */
extern void session_closed(Client *client);

extern void session_tick(int64_t now);

#endif /* NPCSIM_GATEWAY_SESSION_H */
