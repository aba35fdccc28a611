/*
 * entity_list.h
 *	  The list of entities, which are the kinds of things that a world's state consists of, however many
 *	  there are: NPCs, items, ..., or a weather. NAME_entity is the description of each
 *	  (engine/entities.h), in src/entities/NAME.c.
 *
 * The numbers of entities, and the loops that load them, keep up with changes, write, drop, and handle
 * what is due, follow from these lines. Entities are written in this order. Append only: numbers of
 * changes, which are stored (tables/change_log.h), and the order of what is due at one moment
 * (DUE_THING in engine/image.h) follow from it.
 */
#ifndef NPCSIM_ENTITY_LIST_H
#define NPCSIM_ENTITY_LIST_H

/* clang-format off */
#define ENTITIES(entity) \
	entity(interactions) \
	entity(bids) \
	entity(respawns) \
	entity(items) \
	entity(npcs)
/* clang-format on */

typedef enum EntityNumber
{
#define ENTITY_NUMBERED(name_) ENTITY_##name_,
	ENTITIES(ENTITY_NUMBERED)
#undef ENTITY_NUMBERED
		ENTITY_COUNT
} EntityNumber;

#endif /* NPCSIM_ENTITY_LIST_H */
