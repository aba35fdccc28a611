/*
 * items.h
 *	  Edits of items, for the view world_items as for the functions.
 *
 * Each function checks its arguments, changes the image at lock->now and stores the input; the caller
 * ends with world_write().
 */
#ifndef NPCSIM_REDUCERS_ITEMS_H
#define NPCSIM_REDUCERS_ITEMS_H

#include "postgres.h"

#include "engine/world.h"

/* Raises NS202 if there is none. */
extern WorldItem *item_require(World *world, int64 item_id);

extern WorldItem *item_create(World *world, const char *item_type, Cell cell,
							  Jsonb *properties); /* NULL = {} */
extern void		  item_remove(World *world, int64 item_id);
extern void		  item_change_properties(World *world, int64 item_id, Jsonb *properties);

#endif /* NPCSIM_REDUCERS_ITEMS_H */
