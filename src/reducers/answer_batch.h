/*
 * answer_batch.h
 *	  Batches of answers: their arguments, and the worlds they are for.
 *
 * A batch comes as arrays of equal length, with one element of each per answer, and is taken world by world.
 */
#ifndef NPCSIM_REDUCERS_ANSWER_BATCH_H
#define NPCSIM_REDUCERS_ANSWER_BATCH_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "reducers/answers.h"

#define BATCH_MAX 10000

/* The length of an array argument without nulls; an error (22004, 54000) when it is no batch. */
extern int	batch_size(FunctionCallInfo fcinfo, int n, const char *name, ArrayType **array);
extern void batch_require_same_length(int count, int other, const char *names);
/* Elements of a text[] of that length. */
extern char **batch_texts(ArrayType *array, int count);

/* Finds the worlds of the players who answered; those who may not answer are refused. SPI must be connected. */
extern void answers_find_worlds(Answer *answers, int count);

/* The lowest world above 'after' that has something to do; 0 if there is none. */
extern int64 answers_next_world(const Answer *answers, int count, int64 after);

#endif /* NPCSIM_REDUCERS_ANSWER_BATCH_H */
