/*
 * test_http_head.c
 *	  Tests heads of requests: what is accepted, and what is refused with which
 *	  status, however the bytes are cut.
 *
 * @link workers/gateway/http_head.c
 */
#include "tap.h"

#include <stdlib.h>

#include "http_head.h"

#define HOST "Host: a\r\n"

static HttpHead head;

/* Takes a text of some length in pieces of "piece" bytes; the outcome, and what was not used of it. */
static HeadOutcome
take(const char *text, size_t length, size_t piece, size_t *left)
{
	HeadOutcome outcome = HEAD_MORE;
	size_t		at = 0;

	http_head_begin(&head);
	while (at < length && outcome == HEAD_MORE)
	{
		size_t used;

		outcome = http_head_take(&head, text + at, length - at < piece ? length - at : piece, &used);
		at += used;
	}
	*left = length - at;
	return outcome;
}

/* The status (200 = complete, 0 = more is wanted), the same for all sizes of pieces. */
static int
status_of(const char *text, size_t length)
{
	int	   status = -1;
	size_t left = 0;

	for (size_t piece = 1; piece <= length; piece = piece < 40 ? piece + 1 : piece * 2)
	{
		size_t		now_left;
		HeadOutcome outcome = take(text, length, piece, &now_left);
		int			now = outcome == HEAD_COMPLETE ? 200 : outcome == HEAD_REFUSED ? head.status : 0;

		if (status >= 0 && (now != status || now_left != left))
		{
			printf("# pieces of %zu: %d with %zu left, not %d with %zu\n", piece, now, now_left, status,
				   left);
			return -1;
		}
		status = now;
		left = now_left;
		if (outcome == HEAD_REFUSED && head.problem == NULL)
			return -1;
	}
	return status;
}

static const struct
{
	const char *text;
	int			status;
} table[] = {
	{"GET / HTTP/1.1\r\n" HOST "\r\n", 200},
	{"HEAD /a?b HTTP/1.1\r\n" HOST "\r\n", 200},
	{"GET / HTTP/1.0\r\n\r\n", 200},
	{"GET / HTTP/1.1\r\n" HOST "\r", 0},
	{"GET / HTTP/1.1\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
	{"GET / HTTP/1.1\r\nhOsT:a\t \r\n\r\n", 200},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", 413},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n", 413},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: +0\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 0, 5\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 5\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 413},
	{"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 413},
	{"GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n", 417},
	{"GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "\tfolded: x\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length : 0\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST ": nameless\r\n\r\n", 400},
	{"GET / HTTP/1.1\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "X: a\nY: b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "X: a\rY: b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "X: a\x7F\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" HOST "X: caf\xE9\r\n\r\n", 200},
	{"\r\nGET / HTTP/1.1\r\n", 400},
	{"GET /\r\n", 400},
	{"GET  / HTTP/1.1\r\n", 400},
	{"GET / HTTP/1.1 \r\n", 400},
	{"GET / http/1.1\r\n", 400},
	{"GET / HTTP/1.10\r\n", 400},
	{"GET / HTTP/1.2\r\n", 505},
	{"GET / HTTP/0.9\r\n", 505},
	{"GET / HTTP/2.0\r\n", 505},
	{"PRI * HTTP/2.0\r\n", 505},
	{"POST / HTTP/1.1\r\n", 405},
	{"get / HTTP/1.1\r\n", 405},
	{"CONNECT a:80 HTTP/1.1\r\n", 405},
	{"OPTIONS * HTTP/1.1\r\n", 405},
	{"TRACE / HTTP/1.1\r\n", 405},
	{"G(T / HTTP/1.1\r\n", 400},
	{"GET * HTTP/1.1\r\n", 400},
	{"GET http://a/ HTTP/1.1\r\n", 400},
	{"GET a:80 HTTP/1.1\r\n", 400},
	{"GET /a#b HTTP/1.1\r\n", 400},
	{"GET /\xC3\xA9 HTTP/1.1\r\n", 400},
	{"GET /%C3%A9 HTTP/1.1\r\n" HOST "\r\n", 200},
	{"GET /%00 HTTP/1.1\r\n", 400},
	{"GET /%0d%0a HTTP/1.1\r\n", 400},
	{"GET /%2 HTTP/1.1\r\n", 400},
	{"GET /% HTTP/1.1\r\n", 400},
	{"GET /%zz HTTP/1.1\r\n", 400},
	{"GET /a%2fb HTTP/1.1\r\n", 400},
	{"GET /a\\b HTTP/1.1\r\n", 400},
	{"GET /a%5Cb HTTP/1.1\r\n", 400},
	{"GET /.. HTTP/1.1\r\n", 400},
	{"GET /a/../b HTTP/1.1\r\n", 400},
	{"GET /a/%2e%2E/b HTTP/1.1\r\n", 400},
	{"GET /./a HTTP/1.1\r\n", 400},
	{"GET /a/. HTTP/1.1\r\n", 400},
	{"GET /.../a HTTP/1.1\r\n" HOST "\r\n", 200},
	{"\x16\x03\x01\x02", 400},
};

static void
test_table(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		tap_is_int(status_of(table[i].text, strlen(table[i].text)), table[i].status, "%d: %s",
				   table[i].status, table[i].text);
	tap_is_int(status_of("GET / HTTP/1.1\r\nX: \0\r\n", 22), 400, "a NUL");
	tap_is_int(status_of("GET /\0 HTTP/1.1\r\n", 17), 400, "a NUL in the address");
}

/* A request line whose target has this many bytes, and headers with this many bytes in all. */
static int
status_of_size(size_t target, int headers, size_t header_bytes)
{
	static char text[65536];
	size_t		length = (size_t) sprintf(text, "GET /");
	size_t		left;

	memset(text + length, 'a', target - 1);
	length += target - 1;
	length += (size_t) sprintf(text + length, " HTTP/1.1\r\n" HOST);
	for (int i = 1; i < headers; i++)
		length += (size_t) sprintf(text + length, "X: y\r\n");
	if (header_bytes > 0)
	{
		length += (size_t) sprintf(text + length, "X: ");
		memset(text + length, 'b', header_bytes);
		length += header_bytes;
		length += (size_t) sprintf(text + length, "\r\n");
	}
	length += (size_t) sprintf(text + length, "\r\n");
	return take(text, length, 7, &left) == HEAD_REFUSED ? head.status : head.status == 0 ? 200 : -1;
}

static void
test_sizes(void)
{
	tap_is_int(status_of_size(HEAD_MAX_TARGET, 1, 0), 200, "the longest address");
	tap_is_int(status_of_size(HEAD_MAX_TARGET + 1, 1, 0), 414, "one byte more");
	tap_is_int(status_of_size(60000, 1, 0), 414, "an address without an end");
	tap_is_int(status_of_size(1, HEAD_MAX_HEADERS, 0), 200, "as many headers as may be");
	tap_is_int(status_of_size(1, HEAD_MAX_HEADERS + 1, 0), 431, "one more");
	tap_is_int(status_of_size(1, 1, HEAD_MAX_BYTES - 32), 200, "almost as long as may be");
	for (size_t more = HEAD_MAX_BYTES - 32; more <= HEAD_MAX_BYTES; more++)
		status_of_size(1, 1, more); /* the sanitizer looks on */
	tap_is_int(status_of_size(1, 1, HEAD_MAX_BYTES), 431, "longer");
}

static void
test_contents(void)
{
	static const char request[] =
		"GET /a%20b?source=x%26y&z=1&source HTTP/1.1\r\nHost: h:1\r\nOrigin: o\r\norigin: p\r\n"
		"Authorization: Bearer t\r\nUpgrade: WebSocket\r\nConnection: keep-alive\r\nConnection: x , "
		"Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Protocol: a, npcsim.v1\r\nSec-WebSocket-Protocol: mcp\r\n\r\nrest";
	size_t left;

	tap_is_int(take(request, strlen(request), 5, &left), HEAD_COMPLETE, "a handshake");
	tap_is_int(left, 4, "what follows is left");
	tap_is_str(head.path, "/a b", "its path");
	tap_is_str(head.host, "h:1", "its host");
	tap_is_str(head.origin, "p", "its last origin");
	tap_is_int(head.origins, 2, "of two");
	tap_is_str(head.authorization, "Bearer t", "its token");
	tap_ok(head.asks_for_websocket && http_head_key_is_valid(&head), "asks for a WebSocket");
	tap_ok(http_head_offers(&head, "npcsim.v1") && http_head_offers(&head, "mcp"), "offers both protocols");
	tap_ok(!http_head_offers(&head, "npcsim") && !http_head_offers(&head, ""), "and no others");
}

static void
test_upgrades(void)
{
	static const struct
	{
		const char *headers;
		bool		is_websocket;
	} cases[] = {
		{"Upgrade: websocket\r\nConnection: Upgrade\r\n", true},
		{"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		 false},
		{"Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n", false},
		{"Upgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n", false},
		{"Upgrade: websocket\r\n", false},
		{"Connection: Upgrade\r\n", false},
		{"Upgrade: websockets\r\nConnection: Upgrade\r\n", false},
	};
	size_t left;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char text[300];

		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "%s\r\n", cases[i].headers);
		tap_is_int(take(text, strlen(text), 9, &left), HEAD_COMPLETE, "%s is understood", cases[i].headers);
		tap_is_int(head.asks_for_websocket, cases[i].is_websocket, "as what it is");
	}
}

/* Changed bytes of requests: the same outcome whole and byte by byte, and no report of a sanitizer. */
static void
test_mutations(void)
{
	unsigned random = 20261129;
	int		 differ = 0;
	char	 text[512];

	for (int i = 0; i < 20000; i++)
	{
		const char *base = table[i % (int) (sizeof(table) / sizeof(table[0]))].text;
		size_t		length = strlen(base);
		size_t		left;
		size_t		left_slowly;
		HeadOutcome outcome;

		memcpy(text, base, length);
		for (int change = 0; change < 3; change++)
		{
			random = random * 1664525 + 1013904223;
			text[(random >> 8) % length] = (char) (random >> 24);
		}
		outcome = take(text, length, length, &left);
		differ += take(text, length, 1, &left_slowly) != outcome || left != left_slowly;
	}
	tap_is_int(differ, 0, "20,000 changed requests, whole and byte by byte");
}

int
main(void)
{
	test_table();
	test_sizes();
	test_contents();
	test_upgrades();
	test_mutations();
	return tap_done();
}
