/*
 * test_address.c
 *	  Tests which address a connection counts for: lists of trusted proxies, and
 *	  X-Forwarded-For.
 *
 * @link workers/gateway/address.c workers/gateway/http_head.c
 */
#include "tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "address.h"

static const char trusted[] = "127.0.0.1, 10.0.0.0/8 2001:db8::/33,192.0.2.128/25";

/* The head's lines, parted by "|"; "" = none. */
static const struct
{
	const char *socket;
	const char *forwarded;
	const char *counts;
} table[] = {
	/* nobody is believed but a trusted proxy */
	{"192.0.2.1", "198.51.100.7", "192.0.2.1"},
	{"2001:db8:8000::1", "198.51.100.7", "2001:db8:8000::1"},
	{"127.0.0.2", "198.51.100.7", "127.0.0.2"},
	{"11.0.0.1", "198.51.100.7", "11.0.0.1"},
	{"192.0.2.127", "198.51.100.7", "192.0.2.127"},
	/* a proxy that is */
	{"127.0.0.1", "198.51.100.7", "198.51.100.7"},
	{"10.200.3.4", "198.51.100.7", "198.51.100.7"},
	{"192.0.2.128", "198.51.100.7", "198.51.100.7"},
	{"2001:db8:7fff::1", "198.51.100.7", "198.51.100.7"},
	{"::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"},
	{"127.0.0.1", "2001:db8:ffff::7", "2001:db8:ffff::7"},
	/* as proxies write it */
	{"127.0.0.1", "198.51.100.7:4711", "198.51.100.7"},
	{"127.0.0.1", "[2001:db8:ffff::7]:4711", "2001:db8:ffff::7"},
	{"127.0.0.1", "[2001:db8:ffff::7]", "2001:db8:ffff::7"},
	{"127.0.0.1", "  198.51.100.7\t", "198.51.100.7"},
	/* what stands left of the last hop that is not trusted is anybody's */
	{"127.0.0.1", "203.0.113.1, 198.51.100.7", "198.51.100.7"},
	{"127.0.0.1", "203.0.113.1|198.51.100.7", "198.51.100.7"},
	{"127.0.0.1", "203.0.113.1, 198.51.100.7, 10.0.0.9", "198.51.100.7"},
	{"127.0.0.1", "203.0.113.1|198.51.100.7, 10.1.1.1|10.0.0.9", "198.51.100.7"},
	{"127.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7"},
	{"127.0.0.1", "a, b, c|, , 198.51.100.7", "198.51.100.7"},
	{"127.0.0.1", "1.1.1.1|2.2.2.2|3.3.3.3|4.4.4.4|5.5.5.5|198.51.100.7", "198.51.100.7"},
	/* all of them trusted: the first of them asks */
	{"127.0.0.1", "10.0.0.7, 10.0.0.8", "10.0.0.7"},
	/* what is no address ends the way back */
	{"127.0.0.1", "", "127.0.0.1"},
	{"127.0.0.1", "unknown", "127.0.0.1"},
	{"127.0.0.1", "198.51.100.7, _hidden", "127.0.0.1"},
	{"127.0.0.1", "198.51.100.7, , ", "198.51.100.7"},
	{"127.0.0.1", ",", "127.0.0.1"},
	{"127.0.0.1", "198.51.100.7,", "198.51.100.7"},
	{"127.0.0.1", "198.51.100.7, 10.0.0.9, 1.2.3", "127.0.0.1"},
	{"127.0.0.1", "198.51.100.7, nonsense, 10.0.0.9", "10.0.0.9"},
	{"127.0.0.1", "[::1", "127.0.0.1"},
	{"127.0.0.1", "[::1]x", "127.0.0.1"},
	{"127.0.0.1", "198.51.100.7%0", "127.0.0.1"},
	{"127.0.0.1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "127.0.0.1"},
};

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage result = {0};

	if (inet_pton(AF_INET, text, &((struct sockaddr_in *) &result)->sin_addr) == 1)
		result.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *) &result)->sin6_addr) == 1)
		result.ss_family = AF_INET6;
	return result;
}

static HttpHead head;

static void
read_head(const char *forwarded)
{
	char   text[2048] = "GET / HTTP/1.1\r\nHost: a\r\n";
	size_t used;

	while (*forwarded)
	{
		size_t length = strcspn(forwarded, "|");
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, "X-Forwarded-For: %.*s\r\n", (int) length, forwarded);
		forwarded += length + (forwarded[length] == '|');
	}
	strcat(text, "\r\n");
	http_head_begin(&head);
	if (http_head_take(&head, text, strlen(text), &used) != HEAD_COMPLETE)
		printf("# not complete: %s\n", head.problem);
}

static void
test_forwarded(void)
{
	char			message[160];
	TrustedProxies *proxies = trusted_proxies_create(trusted, message, sizeof(message));

	if (!tap_ok(proxies != NULL, "the list is read"))
		return;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
	{
		struct sockaddr_storage counts = address(table[i].socket);
		char					got[64];

		read_head(table[i].forwarded);
		address_behind(proxies, &head, &counts);
		address_write(&counts, got, sizeof(got));
		if (!tap_ok(strcmp(got, table[i].counts) == 0, "%s, forwarded for \"%s\"", table[i].socket,
					table[i].forwarded))
			printf("#   got:  %s\n#   want: %s\n", got, table[i].counts);
	}
	trusted_proxies_free(proxies);
}

/* No way back is endless, and the empty list believes nobody. */
static void
test_bounds(void)
{
	char					message[160];
	char					forwarded[1024] = "198.51.100.7";
	char					got[64];
	struct sockaddr_storage counts = address("10.0.0.1");
	TrustedProxies		   *proxies = trusted_proxies_create("10.0.0.0/8", message, sizeof(message));
	TrustedProxies		   *none = trusted_proxies_create(" , ", message, sizeof(message));

	for (int i = 0; i < 30; i++)
		strcat(forwarded, ", 10.0.0.2");
	read_head(forwarded);
	address_behind(proxies, &head, &counts);
	address_write(&counts, got, sizeof(got));
	tap_ok(strcmp(got, "10.0.0.2") == 0, "thirty proxies are not followed");
	counts = address("10.0.0.1");
	address_behind(none, &head, &counts);
	address_write(&counts, got, sizeof(got));
	tap_ok(strcmp(got, "10.0.0.1") == 0, "without proxies nothing is believed");
	trusted_proxies_free(proxies);
	trusted_proxies_free(none);
}

static void
test_lists(void)
{
	static const char *const wrong[] = {"a",		  "10.0.0.0/33", "10.0.0.0/",	   "10.0.0.0/8x",
										"10.0.0.1/8", "10.0.0.0/-1", "2001:db8::/129", "127.0.0.1:80",
										"[::1]",	  "*",			 "10.0.0.0/08/8",  "10.0.0.0/ 8",
										"localhost"};
	char					 many[2048] = "";
	char					 message[160];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		tap_ok(trusted_proxies_create(wrong[i], message, sizeof(message)) == NULL, "\"%s\" is refused",
			   wrong[i]);
	for (int i = 0; i < 65; i++)
		strcat(many, "127.0.0.1 ");
	tap_ok(trusted_proxies_create(many, message, sizeof(message)) == NULL, "and so are too many");
}

int
main(void)
{
	test_forwarded();
	test_bounds();
	test_lists();
	return tap_done();
}
