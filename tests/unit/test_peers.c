/*
 * test_peers.c
 *	  Tests what the gateway counts per address, and the tokens that it remembers.
 *
 * @link workers/gateway/peers.c workers/gateway/allowance.c workers/gateway/tokens.c
 */
#include "common/clock.h"
#include "peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tap.h"
#include "common/text.h"
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

	tap_ok(first != NULL && first == second, "an address is the same however it is written");
	tap_ok(peers_enter(address("192.0.2.1"), 2) == NULL, "it has its limit");
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
	peers_start((Rate) {60, 0}, (Rate) {0});
	for (int i = 0; i < 10; i++)
		peers_wrong_token(address("192.0.2.9"), now);
	tap_is_int(peers_token_wait(address("192.0.2.9"), now), 0, "without a limit nothing is counted");
}

static void
test_joins(void)
{
	int64_t now = now_ms() + 7200 * 1000;
	Peer   *peer;

	peers_start((Rate) {60, 3}, (Rate) {120, 4});
	for (int i = 0; i < 4; i++)
		tap_is_int(peers_join(address("203.0.113.1"), now), 0, "join %d", i + 1);
	tap_is_int(peers_join(address("203.0.113.1"), now), 500, "the next one in half a second");
	tap_is_int(peers_join(address("203.0.113.1"), now), 500, "asking costs nothing");
	tap_is_int(peers_join(address("203.0.113.2"), now), 0, "others join");
	tap_is_int(peers_token_wait(address("203.0.113.1"), now), 0, "wrong tokens are another matter");
	peer = peers_enter(address("203.0.113.1"), 10);
	peers_leave(peer);
	tap_ok(peers_join(address("203.0.113.1"), now) > 0, "coming and going changes nothing");
	tap_is_int(peers_join(address("203.0.113.1"), now + 500), 0, "but time does");
	peers_start((Rate) {60, 3}, (Rate) {120, 0});
	for (int i = 0; i < 10; i++)
		tap_is_int(peers_join(address("203.0.113.1"), now + 500), 0, "without a limit nobody waits");
	peers_start((Rate) {60, 3}, (Rate) {120, 4});
}

static void
test_spectators(void)
{
	Peer *peer = peers_enter(address("203.0.113.9"), 10);

	tap_ok(peers_enter_spectator(address("203.0.113.9"), 2), "one watches");
	tap_ok(peers_enter_spectator(address("203.0.113.9"), 2), "two watch");
	tap_ok(!peers_enter_spectator(address("203.0.113.9"), 2), "three do not");
	peers_leave_spectator(address("203.0.113.9"));
	tap_ok(peers_enter_spectator(address("203.0.113.9"), 2), "before another has left");
	peers_leave_spectator(address("203.0.113.9"));
	peers_leave_spectator(address("203.0.113.9"));
	peers_leave_spectator(address("203.0.113.9"));
	tap_ok(peers_enter_spectator(address("203.0.113.9"), 1), "leaving twice makes no room");
	tap_ok(!peers_enter_spectator(address("203.0.113.9"), 1), "for two");
	tap_ok(peers_enter_spectator(address("203.0.113.10"), 1), "one whose socket is gone is not counted");
	peers_leave_spectator(address("203.0.113.10"));
	peers_leave(peer);
}

static void
test_known_tokens(void)
{
	int64_t now = now_ms();
	int		joins = 0;

	tap_ok(!token_may_join("npc_j", now), "a token that is not known has no allowance");
	token_remember("npc_j");
	while (joins < 1000 && token_may_join("npc_j", now))
		joins++;
	tap_is_int(joins, 30, "one that is has its own");
	token_remember("npc_j");
	tap_ok(!token_may_join("npc_j", now), "being good again gives it no other");
	tap_ok(token_may_join("npc_j", now + 1000), "time does");
	token_forget("npc_j");
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
	peers_start((Rate) {.per_minute = 60, .burst = 3}, (Rate) {0});
	test_connections();
	test_wrong_tokens();
	test_bound();
	test_joins();
	test_spectators();
	test_known_tokens();
	test_tokens();
	return tap_done();
}
