/*
 * reach.c
 *	  Finds where an NPC can walk without leaving what it sees.
 */
#include "sim/reach.h"

#include <string.h>

static const Cell steps[4] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};

/* Finds the place of a cell in the square. Returns false if it lies outside. */
static bool
place_of(const Reach *reach, Cell cell, int *row, int *column)
{
	*row = cell.y - reach->center.y + SIGHT_CELLS;
	*column = cell.x - reach->center.x + SIGHT_CELLS;
	return *row >= 0 && *row < REACH_SIDE && *column >= 0 && *column < REACH_SIDE;
}

static Cell
neighbour(Cell cell, int direction)
{
	return (Cell) {(int16_t) (cell.x + steps[direction].x), (int16_t) (cell.y + steps[direction].y)};
}

void
reach_begin(Reach *reach, Cell center)
{
	reach->center = center;
	memset(reach->blocked, true, sizeof(reach->blocked));
	memset(reach->reached, false, sizeof(reach->reached));
}

void
reach_set(Reach *reach, Cell cell, bool blocked)
{
	int row;
	int column;

	if (place_of(reach, cell, &row, &column))
		reach->blocked[row][column] = blocked;
}

void
reach_spread(Reach *reach)
{
	Cell waiting[REACH_SIDE * REACH_SIDE];
	int	 count = 1;

	/* A sitter's own cell is blocked, but it gets up all the same. */
	reach->reached[SIGHT_CELLS][SIGHT_CELLS] = true;
	waiting[0] = reach->center;
	while (count > 0)
	{
		Cell here = waiting[--count];

		for (int d = 0; d < 4; d++)
		{
			Cell next = neighbour(here, d);
			int	 row;
			int	 column;

			if (!cell_visible(reach->center, next) || !place_of(reach, next, &row, &column) ||
				reach->blocked[row][column] || reach->reached[row][column])
				continue;
			reach->reached[row][column] = true;
			waiting[count++] = next;
		}
	}
}

bool
reach_has(const Reach *reach, Cell cell)
{
	int row;
	int column;

	return place_of(reach, cell, &row, &column) && reach->reached[row][column] &&
		   !reach->blocked[row][column] && !cell_equal(cell, reach->center);
}

bool
reach_leads_to(const Reach *reach, Cell cell)
{
	if (cell_adjacent(cell, reach->center) || reach_has(reach, cell))
		return true;
	for (int d = 0; d < 4; d++)
		if (reach_has(reach, neighbour(cell, d)))
			return true;
	return false;
}

bool
reach_leads_anywhere(const Reach *reach)
{
	for (int d = 0; d < 4; d++)
		if (reach_has(reach, neighbour(reach->center, d)))
			return true;
	return false;
}
