/*
 * item_types.h
 *	  From the components of an item type, as jsonb, to the kind the rules know; and what a component is.
 *
 * Each component is one file of src/components with a Component in it, and a line of components.h there. They lie above
 * the engine, which calls them through what its kinds are made of.
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

/* Functions that a component has no use for are NULL. */
typedef struct Component
{
	ItemComponent item;		/* what the rules of src/sim know of it */
	const char	 *example;	/* its object, for the hint of errors */
	size_t		  own_size; /* of what it keeps in a part, which is zero before it is read */

	/* Reads its object into the part, or refuses it (22023). */
	void (*parse)(const TypeJson *json, JsonbContainer *object, ItemPart *part, void *own);
	/* What is wrong with a kind that has it, when all of the kind is read: a sentence; NULL = nothing. */
	const char *(*flaw)(const ItemType *type);

	/* An item of a kind that has it is there from now on, or was and has the component from now on. */
	void (*placed)(World *world, WorldItem *item, const ItemPart *part);
	/* An interaction with such an item begins. */
	void (*begin)(World *world, WorldItem *item, const ItemPart *part, const Interaction *interaction);
	/* ... is over; what is left of the item is still as when it began. */
	void (*end)(World *world, WorldItem *item, const ItemPart *part, const Interaction *interaction);
	/* Nothing is left of such an item: it is about to go. */
	void (*used_up)(World *world, WorldItem *item, const ItemPart *part);
	/* The moment of such an item has come: item_set_due() gives it one. Of the components of a kind one may have this. */
	void (*due)(World *world, WorldItem *item, const ItemPart *part);
	/* Its moments are those of items that are absent: of one component; the part is NULL where the kind is without it by now. */
	bool of_absent;
} Component;

#define COMPONENTS_MAX 64

/* Called when the library is loaded, with all that there are: at most COMPONENTS_MAX, NULL after the last, in the order in which hints name them. */
extern void components_register(const Component *const *all);

/* The one of that name, which an interaction can name; NULL if there is none. */
extern const ItemComponent *item_component_by_name(const char *name);
/* The names of those that interactions can name, NULL after the last. */
extern const char *item_component_names[];

/* The component whose moments are those of absent items; the part that those of a kind that are there have theirs from. */
extern const Component *component_of_absent(void);
extern const ItemPart  *item_timed_part(const ItemType *type); /* NULL = none */

static inline const Component *
part_component(const ItemPart *part)
{
	return (const Component *) part->component;
}

/* What a kind has of a component; NULL = nothing. */
static inline const ItemPart *
item_part(const ItemType *type, const Component *component)
{
	for (int i = 0; i < type->part_count; i++)
		if (type->parts[i].component == &component->item)
			return &type->parts[i];
	return NULL;
}

/*
 * Fills everything of the kind but its name and what it offers (item_type_link()), in the current memory context. Raises
 * 22023, with the member at fault in the detail, when the components are none.
 */
extern void item_type_from_jsonb(Jsonb *components, ItemType *type);

/* Of which nothing is left where it was read: all of it is in this context. */
extern ItemType *item_type_copy(const ItemType *type, MemoryContext context);

#endif /* NPCSIM_ITEM_TYPES_H */
