/*
 * refusal.h
 *	  Tells a connection that the database refuses it.
 */
#ifndef NPCSIM_GATEWAY_REFUSAL_H
#define NPCSIM_GATEWAY_REFUSAL_H

#include "calls.h"
#include "client.h"

/* Sends the frame "error" for a failed reply; an MCP server, which does not know it, is sent nothing. */
extern void send_refusal(Client *client, const DbReply *reply);

/* Sends the frame "error", and closes with the code that belongs to the reply's SQLSTATE. */
extern void refuse_client(Client *client, const DbReply *reply);

#endif /* NPCSIM_GATEWAY_REFUSAL_H */
