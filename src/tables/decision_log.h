/*
 * decision_log.h
 *	  The log of decisions: what became of requests to minds, as rows of decision_log.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_DECISION_LOG_H
#define NPCSIM_TABLES_DECISION_LOG_H

#include "postgres.h"

#include "utils/timestamp.h"

/* A request that its NPC's slot no longer holds, as the log tells it. */
typedef struct PastRequest
{
	int64		request_id;
	int64		npc_id;
	int64		player_id;
	char	   *reason;
	TimestampTz opened_at_real;
	TimestampTz sent_at_real;
	bool		answered; /* before or in this batch */
} PastRequest;

/* Returns those of a world's requests that are in the log. */
extern PastRequest *past_requests_read(int64 world_id, const int64 *request_ids, int request_count,
									   int *count);

typedef struct LoggedDecision
{
	int64		world_id;
	int64		request_id;
	int64		npc_id;
	int64		player_id;
	const char *reason;	  /* of the request */
	const char *status;	  /* what became of it */
	const char *code;	  /* SQLSTATE of a refusal, or NULL */
	const char *detail;	  /* or NULL */
	const char *decision; /* JSON, or NULL */
	int64		tokens;	  /* -1 = not known */
	int64		clock;	  /* µs */
	TimestampTz opened_at_real;
	TimestampTz sent_at_real; /* 0 = never */
} LoggedDecision;

extern void decision_log_write(const LoggedDecision *decisions, int count);

/* How long a player's mind takes: the 95th percentile of its last decisions. */
typedef struct PlayerResponseTime
{
	int64  player_id;
	double p95_ms;
} PlayerResponseTime;

/*
 * Returns it for players with enough decisions among the newest rows of all players together, read by the
 * caller's snapshot. Decisions during which the world was started do not count.
 */
extern PlayerResponseTime *decision_response_times_read(int rows_most, int *count);

#endif /* NPCSIM_TABLES_DECISION_LOG_H */
