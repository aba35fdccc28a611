/*
 * peers.h
 *	  How many connections each address has.
 */
#ifndef NPCSIM_GATEWAY_PEERS_H
#define NPCSIM_GATEWAY_PEERS_H

#include <stdbool.h>
#include <sys/socket.h>

typedef struct Peer Peer;

/* Counts a connection; NULL when the address has its limit already. */
extern Peer *peers_enter(const struct sockaddr *address, int limit);
extern void	 peers_leave(Peer *peer);

/* Would it be let in? */
extern bool peers_have_room(const struct sockaddr *address, int limit);

#endif /* NPCSIM_GATEWAY_PEERS_H */
