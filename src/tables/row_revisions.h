/*
 * row_revisions.h
 *	  What of a world is newer than a revision, as its rows say: for where there is no log of changes.
 *
 * By the caller's snapshot, and within spi_begin and spi_end, whose memory results are in. Kinds, players and whether a mind
 * is being asked have no revision: what has none counts as changed.
 */
#ifndef NPCSIM_TABLES_ROW_REVISIONS_H
#define NPCSIM_TABLES_ROW_REVISIONS_H

#include "postgres.h"

/* Settings and terrain; false when there is no such world. */
extern bool revisions_of_world(int64 world_id, int64 since, bool *settings, bool *terrain);

typedef struct NpcRevision
{
	int64  id;
	uint32 groups; /* NpcGroup: those that are newer */
} NpcRevision;

typedef struct RowRevision
{
	int64 id;
	bool  changed;
} RowRevision;

/* All that there are, by id. */
extern NpcRevision *revisions_of_npcs(int64 world_id, int64 since, int *count);
extern RowRevision *revisions_of_items(int64 world_id, int64 since, int *count);
extern RowRevision *revisions_of_interactions(int64 world_id, int64 since, int *count);

/* The number of the first event that came after; 'if_none' when there is none. */
extern int64 revisions_first_event(int64 world_id, int64 since, int64 if_none);

#endif /* NPCSIM_TABLES_ROW_REVISIONS_H */
