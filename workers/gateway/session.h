/*
 * session.h
 *	  Gives connections their sessions in the database, renews these after
 *	  restarts of the database, and ends them.
 */
#ifndef NPCSIM_GATEWAY_SESSION_H
#define NPCSIM_GATEWAY_SESSION_H

#include <stdint.h>

#include "common/text.h"
#include "client.h"

#define REJOIN_RETRY_MS 1000

extern void session_start(const char *gateway_id);

/* Adds a line for each reason why connections have no session, for /healthz. */
extern void session_add_trouble(Text *text, int64_t now);

/* Returns how many connections were welcomed and have no session now. */
extern int	session_count_without(void);
extern void session_stop(void);

/* Note that all sessions are lost, and that the gateway is registered again, so that all clients join again. */
extern void sessions_part(void);
extern void sessions_resume(void);

/* Asks the database for a session for a client that was let in. */
extern void session_join(Client *client);

/*
 * Has the sessions looked up at the next tick, because the database refused a heartbeat.  Clients whose session is unknown join
 * again; if a session was ended, the poll tells why.
 */
extern void session_doubted(void);

/* Joins again under another source, and ends the old session afterwards. */
extern void session_name_source(Client *client, const char *source);

/* Closes the client of a session that was ended elsewhere, for one of the reasons that gateway_poll tells, with its message (NULL: none). */
extern void session_ended(int64_t session_id, const char *reason, const char *message);

/* Closes the clients of a world that does not exist any more. */
extern void session_world_gone(World *world);

/* Ends everything that a client had, because its socket is gone; the client may be freed. */
extern void session_closed(Client *client);

/* To be called several times a second, once for all sessions, and for each client. */
extern void sessions_tick(int64_t now);
extern void session_tick(Client *client, int64_t now);

#endif /* NPCSIM_GATEWAY_SESSION_H */
