/*
 * peers.c
 *	  How many connections each address has.
 *
 * A hash table of addresses that have at least one connection, so its size is
 * bounded by the connections.  IPv4 addresses inside IPv6 count as IPv4; IPv6
 * is counted by /64, which is what one customer has.
 */
#include "peers.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define BUCKETS 1024

struct Peer
{
	unsigned char address[8];
	unsigned char family;
	int			  connections;
	Peer		 *next;
};

static Peer *buckets[BUCKETS];

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
	while (*place && ((*place)->family != key->family ||
					  memcmp((*place)->address, key->address, sizeof(key->address)) != 0))
		place = &(*place)->next;
	return place;
}

bool
peers_have_room(const struct sockaddr *address, int limit)
{
	Peer  key;
	Peer *peer;

	read_address(address, &key);
	peer = *find_place(&key);
	return !peer || peer->connections < limit;
}

Peer *
peers_enter(const struct sockaddr *address, int limit)
{
	Peer   key;
	Peer **place;

	read_address(address, &key);
	place = find_place(&key);
	if (!*place)
	{
		*place = mem_alloc(sizeof(Peer));
		**place = key;
	}
	if ((*place)->connections >= limit)
		return NULL;
	(*place)->connections++;
	return *place;
}

void
peers_leave(Peer *peer)
{
	Peer **place = find_place(peer);

	assert(*place == peer && peer->connections > 0);
	if (--peer->connections == 0)
	{
		*place = peer->next;
		free(peer);
	}
}
