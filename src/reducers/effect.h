/*
 * effect.h
 *	  The effect of a mind's decision: the members of it that change anything.
 *
 * A decision is carried out as it is kept in world_inputs, in the world as in its replays: what is not
 * kept has no effect.
 */
#ifndef NPCSIM_REDUCERS_EFFECT_H
#define NPCSIM_REDUCERS_EFFECT_H

#include "postgres.h"

#include "utils/jsonb.h"

/*
 * Returns an object with the members that take effect. Applied to an input, it returns the effect that was
 * stored.
 */
extern Jsonb *decision_effect(Jsonb *decision);

/*
 * Return what is wrong with the size of a decision, or NULL. A decision with a number that is too long must
 * not become a text at all: a few bytes ("1e-16383") may stand for thousands.
 */
extern const char *decision_number_flaw(Jsonb *decision);
extern const char *effect_size_flaw(Jsonb *effect);

/*
 * Returns the effect with line breaks and tabs replaced by blanks, since others read its texts. NULL, with
 * the reason in *flaw, if a text has forbidden characters (sim/texts.h), or a message or reason has nothing
 * to see. It is only for decisions from outside: an input is replayed as it is.
 */
extern Jsonb *effect_with_plain_texts(Jsonb *effect, const char **flaw);

#endif /* NPCSIM_REDUCERS_EFFECT_H */
