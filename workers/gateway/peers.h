/*
 * peers.h
 *	  Counts per address: how many connections and spectators it has, how often
 *	  it joined, and how many wrong tokens came from it.
 */
#ifndef NPCSIM_GATEWAY_PEERS_H
#define NPCSIM_GATEWAY_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "allowance.h"

/* How many addresses without a connection are remembered. */
#define PEERS_REMEMBERED 4096

typedef struct Peer Peer;

/* Sets how many wrong tokens an address may try and how often it may join; a burst of 0 means that there is no limit. */
extern void peers_start(Rate wrong_tokens, Rate joins);

/* Counts a connection until peers_leave(); returns NULL when the address has its limit already. */
extern Peer *peers_enter(const struct sockaddr *address, int limit);
extern void	 peers_leave(Peer *peer);

/* Returns true if the address may have one more connection. */
extern bool peers_have_room(const struct sockaddr *address, int limit);

/*
 * Counts a spectator of an address until peers_leave_spectator(); returns false when it has its limit already.  An address
 * without a connection, whose socket is gone already, is not counted.
 */
extern bool peers_enter_spectator(const struct sockaddr *address, int limit);
extern void peers_leave_spectator(const struct sockaddr *address);

/* Counts a join and returns 0, or returns the milliseconds until the address may join. */
extern int64_t peers_join(const struct sockaddr *address, int64_t now);

/* Counts a wrong token. */
extern void peers_wrong_token(const struct sockaddr *address, int64_t now);

/* Takes back the count of a token that turned out to be valid, or about which the database did not answer. */
extern void peers_right_token(const struct sockaddr *address);

/* Returns in how many milliseconds the address may try a token; 0 = now. */
extern int64_t peers_token_wait(const struct sockaddr *address, int64_t now);

/* Returns how many addresses are known, with a connection or without. */
extern int peers_count(void);

#endif /* NPCSIM_GATEWAY_PEERS_H */
