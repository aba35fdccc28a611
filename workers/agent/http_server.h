/*
 * http_server.h
 *	  An MCP server over HTTP: what http_session.c (what all requests have), http_call.c (one message) and
 *	  http_server.c (the server's life) share.
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
	HTTP_PROBING, /* which transport, if any? */
	HTTP_UP,
	HTTP_ENDING
} HttpStage;

typedef struct HttpCall	  HttpCall;
typedef struct HttpServer HttpServer;

/* What a call tells the server; it is freed by then. */
typedef struct HttpCallEvents
{
	/* the server is of no use any more */
	void (*failed)(HttpServer *self, const char *why);

	/* "initialize" is done */
	void (*initialized)(HttpServer *self);
} HttpCallEvents;

struct HttpServer
{
	Server	   server; /* must be first */
	HttpClient client;
	HttpStage  stage;
	bool	   sse; /* the transport before Streamable HTTP */
	bool	   asked_to_stop;
	char	   why[256]; /* it is gone */
	Timer	   timer;	 /* of the stage */

	/* where messages go: the URL we were given, or what the event stream named */
	char				 *post_url;
	HttpCall			 *calls; /* under way */
	int					  call_count;
	const HttpCallEvents *call_events;

	/* the probe's verdict so far */
	HttpRequest *probe;
	Text		 probe_body;
	bool		 probing_initialize; /* server/discover was refused */
	Sse			 probe_events;
	char		 post_verdict[96]; /* why POST did not do */

	/* the event stream: all answers (sse), or what the server says unasked */
	HttpRequest *stream;
	Sse			 stream_events;
	Backoff		 stream_backoff;
	Timer		 stream_timer;

	/* of the session */
	char			session[HTTP_SESSION_SIZE]; /* "" if there is none */
	char			version[HTTP_VERSION_SIZE]; /* as agreed by "initialize", or "" */
	McpToolHeaders *tools;

	LogThrottle failure_throttle;
	LogThrottle garbage_throttle;
	LogThrottle length_throttle;
};

/* ---------- http_session.c ---------- */

/* A message that is for the gateway as it is. */
extern void http_server_pass(HttpServer *self, const char *text, size_t len);

/* An answer that is no valid JSON: the gateway reads it, or it fails at once. */
extern void http_server_pass_unreadable(HttpServer *self, const char *text, size_t len);

/* Headers of every request: Accept, version, session.  NULL if memory ran out. */
extern struct curl_slist *http_server_headers(HttpServer *self, const char *accept);
extern bool				  http_server_add_header(struct curl_slist **headers, const char *header);

/* Longest message or event from the server. */
extern size_t http_server_limit(const HttpServer *self);

/* ---------- http_call.c ---------- */

/* Posts a message of the gateway. */
extern void http_call_begin(HttpServer *self, const char *text, size_t len);
extern void http_call_cancel_all(HttpServer *self);

#endif /* NPCSIM_AGENT_HTTP_SERVER_H */
