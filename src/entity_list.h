/*
 * entity_list.h
 *	  Everything that there are many of in a world: a line each, NAME_entity being its description (engine/entities.h), which
 *	  is in src/entities/NAME.c.
 *
 * What is enumerated, listed in an image, loaded, kept up with, written, dropped and put into the heap of events goes by these
 * lines. They are written in this order. Append only: numbers of changes, which are stored (tables/change_log.h), and what comes
 * first of what is due at one moment (DUE_THING in engine/image.h) follow from it.
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
