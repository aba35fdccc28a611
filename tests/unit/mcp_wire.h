/*
 * mcp_wire.h
 *	  Runs an MCP session with a clock and a transport of the test's own.
 *
 * The test plays the server: a Wire keeps what the session sends and reports,
 * and the test hands in what a server would answer.
 */
#ifndef NPCSIM_TESTS_MCP_WIRE_H
#define NPCSIM_TESTS_MCP_WIRE_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcp.h"
#include "tap.h"

#define META_VERSION "io.modelcontextprotocol/protocolVersion"
#define DISCOVERED	 "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{}}"
#define TOOLS		 "{\"resultType\":\"complete\",\"tools\":[{\"name\":\"other\"},{\"name\":\"decide_action\"}]}"
#define NO_TOOLS	 "{\"tools\":[{\"name\":\"other\"}]}"
#define WANDER		 "{\"structuredContent\":{\"action\":\"wander\"},\"content\":[]}"

/* What one session sent and reported.  A text is the last one of its type. */
typedef struct Wire
{
	McpSession *session;
	int64_t		now;
	json_t	   *sent; /* the last message */
	int			sent_count;
	int			ready_count;
	int			answered_count;
	int64_t		answered_id;
	char	   *answer;
	int			failed_count;
	int64_t		failed_id;
	char		failure[MCP_MAX_FAILURE + 1];
	int			broken_count;
	char		broken[MCP_MAX_REASON + 1];
	json_t	   *offer;			   /* the last one */
	int64_t		ask_when_answered; /* the request that the callback "answered" makes; 0 = none */
} Wire;

static const char *const request __attribute__((unused)) =
	"{\"type\":\"decision_request\",\"request_id\":7,\"npc_id\":12,"
	"\"observations\":{\"type\":\"x\",\"needs\":{\"hunger\":65.5}}}";

static inline void
on_send(void *owner, const char *text, size_t len)
{
	Wire *wire = owner;

	json_decref(wire->sent);
	wire->sent = json_loadb(text, len, 0, NULL);
	wire->sent_count++;
	if (!wire->sent)
		tap_ok(false, "what is sent is JSON: %s", text);
}

static inline void
on_ready(void *owner)
{
	((Wire *) owner)->ready_count++;
}

static inline void
on_answered(void *owner, int64_t request_id, const char *json, size_t len)
{
	Wire *wire = owner;

	free(wire->answer);
	wire->answer = strndup(json, len);
	wire->answered_id = request_id;
	wire->answered_count++;
	if (wire->ask_when_answered)
		mcp_session_decide(wire->session, wire->ask_when_answered, 12, request, strlen(request), wire->now);
}

static inline void
on_failed(void *owner, int64_t request_id, const char *reason)
{
	Wire *wire = owner;

	snprintf(wire->failure, sizeof(wire->failure), "%s", reason);
	wire->failed_id = request_id;
	wire->failed_count++;
}

static inline void
on_broken(void *owner, const char *reason)
{
	Wire *wire = owner;

	snprintf(wire->broken, sizeof(wire->broken), "%s", reason);
	wire->broken_count++;
}

static inline void
on_offered(void *owner, const json_t *offer)
{
	Wire *wire = owner;

	json_decref(wire->offer);
	wire->offer = json_incref((json_t *) offer);
}

static const McpCallbacks callbacks = {on_send, on_ready, on_answered, on_failed, on_offered, on_broken};

static inline void
open_wire(Wire *wire)
{
	memset(wire, 0, sizeof(*wire));
	wire->now = 1000;
	wire->session = mcp_session_create(&callbacks, wire, "0.1", wire->now);
}

static inline void
close_wire(Wire *wire)
{
	mcp_session_free(wire->session);
	json_decref(wire->sent);
	json_decref(wire->offer);
	free(wire->answer);
}

/* Hands the session a frame from the server. */
static inline void __attribute__((format(printf, 2, 3))) receive(Wire *wire, const char *fmt, ...)
{
	char   *text;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	mcp_session_receive(wire->session, text, strlen(text), wire->now);
	free(text);
}

static inline void
pass_time(Wire *wire, int64_t ms)
{
	wire->now += ms;
	mcp_session_tick(wire->session, wire->now);
}

static inline const char *
sent_method(const Wire *wire)
{
	return json_string_value(json_object_get(wire->sent, "method"));
}

static inline long long
sent_id(const Wire *wire)
{
	return json_integer_value(json_object_get(wire->sent, "id"));
}

static inline json_t *
sent_params(const Wire *wire)
{
	return json_object_get(wire->sent, "params");
}

/* Returns the revision in the _meta of the last message, or NULL. */
static inline const char *
sent_revision(const Wire *wire)
{
	return json_string_value(json_object_get(json_object_get(sent_params(wire), "_meta"), META_VERSION));
}

/* Answers the last request. */
static inline void
answer(Wire *wire, const char *result)
{
	receive(wire, "{\"result\":%s,\"jsonrpc\":\"2.0\",\"id\":%lld}", result, sent_id(wire));
}

static inline void
refuse(Wire *wire, int code, const char *data)
{
	receive(wire, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"error\":{\"code\":%d,\"message\":\"no\",\"data\":%s}}",
			sent_id(wire), code, data);
}

static inline bool
decide(Wire *wire, int64_t request_id)
{
	return mcp_session_decide(wire->session, request_id, 12, request, strlen(request), wire->now);
}

static inline void
open_stateless(Wire *wire)
{
	open_wire(wire);
	answer(wire, DISCOVERED);
	answer(wire, TOOLS);
}

static inline void
open_older(Wire *wire)
{
	open_wire(wire);
	refuse(wire, -32601, "null");
	answer(wire, "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
				 "\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}");
	answer(wire, TOOLS);
}

#endif /* NPCSIM_TESTS_MCP_WIRE_H */
