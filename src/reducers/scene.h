/*
 * scene.h
 *	  Reads what is around NPCs whose minds are asked, for the files that put it into words.
 */
#ifndef NPCSIM_SCENE_H
#define NPCSIM_SCENE_H

#include "postgres.h"

#include "reducers/npc_rows.h"
#include "reducers/ongoing.h"
#include "reducers/type_texts.h"
#include "reducers/world_head.h"

typedef struct SeenThing
{
	int32 distance_squared;
	int64 id;
	Cell  cell;
	/* of items */
	const TypeText *kind; /* NULL for NPCs */
	int32			share_left;
	int64			occupied_by;
	/* Filled in by recognize(). */
	/* The NPC itself; NULL for items, and if the snapshot has no such NPC. */
	const NpcRow *npc;
	/* The interaction that it takes part in or is used in; NULL = none. */
	const Run *run;
} SeenThing;

typedef struct SeenList
{
	SeenThing *things; /* by viewer, nearest first, then by id */
	int		   count;
	int		   room;
	int		  *starts; /* of each viewer's; behind the last one, the count */
} SeenList;

typedef struct Scene
{
	const WorldHead *head;
	NpcRows			*viewers;
	Cell			*cells; /* of the viewers, now */
	TypeTexts		 texts;
	SeenList		 items;
	SeenList		 npcs;
	OpenBids		 bids;
	/* Names and states of the NPCs seen, of those that use items, and of bidders. */
	NpcRows *seen;
	/* Names of those with whom they interact. */
	NpcRows *others;
	Runs	 runs; /* that these and the viewers are in */
	/* A bit for each cell, row by row; NULL unless choices are offered. */
	const uint8 *terrain;
} Scene;

/*
 * Reads what is around those of the NPCs that exist (ids ascending): they are the viewers. All see the
 * instant of 'head'. Called between spi_begin() and spi_end(), and results are in their memory.
 */
extern void scene_read(Scene *scene, const WorldHead *head, const int64 *npc_ids, int count,
					   bool with_terrain);

/* Returns what a viewer sees of a list. */
extern const SeenThing *things_of(const SeenList *list, int viewer, int *count);

/* Returns the interaction that an NPC (NULL: none) takes part in; NULL = none. */
extern const Run *run_of(const Scene *scene, const NpcRow *npc);

#endif /* NPCSIM_SCENE_H */
