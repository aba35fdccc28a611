/*
 * colony.h
 *	  A plausible colony for any size, from a seed: rooms and walls, items
 *	  and people.
 */
#ifndef NPCSIM_COLONY_H
#define NPCSIM_COLONY_H

#include "sim/grid.h"

/* The types of items in a colony; there is something for each need. */
typedef enum ColonyItemType
{
	COLONY_APPLE,
	COLONY_CHAIR,
	COLONY_SHOWER,
	COLONY_TELEVISION,
	COLONY_ITEM_TYPE_COUNT
} ColonyItemType;

typedef struct ColonyItem
{
	Cell		   cell;
	ColonyItemType type;
} ColonyItem;

typedef struct ColonyPlan
{
	uint8_t	   *blocked;	/* bitmap as grid_create() takes it: old and new walls */
	int			wall_count; /* cells blocked by this plan */
	ColonyItem *items;
	int			item_count;
	Cell	   *npcs;
	int			npc_count;
} ColonyPlan;

#define COLONY_NAME_SIZE 48

/*
 * Plans a colony of npc_count NPCs on the free cells of a grid: some short walls (below 6 % of the cells,
 * never cutting a free cell off from its component, never on an item or an occupied cell), items (fewer when
 * there is no room), everyone on a free cell of its own, all in the largest component.  Furniture is as many
 * chairs as showers and televisions.  No item is out of reach and none cuts a free cell off either.
 *
 * The number of items depends on how fast needs decay at most ('decay', millionths of a unit a second).  As
 * fast as in the reference game, or faster: two and a half items per NPC, of which a piece of furniture for
 * every three NPCs and the rest apples.  Slower: what the NPCs need to live, wherever they may walk to, with
 * furniture of each type in every district.
 *
 * Returns false, with *room = how many NPCs fit, when they do not fit (an NPC needs 4 free cells on which
 * nobody stands); the plan is then empty.  Walls are only planned when with_walls.  The plan's arrays are the
 * caller's to release, by the allocator.  A pure function of its arguments; the grid gets fresh labels and is
 * not changed otherwise.
 */
extern bool colony_plan(Grid *grid, uint64_t seed, int npc_count, int32_t decay, bool with_walls,
						const SimAllocator *allocator, ColonyPlan *plan, int *room);

/* Writes the name of the n-th NPC (n >= 0): "Ada", "Bo", … then "Ada 2", …; distinct for distinct n. */
extern void colony_npc_name(uint64_t seed, int n, char name[COLONY_NAME_SIZE]);

#endif /* NPCSIM_COLONY_H */
