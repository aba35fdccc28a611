/*
 * items.h
 *	  Items, what comes back after a time, and interactions under way, as rows.
 */
#ifndef NPCSIM_TABLES_ITEMS_H
#define NPCSIM_TABLES_ITEMS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/due.h"
#include "sim/kinds.h"
#include "tables/npcs.h"

typedef struct WorldItem
{
	int64			id;
	const ItemKind *kind;
	Cell			cell;
	int64			share_left;
	int64			occupied_by; /* 0 = nobody */
	int64			revision;
	/* private to the engine */
	ItemPointerData	  row;	/* where its present row is, invalid if not known */
	bool			  born; /* has no row yet */
	bool			  dirty;
	int				  dirty_place; /* in World.dirty_items, if it is dirty */
	Jsonb			 *properties;  /* to be written, or NULL */
	struct WorldItem *next_here;   /* further items on its cell */
} WorldItem;

typedef struct Respawn
{
	int64			id; /* of the item */
	const ItemKind *kind;
	Cell			cell;
	int64			due_at;
	Due				due;
	bool			born;		/* has no row yet */
	int				born_place; /* in World.born_respawns, if it is born */
} Respawn;

typedef struct Interaction
{
	int64				   id;
	int16				   number; /* of its kind */
	const InteractionKind *kind;
	int64				   npc_id;
	int64				   target_id;
	int64				   started_at;
	int64				   share_at_start;
	int64				   revision;
	bool				   born;	   /* has no row yet */
	int					   born_place; /* in World.born_interactions, if it is born */
} Interaction;

/* Loading; rows of the last statement are read one by one. ids NULL = all. SPI must be connected. */
extern uint64 items_load(int64 world_id, const int64 *ids, int count);
extern void	  item_read(uint64 row, WorldItem *item, char **type_name);
extern uint64 respawns_load(int64 world_id, const int64 *ids, int count);
extern void	  respawn_read(uint64 row, Respawn *respawn, char **type_name);
extern uint64 interactions_load(int64 world_id, const int64 *ids, int count);
extern void	  interaction_read(uint64 row, Interaction *interaction);
extern uint64 item_types_load(int64 world_id);
extern void	  item_type_read(uint64 row, ItemKind *kind);

/* Writing, one statement each. SPI must be connected. */
extern void items_insert(int64 world_id, WorldItem **items, int count, SightShift shift);
extern void items_write(int64 world_id, WorldItem **items, int count);
extern void items_write_properties(int64 world_id, WorldItem **items, int count);
/* To another place of the sight index; not a change of the item. */
extern void items_move(int64 world_id, const int64 *ids, int count, SightShift shift);
extern void items_delete(int64 world_id, const int64 *ids, int count);
extern void respawns_insert(int64 world_id, Respawn **respawns, int count);
extern void respawns_delete(int64 world_id, const int64 *ids, int count);
extern void interactions_insert(int64 world_id, Interaction **interactions, int count);
extern void interactions_delete(int64 world_id, const int64 *ids, int count);

#endif /* NPCSIM_TABLES_ITEMS_H */
