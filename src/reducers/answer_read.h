/*
 * answer_read.h
 *	  Reads what a mind's answer says.
 */
#ifndef NPCSIM_REDUCERS_ANSWER_READ_H
#define NPCSIM_REDUCERS_ANSWER_READ_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "reducers/answers.h"

/* Fills in the answer from its text. It is refused if the text does not say what it answers. */
extern void answer_read(Answer *answer, const char *text);

/*
 * Replaces a choice by number with the action that was offered under that number with this question; the log
 * keeps it so, too.
 */
extern void answer_read_choice(Answer *answer, const Slot *slot);

/*
 * Reads an optional number of a decision, 0 .. max / scale, as an integer multiplied by 'scale'. Returns
 * false if it is there and is invalid.
 */
extern bool decision_amount(JsonbContainer *object, const char *name, int64 scale, int64 max, int64 if_absent,
							int64 *amount);

#endif /* NPCSIM_REDUCERS_ANSWER_READ_H */
