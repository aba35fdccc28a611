/*
 * sight.h
 *	  Who sees what: questions to the sight indexes.
 *
 * npc_tracks.sight and items.sight are GiST-indexed geometries of cells. Each world's are shifted by
 * multiples of SIGHT_STRIDE cells, so that worlds lie apart in the index; all
 * coordinates are integers below 2^24, which the index's single-precision boxes hold
 * exactly. A world's rows lie in one of SIGHT_PLANES planes, or two (sight.c).
 */
#ifndef NPCSIM_SIGHT_H
#define NPCSIM_SIGHT_H

#include "postgres.h"

#include "sim/sim.h"
#include "tables/npcs.h"

#define SIGHT_PLANES 64

/* Where in the index a world's geometries lie. */
extern SightShift sight_shift(int64 world_id, int plane);

typedef struct SightHit
{
	int32 viewer; /* position in the array of viewers */
	int64 id;
} SightHit;

/*
 * Candidates: every item that touches the box of 8 cells around a viewer. A superset of what is seen: the caller knows the
 * exact cells. In the current memory context; SPI is used inside.
 */
extern SightHit *sight_items(int64 world_id, int plane, int old_plane, const Cell *viewers, int count,
							 int *hits);

#endif /* NPCSIM_SIGHT_H */
