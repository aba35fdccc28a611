/*
 * respawn.c
 *	  The component respawn: an item comes back after it was used up. {"after": s}
 */
#include "postgres.h"

#include "components/components.h"
#include "engine/image.h"

#define RESPAWN_AFTER_MIN INT64_C(1000)
#define RESPAWN_AFTER_MAX (365 * 86400 * SIM_SECOND)

/* The number of cells that are drawn and tried before the return is put off. */
#define RESPAWN_TRIES 8

typedef struct Respawning
{
	int64 after;
} Respawning;

static void
parse(const TypeJson *json, JsonbContainer *object, ItemPart *part, void *own)
{
	Respawning	  *respawning = own;
	JsonbIterator *iterator = NULL;
	JsonbValue	   member;
	char		  *name;

	while (type_json_next(object, &iterator, &name, &member))
	{
		if (strcmp(name, "after") == 0)
			respawning->after =
				type_json_millionths(json, &member, name, RESPAWN_AFTER_MIN, RESPAWN_AFTER_MAX);
		else
			type_json_refuse(json, psprintf("A respawn has no \"%s\".", name));
	}
	if (respawning->after == 0)
		type_json_refuse(json, "A respawn needs an \"after\" in seconds.");
}

static const char *
flaw(const ItemType *type)
{
	return item_whole_time(type) == 0 ? "Only a consumable is used up and can respawn." : NULL;
}

static void
used_up(World *world, WorldItem *item, const ItemPart *part)
{
	const Respawning *respawning = part->own;

	item_await(world, item->id, item->type, item->cell, world->now + respawning->after);
}

/* Whether an item may come back on a cell: it is free, and blocking it does not plug a way. */
static bool
respawn_possible(World *world, Cell cell)
{
	return !grid_blocked(world->grid, cell) && grid_keeps_connected(world->grid, cell) &&
		   npc_on(world, cell, NULL) == NULL;
}

/*
 * Chooses a cell for an item to come back on: its old one, else one nearby. Returns false if there is none.
 */
static bool
respawn_cell(World *world, const WorldItem *item, Cell *cell)
{
	*cell = item->cell;
	if (respawn_possible(world, *cell))
		return true;
	for (uint64 try = 0; try < RESPAWN_TRIES; try++)
	{
		if (path_random_target(world->finder, world->grid, item->cell, WANDER_CELLS, world->seed, item->id,
							   (uint64) item->due.at * RESPAWN_TRIES + try, cell) &&
			respawn_possible(world, *cell))
			return true;
	}
	return false;
}

static void
due(World *world, WorldItem *item, const ItemPart *part)
{
	int64			id = item->id;
	const ItemType *type = item->type;
	Cell			home = item->cell;
	int64			after = part != NULL ? ((const Respawning *) part->own)->after : 0;
	Cell			cell;
	bool			found = respawn_cell(world, item, &cell);

	item_drop_absent(world, item);
	if (found)
		item_appear(world, id, type, cell, WORLD_EVENT_ITEM_RESPAWNED);
	else
		item_await(world, id, type, home, world->now + Max(after, SIM_SECOND));
}

const Component respawn_component = {
	.item = {.name = "respawn"},
	.example = "{\"after\":30}",
	.own_size = sizeof(Respawning),
	.parse = parse,
	.flaw = flaw,
	.used_up = used_up,
	.due = due,
	.of_absent = true,
};
