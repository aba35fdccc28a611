/*
 * reference_observation.h
 *	  A decision request as the reference game's mind server wants to be told it.
 *
 * That server checks what it gets: ids are strings, positions and times are
 * integers, what is absent is {} or left out and never null.  All functions
 * give new references, and NULL when memory is short or, where they say so,
 * when the request lacks what cannot be made up.  Any json_t may be NULL or of
 * another kind than expected.
 */
#ifndef NPCSIM_GATEWAY_REFERENCE_OBSERVATION_H
#define NPCSIM_GATEWAY_REFERENCE_OBSERVATION_H

#include <jansson.h>
#include <stdint.h>

/* The time of an observation in seconds of the world, which are game minutes. */
extern double reference_clock(const json_t *observations);

/*
 * The argument "observation".  NULL also when the observations have no
 * position or state.
 */
extern json_t *reference_observation(const json_t *observations, int64_t npc_id);

/* The traits of the NPC: an array of strings, possibly empty. */
extern json_t *reference_traits(const json_t *observations);

/* ---- pieces that the events need too ---- */

/* An id as a string; NULL when the value is neither an integer nor a string. */
extern json_t *reference_entity_id(const json_t *id);

/* [x, y] of {"x", "y"} or [x, y]; NULL when it is no cell. */
extern json_t *reference_cell(const json_t *position);

/* Rounded down, kept within 2^53. */
extern int64_t reference_whole(double number);

#endif /* NPCSIM_GATEWAY_REFERENCE_OBSERVATION_H */
