/*
 * random.c
 *	  Reproducible chance: a counter-based generator without state.
 *
 * Three rounds of the SplitMix64 output function (Steele, Lea and Flood 2014,
 * with Stafford's constants), one for each part of the key.  For one entity the
 * counter therefore walks a plain SplitMix64 sequence; sequences of different
 * entities and worlds begin at unrelated places.  The numbers are part of a
 * world's history: changing them changes every world.
 */
#include "sim/random.h"

/* It is odd, so that its multiples visit every 64-bit number. */
#define WEYL_STEP UINT64_C(0x9e3779b97f4a7c15)

/* sim_random_below() rejects at most so many draws; each rejection has a chance below 2^-32. */
#define REDRAWS_MAX 16

static inline uint64_t
mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

uint64_t
sim_random(uint64_t seed, int64_t entity, uint64_t counter)
{
	uint64_t world = mix(seed + WEYL_STEP);
	uint64_t stream = mix(world + ((uint64_t) entity + 1) * WEYL_STEP);

	return mix(stream + (counter + 1) * WEYL_STEP);
}

/*
 * Multiplies a 64-bit draw into the range (Lemire 2019).  The few draws that
 * would favour some results are mixed once more instead of taking another
 * counter, so a call always uses up exactly one.
 */
uint32_t
sim_random_below(uint64_t seed, int64_t entity, uint64_t counter, uint32_t bound)
{
	uint64_t		  draw = sim_random(seed, entity, counter);
	unsigned __int128 product = (unsigned __int128) draw * bound;

	if ((uint64_t) product < bound)
	{
		uint64_t surplus = -(uint64_t) bound % bound; /* 2^64 mod bound */

		for (int i = 0; i < REDRAWS_MAX && (uint64_t) product < surplus; i++)
		{
			draw = mix(draw + WEYL_STEP);
			product = (unsigned __int128) draw * bound;
		}
	}
	return (uint32_t) (product >> 64);
}
