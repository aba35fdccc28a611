/*
 * path.c
 *	  Shortest ways on the grid and random places to walk to.
 *
 * The search is A* with the Manhattan distance, run from the goal back to the
 * start, so that the way can be read off forwards and a goal that is walled in
 * is given up soon.  A step changes the estimated length of a way
 * by 0 or by 2; so instead of a priority queue there are two stacks, one for the
 * estimate being worked on and one for the next.  Being a stack, the first runs
 * straight ahead in open country and expands little more than the way itself.
 *
 * Scratch memory is 4 bytes a cell, allocated for the largest grid seen and never
 * cleared between searches: what a search writes carries its number.
 *
 * Of several shortest ways the one found is a function of the grid and the two
 * ends alone, not of earlier searches.
 */
#include "sim/path.h"

#include <limits.h>

#include "sim/actions.h"
#include "sim/allocate.h"
#include "sim/grid_cells.h"
#include "sim/random.h"

/* After so many expansions it pays to look at the labels once more, if they are coarse. */
#define EXPANSIONS_SUSPICIOUS 2048

/* A node of the search has its search's number in the upper bits, then these. */
#define NODE_DIRECTION UINT32_C(0x3) /* of the step by which the search came here */
#define NODE_STACK	   UINT32_C(0x4) /* which of the two stacks it is on */
#define NODE_CLOSED	   UINT32_C(0x8)
#define NODE_BITS	   4
#define GENERATION_MAX (UINT32_MAX >> NODE_BITS)

typedef struct OpenCell
{
	int32_t index;
	Cell	cell;
} OpenCell;

typedef struct OpenStack
{
	OpenCell *cells;
	int32_t	  count;
	int32_t	  capacity;
} OpenStack;

struct PathFinder
{
	SimAllocator allocator;
	uint32_t	*nodes; /* by index of the grid's cells */
	int32_t		 node_count;
	uint32_t	 generation;
	OpenStack	 stacks[2];
};

/* A search: what is asked, and where the way is written to. */
typedef struct Search
{
	PathFinder *finder;
	Grid	   *grid;
	Cell		from;
	Cell	   *leg;
	int			leg_size;
	int			leg_length;
	int			steps;
	Cell		goal;
} Search;

/* by Direction */
static const int8_t step_x[4] = {0, 1, 0, -1};
static const int8_t step_y[4] = {-1, 0, 1, 0};

PathFinder *
path_finder_create(const SimAllocator *allocator)
{
	static const SimAllocator plain;
	PathFinder				 *finder;

	if (allocator == NULL)
		allocator = &plain;
	finder = sim_allocate_zeroed(allocator, sizeof(PathFinder));
	finder->allocator = *allocator;
	return finder;
}

void
path_finder_free(PathFinder *finder)
{
	SimAllocator allocator;

	if (finder == NULL)
		return;
	allocator = finder->allocator;
	sim_release(&allocator, finder->nodes);
	sim_release(&allocator, finder->stacks[0].cells);
	sim_release(&allocator, finder->stacks[1].cells);
	sim_release(&allocator, finder);
}

/* ---- the search ---- */

static void
begin_search(PathFinder *finder, const Grid *grid)
{
	if (finder->node_count < grid->index_count)
	{
		sim_release(&finder->allocator, finder->nodes);
		finder->node_count = grid->index_count;
		finder->nodes =
			sim_allocate_zeroed(&finder->allocator, (size_t) finder->node_count * sizeof(uint32_t));
		finder->generation = 0;
	}
	else if (finder->generation == GENERATION_MAX)
	{
		memset(finder->nodes, 0, (size_t) finder->node_count * sizeof(uint32_t));
		finder->generation = 0;
	}
	finder->generation++;
	finder->stacks[0].count = 0;
	finder->stacks[1].count = 0;
}

/*
 * Puts a cell on a stack unless the search has met it before on a way that is as short. Each cell gets on
 * each stack at most once.
 */
static inline void
open_cell(PathFinder *finder, int32_t index, Cell cell, uint32_t stack, uint32_t current, uint32_t direction)
{
	uint32_t   node = finder->nodes[index];
	OpenStack *open = &finder->stacks[stack];

	if (node >> NODE_BITS == finder->generation &&
		((node & NODE_CLOSED) != 0 || stack != current || ((node & NODE_STACK) != 0) == (current != 0)))
		return;
	finder->nodes[index] = finder->generation << NODE_BITS | (stack != 0 ? NODE_STACK : 0) | direction;
	if (open->count == open->capacity)
		open->cells = sim_grow(&finder->allocator, open->cells, sizeof(OpenCell), &open->capacity, 256);
	open->cells[open->count++] = (OpenCell) {.index = index, .cell = cell};
}

static bool
any_connected(Search *search, const Cell *goals, int goal_count)
{
	for (int i = 0; i < goal_count; i++)
		if (grid_connected(search->grid, search->from, goals[i]))
			return true;
	return false;
}

/*
 * Finds the length of a shortest way of at most 'limit' steps from the start to any of the
 * goals, leaving the way in the nodes.  The goals are free, not the start, and
 * their distances from it differ by no more than 2 and by an even number, as
 * the neighbours of one cell do.
 */
static PathResult
search_back(Search *search, const Cell *goals, int goal_count, int limit, int *steps)
{
	PathFinder	 *finder = search->finder;
	Grid		 *grid = search->grid;
	Cell		  from = search->from;
	const int32_t start = grid_index(grid, from);
	int			  expansions = 0;
	uint32_t	  current = 0;
	int			  estimate = INT_MAX;

	begin_search(finder, grid);
	for (int i = 0; i < goal_count; i++)
		if (cell_manhattan(goals[i], from) < estimate)
			estimate = cell_manhattan(goals[i], from);
	for (int i = 0; i < goal_count; i++)
		open_cell(finder, grid_index(grid, goals[i]), goals[i],
				  cell_manhattan(goals[i], from) > estimate ? 1 : 0, 0, 0);

	for (; estimate <= limit && finder->stacks[current].count > 0; estimate += 2, current ^= 1)
	{
		OpenStack *open = &finder->stacks[current];

		while (open->count > 0)
		{
			OpenCell here = open->cells[--open->count];

			if (finder->nodes[here.index] & NODE_CLOSED)
				continue;
			finder->nodes[here.index] |= NODE_CLOSED;
			if (here.index == start)
			{
				*steps = estimate;
				return PATH_FOUND;
			}

			expansions++;
			if (expansions > PATH_EXPANSIONS_MAX)
				return PATH_TOO_FAR;
			if (expansions == EXPANSIONS_SUSPICIOUS && grid->coarse)
			{
				grid_relabel(grid);
				if (!any_connected(search, goals, goal_count))
					return PATH_UNREACHABLE;
			}

			for (uint32_t d = 0; d < 4; d++)
			{
				Cell	next = {(int16_t) (here.cell.x + step_x[d]), (int16_t) (here.cell.y + step_y[d])};
				int32_t index = here.index + step_x[d] + step_y[d] * grid->stride;
				bool	nearer;

				/* The start may be blocked, as the chair of a sitter is. */
				if (index_blocked(grid, index) && index != start)
					continue;
				nearer = cell_manhattan(next, from) < cell_manhattan(here.cell, from);
				open_cell(finder, index, next, nearer ? current : current ^ 1, current, d);
			}
		}
	}

	/* Nothing is left to look at, though the labels promised a way: they are out of date. */
	if (limit == INT_MAX && grid->coarse)
		grid_relabel(grid);
	return PATH_UNREACHABLE;
}

/* Reads the way of 'steps' steps off the nodes. */
static void
follow_way(Search *search, int steps)
{
	const Grid *grid = search->grid;
	Cell		cell = search->from;
	int32_t		index = grid_index(grid, cell);

	search->steps = steps;
	search->leg_length = steps < search->leg_size ? steps + 1 : search->leg_size;
	search->leg[0] = cell;
	for (int i = 1; i <= steps; i++)
	{
		uint32_t direction = search->finder->nodes[index] & NODE_DIRECTION;

		cell.x = (int16_t) (cell.x - step_x[direction]);
		cell.y = (int16_t) (cell.y - step_y[direction]);
		index -= step_x[direction] + step_y[direction] * grid->stride;
		if (i < search->leg_size)
			search->leg[i] = cell;
	}
	search->goal = cell;
}

/* ---- searches ---- */

static PathResult
find_free(Search *search, Cell to)
{
	PathResult result;
	int		   steps;

	if (cell_equal(search->from, to))
		return PATH_HERE;
	if (!grid_connected(search->grid, search->from, to))
		return PATH_UNREACHABLE;
	result = search_back(search, &to, 1, INT_MAX, &steps);
	if (result == PATH_FOUND)
		follow_way(search, steps);
	return result;
}

/* Finds a way to any free neighbour of a blocked cell. */
static PathResult
find_beside(Search *search, Cell to)
{
	Cell	   goals[4];
	Cell	   empty[4];
	int		   goal_count = 0;
	int		   empty_count = 0;
	PathResult result;
	int		   steps;

	if (cell_adjacent(search->from, to))
		return PATH_HERE;
	for (int d = 0; d < 4; d++)
	{
		Cell next = cell_towards(to, (Direction) d);

		if (grid_blocked(search->grid, next) || !grid_connected(search->grid, search->from, next))
			continue;
		goals[goal_count++] = next;
		if (grid_standing(search->grid, next) == 0)
			empty[empty_count++] = next;
	}
	if (goal_count == 0)
		return PATH_UNREACHABLE;

	result = search_back(search, goals, goal_count, INT_MAX, &steps);
	if (result != PATH_FOUND)
		return result;
	follow_way(search, steps);

	/* If somebody stands there, another neighbour may be as near and empty. */
	if (empty_count > 0 && grid_standing(search->grid, search->goal) > 0 &&
		search_back(search, empty, empty_count, steps, &steps) == PATH_FOUND)
		follow_way(search, steps);
	return PATH_FOUND;
}

PathResult
path_find(PathFinder *finder, Grid *grid, Cell from, Cell to, Cell *leg, int leg_size, int *leg_length,
		  int *steps, Cell *goal)
{
	Search	   search = {.finder = finder,
						 .grid = grid,
						 .from = from,
						 .leg = leg,
						 .leg_size = leg_size,
						 .leg_length = 1,
						 .steps = 0,
						 .goal = from};
	PathResult result = PATH_UNREACHABLE;
	Cell	   beside;

	leg[0] = from;
	if (!grid_contains(grid, to))
		result = PATH_OUTSIDE;
	else if (!grid_contains(grid, from))
		result = PATH_UNREACHABLE;
	else if (cell_equal(from, to))
		result = PATH_HERE;
	else if (grid_blocked(grid, to))
		result = find_beside(&search, to);
	else
	{
		if (grid_standing(grid, to) > 0 && grid_free_neighbour(grid, to, from, &beside) &&
			grid_standing(grid, beside) == 0)
			result = find_free(&search, beside);
		if (result != PATH_FOUND && result != PATH_HERE)
			result = find_free(&search, to);
	}

	*leg_length = search.leg_length;
	*steps = search.steps;
	*goal = search.goal;
	return result;
}

/* ---- random targets ---- */

/* Returns the position of the n-th of the bits that are set, n >= 0. */
static int
nth_bit(uint64_t bits, int n)
{
	while (n-- > 0)
		bits &= bits - 1;
	return __builtin_ctzll(bits);
}

/*
 * Floods the surroundings row by row, all cells of a row at once, 'reach'
 * times, and draws one of the cells that are wet: each is as likely as the
 * others, and the draw needs no second try.
 */
bool
path_random_target(PathFinder *finder, Grid *grid, Cell from, int reach, uint64_t seed, int64_t entity,
				   uint64_t counter, Cell *target)
{
	uint64_t open[2 * PATH_REACH_MAX + 1];
	/* There is one row more at either end: row i of open is row i + 1 here. */
	uint64_t wet[2 * PATH_REACH_MAX + 3] = {0};
	int		 rows;
	int		 total = 0;
	int		 chosen;

	(void) finder;
	if (reach < 1 || !grid_contains(grid, from))
		return false;
	if (reach > PATH_REACH_MAX)
		reach = PATH_REACH_MAX;
	rows = 2 * reach + 1;
	for (int i = 0; i < rows; i++)
		open[i] = grid_free_row(grid, from.x - reach, from.y - reach + i, rows);
	open[reach] |= UINT64_C(1) << reach;
	wet[reach + 1] = UINT64_C(1) << reach;

	for (int step = 1; step <= reach; step++)
	{
		uint64_t above = wet[reach - step + 1]; /* as it was before this step */

		for (int i = reach - step; i <= reach + step; i++)
		{
			uint64_t here = wet[i + 1];

			wet[i + 1] = (here | here << 1 | here >> 1 | above | wet[i + 2]) & open[i];
			above = here;
		}
	}
	wet[reach + 1] &= ~(UINT64_C(1) << reach);

	for (int i = 1; i <= rows; i++)
		total += __builtin_popcountll(wet[i]);
	if (total == 0)
		return false;
	chosen = (int) sim_random_below(seed, entity, counter, (uint32_t) total);
	for (int i = 1; i <= rows; i++)
	{
		int in_row = __builtin_popcountll(wet[i]);

		if (chosen < in_row)
		{
			target->x = (int16_t) (from.x - reach + nth_bit(wet[i], chosen));
			target->y = (int16_t) (from.y - reach + i - 1);
			return true;
		}
		chosen -= in_row;
	}
	/* Never reached: the rows add up to total. */
	return false;
}
