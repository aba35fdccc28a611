/*
 * address.h
 *	  Whose address a connection counts for: its socket's or, where that is a
 *	  trusted proxy's, the one that the proxy had it from.
 */
#ifndef NPCSIM_GATEWAY_ADDRESS_H
#define NPCSIM_GATEWAY_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "http_head.h"

typedef struct TrustedProxies TrustedProxies;

/*
 * The list is of the settings: addresses and networks (10.0.0.0/8), parted by
 * blanks or commas.  NULL with a message when an element is none.
 */
extern TrustedProxies *trusted_proxies_create(const char *list, char *message, size_t size);
extern void			   trusted_proxies_free(TrustedProxies *proxies);

extern bool trusted_proxies_have(const TrustedProxies *proxies, const struct sockaddr *address);

/*
 * Goes back from a trusted proxy to the address it had the request from: the
 * right-most in X-Forwarded-For that is no trusted proxy's.  What stands left
 * of it anybody can have written.
 */
extern void address_behind(const TrustedProxies *proxies, const HttpHead *head,
						   struct sockaddr_storage *address);

/* As a text, without the port; "unknown" when it is none. */
extern void address_write(const struct sockaddr_storage *address, char *text, size_t size);

#endif /* NPCSIM_GATEWAY_ADDRESS_H */
