/*
 * test_path.c
 *	  Tests that paths are shortest paths, that walkers are where the clock puts
 *	  them, and that wandering is fair.
 */
#include <stdlib.h>

#include "sim/path.h"
#include "sim/random.h"
#include "tap.h"

#define SIDE_MAX  48
#define CELLS_MAX (SIDE_MAX * SIDE_MAX)

static uint64_t	   draws;
static PathFinder *finder;

static int
draw(int bound)
{
	return (int) sim_random_below(5, 5, draws++, (uint32_t) bound);
}

static Cell
cell_at(int x, int y)
{
	return (Cell) {(int16_t) x, (int16_t) y};
}

static Cell
random_cell(const Grid *grid)
{
	int x = draw(grid_size_x(grid));

	return cell_at(x, draw(grid_size_y(grid)));
}

/* A world of random size, from open to crowded, with walls, items and bystanders. */
static Grid *
random_grid(void)
{
	int	  size_x = 1 + draw(SIDE_MAX);
	int	  size_y = 1 + draw(SIDE_MAX);
	int	  density = draw(45);
	int	  crowd = draw(3) * 15;
	Grid *grid = grid_create(size_x, size_y, NULL, NULL);

	for (int y = 0; y < size_y; y++)
		for (int x = 0; x < size_x; x++)
		{
			if (draw(100) < density)
				grid_set_terrain(grid, cell_at(x, y), true);
			else if (draw(100) < 4)
				grid_add_item(grid, cell_at(x, y));
			if (draw(100) < crowd)
				grid_add_standing(grid, cell_at(x, y));
		}
	return grid;
}

/* ---- a second opinion: breadth first ---- */

static int distances[CELLS_MAX]; /* -1 = not reached */

static void
breadth_first(const Grid *grid, Cell from)
{
	static Cell queue[CELLS_MAX];
	int			size_x = grid_size_x(grid);
	int			head = 0;
	int			tail = 0;

	for (int i = 0; i < CELLS_MAX; i++)
		distances[i] = -1;
	distances[from.y * size_x + from.x] = 0;
	queue[tail++] = from;
	while (head < tail)
	{
		Cell at = queue[head++];

		for (int d = 0; d < 4; d++)
		{
			Cell next = cell_at(at.x + (d == 1) - (d == 3), at.y + (d == 2) - (d == 0));

			if (grid_blocked(grid, next) || distances[next.y * size_x + next.x] >= 0)
				continue;
			distances[next.y * size_x + next.x] = distances[at.y * size_x + at.x] + 1;
			queue[tail++] = next;
		}
	}
}

static int
distance_to(const Grid *grid, Cell cell)
{
	return grid_contains(grid, cell) ? distances[cell.y * grid_size_x(grid) + cell.x] : -1;
}

/* Whether the cells are a walk over free cells (the first may be blocked). */
static bool
is_walk(const Grid *grid, const Cell *cells, int count)
{
	for (int i = 1; i < count; i++)
		if (grid_blocked(grid, cells[i]) || cell_manhattan(cells[i - 1], cells[i]) != 1)
			return false;
	return true;
}

/* What path_find() must answer by the map of distances: the steps, -1 for none. */
static int
expected_steps(const Grid *grid, Cell from, Cell to, bool *here)
{
	Cell beside;
	int	 best = -1;

	*here = cell_equal(from, to) || (grid_blocked(grid, to) && cell_adjacent(from, to));
	if (*here)
		return 0;
	if (!grid_blocked(grid, to))
	{
		if (grid_standing(grid, to) > 0 && grid_free_neighbour(grid, to, from, &beside) &&
			grid_standing(grid, beside) == 0 && distance_to(grid, beside) >= 0)
		{
			*here = cell_equal(beside, from);
			return distance_to(grid, beside);
		}
		return distance_to(grid, to);
	}
	for (int d = 0; d < 4; d++)
	{
		Cell next = cell_at(to.x + (d == 1) - (d == 3), to.y + (d == 2) - (d == 0));
		int	 steps = grid_blocked(grid, next) ? -1 : distance_to(grid, next);

		if (steps >= 0 && (best < 0 || steps < best))
			best = steps;
	}
	return best;
}

static void
test_shortest_ways(void)
{
	int searches = 0;
	int found = 0;
	int wrong_result = 0;
	int wrong_steps = 0;
	int wrong_walk = 0;
	int wrong_goal = 0;
	int wrong_leg = 0;
	int not_repeated = 0;
	int crowded_goal = 0;
	int legs_alter_ways = 0;

	for (int world = 0; world < 1000; world++)
	{
		Grid *grid = random_grid();

		for (int i = 0; i < 12; i++)
		{
			static Cell way[CELLS_MAX];
			Cell		leg[LEG_CELLS];
			Cell		from = random_cell(grid);
			Cell		to = random_cell(grid);
			Cell		goal;
			Cell		leg_goal;
			int			length;
			int			steps;
			int			leg_length;
			int			leg_steps;
			int			want;
			bool		here;
			PathResult	result;

			/* mostly from a free cell, now and then from a chair */
			for (int tries = 0; grid_blocked(grid, from) && i % 4 != 0 && tries < 50; tries++)
				from = random_cell(grid);
			searches++;
			breadth_first(grid, from);
			want = expected_steps(grid, from, to, &here);
			result = path_find(finder, grid, from, to, way, CELLS_MAX, &length, &steps, &goal);
			if (result != (want < 0 ? PATH_UNREACHABLE : here ? PATH_HERE : PATH_FOUND))
			{
				wrong_result++;
				continue;
			}
			if (result != PATH_FOUND)
			{
				wrong_leg +=
					length != 1 || steps != 0 || !cell_equal(way[0], from) || !cell_equal(goal, from);
				continue;
			}
			found++;
			wrong_steps += steps != want;
			wrong_walk += length != steps + 1 || !cell_equal(way[0], from) || !is_walk(grid, way, length);
			wrong_goal += !cell_equal(way[length - 1], goal) ||
						  (grid_blocked(grid, to) ? cell_manhattan(goal, to) != 1
												  : !cell_equal(goal, to) && (grid_standing(grid, to) == 0 ||
																			  cell_manhattan(goal, to) != 1));

			/* somebody stands at the goal: then no empty neighbour of the blocked target is as near */
			if (grid_blocked(grid, to) && grid_standing(grid, goal) > 0)
				for (int d = 0; d < 4; d++)
				{
					Cell next = cell_at(to.x + (d == 1) - (d == 3), to.y + (d == 2) - (d == 0));

					crowded_goal += !grid_blocked(grid, next) && grid_standing(grid, next) == 0 &&
									distance_to(grid, next) == steps;
				}

			/* one leg of it, in another finder */
			if (i == 0)
			{
				PathFinder *fresh = path_finder_create(NULL);

				result = path_find(fresh, grid, from, to, leg, LEG_CELLS, &leg_length, &leg_steps, &leg_goal);
				not_repeated += result != PATH_FOUND || leg_steps != steps || !cell_equal(leg_goal, goal) ||
								leg_length != (length < LEG_CELLS ? length : LEG_CELLS) ||
								memcmp(leg, way, sizeof(Cell) * (size_t) leg_length) != 0;
				path_finder_free(fresh);
			}
			result = path_find(finder, grid, from, to, leg, 2, &leg_length, &leg_steps, &leg_goal);
			legs_alter_ways += result != PATH_FOUND || leg_length != 2 || leg_steps != steps ||
							   memcmp(leg, way, sizeof(Cell) * 2) != 0;
		}
		grid_free(grid);
	}
	tap_ok(found > 5000, "most searches on 1,000 random worlds find a way (%d of %d)", found, searches);
	tap_is_int(wrong_result, 0, "a way is found exactly where breadth-first search finds one");
	tap_is_int(wrong_steps, 0, "each is as short");
	tap_is_int(wrong_walk, 0, "each leads from cell to adjacent free cell");
	tap_is_int(wrong_goal, 0, "to the target, or beside a blocked one or one that is taken");
	tap_is_int(crowded_goal, 0, "of equally near cells beside a target one on which nobody stands");
	tap_is_int(wrong_leg, 0, "without a way the walker stands where it is");
	tap_is_int(not_repeated, 0, "the way does not depend on earlier searches");
	tap_is_int(legs_alter_ways, 0, "nor on the length of the leg asked for");
}

static PathResult
find(Grid *grid, Cell from, Cell to, int *steps, Cell *goal)
{
	Cell leg[LEG_CELLS];
	int	 length;

	return path_find(finder, grid, from, to, leg, LEG_CELLS, &length, steps, goal);
}

static void
test_results(void)
{
	Grid *grid = grid_create(20, 10, NULL, NULL);
	Cell  first;
	Cell  goal;
	int	  steps;

	tap_is_int(find(grid, cell_at(1, 1), cell_at(1, 1), &steps, &goal), PATH_HERE,
			   "who is there need not walk");
	tap_is_int(find(grid, cell_at(1, 1), cell_at(20, 1), &steps, &goal), PATH_OUTSIDE,
			   "a target to the east of the world is outside");
	tap_is_int(find(grid, cell_at(1, 1), cell_at(1, -1), &steps, &goal), PATH_OUTSIDE, "to the north too");
	tap_is_int(find(grid, cell_at(-1, 1), cell_at(1, 1), &steps, &goal), PATH_UNREACHABLE,
			   "from outside no way leads in");

	grid_add_standing(grid, cell_at(1, 1));
	grid_add_standing(grid, cell_at(5, 1));
	tap_is_int(find(grid, cell_at(1, 1), cell_at(5, 1), &steps, &goal), PATH_FOUND, "where somebody stands");
	tap_ok(steps == 3 && cell_equal(goal, cell_at(4, 1)), "one stops before him");
	grid_add_standing(grid, cell_at(4, 1));
	(void) find(grid, cell_at(1, 1), cell_at(5, 1), &steps, &goal);
	tap_ok(cell_equal(goal, cell_at(5, 0)), "where two stand, beside them (%d, %d)", goal.x, goal.y);
	grid_add_standing(grid, cell_at(5, 0));
	grid_add_standing(grid, cell_at(5, 2));
	grid_add_standing(grid, cell_at(6, 1));
	(void) find(grid, cell_at(1, 1), cell_at(5, 1), &steps, &goal);
	tap_ok(cell_equal(goal, cell_at(5, 1)) && steps == 4, "in a crowd among them");

	/* an apple with a wall at its west side */
	grid_add_item(grid, cell_at(10, 5));
	grid_set_terrain(grid, cell_at(9, 5), true);
	(void) find(grid, cell_at(5, 5), cell_at(10, 5), &steps, &goal);
	tap_ok(steps == 6 && cell_manhattan(goal, cell_at(10, 5)) == 1 && goal.x == 10,
		   "an item is reached from the nearest side by way");
	first = goal;
	grid_add_standing(grid, first);
	(void) find(grid, cell_at(5, 5), cell_at(10, 5), &steps, &goal);
	tap_ok(steps == 6 && goal.x == 10 && goal.y == 10 - first.y,
		   "from another one as near if somebody stands there");
	tap_is_int(find(grid, goal, cell_at(10, 5), &steps, &first), PATH_HERE,
			   "who is adjacent to a blocked target is there");
	grid_add_standing(grid, goal);
	(void) find(grid, cell_at(5, 5), cell_at(10, 5), &steps, &goal);
	tap_is_int(steps, 6, "nobody walks further for an empty cell");
	grid_free(grid);
}

static void
test_sitter(void)
{
	Grid *grid = grid_create(7, 7, NULL, NULL);
	Cell  goal;
	int	  steps;

	grid_add_item(grid, cell_at(3, 3));
	tap_is_int(find(grid, cell_at(3, 3), cell_at(6, 3), &steps, &goal), PATH_FOUND,
			   "a sitter walks off its chair");
	tap_is_int(steps, 3, "straight");
	grid_set_terrain(grid, cell_at(2, 3), true);
	grid_set_terrain(grid, cell_at(4, 3), true);
	grid_set_terrain(grid, cell_at(3, 4), true);
	tap_is_int(find(grid, cell_at(3, 3), cell_at(3, 6), &steps, &goal), PATH_FOUND,
			   "through the only opening");
	tap_is_int(steps, 9, "around the walls");
	grid_set_terrain(grid, cell_at(3, 2), true);
	tap_is_int(find(grid, cell_at(3, 3), cell_at(6, 3), &steps, &goal), PATH_UNREACHABLE,
			   "walled in it stays");
	tap_is_int(find(grid, cell_at(6, 3), cell_at(3, 3), &steps, &goal), PATH_UNREACHABLE, "and nobody comes");
	grid_free(grid);
}

/* A wall that grows from both ends to the last gap: no look at the surroundings tells that it closes. */
static void
test_stale_labels(void)
{
	Grid *grid = grid_create(200, 200, NULL, NULL);
	Cell  goal;
	int	  steps;

	tap_ok(grid_connected(grid, cell_at(10, 10), cell_at(190, 190)), "at first both corners are connected");
	for (int y = 0; y < 200; y++)
		if (y != 100)
			grid_set_terrain(grid, cell_at(100, y), true);
	tap_is_int(find(grid, cell_at(99, 0), cell_at(101, 0), &steps, &goal), PATH_FOUND,
			   "a way leads through the gap in a wall");
	tap_is_int(steps, 202, "however far");
	grid_set_terrain(grid, cell_at(100, 100), true);
	tap_is_int(find(grid, cell_at(10, 10), cell_at(190, 190), &steps, &goal), PATH_UNREACHABLE,
			   "when it closes there is none");
	tap_ok(!grid_connected(grid, cell_at(10, 10), cell_at(190, 190)) &&
			   grid_connected(grid, cell_at(10, 10), cell_at(90, 190)),
		   "and the labels have learned it");
	grid_set_terrain(grid, cell_at(100, 100), false);
	tap_is_int(find(grid, cell_at(10, 10), cell_at(190, 190), &steps, &goal), PATH_FOUND,
			   "reopened it is a way again");

	/* a small pocket */
	for (int x = 10; x <= 14; x++)
	{
		grid_set_terrain(grid, cell_at(x, 10), true);
		grid_set_terrain(grid, cell_at(x, 14), true);
		grid_set_terrain(grid, cell_at(10, x), true);
		grid_set_terrain(grid, cell_at(14, x), true);
	}
	tap_is_int(find(grid, cell_at(50, 50), cell_at(12, 12), &steps, &goal), PATH_UNREACHABLE,
			   "what was walled in is out of reach");
	tap_is_int(find(grid, cell_at(12, 12), cell_at(50, 50), &steps, &goal), PATH_UNREACHABLE,
			   "and cannot get out");
	tap_ok(!grid_connected(grid, cell_at(12, 12), cell_at(50, 50)), "which the next one knows at once");
	grid_free(grid);
}

static void
test_cap(void)
{
	Grid *small = grid_create(500, 500, NULL, NULL);
	Grid *large = grid_create(1200, 1200, NULL, NULL);
	Cell  goal;
	int	  steps;

	for (int y = 0; y < 499; y++)
		grid_set_terrain(small, cell_at(250, y), true);
	for (int y = 0; y < 1199; y++)
		grid_set_terrain(large, cell_at(600, y), true);
	tap_is_int(find(small, cell_at(0, 0), cell_at(251, 0), &steps, &goal), PATH_FOUND,
			   "a world of 500 by 500 is searched to its end");
	tap_is_int(steps, 499 * 2 + 251, "around the longest wall");
	tap_is_int(find(large, cell_at(0, 0), cell_at(601, 0), &steps, &goal), PATH_TOO_FAR,
			   "a search that looks at more than its share of cells gives up");
	tap_is_int(find(large, cell_at(0, 1199), cell_at(1199, 0), &steps, &goal), PATH_FOUND,
			   "but the longest way in the open is found");
	tap_is_int(steps, 1199 * 2, "straight");
	tap_is_int(PATH_EXPANSIONS_MAX, 262144, "its share is 2^18 cells");
	grid_free(small);
	grid_free(large);
}

static void
test_legs(void)
{
	tap_is_int(CELL_TIME * 4, SIM_SECOND, "a walker makes 4 cells a second");
	tap_is_int(leg_index_at(5, 1000, 999), 0, "before it departs a walker is on the first cell");
	tap_is_int(leg_index_at(5, 1000, 1000), 0, "when it departs too");
	tap_is_int(leg_index_at(5, 1000, 1000 + 249999), 0, "and for a quarter of a second");
	tap_is_int(leg_index_at(5, 1000, 1000 + 250000), 1, "at the end of which it is on the next");
	tap_is_int(leg_index_at(5, 1000, 1000 + 499999), 1, "for another quarter");
	tap_is_int(leg_index_at(5, 1000, 1000 + 999999), 3, "just before it arrives it is on the last but one");
	tap_is_int(leg_index_at(5, 1000, 1000 + 1000000), 4, "it arrives on the last");
	tap_is_int(leg_index_at(5, 1000, 1000 + 1250000), 4, "and stays there");
	tap_is_int(leg_index_at(5, 0, INT64_MAX), 4, "for ever");
	tap_is_int(leg_index_at(1, 1000, 5000000), 0, "who stands is on its cell");
	tap_is_int(leg_arrives_at(5, 1000), 1001000, "four steps take a second");
	tap_is_int(leg_arrives_at(1, 1000), 1000, "none takes no time");
	tap_is_int(leg_arrives_at(LEG_CELLS, 0), 8 * SIM_SECOND, "the longest leg takes 8 s");
}

/* ---- wandering ---- */

static void
test_wander_reaches(void)
{
	int beyond = 0;
	int blocked = 0;
	int itself = 0;
	int missed = 0;
	int wrong_none = 0;
	int drawn = 0;

	for (int world = 0; world < 200; world++)
	{
		Grid	  *grid = random_grid();
		Cell	   from = random_cell(grid);
		int		   reach = 1 + draw(15);
		int		   size_x = grid_size_x(grid);
		int		   cells = size_x * grid_size_y(grid);
		static int hits[CELLS_MAX];
		int		   reachable = 0;

		breadth_first(grid, from);
		for (int i = 0; i < cells; i++)
		{
			hits[i] = 0;
			reachable += distances[i] > 0 && distances[i] <= reach;
		}
		for (uint64_t i = 0; i < (uint64_t) reachable * 20 + 1; i++)
		{
			Cell target = {-1, -1};

			if (!path_random_target(finder, grid, from, reach, 8, world, i, &target))
			{
				wrong_none += reachable > 0;
				continue;
			}
			drawn++;
			wrong_none += reachable == 0;
			itself += cell_equal(target, from);
			blocked += grid_blocked(grid, target);
			beyond += distance_to(grid, target) < 0 || distance_to(grid, target) > reach;
			if (grid_contains(grid, target))
				hits[target.y * size_x + target.x]++;
		}
		/* the chance to miss a given one in 20 draws for each is 2 in 10^9 */
		for (int i = 0; i < cells; i++)
			missed += distances[i] > 0 && distances[i] <= reach && hits[i] == 0;
		grid_free(grid);
	}
	tap_ok(drawn > 50000, "wanderers go somewhere (%d draws)", drawn);
	tap_is_int(beyond, 0, "never further than their reach, by way");
	tap_is_int(blocked, 0, "never into what is blocked");
	tap_is_int(itself, 0, "never to where they are");
	tap_is_int(missed, 0, "and every cell within reach is somebody's target");
	tap_is_int(wrong_none, 0, "only who has nowhere to go stays");
}

static void
test_wander_is_even(void)
{
	enum
	{
		SIDE = 41,
		TARGETS = 312,
		DRAWS = TARGETS * 500
	};
	Grid	  *grid = grid_create(SIDE, SIDE, NULL, NULL);
	static int hits[SIDE][SIDE];
	Cell	   target;
	int64_t	   squares = 0;
	int		   at_reach = 0;

	for (uint64_t i = 0; i < DRAWS; i++)
	{
		(void) path_random_target(finder, grid, cell_at(20, 20), WANDER_CELLS, 3, 9, i, &target);
		hits[target.y][target.x]++;
	}
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++)
		{
			int steps = abs(x - 20) + abs(y - 20);

			if (steps >= 1 && steps <= 12)
				squares += (int64_t) (hits[y][x] - 500) * (hits[y][x] - 500);
			at_reach += steps == 12 ? hits[y][x] : 0;
		}
	/* chi squared with 311 degrees of freedom: mean 311, standard deviation 25 */
	tap_ok(squares / 500 > 311 - 100 && squares / 500 < 311 + 125,
		   "in the open each of 312 cells is as likely (chi squared %lld)", (long long) (squares / 500));
	tap_ok(abs(at_reach - 48 * 500) < 800, "48 of them at the very reach (%d of 24000)", at_reach);
	tap_is_int(WANDER_CELLS, 12, "which is 12");
	grid_free(grid);
}

static void
test_wander_corners(void)
{
	Grid *grid = grid_create(100, 100, NULL, NULL);
	Cell  first;
	Cell  second;
	bool  same = true;
	bool  within = true;
	int	  furthest = 0;

	tap_ok(!path_random_target(finder, grid, cell_at(50, 50), 0, 1, 1, 1, &first),
		   "without reach there is nowhere to go");
	tap_ok(!path_random_target(finder, grid, cell_at(100, 50), 12, 1, 1, 1, &first),
		   "nor from outside the world");
	for (uint64_t i = 0; i < 3000; i++)
	{
		within = within && path_random_target(finder, grid, cell_at(99, 0), 1000, 1, 1, i, &first) &&
				 grid_contains(grid, first) && cell_manhattan(first, cell_at(99, 0)) <= PATH_REACH_MAX;
		furthest = cell_manhattan(first, cell_at(99, 0)) > furthest ? cell_manhattan(first, cell_at(99, 0))
																	: furthest;
		(void) path_random_target(finder, grid, cell_at(99, 0), 1000, 1, 1, i, &second);
		same = same && cell_equal(first, second);
	}
	tap_ok(within && furthest == 31, "a reach is cut to 31 steps, in the world's corner too (%d)", furthest);
	tap_ok(same, "the same draw gives the same target");

	grid_add_item(grid, cell_at(50, 50));
	tap_ok(path_random_target(finder, grid, cell_at(50, 50), 1, 1, 1, 1, &first) &&
			   cell_adjacent(first, cell_at(50, 50)),
		   "a sitter wanders off its chair");
	for (int d = 0; d < 4; d++)
		grid_set_terrain(grid, cell_at(50 + (d == 1) - (d == 3), 50 + (d == 2) - (d == 0)), true);
	tap_ok(!path_random_target(finder, grid, cell_at(50, 50), 12, 1, 1, 1, &first),
		   "walled in it has nowhere to go");
	grid_free(grid);
}

/* One finder serves worlds of all sizes, in the caller's memory. */
typedef struct Ledger
{
	int allocated;
	int released;
} Ledger;

static void *
ledger_allocate(void *context, size_t size)
{
	((Ledger *) context)->allocated++;
	return memset(malloc(size + 1), 0xa5, size + 1);
}

static void
ledger_release(void *context, void *pointer)
{
	((Ledger *) context)->released++;
	free(pointer);
}

static void
test_allocator(void)
{
	Ledger		 ledger = {0, 0};
	SimAllocator allocator = {ledger_allocate, ledger_release, &ledger};
	PathFinder	*own = path_finder_create(&allocator);
	int			 wrong = 0;
	int			 settled;

	for (int side = 2; side < 200; side += 9)
	{
		Grid *grid = grid_create(side, side, NULL, &allocator);
		Cell  leg[LEG_CELLS];
		Cell  goal;
		int	  length;
		int	  steps;

		wrong += path_find(own, grid, cell_at(0, 0), cell_at(side - 1, side - 1), leg, LEG_CELLS, &length,
						   &steps, &goal) != PATH_FOUND ||
				 steps != 2 * (side - 1);
		grid_free(grid);
	}
	tap_is_int(wrong, 0, "one finder serves worlds of all sizes");
	settled = ledger.allocated;
	{
		Grid *grid = grid_create(150, 150, NULL, NULL);
		Cell  leg[LEG_CELLS];
		Cell  goal;
		int	  length;
		int	  steps;

		for (int i = 0; i < 1000; i++)
			wrong += path_find(own, grid, random_cell(grid), cell_at(75, 75), leg, LEG_CELLS, &length, &steps,
							   &goal) == PATH_UNREACHABLE;
		grid_free(grid);
	}
	tap_ok(wrong == 0 && ledger.allocated == settled, "and allocates nothing once it has its size");
	path_finder_free(own);
	path_finder_free(NULL);
	tap_is_int(ledger.released, ledger.allocated, "in the end all is given back");
}

int
main(void)
{
	finder = path_finder_create(NULL);
	test_legs();
	test_results();
	test_sitter();
	test_shortest_ways();
	test_stale_labels();
	test_cap();
	test_wander_reaches();
	test_wander_is_even();
	test_wander_corners();
	test_allocator();
	path_finder_free(finder);
	return tap_done();
}
