/*
 * dial.h
 *	  Making a connection to the database without waiting for it.
 *
 * libpq looks up host names, reads files and does parts of TLS and Kerberos
 * while the caller waits, also where it says that it does not.  So a thread
 * makes the connection; the loop asks now and then whether it is there.
 */
#ifndef NPCSIM_GATEWAY_DIAL_H
#define NPCSIM_GATEWAY_DIAL_H

#include <libpq-fe.h>
#include <stdbool.h>

typedef struct Dial Dial;

/* NULL when no thread could be made. */
extern Dial *dial_start(const char *database);

/*
 * Whether it came to an end.  Then the dial is gone, and *connection is the
 * caller's: made, failed (CONNECTION_BAD), or NULL for want of memory.
 */
extern bool dial_is_done(Dial *dial, PGconn **connection);

/* Nobody waits for it any more: what comes of it is thrown away. */
extern void dial_abandon(Dial *dial);

/* Threads at work. */
extern int dials_under_way(void);

#endif /* NPCSIM_GATEWAY_DIAL_H */
