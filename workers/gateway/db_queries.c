/*
 * db_queries.c
 *	  Sends queries to the database, reads their results and tells the callers.
 */
#include "common/clock.h"
#include "common/memory.h"
#include "db_link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static struct
{
	struct lws_context	  *context;
	int					   timeout_ms; /* how long a query may take once it is the head */
	Query				  *failed;	   /* those whose callers are still to be told */
	Query				 **failed_end;
	lws_sorted_usec_list_t failed_timer;
	void (*misfit)(void);
} queries;

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

/* Returns true if the error means that a function does not exist, or may not be called by this role. */
static bool
sqlstate_is_of_a_misfit(const char *sqlstate)
{
	return strcmp(sqlstate, "42883") == 0 || strcmp(sqlstate, "3F000") == 0 || strcmp(sqlstate, "42501") == 0;
}

/* Tells the caller what became of the query and frees it. */
static void
query_finish(Query *query)
{
	DbReply			reply = {0};
	const PGresult *error = query->error;

	if (query->refusal != NULL || query->lost)
	{
		strcpy(reply.sqlstate, query->refusal != NULL ? "53400" : "08006");
		reply.message = query->refusal != NULL ? query->refusal : "the database is not reachable";
		reply.lost = query->lost;
		reply.retry = true;
	}
	else if (error != NULL || query->result == NULL)
	{
		const char *sqlstate = error != NULL ? PQresultErrorField(error, PG_DIAG_SQLSTATE) : NULL;
		const char *message = error != NULL ? PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY) : NULL;

		snprintf(reply.sqlstate, sizeof(reply.sqlstate), "%s", sqlstate != NULL ? sqlstate : "XX000");
		reply.message = message != NULL ? message : "the database gave no answer";
		reply.detail = error != NULL ? PQresultErrorField(error, PG_DIAG_MESSAGE_DETAIL) : NULL;
		reply.hint = error != NULL ? PQresultErrorField(error, PG_DIAG_MESSAGE_HINT) : NULL;
		reply.retry = sqlstate_is_worth_a_retry(reply.sqlstate);
		if (sqlstate_is_of_a_misfit(reply.sqlstate))
			queries.misfit();
	}
	else
		reply.result = query->result;

	if (query->done != NULL)
		query->done(query->argument, &reply);
	PQclear(query->result);
	PQclear(query->error);
	free(query);
}

static void
finish_failed(lws_sorted_usec_list_t *timer)
{
	Query *query = queries.failed;

	(void) timer;
	queries.failed = NULL;
	queries.failed_end = &queries.failed;
	while (query != NULL)
	{
		Query *next = query->next;

		query_finish(query);
		query = next;
	}
}

void
query_fail_later(Query *query)
{
	query->next = NULL;
	*queries.failed_end = query;
	queries.failed_end = &query->next;
	lws_sul_schedule(queries.context, 0, &queries.failed_timer, finish_failed, 1);
}

Query *
query_create(const DbStatement *statement, DbDone done, void *argument)
{
	Query *query = mem_alloc(sizeof(Query));

	query->statement = statement;
	query->done = done;
	query->argument = argument;
	return query;
}

void
link_append(Link *link, Query *query)
{
	if (link->tail != NULL)
		link->tail->next = query;
	else
	{
		link->head = query;
		query->deadline = now_ms() + queries.timeout_ms;
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
	if (link->head != NULL)
		link->head->deadline = now_ms() + queries.timeout_ms;
	else
		link->tail = NULL;
	query->next = NULL;
}

static void
ask_again(lws_sorted_usec_list_t *timer)
{
	Link *link = lws_container_of(timer, Link, write_timer);

	if (link->wsi != NULL)
		lws_callback_on_writable(link->wsi);
}

/*
 * Asks for a writable callback.  libwebsockets forgets a request that is made
 * inside of such a callback, so one that is made there is made again from the
 * loop: a query may be larger than the socket takes in two writes.
 */
static void
link_want_write(Link *link)
{
	if (!link->in_writable)
	{
		lws_callback_on_writable(link->wsi);
		return;
	}
	lws_sul_schedule(queries.context, 0, &link->write_timer, ask_again, 1);
}

bool
link_flush(Link *link)
{
	int pending = PQflush(link->connection);

	if (pending > 0 && link->wsi != NULL)
		link_want_write(link);
	return pending >= 0;
}

bool
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

/* Takes one result of a query, which it owns from here on; returns true when the query is complete. */
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
			/* the statement could not be prepared, maybe because there is no extension yet: the next query tries again */
			if (query->prepares && query->result == NULL)
				link->prepared[query->statement->number] = false;
			if (query->error != NULL)
				PQclear(result);
			else
				query->error = result;
			return false;
	}
}

void
link_take_results(Link *link)
{
	int nothing = 0;

	while (link->head != NULL && link->connection != NULL && !PQisBusy(link->connection))
	{
		PGresult *result = PQgetResult(link->connection);
		Query	 *query = link->head;

		if (result == NULL)
		{
			/* in a pipeline NULL separates the results of two statements; without one it ends the query */
			if (link->state == LINK_PREPARING)
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

void
queries_start(struct lws_context *context, int timeout_ms, void (*misfit)(void))
{
	memset(&queries, 0, sizeof(queries));
	queries.context = context;
	queries.timeout_ms = timeout_ms;
	queries.failed_end = &queries.failed;
	queries.misfit = misfit;
}

void
queries_stop(void)
{
	lws_sul_cancel(&queries.failed_timer);
	finish_failed(NULL);
}
