/*
 * test_agent_settings.c
 *	  Tests npcsim-agent's addresses, tokens and back-off, and what ends of its connection mean.
 *
 * @link workers/agent/gateway_url.c workers/agent/settings.c workers/agent/api_options.c workers/agent/secret.c workers/agent/files.c workers/agent/words.c workers/agent/backoff.c workers/agent/link_end.c
 */
#include "workers/agent/backoff.h"
#include "workers/agent/link.h"
#include "workers/agent/secret.h"
#include "workers/agent/settings.h"

#include <stdlib.h>

#include "tap.h"

/* "tls address port host path", or the error. */
static const char *
Url(const char *text, const char *source)
{
	static char joined[2048];
	Settings	settings = {.max_concurrency = 4};
	GatewayUrl	url;
	const char *error;

	snprintf(settings.source, sizeof(settings.source), "%s", source);
	if (!gateway_url_parse(&url, text, &settings, &error))
		return error;
	snprintf(joined, sizeof(joined), "%d %s %d %s %s", url.tls, url.address, url.port, url.host, url.path);
	return joined;
}

static void
TestUrl(void)
{
	static const char form[] = "it is not of the form ws://HOST:PORT/PATH";
	char			  longest[1200];

	tap_is_str(Url("ws://127.0.0.1:8080", "m"),
			   "0 127.0.0.1 8080 127.0.0.1:8080 /mcp?source=m&max_concurrency=4",
			   "an address gets its path and query");
	tap_is_str(Url("wss://play.example", "m"),
			   "1 play.example 443 play.example:443 /mcp?source=m&max_concurrency=4", "wss has its own port");
	tap_is_str(Url("WS://h/", "m"), "0 h 80 h:80 /mcp?source=m&max_concurrency=4",
			   "a scheme may be in capitals");
	tap_is_str(Url("ws://h:1/a/b", "m"), "0 h 1 h:1 /a/b?source=m&max_concurrency=4", "a path is kept");
	tap_is_str(Url("ws://h:1/a?x=1", "m"), "0 h 1 h:1 /a?x=1&source=m&max_concurrency=4", "and a query");
	tap_is_str(Url("ws://h?x=1", "m"), "0 h 80 h:80 /mcp?x=1&source=m&max_concurrency=4",
			   "also without a path");
	tap_is_str(Url("ws://[::1]:8080/", "m"), "0 ::1 8080 [::1]:8080 /mcp?source=m&max_concurrency=4", "IPv6");
	tap_is_str(Url("ws://h", "a b&c=\xc3\xa4/~"),
			   "0 h 80 h:80 /mcp?source=a%20b%26c%3D%C3%A4%2F~&max_concurrency=4", "a source is encoded");
	tap_is_str(Url("http://h", "m"), "it does not begin with ws:// or wss://", "another scheme is refused");
	tap_is_str(Url("ws://", "m"), form, "no host");
	tap_is_str(Url("ws://:80", "m"), form, "no host but a port");
	tap_is_str(Url("ws://h:", "m"), form, "no port after the colon");
	tap_is_str(Url("ws://h:0", "m"), form, "port 0");
	tap_is_str(Url("ws://h:65536", "m"), form, "port 65536");
	tap_is_str(Url("ws://h:8o", "m"), form, "a port with a letter");
	tap_is_str(Url("ws://u:p@h", "m"), form, "a password in the address");
	tap_is_str(Url("ws://[::1", "m"), form, "an open bracket");
	tap_is_str(Url("ws://h/a\r\nX: y", "m"), form, "a header smuggled in");
	tap_is_str(Url("ws://h/#a", "m"), form, "a fragment");
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "ws://h/", 7);
	longest[sizeof(longest) - 1] = '\0';
	tap_is_str(Url(longest, "m"), "it is too long", "a path without end");
}

static void
TestToken(void)
{
	char		token[SECRET_MAX + 1];
	char		text[SECRET_MAX + 2];
	const char *error;

	tap_ok(secret_copy(token, " abc\r\n", 6, &error) && strcmp(token, "abc") == 0,
		   "white space around a token is taken off");
	tap_ok(!secret_copy(token, " \n", 2, &error), "white space alone is no token");
	tap_ok(!secret_copy(token, "a b", 3, &error), "a token has no blanks");
	tap_ok(!secret_copy(token, "a\r\nX: y", 7, &error), "and no line ends");
	tap_ok(!secret_copy(token, "a\0b", 3, &error), "and no zero byte");
	memset(text, 'a', sizeof(text));
	tap_ok(secret_copy(token, text, SECRET_MAX, &error), "%d characters are taken", SECRET_MAX);
	tap_ok(!secret_copy(token, text, SECRET_MAX + 1, &error), "one more is not");
}

static void
TestBackoff(void)
{
	static const int64_t ceilings[] = {2000, 4000, 8000, 16000, 30000, 30000, 30000};
	Backoff				 low = {0};
	Backoff				 high = {0};
	bool				 all_low = true;
	bool				 all_high = true;

	for (int i = 0; i < 7; i++)
	{
		all_low &= backoff_next(&low, 0) == BACKOFF_MIN_MS;
		/* the greatest noise within the range of this step */
		all_high &= backoff_next(&high, (uint32_t) (ceilings[i] - BACKOFF_MIN_MS)) == ceilings[i];
	}
	tap_ok(all_low, "no rest is shorter than a second");
	tap_ok(all_high, "the longest rest doubles from 2 s to 30 s");
	high.failures = UINT32_MAX;
	tap_ok(backoff_next(&high, UINT32_MAX) <= BACKOFF_MAX_MS && high.failures == UINT32_MAX,
		   "failures do not wrap around");
	backoff_reset(&high);
	tap_is_int(backoff_next(&high, 1000), 2000, "after success it begins anew");
}

static void
TestEnds(void)
{
	tap_is_int(link_judge_close(4001), LINK_END_REPLACED, "4001 is a newer agent");
	tap_is_int(link_judge_close(4002), LINK_END_REFUSED, "4002 is a bad token");
	tap_is_int(link_judge_close(4003), LINK_END_REFUSED, "4003 is a ban");
	tap_is_int(link_judge_close(4004), LINK_END_LOST, "a full world may have room later");
	tap_is_int(link_judge_close(1001), LINK_END_LOST, "a gateway that goes comes back");
	tap_is_int(link_judge_status(401), LINK_END_REFUSED, "401 is a bad token");
	tap_is_int(link_judge_status(403), LINK_END_REFUSED, "403 is a ban");
	tap_is_int(link_judge_status(503), LINK_END_LOST, "503 passes");
}

int
main(void)
{
	TestUrl();
	TestToken();
	TestBackoff();
	TestEnds();
	return tap_done();
}
