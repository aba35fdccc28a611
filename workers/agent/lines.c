/*
 * lines.c
 *	  Cuts a stream of bytes into lines, in bounded memory.
 *
 * A line ends at a line feed; a carriage return before it is taken off.
 * Invariants: the unfinished line is at most as long as the limit and holds no line feed; dropped > 0 only while a
 * line that was too long has not ended yet, and then the unfinished line is empty.
 */
#include "lines.h"

#include <string.h>

#define KEPT_SIZE 65536

void
lines_init(Lines *lines, size_t limit, LinesPolicy policy, LinesHandler handler, void *arg)
{
	memset(lines, 0, sizeof(*lines));
	lines->limit = limit;
	lines->policy = policy;
	lines->handler = handler;
	lines->arg = arg;
}

static void
emit(Lines *lines)
{
	size_t len = lines->line.length;

	if (len > 0 && lines->line.data[len - 1] == '\r')
		len--;
	lines->line.length = 0;
	if (len > 0)
	{
		lines->line.data[len] = '\0';
		lines->handler(lines->arg, lines->line.data, len);
	}
}

static void
emit_dropped(Lines *lines)
{
	size_t dropped = lines->dropped;

	lines->dropped = 0;
	lines->handler(lines->arg, NULL, dropped);
}

/* Adds bytes of one line, which hold no line feed. */
static void
append(Lines *lines, const char *data, size_t len)
{
	while (len > 0)
	{
		size_t room = lines->limit - lines->line.length;
		size_t part = len < room ? len : room;

		if (lines->dropped > 0)
		{
			lines->dropped += len;
			return;
		}
		if (part == 0)
		{
			if (lines->policy == LINES_CUT)
			{
				emit(lines);
				continue;
			}
			lines->dropped = lines->line.length;
			lines->head_len = lines->dropped < LINES_HEAD_SIZE ? lines->dropped : LINES_HEAD_SIZE;
			memcpy(lines->head, lines->line.data, lines->head_len);
			lines->line.length = 0;
			continue;
		}
		text_add(&lines->line, data, part);
		data += part;
		len -= part;
	}
}

void
lines_feed(Lines *lines, const char *data, size_t len)
{
	while (len > 0)
	{
		const char *end = memchr(data, '\n', len);
		size_t		part = end != NULL ? (size_t) (end - data) : len;

		append(lines, data, part);
		if (end == NULL)
			break;
		if (lines->dropped > 0)
			emit_dropped(lines);
		else
			emit(lines);
		data += part + 1;
		len -= part + 1;
	}

	/* a buffer that one long line made large is not kept */
	if (lines->line.length == 0 && lines->line.capacity > KEPT_SIZE)
		text_free(&lines->line);
}

void
lines_end(Lines *lines)
{
	if (lines->dropped > 0)
		emit_dropped(lines);
	else
		emit(lines);
}

void
lines_free(Lines *lines)
{
	text_free(&lines->line);
	lines->dropped = 0;
}
