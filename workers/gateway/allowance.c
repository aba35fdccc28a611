/*
 * allowance.c
 *	  Limits how often something may be done.
 */
#include "allowance.h"

#include <math.h>

#define MINUTE_MS 60000.0
#define ROUNDING  1e-6 /* the error that many small steps of recover() may add up to */

/* Subtracts what became free again since the last time. */
static void
recover(Allowance *allowance, Rate rate, int64_t now)
{
	allowance->used -= (double) (now - allowance->at) * rate.per_minute / MINUTE_MS;
	if (allowance->used < ROUNDING)
		allowance->used = 0;
	allowance->at = now;
}

bool
allowance_take(Allowance *allowance, Rate rate, int64_t now)
{
	recover(allowance, rate, now);
	if (allowance->used + 1 > rate.burst + ROUNDING)
		return false;
	allowance->used += 1;
	return true;
}

void
allowance_charge(Allowance *allowance, Rate rate, int64_t now)
{
	recover(allowance, rate, now);
	allowance->used = fmin(allowance->used + 1, 2.0 * rate.burst);
}

void
allowance_refund(Allowance *allowance)
{
	allowance->used = fmax(allowance->used - 1, 0);
}

int64_t
allowance_wait(Allowance *allowance, Rate rate, int64_t now)
{
	recover(allowance, rate, now);
	if (allowance->used + 1 <= rate.burst + ROUNDING)
		return 0;
	return (int64_t) ceil((allowance->used + 1 - rate.burst) * MINUTE_MS / rate.per_minute);
}

bool
allowance_is_whole(Allowance *allowance, Rate rate, int64_t now)
{
	recover(allowance, rate, now);
	return allowance->used <= 0;
}
