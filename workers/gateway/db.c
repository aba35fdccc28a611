/*
 * db.c
 *	  Keeps the connections to the database and sends queries, inside the event loop.
 *
 * libwebsockets gets a duplicate of each connection's socket and may close it
 * when it likes; libpq keeps its own.  A connection is in one of these states
 * (move_link is the one place that changes it):
 *
 *	 DOWN --(retry time)--> CONNECTING --> PREPARING --> READY
 *	   ^______________________|______________|____________|   (any loss)
 *
 * CONNECTING waits for a thread (dial.h).  PREPARING sends the session's settings (and LISTEN) and
 * waits for the answer.
 *
 * The database is up when the one that listens and a command connection are READY and have been
 * inspected: each connection gives its session of the server a mark and must find it there again.
 * Behind a pooler that hands out sessions per transaction it would find another's mark, or none.
 * Asking two connections in turn, each twice, cannot miss such a pooler while it has no other
 * clients, and later every sign of life checks again.
 *
 * A standby does not take LISTEN, and sends nothing that was notified on its primary, so changes there have to be asked for.
 * When it is promoted all connections are made anew.
 *
 * Signs of life: an idle connection is asked for its mark every PING_INTERVAL_MS.  When the one that
 * listens, which has little else to do, does not answer for SILENCE_MS, the server counts as silent.
 * That is told, but no connection is given up before query_timeout.
 */
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include "db_link.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS	 5000
#define DIAL_LOOK_US	 (5 * 1000)

/* Together with a tick of the loop these must let clients learn within 2 s that the database is silent. */
#define PING_INTERVAL_MS 250
#define SILENCE_MS		 1400

/* When two ticks of the loop are further apart, the process was suspended or busy, and answers may be there unread. */
#define LONGEST_STEP_MS 500

#define INSPECTIONS_PER_LINK 2

static struct
{
	struct lws_context	  *context;
	struct lws_vhost	  *vhost;
	const Settings		  *settings;
	const DbEvents		  *events;
	Link				  *links; /* [0] listens, [1 ..] carry queries */
	int					   link_count;
	int					   ready_commands;
	bool				   up;
	int					   inspection; /* the step of inspect() whose answer is awaited; -1 = none */
	bool				   silent;
	int64_t				   ticked_at;
	uint64_t			   marks; /* how many marks were made; each has its number in it */
	lws_sorted_usec_list_t dial_timer;
	bool				   stopping;
} db;

static void link_prepare(Link *link);
static void look_whether_up(void);

static bool
is_listener(const Link *link)
{
	return link->number == 0;
}

/* Returns true if the server last reported that it is a standby. */
static bool
server_is_standby(const Link *link)
{
	const char *value = PQparameterStatus(link->connection, "in_hot_standby");

	return value != NULL && strcmp(value, "on") == 0;
}

/* Returns the READY connection for a lane, or NULL. */
static Link *
choose_link(DbLane lane, int64_t world_id)
{
	int commands = db.link_count - 1;
	int wanted = 1;

	if (lane == DB_LANE_LISTEN)
		return db.links[0].state == LINK_READY ? &db.links[0] : NULL;
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
			link->pinging = false;
			if (from == LINK_READY && !is_listener(link))
				db.ready_commands--;
			look_whether_up();
			break;
		}
		case LINK_CONNECTING:
			assert(from == LINK_DOWN);
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
			link->pinged_at = now;
			if (!is_listener(link))
				db.ready_commands++;
			look_whether_up();
			break;
	}
}

/* Gives up the duplicate of the socket, which libwebsockets closes from its loop. */
static void
link_drop_socket(Link *link)
{
	if (link->wsi != NULL)
	{
		*(Link **) lws_wsi_user(link->wsi) = NULL;
		lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		link->wsi = NULL;
	}
}

/* Ends a connection that failed: its queries fail as lost, and it is made again after the back-off. */
static void
link_lost(Link *link, const char *why)
{
	Query *query = link->head;
	char   reason[300];

	if (link->state == LINK_DOWN)
		return;
	snprintf(reason, sizeof(reason), "%s", why != NULL && *why ? why : "closed by the server");
	log_line(link->told || db.stopping ? LOG_DEBUG : LOG_WARNING, "database connection %d is down: %s",
			 link->number, reason);
	link->told = true;

	link_drop_socket(link);
	lws_sul_cancel(&link->write_timer);
	if (link->dial != NULL)
		dial_abandon(link->dial);
	link->dial = NULL;
	PQfinish(link->connection);
	link->connection = NULL;
	link->head = NULL;
	link->tail = NULL;
	link->outstanding = 0;
	while (query != NULL)
	{
		Query *next = query->next;

		query->lost = true;
		query_fail_later(query);
		query = next;
	}
	move_link(link, LINK_DOWN);
}

/* Gives libwebsockets a duplicate of libpq's present socket; returns false if that is not possible. */
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
	/* this closes the duplicate when it fails */
	link->wsi = lws_adopt_descriptor_vhost(db.vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, DB_PROTOCOL, NULL);
	if (link->wsi == NULL)
		return false;
	*(Link **) lws_wsi_user(link->wsi) = link;
	return true;
}

static void
look_at_dials(lws_sorted_usec_list_t *timer)
{
	bool any = false;

	for (int i = 0; i < db.link_count; i++)
	{
		Link   *link = &db.links[i];
		PGconn *connection;

		if (link->state != LINK_CONNECTING)
			continue;
		if (!dial_is_done(link->dial, &connection))
		{
			any = true;
			continue;
		}
		link->dial = NULL;
		link->connection = connection;
		link_prepare(link);
	}
	if (any)
		lws_sul_schedule(db.context, 0, timer, look_at_dials, DIAL_LOOK_US);
}

static void
link_connect(Link *link)
{
	assert(link->state == LINK_DOWN && link->connection == NULL && link->head == NULL);
	move_link(link, LINK_CONNECTING);
	link->dial = dial_start(db.settings->database);
	if (link->dial == NULL)
		link_lost(link, "no thread could be made");
	else
		lws_sul_schedule(db.context, 0, &db.dial_timer, look_at_dials, DIAL_LOOK_US);
}

/* Writes the server's notices to the log; libpq would print them on stderr as they are. */
static void
take_notice(void *argument, const PGresult *notice)
{
	const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

	(void) argument;
	log_line(LOG_DEBUG, "database: %s", message != NULL ? message : "(no message)");
}

static void
give_up_all(const char *why)
{
	for (int i = 0; i < db.link_count; i++)
		link_lost(&db.links[i], why);
}

/*
 * Returns false if this connection leads to a standby and the others to a primary, or the other way, as it may be with a
 * connection string that has several hosts.
 */
static bool
is_like_the_others(const Link *link)
{
	for (int i = 0; i < db.link_count; i++)
	{
		if (db.links[i].state == LINK_READY && db.links[i].standby != link->standby)
			return false;
	}
	return true;
}

static void
settings_answered(void *argument, const DbReply *reply)
{
	Link *link = argument;

	if (link->state != LINK_PREPARING)
		return;
	if (reply->result == NULL)
		link_lost(link, reply->message);
	else if (!is_like_the_others(link))
		give_up_all(
			"one server of the connections is a standby, another is not (target_session_attrs chooses)");
	else if (!PQenterPipelineMode(link->connection))
		link_lost(link, PQerrorMessage(link->connection));
	else
		move_link(link, LINK_READY);
}

/*
 * Adds the statements that make a session's settings ours, whatever a role, a database, PGOPTIONS or a service has set.  SET
 * needs no snapshot, so it works under any of those settings.  It is sent after connecting because poolers refuse settings in
 * the start-up packet.  The server's half of TCP's time-outs is here, the client's in dial.c.
 */
static void
add_settings(Text *text, const Link *link)
{
	static const char always[] = "SET role = none;"
								 "SET search_path = pg_catalog, pg_temp;"
								 "SET default_transaction_isolation = 'read committed';"
								 "SET default_transaction_read_only = off;"
								 "SET default_transaction_deferrable = off;"
								 "SET idle_in_transaction_session_timeout = '60s';"
								 "SET idle_session_timeout = 0;"
								 "SET client_encoding = 'UTF8';"
								 "SET client_min_messages = warning;"
								 "SET exit_on_error = off;"
								 "SET row_security = on;"
								 "SET standard_conforming_strings = on;"
								 "SET array_nulls = on;"
								 "SET transform_null_equals = off;"
								 "SET DateStyle = 'ISO, MDY';"
								 "SET IntervalStyle = 'postgres';"
								 "SET TimeZone = 'UTC';"
								 "SET extra_float_digits = 1;"
								 "SET bytea_output = 'hex';"
								 "SET jit = off;"
								 "SET plan_cache_mode = auto;"
								 "SET max_parallel_workers_per_gather = 0;"
								 "SET tcp_user_timeout = '4s';"
								 "SET tcp_keepalives_idle = 2;"
								 "SET tcp_keepalives_interval = 2;"
								 "SET tcp_keepalives_count = 3;";

	text_add_format(text, "SET statement_timeout = %d;SET lock_timeout = %d;",
					db.settings->query_timeout_ms * 4 / 5, db.settings->lock_timeout_ms);
	text_add_string(text, always);
	if (PQserverVersion(link->connection) >= 170000)
		text_add_string(text, "SET transaction_timeout = 0;");
	text_add_format(text, "SET npcsim_gateway.mark = '%s';", link->mark);
	if (is_listener(link) && !link->standby)
		text_add_string(text, "LISTEN npcsim_world;LISTEN npcsim_decisions;LISTEN npcsim_sessions;");
}

/* Goes on with a connection that the thread has made, or has failed to make: CONNECTING ends. */
static void
link_prepare(Link *link)
{
	Text text = {0};
	bool sent;

	if (PQstatus(link->connection) != CONNECTION_OK)
	{
		link_lost(link, link->connection != NULL ? PQerrorMessage(link->connection) : "out of memory");
		return;
	}
	if (PQsetnonblocking(link->connection, 1) != 0 || !link_adopt(link))
	{
		link_lost(link, "its socket could not be watched");
		return;
	}
	PQsetNoticeReceiver(link->connection, take_notice, NULL);
	link->standby = server_is_standby(link);
	move_link(link, LINK_PREPARING);
	snprintf(link->mark, sizeof(link->mark), "%ld.%" PRId64 ".%d.%" PRIu64, (long) getpid(), now_ms(),
			 link->number, ++db.marks);
	link_append(link, query_create(NULL, settings_answered, link));
	add_settings(&text, link);
	sent = PQsendQuery(link->connection, text.data) == 1;
	text_free(&text);
	if (!sent || !link_flush(link))
		link_lost(link, PQerrorMessage(link->connection));
}

/* ------------------------------------------------------------------------
 * the inspection of sessions, and signs of life
 * ------------------------------------------------------------------------ */

static void
ask_for_mark(Link *link, DbDone done, void *argument)
{
	link_append(link, query_create(NULL, done, argument));
	if (!PQsendQueryParams(link->connection, "SELECT pg_catalog.current_setting('npcsim_gateway.mark', true)",
						   0, NULL, NULL, NULL, NULL, 0) ||
		!PQpipelineSync(link->connection) || !link_flush(link))
		link_lost(link, PQerrorMessage(link->connection));
}

/* Returns true if a session has the mark of its connection; else gives up all connections and tells that they are refused. */
static bool
mark_is_ours(const Link *link, const DbReply *reply)
{
	static const char reason[] =
		"the database hands out its sessions by the transaction or statement: the gateway needs sessions of "
		"its own; "
		"connect it to PostgreSQL itself, or to a pooler in session mode (PgBouncer: pool_mode = session)";

	if (PQntuples(reply->result) == 1 && strcmp(PQgetvalue(reply->result, 0, 0), link->mark) == 0)
		return true;
	for (int i = 0; i < db.link_count; i++)
	{
		db.links[i].told = true; /* the reason is logged once, not for each connection */
		link_lost(&db.links[i], reason);
	}
	db.events->refused(reason);
	return false;
}

static void inspect(int step);

static void
inspected(void *argument, const DbReply *reply)
{
	int step = (int) (intptr_t) argument;

	if (step != db.inspection)
		return;
	db.inspection = -1;
	if (reply->result == NULL)
		look_whether_up(); /* the connection went down: the inspection begins again, if enough are left */
	else if (mark_is_ours(&db.links[step / INSPECTIONS_PER_LINK], reply))
		inspect(step + 1);
}

/*
 * Asks the connections for their marks, from this step on, and tells that the database is up when all had theirs.  Each
 * question is asked after the last one was answered, so that a pooler would use the same session again.
 */
static void
inspect(int step)
{
	while (step < db.link_count * INSPECTIONS_PER_LINK &&
		   db.links[step / INSPECTIONS_PER_LINK].state != LINK_READY)
		step++;
	if (step < db.link_count * INSPECTIONS_PER_LINK)
	{
		db.inspection = step;
		ask_for_mark(&db.links[step / INSPECTIONS_PER_LINK], inspected, (void *) (intptr_t) step);
		return;
	}
	db.up = true;
	db.events->up();
}

static void
look_whether_up(void)
{
	bool ready = db.links[0].state == LINK_READY && db.ready_commands > 0;

	if (db.up && !ready)
	{
		db.up = false;
		db.events->down();
	}
	else if (!ready)
		db.inspection = -1;
	else if (!db.up && db.inspection < 0)
		inspect(0);
}

static void
pinged(void *argument, const DbReply *reply)
{
	Link *link = argument;

	link->pinging = false;
	if (reply->result != NULL)
		(void) mark_is_ours(link, reply);
}

/* Asks an idle connection for a sign of life; one with a query on its way is watched by that query's time-out. */
static void
ping(Link *link, int64_t now)
{
	if (link->outstanding > 0 || now - link->pinged_at < PING_INTERVAL_MS)
		return;
	link->pinging = true;
	link->pinged_at = now;
	ask_for_mark(link, pinged, link);
}

static void
tell_silence(int64_t now)
{
	const Link *listener = &db.links[0];
	bool		silent = listener->pinging && now - listener->pinged_at > SILENCE_MS;

	if (silent == db.silent)
		return;
	db.silent = silent;
	if (silent)
		log_line(LOG_WARNING, "the database has not answered for %d ms", SILENCE_MS);
	else if (db.up)
		log_line(LOG_INFO, "the database answers again");
	db.events->silent(silent);
}

static void
link_take_notifications(Link *link)
{
	PGnotify *notification;

	while (link->connection != NULL && (notification = PQnotifies(link->connection)) != NULL)
	{
		if (link->state == LINK_READY)
			db.events->notified(notification->relname, notification->extra);
		PQfreemem(notification);
	}
}

static void
link_readable(Link *link)
{
	if (!PQconsumeInput(link->connection))
	{
		link_take_results(link);
		link_lost(link, link->connection != NULL ? PQerrorMessage(link->connection) : NULL);
		return;
	}
	link_take_results(link);
	link_take_notifications(link);
	if (link->connection != NULL && PQstatus(link->connection) == CONNECTION_BAD)
		link_lost(link, PQerrorMessage(link->connection));
	else if (link->connection != NULL && link->standby && !server_is_standby(link))
		give_up_all("the standby was promoted");
	else if (link->connection != NULL && !link_flush(link))
		link_lost(link, PQerrorMessage(link->connection));
}

int
db_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	Link *link = user != NULL ? *(Link **) user : NULL;

	(void) in;
	(void) length;
	switch (reason)
	{
		case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
			return -1; /* no WebSocket may ask for this protocol by its name */
		case LWS_CALLBACK_RAW_RX_FILE:
			if (link == NULL || link->wsi != wsi)
				return -1;
			link_readable(link);
			break;
		case LWS_CALLBACK_RAW_WRITEABLE_FILE:
			if (link == NULL || link->wsi != wsi)
				return -1;
			link->in_writable = true;
			if (!link_flush(link))
				link_lost(link, PQerrorMessage(link->connection));
			link->in_writable = false;
			break;
		case LWS_CALLBACK_RAW_CLOSE_FILE:
			if (link != NULL && link->wsi == wsi)
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
 * all connections
 * ------------------------------------------------------------------------ */

void
db_query(const DbStatement *statement, DbLane lane, int64_t world_id, const char *const *values, DbDone done,
		 void *argument)
{
	Query *query = query_create(statement, done, argument);
	Link  *link = choose_link(lane, world_id);

	assert(statement->number < DB_MAX_STATEMENTS);
	assert(statement->parameters <= DB_MAX_PARAMETERS);
	if (link == NULL)
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
	if (!link_send(link, query, values) || !link_flush(link))
		link_lost(link, PQerrorMessage(link->connection));
}

/* Tells that a query did not find its function, unless the connections are down anyway. */
static void
misfit(void)
{
	if (db.up)
		db.events->misfit();
}

void
db_start(struct lws_context *context, struct lws_vhost *vhost, const Settings *settings,
		 const DbEvents *events)
{
	memset(&db, 0, sizeof(db));
	db.context = context;
	db.vhost = vhost;
	db.settings = settings;
	db.events = events;
	queries_start(context, settings->query_timeout_ms, misfit);
	db.inspection = -1;
	db.ticked_at = now_ms();
	db.link_count = settings->connections + 1;
	db.links = mem_alloc(sizeof(Link) * (size_t) db.link_count);
	for (int i = 0; i < db.link_count; i++)
	{
		db.links[i].number = i;
		db.links[i].backoff_ms = BACKOFF_FIRST_MS;
	}
	db_tick(now_ms());
}

/* Moves the deadlines of all connections, because nothing was read while the loop stood still. */
static void
forgive(int64_t pause_ms)
{
	for (int i = 0; i < db.link_count; i++)
	{
		Link *link = &db.links[i];

		link->pinged_at += pause_ms;
		if (link->head != NULL)
			link->head->deadline += pause_ms;
	}
}

void
db_tick(int64_t now)
{
	if (now - db.ticked_at > LONGEST_STEP_MS)
		forgive(now - db.ticked_at);
	db.ticked_at = now;
	for (int i = 0; i < db.link_count && !db.stopping; i++)
	{
		Link *link = &db.links[i];

		if (link->state == LINK_DOWN && now >= link->retry_at)
			link_connect(link);
		else if (link->head != NULL && now >= link->head->deadline)
			link_lost(link, "a query was not answered in time");
		else if (link->state == LINK_READY)
			ping(link, now);
	}
	tell_silence(now);
}

void
db_stop(void)
{
	db.stopping = true;
	for (int i = 0; i < db.link_count; i++)
		link_lost(&db.links[i], "the gateway stops");
	lws_sul_cancel(&db.dial_timer);
	queries_stop();
	free(db.links);
	db.links = NULL;
	db.link_count = 0;
}

bool
db_is_dialling(void)
{
	return dials_under_way() > 0;
}

bool
db_is_up(void)
{
	return db.up;
}

bool
db_is_standby(void)
{
	return db.up && db.links[0].standby;
}

int
db_outstanding(void)
{
	int count = 0;

	for (int i = 0; i < db.link_count; i++)
		count += db.links[i].outstanding;
	return count;
}
