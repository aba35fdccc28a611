/*
 * path.h
 *	  Shortest ways on the grid (A*, four neighbours) and motion along them. Every cell takes the same
 *	  time to cross (CELL_TIME of sim.h), on which the search relies.
 */
#ifndef NPCSIM_PATH_H
#define NPCSIM_PATH_H

#include "sim/grid.h"

typedef enum PathResult
{
	PATH_FOUND,
	PATH_HERE,		  /* it is there already */
	PATH_OUTSIDE,	  /* the target is not in the world */
	PATH_UNREACHABLE, /* no way, or all neighbours of a blocked target are blocked */
	PATH_TOO_FAR	  /* more than PATH_EXPANSIONS_MAX */
} PathResult;

typedef struct PathFinder PathFinder; /* scratch memory, reused between searches */

extern PathFinder *path_finder_create(const SimAllocator *allocator);
extern void		   path_finder_free(PathFinder *finder);

/*
 * Finds a shortest way between two cells.  'from' may itself be blocked (a sitter stands on its chair).  A
 * blocked target means: the free cell adjacent to it that is nearest by way, of several preferring one nobody
 * stands on; an NPC that is adjacent to it is there already.  A free target on which somebody stands is
 * replaced by its grid_free_neighbour() when nobody stands on that and it is reachable.
 *
 * The first 'leg_size' (>= 1) cells of the way, start included, are written to leg; *leg_length tells how
 * many, *steps the length of the whole way in steps, *goal where it ends.  When there is no way they describe
 * standing at 'from'.  Ties are always broken the same way.
 */
extern PathResult path_find(PathFinder *finder, Grid *grid, Cell from, Cell to, Cell *leg, int leg_size,
							int *leg_length, int *steps, Cell *goal);

/* A search gives up after so many expansions. */
#define PATH_EXPANSIONS_MAX 262144

/*
 * Draws a random free cell that can be reached from 'from' in at most 'reach' steps (cut to PATH_REACH_MAX),
 * each as likely as the others, by sim_random_below(seed, entity, counter). Returns false if there is none
 * but 'from'.
 */
#define PATH_REACH_MAX 31

extern bool path_random_target(PathFinder *finder, Grid *grid, Cell from, int reach, uint64_t seed,
							   int64_t entity, uint64_t counter, Cell *target);

/* ---- motion along a leg: pure functions ---- */

/* Returns the index of the cell a walker is on. An NPC that stands has a leg of length 1. */
static inline int
leg_index_at(int leg_length, int64_t departed_at, int64_t now)
{
	/* Unsigned, since two int64 may be further apart than an int64 holds. */
	uint64_t index = now <= departed_at ? 0 : ((uint64_t) now - (uint64_t) departed_at) / CELL_TIME;

	return index >= (uint64_t) leg_length ? leg_length - 1 : (int) index;
}

static inline int64_t
leg_arrives_at(int leg_length, int64_t departed_at)
{
	return departed_at + (int64_t) (leg_length - 1) * CELL_TIME;
}

#endif /* NPCSIM_PATH_H */
