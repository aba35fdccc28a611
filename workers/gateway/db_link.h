/*
 * db_link.h
 *	  One connection to the database and its queries: what db.c, which keeps the
 *	  connections, asks of db_queries.c, which sends queries and tells what became
 *	  of them.
 *
 * Invariants:
 * - A query is in exactly one place: the list of one connection in the order
 *	 of sending, or the list "failed", which is emptied from the event loop.
 * - Only the head of a connection's list receives results; everything up to a
 *	 sync belongs to it.
 * - At most DB_MAX_OUTSTANDING queries wait on a connection, and the head for
 *	 no longer than query_timeout (the server's statement_timeout is shorter,
 *	 so only a network that is stuck gets that far).
 */
#ifndef NPCSIM_GATEWAY_DB_LINK_H
#define NPCSIM_GATEWAY_DB_LINK_H

#include "db.h"
#include "dial.h"

typedef struct Query
{
	const DbStatement *statement; /* NULL: the connection's own */
	DbDone			   done;
	void			  *argument;
	PGresult		  *result;
	PGresult		  *error;
	bool			   prepares; /* its statement is prepared along with it */
	bool			   lost;
	const char		  *refusal;	 /* never sent, and why */
	int64_t			   deadline; /* set when it becomes the head */
	struct Query	  *next;
} Query;

typedef enum LinkState
{
	LINK_DOWN,
	LINK_CONNECTING,
	LINK_PREPARING,
	LINK_READY
} LinkState;

typedef struct Link
{
	int			number; /* 0 is the listener */
	LinkState	state;
	PGconn	   *connection;
	struct lws *wsi;		 /* holds a duplicate of libpq's socket */
	bool		in_writable; /* inside its writable callback */
	int64_t		retry_at;
	int			backoff_ms;
	Dial	   *dial;	  /* CONNECTING only */
	char		mark[64]; /* of its session of the server */
	int64_t		pinged_at;
	bool		pinging; /* the answer is awaited */
	bool		told;	 /* the present failure was logged */
	bool		standby; /* its server was one when it connected */
	Query	   *head;
	Query	   *tail;
	int			outstanding;
	bool		prepared[DB_MAX_STATEMENTS];

	lws_sorted_usec_list_t write_timer; /* it asked for a writable callback inside of one */
} Link;

/* "misfit": a query found that the database is not what it was. */
extern void queries_start(struct lws_context *context, int timeout_ms, void (*misfit)(void));
extern void queries_stop(void);

extern Query *query_create(const DbStatement *statement, DbDone done, void *argument);

/* Callers are told from the loop, never from inside their own call. */
extern void query_fail_later(Query *query);

extern void link_append(Link *link, Query *query);

/* Both are false when the connection failed; libpq says why. */
extern bool link_send(Link *link, Query *query, const char *const *values);
extern bool link_flush(Link *link);

/* Takes what has arrived. */
extern void link_take_results(Link *link);

#endif /* NPCSIM_GATEWAY_DB_LINK_H */
