/*
 * backoff.h
 *	  Computes how long to wait before the next attempt.
 */
#ifndef NPCSIM_AGENT_BACKOFF_H
#define NPCSIM_AGENT_BACKOFF_H

#include <stdint.h>

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 30000

typedef struct Backoff
{
	unsigned failures; /* in a row */
} Backoff;

/*
 * Counts a failure and returns the wait before the next attempt in
 * milliseconds: random between BACKOFF_MIN_MS and a ceiling that doubles
 * with every failure in a row, from 2 s to BACKOFF_MAX_MS.  The randomness
 * spreads many agents that lost the same gateway.  noise is any random number.
 */
extern int64_t backoff_next(Backoff *backoff, uint32_t noise);

/* Forgets the failures after a success. */
extern void backoff_reset(Backoff *backoff);

#endif /* NPCSIM_AGENT_BACKOFF_H */
