/*
 * compute.h
 *	  Requests out to minds: which connection is given which, and for how long; answers back into the database.
 *
 * A client that computes has a Source: its capacity and what it was given.
 * Each world has the queues of what is on its way to the database.
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
	/* hand a request to an MCP server; false: it cannot take it */
	bool (*decide)(Client *client, int64_t request_id, int64_t npc_id, const char *body, size_t length);
	void (*cancel)(Client *client, int64_t request_id, const char *reason);

	/* register the client's session under this source */
	void (*name_source)(Client *client, const char *source);

	/* the session of the client takes no heartbeats: it is gone, or was ended */
	void (*session_doubted)(void);
} ComputeEvents;

extern void compute_start(struct lws_context *context, const char *gateway_id, const ComputeEvents *events);
extern void compute_stop(void);

/* The client has a session now (again): heartbeats go out, requests come. */
extern void compute_joined(Client *client);

/* Its session is lost; what it was given goes to others. */
extern void compute_parted(Client *client);

/* It is gone. */
extern void compute_leave(Client *client);

/* The frame compute_heartbeat, or that of an MCP server. */
extern bool compute_heartbeat(Client *client, const json_t *heartbeat, char *message, size_t size);

/*
 * A decision_response as JSON text, at most one frame long.  request_id and
 * npc_id are 0 when it does not say.
 */
extern void compute_answer(Client *client, int64_t request_id, int64_t npc_id, const char *text,
						   size_t length);
extern void compute_fail(Client *client, int64_t request_id, const char *reason);

/* An answer that cannot be read, of which no more is known than what it says it is for (0: nothing). */
extern void compute_fail_unreadable(Client *client, int64_t request_id, int64_t npc_id, const char *problem);

/* After each poll: requests may be waiting, and some of those out be superseded. */
extern void compute_polled(void);

/* Requests may be waiting in this world, or in any (0). */
extern void compute_wake(int64_t world_id);

extern void compute_tick(void);

extern int compute_in_flight(const Client *client);
extern int compute_total_in_flight(void);
extern int compute_average_ms(const Client *client);

#endif /* NPCSIM_GATEWAY_COMPUTE_H */
