/*
 * delta.h
 *	  Collects what changed for a client between two revisions as finished
 *	  rows, and cuts them into frames.
 */
#ifndef NPCSIM_GATEWAY_DELTA_H
#define NPCSIM_GATEWAY_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text.h"
#include "copy.h"
#include "frame.h"

typedef enum DeltaList
{
	DELTA_UPSERT, /* for a stream, the rows that are appended */
	DELTA_REMOVE,
	DELTA_LEAVE,
	DELTA_LIST_COUNT
} DeltaList;

/* Finished rows, one behind the other in a text, and where each of them ends. */
typedef struct RowList
{
	Text	text;
	size_t *ends;
	size_t	count;
	size_t	room;
	size_t	next; /* the first that is in no page yet */
} RowList;

typedef struct Delta
{
	RowList	  lists[TABLE_COUNT][DELTA_LIST_COUNT]; /* of all tables but the terrain, which is "runs" */
	RowList	  present;								/* the ids of what is in sight */
	Fragment *runs;									/* a reference; NULL = the terrain did not change */
	size_t	  runs_sent;							/* bytes of it that are in pages */
	bool	  has_present;			 /* the client was away, so that "present" is told even if it is empty */
	int64_t	  dropped[STREAM_COUNT]; /* rows of each stream that are kept no more */
	bool	  any;					 /* there is anything to tell */
} Delta;

/* The frames of one delta, which may be sent to several clients. */
typedef struct Pages
{
	int	   holders;
	int	   count;
	Frame *frames[];
} Pages;

/* Adds a row or an id, which is JSON, to a list. */
extern void delta_add(Delta *delta, TableId table, DeltaList list, const char *text, size_t length);

/* Adds the groups of an entity that changed after the revision (-1: all of them). */
extern void delta_add_entity(Delta *delta, const Entity *entity, int64_t changed_after);

/* Adds an entity to the list of those that are present. */
extern void delta_add_present(Delta *delta, const Entity *entity);

/* Notes how many rows of a stream were missed before those that are added. */
extern void delta_drop(Delta *delta, TableId table, int64_t count);

/* Returns the bytes of all its rows together. */
extern size_t delta_size(const Delta *delta);

/*
 * Cuts a delta into frames of at most "most" bytes each, unless a single row is
 * longer, and returns them with one reference.  "id" is the subscription's id
 * as JSON, or "".
 */
extern Pages *delta_cut(Delta *delta, const char *id, int64_t revision, double clock, size_t most);
extern void	  delta_free(Delta *delta);

/* Count references to pages; the last release frees them. */

extern Pages *pages_hold(Pages *pages);
extern void	  pages_release(Pages *pages);

#endif /* NPCSIM_GATEWAY_DELTA_H */
