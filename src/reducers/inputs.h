/*
 * inputs.h
 *	  What came to a world from outside and was stored, read again by its description.
 */
#ifndef NPCSIM_INPUTS_H
#define NPCSIM_INPUTS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "reducer.h"

/*
 * The arguments of an input, zeroed before, in the current memory context; XX001 when it has not what it must have. Texts
 * are taken as they were taken once.
 */
extern void input_read(const Reducer *reducer, Jsonb *payload, void *arguments);

#endif /* NPCSIM_INPUTS_H */
