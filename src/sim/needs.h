/*
 * needs.h
 *	  Needs as value + rate + the moment they were true at.
 */
#ifndef NPCSIM_NEEDS_H
#define NPCSIM_NEEDS_H

#include "sim/sim.h"

typedef struct Needs
{
	int32_t value[NEED_COUNT]; /* at as_of, 0 .. NEED_MAX */
	int32_t rate[NEED_COUNT];  /* change per second, interaction included */
	int64_t as_of;
} Needs;

extern const char *const need_names[NEED_COUNT]; /* "hunger", … */

/* -1 when there is no such need. */
extern int need_by_name(const char *name);

/*
 * The value at a moment >= as_of, rounded down to the millionth, clamped to
 * 0 .. NEED_MAX; never overflows.  Before as_of it is the value itself.
 */
extern int32_t need_at(int32_t value, int32_t rate, int64_t as_of, int64_t now);

/* Makes 'now' (>= as_of) the new base of all of them; rates stay. */
extern void needs_rebase(Needs *needs, int64_t now);

/*
 * The first moment > now at which the need is below (rate < 0) or at or above
 * (rate > 0) the threshold; SIM_NEVER if it will not happen or has happened.
 */
extern int64_t need_crosses(int32_t value, int32_t rate, int64_t as_of, int64_t now, int32_t threshold);

/* Decays a world may have: a need of 100 lasts a second, or for ever. */
#define NEED_DECAY_MOST NEED_MAX
/* What it is in the reference game, 1.0 to 2.0 units per second. */
#define NEED_DECAY_REFERENCE_MIN NEED_UNIT
#define NEED_DECAY_REFERENCE_MAX (2 * NEED_UNIT)

/*
 * The decay every need of an NPC has, from least to most, drawn from the seed: of another range it is the same share of
 * the way.
 */
extern int32_t needs_draw_decay(uint64_t seed, int64_t npc_id, int32_t least, int32_t most);

#endif /* NPCSIM_NEEDS_H */
