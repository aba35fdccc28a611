/*
 * test_ws_input.c
 *	  Tests frames of WebSocket clients: what they mean, and what breaks the
 *	  protocol with which code, however the bytes are cut.
 *
 * @link workers/gateway/ws_input.c
 */
#include "tap.h"

#include <stdlib.h>

#include "ws_input.h"

/* What a stream of bytes came to: pieces of one message are joined, so that only its meaning counts. */
static void
read_stream(const unsigned char *bytes, size_t length, size_t piece, char *result, size_t size)
{
	static unsigned char copy[70000];
	WsInput				 input = {0};
	size_t				 message = 0;

	result[0] = '\0';
	memcpy(copy, bytes, length);
	for (size_t at = 0; at < length;)
	{
		size_t	end = length - at < piece ? length : at + piece;
		size_t	used;
		WsEvent event;

		do
		{
			size_t written = strlen(result);

			event = ws_input_take(&input, copy + at, end - at, &used);
			at += used;
			if (event.kind == WS_EVENT_DATA)
			{
				message += event.length;
				if (event.is_last)
				{
					snprintf(result + written, size - written, "%s%zu ", event.is_binary ? "binary" : "text",
							 message);
					message = 0;
				}
			}
			else if (event.kind == WS_EVENT_PING || event.kind == WS_EVENT_PONG)
				snprintf(result + written, size - written, "%s%zu ",
						 event.kind == WS_EVENT_PING ? "ping" : "pong", event.length);
			else if (event.kind == WS_EVENT_CLOSE)
				snprintf(result + written, size - written, "close%d ", event.code);
			else if (event.kind == WS_EVENT_BROKEN)
				snprintf(result + written, size - written, "broken%d ", event.code);
		} while (event.kind != WS_EVENT_NONE);
	}
}

#define MASK		"\x00\x00\x00\x00"
#define BYTES(text) text, sizeof(text) - 1

static const struct
{
	const char *bytes;
	size_t		length;
	const char *result;
} table[] = {
	{BYTES("\x81\x82" MASK "hi"), "text2 "},
	{BYTES("\x81\x82\x01\x02\x03\x04ik"), "text2 "},
	{BYTES("\x81\x80" MASK), "text0 "},
	{BYTES("\x82\x81" MASK "\xFF"), "binary1 "},
	{BYTES("\x01\x81" MASK "a\x00\x80" MASK "\x80\x81" MASK "b\x81\x81" MASK "c"), "text2 text1 "},
	{BYTES("\x01\x81" MASK "a\x89\x82" MASK "pp\x80\x81" MASK "b"), "ping2 text2 "},
	{BYTES("\x8A\x80" MASK), "pong0 "},
	{BYTES("\x81\xFE\x00\x7E" MASK "0123456789012345678901234567890123456789012345678901234567890123456789"
		   "01234567890123456789012345678901234567890123456789012345"),
	 "text126 "},
	/* a character in pieces of a message */
	{BYTES("\x01\x81" MASK "\xE2\x00\x81" MASK "\x82\x80\x81" MASK "\xAC"), "text3 "},
	{BYTES("\x01\x81" MASK "\xE2\x80\x81" MASK "\x82"), "broken1007 "},
	{BYTES("\x81\x81" MASK "\xFF"), "broken1007 "},
	{BYTES("\x81\x82" MASK "\xC0\x80"), "broken1007 "},
	{BYTES("\x81\x83" MASK "\xED\xA0\x80"), "broken1007 "},
	{BYTES("\x81\x83" MASK "\xE0\x9F\xBF"), "broken1007 "},
	{BYTES("\x81\x84" MASK "\xF4\x90\x80\x80"), "broken1007 "},
	{BYTES("\x81\x84" MASK "\xF0\x8F\xBF\xBF"), "broken1007 "},
	{BYTES("\x81\x84" MASK "\xF4\x8F\xBF\xBF"), "text4 "},
	{BYTES("\x81\x84" MASK "\xF0\x9F\x98\x80"), "text4 "},
	/* not masked */
	{BYTES("\x81\x02hi"), "broken1002 "},
	{BYTES("\x88\x00"), "broken1002 "},
	/* reserved bits and kinds */
	{BYTES("\xC1\x82" MASK "hi"), "broken1002 "},
	{BYTES("\xA1\x82" MASK "hi"), "broken1002 "},
	{BYTES("\x91\x82" MASK "hi"), "broken1002 "},
	{BYTES("\x83\x80" MASK), "broken1002 "},
	{BYTES("\x87\x80" MASK), "broken1002 "},
	{BYTES("\x8B\x80" MASK), "broken1002 "},
	{BYTES("\x8F\x80" MASK), "broken1002 "},
	/* the order of pieces */
	{BYTES("\x80\x80" MASK), "broken1002 "},
	{BYTES("\x00\x80" MASK), "broken1002 "},
	{BYTES("\x01\x80" MASK "\x81\x80" MASK), "broken1002 "},
	{BYTES("\x81\x80" MASK "\x80\x80" MASK), "text0 broken1002 "},
	/* control frames in pieces, or too long */
	{BYTES("\x09\x80" MASK), "broken1002 "},
	{BYTES("\x08\x80" MASK), "broken1002 "},
	{BYTES("\x89\xFE\x00\x7E" MASK), "broken1002 "},
	{BYTES("\x88\xFF\x00\x00\x00\x00\x00\x01\x00\x00" MASK), "broken1002 "},
	/* lengths */
	{BYTES("\x81\xFE\x00\x7D" MASK), "broken1002 "},
	{BYTES("\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF" MASK), "broken1002 "},
	{BYTES("\x81\xFF\x80\x00\x00\x00\x00\x01\x00\x00" MASK), "broken1002 "},
	{BYTES("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF" MASK "hi"), ""},
	/* close frames */
	{BYTES("\x88\x80" MASK), "close0 "},
	{BYTES("\x88\x82" MASK "\x03\xE8"), "close1000 "},
	{BYTES("\x88\x82" MASK "\x0F\xA0"), "close4000 "},
	{BYTES("\x88\x85" MASK "\x03\xE8"
		   "bye"),
	 "close1000 "},
	{BYTES("\x88\x81" MASK "\x03"), "broken1002 "},
	{BYTES("\x88\x82" MASK "\x00\x00"), "broken1002 "},
	{BYTES("\x88\x82" MASK "\x03\xE7"), "broken1002 "}, /* 999 */
	{BYTES("\x88\x82" MASK "\x03\xEC"), "broken1002 "}, /* 1004 */
	{BYTES("\x88\x82" MASK "\x03\xED"), "broken1002 "}, /* 1005 */
	{BYTES("\x88\x82" MASK "\x03\xEE"), "broken1002 "}, /* 1006 */
	{BYTES("\x88\x82" MASK "\x03\xF7"), "broken1002 "}, /* 1015 */
	{BYTES("\x88\x82" MASK "\x07\xD0"), "broken1002 "}, /* 2000 */
	{BYTES("\x88\x82" MASK "\x13\x88"), "broken1002 "}, /* 5000 */
	{BYTES("\x88\x82" MASK "\xFF\xFF"), "broken1002 "},
	{BYTES("\x88\x83" MASK "\x03\xE8\xFF"), "broken1007 "},
	{BYTES("\x88\x83" MASK "\x03\xE8\xC3"), "broken1007 "},
	/* nothing counts behind the end */
	{BYTES("\x88\x80" MASK "\x81\x82" MASK "hi"), "close0 "},
	{BYTES("\x81\x02hi\x81\x82" MASK "hi"), "broken1002 "},
};

#define TABLE_LENGTH ((int) (sizeof(table) / sizeof(table[0])))

static void
test_table(void)
{
	for (int i = 0; i < TABLE_LENGTH; i++)
	{
		char result[100];
		bool same = true;

		for (size_t piece = 1; piece <= table[i].length && same; piece++)
		{
			read_stream((const unsigned char *) table[i].bytes, table[i].length, piece, result,
						sizeof(result));
			same = strcmp(result, table[i].result) == 0;
		}
		tap_is_str(result, table[i].result, "stream %d: %s", i, table[i].result);
	}
}

static void
test_pieces(void)
{
	static unsigned char bytes[WS_MAX_PIECES * 6];
	char				 result[100];

	for (int i = 0; i < WS_MAX_PIECES; i++)
		memcpy(bytes + 6 * i, i == 0 ? "\x01\x80" MASK : "\x00\x80" MASK, 6);
	read_stream(bytes, sizeof(bytes), 4096, result, sizeof(result));
	tap_is_str(result, "broken1009 ", "a message in pieces without an end");
	bytes[6 * (WS_MAX_PIECES - 1)] = 0x80;
	read_stream(bytes, sizeof(bytes), 4096, result, sizeof(result));
	tap_is_str(result, "text0 ", "one in as many pieces as may be");
}

static void
test_headers(void)
{
	static const struct
	{
		size_t		length;
		size_t		header;
		const char *bytes;
	} cases[] = {
		{0, 2, "\x81\x00"},
		{125, 2, "\x81\x7D"},
		{126, 4, "\x81\x7E\x00\x7E"},
		{65535, 4, "\x81\x7E\xFF\xFF"},
		{65536, 10, "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"},
	};
	unsigned char space[WS_MAX_HEADER];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		size_t length = ws_put_header(space + sizeof(space), WS_TEXT, cases[i].length);

		tap_ok(length == cases[i].header &&
				   memcmp(space + sizeof(space) - length, cases[i].bytes, length) == 0,
			   "the header of %zu bytes", cases[i].length);
	}
}

/* Changed bytes of streams: the same meaning whole and byte by byte, and no report of a sanitizer. */
static void
test_mutations(void)
{
	unsigned random = 20261129;
	int		 differ = 0;

	for (int i = 0; i < 50000; i++)
	{
		unsigned char bytes[400];
		char		  whole[1000];
		char		  slowly[1000];
		size_t		  length = 0;

		for (int part = 0; part < 2; part++)
		{
			int chosen;

			random = random * 1664525 + 1013904223;
			chosen = (int) (random >> 8) % TABLE_LENGTH;
			memcpy(bytes + length, table[chosen].bytes, table[chosen].length);
			length += table[chosen].length;
		}
		for (int change = 0; change < 2; change++)
		{
			random = random * 1664525 + 1013904223;
			bytes[(random >> 8) % length] = (unsigned char) (random >> 24);
		}
		read_stream(bytes, length, length, whole, sizeof(whole));
		read_stream(bytes, length, 1, slowly, sizeof(slowly));
		differ += strcmp(whole, slowly) != 0;
	}
	tap_is_int(differ, 0, "50,000 changed streams, whole and byte by byte");
}

int
main(void)
{
	test_table();
	test_pieces();
	test_headers();
	test_mutations();
	return tap_done();
}
