/*
 * address.c
 *	  Tells which address a connection counts for.
 *
 * Networks are kept as IPv6, those of IPv4 as IPv4-mapped addresses, so that
 * one comparison serves both.
 */
#include "address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"


#define MAX_PROXIES	 64
#define MAX_ELEMENT	 64 /* bytes of an address with brackets and port, or with the bits of a network */
#define MAX_HOPS	 16 /* proxies that a request may have come through */
#define IPV4_PREFIX	 96
#define SEPARATORS	 ", \t"
#define ADDRESS_BITS 128

typedef struct Network
{
	unsigned char bytes[16];
	int			  bits;
} Network;

struct TrustedProxies
{
	int		count;
	Network networks[MAX_PROXIES];
};

/* ------------------------------------------------------------------------
 * texts
 * ------------------------------------------------------------------------ */

static bool
read_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in	*four = (struct sockaddr_in *) address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *) address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
		address->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
		address->ss_family = AF_INET6;
	return address->ss_family != AF_UNSPEC;
}

/* Reads ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT, as proxies write them, and ignores the port. */
static bool
read_hop(const char *text, size_t length, struct sockaddr_storage *address)
{
	char  copy[MAX_ELEMENT];
	char *begin = copy;
	char *colon;

	if (length == 0 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	colon = strchr(copy, ':');
	if (copy[0] == '[')
	{
		char *end = strchr(copy, ']');

		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*end = '\0';
		begin++;
	}
	else if (colon != NULL && strchr(colon + 1, ':') == NULL)
		*colon = '\0';
	return read_address(begin, address);
}

void
address_write(const struct sockaddr_storage *address, char *text, size_t size)
{
	const void *bytes = address->ss_family == AF_INET
							? (const void *) &((const struct sockaddr_in *) address)->sin_addr
							: (const void *) &((const struct sockaddr_in6 *) address)->sin6_addr;

	if ((address->ss_family != AF_INET && address->ss_family != AF_INET6) ||
		inet_ntop(address->ss_family, bytes, text, (socklen_t) size) == NULL)
		snprintf(text, size, "unknown");
}

/* ------------------------------------------------------------------------
 * networks
 * ------------------------------------------------------------------------ */

static bool
read_bytes(const struct sockaddr *address, unsigned char *bytes)
{
	memset(bytes, 0, 16);
	if (address->sa_family == AF_INET)
	{
		memset(bytes + 10, 0xFF, 2);
		memcpy(bytes + 12, &((const struct sockaddr_in *) address)->sin_addr, 4);
	}
	else if (address->sa_family == AF_INET6)
		memcpy(bytes, &((const struct sockaddr_in6 *) address)->sin6_addr, 16);
	else
		return false;
	return true;
}

/* Reads ADDRESS or ADDRESS/BITS; returns false if it is neither, or a bit is set behind those of the network. */
static bool
read_network(const char *text, Network *network)
{
	char					copy[MAX_ELEMENT];
	struct sockaddr_storage address;
	char				   *slash;
	int						prefix;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (!read_address(copy, &address) || !read_bytes((struct sockaddr *) &address, network->bytes))
		return false;
	prefix = address.ss_family == AF_INET ? IPV4_PREFIX : 0;
	network->bits = ADDRESS_BITS;
	if (slash != NULL)
	{
		if (!isdigit((unsigned char) *slash) || strlen(slash) > 3 ||
			slash[strspn(slash, "0123456789")] != '\0' || atoi(slash) > ADDRESS_BITS - prefix)
			return false;
		network->bits = prefix + atoi(slash);
	}
	for (int bit = network->bits; bit < ADDRESS_BITS; bit++)
	{
		if (network->bytes[bit / 8] & (0x80 >> bit % 8))
			return false;
	}
	return true;
}

static bool
network_has(const Network *network, const unsigned char *bytes)
{
	int whole = network->bits / 8;
	int rest = network->bits % 8;

	return memcmp(network->bytes, bytes, (size_t) whole) == 0 &&
		   (rest == 0 || (network->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

TrustedProxies *
trusted_proxies_create(const char *list, char *message, size_t size)
{
	TrustedProxies *proxies = mem_alloc(sizeof(TrustedProxies));

	for (list += strspn(list, SEPARATORS); *list; list += strspn(list, SEPARATORS))
	{
		size_t length = strcspn(list, SEPARATORS);
		char   element[MAX_ELEMENT] = "";

		if (length < sizeof(element))
			memcpy(element, list, length);
		if (proxies->count == MAX_PROXIES || !read_network(element, &proxies->networks[proxies->count]))
		{
			if (proxies->count == MAX_PROXIES)
				snprintf(message, size, "has more than %d elements", MAX_PROXIES);
			else
				snprintf(message, size, "\"%.*s\" is no address and no network (10.0.0.0/8)",
						 (int) text_cut(list, length < 60 ? length : 60), list);
			free(proxies);
			return NULL;
		}
		proxies->count++;
		list += length;
	}
	return proxies;
}

void
trusted_proxies_free(TrustedProxies *proxies)
{
	free(proxies);
}

bool
trusted_proxies_have(const TrustedProxies *proxies, const struct sockaddr *address)
{
	unsigned char bytes[16];

	if (proxies->count == 0 || !read_bytes(address, bytes))
		return false;
	for (int i = 0; i < proxies->count; i++)
	{
		if (network_has(&proxies->networks[i], bytes))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------------
 * X-Forwarded-For
 * ------------------------------------------------------------------------ */

/* Reads the last element before *end and moves *end in front of it; returns false when it is no address, or there is none. */
static bool
last_hop(const char *begin, const char **end, struct sockaddr_storage *address)
{
	const char *last = *end;
	const char *first;

	while (last > begin && strchr(SEPARATORS, last[-1]) != NULL)
		last--;
	for (first = last; first > begin && strchr(SEPARATORS, first[-1]) == NULL;)
		first--;
	*end = first;
	return read_hop(first, (size_t) (last - first), address);
}

void
address_behind(const TrustedProxies *proxies, const HttpHead *head, struct sockaddr_storage *address)
{
	int hops = 0;

	for (int i = head->forwarded_count - 1; i >= 0; i--)
	{
		const char *end = head->forwarded[i] + strlen(head->forwarded[i]);

		while (end > head->forwarded[i])
		{
			struct sockaddr_storage hop;

			if (hops++ == MAX_HOPS || !trusted_proxies_have(proxies, (const struct sockaddr *) address) ||
				!last_hop(head->forwarded[i], &end, &hop))
				return;
			*address = hop;
		}
	}
}
