/*
 * report.h
 *	  What becomes of decisions, told to those who compute: to npcsim-agent, for
 *	  its player to read, and to minds on their own connection.
 */
#ifndef NPCSIM_GATEWAY_REPORT_H
#define NPCSIM_GATEWAY_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"

/* The value of the header Npcsim-Reports with which an MCP server that dials in asks for reports. */
#define REPORTS_WANTED "1"

/* It asked for reports; of others report_begin need not be called. */
extern void report_begin(Client *client);
extern void report_end(Client *client);

/* The outcome of a request, or of an answer to none (0); reason and code may be NULL. */
extern void report_outcome(Client *client, int64_t request_id, int64_t npc_id, const char *status,
						   const char *code, const char *reason);

/* The same from the frame "decision_result". */
extern void report_result(Client *client, const char *result);

/* After each poll: which NPCs the players have, and whether their minds may be asked, may have changed. */
extern void reports_polled(void);

/* Sends what was gathered; several times a second. */
extern void report_tick(Client *client, int64_t now);

#endif /* NPCSIM_GATEWAY_REPORT_H */
