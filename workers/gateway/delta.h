/*
 * delta.h
 *	  What changed for a client between two revisions, as finished rows, and
 *	  the pages of it.
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
	DELTA_UPSERT, /* of a stream: what is appended */
	DELTA_REMOVE,
	DELTA_LEAVE,
	DELTA_LIST_COUNT
} DeltaList;

/* Finished rows one behind the other, and where each of them ends. */
typedef struct RowList
{
	Text	text;
	size_t *ends;
	size_t	count;
	size_t	room;
	size_t	next; /* that is in no page yet */
} RowList;

typedef struct Delta
{
	RowList	  lists[TABLE_COUNT][DELTA_LIST_COUNT]; /* but the terrain, which is "runs" */
	RowList	  present;
	Fragment *runs; /* held; NULL: the terrain is as it was */
	size_t	  runs_sent;
	bool	  has_present; /* it answers who comes back: "present" is told, empty or not */
	int64_t	  dropped[STREAM_COUNT];
	bool	  any;
} Delta;

/* The frames of one delta, which several clients may be sent. */
typedef struct Pages
{
	int	   holders;
	int	   count;
	Frame *frames[];
} Pages;

/* Adds a row, or an id, in JSON. */
extern void delta_add(Delta *delta, TableId table, DeltaList list, const char *text, size_t length);

/* Adds what is new or changed of an entity: the groups that changed after the revision. */
extern void delta_add_entity(Delta *delta, const Entity *entity, int64_t changed_after);

/* Among those that are there. */
extern void delta_add_present(Delta *delta, const Entity *entity);

/* So many rows of a stream came before those that are added, and are not kept. */
extern void delta_drop(Delta *delta, TableId table, int64_t count);

/* Bytes of its rows. */
extern size_t delta_size(const Delta *delta);

/*
 * Cuts it into frames of at most "most" bytes, but where one row is longer;
 * "id" is JSON or "".
 */
extern Pages *delta_cut(Delta *delta, const char *id, int64_t revision, double clock, size_t most);
extern void	  delta_free(Delta *delta);

extern Pages *pages_hold(Pages *pages);
extern void	  pages_release(Pages *pages);

#endif /* NPCSIM_GATEWAY_DELTA_H */
