/*
 * numbers.h
 *	  Bounds of numbers that come from outside: players, operators and clocks say anything.
 */
#ifndef NPCSIM_MARKET_NUMBERS_H
#define NPCSIM_MARKET_NUMBERS_H

#include "sim/sim.h"

#define THOUSAND 1000

static inline int64_t
min_int64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t
max_int64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t
within(int64_t number, int64_t least, int64_t most)
{
	return max_int64(least, min_int64(number, most));
}

/* From 'since' to 'now'; 0 when the clock went back. */
static inline int64_t
elapsed(int64_t since, int64_t now)
{
	uint64_t span = (uint64_t) now - (uint64_t) since;

	if (now <= since)
		return 0;
	return span < INT64_MAX ? (int64_t) span : INT64_MAX;
}

#endif /* NPCSIM_MARKET_NUMBERS_H */
