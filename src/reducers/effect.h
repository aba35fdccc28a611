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

/*
 * The effect with blanks for line breaks and tabs: its texts are what others read. NULL, and *flaw says why, when one of
 * them has what may not stand in it (sim/texts.h), or a message or reason has nothing to see. Only for what comes from
 * outside: what was taken once is replayed as it is.
 */
extern Jsonb *effect_with_plain_texts(Jsonb *effect, const char **flaw);

#endif /* NPCSIM_REDUCERS_EFFECT_H */
