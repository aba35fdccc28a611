/*
 * npc_rows.h
 *	  Rows of NPCs for readers without the world's image: one scan per column group, joined in C.
 *
 * All of them are read by the caller's snapshot.
 */
#ifndef NPCSIM_NPC_ROWS_H
#define NPCSIM_NPC_ROWS_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/jsonb.h"

#include "sim/actions.h"
#include "sim/needs.h"
#include "tables/npcs.h"

/* Groups of columns: those to load, and those that were found. */
#define NPC_ROW_IDENTITY 0x01
#define NPC_ROW_STATE	 0x02 /* needs and status */
#define NPC_ROW_TRACK	 0x04
#define NPC_ROW_REQUEST	 0x08 /* absent: its mind was never asked */
#define NPC_ROW_MIND	 0x10 /* absent: it has nothing to tell */
#define NPC_ROW_NAME	 0x20 /* of the identity, the name alone */
#define NPC_ROW_DOING	 0x40 /* of the state, state and interaction alone */

typedef struct NpcRow
{
	int64  id;
	uint32 groups; /* found */
	uint32 wanted; /* for the caller's use */
#define IDENTITY_NUMBER(ctype_, member_, column_, type_, attributes_) ctype_ member_;
#define STATE_NUMBER(ctype_, member_, column_, type_, attributes_)	  ctype_ member_;
#include "tables/npc_columns.h"
#undef IDENTITY_NUMBER
#undef STATE_NUMBER
	/* identity */
	char	  *name;
	ArrayType *traits;
	/* state */
	Needs needs;
	/* track */
	int64		 departed_at;
	const int16 *cells; /* x0, y0, x1, y1, … */
	int			 leg_length;
	/* request */
	bool request_open; /* open or sent */
	/* mind */
	Jsonb *plan;
	Jsonb *events;
	int	   events_dropped;
	/* How it interacts at its goal, or the act that is held; NULL = none. */
	Jsonb *terms;
} NpcRow;

typedef struct NpcRows
{
	int64	world_id;
	NpcRow *rows; /* in order of id */
	int		count;
} NpcRows;

/*
 * Makes rows in the current memory context for sorted ids without duplicates; ids NULL: for every NPC of the
 * world (identities are then loaded as well).
 */
extern NpcRows *npc_rows_create(int64 world_id, const int64 *ids, int count);
/* Loads groups for the rows of these (sorted) ids, or for all rows if ids is NULL. */
extern void npc_rows_load(NpcRows *rows, uint32 groups, const int64 *ids, int count);

/* Writes ,"name":value for the columns that clients are shown of these groups (NpcGroup). */
extern void npc_row_show(StringInfo out, const NpcRow *row, uint32 groups);
/* Returns the row groups that must be loaded to show these groups. */
extern uint32 npc_rows_shown(uint32 groups);

extern NpcRow *npc_row_find(const NpcRows *rows, int64 id);

static inline Cell
npc_row_cell(const NpcRow *row, int index)
{
	return (Cell) {row->cells[2 * index], row->cells[2 * index + 1]};
}

/* A reader never looks past the next event of a row, since what that brings is not in its snapshot. */
static inline int64
npc_row_now(const NpcRow *row, int64 now)
{
	return now < row->event_at ? now : row->event_at;
}

/* Returns the cells of a track; they are in the datum itself, or in a copy if it is compressed. */
extern const int16 *track_cells(Datum cells, int *leg_length);

#endif /* NPCSIM_NPC_ROWS_H */
