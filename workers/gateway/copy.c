/*
 * copy.c
 *	  Keeps the rows of one world in memory as finished JSON.
 *
 * Invariants:
 * - Every entity, removed ones too, is in the list of changes, ordered by
 *	 revision from newest to oldest, so what changed since a revision stands at
 *	 its head.
 * - Only live entities are in the hash table.  A removed one keeps its slot
 *	 until copy_forget_removed, so that no client mistakes a new entity for it.
 * - group_revision of a group that is NULL is 0.
 */
#include "copy.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_input.h"
#include "common/memory.h"
#include "common/text.h"


#define SECONDS_PER_CELL	0.25
#define DEFAULT_VIEW_BUFFER 50.0
#define DEFAULT_TICK_RATE	10.0
#define MAX_PATH_CELLS		4096
#define FIRST_BUCKETS		256

const char *const table_names[] = {
	[TABLE_WORLD] = "world",
	[TABLE_TERRAIN] = "terrain",
	[TABLE_ITEM_TYPES] = "item_types",
	[TABLE_INTERACTION_TYPES] = "interaction_types",
	[TABLE_PLAYERS] = "players",
	[TABLE_INTERACTIONS] = "interactions",
	[TABLE_NPCS] = "npcs",
	[TABLE_WORLD_ITEMS] = "world_items",
	[TABLE_MESSAGES] = "messages",
	[TABLE_WORLD_EVENTS] = "world_events",
};

_Static_assert(sizeof(table_names) / sizeof(table_names[0]) == TABLE_COUNT, "each table has a name");

/* ------------------------------------------------------------------------
 * the hash table and the list of changes
 * ------------------------------------------------------------------------ */

static uint32_t
hash_key(TableId table, const char *key, size_t length)
{
	uint32_t hash = 2166136261u ^ (uint32_t) table;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char) key[i]) * 16777619u;
	return hash ^ (hash >> 15);
}

static Entity *
find_entity(const WorldCopy *copy, TableId table, const char *key, size_t length)
{
	uint32_t hash = hash_key(table, key, length);
	Entity	*entity = copy->buckets[hash & (copy->bucket_count - 1)];

	while (entity != NULL && (entity->hash != hash || entity->table != table ||
							  entity->key->length != length || memcmp(entity->key->text, key, length) != 0))
		entity = entity->chain;
	return entity;
}

static void
grow_buckets(WorldCopy *copy)
{
	uint32_t count = copy->bucket_count * 2;
	Entity **buckets = mem_alloc(sizeof(Entity *) * count);

	for (uint32_t i = 0; i < copy->bucket_count; i++)
	{
		Entity *entity = copy->buckets[i];

		while (entity != NULL)
		{
			Entity	*next = entity->chain;
			Entity **bucket = &buckets[entity->hash & (count - 1)];

			entity->chain = *bucket;
			*bucket = entity;
			entity = next;
		}
	}
	free(copy->buckets);
	copy->buckets = buckets;
	copy->bucket_count = count;
}

static void
hash_remove(WorldCopy *copy, Entity *entity)
{
	Entity **place = &copy->buckets[entity->hash & (copy->bucket_count - 1)];

	while (*place != entity)
		place = &(*place)->chain;
	*place = entity->chain;
	entity->chain = NULL;
	copy->entity_count--;
}

static void
unlink_change(WorldCopy *copy, Entity *entity)
{
	if (entity->newer != NULL)
		entity->newer->older = entity->older;
	else if (copy->newest == entity)
		copy->newest = entity->older;
	if (entity->older != NULL)
		entity->older->newer = entity->newer;
	else if (copy->oldest == entity)
		copy->oldest = entity->newer;
	entity->newer = NULL;
	entity->older = NULL;
}

/* Moves an entity to the head of the list of changes. */
static void
mark_changed(WorldCopy *copy, Entity *entity, int64_t revision)
{
	assert(copy->newest == NULL || copy->newest->revision <= revision);
	unlink_change(copy, entity);
	entity->revision = revision;
	entity->older = copy->newest;
	if (copy->newest != NULL)
		copy->newest->newer = entity;
	else
		copy->oldest = entity;
	copy->newest = entity;
}

static Entity *
add_entity(WorldCopy *copy, TableId table, const char *key, size_t length, int64_t revision)
{
	Entity	*entity = mem_alloc(sizeof(Entity));
	Entity **bucket;

	if (copy->entity_count >= copy->bucket_count)
		grow_buckets(copy);
	entity->table = table;
	entity->key = fragment_create(key, length);
	entity->hash = hash_key(table, key, length);
	entity->created = revision;
	entity->slot = copy->free_slot_count > 0 ? copy->free_slots[--copy->free_slot_count] : copy->slot_count++;
	bucket = &copy->buckets[entity->hash & (copy->bucket_count - 1)];
	entity->chain = *bucket;
	*bucket = entity;
	copy->entity_count++;
	return entity;
}

static void
free_entity(Entity *entity)
{
	for (int group = 0; group < GROUP_COUNT; group++)
		fragment_release(entity->group[group]);
	fragment_release(entity->key);
	free(entity->path);
	free(entity);
}

static void
remove_entity(WorldCopy *copy, Entity *entity, int64_t revision)
{
	hash_remove(copy, entity);
	entity->removed = true;
	mark_changed(copy, entity, revision);
	for (int group = 0; group < GROUP_COUNT; group++)
	{
		fragment_release(entity->group[group]);
		entity->group[group] = NULL;
	}
	if (copy->removed_last != NULL)
		copy->removed_last->next_removed = entity;
	else
		copy->removed_first = entity;
	copy->removed_last = entity;
}

void
copy_forget_removed(WorldCopy *copy, int64_t revision)
{
	while (copy->removed_first != NULL && copy->removed_first->revision <= revision)
	{
		Entity *entity = copy->removed_first;

		copy->removed_first = entity->next_removed;
		if (copy->removed_first == NULL)
			copy->removed_last = NULL;
		unlink_change(copy, entity);
		if (copy->free_slot_count == copy->free_slot_room)
		{
			copy->free_slot_room = copy->free_slot_room ? copy->free_slot_room * 2 : 64;
			copy->free_slots = mem_resize(copy->free_slots, sizeof(uint32_t) * copy->free_slot_room);
		}
		copy->free_slots[copy->free_slot_count++] = entity->slot;
		free_entity(entity);
	}
}

/* ------------------------------------------------------------------------
 * rows
 * ------------------------------------------------------------------------ */

static GroupId
group_of_field(const char *field)
{
	static const struct
	{
		const char *field;
		GroupId		group;
	} known[] = {
		{"x", GROUP_MOTION},		   {"y", GROUP_MOTION},			 {"path", GROUP_MOTION},
		{"departed_at", GROUP_MOTION}, {"arrives_at", GROUP_MOTION}, {"needs", GROUP_NEEDS},
		{"as_of", GROUP_NEEDS},		   {"state", GROUP_STATUS},		 {"interaction_id", GROUP_STATUS},
		{"decision", GROUP_STATUS},	   {"name", GROUP_IDENTITY},	 {"controller_player_id", GROUP_IDENTITY},
		{"traits", GROUP_IDENTITY},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strcmp(known[i].field, field) == 0)
			return known[i].group;
	}
	return GROUP_OTHER;
}

/* Sets the text of a group; returns false, and changes nothing, when it is the same as before. */
static bool
set_group(Entity *entity, GroupId group, const char *text, size_t length, int64_t revision)
{
	const Fragment *known = entity->group[group];

	if (known != NULL && known->length == length && memcmp(known->text, text, length) == 0)
		return false;
	fragment_release(entity->group[group]);
	entity->group[group] = fragment_create(text, length);
	entity->group_revision[group] = revision;
	return true;
}

/* Sorts the fields of an NPC's row into its groups, as "name":value,"name":value; returns true if any group changed. */
static bool
set_npc_groups(Entity *entity, const json_t *row, int64_t revision)
{
	Text		texts[GROUP_COUNT] = {{0}};
	const char *field;
	json_t	   *value;
	bool		changed = false;

	json_object_foreach ((json_t *) row, field, value)
	{
		Text *text;

		if (strcmp(field, "id") == 0)
			continue;
		text = &texts[group_of_field(field)];
		if (text->length > 0)
			text_add(text, ",", 1);
		text_add_json_string(text, field);
		text_add(text, ":", 1);
		text_add_json(text, value);
	}
	for (int group = 0; group < GROUP_COUNT; group++)
	{
		if (texts[group].length > 0 &&
			set_group(entity, group, texts[group].data, texts[group].length, revision))
			changed = true;
		text_free(&texts[group]);
	}
	return changed;
}

/* Keeps the cells of an NPC's path.  A path of another form is dropped, so that the NPC counts as standing. */
static void
set_path(Entity *entity, const json_t *path)
{
	size_t count = json_array_size(path);

	free(entity->path);
	entity->path = NULL;
	entity->path_length = 0;
	if (count < 1 || count > MAX_PATH_CELLS)
		return;
	entity->path = mem_alloc(sizeof(int) * 2 * count);
	for (size_t i = 0; i < count; i++)
	{
		const json_t *cell = json_array_get(path, i);

		entity->path[2 * i] = (int) json_number_value(json_array_get(cell, 0));
		entity->path[2 * i + 1] = (int) json_number_value(json_array_get(cell, 1));
	}
	entity->path_length = (int) count;
}

static void
set_position(Entity *entity, const json_t *row)
{
	if (json_member_number(row, "x", &entity->x) && json_member_number(row, "y", &entity->y))
		entity->placed = true;
	if (json_object_get(row, "path") != NULL)
		set_path(entity, json_object_get(row, "path"));
	json_member_number(row, "departed_at", &entity->departed_at);
}

/* Writes a row's key as JSON: its id, or its name where rows have no id; returns false if it has neither. */
static bool
key_of_row(const json_t *row, Text *key, bool *is_integer)
{
	static const char *const names[] = {"id", "name", "item_type", "interaction_type"};

	text_clear(key);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const json_t *value = json_object_get(row, names[i]);

		if (json_is_integer(value) || json_is_string(value))
		{
			*is_integer = json_is_integer(value);
			text_add_json(key, value);
			return true;
		}
	}
	return false;
}

static void
put_singleton(WorldCopy *copy, TableId table, const json_t *value, int64_t revision)
{
	Text	text = {0};
	Entity *entity = find_entity(copy, table, "", 0);

	if (entity == NULL)
		entity = add_entity(copy, table, "", 0, revision);
	if (table == TABLE_TERRAIN)
	{
		/* the outer brackets are left out, so that a page can be cut between two runs */
		text_add_json(&text, value);
		assert(text.length >= 2);
		set_group(entity, GROUP_ROW, text.data + 1, text.length - 2, revision);
	}
	else
	{
		text_add_json(&text, value);
		set_group(entity, GROUP_ROW, text.data, text.length, revision);
	}
	mark_changed(copy, entity, revision);
	text_free(&text);
}

static bool
put_row(WorldCopy *copy, TableId table, const json_t *row, int64_t revision, Text *scratch)
{
	Entity *entity;
	bool	is_integer;
	bool	changed;

	if (!json_is_object(row) || !key_of_row(row, scratch, &is_integer))
		return false;
	entity = find_entity(copy, table, scratch->data, scratch->length);
	if (entity == NULL)
		entity = add_entity(copy, table, scratch->data, scratch->length, revision);
	entity->key_is_integer = is_integer;
	entity->mark = copy->mark;
	if (table == TABLE_NPCS)
		changed = set_npc_groups(entity, row, revision);
	else
	{
		text_clear(scratch);
		text_add_json(scratch, row);
		changed = set_group(entity, GROUP_ROW, scratch->data, scratch->length, revision);
	}
	if (!changed && entity->revision > 0)
		return true;
	if (table == TABLE_NPCS || table == TABLE_WORLD_ITEMS)
		set_position(entity, row);
	mark_changed(copy, entity, revision);
	return true;
}

static bool
put_rows(WorldCopy *copy, TableId table, const json_t *rows, int64_t revision)
{
	Text scratch = {0};
	bool good = true;

	for (size_t i = 0; i < json_array_size(rows) && good; i++)
		good = put_row(copy, table, json_array_get(rows, i), revision, &scratch);
	text_free(&scratch);
	return good;
}

/* Returns the row with an id as deltas name it, or NULL.  "key" is a buffer of the caller's. */
static Entity *
named_entity(WorldCopy *copy, TableId table, const json_t *id, Text *key)
{
	text_clear(key);
	text_add_json(key, id);
	return find_entity(copy, table, key->data, key->length);
}

static void
remove_rows(WorldCopy *copy, TableId table, const json_t *ids, int64_t revision)
{
	Text key = {0};

	for (size_t i = 0; i < json_array_size(ids); i++)
	{
		Entity *entity = named_entity(copy, table, json_array_get(ids, i), &key);

		if (entity != NULL)
			remove_entity(copy, entity, revision);
	}
	text_free(&key);
}

static void
mark_rows(WorldCopy *copy, TableId table, const json_t *ids)
{
	Text key = {0};

	for (size_t i = 0; i < json_array_size(ids); i++)
	{
		Entity *entity = named_entity(copy, table, json_array_get(ids, i), &key);

		if (entity != NULL)
			entity->mark = copy->mark;
	}
	text_free(&key);
}

/* Removes the rows of a table that the delta, which names all rows there are, has not named. */
static void
remove_unnamed(WorldCopy *copy, TableId table, int64_t revision)
{
	Entity *entity = copy->newest;

	while (entity != NULL)
	{
		Entity *older = entity->older;

		if (entity->table == table && !entity->removed && entity->mark != copy->mark)
			remove_entity(copy, entity, revision);
		entity = older;
	}
}

/* Takes world and terrain, which both a snapshot and a delta may hold. */
static void
put_world(WorldCopy *copy, const json_t *document, int64_t revision)
{
	const json_t *world = json_object_get(document, "world");
	const json_t *blocked = json_object_get(json_object_get(document, "terrain"), "blocked");

	if (json_is_object(world))
	{
		put_singleton(copy, TABLE_WORLD, world, revision);
		json_member_number(world, "view_buffer", &copy->view_buffer);
		json_member_number(world, "size_x", &copy->size_x);
		json_member_number(world, "size_y", &copy->size_y);
		json_member_number(world, "tick_rate", &copy->tick_rate);
	}
	if (json_is_array(blocked))
		put_singleton(copy, TABLE_TERRAIN, blocked, revision);
}

static bool
read_position_in_history(WorldCopy *copy, const json_t *document, int64_t *revision)
{
	const char *epoch = json_member_string(document, "epoch");

	if (epoch == NULL || strlen(epoch) >= sizeof(copy->epoch) ||
		!json_member_integer(document, "revision", revision))
		return false;
	strcpy(copy->epoch, epoch);
	return true;
}

WorldCopy *
copy_create(const json_t *snapshot, char *message, size_t size)
{
	WorldCopy *copy = mem_alloc(sizeof(WorldCopy));
	int64_t	   revision;

	copy->view_buffer = DEFAULT_VIEW_BUFFER;
	copy->tick_rate = DEFAULT_TICK_RATE;
	copy->bucket_count = FIRST_BUCKETS;
	copy->buckets = mem_alloc(sizeof(Entity *) * copy->bucket_count);
	if (!read_position_in_history(copy, snapshot, &revision))
	{
		snprintf(message, size, "the snapshot has no epoch and revision");
		copy_free(copy);
		return NULL;
	}
	copy->base = revision;
	copy->revision = revision;
	for (int stream = 0; stream < STREAM_COUNT; stream++)
		copy->streams[stream] =
			stream_create(json_object_get(snapshot, table_names[FIRST_STREAM + stream]), revision);
	put_world(copy, snapshot, revision);
	for (int table = TABLE_ITEM_TYPES; table < FIRST_STREAM; table++)
	{
		if (!put_rows(copy, table, json_object_get(snapshot, table_names[table]), revision))
		{
			snprintf(message, size, "the snapshot has a row without an id in %s", table_names[table]);
			copy_free(copy);
			return NULL;
		}
	}
	return copy;
}

void
copy_free(WorldCopy *copy)
{
	Entity *entity;

	if (copy == NULL)
		return;
	entity = copy->newest;
	while (entity != NULL)
	{
		Entity *older = entity->older;

		free_entity(entity);
		entity = older;
	}
	for (int stream = 0; stream < STREAM_COUNT; stream++)
		stream_free(copy->streams[stream]);
	free(copy->buckets);
	free(copy->free_slots);
	free(copy);
}

static void
append_rows(WorldCopy *copy, const json_t *delta, int64_t revision)
{
	for (int stream = 0; stream < STREAM_COUNT; stream++)
	{
		const json_t *change = json_object_get(delta, table_names[FIRST_STREAM + stream]);
		int64_t		  dropped = 0;

		if (change == NULL)
			continue;
		json_member_integer(change, "dropped", &dropped);
		stream_append(copy->streams[stream], json_object_get(change, "append"), dropped, revision);
	}
}

bool
copy_apply(WorldCopy *copy, const json_t *delta, char *message, size_t size)
{
	int64_t revision;
	int64_t since;

	if (!json_member_integer(delta, "since", &since) || since != copy->revision ||
		!read_position_in_history(copy, delta, &revision) || revision < copy->revision)
	{
		snprintf(message, size, "the delta does not follow revision %lld", (long long) copy->revision);
		return false;
	}
	copy->mark++;
	put_world(copy, delta, revision);
	for (int table = TABLE_ITEM_TYPES; table < FIRST_STREAM; table++)
	{
		const json_t *change = json_object_get(delta, table_names[table]);
		const json_t *remain = json_object_get(change, "remain");

		if (change == NULL)
			continue;
		remove_rows(copy, table, json_object_get(change, "remove"), revision);
		if (!put_rows(copy, table, json_object_get(change, "upsert"), revision))
		{
			snprintf(message, size, "the delta has a row without an id in %s", table_names[table]);
			return false;
		}
		mark_rows(copy, table, remain);
		if (remain != NULL || json_is_true(json_object_get(change, "complete")))
			remove_unnamed(copy, table, revision);
	}
	append_rows(copy, delta, revision);
	copy->revision = revision;
	return true;
}

/* ------------------------------------------------------------------------
 * positions
 * ------------------------------------------------------------------------ */

static int
path_index(const Entity *entity, double clock)
{
	double steps = floor((clock - entity->departed_at) / SECONDS_PER_CELL);

	if (!(steps > 0))
		return 0;
	return steps >= entity->path_length - 1 ? entity->path_length - 1 : (int) steps;
}

bool
rectangle_has(const Rectangle *rectangle, double x, double y)
{
	return x >= rectangle->min_x && x <= rectangle->max_x && y >= rectangle->min_y && y <= rectangle->max_y;
}

bool
entity_meets(const Entity *entity, const Rectangle *rectangle, double clock)
{
	if (entity->path_length == 0)
		return rectangle_has(rectangle, entity->x, entity->y);
	for (int i = path_index(entity, clock); i < entity->path_length; i++)
	{
		if (rectangle_has(rectangle, entity->path[2 * i], entity->path[2 * i + 1]))
			return true;
	}
	return false;
}

void
entity_position(const Entity *entity, double clock, double *x, double *y)
{
	if (entity->path_length == 0)
	{
		*x = entity->x;
		*y = entity->y;
	}
	else
	{
		int i = path_index(entity, clock);

		*x = entity->path[2 * i];
		*y = entity->path[2 * i + 1];
	}
}
