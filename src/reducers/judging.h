/*
 * judging.h
 *	  Judging one answer of a mind, and carrying it out.
 *
 * Each function changes the image at lock->now, stores the input and leaves what became of the answer in its status, sqlstate
 * and reason; the caller ends with world_write().
 */
#ifndef NPCSIM_REDUCERS_JUDGING_H
#define NPCSIM_REDUCERS_JUDGING_H

#include "postgres.h"

#include "engine/world.h"
#include "reducers/answers.h"

/* An answer to what its NPC's slot (NULL: there is none) holds, or held last. */
extern void answer_judge(World *world, Answer *answer, Slot *slot);

/* An answer to an older question than the last: too late to be carried out, but credited once. NULL: the log knows none. */
extern void answer_judge_past(Answer *answer, PastRequest *past);

#endif /* NPCSIM_REDUCERS_JUDGING_H */
