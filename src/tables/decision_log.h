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

/* Is replaced in statements by the transaction that runs them, as the log has it. */
#define LOG_TRANSACTION "(SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8)"

/* Is replaced by the partition of the log that is written to. */
#define LOG_DAY "(pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.clock_timestamp()) / 86400)::bigint % 32)"

/*
 * A statement that logs requests as cut off or passed on (outcome): those that 'rows_', which has columns of decision_slots, tells. It
 * takes the clock of the last tick, since it does not hold the world.
 */
#define DECISION_LOG_CUT_OFF(rows_) \
	"INSERT INTO npcsim.decision_log (day, world_id, request_id, npc_id, player_id, reason, status, clock, " \
	"opened_at_real, sent_at_real, source_id, pooled, transaction) " \
	"SELECT " LOG_DAY ", s.world_id, s.request_id, s.npc_id, s.player_id, s.reason, s.outcome, " \
	"npcsim_internal.world_now(m.world_id, m.clock, 1000000 / w.tick_rate) / 1000000.0::float8, " \
	"s.opened_at_real, s.sent_at_real, s.source_id, s.pooled, " LOG_TRANSACTION " FROM " rows_ " s " \
	"JOIN npcsim.world_clock m ON m.world_id = s.world_id JOIN npcsim.world_settings w ON w.id = s.world_id"

/* A request that its NPC's slot no longer holds, as the log tells it. */
typedef struct PastRequest
{
	int64		request_id;
	int64		npc_id;
	int64		player_id;
	char	   *reason;
	TimestampTz opened_at_real;
	TimestampTz sent_at_real;
	int64		source_id; /* 0 = none */
	int64		credit;	   /* NPC-microseconds that an answer is still paid */
	bool		answered;  /* before or in this batch */
	bool		passed_on; /* it was taken from the player, and not given back */
	bool		pooled;	   /* the player was asked in place of the NPC's own */
} PastRequest;

/* Returns those of a world's requests that are in the log, one for each player who was asked. */
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
	int64		source_id;	  /* it was sent to; 0 = none */
	int64		credit;		  /* NPC-microseconds; -1 = nothing is paid any more */
	int32		plausibility; /* thousandths; -1 = it was not ranked */
	bool		pooled;		  /* it was handed to another than the NPC's player */
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
