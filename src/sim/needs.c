/*
 * needs.c
 *	  Needs, each kept as a value, its rate and the moment at which the value was true.
 *
 * Changes are rounded towards minus infinity to the millionth of a unit: need_at() is value +
 * floor(rate * elapsed / 10^6).  A decay thus begins to show at once and a gain when it is complete.
 * Making a moment the new base drops the fraction, so that the need may afterwards be one millionth
 * lower than it would have been; never higher, and never more than one per re-basing.
 */
#include "sim/needs.h"

#include <string.h>

#include "sim/random.h"

/*
 * After so many seconds every need with a rate has reached its end; elapsed times are cut here so that no
 * product overflows.
 */
#define SATURATION_SECONDS ((int64_t) NEED_MAX)

const char *const need_names[] = {
#define NEED(constant_, name_) [NEED_##constant_] = #name_,
#include "sim/need_list.h"
#undef NEED
};

int
need_by_name(const char *name)
{
	for (int i = 0; name && i < NEED_COUNT; i++)
		if (strcmp(name, need_names[i]) == 0)
			return i;
	return -1;
}

static inline int32_t
clamp_need(int64_t value)
{
	if (value < 0)
		return 0;
	return value > NEED_MAX ? NEED_MAX : (int32_t) value;
}

/* Divides by a divisor > 0, rounding down. */
static inline int64_t
divide_down(int64_t dividend, int64_t divisor)
{
	return dividend / divisor - (dividend % divisor < 0);
}

int32_t
need_at(int32_t value, int32_t rate, int64_t as_of, int64_t now)
{
	uint64_t elapsed;
	int64_t	 seconds;
	int64_t	 rest;

	if (now <= as_of || rate == 0)
		return clamp_need(value);

	/* Unsigned, since two int64 may be further apart than an int64 holds. */
	elapsed = (uint64_t) now - (uint64_t) as_of;
	if (elapsed > (uint64_t) (SATURATION_SECONDS * SIM_SECOND))
		elapsed = (uint64_t) (SATURATION_SECONDS * SIM_SECOND);
	seconds = (int64_t) elapsed / SIM_SECOND;
	rest = (int64_t) elapsed % SIM_SECOND;
	return clamp_need(clamp_need(value) + rate * seconds + divide_down(rate * rest, SIM_SECOND));
}

void
needs_rebase(Needs *needs, int64_t now)
{
	for (int i = 0; i < NEED_COUNT; i++)
		needs->value[i] = need_at(needs->value[i], needs->rate[i], needs->as_of, now);
	needs->as_of = now;
}

int64_t
need_crosses(int32_t value, int32_t rate, int64_t as_of, int64_t now, int32_t threshold)
{
	int64_t way; /* from the value to the threshold, in the direction of the rate */
	int64_t elapsed;

	value = clamp_need(value);
	if (rate < 0 && threshold > 0 && value >= threshold)
	{
		/* Solves floor(rate * elapsed / 10^6) < -way. */
		way = (int64_t) value - threshold;
		elapsed = way * SIM_SECOND / -(int64_t) rate + 1;
	}
	else if (rate > 0 && threshold <= NEED_MAX && value < threshold)
	{
		/* Solves floor(rate * elapsed / 10^6) >= way. */
		way = (int64_t) threshold - value;
		elapsed = (way * SIM_SECOND + rate - 1) / rate;
	}
	else
		return SIM_NEVER;

	if (as_of > SIM_NEVER - elapsed || as_of + elapsed <= now)
		return SIM_NEVER;
	return as_of + elapsed;
}

int32_t
needs_draw_decay(uint64_t seed, int64_t npc_id, int32_t least, int32_t most)
{
	return least + (int32_t) sim_random_below(seed, npc_id, SIM_COUNTER_DECAY, (uint32_t) (most - least) + 1);
}
