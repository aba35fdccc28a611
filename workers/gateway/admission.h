/*
 * admission.h
 *	  Decides which connections the gateway lets in: by what a connection says
 *	  of itself, how often its address may join, and whether its token is valid.
 */
#ifndef NPCSIM_GATEWAY_ADMISSION_H
#define NPCSIM_GATEWAY_ADMISSION_H

#include <jansson.h>

#include "client.h"

/* Takes the frame "hello" of a client of npcsim.v1. */
extern void admission_hello(Client *client, const json_t *hello);

/* The query arguments of the address to which an MCP server connected; "" = not given. */
typedef struct McpArguments
{
	const char *source;
	const char *max_concurrency;
	const char *choices;
	const char *compact;
} McpArguments;


/* Takes what an MCP server says of itself in its handshake, in place of a hello. */
extern void admission_mcp_hello(Client *client, const char *token, const McpArguments *arguments);

/* Goes on with all clients whose hello is here, since the database can be reached now. */
extern void admission_resume(void);

/* Goes on with a client that was held back, or closes one that has waited for too long; to be called several times a second. */
extern void admission_tick(Client *client, int64_t now);

#endif /* NPCSIM_GATEWAY_ADMISSION_H */
