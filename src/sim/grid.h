/*
 * grid.h
 *	  The cells of a world: terrain (free or blocked, no more), items, who stands where, and which cells are connected.
 *
 * Terrain and items block; NPCs do not, but one that stops prefers a cell on
 * which nobody stands. Component labels are kept lazily: they may join
 * cells that are no longer connected (after blocking), never separate cells
 * that are, so "unreachable" is certain and "reachable" is a promise that the
 * search checks. A search that contradicts the labels makes them fresh.
 */
#ifndef NPCSIM_GRID_H
#define NPCSIM_GRID_H

#include "sim/sim.h"

typedef struct Grid Grid;

/* Functions like malloc and free, given once; if both are NULL these two are used. */
typedef struct SimAllocator
{
	void *(*allocate)(void *context, size_t size); /* never returns NULL */
	void (*release)(void *context, void *pointer);
	void *context;
} SimAllocator;

/*
 * 'blocked' is a row-major bitmap, bit (y * size_x + x) & 7 of byte (y * size_x + x) >> 3; NULL = nothing is
 * blocked.
 */
extern Grid	  *grid_create(int32_t size_x, int32_t size_y, const uint8_t *blocked,
						   const SimAllocator *allocator);
extern void	   grid_free(Grid *grid);
extern int32_t grid_size_x(const Grid *grid);
extern int32_t grid_size_y(const Grid *grid);
extern bool	   grid_contains(const Grid *grid, Cell cell);
extern bool	   grid_terrain_blocked(const Grid *grid, Cell cell);
extern void	   grid_set_terrain(Grid *grid, Cell cell, bool blocked);

/*
 * Items are counted per cell, which is blocked while it has any. Cells outside the world, and removing an
 * item that is not there, have no effect.
 */
extern void grid_add_item(Grid *grid, Cell cell);
extern void grid_remove_item(Grid *grid, Cell cell);
extern bool grid_has_item(const Grid *grid, Cell cell);
extern bool grid_blocked(const Grid *grid, Cell cell); /* terrain, item or outside */

/* NPCs that stand still are counted per cell, exactly, however many there are. */
extern void grid_add_standing(Grid *grid, Cell cell);
extern void grid_remove_standing(Grid *grid, Cell cell);
extern int	grid_standing(const Grid *grid, Cell cell);

/*
 * Whether a walk may lead from one cell to the other; false is certain. A blocked cell counts as its free
 * neighbours: a sitter gets up from its chair, and an NPC that wants an item walks next to it.
 */
extern bool grid_connected(Grid *grid, Cell from, Cell to);
extern void grid_relabel(Grid *grid);

/*
 * Whether the free cells around a cell would still be connected, within three cells of it, if it were
 * blocked. If so, blocking it cuts nothing in two; false means that it might.
 */
extern bool grid_keeps_connected(const Grid *grid, Cell cell);

/*
 * Finds the free neighbour of 'cell' to step to or to end a path at: cells nobody stands on first, then
 * nearest to 'from' (squared distance), then N, E, S, W. Returns false if all four are blocked.
 */
extern bool grid_free_neighbour(const Grid *grid, Cell cell, Cell from, Cell *result);

#endif /* NPCSIM_GRID_H */
