/*
 * test_colony.c
 *	  Tests colonies of all sizes: every NPC has a place, everything is within
 *	  reach, and walls cut nothing off.
 */
#include <stdlib.h>

#include "sim/colony.h"
#include "sim/needs.h"
#include "sim/random.h"
#include "tap.h"

#define SLOW_DECAY (NEED_UNIT / 5) /* by which a colony can live */

static uint64_t draws;

static int
draw(int bound)
{
	return (int) sim_random_below(31, 1, draws++, (uint32_t) bound);
}

static Cell
cell_at(int x, int y)
{
	return (Cell) {(int16_t) x, (int16_t) y};
}

static void
release_plan(ColonyPlan *plan)
{
	free(plan->blocked);
	free(plan->items);
	free(plan->npcs);
}

/* ---- components by flooding ---- */

typedef struct Map
{
	int	 size_x;
	int	 size_y;
	int *marks; /* 0 = blocked */
	int *sizes; /* by mark */
	int	 components;
	int	 largest; /* the most populous mark's cells nobody stands on */
} Map;

static void
draw_map(Map *map, const Grid *grid)
{
	int	 cells = grid_size_x(grid) * grid_size_y(grid);
	int *queue = malloc(sizeof(int) * (size_t) cells);

	*map = (Map) {.size_x = grid_size_x(grid), .size_y = grid_size_y(grid)};
	map->marks = calloc((size_t) cells, sizeof(int));
	map->sizes = calloc((size_t) cells + 1, sizeof(int));
	for (int i = 0; i < cells; i++)
	{
		int head = 0;
		int tail = 0;
		int mark;

		if (map->marks[i] != 0 || grid_blocked(grid, cell_at(i % map->size_x, i / map->size_x)))
			continue;
		mark = map->marks[i] = ++map->components;
		queue[tail++] = i;
		while (head < tail)
		{
			int at = queue[head++];

			map->sizes[mark] += grid_standing(grid, cell_at(at % map->size_x, at / map->size_x)) == 0;
			for (int d = 0; d < 4; d++)
			{
				int x = at % map->size_x + (d == 1) - (d == 3);
				int y = at / map->size_x + (d == 2) - (d == 0);

				if (grid_blocked(grid, cell_at(x, y)) || map->marks[y * map->size_x + x] != 0)
					continue;
				map->marks[y * map->size_x + x] = mark;
				queue[tail++] = y * map->size_x + x;
			}
		}
		if (map->sizes[mark] > map->largest)
			map->largest = map->sizes[mark];
	}
	free(queue);
}

static int
mark_at(const Map *map, Cell cell)
{
	if (cell.x < 0 || cell.x >= map->size_x || cell.y < 0 || cell.y >= map->size_y)
		return 0;
	return map->marks[cell.y * map->size_x + cell.x];
}

static void
free_map(Map *map)
{
	free(map->marks);
	free(map->sizes);
}

/* ---- what must hold for every plan ---- */

static void
count_types(const ColonyPlan *plan, int counts[COLONY_ITEM_TYPE_COUNT])
{
	memset(counts, 0, COLONY_ITEM_TYPE_COUNT * sizeof(int));
	for (int i = 0; i < plan->item_count; i++)
		counts[plan->items[i].type]++;
}

/* Of each kind of furniture as many as of the others, but for the last round. */
static bool
even_furniture(const ColonyPlan *plan)
{
	int counts[COLONY_ITEM_TYPE_COUNT];
	int pieces;

	count_types(plan, counts);
	pieces = plan->item_count - counts[COLONY_APPLE];
	for (int kind = COLONY_CHAIR; kind < COLONY_ITEM_TYPE_COUNT; kind++)
		if (counts[kind] < pieces / 3 || counts[kind] > (pieces + 2) / 3)
			return false;
	return true;
}

typedef struct Faults
{
	int on_blocked;	  /* something put on what is blocked or taken */
	int twice;		  /* two things on one cell */
	int cut_off;	  /* free cells that lost their component */
	int out_of_reach; /* items nobody can get to */
	int elsewhere;	  /* NPCs outside the largest component */
	int walls;		  /* wrong walls: count, share, or old ones gone */
	int amounts;
} Faults;

static void
check_plan(const Grid *before, const ColonyPlan *plan, int npc_count, int32_t decay, bool with_walls,
		   Faults *faults)
{
	int	  size_x = grid_size_x(before);
	int	  size_y = grid_size_y(before);
	Grid *after = grid_create(size_x, size_y, plan->blocked, NULL);
	Map	  old_map;
	Map	  new_map;
	char *taken = calloc((size_t) (size_x * size_y), 1);
	int	 *successor;
	int	  kinds[COLONY_ITEM_TYPE_COUNT];
	int	  new_walls = 0;
	int	  home = 0;

	draw_map(&old_map, before);
	for (int i = 0; i < size_x * size_y; i++)
	{
		Cell cell = cell_at(i % size_x, i / size_x);
		bool wall = grid_terrain_blocked(after, cell);

		if (grid_terrain_blocked(before, cell))
			faults->walls += !wall;
		else if (wall)
		{
			new_walls++;
			faults->on_blocked += grid_has_item(before, cell) || grid_standing(before, cell) > 0;
		}
		if (grid_has_item(before, cell))
			grid_add_item(after, cell);
	}
	faults->walls += new_walls != plan->wall_count || new_walls * 100 >= 6 * size_x * size_y ||
					 (!with_walls && new_walls > 0);

	for (int i = 0; i < plan->item_count; i++)
	{
		Cell cell = plan->items[i].cell;

		if (grid_blocked(before, cell) || grid_terrain_blocked(after, cell) ||
			grid_standing(before, cell) > 0)
		{
			faults->on_blocked++;
			continue;
		}
		faults->twice += taken[cell.y * size_x + cell.x]++ != 0;
		grid_add_item(after, cell);
	}
	draw_map(&new_map, after);

	/* every component of before has one successor at most, and nothing free is alone */
	successor = calloc((size_t) old_map.components + 1, sizeof(int));
	for (int i = 0; i < size_x * size_y; i++)
	{
		int old_mark = old_map.marks[i];
		int new_mark = new_map.marks[i];

		if (new_mark == 0)
			continue;
		if (successor[old_mark] == 0)
			successor[old_mark] = new_mark;
		faults->cut_off += successor[old_mark] != new_mark;
	}

	for (int i = 0; i < plan->npc_count; i++)
	{
		Cell cell = plan->npcs[i];

		if (mark_at(&new_map, cell) == 0 || grid_standing(before, cell) > 0)
		{
			faults->on_blocked++;
			continue;
		}
		faults->twice += taken[cell.y * size_x + cell.x]++ != 0;
		home = home == 0 ? mark_at(&new_map, cell) : home;
		faults->elsewhere +=
			mark_at(&new_map, cell) != home || old_map.sizes[mark_at(&old_map, cell)] != old_map.largest;
	}

	/* all items, the old ones that could be reached before too */
	for (int i = 0; i < size_x * size_y; i++)
	{
		Cell cell = cell_at(i % size_x, i / size_x);
		bool was = false;
		bool is = false;

		if (!grid_has_item(after, cell))
			continue;
		for (int d = 0; d < 4; d++)
		{
			Cell next = cell_at(cell.x + (d == 1) - (d == 3), cell.y + (d == 2) - (d == 0));

			was = was || mark_at(&old_map, next) != 0;
			is = is || (grid_has_item(before, cell) ? mark_at(&new_map, next) != 0
													: mark_at(&new_map, next) == home);
		}
		faults->out_of_reach += (was || !grid_has_item(before, cell)) && !is;
	}

	count_types(plan, kinds);
	faults->amounts +=
		plan->npc_count != npc_count ||
		(decay != SLOW_DECAY &&
		 (plan->item_count > (5 * npc_count + 1) / 2 ||
		  plan->item_count - kinds[COLONY_APPLE] > (npc_count + 2) / 3 || !even_furniture(plan)));
	free(successor);
	free(taken);
	free_map(&old_map);
	free_map(&new_map);
	grid_free(after);
}

static void
report(const Faults *faults, const char *where)
{
	tap_is_int(faults->on_blocked, 0, "%s: all is put on free cells", where);
	tap_is_int(faults->twice, 0, "%s: each on a cell of its own", where);
	tap_is_int(faults->cut_off, 0, "%s: no free cell is cut off", where);
	tap_is_int(faults->out_of_reach, 0, "%s: every item is within reach", where);
	tap_is_int(faults->elsewhere, 0, "%s: everybody lives in the largest component", where);
	tap_is_int(faults->walls, 0, "%s: walls stay, are counted and below 6 %%", where);
	tap_is_int(faults->amounts, 0, "%s: as many NPCs as wanted, never too many items, all furniture alike",
			   where);
}

/* ---- tests ---- */

static void
test_empty_worlds(void)
{
	Faults faults = {0};
	int	   refused = 0;
	int	   wrong_room = 0;
	int	   few_items = 0;
	int	   scarce = 0;
	int	   crowding = 0;
	int	   plans = 0;

	for (int i = 0; i < 600; i++)
	{
		int		   size_x = i < 100 ? 4 + i % 10 : 4 + draw(90);
		int		   size_y = i < 100 ? 4 + i / 10 : 4 + draw(60);
		Grid	  *grid = grid_create(size_x, size_y, NULL, NULL);
		int		   most = size_x * size_y / 4;
		int		   npcs = i % 3 == 0 ? most : 1 + draw(most);
		bool	   with_walls = draw(4) > 0;
		int32_t	   decay = i % 2 == 0 ? NEED_DECAY_REFERENCE_MAX : SLOW_DECAY;
		ColonyPlan plan;
		int		   kinds[COLONY_ITEM_TYPE_COUNT];
		int		   room = -1;

		if (!colony_plan(grid, (uint64_t) i, npcs, decay, with_walls, NULL, &plan, &room))
			refused++;
		else
		{
			plans++;
			check_plan(grid, &plan, npcs, decay, with_walls, &faults);
			count_types(&plan, kinds);
			/* with twice the room that is needed nothing has to be left out */
			crowding += plan.wall_count > 0 && plan.wall_count > size_x * size_y - 4 * npcs;
			few_items +=
				decay != SLOW_DECAY && npcs * 8 <= size_x * size_y && plan.item_count != (5 * npcs + 1) / 2;
			for (int kind = 0; decay == SLOW_DECAY && kind < COLONY_ITEM_TYPE_COUNT; kind++)
				scarce += npcs * 16 <= size_x * size_y &&
						  kinds[kind] < (kind == COLONY_APPLE ? npcs : (npcs + 9) / 10);
		}
		wrong_room += room != most;
		release_plan(&plan);
		grid_free(grid);
	}
	tap_is_int(plans, 600, "600 empty worlds from 4 by 4 to 93 by 63 are populated");
	tap_is_int(refused, 0, "with up to one NPC for 4 cells");
	tap_is_int(wrong_room, 0, "which is the room there is");
	tap_is_int(few_items, 0, "where there is room, two and a half items for each");
	tap_is_int(scarce, 0,
			   "and where needs decay slowly something of each kind for ten, and an apple for one");
	tap_is_int(crowding, 0, "and walls only on what 4 cells for each leave over");
	report(&faults, "empty worlds");
}

static void
test_used_worlds(void)
{
	Faults faults = {0};
	int	   wrong_room = 0;
	int	   refused = 0;
	int	   populated = 0;
	int	   not_empty = 0;

	for (int i = 0; i < 600; i++)
	{
		int		   size_x = 4 + draw(60);
		int		   size_y = 4 + draw(40);
		Grid	  *grid = grid_create(size_x, size_y, NULL, NULL);
		int		   density = draw(50);
		int		   npcs = 1 + draw(1 + size_x * size_y / 12);
		bool	   with_walls = draw(2) == 0;
		Map		   map;
		int32_t	   decay = i % 2 == 0 ? NEED_DECAY_REFERENCE_MAX : SLOW_DECAY;
		ColonyPlan plan;
		int		   room = -1;

		for (int y = 0; y < size_y; y++)
			for (int x = 0; x < size_x; x++)
			{
				if (draw(100) < density)
					grid_set_terrain(grid, cell_at(x, y), true);
				else if (draw(100) < 5)
					grid_add_item(grid, cell_at(x, y));
				else if (draw(100) < 5)
					grid_add_standing(grid, cell_at(x, y));
			}
		draw_map(&map, grid);
		if (colony_plan(grid, (uint64_t) i, npcs, decay, with_walls, NULL, &plan, &room))
		{
			populated++;
			wrong_room += npcs > map.largest / 4;
			check_plan(grid, &plan, npcs, decay, with_walls, &faults);
		}
		else
		{
			refused++;
			wrong_room += npcs <= map.largest / 4;
			not_empty += plan.blocked != NULL || plan.items != NULL || plan.npcs != NULL ||
						 plan.npc_count != 0 || plan.item_count != 0 || plan.wall_count != 0;
		}
		wrong_room += room != map.largest / 4;
		free_map(&map);
		release_plan(&plan);
		grid_free(grid);
	}
	tap_ok(populated > 300 && refused > 50, "of 600 worlds in use some are full (%d populated, %d refused)",
		   populated, refused);
	tap_is_int(wrong_room, 0, "full is who has not 4 empty cells for each in the largest component");
	tap_is_int(not_empty, 0, "a refused plan holds nothing");
	report(&faults, "worlds in use");
}

/* Is there one of that kind in the part of a world? */
static bool
has_type(const ColonyPlan *plan, ColonyItemType type, int left, int top, int right, int bottom)
{
	for (int i = 0; i < plan->item_count; i++)
	{
		Cell cell = plan->items[i].cell;

		if (plan->items[i].type == type && cell.x >= left && cell.x < right && cell.y >= top &&
			cell.y < bottom)
			return true;
	}
	return false;
}

/* People find what they lack by walking about: nobody may have to walk through half of the world. */
static void
test_spread(void)
{
	enum
	{
		SIDE = 24,
		EDGE = 2 /* by which a heap reaches into the next part */
	};
	Grid *grid = grid_create(3 * SIDE, 3 * SIDE, NULL, NULL);
	int	  lacking = 0;

	for (uint64_t seed = 0; seed < 60; seed++)
	{
		ColonyPlan plan;
		int		   room;

		(void) colony_plan(grid, seed, 20, SLOW_DECAY, true, NULL, &plan, &room);
		for (int part = 0; part < 9; part++)
			for (int kind = 0; kind < COLONY_ITEM_TYPE_COUNT; kind++)
			{
				int left = part % 3 * SIDE;
				int top = part / 3 * SIDE;

				lacking +=
					!has_type(&plan, kind, left - EDGE, top - EDGE, left + SIDE + EDGE, top + SIDE + EDGE);
			}
		release_plan(&plan);
	}
	tap_is_int(lacking, 0, "of each kind there is something in each ninth of a colony that can live");
	grid_free(grid);
}

static bool
same_plan(const ColonyPlan *a, const ColonyPlan *b, int cells)
{
	bool same = a->wall_count == b->wall_count && a->item_count == b->item_count &&
				a->npc_count == b->npc_count && memcmp(a->blocked, b->blocked, (size_t) (cells + 7) / 8) == 0;

	for (int i = 0; same && i < a->item_count; i++)
		same = cell_equal(a->items[i].cell, b->items[i].cell) && a->items[i].type == b->items[i].type;
	for (int i = 0; same && i < a->npc_count; i++)
		same = cell_equal(a->npcs[i], b->npcs[i]);
	return same;
}

static void
test_seed(void)
{
	Grid	  *grid = grid_create(64, 48, NULL, NULL);
	Grid	  *worn = grid_create(64, 48, NULL, NULL);
	ColonyPlan plan;
	ColonyPlan again;
	ColonyPlan other;
	ColonyPlan on_worn;
	int		   room;

	/* the same cells in the end, another history */
	for (int i = 0; i < 2000; i++)
		grid_set_terrain(worn, cell_at(draw(64), draw(48)), true);
	grid_relabel(worn);
	for (int i = 0; i < 64 * 48; i++)
		grid_set_terrain(worn, cell_at(i % 64, i / 64), false);

	(void) colony_plan(grid, 1, 20, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room);
	(void) colony_plan(grid, 1, 20, NEED_DECAY_REFERENCE_MAX, true, NULL, &again, &room);
	(void) colony_plan(grid, 2, 20, NEED_DECAY_REFERENCE_MAX, true, NULL, &other, &room);
	(void) colony_plan(worn, 1, 20, NEED_DECAY_REFERENCE_MAX, true, NULL, &on_worn, &room);
	tap_ok(same_plan(&plan, &again, 64 * 48), "the same seed makes the same colony");
	tap_ok(same_plan(&plan, &on_worn, 64 * 48), "whatever the world went through");
	tap_ok(!same_plan(&plan, &other, 64 * 48), "another seed another one");
	release_plan(&plan);
	release_plan(&again);
	release_plan(&other);
	release_plan(&on_worn);
	grid_free(grid);
	grid_free(worn);
}

static bool
is_wall(const ColonyPlan *plan, int size_x, int x, int y)
{
	int bit = y * size_x + x;

	return (plan->blocked[bit >> 3] >> (bit & 7)) & 1;
}

/*
 * Is the rectangle a room: walls all around, but for one or two doors of one
 * cell that are not in a corner?
 */
static bool
is_room(const ColonyPlan *plan, int size_x, int left, int top, int right, int bottom)
{
	int doors = 0;

	for (int y = top; y <= bottom; y++)
		for (int x = left; x <= right; x++)
		{
			bool across = x == left || x == right;
			bool down = y == top || y == bottom;

			if (across + down == 0 || is_wall(plan, size_x, x, y))
				continue;
			if ((across && down) || ++doors > 2)
				return false;
			/* the walls on both sides of a door stand */
			if (!is_wall(plan, size_x, x - down, y - across) || !is_wall(plan, size_x, x + down, y + across))
				return false;
		}
	return doors > 0;
}

typedef struct Rooms
{
	int count;
	int walls;							   /* cells of their walls */
	int two_doored;						   /* of them, those with two doors */
	int furniture[COLONY_ITEM_TYPE_COUNT]; /* that stands in them, at a wall */
} Rooms;

static Rooms
find_rooms(const ColonyPlan *plan, int size_x, int size_y)
{
	Rooms rooms = {0};

	for (int top = 0; top < size_y; top++)
		for (int left = 0; left < size_x; left++)
			for (int bottom = top + 4; bottom < size_y && bottom < top + 14; bottom++)
				for (int right = left + 4; right < size_x && right < left + 14; right++)
				{
					int around = 2 * (right - left + bottom - top);
					int walls = 0;

					if (!is_wall(plan, size_x, left, top) || !is_wall(plan, size_x, right, bottom) ||
						!is_room(plan, size_x, left, top, right, bottom))
						continue;
					for (int x = left; x <= right; x++)
						walls += is_wall(plan, size_x, x, top) + is_wall(plan, size_x, x, bottom);
					for (int y = top + 1; y < bottom; y++)
						walls += is_wall(plan, size_x, left, y) + is_wall(plan, size_x, right, y);
					rooms.count++;
					rooms.walls += walls;
					rooms.two_doored += walls == around - 2;
					for (int i = 0; i < plan->item_count; i++)
					{
						Cell cell = plan->items[i].cell;

						rooms.furniture[plan->items[i].type] += cell.x > left && cell.x < right &&
																cell.y > top && cell.y < bottom &&
																(cell.x == left + 1 || cell.x == right - 1 ||
																 cell.y == top + 1 || cell.y == bottom - 1);
					}
				}
	return rooms;
}

static void
test_furniture(void)
{
	Grid *grid = grid_create(32, 32, NULL, NULL);
	int	  lacking = 0;
	int	  first[COLONY_ITEM_TYPE_COUNT] = {0};
	int	  missing[COLONY_ITEM_TYPE_COUNT] = {0};

	for (uint64_t seed = 0; seed < 60; seed++)
	{
		ColonyPlan plan;
		int		   room;

		/* two NPCs have one piece, four have two, eight have three */
		for (int npcs = 2; npcs <= 8; npcs += 2)
		{
			int counts[COLONY_ITEM_TYPE_COUNT];

			(void) colony_plan(grid, seed, npcs, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room);
			count_types(&plan, counts);
			for (int kind = COLONY_CHAIR; kind < COLONY_ITEM_TYPE_COUNT; kind++)
			{
				first[kind] += npcs == 2 && counts[kind] == 1;
				missing[kind] += npcs == 4 && counts[kind] == 0;
				lacking += npcs == 8 && counts[kind] != 1;
			}
			release_plan(&plan);
		}
	}
	tap_is_int(lacking, 0, "a colony of eight has a chair, a shower and a television");
	for (int kind = COLONY_CHAIR; kind < COLONY_ITEM_TYPE_COUNT; kind++)
	{
		tap_ok(first[kind] > 10, "the one piece of a colony of two may be any (kind %d in %d of 60)", kind,
			   first[kind]);
		tap_ok(missing[kind] > 10, "a colony of four may lack any (kind %d in %d of 60)", kind,
			   missing[kind]);
	}
	grid_free(grid);
}

static void
test_plausible(void)
{
	Rooms all = {0};
	int	  bare = 0;
	int	  starving = 0;
	int	  npcs = 0;
	int	  walls = 0;
	int	  counts[COLONY_ITEM_TYPE_COUNT];
	int	  furniture[COLONY_ITEM_TYPE_COUNT] = {0};
	int	  quadrants[4] = {0};

	for (uint64_t seed = 0; seed < 40; seed++)
	{
		Grid	  *grid = grid_create(64, 48, NULL, NULL);
		ColonyPlan plan;
		Rooms	   rooms;
		int		   room;

		(void) colony_plan(grid, seed, 20, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room);
		rooms = find_rooms(&plan, 64, 48);
		bare += rooms.count < 2;
		all.count += rooms.count;
		all.walls += rooms.walls;
		all.two_doored += rooms.two_doored;
		walls += plan.wall_count;
		count_types(&plan, counts);
		for (int kind = COLONY_CHAIR; kind < COLONY_ITEM_TYPE_COUNT; kind++)
		{
			all.furniture[kind] += rooms.furniture[kind];
			furniture[kind] += counts[kind];
		}
		for (int i = 0; i < plan.npc_count; i++)
		{
			int nearest = INT32_MAX;

			for (int j = 0; j < plan.item_count; j++)
				if (plan.items[j].type == COLONY_APPLE &&
					cell_distance_squared(plan.npcs[i], plan.items[j].cell) < nearest)
					nearest = cell_distance_squared(plan.npcs[i], plan.items[j].cell);
			starving += nearest > 25 * 25;
			npcs++;
			quadrants[(plan.npcs[i].x >= 32) + 2 * (plan.npcs[i].y >= 24)]++;
		}
		release_plan(&plan);
		grid_free(grid);
	}
	tap_is_int(bare, 0, "a colony of 20 on 64 by 48 cells has rooms with doors (%d in 40 colonies)",
			   all.count);
	tap_ok(walls >= 40 * 150, "and not too few walls (%d)", walls);
	tap_ok(all.walls * 100 >= walls * 70, "most walls are those of rooms (%d of %d)", all.walls, walls);
	tap_ok(all.two_doored * 100 > all.count * 50 && all.two_doored < all.count,
		   "most rooms have two doors, some have one (%d of %d)", all.two_doored, all.count);
	for (int kind = COLONY_CHAIR; kind < COLONY_ITEM_TYPE_COUNT; kind++)
		tap_ok(furniture[kind] >= 40 * 2 && all.furniture[kind] * 100 >= furniture[kind] * 70,
			   "most furniture stands in rooms, at a wall (of kind %d: %d of %d)", kind, all.furniture[kind],
			   furniture[kind]);
	tap_ok(starving * 100 < npcs, "hardly anybody has an apple only beyond 25 cells (%d of %d)", starving,
		   npcs);
	for (int i = 0; i < 4; i++)
		tap_ok(quadrants[i] > 140, "people live in all parts of a small world (%d of %d)", quadrants[i],
			   npcs);
}

static void
test_large_worlds(void)
{
	Faults	   faults = {0};
	Grid	  *grid = grid_create(500, 500, NULL, NULL);
	ColonyPlan plan;
	int		   room;
	int		   spread = 0;

	tap_ok(colony_plan(grid, 9, 10000, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room),
		   "10,000 NPCs live in 500 by 500 cells");
	tap_is_int(plan.item_count, 25000, "with 25,000 items");
	check_plan(grid, &plan, 10000, NEED_DECAY_REFERENCE_MAX, true, &faults);
	report(&faults, "a large world");
	release_plan(&plan);

	(void) colony_plan(grid, 9, 10, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room);
	for (int i = 1; i < plan.npc_count; i++)
		if (cell_manhattan(plan.npcs[0], plan.npcs[i]) > spread)
			spread = cell_manhattan(plan.npcs[0], plan.npcs[i]);
	tap_ok(spread <= 110, "10 NPCs in the same world live together (%d steps)", spread);
	release_plan(&plan);
	grid_free(grid);

	grid = grid_create(4096, 4, NULL, NULL);
	tap_ok(colony_plan(grid, 9, 100, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room) &&
			   plan.npc_count == 100,
		   "a world may be long and narrow");
	release_plan(&plan);
	grid_free(grid);
	grid = grid_create(1, 1, NULL, NULL);
	tap_ok(!colony_plan(grid, 9, 1, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room) && room == 0,
		   "in one cell nobody fits");
	grid_set_terrain(grid, cell_at(0, 0), true);
	tap_ok(!colony_plan(grid, 9, 1, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room) && room == 0,
		   "on a rock neither");
	tap_ok(colony_plan(grid, 9, 0, NEED_DECAY_REFERENCE_MAX, true, NULL, &plan, &room) &&
			   plan.npc_count == 0 && plan.item_count == 0,
		   "but nobody fits anywhere");
	release_plan(&plan);
	grid_free(grid);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
test_names(void)
{
	enum
	{
		NPCS = 5000
	};
	static char names[NPCS][COLONY_NAME_SIZE];
	char		name[COLONY_NAME_SIZE];
	char		first[COLONY_NAME_SIZE];
	int			plain = 0;
	int			equal = 0;

	for (int i = 0; i < NPCS; i++)
	{
		colony_npc_name(77, i, names[i]);
		plain += strpbrk(names[i], " 0123456789") == NULL;
	}
	strcpy(first, names[0]);
	qsort(names, NPCS, COLONY_NAME_SIZE, compare_names);
	for (int i = 1; i < NPCS; i++)
		equal += strcmp(names[i - 1], names[i]) == 0;
	tap_is_int(equal, 0, "5,000 NPCs have 5,000 names");
	tap_is_int(plain, 97, "the first of them without a number");
	colony_npc_name(77, 97, name);
	tap_ok(strncmp(name, first, strlen(first)) == 0 && strcmp(name + strlen(first), " 2") == 0,
		   "after %s comes %s", first, name);
	colony_npc_name(77, INT32_MAX, name);
	tap_ok(strlen(name) < COLONY_NAME_SIZE && strlen(name) > 4, "the last NPC has a name too (%s)", name);
	colony_npc_name(78, 0, name);
	tap_ok(strcmp(name, first) != 0, "in another world the first is called otherwise");
}

int
main(void)
{
	test_empty_worlds();
	test_used_worlds();
	test_spread();
	test_seed();
	test_furniture();
	test_plausible();
	test_large_worlds();
	test_names();
	return tap_done();
}
