/*
 * interactions.c
 *	  The entity interactions: ongoing interactions, in a world's image and as rows.
 */
#include "postgres.h"

#include "engine/entities.h"

static void
enter_interaction(World *world, void *read)
{
	Interaction *interaction =
		image_find(world->things[ENTITY_interactions].by_id, ((Interaction *) read)->id);

	if (interaction == NULL)
		interaction = image_new_interaction(world, ((Interaction *) read)->id);
	else
		json_list_clear(&interaction->acts);
	*interaction = *(Interaction *) read;
	interaction->type = image_type_of_number(world, interaction->number);
}

static void
forget_interaction(World *world, void *thing)
{
	image_free_interaction(world, thing);
}

const Entity interactions_entity = {
	ENTITY_OF(interactions, Interaction),
	.groups = (const RowGroup[]) {{.changed = CHANGE_INTERACTION,
								   .rows = &interaction_rows,
								   .revision_at = offsetof(Interaction, revision)}},
	.group_count = 1,
	.removed = CHANGE_INTERACTION_REMOVED,
	.enter = enter_interaction,
	.forget = forget_interaction,
};
