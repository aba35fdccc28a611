/*
 * ws_input.c
 *	  Parses the frames of a WebSocket client strictly by RFC 6455, and writes
 *	  the headers of frames to it.
 */
#include "ws_input.h"

#include <string.h>

#include "common/text.h"

#define BIT_FINAL	 0x80
#define BITS_RSV	 0x70
#define BITS_OPCODE	 0x0F
#define BIT_MASKED	 0x80
#define BITS_LENGTH	 0x7F
#define LENGTH_16	 126
#define LENGTH_64	 127
#define MASK_BYTES	 4
#define SHORT_HEADER 2

static WsEvent
broken(WsInput *input, int code, const char *reason)
{
	input->ended = true;
	return (WsEvent) {.kind = WS_EVENT_BROKEN, .code = code, .reason = reason};
}

/* ------------------------------------------------------------------------
 * UTF-8
 * ------------------------------------------------------------------------ */

/* Takes the first byte of a character and notes how many follow, and in which range; returns false if it cannot be one. */
static bool
begin_character(WsInput *input, unsigned char byte)
{
	input->utf8_lowest = 0x80;
	input->utf8_highest = 0xBF;
	if (byte < 0xC2 || byte > 0xF4)
		return false;
	if (byte < 0xE0)
		input->utf8_wanted = 1;
	else if (byte < 0xF0)
	{
		input->utf8_wanted = 2;
		if (byte == 0xE0)
			input->utf8_lowest = 0xA0; /* anything lower has a shorter form */
		else if (byte == 0xED)
			input->utf8_highest = 0x9F; /* anything higher is a surrogate */
	}
	else
	{
		input->utf8_wanted = 3;
		if (byte == 0xF0)
			input->utf8_lowest = 0x90;
		else if (byte == 0xF4)
			input->utf8_highest = 0x8F; /* U+10FFFF is the last character */
	}
	return true;
}

static bool
text_is_utf8(WsInput *input, const unsigned char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (input->utf8_wanted == 0)
		{
			if (data[i] >= 0x80 && !begin_character(input, data[i]))
				return false;
			continue;
		}
		if (data[i] < input->utf8_lowest || data[i] > input->utf8_highest)
			return false;
		input->utf8_wanted--;
		input->utf8_lowest = 0x80;
		input->utf8_highest = 0xBF;
	}
	return true;
}

/* ------------------------------------------------------------------------
 * headers
 * ------------------------------------------------------------------------ */

static uint64_t
read_number(const unsigned char *bytes, int count)
{
	uint64_t number = 0;

	for (int i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* Returns how many bytes the header has, as its first two tell. */
static size_t
header_size(const WsInput *input)
{
	int length = input->header[1] & BITS_LENGTH;

	return SHORT_HEADER + (length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0) + MASK_BYTES;
}

/* Checks the first byte, which tells what the frame is; returns what is wrong, or NULL. */
static const char *
opcode_problem(const WsInput *input)
{
	WsOpcode opcode = input->header[0] & BITS_OPCODE;
	bool	 is_final = input->header[0] & BIT_FINAL;

	if (input->header[0] & BITS_RSV)
		return "a reserved bit is set: no extension was agreed on";
	switch (opcode)
	{
		case WS_CONTINUATION:
			return input->message == WS_CONTINUATION ? "a continuation of nothing" : NULL;
		case WS_TEXT:
		case WS_BINARY:
			return input->message != WS_CONTINUATION ? "a message inside another" : NULL;
		case WS_CLOSE:
		case WS_PING:
		case WS_PONG:
			return is_final ? NULL : "a control frame in pieces";
	}
	return "an unknown kind of frame";
}

/* Checks the second byte, with mask and length; returns what is wrong, or NULL. */
static const char *
length_problem(const WsInput *input)
{
	bool is_control = input->header[0] & 0x08;

	if (!(input->header[1] & BIT_MASKED))
		return "frames of clients must be masked";
	if (is_control && (input->header[1] & BITS_LENGTH) > WS_MAX_CONTROL)
		return "a control frame is too long";
	return NULL;
}

/* Takes a complete header; returns what is wrong with its length, or NULL. */
static const char *
begin_payload(WsInput *input)
{
	int length = input->header[1] & BITS_LENGTH;

	input->remaining = (uint64_t) length;
	if (length == LENGTH_16)
	{
		input->remaining = read_number(input->header + SHORT_HEADER, 2);
		if (input->remaining < LENGTH_16)
			return "a length is longer than it needs to be";
	}
	else if (length == LENGTH_64)
	{
		input->remaining = read_number(input->header + SHORT_HEADER, 8);
		if (input->remaining <= UINT16_MAX)
			return "a length is longer than it needs to be";
		if (input->remaining > INT64_MAX)
			return "a length has its highest bit set";
	}
	/* the mask is moved to where unmask() expects it */
	memmove(input->header + SHORT_HEADER, input->header + input->header_length - MASK_BYTES, MASK_BYTES);
	input->opcode = input->header[0] & BITS_OPCODE;
	input->is_final = input->header[0] & BIT_FINAL;
	input->mask_at = 0;
	input->control_length = 0;
	input->in_payload = true;
	if (input->opcode == WS_TEXT || input->opcode == WS_BINARY)
	{
		input->message = input->opcode;
		input->pieces = 0;
		input->utf8_wanted = 0;
	}
	return NULL;
}

/* Takes one byte of a header; returns what is wrong with it, or NULL. */
static const char *
take_header_byte(WsInput *input, unsigned char byte)
{
	const char *problem = NULL;

	input->header[input->header_length++] = byte;
	if (input->header_length == 1)
		problem = opcode_problem(input);
	else if (input->header_length == SHORT_HEADER)
		problem = length_problem(input);
	else if (input->header_length == header_size(input))
		problem = begin_payload(input);
	return problem;
}

/* ------------------------------------------------------------------------
 * payloads
 * ------------------------------------------------------------------------ */

static void
unmask(WsInput *input, unsigned char *data, size_t length)
{
	const unsigned char *mask = input->header + SHORT_HEADER;

	for (size_t i = 0; i < length; i++)
		data[i] ^= mask[(input->mask_at + i) & 3];
	input->mask_at = (unsigned) (input->mask_at + length) & 3;
}

static void
end_frame(WsInput *input)
{
	input->in_payload = false;
	input->header_length = 0;
}

/* Returns true for the codes that a close frame may have by section 7.4 of RFC 6455 and IANA's list. */
static bool
code_may_be_sent(int code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static WsEvent
take_close(WsInput *input)
{
	WsEvent event = {.kind = WS_EVENT_CLOSE};

	if (input->control_length == 1)
		return broken(input, WS_CLOSE_PROTOCOL, "a close frame of one byte");
	if (input->control_length > 0)
	{
		event.code = (int) read_number(input->control, 2);
		if (!code_may_be_sent(event.code))
			return broken(input, WS_CLOSE_PROTOCOL, "a code that no close frame may have");
		input->utf8_wanted = 0;
		if (!text_is_utf8(input, input->control + 2, input->control_length - 2) || input->utf8_wanted > 0)
			return broken(input, WS_CLOSE_NO_UTF8, "a reason that is not UTF-8");
	}
	input->ended = true;
	return event;
}

static WsEvent
take_control(WsInput *input, const unsigned char *data, size_t length)
{
	memcpy(input->control + input->control_length, data, length);
	input->control_length += length;
	if (input->remaining > 0)
		return (WsEvent) {.kind = WS_EVENT_NONE};
	end_frame(input);
	if (input->opcode == WS_CLOSE)
		return take_close(input);
	return (WsEvent) {.kind = input->opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG,
					  .data = input->control,
					  .length = input->control_length};
}

static WsEvent
take_data(WsInput *input, unsigned char *data, size_t length)
{
	WsEvent event = {.kind = WS_EVENT_DATA, .data = data, .length = length};

	event.is_binary = input->message == WS_BINARY;
	event.is_last = input->is_final && input->remaining == 0;
	if (!event.is_binary && (!text_is_utf8(input, data, length) || (event.is_last && input->utf8_wanted > 0)))
		return broken(input, WS_CLOSE_NO_UTF8, "a text that is not UTF-8");
	if (input->remaining == 0)
		end_frame(input);
	if (event.is_last)
		input->message = WS_CONTINUATION;
	else if (input->remaining == 0 && ++input->pieces >= WS_MAX_PIECES)
		return broken(input, WS_CLOSE_TOO_BIG, "a message in too many pieces");
	return event;
}

WsEvent
ws_input_take(WsInput *input, unsigned char *data, size_t length, size_t *used)
{
	size_t piece;

	*used = 0;
	if (input->ended)
	{
		*used = length;
		return (WsEvent) {.kind = WS_EVENT_NONE};
	}
	while (!input->in_payload)
	{
		const char *problem;

		if (*used == length)
			return (WsEvent) {.kind = WS_EVENT_NONE};
		problem = take_header_byte(input, data[(*used)++]);
		if (problem != NULL)
			return broken(input, WS_CLOSE_PROTOCOL, problem);
	}
	piece = length - *used;
	if (piece > input->remaining)
		piece = (size_t) input->remaining;
	if (piece == 0 && input->remaining > 0)
		return (WsEvent) {.kind = WS_EVENT_NONE};
	data += *used;
	unmask(input, data, piece);
	input->remaining -= piece;
	*used += piece;
	return input->opcode & 0x08 ? take_control(input, data, piece) : take_data(input, data, piece);
}

size_t
ws_put_header(unsigned char *payload, WsOpcode opcode, size_t length)
{
	size_t		   more = length < LENGTH_16 ? 0 : length <= UINT16_MAX ? 2 : 8;
	unsigned char *header = payload - SHORT_HEADER - more;

	header[0] = (unsigned char) (BIT_FINAL | opcode);
	header[1] = (unsigned char) (more == 0 ? length : more == 2 ? LENGTH_16 : LENGTH_64);
	for (size_t i = 0; i < more; i++)
		header[SHORT_HEADER + i] = (unsigned char) ((uint64_t) length >> (8 * (more - 1 - i)));
	return SHORT_HEADER + more;
}
