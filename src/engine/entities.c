/*
 * entities.c
 *	  How entities come into a world's image, change, and leave it, by their descriptions.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "engine/entities.h"

const Entity *entities[ENTITY_COUNT];

static void *
member(void *thing, size_t at)
{
	return (char *) thing + at;
}

static bool *
flag(void *thing, size_t at)
{
	return member(thing, at);
}

/* ---- the image ---- */

/* Puts a thing into the image, due at the moment that its row has. */
static void
put_thing(World *world, const Entity *entity, void *thing)
{
	int64 id = row_type_id(entity_rows(entity), thing);

	image_put(world->things[entity->number].by_id, id, thing);
	if (entity->due_at != 0)
	{
		Due	 *due = member(thing, entity->due_at);
		int64 at = due->at;

		*due = (Due) {.at = SIM_NEVER, .index = -1, .id = id, .owner = thing};
		due_set(&world->events, due, at, DUE_THING + entity->number);
	}
}

static void
free_thing(World *world, const Entity *entity, void *thing)
{
	if (entity->forget != NULL)
	{
		entity->forget(world, thing);
		return;
	}
	if (entity->due_at != 0)
		due_set(&world->events, member(thing, entity->due_at), SIM_NEVER, 0);
	image_drop(world->things[entity->number].by_id, row_type_id(entity_rows(entity), thing));
	pfree(thing);
}

void
thing_forget(World *world, const Entity *entity, int64 id)
{
	void *thing = image_find(world->things[entity->number].by_id, id);

	if (thing != NULL)
		free_thing(world, entity, thing);
}

void
thing_enter(World *world, const Entity *entity, void *read)
{
	void *thing;

	if (entity->enter != NULL)
	{
		entity->enter(world, read);
		return;
	}
	thing_forget(world, entity, row_type_id(entity_rows(entity), read));
	thing = MemoryContextAlloc(world->context, entity->size);
	memcpy(thing, read, entity->size);
	put_thing(world, entity, thing);
}

/* ---- what rules change ---- */

void *
thing_new(World *world, EntityNumber number)
{
	const Entity  *entity = entities[number];
	const RowType *rows = entity_rows(entity);
	void		  *thing = MemoryContextAllocZero(world->context, entity->size);

	*(int64 *) member(thing, rows->columns[0].offset) = world_new_id(world->lock);
	if (rows->place_at != 0)
		ItemPointerSetInvalid((ItemPointerData *) member(thing, rows->place_at));
	if (entity->due_at != 0)
		((Due *) member(thing, entity->due_at))->at = SIM_NEVER;
	*flag(thing, entity->born_at) = true;
	put_thing(world, entity, thing);
	thing_touch(world, number, thing);
	return thing;
}

void
thing_touch(World *world, EntityNumber number, void *thing)
{
	const Entity *entity = entities[number];
	bool		 *dirty = flag(thing, entity->dirty_at);

	if (!*dirty)
		*(int *) member(thing, entity->dirty_place_at) =
			pointer_list_add(world, &world->things[number].dirty, thing);
	*dirty = true;
}

void
thing_drop(World *world, EntityNumber number, void *thing)
{
	const Entity *entity = entities[number];
	Things		 *things = &world->things[number];

	if (*flag(thing, entity->dirty_at))
		pointer_list_drop(&things->dirty, *(int *) member(thing, entity->dirty_place_at));
	if (!*flag(thing, entity->born_at))
		id_list_add(world, &things->removed, row_type_id(entity_rows(entity), thing));
	free_thing(world, entity, thing);
}

void
thing_set_due(World *world, EntityNumber number, void *thing, int64 at)
{
	Due *due = member(thing, entities[number]->due_at);

	if (due->at == at)
		return;
	due_set(&world->events, due, at, DUE_THING + number);
	thing_touch(world, number, thing);
}

void
thing_is_due(World *world, EntityNumber number, void *thing)
{
	thing_set_due(world, number, thing, SIM_NEVER);
	entities[number]->due(world, thing);
}

/* ---- a world begins, or is dropped ---- */

const char *
world_beginning(int number)
{
	for (int i = 0; i < ENTITY_COUNT; i++)
		if (entities[i]->begin != NULL && number-- == 0)
			return entities[i]->name;
	return NULL;
}

const Entity *
entity_named(const char *name)
{
	for (int i = 0; i < ENTITY_COUNT; i++)
		if (strcmp(entities[i]->name, name) == 0)
			return entities[i];
	return NULL;
}

static void
delete_rows_of_world(const Entity *entity, int64 world_id)
{
	for (int group = entity->group_count - 1; group >= 0; group--)
		if (entity_group_begins_table(entity, group))
		{
			CHECK_FOR_INTERRUPTS();
			rows_delete_world(entity->groups[group].rows, world_id);
		}
}

void
world_delete_contents(int64 world_id)
{
	for (int i = ENTITY_COUNT - 1; i >= 0; i--)
		delete_rows_of_world(entities[i], world_id);
}
