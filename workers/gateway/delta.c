/*
 * delta.c
 *	  Collects what changed for a client between two revisions as finished
 *	  rows, and cuts them into frames.
 *
 * A delta that fits is one frame.  Otherwise its rows are distributed over
 * several in the order of tables, and only the last one says that no more will
 * come: the client has the revision from then on.  A client that reconnects
 * after a part of them names the revision before, so that nothing needs to be
 * remembered of what it was sent.
 */
#include "delta.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "snapshot.h"

/* The bytes around the rows of a page, at most: type, id, revision, clock, names of tables and lists. */
#define AROUND_ROWS 768

/* The members of a table in a page. */
static const char *const list_names[] = {
	[DELTA_UPSERT] = "upsert",
	[DELTA_REMOVE] = "remove",
	[DELTA_LEAVE] = "leave",
};

_Static_assert(sizeof(list_names) / sizeof(list_names[0]) == DELTA_LIST_COUNT, "each list has a name");

/* ------------------------------------------------------------------------
 * rows
 * ------------------------------------------------------------------------ */

static void
end_row(RowList *rows)
{
	if (rows->count == rows->room)
	{
		rows->room = rows->room ? rows->room * 2 : 16;
		rows->ends = mem_resize(rows->ends, sizeof(size_t) * rows->room);
	}
	rows->ends[rows->count++] = rows->text.length;
}

static void
add_row(RowList *rows, const char *text, size_t length)
{
	text_add(&rows->text, text, length);
	end_row(rows);
}

static void
free_rows(RowList *rows)
{
	text_free(&rows->text);
	free(rows->ends);
}

void
delta_add(Delta *delta, TableId table, DeltaList list, const char *text, size_t length)
{
	delta->any = true;
	add_row(&delta->lists[table][list], text, length);
}

void
delta_add_entity(Delta *delta, const Entity *entity, int64_t changed_after)
{
	RowList *rows = &delta->lists[entity->table][DELTA_UPSERT];

	delta->any = true;
	if (entity->table == TABLE_TERRAIN)
	{
		fragment_release(delta->runs);
		delta->runs = fragment_hold(entity->group[GROUP_ROW]);
		return;
	}
	add_entity_row(&rows->text, entity, changed_after);
	end_row(rows);
}

void
delta_add_present(Delta *delta, const Entity *entity)
{
	add_row(&delta->present, entity->key->text, entity->key->length);
}

void
delta_drop(Delta *delta, TableId table, int64_t count)
{
	delta->any = true;
	delta->dropped[table - FIRST_STREAM] = count;
}

size_t
delta_size(const Delta *delta)
{
	size_t size = delta->present.text.length + (delta->runs != NULL ? delta->runs->length : 0);

	for (int table = 0; table < TABLE_COUNT; table++)
	{
		for (int list = 0; list < DELTA_LIST_COUNT; list++)
			size += delta->lists[table][list].text.length;
	}
	return size;
}

void
delta_free(Delta *delta)
{
	if (delta == NULL)
		return;
	for (int table = 0; table < TABLE_COUNT; table++)
	{
		for (int list = 0; list < DELTA_LIST_COUNT; list++)
			free_rows(&delta->lists[table][list]);
	}
	free_rows(&delta->present);
	fragment_release(delta->runs);
	free(delta);
}

/* ------------------------------------------------------------------------
 * pages
 * ------------------------------------------------------------------------ */

typedef struct Page
{
	Text   text;
	size_t most;
	bool   is_full;
	bool   is_empty; /* it has no row yet */
} Page;

static bool
is_done(const RowList *rows)
{
	return rows->next == rows->count;
}

/* Returns true if there is one more row and the page has room for it, or is empty; notes when the page is full. */
static bool
takes_next(Page *page, const RowList *rows)
{
	size_t begin = rows->next ? rows->ends[rows->next - 1] : 0;

	if (is_done(rows))
		return false;
	page->is_full =
		!page->is_empty && page->text.length + rows->ends[rows->next] - begin + AROUND_ROWS > page->most;
	return !page->is_full;
}

/* Adds the rows that fit, parted by commas. */
static void
put_rows(Page *page, RowList *rows)
{
	for (bool is_first = true; takes_next(page, rows); is_first = false)
	{
		size_t begin = rows->next ? rows->ends[rows->next - 1] : 0;

		if (!is_first)
			text_add(&page->text, ",", 1);
		text_add(&page->text, rows->text.data + begin, rows->ends[rows->next] - begin);
		rows->next++;
		page->is_empty = false;
	}
}

static void
put_terrain(Page *page, Delta *delta)
{
	size_t room = page->most - AROUND_ROWS;

	if (delta->runs == NULL)
		return;
	page->is_full = page->text.length > room / 2;
	if (page->is_full)
		return;
	text_add_format(&page->text, ",\"%s\":", table_names[TABLE_TERRAIN]);
	page->is_full = !add_terrain_piece(&page->text, delta->runs, &delta->runs_sent, room - page->text.length);
	page->is_empty = false;
	if (!page->is_full)
	{
		fragment_release(delta->runs);
		delta->runs = NULL;
	}
}

static void
put_stream(Page *page, Delta *delta, TableId table)
{
	RowList *rows = &delta->lists[table][DELTA_UPSERT];
	int64_t *dropped = &delta->dropped[table - FIRST_STREAM];

	if (!takes_next(page, rows) && (page->is_full || *dropped == 0))
		return;
	text_add_format(&page->text, ",\"%s\":{\"append\":[", table_names[table]);
	put_rows(page, rows);
	/* these were missed before the first row; between this page and the next none is missing */
	text_add_format(&page->text, "],\"dropped\":%" PRId64 "}", *dropped);
	*dropped = 0;
	page->is_empty = false;
}

/* Adds what fits of a table: the world is an object, any other table has lists of rows that are new, gone or out of sight. */
static void
put_table(Page *page, Delta *delta, TableId table)
{
	bool is_open = false;

	for (int list = 0; list < DELTA_LIST_COUNT && !page->is_full; list++)
	{
		RowList *rows = &delta->lists[table][list];

		if (!takes_next(page, rows))
			continue;
		if (!is_open)
			text_add_format(&page->text, ",\"%s\":%s", table_names[table], table == TABLE_WORLD ? "" : "{");
		if (table != TABLE_WORLD)
			text_add_format(&page->text, "%s\"%s\":[", is_open ? "," : "", list_names[list]);
		put_rows(page, rows);
		if (table != TABLE_WORLD)
			text_add(&page->text, "]", 1);
		is_open = true;
	}
	if (is_open && table != TABLE_WORLD)
		text_add(&page->text, "}", 1);
}

static void
put_present(Page *page, Delta *delta)
{
	if (!takes_next(page, &delta->present) && page->is_full)
		return;
	text_add_string(&page->text, ",\"present\":[");
	put_rows(page, &delta->present);
	text_add(&page->text, "]", 1);
}

/* Fills a page; returns true if something is left for another. */
static bool
fill_page(Page *page, Delta *delta)
{
	for (int table = 0; table < TABLE_COUNT && !page->is_full; table++)
	{
		if (table == TABLE_TERRAIN)
			put_terrain(page, delta);
		else if (table >= FIRST_STREAM)
			put_stream(page, delta, (TableId) table);
		else
			put_table(page, delta, (TableId) table);
	}
	if (delta->has_present && !page->is_full)
		put_present(page, delta);
	return page->is_full;
}

static Frame *
finish_page(const Page *page, const char *id, int64_t revision, double clock, int number, bool has_more)
{
	Text   text = {0};
	Frame *frame;

	text_add_string(&text, "{\"type\":\"delta\"");
	if (*id)
		text_add_format(&text, ",\"id\":%s", id);
	text_add_format(&text, ",\"revision\":%" PRId64 ",\"clock\":", revision);
	text_add_json_real(&text, clock);
	/* a delta of a single page, as most are, has no page numbers */
	if (number > 1 || has_more)
		text_add_format(&text, ",\"page\":%d,\"more\":%s", number, has_more ? "true" : "false");
	if (page->text.length > 0)
		text_add(&text, page->text.data, page->text.length);
	text_add(&text, "}", 1);
	frame = frame_create(text.data, text.length);
	text_free(&text);
	return frame;
}

Pages *
delta_cut(Delta *delta, const char *id, int64_t revision, double clock, size_t most)
{
	Pages *pages = NULL;
	int	   count = 0;
	bool   has_more;

	do
	{
		Page page = {.most = most, .is_empty = true};

		has_more = fill_page(&page, delta);
		pages = mem_resize(pages, sizeof(Pages) + sizeof(Frame *) * (size_t) (count + 1));
		pages->frames[count] = finish_page(&page, id, revision, clock, count + 1, has_more);
		count++;
		text_free(&page.text);
	} while (has_more);
	pages->holders = 1;
	pages->count = count;
	return pages;
}

Pages *
pages_hold(Pages *pages)
{
	pages->holders++;
	return pages;
}

void
pages_release(Pages *pages)
{
	if (pages == NULL)
		return;
	assert(pages->holders > 0);
	if (--pages->holders > 0)
		return;
	for (int i = 0; i < pages->count; i++)
		frame_release(pages->frames[i]);
	free(pages);
}
