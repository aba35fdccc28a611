/*
 * test_stream.c
 *	  Tests the gateway's streams: rows in order, bounded in number and bytes,
 *	  and positions that count what is missing.
 *
 * @link workers/gateway/stream.c workers/gateway/fragment.c
 */
#include "tap.h"

#include <stdlib.h>

#include "stream.h"

/* "count" rows, the first of which says "first"; each has so many more bytes. */
static json_t *
rows_of(int first, int count, int padding)
{
	json_t *rows = json_array();
	char   *text = malloc((size_t) padding + 1);

	memset(text, 'x', (size_t) padding);
	text[padding] = '\0';
	for (int i = 0; i < count; i++)
		json_array_append_new(rows, json_pack("{s:i, s:s}", "sequence", first + i, "text", text));
	free(text);
	return rows;
}

static void
append(Stream *stream, int first, int count, int padding, int64_t dropped, int64_t revision)
{
	json_t *rows = rows_of(first, count, padding);

	stream_append(stream, rows, dropped, revision);
	json_decref(rows);
}

/* What the row at a position says. */
static int
said_at(const Stream *stream, int64_t position)
{
	json_t *row = json_loads(stream_row(stream, position)->text->text, 0, NULL);
	int		said = (int) json_integer_value(json_object_get(row, "sequence"));

	json_decref(row);
	return said;
}

static void
test_order(void)
{
	Stream *stream = stream_create(NULL, 10);

	tap_is_int(stream->total, 0, "a new stream is empty");
	tap_is_int(stream_oldest(stream), 0, "... and begins at nothing");
	append(stream, 1, 3, 0, 0, 11);
	append(stream, 4, 2, 0, 0, 13);
	tap_is_int(stream->total, 5, "rows are counted");
	for (int i = 0; i < 5; i++)
		tap_is_int(said_at(stream, i), i + 1, "... and kept in their order: %d", i);
	stream_free(stream);
}

static void
test_bounds(void)
{
	Stream *stream = stream_create(NULL, 1);

	for (int i = 0; i < 3 * STREAM_MAX_ROWS / 16; i++)
		append(stream, 16 * i, 16, 0, 0, i + 2);
	tap_is_int(stream->total, 3 * STREAM_MAX_ROWS, "all rows are counted");
	tap_is_int(stream_oldest(stream), 2 * STREAM_MAX_ROWS, "... the last ones kept");
	tap_is_int(said_at(stream, stream_oldest(stream)), 2 * STREAM_MAX_ROWS, "... from their first");
	tap_is_int(said_at(stream, stream->total - 1), 3 * STREAM_MAX_ROWS - 1, "... to their last");
	append(stream, 0, 8, STREAM_MAX_BYTES / 4, 0, 100000);
	tap_ok(stream->bytes <= STREAM_MAX_BYTES, "large rows are kept as far as there is room for their bytes");
	tap_is_int(stream->total - stream_oldest(stream), 3, "... only the last of them");
	append(stream, 0, 1, STREAM_MAX_BYTES, 0, 100001);
	tap_is_int(stream->total - stream_oldest(stream), 0, "one that is too large by itself is not kept");
	tap_is_int(stream->total, 3 * STREAM_MAX_ROWS + 9, "... and counted all the same");
	stream_free(stream);
}

static void
test_missing_rows(void)
{
	Stream *stream = stream_create(NULL, 1);

	append(stream, 1, 5, 0, 0, 2);
	append(stream, 106, 5, 0, 100, 3);
	tap_is_int(stream->total, 110, "rows that never came are counted");
	tap_is_int(stream_oldest(stream), 105, "what is older than them is not kept");
	tap_is_int(said_at(stream, 105), 106, "... what came after them is");
	stream_free(stream);
}

static void
test_positions(void)
{
	json_t *begun = rows_of(1, 4, 0);
	Stream *stream = stream_create(begun, 50);

	json_decref(begun);
	append(stream, 5, 1, 0, 0, 53);
	append(stream, 6, 2, 0, 0, 57);
	tap_is_int(stream_total_at(stream, 50), 4, "the position of the revision it began with");
	tap_is_int(stream_total_at(stream, 52), 4, "... stands until the next one with rows");
	tap_is_int(stream_total_at(stream, 53), 5, "... and goes on with it");
	tap_is_int(stream_total_at(stream, 1000), 7, "... to the end");
	tap_is_int(stream_total_at(stream, 49), -1, "what was before it began is not known");
	for (int i = 0; i < STREAM_MAX_MARKS - 1; i++)
		append(stream, 8 + i, 1, 0, 0, 60 + i);
	tap_is_int(stream_total_at(stream, 56), -1, "nor what is too long ago");
	tap_is_int(stream_total_at(stream, 57), 7, "... but what is less long ago");
	stream_free(stream);
}

static void
check_place(const char *name, const char *text, bool placed)
{
	json_t *row = json_loads(text, 0, NULL);
	json_t *rows = json_pack("[o]", row);
	Stream *stream = stream_create(rows, 1);

	tap_is_int(stream_row(stream, 0)->placed, placed, "%s", name);
	if (placed)
		tap_ok(stream_row(stream, 0)->x == 3 && stream_row(stream, 0)->y == 4, "... it is there");
	json_decref(rows);
	stream_free(stream);
}

static void
test_places(void)
{
	check_place("what an NPC does is somewhere", "{\"npc_id\":1,\"x\":3,\"y\":4}", true);
	check_place("what is not at a place is everywhere", "{\"npc_id\":1}", false);
	check_place("so is half a place", "{\"npc_id\":1,\"x\":3}", false);
	check_place("what a player points at concerns everybody", "{\"player_id\":1,\"x\":3,\"y\":4}", false);
}

int
main(void)
{
	test_order();
	test_bounds();
	test_missing_rows();
	test_positions();
	test_places();
	return tap_done();
}
