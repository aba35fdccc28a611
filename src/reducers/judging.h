/*
 * judging.h
 *	  Judges one answer of a mind, and carries it out.
 *
 * Each function changes the image at lock->now, stores the input, and leaves the outcome in the
 * answer's status, sqlstate and reason; the caller ends with world_write().
 */
#ifndef NPCSIM_REDUCERS_JUDGING_H
#define NPCSIM_REDUCERS_JUDGING_H

#include "postgres.h"

#include "engine/world.h"
#include "reducers/answers.h"

/*
 * Judges an answer to the request that its NPC's slot holds, or held last; 'slot' is NULL if there is none.
 */
extern void answer_judge(World *world, Answer *answer, Slot *slot);

/*
 * Judges an answer to an older request: it is too late to be carried out, but is credited once. 'past' is
 * NULL if the log does not know the request.
 */
extern void answer_judge_past(World *world, Answer *answer, PastRequest *past);

/*
 * Has an NPC do what a decision says, whoever decided it, as if its own mind had. 'effect' is decision_effect() of it. Its question, if
 * one is open, stays open.
 */
extern Refusal decision_carry_out(World *world, Npc *npc, Jsonb *effect);

#endif /* NPCSIM_REDUCERS_JUDGING_H */
