/*
 * reference.h
 *	  The bounds of the reference game's dialect.
 */
#ifndef NPCSIM_GATEWAY_REFERENCE_H
#define NPCSIM_GATEWAY_REFERENCE_H

#define REFERENCE_MAX_MINDS 1024 /* remembered; the one asked longest ago makes room */

/* How long a call nobody waits for keeps its mind from the next one. */
#define REFERENCE_PATIENCE_MS 120000

/* Memories are consolidated at the change of the game's day, but not more often than this. */
#define REFERENCE_CONSOLIDATE_MS 60000

/* A mind is released when it was not asked for so long, while others were. */
#define REFERENCE_RELEASE_MS 600000
#define REFERENCE_RELEASE_S	 600 /* of the world */

#endif /* NPCSIM_GATEWAY_REFERENCE_H */
