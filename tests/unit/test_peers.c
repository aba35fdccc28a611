/*
 * test_peers.c
 *	  What the gateway remembers of addresses.
 *
 * @link workers/gateway/peers.c workers/gateway/allowance.c workers/gateway/tokens.c workers/gateway/text.c workers/gateway/log.c -ljansson
 */
#include "peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tap.h"
#include "text.h"
#include "tokens.h"

static const struct sockaddr *
address(const char *text)
{
	static struct sockaddr_in  four;
	static struct sockaddr_in6 six;

	four.sin_family = AF_INET;
	six.sin6_family = AF_INET6;
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return (const struct sockaddr *) &four;
	inet_pton(AF_INET6, text, &six.sin6_addr);
	return (const struct sockaddr *) &six;
}

static void
test_connections(void)
{
	Peer *first = peers_enter(address("192.0.2.1"), 2);
	Peer *second = peers_enter(address("::ffff:192.0.2.1"), 2);

	tap_ok(first && first == second, "an address is the same however it is written");
	tap_ok(!peers_enter(address("192.0.2.1"), 2), "it has its limit");
	tap_ok(!peers_have_room(address("192.0.2.1"), 2), "and no room");
	tap_ok(peers_have_room(address("192.0.2.2"), 2), "others have");
	tap_is_int(peers_count(), 1, "one address is known");
	peers_leave(first);
	peers_leave(second);
	tap_is_int(peers_count(), 0, "who leaves is forgotten");
}

static void
test_wrong_tokens(void)
{
	int64_t now = now_ms();
	Peer   *peer;

	for (int i = 0; i < 3; i++)
	{
		tap_is_int(peers_token_wait(address("2001:db8::1"), now), 0, "token %d may be tried", i + 1);
		peers_wrong_token(address("2001:db8::1"), now);
	}
	tap_is_int(peers_token_wait(address("2001:db8::1"), now), 1000, "the next one in a second");
	peers_right_token(address("2001:db8::1"));
	tap_is_int(peers_token_wait(address("2001:db8::1"), now), 0, "at once when one was not wrong after all");
	peers_wrong_token(address("2001:db8::1"), now);
	tap_is_int(peers_token_wait(address("2001:db8::ffff:2"), now), 1000, "from the whole /64");
	tap_is_int(peers_token_wait(address("2001:db8:0:1::1"), now), 0, "not from another");
	peer = peers_enter(address("2001:db8::9"), 10);
	peers_leave(peer);
	tap_is_int(peers_token_wait(address("2001:db8::1"), now), 1000, "coming and going changes nothing");
	tap_is_int(peers_token_wait(address("2001:db8::1"), now + 1000), 0, "but time does");
	tap_is_int(peers_count(), 1, "it is remembered meanwhile");
	peers_wrong_token(address("192.0.2.7"), now + 10000);
	tap_is_int(peers_count(), 1, "and forgotten when there is nothing left to remember");
}

static void
test_bound(void)
{
	int64_t now = now_ms() + 3600 * 1000;
	char	text[64];

	for (int i = 0; i < PEERS_REMEMBERED + 500; i++)
	{
		snprintf(text, sizeof(text), "10.0.%d.%d", i / 256, i % 256);
		peers_wrong_token(address(text), now);
	}
	tap_is_int(peers_count(), PEERS_REMEMBERED, "no more addresses are remembered than there is room for");
	peers_start((Rate) {60, 0});
	for (int i = 0; i < 10; i++)
		peers_wrong_token(address("192.0.2.9"), now);
	tap_is_int(peers_token_wait(address("192.0.2.9"), now), 0, "without a limit nothing is counted");
}

static void
test_tokens(void)
{
	tap_ok(!token_is_known("npc_a"), "at first no token is known");
	token_remember("npc_a");
	tap_ok(token_is_known("npc_a"), "one that was good is");
	tap_ok(!token_is_known("npc_b") && !token_is_known("npc_"), "and no other");
	token_forget("npc_b");
	tap_ok(token_is_known("npc_a"), "others' ends do not matter");
	token_forget("npc_a");
	tap_ok(!token_is_known("npc_a"), "its own does");
}

int
main(void)
{
	peers_start((Rate) {.per_minute = 60, .burst = 3});
	test_connections();
	test_wrong_tokens();
	test_bound();
	test_tokens();
	return tap_done();
}
