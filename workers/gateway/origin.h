/*
 * origin.h
 *	  Decides which sites' pages may connect to the gateway.
 *
 * A browser lets any page open a WebSocket to any address and only tells from
 * which site the page is (Origin).  Besides, the owner of a domain can let its
 * name point at this machine, so that the owner's page and the gateway seem to
 * be one site (DNS rebinding); only the name in Host shows that.
 */
#ifndef NPCSIM_GATEWAY_ORIGIN_H
#define NPCSIM_GATEWAY_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "http_head.h"

typedef struct OriginPolicy OriginPolicy;

/*
 * Reads the lists of the settings, whose elements are parted by blanks or
 * commas; "own_name" is the machine's.  Returns NULL, and which element is
 * wrong in "message", when one is no origin or no host.
 */
extern OriginPolicy *origin_policy_create(const char *allowed_origins, const char *allowed_hosts,
										  const char *own_name, char *message, size_t size);
extern void			 origin_policy_free(OriginPolicy *policy);

/* Returns NULL when the request may be answered, else a constant that says why not. */
extern const char *origin_refusal(const OriginPolicy *policy, const HttpHead *head);

/* The HTTP status of such a refusal. */
#define ORIGIN_REFUSED 403

#endif /* NPCSIM_GATEWAY_ORIGIN_H */
