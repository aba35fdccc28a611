/*
 * http_call.c
 *	  Posts one message to an MCP server over HTTP and passes on what answers it.
 *
 * A request is answered in the answer to its POST: as JSON, or as an event
 * stream that may bring other messages first.  In the older transport the
 * POST is only acknowledged, and the answer comes in the one event stream.
 *
 * Whatever happens, a request of the gateway gets one answer, unless it was
 * cancelled or the server is gone: what HTTP refuses becomes an error with the
 * request's id.
 *
 * Invariants: a call is in the server's list until it is freed; it has an HTTP
 * request under way, or a timer set to begin one.
 */
#include "common/clock.h"
#include "common/jsonrpc.h"
#include "common/log.h"
#include "http_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The limit of calls at a time is beyond what the gateway has: MCP_MAX_CONCURRENCY decisions and a few other requests. */
#define CALLS_MAX 256

/* The time limit of a call that is not cancelled. */
#define CALL_MS (15L * 60 * 1000)

/* A call that was cancelled in a session is kept this long, since the server may still answer it. */
#define CANCELLED_MS 10000

/* An answer whose event stream broke off is asked for again so many times, after this wait unless the server names one. */
#define RESUMES_MAX	  5
#define RESUME_MS	  1000
#define RESUME_MAX_MS 30000

struct HttpCall
{
	HttpServer	*server;
	HttpCall	*next;
	HttpCall   **link;
	HttpRequest *request;
	json_t		*id;		 /* NULL unless the message is a request */
	char		 method[32]; /* cut if it is longer */
	bool		 modern;	 /* it belongs to the stateless revision */
	bool		 answered;
	bool		 cancelled;
	bool		 too_long;
	Text		 body; /* the answer's body, unless it is an event stream */
	Sse			 events;
	int			 resumes;
	Timer		 timer;
};

static void resume_call(void *arg);

static void
free_call(HttpCall *call)
{
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
	call->server->call_count--;
	timer_cancel(&call->timer);
	if (call->request != NULL)
		http_cancel(call->request);
	json_decref(call->id);
	text_free(&call->body);
	sse_free(&call->events);
	free(call);
}

void
http_call_cancel_all(HttpServer *self)
{
	while (self->calls != NULL)
		free_call(self->calls);
}

/* ---------- what comes back ---------- */

static void
answer_error(HttpServer *self, const json_t *id, const char *text)
{
	char *error;

	log_throttled(&self->failure_throttle, now_ms(), LOG_WARNING, "a request to the MCP server failed: %s",
				  text);
	if (id == NULL)
		return;
	error = rpc_make_error(id, RPC_ERROR_TRANSPORT, "%s", text);
	http_server_pass(self, error, strlen(error));
	free(error);
}

static void
fail_call(HttpCall *call, const char *text)
{
	if (!call->answered && !call->cancelled)
		answer_error(call->server, call->id, text);
	call->answered = true;
}

/* Keeps the protocol version that the answer to "initialize" names, since all later requests have to name it. */
static void
learn_version(HttpServer *self, const RpcMessage *message)
{
	const json_t *version = json_object_get(json_object_get(message->root, "result"), "protocolVersion");
	const char	 *text = json_string_value(version);

	if (text == NULL || strlen(text) >= sizeof(self->version) ||
		strspn(text, "0123456789-abcdefghijklmnopqrstuvwxyz.") != strlen(text))
		return;
	strcpy(self->version, text);
}

/* Passes on a message; the answer to this call also tells the session, the protocol version and the tools' headers. */
static void
take_message(HttpCall *call, const char *text, size_t len)
{
	HttpServer *self = call->server;
	RpcMessage	message;
	char		excerpt[LOG_EXCERPT_SIZE];
	char	   *changed = NULL;

	rpc_parse(&message, text, len);
	if (message.root == NULL && rpc_seems_to_answer(text, len) != 0)
	{
		if (rpc_seems_to_answer(text, len) == json_integer_value(call->id))
			call->answered = true;
		http_server_pass_unreadable(self, text, len);
		return;
	}
	if (message.kind == RPC_INVALID)
	{
		log_throttled(&self->garbage_throttle, now_ms(), LOG_WARNING,
					  "dropped what is no JSON-RPC message from the MCP server: %s",
					  log_excerpt(excerpt, text, len));
		rpc_free(&message);
		return;
	}
	if ((message.kind == RPC_RESULT || message.kind == RPC_ERROR) && call->id != NULL &&
		json_equal(message.id, call->id))
	{
		call->answered = true;
		if (message.kind == RPC_RESULT && strcmp(call->method, "initialize") == 0)
		{
			learn_version(self, &message);
			snprintf(self->session, sizeof(self->session), "%s", call->request->session);
		}
		if (message.kind == RPC_RESULT && call->modern && strcmp(call->method, "tools/list") == 0 &&
			mcp_learn_tools(message.root, self->tools))
			changed = rpc_with_id(&message, message.id);
	}
	if (changed != NULL)
		http_server_pass(self, changed, strlen(changed));
	else
		http_server_pass(self, text, len);
	free(changed);
	rpc_free(&message);
}

static void
on_event(void *arg, const char *name, const char *data, size_t len)
{
	HttpCall *call = arg;

	if (data == NULL)
		call->too_long = true;
	else if (len > 0 && strcmp(name, "message") == 0)
		take_message(call, data, len);
}

static bool
collect(HttpCall *call, const char *data, size_t len)
{
	if (call->body.length + len > http_server_limit(call->server))
	{
		call->too_long = true;
		return false;
	}
	text_add(&call->body, data, len);
	return true;
}

static bool
on_data(void *arg, HttpRequest *request, const char *data, size_t len)
{
	HttpCall *call = arg;
	long	  status = http_status_of(request);

	if (status / 100 == 2 && !call->server->sse && http_content_of(request) == HTTP_CONTENT_EVENTS)
	{
		sse_feed(&call->events, data, len);
		return true;
	}
	return collect(call, data, len);
}

/* Turns an HTTP error into an answer: the JSON-RPC error in its body, with the request's id, or one that we write. */
static void
take_refusal(HttpCall *call, long status)
{
	HttpServer *self = call->server;
	RpcMessage	message;
	char		excerpt[LOG_EXCERPT_SIZE];
	char		text[LOG_EXCERPT_SIZE + 64];

	rpc_parse(&message, call->body.length > 0 ? call->body.data : "", call->body.length);
	if (message.kind == RPC_ERROR && call->id != NULL && !call->cancelled)
	{
		char *error = rpc_with_id(&message, call->id);

		http_server_pass(self, error, strlen(error));
		free(error);
		call->answered = true;
	}
	rpc_free(&message);
	snprintf(text, sizeof(text), "HTTP status %ld%s%s", status, call->body.length > 0 ? ": " : "",
			 call->body.length > 0 ? log_excerpt(excerpt, call->body.data, call->body.length) : "");
	fail_call(call, text);
}

/* Returns true if a broken event stream can be resumed: a server that gave an event's id keeps what comes after it. */
static bool
may_resume(const HttpCall *call)
{
	return !call->modern && !call->answered && !call->cancelled && call->id != NULL &&
		   call->events.last_id[0] != '\0' && call->resumes < RESUMES_MAX;
}

static void
take_answer(HttpCall *call, long status, HttpContent content)
{
	if (status / 100 != 2)
		take_refusal(call, status);
	else if (call->server->sse || call->id == NULL)
		return;
	else if (content == HTTP_CONTENT_JSON && call->body.length > 0)
		take_message(call, call->body.data, call->body.length);
	else if (content == HTTP_CONTENT_OTHER)
		fail_call(call, "the MCP server answered with neither JSON nor an event stream");
	fail_call(call, call->too_long ? "the answer is too long" : "the MCP server ended its answer early");
}

static bool
is_fatal(CURLcode result, long status)
{
	switch (result)
	{
		case CURLE_OK:
		case CURLE_WRITE_ERROR:
		case CURLE_OUT_OF_MEMORY:
			return false;
		case CURLE_OPERATION_TIMEDOUT:
			return status == 0;
		default:
			return true;
	}
}

static void
on_done(void *arg, HttpRequest *request, CURLcode result)
{
	HttpCall   *call = arg;
	HttpServer *self = call->server;
	long		status = http_status_of(request);
	bool		fatal = is_fatal(result, status);
	bool		lost_session = status == 404 && self->session[0] != '\0' && !call->modern;
	bool		initialized = status / 100 == 2 && strcmp(call->method, "notifications/initialized") == 0;
	char		text[CURL_ERROR_SIZE + 64];

	/* a broken event stream that can be resumed does not mean that the server is gone */
	if (status / 100 == 2 && may_resume(call))
	{
		int64_t ms = call->events.retry_ms >= 0 ? call->events.retry_ms : RESUME_MS;

		call->request = NULL;
		timer_set(self->server.loop, &call->timer, ms < RESUME_MAX_MS ? ms : RESUME_MAX_MS, resume_call,
				  call);
		return;
	}

	snprintf(text, sizeof(text), "it cannot be reached: %s", http_error(request, result));
	if (result == CURLE_OK || call->too_long)
		take_answer(call, status, http_content_of(request));
	else
		fail_call(call, text);
	call->request = NULL;
	free_call(call);

	if (fatal)
		self->call_events->failed(self, text);
	else if (lost_session)
		self->call_events->failed(self, "it does not know its session any more");
	else if (initialized)
		self->call_events->initialized(self);
}

static const HttpHandlers call_handlers = {on_data, on_done};

/* ---------- beginning ---------- */

static bool
add_mirrored(void *arg, const char *header)
{
	return http_server_add_header(arg, header);
}

static struct curl_slist *
make_headers(HttpServer *self, const RpcMessage *message)
{
	struct curl_slist *headers = http_server_headers(self, "Accept: application/json, text/event-stream");
	const char		  *modern = rpc_modern_version(message);
	char			   version[HTTP_VERSION_SIZE + 32];
	bool good = headers != NULL && http_server_add_header(&headers, "Content-Type: application/json");

	if (good && modern != NULL && message->method != NULL)
	{
		char *value = mcp_encode_value(modern, strlen(modern));

		good = strlen(value) < HTTP_VERSION_SIZE;
		if (good)
		{
			snprintf(version, sizeof(version), "MCP-Protocol-Version: %s", value);
			good = http_server_add_header(&headers, version) &&
				   mcp_mirror_headers(message, self->tools, add_mirrored, &headers);
		}
		free(value);
	}
	else if (good && self->version[0] != '\0')
	{
		snprintf(version, sizeof(version), "MCP-Protocol-Version: %s", self->version);
		good = http_server_add_header(&headers, version);
	}
	if (good)
		return headers;
	curl_slist_free_all(headers);
	return NULL;
}

static void
resume_call(void *arg)
{
	HttpCall		  *call = arg;
	HttpServer		  *self = call->server;
	char			   last_id[SSE_ID_SIZE + 32];
	struct curl_slist *headers = http_server_headers(self, "Accept: text/event-stream");

	call->resumes++;
	sse_restart(&call->events);
	snprintf(last_id, sizeof(last_id), "Last-Event-ID: %s", call->events.last_id);
	if (headers != NULL && http_server_add_header(&headers, last_id))
		call->request =
			http_begin(&self->client, "GET", self->post_url, headers, NULL, CALL_MS, &call_handlers, call);
	else
		curl_slist_free_all(headers);
	if (call->request == NULL)
	{
		fail_call(call, "out of memory");
		free_call(call);
	}
}

static void
forget(void *arg)
{
	free_call(arg);
}

/*
 * Cancels a call as the gateway asks.  In the stateless revision closing the
 * HTTP request tells the server, so the gateway's notification is not sent;
 * then it returns true.  In a session the notification must be sent.
 */
static bool
cancel(HttpServer *self, const RpcMessage *message)
{
	const json_t *id = json_object_get(json_object_get(message->root, "params"), "requestId");

	for (HttpCall *call = self->calls; call != NULL && id != NULL; call = call->next)
	{
		if (call->id == NULL || call->cancelled || !json_equal(call->id, id))
			continue;
		if (call->modern)
		{
			free_call(call);
			return true;
		}
		call->cancelled = true;
		timer_set(self->server.loop, &call->timer, CANCELLED_MS, forget, call);
		return false;
	}
	return rpc_modern_version(message) != NULL;
}

static HttpCall *
new_call(HttpServer *self, const RpcMessage *message)
{
	HttpCall *call = calloc(1, sizeof(HttpCall));

	if (call == NULL)
		return NULL;
	call->server = self;
	if (message->kind == RPC_REQUEST)
		call->id = json_incref(message->id);
	if (message->method != NULL)
		snprintf(call->method, sizeof(call->method), "%s", message->method);
	call->modern = rpc_modern_version(message) != NULL;
	sse_init(&call->events, http_server_limit(self), on_event, call);

	call->link = &self->calls;
	call->next = self->calls;
	if (call->next != NULL)
		call->next->link = &call->next;
	self->calls = call;
	self->call_count++;
	return call;
}

static void
post(HttpServer *self, const RpcMessage *message, const char *text, size_t len)
{
	HttpCall		  *call = new_call(self, message);
	struct curl_slist *headers = call != NULL ? make_headers(self, message) : NULL;
	char			  *body = headers != NULL ? strndup(text, len) : NULL;

	if (body == NULL)
		curl_slist_free_all(headers);
	else
		call->request =
			http_begin(&self->client, "POST", self->post_url, headers, body, CALL_MS, &call_handlers, call);
	if (call != NULL && call->request == NULL)
	{
		fail_call(call, "the request cannot be sent");
		free_call(call);
	}
}

void
http_call_begin(HttpServer *self, const char *text, size_t len)
{
	RpcMessage message;

	rpc_parse(&message, text, len);
	if (message.kind == RPC_INVALID)
		log_line(LOG_WARNING, "dropped a message of the gateway that is not JSON-RPC");
	else if (message.kind == RPC_NOTIFICATION && strcmp(message.method, "notifications/cancelled") == 0 &&
			 cancel(self, &message))
		log_line(LOG_DEBUG, "the gateway cancelled a request");
	else if (self->call_count >= CALLS_MAX)
		answer_error(self, message.kind == RPC_REQUEST ? message.id : NULL,
					 "too many requests are under way");
	else
		post(self, &message, text, len);
	rpc_free(&message);
}
