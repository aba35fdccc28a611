/*
 * db.h
 *	  The connections to the database, inside the event loop.
 *
 * One connection listens; the others are pipelined and carry queries.  Every
 * query is one prepared statement with text parameters, followed by its own
 * sync, so that one that fails takes no other with it.
 *
 * Nothing of it blocks the loop: connections are made by threads (dial.h).
 *
 * Lanes: what may have to wait for a world's lock goes on DB_LANE_WRITE, by
 * the world's id, everything else on DB_LANE_READ, so that a held world does
 * not delay polls, deltas and log-ins.  With one connection both are one.
 * DB_LANE_LISTEN is the listening connection itself: what is to last as long as it does.
 *
 * Rules for callers: "done" is called exactly once for every query, never
 * from inside db_query, and the reply is valid only during the call.
 */
#ifndef NPCSIM_GATEWAY_DB_H
#define NPCSIM_GATEWAY_DB_H

#include <libpq-fe.h>
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

#define DB_MAX_PARAMETERS 8
#define DB_MAX_STATEMENTS 32

/* Queries that wait for their answer on one connection. */
#define DB_MAX_OUTSTANDING 512

typedef enum DbLane
{
	DB_LANE_READ,
	DB_LANE_WRITE,
	DB_LANE_LISTEN
} DbLane;

typedef struct DbStatement
{
	int			number; /* 0 .. DB_MAX_STATEMENTS - 1, its own */
	const char *name;
	const char *sql;
	int			parameters;
} DbStatement;

typedef struct DbReply
{
	const PGresult *result; /* NULL: the query failed */
	char			sqlstate[6];
	const char	   *message;
	const char	   *detail; /* these two may be NULL */
	const char	   *hint;
	bool			lost;  /* the connection is gone: it may have been carried out */
	bool			retry; /* trying again may help */
} DbReply;

typedef void (*DbDone)(void *argument, const DbReply *reply);

typedef struct DbEvents
{
	/*
	 * The connection that listens and a command connection are up, and each has a session of the
	 * server for itself.  What was told before was missed.
	 */
	void (*up)(void);

	/* the connection that listens or the last command connection went down */
	void (*down)(void);

	/* the server, whose connections are up, says nothing; or speaks again */
	void (*silent)(bool is_silent);

	/* no connection of this kind is of use, and why: a sentence */
	void (*refused)(const char *reason);

	/* a call did not find its function, or may not; told with each */
	void (*misfit)(void);
	void (*notified)(const char *channel, const char *payload);
} DbEvents;

extern void db_start(struct lws_context *context, struct lws_vhost *vhost, const Settings *settings,
					 const DbEvents *events);
extern void db_stop(void);

extern void db_query(const DbStatement *statement, DbLane lane, int64_t world_id, const char *const *values,
					 DbDone done, void *argument);

extern bool db_is_up(void);

/* Up, and a standby: nobody tells of what is new, and players are not admitted. */
extern bool db_is_standby(void);
extern int	db_outstanding(void);

/* Time-outs, signs of life and reconnections; several times a second. */
extern void db_tick(int64_t now);

/* A thread is still at a connection that nobody waits for: the program must end without cleaning up behind it. */
extern bool db_is_dialling(void);

/* The callback of the lws protocol of adopted sockets, and its name. */
#define DB_PROTOCOL "npcsim-database"
extern int db_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
					   size_t length);

#endif /* NPCSIM_GATEWAY_DB_H */
