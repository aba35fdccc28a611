/*
 * http.h
 *	  HTTP requests in the agent's loop, on libcurl.
 */
#ifndef NPCSIM_AGENT_HTTP_H
#define NPCSIM_AGENT_HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "loop.h"

#define HTTP_SESSION_SIZE 256

typedef enum HttpContent
{
	HTTP_CONTENT_OTHER,
	HTTP_CONTENT_JSON,
	HTTP_CONTENT_EVENTS
} HttpContent;

typedef struct HttpRequest HttpRequest;

typedef struct HttpClient
{
	Loop		*loop;
	CURLM		*multi;
	Timer		 timer;
	HttpRequest *requests; /* under way */
	bool		 held;	   /* bodies wait */
} HttpClient;

typedef struct HttpHandlers
{
	/*
	 * A part of the body; false ends the request with CURLE_WRITE_ERROR.  No
	 * function of this header may be called from it, except http_status_of(),
	 * http_content_of() and http_hold() with true.
	 */
	bool (*data)(void *arg, HttpRequest *request, const char *data, size_t len);

	/* It is over, and freed after this.  Not called for a request that was cancelled. */
	void (*done)(void *arg, HttpRequest *request, CURLcode result);
} HttpHandlers;

struct HttpRequest
{
	HttpClient		   *client;
	HttpRequest		   *next;
	HttpRequest		  **link; /* what points to it */
	CURL			   *easy;
	struct curl_slist  *headers;
	char			   *body;
	const HttpHandlers *handlers;
	void			   *arg;
	bool				paused;
	char				session[HTTP_SESSION_SIZE]; /* Mcp-Session-Id of the answer, or "" */
	char				error[CURL_ERROR_SIZE];
};

extern bool http_open(HttpClient *client, Loop *loop);

/* Cancels what is under way. */
extern void http_close(HttpClient *client);

/* Bodies of answers stay where they are, which in the end holds the server back. */
extern void http_hold(HttpClient *client, bool held);

/*
 * Begins a request.  Takes over headers (its own or one made by curl_slist_append())
 * and body (from malloc(), or NULL).  timeout_ms 0 is none.  NULL if memory ran out.
 */
extern HttpRequest *http_begin(HttpClient *client, const char *method, const char *url,
							   struct curl_slist *headers, char *body, long timeout_ms,
							   const HttpHandlers *handlers, void *arg);
extern void			http_cancel(HttpRequest *request);

/* 0 while the answer has not begun */
extern long		   http_status_of(const HttpRequest *request);
extern HttpContent http_content_of(const HttpRequest *request);

/* Why a request failed, for people. */
extern const char *http_error(const HttpRequest *request, CURLcode result);

#endif /* NPCSIM_AGENT_HTTP_H */
