/*
 * entities.c
 *	  The table of all entities.
 */
#include "postgres.h"

#include "engine/entities.h"

#define ENTITY_LISTED(name_) [ENTITY_##name_] = &name_##_entity,

static const Entity *const all[] = {ENTITIES(ENTITY_LISTED)};

StaticAssertDecl(lengthof(all) == ENTITY_COUNT, "all entities are described");

void
entities_init(void)
{
	for (int i = 0; i < ENTITY_COUNT; i++)
	{
		Assert(all[i]->number == i);
		Assert((all[i]->due == NULL) == (all[i]->due_at == 0));
		entities[i] = all[i];
	}
}
