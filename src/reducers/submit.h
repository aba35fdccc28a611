/*
 * submit.h
 *	  Applies answers of minds to their worlds.
 */
#ifndef NPCSIM_REDUCERS_SUBMIT_H
#define NPCSIM_REDUCERS_SUBMIT_H

#include "postgres.h"

#include "reducers/answers.h"

/* Judges those of the answers that are a world's, carries them out, and writes the world. SPI must be connected. */
extern void answers_apply(int64 world_id, Answer *answers, int count);

#endif /* NPCSIM_REDUCERS_SUBMIT_H */
