/*
 * http.h
 *	  Runs HTTP requests in the agent's loop with libcurl.
 */
#ifndef NPCSIM_AGENT_HTTP_H
#define NPCSIM_AGENT_HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "loop.h"

#define HTTP_SESSION_SIZE	  256
#define HTTP_RETRY_AFTER_SIZE 64

/* The headers of an answer may have so many bytes; more end the request. */
#define HTTP_HEADERS_MOST 65536

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
	HttpRequest *requests; /* those that were begun and are not done */
	bool		 held;	   /* no body is read: http_hold() */
} HttpClient;

typedef struct HttpHandlers
{
	/*
	 * Takes a part of the body; false ends the request with CURLE_WRITE_ERROR.
	 * No function of this header may be called from it, except http_status_of(),
	 * http_content_of() and http_hold() with true.
	 */
	bool (*data)(void *arg, HttpRequest *request, const char *data, size_t len);

	/* Hears that the request is over; it is freed afterwards.  A request that was cancelled does not call this. */
	void (*done)(void *arg, HttpRequest *request, CURLcode result);
} HttpHandlers;

struct HttpRequest
{
	HttpClient		   *client;
	HttpRequest		   *next;
	HttpRequest		  **link; /* the pointer to this request in the client's list */
	CURL			   *easy;
	struct curl_slist  *headers;
	char			   *body;
	const HttpHandlers *handlers;
	void			   *arg;
	bool				paused;
	size_t				header_bytes;
	char				session[HTTP_SESSION_SIZE];			/* Mcp-Session-Id of the answer, or "" */
	char				retry_after[HTTP_RETRY_AFTER_SIZE]; /* its Retry-After, or "" */
	char				error[CURL_ERROR_SIZE];
};

/* Prepares a client; returns false if libcurl cannot be set up. */
extern bool http_open(HttpClient *client, Loop *loop);

/* Cancels all requests and frees what the client holds. */
extern void http_close(HttpClient *client);

/* While held, bodies of answers are not read, so that TCP's flow control in the end stops the server from sending. */
extern void http_hold(HttpClient *client, bool held);

/*
 * Begins a request and returns it, or NULL if memory ran out.  It takes over the
 * headers (made by curl_slist_append()) and the body (from malloc(), or NULL), also
 * when it fails.  A timeout_ms of 0 means no time limit.
 */
extern HttpRequest *http_begin(HttpClient *client, const char *method, const char *url,
							   struct curl_slist *headers, char *body, long timeout_ms,
							   const HttpHandlers *handlers, void *arg);

/* Ends and frees a request without calling "done". */
extern void http_cancel(HttpRequest *request);

/* Returns the status of the answer, or 0 while it has not begun. */
extern long		   http_status_of(const HttpRequest *request);
extern HttpContent http_content_of(const HttpRequest *request);

/* Returns the reason why a request failed, for people; the text lives as long as the request. */
extern const char *http_error(const HttpRequest *request, CURLcode result);

#endif /* NPCSIM_AGENT_HTTP_H */
