/*
 * own_mind.c
 *	  What minds within the agent say to the gateway.
 *
 * A question without an observation, or with an id that is no number, which
 * no gateway of ours sends, is refused as a call that is not valid.
 */
#include "own_mind.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_input.h"
#include "common/jsonrpc.h"
#include "common/mcp_terms.h"
#include "common/memory.h"
#include "common/text.h"
#include "common/version.h"

#define TOOL "decide_action"

/* How long a question is taken to wait that does not say so, and at most. */
#define TIMEOUT_MS_DEFAULT 10000
#define TIMEOUT_MS_MOST	   120000

static char *
print(json_t *message)
{
	char *text = message != NULL ? json_dumps(message, JSON_PRINTED) : NULL;

	if (text == NULL)
		mem_is_short();
	json_decref(message);
	return text;
}

/* Returns the answer with a result, which is taken over. */
static char *
answer(const json_t *id, json_t *result)
{
	if (result == NULL || json_object_set_new(result, "resultType", json_string("complete")) != 0)
		mem_is_short();
	return print(json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

static json_t *
describe_ourselves(void)
{
	return json_pack("{s:[s], s:{s:{}}, s:i, s:s, s:{s:{s:s, s:s}}}", "supportedVersions",
					 MCP_VERSION_STATELESS, "capabilities", "tools", "ttlMs", 0, "cacheScope", "private",
					 "_meta", "io.modelcontextprotocol/serverInfo", "name", "npcsim-agent", "version",
					 NPCSIM_VERSION);
}

static json_t *
list_tools(void)
{
	return json_pack("{s:[{s:s, s:s, s:{s:s, s:{s:{s:s}}, s:[s]}}], s:i, s:s}", "tools", "name", TOOL,
					 "description", "Decides what an NPC does next.", "inputSchema", "type", "object",
					 "properties", "observations", "type", "object", "required", "observations", "ttlMs", 0,
					 "cacheScope", "private");
}

/* Reads a call of decide_action; returns false if it is none. */
static bool
read_call(Question *question, const RpcMessage *message)
{
	const json_t *params = json_object_get(message->root, "params");
	const char	 *tool = json_member_string(params, "name");
	const json_t *arguments = json_object_get(params, "arguments");
	const char	 *reason = json_member_string(arguments, "reason");
	json_t		 *observations = json_object_get(arguments, "observations");

	if (tool == NULL || strcmp(tool, TOOL) != 0 || !json_is_object(observations))
		return false;
	*question = (Question) {.root = json_incref(message->root),
							.id = message->id,
							.timeout_ms = TIMEOUT_MS_DEFAULT,
							.reason = reason != NULL ? reason : "",
							.observations = observations};
	json_member_integer(arguments, "world_id", &question->world_id);
	json_member_integer(arguments, "npc_id", &question->npc_id);
	json_member_integer(arguments, "timeout_ms", &question->timeout_ms);
	if (question->timeout_ms < 0 || question->timeout_ms > TIMEOUT_MS_MOST)
		question->timeout_ms = TIMEOUT_MS_MOST;
	return true;
}

static OwnMindWants
take_request(const RpcMessage *message, Question *question, char **reply)
{
	if (strcmp(message->method, "tools/call") == 0)
	{
		if (read_call(question, message))
			return OWN_MIND_DECISION;
		*reply = rpc_make_error(message->id, RPC_ERROR_INVALID_PARAMS,
								"the call is not one of " TOOL " with observations");
	}
	else if (strcmp(message->method, "server/discover") == 0)
		*reply = answer(message->id, describe_ourselves());
	else if (strcmp(message->method, "tools/list") == 0)
		*reply = answer(message->id, list_tools());
	else
		*reply = rpc_make_error(message->id, RPC_ERROR_METHOD_NOT_FOUND, "Method not found");
	return OWN_MIND_REPLY;
}

OwnMindWants
own_mind_take(const char *text, size_t len, Question *question, char **reply)
{
	OwnMindWants  wants = OWN_MIND_NOTHING;
	RpcMessage	  message;
	const json_t *id;

	rpc_parse(&message, text, len);
	if (message.kind == RPC_REQUEST)
		wants = take_request(&message, question, reply);
	else if (message.kind == RPC_NOTIFICATION && strcmp(message.method, "notifications/cancelled") == 0)
	{
		id = json_object_get(json_object_get(message.root, "params"), "requestId");
		if (id != NULL)
		{
			*question = (Question) {.root = json_incref(message.root), .id = id};
			question->reason = json_member_string(json_object_get(message.root, "params"), "reason");
			wants = OWN_MIND_CANCEL;
		}
	}
	rpc_free(&message);
	return wants;
}

void
own_mind_forget(Question *question)
{
	json_decref(question->root);
	memset(question, 0, sizeof(*question));
}

char *
own_mind_decision(const Question *question, json_t *decision)
{
	char   *text = json_dumps(decision, JSON_PRINTED);
	json_t *result = text != NULL ? json_pack("{s:[{s:s, s:s}], s:o}", "content", "type", "text", "text",
											  text, "structuredContent", decision)
								  : NULL;

	free(text);
	return answer(question->id, result);
}

char *
own_mind_failure(const Question *question, const char *fmt, ...)
{
	char	text[512];
	char	line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_copy_line(line, sizeof(line), text);
	return rpc_make_error(question->id, RPC_ERROR_TRANSPORT, "%s", line);
}

int
own_mind_choice_count(const Question *question)
{
	return (int) json_array_size(json_object_get(question->observations, "choices"));
}
