/*
 * answer_batch.h
 *	  Reads the arguments of batches of answers, and finds the worlds they are for.
 *
 * A batch comes as arrays of equal length, with one element of each per answer, and is applied world
 * by world.
 */
#ifndef NPCSIM_REDUCERS_ANSWER_BATCH_H
#define NPCSIM_REDUCERS_ANSWER_BATCH_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "reducers/answers.h"

#define BATCH_MAX 10000

/* Returns the length of an array argument without NULLs. Raises 22004 or 54000 if it is none. */
extern int	batch_size(FunctionCallInfo fcinfo, int n, const char *name, ArrayType **array);
extern void batch_require_same_length(int count, int other, const char *names);
/* Returns the elements of a text[] of that length. */
extern char **batch_texts(ArrayType *array, int count);

/*
 * Finds the worlds of the players who answered; answers of players who may not answer are refused. SPI must
 * be connected.
 */
extern void answers_find_worlds(Answer *answers, int count);

/* Returns the lowest world above 'after' that has a pending answer; 0 if there is none. */
extern int64 answers_next_world(const Answer *answers, int count, int64 after);

#endif /* NPCSIM_REDUCERS_ANSWER_BATCH_H */
