/*
 * grid_cells.h
 *	  The memory layout of a grid, for grid.c, path.c and colony.c, which work cell by cell; all others
 *	  use grid.h.
 *
 * Cells are numbered row by row with a border of blocked cells around the world, so that the four
 * neighbours of a cell inside always exist: one row above, one below, and one column at the right,
 * which lies to the left of the next row as well.  Bitmaps hold one bit a cell and a spare word at the
 * end.
 */
#ifndef NPCSIM_GRID_CELLS_H
#define NPCSIM_GRID_CELLS_H

#include "sim/grid.h"

/* Counts that are small nearly everywhere: a byte per cell, with a list for those that exceed it. */
typedef struct CellExcess
{
	int32_t index;
	int32_t excess; /* beyond what the byte holds, > 0 */
} CellExcess;

typedef struct CellCounts
{
	uint8_t	   *low;
	CellExcess *excess;
	int32_t		excess_count;
	int32_t		excess_capacity;
} CellCounts;

struct Grid
{
	int32_t	   size_x;
	int32_t	   size_y;
	int32_t	   stride;		/* size_x + 1 */
	int32_t	   index_count; /* cells, border included */
	uint64_t  *terrain;
	uint64_t  *blocked; /* terrain or item or border */
	CellCounts items;
	CellCounts standing;

	/* A free cell's component is the root of its label. A parent's number is never above its child's. */
	bool	 labelled; /* the labels are kept */
	bool	 coarse;   /* they may join what was cut in two since */
	int32_t *labels;   /* by cell; of free cells only */
	int32_t *parents;  /* by label */
	int32_t	 label_count;
	int32_t	 label_capacity;

	SimAllocator allocator;
};

static inline int32_t
grid_index(const Grid *grid, Cell cell)
{
	return (cell.y + 1) * grid->stride + cell.x;
}

static inline bool
index_blocked(const Grid *grid, int32_t index)
{
	return (grid->blocked[index >> 6] >> (index & 63)) & 1;
}

/*
 * Returns the free cells among 'width' <= 64 cells of row y from column x0 on, bit i for column x0 + i. Cells
 * outside the world are not free.
 */
static inline uint64_t
grid_free_row(const Grid *grid, int32_t x0, int32_t y, int32_t width)
{
	int32_t	 first = x0 > 0 ? x0 : 0;
	int32_t	 end = x0 + width < grid->size_x ? x0 + width : grid->size_x;
	int32_t	 index;
	int		 shift;
	uint64_t blocked;

	if (y < 0 || y >= grid->size_y || first >= end)
		return 0;
	index = (y + 1) * grid->stride + first;
	shift = index & 63;
	blocked = grid->blocked[index >> 6] >> shift;
	if (shift > 0)
		blocked |= grid->blocked[(index >> 6) + 1] << (64 - shift);
	return (~blocked & (~UINT64_C(0) >> (64 - (end - first)))) << (first - x0);
}

/* Returns the component of a free cell of a labelled grid. */
static inline int32_t
index_component(const Grid *grid, int32_t index)
{
	int32_t label = grid->labels[index];

	while (grid->parents[label] != label)
	{
		grid->parents[label] = grid->parents[grid->parents[label]];
		label = grid->parents[label];
	}
	return label;
}

#endif /* NPCSIM_GRID_CELLS_H */
