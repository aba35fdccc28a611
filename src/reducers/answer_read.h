/*
 * answer_read.h
 *	  Reading what a mind's answer says.
 */
#ifndef NPCSIM_REDUCERS_ANSWER_READ_H
#define NPCSIM_REDUCERS_ANSWER_READ_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "reducers/answers.h"

/* Fills in the answer from its text; it is refused when the text says too little to know what it is about. */
extern void answer_read(Answer *answer, const char *text);

/* A choice by number is the action that was offered by it with this question, and is kept in the log as that, too. */
extern void answer_read_choice(Answer *answer, const Slot *slot);

/* Optional number of a decision within 0 .. max as an integer of 'scale'; false if it is there and is none. */
extern bool decision_amount(JsonbContainer *object, const char *name, int64 scale, int64 max, int64 if_absent,
							int64 *amount);

#endif /* NPCSIM_REDUCERS_ANSWER_READ_H */
