/*
 * allowance.h
 *	  How often something may be done: so many times at once, and so many
 *	  more in a time.
 */
#ifndef NPCSIM_GATEWAY_ALLOWANCE_H
#define NPCSIM_GATEWAY_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Rate
{
	int per_minute;
	int burst;
} Rate;

/* All zeros is one of which nothing was taken yet. */
typedef struct Allowance
{
	double	used; /* of the burst; negative never, above it when something was taken that was not there */
	int64_t at;
} Allowance;

/* Takes one when there is one. */
extern bool allowance_take(Allowance *allowance, Rate rate, int64_t now);

/* Takes one that may not be there: up to twice the burst is owed. */
extern void allowance_charge(Allowance *allowance, Rate rate, int64_t now);

/* The last one was not meant to be taken. */
extern void allowance_refund(Allowance *allowance);

/* Milliseconds until there is one; 0 = there is. */
extern int64_t allowance_wait(Allowance *allowance, Rate rate, int64_t now);

/* Is it as it was at first? */
extern bool allowance_is_whole(Allowance *allowance, Rate rate, int64_t now);

#endif /* NPCSIM_GATEWAY_ALLOWANCE_H */
