/*
 * session.h
 *	  How a connection becomes a session in the database, stays one over
 *	  restarts of the database, and ends.
 */
#ifndef NPCSIM_GATEWAY_SESSION_H
#define NPCSIM_GATEWAY_SESSION_H

#include <stdint.h>

#include "common/text.h"
#include "client.h"

#define REJOIN_RETRY_MS 1000

extern void session_start(const char *gateway_id);

/* What keeps connections without a session, a line each; for /healthz. */
extern void session_add_trouble(Text *text, int64_t now);

/* Welcomed connections without a session. */
extern int	session_count_without(void);
extern void session_stop(void);

/* All are lost, and not yet there again; the gateway is registered anew. */
extern void sessions_part(void);
extern void sessions_resume(void);

/* Who was let in. */
extern void session_join(Client *client);

/*
 * The database took no heartbeat of a session: it is looked up now whether it is unknown, and then joined again. If it was
 * ended, the poll tells why.
 */
extern void session_doubted(void);

/* The session shall go by this source from now on. */
extern void session_name_source(Client *client, const char *source);

/* Ended elsewhere, for one of the reasons of gateway_poll. */
extern void session_ended(int64_t session_id, const char *reason);

/* The world is not there any more. */
extern void session_world_gone(World *world);

/* The socket is gone: ends everything the client had here. */
extern void session_closed(Client *client);

/* Several times a second: all of them, and each client. */
extern void sessions_tick(int64_t now);
extern void session_tick(Client *client, int64_t now);

#endif /* NPCSIM_GATEWAY_SESSION_H */
