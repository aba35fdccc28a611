/*
 * ws_input.h
 *	  Parses the frames of a WebSocket client strictly by RFC 6455, and writes
 *	  the headers of frames to it.
 *
 * Like http_head it knows no socket: bytes go in as they come, events come out,
 * and after a breach of the protocol nothing is read any more.
 */
#ifndef NPCSIM_GATEWAY_WS_INPUT_H
#define NPCSIM_GATEWAY_WS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Close codes of the RFC, besides those of the project's own protocol (client.h). */
#define WS_CLOSE_NORMAL	  1000
#define WS_CLOSE_PROTOCOL 1002
#define WS_CLOSE_NO_UTF8  1007
#define WS_CLOSE_TOO_BIG  1009

#define WS_MAX_CONTROL 125
#define WS_MAX_PIECES  4096 /* frames that a message may have */
#define WS_MAX_HEADER  10	/* bytes of the header of a frame to a client, which is not masked */

typedef enum WsOpcode
{
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10
} WsOpcode;

typedef enum WsEventKind
{
	WS_EVENT_NONE, /* more bytes are needed */
	WS_EVENT_DATA, /* a piece of a message */
	WS_EVENT_PING, /* with its payload */
	WS_EVENT_PONG,
	WS_EVENT_CLOSE, /* with its code; nothing is read any more */
	WS_EVENT_BROKEN /* with a code and a reason; nothing is read any more */
} WsEventKind;

typedef struct WsEvent
{
	WsEventKind	   kind;
	unsigned char *data; /* DATA: points into the bytes that were given; PING: into the WsInput */
	size_t		   length;
	bool		   is_last; /* the piece is the last of its message */
	bool		   is_binary;
	int			   code;   /* CLOSE: 0 = the frame has none; BROKEN: the code to close with */
	const char	  *reason; /* BROKEN: what is wrong, a constant */
} WsEvent;

/* The state of the parser, which is all zeros at the beginning. */
typedef struct WsInput
{
	unsigned char header[14];
	size_t		  header_length;
	bool		  in_payload;
	bool		  is_final;
	WsOpcode	  opcode;
	uint64_t	  remaining; /* bytes of the payload that are still to come */
	unsigned	  mask_at;
	WsOpcode	  message; /* the opcode of the message that has begun; WS_CONTINUATION = none has */
	int			  pieces;
	int			  utf8_wanted; /* bytes of a character that are still to come */
	unsigned char utf8_lowest; /* the range in which the next of them must be */
	unsigned char utf8_highest;
	unsigned char control[WS_MAX_CONTROL];
	size_t		  control_length;
	bool		  ended;
} WsInput;

/*
 * Takes bytes up to the next event, which it returns, and tells in *used how
 * many.  Payloads are unmasked in place.
 */
extern WsEvent ws_input_take(WsInput *input, unsigned char *data, size_t length, size_t *used);

/* Writes the header of an unmasked, unfragmented frame in front of its payload, and returns the header's length. */
extern size_t ws_put_header(unsigned char *payload, WsOpcode opcode, size_t length);

#endif /* NPCSIM_GATEWAY_WS_INPUT_H */
