/*
 * submit.h
 *	  Submits answers and failures to the database, in batches.
 */
#ifndef NPCSIM_GATEWAY_SUBMIT_H
#define NPCSIM_GATEWAY_SUBMIT_H

#include <libwebsockets.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"

extern void submit_start(struct lws_context *context);

/* Drops what is still waiting; the database reopens its requests. */
extern void submit_stop(void);

/*
 * Submits an answer, whose request_id may be 0.  A client of npcsim.v1 gets the decision_result; for an MCP server it is
 * reported.
 */
extern void submit_answer(Client *client, int64_t request_id, const char *text, size_t length);

/* Submits that a mind failed; the reason is cut to 500 bytes. */
extern void submit_failure(Client *client, int64_t request_id, const char *reason);

/* After a new registration: sends the answers that wait, and drops the failures, whose requests the database has reopened. */
extern void submit_registered(void);

/* Sends again what failed, and frees what is not needed; to be called several times a second. */
extern void submit_tick(void);

#endif /* NPCSIM_GATEWAY_SUBMIT_H */
