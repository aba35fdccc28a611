/*
 * persons.h
 *	  Checks about persons that reducers of several families share.
 */
#ifndef NPCSIM_REDUCERS_PERSONS_H
#define NPCSIM_REDUCERS_PERSONS_H

#include "postgres.h"

/* Raises NS206 unless there is the person, and keeps it from being erased. SPI must be connected. */
extern void person_require(int64 person_id);

#endif /* NPCSIM_REDUCERS_PERSONS_H */
