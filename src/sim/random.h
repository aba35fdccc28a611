/*
 * random.h
 *	  Reproducible chance: a counter-based generator without state.
 *
 * A draw is a pure function of (world seed, entity, counter), so that it does
 * not depend on the order in which entities are served.  Every draw needs a
 * counter of its own: the same three give the same number again.
 */
#ifndef NPCSIM_RANDOM_H
#define NPCSIM_RANDOM_H

#include "sim/sim.h"

/*
 * Keys taken by the rules themselves.  Entities of a world have ids >= 0 and
 * count their draws upwards from 0, so neither ever meets these.
 */
#define SIM_ENTITY_COLONY INT64_C(-1)
#define SIM_ENTITY_NAMES  INT64_C(-2)
#define SIM_COUNTER_DECAY UINT64_MAX

extern uint64_t sim_random(uint64_t seed, int64_t entity, uint64_t counter);

/* Uniform in 0 .. bound - 1 (bound >= 1), without modulo bias. */
extern uint32_t sim_random_below(uint64_t seed, int64_t entity, uint64_t counter, uint32_t bound);

#endif /* NPCSIM_RANDOM_H */
