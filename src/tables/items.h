/*
 * items.h
 *	  Items, and items that will come back, as rows: items, item_respawns.
 */
#ifndef NPCSIM_TABLES_ITEMS_H
#define NPCSIM_TABLES_ITEMS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/due.h"
#include "sim/types.h"
#include "tables/npcs.h"

typedef struct WorldItem
{
	int64			id;
	const ItemType *type;
	Cell			cell;
	int64			share_left;
	int64			occupied_by; /* 0 = nobody */
	int64			revision;
	/* private to the engine */
	bool			absent; /* it was used up, and will come back */
	bool			born;	/* has no row yet */
	bool			dirty;
	ItemPointerData row; /* place of its row; invalid if not known */
	/* Its place in the list of what is to be written, if it is dirty, or absent and born. */
	int				  dirty_place;
	Jsonb			 *properties; /* to be written, or NULL */
	struct WorldItem *next_here;  /* further items on its cell */
	Due				  due;		  /* when something happens to it by itself */
} WorldItem;

/* Describe the tables of items that are there, and of those that are absent. */
extern RowType item_rows;
extern RowType respawn_rows;

/* Returns the place of an item's row as a number; 0 = it is not known. */
static inline int64
item_place_number(const WorldItem *item)
{
	return ItemPointerIsValid(&item->row) ? ((int64) ItemPointerGetBlockNumber(&item->row) << 16) |
												ItemPointerGetOffsetNumber(&item->row)
										  : 0;
}

extern void items_write_properties(int64 world_id, WorldItem **items, int count);
/* Moves rows to another place of the sight index, which is no change of the items. */
extern void items_move(int64 world_id, WorldItem **items, int count, SightShift shift);
/* Deletes rows at their places (item_place_number()), as far as these are known. */
extern void items_delete(int64 world_id, const int64 *ids, const int64 *places, int count);

/* The same for items as npcs_in_plane() for NPCs. */
extern int items_in_plane(int64 world_id, SightShift shift, int32 size_x, int32 size_y, int64 *ids, int most);

#endif /* NPCSIM_TABLES_ITEMS_H */
