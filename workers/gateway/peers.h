/*
 * peers.h
 *	  What the gateway remembers of addresses: how many connections and
 *	  spectators each has, how often it joined, and how many wrong tokens came
 *	  from it.
 */
#ifndef NPCSIM_GATEWAY_PEERS_H
#define NPCSIM_GATEWAY_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "allowance.h"

/* Addresses without a connection that are remembered for what they did. */
#define PEERS_REMEMBERED 4096

typedef struct Peer Peer;

/* How many wrong tokens an address may try, and how often it may join; a burst of 0 = any number. */
extern void peers_start(Rate wrong_tokens, Rate joins);

/* Counts a connection; NULL when the address has its limit already. */
extern Peer *peers_enter(const struct sockaddr *address, int limit);
extern void	 peers_leave(Peer *peer);

/* Would it be let in? */
extern bool peers_have_room(const struct sockaddr *address, int limit);

/* Counts a spectator of an address with a connection; false when it has its limit already. */
extern bool peers_enter_spectator(const struct sockaddr *address, int limit);
extern void peers_leave_spectator(const struct sockaddr *address);

/* Counts that somebody joins: 0, or the milliseconds until the address may. */
extern int64_t peers_join(const struct sockaddr *address, int64_t now);

/* A token from the address was nobody's. */
extern void peers_wrong_token(const struct sockaddr *address, int64_t now);

/* One that was counted as wrong was somebody's, or nobody knows. */
extern void peers_right_token(const struct sockaddr *address);

/* Milliseconds until the address may try a token; 0 = at once. */
extern int64_t peers_token_wait(const struct sockaddr *address, int64_t now);

/* Addresses that are remembered, connected or not. */
extern int peers_count(void);

#endif /* NPCSIM_GATEWAY_PEERS_H */
