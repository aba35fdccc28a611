/*
 * test_delta.c
 *	  Tests the pages of the gateway's deltas: they have all rows, once, in
 *	  frames that are not longer than was asked for.
 *
 * @link workers/gateway/delta.c workers/gateway/snapshot.c workers/gateway/copy.c workers/gateway/stream.c workers/gateway/fragment.c workers/gateway/frame.c
 */
#include "tap.h"

#include <stdlib.h>

#include "common/memory.h"
#include "delta.h"

#define MOST 16384

static void
add_rows(Delta *delta, TableId table, DeltaList list, int first, int count, int padding)
{
	char text[70000];

	for (int i = first; i < first + count; i++)
	{
		if (list == DELTA_UPSERT)
			snprintf(text, sizeof(text), "{\"id\":%d,\"name\":\"%0*d\"}", i, padding, i);
		else
			snprintf(text, sizeof(text), "%d", i);
		delta_add(delta, table, list, text, strlen(text));
	}
}

static void
set_terrain(Delta *delta, int runs)
{
	Entity entity = {.table = TABLE_TERRAIN};
	Text   text = {0};

	for (int i = 0; i < runs; i++)
		text_add_format(&text, "%s[%d,%d,1]", i ? "," : "", i, i);
	entity.group[GROUP_ROW] = fragment_create(text.data, text.length);
	delta_add_entity(delta, &entity, -1);
	fragment_release(entity.group[GROUP_ROW]);
	text_free(&text);
}

static void
add_present(Delta *delta, int count)
{
	for (int i = 0; i < count; i++)
	{
		Entity entity = {0};
		char   text[16];

		snprintf(text, sizeof(text), "%d", i);
		entity.key = fragment_create(text, strlen(text));
		delta_add_present(delta, &entity);
		fragment_release(entity.key);
	}
}

/* The pages as objects; each is checked for what all of them have. */
static json_t *
read_pages(Pages *pages, size_t most)
{
	json_t *read = json_array();

	for (int i = 0; i < pages->count; i++)
	{
		Frame	   *frame = pages->frames[i];
		json_t	   *page = json_loadb((const char *) frame->space + LWS_PRE, frame->length, 0, NULL);
		const char *keys[] = {"page", "more"};

		if (!tap_ok(page != NULL, "page %d is JSON", i + 1))
			return read;
		tap_ok(frame->length <= most, "page %d has %zu bytes", i + 1, frame->length);
		tap_is_int(json_integer_value(json_object_get(page, "revision")), 77, "the revision is in it");
		if (pages->count > 1)
		{
			tap_is_int(json_integer_value(json_object_get(page, keys[0])), i + 1, "and its number");
			tap_ok(json_boolean_value(json_object_get(page, keys[1])) == (i + 1 < pages->count),
				   "and whether there is more");
		}
		else
			tap_ok(json_object_get(page, keys[0]) == NULL && json_object_get(page, keys[1]) == NULL,
				   "one page needs no number");
		json_array_append_new(read, page);
	}
	return read;
}

/* How many there are of a list in all pages; they must be those from "first" on, in order. */
static int
count_list(json_t *pages, const char *table, const char *list, int first)
{
	size_t	index;
	json_t *page;
	int		count = 0;

	json_array_foreach (pages, index, page)
	{
		json_t *rows =
			table != NULL ? json_object_get(json_object_get(page, table), list) : json_object_get(page, list);
		json_t *row;
		size_t	at;

		if (rows != NULL && json_array_size(rows) == 0 && table != NULL)
			return -1; /* nothing is said of what is not there */
		json_array_foreach (rows, at, row)
		{
			json_t *id = json_is_object(row) ? json_object_get(row, "id") : row;

			if (json_is_array(id))
				id = json_array_get(id, 0);
			if (json_integer_value(id) != first + count++)
				return -1;
		}
	}
	return count;
}

static void
test_one_page(void)
{
	Delta  *delta = mem_alloc(sizeof(Delta));
	Pages  *pages;
	json_t *read;

	add_rows(delta, TABLE_NPCS, DELTA_UPSERT, 1, 3, 5);
	add_rows(delta, TABLE_NPCS, DELTA_LEAVE, 10, 2, 0);
	delta_drop(delta, TABLE_WORLD_EVENTS, 4);
	pages = delta_cut(delta, "\"x\"", 77, 1.5, MOST);
	tap_is_int(pages->count, 1, "what fits is one page");
	read = read_pages(pages, MOST);
	tap_is_int(count_list(read, "npcs", "upsert", 1), 3, "with its rows");
	tap_is_int(count_list(read, "npcs", "leave", 10), 2, "and those that left");
	tap_ok(json_object_get(json_object_get(json_array_get(read, 0), "npcs"), "remove") == NULL,
		   "none was removed");
	tap_is_int(json_integer_value(
				   json_object_get(json_object_get(json_array_get(read, 0), "world_events"), "dropped")),
			   4, "and the number of events that are missing");
	tap_ok(json_object_get(json_array_get(read, 0), "present") == NULL, "nobody comes back");
	json_decref(read);
	pages_release(pages);
	delta_free(delta);
}

static void
test_many_pages(void)
{
	Delta  *delta = mem_alloc(sizeof(Delta));
	Pages  *pages;
	json_t *read;
	json_t *page;
	size_t	index;
	int		dropped = 0;
	int		runs = 0;

	set_terrain(delta, 4000);
	add_rows(delta, TABLE_WORLD, DELTA_UPSERT, 1, 1, 20);
	add_rows(delta, TABLE_NPCS, DELTA_UPSERT, 1, 1000, 100);
	add_rows(delta, TABLE_NPCS, DELTA_REMOVE, 5000, 6000, 0);
	add_rows(delta, TABLE_NPCS, DELTA_LEAVE, 20000, 6000, 0);
	add_rows(delta, TABLE_WORLD_ITEMS, DELTA_UPSERT, 1, 7, 4000);
	add_rows(delta, TABLE_MESSAGES, DELTA_UPSERT, 1, 50, 700);
	delta_drop(delta, TABLE_MESSAGES, 12);
	delta->has_present = true;
	add_present(delta, 9000);
	tap_ok(delta_size(delta) > 10 * MOST, "it is long");
	pages = delta_cut(delta, "5", 77, 1.5, MOST);
	tap_ok(pages->count > 10 && pages->count < 40, "%d pages", pages->count);
	read = read_pages(pages, MOST);
	tap_is_int(count_list(read, "npcs", "upsert", 1), 1000, "all rows, once");
	tap_is_int(count_list(read, "npcs", "remove", 5000), 6000, "all that were removed");
	tap_is_int(count_list(read, "npcs", "leave", 20000), 6000, "all that left");
	tap_is_int(count_list(read, "world_items", "upsert", 1), 7, "all items");
	tap_is_int(count_list(read, "messages", "append", 1), 50, "all messages");
	tap_is_int(count_list(read, NULL, "present", 0), 9000, "all that are there");
	json_array_foreach (read, index, page)
	{
		json_t *blocked = json_object_get(json_object_get(page, "terrain"), "blocked");

		dropped += (int) json_integer_value(json_object_get(json_object_get(page, "messages"), "dropped"));
		for (size_t i = 0; i < json_array_size(blocked); i++)
			runs += json_integer_value(json_array_get(json_array_get(blocked, i), 0)) == runs;
		tap_ok(json_integer_value(json_object_get(page, "id")) == 5, "the id is in each");
	}
	tap_is_int(dropped, 12, "what is missing is counted once");
	tap_is_int(runs, 4000, "and the whole terrain");
	json_decref(read);
	pages_release(pages);
	delta_free(delta);
}

/* Whatever the sizes, no page is too long unless one row is, and nothing is lost. */
static void
test_sizes(void)
{
	for (int padding = 1; padding < 20000; padding = padding * 3 + 1)
	{
		Delta  *delta = mem_alloc(sizeof(Delta));
		Pages  *pages;
		json_t *read;

		add_rows(delta, TABLE_ITEM_TYPES, DELTA_UPSERT, 1, 1 + 200000 / (padding + 20), padding);
		add_rows(delta, TABLE_PLAYERS, DELTA_UPSERT, 1, 3, 1);
		delta->has_present = true;
		pages = delta_cut(delta, "", 77, 0, MOST);
		read = read_pages(pages, padding < MOST - 1000 ? MOST : (size_t) padding + 1000);
		tap_is_int(count_list(read, "item_types", "upsert", 1), 1 + 200000 / (padding + 20),
				   "rows of %d bytes", padding);
		tap_is_int(count_list(read, "players", "upsert", 1), 3, "and what follows them");
		tap_ok(json_object_get(json_array_get(read, json_array_size(read) - 1), "present") != NULL,
			   "an empty list of who is there is told");
		json_decref(read);
		pages_release(pages_hold(pages));
		pages_release(pages);
		delta_free(delta);
	}
}

int
main(void)
{
	test_one_page();
	test_many_pages();
	test_sizes();
	return tap_done();
}
