/*
 * compute.c
 *	  Gives decision requests to the connections that compute, for a limited time, and passes on their answers.
 *
 *	 claimed --> in flight --(answer)--> submitted (submit.c)
 *					 |\--(time-out, refusal)--> failed (submit.c)
 *					 |\--(superseded)--> cancelled: the database does not want an answer any more
 *					 \---(session lost)--> forgotten: the database reopens it
 *
 * A connection is never given more than its latest heartbeat's
 * max_concurrency.  A time-out runs only while the world does.  An answer to a
 * request that is no longer in flight is submitted all the same: the database
 * decides whether it is late, a duplicate, or answers no request.
 *
 * Invariants:
 * - At most one claim per world is on its way; a wake-up meanwhile sets
 *	 claim_again.
 * - At most one query per world asks which requests were superseded; it is
 *	 sent after each poll while any are in flight.
 * - in_flight is the length of the list, and a claim asks for
 *	 capacity - in_flight.
 */
#include "compute.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_input.h"
#include "common/log.h"
#include "common/mcp_terms.h"
#include "common/memory.h"
#include "common/text.h"
#include "calls.h"
#include "counts.h"
#include "heartbeat.h"
#include "refusal.h"
#include "report.h"
#include "submit.h"

#define MAX_SOURCES_CLAIMED 1024

/* How many requests claim_decisions hands out at most: in a longer claim the first request would wait for the last. */
#define MAX_CLAIMED 64

/* How many requests are checked at once for being superseded; any beyond them end by their time-out. */
#define MAX_CHECKED 4096

/* How long a heartbeat is good for: one that is older is not told to a new session. */
#define BEAT_LASTS_MS 30000

typedef struct InFlight
{
	int64_t			 request_id;
	int64_t			 npc_id;
	int64_t			 deadline; /* on the scale of the world's running_ms */
	int64_t			 given_at; /* by now_ms() */
	struct InFlight *next;
} InFlight;

typedef struct Source
{
	Client		  *client;
	int			   capacity; /* requests at a time; 0 until the database took a heartbeat */
	int			   in_flight;
	InFlight	  *requests;
	int			   asked;		  /* slots that were offered in the last claim */
	int			   got;			  /* requests that came of that claim */
	bool		   may_have_more; /* the database may have more requests for it */
	double		   average_ms;
	char		  *beat;		  /* its latest heartbeat as JSON, or NULL */
	int			   beat_capacity; /* the capacity that that one offers */
	int64_t		   beat_at;
	bool		   beat_due;	  /* the latest heartbeat is to be told to the database */
	bool		   beating;		  /* a heartbeat is on its way to the database */
	int			   told_capacity; /* the capacity that that one offers */
	bool		   is_here;		  /* the log has a line that it has come */
	struct Source *next;		  /* in the same world */
} Source;

typedef struct WorldCompute
{
	Source *sources;
	bool	claiming;
	bool	claim_again;
	bool	checking; /* the query which requests were superseded is on its way */
} WorldCompute;

static struct
{
	const char			*gateway_id;
	const ComputeEvents *events;
} compute;

static void claim(World *world);
static void beaten(void *argument, const DbReply *reply);

void
compute_start(struct lws_context *context, const char *gateway_id, const ComputeEvents *events)
{
	compute.gateway_id = gateway_id;
	compute.events = events;
	submit_start(context);
}

void
compute_stop(void)
{
	submit_stop();
	for (World *world = worlds_first(); world != NULL; world = world->next)
	{
		assert(world->compute == NULL || world->compute->sources == NULL);
		free(world->compute);
		world->compute = NULL;
	}
}

/* ------------------------------------------------------------------------
 * requests in flight
 * ------------------------------------------------------------------------ */

static void
add_in_flight(Source *source, int64_t request_id, int64_t npc_id, int timeout_ms)
{
	InFlight *request = mem_alloc(sizeof(InFlight));

	request->request_id = request_id;
	request->npc_id = npc_id;
	request->given_at = now_ms();
	request->deadline = source->client->world->running_ms + timeout_ms;
	request->next = source->requests;
	source->requests = request;
	source->in_flight++;
	counts.decision_requests++;
}

/* Takes a request out of the list, by its id or, if that is 0, by its NPC; the caller frees it.  NULL = it is not there. */
static InFlight *
take_in_flight(Source *source, int64_t request_id, int64_t npc_id)
{
	for (InFlight **place = &source->requests; *place != NULL; place = &(*place)->next)
	{
		InFlight *request = *place;

		if (request_id ? request->request_id == request_id : request->npc_id == npc_id)
		{
			*place = request->next;
			assert(source->in_flight > 0);
			source->in_flight--;
			return request;
		}
	}
	return NULL;
}

static void
tell_cancelled(Client *client, int64_t request_id, const char *reason)
{
	Text text = {0};

	if (client->kind == CLIENT_MCP_SERVER)
	{
		compute.events->cancel(client, request_id, reason);
		return;
	}
	text_add_format(&text,
					"{\"type\":\"decision_cancelled\",\"request_id\":%" PRId64 ",\"reason\":", request_id);
	text_add_json_string(&text, reason);
	text_add(&text, "}", 1);
	client_send_text(client, &text);
	text_free(&text);
}

static void
forget_in_flight(Source *source, const char *reason)
{
	while (source->requests != NULL)
	{
		InFlight *request = source->requests;

		source->requests = request->next;
		source->in_flight--;
		if (client_is_welcome(source->client))
			tell_cancelled(source->client, request->request_id, reason);
		free(request);
	}
	assert(source->in_flight == 0);
}

/* Claims a request for a slot that became free, if there may be one and no claim is on its way. */
static void
slot_freed(Source *source)
{
	World *world = source->client->world;

	if (source->may_have_more && !world->compute->claiming && source->client->state == CLIENT_LIVE)
		claim(world);
}

static void
expire_requests(Source *source)
{
	Client	  *client = source->client;
	int64_t	   running = client->world->running_ms;
	InFlight **place = &source->requests;
	bool	   any = false;

	while (*place != NULL)
	{
		InFlight *request = *place;

		if (running < request->deadline)
		{
			place = &request->next;
			continue;
		}
		*place = request->next;
		source->in_flight--;
		any = true;
		counts.decision_timeouts++;
		submit_failure(client, request->request_id, "timeout");
		tell_cancelled(client, request->request_id, "timeout");
		report_outcome(client, request->request_id, request->npc_id, "timeout", NULL, "it took too long");
		free(request);
	}
	if (any)
		slot_freed(source);
}

/* ------------------------------------------------------------------------
 * claims
 * ------------------------------------------------------------------------ */

static Source *
source_of_session(World *world, int64_t session_id)
{
	Source *source = world->compute != NULL ? world->compute->sources : NULL;

	while (source != NULL && source->client->session_id != session_id)
		source = source->next;
	return source;
}

static void
give(World *world, const DbReply *reply, int row)
{
	int64_t		request_id = reply_integer(reply, row, "request_id");
	int64_t		npc_id = reply_integer(reply, row, "npc_id");
	int64_t		timeout_ms = reply_integer(reply, row, "timeout_ms");
	const char *body = reply_column(reply, row, "body");
	Source	   *source = source_of_session(world, reply_integer(reply, row, "session_id"));
	Client	   *client;

	/* if the session is gone meanwhile, the database gives its requests to others */
	if (source == NULL || body == NULL || source->client->state != CLIENT_LIVE)
		return;
	client = source->client;
	add_in_flight(source, request_id, npc_id, (int) timeout_ms);
	source->got++;
	if (client->kind == CLIENT_PLAYER)
		client_send(client, body, strlen(body));
	else if (!compute.events->decide(client, request_id, npc_id, body, strlen(body)))
		compute_fail(client, request_id, "refused: the connection could not take the request");
}

static bool
can_take_more(const Source *source)
{
	return source->client->state == CLIENT_LIVE && source->in_flight < source->capacity;
}

static void
claimed(void *argument, const DbReply *reply)
{
	World		 *world = argument;
	WorldCompute *mine = world->compute;

	world->queries--;
	if (reply->result != NULL)
	{
		int	 rows = PQntuples(reply->result);
		bool full = rows >= MAX_CLAIMED;

		counts.decision_claims++;
		if (rows == 0)
			counts.decision_claims_empty++;
		for (int row = 0; row < rows; row++)
			give(world, reply, row);
		for (Source *source = mine->sources; source != NULL; source = source->next)
		{
			/* for a source that offered no slots in this claim, nothing is known: may_have_more stays */
			if (source->asked > 0)
				source->may_have_more = full || source->got >= source->asked;
			if (source->may_have_more && can_take_more(source))
				mine->claim_again = true;
		}
	}
	else if (!reply->lost)
		log_line(LOG_WARNING, "world %" PRId64 ": claim_decisions: %s", world->id, reply->message);
	mine->claiming = false;
	if (mine->claim_again)
		claim(world);
}

static void
claim(World *world)
{
	WorldCompute *mine = world->compute;
	int64_t		  sessions[MAX_SOURCES_CLAIMED];
	int			  slots[MAX_SOURCES_CLAIMED];
	int			  count = 0;

	if (mine == NULL)
		return;
	if (mine->claiming)
	{
		mine->claim_again = true;
		return;
	}
	mine->claim_again = false;
	for (Source *source = mine->sources; source != NULL; source = source->next)
	{
		source->asked = 0;
		source->got = 0;
		if (!can_take_more(source))
			source->may_have_more = true;
		else if (count < MAX_SOURCES_CLAIMED)
		{
			source->asked = source->capacity - source->in_flight;
			sessions[count] = source->client->session_id;
			slots[count] = source->asked;
			count++;
		}
	}
	if (count == 0)
		return;
	mine->claiming = true;
	world->queries++;
	call_claim_decisions(compute.gateway_id, world->id, sessions, slots, count, claimed, world);
}

void
compute_wake(int64_t world_id)
{
	for (World *world = worlds_first(); world != NULL; world = world->next)
	{
		if (world_id == 0 || world->id == world_id)
			claim(world);
	}
}

/* ------------------------------------------------------------------------
 * requests that nobody waits for any more
 * ------------------------------------------------------------------------ */

static void
cancel_superseded(World *world, int64_t request_id)
{
	for (Source *source = world->compute->sources; source != NULL; source = source->next)
	{
		/* a request that was answered meanwhile is not in flight any more */
		InFlight *request = take_in_flight(source, request_id, 0);

		if (request == NULL)
			continue;
		free(request);
		counts.decision_superseded++;
		tell_cancelled(source->client, request_id, "superseded");
		slot_freed(source);
		return;
	}
}

static void
checked(void *argument, const DbReply *reply)
{
	World *world = argument;

	world->queries--;
	world->compute->checking = false;
	if (reply->result == NULL)
	{
		if (!reply->lost)
			log_line(LOG_WARNING, "world %" PRId64 ": superseded_decisions: %s", world->id, reply->message);
		return;
	}
	for (int row = 0; row < PQntuples(reply->result); row++)
	{
		int64_t request_id = reply_integer(reply, row, "request_id");

		if (request_id)
			cancel_superseded(world, request_id);
	}
}

/*
 * Asks the database which requests in flight nobody waits for any more.  It
 * does not notify when the NPC of a request gets another controller or
 * vanishes.
 */
static void
check_superseded(World *world)
{
	WorldCompute *mine = world->compute;
	int64_t		  npcs[MAX_CHECKED];
	int64_t		  requests[MAX_CHECKED];
	int64_t		  sessions[MAX_CHECKED];
	int			  count = 0;

	if (mine == NULL || mine->checking)
		return;
	for (const Source *source = mine->sources; source != NULL; source = source->next)
	{
		if (source->client->state != CLIENT_LIVE)
			continue;
		for (const InFlight *request = source->requests; request != NULL && count < MAX_CHECKED;
			 request = request->next, count++)
		{
			npcs[count] = request->npc_id;
			requests[count] = request->request_id;
			sessions[count] = source->client->session_id;
		}
	}
	if (count == 0)
		return;
	mine->checking = true;
	world->queries++;
	call_superseded_decisions(world->id, npcs, requests, sessions, count, checked, world);
}

void
compute_polled(void)
{
	for (World *world = worlds_first(); world != NULL; world = world->next)
	{
		claim(world);
		check_superseded(world);
	}
	reports_polled();
}

/* ------------------------------------------------------------------------
 * answers
 * ------------------------------------------------------------------------ */

void
compute_answer(Client *client, int64_t request_id, int64_t npc_id, const char *text, size_t length)
{
	Source	 *source = client->compute;
	InFlight *request = source != NULL ? take_in_flight(source, request_id, npc_id) : NULL;

	if (client->world == NULL)
		return;
	counts.decision_answers++;
	if (request != NULL)
	{
		double took = (double) (now_ms() - request->given_at);

		client_refund(client);
		source->average_ms += (took - source->average_ms) * 0.1;
		if (request_id == 0)
			request_id = request->request_id;
		free(request);
	}
	submit_answer(client, request_id, text, length);
	if (request != NULL)
		slot_freed(source);
}

static void
fail_request(Client *client, InFlight *request, const char *reason)
{
	int64_t request_id = request->request_id;

	report_outcome(client, request_id, request->npc_id, "failed", NULL, reason);
	free(request);
	client_refund(client);
	counts.decision_failures++;
	submit_failure(client, request_id, reason);
	slot_freed(client->compute);
}

void
compute_fail(Client *client, int64_t request_id, const char *reason)
{
	InFlight *request = client->compute != NULL ? take_in_flight(client->compute, request_id, 0) : NULL;

	/* if it timed out before, the database was told so */
	if (request != NULL)
		fail_request(client, request, reason);
}

void
compute_fail_unreadable(Client *client, int64_t request_id, int64_t npc_id, const char *problem)
{
	InFlight *request = client->compute != NULL && (request_id || npc_id)
							? take_in_flight(client->compute, request_id, npc_id)
							: NULL;
	char	  reason[300];

	if (request == NULL)
		return;
	snprintf(reason, sizeof(reason), "error: the answer cannot be read: %s", problem);
	fail_request(client, request, reason);
}

/* ------------------------------------------------------------------------
 * heartbeats
 * ------------------------------------------------------------------------ */

/* Tells the database the latest heartbeat, if there is a session for it and no other is on its way. */
static void
send_beat(Source *source)
{
	Client *client = source->client;

	if (!source->beat_due || source->beating || client->state != CLIENT_LIVE || client->source_is_provisional)
		return;
	source->beat_due = false;
	source->beating = true;
	source->told_capacity = source->beat_capacity;
	client_hold(client);
	call_update_player_heartbeat(client->player_id, source->beat, beaten, client);
}

static void
tell_beat_failed(Client *client, const DbReply *reply)
{
	static LogThrottle throttle = {.what = "heartbeats that failed"};

	log_throttled(&throttle, now_ms(), reply->lost ? LOG_DEBUG : LOG_WARNING, "%s: heartbeat: %s",
				  client_label(client), reply->message);
	send_refusal(client, reply);
}

/* Writes a log line when the database has taken a mind's first heartbeat. */
static void
tell_here(Source *source)
{
	static LogThrottle throttle = {.what = "minds that came"};

	if (source->is_here)
		return;
	source->is_here = true;
	log_throttled(&throttle, now_ms(), LOG_INFO, "%s: its mind is here, for %d decisions at a time (%s)",
				  client_label(source->client), source->capacity,
				  source->client->kind == CLIENT_MCP_SERVER ? "an MCP server" : "a client");
}

static void
tell_gone(const Source *source)
{
	static LogThrottle throttle = {.what = "minds that went"};
	const Client	  *client = source->client;

	log_throttled(&throttle, now_ms(), LOG_INFO, "%s: its mind is gone%s: %s", client_label(client),
				  source->is_here ? "" : " before it was ready",
				  client->close_code ? client->close_reason : "it closed the connection, or that broke");
}

static void
beaten(void *argument, const DbReply *reply)
{
	Client	   *client = argument;
	Source	   *source = client->compute;
	const char *ack = reply_text(reply);

	if (source != NULL)
	{
		source->beating = false;
		if (ack != NULL)
		{
			source->capacity = source->told_capacity;
			tell_here(source);
			if (client->kind == CLIENT_PLAYER)
				client_send(client, ack, strlen(ack));
			slot_freed(source); /* the capacity may have grown */
		}
		else if (strcmp(reply->sqlstate, SQLSTATE_NOT_REGISTERED) == 0)
			compute.events->session_doubted();
		else if (reply->result == NULL && !reply->lost)
			tell_beat_failed(client, reply);
		send_beat(source);
	}
	client_release(client);
}

bool
compute_heartbeat(Client *client, const json_t *heartbeat, char *message, size_t size)
{
	Source	   *source = client->compute;
	const char *name = json_member_string(heartbeat, "source");
	int			capacity;
	json_t	   *beat;
	Text		text = {0};

	if (source == NULL)
	{
		snprintf(message, size, "this connection did not say in its hello that it computes");
		return false;
	}
	if (!client_may_beat(client))
	{
		snprintf(message, size, "it sends too many heartbeats");
		return false;
	}
	if (!heartbeat_read(heartbeat, &capacity, message, size))
		return false;
	if (name == NULL || !*name)
		name = client->source_is_provisional ? MCP_DEFAULT_SOURCE : client->source;

	/* the database finds the session by its source; "type" and "id" belong to the frame */
	beat = json_copy((json_t *) heartbeat);
	json_object_del(beat, "type");
	json_object_del(beat, "id");
	json_object_set_new(beat, "source", json_string(client->source_is_provisional ? name : client->source));
	text_add_json(&text, beat);
	json_decref(beat);
	free(source->beat);
	source->beat = text.data;
	source->beat_capacity = capacity;
	source->beat_at = now_ms();
	source->beat_due = true;
	send_beat(source);
	if (client->source_is_provisional && client->state == CLIENT_LIVE)
		compute.events->name_source(client, name);
	return true;
}

/* ------------------------------------------------------------------------
 * coming and going
 * ------------------------------------------------------------------------ */

void
compute_joined(Client *client)
{
	Source *source = client->compute;
	World  *world = client->world;

	if (client->purpose == PURPOSE_WATCH)
		return;
	if (source == NULL)
	{
		if (world->compute == NULL)
			world->compute = mem_alloc(sizeof(WorldCompute));
		source = mem_alloc(sizeof(Source));
		source->client = client;
		source->next = world->compute->sources;
		world->compute->sources = source;
		client->compute = source;
	}
	/* a new session has to be told the heartbeat again */
	source->capacity = 0;
	source->may_have_more = true;
	source->beat_due = source->beat != NULL && now_ms() - source->beat_at < BEAT_LASTS_MS;
	send_beat(source);
	claim(world);
}

void
compute_parted(Client *client)
{
	if (client->compute != NULL)
		forget_in_flight(client->compute, "the session was lost");
}

void
compute_leave(Client *client)
{
	Source	*source = client->compute;
	Source **place;

	if (source == NULL)
		return;
	tell_gone(source);
	forget_in_flight(source, "closed");
	place = &client->world->compute->sources;
	while (*place != source)
		place = &(*place)->next;
	*place = source->next;
	free(source->beat);
	free(source);
	client->compute = NULL;
}

/* ------------------------------------------------------------------------
 * time
 * ------------------------------------------------------------------------ */

void
compute_tick(void)
{
	for (World *world = worlds_first(); world != NULL; world = world->next)
	{
		WorldCompute *mine = world->compute;

		if (mine == NULL)
			continue;
		for (Source *source = mine->sources; source != NULL; source = source->next)
		{
			if (client_is_welcome(source->client))
				expire_requests(source);
		}
		if (mine->sources == NULL && !mine->claiming && !mine->checking && world->members == 0)
		{
			free(mine);
			world->compute = NULL;
		}
	}
	submit_tick();
}

int
compute_in_flight(const Client *client)
{
	return client->compute != NULL ? client->compute->in_flight : 0;
}

int
compute_total_in_flight(void)
{
	int count = 0;

	for (const Client *client = clients_first(); client != NULL; client = client->next)
		count += compute_in_flight(client);
	return count;
}

int
compute_average_ms(const Client *client)
{
	return client->compute != NULL ? (int) client->compute->average_ms : 0;
}
