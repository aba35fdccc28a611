/*
 * gateways.h
 *	  Lets one session hold the id of a gateway.
 *
 * The session that registers a gateway holds its id by a session-level advisory lock with two keys:
 * the oid of the table npcsim.gateways, which nobody else uses, and hashtext(id). So the hold ends
 * with the session, however that ends. "Gateways" in docs/operating.md tells how to see who holds
 * which id.
 *
 * A gateway that was registered by a session that LISTENs is bound to it (gateways.bound): its
 * clients' sessions end with the lock.
 */
#ifndef NPCSIM_GATEWAYS_H
#define NPCSIM_GATEWAYS_H

#include "postgres.h"

/*
 * Takes the id for our session, unless it has it. Returns false if another session keeps it for longer than a
 * moment.
 */
extern bool gateway_hold(const char *id);
/* Whether any session holds the id. */
extern bool gateway_is_held(const char *id);
/* Binds the gateway to our session: when that ends, workers look after the gateway's sessions at once. */
extern void gateway_bind(void);
/* Returns who holds an id, as a sentence. Called between spi_begin() and spi_end(). */
extern char *gateway_holder(const char *id);

#endif /* NPCSIM_GATEWAYS_H */
