/*
 * snapshot.h
 *	  A world at one revision, on its way to one client page by page.
 */
#ifndef NPCSIM_GATEWAY_SNAPSHOT_H
#define NPCSIM_GATEWAY_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"
#include "copy.h"
#include "frame.h"

/* Bytes of a page, if the client wants no smaller ones; only a row that is larger by itself makes a larger one. */
#define SNAPSHOT_PAGE (48 * 1024)

typedef struct Snapshot Snapshot;

/* "tables" are the bits of those that were asked for, "page" the bytes that the client takes at once. */
extern Snapshot *snapshot_create(int64_t revision, uint32_t tables, int page);
extern void		 snapshot_free(Snapshot *snapshot);

/* Takes the texts of an entity; nearer ones come first. */
extern void snapshot_add(Snapshot *snapshot, const Entity *entity, double distance);

/* After the last entity, before the first page. */
extern void snapshot_sort(Snapshot *snapshot);

/* What comes behind all that was sorted: a finished row of a stream. */
extern void snapshot_add_text(Snapshot *snapshot, TableId table, Fragment *text);

/* The next page; "id" is JSON or "".  *is_last is set with the last one. */
extern Frame *snapshot_next_page(Snapshot *snapshot, const char *id, double clock, bool *is_last);

/*
 * The next piece of the terrain's runs that fits, cut between two runs, as the
 * object that it is to clients; true when it was the last.
 */
extern bool add_terrain_piece(Text *text, const Fragment *runs, size_t *sent, size_t room);

/* The entity's row as a JSON object; the groups changed after the revision. */
extern void add_entity_row(Text *text, const Entity *entity, int64_t changed_after);

#endif /* NPCSIM_GATEWAY_SNAPSHOT_H */
