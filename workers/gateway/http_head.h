/*
 * http_head.h
 *	  Parses the head of one HTTP/1 request strictly, since it comes from a stranger.
 *
 * It knows no socket: bytes go in as they come, one at a time if need be, and
 * the first byte that is not allowed refuses the request.  What is not needed
 * is not supported: HTTP/2, bodies, folded headers.
 */
#ifndef NPCSIM_GATEWAY_HTTP_HEAD_H
#define NPCSIM_GATEWAY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#define HEAD_MAX_BYTES	   8192 /* more are refused with 431 */
#define HEAD_MAX_TARGET	   2048 /* more bytes are refused with 414 */
#define HEAD_MAX_HEADERS   64	/* more are refused with 431 */
#define HEAD_MAX_PROTOCOLS 4	/* Sec-WebSocket-Protocol headers */
#define HEAD_MAX_FORWARDED 4	/* X-Forwarded-For headers, of which the last are kept */

typedef enum HeadOutcome
{
	HEAD_MORE,
	HEAD_COMPLETE,
	HEAD_REFUSED
} HeadOutcome;

typedef struct HttpHead
{
	/* after HEAD_REFUSED: the status of the answer and its text */
	int			status;
	const char *problem;

	/* after HEAD_COMPLETE: the texts point into the buffer, NULL = there is no such header */
	bool  is_head; /* the method is HEAD: the answer has no body */
	bool  is_http_1_0;
	char *path;	 /* decoded; begins with "/" and has no "." or ".." */
	char *query; /* not decoded; "" = none */
	char *host;
	char *origin;
	int	  origins;
	char *authorization;
	char *reports;						 /* Npcsim-Reports */
	char *forwarded[HEAD_MAX_FORWARDED]; /* X-Forwarded-For, in order */
	int	  forwarded_count;
	bool  asks_for_websocket; /* Upgrade and Connection ask for a WebSocket and for nothing besides */
	char *websocket_key;
	char *websocket_version;
	char *websocket_protocols[HEAD_MAX_PROTOCOLS];
	int	  websocket_protocol_count;

	/* used while it is read */
	char  *expect;
	char  *content_length;
	bool   connection_upgrade;
	bool   upgrade_websocket;
	bool   upgrade_else;
	bool   after_cr;
	int	   headers; /* how many were read; -1 = the request line is awaited */
	size_t line_begin;
	size_t length;
	char   buffer[HEAD_MAX_BYTES];
} HttpHead;

extern void http_head_begin(HttpHead *head);

/*
 * Takes bytes up to the end of the head and tells in *used how many; it does
 * not look at what follows a complete head.
 */
extern HeadOutcome http_head_take(HttpHead *head, const char *data, size_t length, size_t *used);

/* Returns true if a complete head offers this WebSocket subprotocol. */
extern bool http_head_offers(const HttpHead *head, const char *protocol);

/* Returns true if Sec-WebSocket-Key is as RFC 6455 wants it: 16 bytes in Base64. */
extern bool http_head_key_is_valid(const HttpHead *head);

#endif /* NPCSIM_GATEWAY_HTTP_HEAD_H */
