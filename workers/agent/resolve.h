/*
 * resolve.h
 *	  Looks up a host's addresses without keeping the loop waiting.
 */
#ifndef NPCSIM_AGENT_RESOLVE_H
#define NPCSIM_AGENT_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>

#include "loop.h"

/* Of a host with more addresses than this the rest is not tried. */
#define ADDRESSES_MAX 8

typedef struct Addresses
{
	int	 count;
	char text[ADDRESSES_MAX][INET6_ADDRSTRLEN];
} Addresses;

/* error is NULL, or why there is no address.  Never called from within resolver_ask(). */
typedef void (*ResolverHandler)(void *arg, const Addresses *addresses, const char *error);

typedef struct Lookup Lookup;

/* Asks about one host, always the same.  Zero before its first use. */
typedef struct Resolver
{
	Loop		   *loop;
	const char	   *host;
	Lookup		   *lookup;	 /* under way, or NULL */
	Watch			watch;	 /* of the lookup's answer */
	ResolverHandler handler; /* NULL while nobody waits */
	void		   *arg;
} Resolver;

extern void resolver_init(Resolver *resolver, Loop *loop, const char *host);

/*
 * False if the question cannot be asked.  The system's resolver may take
 * minutes and cannot be interrupted: a question that is still under way is
 * waited for again instead of asked anew.
 */
extern bool resolver_ask(Resolver *resolver, ResolverHandler handler, void *arg);

/* Nobody waits for the answer any more. */
extern void resolver_forget(Resolver *resolver);
extern void resolver_free(Resolver *resolver);

#endif /* NPCSIM_AGENT_RESOLVE_H */
