/*
 * compute.h
 *	  Gives decision requests to the connections that compute, for a limited time, and passes on their answers.
 *
 * A client that computes has a Source: its capacity and the requests that it
 * was given.  What goes back into the database is queued per world (submit.h).
 */
#ifndef NPCSIM_GATEWAY_COMPUTE_H
#define NPCSIM_GATEWAY_COMPUTE_H

#include <jansson.h>
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

#include "client.h"

typedef struct ComputeEvents
{
	/* asks to give a request to an MCP server; false = it cannot take it */
	bool (*decide)(Client *client, int64_t request_id, int64_t npc_id, const char *body, size_t length);

	/* tells an MCP server that nobody waits for a request any more */
	void (*cancel)(Client *client, int64_t request_id, const char *reason);

	/* asks to register the client's session under this source */
	void (*name_source)(Client *client, const char *source);

	/* tells that the database refused a heartbeat, since the session is gone or was ended */
	void (*session_doubted)(void);
} ComputeEvents;

extern void compute_start(struct lws_context *context, const char *gateway_id, const ComputeEvents *events);
extern void compute_stop(void);

/* Begins to give requests to a client that has a session now, or again. */
extern void compute_joined(Client *client);

/* Cancels the requests of a client that has lost its session; the database gives them to others. */
extern void compute_parted(Client *client);

/* Cancels the requests of a client that is gone, and frees its Source. */
extern void compute_leave(Client *client);

/*
 * Takes a heartbeat: the frame compute_heartbeat, or one that was made for an MCP server.  Returns false, and why in "message",
 * if it is not as it should be.
 */
extern bool compute_heartbeat(Client *client, const json_t *heartbeat, char *message, size_t size);

/*
 * Takes a decision_response as JSON text, at most one frame long, and submits
 * it.  request_id or npc_id is 0 when the response does not say it.
 */
extern void compute_answer(Client *client, int64_t request_id, int64_t npc_id, const char *text,
						   size_t length);

/* Fails a request that the mind could not answer, if it is in flight. */
extern void compute_fail(Client *client, int64_t request_id, const char *reason);

/* Fails the request whose answer cannot be read, if it is in flight; an id is 0 when the answer does not show it. */
extern void compute_fail_unreadable(Client *client, int64_t request_id, int64_t npc_id, const char *problem);

/* After each poll: asks for new requests, and which of those in flight were superseded. */
extern void compute_polled(void);

/* Asks for new requests of this world, or of all (0). */
extern void compute_wake(int64_t world_id);


/* Times requests out; to be called several times a second. */
extern void compute_tick(void);

/* Return how many requests a client, or all clients, have in flight. */
extern int compute_in_flight(const Client *client);
extern int compute_total_in_flight(void);

/* Returns the moving average of the client's response time in milliseconds. */
extern int compute_average_ms(const Client *client);

#endif /* NPCSIM_GATEWAY_COMPUTE_H */
