/*
 * origin.h
 *	  Which pages of which sites may speak to the gateway.
 *
 * A browser lets any page open a WebSocket to any address and tells only whose
 * page it was (Origin); and whoever owns a name can let it point at this
 * machine, so that his page and the gateway seem to be one site (DNS
 * rebinding), which only the name in Host betrays.
 */
#ifndef NPCSIM_GATEWAY_ORIGIN_H
#define NPCSIM_GATEWAY_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "http_head.h"

typedef struct OriginPolicy OriginPolicy;

/*
 * The lists are of the settings, their elements parted by blanks or commas;
 * "own_name" is the machine's.  NULL with a message when an element is no
 * origin or no host.
 */
extern OriginPolicy *origin_policy_create(const char *allowed_origins, const char *allowed_hosts,
										  const char *own_name, char *message, size_t size);
extern void			 origin_policy_free(OriginPolicy *policy);

/* NULL when the request may be answered, else why it may not. */
extern const char *origin_refusal(const OriginPolicy *policy, const HttpHead *head);

/* The status that goes with a refusal. */
#define ORIGIN_REFUSED 403

#endif /* NPCSIM_GATEWAY_ORIGIN_H */
