/*
 * admission.h
 *	  Whom the gateway lets in: what a connection says of itself, how often its
 *	  address may come, and whether its token is somebody's.
 */
#ifndef NPCSIM_GATEWAY_ADMISSION_H
#define NPCSIM_GATEWAY_ADMISSION_H

#include <jansson.h>

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

/* The database is there: who has said who it is goes on. */
extern void admission_resume(void);

/* Those who wait are let in, or wait for too long; several times a second. */
extern void admission_tick(Client *client, int64_t now);

#endif /* NPCSIM_GATEWAY_ADMISSION_H */
