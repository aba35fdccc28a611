/*
 * type_definitions.h
 *	  Inserts the types that a world begins with, deletes types, and says whether one is used.
 *
 * Whoever locks the world may delete types.
 */
#ifndef NPCSIM_TABLES_TYPE_DEFINITIONS_H
#define NPCSIM_TABLES_TYPE_DEFINITIONS_H

#include "postgres.h"

/* Gives a new world the types that every world begins with. SPI must be connected. */
extern void starter_types_insert(int64 world_id);

extern void item_type_row_delete(int64 world_id, const char *name);
extern void interaction_type_row_delete(int64 world_id, const char *name);

/* Whether there are items of the type; whether some of it will come back. */
extern bool item_type_has_items(int64 world_id, const char *name);
extern bool item_type_is_awaited(int64 world_id, const char *name);
/* Whether NPCs take part in an interaction of the type, or are invited to one. */
extern bool interaction_type_is_used(int64 world_id, const char *name);

#endif /* NPCSIM_TABLES_TYPE_DEFINITIONS_H */
