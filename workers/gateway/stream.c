/*
 * stream.c
 *	  A stream of messages or events of a world.
 */
#include "stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_input.h"
#include "common/memory.h"
#include "common/text.h"


static void
drop_oldest(Stream *stream)
{
	StreamRow *row = &stream->rows[stream->first++];

	stream->bytes -= row->text->length;
	fragment_release(row->text);
}

static void
drop_all(Stream *stream)
{
	while (stream->first < stream->end)
		drop_oldest(stream);
}

/* Makes room for one more row at the end. */
static void
make_room(Stream *stream)
{
	if (stream->end < stream->room)
		return;
	if (stream->first > stream->room / 2)
	{
		memmove(stream->rows, stream->rows + stream->first,
				sizeof(StreamRow) * (stream->end - stream->first));
		stream->end -= stream->first;
		stream->first = 0;
		return;
	}
	stream->room = stream->room ? stream->room * 2 : 64;
	stream->rows = mem_resize(stream->rows, sizeof(StreamRow) * stream->room);
}

/* Reads the position of a row.  A player's message or map ping gets none, because it is for everybody, whatever they watch. */
static void
read_place(StreamRow *row, const json_t *source)
{
	row->placed = json_object_get(source, "player_id") == NULL && json_member_number(source, "x", &row->x) &&
				  json_member_number(source, "y", &row->y);
}

static void
add_row(Stream *stream, const json_t *source, Text *scratch)
{
	StreamRow *row;

	make_room(stream);
	row = &stream->rows[stream->end++];
	text_clear(scratch);
	text_add_json(scratch, source);
	row->text = fragment_create(scratch->data, scratch->length);
	read_place(row, source);
	stream->bytes += row->text->length;
	stream->total++;
	while (stream->end - stream->first > STREAM_MAX_ROWS || stream->bytes > STREAM_MAX_BYTES)
		drop_oldest(stream);
}

static void
add_mark(Stream *stream, int64_t revision)
{
	StreamMark *mark;

	if (stream->mark_count == STREAM_MAX_MARKS)
	{
		stream->first_mark = (stream->first_mark + 1) % STREAM_MAX_MARKS;
		stream->mark_count--;
	}
	mark = &stream->marks[(stream->first_mark + stream->mark_count++) % STREAM_MAX_MARKS];
	mark->revision = revision;
	mark->total = stream->total;
}

void
stream_append(Stream *stream, const json_t *rows, int64_t dropped, int64_t revision)
{
	Text scratch = {0};

	/* when rows are missing all older ones are dropped, so that the rows that are kept have no gap */
	if (dropped > 0)
	{
		drop_all(stream);
		stream->total += dropped;
	}
	for (size_t i = 0; i < json_array_size(rows); i++)
	{
		const json_t *row = json_array_get(rows, i);

		if (json_is_object(row))
			add_row(stream, row, &scratch);
	}
	text_free(&scratch);
	add_mark(stream, revision);
}

Stream *
stream_create(const json_t *rows, int64_t revision)
{
	Stream *stream = mem_alloc(sizeof(Stream));

	stream_append(stream, rows, 0, revision);
	return stream;
}

void
stream_free(Stream *stream)
{
	if (stream == NULL)
		return;
	drop_all(stream);
	free(stream->rows);
	free(stream);
}

int64_t
stream_oldest(const Stream *stream)
{
	return stream->total - (int64_t) (stream->end - stream->first);
}

const StreamRow *
stream_row(const Stream *stream, int64_t position)
{
	int64_t oldest = stream_oldest(stream);

	assert(position >= oldest && position < stream->total);
	return &stream->rows[stream->first + (size_t) (position - oldest)];
}

int64_t
stream_total_at(const Stream *stream, int64_t revision)
{
	for (size_t i = stream->mark_count; i > 0; i--)
	{
		const StreamMark *mark = &stream->marks[(stream->first_mark + i - 1) % STREAM_MAX_MARKS];

		if (mark->revision <= revision)
			return mark->total;
	}
	return -1;
}
