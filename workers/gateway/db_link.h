/*
 * db_link.h
 *	  One connection to the database and its queries: the interface between db.c,
 *	  which keeps the connections, and db_queries.c, which sends queries and
 *	  reads their results.
 *
 * Invariants:
 * - A query is in exactly one place: the list of one connection in the order
 *	 of sending, or the list "failed", which is emptied from the event loop.
 * - Only the head of a connection's list receives results; all results up to
 *	 a sync belong to it.
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
	const DbStatement *statement; /* NULL = it is one of the connection itself: settings, or a sign of life */
	DbDone			   done;
	void			  *argument;
	PGresult		  *result;
	PGresult		  *error;
	bool			   prepares; /* its statement is prepared along with it */
	bool			   lost;	 /* the connection broke before it was answered */
	const char		  *refusal;	 /* why it was not sent, or NULL */
	int64_t			   deadline; /* by now_ms(); set when it becomes the head */
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
	bool		in_writable; /* its writable callback is running */
	int64_t		retry_at;
	int			backoff_ms;
	Dial	   *dial;	  /* LINK_CONNECTING only */
	char		mark[64]; /* what it has set in its session of the server, to recognise it */
	int64_t		pinged_at;
	bool		pinging; /* a sign of life is awaited */
	bool		told;	 /* the present failure was logged */
	bool		standby; /* its server was a standby when it connected */
	Query	   *head;
	Query	   *tail;
	int			outstanding;
	bool		prepared[DB_MAX_STATEMENTS];

	lws_sorted_usec_list_t write_timer; /* asks for a writable callback that was wanted inside of one */
} Link;

/* "misfit" is called when a query finds that its function does not exist, or may not be called. */
extern void queries_start(struct lws_context *context, int timeout_ms, void (*misfit)(void));
extern void queries_stop(void);

extern Query *query_create(const DbStatement *statement, DbDone done, void *argument);

/* Fails a query that is in no list, from the loop: callers are never told from inside their own call. */
extern void query_fail_later(Query *query);

extern void link_append(Link *link, Query *query);

/* Hand a query to libpq, and what libpq holds to the socket; false = the connection failed, and libpq says why. */
extern bool link_send(Link *link, Query *query, const char *const *values);
extern bool link_flush(Link *link);

/* Takes the results that have arrived and tells the callers of all queries that are complete. */
extern void link_take_results(Link *link);

#endif /* NPCSIM_GATEWAY_DB_LINK_H */
