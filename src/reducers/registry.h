/*
 * registry.h
 *	  The table of all reducers (reducer_list.h), by name.
 */
#ifndef NPCSIM_REDUCERS_REGISTRY_H
#define NPCSIM_REDUCERS_REGISTRY_H

#include "postgres.h"

#include "reducer.h"

/* Returns NULL if there is none. */
extern const Reducer *reducer_named(const char *name);

#endif /* NPCSIM_REDUCERS_REGISTRY_H */
