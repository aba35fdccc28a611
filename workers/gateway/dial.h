/*
 * dial.h
 *	  Makes a connection to the database in a thread, so that the loop does not wait.
 *
 * libpq blocks while it looks up host names, reads files and does parts of TLS
 * and Kerberos, even in its non-blocking functions.  So a thread makes the
 * connection, and the loop asks now and then whether it is done.
 */
#ifndef NPCSIM_GATEWAY_DIAL_H
#define NPCSIM_GATEWAY_DIAL_H

#include <libpq-fe.h>
#include <stdbool.h>

typedef struct Dial Dial;

/* Begins to connect; returns NULL when no thread could be made. */
extern Dial *dial_start(const char *database);

/*
 * Returns true if the attempt is over.  Then the dial is freed, and *connection
 * belongs to the caller: it was made, it failed (CONNECTION_BAD), or it is NULL
 * because memory ran out.
 */
extern bool dial_is_done(Dial *dial, PGconn **connection);

/* Gives the attempt up; the thread closes its connection and frees the dial. */
extern void dial_abandon(Dial *dial);

/* Returns how many threads are making connections. */
extern int dials_under_way(void);

#endif /* NPCSIM_GATEWAY_DIAL_H */
