/*
 * reference.h
 *	  The bounds of the reference game's dialect.
 */
#ifndef NPCSIM_GATEWAY_REFERENCE_H
#define NPCSIM_GATEWAY_REFERENCE_H

/* How many minds are remembered; beyond them the one asked longest ago is forgotten. */
#define REFERENCE_MAX_MINDS 1024

/* A call that nobody waits for is given up after this time, so that its mind can be called again. */
#define REFERENCE_PATIENCE_MS 120000

/* Memories are consolidated when the game's day changes, but not more often than this. */
#define REFERENCE_CONSOLIDATE_MS 60000

/* A mind is released when it was not asked for this long, both in real time and in the world's time. */
#define REFERENCE_RELEASE_MS 600000
#define REFERENCE_RELEASE_S	 600 /* seconds of the world */

#endif /* NPCSIM_GATEWAY_REFERENCE_H */
