/*
 * db.h
 *	  Keeps the connections to the database and sends queries, inside the event loop.
 *
 * One connection listens; the others are pipelined and carry queries.  Every
 * query is one prepared statement with text parameters, followed by a sync of
 * its own, so that one that fails does not fail others.
 *
 * Nothing of it blocks the loop: connections are made by threads (dial.h).
 *
 * Lanes: a query that may have to wait for a world's lock goes on
 * DB_LANE_WRITE, which the world's id chooses; any other on DB_LANE_READ, so
 * that a held world does not delay polls, deltas and log-ins.  With a single
 * command connection both lanes are that one.  DB_LANE_LISTEN is the listening
 * connection: what is done there lasts as long as that connection.
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

/* How many queries may wait for their answer on one connection. */
#define DB_MAX_OUTSTANDING 512

typedef enum DbLane
{
	DB_LANE_READ,
	DB_LANE_WRITE,
	DB_LANE_LISTEN
} DbLane;

typedef struct DbStatement
{
	int			number; /* from 0 to DB_MAX_STATEMENTS - 1; no two have the same */
	const char *name;
	const char *sql;
	int			parameters;
} DbStatement;

typedef struct DbReply
{
	const PGresult *result; /* NULL = the query failed, and what follows says why */
	char			sqlstate[6];
	const char	   *message;
	const char	   *detail; /* detail and hint may be NULL */
	const char	   *hint;
	bool			lost;  /* the connection broke, so the query may have been carried out or not */
	bool			retry; /* trying again may help */
} DbReply;

typedef void (*DbDone)(void *argument, const DbReply *reply);

typedef struct DbEvents
{
	/*
	 * The connection that listens and a command connection are up, and each has a session of the
	 * server for itself.  Notifications from before were missed.
	 */
	void (*up)(void);

	/* The connection that listens or the last command connection went down. */
	void (*down)(void);

	/* The server whose connections are up does not answer, or answers again. */
	void (*silent)(bool is_silent);

	/* The database cannot be used by connections of this kind; the reason is a sentence. */
	void (*refused)(const char *reason);

	/* A query found that its function does not exist, or may not be called; told for each such query. */
	void (*misfit)(void);

	/* A notification came. */
	void (*notified)(const char *channel, const char *payload);
} DbEvents;

extern void db_start(struct lws_context *context, struct lws_vhost *vhost, const Settings *settings,
					 const DbEvents *events);
extern void db_stop(void);


/* Sends a query with its text parameters, which are copied; "done" may be NULL.  world_id matters on DB_LANE_WRITE only. */
extern void db_query(const DbStatement *statement, DbLane lane, int64_t world_id, const char *const *values,
					 DbDone done, void *argument);

extern bool db_is_up(void);

/* Returns true if the connections are up and lead to a standby, which sends no notifications and admits no players. */
extern bool db_is_standby(void);
extern int	db_outstanding(void);

/* Looks after time-outs, signs of life and reconnections; to be called several times a second. */
extern void db_tick(int64_t now);

/* Returns true while a thread still makes a connection; the program must then exit without freeing what libpq uses. */
extern bool db_is_dialling(void);

/* The name and callback of the libwebsockets protocol to which the connections' sockets belong. */
#define DB_PROTOCOL "npcsim-database"
extern int db_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
					   size_t length);

#endif /* NPCSIM_GATEWAY_DB_H */
