/*
 * submit.h
 *	  Answers and failures on their way into the database, in batches.
 */
#ifndef NPCSIM_GATEWAY_SUBMIT_H
#define NPCSIM_GATEWAY_SUBMIT_H

#include <libwebsockets.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"

extern void submit_start(struct lws_context *context);

/* What is still waiting is lost; its requests are reopened by the database. */
extern void submit_stop(void);

/* request_id may be 0; the decision_result goes to the client if it is a player. */
extern void submit_answer(Client *client, int64_t request_id, const char *text, size_t length);

/* The mind failed; the text of the reason is cut to 500 bytes. */
extern void submit_failure(Client *client, int64_t request_id, const char *reason);

/* Registered afresh: failures of before mean nothing any more. */
extern void submit_registered(void);

/* Retries and tidies; several times a second. */
extern void submit_tick(void);

#endif /* NPCSIM_GATEWAY_SUBMIT_H */
