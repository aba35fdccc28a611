/*
 * admission.h
 *	  Whom the gateway lets in: what a connection says of itself, how often its
 *	  address may come, whether its token is somebody's, and how it is told
 *	  that it is not let in.
 */
#ifndef NPCSIM_GATEWAY_ADMISSION_H
#define NPCSIM_GATEWAY_ADMISSION_H

#include <jansson.h>

#include "calls.h"
#include "client.h"

/* The frame "hello". */
extern void admission_hello(Client *client, const json_t *hello);

/* What the address says with which an MCP server dialled in; empty: nothing. */
typedef struct McpArguments
{
	const char *source;
	const char *max_concurrency;
	const char *choices;
	const char *compact;
} McpArguments;

extern void admission_mcp_hello(Client *client, const char *token, const McpArguments *arguments);

/* The client has said who it is: goes on as soon as the database is there. */
extern void admission_proceed(Client *client);

/* The database will not have it: tells the client why, and closes it. */
extern void admission_refuse(Client *client, const DbReply *reply);

#endif /* NPCSIM_GATEWAY_ADMISSION_H */
