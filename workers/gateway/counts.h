/*
 * counts.h
 *	  Counters of what happened since the gateway started, for the whole program; metrics.c publishes them.
 */
#ifndef NPCSIM_GATEWAY_COUNTS_H
#define NPCSIM_GATEWAY_COUNTS_H

#include <stdint.h>

typedef struct Counts
{
	/* connections */
	uint64_t clients;
	uint64_t clients_too_slow;
	uint64_t clients_rate_limited;
	uint64_t wrong_tokens;
	uint64_t frames_sent;
	uint64_t bytes_sent;
	uint64_t frames_received;

	/* requests for decisions */
	uint64_t decision_requests;
	uint64_t decision_answers;
	uint64_t decision_failures;
	uint64_t decision_timeouts;
	uint64_t decision_superseded;
	uint64_t decision_batches;
	uint64_t decision_claims; /* claims that the database answered, empty ones included */
	uint64_t decision_claims_empty;
} Counts;

extern Counts counts;

#endif /* NPCSIM_GATEWAY_COUNTS_H */
