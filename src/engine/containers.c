/*
 * containers.c
 *	  The containers of an image: tables of objects by id, growing arrays.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "engine/image.h"

/* ---- objects by id ---- */

/*
 * A hash table made for this key: whatever an NPC does looks up several objects by id, and with the general
 * hash tables that would be a tenth of the cost of a tick.
 */
typedef struct ImageEntry
{
	int64 id;
	void *object;
	char  status; /* simplehash.h needs it */
} ImageEntry;

#define SH_PREFIX				entries
#define SH_ELEMENT_TYPE			ImageEntry
#define SH_KEY_TYPE				int64
#define SH_KEY					id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key) ^ (uint32) ((uint64) (key) >> 32))
#define SH_EQUAL(table, a, b)	((a) == (b))
#define SH_SCOPE				static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct ImageTable
{
	entries_hash *entries;
};

ImageTable *
image_new_table(World *world)
{
	ImageTable *table = MemoryContextAlloc(world->context, sizeof(ImageTable));

	table->entries = entries_create(world->context, 64, NULL);
	return table;
}

void *
image_find(ImageTable *table, int64 id)
{
	ImageEntry *entry = entries_lookup(table->entries, id);

	return entry != NULL ? entry->object : NULL;
}

void
image_put(ImageTable *table, int64 id, void *object)
{
	bool found;

	entries_insert(table->entries, id, &found)->object = object;
}

void
image_drop(ImageTable *table, int64 id)
{
	(void) entries_delete(table->entries, id);
}

bool
image_is_empty(const ImageTable *table)
{
	return table->entries->members == 0;
}

int64 *
image_ids(ImageTable *table, int *count)
{
	int64			*ids = palloc(Max(table->entries->members, 1) * sizeof(int64));
	entries_iterator scan;
	ImageEntry		*entry;

	*count = 0;
	entries_start_iterate(table->entries, &scan);
	while ((entry = entries_iterate(table->entries, &scan)) != NULL)
		ids[(*count)++] = entry->id;
	return ids;
}

/* ---- growing arrays ---- */

int
pointer_list_add(World *world, PointerList *list, void *pointer)
{
	if (list->count == list->room)
	{
		list->room = Max(64, list->room * 2);
		list->entries = list->entries == NULL
							? MemoryContextAlloc(world->context, list->room * sizeof(void *))
							: repalloc_huge(list->entries, list->room * sizeof(void *));
	}
	list->entries[list->count] = pointer;
	return list->count++;
}

void
pointer_list_drop(PointerList *list, int place)
{
	list->entries[place] = NULL;
}

void
pointer_list_close_up(PointerList *list)
{
	int kept = 0;

	for (int i = 0; i < list->count; i++)
		if (list->entries[i] != NULL)
			list->entries[kept++] = list->entries[i];
	list->count = kept;
}

void
id_list_add(World *world, IdList *list, int64 id)
{
	if (list->count == list->room)
	{
		list->room = Max(64, list->room * 2);
		list->ids = list->ids == NULL ? MemoryContextAlloc(world->context, list->room * sizeof(int64))
									  : repalloc_huge(list->ids, list->room * sizeof(int64));
	}
	list->ids[list->count++] = id;
}
