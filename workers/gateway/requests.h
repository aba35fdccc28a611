/*
 * requests.h
 *	  Reads the frames of clients of npcsim.v1 and does what they ask for.
 */
#ifndef NPCSIM_GATEWAY_REQUESTS_H
#define NPCSIM_GATEWAY_REQUESTS_H

#include "client.h"

/* Takes the whole frame in client->incoming, which is empty afterwards. */
extern void requests_take(Client *client);

#endif /* NPCSIM_GATEWAY_REQUESTS_H */
