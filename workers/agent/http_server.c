/*
 * http_server.c
 *	  An MCP server that runs somewhere and is reached over HTTP.
 *
 *	 DOWN ── start ──▶ PROBING ── it speaks ──▶ UP ── stop, or it fails ──▶ ENDING ──▶ DOWN
 *	                      └─────────── stop, or it does not ───────────────▲
 *
 * PROBING finds out whether there is a server and which transport it speaks,
 * before the gateway is dialled.  First server/discover is posted: an answer
 * or a JSON-RPC error means Streamable HTTP (of any revision).  After any other
 * refusal, but one for lack of credentials, "initialize" is posted, since some
 * servers accept nothing before it and say so in their own words.  If that is
 * refused with 400, 404 or 405, the server may speak the older transport, in
 * which a GET brings an event stream whose first event, "endpoint", names where
 * to post.  Servers of that transport which do not look at the method begin
 * such a stream in answer to the POST.
 *
 * A session of the older revisions of Streamable HTTP is begun by the
 * gateway's "initialize", kept here, and deleted when the gateway is gone.
 *
 * Failures come from within libcurl's callbacks, where no request may be
 * ended; so whatever ends a stage does its work from "done" handlers and
 * timers.
 */
#include "http_server.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/jsonrpc.h"
#include "common/log.h"
#include "common/mcp_terms.h"

#define PROBE_ID	   "npcsim-agent-probe"
#define PROBE_MS	   10000L
#define PROBE_BODY_MAX 65536
#define DELETE_MS	   1500L

static void				  open_stream(void *arg);
static void				  probe_server(HttpServer *self, bool initialize);
static const HttpHandlers delete_handlers;

/* ---------- ending ---------- */

static void
tell_gone(void *arg)
{
	HttpServer *self = arg;

	if (self->stage != HTTP_ENDING)
		return;
	while (self->client.requests != NULL)
		http_cancel(self->client.requests);
	self->probe = self->stream = NULL;
	http_hold(&self->client, false);
	self->session[0] = self->version[0] = '\0';
	self->stage = HTTP_DOWN;
	self->server.events.gone(self->server.events.arg, self->asked_to_stop ? NULL : self->why);
}

/* Forgets the probe's request and answer. */
static void
forget_probe(HttpServer *self)
{
	self->probe = NULL;
	sse_free(&self->probe_events);
	text_free(&self->probe_body);
}

/* Cancels all requests and timers. */
static void
end_requests(HttpServer *self)
{
	http_call_cancel_all(self);
	timer_cancel(&self->stream_timer);
	if (self->stream != NULL)
		http_cancel(self->stream);
	if (self->probe != NULL)
		http_cancel(self->probe);
	self->stream = NULL;
	sse_free(&self->stream_events);
	forget_probe(self);
}

/* Gives the server up for the formatted reason.  It may be called from "done" handlers and timers, but not from "data". */
static void __attribute__((format(printf, 2, 3))) fail(HttpServer *self, const char *fmt, ...)
{
	va_list args;

	if (self->stage != HTTP_PROBING && self->stage != HTTP_UP)
		return;
	va_start(args, fmt);
	vsnprintf(self->why, sizeof(self->why), fmt, args);
	va_end(args);
	end_requests(self);
	self->stage = HTTP_ENDING;
	timer_set(self->server.loop, &self->timer, 0, tell_gone, self);
}

static bool
ignore_data(void *arg, HttpRequest *request, const char *data, size_t len)
{
	return true;
}

static void
on_deleted(void *arg, HttpRequest *request, CURLcode result)
{
	HttpServer *self = arg;

	timer_set(self->server.loop, &self->timer, 0, tell_gone, self);
}

static const HttpHandlers delete_handlers = {ignore_data, on_deleted};

/* Asks the server to delete the session; returns false if there is none, or the request cannot be made. */
static bool
delete_session(HttpServer *self, const HttpHandlers *handlers)
{
	struct curl_slist *headers;
	char			   version[HTTP_VERSION_SIZE + 32];

	if (self->session[0] == '\0' || self->sse)
		return false;
	headers = http_server_headers(self, "Accept: application/json");
	snprintf(version, sizeof(version), "MCP-Protocol-Version: %s", self->version);
	if (headers == NULL || (self->version[0] != '\0' && !http_server_add_header(&headers, version)))
	{
		curl_slist_free_all(headers);
		return false;
	}
	return http_begin(&self->client, "DELETE", self->post_url, headers, NULL, DELETE_MS, handlers, self) !=
		   NULL;
}

static void
http_stop(Server *server, bool at_once)
{
	HttpServer *self = (HttpServer *) server;
	bool		was_up = self->stage == HTTP_UP;

	assert(self->stage != HTTP_DOWN);
	self->asked_to_stop = true;
	if (self->stage == HTTP_ENDING && !at_once)
		return;
	end_requests(self);
	http_hold(&self->client, false);
	self->stage = HTTP_ENDING;
	if (at_once || !was_up || !delete_session(self, &delete_handlers))
		timer_set(server->loop, &self->timer, 0, tell_gone, self);
}

/* ---------- the event stream ---------- */

static void
become_ready(void *arg)
{
	HttpServer *self = arg;

	timer_cancel(&self->timer);
	self->stage = HTTP_UP;
	log_line(LOG_INFO, "the MCP server at %s speaks %s", self->server.settings->url,
			 self->sse ? "HTTP + SSE" : "Streamable HTTP");
	self->server.events.ready(self->server.events.arg);
}

/* Writes scheme, host and port of a URL into "origin"; returns false if it lacks one. */
static bool
origin_of(CURLU *url, char *origin, size_t size)
{
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	bool  good = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
				curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
				curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	if (good)
		snprintf(origin, size, "%s://%s:%s", scheme, host, port);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return good;
}

/* Takes the URL to post to from the event "endpoint"; returns false if it is not on the same server. */
static bool
take_endpoint(HttpServer *self, const char *endpoint)
{
	CURLU *url = curl_url();
	char   ours[512];
	char   theirs[512];
	char  *whole = NULL;
	bool good = url != NULL && curl_url_set(url, CURLUPART_URL, self->server.settings->url, 0) == CURLUE_OK &&
				origin_of(url, ours, sizeof(ours)) &&
				curl_url_set(url, CURLUPART_URL, endpoint, 0) == CURLUE_OK &&
				origin_of(url, theirs, sizeof(theirs)) && strcasecmp(ours, theirs) == 0 &&
				curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK;

	if (good)
	{
		free(self->post_url);
		self->post_url = strdup(whole);
		good = self->post_url != NULL;
	}
	curl_free(whole);
	curl_url_cleanup(url);
	return good;
}

static void
bad_endpoint(void *arg)
{
	fail(arg, "its event stream names an endpoint that is not on the same server");
}

static void
on_stream_event(void *arg, const char *name, const char *data, size_t len)
{
	HttpServer *self = arg;
	RpcMessage	message;
	char		excerpt[LOG_EXCERPT_SIZE];

	if (data == NULL)
	{
		log_throttled(&self->length_throttle, now_ms(), LOG_WARNING,
					  "dropped an event of the MCP server: more than %zu bytes are not taken",
					  http_server_limit(self));
		return;
	}
	if (self->sse && strcmp(name, "endpoint") == 0)
	{
		if (self->stage == HTTP_PROBING)
			timer_set(self->server.loop, &self->timer, 0,
					  take_endpoint(self, data) ? become_ready : bad_endpoint, self);
		return;
	}
	if (len == 0 || strcmp(name, "message") != 0)
		return;
	rpc_parse(&message, data, len);
	if (message.root == NULL && rpc_seems_to_answer(data, len) != 0)
		http_server_pass_unreadable(self, data, len);
	else if (message.kind == RPC_INVALID)
		log_throttled(&self->garbage_throttle, now_ms(), LOG_WARNING,
					  "dropped what is no JSON-RPC message from the MCP server: %s",
					  log_excerpt(excerpt, data, len));
	else
		http_server_pass(self, data, len);
	rpc_free(&message);
}

static bool
on_stream_data(void *arg, HttpRequest *request, const char *data, size_t len)
{
	HttpServer *self = arg;

	if (http_status_of(request) != 200 || http_content_of(request) != HTTP_CONTENT_EVENTS)
		return false;
	sse_feed(&self->stream_events, data, len);
	return true;
}

/* Gives the server up when the event stream of the older transport ends; reopens the optional one of Streamable HTTP. */
static void
on_stream_done(void *arg, HttpRequest *request, CURLcode result)
{
	HttpServer *self = arg;
	long		status = http_status_of(request);
	bool		events = status == 200 && http_content_of(request) == HTTP_CONTENT_EVENTS;

	self->stream = NULL;
	if (self->sse && self->stage == HTTP_PROBING)
	{
		if (status != 0 && !events)
			fail(self, "it is no MCP server: %s GET gives HTTP status %ld and no event stream",
				 self->post_verdict, status);
		else
			fail(self, "its event stream names no endpoint: %s", http_error(request, result));
	}
	else if (self->sse)
		fail(self, "its event stream ended: %s", http_error(request, result));
	else if (events || status == 0)
	{
		int64_t ms = self->stream_events.retry_ms;

		if (ms < BACKOFF_MIN_MS || ms > BACKOFF_MAX_MS)
			ms = backoff_next(&self->stream_backoff, (uint32_t) now_ms());
		timer_set(self->server.loop, &self->stream_timer, ms, open_stream, self);
	}
	else
		log_line(LOG_DEBUG, "the MCP server offers no stream of its own (HTTP status %ld)", status);
}

static const HttpHandlers stream_handlers = {on_stream_data, on_stream_done};

static void
open_stream(void *arg)
{
	HttpServer		  *self = arg;
	struct curl_slist *headers = http_server_headers(self, "Accept: text/event-stream");
	char			   version[HTTP_VERSION_SIZE + 32];
	char			   last_id[SSE_ID_SIZE + 32];
	bool			   good = headers != NULL;

	sse_restart(&self->stream_events);
	snprintf(version, sizeof(version), "MCP-Protocol-Version: %s", self->version);
	snprintf(last_id, sizeof(last_id), "Last-Event-ID: %s", self->stream_events.last_id);
	if (good && self->version[0] != '\0')
		good = http_server_add_header(&headers, version);
	if (good && self->stream_events.last_id[0] != '\0')
		good = http_server_add_header(&headers, last_id);
	if (good)
		self->stream = http_begin(&self->client, "GET", self->server.settings->url, headers, NULL, 0,
								  &stream_handlers, self);
	else
		curl_slist_free_all(headers);
	if (self->stream == NULL && self->sse)
		fail(self, "out of memory");
}

/* Opens the event stream in which a server with sessions may send messages that answer no request. */
static void
tell_initialized(HttpServer *self)
{
	if (self->stage == HTTP_UP && !self->sse && self->stream == NULL)
		open_stream(self);
}

/* ---------- probing ---------- */

static void
no_endpoint(void *arg)
{
	fail(arg, "its event stream named no endpoint within %ld s", PROBE_MS / 1000);
}

static void
try_event_stream(HttpServer *self)
{
	self->sse = true;
	timer_set(self->server.loop, &self->timer, PROBE_MS, no_endpoint, self);
	open_stream(self);
}

/* Ends a probe that began the older transport's event stream, which brings no answer, and opens that stream by GET. */
static void
leave_probe(void *arg)
{
	HttpServer *self = arg;

	http_cancel(self->probe);
	forget_probe(self);
	snprintf(self->post_verdict, sizeof(self->post_verdict), "POST begins an event stream,");
	try_event_stream(self);
}

static void
on_probe_event(void *arg, const char *name, const char *data, size_t len)
{
	HttpServer *self = arg;

	if (strcmp(name, "endpoint") == 0 && self->server.settings->transport == HTTP_TRANSPORT_AUTO)
		timer_set(self->server.loop, &self->timer, 0, leave_probe, self);
}

static bool
on_probe_data(void *arg, HttpRequest *request, const char *data, size_t len)
{
	HttpServer *self = arg;

	if (http_status_of(request) == 200 && http_content_of(request) == HTTP_CONTENT_EVENTS)
	{
		sse_feed(&self->probe_events, data, len);
		return true;
	}
	if (self->probe_body.length + len > PROBE_BODY_MAX)
		return false;
	text_add(&self->probe_body, data, len);
	return true;
}

static bool
is_rpc_error(HttpServer *self)
{
	RpcMessage message;
	bool	   is;

	rpc_parse(&message, self->probe_body.length > 0 ? self->probe_body.data : "", self->probe_body.length);
	is = message.kind == RPC_ERROR;
	rpc_free(&message);
	return is;
}

static void
on_probe_session_left(void *arg, HttpRequest *request, CURLcode result)
{
	HttpServer *self = arg;

	self->session[0] = '\0';
	if (self->stage == HTTP_PROBING)
		timer_set(self->server.loop, &self->timer, 0, become_ready, self);
}

static const HttpHandlers leave_handlers = {ignore_data, on_probe_session_left};

/* Deletes the session that the probe began; returns false if there is none, else on_probe_session_left() goes on. */
static bool
leave_probe_session(HttpServer *self)
{
	bool leaving = delete_session(self, &leave_handlers);

	if (!leaving)
		self->session[0] = '\0';
	return leaving;
}

/* Decides what to do after the server has refused "initialize", too. */
static void
despair_of_post(HttpServer *self, long status)
{
	HttpTransport wanted = self->server.settings->transport;

	if (status != 400 && status != 404 && status != 405)
		fail(self, "it answers with HTTP status %ld", status);
	else if (wanted == HTTP_TRANSPORT_AUTO)
		try_event_stream(self);
	else if (status == 400)
		become_ready(self);
	else
		fail(self, "it does not speak Streamable HTTP there (HTTP status %ld)", status);
}

static void
on_probe_done(void *arg, HttpRequest *request, CURLcode result)
{
	HttpServer *self = arg;
	long		status = http_status_of(request);
	bool		speaks = is_rpc_error(self);
	bool		initialized = self->probing_initialize;

	timer_cancel(&self->timer);
	if (initialized && status / 100 == 2)
		snprintf(self->session, sizeof(self->session), "%s", request->session);
	forget_probe(self);
	snprintf(self->post_verdict, sizeof(self->post_verdict), "POST gives HTTP status %ld,", status);

	if (status == 0)
		fail(self, "it cannot be reached: %s", http_error(request, result));
	else if (status / 100 == 2 || (speaks && status != 405 && status != 401 && status != 403))
	{
		/* the probe's session is not kept, because the gateway begins one of its own */
		if (!initialized || !leave_probe_session(self))
			become_ready(self); /* also if only the status came and the body was too slow or too long */
	}
	else if (status == 401 || status == 403)
		fail(self, "it refuses us with HTTP status %ld", status);
	else if (initialized)
		despair_of_post(self, status);
	else
		probe_server(self, true);
}

static const HttpHandlers probe_handlers = {on_probe_data, on_probe_done};

static void
probe_server(HttpServer *self, bool initialize)
{
	static const char *const extra[] = {
		"Content-Type: application/json",
		"MCP-Protocol-Version: " MCP_VERSION_STATELESS,
		"Mcp-Method: server/discover",
	};
	struct curl_slist *headers = http_server_headers(self, "Accept: application/json, text/event-stream");
	char			  *body =
		 initialize ? rpc_make_initialize(PROBE_ID, AGENT_NAME) : rpc_make_discover(PROBE_ID, AGENT_NAME);
	bool good = headers != NULL;

	self->probing_initialize = initialize;
	/* "initialize" gets the first header alone, since no version is agreed on yet */
	for (size_t i = 0; good && i < (initialize ? 1 : sizeof(extra) / sizeof(extra[0])); i++)
		good = http_server_add_header(&headers, extra[i]);
	sse_init(&self->probe_events, PROBE_BODY_MAX, on_probe_event, self);
	if (good)
		self->probe =
			http_begin(&self->client, "POST", self->post_url, headers, body, PROBE_MS, &probe_handlers, self);
	else
	{
		curl_slist_free_all(headers);
		free(body);
	}
	if (self->probe == NULL)
		fail(self, "out of memory");
}

/* ---------- the server ---------- */

static void
http_start(Server *server)
{
	HttpServer *self = (HttpServer *) server;

	assert(self->stage == HTTP_DOWN);
	self->stage = HTTP_PROBING;
	self->asked_to_stop = self->sse = false;
	self->why[0] = self->session[0] = self->version[0] = self->post_verdict[0] = '\0';
	backoff_reset(&self->stream_backoff);
	sse_init(&self->stream_events, http_server_limit(self), on_stream_event, self);
	json_object_clear(self->tools);
	free(self->post_url);
	self->post_url = strdup(server->settings->url);
	if (self->post_url == NULL)
		fail(self, "out of memory");
	else if (server->settings->transport == HTTP_TRANSPORT_SSE)
		try_event_stream(self);
	else
		probe_server(self, false);
}

/* Posts a message.  It always takes more, because the number of calls at a time is bounded. */
static bool
http_send(Server *server, const char *text, size_t len)
{
	HttpServer *self = (HttpServer *) server;

	if (self->stage == HTTP_UP)
		http_call_begin(self, text, len);
	return true;
}

static void
http_server_hold(Server *server, bool held)
{
	http_hold(&((HttpServer *) server)->client, held);
}

static void
http_free(Server *server)
{
	HttpServer *self = (HttpServer *) server;

	end_requests(self);
	timer_cancel(&self->timer);
	http_close(&self->client);
	json_decref(self->tools);
	free(self->post_url);
	free(self);
}

static void
call_failed(HttpServer *self, const char *why)
{
	fail(self, "%s", why);
}

static const HttpCallEvents call_events = {call_failed, tell_initialized};

static const ServerOps http_ops = {
	.name = "the MCP server",
	.start = http_start,
	.send = http_send,
	.hold = http_server_hold,
	.stop = http_stop,
	.free = http_free,
};

static bool
is_address(const char *text)
{
	CURLU *url = curl_url();
	char   origin[512];
	bool   is = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
			  origin_of(url, origin, sizeof(origin));

	curl_url_cleanup(url);
	return is;
}

Server *
http_server_create(Loop *loop, const Settings *settings, const ServerEvents *events)
{
	HttpServer *self;

	if (!is_address(settings->url))
	{
		log_line(LOG_ERROR, "--mcp-url \"%s\" is no address", settings->url);
		return NULL;
	}
	self = calloc(1, sizeof(HttpServer));
	if (self == NULL)
		return NULL;
	self->server.ops = &http_ops;
	self->server.settings = settings;
	self->server.loop = loop;
	self->server.events = *events;
	self->call_events = &call_events;
	self->tools = json_object();
	if (self->tools == NULL || !http_open(&self->client, loop))
	{
		log_line(LOG_ERROR, "libcurl cannot be set up");
		http_free(&self->server);
		return NULL;
	}
	return &self->server;
}
