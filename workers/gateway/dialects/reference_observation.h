/*
 * reference_observation.h
 *	  Translates the observations of a decision request for the reference game's mind server.
 *
 * That server checks what it gets: ids are strings, positions and times are
 * integers, what is absent is {} or left out and never null.  All functions
 * that return a json_t return a new reference, or NULL when memory is short or,
 * where they say so, when the request lacks what cannot be made up.  Any json_t
 * that they are given may be NULL or of another type than expected.
 */
#ifndef NPCSIM_GATEWAY_REFERENCE_OBSERVATION_H
#define NPCSIM_GATEWAY_REFERENCE_OBSERVATION_H

#include <jansson.h>
#include <stdint.h>

/* Returns the world's clock in the observations, in seconds of the world; each is a minute of the game. */
extern double reference_clock(const json_t *observations);

/*
 * Returns the argument "observation"; NULL also when the observations have no
 * position or state.
 */
extern json_t *reference_observation(const json_t *observations, int64_t npc_id);

/* Returns the traits of the NPC: an array of strings, possibly empty. */
extern json_t *reference_traits(const json_t *observations);

/* ---- pieces that reference_events.c needs, too ---- */

/* Returns an id as a string; NULL when the value is neither an integer nor a string. */
extern json_t *reference_entity_id(const json_t *id);

/* Returns [x, y] for a position {"x", "y"} or [x, y]; NULL when it is neither. */
extern json_t *reference_cell(const json_t *position);

/* Returns the number rounded down, and at most 2^53 in magnitude. */
extern int64_t reference_whole(double number);

#endif /* NPCSIM_GATEWAY_REFERENCE_OBSERVATION_H */
