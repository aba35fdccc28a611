/*
 * db.c
 *	  The connections to the database, inside the event loop.
 *
 * libwebsockets gets a duplicate of each connection's socket and may close it
 * when it likes; libpq keeps its own.  A connection is in one of these states
 * (move_link is the one place that changes it):
 *
 *	 DOWN --(retry time)--> CONNECTING --> PREPARING --> READY
 *	   ^______________________|______________|____________|   (any loss)
 *
 * PREPARING sends the session's settings (or LISTEN) and waits for the answer.
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
#include "db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "text.h"

#define CONNECT_TIMEOUT_MS 5000
#define BACKOFF_FIRST_MS   100
#define BACKOFF_LAST_MS	   5000

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
	bool		wants_write; /* it asked for the next one there */
	int64_t		retry_at;
	int64_t		connect_deadline;
	int			backoff_ms;
	bool		told; /* the present failure was logged */
	Query	   *head;
	Query	   *tail;
	int			outstanding;
	bool		prepared[DB_MAX_STATEMENTS];
} Link;

static struct
{
	struct lws_context	  *context;
	struct lws_vhost	  *vhost;
	const Settings		  *settings;
	const DbEvents		  *events;
	Link				  *links; /* [0] listens, [1 ..] carry queries */
	int					   link_count;
	int					   ready_commands;
	Query				  *failed;
	Query				 **failed_end;
	lws_sorted_usec_list_t failed_timer;
	lws_sorted_usec_list_t write_timer;
	bool				   stopping;
} db;

static void link_lost(Link *link, const char *why);
static void link_send_settings(Link *link);

static bool
is_listener(const Link *link)
{
	return link->number == 0;
}

/* ------------------------------------------------------------------------
 * queries
 * ------------------------------------------------------------------------ */

static bool
sqlstate_is_worth_a_retry(const char *sqlstate)
{
	static const char *const classes[] = {"08", "40", "53", "57"};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
	{
		if (strncmp(sqlstate, classes[i], 2) == 0)
			return true;
	}
	return strcmp(sqlstate, "55P03") == 0 || strcmp(sqlstate, "26000") == 0;
}

/* Tells the caller and frees the query. */
static void
query_finish(Query *query)
{
	DbReply			reply = {0};
	const PGresult *error = query->error;

	if (query->refusal || query->lost)
	{
		strcpy(reply.sqlstate, query->refusal ? "53400" : "08006");
		reply.message = query->refusal ? query->refusal : "the database is not reachable";
		reply.lost = query->lost;
		reply.retry = true;
	}
	else if (error || !query->result)
	{
		const char *sqlstate = error ? PQresultErrorField(error, PG_DIAG_SQLSTATE) : NULL;
		const char *message = error ? PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY) : NULL;

		snprintf(reply.sqlstate, sizeof(reply.sqlstate), "%s", sqlstate ? sqlstate : "XX000");
		reply.message = message ? message : "the database gave no answer";
		reply.detail = error ? PQresultErrorField(error, PG_DIAG_MESSAGE_DETAIL) : NULL;
		reply.hint = error ? PQresultErrorField(error, PG_DIAG_MESSAGE_HINT) : NULL;
		reply.retry = sqlstate_is_worth_a_retry(reply.sqlstate);
	}
	else
		reply.result = query->result;

	if (query->done)
		query->done(query->argument, &reply);
	PQclear(query->result);
	PQclear(query->error);
	free(query);
}

static void
finish_failed(lws_sorted_usec_list_t *timer)
{
	Query *query = db.failed;

	(void) timer;
	db.failed = NULL;
	db.failed_end = &db.failed;
	while (query)
	{
		Query *next = query->next;

		query_finish(query);
		query = next;
	}
}

/* Callers are told from the loop, never from inside their own call. */
static void
query_fail_later(Query *query)
{
	query->next = NULL;
	*db.failed_end = query;
	db.failed_end = &query->next;
	lws_sul_schedule(db.context, 0, &db.failed_timer, finish_failed, 1);
}

static Query *
query_create(const DbStatement *statement, DbDone done, void *argument)
{
	Query *query = mem_alloc(sizeof(Query));

	query->statement = statement;
	query->done = done;
	query->argument = argument;
	return query;
}

static void
link_append(Link *link, Query *query)
{
	if (link->tail)
		link->tail->next = query;
	else
	{
		link->head = query;
		query->deadline = now_ms() + db.settings->query_timeout_ms;
	}
	link->tail = query;
	link->outstanding++;
	assert(link->outstanding <= DB_MAX_OUTSTANDING + 1);
}

static void
link_pop(Link *link)
{
	Query *query = link->head;

	assert(query && link->outstanding > 0);
	link->head = query->next;
	link->outstanding--;
	if (link->head)
		link->head->deadline = now_ms() + db.settings->query_timeout_ms;
	else
		link->tail = NULL;
	query->next = NULL;
}

static void
ask_again(lws_sorted_usec_list_t *timer)
{
	(void) timer;
	for (int i = 0; i < db.link_count; i++)
	{
		Link *link = &db.links[i];

		if (link->wants_write && link->wsi)
			lws_callback_on_writable(link->wsi);
		link->wants_write = false;
	}
}

/*
 * Asks for a writable callback.  libwebsockets stops polling for it behind that
 * callback, whatever was asked inside, so what is asked there is asked again
 * from the loop: a query may be larger than the socket takes in two writes.
 */
static void
link_want_write(Link *link)
{
	if (!link->in_writable)
	{
		lws_callback_on_writable(link->wsi);
		return;
	}
	link->wants_write = true;
	lws_sul_schedule(db.context, 0, &db.write_timer, ask_again, 1);
}

static void
link_flush(Link *link)
{
	int pending = PQflush(link->connection);

	if (pending < 0)
		link_lost(link, PQerrorMessage(link->connection));
	else if (pending > 0 && link->wsi)
		link_want_write(link);
}

/* The READY command connection for a lane, or NULL. */
static Link *
choose_link(DbLane lane, int64_t world_id)
{
	int commands = db.link_count - 1;
	int wanted = 1;

	if (lane == DB_LANE_WRITE && commands > 1)
		wanted = 2 + (int) ((uint64_t) world_id % (uint64_t) (commands - 1));
	if (db.links[wanted].state == LINK_READY)
		return &db.links[wanted];
	for (int i = 1; i < db.link_count; i++)
	{
		if (db.links[i].state == LINK_READY)
			return &db.links[i];
	}
	return NULL;
}

static bool
link_send(Link *link, Query *query, const char *const *values)
{
	const DbStatement *statement = query->statement;

	if (!link->prepared[statement->number])
	{
		query->prepares = true;
		if (!PQsendPrepare(link->connection, statement->name, statement->sql, 0, NULL))
			return false;
		link->prepared[statement->number] = true;
	}
	return PQsendQueryPrepared(link->connection, statement->name, statement->parameters, values, NULL, NULL,
							   0) == 1 &&
		   PQpipelineSync(link->connection) == 1;
}

void
db_query(const DbStatement *statement, DbLane lane, int64_t world_id, const char *const *values, DbDone done,
		 void *argument)
{
	Query *query = query_create(statement, done, argument);
	Link  *link = choose_link(lane, world_id);

	assert(statement->number < DB_MAX_STATEMENTS);
	assert(statement->parameters <= DB_MAX_PARAMETERS);
	if (!link)
	{
		query->lost = true;
		query_fail_later(query);
		return;
	}
	if (link->outstanding >= DB_MAX_OUTSTANDING)
	{
		query->refusal = "too many queries are waiting for the database";
		query_fail_later(query);
		return;
	}
	link_append(link, query);
	if (!link_send(link, query, values))
		link_lost(link, PQerrorMessage(link->connection));
	else
		link_flush(link);
}

/* ------------------------------------------------------------------------
 * one connection
 * ------------------------------------------------------------------------ */

static void
move_link(Link *link, LinkState to)
{
	LinkState from = link->state;
	int64_t	  now = now_ms();

	link->state = to;
	switch (to)
	{
		case LINK_DOWN:
		{
			int jitter = link->backoff_ms / 2;

			link->retry_at = now + link->backoff_ms - jitter + rand() % (jitter * 2 + 1);
			link->backoff_ms *= 2;
			if (link->backoff_ms > BACKOFF_LAST_MS)
				link->backoff_ms = BACKOFF_LAST_MS;
			if (from == LINK_READY && !is_listener(link) && --db.ready_commands == 0)
				db.events->down();
			break;
		}
		case LINK_CONNECTING:
			assert(from == LINK_DOWN);
			link->connect_deadline = now + CONNECT_TIMEOUT_MS;
			break;
		case LINK_PREPARING:
			assert(from == LINK_CONNECTING);
			memset(link->prepared, 0, sizeof(link->prepared));
			break;
		case LINK_READY:
			assert(from == LINK_PREPARING);
			link->backoff_ms = BACKOFF_FIRST_MS;
			link->told = false;
			log_line(LOG_INFO, "database connection %d is up", link->number);
			if (is_listener(link))
				db.events->listening();
			else if (++db.ready_commands == 1)
				db.events->up();
			break;
	}
}

/* Lets go of the duplicate; lws closes it from its loop. */
static void
link_drop_socket(Link *link)
{
	if (link->wsi)
	{
		*(Link **) lws_wsi_user(link->wsi) = NULL;
		lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		link->wsi = NULL;
	}
}

/* Any failure of a connection ends here: its queries fail, it is tried again. */
static void
link_lost(Link *link, const char *why)
{
	Query *query = link->head;
	char   reason[300];

	if (link->state == LINK_DOWN)
		return;
	snprintf(reason, sizeof(reason), "%s", why && *why ? why : "closed by the server");
	log_line(link->told || db.stopping ? LOG_DEBUG : LOG_WARNING, "database connection %d is down: %s",
			 link->number, reason);
	link->told = true;

	link_drop_socket(link);
	PQfinish(link->connection);
	link->connection = NULL;
	link->head = NULL;
	link->tail = NULL;
	link->outstanding = 0;
	while (query)
	{
		Query *next = query->next;

		query->lost = true;
		query_fail_later(query);
		query = next;
	}
	move_link(link, LINK_DOWN);
}

/* Gives lws a duplicate of libpq's present socket. */
static bool
link_adopt(Link *link)
{
	lws_sock_file_fd_type descriptor;
	int					  socket = PQsocket(link->connection);

	link_drop_socket(link);
	if (socket < 0)
		return false;
	descriptor.filefd = dup(socket);
	if (descriptor.filefd < 0)
		return false;
	/* closes the duplicate itself when it fails */
	link->wsi = lws_adopt_descriptor_vhost(db.vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, DB_PROTOCOL, NULL);
	if (!link->wsi)
		return false;
	*(Link **) lws_wsi_user(link->wsi) = link;
	return true;
}

static void
link_connect(Link *link)
{
	const char		  *names[] = {"dbname", "fallback_application_name", NULL};
	const char		  *values[] = {db.settings->database, "npcsim-gateway", NULL};
	const char *const *first_name = db.settings->database[0] ? names : names + 1;
	const char *const *first_value = db.settings->database[0] ? values : values + 1;

	assert(link->state == LINK_DOWN && !link->connection && !link->head);
	move_link(link, LINK_CONNECTING);
	link->connection = PQconnectStartParams(first_name, first_value, 1);
	if (!link->connection || PQstatus(link->connection) == CONNECTION_BAD)
		link_lost(link, link->connection ? PQerrorMessage(link->connection) : "out of memory");
	else if (!link_adopt(link))
		link_lost(link, "its socket could not be watched");
	else
		link_want_write(link);
}

/*
 * Goes on with a connection attempt after its socket became ready.  libpq may
 * have opened another one (the host's next address, no TLS after all) under the
 * number of the one before, so it is adopted anew at each step.
 */
static void
link_connect_more(Link *link)
{
	PostgresPollingStatusType status = PQconnectPoll(link->connection);

	if (status == PGRES_POLLING_FAILED)
	{
		link_lost(link, PQerrorMessage(link->connection));
		return;
	}
	if (!link_adopt(link))
	{
		link_lost(link, "its socket could not be watched");
		return;
	}
	if (status == PGRES_POLLING_WRITING)
		link_want_write(link);
	else if (status == PGRES_POLLING_OK)
	{
		move_link(link, LINK_PREPARING);
		PQsetnonblocking(link->connection, 1);
		link_send_settings(link);
	}
}

/* The answer to link_send_settings: LISTEN or set_config. */
static void
settings_answered(void *argument, const DbReply *reply)
{
	Link *link = argument;

	if (link->state != LINK_PREPARING)
		return;
	if (!reply->result)
		link_lost(link, reply->message);
	else
		move_link(link, LINK_READY);
}

static void
link_send_settings(Link *link)
{
	static const char listen[] = "LISTEN npcsim_world; LISTEN npcsim_decisions; LISTEN npcsim_sessions";
	static const char configure[] =
		"SELECT pg_catalog.set_config('statement_timeout', $1, false),"
		" pg_catalog.set_config('lock_timeout', $2, false),"
		" pg_catalog.set_config('client_encoding', 'UTF8', false),"
		" pg_catalog.set_config('idle_in_transaction_session_timeout', '60s', false)";
	char		statement_timeout[24];
	char		lock_timeout[24];
	const char *values[] = {statement_timeout, lock_timeout};
	bool		sent;

	snprintf(statement_timeout, sizeof(statement_timeout), "%d", db.settings->query_timeout_ms * 4 / 5);
	snprintf(lock_timeout, sizeof(lock_timeout), "%d", db.settings->lock_timeout_ms);

	link_append(link, query_create(NULL, settings_answered, link));
	if (is_listener(link))
		sent = PQsendQuery(link->connection, listen) == 1;
	else
		sent = PQenterPipelineMode(link->connection) == 1 &&
			   PQsendQueryParams(link->connection, configure, 2, NULL, values, NULL, NULL, 0) == 1 &&
			   PQpipelineSync(link->connection) == 1;
	if (!sent)
		link_lost(link, PQerrorMessage(link->connection));
	else
		link_flush(link);
}

/* Puts one result where it belongs; true when the query is complete. */
static bool
query_take(Link *link, Query *query, PGresult *result)
{
	switch (PQresultStatus(result))
	{
		case PGRES_PIPELINE_SYNC:
			PQclear(result);
			return true;
		case PGRES_TUPLES_OK:
		case PGRES_COMMAND_OK:
			PQclear(query->result);
			query->result = result;
			return false;
		case PGRES_PIPELINE_ABORTED:
			PQclear(result);
			return false;
		default:
			/* it could not be prepared (no extension yet?): the next one tries again */
			if (query->prepares && !query->result)
				link->prepared[query->statement->number] = false;
			if (query->error)
				PQclear(result);
			else
				query->error = result;
			return false;
	}
}

/* Takes what has arrived on a pipelined connection. */
static void
link_take_results(Link *link)
{
	int nothing = 0;

	while (link->head && link->connection && !PQisBusy(link->connection))
	{
		PGresult *result = PQgetResult(link->connection);
		Query	 *query = link->head;

		if (!result)
		{
			/* separates the results of one statement from the next */
			if (is_listener(link))
			{
				link_pop(link);
				query_finish(query);
			}
			else if (++nothing > 2)
				break;
			continue;
		}
		nothing = 0;
		if (query_take(link, query, result))
		{
			link_pop(link);
			query_finish(query);
		}
	}
}

static void
link_take_notifications(Link *link)
{
	PGnotify *notification;

	while (link->connection && (notification = PQnotifies(link->connection)) != NULL)
	{
		if (link->state == LINK_READY)
			db.events->notified(notification->relname, notification->extra);
		PQfreemem(notification);
	}
}

static void
link_readable(Link *link)
{
	if (link->state == LINK_CONNECTING)
	{
		link_connect_more(link);
		return;
	}
	if (!PQconsumeInput(link->connection))
	{
		link_take_results(link);
		link_lost(link, link->connection ? PQerrorMessage(link->connection) : NULL);
		return;
	}
	link_take_results(link);
	link_take_notifications(link);
	if (link->connection && PQstatus(link->connection) == CONNECTION_BAD)
		link_lost(link, PQerrorMessage(link->connection));
	else if (link->connection)
		link_flush(link);
}

int
db_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	Link *link = user ? *(Link **) user : NULL;

	(void) in;
	(void) length;
	switch (reason)
	{
		case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
			return -1; /* a WebSocket that asks for it by name */
		case LWS_CALLBACK_RAW_RX_FILE:
			if (!link || link->wsi != wsi)
				return -1;
			link_readable(link);
			break;
		case LWS_CALLBACK_RAW_WRITEABLE_FILE:
			if (!link || link->wsi != wsi)
				return -1;
			link->in_writable = true;
			if (link->state == LINK_CONNECTING)
				link_connect_more(link);
			else
				link_flush(link);
			link->in_writable = false;
			break;
		case LWS_CALLBACK_RAW_CLOSE_FILE:
			if (link && link->wsi == wsi)
			{
				link->wsi = NULL;
				link_lost(link, "its socket was closed");
			}
			break;
		default:
			break;
	}
	return 0;
}

/* ------------------------------------------------------------------------
 * all of them
 * ------------------------------------------------------------------------ */

void
db_start(struct lws_context *context, struct lws_vhost *vhost, const Settings *settings,
		 const DbEvents *events)
{
	memset(&db, 0, sizeof(db));
	db.context = context;
	db.vhost = vhost;
	db.settings = settings;
	db.events = events;
	db.failed_end = &db.failed;
	db.link_count = settings->connections + 1;
	db.links = mem_alloc(sizeof(Link) * (size_t) db.link_count);
	for (int i = 0; i < db.link_count; i++)
	{
		db.links[i].number = i;
		db.links[i].backoff_ms = BACKOFF_FIRST_MS;
	}
	db_tick(now_ms());
}

void
db_tick(int64_t now)
{
	for (int i = 0; i < db.link_count && !db.stopping; i++)
	{
		Link *link = &db.links[i];

		if (link->state == LINK_DOWN && now >= link->retry_at)
			link_connect(link);
		else if (link->state == LINK_CONNECTING && now >= link->connect_deadline)
			link_lost(link, "the connection attempt took too long");
		else if (link->head && now >= link->head->deadline)
			link_lost(link, "a query was not answered in time");
	}
}

void
db_stop(void)
{
	db.stopping = true;
	for (int i = 0; i < db.link_count; i++)
		link_lost(&db.links[i], "the gateway stops");
	lws_sul_cancel(&db.failed_timer);
	lws_sul_cancel(&db.write_timer);
	finish_failed(NULL);
	free(db.links);
	db.links = NULL;
	db.link_count = 0;
}

bool
db_is_up(void)
{
	return db.ready_commands > 0;
}

int
db_outstanding(void)
{
	int count = 0;

	for (int i = 0; i < db.link_count; i++)
		count += db.links[i].outstanding;
	return count;
}
