/*
 * mind.h
 *	  A client that is an MCP server: joins the MCP session (mcp.h) to the
 *	  connection and to the decisions.
 */
#ifndef NPCSIM_GATEWAY_MIND_H
#define NPCSIM_GATEWAY_MIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"

/* What a mind offers to do, and how it wants to be asked. */
typedef struct MindOffer
{
	int	 max_concurrency;
	bool choices;
	bool compact;
} MindOffer;

/* Before the client is welcome. */
extern void mind_create(Client *client, const MindOffer *offer);
extern void mind_free(Client *client);

/* It has a session: the MCP session begins, or goes on. */
extern void mind_joined(Client *client);

extern void mind_receive(Client *client, const char *text, size_t length);

/* An answered ping is its heartbeat. */
extern void mind_pong(Client *client);

extern void mind_tick(Client *client, int64_t now);

extern bool mind_decide(Client *client, int64_t request_id, int64_t npc_id, const char *body, size_t length);
extern void mind_cancel(Client *client, int64_t request_id, const char *reason);

#endif /* NPCSIM_GATEWAY_MIND_H */
