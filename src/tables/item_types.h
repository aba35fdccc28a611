/*
 * item_types.h
 *	  Reads and writes types of items as rows, reads their components from jsonb into the ItemType of the
 *	  rules, and says what a component is.
 *
 * Each component is one file of src/components with a Component in it, and a line of components.h
 * there. They lie above the engine, which calls them through the types of items.
 */
#ifndef NPCSIM_ITEM_TYPES_H
#define NPCSIM_ITEM_TYPES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "sim/types.h"
#include "tables/interactions.h"
#include "tables/items.h"
#include "tables/type_json.h"

typedef struct World World; /* engine/world.h */

/* Functions that a component does not need are NULL. */
typedef struct Component
{
	ItemComponent item;		/* what the rules of src/sim need of it */
	const char	 *example;	/* of its object, for the hint of errors */
	size_t		  own_size; /* of its data in a part, which are zero before it is read */

	/* Reads its object into the part, or refuses it (22023). */
	void (*parse)(const TypeJson *json, JsonbContainer *object, ItemPart *part, void *own);
	/*
	 * Returns what is wrong with a type that has it when all of the type is read, as a sentence; NULL if
	 * nothing is.
	 */
	const char *(*flaw)(const ItemType *type);

	/* An item with the component appears, or the type of an item that is there was given the component. */
	void (*placed)(World *world, WorldItem *item, const ItemPart *part);
	/* An interaction with an item that has it begins. */
	void (*begin)(World *world, WorldItem *item, const ItemPart *part, const Interaction *interaction);
	/* An interaction has ended; the item still has what was left of it when that began. */
	void (*end)(World *world, WorldItem *item, const ItemPart *part, const Interaction *interaction);
	/* Nothing is left of an item that has it, which is about to go. */
	void (*used_up)(World *world, WorldItem *item, const ItemPart *part);
	/*
	 * The moment of an item that has it, set by item_set_due(), has come. Only one component of a type may
	 * have this function.
	 */
	void (*due)(World *world, WorldItem *item, const ItemPart *part);
	/*
	 * It is due for items that are absent. Only one component is of this kind; its part is NULL if the type
	 * has lost it since.
	 */
	bool of_absent;
} Component;

#define COMPONENTS_MAX 64

/*
 * Registers all components: at most COMPONENTS_MAX, NULL after the last, in the order in which hints name
 * them. It is called when the library is loaded.
 */
extern void components_register(const Component *const *all);

/* Returns the component of a name that interactions can use; NULL if there is none. */
extern const ItemComponent *item_component_by_name(const char *name);
/* The names of components that interactions can name, NULL after the last. */
extern const char *item_component_names[];

/*
 * Return the component that is due for absent items, and the part of a type by which items that are there are
 * due.
 */
extern const Component *component_of_absent(void);
extern const ItemPart  *item_timed_part(const ItemType *type); /* NULL = none */

static inline const Component *
part_component(const ItemPart *part)
{
	return (const Component *) part->component;
}

/* Returns the part of a type that is of a component; NULL if it has none. */
static inline const ItemPart *
item_part(const ItemType *type, const Component *component)
{
	for (int i = 0; i < type->part_count; i++)
		if (type->parts[i].component == &component->item)
			return &type->parts[i];
	return NULL;
}

/* A row of item_type_rows. */
typedef struct ItemTypeRow
{
	const char *name;
	const char *description;
	Jsonb	   *components;
} ItemTypeRow;

/*
 * Writes a type, which replaces the one of the same name if there is one. It must have been checked before.
 */
extern void item_type_row_write(int64 world_id, const ItemTypeRow *type);

/*
 * Reads all item types of a world by name, in the current memory context, as the active snapshot sees them.
 * SPI must be connected.
 */
extern ItemTypeRow *item_type_rows_read(int64 world_id, int *count);
/* Fills in the type of the rules except what it offers (item_type_link()), in the current memory context. */
extern void item_type_of_row(const ItemTypeRow *row, ItemType *type);

/*
 * Fills in the type except its name and what it offers (item_type_link()), in the current memory context. If
 * the components are invalid it raises 22023, with the member at fault in the detail.
 */
extern void item_type_from_jsonb(Jsonb *components, ItemType *type);

/* Returns a copy that is entirely in the given context. */
extern ItemType *item_type_copy(const ItemType *type, MemoryContext context);

#endif /* NPCSIM_ITEM_TYPES_H */
