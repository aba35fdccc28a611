/*
 * mind.h
 *	  A client that is an MCP server: connects its MCP session (mcp.h) with its
 *	  WebSocket and with the decision requests.
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

/* Makes the client's Mind; to be called before the client has a session. */
extern void mind_create(Client *client, const MindOffer *offer);
extern void mind_free(Client *client);

/* Begins the MCP session, or goes on with it, because the client has a session in the database now. */
extern void mind_joined(Client *client);

extern void mind_receive(Client *client, const char *text, size_t length);

/* Takes an answered ping as the heartbeat of the mind. */
extern void mind_pong(Client *client);

extern void mind_tick(Client *client, int64_t now);

extern bool mind_decide(Client *client, int64_t request_id, int64_t npc_id, const char *body, size_t length);
extern void mind_cancel(Client *client, int64_t request_id, const char *reason);

#endif /* NPCSIM_GATEWAY_MIND_H */
