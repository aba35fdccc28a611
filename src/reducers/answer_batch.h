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

#include "reducer.h"
#include "reducers/answers.h"

#define BATCH_MAX 10000

/*
 * Reads a batch, whose arguments are lists of ids and of texts, and returns their length. Raises 22004, 54000
 * or 2202E if they are no batch. The texts are not checked: whoever uses them does, one by one.
 */
extern int batch_read(FunctionCallInfo fcinfo, const Argument *arguments, int argument_count, void *batch);

/*
 * Finds the worlds of the players who answered; answers of players who may not answer are refused. SPI must
 * be connected.
 */
extern void answers_find_worlds(Answer *answers, int count);

/* Returns the lowest world above 'after' that has a pending answer; 0 if there is none. */
extern int64 answers_next_world(const Answer *answers, int count, int64 after);

#endif /* NPCSIM_REDUCERS_ANSWER_BATCH_H */
