/*
 * requests.h
 *	  What a client of npcsim.v1 may ask for, frame by frame.
 */
#ifndef NPCSIM_GATEWAY_REQUESTS_H
#define NPCSIM_GATEWAY_REQUESTS_H

#include "client.h"

/* A whole frame is in client->incoming; it is empty afterwards. */
extern void requests_take(Client *client);

#endif /* NPCSIM_GATEWAY_REQUESTS_H */
