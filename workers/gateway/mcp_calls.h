/*
 * mcp_calls.h
 *	  The tool calls of an MCP session that may still be answered.
 *
 * A cancelled call is remembered for a late answer, but only the newest
 * MCP_MAX_CANCELLED of them, so the table never runs out of room for the
 * MCP_MAX_IN_FLIGHT that somebody waits for.
 */
#ifndef NPCSIM_GATEWAY_MCP_CALLS_H
#define NPCSIM_GATEWAY_MCP_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "dialects/dialect.h"

typedef struct McpCall
{
	int64_t rpc_id; /* 0 = the slot is free */
	int64_t request_id;
	int64_t npc_id;
	bool	cancelled;
} McpCall;

/* A table that is all zeros is empty. */
typedef struct McpCalls
{
	McpCall slots[MCP_MAX_IN_FLIGHT + MCP_MAX_CANCELLED];
	int		in_flight; /* slots in use, cancelled ones not counted */
	int		cancelled; /* slots of cancelled calls */
} McpCalls;

/* Returns false if too many calls are in flight, or one for this request is. */
extern bool mcp_calls_have_room(const McpCalls *calls, int64_t request_id);

/* Adds a call; returns false if mcp_calls_have_room() is false. */
extern bool mcp_calls_add(McpCalls *calls, int64_t rpc_id, int64_t request_id, int64_t npc_id);

/* Takes the call with this JSON-RPC id out of the table into *taken; returns false if there is none. */
extern bool mcp_calls_take(McpCalls *calls, int64_t rpc_id, McpCall *taken);

/*
 * Marks the call for this request as cancelled and returns its JSON-RPC id; 0
 * if none is in flight.
 */
extern int64_t mcp_calls_cancel(McpCalls *calls, int64_t request_id);

#endif /* NPCSIM_GATEWAY_MCP_CALLS_H */
