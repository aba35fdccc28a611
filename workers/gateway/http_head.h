/*
 * http_head.h
 *	  The head of one HTTP/1 request, as strictly as a stranger deserves.
 *
 * Knows no socket: bytes go in as they come, one at a time if need be, and the
 * first that does not belong decides.  What is not needed is not understood:
 * no HTTP/2, no body, no folded header, no second reading of anything.
 */
#ifndef NPCSIM_GATEWAY_HTTP_HEAD_H
#define NPCSIM_GATEWAY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#define HEAD_MAX_BYTES	   8192 /* 431 beyond */
#define HEAD_MAX_TARGET	   2048 /* 414 beyond */
#define HEAD_MAX_HEADERS   64	/* 431 beyond */
#define HEAD_MAX_PROTOCOLS 4	/* Sec-WebSocket-Protocol headers */
#define HEAD_MAX_FORWARDED 4	/* X-Forwarded-For headers: the last ones are kept */

typedef enum HeadOutcome
{
	HEAD_MORE,
	HEAD_COMPLETE,
	HEAD_REFUSED
} HeadOutcome;

typedef struct HttpHead
{
	/* HEAD_REFUSED: the status of the answer, and what is said in it */
	int			status;
	const char *problem;

	/* HEAD_COMPLETE; texts are in the buffer, NULL = no such header */
	bool  is_head; /* HEAD: the answer has no body */
	bool  is_http_1_0;
	char *path;	 /* decoded; begins with "/", no "." or ".." in it */
	char *query; /* as it came; "" = none */
	char *host;
	char *origin;
	int	  origins;
	char *authorization;
	char *reports;						 /* Npcsim-Reports */
	char *forwarded[HEAD_MAX_FORWARDED]; /* X-Forwarded-For, in order */
	int	  forwarded_count;
	bool  asks_for_websocket; /* Upgrade and Connection, and nothing besides */
	char *websocket_key;
	char *websocket_version;
	char *websocket_protocols[HEAD_MAX_PROTOCOLS];
	int	  websocket_protocol_count;

	/* while it is read */
	char  *expect;
	char  *content_length;
	bool   connection_upgrade;
	bool   upgrade_websocket;
	bool   upgrade_else;
	bool   after_cr;
	int	   headers; /* -1 = the request line is awaited */
	size_t line_begin;
	size_t length;
	char   buffer[HEAD_MAX_BYTES];
} HttpHead;

extern void http_head_begin(HttpHead *head);

/*
 * Takes bytes up to the end of the head; "used" says how many.  What follows a
 * complete head is not looked at.
 */
extern HeadOutcome http_head_take(HttpHead *head, const char *data, size_t length, size_t *used);

/* Is this subprotocol offered? */
extern bool http_head_offers(const HttpHead *head, const char *protocol);

/* A key as RFC 6455 wants it: 16 bytes in base64. */
extern bool http_head_key_is_valid(const HttpHead *head);

#endif /* NPCSIM_GATEWAY_HTTP_HEAD_H */
