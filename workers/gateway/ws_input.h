/*
 * ws_input.h
 *	  Frames from a WebSocket client: RFC 6455 read strictly, and their headers
 *	  the other way.
 *
 * Knows no socket, like http_head: bytes go in as they come, what they mean
 * comes out, and what breaks the protocol ends the reading for good.
 */
#ifndef NPCSIM_GATEWAY_WS_INPUT_H
#define NPCSIM_GATEWAY_WS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Close codes of the RFC that the project's own do not cover. */
#define WS_CLOSE_NORMAL	  1000
#define WS_CLOSE_PROTOCOL 1002
#define WS_CLOSE_NO_UTF8  1007
#define WS_CLOSE_TOO_BIG  1009

#define WS_MAX_CONTROL 125
#define WS_MAX_PIECES  4096 /* frames of one message */
#define WS_MAX_HEADER  10	/* of a frame to a client, which is not masked */

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
	unsigned char *data; /* DATA: in what was given; PING: in the WsInput */
	size_t		   length;
	bool		   is_last; /* of its message */
	bool		   is_binary;
	int			   code;   /* CLOSE: 0 = none was given */
	const char	  *reason; /* BROKEN */
} WsEvent;

/* All zero at the beginning. */
typedef struct WsInput
{
	unsigned char header[14];
	size_t		  header_length;
	bool		  in_payload;
	bool		  is_final;
	WsOpcode	  opcode;
	uint64_t	  remaining; /* bytes of the payload */
	unsigned	  mask_at;
	WsOpcode	  message; /* its opcode; WS_CONTINUATION = none has begun */
	int			  pieces;
	int			  utf8_wanted; /* bytes of a character that are to come */
	unsigned char utf8_lowest; /* of the next of them */
	unsigned char utf8_highest;
	unsigned char control[WS_MAX_CONTROL];
	size_t		  control_length;
	bool		  ended;
} WsInput;

/*
 * Takes bytes up to the next event; "used" says how many.  Payloads are
 * unmasked where they are.
 */
extern WsEvent ws_input_take(WsInput *input, unsigned char *data, size_t length, size_t *used);

/* Writes the header of an unmasked, unfragmented frame in front of its payload; its length. */
extern size_t ws_put_header(unsigned char *payload, WsOpcode opcode, size_t length);

#endif /* NPCSIM_GATEWAY_WS_INPUT_H */
