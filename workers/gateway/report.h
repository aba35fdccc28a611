/*
 * report.h
 *	  Reports what becomes of decisions, and a player's standing, to those who
 *	  compute: to npcsim-agent, for its player to read, and to minds that speak
 *	  npcsim.v1.
 */
#ifndef NPCSIM_GATEWAY_REPORT_H
#define NPCSIM_GATEWAY_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"

/* The value of the header Npcsim-Reports with which an MCP server asks for reports when it connects. */
#define REPORTS_WANTED "1"

/* Begins to gather outcomes for a client that asked for reports. */
extern void report_begin(Client *client);
extern void report_end(Client *client);

/* Adds the outcome of a request, or of an answer to none (0), if the client wants outcomes; code and reason may be NULL. */
extern void report_outcome(Client *client, int64_t request_id, int64_t npc_id, const char *status,
						   const char *code, const char *reason);

/* Adds the outcome that the text of a frame "decision_result" tells. */
extern void report_result(Client *client, const char *result);

/* After each poll: asks the database for the standing of all players who compute, if the last time is long enough ago. */
extern void reports_polled(void);

/* Sends the outcomes that were gathered; to be called several times a second. */
extern void report_tick(Client *client, int64_t now);

#endif /* NPCSIM_GATEWAY_REPORT_H */
