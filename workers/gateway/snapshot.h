/*
 * snapshot.h
 *	  A snapshot of a world at one revision, which is sent to one client page by page.
 */
#ifndef NPCSIM_GATEWAY_SNAPSHOT_H
#define NPCSIM_GATEWAY_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"
#include "copy.h"
#include "frame.h"

/* The bytes of a page, unless the client wants smaller ones; only a single row that is larger makes a larger page. */
#define SNAPSHOT_PAGE (48 * 1024)

typedef struct Snapshot Snapshot;

/* Returns an empty snapshot; "tables" has a bit for each table that was asked for, "page" is the client's size of pages. */
extern Snapshot *snapshot_create(int64_t revision, uint32_t tables, int page);
extern void		 snapshot_free(Snapshot *snapshot);

/* Adds references to the texts of an entity; those with a smaller distance are sent first. */
extern void snapshot_add(Snapshot *snapshot, const Entity *entity, double distance);

/* Sorts the entities by distance; to be called after the last entity and before what follows. */
extern void snapshot_sort(Snapshot *snapshot);

/* Adds a finished row of a stream behind all entities. */
extern void snapshot_add_text(Snapshot *snapshot, TableId table, Fragment *text);

/* Returns the next page as a new frame; "id" is the subscription's id as JSON, or "".  *is_last is true for the last one. */
extern Frame *snapshot_next_page(Snapshot *snapshot, const char *id, double clock, bool *is_last);

/*
 * Adds the terrain as clients get it, with as many of its runs from *sent on as
 * fit into "room" bytes, and moves *sent; returns true when these were the last.
 */
extern bool add_terrain_piece(Text *text, const Fragment *runs, size_t *sent, size_t room);

/* Adds an entity's row as a JSON object; for an NPC, with the groups that changed after the revision (-1: all). */
extern void add_entity_row(Text *text, const Entity *entity, int64_t changed_after);

#endif /* NPCSIM_GATEWAY_SNAPSHOT_H */
