/*
 * test_origin.c
 *	  Tests which sites' pages may connect to the gateway.
 *
 * @link workers/gateway/origin.c
 */
#include "tap.h"

#include <stdlib.h>

#include "origin.h"

static const char allowed_origins[] = "https://worlds.example.org, http://other.example:8000 app://game";
static const char allowed_hosts[] = "lan.example";
static const char own_name[] = "Box.Home.Example";

/* origin NULL = none; "a|b" = two */
static const struct
{
	const char *host;
	const char *origin;
	bool		is_websocket;
	bool		is_allowed;
} table[] = {
	/* no page: any host that is one */
	{"anything.example", NULL, true, true},
	{"bad host", NULL, true, false},
	/* no page that says so: only hosts that no stranger can have named */
	{"127.0.0.1:8080", NULL, false, true},
	{"192.0.2.7", NULL, false, true},
	{"[::1]:8080", NULL, false, true},
	{"[2001:DB8::7]", NULL, false, true},
	{"localhost:8080", NULL, false, true},
	{"LOCALHOST.", NULL, false, true},
	{"a.localhost", NULL, false, true},
	{"gateway:8080", NULL, false, true},
	{"box.home.example:8080", NULL, false, true},
	{"lan.example:1", NULL, false, true},
	{"worlds.example.org", NULL, false, true},
	{"evil.example", NULL, false, false},
	{"evil.example:8080", NULL, false, false},
	{"notlocalhost.example", NULL, false, false},
	{"localhost.evil.example", NULL, false, false},
	{"127.0.0.1.evil.example", NULL, false, false},
	{"xlan.example", NULL, false, false},
	{"lan.example.evil", NULL, false, false},
	/* the same host */
	{"127.0.0.1:8080", "http://127.0.0.1:8080", true, true},
	{"127.0.0.1:8080", "https://127.0.0.1:8080", true, true},
	{"LocalHost:8080", "HTTP://localhost:8080", true, true},
	{"localhost", "http://localhost:80", true, true},
	{"localhost:80", "http://localhost", true, true},
	{"lan.example", "https://lan.example", true, true},
	{"lan.example:443", "https://lan.example", true, true},
	{"[::1]:8080", "http://[::1]:8080", true, true},
	{"[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080", true, true},
	{"localhost:8080", "http://localhost:8080", false, true},
	/* another one */
	{"127.0.0.1:8080", "http://127.0.0.1:8081", true, false},
	{"127.0.0.1:8080", "http://127.0.0.1", true, false},
	{"127.0.0.1:8080", "http://localhost:8080", true, false},
	{"127.0.0.1:8080", "http://evil.example", true, false},
	{"127.0.0.1:8080", "http://evil.example:8080", false, false},
	{"localhost:8080", "http://localhost.evil.example:8080", true, false},
	{"localhost", "app://localhost", true, false},
	{NULL, "http://localhost", false, false},
	/* a stranger's name that points here */
	{"evil.example:8080", "http://evil.example:8080", true, false},
	{"evil.example", "https://evil.example", true, false},
	/* allowed ones, whatever the proxy made of Host */
	{"127.0.0.1:8080", "https://worlds.example.org", true, true},
	{"127.0.0.1:8080", "https://WORLDS.example.org:443", true, true},
	{"anything.example", "https://worlds.example.org", true, true},
	{"127.0.0.1:8080", "http://worlds.example.org", true, false},
	{"127.0.0.1:8080", "https://worlds.example.org:8443", true, false},
	{"127.0.0.1:8080", "http://other.example:8000", true, true},
	{"127.0.0.1:8080", "app://game", true, true},
	{"127.0.0.1:8080", "app://games", true, false},
	/* what is no origin */
	{"localhost", "null", true, false},
	{"localhost", "", true, false},
	{"localhost", "localhost", true, false},
	{"localhost", "http://localhost/", true, false},
	{"localhost", "http://localhost/path", true, false},
	{"localhost", "http://user@localhost", true, false},
	{"localhost", "http://evil.example@localhost", true, false},
	{"localhost", "http://localhost:", true, false},
	{"localhost", "http://localhost:0", true, false},
	{"localhost", "http://localhost:080", true, false},
	{"localhost", "http://localhost:65536", true, false},
	{"localhost", "http://localhost:80x", true, false},
	{"localhost", "http://localhost http://localhost", true, false},
	{"localhost", "http://localhost,http://localhost", true, false},
	{"localhost", "http://localhost|http://localhost", true, false},
	{"localhost", "http://", true, false},
	{"localhost", "://localhost", true, false},
	{"localhost", "http:/localhost", true, false},
	{"[::1]", "http://::1", true, false},
	{"[::1]", "http://[::1", true, false},
	{"[::1]", "http://[::1]x", true, false},
	{"[::1]", "http://[fe80::1%25eth0]", true, false},
	{"[127.0.0.1]", NULL, false, false},
	/* hosts that are none */
	{"", NULL, false, false},
	{":80", NULL, false, false},
	{"localhost:x", NULL, false, false},
	{"a..b", NULL, false, false},
	{".localhost", NULL, false, false},
	{"127.1", NULL, false, false},
	{"2130706433", NULL, false, false},
	{"0x7f000001", NULL, false, false},
	{"127.0.0.256", NULL, false, false},
	{"user@localhost", NULL, false, false},
	{"localhost/", NULL, false, false},
	{"local%68ost", NULL, false, false},
};

static void
test_table(void)
{
	char		  message[160] = "";
	OriginPolicy *policy =
		origin_policy_create(allowed_origins, allowed_hosts, own_name, message, sizeof(message));

	if (!tap_ok(policy != NULL, "a policy: %s", message))
		return;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
	{
		static HttpHead head;
		char			host[200];
		char			origin[200];

		memset(&head, 0, sizeof(head));
		snprintf(host, sizeof(host), "%s", table[i].host != NULL ? table[i].host : "");
		snprintf(origin, sizeof(origin), "%s", table[i].origin != NULL ? table[i].origin : "");
		head.host = table[i].host != NULL ? host : NULL;
		head.origin = table[i].origin != NULL ? origin : NULL;
		head.origins = table[i].origin == NULL ? 0 : strchr(origin, '|') != NULL ? 2 : 1;
		origin[strcspn(origin, "|")] = '\0';
		head.asks_for_websocket = table[i].is_websocket;
		tap_is_int(origin_refusal(policy, &head) == NULL, table[i].is_allowed, "%s of %s at %s",
				   table[i].is_websocket ? "WebSocket" : "request",
				   table[i].origin != NULL ? table[i].origin : "no page",
				   table[i].host != NULL ? table[i].host : "no host");
	}
	origin_policy_free(policy);
}

static void
test_settings(void)
{
	static const char *const wrong_origins[] = {"worlds.example.org", "https://a.example/", "null", "*",
												"https://a.example https:/b"};
	static const char *const wrong_hosts[] = {"https://a.example", "a.example:80", "a/b", "*.example"};
	char					 message[160];
	char					 many[2048] = "";

	for (size_t i = 0; i < sizeof(wrong_origins) / sizeof(wrong_origins[0]); i++)
		tap_ok(origin_policy_create(wrong_origins[i], "", "", message, sizeof(message)) == NULL, "%s: %s",
			   wrong_origins[i], message);
	for (size_t i = 0; i < sizeof(wrong_hosts) / sizeof(wrong_hosts[0]); i++)
		tap_ok(origin_policy_create("", wrong_hosts[i], "", message, sizeof(message)) == NULL, "%s: %s",
			   wrong_hosts[i], message);
	for (int i = 0; i < 65; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "h%d.example ", i);
	tap_ok(origin_policy_create("", many, "", message, sizeof(message)) == NULL, "65 hosts: %s", message);
}

int
main(void)
{
	test_table();
	test_settings();
	return tap_done();
}
