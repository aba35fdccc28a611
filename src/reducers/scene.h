/*
 * scene.h
 *	  What is around NPCs whose minds are asked, for those who put it into
 *	  words.
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
	/* items */
	const TypeText *kind; /* NULL for NPCs */
	int32			share_left;
	int64			occupied_by;
	/* found in what is read afterwards */
	const NpcRow *npc; /* itself; NULL for items, and when the snapshot has no such NPC */
	const Run	 *run; /* that it takes part in, or is used in; NULL = none */
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
	NpcRows			*seen;	  /* names and states of the NPCs seen, of who uses the items and of bidders */
	NpcRows			*others;  /* names of those with whom they do that */
	Runs			 runs;	  /* that these and the viewers are in */
	const uint8		*terrain; /* a bit for each cell, row by row; NULL when nobody is offered choices */
} Scene;

/*
 * Reads what is around those of the NPCs that there are (ids ascending): they are the viewers. All see the instant of 'head'.
 * Between spi_begin and spi_end, whose memory it is in.
 */
extern void scene_read(Scene *scene, const WorldHead *head, const int64 *npc_ids, int count,
					   bool with_terrain);

/* What a viewer sees of a list. */
extern const SeenThing *things_of(const SeenList *list, int viewer, int *count);

/* What an NPC (NULL: none) takes part in; NULL = nothing. */
extern const Run *run_of(const Scene *scene, const NpcRow *npc);

#endif /* NPCSIM_SCENE_H */
