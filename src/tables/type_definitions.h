/*
 * type_definitions.h
 *	  Types of items and interactions as rows: item_type_rows and interaction_type_rows, written; and the former, read
 *	  for who tells of them.
 *
 * Whoever locks the world may define and delete types; what their columns hold was checked before.
 */
#ifndef NPCSIM_TABLES_TYPE_DEFINITIONS_H
#define NPCSIM_TABLES_TYPE_DEFINITIONS_H

#include "postgres.h"

#include "utils/jsonb.h"

/* What an interaction type is defined by. */
typedef struct InteractionDefinition
{
	const char *name;
	const char *description;
	const char *target;
	const char *component; /* NULL = none */
	Jsonb	   *need_rates;
	Jsonb	   *need_deltas;
	int64		duration; /* µs; 0 = it has none */
	bool		needs_adjacency;
	bool		locks_movement;
	bool		moves_onto_item;
	int32		min_participants;
	int32		max_participants;
	Jsonb	   *parameters;
} InteractionDefinition;

/* Gives a new world what every world begins with. SPI must be connected. */
extern void starter_types_insert(int64 world_id);

/* New, or in the place of the one of that name. */
extern void item_type_row_write(int64 world_id, const char *name, const char *description, Jsonb *components);
extern void interaction_type_row_write(int64 world_id, const InteractionDefinition *definition);

extern void item_type_row_delete(int64 world_id, const char *name);
extern void interaction_type_row_delete(int64 world_id, const char *name);

/* Whether there are items of the type; whether such will come back. */
extern bool item_type_has_items(int64 world_id, const char *name);
extern bool item_type_is_awaited(int64 world_id, const char *name);
/* Whether NPCs are in such an interaction, or are invited to one. */
extern bool interaction_type_is_used(int64 world_id, const char *name);

typedef struct ItemTypeRow
{
	char  *name;
	char  *description;
	Jsonb *components;
} ItemTypeRow;

/* All of a world, by name; by the caller's snapshot. Between spi_begin and spi_end, whose memory they are in. */
extern ItemTypeRow *item_type_rows_read(int64 world_id, int *count);

#endif /* NPCSIM_TABLES_TYPE_DEFINITIONS_H */
