/*
 * nearby.c
 *	  Finds the NPCs whose way leads over a cell, or that are in sight of it, without looking at all of
 *	  them.
 *
 * The world is divided into districts, squares as wide as a leg is long. An NPC is listed in the
 * district in which its leg begins, so whoever stands on a cell or walks over it is listed in the
 * cell's district or in one beside it. The lists say how far a leg leads from its first cell, so that
 * hardly any leg is looked at in vain.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/image.h"

#define DISTRICT_CELLS (LEG_CELLS - 1)

typedef struct Resident
{
	Cell  from;	 /* the first cell of its leg */
	int32 steps; /* of its leg; no cell of it is farther away */
	Npc	 *npc;
} Resident;

struct District
{
	Resident *residents;
	int		  count;
	int		  room;
};

void
image_lay_out_districts(World *world)
{
	world->districts_x = (world->size_x - 1) / DISTRICT_CELLS + 1;
	world->districts_y = (world->size_y - 1) / DISTRICT_CELLS + 1;
	world->districts = MemoryContextAllocZero(world->context, (Size) world->districts_x * world->districts_y *
																  sizeof(District));
}

static Resident *
new_resident(World *world, District *district)
{
	if (district->count == district->room)
	{
		district->room = Max(8, district->room * 2);
		district->residents = district->residents == NULL
								  ? MemoryContextAlloc(world->context, district->room * sizeof(Resident))
								  : repalloc_huge(district->residents, district->room * sizeof(Resident));
	}
	return &district->residents[district->count++];
}

void
npc_leave_district(World *world, Npc *npc)
{
	District *district;

	if (npc->district < 0)
		return;
	district = &world->districts[npc->district];
	district->count--;
	district->residents[npc->district_place] = district->residents[district->count];
	district->residents[npc->district_place].npc->district_place = npc->district_place;
	npc->district = -1;
}

void
npc_enter_district(World *world, Npc *npc)
{
	Cell from = npc->leg[0];
	int	 number;

	if (!grid_contains(world->grid, from))
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("the track of NPC %lld lies outside world %lld", (long long) npc->id,
					   (long long) world->id));
	number = from.y / DISTRICT_CELLS * world->districts_x + from.x / DISTRICT_CELLS;
	if (number != npc->district)
	{
		District *district = &world->districts[number];

		npc_leave_district(world, npc);
		npc->district = number;
		npc->district_place = district->count;
		new_resident(world, district)->npc = npc;
	}
	world->districts[number].residents[npc->district_place].from = from;
	world->districts[number].residents[npc->district_place].steps = npc->leg_length - 1;
}

static int
compare_npcs(const void *a, const void *b)
{
	const Npc *left = *(Npc *const *) a;
	const Npc *right = *(Npc *const *) b;

	return left->id < right->id ? -1 : left->id > right->id;
}

void
npcs_sort(Npc **npcs, int count)
{
	if (count > 1)
		qsort(npcs, count, sizeof(Npc *), compare_npcs);
}

static bool
leads_over(const Npc *npc, Cell cell)
{
	for (int i = 0; i < npc->leg_length; i++)
		if (cell_equal(npc->leg[i], cell))
			return true;
	return false;
}

int
npcs_over(World *world, Cell cell, Npc ***found)
{
	int	  x = cell.x / DISTRICT_CELLS;
	int	  y = cell.y / DISTRICT_CELLS;
	Npc **npcs = NULL;
	int	  count = 0;
	int	  room = 0;

	for (int row = Max(y - 1, 0); row <= Min(y + 1, world->districts_y - 1); row++)
		for (int column = Max(x - 1, 0); column <= Min(x + 1, world->districts_x - 1); column++)
		{
			const District *district = &world->districts[row * world->districts_x + column];

			for (int i = 0; i < district->count; i++)
			{
				const Resident *resident = &district->residents[i];

				if (cell_manhattan(resident->from, cell) > resident->steps ||
					!leads_over(resident->npc, cell))
					continue;
				if (count == room)
				{
					room = Max(16, room * 2);
					npcs = npcs == NULL ? palloc(room * sizeof(Npc *))
										: repalloc_huge(npcs, room * sizeof(Npc *));
				}
				npcs[count++] = resident->npc;
			}
		}
	npcs_sort(npcs, count);
	*found = npcs;
	return count;
}

Npc *
npc_on(World *world, Cell cell, const Npc *except)
{
	Npc **npcs;
	int	  count = npcs_over(world, cell, &npcs);
	Npc	 *found = NULL;

	for (int i = 0; i < count && found == NULL; i++)
		if (npcs[i] != except && cell_equal(npc_cell(npcs[i], world->now), cell))
			found = npcs[i];
	if (npcs != NULL)
		pfree(npcs);
	return found;
}

/* ---- in sight ---- */

/*
 * The most steps (dx + dy) between two cells that are in sight of one another (dx² + dy² <= SIGHT_SQUARED).
 */
#define SIGHT_STEPS 11

typedef struct Seen
{
	int32 distance_squared;
	Npc	 *npc;
} Seen;

static int
compare_seen(const void *a, const void *b)
{
	const Seen *left = a;
	const Seen *right = b;

	if (left->distance_squared != right->distance_squared)
		return left->distance_squared < right->distance_squared ? -1 : 1;
	return left->npc->id < right->npc->id ? -1 : left->npc->id > right->npc->id;
}

/* Adds the NPCs of a district that are in sight to an array, which may be moved. Returns the new count. */
static int
see_district(World *world, const District *district, Cell cell, const Npc *except, Seen **seen, int count,
			 int *room)
{
	for (int i = 0; i < district->count; i++)
	{
		const Resident *resident = &district->residents[i];
		int32			distance;

		if (resident->npc == except || cell_manhattan(resident->from, cell) > resident->steps + SIGHT_STEPS)
			continue;
		distance = cell_distance_squared(npc_cell(resident->npc, world->now), cell);
		if (distance > SIGHT_SQUARED)
			continue;
		if (count == *room)
		{
			*room = Max(16, *room * 2);
			*seen = *seen == NULL ? palloc(*room * sizeof(Seen)) : repalloc_huge(*seen, *room * sizeof(Seen));
		}
		(*seen)[count++] = (Seen) {distance, resident->npc};
	}
	return count;
}

int
npcs_in_sight(World *world, Cell cell, const Npc *except, Npc ***found)
{
	int	  reach = DISTRICT_CELLS + SIGHT_CELLS;
	int	  left = Max(cell.x - reach, 0) / DISTRICT_CELLS;
	int	  right = Min((cell.x + reach) / DISTRICT_CELLS, world->districts_x - 1);
	int	  top = Max(cell.y - reach, 0) / DISTRICT_CELLS;
	int	  bottom = Min((cell.y + reach) / DISTRICT_CELLS, world->districts_y - 1);
	Seen *seen = NULL;
	int	  count = 0;
	int	  room = 0;

	for (int row = top; row <= bottom; row++)
		for (int column = left; column <= right; column++)
			count = see_district(world, &world->districts[row * world->districts_x + column], cell, except,
								 &seen, count, &room);
	*found = NULL;
	if (count == 0)
		return 0;
	qsort(seen, count, sizeof(Seen), compare_seen);
	*found = palloc(count * sizeof(Npc *));
	for (int i = 0; i < count; i++)
		(*found)[i] = seen[i].npc;
	pfree(seen);
	return count;
}
