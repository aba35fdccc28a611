/*
 * inputs.h
 *	  Reads the arguments of stored inputs by the reducer's description.
 */
#ifndef NPCSIM_INPUTS_H
#define NPCSIM_INPUTS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "reducer.h"

/*
 * Reads the arguments of an input into 'arguments', which the caller has zeroed; texts are in the current
 * memory context, and are not checked again. Raises XX001 if a member is missing or invalid.
 */
extern void input_read(const Reducer *reducer, Jsonb *payload, void *arguments);

#endif /* NPCSIM_INPUTS_H */
