/*
 * refusal.h
 *	  How a connection is told that the database does not let it in.
 */
#ifndef NPCSIM_GATEWAY_REFUSAL_H
#define NPCSIM_GATEWAY_REFUSAL_H

#include "calls.h"
#include "client.h"

/* The error frame, to those who know frames. */
extern void send_refusal(Client *client, const DbReply *reply);

/* The same, and the close code that the SQLSTATE stands for. */
extern void refuse_client(Client *client, const DbReply *reply);

#endif /* NPCSIM_GATEWAY_REFUSAL_H */
