/*
 * test_grid.c
 *	  Tests cells, sight, which NPC stands where, and which cells are connected.
 */
#include <stdlib.h>

#include "sim/grid.h"
#include "sim/random.h"
#include "tap.h"

static uint64_t draws;

static int
draw(int bound)
{
	return (int) sim_random_below(77, 1, draws++, (uint32_t) bound);
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

/* ---- a second opinion ---- */

static const int step_x[4] = {0, 1, 0, -1};
static const int step_y[4] = {-1, 0, 1, 0};

/*
 * Floods the free cells from one (walls[] by row, 1 = blocked) and writes
 * 'mark' to all it reaches.
 */
static void
flood(const int *walls, int *marks, int size_x, int size_y, int start, int mark)
{
	int *queue = malloc(sizeof(int) * (size_t) size_x * (size_t) size_y);
	int	 head = 0;
	int	 tail = 0;

	marks[start] = mark;
	queue[tail++] = start;
	while (head < tail)
	{
		int at = queue[head++];

		for (int d = 0; d < 4; d++)
		{
			int x = at % size_x + step_x[d];
			int y = at / size_x + step_y[d];

			if (x < 0 || x >= size_x || y < 0 || y >= size_y || walls[y * size_x + x] ||
				marks[y * size_x + x])
				continue;
			marks[y * size_x + x] = mark;
			queue[tail++] = y * size_x + x;
		}
	}
	free(queue);
}

/* Components of a grid by flooding; blocked cells have 0. */
static void
flood_all(const Grid *grid, int *walls, int *marks)
{
	int size_x = grid_size_x(grid);
	int size_y = grid_size_y(grid);
	int mark = 0;

	for (int i = 0; i < size_x * size_y; i++)
	{
		walls[i] = grid_blocked(grid, cell_at(i % size_x, i / size_x));
		marks[i] = 0;
	}
	for (int i = 0; i < size_x * size_y; i++)
		if (!walls[i] && !marks[i])
			flood(walls, marks, size_x, size_y, i, ++mark);
}

/* ---- tests ---- */

static void
test_sight(void)
{
	/* cells to the left and right that are visible on the row so far above or below: 8.25² = 68.0625 */
	static const int half_width[] = {8, 8, 8, 7, 7, 6, 5, 4, 2};
	int				 wrong = 0;
	int				 visible = 0;

	for (int dy = -10; dy <= 10; dy++)
		for (int dx = -10; dx <= 10; dx++)
		{
			bool see = cell_visible(cell_at(50, 50), cell_at(50 + dx, 50 + dy));

			visible += see;
			wrong += see != (abs(dy) <= 8 && abs(dx) <= half_width[abs(dy)]);
		}
	tap_is_int(wrong, 0, "an NPC sees the cells whose centre is within 8.25 cells");
	tap_is_int(visible, 221, "which are 221");
	tap_ok(SIGHT_SQUARED * 16 <= 33 * 33 && (SIGHT_SQUARED + 1) * 16 > 33 * 33,
		   "the radius of sight is 33/4 cells");
	tap_is_int(SIGHT_CELLS, 8, "nothing is visible beyond 8 rows or columns");
	tap_ok(cell_adjacent(cell_at(3, 3), cell_at(3, 4)) && cell_adjacent(cell_at(3, 3), cell_at(3, 3)) &&
			   !cell_adjacent(cell_at(3, 3), cell_at(4, 4)) && !cell_adjacent(cell_at(3, 3), cell_at(3, 5)),
		   "adjacent is one step away or none");
	tap_is_int(cell_distance_squared(cell_at(0, 0), cell_at(4095, 4095)), 33538050,
			   "distances span the largest world");
	tap_is_int(cell_manhattan(cell_at(9, 2), cell_at(4, 10)), 13, "steps are counted along rows and columns");
}

static void
test_terrain(void)
{
	/* 5 x 3: cells 0, 8 and 14 blocked */
	const uint8_t bitmap[2] = {0x01, 0x41};
	Grid		 *grid = grid_create(5, 3, bitmap, NULL);
	int			  wrong = 0;

	tap_ok(grid_size_x(grid) == 5 && grid_size_y(grid) == 3, "a grid knows its size");
	for (int y = 0; y < 3; y++)
		for (int x = 0; x < 5; x++)
			wrong +=
				grid_blocked(grid, cell_at(x, y)) != (y * 5 + x == 0 || y * 5 + x == 8 || y * 5 + x == 14);
	tap_is_int(wrong, 0, "the bitmap is read row by row, lowest bit first");
	wrong = 0;
	for (int i = -1; i <= 5; i++)
		wrong += grid_contains(grid, cell_at(i, -1)) || grid_contains(grid, cell_at(i, 3)) ||
				 grid_contains(grid, cell_at(-1, i)) || grid_contains(grid, cell_at(5, i)) ||
				 !grid_blocked(grid, cell_at(i, -1)) || !grid_blocked(grid, cell_at(i, 3)) ||
				 !grid_blocked(grid, cell_at(-1, i)) || !grid_blocked(grid, cell_at(5, i)) ||
				 !grid_terrain_blocked(grid, cell_at(-1, i));
	tap_is_int(wrong, 0, "around the world everything is blocked");

	grid_set_terrain(grid, cell_at(2, 1), true);
	tap_ok(grid_blocked(grid, cell_at(2, 1)) && grid_terrain_blocked(grid, cell_at(2, 1)),
		   "a wall can be built");
	grid_set_terrain(grid, cell_at(2, 1), false);
	grid_set_terrain(grid, cell_at(0, 0), false);
	tap_ok(!grid_blocked(grid, cell_at(2, 1)) && !grid_blocked(grid, cell_at(0, 0)), "and torn down");
	grid_set_terrain(grid, cell_at(5, 0), false);
	grid_set_terrain(grid, cell_at(-1, -1), false);
	grid_set_terrain(grid, cell_at(0, 3), false);
	grid_set_terrain(grid, cell_at(32767, 32767), false);
	tap_ok(grid_blocked(grid, cell_at(5, 0)) && grid_blocked(grid, cell_at(0, 3)),
		   "but not outside the world");
	grid_free(grid);
	grid_free(NULL);
}

static void
test_items(void)
{
	Grid *grid = grid_create(6, 6, NULL, NULL);
	Cell  cell = cell_at(3, 3);

	grid_add_item(grid, cell);
	tap_ok(grid_blocked(grid, cell) && grid_has_item(grid, cell) && !grid_terrain_blocked(grid, cell),
		   "an item blocks its cell");
	grid_add_item(grid, cell);
	grid_remove_item(grid, cell);
	tap_ok(grid_blocked(grid, cell) && grid_has_item(grid, cell), "of two items one is left");
	grid_set_terrain(grid, cell, true);
	grid_remove_item(grid, cell);
	tap_ok(grid_blocked(grid, cell) && !grid_has_item(grid, cell), "a wall under an item stays when it goes");
	grid_add_item(grid, cell);
	grid_set_terrain(grid, cell, false);
	tap_ok(grid_blocked(grid, cell) && !grid_terrain_blocked(grid, cell), "an item stays when its wall goes");
	grid_remove_item(grid, cell);
	tap_ok(!grid_blocked(grid, cell), "without both the cell is free");
	grid_remove_item(grid, cell);
	grid_add_item(grid, cell);
	grid_remove_item(grid, cell);
	tap_ok(!grid_blocked(grid, cell), "taking away an item that is not there owes nothing");
	for (int i = 0; i < 1000; i++)
		grid_add_item(grid, cell);
	for (int i = 0; i < 999; i++)
		grid_remove_item(grid, cell);
	tap_ok(grid_blocked(grid, cell), "one of a thousand items blocks");
	grid_remove_item(grid, cell);
	tap_ok(!grid_blocked(grid, cell), "none of a thousand does not");
	grid_add_item(grid, cell_at(6, 0));
	tap_ok(!grid_has_item(grid, cell_at(6, 0)) && !grid_has_item(grid, cell_at(0, 1)),
		   "outside the world there are no items");
	grid_free(grid);
}

static void
test_standing(void)
{
	Grid *grid = grid_create(9, 7, NULL, NULL);
	int	  counts[63] = {0};
	int	  wrong = 0;
	bool  exact = true;

	for (int i = 0; i < 70000; i++)
	{
		grid_add_standing(grid, cell_at(4, 4));
		exact = exact && grid_standing(grid, cell_at(4, 4)) == i + 1;
	}
	for (int i = 70000; i > 0; i--)
	{
		exact = exact && grid_standing(grid, cell_at(4, 4)) == i;
		grid_remove_standing(grid, cell_at(4, 4));
	}
	tap_ok(exact && grid_standing(grid, cell_at(4, 4)) == 0, "70,000 NPCs on one cell are counted exactly");
	tap_ok(!grid_blocked(grid, cell_at(4, 4)), "an NPC does not block");
	grid_remove_standing(grid, cell_at(4, 4));
	tap_is_int(grid_standing(grid, cell_at(4, 4)), 0, "nobody leaves an empty cell");

	for (int i = 0; i < 200000; i++)
	{
		Cell cell = cell_at(draw(3) * 4, draw(7));
		int	 at = cell.y * 9 + cell.x;

		if (draw(2000) < (i < 100000 ? 1400 : 600))
		{
			grid_add_standing(grid, cell);
			counts[at]++;
		}
		else if (counts[at] > 0)
		{
			grid_remove_standing(grid, cell);
			counts[at]--;
		}
	}
	for (int i = 0; i < 63; i++)
		wrong += grid_standing(grid, cell_at(i % 9, i / 9)) != counts[i];
	tap_is_int(wrong, 0, "crowds on many cells that come and go are counted exactly");
	tap_is_int(grid_standing(grid, cell_at(9, 0)), 0, "outside the world nobody stands");
	grid_free(grid);
}

static void
check_neighbour(const Grid *grid, Cell cell, Cell from, int x, int y, const char *what)
{
	Cell result = {-9, -9};
	bool found = grid_free_neighbour(grid, cell, from, &result);

	tap_ok(found && result.x == x && result.y == y, "%s (%d, %d)", what, result.x, result.y);
}

static void
test_free_neighbour(void)
{
	Grid *grid = grid_create(9, 9, NULL, NULL);
	Cell  middle = cell_at(4, 4);
	Cell  untouched = {-9, -9};

	check_neighbour(grid, middle, cell_at(8, 4), 5, 4, "from the east one steps to the east side");
	check_neighbour(grid, middle, cell_at(4, 8), 4, 5, "from the south to the south side");
	check_neighbour(grid, middle, middle, 4, 3, "of four as near the northern");
	check_neighbour(grid, middle, cell_at(6, 6), 5, 4, "of east and south as near the eastern");
	check_neighbour(grid, middle, cell_at(2, 6), 4, 5, "of south and west as near the southern");
	grid_add_standing(grid, cell_at(5, 4));
	check_neighbour(grid, middle, cell_at(8, 4), 4, 3, "where somebody stands one prefers the next best");
	grid_add_standing(grid, cell_at(4, 3));
	grid_add_standing(grid, cell_at(4, 5));
	check_neighbour(grid, middle, cell_at(8, 4), 3, 4, "even the far side");
	grid_add_item(grid, cell_at(3, 4));
	check_neighbour(grid, middle, cell_at(8, 4), 5, 4, "but stands with others before standing nowhere");
	grid_set_terrain(grid, cell_at(5, 4), true);
	grid_set_terrain(grid, cell_at(4, 3), true);
	check_neighbour(grid, middle, cell_at(8, 4), 4, 5, "what is blocked is no choice");
	grid_set_terrain(grid, cell_at(4, 5), true);
	tap_ok(!grid_free_neighbour(grid, middle, cell_at(8, 4), &untouched) && untouched.x == -9,
		   "between four walls there is none");
	check_neighbour(grid, cell_at(0, 0), cell_at(0, 0), 1, 0, "in the corner there are two");
	grid_free(grid);
}

/*
 * Walls and items come and go at random.  At every moment cells that are
 * connected must not be called unconnected; after relabelling both answers
 * must be right.
 */
static void
test_labels(void)
{
	int separated = 0;
	int wrong_fresh = 0;
	int stale = 0;
	int pairs = 0;

	for (int round = 0; round < 300; round++)
	{
		int	  size_x = 1 + draw(30);
		int	  size_y = 1 + draw(30);
		int	  density = 10 + draw(50);
		Grid *grid = grid_create(size_x, size_y, NULL, NULL);
		int	 *walls = malloc(sizeof(int) * (size_t) (size_x * size_y));
		int	 *marks = malloc(sizeof(int) * (size_t) (size_x * size_y));

		for (int change = 0; change < 300; change++)
		{
			Cell cell = random_cell(grid);
			bool wall = draw(100) < density;

			if (draw(3) > 0)
				grid_set_terrain(grid, cell, wall);
			else if (wall)
				grid_add_item(grid, cell);
			else
				grid_remove_item(grid, cell);

			if (change % 10 != 0)
				continue;
			flood_all(grid, walls, marks);
			if (draw(4) == 0)
				grid_relabel(grid);
			for (int i = 0; i < 30; i++)
			{
				Cell from = random_cell(grid);
				Cell to = random_cell(grid);
				int	 a = marks[from.y * size_x + from.x];
				int	 b = marks[to.y * size_x + to.x];

				if (a == 0 || b == 0)
					continue;
				pairs++;
				separated += a == b && !grid_connected(grid, from, to);
				stale += a != b && grid_connected(grid, from, to);
			}
		}

		grid_relabel(grid);
		flood_all(grid, walls, marks);
		for (int i = 0; i < 200; i++)
		{
			Cell from = random_cell(grid);
			Cell to = random_cell(grid);
			int	 a = marks[from.y * size_x + from.x];
			int	 b = marks[to.y * size_x + to.x];

			if (a != 0 && b != 0)
				wrong_fresh += grid_connected(grid, from, to) != (a == b);
		}
		free(walls);
		free(marks);
		grid_free(grid);
	}
	tap_is_int(separated, 0, "labels never separate what is connected, whatever comes and goes");
	tap_is_int(wrong_fresh, 0, "fresh labels are those of a flood");
	tap_ok(pairs > 50000 && stale < pairs / 20, "and stale ones mislead seldom (%d of %d pairs)", stale,
		   pairs);
}

/* As long as only cells are blocked that keep their surroundings connected, labels stay exact. */
static void
test_keeps_connected(void)
{
	int broken = 0;
	int timid = 0;
	int inexact = 0;
	int kept = 0;
	int refused = 0;

	for (int round = 0; round < 400; round++)
	{
		int	  size_x = 1 + draw(16);
		int	  size_y = 1 + draw(16);
		Grid *grid = grid_create(size_x, size_y, NULL, NULL);
		int	  walls[256];
		int	  marks[256];

		grid_relabel(grid);
		for (int i = 0; i < size_x * size_y; i++)
		{
			Cell cell = random_cell(grid);
			bool keeps;
			int	 mark = 0;
			int	 near[256];
			int	 near_marks[256] = {0};
			bool joined = true;
			bool near_joined = true;

			if (grid_blocked(grid, cell))
				continue;
			keeps = grid_keeps_connected(grid, cell);

			/* how are its neighbours connected without it: anywhere, and within three cells? */
			flood_all(grid, walls, marks);
			walls[cell.y * size_x + cell.x] = 1;
			memset(marks, 0, sizeof(marks));
			for (int k = 0; k < size_x * size_y; k++)
				near[k] = walls[k] || abs(k % size_x - cell.x) > 3 || abs(k / size_x - cell.y) > 3;
			for (int d = 0; d < 4; d++)
			{
				int x = cell.x + step_x[d];
				int y = cell.y + step_y[d];

				if (x < 0 || x >= size_x || y < 0 || y >= size_y || walls[y * size_x + x])
					continue;
				if (mark++ == 0)
				{
					flood(walls, marks, size_x, size_y, y * size_x + x, 1);
					flood(near, near_marks, size_x, size_y, y * size_x + x, 1);
				}
				joined = joined && marks[y * size_x + x] != 0;
				near_joined = near_joined && near_marks[y * size_x + x] != 0;
			}
			broken += keeps && !joined;
			timid += !keeps && near_joined;
			if (keeps)
				grid_add_item(grid, cell);
			kept += keeps;
			refused += !keeps;
		}
		flood_all(grid, walls, marks);
		for (int i = 0; i < 50; i++)
		{
			Cell from = random_cell(grid);
			Cell to = random_cell(grid);
			int	 a = marks[from.y * size_x + from.x];
			int	 b = marks[to.y * size_x + to.x];

			if (a != 0 && b != 0)
				inexact += grid_connected(grid, from, to) != (a == b);
		}
		grid_free(grid);
	}
	tap_ok(kept > 5000 && refused > 1000,
		   "random cells do and do not keep their surroundings connected (%d, %d)", kept, refused);
	tap_is_int(broken, 0, "a cell that keeps its surroundings connected cuts nothing off");
	tap_is_int(timid, 0, "every cell whose neighbours meet within three cells is known to");
	tap_is_int(inexact, 0, "blocking such cells leaves the labels exact");
}

static void
test_connected(void)
{
	/* a wall from top to bottom */
	Grid *grid = grid_create(7, 5, NULL, NULL);

	for (int y = 0; y < 5; y++)
		grid_set_terrain(grid, cell_at(3, y), true);
	tap_ok(grid_connected(grid, cell_at(0, 0), cell_at(2, 4)), "on this side of a wall all is connected");
	tap_ok(!grid_connected(grid, cell_at(0, 0), cell_at(4, 0)), "what lies behind is not");
	tap_ok(grid_connected(grid, cell_at(0, 0), cell_at(3, 2)) &&
			   grid_connected(grid, cell_at(6, 0), cell_at(3, 2)),
		   "a blocked cell counts as its neighbours, on both sides");
	tap_ok(grid_connected(grid, cell_at(3, 2), cell_at(0, 0)), "and so does a blocked start");
	grid_set_terrain(grid, cell_at(3, 2), false);
	tap_ok(grid_connected(grid, cell_at(0, 0), cell_at(6, 4)), "a gap connects");
	grid_add_item(grid, cell_at(3, 2));
	grid_relabel(grid);
	tap_ok(!grid_connected(grid, cell_at(0, 0), cell_at(6, 4)), "an item in it disconnects");
	grid_remove_item(grid, cell_at(3, 2));
	tap_ok(grid_connected(grid, cell_at(0, 0), cell_at(6, 4)), "until it is eaten");
	tap_ok(!grid_connected(grid, cell_at(0, 0), cell_at(7, 0)) &&
			   !grid_connected(grid, cell_at(0, -1), cell_at(0, 0)),
		   "nothing is connected with the outside");
	for (int i = 0; i < 3; i++)
		grid_set_terrain(grid, cell_at(i, 1), true);
	grid_set_terrain(grid, cell_at(1, 0), true);
	grid_relabel(grid);
	tap_ok(!grid_connected(grid, cell_at(0, 0), cell_at(2, 0)) &&
			   !grid_connected(grid, cell_at(0, 0), cell_at(0, 2)),
		   "a cell between walls is alone");
	tap_ok(grid_connected(grid, cell_at(0, 0), cell_at(0, 0)), "but connected with itself");
	grid_free(grid);
}

/* A lone cell that comes and goes makes a new component each time; their number is bounded. */
static void
test_labels_for_weeks(void)
{
	Grid *grid = grid_create(3, 3, NULL, NULL);

	for (int i = 0; i < 9; i++)
		if (i != 4)
			grid_set_terrain(grid, cell_at(i % 3, i / 3), true);
	grid_relabel(grid);
	for (int i = 0; i < 100000; i++)
	{
		grid_add_item(grid, cell_at(1, 1));
		grid_remove_item(grid, cell_at(1, 1));
	}
	grid_set_terrain(grid, cell_at(1, 0), false);
	tap_ok(grid_connected(grid, cell_at(1, 0), cell_at(1, 1)),
		   "labels are right after 100,000 meals on one cell");
	grid_free(grid);
}

/* ---- the caller's memory ---- */

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
	Grid		*grid = grid_create(40, 40, NULL, &allocator);

	for (int i = 0; i < 600; i++)
		grid_add_standing(grid, cell_at(1, 1));
	for (int i = 0; i < 1600; i += 2)
		grid_set_terrain(grid, cell_at(i % 40, i / 40), i / 40 % 2 == 0);
	grid_relabel(grid);
	tap_ok(grid_standing(grid, cell_at(1, 1)) == 600 && grid_connected(grid, cell_at(1, 0), cell_at(3, 0)),
		   "a grid in the caller's memory works");
	grid_free(grid);
	tap_ok(ledger.allocated > 5 && ledger.allocated == ledger.released, "and gives all of it back (%d, %d)",
		   ledger.allocated, ledger.released);
}

int
main(void)
{
	test_sight();
	test_terrain();
	test_items();
	test_standing();
	test_free_neighbour();
	test_connected();
	test_labels();
	test_keeps_connected();
	test_labels_for_weeks();
	test_allocator();
	return tap_done();
}
