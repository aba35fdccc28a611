/*
 * compact.h
 *	  An observation for minds with little room.
 */
#ifndef NPCSIM_COMPACT_H
#define NPCSIM_COMPACT_H

#include "postgres.h"

#include "reducers/choices.h"

/* 600 tokens of 2.9 bytes, what they are for small models' tokenizers in such a text. */
#define COMPACT_BYTES 1740

/*
 * The observation in at most COMPACT_BYTES, the choices (NULL: none were asked for) included: those that do not fit are taken off
 * the list.
 */
extern StringInfo compact_observation(const Scene *scene, int viewer, OfferedChoices *choices);

#endif /* NPCSIM_COMPACT_H */
