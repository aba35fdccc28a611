/*
 * allowance.h
 *	  Limits how often something may be done: a burst at once, and so many
 *	  per minute after that (a leaky bucket).
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

/* What was used of a rate.  One that is all zeros has not been used. */
typedef struct Allowance
{
	double	used; /* of the burst; above it only by allowance_charge() */
	int64_t at;	  /* the time, by now_ms(), at which "used" was computed */
} Allowance;

/* Takes one if there is one; returns false if there is none. */
extern bool allowance_take(Allowance *allowance, Rate rate, int64_t now);

/* Takes one even if there is none; what was used can thus reach twice the burst. */
extern void allowance_charge(Allowance *allowance, Rate rate, int64_t now);

/* Gives back the one that was taken last. */
extern void allowance_refund(Allowance *allowance);

/* Returns in how many milliseconds there is one to take; 0 = now. */
extern int64_t allowance_wait(Allowance *allowance, Rate rate, int64_t now);

/* Returns true if nothing of it is used. */
extern bool allowance_is_whole(Allowance *allowance, Rate rate, int64_t now);

#endif /* NPCSIM_GATEWAY_ALLOWANCE_H */
