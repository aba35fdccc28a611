/*
 * peers.c
 *	  Counts per address: connections, spectators, joins and wrong tokens.
 *
 * A hash table holds the addresses that have a connection, or have joined or
 * tried wrong tokens lately; of the latter, the PEERS_REMEMBERED whose last
 * connection ended last are kept.  So its size is bounded by the connections
 * and that number.  IPv4 addresses inside IPv6 count as IPv4; IPv6 is counted
 * by /64, which is what one customer has.
 */
#include "peers.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"


#define BUCKETS 1024

struct Peer
{
	unsigned char address[8];
	unsigned char family;
	int			  connections;
	int			  spectators; /* among the connections */
	Allowance	  wrong_tokens;
	Allowance	  joins;
	Peer		 *next;	 /* in its bucket */
	Peer		 *older; /* in the list of those without a connection */
	Peer		 *newer;
};

static Peer *buckets[BUCKETS];

static struct
{
	Rate  wrong_tokens;
	Rate  joins;
	Peer *oldest; /* the list of those without a connection */
	Peer *newest;
	int	  remembered; /* the length of that list */
	int	  count;	  /* all that are in the table */
} peers;

static void
read_address(const struct sockaddr *socket_address, Peer *key)
{
	memset(key, 0, sizeof(*key));
	if (socket_address->sa_family == AF_INET)
	{
		key->family = 4;
		memcpy(key->address, &((const struct sockaddr_in *) socket_address)->sin_addr, 4);
	}
	else if (socket_address->sa_family == AF_INET6)
	{
		const struct in6_addr *address = &((const struct sockaddr_in6 *) socket_address)->sin6_addr;

		key->family = IN6_IS_ADDR_V4MAPPED(address) ? 4 : 6;
		if (key->family == 4)
			memcpy(key->address, address->s6_addr + 12, 4);
		else
			memcpy(key->address, address->s6_addr, 8);
	}
}

static Peer **
find_place(const Peer *key)
{
	uint32_t hash = key->family;
	Peer   **place;

	for (size_t i = 0; i < sizeof(key->address); i++)
		hash = (hash ^ key->address[i]) * 16777619u;
	place = &buckets[(hash ^ (hash >> 16)) % BUCKETS];
	while (*place != NULL && ((*place)->family != key->family ||
							  memcmp((*place)->address, key->address, sizeof(key->address)) != 0))
		place = &(*place)->next;
	return place;
}

void
peers_start(Rate wrong_tokens, Rate joins)
{
	peers.wrong_tokens = wrong_tokens;
	peers.joins = joins;
}

int
peers_count(void)
{
	return peers.count;
}

/* ------------------------------------------------------------------------
 * those without a connection
 * ------------------------------------------------------------------------ */

static void
unlink_remembered(Peer *peer)
{
	*(peer->older != NULL ? &peer->older->newer : &peers.oldest) = peer->newer;
	*(peer->newer != NULL ? &peer->newer->older : &peers.newest) = peer->older;
	peer->older = NULL;
	peer->newer = NULL;
	peers.remembered--;
}

static void
forget(Peer *peer)
{
	Peer **place = find_place(peer);

	assert(*place == peer && peer->connections == 0);
	*place = peer->next;
	peers.count--;
	free(peer);
}

static bool
is_of_no_account(Peer *peer, int64_t now)
{
	return allowance_is_whole(&peer->wrong_tokens, peers.wrong_tokens, now) &&
		   allowance_is_whole(&peer->joins, peers.joins, now);
}

/* Forgets the oldest without a connection while there are too many, or all their allowances are whole again. */
static void
forget_old(int64_t now)
{
	while (peers.oldest != NULL &&
		   (peers.remembered > PEERS_REMEMBERED || is_of_no_account(peers.oldest, now)))
	{
		Peer *oldest = peers.oldest;

		unlink_remembered(oldest);
		forget(oldest);
	}
}

/* Adds a peer without a connection to the list of those. */
static void
remember(Peer *peer, int64_t now)
{
	assert(peer->connections == 0 && peer->older == NULL && peer->newer == NULL);
	peer->older = peers.newest;
	*(peers.newest != NULL ? &peers.newest->newer : &peers.oldest) = peer;
	peers.newest = peer;
	peers.remembered++;
	forget_old(now);
}

/* Returns true if the peer is in the list of those without a connection. */
static bool
is_remembered(const Peer *peer)
{
	return peer == peers.oldest || peer->older != NULL;
}

static Peer *
find(const struct sockaddr *address)
{
	Peer key;

	read_address(address, &key);
	return *find_place(&key);
}

static Peer *
find_or_make(const struct sockaddr *address, int64_t now)
{
	Peer   key;
	Peer **place;

	read_address(address, &key);
	place = find_place(&key);
	if (*place != NULL)
		return *place;
	*place = mem_alloc(sizeof(Peer));
	**place = key;
	(*place)->wrong_tokens.at = now;
	(*place)->joins.at = now;
	peers.count++;
	return *place;
}

/* ------------------------------------------------------------------------
 * connections
 * ------------------------------------------------------------------------ */

bool
peers_have_room(const struct sockaddr *address, int limit)
{
	const Peer *peer = find(address);

	return peer == NULL || peer->connections < limit;
}

Peer *
peers_enter(const struct sockaddr *address, int limit)
{
	Peer *peer;

	if (limit <= 0 || !peers_have_room(address, limit))
		return NULL;
	peer = find_or_make(address, now_ms());
	if (is_remembered(peer))
		unlink_remembered(peer);
	peer->connections++;
	return peer;
}

void
peers_leave(Peer *peer)
{
	assert(peer->connections > 0);
	if (--peer->connections == 0)
		remember(peer, now_ms());
}

bool
peers_enter_spectator(const struct sockaddr *address, int limit)
{
	Peer *peer = find(address);

	if (peer != NULL && peer->spectators >= limit)
		return false;
	if (peer != NULL)
		peer->spectators++;
	return true;
}

void
peers_leave_spectator(const struct sockaddr *address)
{
	Peer *peer = find(address);

	if (peer != NULL && peer->spectators > 0)
		peer->spectators--;
}

/* ------------------------------------------------------------------------
 * joins and wrong tokens
 * ------------------------------------------------------------------------ */

/* Puts a peer that was charged at the end of the list, if it has no connection (any more). */
static void
remember_charged(Peer *peer, int64_t now)
{
	if (is_remembered(peer))
		unlink_remembered(peer);
	if (peer->connections == 0)
		remember(peer, now);
}

int64_t
peers_join(const struct sockaddr *address, int64_t now)
{
	Peer   *peer;
	int64_t wait = 0;

	if (peers.joins.burst == 0)
		return 0;
	peer = find_or_make(address, now);
	if (!allowance_take(&peer->joins, peers.joins, now))
		wait = allowance_wait(&peer->joins, peers.joins, now);
	remember_charged(peer, now);
	return wait;
}

void
peers_wrong_token(const struct sockaddr *address, int64_t now)
{
	Peer *peer;

	if (peers.wrong_tokens.burst == 0)
		return;
	peer = find_or_make(address, now);
	allowance_charge(&peer->wrong_tokens, peers.wrong_tokens, now);
	remember_charged(peer, now);
}

void
peers_right_token(const struct sockaddr *address)
{
	Peer *peer = find(address);

	if (peer != NULL)
		allowance_refund(&peer->wrong_tokens);
}

int64_t
peers_token_wait(const struct sockaddr *address, int64_t now)
{
	Peer *peer = peers.wrong_tokens.burst > 0 ? find(address) : NULL;

	return peer != NULL ? allowance_wait(&peer->wrong_tokens, peers.wrong_tokens, now) : 0;
}
