/*
 * resolve.c
 *	  Looks up a host's addresses in a thread, so that the loop does not wait.
 *
 * getaddrinfo() waits for name servers.  If libwebsockets called it from its
 * loop, no timer would run and no signal be heard meanwhile.  So it is called
 * in a thread of its own, and libwebsockets gets numeric addresses.
 *
 * The thread and the resolver share a Lookup; the one that releases it last
 * frees it.
 */
#include "resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct Lookup
{
	atomic_int holders;
	int		   done;   /* an eventfd, which the thread writes to when it has filled in the rest */
	int		   result; /* of getaddrinfo() */
	Addresses  addresses;
	char	   host[];
};

static void
lookup_release(Lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->holders, 1) != 1)
		return;
	close(lookup->done);
	free(lookup);
}

/* Copies the addresses in the order in which the system wants them tried, each once. */
static void
take_addresses(Addresses *addresses, const struct addrinfo *found)
{
	for (; found != NULL && addresses->count < ADDRESSES_MAX; found = found->ai_next)
	{
		char *text = addresses->text[addresses->count];
		bool  known = false;

		if (getnameinfo(found->ai_addr, found->ai_addrlen, text, INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST) !=
			0)
			continue;
		for (int i = 0; i < addresses->count; i++)
			known = known || strcmp(addresses->text[i], text) == 0;
		if (!known)
			addresses->count++;
	}
}

static void *
look_up(void *arg)
{
	Lookup			*lookup = arg;
	struct addrinfo	 hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	uint64_t		 one = 1;
	ssize_t			 written;

	lookup->result = getaddrinfo(lookup->host, NULL, &hints, &found);
	if (lookup->result == 0)
	{
		take_addresses(&lookup->addresses, found);
		freeaddrinfo(found);
		if (lookup->addresses.count == 0)
			lookup->result = EAI_NONAME;
	}
	written = write(lookup->done, &one, sizeof(one));
	(void) written;
	lookup_release(lookup);
	return NULL;
}

/* Starts the thread; returns false if the system does not allow it. */
static bool
start_thread(Lookup *lookup)
{
	pthread_attr_t attributes;
	pthread_t	   thread;
	bool		   started;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	atomic_store(&lookup->holders, 2);
	started = pthread_create(&thread, &attributes, look_up, lookup) == 0;
	if (!started)
		atomic_store(&lookup->holders, 1);
	pthread_attr_destroy(&attributes);
	return started;
}

static void
end_lookup(Resolver *resolver)
{
	watch_stop(resolver->loop, &resolver->watch);
	lookup_release(resolver->lookup);
	resolver->lookup = NULL;
}

static void
on_done(void *arg, uint32_t events)
{
	Resolver	   *resolver = arg;
	Addresses		addresses = resolver->lookup->addresses;
	const char	   *error = NULL;
	ResolverHandler handler = resolver->handler;

	if (resolver->lookup->result != 0)
		error = gai_strerror(resolver->lookup->result);
	end_lookup(resolver);
	resolver->handler = NULL;
	if (handler != NULL)
		handler(resolver->arg, &addresses, error);
}

static Lookup *
start_lookup(Resolver *resolver)
{
	size_t	len = strlen(resolver->host) + 1;
	Lookup *lookup = calloc(1, sizeof(Lookup) + len);

	if (lookup == NULL)
		return NULL;
	memcpy(lookup->host, resolver->host, len);
	lookup->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_store(&lookup->holders, 1);
	if (lookup->done >= 0 &&
		watch_start(resolver->loop, &resolver->watch, lookup->done, EPOLLIN, on_done, resolver))
	{
		if (start_thread(lookup))
			return lookup;
		watch_stop(resolver->loop, &resolver->watch);
	}
	if (lookup->done >= 0)
		close(lookup->done);
	free(lookup);
	return NULL;
}

bool
resolver_ask(Resolver *resolver, ResolverHandler handler, void *arg)
{
	resolver->handler = handler;
	resolver->arg = arg;
	if (resolver->lookup == NULL)
		resolver->lookup = start_lookup(resolver);
	return resolver->lookup != NULL;
}

void
resolver_forget(Resolver *resolver)
{
	resolver->handler = NULL;
}

void
resolver_init(Resolver *resolver, Loop *loop, const char *host)
{
	memset(resolver, 0, sizeof(*resolver));
	resolver->loop = loop;
	resolver->host = host;
	resolver->watch.fd = -1;
}

void
resolver_free(Resolver *resolver)
{
	if (resolver->lookup != NULL)
		end_lookup(resolver);
}
