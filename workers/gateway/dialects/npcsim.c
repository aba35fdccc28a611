/*
 * npcsim.c
 *	  Our own dialect: decide_action is given the decision_request as it is and returns a decision_response.
 *
 * It is used with every server that speaks no other dialect.  Each request is one call; a call is taken out of the table before
 * its outcome is reported, so that the ports may ask for the next decision at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mcp_scan.h"
#include "common/text.h"
#include "dialects/dialect.h"
#include "mcp_calls.h"
#include "mcp_results.h"
#include "mcp_schema.h"

/* How many bytes are kept of what a tool says went wrong, and the size of a reason with what stands in front of them. */
#define MAX_WORDS	1000
#define REASON_SIZE (MAX_WORDS + MCP_MAX_FAILURE)

typedef struct OwnState
{
	MindPorts ports;
	void	 *owner;
	McpCalls  calls;
	json_t
		*schema; /* the schema of the arguments if it forbids members that it does not declare, else NULL */
} OwnState;

static bool
is_spoken(const json_t *tool, const json_t *tools)
{
	return true;
}

static void *
create_state(const MindPorts *ports, void *owner)
{
	OwnState *own = calloc(1, sizeof(OwnState));

	if (own != NULL)
	{
		own->ports = *ports;
		own->owner = owner;
	}
	return own;
}

static void
free_state(void *state)
{
	OwnState *own = state;

	json_decref(own->schema);
	free(own);
}

static void
learn(void *state, const json_t *tool)
{
	OwnState	 *own = state;
	const json_t *schema = json_object_get(tool, "inputSchema");

	json_decref(own->schema);
	own->schema = mcp_schema_forbids(schema) ? json_incref((json_t *) schema) : NULL;
}

/* Returns the arguments of decide_action as JSON, to be freed; NULL when the request is no object. */
static char *
make_arguments(const OwnState *own, const char *request, size_t length)
{
	char   *text = mcp_scan_without_member(request, length, "type");
	json_t *arguments;
	json_t *declared;

	if (text == NULL || own->schema == NULL)
		return text;
	/* the schema forbids members that it does not declare, so those are left out */
	arguments = json_loads(text, 0, NULL);
	declared = mcp_schema_declared(own->schema, arguments);
	free(text);
	text = declared != NULL ? json_dumps(declared, JSON_PRINTED) : NULL;
	json_decref(declared);
	json_decref(arguments);
	return text;
}

static bool
decide(void *state, int64_t request_id, int64_t npc_id, const char *request, size_t length, int64_t now_ms)
{
	OwnState *own = state;
	char	 *arguments = NULL;
	int64_t	  call_id = 0;

	if (mcp_calls_have_room(&own->calls, request_id))
		arguments = make_arguments(own, request, length);
	if (arguments != NULL)
		call_id = own->ports.call(own->owner, MCP_DECIDE_TOOL, arguments);
	free(arguments);
	return call_id != 0 && mcp_calls_add(&own->calls, call_id, request_id, npc_id);
}

static bool
cancel(void *state, int64_t request_id, const char *reason)
{
	OwnState *own = state;
	int64_t	  call_id = mcp_calls_cancel(&own->calls, request_id);

	if (call_id != 0)
		own->ports.abandon(own->owner, call_id, reason);
	return call_id != 0;
}

static void
result_received(OwnState *own, const McpCall *call, const json_t *result)
{
	const char *problem;
	char	   *decision = mcp_decision_text(result, call->request_id, call->npc_id, &problem);
	char		reason[REASON_SIZE];

	if (decision != NULL)
		own->ports.answered(own->owner, call->request_id, decision, strlen(decision));
	else if (!call->cancelled)
	{
		snprintf(reason, sizeof(reason), "%s: %.*s", problem, MAX_WORDS, mcp_first_text(result));
		own->ports.failed(own->owner, call->request_id, reason);
	}
	free(decision);
}

static void
error_received(OwnState *own, const McpCall *call, const MindAnswer *answer)
{
	const char *message = json_string_value(json_object_get(answer->error, "message"));
	json_int_t	code = json_integer_value(json_object_get(answer->error, "code"));
	char		reason[REASON_SIZE];

	if (call->cancelled)
		return;
	if (answer->error != NULL)
		snprintf(reason, sizeof(reason), "the call was refused: %lld %.*s", (long long) code, MAX_WORDS,
				 message != NULL ? message : "");
	else
		snprintf(reason, sizeof(reason), "%s", answer->unreadable);
	own->ports.failed(own->owner, call->request_id, reason);
}

static bool
answered(void *state, int64_t call_id, const MindAnswer *answer, int64_t now_ms)
{
	OwnState *own = state;
	McpCall	  call;

	if (!mcp_calls_take(&own->calls, call_id, &call))
		return false;
	if (answer->error == NULL && answer->unreadable == NULL)
		result_received(own, &call, answer->result);
	else
		error_received(own, &call, answer);
	return true;
}

static int
in_flight(const void *state)
{
	return ((const OwnState *) state)->calls.in_flight;
}

const MindDialect npcsim_dialect = {
	.takes_choices = true,
	.is_spoken = is_spoken,
	.create = create_state,
	.free = free_state,
	.learn = learn,
	.decide = decide,
	.cancel = cancel,
	.answered = answered,
	.in_flight = in_flight,
};
