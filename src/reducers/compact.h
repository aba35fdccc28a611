/*
 * compact.h
 *	  The observation for minds with little room.
 */
#ifndef NPCSIM_COMPACT_H
#define NPCSIM_COMPACT_H

#include "postgres.h"

#include "reducers/choices.h"
#include "reducers/history.h"
#include "reducers/observe.h"

/* 600 tokens of 2.9 bytes, which is what tokenizers of small models need for such texts. */
#define COMPACT_BYTES 1740

/*
 * Returns the observation in at most COMPACT_BYTES, including the choices (NULL: none were asked for);
 * choices that do not fit are removed from the list.
 */
extern StringInfo compact_observation(const Scene *scene, int viewer, const Observation *observation,
									  const RecentEvents *recent, OfferedChoices *choices);

#endif /* NPCSIM_COMPACT_H */
