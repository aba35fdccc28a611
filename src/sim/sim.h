/*
 * sim.h
 *	  Units and small types shared by the rules of the world.
 *
 * Nothing under sim/ knows PostgreSQL, and nothing in it uses floating point:
 * the same inputs give the same bits on every machine.
 *
 * Times are microseconds of the world's clock, needs are millionths of a
 * unit (0 .. NEED_MAX), rates are millionths of a unit per second, cells are
 * integers from 0 with the origin at the top left.
 */
#ifndef NPCSIM_SIM_H
#define NPCSIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_SECOND INT64_C(1000000)
#define SIM_NEVER  INT64_MAX /* "no such moment" */

#define CELL_TIME		INT64_C(250000) /* a walker's time per cell */
#define LEG_CELLS		33				/* cells of one leg, its start included */
#define SIGHT_SQUARED	68				/* dx² + dy² <= 68 is within 8.25 cells */
#define SIGHT_CELLS		8				/* half the side of its bounding box */
#define TALK_SQUARED	25				/* dx² + dy² <= 25: NPCs within 5 cells can interact */
#define WANDER_CELLS	12
#define WORLD_CELLS_MAX 4096 /* per side */

#define NEED_UNIT 1000000
#define NEED_MAX  (100 * NEED_UNIT)

typedef enum Need
{
#define NEED(constant_, name_) NEED_##constant_,
#include "sim/need_list.h"
#undef NEED
	NEED_COUNT
} Need;

typedef struct Cell
{
	int16_t x;
	int16_t y;
} Cell;

/* A box of cells, both ends included. */
typedef struct CellBox
{
	Cell min;
	Cell max;
} CellBox;

/* The box of no cell. */
#define CELL_BOX_EMPTY ((CellBox) {.min = {1, 1}, .max = {0, 0}})

static inline bool
cell_box_is_empty(CellBox box)
{
	return box.min.x > box.max.x;
}

static inline bool
cell_equal(Cell a, Cell b)
{
	return a.x == b.x && a.y == b.y;
}

static inline int32_t
cell_distance_squared(Cell a, Cell b)
{
	int32_t dx = a.x - b.x;
	int32_t dy = a.y - b.y;

	return dx * dx + dy * dy;
}

/* Returns the steps between two cells when nothing is in the way. */
static inline int32_t
cell_manhattan(Cell a, Cell b)
{
	int32_t dx = a.x - b.x;
	int32_t dy = a.y - b.y;

	return (dx < 0 ? -dx : dx) + (dy < 0 ? -dy : dy);
}

static inline bool
cell_adjacent(Cell a, Cell b)
{
	return cell_manhattan(a, b) <= 1;
}

static inline bool
cell_visible(Cell viewer, Cell seen)
{
	return cell_distance_squared(viewer, seen) <= SIGHT_SQUARED;
}

#endif /* NPCSIM_SIM_H */
