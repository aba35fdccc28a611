/*
 * grid.c
 *	  The cells of a world: terrain, items, who stands where, and which cells are connected.
 *
 * Labels are made when somebody first asks.  From then on a cell that becomes free joins the
 * components around it (union-find), and one that becomes blocked is looked at closely: as long as its
 * neighbours are still connected within three cells of it, no component can have been cut in two.
 * Only if they are not are the labels marked coarse, and whoever needs them exact, or was misled by
 * them in a search, makes them afresh.
 *
 * Memory is 6 bytes and 2 bits a cell, 4 bytes of it from the first question about connection on.
 */
#include "sim/grid.h"

#include <string.h>

#include "sim/allocate.h"
#include "sim/grid_cells.h"

/* The largest count that a byte holds; what exceeds it is on the list. */
#define COUNT_FULL 255

/* ---- bitmaps ---- */

static inline void
bit_set(uint64_t *words, int32_t index)
{
	words[index >> 6] |= UINT64_C(1) << (index & 63);
}

static inline void
bit_clear(uint64_t *words, int32_t index)
{
	words[index >> 6] &= ~(UINT64_C(1) << (index & 63));
}

static inline bool
bit_get(const uint64_t *words, int32_t index)
{
	return (words[index >> 6] >> (index & 63)) & 1;
}

static void
bits_clear(uint64_t *words, int32_t index, int32_t count)
{
	while (count > 0)
	{
		int shift = index & 63;
		int part = 64 - shift < count ? 64 - shift : count;

		words[index >> 6] &= ~((~UINT64_C(0) >> (64 - part)) << shift);
		index += part;
		count -= part;
	}
}

/* ---- counts ---- */

static CellExcess *
find_excess(const CellCounts *counts, int32_t index)
{
	for (int32_t i = 0; i < counts->excess_count; i++)
		if (counts->excess[i].index == index)
			return &counts->excess[i];
	return NULL;
}

static int
count_get(const CellCounts *counts, int32_t index)
{
	const CellExcess *excess;

	if (counts->low[index] < COUNT_FULL)
		return counts->low[index];
	excess = find_excess(counts, index);
	return COUNT_FULL + (excess != NULL ? excess->excess : 0);
}

static void
count_up(CellCounts *counts, int32_t index, const SimAllocator *allocator)
{
	CellExcess *excess;

	if (counts->low[index] < COUNT_FULL)
	{
		counts->low[index]++;
		return;
	}
	excess = find_excess(counts, index);
	if (excess != NULL)
	{
		excess->excess++;
		return;
	}
	if (counts->excess_count == counts->excess_capacity)
		counts->excess = sim_grow(allocator, counts->excess, sizeof(CellExcess), &counts->excess_capacity, 8);
	counts->excess[counts->excess_count++] = (CellExcess) {.index = index, .excess = 1};
}

/* Counts down; a count of 0 stays 0. */
static void
count_down(CellCounts *counts, int32_t index)
{
	CellExcess *excess = counts->low[index] == COUNT_FULL ? find_excess(counts, index) : NULL;

	if (excess != NULL)
	{
		if (--excess->excess == 0)
			*excess = counts->excess[--counts->excess_count];
	}
	else if (counts->low[index] > 0)
		counts->low[index]--;
}

/* ---- creation ---- */

Grid *
grid_create(int32_t size_x, int32_t size_y, const uint8_t *blocked, const SimAllocator *allocator)
{
	static const SimAllocator plain;
	Grid					 *grid;
	size_t					  bitmap_size;

	if (allocator == NULL)
		allocator = &plain;
	grid = sim_allocate_zeroed(allocator, sizeof(Grid));
	grid->allocator = *allocator;
	grid->size_x = size_x;
	grid->size_y = size_y;
	grid->stride = size_x + 1;
	grid->index_count = (size_y + 2) * grid->stride;

	bitmap_size = ((size_t) grid->index_count / 64 + 2) * sizeof(uint64_t);
	grid->terrain = sim_allocate_zeroed(allocator, bitmap_size);
	grid->blocked = memset(sim_allocate(allocator, bitmap_size), 0xff, bitmap_size);
	grid->items.low = sim_allocate_zeroed(allocator, (size_t) grid->index_count);
	grid->standing.low = sim_allocate_zeroed(allocator, (size_t) grid->index_count);

	for (int32_t y = 0; y < size_y; y++)
	{
		int32_t row = (y + 1) * grid->stride;

		bits_clear(grid->blocked, row, size_x);
		for (int32_t x = 0; blocked != NULL && x < size_x; x++)
		{
			int32_t bit = y * size_x + x;

			if ((blocked[bit >> 3] >> (bit & 7)) & 1)
			{
				bit_set(grid->terrain, row + x);
				bit_set(grid->blocked, row + x);
			}
		}
	}
	return grid;
}

void
grid_free(Grid *grid)
{
	SimAllocator allocator;

	if (grid == NULL)
		return;
	allocator = grid->allocator;
	sim_release(&allocator, grid->terrain);
	sim_release(&allocator, grid->blocked);
	sim_release(&allocator, grid->items.low);
	sim_release(&allocator, grid->items.excess);
	sim_release(&allocator, grid->standing.low);
	sim_release(&allocator, grid->standing.excess);
	sim_release(&allocator, grid->labels);
	sim_release(&allocator, grid->parents);
	sim_release(&allocator, grid);
}

int32_t
grid_size_x(const Grid *grid)
{
	return grid->size_x;
}

int32_t
grid_size_y(const Grid *grid)
{
	return grid->size_y;
}

bool
grid_contains(const Grid *grid, Cell cell)
{
	return cell.x >= 0 && cell.x < grid->size_x && cell.y >= 0 && cell.y < grid->size_y;
}

/* ---- labels ---- */

static int32_t
new_label(Grid *grid)
{
	if (grid->label_count == grid->label_capacity)
		grid->parents =
			sim_grow(&grid->allocator, grid->parents, sizeof(int32_t), &grid->label_capacity, 256);
	grid->parents[grid->label_count] = grid->label_count;
	return grid->label_count++;
}

static void
join_components(Grid *grid, int32_t index, int32_t other)
{
	int32_t a = index_component(grid, index);
	int32_t b = index_component(grid, other);

	if (a < b)
		grid->parents[b] = a;
	else
		grid->parents[a] = b;
}

void
grid_relabel(Grid *grid)
{
	if (grid->labels == NULL)
		grid->labels = sim_allocate(&grid->allocator, (size_t) grid->index_count * sizeof(int32_t));
	grid->label_count = 0;
	for (int32_t y = 0; y < grid->size_y; y++)
	{
		int32_t row = (y + 1) * grid->stride;
		int32_t end = row + grid->size_x;

		for (int32_t index = row; index < end; index++)
		{
			bool left = !index_blocked(grid, index - 1);
			bool up = !index_blocked(grid, index - grid->stride);

			if (index_blocked(grid, index))
				continue;
			if (left)
				grid->labels[index] = grid->labels[index - 1];
			else if (up)
				grid->labels[index] = grid->labels[index - grid->stride];
			else
				grid->labels[index] = new_label(grid);
			if (left && up && grid->labels[index] != grid->labels[index - grid->stride])
				join_components(grid, index, index - grid->stride);
		}
	}
	/* Parents come before their children, so one round makes every parent a root. */
	for (int32_t label = 0; label < grid->label_count; label++)
		grid->parents[label] = grid->parents[grid->parents[label]];
	grid->labelled = true;
	grid->coarse = false;
}

bool
grid_keeps_connected(const Grid *grid, Cell cell)
{
	/* The cells are 7 x 7 around it, 8 bits a row, of which the last is never free. */
	const int	   reach = 3;
	const int	   centre = 3 * 8 + 3;
	const uint64_t around = (UINT64_C(1) << (centre - 1)) | (UINT64_C(1) << (centre + 1)) |
							(UINT64_C(1) << (centre - 8)) | (UINT64_C(1) << (centre + 8));
	uint64_t open = 0;
	uint64_t found;
	uint64_t grown;

	for (int row = 0; row <= 2 * reach; row++)
		open |= grid_free_row(grid, cell.x - reach, cell.y - reach + row, 2 * reach + 1) << (row * 8);
	open &= ~(UINT64_C(1) << centre);

	/* Floods from one of the free neighbours. */
	grown = open & around & -(open & around);
	do
	{
		found = grown;
		if ((open & around & ~found) == 0)
			return true;
		grown |= (found << 1 | found >> 1 | found << 8 | found >> 8) & open;
	} while (grown != found);
	return false;
}

bool
grid_connected(Grid *grid, Cell from, Cell to)
{
	static const int8_t steps[4][2] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};
	Cell				ends[2] = {from, to};
	int32_t				components[2][4];
	int					counts[2] = {0, 0};

	if (!grid_contains(grid, from) || !grid_contains(grid, to))
		return false;
	if (cell_equal(from, to))
		return true;
	if (!grid->labelled || grid->coarse)
		grid_relabel(grid);

	for (int end = 0; end < 2; end++)
	{
		int32_t index = grid_index(grid, ends[end]);

		if (!index_blocked(grid, index))
		{
			components[end][counts[end]++] = index_component(grid, index);
			continue;
		}
		for (int i = 0; i < 4; i++)
		{
			int32_t next = index + steps[i][0] + steps[i][1] * grid->stride;

			if (!index_blocked(grid, next))
				components[end][counts[end]++] = index_component(grid, next);
		}
	}
	for (int i = 0; i < counts[0]; i++)
		for (int j = 0; j < counts[1]; j++)
			if (components[0][i] == components[1][j])
				return true;
	return false;
}

/* ---- changes ---- */

static void
block_index(Grid *grid, int32_t index, Cell cell)
{
	if (grid->labelled && !grid->coarse && !grid_keeps_connected(grid, cell))
		grid->coarse = true;
	bit_set(grid->blocked, index);
}

static void
free_index(Grid *grid, int32_t index)
{
	const int32_t steps[4] = {-grid->stride, 1, grid->stride, -1};
	bool		  joined = false;

	bit_clear(grid->blocked, index);
	if (!grid->labelled)
		return;
	for (int i = 0; i < 4; i++)
	{
		int32_t next = index + steps[i];

		if (index_blocked(grid, next))
			continue;
		if (joined)
			join_components(grid, index, next);
		else
			grid->labels[index] = grid->labels[next];
		joined = true;
	}
	if (joined)
		return;

	/* The cell is a component of its own. Labels are not reused, but neither may they grow for weeks. */
	if (grid->label_count < grid->index_count)
		grid->labels[index] = new_label(grid);
	else
		grid->labelled = false;
}

bool
grid_terrain_blocked(const Grid *grid, Cell cell)
{
	return !grid_contains(grid, cell) || bit_get(grid->terrain, grid_index(grid, cell));
}

bool
grid_blocked(const Grid *grid, Cell cell)
{
	return !grid_contains(grid, cell) || index_blocked(grid, grid_index(grid, cell));
}

void
grid_set_terrain(Grid *grid, Cell cell, bool blocked)
{
	int32_t index;

	if (!grid_contains(grid, cell) || grid_terrain_blocked(grid, cell) == blocked)
		return;
	index = grid_index(grid, cell);
	if (blocked)
		bit_set(grid->terrain, index);
	else
		bit_clear(grid->terrain, index);
	if (grid->items.low[index] > 0)
		return;
	if (blocked)
		block_index(grid, index, cell);
	else
		free_index(grid, index);
}

void
grid_add_item(Grid *grid, Cell cell)
{
	int32_t index;

	if (!grid_contains(grid, cell))
		return;
	index = grid_index(grid, cell);
	if (!index_blocked(grid, index))
		block_index(grid, index, cell);
	count_up(&grid->items, index, &grid->allocator);
}

void
grid_remove_item(Grid *grid, Cell cell)
{
	int32_t index;

	if (!grid_has_item(grid, cell))
		return;
	index = grid_index(grid, cell);
	count_down(&grid->items, index);
	if (grid->items.low[index] == 0 && !bit_get(grid->terrain, index))
		free_index(grid, index);
}

bool
grid_has_item(const Grid *grid, Cell cell)
{
	return grid_contains(grid, cell) && grid->items.low[grid_index(grid, cell)] > 0;
}

/* ---- who stands where ---- */

void
grid_add_standing(Grid *grid, Cell cell)
{
	if (grid_contains(grid, cell))
		count_up(&grid->standing, grid_index(grid, cell), &grid->allocator);
}

void
grid_remove_standing(Grid *grid, Cell cell)
{
	if (grid_contains(grid, cell))
		count_down(&grid->standing, grid_index(grid, cell));
}

int
grid_standing(const Grid *grid, Cell cell)
{
	return grid_contains(grid, cell) ? count_get(&grid->standing, grid_index(grid, cell)) : 0;
}

bool
grid_free_neighbour(const Grid *grid, Cell cell, Cell from, Cell *result)
{
	static const int8_t steps[4][2] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};
	bool				found = false;
	bool				best_taken = false;
	int32_t				best_distance = 0;

	for (int i = 0; i < 4; i++)
	{
		Cell	next = {(int16_t) (cell.x + steps[i][0]), (int16_t) (cell.y + steps[i][1])};
		int32_t distance = cell_distance_squared(next, from);
		bool	taken;

		if (grid_blocked(grid, next))
			continue;
		taken = grid_standing(grid, next) > 0;
		if (found && (taken != best_taken ? taken : distance >= best_distance))
			continue;
		found = true;
		best_taken = taken;
		best_distance = distance;
		*result = next;
	}
	return found;
}
