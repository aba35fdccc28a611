/*
 * reach.h
 *	  Finds where an NPC can walk without leaving what it sees.
 *
 * It is for readers who have no grid of the world: only the cells in sight count, so whatever is
 * reached here can be walked to, while there may be longer ways to what is not reached.
 */
#ifndef NPCSIM_REACH_H
#define NPCSIM_REACH_H

#include "sim/sim.h"

#define REACH_SIDE (2 * SIGHT_CELLS + 1)

typedef struct Reach
{
	Cell center;						  /* where the NPC is */
	bool blocked[REACH_SIDE][REACH_SIDE]; /* [y][x], from SIGHT_CELLS above and left of it */
	bool reached[REACH_SIDE][REACH_SIDE];
} Reach;

/*
 * reach_begin() blocks every cell; then reach_set() opens cells and puts items in the way; then
 * reach_spread() finds what is reached.
 */
extern void reach_begin(Reach *reach, Cell center);
extern void reach_set(Reach *reach, Cell cell, bool blocked); /* a cell outside the square is ignored */
extern void reach_spread(Reach *reach);

/* Whether a cell is free and can be walked to, and is not the NPC's own. */
extern bool reach_has(const Reach *reach, Cell cell);

/* Whether a walk to the cell, or next to it when it is blocked, gets there. */
extern bool reach_leads_to(const Reach *reach, Cell cell);

/* Whether there is any cell to go to. */
extern bool reach_leads_anywhere(const Reach *reach);

#endif /* NPCSIM_REACH_H */
