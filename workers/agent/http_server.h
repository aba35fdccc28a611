/*
 * http_server.h
 *	  What the parts of an MCP server over HTTP share: http_server.c (its life, transport and event stream),
 *	  http_call.c (one message and its answer) and http_session.c (headers and limits of all requests).
 */
#ifndef NPCSIM_AGENT_HTTP_SERVER_H
#define NPCSIM_AGENT_HTTP_SERVER_H

#include <jansson.h>
#include <stdbool.h>

#include "common/text.h"
#include "common/log.h"
#include "backoff.h"
#include "http.h"
#include "mcp_headers.h"
#include "server.h"
#include "sse.h"

#define HTTP_VERSION_SIZE 32

typedef enum HttpStage
{
	HTTP_DOWN,
	HTTP_PROBING, /* it is found out whether there is a server and which transport it speaks */
	HTTP_UP,
	HTTP_ENDING
} HttpStage;

typedef struct HttpCall	  HttpCall;
typedef struct HttpServer HttpServer;

/* What a call tells the server when it is over; the call was freed before. */
typedef struct HttpCallEvents
{
	/* the call found that the server is gone, or has forgotten the session */
	void (*failed)(HttpServer *self, const char *why);

	/* the server has taken "notifications/initialized", with which a session is complete */
	void (*initialized)(HttpServer *self);
} HttpCallEvents;

struct HttpServer
{
	Server	   server; /* must be first */
	HttpClient client;
	HttpStage  stage;
	bool	   sse; /* it speaks HTTP + SSE, the transport before Streamable HTTP */
	bool	   asked_to_stop;
	char	   why[256]; /* the reason why it is gone */
	Timer	   timer;	 /* the deadline of the stage, or its next step */

	/* where messages are posted: the URL of the settings, or the one that the event stream named */
	char				 *post_url;
	HttpCall			 *calls; /* those that are not over */
	int					  call_count;
	const HttpCallEvents *call_events;

	/* the request that probes the server, and its answer so far */
	HttpRequest *probe;
	Text		 probe_body;
	bool		 probing_initialize; /* "initialize" is tried because server/discover was refused */
	Sse			 probe_events;
	char		 post_verdict[96]; /* what the probe by POST gave, for the message when GET fails, too */

	/* the event stream: it brings all answers (sse), or what the server sends without a request */
	HttpRequest *stream;
	Sse			 stream_events;
	Backoff		 stream_backoff;
	Timer		 stream_timer;

	/* the session */
	char			session[HTTP_SESSION_SIZE]; /* its id, "" if there is none */
	char			version[HTTP_VERSION_SIZE]; /* the protocol version agreed by "initialize", or "" */
	McpToolHeaders *tools;

	LogThrottle failure_throttle;
	LogThrottle garbage_throttle;
	LogThrottle length_throttle;
};

/* ---------- http_session.c ---------- */

/* Passes on a message of the server to the gateway, if the server is up. */
extern void http_server_pass(HttpServer *self, const char *text, size_t len);

/* Passes on an answer that is not valid JSON: the gateway can read some of them, and fails the others at once. */
extern void http_server_pass_unreadable(HttpServer *self, const char *text, size_t len);

/* Returns the headers that every request has (Accept and the session's id), or NULL if memory ran out. */
extern struct curl_slist *http_server_headers(HttpServer *self, const char *accept);

/* Adds a header; returns false, and leaves the list as it was, if memory ran out. */
extern bool http_server_add_header(struct curl_slist **headers, const char *header);

/* Returns how many bytes a message or event of the server may have. */
extern size_t http_server_limit(const HttpServer *self);

/* ---------- http_call.c ---------- */

/* Posts a message of the gateway; answers to it, errors of HTTP included, go to http_server_pass(). */
extern void http_call_begin(HttpServer *self, const char *text, size_t len);

/* Ends all calls without an answer. */
extern void http_call_cancel_all(HttpServer *self);

#endif /* NPCSIM_AGENT_HTTP_SERVER_H */
