/*
 * resolve.h
 *	  Looks up a host's addresses in a thread, so that the loop does not wait.
 */
#ifndef NPCSIM_AGENT_RESOLVE_H
#define NPCSIM_AGENT_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>

#include "loop.h"

/* How many addresses of a host are kept; the rest is not tried. */
#define ADDRESSES_MAX 8

typedef struct Addresses
{
	int	 count;
	char text[ADDRESSES_MAX][INET6_ADDRSTRLEN];
} Addresses;

/* Takes the addresses, or in "error" the reason why there are none (else NULL); never called from within resolver_ask(). */
typedef void (*ResolverHandler)(void *arg, const Addresses *addresses, const char *error);

typedef struct Lookup Lookup;

/* Looks up one host, always the same. */
typedef struct Resolver
{
	Loop		   *loop;
	const char	   *host;
	Lookup		   *lookup;	 /* the lookup that has not ended, or NULL */
	Watch			watch;	 /* hears that it has */
	ResolverHandler handler; /* NULL while nobody waits for it */
	void		   *arg;
} Resolver;

extern void resolver_init(Resolver *resolver, Loop *loop, const char *host);

/*
 * Has the handler called with the host's addresses; returns false if the
 * lookup cannot begin.  The system's resolver may take minutes and cannot be
 * interrupted, so a lookup that has not ended yet is waited for instead of
 * beginning another.
 */
extern bool resolver_ask(Resolver *resolver, ResolverHandler handler, void *arg);

/* Has the handler not called any more; the lookup goes on. */
extern void resolver_forget(Resolver *resolver);

/* Gives up a lookup; its thread frees it when the system's resolver returns. */
extern void resolver_free(Resolver *resolver);

#endif /* NPCSIM_AGENT_RESOLVE_H */
