/*
 * colony.c
 *	  A plausible colony for any size, from a seed: rooms and walls, items and people.
 *
 * The colony settles in a square around a place drawn from the seed, as large as its people fill at
 * SETTLED_CELLS cells each, or in the whole world if that is smaller.  The settlement is divided into
 * lots; most get a room with doors, some a bit of wall, the rest stay open.  Furniture stands along
 * the walls inside the rooms, apples lie in small heaps, people are anywhere.
 *
 * Where needs decay as fast as in the reference game nobody can fill all needs, and a colony gets a
 * fixed number of items per NPC.  Where they decay slowly people find what they lack by walking about.
 * So it has to be within a walk from anywhere they may have got to, also outside the settlement: each
 * district has some of every type.
 *
 * Everything that blocks is put down one cell at a time on a copy of the grid, and only where the
 * cells around it stay connected and no item loses its last free neighbour.  That is what keeps every
 * free cell in its component and every item within reach, however crowded the world is.
 */
#include "sim/colony.h"

#include <stdio.h>

#include "sim/actions.h"
#include "sim/allocate.h"
#include "sim/grid_cells.h"
#include "sim/needs.h"
#include "sim/random.h"

#define CELLS_PER_NPC	   4   /* below this a world is full */
#define SETTLED_CELLS	   256 /* per NPC: an apple in sight from most places */
#define WALL_PERCENT	   6   /* walls stay below this share of the cells */
#define ITEMS_PER_TWO_NPCS 5   /* of all types */
/* One piece of furniture, of any type, serves so many: most of the time people are on their way. */
#define NPCS_PER_FURNITURE 3

/*
 * Where needs decay slowly, each type of furniture has one piece for so many cells (where a need decays by
 * SLOW_DECAY; for fewer cells where it is faster) and for so many people.
 */
#define CELLS_PER_PIECE	 400
#define NPCS_PER_PIECE	 10
#define APPLES_PER_PIECE 2 /* in a place that has room */
#define NPCS_PER_APPLE	 1 /* everywhere */
#define SLOW_DECAY		 (NEED_UNIT / 5)
/* How far people stray where needs decay slowly. */
#define ROAMED_CELLS	 1024  /* per NPC */
#define ROAMED_CELLS_MIN 65536 /* for a few people */

#define LOT_SIDE			  14
#define ROOM_MARGIN			  1 /* between a room and the edge of its lot */
#define ROOM_SIDE_MIN		  6 /* walls included */
#define ROOM_SIDE_MAX		  11
#define ROOM_WALLS_MAX		  (4 * ROOM_SIDE_MAX - 4) /* a room is built whole or not at all */
#define LOTS_IN_TEN_WITH_ROOM 5
#define LOTS_IN_TEN_WITH_WALL 3
#define HEAP_APPLES			  3 /* mostly */
#define HEAP_APPLES_MAX		  4
#define HEAP_RADIUS			  2

typedef struct Builder
{
	uint64_t			seed;
	uint64_t			counter;   /* of the draws so far */
	const Grid		   *world;	   /* as it is; not changed */
	Grid			   *site;	   /* as it will be */
	int32_t				component; /* the largest one */
	int					spare; /* cells that may still be blocked without leaving an NPC without a place */
	int					wall_room; /* cells of wall that may still be built */
	int					left;	   /* the settlement */
	int					top;
	int					right;	/* exclusive */
	int					bottom; /* exclusive */
	Cell			   *cells;	/* the settlement's habitable cells in a random order */
	int					cell_count;
	int					center_x;
	int					center_y;
	Cell			   *places; /* for furniture: cells inside rooms, along the walls */
	int32_t				place_count;
	int32_t				place_capacity;
	bool				spread; /* items are spread over districts, not over rooms */
	const SimAllocator *allocator;
	ColonyPlan		   *plan;
} Builder;

static int
draw(Builder *builder, int bound)
{
	return (int) sim_random_below(builder->seed, SIM_ENTITY_COLONY, builder->counter++, (uint32_t) bound);
}

/* Draws uniformly from least .. most. */
static int
draw_between(Builder *builder, int least, int most)
{
	return least + draw(builder, most - least + 1);
}

static Cell
cell_at(int x, int y)
{
	return (Cell) {.x = (int16_t) x, .y = (int16_t) y};
}

static void
shuffle(Builder *builder, Cell *cells, int count)
{
	for (int i = count - 1; i > 0; i--)
	{
		int	 other = draw(builder, i + 1);
		Cell swapped = cells[i];

		cells[i] = cells[other];
		cells[other] = swapped;
	}
}

/* Returns how many parts of that size there are; the last one may be smaller. */
static int
parts_of(int64_t number, int64_t part)
{
	return (int) ((number + part - 1) / part);
}

/* Returns the numbers below 'count' in a random order. */
static int *
shuffled_numbers(Builder *builder, int count)
{
	int *numbers = sim_allocate(builder->allocator, (size_t) count * sizeof(int));

	for (int i = 0; i < count; i++)
	{
		int other = draw(builder, i + 1);

		numbers[i] = i; /* 'other' may be i itself */
		numbers[i] = numbers[other];
		numbers[other] = i;
	}
	return numbers;
}

/* ---- where there is room ---- */

/* Whether somebody could live on this cell of the world as it is. */
static bool
habitable(const Builder *builder, Cell cell)
{
	const Grid *world = builder->world;
	int32_t		index = grid_index(world, cell);

	return !index_blocked(world, index) && index_component(world, index) == builder->component &&
		   grid_standing(world, cell) == 0;
}

/*
 * Chooses the component with the most cells on which nobody stands, the first from the top left if there are
 * several. Returns how many it has.
 */
static int
choose_component(Builder *builder, Grid *world)
{
	int32_t *sizes;
	int		 largest = 0;

	/* The labels are made afresh, so that the component's number does not depend on history. */
	grid_relabel(world);
	sizes = sim_allocate_zeroed(builder->allocator, ((size_t) world->label_count + 1) * sizeof(int32_t));
	for (int y = 0; y < world->size_y; y++)
		for (int x = 0; x < world->size_x; x++)
		{
			int32_t index = grid_index(world, cell_at(x, y));

			if (!index_blocked(world, index) && world->standing.low[index] == 0)
				sizes[index_component(world, index)]++;
		}
	for (int32_t label = 0; label < world->label_count; label++)
		if (sizes[label] > largest)
		{
			largest = sizes[label];
			builder->component = label;
		}
	sim_release(builder->allocator, sizes);
	return largest;
}

static int
count_habitable(const Builder *builder)
{
	int count = 0;

	for (int y = builder->top; y < builder->bottom; y++)
		for (int x = builder->left; x < builder->right; x++)
			count += habitable(builder, cell_at(x, y));
	return count;
}

/* Returns the side of a square of so many cells. */
static int
side_of(int64_t cells)
{
	int side = LOT_SIDE;

	while ((int64_t) side * side < cells && side < WORLD_CELLS_MAX)
		side++;
	return side;
}

/*
 * Lays a square of that side around the centre, within the world. In a narrow world it is lengthened until it
 * has so many cells. Returns whether it is the whole world.
 */
static bool
lay_square(Builder *builder, int side, int64_t wanted)
{
	int size_x = builder->world->size_x;
	int size_y = builder->world->size_y;
	int width = side < size_x ? side : size_x;
	int height = side < size_y ? side : size_y;

	if (width == size_x && (int64_t) width * height < wanted)
		height = wanted / width < size_y ? (int) (wanted / width) : size_y;
	if (height == size_y && (int64_t) width * height < wanted)
		width = wanted / height < size_x ? (int) (wanted / height) : size_x;

	builder->left = builder->center_x - width / 2;
	if (builder->left > size_x - width)
		builder->left = size_x - width;
	if (builder->left < 0)
		builder->left = 0;
	builder->top = builder->center_y - height / 2;
	if (builder->top > size_y - height)
		builder->top = size_y - height;
	if (builder->top < 0)
		builder->top = 0;
	builder->right = builder->left + width;
	builder->bottom = builder->top + height;
	return width == size_x && height == size_y;
}

/*
 * Chooses the square to settle in: of the wanted size, then wider until enough
 * of it is habitable or it is the whole world.
 */
static void
choose_settlement(Builder *builder, int npc_count)
{
	int64_t wanted = (int64_t) npc_count * SETTLED_CELLS;
	int		side = side_of(wanted);

	builder->center_x = draw(builder, builder->world->size_x);
	builder->center_y = draw(builder, builder->world->size_y);
	while (!lay_square(builder, side, wanted) && count_habitable(builder) < wanted * 3 / 4)
		side += side / 4;
}

/*
 * Lists the square's habitable cells in a random order, except those of another square (NULL: there is none).
 */
static void
list_cells(Builder *builder, const Builder *except)
{
	int capacity = (builder->right - builder->left) * (builder->bottom - builder->top);

	builder->cells = sim_allocate(builder->allocator, (size_t) capacity * sizeof(Cell));
	builder->cell_count = 0;
	for (int y = builder->top; y < builder->bottom; y++)
		for (int x = builder->left; x < builder->right; x++)
		{
			bool excepted = except != NULL && x >= except->left && x < except->right && y >= except->top &&
							y < except->bottom;

			if (!excepted && habitable(builder, cell_at(x, y)))
				builder->cells[builder->cell_count++] = cell_at(x, y);
		}
	shuffle(builder, builder->cells, builder->cell_count);
}

/* ---- putting things down ---- */

static bool
has_free_neighbour(const Grid *grid, Cell cell)
{
	for (int d = 0; d < 4; d++)
		if (!grid_blocked(grid, cell_towards(cell, (Direction) d)))
			return true;
	return false;
}

/* Whether this cell may be blocked without harm to anybody. */
static bool
may_block(Builder *builder, Cell cell)
{
	bool harmless = true;

	if (builder->spare <= 0 || !grid_contains(builder->site, cell) || grid_blocked(builder->site, cell) ||
		grid_standing(builder->site, cell) > 0 || !habitable(builder, cell) ||
		!has_free_neighbour(builder->site, cell) || !grid_keeps_connected(builder->site, cell))
		return false;

	/* an item beside it must stay within reach */
	grid_set_terrain(builder->site, cell, true);
	for (int d = 0; harmless && d < 4; d++)
	{
		Cell next = cell_towards(cell, (Direction) d);

		harmless = !grid_has_item(builder->site, next) || has_free_neighbour(builder->site, next);
	}
	grid_set_terrain(builder->site, cell, false);
	return harmless;
}

static void
build_wall(Builder *builder, Cell cell)
{
	int64_t bit = (int64_t) cell.y * builder->world->size_x + cell.x;

	if (builder->wall_room <= 0 || !may_block(builder, cell))
		return;
	grid_set_terrain(builder->site, cell, true);
	builder->plan->blocked[bit >> 3] |= (uint8_t) (1 << (bit & 7));
	builder->plan->wall_count++;
	builder->wall_room--;
	builder->spare--;
}

static bool
put_item(Builder *builder, Cell cell, ColonyItemType type)
{
	if (!may_block(builder, cell))
		return false;
	grid_add_item(builder->site, cell);
	builder->plan->items[builder->plan->item_count++] = (ColonyItem) {.cell = cell, .type = type};
	builder->spare--;
	return true;
}

/* ---- walls ---- */

static void
note_place(Builder *builder, int x, int y)
{
	if (builder->place_count == builder->place_capacity)
		builder->places =
			sim_grow(builder->allocator, builder->places, sizeof(Cell), &builder->place_capacity, 64);
	builder->places[builder->place_count++] = cell_at(x, y);
}

/* Returns the n-th cell of a room's walls, clockwise from the top left corner. */
static Cell
wall_cell(int left, int top, int width, int height, int n)
{
	if (n < width - 1)
		return cell_at(left + n, top);
	n -= width - 1;
	if (n < height - 1)
		return cell_at(left + width - 1, top + n);
	n -= height - 1;
	if (n < width - 1)
		return cell_at(left + width - 1 - n, top + height - 1);
	n -= width - 1;
	return cell_at(left, top + height - 1 - n);
}

/*
 * A rectangle of walls with a door in one side and mostly a second in the
 * opposite one.  It is built from door to door: so at every moment there is an
 * opening next to the cell being built, and may_block() agrees to it.
 */
static void
build_room(Builder *builder, int left, int top, int width, int height)
{
	int	 around = 2 * (width + height) - 4;
	bool upright = draw(builder, 2) == 0; /* doors in the walls above and below */
	int	 side = upright ? width : height;
	int	 first_door = draw_between(builder, 2, side - 3);
	int	 second_door = draw_between(builder, 2, side - 3);
	bool two_doors = draw(builder, 4) > 0;

	if (!upright)
	{
		first_door += width - 1;
		second_door += width - 1;
	}
	second_door += width + height - 2;
	for (int i = 1; i < around; i++)
	{
		int n = (first_door + i) % around;

		if (!two_doors || n != second_door)
			build_wall(builder, wall_cell(left, top, width, height, n));
	}

	/* furniture along the walls without doors, where nobody has to pass */
	if (upright)
		for (int y = top + 2; y < top + height - 2; y += 2)
		{
			note_place(builder, left + 1, y);
			note_place(builder, left + width - 2, y);
		}
	else
		for (int x = left + 2; x < left + width - 2; x += 2)
		{
			note_place(builder, x, top + 1);
			note_place(builder, x, top + height - 2);
		}
}

/* A straight wall, sometimes with a corner. */
static void
build_bit_of_wall(Builder *builder, int left, int top, int right, int bottom)
{
	int	 x = draw_between(builder, left, right);
	int	 y = draw_between(builder, top, bottom);
	bool across = draw(builder, 2) == 0;
	bool corner = draw(builder, 3) == 0;
	int	 length = draw_between(builder, 3, 6);

	for (int i = 0; i < length; i++)
	{
		if (x > right || y > bottom)
			break;
		build_wall(builder, cell_at(x, y));
		if (corner && i == length / 2)
			across = !across;
		if (across)
			x++;
		else
			y++;
	}
}

/*
 * Walks through the lots in a random order, so that when the walls run out the bare lots
 * are anywhere.
 */
static void
build_walls(Builder *builder)
{
	int	 columns = (builder->right - builder->left + LOT_SIDE / 2) / LOT_SIDE;
	int	 rows = (builder->bottom - builder->top + LOT_SIDE / 2) / LOT_SIDE;
	int	 lot_count;
	int *lots;

	columns = columns > 0 ? columns : 1;
	rows = rows > 0 ? rows : 1;
	lot_count = columns * rows;
	lots = shuffled_numbers(builder, lot_count);

	for (int i = 0; i < lot_count && builder->wall_room > 0; i++)
	{
		int left = builder->left + lots[i] % columns * LOT_SIDE + ROOM_MARGIN;
		int top = builder->top + lots[i] / columns * LOT_SIDE + ROOM_MARGIN;
		int right = left + LOT_SIDE - 1 - 2 * ROOM_MARGIN;
		int bottom = top + LOT_SIDE - 1 - 2 * ROOM_MARGIN;
		int lot = draw(builder, 10);
		int width;
		int height;

		if (right > builder->right - 1 - ROOM_MARGIN)
			right = builder->right - 1 - ROOM_MARGIN;
		if (bottom > builder->bottom - 1 - ROOM_MARGIN)
			bottom = builder->bottom - 1 - ROOM_MARGIN;
		width = right - left + 1;
		height = bottom - top + 1;
		if (width < 1 || height < 1)
			continue;

		if (lot < LOTS_IN_TEN_WITH_ROOM && width >= ROOM_SIDE_MIN && height >= ROOM_SIDE_MIN &&
			builder->wall_room >= ROOM_WALLS_MAX)
		{
			int room_x = draw_between(builder, ROOM_SIDE_MIN, width < ROOM_SIDE_MAX ? width : ROOM_SIDE_MAX);
			int room_y =
				draw_between(builder, ROOM_SIDE_MIN, height < ROOM_SIDE_MAX ? height : ROOM_SIDE_MAX);

			left += draw(builder, width - room_x + 1);
			top += draw(builder, height - room_y + 1);
			build_room(builder, left, top, room_x, room_y);
		}
		else if (lot < LOTS_IN_TEN_WITH_ROOM + LOTS_IN_TEN_WITH_WALL)
			build_bit_of_wall(builder, left, top, right, bottom);
	}
	sim_release(builder->allocator, lots);
}

/* ---- items and people ---- */

/* The number of types is prime, so that any step through them meets all. */
static const ColonyItemType furniture[] = {COLONY_CHAIR, COLONY_SHOWER, COLONY_TELEVISION};

#define FURNITURE_KINDS ((int) (sizeof(furniture) / sizeof(furniture[0])))

static void
put_furniture(Builder *builder, int wanted)
{
	int put = 0;
	int first = draw(builder, FURNITURE_KINDS);
	int step = 1 + draw(builder, FURNITURE_KINDS - 1);

	/* not one room after the other: every room shall have some */
	shuffle(builder, builder->places, builder->place_count);
	for (int i = 0; i < builder->place_count && put < wanted; i++)
		put += put_item(builder, builder->places[i], furniture[(first + put * step) % FURNITURE_KINDS]);
	for (int i = 0; i < builder->cell_count && put < wanted; i++)
		put += put_item(builder, builder->cells[i], furniture[(first + put * step) % FURNITURE_KINDS]);
}

/* The square, parted into districts of one size, and where furniture can stand in each. */
typedef struct Districts
{
	int		 columns;
	int		 rows;
	int		 count;
	Cell	*cells; /* side by side by district, inside rooms first */
	int32_t *next;	/* by district: the cells that were not tried yet ... */
	int32_t *end;
} Districts;

static int
district_of(const Builder *builder, const Districts *districts, Cell cell)
{
	int column = (cell.x - builder->left) * districts->columns / (builder->right - builder->left);
	int row = (cell.y - builder->top) * districts->rows / (builder->bottom - builder->top);

	return row * districts->columns + column;
}

/* Lays out as many districts as the square's cells fill at so many each, or fewer. */
static void
lay_out_districts(const Builder *builder, int cells_each, Districts *districts)
{
	const SimAllocator *allocator = builder->allocator;
	int					width = builder->right - builder->left;
	int					height = builder->bottom - builder->top;
	int					side = 1;
	int					count;
	int32_t				place = 0;

	while (side * side < cells_each)
		side++;
	districts->columns = width > side ? width / side : 1;
	districts->rows = height > side ? height / side : 1;
	count = districts->count = districts->columns * districts->rows;
	districts->cells =
		sim_allocate(allocator, (size_t) (builder->place_count + builder->cell_count) * sizeof(Cell));
	districts->next = sim_allocate_zeroed(allocator, (size_t) count * sizeof(int32_t));
	districts->end = sim_allocate_zeroed(allocator, (size_t) count * sizeof(int32_t));

	/* Counts the cells of each district, then where they begin, then fills them in. */
	for (int i = 0; i < builder->place_count; i++)
		districts->next[district_of(builder, districts, builder->places[i])]++;
	for (int i = 0; i < builder->cell_count; i++)
		districts->next[district_of(builder, districts, builder->cells[i])]++;
	for (int i = 0; i < count; i++)
	{
		int32_t cells = districts->next[i];

		districts->next[i] = districts->end[i] = place;
		place += cells;
	}
	for (int i = 0; i < builder->place_count; i++)
		districts->cells[districts->end[district_of(builder, districts, builder->places[i])]++] =
			builder->places[i];
	for (int i = 0; i < builder->cell_count; i++)
		districts->cells[districts->end[district_of(builder, districts, builder->cells[i])]++] =
			builder->cells[i];
}

static void
release_districts(const Builder *builder, Districts *districts)
{
	sim_release(builder->allocator, districts->cells);
	sim_release(builder->allocator, districts->next);
	sim_release(builder->allocator, districts->end);
}

/* Puts an item of a type into a district. Returns false if there is no room. */
static bool
furnish_district(Builder *builder, Districts *districts, int district, ColonyItemType type)
{
	while (districts->next[district] < districts->end[district])
		if (put_item(builder, districts->cells[districts->next[district]++], type))
			return true;
	return false;
}

/*
 * Puts out so many of each type: one in every district, then another one in each, as long as there is room.
 */
static void
spread_furniture(Builder *builder, int of_each)
{
	Districts districts;
	int		  put[FURNITURE_KINDS] = {0};
	int		 *order;
	bool	  more = of_each > 0;

	if (!more)
		return;
	shuffle(builder, builder->places, builder->place_count);
	lay_out_districts(builder, parts_of(builder->cell_count, of_each), &districts);
	order = shuffled_numbers(builder, districts.count);
	while (more)
	{
		more = false;
		for (int i = 0; i < districts.count; i++)
			for (int kind = 0; kind < FURNITURE_KINDS; kind++)
				if (put[kind] < of_each && furnish_district(builder, &districts, order[i], furniture[kind]))
				{
					put[kind]++;
					more = true;
				}
	}
	sim_release(builder->allocator, order);
	release_districts(builder, &districts);
}

/* Puts up to so many apples around a cell. Returns how many. */
static int
put_heap(Builder *builder, Cell middle, int most)
{
	int apples = draw_between(builder, 2, HEAP_APPLES_MAX);
	int put = 0;

	for (int i = 0; i < apples && put < most; i++)
	{
		int x = middle.x + draw_between(builder, -HEAP_RADIUS, HEAP_RADIUS);
		int y = middle.y + draw_between(builder, -HEAP_RADIUS, HEAP_RADIUS);

		put += put_item(builder, cell_at(x, y), COLONY_APPLE);
	}
	return put;
}

/* Puts a heap into a district. Returns how many apples it has, 0 if there is no room. */
static int
heap_in_district(Builder *builder, Districts *districts, int district, int most)
{
	int put = 0;

	while (put == 0 && districts->next[district] < districts->end[district])
		put = put_heap(builder, districts->cells[--districts->end[district]], most);
	return put;
}

/*
 * Puts a heap into every district, then another one into each, as long as there is room. Returns how many
 * apples were put.
 */
static int
spread_heaps(Builder *builder, int wanted)
{
	Districts districts;
	int		 *order;
	int		  put = 0;
	bool	  more = wanted > 0;

	if (!more)
		return 0;
	lay_out_districts(builder, parts_of(builder->cell_count, parts_of(wanted, HEAP_APPLES)), &districts);
	order = shuffled_numbers(builder, districts.count);
	while (more)
	{
		more = false;
		for (int i = 0; i < districts.count && put < wanted; i++)
		{
			/* The share of each district leaves some for those to come. */
			int apples =
				heap_in_district(builder, &districts, order[i], parts_of(wanted - put, districts.count - i));

			put += apples;
			more = more || apples > 0;
		}
	}
	sim_release(builder->allocator, order);
	release_districts(builder, &districts);
	return put;
}

static void
put_apples(Builder *builder, int wanted)
{
	int put = builder->spread ? spread_heaps(builder, wanted) : 0;
	int next = builder->spread ? 0 : builder->cell_count;

	/* Heaps are laid around cells from the end of the list. */
	while (next > 0 && put < wanted)
		put += put_heap(builder, builder->cells[--next], wanted - put);
	for (int i = 0; i < builder->cell_count && put < wanted; i++)
		put += put_item(builder, builder->cells[i], COLONY_APPLE);
}

/* Places NPCs on cells of the settlement that are still free; 'spare' has kept enough of them. */
static void
place_npcs(Builder *builder, int wanted)
{
	ColonyPlan *plan = builder->plan;

	for (int i = 0; i < builder->cell_count && plan->npc_count < wanted; i++)
		if (!grid_blocked(builder->site, builder->cells[i]))
		{
			grid_add_standing(builder->site, builder->cells[i]);
			plan->npcs[plan->npc_count++] = builder->cells[i];
		}
}

/* ---- how much of it ---- */

/* How many items are put out in a place. */
typedef struct Supply
{
	int pieces; /* of furniture */
	int apples;
} Supply;

/* Returns the supply of the reference game. */
static Supply
reference_supply(int npc_count)
{
	Supply supply = {.pieces = parts_of(npc_count, NPCS_PER_FURNITURE)};

	supply.apples = parts_of((int64_t) npc_count * ITEMS_PER_TWO_NPCS, 2) - supply.pieces;
	return supply;
}

/*
 * Returns the supply for so many people who walk about on so many cells, where there are some items already.
 */
static Supply
living_supply(int cells, int items, int npc_count, int32_t decay)
{
	int by_cells = parts_of((int64_t) cells * decay, (int64_t) CELLS_PER_PIECE * SLOW_DECAY) -
				   items / (FURNITURE_KINDS + APPLES_PER_PIECE);
	int by_npcs = parts_of((int64_t) npc_count * decay, (int64_t) NPCS_PER_PIECE * SLOW_DECAY);
	int by_appetite = parts_of((int64_t) npc_count * decay, (int64_t) NPCS_PER_APPLE * SLOW_DECAY);
	int of_each = by_cells > by_npcs ? by_cells : by_npcs;

	if (of_each < 0)
		of_each = 0;
	return (Supply) {.pieces = FURNITURE_KINDS * of_each,
					 .apples = APPLES_PER_PIECE * by_cells > by_appetite ? APPLES_PER_PIECE * by_cells
																		 : by_appetite};
}

/* Counts the items that were in the square before. */
static int
count_items(const Builder *builder)
{
	int count = 0;

	for (int y = builder->top; y < builder->bottom; y++)
		for (int x = builder->left; x < builder->right; x++)
			count += grid_has_item(builder->world, cell_at(x, y));
	return count;
}

static void
put_out(Builder *builder, Supply supply)
{
	ColonyPlan *plan = builder->plan;
	size_t		room = (size_t) plan->item_count + (size_t) supply.pieces + (size_t) supply.apples + 1;
	ColonyItem *items = sim_allocate(builder->allocator, room * sizeof(ColonyItem));

	if (plan->item_count > 0)
		memcpy(items, plan->items, (size_t) plan->item_count * sizeof(ColonyItem));
	sim_release(builder->allocator, plan->items);
	plan->items = items;
	if (builder->spread)
		spread_furniture(builder, supply.pieces / FURNITURE_KINDS);
	else
		put_furniture(builder, supply.pieces);
	put_apples(builder, supply.apples);
}

/* Supplies the cells around a furnished and peopled settlement with what people need where they stray to. */
static void
supply_surroundings(Builder *builder, int npc_count, int32_t decay)
{
	Builder settled = *builder;
	int		items = count_items(builder);
	int64_t wanted = (int64_t) npc_count * ROAMED_CELLS;

	if (wanted < ROAMED_CELLS_MIN)
		wanted = ROAMED_CELLS_MIN;
	(void) lay_square(builder, side_of(wanted), wanted);
	sim_release(builder->allocator, builder->cells);
	list_cells(builder, &settled);
	builder->place_count = 0;
	builder->spare = builder->cell_count;
	if (builder->cell_count > 0)
		put_out(builder, living_supply(builder->cell_count, count_items(builder) - items, 0, decay));
}

/* ---- the whole ---- */

/* Copies the world's terrain to the plan, and its terrain and items to the site. */
static void
survey(Builder *builder)
{
	const Grid *world = builder->world;
	int64_t		bit = 0;

	for (int y = 0; y < world->size_y; y++)
		for (int x = 0; x < world->size_x; x++, bit++)
			if (grid_terrain_blocked(world, cell_at(x, y)))
				builder->plan->blocked[bit >> 3] |= (uint8_t) (1 << (bit & 7));
	builder->site = grid_create(world->size_x, world->size_y, builder->plan->blocked, builder->allocator);
	for (int y = 0; y < world->size_y; y++)
		for (int x = 0; x < world->size_x; x++)
			if (grid_has_item(world, cell_at(x, y)))
				grid_add_item(builder->site, cell_at(x, y));
}

bool
colony_plan(Grid *grid, uint64_t seed, int npc_count, int32_t decay, bool with_walls,
			const SimAllocator *allocator, ColonyPlan *plan, int *room)
{
	static const SimAllocator plain;
	Builder					  builder = {.seed = seed, .world = grid, .plan = plan};
	int64_t					  cells = (int64_t) grid->size_x * grid->size_y;
	bool					  can_live = decay < NEED_DECAY_REFERENCE_MIN;
	int						  habitable_count;

	builder.allocator = allocator != NULL ? allocator : &plain;
	builder.spread = can_live;
	*plan = (ColonyPlan) {0};
	habitable_count = choose_component(&builder, grid);
	*room = habitable_count / CELLS_PER_NPC;
	if (npc_count > *room)
		return false;
	if (npc_count < 0)
		npc_count = 0;

	plan->blocked = sim_allocate_zeroed(builder.allocator, (size_t) (cells + 7) / 8);
	plan->npcs = sim_allocate(builder.allocator, ((size_t) npc_count + 1) * sizeof(Cell));
	survey(&builder);
	if (npc_count > 0)
	{
		choose_settlement(&builder, npc_count);
		list_cells(&builder, NULL);

		/* What people need comes before walls. */
		builder.spare = builder.cell_count - npc_count;
		builder.wall_room =
			(int) (((int64_t) (builder.right - builder.left) * (builder.bottom - builder.top) * WALL_PERCENT -
					1) /
				   100);
		if (builder.wall_room > builder.cell_count - npc_count * CELLS_PER_NPC)
			builder.wall_room = builder.cell_count - npc_count * CELLS_PER_NPC;
		if (with_walls)
			build_walls(&builder);
		put_out(&builder, can_live
							  ? living_supply(builder.cell_count, count_items(&builder), npc_count, decay)
							  : reference_supply(npc_count));
		place_npcs(&builder, npc_count);
		if (can_live)
			supply_surroundings(&builder, npc_count, decay);
	}
	sim_release(builder.allocator, builder.cells);
	sim_release(builder.allocator, builder.places);
	grid_free(builder.site);
	return true;
}

/* ---- names ---- */

/* The number of names is prime, so that any step through them meets all. */
static const char *const names[] = {
	"Ada",	  "Bo",	   "Cleo",	 "Dara",   "Eli",	"Faye",	 "Gus",	  "Hana",	"Ivo",	  "June",	"Kai",
	"Lena",	  "Milo",  "Nora",	 "Otto",   "Pia",	"Quin",	 "Rosa",  "Sven",	"Tara",	  "Ugo",	"Vera",
	"Wim",	  "Xenia", "Yara",	 "Zeno",   "Alma",	"Bruno", "Cora",  "Dario",	"Edda",	  "Finn",	"Greta",
	"Hugo",	  "Iris",  "Jonas",	 "Kira",   "Luca",	"Maya",	 "Nils",  "Olga",	"Pavel",  "Ruth",	"Samir",
	"Thea",	  "Uma",   "Viktor", "Wanda",  "Yusuf", "Zoe",	 "Anton", "Bea",	"Carlo",  "Dina",	"Emil",
	"Flora",  "Gino",  "Hedda",	 "Igor",   "Jana",	"Karl",	 "Lotte", "Marek",	"Nina",	  "Oskar",	"Petra",
	"Rafael", "Selma", "Tomas",	 "Ursula", "Vito",	"Willa", "Yann",  "Zara",	"Aron",	  "Britta", "Cyrus",
	"Delia",  "Ernst", "Frida",	 "Goran",  "Hilda", "Isak",	 "Judit", "Kasper", "Livia",  "Mirko",	"Nadia",
	"Orla",	  "Paulo", "Rike",	 "Silas",  "Tilda", "Urban", "Vilma", "Wolf",	"Yvette",
};

#define NAME_COUNT ((int) (sizeof(names) / sizeof(names[0])))

void
colony_npc_name(uint64_t seed, int n, char name[COLONY_NAME_SIZE])
{
	int			first = (int) sim_random_below(seed, SIM_ENTITY_NAMES, 0, NAME_COUNT);
	int			step = 1 + (int) sim_random_below(seed, SIM_ENTITY_NAMES, 1, NAME_COUNT - 1);
	int			round = n / NAME_COUNT;
	const char *chosen = names[(first + (int64_t) (n % NAME_COUNT) * step) % NAME_COUNT];

	if (round == 0)
		snprintf(name, COLONY_NAME_SIZE, "%s", chosen);
	else
		snprintf(name, COLONY_NAME_SIZE, "%s %d", chosen, round + 1);
}
