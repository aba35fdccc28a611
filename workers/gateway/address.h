/*
 * address.h
 *	  Tells which address a connection counts for: its socket's or, where that is
 *	  a trusted proxy's, the one from which the proxy had the request.
 */
#ifndef NPCSIM_GATEWAY_ADDRESS_H
#define NPCSIM_GATEWAY_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "http_head.h"

typedef struct TrustedProxies TrustedProxies;

/*
 * Reads the list of the settings: addresses and networks (10.0.0.0/8), parted
 * by blanks or commas.  Returns NULL, and which element is wrong in "message",
 * when one is neither.
 */
extern TrustedProxies *trusted_proxies_create(const char *list, char *message, size_t size);
extern void			   trusted_proxies_free(TrustedProxies *proxies);

extern bool trusted_proxies_have(const TrustedProxies *proxies, const struct sockaddr *address);

/*
 * Replaces the address of a trusted proxy by the one from which it had the
 * request: the right-most in X-Forwarded-For that is no trusted proxy's.
 * Anybody can have written what stands left of that.  Any other address stays
 * as it is.
 */
extern void address_behind(const TrustedProxies *proxies, const HttpHead *head,
						   struct sockaddr_storage *address);

/* Writes an address as text, without the port; "unknown" when it is not an IP address. */
extern void address_write(const struct sockaddr_storage *address, char *text, size_t size);

#endif /* NPCSIM_GATEWAY_ADDRESS_H */
