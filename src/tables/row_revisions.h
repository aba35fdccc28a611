/*
 * row_revisions.h
 *	  Finds what of a world is newer than a revision, by the revisions in its rows: for where the change
 *	  log does not reach back.
 *
 * Reads by the caller's snapshot. All functions are called between spi_begin() and spi_end(), and
 * results are in their memory. Types, players and whether a mind is being asked have no revision: they
 * always count as changed.
 */
#ifndef NPCSIM_TABLES_ROW_REVISIONS_H
#define NPCSIM_TABLES_ROW_REVISIONS_H

#include "postgres.h"

/* What of a world is newer. */
typedef struct WorldRevision
{
	bool settings;
	bool terrain;
} WorldRevision;

/* Returns false if there is no such world. */
extern bool revisions_of_world(int64 world_id, int64 since, WorldRevision *revision);

typedef struct NpcRevision
{
	int64  id;
	uint32 groups; /* NpcGroups that are newer */
} NpcRevision;

typedef struct RowRevision
{
	int64 id;
	bool  changed;
} RowRevision;

/* Return all NPCs, items or interactions of the world, by id. */
extern NpcRevision *revisions_of_npcs(int64 world_id, int64 since, int *count);
extern RowRevision *revisions_of_items(int64 world_id, int64 since, int *count);
extern RowRevision *revisions_of_interactions(int64 world_id, int64 since, int *count);

/* Returns the number of the first event after the revision; 'if_none' if there is none. */
extern int64 revisions_first_event(int64 world_id, int64 since, int64 if_none);

#endif /* NPCSIM_TABLES_ROW_REVISIONS_H */
