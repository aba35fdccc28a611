/*
 * mcp_calls.c
 *	  The tool calls of an MCP session that may still be answered.
 *
 * The table is a plain array that is searched from the start, because it has
 * few slots and is searched only a few times per decision.
 */
#include "mcp_calls.h"

#include <stddef.h>
#include <string.h>

#define SLOT_COUNT (MCP_MAX_IN_FLIGHT + MCP_MAX_CANCELLED)

static McpCall *
find_by_rpc_id(McpCalls *calls, int64_t rpc_id)
{
	for (int i = 0; i < SLOT_COUNT; i++)
		if (calls->slots[i].rpc_id == rpc_id)
			return &calls->slots[i];
	return NULL;
}

/* Returns the call that waits for an answer to this request, or NULL; a cancelled one does not wait. */
static const McpCall *
find_by_request_id(const McpCalls *calls, int64_t request_id)
{
	for (int i = 0; i < SLOT_COUNT; i++)
	{
		const McpCall *call = &calls->slots[i];

		if (call->rpc_id != 0 && !call->cancelled && call->request_id == request_id)
			return call;
	}
	return NULL;
}

static void
free_slot(McpCalls *calls, McpCall *call)
{
	if (call->cancelled)
		calls->cancelled--;
	else
		calls->in_flight--;
	memset(call, 0, sizeof(*call));
}

bool
mcp_calls_have_room(const McpCalls *calls, int64_t request_id)
{
	return calls->in_flight < MCP_MAX_IN_FLIGHT && find_by_request_id(calls, request_id) == NULL;
}

bool
mcp_calls_add(McpCalls *calls, int64_t rpc_id, int64_t request_id, int64_t npc_id)
{
	if (!mcp_calls_have_room(calls, request_id))
		return false;
	*find_by_rpc_id(calls, 0) = (McpCall) {.rpc_id = rpc_id, .request_id = request_id, .npc_id = npc_id};
	calls->in_flight++;
	return true;
}

bool
mcp_calls_take(McpCalls *calls, int64_t rpc_id, McpCall *taken)
{
	McpCall *call = rpc_id > 0 ? find_by_rpc_id(calls, rpc_id) : NULL;

	if (call == NULL)
		return false;
	*taken = *call;
	free_slot(calls, call);
	return true;
}

/* Forgets the oldest of the cancelled calls. */
static void
forget_cancelled(McpCalls *calls)
{
	McpCall *oldest = NULL;

	for (int i = 0; i < SLOT_COUNT; i++)
	{
		McpCall *call = &calls->slots[i];

		if (call->cancelled && (oldest == NULL || call->rpc_id < oldest->rpc_id))
			oldest = call;
	}
	free_slot(calls, oldest);
}

int64_t
mcp_calls_cancel(McpCalls *calls, int64_t request_id)
{
	McpCall *call = (McpCall *) find_by_request_id(calls, request_id);
	int64_t	 rpc_id;

	if (call == NULL)
		return 0;
	rpc_id = call->rpc_id;
	call->cancelled = true;
	calls->in_flight--;
	calls->cancelled++;
	if (calls->cancelled > MCP_MAX_CANCELLED)
		forget_cancelled(calls);
	return rpc_id;
}
