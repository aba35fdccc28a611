/*
 * snapshot.c
 *	  A snapshot of a world at one revision, which is sent to one client page by page.
 *
 * The snapshot holds references to the texts of its revision, not a finished
 * document: a page is made when the socket takes it, while the world goes on.
 * The receiver puts together the rows of all pages, and the terrain's runs.
 */
#include "snapshot.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"

typedef struct Row
{
	TableId	  table;
	double	  distance;
	Fragment *key;
	Fragment *group[GROUP_COUNT];
} Row;

struct Snapshot
{
	int64_t	 revision;
	uint32_t tables;
	Row		*rows;
	size_t	 count;
	size_t	 room;
	size_t	 next;		   /* the first row that was not sent */
	size_t	 terrain_sent; /* bytes of the terrain's runs that were sent */
	size_t	 page;		   /* bytes of a page */
	int		 pages;		   /* how many were made */
};

Snapshot *
snapshot_create(int64_t revision, uint32_t tables, int page)
{
	Snapshot *snapshot = mem_alloc(sizeof(Snapshot));

	snapshot->revision = revision;
	snapshot->tables = tables;
	snapshot->page = (size_t) (page < SNAPSHOT_PAGE ? page : SNAPSHOT_PAGE);
	return snapshot;
}

static void
release_row(Row *row)
{
	fragment_release(row->key);
	for (int group = 0; group < GROUP_COUNT; group++)
		fragment_release(row->group[group]);
	memset(row, 0, sizeof(*row));
}

void
snapshot_free(Snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	for (size_t i = snapshot->next; i < snapshot->count; i++)
		release_row(&snapshot->rows[i]);
	free(snapshot->rows);
	free(snapshot);
}

static Row *
new_row(Snapshot *snapshot, TableId table)
{
	Row *row;

	if (snapshot->count == snapshot->room)
	{
		snapshot->room = snapshot->room ? snapshot->room * 2 : 64;
		snapshot->rows = mem_resize(snapshot->rows, sizeof(Row) * snapshot->room);
	}
	row = &snapshot->rows[snapshot->count++];
	memset(row, 0, sizeof(*row));
	row->table = table;
	return row;
}

void
snapshot_add(Snapshot *snapshot, const Entity *entity, double distance)
{
	Row *row = new_row(snapshot, entity->table);

	row->distance = distance;
	row->key = fragment_hold(entity->key);
	for (int group = 0; group < GROUP_COUNT; group++)
		row->group[group] = fragment_hold(entity->group[group]);
}

void
snapshot_add_text(Snapshot *snapshot, TableId table, Fragment *text)
{
	Row *row = new_row(snapshot, table);

	row->group[GROUP_ROW] = fragment_hold(text);
}

static int
compare_rows(const void *left, const void *right)
{
	const Row *a = left;
	const Row *b = right;

	if (a->distance != b->distance)
		return a->distance < b->distance ? -1 : 1;
	return (int) a->table - (int) b->table;
}

void
snapshot_sort(Snapshot *snapshot)
{
	if (snapshot->count > 1)
		qsort(snapshot->rows, snapshot->count, sizeof(Row), compare_rows);
}

/* ------------------------------------------------------------------------
 * rows as JSON
 * ------------------------------------------------------------------------ */

static void
add_npc(Text *text, const Fragment *key, Fragment *const *group, const int64_t *group_revision,
		int64_t changed_after)
{
	text_add_string(text, "{\"id\":");
	text_add(text, key->text, key->length);
	for (int i = 0; i < GROUP_COUNT; i++)
	{
		if (group[i] == NULL || (group_revision != NULL && group_revision[i] <= changed_after))
			continue;
		text_add(text, ",", 1);
		text_add(text, group[i]->text, group[i]->length);
	}
	text_add(text, "}", 1);
}

void
add_entity_row(Text *text, const Entity *entity, int64_t changed_after)
{
	if (entity->table == TABLE_NPCS)
		add_npc(text, entity->key, entity->group, entity->group_revision, changed_after);
	else if (entity->group[GROUP_ROW] != NULL)
		text_add(text, entity->group[GROUP_ROW]->text, entity->group[GROUP_ROW]->length);
}

static size_t
row_length(const Row *row)
{
	size_t length = (row->key != NULL ? row->key->length : 0) + 16;

	for (int group = 0; group < GROUP_COUNT; group++)
		length += row->group[group] != NULL ? row->group[group]->length + 1 : 0;
	return length;
}

bool
add_terrain_piece(Text *text, const Fragment *runs, size_t *sent, size_t room)
{
	const char *start = runs->text + *sent;
	size_t		length = runs->length - *sent;
	bool		is_last = length <= room;

	if (!is_last)
	{
		length = room;
		while (length > 0 && !(start[length - 1] == ']' && start[length] == ','))
			length--;
		assert(length > 0); /* a page has room for more than a run, which is three numbers */
	}
	text_add_string(text, "{\"blocked\":[");
	text_add(text, start, length);
	text_add_string(text, "]}");
	*sent += length + (is_last ? 0 : 1); /* the comma behind the piece is left out */
	return is_last;
}

static void
add_row(Text *text, const Row *row)
{
	if (row->table == TABLE_NPCS)
		add_npc(text, row->key, row->group, NULL, 0);
	else if (row->group[GROUP_ROW] != NULL)
		text_add(text, row->group[GROUP_ROW]->text, row->group[GROUP_ROW]->length);
}

/* Adds rows to the tables of a page as far as there is room. */
static void
fill_page(Snapshot *snapshot, Text *tables)
{
	size_t used = 512; /* the bytes around the rows, at most */

	while (snapshot->next < snapshot->count)
	{
		Row	 *row = &snapshot->rows[snapshot->next];
		Text *text = &tables[row->table];
		bool  done = true;

		if (row->table == TABLE_TERRAIN)
		{
			if (used > snapshot->page / 2)
				return;
			done = add_terrain_piece(text, row->group[GROUP_ROW], &snapshot->terrain_sent,
									 snapshot->page - used - 32);
			used += text->length;
		}
		else
		{
			size_t length = row_length(row) + 1;

			if (used > 512 && used + length > snapshot->page)
				return;
			if (text->length > 0)
				text_add(text, ",", 1);
			add_row(text, row);
			used += length;
		}
		if (!done)
			return;
		release_row(row);
		snapshot->next++;
	}
}

Frame *
snapshot_next_page(Snapshot *snapshot, const char *id, double clock, bool *is_last)
{
	Text   tables[TABLE_COUNT] = {{0}};
	Text   text = {0};
	Frame *frame;

	fill_page(snapshot, tables);
	*is_last = snapshot->next == snapshot->count;
	snapshot->pages++;

	text_add_string(&text, "{\"type\":\"snapshot\"");
	if (*id)
		text_add_format(&text, ",\"id\":%s", id);
	text_add_format(&text, ",\"revision\":%" PRId64 ",\"clock\":", snapshot->revision);
	text_add_json_real(&text, clock);
	text_add_format(&text, ",\"page\":%d,\"more\":%s", snapshot->pages, *is_last ? "false" : "true");
	for (int table = 0; table < TABLE_COUNT; table++)
	{
		bool is_list = table != TABLE_WORLD && table != TABLE_TERRAIN;

		/* the first page names all tables, so that an empty one is known to be empty */
		if (tables[table].length == 0 &&
			!(is_list && snapshot->pages == 1 && (snapshot->tables >> table) & 1))
			continue;
		text_add_format(&text, ",\"%s\":%s", table_names[table], is_list ? "[" : "");
		if (tables[table].length > 0)
			text_add(&text, tables[table].data, tables[table].length);
		if (is_list)
			text_add(&text, "]", 1);
		text_free(&tables[table]);
	}
	text_add(&text, "}", 1);
	frame = frame_create(text.data, text.length);
	text_free(&text);
	return frame;
}
