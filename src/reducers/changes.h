/*
 * changes.h
 *	  Finds what of a world has changed since a revision.
 */
#ifndef NPCSIM_REDUCERS_CHANGES_H
#define NPCSIM_REDUCERS_CHANGES_H

#include "postgres.h"

#include "reducers/world_head.h"

/* An NPC that has changed, and its groups; NPC_GONE if it was removed. */
typedef struct ChangedNpc
{
	int64  id;
	uint32 groups;
} ChangedNpc;

#define NPC_GONE 0x80000000

typedef struct IdList
{
	int64 *ids;
	int	   count;
	int	   size;
} IdList;

typedef struct Changes
{
	bool complete; /* reaches back to the revision asked for */
	bool world;
	bool terrain;
	bool item_types;
	bool interaction_types;
	/* The numbers of NPCs that players control may have changed. */
	bool		all_players;
	ChangedNpc *npcs;
	int			npc_count;
	int			npc_size;
	IdList		items;
	IdList		interactions;
	IdList		players;
	int64		first_event; /* number of the first new event; 0 = none */
	int64		first_message;
	/* Read from the rows, which tell what remains instead of what was removed. */
	bool   by_rows;
	IdList remaining_npcs;
	IdList remaining_items;
	IdList remaining_interactions;
} Changes;

/* Both are called between spi_begin() and spi_end(), and results are in their memory. */
extern void changes_by_log(int64 world_id, int64 since, int64 until, Changes *changes);
extern void changes_by_rows(const WorldHead *head, int64 since, Changes *changes);

#endif /* NPCSIM_REDUCERS_CHANGES_H */
