/*
 * needs.h
 *	  Needs, each kept as a value, its rate and the moment at which the value was true.
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

/* Returns -1 if there is no such need. */
extern int need_by_name(const char *name);

/*
 * Returns the value at a moment >= as_of, rounded down to the millionth, clamped to 0 .. NEED_MAX; it never
 * overflows. Before as_of it is the value itself.
 */
extern int32_t need_at(int32_t value, int32_t rate, int64_t as_of, int64_t now);

/* Makes 'now' (>= as_of) the moment of all values; rates stay. */
extern void needs_rebase(Needs *needs, int64_t now);

/*
 * Returns the first moment > now at which the need is below (rate < 0) or at or above (rate > 0) the
 * threshold; SIM_NEVER if that will not happen or has happened.
 */
extern int64_t need_crosses(int32_t value, int32_t rate, int64_t as_of, int64_t now, int32_t threshold);

/* The fastest decay a world may have: a need of 100 lasts a second. The slowest is none. */
#define NEED_DECAY_MOST NEED_MAX
/* The decay in the reference game is 1.0 to 2.0 units per second. */
#define NEED_DECAY_REFERENCE_MIN NEED_UNIT
#define NEED_DECAY_REFERENCE_MAX (2 * NEED_UNIT)

/*
 * Draws from the seed the decay that every need of an NPC has, from least to most. In another range the same
 * NPC has the same relative place.
 */
extern int32_t needs_draw_decay(uint64_t seed, int64_t npc_id, int32_t least, int32_t most);

#endif /* NPCSIM_NEEDS_H */
