/*
 * gateways.h
 *	  Who holds the id of a gateway.
 *
 * The session that registers a gateway holds its id by a session-level advisory lock with two keys: the oid of the
 * table npcsim.gateways, which nobody else uses, and hashtext(id). So it ends with the session, however that ends. To
 * see who holds which id, see "Gateways" in docs/operating.md.
 *
 * A gateway that was registered by a session that LISTENs is bound to it (gateways.bound): with the lock its
 * sessions end.
 */
#ifndef NPCSIM_GATEWAYS_H
#define NPCSIM_GATEWAYS_H

#include "postgres.h"

/* Takes the id for our session, if it has it not yet; false when another one keeps it for longer than a moment. */
extern bool gateway_hold(const char *id);
/* Whether any session holds it. */
extern bool gateway_is_held(const char *id);
/* The gateway is bound to our session: when that ends, workers look after its sessions at once. */
extern void gateway_bind(void);
/* Who holds an id, as a sentence; within SPI. */
extern char *gateway_holder(const char *id);

#endif /* NPCSIM_GATEWAYS_H */
