/*
 * backoff.c
 *	  Computes how long to wait before the next attempt.
 */
#include "backoff.h"

int64_t
backoff_next(Backoff *backoff, uint32_t noise)
{
	int64_t ceiling = 2 * BACKOFF_MIN_MS;

	for (unsigned i = 0; i < backoff->failures && ceiling < BACKOFF_MAX_MS; i++)
		ceiling *= 2;
	if (ceiling > BACKOFF_MAX_MS)
		ceiling = BACKOFF_MAX_MS;
	if (backoff->failures < UINT32_MAX)
		backoff->failures++;
	return BACKOFF_MIN_MS + (int64_t) noise % (ceiling - BACKOFF_MIN_MS + 1);
}

void
backoff_reset(Backoff *backoff)
{
	backoff->failures = 0;
}
