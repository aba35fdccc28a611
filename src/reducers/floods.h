/*
 * floods.h
 *	  Suspends players who go on although they are told that it is too often.
 */
#ifndef NPCSIM_REDUCERS_FLOODS_H
#define NPCSIM_REDUCERS_FLOODS_H

#include "postgres.h"

/* A player's call was refused because it calls too often. SPI must be connected. */
extern void flood_note_refused_call(int64 player_id);

#endif /* NPCSIM_REDUCERS_FLOODS_H */
