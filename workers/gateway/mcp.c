/*
 * mcp.c
 *	  The client's half of one MCP connection, without the transport.
 *
 * The set-up, one request at a time:
 *
 *	  DISCOVERING  --a result-----------------------------> LISTING (stateless)
 *	  DISCOVERING  --any other refusal, or 3 s of silence--> INITIALIZING
 *	  INITIALIZING --a result-----------------------------> LISTING (older era)
 *	  LISTING      --decide_action found------------------> READY
 *	  any of them  --error -32022, names a stateless one--> DISCOVERING
 *	  any of them  --error -32022, names older ones only--> INITIALIZING
 *	  any          --nothing left to try------------------> BROKEN
 *
 * A server that takes more than three seconds to start gets both openings: it
 * answers the discovery late, then "initialize".  The latter counts, and only
 * if that is refused does the late discovery.
 *
 * Invariants:
 * - Besides tool calls at most one request of ours is unanswered: pending_id
 *   (0: none), until pending_deadline.  READY has one while it looks at tools
 *   that changed.
 * - Ids of our requests are never used twice in a session, so an answer to a
 *   forgotten request finds nothing and is dropped.
 * - Frames that are no JSON-RPC 2.0 are dropped: what a server prints by
 *   mistake must not cost the player the connection.
 */
#include "mcp.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsonrpc.h"
#include "common/loose_json.h"
#include "common/mcp_scan.h"
#include "common/mcp_terms.h"
#include "common/text.h"
#include "mcp_results.h"


#define MAX_FOREIGN_ID 256	/* bytes of the id of a server's request */
#define CALL_OVERHEAD  1024 /* bytes of a call around its arguments, at most */

typedef enum McpState
{
	MCP_DISCOVERING,
	MCP_INITIALIZING,
	MCP_LISTING,
	MCP_READY,
	MCP_BROKEN
} McpState;

struct McpSession
{
	McpCallbacks callbacks;
	void		*owner;
	char		*client_info; /* JSON that introduces the gateway */
	McpState	 state;
	bool		 stateless; /* the server's era; it is known from LISTING on */
	char		 revision[MCP_REVISION_LENGTH + 1];
	int64_t		 now_ms;
	int64_t		 last_rpc_id;
	int64_t		 pending_id;
	int64_t		 pending_deadline;
	int			 version_retries;
	int64_t		 abandoned_discover_id; /* the one given up after 3 s, which may be answered late */
	char		 late_revision[MCP_REVISION_LENGTH + 1]; /* the revision that the late answer allows, or "" */
	int			 list_pages;
	bool		 relist_wanted;
	int64_t		 relist_not_before;
	int			 dialect;			 /* READY: the index in mind_dialects of the one it is asked in */
	void *spoken[MIND_MAX_DIALECTS]; /* the state of each dialect that was used in this session, else NULL */
};

static void start_discover(McpSession *session, const char *revision);
static void start_initialize(McpSession *session, const char *revision);
static void setup_failed(McpSession *session, const char *why);


/* ---------------------------------------------------------------- reporting */

static void __attribute__((format(printf, 2, 3))) break_session(McpSession *session, const char *fmt, ...)
{
	char	line[4 * MCP_MAX_FAILURE];
	char	reason[MCP_MAX_REASON + 1];
	va_list args;

	if (session->state == MCP_BROKEN)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	text_copy_line(reason, sizeof(reason), line);
	session->state = MCP_BROKEN;
	session->pending_id = 0;
	session->callbacks.broken(session->owner, reason);
}


/* ------------------------------------------------------------------ sending */

/* Sends one message; returns false when memory is short, which breaks the session. */
static bool __attribute__((format(printf, 2, 3))) send_message(McpSession *session, const char *fmt, ...)
{
	va_list args;
	char   *text;
	int		len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
	{
		break_session(session, "out of memory");
		return false;
	}
	session->callbacks.send_text(session->owner, text, (size_t) len);
	free(text);
	return true;
}

/* Returns "_meta":{...}, with which the params of every stateless request begin, to be freed; NULL when memory is short. */
static char *
request_meta(const McpSession *session, const char *revision)
{
	char *meta;

	if (asprintf(&meta,
				 "\"_meta\":{\"" MCP_META_VERSION "\":\"%s\",\"" MCP_META_CLIENT "\":%s,"
				 "\"" MCP_META_CAPABILITIES "\":{}}",
				 revision, session->client_info) < 0)
		return NULL;
	return meta;
}

/*
 * Sends a request of the set-up and begins to wait for its answer.  "params"
 * are members without the braces, possibly none; the stateless era's _meta is
 * put in front of them when "meta_revision" is given.
 */
static void
send_setup_request(McpSession *session, const char *method, const char *params, const char *meta_revision,
				   int64_t timeout_ms)
{
	char *meta = NULL;

	if (meta_revision != NULL && (meta = request_meta(session, meta_revision)) == NULL)
	{
		break_session(session, "out of memory");
		return;
	}
	session->pending_id = ++session->last_rpc_id;
	session->pending_deadline = session->now_ms + timeout_ms;
	send_message(session, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\",\"params\":{%s%s%s}}",
				 (long long) session->pending_id, method, meta != NULL ? meta : "",
				 meta != NULL && *params ? "," : "", params);
	free(meta);
}

/*
 * Sends a call of a tool, whose JSON-RPC id then is last_rpc_id.  Returns false
 * when memory is short, which breaks the session.
 */
static bool
send_call(McpSession *session, const char *tool, const char *arguments)
{
	char *meta = session->stateless ? request_meta(session, session->revision) : NULL;
	bool  sent = false;

	session->last_rpc_id++;
	if (session->stateless && meta == NULL)
		break_session(session, "out of memory");
	else
		sent = send_message(session,
							"{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"tools/call\","
							"\"params\":{%s%s\"name\":\"%s\",\"arguments\":%s}}",
							(long long) session->last_rpc_id, meta != NULL ? meta : "",
							meta != NULL ? "," : "", tool, arguments);
	free(meta);
	return sent;
}

/* Returns the text as a JSON string with its quotes, to be freed; NULL when memory is short. */
static char *
quote(const char *text)
{
	json_t *string = json_string(text);
	char   *quoted = string != NULL ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

	json_decref(string);
	return quoted;
}

/* Tells the server that nobody waits for the answer to this request any more. */
static void
send_cancelled(McpSession *session, int64_t rpc_id, const char *reason)
{
	char *quoted = session->state == MCP_BROKEN ? NULL : quote(reason);

	if (quoted != NULL)
		send_message(session,
					 "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
					 "\"params\":{\"requestId\":%lld,\"reason\":%s}}",
					 (long long) rpc_id, quoted);
	else
		break_session(session, "out of memory");
	free(quoted);
}


/* ------------------------------------------------------------------ dialects */

/* The next four functions are a dialect's MindPorts; they do nothing once the session is broken. */

static int64_t
call_tool(void *owner, const char *tool, const char *arguments)
{
	McpSession *session = owner;
	bool		sent = false;

	if (arguments == NULL)
		break_session(session, "out of memory");
	else if (session->state != MCP_BROKEN)
		sent = send_call(session, tool, arguments);
	return sent ? session->last_rpc_id : 0;
}

static void
abandon_call(void *owner, int64_t call_id, const char *reason)
{
	send_cancelled(owner, call_id, reason);
}

static void
decision_answered(void *owner, int64_t request_id, const char *json, size_t length)
{
	McpSession *session = owner;

	if (session->state != MCP_BROKEN)
		session->callbacks.answered(session->owner, request_id, json, length);
}

static void
decision_failed(void *owner, int64_t request_id, const char *problem)
{
	McpSession *session = owner;
	char		reason[MCP_MAX_FAILURE + 1];

	text_copy_line(reason, sizeof(reason), problem);
	if (session->state != MCP_BROKEN)
		session->callbacks.failed(session->owner, request_id, reason);
}

/* Chooses the first dialect that the server speaks for all decisions from now on; returns false when memory is short. */
static bool
choose_dialect(McpSession *session, const json_t *tool, const json_t *tools)
{
	static const MindPorts ports = {call_tool, abandon_call, decision_answered, decision_failed};
	const MindDialect	  *dialect;
	int					   number = 0;

	while (number < mind_dialect_count - 1 && !mind_dialects[number]->is_spoken(tool, tools))
		number++;
	dialect = mind_dialects[number];
	if (session->spoken[number] == NULL)
		session->spoken[number] = dialect->create(&ports, session);
	if (session->spoken[number] == NULL)
	{
		break_session(session, "out of memory");
		return false;
	}
	session->dialect = number;
	if (dialect->learn != NULL)
		dialect->learn(session->spoken[number], tool);
	return true;
}

/*
 * Hands the answer to a call to the dialect that made it, which may not be the present one, since a server may change its tools.
 * Returns false if no dialect has made this call.
 */
static bool
call_answered(McpSession *session, int64_t call_id, const MindAnswer *answer)
{
	for (int i = 0; i < mind_dialect_count; i++)
	{
		if (session->spoken[i] != NULL &&
			mind_dialects[i]->answered(session->spoken[i], call_id, answer, session->now_ms))
			return true;
	}
	return false;
}


/* ------------------------------------------------------------------- set-up */

static void
break_unknown_revision(McpSession *session)
{
	break_session(session, "the server speaks no revision of MCP that is known here (%s, %s to %s)",
				  MCP_VERSION_STATELESS, MCP_VERSION_OLDEST, MCP_VERSION_OLDER);
}

/* Begins again with a revision that the server named in "data" when it refused ours. */
static void
retry_with_named_revision(McpSession *session, const json_t *data)
{
	const char *revision = mcp_choose_revision(json_object_get(data, "supported"));

	if (revision == NULL)
		break_unknown_revision(session);
	else if (++session->version_retries > MCP_MAX_VERSION_RETRIES)
		break_session(session, "the server refuses the revision of MCP that it names (%s)", revision);
	else if (mcp_is_stateless(revision))
		start_discover(session, revision);
	else
		start_initialize(session, revision);
}

static void
start_discover(McpSession *session, const char *revision)
{
	session->state = MCP_DISCOVERING;
	session->stateless = false;
	snprintf(session->revision, sizeof(session->revision), "%s", revision);
	send_setup_request(session, "server/discover", "", session->revision, MCP_DISCOVER_TIMEOUT_MS);
}

static void
start_initialize(McpSession *session, const char *revision)
{
	char *params;

	session->state = MCP_INITIALIZING;
	session->stateless = false;
	if (asprintf(&params, "\"protocolVersion\":\"%s\",\"capabilities\":{},\"clientInfo\":%s", revision,
				 session->client_info) < 0)
	{
		break_session(session, "out of memory");
		return;
	}
	send_setup_request(session, "initialize", params, NULL, MCP_SETUP_TIMEOUT_MS);
	free(params);
}

/* Asks for the first page of tools (cursor NULL), or the one that the cursor leads to. */
static void
request_tools(McpSession *session, const char *cursor)
{
	char *quoted = NULL;
	char *params = NULL;

	session->list_pages = cursor != NULL ? session->list_pages + 1 : 1;
	if (cursor != NULL &&
		((quoted = quote(cursor)) == NULL || asprintf(&params, "\"cursor\":%s", quoted) < 0))
		break_session(session, "out of memory");
	else
		send_setup_request(session, "tools/list", params != NULL ? params : "",
						   session->stateless ? session->revision : NULL, MCP_SETUP_TIMEOUT_MS);
	free(params);
	free(quoted);
}

/* Asks for the tools, since era and revision are settled now. */
static void
start_listing(McpSession *session, bool stateless, const char *revision)
{
	session->state = MCP_LISTING;
	session->stateless = stateless;
	if (revision != session->revision)
		snprintf(session->revision, sizeof(session->revision), "%s", revision);
	request_tools(session, NULL);
}

/* Asks for the tools again if they changed and the last time is long enough ago. */
static void
relist_when_due(McpSession *session)
{
	if (session->state != MCP_READY || !session->relist_wanted || session->pending_id != 0 ||
		session->now_ms < session->relist_not_before)
		return;
	session->relist_wanted = false;
	session->relist_not_before = session->now_ms + MCP_RELIST_INTERVAL_MS;
	request_tools(session, NULL);
}

static void
discover_answered(McpSession *session, const json_t *result)
{
	const char *revision = mcp_discovered_revision(result, session->revision);

	if (!mcp_is_complete(result))
		start_initialize(session, MCP_VERSION_OLDER);
	else if (revision == NULL)
		break_unknown_revision(session);
	else if (mcp_is_stateless(revision))
		start_listing(session, true, revision);
	else
		start_initialize(session, revision);
}

static void
initialize_answered(McpSession *session, const json_t *result)
{
	const char *revision = json_string_value(json_object_get(result, "protocolVersion"));

	if (revision == NULL || !mcp_is_older(revision))
		break_unknown_revision(session);
	else if (send_message(session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"))
		start_listing(session, false, revision);
}

/* Goes on with a late answer to the discovery after "initialize" failed, or breaks the session if there is none. */
static void
initialize_failed(McpSession *session, const char *why)
{
	if (session->late_revision[0] && mcp_is_stateless(session->late_revision))
		start_listing(session, true, session->late_revision);
	else
		break_session(session, "the server does not initialize: %s", why);
}

static void
tools_answered(McpSession *session, const json_t *result)
{
	const json_t *tool = NULL;
	const char	 *cursor;

	switch (mcp_find_tool(result, MCP_DECIDE_TOOL, &tool, &cursor))
	{
		case MCP_TOOL_FOUND:
			if (!choose_dialect(session, tool, json_object_get(result, "tools")))
				break;
			if (session->state == MCP_LISTING)
			{
				session->state = MCP_READY;
				session->relist_not_before = session->now_ms + MCP_RELIST_INTERVAL_MS;
				session->callbacks.ready(session->owner);
			}
			relist_when_due(session);
			break;
		case MCP_TOOL_MORE_PAGES:
			if (session->list_pages < MCP_MAX_TOOL_PAGES && strlen(cursor) <= MCP_MAX_CURSOR)
				request_tools(session, cursor);
			else
				setup_failed(session, "the list is too long");
			break;
		case MCP_TOOL_ABSENT:
			break_session(session, "the server has no tool %s", MCP_DECIDE_TOOL);
			break;
		case MCP_TOOL_LIST_INVALID:
			setup_failed(session, "the list is not valid");
			break;
	}
}

static void
setup_answered(McpSession *session, const json_t *result)
{
	switch (session->state)
	{
		case MCP_DISCOVERING:
			discover_answered(session, result);
			break;
		case MCP_INITIALIZING:
			initialize_answered(session, result);
			break;
		case MCP_LISTING:
		case MCP_READY:
			tools_answered(session, result);
			break;
		case MCP_BROKEN:
			break;
	}
}

/* Goes on after a request of the set-up was refused, not answered, or answered unreadably. */
static void
setup_failed(McpSession *session, const char *why)
{
	session->pending_id = 0;
	switch (session->state)
	{
		case MCP_DISCOVERING:
			start_initialize(session, MCP_VERSION_OLDER);
			break;
		case MCP_INITIALIZING:
			initialize_failed(session, why);
			break;
		case MCP_LISTING:
			break_session(session, "the server does not list its tools: %s", why);
			break;
		case MCP_READY:
			/* the tools that are known stay in use */
			relist_when_due(session);
			break;
		case MCP_BROKEN:
			break;
	}
}


/* ---------------------------------------------------------------- receiving */

/* Keeps what the late answer to a discovery says that was given up. */
static void
late_discover_answered(McpSession *session, const json_t *result)
{
	const char *revision = mcp_discovered_revision(result, MCP_VERSION_STATELESS);

	session->abandoned_discover_id = 0;
	if (mcp_is_complete(result) && revision != NULL)
		snprintf(session->late_revision, sizeof(session->late_revision), "%s", revision);
}

static void
response_received(McpSession *session, int64_t rpc_id, const json_t *result, const json_t *error)
{
	const char *message = json_string_value(json_object_get(error, "message"));
	json_int_t	code = json_integer_value(json_object_get(error, "code"));

	if (rpc_id != 0 && rpc_id == session->pending_id)
	{
		session->pending_id = 0;
		if (error == NULL)
			setup_answered(session, result);
		else if (code == RPC_ERROR_UNSUPPORTED_VERSION && session->state != MCP_READY &&
				 json_array_size(json_object_get(json_object_get(error, "data"), "supported")) > 0)
			retry_with_named_revision(session, json_object_get(error, "data"));
		else
			setup_failed(session, message != NULL ? message : "it refused");
	}
	else if (rpc_id != 0 && rpc_id == session->abandoned_discover_id)
		late_discover_answered(session, error != NULL ? NULL : result);
	else
		call_answered(session, rpc_id,
					  error != NULL ? &(MindAnswer) {.error = error} : &(MindAnswer) {.result = result});
}

/*
 * Answers a request of the server.  The only one that is known here is the
 * older era's ping, which may come before the era is known.
 */
static void
request_received(McpSession *session, const char *method, const json_t *id)
{
	char *id_text;

	if (!json_is_integer(id) && !(json_is_string(id) && json_string_length(id) <= MAX_FOREIGN_ID))
		return;
	id_text = json_dumps(id, JSON_ENCODE_ANY);
	if (id_text == NULL)
		break_session(session, "out of memory");
	else if (strcmp(method, "ping") == 0 && !session->stateless)
		send_message(session, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}", id_text);
	else
		send_message(session,
					 "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%d,\"message\":\"Method "
					 "not found\"}}",
					 id_text, RPC_ERROR_METHOD_NOT_FOUND);
	free(id_text);
}

static void
notification_received(McpSession *session, const char *method, const json_t *params)
{
	if (strcmp(method, "notifications/tools/list_changed") == 0)
	{
		session->relist_wanted = true;
		relist_when_due(session);
	}
	else if (strcmp(method, RPC_OFFER) == 0 && json_is_object(params))
		session->callbacks.offered(session->owner, params);
}

/*
 * Takes a frame that even loose_json cannot read: it breaks off, or has a
 * member twice.  If its id shows that it answers one of our requests, that
 * request fails; any other is dropped.
 */
static void
unreadable_received(McpSession *session, const char *text, size_t len, const char *problem)
{
	int64_t rpc_id = mcp_scan_response_id(text, len);
	char	error[MCP_MAX_FAILURE];

	snprintf(error, sizeof(error), "the answer cannot be read: %s", problem);
	if (rpc_id != 0 && rpc_id == session->pending_id)
		setup_failed(session, error);
	else
		call_answered(session, rpc_id, &(MindAnswer) {.unreadable = error});
}

static void
message_received(McpSession *session, const json_t *message)
{
	const char	 *jsonrpc = json_string_value(json_object_get(message, "jsonrpc"));
	const json_t *method = json_object_get(message, "method");
	const json_t *id = json_object_get(message, "id");
	const json_t *result = json_object_get(message, "result");
	const json_t *error = json_object_get(message, "error");

	if (json_is_null(error))
		error = NULL;
	if (jsonrpc == NULL || strcmp(jsonrpc, "2.0") != 0)
		return;
	if (json_is_string(method))
	{
		if (id != NULL)
			request_received(session, json_string_value(method), id);
		else
			notification_received(session, json_string_value(method), json_object_get(message, "params"));
	}
	else if (json_is_integer(id) && (result != NULL || error != NULL))
		response_received(session, json_integer_value(id), result, error);
	else if (error != NULL && (id == NULL || json_is_null(id)) && session->state == MCP_DISCOVERING)
	{
		/* servers of the older era that do not understand the discovery may answer without an id */
		setup_failed(session, "it refused");
	}
}


/* ---------------------------------------------------------------- interface */

static void
set_now(McpSession *session, int64_t now_ms)
{
	if (now_ms > session->now_ms)
		session->now_ms = now_ms;
}

McpSession *
mcp_session_create(const McpCallbacks *callbacks, void *owner, const char *version, int64_t now_ms)
{
	McpSession *session = calloc(1, sizeof(McpSession));
	json_t	   *info = json_pack("{s:s, s:s}", "name", "npcsim-gateway", "version", version);

	if (session != NULL && info != NULL)
		session->client_info = json_dumps(info, JSON_COMPACT);
	json_decref(info);
	if (session == NULL || session->client_info == NULL)
	{
		free(session);
		return NULL;
	}
	session->callbacks = *callbacks;
	session->owner = owner;
	session->now_ms = now_ms;
	start_discover(session, MCP_VERSION_STATELESS);
	return session;
}

void
mcp_session_free(McpSession *session)
{
	if (session == NULL)
		return;
	for (int i = 0; i < mind_dialect_count; i++)
	{
		if (session->spoken[i] != NULL)
			mind_dialects[i]->free(session->spoken[i]);
	}
	free(session->client_info);
	free(session);
}

void
mcp_session_receive(McpSession *session, const char *text, size_t len, int64_t now_ms)
{
	const char *problem = "";
	json_t	   *message;

	if (session->state == MCP_BROKEN)
		return;
	set_now(session, now_ms);
	if (len > MCP_MAX_MESSAGE)
	{
		break_session(session, "a message is larger than %d bytes", MCP_MAX_MESSAGE);
		return;
	}
	message = json_loadb(text, len, 0, NULL);
	/* an answer is not lost because of a NaN or half a surrogate pair in it */
	if (message == NULL)
		message = loose_json_whole(text, len, &problem);
	if (message != NULL)
		message_received(session, message);
	else
		unreadable_received(session, text, len, problem);
	json_decref(message);
}

bool
mcp_session_decide(McpSession *session, int64_t request_id, int64_t npc_id, const char *decision_request_json,
				   size_t len, int64_t now_ms)
{
	set_now(session, now_ms);
	if (session->state != MCP_READY || len > MCP_MAX_MESSAGE - CALL_OVERHEAD)
		return false;
	return mind_dialects[session->dialect]->decide(session->spoken[session->dialect], request_id, npc_id,
												   decision_request_json, len, session->now_ms);
}

void
mcp_session_cancel(McpSession *session, int64_t request_id, const char *reason)
{
	for (int i = 0; i < mind_dialect_count; i++)
	{
		if (session->spoken[i] != NULL && mind_dialects[i]->cancel(session->spoken[i], request_id, reason))
			return;
	}
}

void
mcp_session_tick(McpSession *session, int64_t now_ms)
{
	if (session->state == MCP_BROKEN)
		return;
	set_now(session, now_ms);
	if (session->pending_id != 0 && session->now_ms >= session->pending_deadline)
	{
		if (session->state == MCP_DISCOVERING)
			session->abandoned_discover_id = session->pending_id;
		setup_failed(session, "it does not answer");
	}
	relist_when_due(session);
	for (int i = 0; i < mind_dialect_count; i++)
	{
		if (session->spoken[i] != NULL && mind_dialects[i]->tick != NULL)
			mind_dialects[i]->tick(session->spoken[i], session->now_ms);
	}
}

int
mcp_session_in_flight(const McpSession *session)
{
	int count = 0;

	for (int i = 0; i < mind_dialect_count; i++)
	{
		if (session->spoken[i] != NULL)
			count += mind_dialects[i]->in_flight(session->spoken[i]);
	}
	return count;
}

bool
mcp_session_takes_choices(const McpSession *session)
{
	return mind_dialects[session->dialect]->takes_choices;
}

const char *
mcp_session_revision(const McpSession *session)
{
	return session->state == MCP_READY ? session->revision : NULL;
}
