/*
 * effect.h
 *	  What of a mind's decision takes effect.
 *
 * A decision is carried out as it is kept in world_inputs, in the world as in its replays: what is not kept has no effect.
 */
#ifndef NPCSIM_REDUCERS_EFFECT_H
#define NPCSIM_REDUCERS_EFFECT_H

#include "postgres.h"

#include "utils/jsonb.h"

/* An object with the members that take effect; of one that was kept, those members. */
extern Jsonb *decision_effect(Jsonb *decision);

/*
 * What is wrong with the size of a decision, or NULL. One with a number that is too long must not become a text at
 * all: a few bytes ("1e-16383") may stand for thousands.
 */
extern const char *decision_number_flaw(Jsonb *decision);
extern const char *effect_size_flaw(Jsonb *effect);

#endif /* NPCSIM_REDUCERS_EFFECT_H */
