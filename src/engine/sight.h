/*
 * sight.h
 *	  Reads the sight indexes: what is near a viewer.
 *
 * npc_tracks.sight and items.sight are GiST-indexed geometries of cells. Each world's are shifted by
 * multiples of SIGHT_STRIDE cells, so that worlds lie apart in the index; all coordinates are integers
 * below 2^24, which the index's single-precision boxes hold exactly. A world's rows lie in one of
 * SIGHT_PLANES planes, or two (sight.c).
 */
#ifndef NPCSIM_SIGHT_H
#define NPCSIM_SIGHT_H

#include "postgres.h"

#include "sim/sim.h"
#include "tables/geometries.h"
#include "tables/index_rows.h"

#define SIGHT_PLANES 64

/* Returns where in the index a world's geometries lie. */
extern SightShift sight_shift(int64 world_id, int plane);

/*
 * Rows that meet the box of SIGHT_CELLS around a viewer, each once: a superset of what is in sight, since the caller knows the
 * exact cells.
 *
 *		sight_begin(&reading, &rows, world_id, plane, old_plane);
 *		sight_look_from(&reading, cell);		… for each viewer
 *		while (sight_next(&reading))
 *			… reading.row.values[0], reading.row.nulls[0] …
 *		sight_end(&reading);
 *
 * sight_look_within asks for the box around a circle anywhere instead of what an NPC sees.
 *
 * What is seen is what the caller's snapshot sees. An error in between needs no clean-up; what is allocated is in
 * the current memory context, a box for each question.
 */
typedef struct SightReading
{
	IndexReading row;
	/* private */
	BoxMaker   boxes;
	SightShift shifts[2]; /* of the planes the world has rows in */
	int		   planes;
	int		   asked; /* of them, for this viewer */
	SightBox   box;
} SightReading;

/* 'rows' are read through a sight index; old_plane is negative when there is none. */
extern void sight_begin(SightReading *reading, IndexRows *rows, int64 world_id, int plane, int old_plane);
extern void sight_look_from(SightReading *reading, Cell cell);
extern void sight_look_within(SightReading *reading, double x, double y, double radius);
extern bool sight_next(SightReading *reading);
extern void sight_end(SightReading *reading);

#endif /* NPCSIM_SIGHT_H */
